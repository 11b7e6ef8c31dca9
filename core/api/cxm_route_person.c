/*
 * Routes of what is known of one customer from all rooms.
 */

#include "cxm_call.h"
#include "cxm_customer.h"
#include "cxm_person_score.h"
#include "cxm_resource.h"
#include "cxm_routes.h"


/* The person's main slot; 0: nothing is known of whoever it was. */
static cxm_rc_t
customer_slot(cxm_call_t *call, cxm_txn_t *txn, uint64_t *slot)
{
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    rc = cxm_resource_doc(call, txn, &doc);

    if (rc == CXM_OK) {
        *slot = doc.subject;
    }

    cxm_doc_clear(&doc);

    return rc;
}


static cxm_rc_t
score_read(cxm_call_t *call, cxm_txn_t *txn)
{
    json_t    *output;
    uint64_t   slot;
    cxm_rc_t   rc;

    rc = customer_slot(call, txn, &slot);

    if (rc == CXM_OK) {
        rc = cxm_person_score(txn, slot,
                              cxm_may(&call->caller, CXM_SCOPE_PERSONAL_READ),
                              &output, &call->audit, &call->err);
    }

    return rc == CXM_OK ? cxm_call_reply(call, 200, output) : rc;
}


const cxm_route_t  cxm_routes_person[] = {
    { CXM_RESOURCE_ROW(CXM_GET, "customers/{id}/score",
                       CXM_SCOPE_CUSTOMER_READ, customer,
                       CXM_ROUTE_PERSONAL | CXM_ROUTE_BOUNDED),
      .answers = CXM_200, .output = &cxm_person_score_fields,
      .read = score_read, .write = cxm_write_audit,
      .summary = "What a customer scored last, and before" },
    { .path = NULL }
};
