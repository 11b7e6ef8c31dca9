/*
 * Sessions: their tokens, their limits, and how they end.
 */

#include "tables_fixture.h"

#include "cxm_due.h"
#include "cxm_json.h"
#include "cxm_person.h"
#include "cxm_session.h"


#define OWNER  4711

static const cxm_due_class_t *const  due[] = { &cxm_due_session, NULL };

static const cxm_flow_t  flow = {
    .kinds = { [CXM_KIND_SESSION] = &cxm_kind_session },
    .due = due
};

static fixture_t     f;
static cxm_error_t   err;
static cxm_caller_t  browser;
static cxm_ms_t      now;

/* The one of before what is checked, to be looked for. */
static char  token[CXM_SESSION_TOKEN + 1];


static int
setup(void **state)
{
    (void) state;
    fixture_open(&f, &flow);
    cxm_error_init(&err);
    assert_int_equal(cxm_person_reserve(f.store, &err), CXM_OK);
    memset(&browser, 0, sizeof(browser));
    browser.user_agent = cxm_str("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) "
                                 "Gecko/20100101 Firefox/140.0");
    browser.country = cxm_str("DE");
    now = FIXTURE_DAY;

    return 0;
}


static int
teardown(void **state)
{
    (void) state;
    fixture_close(&f);

    return 0;
}


static cxm_txn_t *
write_now(void)
{
    cxm_txn_t  *txn;

    assert_int_equal(cxm_txn_write(f.store, now, &txn, &err), CXM_OK);

    return txn;
}


static void
begin(cxm_session_type_t type, uint64_t subject, int half)
{
    cxm_txn_t           *txn;
    cxm_session_spec_t   spec = { type, OWNER, subject, half };

    txn = write_now();
    assert_int_equal(cxm_session_begin(txn, &browser, &spec, token, &err),
                     CXM_OK);
    fixture_commit(txn);
}


static cxm_rc_t
find(const char *text, cxm_session_type_t type, cxm_session_t *out)
{
    cxm_rc_t    rc;
    cxm_txn_t  *txn;

    txn = fixture_read(&f);
    rc = cxm_session_find(txn, type, cxm_strz(text), now, out, &err);
    cxm_txn_end(txn);

    return rc;
}


static json_t *
list(uint64_t own)
{
    json_t     *items;
    cxm_txn_t  *txn;

    txn = fixture_read(&f);
    assert_int_equal(cxm_session_list(txn, OWNER, own, &items, &err), CXM_OK);
    cxm_txn_end(txn);

    return items;
}


static uint64_t
slot(void)
{
    uint64_t    no;
    cxm_txn_t  *txn;

    txn = write_now();
    assert_int_equal(cxm_person_take(txn, &no), CXM_OK);
    cxm_txn_touch(txn);
    fixture_commit(txn);

    return no;
}


static void
tokens(void **state)
{
    char           before[CXM_SESSION_TOKEN + 1];
    cxm_txn_t     *txn;
    cxm_session_t  session;

    (void) state;
    begin(CXM_SESSION_CUSTOMER, slot(), 0);
    assert_int_equal(strlen(token), CXM_SESSION_TOKEN);

    assert_int_equal(find(token, CXM_SESSION_CUSTOMER, &session), CXM_OK);
    assert_int_equal(session.owner, OWNER);
    assert_int_equal(session.half, 0);
    assert_int_equal(session.late, 0);
    assert_int_equal(session.ends_at, now + 90 * CXM_MS_DAY);

    /* of another type, of nobody, and what is no token */

    assert_int_equal(find(token, CXM_SESSION_STAFF, &session),
                     CXM_NOT_FOUND);
    strcpy(before, token);
    token[0] = token[0] == 'a' ? 'b' : 'a';
    assert_int_equal(find(token, CXM_SESSION_CUSTOMER, &session),
                     CXM_NOT_FOUND);
    assert_int_equal(find("", CXM_SESSION_CUSTOMER, &session), CXM_NOT_FOUND);

    assert_int_equal(find(before, CXM_SESSION_CUSTOMER, &session), CXM_OK);
    txn = write_now();
    assert_int_equal(cxm_session_rotate(txn, OWNER, session.no, token, &err),
                     CXM_OK);
    fixture_commit(txn);
    assert_int_equal(find(before, CXM_SESSION_CUSTOMER, &session),
                     CXM_NOT_FOUND);
    assert_int_equal(find(token, CXM_SESSION_CUSTOMER, &session), CXM_OK);
}


