/*
 * cxm_touchpoint: a request that ends here becomes a touchpoint.
 */

#ifndef NGX_HTTP_CXM_TOUCHPOINT_H
#define NGX_HTTP_CXM_TOUCHPOINT_H

#include "ngx_http_cxm_module.h"


/* Bounds of an event, as its field table has them. */
#define NGX_HTTP_CXM_TOUCH_TYPE      64
#define NGX_HTTP_CXM_TOUCH_URL       2000
#define NGX_HTTP_CXM_TOUCH_PROP      500
#define NGX_HTTP_CXM_TOUCH_PROPS     32


typedef struct {
    ngx_str_t                   name;
    size_t                      max;        /* characters of the value */
    unsigned                    member:1;   /* of the event; else a prop */
    unsigned                    visitor:1;  /* the joined score knows it */
    ngx_http_complex_value_t    value;
} ngx_http_cxm_touch_value_t;


struct ngx_http_cxm_touchpoint_s {
    ngx_http_complex_value_t    type;
    ngx_array_t                 values;     /* ngx_http_cxm_touch_value_t */
    ngx_http_complex_value_t   *filter;     /* "if="; NULL: none */
    ngx_str_t                   directive;
    u_char                     *file;
    ngx_uint_t                  line;
};


/* What "off" sets. */
extern ngx_http_cxm_touchpoint_t  ngx_http_cxm_touchpoint_off;

char *ngx_http_cxm_touchpoint(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* Inherits, and refuses a location whose server has no store. */
char *ngx_http_cxm_touchpoint_merge(ngx_conf_t *cf,
    ngx_http_cxm_loc_conf_t *prev, ngx_http_cxm_loc_conf_t *conf);

/* Its phases; NGX_ERROR without memory. */
ngx_int_t ngx_http_cxm_touchpoint_init(ngx_conf_t *cf);


#endif /* NGX_HTTP_CXM_TOUCHPOINT_H */
