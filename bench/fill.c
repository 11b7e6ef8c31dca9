/*
 * fill DIR ANSWERS KEY: a survey "year" with that many answers, made up from
 * a fixed seed, spread evenly over the 365 days before 2026-11-01, through
 * the same calls that nginx makes.  Each has an NPS score, a comment of 40
 * characters, its own e-mail address and three segment values.
 */

#include "fill_calls.h"


#define FILL_END    ((cxm_ms_t) 1793491200000)      /* 2026-11-01 */
#define FILL_YEAR   (365 * CXM_MS_DAY)


static const char  fill_survey[] =
    "{\"title\": \"A year\", \"status\": \"live\", \"questions\": ["
    "{\"id\": \"nps\", \"type\": \"nps\", \"text\": {\"en\": \"Score\"}},"
    "{\"id\": \"why\", \"type\": \"text\", \"text\": {\"en\": \"Why\"}}],"
    "\"segment_by\": [\"plan\"]}";

static const char *const  fill_channels[] = {
    "web", "email", "app", "sms", "store", "phone", "api", "link"
};

static const char *const  fill_plans[] = { "free", "pro", "team", "big" };


static void
fill_answer(char *body, size_t size, uint64_t n, uint64_t total,
    uint64_t *seed)
{
    char      when[CXM_RFC3339_LEN + 1];
    uint64_t  r;
    cxm_ms_t  at;

    r = fill_random(seed);
    at = FILL_END - FILL_YEAR
         + (cxm_ms_t) ((double) n / (double) total * (double) FILL_YEAR);
    cxm_rfc3339_format(at, when);

    snprintf(body, size,
             "{\"answers\": {\"nps\": %u, \"why\": "
             "\"made up %08x %08x, forty bytes long\"},"
             "\"channel\": \"%s\", \"touchpoint\": \"%s\","
             "\"attributes\": {\"plan\": \"%s\"},"
             "\"respondent\": {\"email\": \"p%llu.%04x@mail.example\"},"
             "\"client_time\": \"%s\"}",
             (unsigned) (r % 11), (unsigned) (r >> 32), (unsigned) r,
             fill_channels[r >> 8 & 7], r >> 12 & 1 ? "purchase" : "support",
             fill_plans[r >> 16 & 3], (unsigned long long) n,
             (unsigned) (r >> 20 & 0xffff), when);
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
        fprintf(stderr, "usage: fill DIR ANSWERS ADMIN_KEY\n");
        return 2;
    }

    total = strtoull(argv[2], NULL, 10);
    snprintf(auth, sizeof(auth), "Bearer %s", argv[3]);

    store = fill_open(argv[1]);

    fill_request(&request, auth, CXM_PUT, CXM_ENDPOINT_ADMIN, "surveys/year",
                 fill_survey);
    calls[0] = fill_call(store, &request);
    fill_commit(store, calls, 1);

    seed = FILL_SEED;

    for (n = 0, k = 0; n < total; n++) {
        fill_answer(body, sizeof(body), n, total, &seed);
        fill_request(&request, auth, CXM_POST, CXM_ENDPOINT_SURVEYS,
                     "year/responses", body);
        calls[k++] = fill_call(store, &request);

        if (k == FILL_BATCH || n + 1 == total) {
            fill_commit(store, calls, k);
            k = 0;
        }
    }

    cxm_store_close(store);

    return 0;
}
