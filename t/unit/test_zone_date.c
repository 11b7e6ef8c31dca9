/*
 * Zones and buckets against the system's date(1).
 */

#include "zone_fixture.h"


#define INSTANTS  10000         /* of a zone */
#define BUCKETS   250           /* of these, with all their buckets */
#define FAR       200           /* beyond them, in the years 2100..9999 */

#define YEAR_2100  ((cxm_ms_t) 4102444800000)


static const char *const  names[] = {
    "Africa/Cairo", "Africa/Casablanca", "Africa/El_Aaiun",
    "Africa/Monrovia", "Africa/Windhoek", "America/Asuncion",
    "America/Caracas", "America/Havana", "America/New_York",
    "America/Nuuk", "America/Santiago", "America/Sao_Paulo",
    "America/Scoresbysund", "Antarctica/Casey", "Antarctica/Troll",
    "Asia/Amman", "Asia/Beirut", "Asia/Damascus", "Asia/Gaza",
    "Asia/Jerusalem", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Pyongyang",
    "Asia/Shanghai", "Asia/Tehran", "Australia/Adelaide", "Australia/Eucla",
    "Australia/Lord_Howe", "Australia/Sydney", "Etc/GMT+12", "Europe/Berlin",
    "Europe/Dublin", "Europe/Istanbul", "Europe/Lisbon", "Europe/London",
    "Europe/Moscow", "Pacific/Apia", "Pacific/Chatham", "Pacific/Easter",
    "Pacific/Kiritimati", "Pacific/Kwajalein", "Pacific/Norfolk", "UTC"
};

/* What date prints is the same in a bucket, and another in the ones beside. */
static const struct {
    cxm_bucket_t  bucket;
    const char   *label;
} labels[] = {
    { CXM_BUCKET_HOUR, "%F %H %z" },
    { CXM_BUCKET_DAY, "%F" },
    { CXM_BUCKET_WEEK, "%G-%V" },
    { CXM_BUCKET_MONTH, "%Y-%m" },
    { CXM_BUCKET_QUARTER, "%Y-%q" },
    { CXM_BUCKET_YEAR, "%Y" }
};

#define LABELS  (sizeof(labels) / sizeof(labels[0]))


/* Anywhere in the years, or beside a change of the clocks. */
static cxm_ms_t
instant(const cxm_zone_t *zone, unsigned i)
{
    cxm_ms_t         t;
    cxm_zone_span_t  span;

    t = (cxm_ms_t) zone_random((uint64_t) YEAR_2100);
    span = cxm_zone_span(zone, t);

    if (i % 2 == 0 || span.end > YEAR_2100) {
        return t;
    }

    return i % 4 == 1
           ? span.end + (cxm_ms_t) zone_random(3) * 1000 - 1000
           : span.end + (cxm_ms_t) zone_random(72 * CXM_MS_HOUR)
             - 36 * CXM_MS_HOUR;
}


/* "+05:45:00" */
static cxm_ms_t
offset_of(const char *text)
{
    cxm_ms_t  offset;

    offset = ((text[1] - '0') * 10 + text[2] - '0') * CXM_MS_HOUR
             + ((text[4] - '0') * 10 + text[5] - '0') * CXM_MS_MINUTE
             + ((text[7] - '0') * 10 + text[8] - '0') * CXM_MS_SECOND;

    return text[0] == '-' ? -offset : offset;
}


static void
compare_offsets(const char *tz, const cxm_zone_t *zone, const cxm_ms_t *times,
    size_t n)
{
    size_t    i;
    date_t    date;
    cxm_ms_t  expect, got;

    date_open(&date);

    for (i = 0; i < n; i++) {
        date_put(&date, times[i]);
    }

    date_run(&date, tz, "%::z");

    for (i = 0; i < n; i++) {
        expect = offset_of(date_next(&date));
        got = cxm_zone_span(zone, times[i]).offset;

        if (got != expect) {
            fail_msg("%s at %lld: offset %lld s, not %lld", tz,
                     (long long) times[i] / 1000, (long long) got / 1000,
                     (long long) expect / 1000);
        }
    }

    date_close(&date);
}


static void
offsets(void **state)
{
    size_t             z, i;
    cxm_ms_t          *times;
    const cxm_zone_t  *zone;

    (void) state;

    times = calloc(INSTANTS + FAR, sizeof(cxm_ms_t));

    for (z = 0; z < sizeof(names) / sizeof(names[0]); z++) {
        zone = zone_named(names[z]);

        for (i = 0; i < INSTANTS; i++) {
            times[i] = instant(zone, (unsigned) i);
        }

        for (; i < INSTANTS + FAR; i++) {
            times[i] = YEAR_2100
                       + (cxm_ms_t) zone_random(CXM_MS_MAX - YEAR_2100);
        }

        compare_offsets(names[z], zone, times, INSTANTS + FAR);
    }

    free(times);
}


