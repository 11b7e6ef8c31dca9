/*
 * The document: paths, operations, components.
 *
 * Sets to an object that is NULL fail without harm in jansson, so only who
 * asked for the document looks whether memory was short.
 */

#include <ctype.h>
#include <stdio.h>

#include "cxm_json.h"
#include "cxm_openapi_int.h"
#include "cxm_routes.h"


#define CXM_OPENAPI_TEXT  1024          /* of a path, an operation's id */

static const char  cxm_openapi_about[] =
    "Surveys, touchpoints, scores and customers, inside the web server.\n\n"
    "Everything is JSON in UTF-8. Every error is a problem document "
    "(RFC 9457) whose `errors` point at what is wrong, by JSON pointers or "
    "`?argument`. A 2xx to a write is on stable storage. Where a schema "
    "names no bound, a string has at most 1,000 characters, a text 10,000, a "
    "list 1,000 items; JSON is at most 16 deep, unknown and duplicate names "
    "are refused. Statuses that no call names are 405, whose `Allow` says what "
    "an address knows, 500, and whatever the web server says by itself.";

static const struct {
    const char  *prefix;                /* where no site says another */
    const char  *name;                  /* in ids of operations */
    const char  *tag;                   /* NULL: the path's first part */
} cxm_openapi_endpoints[CXM_ENDPOINT_N] = {
    [CXM_ENDPOINT_SURVEYS] = { "/s/", "survey", "public surveys" },
    [CXM_ENDPOINT_BEACON] = { "/b", "beacon", "beacon" },
    [CXM_ENDPOINT_ADMIN] = { "/admin/", "admin", NULL },
    [CXM_ENDPOINT_METRICS] = { "/metrics", "metrics", "prometheus" },
    [CXM_ENDPOINT_SELF] = { "/me/", "self", "self-service" }
};


void
cxm_site_default(cxm_site_t *site)
{
    unsigned  i;

    memset(site, 0, sizeof(*site));

    for (i = 0; i < CXM_ENDPOINT_N; i++) {
        site->prefixes[i] = cxm_strz(cxm_openapi_endpoints[i].prefix);
    }
}


static const char *
openapi_method(const cxm_route_t *route)
{
    return route->method == CXM_GET ? "get"
           : route->method == CXM_POST ? "post"
           : route->method == CXM_PUT ? "put"
           : route->method == CXM_PATCH ? "patch" : "delete";
}


/* --- operations --------------------------------------------------------- */

/* "surveys/{slug}" by GET is "get_admin_surveys_by_slug". */
static json_t *
openapi_id(const cxm_route_t *route)
{
    json_t      *id;
    cxm_buf_t    text;
    const char  *p;

    cxm_buf_init(&text, CXM_OPENAPI_TEXT);
    cxm_buf_printf(&text, "%s_%s", openapi_method(route),
                   cxm_openapi_endpoints[route->endpoint].name);

    for (p = route->path; *p != '\0'; p++) {

        if (p == route->path || *p == '/') {
            cxm_buf_putc(&text, '_');
        }

        if (*p == '{') {
            cxm_buf_puts(&text, "by_");

        } else if (*p != '/' && *p != '}') {
            cxm_buf_putc(&text, (uint8_t) (isalnum((unsigned char) *p)
                                           ? *p : '_'));
        }
    }

    id = json_stringn((const char *) text.data, text.len);
    cxm_buf_free(&text);

    return id;
}


static json_t *
openapi_tag(const cxm_route_t *route)
{
    const char  *tag;

    tag = cxm_openapi_endpoints[route->endpoint].tag;

    return tag != NULL ? json_string(tag)
                       : json_stringn(route->path,
                                      strcspn(route->path, "/."));
}


static json_t *
openapi_roles(unsigned scopes)
{
    json_t            *list;
    const cxm_role_t  *role;

    list = json_array();

    for (role = cxm_roles; role->name != NULL; role++) {
        if ((role->scopes & scopes) == scopes) {
            json_array_append_new(list, json_string(role->name));
        }
    }

    return list;
}


/* What tells who calls; one of them will do. */
static json_t *
openapi_needs(const cxm_route_t *route)
{
    switch (route->policy) {

    case CXM_CUSTOMER:
        return json_pack("[{s[]} {s[]}]", "customer", "site");

    case CXM_MEMBER:
        return json_pack("[{s[]}]", "staff");

    case CXM_SCOPED:
        return route->endpoint == CXM_ENDPOINT_ADMIN
               ? json_pack("[{so}{s[]}]", "bearer",
                           cxm_scopes_json(route->scopes), "staff")
               : json_pack("[{so}]", "bearer",
                           cxm_scopes_json(route->scopes));

    default:

        /* anybody may call what is public; a key says who it is */

        return json_pack("[{}{s[]}]", "bearer");
    }
}


