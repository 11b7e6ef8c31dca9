/*
 * What the files of customers share.
 */

#ifndef CXM_CUSTOMER_INT_H
#define CXM_CUSTOMER_INT_H

#include "cxm_customer.h"


/*
 * Members of the record but its identifiers: a row of an export in CSV has
 * the same.
 */
extern const cxm_field_t  cxm_customer_tag;
extern const cxm_field_t  cxm_customer_alias;
extern const cxm_field_t  cxm_customer_attribute;

#define CXM_CUSTOMER_PROFILE                                                  \
    { .name = "name", .type = CXM_FIELD_STRING, .min = 1, .max = 200,         \
      .flags = CXM_FIELD_PERSONAL | CXM_FIELD_WORDS,                          \
      .summary = "as it is shown" },                                          \
    { .name = "given_name", .type = CXM_FIELD_STRING, .min = 1, .max = 100,   \
      .flags = CXM_FIELD_PERSONAL | CXM_FIELD_WORDS },                        \
    { .name = "family_name", .type = CXM_FIELD_STRING, .min = 1, .max = 100,  \
      .flags = CXM_FIELD_PERSONAL | CXM_FIELD_WORDS },                        \
    { .name = "company", .type = CXM_FIELD_STRING, .min = 1, .max = 200,      \
      .flags = CXM_FIELD_PERSONAL | CXM_FIELD_WORDS },                        \
    { .name = "job_title", .type = CXM_FIELD_STRING, .min = 1, .max = 100,    \
      .flags = CXM_FIELD_PERSONAL },                                          \
    { .name = CXM_CUSTOMER_PHONE, .type = CXM_FIELD_PHONE,                    \
      .flags = CXM_FIELD_PERSONAL,                                            \
      .summary = "where to call; unlike an identifier it leads to nobody" },  \
    { .name = "birthdate", .type = CXM_FIELD_DATE,                            \
      .flags = CXM_FIELD_PERSONAL },                                          \
    { .name = "language", .type = CXM_FIELD_LANGUAGE,                         \
      .flags = CXM_FIELD_LOOKUP },                                            \
    { .name = "time_zone", .type = CXM_FIELD_ZONE },                          \
    { .name = "country", .type = CXM_FIELD_COUNTRY,                           \
      .flags = CXM_FIELD_LOOKUP }

#define CXM_CUSTOMER_LABELS                                                   \
    { .name = "tags", .type = CXM_FIELD_ARRAY,                                \
      .flags = CXM_FIELD_LOOKUP | CXM_FIELD_UNIQUE,                           \
      .max = CXM_CUSTOMER_TAGS, .item = &cxm_customer_tag,                    \
      .summary = "not personal: they stay when the person is erased" },       \
    { .name = "attributes", .type = CXM_FIELD_MAP,                            \
      .item = &cxm_customer_attribute,                                        \
      .summary = "of the fields at /admin/fields/customer" }

#define CXM_CUSTOMER_LEADS                                                    \
    { .name = "identifiers", .type = CXM_FIELD_ARRAY,                         \
      .flags = CXM_FIELD_PERSONAL, .max = CXM_CUSTOMER_IDENTIFIERS,           \
      .item = &cxm_identifier_item }

#define CXM_CUSTOMER_ALIASED                                                  \
    { .name = "aliases", .type = CXM_FIELD_ARRAY,                             \
      .flags = CXM_FIELD_PERSONAL | CXM_FIELD_READONLY | CXM_FIELD_WORDS,     \
      .max = CXM_CUSTOMER_ALIASES, .item = &cxm_customer_alias,               \
      .summary = "names of customers merged into this one: found by q" }

/* Types of identifiers that a row has as members, NULL-terminated. */
extern const char *const  cxm_customer_row_types[];
extern const cxm_field_t  cxm_customer_row_value;

#define CXM_CUSTOMER_ROW_TYPE(type_)                                          \
    { .name = type_, .type = CXM_FIELD_ARRAY,                                 \
      .flags = CXM_FIELD_PERSONAL | CXM_FIELD_NULLABLE,                       \
      .item = &cxm_customer_row_value, .max = CXM_CUSTOMER_IDENTIFIERS }

/* What a row has beside the record, in the order that it is found by. */
#define CXM_CUSTOMER_ROW                                                      \
    { .name = "id", .type = CXM_FIELD_UUID },                                 \
    CXM_CUSTOMER_ROW_TYPE("external_id"),                                     \
    CXM_CUSTOMER_ROW_TYPE("email"),                                           \
    CXM_CUSTOMER_ROW_TYPE("phone"),                                           \
    CXM_CUSTOMER_ROW_TYPE("visitor"),                                         \
    CXM_CUSTOMER_ROW_TYPE("verified")

#define CXM_IDENTITY_NAMES    2     /* of one identifier, at most */
#define CXM_IDENTITY_ACCOUNT  4     /* index of this type */

/* What a type of identifiers looks like and which names it gives. */
typedef struct {
    cxm_field_t  field;
    unsigned     names[CXM_IDENTITY_NAMES];     /* person classes; 0: none */
} cxm_identity_type_t;

extern const cxm_identity_type_t  cxm_identity_types[];

/* Index of a type by name; -1. */
int cxm_identity_type(cxm_str_t name);

/* The hash that tells an identifier from others of its type. */
void cxm_identity_hash(const cxm_store_t *store, int type,
    const json_t *item, uint8_t hash[CXM_HASH_LEN]);

/* The one of a list that has type and hash; NULL: none has. */
const json_t *cxm_identity_in(const cxm_store_t *store, const json_t *list,
    int type, const uint8_t hash[CXM_HASH_LEN]);

/*
 * A row of an import on its way: the `data` of the write.  Identifiers that it
 * has say where they came from before.
 */
typedef struct {
    const cxm_import_t  *import;
    json_t              *own;           /* members of the row alone */
    json_t              *document;      /* the others: a merge patch */
    json_t              *brought;       /* its identifiers, or NULL */
    json_t              *consents;      /* that it brings, or NULL */
    uint64_t             version;       /* that was there; 0: none */
    size_t               base;          /* identifiers that have no column */
    size_t               nadded;        /* and those of columns behind them, */
    uint8_t              added[CXM_CUSTOMER_IDENTIFIERS];   /* by type */
} cxm_customer_row_t;

/* Whether a slot is in a list of them. */
int cxm_identity_person(const json_t *persons, uint64_t slot);


/* --- consents in rows --------------------------------------------------- */

#define CXM_CUSTOMER_CONSENTS                                                 \
    { .name = "consents", .type = CXM_FIELD_MAP, .item = &cxm_consent_fact,   \
      .summary = "how purposes stand; true and false are short for "          \
                 "{\"granted\": ...}" }

extern const cxm_field_t  cxm_consent_fact;

/* Of a customer, as a row has it; a new reference. */
cxm_rc_t cxm_consent_facts(cxm_txn_t *txn, const cxm_uuid_t *customer,
    int personal, json_t **out, cxm_error_t *err);

/* Checks what a row brings, and gives it the one form: CXM_INVALID. */
cxm_rc_t cxm_customer_consents_check(const cxm_import_t *import,
    json_t *consents);

/* Records what of it is not so yet; *added tells whether there was any. */
cxm_rc_t cxm_customer_consents_add(const cxm_import_t *import,
    const cxm_uuid_t *customer, const json_t *consents, int *added);


#endif /* CXM_CUSTOMER_INT_H */
