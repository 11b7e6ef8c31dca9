/*
 * Scores from counts: the known answers of the contract, to the precision it
 * prints, and the edges where a formula has no answer.
 */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cxm_stat.h"


#define assert_prints(value, text)  assert_printed(value, text, __LINE__)


static void
assert_printed(double value, const char *text, int line)
{
    char  got[64];

    snprintf(got, sizeof(got), "%.2f", value);

    if (strcmp(got, text) != 0) {
        print_error("line %d: %s, not %s\n", line, got, text);
        fail();
    }
}


static void
nps(uint64_t promoters, uint64_t passives, uint64_t detractors,
    cxm_figure_t *out)
{
    uint64_t    counts[11];
    cxm_hist_t  hist = { 0, 10, counts };

    memset(counts, 0, sizeof(counts));
    counts[10] = promoters / 2;
    counts[9] = promoters - counts[10];
    counts[8] = passives / 2;
    counts[7] = passives - counts[8];
    counts[6] = detractors / 2;
    counts[0] = detractors - counts[6];

    cxm_stat_figure(cxm_variant_find(CXM_METRIC_NPS, NULL), &hist, out);
    assert_int_equal(out->n, promoters + passives + detractors);
    assert_int_equal(out->plus, promoters);
    assert_int_equal(out->minus, detractors);
}


static void
nps_known_answers(void **state)
{
    cxm_figure_t  f;

    (void) state;

    nps(50, 25, 25, &f);
    assert_prints(f.value, "25.00");
    assert_int_equal(f.display, 25);
    assert_prints(f.margin_normal, "16.25");
    assert_prints(f.center, "24.27");
    assert_prints(f.margin, "15.97");
    assert_prints(f.low, "8.30");
    assert_prints(f.high, "40.24");

    nps(5, 0, 0, &f);
    assert_prints(f.value, "100.00");
    assert_prints(f.margin_normal, "0.00");
    assert_prints(f.center, "62.50");
    assert_prints(f.margin, "45.01");
    assert_prints(f.low, "17.49");
    assert_prints(f.high, "100.00");

    nps(0, 0, 5, &f);
    assert_prints(f.center, "-62.50");
    assert_prints(f.low, "-100.00");

    nps(2000, 1000, 1000, &f);
    assert_prints(f.margin_normal, "2.57");
}


static void
nothing_counted_is_null(void **state)
{
    size_t            i;
    uint64_t          counts[11];
    cxm_hist_t        hist = { 1, 7, counts };
    cxm_figure_t      f;
    cxm_comparison_t  c;

    static const cxm_metric_t  metrics[] = {
        CXM_METRIC_CSAT, CXM_METRIC_CSAT, CXM_METRIC_CSAT,
        CXM_METRIC_CES, CXM_METRIC_CES, CXM_METRIC_CES
    };
    static const char  *const names[] = {
        "top2", "mean", "net", "mean", "agree", "net"
    };

    (void) state;
    memset(counts, 0, sizeof(counts));

    nps(0, 0, 0, &f);
    assert_false(f.has_value);
    assert_false(f.has_margin);

    for (i = 0; i < 6; i++) {
        cxm_stat_figure(cxm_variant_find(metrics[i], names[i]), &hist, &f);
        assert_false(f.has_value);
        assert_false(f.has_margin);
    }

    cxm_stat_compare(&f, &f, &c);
    assert_false(c.has_difference);
    assert_false(c.has_z);
}


static void
display_rounds_half_away(void **state)
{
    cxm_figure_t  f;

    (void) state;

    nps(1, 199, 0, &f);             /* 0.5 */
    assert_int_equal(f.display, 1);

    nps(0, 199, 1, &f);             /* -0.5 */
    assert_int_equal(f.display, -1);

    nps(1, 200, 0, &f);             /* 0.4975 */
    assert_int_equal(f.display, 0);

    nps(25, 975, 0, &f);            /* 2.5: not to even */
    assert_int_equal(f.display, 3);

    nps(2, 0, 1, &f);               /* 33.3 */
    assert_int_equal(f.display, 33);

    nps(1, 0, 2, &f);
    assert_int_equal(f.display, -33);

    nps(5, 0, 1, &f);               /* 66.7 */
    assert_int_equal(f.display, 67);

    nps(1, 0, 0, &f);
    assert_int_equal(f.display, 100);
}


static void
two_nps_compared(void **state)
{
    cxm_figure_t      a, b;
    cxm_comparison_t  c;

    (void) state;

    nps(50, 25, 25, &a);
    nps(60, 20, 20, &b);
    cxm_stat_compare(&a, &b, &c);

    assert_true(c.has_z);
    assert_prints(c.difference, "-15.00");
    assert_prints(c.z, "-1.30");
    assert_prints(c.p, "0.19");
    assert_false(c.significant);

    nps(500, 250, 250, &a);
    nps(600, 200, 200, &b);
    cxm_stat_compare(&b, &a, &c);
    assert_prints(c.z, "4.12");
    assert_true(c.significant);

    /* all promoters on both sides: a difference, no error to judge it by */
    nps(5, 0, 0, &a);
    nps(7, 0, 0, &b);
    cxm_stat_compare(&a, &b, &c);
    assert_true(c.has_difference);
    assert_false(c.has_z);
    assert_false(c.significant);
}


