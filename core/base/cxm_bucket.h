/*
 * Buckets: the periods of a zone's calendar that reports are divided into.
 */

#ifndef CXM_BUCKET_H
#define CXM_BUCKET_H

#include "cxm_zone.h"


typedef enum {
    CXM_BUCKET_NONE = 0,
    CXM_BUCKET_HOUR,
    CXM_BUCKET_DAY,
    CXM_BUCKET_WEEK,            /* ISO 8601: starts on Monday */
    CXM_BUCKET_MONTH,
    CXM_BUCKET_QUARTER,
    CXM_BUCKET_YEAR
} cxm_bucket_t;

/* By name ("day"); -1 when there is no such bucket. */
int cxm_bucket_find(cxm_str_t name);
const char *cxm_bucket_name(cxm_bucket_t bucket);

/*
 * Start of the bucket that holds t, and of the one after it: buckets lie end
 * to end and none is empty.  A day begins at the first instant of its date,
 * which is not always 00:00; one that a zone left out is in no bucket.  An
 * hour begins where the zone's clocks show a full hour and where they are
 * set: one that is repeated is two buckets.  The bucket "none" is everything:
 * CXM_MS_MIN up to CXM_MS_MAX + 1.
 */
cxm_ms_t cxm_bucket_start(const cxm_zone_t *zone, cxm_bucket_t bucket,
    cxm_ms_t t);
cxm_ms_t cxm_bucket_next(const cxm_zone_t *zone, cxm_bucket_t bucket,
    cxm_ms_t start);


#endif /* CXM_BUCKET_H */
