/*
 * Reading counters, against a plain array of the same additions.
 */

#include "counter_fixture.h"


static void
ragged_ends_come_from_quarters(void **state)
{
    seen_t      seen = { 0, NULL };
    cxm_txn_t  *txn;

    txn = fixture_write(*state);

    /* one answer at noon and one at 18:00 of four days, points by day */
    for (int i = 0; i < 4; i++) {
        add(txn, nps, FIXTURE_DAY + i * DAY + 12 * HOUR, (uint32_t) i, 1);
        add(txn, nps, FIXTURE_DAY + i * DAY + 18 * HOUR, (uint32_t) i, 1);
    }

    fixture_commit(txn);
    txn = fixture_read(*state);

    scan(txn, nps, FIXTURE_DAY + 13 * HOUR, FIXTURE_DAY + 3 * DAY + 13 * HOUR,
         0, &seen);
    assert_int_equal(seen.n, 4);
    assert_cell(&seen, 0, 0, FIXTURE_DAY + 18 * HOUR, 0, 1);
    assert_cell(&seen, 1, 0, FIXTURE_DAY + DAY, 1, 2);
    assert_cell(&seen, 2, 0, FIXTURE_DAY + 2 * DAY, 2, 2);
    assert_cell(&seen, 3, 0, FIXTURE_DAY + 3 * DAY + 12 * HOUR, 3, 1);

    /* half-open at both ends */
    scan(txn, nps, FIXTURE_DAY + 12 * HOUR, FIXTURE_DAY + 18 * HOUR, 0, &seen);
    assert_int_equal(seen.n, 1);
    assert_cell(&seen, 0, 0, FIXTURE_DAY + 12 * HOUR, 0, 1);

    scan(txn, nps, FIXTURE_DAY + 12 * HOUR + QUARTER, FIXTURE_DAY + 18 * HOUR,
         0, &seen);
    assert_int_equal(seen.n, 0);

    /* two ragged days, no whole one */
    scan(txn, nps, FIXTURE_DAY + 15 * HOUR, FIXTURE_DAY + DAY + 15 * HOUR, 0,
         &seen);
    assert_int_equal(seen.n, 2);
    assert_cell(&seen, 1, 0, FIXTURE_DAY + DAY + 12 * HOUR, 1, 1);

    scan(txn, nps, FIXTURE_DAY + DAY, FIXTURE_DAY, 0, &seen);
    assert_int_equal(seen.n, 0);

    scan(txn, nps, INT64_MIN, INT64_MAX, 0, &seen);
    assert_int_equal(seen.n, 4);

    scan(txn, nps, INT64_MIN, INT64_MAX, 1, &seen);
    assert_int_equal(seen.n, 8);

    cxm_txn_end(txn);
    free(seen.cells);
}


static void
values_of_a_segment(void **state)
{
    seen_t        seen = { 0, NULL };
    cxm_txn_t    *txn;
    cxm_series_t  s;

    static const cxm_series_t  neighbours[] = {
        { 6, 1, 3, 1 }, { 8, 1, 3, 1 }, { 7, 0, 3, 1 }, { 7, 2, 3, 1 },
        { 7, 1, 2, 1 }, { 7, 1, 4, 1 }, { 7, 1, 0, 0 },
        { CXM_SERIES_TOUCHPOINT, 1, 3, 1 }
    };

    txn = fixture_write(*state);

    for (size_t i = 0; i < sizeof(neighbours) / sizeof(neighbours[0]); i++) {
        add(txn, neighbours[i], FIXTURE_DAY, 1, 1);
    }

    s = (cxm_series_t) { 7, 1, 3, 0 };
    add(txn, s, FIXTURE_DAY, 4, 1);
    s.value = 2;                        /* only before */
    add(txn, s, FIXTURE_DAY - DAY, 4, 1);
    s.value = 3;                        /* only behind */
    add(txn, s, FIXTURE_DAY + DAY, 4, 1);
    s.value = 5;                        /* all around, not inside */
    add(txn, s, FIXTURE_DAY - DAY, 4, 1);
    add(txn, s, FIXTURE_DAY + DAY, 4, 1);
    s.value = CXM_VALUE_ALL - 1;
    add(txn, s, FIXTURE_DAY - DAY, 4, 1);
    add(txn, s, FIXTURE_DAY + 3 * HOUR, 4, 2);
    fixture_commit(txn);

    txn = fixture_read(*state);
    s.value = CXM_VALUE_ALL;
    scan(txn, s, FIXTURE_DAY, FIXTURE_DAY + DAY, 0, &seen);
    assert_int_equal(seen.n, 2);
    assert_cell(&seen, 0, 0, FIXTURE_DAY, 4, 1);
    assert_cell(&seen, 1, CXM_VALUE_ALL - 1, FIXTURE_DAY, 4, 2);

    scan(txn, s, FIXTURE_DAY + HOUR, FIXTURE_DAY + 4 * HOUR, 0, &seen);
    assert_int_equal(seen.n, 1);
    assert_cell(&seen, 0, CXM_VALUE_ALL - 1, FIXTURE_DAY + 3 * HOUR, 4, 2);

    s.value = 5;
    scan(txn, s, FIXTURE_DAY, FIXTURE_DAY + DAY, 0, &seen);
    assert_int_equal(seen.n, 0);

    cxm_txn_end(txn);
    free(seen.cells);
}


