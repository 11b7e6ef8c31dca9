/*
 * Records that become parts of others, and are whole again.
 */

#include "record_fixture.h"

#include "cxm_find.h"


static cxm_uuid_t  a, b, c;         /* persons */


static void
three(cxm_txn_t *txn)
{
    assert_int_equal(put(txn, &person, NULL, NULL,
                         "{\"name\": \"Ann\", \"number\": \"1\"}", &a),
                     CXM_OK);
    assert_int_equal(put(txn, &person, NULL, NULL,
                         "{\"name\": \"Bea\", \"number\": \"2\"}", &b),
                     CXM_OK);
    assert_int_equal(put(txn, &person, NULL, NULL,
                         "{\"name\": \"Cid\", \"number\": \"3\"}", &c),
                     CXM_OK);
}


/* into NULL: it is whole again. */
static void
part(cxm_txn_t *txn, const cxm_uuid_t *id, const cxm_uuid_t *into)
{
    char  text[100], whole[CXM_UUID_LEN + 1];

    if (into == NULL) {
        (void) snprintf(text, sizeof(text), "{\"merged_into\": null}");

    } else {
        cxm_uuid_format(into, whole);
        (void) snprintf(text, sizeof(text), "{\"merged_into\": \"%s\"}",
                        whole);
    }

    assert_int_equal(patch(txn, &person, id, 1, text), CXM_OK);
}


static void
assert_id(const cxm_uuid_t *got, const cxm_uuid_t *want)
{
    assert_memory_equal(got->b, want->b, sizeof(want->b));
}


static void
assert_whole(cxm_txn_t *txn, const cxm_uuid_t *id, const cxm_uuid_t *want)
{
    cxm_uuid_t  whole;

    assert_int_equal(cxm_record_whole(txn, &person, id, &whole), CXM_OK);
    assert_id(&whole, want);
}


static unsigned
parts(cxm_txn_t *txn, const cxm_uuid_t *whole)
{
    cxm_record_parts_t  out;

    assert_int_equal(cxm_record_parts(txn, &person, whole, &out), CXM_OK);
    assert_id(&out.id[0], whole);

    return out.n;
}


static void
trees(void **state)
{
    cxm_txn_t   *txn;
    cxm_uuid_t   whole, nobody = { { 7 } };

    (void) state;

    txn = fixture_write(&fixture);
    three(txn);
    assert_whole(txn, &a, &a);
    assert_int_equal(parts(txn, &a), 1);
    assert_int_equal(cxm_record_whole(txn, &person, &nobody, &whole),
                     CXM_NOT_FOUND);

    part(txn, &a, &b);
    part(txn, &b, &c);
    assert_whole(txn, &a, &c);
    assert_whole(txn, &b, &c);
    assert_int_equal(parts(txn, &c), 3);
    assert_int_equal(parts(txn, &b), 2);
    assert_int_equal(parts(txn, &a), 1);

    part(txn, &b, NULL);
    assert_whole(txn, &a, &b);
    assert_int_equal(parts(txn, &c), 1);
    assert_int_equal(parts(txn, &b), 2);

    part(txn, &a, &c);
    assert_int_equal(parts(txn, &b), 1);
    assert_int_equal(parts(txn, &c), 2);
    fixture_commit(txn);
    assert_int_equal(rows(CXM_NS_DOC_PART), 1);
    verify();
}


static void
assert_merged(cxm_rc_t rc, const cxm_uuid_t *whole)
{
    char  text[CXM_UUID_LEN + 1];

    cxm_uuid_format(whole, text);
    assert_int_equal(rc, CXM_CONFLICT);
    assert_string_equal(err.code, "merged");
    assert_string_equal(err.merged_into, text);
}


static cxm_rc_t
delete(cxm_txn_t *txn, const cxm_uuid_t *owner, const cxm_uuid_t *id)
{
    cxm_record_write_t  write;

    writing(&write, txn, &remark);
    write.owner = *owner;
    write.id = *id;

    return cxm_record_delete(&write);
}


static void
writes(void **state)
{
    cxm_txn_t           *txn;
    cxm_uuid_t           said, made;
    cxm_record_write_t   write;
    cxm_doc_t            doc;
    json_t              *input;

    (void) state;

    txn = fixture_write(&fixture);
    three(txn);
    assert_int_equal(put(txn, &remark, NULL, &a, "{\"text\": \"x\"}", &said),
                     CXM_OK);
    part(txn, &a, &b);
    part(txn, &b, &c);

    assert_merged(put(txn, &person, &a, NULL, "{}", NULL), &c);
    assert_merged(patch(txn, &person, &b, 0, "{}"), &c);
    assert_merged(put(txn, &remark, NULL, &a, "{\"text\": \"y\"}", &made),
                  &c);
    assert_merged(put(txn, &remark, &said, &b, "{\"text\": \"y\"}", NULL),
                  &c);
    assert_merged(delete(txn, &a, &said), &c);

    /* that it is another version is not the point */

    writing(&write, txn, &person);
    write.id = a;
    write.if_match = 1;
    input = json_object();
    assert_merged(cxm_record_patch(&write, input, &doc), &c);
    json_decref(input);

    /* what belongs to a part is the whole's, where it is */

    assert_int_equal(put(txn, &remark, &said, &c, "{\"text\": \"z\"}", NULL),
                     CXM_OK);
    part(txn, &b, NULL);
    assert_int_equal(put(txn, &remark, &said, &c, "{\"text\": \"u\"}", NULL),
                     CXM_NOT_FOUND);
    part(txn, &a, NULL);
    assert_int_equal(put(txn, &remark, &said, &b, "{\"text\": \"u\"}", NULL),
                     CXM_NOT_FOUND);
    assert_int_equal(delete(txn, &a, &said), CXM_OK);
    fixture_commit(txn);
    assert_int_equal(rows(CXM_NS_DOC_OWNER), 0);
    assert_int_equal(rows(CXM_NS_DOC_PART), 0);
    verify();
}


