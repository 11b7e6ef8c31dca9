/*
 * Steps: how a definition falls into them, and the way through them with
 * forms, forwards and backwards.
 */

#include "survey_fixture.h"

#include "cxm_step.h"


#define ID  "0190a000-0000-7000-8000-00000000000a"

#define Q(id, type, more)                                                     \
    "{\"id\":\"" id "\",\"type\":\"" type "\",\"text\":{\"en\":\"?\"}" more "}"
#define CHOICES                                                               \
    ",\"choices\":[{\"id\":\"late\",\"text\":{\"en\":\"X\"}},"                \
    "{\"id\":\"rude\",\"text\":{\"en\":\"Y\"}}]"
#define IF(id, op, value)                                                     \
    ",\"show_if\":{\"question\":\"" id "\",\"op\":\"" op "\",\"value\":"      \
    value "}"

/* In steps: nps | bad, why | who, end */
#define DEMO                                                                  \
    LIVE(Q("nps", "nps", ",\"required\":true") ","                            \
         Q("bad", "choice", ",\"required\":true" CHOICES                      \
           IF("nps", "lte", "6")) ","                                         \
         Q("why", "text", IF("nps", "lte", "6")) ","                          \
         Q("who", "text", IF("bad", "eq", "\"rude\"")) ","                    \
         Q("end", "ces", ""), "")

static cxm_step_result_t  result;
static char               token[CXM_RESPONSE_TOKEN_LEN + 1];
static cxm_uuid_t         id;


static int
open_demo(void **state)
{
    (void) survey_open(state);
    must_put("demo", DEMO);
    assert_int_equal(cxm_uuid_parse(cxm_str(ID), &id), CXM_OK);
    cxm_response_token(f.store, &id, token);

    return 0;
}


static const cxm_survey_t *
demo(cxm_txn_t *txn)
{
    const cxm_survey_t  *survey;

    assert_int_equal(cxm_survey_by_slug(txn, cxm_str("demo"), &survey, &err),
                     CXM_OK);

    return survey;
}


/* "nps,bad" of a step. */
static const char *
asks(const cxm_step_t *step)
{
    static char          text[200];

    unsigned             i;
    cxm_txn_t           *txn;
    const cxm_survey_t  *survey;

    text[0] = '\0';
    txn = fixture_read(&f);
    survey = demo(txn);

    for (i = 0; i < survey->nquestions; i++) {
        if (step->asked[i]) {
            snprintf(text + strlen(text), sizeof(text) - strlen(text),
                     "%s%.*s", text[0] == '\0' ? "" : ",",
                     (int) survey->questions[i].id.len,
                     survey->questions[i].id.data);
        }
    }

    cxm_txn_end(txn);

    return text;
}


typedef int (*step_pt)(const cxm_survey_t *survey, unsigned from,
    const json_t *shared, const json_t *personal, cxm_step_t *out);


/* The step that is found asks these; "": there is none. */
static void
finds(step_pt find, const char *answers, unsigned from, const char *expected,
    cxm_step_t *step)
{
    int         found;
    json_t     *shared;
    cxm_txn_t  *txn;

    shared = parsed(answers);
    txn = fixture_read(&f);
    found = find(demo(txn), from, shared, NULL, step);
    cxm_txn_end(txn);
    json_decref(shared);

    assert_int_equal(found, expected[0] != '\0');

    if (found) {
        assert_string_equal(asks(step), expected);
    }
}


static void
next(const char *answers, unsigned from, const char *expected, int back,
    int more)
{
    cxm_step_t  step;

    memset(&step, 0, sizeof(step));
    finds(cxm_step_next, answers, from, expected, &step);
    assert_int_equal(step.back, back);
    assert_int_equal(step.more, more);
}


static void
before(const char *answers, unsigned from, const char *expected)
{
    cxm_step_t  step;

    finds(cxm_step_back, answers, from, expected, &step);
}


