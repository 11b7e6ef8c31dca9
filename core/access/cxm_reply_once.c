/*
 * First replies: the entry holds the reply, `once` leads to it.
 *
 * Body: {"class", "hash", "fingerprint", "reply"}.  Row in `once`:
 * fingerprint | u64 sequence of the entry.  The reply may tell a token, so it
 * lies sealed in the journal and nowhere else.
 */

#include "cxm_json.h"
#include "cxm_reply_once.h"


#define CXM_REPLY_ROW  (CXM_HASH_LEN + 8)


static cxm_rc_t
cxm_reply_read(cxm_txn_t *txn, uint64_t seq, json_t **reply, cxm_error_t *err)
{
    cxm_rc_t     rc;
    cxm_entry_t  entry;

    memset(&entry, 0, sizeof(entry));
    rc = cxm_journal_read(txn, seq, 0, &entry, err);

    if (rc == CXM_OK) {
        *reply = json_incref(json_object_get(entry.body, "reply"));

        if (entry.kind != CXM_KIND_REPLY || *reply == NULL) {
            json_decref(*reply);
            *reply = NULL;
            rc = CXM_CORRUPT;
        }

        cxm_entry_clear(&entry);
    }

    if (rc == CXM_CORRUPT || rc == CXM_NOT_FOUND) {
        return cxm_fail(err, CXM_CORRUPT, NULL, "A kept reply is damaged.");
    }

    return rc;
}


cxm_rc_t
cxm_reply_find(cxm_txn_t *txn, const cxm_reply_key_t *key, json_t **reply,
    cxm_error_t *err)
{
    cxm_rc_t        rc;
    cxm_str_t       value;
    const uint8_t  *p;

    *reply = NULL;
    rc = cxm_once_get(txn, key->once_class, key->hash, cxm_txn_now(txn),
                      &value);

    if (rc == CXM_NOT_FOUND) {
        return rc;
    }

    if (rc == CXM_OK && value.len != CXM_REPLY_ROW) {
        rc = CXM_CORRUPT;
    }

    if (rc != CXM_OK) {
        return cxm_fail(err, rc, NULL, "A kept reply cannot be read.");
    }

    p = (const uint8_t *) value.data;

    if (!cxm_equal(p, key->fingerprint, CXM_HASH_LEN)) {
        return cxm_fail(err, CXM_INVALID, "idempotency_mismatch",
                        "This Idempotency-Key came with another body before.");
    }

    return cxm_reply_read(txn, cxm_get_u64(p + CXM_HASH_LEN), reply, err);
}


cxm_rc_t
cxm_reply_keep(cxm_txn_t *txn, const cxm_reply_key_t *key, json_t *reply,
    uint64_t actor, cxm_error_t *err)
{
    char  hash[2 * CXM_HASH_LEN + 1], print[2 * CXM_HASH_LEN + 1];

    cxm_hex_encode(key->hash, CXM_HASH_LEN, hash);
    cxm_hex_encode(key->fingerprint, CXM_HASH_LEN, print);

    return cxm_journal_add(txn, CXM_KIND_REPLY, actor,
                           json_pack("{si ss ss sO}",
                                     "class", (int) key->once_class,
                                     "hash", hash, "fingerprint", print,
                                     "reply", reply),
                           err);
}


static cxm_rc_t
cxm_reply_apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    int64_t  once_class;
    uint8_t  hash[CXM_HASH_LEN], row[CXM_REPLY_ROW];

    once_class = cxm_json_get_int(entry->body, "class", 0);

    if ((once_class != CXM_ONCE_REPLY && once_class != CXM_ONCE_REPLY_MONEY)
        || cxm_hex_decode(cxm_json_get_str(entry->body, "hash"), hash,
                          CXM_HASH_LEN)
           != CXM_OK
        || cxm_hex_decode(cxm_json_get_str(entry->body, "fingerprint"), row,
                          CXM_HASH_LEN)
           != CXM_OK)
    {
        return CXM_CORRUPT;
    }

    cxm_put_u64(row + CXM_HASH_LEN, entry->seq);

    return cxm_once_put(txn, (cxm_once_class_t) once_class, hash,
                        cxm_entry_time(entry),
                        (cxm_str_t) { sizeof(row), (const char *) row });
}


const cxm_kind_t  cxm_kind_reply = {
    .no = CXM_KIND_REPLY,
    .version = 1,
    .name = "reply",
    .apply = cxm_reply_apply,
    .keep = CXM_KEEP_REPLIES
};
