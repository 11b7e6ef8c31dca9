/*
 * Customers: the record.
 */

#include "cxm_counter.h"
#include "cxm_customer_int.h"
#include "cxm_json.h"
#include "cxm_person.h"


const char *const  cxm_customer_types[] = {
    "email", "phone", "external_id", "visitor", "account", NULL
};

static const cxm_field_t  identifier_fields[] = {
    { .name = "type", .type = CXM_FIELD_ENUM, .flags = CXM_FIELD_REQUIRED,
      .values = cxm_customer_types,
      .summary = "account: given by the account itself" },
    { .name = "value", .type = CXM_FIELD_STRING, .min = 1, .max = 254,
      .flags = CXM_FIELD_REQUIRED,
      .summary = "leads to one customer only; phone: with + and country "
                 "code" },
    { .name = "verified", .type = CXM_FIELD_BOOL,
      .summary = "proved to be the customer's; default false" },
    { .name = "source", .type = CXM_FIELD_STRING,
      .flags = CXM_FIELD_READONLY, .summary = "role of who gave it" },
    { .name = "added_at", .type = CXM_FIELD_TIME,
      .flags = CXM_FIELD_READONLY },
    { .name = NULL }
};

const cxm_fields_t  cxm_identifier_fields = {
    "Identifier", identifier_fields
};

const cxm_field_t  cxm_identifier_item = {
    .type = CXM_FIELD_OBJECT, .object = &cxm_identifier_fields
};

const cxm_field_t  cxm_customer_tag = {
    .type = CXM_FIELD_STRING, .min = 1, .max = 50
};

const cxm_field_t  cxm_customer_alias = {
    .type = CXM_FIELD_STRING, .min = 1, .max = 200
};

const cxm_field_t  cxm_customer_attribute = {
    .type = CXM_FIELD_SCALAR, .flags = CXM_FIELD_PERSONAL,
    .max = CXM_TEXT_MAX
};

static const cxm_field_t  person_item = { .type = CXM_FIELD_INT };

static const cxm_field_t  customer_fields[] = {
    CXM_CUSTOMER_PROFILE,
    CXM_CUSTOMER_LEADS,
    CXM_CUSTOMER_LABELS,
    CXM_CUSTOMER_ALIASED,
    { .name = CXM_MERGED_MEMBER, .type = CXM_FIELD_UUID,
      .flags = CXM_FIELD_READONLY,
      .summary = "never seen in a list: what has become of this one" },
    { .name = "persons", .type = CXM_FIELD_ARRAY, .flags = CXM_FIELD_HIDDEN,
      .item = &person_item },
    { .name = CXM_DUPLICATE_KEYS, .type = CXM_FIELD_ARRAY,
      .flags = CXM_FIELD_PERSONAL | CXM_FIELD_HIDDEN | CXM_FIELD_LOOKUP,
      .item = &cxm_customer_alias },
    CXM_RECORD_ROWS,
    { .name = NULL }
};

const cxm_fields_t  cxm_customer_fields = { "Customer", customer_fields };


/* What was merged is a part of another. */
static int
customer_counted(const cxm_doc_t *doc, cxm_series_t *series)
{
    series->survey = CXM_SERIES_CUSTOMER;

    return json_object_get(doc->body, CXM_MERGED_MEMBER) == NULL;
}


const cxm_record_t  cxm_record_customer = {
    .kind = CXM_KIND_CUSTOMER,
    .name = "customer",
    .fields = &cxm_customer_fields,
    .flags = CXM_RECORD_PERSON | CXM_RECORD_SEARCHED | CXM_RECORD_HISTORY
             | CXM_RECORD_SITE | CXM_RECORD_MERGES,
    .check = cxm_customer_identify,
    .counted = customer_counted
};


/* --- the kind ----------------------------------------------------------- */

static cxm_rc_t
customer_apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    cxm_rc_t          rc;
    cxm_doc_change_t  change;

    rc = cxm_record_apply(txn, entry, &cxm_record_customer, &change);

    if (rc == CXM_OK) {
        rc = cxm_customer_names(txn, &change);
    }

    cxm_doc_clear(&change.old);

    return rc;
}


static cxm_rc_t
customer_forget(cxm_txn_t *txn, uint64_t slot, uint64_t *kept)
{
    return cxm_record_forget(txn, &cxm_record_customer, slot, kept);
}


const cxm_kind_t  cxm_kind_customer = {
    .no = CXM_KIND_CUSTOMER,
    .version = 1,
    .name = "customer",
    .apply = customer_apply,
    .lookups = &cxm_record_lookups,
    .forget = customer_forget
};


/* --- finding ------------------------------------------------------------ */

cxm_rc_t
cxm_customer_of_slot(cxm_txn_t *txn, uint64_t slot, uint64_t *no)
{
    cxm_rc_t  rc;

    rc = cxm_person_main(txn, slot, &slot);

    return rc == CXM_OK
           ? cxm_record_of_person(txn, &cxm_record_customer, slot, no) : rc;
}


cxm_rc_t
cxm_customer_find(cxm_txn_t *txn, unsigned person_class, cxm_str_t value,
    uint64_t *no)
{
    uint8_t   hash[CXM_HASH_LEN];
    uint64_t  slot;
    cxm_rc_t  rc;

    cxm_person_hash(cxm_txn_store(txn), person_class, value, hash);
    rc = cxm_person_find(txn, person_class, hash, &slot);

    return rc == CXM_OK
           ? cxm_record_of_person(txn, &cxm_record_customer, slot, no) : rc;
}


cxm_rc_t
cxm_customer_alive(cxm_txn_t *txn, const cxm_doc_t *customer,
    cxm_error_t *err)
{
    cxm_rc_t  rc;

    rc = customer->erased ? CXM_OK
                          : cxm_person_gone(txn, customer->subject, NULL);

    if (rc == CXM_NOT_FOUND) {
        return CXM_OK;
    }

    return rc == CXM_OK
           ? cxm_fail(err, CXM_CONFLICT, "person_erased",
                      "This person has been erased.")
           : cxm_fail(err, rc, NULL, "A person cannot be looked up.");
}
