/*
 * Figures of scores over counters: the known answers.
 */

#include "score_fixture.h"


static void
nothing(void **state)
{
    json_t  *j;

    (void) state;

    nps_question();
    query.bucket = CXM_BUCKET_DAY;
    query.by = SEGMENT;
    j = run();

    has(j, "metric", "\"nps\"");
    has(j, "survey", "\"demo\"");
    has(j, "question", "\"q\"");
    has(j, "from", "null");
    has(j, "to", "null");
    has(j, "tz", "\"UTC\"");
    has(j, "n", "0");
    has(j, "promoters", "0");
    has(j, "value", "null");
    has(j, "display", "null");
    has(j, "margin", "null");
    has(j, "center", "null");
    has(j, "low", "null");
    has(j, "high", "null");
    has(j, "margin_normal", "null");
    has(j, "scale", "[0,0,0,0,0,0,0,0,0,0,0]");
    has(j, "buckets", "[]");
    has(j, "segments", "[]");
    json_decref(j);

    range("2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z");
    j = run();
    assert_int_equal(json_array_size(json_object_get(j, "buckets")), 2);
    has(j, "to", "\"2026-01-03T00:00:00.000Z\"");
    json_decref(j);
}


static void
nps(void **state)
{
    json_t  *j;

    (void) state;

    count(QUESTION, "2026-03-01T10:00:00Z", 10, 20, "a");
    count(QUESTION, "2026-03-01T10:00:00Z", 9, 30, "a");
    count(QUESTION, "2026-03-02T10:00:00Z", 8, 25, "a");
    count(QUESTION, "2026-03-03T10:00:00Z", 6, 24, "a");
    count(QUESTION, "2026-03-03T10:00:00Z", 0, 1, "a");

    nps_question();
    j = run();

    has(j, "from", "\"2026-03-01T00:00:00.000Z\"");
    has(j, "to", "\"2026-03-04T00:00:00.000Z\"");
    has(j, "n", "100");
    has(j, "promoters", "50");
    has(j, "passives", "25");
    has(j, "detractors", "25");
    has(j, "value", "25.0");
    has(j, "display", "25");
    is(j, "margin_normal", 16.25);
    is(j, "center", 24.27);
    is(j, "margin", 15.97);
    is(j, "low", 24.27 - 15.97);
    is(j, "high", 24.27 + 15.97);
    has(j, "scale", "[1,0,0,0,0,0,24,0,25,30,20]");
    has(j, "variant", "absent");
    json_decref(j);
}


static void
five_promoters(void **state)
{
    json_t  *j;

    (void) state;

    count(QUESTION, "2026-03-01T10:00:00Z", 10, 5, NULL);
    nps_question();
    j = run();

    has(j, "value", "100.0");
    is(j, "center", 62.50);
    is(j, "margin", 45.01);
    has(j, "high", "100.0");
    json_decref(j);
}


/* 5, 4, 4, 3, 1 */
static void
csat(void **state)
{
    json_t  *j;

    (void) state;

    count(QUESTION, "2026-03-01T10:00:00Z", 4, 1, NULL);
    count(QUESTION, "2026-03-01T10:00:00Z", 3, 2, NULL);
    count(QUESTION, "2026-03-01T10:00:00Z", 2, 1, NULL);
    count(QUESTION, "2026-03-01T10:00:00Z", 0, 1, NULL);

    scale(CXM_METRIC_CSAT, NULL, 1, 5);
    j = run();
    has(j, "variant", "\"top2\"");
    has(j, "value", "60.0");
    has(j, "positive", "3");
    has(j, "scale", "[1,0,1,2,1]");
    json_decref(j);

    scale(CXM_METRIC_CSAT, "mean", 1, 5);
    j = run();
    has(j, "variant", "\"mean\"");
    has(j, "value", "3.4");
    has(j, "positive", "absent");
    json_decref(j);

    scale(CXM_METRIC_CSAT, "net", 1, 5);
    j = run();
    has(j, "value", "40.0");
    has(j, "positive", "3");
    has(j, "neutral", "1");
    has(j, "negative", "1");
    json_decref(j);
}


