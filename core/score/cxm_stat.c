/*
 * The mathematics of scores (cxm_stat.h has the formulas and sources).
 */

#include <math.h>
#include <string.h>

#include "cxm_stat.h"


#define CXM_Z            1.96
#define CXM_SIGNIFICANT  0.05
#define CXM_POINTS_ANY   INT32_MAX


const char *const  cxm_metric_names[CXM_METRIC_N + 1] = {
    [CXM_METRIC_NPS] = "nps",
    [CXM_METRIC_CSAT] = "csat",
    [CXM_METRIC_CES] = "ces",
    [CXM_METRIC_CSI] = "csi"
};


/* The first of a metric is its default. */
static const cxm_variant_t  cxm_variants[] = {
    { CXM_METRIC_NPS,  "net",   CXM_SHAPE_NET,   2, 7, 11, 11 },
    { CXM_METRIC_CSAT, "top2",  CXM_SHAPE_SHARE, 2, 0, 3, CXM_POINTS_ANY },
    { CXM_METRIC_CSAT, "mean",  CXM_SHAPE_MEAN,  0, 0, 2, CXM_POINTS_ANY },
    { CXM_METRIC_CSAT, "net",   CXM_SHAPE_NET,   2, 2, 4, CXM_POINTS_ANY },
    { CXM_METRIC_CES,  "mean",  CXM_SHAPE_MEAN,  0, 0, 2, CXM_POINTS_ANY },
    { CXM_METRIC_CES,  "agree", CXM_SHAPE_SHARE, 3, 0, 7, 7 },
    { CXM_METRIC_CES,  "net",   CXM_SHAPE_NET,   2, 3, 7, 7 },
};


const cxm_variant_t *
cxm_variant_find(cxm_metric_t metric, const char *name)
{
    size_t                i;
    const cxm_variant_t  *v;

    for (i = 0; i < sizeof(cxm_variants) / sizeof(cxm_variants[0]); i++) {
        v = &cxm_variants[i];

        if (v->metric == metric
            && (name == NULL || strcmp(v->name, name) == 0))
        {
            return v;
        }
    }

    return NULL;
}


static double
clamp(double v, double low, double high)
{
    return v < low ? low : v > high ? high : v;
}


/* 100 * part / n, in integers so that a half is a half. */
static int64_t
whole_percent(int64_t part, uint64_t n)
{
    uint64_t  size;

    size = 100 * (uint64_t) (part < 0 ? -part : part);
    size = size / n + (size % n >= n - n / 2);

    return part < 0 ? -(int64_t) size : (int64_t) size;
}


static void
interval(cxm_figure_t *f, double low, double high)
{
    f->has_margin = 1;
    f->low = clamp(f->center - f->margin, low, high);
    f->high = clamp(f->center + f->margin, low, high);
}


static double
net_variance(double p, double d)
{
    double  v;

    /* never below 0 but for the last bit */
    v = p + d - (p - d) * (p - d);
    return v < 0 ? 0 : v;
}


void
cxm_stat_net(uint64_t plus, uint64_t minus, uint64_t n, cxm_figure_t *out)
{
    double  nn, p, d;

    memset(out, 0, sizeof(*out));
    out->n = n;
    out->plus = plus;
    out->minus = minus;

    if (n == 0) {
        return;
    }

    nn = (double) n;
    p = (double) plus / nn;
    d = (double) minus / nn;

    out->has_value = 1;
    out->value = 100.0 * ((double) plus - (double) minus) / nn;
    out->display = whole_percent((int64_t) (plus - minus), n);
    out->se = 100.0 * sqrt(net_variance(p, d) / nn);
    out->margin_normal = CXM_Z * out->se;

    nn += 3;
    p = ((double) plus + 0.75) / nn;
    d = ((double) minus + 0.75) / nn;

    out->center = 100.0 * (p - d);
    out->margin = 100.0 * CXM_Z * sqrt(net_variance(p, d) / nn);
    interval(out, -100, 100);
}


void
cxm_stat_share(uint64_t plus, uint64_t n, cxm_figure_t *out)
{
    double  nn, p, z2;

    memset(out, 0, sizeof(*out));
    out->n = n;
    out->plus = plus;

    if (n == 0) {
        return;
    }

    nn = (double) n;
    p = (double) plus / nn;
    z2 = CXM_Z * CXM_Z;

    out->has_value = 1;
    out->value = 100.0 * (double) plus / nn;
    out->display = whole_percent((int64_t) plus, n);
    out->se = 100.0 * sqrt(p * (1 - p) / nn);
    out->margin_normal = CXM_Z * out->se;

    out->center = 100.0 * (p + z2 / (2 * nn)) / (1 + z2 / nn);
    out->margin = 100.0 * CXM_Z * sqrt(p * (1 - p) / nn
                                       + z2 / (4 * nn * nn))
                  / (1 + z2 / nn);
    interval(out, 0, 100);
}


