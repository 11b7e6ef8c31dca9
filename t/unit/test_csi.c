/*
 * The index of several questions: exact in tenths, and what is none.
 */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "cxm_csi.h"


static void
tenths_are_exact(void **state)
{
    int             points[2] = { 1, 1 };
    double          x[2] = { 5, 4 };
    uint32_t        tenths;
    cxm_csi_item_t  items[2] = {
        { 0, 2000, 1 }, { 1, 5, 0 }
    };

    (void) state;

    /* one step of 2000 is half a tenth: away from zero */
    assert_int_equal(cxm_csi_tenths(items, 2, points, &tenths), CXM_OK);
    assert_int_equal(tenths, 1);

    points[0] = 0;
    assert_int_equal(cxm_csi_tenths(items, 2, points, &tenths), CXM_OK);
    assert_int_equal(tenths, 0);

    points[0] = 2000;
    assert_int_equal(cxm_csi_tenths(items, 2, points, &tenths), CXM_OK);
    assert_int_equal(tenths, 1000);

    points[0] = 2001;
    assert_int_equal(cxm_csi_tenths(items, 2, points, &tenths), CXM_INVALID);

    /* different scales: (1/2 + 3/4) / 2 */
    items[0] = (cxm_csi_item_t) { 0, 10, CXM_CSI_WEIGHT_MAX };
    items[1] = (cxm_csi_item_t) { 1, 5, CXM_CSI_WEIGHT_MAX };
    points[0] = 5;
    points[1] = 4;
    assert_int_equal(cxm_csi_tenths(items, 2, points, &tenths), CXM_OK);
    assert_int_equal(tenths, 625);
    assert_true(fabs(cxm_csi_index(items, 2, x) - 62.5) < 1e-12);
}


/* Ten scales of prime lengths with the heaviest weights. */
static void
no_scales_of_surveys_are_too_different(void **state)
{
    int             points[CXM_CSI_MAX];
    size_t          i;
    double          x[CXM_CSI_MAX];
    uint32_t        tenths;
    cxm_csi_item_t  items[CXM_CSI_MAX];

    static const int  primes[CXM_CSI_MAX] = {
        97, 89, 83, 79, 73, 71, 67, 61, 59, 53
    };

    (void) state;

    for (i = 0; i < CXM_CSI_MAX; i++) {
        items[i] = (cxm_csi_item_t) { 1, primes[i] + 1, CXM_CSI_WEIGHT_MAX };
        points[i] = (int) (primes[i] / (i + 1)) + 1;
        x[i] = points[i];
    }

    assert_int_equal(cxm_csi_tenths(items, CXM_CSI_MAX, points, &tenths),
                     CXM_OK);
    assert_int_equal(tenths,
                     lround(10 * cxm_csi_index(items, CXM_CSI_MAX, x)));

    for (i = 0; i < CXM_CSI_MAX; i++) {
        points[i] = items[i].max;
    }

    assert_int_equal(cxm_csi_tenths(items, CXM_CSI_MAX, points, &tenths),
                     CXM_OK);
    assert_int_equal(tenths, 1000);
}


static void
definitions_are_checked(void **state)
{
    size_t          i;
    cxm_csi_item_t  items[CXM_CSI_MAX + 1];

    (void) state;

    for (i = 0; i <= CXM_CSI_MAX; i++) {
        items[i] = (cxm_csi_item_t) { 1, 10, CXM_CSI_WEIGHT_ONE };
    }

    assert_int_equal(cxm_csi_check(items, 0), CXM_INVALID);
    assert_int_equal(cxm_csi_check(items, CXM_CSI_MAX), CXM_OK);
    assert_int_equal(cxm_csi_check(items, CXM_CSI_MAX + 1), CXM_INVALID);

    items[0].weight = 0;
    assert_int_equal(cxm_csi_check(items, 1), CXM_INVALID);
    assert_int_equal(cxm_csi_check(items, 2), CXM_OK);

    items[0].weight = CXM_CSI_WEIGHT_MAX + 1;
    assert_int_equal(cxm_csi_check(items, 1), CXM_INVALID);

    items[0].weight = 1;
    items[1].max = 1;
    assert_int_equal(cxm_csi_check(items, 2), CXM_INVALID);

    /* lengths 2^31 - 1, 2^32 - 5, 1000003 and 1009 are primes */

    items[0] = (cxm_csi_item_t) { 0, INT32_MAX, 1 };
    items[1] = (cxm_csi_item_t) { INT32_MIN, INT32_MAX - 4, 1 };
    items[2] = (cxm_csi_item_t) { 0, 1000003, 1 };
    items[3] = (cxm_csi_item_t) { 0, 1009, 1 };
    assert_int_equal(cxm_csi_check(items, 3), CXM_OK);
    assert_int_equal(cxm_csi_check(items, 4), CXM_INVALID);
}


static void
weights(void **state)
{
    (void) state;

    assert_int_equal(cxm_csi_weight(0.3885), 388500);
    assert_int_equal(cxm_csi_weight(1), CXM_CSI_WEIGHT_ONE);
    assert_int_equal(cxm_csi_weight(0), 0);
    assert_int_equal(cxm_csi_weight(-1), 0);
    assert_int_equal(cxm_csi_weight(NAN), 0);
    assert_int_equal(cxm_csi_weight(INFINITY), 0);
    assert_int_equal(cxm_csi_weight(1000), CXM_CSI_WEIGHT_MAX);
    assert_int_equal(cxm_csi_weight(1001), 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(tenths_are_exact),
        cmocka_unit_test(no_scales_of_surveys_are_too_different),
        cmocka_unit_test(definitions_are_checked),
        cmocka_unit_test(weights),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
