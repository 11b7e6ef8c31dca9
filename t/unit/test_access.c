/*
 * Keys, roles, agents, the audit, first replies.
 */

#include "tables_fixture.h"

#include "cxm_access.h"
#include "cxm_json.h"
#include "cxm_reply_once.h"


static const cxm_flow_t  flow = {
    .kinds = {
        [CXM_KIND_REPLY] = &cxm_kind_reply,
        [CXM_KIND_ACCESS] = &cxm_kind_access,
        [CXM_KIND_KEY] = &cxm_kind_key
    }
};

static fixture_t  fixture;


static int
setup(void **state)
{
    fixture_open(&fixture, &flow);
    *state = NULL;

    return 0;
}


static int
teardown(void **state)
{
    (void) state;
    fixture_close(&fixture);

    return 0;
}


static void
make_key(const char *role, cxm_ms_t expires_at, char *token)
{
    cxm_txn_t       *txn;
    cxm_error_t      err;
    cxm_caller_t     system;
    cxm_key_spec_t   spec;

    cxm_error_init(&err);
    cxm_caller_system(&system);
    memset(&spec, 0, sizeof(spec));
    spec.role = cxm_strz(role);
    spec.name = cxm_str("Test");
    spec.expires_at = expires_at;

    txn = fixture_write(&fixture);
    assert_int_equal(cxm_key_create(txn, &system, &spec, token, &err),
                     CXM_OK);
    fixture_commit(txn);
}


static cxm_rc_t
authenticate(const char *token, cxm_ms_t now, cxm_principal_t *principal)
{
    cxm_rc_t      rc;
    cxm_txn_t    *txn;
    cxm_error_t   err;

    cxm_error_init(&err);
    txn = fixture_read(&fixture);
    rc = cxm_authenticate(txn, cxm_strz(token), now, principal, &err);
    cxm_txn_end(txn);

    if (rc != CXM_OK) {
        assert_int_equal(rc, CXM_UNAUTHORIZED);
        assert_string_equal(err.detail, "The API key is not valid.");
        assert_null(principal->role);
        assert_int_equal(principal->scopes, 0);
    }

    return rc;
}


static void
keys(void **state)
{
    char             token[CXM_TOKEN_LEN + 1], other[CXM_TOKEN_LEN + 1];
    cxm_txn_t       *txn;
    cxm_error_t      err;
    cxm_caller_t     system, viewer;
    cxm_principal_t  who;

    (void) state;

    make_key("analyst", 0, token);
    assert_int_equal(strlen(token), CXM_TOKEN_LEN);
    assert_int_equal(authenticate(token, FIXTURE_DAY, &who), CXM_OK);
    assert_string_equal(who.role->name, "analyst");
    assert_int_equal(who.scopes, who.role->scopes);
    assert_int_equal(who.actor, 1);

    strcpy(other, token);
    other[CXM_TOKEN_LEN - 3] = other[CXM_TOKEN_LEN - 3] == 'a' ? 'b' : 'a';
    assert_int_equal(authenticate(other, FIXTURE_DAY, &who),
                     CXM_UNAUTHORIZED);

    strcpy(other, token);
    other[6] = other[6] == 'a' ? 'b' : 'a';
    assert_int_equal(authenticate(other, FIXTURE_DAY, &who),
                     CXM_UNAUTHORIZED);

    assert_int_equal(authenticate("", FIXTURE_DAY, &who), CXM_UNAUTHORIZED);
    assert_int_equal(authenticate("cxm_x", FIXTURE_DAY, &who),
                     CXM_UNAUTHORIZED);
    token[0] = 'C';
    assert_int_equal(authenticate(token, FIXTURE_DAY, &who),
                     CXM_UNAUTHORIZED);
    token[0] = 'c';

    /* who may not, and who may */

    memset(&viewer, 0, sizeof(viewer));
    viewer.principal.role = cxm_role_find(cxm_str("viewer"));
    viewer.principal.scopes = viewer.principal.role->scopes;
    cxm_caller_system(&system);
    cxm_error_init(&err);

    txn = fixture_write(&fixture);
    assert_int_equal(cxm_key_revoke(txn, &viewer,
                                    (cxm_str_t) { 13, token + 4 }, &err),
                     CXM_FORBIDDEN);
    assert_int_equal(cxm_key_revoke(txn, &system, cxm_str("no"), &err),
                     CXM_NOT_FOUND);
    assert_int_equal(cxm_key_revoke(txn, &system,
                                    (cxm_str_t) { 13, token + 4 }, &err),
                     CXM_OK);
    assert_int_equal(cxm_key_revoke(txn, &system,
                                    (cxm_str_t) { 13, token + 4 }, &err),
                     CXM_OK);
    assert_int_equal(cxm_txn_head(txn), 2);
    fixture_commit(txn);

    assert_int_equal(authenticate(token, FIXTURE_DAY, &who),
                     CXM_UNAUTHORIZED);
}


