/*
 * What the two halves of retention share: deciding (cxm_retention.c) and
 * dropping (cxm_drop.c).
 */

#ifndef CXM_RETENTION_INT_H
#define CXM_RETENTION_INT_H

#include "cxm_history.h"


typedef struct {
    cxm_keep_t  keep;
    cxm_ms_t    before;         /* entries written earlier go */
    cxm_ms_t    now;
} cxm_drop_t;

/*
 * One transaction that drops the next entries of the class, if there are any
 * that may go; *more when there may be further ones.
 */
cxm_rc_t cxm_drop_step(cxm_store_t *store, const cxm_drop_t *what, int *more,
    cxm_error_t *err);


#endif /* CXM_RETENTION_INT_H */
