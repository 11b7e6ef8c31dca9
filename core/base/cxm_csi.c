/*
 * The index of several questions.
 */

#include <math.h>

#include "cxm_csi.h"


/* Wide enough to add up tenths of CXM_CSI_MAX items on a common scale. */
typedef unsigned __int128  cxm_csi_wide_t;

/* Keeps 1000 * items * CXM_CSI_WEIGHT_MAX * scale within that. */
#define CXM_CSI_SCALE_MAX                                                     \
    (~(cxm_csi_wide_t) 0 / CXM_CSI_WEIGHT_MAX / CXM_CSI_MAX / 1000)


uint32_t
cxm_csi_weight(double weight)
{
    double  millionths;

    millionths = weight * CXM_CSI_WEIGHT_ONE;

    /* the first form is false for NaN too */
    if (!(millionths >= 0.5) || millionths > CXM_CSI_WEIGHT_MAX) {
        return 0;
    }

    return (uint32_t) llround(millionths);
}


static uint64_t
csi_length(const cxm_csi_item_t *item)
{
    return (uint64_t) ((int64_t) item->max - item->min);
}


static uint64_t
common_divisor(uint64_t a, uint64_t b)
{
    uint64_t  rest;

    while (b != 0) {
        rest = a % b;
        a = b;
        b = rest;
    }

    return a;
}


/* Least common multiple of the lengths of the scales; 0: none that fits. */
static cxm_csi_wide_t
common_scale(const cxm_csi_item_t *items, size_t n)
{
    size_t          i;
    uint64_t        length;
    cxm_csi_wide_t  scale;

    scale = 1;

    for (i = 0; i < n; i++) {
        if (items[i].max <= items[i].min) {
            return 0;
        }

        length = csi_length(&items[i]);
        length /= common_divisor(length, (uint64_t) (scale % length));

        if (scale > CXM_CSI_SCALE_MAX / length) {
            return 0;
        }

        scale *= length;
    }

    return scale;
}


static uint64_t
weight_sum(const cxm_csi_item_t *items, size_t n)
{
    size_t    i;
    uint64_t  sum;

    sum = 0;

    for (i = 0; i < n; i++) {
        sum += items[i].weight;
    }

    return sum;
}


cxm_rc_t
cxm_csi_check(const cxm_csi_item_t *items, size_t n)
{
    size_t  i;

    if (n == 0 || n > CXM_CSI_MAX || weight_sum(items, n) == 0) {
        return CXM_INVALID;
    }

    for (i = 0; i < n; i++) {
        if (items[i].weight > CXM_CSI_WEIGHT_MAX) {
            return CXM_INVALID;
        }
    }

    return common_scale(items, n) == 0 ? CXM_INVALID : CXM_OK;
}


double
cxm_csi_index(const cxm_csi_item_t *items, size_t n, const double *x)
{
    size_t  i;
    double  sum;

    sum = 0;

    for (i = 0; i < n; i++) {
        sum += items[i].weight * (x[i] - items[i].min)
               / (double) csi_length(&items[i]);
    }

    return 100.0 * sum / (double) weight_sum(items, n);
}


cxm_rc_t
cxm_csi_tenths(const cxm_csi_item_t *items, size_t n, const int *points,
    uint32_t *tenths)
{
    size_t          i;
    cxm_csi_wide_t  scale, sum, all;

    if (cxm_csi_check(items, n) != CXM_OK) {
        return CXM_INVALID;
    }

    scale = common_scale(items, n);
    sum = 0;

    for (i = 0; i < n; i++) {
        if (points[i] < items[i].min || points[i] > items[i].max) {
            return CXM_INVALID;
        }

        sum += items[i].weight * (scale / csi_length(&items[i]))
               * (uint64_t) ((int64_t) points[i] - items[i].min);
    }

    all = scale * weight_sum(items, n);
    sum *= CXM_CSI_TENTHS - 1;
    *tenths = (uint32_t) (sum / all) + (sum % all >= all - all / 2);

    return CXM_OK;
}
