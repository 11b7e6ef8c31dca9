/*
 * Metrics of a store.
 */

#include "ngx_http_cxm_metrics.h"
#include "ngx_http_cxm_shm.h"


static void ngx_http_cxm_metrics_tick(ngx_event_t *ev);
static ngx_uint_t ngx_http_cxm_metrics_queued(ngx_http_cxm_store_t *store,
    ngx_queue_t *jobs);
static uint64_t ngx_http_cxm_metrics_since(ngx_http_request_t *r);


void
ngx_http_cxm_metrics_start(ngx_http_cxm_store_t *store, ngx_log_t *log)
{
    cxm_metrics_t  *metrics;

    metrics = ngx_http_cxm_metrics_of(store);
    metrics->hash_permits = store->worker->hash.nslots;

    store->gauges = cxm_metrics_worker(metrics);

    store->tick.data = store;
    store->tick.handler = ngx_http_cxm_metrics_tick;
    store->tick.log = log;
    store->tick.cancelable = 1;

    ngx_http_cxm_metrics_update(store);
    ngx_add_timer(&store->tick, NGX_HTTP_CXM_METRICS_TICK);
}


static void
ngx_http_cxm_metrics_tick(ngx_event_t *ev)
{
    ngx_http_cxm_store_t  *store = ev->data;

    ngx_http_cxm_metrics_update(store);

    if (!ngx_exiting) {
        ngx_add_timer(ev, NGX_HTTP_CXM_METRICS_TICK);
    }
}


static ngx_uint_t
ngx_http_cxm_metrics_queued(ngx_http_cxm_store_t *store, ngx_queue_t *jobs)
{
    ngx_uint_t           n;
    ngx_queue_t         *q;
    ngx_http_cxm_job_t  *job;

    n = 0;

    for (q = ngx_queue_head(jobs);
         q != ngx_queue_sentinel(jobs);
         q = ngx_queue_next(q))
    {
        job = ngx_queue_data(q, ngx_http_cxm_job_t, queue);
        n += job->store == store;
    }

    return n;
}


void
ngx_http_cxm_metrics_update(ngx_http_cxm_store_t *store)
{
    uint64_t             *gauges;
    ngx_uint_t            i, scans, hashes;
    ngx_http_cxm_job_t   *job;
    ngx_http_cxm_hash_t  *hash;
    ngx_http_cxm_scan_t  *scan;

    if (store->gauges == NULL) {
        return;
    }

    gauges = store->gauges->gauges;
    hash = &store->worker->hash;
    scan = &store->worker->scan;
    hashes = 0;
    scans = 0;

    for (i = 0; i < NGX_HTTP_CXM_SCAN_RUNNING; i++) {
        job = scan->slots[i].job;
        scans += job != NULL && job->store == store;
    }

    for (i = 0; i < hash->nslots; i++) {
        job = hash->slots[i].job;
        hashes += job != NULL && job->store == store;
    }

    gauges[CXM_GAUGE_OPEN] = ngx_http_cxm_store_handle(store) != NULL;
    gauges[CXM_GAUGE_QUEUE_OPS] = store->batch->nqueued;
    gauges[CXM_GAUGE_QUEUE_BYTES] = store->batch->bytes;
    gauges[CXM_GAUGE_SCANS] = scans;
    gauges[CXM_GAUGE_SCANS_QUEUED] = ngx_http_cxm_metrics_queued(store,
                                                          &scan->queued);
    gauges[CXM_GAUGE_EXPORTS] = store->exports;
    gauges[CXM_GAUGE_STREAMS] = store->tail->nstreams;
    gauges[CXM_GAUGE_HASHES] = hashes;
    gauges[CXM_GAUGE_HASHES_QUEUED] = ngx_http_cxm_metrics_queued(store,
                                                           &hash->queued);
}


static uint64_t
ngx_http_cxm_metrics_since(ngx_http_request_t *r)
{
    ngx_time_t      *tp;
    ngx_msec_int_t   ms;

    tp = ngx_timeofday();
    ms = (ngx_msec_int_t) ((tp->sec - r->start_sec) * 1000
                           + (tp->msec - r->start_msec));

    return (uint64_t) ngx_max(ms, 0) * 1000;
}


void
ngx_http_cxm_metrics_reply(ngx_http_request_t *r, ngx_http_cxm_store_t *store,
    const cxm_call_t *call)
{
    cxm_metrics_t  *metrics;

    metrics = ngx_http_cxm_metrics_of(store);

    cxm_metrics_request(metrics, call->endpoint, call->reply.status,
                        ngx_http_cxm_metrics_since(r));

    if (call->rc != CXM_OK) {
        cxm_metrics_reject(metrics, call->err.code[0] ? call->err.code
                                                      : cxm_rc_name(call->rc));
    }
}


void
ngx_http_cxm_metrics_error(ngx_http_request_t *r)
{
    char                      code[16];
    cxm_metrics_t            *metrics;
    ngx_http_cxm_loc_conf_t  *lcf;
    ngx_http_cxm_srv_conf_t  *scf;

    lcf = ngx_http_get_module_loc_conf(r, ngx_http_cxm_module);
    scf = ngx_http_get_module_srv_conf(r, ngx_http_cxm_module);
    metrics = ngx_http_cxm_metrics_of(scf->store);

    (void) snprintf(code, sizeof(code), "http_%d",
                    (int) r->headers_out.status);

    cxm_metrics_request(metrics, lcf->endpoint, (int) r->headers_out.status,
                        ngx_http_cxm_metrics_since(r));
    cxm_metrics_reject(metrics, code);
}


void
ngx_http_cxm_metrics_batch(ngx_http_cxm_store_t *store,
    const ngx_http_cxm_batch_t *batch)
{
    cxm_metrics_t  *metrics;

    metrics = ngx_http_cxm_metrics_of(store);

    cxm_metrics_size(&metrics->batches, batch->growing.n);
    cxm_metrics_add(&metrics->transactions, batch->stat.runs);
    cxm_metrics_add(&metrics->operations, batch->stat.committed);
    cxm_metrics_add(&metrics->operations_failed,
                    batch->growing.n - batch->stat.committed);

    if (batch->stat.committed > 0) {
        cxm_metrics_duration(&metrics->commits, batch->stat.commit_us);
    }
}
