/*
 * Reading counters: whole days from the level of days, the rest from the
 * level of quarter hours, from value to value of a segment.
 */

#include <stdlib.h>

#include "cxm_counter.h"
#include "cxm_counter_row.h"


/* Days of one level. */
typedef struct {
    unsigned  level;
    uint32_t  first;
    uint32_t  last;
} cxm_day_range_t;

#define CXM_POINT_WORDS  ((CXM_POINT_MAX + 64) / 64)

/* What is added up between two cuts; all 0 when it is begun. */
typedef struct {
    cxm_ms_t  at;                   /* of its first cell */
    cxm_ms_t  end;                  /* the cut behind it */
    uint64_t  counts[CXM_POINT_MAX + 1];
    uint64_t  points[CXM_POINT_WORDS];      /* a bit for each that has any */
} cxm_piece_t;

typedef struct {
    cxm_txn_t        *txn;
    cxm_cursor_t     *cursor;
    cxm_series_t      series;       /* value is the one being read */
    cxm_ms_t          from;
    cxm_ms_t          to;
    const cxm_ms_t   *cuts;
    size_t            ncuts;
    size_t            cut;          /* the next one of this value */
    cxm_counter_pt    fn;
    void             *ctx;
    cxm_day_range_t  *ranges;       /* in order of time */
    size_t            nranges;
    cxm_piece_t       piece;
} cxm_scan_t;


/* Tells what the piece holds and empties it. */
static void
piece_end(cxm_scan_t *scan)
{
    size_t        i;
    uint32_t      point;
    uint64_t      rest;
    cxm_piece_t  *piece;

    piece = &scan->piece;

    for (i = 0; i < CXM_POINT_WORDS; i++) {
        for (rest = piece->points[i]; rest != 0; rest &= rest - 1) {
            point = (uint32_t) (64 * i) + (uint32_t) __builtin_ctzll(rest);

            scan->fn(scan->ctx, scan->series.value, piece->at, point,
                     piece->counts[point]);
            piece->counts[point] = 0;
        }

        piece->points[i] = 0;
    }
}


static void
piece_begin(cxm_scan_t *scan, cxm_ms_t at)
{
    while (scan->cut < scan->ncuts && scan->cuts[scan->cut] <= at) {
        scan->cut++;
    }

    scan->piece.at = at;
    scan->piece.end = scan->cut < scan->ncuts ? scan->cuts[scan->cut]
                                              : CXM_MS_MAX + 1;
}


/* A busy day has a thousand cells, and one piece or two. */
static cxm_rc_t
scan_quarters(cxm_scan_t *scan, cxm_cells_t *cells, cxm_ms_t day)
{
    cxm_ms_t      at;
    cxm_rc_t      rc;
    uint32_t      point;
    cxm_piece_t  *piece;

    piece = &scan->piece;
    piece->end = CXM_MS_MIN;

    for (rc = cxm_cells_next(cells); rc == CXM_OK; rc = cxm_cells_next(cells))
    {
        at = day + (cells->cell >> CXM_POINT_BITS) * CXM_MS_QUARTER;

        if (at < scan->from || at >= scan->to) {
            continue;
        }

        if (at >= piece->end) {
            piece_end(scan);
            piece_begin(scan, at);
        }

        point = cells->cell & CXM_POINT_MAX;
        piece->counts[point] += cells->count;
        piece->points[point / 64] |= (uint64_t) 1 << point % 64;
    }

    piece_end(scan);

    return rc;
}