/* --- lists and look-ups ------------------------------------------------- */

typedef struct {
    size_t  n;
    char    text[64];
} listed_t;


static int
list_text(void *ctx, const cxm_doc_t *doc)
{
    listed_t   *list;
    cxm_str_t   text;

    list = ctx;
    text = cxm_json_get_str(doc->personal, "text");
    memcpy(list->text + list->n, text.data, text.len);
    list->n += text.len;
    list->text[list->n] = '\0';

    return 0;
}


static void
assert_list(cxm_txn_t *txn, const cxm_uuid_t *owner, const char *want)
{
    listed_t  list = { 0, "" };

    assert_int_equal(cxm_record_list(txn, &remark, owner, UINT64_MAX, 100,
                                     list_text, &list, &err), CXM_OK);
    assert_string_equal(list.text, want);
}


static void
lists(void **state)
{
    size_t       i;
    char         text[20];
    listed_t     list = { 0, "" };
    cxm_txn_t   *txn;

    (void) state;

    txn = fixture_write(&fixture);
    three(txn);

    for (i = 0; i < 9; i++) {
        (void) snprintf(text, sizeof(text), "{\"text\": \"%zu\"}", i);
        assert_int_equal(put(txn, &remark, NULL,
                             i % 3 == 0 ? &a : i % 3 == 1 ? &b : &c, text,
                             NULL), CXM_OK);
    }

    part(txn, &a, &b);
    assert_list(txn, &b, "764310");
    part(txn, &b, &c);
    assert_list(txn, &c, "876543210");
    assert_list(txn, &b, "764310");
    assert_list(txn, &a, "630");

    assert_int_equal(cxm_record_list(txn, &remark, &c, UINT64_MAX, 4,
                                     list_text, &list, &err), CXM_OK);
    assert_string_equal(list.text, "8765");

    part(txn, &b, NULL);
    assert_list(txn, &c, "852");
    fixture_commit(txn);
    verify();
}


static int
count(void *ctx, const cxm_doc_t *doc)
{
    (void) doc;
    ++*(unsigned *) ctx;

    return 0;
}


static unsigned
found(cxm_txn_t *txn, const char *words)
{
    unsigned          n;
    cxm_find_t        find;
    cxm_find_place_t  place = { CXM_FIND_EXACT, UINT32_MAX };

    n = 0;
    assert_int_equal(cxm_find_begin(&find, txn, &person, &err), CXM_OK);
    cxm_find_words(&find, cxm_strz(words));
    assert_int_equal(cxm_find_run(txn, &find, &place, 10, count, &n, &err),
                     CXM_OK);

    return n;
}


/* A part is not found, and holds no value that must be one's only. */
static void
indexes(void **state)
{
    unsigned     postings, terms;
    cxm_txn_t   *txn;
    cxm_uuid_t   other;

    (void) state;

    txn = fixture_write(&fixture);
    three(txn);
    fixture_commit(txn);
    postings = rows(CXM_NS_DOC_POSTINGS_PERSONAL);
    terms = rows(CXM_NS_DOC_TERMS);

    txn = fixture_write(&fixture);
    assert_int_equal(found(txn, "ann"), 1);
    part(txn, &a, &b);
    fixture_commit(txn);
    assert_int_equal(rows(CXM_NS_DOC_TERMS), terms);

    txn = fixture_write(&fixture);
    assert_int_equal(found(txn, "ann"), 0);
    assert_int_equal(found(txn, "bea"), 1);
    assert_int_equal(put(txn, &person, NULL, NULL, "{\"number\": \"1\"}",
                         &other), CXM_OK);
    assert_int_equal(patch(txn, &person, &a, 1, "{\"merged_into\": null}"),
                     CXM_CONFLICT);
    assert_string_equal(err.code, "value_taken");
    assert_int_equal(patch(txn, &person, &other, 0, "{\"number\": null}"),
                     CXM_OK);
    part(txn, &a, NULL);
    fixture_commit(txn);

    txn = fixture_read(&fixture);
    assert_int_equal(found(txn, "ann"), 1);
    cxm_txn_end(txn);
    assert_int_equal(rows(CXM_NS_DOC_POSTINGS_PERSONAL), postings);
    verify();
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        test(trees),
        test(writes),
        test(lists),
        test(indexes)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
