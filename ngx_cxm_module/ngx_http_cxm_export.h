/*
 * Replies of any length: the pieces of an export, filled in the scan pool and
 * sent in order.
 *
 * Each lane has a piece; while one is being sent the next are filled, so a
 * client that does not read is at most NGX_HTTP_CXM_EXPORT_LANES pieces
 * behind and then costs neither a thread nor a transaction.  While others
 * write, all exports of a worker take one part in CXM_LONG_SHARE of a core.
 *
 * An export goes with the pool of its request: nginx may point into its
 * buffers until then.  A thread may be filling a piece longer than that, so
 * its memory is counted.
 */

#ifndef NGX_HTTP_CXM_EXPORT_H
#define NGX_HTTP_CXM_EXPORT_H

#include "ngx_http_cxm_module.h"


/* Of a worker: exports, more are refused; pieces that are filled at a time. */
#define NGX_HTTP_CXM_EXPORTS       8
#define NGX_HTTP_CXM_EXPORT_TASKS  2

#define NGX_HTTP_CXM_EXPORT_LANES  3


typedef struct {
    ngx_thread_pool_t  *pool;
    ngx_log_t          *log;
    ngx_uint_t          nexports;
    ngx_uint_t          nrunning;   /* pieces in the pool */
    ngx_queue_t         waiting;    /* lanes whose turn comes */
    ngx_event_t         rest;       /* none runs until then */
} ngx_http_cxm_exports_t;


void ngx_http_cxm_exports_init(ngx_http_cxm_exports_t *exports,
    ngx_thread_pool_t *pool, ngx_log_t *log);

/* A place for one, which the store is held for; NULL: there are too many. */
ngx_http_cxm_export_t *ngx_http_cxm_export_create(ngx_http_cxm_store_t *store);

/* One that was not started. */
void ngx_http_cxm_export_drop(ngx_http_cxm_export_t *export);

/*
 * Sends the call's export; the request owns it from now on, and it the call.
 * NGX_DONE: it will finalize the request; else what
 * ngx_http_finalize_request() takes.
 */
ngx_int_t ngx_http_cxm_export_start(ngx_http_cxm_export_t *export,
    ngx_http_request_t *r, cxm_call_t *call);

/* The request goes: nothing more is read.  Then its pool. */
void ngx_http_cxm_export_leave(ngx_http_cxm_export_t *export);
void ngx_http_cxm_export_free(ngx_http_cxm_export_t *export);


#endif /* NGX_HTTP_CXM_EXPORT_H */
