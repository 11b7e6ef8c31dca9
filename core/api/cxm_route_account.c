/*
 * Routes of accounts: registering, proving the address.
 *
 * Whether an address has an account is told to its mailbox and to nobody
 * else: both ways run the same phases, with the same cost, and end in the
 * same words.
 */

#include "cxm_account_call.h"
#include "cxm_flow_account.h"
#include "cxm_customer.h"
#include "cxm_json.h"
#include "cxm_route_session.h"
#include "cxm_routes.h"
#include "cxm_throttling.h"


static const char *const  register_states[] = { "verification_sent", NULL };

static const cxm_field_t  register_fields[] = {
    { .name = "name", .type = CXM_FIELD_STRING, .min = 1, .max = 200,
      .flags = CXM_FIELD_REQUIRED },
    { .name = "email", .type = CXM_FIELD_EMAIL, .flags = CXM_FIELD_REQUIRED },
    { .name = "password", .type = CXM_FIELD_STRING,
      .max = CXM_PASSWORD_MAX, .flags = CXM_FIELD_REQUIRED,
      .summary = "8 characters or more; known or guessable ones are refused" },
    { .name = "language", .type = CXM_FIELD_LANGUAGE,
      .summary = "of messages; default: the browser's" },
    { .name = NULL }
};

static const cxm_fields_t  register_input = { "Register", register_fields };

static const cxm_field_t  registered_fields[] = {
    { .name = "status", .type = CXM_FIELD_ENUM, .values = register_states },
    { .name = NULL }
};

static const cxm_fields_t  registered_output = {
    "Registered", registered_fields
};

static const cxm_field_t  token_input_fields[] = {
    { .name = "token", .type = CXM_FIELD_STRING, .max = 200,
      .flags = CXM_FIELD_REQUIRED,
      .summary = "of the link that was mailed, behind its \"#token=\"" },
    { .name = NULL }
};

static const cxm_fields_t  verify_input = { "Verify", token_input_fields };


/* --- registering -------------------------------------------------------- */

/* What the browser prefers, where the form does not say. */
static cxm_str_t
register_language(const cxm_call_t *call)
{
    cxm_str_t     language;
    json_t       *value;
    cxm_error_t   err;

    static const cxm_field_t  field = { .type = CXM_FIELD_LANGUAGE };

    language = cxm_json_get_str(call->input, "language");

    if (language.len > 0 || call->caller.language.len == 0) {
        return language;
    }

    cxm_error_init(&err);
    value = json_stringn(call->caller.language.data,
                         call->caller.language.len);

    if (cxm_field_check_value(&field, value, "", &err) == CXM_OK) {
        language = call->caller.language;
    }

    json_decref(value);

    return language;
}


static cxm_rc_t
register_prepare(cxm_call_t *call)
{
    cxm_str_t  own[2];

    own[0] = cxm_json_get_str(call->input, "email");
    own[1] = cxm_json_get_str(call->input, "name");

    if (cxm_password_refuse(cxm_json_get_str(call->input, "password"), own, 2,
                            "/password", &call->err)
        != CXM_OK)
    {
        return call->err.rc;
    }

    return cxm_credential_create(call) == NULL
           ? CXM_INTERNAL
           : cxm_call_throttle(call, CXM_THROTTLE_REGISTER, own[0]);
}


static cxm_rc_t
register_hash(cxm_call_t *call)
{
    return cxm_credential_make(call, "password");
}


static cxm_rc_t
register_token(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t           rc;
    cxm_token_spec_t   spec;
    cxm_credential_t  *credential;

    credential = call->data;

    memset(&spec, 0, sizeof(spec));
    spec.purpose = CXM_TOKEN_VERIFY;
    spec.language = register_language(call);
    spec.base = call->site;
    spec.path = cxm_self_path(call, "verify");
    spec.waiting = json_pack("{sO sO ss}",
                             "email", json_object_get(call->input, "email"),
                             "name", json_object_get(call->input, "name"),
                             "password", credential->made);

    rc = spec.waiting == NULL
         ? cxm_fail(&call->err, CXM_INTERNAL, NULL, "Not enough memory.")
         : cxm_token_make(txn, &spec, &call->err);

    json_decref(spec.waiting);

    return rc;
}


