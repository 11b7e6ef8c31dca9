/*
 * known DIR KEY-FILE ALG TOKEN...: what it costs to know who sends a request.
 * Prints the CPU time of checking the first token, and for each token that of
 * reading what the store has of its customer, medians in us.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cxm.h"
#include "cxm_known.h"


#define KNOWN_ROUNDS  51
#define KNOWN_TIMES   1000              /* in a round */

typedef struct {
    cxm_store_t           *store;
    cxm_customer_rules_t   rules;
    cxm_request_t          request;
    cxm_customer_claims_t  claims;
    cxm_str_t              token;
    cxm_known_t            known;
} known_t;


static void
stop(const char *what, const char *why)
{
    fprintf(stderr, "known: %s: %s\n", what, why == NULL ? "?" : why);
    exit(1);
}


static void
check_token(known_t *k)
{
    const char  *why;

    if (cxm_customer_token(&k->rules, k->token, cxm_str("localhost"),
                           cxm_now(), &k->claims, &why)
        != CXM_TOKEN_GOOD)
    {
        stop("token", why);
    }
}


static void
read_known(known_t *k)
{
    cxm_error_t  err;

    cxm_error_init(&err);

    if (cxm_known_read(k->store, &k->request, &k->known, &err) != CXM_OK) {
        stop("read", err.detail);
    }
}


static int
order(const void *a, const void *b)
{
    const double  *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}


static double
median_us(known_t *k, void (*run)(known_t *k))
{
    int       i, n;
    double    us[KNOWN_ROUNDS];
    uint64_t  start;

    for (n = 0; n < KNOWN_ROUNDS; n++) {
        start = cxm_thread_us();

        for (i = 0; i < KNOWN_TIMES; i++) {
            run(k);
        }

        us[n] = (double) (cxm_thread_us() - start) / KNOWN_TIMES;
    }

    qsort(us, KNOWN_ROUNDS, sizeof(us[0]), order);

    return us[KNOWN_ROUNDS / 2];
}


int
main(int argc, char **argv)
{
    int               i;
    known_t           k;
    cxm_error_t       err;
    cxm_store_opts_t  opts;

    if (argc < 5 || cxm_crypto_init() != CXM_OK) {
        stop("usage", "known DIR KEY-FILE ALG TOKEN...");
    }

    memset(&opts, 0, sizeof(opts));
    memset(&k, 0, sizeof(k));
    cxm_error_init(&err);
    opts.dir = argv[1];
    opts.flow = &cxm_flow;
    k.rules.max_age = CXM_CUSTOMER_AGE;

    if (cxm_customer_keys_read(&k.rules, argv[2],
                               strcmp(argv[3], "HS256") == 0
                               ? CXM_JWS_HS256 : CXM_JWS_ED25519, &err)
        != CXM_OK
        || cxm_store_open(&opts, &k.store, &err) != CXM_OK)
    {
        stop(argv[1], err.detail);
    }

    k.token = cxm_strz(argv[4]);
    printf("%-8s token: %6.1f us\n", argv[3], median_us(&k, check_token));

    for (i = 4; i < argc; i++) {
        k.token = cxm_strz(argv[i]);
        check_token(&k);
        k.request.claims = &k.claims;
        k.request.now = cxm_now();
        printf("%-20s %6.1f us  (%s|%s|%s)\n", k.claims.sub,
               median_us(&k, read_known), k.known.id, k.known.consent,
               k.known.nps);
    }

    cxm_store_close(k.store);

    return 0;
}