static void
ces(void **state)
{
    uint32_t   i;
    json_t    *j;

    (void) state;

    for (i = 0; i < 7; i++) {
        count(QUESTION, "2026-03-01T10:00:00Z", i, 1, NULL);
    }

    scale(CXM_METRIC_CES, NULL, 1, 7);
    j = run();
    has(j, "variant", "\"mean\"");
    has(j, "value", "4.0");
    json_decref(j);

    scale(CXM_METRIC_CES, "agree", 1, 7);
    j = run();
    has(j, "value", "42.857143");
    has(j, "display", "43");
    json_decref(j);

    scale(CXM_METRIC_CES, "net", 1, 7);
    j = run();
    has(j, "value", "-14.285714");
    json_decref(j);

    scale(CXM_METRIC_CES, "net", 1, 5);
    refused("?variant", "not_supported");
}


static void
csi_question(cxm_score_item_t items[3], double a, double b, double c)
{
    int     i;
    double  weights[] = { a, b, c };

    nps_question();
    query.metric = "csi";
    query.question_id = (cxm_str_t) { 0, NULL };
    query.question = 0xffff;
    query.max = 1000;
    query.variant = NULL;
    query.items = items;
    query.nitems = 3;

    for (i = 0; i < 3; i++) {
        items[i] = (cxm_score_item_t) {
            cxm_str("item"), (uint16_t) (0xff00 + i),
            { 1, 10, cxm_csi_weight(weights[i]) }
        };
    }
}


/* 8, 7, 9 on 1..10, twice with the value "a"; 1, 1, 1 with none. */
static void
csi(void **state)
{
    json_t            *j, *s, *b;
    cxm_score_item_t   items[3];

    (void) state;

    count(0xff00, "2026-03-01T10:00:00Z", 7, 2, "a");
    count(0xff01, "2026-03-01T10:00:00Z", 6, 2, "a");
    count(0xff02, "2026-03-01T10:00:00Z", 8, 2, "a");
    count(0xffff, "2026-03-01T10:00:00Z", 778, 2, "a");

    csi_question(items, 1.0 / 3, 1.0 / 3, 1.0 / 3);
    j = run();
    has(j, "question", "null");
    has(j, "variant", "absent");
    has(j, "scale", "absent");
    has(j, "n", "2");
    is(j, "value", 77.78);
    has(j, "display", "78");
    is(j, "margin", 0);
    has(j, "questions", "[{\"id\":\"item\",\"mean\":8.0,\"weight\":0.333333},"
        "{\"id\":\"item\",\"mean\":7.0,\"weight\":0.333333},"
        "{\"id\":\"item\",\"mean\":9.0,\"weight\":0.333333}]");
    json_decref(j);

    csi_question(items, .3885, .3190, .2925);
    j = run();
    is(j, "value", 77.48);
    json_decref(j);

    count(0xff00, "2026-03-03T10:00:00Z", 0, 1, NULL);
    count(0xff01, "2026-03-03T10:00:00Z", 0, 1, NULL);
    count(0xff02, "2026-03-03T10:00:00Z", 0, 1, NULL);
    count(0xffff, "2026-03-03T10:00:00Z", 0, 1, NULL);

    query.bucket = CXM_BUCKET_DAY;
    query.by = SEGMENT;
    j = run();
    has(j, "n", "3");
    is(j, "value", 51.66);

    b = json_object_get(j, "buckets");
    assert_int_equal(json_array_size(b), 3);
    is(json_array_get(b, 0), "value", 77.48);
    has(json_array_get(b, 1), "n", "0");
    has(json_array_get(b, 1), "value", "null");
    has(json_array_get(b, 1), "questions", "[{\"id\":\"item\",\"mean\":null,"
        "\"weight\":0.3885},{\"id\":\"item\",\"mean\":null,\"weight\":0.319},"
        "{\"id\":\"item\",\"mean\":null,\"weight\":0.2925}]");
    has(json_array_get(b, 2), "value", "0.0");

    s = json_object_get(j, "segments");
    assert_int_equal(json_array_size(s), 2);
    has(json_array_get(s, 0), "value", "\"a\"");
    is(json_array_get(s, 0), "score", 77.48);
    has(json_array_get(s, 1), "value", "null");
    has(json_array_get(s, 1), "score", "0.0");
    json_decref(j);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        test(nothing),
        test(nps),
        test(five_promoters),
        test(csat),
        test(ces),
        test(csi)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