static void
keys_expire(void **state)
{
    char             token[CXM_TOKEN_LEN + 1];
    cxm_principal_t  who;

    (void) state;

    make_key("viewer", FIXTURE_DAY + 5, token);
    assert_int_equal(authenticate(token, FIXTURE_DAY + 4, &who), CXM_OK);
    assert_int_equal(authenticate(token, FIXTURE_DAY + 5, &who),
                     CXM_UNAUTHORIZED);
}


static void
keys_hide(void **state)
{
    char             token[CXM_TOKEN_LEN + 1];
    json_t          *out;
    cxm_txn_t       *txn;
    cxm_doc_t        doc;
    cxm_error_t      err;
    cxm_caller_t     system;
    cxm_key_spec_t   spec;

    (void) state;

    make_key("server", 0, token);
    txn = fixture_read(&fixture);
    assert_int_equal(cxm_doc_by_name(txn, CXM_KIND_KEY,
                                     (cxm_str_t) { 13, token + 4 }, &doc,
                                     &err), CXM_OK);
    out = cxm_key_json(&doc);
    assert_null(json_object_get(out, "hash"));
    assert_true(cxm_str_eqz(cxm_json_get_str(out, "role"), "server"));
    assert_true(cxm_str_eqz(cxm_json_get_str(out, "name"), "Test"));
    assert_true(json_is_null(json_object_get(out, "created_by")));
    json_decref(out);
    cxm_doc_clear(&doc);
    cxm_txn_end(txn);

    cxm_caller_system(&system);
    memset(&spec, 0, sizeof(spec));
    spec.role = cxm_str("king");
    cxm_error_init(&err);
    txn = fixture_write(&fixture);
    assert_int_equal(cxm_key_create(txn, &system, &spec, token, &err),
                     CXM_INVALID);
    cxm_txn_end(txn);
}


static void
roles(void **state)
{
    size_t         i;
    cxm_error_t    err;
    cxm_caller_t   caller;

    static const struct {
        const char  *role;
        unsigned     may, maynt;
    } cases[] = {
        { "admin", CXM_SCOPE_KEY_ADMIN | CXM_SCOPE_INGEST, 0 },
        { "analyst", CXM_SCOPE_EXPORT | CXM_SCOPE_METRICS_READ,
          CXM_SCOPE_PERSONAL_READ },
        { "server", CXM_SCOPE_INGEST | CXM_SCOPE_LINK_MINT,
          CXM_SCOPE_METRICS_READ },
        { "viewer", CXM_SCOPE_METRICS_READ, CXM_SCOPE_RESPONSE_READ },
        { "rep", CXM_SCOPE_PERSONAL_READ, CXM_SCOPE_EXPORT },
        { "privacy", CXM_SCOPE_PERSONAL_READ, CXM_SCOPE_SURVEY_WRITE },
        { "product", CXM_SCOPE_SURVEY_WRITE, CXM_SCOPE_PERSONAL_READ },
        { "marketing", CXM_SCOPE_OPENAPI, CXM_SCOPE_SURVEY_WRITE }
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(&caller, 0, sizeof(caller));
        caller.principal.role = cxm_role_find(cxm_strz(cases[i].role));
        assert_non_null(caller.principal.role);
        caller.principal.scopes = caller.principal.role->scopes;

        assert_int_equal(cxm_require(&caller, cases[i].may, &err), CXM_OK);
        if (cases[i].maynt != 0) {
            assert_int_equal(cxm_require(&caller, cases[i].maynt, &err),
                             CXM_FORBIDDEN);
        }
    }

    memset(&caller, 0, sizeof(caller));
    assert_int_equal(cxm_require(&caller, CXM_SCOPE_INGEST, &err),
                     CXM_UNAUTHORIZED);
    assert_null(cxm_role_find(cxm_str("root")));
    assert_string_equal(cxm_scope_name(CXM_SCOPE_KEY_ADMIN), "key_admin");
}


