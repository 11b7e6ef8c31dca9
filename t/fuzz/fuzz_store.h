/*
 * A store in a directory of its own, for fuzzers; it goes at the end.
 */

#ifndef FUZZ_STORE_H
#define FUZZ_STORE_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cxm_flow.h"
#include "cxm_store.h"


#define NOW  ((cxm_ms_t) 1795000000000)

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char          root[] = "/tmp/cxm-fuzz-XXXXXX";
static cxm_store_t  *store;


/* Not assert(): this must work in every build. */
static inline void
must(int condition)
{
    if (!condition) {
        abort();
    }
}


static inline int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void) st;
    (void) type;
    (void) ftw;

    return remove(path);
}


static inline void
clean_up(void)
{
    cxm_store_close(store);
    (void) nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}


int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    char              dir[64];
    cxm_error_t       err;
    cxm_store_opts_t  opts;

    (void) argc;
    (void) argv;

    must(cxm_crypto_init() == CXM_OK);
    must(mkdtemp(root) != NULL);
    snprintf(dir, sizeof(dir), "%s/store", root);

    memset(&opts, 0, sizeof(opts));
    opts.dir = dir;
    opts.map_size = 1 << 30;
    opts.flow = &cxm_flow;
    cxm_error_init(&err);

    must(cxm_store_init(&opts, (unsigned) -1, (unsigned) -1, &err)
         == CXM_OK);
    must(cxm_store_open(&opts, &store, &err) == CXM_OK);
    atexit(clean_up);

    return 0;
}


#endif /* FUZZ_STORE_H */
