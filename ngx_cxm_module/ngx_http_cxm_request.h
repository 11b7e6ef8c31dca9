/*
 * The content handler of cxm_surveys, cxm_beacon and cxm_admin.
 */

#ifndef NGX_HTTP_CXM_REQUEST_H
#define NGX_HTTP_CXM_REQUEST_H

#include "ngx_http_cxm_module.h"


ngx_int_t ngx_http_cxm_handler(ngx_http_request_t *r);

/*
 * The client's address as far as it tells customers of a network apart: 4
 * bytes of IPv4, the 8 of an IPv6 address's /64, none of a unix socket.
 */
cxm_str_t ngx_http_cxm_request_address(ngx_http_request_t *r);

/*
 * What a request tells of its sender and when it came: the rest of `request`
 * is empty.  Strings are the request's.
 */
void ngx_http_cxm_request_sender(ngx_http_request_t *r,
    cxm_request_t *request);


#endif /* NGX_HTTP_CXM_REQUEST_H */
