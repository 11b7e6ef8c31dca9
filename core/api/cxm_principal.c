/*
 * Who calls: by an API key, by a cookie that tells a session, or by a token of
 * the site.
 */

#include "cxm_call.h"
#include "cxm_cookie.h"
#include "cxm_known.h"
#include "cxm_person.h"
#include "cxm_staff_call.h"


/* --- sessions ----------------------------------------------------------- */

/* Doors by endpoint: what a cookie opens, and who comes in. */
static const struct {
    cxm_session_type_t   type;
    const char          *cookie;        /* NULL: none */

    /* CXM_UNAUTHORIZED: the owner is not one any more. */
    cxm_rc_t           (*principal)(cxm_txn_t *txn,
                                    const cxm_session_t *session,
                                    cxm_principal_t *principal,
                                    cxm_error_t *err);
    int                  open;          /* anybody comes in and may do the same;
                                           who is signed in is only known */
} principal_doors[CXM_ENDPOINT_N] = {
    [CXM_ENDPOINT_SURVEYS] = { CXM_SESSION_CUSTOMER, CXM_COOKIE_CUSTOMER,
                               cxm_known_session, 1 },
    [CXM_ENDPOINT_BEACON] = { CXM_SESSION_CUSTOMER, CXM_COOKIE_CUSTOMER,
                              cxm_known_session, 1 },
    [CXM_ENDPOINT_SELF] = { CXM_SESSION_CUSTOMER, CXM_COOKIE_CUSTOMER,
                            cxm_known_session, 0 },
    [CXM_ENDPOINT_ADMIN] = { CXM_SESSION_STAFF, CXM_COOKIE_STAFF,
                             cxm_staff_session, 0 }
};


/*
 * What a customer sends is theirs wherever that counts (cxm_said.h), unless
 * it is another site that has made the browser send it.
 */
static void
principal_known(cxm_call_t *call, unsigned who, cxm_str_t name)
{
    if (name.data != NULL
        && (!principal_doors[call->endpoint].open || cxm_call_is_own(call)))
    {
        call->caller.who = who;
        call->caller.who_name = name;
    }
}


static void
principal_admit(cxm_call_t *call, const cxm_principal_t *principal)
{
    char  id[CXM_UUID_LEN + 1];

    if (!principal_doors[call->endpoint].open) {
        call->caller.principal = *principal;
    }

    if (principal->customer != 0) {
        cxm_uuid_format(&principal->customer_id, id);
        principal_known(call, CXM_PERSON_CUSTOMER_ID,
                        cxm_arena_str(&call->arena, cxm_strz(id)));
    }
}


static cxm_rc_t
principal_enter(cxm_call_t *call, cxm_txn_t *txn, cxm_str_t token)
{
    cxm_rc_t         rc;
    cxm_session_t    session;
    cxm_principal_t  principal;

    rc = cxm_session_find(txn, principal_doors[call->endpoint].type, token,
                          call->now, &session, &call->err);

    if (rc != CXM_OK) {
        return rc;
    }

    if (session.half) {
        call->half = session.no;
        return CXM_OK;
    }

    memset(&principal, 0, sizeof(principal));
    principal.session = session.no;
    principal.ambient = 1;

    rc = principal_doors[call->endpoint].principal(txn, &session, &principal,
                                                   &call->err);

    if (rc == CXM_OK) {
        principal_admit(call, &principal);
        call->seen = session.late && !principal_doors[call->endpoint].open
                     ? session.no : 0;
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
        cxm_error_init(&call->err);
        return CXM_OK;
    }

    return rc;
}


/* --- tokens of the site ------------------------------------------------- */

/* Whether the browser has sent it by itself. */
static int
token_is_cookie(const cxm_request_t *request)
{
    return request->cookie.len > 0
           && memmem(request->cookie.data, request->cookie.len,
                     request->token.data, request->token.len) != NULL;
}


static cxm_rc_t
token_read(cxm_call_t *call, const cxm_customer_claims_t *claims,
    cxm_principal_t *principal)
{
    cxm_rc_t    rc;
    cxm_txn_t  *txn;

    rc = cxm_txn_read(call->store, &txn, &call->err);

    if (rc == CXM_OK) {
        rc = cxm_known_token(txn, claims, principal, &call->err);
        cxm_txn_end(txn);
    }

    return rc;
}


