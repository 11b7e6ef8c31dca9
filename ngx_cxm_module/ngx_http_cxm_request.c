/*
 * From nginx's request to a call.
 */

#include "ngx_http_cxm_request.h"
#include "ngx_http_cxm_body.h"
#include "ngx_http_cxm_geoip.h"
#include "ngx_http_cxm_identity.h"
#include "ngx_http_cxm_job.h"
#include "ngx_http_cxm_metrics.h"
#include "ngx_http_cxm_served.h"
#include "ngx_http_cxm_staff.h"
#include "ngx_http_cxm_store.h"
#include "ngx_http_cxm_turn.h"


typedef struct {
    ngx_uint_t    method;
    cxm_method_t  cxm;
    unsigned      body:1;       /* is read, else discarded */
} ngx_http_cxm_method_t;

typedef struct {
    const char   *name;
    size_t        offset;       /* of a cxm_str_t in cxm_request_t */
} ngx_http_cxm_header_t;


static const ngx_http_cxm_method_t *ngx_http_cxm_find_method(
    ngx_http_request_t *r);
static void ngx_http_cxm_body_handler(ngx_http_request_t *r);
static void ngx_http_cxm_begin(ngx_http_request_t *r);
static ngx_int_t ngx_http_cxm_call(ngx_http_request_t *r);
static ngx_int_t ngx_http_cxm_fill(ngx_http_request_t *r,
    cxm_request_t *request);
static ngx_int_t ngx_http_cxm_fill_path(ngx_http_request_t *r,
    cxm_request_t *request);
static void ngx_http_cxm_fill_identity(ngx_http_request_t *r,
    cxm_request_t *request);
static void ngx_http_cxm_fill_metrics(ngx_http_request_t *r,
    cxm_request_t *request);
static ngx_int_t ngx_http_cxm_fill_base(ngx_http_request_t *r,
    cxm_request_t *request);
static ngx_int_t ngx_http_cxm_fill_site(ngx_http_request_t *r,
    cxm_request_t *request);
static ngx_uint_t ngx_http_cxm_is_host(const ngx_str_t *name);
static ngx_int_t ngx_http_cxm_scheme(ngx_http_request_t *r,
    const ngx_str_t *host, cxm_str_t *out);


/* Another method gets 0, which no route has: 405 with Allow. */

static const ngx_http_cxm_method_t  ngx_http_cxm_methods[] = {
    { NGX_HTTP_GET,     CXM_GET,     0 },
    { NGX_HTTP_HEAD,    CXM_HEAD,    0 },
    { NGX_HTTP_OPTIONS, CXM_OPTIONS, 0 },
    { NGX_HTTP_POST,    CXM_POST,    1 },
    { NGX_HTTP_PUT,     CXM_PUT,     1 },
    { NGX_HTTP_PATCH,   CXM_PATCH,   1 },
    { NGX_HTTP_DELETE,  CXM_DELETE,  1 },
    { 0,                0,           0 }
};


static const ngx_http_cxm_header_t  ngx_http_cxm_headers[] = {
    { "content-type",     offsetof(cxm_request_t, content_type) },
    { "content-encoding", offsetof(cxm_request_t, content_encoding) },
    { "accept",           offsetof(cxm_request_t, accept) },
    { "authorization",    offsetof(cxm_request_t, authorization) },
    { "idempotency-key",  offsetof(cxm_request_t, idempotency_key) },
    { "if-match",         offsetof(cxm_request_t, if_match) },
    { "if-none-match",    offsetof(cxm_request_t, if_none_match) },
    { "origin",           offsetof(cxm_request_t, origin) },
    { "user-agent",       offsetof(cxm_request_t, user_agent) },
    { "accept-language",  offsetof(cxm_request_t, accept_language) },
    { "last-event-id",    offsetof(cxm_request_t, last_event_id) },
    { "sec-gpc",          offsetof(cxm_request_t, sec_gpc) },
    { "dnt",              offsetof(cxm_request_t, dnt) },
    { "purpose",          offsetof(cxm_request_t, sec_purpose) },
    { "x-moz",            offsetof(cxm_request_t, sec_purpose) },
    { "sec-purpose",      offsetof(cxm_request_t, sec_purpose) },
    { "sec-fetch-site",   offsetof(cxm_request_t, sec_fetch_site) },
    { "cookie",           offsetof(cxm_request_t, cookie) },
    { NULL,               0 }
};


