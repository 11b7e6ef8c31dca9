/*
 * Reads in the scan pool.
 */

#include "ngx_http_cxm_scan.h"
#include "ngx_http_cxm_store.h"


static ngx_http_cxm_scan_slot_t *ngx_http_cxm_scan_free_slot(
    ngx_http_cxm_scan_t *scan);
static ngx_int_t ngx_http_cxm_scan_start(ngx_http_cxm_scan_t *scan,
    ngx_http_cxm_scan_slot_t *slot, ngx_http_cxm_job_t *job);
static void ngx_http_cxm_scan_task(void *data, ngx_log_t *log);
static void ngx_http_cxm_scan_done(ngx_event_t *ev);
static void ngx_http_cxm_scan_finish(ngx_http_cxm_scan_slot_t *slot);
static ngx_http_cxm_job_t *ngx_http_cxm_scan_pop(ngx_http_cxm_scan_t *scan);


void
ngx_http_cxm_scan_init(ngx_http_cxm_scan_t *scan, ngx_thread_pool_t *pool,
    ngx_log_t *log)
{
    scan->pool = pool;
    scan->log = log;

    ngx_queue_init(&scan->queued);
}


ngx_int_t
ngx_http_cxm_scan_add(ngx_http_cxm_job_t *job)
{
    ngx_http_cxm_scan_t       *scan;
    ngx_http_cxm_scan_slot_t  *slot;

    scan = &ngx_http_cxm_store_worker(job->store)->scan;

    if (scan->exiting) {
        return NGX_DECLINED;
    }

    slot = ngx_http_cxm_scan_free_slot(scan);

    if (slot != NULL) {
        return ngx_http_cxm_scan_start(scan, slot, job);
    }

    if (scan->nqueued == NGX_HTTP_CXM_SCAN_QUEUED) {
        return NGX_DECLINED;
    }

    job->state = NGX_HTTP_CXM_JOB_SCAN_QUEUED;
    ngx_queue_insert_tail(&scan->queued, &job->queue);
    scan->nqueued++;

    return NGX_OK;
}


void
ngx_http_cxm_scan_cancel(ngx_http_cxm_job_t *job)
{
    ngx_queue_remove(&job->queue);
    job->state = NGX_HTTP_CXM_JOB_NEW;
    ngx_http_cxm_store_worker(job->store)->scan.nqueued--;
}


static ngx_http_cxm_scan_slot_t *
ngx_http_cxm_scan_free_slot(ngx_http_cxm_scan_t *scan)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_HTTP_CXM_SCAN_RUNNING; i++) {
        if (scan->slots[i].job == NULL) {
            return &scan->slots[i];
        }
    }

    return NULL;
}


static ngx_int_t
ngx_http_cxm_scan_start(ngx_http_cxm_scan_t *scan,
    ngx_http_cxm_scan_slot_t *slot, ngx_http_cxm_job_t *job)
{
    ngx_memzero(slot, sizeof(ngx_http_cxm_scan_slot_t));

    slot->task.ctx = slot;
    slot->task.handler = ngx_http_cxm_scan_task;
    slot->task.event.data = slot;
    slot->task.event.handler = ngx_http_cxm_scan_done;
    slot->task.event.log = scan->log;
    slot->job = job;

    if (ngx_thread_task_post(scan->pool, &slot->task) != NGX_OK) {
        slot->job = NULL;
        return NGX_DECLINED;
    }

    job->state = NGX_HTTP_CXM_JOB_SCAN_RUNNING;

    return NGX_OK;
}


/* In a pool thread: touches the slot and the call only. */

static void
ngx_http_cxm_scan_task(void *data, ngx_log_t *log)
{
    ngx_http_cxm_scan_slot_t  *slot = data;

    slot->next = cxm_call_read(slot->job->call);

    __atomic_store_n(&slot->done, 1, __ATOMIC_RELEASE);
}


static void
ngx_http_cxm_scan_done(ngx_event_t *ev)
{
    ngx_http_cxm_job_t        *job;
    ngx_http_cxm_scan_t       *scan;
    ngx_http_cxm_scan_slot_t  *slot;

    slot = ev->data;
    scan = &ngx_http_cxm_store_worker(slot->job->store)->scan;

    ngx_http_cxm_scan_finish(slot);

    while (scan->nqueued > 0) {
        slot = ngx_http_cxm_scan_free_slot(scan);

        if (slot == NULL) {
            break;
        }

        job = ngx_http_cxm_scan_pop(scan);

        if (ngx_http_cxm_scan_start(scan, slot, job) != NGX_OK) {
            ngx_http_cxm_job_refuse(job);
        }
    }
}


static void
ngx_http_cxm_scan_finish(ngx_http_cxm_scan_slot_t *slot)
{
    ngx_http_cxm_job_t  *job;

    job = slot->job;
    slot->job = NULL;

    job->state = NGX_HTTP_CXM_JOB_NEW;

    if (cxm_call_stopped(job->call)) {
        ngx_log_error(NGX_LOG_INFO, ngx_cycle->log, 0,
                      "cxm: a long read was stopped, its client has left");
    }

    ngx_http_cxm_job_run(job, slot->next);
}


static ngx_http_cxm_job_t *
ngx_http_cxm_scan_pop(ngx_http_cxm_scan_t *scan)
{
    ngx_queue_t         *q;
    ngx_http_cxm_job_t  *job;

    q = ngx_queue_head(&scan->queued);
    job = ngx_queue_data(q, ngx_http_cxm_job_t, queue);

    ngx_http_cxm_scan_cancel(job);

    return job;
}


/* Why the pool is gone: see ngx_http_cxm_batch_exit(). */

void
ngx_http_cxm_scan_exit(ngx_http_cxm_scan_t *scan)
{
    ngx_uint_t                 i;
    ngx_http_cxm_scan_slot_t  *slot;

    scan->exiting = 1;

    for (i = 0; i < NGX_HTTP_CXM_SCAN_RUNNING; i++) {
        slot = &scan->slots[i];

        /* a call that is still a thread's is left alone: the process ends */

        if (slot->job != NULL && ngx_http_cxm_wait(&slot->done) == NGX_OK) {
            ngx_http_cxm_scan_finish(slot);
        }
    }

    while (scan->nqueued > 0) {
        ngx_http_cxm_job_refuse(ngx_http_cxm_scan_pop(scan));
    }
}
