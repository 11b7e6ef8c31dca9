/*
 * Verify: a scratch store made from the journal, and whether it is the same.
 */

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cxm_verify_int.h"


#define CXM_VERIFY_NAME    "verify-XXXXXX"
#define CXM_VERIFY_FILES   8            /* open at a time while removing */


/* Every row of the journal was looked at, so their number tells of others. */
static cxm_rc_t
verify_count(cxm_replay_t *replay, const cxm_txn_t *live)
{
    int        rc;
    uint64_t   expect;
    MDB_stat   st;

    rc = mdb_stat(live->mdb, live->store->dbi[CXM_T_JOURNAL], &st);

    if (rc != MDB_SUCCESS) {
        return cxm_fault(live->store, rc);
    }

    expect = replay->history.kept
             + (live->state.head - replay->history.sparse);

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

    return verify_count(replay, live_txn);
}


/*
 * Whether an erasure began behind entry `seq`.  Its key may be gone by now:
 * what was replayed up to there without the key is not what the tables were.
 */
static cxm_rc_t
verify_erased(cxm_replay_t *replay, uint64_t seq, int *erased)
{
    cxm_rc_t          rc;
    cxm_txn_t        *txn;
    cxm_cursor_t     *cursor;
    cxm_raw_row_t     row;
    cxm_row_key_t     key;
    cxm_entry_raw_t   entry;

    *erased = 0;

    rc = cxm_txn_read(replay->live, &txn, &replay->err);
    if (rc != CXM_OK) {
        return rc;
    }

    rc = cxm_cursor_open(txn, CXM_T_JOURNAL, &cursor);

    if (rc == CXM_OK) {
        cxm_row_key(&key);
        cxm_row_key_u64(&key, seq + 1);

        for (rc = cxm_cursor_seek(cursor, &key, &row);
             rc == CXM_OK && !*erased;
             rc = cxm_cursor_next(cursor, &row))
        {
            *erased = cxm_entry_parse(0, row.raw, &entry, NULL) == CXM_OK
                      && entry.entry.kind == CXM_KIND_ERASURE;
        }

        cxm_cursor_close(cursor);
    }

    cxm_txn_end(txn);

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


/* A view of the store up to whose end the journal is replayed. */
static cxm_rc_t
verify_view(cxm_replay_t *replay, cxm_txn_t **live)
{
    int       erased;
    cxm_rc_t  rc;

    for ( ;; ) {
        rc = cxm_txn_read(replay->live, live, &replay->err);
        if (rc != CXM_OK) {
            return rc;
        }

        rc = cxm_replay_rest(replay, *live);

        if (rc == CXM_OK) {
            rc = verify_erased(replay, cxm_txn_head(*live), &erased);
        }

        if (rc == CXM_OK && !erased) {
            return CXM_OK;
        }

        cxm_txn_end(*live);

        if (rc != CXM_OK) {
            return rc;
        }
    }
}


/* The end of the journal and the tables, in one view of the store. */
static cxm_rc_t
verify_compare(cxm_replay_t *replay, cxm_verify_t *out)
{
    cxm_rc_t    rc;
    cxm_txn_t  *live, *copy;

    rc = verify_view(replay, &live);
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


static int
remove_one(const char *path, const struct stat *info, int type,
    struct FTW *place)
{
    (void) info;
    (void) type;
    (void) place;

    return remove(path);
}


/* A directory of our own, so that all of it may be removed. */
static cxm_rc_t
verify_open(cxm_replay_t *replay, const char *parent, char **dir)
{
    if (asprintf(dir, "%s/" CXM_VERIFY_NAME, parent) < 0) {
        *dir = NULL;
        return cxm_fail(&replay->err, CXM_INTERNAL, NULL, "No memory.");
    }

    if (mkdtemp(*dir) == NULL) {
        free(*dir);
        *dir = NULL;
        return cxm_fail(&replay->err, CXM_IO, NULL,
                        "Cannot make a directory in %s: %s.", parent,
                        strerror(errno));
    }

    return cxm_store_scratch(replay->live, *dir, &replay->copy, &replay->err);
}


static void
verify_close(cxm_replay_t *replay, char *dir)
{
    if (replay->copy != NULL) {
        cxm_store_close(replay->copy);
    }

    if (dir != NULL) {
        (void) nftw(dir, remove_one, CXM_VERIFY_FILES, FTW_DEPTH | FTW_PHYS);
        free(dir);
    }
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
        rc = verify_open(replay, scratch, &dir);
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

    verify_close(replay, dir);
    cxm_replay_end(replay);
    cxm_history_release(held);

    return rc;
}


static cxm_rc_t
verify_failed(const cxm_replay_t *replay, cxm_rc_t rc, cxm_error_t *err)
{
    if (replay->err.rc != rc) {
        return cxm_fail(err, rc, NULL, "The store cannot be verified: %s.",
                        cxm_rc_name(rc));
    }

    if (err != NULL) {
        *err = replay->err;
    }

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

    if (rc == CXM_CORRUPT && replay.finding[0] == '\0') {
        /* not even readable: the row state, or LMDB's own pages */

        (void) cxm_replay_found(&replay, "the store cannot be read (%.160s)",
                                replay.err.detail);
    }

    out->start = replay.start;
    out->entries = replay.entries;
    out->bad_seq = replay.bad_seq;
    memcpy(out->finding, replay.finding, sizeof(out->finding));

    return rc == CXM_OK ? CXM_OK : verify_failed(&replay, rc, err);
}
