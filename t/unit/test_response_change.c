/*
 * Partial answers: going on with them, ending them, and their timeout.
 */

#include "survey_fixture.h"

#include "cxm_due.h"
#include "cxm_erasure.h"
#include "cxm_response_row.h"


#define ITEM(id)                                                              \
    "{\"id\":\"" id "\",\"type\":\"scale\",\"scale\":{\"min\":1,\"max\":10}," \
    "\"text\":{\"en\":\"?\"}}"
#define CSI   ",\"csi\":{\"questions\":[\"a\",\"b\"]}"
#define PICK                                                                  \
    "{\"id\":\"pick\",\"type\":\"multi\",\"text\":{\"en\":\"?\"},"            \
    "\"choices\":[{\"id\":\"x\",\"text\":{\"en\":\"X\"}},"                    \
    "{\"id\":\"y\",\"text\":{\"en\":\"Y\"}}]}"
#define NEED                                                                  \
    "{\"id\":\"need\",\"type\":\"ces\",\"required\":true,"                    \
    "\"text\":{\"en\":\"?\"}}"

#define DEMO  LIVE(Q_NPS "," Q_WHY "," ITEM("a") "," ITEM("b") "," PICK,      \
                   CSI ",\"segment_by\":[\"plan\"]")

#define FIRST                                                                 \
    "{\"answers\":{\"nps\":9},\"complete\":false,"                            \
    "\"attributes\":{\"plan\":\"pro\"}}"

static cxm_response_result_t  result;


static int
open_demo(void **state)
{
    (void) survey_open(state);
    must_put("demo", DEMO);

    return 0;
}


/* The members of a change behind the answer's own token. */
static cxm_rc_t
change_if(const char *slug, const cxm_uuid_t *id, const char *members,
    uint64_t if_match)
{
    char                    text[2048], token[CXM_RESPONSE_TOKEN_LEN + 1];
    json_t                 *input;
    cxm_rc_t                rc;
    cxm_txn_t              *txn;
    const cxm_survey_t     *survey;
    cxm_response_change_t   change;

    cxm_response_token(f.store, id, token);
    snprintf(text, sizeof(text), "{\"token\":\"%s\",%s}", token, members);
    input = parsed(text);
    memset(&result, 0, sizeof(result));
    rc = cxm_field_check(&cxm_response_change_fields, input, "", &err);
    txn = fixture_write(&f);

    if (rc == CXM_OK) {
        rc = cxm_survey_by_slug(txn, cxm_strz(slug), &survey, &err);
    }

    if (rc == CXM_OK) {
        change.id = *id;
        change.input = input;
        change.if_match = if_match;
        rc = cxm_response_change(txn, &nobody, survey, &change, &result,
                                 &err);
    }

    if (rc == CXM_OK) {
        fixture_commit(txn);
    } else {
        assert_false(cxm_txn_dirty(txn));
        cxm_txn_end(txn);
    }

    json_decref(input);

    return rc;
}


static cxm_rc_t
change(const cxm_uuid_t *id, const char *members)
{
    return change_if("demo", id, members, CXM_VERSION_ANY);
}


static void
must_change(const cxm_uuid_t *id, const char *members, uint64_t version)
{
    if (change(id, members) != CXM_OK) {
        print_error("%s: %s %s %s\n", members, err.code, err.detail,
                    pointer());
        fail();
    }

    assert_int_equal(result.version, version);
}


static void
refused(const cxm_uuid_t *id, const char *members, cxm_rc_t rc,
    const char *why)
{
    assert_int_equal(change(id, members), rc);
    assert_string_equal(rc == CXM_INVALID ? code() : err.code, why);
}


static void
shows(const cxm_uuid_t *id, const char *name, const char *value)
{
    json_t  *json;

    json = response(&staff, id);
    assert_string_equal(member(json, name), value);
    json_decref(json);
}


