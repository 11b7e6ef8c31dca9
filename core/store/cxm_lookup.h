/*
 * Look-up rows: keyed hashes of what is personal, that lead to somebody.
 *
 * They are all that tables derive from personal parts (cxm_kind_t), and go
 * with the person: no keyed hash may outlive the person's key, in no copy.
 * So a copy of tables that is kept has each of them sealed with the key of
 * its person, and leaves out what many persons share: that is made again
 * when the others are put back.
 */

#ifndef CXM_LOOKUP_H
#define CXM_LOOKUP_H

#include "cxm_store.h"


#define CXM_LOOKUP_MAX  (16u * 1024)    /* bytes of a sealed row */

typedef enum {
    CXM_LOOKUP_NONE = 0,
    CXM_LOOKUP_OWNED,
    CXM_LOOKUP_SHARED
} cxm_lookup_t;

/* What the row of this key is; only `index` has such. */
cxm_lookup_t cxm_lookup_row(const cxm_flow_t *flow, cxm_table_t table,
    cxm_str_t key);

/*
 * An owned row as it lies there, appended to out sealed with its person's
 * key; CXM_NOT_FOUND: that key is gone, and with it the row.
 */
cxm_rc_t cxm_lookup_seal(const cxm_store_t *store, cxm_str_t key,
    cxm_str_t raw, cxm_buf_t *out);

/*
 * Opens one and puts it, and what follows from it, in its place; the same
 * CXM_NOT_FOUND.
 */
cxm_rc_t cxm_lookup_put(cxm_txn_t *txn, cxm_str_t sealed);


#endif /* CXM_LOOKUP_H */
