/*
 * Consents: facts, and how each purpose stands.
 */

#include "cxm_customer_int.h"
#include "cxm_json.h"


static const char *const  consent_channels[] = {
    "web", "email", "app", "sms", "store", "phone", "api", "paper", NULL
};

#define TEXT_VERSION                                                          \
    { .name = "text_version", .type = CXM_FIELD_STRING, .min = 1, .max = 100, \
      .summary = "which wording was agreed to" }

#define EVIDENCE                                                              \
    { .name = "evidence", .type = CXM_FIELD_STRING, .min = 1, .max = 1000,    \
      .flags = CXM_FIELD_PERSONAL, .summary = "what proves it" }

static const cxm_field_t  consent_fields[] = {
    { .name = "customer", .type = CXM_FIELD_UUID,
      .flags = CXM_FIELD_READONLY },
    { .name = "purpose", .type = CXM_FIELD_SLUG,
      .flags = CXM_FIELD_REQUIRED, .summary = "what it is for: newsletter" },
    { .name = "granted", .type = CXM_FIELD_BOOL,
      .flags = CXM_FIELD_REQUIRED, .summary = "false takes it back" },
    { .name = "channel", .type = CXM_FIELD_ENUM, .values = consent_channels,
      .summary = "where it was said" },
    TEXT_VERSION,
    { .name = "at", .type = CXM_FIELD_TIME,
      .summary = "default now; with ingest any time before" },
    EVIDENCE,
    { .name = "author", .type = CXM_FIELD_ANY, .flags = CXM_FIELD_READONLY,
      .summary = "who recorded it" },
    CXM_RECORD_ROWS,
    { .name = NULL }
};

const cxm_fields_t  cxm_consent_fields = { "Consent", consent_fields };

/* Members of the fact that a purpose stands by. */
static const cxm_field_t  state_fields[] = {
    { .name = "granted", .type = CXM_FIELD_BOOL,
      .flags = CXM_FIELD_REQUIRED },
    { .name = "at", .type = CXM_FIELD_TIME, .flags = CXM_FIELD_REQUIRED },
    { .name = "channel", .type = CXM_FIELD_ENUM, .values = consent_channels },
    { .name = "text_version", .type = CXM_FIELD_STRING },
    { .name = "author", .type = CXM_FIELD_ANY },
    { .name = NULL }
};

const cxm_fields_t  cxm_consent_state_fields = {
    "ConsentState", state_fields
};

/* The same in rows of imports and exports. */
static const cxm_field_t  fact_fields[] = {
    { .name = "granted", .type = CXM_FIELD_BOOL,
      .flags = CXM_FIELD_REQUIRED },
    { .name = "at", .type = CXM_FIELD_TIME, .summary = "default now" },
    { .name = "channel", .type = CXM_FIELD_ENUM, .values = consent_channels },
    TEXT_VERSION,
    EVIDENCE,
    { .name = "author", .type = CXM_FIELD_ANY, .flags = CXM_FIELD_READONLY },
    { .name = NULL }
};

static const cxm_fields_t  fact_table = { "CustomerRowConsent", fact_fields };

const cxm_field_t  cxm_consent_fact = {
    .type = CXM_FIELD_OBJECT, .object = &fact_table
};


static cxm_rc_t
consent_check(cxm_record_write_t *write)
{
    int        bad;
    char       text[CXM_RFC3339_LEN + 1];
    cxm_ms_t   at;
    cxm_str_t  said;

    said = cxm_json_get_str(write->document, "at");
    at = cxm_txn_now(write->txn);

    if (said.data != NULL) {
        (void) cxm_rfc3339_parse(said, &at);

        if (at > cxm_txn_now(write->txn)
            || !cxm_may(write->caller, CXM_SCOPE_INGEST))
        {
            return cxm_issue(write->err, "/at", "not_allowed",
                             "Only a key with ingest dates a consent, and "
                             "never in the future.");
        }
    }

    cxm_rfc3339_format(at, text);
    bad = cxm_json_set_str(write->document, "at", cxm_strz(text));
    bad |= json_object_set_new(write->document, "author",
                               cxm_actor_json(write->txn, write->actor));

    return bad ? cxm_fail(write->err, CXM_INTERNAL, NULL,
                          "Not enough memory.")
               : CXM_OK;
}


const cxm_record_t  cxm_record_consent = {
    .kind = CXM_KIND_CONSENT,
    .name = "consent",
    .fields = &cxm_consent_fields,
    .flags = CXM_RECORD_PERSON,
    .owner = &cxm_record_customer,
    .check = consent_check
};


/* --- how a purpose stands ----------------------------------------------- */

