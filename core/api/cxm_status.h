/*
 * Results as HTTP statuses.
 */

#ifndef CXM_STATUS_H
#define CXM_STATUS_H

#include "cxm_error.h"


int cxm_status_of(cxm_rc_t rc);

/* CXM_200 for 200 and so on; 0 for one that no route answers. */
unsigned cxm_status_bit(int status);

/* The status of the bit 1 << i; 0 behind the last. */
int cxm_status_at(unsigned i);

/* What a client is told instead of the error's own words; NULL: those. */
const char *cxm_status_detail(cxm_rc_t rc);


#endif /* CXM_STATUS_H */
