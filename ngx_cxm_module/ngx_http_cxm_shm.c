/*
 * Zones of shared memory.
 */

#include "ngx_http_cxm_shm.h"
#include "ngx_http_cxm_module.h"


/* What nginx's slab allocator needs beside the structure, generously. */
#define NGX_HTTP_CXM_SHM_EXTRA  (16 * 4096)


static ngx_int_t ngx_http_cxm_shm_init(ngx_shm_zone_t *zone, void *data);


ngx_shm_zone_t *
ngx_http_cxm_shm_add(ngx_conf_t *cf, ngx_str_t *name, ngx_http_cxm_shm_t *shm)
{
    ngx_shm_zone_t  *zone;

    zone = ngx_shared_memory_add(cf, name,
                                 ngx_align(shm->size, ngx_pagesize)
                                 + shm->size / 256 + NGX_HTTP_CXM_SHM_EXTRA,
                                 &ngx_http_cxm_module);
    if (zone == NULL) {
        return NULL;
    }

    shm->zone = zone;

    zone->init = ngx_http_cxm_shm_init;
    zone->data = shm;

    return zone;
}


static ngx_int_t
ngx_http_cxm_shm_init(ngx_shm_zone_t *zone, void *data)
{
    ngx_http_cxm_shm_t  *old = data;

    ngx_slab_pool_t     *pool;
    ngx_http_cxm_shm_t  *shm;

    shm = zone->data;
    pool = (ngx_slab_pool_t *) zone->shm.addr;

    if (old != NULL) {
        shm->data = old->data;
        return NGX_OK;
    }

    if (zone->shm.exists) {
        shm->data = pool->data;
        return NGX_OK;
    }

    shm->data = ngx_slab_calloc(pool, shm->size);

    if (shm->data == NULL) {
        ngx_log_error(NGX_LOG_EMERG, zone->shm.log, 0,
                      "cxm: no room in shared memory \"%V\"",
                      &zone->shm.name);
        return NGX_ERROR;
    }

    pool->data = shm->data;

    if (shm->fresh != NULL) {
        shm->fresh(shm->data);
    }

    return NGX_OK;
}


void
ngx_http_cxm_shm_lock(void *data)
{
    ngx_http_cxm_shm_t  *shm = data;

    ngx_shmtx_lock(&((ngx_slab_pool_t *) shm->zone->shm.addr)->mutex);
}


void
ngx_http_cxm_shm_unlock(void *data)
{
    ngx_http_cxm_shm_t  *shm = data;

    ngx_shmtx_unlock(&((ngx_slab_pool_t *) shm->zone->shm.addr)->mutex);
}
