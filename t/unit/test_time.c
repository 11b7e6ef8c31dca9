/*
 * cxm_time: calendar, RFC 3339, buckets.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cxm_time.h"


static void
days_of_the_calendar(void **state)
{
    size_t           i;
    int              year;
    unsigned         month, day;
    static const struct {
        int          year;
        unsigned     month;
        unsigned     day;
        int32_t      days;
    } known[] = {
        { 1970, 1, 1, 0 }, { 1969, 12, 31, -1 }, { 1970, 2, 28, 58 },
        { 1970, 3, 1, 59 }, { 1972, 2, 29, 789 }, { 2000, 2, 28, 11015 },
        { 2000, 2, 29, 11016 }, { 2000, 3, 1, 11017 },
        { 2100, 2, 28, 47540 }, { 2100, 3, 1, 47541 },
        { 0, 1, 1, -719528 }, { 9999, 12, 31, 2932896 },
        { 1900, 3, 1, -25508 }, { -1, 12, 31, -719529 }
    };

    (void) state;

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        assert_int_equal(cxm_days_from_civil(known[i].year, known[i].month,
                                             known[i].day), known[i].days);

        cxm_civil_from_days(known[i].days, &year, &month, &day);
        assert_int_equal(year, known[i].year);
        assert_int_equal(month, known[i].month);
        assert_int_equal(day, known[i].day);
    }
}


/* Both ways over 400 years and more: each day follows the one before. */
static void
days_are_consecutive(void **state)
{
    int       year, last_year;
    int32_t   d;
    unsigned  month, day, last_month, last_day;

    (void) state;

    cxm_civil_from_days(-200001, &last_year, &last_month, &last_day);

    for (d = -200000; d <= 200000; d++) {
        cxm_civil_from_days(d, &year, &month, &day);

        if (cxm_days_from_civil(year, month, day) != d
            || month < 1 || month > 12 || day < 1 || day > 31)
        {
            fail_msg("day %d", d);
        }

        if (day != last_day + 1) {
            assert_int_equal(day, 1);
            assert_in_range(last_day, 28, 31);
            assert_int_equal(month, last_month % 12 + 1);
            assert_int_equal(year, last_year + (last_month == 12));
        }

        last_year = year;
        last_month = month;
        last_day = day;
    }
}


static void
floor_of_days_and_quarters(void **state)
{
    (void) state;

    assert_int_equal(cxm_day_of(0), 0);
    assert_int_equal(cxm_day_of(CXM_MS_DAY - 1), 0);
    assert_int_equal(cxm_day_of(-1), -1);
    assert_int_equal(cxm_day_of(-CXM_MS_DAY), -1);
    assert_int_equal(cxm_day_of(-CXM_MS_DAY - 1), -2);
    assert_int_equal(cxm_day_of(CXM_MS_MAX), 2932896);

    assert_int_equal(cxm_quarter_of(0), 0);
    assert_int_equal(cxm_quarter_of(CXM_MS_QUARTER - 1), 0);
    assert_int_equal(cxm_quarter_of(CXM_MS_QUARTER), 1);
    assert_int_equal(cxm_quarter_of(CXM_MS_DAY - 1), 95);
    assert_int_equal(cxm_quarter_of(CXM_MS_DAY), 0);
    assert_int_equal(cxm_quarter_of(-1), 95);
    assert_int_equal(cxm_quarter_of(CXM_MS_MAX), 95);
}


static void
rfc3339_accepts(void **state)
{
    size_t           i;
    cxm_ms_t         t;
    static const struct {
        const char  *text;
        cxm_ms_t     t;
    } good[] = {
        { "1970-01-01T00:00:00Z", 0 },
        { "1970-01-01t00:00:00z", 0 },
        { "1969-12-31T23:30:00-01:00", 1800000 },
        { "1970-01-01T00:00:00-00:00", 0 },
        { "2000-02-29T12:00:00.5Z", 951825600500 },
        { "2026-11-22T17:27:34.123Z", 1795368454123 },
        { "2026-11-22T17:27:34.123999999Z", 1795368454123 },
        { "2026-11-22T18:57:34.123+01:30", 1795368454123 },
        { "2026-11-22T17:27:34.1Z", 1795368454100 },
        { "2026-11-22T17:27:34.01Z", 1795368454010 },
        { "1990-12-31T23:59:60Z", 662687999999 },
        { "1990-12-31T15:59:60.25-08:00", 662687999999 },
        { "1985-04-12T23:20:50.52Z", 482196050520 },
        { "1996-12-19T16:39:57-08:00", 851042397000 },
        { "1937-01-01T12:00:27.87+00:20", -1 },
        { "9999-12-31T23:59:59.999Z", CXM_MS_MAX },
        { "9999-12-31T23:59:59.999+23:59", CXM_MS_MAX - 86340000 },
        { "2400-02-29T00:00:00Z", 13574563200000 }
    };

    (void) state;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        t = -1;

        if (cxm_rfc3339_parse(cxm_strz(good[i].text), &t)
            != (good[i].t < 0 ? CXM_BAD_REQUEST : CXM_OK) || t != good[i].t)
        {
            fail_msg("%s gave %lld", good[i].text, (long long) t);
        }
    }
}


