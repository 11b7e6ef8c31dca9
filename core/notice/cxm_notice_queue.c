/*
 * Notices: into the queue, out of it, and how it stands.
 */

#include "cxm_json.h"
#include "cxm_language.h"
#include "cxm_notice_int.h"
#include "cxm_person.h"
#include "cxm_template.h"


#define CXM_NOTICE_CHANNEL  "email"

static const cxm_field_t  recipient_field = { .type = CXM_FIELD_EMAIL };
static const cxm_field_t  base_field = { .type = CXM_FIELD_URL };


/* --- a message ---------------------------------------------------------- */

static cxm_rc_t
check_string(const cxm_field_t *field, cxm_str_t text, const char *pointer,
    cxm_error_t *err)
{
    json_t    *value;
    cxm_rc_t   rc;

    value = json_stringn(text.data == NULL ? "" : text.data, text.len);
    rc = cxm_field_check_value(field, value, pointer, err);
    json_decref(value);

    return rc;
}


static cxm_rc_t
check_notice(const cxm_notice_t *notice, cxm_error_t *err)
{
    cxm_rc_t               rc, bad;
    const cxm_template_t  *template;

    template = cxm_template_find(cxm_strz(notice->template));

    if (template == NULL) {
        return cxm_fail(err, CXM_INTERNAL, "no_template",
                        "There is no template \"%s\".", notice->template);
    }

    if (notice->channel.len > 0
        && !cxm_str_eqz(notice->channel, CXM_NOTICE_CHANNEL))
    {
        return cxm_fail(err, CXM_INTERNAL, "no_channel",
                        "Messages go by e-mail.");
    }

    rc = check_string(&recipient_field, notice->recipient, "/recipient", err);

    if (notice->base.len > 0) {
        bad = check_string(&base_field, notice->base, "/base", err);
        rc = bad != CXM_OK ? bad : rc;
    }

    bad = cxm_template_check_fields(template, notice->fields, "/fields", err);

    return bad != CXM_OK ? bad : rc;
}


