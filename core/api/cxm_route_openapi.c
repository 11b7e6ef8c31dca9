/*
 * The route that tells of all routes.
 */

#include "cxm_openapi.h"
#include "cxm_routes.h"


static const cxm_field_t  anything = { .type = CXM_FIELD_ANY };

static const cxm_field_t  document_fields[] = {
    { .name = "openapi", .type = CXM_FIELD_STRING,
      .flags = CXM_FIELD_REQUIRED, .summary = "Of the specification: 3.1" },
    { .name = "info", .type = CXM_FIELD_MAP, .item = &anything,
      .flags = CXM_FIELD_REQUIRED },
    { .name = "servers", .type = CXM_FIELD_ARRAY, .item = &anything },
    { .name = "paths", .type = CXM_FIELD_ANY, .flags = CXM_FIELD_REQUIRED },
    { .name = "components", .type = CXM_FIELD_MAP, .item = &anything },
    { .name = NULL }
};

static const cxm_fields_t  document_table = { "OpenApi", document_fields };


/* The request, which knows the site, is gone when `read` runs. */
static cxm_rc_t
openapi_prepare(cxm_call_t *call)
{
    unsigned     i;
    cxm_site_t  *site;

    site = cxm_arena_alloc(&call->arena, sizeof(*site));

    if (site == NULL) {
        return cxm_fail(&call->err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    site->base = call->base;

    for (i = 0; call->request->prefixes != NULL && i < CXM_ENDPOINT_N; i++) {
        site->prefixes[i] = cxm_arena_str(&call->arena,
                                          call->request->prefixes[i]);
    }

    site->prefixes[call->endpoint] = call->prefix;
    call->data = site;

    return CXM_OK;
}


static cxm_rc_t
openapi_read(cxm_call_t *call, cxm_txn_t *txn)
{
    (void) txn;

    return cxm_call_reply(call, 200, cxm_openapi(call->data));
}


const cxm_route_t  cxm_routes_openapi[] = {
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_GET,
      .path = "openapi.json",
      .policy = CXM_SCOPED, .scopes = CXM_SCOPE_OPENAPI,
      .answers = CXM_200, .output = &document_table,
      .prepare = openapi_prepare, .read = openapi_read,
      .summary = "This document: OpenAPI of all that the server answers" },
    { .path = NULL }
};
