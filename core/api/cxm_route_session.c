/*
 * Routes of customers' sessions.
 */

#include "cxm_account_call.h"
#include "cxm_cookie.h"
#include "cxm_json.h"
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

static cxm_rc_t
sessions_read(cxm_call_t *call, cxm_txn_t *txn)
{
    json_t      *items;
    cxm_rc_t     rc;
    cxm_page_t   page;

    /* all of them are one page: their number is bounded */

    rc = cxm_page_begin(call, &page);

    if (rc == CXM_OK) {
        rc = cxm_session_list(txn, call->caller.principal.actor,
                              call->caller.principal.session, &items,
                              &call->err);
    }

    if (rc != CXM_OK) {
        return rc;
    }

    page.len = 0;

    return cxm_page_reply(call, items, &page);
}


static cxm_rc_t
session_delete(cxm_call_t *call, cxm_txn_t *txn)
{
    uint64_t          no;
    cxm_rc_t          rc;
    cxm_principal_t  *principal;

    principal = &call->caller.principal;
    rc = cxm_session_by_id(txn, principal->actor, call->params[0], &no,
                           &call->err);

    if (rc == CXM_OK) {
        rc = cxm_session_end(txn, principal->actor, no, &call->err);
    }

    if (rc == CXM_OK && no == principal->session) {
        cxm_call_set_cookie(call, CXM_COOKIE_CUSTOMER, "", 0);
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


/* Who has no session is out already. */
static cxm_rc_t
logout_write(cxm_call_t *call, cxm_txn_t *txn)
{
    uint64_t  no;
    cxm_rc_t  rc;

    no = call->half != 0 ? call->half : call->caller.principal.session;
    rc = no == 0 ? CXM_NOT_FOUND
                 : cxm_session_end(txn, call->caller.principal.actor, no,
                                   &call->err);

    if (rc == CXM_OK) {
        rc = logout_fact(call, txn);
    }

    if (rc != CXM_OK && rc != CXM_NOT_FOUND) {
        return rc;
    }

    cxm_call_set_cookie(call, CXM_COOKIE_CUSTOMER, "", 0);

    return cxm_call_reply_raw(call, 204, NULL);
}


const cxm_route_t  cxm_routes_session[] = {
    { CXM_SELF(CXM_GET, "", CXM_CUSTOMER), .flags = CXM_ROUTE_BOUNDED,
      .answers = CXM_200, .output = &cxm_self_who_fields, .read = who_read,
      .summary = "Who is signed in" },
    { CXM_SELF(CXM_POST, "logout", CXM_PUBLIC),
      .answers = CXM_204, .write = logout_write,
      .summary = "End the session, if there is one" },
    { CXM_SELF(CXM_GET, "sessions", CXM_CUSTOMER), .flags = CXM_ROUTE_BOUNDED,
      .query = session_list_query, .answers = CXM_200,
      .output = &cxm_session_fields, .read = sessions_read,
      .summary = "Where one is signed in, newest first" },
    { CXM_SELF(CXM_DELETE, "sessions", CXM_CUSTOMER), .answers = CXM_204,
      .write = sessions_delete, .summary = "End all sessions but this one" },
    { CXM_SELF(CXM_DELETE, "sessions/{id}", CXM_CUSTOMER), .answers = CXM_204,
      .write = session_delete, .summary = "End a session" },
    { .path = NULL }
};
