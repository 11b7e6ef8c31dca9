/*
 * What programs that fill a store have in common: its calls are those that
 * nginx makes, as many to a commit as there are in FILL_BATCH.
 */

#ifndef FILL_CALLS_H
#define FILL_CALLS_H

#include <stdio.h>
#include <stdlib.h>

#include "cxm.h"


#define FILL_BATCH  512
#define FILL_SEED   0x9e3779b97f4a7c15


static inline uint64_t
fill_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;

    return *state;
}


/* Exits when it cannot be opened. */
static inline cxm_store_t *
fill_open(const char *dir)
{
    cxm_error_t       err;
    cxm_store_t      *store;
    cxm_store_opts_t  opts;

    memset(&opts, 0, sizeof(cxm_store_opts_t));
    opts.dir = dir;
    opts.flow = &cxm_flow;
    cxm_error_init(&err);

    if (cxm_crypto_init() != CXM_OK
        || cxm_store_open(&opts, &store, &err) != CXM_OK)
    {
        fprintf(stderr, "fill: %s\n", err.detail);
        exit(1);
    }

    return store;
}


static inline void
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


/* Exits when it does not lead to a write. */
static inline cxm_call_t *
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


static inline void
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


#endif /* FILL_CALLS_H */
