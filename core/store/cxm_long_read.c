/*
 * Long reads.
 */

#include <time.h>

#include "cxm_long_read.h"


#define CXM_LONG_PAUSE_MAX  100000      /* us; rows that came from disk */


void
cxm_long_read_begin(cxm_long_read_t *read, cxm_txn_t *txn,
    cxm_stopped_pt stopped, void *ctx)
{
    memset(read, 0, sizeof(*read));

    read->txn = txn;
    read->stopped = stopped;
    read->ctx = ctx;
    read->since = cxm_thread_us();
    read->head = cxm_txn_head(txn);

    /* until the first pause has shown it */

    read->busy = 1;
}


static void
long_read_pause(uint64_t us)
{
    struct timespec  ts;

    us = us < CXM_LONG_PAUSE_MAX ? us : CXM_LONG_PAUSE_MAX;

    ts.tv_sec = 0;
    ts.tv_nsec = (long) us * 1000;

    (void) nanosleep(&ts, NULL);
}


cxm_rc_t
cxm_long_stopped(cxm_stopped_pt stopped, void *ctx, cxm_error_t *err)
{
    return stopped == NULL || !stopped(ctx)
           ? CXM_OK
           : cxm_fail(err, CXM_UNAVAILABLE, CXM_LONG_STOPPED,
                      "Nobody waits for this any more.");
}


cxm_rc_t
cxm_long_read_next(cxm_long_read_t *read, cxm_error_t *err)
{
    uint64_t  head;
    cxm_rc_t  rc;

    head = cxm_txn_head(read->txn);
    cxm_txn_rest(read->txn);

    if (read->busy) {
        long_read_pause((CXM_LONG_SHARE - 1)
                        * (cxm_thread_us() - read->since));
    }

    rc = cxm_long_stopped(read->stopped, read->ctx, err);

    if (rc != CXM_OK) {
        return rc;
    }

    rc = cxm_txn_renew(read->txn, err);

    if (rc == CXM_OK) {
        read->busy = cxm_txn_head(read->txn) != head;
        read->since = cxm_thread_us();
        read->rows = 0;
    }

    return rc;
}
