/*
 * All routes: one line for each file of them.
 */

#include "cxm_routes.h"


const cxm_route_t *const  cxm_route_tables[] = {
    cxm_routes_survey,
    cxm_routes_exposure,
    cxm_routes_link,
    cxm_routes_beacon,
    cxm_routes_score,
    cxm_routes_account_metrics,
    cxm_routes_compare,
    cxm_routes_benchmark,
    cxm_routes_overview,
    cxm_routes_access,
    cxm_routes_customer,
    cxm_routes_customer_account,
    cxm_routes_import,
    cxm_routes_person,
    cxm_routes_merge,
    cxm_routes_duplicate,
    cxm_routes_preference,
    cxm_routes_profile,
    cxm_routes_profile_history,
    cxm_routes_email,
    cxm_routes_close,
    cxm_routes_field,
    cxm_routes_outbox,
    cxm_routes_template,
    cxm_routes_privacy,
    cxm_routes_export,
    cxm_routes_touchpoint,
    cxm_routes_stream,
    cxm_routes_script,
    cxm_routes_metrics,
    cxm_routes_account,
    cxm_routes_signin,
    cxm_routes_password,
    cxm_routes_totp,
    cxm_routes_session,
    cxm_routes_self_page,
    cxm_routes_staff,
    cxm_routes_staff_me,
    cxm_routes_staff_signin,
    cxm_routes_openapi,
    NULL
};
