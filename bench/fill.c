/*
 * fill DIR ANSWERS KEY: a survey "year" with that many answers, made up from
 * a fixed seed, spread evenly over the 365 days before 2026-11-01, through
 * the same calls that nginx makes.  Each has an NPS score, a comment of 40
 * characters, its own e-mail address and three segment values.
 */

#include <stdio.h>
#include <stdlib.h>

#include "cxm.h"


#define FILL_BATCH  512
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


static uint64_t
fill_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;

    return *state;
}


static void
fill_request(cxm_request_t *request, const char *authorization,
    cxm_method_t method, cxm_endpoint_t endpoint, const char *path,
    const char *body)
{
    memset(request, 0, sizeof(cxm_request_t));
    request->endpoint = endpoint;
    request->method = method;
    request->path = cxm_strz(path);
    request->prefix = cxm_str("/");
    request->base = cxm_str("http://localhost");
    request->body = cxm_strz(body);
    request->content_type = cxm_str("application/json");
    request->authorization = cxm_strz(authorization);
    request->now = cxm_now();
}


/* Prepares one call; exits when it does not lead to a write. */

static cxm_call_t *
fill_call(cxm_store_t *store, const cxm_request_t *request)
{
    cxm_call_t  *call;

    call = cxm_call_create(store);

    if (call == NULL || cxm_call_begin(call, request) != CXM_NEXT_WRITE) {
        fprintf(stderr, "fill: refused: %s\n",
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

        if (calls[i]->reply.status >= 300) {
            fprintf(stderr, "fill: %d: %.*s\n", calls[i]->reply.status,
                    (int) calls[i]->reply.body.len,
                    (const char *) calls[i]->reply.body.data);
            exit(1);
        }

        cxm_call_free(calls[i]);
    }
}


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
    char              auth[128], body[1024];
    size_t            k;
    uint64_t          n, total, seed;
    cxm_call_t       *calls[FILL_BATCH];
    cxm_error_t       err;
    cxm_store_t      *store;
    cxm_request_t     request;
    cxm_store_opts_t  opts;

    if (argc != 4) {
        fprintf(stderr, "usage: fill DIR ANSWERS ADMIN_KEY\n");
        return 2;
    }

    total = strtoull(argv[2], NULL, 10);
    snprintf(auth, sizeof(auth), "Bearer %s", argv[3]);

    memset(&opts, 0, sizeof(cxm_store_opts_t));
    opts.dir = argv[1];
    opts.flow = &cxm_flow;
    cxm_error_init(&err);

    if (cxm_crypto_init() != CXM_OK
        || cxm_store_open(&opts, &store, &err) != CXM_OK)
    {
        fprintf(stderr, "fill: %s\n", err.detail);
        return 1;
    }

    fill_request(&request, auth, CXM_PUT, CXM_ENDPOINT_ADMIN, "surveys/year",
                 fill_survey);
    calls[0] = fill_call(store, &request);
    fill_commit(store, calls, 1);

    seed = 0x9e3779b97f4a7c15;

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
