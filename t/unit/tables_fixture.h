/*
 * A store in a directory of its own, for the units of the store's tables.
 * Everything goes when the fixture is closed.
 */

#ifndef TABLES_FIXTURE_H
#define TABLES_FIXTURE_H

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cxm_journal.h"
#include "cxm_row.h"
#include "cxm_store.h"
#include "cxm_verify.h"


/* A Sunday, 2026-11-22T00:00:00Z. */
#define FIXTURE_DAY  ((cxm_ms_t) 20779 * CXM_MS_DAY)

typedef struct {
    char          root[64];
    char          dir[80];
    cxm_store_t  *store;
} fixture_t;


static inline int
fixture_remove_one(const char *path, const struct stat *info, int type,
    struct FTW *place)
{
    (void) info;
    (void) type;
    (void) place;

    return remove(path);
}


static inline void
fixture_open(fixture_t *f, const cxm_flow_t *flow)
{
    cxm_error_t       err;
    cxm_store_opts_t  opts;

    assert_int_equal(cxm_crypto_init(), CXM_OK);

    snprintf(f->root, sizeof(f->root), "/tmp/cxm-unit-XXXXXX");
    assert_non_null(mkdtemp(f->root));
    snprintf(f->dir, sizeof(f->dir), "%s/store", f->root);

    memset(&opts, 0, sizeof(opts));
    opts.dir = f->dir;
    opts.map_size = 1 << 30;
    opts.flow = flow;

    cxm_error_init(&err);

    if (cxm_store_init(&opts, (unsigned) -1, (unsigned) -1, &err) != CXM_OK
        || cxm_store_open(&opts, &f->store, &err) != CXM_OK)
    {
        print_error("%s: %s\n", err.code, err.detail);
        fail();
    }
}


static inline void
fixture_close(fixture_t *f)
{
    cxm_store_close(f->store);
    assert_int_equal(nftw(f->root, fixture_remove_one, 8,
                          FTW_DEPTH | FTW_PHYS), 0);
}


static inline cxm_txn_t *
fixture_write(fixture_t *f)
{
    cxm_txn_t    *txn;
    cxm_error_t   err;

    cxm_error_init(&err);

    if (cxm_txn_write(f->store, FIXTURE_DAY, &txn, &err) != CXM_OK) {
        print_error("%s: %s\n", err.code, err.detail);
        fail();
    }

    return txn;
}


static inline cxm_txn_t *
fixture_read(fixture_t *f)
{
    cxm_txn_t  *txn;

    assert_int_equal(cxm_txn_read(f->store, &txn, NULL), CXM_OK);

    return txn;
}


/* Any entry: one of no events. */
static inline void
fixture_append(cxm_txn_t *txn)
{
    cxm_error_t  err;
    cxm_entry_t  entry = {
        .kind = CXM_KIND_TOUCHPOINT,
        .action = CXM_ACTION_ADD,
        .packed = cxm_str("\x06\x00")
    };

    cxm_error_init(&err);
    assert_int_equal(cxm_journal_append(txn, &entry, &err), CXM_OK);
}


static inline void
fixture_commit(cxm_txn_t *txn)
{
    cxm_error_t  err;

    cxm_error_init(&err);

    if (cxm_txn_commit(txn, &err) != CXM_OK) {
        print_error("%s: %s\n", err.code, err.detail);
        fail();
    }
}


static inline uint64_t
fixture_rows(fixture_t *f, cxm_table_t table)
{
    cxm_store_stat_t  stat;

    assert_int_equal(cxm_store_stat(f->store, &stat, NULL), CXM_OK);

    return stat.rows[table];
}


static inline void
fixture_verify(fixture_t *f)
{
    char               scratch[96];
    cxm_rc_t           rc;
    cxm_error_t        err;
    cxm_verify_t       found;
    cxm_verify_opts_t  opts = { 0 };

    cxm_error_init(&err);
    snprintf(scratch, sizeof(scratch), "%s/scratch", f->root);
    opts.scratch = scratch;
    rc = cxm_verify(f->store, &opts, &found, &err);

    if (rc != CXM_OK) {
        fail_msg("verify: %s %s", found.finding, err.detail);
    }
}


/* Repeatable numbers: a failure must come again. */
static inline uint32_t
fixture_random(uint32_t below)
{
    static uint64_t  state = 0x9e3779b97f4a7c15ULL;

    state = state * 6364136223846793005ULL + 1442695040888963407ULL;

    return (uint32_t) (state >> 33) % below;
}


/* --- one for each test, in *state ---------------------------------------- */

/* *state is the store's flow before. */
static inline int
fixture_setup(void **state)
{
    fixture_t  *f;

    f = calloc(1, sizeof(fixture_t));
    assert_non_null(f);
    fixture_open(f, *state);
    *state = f;

    return 0;
}


static inline int
fixture_teardown(void **state)
{
    fixture_close(*state);
    free(*state);

    return 0;
}


#define FIXTURE_TEST(test)                                                    \
    cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)


#endif /* TABLES_FIXTURE_H */
