/*
 * Definitions: what they may say, their numbers, what answers stand against.
 */

#include "survey_fixture.h"


#define refused(text, at, why)                                                \
    do {                                                                      \
        assert_int_equal(put("bad", text), CXM_INVALID);                      \
        assert_string_equal(pointer(), at);                                   \
        assert_string_equal(code(), why);                                     \
    } while (0)

#define Q(id, type, more)                                                     \
    "{\"id\":\"" id "\",\"type\":\"" type "\",\"text\":{\"en\":\"?\"}" more "}"

#define SCALE(min, max)   ",\"scale\":{\"min\":" #min ",\"max\":" #max "}"
#define CHOICES(list)     ",\"choices\":[" list "]"
#define CHOICE(id)        "{\"id\":\"" id "\",\"text\":{\"en\":\"c\"}}"


static void
refusals(void **state)
{
    (void) state;

    refused("{}", "/title", "required");
    refused("{\"title\":\"T\",\"questions\":[]}", "/questions", "too_short");
    refused("{\"title\":\"T\",\"extra\":1,\"questions\":[" Q_NPS "]}",
            "/extra", "unknown_field");

    refused(LIVE(Q("A", "nps", ""), ""), "/questions/0/id", "invalid");
    refused(LIVE(Q("-a", "nps", ""), ""), "/questions/0/id", "invalid");
    refused(LIVE(Q_NPS "," Q_NPS, ""), "/questions/1/id", "duplicate");
    refused(LIVE(Q("a", "stars", ""), ""), "/questions/0/type",
            "not_allowed");
    refused(LIVE("{\"id\":\"a\",\"type\":\"nps\",\"text\":{}}", ""),
            "/questions/0/text", "too_short");
    refused(LIVE("{\"id\":\"a\",\"type\":\"nps\",\"text\":{\"en_US\":\"x\"}}",
                 ""), "/questions/0/text/en_US", "invalid");
    refused(LIVE(Q("a", "nps", ",\"show_if\":{}"), ""),
            "/questions/0/show_if", "invalid");

    refused(LIVE(Q("a", "nps", SCALE(1, 10)), ""), "/questions/0/scale",
            "out_of_range");
    refused(LIVE(Q("a", "scale", ""), ""), "/questions/0/scale", "required");
    refused(LIVE(Q("a", "scale", SCALE(5, 5)), ""), "/questions/0/scale",
            "out_of_range");
    refused(LIVE(Q("a", "scale", SCALE(0, 101)), ""), "/questions/0/scale",
            "out_of_range");
    refused(LIVE(Q("a", "scale", SCALE(-1, 5)), ""),
            "/questions/0/scale/min", "out_of_range");
    refused(LIVE(Q("a", "text", SCALE(0, 5)), ""), "/questions/0/scale",
            "not_allowed");

    refused(LIVE(Q("a", "text", ",\"low\":{\"en\":\"l\"}"), ""),
            "/questions/0/low", "not_allowed");
    refused(LIVE(Q("a", "nps", ",\"high\":{\"e\":\"h\"}"), ""),
            "/questions/0/high/e", "invalid");
    refused(LIVE(Q("a", "nps", ",\"high\":\"h\""), ""),
            "/questions/0/high", "wrong_type");
    refused(LIVE(Q_NPS, ",\"thanks\":{\"en\":\"t\",\"EN\":\"u\"}"),
            "/thanks/EN", "duplicate");
    refused(LIVE(Q_NPS, ",\"heading\":{\"x_y\":\"t\"}"), "/heading/x_y",
            "invalid");

    refused(LIVE(Q("a", "choice", ""), ""), "/questions/0/choices",
            "required");
    refused(LIVE(Q("a", "nps", CHOICES(CHOICE("x"))), ""),
            "/questions/0/choices", "not_allowed");
    refused(LIVE(Q("a", "multi", CHOICES(CHOICE("x") "," CHOICE("x"))), ""),
            "/questions/0/choices/1/id", "duplicate");

    refused(LIVE(Q_NPS, ",\"segment_by\":[\"channel\"]"), "/segment_by/0",
            "not_allowed");
    refused(LIVE(Q_NPS, ",\"segment_by\":[\"a b\"]"), "/segment_by/0",
            "invalid");
    refused(LIVE(Q_NPS, ",\"sample\":1.5"), "/sample", "out_of_range");
    refused(LIVE(Q_NPS, ",\"sample\":0"), "/sample", "out_of_range");
    refused(LIVE(Q_NPS, ",\"sample\":0.0"), "/sample", "out_of_range");
    refused(LIVE(Q_NPS, ",\"quota\":{}"), "/quota/responses", "required");
    refused(LIVE(Q_NPS, ",\"suppress\":{\"any_survey_days\":-1}"),
            "/suppress/any_survey_days", "out_of_range");
    refused(LIVE(Q_NPS, ",\"partial_timeout_hours\":0"),
            "/partial_timeout_hours", "out_of_range");
    refused(LIVE(Q_NPS, ",\"default_language\":\"de\""), "/default_language",
            "invalid");

    refused(LIVE(Q_WHY, ",\"csi\":{\"questions\":[\"why\"]}"),
            "/csi/questions/0", "invalid");
    refused(LIVE(Q_NPS, ",\"csi\":{\"questions\":[\"nps\"],"
                 "\"weights\":[1,2]}"), "/csi/weights", "invalid");
    refused(LIVE(Q_NPS, ",\"csi\":{\"questions\":[\"nps\"],"
                 "\"weights\":[0]}"), "/csi/weights/0", "out_of_range");

    assert_int_equal(put("Bad", LIVE(Q_NPS, "")), CXM_INVALID);
    assert_int_equal(put("a-", LIVE(Q_NPS, "")), CXM_OK);
}


