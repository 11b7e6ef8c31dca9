/*
 * Variables: what the store knows of who sends a request.
 */

#ifndef NGX_HTTP_CXM_VAR_H
#define NGX_HTTP_CXM_VAR_H

#include "ngx_http_cxm_module.h"


ngx_int_t ngx_http_cxm_var_add(ngx_conf_t *cf);


#endif /* NGX_HTTP_CXM_VAR_H */
