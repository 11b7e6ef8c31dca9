/*
 * cxm_geoip.
 */

#include "ngx_http_cxm_geoip.h"

#include <maxminddb.h>


#define NGX_HTTP_CXM_GEOIP_RELOAD  60000


/* One file, whatever number of locations name it. */

typedef struct {
    ngx_str_t                 path;         /* ends in NUL */
    ngx_msec_t                reload;

    /* a worker's */

    MMDB_s                    mmdb;
    unsigned                  open:1;
    ngx_file_info_t           info;         /* of the file that is open, or
                                               that was refused */
    const char               *cause;        /* last one logged */
    ngx_event_t               timer;        /* cancelable */
} ngx_http_cxm_geoip_file_t;


struct ngx_http_cxm_geoip_s {
    ngx_http_cxm_geoip_file_t  *file;
    unsigned                    region:1;
};


static ngx_http_cxm_geoip_file_t *ngx_http_cxm_geoip_file(ngx_conf_t *cf,
    ngx_str_t *path);
static void ngx_http_cxm_geoip_open(ngx_http_cxm_geoip_file_t *file);
static void ngx_http_cxm_geoip_close(ngx_http_cxm_geoip_file_t *file);
static void ngx_http_cxm_geoip_look(ngx_event_t *ev);
static void ngx_http_cxm_geoip_unknown(ngx_http_cxm_geoip_file_t *file,
    ngx_uint_t level, ngx_err_t err, const char *cause);
static void ngx_http_cxm_geoip_tell(ngx_http_cxm_geoip_file_t *file,
    ngx_uint_t level, ngx_err_t err, const char *cause, const char *effect);
static int ngx_http_cxm_geoip_lookup(ngx_http_cxm_geoip_file_t *file,
    struct sockaddr *sa, MMDB_lookup_result_s *found);
static cxm_str_t ngx_http_cxm_geoip_code(MMDB_lookup_result_s *found,
    const char *const *path, size_t min, size_t max);


/* "off": told from a location that says nothing. */

static ngx_http_cxm_geoip_t  ngx_http_cxm_geoip_off;


char *
ngx_http_cxm_geoip(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_cxm_loc_conf_t  *lcf = conf;

    ngx_str_t             *value, reload;
    ngx_uint_t             i;
    ngx_msec_t             msec;
    ngx_http_cxm_geoip_t  *geoip;

    if (lcf->geoip != NULL) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        lcf->geoip = &ngx_http_cxm_geoip_off;
        return NGX_CONF_OK;
    }

    geoip = ngx_pcalloc(cf->pool, sizeof(ngx_http_cxm_geoip_t));
    if (geoip == NULL) {
        return NGX_CONF_ERROR;
    }

    msec = NGX_HTTP_CXM_GEOIP_RELOAD;

    for (i = 2; i < cf->args->nelts; i++) {

        if (ngx_strcmp(value[i].data, "region=on") == 0) {
            geoip->region = 1;
            continue;
        }

        if (ngx_strncmp(value[i].data, "reload=", 7) == 0) {
            reload.len = value[i].len - 7;
            reload.data = value[i].data + 7;
            msec = ngx_parse_time(&reload, 0);

            if (reload.len > 0 && msec != (ngx_msec_t) NGX_ERROR
                && msec != 0)
            {
                continue;
            }
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid parameter \"%V\"",
                           &value[i]);
        return NGX_CONF_ERROR;
    }

    geoip->file = ngx_http_cxm_geoip_file(cf, &value[1]);

    if (geoip->file == NULL) {
        return NGX_CONF_ERROR;
    }

    geoip->file->reload = ngx_min(geoip->file->reload, msec);
    lcf->geoip = geoip;

    return NGX_CONF_OK;
}


static ngx_http_cxm_geoip_file_t *
ngx_http_cxm_geoip_file(ngx_conf_t *cf, ngx_str_t *path)
{
    ngx_str_t                    full;
    ngx_uint_t                   i;
    ngx_http_cxm_main_conf_t    *mcf;
    ngx_http_cxm_geoip_file_t   *file, **files;

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_cxm_module);
    full = *path;

    if (ngx_conf_full_name(cf->cycle, &full, 1) != NGX_OK) {
        return NULL;
    }

    files = mcf->geoips.elts;

    for (i = 0; i < mcf->geoips.nelts; i++) {
        if (ngx_strcmp(files[i]->path.data, full.data) == 0) {
            return files[i];
        }
    }

    files = ngx_array_push(&mcf->geoips);
    file = ngx_pcalloc(cf->pool, sizeof(ngx_http_cxm_geoip_file_t));

    if (files == NULL || file == NULL) {
        return NULL;
    }

    file->path = full;
    file->reload = NGX_MAX_INT32_VALUE;
    *files = file;

    return file;
}


