/*
 * Rules under which questions are asked: what they may say, when they hold,
 * and what becomes of answers to questions that are not asked.
 */

#include "survey_fixture.h"

#include "cxm_answer.h"
#include "cxm_rule.h"


#define Q(id, type, more)                                                     \
    "{\"id\":\"" id "\",\"type\":\"" type "\",\"text\":{\"en\":\"?\"}" more "}"
#define CHOICES                                                               \
    ",\"choices\":[{\"id\":\"x\",\"text\":{\"en\":\"X\"}},"                   \
    "{\"id\":\"y\",\"text\":{\"en\":\"Y\"}},"                                 \
    "{\"id\":\"z\",\"text\":{\"en\":\"Z\"}}]"
#define IF(rule)              ",\"show_if\":" rule
#define RULE(id, op, value)                                                   \
    "{\"question\":\"" id "\",\"op\":\"" op "\",\"value\":" value "}"
#define ALL(rules)            "{\"all\":[" rules "]}"
#define ANY(rules)            "{\"any\":[" rules "]}"

/* A last question with the rule behind one of each type. */
#define TYPES(rule)                                                           \
    LIVE(Q("nps", "nps", "") "," Q("one", "choice", CHOICES) ","              \
         Q("some", "multi", CHOICES) "," Q("why", "text", "") ","             \
         Q("who", "contact", "") "," Q("last", "ces", IF(rule)), "")


static void
refused(const char *text, const char *at, const char *why)
{
    assert_int_equal(put("bad", text), CXM_INVALID);

    if (strcmp(pointer(), at) != 0 || strcmp(code(), why) != 0) {
        print_error("%s\n%s %s\n", text, pointer(), code());
        fail();
    }
}


static void
refusals(void **state)
{
    (void) state;

#define AT  "/questions/5/show_if"

    refused(TYPES("{}"), AT, "invalid");
    refused(TYPES("true"), AT, "wrong_type");
    refused(TYPES("{\"op\":\"eq\",\"value\":1}"), AT, "invalid");
    refused(TYPES("{\"all\":[]}"), AT "/all", "too_short");
    refused(TYPES("{\"none\":[]}"), AT "/none", "unknown_field");
    refused(TYPES("{\"question\":\"nps\",\"op\":\"eq\",\"value\":1,"
                  "\"any\":[" RULE("nps", "eq", "1") "]}"), AT, "invalid");
    refused(TYPES("{\"question\":\"nps\"}"), AT "/op", "required");
    refused(TYPES("{\"question\":\"nps\",\"op\":\"lt\"}"), AT "/op",
            "not_allowed");
    refused(TYPES("{\"question\":\"nps\",\"op\":\"eq\"}"), AT "/value",
            "required");

    refused(TYPES(RULE("no", "eq", "1")), AT "/question", "not_found");
    refused(TYPES(RULE("last", "eq", "1")), AT "/question", "not_earlier");
    refused(LIVE(Q("a", "nps", IF(RULE("b", "eq", "1"))) ","
                 Q("b", "nps", IF(RULE("a", "eq", "1"))), ""),
            "/questions/0/show_if/question", "not_earlier");

    refused(TYPES(RULE("nps", "eq", "11")), AT "/value", "out_of_range");
    refused(TYPES(RULE("nps", "gte", "\"9\"")), AT "/value", "out_of_range");
    refused(TYPES(RULE("nps", "lte", "6.5")), AT "/value", "out_of_range");
    refused(TYPES(RULE("nps", "in", "9")), AT "/value", "wrong_type");
    refused(TYPES(RULE("nps", "in", "[]")), AT "/value", "wrong_type");
    refused(TYPES(RULE("nps", "in", "[9,null]")), AT "/value/1",
            "out_of_range");
    refused(TYPES(RULE("one", "eq", "\"w\"")), AT "/value", "not_allowed");
    refused(TYPES(RULE("some", "in", "[\"x\",\"w\"]")), AT "/value/1",
            "not_allowed");
    refused(TYPES(RULE("one", "gte", "\"x\"")), AT "/op", "not_allowed");
    refused(TYPES(RULE("why", "eq", "\"x\"")), AT "/op", "not_allowed");
    refused(TYPES(RULE("who", "answered", "1")), AT "/value", "wrong_type");

    refused(TYPES(ALL(RULE("nps", "eq", "1") "," ANY(RULE("no", "eq", "1")))),
            AT "/all/1/any/0/question", "not_found");
    refused(TYPES(ALL(ANY(ALL(RULE("nps", "eq", "1"))))),
            AT "/all/0/any/0/all", "unknown_field");
}