static void
span_is(cxm_txn_t *txn, const cxm_series_t *series, cxm_ms_t first,
    cxm_ms_t last)
{
    cxm_ms_t  from, to;

    assert_int_equal(cxm_counter_span(txn, series, &from, &to), CXM_OK);
    assert_true(from == first);
    assert_true(to == last);
}


static void
span_is_first_and_last_quarter(void **state)
{
    cxm_ms_t      day, first, last;
    cxm_txn_t    *txn;
    cxm_series_t  s = { 7, 1, 3, 4 };
    cxm_series_t  all = { 7, 1, 3, CXM_VALUE_ALL };

    day = FIXTURE_DAY;
    txn = fixture_write(*state);

    assert_int_equal(cxm_counter_span(txn, &s, &first, &last), CXM_NOT_FOUND);
    assert_int_equal(cxm_counter_span(txn, &all, &first, &last),
                     CXM_NOT_FOUND);

    add(txn, s, day + DAY, 1, 1);
    span_is(txn, &s, day + DAY, day + DAY);

    add(txn, s, day + DAY + 5 * HOUR, 2, 1);
    add(txn, s, day + DAY + HOUR, 2, 1);
    span_is(txn, &s, day + DAY, day + DAY + 5 * HOUR);

    add(txn, s, day + 3 * DAY + QUARTER - 1, 1, 1);
    s.value = 9;
    add(txn, s, day - DAY + 23 * HOUR, 1, 1);
    s.segment = 4;
    add(txn, s, day - 9 * DAY, 1, 1);
    add(txn, s, day + 9 * DAY, 1, 1);

    span_is(txn, &all, day - DAY + 23 * HOUR, day + 3 * DAY);

    s = (cxm_series_t) { 7, 1, 3, 4 };
    span_is(txn, &s, day + DAY, day + 3 * DAY);

    s.value = 5;
    assert_int_equal(cxm_counter_span(txn, &s, &first, &last), CXM_NOT_FOUND);
    cxm_txn_end(txn);
}


/* --- against a model ------------------------------------------------------ */

#define MODEL_DAYS    5
#define MODEL_VALUES  4
#define MODEL_POINTS  11
#define MODEL_CUTS    6
#define MODEL_QUARTERS  (MODEL_DAYS * 96)

typedef struct {
    uint64_t  n[MODEL_VALUES][MODEL_QUARTERS][MODEL_POINTS];
} model_t;


/* The quarter hour that begins the piece of a day which q is in. */
static uint32_t
model_piece(const uint8_t cut[MODEL_QUARTERS], uint32_t from, uint32_t q)
{
    while (q > from && q % 96 != 0 && !cut[q]) {
        q--;
    }

    return q;
}


/* What a scan must give: pieces from day to day, and from cut to cut. */
static void
model_scan(const model_t *model, uint32_t value, uint32_t from, uint32_t to,
    const uint8_t cut[MODEL_QUARTERS], seen_t *out)
{
    uint32_t  v, q, p, end, i;
    uint64_t  count;

    out->n = 0;

    for (v = 0; v < MODEL_VALUES; v++) {

        if (value != CXM_VALUE_ALL && value != v) {
            continue;
        }

        for (q = from; q < to; q = end) {
            for (end = q + 1; end < to && model_piece(cut, from, end) == q;
                 end++)
            {
                /* void */
            }

            for (p = 0; p < MODEL_POINTS; p++) {
                count = 0;

                for (i = q; i < end; i++) {
                    count += model->n[v][i][p];
                }

                if (count > 0) {
                    out->cells[out->n++] = (cell_t) {
                        v, FIXTURE_DAY + q * QUARTER, p, count
                    };
                }
            }
        }
    }
}


