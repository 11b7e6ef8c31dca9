/*
 * Verify: replaying the journal into a scratch store.
 */

#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cxm_verify_int.h"


/* Of one transaction of the scratch store, and of the live one it reads. */
#define CXM_VERIFY_CHUNK   1000
#define CXM_VERIFY_BYTES   (16u << 20)

/* Times that replay follows the writers before it holds them still. */
#define CXM_VERIFY_ROUNDS  4

#define CXM_VERIFY_NAME    "verify-XXXXXX"
#define CXM_VERIFY_FILES   8            /* open at a time while removing */


cxm_rc_t
cxm_verify_found(cxm_verify_run_t *run, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    (void) vsnprintf(run->out->finding, sizeof(run->out->finding), fmt, args);
    va_end(args);

    return cxm_fail(&run->err, CXM_CORRUPT, NULL, "%s", run->out->finding);
}


static cxm_rc_t
verify_found_entry(cxm_verify_run_t *run, uint64_t seq, const char *what)
{
    run->out->bad_seq = seq;

    return cxm_verify_found(run, "journal entry %llu %s",
                            (unsigned long long) seq, what);
}


void
cxm_verify_progress(cxm_verify_run_t *run)
{
    if (run->done > run->total) {
        run->total = run->done;
    }

    if (run->progress != NULL) {
        run->progress(run->ctx, run->done, run->total);
    }
}


/* An entry that its own store would not take; run->err says why. */
static cxm_rc_t
verify_refused(cxm_verify_run_t *run, uint64_t seq)
{
    run->out->bad_seq = seq;

    return cxm_verify_found(run, "journal entry %llu does not replay: %s",
                            (unsigned long long) seq, run->err.detail);
}


/* Failures of this machine say nothing of the store. */
static int
is_finding(cxm_rc_t rc)
{
    switch (rc) {
    case CXM_INTERNAL:
    case CXM_UNAVAILABLE:
    case CXM_FULL:
    case CXM_LATCHED:
    case CXM_OUTCOME_UNKNOWN:
    case CXM_IO:
    case CXM_FORMAT:
        return 0;
    default:
        return 1;
    }
}


static cxm_rc_t
verify_entry(cxm_verify_run_t *run, cxm_txn_t *txn, uint64_t seq,
    const cxm_raw_row_t *row)
{
    cxm_rc_t     rc;
    const char  *link;

    if (row->key.len != sizeof(uint64_t)) {
        return verify_found_entry(run, seq, "has a strange key");
    }

    if (cxm_get_u64((const uint8_t *) row->key.data) != seq) {
        return verify_found_entry(run, seq, "is missing");
    }

    rc = cxm_journal_replay(txn, seq, row->raw, &run->err);

    if (rc != CXM_OK) {
        return is_finding(rc) ? verify_refused(run, seq) : rc;
    }

    link = row->raw.data + row->raw.len - CXM_MAC_LEN;

    if (seq == run->expect_seq
        && memcmp(link, run->expect_link, CXM_MAC_LEN) != 0)
    {
        return verify_found_entry(run, seq,
                                  "is not the one that was seen before");
    }

    return CXM_OK;
}


/* Replays into txn; *next is the sequence behind the last one replayed. */
static cxm_rc_t
verify_replay(cxm_verify_run_t *run, cxm_txn_t *live, cxm_txn_t *txn,
    uint64_t *next, int *end)
{
    size_t          bytes;
    cxm_rc_t        rc;
    cxm_cursor_t   *cursor;
    cxm_row_key_t   key;
    cxm_raw_row_t   row;

    rc = cxm_cursor_open(live, CXM_T_JOURNAL, &cursor);
    if (rc != CXM_OK) {
        return rc;
    }

    cxm_row_key(&key);
    cxm_row_key_u64(&key, *next);

    bytes = 0;

    for (rc = cxm_cursor_seek(cursor, &key, &row);
         rc == CXM_OK && *next - run->next < run->chunk
             && bytes < CXM_VERIFY_BYTES;
         rc = cxm_cursor_next(cursor, &row))
    {
        rc = verify_entry(run, txn, *next, &row);
        if (rc != CXM_OK) {
            break;
        }

        (*next)++;
        bytes += row.raw.len;
    }

    cxm_cursor_close(cursor);

    *end = rc == CXM_NOT_FOUND;

    return *end ? CXM_OK : rc;
}


