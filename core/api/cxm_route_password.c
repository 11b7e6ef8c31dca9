/*
 * Routes of passwords: forgotten ones, and changes.
 *
 * A new password by mail opens no session: who has the mailbox still needs
 * the second factor to come in.
 */

#include "cxm_account_call.h"
#include "cxm_json.h"
#include "cxm_routes.h"
#include "cxm_throttling.h"


static const char *const  forgot_states[] = { "reset_sent", NULL };
static const char *const  reset_states[] = { "password_changed", NULL };

static const cxm_field_t  forgot_fields[] = {
    { .name = "email", .type = CXM_FIELD_EMAIL, .flags = CXM_FIELD_REQUIRED },
    { .name = NULL }
};

static const cxm_fields_t  forgot_input = { "ForgotPassword", forgot_fields };

static const cxm_field_t  forgot_output_fields[] = {
    { .name = "status", .type = CXM_FIELD_ENUM, .values = forgot_states,
      .summary = "the same whether the address is known or not" },
    { .name = NULL }
};

static const cxm_fields_t  forgot_output = {
    "ResetSent", forgot_output_fields
};

static const cxm_field_t  reset_fields[] = {
    { .name = "token", .type = CXM_FIELD_STRING, .max = 200,
      .flags = CXM_FIELD_REQUIRED,
      .summary = "of the link that was mailed, behind its \"#token=\"" },
    { .name = "password", .type = CXM_FIELD_STRING, .max = CXM_PASSWORD_MAX,
      .flags = CXM_FIELD_REQUIRED },
    { .name = NULL }
};

static const cxm_fields_t  reset_input = { "ResetPassword", reset_fields };

static const cxm_field_t  change_fields[] = {
    { .name = "old_password", .type = CXM_FIELD_STRING,
      .max = CXM_PASSWORD_MAX, .flags = CXM_FIELD_REQUIRED },
    { .name = "password", .type = CXM_FIELD_STRING, .max = CXM_PASSWORD_MAX,
      .flags = CXM_FIELD_REQUIRED },
    { .name = NULL }
};

static const cxm_fields_t  change_input = { "ChangePassword", change_fields };

static const cxm_field_t  changed_fields[] = {
    { .name = "status", .type = CXM_FIELD_ENUM, .values = reset_states },
    { .name = NULL }
};

static const cxm_fields_t  changed_output = {
    "PasswordChanged", changed_fields
};


static cxm_rc_t
changed_reply(cxm_call_t *call)
{
    return cxm_call_reply(call, 200, json_pack("{ss}", "status",
                                               reset_states[0]));
}


/* In `read`, where it is known whose it is. */
static cxm_rc_t
refuse_own(cxm_call_t *call, const cxm_doc_t *account)
{
    cxm_str_t  own[2];

    own[0] = cxm_json_get_str(account->personal, "email");
    own[1] = cxm_json_get_str(account->personal, "name");

    return cxm_password_refuse(cxm_json_get_str(call->input, "password"),
                               own, 2, "/password", &call->err);
}


/* --- forgotten ---------------------------------------------------------- */

/* Too many mails are not told of, either: none goes out. */
static cxm_rc_t
forgot_read(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t           rc;
    cxm_str_t          email;
    cxm_credential_t  *credential;

    email = cxm_json_get_str(call->input, "email");
    rc = cxm_credential_email(call, txn, email);

    if (rc == CXM_OK) {
        rc = cxm_call_throttle(call, CXM_THROTTLE_RESET, email);
    }

    if (rc == CXM_TOO_MANY) {
        credential = call->data;
        credential->quiet = 1;
        cxm_error_init(&call->err);
        rc = CXM_OK;
    }

    return rc;
}


/* Nobody's password is asked for; the time it takes hides what is written. */
static cxm_rc_t
forgot_hash(cxm_call_t *call)
{
    return cxm_credential_check(call, "email");
}


static cxm_rc_t
forgot_token(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *account)
{
    cxm_rc_t          rc;
    cxm_token_spec_t  spec;

    memset(&spec, 0, sizeof(spec));
    spec.purpose = CXM_TOKEN_RESET;
    spec.account = account;
    spec.language = cxm_json_get_str(account->body, "language");
    spec.base = call->site;
    spec.path = cxm_self_path(call, "reset");
    spec.waiting = json_object();

    rc = cxm_token_make(txn, &spec, &call->err);
    json_decref(spec.waiting);

    return rc == CXM_OK
           ? cxm_self_fact(call, txn, account, (cxm_account_fact_t) {
                               .event = CXM_ACCOUNT_RESET_ASKED })
           : rc;
}


static cxm_rc_t
forgot_reply(cxm_call_t *call)
{
    return cxm_call_reply(call, 202, json_pack("{ss}", "status",
                                               forgot_states[0]));
}


static cxm_rc_t
forgot_write(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t           rc;
    cxm_doc_t          account;
    cxm_credential_t  *credential;

    credential = call->data;
    memset(&account, 0, sizeof(account));

    if (credential->quiet) {
        return forgot_reply(call);
    }

    rc = credential->account == 0
         ? CXM_NOT_FOUND
         : cxm_account_get(txn, credential->account, &account, &call->err);

    if (rc == CXM_OK) {
        rc = forgot_token(call, txn, &account);

    } else if (rc == CXM_NOT_FOUND) {

        /* for a token and the mail with it */

        rc = cxm_self_blank_fact(call, txn, NULL, CXM_ACCOUNT_RESET_UNKNOWN,
                                 2);
    }

    cxm_doc_clear(&account);

    return rc == CXM_OK ? forgot_reply(call) : rc;
}


