/*
 * Directives and their configuration.
 */

#ifndef NGX_HTTP_CXM_CONF_H
#define NGX_HTTP_CXM_CONF_H

#include "ngx_http_cxm_module.h"


extern ngx_command_t  ngx_http_cxm_commands[];

void *ngx_http_cxm_create_main_conf(ngx_conf_t *cf);
char *ngx_http_cxm_init_main_conf(ngx_conf_t *cf, void *conf);
void *ngx_http_cxm_create_srv_conf(ngx_conf_t *cf);
char *ngx_http_cxm_merge_srv_conf(ngx_conf_t *cf, void *parent, void *child);
void *ngx_http_cxm_create_loc_conf(ngx_conf_t *cf);
char *ngx_http_cxm_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child);

char *ngx_http_cxm_conf_store(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* Absolute, against the prefix; without slashes at the end; NUL behind it. */
ngx_int_t ngx_http_cxm_conf_path(ngx_conf_t *cf, ngx_str_t *in,
    ngx_str_t *out);
ngx_uint_t ngx_http_cxm_conf_same(const ngx_str_t *a, const ngx_str_t *b);

/* At the end of the configuration: routes and stores; one line if not. */
ngx_int_t ngx_http_cxm_check(ngx_conf_t *cf);


#endif /* NGX_HTTP_CXM_CONF_H */
