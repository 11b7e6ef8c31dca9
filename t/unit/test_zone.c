/*
 * cxm_zone: files and rules, good and broken.
 */

#include "zone_fixture.h"


static void
names(void **state)
{
    size_t  i;
    char    longest[CXM_ZONE_NAME_MAX + 2];

    static const char *const  good[] = {
        "UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires",
        "Etc/GMT+12", "Etc/GMT-14", "America/Port-au-Prince", "a", "0/-/_"
    };
    static const char *const  bad[] = {
        "", "/", "/UTC", "UTC/", "a//b", "..", "../etc/passwd", "a/../b",
        "Europe/Ber.lin", "Europe Berlin", "a\\b", "Z\xc3\xbcrich", "a\nb"
    };

    (void) state;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(cxm_zone_name_valid(cxm_strz(good[i])));
    }

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(cxm_zone_name_valid(cxm_strz(bad[i])));
    }

    assert_false(cxm_zone_name_valid((cxm_str_t) { 3, "a\0b" }));

    memset(longest, 'a', sizeof(longest));
    assert_true(cxm_zone_name_valid((cxm_str_t) { CXM_ZONE_NAME_MAX,
                                                  longest }));
    assert_false(cxm_zone_name_valid((cxm_str_t) { CXM_ZONE_NAME_MAX + 1,
                                                   longest }));
}


static void
span_is(const cxm_zone_t *zone, const char *t, const char *start,
    const char *end, int64_t offset)
{
    cxm_zone_span_t  span;

    span = cxm_zone_span(zone, at(t));

    assert_true(span.start == (start == NULL ? CXM_ZONE_MIN : at(start)));
    assert_true(span.end == (end == NULL ? CXM_ZONE_MAX : at(end)));
    assert_int_equal(span.offset / 1000, offset);
}


static void
utc(void **state)
{
    (void) state;

    assert_true(cxm_str_eqz(cxm_zone_name(cxm_zone_utc()), "UTC"));
    span_is(cxm_zone_utc(), "2026-11-22T00:00:00Z", NULL, NULL, 0);
}


/* A year has two spans, also where only the footer knows of it. */
static void
spans(void **state)
{
    cxm_zone_span_t    span;
    const cxm_zone_t  *zone;

    (void) state;

    zone = zone_named("Europe/Berlin");
    assert_true(cxm_str_eqz(cxm_zone_name(zone), "Europe/Berlin"));

    span_is(zone, "2026-03-29T00:59:59.999Z", "2025-10-26T01:00:00Z",
            "2026-03-29T01:00:00Z", 3600);
    span_is(zone, "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z",
            "2026-10-25T01:00:00Z", 7200);
    span_is(zone, "2099-07-01T00:00:00Z", "2099-03-29T01:00:00Z",
            "2099-10-25T01:00:00Z", 7200);
    span_is(zone, "9999-07-01T00:00:00Z", "9999-03-28T01:00:00Z",
            "9999-10-31T01:00:00Z", 7200);

    /* the last change of the file and the first of its footer */

    span_is(zone, "2037-12-01T00:00:00Z", "2037-10-25T01:00:00Z",
            "2038-03-28T01:00:00Z", 3600);

    span = cxm_zone_span(zone_named("Asia/Kathmandu"),
                         at("1985-12-31T18:29:59Z"));
    assert_int_equal(span.offset, 19800000);
    assert_true(span.end == at("1985-12-31T18:30:00Z"));

    span_is(zone_named("Asia/Kathmandu"), "1985-12-31T18:30:00Z",
            "1985-12-31T18:30:00Z", NULL, 20700);
}


/* Only what changes the clocks is a change. */
static void
changes(void **state)
{
    tzif_t       tzif;
    cxm_buf_t    file;
    cxm_zone_t  *zone;

    static const int64_t  times[] = { -(1LL << 59), 0, 3600, 86400, 90000 };
    static const uint8_t  types[] = { 0, 1, 2, 1, 0 };
    static const int32_t  shifts[] = { 0, 3600, 3600 };

    (void) state;

    tzif = (tzif_t) { times, types, 5, shifts, 3, 0, "" };
    tzif_file(&file, &tzif);
    assert_int_equal(cxm_zone_parse(cxm_str("Test"), cxm_buf_str(&file),
                                    &zone), CXM_OK);

    span_is(zone, "1970-01-01T01:00:00Z", "1970-01-01T00:00:00Z",
            "1970-01-02T01:00:00Z", 3600);
    span_is(zone, "2026-01-01T00:00:00Z", "1970-01-02T01:00:00Z", NULL, 0);

    cxm_zone_free(zone);
    cxm_buf_free(&file);
}


static void
daylight_time_all_year(void **state)
{
    cxm_zone_t  *zone;

    (void) state;

    /* RFC 9636, 3.3.1 */

    zone = zone_of_rule("XXX3EDT4,0/0,J365/23", -4 * 3600);
    assert_non_null(zone);
    span_is(zone, "2026-01-01T02:59:59Z", NULL, NULL, -4 * 3600);
    span_is(zone, "9999-12-31T23:59:59Z", NULL, NULL, -4 * 3600);
    cxm_zone_free(zone);
}


