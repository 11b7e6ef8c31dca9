/*
 * Customers who are signed in.
 */

#include <stdio.h>

#include "cxm_account.h"
#include "cxm_cookie.h"
#include "cxm_customer.h"
#include "cxm_known.h"
#include "cxm_person.h"
#include "cxm_person_score.h"


/* --- principals --------------------------------------------------------- */

static cxm_rc_t
take_record(cxm_txn_t *txn, cxm_principal_t *out, cxm_error_t *err)
{
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    rc = cxm_doc_get(txn, CXM_KIND_CUSTOMER, out->customer, &doc, err);

    if (rc == CXM_OK) {
        out->customer_id = doc.id;
        out->subject = out->subject != 0 ? out->subject : doc.subject;
        cxm_doc_clear(&doc);
    }

    return rc;
}


cxm_rc_t
cxm_known_session(cxm_txn_t *txn, const cxm_session_t *session,
    cxm_principal_t *out, cxm_error_t *err)
{
    cxm_rc_t  rc;

    rc = cxm_account_live(txn, session->owner, err);

    if (rc == CXM_OK) {
        out->kind = CXM_PRINCIPAL_CUSTOMER;
        out->actor = session->owner;
        out->subject = session->subject;
        rc = cxm_customer_of_slot(txn, session->subject, &out->customer);
    }

    if (rc == CXM_OK) {
        rc = take_record(txn, out, err);
    }

    /* the record may be deleted: the account is still the person's */

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


/* Who has no record may have a slot: answers were given under the number. */
cxm_rc_t
cxm_known_token(cxm_txn_t *txn, const cxm_customer_claims_t *claims,
    cxm_principal_t *out, cxm_error_t *err)
{
    uint8_t   hash[CXM_HASH_LEN];
    cxm_rc_t  rc;

    out->kind = CXM_PRINCIPAL_CUSTOMER;
    rc = cxm_customer_of_claims(txn, claims, &out->customer);

    if (rc == CXM_OK) {
        rc = take_record(txn, out, err);

    } else if (rc == CXM_NOT_FOUND) {
        cxm_person_hash(cxm_txn_store(txn), CXM_PERSON_EXTERNAL_ID,
                        cxm_strz(claims->sub), hash);
        rc = cxm_person_find(txn, CXM_PERSON_EXTERNAL_ID, hash,
                             &out->subject);
    }

    return rc == CXM_OK || rc == CXM_NOT_FOUND
           ? CXM_OK : cxm_fail(err, rc, NULL, "A customer cannot be found.");
}


/* --- words -------------------------------------------------------------- */

/* A cxm_consent_pt: purposes come in their order. */
static int
add_purpose(void *ctx, const cxm_consent_t *consent)
{
    size_t        len;
    cxm_known_t  *known;

    known = ctx;
    len = strlen(known->consent);

    if (consent->granted
        && len + 1 + consent->purpose.len < sizeof(known->consent))
    {
        (void) snprintf(known->consent + len, sizeof(known->consent) - len,
                        "%s%.*s", len > 0 ? "," : "",
                        (int) consent->purpose.len, consent->purpose.data);
    }

    return 0;
}


static cxm_rc_t
say_record(cxm_txn_t *txn, const cxm_principal_t *principal,
    cxm_known_t *out)
{
    if (principal->customer == 0) {
        return CXM_OK;
    }

    cxm_uuid_format(&principal->customer_id, out->id);

    return cxm_consent_each(txn, &principal->customer_id, add_purpose, out);
}


static cxm_rc_t
say_score(cxm_txn_t *txn, const cxm_principal_t *principal, cxm_known_t *out,
    cxm_error_t *err)
{
    int       value;
    uint64_t  slot;
    cxm_rc_t  rc;

    if (principal->subject == 0) {
        return CXM_OK;
    }

    rc = cxm_person_main(txn, principal->subject, &slot);

    if (rc == CXM_OK) {
        rc = cxm_person_nps(txn, slot, &value, err);
    }

    if (rc == CXM_OK) {
        (void) snprintf(out->nps, sizeof(out->nps), "%d", value);
    }

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


/* CXM_NOT_FOUND, CXM_UNAUTHORIZED: nobody is signed in. */
static cxm_rc_t
find_principal(cxm_txn_t *txn, const cxm_request_t *request,
    cxm_principal_t *out, cxm_error_t *err)
{
    cxm_rc_t       rc;
    cxm_str_t      token;
    cxm_session_t  session;

    if (request->claims != NULL) {
        return cxm_known_token(txn, request->claims, out, err);
    }

    token = cxm_request_cookie(request, CXM_COOKIE_CUSTOMER);
    rc = token.len == 0
         ? CXM_NOT_FOUND
         : cxm_session_find(txn, CXM_SESSION_CUSTOMER, token, request->now,
                            &session, err);

    if (rc != CXM_OK) {
        return rc;
    }

    return session.half ? CXM_NOT_FOUND
                        : cxm_known_session(txn, &session, out, err);
}


static cxm_rc_t
say_all(cxm_txn_t *txn, const cxm_request_t *request, cxm_known_t *out,
    cxm_error_t *err)
{
    cxm_rc_t         rc;
    cxm_principal_t  principal;

    memset(&principal, 0, sizeof(principal));
    rc = find_principal(txn, request, &principal, err);

    if (rc == CXM_NOT_FOUND || rc == CXM_UNAUTHORIZED) {
        return CXM_OK;
    }

    if (rc == CXM_OK) {
        rc = say_record(txn, &principal, out);
    }

    return rc == CXM_OK ? say_score(txn, &principal, out, err) : rc;
}


cxm_rc_t
cxm_known_read(cxm_store_t *store, const cxm_request_t *request,
    cxm_known_t *out, cxm_error_t *err)
{
    cxm_rc_t    rc;
    cxm_txn_t  *txn;

    memset(out, 0, sizeof(*out));

    /* most requests are of nobody, and cost no look into the store */

    if (request->claims == NULL
        && cxm_request_cookie(request, CXM_COOKIE_CUSTOMER).len == 0)
    {
        return CXM_OK;
    }

    rc = store == NULL
         ? cxm_fail(err, CXM_UNAVAILABLE, NULL, "it is not open")
         : cxm_txn_read(store, &txn, err);

    if (rc != CXM_OK) {
        return rc;
    }

    rc = say_all(txn, request, out, err);
    cxm_txn_end(txn);

    if (rc == CXM_OK) {
        return CXM_OK;
    }

    memset(out, 0, sizeof(*out));

    return err->rc != CXM_OK
           ? rc : cxm_fail(err, rc, NULL, "a customer cannot be read");
}
