/*
 * Routes of the second factor (core/access/cxm_totp.h).
 *
 * What weakens it asks for the password again; when it goes on all other
 * sessions end: somebody may be in by the password alone.
 */

#include "cxm_account_call.h"
#include "cxm_json.h"
#include "cxm_routes.h"
#include "cxm_totp.h"


static const cxm_field_t  password_fields[] = {
    { .name = "password", .type = CXM_FIELD_STRING, .max = CXM_PASSWORD_MAX,
      .flags = CXM_FIELD_REQUIRED, .summary = "of the account, once more" },
    { .name = NULL }
};

static const cxm_fields_t  password_input = { "Password", password_fields };

static const cxm_field_t  confirm_fields[] = {
    { .name = "totp", .type = CXM_FIELD_STRING, .max = 20,
      .flags = CXM_FIELD_REQUIRED, .summary = "a code of the app" },
    { .name = NULL }
};

static const cxm_fields_t  confirm_input = { "ConfirmTotp", confirm_fields };

static const cxm_field_t  state_fields[] = {
    { .name = "on", .type = CXM_FIELD_BOOL,
      .summary = "signing in needs a code" },
    { .name = "recovery_codes_left", .type = CXM_FIELD_INT },
    { .name = NULL }
};

static const cxm_fields_t  state_output = { "TotpState", state_fields };

static const cxm_field_t  secret_fields[] = {
    { .name = "secret", .type = CXM_FIELD_STRING,
      .summary = "for an app that cannot read the other" },
    { .name = "uri", .type = CXM_FIELD_STRING, .max = 2000,
      .summary = "otpauth://..., as a QR code shows it" },
    { .name = NULL }
};

static const cxm_fields_t  secret_output = { "TotpSecret", secret_fields };

static const cxm_field_t  code_item = { .type = CXM_FIELD_STRING };

static const cxm_field_t  codes_fields[] = {
    { .name = "recovery_codes", .type = CXM_FIELD_ARRAY, .item = &code_item,
      .summary = "each works once; told this only time" },
    { .name = NULL }
};

static const cxm_fields_t  codes_output = { "RecoveryCodes", codes_fields };


/* --- shared ------------------------------------------------------------- */

static cxm_rc_t
own_account(cxm_call_t *call, cxm_txn_t *txn, cxm_doc_t *account)
{
    cxm_rc_t  rc;

    rc = cxm_account_get(txn, call->caller.principal.actor, account,
                         &call->err);

    return rc == CXM_NOT_FOUND
           ? cxm_fail(&call->err, CXM_UNAUTHORIZED, NULL, "Sign in first.")
           : rc;
}


static const json_t *
totp_of(const cxm_doc_t *account)
{
    return json_object_get(account->personal, "totp");
}


static cxm_rc_t
totp_conflict(cxm_call_t *call, int on)
{
    return cxm_fail(&call->err, CXM_CONFLICT, on ? "totp_on" : "totp_off",
                    on ? "The second factor is on."
                       : "The second factor is not on.");
}


/* Other sessions end, this one gets another token, and the fact is kept. */
static cxm_rc_t
rights_changed(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *account,
    cxm_account_event_t event)
{
    cxm_rc_t  rc;
    unsigned  n;

    rc = cxm_session_end_all(txn, account->no, account->no,
                             call->caller.principal.session, &n, &call->err);

    if (rc == CXM_OK) {
        rc = cxm_self_rotate(call, txn);
    }

    return rc == CXM_OK
           ? cxm_self_fact(call, txn, account,
                           (cxm_account_fact_t) { .event = event })
           : rc;
}


/* --- behind the password ------------------------------------------------ */

static cxm_rc_t
password_read(cxm_call_t *call, cxm_txn_t *txn)
{
    return cxm_credential_account(call, txn, call->caller.principal.actor);
}


static cxm_rc_t
password_hash(cxm_call_t *call)
{
    return cxm_credential_check(call, "password");
}


/* --- how it stands ------------------------------------------------------ */

