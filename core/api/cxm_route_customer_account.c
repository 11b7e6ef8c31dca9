/*
 * Routes of customers' accounts, for staff: how one stands, and a way to end
 * its sessions.  None of them opens it.
 */

#include "cxm_account.h"
#include "cxm_customer.h"
#include "cxm_json.h"
#include "cxm_resource.h"
#include "cxm_routes.h"
#include "cxm_session.h"
#include "cxm_totp.h"


static const cxm_field_t  state_fields[] = {
    { .name = "account", .type = CXM_FIELD_UUID },
    { .name = "status", .type = CXM_FIELD_STRING, .summary = "active" },
    { .name = "verified_at", .type = CXM_FIELD_TIME,
      .summary = "when the address was proved" },
    { .name = "password_changed_at", .type = CXM_FIELD_TIME },
    { .name = "second_factor", .type = CXM_FIELD_BOOL },
    { .name = "sessions", .type = CXM_FIELD_INT,
      .summary = "where it is signed in" },
    { .name = NULL }
};

static const cxm_fields_t  state_output = { "AccountState", state_fields };


/* The account of the customer in the path; the caller clears it. */
static cxm_rc_t
account_of(cxm_call_t *call, cxm_txn_t *txn, cxm_doc_t *account)
{
    cxm_rc_t   rc;
    cxm_doc_t  customer;

    memset(account, 0, sizeof(*account));
    rc = cxm_resource_doc(call, txn, &customer);

    if (rc == CXM_OK) {
        rc = cxm_account_of_person(txn, customer.subject, account,
                                   &call->err);
        cxm_doc_clear(&customer);

        if (rc == CXM_NOT_FOUND) {
            rc = cxm_fail(&call->err, rc, NULL,
                          "This customer has no account.");
        }
    }

    return rc;
}


static cxm_rc_t
state_reply(cxm_call_t *call, const cxm_doc_t *account, size_t sessions)
{
    char  id[CXM_UUID_LEN + 1];

    cxm_uuid_format(&account->id, id);

    return cxm_call_reply(call, 200, json_pack("{ss sO sO* sO* sb sI}",
                          "account", id,
                          "status", json_object_get(account->body, "status"),
                          "verified_at", json_object_get(account->body,
                                                         "verified_at"),
                          "password_changed_at", json_object_get(
                                    account->body, "password_changed_at"),
                          "second_factor", cxm_totp_on(json_object_get(
                                                account->personal, "totp")),
                          "sessions", (json_int_t) sessions));
}


static cxm_rc_t
account_read(cxm_call_t *call, cxm_txn_t *txn)
{
    json_t     *sessions;
    cxm_rc_t    rc;
    cxm_doc_t   account;

    rc = account_of(call, txn, &account);

    if (rc == CXM_OK) {
        rc = cxm_session_list(txn, account.no, 0, &sessions, &call->err);
    }

    if (rc == CXM_OK) {
        rc = state_reply(call, &account, json_array_size(sessions));
        json_decref(sessions);
    }

    cxm_doc_clear(&account);

    return rc;
}


static cxm_rc_t
sessions_delete(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t   rc;
    unsigned   n;
    cxm_doc_t  account;

    rc = account_of(call, txn, &account);

    if (rc == CXM_OK) {
        rc = cxm_session_end_all(txn, call->caller.principal.actor,
                                 account.no, 0, &n, &call->err);
    }

    cxm_doc_clear(&account);

    return rc == CXM_OK ? cxm_call_reply_raw(call, 204, NULL) : rc;
}


const cxm_route_t  cxm_routes_customer_account[] = {
    { CXM_RESOURCE_ROW(CXM_GET, "customers/{id}/account",
                       CXM_SCOPE_CUSTOMER_READ, customer, CXM_ROUTE_BOUNDED),
      .answers = CXM_200, .output = &state_output, .read = account_read,
      .summary = "How the account of a customer stands" },
    { CXM_RESOURCE_ROW(CXM_DELETE, "customers/{id}/account/sessions",
                       CXM_SCOPE_CUSTOMER_WRITE, customer, 0),
      .answers = CXM_204, .write = sessions_delete,
      .summary = "Sign a customer out everywhere" },
    { .path = NULL }
};
