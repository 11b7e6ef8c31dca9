/*
 * Arguments that choose answers, for lists and exports.
 */

#ifndef CXM_RESPONSE_ARGS_H
#define CXM_RESPONSE_ARGS_H

#include "cxm_api.h"
#include "cxm_response.h"


/* The rows of a query table that cxm_response_args() reads. */
extern const char *const  cxm_response_statuses[];
extern const cxm_field_t  cxm_response_where;

#define CXM_QUERY_RESPONSE_OF(class)                                          \
    { .name = class, .type = CXM_FIELD_STRING, .flags = CXM_FIELD_PERSONAL,   \
      .summary = "Whose answers; needs personal_read." }

#define CXM_QUERY_RESPONSE                                                    \
    { .name = "survey", .type = CXM_FIELD_SLUG,                               \
      .summary = "Which survey; default all." },                              \
    { .name = "question", .type = CXM_FIELD_STRING,                           \
      .summary = "That of the scores; default the first scored one." },       \
    { .name = "min_score", .type = CXM_FIELD_INT, .max = INT32_MAX,           \
      .summary = "Lowest score." },                                           \
    { .name = "max_score", .type = CXM_FIELD_INT, .max = INT32_MAX,           \
      .summary = "Highest score." },                                          \
    { .name = "status", .type = CXM_FIELD_ENUM,                               \
      .values = cxm_response_statuses, .summary = "Default both." },          \
    { .name = "from", .type = CXM_FIELD_TIME, .summary = "Of the answer." },  \
    { .name = "to", .type = CXM_FIELD_TIME, .summary = "Before it." },        \
    { .name = "where", .type = CXM_FIELD_ARRAY, .item = &cxm_response_where,  \
      .summary = "segment:value; all must hold." },                           \
    CXM_QUERY_RESPONSE_OF("customer_id"),                                     \
    CXM_QUERY_RESPONSE_OF("external_id"),                                     \
    CXM_QUERY_RESPONSE_OF("email"),                                           \
    CXM_QUERY_RESPONSE_OF("visitor")

/*
 * All that is wrong is noted.  `asked` gets what was asked, for the audit:
 * whose answers by the person's number.  Strings stay the call's.
 */
cxm_rc_t cxm_response_args(cxm_call_t *call, cxm_txn_t *txn,
    cxm_response_query_t *query, json_t *asked);


#endif /* CXM_RESPONSE_ARGS_H */
