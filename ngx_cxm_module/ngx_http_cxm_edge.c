/*
 * Touchpoints that the server itself saw.
 */

#include "ngx_http_cxm_edge.h"
#include "ngx_http_cxm_metrics.h"
#include "ngx_http_cxm_store.h"


static void ngx_http_cxm_edge_wake(ngx_event_t *ev);
static cxm_rc_t ngx_http_cxm_edge_run(cxm_txn_t *txn, void *data,
    cxm_error_t *err);
static void ngx_http_cxm_edge_lost(ngx_http_cxm_edge_t *edge, ngx_uint_t n);


ngx_int_t
ngx_http_cxm_edge_init(ngx_http_cxm_edge_t *edge, ngx_http_cxm_store_t *store,
    ngx_pool_t *pool, ngx_log_t *log)
{
    edge->store = store;

    edge->queued = ngx_pcalloc(pool,
                               NGX_HTTP_CXM_EDGE_QUEUE * sizeof(cxm_buf_t));
    if (edge->queued == NULL) {
        return NGX_ERROR;
    }

    edge->timer.data = edge;
    edge->timer.handler = ngx_http_cxm_edge_wake;
    edge->timer.log = log;
    edge->timer.cancelable = 1;

    return NGX_OK;
}


void
ngx_http_cxm_edge_add(ngx_http_cxm_edge_t *edge, cxm_buf_t *event)
{
    if (event->len == 0 || edge->n == NGX_HTTP_CXM_EDGE_QUEUE) {
        cxm_buf_free(event);
        ngx_http_cxm_edge_lost(edge, 1);
        return;
    }

    if (edge->n + edge->nrunning == 0) {
        ngx_http_cxm_store_hold(edge->store);
    }

    edge->queued[(edge->first + edge->n) % NGX_HTTP_CXM_EDGE_QUEUE] = *event;
    edge->n++;

    if (edge->n >= NGX_HTTP_CXM_EDGE_BATCH) {
        ngx_http_cxm_batch_wake(ngx_http_cxm_store_batch(edge->store));

    } else if (!edge->timer.timer_set) {
        ngx_add_timer(&edge->timer, NGX_HTTP_CXM_EDGE_MSEC);
    }
}


static void
ngx_http_cxm_edge_wake(ngx_event_t *ev)
{
    ngx_http_cxm_edge_t  *edge = ev->data;

    ngx_http_cxm_batch_wake(ngx_http_cxm_store_batch(edge->store));
}


cxm_op_t *
ngx_http_cxm_edge_op(ngx_http_cxm_edge_t *edge)
{
    cxm_op_t  *op;

    if (edge->n == 0 || ngx_http_cxm_store_running(edge->store) == NULL) {
        return NULL;
    }

    while (edge->n > 0 && edge->nrunning < NGX_HTTP_CXM_EDGE_BATCH) {
        edge->running[edge->nrunning++] = edge->queued[edge->first];
        edge->first = (edge->first + 1) % NGX_HTTP_CXM_EDGE_QUEUE;
        edge->n--;
    }

    cxm_error_init(&edge->err);

    op = &edge->op;
    op->run = ngx_http_cxm_edge_run;
    op->data = edge;
    op->rc = CXM_INTERNAL;
    op->err = &edge->err;

    return op;
}


/* In a pool thread. */

static cxm_rc_t
ngx_http_cxm_edge_run(cxm_txn_t *txn, void *data, cxm_error_t *err)
{
    ngx_http_cxm_edge_t  *edge = data;

    int         duplicate;
    cxm_rc_t    rc;
    ngx_uint_t  i;

    for (i = 0; i < edge->nrunning; i++) {
        rc = cxm_touchpoint_add(txn, cxm_buf_str(&edge->running[i]),
                                &duplicate, err);

        if (rc != CXM_OK) {
            return rc;
        }
    }

    return CXM_OK;
}


void
ngx_http_cxm_edge_done(ngx_http_cxm_edge_t *edge)
{
    ngx_uint_t  i, n;

    n = edge->nrunning;

    if (n == 0) {
        return;
    }

    for (i = 0; i < n; i++) {
        cxm_buf_free(&edge->running[i]);
    }

    edge->nrunning = 0;

    if (edge->op.rc == CXM_OK) {
        cxm_metrics_add(&ngx_http_cxm_metrics_of(edge->store)->touchpoints,
                        n);

    } else {
        ngx_http_cxm_edge_lost(edge, n);
    }

    if (edge->n == 0) {
        ngx_http_cxm_store_release(edge->store);

    } else if (!edge->timer.timer_set && !ngx_exiting && !ngx_terminate) {
        ngx_add_timer(&edge->timer, NGX_HTTP_CXM_EDGE_MSEC);
    }
}


/* A line a second says how many. */

static void
ngx_http_cxm_edge_lost(ngx_http_cxm_edge_t *edge, ngx_uint_t n)
{
    cxm_metrics_add(&ngx_http_cxm_metrics_of(edge->store)->touchpoints_lost,
                    n);

    edge->unsaid += n;

    if (edge->warned != ngx_time()) {
        ngx_log_error(NGX_LOG_WARN, edge->timer.log, 0,
                      "cxm: %ui touchpoints lost: the store cannot take them "
                      "or the queue is full", edge->unsaid);

        edge->warned = ngx_time();
        edge->unsaid = 0;
    }
}
