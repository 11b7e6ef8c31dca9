/*
 * The customer who calls.
 */

#include "cxm_call.h"
#include "cxm_customer.h"
#include "cxm_self.h"


/* It may have become part of another one since the call began. */
static cxm_rc_t
whole(cxm_call_t *call, cxm_txn_t *txn, cxm_doc_t *customer)
{
    cxm_rc_t    rc;
    cxm_uuid_t  id;

    if (!cxm_record_merged(&cxm_record_customer, customer->body, &id)) {
        return CXM_OK;
    }

    rc = cxm_record_whole(txn, &cxm_record_customer, &customer->id, &id);
    cxm_doc_clear(customer);

    return rc == CXM_OK
           ? cxm_doc_by_id(txn, CXM_KIND_CUSTOMER, &id, customer, &call->err)
           : rc;
}


cxm_rc_t
cxm_self_customer(cxm_call_t *call, cxm_txn_t *txn, cxm_doc_t *out)
{
    cxm_rc_t                rc;
    const cxm_principal_t  *principal;

    principal = &call->caller.principal;
    memset(out, 0, sizeof(*out));
    rc = principal->customer == 0
         ? CXM_NOT_FOUND
         : cxm_doc_get(txn, CXM_KIND_CUSTOMER, principal->customer, out,
                       &call->err);

    if (rc == CXM_OK) {
        rc = whole(call, txn, out);
    }

    if (rc == CXM_OK && out->erased) {
        cxm_doc_clear(out);
        rc = CXM_NOT_FOUND;
    }

    return rc == CXM_NOT_FOUND
           ? cxm_fail(&call->err, rc, NULL,
                      "There is no record of this customer.")
           : rc;
}


cxm_rc_t
cxm_self_open(cxm_call_t *call, cxm_txn_t *txn, cxm_doc_t *out)
{
    cxm_rc_t  rc;

    memset(out, 0, sizeof(*out));
    rc = call->caller.claims == NULL
         ? CXM_OK
         : cxm_customer_for_claims(txn, &call->caller,
                                   &call->caller.principal.customer,
                                   &call->err);

    return rc == CXM_OK ? cxm_self_customer(call, txn, out) : rc;
}
