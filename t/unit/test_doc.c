/*
 * Documents: versions, slugs, conditions, listing; and that the rows are
 * nothing but the journal's memory.
 */

#include "tables_fixture.h"

#include "cxm_doc.h"
#include "cxm_json.h"
#include "cxm_verify.h"


#define KIND  CXM_KIND_SURVEY

static const cxm_kind_t  kind_thing = {
    .no = KIND, .version = 1, .name = "thing", .apply = cxm_doc_apply
};

static const cxm_flow_t  flow = { .kinds = { [KIND] = &kind_thing } };

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


static cxm_rc_t
put(cxm_txn_t *txn, const char *slug, json_t *body, uint64_t if_match,
    cxm_doc_t *doc, int *created, cxm_error_t *err)
{
    cxm_rc_t         rc;
    cxm_doc_write_t  write;

    memset(&write, 0, sizeof(write));
    write.kind = KIND;
    write.slug = cxm_strz(slug);
    write.if_match = if_match;
    write.actor = 7;
    write.body = body;

    cxm_error_init(err);
    rc = cxm_doc_put(txn, &write, doc, created, err);
    json_decref(body);

    return rc;
}


static cxm_rc_t
drop(cxm_txn_t *txn, const char *slug, uint64_t if_match, cxm_error_t *err)
{
    cxm_doc_write_t  write;

    memset(&write, 0, sizeof(write));
    write.kind = KIND;
    write.slug = cxm_strz(slug);
    write.if_match = if_match;

    cxm_error_init(err);

    return cxm_doc_delete(txn, &write, err);
}


static json_t *
body(const char *slug, int n)
{
    return json_pack("{ss si}", "slug", slug, "n", n);
}


static void
verify(void)
{
    cxm_rc_t      rc;
    char          scratch[96];
    cxm_verify_t  found;
    cxm_verify_opts_t  opts = { 0 };
    cxm_error_t   err;

    cxm_error_init(&err);
    snprintf(scratch, sizeof(scratch), "%s/scratch", fixture.root);
    opts.scratch = scratch;
    rc = cxm_verify(fixture.store, &opts, &found, &err);

    if (rc != CXM_OK) {
        fail_msg("verify: %s %s", found.finding, err.detail);
    }
}


/* What is written may be what the document has: it is borrowed. */
static void
in_place(void **state)
{
    int               created;
    cxm_doc_t         doc;
    cxm_txn_t        *txn;
    cxm_error_t       err;
    cxm_doc_write_t   write;

    (void) state;

    txn = fixture_write(&fixture);
    assert_int_equal(put(txn, "a", body("a", 1), CXM_VERSION_ANY, &doc,
                         &created, &err), CXM_OK);

    memset(&write, 0, sizeof(write));
    write.kind = KIND;
    write.id = doc.id;
    write.if_match = CXM_VERSION_ANY;
    write.body = json_deep_copy(doc.body);
    (void) cxm_json_set_int(write.body, "n", 2);
    assert_int_equal(cxm_doc_replace(txn, &write, &doc, &err), CXM_OK);
    json_decref(write.body);

    /* now the document alone has it, and version 1 is not the same */

    write.body = doc.body;
    doc.subject = 1;
    assert_int_equal(cxm_doc_replace(txn, &write, &doc, &err), CXM_OK);
    assert_int_equal(doc.version, 3);
    assert_int_equal(cxm_json_get_int(doc.body, "n", 0), 2);
    cxm_doc_clear(&doc);
    fixture_commit(txn);
}


