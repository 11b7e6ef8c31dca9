/*
 * Group commit.
 */

#include <stdlib.h>

#include "cxm_batch.h"
#include "cxm_due.h"
#include "cxm_journal_reader.h"
#include "cxm_memory.h"
#include "cxm_store_int.h"


typedef struct {
    cxm_store_t       *store;
    cxm_op_t *const   *ops;
    size_t             n;
    size_t             left;        /* of them */
    uint8_t           *out;         /* of the batch: failed after writing */
    cxm_batch_growing_t  *growing;  /* or NULL */
    cxm_batch_stat_t   stat;
} cxm_batch_t;

/* The second half of an operation, as one of its own. */
typedef struct {
    cxm_op_t   op;
    cxm_op_t  *whole;
} cxm_half_t;


static void
cxm_batch_refuse(cxm_op_t *op, cxm_rc_t rc, const cxm_error_t *err)
{
    op->rc = rc;

    if (op->err != NULL) {
        *op->err = *err;
    }
}


static void
cxm_batch_refuse_all(cxm_batch_t *batch, cxm_rc_t rc, const cxm_error_t *err)
{
    size_t  i;

    for (i = 0; i < batch->n; i++) {
        if (!batch->out[i]) {
            cxm_batch_refuse(batch->ops[i], rc, err);
        }
    }
}


