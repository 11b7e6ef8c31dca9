/*
 * Formats: the number that says what may lie in a store.
 *
 * A program that knows format N reads N - 1 and N, and writes what the store
 * has (cxm_txn_format()) until it is raised.  So programs of two versions
 * serve one store while the older ones leave; raising it is refused as long
 * as one of those has the store open, and they cannot open it afterwards.
 *
 * Who has it open is told by locks of the file <dir>/running: byte N, shared,
 * by a program that knows N.  Raising to N holds the bytes below N alone.
 * Every transaction looks at the number: one that is not known is
 * CXM_FORMAT, 503, never a guess.
 */

#ifndef CXM_UPGRADE_H
#define CXM_UPGRADE_H

#include "cxm_store.h"


/*
 * Raises the store to the format that this program knows; *from is the one
 * it had, which may be the same.  CXM_CONFLICT "in_use".
 */
cxm_rc_t cxm_store_upgrade(cxm_store_t *store, unsigned *from,
    cxm_error_t *err);


#endif /* CXM_UPGRADE_H */
