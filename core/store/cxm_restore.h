/*
 * A store from a backup.
 *
 * It is unpacked and put right in <dir>/restore.new, and moved up at the end,
 * `data` last: where there is `data` there is a whole store.  In order:
 *
 *   cxm_restore_target()   a directory for it, and that other one in it
 *   (unpack: data, archive/, checkpoint/, files/, with keys also keys)
 *   cxm_restore_keys()     the file of person keys, whole
 *   cxm_store_open()       there
 *   cxm_backup_erase()     of all that are known to be erased
 *   cxm_restore_renew()    a new epoch
 *   cxm_restore_lookups()  the look-up rows of those whose keys there are
 *   (erasures that its journal does not know; verify)
 *   cxm_store_close()
 *   cxm_restore_settle()
 *
 * What was interrupted is begun anew: target removes what it left.
 */

#ifndef CXM_RESTORE_H
#define CXM_RESTORE_H

#include "cxm_store.h"


#define CXM_RESTORE_DIR  "restore.new"

/*
 * Refuses a directory that holds anything but a master key: CXM_CONFLICT.
 * uid, gid: who is to own what is made; (uid_t) -1 leaves it.
 */
cxm_rc_t cxm_restore_target(const char *dir, unsigned uid, unsigned gid,
    cxm_error_t *err);

/*
 * Makes the file of person keys in `dir` if it is not there, checks it, and
 * completes it: `persons` is the next slot by the backup.  *next is the
 * first that no store may have given, *lost how many keys there are not.
 */
cxm_rc_t cxm_restore_keys(const char *dir, const cxm_uuid_t *uuid,
    uint64_t persons, uint64_t *next, uint64_t *lost, cxm_error_t *err);

/*
 * Draws a new epoch, so that no entry is taken for one that the lost store
 * has written after the backup, moves past all slots below `next`, and looks
 * for volumes in its own directory.
 */
cxm_rc_t cxm_restore_renew(cxm_store_t *store, uint64_t next,
    cxm_error_t *err);

/* Opens the look-up rows of the backup (cxm_backup.h) into their places. */
cxm_rc_t cxm_restore_lookups(cxm_store_t *store, cxm_error_t *err);

/* Removes <dir>/restore.new, when it is given up. */
void cxm_restore_abandon(const char *dir);

/* Moves all of <dir>/restore.new up into the directory and syncs it. */
cxm_rc_t cxm_restore_settle(const char *dir, cxm_error_t *err);


#endif /* CXM_RESTORE_H */
