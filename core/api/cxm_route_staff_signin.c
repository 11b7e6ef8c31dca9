/*
 * Routes by which the staff signs in; out is cxm_route_session.c.
 *
 * A wrong password, a name that nobody has, a member that is disabled: one
 * answer, by one way through the phases.
 */

#include "cxm_call.h"
#include "cxm_json.h"
#include "cxm_routes.h"
#include "cxm_staff_call.h"
#include "cxm_totp.h"


static const cxm_field_t  login_fields[] = {
    { .name = "name", .type = CXM_FIELD_STRING, .flags = CXM_FIELD_REQUIRED,
      .min = 1, .max = 254, .summary = "the member's name or address" },
    { .name = "password", .type = CXM_FIELD_STRING,
      .flags = CXM_FIELD_REQUIRED, .min = 1, .max = CXM_PASSWORD_MAX },
    { .name = NULL }
};

static const cxm_fields_t  login_input = { "StaffLogin", login_fields };

static const cxm_field_t  code_fields[] = {
    { .name = "totp", .type = CXM_FIELD_STRING, .min = 1, .max = 20,
      .summary = "what the app shows; or: " },
    { .name = "recovery_code", .type = CXM_FIELD_STRING, .min = 1, .max = 40,
      .summary = "one that was not used" },
    { .name = NULL }
};

static const cxm_fields_t  code_input = { "StaffCode", code_fields };

static const cxm_field_t  signed_in_fields[] = {
    { .name = "totp_required", .type = CXM_FIELD_BOOL,
      .summary = "POST login/totp comes next: there is no session before" },
    { .name = "enrolment_required", .type = CXM_FIELD_BOOL,
      .summary = "POST me/totp comes next: nothing else is allowed before" },
    { .name = NULL }
};

static const cxm_fields_t  signed_in_output = {
    "StaffSignedIn", signed_in_fields
};


static cxm_rc_t
reply_entered(cxm_call_t *call, const cxm_doc_t *member, int half)
{
    return cxm_call_reply(call, 200,
               json_pack("{sb sb}", "totp_required", half,
                         "enrolment_required",
                         !half && cxm_staff_owes_totp(member)));
}


/* --- the password ------------------------------------------------------- */

static cxm_rc_t
login_read(cxm_call_t *call, cxm_txn_t *txn)
{
    return cxm_staff_credential_of(call, txn,
                                   cxm_json_get_str(call->input, "name"));
}


static cxm_rc_t
login_refuse(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *member)
{
    cxm_rc_t  rc;

    rc = cxm_staff_note(call, txn, member, "password");

    return rc == CXM_OK
           ? cxm_call_deny(call, CXM_UNAUTHORIZED, "wrong_password",
                           "The name or the password is wrong.")
           : rc;
}


/* A hash that is not today's is made anew while its password is there. */
static cxm_rc_t
login_enter(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *member,
    json_t *secret)
{
    int                half;
    cxm_rc_t           rc;
    cxm_credential_t  *credential = call->data;

    rc = !credential->again
         ? CXM_OK
         : cxm_staff_secret_keep(txn, &call->caller, member, secret,
                                 &call->err);

    half = cxm_totp_on(json_object_get(secret, "totp"));

    if (rc == CXM_OK) {
        rc = cxm_staff_enter(call, txn, member, half);
    }

    if (rc == CXM_OK && !half) {
        rc = cxm_staff_note(call, txn, member, NULL);
    }

    return rc == CXM_OK ? reply_entered(call, member, half) : rc;
}


static cxm_rc_t
login_write(cxm_call_t *call, cxm_txn_t *txn)
{
    json_t     *secret;
    cxm_rc_t    rc;
    cxm_doc_t   member;

    rc = cxm_staff_credential_open(call, txn, &member, &secret);

    if (rc == CXM_OK) {
        rc = login_enter(call, txn, &member, secret);

    } else if (rc == CXM_UNAUTHORIZED) {
        rc = login_refuse(call, txn, &member);
    }

    cxm_doc_clear(&member);
    json_decref(secret);

    return rc;
}


