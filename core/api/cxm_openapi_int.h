/*
 * What the files of OpenAPI share.
 */

#ifndef CXM_OPENAPI_INT_H
#define CXM_OPENAPI_INT_H

#include "cxm_openapi.h"


/* --- cxm_openapi_parts.c: parts of an operation, new references --------- */

json_t *cxm_openapi_parameters(const cxm_route_t *route);
json_t *cxm_openapi_body(const cxm_route_t *route);
json_t *cxm_openapi_answers(const cxm_route_t *route);

/* The components that these refer to, but for the routes' own schemas. */
void cxm_openapi_components(json_t *components);

/* {"$ref": "#/components/<kind>/<name>"} */
json_t *cxm_openapi_ref(const char *kind, const char *name);

/* The name of a body's schema: another one where it is answered, too. */
#define CXM_OPENAPI_NAME  128

void cxm_openapi_input_name(const cxm_fields_t *table,
    char name[CXM_OPENAPI_NAME]);


#endif /* CXM_OPENAPI_INT_H */
