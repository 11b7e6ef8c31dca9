/*
 * One-time tokens.
 */

#include "cxm_account_token.h"
#include "cxm_due.h"
#include "cxm_json.h"
#include "cxm_person.h"


#define CXM_TOKEN_MAC   32
#define CXM_TOKEN_RAW   (sizeof(cxm_uuid_t) + CXM_TOKEN_MAC)
#define CXM_TOKEN_FILL  150     /* what a message with an address, a name and
                                   its sealed part has more, about */

static const char *const  token_purposes[] = {
    [CXM_TOKEN_VERIFY] = "verify",
    [CXM_TOKEN_RESET] = "reset",
    [CXM_TOKEN_EMAIL] = "email",
    [CXM_TOKEN_REVERT] = "revert",
    [CXM_TOKEN_BLANK] = "blank",
    [CXM_TOKEN_PURPOSES] = NULL
};

static const cxm_ms_t  token_times[] = {
    [CXM_TOKEN_VERIFY] = CXM_MS_DAY,
    [CXM_TOKEN_RESET] = 10 * CXM_MS_MINUTE,
    [CXM_TOKEN_EMAIL] = CXM_MS_DAY,
    [CXM_TOKEN_REVERT] = CXM_TOKEN_REVERTS,
    [CXM_TOKEN_BLANK] = 10 * CXM_MS_MINUTE
};

static const cxm_field_t  token_fields[] = {
    { .name = "purpose", .type = CXM_FIELD_ENUM, .values = token_purposes },
    { .name = "account", .type = CXM_FIELD_INT },
    { .name = "expires_at", .type = CXM_FIELD_TIME },
    { .name = "language", .type = CXM_FIELD_LANGUAGE },
    { .name = "base", .type = CXM_FIELD_STRING },
    { .name = "path", .type = CXM_FIELD_STRING },
    { .name = "fill", .type = CXM_FIELD_STRING, .summary = "of a blank one" },
    { .name = "email", .type = CXM_FIELD_EMAIL, .flags = CXM_FIELD_PERSONAL },
    { .name = "name", .type = CXM_FIELD_STRING, .flags = CXM_FIELD_PERSONAL },
    { .name = "password", .type = CXM_FIELD_STRING,
      .flags = CXM_FIELD_PERSONAL },
    { .name = NULL }
};

static const cxm_fields_t  token_table = { "Token", token_fields };

static const cxm_record_t  cxm_record_token = {
    .kind = CXM_KIND_TOKEN,
    .name = "token",
    .fields = &token_table,
    .flags = CXM_RECORD_PERSON
};


/* --- the kind ----------------------------------------------------------- */

static cxm_ms_t
due_time(const json_t *body)
{
    cxm_ms_t  at;

    return cxm_rfc3339_parse(cxm_json_get_str(body, "expires_at"), &at)
           == CXM_OK ? at : 0;
}


static cxm_rc_t
token_apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    cxm_rc_t          rc;
    cxm_doc_change_t  change;

    rc = cxm_record_apply(txn, entry, &cxm_record_token, &change);

    if (rc == CXM_OK) {
        rc = cxm_due_move(txn, due_time(change.old.body),
                          due_time(change.now.body), CXM_DUE_TOKEN,
                          cxm_doc_change_no(&change));
    }

    cxm_doc_clear(&change.old);

    return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
}


static cxm_rc_t
token_forget(cxm_txn_t *txn, uint64_t slot, uint64_t *kept)
{
    (void) kept;

    return cxm_record_vanish(txn, &cxm_record_token, slot);
}


const cxm_kind_t  cxm_kind_token = {
    .no = CXM_KIND_TOKEN,
    .version = 1,
    .name = "token",
    .apply = token_apply,
    .lookups = &cxm_record_lookups,
    .forget = token_forget,
    .keep = CXM_KEEP_JOURNAL
};


/* --- texts -------------------------------------------------------------- */

static void
token_mac(const cxm_store_t *store, const cxm_uuid_t *id,
    uint8_t mac[CXM_TOKEN_MAC])
{
    cxm_keyed_hash(&cxm_store_keyring(store)->k[CXM_SUBKEY_ACCOUNT],
                   cxm_str("token"),
                   (cxm_str_t) { sizeof(id->b), (const char *) id->b },
                   cxm_str(""), mac, CXM_TOKEN_MAC);
}


