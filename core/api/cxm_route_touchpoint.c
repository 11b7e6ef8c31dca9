/*
 * Routes of events for staff.
 */

#include "cxm_call.h"
#include "cxm_routes.h"
#include "cxm_touchpoint_args.h"


#define CXM_TOUCHPOINT_POSITION  16     /* of a page: entry, place in it */


static const cxm_field_t  touchpoint_list_query[] = {
    CXM_QUERY_TOUCHPOINT,
    CXM_QUERY_PAGE,
    { .name = NULL }
};


static cxm_rc_t
touchpoint_list_read(cxm_call_t *call, cxm_txn_t *txn)
{
    json_t                  *items;
    cxm_rc_t                 rc;
    cxm_page_t               page;
    cxm_place_t              next;
    cxm_touchpoint_query_t   query;

    json_decref(call->audit_object);
    call->audit_object = json_object();

    rc = cxm_page_begin(call, &page);

    if (rc == CXM_OK) {
        rc = cxm_touchpoint_args(call, &query, call->audit_object);
    }

    if (rc != CXM_OK) {
        return rc;
    }

    query.limit = page.limit;

    if (page.len == CXM_TOUCHPOINT_POSITION) {
        query.before.no = cxm_get_u64(page.position);
        query.before.sub = cxm_get_u64(page.position + 8);
    }

    rc = cxm_touchpoint_list(txn, &call->caller, &query, &items, &next,
                             &call->audit, &call->err);
    if (rc != CXM_OK) {
        return rc;
    }

    page.len = next.no == 0 ? 0 : CXM_TOUCHPOINT_POSITION;
    (void) cxm_put_u64(cxm_put_u64(page.position, next.no), next.sub);

    return cxm_page_reply(call, items, &page);
}


const cxm_route_t  cxm_routes_touchpoint[] = {
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_GET,
      .path = "touchpoints",
      .policy = CXM_SCOPED, .scopes = CXM_SCOPE_TOUCHPOINT_READ,
      .flags = CXM_ROUTE_PERSONAL,
      .query = touchpoint_list_query, .answers = CXM_200,
      .output = &cxm_touchpoint_shown,
      .read = touchpoint_list_read, .write = cxm_write_audit,
      .summary = "List events, those taken in last first" },
    { .path = NULL }
};
