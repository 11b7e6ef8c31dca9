/*
 * Reading counters: whole days from the level of days, the rest from the
 * level of quarter hours, from value to value of a segment.
 */

#include "cxm_counter.h"
#include "cxm_counter_row.h"


#define CXM_RANGES  3

/* Days of one level, and the times of them that count. */
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
    cxm_day_range_t   ranges[CXM_RANGES];
    unsigned          nranges;
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


static cxm_rc_t
scan_range(const cxm_scan_t *scan, const cxm_day_range_t *range)
{
    uint32_t       day;
    cxm_rc_t       rc;
    cxm_row_key_t  key;
    cxm_raw_row_t  row;

    cxm_counter_key(&key, range->level, &scan->series, range->first);

    for (rc = cxm_cursor_seek(scan->cursor, &key, &row); rc == CXM_OK;
         rc = cxm_cursor_next(scan->cursor, &row))
    {
        if (!cxm_row_within(&row, &key, CXM_COUNTER_SERIES)) {
            return CXM_OK;
        }

        if (row.key.len != CXM_COUNTER_KEY) {
            return CXM_CORRUPT;
        }

        day = row_day(&row);

        if (day > range->last) {
            return CXM_OK;
        }

        rc = scan_row(scan, range->level, &row);

        if (rc != CXM_OK || day == range->last) {
            return rc;
        }
    }

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


static void
add_range(cxm_scan_t *scan, unsigned level, uint32_t first, uint32_t end)
{
    cxm_day_range_t  *range;

    if (first < end) {
        range = &scan->ranges[scan->nranges++];
        range->level = level;
        range->first = first;
        range->last = end - 1;
    }
}


/* Which days come from which level, in order of time. */
static void
scan_plan(cxm_scan_t *scan, int quarters)
{
    uint32_t  first, end, whole_first, whole_end;

    /* of days that are begun, and of days that are whole */

    first = (uint32_t) cxm_day_of(scan->from);
    end = (uint32_t) cxm_day_of(scan->to - 1) + 1;
    whole_first = (uint32_t) cxm_day_of(scan->from + CXM_MS_DAY - 1);
    whole_end = (uint32_t) cxm_day_of(scan->to);

    if (quarters || whole_first >= whole_end) {
        add_range(scan, CXM_LEVEL_QUARTER, first, end);
        return;
    }

    add_range(scan, CXM_LEVEL_QUARTER, first, whole_first);
    add_range(scan, CXM_LEVEL_DAY, whole_first, whole_end);
    add_range(scan, CXM_LEVEL_QUARTER, whole_end, end);
}


/* All ranges of one value. */
static cxm_rc_t
scan_value(const cxm_scan_t *scan)
{
    unsigned  i;
    cxm_rc_t  rc;

    for (i = 0; i < scan->nranges; i++) {
        rc = scan_range(scan, &scan->ranges[i]);

        if (rc != CXM_OK) {
            return rc;
        }
    }

    return CXM_OK;
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

    scan_plan(&scan, query->quarters);

    rc = cxm_counter_flush(txn);
    if (rc != CXM_OK) {
        return rc;
    }

    rc = cxm_cursor_open(txn, CXM_T_COUNTER, &scan.cursor);
    if (rc != CXM_OK) {
        return rc;
    }

    rc = scan.series.value == CXM_VALUE_ALL ? scan_values(&scan)
                                            : scan_value(&scan);
    cxm_cursor_close(scan.cursor);

    return rc;
}


/* Last day of the very series; its first row is known to be there. */
static cxm_rc_t
span_last(cxm_cursor_t *cursor, const cxm_series_t *series, uint32_t *day)
{
    cxm_rc_t       rc;
    cxm_row_key_t  key;
    cxm_raw_row_t  row;

    cxm_counter_key(&key, CXM_LEVEL_DAY, series, UINT32_MAX);

    rc = cxm_cursor_seek_back(cursor, &key, &row);
    if (rc != CXM_OK) {
        return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
    }

    if (row.key.len != CXM_COUNTER_KEY
        || !cxm_row_within(&row, &key, CXM_COUNTER_SERIES))
    {
        return CXM_CORRUPT;
    }

    *day = row_day(&row);

    return CXM_OK;
}


/* Widens first..last by the values from series->value on, or by it alone. */
static cxm_rc_t
span_values(cxm_cursor_t *cursor, cxm_series_t *series, int all,
    uint32_t *first, uint32_t *last)
{
    uint32_t       from, to;
    cxm_rc_t       rc;
    cxm_raw_row_t  row;

    for ( ;; ) {
        rc = scan_seek(cursor, CXM_LEVEL_DAY, series, 0, &row);
        if (rc != CXM_OK) {
            return rc;
        }

        if (!all && row_value(&row) != series->value) {
            return CXM_NOT_FOUND;
        }

        series->value = row_value(&row);
        from = row_day(&row);

        rc = span_last(cursor, series, &to);
        if (rc != CXM_OK) {
            return rc;
        }

        *first = from < *first ? from : *first;
        *last = to > *last ? to : *last;

        if (!all || series->value == CXM_VALUE_ALL) {
            return CXM_NOT_FOUND;
        }

        series->value++;
    }
}


cxm_rc_t
cxm_counter_span(cxm_txn_t *txn, const cxm_series_t *series,
    int32_t *first_day, int32_t *last_day)
{
    int            all;
    uint32_t       first, last;
    cxm_rc_t       rc;
    cxm_cursor_t  *cursor;
    cxm_series_t   walk;

    rc = cxm_counter_flush(txn);
    if (rc != CXM_OK) {
        return rc;
    }

    rc = cxm_cursor_open(txn, CXM_T_COUNTER, &cursor);
    if (rc != CXM_OK) {
        return rc;
    }

    walk = *series;
    all = series->value == CXM_VALUE_ALL;
    walk.value = all ? 0 : series->value;
    first = UINT32_MAX;
    last = 0;

    rc = span_values(cursor, &walk, all, &first, &last);
    cxm_cursor_close(cursor);

    if (rc != CXM_NOT_FOUND) {
        return rc;
    }

    if (first > last) {
        return CXM_NOT_FOUND;
    }

    *first_day = (int32_t) first;
    *last_day = (int32_t) last;

    return CXM_OK;
}
