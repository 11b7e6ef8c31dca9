/*
 * Exposures: who is asked, when again, how many; what is counted and kept.
 */

#include "exposure_fixture.h"

#include "cxm_erasure.h"


#define decisions(slug, segment, value, outcome)                              \
    count(slug, CXM_SERIES_EXPOSURES, segment, value, outcome)


static void
refusals(void **state)
{
    cxm_exposure_result_t  r;

    (void) state;

#define refused(text, at, why)                                                \
    do {                                                                      \
        assert_int_equal(try_expose(&nobody, "plain", text, 0, &r),           \
                         CXM_INVALID);                                        \
        assert_string_equal(pointer(), at);                                   \
        assert_string_equal(code(), why);                                     \
    } while (0)

    refused("{\"id\":\"1\"}", "/id", "invalid");
    refused("{\"channel\":\"fax\"}", "/channel", "not_allowed");
    refused("{\"answers\":{}}", "/answers", "unknown_field");
    refused("{\"respondent\":{}}", "/respondent", "invalid");
    refused("{\"respondent\":{\"email\":\"x\"}}", "/respondent/email",
            "invalid");
    refused("{\"respondent\":{\"visitor\":\"v\",\"email\":\"a@b.de\"}}",
            "/respondent", "invalid");
    refused("{\"touchpoint\":\"\"}", "/touchpoint", "too_short");
    refused("{\"interaction_id\":5}", "/interaction_id", "wrong_type");

    assert_int_equal(try_expose(&nobody, "none", "{}", 0, &r),
                     CXM_NOT_FOUND);
    assert_int_equal(decisions("plain", NULL, NULL, 0), 0);
    assert_int_equal(quota("plain").held, 0);
}


static void
states(void **state)
{
    cxm_exposure_result_t  r;

    (void) state;

#define IN(status)                                                            \
    "{\"title\":\"T\",\"status\":\"" status "\",\"questions\":[" Q_NPS "]}"

    must_put("s", IN("draft"));
    assert_int_equal(try_expose(&nobody, "s", "{}", 0, &r), CXM_NOT_FOUND);
    must_put("s", IN("paused"));
    assert_int_equal(try_expose(&nobody, "s", "{}", 0, &r), CXM_CONFLICT);
    assert_string_equal(err.code, "paused");
    assert_int_equal(decisions("s", NULL, NULL, CXM_EXPOSURE_ASKED), 0);

    must_put("s", IN("closed"));
    assert_string_equal(asked(&nobody, "s", "{}", 0), "closed");
    assert_int_equal(decisions("s", NULL, NULL, CXM_EXPOSURE_CLOSED), 1);
    assert_int_equal(quota("s").held, 0);

    must_put("s", IN("live"));
    assert_string_equal(asked(&nobody, "s", "{}", 0), "asked");
    assert_int_equal(quota("s").held, 1);
}


/* The same id: the first decision, by the same caller's words only. */
static void
repeats(void **state)
{
    cxm_exposure_result_t  first, again;

    (void) state;

    must_put("few", LIVE(Q_NPS, ",\"quota\":{\"responses\":1}"));
    must_put("other", LIVE(Q_NPS, ""));

    first = expose(&nobody, "few", "{\"id\":\"" ID1 "\"}", 0);
    again = expose(&nobody, "few", "{\"id\":\"" ID1 "\"}", 1);
    assert_int_equal(first.outcome, CXM_EXPOSURE_ASKED);
    assert_int_equal(again.outcome, CXM_EXPOSURE_ASKED);
    assert_int_equal(again.no, first.no);
    assert_int_equal(decisions("few", NULL, NULL, CXM_EXPOSURE_ASKED), 1);

    assert_int_equal(try_expose(&nobody, "few", "{\"id\":\"" ID1 "\","
                                "\"channel\":\"web\"}", 1, &again),
                     CXM_CONFLICT);
    assert_string_equal(err.code, "id_taken");
    assert_int_equal(try_expose(&nobody, "other", "{\"id\":\"" ID1 "\"}", 1,
                                &again), CXM_CONFLICT);

    /* a refusal is repeated, too, and says nothing of anybody */

    first = expose(&server, "few", "{\"id\":\"" ID2 "\",\"respondent\":"
                   "{\"customer_id\":\"ann\"}}", 2);
    assert_int_equal(first.outcome, CXM_EXPOSURE_QUOTA);
    must_put("few", LIVE(Q_NPS, ",\"quota\":{\"responses\":5}"));
    again = expose(&nobody, "few", "{\"id\":\"" ID2 "\"}", 3);
    assert_int_equal(again.outcome, CXM_EXPOSURE_QUOTA);
    assert_int_equal(again.no, first.no);
}


