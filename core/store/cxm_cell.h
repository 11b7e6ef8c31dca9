/*
 * Cells of several segments at once: what counters do not hold, and rows do.
 *
 * A counter knows one segment; what is asked of two is counted from rows by
 * the room that has them.  The cells are the same, so that the figures are.
 */

#ifndef CXM_CELL_H
#define CXM_CELL_H

#include "cxm_dict.h"
#include "cxm_long_read.h"


/* Numbers of a segment's values: those given, null and (other). */
#define CXM_DICT_VALUES  (CXM_DICT_MAX + 2)

/* Of a segment that a row does not list: not even null. */
#define CXM_VALUE_NONE   UINT32_MAX

/* Rows of which the segment has one of the values; none: no row. */
typedef struct {
    uint16_t   segment;
    unsigned   nvalues;
    uint32_t  *values;
} cxm_filter_t;

typedef struct {
    uint64_t             survey;
    unsigned             nquestions;
    const uint16_t      *questions;     /* series; none twice */
    uint16_t             by;            /* segment; 0: none */
    unsigned             nfilters;      /* all of them must let a row through */
    const cxm_filter_t  *filters;       /* no segment twice */
    cxm_ms_t             from, to;      /* half-open */
} cxm_cell_query_t;

/*
 * One call a point of a question; `question` is the place in questions, value
 * that of segment `by` (0 without, or CXM_VALUE_NONE).  In no order.
 */
typedef void (*cxm_cell_pt)(void *ctx, unsigned question, uint32_t value,
    cxm_ms_t at, uint32_t point, uint64_t count);

/*
 * How a room counts them: a long read.  CXM_UNAVAILABLE when it was stopped;
 * CXM_INVALID with pointer "?from": some of it is no longer kept.
 */
typedef cxm_rc_t (*cxm_cell_source_pt)(cxm_long_read_t *read,
    const cxm_cell_query_t *query, cxm_cell_pt fn, void *ctx,
    cxm_error_t *err);


/*
 * What such reads of entries, or of rows numbered by them, have in common:
 * nothing is ever dated after the entry that brought it, so they begin at the
 * first entry of `from`; and retention must not have taken, nor take, what
 * they still need, since counters keep it.
 */
typedef struct {
    cxm_long_read_t  *read;
    cxm_keep_t        keep;         /* class of the entries */
    uint64_t          next;         /* entry to go on with; the room's */
    uint64_t          dropped;      /* last one that retention took */
} cxm_cell_scan_t;

cxm_rc_t cxm_cell_scan_begin(cxm_cell_scan_t *scan, cxm_long_read_t *read,
    cxm_keep_t keep, cxm_ms_t from, cxm_error_t *err);

/* The next snapshot, as cxm_long_read_next(). */
cxm_rc_t cxm_cell_scan_next(cxm_cell_scan_t *scan, cxm_error_t *err);


#endif /* CXM_CELL_H */
