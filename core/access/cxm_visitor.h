/*
 * Visitors whom nobody names: told apart for a day, by nobody afterwards.
 *
 * Keyed hash of host, address and agent under the day's random key
 * (cxm_visitor_key.h), as base32.  The address is what a network gives to one
 * customer: an IPv4 address (4 bytes) or the /64 of an IPv6 one (8 bytes).
 */

#ifndef CXM_VISITOR_H
#define CXM_VISITOR_H

#include "cxm_access.h"


#define CXM_VISITOR_LEN  13         /* characters: 64 bits */

/*
 * CXM_NOT_FOUND, and an empty string: who wants privacy, has no address
 * (a unix socket), or comes when there is no key.
 */
cxm_rc_t cxm_visitor_derive(cxm_store_t *store, const cxm_caller_t *caller,
    cxm_ms_t now, char out[CXM_VISITOR_LEN + 1]);


#endif /* CXM_VISITOR_H */
