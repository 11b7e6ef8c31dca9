/*
 * Request bodies.
 */

#include "ngx_http_cxm_body.h"


static ngx_int_t ngx_http_cxm_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);
static ngx_int_t ngx_http_cxm_body_take(ngx_http_cxm_ctx_t *ctx,
    ngx_chain_t *in);


static ngx_http_request_body_filter_pt  ngx_http_next_request_body_filter;


void
ngx_http_cxm_body_init(void)
{
    ngx_http_next_request_body_filter = ngx_http_top_request_body_filter;
    ngx_http_top_request_body_filter = ngx_http_cxm_body_filter;
}


ngx_int_t
ngx_http_cxm_body_read(ngx_http_request_t *r,
    ngx_http_client_body_handler_pt handler)
{
    size_t                    limit;
    ngx_int_t                 rc;
    ngx_http_cxm_ctx_t       *ctx;
    ngx_http_cxm_loc_conf_t  *lcf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_cxm_module);
    lcf = ngx_http_get_module_loc_conf(r, ngx_http_cxm_module);

    limit = cxm_body_limit(lcf->endpoint, r->headers_in.authorization != NULL);

    if (r->headers_in.content_length_n > (off_t) limit) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "client intended to send too large body: %O bytes",
                      r->headers_in.content_length_n);

        return NGX_HTTP_REQUEST_ENTITY_TOO_LARGE;
    }

    cxm_buf_init(&ctx->body, limit);
    ctx->reading = 1;

    /* "client_body_in_file_only" of an outer block */

    r->request_body_in_file_only = 0;

    rc = ngx_http_read_client_request_body(r, handler);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    return NGX_DONE;
}


ngx_int_t
ngx_http_cxm_body_ready(ngx_http_request_t *r)
{
    ngx_http_cxm_ctx_t       *ctx;
    ngx_http_request_body_t  *rb;

    ctx = ngx_http_get_module_ctx(r, ngx_http_cxm_module);
    ctx->reading = 0;

    rb = r->request_body;

    if (rb == NULL) {
        return NGX_OK;
    }

    if (rb->temp_file != NULL) {

        /* reading it would block the event loop */

        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "another module has put the request body into a file");

        return NGX_HTTP_REQUEST_ENTITY_TOO_LARGE;
    }

    /* empty buffers, unless another module read the body before us */

    return ngx_http_cxm_body_take(ctx, rb->bufs);
}


static ngx_int_t
ngx_http_cxm_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_int_t            rc;
    ngx_buf_t           *b;
    ngx_chain_t         *cl, *last;
    ngx_http_cxm_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_cxm_module);

    if (ctx == NULL || !ctx->reading) {
        return ngx_http_next_request_body_filter(r, in);
    }

    rc = ngx_http_cxm_body_take(ctx, in);

    if (rc != NGX_OK) {

        /* or the client might be reset before it reads the reply */

        r->lingering_close = 1;
        return rc;
    }

    /*
     * The emptied buffers go back to nginx's free list, so they must not be
     * saved; only the mark of the end goes on.
     */

    last = NULL;

    for (cl = in; cl != NULL; cl = cl->next) {

        if (!cl->buf->last_buf) {
            continue;
        }

        b = ngx_calloc_buf(r->pool);
        last = ngx_alloc_chain_link(r->pool);

        if (b == NULL || last == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        b->last_buf = 1;
        last->buf = b;
        last->next = NULL;
        break;
    }

    return ngx_http_next_request_body_filter(r, last);
}


static ngx_int_t
ngx_http_cxm_body_take(ngx_http_cxm_ctx_t *ctx, ngx_chain_t *in)
{
    size_t        len;
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    for (cl = in; cl != NULL; cl = cl->next) {
        b = cl->buf;
        len = b->last - b->pos;

        if (len > ctx->body.max - ctx->body.len) {
            return NGX_HTTP_REQUEST_ENTITY_TOO_LARGE;
        }

        if (len > 0) {
            cxm_buf_put(&ctx->body, b->pos, len);
            b->pos = b->last;
        }
    }

    return ctx->body.failed ? NGX_HTTP_INTERNAL_SERVER_ERROR : NGX_OK;
}
