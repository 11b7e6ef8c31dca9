/*
 * Routes of members of the staff about themselves.
 *
 * What one signs in with is changed only by who gives the password again: a
 * browser that was left open is not enough.
 */

#include "cxm_call.h"
#include "cxm_json.h"
#include "cxm_routes.h"
#include "cxm_staff_call.h"
#include "cxm_totp.h"


static const cxm_field_t  scope_item = { .type = CXM_FIELD_STRING };

static const cxm_field_t  me_fields[] = {
    { .name = "slug", .type = CXM_FIELD_SLUG },
    { .name = "name", .type = CXM_FIELD_STRING, .flags = CXM_FIELD_NULLABLE },
    { .name = "email", .type = CXM_FIELD_EMAIL,
      .flags = CXM_FIELD_NULLABLE },
    { .name = "role", .type = CXM_FIELD_ENUM, .values = cxm_role_names },
    { .name = "scopes", .type = CXM_FIELD_ARRAY, .item = &scope_item,
      .summary = "what may be done now" },
    { .name = "totp", .type = CXM_FIELD_BOOL,
      .summary = "there is a second factor" },
    { .name = "enrolment_required", .type = CXM_FIELD_BOOL,
      .summary = "nothing is allowed before there is one" },
    { .name = NULL }
};

static const cxm_fields_t  me_output = { "StaffMe", me_fields };

static const cxm_field_t  password_fields[] = {
    { .name = "password", .type = CXM_FIELD_STRING,
      .flags = CXM_FIELD_REQUIRED, .min = 1, .max = CXM_PASSWORD_MAX,
      .summary = "the present one" },
    { .name = "new_password", .type = CXM_FIELD_STRING,
      .flags = CXM_FIELD_REQUIRED, .max = CXM_PASSWORD_MAX },
    { .name = NULL }
};

static const cxm_fields_t  password_input = {
    "StaffPasswordChange", password_fields
};

static const cxm_field_t  begin_fields[] = {
    { .name = "password", .type = CXM_FIELD_STRING,
      .flags = CXM_FIELD_REQUIRED, .min = 1, .max = CXM_PASSWORD_MAX },
    { .name = "totp", .type = CXM_FIELD_STRING, .min = 1, .max = 20,
      .summary = "where there is a second factor already: a code of it, or "
                 "a recovery code" },
    { .name = "recovery_code", .type = CXM_FIELD_STRING, .min = 1,
      .max = 40 },
    { .name = NULL }
};

static const cxm_fields_t  begin_input = { "StaffTotpBegin", begin_fields };

static const cxm_field_t  begun_fields[] = {
    { .name = "secret", .type = CXM_FIELD_STRING,
      .summary = "base32, to be typed into an app" },
    { .name = "uri", .type = CXM_FIELD_STRING,
      .summary = "the same to be shown as a QR code" },
    { .name = NULL }
};

static const cxm_fields_t  begun_output = { "StaffTotpBegun", begun_fields };

static const cxm_field_t  confirm_fields[] = {
    { .name = "totp", .type = CXM_FIELD_STRING, .flags = CXM_FIELD_REQUIRED,
      .min = 1, .max = 20, .summary = "a code of the new one" },
    { .name = NULL }
};

static const cxm_fields_t  confirm_input = {
    "StaffTotpConfirm", confirm_fields
};

static const cxm_field_t  recovery_item = { .type = CXM_FIELD_STRING };

static const cxm_field_t  confirmed_fields[] = {
    { .name = "recovery_codes", .type = CXM_FIELD_ARRAY,
      .item = &recovery_item,
      .summary = "each is taken once instead of a code; told this once" },
    { .name = NULL }
};

static const cxm_fields_t  confirmed_output = {
    "StaffTotpConfirmed", confirmed_fields
};


/* The member that calls; CXM_UNAUTHORIZED: not any more. */
static cxm_rc_t
me_get(cxm_call_t *call, cxm_txn_t *txn, cxm_doc_t *member)
{
    cxm_rc_t  rc;

    rc = cxm_doc_get(txn, CXM_KIND_STAFF, call->caller.principal.actor,
                     member, &call->err);

    return rc == CXM_NOT_FOUND ? CXM_UNAUTHORIZED : rc;
}


/* --- who am I ----------------------------------------------------------- */

static json_t *
me_json(const cxm_caller_t *caller, const cxm_doc_t *member)
{
    json_t  *body;

    body = member->body;

    return json_pack("{sO sO? sO? sO so sb sb}",
                     "slug", json_object_get(body, "slug"),
                     "name", json_object_get(body, "name"),
                     "email", json_object_get(body, "email"),
                     "role", json_object_get(body, "role"),
                     "scopes", cxm_scopes_json(caller->principal.scopes),
                     "totp", cxm_json_get_bool(body, "totp", 0),
                     "enrolment_required", caller->principal.owes_totp);
}


