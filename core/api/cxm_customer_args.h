/*
 * Arguments that choose customers: of lists and exports.
 */

#ifndef CXM_CUSTOMER_ARGS_H
#define CXM_CUSTOMER_ARGS_H

#include "cxm_call.h"
#include "cxm_customer.h"


extern const cxm_field_t  cxm_customer_arg;     /* one of several */

/* Rows of a route's query table; what `q` finds is the route's to say. */
#define CXM_QUERY_CUSTOMER(q)                                                 \
    { .name = "q", .type = CXM_FIELD_STRING, .summary = q },                  \
    { .name = "tags", .type = CXM_FIELD_ARRAY, .item = &cxm_customer_arg,     \
      .summary = "One that it has." },                                        \
    { .name = "country", .type = CXM_FIELD_STRING,                            \
      .summary = "ISO 3166-1 alpha-2." },                                     \
    { .name = "language", .type = CXM_FIELD_STRING,                           \
      .summary = "Language tag." },                                           \
    { .name = "where", .type = CXM_FIELD_ARRAY, .item = &cxm_customer_arg,    \
      .summary = "<attribute>:<value>, of one with a look-up." }

/* All of them but `q`: what is personal is asked for by who may read it. */
cxm_rc_t cxm_customer_values(cxm_call_t *call, cxm_txn_t *txn,
    cxm_find_t *find);


#endif /* CXM_CUSTOMER_ARGS_H */
