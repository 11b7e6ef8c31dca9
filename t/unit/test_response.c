/*
 * Answers: what is refused, what is kept of whom, what counts where, lists.
 */

#include "survey_fixture.h"

#include "cxm_erasure.h"
#include "cxm_person.h"
#include "cxm_response_row.h"


#define ID1  "0190a000-0000-7000-8000-000000000001"
#define ID4  "a0000000-0000-4000-8000-000000000004"

#define DEMO                                                                  \
    LIVE("{\"id\":\"nps\",\"type\":\"nps\",\"required\":true,"                \
         "\"text\":{\"en\":\"N?\"}}," Q_WHY ","                               \
         "{\"id\":\"sat\",\"type\":\"csat\",\"text\":{\"en\":\"S?\"}},"       \
         "{\"id\":\"one\",\"type\":\"choice\",\"text\":{\"en\":\"O?\"},"      \
         "\"choices\":[{\"id\":\"a\",\"text\":{\"en\":\"A\"}},"               \
         "{\"id\":\"b\",\"text\":{\"en\":\"B\"}}]},"                          \
         "{\"id\":\"some\",\"type\":\"multi\",\"text\":{\"en\":\"M?\"},"      \
         "\"choices\":[{\"id\":\"a\",\"text\":{\"en\":\"A\"}},"               \
         "{\"id\":\"b\",\"text\":{\"en\":\"B\"}},"                            \
         "{\"id\":\"c\",\"text\":{\"en\":\"C\"}}]},"                          \
         "{\"id\":\"who\",\"type\":\"contact\",\"text\":{\"en\":\"W?\"}}",    \
         ",\"segment_by\":[\"plan\"]")

#define refused(text, at, why)                                                \
    do {                                                                      \
        assert_int_equal(answer("demo", text), CXM_INVALID);                  \
        assert_string_equal(pointer(), at);                                   \
        assert_string_equal(code(), why);                                     \
    } while (0)

#define NPS(more)  "{\"answers\":{\"nps\":9" more "}}"
#define AND(more)  "{\"answers\":{\"nps\":9}," more "}"


static int
open_demo(void **state)
{
    (void) survey_open(state);
    must_put("demo", DEMO);

    return 0;
}


static void
refusals(void **state)
{
    char  text[1024], longest[600];

    (void) state;

    refused("{}", "/answers", "required");
    refused("{\"answers\":{}}", "/answers", "required");
    refused("{\"answers\":[]}", "/answers", "wrong_type");
    refused("{\"answers\":{\"none\":1}}", "/answers/none", "unknown_field");
    refused("{\"answers\":{\"sat\":1}}", "/answers/nps", "required");
    refused("{\"answers\":{\"why\":\"\"},\"complete\":false}", "/answers",
            "required");

    refused("{\"answers\":{\"nps\":9.0}}", "/answers/nps", "wrong_type");
    refused("{\"answers\":{\"nps\":6.5}}", "/answers/nps", "wrong_type");
    refused("{\"answers\":{\"nps\":\"9\"}}", "/answers/nps", "wrong_type");
    refused("{\"answers\":{\"nps\":true}}", "/answers/nps", "wrong_type");
    refused("{\"answers\":{\"nps\":null}}", "/answers/nps", "wrong_type");
    refused("{\"answers\":{\"nps\":11}}", "/answers/nps", "out_of_range");
    refused("{\"answers\":{\"nps\":-1}}", "/answers/nps", "out_of_range");
    refused("{\"answers\":{\"nps\":9223372036854775807}}", "/answers/nps",
            "out_of_range");
    refused(NPS(",\"sat\":0"), "/answers/sat", "out_of_range");
    refused(NPS(",\"one\":\"c\""), "/answers/one", "not_allowed");
    refused(NPS(",\"one\":[\"a\"]"), "/answers/one", "wrong_type");
    refused(NPS(",\"some\":\"a\""), "/answers/some", "wrong_type");
    refused(NPS(",\"some\":[\"a\",\"a\"]"), "/answers/some/1", "duplicate");
    refused(NPS(",\"some\":[\"a\",1]"), "/answers/some/1", "wrong_type");
    refused(NPS(",\"some\":[\"a\",\"b\",\"c\",\"a\"]"), "/answers/some",
            "out_of_range");
    refused(NPS(",\"who\":{\"email\":\"x\"}"), "/answers/who/email",
            "invalid");
    refused(NPS(",\"who\":{\"fax\":\"x\"}"), "/answers/who/fax",
            "unknown_field");

    refused(AND("\"channel\":\"fax\""), "/channel", "not_allowed");
    refused(AND("\"extra\":1"), "/extra", "unknown_field");
    refused(AND("\"id\":\"1\""), "/id", "invalid");
    refused(AND("\"exposure\":\"x\""), "/exposure", "invalid");
    refused(AND("\"language\":\"e!\""), "/language", "invalid");
    refused(AND("\"respondent\":{}"), "/respondent", "invalid");
    refused(AND("\"respondent\":{\"visitor\":\"v\",\"email\":\"a@b.de\"}"),
            "/respondent", "invalid");
    refused(AND("\"attributes\":{\"plan\":{}}"), "/attributes/plan",
            "wrong_type");

    memset(longest, 'x', sizeof(longest));
    snprintf(text, sizeof(text),
             AND("\"attributes\":{\"plan\":\"%.101s\"}"), longest);
    refused(text, "/attributes/plan", "too_long");

    /* a name of another survey's rules */

    assert_int_equal(answer("none", NPS("")), CXM_NOT_FOUND);
    assert_int_equal(count("demo", CXM_SERIES_ANSWERS, NULL, NULL, 0), 0);
}


