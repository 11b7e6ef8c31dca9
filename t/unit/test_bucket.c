/*
 * cxm_bucket: buckets of UTC, and of zones that do what zones do.
 */

#include "zone_fixture.h"


static void
names(void **state)
{
    int  i;

    (void) state;

    for (i = CXM_BUCKET_NONE; i <= CXM_BUCKET_YEAR; i++) {
        assert_int_equal(
            cxm_bucket_find(cxm_strz(cxm_bucket_name((cxm_bucket_t) i))), i);
    }

    assert_int_equal(cxm_bucket_find(cxm_str("week")), CXM_BUCKET_WEEK);
    assert_int_equal(cxm_bucket_find(cxm_str("Week")), -1);
    assert_int_equal(cxm_bucket_find(cxm_str("")), -1);
}


/* Start and next of the bucket that holds a time, to the minute. */
static const struct {
    const char    *zone;
    cxm_bucket_t   bucket;
    const char    *t, *start, *next;
} cases[] = {

    /* UTC */

    { "UTC", CXM_BUCKET_HOUR, "2026-12-31T23:59:59Z",
      "2026-12-31T23:00", "2027-01-01T00:00" },
    { "UTC", CXM_BUCKET_DAY, "2028-02-28T23:00:00Z",
      "2028-02-28T00:00", "2028-02-29T00:00" },
    { "UTC", CXM_BUCKET_MONTH, "2100-02-28T00:00:00Z",
      "2100-02-01T00:00", "2100-03-01T00:00" },
    { "UTC", CXM_BUCKET_MONTH, "2026-12-31T23:59:59Z",
      "2026-12-01T00:00", "2027-01-01T00:00" },
    { "UTC", CXM_BUCKET_QUARTER, "2026-03-31T23:59:59Z",
      "2026-01-01T00:00", "2026-04-01T00:00" },
    { "UTC", CXM_BUCKET_QUARTER, "2026-11-22T00:00:00Z",
      "2026-10-01T00:00", "2027-01-01T00:00" },
    { "UTC", CXM_BUCKET_YEAR, "2000-12-31T00:00:00Z",
      "2000-01-01T00:00", "2001-01-01T00:00" },

    /* ISO weeks across the end of a year; 2026-11-22 is a Sunday */

    { "UTC", CXM_BUCKET_WEEK, "2026-11-22T23:59:59Z",
      "2026-11-16T00:00", "2026-11-23T00:00" },
    { "UTC", CXM_BUCKET_WEEK, "2026-11-23T00:00:00Z",
      "2026-11-23T00:00", "2026-11-30T00:00" },
    { "UTC", CXM_BUCKET_WEEK, "2021-01-03T12:00:00Z",
      "2020-12-28T00:00", "2021-01-04T00:00" },
    { "UTC", CXM_BUCKET_WEEK, "2024-12-30T00:00:00Z",
      "2024-12-30T00:00", "2025-01-06T00:00" },
    { "UTC", CXM_BUCKET_WEEK, "1970-01-01T00:00:00Z",
      "1969-12-29T00:00", "1970-01-05T00:00" },
    { "Europe/Berlin", CXM_BUCKET_WEEK, "2026-12-31T12:00:00Z",
      "2026-12-27T23:00", "2027-01-03T23:00" },
    { "Europe/Berlin", CXM_BUCKET_WEEK, "2026-03-29T12:00:00Z",
      "2026-03-22T23:00", "2026-03-29T22:00" },

    /* days of 23 and 25 hours, and what is made of them */

    { "Europe/Berlin", CXM_BUCKET_DAY, "2026-03-29T12:00:00Z",
      "2026-03-28T23:00", "2026-03-29T22:00" },
    { "Europe/Berlin", CXM_BUCKET_DAY, "2026-10-25T12:00:00Z",
      "2026-10-24T22:00", "2026-10-25T23:00" },
    { "Europe/Berlin", CXM_BUCKET_MONTH, "2026-10-25T12:00:00Z",
      "2026-09-30T22:00", "2026-10-31T23:00" },
    { "Europe/Berlin", CXM_BUCKET_QUARTER, "2026-10-25T12:00:00Z",
      "2026-09-30T22:00", "2026-12-31T23:00" },
    { "Europe/Berlin", CXM_BUCKET_YEAR, "2026-10-25T12:00:00Z",
      "2025-12-31T23:00", "2026-12-31T23:00" },

    /* the hour that is left out, and the one that comes twice */

    { "Europe/Berlin", CXM_BUCKET_HOUR, "2026-03-29T00:59:59Z",
      "2026-03-29T00:00", "2026-03-29T01:00" },
    { "Europe/Berlin", CXM_BUCKET_HOUR, "2026-10-25T00:30:00Z",
      "2026-10-25T00:00", "2026-10-25T01:00" },
    { "Europe/Berlin", CXM_BUCKET_HOUR, "2026-10-25T01:30:00Z",
      "2026-10-25T01:00", "2026-10-25T02:00" },

    /* offsets of quarters of an hour */

    { "Asia/Kathmandu", CXM_BUCKET_DAY, "2026-06-01T18:14:59Z",
      "2026-05-31T18:15", "2026-06-01T18:15" },
    { "Asia/Kathmandu", CXM_BUCKET_HOUR, "2026-06-01T18:14:59Z",
      "2026-06-01T17:15", "2026-06-01T18:15" },
    { "Asia/Kathmandu", CXM_BUCKET_YEAR, "2026-06-01T18:14:59Z",
      "2025-12-31T18:15", "2026-12-31T18:15" },
    { "Pacific/Chatham", CXM_BUCKET_DAY, "2026-04-05T00:00:00Z",
      "2026-04-04T10:15", "2026-04-05T11:15" },
    { "Asia/Kolkata", CXM_BUCKET_HOUR, "2026-06-01T18:29:59Z",
      "2026-06-01T17:30", "2026-06-01T18:30" },

    /* half an hour of daylight time: hours beside a change are halves */

    { "Australia/Lord_Howe", CXM_BUCKET_DAY, "2026-04-04T12:00:00Z",
      "2026-04-03T13:00", "2026-04-04T13:00" },
    { "Australia/Lord_Howe", CXM_BUCKET_DAY, "2026-04-04T16:00:00Z",
      "2026-04-04T13:00", "2026-04-05T13:30" },
    { "Australia/Lord_Howe", CXM_BUCKET_DAY, "2026-10-03T16:00:00Z",
      "2026-10-03T13:30", "2026-10-04T13:00" },
    { "Australia/Lord_Howe", CXM_BUCKET_HOUR, "2026-04-04T14:59:00Z",
      "2026-04-04T14:00", "2026-04-04T15:00" },
    { "Australia/Lord_Howe", CXM_BUCKET_HOUR, "2026-04-04T15:00:00Z",
      "2026-04-04T15:00", "2026-04-04T15:30" },
    { "Australia/Lord_Howe", CXM_BUCKET_HOUR, "2026-04-04T15:30:00Z",
      "2026-04-04T15:30", "2026-04-04T16:30" },
    { "Australia/Lord_Howe", CXM_BUCKET_HOUR, "2026-10-03T15:45:00Z",
      "2026-10-03T15:30", "2026-10-03T16:00" },

    /* days that begin at 01:00, or end there */

    { "America/Sao_Paulo", CXM_BUCKET_DAY, "2018-11-04T02:59:59Z",
      "2018-11-03T03:00", "2018-11-04T03:00" },
    { "America/Sao_Paulo", CXM_BUCKET_DAY, "2018-11-04T03:00:00Z",
      "2018-11-04T03:00", "2018-11-05T02:00" },
    { "America/Sao_Paulo", CXM_BUCKET_DAY, "2019-02-17T02:30:00Z",
      "2019-02-16T02:00", "2019-02-17T03:00" },
    { "Africa/Cairo", CXM_BUCKET_DAY, "2026-04-24T12:00:00Z",
      "2026-04-23T22:00", "2026-04-24T21:00" },
    { "Africa/Cairo", CXM_BUCKET_DAY, "2026-10-29T21:30:00Z",
      "2026-10-28T21:00", "2026-10-29T22:00" },

    /* Pacific/Apia had no 30th of December in 2011 */

    { "Pacific/Apia", CXM_BUCKET_DAY, "2011-12-30T09:59:59Z",
      "2011-12-29T10:00", "2011-12-30T10:00" },
    { "Pacific/Apia", CXM_BUCKET_DAY, "2011-12-30T10:00:00Z",
      "2011-12-30T10:00", "2011-12-31T10:00" },
    { "Pacific/Apia", CXM_BUCKET_WEEK, "2011-12-30T10:00:00Z",
      "2011-12-26T10:00", "2012-01-01T10:00" },
    { "Pacific/Apia", CXM_BUCKET_MONTH, "2011-12-30T10:00:00Z",
      "2011-12-01T10:00", "2011-12-31T10:00" },

    /* nor Pacific/Kiritimati a last of December in 1994 */

    { "Pacific/Kiritimati", CXM_BUCKET_MONTH, "1994-12-31T09:59:59Z",
      "1994-12-01T10:00", "1994-12-31T10:00" },
    { "Pacific/Kiritimati", CXM_BUCKET_YEAR, "1994-12-31T10:00:00Z",
      "1994-12-31T10:00", "1995-12-31T10:00" },

    /* clocks set back over midnight begin no day a second time */

    { "America/Havana", CXM_BUCKET_DAY, "2026-11-01T05:30:00Z",
      "2026-11-01T04:00", "2026-11-02T05:00" },
    { "America/St_Johns", CXM_BUCKET_DAY, "2006-10-29T02:29:59Z",
      "2006-10-28T02:30", "2006-10-29T02:30" },
    { "America/St_Johns", CXM_BUCKET_DAY, "2006-10-29T03:00:00Z",
      "2006-10-29T02:30", "2006-10-30T03:30" }
};