static cxm_rc_t
cxm_batch_op(cxm_txn_t *txn, cxm_op_t *op)
{
    cxm_rc_t  rc;

    if (op->err != NULL) {
        cxm_error_init(op->err);
    }

    (void) cxm_memory_failed();
    rc = op->run(txn, op->data, op->err);

    /* an operation that overlooked a failed step must not be acknowledged */

    if (rc == CXM_OK && txn->failed != CXM_OK) {
        rc = cxm_fail(op->err, txn->failed, NULL,
                      "A step of the operation failed.");
    }

    if (cxm_memory_failed() && rc == CXM_OK) {
        rc = cxm_fail(op->err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    if (rc != CXM_OK && op->err != NULL && op->err->rc == CXM_OK) {
        (void) cxm_fail(op->err, rc, NULL, "The operation failed.");
    }

    op->rc = rc;

    return rc;
}


/*
 * Runs all that are left from `i` on; 0 when one of them has spoilt the
 * transaction.
 */
static int
cxm_batch_ops(cxm_batch_t *batch, cxm_txn_t *txn, size_t i)
{
    uint64_t  touched;

    for (/* void */; i < batch->n; i++) {

        if (batch->out[i]) {
            continue;
        }

        touched = txn->touched;

        if (cxm_batch_op(txn, batch->ops[i]) != CXM_OK
            && (txn->touched != touched || txn->failed != CXM_OK))
        {
            batch->out[i] = 1;
            batch->left--;
            return 0;
        }
    }

    return 1;
}


/* Takes in what came meanwhile; 0 when there was none. */
static size_t
cxm_batch_more(cxm_batch_t *batch)
{
    size_t                n;
    cxm_batch_growing_t  *growing;

    growing = batch->growing;

    if (growing == NULL || growing->n == growing->max) {
        return 0;
    }

    n = growing->more(growing->ctx, growing->ops + growing->n,
                      growing->max - growing->n);

    growing->n += n;
    batch->n += n;
    batch->left += n;

    return n;
}


/* All there are and all that come until they are done; 0: spoilt. */
static int
cxm_batch_all(cxm_batch_t *batch, cxm_txn_t *txn)
{
    size_t  first;

    first = 0;

    (void) cxm_batch_more(batch);

    do {
        if (!cxm_batch_ops(batch, txn, first)) {
            return 0;
        }

        first = batch->n;
    } while (cxm_batch_more(batch) > 0);

    return 1;
}


static void
cxm_batch_commit(cxm_batch_t *batch, cxm_txn_t *txn)
{
    size_t       i;
    uint64_t     start;
    cxm_ms_t     due;
    cxm_rc_t     rc;
    cxm_error_t  err;

    cxm_error_init(&err);

    due = 0;
    (void) cxm_due_next(txn, &due);

    start = cxm_monotonic_us();
    rc = cxm_txn_commit(txn, &err);
    batch->stat.commit_us = cxm_monotonic_us() - start;

    /* also for those that failed: they may have seen what is not stored */

    if (rc != CXM_OK) {
        cxm_batch_refuse_all(batch, rc, &err);
        return;
    }

    cxm_readers_due(batch->store, cxm_now(), &due);
    batch->stat.due = due;

    for (i = 0; i < batch->n; i++) {
        batch->stat.committed += batch->ops[i]->rc == CXM_OK;
    }
}


static void
cxm_batch_loop(cxm_batch_t *batch)
{
    int          done;
    cxm_rc_t     rc;
    cxm_txn_t   *txn;
    cxm_error_t  err;

    cxm_error_init(&err);

    do {
        rc = cxm_txn_write(batch->store, cxm_now(), &txn, &err);

        if (rc != CXM_OK) {
            cxm_batch_refuse_all(batch, rc, &err);
            return;
        }

        batch->stat.runs++;
        done = cxm_batch_all(batch, txn);

        if (done) {
            cxm_batch_commit(batch, txn);

        } else {
            cxm_txn_end(txn);
        }

    } while (!done && batch->left > 0);
}


/* --- second halves ------------------------------------------------------ */

static void
cxm_batch_run_halves(cxm_store_t *store, cxm_half_t *halves, size_t n)
{
    size_t      i;
    cxm_op_t  **ops;

    ops = calloc(n, sizeof(cxm_op_t *));

    if (ops == NULL) {
        return;
    }

    for (i = 0; i < n; i++) {
        halves[i].op.run = halves[i].whole->then;
        halves[i].op.data = halves[i].whole->data;
        ops[i] = &halves[i].op;
    }

    cxm_batch_run(store, ops, n, NULL);

    for (i = 0; i < n; i++) {
        halves[i].whole->then_rc = halves[i].op.rc;
    }

    free(ops);
}


/* Of those operations whose first half is committed. */
static void
cxm_batch_then(const cxm_batch_t *batch)
{
    size_t       i, n;
    cxm_op_t    *op;
    cxm_half_t  *halves;

    halves = NULL;
    n = 0;

    for (i = 0; i < batch->n; i++) {
        op = batch->ops[i];

        if (op->rc != CXM_OK || op->then == NULL) {
            continue;
        }

        op->then_rc = CXM_INTERNAL;

        if (halves == NULL) {
            halves = calloc(batch->n - i, sizeof(cxm_half_t));
        }

        if (halves != NULL) {
            halves[n++].whole = op;
        }
    }

    if (n > 0) {
        cxm_batch_run_halves(batch->store, halves, n);
    }

    free(halves);
}


/* --- batches ------------------------------------------------------------ */

/* With room for `max` operations in all. */
static void
cxm_batch_start(cxm_batch_t *batch, size_t max, cxm_batch_stat_t *stat)
{
    size_t       i;
    cxm_error_t  err;

    batch->left = batch->n;
    batch->out = calloc(max > 0 ? max : 1, 1);

    if (batch->out != NULL) {

        /* without spare slots only operations that need one fail, each */

        (void) cxm_person_reserve(batch->store, NULL);
        cxm_batch_loop(batch);
        free(batch->out);
        cxm_batch_then(batch);

    } else {
        cxm_error_init(&err);
        (void) cxm_fail(&err, CXM_INTERNAL, NULL, "No memory.");

        for (i = 0; i < batch->n; i++) {
            cxm_batch_refuse(batch->ops[i], CXM_INTERNAL, &err);
        }
    }

    if (stat != NULL) {
        *stat = batch->stat;
    }
}


void
cxm_batch_run(cxm_store_t *store, cxm_op_t *const *ops, size_t n,
    cxm_batch_stat_t *stat)
{
    cxm_batch_t  batch;

    memset(&batch, 0, sizeof(batch));
    batch.store = store;
    batch.ops = ops;
    batch.n = n;

    if (n > 0) {
        cxm_batch_start(&batch, n, stat);

    } else if (stat != NULL) {
        *stat = batch.stat;
    }
}


void
cxm_batch_run_growing(cxm_store_t *store, cxm_batch_growing_t *growing,
    cxm_batch_stat_t *stat)
{
    cxm_batch_t  batch;

    memset(&batch, 0, sizeof(batch));
    batch.store = store;
    batch.ops = growing->ops;
    batch.n = growing->n;
    batch.growing = growing;

    cxm_batch_start(&batch, growing->max, stat);
}
