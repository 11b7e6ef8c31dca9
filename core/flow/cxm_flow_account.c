/*
 * Flow of accounts.
 */

#include <stdio.h>

#include "cxm_account_event.h"
#include "cxm_customer.h"
#include "cxm_erasure.h"
#include "cxm_flow_account.h"
#include "cxm_json.h"
#include "cxm_notice.h"
#include "cxm_person.h"


#define NOTICE_KEY  64


/* --- the customer ------------------------------------------------------- */

static const cxm_role_t  account_role = { "account", 0 };


static int
is_address(const cxm_store_t *store, const json_t *item, cxm_str_t email)
{
    uint8_t  own[CXM_HASH_LEN], other[CXM_HASH_LEN];

    cxm_person_hash(store, CXM_PERSON_EMAIL, email, own);
    cxm_person_hash(store, CXM_PERSON_EMAIL, cxm_json_get_str(item, "value"),
                    other);

    return cxm_str_eqz(cxm_json_get_str(item, "type"), "email")
           && memcmp(own, other, sizeof(own)) == 0;
}


/*
 * The record's list with the address, proved, and the account; `list` is what
 * it has now, NULL: nothing.
 */
static json_t *
with_account(const cxm_store_t *store, const json_t *list,
    const cxm_doc_t *account, int *bad)
{
    char        id[CXM_UUID_LEN + 1];
    size_t      i;
    json_t     *out, *item;
    cxm_str_t   email;

    cxm_uuid_format(&account->id, id);
    email = cxm_json_get_str(account->personal, "email");
    out = json_array();
    *bad = out == NULL;

    for (i = 0; i < json_array_size(list); i++) {
        item = json_deep_copy(json_array_get(list, i));

        if (email.len > 0 && is_address(store, item, email)) {
            *bad |= json_object_set_new(item, "verified", json_true());
            email.len = 0;
        }

        *bad |= json_array_append_new(out, item);
    }

    if (email.len > 0) {
        *bad |= json_array_append_new(out, json_pack("{ss ss% sb}",
                              "type", "email", "value", email.data, email.len,
                              "verified", 1));
    }

    *bad |= json_array_append_new(out, json_pack("{ss ss sb}",
                         "type", "account", "value", id, "verified", 1));

    return out;
}


static void
join_write(cxm_txn_t *txn, cxm_caller_t *caller, cxm_record_write_t *write,
    const cxm_doc_t *account, cxm_error_t *err)
{
    memset(caller, 0, sizeof(*caller));
    caller->principal.kind = CXM_PRINCIPAL_SYSTEM;
    caller->principal.role = &account_role;

    memset(write, 0, sizeof(*write));
    write->txn = txn;
    write->record = &cxm_record_customer;
    write->caller = caller;
    write->actor = account->no;
    write->if_match = CXM_VERSION_ANY;
    write->ours = 1;
    write->err = err;
}


/* Names and languages that are there stay: they are no less the customer's. */
static cxm_rc_t
join_old(cxm_record_write_t *write, const cxm_doc_t *customer,
    const cxm_doc_t *account, cxm_doc_t *out)
{
    int        bad;
    json_t    *patch, *list;
    cxm_rc_t   rc;

    list = with_account(cxm_txn_store(write->txn),
                        json_object_get(customer->personal, "identifiers"),
                        account, &bad);
    patch = json_pack("{so}", "identifiers", list);

    if (json_object_get(customer->personal, "name") == NULL) {
        bad |= json_object_set(patch, "name",
                               json_object_get(account->personal, "name"));
    }

    write->id = customer->id;
    rc = bad || patch == NULL
         ? cxm_fail(write->err, CXM_INTERNAL, NULL, "Not enough memory.")
         : cxm_record_patch(write, patch, out);

    json_decref(patch);

    return rc;
}


static cxm_rc_t
join_new(cxm_record_write_t *write, const cxm_doc_t *account, cxm_doc_t *out)
{
    int        bad, created;
    json_t    *document, *list;
    cxm_rc_t   rc;

    list = with_account(cxm_txn_store(write->txn), NULL, account, &bad);
    document = json_pack("{sO* sO* so}",
                         "name", json_object_get(account->personal, "name"),
                         "language", json_object_get(account->body,
                                                     "language"),
                         "identifiers", list);

    rc = bad || document == NULL
         ? cxm_fail(write->err, CXM_INTERNAL, NULL, "Not enough memory.")
         : cxm_record_put(write, document, out, &created);

    json_decref(document);

    return rc;
}


