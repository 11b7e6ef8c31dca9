/*
 * What routes of sessions share with those of their owners.
 */

#ifndef CXM_ROUTE_SESSION_H
#define CXM_ROUTE_SESSION_H

#include "cxm_api.h"


/* Read phase of the list of an owner's sessions. */
cxm_rc_t cxm_sessions_reply(cxm_call_t *call, cxm_txn_t *txn, uint64_t owner);


#endif /* CXM_ROUTE_SESSION_H */
