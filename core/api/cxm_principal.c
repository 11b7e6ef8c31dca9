/*
 * Who calls: by an API key, or by a cookie that tells a session.
 */

#include "cxm_account.h"
#include "cxm_call.h"
#include "cxm_cookie.h"
#include "cxm_customer.h"
#include "cxm_session.h"


/* --- owners of sessions ------------------------------------------------- */

static cxm_rc_t
principal_customer(cxm_txn_t *txn, const cxm_session_t *session,
    cxm_principal_t *principal, cxm_error_t *err)
{
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    rc = cxm_account_live(txn, session->owner, err);

    if (rc == CXM_OK) {
        principal->kind = CXM_PRINCIPAL_CUSTOMER;
        principal->actor = session->owner;
        principal->subject = session->subject;
        rc = cxm_customer_of_slot(txn, session->subject,
                                  &principal->customer);
    }

    if (rc == CXM_OK) {
        rc = cxm_doc_get(txn, CXM_KIND_CUSTOMER, principal->customer, &doc,
                         err);
        principal->customer_id = doc.id;
        cxm_doc_clear(&doc);
    }

    /* the record may be deleted: the account is still the person's */

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


/* Doors by endpoint: what a cookie opens, and who comes in. */
static const struct {
    cxm_session_type_t   type;
    const char          *cookie;        /* NULL: none */

    /* CXM_UNAUTHORIZED: the owner is not one any more. */
    cxm_rc_t           (*principal)(cxm_txn_t *txn,
                                    const cxm_session_t *session,
                                    cxm_principal_t *principal,
                                    cxm_error_t *err);
} principal_doors[CXM_ENDPOINT_N] = {
    [CXM_ENDPOINT_SELF] = { CXM_SESSION_CUSTOMER, CXM_COOKIE_CUSTOMER,
                            principal_customer }
};


static cxm_rc_t
principal_enter(cxm_call_t *call, cxm_txn_t *txn, cxm_str_t token)
{
    cxm_rc_t       rc;
    cxm_session_t  session;

    rc = cxm_session_find(txn, principal_doors[call->endpoint].type, token,
                          call->now, &session, &call->err);

    if (rc != CXM_OK) {
        return rc;
    }

    if (session.half) {
        call->half = session.no;
        return CXM_OK;
    }

    rc = principal_doors[call->endpoint].principal(txn, &session,
                                                   &call->caller.principal,
                                                   &call->err);

    if (rc == CXM_OK) {
        call->caller.principal.session = session.no;
        call->caller.principal.ambient = 1;
        call->seen = session.late ? session.no : 0;
    }

    return rc;
}


/* A cookie that opens nothing is none: who has it may sign in again. */
static cxm_rc_t
principal_cookie(cxm_call_t *call)
{
    cxm_rc_t    rc;
    cxm_str_t   token;
    cxm_txn_t  *txn;

    if (principal_doors[call->endpoint].cookie == NULL) {
        return CXM_OK;
    }

    token = cxm_call_cookie(call, principal_doors[call->endpoint].cookie);

    if (token.data == NULL) {
        return CXM_OK;
    }

    rc = cxm_txn_read(call->store, &txn, &call->err);

    if (rc != CXM_OK) {
        return rc;
    }

    rc = principal_enter(call, txn, token);
    cxm_txn_end(txn);

    if (rc == CXM_NOT_FOUND || rc == CXM_UNAUTHORIZED) {
        memset(&call->caller.principal, 0, sizeof(call->caller.principal));
        cxm_error_init(&call->err);
        return CXM_OK;
    }

    return rc;
}


/* --- keys --------------------------------------------------------------- */

static cxm_rc_t
principal_key(cxm_call_t *call, cxm_str_t token)
{
    cxm_rc_t    rc;
    cxm_txn_t  *txn;

    rc = cxm_txn_read(call->store, &txn, &call->err);

    if (rc != CXM_OK) {
        return rc;
    }

    rc = cxm_authenticate(txn, token, call->now, &call->caller.principal,
                          &call->err);
    cxm_txn_end(txn);

    return rc;
}


/* --- the step ----------------------------------------------------------- */

static cxm_rc_t
principal_may(cxm_call_t *call)
{
    switch (call->route->policy) {

    case CXM_PUBLIC:
        return CXM_OK;

    case CXM_CUSTOMER:
        return call->caller.principal.kind == CXM_PRINCIPAL_CUSTOMER
               ? CXM_OK
               : cxm_fail(&call->err, CXM_UNAUTHORIZED, NULL,
                          "Sign in first.");

    default:
        return cxm_require(&call->caller, call->route->scopes, &call->err);
    }
}


/* Other schemes are not ours: a server may ask for Basic in front of us. */
cxm_rc_t
cxm_step_principal(cxm_call_t *call)
{
    cxm_rc_t      rc;
    cxm_str_t     token, scheme;
    cxm_caller_t  owner;

    if (call->request->owner_scopes != 0) {
        cxm_caller_system(&owner);
        call->caller.principal = owner.principal;
        call->caller.principal.scopes &= call->request->owner_scopes;
    }

    token = cxm_header_trim(call->request->authorization);
    scheme = cxm_header_cut(&token, ' ');

    rc = cxm_str_ieqz(scheme, "Bearer")
         ? principal_key(call, cxm_header_trim(token))
         : principal_cookie(call);

    return rc == CXM_OK ? principal_may(call) : rc;
}
