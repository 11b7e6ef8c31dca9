/*
 * Records: reading, lists, history.
 */

#include "cxm_doc_history.h"
#include "cxm_json.h"
#include "cxm_record_int.h"


cxm_field_see_t
cxm_record_see(const cxm_doc_t *doc, int personal)
{
    return !personal ? CXM_SEE_SHARED
           : doc->erased ? CXM_SEE_ERASED : CXM_SEE_PERSONAL;
}


json_t *
cxm_record_json(const cxm_doc_t *doc, const cxm_fields_t *fields,
    cxm_field_see_t see)
{
    json_t     *out;
    cxm_doc_t   shown;

    shown = *doc;
    shown.body = cxm_field_join(fields, doc->body, doc->personal, see);

    if (shown.body == NULL) {
        return NULL;
    }

    out = cxm_doc_json(&shown);
    json_decref(shown.body);

    if (out != NULL && doc->erased
        && json_object_set_new(out, "erased", json_true()) != 0)
    {
        json_decref(out);
        return NULL;
    }

    return out;
}


/* --- lists -------------------------------------------------------------- */

static cxm_rc_t
record_list_one(cxm_txn_t *txn, const cxm_record_t *record, uint64_t no,
    cxm_doc_pt fn, void *ctx, int *stop)
{
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    rc = cxm_doc_get(txn, record->kind, no, &doc, NULL);

    if (rc == CXM_OK) {
        *stop = fn(ctx, &doc);
        cxm_doc_clear(&doc);
    }

    return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
}


static cxm_rc_t
record_list_owned(cxm_txn_t *txn, const cxm_record_t *record,
    const cxm_uuid_t *owner, uint64_t before, unsigned limit, cxm_doc_pt fn,
    void *ctx)
{
    int           stop;
    uint64_t      no;
    cxm_rc_t      rc;
    cxm_owned_t   owned;

    stop = 0;
    rc = cxm_owned_begin(&owned, txn, record, owner, before);

    while (rc == CXM_OK && !stop && limit-- > 0) {
        rc = cxm_owned_next(&owned, &no);

        if (rc == CXM_OK) {
            rc = record_list_one(txn, record, no, fn, ctx, &stop);
        }
    }

    return rc;
}


static cxm_rc_t
record_list_all(cxm_txn_t *txn, const cxm_record_t *record, uint64_t before,
    unsigned limit, cxm_doc_pt fn, void *ctx)
{
    int             stop;
    cxm_rc_t        rc;
    cxm_cursor_t   *cursor;
    cxm_row_key_t   key;
    cxm_raw_row_t   row;

    rc = cxm_cursor_open(txn, CXM_T_DOC, &cursor);

    if (rc != CXM_OK) {
        return rc;
    }

    cxm_row_key(&key);
    cxm_row_key_u8(&key, (uint8_t) record->kind);
    cxm_row_key_u64(&key, before - 1);
    stop = 0;

    for (rc = cxm_cursor_seek_back(cursor, &key, &row);
         rc == CXM_OK && limit-- > 0 && row.key.len == key.len
             && cxm_row_within(&row, &key, 1);
         rc = cxm_cursor_prev(cursor, &row))
    {
        rc = record_list_one(txn, record,
                             cxm_get_u64((const uint8_t *) row.key.data + 1),
                             fn, ctx, &stop);

        if (rc != CXM_OK || stop) {
            break;
        }
    }

    cxm_cursor_close(cursor);

    return rc;
}


cxm_rc_t
cxm_record_list(cxm_txn_t *txn, const cxm_record_t *record,
    const cxm_uuid_t *owner, uint64_t before, unsigned limit, cxm_doc_pt fn,
    void *ctx, cxm_error_t *err)
{
    cxm_rc_t  rc;

    rc = owner != NULL
         ? record_list_owned(txn, record, owner, before, limit, fn, ctx)
         : record_list_all(txn, record, before, limit, fn, ctx);

    return rc == CXM_OK || rc == CXM_NOT_FOUND
           ? CXM_OK : cxm_fail(err, rc, NULL, "A list cannot be read.");
}


/* --- history ------------------------------------------------------------ */

typedef struct {
    cxm_txn_t            *txn;
    const cxm_fields_t   *fields;
    int                   personal;     /* its values may be seen */
    int                  *seen;         /* some were */
    json_t               *changes;
    char                  pointer[CXM_ERROR_POINTER_LEN];
} cxm_history_t;


