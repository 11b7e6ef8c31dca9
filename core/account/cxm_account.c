/*
 * Accounts: the record.
 */

#include "cxm_account_event.h"
#include "cxm_counter.h"
#include "cxm_index.h"
#include "cxm_json.h"
#include "cxm_person.h"
#include "cxm_totp.h"


static const char *const  account_states[] = { "active", "closed", NULL };

static const cxm_field_t  network_item = {
    .type = CXM_FIELD_STRING, .max = 2 * CXM_ACCOUNT_NETWORK
};

static const cxm_field_t  account_fields[] = {
    { .name = "email", .type = CXM_FIELD_EMAIL,
      .flags = CXM_FIELD_PERSONAL | CXM_FIELD_READONLY | CXM_FIELD_KEY,
      .summary = "proved to be the customer's" },
    { .name = "name", .type = CXM_FIELD_STRING, .min = 1, .max = 200,
      .flags = CXM_FIELD_PERSONAL | CXM_FIELD_READONLY },
    { .name = "language", .type = CXM_FIELD_LANGUAGE,
      .flags = CXM_FIELD_READONLY, .summary = "of messages" },
    { .name = "status", .type = CXM_FIELD_ENUM, .values = account_states,
      .flags = CXM_FIELD_READONLY },
    { .name = "verified_at", .type = CXM_FIELD_TIME,
      .flags = CXM_FIELD_READONLY,
      .summary = "when the address was proved" },
    { .name = "password_changed_at", .type = CXM_FIELD_TIME,
      .flags = CXM_FIELD_READONLY },
    { .name = "password", .type = CXM_FIELD_STRING,
      .flags = CXM_FIELD_PERSONAL | CXM_FIELD_HIDDEN },
    { .name = "totp", .type = CXM_FIELD_OBJECT, .object = &cxm_totp_fields,
      .flags = CXM_FIELD_PERSONAL | CXM_FIELD_HIDDEN },
    { .name = "networks", .type = CXM_FIELD_ARRAY, .item = &network_item,
      .flags = CXM_FIELD_PERSONAL | CXM_FIELD_HIDDEN,
      .max = CXM_ACCOUNT_NETWORKS },
    CXM_RECORD_ROWS,
    { .name = NULL }
};

const cxm_fields_t  cxm_account_fields = { "Account", account_fields };

#define CXM_ACCOUNT_EMAIL  (&account_fields[0])


static int
is_active(const cxm_doc_t *doc)
{
    return doc->version != 0
           && cxm_str_eqz(cxm_json_get_str(doc->body, "status"), "active");
}


static int
account_counted(const cxm_doc_t *doc, cxm_series_t *series)
{
    series->survey = CXM_SERIES_ACCOUNT;
    series->question = CXM_ACCOUNT_LIVE;

    return is_active(doc);
}


const cxm_record_t  cxm_record_account = {
    .kind = CXM_KIND_ACCOUNT,
    .name = "account",
    .fields = &cxm_account_fields,
    .flags = CXM_RECORD_PERSON | CXM_RECORD_SEARCHED,
    .counted = account_counted
};


/* --- the kind ----------------------------------------------------------- */

/* The name that a customer's identifier "account" leads by. */
static cxm_rc_t
apply_name(cxm_txn_t *txn, const cxm_doc_t *doc)
{
    char     text[CXM_UUID_LEN + 1];
    uint8_t  hash[CXM_HASH_LEN];

    cxm_uuid_format(&doc->id, text);
    cxm_person_hash(cxm_txn_store(txn), CXM_PERSON_ACCOUNT, cxm_strz(text),
                    hash);

    return cxm_person_apply(txn, doc->subject, CXM_PERSON_ACCOUNT, hash);
}


static cxm_rc_t
account_apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    cxm_rc_t          rc;
    cxm_doc_change_t  change;

    rc = cxm_record_apply(txn, entry, &cxm_record_account, &change);

    if (rc == CXM_OK && change.old.version == 0
        && change.now.personal != NULL)
    {
        rc = apply_name(txn, &change.now);
    }

    cxm_doc_clear(&change.old);

    return rc;
}


static cxm_rc_t
account_forget(cxm_txn_t *txn, uint64_t slot, uint64_t *kept)
{
    return cxm_record_forget(txn, &cxm_record_account, slot, kept);
}


const cxm_kind_t  cxm_kind_account = {
    .no = CXM_KIND_ACCOUNT,
    .version = 1,
    .name = "account",
    .apply = account_apply,
    .lookups = &cxm_record_lookups,
    .forget = account_forget
};


