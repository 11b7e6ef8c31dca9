/*
 * The directive cxm_staff_identity.
 */

#include "ngx_http_cxm_staff.h"


static ngx_int_t ngx_http_cxm_staff_forgeable(ngx_str_t *name);


/* What clients write as they like: names, and how names begin. */

static const ngx_str_t  ngx_http_cxm_staff_names[] = {
    ngx_string("args"),
    ngx_string("document_uri"),
    ngx_string("host"),
    ngx_string("query_string"),
    ngx_string("remote_user"),
    ngx_string("request"),
    ngx_string("request_body"),
    ngx_string("request_uri"),
    ngx_string("uri"),
    ngx_null_string
};

static const ngx_str_t  ngx_http_cxm_staff_prefixes[] = {
    ngx_string("arg_"),
    ngx_string("cookie_"),
    ngx_string("http_"),
    ngx_null_string
};


char *
ngx_http_cxm_staff_identity(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_cxm_loc_conf_t  *lcf = conf;

    ngx_str_t             *value, name;
    ngx_http_cxm_staff_t  *staff;

    if (lcf->staff != NULL) {
        return "is duplicate";
    }

    if (lcf->endpoint != CXM_ENDPOINT_ADMIN) {
        return "needs cxm_admin before it in the same location";
    }

    value = cf->args->elts;
    name = value[1];

    if (name.len < 2 || name.data[0] != '$') {
        return "needs a variable";
    }

    name.len--;
    name.data++;

    if (ngx_http_cxm_staff_forgeable(&name)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "a client can write \"%V\" itself: it says nothing "
                           "of who it is", &value[1]);
        return NGX_CONF_ERROR;
    }

    staff = ngx_pcalloc(cf->pool, sizeof(ngx_http_cxm_staff_t));
    if (staff == NULL) {
        return NGX_CONF_ERROR;
    }

    if (cf->args->nelts == 3) {

        if (ngx_strncmp(value[2].data, "role=", 5) == 0) {
            staff->role = cxm_role_find(cxm_strz((char *) value[2].data + 5));
        }

        if (staff->role == NULL) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\"", &value[2]);
            return NGX_CONF_ERROR;
        }
    }

    staff->variable = ngx_http_get_variable_index(cf, &name);
    if (staff->variable == NGX_ERROR) {
        return NGX_CONF_ERROR;
    }

    lcf->staff = staff;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_cxm_staff_forgeable(ngx_str_t *name)
{
    const ngx_str_t  *s;

    for (s = ngx_http_cxm_staff_names; s->len != 0; s++) {
        if (name->len == s->len
            && ngx_strncasecmp(name->data, s->data, s->len) == 0)
        {
            return 1;
        }
    }

    for (s = ngx_http_cxm_staff_prefixes; s->len != 0; s++) {
        if (name->len > s->len
            && ngx_strncasecmp(name->data, s->data, s->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


/* A variable without a value names nobody, as an empty one does. */

void
ngx_http_cxm_staff_fill(ngx_http_request_t *r, cxm_request_t *request)
{
    ngx_http_cxm_staff_t       *staff;
    ngx_http_cxm_loc_conf_t    *lcf;
    ngx_http_variable_value_t  *v;

    lcf = ngx_http_get_module_loc_conf(r, ngx_http_cxm_module);
    staff = lcf->staff;

    if (staff == NULL) {
        return;
    }

    request->staff_told = 1;
    request->staff_scopes = staff->role != NULL ? staff->role->scopes
                                                : (unsigned) -1;

    v = ngx_http_get_flushed_variable(r, staff->variable);

    if (v != NULL && !v->not_found) {
        request->staff.len = v->len;
        request->staff.data = (const char *) v->data;
    }
}
