/*
 * OpenAPI 3.1 of everything that routes answer, from their tables.
 */

#ifndef CXM_OPENAPI_H
#define CXM_OPENAPI_H

#include "cxm_api.h"


typedef struct {
    cxm_str_t  base;                        /* scheme and host; may be empty */
    cxm_str_t  prefixes[CXM_ENDPOINT_N];    /* of the endpoints' locations;
                                               empty: none has it */
} cxm_site_t;

/* The prefixes that the documentation has. */
void cxm_site_default(cxm_site_t *site);

/* A new reference; short of memory it may lack something. */
json_t *cxm_openapi(const cxm_site_t *site);


#endif /* CXM_OPENAPI_H */