ngx_int_t
ngx_http_cxm_handler(ngx_http_request_t *r)
{
    ngx_int_t  rc;

    if (r != r->main) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "cxm locations do not answer subrequests");

        return NGX_HTTP_FORBIDDEN;
    }

    if (ngx_http_cxm_get_ctx(r) == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ngx_http_cxm_find_method(r)->body) {
        return ngx_http_cxm_body_read(r, ngx_http_cxm_body_handler);
    }

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    /* one count is the handler's, NGX_DONE gives it back; one is the job's */

    r->main->count++;
    ngx_http_cxm_turn_take(r, ngx_http_cxm_begin);

    return NGX_DONE;
}


static const ngx_http_cxm_method_t *
ngx_http_cxm_find_method(ngx_http_request_t *r)
{
    const ngx_http_cxm_method_t  *m;

    for (m = ngx_http_cxm_methods; m->method != 0; m++) {
        if (m->method == r->method) {
            break;
        }
    }

    return m;
}


static void
ngx_http_cxm_body_handler(ngx_http_request_t *r)
{
    ngx_int_t  rc;

    rc = ngx_http_cxm_body_ready(r);

    if (rc != NGX_OK) {
        ngx_http_finalize_request(r, rc);
        return;
    }

    ngx_http_cxm_turn_take(r, ngx_http_cxm_begin);
}


static void
ngx_http_cxm_begin(ngx_http_request_t *r)
{
    ngx_int_t  rc;

    rc = ngx_http_cxm_call(r);

    if (rc != NGX_OK) {
        ngx_http_finalize_request(r, rc);
    }
}


/* NGX_OK: the job has finalized the request, or will. */

static ngx_int_t
ngx_http_cxm_call(ngx_http_request_t *r)
{
    ngx_int_t                 rc;
    cxm_next_t                next;
    cxm_request_t             request;
    ngx_http_cxm_ctx_t       *ctx;
    ngx_http_cxm_job_t       *job;
    ngx_http_cxm_srv_conf_t  *scf;

    scf = ngx_http_get_module_srv_conf(r, ngx_http_cxm_module);

    rc = ngx_http_cxm_fill(r, &request);

    if (rc != NGX_OK) {
        return rc;
    }

    job = ngx_http_cxm_job_create(r, scf->store);
    if (job == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    next = cxm_call_begin(job->call, &request);

    /* the call has copied what it needs */

    ctx = ngx_http_get_module_ctx(r, ngx_http_cxm_module);
    cxm_buf_free(&ctx->body);

    ngx_http_cxm_job_run(job, next);

    return NGX_OK;
}


static ngx_int_t
ngx_http_cxm_fill(ngx_http_request_t *r, cxm_request_t *request)
{
    ngx_int_t                  rc;
    ngx_http_cxm_ctx_t        *ctx;
    ngx_http_cxm_loc_conf_t   *lcf;
    ngx_http_cxm_srv_conf_t   *scf;
    ngx_http_cxm_main_conf_t  *mcf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_cxm_module);
    lcf = ngx_http_get_module_loc_conf(r, ngx_http_cxm_module);
    scf = ngx_http_get_module_srv_conf(r, ngx_http_cxm_module);
    mcf = ngx_http_get_module_main_conf(r, ngx_http_cxm_module);

    ngx_http_cxm_request_sender(r, request);

    request->endpoint = lcf->endpoint;
    request->method = ngx_http_cxm_find_method(r)->cxm;
    request->query = ngx_http_cxm_str(&r->args);
    request->body = cxm_buf_str(&ctx->body);
    request->prefixes = scf->prefixes;
    request->surveys = ngx_http_cxm_str(scf->surveys.len > 0
                                        ? &scf->surveys
                                        : &scf->store->surveys);
    request->allow_origin = lcf->allow_origin;
    request->insecure_cookies = lcf->insecure_cookies;
    request->zone = lcf->time_zone;
    request->zones = mcf->zones;
    request->served = ngx_http_cxm_served_get;
    request->served_ctx = r;
    ngx_http_cxm_fill_identity(r, request);
    request->throttle = &scf->store->tries;
    request->hash_room = ngx_http_cxm_hash_room;
    request->hash_ctx = scf->store;
    ngx_http_cxm_fill_metrics(r, request);
    ngx_http_cxm_staff_fill(r, request);

    rc = ngx_http_cxm_fill_path(r, request);

    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_cxm_fill_base(r, request);

    return rc == NGX_OK ? ngx_http_cxm_fill_site(r, request) : rc;
}


