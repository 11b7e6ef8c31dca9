/*
 * ngx_http_cxm_module: libcxm in nginx.
 *
 * What belongs where:
 *
 *   conf      directives; nothing is opened
 *   store     life of the stores in a worker: open, retry, upkeep
 *   retention its directive and task: what is no longer kept
 *   request   content handler: from nginx's request to cxm_request_t
 *   turn      how many requests are begun in a round of the event loop
 *   body      the request's body, into memory of its own
 *   job       a call on its way through its phases; request and job know
 *             each other only until one of them ends
 *   batch     group commit: one batch a store and worker in flight
 *   hash      passwords: as many at a time as there are permits
 *   scan      reads that are too long for the event loop
 *   export    replies of any length, in pieces
 *   stream    live streams: what happens, to clients that stay
 *   reply     from cxm_reply_t to nginx's response
 *   filter    nginx's own errors in our locations, as problem documents
 *   touchpoint  requests of any location, when they end
 *   edge      their events, on the way to a batch
 *   served    what visitors were served lately, for the joined score
 *   shm       memory that workers share
 *   metrics   what workers count
 *   geoip     countries of addresses
 *   identity  customers whom the site itself knows, by its tokens
 *   var       variables
 */

#ifndef NGX_HTTP_CXM_MODULE_H
#define NGX_HTTP_CXM_MODULE_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_thread_pool.h>

#include "cxm.h"
#include "ngx_http_cxm_shm.h"

#if !(NGX_THREADS)
#error ngx_http_cxm_module needs an nginx built --with-threads
#endif


typedef struct ngx_http_cxm_store_s   ngx_http_cxm_store_t;
typedef struct ngx_http_cxm_worker_s  ngx_http_cxm_worker_t;
typedef struct ngx_http_cxm_job_s     ngx_http_cxm_job_t;
typedef struct ngx_http_cxm_retention_s       ngx_http_cxm_retention_t;
typedef struct ngx_http_cxm_retention_conf_s  ngx_http_cxm_retention_conf_t;
typedef struct ngx_http_cxm_touchpoint_s  ngx_http_cxm_touchpoint_t;
typedef struct ngx_http_cxm_export_s  ngx_http_cxm_export_t;
typedef struct ngx_http_cxm_stream_s  ngx_http_cxm_stream_t;
typedef struct ngx_http_cxm_geoip_s   ngx_http_cxm_geoip_t;
typedef struct ngx_http_cxm_staff_s   ngx_http_cxm_staff_t;

typedef void (*ngx_http_cxm_turn_pt)(ngx_http_request_t *r);


typedef struct {
    ngx_array_t             stores;     /* ngx_http_cxm_store_t * */
    ngx_array_t             geoips;     /* files of cxm_geoip */

    ngx_thread_pool_t      *write_pool;
    ngx_thread_pool_t      *scan_pool;
    ngx_thread_pool_t      *hash_pool;
    unsigned                threads:1;  /* cxm_threads was given */

    cxm_zones_t            *zones;      /* of this configuration */

    size_t                  hash_memory;
    ngx_uint_t              hash_permits;
    ngx_http_cxm_shm_t     *hashes;     /* who has them */

    ngx_http_cxm_shm_t     *served;     /* NULL: no location has a
                                           cxm_touchpoint */

    ngx_http_cxm_worker_t  *worker;     /* NULL in the master */
} ngx_http_cxm_main_conf_t;


typedef struct {
    ngx_http_cxm_store_t   *store;
    ngx_http_cxm_retention_conf_t  *retention;  /* NULL: all is kept */
    ngx_str_t               surveys;    /* path of the first cxm_surveys */
    cxm_str_t               prefixes[CXM_ENDPOINT_N];   /* the first ones */
} ngx_http_cxm_srv_conf_t;


typedef struct {
    cxm_endpoint_t          endpoint;
    ngx_str_t               directive;  /* that made it so, and where */
    u_char                 *file;
    ngx_uint_t              line;

    ngx_str_t               prefix;     /* the location's name */
    ngx_str_t               path;       /* the same with a slash behind */
    const char            **allow_origin;
    const cxm_zone_t       *time_zone;
    ngx_str_t               public_url;
    ngx_flag_t              insecure_cookies;

    ngx_http_cxm_touchpoint_t  *touchpoint;
    ngx_http_cxm_geoip_t   *geoip;
    ngx_array_t            *tokens;     /* ngx_http_cxm_token_t *; NULL: no
                                           token is asked for */

    ngx_http_cxm_staff_t   *staff;      /* never inherited */

    ngx_array_t            *error_pages;    /* as merged, to know inherited
                                               ones from the location's own */
} ngx_http_cxm_loc_conf_t;


/*
 * Of a request in our locations.  The request's pool owns it; what it points
 * to is on the heap, because calls outlive requests, and goes with the pool.
 */
typedef struct {
    ngx_http_cxm_job_t     *job;        /* while the call runs, else NULL */
    cxm_call_t             *call;       /* once it ended: holds the reply */
    ngx_http_cxm_export_t  *export;     /* or this, which has the call */
    ngx_http_cxm_stream_t  *stream;     /* or this, the same */
    cxm_buf_t               body;
    ngx_buf_t              *problem;    /* replaces nginx's error page */

    struct {                            /* ngx_http_cxm_turn.h's */
        ngx_queue_t             queue;
        ngx_http_request_t     *request;    /* NULL: it does not wait */
        ngx_http_cxm_turn_pt    begin;
    } turn;

    unsigned                reading:1;  /* the body goes to `body` */
    unsigned                replied:1;  /* the response is ours */
    unsigned                problem_sent:1;
} ngx_http_cxm_ctx_t;


static ngx_inline cxm_str_t
ngx_http_cxm_str(const ngx_str_t *s)
{
    return (cxm_str_t) { s->len, (const char *) s->data };
}


/* The request's context, made at first use; NULL without memory. */
ngx_http_cxm_ctx_t *ngx_http_cxm_get_ctx(ngx_http_request_t *r);

/* An entry of headers_out; NULL without memory.  Strings are not copied. */
ngx_table_elt_t *ngx_http_cxm_add_header(ngx_http_request_t *r,
    const char *name, ngx_str_t *value);

/* A request header by its lower-case name; NULL when it was not sent. */
ngx_str_t *ngx_http_cxm_find_header(ngx_http_request_t *r, const char *name);


extern ngx_module_t  ngx_http_cxm_module;


#endif /* NGX_HTTP_CXM_MODULE_H */
