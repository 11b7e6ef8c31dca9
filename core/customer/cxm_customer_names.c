/*
 * Customers: identifiers one by one, and the names they give.
 */

#include "cxm_customer_int.h"
#include "cxm_json.h"
#include "cxm_person.h"


/* --- one more or less --------------------------------------------------- */

/* Patches the list to what it is now, which is taken over. */
static cxm_rc_t
patch_list(cxm_record_write_t *write, json_t *list, cxm_doc_t *out)
{
    json_t    *patch;
    cxm_rc_t   rc;

    patch = json_pack("{so}", "identifiers", list);

    rc = patch == NULL
         ? cxm_fail(write->err, CXM_INTERNAL, NULL, "Not enough memory.")
         : cxm_record_patch(write, patch, out);

    json_decref(patch);

    return rc;
}


cxm_rc_t
cxm_customer_add_identifier(cxm_record_write_t *write,
    const json_t *identifier, cxm_doc_t *out)
{
    json_t     *list, *old;
    cxm_rc_t    rc;
    cxm_doc_t   doc;

    memset(out, 0, sizeof(*out));
    rc = cxm_doc_by_id(write->txn, CXM_KIND_CUSTOMER, &write->id, &doc,
                       write->err);

    if (rc != CXM_OK) {
        return rc;
    }

    old = json_object_get(doc.personal, "identifiers");
    list = old == NULL ? json_array() : json_copy(old);
    rc = json_array_append(list, (json_t *) identifier) == 0
         ? CXM_OK
         : cxm_fail(write->err, CXM_INTERNAL, NULL, "Not enough memory.");
    cxm_doc_clear(&doc);

    if (rc != CXM_OK) {
        json_decref(list);
        return rc;
    }

    return patch_list(write, list, out);
}


cxm_rc_t
cxm_customer_drop_identifier(cxm_record_write_t *write, cxm_str_t type,
    cxm_str_t value, cxm_doc_t *out)
{
    int            no;
    size_t         i;
    uint8_t        hash[CXM_HASH_LEN];
    json_t        *list;
    cxm_rc_t       rc;
    cxm_doc_t      doc;
    const json_t  *found;

    memset(out, 0, sizeof(*out));
    no = cxm_identity_type(type);

    if (no < 0) {
        return CXM_NOT_FOUND;
    }

    rc = cxm_doc_by_id(write->txn, CXM_KIND_CUSTOMER, &write->id, &doc,
                       write->err);

    if (rc != CXM_OK) {
        return rc;
    }

    list = json_copy(json_object_get(doc.personal, "identifiers"));
    cxm_doc_clear(&doc);
    cxm_person_hash(cxm_txn_store(write->txn),
                    cxm_identity_types[no].names[0], value, hash);
    found = cxm_identity_in(cxm_txn_store(write->txn), list, no, hash);

    for (i = 0; i < json_array_size(list); i++) {
        if (json_array_get(list, i) == found) {
            (void) json_array_remove(list, i);
            return patch_list(write, list, out);
        }
    }

    json_decref(list);

    return CXM_NOT_FOUND;
}


/* --- apply -------------------------------------------------------------- */

typedef cxm_rc_t (*identity_name_pt)(cxm_txn_t *txn, uint64_t slot,
    unsigned person_class, const uint8_t *hash);


static cxm_rc_t
names_of(cxm_txn_t *txn, const json_t *item, int type, uint64_t slot,
    identity_name_pt fn)
{
    size_t    i;
    uint8_t   hash[CXM_HASH_LEN];
    unsigned  person_class;
    cxm_rc_t  rc;

    rc = CXM_OK;

    for (i = 0; rc == CXM_OK && i < CXM_IDENTITY_NAMES; i++) {
        person_class = cxm_identity_types[type].names[i];

        if (person_class != 0) {
            cxm_person_hash(cxm_txn_store(txn), person_class,
                            cxm_json_get_str(item, "value"), hash);
            rc = fn(txn, slot, person_class, hash);
        }
    }

    return rc;
}


/*
 * Calls fn for each name that identifiers of one personal part give, but not
 * for those that are in the other, too.
 */
static cxm_rc_t
each_name(cxm_txn_t *txn, const json_t *personal, const json_t *other,
    uint64_t slot, identity_name_pt fn)
{
    int            type;
    size_t         i;
    uint8_t        hash[CXM_HASH_LEN];
    cxm_rc_t       rc;
    const json_t  *list, *not_in, *item;

    list = json_object_get(personal, "identifiers");
    not_in = json_object_get(other, "identifiers");
    rc = CXM_OK;

    for (i = 0; i < json_array_size(list) && rc == CXM_OK; i++) {
        item = json_array_get(list, i);
        type = cxm_identity_type(cxm_json_get_str(item, "type"));

        if (type < 0) {
            return CXM_CORRUPT;
        }

        cxm_identity_hash(cxm_txn_store(txn), type, item, hash);

        if (cxm_identity_in(cxm_txn_store(txn), not_in, type, hash) == NULL) {
            rc = names_of(txn, item, type, slot, fn);
        }
    }

    return rc;
}


/* The id is a name like others: it goes with the person. */
static cxm_rc_t
id_name(cxm_txn_t *txn, const cxm_doc_t *doc, identity_name_pt fn)
{
    char     text[CXM_UUID_LEN + 1];
    uint8_t  hash[CXM_HASH_LEN];

    cxm_uuid_format(&doc->id, text);
    cxm_person_hash(cxm_txn_store(txn), CXM_PERSON_CUSTOMER_ID,
                    cxm_strz(text), hash);

    return fn(txn, doc->subject, CXM_PERSON_CUSTOMER_ID, hash);
}


/* Slots of one list that are not in the other. */
static cxm_rc_t
each_person(cxm_txn_t *txn, const json_t *in, const json_t *not_in,
    uint64_t subject)
{
    size_t    i;
    uint64_t  slot;
    cxm_rc_t  rc;

    rc = CXM_OK;

    for (i = 0; i < json_array_size(in) && rc == CXM_OK; i++) {
        slot = (uint64_t) json_integer_value(json_array_get(in, i));

        if (!cxm_identity_person(not_in, slot)) {
            rc = subject == 0 ? cxm_person_unlink(txn, slot)
                              : cxm_person_link(txn, slot, subject);
        }
    }

    return rc;
}


/* A person who is erased has no names, and so loses none. */
cxm_rc_t
cxm_customer_names(cxm_txn_t *txn, const cxm_doc_change_t *change)
{
    cxm_rc_t          rc;
    const json_t     *before, *after;
    const cxm_doc_t  *old, *now;

    old = &change->old;
    now = &change->now;
    before = json_object_get(old->body, "persons");
    after = json_object_get(now->body, "persons");

    rc = each_person(txn, before, after, 0);

    if (rc == CXM_OK) {
        rc = each_person(txn, after, before, now->subject);
    }

    if (rc == CXM_OK && old->personal != NULL) {
        rc = each_name(txn, old->personal, now->personal, old->subject,
                       cxm_person_drop);
    }

    if (rc == CXM_OK && old->personal != NULL && now->version == 0) {
        rc = id_name(txn, old, cxm_person_drop);
    }

    if (rc == CXM_OK && now->personal != NULL) {
        rc = each_name(txn, now->personal, NULL, now->subject,
                       cxm_person_apply);
    }

    if (rc == CXM_OK && now->personal != NULL) {
        rc = id_name(txn, now, cxm_person_apply);
    }

    return rc;
}
