/*
 * Finding the route of a request.
 */

#include "cxm_call.h"
#include "cxm_routes.h"


static const struct {
    cxm_method_t  method;
    const char   *name;
} cxm_route_methods[] = {
    { CXM_GET, "GET" },
    { CXM_HEAD, "HEAD" },
    { CXM_POST, "POST" },
    { CXM_PUT, "PUT" },
    { CXM_PATCH, "PATCH" },
    { CXM_DELETE, "DELETE" },
    { CXM_OPTIONS, "OPTIONS" }
};


/*
 * Whether the path is one of the pattern; params gets what stands for each
 * {name}, which is never empty.
 */
static int
cxm_route_match(const char *pattern, cxm_str_t path, cxm_str_t *params)
{
    unsigned   n;
    cxm_str_t  rest, want, part;

    n = 0;
    rest = cxm_strz(pattern);

    if (path.data == NULL) {
        path = cxm_str("");
    }

    do {
        want = cxm_str_cut(&rest, '/');
        part = cxm_str_cut(&path, '/');

        if (want.len > 0 && want.data[0] == '{') {

            if (part.len == 0 || n == CXM_CALL_PARAMS) {
                return 0;
            }

            params[n++] = part;

        } else if (!cxm_str_eq(want, part)) {
            return 0;
        }

    } while (rest.data != NULL && path.data != NULL);

    return rest.data == NULL && path.data == NULL;
}


int
cxm_route_order(const char *a, const char *b)
{
    int        var_a, var_b;
    cxm_str_t  rest_a, rest_b, part_a, part_b;

    rest_a = cxm_strz(a);
    rest_b = cxm_strz(b);

    while (rest_a.data != NULL && rest_b.data != NULL) {

        part_a = cxm_str_cut(&rest_a, '/');
        part_b = cxm_str_cut(&rest_b, '/');
        var_a = part_a.len > 0 && part_a.data[0] == '{';
        var_b = part_b.len > 0 && part_b.data[0] == '{';

        if (var_a != var_b) {
            return var_a ? 1 : -1;
        }

        if (!var_a && !cxm_str_eq(part_a, part_b)) {
            return -1;
        }
    }

    return rest_a.data == rest_b.data ? 0 : -1;
}


cxm_str_t
cxm_allow(cxm_call_t *call, unsigned methods)
{
    char    *text;
    size_t   i, n;

    n = sizeof(cxm_route_methods) / sizeof(cxm_route_methods[0]);
    text = NULL;

    for (i = 0; i < n; i++) {

        if (!(methods & cxm_route_methods[i].method)) {
            continue;
        }

        text = text == NULL
               ? cxm_arena_printf(&call->arena, "%s",
                                  cxm_route_methods[i].name)
               : cxm_arena_printf(&call->arena, "%s, %s", text,
                                  cxm_route_methods[i].name);

        if (text == NULL) {
            break;
        }
    }

    return cxm_strz(text);
}


/*
 * Sets route, params and allow, by the path that says most of the address:
 * one with {name} in its place is another address, whatever its methods.
 */
static void
cxm_route_find(cxm_call_t *call, cxm_method_t method)
{
    int                        order;
    cxm_str_t                  params[CXM_CALL_PARAMS];
    const char                *path;
    const cxm_route_t         *route;
    const cxm_route_t *const  *table;

    path = NULL;
    memset(params, 0, sizeof(params));

    for (table = cxm_route_tables; *table != NULL; table++) {
        for (route = *table; route->path != NULL; route++) {

            if (route->endpoint != call->endpoint
                || !cxm_route_match(route->path, call->path, params))
            {
                continue;
            }

            order = path == NULL ? -1 : cxm_route_order(route->path, path);

            if (order < 0) {
                path = route->path;
                call->allow = 0;
                call->route = NULL;
            }

            if (order <= 0) {
                call->allow |= route->method;
            }

            if (order <= 0 && route->method == method) {
                call->route = route;
                memcpy(call->params, params, sizeof(params));
            }
        }
    }
}


static cxm_rc_t
cxm_route_options(cxm_call_t *call)
{
    cxm_call_header(call, "Allow", cxm_allow(call, call->allow));

    if (call->cors_origin.data != NULL) {
        cxm_call_header(call, "Access-Control-Allow-Methods",
                        cxm_allow(call, call->allow));
        cxm_call_header(call, "Access-Control-Allow-Headers",
                        cxm_str("content-type, idempotency-key, if-match, "
                                "authorization"));
        cxm_call_header(call, "Access-Control-Max-Age", cxm_str("86400"));
    }

    call->reply.status = 204;

    return CXM_OK;
}


cxm_rc_t
cxm_step_route(cxm_call_t *call)
{
    cxm_route_find(call, call->method == CXM_HEAD ? CXM_GET : call->method);

    if (call->allow == 0) {
        return cxm_fail(&call->err, CXM_NOT_FOUND, NULL,
                        "There is nothing at this address.");
    }

    if (call->allow & CXM_GET) {
        call->allow |= CXM_HEAD;
    }

    call->allow |= CXM_OPTIONS;

    if (call->method == CXM_OPTIONS) {
        return cxm_route_options(call);
    }

    if (call->route == NULL) {
        return cxm_fail(&call->err, CXM_METHOD, NULL,
                        "This address does not know the method.");
    }

    return CXM_OK;
}