static void
state_key(cxm_row_key_t *key, const cxm_uuid_t *customer, cxm_str_t purpose)
{
    cxm_row_key(key);
    cxm_row_key_u8(key, CXM_NS_CONSENT);
    cxm_row_key_bytes(key, customer->b, sizeof(customer->b));
    cxm_row_key_bytes(key, purpose.data, purpose.len);
}


static cxm_rc_t
state_decode(cxm_str_t value, cxm_consent_t *out)
{
    cxm_reader_t  rd;

    rd = cxm_reader(value.data, value.len);
    out->no = cxm_read_varint(&rd);
    out->at = (cxm_ms_t) cxm_read_varint(&rd);
    out->granted = cxm_read_u8(&rd);

    return rd.failed || rd.pos != rd.end ? CXM_CORRUPT : CXM_OK;
}


static cxm_rc_t
state_put(cxm_txn_t *txn, const cxm_uuid_t *customer,
    const cxm_consent_t *consent)
{
    uint8_t        b[2 * CXM_VARINT_MAX + 1], *end;
    cxm_rc_t       rc;
    cxm_str_t      value;
    cxm_consent_t  last;
    cxm_row_key_t  key;

    state_key(&key, customer, consent->purpose);
    rc = cxm_row_get(txn, CXM_T_INDEX, &key, &value);

    if (rc == CXM_OK) {
        rc = state_decode(value, &last);

        /* what is recorded late does not undo what was said after it */

        if (rc == CXM_OK && last.at > consent->at) {
            return CXM_OK;
        }
    }

    if (rc != CXM_OK && rc != CXM_NOT_FOUND) {
        return rc;
    }

    end = cxm_put_varint(b, consent->no);
    end = cxm_put_varint(end, (uint64_t) consent->at);
    *end++ = (uint8_t) consent->granted;

    return cxm_row_put(txn, CXM_T_INDEX, &key,
                       (cxm_str_t) { (size_t) (end - b), (const char *) b });
}


static cxm_rc_t
apply_state(cxm_txn_t *txn, const cxm_doc_change_t *change)
{
    cxm_uuid_t     customer;
    cxm_consent_t  consent;
    const json_t  *body;

    /* a fact comes once, and stays */

    if (change->old.version != 0 || change->now.version == 0) {
        return CXM_CORRUPT;
    }

    body = change->now.body;
    consent.purpose = cxm_json_get_str(body, "purpose");
    consent.granted = cxm_json_get_bool(body, "granted", 0);
    consent.no = change->now.no;

    if (consent.purpose.len == 0
        || cxm_rfc3339_parse(cxm_json_get_str(body, "at"), &consent.at)
           != CXM_OK
        || cxm_uuid_parse(cxm_json_get_str(body, "customer"), &customer)
           != CXM_OK)
    {
        return CXM_CORRUPT;
    }

    return state_put(txn, &customer, &consent);
}


static cxm_rc_t
consent_apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    cxm_rc_t          rc;
    cxm_doc_change_t  change;

    rc = cxm_record_apply(txn, entry, &cxm_record_consent, &change);

    if (rc == CXM_OK) {
        rc = apply_state(txn, &change);
    }

    cxm_doc_clear(&change.old);

    return rc;
}


static cxm_rc_t
consent_forget(cxm_txn_t *txn, uint64_t slot, uint64_t *kept)
{
    return cxm_record_forget(txn, &cxm_record_consent, slot, kept);
}


const cxm_kind_t  cxm_kind_consent = {
    .no = CXM_KIND_CONSENT,
    .version = 1,
    .name = "consent",
    .apply = consent_apply,
    .lookups = &cxm_record_lookups,
    .forget = consent_forget
};


/* --- reading ------------------------------------------------------------ */

/* Whether it decides, when the same purpose stands elsewhere, too. */
static int
state_newer(const cxm_consent_t *consent, const cxm_consent_t *other)
{
    if (consent->at != other->at) {
        return consent->at > other->at;
    }

    return consent->granted != other->granted ? !consent->granted
                                              : consent->no > other->no;
}


/* The first purpose behind another one; CXM_NOT_FOUND: that was all. */
static cxm_rc_t
state_next(cxm_txn_t *txn, const cxm_uuid_t *customer, cxm_str_t after,
    cxm_consent_t *out)
{
    size_t          skip;
    cxm_rc_t        rc;
    cxm_str_t       value;
    cxm_cursor_t   *cursor;
    cxm_row_key_t   key;
    cxm_raw_row_t   row;

    rc = cxm_cursor_open(txn, CXM_T_INDEX, &cursor);

    if (rc != CXM_OK) {
        return rc;
    }

    state_key(&key, customer, cxm_str(""));
    skip = key.len;

    if (after.len > 0) {
        state_key(&key, customer, after);
        cxm_row_key_u8(&key, 0);
    }

    rc = cxm_cursor_seek(cursor, &key, &row);

    if (rc == CXM_OK && !cxm_row_within(&row, &key, skip)) {
        rc = CXM_NOT_FOUND;
    }

    if (rc == CXM_OK) {
        rc = cxm_row_check(txn, CXM_T_INDEX, &row, &value);
    }

    if (rc == CXM_OK) {
        rc = state_decode(value, out);
        out->purpose = (cxm_str_t) { row.key.len - skip,
                                     row.key.data + skip };
    }

    cxm_cursor_close(cursor);

    return rc;
}


