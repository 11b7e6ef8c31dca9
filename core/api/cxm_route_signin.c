/*
 * Routes of signing in: a password, and a code where the account asks for it.
 *
 * The two steps are one address.  The first, given a right password, begins a
 * half session; the second, which the half session's cookie is for, takes a
 * code of the app or a recovery code and makes it a whole one.
 */

#include "cxm_account_call.h"
#include "cxm_cookie.h"
#include "cxm_json.h"
#include "cxm_route_session.h"
#include "cxm_routes.h"
#include "cxm_throttling.h"
#include "cxm_totp.h"


static const char *const  login_states[] = {
    "signed_in", "second_factor", NULL
};

static const cxm_field_t  login_fields[] = {
    { .name = "email", .type = CXM_FIELD_STRING, .max = 254,
      .summary = "first step, with password" },
    { .name = "password", .type = CXM_FIELD_STRING,
      .max = CXM_PASSWORD_MAX },
    { .name = "totp", .type = CXM_FIELD_STRING, .max = 20,
      .summary = "second step: code of the app" },
    { .name = "recovery_code", .type = CXM_FIELD_STRING, .max = 40,
      .summary = "or this instead" },
    { .name = NULL }
};

static const cxm_fields_t  login_input = { "Login", login_fields };

static const cxm_field_t  login_output_fields[] = {
    { .name = "status", .type = CXM_FIELD_ENUM, .values = login_states,
      .summary = "second_factor: send totp or recovery_code next" },
    { .name = NULL }
};

static const cxm_fields_t  login_output = {
    "LoggedIn", login_output_fields
};


static cxm_rc_t
login_reply(cxm_call_t *call, int state)
{
    return cxm_call_reply(call, 200, json_pack("{ss}", "status",
                                               login_states[state]));
}


/* The fact of it is kept, and why: but the words are the same for all. */
static cxm_rc_t
login_refuse(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *account,
    cxm_account_reason_t reason)
{
    cxm_rc_t  rc;

    rc = cxm_self_fact(call, txn, account, (cxm_account_fact_t) {
                           .event = CXM_ACCOUNT_SIGN_IN_FAILED,
                           .reason = reason });

    return rc != CXM_OK ? rc
           : reason == CXM_ACCOUNT_CODE
           ? cxm_call_deny(call, CXM_UNAUTHORIZED, "wrong_code",
                           "The code is not valid.")
           : cxm_call_deny(call, CXM_UNAUTHORIZED, "wrong_credentials",
                           "Address or password is wrong.");
}


/* --- which step --------------------------------------------------------- */

static int
has(const cxm_call_t *call, const char *name)
{
    return json_object_get(call->input, name) != NULL;
}


static cxm_rc_t
login_no_half(cxm_call_t *call)
{
    return cxm_fail(&call->err, CXM_UNAUTHORIZED, "first_step",
                    "The first step is missing or too long ago.");
}


static cxm_rc_t
login_prepare(cxm_call_t *call)
{
    int  second;

    second = has(call, "totp") + has(call, "recovery_code");

    if (second > 1) {
        return cxm_issue(&call->err, "/recovery_code", "not_allowed",
                         "One code will do.");
    }

    if (second == 0 && (!has(call, "email") || !has(call, "password"))) {
        return cxm_issue(&call->err,
                         has(call, "email") ? "/password" : "/email",
                         "required", "Must be there.");
    }

    if (second && (has(call, "email") || has(call, "password"))) {
        return cxm_issue(&call->err, has(call, "email") ? "/email"
                                                        : "/password",
                         "not_allowed", "Is of the step before.");
    }

    return second && call->half == 0 ? login_no_half(call) : CXM_OK;
}


static int
is_second(const cxm_call_t *call)
{
    return !has(call, "email");
}


/* A code is a try at the account, whichever half session it is given to. */
static cxm_rc_t
login_read_half(cxm_call_t *call, cxm_txn_t *txn)
{
    char            name[24];
    cxm_rc_t        rc;
    cxm_session_t   half;

    rc = cxm_session_get(txn, call->half, call->now, &half, &call->err);

    if (rc != CXM_OK) {
        return rc == CXM_NOT_FOUND ? login_no_half(call) : rc;
    }

    (void) snprintf(name, sizeof(name), "%llu",
                    (unsigned long long) half.owner);

    cxm_call_trust(call, half.owner, 0);

    return cxm_call_throttle(call, CXM_THROTTLE_FACTOR, cxm_strz(name));
}


/* --- first step --------------------------------------------------------- */

static cxm_rc_t
login_read(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t   rc;
    cxm_str_t  email;

    if (is_second(call)) {
        return login_read_half(call, txn);
    }

    email = cxm_json_get_str(call->input, "email");
    rc = cxm_credential_email(call, txn, email);

    return rc == CXM_OK ? cxm_credential_try(call, email) : rc;
}


/* A hash that is not today's is made anew while the password is at hand. */
static cxm_rc_t
login_hash(cxm_call_t *call)
{
    cxm_rc_t           rc;
    cxm_credential_t  *credential;

    if (is_second(call)) {
        return CXM_OK;
    }

    credential = call->data;
    rc = cxm_credential_check(call, "password");

    return rc == CXM_OK && credential->good == CXM_OK && credential->again
           ? cxm_credential_make(call, "password") : rc;
}


