/*
 * Customers: identifiers, and the slots they lead to.
 */

#include <stdio.h>

#include "cxm_customer_int.h"
#include "cxm_duplicate.h"
#include "cxm_json.h"
#include "cxm_person.h"
#include "cxm_phone.h"


const cxm_identity_type_t  cxm_identity_types[] = {
    { { .type = CXM_FIELD_EMAIL }, { CXM_PERSON_EMAIL } },
    { { .type = CXM_FIELD_PHONE }, { CXM_PERSON_PHONE } },
    { { .type = CXM_FIELD_STRING, .max = 200 },
      { CXM_PERSON_EXTERNAL_ID, CXM_PERSON_CUSTOMER_ID } },
    { { .type = CXM_FIELD_STRING, .max = 200 }, { CXM_PERSON_VISITOR } },
    { { .type = CXM_FIELD_UUID }, { CXM_PERSON_ACCOUNT } }
};

typedef struct {
    cxm_record_write_t  *write;
    size_t               n;         /* hashes of identifiers so far */
    uint8_t              hash[CXM_CUSTOMER_IDENTIFIERS][CXM_HASH_LEN];
    json_t              *persons;   /* slots to link, those of before first */
    cxm_rc_t             rc;
    char                 pointer[CXM_ERROR_POINTER_LEN];
} cxm_identity_t;


int
cxm_identity_type(cxm_str_t name)
{
    int  i;

    for (i = 0; cxm_customer_types[i] != NULL; i++) {
        if (cxm_str_eqz(name, cxm_customer_types[i])) {
            return i;
        }
    }

    return -1;
}


void
cxm_identity_hash(const cxm_store_t *store, int type, const json_t *item,
    uint8_t hash[CXM_HASH_LEN])
{
    cxm_person_hash(store, cxm_identity_types[type].names[0],
                    cxm_json_get_str(item, "value"), hash);
}


const json_t *
cxm_identity_in(const cxm_store_t *store, const json_t *list, int type,
    const uint8_t hash[CXM_HASH_LEN])
{
    size_t         i;
    uint8_t        other[CXM_HASH_LEN];
    const json_t  *item;

    for (i = 0; i < json_array_size(list); i++) {
        item = json_array_get(list, i);

        if (cxm_identity_type(cxm_json_get_str(item, "type")) != type) {
            continue;
        }

        cxm_identity_hash(store, type, item, other);

        if (memcmp(hash, other, sizeof(other)) == 0) {
            return item;
        }
    }

    return NULL;
}


int
cxm_identity_person(const json_t *persons, uint64_t slot)
{
    size_t  i;

    for (i = 0; i < json_array_size(persons); i++) {
        if ((uint64_t) json_integer_value(json_array_get(persons, i)) == slot)
        {
            return 1;
        }
    }

    return 0;
}


static void
identity_issue(cxm_identity_t *identity, const char *code, const char *detail)
{
    identity->rc = cxm_issue(identity->write->err, identity->pointer, code,
                             "%s", detail);
}


/* --- values ------------------------------------------------------------- */

/* A telephone number is kept as it is called. */
static int
set_phone(json_t *object, const char *name)
{
    char       number[CXM_PHONE_LEN + 1];
    size_t     len;
    cxm_str_t  value;

    value = cxm_json_get_str(object, name);

    if (value.data == NULL || cxm_phone_parse(value, number, &len) != CXM_OK)
    {
        return 0;
    }

    return cxm_json_set_str(object, name, (cxm_str_t) { len, number });
}


static int
set_form(json_t *item, int type)
{
    return cxm_identity_types[type].field.type == CXM_FIELD_PHONE
           && set_phone(item, "value");
}


/* An import tells where an identifier came from in the first place. */
static const json_t *
brought(const cxm_identity_t *identity, size_t i)
{
    cxm_ms_t                   at;
    const json_t              *item, *from;
    const cxm_customer_row_t  *row;

    static const cxm_field_t  source = {
        .type = CXM_FIELD_STRING, .min = 1, .max = 50
    };

    row = identity->write->data;
    item = row == NULL ? NULL : json_array_get(row->brought, i);
    from = json_object_get(item, "source");

    return from != NULL
           && cxm_field_check_value(&source, from, "", NULL) == CXM_OK
           && cxm_rfc3339_parse(cxm_json_get_str(item, "added_at"), &at)
              == CXM_OK
           ? item : NULL;
}


