/*
 * Durations as points of a histogram: log-linear, as HdrHistogram's.
 *
 * Up to 63 ms each millisecond is a point of its own; above, each power of
 * two has 32 points, so that a point is at most 1/32 wide.  Integers only: the
 * same duration is the same point on every machine.  Points are part of the
 * format.
 */

#ifndef CXM_DURATION_H
#define CXM_DURATION_H

#include "cxm_time.h"


#define CXM_DURATION_MAX     ((cxm_ms_t) (1 << 26) - 1)  /* ms: 18.6 hours;
                                                            more count as it */
#define CXM_DURATION_POINTS  704

/* A negative duration counts as 0. */
unsigned cxm_duration_point(cxm_ms_t duration);

/* The longest duration of a point. */
cxm_ms_t cxm_duration_of(unsigned point);

/*
 * The duration that a share q (0..1) of the counted ones does not exceed, as
 * exact as its point; -1 when nothing was counted.
 */
cxm_ms_t cxm_duration_quantile(const uint64_t counts[CXM_DURATION_POINTS],
    double q);


#endif /* CXM_DURATION_H */
