/*
 * Results as HTTP statuses.
 */

#ifndef CXM_STATUS_H
#define CXM_STATUS_H

#include "cxm_error.h"


int cxm_status_of(cxm_rc_t rc);

/* What a client is told instead of the error's own words; NULL: those. */
const char *cxm_status_detail(cxm_rc_t rc);


#endif /* CXM_STATUS_H */