/* Any time of a piece will do. */
static void
assert_seen(const uint8_t cut[MODEL_QUARTERS], uint32_t from, seen_t *seen,
    const seen_t *expect)
{
    size_t         i;
    uint32_t       q;
    const cell_t  *cell;

    assert_int_equal(seen->n, expect->n);

    for (i = 0; i < expect->n; i++) {
        q = (uint32_t) ((seen->cells[i].at - FIXTURE_DAY) / QUARTER);
        seen->cells[i].at = FIXTURE_DAY + model_piece(cut, from, q) * QUARTER;

        cell = &expect->cells[i];
        assert_cell(seen, i, cell->value, cell->at, cell->point, cell->count);
    }
}


static void
model_change(cxm_txn_t *txn, model_t *model)
{
    int64_t    delta;
    uint32_t   v, q, p;
    uint64_t  *count;

    v = fixture_random(MODEL_VALUES);
    q = fixture_random(MODEL_QUARTERS);
    p = fixture_random(MODEL_POINTS);
    count = &model->n[v][q][p];

    delta = *count > 0 && fixture_random(2) == 0 ? -1
            : (int64_t) fixture_random(300) + 1;
    *count += (uint64_t) delta;

    add(txn, (cxm_series_t) { 7, 1, 3, v },
        FIXTURE_DAY + q * QUARTER + fixture_random(QUARTER), p, delta);
}


/* Some times in order. */
static size_t
model_cuts(cxm_ms_t cuts[MODEL_CUTS], uint8_t cut[MODEL_QUARTERS])
{
    size_t    i, n;
    uint32_t  q;

    memset(cut, 0, MODEL_QUARTERS);
    n = fixture_random(MODEL_CUTS + 1);
    q = 0;

    for (i = 0; i < n; i++) {
        q += fixture_random(MODEL_QUARTERS / MODEL_CUTS);
        cut[q] = 1;
        cuts[i] = FIXTURE_DAY + q * QUARTER;
    }

    return n;
}


static void
scans_agree_with_a_model(void **state)
{
    int           i, j;
    size_t        n;
    seen_t        seen = { 0, NULL }, expect = { 0, NULL };
    uint8_t       cut[MODEL_QUARTERS];
    cxm_ms_t      cuts[MODEL_CUTS];
    model_t      *model;
    uint32_t      from, to, value;
    cxm_txn_t    *txn;

    model = calloc(1, sizeof(*model));
    expect.cells = calloc(SEEN_MAX, sizeof(cell_t));

    for (i = 0; i < 40; i++) {
        txn = fixture_write(*state);

        for (j = 0; j < 100; j++) {
            model_change(txn, model);
        }

        fixture_commit(txn);
        txn = fixture_read(*state);

        for (j = 0; j < 50; j++) {
            from = fixture_random(MODEL_QUARTERS);
            to = from + fixture_random(MODEL_QUARTERS - from + 1);
            n = model_cuts(cuts, cut);
            value = fixture_random(MODEL_VALUES + 1);
            value = value == MODEL_VALUES ? CXM_VALUE_ALL : value;

            if (fixture_random(3) == 0) {
                from -= from % 96;
            }

            model_scan(model, value, from, to, cut, &expect);
            scan_cut(txn, (cxm_series_t) { 7, 1, 3, value },
                     FIXTURE_DAY + from * QUARTER, FIXTURE_DAY + to * QUARTER,
                     cuts, n, &seen);

            assert_seen(cut, from, &seen, &expect);
        }

        cxm_txn_end(txn);
    }

    free(model);
    free(seen.cells);
    free(expect.cells);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(ragged_ends_come_from_quarters, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(values_of_a_segment, setup, teardown),
        cmocka_unit_test_setup_teardown(span_is_first_and_last_quarter, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(scans_agree_with_a_model, setup,
                                        teardown)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
