/*
 * When a series begins and ends.
 */

#include "cxm_counter.h"
#include "cxm_counter_row.h"


typedef struct {
    cxm_txn_t     *txn;
    cxm_cursor_t  *cursor;
    cxm_series_t   series;      /* value is the one being looked at */
    int            all;         /* values */
    cxm_ms_t       first;
    cxm_ms_t       last;
} cxm_span_t;


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

    *first = cxm_counter_row_day(row) * CXM_MS_DAY
             + (from >> CXM_POINT_BITS) * CXM_MS_QUARTER;
    *last = cxm_counter_row_day(row) * CXM_MS_DAY
            + (cells.cell >> CXM_POINT_BITS) * CXM_MS_QUARTER;

    return CXM_OK;
}


/* Last row of the very series; its first one is known to be there. */
static cxm_rc_t
span_last(const cxm_span_t *span, cxm_raw_row_t *row)
{
    cxm_rc_t       rc;
    cxm_row_key_t  key;

    cxm_counter_key(&key, CXM_LEVEL_QUARTER, &span->series, UINT32_MAX);

    rc = cxm_cursor_seek_back(span->cursor, &key, row);
    if (rc != CXM_OK) {
        return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
    }

    return row->key.len == CXM_COUNTER_KEY
           && cxm_row_within(row, &key, CXM_COUNTER_SERIES)
           ? CXM_OK : CXM_CORRUPT;
}


/* Widens the span by the values from series.value on, or by it alone. */
static cxm_rc_t
span_values(cxm_span_t *span)
{
    cxm_ms_t       first, last, rest;
    cxm_rc_t       rc;
    cxm_raw_row_t  row;

    for ( ;; ) {
        rc = cxm_counter_seek(span->cursor, CXM_LEVEL_QUARTER, &span->series,
                              0, &row);
        if (rc != CXM_OK) {
            return rc;
        }

        if (!span->all && cxm_counter_row_value(&row) != span->series.value) {
            return CXM_NOT_FOUND;
        }

        span->series.value = cxm_counter_row_value(&row);
        rc = row_span(span->txn, &row, &first, &rest);

        if (rc == CXM_OK) {
            rc = span_last(span, &row);
        }

        if (rc == CXM_OK) {
            rc = row_span(span->txn, &row, &rest, &last);
        }

        if (rc != CXM_OK) {
            return rc;
        }

        span->first = first < span->first ? first : span->first;
        span->last = last > span->last ? last : span->last;

        if (!span->all || span->series.value == CXM_VALUE_ALL) {
            return CXM_NOT_FOUND;
        }

        span->series.value++;
    }
}


cxm_rc_t
cxm_counter_span(cxm_txn_t *txn, const cxm_series_t *series, cxm_ms_t *first,
    cxm_ms_t *last)
{
    cxm_rc_t    rc;
    cxm_span_t  span;

    span.txn = txn;
    span.series = *series;
    span.all = series->value == CXM_VALUE_ALL;
    span.first = INT64_MAX;
    span.last = INT64_MIN;

    if (span.all) {
        span.series.value = 0;
    }

    rc = cxm_counter_flush(txn);
    if (rc != CXM_OK) {
        return rc;
    }

    rc = cxm_cursor_open(txn, CXM_T_COUNTER, &span.cursor);
    if (rc != CXM_OK) {
        return rc;
    }

    rc = span_values(&span);
    cxm_cursor_close(span.cursor);

    *first = span.first;
    *last = span.last;

    return rc == CXM_NOT_FOUND && span.first <= span.last ? CXM_OK : rc;
}