static void
states(void **state)
{
    (void) state;

    must_put("p", "{\"title\":\"T\",\"questions\":[" Q_NPS "]}");
    assert_int_equal(answer("p", NPS("")), CXM_NOT_FOUND);
    must_put("p", "{\"title\":\"T\",\"status\":\"live\",\"questions\":["
             Q_NPS "]}");
    must_answer("p", "{\"id\":\"" ID1 "\",\"answers\":{\"nps\":9}}");
    must_put("p", "{\"title\":\"T\",\"status\":\"paused\",\"questions\":["
             Q_NPS "]}");
    assert_int_equal(answer("p", NPS("")), CXM_CONFLICT);
    assert_string_equal(err.code, "paused");
    must_put("p", "{\"title\":\"T\",\"status\":\"closed\",\"questions\":["
             Q_NPS "]}");
    assert_int_equal(answer("p", NPS("")), CXM_CONFLICT);
    assert_string_equal(err.code, "closed");

    /* a repeat still gets its result */

    assert_int_equal(answer("p", "{\"id\":\"" ID1 "\",\"answers\":"
                            "{\"nps\":9}}"), CXM_OK);
}


static void
counted(void **state)
{
    (void) state;

    must_answer("demo", "{\"answers\":{\"nps\":10,\"sat\":4,\"one\":\"b\","
                "\"some\":[\"c\",\"a\"],\"why\":\"w\"},\"channel\":\"email\","
                "\"attributes\":{\"plan\":\"pro\",\"seats\":5}}");
    must_answer("demo", NPS(""));
    must_answer("demo", "{\"answers\":{\"nps\":9},\"complete\":false,"
                "\"attributes\":{\"plan\":7}}");

    assert_int_equal(count("demo", 0, NULL, NULL, 0), 2);
    assert_int_equal(count("demo", 0, NULL, NULL, 1), 1);
    assert_int_equal(count("demo", 1, NULL, NULL, 10), 1);
    assert_int_equal(count("demo", 1, NULL, NULL, 9), 2);
    assert_int_equal(count("demo", 3, NULL, NULL, 3), 1);
    assert_int_equal(count("demo", 4, NULL, NULL, 1), 1);
    assert_int_equal(count("demo", 5, NULL, NULL, 0), 1);
    assert_int_equal(count("demo", 5, NULL, NULL, 1), 0);
    assert_int_equal(count("demo", 5, NULL, NULL, 2), 1);

    assert_int_equal(count("demo", 1, "channel", "email", 10), 1);
    assert_int_equal(count("demo", 1, "channel", NULL, 9), 2);
    assert_int_equal(count("demo", 1, "plan", "pro", 10), 1);
    assert_int_equal(count("demo", 1, "plan", "7", 9), 1);
    assert_int_equal(count("demo", 1, "plan", NULL, 9), 1);
    assert_int_equal(count("demo", 1, "country", NULL, 9), 2);

    /* words are counted over all only */

    assert_int_equal(count("demo", 2, NULL, NULL, CXM_POINT_ANSWERED), 1);
    assert_int_equal(count("demo", 2, "plan", "pro", CXM_POINT_ANSWERED), 0);
}


