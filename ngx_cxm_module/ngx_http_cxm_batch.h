/*
 * Group commit.
 *
 * Writes gather in their store's queue.  One batch of a store is in flight
 * in a worker: a task of the write pool runs its operations in one
 * transaction and commits; meanwhile the next gathers.  The event loop then
 * answers those who still wait.  It never takes the writer's lock itself,
 * except in a process that is exiting and serves nobody else any more.
 *
 * A batch holds pointers to operations of jobs, which live until it is done
 * whatever becomes of the requests.
 */

#ifndef NGX_HTTP_CXM_BATCH_H
#define NGX_HTTP_CXM_BATCH_H

#include "ngx_http_cxm_job.h"


/* Of one transaction: bounds the time that others wait for the writer. */
#define NGX_HTTP_CXM_BATCH_OPS     1024
#define NGX_HTTP_CXM_BATCH_OWN     2    /* the store's own beside them */

/* Of a store's queue in a worker; more are refused. */
#define NGX_HTTP_CXM_QUEUE_OPS     4096
#define NGX_HTTP_CXM_QUEUE_BYTES   (32 * 1024 * 1024)

/*
 * The writer's lock has no timeout and may be held by another process that
 * is stopped or stuck in the disk; clients get an answer nevertheless: 503,
 * for a queued one because it was not begun, for one in flight because
 * nobody knows.
 */
#define NGX_HTTP_CXM_WAIT_MSEC     30000


typedef struct {
    ngx_http_cxm_store_t  *store;
    ngx_thread_pool_t     *pool;
    ngx_log_t             *log;

    /*
     * Also the thread's, under the lock: what comes while it waits for the
     * writer shares its commit.
     */
    ngx_thread_mutex_t     lock;
    ngx_queue_t            queued;      /* of jobs */
    ngx_uint_t             nqueued;
    size_t                 bytes;
    time_t                 overload;    /* when it was last logged */

    ngx_queue_t            running;     /* of jobs in the batch in flight */

    /* the rest of it is the thread's until `done` */
    ngx_thread_task_t      task;
    cxm_store_t           *handle;
    cxm_op_t              *ops[NGX_HTTP_CXM_BATCH_OPS
                               + NGX_HTTP_CXM_BATCH_OWN];
    cxm_batch_growing_t    growing;
    cxm_batch_stat_t       stat;
    ngx_msec_t             since;
    int                    done;

    ngx_event_t            start;       /* posted: end of this iteration */
    unsigned               busy:1;      /* a batch is in flight */
    unsigned               exiting:1;   /* the pool is gone */
} ngx_http_cxm_batch_t;


ngx_int_t ngx_http_cxm_batch_init(ngx_http_cxm_batch_t *batch,
    ngx_http_cxm_store_t *store, ngx_thread_pool_t *pool, ngx_log_t *log);

/* NGX_DECLINED: the queue is full; the job is as it was. */
ngx_int_t ngx_http_cxm_batch_add(ngx_http_cxm_job_t *job);

/* Starts a batch soon, also with no job, for the store's own upkeep. */
void ngx_http_cxm_batch_wake(ngx_http_cxm_batch_t *batch);

/* Answers those who have waited too long; called now and then. */
void ngx_http_cxm_batch_expire(ngx_http_cxm_batch_t *batch);

/*
 * At exit, after nginx has ended its pools: delivers what is finished and
 * runs what is queued here and now.
 */
void ngx_http_cxm_batch_exit(ngx_http_cxm_batch_t *batch);


#endif /* NGX_HTTP_CXM_BATCH_H */