cxm_rc_t
cxm_token_secret(cxm_txn_t *txn, const cxm_uuid_t *id, cxm_buf_t *out)
{
    char       text[CXM_ACCOUNT_TOKEN + 1];
    uint8_t    raw[CXM_TOKEN_RAW];
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    rc = cxm_doc_by_id(txn, CXM_KIND_TOKEN, id, &doc, NULL);
    cxm_doc_clear(&doc);

    if (rc != CXM_OK) {
        return rc;
    }

    memcpy(raw, id->b, sizeof(id->b));
    token_mac(cxm_txn_store(txn), id, raw + sizeof(id->b));
    cxm_base32_encode(raw, sizeof(raw), text);
    cxm_buf_put(out, text, CXM_ACCOUNT_TOKEN);
    cxm_wipe(raw, sizeof(raw));
    cxm_wipe(text, sizeof(text));

    return CXM_OK;
}


static int
token_read(const cxm_store_t *store, cxm_str_t text, cxm_uuid_t *id)
{
    int      good;
    uint8_t  raw[CXM_TOKEN_RAW], mac[CXM_TOKEN_MAC];

    if (cxm_base32_decode(text, raw, sizeof(raw)) != CXM_OK) {
        return 0;
    }

    memcpy(id->b, raw, sizeof(id->b));
    token_mac(store, id, mac);
    good = cxm_equal(mac, raw + sizeof(id->b), sizeof(mac));
    cxm_wipe(mac, sizeof(mac));
    cxm_wipe(raw, sizeof(raw));

    return good;
}


/* --- finding ------------------------------------------------------------ */

int
cxm_token_is(const json_t *body, cxm_token_purpose_t purpose)
{
    return cxm_str_eqz(cxm_json_get_str(body, "purpose"),
                       token_purposes[purpose]);
}


uint64_t
cxm_token_account(const json_t *body)
{
    return (uint64_t) cxm_json_get_int(body, "account", 0);
}


cxm_rc_t
cxm_token_find(cxm_txn_t *txn, cxm_token_purpose_t purpose, cxm_str_t text,
    cxm_ms_t now, cxm_doc_t *out, cxm_error_t *err)
{
    cxm_rc_t    rc;
    cxm_uuid_t  id;

    memset(out, 0, sizeof(*out));

    if (!token_read(cxm_txn_store(txn), text, &id)) {
        return CXM_NOT_FOUND;
    }

    rc = cxm_doc_by_id(txn, CXM_KIND_TOKEN, &id, out, err);

    if (rc == CXM_OK
        && (out->erased || !cxm_token_is(out->body, purpose)
            || due_time(out->body) <= now))
    {
        cxm_doc_clear(out);
        return CXM_NOT_FOUND;
    }

    return rc;
}


/* --- making ------------------------------------------------------------- */

static json_t *
token_body(const cxm_token_spec_t *spec, cxm_ms_t now)
{
    int      bad;
    char     expires[CXM_RFC3339_LEN + 1], fill[CXM_TOKEN_FILL];
    json_t  *body;

    cxm_rfc3339_format(now + token_times[spec->purpose], expires);
    body = json_pack("{ss ss}", "purpose", token_purposes[spec->purpose],
                     "expires_at", expires);

    bad = cxm_json_set_str(body, "base", spec->base);
    bad |= cxm_json_set_str(body, "path", spec->path);

    if (spec->language.len > 0) {
        bad |= cxm_json_set_str(body, "language", spec->language);
    }

    if (spec->account != NULL) {
        bad |= cxm_json_set_int(body, "account",
                                (int64_t) spec->account->no);
    }

    if (spec->purpose == CXM_TOKEN_BLANK) {
        memset(fill, '-', sizeof(fill));
        bad |= cxm_json_set_str(body, "fill",
                                (cxm_str_t) { sizeof(fill), fill });
    }

    if (bad) {
        json_decref(body);
        return NULL;
    }

    return body;
}