static cxm_rc_t
me_read(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t   rc;
    cxm_doc_t  member;

    rc = me_get(call, txn, &member);

    if (rc == CXM_OK) {
        rc = cxm_call_reply(call, 200, me_json(&call->caller, &member));
    }

    cxm_doc_clear(&member);

    return rc;
}


/* --- a right password, or a refusal -------------------------------------- */

static cxm_rc_t
password_refuse(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *member)
{
    cxm_rc_t  rc;

    rc = cxm_staff_note(call, txn, member, "password");

    return rc == CXM_OK
           ? cxm_call_deny(call, CXM_FORBIDDEN, "wrong_password",
                           "The password is wrong.")
           : rc;
}


/* Runs `then` with the member and what it signs in with. */
static cxm_rc_t
with_password(cxm_call_t *call, cxm_txn_t *txn,
    cxm_rc_t (*then)(cxm_call_t *call, cxm_txn_t *txn,
                     const cxm_doc_t *member, json_t *secret))
{
    json_t     *secret;
    cxm_rc_t    rc;
    cxm_doc_t   member;

    rc = cxm_staff_credential_open(call, txn, &member, &secret);

    if (rc == CXM_OK) {
        rc = then(call, txn, &member, secret);

    } else if (rc == CXM_UNAUTHORIZED) {
        rc = password_refuse(call, txn, &member);
    }

    cxm_doc_clear(&member);
    json_decref(secret);

    return rc;
}


/* --- password ----------------------------------------------------------- */

static cxm_rc_t
password_read(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t          rc;
    cxm_doc_t         member;
    cxm_staff_spec_t  own;

    rc = me_get(call, txn, &member);

    if (rc == CXM_OK) {
        cxm_staff_spec_of(&member, &own);
        rc = cxm_staff_password_refuse(
                 cxm_json_get_str(call->input, "new_password"), &own,
                 "/new_password", &call->err);
    }

    cxm_doc_clear(&member);

    return rc == CXM_OK ? cxm_staff_credential_own(call, txn) : rc;
}


static cxm_rc_t
password_hash(cxm_call_t *call)
{
    cxm_rc_t           rc;
    cxm_credential_t  *credential = call->data;

    rc = cxm_credential_check(call, "password");
    credential->again = 0;

    return rc == CXM_OK && credential->good == CXM_OK
           ? cxm_credential_make(call, "new_password") : rc;
}


/* Other sessions end with it; this one goes on under another token. */
static cxm_rc_t
password_change(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *member,
    json_t *secret)
{
    cxm_rc_t           rc;
    cxm_credential_t  *credential = call->data;

    (void) secret;

    rc = cxm_staff_set_password(txn, &call->caller, member, credential->made,
                                &call->err);

    if (rc == CXM_OK) {
        rc = cxm_staff_renew(call, txn);
    }

    return rc == CXM_OK ? cxm_call_reply_raw(call, 204, NULL) : rc;
}


static cxm_rc_t
password_write(cxm_call_t *call, cxm_txn_t *txn)
{
    return with_password(call, txn, password_change);
}


/* --- second factor ------------------------------------------------------ */

static cxm_rc_t
begin_reply(cxm_call_t *call, const cxm_doc_t *member, const json_t *next)
{
    char        text[CXM_TOTP_SECRET_TEXT + 1];
    cxm_rc_t    rc;
    cxm_buf_t   uri;

    cxm_buf_init(&uri, CXM_URL_MAX);
    cxm_totp_text(next, text);
    cxm_totp_uri(&uri, next, call->caller.host,
                 cxm_json_get_str(member->body, "slug"));

    rc = uri.failed
         ? cxm_fail(&call->err, CXM_INTERNAL, NULL, "Not enough memory.")
         : cxm_call_reply(call, 200,
                          json_pack("{ss ss%}", "secret", text, "uri",
                                    (const char *) uri.data, uri.len));

    cxm_buf_free(&uri);
    cxm_wipe(text, sizeof(text));

    return rc;
}


static cxm_rc_t
begin_next(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *member,
    json_t *secret)
{
    json_t    *next;
    cxm_rc_t   rc;

    next = cxm_totp_begin();

    rc = json_object_set_new(secret, CXM_STAFF_TOTP_NEXT, next) != 0
         ? cxm_fail(&call->err, CXM_INTERNAL, NULL, "Not enough memory.")
         : cxm_staff_secret_keep(txn, &call->caller, member, secret,
                                 &call->err);

    return rc == CXM_OK ? begin_reply(call, member, next) : rc;
}


