/*
 * Replay: a store made once more from its journal and what belongs to it,
 * for verify (which compares) and rebuild (which keeps it).
 *
 * The copy is a scratch store (cxm_store_scratch).  It begins
 *
 *   at entry 1, in the journal, as long as nothing was dropped;
 *   else behind a checkpoint, the older of the two whose tables are there;
 *   else, or when all is asked for, at entry 1 in the volumes.
 *
 * The caller holds the live store's history shared.
 */

#ifndef CXM_REPLAY_H
#define CXM_REPLAY_H

#include "cxm_history.h"
#include "cxm_store_int.h"
#include "cxm_verify.h"


typedef struct {
    cxm_store_t        *live;
    cxm_store_t        *copy;
    int                 all;            /* from the first entry */
    const char         *archive_given;  /* NULL: as the store knows it */
    int                 whole;          /* entries before the start go into
                                           the copy's journal, too */
    uint64_t            expect_seq;     /* 0: none */
    const uint8_t      *expect_link;
    int                 expect_seen;
    cxm_progress_pt     progress;
    cxm_note_pt         note;
    void               *ctx;

    cxm_history_t       history;
    char               *archive;        /* directory of the volumes */
    uint64_t            start;
    uint64_t            next;           /* sequence to be replayed next */
    uint64_t            chunk;          /* entries of a transaction */

    uint64_t            done;
    uint64_t            total;
    uint64_t            entries;
    uint64_t            bad_seq;
    char                finding[256];
    cxm_error_t         err;
} cxm_replay_t;


/*
 * Makes the copy in a new directory below parent (name ends in XXXXXX), so
 * that all of it may be removed.  *dir is NULL or to be given to the second,
 * which closes the copy, removes the directory and frees its name.
 */
cxm_rc_t cxm_replay_scratch(cxm_replay_t *replay, const char *parent,
    const char *name, char **dir);
void cxm_replay_remove(cxm_replay_t *replay, char *dir);

/* Removes a directory and all in it, if it is there. */
void cxm_replay_discard(const char *dir);

/* live, copy and what is asked for are set. */
cxm_rc_t cxm_replay_begin(cxm_replay_t *replay);
void cxm_replay_end(cxm_replay_t *replay);

/* What it came to, for the caller of verify or rebuild; returns rc. */
cxm_rc_t cxm_replay_result(cxm_replay_t *replay, cxm_rc_t rc,
    cxm_verify_t *out, cxm_error_t *err);

/*
 * Near to the end of the journal, in short transactions.  Writers go on
 * meanwhile; if they are faster than replay, the rest is long.
 */
cxm_rc_t cxm_replay_journal(cxm_replay_t *replay);

/* Up to the end of the journal as `live` sees it. */
cxm_rc_t cxm_replay_rest(cxm_replay_t *replay, cxm_txn_t *live);

/*
 * The same with a view of its own, which the caller ends: what was replayed
 * is what it sees.
 */
cxm_rc_t cxm_replay_view(cxm_replay_t *replay, cxm_txn_t **live);


/* --- what its files share ----------------------------------------------- */

/* Keeps the finding; returns CXM_CORRUPT. */
cxm_rc_t cxm_replay_found(cxm_replay_t *replay, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
cxm_rc_t cxm_replay_found_entry(cxm_replay_t *replay, uint64_t seq,
    const char *what);

/* err.detail becomes the finding, if rc says something of the store. */
cxm_rc_t cxm_replay_refused(cxm_replay_t *replay, cxm_rc_t rc, uint64_t seq);

void cxm_replay_note(cxm_replay_t *replay, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void cxm_replay_progress(cxm_replay_t *replay);

/* Whether the entry is the one that was seen before, if it was. */
cxm_rc_t cxm_replay_expect(cxm_replay_t *replay, uint64_t seq,
    const uint8_t *link);

/*
 * Where entries come from.  get: the value of entry seq, valid until the next
 * call; CXM_NOT_FOUND behind the last one.  It is asked in order, but for a
 * step back to the begin of a transaction.
 */
typedef struct {
    cxm_rc_t   (*get)(cxm_replay_t *replay, void *ctx, uint64_t seq,
                      cxm_str_t *raw);
    void        *ctx;
} cxm_feed_t;

/* One transaction of the copy; *end when the feed is at its end. */
cxm_rc_t cxm_replay_chunk(cxm_replay_t *replay, const cxm_feed_t *feed,
    int *end);

/* cxm_replay_old.c: entries up to the start, in place. */
cxm_rc_t cxm_replay_old(cxm_replay_t *replay, uint64_t end,
    const uint8_t link[CXM_MAC_LEN]);

/* cxm_replay_volume.c */

/* Whether all volumes are there; the first that is not is noted. */
int cxm_replay_volumes_there(cxm_replay_t *replay);

/* Replays all that is archived. */
cxm_rc_t cxm_replay_volumes(cxm_replay_t *replay);

/* Reads those that are there; *entries counts them. */
cxm_rc_t cxm_replay_check_volumes(cxm_replay_t *replay, uint64_t *entries);


#endif /* CXM_REPLAY_H */
