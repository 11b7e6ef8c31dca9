/*
 * What a beacon is sent, whatever form it has, as one JSON document.
 */

#ifndef CXM_BEACON_BODY_H
#define CXM_BEACON_BODY_H

#include "cxm_api.h"


#define CXM_BEACON_IGNORED  "_"         /* makes an address new to caches */

/*
 * The body of call->request: inflated if it is compressed (by its header or
 * its first bytes), JSON or a form by its type.  *out is a new reference.
 */
cxm_rc_t cxm_beacon_body(cxm_call_t *call, json_t **out);

/*
 * Pairs of a form or a query; empty ones are dropped, "value.amount" becomes
 * a number.  Changes args.  *out is a new reference, also on failure.
 */
cxm_rc_t cxm_beacon_pairs(cxm_call_t *call, cxm_arg_t *args, unsigned nargs,
    json_t **out);


#endif /* CXM_BEACON_BODY_H */
