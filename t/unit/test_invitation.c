/*
 * Answers to exposures: once, whatever happened since, by whose word, and
 * counted where they were asked for.
 */

#include "exposure_fixture.h"

#include "cxm_erasure.h"
#include "cxm_invitation.h"


static char  token[200];


/* A token as it stands, for the texts of inputs. */
static const char *
token_of(const char *slug, uint64_t no)
{
    cxm_buf_t            out;
    cxm_txn_t           *txn;
    const cxm_survey_t  *survey;

    cxm_buf_init(&out, sizeof(token) - 1);
    txn = fixture_read(&f);
    assert_int_equal(cxm_survey_by_slug(txn, cxm_strz(slug), &survey, NULL),
                     CXM_OK);
    cxm_exposure_token(f.store, survey, no, &out);
    cxm_txn_end(txn);
    assert_false(out.failed);

    memset(token, 0, sizeof(token));
    memcpy(token, out.data, out.len);
    cxm_buf_free(&out);

    return token;
}


/* The input's members behind the token; "" for none. */
static const char *
with(const char *members)
{
    static char  text[1024];

    snprintf(text, sizeof(text), "{\"answers\":{\"nps\":9},\"exposure\":"
             "\"%s\"%s}", token, members);

    return text;
}


static void
ask(const cxm_caller_t *caller, const char *slug, const char *text,
    cxm_ms_t at)
{
    cxm_exposure_result_t  r;

    r = expose(caller, slug, text, at);
    assert_int_equal(r.outcome, CXM_EXPOSURE_ASKED);
    (void) token_of(slug, r.no);
}


static void
refused(const char *text, cxm_rc_t rc, const char *why)
{
    assert_int_equal(answer("plain", text), rc);
    assert_string_equal(code(), why);
}


#define answered(slug, segment, value, point)                                 \
    count(slug, CXM_SERIES_ANSWERED, segment, value, point)


static void
once(void **state)
{
    cxm_response_result_t  first, again;

    (void) state;

    ask(&nobody, "plain", "{}", 0);
    assert_int_equal(quota("plain").held, 1);

    assert_int_equal(answer_as(&nobody, "plain", with(""), &first), CXM_OK);
    assert_int_equal(first.repeated, 0);
    assert_int_equal(quota("plain").held, 0);
    assert_int_equal(quota("plain").answers, 1);
    assert_int_equal(answered("plain", NULL, NULL, 0), 1);
    assert_int_equal(fixture_rows(&f, CXM_T_DUE), 0);

    /* the same again, without an id or with the one that it got */

    assert_int_equal(answer_as(&nobody, "plain", with(""), &again), CXM_OK);
    assert_int_equal(again.repeated, 1);
    assert_memory_equal(&again.id, &first.id, sizeof(first.id));

    refused(with(",\"channel\":\"web\""), CXM_CONFLICT, "exposure_answered");
    refused(with(",\"id\":\"" ID1 "\""), CXM_CONFLICT, "exposure_answered");

    assert_int_equal(quota("plain").answers, 1);
    assert_int_equal(answered("plain", NULL, NULL, 0), 1);

    /* with an id: a repeat by it, else another one */

    ask(&nobody, "plain", "{}", 0);
    must_answer("plain", with(",\"id\":\"" ID1 "\""));
    assert_int_equal(answer_as(&nobody, "plain", with(",\"id\":\"" ID1 "\""),
                               &again), CXM_OK);
    assert_int_equal(again.repeated, 1);
    refused(with(",\"id\":\"" ID1 "\",\"channel\":\"web\""), CXM_CONFLICT,
            "id_taken");
    refused(with(",\"id\":\"" ID2 "\""), CXM_CONFLICT, "exposure_answered");
    refused(with(""), CXM_CONFLICT, "exposure_answered");
    assert_int_equal(answered("plain", NULL, NULL, 0), 2);
    assert_int_equal(quota("plain").answers, 2);
}


static void
forged(void **state)
{
    size_t  i;
    char    longest[600];

    (void) state;

    must_put("other", LIVE(Q_NPS, ""));

    ask(&nobody, "other", "{}", 0);
    refused(with(""), CXM_INVALID, "invalid");
    assert_string_equal(pointer(), "/exposure");

    ask(&nobody, "plain", "{}", 0);

    for (i = 0; i < strlen(token); i += 7) {
        token[i] = token[i] == 'A' ? 'B' : 'A';
        refused(with(""), CXM_INVALID, "invalid");
        token[i] ^= 3;      /* and on with a worse one */
    }

    refused("{\"answers\":{\"nps\":9},\"exposure\":\"A\"}", CXM_INVALID,
            "invalid");
    memset(longest, 'A', sizeof(longest));
    snprintf(token, sizeof(token), "%.190s", longest);
    refused(with(""), CXM_INVALID, "invalid");
    refused("{\"answers\":{\"nps\":9},\"exposure\":5}", CXM_INVALID,
            "wrong_type");
    assert_int_equal(quota("plain").held, 1);
    assert_int_equal(quota("plain").answers, 0);
}


