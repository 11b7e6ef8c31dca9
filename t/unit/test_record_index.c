/*
 * Indexes of records, and what an erasure takes out of them.
 */

#include "record_fixture.h"

#include "cxm_backup.h"
#include "cxm_restore.h"


#define PERSONAL  CXM_NS_DOC_POSTINGS_PERSONAL


static unsigned
members(cxm_txn_t *txn, cxm_ns_t ns, cxm_term_kind_t kind, const char *path,
    const char *text)
{
    unsigned             n;
    int                  bit;
    cxm_term_t           term;
    cxm_postings_t       set;
    cxm_posting_place_t  place = { (uint8_t) ns, CXM_KIND_CUSTOMER, 0 };

    memset(&set, 0, sizeof(set));
    cxm_index_term(fixture.store, kind, cxm_strz(path), cxm_strz(text),
                   &term);
    assert_int_equal(cxm_postings_load(txn, &place, &term, &set), CXM_OK);
    n = 0;

    for (bit = cxm_postings_last(&set, CXM_POSTING_RANGE); bit >= 0;
         bit = cxm_postings_last(&set, (unsigned) bit))
    {
        n = n * 10 + (unsigned) bit;
    }

    return n;
}


static cxm_rc_t
holder(cxm_txn_t *txn, const char *number, uint64_t *no)
{
    return cxm_index_find(txn, person.kind,
                          cxm_field_find(person.fields, cxm_str("number")),
                          cxm_strz(number), no);
}


/* Ordinals as digits, the highest first. */
static void
indexes(void **state)
{
    uint64_t             no;
    cxm_doc_t            doc;
    cxm_txn_t           *txn;
    cxm_uuid_t           a, b;
    cxm_record_write_t   write;

    (void) state;

    txn = fixture_write(&fixture);
    assert_int_equal(put(txn, &person, NULL, NULL,
        "{\"name\":\"Ann Müller\",\"number\":\"A 1\",\"tags\":[\"VIP\"]}",
        &a), CXM_OK);
    assert_int_equal(put(txn, &person, NULL, NULL,
        "{\"name\":\"Anna Lee\",\"number\":\"A 2\",\"tags\":[\"vip\",\"x\"]}",
        &b), CXM_OK);

    /* a value leads to one, folded or not */

    assert_int_equal(put(txn, &person, NULL, NULL, "{\"number\":\"a 1\"}",
                         NULL), CXM_CONFLICT);
    assert_string_equal(err.code, "value_taken");
    assert_string_equal(err.issues[0].pointer, "/number");
    assert_int_equal(patch(txn, &person, &b, 0, "{\"number\":\"A 1\"}"),
                     CXM_CONFLICT);
    assert_int_equal(patch(txn, &person, &a, 0, "{\"number\":\"a 1\"}"),
                     CXM_OK);

    assert_int_equal(holder(txn, "A 1", &no), CXM_OK);
    assert_int_equal(cxm_doc_by_id(txn, person.kind, &a, &doc, &err),
                     CXM_OK);
    assert_int_equal(doc.no, no);
    cxm_doc_clear(&doc);
    assert_int_equal(holder(txn, "a 2", &no), CXM_OK);
    assert_int_equal(holder(txn, "A 3", &no), CXM_NOT_FOUND);
    assert_int_equal(holder(txn, "", &no), CXM_NOT_FOUND);
    assert_int_equal(holder(txn, "\xff", &no), CXM_NOT_FOUND);

    assert_int_equal(members(txn, CXM_NS_DOC_POSTINGS, CXM_TERM_VALUE,
                             "tags", "vip"), 21);
    assert_int_equal(members(txn, CXM_NS_DOC_POSTINGS, CXM_TERM_VALUE,
                             "tags", "x"), 2);
    assert_int_equal(members(txn, PERSONAL, CXM_TERM_WORD, "", "ann"), 1);
    assert_int_equal(members(txn, PERSONAL, CXM_TERM_PREFIX, "", "ann"), 2);
    assert_int_equal(members(txn, PERSONAL, CXM_TERM_PREFIX, "", "mull"), 1);
    assert_int_equal(members(txn, PERSONAL, CXM_TERM_PREFIX, "", "mulle"), 1);
    assert_int_equal(members(txn, PERSONAL, CXM_TERM_PREFIX, "", "muller"),
                     0);
    assert_int_equal(members(txn, PERSONAL, CXM_TERM_WORD, "", "muller"), 1);
    assert_int_equal(members(txn, PERSONAL, CXM_TERM_EXACT, "", "anna lee"),
                     2);
    assert_int_equal(members(txn, PERSONAL, CXM_TERM_EXACT, "", "anna"), 0);

    /* what is no more leads nowhere, and is free */

    assert_int_equal(patch(txn, &person, &a, 0,
        "{\"name\":\"Bo\",\"number\":null,\"tags\":[\"x\"]}"), CXM_OK);
    assert_int_equal(members(txn, PERSONAL, CXM_TERM_WORD, "", "ann"), 0);
    assert_int_equal(members(txn, PERSONAL, CXM_TERM_WORD, "", "bo"), 1);
    assert_int_equal(members(txn, CXM_NS_DOC_POSTINGS, CXM_TERM_VALUE,
                             "tags", "x"), 21);
    assert_int_equal(members(txn, CXM_NS_DOC_POSTINGS, CXM_TERM_VALUE,
                             "tags", "vip"), 2);
    assert_int_equal(patch(txn, &person, &b, 0, "{\"number\":\"A 1\"}"),
                     CXM_OK);

    writing(&write, txn, &person);
    write.id = a;
    assert_int_equal(cxm_record_delete(&write), CXM_OK);
    write.id = b;
    assert_int_equal(cxm_record_delete(&write), CXM_OK);
    fixture_commit(txn);

    assert_int_equal(rows(CXM_NS_DOC_KEY_PERSONAL), 0);
    assert_int_equal(rows(CXM_NS_DOC_POSTINGS), 0);
    assert_int_equal(rows(PERSONAL), 0);
    assert_int_equal(rows(CXM_NS_DOC_TERMS), 0);
    assert_int_equal(rows(CXM_NS_DOC_TERMS_PERSONAL), 0);
    assert_int_equal(rows(CXM_NS_DOC_ORDINAL), 0);
    assert_int_equal(rows(CXM_NS_DOC_PERSON), 0);
    assert_int_equal(rows(CXM_NS_DOC_VERSION), 0);
    verify();
}


