/*
 * Counters: gathering and writing (cxm_counter_scan.c reads them).
 *
 * Additions of a transaction meet in an open-addressing table of cells, so a
 * batch of some hundred answers to one survey writes each row once.  Flush
 * packs the table, sorts it in key order and merges it row by row.
 */

#include <stdlib.h>

#include "cxm_counter.h"
#include "cxm_counter_codec.h"
#include "cxm_counter_row.h"
#include "cxm_store_int.h"


#define CXM_GATHER_MIN    1024      /* cells; a power of two */
#define CXM_GATHER_MAX    (1u << 24)

/* Fields in the order of the key. */
typedef struct {
    uint32_t      level;            /* 0: free */
    cxm_series_t  series;
    uint32_t      day;
    uint32_t      cell;
    int64_t       delta;
} cxm_gather_cell_t;

typedef struct {
    cxm_gather_cell_t  *cells;
    size_t              size;       /* a power of two, or 0 */
    size_t              used;
} cxm_gather_t;


void
cxm_counter_key(cxm_row_key_t *key, unsigned level,
    const cxm_series_t *series, uint32_t day)
{
    cxm_row_key(key);
    cxm_row_key_u8(key, (uint8_t) level);
    cxm_row_key_u64(key, series->survey);
    cxm_row_key_u16(key, series->question);
    cxm_row_key_u16(key, series->segment);
    cxm_row_key_u32(key, series->value);
    cxm_row_key_u32(key, day);
}


cxm_rc_t
cxm_counter_seek(cxm_cursor_t *cursor, unsigned level,
    const cxm_series_t *series, uint32_t day, cxm_raw_row_t *row)
{
    cxm_rc_t       rc;
    cxm_row_key_t  key;

    cxm_counter_key(&key, level, series, day);

    rc = cxm_cursor_seek(cursor, &key, row);
    if (rc != CXM_OK) {
        return rc;
    }

    if (!cxm_row_within(row, &key, CXM_COUNTER_SEGMENT)) {
        return CXM_NOT_FOUND;
    }

    return row->key.len == CXM_COUNTER_KEY ? CXM_OK : CXM_CORRUPT;
}


static void
gather_destroy(void *data)
{
    cxm_gather_t  *gather = data;

    free(gather->cells);
    gather->cells = NULL;
    gather->size = 0;
    gather->used = 0;
}


static cxm_gather_t *
gather_of(cxm_txn_t *txn)
{
    return cxm_txn_slot(txn, CXM_SLOT_COUNTER, sizeof(cxm_gather_t),
                        gather_destroy);
}


/* A cell's place in key order, as numbers of falling rank. */
typedef struct {
    uint64_t  w[4];
} cxm_gather_rank_t;


static cxm_gather_rank_t
gather_rank(const cxm_gather_cell_t *cell)
{
    return (cxm_gather_rank_t) { {
        cell->level,
        cell->series.survey,
        (uint64_t) cell->series.question << 48
            | (uint64_t) cell->series.segment << 32 | cell->series.value,
        (uint64_t) cell->day << 32 | cell->cell
    } };
}


static size_t
gather_hash(const cxm_gather_cell_t *cell)
{
    size_t             i;
    uint64_t           h;
    cxm_gather_rank_t  rank;

    /* splitmix64's mixing; nobody outside chooses these numbers */

    rank = gather_rank(cell);
    h = 0;

    for (i = 0; i < 4; i++) {
        h = (h ^ rank.w[i]) * 0xbf58476d1ce4e5b9ULL;
        h ^= h >> 31;
    }

    return (size_t) h;
}


static int
same_row(const cxm_gather_cell_t *a, const cxm_gather_cell_t *b)
{
    return a->level == b->level
           && a->day == b->day
           && a->series.survey == b->series.survey
           && a->series.question == b->series.question
           && a->series.segment == b->series.segment
           && a->series.value == b->series.value;
}


/* The place of a cell: its own or a free one.  There is always a free one. */
static cxm_gather_cell_t *
gather_place(const cxm_gather_t *gather, const cxm_gather_cell_t *cell)
{
    size_t              i;
    cxm_gather_cell_t  *place;

    for (i = gather_hash(cell); ; i++) {
        place = &gather->cells[i & (gather->size - 1)];

        if (place->level == 0
            || (place->cell == cell->cell && same_row(place, cell)))
        {
            return place;
        }
    }
}


/* Keeps a third of the places free. */
static cxm_rc_t
gather_room(cxm_gather_t *gather)
{
    size_t        i;
    cxm_gather_t  larger;

    if (gather->used < gather->size - gather->size / 3) {
        return CXM_OK;
    }

    larger.size = gather->size == 0 ? CXM_GATHER_MIN : gather->size * 2;
    larger.used = gather->used;

    if (larger.size > CXM_GATHER_MAX) {
        return CXM_INTERNAL;
    }

    larger.cells = calloc(larger.size, sizeof(cxm_gather_cell_t));
    if (larger.cells == NULL) {
        return CXM_INTERNAL;
    }

    for (i = 0; i < gather->size; i++) {
        if (gather->cells[i].level != 0) {
            *gather_place(&larger, &gather->cells[i]) = gather->cells[i];
        }
    }

    free(gather->cells);
    *gather = larger;

    return CXM_OK;
}