/* What the server adds: it stays with an identifier for good. */
static int
set_origin(cxm_identity_t *identity, json_t *item, const json_t *before)
{
    int                bad;
    char               now[CXM_RFC3339_LEN + 1];
    json_t            *verified;
    const cxm_role_t  *role;

    verified = json_object_get(before, "verified");

    if (json_object_get(item, "verified") == NULL) {
        json_object_set(item, "verified",
                        verified == NULL ? json_false() : verified);
    }

    /* from another record of this person: it has its own */

    if (identity->write->ours && json_object_get(item, "source") != NULL) {
        return 0;
    }

    if (before != NULL) {
        return json_object_set(item, "source",
                               json_object_get(before, "source")) != 0
               || json_object_set(item, "added_at",
                                  json_object_get(before, "added_at")) != 0;
    }

    role = identity->write->caller->principal.role;
    cxm_rfc3339_format(cxm_txn_now(identity->write->txn), now);
    bad = cxm_json_set_str(item, "source",
                           cxm_strz(role == NULL ? "customer" : role->name));
    bad |= cxm_json_set_str(item, "added_at", cxm_strz(now));

    return bad;
}


/* --- where a name leads ------------------------------------------------- */

/* A slot that is nobody's becomes the subject, or one more of this person. */
static void
adopt(cxm_identity_t *identity, uint64_t slot)
{
    cxm_record_write_t  *write;

    write = identity->write;

    if (write->subject == 0) {
        write->subject = slot;

    } else if (slot != write->subject
               && !cxm_identity_person(identity->persons, slot)
               && json_array_append_new(identity->persons,
                                        json_integer((json_int_t) slot)) != 0)
    {
        identity->rc = cxm_fail(write->err, CXM_INTERNAL, NULL,
                                "Not enough memory.");
    }
}


/*
 * Whether a name of that customer may be this one's: its own, or of one that
 * an entry of this transaction has just merged into it, before this one has
 * got its slot.
 */
static cxm_rc_t
own(const cxm_identity_t *identity, uint64_t no, int *is_own)
{
    cxm_rc_t              rc;
    cxm_doc_t             other;
    cxm_uuid_t            into;
    cxm_record_write_t   *write;

    write = identity->write;
    *is_own = no == write->old->no;

    if (*is_own || !write->ours) {
        return CXM_OK;
    }

    rc = cxm_doc_get(write->txn, CXM_KIND_CUSTOMER, no, &other, write->err);

    if (rc == CXM_OK) {
        *is_own = cxm_record_merged(write->record, other.body, &into)
                  && memcmp(&into, &write->id, sizeof(into)) == 0;
        cxm_doc_clear(&other);
    }

    return rc;
}


static void
claim(cxm_identity_t *identity, unsigned person_class, const uint8_t *hash)
{
    int                  is_own;
    uint64_t             slot, no;
    cxm_rc_t             rc;
    cxm_record_write_t  *write;

    write = identity->write;
    rc = cxm_person_find(write->txn, person_class, hash, &slot);

    if (rc == CXM_NOT_FOUND) {
        return;
    }

    if (rc == CXM_OK) {
        rc = cxm_record_of_person(write->txn, &cxm_record_customer, slot,
                                  &no);
    }

    if (rc == CXM_NOT_FOUND) {
        adopt(identity, slot);
        return;
    }

    if (rc == CXM_OK) {
        rc = own(identity, no, &is_own);
    }

    if (rc == CXM_OK && !is_own) {
        (void) cxm_fail(write->err, CXM_CONFLICT, "identifier_taken",
                        "Another customer has this identifier.");
        identity_issue(identity, "taken",
                       "Another customer has this identifier.");
        identity->rc = CXM_CONFLICT;

    } else if (rc != CXM_OK) {
        identity->rc = cxm_fail(write->err, rc, NULL,
                                "An identifier cannot be looked up.");
    }
}


