/*
 * Memory that the workers share: fixed structures in zones of their own.
 *
 * A zone keeps its contents over a reload as long as its size stays.
 */

#ifndef NGX_HTTP_CXM_SHM_H
#define NGX_HTTP_CXM_SHM_H

#include <ngx_config.h>
#include <ngx_core.h>


typedef struct ngx_http_cxm_shm_s  ngx_http_cxm_shm_t;

struct ngx_http_cxm_shm_s {
    ngx_shm_zone_t  *zone;
    size_t           size;      /* of the structure */
    void            *data;      /* it, zeroed at first; NULL before the
                                   configuration is in use */
    void           (*fresh)(void *data);    /* fills a new one; may be NULL */
};


/*
 * While the configuration is read: adds a zone for the structure that `shm`
 * describes, which must live as long as the cycle.  NULL without memory.
 */
ngx_shm_zone_t *ngx_http_cxm_shm_add(ngx_conf_t *cf, ngx_str_t *name,
    ngx_http_cxm_shm_t *shm);

/*
 * The zone's own lock, which nginx takes from a worker that is killed; the
 * structure must bear to be found half written then.  In any thread.
 */
void ngx_http_cxm_shm_lock(void *data);
void ngx_http_cxm_shm_unlock(void *data);


#endif /* NGX_HTTP_CXM_SHM_H */