static int
history_add(cxm_history_t *history, const cxm_field_t *field,
    json_t *from, json_t *to)
{
    int      bad;
    json_t  *change;

    change = json_object();
    bad = cxm_json_set_str(change, "field", cxm_strz(history->pointer));

    if (!(field->flags & CXM_FIELD_PERSONAL) || history->personal) {
        bad |= json_object_set(change, "from",
                               from == NULL ? json_null() : from);
        bad |= json_object_set(change, "to", to == NULL ? json_null() : to);
    }

    if ((field->flags & CXM_FIELD_PERSONAL) && history->personal) {
        *history->seen = 1;
    }

    return bad | json_array_append_new(history->changes, change);
}


static int
history_compare(cxm_history_t *history, const cxm_fields_t *fields,
    const json_t *from, const json_t *to)
{
    int                 bad;
    size_t              before;
    json_t             *a, *b;
    const cxm_field_t  *field;

    bad = 0;
    before = strlen(history->pointer);

    for (field = fields->fields; field->name != NULL && !bad; field++) {

        a = json_object_get(from, field->name);
        b = json_object_get(to, field->name);

        if ((field->flags & CXM_FIELD_HIDDEN) || json_equal(a, b)
            || (a == NULL && b == NULL))
        {
            continue;
        }

        cxm_pointer_push(history->pointer, sizeof(history->pointer),
                         cxm_strz(field->name));

        bad = field->type == CXM_FIELD_OBJECT
                  && !(field->flags & CXM_FIELD_PERSONAL)
              ? history_compare(history, field->object, a, b)
              : history_add(history, field, a, b);

        history->pointer[before] = '\0';
    }

    return bad;
}


/* A version as a whole document; CXM_NOT_FOUND when its entry is gone. */
static cxm_rc_t
history_load(cxm_history_t *history, const cxm_record_t *record, uint64_t no,
    uint64_t version, cxm_entry_t *entry, json_t **document)
{
    uint64_t  seq;
    cxm_rc_t  rc;

    *document = NULL;
    memset(entry, 0, sizeof(*entry));

    if (version == 0) {
        *document = json_object();
        return *document == NULL ? CXM_INTERNAL : CXM_OK;
    }

    rc = cxm_doc_version_entry(history->txn, record->kind, no, version, &seq);

    if (rc == CXM_OK) {
        rc = cxm_journal_read(history->txn, seq, 1, entry, NULL);
    }

    if (rc == CXM_OK) {
        *document = cxm_field_join(history->fields, entry->body,
                                   entry->personal, CXM_SEE_ALL);
        cxm_entry_clear(entry);
        rc = *document == NULL ? CXM_INTERNAL : CXM_OK;
    }

    return rc;
}


static cxm_rc_t
history_version(cxm_history_t *history, const cxm_record_t *record,
    uint64_t no, uint64_t version, cxm_history_pt fn, void *ctx)
{
    int                    bad;
    json_t                *from, *to;
    cxm_rc_t               rc;
    cxm_entry_t            entry, before;
    cxm_record_version_t   one;

    rc = history_load(history, record, no, version, &entry, &to);

    if (rc != CXM_OK) {
        return rc;
    }

    rc = history_load(history, record, no, version - 1, &before, &from);
    history->changes = rc == CXM_OK ? json_array() : NULL;

    if (rc == CXM_OK) {
        bad = history->changes == NULL
              || history_compare(history, history->fields, from, to);
        rc = bad ? CXM_INTERNAL : CXM_OK;
    }

    if (rc == CXM_OK) {
        one.version = version;
        one.at = cxm_entry_time(&entry);
        one.actor = entry.actor;
        one.changes = history->changes;
        rc = fn(ctx, &one) ? CXM_INTERNAL : CXM_OK;
    }

    json_decref(history->changes);
    json_decref(from);
    json_decref(to);

    return rc;
}


cxm_rc_t
cxm_record_history(cxm_txn_t *txn, const cxm_record_t *record,
    const cxm_doc_t *doc, uint64_t before, unsigned limit, int personal,
    int *seen, cxm_history_pt fn, void *ctx, cxm_error_t *err)
{
    uint64_t       version;
    cxm_rc_t       rc;
    cxm_history_t  history;

    memset(&history, 0, sizeof(history));
    history.txn = txn;
    history.personal = personal;
    history.seen = seen;

    rc = cxm_record_fields(txn, record, &history.fields, err);
    version = before == 0 || before > doc->version ? doc->version
                                                   : before - 1;

    for ( /* void */ ; rc == CXM_OK && version > 0 && limit > 0; version--) {
        rc = history_version(&history, record, doc->no, version, fn, ctx);
        limit--;
    }

    /* older entries than the journal keeps are not told of */

    return rc == CXM_OK || rc == CXM_NOT_FOUND
           ? CXM_OK : cxm_fail(err, rc, NULL, "History cannot be read.");
}
