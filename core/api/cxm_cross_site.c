/*
 * Requests that another site makes a browser send (CSRF).
 *
 * Asked of every change that a cookie authenticates, and of all that
 * customers send: signing somebody in unnoticed is a change, too, also of the
 * staff (CXM_ROUTE_BROWSER).  Browsers
 * say where a request comes from in two headers that pages cannot set, and
 * send a body of JSON to another site only if that allows it beforehand; each
 * of the two would do, both are asked for.
 */

#include <strings.h>

#include "cxm_call.h"


/* The address behind "scheme://"; and whether that is TLS. */
static cxm_str_t
authority_of(cxm_str_t origin, int *tls)
{
    cxm_str_t  rest;

    rest = origin;
    *tls = cxm_str_eqz(cxm_str_cut(&rest, ':'), "https");

    if (rest.len < 2 || rest.data == NULL || memcmp(rest.data, "//", 2) != 0) {
        return (cxm_str_t) { 0, NULL };
    }

    return (cxm_str_t) { rest.len - 2, rest.data + 2 };
}


/*
 * Where TLS ends in front of us the browser says https and we say http; the
 * other way round somebody on the line has sent it.
 */
static int
is_own(const cxm_call_t *call, cxm_str_t origin)
{
    int        own_tls, tls;
    cxm_str_t  own, other;

    own = authority_of(call->base, &own_tls);
    other = authority_of(origin, &tls);

    return own.len > 0 && (tls || !own_tls) && own.len == other.len
           && strncasecmp(own.data, other.data, own.len) == 0;
}


int
cxm_call_is_own(const cxm_call_t *call)
{
    cxm_str_t             site;
    const cxm_request_t  *request;

    request = call->request;
    site = request->sec_fetch_site;

    if (cxm_origin_allowed(request->allow_origin, request->origin)) {
        return 1;
    }

    if (site.data != NULL) {
        return cxm_str_eqz(site, "same-origin") || cxm_str_eqz(site, "none");
    }

    if (request->origin.data != NULL) {
        return is_own(call, request->origin);
    }

    /* no browser says nothing; who has no cookie can hardly be made use of */

    return !call->caller.principal.ambient && call->half == 0;
}


cxm_rc_t
cxm_step_cross_site(cxm_call_t *call)
{
    const cxm_request_t  *request;

    request = call->request;

    if (call->method == CXM_GET || call->method == CXM_HEAD
        || (call->endpoint != CXM_ENDPOINT_SELF
            && !(call->route->flags & CXM_ROUTE_BROWSER)
            && !call->caller.principal.ambient)
        || call->caller.principal.kind == CXM_PRINCIPAL_KEY)
    {
        return CXM_OK;
    }

    if (!cxm_call_is_own(call)) {
        return cxm_fail(&call->err, CXM_FORBIDDEN, "cross_site",
                        "This comes from another site, or does not say from "
                        "which: Sec-Fetch-Site or Origin.");
    }

    if (call->endpoint == CXM_ENDPOINT_SELF
        ? request->content_type.len > 0
          && !cxm_media_is_json(request->content_type)
        : cxm_media_is_simple(request->content_type))
    {
        return cxm_fail(&call->err, CXM_MEDIA_TYPE, NULL,
                        "The body must be application/json.");
    }

    return CXM_OK;
}
