/*
 * Persons: names and numbers.
 */

#include "cxm_fold.h"
#include "cxm_phone.h"
#include "cxm_store_int.h"


#define CXM_PERSON_FORM_MAX  512


const char *const  cxm_person_names[CXM_PERSON_CLASSES] = {
    [CXM_PERSON_CUSTOMER_ID] = "customer_id",
    [CXM_PERSON_EXTERNAL_ID] = "external_id",
    [CXM_PERSON_EMAIL] = "email",
    [CXM_PERSON_VISITOR] = "visitor",
    [CXM_PERSON_PHONE] = "phone",
    [CXM_PERSON_ACCOUNT] = "account"
};


static cxm_rc_t
cxm_person_email(cxm_str_t name, char *out, size_t *len)
{
    return cxm_fold(name, out, CXM_PERSON_FORM_MAX, len);
}


/* Of a site's own numbers those that are UUIDs have several spellings. */
static cxm_rc_t
cxm_person_id(cxm_str_t name, char *out, size_t *len)
{
    cxm_rc_t    rc;
    cxm_uuid_t  id;

    rc = cxm_uuid_parse(name, &id);

    if (rc == CXM_OK) {
        cxm_uuid_format(&id, out);
        *len = CXM_UUID_LEN;
    }

    return rc;
}


static cxm_rc_t (*const cxm_person_forms[])(cxm_str_t name, char *out,
    size_t *len) =
{
    [CXM_PERSON_CUSTOMER_ID] = cxm_person_id,
    [CXM_PERSON_EMAIL] = cxm_person_email,
    [CXM_PERSON_PHONE] = cxm_phone_parse,
    [CXM_PERSON_CLASSES] = NULL
};


/* The one form of a name; what has none is taken as it is. */
static cxm_str_t
cxm_person_form(unsigned person_class, cxm_str_t name,
    char out[CXM_PERSON_FORM_MAX])
{
    size_t  len;

    person_class &= ~(unsigned) CXM_PERSON_CLAIMED;

    if (person_class < CXM_PERSON_CLASSES
        && cxm_person_forms[person_class] != NULL
        && cxm_person_forms[person_class](name, out, &len) == CXM_OK)
    {
        return (cxm_str_t) { len, out };
    }

    return name;
}


void
cxm_person_hash(const cxm_store_t *store, unsigned person_class,
    cxm_str_t name, uint8_t hash[CXM_HASH_LEN])
{
    char              form[CXM_PERSON_FORM_MAX];
    uint8_t           no;
    const cxm_key_t  *key;

    /* a claimed name is another name: the flag is part of the hash */

    no = (uint8_t) person_class;
    key = &store->secret->ring.k[CXM_SUBKEY_LOOKUP];

    cxm_keyed_hash(key, cxm_str("person"),
                   (cxm_str_t) { 1, (const char *) &no },
                   cxm_person_form(person_class, name, form), hash,
                   CXM_HASH_LEN);
}


void
cxm_person_nonce(const cxm_key_t *key, cxm_key_t *nonce)
{
    cxm_keyed_hash(key, cxm_str("nonce"), cxm_str(""), cxm_str(""), nonce->b,
                   sizeof(nonce->b));
}


cxm_rc_t
cxm_person_take(cxm_txn_t *txn, uint64_t *slot)
{
    cxm_rc_t   rc;
    cxm_key_t  key;

    if (!txn->writable) {
        return CXM_INTERNAL;
    }

    if (txn->person_next >= atomic_load(&txn->store->keys_made)) {
        return CXM_UNAVAILABLE;
    }

    rc = cxm_person_key(txn->store, txn->person_next, &key);
    cxm_wipe(&key, sizeof(key));

    if (rc != CXM_OK) {
        return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
    }

    *slot = txn->person_next++;

    return CXM_OK;
}


static void
cxm_person_row(cxm_row_key_t *key, unsigned person_class, const uint8_t *hash)
{
    cxm_row_key(key);
    cxm_row_key_u8(key, CXM_NS_PERSON);
    cxm_row_key_u8(key, (uint8_t) person_class);
    cxm_row_key_bytes(key, hash, CXM_HASH_LEN);
}