static void
agents(void **state)
{
    size_t        i;
    cxm_caller_t  caller;

    static const struct {
        const char  *agent, *device;
        int          bot;
    } cases[] = {
        { NULL, NULL, 0 },
        { "", NULL, 0 },
        { "curl/7.88.1", NULL, 0 },
        { "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/120.0", "desktop",
          0 },
        { "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15)", "desktop", 0 },
        { "Mozilla/5.0 (X11; Linux x86_64; rv:120.0)", "desktop", 0 },
        { "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile",
          "mobile", 0 },
        { "Mozilla/5.0 (iPad; CPU OS 16_0 like Mac OS X) Mobile/15E148",
          "tablet", 0 },
        { "Mozilla/5.0 (Linux; Android 14; Pixel 8) Mobile Safari", "mobile",
          0 },
        { "Mozilla/5.0 (Linux; Android 13; SM-X900) Safari", "tablet", 0 },
        { "Mozilla/5.0 (Linux; Android 9; CUBOT_X19) Mobile", "mobile", 0 },
        { "Mozilla/5.0 (compatible; Googlebot/2.1; +http://x)", NULL, 1 },
        { "Mozilla/5.0 (X11; Linux) HeadlessChrome/120.0", "desktop", 1 },
        { "facebookexternalhit/1.1", NULL, 1 }
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(&caller, 0, sizeof(caller));
        caller.user_agent = cxm_strz(cases[i].agent);
        cxm_agent_classify(&caller);

        if (!cxm_str_eqz(caller.device, cases[i].device)
            || caller.bot != cases[i].bot)
        {
            fail_msg("%s: %.*s %d", cases[i].agent, (int) caller.device.len,
                     caller.device.data, caller.bot);
        }
    }
}


static void
audit(void **state)
{
    json_t        *object;
    cxm_txn_t     *txn;
    cxm_entry_t    entry;
    cxm_error_t    err;
    cxm_caller_t   system;

    (void) state;

    cxm_error_init(&err);
    cxm_caller_system(&system);
    system.principal.actor = 42;

    object = json_pack("{ss}", "id", "x");
    txn = fixture_write(&fixture);
    assert_int_equal(cxm_audit(txn, &system, "responses/{id}", object, &err),
                     CXM_OK);
    fixture_commit(txn);
    json_decref(object);

    txn = fixture_read(&fixture);
    memset(&entry, 0, sizeof(entry));
    assert_int_equal(cxm_journal_read(txn, 1, 0, &entry, &err), CXM_OK);
    assert_int_equal(entry.kind, CXM_KIND_ACCESS);
    assert_int_equal(entry.actor, 42);
    assert_true(cxm_str_eqz(cxm_json_get_str(entry.body, "what"),
                            "responses/{id}"));
    assert_true(cxm_str_eqz(cxm_json_get_str(entry.body, "role"), "admin"));
    cxm_entry_clear(&entry);
    cxm_txn_end(txn);
}


static void
replies(void **state)
{
    json_t           *reply, *again;
    cxm_txn_t        *txn;
    cxm_error_t       err;
    cxm_reply_key_t   key;

    (void) state;

    memset(&key, 7, sizeof(key));
    key.once_class = CXM_ONCE_REPLY;
    reply = json_pack("{si}", "status", 201);
    cxm_error_init(&err);

    txn = fixture_write(&fixture);
    assert_int_equal(cxm_reply_find(txn, &key, &again, &err), CXM_NOT_FOUND);
    assert_int_equal(cxm_reply_keep(txn, &key, reply, 3, 0, &err), CXM_OK);

    /* in the same transaction, as a batch does it */

    assert_int_equal(cxm_reply_find(txn, &key, &again, &err), CXM_OK);
    assert_true(json_equal(reply, again));
    json_decref(again);
    fixture_commit(txn);

    key.fingerprint[0] ^= 1;
    txn = fixture_write(&fixture);
    assert_int_equal(cxm_reply_find(txn, &key, &again, &err), CXM_INVALID);
    assert_string_equal(err.code, "idempotency_mismatch");
    assert_null(again);
    key.fingerprint[0] ^= 1;
    key.hash[0] ^= 1;
    assert_int_equal(cxm_reply_find(txn, &key, &again, &err), CXM_NOT_FOUND);
    cxm_txn_end(txn);

    json_decref(reply);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(keys, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_expire, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_hide, setup, teardown),
        cmocka_unit_test(roles),
        cmocka_unit_test(agents),
        cmocka_unit_test_setup_teardown(audit, setup, teardown),
        cmocka_unit_test_setup_teardown(replies, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
