/*
 * Retention in a worker.
 */

#include "ngx_http_cxm_retention.h"
#include "ngx_http_cxm_store.h"


#define NGX_HTTP_CXM_RETENTION_MSEC      60000
#define NGX_HTTP_CXM_RETENTION_MSEC_MIN  100


static void ngx_http_cxm_retention_tick(ngx_event_t *ev);
static void ngx_http_cxm_retention_task(void *data, ngx_log_t *log);
static void ngx_http_cxm_retention_done(ngx_event_t *ev);
static void ngx_http_cxm_retention_finish(ngx_http_cxm_retention_t *retention);
static int ngx_http_cxm_retention_stopped(void *ctx);


void
ngx_http_cxm_retention_start(ngx_http_cxm_retention_t *retention,
    ngx_http_cxm_store_t *store, ngx_thread_pool_t *pool, ngx_log_t *log)
{
    ngx_event_t  *ev;

    retention->store = store;
    retention->pool = pool;
    retention->log = log;

    /* so often that a checkpoint is not late by much */

    retention->period = cxm_retention_interval(&retention->policy) / 2;
    retention->period = ngx_min(retention->period,
                                NGX_HTTP_CXM_RETENTION_MSEC);
    retention->period = ngx_max(retention->period,
                                NGX_HTTP_CXM_RETENTION_MSEC_MIN);

    ev = &retention->tick;
    ev->data = retention;
    ev->handler = ngx_http_cxm_retention_tick;
    ev->log = log;
    ev->cancelable = 1;

    ngx_add_timer(ev, 1 + ngx_random() % retention->period);
}


static void
ngx_http_cxm_retention_tick(ngx_event_t *ev)
{
    ngx_thread_task_t         *task;
    ngx_http_cxm_retention_t  *retention;

    retention = ev->data;

    if (ngx_exiting) {
        return;
    }

    ngx_add_timer(ev, retention->period);

    retention->handle = ngx_http_cxm_store_handle(retention->store);

    if (retention->busy || retention->handle == NULL
        || retention->store->latched)
    {
        return;
    }

    task = &retention->task;
    ngx_memzero(task, sizeof(ngx_thread_task_t));

    task->ctx = retention;
    task->handler = ngx_http_cxm_retention_task;
    task->event.data = retention;
    task->event.handler = ngx_http_cxm_retention_done;
    task->event.log = retention->log;

    retention->done = 0;

    if (ngx_thread_task_post(retention->pool, task) == NGX_OK) {
        retention->busy = 1;
        ngx_http_cxm_store_hold(retention->store);
    }
}


/* In a pool thread: touches what is its own only. */

static void
ngx_http_cxm_retention_task(void *data, ngx_log_t *log)
{
    ngx_http_cxm_retention_t  *retention = data;

    cxm_error_init(&retention->err);

    retention->rc = cxm_retention_run(retention->handle, &retention->policy,
                                      cxm_now(),
                                      ngx_http_cxm_retention_stopped, NULL,
                                      &retention->err);

    __atomic_store_n(&retention->done, 1, __ATOMIC_RELEASE);
}


static int
ngx_http_cxm_retention_stopped(void *ctx)
{
    return ngx_terminate || ngx_quit || ngx_exiting;
}


static void
ngx_http_cxm_retention_done(ngx_event_t *ev)
{
    ngx_http_cxm_retention_finish(ev->data);
}


static void
ngx_http_cxm_retention_finish(ngx_http_cxm_retention_t *retention)
{
    ngx_uint_t             level;
    ngx_http_cxm_store_t  *store;

    store = retention->store;
    retention->busy = 0;

    if (retention->rc == CXM_OK) {
        retention->cause[0] = '\0';

    } else if (!ngx_http_cxm_retention_stopped(NULL)
               && !cxm_store_latched(retention->handle)
               && strcmp(retention->cause, retention->err.detail) != 0)
    {
        ngx_memcpy(retention->cause, retention->err.detail,
                   sizeof(retention->cause));

        level = retention->rc == CXM_CORRUPT ? NGX_LOG_ALERT : NGX_LOG_ERR;

        ngx_log_error(level, retention->log, 0,
                      "cxm: retention of store \"%V\" cannot go on, nothing "
                      "more is dropped: %s", &store->dir,
                      retention->err.detail);
    }

    ngx_http_cxm_store_release(store);
}


/* Why the pool is gone: see ngx_http_cxm_batch_exit(). */

void
ngx_http_cxm_retention_exit(ngx_http_cxm_retention_t *retention)
{
    if (retention->busy && ngx_http_cxm_wait(&retention->done) == NGX_OK) {
        ngx_http_cxm_retention_finish(retention);
    }
}
