/*
 * fill_customers DIR CUSTOMERS KEY: that many customers made up from a fixed
 * seed, through the same calls that nginx makes, 512 to a commit.  Names are
 * of 2,000 given and 20,000 family names, some of them far more often than
 * others; each has an e-mail address, a telephone number and an external id.
 * Prints the CPU time that a customer took.
 */

#include <time.h>

#include "fill_calls.h"


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


int
main(int argc, char **argv)
{
    char            auth[128], body[1024];
    size_t          k;
    uint64_t        n, total, seed;
    cxm_call_t     *calls[FILL_BATCH];
    cxm_store_t    *store;
    cxm_request_t   request;

    if (argc != 4) {
        fprintf(stderr, "usage: fill_customers DIR CUSTOMERS ADMIN_KEY\n");
        return 2;
    }

    total = strtoull(argv[2], NULL, 10);
    snprintf(auth, sizeof(auth), "Bearer %s", argv[3]);

    store = fill_open(argv[1]);
    seed = FILL_SEED;

    for (n = 0, k = 0; n < total; n++) {
        fill_customer(body, sizeof(body), n, &seed);
        fill_request(&request, auth, CXM_POST, CXM_ENDPOINT_ADMIN, "customers",
                     body);
        calls[k++] = fill_call(store, &request);

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
