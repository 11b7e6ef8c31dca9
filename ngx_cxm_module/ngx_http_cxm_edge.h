/*
 * Touchpoints that the server itself saw, on their way to the store.
 *
 * Nobody waits for them: they gather for a moment, then join their store's
 * next batch as one operation.  The queue is bounded; what does not fit, and
 * what a failed commit took along, is lost and counted.
 */

#ifndef NGX_HTTP_CXM_EDGE_H
#define NGX_HTTP_CXM_EDGE_H

#include "ngx_http_cxm_module.h"


#define NGX_HTTP_CXM_EDGE_QUEUE  8192   /* events of a store in a worker */
#define NGX_HTTP_CXM_EDGE_BATCH  1024   /* of them in one transaction */
#define NGX_HTTP_CXM_EDGE_MSEC   50     /* that the first waits for others */


typedef struct {
    ngx_http_cxm_store_t   *store;
    cxm_buf_t              *queued;     /* a ring of packed events */
    ngx_uint_t              first;
    ngx_uint_t              n;

    /* the thread's while its batch runs */
    cxm_buf_t               running[NGX_HTTP_CXM_EDGE_BATCH];
    ngx_uint_t              nrunning;
    cxm_op_t                op;
    cxm_error_t             err;

    ngx_event_t             timer;
    time_t                  warned;
    ngx_uint_t              unsaid;     /* lost since then */
} ngx_http_cxm_edge_t;


ngx_int_t ngx_http_cxm_edge_init(ngx_http_cxm_edge_t *edge,
    ngx_http_cxm_store_t *store, ngx_pool_t *pool, ngx_log_t *log);

/* Takes the packed event's memory; no bytes: it could not be made. */
void ngx_http_cxm_edge_add(ngx_http_cxm_edge_t *edge, cxm_buf_t *event);

/* The operation of what has gathered, or NULL; and its end. */
cxm_op_t *ngx_http_cxm_edge_op(ngx_http_cxm_edge_t *edge);
void ngx_http_cxm_edge_done(ngx_http_cxm_edge_t *edge);


#endif /* NGX_HTTP_CXM_EDGE_H */
