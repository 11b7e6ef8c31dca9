/*
 * Header and body filter: errors that nginx or another module made in one of
 * our locations (413, 429 of limit_req, 401 of auth_basic ...) become problem
 * documents, as API.md promises for every error.
 */

#ifndef NGX_HTTP_CXM_FILTER_H
#define NGX_HTTP_CXM_FILTER_H

#include "ngx_http_cxm_module.h"


void ngx_http_cxm_filter_init(void);


#endif /* NGX_HTTP_CXM_FILTER_H */
