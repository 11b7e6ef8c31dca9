/*
 * Consents that a row of an import brings: by purpose how it stands, as
 * GET /customers/{id}/consents answers it in `current`.
 *
 * They are facts, and no part of the record: what is there already, or says
 * only what is so anyway, is none.  Of one that has a time the id follows from
 * what it says, so that it is known again when it is no longer the newest.
 */

#include <stdio.h>

#include "cxm_customer_int.h"
#include "cxm_json.h"


#define ROW_PURPOSES  100

static const cxm_field_t  purpose_field = { .type = CXM_FIELD_SLUG };


/* --- checking ----------------------------------------------------------- */

/* "news": true is short for {"granted": true}; a cell of CSV is a text. */
static json_t *
long_form(json_t *value)
{
    cxm_str_t  text;

    text = cxm_json_str(value);

    if (json_is_boolean(value)) {
        return json_pack("{sO}", "granted", value);
    }

    return cxm_str_eqz(text, "true") || cxm_str_eqz(text, "false")
           ? json_pack("{sb}", "granted", cxm_str_eqz(text, "true"))
           : json_incref(value);
}


/* A fact of the future is none yet; a reading transaction has no time. */
static cxm_rc_t
check_time(const cxm_import_t *import, char *pointer, const json_t *fact)
{
    cxm_ms_t  at, now;

    now = import->dry ? cxm_now() : cxm_txn_now(import->txn);

    if (cxm_rfc3339_parse(cxm_json_get_str(fact, "at"), &at) != CXM_OK
        || at <= now)
    {
        return CXM_OK;
    }

    cxm_pointer_push(pointer, CXM_ERROR_POINTER_LEN, cxm_str("at"));

    return cxm_issue(import->err, pointer, "not_allowed",
                     "Must not be in the future.");
}


static cxm_rc_t
check_fact(const cxm_import_t *import, const char *purpose,
    const json_t *fact)
{
    char       pointer[CXM_ERROR_POINTER_LEN];
    json_t    *name;
    cxm_rc_t   rc;

    (void) snprintf(pointer, sizeof(pointer), "/consents");
    cxm_pointer_push(pointer, sizeof(pointer), cxm_strz(purpose));
    name = json_string(purpose);

    rc = cxm_field_check_value(&purpose_field, name, pointer, import->err);
    json_decref(name);

    if (rc == CXM_OK) {
        rc = cxm_field_check_value(&cxm_consent_fact, fact, pointer,
                                   import->err);
    }

    return rc == CXM_OK ? check_time(import, pointer, fact) : rc;
}


cxm_rc_t
cxm_customer_consents_check(const cxm_import_t *import, json_t *consents)
{
    int          bad;
    json_t      *value;
    cxm_rc_t     rc;
    const char  *purpose;

    if (!json_is_object(consents)) {
        return cxm_issue(import->err, "/consents", "wrong_type",
                         "Must be an object.");
    }

    if (json_object_size(consents) > ROW_PURPOSES) {
        return cxm_issue(import->err, "/consents", "too_many",
                         "Has more than %d members.", ROW_PURPOSES);
    }

    bad = 0;

    json_object_foreach(consents, purpose, value) {
        bad |= json_object_set_new(consents, purpose, long_form(value));
    }

    if (bad) {
        return cxm_fail(import->err, CXM_INTERNAL, NULL,
                        "Not enough memory.");
    }

    rc = CXM_OK;

    json_object_foreach(consents, purpose, value) {
        if (check_fact(import, purpose, value) != CXM_OK) {
            rc = CXM_INVALID;
        }
    }

    return rc;
}


/* --- writing ------------------------------------------------------------ */

static int
same_time(const json_t *a, const json_t *b)
{
    cxm_ms_t  x, y;

    return cxm_rfc3339_parse(cxm_json_str(a), &x) == CXM_OK
           && cxm_rfc3339_parse(cxm_json_str(b), &y) == CXM_OK && x == y;
}


