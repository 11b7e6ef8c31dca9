/*
 * Copies of a store's files for a backup, made while the store is served.
 *
 * Data: a new environment with full pages and no free ones, of one view of
 * the store, so that nothing that was deleted is in it.  There are no look-up
 * rows but such as are sealed with the key of their person (cxm_lookup.h), in
 * namespace CXM_NS_LOOKUP: what was erased cannot be found out from a backup.
 * (LMDB's own compacting copy leaves nothing out, and rows deleted from such
 * a copy would lie in its free pages until it is copied again.)  The view
 * keeps LMDB from reusing pages that are freed meanwhile: the store may grow
 * by what is written.
 *
 * Keys: the file of person keys, wrapped by the master key as they lie there.
 */

#ifndef CXM_BACKUP_H
#define CXM_BACKUP_H

#include <jansson.h>

#include "cxm_verify.h"


typedef struct {
    uint64_t  head;                     /* last sequence */
    uint8_t   link[CXM_MAC_LEN];
    uint64_t  persons;                  /* next slot */
    uint64_t  rows;
} cxm_backup_t;

/*
 * The copy is a new file of mode 0600 that is not synced: it is to be packed
 * and removed.  CXM_FULL, CXM_IO; what there is of it by then is left.
 */
cxm_rc_t cxm_backup_data(cxm_store_t *store, const char *path,
    cxm_progress_pt progress, void *ctx, cxm_backup_t *out,
    cxm_error_t *err);
cxm_rc_t cxm_backup_keys(const cxm_store_t *store, const char *path,
    cxm_error_t *err);

/*
 * Overwrites slots in a copy of the keys and syncs it.  Those that the store
 * knows by the time its keys are copied must be overwritten in the copy, for
 * an erasure may have been under way; those that are known when a store is
 * restored, before it is opened.  Slots that the file has not are passed by.
 */
cxm_rc_t cxm_backup_erase(const char *path, const json_t *slots,
    cxm_error_t *err);


#endif /* CXM_BACKUP_H */