static void
rfc3339_refuses(void **state)
{
    size_t              i, n;
    cxm_ms_t            t;
    const char         *whole = "2026-11-22T17:27:34.123+01:00";
    static const char  *bad[] = {
        "", "2026", "2026-11-22", "2026-11-22T17:27Z", "2026-11-22T17:27:34",
        "2026-11-22 17:27:34Z", "2026-11-22_17:27:34Z", "2026-11-22T17:27:34.Z",
        "2026-11-22T17:27:34.1234567890Z", "2026-11-22T17:27:34,5Z",
        "2026-11-22T24:00:00Z", "2026-11-22T23:60:00Z", "2026-11-22T23:59:61Z",
        "2026-00-22T00:00:00Z", "2026-13-22T00:00:00Z", "2026-11-00T00:00:00Z",
        "2026-11-31T00:00:00Z", "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z",
        "2026-11-22T17:27:34+0100", "2026-11-22T17:27:34+01",
        "2026-11-22T17:27:34+24:00", "2026-11-22T17:27:34+01:60",
        "2026-11-22T17:27:34 01:00", "2026-11-22T17:27:34ZZ",
        "2026-11-22T17:27:34Z ", " 2026-11-22T17:27:34Z",
        "+2026-11-22T17:27:34Z", "-001-11-22T17:27:34Z",
        "2026-1-22T17:27:34Z", "2026-11-22T7:27:34Z", "20261122T172734Z",
        "1969-12-31T23:59:59.999Z", "1970-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01", "0000-01-01T00:00:00Z",
        "2026-11-22T17:27:34\xe2\x88\22201:00"
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        t = 42;

        if (cxm_rfc3339_parse(cxm_strz(bad[i]), &t) != CXM_BAD_REQUEST
            || t != 42)
        {
            fail_msg("%s gave %lld", bad[i], (long long) t);
        }
    }

    assert_int_equal(cxm_rfc3339_parse(cxm_strz(whole), &t), CXM_OK);

    for (n = 0; n < strlen(whole); n++) {
        assert_int_equal(cxm_rfc3339_parse((cxm_str_t) { n, whole }, &t),
                         CXM_BAD_REQUEST);
    }

    assert_int_equal(cxm_rfc3339_parse((cxm_str_t) { 0, NULL }, &t),
                     CXM_BAD_REQUEST);
}


static void
rfc3339_formats(void **state)
{
    char  text[CXM_RFC3339_LEN + 1];

    (void) state;

    cxm_rfc3339_format(0, text);
    assert_string_equal(text, "1970-01-01T00:00:00.000Z");
    cxm_rfc3339_format(1795368454123, text);
    assert_string_equal(text, "2026-11-22T17:27:34.123Z");
    cxm_rfc3339_format(CXM_MS_MAX, text);
    assert_string_equal(text, "9999-12-31T23:59:59.999Z");
    cxm_rfc3339_format(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
    cxm_rfc3339_format(INT64_MAX, text);
    assert_string_equal(text, "9999-12-31T23:59:59.999Z");
    cxm_rfc3339_format(INT64_MIN, text);
    assert_string_equal(text, "0000-01-01T00:00:00.000Z");
}


static void
rfc3339_round_trip(void **state)
{
    char       text[CXM_RFC3339_LEN + 1];
    cxm_ms_t   t, back;

    (void) state;

    for (t = 0; t < CXM_MS_MAX; t += 7919 * CXM_MS_HOUR + 1234567) {
        cxm_rfc3339_format(t, text);
        assert_int_equal(cxm_rfc3339_parse(cxm_strz(text), &back), CXM_OK);
        assert_true(t == back);
    }
}


static void
now_is_now(void **state)
{
    cxm_ms_t  t;

    (void) state;

    t = cxm_now();
    assert_true(t > 1700000000000 && t < CXM_MS_MAX);
    assert_true(cxm_now() >= t);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(days_of_the_calendar),
        cmocka_unit_test(days_are_consecutive),
        cmocka_unit_test(floor_of_days_and_quarters),
        cmocka_unit_test(rfc3339_accepts),
        cmocka_unit_test(rfc3339_refuses),
        cmocka_unit_test(rfc3339_formats),
        cmocka_unit_test(rfc3339_round_trip),
        cmocka_unit_test(now_is_now)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