/*
 * One transaction of the scratch store.  Counters are added up to its end,
 * so a count below zero shows at the commit only: then the chunk is done
 * again entry by entry, to name the one that does it.
 */
static cxm_rc_t
verify_chunk(cxm_verify_run_t *run, cxm_txn_t *live, int *end)
{
    uint64_t    next;
    cxm_rc_t    rc;
    cxm_txn_t  *txn;

    rc = cxm_txn_write(run->scratch, cxm_now(), &txn, &run->err);
    if (rc != CXM_OK) {
        return rc;
    }

    next = run->next;
    rc = verify_replay(run, live, txn, &next, end);

    if (rc != CXM_OK) {
        cxm_txn_end(txn);
        return rc;
    }

    rc = cxm_txn_commit(txn, &run->err);

    if (rc != CXM_OK && is_finding(rc)) {

        if (next - run->next == 1) {
            return verify_refused(run, run->next);
        }

        run->chunk = 1;
        *end = 0;
        cxm_error_init(&run->err);

        return CXM_OK;
    }

    if (rc != CXM_OK) {
        return rc;
    }

    run->done += next - run->next;
    run->out->entries += next - run->next;
    run->next = next;
    cxm_verify_progress(run);

    return CXM_OK;
}


/* Up to the end of the journal as `live` sees it. */
static cxm_rc_t
verify_rest(cxm_verify_run_t *run, cxm_txn_t *live)
{
    int       end;
    cxm_rc_t  rc;

    do {
        rc = verify_chunk(run, live, &end);
    } while (rc == CXM_OK && !end);

    return rc;
}


/*
 * Near to the end, in short transactions.  Writers go on meanwhile; if they
 * are faster than replay, the rest is long, but it is done all the same.
 */
static cxm_rc_t
verify_journal(cxm_verify_run_t *run)
{
    int         end;
    unsigned    rounds;
    uint64_t    head;
    cxm_rc_t    rc;
    cxm_txn_t  *live;

    head = 0;
    rounds = 0;

    do {
        rc = cxm_txn_read(run->store, &live, &run->err);
        if (rc != CXM_OK) {
            return rc;
        }

        if (run->next > head) {
            head = cxm_txn_head(live);
            rounds++;
        }

        end = 0;
        rc = verify_chunk(run, live, &end);
        cxm_txn_end(live);

    } while (rc == CXM_OK && !end && rounds <= CXM_VERIFY_ROUNDS);

    return rc;
}


/*
 * The row `state` of both: head and link.  The live store may be ahead with
 * the slots of persons (a restore moves past all that were ever given), but
 * never behind: a slot would be given twice.
 */
static cxm_rc_t
verify_state(cxm_verify_run_t *run, const cxm_state_t *live,
    const cxm_state_t *copy)
{
    run->out->head = copy->head;
    memcpy(run->out->link, copy->link, CXM_MAC_LEN);

    if (live->head > copy->head) {
        return verify_found_entry(run, copy->head + 1, "is missing");
    }

    if (live->head < copy->head) {
        return verify_found_entry(run, live->head + 1,
                                  "is behind the head of the store");
    }

    if (memcmp(live->link, copy->link, CXM_MAC_LEN) != 0) {
        return cxm_verify_found(run, "table meta, row state: link differs "
                                "from the last journal entry's");
    }

    if (live->persons < copy->persons) {
        return cxm_verify_found(run, "table meta, row state: person slots "
                                "up to %llu were given",
                                (unsigned long long) copy->persons - 1);
    }

    if (run->expect_seq > copy->head) {
        return verify_found_entry(run, run->expect_seq,
                                  "was seen before and is gone");
    }

    return CXM_OK;
}