/* --- buckets ------------------------------------------------------------ */

static void
label_is(date_t *date, const char *label, int same, const char *what)
{
    if ((strcmp(date_next(date), label) == 0) != same) {
        fail_msg("%s: %s and %s", what, label, date->line);
    }
}


static void
compare_buckets(const char *tz, const cxm_zone_t *zone, const cxm_ms_t *times,
    cxm_bucket_t bucket, const char *format)
{
    char      label[256], what[128];
    size_t    i;
    date_t    date;
    cxm_ms_t  start, next;

    date_open(&date);

    for (i = 0; i < BUCKETS; i++) {
        start = cxm_bucket_start(zone, bucket, times[i]);
        next = cxm_bucket_next(zone, bucket, start);

        assert_true(start <= times[i] && times[i] < next);
        assert_true(cxm_bucket_start(zone, bucket, next - 1) == start);
        assert_true(cxm_bucket_start(zone, bucket, next) == next);

        date_put(&date, times[i]);
        date_put(&date, start - 1);
        date_put(&date, start);
        date_put(&date, next - 1);
        date_put(&date, next);
    }

    date_run(&date, tz, format);

    for (i = 0; i < BUCKETS; i++) {
        snprintf(what, sizeof(what), "%s, %s of @%lld", tz,
                 cxm_bucket_name(bucket), (long long) times[i] / 1000);
        strcpy(label, date_next(&date));

        label_is(&date, label, 0, what);
        label_is(&date, label, 1, what);
        label_is(&date, label, 1, what);
        label_is(&date, label, 0, what);
    }

    date_close(&date);
}


static void
buckets(void **state)
{
    size_t             z, i;
    cxm_ms_t           times[BUCKETS];
    const cxm_zone_t  *zone;

    (void) state;

    for (z = 0; z < sizeof(names) / sizeof(names[0]); z++) {
        zone = zone_named(names[z]);

        for (i = 0; i < BUCKETS; i++) {
            times[i] = instant(zone, (unsigned) i);
        }

        for (i = 0; i < LABELS; i++) {
            compare_buckets(names[z], zone, times, labels[i].bucket,
                            labels[i].label);
        }
    }
}


/* --- rules -------------------------------------------------------------- */

/*
 * TZ takes the same rules as a footer.  (Where daylight time goes over New
 * Year by a time of day, glibc looks at one year only and is wrong.)
 */
static void
rules(void **state)
{
    size_t       i, j;
    cxm_ms_t     times[2000];
    cxm_zone_t  *zone;

    static const struct {
        const char  *rule;
        int32_t      offset;
    } all[] = {
        { "UTC0", 0 },
        { "<+0545>-5:45", 20700 },
        { "ABC-1:02:03", 3723 },
        { "CET-1CEST,M3.5.0,M10.5.0/3", 3600 },
        { "EST5EDT,M3.2.0,M11.1.0", -18000 },
        { "EST5EDT4,M3.2.0/02:00:00,M11.1.0/+2", -18000 },
        { "<-0330>3:30<-0200>2,J60/0,J305/24", -12600 },
        { "ABC-10:30DEF-11,J59,J60", 37800 },
        { "ABC5DEF,59/1:30,300/0:00:01", -18000 },
        { "ABC5DEF,60,0", -18000 },
        { "EET-2EEST,M4.5.5/0,M10.5.4/24", 7200 },
        { "EET-2EEST,M3.4.4/50,M10.4.4/50", 7200 },
        { "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", -7200 },
        { "<-04>4<-03>,M9.1.6/24,M4.1.6/24", -14400 },
        { "IST-1GMT0,M10.5.0,M3.5.0/1", 3600 },
        { "ABC0DEF,M1.2.0/-167,M11.5.6/167", 0 },
        { "ABC0DEF,M2.5.1,M10.5.6", 0 }
    };

    (void) state;

    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        zone = zone_of_rule(all[i].rule, all[i].offset);
        assert_non_null(zone);

        for (j = 0; j < sizeof(times) / sizeof(times[0]); j++) {
            times[j] = instant(zone, (unsigned) j);
        }

        compare_offsets(all[i].rule, zone, times, j);
        cxm_zone_free(zone);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(offsets, zones_open, zones_close),
        cmocka_unit_test_setup_teardown(buckets, zones_open, zones_close),
        cmocka_unit_test(rules)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