static void
merges(void **state)
{
    cxm_uuid_t  id;

    (void) state;

    id = must_answer("demo", FIRST);
    assert_int_equal(count("demo", 0, NULL, NULL, 1), 1);

    must_change(&id, "\"answers\":{\"why\":\"so\",\"pick\":[\"y\"]}", 2);
    assert_true(result.partial);
    shows(&id, "answers", "{\"nps\":9,\"why\":\"so\",\"pick\":[\"y\"]}");
    shows(&id, "status", "\"partial\"");

    /* changed, taken back, and an empty one, which is none */

    must_change(&id, "\"answers\":{\"nps\":2,\"pick\":null}", 3);
    shows(&id, "answers", "{\"nps\":2,\"why\":\"so\"}");
    must_change(&id, "\"answers\":{\"pick\":[\"x\",\"y\"],\"why\":\" \"}", 4);
    shows(&id, "answers", "{\"nps\":2,\"pick\":[\"x\",\"y\"]}");
    must_change(&id, "\"answers\":{\"pick\":[]}", 5);

    assert_int_equal(count("demo", 1, NULL, NULL, 9), 0);
    assert_int_equal(count("demo", 1, NULL, NULL, 2), 1);
    assert_int_equal(count("demo", 1, "plan", "pro", 9), 0);
    assert_int_equal(count("demo", 1, "plan", "pro", 2), 1);
    assert_int_equal(count("demo", 5, NULL, NULL, 0), 0);
    assert_int_equal(count("demo", 2, NULL, NULL, CXM_POINT_ANSWERED), 0);
    assert_int_equal(count("demo", 0, NULL, NULL, 1), 1);
    assert_int_equal(count("demo", 0, NULL, NULL, 0), 0);

    must_change(&id, "\"complete\":true", 6);
    assert_false(result.partial);
    shows(&id, "status", "\"complete\"");
    shows(&id, "attributes", "{\"plan\":\"pro\"}");
    assert_int_equal(count("demo", 0, NULL, NULL, 1), 0);
    assert_int_equal(count("demo", 0, "plan", "pro", 0), 1);
}


/* The same again is no change, before the end and after it. */
static void
repeats(void **state)
{
    cxm_uuid_t  id;

    (void) state;

    id = must_answer("demo", FIRST);
    must_change(&id, "\"answers\":{\"why\":\"so\"}", 2);
    must_change(&id, "\"answers\":{\"why\":\"so\"}", 2);
    assert_true(result.repeated);
    must_change(&id, "\"answers\":{\"nps\":9,\"pick\":null}", 2);

    must_change(&id, "\"answers\":{\"nps\":8},\"complete\":true", 3);
    must_change(&id, "\"answers\":{\"nps\":8},\"complete\":true", 3);
    assert_true(result.repeated);
    assert_false(result.partial);

    refused(&id, "\"answers\":{\"nps\":7}", CXM_CONFLICT, "already_complete");
    refused(&id, "\"answers\":{\"nps\":77}", CXM_CONFLICT,
            "already_complete");
    shows(&id, "version", "3");
}


