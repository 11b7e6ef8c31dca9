/*
 * Scanning rows of answers for cells of several segments.
 *
 * Millions of rows a second: a block is checked by its MAC and read where it
 * lies, nothing is allocated for a row, and what a row must be like is found
 * by two table look-ups a number.
 */

#include <stdlib.h>

#include "cxm_response_row_read.h"


#define CXM_SCAN_FILTERS  64            /* bits of a mask */
#define CXM_SCAN_WORDS    ((CXM_DICT_VALUES + 63) / 64)

/* By number of a question or segment: its place in the query + 1; 0: none. */
typedef uint8_t  cxm_scan_places_t[UINT16_MAX + 1];

typedef struct {
    cxm_cell_scan_t          cells;     /* next: number of an answer */
    const cxm_cell_query_t  *query;
    cxm_cell_pt              fn;
    void                    *ctx;

    cxm_scan_places_t        questions;
    cxm_scan_places_t        segments;
    uint64_t                 values[CXM_SCAN_FILTERS][CXM_SCAN_WORDS];
    uint64_t                 all;       /* filters that there are */
    uint64_t                 unlisted;  /* those that a row passes without */
} cxm_row_scan_t;

/* What a row has of what is asked. */
typedef struct {
    uint64_t             passed;        /* filters */
    uint32_t             by;
    unsigned             npairs;
    cxm_response_pair_t  pairs[UINT8_MAX];      /* question: its place */
} cxm_row_found_t;


/* --- what is asked ------------------------------------------------------ */

/* A segment always kept that a row does not list is null. */
static uint32_t
unlisted_value(uint16_t segment)
{
    return segment < CXM_SEGMENTS_KEPT ? CXM_DICT_NULL : CXM_VALUE_NONE;
}


static int
has_value(const cxm_row_scan_t *scan, unsigned filter, uint32_t value)
{
    return value < CXM_DICT_VALUES
           && (scan->values[filter][value / 64] >> value % 64 & 1);
}


static void
scan_filter(cxm_row_scan_t *scan, unsigned i)
{
    unsigned             k;
    uint32_t             value;
    const cxm_filter_t  *filter;

    filter = &scan->query->filters[i];
    scan->segments[filter->segment] = (uint8_t) (i + 1);
    scan->all |= (uint64_t) 1 << i;

    for (k = 0; k < filter->nvalues; k++) {
        value = filter->values[k];

        if (value < CXM_DICT_VALUES) {
            scan->values[i][value / 64] |= (uint64_t) 1 << value % 64;
        }
    }

    if (has_value(scan, i, unlisted_value(filter->segment))) {
        scan->unlisted |= (uint64_t) 1 << i;
    }
}


static cxm_rc_t
scan_begin(cxm_row_scan_t *scan, cxm_long_read_t *read, cxm_error_t *err)
{
    unsigned                 i;
    const cxm_cell_query_t  *query;

    query = scan->query;

    if (query->nfilters > CXM_SCAN_FILTERS || query->nquestions >= UINT8_MAX) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "Too many filters.");
    }

    for (i = 0; i < query->nquestions; i++) {
        scan->questions[query->questions[i]] = (uint8_t) (i + 1);
    }

    for (i = 0; i < query->nfilters; i++) {
        scan_filter(scan, i);
    }

    return cxm_cell_scan_begin(&scan->cells, read, CXM_KEEP_RESPONSES,
                               query->from, err);
}


/* --- rows --------------------------------------------------------------- */

static void
found_pair(const cxm_row_scan_t *scan, cxm_reader_t *rd,
    cxm_row_found_t *found, cxm_response_pair_t pair)
{
    unsigned  place;

    place = scan->questions[pair.question];

    /* what was answered in words is counted under no segment */

    if (place == 0 || pair.point == CXM_POINT_ANSWERED) {
        return;
    }

    if (found->npairs == UINT8_MAX) {
        rd->failed = 1;
        return;
    }

    pair.question = (uint16_t) (place - 1);
    found->pairs[found->npairs++] = pair;
}


static void
found_segment(const cxm_row_scan_t *scan, cxm_row_found_t *found,
    cxm_response_segment_t segment)
{
    unsigned  place;
    uint64_t  bit;

    if (segment.segment == scan->query->by) {
        found->by = segment.value;
    }

    place = scan->segments[segment.segment];

    if (place > 0) {
        bit = (uint64_t) 1 << (place - 1);
        found->passed &= ~bit;
        found->passed |= has_value(scan, place - 1, segment.value) ? bit : 0;
    }
}


