/*
 * Records: from entries to rows.
 */

#include "cxm_doc_history.h"
#include "cxm_index.h"
#include "cxm_json.h"
#include "cxm_person.h"
#include "cxm_record_int.h"


static const uint8_t  cxm_record_owned[] = {
    CXM_NS_DOC_KEY_PERSONAL, CXM_NS_DOC_TERMS_PERSONAL, 0
};

static const uint8_t  cxm_record_shared[] = {
    CXM_NS_DOC_POSTINGS_PERSONAL, 0
};

const cxm_lookups_t  cxm_record_lookups = {
    .owned = cxm_record_owned,
    .shared = cxm_record_shared,
    .put_back = cxm_index_put_back
};


/* --- keys --------------------------------------------------------------- */

void
cxm_record_owner_key(cxm_row_key_t *key, const cxm_record_t *record,
    const cxm_uuid_t *owner, uint64_t no)
{
    cxm_row_key(key);
    cxm_row_key_u8(key, CXM_NS_DOC_OWNER);
    cxm_row_key_u8(key, (uint8_t) record->kind);
    cxm_row_key_bytes(key, owner->b, sizeof(owner->b));
    cxm_row_key_u64(key, no);
}


void
cxm_record_person_key(cxm_row_key_t *key, const cxm_record_t *record,
    uint64_t slot, uint64_t no)
{
    cxm_row_key(key);
    cxm_row_key_u8(key, CXM_NS_DOC_PERSON);
    cxm_row_key_u64(key, slot);
    cxm_row_key_u8(key, (uint8_t) record->kind);
    cxm_row_key_u64(key, no);
}


/* --- rows --------------------------------------------------------------- */

/* For good: it only comes with the document, and goes with it. */
static cxm_rc_t
apply_owner(cxm_txn_t *txn, const cxm_record_t *record,
    const cxm_doc_change_t *change)
{
    cxm_uuid_t        owner;
    cxm_row_key_t     key;
    const cxm_doc_t  *doc;

    doc = change->now.version != 0 ? &change->now : &change->old;

    if (cxm_uuid_parse(cxm_json_get_str(doc->body, record->owner->name),
                       &owner) != CXM_OK)
    {
        return CXM_CORRUPT;
    }

    cxm_record_owner_key(&key, record, &owner, doc->no);

    if (change->now.version == 0) {
        return cxm_row_del(txn, CXM_T_INDEX, &key);
    }

    return change->old.version == 0
           ? cxm_row_put(txn, CXM_T_INDEX, &key, cxm_str("")) : CXM_OK;
}


/* Of a person who is gone there are no such rows. */
static cxm_rc_t
apply_person(cxm_txn_t *txn, const cxm_record_t *record,
    const cxm_doc_change_t *change)
{
    cxm_rc_t       rc;
    cxm_row_key_t  key;

    if (change->old.subject == change->now.subject) {
        return CXM_OK;
    }

    rc = CXM_OK;

    if (change->old.subject != 0) {
        cxm_record_person_key(&key, record, change->old.subject,
                              change->old.no);
        rc = cxm_row_del(txn, CXM_T_INDEX, &key);
        rc = rc == CXM_NOT_FOUND ? CXM_OK : rc;
    }

    if (rc != CXM_OK || change->now.subject == 0) {
        return rc;
    }

    rc = cxm_person_gone(txn, change->now.subject, NULL);

    if (rc != CXM_NOT_FOUND) {
        return rc;
    }

    cxm_record_person_key(&key, record, change->now.subject, change->now.no);

    return cxm_row_put(txn, CXM_T_INDEX, &key, cxm_str(""));
}


/* A part has nothing in its indexes, and its ordinal for when it is whole. */
static cxm_rc_t
apply_index(cxm_txn_t *txn, const cxm_record_t *record,
    const cxm_doc_change_t *change)
{
    json_t              *nothing;
    uint64_t             no;
    cxm_rc_t             rc;
    cxm_uuid_t           into;
    const cxm_fields_t  *fields;

    no = cxm_doc_change_no(change);
    rc = cxm_record_fields(txn, record, &fields, NULL);

    if (rc != CXM_OK) {
        return rc;
    }

    if (!cxm_record_merged(record, change->now.body, &into)) {
        return cxm_index_apply(txn, record->kind, no, change->now.subject,
                               fields, change->now.body,
                               change->now.personal);
    }

    nothing = json_object();

    rc = nothing == NULL
         ? CXM_INTERNAL
         : cxm_index_apply(txn, record->kind, no, change->now.subject,
                           fields, nothing, NULL);

    json_decref(nothing);

    return rc;
}


static cxm_rc_t
apply_count(cxm_txn_t *txn, const cxm_record_t *record, const cxm_doc_t *doc,
    int64_t delta)
{
    cxm_series_t  series;

    memset(&series, 0, sizeof(series));

    if (record->counted == NULL || doc->version == 0
        || !record->counted(doc, &series))
    {
        return CXM_OK;
    }

    return cxm_counter_add(txn, &series, doc->created_at, 0, delta);
}


