/*
 * Records: personal members apart, patches, owners, lists, history; and that
 * the rows are nothing but the journal's memory.
 */

#include "record_fixture.h"


static void
put_and_patch(void **state)
{
    cxm_txn_t           *txn;
    cxm_doc_t            doc;
    cxm_uuid_t           id, none = { { 1 } };
    json_t              *input;
    cxm_record_write_t   write;

    (void) state;

    txn = fixture_write(&fixture);
    assert_int_equal(put(txn, &person, NULL, NULL,
        "{\"name\":\"Ann\",\"tags\":[\"a\"],\"checks\":77}", &id), CXM_OK);
    shown(txn, &person, &id, 1,
        "{\"name\":\"Ann\",\"tags\":[\"a\"],\"attributes\":{},\"checks\":1,"
        "\"version\":1}");
    shown(txn, &person, &id, 0,
        "{\"tags\":[\"a\"],\"attributes\":{},\"checks\":1,\"version\":1}");

    /* null takes away, the rest stays, nobody sets what is ours */

    assert_int_equal(patch(txn, &person, &id, 0,
        "{\"tags\":null,\"country\":\"DE\",\"checks\":50,\"id\":1}"),
        CXM_INVALID);
    assert_string_equal(err.issues[0].pointer, "/id");
    assert_int_equal(patch(txn, &person, &id, 0,
        "{\"tags\":null,\"country\":\"DE\",\"checks\":50}"), CXM_OK);
    shown(txn, &person, &id, 1,
        "{\"name\":\"Ann\",\"country\":\"DE\",\"attributes\":{},\"checks\":2,"
        "\"version\":2}");

    /* but we do */

    assert_int_equal(patch(txn, &person, &id, 1,
        "{\"checks\":50,\"inner\":9}"), CXM_OK);
    assert_int_equal(patch(txn, &person, &id, 0, "{\"inner\":1}"),
                     CXM_INVALID);
    assert_string_equal(err.issues[0].code, "unknown_field");
    assert_int_equal(put(txn, &person, &id, NULL, "{\"name\":\"Bea\"}", NULL),
                     CXM_OK);
    shown(txn, &person, &id, 1,
        "{\"name\":\"Bea\",\"attributes\":{},\"checks\":51,\"version\":4}");
    assert_int_equal(cxm_doc_by_id(txn, person.kind, &id, &doc, &err),
                     CXM_OK);
    assert_int_equal(cxm_json_get_int(doc.body, "inner", 0), 9);
    assert_null(json_object_get(doc.body, "name"));
    assert_non_null(json_object_get(doc.personal, "name"));
    cxm_doc_clear(&doc);

    /* what is refused changes nothing */

    assert_int_equal(patch(txn, &person, &id, 0, "{\"country\":\"d\"}"),
                     CXM_INVALID);
    assert_string_equal(err.issues[0].pointer, "/country");
    assert_int_equal(patch(txn, &person, &id, 1, "{\"checks\":101}"),
                     CXM_INVALID);
    assert_int_equal(patch(txn, &person, &none, 0, "{}"), CXM_NOT_FOUND);

    writing(&write, txn, &person);
    write.id = id;
    write.if_match = 3;
    input = parse("{}");
    assert_int_equal(cxm_record_patch(&write, input, &doc),
                     CXM_PRECONDITION);
    json_decref(input);
    input = json_pack("[]");
    write.if_match = 4;
    assert_int_equal(cxm_record_patch(&write, input, &doc), CXM_INVALID);
    json_decref(input);
    shown(txn, &person, &id, 1,
        "{\"name\":\"Bea\",\"attributes\":{},\"checks\":51,\"version\":4}");

    fixture_commit(txn);
    verify();
}


static int
count(void *ctx, const cxm_doc_t *doc)
{
    uint64_t  *last = ctx;

    assert_true(doc->no < *last);
    *last = doc->no;

    return 0;
}


