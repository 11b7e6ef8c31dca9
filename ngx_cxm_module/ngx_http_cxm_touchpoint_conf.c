/*
 * The directive cxm_touchpoint.
 */

#include "ngx_http_cxm_touchpoint.h"
#include "ngx_http_cxm_served.h"


#define NGX_HTTP_CXM_TOUCH_NAME_MAX  64


static ngx_int_t ngx_http_cxm_touch_zone(ngx_conf_t *cf);
static char *ngx_http_cxm_touch_type(ngx_conf_t *cf, ngx_str_t *text,
    ngx_http_cxm_touchpoint_t *touchpoint);
static char *ngx_http_cxm_touch_param(ngx_conf_t *cf,
    ngx_http_cxm_touchpoint_t *touchpoint, ngx_str_t *param);
static ngx_http_complex_value_t *ngx_http_cxm_touch_value(
    ngx_http_cxm_touchpoint_t *touchpoint, ngx_str_t *name);
static ngx_int_t ngx_http_cxm_touch_name(
    ngx_http_cxm_touchpoint_t *touchpoint, ngx_str_t *name);
static ngx_uint_t ngx_http_cxm_touch_same(const ngx_str_t *a,
    const ngx_str_t *b);
static char *ngx_http_cxm_touch_compile(ngx_conf_t *cf, ngx_str_t *text,
    ngx_http_complex_value_t *value);


/* "off": told from a location that says nothing. */

ngx_http_cxm_touchpoint_t  ngx_http_cxm_touchpoint_off;


/* What of an event a location may say; other names go to its props. */

static const struct {
    ngx_str_t  name;
    size_t     max;
    unsigned   visitor:1;
} ngx_http_cxm_touch_members[] = {
    { ngx_string("touchpoint"), 100, 0 },
    { ngx_string("product"), 100, 0 },
    { ngx_string("visitor"), 100, 1 },
    { ngx_string("session"), 100, 1 },
    { ngx_string("customer"), 100, 0 },
    { ngx_string("url"), NGX_HTTP_CXM_TOUCH_URL, 0 },
    { ngx_string("referrer"), NGX_HTTP_CXM_TOUCH_URL, 0 },
    { ngx_string("title"), 300, 0 }
};

static const ngx_str_t  ngx_http_cxm_touch_refused[] = {
    ngx_string("type"), ngx_string("id"), ngx_string("value"),
    ngx_string("props"), ngx_string("client_time")
};

static const ngx_str_t  ngx_http_cxm_touch_if = ngx_string("if");

#define NGX_HTTP_CXM_TOUCH_MEMBERS                                            \
    (sizeof(ngx_http_cxm_touch_members)                                       \
     / sizeof(ngx_http_cxm_touch_members[0]))
#define NGX_HTTP_CXM_TOUCH_REFUSED                                            \
    (sizeof(ngx_http_cxm_touch_refused) / sizeof(ngx_str_t))


char *
ngx_http_cxm_touchpoint(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_cxm_loc_conf_t  *lcf = conf;

    char                       *rv;
    ngx_str_t                  *value;
    ngx_uint_t                  i;
    ngx_http_cxm_touchpoint_t  *touchpoint;

    if (lcf->touchpoint != NULL) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        lcf->touchpoint = &ngx_http_cxm_touchpoint_off;
        return NGX_CONF_OK;
    }

    touchpoint = ngx_pcalloc(cf->pool, sizeof(ngx_http_cxm_touchpoint_t));
    if (touchpoint == NULL || ngx_http_cxm_touch_zone(cf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    touchpoint->directive = cmd->name;
    touchpoint->file = cf->conf_file->file.name.data;
    touchpoint->line = cf->conf_file->line;

    if (ngx_array_init(&touchpoint->values, cf->pool, 4,
                       sizeof(ngx_http_cxm_touch_value_t))
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    rv = ngx_http_cxm_touch_type(cf, &value[1], touchpoint);

    for (i = 2; i < cf->args->nelts && rv == NGX_CONF_OK; i++) {
        rv = ngx_http_cxm_touch_param(cf, touchpoint, &value[i]);
    }

    lcf->touchpoint = touchpoint;

    return rv;
}


/* One without variables is known now. */

static char *
ngx_http_cxm_touch_type(ngx_conf_t *cf, ngx_str_t *text,
    ngx_http_cxm_touchpoint_t *touchpoint)
{
    u_char  c;
    size_t  i;

    if (ngx_http_cxm_touch_compile(cf, text, &touchpoint->type)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (touchpoint->type.lengths != NULL) {
        return NGX_CONF_OK;
    }

    for (i = 0; i < text->len; i++) {
        c = text->data[i];

        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
              || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == ':'
              || c == '-'))
        {
            break;
        }
    }

    if (text->len == 0 || i < text->len
        || text->len > NGX_HTTP_CXM_TOUCH_TYPE)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid type \"%V\", it must be up to %d letters, "
                           "digits and _.:-", text, NGX_HTTP_CXM_TOUCH_TYPE);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* Only where there are touchpoints. */

static ngx_int_t
ngx_http_cxm_touch_zone(ngx_conf_t *cf)
{
    ngx_http_cxm_main_conf_t  *mcf;

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_cxm_module);

    return mcf->served != NULL ? NGX_OK : ngx_http_cxm_served_zone(cf, mcf);
}