/* --- the code ----------------------------------------------------------- */

static cxm_rc_t
code_prepare(cxm_call_t *call)
{
    if (json_object_size(call->input) != 1) {
        return cxm_issue(&call->err, "", "required",
                         "Either a totp or a recovery_code is needed.");
    }

    return call->half != 0
           ? CXM_OK
           : cxm_fail(&call->err, CXM_UNAUTHORIZED, NULL,
                      "The password comes first.");
}


static cxm_rc_t
code_refuse(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *member,
    json_t *secret)
{
    cxm_rc_t     rc;
    cxm_error_t  why;

    why = call->err;
    rc = cxm_session_failed(txn, call->half, &call->err);

    if (rc != CXM_OK) {
        return rc;
    }

    call->err = why;

    return cxm_staff_code_refuse(call, txn, member, secret, CXM_UNAUTHORIZED);
}


static cxm_rc_t
code_enter(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *member,
    json_t *secret)
{
    cxm_rc_t  rc;

    rc = cxm_staff_secret_keep(txn, &call->caller, member, secret,
                               &call->err);

    if (rc == CXM_OK) {
        rc = cxm_staff_enter(call, txn, member, 0);
    }

    if (rc == CXM_OK) {
        rc = cxm_staff_note(call, txn, member, NULL);
    }

    return rc == CXM_OK ? reply_entered(call, member, 0) : rc;
}


static cxm_rc_t
code_take(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *member)
{
    json_t    *secret;
    cxm_rc_t   rc;

    rc = cxm_staff_secret(txn, member, &secret, &call->err);

    if (rc == CXM_OK) {
        rc = cxm_staff_code(call, txn, json_object_get(secret, "totp"));
        rc = rc == CXM_OK ? code_enter(call, txn, member, secret)
             : rc == CXM_UNAUTHORIZED ? code_refuse(call, txn, member, secret)
             : rc;
    }

    json_decref(secret);

    return rc;
}


static cxm_rc_t
code_write(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t          rc;
    cxm_doc_t         member;
    cxm_session_t     half;
    cxm_principal_t   principal;

    memset(&member, 0, sizeof(member));
    rc = cxm_session_get(txn, call->half, call->now, &half, &call->err);

    if (rc == CXM_OK) {
        rc = cxm_doc_get(txn, CXM_KIND_STAFF, half.owner, &member,
                         &call->err);
    }

    if (rc == CXM_OK) {
        rc = cxm_staff_principal(&member, &principal);
    }

    if (rc == CXM_OK) {
        rc = code_take(call, txn, &member);
    }

    cxm_doc_clear(&member);

    return rc == CXM_NOT_FOUND ? CXM_UNAUTHORIZED : rc;
}


#define SIGNIN(path_)                                                         \
    .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_POST, .path = path_,        \
    .policy = CXM_PUBLIC

#define SIGNIN_FLAGS                                                          \
    CXM_ROUTE_BOUNDED | CXM_ROUTE_SECRET | CXM_ROUTE_NAMED | CXM_ROUTE_BROWSER

const cxm_route_t  cxm_routes_staff_signin[] = {
    { SIGNIN("login"), .flags = SIGNIN_FLAGS, .input = &login_input,
      .answers = CXM_200 | CXM_429, .output = &signed_in_output,
      .read = login_read, .hash = cxm_staff_credential_hash,
      .write = login_write,
      .summary = "Sign in as a member of the staff, by a password" },
    { SIGNIN("login/totp"),
      .flags = CXM_ROUTE_SECRET | CXM_ROUTE_NAMED | CXM_ROUTE_BROWSER,
      .input = &code_input, .answers = CXM_200 | CXM_429,
      .output = &signed_in_output, .prepare = code_prepare,
      .write = code_write,
      .summary = "Go on with a code of the second factor" },
    { .path = NULL }
};
