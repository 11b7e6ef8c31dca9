/*
 * The list of route tables; each ends with a row whose path is NULL.
 */

#ifndef CXM_ROUTES_H
#define CXM_ROUTES_H

#include "cxm_api.h"
#include "cxm_timeline.h"


extern const cxm_route_t  cxm_routes_survey[];
extern const cxm_route_t  cxm_routes_exposure[];
extern const cxm_route_t  cxm_routes_link[];
extern const cxm_route_t  cxm_routes_beacon[];
extern const cxm_route_t  cxm_routes_metrics[];
extern const cxm_route_t  cxm_routes_score[];
extern const cxm_route_t  cxm_routes_script[];
extern const cxm_route_t  cxm_routes_stream[];
extern const cxm_route_t  cxm_routes_account_metrics[];
extern const cxm_route_t  cxm_routes_compare[];
extern const cxm_route_t  cxm_routes_benchmark[];
extern const cxm_route_t  cxm_routes_overview[];
extern const cxm_route_t  cxm_routes_access[];
extern const cxm_route_t  cxm_routes_customer[];
extern const cxm_route_t  cxm_routes_customer_account[];
extern const cxm_route_t  cxm_routes_field[];
extern const cxm_route_t  cxm_routes_import[];
extern const cxm_route_t  cxm_routes_openapi[];
extern const cxm_route_t  cxm_routes_merge[];
extern const cxm_route_t  cxm_routes_duplicate[];
extern const cxm_route_t  cxm_routes_outbox[];
extern const cxm_route_t  cxm_routes_person[];
extern const cxm_route_t  cxm_routes_preference[];
extern const cxm_route_t  cxm_routes_close[];
extern const cxm_route_t  cxm_routes_email[];
extern const cxm_route_t  cxm_routes_privacy[];
extern const cxm_route_t  cxm_routes_profile[];
extern const cxm_route_t  cxm_routes_profile_history[];
extern const cxm_route_t  cxm_routes_export[];
extern const cxm_route_t  cxm_routes_template[];
extern const cxm_route_t  cxm_routes_touchpoint[];
extern const cxm_route_t  cxm_routes_account[];
extern const cxm_route_t  cxm_routes_password[];
extern const cxm_route_t  cxm_routes_self_page[];
extern const cxm_route_t  cxm_routes_session[];
extern const cxm_route_t  cxm_routes_signin[];
extern const cxm_route_t  cxm_routes_totp[];
extern const cxm_route_t  cxm_routes_staff[];
extern const cxm_route_t  cxm_routes_staff_me[];
extern const cxm_route_t  cxm_routes_staff_signin[];

/* Kinds of events in timelines, NULL-terminated (cxm_route_person.c). */
extern const cxm_timeline_kind_t *const  cxm_timeline_kinds[];

/* Where a page begins among events; and one that goes on there (no 0: none). */
cxm_place_t cxm_timeline_place(const cxm_page_t *page);
void cxm_timeline_page(cxm_page_t *page, const cxm_place_t *next);

#define CXM_TIMELINE_KINDS  32          /* at most */

/* All of them, NULL-terminated. */
extern const cxm_route_t *const  cxm_route_tables[];


#endif /* CXM_ROUTES_H */