/* Whoever was asked may answer: later, in any state, above the quota. */
static void
never_refused(void **state)
{
    unsigned  i;

    static const char *const  states[] = { "draft", "paused", "closed" };

    (void) state;

    must_put("few", LIVE(Q_NPS, ",\"quota\":{\"responses\":1},"
                         "\"partial_timeout_hours\":1"));
    ask(&nobody, "few", "{}", 0);
    run_due(CXM_MS_HOUR, 1);
    assert_string_equal(asked(&nobody, "few", "{}", CXM_MS_HOUR), "asked");
    assert_string_equal(asked(&nobody, "few", "{}", CXM_MS_HOUR), "quota");
    must_answer("few", with(""));
    assert_int_equal(quota("few").held, 1);
    assert_int_equal(quota("few").answers, 1);
    assert_int_equal(answer("few", with(",\"channel\":\"web\"")),
                     CXM_CONFLICT);
    assert_string_equal(err.code, "exposure_answered");

    for (i = 0; i < 3; i++) {
        char  text[200];

        ask(&nobody, "plain", "{}", CXM_MS_HOUR);
        snprintf(text, sizeof(text), "{\"title\":\"T\",\"status\":\"%s\","
                 "\"questions\":[" Q_NPS "]}", states[i]);
        must_put("plain", text);
        assert_int_not_equal(answer("plain", "{\"answers\":{\"nps\":1}}"),
                             CXM_OK);
        must_answer("plain", with(""));
        must_answer("plain", with(""));
        assert_int_equal(quota("plain").answers, i + 1);
        must_put("plain", LIVE(Q_NPS, ""));
    }
}


/* Counted where and when it was asked, wherever the answer came from. */
static void
counted(void **state)
{
    cxm_caller_t         phone;
    cxm_txn_t           *txn;
    uint64_t             sums[CXM_POINT_MAX + 1] = { 0 };
    const cxm_survey_t  *survey;
    cxm_counter_query_t  query;

    (void) state;

    phone = nobody;
    phone.device = cxm_str("mobile");

    ask(&server, "plain", "{\"channel\":\"email\",\"touchpoint\":\"buy\","
        "\"agent\":\"Ann\"}", 0);

    /* a day later */

    txn = write_at(DAYS(1));
    cxm_txn_touch(txn);
    fixture_commit(txn);
    assert_string_equal(asked(&nobody, "plain", "{}", DAYS(1)), "asked");
    must_answer_as(&phone, "plain", with(",\"channel\":\"web\","
                                         "\"complete\":false"));

    assert_int_equal(answered("plain", NULL, NULL, 1), 1);
    assert_int_equal(answered("plain", "channel", "email", 1), 1);
    assert_int_equal(answered("plain", "channel", "web", 1), 0);
    assert_int_equal(answered("plain", "touchpoint", "buy", 1), 1);
    assert_int_equal(answered("plain", "agent", "Ann", 1), 1);
    assert_int_equal(answered("plain", "device", NULL, 1), 1);
    assert_int_equal(answered("plain", "device", "mobile", 1), 0);

    /* the answer itself: the exposure's word on where, its own device */

    assert_int_equal(count("plain", CXM_SERIES_ANSWERS, "channel", "email",
                           1), 1);
    assert_int_equal(count("plain", CXM_SERIES_ANSWERS, "device", "mobile",
                           1), 1);
    assert_int_equal(count("plain", CXM_SERIES_ANSWERS, "agent", "Ann", 1),
                     1);

    /* dated as the exposure, also after it became final */

    run_due(DAYS(8), 2);
    memset(&query, 0, sizeof(query));
    query.from = FIXTURE_DAY;
    query.to = FIXTURE_DAY + CXM_MS_QUARTER;
    query.series.question = CXM_SERIES_ANSWERED;

    txn = fixture_read(&f);
    assert_int_equal(cxm_survey_by_slug(txn, cxm_str("plain"), &survey, NULL),
                     CXM_OK);
    query.series.survey = survey->doc.no;
    assert_int_equal(cxm_counter_scan(txn, &query, count_cell, sums), CXM_OK);
    cxm_txn_end(txn);

    assert_int_equal(sums[0], 1);
    assert_int_equal(sums[1], 0);
    assert_int_equal(answered("plain", NULL, NULL, 0), 1);
    assert_int_equal(answered("plain", NULL, NULL, 1), 0);
}


