/*
 * The module: its contexts and hooks, and what its files share of requests.
 */

#include "ngx_http_cxm_module.h"
#include "ngx_http_cxm_body.h"
#include "ngx_http_cxm_conf.h"
#include "ngx_http_cxm_export.h"
#include "ngx_http_cxm_filter.h"
#include "ngx_http_cxm_job.h"
#include "ngx_http_cxm_store.h"
#include "ngx_http_cxm_stream.h"
#include "ngx_http_cxm_touchpoint.h"
#include "ngx_http_cxm_turn.h"
#include "ngx_http_cxm_var.h"


static ngx_int_t ngx_http_cxm_postconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_http_cxm_init_process(ngx_cycle_t *cycle);
static void ngx_http_cxm_exit_process(ngx_cycle_t *cycle);
static void ngx_http_cxm_leave(void *data);
static void ngx_http_cxm_free_ctx(void *data);


static ngx_http_module_t  ngx_http_cxm_module_ctx = {
    ngx_http_cxm_var_add,                  /* preconfiguration */
    ngx_http_cxm_postconfiguration,        /* postconfiguration */

    ngx_http_cxm_create_main_conf,         /* create main configuration */
    ngx_http_cxm_init_main_conf,           /* init main configuration */

    ngx_http_cxm_create_srv_conf,          /* create server configuration */
    ngx_http_cxm_merge_srv_conf,           /* merge server configuration */

    ngx_http_cxm_create_loc_conf,          /* create location configuration */
    ngx_http_cxm_merge_loc_conf            /* merge location configuration */
};


ngx_module_t  ngx_http_cxm_module = {
    NGX_MODULE_V1,
    &ngx_http_cxm_module_ctx,              /* module context */
    ngx_http_cxm_commands,                 /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    ngx_http_cxm_init_process,             /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_http_cxm_exit_process,             /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_int_t
ngx_http_cxm_postconfiguration(ngx_conf_t *cf)
{
    ngx_http_cxm_main_conf_t  *mcf;

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_cxm_module);

    if (mcf->stores.nelts == 0) {
        return NGX_OK;
    }

    if (ngx_http_cxm_check(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_cxm_body_init();
    ngx_http_cxm_filter_init();

    return mcf->served == NULL ? NGX_OK : ngx_http_cxm_touchpoint_init(cf);
}


static ngx_int_t
ngx_http_cxm_init_process(ngx_cycle_t *cycle)
{
    ngx_http_cxm_main_conf_t  *mcf;

    /* not in helpers such as the cache manager: they serve no requests */

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    mcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_cxm_module);

    if (mcf == NULL || mcf->stores.nelts == 0) {
        return NGX_OK;
    }

    return ngx_http_cxm_worker_start(cycle, mcf);
}


static void
ngx_http_cxm_exit_process(ngx_cycle_t *cycle)
{
    ngx_http_cxm_main_conf_t  *mcf;

    mcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_cxm_module);

    if (mcf != NULL && mcf->worker != NULL) {
        ngx_http_cxm_worker_exit(mcf);
    }
}


ngx_http_cxm_ctx_t *
ngx_http_cxm_get_ctx(ngx_http_request_t *r)
{
    ngx_http_cleanup_t  *leave;
    ngx_pool_cleanup_t  *cln;
    ngx_http_cxm_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_cxm_module);
    if (ctx != NULL) {
        return ctx;
    }

    ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_cxm_ctx_t));
    if (ctx == NULL) {
        return NULL;
    }

    /*
     * Two steps: a request that is being terminated must leave its job at
     * once, while its response may be read until the pool goes.
     */

    leave = ngx_http_cleanup_add(r, 0);
    if (leave == NULL) {
        return NULL;
    }

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        return NULL;
    }

    leave->handler = ngx_http_cxm_leave;
    leave->data = ctx;
    cln->handler = ngx_http_cxm_free_ctx;
    cln->data = ctx;

    ngx_http_set_ctx(r, ctx, ngx_http_cxm_module);

    return ctx;
}


static void
ngx_http_cxm_leave(void *data)
{
    ngx_http_cxm_ctx_t  *ctx = data;

    ngx_http_cxm_job_t  *job;

    if (ctx->turn.request != NULL) {
        ngx_http_cxm_turn_leave(ctx);
    }

    job = ctx->job;

    if (job != NULL) {
        ctx->job = NULL;
        ngx_http_cxm_job_leave(job);
    }

    if (ctx->export != NULL) {
        ngx_http_cxm_export_leave(ctx->export);
    }

    if (ctx->stream != NULL) {
        ngx_http_cxm_stream_leave(ctx->stream);
    }
}


static void
ngx_http_cxm_free_ctx(void *data)
{
    ngx_http_cxm_ctx_t  *ctx = data;

    cxm_buf_free(&ctx->body);

    if (ctx->call != NULL) {
        cxm_call_free(ctx->call);
    }

    if (ctx->export != NULL) {
        ngx_http_cxm_export_free(ctx->export);
    }

    if (ctx->stream != NULL) {
        ngx_http_cxm_stream_free(ctx->stream);
    }
}


ngx_table_elt_t *
ngx_http_cxm_add_header(ngx_http_request_t *r, const char *name,
    ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NULL;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->hash = 1;
    h->key.len = ngx_strlen(name);
    h->key.data = (u_char *) name;
    h->value = *value;

    return h;
}


ngx_str_t *
ngx_http_cxm_find_header(ngx_http_request_t *r, const char *name)
{
    size_t            len;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    len = ngx_strlen(name);
    part = &r->headers_in.headers.part;

    for ( ; part != NULL; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].key.len == len
                && ngx_strncmp(h[i].lowcase_key, name, len) == 0)
            {
                return &h[i].value;
            }
        }
    }

    return NULL;
}
