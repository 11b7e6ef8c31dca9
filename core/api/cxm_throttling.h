/*
 * Throttling of calls, for their handlers.
 *
 * In `read`, before anything is queued for what is refused:
 *
 *   cxm_call_trust(call, account's number or 0, network is known);
 *   rc = cxm_call_throttle(call, CXM_THROTTLE_SIGN_IN, address);
 *
 * In `write`, once the password was right:
 *
 *   cxm_call_throttle_return(call);
 *   cxm_call_set_device(call, account);
 *
 * What was taken for a call whose `hash` never ran (there was no permit in
 * time, its client left) is given back without that: only what is evaluated
 * counts.  A call throttles once.
 */

#ifndef CXM_THROTTLING_H
#define CXM_THROTTLING_H

#include "cxm_api.h"


/* What is known of who tries: by the cookie of the device, by the network. */
void cxm_call_trust(cxm_call_t *call, uint64_t account, int network);

/*
 * CXM_TOO_MANY "rate_limited" with Retry-After.  The name is folded, as
 * look-ups do, so that other spellings are no other names; one that nobody
 * has is treated alike.
 */
cxm_rc_t cxm_call_throttle(cxm_call_t *call, cxm_throttle_class_t class,
    cxm_str_t name);

void cxm_call_throttle_return(cxm_call_t *call);

/* The cookie by which the device is known from now on. */
void cxm_call_set_device(cxm_call_t *call, uint64_t account);


#endif /* CXM_THROTTLING_H */