static cxm_rc_t
register_write(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t   rc;
    cxm_doc_t  account;

    rc = cxm_account_by_email(txn, cxm_json_get_str(call->input, "email"),
                              &account, &call->err);

    if (rc == CXM_OK) {

        /* for the token: there is a mail, too */

        rc = cxm_self_blank_fact(call, txn, &account, CXM_ACCOUNT_TAKEN, 1);
        cxm_doc_clear(&account);

    } else if (rc == CXM_NOT_FOUND) {
        rc = register_token(call, txn);

        if (rc == CXM_OK) {
            rc = cxm_self_fact(call, txn, NULL, (cxm_account_fact_t) {
                                   .event = CXM_ACCOUNT_REGISTERED });
        }
    }

    return rc == CXM_OK
           ? cxm_call_reply(call, 202, json_pack("{ss}", "status",
                                                 register_states[0]))
           : rc;
}


/* --- proving ------------------------------------------------------------ */

static cxm_rc_t
verify_reply(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *account)
{
    uint64_t   no;
    cxm_rc_t   rc;
    cxm_doc_t  customer;

    rc = cxm_customer_of_slot(txn, account->subject, &no);

    if (rc == CXM_OK) {
        rc = cxm_doc_get(txn, CXM_KIND_CUSTOMER, no, &customer, &call->err);
    }

    if (rc != CXM_OK) {
        return cxm_fail(&call->err, CXM_INTERNAL, NULL,
                        "An account is not a customer's.");
    }

    call->subject = account->subject;
    rc = cxm_call_reply(call, 200, cxm_self_who(account, &customer.id));
    cxm_doc_clear(&customer);

    return rc;
}


/* Two may have registered with one address; the first proof counts. */
static cxm_rc_t
verify_account(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *token)
{
    cxm_rc_t   rc;
    cxm_doc_t  account;

    rc = cxm_account_create(txn, token, &account, &call->err);

    if (rc == CXM_CONFLICT) {
        cxm_error_init(&call->err);
        return cxm_fail(&call->err, CXM_CONFLICT, "account_exists",
                        "This address has an account by now: sign in.");
    }

    if (rc == CXM_OK) {
        rc = cxm_flow_join_account(txn, &account, &call->err);
    }

    if (rc == CXM_OK) {
        rc = cxm_session_leave(call, txn, NULL);
    }

    if (rc == CXM_OK) {
        rc = cxm_self_enter(call, txn, &account, CXM_ACCOUNT_VERIFIED,
                            token->created_at);
    }

    if (rc == CXM_OK) {
        rc = verify_reply(call, txn, &account);
    }

    cxm_doc_clear(&account);

    return rc;
}


static cxm_rc_t
verify_write(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t   rc;
    cxm_doc_t  token;

    rc = cxm_token_find(txn, CXM_TOKEN_VERIFY,
                        cxm_json_get_str(call->input, "token"), call->now,
                        &token, &call->err);

    if (rc == CXM_NOT_FOUND) {
        return cxm_self_no_token(call);
    }

    if (rc == CXM_OK) {
        rc = cxm_token_end(txn, 0, &token.id, &call->err);
    }

    if (rc == CXM_OK) {
        rc = verify_account(call, txn, &token);
    }

    cxm_doc_clear(&token);

    return rc;
}


const cxm_route_t  cxm_routes_account[] = {
    { CXM_SELF(CXM_POST, "register", CXM_PUBLIC), .flags = CXM_ROUTE_NAMED,
      .input = &register_input, .answers = CXM_202 | CXM_429,
      .output = &registered_output, .prepare = register_prepare,
      .hash = register_hash, .write = register_write,
      .summary = "Register; a mail to the address goes on from here" },
    { CXM_SELF(CXM_POST, "verify", CXM_PUBLIC), .flags = CXM_SELF_SECRET,
      .input = &verify_input, .answers = CXM_200 | CXM_409,
      .output = &cxm_self_who_fields, .write = verify_write,
      .summary = "Prove the address: there is an account, and one is signed "
                 "in" },
    { .path = NULL }
};
