/*
 * Retention of a store: its directive, and the worker's part.
 *
 * Each worker looks now and then; the store's history can be held by one
 * process at a time, so one does the work and the others find it done.  It is
 * a task of the scan pool with transactions of its own, and ends early when
 * the worker does.
 */

#ifndef NGX_HTTP_CXM_RETENTION_H
#define NGX_HTTP_CXM_RETENTION_H

#include "ngx_http_cxm_module.h"


/* What the directive says; of a server or of http. */
struct ngx_http_cxm_retention_conf_s {
    ngx_msec_t              keep[CXM_KEEP_N];   /* 0: for good */
    ngx_str_t               archive;            /* empty: in the store */
    u_char                 *file;
    ngx_uint_t              line;
};


struct ngx_http_cxm_retention_s {
    ngx_http_cxm_retention_conf_t  *conf;
    cxm_retention_t         policy;

    /* a worker's */

    ngx_http_cxm_store_t   *store;
    ngx_thread_pool_t      *pool;
    ngx_log_t              *log;
    ngx_event_t             tick;       /* cancelable */
    ngx_msec_t              period;
    unsigned                busy:1;
    char                    cause[CXM_ERROR_DETAIL_LEN];    /* last one
                                                               logged */

    /* the thread's while it is busy */
    ngx_thread_task_t       task;
    cxm_store_t            *handle;
    cxm_rc_t                rc;
    cxm_error_t             err;
    int                     done;
};


char *ngx_http_cxm_conf_retention(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* Of a server: the store gets what is configured for it. */
char *ngx_http_cxm_retention_merge(ngx_conf_t *cf,
    ngx_http_cxm_srv_conf_t *prev, ngx_http_cxm_srv_conf_t *conf);

/* At the end of the configuration: no archive is two stores'. */
ngx_int_t ngx_http_cxm_retention_check(ngx_conf_t *cf,
    ngx_http_cxm_main_conf_t *mcf);

void ngx_http_cxm_retention_start(ngx_http_cxm_retention_t *retention,
    ngx_http_cxm_store_t *store, ngx_thread_pool_t *pool, ngx_log_t *log);

/* At exit, after nginx has ended its pools. */
void ngx_http_cxm_retention_exit(ngx_http_cxm_retention_t *retention);


#endif /* NGX_HTTP_CXM_RETENTION_H */
