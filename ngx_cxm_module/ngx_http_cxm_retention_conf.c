/*
 * The directive cxm_retention.
 */

#include "ngx_http_cxm_conf.h"
#include "ngx_http_cxm_retention.h"
#include "ngx_http_cxm_store.h"


typedef struct {
    ngx_str_t    name;
    cxm_keep_t   keep;
    ngx_msec_t   msec;                  /* where it is not given */
} ngx_http_cxm_keep_t;


static char *ngx_http_cxm_retention_param(ngx_conf_t *cf,
    ngx_http_cxm_retention_conf_t *rcf, ngx_str_t *value, ngx_uint_t *given);
static char *ngx_http_cxm_retention_time(ngx_conf_t *cf, ngx_str_t *value,
    size_t name, ngx_msec_t *out);
static char *ngx_http_cxm_retention_attach(ngx_conf_t *cf,
    ngx_http_cxm_store_t *store, ngx_http_cxm_retention_conf_t *rcf);
static ngx_int_t ngx_http_cxm_retention_dir(ngx_conf_t *cf,
    ngx_http_cxm_retention_t *retention);


static ngx_http_cxm_keep_t  ngx_http_cxm_keeps[] = {
    { ngx_string("touchpoints="), CXM_KEEP_TOUCHPOINTS, 30 * CXM_MS_DAY },
    { ngx_string("responses="), CXM_KEEP_RESPONSES, 5 * 365 * CXM_MS_DAY },
    { ngx_string("journal="), CXM_KEEP_JOURNAL, 400 * CXM_MS_DAY },
    { ngx_null_string, CXM_KEEP_ALWAYS, 0 }
};


char *
ngx_http_cxm_conf_retention(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_cxm_srv_conf_t  *scf = conf;

    char                           *rv;
    ngx_str_t                      *value;
    ngx_uint_t                      i, given;
    ngx_http_cxm_keep_t            *keep;
    ngx_http_cxm_retention_conf_t  *rcf;

    if (scf->retention != NULL) {
        return "is duplicate";
    }

    rcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_cxm_retention_conf_t));
    if (rcf == NULL) {
        return NGX_CONF_ERROR;
    }

    rcf->file = cf->conf_file->file.name.data;
    rcf->line = cf->conf_file->line;

    for (keep = ngx_http_cxm_keeps; keep->name.len != 0; keep++) {
        rcf->keep[keep->keep] = keep->msec;
    }

    given = 0;
    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {
        rv = ngx_http_cxm_retention_param(cf, rcf, &value[i], &given);

        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    scf->retention = rcf;

    return NGX_CONF_OK;
}


static char *
ngx_http_cxm_retention_param(ngx_conf_t *cf,
    ngx_http_cxm_retention_conf_t *rcf, ngx_str_t *value, ngx_uint_t *given)
{
    ngx_str_t             path;
    ngx_uint_t            bit;
    ngx_http_cxm_keep_t  *keep;

    for (keep = ngx_http_cxm_keeps; keep->name.len != 0; keep++) {

        bit = (ngx_uint_t) 1 << keep->keep;

        if (ngx_strncmp(value->data, keep->name.data, keep->name.len) != 0) {
            continue;
        }

        if (*given & bit) {
            goto duplicate;
        }

        *given |= bit;

        return ngx_http_cxm_retention_time(cf, value, keep->name.len,
                                           &rcf->keep[keep->keep]);
    }

    if (ngx_strncmp(value->data, "archive=", 8) == 0 && value->len > 8) {

        if (rcf->archive.data != NULL) {
            goto duplicate;
        }

        path.len = value->len - 8;
        path.data = value->data + 8;

        return ngx_http_cxm_conf_path(cf, &path, &rcf->archive) == NGX_OK
               ? NGX_CONF_OK : NGX_CONF_ERROR;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid parameter \"%V\"",
                       value);
    return NGX_CONF_ERROR;

duplicate:

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "duplicate parameter \"%V\"",
                       value);
    return NGX_CONF_ERROR;
}


static char *
ngx_http_cxm_retention_time(ngx_conf_t *cf, ngx_str_t *value, size_t name,
    ngx_msec_t *out)
{
    ngx_int_t  sec;
    ngx_str_t  s;

    s.len = value->len - name;
    s.data = value->data + name;

    if (s.len == 3 && ngx_strncmp(s.data, "off", 3) == 0) {
        *out = 0;
        return NGX_CONF_OK;
    }

    sec = ngx_parse_time(&s, 1);

    if (sec == NGX_ERROR || sec < CXM_RETENTION_MIN / CXM_MS_SECOND) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid time \"%V\", it must be at least 1s, or "
                           "\"off\"", value);
        return NGX_CONF_ERROR;
    }

    *out = sec * CXM_MS_SECOND;

    return NGX_CONF_OK;
}


