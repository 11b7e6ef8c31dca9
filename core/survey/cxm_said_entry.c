/*
 * Who and what an entry is of: names, fingerprints, ids.
 */

#include "cxm_json.h"
#include "cxm_row.h"
#include "cxm_said.h"


static const cxm_field_t  respondent_fields[] = {
    { "customer_id", CXM_FIELD_STRING, CXM_FIELD_PERSONAL, 1, 200,
      NULL, NULL, NULL, "the site's number of a customer" },
    { "external_id", CXM_FIELD_STRING, CXM_FIELD_PERSONAL, 1, 200,
      NULL, NULL, NULL, "another system's number of a person" },
    { "email", CXM_FIELD_EMAIL, CXM_FIELD_PERSONAL, 0, 0,
      NULL, NULL, NULL, "e-mail address" },
    { "visitor", CXM_FIELD_STRING, CXM_FIELD_PERSONAL, 1, 200,
      NULL, NULL, NULL, "visitor id of the beacon" },
    { .name = NULL }
};

const cxm_fields_t  cxm_respondent_fields = {
    "Respondent", respondent_fields
};


unsigned
cxm_said_respondent(const json_t *personal, cxm_str_t *name)
{
    unsigned       i, claimed;
    const json_t  *respondent;

    claimed = 0;
    respondent = json_object_get(personal, "respondent");

    if (respondent == NULL) {
        claimed = CXM_PERSON_CLAIMED;
        respondent = json_object_get(json_object_get(personal, "claimed"),
                                     "respondent");
    }

    for (i = CXM_PERSON_CUSTOMER_ID; i <= CXM_PERSON_VISITOR; i++) {
        *name = cxm_json_get_str(respondent, cxm_person_names[i]);

        if (name->data != NULL) {
            return i | claimed;
        }
    }

    return 0;
}


unsigned
cxm_said_name(const cxm_store_t *store, const json_t *personal,
    uint8_t hash[CXM_HASH_LEN])
{
    unsigned   who;
    cxm_str_t  name;

    who = cxm_said_respondent(personal, &name);

    if (who != 0) {
        cxm_person_hash(store, who, name, hash);
    }

    return who;
}


int
cxm_said_same(const cxm_entry_t *entry, const char *fp)
{
    return cxm_str_eqz(cxm_json_get_str(entry->body, "fp"), fp)
           || cxm_str_eqz(cxm_json_get_str(entry->personal, "fp"), fp);
}


cxm_rc_t
cxm_said_apply(cxm_txn_t *txn, const cxm_entry_t *entry, unsigned *who)
{
    int64_t  said;
    uint8_t  hash[CXM_HASH_LEN];

    said = cxm_json_get_int(entry->body, "who", 0);

    if (said < 0 || said > UINT8_MAX) {
        return CXM_CORRUPT;
    }

    *who = (unsigned) said;

    if (entry->subject == 0) {
        return *who == 0 ? CXM_OK : CXM_CORRUPT;
    }

    if (entry->erased || cxm_json_get_bool(entry->body, "erased", 0)) {
        return CXM_OK;
    }

    if (cxm_said_name(cxm_txn_store(txn), entry->personal, hash) != *who) {
        return CXM_CORRUPT;
    }

    return *who == 0 ? CXM_OK
                     : cxm_person_apply(txn, entry->subject, *who, hash);
}


/* --- ids ---------------------------------------------------------------- */

static void
id_key(cxm_row_key_t *key, cxm_kind_no_t kind, const cxm_uuid_t *id)
{
    cxm_row_key(key);
    cxm_row_key_u8(key, (uint8_t) kind);
    cxm_row_key_bytes(key, id->b, sizeof(id->b));
}


cxm_rc_t
cxm_said_locate(cxm_txn_t *txn, cxm_kind_no_t kind, const cxm_uuid_t *id,
    uint64_t *survey, uint64_t *no)
{
    cxm_rc_t       rc;
    cxm_str_t      value;
    cxm_reader_t   rd;
    cxm_row_key_t  key;

    id_key(&key, kind, id);
    rc = cxm_row_get(txn, CXM_T_ID, &key, &value);

    if (rc != CXM_OK) {
        return rc;
    }

    rd = cxm_reader(value.data, value.len);
    *survey = cxm_read_varint(&rd);
    *no = cxm_read_varint(&rd);

    return rd.failed || rd.pos != rd.end ? CXM_CORRUPT : CXM_OK;
}


cxm_rc_t
cxm_said_index(cxm_txn_t *txn, cxm_kind_no_t kind, const cxm_uuid_t *id,
    uint64_t survey, uint64_t no)
{
    uint8_t        value[2 * CXM_VARINT_MAX], *end;
    cxm_row_key_t  key;

    id_key(&key, kind, id);
    end = cxm_put_varint(cxm_put_varint(value, survey), no);

    return cxm_row_put(txn, CXM_T_ID, &key,
                       (cxm_str_t) { (size_t) (end - value),
                                     (const char *) value });
}