static void
scan_row(const cxm_row_scan_t *scan, cxm_reader_t *rd,
    cxm_response_row_t *row, cxm_row_found_t *found)
{
    unsigned  i;

    found->npairs = 0;
    found->passed = scan->unlisted;
    found->by = scan->query->by == 0 ? 0 : unlisted_value(scan->query->by);

    cxm_row_read_head(rd, row);

    found_pair(scan, rd, found, (cxm_response_pair_t) {
        CXM_SERIES_ANSWERS, (row->flags & CXM_RESPONSE_PARTIAL) != 0
    });

    for (i = 0; i < row->npairs; i++) {
        found_pair(scan, rd, found, cxm_row_read_pair(rd));
    }

    cxm_row_read_middle(rd, row);

    for (i = 0; i < row->nsegments; i++) {
        found_segment(scan, found, cxm_row_read_segment(rd));
    }

    cxm_row_read_tail(rd, row);

    for (i = 0; i < row->nasked; i++) {
        (void) cxm_row_read_segment(rd);
    }
}


static void
scan_cells(const cxm_row_scan_t *scan, cxm_ms_t at,
    const cxm_row_found_t *found)
{
    unsigned  i;

    for (i = 0; i < found->npairs; i++) {
        scan->fn(scan->ctx, found->pairs[i].question, found->by, at,
                 found->pairs[i].point, 1);
    }
}


static cxm_rc_t
scan_block(cxm_row_scan_t *scan, cxm_str_t payload)
{
    cxm_ms_t            at;
    cxm_reader_t        rd;
    cxm_row_found_t     found;
    cxm_response_row_t  row;

    rd = cxm_reader(payload.data, payload.len);
    row.no = 0;
    row.at = 0;

    do {
        scan_row(scan, &rd, &row, &found);

        if (rd.failed) {
            return CXM_CORRUPT;
        }

        scan->cells.read->rows++;

        /* counters know quarter hours */

        at = row.at - row.at % CXM_MS_QUARTER;

        if (found.passed == scan->all && row.no >= scan->cells.next
            && row.no <= scan->cells.read->head
            && at >= scan->query->from && at < scan->query->to)
        {
            scan_cells(scan, at, &found);
        }

    } while (rd.pos < rd.end);

    scan->cells.next = row.no + 1;

    return CXM_OK;
}


/* --- blocks ------------------------------------------------------------- */

/* The rows of one snapshot; CXM_NOT_FOUND behind the last. */
static cxm_rc_t
scan_blocks(cxm_row_scan_t *scan, cxm_cursor_t *cursor)
{
    cxm_rc_t          rc;
    cxm_str_t         payload;
    cxm_row_key_t     key;
    cxm_raw_row_t     block;
    cxm_long_read_t  *read;

    read = scan->cells.read;

    cxm_response_block_key(&key, scan->query->survey, scan->cells.next);

    /* the answer may be in the block before */

    rc = cxm_cursor_seek_back(cursor, &key, &block);

    if (rc == CXM_NOT_FOUND
        || (rc == CXM_OK && !cxm_row_within(&block, &key,
                                            CXM_BLOCK_KEY_SURVEY)))
    {
        rc = cxm_cursor_seek(cursor, &key, &block);
    }

    while (rc == CXM_OK) {
        if (!cxm_row_within(&block, &key, CXM_BLOCK_KEY_SURVEY)
            || scan->cells.next > read->head)
        {
            return CXM_NOT_FOUND;
        }

        rc = block.key.len != CXM_BLOCK_KEY
             ? CXM_CORRUPT
             : cxm_row_check(read->txn, CXM_T_DOC, &block, &payload);

        if (rc == CXM_OK) {
            rc = scan_block(scan, payload);
        }

        if (rc != CXM_OK || cxm_long_read_full(read)) {
            return rc;
        }

        rc = cxm_cursor_next(cursor, &block);
    }

    return rc;
}


static cxm_rc_t
scan_snapshot(cxm_row_scan_t *scan)
{
    cxm_rc_t       rc;
    cxm_cursor_t  *cursor;

    rc = cxm_cursor_open(scan->cells.read->txn, CXM_T_DOC, &cursor);

    if (rc == CXM_OK) {
        rc = scan_blocks(scan, cursor);
        cxm_cursor_close(cursor);
    }

    return rc;
}


cxm_rc_t
cxm_response_cells(cxm_long_read_t *read, const cxm_cell_query_t *query,
    cxm_cell_pt fn, void *ctx, cxm_error_t *err)
{
    cxm_rc_t         rc;
    cxm_row_scan_t  *scan;

    scan = calloc(1, sizeof(*scan));

    if (scan == NULL) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    scan->query = query;
    scan->fn = fn;
    scan->ctx = ctx;

    rc = scan_begin(scan, read, err);

    while (rc == CXM_OK) {
        rc = scan_snapshot(scan);

        if (rc == CXM_OK) {
            rc = cxm_cell_scan_next(&scan->cells, err);

        } else if (rc != CXM_NOT_FOUND) {
            (void) cxm_fail(err, rc, NULL, "Answers cannot be read.");
        }
    }

    free(scan);

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}
