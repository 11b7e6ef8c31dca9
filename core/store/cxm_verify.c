/*
 * Verify: a scratch store made from the journal, and whether it is the same.
 */

#include <sys/stat.h>
#include <unistd.h>

#include "cxm_verify_int.h"


#define CXM_VERIFY_NAME  "verify-XXXXXX"


/* Every row of the journal was looked at, so their number tells of others. */
cxm_rc_t
cxm_verify_count(cxm_replay_t *replay, const cxm_txn_t *txn)
{
    int        rc;
    uint64_t   expect;
    MDB_stat   st;

    rc = mdb_stat(txn->mdb, txn->store->dbi[CXM_T_JOURNAL], &st);

    if (rc != MDB_SUCCESS) {
        return cxm_fault(txn->store, rc);
    }

    expect = replay->history.kept
             + (txn->state.head - replay->history.sparse);

    return st.ms_entries == expect ? CXM_OK
           : cxm_replay_found(replay, "table journal has %llu rows, not "
                              "%llu", (unsigned long long) st.ms_entries,
                              (unsigned long long) expect);
}


/*
 * The row `state` of both: head and link.  The live store may be ahead with
 * the slots of persons (a restore moves past all that were ever given), but
 * never behind: a slot would be given twice.
 */
cxm_rc_t
cxm_verify_state(cxm_replay_t *replay, const cxm_txn_t *live_txn,
    const cxm_txn_t *copy_txn)
{
    const cxm_state_t  *live, *copy;

    live = &live_txn->state;
    copy = &copy_txn->state;

    if (live->head > copy->head) {
        return cxm_replay_found_entry(replay, copy->head + 1, "is missing");
    }

    if (live->head < copy->head) {
        return cxm_replay_found_entry(replay, live->head + 1,
                                      "is behind the head of the store");
    }

    if (memcmp(live->link, copy->link, CXM_MAC_LEN) != 0) {
        return cxm_replay_found(replay, "table meta, row state: link differs "
                                "from the last journal entry's");
    }

    if (live->persons < copy->persons) {
        return cxm_replay_found(replay, "table meta, row state: person slots "
                                "up to %llu were given",
                                (unsigned long long) copy->persons - 1);
    }

    if (replay->expect_seq > copy->head) {
        return cxm_replay_found_entry(replay, replay->expect_seq,
                                      "was seen before and is gone");
    }

    return cxm_verify_count(replay, live_txn);
}


/* The end of the journal and the tables, in one view of the store. */
static cxm_rc_t
verify_compare(cxm_replay_t *replay, cxm_verify_t *out)
{
    cxm_rc_t    rc;
    cxm_txn_t  *live, *copy;

    rc = cxm_replay_view(replay, &live);
    if (rc != CXM_OK) {
        return rc;
    }

    rc = cxm_txn_read(replay->copy, &copy, &replay->err);

    if (rc == CXM_OK) {
        out->head = copy->state.head;
        memcpy(out->link, copy->state.link, CXM_MAC_LEN);

        rc = cxm_verify_state(replay, live, copy);

        if (rc == CXM_OK) {
            rc = cxm_verify_tables(replay, live, copy, &out->rows);
        }

        cxm_txn_end(copy);
    }

    cxm_txn_end(live);

    return rc;
}


/* A head that was seen before may lie in what was dropped. */
static void
verify_seen(cxm_replay_t *replay)
{
    if (replay->expect_seq != 0 && !replay->expect_seen) {
        cxm_replay_note(replay, "journal entry %llu, seen before: it was "
                        "dropped, and its volume is not there",
                        (unsigned long long) replay->expect_seq);
    }
}


static cxm_rc_t
verify_run(cxm_replay_t *replay, const char *scratch, cxm_verify_t *out)
{
    int        held;
    char      *dir;
    cxm_rc_t   rc;

    dir = NULL;
    rc = cxm_history_hold(replay->live, 0, &held, &replay->err);

    if (rc == CXM_OK) {
        rc = cxm_replay_scratch(replay, scratch, CXM_VERIFY_NAME, &dir);
    }

    if (rc == CXM_OK) {
        rc = cxm_replay_begin(replay);
    }

    if (rc == CXM_OK) {
        rc = cxm_replay_journal(replay);
    }

    if (rc == CXM_OK) {
        rc = verify_compare(replay, out);
    }

    if (rc == CXM_OK) {
        rc = cxm_replay_check_volumes(replay, &out->archived);
    }

    if (rc == CXM_OK) {
        verify_seen(replay);
    }

    cxm_replay_remove(replay, dir);
    cxm_replay_end(replay);
    cxm_history_release(held);

    return rc;
}


cxm_rc_t
cxm_verify(cxm_store_t *store, const cxm_verify_opts_t *opts,
    cxm_verify_t *out, cxm_error_t *err)
{
    int            made;
    cxm_rc_t       rc;
    cxm_replay_t   replay;

    memset(out, 0, sizeof(*out));
    memset(&replay, 0, sizeof(replay));
    cxm_error_init(&replay.err);

    replay.live = store;
    replay.all = opts->all;
    replay.archive_given = opts->archive;
    replay.expect_seq = opts->expect_seq;
    replay.expect_link = opts->expect_link;
    replay.progress = opts->progress;
    replay.note = opts->note;
    replay.ctx = opts->ctx;

    made = mkdir(opts->scratch, 0700) == 0;
    rc = verify_run(&replay, opts->scratch, out);

    if (made) {
        (void) rmdir(opts->scratch);
    }

    return cxm_replay_result(&replay, rc, out, err);
}
