/*
 * A job: one call on its way through its phases, on the heap.
 *
 * The job owns the call until it ends.  The request waits for it and may
 * leave at any time: then nobody is answered, but a write still happens,
 * because the client has sent it.  The event loop alone touches a job, but
 * for the call of a running batch, scan or hash, which is the thread's.
 *
 *   NEW -> QUEUED -> RUNNING -> (again, for the next phase) -> gone
 */

#ifndef NGX_HTTP_CXM_JOB_H
#define NGX_HTTP_CXM_JOB_H

#include "ngx_http_cxm_module.h"


typedef enum {
    NGX_HTTP_CXM_JOB_NEW = 0,
    NGX_HTTP_CXM_JOB_SCAN_QUEUED,
    NGX_HTTP_CXM_JOB_SCAN_RUNNING,
    NGX_HTTP_CXM_JOB_HASH_QUEUED,
    NGX_HTTP_CXM_JOB_HASH_RUNNING,
    NGX_HTTP_CXM_JOB_WRITE
} ngx_http_cxm_job_state_e;


struct ngx_http_cxm_job_s {
    ngx_queue_t                queue;
    ngx_http_cxm_job_state_e   state;
    ngx_http_cxm_store_t      *store;
    cxm_call_t                *call;
    ngx_http_request_t        *request;     /* NULL: it left */
    ngx_http_cxm_export_t     *export;      /* place for one, or NULL */
    int                        left;        /* the same, for other threads */

    size_t                     size;        /* counted in the queue */
    ngx_msec_t                 since;       /* when it was queued */
    unsigned                   async:1;     /* it was queued */
};


/* A job for a request of that store, or NULL without memory. */
ngx_http_cxm_job_t *ngx_http_cxm_job_create(ngx_http_request_t *r,
    ngx_http_cxm_store_t *store);

/*
 * Does the next phase, or ends the job, which is then gone: the request has
 * been finalized with the reply.
 */
void ngx_http_cxm_job_run(ngx_http_cxm_job_t *job, cxm_next_t next);

/* Ends it with 503 because it cannot be queued or run. */
void ngx_http_cxm_job_refuse(ngx_http_cxm_job_t *job);

/*
 * Answers the request that what it asked for may or may not happen; the job
 * goes on without it.
 */
void ngx_http_cxm_job_abandon(ngx_http_cxm_job_t *job);

/* The request goes. */
void ngx_http_cxm_job_leave(ngx_http_cxm_job_t *job);


#endif /* NGX_HTTP_CXM_JOB_H */