static void
refusals(void **state)
{
    size_t       i;
    cxm_uuid_t   id, other;

    static const struct { const char *members, *at, *why; }  bad[] = {
        { "\"answers\":{\"nps\":11}", "/answers/nps", "out_of_range" },
        { "\"answers\":{\"nps\":\"9\"}", "/answers/nps", "wrong_type" },
        { "\"answers\":{\"no\":null}", "/answers/no", "unknown_field" },
        { "\"answers\":{\"pick\":[\"z\"]}", "/answers/pick/0",
          "not_allowed" },
        { "\"answers\":{\"nps\":null}", "/answers", "required" },
        { "\"answers\":null", "/answers", "wrong_type" },
        { "\"complete\":1", "/complete", "wrong_type" },
        { "\"version\":3", "/version", "out_of_range" },
        { "\"version\":0", "/version", "out_of_range" },
        { "\"channel\":\"web\"", "/channel", "unknown_field" }
    };

    (void) state;

    id = must_answer("demo", FIRST);

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(change(&id, bad[i].members), CXM_INVALID);
        assert_string_equal(pointer(), bad[i].at);
        assert_string_equal(code(), bad[i].why);
    }

    /* another survey, no such answer */

    other = id;
    must_put("two", LIVE(Q_NPS, ""));
    assert_int_equal(change_if("two", &id, "\"complete\":true",
                               CXM_VERSION_ANY), CXM_NOT_FOUND);
    other.b[15] ^= 1;
    refused(&other, "\"complete\":true", CXM_NOT_FOUND, "not_found");

    assert_int_equal(change_if("demo", &id, "\"answers\":{\"nps\":1}", 2),
                     CXM_PRECONDITION);
    assert_int_equal(change_if("demo", &id, "\"answers\":{\"nps\":1}",
                               CXM_VERSION_MISS), CXM_PRECONDITION);
    assert_int_equal(change_if("demo", &id, "\"answers\":{\"nps\":77}", 2),
                     CXM_PRECONDITION);
    assert_int_equal(change_if("demo", &id, "\"answers\":{\"nps\":1}", 1),
                     CXM_OK);
    assert_int_equal(change_if("demo", &id, "\"answers\":{\"nps\":3}",
                               CXM_VERSION_SOME), CXM_OK);
    assert_int_equal(result.version, 3);

    must_put("demo", "{\"title\":\"T\",\"status\":\"closed\",\"questions\":["
             Q_NPS "]}");
    refused(&id, "\"answers\":{\"nps\":5}", CXM_CONFLICT, "closed");
    must_change(&id, "\"answers\":{\"nps\":3}", 3);
}


static void
required(void **state)
{
    cxm_uuid_t  id;

    (void) state;

    must_put("demo", LIVE(Q_NPS "," NEED, ""));
    id = must_answer("demo", "{\"answers\":{\"nps\":9},\"complete\":false}");
    must_change(&id, "\"answers\":{\"nps\":8}", 2);
    assert_int_equal(change(&id, "\"complete\":true"), CXM_INVALID);
    assert_string_equal(pointer(), "/answers/need");
    must_change(&id, "\"answers\":{\"need\":7},\"complete\":true", 3);
}


static void
index_of_items(void **state)
{
    cxm_uuid_t  id;

    (void) state;

    id = must_answer("demo", "{\"answers\":{\"a\":10},\"complete\":false}");
    assert_int_equal(count("demo", CXM_SERIES_CSI_ITEM, NULL, NULL, 9), 0);

    must_change(&id, "\"answers\":{\"b\":1}", 2);
    assert_int_equal(count("demo", CXM_SERIES_CSI, NULL, NULL, 500), 1);
    assert_int_equal(count("demo", CXM_SERIES_CSI_ITEM, NULL, NULL, 9), 1);

    must_change(&id, "\"answers\":{\"b\":10}", 3);
    assert_int_equal(count("demo", CXM_SERIES_CSI, NULL, NULL, 500), 0);
    assert_int_equal(count("demo", CXM_SERIES_CSI, NULL, NULL, 1000), 1);

    must_change(&id, "\"answers\":{\"a\":null}", 4);
    assert_int_equal(count("demo", CXM_SERIES_CSI, NULL, NULL, 1000), 0);
    assert_int_equal(count("demo", 4, NULL, NULL, 9), 1);
}


static uint64_t
slot_of(const cxm_uuid_t *id)
{
    uint64_t               survey, no, slot;
    cxm_txn_t             *txn;
    cxm_arena_t            arena = { 0 };
    cxm_response_row_t    *row;
    cxm_response_block_t   block;

    txn = fixture_read(&f);
    assert_int_equal(cxm_response_locate(txn, id, &survey, &no), CXM_OK);
    assert_int_equal(cxm_response_row_find(txn, survey, no, &arena, &block,
                                           &row), CXM_OK);
    slot = row->subject;
    cxm_arena_free(&arena);
    cxm_txn_end(txn);

    return slot;
}


