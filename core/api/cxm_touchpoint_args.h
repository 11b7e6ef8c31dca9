/*
 * Arguments that choose events, for lists and exports.
 */

#ifndef CXM_TOUCHPOINT_ARGS_H
#define CXM_TOUCHPOINT_ARGS_H

#include "cxm_api.h"
#include "cxm_touchpoint.h"


/* The rows of a query table that cxm_touchpoint_args() reads. */
#define CXM_QUERY_TOUCHPOINT                                                  \
    { .name = "type", .type = CXM_FIELD_STRING,                               \
      .summary = "What happened; default all." },                             \
    { .name = "touchpoint", .type = CXM_FIELD_STRING,                         \
      .summary = "Default all." },                                            \
    { .name = "bots", .type = CXM_FIELD_ENUM,                                 \
      .values = cxm_touchpoint_bots, .summary = "Default all events." },      \
    { .name = "from", .type = CXM_FIELD_TIME, .summary = "Of the event." },   \
    { .name = "to", .type = CXM_FIELD_TIME, .summary = "Before it." }

extern const char *const  cxm_touchpoint_bots[];

/* As cxm_response_args(). */
cxm_rc_t cxm_touchpoint_args(cxm_call_t *call, cxm_touchpoint_query_t *query,
    json_t *asked);


#endif /* CXM_TOUCHPOINT_ARGS_H */