static void
repeats(void **state)
{
    cxm_response_result_t  first, again;

    (void) state;

#define ONE(id)  "{\"id\":\"" id "\",\"answers\":{\"nps\":9},"                \
                 "\"complete\":false}"

    assert_int_equal(answer_as(&nobody, "demo", ONE(ID4), &first), CXM_OK);
    assert_int_equal(first.repeated, 0);
    assert_int_equal(first.partial, 1);
    assert_int_equal(answer_as(&nobody, "demo", ONE(ID4), &again), CXM_OK);
    assert_int_equal(again.repeated, 1);
    assert_int_equal(again.partial, 1);
    assert_memory_equal(&again.id, &first.id, sizeof(first.id));
    assert_int_equal(again.no, first.no);

    assert_int_equal(answer("demo", "{\"id\":\"" ID4 "\",\"answers\":"
                            "{\"nps\":8}}"), CXM_CONFLICT);
    assert_string_equal(err.code, "id_taken");

    must_put("other", LIVE(Q_NPS, ""));
    assert_int_equal(answer("other", ONE(ID4)), CXM_CONFLICT);

    /* one that the server named has no body to be compared with */

    first.id = must_answer("demo", NPS(""));
    assert_int_equal(count("demo", 1, NULL, NULL, 9), 2);
}


static void
identity(void **state)
{
    json_t       *json;
    cxm_uuid_t    id;
    cxm_caller_t  viewer;

    (void) state;

    id = must_answer("demo", "{\"answers\":{\"nps\":9,\"why\":\"because\","
                     "\"who\":{\"email\":\"a@b.de\"}},\"agent\":\"Ann\","
                     "\"respondent\":{\"email\":\"a@b.de\"},"
                     "\"interaction_id\":\"i1\",\"attributes\":"
                     "{\"plan\":\"pro\",\"seats\":5}}");
    json = response(&staff, &id);
    assert_string_equal(member(json, "answers"),
                        "{\"nps\":9,\"why\":\"because\","
                        "\"who\":{\"email\":\"a@b.de\"}}");
    assert_string_equal(member(json, "respondent"), "null");
    assert_string_equal(member(json, "claimed"),
                        "{\"respondent\":{\"email\":\"a@b.de\"},"
                        "\"agent\":\"Ann\"}");
    assert_string_equal(member(json, "agent"), "null");
    assert_string_equal(member(json, "interaction_id"), "\"i1\"");
    assert_string_equal(member(json, "attributes"),
                        "{\"plan\":\"pro\",\"seats\":5}");
    assert_string_equal(member(json, "channel"), "null");
    assert_string_equal(member(json, "survey"), "\"demo\"");
    assert_string_equal(member(json, "status"), "\"complete\"");
    assert_string_equal(member(json, "version"), "1");
    assert_string_equal(member(json, "created_at"),
                        "\"2026-11-22T00:00:00.000Z\"");
    assert_string_equal(member(json, "erased"), "absent");
    json_decref(json);

    /* without the scope all that is personal is absent */

    viewer = staff;
    viewer.principal.scopes = CXM_SCOPE_RESPONSE_READ;
    json = response(&viewer, &id);
    assert_string_equal(member(json, "answers"), "{\"nps\":9}");
    assert_string_equal(member(json, "attributes"), "{\"plan\":\"pro\"}");
    assert_string_equal(member(json, "respondent"), "absent");
    assert_string_equal(member(json, "claimed"), "absent");
    json_decref(json);

    id = must_answer_as(&staff, "demo", "{\"answers\":{\"nps\":2},"
                        "\"agent\":\"Ann\",\"respondent\":"
                        "{\"customer_id\":\"c1\"}}");
    json = response(&staff, &id);
    assert_string_equal(member(json, "respondent"),
                        "{\"customer_id\":\"c1\"}");
    assert_string_equal(member(json, "claimed"), "absent");
    assert_string_equal(member(json, "agent"), "\"Ann\"");
    json_decref(json);
    assert_int_equal(count("demo", 1, "agent", "Ann", 2), 1);
}


