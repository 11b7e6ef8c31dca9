/*
 * Errors that are not ours, made problem documents.
 *
 * Both filters stand between the copy filter and the headers filter: they
 * see a response as its handler made it, and add_header, gzip and chunked
 * coding still act on what comes out here.
 */

#include "ngx_http_cxm_filter.h"
#include "ngx_http_cxm_metrics.h"


/* A problem document of a status alone is far smaller. */
#define NGX_HTTP_CXM_PROBLEM_MAX  4096


static ngx_int_t ngx_http_cxm_header_filter(ngx_http_request_t *r);
static ngx_int_t ngx_http_cxm_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);
static ngx_uint_t ngx_http_cxm_foreign_error(ngx_http_request_t *r);
static ngx_int_t ngx_http_cxm_problem(ngx_http_request_t *r);
static ngx_int_t ngx_http_cxm_problem_headers(ngx_http_request_t *r);


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;
static ngx_http_output_body_filter_pt    ngx_http_next_body_filter;


void
ngx_http_cxm_filter_init(void)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_cxm_header_filter;

    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_http_cxm_body_filter;
}


static ngx_int_t
ngx_http_cxm_header_filter(ngx_http_request_t *r)
{
    if (ngx_http_cxm_foreign_error(r)) {

        if (ngx_http_cxm_problem(r) != NGX_OK
            || ngx_http_cxm_problem_headers(r) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return ngx_http_next_header_filter(r);
}


static ngx_uint_t
ngx_http_cxm_foreign_error(ngx_http_request_t *r)
{
    ngx_http_cxm_ctx_t       *ctx;
    ngx_http_cxm_loc_conf_t  *lcf;

    if (r != r->main || r->headers_out.status < NGX_HTTP_BAD_REQUEST) {
        return 0;
    }

    lcf = ngx_http_get_module_loc_conf(r, ngx_http_cxm_module);

    if (lcf->endpoint == CXM_ENDPOINT_NONE) {
        return 0;
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_cxm_module);

    return ctx == NULL || !ctx->replied;
}


static ngx_int_t
ngx_http_cxm_problem(ngx_http_request_t *r)
{
    ngx_buf_t           *b;
    cxm_buf_t            text;
    ngx_http_cxm_ctx_t  *ctx;

    ctx = ngx_http_cxm_get_ctx(r);
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    ngx_http_cxm_metrics_error(r);

    cxm_buf_init(&text, NGX_HTTP_CXM_PROBLEM_MAX);
    cxm_problem_of_status(&text, r->headers_out.status);

    b = NULL;

    if (!text.failed && text.len > 0) {
        b = ngx_create_temp_buf(r->pool, text.len);
    }

    if (b != NULL) {
        b->last = ngx_cpymem(b->last, text.data, text.len);
        b->last_buf = 1;
        b->last_in_chain = 1;
    }

    cxm_buf_free(&text);
    ctx->problem = b;

    return b != NULL ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_cxm_problem_headers(ngx_http_request_t *r)
{
    ngx_str_t                *origin, value;
    ngx_http_cxm_ctx_t       *ctx;
    ngx_http_cxm_loc_conf_t  *lcf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_cxm_module);
    lcf = ngx_http_get_module_loc_conf(r, ngx_http_cxm_module);

    ngx_http_clear_content_length(r);
    ngx_http_clear_accept_ranges(r);
    ngx_http_clear_last_modified(r);
    ngx_http_clear_etag(r);

    ngx_str_set(&r->headers_out.content_type, "application/problem+json");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;
    r->headers_out.charset.len = 0;
    r->headers_out.content_length_n = ctx->problem->last - ctx->problem->pos;

    ngx_str_set(&value, "no-store");

    if (ngx_http_cxm_add_header(r, "Cache-Control", &value) == NULL) {
        return NGX_ERROR;
    }

    if (r->headers_out.status == NGX_HTTP_TOO_MANY_REQUESTS
        || r->headers_out.status == NGX_HTTP_SERVICE_UNAVAILABLE)
    {
        ngx_str_set(&value, "1");

        if (ngx_http_cxm_add_header(r, "Retry-After", &value) == NULL) {
            return NGX_ERROR;
        }
    }

    origin = ngx_http_cxm_find_header(r, "origin");

    if (origin == NULL || lcf->allow_origin == NULL
        || !cxm_origin_allowed(lcf->allow_origin, ngx_http_cxm_str(origin)))
    {
        return NGX_OK;
    }

    if (ngx_http_cxm_add_header(r, "Access-Control-Allow-Origin", origin)
        == NULL)
    {
        return NGX_ERROR;
    }

    ngx_str_set(&value, "Origin");

    return ngx_http_cxm_add_header(r, "Vary", &value) ? NGX_OK : NGX_ERROR;
}


/* Swallows the page that nginx made and sends ours in its place, once. */

static ngx_int_t
ngx_http_cxm_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_chain_t          out, *cl;
    ngx_http_cxm_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_cxm_module);

    if (in == NULL || r != r->main || ctx == NULL || ctx->problem == NULL) {
        return ngx_http_next_body_filter(r, in);
    }

    for (cl = in; cl != NULL; cl = cl->next) {
        cl->buf->pos = cl->buf->last;
        cl->buf->file_pos = cl->buf->file_last;
    }

    if (ctx->problem_sent) {
        return ngx_http_next_body_filter(r, NULL);
    }

    ctx->problem_sent = 1;

    out.buf = ctx->problem;
    out.next = NULL;

    return ngx_http_next_body_filter(r, &out);
}