static void
partition(void **state)
{
    cxm_txn_t  *txn;

    (void) state;

    next("{}", 0, "nps", 0, 1);
    next("{\"nps\":3}", 1, "bad,why", 1, 1);
    next("{\"nps\":3}", 2, "why", 1, 1);
    next("{\"nps\":3,\"bad\":\"late\"}", 3, "end", 1, 0);
    next("{\"nps\":3,\"bad\":\"rude\"}", 3, "who,end", 1, 0);
    next("{\"nps\":9}", 1, "end", 1, 0);
    next("{\"nps\":9}", 5, "", 0, 0);

    before("{\"nps\":3}", 3, "bad,why");
    before("{\"nps\":3}", 2, "bad");
    before("{\"nps\":9}", 3, "nps");
    before("{\"nps\":9}", 1, "nps");
    before("{\"nps\":9}", 0, "");

    txn = fixture_read(&f);
    assert_true(cxm_survey_stepped(demo(txn)));
    cxm_txn_end(txn);

    must_put("demo", LIVE(Q_NPS "," Q_WHY, ""));
    txn = fixture_read(&f);
    assert_false(cxm_survey_stepped(demo(txn)));
    cxm_txn_end(txn);
    next("{}", 0, "nps,why", 0, 0);
}


static cxm_rc_t
take(const char *members)
{
    char               text[1024];
    json_t            *input;
    uint8_t            fingerprint[CXM_HASH_LEN] = { 0 };
    cxm_rc_t           rc;
    cxm_txn_t         *txn;
    cxm_step_given_t   given;

    snprintf(text, sizeof(text), "{\"token\":\"%s\",%s}", token, members);
    input = parsed(text);
    rc = cxm_field_check(&cxm_step_fields, input, "", &err);
    assert_int_equal(rc, CXM_OK);

    memset(&given, 0, sizeof(given));
    given.id = id;
    given.input = input;
    given.fingerprint = fingerprint;
    cxm_step_clear(&result);

    txn = fixture_write(&f);
    rc = cxm_step_take(txn, &nobody, demo(txn), &given, &result, &err);

    if (rc == CXM_OK) {
        fixture_commit(txn);
    } else {
        assert_false(cxm_txn_dirty(txn));
        cxm_txn_end(txn);
    }

    json_decref(input);

    return rc;
}


/* The next step is this one; "" : it is done. */
static void
leads_to(const char *members, const char *expected)
{
    if (take(members) != CXM_OK) {
        print_error("%s: %s %s %s\n", members, err.code, err.detail,
                    pointer());
        fail();
    }

    assert_int_equal(result.done, expected[0] == '\0');

    if (!result.done) {
        assert_string_equal(asks(&result.step), expected);
    }
}


static void
refused(const char *members, const char *again, const char *at,
    const char *why)
{
    assert_int_equal(take(members), CXM_INVALID);
    assert_string_equal(asks(&result.step), again);
    assert_string_equal(pointer(), at);
    assert_string_equal(code(), why);
}


static void
stands(const char *answers, const char *status)
{
    json_t  *json;

    json = response(&staff, &id);
    assert_string_equal(member(json, "answers"), answers);
    assert_string_equal(member(json, "status"), status);
    json_decref(json);
}


static void
way_through(void **state)
{
    (void) state;

    refused("\"asked\":\"nps\",\"answers\":{}", "nps", "/answers/nps",
            "required");
    refused("\"asked\":\"nps\",\"answers\":{\"nps\":11}", "nps",
            "/answers/nps", "out_of_range");

    leads_to("\"asked\":\"nps\",\"answers\":{\"nps\":3},\"channel\":\"web\"",
             "bad,why");
    stands("{\"nps\":3}", "\"partial\"");
    leads_to("\"asked\":\"nps\",\"answers\":{\"nps\":3}", "bad,why");
    assert_true(result.response.repeated);

    refused("\"asked\":\"bad,why\",\"answers\":{\"why\":\"w\"}", "bad,why",
            "/answers/bad", "required");
    leads_to("\"asked\":\"bad,why\",\"answers\":{\"bad\":\"rude\","
             "\"why\":\"w\"}", "who,end");
    assert_true(result.step.back);

    /* back, whatever was entered; and what is emptied is taken back */

    leads_to("\"asked\":\"who,end\",\"answers\":{\"end\":77},\"go\":\"back\"",
             "bad,why");
    assert_string_equal(text_of(result.answers.personal),
                        "{\"why\":\"w\"}");
    leads_to("\"asked\":\"bad,why\",\"answers\":{\"bad\":\"rude\"},"
             "\"go\":\"back\"", "nps");
    stands("{\"nps\":3,\"bad\":\"rude\"}", "\"partial\"");
    leads_to("\"asked\":\"nps\",\"answers\":{},\"go\":\"back\"", "nps");

    /* another way: what hung on the first one is gone */

    leads_to("\"asked\":\"nps\",\"answers\":{\"nps\":9}", "end");
    stands("{\"nps\":9}", "\"partial\"");
    leads_to("\"asked\":\"end\",\"answers\":{\"end\":7}", "");
    stands("{\"nps\":9,\"end\":7}", "\"complete\"");
    leads_to("\"asked\":\"end\",\"answers\":{\"end\":7}", "");
    leads_to("\"asked\":\"nps\",\"answers\":{\"nps\":9}", "");

    assert_int_equal(take("\"asked\":\"end\",\"answers\":{\"end\":1}"),
                     CXM_CONFLICT);
    assert_string_equal(err.code, "already_complete");
    assert_int_equal(count("demo", 0, NULL, NULL, 0), 1);
    assert_int_equal(count("demo", 0, "channel", "web", 0), 1);
    assert_int_equal(count("demo", 0, NULL, NULL, 1), 0);
}


