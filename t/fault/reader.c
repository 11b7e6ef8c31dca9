/*
 * reader DIR N: holds N read transactions of a store until it is killed.
 *
 * Prints "reading" once it has them all.
 */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cxm.h"


int
main(int argc, char **argv)
{
    int                i;
    cxm_txn_t         *txn;
    cxm_error_t        err;
    cxm_store_t       *store;
    cxm_store_opts_t   opts;

    if (argc != 3 || cxm_crypto_init() != CXM_OK) {
        return 2;
    }

    memset(&opts, 0, sizeof(opts));
    opts.dir = argv[1];
    opts.min_free = 0;
    opts.flow = &cxm_flow;

    cxm_error_init(&err);

    if (cxm_store_open(&opts, &store, &err) != CXM_OK) {
        fprintf(stderr, "%s\n", err.detail);
        return 1;
    }

    for (i = 0; i < atoi(argv[2]); i++) {
        if (cxm_txn_read(store, &txn, &err) != CXM_OK) {
            fprintf(stderr, "%s\n", err.detail);
            return 1;
        }
    }

    printf("reading\n");
    (void) fflush(stdout);

    for ( ;; ) {
        (void) pause();
    }
}
