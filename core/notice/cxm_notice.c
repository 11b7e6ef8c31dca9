/*
 * Notices: the record, its kind, and what becomes of messages with time.
 */

#include "cxm_due.h"
#include "cxm_json.h"
#include "cxm_notice_int.h"
#include "cxm_person.h"
#include "cxm_template.h"


/* Number of the class of due rows; part of the format. */
#define CXM_DUE_MESSAGE  13

/*
 * When a message is due whose person is being erased: at once, whatever its
 * entry says.
 */
#define CXM_NOTICE_GONE  1

const char *const  cxm_message_states[] = {
    "queued", "sent", "failed", "expired", "cancelled", NULL
};

static const char *const  message_channels[] = { "email", NULL };

static const cxm_field_t  value_item = {
    .type = CXM_FIELD_SCALAR, .flags = CXM_FIELD_PERSONAL, .max = CXM_URL_MAX
};

#define SET_BY_US  .flags = CXM_FIELD_READONLY

static const cxm_field_t  message_fields[] = {
    { .name = "status", .type = CXM_FIELD_ENUM, .values = cxm_message_states,
      .flags = CXM_FIELD_READONLY | CXM_FIELD_LOOKUP },
    { .name = "template", .type = CXM_FIELD_SLUG,
      .flags = CXM_FIELD_READONLY | CXM_FIELD_LOOKUP },
    { .name = "channel", .type = CXM_FIELD_ENUM, .values = message_channels,
      SET_BY_US },
    { .name = "language", .type = CXM_FIELD_LANGUAGE, SET_BY_US,
      .summary = "wanted" },
    { .name = "recipient", .type = CXM_FIELD_EMAIL,
      .flags = CXM_FIELD_READONLY | CXM_FIELD_PERSONAL },
    { .name = "fields", .type = CXM_FIELD_MAP,
      .flags = CXM_FIELD_READONLY | CXM_FIELD_PERSONAL,
      .item = &value_item, .summary = "of the template" },
    { .name = "base", .type = CXM_FIELD_STRING, SET_BY_US,
      .summary = "what its links begin with" },
    { .name = "attempts", .type = CXM_FIELD_INT, SET_BY_US,
      .summary = "to send it" },
    { .name = "expires_at", .type = CXM_FIELD_TIME, SET_BY_US },
    { .name = "ended_at", .type = CXM_FIELD_TIME, SET_BY_US,
      .summary = "when it was no longer queued" },
    { .name = "reason", .type = CXM_FIELD_STRING, SET_BY_US,
      .summary = "why it was cancelled: by_staff, or person_erased" },
    { .name = "token", .type = CXM_FIELD_UUID, .flags = CXM_FIELD_HIDDEN },
    { .name = "key", .type = CXM_FIELD_STRING, .flags = CXM_FIELD_HIDDEN },
    { .name = "rendered", .type = CXM_FIELD_OBJECT,
      .flags = CXM_FIELD_READONLY | CXM_FIELD_PERSONAL,
      .object = &cxm_notice_mail_fields,
      .summary = "of one message: as it goes out, without secrets" },
    CXM_RECORD_ROWS,
    { .name = NULL }
};

const cxm_fields_t  cxm_message_fields = { "Message", message_fields };

const cxm_record_t  cxm_record_message = {
    .kind = CXM_KIND_MESSAGE,
    .name = "message",
    .fields = &cxm_message_fields,
    .flags = CXM_RECORD_PERSON | CXM_RECORD_SEARCHED
};


/* --- rows --------------------------------------------------------------- */

int
cxm_notice_waits(const json_t *body)
{
    return cxm_str_eqz(cxm_json_get_str(body, "status"), "queued");
}


void
cxm_notice_key(cxm_row_key_t *key, const uint8_t hash[CXM_HASH_LEN])
{
    cxm_row_key(key);
    cxm_row_key_u8(key, CXM_NS_NOTICE_KEY);
    cxm_row_key_bytes(key, hash, CXM_HASH_LEN);
}


void
cxm_notice_queue_key(cxm_row_key_t *key, uint64_t no)
{
    cxm_row_key(key);
    cxm_row_key_u8(key, CXM_NS_NOTICE_QUEUE);
    cxm_row_key_u64(key, no);
}