static void
counted(void **state)
{
    (void) state;

    must_put("few", LIVE(Q_NPS, ",\"quota\":{\"responses\":2}"));

    (void) expose(&nobody, "few", "{\"channel\":\"web\",\"touchpoint\":"
                  "\"buy\",\"agent\":\"Ann\"}", 0);
    (void) expose(&server, "few", "{\"channel\":\"app\",\"agent\":\"Ann\"}",
                  0);
    (void) expose(&server, "few", "{\"channel\":\"web\"}", 0);

    assert_int_equal(decisions("few", NULL, NULL, CXM_EXPOSURE_ASKED), 2);
    assert_int_equal(decisions("few", NULL, NULL, CXM_EXPOSURE_QUOTA), 1);
    assert_int_equal(decisions("few", "channel", "web", CXM_EXPOSURE_ASKED),
                     1);
    assert_int_equal(decisions("few", "channel", "web", CXM_EXPOSURE_QUOTA),
                     1);
    assert_int_equal(decisions("few", "touchpoint", "buy",
                               CXM_EXPOSURE_ASKED), 1);
    assert_int_equal(decisions("few", "touchpoint", NULL, CXM_EXPOSURE_ASKED),
                     1);

    /* what the public says of an agent does not count */

    assert_int_equal(decisions("few", "agent", "Ann", CXM_EXPOSURE_ASKED), 1);
    assert_int_equal(decisions("few", "agent", NULL, CXM_EXPOSURE_ASKED), 1);
}


/* Two clocks, from the instant of the contact, of a person. */
static void
suppressed(void **state)
{
    (void) state;

    must_put("a", LIVE(Q_NPS, ",\"suppress\":{\"same_survey_days\":30,"
                       "\"any_survey_days\":7}"));
    must_put("b", LIVE(Q_NPS, ",\"suppress\":{\"same_survey_days\":90}"));

    assert_string_equal(asked(&server, "a", ANN, 0), "asked");
    assert_string_equal(asked(&server, "a", ANN, DAYS(30) - 1), "suppressed");
    assert_string_equal(asked(&server, "a", BOB, DAYS(30) - 1), "asked");

    /* to the millisecond; a refusal does not start it again */

    assert_string_equal(asked(&server, "a", ANN, DAYS(30)), "asked");

    /* b has no clock of other surveys, a has */

    assert_string_equal(asked(&server, "b", ANN, DAYS(31)), "asked");
    assert_string_equal(asked(&server, "a", ANN, DAYS(60)), "asked");
    assert_string_equal(asked(&server, "b", ANN, DAYS(60)), "suppressed");
    assert_string_equal(asked(&server, "b", ANN, DAYS(121)), "asked");
    assert_string_equal(asked(&server, "a", ANN, DAYS(128) - 1),
                        "suppressed");

    /* a survey without rules of its own is a contact as well */

    assert_string_equal(asked(&server, "plain", ANN, DAYS(130)), "asked");
    assert_string_equal(asked(&server, "plain", ANN, DAYS(130)), "asked");
    assert_string_equal(asked(&server, "a", ANN, DAYS(136)), "suppressed");
    assert_string_equal(asked(&server, "a", ANN, DAYS(137)), "asked");

    /* nobody in particular is never suppressed */

    assert_string_equal(asked(&nobody, "a", "{}", DAYS(137)), "asked");
    assert_string_equal(asked(&nobody, "a", "{}", DAYS(137)), "asked");
}


