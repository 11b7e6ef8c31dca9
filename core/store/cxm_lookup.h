/*
 * Look-up rows: keyed hashes of what is personal, that lead to somebody.
 *
 * They are all that tables derive from personal parts (cxm_kind_t), and go
 * with the person: no keyed hash may outlive the person's key, in no copy.
 * So a copy of tables that is kept leaves them out, or has each of them
 * sealed with the key of its person.
 */

#ifndef CXM_LOOKUP_H
#define CXM_LOOKUP_H

#include "cxm_store.h"


/* Whether the row of this key is one; only `index` has such. */
int cxm_lookup_row(const cxm_flow_t *flow, cxm_table_t table, cxm_str_t key);

/*
 * A row as it lies there, appended to out sealed with its person's key, and
 * back; CXM_NOT_FOUND: that key is gone, and with it the row.  What
 * cxm_lookup_open() gives lies in *buf, which the caller frees.
 */
cxm_rc_t cxm_lookup_seal(const cxm_store_t *store, cxm_str_t key,
    cxm_str_t raw, cxm_buf_t *out);
cxm_rc_t cxm_lookup_open(const cxm_store_t *store, cxm_str_t sealed,
    cxm_buf_t *buf, cxm_str_t *key, cxm_str_t *raw);


#endif /* CXM_LOOKUP_H */
