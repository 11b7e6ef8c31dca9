/*
 * Customers that are brought from elsewhere.
 */

#include <stddef.h>
#include <stdlib.h>

#include "cxm_customer_int.h"
#include "cxm_json.h"
#include "cxm_person.h"


const cxm_field_t  cxm_customer_row_value = {
    .type = CXM_FIELD_STRING, .min = 1, .max = 254
};

const char *const  cxm_customer_row_types[] = {
    "external_id", "email", "phone", "visitor", NULL
};

static const cxm_field_t  own_fields[] = {
    CXM_CUSTOMER_ROW,
    { .name = NULL }
};

static const cxm_fields_t  own_table = { "CustomerRowOwn", own_fields };

static const cxm_field_t  consents_fields[] = {
    CXM_CUSTOMER_CONSENTS,
    { .name = NULL }
};

static const cxm_fields_t  consents_table = {
    "CustomerRowConsents", consents_fields
};

static const cxm_field_t  row_fields[] = {
    CXM_CUSTOMER_ROW,
    CXM_CUSTOMER_PROFILE,
    CXM_CUSTOMER_LEADS,
    CXM_CUSTOMER_LABELS,
    CXM_CUSTOMER_CONSENTS,
    { .name = NULL }
};

const cxm_fields_t  cxm_customer_row_fields = { "CustomerRow", row_fields };

/* How a row names its customer, the surest first. */
static const struct {
    const char  *type;
    unsigned     person_class;
} keys[] = {
    { "external_id", CXM_PERSON_EXTERNAL_ID },
    { "email", CXM_PERSON_EMAIL }
};


static cxm_rc_t
row_no_memory(const cxm_customer_row_t *row)
{
    return cxm_fail(row->import->err, CXM_INTERNAL, NULL,
                    "Not enough memory.");
}


/* --- members ------------------------------------------------------------ */

/* Moves what is of the row alone; one value is a list of one. */
static cxm_rc_t
row_split(cxm_customer_row_t *row, const json_t *input)
{
    int                 bad;
    json_t             *value, *list;
    const cxm_field_t  *field;

    if (!json_is_object(input)) {
        return cxm_issue(row->import->err, "", "wrong_type",
                         "Must be an object.");
    }

    bad = row->own == NULL || row->document == NULL;

    for (field = own_fields; field->name != NULL && !bad; field++) {
        value = json_object_get(row->document, field->name);

        if (value == NULL) {
            continue;
        }

        list = field->type == CXM_FIELD_ARRAY && json_is_string(value)
               ? json_pack("[O]", value) : json_incref(value);
        bad = json_object_set_new(row->own, field->name, list) != 0
              || json_object_del(row->document, field->name) != 0;
    }

    return bad ? row_no_memory(row)
               : cxm_field_check(&own_table, row->own, "", row->import->err);
}


/* Facts of their own, which are recorded once the record is written. */
static cxm_rc_t
row_consents(cxm_customer_row_t *row)
{
    json_t  *consents;

    consents = json_object_get(row->document, "consents");

    if (consents == NULL) {
        return CXM_OK;
    }

    row->consents = json_copy(consents);
    (void) json_object_del(row->document, "consents");

    return cxm_customer_consents_check(row->import, row->consents);
}


/* Accounts are joined by who signs in to them, and not brought. */
static cxm_rc_t
row_identifiers(cxm_customer_row_t *row)
{
    size_t   i;
    json_t  *list, *item;

    list = json_object_get(row->document, "identifiers");

    if (!json_is_array(list)) {
        return CXM_OK;
    }

    row->brought = json_array();

    for (i = 0; i < json_array_size(list); i++) {
        item = json_array_get(list, i);

        if (cxm_identity_type(cxm_json_get_str(item, "type"))
            != CXM_IDENTITY_ACCOUNT
            && json_array_append(row->brought, item) != 0)
        {
            return row_no_memory(row);
        }
    }

    return json_object_set(row->document, "identifiers", row->brought) == 0
           ? CXM_OK : row_no_memory(row);
}


/* --- whose it is -------------------------------------------------------- */

/* The first value of a type, in a column or in the list. */
static cxm_str_t
row_value(const cxm_customer_row_t *row, const char *type)
{
    size_t      i;
    json_t     *item;
    cxm_str_t   value;

    value = cxm_json_str(json_array_get(json_object_get(row->own, type), 0));

    for (i = 0; value.data == NULL && i < json_array_size(row->brought); i++) {
        item = json_array_get(row->brought, i);

        if (cxm_str_eqz(cxm_json_get_str(item, "type"), type)) {
            value = cxm_json_get_str(item, "value");
        }
    }

    return value;
}


