/*
 * What comes back of what was given out: hashes of passwords, which a store
 * keeps, and cookies of devices.  A hash is never worth more than it may
 * cost; a cookie's next value is never longer than it may be, and known.
 */

#include <stdlib.h>

#include "cxm_device.h"
#include "cxm_password.h"


#define check(condition)  do { if (!(condition)) { abort(); } } while (0)

#define NOW      ((cxm_ms_t) 20000 * CXM_MS_DAY)
#define ACCOUNT  7


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
hash_is_cheap(const char *hash)
{
    cxm_password_cost_t  cost;

    if (cxm_password_cost(hash, &cost) == CXM_OK) {
        check(cost.memory >= 8 && cost.memory <= CXM_PASSWORD_MEMORY / 1024);
        check(cost.passes >= 1 && cost.passes <= CXM_PASSWORD_PASSES_MAX);
        check(strlen(hash) < CXM_PASSWORD_HASH);
    }
}


static void
cookie_is_renewed(cxm_str_t cookie)
{
    char                  next[CXM_DEVICE_COOKIE];
    size_t                len;
    uint8_t               id[CXM_DEVICE_ID];
    static cxm_keyring_t  keys;

    check(!cxm_device_find(&keys, ACCOUNT, cookie, NOW, id));
    cxm_device_renew(&keys, ACCOUNT, cookie, NOW, next);

    len = strlen(next);
    check(len % (CXM_DEVICE_TOKEN + 1) == CXM_DEVICE_TOKEN);
    check(cxm_device_find(&keys, ACCOUNT, cxm_strz(next), NOW, id));
    check(!cxm_device_find(&keys, ACCOUNT + 1, cxm_strz(next), NOW, id));
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char  *text;

    text = malloc(size + 1);
    check(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';

    hash_is_cheap(text);
    cookie_is_renewed((cxm_str_t) { size, text });
    free(text);

    return 0;
}
