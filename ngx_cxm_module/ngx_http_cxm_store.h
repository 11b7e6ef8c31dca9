/*
 * Stores in a worker.
 *
 * A store is opened after the fork, in each worker by itself.  One that
 * cannot be opened only degrades: its requests get 503 and opening is tried
 * again.  The master and `nginx -t` never open one.
 *
 *   CLOSED -> (open) -> OPEN -> (latch was set and is gone) -> CLOSING
 *   CLOSING: new calls get no handle; when the last job is over -> CLOSED
 */

#ifndef NGX_HTTP_CXM_STORE_H
#define NGX_HTTP_CXM_STORE_H

#include "ngx_http_cxm_batch.h"
#include "ngx_http_cxm_edge.h"
#include "ngx_http_cxm_export.h"
#include "ngx_http_cxm_hash.h"
#include "ngx_http_cxm_scan.h"
#include "ngx_http_cxm_stream.h"
#include "ngx_http_cxm_turn.h"


struct ngx_http_cxm_worker_s {
    ngx_http_cxm_turn_t    turn;
    ngx_http_cxm_scan_t    scan;
    ngx_http_cxm_hash_t    hash;
    ngx_http_cxm_exports_t exports;
    ngx_event_t            hold;        /* not cancelable: armed while there
                                           are jobs, so that a graceful quit
                                           waits for them */
    ngx_uint_t             jobs;
    ngx_array_t           *stores;      /* the main configuration's */
};


struct ngx_http_cxm_store_s {

    /* configuration */

    ngx_str_t              dir;         /* absolute, ends in NUL */
    ngx_str_t              key;         /* the same, or empty */
    uint64_t               map_size;
    uint64_t               min_free;
    ngx_str_t              surveys;     /* path of the first cxm_surveys */
    ngx_http_cxm_retention_t  *retention;   /* NULL: all is kept */
    cxm_master_t          *master;      /* read by the master process, which
                                           may read what workers may not;
                                           goes with the cycle's pool */
    u_char                *file;
    ngx_uint_t             line;
    ngx_http_cxm_shm_t    *metrics;
    ngx_http_cxm_shm_t    *throttle;

    /* a worker's */

    ngx_http_cxm_worker_t *worker;
    ngx_http_cxm_batch_t  *batch;
    ngx_http_cxm_edge_t   *edge;        /* NULL: no cxm_touchpoint */
    ngx_http_cxm_tail_t   *tail;
    cxm_metrics_worker_t  *gauges;      /* NULL: there is no place for us */
    ngx_event_t            tick;        /* cancelable */
    cxm_throttle_host_t    tries;       /* `throttle`, for calls */
    cxm_store_t           *handle;      /* NULL: closed */
    ngx_uint_t             jobs;
    ngx_uint_t             exports;     /* being sent */
    ngx_log_t             *log;

    ngx_event_t            retry;       /* cancelable, as the next two */
    ngx_event_t            reap;
    ngx_event_t            upkeep;
    ngx_msec_t             delay;       /* before the next retry */
    char                   cause[CXM_ERROR_DETAIL_LEN]; /* last one logged */
    unsigned               closing:1;
    unsigned               latched:1;
    unsigned               unread:1;    /* by variables; it was logged */
    unsigned               upkeep_due:1;
    unsigned               upkeep_failed:1;     /* the last one */

    /* of the upkeep operation; the thread's while its batch runs */
    cxm_op_t               upkeep_op;
    cxm_error_t            upkeep_err;
    int                    upkeep_more;
};


void ngx_http_cxm_store_opts(const ngx_http_cxm_store_t *store,
    cxm_store_opts_t *opts);

ngx_int_t ngx_http_cxm_worker_start(ngx_cycle_t *cycle,
    ngx_http_cxm_main_conf_t *mcf);
void ngx_http_cxm_worker_exit(ngx_http_cxm_main_conf_t *mcf);

/* For a new call: NULL while it is not open. */
cxm_store_t *ngx_http_cxm_store_handle(const ngx_http_cxm_store_t *store);

/* For the jobs that have it. */
cxm_store_t *ngx_http_cxm_store_running(const ngx_http_cxm_store_t *store);

/* After a batch: opens anew what LMDB has given up. */
void ngx_http_cxm_store_revive(ngx_http_cxm_store_t *store);

/* One more job, one less. */
void ngx_http_cxm_store_hold(ngx_http_cxm_store_t *store);
void ngx_http_cxm_store_release(ngx_http_cxm_store_t *store);

/* The store's own operation for the next batch, or NULL. */
cxm_op_t *ngx_http_cxm_store_upkeep(ngx_http_cxm_store_t *store);
void ngx_http_cxm_store_upkeep_done(ngx_http_cxm_store_t *store);

/* Work is due at that time (0: none): the upkeep comes by then. */
void ngx_http_cxm_store_work(ngx_http_cxm_store_t *store, cxm_ms_t due);

/* At exit: waits a little until a thread has set *done; or NGX_ERROR. */
ngx_int_t ngx_http_cxm_wait(const int *done);


static ngx_inline ngx_http_cxm_worker_t *
ngx_http_cxm_store_worker(const ngx_http_cxm_store_t *store)
{
    return store->worker;
}


static ngx_inline ngx_http_cxm_batch_t *
ngx_http_cxm_store_batch(const ngx_http_cxm_store_t *store)
{
    return store->batch;
}


#endif /* NGX_HTTP_CXM_STORE_H */