#define answer_json(caller, members)                                          \
    response(&staff, (cxm_uuid_t[1]) {                                        \
        must_answer_as(caller, "plain", with(members)) })

/* The exposure's word is its maker's, and no better than that. */
static void
whose_word(void **state)
{
    json_t  *json;

    (void) state;

    /* known: goes before what the public says, which is kept as claimed */

    ask(&server, "plain", "{\"respondent\":{\"customer_id\":\"ann\"},"
        "\"agent\":\"Bo\",\"interaction_id\":\"o-1\"}", 0);
    json = answer_json(&nobody, ",\"respondent\":{\"email\":\"x@y.de\"},"
                       "\"agent\":\"Cy\",\"interaction_id\":\"o-2\"");
    assert_string_equal(member(json, "respondent"),
                        "{\"customer_id\":\"ann\"}");
    assert_string_equal(member(json, "agent"), "\"Bo\"");
    assert_string_equal(member(json, "interaction_id"), "\"o-1\"");
    assert_string_equal(member(json, "claimed"),
                        "{\"respondent\":{\"email\":\"x@y.de\"},"
                        "\"agent\":\"Cy\"}");
    json_decref(json);

    /* said by the public: no token makes it known */

    ask(&nobody, "plain", "{\"respondent\":{\"customer_id\":\"ann\"},"
        "\"agent\":\"Bo\"}", 0);
    json = answer_json(&nobody, "");
    assert_string_equal(member(json, "respondent"), "null");
    assert_string_equal(member(json, "agent"), "null");
    assert_string_equal(member(json, "claimed"),
                        "{\"respondent\":{\"customer_id\":\"ann\"},"
                        "\"agent\":\"Bo\"}");
    json_decref(json);

    /* but a server's word at the answer counts */

    ask(&nobody, "plain", VISITOR, 0);
    json = answer_json(&server, ",\"respondent\":{\"customer_id\":\"ann\"}");
    assert_string_equal(member(json, "respondent"),
                        "{\"customer_id\":\"ann\"}");
    assert_string_equal(member(json, "claimed"), "absent");
    json_decref(json);

    /* nobody was named: a stranger is none */

    ask(&server, "plain", "{}", 0);
    json = answer_json(&nobody, ",\"respondent\":{\"email\":\"x@y.de\"}");
    assert_string_equal(member(json, "respondent"), "null");
    json_decref(json);
}


/* The token of somebody who is erased: an answer still, and nobody's. */
static void
erased(void **state)
{
    int               begun;
    json_t           *json;
    cxm_doc_t         doc;
    cxm_txn_t        *txn;
    cxm_erasure_of_t  of = { CXM_PERSON_CUSTOMER_ID, { 3, "ann" }, 0 };

    (void) state;

    ask(&server, "plain", "{\"respondent\":{\"customer_id\":\"ann\"},"
        "\"channel\":\"email\"}", 0);

    txn = write_at(1);
    memset(&doc, 0, sizeof(doc));
    assert_int_equal(cxm_erasure_begin(txn, &staff, &of, &doc, &begun, &err),
                     CXM_OK);
    cxm_doc_clear(&doc);
    fixture_commit(txn);
    run_due(DAYS(1), 1);

    json = answer_json(&nobody, "");
    assert_string_equal(member(json, "respondent"), "null");
    assert_string_equal(member(json, "channel"), "\"email\"");
    json_decref(json);
    assert_int_equal(answered("plain", "channel", "email", 0), 1);
}


/* An answer by token starts the clocks of who was asked. */
static void
clocks(void **state)
{
    (void) state;

    must_put("a", LIVE(Q_NPS, ",\"suppress\":{\"same_survey_days\":1}"));
    ask(&server, "a", ANN, 0);
    assert_string_equal(asked(&nobody, "plain", "{}", DAYS(2)), "asked");
    must_answer("a", with(""));
    assert_string_equal(asked(&server, "a", ANN, DAYS(2)), "suppressed");
    assert_string_equal(asked(&server, "a", ANN, DAYS(3)), "asked");
}


int
main(void)
{
#define asking(name)                                                          \
    cmocka_unit_test_setup_teardown(name, open_asking, survey_close)

    const struct CMUnitTest  tests[] = {
        asking(once),
        asking(forged),
        asking(never_refused),
        asking(counted),
        asking(whose_word),
        asking(erased),
        asking(clocks)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
