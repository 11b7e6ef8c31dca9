/*
 * Checkpoints: the entry behind which old history may be dropped.
 *
 * Body: {"seq": last entry it covers, "link": hex of that entry's link,
 * "archive": hex hash of the archive or null, "counters": hex hash over all
 * counter rows in key order}.  verify and rebuild start from the newest one
 * whose earlier entries are gone; while the whole journal is there it only
 * has to agree with it.
 */

#ifndef CXM_CHECKPOINT_H
#define CXM_CHECKPOINT_H

#include "cxm_journal.h"


extern const cxm_kind_t  cxm_kind_checkpoint;

/* Appends a checkpoint of the state before it. */
cxm_rc_t cxm_checkpoint_add(cxm_txn_t *txn, cxm_error_t *err);


#endif /* CXM_CHECKPOINT_H */