static void
owners(void **state)
{
    uint64_t             last;
    cxm_txn_t           *txn;
    cxm_doc_t            doc;
    cxm_uuid_t           a, b, note, none = { { 1 } };
    cxm_record_write_t   write;

    (void) state;

    txn = fixture_write(&fixture);
    assert_int_equal(put(txn, &person, NULL, NULL, "{}", &a), CXM_OK);
    assert_int_equal(put(txn, &person, NULL, NULL, "{}", &b), CXM_OK);
    assert_int_equal(put(txn, &remark, NULL, &a, "{\"text\":\"x\"}", NULL),
                     CXM_OK);
    assert_int_equal(put(txn, &remark, NULL, &a, "{\"text\":\"y\"}", &note),
                     CXM_OK);
    assert_int_equal(put(txn, &remark, NULL, &none, "{\"text\":\"y\"}", NULL),
                     CXM_NOT_FOUND);
    assert_int_equal(put(txn, &remark, &note, &b, "{\"text\":\"z\"}", NULL),
                     CXM_NOT_FOUND);
    assert_int_equal(put(txn, &remark, &note, &a, "{\"text\":\"z\"}", NULL),
                     CXM_OK);
    assert_int_equal(put(txn, &remark, NULL, &b, "{\"text\":\"v\"}", NULL),
                     CXM_OK);

    last = UINT64_MAX;
    assert_int_equal(cxm_record_list(txn, &remark, &a, UINT64_MAX, 9, count,
                                     &last, &err), CXM_OK);
    assert_int_equal(last, 3);
    last = UINT64_MAX;
    assert_int_equal(cxm_record_list(txn, &remark, &a, UINT64_MAX, 1, count,
                                     &last, &err), CXM_OK);
    assert_int_equal(last, 4);
    assert_int_equal(cxm_record_list(txn, &remark, &a, last, 9, count,
                                     &last, &err), CXM_OK);
    assert_int_equal(last, 3);
    last = UINT64_MAX;
    assert_int_equal(cxm_record_list(txn, &remark, NULL, UINT64_MAX, 9, count,
                                     &last, &err), CXM_OK);
    assert_int_equal(last, 3);
    last = UINT64_MAX;
    assert_int_equal(cxm_record_list(txn, &person, NULL, UINT64_MAX, 9, count,
                                     &last, &err), CXM_OK);
    assert_int_equal(last, 1);

    /* the subject is the owner's */

    assert_int_equal(cxm_doc_by_id(txn, remark.kind, &note, &doc, &err),
                     CXM_OK);
    last = doc.subject;
    cxm_doc_clear(&doc);
    assert_int_equal(cxm_doc_by_id(txn, person.kind, &a, &doc, &err), CXM_OK);
    assert_int_equal(doc.subject, last);
    cxm_doc_clear(&doc);

    writing(&write, txn, &remark);
    write.id = note;
    write.owner = b;
    assert_int_equal(cxm_record_delete(&write), CXM_NOT_FOUND);
    write.owner = a;
    assert_int_equal(cxm_record_delete(&write), CXM_OK);
    assert_int_equal(cxm_record_delete(&write), CXM_NOT_FOUND);
    last = UINT64_MAX;
    assert_int_equal(cxm_record_list(txn, &remark, &a, UINT64_MAX, 1, count,
                                     &last, &err), CXM_OK);
    assert_int_equal(last, 3);

    fixture_commit(txn);
    verify();
}


static int
tell(void *ctx, const cxm_record_version_t *version)
{
    char    *text;
    char    *out = ctx;
    size_t   n;

    assert_int_equal(version->actor, 5);
    text = json_dumps(version->changes, JSON_COMPACT);
    n = strlen(out);
    snprintf(out + n, 2000 - n, "%llu %s\n",
             (unsigned long long) version->version, text);
    free(text);

    return 0;
}


static void
history(void **state)
{
    int          seen;
    char         out[2000];
    cxm_txn_t   *txn;
    cxm_doc_t    doc;
    cxm_uuid_t   id;

    (void) state;

    txn = fixture_write(&fixture);
    assert_int_equal(put(txn, &person, NULL, NULL, "{\"name\":\"Ann\"}",
                         &id), CXM_OK);
    assert_int_equal(patch(txn, &person, &id, 0,
        "{\"name\":\"Bea\",\"tags\":[\"x\"]}"), CXM_OK);
    assert_int_equal(patch(txn, &person, &id, 1, "{\"name\":null}"), CXM_OK);
    assert_int_equal(cxm_doc_by_id(txn, person.kind, &id, &doc, &err),
                     CXM_OK);

    out[0] = '\0';
    seen = 0;
    assert_int_equal(cxm_record_history(txn, &person, &doc, 0, 9, 1, &seen,
                                        tell, out, &err), CXM_OK);
    assert_string_equal(out,
        "3 [{\"field\":\"/name\",\"from\":\"Bea\",\"to\":null}]\n"
        "2 [{\"field\":\"/name\",\"from\":\"Ann\",\"to\":\"Bea\"},"
        "{\"field\":\"/tags\",\"from\":null,\"to\":[\"x\"]},"
        "{\"field\":\"/checks\",\"from\":1,\"to\":2}]\n"
        "1 [{\"field\":\"/name\",\"from\":null,\"to\":\"Ann\"},"
        "{\"field\":\"/checks\",\"from\":null,\"to\":1}]\n");
    assert_int_equal(seen, 1);

    out[0] = '\0';
    seen = 0;
    assert_int_equal(cxm_record_history(txn, &person, &doc, 3, 1, 0, &seen,
                                        tell, out, &err), CXM_OK);
    assert_string_equal(out,
        "2 [{\"field\":\"/name\"},"
        "{\"field\":\"/tags\",\"from\":null,\"to\":[\"x\"]},"
        "{\"field\":\"/checks\",\"from\":1,\"to\":2}]\n");
    assert_int_equal(seen, 0);

    cxm_doc_clear(&doc);
    fixture_commit(txn);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        test(put_and_patch),
        test(owners),
        test(history),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