/* Whether the last question is asked after these answers. */
static int
asked(const char *rule, const char *answers)
{
    int                   holds;
    char                  text[4096];
    json_t               *given;
    cxm_txn_t            *txn;
    cxm_answers_t         out;
    const cxm_survey_t   *survey;
    cxm_answers_input_t   input;

    snprintf(text, sizeof(text), TYPES("%s"), rule);
    must_put("types", text);
    given = parsed(answers);
    memset(&input, 0, sizeof(input));
    input.given = given;

    txn = fixture_read(&f);
    assert_int_equal(cxm_survey_by_slug(txn, cxm_str("types"), &survey, &err),
                     CXM_OK);
    assert_int_equal(cxm_answers_check(survey, &input, &out, &err), CXM_OK);
    holds = cxm_rule_holds(survey->questions[5].show_if, out.shared,
                           out.personal);
    cxm_answers_clear(&out);
    cxm_txn_end(txn);
    json_decref(given);

    return holds;
}


static void
holds(void **state)
{
    size_t  i;

    static const struct { const char *rule, *answers; int asked; }  cases[] = {
        { RULE("nps", "lte", "6"), "{\"nps\":6}", 1 },
        { RULE("nps", "lte", "6"), "{\"nps\":7}", 0 },
        { RULE("nps", "lte", "6"), "{\"one\":\"x\"}", 0 },
        { RULE("nps", "gte", "9"), "{\"nps\":9}", 1 },
        { RULE("nps", "gte", "9"), "{\"nps\":8}", 0 },
        { RULE("nps", "gte", "0"), "{\"one\":\"x\"}", 0 },
        { RULE("nps", "eq", "0"), "{\"nps\":0}", 1 },
        { RULE("nps", "eq", "0"), "{\"nps\":1}", 0 },
        { RULE("nps", "ne", "0"), "{\"nps\":1}", 1 },
        { RULE("nps", "ne", "0"), "{\"nps\":0}", 0 },
        { RULE("nps", "ne", "0"), "{\"one\":\"x\"}", 0 },
        { RULE("nps", "in", "[1,9]"), "{\"nps\":9}", 1 },
        { RULE("nps", "in", "[1,9]"), "{\"nps\":5}", 0 },
        { RULE("one", "eq", "\"x\""), "{\"one\":\"x\"}", 1 },
        { RULE("one", "ne", "\"x\""), "{\"one\":\"y\"}", 1 },
        { RULE("one", "in", "[\"x\",\"z\"]"), "{\"one\":\"y\"}", 0 },
        { RULE("some", "eq", "\"y\""), "{\"some\":[\"x\",\"y\"]}", 1 },
        { RULE("some", "eq", "\"z\""), "{\"some\":[\"x\",\"y\"]}", 0 },
        { RULE("some", "ne", "\"z\""), "{\"some\":[\"x\",\"y\"]}", 1 },
        { RULE("some", "ne", "\"y\""), "{\"some\":[\"x\",\"y\"]}", 0 },
        { RULE("some", "in", "[\"z\",\"y\"]"), "{\"some\":[\"x\",\"y\"]}",
          1 },
        { RULE("why", "answered", "true"), "{\"why\":\"w\"}", 1 },
        { RULE("why", "answered", "true"), "{\"nps\":1}", 0 },
        { "{\"question\":\"why\",\"op\":\"answered\"}", "{\"why\":\"w\"}", 1 },
        { RULE("why", "answered", "false"), "{\"nps\":1}", 1 },
        { RULE("why", "answered", "false"), "{\"why\":\"w\"}", 0 },
        { RULE("why", "answered", "true"), "{\"nps\":1,\"why\":\" \"}", 0 },
        { RULE("who", "answered", "true"), "{\"who\":{\"name\":\"n\"}}", 1 },
        { ALL(RULE("nps", "gte", "1") "," RULE("nps", "lte", "3")),
          "{\"nps\":2}", 1 },
        { ALL(RULE("nps", "gte", "1") "," RULE("nps", "lte", "3")),
          "{\"nps\":4}", 0 },
        { ANY(RULE("nps", "lte", "1") "," RULE("one", "eq", "\"x\"")),
          "{\"nps\":4,\"one\":\"x\"}", 1 },
        { ANY(RULE("nps", "lte", "1") "," RULE("one", "eq", "\"x\"")),
          "{\"nps\":4,\"one\":\"y\"}", 0 },
        { ANY(ALL(RULE("nps", "lte", "1") "," RULE("one", "eq", "\"x\"")) ","
              ALL(RULE("nps", "gte", "9") "," RULE("one", "eq", "\"y\""))),
          "{\"nps\":9,\"one\":\"y\"}", 1 },
        { ANY(ALL(RULE("nps", "lte", "1") "," RULE("one", "eq", "\"x\"")) ","
              ALL(RULE("nps", "gte", "9") "," RULE("one", "eq", "\"y\""))),
          "{\"nps\":9,\"one\":\"x\"}", 0 }
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (asked(cases[i].rule, cases[i].answers) != cases[i].asked) {
            print_error("%s after %s\n", cases[i].rule, cases[i].answers);
            fail();
        }
    }
}


