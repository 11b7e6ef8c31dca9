/*
 * Visitors whom nobody names.
 */

#include "cxm_visitor.h"
#include "cxm_visitor_key.h"


#define CXM_VISITOR_BYTES  8

_Static_assert(CXM_VISITOR_LEN == (CXM_VISITOR_BYTES * 8 + 4) / 5, "base32");


cxm_rc_t
cxm_visitor_derive(cxm_store_t *store, const cxm_caller_t *caller,
    cxm_ms_t now, char out[CXM_VISITOR_LEN + 1])
{
    uint8_t    hash[CXM_HASH_LEN];
    cxm_rc_t   rc;
    cxm_key_t  key;

    out[0] = '\0';

    if (caller->private || caller->address.len == 0) {
        return CXM_NOT_FOUND;
    }

    rc = cxm_visitor_key(store, now, &key);

    if (rc != CXM_OK) {
        return rc;
    }

    cxm_keyed_hash(&key, caller->host, caller->address, caller->user_agent,
                   hash, sizeof(hash));
    cxm_wipe(&key, sizeof(key));
    cxm_base32_encode(hash, CXM_VISITOR_BYTES, out);

    return CXM_OK;
}
