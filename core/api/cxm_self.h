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

/* In `write`: the same, made for who has none yet but a token of the site. */
cxm_rc_t cxm_self_open(cxm_call_t *call, cxm_txn_t *txn, cxm_doc_t *out);


#endif /* CXM_SELF_H */
