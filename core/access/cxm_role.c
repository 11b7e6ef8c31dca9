/*
 * Roles and what each may do.
 */

#include "cxm_access.h"


#define CXM_STAFF_SCOPES                                                      \
    (CXM_SCOPE_SURVEY_READ | CXM_SCOPE_RESPONSE_READ                          \
     | CXM_SCOPE_PERSONAL_READ | CXM_SCOPE_METRICS_READ | CXM_SCOPE_OPENAPI   \
     | CXM_SCOPE_CUSTOMER_READ | CXM_SCOPE_CUSTOMER_WRITE)

#define CXM_INSIGHT_SCOPES                                                    \
    (CXM_SCOPE_SURVEY_READ | CXM_SCOPE_RESPONSE_READ                          \
     | CXM_SCOPE_METRICS_READ | CXM_SCOPE_OPENAPI | CXM_SCOPE_CUSTOMER_READ   \
     | CXM_SCOPE_TOUCHPOINT_READ)


static const struct {
    cxm_scope_t  scope;
    const char  *name;
} cxm_scopes[] = {
    { CXM_SCOPE_SURVEY_READ, "survey_read" },
    { CXM_SCOPE_SURVEY_WRITE, "survey_write" },
    { CXM_SCOPE_RESPONSE_READ, "response_read" },
    { CXM_SCOPE_PERSONAL_READ, "personal_read" },
    { CXM_SCOPE_METRICS_READ, "metrics_read" },
    { CXM_SCOPE_INGEST, "ingest" },
    { CXM_SCOPE_LINK_MINT, "link_mint" },
    { CXM_SCOPE_EXPORT, "export" },
    { CXM_SCOPE_KEY_ADMIN, "key_admin" },
    { CXM_SCOPE_OPENAPI, "openapi" },
    { CXM_SCOPE_BENCHMARK_WRITE, "benchmark_write" },
    { CXM_SCOPE_TOUCHPOINT_READ, "touchpoint_read" },
    { CXM_SCOPE_PRIVACY_ERASE, "privacy_erase" },
    { CXM_SCOPE_CUSTOMER_READ, "customer_read" },
    { CXM_SCOPE_CUSTOMER_WRITE, "customer_write" },
    { CXM_SCOPE_FIELD_ADMIN, "field_admin" },
    { CXM_SCOPE_TEMPLATE_WRITE, "template_write" },
    { CXM_SCOPE_STAFF_ADMIN, "staff_admin" }
};


/* admin is the first: cxm_caller_system() takes it. */
const cxm_role_t  cxm_roles[] = {
    { "admin", CXM_STAFF_SCOPES | CXM_SCOPE_SURVEY_WRITE | CXM_SCOPE_INGEST
               | CXM_SCOPE_LINK_MINT | CXM_SCOPE_EXPORT
               | CXM_SCOPE_KEY_ADMIN | CXM_SCOPE_BENCHMARK_WRITE
               | CXM_SCOPE_TOUCHPOINT_READ
               | CXM_SCOPE_PRIVACY_ERASE | CXM_SCOPE_FIELD_ADMIN
               | CXM_SCOPE_TEMPLATE_WRITE | CXM_SCOPE_STAFF_ADMIN },
    { "analyst", CXM_INSIGHT_SCOPES | CXM_SCOPE_EXPORT
                 | CXM_SCOPE_BENCHMARK_WRITE },
    { "rep", CXM_STAFF_SCOPES },
    { "manager", CXM_STAFF_SCOPES | CXM_SCOPE_TOUCHPOINT_READ
                 | CXM_SCOPE_FIELD_ADMIN },
    { "marketing", CXM_INSIGHT_SCOPES | CXM_SCOPE_TEMPLATE_WRITE },
    { "sales", CXM_STAFF_SCOPES },
    { "product", CXM_INSIGHT_SCOPES | CXM_SCOPE_SURVEY_WRITE },
    { "success", CXM_STAFF_SCOPES },
    { "privacy", CXM_SCOPE_RESPONSE_READ | CXM_SCOPE_PERSONAL_READ
                 | CXM_SCOPE_EXPORT | CXM_SCOPE_OPENAPI
                 | CXM_SCOPE_TOUCHPOINT_READ | CXM_SCOPE_PRIVACY_ERASE
                 | CXM_SCOPE_CUSTOMER_READ },
    { "server", CXM_SCOPE_SURVEY_READ | CXM_SCOPE_INGEST
                | CXM_SCOPE_LINK_MINT | CXM_SCOPE_CUSTOMER_READ
                | CXM_SCOPE_CUSTOMER_WRITE },
    { "viewer", CXM_SCOPE_SURVEY_READ | CXM_SCOPE_METRICS_READ },
    { NULL, 0 }
};


const char *const  cxm_role_names[] = {
    "admin", "analyst", "rep", "manager", "marketing", "sales", "product",
    "success", "privacy", "server", "viewer", NULL
};


const cxm_role_t *
cxm_role_find(cxm_str_t name)
{
    const cxm_role_t  *role;

    for (role = cxm_roles; role->name != NULL; role++) {
        if (cxm_str_eqz(name, role->name)) {
            return role;
        }
    }

    return NULL;
}


const char *
cxm_scope_name(cxm_scope_t scope)
{
    size_t  i;

    for (i = 0; i < sizeof(cxm_scopes) / sizeof(cxm_scopes[0]); i++) {
        if (cxm_scopes[i].scope == scope) {
            return cxm_scopes[i].name;
        }
    }

    return "unknown";
}


json_t *
cxm_scopes_json(unsigned scopes)
{
    size_t   i;
    json_t  *list;

    list = json_array();

    for (i = 0; i < sizeof(cxm_scopes) / sizeof(cxm_scopes[0]); i++) {
        if (scopes & cxm_scopes[i].scope) {
            json_array_append_new(list, json_string(cxm_scopes[i].name));
        }
    }

    return list;
}


cxm_rc_t
cxm_require(const cxm_caller_t *caller, unsigned scopes, cxm_error_t *err)
{
    if (cxm_may(caller, scopes)) {
        return CXM_OK;
    }

    if (caller->principal.role == NULL) {
        return cxm_fail(err, CXM_UNAUTHORIZED, NULL,
                        "This needs an API key, or a member of the staff.");
    }

    if (caller->principal.owes_totp) {
        return cxm_fail(err, CXM_FORBIDDEN, "totp_required",
                        "A second factor comes first: POST me/totp.");
    }

    return cxm_fail(err, CXM_FORBIDDEN, NULL,
                    "This role does not allow it.");
}


void
cxm_caller_system(cxm_caller_t *caller)
{
    memset(caller, 0, sizeof(*caller));

    caller->principal.kind = CXM_PRINCIPAL_SYSTEM;
    caller->principal.role = &cxm_roles[0];
    caller->principal.scopes = cxm_roles[0].scopes;
}