/* With Sec-GPC or DNT a browser's visitor is not kept; other claims are. */
static void
privacy(void **state)
{
    json_t        *json;
    cxm_uuid_t     id;
    cxm_caller_t   wary;

    (void) state;

    wary = nobody;
    wary.private = 1;

    id = must_answer_as(&wary, "demo", AND("\"respondent\":"
                                           "{\"visitor\":\"v1\"}"));
    json = response(&staff, &id);
    assert_string_equal(member(json, "claimed"), "absent");
    json_decref(json);

    id = must_answer("demo", AND("\"respondent\":{\"visitor\":\"v1\"}"));
    json = response(&staff, &id);
    assert_string_equal(member(json, "claimed"),
                        "{\"respondent\":{\"visitor\":\"v1\"}}");
    json_decref(json);

    id = must_answer_as(&wary, "demo", AND("\"respondent\":"
                                           "{\"email\":\"a@b.de\"}"));
    json = response(&staff, &id);
    assert_string_equal(member(json, "claimed"),
                        "{\"respondent\":{\"email\":\"a@b.de\"}}");
    json_decref(json);
}


static void
times(void **state)
{
    json_t      *json;
    cxm_uuid_t   id;

    (void) state;

#define AT(time)  "{\"answers\":{\"nps\":1},\"client_time\":\"" time "\"}"

    id = must_answer_as(&staff, "demo", AT("2020-02-29T12:00:00Z"));
    json = response(&staff, &id);
    assert_string_equal(member(json, "created_at"),
                        "\"2020-02-29T12:00:00.000Z\"");
    assert_string_equal(member(json, "updated_at"),
                        "\"2026-11-22T00:00:00.000Z\"");
    json_decref(json);

    id = must_answer("demo", AT("2020-02-29T12:00:00Z"));
    json = response(&staff, &id);
    assert_string_equal(member(json, "created_at"),
                        "\"2026-11-22T00:00:00.000Z\"");
    assert_string_equal(member(json, "client_time"),
                        "\"2020-02-29T12:00:00Z\"");
    json_decref(json);

    must_answer("demo", AT("2030-01-01T00:00:00Z"));
    cxm_error_init(&err);
    assert_int_equal(answer_as(&staff, "demo", AT("2030-01-01T00:00:00Z"),
                               &(cxm_response_result_t) { 0 }), CXM_INVALID);
    assert_string_equal(pointer(), "/client_time");
}


/* Both halves of an erasure; of how many answers. */
static void
erase(const char *external_id, int kept)
{
    int               begun;
    json_t           *json;
    uint64_t          no;
    cxm_doc_t         doc;
    cxm_txn_t        *txn;
    cxm_erasure_of_t  of = { CXM_PERSON_EXTERNAL_ID, cxm_strz(external_id),
                             0 };

    txn = fixture_write(&f);
    assert_int_equal(cxm_erasure_begin(txn, &staff, &of, &doc, &begun, &err),
                     CXM_OK);
    assert_int_equal(begun, 1);
    no = doc.no;
    cxm_doc_clear(&doc);
    fixture_commit(txn);

    txn = fixture_write(&f);
    assert_int_equal(cxm_erasure_finish(txn, no, &doc, &err), CXM_OK);
    json = cxm_erasure_json(&doc);
    assert_int_equal(cxm_json_get_int(json_object_get(json, "kept"),
                                      "response", 0), kept);
    json_decref(json);
    cxm_doc_clear(&doc);
    fixture_commit(txn);
}


static void
erasure(void **state)
{
    int           personal;
    json_t       *json;
    cxm_txn_t    *txn;
    cxm_uuid_t    id, later;
    cxm_caller_t  analyst;

    (void) state;

#define BY(text)  "{\"answers\":{\"nps\":3,\"why\":\"" text "\"},"            \
                  "\"respondent\":{\"external_id\":\"e\"}}"

    id = must_answer_as(&staff, "demo", BY("first"));
    must_answer_as(&staff, "demo", BY("again"));
    erase("e", 2);

    /* still counted, unreadable; and the name begins anew */

    json = response(&staff, &id);
    assert_string_equal(member(json, "answers"),
                        "{\"nps\":3,\"why\":null}");
    assert_string_equal(member(json, "respondent"), "null");
    assert_string_equal(member(json, "erased"), "true");
    json_decref(json);
    assert_int_equal(count("demo", 1, NULL, NULL, 3), 2);

    analyst = staff;
    analyst.principal.scopes &= ~(unsigned) CXM_SCOPE_PERSONAL_READ;
    json = response(&analyst, &id);
    assert_string_equal(member(json, "erased"), "true");
    json_decref(json);

    later = must_answer_as(&staff, "demo", BY("second"));
    json = response(&staff, &later);
    assert_string_equal(member(json, "answers"),
                        "{\"nps\":3,\"why\":\"second\"}");
    json_decref(json);

    txn = fixture_read(&f);
    assert_int_equal(cxm_response_json(txn, &staff, &id, &json, &personal,
                                       &err), CXM_OK);
    assert_int_equal(personal, 0);
    json_decref(json);
    cxm_txn_end(txn);

    erase("e", 1);
}