/* --- the check ---------------------------------------------------------- */

static int
seen(const cxm_identity_t *identity, const uint8_t *hash)
{
    size_t  i;

    for (i = 0; i < identity->n; i++) {
        if (memcmp(identity->hash[i], hash, CXM_HASH_LEN) == 0) {
            return 1;
        }
    }

    return 0;
}


static void
identify_names(cxm_identity_t *identity, int type, json_t *item)
{
    size_t     i;
    uint8_t    hash[CXM_HASH_LEN];
    unsigned   person_class;
    cxm_str_t  value;

    value = cxm_json_get_str(item, "value");

    for (i = 0; i < CXM_IDENTITY_NAMES; i++) {
        person_class = cxm_identity_types[type].names[i];

        if (person_class != 0) {
            cxm_person_hash(cxm_txn_store(identity->write->txn),
                            person_class, value, hash);
            claim(identity, person_class, hash);
        }
    }
}


/* The item's pointer is in identity->pointer. */
static void
identify_item(cxm_identity_t *identity, json_t *item, size_t i)
{
    int                 type;
    uint8_t             hash[CXM_HASH_LEN];
    const json_t       *before;
    const cxm_store_t  *store;

    type = cxm_identity_type(cxm_json_get_str(item, "type"));
    cxm_pointer_push(identity->pointer, sizeof(identity->pointer),
                     cxm_str("value"));

    if (type < 0
        || cxm_field_check_value(&cxm_identity_types[type].field,
                                 json_object_get(item, "value"),
                                 identity->pointer, identity->write->err)
           != CXM_OK)
    {
        identity->rc = CXM_INVALID;
        return;
    }

    store = cxm_txn_store(identity->write->txn);
    cxm_identity_hash(store, type, item, hash);
    before = cxm_identity_in(store,
                             json_object_get(identity->write->before,
                                             "identifiers"), type, hash);

    if (seen(identity, hash)) {
        identity_issue(identity, "duplicate", "It is there already.");
        return;
    }

    memcpy(identity->hash[identity->n++], hash, sizeof(hash));

    if (type == CXM_IDENTITY_ACCOUNT && before == NULL
        && !identity->write->ours)
    {
        identity_issue(identity, "not_allowed",
                       "An account is joined by who signs in to it.");
        return;
    }

    before = before == NULL ? brought(identity, i) : before;

    if (set_form(item, type) || set_origin(identity, item, before)) {
        identity->rc = cxm_fail(identity->write->err, CXM_INTERNAL, NULL,
                                "Not enough memory.");
        return;
    }

    identify_names(identity, type, item);
}


/* Accounts that the list leaves out: only they themselves can leave. */
static int
keep_accounts(cxm_identity_t *identity)
{
    int       bad;
    size_t    i;
    uint8_t   hash[CXM_HASH_LEN];
    json_t   *before, *item, *list;

    before = json_object_get(identity->write->before, "identifiers");
    list = json_object_get(identity->write->document, "identifiers");
    bad = 0;

    for (i = 0; i < json_array_size(before) && !bad; i++) {
        item = json_array_get(before, i);

        if (cxm_identity_type(cxm_json_get_str(item, "type"))
            != CXM_IDENTITY_ACCOUNT)
        {
            continue;
        }

        if (list == NULL) {
            list = json_array();
            bad = json_object_set_new(identity->write->document,
                                      "identifiers", list);
        }

        cxm_identity_hash(cxm_txn_store(identity->write->txn),
                          CXM_IDENTITY_ACCOUNT, item, hash);

        if (!bad && !seen(identity, hash)) {
            bad = json_array_append(list, item);
        }
    }

    return bad;
}


static void
identify_all(cxm_identity_t *identity, json_t *list)
{
    size_t  i;

    for (i = 0; i < json_array_size(list); i++) {
        (void) snprintf(identity->pointer, sizeof(identity->pointer),
                        "/identifiers/%zu", i);
        identify_item(identity, json_array_get(list, i), i);
    }
}


