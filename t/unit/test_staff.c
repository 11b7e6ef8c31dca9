/*
 * Members of the staff, and what they sign in with.
 */

#include "tables_fixture.h"

#include "cxm_json.h"
#include "cxm_session.h"
#include "cxm_staff.h"
#include "cxm_totp.h"


static const cxm_due_class_t *const  due[] = { &cxm_due_session, NULL };

static const cxm_flow_t  flow = {
    .due = due,
    .kinds = {
        [CXM_KIND_SESSION] = &cxm_kind_session,
        [CXM_KIND_STAFF] = &cxm_kind_staff,
        [CXM_KIND_STAFF_SECRET] = &cxm_kind_staff_secret
    }
};

static fixture_t     fixture;
static cxm_error_t   err;
static cxm_caller_t  tool;


static int
setup(void **state)
{
    fixture_open(&fixture, &flow);
    cxm_error_init(&err);
    cxm_caller_system(&tool);
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


static cxm_rc_t
add(cxm_txn_t *txn, const char *slug, const char *email, const char *role)
{
    cxm_rc_t          rc;
    cxm_doc_t         doc;
    cxm_staff_spec_t  spec;

    cxm_error_init(&err);
    memset(&spec, 0, sizeof(spec));
    spec.slug = cxm_strz(slug);
    spec.email = cxm_strz(email);
    spec.role = cxm_strz(role);
    spec.password = "$argon2id$of-the-password";

    rc = cxm_staff_add(txn, &tool, &spec, &doc, &err);
    cxm_doc_clear(&doc);

    return rc;
}


static cxm_rc_t
patch(cxm_txn_t *txn, const char *slug, int ours, const char *text)
{
    json_t              *json;
    cxm_rc_t             rc;
    cxm_doc_t            doc;
    cxm_record_write_t   write;

    cxm_error_init(&err);
    memset(&write, 0, sizeof(write));
    write.txn = txn;
    write.record = &cxm_record_staff;
    write.caller = &tool;
    write.slug = cxm_strz(slug);
    write.if_match = CXM_VERSION_ANY;
    write.ours = ours;
    write.err = &err;

    json = json_loads(text, 0, NULL);
    assert_non_null(json);
    rc = cxm_staff_patch(&write, json, &doc);
    cxm_doc_clear(&doc);
    json_decref(json);

    return rc;
}


static cxm_rc_t
find(cxm_txn_t *txn, const char *name, cxm_doc_t *doc)
{
    return cxm_staff_find(txn, cxm_strz(name), doc, &err);
}


static void
members_are_found(void **state)
{
    cxm_txn_t  *txn;
    cxm_doc_t   ann, doc;

    (void) state;

    txn = fixture_write(&fixture);
    assert_int_equal(add(txn, "ann", "Ann@a.example", "admin"), CXM_OK);
    assert_int_equal(add(txn, "bob", NULL, "rep"), CXM_OK);

    assert_int_equal(find(txn, "ann", &ann), CXM_OK);
    assert_true(cxm_str_eqz(cxm_json_get_str(ann.body, "role"), "admin"));
    assert_int_equal(ann.subject, 0);

    assert_int_equal(find(txn, "ann@A.example", &doc), CXM_OK);
    assert_int_equal(doc.no, ann.no);
    cxm_doc_clear(&doc);
    cxm_doc_clear(&ann);

    assert_int_equal(find(txn, "bob@a.example", &doc), CXM_NOT_FOUND);
    assert_int_equal(find(txn, "Ann", &doc), CXM_NOT_FOUND);
    assert_int_equal(find(txn, "", &doc), CXM_NOT_FOUND);

    fixture_commit(txn);
    fixture_verify(&fixture);
}


static void
members_are_told_apart(void **state)
{
    cxm_txn_t  *txn;

    (void) state;

    txn = fixture_write(&fixture);
    assert_int_equal(add(txn, "ann", "ann@a.example", "admin"), CXM_OK);

    assert_int_equal(add(txn, "ann", NULL, "rep"), CXM_CONFLICT);
    assert_string_equal(err.code, "slug_taken");
    assert_int_equal(add(txn, "eve", "ANN@a.example", "rep"), CXM_CONFLICT);
    assert_string_equal(err.code, "value_taken");
    assert_int_equal(add(txn, "Eve", NULL, "rep"), CXM_INVALID);
    assert_string_equal(err.issues[0].pointer, "/slug");
    assert_int_equal(add(txn, "eve", NULL, "queen"), CXM_INVALID);
    assert_string_equal(err.issues[0].pointer, "/role");

    cxm_txn_end(txn);
}


static void
last_admin_stays(void **state)
{
    unsigned    n;
    cxm_txn_t  *txn;

    (void) state;

    txn = fixture_write(&fixture);
    assert_int_equal(add(txn, "ann", NULL, "admin"), CXM_OK);
    assert_int_equal(add(txn, "bob", NULL, "rep"), CXM_OK);

    assert_int_equal(patch(txn, "ann", 0, "{\"role\":\"rep\"}"),
                     CXM_CONFLICT);
    assert_string_equal(err.code, "last_admin");
    assert_int_equal(patch(txn, "ann", 0, "{\"disabled\":true}"),
                     CXM_CONFLICT);
    assert_int_equal(patch(txn, "bob", 0, "{\"role\":\"admin\"}"), CXM_OK);
    assert_int_equal(patch(txn, "ann", 0, "{\"disabled\":true}"), CXM_OK);
    assert_int_equal(cxm_staff_admins(txn, 0, &n, &err), CXM_OK);
    assert_int_equal(n, 1);

    /* the tools may, and then say so */

    assert_int_equal(patch(txn, "bob", 1, "{\"disabled\":true}"), CXM_OK);
    assert_int_equal(cxm_staff_admins(txn, 0, &n, &err), CXM_OK);
    assert_int_equal(n, 0);

    fixture_commit(txn);
    fixture_verify(&fixture);
}


static void
principals(void **state)
{
    cxm_doc_t         doc;
    cxm_txn_t        *txn;
    cxm_principal_t   principal;

    (void) state;

    memset(&principal, 0, sizeof(principal));
    txn = fixture_write(&fixture);
    assert_int_equal(add(txn, "ann", NULL, "analyst"), CXM_OK);
    assert_int_equal(find(txn, "ann", &doc), CXM_OK);
    assert_int_equal(cxm_staff_principal(&doc, &principal), CXM_OK);
    assert_int_equal(principal.actor, doc.no);
    assert_int_equal(principal.scopes,
                     cxm_role_find(cxm_str("analyst"))->scopes);
    cxm_doc_clear(&doc);

    assert_int_equal(patch(txn, "ann", 0, "{\"disabled\":true}"), CXM_OK);
    assert_int_equal(find(txn, "ann", &doc), CXM_OK);
    assert_int_equal(cxm_staff_principal(&doc, &principal),
                     CXM_UNAUTHORIZED);
    cxm_doc_clear(&doc);

    cxm_txn_end(txn);
}


static void
secrets_lie_apart(void **state)
{
    json_t         *secret, *totp;
    cxm_doc_t       doc, after;
    cxm_txn_t      *txn;
    cxm_recovery_t  codes;

    (void) state;

    txn = fixture_write(&fixture);
    assert_int_equal(add(txn, "ann", NULL, "admin"), CXM_OK);
    assert_int_equal(find(txn, "ann", &doc), CXM_OK);

    /* begun, and then on: only that is told of the member */

    totp = cxm_totp_begin();
    assert_int_equal(cxm_staff_set_totp(txn, &tool, &doc, totp, &err),
                     CXM_OK);
    assert_int_equal(find(txn, "ann", &after), CXM_OK);
    assert_int_equal(after.version, doc.version);
    cxm_doc_clear(&after);

    assert_int_equal(cxm_totp_enable(totp,
                         &cxm_store_keyring(fixture.store)
                              ->k[CXM_SUBKEY_RECOVERY], cxm_now(), &codes,
                         &err),
                     CXM_OK);
    assert_int_equal(cxm_staff_set_totp(txn, &tool, &doc, totp, &err),
                     CXM_OK);
    assert_int_equal(find(txn, "ann", &after), CXM_OK);
    assert_int_equal(cxm_json_get_bool(after.body, "totp", 0), 1);

    /* a new password leaves the factor, which then goes */

    assert_int_equal(cxm_staff_set_password(txn, &tool, &after, "$new",
                                            &err), CXM_OK);
    assert_int_equal(cxm_staff_secret(txn, &after, &secret, &err), CXM_OK);
    assert_true(cxm_str_eqz(cxm_json_get_str(secret, "password"), "$new"));
    assert_true(json_equal(json_object_get(secret, "totp"), totp));
    json_decref(secret);

    assert_int_equal(cxm_staff_set_totp(txn, &tool, &after, NULL, &err),
                     CXM_OK);
    assert_int_equal(cxm_staff_secret(txn, &after, &secret, &err), CXM_OK);
    assert_null(json_object_get(secret, "totp"));
    json_decref(secret);
    cxm_doc_clear(&after);

    assert_int_equal(find(txn, "ann", &after), CXM_OK);
    assert_int_equal(cxm_json_get_bool(after.body, "totp", 1), 0);
    cxm_doc_clear(&after);
    cxm_doc_clear(&doc);
    json_decref(totp);

    fixture_commit(txn);
    fixture_verify(&fixture);
}


static void
begin_session(cxm_txn_t *txn, uint64_t member, cxm_session_t *out)
{
    char                 token[CXM_SESSION_TOKEN + 1];
    cxm_session_spec_t   spec;

    memset(&spec, 0, sizeof(spec));
    spec.type = CXM_SESSION_STAFF;
    spec.owner = member;
    assert_int_equal(cxm_session_begin(txn, &tool, &spec, token, &err),
                     CXM_OK);
    assert_int_equal(cxm_session_find(txn, CXM_SESSION_STAFF,
                                      cxm_strz(token), FIXTURE_DAY, out,
                                      &err), CXM_OK);
}


/* Two, of which one asks for a change. */
static void
two_sessions(cxm_txn_t *txn, uint64_t member, cxm_caller_t *caller)
{
    cxm_session_t  session;

    begin_session(txn, member, &session);
    begin_session(txn, member, &session);
    *caller = tool;
    caller->principal.session = session.no;
}


static int
count_sessions(cxm_txn_t *txn, uint64_t member)
{
    json_t  *items;
    size_t   n;

    assert_int_equal(cxm_session_list(txn, member, 0, &items, &err), CXM_OK);
    n = json_array_size(items);
    json_decref(items);

    return (int) n;
}


static void
changes_end_sessions(void **state)
{
    size_t         i;
    cxm_doc_t      doc;
    cxm_txn_t     *txn;
    cxm_caller_t   caller;

    static const struct {
        const char  *patch;
        int          left;
    } patches[] = {
        { "{\"name\":\"Ann\"}", 2 },
        { "{\"role\":\"rep\"}", 0 },
        { "{\"totp_optional\":true}", 0 },
        { "{\"disabled\":true}", 0 },
    };

    (void) state;

    txn = fixture_write(&fixture);
    assert_int_equal(add(txn, "ann", NULL, "viewer"), CXM_OK);
    assert_int_equal(find(txn, "ann", &doc), CXM_OK);

    for (i = 0; i < sizeof(patches) / sizeof(patches[0]); i++) {
        assert_int_equal(cxm_staff_end_sessions(txn, &tool, doc.no, &err),
                         CXM_OK);
        two_sessions(txn, doc.no, &caller);
        assert_int_equal(patch(txn, "ann", 0, patches[i].patch), CXM_OK);
        assert_int_equal(count_sessions(txn, doc.no), patches[i].left);
    }

    two_sessions(txn, doc.no, &caller);
    assert_int_equal(cxm_staff_set_password(txn, &caller, &doc, "$new", &err),
                     CXM_OK);
    assert_int_equal(count_sessions(txn, doc.no), 1);

    two_sessions(txn, doc.no, &caller);
    assert_int_equal(cxm_staff_set_totp(txn, &caller, &doc, NULL, &err),
                     CXM_OK);
    assert_int_equal(count_sessions(txn, doc.no), 1);

    cxm_doc_clear(&doc);
    fixture_commit(txn);
    fixture_verify(&fixture);
}


#define TEST(fn)  cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(members_are_found),
        TEST(members_are_told_apart),
        TEST(last_admin_stays),
        TEST(principals),
        TEST(secrets_lie_apart),
        TEST(changes_end_sessions),
    };

    if (cxm_crypto_init() != CXM_OK) {
        return 1;
    }

    return cmocka_run_group_tests(tests, NULL, NULL);
}