static cxm_rc_t
gather_add(cxm_gather_t *gather, const cxm_gather_cell_t *cell)
{
    cxm_rc_t            rc;
    cxm_gather_cell_t  *place;

    rc = gather_room(gather);
    if (rc != CXM_OK) {
        return rc;
    }

    place = gather_place(gather, cell);

    if (place->level == 0) {
        *place = *cell;
        gather->used++;
        return CXM_OK;
    }

    return __builtin_add_overflow(place->delta, cell->delta, &place->delta)
           ? CXM_INTERNAL : CXM_OK;
}


cxm_rc_t
cxm_counter_add(cxm_txn_t *txn, const cxm_series_t *series, cxm_ms_t at,
    uint32_t point, int64_t delta)
{
    cxm_rc_t            rc;
    cxm_gather_t       *gather;
    cxm_gather_cell_t   cell;

    if (!cxm_txn_writable(txn)
        || point > CXM_POINT_MAX
        || at < CXM_MS_MIN
        || at > CXM_MS_MAX
        || series->value == CXM_VALUE_ALL)
    {
        return CXM_INTERNAL;
    }

    if (delta == 0) {
        return CXM_OK;
    }

    gather = gather_of(txn);
    if (gather == NULL) {
        return CXM_INTERNAL;
    }

    cxm_txn_touch(txn);

    memset(&cell, 0, sizeof(cell));
    cell.level = CXM_LEVEL_DAY;
    cell.series = *series;
    cell.day = (uint32_t) cxm_day_of(at);
    cell.cell = point;
    cell.delta = delta;

    rc = gather_add(gather, &cell);
    if (rc != CXM_OK) {
        return rc;
    }

    cell.level = CXM_LEVEL_QUARTER;
    cell.cell = cxm_quarter_of(at) << CXM_POINT_BITS | point;

    return gather_add(gather, &cell);
}


static int
gather_order(const void *left, const void *right)
{
    size_t             i;
    cxm_gather_rank_t  a, b;

    a = gather_rank(left);
    b = gather_rank(right);

    for (i = 0; i < 4; i++) {
        if (a.w[i] != b.w[i]) {
            return a.w[i] < b.w[i] ? -1 : 1;
        }
    }

    return 0;
}


/* Moves the cells that change something to the front, in key order. */
static size_t
gather_pack(cxm_gather_t *gather)
{
    size_t  i, n;

    n = 0;

    for (i = 0; i < gather->size; i++) {
        if (gather->cells[i].level != 0 && gather->cells[i].delta != 0) {
            gather->cells[n++] = gather->cells[i];
        }
    }

    qsort(gather->cells, n, sizeof(cxm_gather_cell_t), gather_order);

    return n;
}


/* Memory that flush uses for each row in turn. */
typedef struct {
    cxm_cell_delta_t  *deltas;
    cxm_buf_t          payload;
} cxm_flush_t;


static cxm_rc_t
flush_row(cxm_txn_t *txn, cxm_flush_t *flush, const cxm_gather_cell_t *cells,
    size_t n)
{
    size_t         i;
    cxm_rc_t       rc;
    cxm_str_t      old;
    cxm_row_key_t  key;

    cxm_counter_key(&key, cells->level, &cells->series, cells->day);

    rc = cxm_row_get(txn, CXM_T_COUNTER, &key, &old);

    if (rc == CXM_NOT_FOUND) {
        old = cxm_str("");

    } else if (rc != CXM_OK) {
        return rc;
    }

    for (i = 0; i < n; i++) {
        flush->deltas[i].cell = cells[i].cell;
        flush->deltas[i].delta = cells[i].delta;
    }

    cxm_buf_reset(&flush->payload);

    rc = cxm_cells_merge(old, cxm_counter_cells(cells->level), flush->deltas,
                         n, &flush->payload);
    if (rc != CXM_OK) {
        return rc;
    }

    if (flush->payload.len == 0) {
        return cxm_row_del(txn, CXM_T_COUNTER, &key);
    }

    return cxm_row_put(txn, CXM_T_COUNTER, &key, cxm_buf_str(&flush->payload));
}


static cxm_rc_t
flush_rows(cxm_txn_t *txn, const cxm_gather_cell_t *cells, size_t n)
{
    size_t       first, next;
    cxm_rc_t     rc;
    cxm_flush_t  flush;

    flush.deltas = malloc(n * sizeof(cxm_cell_delta_t));
    if (flush.deltas == NULL) {
        return CXM_INTERNAL;
    }

    cxm_buf_init(&flush.payload, CXM_CELLS_BYTES);
    rc = CXM_OK;

    for (first = 0; first < n && rc == CXM_OK; first = next) {
        next = first + 1;

        while (next < n && same_row(&cells[first], &cells[next])) {
            next++;
        }

        rc = flush_row(txn, &flush, &cells[first], next - first);
    }

    cxm_buf_free(&flush.payload);
    free(flush.deltas);

    return rc;
}


cxm_rc_t
cxm_counter_flush(cxm_txn_t *txn)
{
    size_t         n;
    cxm_rc_t       rc;
    cxm_gather_t  *gather;

    if (!cxm_txn_writable(txn)) {
        return CXM_OK;
    }

    gather = gather_of(txn);
    if (gather == NULL) {
        return CXM_INTERNAL;
    }

    if (gather->used == 0) {
        return CXM_OK;
    }

    n = gather_pack(gather);
    rc = n == 0 ? CXM_OK : flush_rows(txn, gather->cells, n);

    memset(gather->cells, 0, gather->size * sizeof(cxm_gather_cell_t));
    gather->used = 0;

    /* some rows are written, others are not */

    return rc == CXM_OK ? CXM_OK : cxm_txn_break(txn, rc);
}