void
cxm_stat_mean(const cxm_hist_t *hist, cxm_figure_t *out)
{
    int     x;
    double  sum, squares, nn;

    memset(out, 0, sizeof(*out));
    sum = 0;

    for (x = hist->min; x <= hist->max; x++) {
        out->n += hist->counts[x - hist->min];
        sum += (double) hist->counts[x - hist->min] * x;
    }

    if (out->n == 0) {
        return;
    }

    nn = (double) out->n;
    out->has_value = 1;
    out->value = sum / nn;
    out->display = llround(out->value);
    out->center = out->value;

    if (out->n == 1) {
        return;
    }

    squares = 0;

    for (x = hist->min; x <= hist->max; x++) {
        squares += (double) hist->counts[x - hist->min]
                   * (x - out->value) * (x - out->value);
    }

    out->se = sqrt(squares / (nn - 1) / nn);
    out->margin_normal = CXM_Z * out->se;
    out->margin = out->margin_normal;
    interval(out, hist->min, hist->max);
}


int
cxm_variant_suits(const cxm_variant_t *variant, int min, int max)
{
    int  points;

    points = max - min + 1;

    return points >= variant->points_min && points <= variant->points_max;
}


void
cxm_stat_bounds(const cxm_variant_t *variant, int min, int max, double *low,
    double *high)
{
    *low = 0;
    *high = 100;

    if (variant != NULL && variant->shape == CXM_SHAPE_NET) {
        *low = -100;

    } else if (variant != NULL && variant->shape == CXM_SHAPE_MEAN) {
        *low = min;
        *high = max;
    }
}


void
cxm_stat_figure(const cxm_variant_t *variant, const cxm_hist_t *hist,
    cxm_figure_t *out)
{
    int       i, points;
    uint64_t  n, plus, minus;

    if (variant->shape == CXM_SHAPE_MEAN) {
        cxm_stat_mean(hist, out);
        return;
    }

    n = plus = minus = 0;
    points = hist->max - hist->min + 1;

    for (i = 0; i < points; i++) {
        n += hist->counts[i];
        minus += i < variant->bottom ? hist->counts[i] : 0;
        plus += i >= points - variant->top ? hist->counts[i] : 0;
    }

    if (variant->shape == CXM_SHAPE_NET) {
        cxm_stat_net(plus, minus, n, out);

    } else {
        cxm_stat_share(plus, n, out);
    }
}


/*
 * Standard deviation of tenths, by integers: n sum(x^2) - sum(x)^2 is exact
 * where the difference of two large reals is not.
 */
static double
moments_deviation(const cxm_moments_t *m)
{
    unsigned __int128  spread;

    spread = (unsigned __int128) m->n * m->squares
             - (unsigned __int128) m->sum * m->sum;

    return sqrt((double) spread / (double) m->n / (double) (m->n - 1));
}


void
cxm_stat_csi(const cxm_csi_item_t *items, size_t n, const double *means,
    const cxm_moments_t *tenths, cxm_figure_t *out)
{
    memset(out, 0, sizeof(*out));
    out->n = tenths->n;

    if (tenths->n == 0) {
        return;
    }

    out->has_value = 1;
    out->value = cxm_csi_index(items, n, means);
    out->display = llround(out->value);
    out->center = out->value;

    if (tenths->n == 1) {
        return;
    }

    out->se = moments_deviation(tenths) / sqrt((double) tenths->n) / 10;
    out->margin_normal = CXM_Z * out->se;
    out->margin = out->margin_normal;
    interval(out, 0, 100);
}


/* The difference of two figures whose errors have a square sum. */
static void
stat_test(double difference, int has_error, double squares,
    cxm_comparison_t *out)
{
    out->has_difference = 1;
    out->difference = difference;

    if (!has_error || squares == 0) {
        return;
    }

    out->has_z = 1;
    out->z = difference / sqrt(squares);
    out->p = erfc(fabs(out->z) / sqrt(2));
    out->significant = out->p < CXM_SIGNIFICANT;
}


void
cxm_stat_compare(const cxm_figure_t *a, const cxm_figure_t *b,
    cxm_comparison_t *out)
{
    memset(out, 0, sizeof(*out));

    if (a->has_value && b->has_value) {
        stat_test(a->value - b->value, a->has_margin && b->has_margin,
                  a->se * a->se + b->se * b->se, out);
    }
}


void
cxm_stat_against(const cxm_figure_t *f, double value, uint64_t n, double low,
    double high, cxm_comparison_t *out)
{
    double  variance;

    memset(out, 0, sizeof(*out));

    if (f->has_value) {
        variance = n == 0 ? 0 : (high - value) * (value - low) / (double) n;
        stat_test(f->value - value, f->has_margin, f->se * f->se + variance,
                  out);
    }
}