/* Whether the purpose stands so; what the fact does not say may be any. */
static int
stands(const json_t *fact, const json_t *state)
{
    size_t         i;
    const json_t  *value;

    static const char *const  members[] = { "channel", "text_version" };

    if (!json_equal(json_object_get(fact, "granted"),
                    json_object_get(state, "granted")))
    {
        return 0;
    }

    for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        value = json_object_get(fact, members[i]);

        if (value != NULL
            && !json_equal(value, json_object_get(state, members[i])))
        {
            return 0;
        }
    }

    value = json_object_get(fact, "at");

    return value == NULL || same_time(value, json_object_get(state, "at"));
}


/* Nil where a fact has no time: it is one of now. */
static void
fact_id(const cxm_import_t *import, const cxm_uuid_t *customer,
    const char *purpose, const json_t *fact, cxm_uuid_t *id)
{
    uint8_t    said[8 + 1];
    cxm_ms_t   at;

    memset(id, 0, sizeof(*id));

    if (cxm_rfc3339_parse(cxm_json_get_str(fact, "at"), &at) != CXM_OK) {
        return;
    }

    (void) cxm_put_u64(said, (uint64_t) at);
    said[8] = (uint8_t) cxm_json_get_bool(fact, "granted", 0);

    cxm_keyed_hash(&cxm_store_keyring(cxm_txn_store(import->txn))
                    ->k[CXM_SUBKEY_FINGERPRINT],
                   (cxm_str_t) { sizeof(customer->b),
                                 (const char *) customer->b },
                   cxm_strz(purpose),
                   (cxm_str_t) { sizeof(said), (const char *) said },
                   id->b, sizeof(id->b));
}


static cxm_rc_t
write_fact(const cxm_import_t *import, const cxm_uuid_t *customer,
    const cxm_uuid_t *id, const char *purpose, const json_t *fact)
{
    int                  created;
    json_t              *document;
    cxm_rc_t             rc;
    cxm_doc_t            doc;
    cxm_record_write_t   write;

    memset(&write, 0, sizeof(write));
    write.txn = import->txn;
    write.record = &cxm_record_consent;
    write.caller = import->caller;
    write.actor = import->caller->principal.actor;
    write.id = *id;
    write.owner = *customer;
    write.if_match = CXM_VERSION_ANY;
    write.err = import->err;

    document = json_copy((json_t *) fact);
    rc = json_object_set_new(document, "purpose", json_string(purpose)) == 0
         ? cxm_record_put(&write, document, &doc, &created)
         : cxm_fail(import->err, CXM_INTERNAL, NULL, "Not enough memory.");
    json_decref(document);

    if (rc == CXM_OK) {
        cxm_doc_clear(&doc);
    }

    return rc;
}


static cxm_rc_t
add_fact(const cxm_import_t *import, const cxm_uuid_t *customer,
    const char *purpose, const json_t *fact, int *added)
{
    uint64_t    no;
    cxm_rc_t    rc;
    cxm_uuid_t  id;

    fact_id(import, customer, purpose, fact, &id);

    rc = cxm_uuid_is_nil(&id)
         ? CXM_NOT_FOUND
         : cxm_doc_no(import->txn, CXM_KIND_CONSENT, &id, &no);

    if (rc != CXM_NOT_FOUND) {
        return rc == CXM_OK
               ? CXM_OK : cxm_fail(import->err, rc, NULL,
                                   "A consent cannot be looked up.");
    }

    *added = 1;

    return import->dry ? CXM_OK
                       : write_fact(import, customer, &id, purpose, fact);
}


cxm_rc_t
cxm_customer_consents_add(const cxm_import_t *import,
    const cxm_uuid_t *customer, const json_t *consents, int *added)
{
    json_t      *states, *fact;
    cxm_rc_t     rc;
    const char  *purpose;

    *added = 0;

    if (json_object_size(consents) == 0) {
        return CXM_OK;
    }

    rc = cxm_consent_json(import->txn, customer, &states, import->err);

    if (rc != CXM_OK) {
        return rc;
    }

    json_object_foreach((json_t *) consents, purpose, fact) {
        if (!stands(fact, json_object_get(states, purpose))) {
            rc = add_fact(import, customer, purpose, fact, added);
        }

        if (rc != CXM_OK) {
            break;
        }
    }

    json_decref(states);

    return rc;
}
