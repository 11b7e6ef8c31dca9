/*
 * Members of the staff that others know: the directive cxm_staff_identity.
 *
 * In the location that has it, and in no other, a variable names who calls;
 * no password is asked for.  So the variable must come from what has proved
 * it (auth_request, a client certificate), and not from what a client writes.
 */

#ifndef NGX_HTTP_CXM_STAFF_H
#define NGX_HTTP_CXM_STAFF_H

#include "ngx_http_cxm_module.h"


struct ngx_http_cxm_staff_s {
    ngx_int_t           variable;
    const cxm_role_t   *role;           /* what may be done there at most;
                                           NULL: what the member's own has */
};


char *ngx_http_cxm_staff_identity(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* Tells the call who it is, where the location has the directive. */
void ngx_http_cxm_staff_fill(ngx_http_request_t *r, cxm_request_t *request);


#endif /* NGX_HTTP_CXM_STAFF_H */