cxm_rc_t
cxm_record_apply(cxm_txn_t *txn, const cxm_entry_t *entry,
    const cxm_record_t *record, cxm_doc_change_t *change)
{
    cxm_rc_t          rc;
    cxm_doc_change_t  own;

    if (change == NULL) {
        rc = cxm_record_apply(txn, entry, record, &own);
        cxm_doc_clear(&own.old);
        return rc;
    }

    rc = cxm_doc_apply_change(txn, entry, change);

    if (rc == CXM_OK && record->owner != NULL) {
        rc = apply_owner(txn, record, change);
    }

    if (rc == CXM_OK && (record->flags & CXM_RECORD_PERSON)) {
        rc = apply_person(txn, record, change);
    }

    if (rc == CXM_OK && (record->flags & CXM_RECORD_HISTORY)) {
        rc = cxm_doc_history_change(txn, entry->kind, change);
    }

    if (rc == CXM_OK && (record->flags & CXM_RECORD_SEARCHED)) {
        rc = apply_index(txn, record, change);
    }

    if (rc == CXM_OK && (record->flags & CXM_RECORD_MERGES)) {
        rc = cxm_record_apply_part(txn, record, change);
    }

    if (rc == CXM_OK) {
        rc = apply_count(txn, record, &change->old, -1);
    }

    if (rc == CXM_OK) {
        rc = apply_count(txn, record, &change->now, 1);
    }

    return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
}


/* --- forgetting --------------------------------------------------------- */

#define PERSON_PREFIX  (1 + 8 + 1)      /* of a key, without the number */


/* What a cursor found, if it is still of this person and kind. */
static cxm_rc_t
person_row(const cxm_raw_row_t *row, const cxm_row_key_t *key, uint64_t *no)
{
    if (row->key.len != key->len || !cxm_row_within(row, key, PERSON_PREFIX)) {
        return CXM_NOT_FOUND;
    }

    *no = cxm_get_u64((const uint8_t *) row->key.data + PERSON_PREFIX);

    return CXM_OK;
}


cxm_rc_t
cxm_record_of_person(cxm_txn_t *txn, const cxm_record_t *record,
    uint64_t slot, uint64_t *no)
{
    cxm_rc_t        rc;
    cxm_cursor_t   *cursor;
    cxm_row_key_t   key;
    cxm_raw_row_t   row;

    rc = cxm_cursor_open(txn, CXM_T_INDEX, &cursor);

    if (rc != CXM_OK) {
        return rc;
    }

    cxm_record_person_key(&key, record, slot, 0);
    rc = cxm_cursor_seek(cursor, &key, &row);
    rc = rc == CXM_OK ? person_row(&row, &key, no) : rc;
    cxm_cursor_close(cursor);

    return rc;
}


cxm_rc_t
cxm_record_of_person_before(cxm_txn_t *txn, const cxm_record_t *record,
    uint64_t slot, uint64_t before, uint64_t *no)
{
    cxm_rc_t        rc;
    cxm_cursor_t   *cursor;
    cxm_row_key_t   key;
    cxm_raw_row_t   row;

    if (before == 0) {
        return CXM_NOT_FOUND;
    }

    rc = cxm_cursor_open(txn, CXM_T_INDEX, &cursor);

    if (rc != CXM_OK) {
        return rc;
    }

    cxm_record_person_key(&key, record, slot, before - 1);
    rc = cxm_cursor_seek_back(cursor, &key, &row);
    rc = rc == CXM_OK ? person_row(&row, &key, no) : rc;
    cxm_cursor_close(cursor);

    return rc;
}


static cxm_rc_t
forget_count(cxm_txn_t *txn, const cxm_record_t *record, uint64_t no)
{
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    if (record->counted == NULL) {
        return CXM_OK;
    }

    rc = cxm_doc_get(txn, record->kind, no, &doc, NULL);

    if (rc == CXM_OK) {
        rc = apply_count(txn, record, &doc, -1);
    }

    cxm_doc_clear(&doc);

    return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
}


cxm_rc_t
cxm_record_forget(cxm_txn_t *txn, const cxm_record_t *record, uint64_t slot,
    uint64_t *kept)
{
    uint64_t       no;
    cxm_rc_t       rc;
    cxm_row_key_t  key;

    for ( ;; ) {
        rc = cxm_record_of_person(txn, record, slot, &no);

        if (rc != CXM_OK) {
            return rc == CXM_NOT_FOUND ? CXM_OK : rc;
        }

        cxm_record_person_key(&key, record, slot, no);
        rc = cxm_row_del(txn, CXM_T_INDEX, &key);

        if (rc == CXM_OK) {
            rc = cxm_index_forget(txn, record->kind, no, slot);
        }

        if (rc == CXM_OK) {
            rc = forget_count(txn, record, no);
        }

        if (rc != CXM_OK) {
            return rc;
        }

        ++*kept;
    }
}


static cxm_rc_t
vanish_one(cxm_txn_t *txn, const cxm_record_t *record, uint64_t no)
{
    cxm_rc_t     rc;
    cxm_doc_t    doc;
    cxm_entry_t  entry;

    rc = cxm_doc_get(txn, record->kind, no, &doc, NULL);

    if (rc == CXM_OK) {
        memset(&entry, 0, sizeof(entry));
        entry.kind = (uint8_t) record->kind;
        entry.action = CXM_ACTION_DELETE;
        entry.id = doc.id;
        entry.replaces = doc.version;
        entry.subject = doc.subject;

        rc = cxm_store_flow(cxm_txn_store(txn))->kinds[record->kind]
                 ->apply(txn, &entry);
    }

    cxm_doc_clear(&doc);

    return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
}


cxm_rc_t
cxm_record_vanish(cxm_txn_t *txn, const cxm_record_t *record, uint64_t slot)
{
    uint64_t  no;
    cxm_rc_t  rc;

    do {
        rc = cxm_record_of_person(txn, record, slot, &no);

        if (rc == CXM_OK) {
            rc = vanish_one(txn, record, no);
        }

    } while (rc == CXM_OK);

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}
