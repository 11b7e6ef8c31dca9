/*
 * Journal readers: rows that may come a little later than what they are of.
 *
 * A reader looks at entries of one kind behind its cursor, many at a time,
 * and says in an entry of its own what rows come of them, in the order of
 * their keys ({"to": the last that was looked at, "rows"}); apply of that
 * entry puts them.  So a commit of events does not
 * pay for wide indexes, these are changed in long sorted runs, and whatever
 * runs through the journal meets the rows at the place where they came in:
 * replay, checkpoints, retention and erasures need to know nothing of lags.
 *
 * Row in `index`: u8 CXM_NS_READER | u8 kind of its entries; payload: varint
 * sequence of the last entry that was looked at.
 */

#ifndef CXM_JOURNAL_READER_H
#define CXM_JOURNAL_READER_H

#include "cxm_journal.h"


#define CXM_READER_LAG      CXM_MS_SECOND   /* before a run is due */
#define CXM_READER_ENTRIES  10000           /* looked at in a run */

typedef struct cxm_journal_reader_s {
    const char     *name;               /* "touchpoint" */
    cxm_kind_no_t   reads;
    cxm_kind_no_t   writes;

    /*
     * What comes of the next entries: cxm_journal_scan_next() until it has
     * no more, or it is enough.  *rows is an array, empty if it is nothing,
     * a new reference.
     */
    cxm_rc_t      (*run)(cxm_journal_scan_t *scan, json_t **rows,
                         cxm_error_t *err);

    /*
     * What of its rows is to go with a person who is about to be erased, an
     * array as above.  The names of the slot are still there, as they will
     * not be in a replay: the entry says what they lead to.
     */
    cxm_rc_t      (*forget)(cxm_txn_t *txn, uint64_t slot, json_t **gone,
                            cxm_error_t *err);
} cxm_journal_reader_t;

/*
 * Apply of its entry: what run or forget has made, the other is NULL; moves
 * the cursor.
 */
cxm_rc_t cxm_reader_apply(cxm_txn_t *txn, const cxm_entry_t *entry,
    const json_t **rows, const json_t **gone);

/*
 * A run of each of flow's readers, in a write transaction; *more when there
 * may be something left.
 */
cxm_rc_t cxm_readers_run(cxm_txn_t *txn, int *more, cxm_error_t *err);

/*
 * Before the erasure of a slot: rows of what readers have not met yet would
 * come in behind it, so they run until nothing is left; then what leads to
 * the person goes.
 */
cxm_rc_t cxm_readers_forget(cxm_txn_t *txn, uint64_t slot, cxm_error_t *err);

/*
 * Whether this process has committed entries that no run of its own has seen:
 * sets *due to when one should come, unless it is earlier already (0: never).
 */
void cxm_readers_due(cxm_store_t *store, cxm_ms_t now, cxm_ms_t *due);

/* How far behind it is; both 0 when there is nothing to read. */
typedef struct {
    uint64_t  entries;                  /* from the first to be read on; of
                                           all kinds */
    cxm_ms_t  since;                    /* when that was taken in */
} cxm_reader_lag_t;

cxm_rc_t cxm_reader_lag(cxm_txn_t *txn, const cxm_journal_reader_t *reader,
    cxm_reader_lag_t *lag);


#endif /* CXM_JOURNAL_READER_H */
