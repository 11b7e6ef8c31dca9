/*
 * Scripts that pages load.
 */

#include <stdio.h>

#include "cxm_call.h"
#include "cxm_routes.h"
#include "cxm_script.h"


#define CXM_SCRIPT_CACHE  "public, max-age=3600, stale-while-revalidate=86400"


static cxm_rc_t
script_read(cxm_call_t *call, cxm_txn_t *txn)
{
    char                 etag[24];
    const cxm_script_t  *script;

    (void) txn;

    for (script = cxm_scripts; script->name != NULL; script++) {
        if (strcmp(script->name, call->route->path) == 0) {
            break;
        }
    }

    if (script->name == NULL) {
        return CXM_NOT_FOUND;
    }

    (void) snprintf(etag, sizeof(etag), "\"%s\"", script->hash);
    cxm_call_header(call, "Cache-Control", cxm_str(CXM_SCRIPT_CACHE));
    cxm_call_header(call, "X-Content-Type-Options", cxm_str("nosniff"));

    /* pages of any site may load it */

    cxm_call_header(call, "Cross-Origin-Resource-Policy",
                    cxm_str("cross-origin"));

    if (cxm_call_etag(call, etag)) {
        return CXM_OK;
    }

    cxm_buf_put(&call->reply.body, script->text, script->len);

    return cxm_call_reply_raw(call, 200, call->route->media);
}


#define cxm_script_route(where, address, text)                                \
    { .endpoint = where, .method = CXM_GET, .path = address,   \
      .policy = CXM_PUBLIC, .flags = CXM_ROUTE_BOUNDED | CXM_ROUTE_OPEN,      \
      .answers = CXM_200 | CXM_304,                                           \
      .media = "text/javascript; charset=utf-8", .read = script_read,         \
      .summary = text }

const cxm_route_t  cxm_routes_script[] = {
    cxm_script_route(CXM_ENDPOINT_SURVEYS, "cxm.js",
                     "The script that sends touchpoints"),
    cxm_script_route(CXM_ENDPOINT_SURVEYS, "cxm-survey.js",
                     "The script that shows a survey inside of a page"),
    cxm_script_route(CXM_ENDPOINT_SELF, "cxm-account.js",
                     "The script of the pages of accounts"),
    { .path = NULL }
};