/* The end of the journal and the tables, in one view of the store. */
static cxm_rc_t
verify_compare(cxm_verify_run_t *run)
{
    cxm_rc_t    rc;
    cxm_txn_t  *live, *copy;

    rc = cxm_txn_read(run->store, &live, &run->err);
    if (rc != CXM_OK) {
        return rc;
    }

    rc = verify_rest(run, live);

    if (rc == CXM_OK) {
        rc = cxm_txn_read(run->scratch, &copy, &run->err);
    }

    if (rc == CXM_OK) {
        rc = verify_state(run, &live->state, &copy->state);

        if (rc == CXM_OK) {
            rc = cxm_verify_tables(run, live, copy);
        }

        cxm_txn_end(copy);
    }

    cxm_txn_end(live);

    return rc;
}


static cxm_rc_t
verify_estimate(cxm_verify_run_t *run)
{
    int               i;
    cxm_rc_t          rc;
    cxm_store_stat_t  stat;

    rc = cxm_store_stat(run->store, &stat, &run->err);
    if (rc != CXM_OK) {
        return rc;
    }

    for (i = 0; i < CXM_T_N; i++) {
        run->total += i == CXM_T_META ? 0 : stat.rows[i];
    }

    return CXM_OK;
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
verify_open(cxm_verify_run_t *run, const char *parent)
{
    if (asprintf(&run->dir, "%s/" CXM_VERIFY_NAME, parent) < 0) {
        run->dir = NULL;
        return cxm_fail(&run->err, CXM_INTERNAL, NULL, "No memory.");
    }

    if (mkdtemp(run->dir) == NULL) {
        free(run->dir);
        run->dir = NULL;
        return cxm_fail(&run->err, CXM_IO, NULL,
                        "Cannot make a directory in %s: %s.", parent,
                        strerror(errno));
    }

    return cxm_store_scratch(run->store, run->dir, &run->scratch, &run->err);
}


static void
verify_close(cxm_verify_run_t *run)
{
    if (run->scratch != NULL) {
        cxm_store_close(run->scratch);
    }

    if (run->dir != NULL) {
        (void) nftw(run->dir, remove_one, CXM_VERIFY_FILES,
                    FTW_DEPTH | FTW_PHYS);
        free(run->dir);
    }
}


static cxm_rc_t
verify_run(cxm_verify_run_t *run, const char *scratch_dir)
{
    cxm_rc_t  rc;

    rc = verify_open(run, scratch_dir);

    if (rc == CXM_OK) {
        rc = verify_estimate(run);
    }

    if (rc == CXM_OK) {
        rc = verify_journal(run);
    }

    if (rc == CXM_OK) {
        rc = verify_compare(run);
    }

    verify_close(run);

    return rc;
}


static cxm_rc_t
verify_failed(const cxm_verify_run_t *run, cxm_rc_t rc, cxm_error_t *err)
{
    if (run->err.rc != rc) {
        return cxm_fail(err, rc, NULL, "The store cannot be verified: %s.",
                        cxm_rc_name(rc));
    }

    if (err != NULL) {
        *err = run->err;
    }

    return rc;
}


cxm_rc_t
cxm_verify(cxm_store_t *store, const char *scratch_dir, uint64_t expect_seq,
    const uint8_t *expect_link, cxm_progress_pt progress, void *ctx,
    cxm_verify_t *out, cxm_error_t *err)
{
    int               made;
    cxm_rc_t          rc;
    cxm_verify_run_t  run;

    memset(out, 0, sizeof(*out));
    memset(&run, 0, sizeof(run));
    cxm_error_init(&run.err);

    run.store = store;
    run.next = 1;
    run.chunk = CXM_VERIFY_CHUNK;
    run.expect_seq = expect_seq;
    run.expect_link = expect_link;
    run.progress = progress;
    run.ctx = ctx;
    run.out = out;

    made = mkdir(scratch_dir, 0700) == 0;
    rc = verify_run(&run, scratch_dir);

    if (made) {
        (void) rmdir(scratch_dir);
    }

    if (rc == CXM_CORRUPT && out->finding[0] == '\0') {
        /* not even readable: the row state, or LMDB's own pages */

        (void) cxm_verify_found(&run, "the store cannot be read (%.160s)",
                                run.err.detail);
    }

    return rc == CXM_OK ? CXM_OK : verify_failed(&run, rc, err);
}