static uint64_t
version_of(const char *slug)
{
    uint64_t             version;
    cxm_txn_t           *txn;
    const cxm_survey_t  *survey;

    txn = fixture_read(&f);
    assert_int_equal(cxm_survey_by_slug(txn, cxm_strz(slug), &survey, &err),
                     CXM_OK);
    version = survey->doc.version;
    cxm_txn_end(txn);

    return version;
}


static unsigned
question_no(const char *slug, const char *id)
{
    unsigned             no;
    cxm_txn_t           *txn;
    const cxm_survey_t  *survey;

    txn = fixture_read(&f);
    assert_int_equal(cxm_survey_by_slug(txn, cxm_strz(slug), &survey, &err),
                     CXM_OK);
    assert_non_null(cxm_survey_question(survey, cxm_strz(id)));
    no = cxm_survey_question(survey, cxm_strz(id))->no;
    cxm_txn_end(txn);

    return no;
}


static unsigned
segment_no(const char *slug, const char *name)
{
    unsigned             no;
    cxm_txn_t           *txn;
    const cxm_survey_t  *survey;

    txn = fixture_read(&f);
    assert_int_equal(cxm_survey_by_slug(txn, cxm_strz(slug), &survey, &err),
                     CXM_OK);
    no = cxm_survey_segment(survey, cxm_strz(name));
    cxm_txn_end(txn);

    return no;
}


static void
numbers(void **state)
{
    (void) state;

    must_put("n", LIVE(Q_NPS "," Q_WHY, ",\"segment_by\":[\"plan\",\"x\"]"));
    assert_int_equal(question_no("n", "nps"), 1);
    assert_int_equal(question_no("n", "why"), 2);
    assert_int_equal(segment_no("n", "plan"), 16);
    assert_int_equal(segment_no("n", "x"), 17);
    assert_int_equal(segment_no("n", "channel"), CXM_SEGMENT_CHANNEL);
    assert_int_equal(segment_no("n", "none"), 0);
    assert_int_equal(segment_no("n", ""), 0);

    /* the same again is the same version */

    must_put("n", LIVE(Q_NPS "," Q_WHY, ",\"segment_by\":[\"plan\",\"x\"]"));
    assert_int_equal(version_of("n"), 1);

    /* what goes keeps its number, what comes gets another */

    must_put("n", LIVE(Q("b", "ces", "") "," Q_WHY,
                       ",\"segment_by\":[\"y\",\"x\"]"));
    assert_int_equal(version_of("n"), 2);
    assert_int_equal(question_no("n", "b"), 3);
    assert_int_equal(segment_no("n", "y"), 18);

    must_put("n", LIVE(Q_NPS "," Q("c", "csat", ""),
                       ",\"segment_by\":[\"z\",\"plan\"]"));
    assert_int_equal(question_no("n", "nps"), 1);
    assert_int_equal(question_no("n", "c"), 4);
    assert_int_equal(segment_no("n", "plan"), 16);
    assert_int_equal(segment_no("n", "z"), 19);
}