/* Whose word: a visitor's own, of others only a server's. */
static void
whose_word(void **state)
{
    cxm_caller_t  wary;

    (void) state;

    must_put("a", LIVE(Q_NPS, ",\"suppress\":{\"same_survey_days\":30}"));

    /* strangers neither learn who was asked nor keep anybody from it */

    assert_string_equal(asked(&nobody, "a", BOB, 0), "asked");
    assert_string_equal(asked(&nobody, "a", BOB, 1), "asked");
    assert_string_equal(asked(&server, "a", BOB, 2), "asked");
    assert_string_equal(asked(&server, "a", BOB, 3), "suppressed");
    assert_string_equal(asked(&nobody, "a", BOB, 4), "asked");

    /* a visitor is one, whoever says it */

    assert_string_equal(asked(&nobody, "a", VISITOR, 5), "asked");
    assert_string_equal(asked(&nobody, "a", VISITOR, 6), "suppressed");
    assert_string_equal(asked(&server, "a", VISITOR, 7), "suppressed");

    wary = nobody;
    wary.private = 1;
    assert_string_equal(asked(&wary, "a", VISITOR, 8), "asked");
    assert_string_equal(asked(&wary, "a", "{\"respondent\":{\"visitor\":"
                              "\"v2\"}}", 9), "asked");
    assert_string_equal(asked(&nobody, "a", "{\"respondent\":{\"visitor\":"
                              "\"v2\"}}", 10), "asked");
}


static uint64_t
slot_of(cxm_txn_t *txn, unsigned person_class, const char *name)
{
    uint8_t   hash[CXM_HASH_LEN];
    uint64_t  slot;

    cxm_person_hash(f.store, person_class, cxm_strz(name), hash);
    assert_int_equal(cxm_person_find(txn, person_class, hash, &slot), CXM_OK);

    return slot;
}


/* Names that are one person's share their clocks, whichever was asked. */
static void
of_many_names(void **state)
{
    json_t                 *input;
    uint64_t                ann, bob;
    uint8_t                 fingerprint[CXM_HASH_LEN] = { 0 };
    cxm_txn_t              *txn;
    const cxm_survey_t     *survey;
    cxm_exposure_result_t   r;

    (void) state;

    must_put("a", LIVE(Q_NPS, ",\"suppress\":{\"same_survey_days\":30}"));
    assert_string_equal(asked(&server, "a", ANN, 0), "asked");
    assert_string_equal(asked(&server, "plain", BOB, 0), "asked");

    txn = write_at(1);
    ann = slot_of(txn, CXM_PERSON_CUSTOMER_ID, "ann");
    bob = slot_of(txn, CXM_PERSON_EMAIL, "bob@example.org");
    assert_int_equal(cxm_person_link(txn, ann, bob), CXM_OK);
    assert_int_equal(cxm_survey_by_slug(txn, cxm_str("a"), &survey, NULL),
                     CXM_OK);
    input = parsed(BOB);
    assert_int_equal(cxm_exposure_add(txn, &server, survey, input,
                                      fingerprint, &r, &err), CXM_OK);
    assert_int_equal(r.outcome, CXM_EXPOSURE_SUPPRESSED);
    json_decref(input);
    cxm_txn_end(txn);

    assert_string_equal(asked(&server, "a", BOB, 1), "asked");
}


static void
places(void **state)
{
    unsigned  i;

    (void) state;

    must_put("few", LIVE(Q_NPS, ",\"quota\":{\"responses\":40},"
                         "\"partial_timeout_hours\":1"));

    for (i = 0; i < 40; i++) {
        assert_string_equal(asked(&nobody, "few", "{}", i), "asked");
    }

    assert_string_equal(asked(&nobody, "few", "{}", 40), "quota");
    assert_int_equal(quota("few").held, 40);
    assert_int_equal(fixture_rows(&f, CXM_T_DUE), 40);

    /* not a millisecond too early; those that are due together at once */

    run_due(CXM_MS_HOUR - 1, 0);
    run_due(CXM_MS_HOUR + 19, 2);
    assert_int_equal(quota("few").held, 20);
    assert_int_equal(fixture_rows(&f, CXM_T_DUE), 20);
    assert_string_equal(asked(&nobody, "few", "{}", CXM_MS_HOUR + 19),
                        "asked");
    run_due(CXM_MS_HOUR + 39, 2);
    assert_int_equal(quota("few").held, 1);
    run_due(2 * CXM_MS_HOUR + 19, 1);
    assert_int_equal(quota("few").held, 0);
    assert_int_equal(fixture_rows(&f, CXM_T_DUE), 0);
    assert_int_equal(decisions("few", NULL, NULL, CXM_EXPOSURE_ASKED), 41);
}