/* A share's variance is known, of others there is only a bound. */
static void
against_published(void **state)
{
    double            low, high;
    cxm_figure_t      f;
    cxm_comparison_t  c;

    (void) state;

    cxm_stat_bounds(cxm_variant_find(CXM_METRIC_NPS, NULL), 0, 10, &low,
                    &high);
    assert_true(low == -100 && high == 100);
    nps(50, 25, 25, &f);

    cxm_stat_against(&f, 25 - f.margin_normal, 0, low, high, &c);
    assert_prints(c.difference, "16.25");
    assert_prints(c.z, "1.96");
    assert_true(c.significant);

    cxm_stat_against(&f, 40, 100, low, high, &c);
    assert_prints(c.difference, "-15.00");
    assert_true(fabs(c.z + 15 / sqrt(f.se * f.se + 60 * 140 / 100.0)) < 1e-12);

    nps(0, 0, 0, &f);
    cxm_stat_against(&f, 40, 100, low, high, &c);
    assert_false(c.has_difference || c.has_z);

    nps(5, 0, 0, &f);
    cxm_stat_against(&f, 40, 0, low, high, &c);
    assert_prints(c.difference, "60.00");
    assert_false(c.has_z);

    cxm_stat_bounds(cxm_variant_find(CXM_METRIC_CSAT, NULL), 1, 5, &low,
                    &high);
    assert_true(low == 0 && high == 100);
    cxm_stat_share(75, 100, &f);
    cxm_stat_against(&f, 70, 1200, low, high, &c);
    assert_true(fabs(c.z - 5 / sqrt(75 * 25 / 100.0 + 70 * 30 / 1200.0))
                < 1e-12);

    cxm_stat_bounds(cxm_variant_find(CXM_METRIC_CES, NULL), 1, 7, &low,
                    &high);
    assert_true(low == 1 && high == 7);
    cxm_stat_bounds(NULL, 0, 1000, &low, &high);
    assert_true(low == 0 && high == 100);
}


static void
csat_known_answers(void **state)
{
    /* 5, 4, 4, 3, 1 */
    static const uint64_t  counts[5] = { 1, 0, 1, 2, 1 };

    cxm_hist_t    hist = { 1, 5, counts };
    cxm_figure_t  f;

    (void) state;

    assert_ptr_equal(cxm_variant_find(CXM_METRIC_CSAT, NULL),
                     cxm_variant_find(CXM_METRIC_CSAT, "top2"));

    cxm_stat_figure(cxm_variant_find(CXM_METRIC_CSAT, "top2"), &hist, &f);
    assert_int_equal(f.n, 5);
    assert_int_equal(f.plus, 3);
    assert_prints(f.value, "60.00");
    assert_prints(f.low, "23.07");          /* Wilson, 3 of 5 */
    assert_prints(f.high, "88.24");
    assert_prints(f.center, "55.66");
    assert_prints(f.margin, "32.58");

    cxm_stat_figure(cxm_variant_find(CXM_METRIC_CSAT, "mean"), &hist, &f);
    assert_prints(f.value, "3.40");
    assert_prints(f.margin, "1.33");        /* s = 1.5166 */
    assert_prints(f.low, "2.07");
    assert_prints(f.high, "4.73");

    cxm_stat_figure(cxm_variant_find(CXM_METRIC_CSAT, "net"), &hist, &f);
    assert_int_equal(f.minus, 1);
    assert_prints(f.value, "40.00");
    assert_prints(f.margin_normal, "70.12");
}


static void
ces_variants(void **state)
{
    static const uint64_t  counts[7] = { 1, 0, 2, 1, 3, 2, 1 };

    cxm_hist_t    hist = { 1, 7, counts };
    cxm_figure_t  f;

    (void) state;

    cxm_stat_figure(cxm_variant_find(CXM_METRIC_CES, NULL), &hist, &f);
    assert_int_equal(f.n, 10);
    assert_prints(f.value, "4.50");

    cxm_stat_figure(cxm_variant_find(CXM_METRIC_CES, "agree"), &hist, &f);
    assert_int_equal(f.plus, 6);
    assert_prints(f.value, "60.00");

    cxm_stat_figure(cxm_variant_find(CXM_METRIC_CES, "net"), &hist, &f);
    assert_int_equal(f.plus, 3);
    assert_int_equal(f.minus, 3);
    assert_prints(f.value, "0.00");
    assert_int_equal(f.display, 0);
}