static void
shown(void **state)
{
    json_t              *json;
    cxm_txn_t           *txn;
    const cxm_survey_t  *survey;

    (void) state;

    must_put("s", "{\"title\":\"T\",\"questions\":["
             Q("a", "choice", CHOICES(CHOICE("x"))) ","
             "{\"id\":\"b\",\"type\":\"ces\",\"weight\":2,"
             "\"text\":{\"de\":\"B\",\"en\":\"b\"}}],\"sample\":0.25,"
             "\"segment_by\":[\"plan\"],\"quota\":{\"responses\":5}}");

    txn = fixture_read(&f);
    assert_int_equal(cxm_survey_by_slug(txn, cxm_str("s"), &survey, &err),
                     CXM_OK);
    assert_int_equal(survey->status, CXM_SURVEY_DRAFT);
    assert_int_equal(cxm_survey_open(survey, &err), CXM_NOT_FOUND);

    json = cxm_survey_json(&survey->doc);
    assert_string_equal(member(json, "status"), "\"draft\"");
    assert_string_equal(member(json, "sample"), "0.25");
    assert_string_equal(member(json, "quota"), "{\"responses\":5}");
    assert_string_equal(member(json, "version"), "1");
    assert_string_equal(member(json, "segments"), "absent");
    assert_string_equal(member(json, "retired"), "absent");
    assert_string_equal(text_of(json_array_get(json_object_get(json,
                                               "questions"), 0)),
                        Q("a", "choice", CHOICES(CHOICE("x"))));
    json_decref(json);

    json = cxm_survey_public_json(survey);
    assert_string_equal(text_of(json),
        "{\"survey\":\"s\",\"version\":1,\"title\":\"T\","
        "\"languages\":[\"en\",\"de\"],"
        "\"default_language\":\"en\",\"questions\":[{\"id\":\"a\","
        "\"type\":\"choice\",\"text\":{\"en\":\"?\"},\"required\":false,"
        "\"choices\":[{\"id\":\"x\",\"text\":{\"en\":\"c\"}}]},"
        "{\"id\":\"b\",\"type\":\"ces\",\"text\":{\"de\":\"B\",\"en\":\"b\"},"
        "\"required\":false,\"scale\":{\"min\":1,\"max\":7}}]}");
    json_decref(json);
    cxm_txn_end(txn);
}


static void
stands(const char *text, const char *at)
{
    assert_int_equal(put("c", text), CXM_CONFLICT);
    assert_string_equal(err.code, "question_has_answers");
    assert_string_equal(pointer(), at);
}