cxm_rc_t
cxm_flow_join_account(cxm_txn_t *txn, const cxm_doc_t *account,
    cxm_error_t *err)
{
    uint64_t            no;
    cxm_rc_t            rc;
    cxm_doc_t           customer, out;
    cxm_caller_t        caller;
    cxm_record_write_t  write;

    join_write(txn, &caller, &write, account, err);
    memset(&out, 0, sizeof(out));

    rc = cxm_customer_find(txn, CXM_PERSON_EMAIL,
                           cxm_json_get_str(account->personal, "email"), &no);

    if (rc == CXM_NOT_FOUND) {
        rc = join_new(&write, account, &out);

    } else if (rc == CXM_OK) {
        rc = cxm_doc_get(txn, CXM_KIND_CUSTOMER, no, &customer, err);

        if (rc == CXM_OK) {
            rc = join_old(&write, &customer, account, &out);
        }

        cxm_doc_clear(&customer);
    }

    cxm_doc_clear(&out);

    return rc;
}


/*
 * The record's list with the account's address, proved, in the place of the
 * one before.
 */
static json_t *
with_address(const cxm_store_t *store, const json_t *list, cxm_str_t old,
    cxm_str_t email, int *bad)
{
    int      put;
    size_t   i;
    json_t  *out, *item, *address;

    out = json_array();
    address = json_pack("{ss ss% sb}", "type", "email", "value", email.data,
                        email.len, "verified", 1);
    *bad = out == NULL || address == NULL;
    put = 0;

    for (i = 0; i < json_array_size(list); i++) {
        item = json_array_get(list, i);

        if (!is_address(store, item, old) && !is_address(store, item, email))
        {
            *bad |= json_array_append(out, item);

        } else if (!put) {
            *bad |= json_array_append(out, address);
            put = 1;
        }
    }

    if (!put) {
        *bad |= json_array_append(out, address);
    }

    json_decref(address);

    return out;
}


cxm_rc_t
cxm_flow_move_account(cxm_txn_t *txn, const cxm_doc_t *account,
    cxm_str_t old, cxm_error_t *err)
{
    int                 bad;
    json_t             *patch, *list;
    uint64_t            no;
    cxm_rc_t            rc;
    cxm_doc_t           customer, out;
    cxm_caller_t        caller;
    cxm_record_write_t  write;

    join_write(txn, &caller, &write, account, err);
    rc = cxm_customer_of_slot(txn, account->subject, &no);

    if (rc == CXM_OK) {
        rc = cxm_doc_get(txn, CXM_KIND_CUSTOMER, no, &customer, err);
    }

    if (rc != CXM_OK) {
        return rc == CXM_NOT_FOUND ? CXM_OK : rc;
    }

    list = with_address(cxm_txn_store(txn),
                        json_object_get(customer.personal, "identifiers"),
                        old, cxm_json_get_str(account->personal, "email"),
                        &bad);
    patch = json_pack("{so}", "identifiers", list);
    write.id = customer.id;

    rc = bad || patch == NULL
         ? cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.")
         : cxm_record_patch(&write, patch, &out);

    if (rc == CXM_OK) {
        cxm_doc_clear(&out);
    }

    json_decref(patch);
    cxm_doc_clear(&customer);

    return rc;
}


/* --- messages ----------------------------------------------------------- */

/* What all of them have; the account is NULL where there is none yet. */
static void
notice_begin(cxm_notice_t *notice, const char *template,
    const cxm_entry_t *entry, const cxm_doc_t *account, json_t *fields)
{
    cxm_str_t  name;

    memset(notice, 0, sizeof(*notice));
    notice->template = template;
    notice->subject = entry->subject;
    notice->base = cxm_json_get_str(entry->body, "base");
    notice->fields = fields;

    if (account == NULL) {
        return;
    }

    notice->language = cxm_json_get_str(account->body, "language");
    notice->recipient = cxm_json_get_str(account->personal, "email");
    name = cxm_json_get_str(account->personal, "name");

    if (name.len > 0) {
        (void) cxm_json_set_str(fields, "name", name);
    }
}


