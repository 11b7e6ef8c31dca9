/*
 * Two kinds of records in a store of their own: persons, whose attributes a
 * site defines, and remarks, which belong to a person.
 */

#ifndef RECORD_FIXTURE_H
#define RECORD_FIXTURE_H

#include "tables_fixture.h"

#include "cxm_erasure.h"
#include "cxm_field_site.h"
#include "cxm_index.h"
#include "cxm_json.h"
#include "cxm_person.h"
#include "cxm_record.h"


/* --- two kinds ---------------------------------------------------------- */

static const cxm_field_t  any_item = { .type = CXM_FIELD_SCALAR };
static const cxm_field_t  tag_item = { .type = CXM_FIELD_STRING, .max = 20 };

static const cxm_field_t  person_fields[] = {
    { .name = "name", .type = CXM_FIELD_STRING,
      .flags = CXM_FIELD_PERSONAL | CXM_FIELD_WORDS },
    { .name = "number", .type = CXM_FIELD_STRING,
      .flags = CXM_FIELD_PERSONAL | CXM_FIELD_KEY },
    { .name = "tags", .type = CXM_FIELD_ARRAY, .flags = CXM_FIELD_LOOKUP,
      .item = &tag_item },
    { .name = "country", .type = CXM_FIELD_COUNTRY },
    { .name = "attributes", .type = CXM_FIELD_MAP, .item = &any_item },
    { .name = "checks", .type = CXM_FIELD_INT, .flags = CXM_FIELD_READONLY },
    { .name = "inner", .type = CXM_FIELD_INT, .flags = CXM_FIELD_HIDDEN },
    { .name = CXM_MERGED_MEMBER, .type = CXM_FIELD_UUID,
      .flags = CXM_FIELD_READONLY },
    { .name = NULL }
};

static const cxm_fields_t  person_table = { "Person", person_fields };


/* Counts how often the document was checked. */
static cxm_rc_t
person_check(cxm_record_write_t *write)
{
    if (!write->ours) {
        cxm_json_set_int(write->document, "checks",
                         cxm_json_get_int(write->document, "checks", 0) + 1);
    }

    return cxm_json_get_int(write->document, "checks", 0) > 100
           ? cxm_issue(write->err, "/checks", "out_of_range", "Enough.")
           : CXM_OK;
}


static const cxm_record_t  person = {
    .kind = CXM_KIND_CUSTOMER,
    .name = "customer",
    .fields = &person_table,
    .flags = CXM_RECORD_PERSON | CXM_RECORD_SEARCHED | CXM_RECORD_HISTORY
             | CXM_RECORD_SITE | CXM_RECORD_MERGES,
    .check = person_check
};

static const cxm_field_t  remark_fields[] = {
    { .name = "customer", .type = CXM_FIELD_UUID,
      .flags = CXM_FIELD_READONLY },
    { .name = "text", .type = CXM_FIELD_TEXT,
      .flags = CXM_FIELD_PERSONAL | CXM_FIELD_REQUIRED },
    { .name = NULL }
};

static const cxm_fields_t  remark_table = { "Remark", remark_fields };

static const cxm_record_t  remark = {
    .kind = CXM_KIND_NOTE,
    .name = "note",
    .fields = &remark_table,
    .flags = CXM_RECORD_PERSON,
    .owner = &person
};


#define KIND(name_, no_, record)                                              \
    static cxm_rc_t                                                           \
    name_ ## _apply(cxm_txn_t *txn, const cxm_entry_t *entry)                 \
    {                                                                         \
        cxm_rc_t          rc;                                                 \
        cxm_doc_change_t  change;                                             \
                                                                              \
        rc = cxm_record_apply(txn, entry, &record, &change);                  \
        cxm_doc_clear(&change.old);                                           \
                                                                              \
        return rc;                                                            \
    }                                                                         \
                                                                              \
    static cxm_rc_t                                                           \
    name_ ## _forget(cxm_txn_t *txn, uint64_t slot, uint64_t *kept)           \
    {                                                                         \
        return cxm_record_forget(txn, &record, slot, kept);                   \
    }                                                                         \
                                                                              \
    static const cxm_kind_t  kind_ ## name_ = {                               \
        .no = no_, .version = 1, .name = #name_, .apply = name_ ## _apply,    \
        .lookups = &cxm_record_lookups, .forget = name_ ## _forget             \
    };

KIND(customer, CXM_KIND_CUSTOMER, person)
KIND(note, CXM_KIND_NOTE, remark)

static const cxm_due_class_t *const  due[] = { &cxm_due_erasure, NULL };

static const cxm_flow_t  flow = {
    .kinds = {
        [CXM_KIND_CUSTOMER] = &kind_customer,
        [CXM_KIND_NOTE] = &kind_note,
        [CXM_KIND_FIELDS] = &cxm_kind_fields,
        [CXM_KIND_ERASURE] = &cxm_kind_erasure
    },
    .due = due
};

static fixture_t     fixture;
static cxm_error_t   err;
static cxm_caller_t  caller;


static inline int
setup(void **state)
{
    fixture_open(&fixture, &flow);
    cxm_caller_system(&caller);
    cxm_error_init(&err);
    assert_int_equal(cxm_person_reserve(fixture.store, &err), CXM_OK);
    *state = NULL;

    return 0;
}


static inline int
teardown(void **state)
{
    (void) state;
    fixture_close(&fixture);

    return 0;
}


/* --- short hands -------------------------------------------------------- */

