/*
 * Jobs: calls on their way through their phases.
 */

#include "ngx_http_cxm_job.h"
#include "ngx_http_cxm_batch.h"
#include "ngx_http_cxm_export.h"
#include "ngx_http_cxm_hash.h"
#include "ngx_http_cxm_metrics.h"
#include "ngx_http_cxm_reply.h"
#include "ngx_http_cxm_scan.h"
#include "ngx_http_cxm_store.h"
#include "ngx_http_cxm_stream.h"


static ngx_int_t ngx_http_cxm_job_read(ngx_http_cxm_job_t *job);
static void ngx_http_cxm_job_end(ngx_http_cxm_job_t *job);
static void ngx_http_cxm_job_answer(ngx_http_cxm_job_t *job,
    cxm_call_t *call);
static int ngx_http_cxm_job_stopped(void *host);
static void ngx_http_cxm_job_free(ngx_http_cxm_job_t *job);


ngx_http_cxm_job_t *
ngx_http_cxm_job_create(ngx_http_request_t *r, ngx_http_cxm_store_t *store)
{
    ngx_http_cxm_job_t  *job;
    ngx_http_cxm_ctx_t  *ctx;

    job = ngx_calloc(sizeof(ngx_http_cxm_job_t), r->connection->log);
    if (job == NULL) {
        return NULL;
    }

    job->call = cxm_call_create(ngx_http_cxm_store_handle(store));
    if (job->call == NULL) {
        ngx_free(job);
        return NULL;
    }

    job->call->stopped = ngx_http_cxm_job_stopped;
    job->call->host = job;

    ctx = ngx_http_get_module_ctx(r, ngx_http_cxm_module);
    ctx->job = job;

    job->store = store;
    job->request = r;

    ngx_http_cxm_store_hold(store);

    return job;
}


void
ngx_http_cxm_job_run(ngx_http_cxm_job_t *job, cxm_next_t next)
{
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    if (next == CXM_NEXT_READ_LOOP) {

        if ((job->call->route->flags & CXM_ROUTE_STREAM)
            && !ngx_http_cxm_stream_room(job->store->tail))
        {
            ngx_http_cxm_job_refuse(job);
            return;
        }

        next = cxm_call_read(job->call);
    }

    switch (next) {

    case CXM_NEXT_READ_POOL:
        rc = ngx_http_cxm_job_read(job);
        break;

    case CXM_NEXT_HASH:
        rc = ngx_http_cxm_hash_add(job);
        break;

    case CXM_NEXT_WRITE:
        rc = ngx_http_cxm_batch_add(job);
        break;

    default:
        ngx_http_cxm_job_end(job);
        return;
    }

    if (rc != NGX_OK) {
        ngx_http_cxm_job_refuse(job);
        return;
    }

    job->async = 1;
    r = job->request;

    if (r != NULL && !r->discard_body) {

        /* so that a client that goes is seen */

        r->read_event_handler = ngx_http_test_reading;
    }
}


/* An export takes its place before it leaves a record of what it reads. */

static ngx_int_t
ngx_http_cxm_job_read(ngx_http_cxm_job_t *job)
{
    if (job->call->route->export != NULL) {
        job->export = ngx_http_cxm_export_create(job->store);

        if (job->export == NULL) {
            return NGX_DECLINED;
        }
    }

    return ngx_http_cxm_scan_add(job);
}


void
ngx_http_cxm_job_refuse(ngx_http_cxm_job_t *job)
{
    cxm_call_overload(job->call);
    ngx_http_cxm_job_end(job);
}


