/*
 * Customers who are signed in, by a session or by a token of the site: what
 * the store has of them.
 */

#ifndef CXM_KNOWN_H
#define CXM_KNOWN_H

#include "cxm_api.h"
#include "cxm_session.h"


/*
 * Make a principal of kind CXM_PRINCIPAL_CUSTOMER: its record, where there is
 * one, and its person slot, where there is one.  CXM_UNAUTHORIZED: the account
 * is not one any more.
 */
cxm_rc_t cxm_known_session(cxm_txn_t *txn, const cxm_session_t *session,
    cxm_principal_t *out, cxm_error_t *err);
cxm_rc_t cxm_known_token(cxm_txn_t *txn, const cxm_customer_claims_t *claims,
    cxm_principal_t *out, cxm_error_t *err);

/* For hosts that say it further; empty where there is nothing to be said. */
#define CXM_KNOWN_CONSENT  1024

typedef struct {
    char  id[CXM_UUID_LEN + 1];         /* of the record */
    char  consent[CXM_KNOWN_CONSENT];   /* purposes granted now, sorted,
                                           "ads,newsletter"; those that have
                                           no room are left out */
    char  nps[4];                       /* last value, 0..10 */
} cxm_known_t;

/*
 * Of who sends a request (claims, cookie, insecure_cookies and now are read),
 * at one instant; bounded, for the event loop.  CXM_OK also for nobody;
 * CXM_UNAVAILABLE where that cannot be said because store is NULL.
 */
cxm_rc_t cxm_known_read(cxm_store_t *store, const cxm_request_t *request,
    cxm_known_t *out, cxm_error_t *err);


#endif /* CXM_KNOWN_H */