/* Answers count, also those that nobody asked for. */
static void
answers_take_places(void **state)
{
    (void) state;

    must_put("few", LIVE(Q_NPS, ",\"quota\":{\"responses\":3}"));
    must_answer("few", "{\"answers\":{\"nps\":9}}");
    must_answer("few", "{\"answers\":{\"nps\":9},\"complete\":false}");
    assert_int_equal(quota("few").answers, 2);
    assert_string_equal(asked(&nobody, "few", "{}", 0), "asked");
    assert_string_equal(asked(&nobody, "few", "{}", 0), "quota");

    /* a quota stops asking, not answering */

    must_answer("few", "{\"answers\":{\"nps\":9}}");
    assert_int_equal(quota("few").answers, 3);
}


/* An answer starts the clocks as well, at its own time. */
static void
answers_tick(void **state)
{
    (void) state;

    must_put("a", LIVE(Q_NPS, ",\"suppress\":{\"same_survey_days\":30}"));
    must_put("b", LIVE(Q_NPS, ",\"suppress\":{\"any_survey_days\":30}"));

    must_answer_as(&server, "a", "{\"answers\":{\"nps\":9},\"respondent\":"
                   "{\"customer_id\":\"ann\"}}");
    assert_string_equal(asked(&server, "a", ANN, DAYS(30) - 1), "suppressed");
    assert_string_equal(asked(&server, "b", ANN, DAYS(30) - 1), "suppressed");
    assert_string_equal(asked(&server, "b", ANN, DAYS(30)), "asked");
    assert_string_equal(asked(&server, "a", ANN, DAYS(30)), "asked");

    /* imported ones are of then: FIXTURE_DAY less 10 days */

    must_answer_as(&server, "a", "{\"answers\":{\"nps\":9},\"respondent\":"
                   "{\"email\":\"bob@example.org\"},"
                   "\"client_time\":\"2026-11-12T00:00:00Z\"}");
    assert_string_equal(asked(&server, "a", BOB, DAYS(20)), "asked");

    /* a stranger's word is none, a visitor's is */

    must_answer("a", "{\"answers\":{\"nps\":9},\"respondent\":"
                "{\"customer_id\":\"eve\"}}");
    assert_string_equal(asked(&server, "a", "{\"respondent\":"
                              "{\"customer_id\":\"eve\"}}", DAYS(30)),
                        "asked");
    must_answer("a", "{\"answers\":{\"nps\":9},\"respondent\":"
                "{\"visitor\":\"v1\"}}");
    assert_string_equal(asked(&nobody, "a", VISITOR, DAYS(30)),
                        "suppressed");
}


/* Six standard deviations: a thousand millionth. */
static void
sampled(void **state)
{
    unsigned  i, n;

    (void) state;

    must_put("some", LIVE(Q_NPS, ",\"sample\":0.25"));
    must_put("hardly", LIVE(Q_NPS, ",\"sample\":0.000000000001"));

    for (i = 0, n = 0; i < 1000; i++) {
        n += expose(&nobody, "some", "{}", i).outcome == CXM_EXPOSURE_ASKED;
    }

    assert_in_range(n, 250 - 82, 250 + 82);
    assert_int_equal(decisions("some", NULL, NULL, CXM_EXPOSURE_ASKED), n);
    assert_int_equal(decisions("some", NULL, NULL, CXM_EXPOSURE_SAMPLED_OUT),
                     1000 - n);
    assert_int_equal(quota("some").held, n);
    assert_string_equal(asked(&nobody, "hardly", "{}", 0), "sampled_out");
}