/* --- finding ------------------------------------------------------------ */

/* The key of who is being erased is there until that is committed. */
cxm_rc_t
cxm_account_get(cxm_txn_t *txn, uint64_t no, cxm_doc_t *out,
    cxm_error_t *err)
{
    cxm_rc_t  rc;

    rc = cxm_doc_get(txn, CXM_KIND_ACCOUNT, no, out, err);

    if (rc != CXM_OK) {
        return rc;
    }

    rc = out->erased || !is_active(out)
         ? CXM_OK : cxm_person_gone(txn, out->subject, NULL);

    if (rc == CXM_NOT_FOUND) {
        return CXM_OK;
    }

    cxm_doc_clear(out);
    memset(out, 0, sizeof(*out));

    return rc == CXM_OK
           ? CXM_NOT_FOUND
           : cxm_fail(err, rc, NULL, "A person cannot be looked up.");
}


cxm_rc_t
cxm_account_live(cxm_txn_t *txn, uint64_t no, cxm_error_t *err)
{
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    rc = cxm_account_get(txn, no, &doc, err);
    cxm_doc_clear(&doc);

    return rc == CXM_NOT_FOUND
           ? cxm_fail(err, CXM_UNAUTHORIZED, NULL,
                      "There is no such account any more.")
           : rc;
}


cxm_rc_t
cxm_account_by_email(cxm_txn_t *txn, cxm_str_t email, cxm_doc_t *out,
    cxm_error_t *err)
{
    uint64_t  no;
    cxm_rc_t  rc;

    memset(out, 0, sizeof(*out));
    rc = cxm_index_find(txn, CXM_KIND_ACCOUNT, CXM_ACCOUNT_EMAIL, email, &no);

    if (rc != CXM_OK) {
        return rc == CXM_NOT_FOUND
               ? rc : cxm_fail(err, rc, NULL, "An index cannot be read.");
    }

    return cxm_account_get(txn, no, out, err);
}


static cxm_rc_t
each_slot(cxm_txn_t *txn, uint64_t slot, cxm_account_pt fn, void *ctx,
    cxm_error_t *err)
{
    uint64_t   no;
    cxm_rc_t   rc;
    cxm_doc_t  account;

    rc = cxm_record_of_person(txn, &cxm_record_account, slot, &no);

    if (rc == CXM_OK) {
        rc = cxm_account_get(txn, no, &account, err);
    }

    if (rc != CXM_OK) {
        return rc == CXM_NOT_FOUND ? CXM_OK : rc;
    }

    rc = fn(ctx, &account);
    cxm_doc_clear(&account);

    return rc;
}


cxm_rc_t
cxm_account_each(cxm_txn_t *txn, uint64_t slot, cxm_account_pt fn, void *ctx,
    cxm_error_t *err)
{
    cxm_rc_t            rc;
    unsigned            i;
    cxm_person_slots_t  slots;

    rc = cxm_person_main(txn, slot, &slot);

    if (rc == CXM_OK) {
        rc = cxm_person_slots(txn, slot, &slots);
    }

    if (rc != CXM_OK) {
        return cxm_fail(err, rc, NULL, "A person cannot be looked up.");
    }

    for (i = 0; i < slots.n && rc == CXM_OK; i++) {
        rc = each_slot(txn, slots.slot[i], fn, ctx, err);
    }

    return rc;
}


/* --- changes ------------------------------------------------------------ */

cxm_rc_t
cxm_account_patch(cxm_txn_t *txn, json_t *patch, cxm_doc_t *account,
    cxm_error_t *err)
{
    cxm_rc_t             rc;
    cxm_doc_t            out;
    cxm_caller_t         server;
    cxm_record_write_t   write;

    if (patch == NULL) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    cxm_caller_system(&server);
    memset(&write, 0, sizeof(write));
    write.txn = txn;
    write.record = &cxm_record_account;
    write.caller = &server;
    write.actor = account->no;
    write.id = account->id;
    write.if_match = CXM_VERSION_ANY;
    write.ours = 1;
    write.err = err;

    rc = cxm_record_patch(&write, patch, &out);
    json_decref(patch);

    if (rc == CXM_OK) {
        cxm_doc_clear(account);
        *account = out;
    }

    return rc;
}


