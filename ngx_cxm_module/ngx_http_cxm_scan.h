/*
 * Reads that are too long for the event loop, each a task of its own in the
 * scan pool.
 */

#ifndef NGX_HTTP_CXM_SCAN_H
#define NGX_HTTP_CXM_SCAN_H

#include "ngx_http_cxm_job.h"


/* Of a worker; more are refused. */
#define NGX_HTTP_CXM_SCAN_RUNNING  4
#define NGX_HTTP_CXM_SCAN_QUEUED   256


/*
 * A running scan.  Not a part of its job: nginx's thread touches the task
 * once more after `done` is set.
 */

typedef struct {
    ngx_thread_task_t        task;
    ngx_http_cxm_job_t      *job;       /* NULL: free */
    cxm_next_t               next;      /* result */
    int                      done;      /* the last thing our task sets */
} ngx_http_cxm_scan_slot_t;


typedef struct {
    ngx_thread_pool_t        *pool;
    ngx_log_t                *log;
    ngx_queue_t               queued;   /* of jobs */
    ngx_uint_t                nqueued;
    ngx_http_cxm_scan_slot_t  slots[NGX_HTTP_CXM_SCAN_RUNNING];
    unsigned                  exiting:1;    /* the pool is gone */
} ngx_http_cxm_scan_t;


void ngx_http_cxm_scan_init(ngx_http_cxm_scan_t *scan, ngx_thread_pool_t *pool,
    ngx_log_t *log);

/* NGX_DECLINED: too many, or the pool did not take it; the job is as it was. */
ngx_int_t ngx_http_cxm_scan_add(ngx_http_cxm_job_t *job);

/* Takes a queued job out. */
void ngx_http_cxm_scan_cancel(ngx_http_cxm_job_t *job);

/*
 * At exit, after nginx has ended its pools: goes on with what is finished,
 * refuses what has not started.
 */
void ngx_http_cxm_scan_exit(ngx_http_cxm_scan_t *scan);


#endif /* NGX_HTTP_CXM_SCAN_H */
