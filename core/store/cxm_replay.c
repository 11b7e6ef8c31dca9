/*
 * Replay: entries into the copy, in transactions.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cxm_replay.h"
#include "cxm_tables.h"


/* Of one transaction of the copy, and of the live store that it reads. */
#define CXM_REPLAY_CHUNK   1000
#define CXM_REPLAY_BYTES   (16u << 20)

/* Times that replay follows the writers before it holds them still. */
#define CXM_REPLAY_ROUNDS  4


/* --- findings ----------------------------------------------------------- */

cxm_rc_t
cxm_replay_found(cxm_replay_t *replay, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    (void) vsnprintf(replay->finding, sizeof(replay->finding), fmt, args);
    va_end(args);

    return cxm_fail(&replay->err, CXM_CORRUPT, NULL, "%s", replay->finding);
}


cxm_rc_t
cxm_replay_found_entry(cxm_replay_t *replay, uint64_t seq, const char *what)
{
    replay->bad_seq = seq;

    return cxm_replay_found(replay, "journal entry %llu %s",
                            (unsigned long long) seq, what);
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


cxm_rc_t
cxm_replay_refused(cxm_replay_t *replay, cxm_rc_t rc, uint64_t seq)
{
    if (!is_finding(rc)) {
        return rc;
    }

    replay->bad_seq = seq;

    return cxm_replay_found(replay, "journal entry %llu does not replay: %s",
                            (unsigned long long) seq, replay->err.detail);
}


void
cxm_replay_note(cxm_replay_t *replay, const char *fmt, ...)
{
    char     text[512];
    va_list  args;

    if (replay->note == NULL) {
        return;
    }

    va_start(args, fmt);
    (void) vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);

    replay->note(replay->ctx, text);
}


void
cxm_replay_progress(cxm_replay_t *replay)
{
    if (replay->done > replay->total) {
        replay->total = replay->done;
    }

    if (replay->progress != NULL) {
        replay->progress(replay->ctx, replay->done, replay->total);
    }
}


cxm_rc_t
cxm_replay_expect(cxm_replay_t *replay, uint64_t seq, const uint8_t *link)
{
    if (seq != replay->expect_seq) {
        return CXM_OK;
    }

    replay->expect_seen = 1;

    return memcmp(link, replay->expect_link, CXM_MAC_LEN) == 0
           ? CXM_OK
           : cxm_replay_found_entry(replay, seq,
                                    "is not the one that was seen before");
}


/* --- chunks ------------------------------------------------------------- */

/* Into txn; *next is the sequence behind the last one replayed. */
static cxm_rc_t
replay_some(cxm_replay_t *replay, const cxm_feed_t *feed, cxm_txn_t *txn,
    uint64_t *next, int *end)
{
    size_t     bytes;
    cxm_rc_t   rc;
    cxm_str_t  raw;

    bytes = 0;
    *end = 0;

    while (*next - replay->next < replay->chunk && bytes < CXM_REPLAY_BYTES) {

        rc = feed->get(replay, feed->ctx, *next, &raw);

        if (rc == CXM_NOT_FOUND) {
            *end = 1;
            break;
        }

        if (rc != CXM_OK) {
            return rc;
        }

        rc = cxm_journal_replay(txn, *next, raw, &replay->err);

        if (rc != CXM_OK) {
            return cxm_replay_refused(replay, rc, *next);
        }

        rc = cxm_replay_expect(replay, *next, txn->state.link);

        if (rc != CXM_OK) {
            return rc;
        }

        (*next)++;
        bytes += raw.len;
    }

    return CXM_OK;
}


/*
 * Counters are added up to the end of a transaction, so a count below zero
 * shows at the commit only: then the chunk is done again entry by entry, to
 * name the one that does it.
 */
