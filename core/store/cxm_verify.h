/*
 * Verify: replays the journal into a scratch store and compares every table
 * with the live one, row by row.  It so recounts counters, indexes and
 * documents, checks every seal, MAC and link, and proves that the tables are
 * the journal's memory and nothing else.
 */

#ifndef CXM_VERIFY_H
#define CXM_VERIFY_H

#include "cxm_store.h"


typedef struct {
    uint64_t  head;                     /* last sequence checked */
    uint8_t   link[CXM_MAC_LEN];
    uint64_t  entries;
    uint64_t  rows;
    uint64_t  bad_seq;                  /* first bad entry; 0: none */
    char      finding[256];             /* what is wrong and where, or "" */
} cxm_verify_t;

/* done of total, for a progress display; called now and then. */
typedef void (*cxm_progress_pt)(void *ctx, uint64_t done, uint64_t total);

/*
 * CXM_OK: sound.  CXM_CORRUPT: out->finding says the first thing wrong.
 * Other results: verify itself could not go on, err says why.
 * scratch_dir: where the copy goes, in a new directory that is removed at
 * the end; made and removed when it is not there.  May run while nginx
 * writes; a read transaction is held only for the comparison.
 * expect_seq/expect_link (seq 0: none): a head seen before must still be in
 * the journal with that link, so a cut tail shows.
 */
cxm_rc_t cxm_verify(cxm_store_t *store, const char *scratch_dir,
    uint64_t expect_seq, const uint8_t *expect_link, cxm_progress_pt progress,
    void *ctx, cxm_verify_t *out, cxm_error_t *err);


#endif /* CXM_VERIFY_H */
