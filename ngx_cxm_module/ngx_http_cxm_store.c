/*
 * Stores in a worker: open, retry, upkeep, close.
 */

#include "ngx_http_cxm_retention.h"
#include "ngx_http_cxm_store.h"
#include "ngx_http_cxm_geoip.h"
#include "ngx_http_cxm_metrics.h"

#include "cxm_visitor_key.h"

#include <malloc.h>


#define NGX_HTTP_CXM_RETRY_MIN   200
#define NGX_HTTP_CXM_RETRY_MAX   2000
#define NGX_HTTP_CXM_REAP_MSEC   5000
#define NGX_HTTP_CXM_UPKEEP_MSEC 60000
#define NGX_HTTP_CXM_DUE_MSEC    100        /* the least between two of them */
#define NGX_HTTP_CXM_HOLD_MSEC   1000
#define NGX_HTTP_CXM_EXIT_MSEC   2000

#define NGX_HTTP_CXM_DUE_ROWS    1000       /* of one upkeep */
#define NGX_HTTP_CXM_HEAPS       2          /* the loop's, the threads' */
#define NGX_HTTP_CXM_HEAP_KEEP   (4 * 1024 * 1024)


static ngx_int_t ngx_http_cxm_store_start(ngx_cycle_t *cycle,
    ngx_http_cxm_main_conf_t *mcf, ngx_http_cxm_store_t *store);
static void ngx_http_cxm_store_timer(ngx_http_cxm_store_t *store,
    ngx_event_t *ev, ngx_event_handler_pt handler);
static void ngx_http_cxm_store_open(ngx_http_cxm_store_t *store);
static void ngx_http_cxm_store_retry(ngx_event_t *ev);
static void ngx_http_cxm_store_reopen(ngx_http_cxm_store_t *store);
static void ngx_http_cxm_store_reap(ngx_event_t *ev);
static void ngx_http_cxm_store_tick(ngx_event_t *ev);
static cxm_rc_t ngx_http_cxm_store_upkeep_run(cxm_txn_t *txn, void *data,
    cxm_error_t *err);
static void ngx_http_cxm_worker_tick(ngx_event_t *ev);
static void ngx_http_cxm_log(cxm_log_level_t level, const char *message);


void
ngx_http_cxm_store_opts(const ngx_http_cxm_store_t *store,
    cxm_store_opts_t *opts)
{
    ngx_memzero(opts, sizeof(cxm_store_opts_t));

    opts->dir = (const char *) store->dir.data;
    opts->key_file = store->key.len ? (const char *) store->key.data : NULL;
    opts->master = store->master;
    opts->map_size = store->map_size;
    opts->min_free = store->min_free;
    opts->flow = &cxm_flow;
}


/*
 * Only a lack of memory is an error: a worker that fails here exits and is
 * never started again, while its port still accepts.
 */