static void
versions(void **state)
{
    int          created;
    json_t      *out;
    uint64_t     no;
    cxm_txn_t   *txn;
    cxm_doc_t    doc;
    cxm_uuid_t   id;
    cxm_error_t  err;

    (void) state;

    txn = fixture_write(&fixture);

    assert_int_equal(put(txn, "a", body("a", 1), CXM_VERSION_ANY, &doc,
                         &created, &err), CXM_OK);
    assert_int_equal(created, 1);
    assert_int_equal(doc.version, 1);
    assert_int_equal(doc.no, 1);
    assert_int_equal(doc.seq, 1);
    no = doc.no;
    id = doc.id;
    cxm_doc_clear(&doc);

    /* the same again writes nothing */

    assert_int_equal(put(txn, "a", body("a", 1), CXM_VERSION_ANY, &doc,
                         &created, &err), CXM_OK);
    assert_int_equal(created, 0);
    assert_int_equal(doc.version, 1);
    assert_int_equal(cxm_txn_head(txn), 1);
    cxm_doc_clear(&doc);

    assert_int_equal(put(txn, "a", body("a", 2), 1, &doc, &created, &err),
                     CXM_OK);
    assert_int_equal(created, 0);
    assert_int_equal(doc.version, 2);
    assert_int_equal(doc.no, no);
    assert_memory_equal(&doc.id, &id, sizeof(id));
    assert_int_equal(doc.seq, 2);
    cxm_doc_clear(&doc);

    fixture_commit(txn);
    txn = fixture_read(&fixture);

    assert_int_equal(cxm_doc_by_name(txn, KIND, cxm_str("a"), &doc, &err),
                     CXM_OK);
    assert_int_equal(cxm_json_get_int(doc.body, "n", 0), 2);
    assert_int_equal(doc.created_at, FIXTURE_DAY);

    out = cxm_doc_json(&doc);
    assert_int_equal(cxm_json_get_int(out, "version", 0), 2);
    assert_int_equal(cxm_json_get_str(out, "id").len, CXM_UUID_LEN);
    assert_true(cxm_str_eqz(cxm_json_get_str(out, "created_at"),
                            "2026-11-22T00:00:00.000Z"));
    json_decref(out);
    cxm_doc_clear(&doc);

    assert_int_equal(cxm_doc_by_id(txn, KIND, &id, &doc, &err), CXM_OK);
    cxm_doc_clear(&doc);
    assert_int_equal(cxm_doc_get(txn, KIND, no, &doc, &err), CXM_OK);
    cxm_doc_clear(&doc);
    assert_int_equal(cxm_doc_get(txn, KIND, no + 1, &doc, &err),
                     CXM_NOT_FOUND);
    assert_int_equal(cxm_doc_by_name(txn, KIND, cxm_str("b"), &doc, &err),
                     CXM_NOT_FOUND);
    assert_int_equal(cxm_doc_by_name(txn, CXM_KIND_KEY, cxm_str("a"), &doc,
                                     &err), CXM_NOT_FOUND);
    cxm_txn_end(txn);

    verify();
}


static void
conditions(void **state)
{
    int          created;
    cxm_txn_t   *txn;
    cxm_doc_t    doc;
    cxm_error_t  err;

    (void) state;

    txn = fixture_write(&fixture);

    assert_int_equal(put(txn, "a", body("a", 1), 1, &doc, &created, &err),
                     CXM_PRECONDITION);
    assert_int_equal(put(txn, "a", body("a", 1), CXM_VERSION_SOME, &doc,
                         &created, &err), CXM_PRECONDITION);
    assert_int_equal(put(txn, "a", body("a", 1), CXM_VERSION_MISS, &doc,
                         &created, &err), CXM_PRECONDITION);
    assert_false(cxm_txn_dirty(txn));

    assert_int_equal(put(txn, "a", body("a", 1), CXM_VERSION_NONE, &doc,
                         &created, &err), CXM_OK);
    cxm_doc_clear(&doc);

    assert_int_equal(put(txn, "a", body("a", 2), CXM_VERSION_NONE, &doc,
                         &created, &err), CXM_PRECONDITION);
    assert_int_equal(put(txn, "a", body("a", 2), 2, &doc, &created, &err),
                     CXM_PRECONDITION);
    assert_null(doc.body);
    assert_int_equal(put(txn, "a", body("a", 2), CXM_VERSION_SOME, &doc,
                         &created, &err), CXM_OK);
    cxm_doc_clear(&doc);

    assert_int_equal(drop(txn, "a", 1, &err), CXM_PRECONDITION);
    assert_int_equal(drop(txn, "b", CXM_VERSION_ANY, &err), CXM_NOT_FOUND);
    fixture_commit(txn);
}


