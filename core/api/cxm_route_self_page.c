/*
 * Routes of the pages of accounts.
 *
 * Links that were mailed lead to some of them; the token stands behind "#", so
 * no server and no log ever has it.  GET changes nothing: mail scanners follow
 * links, a person presses the button.
 */

#include "cxm_call.h"
#include "cxm_routes.h"
#include "cxm_self_page.h"
#include "cxm_survey_page.h"


static void
self_headers(cxm_call_t *call, const char *nonce)
{
    cxm_call_headerf(call, "Content-Security-Policy",
                     "default-src 'none'; script-src 'self'; "
                     "connect-src 'self'; style-src 'nonce-%s'; "
                     "form-action 'self'; base-uri 'none'; "
                     "frame-ancestors 'none'", nonce);
    cxm_call_header(call, "Referrer-Policy", cxm_str("no-referrer"));
    cxm_call_header(call, "X-Content-Type-Options", cxm_str("nosniff"));
    cxm_call_header(call, "X-Frame-Options", cxm_str("DENY"));
}


static cxm_rc_t
self_page(cxm_call_t *call, cxm_self_page_t page)
{
    char  nonce[CXM_PAGE_NONCE_LEN + 1];

    cxm_page_nonce(nonce);
    self_headers(call, nonce);
    cxm_call_header(call, "Vary", cxm_str("Accept-Language"));
    cxm_self_page(&call->reply.body, page, call->prefix,
                  call->accept_language, nonce);

    return cxm_call_reply_raw(call, 200, call->route->media);
}


#define SELF_PAGE_READ(name, page)                                            \
    static cxm_rc_t                                                           \
    name(cxm_call_t *call, cxm_txn_t *txn)                                    \
    {                                                                         \
        (void) txn;                                                           \
        return self_page(call, page);                                         \
    }

SELF_PAGE_READ(page_login, CXM_SELF_PAGE_LOGIN)
SELF_PAGE_READ(page_register, CXM_SELF_PAGE_REGISTER)
SELF_PAGE_READ(page_verify, CXM_SELF_PAGE_VERIFY)
SELF_PAGE_READ(page_forgot, CXM_SELF_PAGE_FORGOT)
SELF_PAGE_READ(page_reset, CXM_SELF_PAGE_RESET)
SELF_PAGE_READ(page_email, CXM_SELF_PAGE_EMAIL)
SELF_PAGE_READ(page_revert, CXM_SELF_PAGE_REVERT)


#define SELF_PAGE(path_, read_, text)                                         \
    { .endpoint = CXM_ENDPOINT_SELF, .method = CXM_GET, .path = path_,        \
      .policy = CXM_PUBLIC, .flags = CXM_ROUTE_BOUNDED | CXM_ROUTE_OPEN,      \
      .answers = CXM_200, .media = "text/html; charset=utf-8",                \
      .read = read_, .summary = text }

const cxm_route_t  cxm_routes_self_page[] = {
    SELF_PAGE("login", page_login, "Page to sign in"),
    SELF_PAGE("register", page_register, "Page to register"),
    SELF_PAGE("verify", page_verify,
              "Page that a link leads to which proves an address"),
    SELF_PAGE("forgot", page_forgot, "Page to have a link mailed"),
    SELF_PAGE("reset", page_reset,
              "Page that a link leads to which sets a new password"),
    SELF_PAGE("email", page_email,
              "Page that a link leads to which proves another address"),
    SELF_PAGE("revert", page_revert,
              "Page that a link leads to which goes back to the address "
              "before"),
    { .path = NULL }
};