cxm_rc_t
cxm_replay_chunk(cxm_replay_t *replay, const cxm_feed_t *feed, int *end)
{
    uint64_t    next;
    cxm_rc_t    rc;
    cxm_txn_t  *txn;

    rc = cxm_txn_write(replay->copy, cxm_now(), &txn, &replay->err);
    if (rc != CXM_OK) {
        return rc;
    }

    next = replay->next;
    rc = replay_some(replay, feed, txn, &next, end);

    if (rc != CXM_OK) {
        cxm_txn_end(txn);
        return rc;
    }

    rc = cxm_txn_commit(txn, &replay->err);

    if (rc != CXM_OK && is_finding(rc) && next - replay->next > 1) {
        replay->chunk = 1;
        *end = 0;
        cxm_error_init(&replay->err);

        return CXM_OK;
    }

    if (rc != CXM_OK) {
        return cxm_replay_refused(replay, rc, replay->next);
    }

    replay->done += next - replay->next;
    replay->entries += next - replay->next;
    replay->next = next;
    cxm_replay_progress(replay);

    return CXM_OK;
}


/* --- the journal -------------------------------------------------------- */

static cxm_rc_t
journal_get(cxm_replay_t *replay, void *ctx, uint64_t seq, cxm_str_t *raw)
{
    uint8_t     key[8];
    cxm_rc_t    rc;
    cxm_txn_t  *live = ctx;

    if (seq > live->state.head) {
        return CXM_NOT_FOUND;
    }

    cxm_put_u64(key, seq);
    rc = cxm_row_raw(live, CXM_T_JOURNAL,
                     (cxm_str_t) { sizeof(key), (const char *) key }, raw);

    return rc == CXM_NOT_FOUND
           ? cxm_replay_found_entry(replay, seq, "is missing") : rc;
}


cxm_rc_t
cxm_replay_rest(cxm_replay_t *replay, cxm_txn_t *live)
{
    int         end;
    cxm_rc_t    rc;
    cxm_feed_t  feed = { journal_get, live };

    do {
        rc = cxm_replay_chunk(replay, &feed, &end);
    } while (rc == CXM_OK && !end);

    return rc;
}


cxm_rc_t
cxm_replay_journal(cxm_replay_t *replay)
{
    int         end;
    unsigned    rounds;
    uint64_t    head;
    cxm_rc_t    rc;
    cxm_txn_t  *live;
    cxm_feed_t  feed = { journal_get, NULL };

    head = 0;
    rounds = 0;

    do {
        rc = cxm_txn_read(replay->live, &live, &replay->err);
        if (rc != CXM_OK) {
            return rc;
        }

        if (replay->next > head) {
            head = cxm_txn_head(live);
            rounds++;
        }

        feed.ctx = live;
        rc = cxm_replay_chunk(replay, &feed, &end);
        cxm_txn_end(live);

    } while (rc == CXM_OK && !end && rounds <= CXM_REPLAY_ROUNDS);

    return rc;
}


/* --- the start ---------------------------------------------------------- */

static cxm_rc_t
begin_estimate(cxm_replay_t *replay)
{
    int               i;
    cxm_rc_t          rc;
    cxm_store_stat_t  stat;

    rc = cxm_store_stat(replay->live, &stat, &replay->err);
    if (rc != CXM_OK) {
        return rc;
    }

    for (i = 0; i < CXM_T_N; i++) {
        replay->total += i == CXM_T_META ? 0 : stat.rows[i];
    }

    return CXM_OK;
}


static cxm_rc_t
begin_history(cxm_replay_t *replay)
{
    cxm_rc_t    rc;
    cxm_txn_t  *live;

    rc = cxm_txn_read(replay->live, &live, &replay->err);
    if (rc != CXM_OK) {
        return rc;
    }

    rc = cxm_history_read(live, &replay->history);

    if (rc == CXM_OK) {
        replay->archive = replay->archive_given != NULL
                          ? strdup(replay->archive_given)
                          : cxm_history_dir(live);
        rc = replay->archive == NULL ? CXM_INTERNAL : CXM_OK;
    }

    cxm_txn_end(live);

    return rc == CXM_OK ? CXM_OK
           : cxm_fail(&replay->err, rc, NULL,
                      "The journal's history cannot be read.");
}


