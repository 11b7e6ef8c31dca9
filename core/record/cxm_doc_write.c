/*
 * Documents: writing entries that cxm_doc_apply() turns into rows.
 */

#include "cxm_doc.h"
#include "cxm_json.h"


cxm_rc_t
cxm_doc_expect(uint64_t if_match, uint64_t version, cxm_error_t *err)
{
    if (if_match == CXM_VERSION_ANY || if_match == version
        || (if_match == CXM_VERSION_SOME && version > 0))
    {
        return CXM_OK;
    }

    if (if_match == CXM_VERSION_NONE) {
        return cxm_fail(err, CXM_PRECONDITION, NULL, "It exists already.");
    }

    return cxm_fail(err, CXM_PRECONDITION, NULL,
                    "It has another version than the one asked for.");
}


cxm_rc_t
cxm_doc_find(cxm_txn_t *txn, const cxm_doc_write_t *write, cxm_doc_t *out,
    cxm_error_t *err)
{
    cxm_rc_t  rc;

    memset(out, 0, sizeof(*out));
    rc = CXM_NOT_FOUND;

    if (write->no != 0) {
        rc = cxm_doc_get(txn, write->kind, write->no, out, err);

    } else if (write->slug.len > 0) {
        rc = cxm_doc_by_name(txn, write->kind, write->slug, out, err);

    } else if (!cxm_uuid_is_nil(&write->id)) {
        rc = cxm_doc_by_id(txn, write->kind, &write->id, out, err);
    }

    if (rc != CXM_OK && rc != CXM_NOT_FOUND) {
        return rc;
    }

    rc = cxm_doc_expect(write->if_match, out->version, err);

    if (rc != CXM_OK) {
        cxm_doc_clear(out);
    }

    return rc;
}


/* A name or id of its own, or one that nobody has. */
static cxm_rc_t
cxm_doc_free_name(cxm_txn_t *txn, const cxm_doc_write_t *write, uint64_t no,
    cxm_error_t *err)
{
    cxm_rc_t   rc;
    cxm_doc_t  other;
    cxm_str_t  slug;

    slug = cxm_json_get_str(write->body, "slug");

    if (slug.len == 0) {
        return CXM_OK;
    }

    rc = cxm_doc_by_name(txn, write->kind, slug, &other, err);

    if (rc == CXM_OK && other.no != no) {
        rc = cxm_fail(err, CXM_CONFLICT, "slug_taken",
                      "Another document has this slug.");
    }

    cxm_doc_clear(&other);

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


static cxm_rc_t
cxm_doc_free_id(cxm_txn_t *txn, const cxm_doc_write_t *write,
    cxm_error_t *err)
{
    cxm_rc_t   rc;
    cxm_doc_t  other;

    if (cxm_uuid_is_nil(&write->id)) {
        return CXM_OK;
    }

    rc = cxm_doc_by_id(txn, write->kind, &write->id, &other, err);
    cxm_doc_clear(&other);

    if (rc == CXM_OK) {
        return cxm_fail(err, CXM_CONFLICT, "id_taken",
                        "Another document has this id.");
    }

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


/* The entry gets its place; body and personal stay what the caller has. */
static cxm_rc_t
cxm_doc_append(cxm_txn_t *txn, const cxm_doc_write_t *write,
    cxm_action_t action, const cxm_doc_t *old, cxm_entry_t *out,
    cxm_error_t *err)
{
    cxm_rc_t     rc;
    cxm_entry_t  entry;

    memset(&entry, 0, sizeof(entry));

    entry.kind = (uint8_t) write->kind;
    entry.action = (uint8_t) action;
    entry.replaces = old->version;
    entry.actor = write->actor;
    entry.subject = write->subject;
    entry.body = write->body;
    entry.personal = write->personal;
    entry.id = old->id;

    if (action == CXM_ACTION_DELETE) {
        entry.body = json_object();
        entry.personal = NULL;
        entry.subject = old->subject;

    } else if (old->version == 0) {
        entry.id = write->id;

        if (cxm_uuid_is_nil(&entry.id)) {
            cxm_uuid_make(&entry.id, cxm_txn_now(txn));
        }
    }

    rc = entry.body == NULL
         ? cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.")
         : cxm_journal_append(txn, &entry, err);

    if (action == CXM_ACTION_DELETE) {
        json_decref(entry.body);
    }

    *out = entry;

    return rc;
}


/* What was written, without reading it again: it may be the old one's. */
static void
cxm_doc_written(const cxm_doc_write_t *write, const cxm_entry_t *entry,
    cxm_doc_t *doc)
{
    json_t  *body, *personal;

    body = json_incref(write->body);
    personal = json_incref(write->personal);
    cxm_doc_clear(doc);

    if (doc->version == 0) {
        doc->no = entry->seq;
        doc->created_at = cxm_entry_time(entry);
    }

    doc->id = entry->id;
    doc->version++;
    doc->seq = entry->seq;
    doc->updated_at = cxm_entry_time(entry);
    doc->subject = write->subject;
    doc->erased = write->subject != 0 && write->personal == NULL;
    doc->body = body;
    doc->personal = personal;
}


static int
cxm_doc_same(const cxm_doc_write_t *write, const cxm_doc_t *doc)
{
    return doc->version > 0 && doc->subject == write->subject
           && json_equal(doc->body, write->body)
           && (write->personal == NULL
               ? doc->personal == NULL && !doc->erased
               : json_equal(doc->personal, write->personal));
}


cxm_rc_t
cxm_doc_replace(cxm_txn_t *txn, const cxm_doc_write_t *write, cxm_doc_t *doc,
    cxm_error_t *err)
{
    cxm_rc_t     rc;
    cxm_entry_t  entry;

    if (cxm_doc_same(write, doc)) {
        return CXM_OK;
    }

    rc = doc->version == 0 ? cxm_doc_free_id(txn, write, err) : CXM_OK;

    if (rc == CXM_OK) {
        rc = cxm_doc_free_name(txn, write, doc->no, err);
    }

    if (rc == CXM_OK && write->dry) {
        doc->version++;
        return CXM_OK;
    }

    if (rc == CXM_OK) {
        rc = cxm_doc_append(txn, write, CXM_ACTION_PUT, doc, &entry, err);
    }

    if (rc == CXM_OK) {
        cxm_doc_written(write, &entry, doc);
    }

    return rc;
}


cxm_rc_t
cxm_doc_put(cxm_txn_t *txn, const cxm_doc_write_t *write, cxm_doc_t *out,
    int *created, cxm_error_t *err)
{
    cxm_rc_t  rc;

    rc = cxm_doc_find(txn, write, out, err);

    if (rc == CXM_OK) {
        *created = out->version == 0;
        rc = cxm_doc_replace(txn, write, out, err);
    }

    if (rc != CXM_OK) {
        cxm_doc_clear(out);
    }

    return rc;
}


cxm_rc_t
cxm_doc_delete(cxm_txn_t *txn, const cxm_doc_write_t *write,
    cxm_error_t *err)
{
    cxm_rc_t     rc;
    cxm_doc_t    old;
    cxm_entry_t  entry;

    rc = cxm_doc_find(txn, write, &old, err);

    if (rc == CXM_OK) {
        rc = old.version == 0
             ? CXM_NOT_FOUND
             : cxm_doc_append(txn, write, CXM_ACTION_DELETE, &old, &entry,
                              err);
    }

    cxm_doc_clear(&old);

    return rc;
}
