/*
 * Routes of sessions: those of customers, and those of the staff.
 */

#include "cxm_account_call.h"
#include "cxm_cookie.h"
#include "cxm_json.h"
#include "cxm_route_session.h"
#include "cxm_routes.h"


static const cxm_field_t  session_list_query[] = {
    CXM_QUERY_PAGE,
    { .name = NULL }
};


/* --- who am I ----------------------------------------------------------- */

/* Of the site's token: what that says. */
static json_t *
claims_json(const cxm_caller_t *caller)
{
    char                          customer[CXM_UUID_LEN + 1];
    const cxm_customer_claims_t  *claims;

    claims = caller->claims;
    cxm_uuid_format(&caller->principal.customer_id, customer);

    return json_pack("{sn ss? ss? ss? sn}", "account",
                     "customer",
                     caller->principal.customer == 0 ? NULL : customer,
                     "email", claims->email[0] == '\0' ? NULL : claims->email,
                     "name", claims->name[0] == '\0' ? NULL : claims->name,
                     "language");
}


static cxm_rc_t
who_read(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t   rc;
    cxm_doc_t  account;

    if (call->caller.claims != NULL) {
        return cxm_call_reply(call, 200, claims_json(&call->caller));
    }

    rc = cxm_account_get(txn, call->caller.principal.actor, &account,
                         &call->err);

    if (rc == CXM_OK) {
        rc = cxm_call_reply(call, 200,
                            cxm_self_who(&account,
                                    &call->caller.principal.customer_id));
    }

    cxm_doc_clear(&account);

    return rc == CXM_NOT_FOUND
           ? cxm_fail(&call->err, CXM_UNAUTHORIZED, NULL, "Sign in first.")
           : rc;
}


/* --- sessions ----------------------------------------------------------- */

/* The cookie that a session of this endpoint has. */
static void
take_cookie(cxm_call_t *call)
{
    cxm_call_set_cookie(call,
                        call->endpoint == CXM_ENDPOINT_ADMIN
                        ? CXM_COOKIE_STAFF : CXM_COOKIE_CUSTOMER, "", 0);
}


cxm_rc_t
cxm_sessions_reply(cxm_call_t *call, cxm_txn_t *txn, uint64_t owner)
{
    json_t      *items;
    cxm_rc_t     rc;
    cxm_page_t   page;

    /* all of them are one page: their number is bounded */

    rc = cxm_page_begin(call, &page);

    if (rc == CXM_OK) {
        rc = cxm_session_list(txn, owner, call->caller.principal.session,
                              &items, &call->err);
    }

    if (rc != CXM_OK) {
        return rc;
    }

    page.len = 0;

    return cxm_page_reply(call, items, &page);
}


static cxm_rc_t
sessions_read(cxm_call_t *call, cxm_txn_t *txn)
{
    return cxm_sessions_reply(call, txn, call->caller.principal.actor);
}


/* One's own, or any of the staff's for who looks after them. */
static cxm_rc_t
session_find(cxm_call_t *call, cxm_txn_t *txn, uint64_t *no)
{
    int                 any;
    cxm_session_type_t  type;

    type = call->endpoint == CXM_ENDPOINT_ADMIN ? CXM_SESSION_STAFF
                                                : CXM_SESSION_CUSTOMER;
    any = type == CXM_SESSION_STAFF
          && cxm_may(&call->caller, CXM_SCOPE_STAFF_ADMIN);

    return cxm_session_by_id(txn, type,
                             any ? 0 : call->caller.principal.actor,
                             call->params[0], no, &call->err);
}


static cxm_rc_t
session_delete(cxm_call_t *call, cxm_txn_t *txn)
{
    uint64_t          no;
    cxm_rc_t          rc;
    cxm_principal_t  *principal;

    principal = &call->caller.principal;
    rc = session_find(call, txn, &no);

    if (rc == CXM_OK) {
        rc = cxm_session_end(txn, principal->actor, no, &call->err);
    }

    if (rc == CXM_OK && no == principal->session) {
        take_cookie(call);
    }

    return rc == CXM_OK ? cxm_call_reply_raw(call, 204, NULL) : rc;
}


static cxm_rc_t
sessions_delete(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t          rc;
    unsigned          n;
    cxm_principal_t  *principal;

    principal = &call->caller.principal;
    rc = cxm_session_end_all(txn, principal->actor, principal->actor,
                             principal->session, &n, &call->err);

    return rc == CXM_OK ? cxm_call_reply_raw(call, 204, NULL) : rc;
}


static cxm_rc_t
logout_fact(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_account_fact_t  fact;

    memset(&fact, 0, sizeof(fact));
    fact.event = CXM_ACCOUNT_SIGNED_OUT;
    fact.account = call->caller.principal.actor;
    fact.subject = call->caller.principal.subject;

    return fact.account == 0
           ? CXM_OK : cxm_account_add(txn, &call->caller, &fact, &call->err);
}


cxm_rc_t
cxm_session_leave(cxm_call_t *call, cxm_txn_t *txn, int *ended)
{
    uint64_t  no;
    cxm_rc_t  rc;

    no = call->half != 0 ? call->half : call->caller.principal.session;
    rc = no == 0 ? CXM_NOT_FOUND
                 : cxm_session_end(txn, call->caller.principal.actor, no,
                                   &call->err);

    if (ended != NULL) {
        *ended = rc == CXM_OK;
    }

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


/* Who has no session is out already. */
static cxm_rc_t
logout_write(cxm_call_t *call, cxm_txn_t *txn)
{
    int       ended;
    cxm_rc_t  rc;

    rc = cxm_session_leave(call, txn, &ended);

    if (rc == CXM_OK && ended) {
        rc = logout_fact(call, txn);
    }

    if (rc != CXM_OK) {
        return rc;
    }

    take_cookie(call);

    return cxm_call_reply_raw(call, 204, NULL);
}


/* Paths, phases and words are the same at both doors. */
#define SESSIONS(endpoint_, policy_)                                          \
    { .endpoint = endpoint_, .method = CXM_POST, .path = "logout",            \
      .policy = CXM_PUBLIC, .flags = CXM_ROUTE_BROWSER, .answers = CXM_204,   \
      .write = logout_write, .summary = "End the session, if there is one" }, \
    { .endpoint = endpoint_, .method = CXM_GET, .path = "sessions",           \
      .policy = policy_, .flags = CXM_ROUTE_BOUNDED,                          \
      .query = session_list_query, .answers = CXM_200,                        \
      .output = &cxm_session_fields, .read = sessions_read,                   \
      .summary = "Where one is signed in, newest first" },                    \
    { .endpoint = endpoint_, .method = CXM_DELETE, .path = "sessions",        \
      .policy = policy_, .answers = CXM_204, .write = sessions_delete,        \
      .summary = "End all sessions but this one" },                           \
    { .endpoint = endpoint_, .method = CXM_DELETE, .path = "sessions/{id}",   \
      .policy = policy_, .answers = CXM_204, .write = session_delete,         \
      .summary = "End a session" }

const cxm_route_t  cxm_routes_session[] = {
    { CXM_SELF(CXM_GET, "", CXM_CUSTOMER), .flags = CXM_ROUTE_BOUNDED,
      .answers = CXM_200, .output = &cxm_self_who_fields, .read = who_read,
      .summary = "Who is signed in" },
    SESSIONS(CXM_ENDPOINT_SELF, CXM_CUSTOMER),
    SESSIONS(CXM_ENDPOINT_ADMIN, CXM_MEMBER),
    { .path = NULL }
};
