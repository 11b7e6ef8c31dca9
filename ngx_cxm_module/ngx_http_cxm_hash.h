/*
 * Passwords: the hash phase of calls, each a task of its own in the hash
 * pool, as many at a time as all workers together have permits.
 *
 * A permit is a word of shared memory that holds the pid of the worker that
 * has it; there are as many as `cxm_hash_memory` has room for, and no more
 * than processors.  The task owns the permit: it is given back where the
 * memory is, in the thread, whether or not the client is still there.  What a
 * worker had that was killed is taken by the next who finds none free.
 *
 * A call waits in its worker's queue, NGX_HTTP_CXM_HASH_WAIT at most; one that
 * would wait longer behind those of all workers is refused at once, before its
 * body is looked at, since this is what thousands at a time cost most by.
 * Workers cannot wake each other, so one that waits looks again after a few
 * milliseconds; each tells since when its first call waits, and a free
 * permit is left to the worker whose call waits longest.
 */

#ifndef NGX_HTTP_CXM_HASH_H
#define NGX_HTTP_CXM_HASH_H

#include "ngx_http_cxm_job.h"


#define NGX_HTTP_CXM_HASH_PERMITS  1024     /* the most there can be */
#define NGX_HTTP_CXM_HASH_MEMORY   (256 * 1024 * 1024)
#define NGX_HTTP_CXM_HASH_WAIT     2000     /* ms */


/* Not a part of its job: see ngx_http_cxm_scan_slot_t. */
typedef struct {
    ngx_thread_task_t         task;
    ngx_http_cxm_job_t       *job;      /* NULL: free */
    uint64_t                 *permit;
    uint64_t                  us;       /* it took */
    cxm_next_t                next;     /* result */
    int                       done;     /* the last thing our task sets */
} ngx_http_cxm_hash_slot_t;

typedef struct {
    uint64_t                  pid;      /* 0: free */
    uint64_t                  since;    /* its first call waits since then,
                                           ms; 0: none does */
    uint64_t                  queued;   /* so many wait */
} ngx_http_cxm_hash_waiter_t;


typedef struct ngx_http_cxm_hash_shared_s  ngx_http_cxm_hash_shared_t;

/* A worker's. */
typedef struct {
    ngx_thread_pool_t          *pool;
    ngx_log_t                  *log;
    ngx_http_cxm_hash_waiter_t *own;    /* NULL: there was no place */
    ngx_queue_t                 queued; /* of jobs */
    ngx_uint_t                  nqueued;
    ngx_event_t                 look;   /* while jobs are queued */
    ngx_uint_t                  nslots; /* and as many permits */
    ngx_http_cxm_hash_slot_t   *slots;
    ngx_http_cxm_hash_shared_t *shared;
    unsigned                    exiting:1;  /* the pool is gone */
} ngx_http_cxm_hash_t;


/*
 * While the configuration is read, once: how many permits there are, and the
 * memory for them.
 */
char *ngx_http_cxm_hash_conf(ngx_conf_t *cf, ngx_http_cxm_main_conf_t *mcf);

/* NGX_ERROR without memory. */
ngx_int_t ngx_http_cxm_hash_init(ngx_http_cxm_hash_t *hash,
    ngx_http_cxm_main_conf_t *mcf, ngx_cycle_t *cycle);

/* Whether another call of a store (ctx) may wait: cxm_request_t's. */
int ngx_http_cxm_hash_room(void *ctx);

/* NGX_DECLINED: too many wait; the job is as it was. */
ngx_int_t ngx_http_cxm_hash_add(ngx_http_cxm_job_t *job);

/* Takes a queued job out. */
void ngx_http_cxm_hash_cancel(ngx_http_cxm_job_t *job);

/*
 * At exit, after nginx has ended its pools: goes on with what is finished,
 * refuses what has not started.
 */
void ngx_http_cxm_hash_exit(ngx_http_cxm_hash_t *hash);


#endif /* NGX_HTTP_CXM_HASH_H */