/* A second entry of an answer: what it counted before goes out. */
static void
replaced(void **state)
{
    json_t       *json, *body;
    cxm_txn_t    *txn;
    cxm_uuid_t    id;
    cxm_entry_t   entry, first;

    (void) state;

    id = must_answer("demo", "{\"answers\":{\"nps\":9,\"sat\":5},"
                     "\"complete\":false,\"attributes\":{\"plan\":\"x\"}}");
    must_answer("demo", NPS(""));

    /* a segment that did not exist when it was answered: it has none there */

    json = parsed(DEMO);
    json_array_append_new(json_object_get(json, "segment_by"),
                          json_string("later"));
    must_put("demo", text_of(json));
    json_decref(json);

    txn = fixture_write(&f);
    assert_int_equal(cxm_journal_read(txn, 2, 0, &first, &err), CXM_OK);
    body = json_deep_copy(first.body);
    json_object_set_new(body, "complete", json_true());
    json_object_set_new(body, "answers", json_pack("{s:i}", "nps", 4));

    memset(&entry, 0, sizeof(entry));
    entry.kind = CXM_KIND_RESPONSE;
    entry.action = CXM_ACTION_PUT;
    entry.id = id;
    entry.replaces = 1;
    entry.body = body;
    cxm_error_init(&err);
    assert_int_equal(cxm_journal_append(txn, &entry, &err), CXM_OK);
    fixture_commit(txn);
    json_decref(body);
    cxm_entry_clear(&first);

    assert_int_equal(count("demo", 0, NULL, NULL, 1), 0);
    assert_int_equal(count("demo", 0, NULL, NULL, 0), 2);
    assert_int_equal(count("demo", 1, NULL, NULL, 9), 1);
    assert_int_equal(count("demo", 1, NULL, NULL, 4), 1);
    assert_int_equal(count("demo", 1, "plan", "x", 9), 0);
    assert_int_equal(count("demo", 1, "plan", "x", 4), 1);
    assert_int_equal(count("demo", 3, NULL, NULL, 4), 0);
    assert_int_equal(count("demo", 1, "later", NULL, 4), 0);

    json = response(&staff, &id);
    assert_string_equal(member(json, "status"), "\"complete\"");
    assert_string_equal(member(json, "version"), "2");
    assert_string_equal(member(json, "answers"), "{\"nps\":4}");
    json_decref(json);
}


static unsigned
listed(const cxm_response_query_t *query, uint64_t *next, const char *first)
{
    int         personal;
    json_t     *items;
    unsigned    n;
    cxm_txn_t  *txn;

    cxm_error_init(&err);
    txn = fixture_read(&f);
    assert_int_equal(cxm_response_list(txn, &staff, query, &items, next,
                                       &personal, &err), CXM_OK);
    cxm_txn_end(txn);

    n = (unsigned) json_array_size(items);

    if (n > 0 && first != NULL) {
        assert_string_equal(member(json_array_get(items, 0), "answers"),
                            first);
    }

    json_decref(items);

    return n;
}


