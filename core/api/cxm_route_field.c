/*
 * Routes of the fields that a site defines.
 */

#include "cxm_call.h"
#include "cxm_customer.h"
#include "cxm_field_site.h"
#include "cxm_resource.h"
#include "cxm_routes.h"


/* Kinds that have such fields. */
static const cxm_record_t *const  field_records[] = {
    &cxm_record_customer,
    NULL
};


static cxm_rc_t
field_prepare(cxm_call_t *call)
{
    size_t  i;

    for (i = 0; field_records[i] != NULL; i++) {
        if (cxm_str_eqz(call->params[0], field_records[i]->name)) {
            return CXM_OK;
        }
    }

    return cxm_fail(&call->err, CXM_NOT_FOUND, NULL,
                    "There is no kind of this name that has such fields.");
}


const cxm_route_t  cxm_routes_field[] = {
    { CXM_RESOURCE_ROW(CXM_GET, "fields/{kind}", CXM_SCOPE_CUSTOMER_READ,
                       site, CXM_ROUTE_BOUNDED | CXM_ROUTE_DOC),
      .answers = CXM_200, .output = &cxm_site_fields,
      .prepare = field_prepare, .read = cxm_resource_get,
      .summary = "Fields that the site defines" },
    { CXM_RESOURCE_ROW(CXM_PUT, "fields/{kind}", CXM_SCOPE_FIELD_ADMIN, site,
                       CXM_ROUTE_DOC),
      .input = &cxm_site_fields, .answers = CXM_200 | CXM_201 | CXM_409,
      .output = &cxm_site_fields,
      .prepare = field_prepare, .write = cxm_resource_put,
      .summary = "Define the fields of a kind" },
    { CXM_RESOURCE_ROW(CXM_GET, "fields/{kind}/history",
                       CXM_SCOPE_CUSTOMER_READ, site, 0),
      .query = cxm_resource_page, .answers = CXM_200,
      .output = &cxm_resource_version,
      .prepare = field_prepare, .read = cxm_resource_history,
      .summary = "What was changed of them, when and by whom" },
    { .path = NULL }
};