/* Who is asked is sealed with their key; of others there is nothing. */
static void
kept(void **state)
{
    uint64_t     persons;
    cxm_txn_t   *txn;
    cxm_entry_t  entry;

    cxm_exposure_result_t  r;

    (void) state;

    must_put("one", LIVE(Q_NPS, ",\"quota\":{\"responses\":1}"));

    r = expose(&server, "one", "{\"respondent\":{\"customer_id\":\"ann\"},"
               "\"interaction_id\":\"o-1\",\"agent\":\"Bo\"}", 0);
    txn = fixture_read(&f);
    assert_int_equal(cxm_journal_read(txn, r.no, 1, &entry, NULL), CXM_OK);
    assert_string_equal(text_of(entry.personal),
                        "{\"respondent\":{\"customer_id\":\"ann\"}}");
    assert_null(strstr(text_of(entry.body), "ann"));
    assert_string_equal(member(entry.body, "interaction_id"), "\"o-1\"");
    assert_int_equal(cxm_json_get_int(entry.body, "until", 0),
                     FIXTURE_DAY + DAYS(7));
    cxm_entry_clear(&entry);
    persons = cxm_txn_persons(txn);
    cxm_txn_end(txn);

    r = expose(&server, "one", "{\"respondent\":{\"customer_id\":\"bob\"},"
               "\"interaction_id\":\"o-2\",\"channel\":\"app\"}", 1);
    assert_int_equal(r.outcome, CXM_EXPOSURE_QUOTA);
    txn = fixture_read(&f);
    assert_int_equal(cxm_journal_read(txn, r.no, 1, &entry, NULL), CXM_OK);
    assert_null(entry.personal);
    assert_int_equal(entry.subject, 0);
    assert_string_equal(member(entry.body, "segments"),
                        "{\"channel\":\"app\"}");
    assert_string_equal(member(entry.body, "interaction_id"), "absent");
    assert_string_equal(member(entry.body, "who"), "absent");
    cxm_entry_clear(&entry);
    assert_int_equal(cxm_txn_persons(txn), persons);
    cxm_txn_end(txn);
}


/* Clocks go with the person; what was counted stays, and is told. */
static void
erased(void **state)
{
    int                begun;
    cxm_doc_t          doc;
    cxm_txn_t         *txn;
    cxm_gone_t         gone;
    uint64_t           slot;
    uint8_t            hash[CXM_HASH_LEN];
    cxm_erasure_of_t   of = { CXM_PERSON_CUSTOMER_ID, { 3, "ann" }, 0 };

    (void) state;

    must_put("a", LIVE(Q_NPS, ",\"suppress\":{\"same_survey_days\":30}"));
    assert_string_equal(asked(&server, "a", ANN, 0), "asked");
    assert_string_equal(asked(&server, "plain", ANN, 0), "asked");

    txn = write_at(1);
    cxm_person_hash(f.store, of.person_class, of.name, hash);
    assert_int_equal(cxm_person_find(txn, of.person_class, hash, &slot),
                     CXM_OK);
    memset(&doc, 0, sizeof(doc));
    assert_int_equal(cxm_erasure_begin(txn, &staff, &of, &doc, &begun, &err),
                     CXM_OK);
    cxm_doc_clear(&doc);
    fixture_commit(txn);
    run_due(DAYS(1), 1);

    txn = fixture_read(&f);
    assert_int_equal(cxm_person_gone(txn, slot, &gone), CXM_OK);
    assert_int_equal(gone.kept[CXM_KIND_EXPOSURE], 2);
    cxm_txn_end(txn);

    assert_int_equal(quota("a").held, 1);
    assert_string_equal(asked(&server, "a", ANN, DAYS(1)), "asked");
    run_due(DAYS(8), 1);
    assert_int_equal(quota("a").held, 0);
}


int
main(void)
{
#define asking(name)                                                          \
    cmocka_unit_test_setup_teardown(name, open_asking, survey_close)

    const struct CMUnitTest  tests[] = {
        asking(refusals),
        asking(states),
        asking(repeats),
        asking(counted),
        asking(suppressed),
        asking(whose_word),
        asking(of_many_names),
        asking(places),
        asking(answers_take_places),
        asking(answers_tick),
        asking(sampled),
        asking(kept),
        asking(erased)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