static cxm_rc_t
principal_token(cxm_call_t *call)
{
    cxm_rc_t                rc;
    cxm_principal_t         principal;
    cxm_customer_claims_t  *claims;

    claims = cxm_arena_alloc(&call->arena, sizeof(*claims));

    if (claims == NULL) {
        return cxm_fail(&call->err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    *claims = *call->request->claims;

    if (!principal_doors[call->endpoint].open) {
        memset(&principal, 0, sizeof(principal));
        principal.ambient = token_is_cookie(call->request);
        rc = token_read(call, claims, &principal);

        if (rc != CXM_OK) {
            return rc;
        }

        call->caller.principal = principal;
    }

    principal_known(call, CXM_PERSON_EXTERNAL_ID, cxm_strz(claims->sub));
    call->caller.claims = call->caller.who != 0 ? claims : NULL;

    return CXM_OK;
}


/* The site's login goes before ours where the site has one. */
static cxm_rc_t
principal_of_browser(cxm_call_t *call)
{
    return call->request->claims != NULL
           && principal_doors[call->endpoint].cookie != NULL
           && principal_doors[call->endpoint].type == CXM_SESSION_CUSTOMER
           ? principal_token(call) : principal_cookie(call);
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


/* --- members of the staff that the host knows --------------------------- */

/* Cookies do not count beside it; a browser sends what proves it unasked. */
static cxm_rc_t
principal_told(cxm_call_t *call)
{
    cxm_rc_t          rc;
    cxm_txn_t        *txn;
    cxm_principal_t  *principal;

    if (call->request->staff.len == 0) {
        return CXM_OK;
    }

    rc = cxm_txn_read(call->store, &txn, &call->err);

    if (rc != CXM_OK) {
        return rc;
    }

    principal = &call->caller.principal;
    rc = cxm_staff_told(txn, call->request->staff, principal, &call->err);
    cxm_txn_end(txn);

    principal->scopes &= call->request->staff_scopes;
    principal->ambient = 1;

    return rc;
}


/* --- the step ----------------------------------------------------------- */

static cxm_rc_t
sign_in_first(cxm_call_t *call)
{
    return call->request->token_wrong != NULL
           ? cxm_fail(&call->err, CXM_UNAUTHORIZED, CXM_INVALID_TOKEN,
                      "The token of the customer is not valid: %s.",
                      call->request->token_wrong)
           : cxm_fail(&call->err, CXM_UNAUTHORIZED, NULL, "Sign in first.");
}


static cxm_rc_t
principal_is_member(cxm_call_t *call)
{
    const cxm_principal_t  *principal;

    principal = &call->caller.principal;

    return principal->kind == CXM_PRINCIPAL_STAFF
           ? CXM_OK
           : principal->role != NULL
           ? cxm_fail(&call->err, CXM_FORBIDDEN, "members_only",
                      "This is of members of the staff, not of keys.")
           : cxm_fail(&call->err, CXM_UNAUTHORIZED, NULL, "Sign in first.");
}


static cxm_rc_t
principal_may(cxm_call_t *call)
{
    switch (call->route->policy) {

    case CXM_PUBLIC:
        return CXM_OK;

    case CXM_CUSTOMER:
        return call->caller.principal.kind == CXM_PRINCIPAL_CUSTOMER
               ? CXM_OK : sign_in_first(call);

    case CXM_MEMBER:
        return principal_is_member(call);

    default:
        return cxm_require(&call->caller, call->route->scopes, &call->err);
    }
}


/*
 * Other schemes are not ours: a server may ask for Basic in front of us.  Nor
 * is what the site itself has put there.
 */
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
    token = cxm_header_trim(token);

    rc = cxm_str_ieqz(scheme, "Bearer")
         && (token.len == 0 || !cxm_str_eq(token, call->request->token))
         ? principal_key(call, token)
         : call->request->staff_told
         ? principal_told(call)
         : principal_of_browser(call);

    return rc == CXM_OK ? principal_may(call) : rc;
}
