/*
 * Variables.
 */

#include "ngx_http_cxm_var.h"
#include "ngx_http_cxm_identity.h"
#include "ngx_http_cxm_request.h"
#include "ngx_http_cxm_store.h"

#include "cxm_visitor.h"


static ngx_int_t ngx_http_cxm_var_visitor(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


static ngx_int_t ngx_http_cxm_var_known(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


/*
 * Those of customers are not kept as variables: another location may have
 * other rules, and what is found out is kept beside them.
 */

static ngx_http_variable_t  ngx_http_cxm_vars[] = {

    { ngx_string("cxm_visitor"), NULL, ngx_http_cxm_var_visitor, 0, 0, 0 },

    { ngx_string("cxm_customer_id"), NULL, ngx_http_cxm_var_known,
      offsetof(cxm_known_t, id), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("cxm_consent"), NULL, ngx_http_cxm_var_known,
      offsetof(cxm_known_t, consent), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("cxm_nps"), NULL, ngx_http_cxm_var_known,
      offsetof(cxm_known_t, nps), NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


ngx_int_t
ngx_http_cxm_var_add(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_http_cxm_vars; v->name.len; v++) {
        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


/* The handle of the request's store; NULL: none, or none that is open. */

static cxm_store_t *
ngx_http_cxm_var_store(ngx_http_request_t *r)
{
    ngx_http_cxm_srv_conf_t  *scf;

    scf = ngx_http_get_module_srv_conf(r, ngx_http_cxm_module);

    return scf->store == NULL ? NULL : ngx_http_cxm_store_handle(scf->store);
}


static ngx_int_t
ngx_http_cxm_var_visitor(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    u_char         *p;
    cxm_arena_t     arena;
    cxm_store_t    *store;
    cxm_caller_t    caller;
    cxm_request_t   request;

    store = ngx_http_cxm_var_store(r);

    if (store == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, CXM_VISITOR_LEN + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(&arena, sizeof(cxm_arena_t));
    ngx_memzero(&caller, sizeof(cxm_caller_t));

    ngx_http_cxm_request_sender(r, &request);
    cxm_request_caller(&request, &arena, &caller);

    (void) cxm_visitor_derive(store, &caller, request.now, (char *) p);

    cxm_arena_free(&arena);

    v->len = ngx_strlen(p);
    v->data = p;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


/* data: where in cxm_known_t a text stands. */

static ngx_int_t
ngx_http_cxm_var_known(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    const cxm_known_t  *known;

    known = ngx_http_cxm_identity_known(r);
    if (known == NULL) {
        return NGX_ERROR;
    }

    v->data = (u_char *) known + data;
    v->len = ngx_strlen(v->data);
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}
