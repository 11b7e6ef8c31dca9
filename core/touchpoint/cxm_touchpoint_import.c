/*
 * Events that are brought from elsewhere, as they are exported.
 *
 * They are known by their ids: what this store gave an id is in it, and what
 * an import has brought is remembered for 30 days.
 */

#include "cxm_json.h"
#include "cxm_touchpoint_int.h"
#include "cxm_touchpoint_view.h"


static const cxm_field_t  import_prop = {
    .name = "prop", .type = CXM_FIELD_SCALAR, .max = 500
};

#define TEXT(member, most)                                                    \
    { .name = member, .type = CXM_FIELD_STRING, .max = most }

#define COUNT(member)                                                         \
    { .name = member, .type = CXM_FIELD_INT, .min = 0, .max = INT32_MAX }

/* What a client would send is checked once more as such, in full. */
static const cxm_field_t  import_fields[] = {
    { .name = "id", .type = CXM_FIELD_UUID, .flags = CXM_FIELD_REQUIRED,
      .summary = "the same one is taken once in 30 days" },
    { .name = "type", .type = CXM_FIELD_STRING, .flags = CXM_FIELD_REQUIRED },
    { .name = "created_at", .type = CXM_FIELD_TIME,
      .summary = "when it happened; default client_time, else now" },
    TEXT("touchpoint", 0),
    TEXT("product", 0),
    TEXT("url", CXM_URL_MAX),
    TEXT("referrer", CXM_URL_MAX),
    TEXT("title", 0),
    TEXT("visitor", 0),
    TEXT("customer", 0),
    TEXT("claimed", 100),
    TEXT("session", 0),
    TEXT("device", 100),
    TEXT("country", 100),
    TEXT("region", 100),
    COUNT("status"),
    TEXT("status_class", 100),
    COUNT("latency"),
    COUNT("upstream"),
    { .name = "value", .type = CXM_FIELD_OBJECT, .object = &cxm_event_money },
    { .name = "props", .type = CXM_FIELD_MAP, .item = &import_prop,
      .max = 32 },
    { .name = "unverified", .type = CXM_FIELD_BOOL },
    { .name = "bot", .type = CXM_FIELD_BOOL },
    { .name = "client_time", .type = CXM_FIELD_TIME },
    { .name = NULL }
};

static const cxm_fields_t  import_table = {
    "TouchpointImport", import_fields
};

/* Those that the field table of the beacon knows. */
static json_t *
import_sent(const json_t *row)
{
    json_t             *sent, *value;
    const cxm_field_t  *field;

    sent = json_object();

    for (field = cxm_event_fields.fields; field->name != NULL; field++) {

        value = json_object_get(row, field->name);

        if (value != NULL && strcmp(field->name, "id") != 0
            && strcmp(field->name, "client_time") != 0)
        {
            (void) json_object_set(sent, field->name, value);
        }
    }

    return sent;
}


static cxm_rc_t
import_time(cxm_txn_t *txn, const json_t *row, cxm_ms_t *at,
    cxm_error_t *err)
{
    cxm_ms_t  now;

    now = cxm_txn_now(txn);
    *at = cxm_import_time(row, "created_at",
                         cxm_import_time(row, "client_time", now));

    if (*at > now) {
        return cxm_issue(err, json_object_get(row, "created_at") != NULL
                              ? "/created_at" : "/client_time",
                         "out_of_range", "This lies in the future.");
    }

    return CXM_OK;
}


/*
 * Whether the event is this store's own: an id that looks so is one only if
 * its entry is there and of its time.
 */
static cxm_rc_t
import_own(cxm_txn_t *txn, const cxm_uuid_t *id, int *own, cxm_error_t *err)
{
    cxm_ms_t            at;
    cxm_rc_t            rc;
    cxm_place_t         place;
    cxm_entry_packed_t  entry;

    *own = 0;

    if (!cxm_touchpoint_id_place(cxm_txn_store(txn), id, &place, &at)) {
        return CXM_OK;
    }

    rc = cxm_journal_read_packed(txn, place.no, 0, &entry, NULL);

    *own = rc == CXM_OK && entry.entry.kind == CXM_KIND_TOUCHPOINT
           && cxm_entry_time(&entry.entry) == at;

    return rc == CXM_OK || rc == CXM_NOT_FOUND
           ? CXM_OK : cxm_fail(err, rc, NULL, "Cannot read the journal.");
}


static cxm_rc_t
touchpoint_import(const cxm_import_t *import, const json_t *row,
    cxm_import_result_t *result)
{
    int             known;
    json_t         *sent;
    cxm_rc_t        rc;
    cxm_buf_t       event;
    cxm_txn_t      *txn;
    cxm_uuid_t      id;
    cxm_error_t    *err;
    cxm_brought_t   brought;

    known = 0;
    txn = import->txn;
    err = import->err;
    *result = CXM_IMPORT_UNCHANGED;

    rc = cxm_uuid_parse(cxm_json_get_str(row, "id"), &id) == CXM_OK
         ? import_own(txn, &id, &known, err)
         : cxm_issue(err, "/id", "invalid", "Must be a UUID.");

    if (rc != CXM_OK || known) {
        return rc;
    }

    brought.row = row;
    brought.id = &id;
    rc = import_time(txn, row, &brought.at, err);

    if (rc != CXM_OK) {
        return rc;
    }

    cxm_buf_init(&event, CXM_ENTRY_MAX);
    sent = import_sent(row);
    rc = cxm_event_brought(cxm_txn_store(txn), cxm_txn_now(txn), sent,
                           &brought, &event, err);
    json_decref(sent);

    if (rc == CXM_OK) {
        rc = cxm_touchpoint_add(txn, cxm_buf_str(&event), &known, err);
    }

    cxm_buf_free(&event);
    *result = known ? CXM_IMPORT_UNCHANGED : CXM_IMPORT_CREATED;

    return rc;
}


const cxm_import_kind_t  cxm_touchpoint_import = {
    "touchpoints", &import_table, touchpoint_import, NULL
};