void
ngx_http_cxm_geoip_merge(ngx_http_cxm_loc_conf_t *prev,
    ngx_http_cxm_loc_conf_t *conf)
{
    if (conf->geoip == NULL) {
        conf->geoip = prev->geoip;
    }
}


void
ngx_http_cxm_geoip_start(ngx_http_cxm_main_conf_t *mcf, ngx_log_t *log)
{
    ngx_uint_t                   i;
    ngx_http_cxm_geoip_file_t  **files;

    files = mcf->geoips.elts;

    for (i = 0; i < mcf->geoips.nelts; i++) {
        files[i]->timer.data = files[i];
        files[i]->timer.handler = ngx_http_cxm_geoip_look;
        files[i]->timer.log = log;
        files[i]->timer.cancelable = 1;

        ngx_http_cxm_geoip_open(files[i]);
        ngx_add_timer(&files[i]->timer, files[i]->reload);
    }
}


void
ngx_http_cxm_geoip_exit(ngx_http_cxm_main_conf_t *mcf)
{
    ngx_uint_t                   i;
    ngx_http_cxm_geoip_file_t  **files;

    files = mcf->geoips.elts;

    for (i = 0; i < mcf->geoips.nelts; i++) {
        ngx_http_cxm_geoip_close(files[i]);
    }
}


static void
ngx_http_cxm_geoip_look(ngx_event_t *ev)
{
    ngx_http_cxm_geoip_file_t  *file = ev->data;

    if (ngx_exiting) {
        return;
    }

    ngx_http_cxm_geoip_open(file);
    ngx_add_timer(ev, file->reload);
}


/*
 * Opens what has another inode than what was looked at before.  The name is
 * asked before and after, so that what is open is what was looked at.
 */

static void
ngx_http_cxm_geoip_open(ngx_http_cxm_geoip_file_t *file)
{
    int              rc;
    MMDB_s           mmdb;
    ngx_file_info_t  info, again;

    if (ngx_file_info(file->path.data, &info) == NGX_FILE_ERROR) {
        ngx_http_cxm_geoip_unknown(file, NGX_LOG_WARN, ngx_errno,
                                   "it is not there");
        return;
    }

    if (info.st_ino == file->info.st_ino && info.st_dev == file->info.st_dev) {

        if (info.st_size != file->info.st_size
            || info.st_mtim.tv_sec != file->info.st_mtim.tv_sec
            || info.st_mtim.tv_nsec != file->info.st_mtim.tv_nsec)
        {
            file->info = info;
            ngx_http_cxm_geoip_unknown(file, NGX_LOG_ERR, 0,
                                       "it changed in place; replace it by "
                                       "rename");
        }

        return;
    }

    rc = MMDB_open((const char *) file->path.data, MMDB_MODE_MMAP, &mmdb);

    if (rc != MMDB_SUCCESS) {
        file->info = info;
        ngx_http_cxm_geoip_unknown(file, NGX_LOG_ERR, 0, MMDB_strerror(rc));
        return;
    }

    if (ngx_file_info(file->path.data, &again) == NGX_FILE_ERROR
        || again.st_ino != info.st_ino || again.st_dev != info.st_dev)
    {
        /* replaced this moment: it is looked at again soon */

        MMDB_close(&mmdb);
        return;
    }

    ngx_http_cxm_geoip_close(file);

    file->mmdb = mmdb;
    file->open = 1;
    file->info = info;
    file->cause = NULL;

    ngx_log_error(NGX_LOG_NOTICE, file->timer.log, 0,
                  "cxm: GeoIP database \"%V\" is open, built at %uL",
                  &file->path, (uint64_t) mmdb.metadata.build_epoch);
}


static void
ngx_http_cxm_geoip_close(ngx_http_cxm_geoip_file_t *file)
{
    if (file->open) {
        file->open = 0;
        MMDB_close(&file->mmdb);
    }
}


/* A name that is gone does not harm what is mapped; a change in place does. */

static void
ngx_http_cxm_geoip_unknown(ngx_http_cxm_geoip_file_t *file, ngx_uint_t level,
    ngx_err_t err, const char *cause)
{
    if (err == 0) {
        ngx_http_cxm_geoip_close(file);
    }

    ngx_http_cxm_geoip_tell(file, level, err, cause,
                            file->open ? "the one before stays in use"
                                       : "countries are unknown");
}


/* Once, until something else is to be told. */

static void
ngx_http_cxm_geoip_tell(ngx_http_cxm_geoip_file_t *file, ngx_uint_t level,
    ngx_err_t err, const char *cause, const char *effect)
{
    if (file->cause != cause) {
        file->cause = cause;

        ngx_log_error(level, file->timer.log, err,
                      "cxm: GeoIP database \"%V\": %s; %s", &file->path,
                      cause, effect);
    }
}