ngx_int_t
ngx_http_cxm_worker_start(ngx_cycle_t *cycle, ngx_http_cxm_main_conf_t *mcf)
{
    ngx_uint_t               i;
    ngx_http_cxm_store_t   **store;
    ngx_http_cxm_worker_t   *worker;

    worker = ngx_pcalloc(cycle->pool, sizeof(ngx_http_cxm_worker_t));
    if (worker == NULL) {
        return NGX_ERROR;
    }

    cxm_log_to(ngx_http_cxm_log);

#if defined(__GLIBC__)

    /*
     * A pool has many threads and few of them work at a time; with a heap
     * each, or one that is given back after every scan, the next would begin
     * on pages that are not there yet.
     */

    (void) mallopt(M_ARENA_MAX, NGX_HTTP_CXM_HEAPS);
    (void) mallopt(M_TRIM_THRESHOLD, NGX_HTTP_CXM_HEAP_KEEP);
    (void) mallopt(M_MMAP_THRESHOLD, NGX_HTTP_CXM_HEAP_KEEP);

#endif

    ngx_http_cxm_turn_init(&worker->turn, cycle->log);
    ngx_http_cxm_scan_init(&worker->scan, mcf->scan_pool, cycle->log);

    if (ngx_http_cxm_hash_init(&worker->hash, mcf, cycle) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_cxm_exports_init(&worker->exports, mcf->scan_pool, cycle->log);
    ngx_http_cxm_geoip_start(mcf, cycle->log);

    worker->stores = &mcf->stores;
    worker->hold.data = worker;
    worker->hold.handler = ngx_http_cxm_worker_tick;
    worker->hold.log = cycle->log;

    mcf->worker = worker;
    store = mcf->stores.elts;

    for (i = 0; i < mcf->stores.nelts; i++) {
        if (ngx_http_cxm_store_start(cycle, mcf, store[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_cxm_store_start(ngx_cycle_t *cycle, ngx_http_cxm_main_conf_t *mcf,
    ngx_http_cxm_store_t *store)
{
    store->worker = mcf->worker;
    store->log = cycle->log;

    store->tries.table = store->throttle->data;
    store->tries.lock = ngx_http_cxm_shm_lock;
    store->tries.unlock = ngx_http_cxm_shm_unlock;
    store->tries.ctx = store->throttle;

    store->batch = ngx_pcalloc(cycle->pool, sizeof(ngx_http_cxm_batch_t));
    if (store->batch == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_cxm_batch_init(store->batch, store, mcf->write_pool,
                                cycle->log)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    store->tail = ngx_pcalloc(cycle->pool, sizeof(ngx_http_cxm_tail_t));
    if (store->tail == NULL) {
        return NGX_ERROR;
    }

    ngx_http_cxm_tail_init(store->tail, store, mcf->scan_pool, cycle->log);

    if (mcf->served != NULL) {
        store->edge = ngx_pcalloc(cycle->pool, sizeof(ngx_http_cxm_edge_t));

        if (store->edge == NULL
            || ngx_http_cxm_edge_init(store->edge, store, cycle->pool,
                                      cycle->log)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    ngx_http_cxm_store_timer(store, &store->retry, ngx_http_cxm_store_retry);
    ngx_http_cxm_store_timer(store, &store->reap, ngx_http_cxm_store_reap);
    ngx_http_cxm_store_timer(store, &store->upkeep, ngx_http_cxm_store_tick);

    ngx_add_timer(&store->reap, NGX_HTTP_CXM_REAP_MSEC);

    /* spread over the minute, so that workers take turns */

    ngx_add_timer(&store->upkeep,
                  1000 + ngx_random() % NGX_HTTP_CXM_UPKEEP_MSEC);

    store->delay = NGX_HTTP_CXM_RETRY_MIN;
    ngx_http_cxm_store_open(store);
    ngx_http_cxm_metrics_start(store, cycle->log);

    if (store->retention != NULL) {
        ngx_http_cxm_retention_start(store->retention, store, mcf->scan_pool,
                                     cycle->log);
    }

    return NGX_OK;
}


static void
ngx_http_cxm_store_timer(ngx_http_cxm_store_t *store, ngx_event_t *ev,
    ngx_event_handler_pt handler)
{
    ev->data = store;
    ev->handler = handler;
    ev->log = store->log;
    ev->cancelable = 1;
}


static void
ngx_http_cxm_store_open(ngx_http_cxm_store_t *store)
{
    cxm_rc_t          rc;
    ngx_uint_t        level;
    cxm_error_t       err;
    cxm_store_opts_t  opts;

    ngx_http_cxm_store_opts(store, &opts);
    cxm_error_init(&err);

    rc = cxm_store_open(&opts, &store->handle, &err);

    if (rc == CXM_OK) {
        store->latched = cxm_store_latched(store->handle) ? 1 : 0;
        store->delay = NGX_HTTP_CXM_RETRY_MIN;
        store->cause[0] = '\0';
        return;
    }

    store->handle = NULL;

    if (strcmp(store->cause, err.detail) != 0) {
        ngx_memcpy(store->cause, err.detail, sizeof(store->cause));

        level = rc == CXM_CORRUPT ? NGX_LOG_ALERT
                : rc == CXM_UNAVAILABLE ? NGX_LOG_WARN : NGX_LOG_ERR;

        ngx_log_error(level, store->log, 0,
                      "cxm: store \"%V\" cannot be opened, its requests get "
                      "503 until it can: %s", &store->dir, err.detail);
    }

    /* workers that failed together must not meet again */

    ngx_add_timer(&store->retry, store->delay / 2
                                 + ngx_random() % store->delay);

    store->delay = ngx_min(store->delay * 2, NGX_HTTP_CXM_RETRY_MAX);
}


static void
ngx_http_cxm_store_retry(ngx_event_t *ev)
{
    ngx_http_cxm_store_t  *store;

    store = ev->data;

    if (ngx_exiting) {
        return;
    }

    if (store->closing) {

        if (store->jobs > 0 || store->batch->busy) {
            ngx_add_timer(&store->retry, NGX_HTTP_CXM_RETRY_MIN);
            return;
        }

        cxm_store_close(store->handle);
        store->handle = NULL;
        store->closing = 0;
    }

    ngx_http_cxm_store_open(store);
}


static void
ngx_http_cxm_store_reopen(ngx_http_cxm_store_t *store)
{
    store->closing = 1;
    ngx_add_timer(&store->retry, 1);
}


void
ngx_http_cxm_store_revive(ngx_http_cxm_store_t *store)
{
    if (store->handle != NULL && !store->closing
        && cxm_store_panicked(store->handle))
    {
        ngx_http_cxm_store_reopen(store);
    }
}


/*
 * Readers of dead processes keep old pages alive.  Once an operator has
 * lifted the latch a handle that has seen failures is replaced by a fresh
 * one.
 */

static void
ngx_http_cxm_store_reap(ngx_event_t *ev)
{
    int                    latched;
    ngx_http_cxm_store_t  *store;

    store = ev->data;

    if (ngx_exiting) {
        return;
    }

    ngx_add_timer(ev, NGX_HTTP_CXM_REAP_MSEC);
    ngx_http_cxm_store_revive(store);

    if (store->handle == NULL || store->closing) {
        return;
    }

    (void) cxm_store_reap(store->handle);

    latched = cxm_store_latched(store->handle);

    if (store->latched && !latched) {
        ngx_http_cxm_store_reopen(store);
    }

    store->latched = latched ? 1 : 0;
}


static void
ngx_http_cxm_store_tick(ngx_event_t *ev)
{
    ngx_http_cxm_store_t  *store;

    store = ev->data;

    if (ngx_exiting) {
        return;
    }

    ngx_add_timer(ev, NGX_HTTP_CXM_UPKEEP_MSEC);

    if (ngx_http_cxm_store_handle(store) != NULL && !store->latched) {
        store->upkeep_due = 1;
        ngx_http_cxm_batch_wake(store->batch);
    }
}


cxm_op_t *
ngx_http_cxm_store_upkeep(ngx_http_cxm_store_t *store)
{
    cxm_op_t  *op;

    if (!store->upkeep_due || store->handle == NULL || ngx_terminate) {
        return NULL;
    }

    store->upkeep_due = 0;
    store->upkeep_more = 0;
    cxm_error_init(&store->upkeep_err);

    op = &store->upkeep_op;
    op->run = ngx_http_cxm_store_upkeep_run;
    op->data = store;
    op->rc = CXM_OK;
    op->err = &store->upkeep_err;

    return op;
}


/* In a pool thread. */

static cxm_rc_t
ngx_http_cxm_store_upkeep_run(cxm_txn_t *txn, void *data, cxm_error_t *err)
{
    ngx_http_cxm_store_t  *store = data;

    cxm_rc_t  rc;
    cxm_ms_t  now;
    int       more;
    unsigned  deleted, ran;

    now = cxm_txn_now(txn);
    deleted = 0;
    ran = 0;
    more = 0;

    rc = cxm_visitor_upkeep(cxm_txn_store(txn), cxm_now(), err);

    if (rc != CXM_OK) {
        cxm_log(CXM_LOG_WARN, "%s", err->detail);
        cxm_error_init(err);
    }

    rc = cxm_once_expire(txn, now, CXM_ONCE_EXPIRE_ROWS, &deleted);

    if (rc != CXM_OK) {
        return cxm_fail(err, rc, cxm_rc_name(rc), "expiry of ids failed");
    }

    if (cxm_due_pending(txn, now)) {
        rc = cxm_due_run(txn, now, NGX_HTTP_CXM_DUE_ROWS, &ran, err);
    }

    if (rc == CXM_OK) {
        rc = cxm_readers_run(txn, &more, err);
    }

    store->upkeep_more = deleted == CXM_ONCE_EXPIRE_ROWS
                         || ran == NGX_HTTP_CXM_DUE_ROWS || more;

    return rc;
}


void
ngx_http_cxm_store_upkeep_done(ngx_http_cxm_store_t *store)
{
    cxm_op_t  *op;

    op = &store->upkeep_op;

    if (op->run == NULL) {
        return;
    }

    op->run = NULL;

    store->upkeep_failed = op->rc != CXM_OK;

    if (op->rc == CXM_OK) {
        store->upkeep_due = store->upkeep_more ? 1 : 0;

    } else if (!cxm_store_latched(store->handle)) {
        ngx_log_error(NGX_LOG_ERR, store->log, 0,
                      "cxm: upkeep of store \"%V\" failed: %s",
                      &store->dir, store->upkeep_err.detail);
    }
}


/*
 * Each worker knows of the work that there was at its own last commit; what
 * another one has put meanwhile is that one's to do, or the next upkeep's.
 * What failed waits for that, too.
 */

void
ngx_http_cxm_store_work(ngx_http_cxm_store_t *store, cxm_ms_t due)
{
    cxm_ms_t        wait;
    ngx_msec_int_t  left;

    if (due == 0 || store->upkeep_failed || ngx_exiting) {
        return;
    }

    wait = due - cxm_now();

    if (wait < NGX_HTTP_CXM_DUE_MSEC) {
        wait = NGX_HTTP_CXM_DUE_MSEC;
    }

    left = (ngx_msec_int_t) (store->upkeep.timer.key - ngx_current_msec);

    if (!store->upkeep.timer_set || left > wait) {
        ngx_add_timer(&store->upkeep, (ngx_msec_t) wait);
    }
}


cxm_store_t *
ngx_http_cxm_store_handle(const ngx_http_cxm_store_t *store)
{
    return store->closing ? NULL : store->handle;
}


cxm_store_t *
ngx_http_cxm_store_running(const ngx_http_cxm_store_t *store)
{
    return store->handle;
}


void
ngx_http_cxm_store_hold(ngx_http_cxm_store_t *store)
{
    ngx_http_cxm_worker_t  *worker;

    worker = store->worker;
    store->jobs++;

    if (worker->jobs++ == 0) {
        ngx_add_timer(&worker->hold, NGX_HTTP_CXM_HOLD_MSEC);
    }
}


void
ngx_http_cxm_store_release(ngx_http_cxm_store_t *store)
{
    ngx_http_cxm_worker_t  *worker;

    worker = store->worker;
    store->jobs--;

    if (--worker->jobs == 0 && worker->hold.timer_set) {
        ngx_del_timer(&worker->hold);
    }
}


static void
ngx_http_cxm_worker_tick(ngx_event_t *ev)
{
    ngx_uint_t               i;
    ngx_http_cxm_store_t   **store;
    ngx_http_cxm_worker_t   *worker;

    worker = ev->data;

    ngx_add_timer(ev, NGX_HTTP_CXM_HOLD_MSEC);

    store = worker->stores->elts;

    for (i = 0; i < worker->stores->nelts; i++) {
        ngx_http_cxm_batch_expire(store[i]->batch);
    }
}


/*
 * Scans and passwords first, since they turn into writes; of the two the
 * passwords, since scans may turn into them.  What a thread may still
 * use is left open; the process ends in any case.
 */

void
ngx_http_cxm_worker_exit(ngx_http_cxm_main_conf_t *mcf)
{
    ngx_uint_t               i;
    ngx_http_cxm_store_t   **store;

    ngx_http_cxm_geoip_exit(mcf);
    ngx_http_cxm_hash_exit(&mcf->worker->hash);
    ngx_http_cxm_scan_exit(&mcf->worker->scan);

    store = mcf->stores.elts;

    for (i = 0; i < mcf->stores.nelts; i++) {

        if (store[i]->batch == NULL) {
            continue;
        }

        store[i]->upkeep_due = 0;
        ngx_http_cxm_batch_exit(store[i]->batch);

        if (store[i]->retention != NULL) {
            ngx_http_cxm_retention_exit(store[i]->retention);
        }

        ngx_http_cxm_tail_exit(store[i]->tail);

        if (store[i]->handle != NULL && store[i]->jobs == 0
            && !store[i]->batch->busy)
        {
            cxm_store_close(store[i]->handle);
            store[i]->handle = NULL;
        }
    }
}


ngx_int_t
ngx_http_cxm_wait(const int *done)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_HTTP_CXM_EXIT_MSEC; i++) {

        if (__atomic_load_n(done, __ATOMIC_ACQUIRE)) {
            return NGX_OK;
        }

        ngx_msleep(1);
    }

    return NGX_ERROR;
}


/*
 * Core's threads may call it.  The cycle's log has no handler and no
 * connection, so a line is formatted on the caller's stack and goes out in
 * one write(); nginx's own pool threads log in the same way.
 */

static void
ngx_http_cxm_log(cxm_log_level_t level, const char *message)
{
    static const ngx_uint_t  levels[] = {
        NGX_LOG_ALERT, NGX_LOG_ERR, NGX_LOG_WARN, NGX_LOG_NOTICE
    };

    ngx_log_error(levels[level], ngx_cycle->log, 0, "cxm: %s", message);
}