static cxm_rc_t
scan_row(cxm_scan_t *scan, unsigned level, const cxm_raw_row_t *row)
{
    cxm_ms_t     day;
    cxm_rc_t     rc;
    cxm_str_t    payload;
    cxm_cells_t  cells;

    rc = cxm_row_check(scan->txn, CXM_T_COUNTER, row, &payload);
    if (rc != CXM_OK) {
        return rc;
    }

    day = cxm_counter_row_day(row) * CXM_MS_DAY;
    cells = cxm_cells(payload, cxm_counter_cells(level));

    if (level == CXM_LEVEL_QUARTER) {
        rc = scan_quarters(scan, &cells, day);
        return rc == CXM_NOT_FOUND ? CXM_OK : rc;
    }

    for (rc = cxm_cells_next(&cells); rc == CXM_OK;
         rc = cxm_cells_next(&cells))
    {
        scan->fn(scan->ctx, scan->series.value, day, cells.cell, cells.count);
    }

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


/*
 * Rows of a range; *next, below which no day has a row that was not read, is
 * moved on.
 */
static cxm_rc_t
scan_range(cxm_scan_t *scan, const cxm_day_range_t *range, uint32_t *next)
{
    cxm_rc_t       rc;
    cxm_row_key_t  key;
    cxm_raw_row_t  row;

    cxm_counter_key(&key, range->level, &scan->series,
                    range->first > *next ? range->first : *next);
    *next = UINT32_MAX;

    for (rc = cxm_cursor_seek(scan->cursor, &key, &row); rc == CXM_OK;
         rc = cxm_cursor_next(scan->cursor, &row))
    {
        if (!cxm_row_within(&row, &key, CXM_COUNTER_SERIES)) {
            return CXM_OK;
        }

        if (row.key.len != CXM_COUNTER_KEY) {
            return CXM_CORRUPT;
        }

        if (cxm_counter_row_day(&row) > range->last) {
            *next = cxm_counter_row_day(&row);
            return CXM_OK;
        }

        rc = scan_row(scan, range->level, &row);

        if (rc != CXM_OK) {
            return rc;
        }

        if (cxm_counter_row_day(&row) == range->last) {
            *next = range->last + 1;
            return CXM_OK;
        }
    }

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


/* Days from first to before end, joined to those in front of them. */
static void
add_range(cxm_scan_t *scan, unsigned level, uint32_t first, uint32_t end)
{
    cxm_day_range_t  *range;

    if (first >= end) {
        return;
    }

    if (scan->nranges > 0) {
        range = &scan->ranges[scan->nranges - 1];

        if (range->level == level && range->last + 1 == first) {
            range->last = end - 1;
            return;
        }
    }

    scan->ranges[scan->nranges++] = (cxm_day_range_t) { level, first,
                                                        end - 1 };
}


/* The days from *first on: whole ones, and that of the cut in quarters. */
static void
add_cut(cxm_scan_t *scan, cxm_ms_t cut, uint32_t *first)
{
    uint32_t  day;

    day = (uint32_t) cxm_day_of(cut);

    if (cut < scan->from || cut > scan->to || cut % CXM_MS_DAY == 0
        || day < *first)
    {
        return;
    }

    add_range(scan, CXM_LEVEL_DAY, *first, day);
    add_range(scan, CXM_LEVEL_QUARTER, day, day + 1);
    *first = day + 1;
}


/* Which days come from which level. */
static cxm_rc_t
scan_plan(cxm_scan_t *scan)
{
    size_t    i;
    uint32_t  first;

    /* two ranges a cut, from and to are such, and one behind the last */

    scan->ranges = calloc(2 * scan->ncuts + 5, sizeof(cxm_day_range_t));

    if (scan->ranges == NULL) {
        return CXM_INTERNAL;
    }

    first = (uint32_t) cxm_day_of(scan->from);
    add_cut(scan, scan->from, &first);

    for (i = 0; i < scan->ncuts; i++) {
        add_cut(scan, scan->cuts[i], &first);
    }

    add_cut(scan, scan->to, &first);
    add_range(scan, CXM_LEVEL_DAY, first, (uint32_t) cxm_day_of(scan->to));

    return CXM_OK;
}


/* All ranges of one value; both levels have rows of the same days. */
static cxm_rc_t
scan_value(cxm_scan_t *scan)
{
    size_t    i;
    cxm_rc_t  rc;
    uint32_t  next;

    next = 0;
    rc = CXM_OK;
    scan->cut = 0;

    for (i = 0; i < scan->nranges && rc == CXM_OK; i++) {
        if (scan->ranges[i].last >= next) {
            rc = scan_range(scan, &scan->ranges[i], &next);
        }
    }

    return rc;
}


/*
 * From value to value of the segment, on the level of days: every day that
 * has quarter hours is there too, and its rows are fewer bytes.
 */
static cxm_rc_t
scan_values(cxm_scan_t *scan)
{
    uint32_t       first, last, value;
    cxm_rc_t       rc;
    cxm_raw_row_t  row;

    first = (uint32_t) cxm_day_of(scan->from);
    last = (uint32_t) cxm_day_of(scan->to - 1);
    scan->series.value = 0;

    for ( ;; ) {
        rc = cxm_counter_seek(scan->cursor, CXM_LEVEL_DAY, &scan->series,
                              first, &row);
        if (rc != CXM_OK) {
            return rc == CXM_NOT_FOUND ? CXM_OK : rc;
        }

        value = cxm_counter_row_value(&row);

        if (value != scan->series.value && cxm_counter_row_day(&row) < first) {
            scan->series.value = value;
            continue;
        }

        scan->series.value = value;

        if (cxm_counter_row_day(&row) <= last) {
            rc = scan_value(scan);
            if (rc != CXM_OK) {
                return rc;
            }
        }

        if (value >= CXM_VALUE_ALL - 1) {
            return CXM_OK;
        }

        scan->series.value = value + 1;
    }
}


static cxm_ms_t
in_time(cxm_ms_t t)
{
    return t < CXM_MS_MIN ? CXM_MS_MIN : t > CXM_MS_MAX ? CXM_MS_MAX + 1 : t;
}


static cxm_ms_t
quarter_up(cxm_ms_t t)
{
    return (t + CXM_MS_QUARTER - 1) / CXM_MS_QUARTER * CXM_MS_QUARTER;
}


cxm_rc_t
cxm_counter_scan(cxm_txn_t *txn, const cxm_counter_query_t *query,
    cxm_counter_pt fn, void *ctx)
{
    cxm_rc_t    rc;
    cxm_scan_t  scan;

    memset(&scan, 0, sizeof(scan));
    scan.txn = txn;
    scan.series = query->series;
    scan.cuts = query->cuts;
    scan.ncuts = query->ncuts;
    scan.fn = fn;
    scan.ctx = ctx;
    scan.from = quarter_up(in_time(query->from));
    scan.to = quarter_up(in_time(query->to));

    if (scan.from >= scan.to) {
        return CXM_OK;
    }

    rc = cxm_counter_flush(txn);
    if (rc != CXM_OK) {
        return rc;
    }

    rc = cxm_cursor_open(txn, CXM_T_COUNTER, &scan.cursor);
    if (rc != CXM_OK) {
        return rc;
    }

    rc = scan_plan(&scan);

    if (rc == CXM_OK) {
        rc = scan.series.value == CXM_VALUE_ALL ? scan_values(&scan)
                                                : scan_value(&scan);
    }

    cxm_cursor_close(scan.cursor);
    free(scan.ranges);

    return rc;
}
