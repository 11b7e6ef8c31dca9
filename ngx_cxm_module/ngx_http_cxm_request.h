/*
 * The content handler of cxm_surveys, cxm_beacon and cxm_admin.
 */

#ifndef NGX_HTTP_CXM_REQUEST_H
#define NGX_HTTP_CXM_REQUEST_H

#include "ngx_http_cxm_module.h"


ngx_int_t ngx_http_cxm_handler(ngx_http_request_t *r);


#endif /* NGX_HTTP_CXM_REQUEST_H */