static void
erased(void **state)
{
    cxm_txn_t   *txn;
    cxm_uuid_t   a, b, note;

    (void) state;

    txn = fixture_write(&fixture);
    assert_int_equal(site(txn,
        "{\"fields\":[{\"name\":\"plan\",\"type\":\"string\"},"
        "{\"name\":\"size\",\"type\":\"integer\",\"personal\":true,"
        "\"index\":\"lookup\"}]}"), CXM_OK);
    assert_int_equal(put(txn, &person, NULL, NULL,
        "{\"name\":\"Ann Lee\",\"number\":\"1\",\"tags\":[\"x\"],"
        "\"attributes\":{\"plan\":\"pro\",\"size\":42}}", &a), CXM_OK);
    assert_int_equal(put(txn, &person, NULL, NULL,
        "{\"name\":\"Ann Lee\",\"number\":\"2\"}", &b), CXM_OK);
    assert_int_equal(put(txn, &remark, NULL, &a, "{\"text\":\"x\"}", &note),
                     CXM_OK);
    fixture_commit(txn);
    verify();

    erase(&a);

    txn = fixture_write(&fixture);
    shown(txn, &person, &a, 1,
        "{\"name\":null,\"number\":null,\"tags\":[\"x\"],\"attributes\":"
        "{\"plan\":\"pro\",\"size\":null},\"checks\":1,\"version\":1,"
        "\"erased\":true}");
    shown(txn, &person, &a, 0,
        "{\"tags\":[\"x\"],\"attributes\":{\"plan\":\"pro\"},\"checks\":1,"
        "\"version\":1,\"erased\":true}");

    /* nothing leads to it but what is not of the person */

    assert_int_equal(members(txn, PERSONAL, CXM_TERM_WORD, "", "ann"), 2);
    assert_int_equal(members(txn, PERSONAL, CXM_TERM_VALUE,
                             "attributes.size", "42"), 0);
    assert_int_equal(members(txn, CXM_NS_DOC_POSTINGS, CXM_TERM_VALUE,
                             "tags", "x"), 1);

    assert_int_equal(patch(txn, &person, &a, 0, "{\"name\":\"Bo\"}"),
                     CXM_CONFLICT);
    assert_string_equal(err.code, "person_erased");
    assert_int_equal(put(txn, &remark, NULL, &a, "{\"text\":\"x\"}", NULL),
                     CXM_CONFLICT);
    assert_int_equal(put(txn, &remark, &note, &a, "{\"text\":\"x\"}", NULL),
                     CXM_CONFLICT);

    /* the server goes on with what is left; the number is free */

    assert_int_equal(patch(txn, &person, &a, 1, "{\"checks\":7}"), CXM_OK);
    shown(txn, &person, &a, 1,
        "{\"name\":null,\"number\":null,\"tags\":[\"x\"],\"attributes\":"
        "{\"plan\":\"pro\",\"size\":null},\"checks\":7,\"version\":2,"
        "\"erased\":true}");
    assert_int_equal(patch(txn, &person, &b, 0, "{\"number\":\"1\"}"),
                     CXM_OK);
    fixture_commit(txn);
    verify();

    erase(&b);
    assert_int_equal(rows(CXM_NS_DOC_KEY_PERSONAL), 0);
    assert_int_equal(rows(PERSONAL), 0);
    assert_int_equal(rows(CXM_NS_DOC_TERMS_PERSONAL), 0);
    assert_int_equal(rows(CXM_NS_DOC_PERSON), 0);
    assert_int_equal(rows(CXM_NS_DOC_TERMS), 2);
    verify();
}


