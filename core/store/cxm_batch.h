/*
 * Group commit: many operations, one transaction, one sync.
 *
 * Operations run in order in one write transaction.  One that fails before
 * it wrote just keeps its error.  One that fails after it wrote keeps its
 * error, the transaction is aborted and all others run again in a new one
 * without it; so `run` may be called more than once and must start afresh.
 * A failed commit is never repeated: every operation gets its error.
 *
 * An operation that must do something between two commits has a second half:
 * those of a batch run in a transaction of their own, by the same rules, once
 * the first is on stable storage.  What a second half could not do does not
 * undo the first: it must be work that `due` repeats.
 *
 * The batch and its operations belong to the caller; nothing here knows of
 * requests.  Blocks: call it in a pool task or a tool.
 */

#ifndef CXM_BATCH_H
#define CXM_BATCH_H

#include "cxm_store.h"


typedef struct {
    cxm_rc_t   (*run)(cxm_txn_t *txn, void *data, cxm_error_t *err);
    cxm_rc_t   (*then)(cxm_txn_t *txn, void *data, cxm_error_t *err);
                                /* second half, or NULL */
    void        *data;
    cxm_rc_t     rc;            /* result; CXM_OK only after the commit */
    cxm_rc_t     then_rc;       /* the same of the second half */
    cxm_error_t *err;           /* caller's; filled when rc is not CXM_OK */
} cxm_op_t;

typedef struct {
    unsigned  runs;             /* transactions begun */
    unsigned  committed;        /* operations acknowledged */
    uint64_t  commit_us;        /* time of the commit call */
    cxm_ms_t  due;              /* when the first due row is; 0: none, or
                                   nothing was committed */
} cxm_batch_stat_t;

/* Also keeps person slots ahead.  stat may be NULL. */
void cxm_batch_run(cxm_store_t *store, cxm_op_t *const *ops, size_t n,
    cxm_batch_stat_t *stat);

/*
 * The same for a batch that may grow while it waits for the writer: what
 * came meanwhile shares the commit instead of waiting for the next one.
 * more() is asked again and again, once the transaction is there, until it
 * has none or max is reached.  It puts at most `max` operations to ops and
 * returns how many; it runs in the caller's thread.
 */
typedef struct {
    cxm_op_t  **ops;            /* room for max */
    size_t      n;              /* in and out */
    size_t      max;
    size_t    (*more)(void *ctx, cxm_op_t **ops, size_t max);
    void       *ctx;
} cxm_batch_growing_t;

void cxm_batch_run_growing(cxm_store_t *store, cxm_batch_growing_t *growing,
    cxm_batch_stat_t *stat);


#endif /* CXM_BATCH_H */