/* --- by a token --------------------------------------------------------- */

static cxm_rc_t
reset_refuse(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *token,
    cxm_doc_t *account)
{
    (void) txn;
    (void) token;

    return refuse_own(call, account);
}


static cxm_rc_t
reset_read(cxm_call_t *call, cxm_txn_t *txn)
{
    return cxm_credential_create(call) == NULL
           ? CXM_INTERNAL
           : cxm_self_with_token(call, txn, CXM_TOKEN_RESET, reset_refuse);
}


static cxm_rc_t
make_hash(cxm_call_t *call)
{
    return cxm_credential_make(call, "password");
}


/* Whoever was in is out, and what was mailed before is worth nothing. */
static cxm_rc_t
set_password(cxm_call_t *call, cxm_txn_t *txn, cxm_doc_t *account,
    uint64_t but, cxm_account_fact_t fact)
{
    cxm_rc_t           rc;
    unsigned           n;
    cxm_credential_t  *credential;

    credential = call->data;
    rc = cxm_account_set_password(txn, account, credential->made,
                                  &call->err);

    if (rc == CXM_OK) {
        rc = cxm_token_end_all(txn, account->no, account->subject,
                               &call->err);
    }

    if (rc == CXM_OK) {
        rc = cxm_session_end_all(txn, account->no, account->no, but, &n,
                                 &call->err);
    }

    return rc == CXM_OK ? cxm_self_fact(call, txn, account, fact) : rc;
}


static cxm_rc_t
reset(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *token,
    cxm_doc_t *account)
{
    cxm_rc_t  rc;

    rc = set_password(call, txn, account, 0, (cxm_account_fact_t) {
                          .event = CXM_ACCOUNT_RESET_DONE,
                          .since = token->created_at });

    return rc == CXM_OK ? changed_reply(call) : rc;
}


static cxm_rc_t
reset_write(cxm_call_t *call, cxm_txn_t *txn)
{
    return cxm_self_with_token(call, txn, CXM_TOKEN_RESET, reset);
}


/* --- by the old one ----------------------------------------------------- */

static cxm_rc_t
change_read(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t   rc;
    cxm_doc_t  account;

    rc = cxm_credential_account(call, txn, call->caller.principal.actor);

    if (rc == CXM_OK) {
        rc = cxm_account_get(txn, call->caller.principal.actor, &account,
                             &call->err);

        if (rc == CXM_OK) {
            rc = refuse_own(call, &account);
        }

        cxm_doc_clear(&account);
    }

    return rc;
}


static cxm_rc_t
change_hash(cxm_call_t *call)
{
    cxm_rc_t           rc;
    cxm_credential_t  *credential;

    credential = call->data;
    rc = cxm_credential_check(call, "old_password");

    return rc == CXM_OK && credential->good == CXM_OK
           ? cxm_credential_make(call, "password") : rc;
}


static cxm_rc_t
change_password(cxm_call_t *call, cxm_txn_t *txn, cxm_doc_t *account)
{
    cxm_rc_t  rc;

    rc = set_password(call, txn, account, call->caller.principal.session,
                      (cxm_account_fact_t) {
                          .event = CXM_ACCOUNT_PASSWORD_CHANGED });

    if (rc == CXM_OK) {
        rc = cxm_self_rotate(call, txn);
    }

    return rc == CXM_OK ? changed_reply(call) : rc;
}


static cxm_rc_t
change_write(cxm_call_t *call, cxm_txn_t *txn)
{
    return cxm_self_with_password(call, txn, "/old_password",
                                  change_password);
}


const cxm_route_t  cxm_routes_password[] = {
    { CXM_SELF(CXM_POST, "password/forgot", CXM_PUBLIC),
      .flags = CXM_ROUTE_NAMED | CXM_ROUTE_BOUNDED, .input = &forgot_input,
      .answers = CXM_202 | CXM_429, .output = &forgot_output,
      .read = forgot_read, .hash = forgot_hash, .write = forgot_write,
      .summary = "Have a link mailed that sets a new password" },
    { CXM_SELF(CXM_POST, "password/reset", CXM_PUBLIC),
      .flags = CXM_ROUTE_NAMED | CXM_ROUTE_BOUNDED, .input = &reset_input,
      .answers = CXM_200, .output = &changed_output, .read = reset_read,
      .hash = make_hash, .write = reset_write,
      .summary = "Set a new password by that link, once; all sessions end" },
    { CXM_SELF(CXM_POST, "password", CXM_CUSTOMER),
      .flags = CXM_SELF_SECRET | CXM_ROUTE_BOUNDED, .input = &change_input,
      .answers = CXM_200 | CXM_429, .output = &changed_output,
      .read = change_read, .hash = change_hash, .write = change_write,
      .summary = "Change the password; all other sessions end" },
    { .path = NULL }
};
