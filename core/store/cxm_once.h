/*
 * Things that happen once: event ids, idempotency keys.
 *
 * Key: u8 class | u32 generation | 16 bytes that stand for the id, most of
 * them a hash of it.  A generation is 24 h of server time (30 days where money
 * moves); a look-up probes the one of `at` and the one before, expiry deletes
 * older ones.
 */

#ifndef CXM_ONCE_H
#define CXM_ONCE_H

#include "cxm_store.h"


typedef enum {
    CXM_ONCE_EVENT = 1,
    CXM_ONCE_REPLY,
    CXM_ONCE_REPLY_MONEY,
    CXM_ONCE_IMPORT = 5         /* rows that an import has brought; 30 days */
} cxm_once_class_t;

#define CXM_ONCE_EXPIRE_ROWS  10000     /* of one transaction */

/* CXM_OK: seen, *value is what was put; CXM_NOT_FOUND. */
cxm_rc_t cxm_once_get(cxm_txn_t *txn, cxm_once_class_t once_class,
    const uint8_t hash[CXM_HASH_LEN], cxm_ms_t at, cxm_str_t *value);

/* Only in apply; `at` is the entry's time. */
cxm_rc_t cxm_once_put(cxm_txn_t *txn, cxm_once_class_t once_class,
    const uint8_t hash[CXM_HASH_LEN], cxm_ms_t at, cxm_str_t value);

/*
 * Deletes up to max rows of generations that no look-up probes at `now`, of
 * each class the oldest first.
 */
cxm_rc_t cxm_once_expire(cxm_txn_t *txn, cxm_ms_t now, unsigned max,
    unsigned *deleted);

/* Whether the row of a raw key is one that expiry at `now` deletes. */
int cxm_once_expired(cxm_str_t key, cxm_ms_t now);


#endif /* CXM_ONCE_H */
