/*
 * Retention: entries leave the journal when their time is over.
 *
 * Each kind says which class its entries belong to (cxm_keep_t); a policy
 * says how long a class is kept, by the time that entries were written.
 * Everything goes into the archive first, and nothing goes before it lies
 * behind two checkpoints (cxm_history.h): so no proof is lost with it.
 *
 * Kind CXM_KIND_RETENTION, ADD: what left at once.  Body: {"class", "from",
 * "to": entries that were looked at, "dropped": [[kind, number of entries]],
 * and of all that were ever looked at, by any class: "link": of the last one,
 * "kept": how many are still there, "sum": over those}.  Apply deletes these
 * entries and lets their kinds take what hangs on them out of the tables;
 * counters stay.
 */

#ifndef CXM_RETENTION_H
#define CXM_RETENTION_H

#include "cxm_journal.h"
#include "cxm_long_read.h"


/* Shorter times are for tests: checkpoints would follow each other at once. */
#define CXM_RETENTION_MIN     CXM_MS_SECOND

/* Of one transaction: entries that go, and entries looked at. */
#define CXM_RETENTION_ROWS    1000
#define CXM_RETENTION_LOOKED  10000

/*
 * A repeat finds its first reply for two generations of ids, which are 30
 * days where money moves.
 */
#define CXM_RETENTION_REPLIES  (60 * CXM_MS_DAY)

typedef struct {
    cxm_ms_t     keep[CXM_KEEP_N];      /* 0: for good.  Of replies: the
                                           journal's is taken */
    const char  *archive;               /* directory */
} cxm_retention_t;

extern const cxm_kind_t  cxm_kind_retention;

const char *cxm_keep_name(cxm_keep_t keep);

/*
 * How often there may be a checkpoint: an eighth of the shortest time that
 * something is kept, a day at most.
 */
cxm_ms_t cxm_retention_interval(const cxm_retention_t *policy);

/*
 * Does all there is to do: a checkpoint if one is due, then drops what may
 * go, in many transactions.  Returns at once with CXM_OK when another process
 * is at it, or verifies or copies the store.  CXM_UNAVAILABLE
 * CXM_LONG_STOPPED; other results say why it could not go on, the store is
 * as good as before.
 */
cxm_rc_t cxm_retention_run(cxm_store_t *store, const cxm_retention_t *policy,
    cxm_ms_t now, cxm_stopped_pt stopped, void *ctx, cxm_error_t *err);


#endif /* CXM_RETENTION_H */