static void
scales_without_meaning_are_refused(void **state)
{
    static const struct {
        cxm_metric_t  metric;
        const char   *variant;
        int           min, max;
        int           suits;
    } cases[] = {
        { CXM_METRIC_NPS,  "net",   0, 9, 0 },
        { CXM_METRIC_CES,  "agree", 1, 5, 0 },
        { CXM_METRIC_CES,  "net",   1, 5, 0 },
        { CXM_METRIC_CES,  "mean",  1, 5, 1 },
        { CXM_METRIC_CSAT, "top2",  0, 1, 0 },
        { CXM_METRIC_CSAT, "top2",  1, 3, 1 },
        { CXM_METRIC_CSAT, "net",   1, 3, 0 },
        { CXM_METRIC_CSAT, "net",   0, 10, 1 },
        { CXM_METRIC_CSAT, "mean",  5, 5, 0 },
    };
    size_t  i;

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(cxm_variant_suits(cxm_variant_find(cases[i].metric,
                                                            cases[i].variant),
                                           cases[i].min, cases[i].max),
                         cases[i].suits);
    }

    assert_null(cxm_variant_find(CXM_METRIC_CSAT, "agree"));
    assert_null(cxm_variant_find(CXM_METRIC_CSI, NULL));
}


static void
mean_of_one_has_no_margin(void **state)
{
    static const uint64_t  counts[5] = { 0, 0, 0, 1, 0 };

    cxm_hist_t    hist = { 1, 5, counts };
    cxm_figure_t  f;

    (void) state;

    cxm_stat_mean(&hist, &f);
    assert_true(f.has_value);
    assert_prints(f.value, "4.00");
    assert_false(f.has_margin);
}


static void
mean_is_clamped_to_the_scale(void **state)
{
    static const uint64_t  counts[5] = { 1, 0, 0, 0, 2 };

    cxm_hist_t    hist = { 1, 5, counts };
    cxm_figure_t  f;

    (void) state;

    cxm_stat_mean(&hist, &f);
    assert_prints(f.value, "3.67");
    assert_prints(f.margin, "2.61");
    assert_prints(f.high, "5.00");
}


static void
csi_items(cxm_csi_item_t items[3], int weighted)
{
    int  i;

    static const double  weights[3] = { .3885, .3190, .2925 };

    for (i = 0; i < 3; i++) {
        items[i].min = 1;
        items[i].max = 10;
        items[i].weight = weighted ? cxm_csi_weight(weights[i])
                                   : CXM_CSI_WEIGHT_ONE;
    }
}


static void
csi_known_answers(void **state)
{
    uint32_t        tenths;
    cxm_figure_t    f;
    cxm_moments_t   m;
    cxm_csi_item_t  items[3];

    static const int     points[3] = { 8, 7, 9 };
    static const double  means[3] = { 8, 7, 9 };

    (void) state;

    csi_items(items, 0);
    assert_int_equal(cxm_csi_check(items, 3), CXM_OK);
    assert_prints(cxm_csi_index(items, 3, means), "77.78");
    assert_int_equal(cxm_csi_tenths(items, 3, points, &tenths), CXM_OK);
    assert_int_equal(tenths, 778);

    m = (cxm_moments_t) { 1, tenths, tenths * tenths };
    cxm_stat_csi(items, 3, means, &m, &f);
    assert_int_equal(f.n, 1);
    assert_prints(f.value, "77.78");
    assert_int_equal(f.display, 78);
    assert_false(f.has_margin);

    csi_items(items, 1);
    assert_prints(cxm_csi_index(items, 3, means), "77.48");
    assert_int_equal(cxm_csi_tenths(items, 3, points, &tenths), CXM_OK);
    assert_int_equal(tenths, 775);

    cxm_stat_csi(items, 3, means, &m, &f);
    assert_prints(f.value, "77.48");
}


static void
csi_margin_is_of_the_answers(void **state)
{
    cxm_figure_t    f;
    cxm_moments_t   m;
    cxm_csi_item_t  items[3];

    static const double  means[3] = { 5.5, 5.5, 5.5 };
    static const double  nothing[3] = { 0, 0, 0 };

    (void) state;
    csi_items(items, 0);
    memset(&m, 0, sizeof(m));

    cxm_stat_csi(items, 3, nothing, &m, &f);
    assert_false(f.has_value);

    m = (cxm_moments_t) { 100, 50 * 1000, 50 * 1000 * 1000 };
    cxm_stat_csi(items, 3, means, &m, &f);
    assert_int_equal(f.n, 100);
    assert_prints(f.value, "50.00");
    assert_prints(f.margin, "9.85");        /* s = 50.25 */
    assert_prints(f.low, "40.15");
    assert_prints(f.high, "59.85");

    /* a million million of them, all but one the same */

    m = (cxm_moments_t) { 1000000000000, 999999999999 * 500 + 501,
                          999999999999 * 250000 + 251001 };
    cxm_stat_csi(items, 3, means, &m, &f);
    assert_true(f.se > 0.99e-13 && f.se < 1.01e-13);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(nps_known_answers),
        cmocka_unit_test(nothing_counted_is_null),
        cmocka_unit_test(display_rounds_half_away),
        cmocka_unit_test(two_nps_compared),
        cmocka_unit_test(against_published),
        cmocka_unit_test(csat_known_answers),
        cmocka_unit_test(ces_variants),
        cmocka_unit_test(scales_without_meaning_are_refused),
        cmocka_unit_test(mean_of_one_has_no_margin),
        cmocka_unit_test(mean_is_clamped_to_the_scale),
        cmocka_unit_test(csi_known_answers),
        cmocka_unit_test(csi_margin_is_of_the_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
