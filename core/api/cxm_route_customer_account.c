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


#define STATE_FIELDS                                                          \
    { .name = "account", .type = CXM_FIELD_UUID },                            \
    { .name = "status", .type = CXM_FIELD_STRING, .summary = "active" },      \
    { .name = "verified_at", .type = CXM_FIELD_TIME,                          \
      .summary = "when the address was proved" },                             \
    { .name = "password_changed_at", .type = CXM_FIELD_TIME },                \
    { .name = "second_factor", .type = CXM_FIELD_BOOL },                      \
    { .name = "sessions", .type = CXM_FIELD_INT,                              \
      .summary = "where it is signed in" }

static const cxm_field_t  other_fields[] = {
    STATE_FIELDS,
    { .name = NULL }
};

static const cxm_fields_t  other_output = { "OtherAccount", other_fields };

static const cxm_field_t  other_item = {
    .type = CXM_FIELD_OBJECT, .object = &other_output
};

static const cxm_field_t  state_fields[] = {
    STATE_FIELDS,
    { .name = "others", .type = CXM_FIELD_ARRAY, .item = &other_item,
      .summary = "of customers that were merged into this one" },
    { .name = NULL }
};

static const cxm_fields_t  state_output = { "AccountState", state_fields };


typedef struct {
    cxm_call_t  *call;
    cxm_txn_t   *txn;
    json_t      *states;
    unsigned     n;
} accounts_t;


static cxm_rc_t
each_account(accounts_t *accounts, cxm_account_pt fn)
{
    cxm_rc_t     rc;
    cxm_doc_t    customer;
    cxm_call_t  *call;

    call = accounts->call;
    rc = cxm_resource_doc(call, accounts->txn, &customer);

    if (rc == CXM_OK) {
        rc = cxm_account_each(accounts->txn, customer.subject, fn, accounts,
                              &call->err);
        cxm_doc_clear(&customer);
    }

    return rc == CXM_OK && accounts->n == 0
           ? cxm_fail(&call->err, CXM_NOT_FOUND, NULL,
                      "This customer has no account.")
           : rc;
}


static json_t *
state_json(const cxm_doc_t *account, size_t sessions)
{
    char  id[CXM_UUID_LEN + 1];

    cxm_uuid_format(&account->id, id);

    return json_pack("{ss sO sO* sO* sb sI}",
                     "account", id,
                     "status", json_object_get(account->body, "status"),
                     "verified_at", json_object_get(account->body,
                                                    "verified_at"),
                     "password_changed_at", json_object_get(
                               account->body, "password_changed_at"),
                     "second_factor", cxm_totp_on(json_object_get(
                                           account->personal, "totp")),
                     "sessions", (json_int_t) sessions);
}


/* A cxm_account_pt. */
static cxm_rc_t
add_state(void *ctx, const cxm_doc_t *account)
{
    json_t      *sessions;
    cxm_rc_t     rc;
    accounts_t  *accounts;

    accounts = ctx;
    accounts->n++;
    rc = cxm_session_list(accounts->txn, account->no, 0, &sessions,
                          &accounts->call->err);

    if (rc == CXM_OK) {
        (void) json_array_append_new(accounts->states,
                   state_json(account, json_array_size(sessions)));
        json_decref(sessions);
    }

    return rc;
}


static cxm_rc_t
account_read(cxm_call_t *call, cxm_txn_t *txn)
{
    json_t      *first;
    cxm_rc_t     rc;
    accounts_t   accounts = { call, txn, json_array(), 0 };

    rc = each_account(&accounts, add_state);

    if (rc != CXM_OK) {
        json_decref(accounts.states);
        return rc;
    }

    first = json_incref(json_array_get(accounts.states, 0));
    (void) json_array_remove(accounts.states, 0);
    (void) json_object_set_new(first, "others", accounts.states);

    return cxm_call_reply(call, 200, first);
}


/* A cxm_account_pt. */
static cxm_rc_t
end_sessions(void *ctx, const cxm_doc_t *account)
{
    unsigned     n;
    cxm_call_t  *call;
    accounts_t  *accounts;

    accounts = ctx;
    accounts->n++;
    call = accounts->call;

    return cxm_session_end_all(accounts->txn, call->caller.principal.actor,
                               account->no, 0, &n, &call->err);
}


static cxm_rc_t
sessions_delete(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t    rc;
    accounts_t  accounts = { call, txn, NULL, 0 };

    rc = each_account(&accounts, end_sessions);

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
