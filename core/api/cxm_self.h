/*
 * The customer who calls, for routes of /me/.
 */

#ifndef CXM_SELF_H
#define CXM_SELF_H

#include "cxm_api.h"


/*
 * The record of who calls; CXM_NOT_FOUND: there is none, or none any more.
 * The caller clears *out, in any case.
 */
cxm_rc_t cxm_self_customer(cxm_call_t *call, cxm_txn_t *txn, cxm_doc_t *out);


/* Rows of route tables. */
#define CXM_SELF_ROW(method_, path_, flags_)                                  \
    .endpoint = CXM_ENDPOINT_SELF, .method = method_, .path = path_,          \
    .policy = CXM_CUSTOMER, .flags = flags_


#endif /* CXM_SELF_H */
