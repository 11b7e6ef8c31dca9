/*
 * Replies.
 */

#include "ngx_http_cxm_reply.h"


#define NGX_HTTP_CXM_UNPROCESSABLE  422


/* Headers that nginx or its filters look at through a field of their own. */

typedef struct {
    const char  *name;
    size_t       offset;        /* of a pointer in ngx_http_headers_out_t */
} ngx_http_cxm_field_t;


static ngx_int_t ngx_http_cxm_reply_header(ngx_http_request_t *r,
    const cxm_header_t *header);
static void ngx_http_cxm_reply_type(ngx_http_request_t *r, cxm_str_t type);


static const ngx_http_cxm_field_t  ngx_http_cxm_fields[] = {
    { "ETag", offsetof(ngx_http_headers_out_t, etag) },
    { "Location", offsetof(ngx_http_headers_out_t, location) },
    { "Content-Encoding", offsetof(ngx_http_headers_out_t, content_encoding) },
    { "Last-Modified", offsetof(ngx_http_headers_out_t, last_modified) },
    { "WWW-Authenticate", offsetof(ngx_http_headers_out_t, www_authenticate) },
    { NULL, 0 }
};


ngx_int_t
ngx_http_cxm_reply_head(ngx_http_request_t *r, const cxm_reply_t *reply)
{
    unsigned             i;
    ngx_http_cxm_ctx_t  *ctx;

    /*
     * Core has judged If-Match and If-None-Match already.  nginx would hold
     * the ETag that a change has just made against them, and say 412.
     */

    r->disable_not_modified = 1;

    r->headers_out.status = reply->status;

    if (reply->status == NGX_HTTP_CXM_UNPROCESSABLE) {

        /* nginx has no line for it, and would send one without a phrase */

        ngx_str_set(&r->headers_out.status_line, "422 Unprocessable Content");
    }

    for (i = 0; i < reply->nheaders; i++) {
        if (ngx_http_cxm_reply_header(r, &reply->headers[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (reply->content_type.data != NULL) {
        ngx_http_cxm_reply_type(r, reply->content_type);
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_cxm_module);
    ctx->replied = 1;

    return NGX_OK;
}


ngx_int_t
ngx_http_cxm_reply(ngx_http_request_t *r, const cxm_reply_t *reply)
{
    ngx_int_t    rc;
    ngx_buf_t   *b;
    ngx_chain_t  out;

    if (ngx_http_cxm_reply_head(r, reply) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->headers_out.content_length_n = reply->content_type.data != NULL
                                      ? (off_t) reply->body.len : 0;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    if (r->headers_out.content_length_n <= 0) {
        return ngx_http_send_special(r, NGX_HTTP_LAST);
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->pos = reply->body.data;
    b->last = reply->body.data + reply->body.len;
    b->memory = 1;
    b->last_buf = 1;
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


static ngx_int_t
ngx_http_cxm_reply_header(ngx_http_request_t *r, const cxm_header_t *header)
{
    size_t                       i;
    ngx_str_t                    value;
    ngx_table_elt_t             *h, **field;
    const ngx_http_cxm_field_t  *f;

    value.len = header->value.len;
    value.data = (u_char *) header->value.data;

    for (i = 0; i < value.len; i++) {

        if (value.data[i] == CR || value.data[i] == LF
            || value.data[i] == '\0')
        {
            ngx_log_error(NGX_LOG_ALERT, r->connection->log, 0,
                          "cxm: a control character in the value of \"%s\"",
                          header->name);
            return NGX_ERROR;
        }
    }

    h = ngx_http_cxm_add_header(r, header->name, &value);
    if (h == NULL) {
        return NGX_ERROR;
    }

    for (f = ngx_http_cxm_fields; f->name != NULL; f++) {

        if (ngx_strcasecmp((u_char *) f->name, (u_char *) header->name) != 0) {
            continue;
        }

        /*
         * nginx would make a relative Location absolute, with a scheme and a
         * port that are wrong behind a proxy.
         */

        if (value.len > 0 && value.data[0] == '/') {
            break;
        }

        field = (ngx_table_elt_t **) ((char *) &r->headers_out + f->offset);
        *field = h;
        break;
    }

    return NGX_OK;
}


static void
ngx_http_cxm_reply_type(ngx_http_request_t *r, cxm_str_t type)
{
    size_t  len;

    /* filters compare the type without its parameters */

    for (len = 0; len < type.len && type.data[len] != ';'; len++) {
        /* void */
    }

    r->headers_out.content_type.len = type.len;
    r->headers_out.content_type.data = (u_char *) type.data;
    r->headers_out.content_type_len = len;
    r->headers_out.content_type_lowcase = NULL;
}