/* *no is 0 where there is nobody yet. */
static cxm_rc_t
row_find(const cxm_customer_row_t *row, cxm_uuid_t *id, uint64_t *no)
{
    int         named;
    size_t      i;
    cxm_rc_t    rc;
    cxm_str_t   value;
    cxm_txn_t  *txn;

    *no = 0;
    txn = row->import->txn;
    memset(id, 0, sizeof(*id));
    named = cxm_uuid_parse(cxm_json_get_str(row->own, "id"), id) == CXM_OK;

    rc = named ? cxm_doc_no(txn, CXM_KIND_CUSTOMER, id, no) : CXM_NOT_FOUND;

    for (i = 0; i < sizeof(keys) / sizeof(keys[0]) && rc == CXM_NOT_FOUND;
         i++)
    {
        value = row_value(row, keys[i].type);

        if (value.data != NULL) {
            named = 1;
            rc = cxm_customer_find(txn, keys[i].person_class, value, no);
        }
    }

    if (!named) {
        return cxm_issue(row->import->err, "", "required",
                         "A row has an id, an external_id or an email.");
    }

    return rc == CXM_OK || rc == CXM_NOT_FOUND
           ? CXM_OK
           : cxm_fail(row->import->err, rc, NULL,
                      "A customer cannot be found.");
}


/* --- identifiers by type ------------------------------------------------ */

static void
drop_type(json_t *list, int type)
{
    size_t  i;

    for (i = json_array_size(list); i-- > 0; /* void */) {
        if (cxm_identity_type(cxm_json_get_str(json_array_get(list, i),
                                               "type")) == type)
        {
            (void) json_array_remove(list, i);
        }
    }
}


/* The value is as a column has it, and so not yet in its one form. */
static int
add_value(cxm_record_write_t *write, json_t *list, int type, json_t *value)
{
    json_t              *item;
    uint8_t              hash[CXM_HASH_LEN];
    cxm_store_t         *store;
    cxm_customer_row_t  *row;

    row = write->data;
    store = cxm_txn_store(write->txn);
    item = json_pack("{ss sO}", "type", cxm_customer_types[type], "value",
                     value);

    if (item == NULL) {
        return -1;
    }

    cxm_identity_hash(store, type, item, hash);

    if (cxm_identity_in(store, list, type, hash) != NULL) {
        json_decref(item);
        return 0;
    }

    if (row->nadded < CXM_CUSTOMER_IDENTIFIERS) {
        row->added[row->nadded++] = (uint8_t) type;
    }

    return json_array_append_new(list, item);
}


static int
mark_verified(const cxm_customer_row_t *row, json_t *list)
{
    int      bad;
    size_t   i, j;
    json_t  *item, *verified;

    bad = 0;
    verified = json_object_get(row->own, "verified");

    for (i = 0; i < json_array_size(list); i++) {
        item = json_array_get(list, i);

        for (j = 0; j < json_array_size(verified); j++) {
            if (json_equal(json_object_get(item, "value"),
                           json_array_get(verified, j)))
            {
                bad |= json_object_set(item, "verified", json_true());
            }
        }
    }

    return bad;
}


static json_t *
own_values(const cxm_customer_row_t *row, size_t i, int *type)
{
    const char  *name;

    name = cxm_customer_row_types[i];
    *type = cxm_identity_type(cxm_strz(name));

    return json_object_get(row->own, name);
}


/* What the row has by type goes to the list of the document. */
static int
amend_list(cxm_record_write_t *write, json_t *list)
{
    int                  type, bad;
    size_t               i, j;
    json_t              *values;
    cxm_customer_row_t  *row;

    row = write->data;
    bad = 0;

    for (i = 0; cxm_customer_row_types[i] != NULL; i++) {
        if (json_is_null(own_values(row, i, &type))) {
            drop_type(list, type);
        }
    }

    row->base = json_array_size(list);

    for (i = 0; cxm_customer_row_types[i] != NULL; i++) {
        values = own_values(row, i, &type);

        for (j = 0; j < json_array_size(values) && !bad; j++) {
            bad = add_value(write, list, type, json_array_get(values, j));
        }
    }

    return bad || mark_verified(row, list);
}


static cxm_rc_t
row_amend(cxm_record_write_t *write)
{
    int                  bad, made;
    json_t              *list;
    cxm_customer_row_t  *row;

    row = write->data;
    row->version = write->old->version;
    list = json_object_get(write->document, "identifiers");

    if (list != NULL && !json_is_array(list)) {
        return CXM_OK;                  /* for the check to refuse */
    }

    bad = 0;
    made = list == NULL;

    if (made) {
        list = json_array();
        bad = json_object_set_new(write->document, "identifiers", list);
    }

    bad = bad || amend_list(write, list);

    if (!bad && made && json_array_size(list) == 0) {
        bad = json_object_del(write->document, "identifiers");
    }

    return bad ? row_no_memory(row) : CXM_OK;
}


