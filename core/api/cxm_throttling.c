/*
 * Throttling of calls.
 */

#include "cxm_cookie.h"
#include "cxm_fold.h"
#include "cxm_throttling.h"


#define CXM_THROTTLE_FOLDED  1024


void
cxm_call_trust(cxm_call_t *call, uint64_t account, int network)
{
    int  device;

    device = cxm_device_find(cxm_store_keyring(call->store), account,
                             cxm_call_cookie(call, CXM_COOKIE_DEVICE),
                             call->now, call->throttle.device);

    call->throttle.trust = device ? CXM_TRUST_DEVICE
                           : network ? CXM_TRUST_NETWORK : CXM_TRUST_NONE;
}


cxm_rc_t
cxm_call_throttle(cxm_call_t *call, cxm_throttle_class_t class,
    cxm_str_t name)
{
    char                        folded[CXM_THROTTLE_FOLDED];
    size_t                      len;
    cxm_ms_t                    wait;
    cxm_throttle_who_t          who;
    const cxm_throttle_host_t  *host;

    host = call->throttle.host;

    if (host == NULL) {
        return CXM_OK;
    }

    /* what is longer than an address can be is nobody's */

    who.name = cxm_fold(name, folded, sizeof(folded), &len) == CXM_OK
               ? (cxm_str_t) { len, folded } : cxm_str("");
    who.network = call->caller.address;
    who.device = (cxm_str_t) { sizeof(call->throttle.device),
                               (const char *) call->throttle.device };
    who.trust = call->throttle.trust;

    host->lock(host->ctx);
    wait = cxm_throttle_try(host->table, class, &who,
                            (cxm_ms_t) (cxm_monotonic_us() / 1000),
                            &call->throttle.taken);
    host->unlock(host->ctx);

    if (wait == 0) {
        return CXM_OK;
    }

    call->err.retry_after = (unsigned) ((wait + 999) / 1000);

    return cxm_fail(&call->err, CXM_TOO_MANY, "rate_limited",
                    "There were too many tries; wait before the next one.");
}


void
cxm_call_throttle_return(cxm_call_t *call)
{
    const cxm_throttle_host_t  *host;

    host = call->throttle.host;

    if (host == NULL || call->throttle.taken.n == 0) {
        return;
    }

    host->lock(host->ctx);
    cxm_throttle_give_back(host->table, &call->throttle.taken);
    host->unlock(host->ctx);

    call->throttle.taken.n = 0;
}


void
cxm_call_set_device(cxm_call_t *call, uint64_t account)
{
    char  value[CXM_DEVICE_COOKIE];

    cxm_device_renew(cxm_store_keyring(call->store), account,
                     cxm_call_cookie(call, CXM_COOKIE_DEVICE), call->now,
                     value);
    cxm_call_set_cookie(call, CXM_COOKIE_DEVICE, value,
                        CXM_DEVICE_DAYS * (CXM_MS_DAY / 1000));
}