static void
ngx_http_cxm_fill_identity(ngx_http_request_t *r, cxm_request_t *request)
{
    ngx_http_cxm_identity_t  *identity;

    identity = ngx_http_cxm_identity(r);

    if (identity == NULL || identity->text.len == 0) {
        return;
    }

    request->token = identity->text;

    if (identity->result == CXM_TOKEN_GOOD) {
        request->claims = &identity->claims;

    } else {
        request->token_wrong = identity->why;
    }
}


/* For the one location that tells them. */

static void
ngx_http_cxm_fill_metrics(ngx_http_request_t *r, cxm_request_t *request)
{
    cxm_host_metrics_t        *host;
    ngx_http_cxm_srv_conf_t   *scf;
    ngx_http_cxm_main_conf_t  *mcf;

    if (request->endpoint != CXM_ENDPOINT_METRICS) {
        return;
    }

    mcf = ngx_http_get_module_main_conf(r, ngx_http_cxm_module);
    scf = ngx_http_get_module_srv_conf(r, ngx_http_cxm_module);
    host = ngx_palloc(r->pool, sizeof(cxm_host_metrics_t));

    if (host != NULL) {
        ngx_http_cxm_metrics_update(scf->store);

        host->metrics = ngx_http_cxm_metrics_of(scf->store);
        host->store = (const char *) scf->store->dir.data;
        host->geoip = ngx_http_cxm_geoip_built(mcf);
        request->metrics = host;
    }
}


cxm_str_t
ngx_http_cxm_request_address(ngx_http_request_t *r)
{
    struct sockaddr      *sa;
    struct sockaddr_in   *sin;
#if (NGX_HAVE_INET6)
    struct sockaddr_in6  *sin6;
#endif

    sa = r->connection->sockaddr;

    switch (sa->sa_family) {

    case AF_INET:
        sin = (struct sockaddr_in *) sa;
        return (cxm_str_t) { 4, (const char *) &sin->sin_addr };

#if (NGX_HAVE_INET6)
    case AF_INET6:
        sin6 = (struct sockaddr_in6 *) sa;

        if (IN6_IS_ADDR_V4MAPPED(&sin6->sin6_addr)) {
            return (cxm_str_t) { 4, (const char *) &sin6->sin6_addr + 12 };
        }

        return (cxm_str_t) { 8, (const char *) &sin6->sin6_addr };
#endif

    default:
        return (cxm_str_t) { 0, NULL };
    }
}


void
ngx_http_cxm_request_sender(ngx_http_request_t *r, cxm_request_t *request)
{
    ngx_str_t                    *value;
    cxm_str_t                    *field;
    const ngx_http_cxm_header_t  *h;

    ngx_memzero(request, sizeof(cxm_request_t));

    request->host = ngx_http_cxm_str(&r->headers_in.server);
    request->address = ngx_http_cxm_request_address(r);
    request->now = cxm_now();

    ngx_http_cxm_geoip_find(r, request);

    for (h = ngx_http_cxm_headers; h->name != NULL; h++) {
        value = ngx_http_cxm_find_header(r, h->name);

        if (value != NULL) {
            field = (cxm_str_t *) ((char *) request + h->offset);
            *field = ngx_http_cxm_str(value);
        }
    }
}


static ngx_int_t
ngx_http_cxm_fill_path(ngx_http_request_t *r, cxm_request_t *request)
{
    u_char                   *p, *end;
    ngx_str_t                *prefix;
    ngx_http_cxm_loc_conf_t  *lcf;

    lcf = ngx_http_get_module_loc_conf(r, ngx_http_cxm_module);
    prefix = &lcf->prefix;

    request->prefix = ngx_http_cxm_str(&lcf->path);

    /* a rewrite may have led elsewhere; "/s" also matches "/survey" */

    if (r->uri.len < prefix->len
        || ngx_strncmp(r->uri.data, prefix->data, prefix->len) != 0)
    {
        return NGX_HTTP_NOT_FOUND;
    }

    p = r->uri.data + prefix->len;
    end = r->uri.data + r->uri.len;

    if (p < end && *p == '/') {
        p++;

    } else if (p < end && prefix->data[prefix->len - 1] != '/') {
        return NGX_HTTP_NOT_FOUND;
    }

    request->path.len = end - p;
    request->path.data = (const char *) p;

    return NGX_OK;
}


