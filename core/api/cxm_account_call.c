/*
 * What routes of accounts share.
 */

#include <stdlib.h>

#include "cxm_account_call.h"
#include "cxm_cookie.h"
#include "cxm_crypto.h"
#include "cxm_json.h"
#include "cxm_throttling.h"


/* --- credentials -------------------------------------------------------- */

static void
credential_free(void *data)
{
    cxm_wipe(data, sizeof(cxm_credential_t));
    free(data);
}


cxm_credential_t *
cxm_credential_create(cxm_call_t *call)
{
    call->data = calloc(1, sizeof(cxm_credential_t));
    call->data_free = credential_free;

    if (call->data == NULL) {
        (void) cxm_fail(&call->err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    return call->data;
}


static cxm_rc_t
credential_take(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *account)
{
    cxm_str_t          hash;
    cxm_credential_t  *credential;

    credential = call->data;
    hash = cxm_json_get_str(account->personal, "password");

    if (hash.len == 0 || hash.len >= sizeof(credential->kept)) {
        return cxm_fail(&call->err, CXM_CORRUPT, NULL,
                        "An account has no password.");
    }

    credential->account = account->no;
    credential->known = cxm_account_knows(cxm_txn_store(txn), account,
                                          call->caller.address);
    memcpy(credential->kept, hash.data, hash.len);

    return CXM_OK;
}


cxm_rc_t
cxm_credential_email(cxm_call_t *call, cxm_txn_t *txn, cxm_str_t email)
{
    cxm_rc_t   rc;
    cxm_doc_t  account;

    if (cxm_credential_create(call) == NULL) {
        return CXM_INTERNAL;
    }

    rc = cxm_account_by_email(txn, email, &account, &call->err);

    if (rc == CXM_OK) {
        rc = credential_take(call, txn, &account);
    }

    cxm_doc_clear(&account);

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


cxm_rc_t
cxm_credential_account(cxm_call_t *call, cxm_txn_t *txn, uint64_t no)
{
    cxm_rc_t   rc;
    cxm_doc_t  account;

    if (cxm_credential_create(call) == NULL) {
        return CXM_INTERNAL;
    }

    rc = cxm_account_get(txn, no, &account, &call->err);

    if (rc == CXM_OK) {
        rc = credential_take(call, txn, &account);
    }

    if (rc == CXM_OK) {
        rc = cxm_credential_try(call, cxm_json_get_str(account.personal,
                                                       "email"));
    }

    cxm_doc_clear(&account);

    return rc == CXM_NOT_FOUND
           ? cxm_fail(&call->err, CXM_UNAUTHORIZED, NULL, "Sign in first.")
           : rc;
}


cxm_rc_t
cxm_credential_try(cxm_call_t *call, cxm_str_t email)
{
    cxm_credential_t  *credential;

    credential = call->data;
    cxm_call_trust(call, credential->account, credential->known);

    return cxm_call_throttle(call, CXM_THROTTLE_SIGN_IN, email);
}


cxm_rc_t
cxm_credential_check(cxm_call_t *call, const char *name)
{
    cxm_rc_t           rc;
    cxm_credential_t  *credential;

    credential = call->data;
    rc = cxm_password_verify(credential->kept[0] == '\0' ? NULL
                                                         : credential->kept,
                             cxm_json_get_str(call->input, name),
                             &credential->again, &call->err);

    if (rc != CXM_OK && rc != CXM_UNAUTHORIZED) {
        return rc;
    }

    credential->good = rc;
    cxm_error_init(&call->err);

    return CXM_OK;
}


cxm_rc_t
cxm_credential_make(cxm_call_t *call, const char *name)
{
    cxm_credential_t  *credential;

    credential = call->data;

    return cxm_password_hash(cxm_json_get_str(call->input, name),
                             credential->made, &call->err);
}


cxm_rc_t
cxm_credential_open(cxm_call_t *call, cxm_txn_t *txn, cxm_doc_t *account)
{
    cxm_rc_t           rc;
    cxm_credential_t  *credential;

    credential = call->data;
    memset(account, 0, sizeof(*account));

    rc = credential->account == 0
         ? CXM_NOT_FOUND
         : cxm_account_get(txn, credential->account, account, &call->err);

    if (rc == CXM_OK
        && (credential->good != CXM_OK
            || !cxm_str_eqz(cxm_json_get_str(account->personal, "password"),
                            credential->kept)))
    {
        rc = CXM_UNAUTHORIZED;
    }

    if (rc == CXM_OK) {
        cxm_call_throttle_return(call);
    }

    return rc == CXM_NOT_FOUND ? CXM_UNAUTHORIZED : rc;
}


/* --- facts and sessions ------------------------------------------------- */

cxm_str_t
cxm_self_path(cxm_call_t *call, const char *page)
{
    return cxm_strz(cxm_arena_printf(&call->arena, "%.*s%s",
                                     (int) call->prefix.len,
                                     call->prefix.data, page));
}


cxm_rc_t
cxm_self_fact(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *account,
    cxm_account_fact_t fact)
{
    if (account != NULL) {
        fact.account = account->no;
        fact.subject = account->subject;
        fact.base = call->site;
        fact.path = cxm_self_path(call, "");
    }

    return cxm_account_add(txn, &call->caller, &fact, &call->err);
}


cxm_rc_t
cxm_self_blank_fact(cxm_call_t *call, cxm_txn_t *txn,
    const cxm_doc_t *account, cxm_account_event_t event, unsigned n)
{
    cxm_rc_t          rc;
    cxm_token_spec_t  spec;

    memset(&spec, 0, sizeof(spec));
    spec.purpose = CXM_TOKEN_BLANK;
    spec.base = call->site;
    spec.path = cxm_self_path(call, "");

    for (rc = CXM_OK; rc == CXM_OK && n > 0; n--) {
        rc = cxm_token_make(txn, &spec, &call->err);
    }

    return rc == CXM_OK
           ? cxm_self_fact(call, txn, account, (cxm_account_fact_t) {
                               .event = event })
           : rc;
}


cxm_rc_t
cxm_self_enter(cxm_call_t *call, cxm_txn_t *txn, cxm_doc_t *account,
    cxm_account_event_t event, cxm_ms_t since)
{
    char                 token[CXM_SESSION_TOKEN + 1];
    cxm_rc_t             rc;
    cxm_account_fact_t   fact;
    cxm_session_spec_t   spec = { CXM_SESSION_CUSTOMER, account->no,
                                  account->subject, 0 };

    cxm_call_trust(call, account->no,
                   cxm_account_knows(cxm_txn_store(txn), account,
                                     call->caller.address));

    memset(&fact, 0, sizeof(fact));
    fact.event = event;
    fact.since = since;
    fact.new_place = event == CXM_ACCOUNT_SIGNED_IN
                     && call->throttle.trust == CXM_TRUST_NONE;

    rc = cxm_self_fact(call, txn, account, fact);

    if (rc == CXM_OK) {
        rc = cxm_account_learn(txn, account, call->caller.address,
                               &call->err);
    }

    if (rc == CXM_OK) {
        rc = cxm_session_begin(txn, &call->caller, &spec, token, &call->err);
    }

    if (rc == CXM_OK) {
        cxm_call_set_cookie(call, CXM_COOKIE_CUSTOMER, token,
                            cxm_session_age(CXM_SESSION_CUSTOMER));
        cxm_call_set_device(call, account->no);
    }

    cxm_wipe(token, sizeof(token));

    return rc;
}


cxm_rc_t
cxm_self_rotate(cxm_call_t *call, cxm_txn_t *txn)
{
    char      token[CXM_SESSION_TOKEN + 1];
    cxm_rc_t  rc;

    if (call->caller.principal.session == 0) {
        return CXM_OK;
    }

    rc = cxm_session_rotate(txn, call->caller.principal.actor,
                            call->caller.principal.session, token,
                            &call->err);

    if (rc == CXM_OK) {
        cxm_call_set_cookie(call, CXM_COOKIE_CUSTOMER, token,
                            cxm_session_age(CXM_SESSION_CUSTOMER));
    }

    cxm_wipe(token, sizeof(token));

    return rc;
}


static cxm_rc_t
self_wrong(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *account,
    const char *pointer)
{
    cxm_rc_t  rc;

    rc = cxm_self_fact(call, txn, account, (cxm_account_fact_t) {
                           .event = CXM_ACCOUNT_SIGN_IN_FAILED,
                           .reason = CXM_ACCOUNT_PASSWORD });

    if (rc == CXM_OK) {
        call->denied = cxm_issue(&call->err, pointer, "wrong",
                                 "It is not the password of the account.");
    }

    return rc;
}


cxm_rc_t
cxm_self_with_password(cxm_call_t *call, cxm_txn_t *txn, const char *pointer,
    cxm_self_pt fn)
{
    cxm_rc_t   rc;
    cxm_doc_t  account;

    rc = cxm_credential_open(call, txn, &account);

    if (rc == CXM_UNAUTHORIZED && account.version != 0) {
        rc = self_wrong(call, txn, &account, pointer);

    } else if (rc == CXM_OK) {
        rc = fn(call, txn, &account);
    }

    cxm_doc_clear(&account);

    return rc;
}


cxm_rc_t
cxm_self_no_token(cxm_call_t *call)
{
    return cxm_issue(&call->err, "/token", "invalid_token",
                     "It was used, is too old, or never was one.");
}


cxm_rc_t
cxm_self_with_token(cxm_call_t *call, cxm_txn_t *txn,
    cxm_token_purpose_t purpose, cxm_self_token_pt fn)
{
    cxm_rc_t   rc;
    cxm_doc_t  token, account;

    memset(&account, 0, sizeof(account));
    rc = cxm_token_find(txn, purpose, cxm_json_get_str(call->input, "token"),
                        call->now, &token, &call->err);

    if (rc == CXM_OK) {
        rc = cxm_account_get(txn, cxm_token_account(token.body), &account,
                             &call->err);
    }

    if (rc == CXM_NOT_FOUND) {
        rc = cxm_self_no_token(call);

    } else if (rc == CXM_OK) {
        rc = fn(call, txn, &token, &account);
    }

    cxm_doc_clear(&token);
    cxm_doc_clear(&account);

    return rc;
}


/* --- who ---------------------------------------------------------------- */

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

const cxm_fields_t  cxm_self_who_fields = { "Who", who_fields };


json_t *
cxm_self_who(const cxm_doc_t *account, const cxm_uuid_t *customer)
{
    char  id[CXM_UUID_LEN + 1], other[CXM_UUID_LEN + 1];

    cxm_uuid_format(&account->id, id);
    cxm_uuid_format(customer, other);

    return json_pack("{ss ss? sO sO? sO?}", "account", id,
                     "customer", cxm_uuid_is_nil(customer) ? NULL : other,
                     "email", json_object_get(account->personal, "email"),
                     "name", json_object_get(account->personal, "name"),
                     "language", json_object_get(account->body, "language"));
}
