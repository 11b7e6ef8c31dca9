/*
 * Arguments that choose answers, for lists and exports.
 */

#ifndef CXM_RESPONSE_ARGS_H
#define CXM_RESPONSE_ARGS_H

#include "cxm_api.h"
#include "cxm_response.h"


/* The rows of a query table that cxm_response_args() reads. */
#define CXM_PARAM_RESPONSE                                                    \
    { "survey", "slug; default all", 0 },                                     \
    { "question", "of the scores; default the first scored one", 0 },         \
    { "min_score", "lowest score", 0 },                                       \
    { "max_score", "highest score", 0 },                                      \
    { "status", "partial or complete; default both", 0 },                     \
    { "from", "RFC 3339, of the answer", 0 },                                 \
    { "to", "RFC 3339, before it", 0 },                                       \
    { "where", "segment:value; all must hold", 1 },                           \
    { "customer_id", "whose answers; needs personal_read", 0 },               \
    { "external_id", "whose answers; needs personal_read", 0 },               \
    { "email", "whose answers; needs personal_read", 0 },                     \
    { "visitor", "whose answers; needs personal_read", 0 }

/*
 * All that is wrong is noted.  `asked` gets what was asked, for the audit:
 * whose answers by the person's number.  Strings stay the call's.
 */
cxm_rc_t cxm_response_args(cxm_call_t *call, cxm_txn_t *txn,
    cxm_response_query_t *query, json_t *asked);


#endif /* CXM_RESPONSE_ARGS_H */
