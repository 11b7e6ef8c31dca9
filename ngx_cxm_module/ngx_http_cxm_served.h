/*
 * What visitors were served lately, for the score that may follow.
 *
 * Shared memory of a fixed number of places, one 64-bit word each: a tag of
 * the visitor's hash, when, how fast, how it ended.  A set of eight places is
 * searched; the oldest gives way.  Words are read and written whole, without
 * a lock: a worker that dies holds up nobody, and of two that write at once
 * one visitor is forgotten, which a cache may.
 *
 * Visitors are known by what the location says ("visitor=", "session="), in
 * all hosts of a store, and by host, address and agent: hashes under a random
 * key that exists only in this memory.  Nothing of it is ever written to disk.
 */

#ifndef NGX_HTTP_CXM_SERVED_H
#define NGX_HTTP_CXM_SERVED_H

#include "ngx_http_cxm_module.h"


#define NGX_HTTP_CXM_SERVED_SECONDS  (30 * 60)


/* While the configuration is read, once; NGX_ERROR without memory. */
ngx_int_t ngx_http_cxm_served_zone(ngx_conf_t *cf,
    ngx_http_cxm_main_conf_t *mcf);

/* Remembers what was served; visitor.data NULL: to the request's client. */
void ngx_http_cxm_served_put(ngx_http_request_t *r, cxm_str_t visitor,
    const cxm_experience_t *experience);

/* cxm_request_t's `served`; ctx is the request. */
int ngx_http_cxm_served_get(void *ctx, cxm_str_t visitor,
    cxm_experience_t *out);


#endif /* NGX_HTTP_CXM_SERVED_H */
