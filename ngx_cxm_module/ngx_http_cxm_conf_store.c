/*
 * The directive cxm_store, and what is looked at when all are read.
 */

#include "ngx_http_cxm_conf.h"
#include "ngx_http_cxm_retention.h"
#include "ngx_http_cxm_store.h"


#define NGX_HTTP_CXM_MAP_SIZE_MIN  (1024 * 1024)


static char *ngx_http_cxm_store_param(ngx_conf_t *cf,
    ngx_http_cxm_store_t *store, ngx_str_t *value);
static char *ngx_http_cxm_store_size(ngx_conf_t *cf, ngx_str_t *value,
    size_t name, off_t min, uint64_t *out);
static char *ngx_http_cxm_store_share(ngx_conf_t *cf,
    ngx_http_cxm_srv_conf_t *scf, ngx_http_cxm_store_t *store);
static ngx_int_t ngx_http_cxm_store_zones(ngx_conf_t *cf,
    ngx_http_cxm_store_t *store);
static ngx_http_cxm_shm_t *ngx_http_cxm_store_zone(ngx_conf_t *cf,
    ngx_http_cxm_store_t *store, const char *prefix, size_t size,
    void (*fresh)(void *data));
static void ngx_http_cxm_throttle_fresh(void *data);
static ngx_int_t ngx_http_cxm_check_store(ngx_conf_t *cf,
    ngx_http_cxm_store_t *store, cxm_error_t *err);
static void ngx_http_cxm_master_cleanup(void *data);


char *
ngx_http_cxm_conf_store(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_cxm_srv_conf_t  *scf = conf;

    char                  *rv;
    ngx_str_t             *value;
    ngx_uint_t             i;
    ngx_http_cxm_store_t  *store;

    if (scf->store != NULL) {
        return "is duplicate";
    }

    store = ngx_pcalloc(cf->pool, sizeof(ngx_http_cxm_store_t));
    if (store == NULL) {
        return NGX_CONF_ERROR;
    }

    store->map_size = CXM_MAP_SIZE;
    store->min_free = CXM_MIN_FREE;
    store->file = cf->conf_file->file.name.data;
    store->line = cf->conf_file->line;

    value = cf->args->elts;

    if (value[1].len == 0) {
        return "needs a directory";
    }

    if (ngx_http_cxm_conf_path(cf, &value[1], &store->dir) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    for (i = 2; i < cf->args->nelts; i++) {
        rv = ngx_http_cxm_store_param(cf, store, &value[i]);

        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    return ngx_http_cxm_store_share(cf, scf, store);
}


static char *
ngx_http_cxm_store_param(ngx_conf_t *cf, ngx_http_cxm_store_t *store,
    ngx_str_t *value)
{
    ngx_str_t  path;

    if (ngx_strncmp(value->data, "map_size=", 9) == 0) {
        return ngx_http_cxm_store_size(cf, value, 9,
                                       NGX_HTTP_CXM_MAP_SIZE_MIN,
                                       &store->map_size);
    }

    if (ngx_strncmp(value->data, "min_free=", 9) == 0) {
        return ngx_http_cxm_store_size(cf, value, 9, 0, &store->min_free);
    }

    if (ngx_strncmp(value->data, "key=", 4) == 0 && value->len > 4) {
        path.len = value->len - 4;
        path.data = value->data + 4;

        return ngx_http_cxm_conf_path(cf, &path, &store->key) == NGX_OK
               ? NGX_CONF_OK : NGX_CONF_ERROR;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid parameter \"%V\"",
                       value);
    return NGX_CONF_ERROR;
}


static char *
ngx_http_cxm_store_size(ngx_conf_t *cf, ngx_str_t *value, size_t name,
    off_t min, uint64_t *out)
{
    off_t      size;
    ngx_str_t  s;

    s.len = value->len - name;
    s.data = value->data + name;

    size = ngx_parse_offset(&s);

    if (size == NGX_ERROR || size < min) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid size \"%V\"",
                           value);
        return NGX_CONF_ERROR;
    }

    *out = size;

    return NGX_CONF_OK;
}


/* One object a directory: LMDB must not be opened twice in a process. */

static char *
ngx_http_cxm_store_share(ngx_conf_t *cf, ngx_http_cxm_srv_conf_t *scf,
    ngx_http_cxm_store_t *store)
{
    ngx_uint_t                 i;
    ngx_http_cxm_store_t     **known, *other;
    ngx_http_cxm_main_conf_t  *mcf;

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_cxm_module);
    known = mcf->stores.elts;

    for (i = 0; i < mcf->stores.nelts; i++) {
        other = known[i];

        if (!ngx_http_cxm_conf_same(&other->dir, &store->dir)) {
            continue;
        }

        if (other->map_size != store->map_size
            || other->min_free != store->min_free
            || !ngx_http_cxm_conf_same(&other->key, &store->key))
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "store \"%V\" has other parameters in %s:%ui",
                               &store->dir, other->file, other->line);
            return NGX_CONF_ERROR;
        }

        scf->store = other;
        return NGX_CONF_OK;
    }

    known = ngx_array_push(&mcf->stores);
    if (known == NULL || ngx_http_cxm_store_zones(cf, store) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    *known = store;
    scf->store = store;

    return NGX_CONF_OK;
}