static cxm_rc_t
begin_take(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *member,
    json_t *secret)
{
    json_t    *totp;
    cxm_rc_t   rc;

    totp = json_object_get(secret, "totp");
    rc = cxm_totp_on(totp) ? cxm_staff_code(call, txn, totp) : CXM_OK;

    return rc == CXM_OK ? begin_next(call, txn, member, secret)
           : rc == CXM_UNAUTHORIZED
           ? cxm_staff_code_refuse(call, txn, member, secret, CXM_FORBIDDEN)
           : rc;
}


static cxm_rc_t
begin_write(cxm_call_t *call, cxm_txn_t *txn)
{
    return with_password(call, txn, begin_take);
}


static json_t *
codes_json(cxm_recovery_t *codes)
{
    size_t   i;
    json_t  *list;

    list = json_array();

    for (i = 0; i < CXM_RECOVERY_N; i++) {
        json_array_append_new(list, json_string(codes->code[i]));
    }

    cxm_wipe(codes, sizeof(*codes));

    return json_pack("{so}", "recovery_codes", list);
}


/* A session before it had no rights, or those of one factor: it is renewed. */
static cxm_rc_t
confirm_enable(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *member,
    json_t *next)
{
    cxm_rc_t          rc;
    cxm_recovery_t    codes;
    const cxm_key_t  *key;

    key = &cxm_store_keyring(call->store)->k[CXM_SUBKEY_RECOVERY];
    rc = cxm_totp_enable(next, key, call->now, &codes, &call->err);

    if (rc == CXM_OK) {
        rc = cxm_staff_set_totp(txn, &call->caller, member, next,
                                &call->err);
    }

    if (rc == CXM_OK) {
        rc = cxm_staff_renew(call, txn);
    }

    return rc == CXM_OK ? cxm_call_reply(call, 200, codes_json(&codes)) : rc;
}


static cxm_rc_t
confirm_take(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *member)
{
    json_t    *secret, *next;
    cxm_rc_t   rc;

    rc = cxm_staff_secret(txn, member, &secret, &call->err);
    next = json_object_get(secret, CXM_STAFF_TOTP_NEXT);

    if (rc == CXM_NOT_FOUND || (rc == CXM_OK && next == NULL)) {
        rc = cxm_fail(&call->err, CXM_CONFLICT, "not_begun",
                      "There is nothing to confirm: POST me/totp first.");
    }

    if (rc == CXM_OK) {
        rc = cxm_staff_code(call, txn, next);
        rc = rc == CXM_OK ? confirm_enable(call, txn, member, next)
             : rc == CXM_UNAUTHORIZED
             ? cxm_staff_code_refuse(call, txn, member, secret, CXM_FORBIDDEN)
             : rc;
    }

    json_decref(secret);

    return rc;
}


static cxm_rc_t
confirm_write(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t   rc;
    cxm_doc_t  member;

    rc = me_get(call, txn, &member);

    if (rc == CXM_OK) {
        rc = confirm_take(call, txn, &member);
    }

    cxm_doc_clear(&member);

    return rc;
}


#define ME(method_, path_)                                                    \
    .endpoint = CXM_ENDPOINT_ADMIN, .method = method_, .path = path_,         \
    .policy = CXM_MEMBER

#define ME_SECRET  (CXM_ROUTE_BOUNDED | CXM_ROUTE_SECRET | CXM_ROUTE_NAMED)

const cxm_route_t  cxm_routes_staff_me[] = {
    { ME(CXM_GET, "me"), .flags = CXM_ROUTE_BOUNDED, .answers = CXM_200,
      .output = &me_output, .read = me_read,
      .summary = "Who is signed in, and what that allows" },
    { ME(CXM_POST, "me/password"), .flags = ME_SECRET,
      .input = &password_input, .answers = CXM_204, .read = password_read,
      .hash = password_hash, .write = password_write,
      .summary = "Choose another password; other sessions end" },
    { ME(CXM_POST, "me/totp"), .flags = ME_SECRET, .input = &begin_input,
      .answers = CXM_200 | CXM_429, .output = &begun_output,
      .read = cxm_staff_credential_own, .hash = cxm_staff_credential_hash,
      .write = begin_write,
      .summary = "Begin with a second factor, or with another one" },
    { ME(CXM_POST, "me/totp/confirm"),
      .flags = CXM_ROUTE_SECRET | CXM_ROUTE_NAMED, .input = &confirm_input,
      .answers = CXM_200 | CXM_409 | CXM_429, .output = &confirmed_output,
      .write = confirm_write,
      .summary = "Confirm it by a code: from then on it is asked for" },
    { .path = NULL }
};
