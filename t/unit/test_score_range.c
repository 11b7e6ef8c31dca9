/*
 * Ranges, buckets and segments of scores.
 */

#include "cxm_duration.h"
#include "score_fixture.h"


/* --- buckets ------------------------------------------------------------ */

/* "start n" of each bucket. */
static void
buckets(const char *expect)
{
    size_t      i;
    json_t     *j, *b;
    cxm_buf_t   buf;

    j = run();
    cxm_buf_init(&buf, 1 << 20);

    for (i = 0; i < json_array_size(json_object_get(j, "buckets")); i++) {
        b = json_array_get(json_object_get(j, "buckets"), i);
        cxm_buf_printf(&buf, "%.16s %d\n",
                       json_string_value(json_object_get(b, "start")),
                       (int) cxm_json_get_int(b, "n", -1));
    }

    cxm_buf_putc(&buf, 0);
    assert_string_equal(buf.data, expect);
    cxm_buf_free(&buf);
    json_decref(j);
}


static void
all_buckets(void **state)
{
    (void) state;

    count(QUESTION, "2025-12-31T23:59:59.999Z", 10, 1, NULL);
    count(QUESTION, "2026-01-01T00:00:00Z", 10, 2, NULL);
    count(QUESTION, "2026-01-01T02:15:00Z", 10, 4, NULL);
    count(QUESTION, "2026-01-04T12:00:00Z", 10, 8, NULL);
    count(QUESTION, "2026-01-05T12:00:00Z", 10, 16, NULL);

    nps_question();
    buckets("");

    query.bucket = CXM_BUCKET_DAY;
    buckets("2025-12-31T00:00 1\n2026-01-01T00:00 6\n2026-01-02T00:00 0\n"
            "2026-01-03T00:00 0\n2026-01-04T00:00 8\n2026-01-05T00:00 16\n");

    query.bucket = CXM_BUCKET_WEEK;
    buckets("2025-12-29T00:00 15\n2026-01-05T00:00 16\n");

    query.bucket = CXM_BUCKET_MONTH;
    buckets("2025-12-01T00:00 1\n2026-01-01T00:00 30\n");

    query.bucket = CXM_BUCKET_QUARTER;
    buckets("2025-10-01T00:00 1\n2026-01-01T00:00 30\n");

    query.bucket = CXM_BUCKET_YEAR;
    buckets("2025-01-01T00:00 1\n2026-01-01T00:00 30\n");

    query.bucket = CXM_BUCKET_HOUR;
    range("2025-12-31T23:00:00Z", "2026-01-01T04:00:00Z");
    buckets("2025-12-31T23:00 1\n2026-01-01T00:00 2\n2026-01-01T01:00 0\n"
            "2026-01-01T02:00 4\n2026-01-01T03:00 0\n");

    /* from and to cut the first and the last */

    range("2026-01-01T00:15:00Z", "2026-01-01T02:15:00Z");
    buckets("2026-01-01T00:00 0\n2026-01-01T01:00 0\n2026-01-01T02:00 0\n");

    query.bucket = CXM_BUCKET_DAY;
    range("2026-01-01T02:15:00Z", "2026-01-04T12:15:00Z");
    buckets("2026-01-01T00:00 4\n2026-01-02T00:00 0\n2026-01-03T00:00 0\n"
            "2026-01-04T00:00 8\n");

    query.bucket = CXM_BUCKET_WEEK;
    range("2026-01-01T02:15:00Z", "2026-01-05T12:00:00Z");
    buckets("2025-12-29T00:00 12\n2026-01-05T00:00 0\n");

    query.bucket = CXM_BUCKET_YEAR;
    range("2023-05-01T00:00:00Z", NULL);
    buckets("2023-01-01T00:00 0\n2024-01-01T00:00 0\n2025-01-01T00:00 1\n"
            "2026-01-01T00:00 30\n");

    range("2026-01-05T00:00:00Z", "2026-01-05T00:00:00Z");
    buckets("");
}