static void
limits(void **state)
{
    unsigned       ran;
    cxm_txn_t     *txn;
    cxm_session_t  session;

    (void) state;
    begin(CXM_SESSION_CUSTOMER, slot(), 0);

    /* used again and again until the absolute limit */

    while (now < FIXTURE_DAY + 89 * CXM_MS_DAY) {
        now += 13 * CXM_MS_DAY;

        if (now >= FIXTURE_DAY + 90 * CXM_MS_DAY) {
            break;
        }

        assert_int_equal(find(token, CXM_SESSION_CUSTOMER, &session), CXM_OK);
        assert_int_equal(session.late, 1);

        txn = write_now();
        assert_int_equal(cxm_session_seen(txn, session.no, &err), CXM_OK);
        assert_int_equal(cxm_due_run(txn, now, 10, &ran, &err), CXM_OK);
        assert_int_equal(ran, 0);
        fixture_commit(txn);

        assert_int_equal(find(token, CXM_SESSION_CUSTOMER, &session), CXM_OK);
        assert_int_equal(session.late, 0);
    }

    now = FIXTURE_DAY + 90 * CXM_MS_DAY;
    assert_int_equal(find(token, CXM_SESSION_CUSTOMER, &session),
                     CXM_NOT_FOUND);

    /* gone from the store, too, once that is due */

    txn = write_now();
    assert_int_equal(cxm_due_run(txn, now, 10, &ran, &err), CXM_OK);
    assert_int_equal(ran, 1);
    fixture_commit(txn);
    assert_int_equal(fixture_rows(&f, CXM_T_DOC), 0);
    assert_int_equal(fixture_rows(&f, CXM_T_DUE), 0);

    /* staff: an hour without use */

    begin(CXM_SESSION_STAFF, 0, 0);
    now += CXM_MS_HOUR - 1;
    assert_int_equal(find(token, CXM_SESSION_STAFF, &session), CXM_OK);
    now++;
    assert_int_equal(find(token, CXM_SESSION_STAFF, &session), CXM_NOT_FOUND);
}


static void
halves(void **state)
{
    unsigned       i;
    json_t        *items;
    cxm_txn_t     *txn;
    cxm_session_t  session;

    (void) state;
    begin(CXM_SESSION_CUSTOMER, slot(), 1);
    items = list(0);
    assert_int_equal(json_array_size(items), 0);
    json_decref(items);

    for (i = 0; i < CXM_SESSION_FAILURES; i++) {
        assert_int_equal(find(token, CXM_SESSION_CUSTOMER, &session), CXM_OK);
        assert_int_equal(session.half, 1);
        assert_int_equal(session.failures, i);

        txn = write_now();
        assert_int_equal(cxm_session_failed(txn, session.no, &err), CXM_OK);
        fixture_commit(txn);
    }

    assert_int_equal(find(token, CXM_SESSION_CUSTOMER, &session),
                     CXM_NOT_FOUND);

    begin(CXM_SESSION_CUSTOMER, slot(), 1);
    now += CXM_SESSION_HALF;
    assert_int_equal(find(token, CXM_SESSION_CUSTOMER, &session),
                     CXM_NOT_FOUND);
}


static cxm_rc_t
by_id(cxm_txn_t *txn, cxm_session_type_t type, uint64_t owner, cxm_str_t id,
    uint64_t *no)
{
    return cxm_session_by_id(txn, type, owner, id, no, &err);
}