static void
minute_is(cxm_ms_t t, const char *expect, size_t i)
{
    char  text[CXM_RFC3339_LEN + 1];

    cxm_rfc3339_format(t, text);
    text[16] = '\0';

    if (strcmp(text, expect) != 0) {
        fail_msg("%s %s, %s: %s, not %s", cases[i].zone, cases[i].t,
                 cxm_bucket_name(cases[i].bucket), text, expect);
    }
}


static void
starts_and_ends(void **state)
{
    size_t             i;
    cxm_ms_t           start;
    const cxm_zone_t  *zone;

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        zone = zone_named(cases[i].zone);
        start = cxm_bucket_start(zone, cases[i].bucket, at(cases[i].t));

        minute_is(start, cases[i].start, i);
        minute_is(cxm_bucket_next(zone, cases[i].bucket, start),
                  cases[i].next, i);
    }
}


static void
buckets_tile_time(void **state)
{
    int                i;
    size_t             z;
    cxm_ms_t           t, start, next;
    const cxm_zone_t  *zone;

    static const char *const  zoned[] = {
        "UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia",
        "Africa/Monrovia", "Asia/Kathmandu"
    };

    (void) state;

    for (z = 0; z < sizeof(zoned) / sizeof(zoned[0]); z++) {
        zone = zone_named(zoned[z]);

        for (i = CXM_BUCKET_NONE; i <= CXM_BUCKET_YEAR; i++) {
            for (t = 1; t < CXM_MS_MAX; t += 104729 * CXM_MS_HOUR + 54321) {
                start = cxm_bucket_start(zone, (cxm_bucket_t) i, t);
                next = cxm_bucket_next(zone, (cxm_bucket_t) i, start);

                assert_true(start <= t && t < next);
                assert_true(cxm_bucket_start(zone, (cxm_bucket_t) i, start)
                            == start);
                assert_true(cxm_bucket_start(zone, (cxm_bucket_t) i, next - 1)
                            == start);
                assert_true(i == CXM_BUCKET_NONE
                            || cxm_bucket_start(zone, (cxm_bucket_t) i, next)
                               == next);
            }
        }
    }
}