cxm_rc_t
cxm_account_set_password(cxm_txn_t *txn, cxm_doc_t *account,
    const char *hash, cxm_error_t *err)
{
    char  now[CXM_RFC3339_LEN + 1];

    cxm_rfc3339_format(cxm_txn_now(txn), now);

    return cxm_account_patch(txn, json_pack("{ss ss}", "password", hash,
                                            "password_changed_at", now),
                             account, err);
}


cxm_rc_t
cxm_account_rehash(cxm_txn_t *txn, cxm_doc_t *account, const char *hash,
    cxm_error_t *err)
{
    return cxm_account_patch(txn, json_pack("{ss}", "password", hash),
                             account, err);
}


cxm_rc_t
cxm_account_set_totp(cxm_txn_t *txn, cxm_doc_t *account, json_t *totp,
    cxm_error_t *err)
{
    return cxm_account_patch(txn, json_pack("{so?}", "totp", totp), account,
                             err);
}


/* --- beginning ---------------------------------------------------------- */

static json_t *
account_document(const cxm_doc_t *token, cxm_ms_t at)
{
    char  now[CXM_RFC3339_LEN + 1];

    cxm_rfc3339_format(at, now);

    return json_pack("{sO sO* sO* sO ss ss ss}",
                     "email", json_object_get(token->personal, "email"),
                     "name", json_object_get(token->personal, "name"),
                     "language", json_object_get(token->body, "language"),
                     "password", json_object_get(token->personal, "password"),
                     "status", "active", "verified_at", now,
                     "password_changed_at", now);
}


cxm_rc_t
cxm_account_create(cxm_txn_t *txn, const cxm_doc_t *token, cxm_doc_t *out,
    cxm_error_t *err)
{
    int                  created;
    json_t              *document;
    cxm_rc_t             rc;
    cxm_caller_t         server;
    cxm_record_write_t   write;

    memset(out, 0, sizeof(*out));
    cxm_caller_system(&server);
    memset(&write, 0, sizeof(write));
    write.txn = txn;
    write.record = &cxm_record_account;
    write.caller = &server;
    write.person = token->subject;
    write.if_match = CXM_VERSION_ANY;
    write.ours = 1;
    write.err = err;

    document = account_document(token, cxm_txn_now(txn));

    rc = document == NULL
         ? cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.")
         : cxm_record_put(&write, document, out, &created);

    json_decref(document);

    return rc;
}


/* --- networks ----------------------------------------------------------- */

/* Of this account only: two of one network have nothing in common. */
static void
network_of(const cxm_store_t *store, const cxm_doc_t *account,
    cxm_str_t address, char text[2 * CXM_ACCOUNT_NETWORK + 1])
{
    uint8_t  hash[CXM_ACCOUNT_NETWORK];

    cxm_keyed_hash(&cxm_store_keyring(store)->k[CXM_SUBKEY_PLACE],
                   cxm_str("network"),
                   (cxm_str_t) { sizeof(account->id.b),
                                 (const char *) account->id.b },
                   address, hash, sizeof(hash));
    cxm_hex_encode(hash, sizeof(hash), text);
}


int
cxm_account_knows(const cxm_store_t *store, const cxm_doc_t *account,
    cxm_str_t address)
{
    char           text[2 * CXM_ACCOUNT_NETWORK + 1];
    size_t         i;
    const json_t  *networks;

    if (address.len == 0) {
        return 0;
    }

    network_of(store, account, address, text);
    networks = json_object_get(account->personal, "networks");

    for (i = 0; i < json_array_size(networks); i++) {
        if (cxm_str_eqz(cxm_json_str(json_array_get(networks, i)), text)) {
            return 1;
        }
    }

    return 0;
}


cxm_rc_t
cxm_account_learn(cxm_txn_t *txn, cxm_doc_t *account, cxm_str_t address,
    cxm_error_t *err)
{
    char           text[2 * CXM_ACCOUNT_NETWORK + 1];
    json_t        *networks;
    const json_t  *old;

    if (address.len == 0
        || cxm_account_knows(cxm_txn_store(txn), account, address))
    {
        return CXM_OK;
    }

    network_of(cxm_txn_store(txn), account, address, text);
    old = json_object_get(account->personal, "networks");
    networks = old == NULL ? json_array() : json_copy((json_t *) old);

    if (json_array_size(networks) >= CXM_ACCOUNT_NETWORKS) {
        (void) json_array_remove(networks, 0);
    }

    (void) json_array_append_new(networks, json_string(text));

    return cxm_account_patch(txn, json_pack("{so}", "networks", networks),
                             account, err);
}