static inline void
writing(cxm_record_write_t *write, cxm_txn_t *txn, const cxm_record_t *record)
{
    memset(write, 0, sizeof(*write));
    write->txn = txn;
    write->record = record;
    write->caller = &caller;
    write->actor = 5;
    write->if_match = CXM_VERSION_ANY;
    write->err = &err;
    cxm_error_init(&err);
}


static inline json_t *
parse(const char *text)
{
    json_t  *value;

    value = json_loads(text, 0, NULL);
    assert_non_null(value);

    return value;
}


/* With id NULL a new one, whose id is given back in *made. */
static inline cxm_rc_t
put(cxm_txn_t *txn, const cxm_record_t *record, const cxm_uuid_t *id,
    const cxm_uuid_t *owner, const char *text, cxm_uuid_t *made)
{
    int                  created;
    json_t              *input;
    cxm_rc_t             rc;
    cxm_doc_t            doc;
    cxm_record_write_t   write;

    writing(&write, txn, record);

    if (id != NULL) {
        write.id = *id;
    }

    if (owner != NULL) {
        write.owner = *owner;
    }

    input = parse(text);
    rc = cxm_record_put(&write, input, &doc, &created);
    json_decref(input);

    if (rc == CXM_OK && made != NULL) {
        *made = doc.id;
    }

    cxm_doc_clear(&doc);

    return rc;
}


static inline cxm_rc_t
patch(cxm_txn_t *txn, const cxm_record_t *record, const cxm_uuid_t *id,
    int ours, const char *text)
{
    json_t              *input;
    cxm_rc_t             rc;
    cxm_doc_t            doc;
    cxm_record_write_t   write;

    writing(&write, txn, record);
    write.id = *id;
    write.ours = ours;

    input = parse(text);
    rc = cxm_record_patch(&write, input, &doc);
    json_decref(input);
    cxm_doc_clear(&doc);

    return rc;
}


static inline cxm_rc_t
site(cxm_txn_t *txn, const char *text)
{
    int                  created;
    json_t              *input;
    cxm_rc_t             rc;
    cxm_doc_t            doc;
    cxm_record_write_t   write;

    writing(&write, txn, &cxm_record_site);
    write.slug = cxm_str("customer");
    input = parse(text);
    rc = cxm_record_put(&write, input, &doc, &created);
    json_decref(input);
    cxm_doc_clear(&doc);

    return rc;
}


/* The document as it is shown, without what differs each time. */
static inline void
shown(cxm_txn_t *txn, const cxm_record_t *record, const cxm_uuid_t *id,
    int personal, const char *expect)
{
    size_t               i;
    json_t              *out, *want;
    char                *text;
    cxm_doc_t            doc;
    const cxm_fields_t  *fields;

    static const char *const  own[] = { "id", "created_at", "updated_at" };

    assert_int_equal(cxm_doc_by_id(txn, record->kind, id, &doc, &err),
                     CXM_OK);
    assert_int_equal(cxm_record_fields(txn, record, &fields, &err), CXM_OK);
    out = cxm_record_json(&doc, fields, cxm_record_see(&doc, personal));
    cxm_doc_clear(&doc);

    for (i = 0; i < 3; i++) {
        assert_int_equal(json_object_del(out, own[i]), 0);
    }

    want = parse(expect);

    if (!json_equal(out, want)) {
        text = json_dumps(out, 0);
        print_error("%s\nand not %s\n", text, expect);
        free(text);
        fail();
    }

    json_decref(out);
    json_decref(want);
}


static inline void
verify(void)
{
    fixture_verify(&fixture);
}


/* Rows of a namespace of `index`. */
static inline unsigned
rows(cxm_ns_t ns)
{
    cxm_rc_t        rc;
    unsigned        n;
    cxm_txn_t      *txn;
    cxm_cursor_t   *cursor;
    cxm_raw_row_t   row;
    cxm_row_key_t   key;

    n = 0;
    txn = fixture_read(&fixture);
    assert_int_equal(cxm_cursor_open(txn, CXM_T_INDEX, &cursor), CXM_OK);
    cxm_row_key(&key);
    cxm_row_key_u8(&key, (uint8_t) ns);

    for (rc = cxm_cursor_seek(cursor, &key, &row);
         rc == CXM_OK && cxm_row_within(&row, &key, 1);
         rc = cxm_cursor_next(cursor, &row))
    {
        n++;
    }

    cxm_cursor_close(cursor);
    cxm_txn_end(txn);

    return n;
}


static inline void
erase(const cxm_uuid_t *id)
{
    int                begun;
    cxm_txn_t         *txn;
    cxm_doc_t          doc;
    uint64_t           no;
    cxm_erasure_of_t   of;

    memset(&of, 0, sizeof(of));
    txn = fixture_write(&fixture);
    assert_int_equal(cxm_doc_by_id(txn, person.kind, id, &doc, &err), CXM_OK);
    of.slot = doc.subject;
    cxm_doc_clear(&doc);
    assert_int_equal(cxm_erasure_begin(txn, &caller, &of, &doc, &begun, &err),
                     CXM_OK);
    assert_int_equal(begun, 1);
    no = doc.no;
    cxm_doc_clear(&doc);
    fixture_commit(txn);

    txn = fixture_write(&fixture);
    assert_int_equal(cxm_erasure_finish(txn, no, &doc, &err), CXM_OK);
    cxm_doc_clear(&doc);
    fixture_commit(txn);
}


#define test(name)                                                            \
    cmocka_unit_test_setup_teardown(name, setup, teardown)


#endif /* RECORD_FIXTURE_H */