static void
ranges(void **state)
{
    json_t  *j;

    (void) state;

    nps_question();
    query.bucket = CXM_BUCKET_DAY;
    range("2026-03-01T00:00:00Z", NULL);
    j = run();
    has(j, "from", "\"2026-03-01T00:00:00.000Z\"");
    has(j, "to", "null");
    has(j, "buckets", "[]");
    json_decref(j);

    count(QUESTION, "2026-01-01T10:00:00Z", 10, 1, NULL);

    j = run();
    has(j, "from", "\"2026-03-01T00:00:00.000Z\"");
    has(j, "to", "\"2026-03-01T00:00:00.000Z\"");
    has(j, "n", "0");
    json_decref(j);

    range(NULL, "2025-03-01T00:00:00Z");
    j = run();
    has(j, "from", "\"2025-03-01T00:00:00.000Z\"");
    has(j, "n", "0");
    json_decref(j);

    range("2026-01-01T00:15:00Z", "2026-01-01T00:00:00Z");
    refused("?to", "out_of_range");

    query.bucket = CXM_BUCKET_HOUR;
    range("2026-01-01T00:00:00Z", "2027-02-21T16:00:00Z");
    j = run();
    assert_int_equal(json_array_size(json_object_get(j, "buckets")), 10000);
    json_decref(j);

    range("2026-01-01T00:00:00Z", "2027-02-21T16:15:00Z");
    refused("?bucket", "too_many");

    range("1970-01-01T00:00:00Z", "9999-12-31T00:00:00Z");
    refused("?bucket", "too_many");

    query.bucket = CXM_BUCKET_YEAR;
    j = run();
    assert_int_equal(json_array_size(json_object_get(j, "buckets")), 8030);
    json_decref(j);
}


/* --- segments ----------------------------------------------------------- */

static void
segments(void **state)
{
    size_t         i;
    json_t        *j, *s;
    uint32_t       value = 2;
    cxm_filter_t   filter = { SEGMENT, 1, &value };

    static const char *const  expect[][2] = {
        { "\"web\"", "30" }, { "\"(other)\"", "20" }, { "\"app\"", "10" },
        { "\"sms\"", "10" }, { "null", "99" }
    };

    (void) state;

    count(QUESTION, "2026-03-01T10:00:00Z", 10, 99, NULL);
    count(QUESTION, "2026-03-01T10:00:00Z", 10, 10, "app");
    count(QUESTION, "2026-03-02T10:00:00Z", 10, 20, "(other)");
    count(QUESTION, "2026-03-01T10:00:00Z", 10, 10, "sms");
    count(QUESTION, "2026-03-01T10:00:00Z", 10, 15, "web");
    count(QUESTION, "2026-03-02T10:00:00Z", 0, 15, "web");
    count(QUESTION, "2026-04-01T10:00:00Z", 10, 7, "later");

    nps_question();
    query.by = SEGMENT;
    range(NULL, "2026-04-01T00:00:00Z");
    j = run();
    has(j, "n", "169");
    s = json_object_get(j, "segments");
    assert_int_equal(json_array_size(s), 5);

    for (i = 0; i < 5; i++) {
        has(json_array_get(s, i), "value", expect[i][0]);
        has(json_array_get(s, i), "n", expect[i][1]);
    }

    has(json_array_get(s, 0), "score", "0.0");
    has(json_array_get(s, 0), "promoters", "15");
    has(json_array_get(s, 0), "scale", "[15,0,0,0,0,0,0,0,0,0,15]");
    json_decref(j);

    /* buckets are of all, and of each segment */

    query.bucket = CXM_BUCKET_MONTH;
    range(NULL, NULL);
    buckets("2026-03-01T00:00 169\n2026-04-01T00:00 7\n");

    j = run();
    s = json_array_get(json_object_get(j, "segments"), 0);
    has(s, "value", "\"web\"");
    s = json_object_get(s, "buckets");
    assert_int_equal(json_array_size(s), 2);
    has(json_array_get(s, 0), "start", "\"2026-03-01T00:00:00.000Z\"");
    has(json_array_get(s, 0), "n", "30");
    has(json_array_get(s, 0), "value", "0.0");
    has(json_array_get(s, 1), "n", "0");
    has(json_array_get(s, 1), "value", "null");
    json_decref(j);

    /* so many of them and no more */

    query.bucket = CXM_BUCKET_HOUR;
    range("2026-03-01T00:00:00Z", "2026-05-09T10:00:00Z");
    j = run();
    assert_int_equal(json_array_size(json_object_get(j, "segments")), 6);
    json_decref(j);

    range("2026-03-01T00:00:00Z", "2026-05-09T11:00:00Z");
    refused("?by", "too_many");

    /* two segments at once are no counter's */

    query.bucket = CXM_BUCKET_NONE;
    query.filters = &filter;
    query.nfilters = 1;
    refused("?where", "not_supported");
}