static void
nothing_yet(void **state)
{
    (void) state;

    must_put("demo", LIVE(Q("one", "text", "") ","
                          Q("two", "ces", IF("one", "answered", "false")),
                          ""));

    leads_to("\"asked\":\"one\",\"answers\":{}", "two");
    assert_int_equal(count("demo", 0, NULL, NULL, 1), 0);
    refused("\"asked\":\"two\",\"answers\":{}", "two", "/answers",
            "required");
    leads_to("\"asked\":\"two\",\"answers\":{},\"go\":\"back\"", "one");
    leads_to("\"asked\":\"one\",\"answers\":{\"one\":\"x\"}", "");
    stands("{\"one\":\"x\"}", "\"complete\"");
}


static void
states(void **state)
{
    (void) state;

    token[0] ^= 1;
    assert_int_equal(take("\"asked\":\"nps\",\"answers\":{\"nps\":3}"),
                     CXM_NOT_FOUND);
    token[0] ^= 1;

    must_put("demo", "{\"title\":\"T\",\"status\":\"closed\",\"questions\":["
             Q_NPS "]}");
    assert_int_equal(take("\"asked\":\"nps\",\"answers\":{\"nps\":3}"),
                     CXM_CONFLICT);
    assert_string_equal(err.code, "closed");
    assert_int_equal(take("\"asked\":\"nps\",\"answers\":{}"), CXM_CONFLICT);
}


/* A page of an older definition goes on, or comes again as it is now. */
static void
other_definition(void **state)
{
    (void) state;

    leads_to("\"asked\":\"nps\",\"answers\":{\"nps\":3},\"version\":1",
             "bad,why");

    must_put("demo", LIVE(Q("nps", "nps", ",\"required\":true") ","
                          Q("new", "csat", ",\"required\":true") ","
                          Q("why", "text", IF("nps", "lte", "6")) ","
                          Q("end", "ces", ""), ""));

    refused("\"asked\":\"bad,why\",\"answers\":{\"bad\":\"late\","
            "\"why\":\"w\"},\"version\":1", "new,why", "/answers/bad",
            "unknown_field");
    leads_to("\"asked\":\"new,why\",\"answers\":{\"new\":4,\"why\":\"w\"},"
             "\"version\":2", "end");
    leads_to("\"asked\":\"end\",\"answers\":{},\"version\":2", "");
    stands("{\"nps\":3,\"new\":4,\"why\":\"w\"}", "\"complete\"");

    /* nothing of what it asked is left: it begins anew */

    id.b[0] ^= 1;
    cxm_response_token(f.store, &id, token);
    leads_to("\"asked\":\"gone\",\"answers\":{},\"version\":1", "nps,new");
}


static void
forms(void **state)
{
    json_t         *form;
    cxm_answers_t   answers;

    (void) state;

    memset(&answers, 0, sizeof(answers));
    answers.shared = parsed("{\"nps\":3,\"some\":[\"a\"]}");
    answers.personal = parsed("{\"why\":\"w\"}");
    form = cxm_step_form(&answers);
    assert_string_equal(text_of(form), "{\"answers\":{\"why\":\"w\","
                        "\"nps\":\"3\",\"some\":[\"a\"]}}");
    json_decref(form);
    cxm_answers_clear(&answers);
}


static int
close_demo(void **state)
{
    cxm_step_clear(&result);

    return survey_close(state);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(partition, open_demo, close_demo),
        cmocka_unit_test_setup_teardown(way_through, open_demo, close_demo),
        cmocka_unit_test_setup_teardown(nothing_yet, open_demo, close_demo),
        cmocka_unit_test_setup_teardown(states, open_demo, close_demo),
        cmocka_unit_test_setup_teardown(other_definition, open_demo,
                                        close_demo),
        cmocka_unit_test_setup_teardown(forms, open_demo, close_demo)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