static int
purpose_order(cxm_str_t a, cxm_str_t b)
{
    int  order;

    order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}


/* The first one of all parts, as it stands with the one that decides. */
static cxm_rc_t
state_first(cxm_txn_t *txn, const cxm_record_parts_t *parts, cxm_str_t after,
    cxm_consent_t *out)
{
    int            order;
    cxm_rc_t       rc;
    unsigned       i;
    cxm_consent_t  one;

    out->purpose = (cxm_str_t) { 0, NULL };

    for (i = 0; i < parts->n; i++) {
        rc = state_next(txn, &parts->id[i], after, &one);

        if (rc == CXM_NOT_FOUND) {
            continue;
        }

        if (rc != CXM_OK) {
            return rc;
        }

        order = out->purpose.data == NULL
                ? -1 : purpose_order(one.purpose, out->purpose);

        if (order < 0 || (order == 0 && state_newer(&one, out))) {
            *out = one;
        }
    }

    return out->purpose.data == NULL ? CXM_NOT_FOUND : CXM_OK;
}


cxm_rc_t
cxm_consent_each(cxm_txn_t *txn, const cxm_uuid_t *customer,
    cxm_consent_pt fn, void *ctx)
{
    cxm_rc_t             rc;
    cxm_consent_t        consent;
    cxm_record_parts_t   parts;

    consent.purpose = (cxm_str_t) { 0, NULL };
    rc = cxm_record_parts(txn, &cxm_record_customer, customer, &parts);

    while (rc == CXM_OK) {
        rc = state_first(txn, &parts, consent.purpose, &consent);

        if (rc == CXM_OK && fn(ctx, &consent)) {
            return CXM_OK;
        }
    }

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


typedef struct {
    cxm_txn_t          *txn;
    const cxm_field_t  *fields;
    int                 personal;
    json_t             *out;
    cxm_rc_t            rc;
} consent_states_t;


/* A cxm_consent_pt. */
static int
state_json(void *ctx, const cxm_consent_t *consent)
{
    int                 bad;
    json_t             *state, *value;
    cxm_doc_t           doc;
    consent_states_t   *states;
    const cxm_field_t  *field;

    states = ctx;
    state = json_object();
    states->rc = cxm_doc_get(states->txn, CXM_KIND_CONSENT, consent->no, &doc,
                             NULL);
    bad = 0;

    for (field = states->fields; field->name != NULL; field++) {

        if (field->flags & CXM_FIELD_READONLY) {
            continue;
        }

        value = json_object_get(!(field->flags & CXM_FIELD_PERSONAL)
                                ? doc.body
                                : states->personal ? doc.personal : NULL,
                                field->name);
        bad |= value != NULL && json_object_set(state, field->name, value) != 0;
    }

    cxm_doc_clear(&doc);
    bad |= json_object_setn_new(states->out, consent->purpose.data,
                                consent->purpose.len, state) != 0;

    if (bad) {
        states->rc = CXM_INTERNAL;
    }

    return states->rc != CXM_OK;
}


static cxm_rc_t
states_json(consent_states_t *states, const cxm_uuid_t *customer,
    json_t **out, cxm_error_t *err)
{
    cxm_rc_t  rc;

    *out = NULL;
    states->out = json_object();
    states->rc = CXM_OK;
    rc = cxm_consent_each(states->txn, customer, state_json, states);
    rc = rc == CXM_OK ? states->rc : rc;

    if (rc != CXM_OK) {
        json_decref(states->out);
        return cxm_fail(err, rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc, NULL,
                        "Consents cannot be read.");
    }

    *out = states->out;

    return CXM_OK;
}


cxm_rc_t
cxm_consent_json(cxm_txn_t *txn, const cxm_uuid_t *customer, json_t **out,
    cxm_error_t *err)
{
    consent_states_t  states = { .txn = txn, .fields = state_fields };

    return states_json(&states, customer, out, err);
}


cxm_rc_t
cxm_consent_facts(cxm_txn_t *txn, const cxm_uuid_t *customer, int personal,
    json_t **out, cxm_error_t *err)
{
    consent_states_t  states = { .txn = txn, .fields = fact_fields,
                                 .personal = personal };

    return states_json(&states, customer, out, err);
}
