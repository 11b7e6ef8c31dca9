/*
 * Packed counters: what every score is computed from.
 *
 * A series is survey x question x segment x segment value.  Each series has,
 * for each UTC day, two rows in the table `counter`:
 *
 *   level 1 (day):      point -> count of the whole day
 *   level 2 (quarter):  quarter-hour (0..95) x point -> count
 *
 * Key: u8 level | u64 survey | u16 question | u16 segment | u32 value |
 * u32 day (days since 1970).  Payload: cells in order as varint pairs, cell
 * number as the difference to the one before, then the count; a cell's
 * number is quarter << 11 | point at level 2, point at level 1.  Cells with
 * count 0 are left out, a row without cells is deleted.
 *
 * Two levels and not one: a year by day must cost the same whatever the
 * number of answers, and day cells are a few bytes while quarter cells of a
 * busy survey fill pages.
 *
 * Changes are added up in the transaction and written by commit, once a row.
 */

#ifndef CXM_COUNTER_H
#define CXM_COUNTER_H

#include "cxm_store.h"


#define CXM_POINT_MAX  2047

typedef struct {
    uint64_t  survey;       /* document number; or a CXM_SERIES_* */
    uint16_t  question;     /* number inside the survey */
    uint16_t  segment;      /* 0: all answers */
    uint32_t  value;        /* number of the segment's value */
} cxm_series_t;

/* "Surveys" that are none: numbers no sequence reaches. */
#define CXM_SERIES_TOUCHPOINT  (UINT64_MAX - 1)
#define CXM_SERIES_ACCOUNT     (UINT64_MAX - 2)
#define CXM_SERIES_SESSION     (UINT64_MAX - 3)     /* cxm_session.h */
#define CXM_SERIES_CUSTOMER    (UINT64_MAX - 4)     /* cxm_customer.h */

/* Adds delta to a cell; a count never ends below 0 (CXM_CORRUPT at flush). */
cxm_rc_t cxm_counter_add(cxm_txn_t *txn, const cxm_series_t *series,
    cxm_ms_t at, uint32_t point, int64_t delta);

/*
 * Writes what was added; called by commit, and before counters are read.
 * When it fails the transaction can only be aborted.
 */
cxm_rc_t cxm_counter_flush(cxm_txn_t *txn);

#define CXM_VALUE_ALL  UINT32_MAX

typedef struct {
    cxm_series_t     series;    /* value may be CXM_VALUE_ALL */
    cxm_ms_t         from;      /* half-open; a quarter hour belongs to it */
    cxm_ms_t         to;        /* when its start does */
    const cxm_ms_t  *cuts;      /* ncuts times in order, to be told apart */
    size_t           ncuts;
} cxm_counter_query_t;

/*
 * One call a point of each day, or of each piece of it where a cut, from or
 * to lies inside; by value, then time, then point.  at is a time in the day
 * or piece.  fn must not write in the transaction.
 */
typedef void (*cxm_counter_pt)(void *ctx, uint32_t value, cxm_ms_t at,
    uint32_t point, uint64_t count);

cxm_rc_t cxm_counter_scan(cxm_txn_t *txn, const cxm_counter_query_t *query,
    cxm_counter_pt fn, void *ctx);

/*
 * Starts of the first and the last quarter hour of a series (value may be
 * ALL) that has a count; CXM_NOT_FOUND: none.
 */
cxm_rc_t cxm_counter_span(cxm_txn_t *txn, const cxm_series_t *series,
    cxm_ms_t *first, cxm_ms_t *last);


#endif /* CXM_COUNTER_H */