/* What the workers of a store share, in zones named after it. */

static ngx_int_t
ngx_http_cxm_store_zones(ngx_conf_t *cf, ngx_http_cxm_store_t *store)
{
    store->metrics = ngx_http_cxm_store_zone(cf, store, "cxm_metrics:",
                                             sizeof(cxm_metrics_t), NULL);

    store->throttle = ngx_http_cxm_store_zone(cf, store, "cxm_throttle:",
                                              sizeof(cxm_throttle_t),
                                              ngx_http_cxm_throttle_fresh);

    return store->metrics == NULL || store->throttle == NULL ? NGX_ERROR
                                                             : NGX_OK;
}


static ngx_http_cxm_shm_t *
ngx_http_cxm_store_zone(ngx_conf_t *cf, ngx_http_cxm_store_t *store,
    const char *prefix, size_t size, void (*fresh)(void *data))
{
    u_char              *p;
    size_t               len;
    ngx_str_t            name;
    ngx_http_cxm_shm_t  *shm;

    len = ngx_strlen(prefix);
    shm = ngx_pcalloc(cf->pool, sizeof(ngx_http_cxm_shm_t));

    name.len = len + store->dir.len;
    name.data = ngx_pnalloc(cf->pool, name.len + 1);

    if (shm == NULL || name.data == NULL) {
        return NULL;
    }

    p = ngx_cpymem(name.data, prefix, len);
    ngx_cpystrn(p, store->dir.data, store->dir.len + 1);

    shm->size = size;
    shm->fresh = fresh;

    return ngx_http_cxm_shm_add(cf, &name, shm) == NULL ? NULL : shm;
}


static void
ngx_http_cxm_throttle_fresh(void *data)
{
    cxm_throttle_init(data);
}


ngx_uint_t
ngx_http_cxm_conf_same(const ngx_str_t *a, const ngx_str_t *b)
{
    return a->len == b->len
           && (a->len == 0 || ngx_memcmp(a->data, b->data, a->len) == 0);
}


ngx_int_t
ngx_http_cxm_conf_path(ngx_conf_t *cf, ngx_str_t *in, ngx_str_t *out)
{
    ngx_str_t  path;

    path = *in;

    if (ngx_conf_full_name(cf->cycle, &path, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    while (path.len > 1 && path.data[path.len - 1] == '/') {
        path.len--;
    }

    out->data = ngx_pnalloc(cf->pool, path.len + 1);
    if (out->data == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_cpystrn(out->data, path.data, path.len + 1);
    out->len = path.len;

    return NGX_OK;
}


ngx_int_t
ngx_http_cxm_check(ngx_conf_t *cf)
{
    ngx_uint_t                  i;
    cxm_error_t                 err;
    ngx_http_cxm_store_t      **store;
    ngx_http_cxm_main_conf_t   *mcf;

    if (ngx_process == NGX_PROCESS_SINGLE
        && !ngx_is_init_cycle(cf->cycle->old_cycle))
    {
        /*
         * One process for everything would go on with the new configuration
         * without init_process: no store would be open, no thread running.
         */

        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"cxm_store\" cannot be reloaded with "
                      "\"master_process off\"");
        return NGX_ERROR;
    }

    cxm_error_init(&err);

    if (cxm_crypto_init() != CXM_OK || cxm_api_check(&err) != CXM_OK) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "cxm cannot start: %s", err.detail);
        return NGX_ERROR;
    }

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_cxm_module);
    store = mcf->stores.elts;

    for (i = 0; i < mcf->stores.nelts; i++) {
        cxm_error_init(&err);

        if (ngx_http_cxm_check_store(cf, store[i], &err) != NGX_OK) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "store \"%V\": %s, in %s:%ui", &store[i]->dir,
                          err.detail, store[i]->file, store[i]->line);
            return NGX_ERROR;
        }
    }

    return ngx_http_cxm_retention_check(cf, mcf);
}


static ngx_int_t
ngx_http_cxm_check_store(ngx_conf_t *cf, ngx_http_cxm_store_t *store,
    cxm_error_t *err)
{
    cxm_store_opts_t     opts;
    ngx_pool_cleanup_t  *cln;

    ngx_http_cxm_store_opts(store, &opts);

    if (cxm_store_check(&opts, err) != CXM_OK) {
        return NGX_ERROR;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    if (cxm_master_read(&opts, &store->master, err) != CXM_OK) {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_cxm_master_cleanup;
    cln->data = store->master;

    return NGX_OK;
}


static void
ngx_http_cxm_master_cleanup(void *data)
{
    cxm_master_free(data);
}
