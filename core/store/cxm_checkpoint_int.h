/*
 * What the two halves of checkpoints share: making the files
 * (cxm_checkpoint_make.c) and writing them down (cxm_checkpoint.c).
 */

#ifndef CXM_CHECKPOINT_INT_H
#define CXM_CHECKPOINT_INT_H

#include "cxm_history.h"


/* Each appends an entry in a transaction of its own. */
cxm_rc_t cxm_checkpoint_append_volume(cxm_store_t *store, cxm_ms_t now,
    const cxm_volume_t *volume, cxm_error_t *err);

/* seq, link and sum are used. */
cxm_rc_t cxm_checkpoint_append_tables(cxm_store_t *store, cxm_ms_t now,
    const cxm_checkpoint_t *tables, cxm_error_t *err);


#endif /* CXM_CHECKPOINT_INT_H */