/* CXM_NOT_FOUND: there is no such file. */
static cxm_rc_t
begin_checkpoint(cxm_replay_t *replay, const cxm_checkpoint_t *checkpoint)
{
    cxm_rc_t               rc;
    cxm_archive_reader_t  *reader;

    if (checkpoint->seq == 0) {
        return CXM_NOT_FOUND;
    }

    rc = cxm_history_open_tables(replay->live, checkpoint, &reader,
                                 &replay->err);

    if (rc == CXM_NOT_FOUND) {
        cxm_error_init(&replay->err);
        cxm_replay_note(replay, "tables of the checkpoint behind entry %llu: "
                        "the file is not there",
                        (unsigned long long) checkpoint->seq);
        return rc;
    }

    if (rc == CXM_OK) {
        rc = cxm_tables_load(replay->copy, reader, &replay->err);
        cxm_archive_close(reader);
    }

    if (rc == CXM_CORRUPT) {
        return cxm_replay_found(replay, "%s", replay->err.detail);
    }

    if (rc == CXM_OK) {
        replay->start = checkpoint->seq;
        rc = cxm_replay_old(replay, checkpoint->seq, checkpoint->link);
    }

    return rc;
}


static cxm_rc_t
begin_volumes(cxm_replay_t *replay)
{
    cxm_rc_t  rc;

    if (!cxm_replay_volumes_there(replay)) {
        return replay->all
               ? cxm_fail(&replay->err, CXM_NOT_FOUND, NULL,
                          "Entries were dropped and not all volumes of the "
                          "archive are there: no replay from the first.")
               : cxm_replay_found(replay, "entries were dropped, and neither "
                                  "the tables of a checkpoint nor all "
                                  "volumes are there");
    }

    /* the copy gets its entries from the volumes */

    replay->whole = 0;
    rc = cxm_replay_old(replay, replay->history.archived,
                        replay->history.archived_link);

    return rc == CXM_OK ? cxm_replay_volumes(replay) : rc;
}


cxm_rc_t
cxm_replay_begin(cxm_replay_t *replay)
{
    cxm_rc_t  rc;

    replay->next = 1;
    replay->chunk = CXM_REPLAY_CHUNK;

    rc = begin_estimate(replay);

    if (rc == CXM_OK) {
        rc = begin_history(replay);
    }

    if (rc != CXM_OK || replay->history.sparse == 0) {
        return rc;
    }

    rc = CXM_NOT_FOUND;

    if (!replay->all) {
        rc = begin_checkpoint(replay, &replay->history.previous);

        if (rc == CXM_NOT_FOUND) {
            rc = begin_checkpoint(replay, &replay->history.newest);
        }
    }

    if (rc == CXM_NOT_FOUND) {
        rc = begin_volumes(replay);
    }

    if (rc == CXM_OK) {
        replay->next = replay->start == 0 ? replay->next : replay->start + 1;
    }

    return rc;
}


void
cxm_replay_end(cxm_replay_t *replay)
{
    free(replay->archive);
    replay->archive = NULL;
}


cxm_rc_t
cxm_replay_result(cxm_replay_t *replay, cxm_rc_t rc, cxm_verify_t *out,
    cxm_error_t *err)
{
    if (rc == CXM_CORRUPT && replay->finding[0] == '\0') {
        /* not even readable: the row state, or LMDB's own pages */

        (void) cxm_replay_found(replay, "the store cannot be read (%.160s)",
                                replay->err.detail);
    }

    out->start = replay->start;
    out->entries = replay->entries;
    out->bad_seq = replay->bad_seq;
    memcpy(out->finding, replay->finding, sizeof(out->finding));

    if (rc == CXM_OK) {
        return rc;
    }

    if (replay->err.rc != rc) {
        return cxm_fail(err, rc, NULL, "The store cannot be replayed: %s.",
                        cxm_rc_name(rc));
    }

    if (err != NULL) {
        *err = replay->err;
    }

    return rc;
}