cxm_rc_t
cxm_person_named(cxm_txn_t *txn, unsigned person_class,
    const uint8_t hash[CXM_HASH_LEN], uint64_t *slot)
{
    cxm_rc_t       rc;
    cxm_str_t      value;
    cxm_row_key_t  key;

    cxm_person_row(&key, person_class, hash);
    rc = cxm_row_get(txn, CXM_T_INDEX, &key, &value);

    if (rc != CXM_OK) {
        return rc;
    }

    if (value.len != 8) {
        return cxm_damage(CXM_T_INDEX, cxm_row_key_str(&key),
                          "not a person's number");
    }

    *slot = cxm_get_u64((const uint8_t *) value.data);

    return CXM_OK;
}


cxm_rc_t
cxm_person_find(cxm_txn_t *txn, unsigned person_class,
    const uint8_t hash[CXM_HASH_LEN], uint64_t *slot)
{
    cxm_rc_t  rc;

    rc = cxm_person_named(txn, person_class, hash, slot);

    return rc == CXM_OK ? cxm_person_main(txn, *slot, slot) : rc;
}


/* The way back, so that a slot's names can be found. */
static void
cxm_person_back_row(cxm_row_key_t *key, uint64_t slot, unsigned person_class,
    const uint8_t *hash)
{
    cxm_row_key(key);
    cxm_row_key_u8(key, CXM_NS_PERSON_NAME);
    cxm_row_key_u64(key, slot);
    cxm_row_key_u8(key, (uint8_t) person_class);
    cxm_row_key_bytes(key, hash, CXM_HASH_LEN);
}


static cxm_rc_t
cxm_person_name(cxm_txn_t *txn, uint64_t slot, unsigned person_class,
    const uint8_t *hash)
{
    uint8_t        b[8];
    cxm_rc_t       rc;
    cxm_row_key_t  key;

    cxm_person_row(&key, person_class, hash);
    cxm_put_u64(b, slot);

    rc = cxm_row_put(txn, CXM_T_INDEX, &key,
                     (cxm_str_t) { sizeof(b), (const char *) b });

    if (rc == CXM_OK) {
        cxm_person_back_row(&key, slot, person_class, hash);
        rc = cxm_row_put(txn, CXM_T_INDEX, &key,
                         (cxm_str_t) { sizeof(b), (const char *) b });
    }

    return rc;
}


cxm_rc_t
cxm_person_unname(cxm_txn_t *txn, uint64_t slot, unsigned person_class,
    const uint8_t *hash)
{
    cxm_rc_t       rc;
    cxm_row_key_t  key;

    cxm_person_back_row(&key, slot, person_class, hash);
    rc = cxm_row_del(txn, CXM_T_INDEX, &key);

    if (rc == CXM_OK) {
        cxm_person_row(&key, person_class, hash);
        rc = cxm_row_del(txn, CXM_T_INDEX, &key);
    }

    /* one of the two rows without the other */

    return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
}


void
cxm_person_pass(cxm_txn_t *txn, uint64_t slot)
{
    if (slot < txn->state.persons) {
        return;
    }

    cxm_txn_touch(txn);
    txn->state.persons = slot + 1;
    txn->state_changed = 1;

    if (txn->person_next <= slot) {
        txn->person_next = slot + 1;
    }
}


cxm_rc_t
cxm_person_apply(cxm_txn_t *txn, uint64_t slot, unsigned person_class,
    const uint8_t *hash)
{
    uint64_t  old, owner;
    cxm_rc_t  rc;

    cxm_person_pass(txn, slot);

    if (hash == NULL) {
        return CXM_OK;
    }

    rc = cxm_person_named(txn, person_class, hash, &old);

    if (rc == CXM_OK) {
        rc = cxm_person_main(txn, old, &owner);

        /* a name of a slot that leads here is left where it is */

        if (rc == CXM_OK && (old == slot || owner == slot)) {
            return CXM_OK;
        }

        if (rc == CXM_OK) {
            rc = cxm_person_unname(txn, old, person_class, hash);
        }
    }

    if (rc != CXM_OK && rc != CXM_NOT_FOUND) {
        return rc;
    }

    rc = cxm_person_gone(txn, slot, NULL);

    return rc == CXM_NOT_FOUND
           ? cxm_person_name(txn, slot, person_class, hash) : rc;
}


cxm_rc_t
cxm_person_drop(cxm_txn_t *txn, uint64_t slot, unsigned person_class,
    const uint8_t *hash)
{
    uint64_t  holder, owner;
    cxm_rc_t  rc;

    rc = cxm_person_named(txn, person_class, hash, &holder);

    if (rc == CXM_OK) {
        rc = cxm_person_main(txn, holder, &owner);
    }

    if (rc == CXM_OK && owner == slot) {
        rc = cxm_person_unname(txn, holder, person_class, hash);
    }

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}