static cxm_rc_t
token_notice(cxm_txn_t *txn, const cxm_entry_t *entry,
    const cxm_doc_t *account, const char *template, cxm_error_t *err)
{
    char          key[NOTICE_KEY], id[CXM_UUID_LEN + 1];
    char          at[CXM_RFC3339_LEN + 1];
    json_t       *fields;
    cxm_rc_t      rc;
    cxm_notice_t  notice;

    fields = json_object();
    notice_begin(&notice, template, entry, account, fields);
    (void) cxm_json_set_str(fields, "link",
                            cxm_json_get_str(entry->body, "path"));

    cxm_uuid_format(&entry->id, id);
    (void) snprintf(key, sizeof(key), "token:%s", id);
    notice.key = cxm_strz(key);
    notice.token = &entry->id;
    (void) cxm_rfc3339_parse(cxm_json_get_str(entry->body, "expires_at"),
                             &notice.expires_at);

    /* to the address that is to be proved, or was */

    if (!cxm_token_is(entry->body, CXM_TOKEN_RESET)) {
        notice.recipient = cxm_json_get_str(entry->personal, "email");
        notice.language = cxm_json_get_str(entry->body, "language");
    }

    if (cxm_token_is(entry->body, CXM_TOKEN_REVERT)) {
        cxm_rfc3339_format(cxm_entry_time(entry), at);
        (void) cxm_json_set_str(fields, "at", cxm_strz(at));
    }

    /* who has not proved an address is not called by a name there */

    if (cxm_token_is(entry->body, CXM_TOKEN_EMAIL)) {
        (void) json_object_del(fields, "name");
    }

    rc = cxm_notice_queue(txn, &notice, err);
    json_decref(fields);

    return rc;
}


static const char *const  token_templates[CXM_TOKEN_PURPOSES] = {
    [CXM_TOKEN_VERIFY] = "verify",
    [CXM_TOKEN_RESET] = "reset",
    [CXM_TOKEN_EMAIL] = "email-change",
    [CXM_TOKEN_REVERT] = "email-changed-old"
};