/* A copy has no keyed hash of a person, and gets all back with the keys. */
static void
copied(void **state)
{
    char               target[128], staging[160], path[200], key[160];
    uint64_t           next, lost;
    cxm_txn_t         *txn;
    cxm_uuid_t         a, b;
    cxm_store_t       *home, *store;
    cxm_backup_t       copy;
    cxm_store_stat_t   stat;
    cxm_store_opts_t   opts;

    (void) state;

    txn = fixture_write(&fixture);
    assert_int_equal(put(txn, &person, NULL, NULL,
        "{\"name\":\"Ann Lee\",\"number\":\"1\"}", &a), CXM_OK);
    assert_int_equal(put(txn, &person, NULL, NULL,
        "{\"name\":\"Ann Bo\",\"number\":\"2\"}", &b), CXM_OK);
    fixture_commit(txn);

    snprintf(target, sizeof(target), "%s/target", fixture.root);
    snprintf(staging, sizeof(staging), "%s/%s", target, CXM_RESTORE_DIR);
    snprintf(key, sizeof(key), "%s/master.key", fixture.dir);
    assert_int_equal(cxm_restore_target(target, (unsigned) -1, (unsigned) -1,
                                        &err), CXM_OK);
    snprintf(path, sizeof(path), "%s/data", staging);
    assert_int_equal(cxm_backup_data(fixture.store, path, NULL, NULL, &copy,
                                     &err), CXM_OK);
    snprintf(path, sizeof(path), "%s/keys", staging);
    assert_int_equal(cxm_backup_keys(fixture.store, path, &err), CXM_OK);
    assert_int_equal(cxm_store_stat(fixture.store, &stat, &err), CXM_OK);
    assert_int_equal(cxm_restore_keys(staging, &stat.uuid, copy.persons,
                                      &next, &lost, &err), CXM_OK);

    memset(&opts, 0, sizeof(opts));
    opts.dir = staging;
    opts.key_file = key;
    opts.map_size = 1 << 30;
    opts.flow = &flow;
    assert_int_equal(cxm_store_open(&opts, &store, &err), CXM_OK);

    home = fixture.store;
    fixture.store = store;
    assert_int_equal(rows(CXM_NS_DOC_KEY_PERSONAL), 0);
    assert_int_equal(rows(PERSONAL), 0);
    assert_int_equal(rows(CXM_NS_DOC_TERMS_PERSONAL), 0);

    assert_int_equal(cxm_restore_renew(store, next, &err), CXM_OK);
    assert_int_equal(cxm_restore_lookups(store, &err), CXM_OK);
    txn = fixture_read(&fixture);
    assert_int_equal(members(txn, PERSONAL, CXM_TERM_WORD, "", "ann"), 21);
    assert_int_equal(members(txn, PERSONAL, CXM_TERM_WORD, "", "lee"), 1);
    cxm_txn_end(txn);
    verify();

    cxm_store_close(store);
    fixture.store = home;
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        test(indexes),
        test(erased),
        test(copied),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
