/*
 * Verify: replays the journal into a scratch store and compares every table
 * with the live one, row by row.  It so recounts counters, indexes and
 * documents, checks every seal, MAC and link, and proves that the tables are
 * the journal's memory and nothing else.
 *
 * Where retention dropped entries (cxm_history.h), the replay begins behind
 * the checkpoint before the newest; the entries that are left of what lies
 * before it are checked in place (seals, links, their number and sum), and
 * the volumes of the archive that are there are read to their end.  What
 * could not be looked at is told.
 */

#ifndef CXM_VERIFY_H
#define CXM_VERIFY_H

#include "cxm_store.h"


typedef struct {
    uint64_t  head;                     /* last sequence checked */
    uint8_t   link[CXM_MAC_LEN];
    uint64_t  start;                    /* the replay began behind it */
    uint64_t  entries;                  /* looked at in the journal or, where
                                           they were replayed, in volumes */
    uint64_t  rows;
    uint64_t  archived;                 /* entries in volumes that were read */
    uint64_t  bad_seq;                  /* first bad entry; 0: none */
    char      finding[256];             /* what is wrong and where, or "" */
} cxm_verify_t;

/* done of total, for a progress display; called now and then. */
typedef void (*cxm_progress_pt)(void *ctx, uint64_t done, uint64_t total);

/* One thing that was not looked at, and why. */
typedef void (*cxm_note_pt)(void *ctx, const char *text);

typedef struct {
    const char       *scratch;          /* where the copy goes, in a new
                                           directory that is removed at the
                                           end; made and removed when it is
                                           not there */
    uint64_t          expect_seq;       /* a head seen before: it must still */
    const uint8_t    *expect_link;      /* be in the journal with that link,
                                           so a cut tail shows; 0: none */
    const char       *archive;          /* directory of the volumes; NULL: as
                                           the store knows it */
    int               all;              /* replay from the first entry: needs
                                           every volume that was dropped */
    cxm_progress_pt   progress;         /* NULL: none */
    cxm_note_pt       note;             /* NULL: none */
    void             *ctx;              /* of both */
} cxm_verify_opts_t;

/*
 * CXM_OK: sound.  CXM_CORRUPT: out->finding says the first thing wrong.
 * Other results: verify itself could not go on, err says why.  May run while
 * nginx writes; retention waits for it.  A read transaction is held only for
 * the comparison.
 */
cxm_rc_t cxm_verify(cxm_store_t *store, const cxm_verify_opts_t *opts,
    cxm_verify_t *out, cxm_error_t *err);


#endif /* CXM_VERIFY_H */
