/*
 * First replies: the entry holds the reply, `once` leads to it.
 *
 * Body: {"class", "hash", "fingerprint", "reply"}, but for a reply to what is
 * of a person these two are the personal part: no hash of what was said of
 * somebody outlives the key.  Row in `once`: fingerprint, or zeros | u64
 * sequence of the entry.  The reply may tell a token, so it lies sealed in
 * the journal and nowhere else.
 */

#include "cxm_json.h"
#include "cxm_reply_once.h"


#define CXM_REPLY_ROW  (CXM_HASH_LEN + 8)


static cxm_rc_t
cxm_reply_mismatch(cxm_error_t *err)
{
    return cxm_fail(err, CXM_INVALID, "idempotency_mismatch",
                    "This Idempotency-Key came with another body before.");
}


/* Members of the part that has them; a person who is gone took them along. */
static cxm_rc_t
cxm_reply_take(const cxm_entry_t *entry, const cxm_reply_key_t *key,
    json_t **reply, cxm_error_t *err)
{
    uint8_t   print[CXM_HASH_LEN];
    json_t   *part;

    if (entry->kind != CXM_KIND_REPLY) {
        return CXM_CORRUPT;
    }

    if (entry->subject != 0 && entry->personal == NULL) {
        return cxm_fail(err, CXM_CONFLICT, "already_done",
                        "This was done before, for a person who has been "
                        "erased since.");
    }

    part = entry->subject != 0 ? entry->personal : entry->body;

    if (cxm_hex_decode(cxm_json_get_str(part, "fingerprint"), print,
                       sizeof(print)) != CXM_OK)
    {
        return CXM_CORRUPT;
    }

    if (!cxm_equal(print, key->fingerprint, sizeof(print))) {
        return cxm_reply_mismatch(err);
    }

    *reply = json_incref(json_object_get(part, "reply"));

    return *reply == NULL ? CXM_CORRUPT : CXM_OK;
}


static cxm_rc_t
cxm_reply_read(cxm_txn_t *txn, uint64_t seq, const cxm_reply_key_t *key,
    json_t **reply, cxm_error_t *err)
{
    cxm_rc_t     rc;
    cxm_entry_t  entry;

    memset(&entry, 0, sizeof(entry));
    rc = cxm_journal_read(txn, seq, 1, &entry, err);

    if (rc == CXM_OK) {
        rc = cxm_reply_take(&entry, key, reply, err);
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
    cxm_rc_t   rc;
    cxm_str_t  value;

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

    return cxm_reply_read(txn,
                          cxm_get_u64((const uint8_t *) value.data
                                      + CXM_HASH_LEN),
                          key, reply, err);
}


cxm_rc_t
cxm_reply_keep(cxm_txn_t *txn, const cxm_reply_key_t *key, json_t *reply,
    uint64_t actor, uint64_t subject, cxm_error_t *err)
{
    char         hash[2 * CXM_HASH_LEN + 1], print[2 * CXM_HASH_LEN + 1];
    json_t      *part;
    cxm_rc_t     rc;
    cxm_entry_t  entry;

    cxm_hex_encode(key->hash, CXM_HASH_LEN, hash);
    cxm_hex_encode(key->fingerprint, CXM_HASH_LEN, print);

    memset(&entry, 0, sizeof(entry));
    entry.kind = CXM_KIND_REPLY;
    entry.action = CXM_ACTION_ADD;
    entry.actor = actor;
    entry.subject = subject;
    entry.body = json_pack("{si ss}", "class", (int) key->once_class,
                           "hash", hash);
    part = json_pack("{ss sO}", "fingerprint", print, "reply", reply);

    if (subject != 0) {
        entry.personal = part;

    } else if (json_object_update(entry.body, part) != 0) {
        json_decref(entry.body);
        entry.body = NULL;
    }

    rc = part == NULL || entry.body == NULL
         ? cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.")
         : cxm_journal_append(txn, &entry, err);

    json_decref(entry.body);
    json_decref(part);

    return rc;
}


static cxm_rc_t
cxm_reply_apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    int64_t  once_class;
    uint8_t  hash[CXM_HASH_LEN], row[CXM_REPLY_ROW];

    memset(row, 0, sizeof(row));
    once_class = cxm_json_get_int(entry->body, "class", 0);

    if ((once_class != CXM_ONCE_REPLY && once_class != CXM_ONCE_REPLY_MONEY)
        || cxm_hex_decode(cxm_json_get_str(entry->body, "hash"), hash,
                          CXM_HASH_LEN)
           != CXM_OK
        || (entry->subject == 0
            && cxm_hex_decode(cxm_json_get_str(entry->body, "fingerprint"),
                              row, CXM_HASH_LEN)
               != CXM_OK))
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
