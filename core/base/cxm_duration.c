/*
 * Durations as points of a histogram.
 */

#include <math.h>

#include "cxm_duration.h"


#define CXM_DURATION_BITS  5                        /* points a power of two */
#define CXM_DURATION_HALF  (1u << CXM_DURATION_BITS)
#define CXM_DURATION_FINE  (2 * CXM_DURATION_HALF)  /* points of 1 ms */


unsigned
cxm_duration_point(cxm_ms_t duration)
{
    unsigned  shift, v;

    if (duration < 0) {
        duration = 0;
    }

    if (duration > CXM_DURATION_MAX) {
        duration = CXM_DURATION_MAX;
    }

    v = (unsigned) duration;

    for (shift = 0; v >= CXM_DURATION_FINE; shift++) {
        v >>= 1;
    }

    return shift * CXM_DURATION_HALF + v;
}


cxm_ms_t
cxm_duration_of(unsigned point)
{
    unsigned  shift;

    if (point < CXM_DURATION_FINE) {
        return point;
    }

    shift = point / CXM_DURATION_HALF - 1;

    return (((cxm_ms_t) (point - shift * CXM_DURATION_HALF) + 1) << shift) - 1;
}


cxm_ms_t
cxm_duration_quantile(const uint64_t counts[CXM_DURATION_POINTS], double q)
{
    unsigned  i;
    uint64_t  n, rank;

    n = 0;

    for (i = 0; i < CXM_DURATION_POINTS; i++) {
        n += counts[i];
    }

    if (n == 0) {
        return -1;
    }

    rank = (uint64_t) ceil(q * (double) n);
    n = 0;

    for (i = 0; i < CXM_DURATION_POINTS - 1; i++) {
        n += counts[i];

        if (n != 0 && n >= rank) {
            break;
        }
    }

    return cxm_duration_of(i);
}