void
cxm_notice_wait_key(cxm_row_key_t *key)
{
    cxm_row_key(key);
    cxm_row_key_u8(key, CXM_NS_NOTICE_WAIT);
}


/* With the message, for good. */
static cxm_rc_t
apply_key(cxm_txn_t *txn, const cxm_doc_change_t *change)
{
    uint8_t        hash[CXM_HASH_LEN], no[8];
    cxm_str_t      text;
    cxm_row_key_t  key;

    text = cxm_json_get_str(change->now.body, "key");

    if (change->old.version != 0 || text.len == 0) {
        return CXM_OK;
    }

    if (text.len != 2 * CXM_HASH_LEN
        || cxm_hex_decode(text, hash, sizeof(hash)) != CXM_OK)
    {
        return CXM_CORRUPT;
    }

    cxm_notice_key(&key, hash);
    (void) cxm_put_u64(no, change->now.no);

    return cxm_row_put(txn, CXM_T_INDEX, &key,
                       (cxm_str_t) { sizeof(no), (const char *) no });
}


static cxm_rc_t
count_waiting(cxm_txn_t *txn, int by)
{
    uint8_t        text[8];
    uint64_t       n;
    cxm_rc_t       rc;
    cxm_str_t      value;
    cxm_row_key_t  key;

    cxm_notice_wait_key(&key);
    rc = cxm_row_get(txn, CXM_T_INDEX, &key, &value);

    if (rc != CXM_OK && rc != CXM_NOT_FOUND) {
        return rc;
    }

    if (rc == CXM_OK && value.len != sizeof(text)) {
        return CXM_CORRUPT;
    }

    n = rc == CXM_OK ? cxm_get_u64((const uint8_t *) value.data) : 0;

    if (by < 0 && n == 0) {
        return CXM_CORRUPT;
    }

    (void) cxm_put_u64(text, by < 0 ? n - 1 : n + 1);

    return cxm_row_put(txn, CXM_T_INDEX, &key,
                       (cxm_str_t) { sizeof(text), (const char *) text });
}


static cxm_rc_t
apply_queue(cxm_txn_t *txn, const cxm_doc_change_t *change)
{
    int            was, is;
    cxm_rc_t       rc;
    cxm_row_key_t  key;

    was = cxm_notice_waits(change->old.body);
    is = cxm_notice_waits(change->now.body);

    if (was == is) {
        return CXM_OK;
    }

    cxm_notice_queue_key(&key, cxm_doc_change_no(change));
    rc = is ? cxm_row_put(txn, CXM_T_INDEX, &key, cxm_str(""))
            : cxm_row_del(txn, CXM_T_INDEX, &key);

    return rc == CXM_OK ? count_waiting(txn, is ? 1 : -1) : rc;
}


/* --- when it is due ----------------------------------------------------- */

static cxm_rc_t
due_time(cxm_txn_t *txn, const cxm_doc_t *doc, cxm_ms_t *at)
{
    cxm_rc_t  rc;

    *at = 0;

    if (!cxm_notice_waits(doc->body)) {
        return CXM_OK;
    }

    rc = cxm_person_gone(txn, doc->subject, NULL);

    if (rc == CXM_OK) {
        *at = CXM_NOTICE_GONE;
        return CXM_OK;
    }

    return rc == CXM_NOT_FOUND
           ? cxm_rfc3339_parse(cxm_json_get_str(doc->body, "expires_at"), at)
           : rc;
}


static cxm_rc_t
apply_due(cxm_txn_t *txn, const cxm_doc_change_t *change)
{
    cxm_ms_t  old, now;
    cxm_rc_t  rc;

    now = 0;
    rc = due_time(txn, &change->old, &old);

    if (rc == CXM_OK) {
        rc = due_time(txn, &change->now, &now);
    }

    return rc == CXM_OK
           ? cxm_due_move(txn, old, now, CXM_DUE_MESSAGE,
                          cxm_doc_change_no(change))
           : rc;
}


/* --- the kind ----------------------------------------------------------- */

