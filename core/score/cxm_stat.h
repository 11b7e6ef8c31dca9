/*
 * The mathematics of scores: from counts to figures.  Pure: no store, no
 * clock, no allocation.  Everything is computed from counts; nothing is ever
 * computed from a rounded figure.
 *
 * z is 1.96 (95 %) in all of it.
 *
 * Net (NPS, CSAT net, CES net): v = 100 (P - D) / n.
 *   margin_normal = 100 z sqrt((p + d - (p - d)^2) / n), the variance of a
 *   difference of two proportions of one multinomial; it is 0 for 5/0/0.
 *   center, margin, low, high: adjusted Wald, n' = n + 3, p' = (P + 3/4) / n',
 *   d' = (D + 3/4) / n', center = 100 (p' - d'), same variance over n'
 *   (measuringu.com/nps-confidence-intervals); right for small n too.
 * Share (CSAT top2, CES agree): v = 100 P / n.
 *   Wilson's score interval (JASA 22, 1927, p. 209):
 *   center = (p + z^2/2n) / (1 + z^2/n),
 *   margin = z sqrt(p (1 - p) / n + z^2/4n^2) / (1 + z^2/n), in per cent.
 * Mean: v = sum(x) / n; margin = z s / sqrt(n), s with n - 1; none for n = 1.
 * CSI: cxm_csi.h of the means; margin as of a mean, from the indexes of the
 *   single answers, since a weighted sum's variance needs them.
 * Comparison: z = (a - b) / sqrt(SEa^2 + SEb^2), two-sided p by erfc.
 *   Against a published value SEb is an upper bound, see cxm_stat_against().
 */

#ifndef CXM_STAT_H
#define CXM_STAT_H

#include <stddef.h>
#include <stdint.h>

#include "cxm_csi.h"


/* counts[i] answers gave the point min + i; max - min + 1 of them. */
typedef struct {
    int              min;
    int              max;
    const uint64_t  *counts;
} cxm_hist_t;

typedef struct {
    uint64_t  n;
    uint64_t  plus;         /* in the upper box; of a net also: promoters */
    uint64_t  minus;        /* in the lower box: detractors; 0 if none */
    int       has_value;    /* 0: n is 0 and all below is null */
    int       has_margin;   /* 0: margin, low, high, se are null */
    double    value;
    int64_t   display;      /* whole, rounded once, half away from zero */
    double    center;       /* of the interval; of a mean the value */
    double    margin;       /* center +- margin */
    double    low;          /* clamped to what the figure can be */
    double    high;
    double    margin_normal;    /* value +- this: z se */
    double    se;           /* plain standard error, for comparisons */
} cxm_figure_t;


typedef enum {
    CXM_METRIC_NPS = 0,
    CXM_METRIC_CSAT,
    CXM_METRIC_CES,
    CXM_METRIC_CSI,
    CXM_METRIC_N
} cxm_metric_t;

extern const char *const  cxm_metric_names[CXM_METRIC_N + 1];   /* NULL ends */

typedef enum {
    CXM_SHAPE_NET = 0,
    CXM_SHAPE_SHARE,
    CXM_SHAPE_MEAN
} cxm_shape_t;

/*
 * A variant is boxes of points, counted from both ends of the scale.  It has
 * a meaning only on the scales it names: CES agree and net are defined for 7
 * points and 5 ones must not be mixed in; two top boxes say nothing when
 * they are the whole scale, a net nothing when its boxes overlap.
 */
typedef struct {
    cxm_metric_t  metric;
    const char   *name;
    cxm_shape_t   shape;
    int           top;          /* points of the upper box */
    int           bottom;       /* points of the lower one; 0: none */
    int           points_min;   /* points that the scale must have */
    int           points_max;
} cxm_variant_t;

/*
 * A metric's variant by name; NULL name is its default (nps: net, csat:
 * top2, ces: mean).  NULL when there is none; CSI has cxm_stat_csi().
 */
const cxm_variant_t *cxm_variant_find(cxm_metric_t metric, const char *name);

/* Whether the variant has a meaning on this scale. */
int cxm_variant_suits(const cxm_variant_t *variant, int min, int max);

/* What a figure of the variant (NULL: a CSI) on the scale can be. */
void cxm_stat_bounds(const cxm_variant_t *variant, int min, int max,
    double *low, double *high);

/* Of a variant that suits the scale. */
void cxm_stat_figure(const cxm_variant_t *variant, const cxm_hist_t *hist,
    cxm_figure_t *out);

/* What cxm_stat_figure() is made of, for callers that have counts. */
void cxm_stat_net(uint64_t plus, uint64_t minus, uint64_t n,
    cxm_figure_t *out);
void cxm_stat_share(uint64_t plus, uint64_t n, cxm_figure_t *out);
void cxm_stat_mean(const cxm_hist_t *hist, cxm_figure_t *out);


/* Of indexes in tenths, the points of their series. */
typedef struct {
    uint64_t  n;
    uint64_t  sum;
    uint64_t  squares;
} cxm_moments_t;

/*
 * CSI of many answers.  The value comes from the items' means, exact; only n
 * and the margin come from the indexes in tenths, each rounded.  Means and
 * indexes must be of the same answers: those that have all items.
 */
void cxm_stat_csi(const cxm_csi_item_t *items, size_t n, const double *means,
    const cxm_moments_t *tenths, cxm_figure_t *out);


typedef struct {
    int     has_difference;     /* 0: a side has no value */
    double  difference;         /* a - b */
    int     has_z;              /* 0: a side has no error or both have 0 */
    double  z;
    double  p;
    int     significant;        /* p < 0.05 */
} cxm_comparison_t;

/*
 * A figure against a value that somebody published, of n answers; 0: nobody
 * said of how many, so it is taken as exact.  Its variance is not known, but
 * for that of a share; it is at most (high - v)(v - low) (Bhatia and Davis,
 * Amer. Math. Monthly 107, 2000), so that nothing is called significant that
 * is not.
 */
void cxm_stat_against(const cxm_figure_t *f, double value, uint64_t n,
    double low, double high, cxm_comparison_t *out);

/* Two figures of one metric and variant, from different answers. */
void cxm_stat_compare(const cxm_figure_t *a, const cxm_figure_t *b,
    cxm_comparison_t *out);


#endif /* CXM_STAT_H */
