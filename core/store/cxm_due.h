/*
 * Work that time triggers, as rows, so that it happens once whichever
 * process does it.  Key: u64 time (ms) | u8 class | u64 ref.
 */

#ifndef CXM_DUE_H
#define CXM_DUE_H

#include "cxm_store.h"


/* Only in apply, as part of the state that an entry brings. */
cxm_rc_t cxm_due_put(cxm_txn_t *txn, cxm_ms_t at, uint8_t due_class,
    uint64_t ref);
cxm_rc_t cxm_due_del(cxm_txn_t *txn, cxm_ms_t at, uint8_t due_class,
    uint64_t ref);                      /* CXM_NOT_FOUND when absent */

/* Of what was due at `old` and is at `now`; 0: never. */
cxm_rc_t cxm_due_move(cxm_txn_t *txn, cxm_ms_t old, cxm_ms_t now,
    uint8_t due_class, uint64_t ref);

/* When the first row is due, CXM_NOT_FOUND: there is none. */
cxm_rc_t cxm_due_next(cxm_txn_t *txn, cxm_ms_t *at);

/* Whether anything is due at now (a read transaction will do). */
int cxm_due_pending(cxm_txn_t *txn, cxm_ms_t now);

/*
 * For a class that does many rows in one entry: the first rows of all, as
 * long as they are of this class and due at now; at most max.
 */
cxm_rc_t cxm_due_front(cxm_txn_t *txn, uint8_t due_class, cxm_ms_t now,
    uint64_t *refs, size_t max, size_t *n);

/*
 * Runs up to max rows that are due through flow's classes; a class must
 * remove or move its row, else CXM_INTERNAL.  *ran counts them.
 */
cxm_rc_t cxm_due_run(cxm_txn_t *txn, cxm_ms_t now, unsigned max,
    unsigned *ran, cxm_error_t *err);


#endif /* CXM_DUE_H */