static cxm_rc_t
login_half(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *account)
{
    char                 token[CXM_SESSION_TOKEN + 1];
    cxm_rc_t             rc;
    cxm_session_spec_t   spec = { CXM_SESSION_CUSTOMER, account->no,
                                  account->subject, 1 };

    rc = cxm_session_begin(txn, &call->caller, &spec, token, &call->err);

    if (rc == CXM_OK) {
        cxm_call_set_cookie(call, CXM_COOKIE_CUSTOMER, token,
                            CXM_SESSION_HALF / CXM_MS_SECOND);
    }

    cxm_wipe(token, sizeof(token));

    return rc == CXM_OK ? login_reply(call, 1) : rc;
}


static cxm_rc_t
login_enter(cxm_call_t *call, cxm_txn_t *txn, cxm_doc_t *account)
{
    cxm_rc_t  rc;

    rc = cxm_self_enter(call, txn, account, CXM_ACCOUNT_SIGNED_IN, 0);

    return rc == CXM_OK ? login_reply(call, 0) : rc;
}


static cxm_rc_t
login_password(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t           rc;
    cxm_doc_t          account;
    cxm_credential_t  *credential;

    credential = call->data;
    rc = cxm_credential_open(call, txn, &account);

    if (rc == CXM_UNAUTHORIZED) {
        rc = account.version == 0
             ? login_refuse(call, txn, NULL, CXM_ACCOUNT_UNKNOWN)
             : login_refuse(call, txn, &account, CXM_ACCOUNT_PASSWORD);
        cxm_doc_clear(&account);
        return rc;
    }

    if (rc == CXM_OK) {
        rc = cxm_session_leave(call, txn, NULL);
    }

    if (rc == CXM_OK && credential->made[0] != '\0') {
        rc = cxm_account_rehash(txn, &account, credential->made, &call->err);
    }

    if (rc == CXM_OK) {
        rc = cxm_totp_on(json_object_get(account.personal, "totp"))
             ? login_half(call, txn, &account)
             : login_enter(call, txn, &account);
    }

    cxm_doc_clear(&account);

    return rc;
}


/* --- second step -------------------------------------------------------- */

/* CXM_UNAUTHORIZED; a code that was taken is taken for good. */
static cxm_rc_t
login_take_code(cxm_call_t *call, cxm_txn_t *txn, cxm_doc_t *account)
{
    json_t    *totp;
    cxm_rc_t   rc;

    totp = json_deep_copy(json_object_get(account->personal, "totp"));

    rc = has(call, "totp")
         ? cxm_totp_use(totp, cxm_json_get_str(call->input, "totp"),
                        call->now, &call->err)
         : cxm_totp_recover(totp,
                 &cxm_store_keyring(call->store)->k[CXM_SUBKEY_RECOVERY],
                 cxm_json_get_str(call->input, "recovery_code"), &call->err);

    if (rc != CXM_OK) {
        json_decref(totp);
        return rc;
    }

    rc = cxm_account_set_totp(txn, account, totp, &call->err);

    return rc == CXM_OK && has(call, "recovery_code")
           ? cxm_self_fact(call, txn, account, (cxm_account_fact_t) {
                               .event = CXM_ACCOUNT_RECOVERY_USED })
           : rc;
}


static cxm_rc_t
login_wrong_code(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *account)
{
    cxm_rc_t  rc;

    cxm_error_init(&call->err);
    rc = cxm_session_failed(txn, call->half, &call->err);

    return rc == CXM_OK ? login_refuse(call, txn, account, CXM_ACCOUNT_CODE)
                        : rc;
}


static cxm_rc_t
login_code(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t        rc;
    cxm_doc_t       account;
    cxm_session_t   half;

    memset(&account, 0, sizeof(account));
    rc = cxm_session_get(txn, call->half, call->now, &half, &call->err);

    if (rc == CXM_OK) {
        rc = cxm_account_get(txn, half.owner, &account, &call->err);
    }

    if (rc == CXM_NOT_FOUND) {
        return login_no_half(call);
    }

    if (rc == CXM_OK) {
        rc = login_take_code(call, txn, &account);
    }

    if (rc == CXM_UNAUTHORIZED) {
        rc = login_wrong_code(call, txn, &account);

    } else if (rc == CXM_OK) {
        cxm_call_throttle_return(call);
        rc = cxm_session_leave(call, txn, NULL);

        if (rc == CXM_OK) {
            rc = login_enter(call, txn, &account);
        }
    }

    cxm_doc_clear(&account);

    return rc;
}


static cxm_rc_t
login_write(cxm_call_t *call, cxm_txn_t *txn)
{
    return is_second(call) ? login_code(call, txn)
                           : login_password(call, txn);
}


const cxm_route_t  cxm_routes_signin[] = {
    { CXM_SELF(CXM_POST, "login", CXM_PUBLIC),
      .flags = CXM_SELF_SECRET | CXM_ROUTE_BOUNDED, .input = &login_input,
      .answers = CXM_200 | CXM_429, .output = &login_output,
      .prepare = login_prepare, .read = login_read, .hash = login_hash,
      .write = login_write,
      .summary = "Sign in, by a password and where it is on by a code" },
    { .path = NULL }
};