static void
answered(void **state)
{
    (void) state;

    must_put("c", LIVE(Q("s", "scale", SCALE(1, 5)) ","
                       Q("m", "multi", CHOICES(CHOICE("x") "," CHOICE("y")))
                       "," Q_WHY, ""));

    /* nobody has answered yet: all may change */

    must_put("c", LIVE(Q("s", "scale", SCALE(1, 10)) ","
                       Q("m", "multi", CHOICES(CHOICE("y") "," CHOICE("x")))
                       "," Q_WHY, ""));

    must_answer("c", "{\"answers\":{\"s\":7,\"m\":[\"x\"],\"why\":\"w\"}}");

    stands(LIVE(Q("s", "scale", SCALE(1, 5)), ""), "/questions/0/scale");
    stands(LIVE(Q("s", "nps", ""), ""), "/questions/0/type");
    stands(LIVE(Q("m", "choice", CHOICES(CHOICE("x") "," CHOICE("y"))), ""),
           "/questions/0/type");
    stands(LIVE(Q("m", "multi", CHOICES(CHOICE("x"))), ""),
           "/questions/0/choices");
    stands(LIVE(Q("why", "nps", ""), ""), "/questions/0/type");

    /* the usual scale and one that is said are the same or not */

    must_put("scales", LIVE(Q("sat", "csat", "") "," Q("ces", "ces", ""), ""));
    must_answer("scales", "{\"answers\":{\"sat\":5,\"ces\":1}}");
    must_put("scales", LIVE(Q("sat", "csat", SCALE(1, 5)) ","
                            Q("ces", "ces", SCALE(1, 7)), ""));
    assert_int_equal(put("scales", LIVE(Q("sat", "csat", SCALE(1, 10)), "")),
                     CXM_CONFLICT);
    assert_string_equal(pointer(), "/questions/0/scale");
    assert_int_equal(put("scales", LIVE(Q("ces", "ces", SCALE(1, 5)), "")),
                     CXM_CONFLICT);

    /* another order and more choices do no harm: points are numbers */

    must_put("c", LIVE(Q("m", "multi", CHOICES(CHOICE("z") "," CHOICE("x")
                                               "," CHOICE("y"))), ""));
    must_answer("c", "{\"answers\":{\"m\":[\"z\",\"x\"]}}");
    assert_int_equal(count("c", 2, NULL, NULL, 0), 2);      /* x */
    assert_int_equal(count("c", 2, NULL, NULL, 1), 0);      /* y */
    assert_int_equal(count("c", 2, NULL, NULL, 2), 1);      /* z */

    /* retired with answers, it comes back as it was or not at all */

    stands(LIVE(Q("s", "scale", SCALE(1, 9)), ""), "/questions/0/scale");
    must_put("c", LIVE(Q("s", "scale", SCALE(1, 10)), ""));
    assert_int_equal(question_no("c", "s"), 1);
}


static void
csi(void **state)
{
    cxm_txn_t           *txn;
    const cxm_survey_t  *survey;

#define ITEMS                                                                 \
    Q("a", "scale", SCALE(1, 10)) "," Q("b", "scale", SCALE(1, 10)) ","       \
    Q("c", "scale", SCALE(1, 10))

    (void) state;

    must_put("csi", LIVE(ITEMS, ",\"csi\":{\"questions\":[\"a\",\"b\",\"c\"],"
                         "\"weights\":[0.3885,0.3190,0.2925]}"));

    txn = fixture_read(&f);
    assert_int_equal(cxm_survey_by_slug(txn, cxm_str("csi"), &survey, &err),
                     CXM_OK);
    assert_int_equal(survey->ncsi, 3);
    assert_int_equal(survey->csi_items[0].weight, 388500);
    assert_int_equal(survey->csi_items[1].weight, 319000);
    assert_int_equal(survey->csi_items[2].weight, 292500);
    assert_int_equal(survey->csi_items[2].max, 10);
    cxm_txn_end(txn);

    must_put("csi", LIVE(ITEMS, ",\"csi\":{\"questions\":[\"a\",\"b\",\"c\"]}"
                        ));
    must_answer("csi", "{\"answers\":{\"a\":8,\"b\":7,\"c\":9}}");
    must_answer("csi", "{\"answers\":{\"a\":8,\"b\":7}}");
    assert_int_equal(count("csi", CXM_SERIES_CSI, NULL, NULL, 778), 1);
    assert_int_equal(count("csi", CXM_SERIES_CSI_ITEM, NULL, NULL, 7), 1);
    assert_int_equal(count("csi", CXM_SERIES_CSI_ITEM + 2, NULL, NULL, 8), 1);
    assert_int_equal(count("csi", 1, NULL, NULL, 7), 2);

    /* positions are counted: they stay what they were */

    assert_int_equal(put("csi", LIVE(ITEMS, ",\"csi\":{\"questions\":"
                                     "[\"b\",\"a\",\"c\"]}")), CXM_CONFLICT);
    assert_string_equal(pointer(), "/csi/questions");

    must_put("csi", LIVE(ITEMS, ""));
    assert_int_equal(put("csi", LIVE(ITEMS, ",\"csi\":{\"questions\":"
                                     "[\"b\",\"a\",\"c\"]}")), CXM_CONFLICT);
    must_put("csi", LIVE(ITEMS, ",\"csi\":{\"questions\":[\"a\",\"b\",\"c\"]}"
                        ));
}