void
ngx_http_cxm_geoip_find(ngx_http_request_t *r, cxm_request_t *request)
{
    u_char                   *p;
    cxm_str_t                 country, region;
    MMDB_lookup_result_s      found;
    ngx_http_cxm_loc_conf_t  *lcf;

    static const char *const  country_path[] = {
        "country", "iso_code", NULL
    };
    static const char *const  region_path[] = {
        "subdivisions", "0", "iso_code", NULL
    };

    lcf = ngx_http_get_module_loc_conf(r, ngx_http_cxm_module);

    if (lcf->geoip == NULL || lcf->geoip->file == NULL
        || !lcf->geoip->file->open
        || !ngx_http_cxm_geoip_lookup(lcf->geoip->file,
                                      r->connection->sockaddr, &found))
    {
        return;
    }

    country = ngx_http_cxm_geoip_code(&found, country_path, 2, 2);
    request->country = country;

    if (!lcf->geoip->region || country.len == 0) {
        return;
    }

    region = ngx_http_cxm_geoip_code(&found, region_path, 1, 3);

    if (region.len == 0) {
        return;
    }

    p = ngx_pnalloc(r->pool, country.len + 1 + region.len);

    if (p != NULL) {
        request->region.data = (const char *) p;
        request->region.len = country.len + 1 + region.len;

        p = ngx_cpymem(p, country.data, country.len);
        *p++ = '-';
        ngx_memcpy(p, region.data, region.len);
    }
}


/* An IPv4 address that came over an IPv6 socket is looked up as what it is. */

static int
ngx_http_cxm_geoip_lookup(ngx_http_cxm_geoip_file_t *file,
    struct sockaddr *sa, MMDB_lookup_result_s *found)
{
    int                   error;
#if (NGX_HAVE_INET6)
    struct sockaddr_in    sin;
    struct sockaddr_in6  *sin6;
#endif

    if (sa->sa_family != AF_INET && sa->sa_family != AF_INET6) {
        return 0;
    }

#if (NGX_HAVE_INET6)
    sin6 = (struct sockaddr_in6 *) sa;

    if (sa->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&sin6->sin6_addr)) {
        ngx_memzero(&sin, sizeof(struct sockaddr_in));
        sin.sin_family = AF_INET;
        ngx_memcpy(&sin.sin_addr, (u_char *) &sin6->sin6_addr + 12, 4);
        sa = (struct sockaddr *) &sin;
    }
#endif

    *found = MMDB_lookup_sockaddr(&file->mmdb, sa, &error);

    if (error != MMDB_SUCCESS
        && error != MMDB_IPV6_LOOKUP_IN_IPV4_DATABASE_ERROR)
    {
        ngx_http_cxm_geoip_tell(file, NGX_LOG_ERR, 0, MMDB_strerror(error),
                                "countries of some addresses are unknown");
    }

    return error == MMDB_SUCCESS && found->found_entry;
}


/* A code of capital letters and digits; anything else in a file is none. */

static cxm_str_t
ngx_http_cxm_geoip_code(MMDB_lookup_result_s *found, const char *const *path,
    size_t min, size_t max)
{
    size_t             i;
    cxm_str_t          code;
    MMDB_entry_data_s  data;

    code.len = 0;
    code.data = NULL;

    if (MMDB_aget_value(&found->entry, &data, path) != MMDB_SUCCESS
        || !data.has_data || data.type != MMDB_DATA_TYPE_UTF8_STRING
        || data.data_size < min || data.data_size > max)
    {
        return code;
    }

    for (i = 0; i < data.data_size; i++) {
        if (!((data.utf8_string[i] >= 'A' && data.utf8_string[i] <= 'Z')
              || (data.utf8_string[i] >= '0' && data.utf8_string[i] <= '9')))
        {
            return code;
        }
    }

    code.len = data.data_size;
    code.data = data.utf8_string;

    return code;
}


time_t
ngx_http_cxm_geoip_built(ngx_http_cxm_main_conf_t *mcf)
{
    time_t                       built;
    uint64_t                     epoch;
    ngx_uint_t                   i;
    ngx_http_cxm_geoip_file_t  **files;

    built = 0;
    files = mcf->geoips.elts;

    for (i = 0; i < mcf->geoips.nelts; i++) {

        if (!files[i]->open) {
            continue;
        }

        epoch = files[i]->mmdb.metadata.build_epoch;

        if (built == 0 || epoch < (uint64_t) built) {
            built = (time_t) epoch;
        }
    }

    return built;
}
