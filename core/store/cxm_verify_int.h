/*
 * What the two halves of verify share: replaying the journal (cxm_verify.c)
 * and comparing the tables (cxm_verify_table.c).
 */

#ifndef CXM_VERIFY_INT_H
#define CXM_VERIFY_INT_H

#include "cxm_store_int.h"
#include "cxm_verify.h"


typedef struct {
    cxm_store_t      *store;
    cxm_store_t      *scratch;
    char             *dir;              /* of the scratch store */

    uint64_t          next;             /* sequence to be replayed next */
    uint64_t          chunk;            /* entries of a transaction */
    uint64_t          expect_seq;
    const uint8_t    *expect_link;

    cxm_progress_pt   progress;
    void             *ctx;
    uint64_t          done;
    uint64_t          total;

    cxm_verify_t     *out;
    cxm_error_t       err;
} cxm_verify_run_t;

/* Keeps the finding; returns CXM_CORRUPT. */
cxm_rc_t cxm_verify_found(cxm_verify_run_t *run, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

void cxm_verify_progress(cxm_verify_run_t *run);

cxm_rc_t cxm_verify_tables(cxm_verify_run_t *run, cxm_txn_t *live,
    cxm_txn_t *copy);


#endif /* CXM_VERIFY_INT_H */
