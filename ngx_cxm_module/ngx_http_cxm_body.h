/*
 * Request bodies: into memory of our own, up to the location's limit.
 *
 * nginx alone would write a body to a temporary file as soon as its buffer
 * is full, and chunked coding fills a buffer with less than its size.  A
 * request body filter takes the bytes out of nginx's buffer as they come, so
 * that nothing is ever written and memory is what has really arrived.
 */

#ifndef NGX_HTTP_CXM_BODY_H
#define NGX_HTTP_CXM_BODY_H

#include "ngx_http_cxm_module.h"


void ngx_http_cxm_body_init(void);

/*
 * Reads the body and calls handler, as ngx_http_read_client_request_body()
 * does: NGX_DONE or a status for the content handler to return.
 */
ngx_int_t ngx_http_cxm_body_read(ngx_http_request_t *r,
    ngx_http_client_body_handler_pt handler);

/*
 * In the handler: NGX_OK, and the body is in the context's `body`; or a
 * status, when another module had read it and it is too large or in a file.
 */
ngx_int_t ngx_http_cxm_body_ready(ngx_http_request_t *r);


#endif /* NGX_HTTP_CXM_BODY_H */