static void
openapi_access(json_t *operation, const cxm_route_t *route)
{
    if (route->policy == CXM_SCOPED) {
        json_object_set_new(operation, "x-scopes",
                            cxm_scopes_json(route->scopes));
        json_object_set_new(operation, "x-roles",
                            openapi_roles(route->scopes));
    }

    if (route->flags & CXM_ROUTE_PERSONAL) {
        json_object_set_new(operation, "x-personal", json_true());
    }

    json_object_set_new(operation, "security", openapi_needs(route));
}


static json_t *
openapi_operation(const cxm_route_t *route)
{
    json_t  *operation;

    operation = json_pack("{so ss s[o]}", "operationId", openapi_id(route),
                          "summary", route->summary,
                          "tags", openapi_tag(route));

    json_object_set_new(operation, "parameters",
                        cxm_openapi_parameters(route));

    if (route->input != NULL) {
        json_object_set_new(operation, "requestBody",
                            cxm_openapi_body(route));
    }

    json_object_set_new(operation, "responses", cxm_openapi_answers(route));
    openapi_access(operation, route);

    return operation;
}


/* --- the document ------------------------------------------------------- */

/* One slash between a prefix and what stands behind it. */
static void
openapi_path(cxm_buf_t *out, cxm_str_t prefix, const char *path)
{
    cxm_buf_reset(out);
    cxm_buf_put(out, prefix.data, prefix.len);

    if (path[0] != '\0' && prefix.data[prefix.len - 1] != '/') {
        cxm_buf_putc(out, '/');
    }

    cxm_buf_puts(out, path);
    cxm_buf_putc(out, '\0');
}


static int
openapi_is_answered(const cxm_fields_t *table)
{
    const cxm_route_t         *route;
    const cxm_route_t *const  *routes;

    for (routes = cxm_route_tables; *routes != NULL; routes++) {
        for (route = *routes; route->path != NULL; route++) {
            if (route->output == table) {
                return 1;
            }
        }
    }

    return 0;
}


void
cxm_openapi_input_name(const cxm_fields_t *table,
    char name[CXM_OPENAPI_NAME])
{
    (void) snprintf(name, CXM_OPENAPI_NAME, "%s%s", table->name,
                    openapi_is_answered(table) ? "Input" : "");
}


static void
openapi_put_schemas(json_t *schemas, const cxm_route_t *route)
{
    char                 name[CXM_OPENAPI_NAME];
    const cxm_fields_t  *output;

    output = route->output;

    if (output != NULL && json_object_get(schemas, output->name) == NULL) {
        json_object_set_new(schemas, output->name,
                            cxm_field_schema_shown(output));
    }

    if (route->input == NULL) {
        return;
    }

    cxm_openapi_input_name(route->input, name);

    if (json_object_get(schemas, name) == NULL) {
        json_object_set_new(schemas, name, cxm_field_schema(route->input));
    }
}


static void
openapi_put_route(json_t *document, const cxm_route_t *route,
    const char *path)
{
    json_t  *paths, *methods;

    paths = json_object_get(document, "paths");
    methods = json_object_get(paths, path);

    if (methods == NULL) {
        methods = json_object();
        json_object_set_new(paths, path, methods);
    }

    json_object_set_new(methods, openapi_method(route),
                        openapi_operation(route));

    openapi_put_schemas(json_object_get(json_object_get(document,
                                                        "components"),
                                        "schemas"), route);
}


json_t *
cxm_openapi(const cxm_site_t *site)
{
    json_t                    *document;
    cxm_str_t                  prefix;
    cxm_buf_t                  path;
    const cxm_route_t         *route;
    const cxm_route_t *const  *table;

    document = json_pack(
        "{ss s{ss ss ss} s[{ss%}] s{} s{s{}}}",
        "openapi", "3.1.0",
        "info", "title", "Customer experience management", "version", "1",
                "description", cxm_openapi_about,
        "servers", "url", site->base.len > 0 ? site->base.data : "/",
                          site->base.len > 0 ? site->base.len : (size_t) 1,
        "paths",
        "components", "schemas");

    cxm_openapi_components(json_object_get(document, "components"));
    cxm_buf_init(&path, CXM_OPENAPI_TEXT);

    for (table = cxm_route_tables; *table != NULL; table++) {
        for (route = *table; route->path != NULL; route++) {
            prefix = site->prefixes[route->endpoint];

            if (prefix.len > 0) {
                openapi_path(&path, prefix, route->path);
                openapi_put_route(document, route, (const char *) path.data);
            }
        }
    }

    cxm_buf_free(&path);

    return document;
}