static void
asking(void **state)
{
    cxm_txn_t           *txn;
    const cxm_survey_t  *survey;

    (void) state;

    must_put("plain", LIVE(Q_NPS, ""));
    must_put("bound", LIVE(Q_NPS, ",\"suppress\":{\"same_survey_days\":90,"
             "\"any_survey_days\":7},\"quota\":{\"responses\":5},"
             "\"sample\":0.25,\"partial_timeout_hours\":2"));

    txn = fixture_read(&f);
    assert_int_equal(cxm_survey_by_slug(txn, cxm_str("plain"), &survey, &err),
                     CXM_OK);
    assert_int_equal(survey->suppress_same, 0);
    assert_int_equal(survey->suppress_any, 0);
    assert_int_equal(survey->quota, 0);
    assert_true(survey->sample == 1);
    assert_int_equal(survey->partial_timeout, 7 * CXM_MS_DAY);

    assert_int_equal(cxm_survey_by_slug(txn, cxm_str("bound"), &survey, &err),
                     CXM_OK);
    assert_int_equal(survey->suppress_same, 90 * CXM_MS_DAY);
    assert_int_equal(survey->suppress_any, 7 * CXM_MS_DAY);
    assert_int_equal(survey->quota, 5);
    assert_true(survey->sample == 0.25);
    assert_int_equal(survey->partial_timeout, 2 * CXM_MS_HOUR);
    cxm_txn_end(txn);
}


static void
deletion(void **state)
{
    cxm_rc_t              rc;
    cxm_txn_t            *txn;
    const cxm_survey_t   *survey;

    (void) state;

    must_put("d", LIVE(Q_NPS, ""));
    cxm_error_init(&err);

    /* a definition read before is gone after, in the same transaction */

    txn = fixture_write(&f);
    assert_int_equal(cxm_survey_by_slug(txn, cxm_str("d"), &survey, &err),
                     CXM_OK);
    assert_int_equal(cxm_survey_delete(txn, &staff, cxm_str("d"),
                                       CXM_VERSION_ANY, &err), CXM_OK);
    assert_int_equal(cxm_survey_by_slug(txn, cxm_str("d"), &survey, &err),
                     CXM_NOT_FOUND);
    fixture_commit(txn);

    must_put("d", LIVE(Q_NPS, ""));
    must_answer("d", "{\"answers\":{\"nps\":9}}");

    txn = fixture_write(&f);
    rc = cxm_survey_delete(txn, &staff, cxm_str("d"), CXM_VERSION_ANY, &err);
    assert_int_equal(rc, CXM_CONFLICT);
    assert_string_equal(err.code, "has_answers");
    cxm_txn_end(txn);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(refusals, survey_open, survey_close),
        cmocka_unit_test_setup_teardown(numbers, survey_open, survey_close),
        cmocka_unit_test_setup_teardown(shown, survey_open, survey_close),
        cmocka_unit_test_setup_teardown(answered, survey_open, survey_close),
        cmocka_unit_test_setup_teardown(csi, survey_open, survey_close),
        cmocka_unit_test_setup_teardown(asking, survey_open, survey_close),
        cmocka_unit_test_setup_teardown(deletion, survey_open, survey_close)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