void
ngx_http_cxm_job_abandon(ngx_http_cxm_job_t *job)
{
    cxm_call_t  *call;

    call = cxm_call_create(NULL);
    if (call == NULL) {
        return;
    }

    /* set when the call began and never changed: no matter who runs it */

    call->endpoint = job->call->endpoint;

    if (job->call->cors_origin.data != NULL) {
        call->cors_origin = cxm_arena_str(&call->arena,
                                          job->call->cors_origin);
    }

    cxm_call_refuse(call, CXM_OUTCOME_UNKNOWN, "outcome_unknown",
                    "The write did not end in time; it may still happen. "
                    "Repeat it with the same id or Idempotency-Key.", 5);

    ngx_http_cxm_job_answer(job, call);
}


void
ngx_http_cxm_job_leave(ngx_http_cxm_job_t *job)
{
    job->request = NULL;
    __atomic_store_n(&job->left, 1, __ATOMIC_RELAXED);

    if (job->state == NGX_HTTP_CXM_JOB_SCAN_QUEUED) {
        ngx_http_cxm_scan_cancel(job);
        ngx_http_cxm_job_free(job);
        return;
    }

    if (job->state == NGX_HTTP_CXM_JOB_HASH_QUEUED) {
        ngx_http_cxm_hash_cancel(job);
        ngx_http_cxm_job_free(job);
        return;
    }

    if (job->state == NGX_HTTP_CXM_JOB_NEW) {

        /* the call never began, or its reply could not be made */

        ngx_http_cxm_job_free(job);
    }
}


/*
 * In a pool thread.  A worker that terminates waits for the threads of its
 * pools before it tells anybody.
 */

static int
ngx_http_cxm_job_stopped(void *host)
{
    ngx_http_cxm_job_t  *job = host;

    return ngx_terminate || __atomic_load_n(&job->left, __ATOMIC_RELAXED);
}


static void
ngx_http_cxm_job_end(ngx_http_cxm_job_t *job)
{
    cxm_call_t  *call;

    if (job->request != NULL) {
        call = job->call;
        job->call = NULL;

        ngx_http_cxm_job_answer(job, call);
    }

    ngx_http_cxm_job_free(job);
}


/* The call becomes the request's: its reply's bytes live as long as that. */

static void
ngx_http_cxm_job_answer(ngx_http_cxm_job_t *job, cxm_call_t *call)
{
    ngx_int_t               rc;
    ngx_connection_t       *c;
    ngx_http_request_t     *r;
    ngx_http_cxm_ctx_t     *ctx;
    ngx_http_cxm_export_t  *export;

    r = job->request;
    c = r->connection;
    ctx = ngx_http_get_module_ctx(r, ngx_http_cxm_module);

    job->request = NULL;
    ctx->job = NULL;

    cxm_call_end(call);
    ngx_http_cxm_metrics_reply(r, job->store, call);

    if (!job->async) {

        /*
         * Inside the content handler or behind a body: nginx itself goes on
         * with the request, which must not be freed here.
         */

        if (call->stream != NULL) {
            rc = ngx_http_cxm_stream_start(r, job->store, call);

        } else {
            ctx->call = cxm_call_shrink(call);
            rc = ngx_http_cxm_reply(r, &ctx->call->reply);
        }

        if (rc != NGX_DONE) {
            ngx_http_finalize_request(r, rc);
        }

        return;
    }

    ngx_http_set_log_request(c->log, r);

    if (call->export != NULL) {
        export = job->export;
        job->export = NULL;
        rc = ngx_http_cxm_export_start(export, r, call);

    } else {
        ctx->call = cxm_call_shrink(call);
        rc = ngx_http_cxm_reply(r, &ctx->call->reply);
    }

    if (rc != NGX_DONE) {
        ngx_http_finalize_request(r, rc);
    }

    ngx_http_run_posted_requests(c);
}


static void
ngx_http_cxm_job_free(ngx_http_cxm_job_t *job)
{
    ngx_http_cxm_store_t  *store;

    store = job->store;

    if (job->call != NULL) {
        cxm_call_free(job->call);
    }

    if (job->export != NULL) {
        ngx_http_cxm_export_drop(job->export);
    }

    ngx_free(job);

    ngx_http_cxm_store_release(store);
}
