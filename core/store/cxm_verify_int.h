/*
 * What the two halves of verify share: the run (cxm_verify.c) and comparing
 * the tables (cxm_verify_table.c).
 */

#ifndef CXM_VERIFY_INT_H
#define CXM_VERIFY_INT_H

#include "cxm_replay.h"


/*
 * The end of what was replayed and every table, as two transactions see
 * them.  *rows counts those that were compared.
 */
cxm_rc_t cxm_verify_state(cxm_replay_t *replay, const cxm_txn_t *live,
    const cxm_txn_t *copy);

/* Whether the journal has as many rows as the history says. */
cxm_rc_t cxm_verify_count(cxm_replay_t *replay, const cxm_txn_t *txn);
cxm_rc_t cxm_verify_tables(cxm_replay_t *replay, cxm_txn_t *live,
    cxm_txn_t *copy, uint64_t *rows);


#endif /* CXM_VERIFY_INT_H */