#define CHAIN                                                                 \
    LIVE(Q("nps", "nps", "") ","                                              \
         Q("bad", "choice", CHOICES ",\"required\":true"                      \
           IF(RULE("nps", "lte", "6"))) ","                                   \
         Q("why", "text", ",\"required\":true"                                \
           IF(RULE("bad", "eq", "\"x\""))) ","                                \
         Q("good", "ces", IF(RULE("bad", "answered", "false"))), "")


static cxm_rc_t
check(const char *given, const char *shared, const char *personal,
    int complete, cxm_answers_t *out)
{
    json_t               *texts[3];
    size_t                i;
    cxm_rc_t              rc;
    cxm_txn_t            *txn;
    const char           *all[3] = { given, shared, personal };
    const cxm_survey_t   *survey;
    cxm_answers_input_t   input;

    for (i = 0; i < 3; i++) {
        texts[i] = all[i] == NULL ? NULL : parsed(all[i]);
    }

    txn = fixture_read(&f);
    assert_int_equal(cxm_survey_by_slug(txn, cxm_str("chain"), &survey, &err),
                     CXM_OK);
    memset(&input, 0, sizeof(input));
    input.given = texts[0];
    input.shared = texts[1];
    input.personal = texts[2];
    input.required = complete ? survey->nquestions : 0;
    rc = cxm_answers_check(survey, &input, out, &err);
    cxm_txn_end(txn);

    for (i = 0; i < 3; i++) {
        json_decref(texts[i]);
    }

    return rc;
}


static void
given(const char *text, const char *at, const char *why)
{
    cxm_answers_t  out;

    if (at == NULL) {
        assert_int_equal(check(text, NULL, NULL, 1, &out), CXM_OK);

    } else {
        assert_int_equal(check(text, NULL, NULL, 1, &out), CXM_INVALID);
        assert_string_equal(pointer(), at);
        assert_string_equal(code(), why);
        assert_int_equal(err.nissues, 1);
    }

    cxm_answers_clear(&out);
}


