/*
 * Cookies.
 */

#include <stdio.h>

#include "cxm_call.h"
#include "cxm_cookie.h"


#define CXM_COOKIE_TEXT  1024


cxm_str_t
cxm_cookie_find(cxm_str_t header, cxm_str_t name)
{
    cxm_str_t  value, given;

    while (header.data != NULL) {
        value = cxm_str_cut(&header, ';');
        given = cxm_header_trim(cxm_str_cut(&value, '='));

        if (value.data != NULL && cxm_str_eq(given, name)) {
            return cxm_header_trim(value);
        }
    }

    return (cxm_str_t) { 0, NULL };
}


static const char *
cookie_name(int insecure, const char *name, char out[CXM_COOKIE_NAME])
{
    (void) snprintf(out, CXM_COOKIE_NAME, "%s%s", insecure ? "" : "__Host-",
                    name);

    return out;
}


cxm_str_t
cxm_request_cookie(const cxm_request_t *request, const char *name)
{
    char  full[CXM_COOKIE_NAME];

    return cxm_cookie_find(request->cookie,
                           cxm_strz(cookie_name(request->insecure_cookies,
                                                name, full)));
}


cxm_str_t
cxm_call_cookie(const cxm_call_t *call, const char *name)
{
    char  full[CXM_COOKIE_NAME];

    return cxm_cookie_find(call->cookies,
                           cxm_strz(cookie_name(call->insecure_cookies,
                                                name, full)));
}


void
cxm_call_set_cookie(cxm_call_t *call, const char *name, const char *value,
    int64_t age)
{
    char  full[CXM_COOKIE_NAME], text[CXM_COOKIE_TEXT];

    (void) snprintf(text, sizeof(text),
                    "%s=%s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Lax%s",
                    cookie_name(call->insecure_cookies, name, full),
                    value, (long long) age,
                    call->insecure_cookies ? "" : "; Secure");
    cxm_call_add_header(call, "Set-Cookie", cxm_strz(text));
}
