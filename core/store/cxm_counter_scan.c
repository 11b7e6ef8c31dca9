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

typedef struct {
    cxm_txn_t        *txn;
    cxm_cursor_t     *cursor;
    cxm_series_t      series;       /* value is the one being read */
    cxm_ms_t          from;
    cxm_ms_t          to;
    cxm_counter_pt    fn;
    void             *ctx;
    cxm_day_range_t  *ranges;       /* in order of time */
    size_t            nranges;
} cxm_scan_t;


/*
 * The first row of the segment at or behind value and day.  CXM_NOT_FOUND at
 * the end of the segment.
 */
static cxm_rc_t
scan_seek(cxm_cursor_t *cursor, unsigned level, const cxm_series_t *series,
    uint32_t day, cxm_raw_row_t *row)
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


static uint32_t
row_value(const cxm_raw_row_t *row)
{
    return cxm_get_u32((const uint8_t *) row->key.data + CXM_COUNTER_SEGMENT);
}


static uint32_t
row_day(const cxm_raw_row_t *row)
{
    return cxm_get_u32((const uint8_t *) row->key.data + CXM_COUNTER_SERIES);
}


static cxm_rc_t
scan_row(const cxm_scan_t *scan, unsigned level, const cxm_raw_row_t *row)
{
    cxm_ms_t     day, at;
    cxm_rc_t     rc;
    cxm_str_t    payload;
    cxm_cells_t  cells;

    rc = cxm_row_check(scan->txn, CXM_T_COUNTER, row, &payload);
    if (rc != CXM_OK) {
        return rc;
    }

    day = row_day(row) * CXM_MS_DAY;
    cells = cxm_cells(payload, cxm_counter_cells(level));

    for (rc = cxm_cells_next(&cells); rc == CXM_OK;
         rc = cxm_cells_next(&cells))
    {
        at = day + (cells.cell >> CXM_POINT_BITS) * CXM_MS_QUARTER;

        if (at >= scan->from && at < scan->to) {
            scan->fn(scan->ctx, scan->series.value, at,
                     cells.cell & CXM_POINT_MAX, cells.count);
        }
    }

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


/*
 * Rows of a range; *next, below which no day has a row that was not read, is
 * moved on.
 */
static cxm_rc_t
scan_range(const cxm_scan_t *scan, const cxm_day_range_t *range,
    uint32_t *next)
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

        if (row_day(&row) > range->last) {
            *next = row_day(&row);
            return CXM_OK;
        }

        rc = scan_row(scan, range->level, &row);

        if (rc != CXM_OK) {
            return rc;
        }

        if (row_day(&row) == range->last) {
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
scan_plan(cxm_scan_t *scan, const cxm_counter_query_t *query)
{
    size_t    i;
    uint32_t  first;

    /* two ranges a cut, from and to are such, and one behind the last */

    scan->ranges = calloc(2 * query->ncuts + 5, sizeof(cxm_day_range_t));

    if (scan->ranges == NULL) {
        return CXM_INTERNAL;
    }

    first = (uint32_t) cxm_day_of(scan->from);
    add_cut(scan, scan->from, &first);

    for (i = 0; i < query->ncuts; i++) {
        add_cut(scan, query->cuts[i], &first);
    }

    add_cut(scan, scan->to, &first);
    add_range(scan, CXM_LEVEL_DAY, first, (uint32_t) cxm_day_of(scan->to));

    return CXM_OK;
}


/* All ranges of one value; both levels have rows of the same days. */
static cxm_rc_t
scan_value(const cxm_scan_t *scan)
{
    size_t    i;
    cxm_rc_t  rc;
    uint32_t  next;

    next = 0;
    rc = CXM_OK;

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
        rc = scan_seek(scan->cursor, CXM_LEVEL_DAY, &scan->series, first,
                       &row);
        if (rc != CXM_OK) {
            return rc == CXM_NOT_FOUND ? CXM_OK : rc;
        }

        value = row_value(&row);

        if (value != scan->series.value && row_day(&row) < first) {
            scan->series.value = value;
            continue;
        }

        scan->series.value = value;

        if (row_day(&row) <= last) {
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

    rc = scan_plan(&scan, query);

    if (rc == CXM_OK) {
        rc = scan.series.value == CXM_VALUE_ALL ? scan_values(&scan)
                                                : scan_value(&scan);
    }

    cxm_cursor_close(scan.cursor);
    free(scan.ranges);

    return rc;
}


/* --- the span of a series ----------------------------------------------- */

/* Starts of the first and the last quarter hour of a row. */
static cxm_rc_t
row_span(cxm_txn_t *txn, const cxm_raw_row_t *row, cxm_ms_t *first,
    cxm_ms_t *last)
{
    uint32_t     from;
    cxm_rc_t     rc;
    cxm_str_t    payload;
    cxm_cells_t  cells;

    rc = cxm_row_check(txn, CXM_T_COUNTER, row, &payload);
    if (rc != CXM_OK) {
        return rc;
    }

    cells = cxm_cells(payload, cxm_counter_cells(CXM_LEVEL_QUARTER));
    rc = cxm_cells_next(&cells);
    from = cells.cell;

    while (rc == CXM_OK) {
        rc = cxm_cells_next(&cells);
    }

    if (rc != CXM_NOT_FOUND || !cells.started) {
        return CXM_CORRUPT;
    }

    /* the cell that was found last is still there */

    *first = row_day(row) * CXM_MS_DAY
             + (from >> CXM_POINT_BITS) * CXM_MS_QUARTER;
    *last = row_day(row) * CXM_MS_DAY
            + (cells.cell >> CXM_POINT_BITS) * CXM_MS_QUARTER;

    return CXM_OK;
}


/* Last row of the very series; its first one is known to be there. */
static cxm_rc_t
span_last(cxm_cursor_t *cursor, const cxm_series_t *series,
    cxm_raw_row_t *row)
{
    cxm_rc_t       rc;
    cxm_row_key_t  key;

    cxm_counter_key(&key, CXM_LEVEL_QUARTER, series, UINT32_MAX);

    rc = cxm_cursor_seek_back(cursor, &key, row);
    if (rc != CXM_OK) {
        return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
    }

    return row->key.len == CXM_COUNTER_KEY
           && cxm_row_within(row, &key, CXM_COUNTER_SERIES)
           ? CXM_OK : CXM_CORRUPT;
}


/* Widens first..last by the values from scan->series.value on. */
static cxm_rc_t
span_values(cxm_scan_t *scan, int all, cxm_ms_t *first, cxm_ms_t *last)
{
    cxm_ms_t       from, to, rest;
    cxm_rc_t       rc;
    cxm_raw_row_t  row;

    for ( ;; ) {
        rc = scan_seek(scan->cursor, CXM_LEVEL_QUARTER, &scan->series, 0,
                       &row);
        if (rc != CXM_OK) {
            return rc;
        }

        if (!all && row_value(&row) != scan->series.value) {
            return CXM_NOT_FOUND;
        }

        scan->series.value = row_value(&row);
        rc = row_span(scan->txn, &row, &from, &rest);

        if (rc == CXM_OK) {
            rc = span_last(scan->cursor, &scan->series, &row);
        }

        if (rc == CXM_OK) {
            rc = row_span(scan->txn, &row, &rest, &to);
        }

        if (rc != CXM_OK) {
            return rc;
        }

        *first = from < *first ? from : *first;
        *last = to > *last ? to : *last;

        if (!all || scan->series.value == CXM_VALUE_ALL) {
            return CXM_NOT_FOUND;
        }

        scan->series.value++;
    }
}


cxm_rc_t
cxm_counter_span(cxm_txn_t *txn, const cxm_series_t *series, cxm_ms_t *first,
    cxm_ms_t *last)
{
    int         all;
    cxm_rc_t    rc;
    cxm_scan_t  scan;

    memset(&scan, 0, sizeof(scan));
    scan.txn = txn;
    scan.series = *series;

    rc = cxm_counter_flush(txn);
    if (rc != CXM_OK) {
        return rc;
    }

    rc = cxm_cursor_open(txn, CXM_T_COUNTER, &scan.cursor);
    if (rc != CXM_OK) {
        return rc;
    }

    all = series->value == CXM_VALUE_ALL;
    scan.series.value = all ? 0 : series->value;
    *first = INT64_MAX;
    *last = INT64_MIN;

    rc = span_values(&scan, all, first, last);
    cxm_cursor_close(scan.cursor);

    if (rc != CXM_NOT_FOUND) {
        return rc;
    }

    return *first > *last ? CXM_NOT_FOUND : CXM_OK;
}
