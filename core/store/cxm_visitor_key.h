/*
 * Keys of visitors: what makes one out of host, address and agent, for a day.
 *
 * <dir>/visitors: two slots of 128 bytes, of the UTC days with an even and an
 * odd number.  A slot: u32 day (0: none), a random key sealed with the master
 * key (associated data: store uuid, day), zeros.  A day's key is made in the
 * last hour before the day, or at its first use, and overwritten and synced
 * by the first upkeep after the day: a running server destroys each within 26
 * hours.  Journal, tables and backups never hold one, so what was derived
 * from it can be linked to nobody afterwards.
 */

#ifndef CXM_VISITOR_KEY_H
#define CXM_VISITOR_KEY_H

#include "cxm_store.h"


#define CXM_VISITOR_SLOT   128
#define CXM_VISITOR_AHEAD  CXM_MS_HOUR

/* The key of a time's UTC day, from memory; CXM_NOT_FOUND: there is none. */
cxm_rc_t cxm_visitor_key(cxm_store_t *store, cxm_ms_t now, cxm_key_t *key);

/*
 * Makes what will be needed, destroys what was, and takes over what another
 * process has made.  May wait for the disk: once a minute in a task, and when
 * a store is opened.
 */
cxm_rc_t cxm_visitor_upkeep(cxm_store_t *store, cxm_ms_t now,
    cxm_error_t *err);


#endif /* CXM_VISITOR_KEY_H */