static void
rules_refused(void **state)
{
    size_t       i;
    cxm_zone_t  *zone;

    static const char *const  bad[] = {
        "U", "UTC", "5", "UT0", "UTC0 ", " UTC0", "UTC+", "UTC0:", "UTC0:60",
        "UTC0:0:60", "UTC25", "UTC0000", "<UTC0", "<U>0", "<A B>0", "CET-1CEST",
        "CET-1CEST,M3.5.0", "CET-1CEST,M3.5.0,", "CET-1CEST,M3.5.0,M10.5.0,",
        "CET-1CEST,M0.5.0,M10.5.0", "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.0.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,M3.5,M10.5.0",
        "CET-1CEST,J0,J1", "CET-1CEST,J1,J366", "CET-1CEST,0,366",
        "CET-1CEST,0/168,1", "CET-1CEST,0/-168,1", "CET-1CEST,0/,1",
        "CET-1CEST,0/1:2:3:4,1", "CET-1CEST,-1,1", "CET-1CE,0,1",
        "CET-1CEST-25,0,1", "CET-1CEST,K1,K2"
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        zone = zone_of_rule(bad[i], 0);

        if (zone != NULL) {
            fail_msg("\"%s\" is taken", bad[i]);
        }
    }
}


/* --- files -------------------------------------------------------------- */

static const int64_t  file_times[] = { 0, 1000000000 };
static const uint8_t  file_types[] = { 0, 1 };
static const int32_t  file_offsets[] = { 0, 3600 };

static const tzif_t  file_good = {
    file_times, file_types, 2, file_offsets, 2, 0, "CET-1"
};


static void
refused(const tzif_t *tzif, const char *what)
{
    cxm_buf_t    file;
    cxm_zone_t  *zone;

    tzif_file(&file, tzif);

    if (cxm_zone_parse(cxm_str("Test"), cxm_buf_str(&file), &zone)
        != CXM_BAD_REQUEST)
    {
        fail_msg("%s is taken", what);
    }

    assert_null(zone);
    cxm_buf_free(&file);
}


static void
files_refused(void **state)
{
    tzif_t  tzif;

    static const int64_t  twice[] = { 5, 5 };
    static const int64_t  back[] = { 5, 4 };
    static const int64_t  late[] = { 0, 253402300800 };
    static const uint8_t  beyond[] = { 0, 2 };
    static const int32_t  east[] = { 0, 26 * 3600 };
    static const int32_t  west[] = { 0, -25 * 3600 };
    static const int64_t  many_times[2001];
    static const uint8_t  many_types[2001];
    static const int32_t  many_offsets[257];

    (void) state;

#define without(member, value, what)                                          \
    tzif = file_good;                                                         \
    tzif.member = value;                                                      \
    refused(&tzif, what)

    without(times, twice, "a change twice");
    without(times, back, "a change that goes back");
    without(times, late, "a change in the year 10000");
    without(types, beyond, "a type that is not there");
    without(offsets, east, "an offset of 26 h");
    without(offsets, west, "an offset of -25 h");
    without(ntypes, 0, "no type");
    without(nleaps, 1, "a zone with leap seconds");
    without(footer, "CET", "a broken footer");
    without(footer, "\n", "a footer with a line break");

    tzif = (tzif_t) { many_times, many_types, 2001, file_offsets, 2, 0, "" };
    refused(&tzif, "2001 changes");
    tzif = (tzif_t) { NULL, NULL, 0, many_offsets, 257, 0, "" };
    refused(&tzif, "257 types");
}


/* Whatever is cut off or changed is refused or read, and never more. */
static void
bytes(void **state)
{
    size_t       i;
    uint8_t     *copy;
    cxm_buf_t    file;
    cxm_zone_t  *zone;

    (void) state;

    tzif_file(&file, &file_good);
    assert_int_equal(cxm_zone_parse(cxm_str("Test"), cxm_buf_str(&file),
                                    &zone), CXM_OK);
    cxm_zone_free(zone);
    assert_int_equal(cxm_zone_parse(cxm_str("../Test"), cxm_buf_str(&file),
                                    &zone), CXM_BAD_REQUEST);

    for (i = 0; i < file.len; i++) {

        /* a copy of its own, so that a sanitizer sees its end */

        copy = malloc(i + 1);
        memcpy(copy, file.data, i);
        assert_int_equal(cxm_zone_parse(cxm_str("Test"),
                                        (cxm_str_t) { i, (char *) copy },
                                        &zone), CXM_BAD_REQUEST);
        free(copy);

        file.data[i] ^= 0xff;

        if (cxm_zone_parse(cxm_str("Test"), cxm_buf_str(&file), &zone)
            == CXM_OK)
        {
            (void) cxm_zone_span(zone, at("2026-01-01T00:00:00Z"));
            cxm_zone_free(zone);
        }

        file.data[i] ^= 0xff;
    }

    file.data[4] = '\0';
    assert_int_equal(cxm_zone_parse(cxm_str("Test"), cxm_buf_str(&file),
                                    &zone), CXM_BAD_REQUEST);
    cxm_buf_free(&file);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(utc),
        cmocka_unit_test_setup_teardown(spans, zones_open, zones_close),
        cmocka_unit_test(changes),
        cmocka_unit_test(daylight_time_all_year),
        cmocka_unit_test(rules_refused),
        cmocka_unit_test(files_refused),
        cmocka_unit_test(bytes)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