static cxm_rc_t
state_read(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t   rc;
    cxm_doc_t  account;

    rc = own_account(call, txn, &account);

    if (rc == CXM_OK) {
        rc = cxm_call_reply(call, 200, json_pack("{sb sI}",
                            "on", cxm_totp_on(totp_of(&account)),
                            "recovery_codes_left", (json_int_t)
                            json_array_size(json_object_get(
                                        totp_of(&account), "recovery"))));
    }

    cxm_doc_clear(&account);

    return rc;
}


/* --- on ----------------------------------------------------------------- */

static cxm_str_t
issuer_of(const cxm_call_t *call)
{
    cxm_str_t  host;

    host = call->site;
    (void) cxm_str_cut(&host, ':');

    return host.len > 2 ? (cxm_str_t) { host.len - 2, host.data + 2 }
                        : cxm_str("cxm");
}


static cxm_rc_t
begin_account(cxm_call_t *call, cxm_txn_t *txn, cxm_doc_t *account)
{
    char       secret[CXM_TOTP_SECRET_TEXT + 1];
    json_t    *totp, *out;
    cxm_rc_t   rc;
    cxm_buf_t  uri;

    if (cxm_totp_on(totp_of(account))) {
        return totp_conflict(call, 1);
    }

    totp = cxm_totp_begin();

    if (totp == NULL) {
        return cxm_fail(&call->err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    cxm_buf_init(&uri, 2000);
    cxm_totp_text(totp, secret);
    cxm_totp_uri(&uri, totp, issuer_of(call),
                 cxm_json_get_str(account->personal, "email"));
    out = json_pack("{ss ss%}", "secret", secret,
                    "uri", (const char *) uri.data, uri.len);

    rc = cxm_account_set_totp(txn, account, totp, &call->err);

    if (rc == CXM_OK) {
        rc = cxm_call_reply(call, 201, out);

    } else {
        json_decref(out);
    }

    cxm_buf_free(&uri);
    cxm_wipe(secret, sizeof(secret));

    return rc;
}


static cxm_rc_t
begin_write(cxm_call_t *call, cxm_txn_t *txn)
{
    return cxm_self_with_password(call, txn, "/password", begin_account);
}


/* --- codes -------------------------------------------------------------- */

static json_t *
codes_json(const cxm_recovery_t *codes)
{
    int      i;
    json_t  *list;

    list = json_array();

    for (i = 0; i < CXM_RECOVERY_N; i++) {
        json_array_append_new(list, json_string(codes->code[i]));
    }

    return json_pack("{so}", "recovery_codes", list);
}


/* Turns the state (taken over) on with new codes, which are the reply. */
static cxm_rc_t
enable(cxm_call_t *call, cxm_txn_t *txn, cxm_doc_t *account, json_t *totp)
{
    cxm_rc_t         rc;
    cxm_recovery_t   codes;

    rc = cxm_totp_enable(totp,
                 &cxm_store_keyring(call->store)->k[CXM_SUBKEY_RECOVERY],
                 call->now, &codes, &call->err);

    if (rc != CXM_OK) {
        json_decref(totp);
        return rc;
    }

    rc = cxm_account_set_totp(txn, account, totp, &call->err);

    if (rc == CXM_OK) {
        rc = cxm_call_reply(call, 200, codes_json(&codes));
    }

    cxm_wipe(&codes, sizeof(codes));

    return rc;
}


static cxm_rc_t
confirm_account(cxm_call_t *call, cxm_txn_t *txn, cxm_doc_t *account)
{
    json_t    *totp;
    cxm_rc_t   rc;

    if (cxm_totp_on(totp_of(account)) || totp_of(account) == NULL) {
        return totp_conflict(call, cxm_totp_on(totp_of(account)));
    }

    totp = json_deep_copy(totp_of(account));
    rc = cxm_totp_use(totp, cxm_json_get_str(call->input, "totp"), call->now,
                      &call->err);

    if (rc != CXM_OK) {
        json_decref(totp);
        cxm_error_init(&call->err);
        return rc == CXM_UNAUTHORIZED
               ? cxm_issue(&call->err, "/totp", "wrong",
                           "The code is not valid.")
               : rc;
    }

    rc = enable(call, txn, account, totp);

    return rc == CXM_OK
           ? rights_changed(call, txn, account, CXM_ACCOUNT_TOTP_ON) : rc;
}


static cxm_rc_t
confirm_write(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t   rc;
    cxm_doc_t  account;

    rc = own_account(call, txn, &account);

    if (rc == CXM_OK) {
        rc = confirm_account(call, txn, &account);
    }

    cxm_doc_clear(&account);

    return rc;
}


static cxm_rc_t
codes_account(cxm_call_t *call, cxm_txn_t *txn, cxm_doc_t *account)
{
    cxm_rc_t  rc;

    if (!cxm_totp_on(totp_of(account))) {
        return totp_conflict(call, 0);
    }

    rc = enable(call, txn, account, json_deep_copy(totp_of(account)));

    return rc == CXM_OK
           ? cxm_self_fact(call, txn, account, (cxm_account_fact_t) {
                               .event = CXM_ACCOUNT_RECOVERY_RENEWED })
           : rc;
}


static cxm_rc_t
codes_write(cxm_call_t *call, cxm_txn_t *txn)
{
    return cxm_self_with_password(call, txn, "/password", codes_account);
}


/* --- off ---------------------------------------------------------------- */

static cxm_rc_t
disable_account(cxm_call_t *call, cxm_txn_t *txn, cxm_doc_t *account)
{
    cxm_rc_t  rc;

    if (!cxm_totp_on(totp_of(account))) {
        return totp_conflict(call, 0);
    }

    rc = cxm_account_set_totp(txn, account, NULL, &call->err);

    if (rc == CXM_OK) {
        rc = rights_changed(call, txn, account, CXM_ACCOUNT_TOTP_OFF);
    }

    return rc == CXM_OK
           ? cxm_call_reply(call, 200, json_pack("{sb si}", "on", 0,
                                                 "recovery_codes_left", 0))
           : rc;
}


static cxm_rc_t
disable_write(cxm_call_t *call, cxm_txn_t *txn)
{
    return cxm_self_with_password(call, txn, "/password", disable_account);
}


#define BEHIND_PASSWORD                                                       \
    .flags = CXM_SELF_SECRET | CXM_ROUTE_BOUNDED, .input = &password_input,   \
    .read = password_read, .hash = password_hash

const cxm_route_t  cxm_routes_totp[] = {
    { CXM_SELF(CXM_GET, "totp", CXM_CUSTOMER), .flags = CXM_ROUTE_BOUNDED,
      .answers = CXM_200, .output = &state_output, .read = state_read,
      .summary = "Whether signing in needs a code" },
    { CXM_SELF(CXM_POST, "totp", CXM_CUSTOMER), BEHIND_PASSWORD,
      .answers = CXM_201 | CXM_429, .output = &secret_output,
      .write = begin_write,
      .summary = "Begin with an app that makes codes; not on yet" },
    { CXM_SELF(CXM_POST, "totp/confirm", CXM_CUSTOMER),
      .flags = CXM_SELF_SECRET, .input = &confirm_input,
      .answers = CXM_200 | CXM_429, .output = &codes_output,
      .write = confirm_write,
      .summary = "Turn it on by a first code; all other sessions end" },
    { CXM_SELF(CXM_POST, "totp/recovery-codes", CXM_CUSTOMER),
      BEHIND_PASSWORD, .answers = CXM_200 | CXM_429,
      .output = &codes_output, .write = codes_write,
      .summary = "New recovery codes; older ones are worth nothing" },
    { CXM_SELF(CXM_POST, "totp/disable", CXM_CUSTOMER), BEHIND_PASSWORD,
      .answers = CXM_200 | CXM_429, .output = &state_output,
      .write = disable_write, .summary = "Turn it off" },
    { .path = NULL }
};