static void
some_values(void **state)
{
    json_t        *j;
    uint32_t       values[2] = { CXM_DICT_NULL };
    cxm_filter_t   filter = { SEGMENT, 1, values };

    (void) state;

    count(QUESTION, "2026-03-01T10:00:00Z", 10, 1, NULL);
    count(QUESTION, "2026-03-03T10:00:00Z", 10, 2, "a");
    count(QUESTION, "2026-03-05T10:00:00Z", 10, 4, "b");

    nps_question();
    query.filters = &filter;
    query.nfilters = 1;
    query.bucket = CXM_BUCKET_DAY;
    buckets("2026-03-01T00:00 1\n2026-03-02T00:00 0\n2026-03-03T00:00 0\n"
            "2026-03-04T00:00 0\n2026-03-05T00:00 0\n");

    values[0] = 2;
    query.bucket = CXM_BUCKET_NONE;
    j = run();
    has(j, "n", "2");
    has(j, "from", "\"2026-03-01T00:00:00.000Z\"");
    json_decref(j);

    /* any of several */

    values[1] = 3;
    filter.nvalues = 2;
    j = run();
    has(j, "n", "6");
    json_decref(j);

    filter.nvalues = 0;
    query.bucket = CXM_BUCKET_WEEK;
    j = run();
    has(j, "n", "0");
    has(j, "value", "null");
    assert_int_equal(json_array_size(json_object_get(j, "buckets")), 2);
    json_decref(j);
}


static void
too_few_to_tell(void **state)
{
    json_t  *j, *s;

    (void) state;

    count(QUESTION, "2026-03-01T10:00:00Z", 10, 4, "a");
    count(QUESTION, "2026-03-02T10:00:00Z", 10, 5, "b");

    nps_question();
    query.by = SEGMENT;
    query.floor = 5;
    query.bucket = CXM_BUCKET_DAY;
    j = run();

    has(j, "value", "100.0");
    has(j, "withheld", "absent");

    s = json_object_get(j, "buckets");
    has(json_array_get(s, 0), "n", "4");
    has(json_array_get(s, 0), "value", "null");
    has(json_array_get(s, 0), "withheld", "true");

    s = json_object_get(j, "segments");
    has(json_array_get(s, 0), "value", "\"b\"");
    has(json_array_get(s, 0), "score", "100.0");
    has(json_array_get(s, 1), "value", "\"a\"");
    has(json_array_get(s, 1), "n", "4");
    has(json_array_get(s, 1), "score", "null");
    has(json_array_get(s, 1), "promoters", "0");
    json_decref(j);
}


static void
touchpoints(void **state)
{
    json_t            *j, *s;
    cxm_txn_t         *txn;
    cxm_score_item_t   latency = { .question = 1 };

    (void) state;

    count(0, "2026-03-01T10:00:00Z", 0, 7, "view");
    count(1, "2026-03-01T10:00:00Z", cxm_duration_point(40), 6, "view");
    count(1, "2026-03-01T10:00:00Z", cxm_duration_point(60), 1, "view");
    count(0, "2026-03-02T10:00:00Z", 1, 2, "view");
    count(0, "2026-03-02T10:00:00Z", 1, 1, NULL);

    memset(&query, 0, sizeof(query));
    query.metric = "touchpoints";
    query.survey = SURVEY;
    query.max = 1;
    query.items = &latency;
    query.nitems = 1;
    query.zone = cxm_zone_utc();

    txn = fixture_read(&f);
    assert_int_equal(cxm_score_touchpoints(txn, &query, &j, &err), CXM_OK);
    has(j, "metric", "\"touchpoints\"");
    has(j, "n", "10");
    has(j, "bots", "3");
    has(j, "latency", "{\"p50\":40,\"p90\":60,\"p99\":60}");
    assert_null(json_object_get(j, "buckets"));
    assert_null(json_object_get(j, "segments"));
    json_decref(j);

    query.bucket = CXM_BUCKET_DAY;
    query.by = SEGMENT;
    assert_int_equal(cxm_score_touchpoints(txn, &query, &j, &err), CXM_OK);
    has(j, "buckets", "[{\"start\":\"2026-03-01T00:00:00.000Z\",\"n\":7,"
        "\"bots\":0,\"latency\":{\"p50\":40,\"p90\":60,\"p99\":60}},"
        "{\"start\":\"2026-03-02T00:00:00.000Z\",\"n\":3,\"bots\":3,"
        "\"latency\":{\"p50\":null,\"p90\":null,\"p99\":null}}]");
    s = json_object_get(j, "segments");
    has(json_array_get(s, 0), "value", "\"view\"");
    has(json_array_get(s, 0), "n", "9");
    has(json_array_get(s, 0), "bots", "2");
    has(json_array_get(s, 0), "latency",
        "{\"p50\":40,\"p90\":60,\"p99\":60}");
    has(json_array_get(s, 1), "value", "null");
    json_decref(j);
    cxm_txn_end(txn);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        test(all_buckets),
        test(ranges),
        test(segments),
        test(some_values),
        test(too_few_to_tell),
        test(touchpoints)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
