/*
 * Rows of answers: their coding, and what they count.
 */

#include "cxm_dict.h"
#include "cxm_exposure_row.h"
#include "cxm_response_row_read.h"


static void
encode_segments(cxm_buf_t *out, const cxm_response_segment_t *segments,
    unsigned n)
{
    unsigned  i;

    cxm_buf_varint(out, n);

    for (i = 0; i < n; i++) {
        cxm_buf_varint(out, segments[i].segment);
        cxm_buf_varint(out, segments[i].value);
    }
}


void
cxm_response_row_encode(cxm_buf_t *out, const cxm_response_row_t *row,
    const cxm_response_row_t *prev)
{
    unsigned  i;

    cxm_buf_varint(out, row->no - (prev == NULL ? 0 : prev->no));
    cxm_buf_varint(out, row->entry - row->no);
    cxm_buf_varint(out, cxm_zigzag(row->at - (prev == NULL ? 0 : prev->at)));
    cxm_buf_putc(out, (uint8_t) row->flags);
    cxm_buf_varint(out, row->subject);

    if (row->flags & CXM_RESPONSE_PARTIAL) {
        cxm_buf_varint(out, (uint64_t) row->due);
    }

    cxm_buf_varint(out, row->npairs);

    for (i = 0; i < row->npairs; i++) {
        cxm_buf_varint(out, row->pairs[i].question);
        cxm_buf_varint(out, row->pairs[i].point);
    }

    encode_segments(out, row->segments, row->nsegments);

    if (row->flags & CXM_RESPONSE_ASKED) {
        cxm_buf_varint(out, cxm_zigzag(row->at - row->asked_at));
        encode_segments(out, row->asked, row->nasked);
    }
}


static cxm_rc_t
decode_segments(cxm_reader_t *rd, cxm_arena_t *arena, unsigned n,
    cxm_response_segment_t **segments)
{
    unsigned  i;

    *segments = cxm_arena_alloc(arena,
                                (n + 1) * sizeof(cxm_response_segment_t));

    if (*segments == NULL) {
        return CXM_INTERNAL;
    }

    for (i = 0; i < n; i++) {
        (*segments)[i] = cxm_row_read_segment(rd);
    }

    return CXM_OK;
}


static cxm_rc_t
row_decode(cxm_reader_t *rd, cxm_arena_t *arena, cxm_response_row_t *row,
    const cxm_response_row_t *prev)
{
    cxm_rc_t  rc;
    unsigned  i;

    row->no = prev == NULL ? 0 : prev->no;
    row->at = prev == NULL ? 0 : prev->at;
    cxm_row_read_head(rd, row);

    row->pairs = cxm_arena_alloc(arena,
                             (row->npairs + 1) * sizeof(cxm_response_pair_t));
    if (row->pairs == NULL) {
        return CXM_INTERNAL;
    }

    for (i = 0; i < row->npairs; i++) {
        row->pairs[i] = cxm_row_read_pair(rd);
    }

    cxm_row_read_middle(rd, row);
    rc = decode_segments(rd, arena, row->nsegments, &row->segments);

    if (rc == CXM_OK) {
        cxm_row_read_tail(rd, row);
        rc = decode_segments(rd, arena, row->nasked, &row->asked);
    }

    if (rc != CXM_OK) {
        return rc;
    }

    return rd->failed ? CXM_CORRUPT : CXM_OK;
}


cxm_rc_t
cxm_response_block_decode(cxm_str_t payload, cxm_arena_t *arena,
    cxm_response_block_t *out)
{
    cxm_rc_t            rc;
    cxm_reader_t        rd;
    cxm_response_row_t  *prev, *row;

    rd = cxm_reader(payload.data, payload.len);
    out->nrows = 0;
    prev = NULL;

    while (rd.pos < rd.end) {
        if (out->nrows == CXM_BLOCK_ROWS) {
            return CXM_CORRUPT;
        }

        row = &out->rows[out->nrows];
        rc = row_decode(&rd, arena, row, prev);

        if (rc != CXM_OK) {
            return rc;
        }

        prev = row;
        out->nrows++;
    }

    return out->nrows == 0 ? CXM_CORRUPT : CXM_OK;
}


/* One pair under every segment of the row. */
static cxm_rc_t
count_pair(cxm_txn_t *txn, cxm_series_t *series,
    const cxm_response_row_t *row, const cxm_response_pair_t *pair,
    const uint32_t *kept, int64_t delta)
{
    cxm_rc_t  rc;
    unsigned  i;

    series->question = pair->question;
    series->segment = CXM_SEGMENT_ALL;
    series->value = CXM_DICT_NULL;

    rc = cxm_counter_add(txn, series, row->at, pair->point, delta);

    if (pair->point == CXM_POINT_ANSWERED) {
        return rc;
    }

    for (i = 1; i < CXM_SEGMENTS_KEPT && rc == CXM_OK; i++) {
        series->segment = (uint16_t) i;
        series->value = kept[i];
        rc = cxm_counter_add(txn, series, row->at, pair->point, delta);
    }

    for (i = 0; i < row->nsegments && rc == CXM_OK; i++) {
        if (row->segments[i].segment < CXM_SEGMENT_CUSTOM) {
            continue;
        }

        series->segment = row->segments[i].segment;
        series->value = row->segments[i].value;
        rc = cxm_counter_add(txn, series, row->at, pair->point, delta);
    }

    return rc;
}


cxm_rc_t
cxm_response_row_count(cxm_txn_t *txn, uint64_t survey,
    const cxm_response_row_t *row, int64_t delta)
{
    cxm_rc_t             rc;
    unsigned             i;
    uint32_t             kept[CXM_SEGMENTS_KEPT] = { 0 };
    cxm_series_t         series;
    cxm_response_pair_t  answers;

    memset(&series, 0, sizeof(series));
    series.survey = survey;

    for (i = 0; i < row->nsegments; i++) {
        if (row->segments[i].segment < CXM_SEGMENTS_KEPT) {
            kept[row->segments[i].segment] = row->segments[i].value;
        }
    }

    answers.question = CXM_SERIES_ANSWERS;
    answers.point = (row->flags & CXM_RESPONSE_PARTIAL) != 0;

    rc = count_pair(txn, &series, row, &answers, kept, delta);

    for (i = 0; i < row->npairs && rc == CXM_OK; i++) {
        rc = count_pair(txn, &series, row, &row->pairs[i], kept, delta);
    }

    if (rc != CXM_OK || !(row->flags & CXM_RESPONSE_ASKED)) {
        return rc;
    }

    series.question = CXM_SERIES_ANSWERED;

    return cxm_exposure_count(txn, &series, row->asked_at, answers.point,
                              row->asked, row->nasked, delta);
}
