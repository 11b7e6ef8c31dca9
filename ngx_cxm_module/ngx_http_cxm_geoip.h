/*
 * cxm_geoip: the country of an address, from a MaxMind database file.
 *
 * Workers open the file; one that is missing or broken means that countries
 * are unknown, and one line in the log.  Every `reload` the file's inode is
 * looked at: another one is opened beside and takes the old one's place.  A
 * file that changed in place cannot be trusted, nor its pages: it is closed
 * until another comes by rename.  (Between such a change and the next look a
 * truncated file can end a worker by SIGBUS: that is why only rename will do.)
 *
 * Look-ups run in the event loop and nowhere else, so nobody holds an old
 * generation when it is closed.
 */

#ifndef NGX_HTTP_CXM_GEOIP_H
#define NGX_HTTP_CXM_GEOIP_H

#include "ngx_http_cxm_module.h"


char *ngx_http_cxm_geoip(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
void ngx_http_cxm_geoip_merge(ngx_http_cxm_loc_conf_t *prev,
    ngx_http_cxm_loc_conf_t *conf);

/* In a worker: opens all databases and watches them. */
void ngx_http_cxm_geoip_start(ngx_http_cxm_main_conf_t *mcf, ngx_log_t *log);
void ngx_http_cxm_geoip_exit(ngx_http_cxm_main_conf_t *mcf);

/*
 * Sets country, and region where the location asks for it, of who sends the
 * request; strings live as long as the request's pool or this event.
 */
void ngx_http_cxm_geoip_find(ngx_http_request_t *r, cxm_request_t *request);

/* When the oldest open database was built, seconds since 1970; 0: none is. */
time_t ngx_http_cxm_geoip_built(ngx_http_cxm_main_conf_t *mcf);


#endif /* NGX_HTTP_CXM_GEOIP_H */