static void
lists(void **state)
{
    json_t         *items;
    uint64_t        subject, no;
    cxm_str_t       id;
    unsigned        i, n;
    cxm_txn_t      *txn;
    cxm_session_t   session;
    const json_t   *first;

    (void) state;
    subject = slot();

    for (i = 0; i < CXM_SESSION_MAX + 2; i++) {
        begin(CXM_SESSION_CUSTOMER, subject, 0);
        now += CXM_MS_SECOND;
    }

    assert_int_equal(find(token, CXM_SESSION_CUSTOMER, &session), CXM_OK);
    items = list(session.no);
    assert_int_equal(json_array_size(items), CXM_SESSION_MAX);

    first = json_array_get(items, 0);
    assert_string_equal(json_string_value(json_object_get(first, "device")),
                        "Firefox on Linux");
    assert_string_equal(json_string_value(json_object_get(first, "country")),
                        "DE");
    assert_true(json_is_true(json_object_get(first, "current")));
    assert_null(json_object_get(first, "slug"));
    assert_null(json_object_get(first, "owner"));

    /* the id of a session is worth something to its owner only */

    txn = write_now();
    id = cxm_json_get_str(first, "id");
    assert_int_equal(by_id(txn, CXM_SESSION_CUSTOMER, OWNER + 1, id, &no),
                     CXM_NOT_FOUND);
    assert_int_equal(by_id(txn, CXM_SESSION_STAFF, OWNER, id, &no),
                     CXM_NOT_FOUND);
    assert_int_equal(by_id(txn, CXM_SESSION_STAFF, 0, id, &no),
                     CXM_NOT_FOUND);
    assert_int_equal(by_id(txn, CXM_SESSION_CUSTOMER, 0, id, &no), CXM_OK);
    assert_int_equal(by_id(txn, CXM_SESSION_CUSTOMER, OWNER, id, &no),
                     CXM_OK);
    assert_int_equal(no, session.no);
    json_decref(items);

    assert_int_equal(cxm_session_end_all(txn, OWNER, OWNER, session.no, &n,
                                         &err), CXM_OK);
    assert_int_equal(n, CXM_SESSION_MAX - 1);
    assert_int_equal(cxm_session_check(txn, session.no, now, &err), CXM_OK);
    assert_int_equal(cxm_session_end(txn, OWNER, session.no, &err), CXM_OK);
    assert_int_equal(cxm_session_end(txn, OWNER, session.no, &err),
                     CXM_NOT_FOUND);
    assert_int_equal(cxm_session_check(txn, session.no, now, &err),
                     CXM_UNAUTHORIZED);
    fixture_commit(txn);
    assert_int_equal(fixture_rows(&f, CXM_T_DUE), 0);
}


/* With the person all of it goes, as the apply of an erasure does it. */
static void
forgotten(void **state)
{
    uint64_t       subject, kept;
    cxm_txn_t     *txn;
    cxm_session_t  session;

    (void) state;
    begin(CXM_SESSION_STAFF, 0, 0);
    subject = slot();
    begin(CXM_SESSION_CUSTOMER, subject, 0);
    begin(CXM_SESSION_CUSTOMER, subject, 1);

    kept = 0;
    txn = write_now();
    assert_int_equal(cxm_kind_session.forget(txn, subject, &kept), CXM_OK);
    fixture_commit(txn);

    assert_int_equal(kept, 0);
    assert_int_equal(find(token, CXM_SESSION_CUSTOMER, &session),
                     CXM_NOT_FOUND);
    assert_int_equal(fixture_rows(&f, CXM_T_DOC), 1);
    assert_int_equal(fixture_rows(&f, CXM_T_DUE), 1);
}


static void
agents(void **state)
{
    size_t  i;
    char    name[CXM_AGENT_NAME];

    static const struct {
        const char  *agent;
        const char  *name;
    } cases[] = {
        { "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 "
          "(KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0",
          "Edge on Windows" },
        { "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) "
          "AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1",
          "Safari on iPhone" },
        { "Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile",
          "Chrome on Android" },
        { "Something (Macintosh)", "macOS" },
        { "curl/7.88.1", "" }
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(cxm_agent_name(cxm_strz(cases[i].agent), name),
                         cases[i].name[0] != '\0');
        assert_string_equal(name, cases[i].name);
    }
}


#define test(name)                                                            \
    cmocka_unit_test_setup_teardown(name, setup, teardown)


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        test(tokens),
        test(limits),
        test(halves),
        test(lists),
        test(forgotten),
        cmocka_unit_test(agents)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