cxm_rc_t
cxm_flow_token(cxm_txn_t *txn, const cxm_entry_t *entry, cxm_error_t *err)
{
    cxm_rc_t   rc;
    cxm_doc_t  account;
    unsigned   purpose;

    if (entry->action != CXM_ACTION_PUT || entry->replaces != 0) {
        return CXM_OK;
    }

    for (purpose = 0; purpose < CXM_TOKEN_BLANK; purpose++) {
        if (cxm_token_is(entry->body, (cxm_token_purpose_t) purpose)) {
            break;
        }
    }

    if (purpose == CXM_TOKEN_BLANK) {
        return CXM_OK;
    }

    if (cxm_token_account(entry->body) == 0) {
        return token_notice(txn, entry, NULL, token_templates[purpose], err);
    }

    rc = cxm_account_get(txn, cxm_token_account(entry->body), &account, err);

    if (rc == CXM_OK) {
        rc = token_notice(txn, entry, &account, token_templates[purpose],
                          err);
    }

    cxm_doc_clear(&account);

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


/* Events that the owner of the account is told of. */
static const struct {
    cxm_account_event_t   event;
    const char           *template;
    const char           *page;         /* of ours, to go on at; NULL: the
                                           site's first */
    int                   new_place;    /* only from one */
} event_notices[] = {
    { CXM_ACCOUNT_TAKEN, "taken", "login", 0 },
    { CXM_ACCOUNT_SIGNED_IN, "signin-new-place", "forgot", 1 },
    { CXM_ACCOUNT_RESET_DONE, "password-changed", "forgot", 0 },
    { CXM_ACCOUNT_PASSWORD_CHANGED, "password-changed", "forgot", 0 },
    { CXM_ACCOUNT_TOTP_ON, "second-factor-on", "forgot", 0 },
    { CXM_ACCOUNT_TOTP_OFF, "second-factor-off", "forgot", 0 },
    { CXM_ACCOUNT_RECOVERY_USED, "recovery-code-used", "forgot", 0 },
    { CXM_ACCOUNT_RECOVERY_RENEWED, "recovery-codes-new", "forgot", 0 },
    { CXM_ACCOUNT_CLOSED, "account-closed", NULL, 0 }
};

#define EVENT_NOTICES  (sizeof(event_notices) / sizeof(event_notices[0]))


static int
event_link(const cxm_entry_t *entry, const char *page, json_t *fields)
{
    cxm_str_t  path;

    path = cxm_json_get_str(entry->body, "path");

    return page != NULL
           && json_object_set_new(fields, "link",
                  json_sprintf("%.*s%s", (int) path.len, path.data, page))
              != 0;
}


static int
event_fields(const cxm_entry_t *entry, json_t *fields)
{
    int        bad;
    char       at[CXM_RFC3339_LEN + 1];
    cxm_str_t  device, country;

    cxm_rfc3339_format(cxm_entry_time(entry), at);
    bad = cxm_json_set_str(fields, "at", cxm_strz(at));

    device = cxm_json_get_str(entry->personal, "device");
    country = cxm_json_get_str(entry->personal, "country");

    if (device.len > 0) {
        bad |= cxm_json_set_str(fields, "device", device);
    }

    if (country.len > 0) {
        bad |= cxm_json_set_str(fields, "place", country);
    }

    return bad;
}


static cxm_rc_t
event_notice(cxm_txn_t *txn, const cxm_entry_t *entry,
    const cxm_doc_t *account, size_t i, cxm_error_t *err)
{
    int            bad;
    char           key[NOTICE_KEY];
    json_t        *fields;
    cxm_rc_t       rc;
    cxm_str_t      email;
    cxm_notice_t   notice;

    fields = json_object();
    notice_begin(&notice, event_notices[i].template, entry, account, fields);
    bad = event_link(entry, event_notices[i].page, fields);

    (void) snprintf(key, sizeof(key), "signin:%llu",
                    (unsigned long long) entry->seq);
    notice.key = cxm_strz(key);
    email = cxm_json_get_str(entry->personal, "email");

    if (email.len > 0) {
        notice.recipient = email;
    }

    /* nothing of it in what a stranger can make us send */

    if (event_notices[i].event == CXM_ACCOUNT_TAKEN) {
        (void) json_object_del(fields, "name");

    } else {
        bad |= event_fields(entry, fields);
    }

    rc = bad
         ? cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.")
         : cxm_notice_queue(txn, &notice, err);

    json_decref(fields);

    return rc;
}


cxm_rc_t
cxm_flow_signin(cxm_txn_t *txn, const cxm_entry_t *entry, cxm_error_t *err)
{
    size_t               i;
    cxm_rc_t             rc;
    cxm_doc_t            account;
    cxm_account_event_t  event;

    event = cxm_account_event(entry->body);

    for (i = 0; i < EVENT_NOTICES; i++) {
        if (event_notices[i].event == event) {
            break;
        }
    }

    if (i == EVENT_NOTICES
        || (event_notices[i].new_place
            && !cxm_json_get_bool(entry->body, "new_place", 0)))
    {
        return CXM_OK;
    }

    rc = cxm_account_get(txn, entry->actor, &account, err);

    if (rc == CXM_OK) {
        rc = event_notice(txn, entry, &account, i, err);
    }

    cxm_doc_clear(&account);

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


/* --- what nobody redeemed ----------------------------------------------- */

static cxm_rc_t
token_due(cxm_txn_t *txn, cxm_ms_t at, uint64_t ref, cxm_error_t *err)
{
    int                begun;
    uint64_t           slot;
    cxm_rc_t           rc;
    cxm_doc_t          doc;
    cxm_caller_t       server;
    cxm_erasure_of_t   of;

    (void) at;

    rc = cxm_token_expire(txn, ref, &slot, err);

    if (rc != CXM_OK || slot == 0) {
        return rc;
    }

    cxm_caller_system(&server);
    memset(&of, 0, sizeof(of));
    of.slot = slot;
    rc = cxm_erasure_begin(txn, &server, &of, &doc, &begun, err);
    cxm_doc_clear(&doc);

    return rc;
}


const cxm_due_class_t  cxm_due_token = {
    .no = CXM_DUE_TOKEN,
    .name = "token",
    .run = token_due
};