/* What is wrong with an identifier of a column is told of the column. */
static void
row_pointers(const cxm_customer_row_t *row)
{
    char         *end;
    size_t        i;
    unsigned      n;
    cxm_issue_t  *issue;

    static const char  list[] = "/identifiers/";

    for (n = 0; n < row->import->err->nissues; n++) {
        issue = &row->import->err->issues[n];

        if (strncmp(issue->pointer, list, sizeof(list) - 1) != 0) {
            continue;
        }

        i = strtoul(issue->pointer + sizeof(list) - 1, &end, 10);

        if (i >= row->base && i - row->base < row->nadded) {
            issue->pointer[0] = '\0';
            cxm_pointer_push(issue->pointer, sizeof(issue->pointer),
                cxm_strz(cxm_customer_types[row->added[i - row->base]]));
        }
    }
}


/* --- one row ------------------------------------------------------------ */

static cxm_rc_t
row_create(cxm_customer_row_t *row, cxm_record_write_t *write, cxm_doc_t *out)
{
    int        created;
    json_t    *document;
    cxm_rc_t   rc;

    document = json_object();
    rc = document == NULL ? CXM_INTERNAL
                          : cxm_merge_patch(document, row->document);

    rc = rc == CXM_OK ? cxm_record_put(write, document, out, &created)
                      : row_no_memory(row);
    json_decref(document);

    return rc;
}


/* A customer that became part of another one is that one now. */
static cxm_rc_t
row_change(cxm_customer_row_t *row, cxm_record_write_t *write, cxm_doc_t *out)
{
    cxm_rc_t    rc;
    cxm_uuid_t  whole;

    rc = cxm_record_patch(write, row->document, out);

    if (rc != CXM_CONFLICT || strcmp(write->err->code, "merged") != 0) {
        return rc;
    }

    cxm_error_init(write->err);
    rc = cxm_record_whole(write->txn, write->record, &write->id, &whole);

    if (rc != CXM_OK) {
        return cxm_fail(write->err, CXM_CORRUPT, NULL,
                        "A customer cannot be read.");
    }

    write->id = whole;
    write->no = 0;

    return cxm_record_patch(write, row->document, out);
}


static cxm_rc_t
row_write(cxm_customer_row_t *row, cxm_import_result_t *result)
{
    int                  said;
    cxm_rc_t             rc;
    cxm_doc_t            doc;
    cxm_record_write_t   write;

    memset(&write, 0, sizeof(write));
    memset(&doc, 0, sizeof(doc));
    said = 0;
    write.txn = row->import->txn;
    write.record = &cxm_record_customer;
    write.caller = row->import->caller;
    write.actor = write.caller->principal.actor;
    write.if_match = CXM_VERSION_ANY;
    write.dry = row->import->dry;
    write.err = row->import->err;
    write.amend = row_amend;
    write.data = row;

    rc = row_find(row, &write.id, &write.no);

    if (rc == CXM_OK) {
        rc = write.no == 0 ? row_create(row, &write, &doc)
                           : row_change(row, &write, &doc);
    }

    if (rc == CXM_OK) {
        *result = row->version == 0 ? CXM_IMPORT_CREATED
                  : doc.version > row->version ? CXM_IMPORT_UPDATED
                  : CXM_IMPORT_UNCHANGED;
    }

    /* a customer who is only tried is none that could have said anything */

    if (rc == CXM_OK && (row->version != 0 || !row->import->dry)) {
        rc = cxm_customer_consents_add(row->import, &doc.id, row->consents,
                                      &said);
    }

    if (rc == CXM_OK && said && *result == CXM_IMPORT_UNCHANGED) {
        *result = CXM_IMPORT_UPDATED;
    }

    cxm_doc_clear(&doc);

    return rc;
}


/* Nothing is known of who was erased that could be brought back. */
static cxm_rc_t
customer_add(const cxm_import_t *import, const json_t *input,
    cxm_import_result_t *result)
{
    cxm_rc_t            rc;
    cxm_customer_row_t  row;

    *result = CXM_IMPORT_UNCHANGED;

    if (cxm_json_get_bool(input, "erased", 0)) {
        return CXM_OK;
    }

    memset(&row, 0, offsetof(cxm_customer_row_t, added));
    row.import = import;
    row.own = json_object();
    row.document = json_copy((json_t *) input);

    rc = row_split(&row, input);

    if (rc == CXM_OK) {
        rc = row_consents(&row);
    }

    if (rc == CXM_OK) {
        rc = row_identifiers(&row);
    }

    if (rc == CXM_OK) {
        rc = row_write(&row, result);
        row_pointers(&row);
    }

    json_decref(row.own);
    json_decref(row.document);
    json_decref(row.brought);
    json_decref(row.consents);

    return rc;
}


/* --- columns ------------------------------------------------------------ */

static cxm_rc_t
customer_columns(cxm_txn_t *txn, const cxm_fields_t **tables,
    cxm_error_t *err)
{
    tables[0] = &own_table;
    tables[1] = &consents_table;

    return cxm_record_fields(txn, &cxm_record_customer, &tables[2], err);
}


const cxm_import_kind_t  cxm_customer_import = {
    "customers", NULL, customer_add, customer_columns
};
