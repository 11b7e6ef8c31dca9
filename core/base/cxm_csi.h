/*
 * The index of several questions (customer satisfaction index), 0..100:
 *
 *   100 sum(w (x - min) / (max - min)) / sum(w)
 *
 * ACSI's formula with the weights of the survey; x is an answer or a mean.
 * Here because an answer's index is made where answers are, and that of many
 * where scores are.
 */

#ifndef CXM_CSI_H
#define CXM_CSI_H

#include <stddef.h>
#include <stdint.h>

#include "cxm_error.h"


#define CXM_CSI_MAX         10          /* items of an index */
#define CXM_CSI_TENTHS      1001        /* points of the series of indexes */
#define CXM_CSI_WEIGHT_ONE  1000000u    /* weights are in millionths */
#define CXM_CSI_WEIGHT_MAX  1000000000u

typedef struct {
    int       min;
    int       max;
    uint32_t  weight;                   /* need not add up to 1 */
} cxm_csi_item_t;

/* A weight of a definition in millionths; 0 when it cannot be one. */
uint32_t cxm_csi_weight(double weight);

/*
 * CXM_INVALID: no items, too many, an empty scale, weights all 0 or too
 * large, or scales so long and different that their common one does not fit
 * (those of up to 100 steps always do).
 */
cxm_rc_t cxm_csi_check(const cxm_csi_item_t *items, size_t n);

/* Of items that have been checked. */
double cxm_csi_index(const cxm_csi_item_t *items, size_t n, const double *x);

/*
 * The index of one answer as the point of its series: tenths, rounded half
 * away from zero.  In integers throughout: it must be the same number on
 * every machine.  CXM_INVALID as cxm_csi_check(), also for a point off its
 * scale.
 */
cxm_rc_t cxm_csi_tenths(const cxm_csi_item_t *items, size_t n,
    const int *points, uint32_t *tenths);


#endif /* CXM_CSI_H */