/* Answers may have named an id before there was a customer of that id. */
static void
identify_id(cxm_identity_t *identity)
{
    char                 text[CXM_UUID_LEN + 1];
    uint8_t              hash[CXM_HASH_LEN];
    cxm_record_write_t  *write;

    write = identity->write;

    if (cxm_uuid_is_nil(&write->id) || write->old->version > 0) {
        return;
    }

    cxm_uuid_format(&write->id, text);
    identity->pointer[0] = '\0';
    cxm_person_hash(cxm_txn_store(write->txn), CXM_PERSON_CUSTOMER_ID,
                    cxm_strz(text), hash);
    claim(identity, CXM_PERSON_CUSTOMER_ID, hash);
}


static int
set_persons(cxm_identity_t *identity)
{
    return json_array_size(identity->persons) > 0
           && json_object_set(identity->write->document, "persons",
                              identity->persons) != 0;
}


/* Slots that the customer would have, with those that lead to them. */
static unsigned
identify_slots(cxm_identity_t *identity)
{
    size_t                i;
    uint64_t              slot;
    unsigned              n;
    const json_t         *before;
    cxm_person_slots_t    all;
    cxm_record_write_t   *write;

    write = identity->write;
    before = json_object_get(write->before, "persons");
    n = 1;

    if (write->old->version > 0
        && cxm_person_slots(write->txn, write->subject, &all) == CXM_OK)
    {
        n = all.n;
    }

    for (i = 0; i < json_array_size(identity->persons); i++) {
        slot = (uint64_t) json_integer_value(json_array_get(
                                                 identity->persons, i));

        if (!cxm_identity_person(before, slot)
            && cxm_person_slots(write->txn, slot, &all) == CXM_OK)
        {
            n += all.n;
        }
    }

    return n;
}


static void
identify_end(cxm_identity_t *identity)
{
    cxm_record_write_t  *write;

    write = identity->write;

    if (json_array_size(identity->persons) > 0
        && identify_slots(identity) > CXM_PERSON_SLOTS)
    {
        identity->rc = cxm_fail(write->err, CXM_CONFLICT, "too_many_persons",
                                "Too many persons would be one.");

    } else if ((!write->ours && keep_accounts(identity))
               || set_persons(identity))
    {
        identity->rc = cxm_fail(write->err, CXM_INTERNAL, NULL,
                                "Not enough memory.");
    }
}


/* What duplicates have in common: it follows from all other members. */
static cxm_rc_t
set_keys(cxm_record_write_t *write)
{
    int      bad;
    json_t  *keys;

    keys = cxm_duplicate_keys(write->document);
    (void) json_object_del(write->document, CXM_DUPLICATE_KEYS);
    bad = keys == NULL
          || (json_array_size(keys) > 0
              && json_object_set(write->document, CXM_DUPLICATE_KEYS, keys)
                 != 0);
    json_decref(keys);

    return bad ? cxm_fail(write->err, CXM_INTERNAL, NULL,
                          "Not enough memory.")
               : CXM_OK;
}


cxm_rc_t
cxm_customer_identify(cxm_record_write_t *write)
{
    json_t          *persons;
    cxm_identity_t   identity;

    identity.write = write;
    identity.n = 0;
    identity.rc = CXM_OK;
    persons = json_object_get(write->document, "persons");
    identity.persons = persons == NULL ? json_array() : json_copy(persons);

    if (set_phone(write->document, CXM_CUSTOMER_PHONE)) {
        identity.rc = cxm_fail(write->err, CXM_INTERNAL, NULL,
                               "Not enough memory.");
    }

    identify_id(&identity);
    identify_all(&identity, json_object_get(write->document, "identifiers"));

    if (identity.rc == CXM_OK) {
        identify_end(&identity);
    }

    json_decref(identity.persons);

    return identity.rc == CXM_OK ? set_keys(write) : identity.rc;
}