static void
names(void **state)
{
    int              created;
    cxm_txn_t       *txn;
    cxm_doc_t        doc;
    cxm_uuid_t       id;
    cxm_error_t      err;
    cxm_doc_write_t  write;

    (void) state;

    txn = fixture_write(&fixture);

    assert_int_equal(put(txn, "a", body("a", 1), CXM_VERSION_ANY, &doc,
                         &created, &err), CXM_OK);
    id = doc.id;
    cxm_doc_clear(&doc);
    assert_int_equal(put(txn, "b", body("b", 1), CXM_VERSION_ANY, &doc,
                         &created, &err), CXM_OK);
    cxm_doc_clear(&doc);

    /* another's name */

    assert_int_equal(put(txn, "a", body("b", 1), CXM_VERSION_ANY, &doc,
                         &created, &err), CXM_CONFLICT);
    assert_string_equal(err.code, "slug_taken");

    /* a new name: the old one is free */

    assert_int_equal(put(txn, "a", body("c", 1), CXM_VERSION_ANY, &doc,
                         &created, &err), CXM_OK);
    assert_int_equal(created, 0);
    cxm_doc_clear(&doc);
    assert_int_equal(cxm_doc_by_name(txn, KIND, cxm_str("a"), &doc, &err),
                     CXM_NOT_FOUND);
    assert_int_equal(cxm_doc_by_name(txn, KIND, cxm_str("c"), &doc, &err),
                     CXM_OK);
    cxm_doc_clear(&doc);

    /* by id, without a name */

    memset(&write, 0, sizeof(write));
    write.kind = KIND;
    write.if_match = CXM_VERSION_ANY;
    write.body = json_pack("{si}", "n", 5);
    assert_int_equal(cxm_doc_put(txn, &write, &doc, &created, &err), CXM_OK);
    assert_int_equal(created, 1);
    write.id = doc.id;
    cxm_doc_clear(&doc);
    json_decref(write.body);

    write.body = json_pack("{si}", "n", 6);
    assert_int_equal(cxm_doc_put(txn, &write, &doc, &created, &err), CXM_OK);
    assert_int_equal(created, 0);
    assert_int_equal(doc.version, 2);
    cxm_doc_clear(&doc);

    write.slug = cxm_str("new");
    write.id = id;
    cxm_error_init(&err);
    assert_int_equal(cxm_doc_put(txn, &write, &doc, &created, &err),
                     CXM_CONFLICT);
    assert_string_equal(err.code, "id_taken");
    json_decref(write.body);

    /* gone, and made again as another one */

    assert_int_equal(drop(txn, "c", CXM_VERSION_ANY, &err), CXM_OK);
    assert_int_equal(cxm_doc_by_id(txn, KIND, &id, &doc, &err),
                     CXM_NOT_FOUND);
    assert_int_equal(put(txn, "c", body("c", 1), CXM_VERSION_ANY, &doc,
                         &created, &err), CXM_OK);
    assert_int_equal(created, 1);
    assert_int_equal(doc.version, 1);
    assert_memory_not_equal(&doc.id, &id, sizeof(id));
    cxm_doc_clear(&doc);

    fixture_commit(txn);
    verify();
}


static int
count(void *ctx, const cxm_doc_t *doc)
{
    unsigned  *n = ctx;

    assert_int_equal(cxm_json_get_int(doc->body, "n", -1),
                     (int64_t) doc->no);

    return ++*n == 7;
}


static void
lists(void **state)
{
    int          i, created;
    char         slug[16];
    unsigned     n;
    cxm_txn_t   *txn;
    cxm_doc_t    doc;
    cxm_error_t  err;

    (void) state;

    txn = fixture_write(&fixture);
    for (i = 1; i <= 10; i++) {
        snprintf(slug, sizeof(slug), "s%d", i);
        assert_int_equal(put(txn, slug, body(slug, i), CXM_VERSION_ANY, &doc,
                             &created, &err), CXM_OK);
        cxm_doc_clear(&doc);
    }
    fixture_commit(txn);

    txn = fixture_read(&fixture);

    n = 0;
    assert_int_equal(cxm_doc_list(txn, KIND, 0, 5, count, &n, &err), CXM_OK);
    assert_int_equal(n, 5);
    n = 0;
    assert_int_equal(cxm_doc_list(txn, KIND, 8, 5, count, &n, &err), CXM_OK);
    assert_int_equal(n, 2);
    n = 0;
    assert_int_equal(cxm_doc_list(txn, KIND, 0, 100, count, &n, &err),
                     CXM_OK);
    assert_int_equal(n, 7);
    n = 0;
    assert_int_equal(cxm_doc_list(txn, CXM_KIND_KEY, 0, 100, count, &n, &err),
                     CXM_OK);
    assert_int_equal(n, 0);

    cxm_txn_end(txn);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(versions, setup, teardown),
        cmocka_unit_test_setup_teardown(in_place, setup, teardown),
        cmocka_unit_test_setup_teardown(conditions, setup, teardown),
        cmocka_unit_test_setup_teardown(names, setup, teardown),
        cmocka_unit_test_setup_teardown(lists, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
