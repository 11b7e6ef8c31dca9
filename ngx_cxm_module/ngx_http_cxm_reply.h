/*
 * From a call's reply to nginx's response.
 */

#ifndef NGX_HTTP_CXM_REPLY_H
#define NGX_HTTP_CXM_REPLY_H

#include "ngx_http_cxm_module.h"


/*
 * Puts status and headers to where nginx sends them from; no length.  The
 * strings are not copied.
 */
ngx_int_t ngx_http_cxm_reply_head(ngx_http_request_t *r,
    const cxm_reply_t *reply);

/*
 * Sends it and returns what ngx_http_finalize_request() takes.  The bytes
 * are not copied: the reply must live as long as the request.
 */
ngx_int_t ngx_http_cxm_reply(ngx_http_request_t *r, const cxm_reply_t *reply);


#endif /* NGX_HTTP_CXM_REPLY_H */
