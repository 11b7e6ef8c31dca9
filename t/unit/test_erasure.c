/*
 * Erasures: their halves, lists of them, and verify while one goes on.
 */

#include "survey_fixture.h"

#include "cxm_due.h"
#include "cxm_erasure.h"


#define DEMO  LIVE(Q_NPS "," Q_WHY, "")
#define BY(who)                                                               \
    "{\"answers\":{\"nps\":3,\"why\":\"x\"},"                                 \
    "\"respondent\":{\"external_id\":\"" who "\"}}"

static const cxm_erasure_of_t  gone = {
    .person_class = CXM_PERSON_EXTERNAL_ID, .name = { 4, "gone" }
};


static int
open_demo(void **state)
{
    (void) survey_open(state);
    must_put("demo", DEMO);

    return 0;
}


/* Number of the erasure that was begun. */
static uint64_t
begin(const cxm_erasure_of_t *of)
{
    int         begun;
    uint64_t    no;
    cxm_doc_t   doc;
    cxm_txn_t  *txn;

    txn = fixture_write(&f);
    assert_int_equal(cxm_erasure_begin(txn, &staff, of, &doc, &begun, &err),
                     CXM_OK);
    assert_int_equal(begun, 1);
    no = doc.no;
    cxm_doc_clear(&doc);
    fixture_commit(txn);

    return no;
}


static void
finish(uint64_t no)
{
    cxm_doc_t   doc;
    cxm_txn_t  *txn;

    txn = fixture_write(&f);
    assert_int_equal(cxm_erasure_finish(txn, no, &doc, &err), CXM_OK);
    assert_true(cxm_str_eqz(cxm_json_get_str(doc.body, "state"), "erased"));
    assert_int_equal(doc.version, 2);
    cxm_doc_clear(&doc);
    fixture_commit(txn);
}


static void
halves(void **state)
{
    int                begun;
    uint64_t           no;
    unsigned           ran;
    cxm_key_t          key;
    cxm_doc_t          doc;
    cxm_txn_t         *txn;
    cxm_erasure_of_t   slot = { 0, { 0, NULL }, 1 };

    (void) state;
    must_answer_as(&staff, "demo", BY("gone"));

    no = begin(&gone);
    assert_int_equal(cxm_person_key(f.store, 1, &key), CXM_OK);

    /* the name is gone, the number leads to what was begun */

    txn = fixture_write(&f);
    assert_int_equal(cxm_erasure_begin(txn, &staff, &gone, &doc, &begun,
                                       &err), CXM_NOT_FOUND);
    assert_int_equal(cxm_erasure_begin(txn, &staff, &slot, &doc, &begun,
                                       &err), CXM_OK);
    assert_int_equal(begun, 0);
    assert_int_equal(doc.no, no);
    cxm_doc_clear(&doc);

    /* due, but not to the transaction that began it */

    assert_false(cxm_due_pending(txn, cxm_txn_now(txn)));
    assert_int_equal(cxm_due_run(txn, cxm_txn_now(txn) + CXM_MS_MINUTE, 10,
                                 &ran, &err), CXM_OK);
    assert_int_equal(ran, 1);
    fixture_commit(txn);
    assert_int_equal(cxm_person_key(f.store, 1, &key), CXM_NOT_FOUND);
    finish(no);

    txn = fixture_write(&f);
    assert_int_equal(cxm_erasure_finish(txn, 4711, &doc, &err),
                     CXM_NOT_FOUND);
    slot.slot = 4711;
    assert_int_equal(cxm_erasure_begin(txn, &staff, &slot, &doc, &begun,
                                       &err), CXM_NOT_FOUND);
    cxm_txn_end(txn);
}


static void
lists(void **state)
{
    int       i;
    json_t   *slots, *list;
    uint8_t   hash[CXM_HASH_LEN];
    uint64_t  slot;
    cxm_txn_t  *txn;

    (void) state;
    must_answer_as(&staff, "demo", BY("a"));
    must_answer_as(&staff, "demo", BY("gone"));
    finish(begin(&gone));

    slots = json_array();
    assert_int_equal(cxm_erasure_slots(f.store, slots, &err), CXM_OK);
    assert_string_equal(text_of(slots), "[2]");
    json_decref(slots);

    /* one that is gone, one that is not, many that were never given */

    list = json_pack("[iii]", 2, 1, 1);

    for (i = 3000; i < 5500; i++) {
        json_array_append_new(list, json_integer(i));
    }

    assert_int_equal(cxm_erasure_repeat(f.store, list, &err), CXM_OK);
    assert_int_equal(cxm_erasure_repeat(f.store, list, &err), CXM_OK);
    json_decref(list);

    slots = json_array();
    assert_int_equal(cxm_erasure_slots(f.store, slots, &err), CXM_OK);
    assert_int_equal(json_array_size(slots), 2 + 2500);
    json_decref(slots);

    txn = fixture_read(&f);
    cxm_person_hash(f.store, CXM_PERSON_EXTERNAL_ID, cxm_str("a"), hash);
    assert_int_equal(cxm_person_find(txn, CXM_PERSON_EXTERNAL_ID, hash,
                                     &slot), CXM_NOT_FOUND);
    assert_int_equal(cxm_txn_persons(txn), 5500);
    cxm_txn_end(txn);
}


/* --- while verify goes on ----------------------------------------------- */

#define MANY  2500                      /* more than replay does at once */

static unsigned  calls;


/* Answers, the last one of somebody whom no other is of. */
static void
add_many(void)
{
    int                     i;
    json_t                 *other, *last;
    uint8_t                 fingerprint[CXM_HASH_LEN] = { 0 };
    cxm_txn_t              *txn;
    const cxm_survey_t     *survey;
    cxm_response_new_t      given = { NULL, fingerprint, NULL };
    cxm_response_result_t   result;

    other = parsed(BY("other"));
    last = parsed(BY("gone"));
    txn = fixture_write(&f);
    assert_int_equal(cxm_survey_by_slug(txn, cxm_str("demo"), &survey, &err),
                     CXM_OK);

    for (i = 0; i < MANY; i++) {
        given.input = i + 1 < MANY ? other : last;
        assert_int_equal(cxm_response_add(txn, &staff, survey, &given,
                                          &result, &err), CXM_OK);
    }

    fixture_commit(txn);
    json_decref(other);
    json_decref(last);
}


/*
 * The journal is replayed up to its end: more of it comes.  Then a view is
 * taken, and before that is replayed too, a key goes that it needs.
 */
static void
meanwhile(void *ctx, uint64_t done, uint64_t total)
{
    (void) ctx;
    (void) done;
    (void) total;

    calls++;

    if (calls == 1) {
        add_many();

    } else if (calls == 2) {
        finish(begin(&gone));
    }
}


static void
verify_looks_again(void **state)
{
    char                scratch[128];
    cxm_verify_t        verify;
    cxm_verify_opts_t   opts;

    (void) state;
    calls = 0;
    must_answer_as(&staff, "demo", BY("other"));

    snprintf(scratch, sizeof(scratch), "%s/scratch", f.root);
    memset(&opts, 0, sizeof(opts));
    opts.scratch = scratch;
    opts.progress = meanwhile;

    if (cxm_verify(f.store, &opts, &verify, &err) != CXM_OK) {
        fail_msg("%s %s", verify.finding, err.detail);
    }

    assert_true(calls > 4);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(halves, open_demo, survey_close),
        cmocka_unit_test_setup_teardown(lists, open_demo, survey_close),
        cmocka_unit_test_setup_teardown(verify_looks_again, open_demo,
                                        survey_close)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
