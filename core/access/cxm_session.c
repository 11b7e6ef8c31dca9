/*
 * Sessions: the kind.
 */

#include "cxm_counter.h"
#include "cxm_due.h"
#include "cxm_json.h"
#include "cxm_session_int.h"


/* Number of the class of due rows; part of the format. */
#define CXM_DUE_SESSION      10

#define CXM_SESSION_NOTED    20         /* of the idle limit */

const cxm_session_limits_t  cxm_session_types[CXM_SESSION_TYPES] = {
    [CXM_SESSION_CUSTOMER] = { "customer", 14 * CXM_MS_DAY, 90 * CXM_MS_DAY },
    [CXM_SESSION_STAFF] = { "staff", CXM_MS_HOUR, 12 * CXM_MS_HOUR }
};

static const char *const  session_for[] = { "customer", "staff", NULL };

static const cxm_field_t  session_fields[] = {
    { .name = "slug", .type = CXM_FIELD_SLUG, .flags = CXM_FIELD_HIDDEN },
    { .name = "for", .type = CXM_FIELD_ENUM, .flags = CXM_FIELD_HIDDEN,
      .values = session_for },
    { .name = "owner", .type = CXM_FIELD_INT, .flags = CXM_FIELD_HIDDEN },
    { .name = "device", .type = CXM_FIELD_STRING,
      .flags = CXM_FIELD_PERSONAL | CXM_FIELD_READONLY,
      .summary = "what the browser says it is: \"Firefox on Linux\"" },
    { .name = "country", .type = CXM_FIELD_COUNTRY,
      .flags = CXM_FIELD_PERSONAL | CXM_FIELD_READONLY,
      .summary = "of the address that signed in" },
    { .name = "seen_at", .type = CXM_FIELD_TIME, .flags = CXM_FIELD_READONLY,
      .summary = "its last use, not to the minute" },
    { .name = "expires_at", .type = CXM_FIELD_TIME,
      .flags = CXM_FIELD_READONLY, .summary = "if it is not used before" },
    { .name = "ends_at", .type = CXM_FIELD_TIME,
      .flags = CXM_FIELD_READONLY, .summary = "in any case" },
    { .name = "half", .type = CXM_FIELD_BOOL, .flags = CXM_FIELD_HIDDEN },
    { .name = "failures", .type = CXM_FIELD_INT, .flags = CXM_FIELD_HIDDEN },
    { .name = "current", .type = CXM_FIELD_BOOL, .flags = CXM_FIELD_READONLY,
      .summary = "it is the one that asks" },
    CXM_RECORD_ROWS,
    { .name = NULL }
};

const cxm_fields_t  cxm_session_fields = { "Session", session_fields };


/* One that waits for its second factor is none yet. */
static int
session_counted(const cxm_doc_t *doc, cxm_series_t *series)
{
    series->survey = CXM_SERIES_SESSION;
    series->question = (uint16_t) cxm_session_type(doc->body);

    return !cxm_json_get_bool(doc->body, "half", 0);
}


static const cxm_record_t  cxm_record_session = {
    .kind = CXM_KIND_SESSION,
    .name = "session",
    .fields = &cxm_session_fields,
    .flags = CXM_RECORD_PERSON,
    .counted = session_counted
};


cxm_ms_t
cxm_session_time(const json_t *body, const char *name)
{
    cxm_ms_t  at;

    return cxm_rfc3339_parse(cxm_json_get_str(body, name), &at) == CXM_OK
           ? at : 0;
}


int
cxm_session_set_time(json_t *body, const char *name, cxm_ms_t at)
{
    char  text[CXM_RFC3339_LEN + 1];

    cxm_rfc3339_format(at, text);

    return cxm_json_set_str(body, name, cxm_strz(text));
}


uint64_t
cxm_session_owner(const json_t *body)
{
    return (uint64_t) cxm_json_get_int(body, "owner", 0);
}


cxm_session_type_t
cxm_session_type(const json_t *body)
{
    return cxm_str_eqz(cxm_json_get_str(body, "for"), "staff")
           ? CXM_SESSION_STAFF : CXM_SESSION_CUSTOMER;
}


int64_t
cxm_session_age(cxm_session_type_t type)
{
    return cxm_session_types[type].absolute / CXM_MS_SECOND;
}


cxm_ms_t
cxm_session_noted(cxm_session_type_t type)
{
    return cxm_session_types[type].idle / CXM_SESSION_NOTED;
}


/* --- the kind ----------------------------------------------------------- */

void
cxm_session_key(cxm_row_key_t *key, uint64_t owner, uint64_t no)
{
    cxm_row_key(key);
    cxm_row_key_u8(key, CXM_NS_SESSION_OWNER);
    cxm_row_key_u64(key, owner);
    cxm_row_key_u64(key, no);
}


static cxm_rc_t
apply_owner(cxm_txn_t *txn, const cxm_doc_change_t *change)
{
    cxm_row_key_t  key;

    if (change->old.version == 0) {
        cxm_session_key(&key, cxm_session_owner(change->now.body),
                        change->now.no);
        return cxm_row_put(txn, CXM_T_INDEX, &key, cxm_str(""));
    }

    if (change->now.version == 0) {
        cxm_session_key(&key, cxm_session_owner(change->old.body),
                        change->old.no);
        return cxm_row_del(txn, CXM_T_INDEX, &key);
    }

    return CXM_OK;
}


static cxm_rc_t
apply_due(cxm_txn_t *txn, const cxm_doc_change_t *change)
{
    return cxm_due_move(txn,
                        cxm_session_time(change->old.body, "expires_at"),
                        cxm_session_time(change->now.body, "expires_at"),
                        CXM_DUE_SESSION, cxm_doc_change_no(change));
}


static cxm_rc_t
session_apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    cxm_rc_t          rc;
    cxm_doc_change_t  change;

    rc = cxm_record_apply(txn, entry, &cxm_record_session, &change);

    if (rc == CXM_OK) {
        rc = apply_owner(txn, &change);
    }

    if (rc == CXM_OK) {
        rc = apply_due(txn, &change);
    }

    cxm_doc_clear(&change.old);

    return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
}


static cxm_rc_t
session_forget(cxm_txn_t *txn, uint64_t slot, uint64_t *kept)
{
    (void) kept;

    return cxm_record_vanish(txn, &cxm_record_session, slot);
}


const cxm_kind_t  cxm_kind_session = {
    .no = CXM_KIND_SESSION,
    .version = 1,
    .name = "session",
    .apply = session_apply,
    .lookups = &cxm_record_lookups,
    .forget = session_forget,
    .keep = CXM_KEEP_JOURNAL
};


static cxm_rc_t
session_due(cxm_txn_t *txn, cxm_ms_t at, uint64_t ref, cxm_error_t *err)
{
    cxm_rc_t  rc;

    (void) at;

    rc = cxm_session_end(txn, 0, ref, err);

    return rc == CXM_NOT_FOUND
           ? cxm_fail(err, CXM_CORRUPT, NULL, "There is no session %llu.",
                      (unsigned long long) ref)
           : rc;
}


const cxm_due_class_t  cxm_due_session = {
    .no = CXM_DUE_SESSION,
    .name = "session",
    .run = session_due
};
