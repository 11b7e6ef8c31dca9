/*
 * What visitors were served lately.
 */

#include "ngx_http_cxm_served.h"
#include "ngx_http_cxm_request.h"
#include "ngx_http_cxm_shm.h"
#include "ngx_http_cxm_store.h"


#define NGX_HTTP_CXM_SERVED_SETS    (1 << 14)
#define NGX_HTTP_CXM_SERVED_PLACES  8

/*
 * A word, from its low end; a class of 0 is no entry.  Seconds are the low
 * ones of the clock: they meet again after 34 years.
 */
#define NGX_HTTP_CXM_SERVED_CLASS   3
#define NGX_HTTP_CXM_SERVED_BAND    3
#define NGX_HTTP_CXM_SERVED_TIME    30
#define NGX_HTTP_CXM_SERVED_TAG     28


typedef struct {
    cxm_key_t            key;
    uint64_t             sets[NGX_HTTP_CXM_SERVED_SETS]
                             [NGX_HTTP_CXM_SERVED_PLACES];
} ngx_http_cxm_served_t;

typedef struct {
    uint64_t             tag;
    uint64_t            *places;        /* of its set */
} ngx_http_cxm_visitor_t;


static void ngx_http_cxm_served_fresh(void *data);
static ngx_int_t ngx_http_cxm_served_find(ngx_http_request_t *r,
    cxm_str_t visitor, ngx_http_cxm_visitor_t *out);
static ngx_uint_t ngx_http_cxm_served_age(uint64_t word);

static ngx_inline uint64_t
ngx_http_cxm_served_tag(uint64_t word)
{
    return word >> (NGX_HTTP_CXM_SERVED_CLASS + NGX_HTTP_CXM_SERVED_BAND
                    + NGX_HTTP_CXM_SERVED_TIME);
}


ngx_int_t
ngx_http_cxm_served_zone(ngx_conf_t *cf, ngx_http_cxm_main_conf_t *mcf)
{
    ngx_http_cxm_shm_t  *shm;

    static ngx_str_t  name = ngx_string("cxm_served");

    shm = ngx_pcalloc(cf->pool, sizeof(ngx_http_cxm_shm_t));
    if (shm == NULL) {
        return NGX_ERROR;
    }

    shm->size = sizeof(ngx_http_cxm_served_t);
    shm->fresh = ngx_http_cxm_served_fresh;

    mcf->served = shm;

    return ngx_http_cxm_shm_add(cf, &name, shm) == NULL ? NGX_ERROR : NGX_OK;
}


static void
ngx_http_cxm_served_fresh(void *data)
{
    ngx_http_cxm_served_t  *served = data;

    cxm_random(served->key.b, sizeof(served->key.b));
}


static ngx_int_t
ngx_http_cxm_served_find(ngx_http_request_t *r, cxm_str_t visitor,
    ngx_http_cxm_visitor_t *out)
{
    uint64_t                   hash[2];
    cxm_str_t                  site, agent;
    ngx_http_cxm_served_t     *served;
    ngx_http_cxm_srv_conf_t   *scf;
    ngx_http_cxm_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_cxm_module);

    if (mcf->served == NULL || mcf->served->data == NULL) {
        return NGX_DECLINED;
    }

    served = mcf->served->data;
    scf = ngx_http_get_module_srv_conf(r, ngx_http_cxm_module);
    site = ngx_http_cxm_str(&scf->store->dir);
    agent = cxm_str("");

    if (visitor.data == NULL) {
        visitor = ngx_http_cxm_request_address(r);

        if (visitor.len == 0) {
            return NGX_DECLINED;
        }

        site = ngx_http_cxm_str(&r->headers_in.server);

        if (r->headers_in.user_agent != NULL) {
            agent = ngx_http_cxm_str(&r->headers_in.user_agent->value);
        }
    }

    cxm_keyed_hash(&served->key, site, visitor, agent, (uint8_t *) hash,
                   sizeof(hash));

    out->tag = hash[0] >> (64 - NGX_HTTP_CXM_SERVED_TAG);
    out->places = served->sets[hash[1] % NGX_HTTP_CXM_SERVED_SETS];

    return NGX_OK;
}


static ngx_uint_t
ngx_http_cxm_served_age(uint64_t word)
{
    uint64_t  at;

    at = word >> (NGX_HTTP_CXM_SERVED_CLASS + NGX_HTTP_CXM_SERVED_BAND);

    return (ngx_uint_t) ((ngx_time() - at)
                         & ((1 << NGX_HTTP_CXM_SERVED_TIME) - 1));
}


void
ngx_http_cxm_served_put(ngx_http_request_t *r, cxm_str_t visitor,
    const cxm_experience_t *experience)
{
    ngx_uint_t              i, age, oldest;
    uint64_t                word, *place;
    ngx_http_cxm_visitor_t  v;

    if (experience->status_class == 0
        || ngx_http_cxm_served_find(r, visitor, &v) != NGX_OK)
    {
        return;
    }

    place = v.places;
    oldest = 0;

    for (i = 0; i < NGX_HTTP_CXM_SERVED_PLACES; i++) {
        word = __atomic_load_n(&v.places[i], __ATOMIC_RELAXED);

        if (word == 0 || ngx_http_cxm_served_tag(word) == v.tag) {
            place = &v.places[i];
            break;
        }

        age = ngx_http_cxm_served_age(word);

        if (age >= oldest) {
            oldest = age;
            place = &v.places[i];
        }
    }

    word = v.tag;
    word = word << NGX_HTTP_CXM_SERVED_TIME
           | (ngx_time() & ((1 << NGX_HTTP_CXM_SERVED_TIME) - 1));
    word = word << NGX_HTTP_CXM_SERVED_BAND | experience->band;
    word = word << NGX_HTTP_CXM_SERVED_CLASS | experience->status_class;

    __atomic_store_n(place, word, __ATOMIC_RELAXED);
}


int
ngx_http_cxm_served_get(void *ctx, cxm_str_t visitor, cxm_experience_t *out)
{
    ngx_http_request_t  *r = ctx;

    ngx_uint_t              i;
    uint64_t                word;
    ngx_http_cxm_visitor_t  v;

    if (ngx_http_cxm_served_find(r, visitor, &v) != NGX_OK) {
        return 0;
    }

    for (i = 0; i < NGX_HTTP_CXM_SERVED_PLACES; i++) {
        word = __atomic_load_n(&v.places[i], __ATOMIC_RELAXED);

        if (word == 0 || ngx_http_cxm_served_tag(word) != v.tag) {
            continue;
        }

        out->status_class = word & ((1 << NGX_HTTP_CXM_SERVED_CLASS) - 1);
        word >>= NGX_HTTP_CXM_SERVED_CLASS;
        out->band = word & ((1 << NGX_HTTP_CXM_SERVED_BAND) - 1);

        return ngx_http_cxm_served_age(word << NGX_HTTP_CXM_SERVED_CLASS)
               < NGX_HTTP_CXM_SERVED_SECONDS;
    }

    return 0;
}
