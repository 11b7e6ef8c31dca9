/*
 * What routes of sessions share with those of their owners.
 */

#ifndef CXM_ROUTE_SESSION_H
#define CXM_ROUTE_SESSION_H

#include "cxm_api.h"


/*
 * The session that the browser came with, if it had one, ends: by now it is
 * another's, or an older one.  *ended, unless NULL, tells whether one did.
 */
cxm_rc_t cxm_session_leave(cxm_call_t *call, cxm_txn_t *txn, int *ended);

/* Read phase of the list of an owner's sessions. */
cxm_rc_t cxm_sessions_reply(cxm_call_t *call, cxm_txn_t *txn, uint64_t owner);


#endif /* CXM_ROUTE_SESSION_H */
