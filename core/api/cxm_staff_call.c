/*
 * What routes of the staff share.
 */

#include "cxm_cookie.h"
#include "cxm_json.h"
#include "cxm_route_session.h"
#include "cxm_staff_call.h"
#include "cxm_throttling.h"
#include "cxm_totp.h"


/* --- passwords ---------------------------------------------------------- */

/* Steals the member; who has no password is as good as nobody. */
static cxm_rc_t
credential_take(cxm_call_t *call, cxm_txn_t *txn, cxm_doc_t *member)
{
    json_t            *secret;
    cxm_rc_t           rc;
    cxm_str_t          kept;
    cxm_credential_t  *credential = call->data;

    credential->account = member->no;
    rc = cxm_staff_secret(txn, member, &secret, &call->err);
    kept = cxm_json_get_str(secret, "password");

    if (rc == CXM_OK && kept.len < sizeof(credential->kept)) {
        memcpy(credential->kept, kept.data, kept.len);
    }

    json_decref(secret);
    cxm_doc_clear(member);

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


/* Names of the staff are told apart from addresses of customers. */
static cxm_rc_t
throttle(cxm_call_t *call, cxm_str_t name)
{
    const char        *text;
    cxm_credential_t  *credential = call->data;

    text = cxm_arena_printf(&call->arena, "staff %.*s", (int) name.len,
                            name.data);

    if (text == NULL) {
        return cxm_fail(&call->err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    cxm_call_trust(call, credential->account, 0);

    return cxm_call_throttle(call, CXM_THROTTLE_SIGN_IN, cxm_strz(text));
}


cxm_rc_t
cxm_staff_credential_of(cxm_call_t *call, cxm_txn_t *txn, cxm_str_t name)
{
    cxm_rc_t   rc;
    cxm_doc_t  member;

    if (cxm_credential_create(call) == NULL) {
        return CXM_INTERNAL;
    }

    rc = cxm_staff_find(txn, name, &member, &call->err);

    if (rc == CXM_OK) {
        rc = credential_take(call, txn, &member);
    }

    return rc == CXM_OK || rc == CXM_NOT_FOUND ? throttle(call, name) : rc;
}


cxm_rc_t
cxm_staff_credential_own(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t   rc;
    cxm_str_t  name;
    cxm_doc_t  member;

    if (cxm_credential_create(call) == NULL) {
        return CXM_INTERNAL;
    }

    rc = cxm_doc_get(txn, CXM_KIND_STAFF, call->caller.principal.actor,
                     &member, &call->err);

    if (rc != CXM_OK) {
        return rc == CXM_NOT_FOUND ? CXM_UNAUTHORIZED : rc;
    }

    name = cxm_arena_str(&call->arena,
                         cxm_json_get_str(member.body, "slug"));
    rc = credential_take(call, txn, &member);

    return rc == CXM_OK ? throttle(call, name) : rc;
}


/* A hash that is not today's is made anew while the password is at hand. */
cxm_rc_t
cxm_staff_credential_hash(cxm_call_t *call)
{
    cxm_rc_t           rc;
    cxm_credential_t  *credential = call->data;

    rc = cxm_credential_check(call, "password");

    return rc == CXM_OK && credential->good == CXM_OK && credential->again
           ? cxm_credential_make(call, "password") : rc;
}


/* A password that was changed meanwhile is not the one that was right. */
static cxm_rc_t
open_secret(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *member,
    json_t **secret)
{
    cxm_rc_t           rc;
    cxm_credential_t  *credential = call->data;

    rc = cxm_staff_secret(txn, member, secret, &call->err);

    if (rc == CXM_OK
        && !cxm_str_eqz(cxm_json_get_str(*secret, "password"),
                        credential->kept))
    {
        rc = CXM_UNAUTHORIZED;
    }

    if (rc == CXM_OK && credential->again
        && cxm_json_set_str(*secret, "password", cxm_strz(credential->made))
           != 0)
    {
        rc = cxm_fail(&call->err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    return rc == CXM_NOT_FOUND ? CXM_UNAUTHORIZED : rc;
}


cxm_rc_t
cxm_staff_credential_open(cxm_call_t *call, cxm_txn_t *txn,
    cxm_doc_t *member, json_t **secret)
{
    cxm_rc_t           rc;
    cxm_principal_t    principal;
    cxm_credential_t  *credential = call->data;

    *secret = NULL;
    memset(member, 0, sizeof(*member));

    rc = credential->account == 0
         ? CXM_NOT_FOUND
         : cxm_doc_get(txn, CXM_KIND_STAFF, credential->account, member,
                       &call->err);

    if (rc == CXM_NOT_FOUND || (rc == CXM_OK && credential->good != CXM_OK)) {
        return CXM_UNAUTHORIZED;
    }

    if (rc == CXM_OK) {
        rc = cxm_staff_principal(member, &principal);
    }

    if (rc == CXM_OK) {
        rc = open_secret(call, txn, member, secret);
    }

    if (rc == CXM_OK) {
        cxm_call_throttle_return(call);
    }

    return rc;
}


/* --- codes -------------------------------------------------------------- */

cxm_rc_t
cxm_staff_code(cxm_call_t *call, cxm_txn_t *txn, json_t *totp)
{
    cxm_str_t         code;
    const cxm_key_t  *key;

    if (totp == NULL) {
        return cxm_fail(&call->err, CXM_UNAUTHORIZED, "wrong_code",
                        "There is no second factor.");
    }

    code = cxm_json_get_str(call->input, "recovery_code");

    if (code.data == NULL) {
        return cxm_totp_use(totp, cxm_json_get_str(call->input, "totp"),
                            cxm_txn_now(txn), &call->err);
    }

    key = &cxm_store_keyring(call->store)->k[CXM_SUBKEY_RECOVERY];

    return cxm_totp_recover(totp, key, code, &call->err);
}


cxm_rc_t
cxm_staff_code_refuse(cxm_call_t *call, cxm_txn_t *txn,
    const cxm_doc_t *member, json_t *secret, cxm_rc_t rc)
{
    cxm_rc_t     kept;
    cxm_error_t  why;

    why = call->err;
    kept = cxm_staff_secret_keep(txn, &call->caller, member, secret,
                                 &call->err);

    if (kept == CXM_OK) {
        kept = cxm_staff_note(call, txn, member, "code");
    }

    return kept == CXM_OK ? cxm_call_deny(call, rc, why.code, why.detail)
                          : kept;
}


/* --- sessions ----------------------------------------------------------- */

cxm_rc_t
cxm_staff_session(cxm_txn_t *txn, const cxm_session_t *session,
    cxm_principal_t *principal, cxm_error_t *err)
{
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    rc = cxm_doc_get(txn, CXM_KIND_STAFF, session->owner, &doc, err);

    if (rc == CXM_OK) {
        rc = cxm_staff_principal(&doc, principal);
    }

    if (rc == CXM_OK && cxm_staff_owes_totp(&doc)) {
        principal->owes_totp = 1;
        principal->scopes = 0;
    }

    cxm_doc_clear(&doc);

    return rc;
}


cxm_rc_t
cxm_staff_told(cxm_txn_t *txn, cxm_str_t name, cxm_principal_t *principal,
    cxm_error_t *err)
{
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    rc = cxm_staff_find(txn, name, &doc, err);

    if (rc == CXM_OK) {
        rc = cxm_staff_principal(&doc, principal);
    }

    cxm_doc_clear(&doc);

    return rc == CXM_NOT_FOUND || rc == CXM_UNAUTHORIZED
           ? cxm_fail(err, CXM_UNAUTHORIZED, "no_member",
                      "The site names somebody who is no member of the "
                      "staff.")
           : rc;
}


static void
give_cookie(cxm_call_t *call, char token[CXM_SESSION_TOKEN + 1],
    int64_t age)
{
    cxm_call_set_cookie(call, CXM_COOKIE_STAFF, token, age);
    cxm_wipe(token, CXM_SESSION_TOKEN + 1);
}


cxm_rc_t
cxm_staff_enter(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *member,
    int half)
{
    char                 token[CXM_SESSION_TOKEN + 1];
    cxm_rc_t             rc;
    cxm_session_spec_t   spec;

    rc = cxm_session_leave(call, txn, NULL);

    if (rc != CXM_OK) {
        return rc;
    }

    memset(&spec, 0, sizeof(spec));
    spec.type = CXM_SESSION_STAFF;
    spec.owner = member->no;
    spec.half = half;

    rc = cxm_session_begin(txn, &call->caller, &spec, token, &call->err);

    if (rc == CXM_OK) {
        give_cookie(call, token, half ? CXM_SESSION_HALF / CXM_MS_SECOND
                                      : cxm_session_age(CXM_SESSION_STAFF));
    }

    if (rc == CXM_OK && !half) {
        cxm_call_set_device(call, member->no);
    }

    return rc;
}


cxm_rc_t
cxm_staff_renew(cxm_call_t *call, cxm_txn_t *txn)
{
    char              token[CXM_SESSION_TOKEN + 1];
    cxm_rc_t          rc;
    cxm_principal_t  *principal;

    principal = &call->caller.principal;

    if (principal->session == 0) {
        return CXM_OK;
    }

    rc = cxm_session_rotate(txn, principal->actor, principal->session, token,
                            &call->err);

    if (rc == CXM_OK) {
        give_cookie(call, token, cxm_session_age(CXM_SESSION_STAFF));
    }

    return rc;
}


cxm_rc_t
cxm_staff_note(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *member,
    const char *refused)
{
    json_t        *object;
    cxm_rc_t       rc;
    cxm_caller_t   who;

    who = call->caller;

    if (refused == NULL) {
        (void) cxm_staff_principal(member, &who.principal);
    }

    /* a name that nobody has may be a password, typed in the wrong field */

    object = json_pack("{sO? ss?}",
                       "member", json_object_get(member->body, "slug"),
                       "refused", refused);

    rc = object == NULL
         ? cxm_fail(&call->err, CXM_INTERNAL, NULL, "Not enough memory.")
         : cxm_audit(txn, &who, call->route->path, object, &call->err);
    json_decref(object);

    return rc;
}
