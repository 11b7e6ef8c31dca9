/*
 * Retention: what is due, and doing it.
 */

#include "cxm_checkpoint.h"
#include "cxm_retention.h"
#include "cxm_retention_int.h"


#define CXM_RETENTION_PART  8           /* checkpoints in the shortest time */


cxm_ms_t
cxm_retention_interval(const cxm_retention_t *policy)
{
    unsigned  i;
    cxm_ms_t  shortest;

    shortest = CXM_RETENTION_PART * CXM_MS_DAY;

    for (i = 0; i < CXM_KEEP_N; i++) {
        if (policy->keep[i] != 0 && policy->keep[i] < shortest) {
            shortest = policy->keep[i];
        }
    }

    return shortest / CXM_RETENTION_PART;
}


/*
 * The second checkpoint behind the last entry of a store that has come to
 * rest still lets that entry go; a third would only follow the entries that
 * keep history themselves.
 */
static int
checkpoint_due(const cxm_retention_t *policy, const cxm_history_t *history,
    uint64_t head, cxm_ms_t now)
{
    return now - history->newest.at >= cxm_retention_interval(policy)
           && (head - history->newest.seq > history->own
               || history->newest.others > 0);
}


static cxm_rc_t
read_history(cxm_store_t *store, cxm_history_t *history, uint64_t *head,
    cxm_error_t *err)
{
    cxm_rc_t    rc;
    cxm_txn_t  *txn;

    rc = cxm_txn_read(store, &txn, err);

    if (rc != CXM_OK) {
        return rc;
    }

    *head = cxm_txn_head(txn);
    rc = cxm_history_read(txn, history);
    cxm_txn_end(txn);

    return rc == CXM_OK ? CXM_OK
           : cxm_fail(err, rc, NULL, "The journal's history is damaged.");
}


/* All steps of a class. */
static cxm_rc_t
drop_class(cxm_store_t *store, const cxm_drop_t *what, cxm_stopped_pt stopped,
    void *ctx, cxm_error_t *err)
{
    int       more;
    cxm_rc_t  rc;

    do {
        more = 0;
        rc = cxm_long_stopped(stopped, ctx, err);

        if (rc == CXM_OK) {
            rc = cxm_drop_step(store, what, &more, err);
        }

    } while (rc == CXM_OK && more);

    return rc;
}


static cxm_rc_t
drop_all(cxm_store_t *store, const cxm_retention_t *policy, cxm_ms_t now,
    cxm_stopped_pt stopped, void *ctx, cxm_error_t *err)
{
    unsigned     i;
    cxm_ms_t     keep;
    cxm_rc_t     rc;
    cxm_drop_t   what;

    rc = CXM_OK;

    for (i = CXM_KEEP_ALWAYS + 1; i < CXM_KEEP_N && rc == CXM_OK; i++) {
        keep = policy->keep[i];

        if (i == CXM_KEEP_REPLIES) {
            keep = policy->keep[CXM_KEEP_JOURNAL];

            if (keep != 0 && keep < CXM_RETENTION_REPLIES) {
                keep = CXM_RETENTION_REPLIES;
            }
        }

        if (keep == 0) {
            continue;
        }

        what.keep = (cxm_keep_t) i;
        what.before = now - keep;
        what.now = now;
        rc = drop_class(store, &what, stopped, ctx, err);
    }

    return rc;
}


static cxm_rc_t
run(cxm_store_t *store, const cxm_retention_t *policy, cxm_ms_t now,
    cxm_stopped_pt stopped, void *ctx, cxm_error_t *err)
{
    uint64_t        head;
    cxm_rc_t        rc;
    cxm_history_t   history;

    rc = cxm_history_note_dir(store, policy->archive, err);

    if (rc == CXM_OK) {
        rc = read_history(store, &history, &head, err);
    }

    if (rc == CXM_OK && checkpoint_due(policy, &history, head, now)) {
        rc = cxm_checkpoint_make(store, policy->archive, now, stopped, ctx,
                                 err);
    }

    return rc == CXM_OK ? drop_all(store, policy, now, stopped, ctx, err)
                        : rc;
}


cxm_rc_t
cxm_retention_run(cxm_store_t *store, const cxm_retention_t *policy,
    cxm_ms_t now, cxm_stopped_pt stopped, void *ctx, cxm_error_t *err)
{
    int       held;
    cxm_rc_t  rc;

    rc = cxm_history_hold(store, 1, &held, err);

    if (rc != CXM_OK) {
        if (rc == CXM_UNAVAILABLE) {
            cxm_error_init(err);
            rc = CXM_OK;
        }

        return rc;
    }

    rc = run(store, policy, now, stopped, ctx, err);
    cxm_history_release(held);

    return rc;
}
