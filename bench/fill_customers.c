/*
 * fill_customers DIR CUSTOMERS KEY: that many customers made up from a fixed
 * seed, through the same calls that nginx makes, 512 to a commit.  Names are
 * of 2,000 given and 20,000 family names, some of them far more often than
 * others; each has an e-mail address, a telephone number and an external id.
 * Prints the CPU time that a customer took.
 */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cxm.h"


#define FILL_BATCH   512
#define FILL_GIVEN   2000
#define FILL_FAMILY  20000

static const char *const  fill_syllables[] = {
    "an", "be", "chri", "do", "el", "fa", "gre", "han", "i", "jo", "ka",
    "lu", "ma", "ni", "o", "pe", "qui", "ro", "sa", "to", "u", "vi", "wal",
    "xa", "yo", "za", "ber", "son", "man", "ra", "li", "dt"
};

static const char *const  fill_countries[] = {
    "DE", "FR", "US", "GB", "AT", "CH", "IT", "ES"
};


static uint64_t
fill_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;

    return *state;
}


/* Below n; low numbers come far more often. */
static unsigned
fill_skewed(uint64_t *seed, unsigned n)
{
    double  u;

    u = (double) (fill_random(seed) >> 11) / 9007199254740992.0;

    return (unsigned) (u * u * u * n);
}


/* The same number always gives the same name. */
static void
fill_name(unsigned no, unsigned salt, char out[32])
{
    size_t    len;
    unsigned  i, n;
    uint64_t  state;

    state = (no + 1) * 0x9e3779b97f4a7c15 + salt;
    n = 2 + (unsigned) (fill_random(&state) >> 20) % 3;
    len = 0;

    for (i = 0; i < n; i++) {
        len += (size_t) snprintf(out + len, 32 - len, "%s",
                     fill_syllables[fill_random(&state) >> 30 & 31]);
    }

    out[0] = (char) (out[0] & ~0x20);
}


static void
fill_customer(char *body, size_t size, uint64_t n, uint64_t *seed)
{
    char      given[32], family[32];
    uint64_t  r;

    fill_name(fill_skewed(seed, FILL_GIVEN), 1, given);
    fill_name(fill_skewed(seed, FILL_FAMILY), 2, family);
    r = fill_random(seed);

    snprintf(body, size,
             "{\"name\": \"%s %s\", \"country\": \"%s\", \"language\": "
             "\"en\", \"tags\": [\"tag%u\"], \"identifiers\": ["
             "{\"type\": \"email\", \"value\": \"%s.%s.%llu@mail.example\"},"
             "{\"type\": \"phone\", \"value\": \"+49%010llu\"},"
             "{\"type\": \"external_id\", \"value\": \"c-%llu\"}]}",
             given, family, fill_countries[r & 7], (unsigned) (r >> 3) % 20,
             given, family, (unsigned long long) n,
             (unsigned long long) n + 1000000000, (unsigned long long) n);
}


static cxm_call_t *
fill_call(cxm_store_t *store, const char *authorization, const char *body)
{
    cxm_call_t     *call;
    cxm_request_t   request;

    memset(&request, 0, sizeof(request));
    request.endpoint = CXM_ENDPOINT_ADMIN;
    request.method = CXM_POST;
    request.path = cxm_str("customers");
    request.prefix = cxm_str("/admin/");
    request.base = cxm_str("http://localhost");
    request.body = cxm_strz(body);
    request.content_type = cxm_str("application/json");
    request.authorization = cxm_strz(authorization);
    request.now = cxm_now();

    call = cxm_call_create(store);

    if (call == NULL || cxm_call_begin(call, &request) != CXM_NEXT_WRITE) {
        fprintf(stderr, "fill_customers: refused: %s\n",
                call != NULL ? call->err.detail : "no memory");
        exit(1);
    }

    return call;
}


static void
fill_commit(cxm_store_t *store, cxm_call_t **calls, size_t n)
{
    size_t     i;
    cxm_op_t  *ops[FILL_BATCH] = { NULL };

    for (i = 0; i < n; i++) {
        ops[i] = cxm_call_op(calls[i]);
    }

    cxm_batch_run(store, ops, n, NULL);

    for (i = 0; i < n; i++) {
        cxm_call_end(calls[i]);

        if (calls[i]->reply.status != 201) {
            fprintf(stderr, "fill_customers: %d: %.*s\n",
                    calls[i]->reply.status, (int) calls[i]->reply.body.len,
                    (const char *) calls[i]->reply.body.data);
            exit(1);
        }

        cxm_call_free(calls[i]);
    }
}


int
main(int argc, char **argv)
{
    char              auth[128], body[1024];
    size_t            k;
    uint64_t          n, total, seed;
    cxm_call_t       *calls[FILL_BATCH];
    cxm_error_t       err;
    cxm_store_t      *store;
    cxm_store_opts_t  opts;

    if (argc != 4) {
        fprintf(stderr, "usage: fill_customers DIR CUSTOMERS ADMIN_KEY\n");
        return 2;
    }

    total = strtoull(argv[2], NULL, 10);
    snprintf(auth, sizeof(auth), "Bearer %s", argv[3]);

    memset(&opts, 0, sizeof(opts));
    opts.dir = argv[1];
    opts.flow = &cxm_flow;
    cxm_error_init(&err);

    if (cxm_crypto_init() != CXM_OK
        || cxm_store_open(&opts, &store, &err) != CXM_OK)
    {
        fprintf(stderr, "fill_customers: %s\n", err.detail);
        return 1;
    }

    seed = 0x9e3779b97f4a7c15;

    for (n = 0, k = 0; n < total; n++) {
        fill_customer(body, sizeof(body), n, &seed);
        calls[k++] = fill_call(store, auth, body);

        if (k == FILL_BATCH || n + 1 == total) {
            fill_commit(store, calls, k);
            k = 0;
        }
    }

    cxm_store_close(store);
    printf("%.1f\n", 1e6 * (double) clock() / CLOCKS_PER_SEC
                     / (double) (total > 0 ? total : 1));

    return 0;
}
