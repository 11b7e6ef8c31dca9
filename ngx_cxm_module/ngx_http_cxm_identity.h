/*
 * Who sends a request: the customer of a token of the site, which
 * cxm_customer_token says how to check, or of a session; and what the store
 * has of them.
 *
 * The rules are those of the request's location.  What they say is found out
 * once a request, at first use, and kept in its pool: subrequests and internal
 * redirects see the same, unless their location has other rules.
 */

#ifndef NGX_HTTP_CXM_IDENTITY_H
#define NGX_HTTP_CXM_IDENTITY_H

#include "ngx_http_cxm_module.h"

#include "cxm_known.h"


/* One directive: where a token comes from, and what it must be. */
typedef struct {
    ngx_http_complex_value_t  value;
    cxm_customer_rules_t      rules;
} ngx_http_cxm_token_t;

typedef struct {
    ngx_array_t              *tokens;   /* by whose rules; NULL: none */
    cxm_str_t                 text;     /* of the token that counts, or was
                                           refused; empty: there was none */
    cxm_token_result_t        result;   /* of that */
    const char               *why;      /* in words; NULL: it is good */
    cxm_customer_claims_t     claims;   /* if it is good */
    cxm_known_t              *known;    /* NULL: not looked up yet */
} ngx_http_cxm_identity_t;


char *ngx_http_cxm_customer_token(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* NULL without memory. */
ngx_http_cxm_identity_t *ngx_http_cxm_identity(ngx_http_request_t *r);

/* In an open store of the server's or not: then nothing is.  The same NULL. */
const cxm_known_t *ngx_http_cxm_identity_known(ngx_http_request_t *r);


#endif /* NGX_HTTP_CXM_IDENTITY_H */
