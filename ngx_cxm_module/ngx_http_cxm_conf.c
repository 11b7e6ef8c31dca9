/*
 * Directives.
 */

#include "ngx_http_cxm_conf.h"
#include "ngx_http_cxm_geoip.h"
#include "ngx_http_cxm_hash.h"
#include "ngx_http_cxm_identity.h"
#include "ngx_http_cxm_request.h"
#include "ngx_http_cxm_retention.h"
#include "ngx_http_cxm_staff.h"
#include "ngx_http_cxm_store.h"
#include "ngx_http_cxm_touchpoint.h"


static char *ngx_http_cxm_endpoint(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_cxm_allow_origin(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static ngx_int_t ngx_http_cxm_origin_valid(ngx_str_t *s);
static char *ngx_http_cxm_time_zone(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static void ngx_http_cxm_zones_cleanup(void *data);
static char *ngx_http_cxm_public_url(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_cxm_threads(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_cxm_hash_memory(ngx_conf_t *cf, void *post,
    void *data);
static ngx_int_t ngx_http_cxm_default_pool(ngx_conf_t *cf,
    ngx_thread_pool_t **pool);
static char *ngx_http_cxm_merge_endpoint(ngx_conf_t *cf,
    ngx_http_cxm_loc_conf_t *prev, ngx_http_cxm_loc_conf_t *conf);
static void ngx_http_cxm_surveys_path(ngx_http_cxm_srv_conf_t *scf,
    ngx_http_cxm_loc_conf_t *conf);


static ngx_conf_post_t  ngx_http_cxm_hash_memory_post = {
    ngx_http_cxm_hash_memory
};


ngx_command_t  ngx_http_cxm_commands[] = {

    { ngx_string("cxm_store"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_CONF_1MORE,
      ngx_http_cxm_conf_store,
      NGX_HTTP_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("cxm_retention"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_CONF_ANY,
      ngx_http_cxm_conf_retention,
      NGX_HTTP_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("cxm_surveys"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_cxm_endpoint,
      NGX_HTTP_LOC_CONF_OFFSET,
      CXM_ENDPOINT_SURVEYS,
      NULL },

    { ngx_string("cxm_beacon"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_cxm_endpoint,
      NGX_HTTP_LOC_CONF_OFFSET,
      CXM_ENDPOINT_BEACON,
      NULL },

    { ngx_string("cxm_admin"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_cxm_endpoint,
      NGX_HTTP_LOC_CONF_OFFSET,
      CXM_ENDPOINT_ADMIN,
      NULL },

    { ngx_string("cxm_metrics"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_cxm_endpoint,
      NGX_HTTP_LOC_CONF_OFFSET,
      CXM_ENDPOINT_METRICS,
      NULL },

    { ngx_string("cxm_self_service"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_cxm_endpoint,
      NGX_HTTP_LOC_CONF_OFFSET,
      CXM_ENDPOINT_SELF,
      NULL },

    { ngx_string("cxm_geoip"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_cxm_geoip,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("cxm_customer_token"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_cxm_customer_token,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("cxm_touchpoint"),
      NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_cxm_touchpoint,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("cxm_allow_origin"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_cxm_allow_origin,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("cxm_time_zone"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_cxm_time_zone,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("cxm_public_url"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_cxm_public_url,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("cxm_staff_identity"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE12,
      ngx_http_cxm_staff_identity,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("cxm_insecure_cookies"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_cxm_loc_conf_t, insecure_cookies),
      NULL },

    { ngx_string("cxm_threads"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_1MORE,
      ngx_http_cxm_threads,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("cxm_hash_memory"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_size_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_cxm_main_conf_t, hash_memory),
      &ngx_http_cxm_hash_memory_post },

      ngx_null_command
};


void *
ngx_http_cxm_create_main_conf(ngx_conf_t *cf)
{
    ngx_pool_cleanup_t        *cln;
    ngx_http_cxm_main_conf_t  *mcf;

    mcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_cxm_main_conf_t));
    if (mcf == NULL) {
        return NULL;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NULL;
    }

    mcf->hash_memory = NGX_CONF_UNSET_SIZE;

    mcf->zones = cxm_zones_create();
    if (mcf->zones == NULL) {
        return NULL;
    }

    cln->handler = ngx_http_cxm_zones_cleanup;
    cln->data = mcf->zones;

    if (ngx_array_init(&mcf->stores, cf->pool, 1,
                       sizeof(ngx_http_cxm_store_t *))
        != NGX_OK
        || ngx_array_init(&mcf->geoips, cf->pool, 1, sizeof(void *))
           != NGX_OK)
    {
        return NULL;
    }

    return mcf;
}


char *
ngx_http_cxm_init_main_conf(ngx_conf_t *cf, void *conf)
{
    ngx_http_cxm_main_conf_t  *mcf = conf;

    if (mcf->stores.nelts == 0) {
        return NGX_CONF_OK;
    }

    if (ngx_http_cxm_default_pool(cf, &mcf->write_pool) != NGX_OK
        || ngx_http_cxm_default_pool(cf, &mcf->scan_pool) != NGX_OK
        || ngx_http_cxm_default_pool(cf, &mcf->hash_pool) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return ngx_http_cxm_hash_conf(cf, mcf);
}


void *
ngx_http_cxm_create_srv_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(ngx_http_cxm_srv_conf_t));
}


char *
ngx_http_cxm_merge_srv_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_cxm_srv_conf_t  *prev = parent;
    ngx_http_cxm_srv_conf_t  *conf = child;

    if (conf->store == NULL) {
        conf->store = prev->store;
    }

    return ngx_http_cxm_retention_merge(cf, prev, conf);
}


void *
ngx_http_cxm_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_cxm_loc_conf_t  *conf;

    /*
     * set by ngx_pcalloc():
     *
     *     conf->endpoint = CXM_ENDPOINT_NONE;
     *     conf->allow_origin = NULL;
     *     conf->time_zone = NULL;
     *     conf->public_url = { 0, NULL };
     *     conf->touchpoint = NULL;
     *     conf->geoip = NULL;
     */

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_cxm_loc_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    conf->insecure_cookies = NGX_CONF_UNSET;
    conf->tokens = NGX_CONF_UNSET_PTR;

    return conf;
}


char *
ngx_http_cxm_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_cxm_loc_conf_t  *prev = parent;
    ngx_http_cxm_loc_conf_t  *conf = child;

    ngx_http_core_loc_conf_t  *clcf;

    if (conf->allow_origin == NULL) {
        conf->allow_origin = prev->allow_origin;
    }

    if (conf->time_zone == NULL) {
        conf->time_zone = prev->time_zone;
    }

    ngx_conf_merge_str_value(conf->public_url, prev->public_url, "");
    ngx_conf_merge_value(conf->insecure_cookies, prev->insecure_cookies, 0);
    ngx_conf_merge_ptr_value(conf->tokens, prev->tokens, NULL);

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    conf->error_pages = clcf->error_pages;

    ngx_http_cxm_geoip_merge(prev, conf);

    if (ngx_http_cxm_touchpoint_merge(cf, prev, conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    return ngx_http_cxm_merge_endpoint(cf, prev, conf);
}


static char *
ngx_http_cxm_merge_endpoint(ngx_conf_t *cf, ngx_http_cxm_loc_conf_t *prev,
    ngx_http_cxm_loc_conf_t *conf)
{
    ngx_http_cxm_srv_conf_t   *scf;
    ngx_http_core_loc_conf_t  *clcf;

    scf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_cxm_module);
    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->noname && conf->endpoint == CXM_ENDPOINT_NONE
        && clcf->handler == NULL && prev->endpoint != CXM_ENDPOINT_NONE)
    {
        /* "if" and "limit_except" inside one of our locations */

        conf->endpoint = prev->endpoint;
        conf->directive = prev->directive;
        conf->file = prev->file;
        conf->line = prev->line;
        conf->prefix = prev->prefix;
        conf->path = prev->path;

        clcf->handler = ngx_http_cxm_handler;
    }

    if (conf->endpoint == CXM_ENDPOINT_NONE) {
        return NGX_CONF_OK;
    }

    if (scf->store == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"%V\" needs a \"cxm_store\" in its server or in "
                      "http, in %s:%ui",
                      &conf->directive, conf->file, conf->line);
        return NGX_CONF_ERROR;
    }

    if (clcf->handler != ngx_http_cxm_handler) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"%V\" and another directive both want to answer the "
                      "location, in %s:%ui",
                      &conf->directive, conf->file, conf->line);
        return NGX_CONF_ERROR;
    }

    if (conf->endpoint == CXM_ENDPOINT_SURVEYS) {
        ngx_http_cxm_surveys_path(scf, conf);
    }

    if (scf->prefixes[conf->endpoint].len == 0) {
        scf->prefixes[conf->endpoint] = ngx_http_cxm_str(&conf->prefix);
    }

    /*
     * Bounds of the endpoint, whatever the site has around it.  The buffer
     * is one for reading: our body filter empties it, nothing goes to disk.
     */

    clcf->client_max_body_size = cxm_body_limit(conf->endpoint, 1);
    clcf->client_body_buffer_size = cxm_body_limit(conf->endpoint, 0);
    clcf->client_body_in_file_only = 0;     /* off */

    /* errors are problem documents here, not the site's pages */

    if (clcf->error_pages == prev->error_pages) {
        clcf->error_pages = NULL;
    }

    return NGX_CONF_OK;
}


/*
 * Where links lead that the server's cxm_admin makes: to its first
 * cxm_surveys, else to the first that any server has of the store.
 */

static void
ngx_http_cxm_surveys_path(ngx_http_cxm_srv_conf_t *scf,
    ngx_http_cxm_loc_conf_t *conf)
{
    if (scf->surveys.len == 0) {
        scf->surveys = conf->path;
    }

    if (scf->store->surveys.len == 0) {
        scf->store->surveys = conf->path;
    }
}


static char *
ngx_http_cxm_endpoint(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_cxm_loc_conf_t  *lcf = conf;

    ngx_http_core_loc_conf_t  *clcf;

    if (lcf->endpoint == (cxm_endpoint_t) cmd->offset) {
        return "is duplicate";
    }

    if (lcf->endpoint != CXM_ENDPOINT_NONE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" and \"%V\" cannot be in the same location",
                           &lcf->directive, &cmd->name);
        return NGX_CONF_ERROR;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->named
#if (NGX_PCRE)
        || clcf->regex
#endif
       )
    {
        return "needs a location given by prefix or by \"=\"";
    }

    if (clcf->handler != NULL) {
        return "is in a location that another directive answers";
    }

    clcf->handler = ngx_http_cxm_handler;

    lcf->endpoint = (cxm_endpoint_t) cmd->offset;
    lcf->directive = cmd->name;
    lcf->file = cf->conf_file->file.name.data;
    lcf->line = cf->conf_file->line;
    lcf->prefix = clcf->name;
    lcf->path = clcf->name;

    clcf->auto_redirect = clcf->name.data[clcf->name.len - 1] == '/';

    if (!clcf->auto_redirect) {
        lcf->path.len = clcf->name.len + 1;
        lcf->path.data = ngx_pnalloc(cf->pool, lcf->path.len);

        if (lcf->path.data == NULL) {
            return NGX_CONF_ERROR;
        }

        *ngx_cpymem(lcf->path.data, clcf->name.data, clcf->name.len) = '/';
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_cxm_allow_origin(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_cxm_loc_conf_t  *lcf = conf;

    ngx_str_t   *value;
    ngx_uint_t   i;

    if (lcf->allow_origin != NULL) {
        return "is duplicate";
    }

    /* as many as there are arguments behind the name, and NULL */

    lcf->allow_origin = ngx_pcalloc(cf->pool,
                                    cf->args->nelts * sizeof(char *));
    if (lcf->allow_origin == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_http_cxm_origin_valid(&value[i]) != NGX_OK) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid origin \"%V\", it must be like "
                               "\"https://shop.example\" or "
                               "\"https://shop.example:8443\"", &value[i]);
            return NGX_CONF_ERROR;
        }

        lcf->allow_origin[i - 1] = (const char *) value[i].data;
    }

    return NGX_CONF_OK;
}


/* scheme "://" host [":" port], in lower case as browsers send it */

static ngx_int_t
ngx_http_cxm_origin_valid(ngx_str_t *s)
{
    u_char  *p, *last;

    p = (u_char *) ngx_strstr(s->data, "://");
    last = s->data + s->len;

    if (p == NULL || p == s->data || p + 3 == last) {
        return NGX_ERROR;
    }

    for (p = s->data; p < last; p++) {

        if ((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9')
            || ngx_strchr("-.:[]+", *p) != NULL)
        {
            continue;
        }

        if (*p == '/' && ngx_strncmp(p - 1, "://", 3) == 0) {
            p++;
            continue;
        }

        return NGX_ERROR;
    }

    return NGX_OK;
}


static char *
ngx_http_cxm_time_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_cxm_loc_conf_t  *lcf = conf;

    cxm_rc_t                   rc;
    ngx_str_t                 *value;
    ngx_http_cxm_main_conf_t  *mcf;

    if (lcf->time_zone != NULL) {
        return "is duplicate";
    }

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_cxm_module);
    value = cf->args->elts;

    rc = cxm_zones_find(mcf->zones, ngx_http_cxm_str(&value[1]),
                        &lcf->time_zone);

    if (rc == CXM_NOT_FOUND) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "unknown time zone \"%V\", it must be an IANA "
                           "name such as \"Europe/Berlin\"", &value[1]);
    }

    return rc == CXM_OK ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static void
ngx_http_cxm_zones_cleanup(void *data)
{
    cxm_zones_free(data);
}


static char *
ngx_http_cxm_public_url(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_cxm_loc_conf_t  *lcf = conf;

    size_t      i, host;
    ngx_str_t  *value, url;

    if (lcf->public_url.data != NULL) {
        return "is duplicate";
    }

    value = cf->args->elts;
    url = value[1];

    while (url.len > 0 && url.data[url.len - 1] == '/') {
        url.len--;
    }

    host = ngx_strncmp(url.data, "https://", 8) == 0 ? 8
           : ngx_strncmp(url.data, "http://", 7) == 0 ? 7 : 0;

    if (host == 0 || url.len <= host || url.data[host] == '/') {
        goto invalid;
    }

    for (i = host; i < url.len; i++) {
        if (url.data[i] <= ' ' || url.data[i] >= 0x7f
            || ngx_strchr("\"'<>\\^`{|}?#@", url.data[i]) != NULL)
        {
            goto invalid;
        }
    }

    lcf->public_url = url;

    return NGX_CONF_OK;

invalid:

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid URL \"%V\", it must be like "
                       "\"https://www.example.org\"", &value[1]);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_cxm_threads(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_cxm_main_conf_t  *mcf = conf;

    size_t               len;
    ngx_str_t           *value, name;
    ngx_uint_t           i;
    ngx_thread_pool_t  **pool;

    if (mcf->threads) {
        return "is duplicate";
    }

    mcf->threads = 1;
    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {
        len = 5;

        if (ngx_strncmp(value[i].data, "write=", 6) == 0) {
            pool = &mcf->write_pool;
            len = 6;

        } else if (ngx_strncmp(value[i].data, "scan=", 5) == 0) {
            pool = &mcf->scan_pool;

        } else if (ngx_strncmp(value[i].data, "hash=", 5) == 0) {
            pool = &mcf->hash_pool;

        } else {
            goto invalid;
        }

        name.len = value[i].len - len;
        name.data = value[i].data + len;

        if (name.len == 0 || *pool != NULL) {
            goto invalid;
        }

        *pool = ngx_thread_pool_add(cf, &name);

        if (*pool == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;

invalid:

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid parameter \"%V\"",
                       &value[i]);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_cxm_hash_memory(ngx_conf_t *cf, void *post, void *data)
{
    size_t  *memory = data;

    if (*memory < CXM_PASSWORD_MEMORY) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"cxm_hash_memory\" must be at least %uDm, what "
                           "hashing one password takes",
                           CXM_PASSWORD_MEMORY >> 20);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_cxm_default_pool(ngx_conf_t *cf, ngx_thread_pool_t **pool)
{
    if (*pool == NULL) {
        *pool = ngx_thread_pool_add(cf, NULL);
    }

    return *pool != NULL ? NGX_OK : NGX_ERROR;
}
