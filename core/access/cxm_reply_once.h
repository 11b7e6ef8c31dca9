/*
 * First replies to Idempotency-Keys, kept for 24 h (30 days where money
 * moves).  The key is scoped to principal (or survey) and route by its hash;
 * the same key with the same fingerprint gets the first reply again.
 */

#ifndef CXM_REPLY_ONCE_H
#define CXM_REPLY_ONCE_H

#include "cxm_journal.h"
#include "cxm_once.h"


extern const cxm_kind_t  cxm_kind_reply;

typedef struct {
    cxm_once_class_t  once_class;
    uint8_t           hash[CXM_HASH_LEN];           /* scope and key */
    uint8_t           fingerprint[CXM_HASH_LEN];    /* of the request body */
} cxm_reply_key_t;

/*
 * CXM_NOT_FOUND: first time.  CXM_OK: *reply is what was kept, a new
 * reference.  CXM_INVALID "idempotency_mismatch": other body.  CXM_CONFLICT
 * "already_done": it was for a person who is erased.
 */
cxm_rc_t cxm_reply_find(cxm_txn_t *txn, const cxm_reply_key_t *key,
    json_t **reply, cxm_error_t *err);

/*
 * Keeps a reply ({"status", "headers", "body"}; borrowed), under the key of
 * the person whose it is (subject 0: nobody's).
 */
cxm_rc_t cxm_reply_keep(cxm_txn_t *txn, const cxm_reply_key_t *key,
    json_t *reply, uint64_t actor, uint64_t subject, cxm_error_t *err);


#endif /* CXM_REPLY_ONCE_H */
