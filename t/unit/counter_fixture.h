/*
 * Series, additions and what a scan tells, for the units of counters.
 */

#ifndef COUNTER_FIXTURE_H
#define COUNTER_FIXTURE_H

#include "tables_fixture.h"

#include "cxm_counter.h"


#define HOUR     CXM_MS_HOUR
#define DAY      CXM_MS_DAY
#define QUARTER  CXM_MS_QUARTER

static const cxm_series_t  nps = { 7, 1, 0, 0 };


static inline int
setup(void **state)
{
    *state = calloc(1, sizeof(fixture_t));
    fixture_open(*state, NULL);
    return 0;
}


static inline int
teardown(void **state)
{
    fixture_close(*state);
    free(*state);
    return 0;
}


/* --- reading -------------------------------------------------------------- */

#define SEEN_MAX  100000

typedef struct {
    uint32_t  value;
    cxm_ms_t  at;
    uint32_t  point;
    uint64_t  count;
} cell_t;

typedef struct {
    size_t   n;
    cell_t  *cells;
} seen_t;


static inline int
cell_order(const cell_t *a, const cell_t *b)
{
    if (a->value != b->value) {
        return a->value < b->value ? -1 : 1;
    }

    if (a->at != b->at) {
        return a->at < b->at ? -1 : 1;
    }

    return a->point < b->point ? -1 : a->point > b->point;
}


static inline void
see(void *ctx, uint32_t value, cxm_ms_t at, uint32_t point, uint64_t count)
{
    cell_t  *cell;
    seen_t  *seen = ctx;

    assert_true(seen->n < SEEN_MAX);
    cell = &seen->cells[seen->n++];
    *cell = (cell_t) { value, at, point, count };

    /* the promised order, and nothing twice */
    if (seen->n > 1) {
        assert_true(cell_order(cell - 1, cell) < 0);
    }
}


static inline void
scan_cut(cxm_txn_t *txn, cxm_series_t series, cxm_ms_t from, cxm_ms_t to,
    const cxm_ms_t *cuts, size_t ncuts, seen_t *seen)
{
    cxm_counter_query_t  query = { series, from, to, cuts, ncuts };

    if (seen->cells == NULL) {
        seen->cells = calloc(SEEN_MAX, sizeof(cell_t));
    }

    seen->n = 0;
    assert_int_equal(cxm_counter_scan(txn, &query, see, seen), CXM_OK);
}


/* Whole days, or every quarter hour of a week by itself. */
static inline void
scan(cxm_txn_t *txn, cxm_series_t series, cxm_ms_t from, cxm_ms_t to,
    int quarters, seen_t *seen)
{
    int       i;
    cxm_ms_t  cuts[7 * 96];

    for (i = 0; i < 7 * 96; i++) {
        cuts[i] = FIXTURE_DAY + i * QUARTER;
    }

    scan_cut(txn, series, from, to, cuts, quarters ? 7 * 96 : 0, seen);
}


static inline void
assert_cell(const seen_t *seen, size_t i, uint32_t value, cxm_ms_t at,
    uint32_t point, uint64_t count)
{
    assert_true(i < seen->n);
    assert_int_equal(seen->cells[i].value, value);
    assert_int_equal(seen->cells[i].at, at);
    assert_int_equal(seen->cells[i].point, point);
    assert_int_equal(seen->cells[i].count, count);
}


static inline void
add(cxm_txn_t *txn, cxm_series_t series, cxm_ms_t at, uint32_t point,
    int64_t delta)
{
    assert_int_equal(cxm_counter_add(txn, &series, at, point, delta), CXM_OK);
}


#endif /* COUNTER_FIXTURE_H */