/* Who says something for the first time gets a key; it stays the same one. */
static void
persons(void **state)
{
    uint64_t    slot;
    cxm_uuid_t  id;

    (void) state;

    id = must_answer("demo", FIRST);
    assert_int_equal(slot_of(&id), 0);
    must_change(&id, "\"answers\":{\"why\":\"so\"}", 2);
    slot = slot_of(&id);
    assert_int_not_equal(slot, 0);
    must_change(&id, "\"answers\":{\"why\":null}", 3);
    must_change(&id, "\"answers\":{\"why\":\"not\"}", 4);
    assert_int_equal(slot_of(&id), slot);
    shows(&id, "answers", "{\"nps\":9,\"why\":\"not\"}");

    id = must_answer_as(&staff, "demo", "{\"answers\":{\"nps\":1},"
                        "\"complete\":false,\"respondent\":"
                        "{\"customer_id\":\"c\"}}");
    must_change(&id, "\"answers\":{\"why\":\"w\"},\"complete\":true", 2);
    shows(&id, "respondent", "{\"customer_id\":\"c\"}");
    shows(&id, "answers", "{\"nps\":1,\"why\":\"w\"}");
}


/* Runs what is due `later` ms after the fixture's day; returns how much. */
static unsigned
due_run(cxm_ms_t later)
{
    unsigned    ran;
    cxm_txn_t  *txn;

    cxm_error_init(&err);
    assert_int_equal(cxm_txn_write(f.store, FIXTURE_DAY + later, &txn, &err),
                     CXM_OK);

    if (cxm_due_run(txn, FIXTURE_DAY + later, 100, &ran, &err) != CXM_OK) {
        print_error("%s\n", err.detail);
        fail();
    }

    fixture_commit(txn);

    return ran;
}


static void
erased(void **state)
{
    int                begun;
    cxm_doc_t          doc;
    cxm_txn_t         *txn;
    cxm_uuid_t         id;
    cxm_erasure_of_t   of = { CXM_PERSON_EMAIL, cxm_str("a@example.org"), 0 };

    (void) state;

    id = must_answer("demo", "{\"answers\":{\"nps\":9,\"why\":\"w\"},"
                     "\"respondent\":{\"email\":\"a@example.org\"},"
                     "\"complete\":false}");

    txn = fixture_write(&f);
    assert_int_equal(cxm_erasure_begin(txn, &staff, &of, &doc, &begun, &err),
                     CXM_OK);
    cxm_doc_clear(&doc);
    fixture_commit(txn);

    refused(&id, "\"answers\":{\"nps\":8}", CXM_CONFLICT, "person_erased");
    refused(&id, "\"complete\":true", CXM_CONFLICT, "person_erased");

    /* it becomes final nevertheless, and stays counted */

    assert_int_equal(due_run(CXM_MS_DAY * 8), 2);
    assert_int_equal(fixture_rows(&f, CXM_T_DUE), 0);
    shows(&id, "status", "\"complete\"");
    shows(&id, "finalised", "\"timeout\"");
    shows(&id, "erased", "true");
    shows(&id, "answers", "{\"nps\":9,\"why\":null}");
    shows(&id, "respondent", "null");
    assert_int_equal(count("demo", 1, NULL, NULL, 9), 1);
    assert_int_equal(count("demo", 2, NULL, NULL, CXM_POINT_ANSWERED), 1);
}


