/*
 * Reading a row of an answer step by step, in the order of its bytes
 * (cxm_response.h): a decoder keeps all of it, a scan what it looks for.
 * Damage sets rd->failed.
 */

#ifndef CXM_RESPONSE_ROW_READ_H
#define CXM_RESPONSE_ROW_READ_H

#include "cxm_response_row.h"


/* Bounds of a damaged or hostile row; real ones are below by definition. */
#define CXM_ROW_PAIRS_MAX                                                     \
    (CXM_QUESTIONS_MAX * CXM_CHOICES_MAX + CXM_CSI_MAX + 1)
#define CXM_ROW_SEGMENTS_MAX  (CXM_SEGMENT_CUSTOM + CXM_SEGMENTS_MAX)


/*
 * What stands before the pairs; no and at are those of the row before, 0 for
 * the first of a block.  npairs follow.
 */
static inline void
cxm_row_read_head(cxm_reader_t *rd, cxm_response_row_t *row)
{
    row->no += cxm_read_varint(rd);
    row->entry = row->no + cxm_read_varint(rd);
    row->at += cxm_unzigzag(cxm_read_varint_max(rd,
                                                (uint64_t) CXM_MS_MAX * 2));
    row->flags = cxm_read_u8(rd);
    row->subject = cxm_read_varint(rd);
    row->due = row->flags & CXM_RESPONSE_PARTIAL
               ? (cxm_ms_t) cxm_read_varint_max(rd, (uint64_t) CXM_MS_MAX) : 0;
    row->npairs = (unsigned) cxm_read_varint_max(rd, CXM_ROW_PAIRS_MAX);

    if (row->at < CXM_MS_MIN || row->at > CXM_MS_MAX) {
        rd->failed = 1;
    }
}


static inline cxm_response_pair_t
cxm_row_read_pair(cxm_reader_t *rd)
{
    cxm_response_pair_t  pair;

    pair.question = (uint16_t) cxm_read_varint_max(rd, UINT16_MAX);
    pair.point = (uint16_t) cxm_read_varint_max(rd, CXM_POINT_MAX);

    return pair;
}


/* Behind the pairs; nsegments follow. */
static inline void
cxm_row_read_middle(cxm_reader_t *rd, cxm_response_row_t *row)
{
    row->nsegments = (unsigned) cxm_read_varint_max(rd, CXM_ROW_SEGMENTS_MAX);
}


static inline cxm_response_segment_t
cxm_row_read_segment(cxm_reader_t *rd)
{
    cxm_response_segment_t  segment;

    segment.segment = (uint16_t) cxm_read_varint_max(rd, UINT16_MAX);
    segment.value = (uint32_t) cxm_read_varint_max(rd, UINT32_MAX);

    return segment;
}

/* Behind the segments; nasked of the exposure follow, which end the row. */
static inline void
cxm_row_read_tail(cxm_reader_t *rd, cxm_response_row_t *row)
{
    row->asked_at = 0;
    row->nasked = 0;

    if (row->flags & CXM_RESPONSE_ASKED) {
        row->asked_at = row->at - cxm_unzigzag(cxm_read_varint_max(rd,
                                               (uint64_t) CXM_MS_MAX * 2));
        row->nasked = (unsigned) cxm_read_varint_max(rd, CXM_SEGMENTS_KEPT);
    }
}


#endif /* CXM_RESPONSE_ROW_READ_H */