/* Random, and not of the time: the id is told to who only lists mails. */
static cxm_rc_t
token_write(cxm_txn_t *txn, const cxm_token_spec_t *spec, json_t *body,
    cxm_error_t *err)
{
    int              created;
    cxm_rc_t         rc;
    cxm_doc_t        doc;
    cxm_doc_write_t  write;

    memset(&write, 0, sizeof(write));
    write.kind = CXM_KIND_TOKEN;
    write.if_match = CXM_VERSION_NONE;
    write.body = body;
    write.personal = spec->waiting;
    cxm_random(write.id.b, sizeof(write.id.b));

    rc = CXM_OK;

    if (spec->account != NULL) {
        write.actor = spec->account->no;
        write.subject = spec->account->subject;

    } else if (spec->purpose != CXM_TOKEN_BLANK) {
        rc = cxm_person_take(txn, &write.subject);
    }

    if (rc != CXM_OK) {
        return cxm_fail(err, rc, NULL, "No key for this person.");
    }

    rc = cxm_doc_put(txn, &write, &doc, &created, err);
    cxm_doc_clear(&doc);

    return rc;
}


cxm_rc_t
cxm_token_make(cxm_txn_t *txn, const cxm_token_spec_t *spec,
    cxm_error_t *err)
{
    json_t    *body;
    cxm_rc_t   rc;

    body = token_body(spec, cxm_txn_now(txn));

    rc = body == NULL
         ? cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.")
         : token_write(txn, spec, body, err);

    json_decref(body);

    return rc;
}


/* --- ending ------------------------------------------------------------- */

cxm_rc_t
cxm_token_end(cxm_txn_t *txn, uint64_t actor, const cxm_uuid_t *id,
    cxm_error_t *err)
{
    cxm_doc_write_t  write;

    memset(&write, 0, sizeof(write));
    write.kind = CXM_KIND_TOKEN;
    write.id = *id;
    write.if_match = CXM_VERSION_ANY;
    write.actor = actor;

    return cxm_doc_delete(txn, &write, err);
}


static cxm_rc_t
end_one(cxm_txn_t *txn, uint64_t actor, uint64_t no, int every,
    cxm_error_t *err)
{
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    rc = cxm_doc_get(txn, CXM_KIND_TOKEN, no, &doc, err);

    if (rc == CXM_OK && (every || !cxm_token_is(doc.body, CXM_TOKEN_REVERT)))
    {
        rc = cxm_token_end(txn, actor, &doc.id, err);
    }

    cxm_doc_clear(&doc);

    return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
}


static cxm_rc_t
end_those(cxm_txn_t *txn, uint64_t actor, uint64_t slot, int every,
    cxm_error_t *err)
{
    uint64_t  no;
    cxm_rc_t  rc;

    no = UINT64_MAX;

    for ( ;; ) {
        rc = cxm_record_of_person_before(txn, &cxm_record_token, slot, no,
                                         &no);
        if (rc != CXM_OK) {
            return rc == CXM_NOT_FOUND
                   ? CXM_OK : cxm_fail(err, rc, NULL, "Tokens are not read.");
        }

        rc = end_one(txn, actor, no, every, err);

        if (rc != CXM_OK) {
            return rc;
        }
    }
}


cxm_rc_t
cxm_token_end_all(cxm_txn_t *txn, uint64_t actor, uint64_t slot,
    cxm_error_t *err)
{
    return end_those(txn, actor, slot, 0, err);
}


cxm_rc_t
cxm_token_end_every(cxm_txn_t *txn, uint64_t actor, uint64_t slot,
    cxm_error_t *err)
{
    return end_those(txn, actor, slot, 1, err);
}


cxm_rc_t
cxm_token_expire(cxm_txn_t *txn, uint64_t no, uint64_t *slot,
    cxm_error_t *err)
{
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    *slot = 0;
    rc = cxm_doc_get(txn, CXM_KIND_TOKEN, no, &doc, err);

    if (rc == CXM_OK) {
        *slot = cxm_token_is(doc.body, CXM_TOKEN_VERIFY) ? doc.subject : 0;
        rc = cxm_token_end(txn, 0, &doc.id, err);
    }

    cxm_doc_clear(&doc);

    return rc == CXM_NOT_FOUND
           ? cxm_fail(err, CXM_CORRUPT, NULL, "There is no token %llu.",
                      (unsigned long long) no)
           : rc;
}