static ngx_int_t
ngx_http_cxm_fill_base(ngx_http_request_t *r, cxm_request_t *request)
{
    ngx_str_t                 *host;
    ngx_http_cxm_loc_conf_t   *lcf;
    ngx_http_core_srv_conf_t  *cscf;

    lcf = ngx_http_get_module_loc_conf(r, ngx_http_cxm_module);

    if (lcf->public_url.len > 0) {
        request->base = ngx_http_cxm_str(&lcf->public_url);
        return NGX_OK;
    }

    /* with its port; nginx has checked the name */

    cscf = ngx_http_get_module_srv_conf(r, ngx_http_core_module);

    host = r->headers_in.host ? &r->headers_in.host->value
                              : &cscf->server_name;

    if (host->len == 0) {

        /* HTTP/1.0 without Host, a server without name: no host in links */

        request->base = cxm_str("");
        return NGX_OK;
    }

    return ngx_http_cxm_scheme(r, host, &request->base);
}


/*
 * Links in mails lead where a client could not choose: to the server's own
 * name and port.  A server without a name has its address.
 */

static ngx_int_t
ngx_http_cxm_fill_site(ngx_http_request_t *r, cxm_request_t *request)
{
    u_char                    *p;
    in_port_t                  port, usual;
    ngx_str_t                  host, addr, *name;
    u_char                     text[NGX_SOCKADDR_STRLEN];
    ngx_http_cxm_loc_conf_t   *lcf;
    ngx_http_core_srv_conf_t  *cscf;

    if (request->endpoint != CXM_ENDPOINT_SELF) {
        return NGX_OK;
    }

    lcf = ngx_http_get_module_loc_conf(r, ngx_http_cxm_module);

    if (lcf->public_url.len > 0) {
        request->site = ngx_http_cxm_str(&lcf->public_url);
        return NGX_OK;
    }

    addr.len = NGX_SOCKADDR_STRLEN;
    addr.data = text;

    if (ngx_connection_local_sockaddr(r->connection, &addr, 1) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cscf = ngx_http_get_module_srv_conf(r, ngx_http_core_module);
    name = &cscf->server_name;

    if (!ngx_http_cxm_is_host(name)) {
        return ngx_http_cxm_scheme(r, &addr, &request->site);
    }

    port = ngx_inet_get_port(r->connection->local_sockaddr);
    usual = 80;

#if (NGX_HTTP_SSL)
    if (r->connection->ssl) {
        usual = 443;
    }
#endif

    host.data = ngx_pnalloc(r->pool, name->len + sizeof(":65535") - 1);

    if (host.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    p = ngx_cpymem(host.data, name->data, name->len);

    if (port != usual && port != 0) {
        p = ngx_sprintf(p, ":%d", (int) port);
    }

    host.len = p - host.data;

    return ngx_http_cxm_scheme(r, &host, &request->site);
}


/* A name that leads somewhere: no pattern, and not "_". */

static ngx_uint_t
ngx_http_cxm_is_host(const ngx_str_t *name)
{
    size_t  i;

    for (i = 0; i < name->len; i++) {
        if (ngx_strchr("*~_^$", name->data[i]) != NULL) {
            return 0;
        }
    }

    return name->len > 0 && name->data[0] != '.';
}


static ngx_int_t
ngx_http_cxm_scheme(ngx_http_request_t *r, const ngx_str_t *host,
    cxm_str_t *out)
{
    u_char     *p;
    ngx_str_t   base;

    base.len = sizeof("https://") - 1 + host->len;
    base.data = ngx_pnalloc(r->pool, base.len);

    if (base.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    p = base.data;

#if (NGX_HTTP_SSL)
    if (r->connection->ssl) {
        p = ngx_cpymem(p, "https://", sizeof("https://") - 1);

    } else
#endif
    {
        p = ngx_cpymem(p, "http://", sizeof("http://") - 1);
    }

    p = ngx_cpymem(p, host->data, host->len);
    base.len = p - base.data;

    *out = ngx_http_cxm_str(&base);

    return NGX_OK;
}