static void
branches(void **state)
{
    cxm_answers_t  out;

    (void) state;

    must_put("chain", CHAIN);

    /* required where it is asked, refused where it is not */

    given("{\"nps\":9}", NULL, NULL);
    given("{\"nps\":9,\"good\":7}", NULL, NULL);
    given("{\"nps\":3}", "/answers/bad", "required");
    given("{\"nps\":3,\"bad\":\"x\"}", "/answers/why", "required");
    given("{\"nps\":3,\"bad\":\"y\"}", NULL, NULL);
    given("{\"nps\":3,\"bad\":\"x\",\"why\":\"w\"}", NULL, NULL);
    given("{\"nps\":9,\"bad\":\"x\"}", "/answers/bad", "not_shown");
    given("{\"nps\":3,\"bad\":\"y\",\"why\":\"w\"}", "/answers/why",
          "not_shown");
    given("{\"good\":7,\"nps\":3,\"bad\":\"y\"}", "/answers/good",
          "not_shown");

    /* nothing is said of rules that hang on what was refused */

    given("{\"nps\":33,\"bad\":\"x\",\"why\":\"w\"}", "/answers/nps",
          "out_of_range");
    given("{\"nps\":\"3\",\"good\":7}", "/answers/nps", "wrong_type");

    /* a change takes out all that hangs on it, and tells nobody off */

    assert_int_equal(check("{\"nps\":9}", "{\"nps\":3,\"bad\":\"x\"}",
                           "{\"why\":\"w\"}", 1, &out), CXM_OK);
    assert_string_equal(text_of(out.shared), "{\"nps\":9}");
    assert_string_equal(text_of(out.personal), "{}");
    assert_string_equal(text_of(out.answered), "[]");
    cxm_answers_clear(&out);

    assert_int_equal(check("{\"bad\":\"z\",\"good\":null}",
                           "{\"nps\":3,\"bad\":\"x\"}", "{\"why\":\"w\"}", 0,
                           &out), CXM_OK);
    assert_string_equal(text_of(out.shared), "{\"nps\":3,\"bad\":\"z\"}");
    assert_string_equal(text_of(out.personal), "{}");
    cxm_answers_clear(&out);

    assert_int_equal(check("{\"nps\":9,\"why\":\"again\"}",
                           "{\"nps\":3,\"bad\":\"x\"}", "{\"why\":\"w\"}", 0,
                           &out), CXM_INVALID);
    assert_string_equal(pointer(), "/answers/why");
    assert_string_equal(code(), "not_shown");
    cxm_answers_clear(&out);
}


static void
public(void **state)
{
    json_t              *json;
    cxm_txn_t           *txn;
    const cxm_survey_t  *survey;

    (void) state;

    must_put("chain", CHAIN);
    txn = fixture_read(&f);
    assert_int_equal(cxm_survey_by_slug(txn, cxm_str("chain"), &survey, &err),
                     CXM_OK);

    json = cxm_survey_public_json(survey);
    assert_string_equal(text_of(json_object_get(json_array_get(
        json_object_get(json, "questions"), 3), "show_if")),
        RULE("bad", "answered", "false"));
    assert_string_equal(text_of(json_object_get(json_array_get(
        json_object_get(json, "questions"), 0), "show_if")), "absent");
    json_decref(json);

    assert_true(cxm_rule_depends(survey, survey->questions[2].show_if, 1));
    assert_false(cxm_rule_depends(survey, survey->questions[2].show_if, 2));
    assert_false(cxm_rule_depends(survey, NULL, 0));
    cxm_txn_end(txn);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(refusals, survey_open, survey_close),
        cmocka_unit_test_setup_teardown(holds, survey_open, survey_close),
        cmocka_unit_test_setup_teardown(branches, survey_open, survey_close),
        cmocka_unit_test_setup_teardown(public, survey_open, survey_close)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