/* A day's hours are counted as they pass. */
static void
hours_of_a_day(void **state)
{
    size_t             i;
    int                n;
    cxm_ms_t           t, end;
    const cxm_zone_t  *zone;

    static const struct {
        const char  *zone;
        const char  *day;
        int          hours;
    } days[] = {
        { "Europe/Berlin", "2026-03-29T12:00:00Z", 23 },
        { "Europe/Berlin", "2026-06-01T12:00:00Z", 24 },
        { "Europe/Berlin", "2026-10-25T12:00:00Z", 25 },
        { "Africa/Cairo", "2026-04-24T12:00:00Z", 23 },
        { "Australia/Lord_Howe", "2026-04-04T16:00:00Z", 25 },
        { "Australia/Lord_Howe", "2026-10-03T16:00:00Z", 24 },
        { "Pacific/Apia", "2011-12-30T09:00:00Z", 24 }
    };

    (void) state;

    for (i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
        zone = zone_named(days[i].zone);
        t = cxm_bucket_start(zone, CXM_BUCKET_DAY, at(days[i].day));
        end = cxm_bucket_next(zone, CXM_BUCKET_DAY, t);

        for (n = 0; t < end; n++) {
            t = cxm_bucket_next(zone, CXM_BUCKET_HOUR, t);
        }

        assert_true(t == end);
        assert_int_equal(n, days[i].hours);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(starts_and_ends),
        cmocka_unit_test(buckets_tile_time),
        cmocka_unit_test(hours_of_a_day)
    };

    return cmocka_run_group_tests(tests, zones_open, zones_close);
}