static void
lists(void **state)
{
    char                   text[256];
    unsigned               i, n, pages;
    uint64_t               next;
    cxm_response_query_t   query, other;

    (void) state;

    must_put("two", LIVE(Q_NPS, ""));

    for (i = 0; i < 200; i++) {
        snprintf(text, sizeof(text), "{\"answers\":{\"nps\":%u},"
                 "\"respondent\":{\"customer_id\":\"c%u\"}}", i % 11, i % 7);
        must_answer_as(i % 5 == 0 ? &nobody : &staff,
                       i % 3 == 0 ? "two" : "demo", text);
    }

    memset(&query, 0, sizeof(query));
    query.to = CXM_MS_MAX + 1;
    query.limit = 33;

    for (n = 0, pages = 0; pages == 0 || query.before != 0; pages++) {
        n += listed(&query, &query.before,
                    pages == 0 ? "{\"nps\":1}" : NULL);     /* 199 % 11 */
    }

    assert_int_equal(n, 200);
    assert_int_equal(pages, 7);

    query.limit = 500;
    query.survey = cxm_str("two");
    assert_int_equal(listed(&query, &next, NULL), 67);
    assert_int_equal(next, 0);

    query.has_min = 1;
    query.min_score = 9;
    assert_int_equal(listed(&query, &next, NULL), 12);
    query.has_max = 1;
    query.max_score = 9;
    query.question = cxm_str("nps");
    assert_int_equal(listed(&query, &next, "{\"nps\":9}"), 6);

    /* claimed names are nobody's */

    memset(&other, 0, sizeof(other));
    other.to = CXM_MS_MAX + 1;
    other.limit = 500;
    other.person_class = CXM_PERSON_CUSTOMER_ID;
    other.person = cxm_str("c3");
    n = listed(&other, &next, NULL);
    assert_int_equal(n, 23);
    other.survey = cxm_str("two");
    assert_int_equal(listed(&other, &next, NULL), 8);
    other.person = cxm_str("nobody");
    assert_int_equal(listed(&other, &next, NULL), 0);

    other.person = cxm_str("c3");
    other.survey.data = NULL;
    other.limit = 10;

    for (n = 0, pages = 0; pages == 0 || other.before != 0; pages++) {
        n += listed(&other, &other.before, NULL);
    }

    assert_int_equal(n, 23);
    assert_int_equal(pages, 3);

    query.survey = cxm_str("two");
    query.question = cxm_str("none");
    query.to = FIXTURE_DAY;
    query.question.data = NULL;
    assert_int_equal(listed(&query, &next, NULL), 0);
}


static void
forms(void **state)
{
    json_t              *form, *input;
    cxm_txn_t           *txn;
    const cxm_survey_t  *survey;

    (void) state;

    txn = fixture_read(&f);
    cxm_error_init(&err);
    assert_int_equal(cxm_survey_by_slug(txn, cxm_str("demo"), &survey, &err),
                     CXM_OK);

    form = parsed("{\"answers\":{\"nps\":\"9\",\"why\":\"a\\r\\nb\",\"one\":"
                  "\"\",\"some\":\"a\",\"who\":{\"name\":\"\",\"email\":"
                  "\"\"}},\"channel\":\"web\",\"touchpoint\":\"\","
                  "\"complete\":\"true\"}");
    assert_int_equal(cxm_response_from_form(survey, &cxm_response_fields, form,
                                            &input, &err),
                     CXM_OK);
    assert_string_equal(text_of(input), "{\"answers\":{\"nps\":9,\"why\":"
                        "\"a\\nb\",\"some\":[\"a\"]},\"channel\":\"web\","
                        "\"complete\":true}");
    json_decref(form);
    json_decref(input);

    form = parsed("{\"answers\":{\"nps\":\"9.0\",\"some\":[\"a\",\"\","
                  "\"b\"]}}");
    assert_int_equal(cxm_response_from_form(survey, &cxm_response_fields, form,
                                            &input, &err),
                     CXM_OK);
    assert_string_equal(text_of(input), "{\"answers\":{\"nps\":\"9.0\","
                        "\"some\":[\"a\",\"b\"]}}");
    json_decref(form);
    json_decref(input);

    form = parsed("{\"other\":\"x\"}");
    assert_int_equal(cxm_response_from_form(survey, &cxm_response_fields, form,
                                            &input, &err),
                     CXM_INVALID);
    assert_string_equal(pointer(), "/other");
    json_decref(form);
    cxm_txn_end(txn);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(refusals, open_demo, survey_close),
        cmocka_unit_test_setup_teardown(states, open_demo, survey_close),
        cmocka_unit_test_setup_teardown(counted, open_demo, survey_close),
        cmocka_unit_test_setup_teardown(repeats, open_demo, survey_close),
        cmocka_unit_test_setup_teardown(identity, open_demo, survey_close),
        cmocka_unit_test_setup_teardown(privacy, open_demo, survey_close),
        cmocka_unit_test_setup_teardown(times, open_demo, survey_close),
        cmocka_unit_test_setup_teardown(erasure, open_demo, survey_close),
        cmocka_unit_test_setup_teardown(replaced, open_demo, survey_close),
        cmocka_unit_test_setup_teardown(lists, open_demo, survey_close),
        cmocka_unit_test_setup_teardown(forms, open_demo, survey_close)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
