/*
 * Routes of a customer's own record.
 */

#include "cxm_account_call.h"
#include "cxm_json.h"
#include "cxm_profile.h"
#include "cxm_routes.h"
#include "cxm_self.h"


/* --- reading and writing ------------------------------------------------ */

static cxm_rc_t
reply(cxm_call_t *call, const cxm_doc_t *customer)
{
    return cxm_call_reply_shown(call, customer, cxm_profile_json(customer),
                                0);
}


static cxm_rc_t
profile_read(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t   rc;
    cxm_doc_t  customer;

    rc = cxm_self_customer(call, txn, &customer);

    if (rc == CXM_OK) {
        rc = reply(call, &customer);
    }

    cxm_doc_clear(&customer);

    return rc;
}


/* What messages to the account begin with is the profile's, too. */
static cxm_rc_t
tell_account(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *customer,
    cxm_doc_t *account)
{
    json_t  *patch;

    patch = json_pack("{sO? sO?}",
                      "name", json_object_get(customer->personal, "name"),
                      "language", json_object_get(customer->body,
                                                  "language"));

    return cxm_account_patch(txn, patch, account, &call->err);
}


/* The fact, of whose account or of nobody's, and the account's copies. */
static cxm_rc_t
changed(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *customer)
{
    cxm_rc_t            rc;
    cxm_doc_t           account;
    cxm_account_fact_t  fact = { .event = CXM_ACCOUNT_PROFILE_CHANGED };

    if (call->caller.principal.actor == 0) {
        return cxm_self_fact(call, txn, NULL, fact);
    }

    rc = cxm_account_get(txn, call->caller.principal.actor, &account,
                         &call->err);

    if (rc == CXM_OK) {
        rc = tell_account(call, txn, customer, &account);
    }

    if (rc == CXM_OK) {
        rc = cxm_self_fact(call, txn, &account, fact);
    }

    cxm_doc_clear(&account);

    return rc == CXM_NOT_FOUND
           ? cxm_fail(&call->err, CXM_UNAUTHORIZED, NULL, "Sign in first.")
           : rc;
}


/* Fields that the site requires are not a customer's to fill in. */
static cxm_rc_t
write_profile(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *customer,
    const json_t *patch)
{
    cxm_rc_t             rc;
    cxm_doc_t            doc;
    cxm_record_write_t   write;

    memset(&write, 0, sizeof(write));
    write.txn = txn;
    write.record = &cxm_record_customer;
    write.caller = &call->caller;
    write.actor = call->caller.principal.actor;
    write.id = customer->id;
    write.if_match = call->if_match;
    write.ours = 1;
    write.err = &call->err;

    rc = cxm_record_patch(&write, patch, &doc);

    if (rc != CXM_OK) {
        return rc;
    }

    if (doc.version != customer->version) {
        rc = changed(call, txn, &doc);
    }

    if (rc == CXM_OK) {
        call->subject = doc.subject;
        rc = reply(call, &doc);
    }

    cxm_doc_clear(&doc);

    return rc;
}


static cxm_rc_t
profile_patch_write(cxm_call_t *call, cxm_txn_t *txn)
{
    json_t     *patch;
    cxm_rc_t    rc;
    cxm_doc_t   customer;

    rc = cxm_self_open(call, txn, &customer);

    if (rc == CXM_OK) {
        rc = cxm_profile_patch(&customer, call->input, &patch, &call->err);

        if (rc == CXM_OK) {
            rc = write_profile(call, txn, &customer, patch);
        }

        json_decref(patch);
    }

    cxm_doc_clear(&customer);

    return rc;
}


const cxm_route_t  cxm_routes_profile[] = {
    { CXM_SELF(CXM_GET, "profile", CXM_CUSTOMER),
      .flags = CXM_ROUTE_BOUNDED | CXM_ROUTE_DOC,
      .answers = CXM_200 | CXM_404, .output = &cxm_profile_fields,
      .read = profile_read, .summary = "One's own record" },
    { CXM_SELF(CXM_PATCH, "profile", CXM_CUSTOMER),
      .flags = CXM_ROUTE_MERGE | CXM_ROUTE_DOC,
      .input = &cxm_profile_fields, .answers = CXM_200 | CXM_404,
      .output = &cxm_profile_fields, .write = profile_patch_write,
      .summary = "Change members of it; null takes one out" },
    { .path = NULL }
};
