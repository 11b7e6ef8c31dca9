/*
 * What all queries of scores take: range, buckets, segments.
 */

#ifndef CXM_SCORING_H
#define CXM_SCORING_H

#include "cxm_api.h"
#include "cxm_score.h"
#include "cxm_survey.h"


/* A query and what it is made from. */
typedef struct {
    cxm_call_t          *call;
    cxm_txn_t           *txn;
    const cxm_survey_t  *survey;        /* NULL: touchpoints */
    cxm_score_query_t    query;
    cxm_score_item_t     items[CXM_CSI_MAX];
    cxm_filter_t        *filters;       /* of query, in the call's arena */
} cxm_scoring_t;


/* from, to, tz and bucket; every issue is noted. */
cxm_rc_t cxm_scoring_args(cxm_scoring_t *scoring);

/* by and where, once query.survey is known. */
cxm_rc_t cxm_scoring_segments(cxm_scoring_t *scoring);


#endif /* CXM_SCORING_H */
