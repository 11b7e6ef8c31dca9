/*
 * Metrics of a store, in shared memory: what this worker adds to them.
 *
 * A zone for each store keeps its counts over reloads and workers' deaths.
 */

#ifndef NGX_HTTP_CXM_METRICS_H
#define NGX_HTTP_CXM_METRICS_H

#include "ngx_http_cxm_store.h"


#define NGX_HTTP_CXM_METRICS_TICK  1000     /* ms between looks at gauges */


/* In a worker: its gauges are kept from now on. */
void ngx_http_cxm_metrics_start(ngx_http_cxm_store_t *store, ngx_log_t *log);
void ngx_http_cxm_metrics_update(ngx_http_cxm_store_t *store);

/* A call was answered; an error that nginx itself made. */
void ngx_http_cxm_metrics_reply(ngx_http_request_t *r,
    ngx_http_cxm_store_t *store, const cxm_call_t *call);
void ngx_http_cxm_metrics_error(ngx_http_request_t *r);

/* A batch has ended. */
void ngx_http_cxm_metrics_batch(ngx_http_cxm_store_t *store,
    const ngx_http_cxm_batch_t *batch);


static ngx_inline cxm_metrics_t *
ngx_http_cxm_metrics_of(const ngx_http_cxm_store_t *store)
{
    return store->metrics->data;
}


#endif /* NGX_HTTP_CXM_METRICS_H */
