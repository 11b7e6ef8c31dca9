/*
 * Routes of customers' sessions.
 */

#include "cxm_account.h"
#include "cxm_cookie.h"
#include "cxm_json.h"
#include "cxm_routes.h"
#include "cxm_session.h"


static const cxm_field_t  session_list_query[] = {
    CXM_QUERY_PAGE,
    { .name = NULL }
};

static const cxm_field_t  who_fields[] = {
    { .name = "account", .type = CXM_FIELD_UUID,
      .flags = CXM_FIELD_NULLABLE, .summary = "null: by a token of the site" },
    { .name = "customer", .type = CXM_FIELD_UUID,
      .flags = CXM_FIELD_NULLABLE, .summary = "the record of the customer" },
    { .name = "email", .type = CXM_FIELD_EMAIL,
      .flags = CXM_FIELD_NULLABLE },
    { .name = "name", .type = CXM_FIELD_STRING,
      .flags = CXM_FIELD_NULLABLE },
    { .name = "language", .type = CXM_FIELD_LANGUAGE,
      .flags = CXM_FIELD_NULLABLE },
    { .name = NULL }
};

static const cxm_fields_t  who_output = { "Who", who_fields };


/* --- who am I ----------------------------------------------------------- */

static json_t *
who_json(const cxm_caller_t *caller, const cxm_doc_t *account)
{
    char  id[CXM_UUID_LEN + 1], customer[CXM_UUID_LEN + 1];

    cxm_uuid_format(&account->id, id);
    cxm_uuid_format(&caller->principal.customer_id, customer);

    return json_pack("{ss ss? sO sO? sO?}", "account", id,
                     "customer",
                     caller->principal.customer == 0 ? NULL : customer,
                     "email", json_object_get(account->personal, "email"),
                     "name", json_object_get(account->personal, "name"),
                     "language", json_object_get(account->body, "language"));
}


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
        rc = cxm_call_reply(call, 200, who_json(&call->caller, &account));
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

    if (rc != CXM_OK && rc != CXM_NOT_FOUND) {
        return rc;
    }

    cxm_call_set_cookie(call, CXM_COOKIE_CUSTOMER, "", 0);

    return cxm_call_reply_raw(call, 204, NULL);
}


#define SELF(method_, path_)                                                  \
    .endpoint = CXM_ENDPOINT_SELF, .method = method_, .path = path_,          \
    .policy = CXM_CUSTOMER

const cxm_route_t  cxm_routes_session[] = {
    { SELF(CXM_GET, ""), .flags = CXM_ROUTE_BOUNDED, .answers = CXM_200,
      .output = &who_output, .read = who_read,
      .summary = "Who is signed in" },
    { .endpoint = CXM_ENDPOINT_SELF, .method = CXM_POST, .path = "logout",
      .policy = CXM_PUBLIC, .answers = CXM_204, .write = logout_write,
      .summary = "End the session, if there is one" },
    { SELF(CXM_GET, "sessions"), .flags = CXM_ROUTE_BOUNDED,
      .query = session_list_query, .answers = CXM_200,
      .output = &cxm_session_fields, .read = sessions_read,
      .summary = "Where one is signed in, newest first" },
    { SELF(CXM_DELETE, "sessions"), .answers = CXM_204,
      .write = sessions_delete, .summary = "End all sessions but this one" },
    { SELF(CXM_DELETE, "sessions/{id}"), .answers = CXM_204,
      .write = session_delete, .summary = "End a session" },
    { .path = NULL }
};