static void
timeouts(void **state)
{
    cxm_uuid_t  id, ended;

    (void) state;

    must_put("demo", LIVE(Q_NPS "," Q_WHY,
                          ",\"partial_timeout_hours\":0.5"));
    id = must_answer("demo", "{\"answers\":{\"nps\":9,\"why\":\"w\"},"
                     "\"complete\":false}");
    ended = must_answer("demo", FIRST);
    must_change(&ended, "\"complete\":true", 2);

    /* a longer one is for later answers and changes */

    must_put("demo", LIVE(Q_NPS "," Q_WHY, ",\"partial_timeout_hours\":1"));
    assert_int_equal(due_run(CXM_MS_HOUR / 2 - 1), 0);
    must_change(&id, "\"answers\":{\"nps\":3}", 2);
    assert_int_equal(due_run(CXM_MS_HOUR / 2 + 1), 0);
    assert_int_equal(fixture_rows(&f, CXM_T_DUE), 1);

    assert_int_equal(due_run(CXM_MS_HOUR * 2), 1);
    assert_int_equal(due_run(CXM_MS_HOUR * 2), 0);
    assert_int_equal(fixture_rows(&f, CXM_T_DUE), 0);

    shows(&id, "status", "\"complete\"");
    shows(&id, "finalised", "\"timeout\"");
    shows(&id, "version", "3");
    shows(&id, "answers", "{\"nps\":3,\"why\":\"w\"}");
    shows(&ended, "finalised", "null");
    assert_int_equal(count("demo", 0, NULL, NULL, 0), 2);
    assert_int_equal(count("demo", 0, NULL, NULL, 1), 0);
    assert_int_equal(count("demo", 1, NULL, NULL, 3), 1);

    refused(&id, "\"complete\":true", CXM_CONFLICT, "finalised");
    refused(&id, "\"answers\":{\"nps\":3}", CXM_CONFLICT, "finalised");

    assert_int_equal(put("demo", LIVE(Q_NPS, ",\"partial_timeout_hours\":"
                                      "0.0009")), CXM_INVALID);
    assert_string_equal(pointer(), "/partial_timeout_hours");
    assert_int_equal(put("demo", LIVE(Q_NPS, ",\"partial_timeout_hours\":"
                                      "8761")), CXM_INVALID);
}


/* What was answered stays, whatever becomes of its question. */
static void
other_definition(void **state)
{
    cxm_uuid_t  id, left;

    (void) state;

    id = must_answer("demo", "{\"answers\":{\"nps\":9,\"why\":\"w\",\"a\":3,"
                     "\"b\":4,\"pick\":[\"y\"]},\"complete\":false}");
    left = must_answer("demo", "{\"answers\":{\"why\":\"w\",\"a\":3,"
                       "\"b\":4,\"pick\":[\"y\"]},\"complete\":false}");
    shows(&id, "survey_version", "1");
    assert_int_equal(count("demo", CXM_SERIES_CSI, NULL, NULL, 278), 2);

    must_put("demo", LIVE(Q_NPS "," NEED, ""));
    must_change(&id, "\"answers\":{\"need\":2},\"version\":1", 2);
    shows(&id, "survey_version", "1");
    must_change(&id, "\"answers\":{\"need\":3}", 3);
    shows(&id, "survey_version", "2");
    refused(&id, "\"answers\":{\"why\":null}", CXM_INVALID, "unknown_field");
    must_change(&id, "\"complete\":true", 4);
    shows(&id, "answers", "{\"nps\":9,\"need\":3,\"a\":3,\"b\":4,"
          "\"pick\":[\"y\"],\"why\":\"w\"}");

    assert_int_equal(due_run(CXM_MS_DAY * 8), 1);
    shows(&left, "answers", "{\"a\":3,\"b\":4,\"pick\":[\"y\"],"
          "\"why\":\"w\"}");
    shows(&left, "survey_version", "1");

    assert_int_equal(count("demo", 2, NULL, NULL, CXM_POINT_ANSWERED), 2);
    assert_int_equal(count("demo", 3, NULL, NULL, 2), 2);
    assert_int_equal(count("demo", 5, NULL, NULL, 1), 2);

    /* the index is that of the last definition: there is none any more */

    assert_int_equal(count("demo", CXM_SERIES_CSI, NULL, NULL, 278), 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(merges, open_demo, survey_close),
        cmocka_unit_test_setup_teardown(repeats, open_demo, survey_close),
        cmocka_unit_test_setup_teardown(refusals, open_demo, survey_close),
        cmocka_unit_test_setup_teardown(required, open_demo, survey_close),
        cmocka_unit_test_setup_teardown(index_of_items, open_demo,
                                        survey_close),
        cmocka_unit_test_setup_teardown(persons, open_demo, survey_close),
        cmocka_unit_test_setup_teardown(erased, open_demo, survey_close),
        cmocka_unit_test_setup_teardown(timeouts, open_demo, survey_close),
        cmocka_unit_test_setup_teardown(other_definition, open_demo,
                                        survey_close)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