static cxm_rc_t
message_apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    cxm_rc_t          rc;
    cxm_doc_change_t  change;

    rc = cxm_record_apply(txn, entry, &cxm_record_message, &change);

    if (rc == CXM_OK) {
        rc = apply_key(txn, &change);
    }

    if (rc == CXM_OK) {
        rc = apply_queue(txn, &change);
    }

    if (rc == CXM_OK) {
        rc = apply_due(txn, &change);
    }

    cxm_doc_clear(&change.old);

    return rc == CXM_NOT_FOUND || rc == CXM_BAD_REQUEST ? CXM_CORRUPT : rc;
}


/* Who is being erased is not gone yet, so this is the message's own time. */
static cxm_rc_t
forget_due(cxm_txn_t *txn, uint64_t no)
{
    cxm_ms_t   at;
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    at = 0;
    rc = cxm_doc_get(txn, CXM_KIND_MESSAGE, no, &doc, NULL);

    if (rc == CXM_OK) {
        rc = due_time(txn, &doc, &at);
    }

    cxm_doc_clear(&doc);

    return rc == CXM_OK && at != 0
           ? cxm_due_move(txn, at, CXM_NOTICE_GONE, CXM_DUE_MESSAGE, no) : rc;
}


static cxm_rc_t
message_forget(cxm_txn_t *txn, uint64_t slot, uint64_t *kept)
{
    uint64_t  no;
    cxm_rc_t  rc;

    no = UINT64_MAX;

    for ( ;; ) {
        rc = cxm_record_of_person_before(txn, &cxm_record_message, slot, no,
                                         &no);
        if (rc != CXM_OK) {
            break;
        }

        rc = forget_due(txn, no);

        if (rc != CXM_OK) {
            return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
        }
    }

    return rc == CXM_NOT_FOUND
           ? cxm_record_forget(txn, &cxm_record_message, slot, kept) : rc;
}


const cxm_kind_t  cxm_kind_message = {
    .no = CXM_KIND_MESSAGE,
    .version = 1,
    .name = "message",
    .apply = message_apply,
    .lookups = &cxm_record_lookups,
    .forget = message_forget,
    .keep = CXM_KEEP_JOURNAL
};


/* --- at its time -------------------------------------------------------- */

cxm_rc_t
cxm_notice_end(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_uuid_t *id, uint64_t if_match, const char *status,
    const char *reason, cxm_doc_t *out, cxm_error_t *err)
{
    char                 now[CXM_RFC3339_LEN + 1];
    json_t              *patch;
    cxm_rc_t             rc;
    cxm_record_write_t   write;

    cxm_rfc3339_format(cxm_txn_now(txn), now);
    memset(&write, 0, sizeof(write));
    write.txn = txn;
    write.record = &cxm_record_message;
    write.caller = caller;
    write.actor = caller->principal.actor;
    write.id = *id;
    write.if_match = if_match;
    write.ours = 1;
    write.err = err;

    patch = json_pack("{ss ss ss*}", "status", status, "ended_at", now,
                      "reason", reason);

    if (patch == NULL) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    rc = cxm_record_patch(&write, patch, out);
    json_decref(patch);

    return rc;
}


static cxm_rc_t
message_due(cxm_txn_t *txn, cxm_ms_t at, uint64_t ref, cxm_error_t *err)
{
    int            gone;
    cxm_rc_t       rc;
    cxm_doc_t      doc, out;
    cxm_caller_t   server;

    cxm_caller_system(&server);
    gone = at == CXM_NOTICE_GONE;
    rc = cxm_doc_get(txn, CXM_KIND_MESSAGE, ref, &doc, err);

    if (rc == CXM_OK) {
        rc = cxm_notice_end(txn, &server, &doc.id, CXM_VERSION_ANY,
                            gone ? "cancelled" : "expired",
                            gone ? "person_erased" : NULL, &out, err);
        cxm_doc_clear(&doc);
    }

    if (rc == CXM_OK) {
        cxm_doc_clear(&out);
    }

    return rc == CXM_NOT_FOUND
           ? cxm_fail(err, CXM_CORRUPT, NULL, "There is no message %llu.",
                      (unsigned long long) ref)
           : rc;
}


const cxm_due_class_t  cxm_due_message = {
    .no = CXM_DUE_MESSAGE,
    .name = "message",
    .run = message_due
};