char *
ngx_http_cxm_retention_merge(ngx_conf_t *cf, ngx_http_cxm_srv_conf_t *prev,
    ngx_http_cxm_srv_conf_t *conf)
{
    if (conf->retention != NULL && conf->store == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"cxm_retention\" needs a \"cxm_store\" in its server "
                      "or in http, in %s:%ui",
                      conf->retention->file, conf->retention->line);
        return NGX_CONF_ERROR;
    }

    if (conf->retention == NULL) {
        conf->retention = prev->retention;
    }

    if (conf->retention == NULL || conf->store == NULL) {
        return NGX_CONF_OK;
    }

    return ngx_http_cxm_retention_attach(cf, conf->store, conf->retention);
}


/* One policy a store, whichever servers say so. */

static char *
ngx_http_cxm_retention_attach(ngx_conf_t *cf, ngx_http_cxm_store_t *store,
    ngx_http_cxm_retention_conf_t *rcf)
{
    u_char                         *p;
    ngx_uint_t                      i;
    ngx_http_cxm_retention_t       *retention;
    ngx_http_cxm_retention_conf_t  *other;

    retention = store->retention;

    if (retention != NULL) {
        other = retention->conf;

        if (ngx_memcmp(other->keep, rcf->keep, sizeof(rcf->keep)) != 0
            || !ngx_http_cxm_conf_same(&other->archive, &rcf->archive))
        {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "store \"%V\" has another \"cxm_retention\" in "
                          "%s:%ui, in %s:%ui", &store->dir,
                          other->file, other->line, rcf->file, rcf->line);
            return NGX_CONF_ERROR;
        }

        return NGX_CONF_OK;
    }

    retention = ngx_pcalloc(cf->pool, sizeof(ngx_http_cxm_retention_t));
    if (retention == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 0; i < CXM_KEEP_N; i++) {
        retention->policy.keep[i] = rcf->keep[i];
    }

    retention->conf = rcf;
    retention->policy.archive = (const char *) rcf->archive.data;

    if (rcf->archive.data == NULL) {
        p = ngx_pnalloc(cf->pool,
                        store->dir.len + sizeof("/" CXM_HISTORY_ARCHIVE));
        if (p == NULL) {
            return NGX_CONF_ERROR;
        }

        retention->policy.archive = (const char *) p;
        ngx_sprintf(p, "%V/" CXM_HISTORY_ARCHIVE "%Z", &store->dir);
    }

    store->retention = retention;

    return NGX_CONF_OK;
}


ngx_int_t
ngx_http_cxm_retention_check(ngx_conf_t *cf, ngx_http_cxm_main_conf_t *mcf)
{
    ngx_uint_t                  i, j;
    ngx_http_cxm_store_t      **store;
    ngx_http_cxm_retention_t   *retention, *other;

    store = mcf->stores.elts;

    for (i = 0; i < mcf->stores.nelts; i++) {
        retention = store[i]->retention;

        if (retention == NULL) {
            continue;
        }

        for (j = 0; j < i; j++) {
            other = store[j]->retention;

            if (other != NULL && ngx_strcmp(retention->policy.archive,
                                            other->policy.archive)
                                 == 0)
            {
                ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                              "archive \"%s\" is that of store \"%V\" too, "
                              "in %s:%ui", retention->policy.archive,
                              &store[j]->dir, retention->conf->file,
                              retention->conf->line);
                return NGX_ERROR;
            }
        }

        if (ngx_http_cxm_retention_dir(cf, retention) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* A worker makes it: that has the rights of the store. */

static ngx_int_t
ngx_http_cxm_retention_dir(ngx_conf_t *cf, ngx_http_cxm_retention_t *retention)
{
    ngx_file_info_t  fi;

    if (retention->conf->archive.len == 0) {
        return NGX_OK;
    }

    if (ngx_file_info(retention->policy.archive, &fi) == NGX_FILE_ERROR) {

        if (ngx_errno == NGX_ENOENT) {
            return NGX_OK;
        }

        ngx_log_error(NGX_LOG_EMERG, cf->log, ngx_errno,
                      "archive \"%s\" cannot be looked at, in %s:%ui",
                      retention->policy.archive, retention->conf->file,
                      retention->conf->line);
        return NGX_ERROR;
    }

    if (!ngx_is_dir(&fi)) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "archive \"%s\" is not a directory, in %s:%ui",
                      retention->policy.archive, retention->conf->file,
                      retention->conf->line);
        return NGX_ERROR;
    }

    return NGX_OK;
}
