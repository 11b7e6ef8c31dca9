/*
 * Preferences as who sends asks for them: what may go to whom, and why not.
 */

#include "tables_fixture.h"

#include "cxm_flow.h"
#include "cxm_person.h"
#include "cxm_preference.h"


static fixture_t    f;
static cxm_error_t  err;
static cxm_doc_t    ann;


static json_t *
json(const char *text)
{
    json_t  *out;

    out = json_loads(text, 0, NULL);
    assert_non_null(out);

    return out;
}


/* Puts a document; *out is the caller's to clear. */
static void
put(const cxm_record_t *record, cxm_record_write_t write, const char *text,
    cxm_doc_t *out)
{
    int           created;
    json_t       *input;
    cxm_txn_t    *txn;
    cxm_caller_t  caller;

    cxm_caller_system(&caller);
    cxm_error_init(&err);
    txn = fixture_write(&f);
    write.txn = txn;
    write.record = record;
    write.caller = &caller;
    write.if_match = CXM_VERSION_ANY;
    write.err = &err;

    input = json(text);
    assert_int_equal(cxm_record_put(&write, input, out, &created), CXM_OK);
    json_decref(input);
    fixture_commit(txn);
}


static int
open_topics(void **state)
{
    cxm_doc_t  doc;

    (void) state;

    fixture_open(&f, &cxm_flow);
    assert_int_equal(cxm_person_reserve(f.store, NULL), CXM_OK);
    put(&cxm_record_customer, (cxm_record_write_t) { 0 },
        "{\"name\": \"Ann\"}", &ann);
    put(&cxm_record_topics,
        (cxm_record_write_t) { .slug = cxm_str(CXM_TOPICS_DOC) },
        "{\"topics\": ["
        "{\"slug\": \"account\", \"title\": {\"en\": \"A\"},"
        " \"critical\": true, \"channels\": [\"email\"]},"
        "{\"slug\": \"orders\", \"title\": {\"en\": \"O\"},"
        " \"default\": true},"
        "{\"slug\": \"offers\", \"title\": {\"en\": \"F\"}}]}", &doc);
    cxm_doc_clear(&doc);

    return 0;
}


static int
close_topics(void **state)
{
    (void) state;

    cxm_doc_clear(&ann);
    fixture_close(&f);

    return 0;
}


static void
choose(const char *choices)
{
    cxm_doc_t  doc;

    put(&cxm_record_preference,
        (cxm_record_write_t) { .id = ann.id, .owner = ann.id }, choices,
        &doc);
    cxm_doc_clear(&doc);
}


/* 1 or 0, -1: no such topic, or not by that channel. */
static int
allows(const char *channel, const char *topic)
{
    int         allowed;
    cxm_rc_t    rc;
    cxm_txn_t  *txn;

    txn = fixture_read(&f);
    rc = cxm_preference_allows(txn, ann.no, cxm_strz(channel),
                               cxm_strz(topic), &allowed, &err);
    cxm_txn_end(txn);
    assert_true(rc == CXM_OK || rc == CXM_NOT_FOUND);

    return rc == CXM_OK ? allowed : -1;
}


static void
test_defaults(void **state)
{
    (void) state;

    assert_int_equal(allows("email", "account"), 1);
    assert_int_equal(allows("email", "orders"), 1);
    assert_int_equal(allows("sms", "orders"), 1);
    assert_int_equal(allows("email", "offers"), 0);
    assert_int_equal(allows("sms", "account"), -1);
    assert_int_equal(allows("email", "none"), -1);
}


static void
test_choices(void **state)
{
    (void) state;

    choose("{\"choices\": {\"email\": {\"orders\": false,"
           " \"offers\": true}}}");
    assert_int_equal(allows("email", "account"), 1);
    assert_int_equal(allows("email", "orders"), 0);
    assert_int_equal(allows("sms", "orders"), 1);
    assert_int_equal(allows("email", "offers"), 1);
}


static void
test_withdrawn(void **state)
{
    cxm_doc_t  doc;

    (void) state;

    choose("{\"choices\": {\"email\": {\"offers\": true}}}");
    put(&cxm_record_consent, (cxm_record_write_t) { .owner = ann.id },
        "{\"purpose\": \"offers\", \"granted\": false}", &doc);
    cxm_doc_clear(&doc);
    assert_int_equal(allows("email", "offers"), 0);
    assert_int_equal(allows("email", "orders"), 1);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(test_defaults, open_topics,
                                        close_topics),
        cmocka_unit_test_setup_teardown(test_choices, open_topics,
                                        close_topics),
        cmocka_unit_test_setup_teardown(test_withdrawn, open_topics,
                                        close_topics)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