static char *
ngx_http_cxm_touch_param(ngx_conf_t *cf,
    ngx_http_cxm_touchpoint_t *touchpoint, ngx_str_t *param)
{
    u_char                    *p;
    ngx_str_t                  name, text;
    ngx_http_complex_value_t  *value;

    p = ngx_strlchr(param->data, param->data + param->len, '=');

    if (p == NULL) {
        goto invalid;
    }

    name.data = param->data;
    name.len = p - param->data;
    text.data = p + 1;
    text.len = param->len - name.len - 1;

    if (ngx_http_cxm_touch_same(&name, &ngx_http_cxm_touch_if)) {

        if (touchpoint->filter != NULL || text.len == 0) {
            goto invalid;
        }

        value = ngx_pcalloc(cf->pool, sizeof(ngx_http_complex_value_t));
        touchpoint->filter = value;

    } else {

        if (ngx_http_cxm_touch_name(touchpoint, &name) != NGX_OK) {
            goto invalid;
        }

        value = ngx_http_cxm_touch_value(touchpoint, &name);
    }

    return value == NULL ? NGX_CONF_ERROR
                         : ngx_http_cxm_touch_compile(cf, &text, value);

invalid:

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid parameter \"%V\"",
                       param);

    return NGX_CONF_ERROR;
}


/* One more named value, to be compiled; NULL without memory. */

static ngx_http_complex_value_t *
ngx_http_cxm_touch_value(ngx_http_cxm_touchpoint_t *touchpoint,
    ngx_str_t *name)
{
    ngx_uint_t                   i;
    ngx_http_cxm_touch_value_t  *v;

    v = ngx_array_push(&touchpoint->values);
    if (v == NULL) {
        return NULL;
    }

    ngx_memzero(v, sizeof(ngx_http_cxm_touch_value_t));

    v->name = *name;
    v->max = NGX_HTTP_CXM_TOUCH_PROP;

    for (i = 0; i < NGX_HTTP_CXM_TOUCH_MEMBERS; i++) {
        if (ngx_http_cxm_touch_same(name,
                                    &ngx_http_cxm_touch_members[i].name))
        {
            v->member = 1;
            v->max = ngx_http_cxm_touch_members[i].max;
            v->visitor = ngx_http_cxm_touch_members[i].visitor;
        }
    }

    return &v->value;
}


/* As the names of an event's props are: [A-Za-z0-9_.-]{1,64}, and new. */

static ngx_int_t
ngx_http_cxm_touch_name(ngx_http_cxm_touchpoint_t *touchpoint,
    ngx_str_t *name)
{
    u_char                       c;
    size_t                       i;
    ngx_http_cxm_touch_value_t  *v;

    for (i = 0; i < NGX_HTTP_CXM_TOUCH_REFUSED; i++) {
        if (ngx_http_cxm_touch_same(name, &ngx_http_cxm_touch_refused[i])) {
            return NGX_ERROR;
        }
    }

    v = touchpoint->values.elts;

    for (i = 0; i < touchpoint->values.nelts; i++) {
        if (ngx_http_cxm_touch_same(name, &v[i].name)) {
            return NGX_ERROR;
        }
    }

    for (i = 0; i < name->len; i++) {
        c = name->data[i];

        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
              || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-'))
        {
            return NGX_ERROR;
        }
    }

    return name->len > 0 && name->len <= NGX_HTTP_CXM_TOUCH_NAME_MAX
           && touchpoint->values.nelts < NGX_HTTP_CXM_TOUCH_PROPS
           ? NGX_OK : NGX_ERROR;
}


static ngx_uint_t
ngx_http_cxm_touch_same(const ngx_str_t *a, const ngx_str_t *b)
{
    return a->len == b->len && ngx_memcmp(a->data, b->data, a->len) == 0;
}


static char *
ngx_http_cxm_touch_compile(ngx_conf_t *cf, ngx_str_t *text,
    ngx_http_complex_value_t *value)
{
    ngx_http_compile_complex_value_t  ccv;

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = text;
    ccv.complex_value = value;

    return ngx_http_compile_complex_value(&ccv) == NGX_OK ? NGX_CONF_OK
                                                          : NGX_CONF_ERROR;
}


char *
ngx_http_cxm_touchpoint_merge(ngx_conf_t *cf, ngx_http_cxm_loc_conf_t *prev,
    ngx_http_cxm_loc_conf_t *conf)
{
    ngx_http_cxm_srv_conf_t  *scf;

    if (conf->touchpoint == NULL) {
        conf->touchpoint = prev->touchpoint;
    }

    if (conf->touchpoint == NULL
        || conf->touchpoint == &ngx_http_cxm_touchpoint_off)
    {
        return NGX_CONF_OK;
    }

    scf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_cxm_module);

    if (scf->store == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"%V\" needs a \"cxm_store\" in its server or in "
                      "http, in %s:%ui", &conf->touchpoint->directive,
                      conf->touchpoint->file, conf->touchpoint->line);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}
