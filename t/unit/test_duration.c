/*
 * Durations as points: exact where they say so, in order, without gaps.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "cxm_duration.h"


static void
points(void **state)
{
    cxm_ms_t  t;
    unsigned  point, last;

    (void) state;

    assert_int_equal(cxm_duration_point(-5), 0);
    assert_int_equal(cxm_duration_point(CXM_DURATION_MAX),
                     CXM_DURATION_POINTS - 1);
    assert_int_equal(cxm_duration_point(INT64_MAX), CXM_DURATION_POINTS - 1);
    assert_true(cxm_duration_of(CXM_DURATION_POINTS - 1) == CXM_DURATION_MAX);

    last = 0;

    for (t = 0; t < 300000; t++) {
        point = cxm_duration_point(t);

        assert_true(point == last || point == last + 1);
        assert_true(cxm_duration_of(point) >= t);
        assert_true((cxm_duration_of(point) - t) * 32 <= t
                    || cxm_duration_of(point) == t);
        last = point;
    }

    for (point = 0; point < CXM_DURATION_POINTS; point++) {
        assert_int_equal(cxm_duration_point(cxm_duration_of(point)), point);
    }
}


static void
quantiles(void **state)
{
    int       t;
    uint64_t  counts[CXM_DURATION_POINTS] = { 0 };

    (void) state;

    assert_true(cxm_duration_quantile(counts, 0.5) == -1);

    counts[cxm_duration_point(40)] = 1;
    assert_true(cxm_duration_quantile(counts, 0.0) == 40);
    assert_true(cxm_duration_quantile(counts, 0.99) == 40);

    counts[cxm_duration_point(40)] = 0;

    for (t = 1; t <= 1000; t++) {
        counts[cxm_duration_point(t)]++;
    }

    assert_in_range(cxm_duration_quantile(counts, 0.5), 500, 516);
    assert_in_range(cxm_duration_quantile(counts, 0.9), 900, 929);
    assert_in_range(cxm_duration_quantile(counts, 0.99), 990, 1023);
    assert_in_range(cxm_duration_quantile(counts, 1), 1000, 1023);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(points),
        cmocka_unit_test(quantiles)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