/* Whether there is a message of this key, or nobody to be told. */
static cxm_rc_t
needless(cxm_txn_t *txn, const cxm_notice_t *notice,
    uint8_t hash[CXM_HASH_LEN], int *needless)
{
    cxm_rc_t       rc;
    cxm_str_t      value;
    cxm_row_key_t  key;

    rc = CXM_NOT_FOUND;

    if (notice->subject != 0) {
        rc = cxm_person_gone(txn, notice->subject, NULL);
    }

    if (rc == CXM_NOT_FOUND && notice->key.len > 0) {
        cxm_keyed_hash(&cxm_store_keyring(cxm_txn_store(txn))
                           ->k[CXM_SUBKEY_LOOKUP],
                       cxm_str("notice"), notice->key, cxm_str(""), hash,
                       CXM_HASH_LEN);
        cxm_notice_key(&key, hash);
        rc = cxm_row_get(txn, CXM_T_INDEX, &key, &value);
    }

    *needless = rc == CXM_OK;

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


/* The document; members that the notice does not have are left out. */
static json_t *
message_json(cxm_txn_t *txn, const cxm_notice_t *notice,
    const uint8_t hash[CXM_HASH_LEN])
{
    int         bad;
    char        expires[CXM_RFC3339_LEN + 1], token[CXM_UUID_LEN + 1],
                key[2 * CXM_HASH_LEN + 1];
    json_t     *out, *fields;
    cxm_ms_t    at;
    cxm_str_t   language;

    at = notice->expires_at > 0 ? notice->expires_at
                                : cxm_txn_now(txn) + CXM_NOTICE_EXPIRES;
    cxm_rfc3339_format(at, expires);
    fields = notice->fields == NULL ? json_object()
                                    : json_deep_copy(notice->fields);

    out = json_pack("{ss ss ss ss% so si ss}", "status", "queued",
                    "template", notice->template,
                    "channel", CXM_NOTICE_CHANNEL,
                    "recipient", notice->recipient.data,
                    notice->recipient.len,
                    "fields", fields, "attempts", 0, "expires_at", expires);
    bad = out == NULL;
    language = notice->language;

    if (!bad && language.len > 0 && cxm_language_valid(language)) {
        bad = cxm_json_set_str(out, "language", language) != 0;
    }

    if (!bad && notice->base.len > 0) {
        bad = cxm_json_set_str(out, "base", notice->base) != 0;
    }

    if (!bad && notice->token != NULL) {
        cxm_uuid_format(notice->token, token);
        bad = cxm_json_set_str(out, "token", cxm_strz(token)) != 0;
    }

    if (!bad && notice->key.len > 0) {
        cxm_hex_encode(hash, CXM_HASH_LEN, key);
        bad = cxm_json_set_str(out, "key", cxm_strz(key)) != 0;
    }

    if (bad) {
        json_decref(out);
        return NULL;
    }

    return out;
}


cxm_rc_t
cxm_notice_queue(cxm_txn_t *txn, const cxm_notice_t *notice,
    cxm_error_t *err)
{
    int                  created, nothing;
    json_t              *input;
    uint8_t              hash[CXM_HASH_LEN];
    cxm_rc_t             rc;
    cxm_doc_t            doc;
    cxm_caller_t         server;
    cxm_record_write_t   write;

    rc = check_notice(notice, err);

    if (rc != CXM_OK) {
        return rc;
    }

    rc = needless(txn, notice, hash, &nothing);

    if (rc != CXM_OK || nothing) {
        return rc == CXM_OK
               ? CXM_OK
               : cxm_fail(err, rc, NULL, "A message cannot be looked up.");
    }

    cxm_caller_system(&server);
    memset(&write, 0, sizeof(write));
    write.txn = txn;
    write.record = &cxm_record_message;
    write.caller = &server;
    write.id = notice->id;
    write.person = notice->subject;
    write.if_match = CXM_VERSION_ANY;
    write.ours = 1;
    write.err = err;

    input = message_json(txn, notice, hash);

    if (input == NULL) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    rc = cxm_record_put(&write, input, &doc, &created);
    json_decref(input);

    if (rc == CXM_OK) {
        cxm_doc_clear(&doc);
    }

    return rc;
}


cxm_rc_t
cxm_notice_cancel(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_uuid_t *id, uint64_t if_match, cxm_doc_t *out,
    cxm_error_t *err)
{
    cxm_rc_t  rc;

    rc = cxm_doc_by_id(txn, CXM_KIND_MESSAGE, id, out, err);

    if (rc == CXM_OK && !cxm_notice_waits(out->body)) {
        rc = cxm_fail(err, CXM_CONFLICT, "not_queued",
                      "This message does not wait any more.");
    }

    cxm_doc_clear(out);

    return rc == CXM_OK
           ? cxm_notice_end(txn, caller, id, if_match, "cancelled",
                            "by_staff", out, err)
           : rc;
}


/* --- the queue ---------------------------------------------------------- */

static cxm_rc_t
wait_oldest(cxm_txn_t *txn, cxm_ms_t *at)
{
    size_t          prefix;
    cxm_rc_t        rc;
    cxm_doc_t       doc;
    cxm_cursor_t   *cursor;
    cxm_row_key_t   key;
    cxm_raw_row_t   row;

    rc = cxm_cursor_open(txn, CXM_T_INDEX, &cursor);

    if (rc != CXM_OK) {
        return rc;
    }

    cxm_notice_queue_key(&key, 0);
    prefix = key.len - 8;
    rc = cxm_cursor_seek(cursor, &key, &row);

    if (rc == CXM_OK && (row.key.len != key.len
                         || !cxm_row_within(&row, &key, prefix)))
    {
        rc = CXM_NOT_FOUND;
    }

    if (rc == CXM_OK) {
        rc = cxm_doc_get(txn, CXM_KIND_MESSAGE,
                         cxm_get_u64((const uint8_t *) row.key.data + prefix),
                         &doc, NULL);
        *at = doc.created_at;
        cxm_doc_clear(&doc);
    }

    cxm_cursor_close(cursor);

    return rc;
}


cxm_rc_t
cxm_notice_wait(cxm_txn_t *txn, cxm_notice_wait_t *out)
{
    cxm_rc_t       rc;
    cxm_str_t      value;
    cxm_row_key_t  key;

    memset(out, 0, sizeof(*out));
    cxm_notice_wait_key(&key);
    rc = cxm_row_get(txn, CXM_T_INDEX, &key, &value);

    if (rc == CXM_OK) {
        out->queued = value.len == 8
                      ? cxm_get_u64((const uint8_t *) value.data) : 0;
        rc = wait_oldest(txn, &out->oldest);
    }

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


/* --- timelines ---------------------------------------------------------- */

static cxm_rc_t
message_of_slot(cxm_txn_t *txn, uint64_t slot, uint64_t before, uint64_t *no)
{
    return cxm_record_of_person_before(txn, &cxm_record_message, slot, before,
                                       no);
}


const cxm_timeline_kind_t  cxm_timeline_message = {
    .name = "message",
    CXM_TIMELINE_PERSON(message_of_slot),
    .show = cxm_timeline_record_show,
    .record = &cxm_record_message
};
