/*
 * Records that have become parts of others.
 *
 * Row in `index`: CXM_NS_DOC_PART, u8 kind, uuid(16) of the whole, u64 number
 * of the part -> uuid(16) of the part.  Parts have parts of their own, so
 * that one that is taken out leaves what was there before it.
 */

#include "cxm_json.h"
#include "cxm_record_int.h"


/* --- from a part to the whole ------------------------------------------- */

int
cxm_record_merged(const cxm_record_t *record, const json_t *body,
    cxm_uuid_t *into)
{
    return (record->flags & CXM_RECORD_MERGES)
           && cxm_uuid_parse(cxm_json_get_str(body, CXM_MERGED_MEMBER), into)
              == CXM_OK;
}


cxm_rc_t
cxm_record_whole(cxm_txn_t *txn, const cxm_record_t *record,
    const cxm_uuid_t *id, cxm_uuid_t *whole)
{
    int         merged;
    cxm_rc_t    rc;
    unsigned    steps;
    cxm_doc_t   doc;

    *whole = *id;

    for (steps = 0; steps < CXM_RECORD_PARTS; steps++) {
        rc = cxm_doc_by_id(txn, record->kind, whole, &doc, NULL);

        if (rc != CXM_OK) {
            return rc;
        }

        merged = cxm_record_merged(record, doc.body, whole);
        cxm_doc_clear(&doc);

        if (!merged) {
            return CXM_OK;
        }
    }

    /* more steps than a whole has parts: a circle */

    return CXM_CORRUPT;
}


cxm_rc_t
cxm_record_moved(cxm_txn_t *txn, const cxm_record_t *record,
    const cxm_doc_t *doc, cxm_rc_t moved, cxm_error_t *err)
{
    cxm_rc_t    rc;
    cxm_uuid_t  whole;

    if (!cxm_record_merged(record, doc->body, &whole)) {
        return CXM_OK;
    }

    rc = cxm_record_whole(txn, record, &doc->id, &whole);

    if (rc != CXM_OK) {
        return cxm_fail(err, rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc, NULL,
                        "A %s cannot be read.", record->name);
    }

    (void) cxm_fail(err, moved, "merged",
                    "This %s has been merged into another one.",
                    record->name);

    if (err != NULL) {
        cxm_uuid_format(&whole, err->merged_into);
    }

    return moved;
}


/* --- from the whole to its parts ---------------------------------------- */

static void
part_key(cxm_row_key_t *key, const cxm_record_t *record,
    const cxm_uuid_t *whole, uint64_t no)
{
    cxm_row_key(key);
    cxm_row_key_u8(key, CXM_NS_DOC_PART);
    cxm_row_key_u8(key, (uint8_t) record->kind);
    cxm_row_key_bytes(key, whole->b, sizeof(whole->b));
    cxm_row_key_u64(key, no);
}


static cxm_rc_t
part_add(cxm_txn_t *txn, const cxm_raw_row_t *row, cxm_record_parts_t *out)
{
    cxm_rc_t   rc;
    cxm_str_t  value;

    rc = cxm_row_check(txn, CXM_T_INDEX, row, &value);

    if (rc != CXM_OK) {
        return rc;
    }

    if (value.len != sizeof(out->id[0]) || out->n == CXM_RECORD_PARTS) {
        return CXM_CORRUPT;
    }

    out->no[out->n] = cxm_get_u64((const uint8_t *) row->key.data
                                  + row->key.len - 8);
    memcpy(&out->id[out->n++], value.data, value.len);

    return CXM_OK;
}


/* Those of one, without what is below them. */
static cxm_rc_t
parts_of(cxm_txn_t *txn, const cxm_record_t *record, const cxm_uuid_t *whole,
    cxm_record_parts_t *out)
{
    cxm_rc_t        rc;
    cxm_cursor_t   *cursor;
    cxm_row_key_t   key;
    cxm_raw_row_t   row;

    rc = cxm_cursor_open(txn, CXM_T_INDEX, &cursor);

    if (rc != CXM_OK) {
        return rc;
    }

    part_key(&key, record, whole, 0);

    for (rc = cxm_cursor_seek(cursor, &key, &row);
         rc == CXM_OK && row.key.len == key.len
             && cxm_row_within(&row, &key, key.len - 8);
         rc = cxm_cursor_next(cursor, &row))
    {
        rc = part_add(txn, &row, out);

        if (rc != CXM_OK) {
            break;
        }
    }

    cxm_cursor_close(cursor);

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


cxm_rc_t
cxm_record_parts(cxm_txn_t *txn, const cxm_record_t *record,
    const cxm_uuid_t *whole, cxm_record_parts_t *out)
{
    cxm_rc_t    rc;
    unsigned    i;
    cxm_uuid_t  id;

    out->n = 1;
    out->id[0] = *whole;
    out->no[0] = 0;
    rc = CXM_OK;

    if (!(record->flags & CXM_RECORD_MERGES)) {
        return rc;
    }

    for (i = 0; i < out->n && rc == CXM_OK; i++) {
        id = out->id[i];
        rc = parts_of(txn, record, &id, out);
    }

    return rc;
}


cxm_rc_t
cxm_record_apply_part(cxm_txn_t *txn, const cxm_record_t *record,
    const cxm_doc_change_t *change)
{
    int               was, is;
    cxm_rc_t          rc;
    cxm_uuid_t        before, now;
    cxm_row_key_t     key;
    const cxm_doc_t  *doc;

    doc = change->now.version != 0 ? &change->now : &change->old;
    was = cxm_record_merged(record, change->old.body, &before);
    is = cxm_record_merged(record, change->now.body, &now);

    if (was == is && (!is || memcmp(&before, &now, sizeof(now)) == 0)) {
        return CXM_OK;
    }

    if (was) {
        part_key(&key, record, &before, doc->no);
        rc = cxm_row_del(txn, CXM_T_INDEX, &key);

        if (rc != CXM_OK) {
            return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
        }
    }

    if (!is) {
        return CXM_OK;
    }

    part_key(&key, record, &now, doc->no);

    return cxm_row_put(txn, CXM_T_INDEX, &key,
                       (cxm_str_t) { sizeof(doc->id.b),
                                     (const char *) doc->id.b });
}


/* --- what belongs to a whole -------------------------------------------- */

/* The next one of an owner below its place; no 0: it has none left. */
static cxm_rc_t
owned_look(cxm_owned_t *owned, unsigned i, uint64_t before)
{
    cxm_rc_t        rc;
    cxm_cursor_t   *cursor;
    cxm_raw_row_t   row;
    cxm_row_key_t   key;

    owned->no[i] = 0;

    if (before == 0) {
        return CXM_OK;
    }

    cxm_record_owner_key(&key, owned->record, &owned->owners.id[i],
                         before - 1);
    rc = cxm_cursor_open(owned->txn, CXM_T_INDEX, &cursor);

    if (rc != CXM_OK) {
        return rc;
    }

    rc = cxm_cursor_seek_back(cursor, &key, &row);

    if (rc == CXM_OK && row.key.len == key.len
        && cxm_row_within(&row, &key, key.len - 8))
    {
        owned->no[i] = cxm_get_u64((const uint8_t *) row.key.data
                                   + row.key.len - 8);
    }

    cxm_cursor_close(cursor);

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


cxm_rc_t
cxm_owned_begin(cxm_owned_t *owned, cxm_txn_t *txn,
    const cxm_record_t *record, const cxm_uuid_t *owner, uint64_t before)
{
    cxm_rc_t  rc;
    unsigned  i;

    owned->txn = txn;
    owned->record = record;
    rc = cxm_record_parts(txn, record->owner, owner, &owned->owners);

    for (i = 0; rc == CXM_OK && i < owned->owners.n; i++) {
        rc = owned_look(owned, i, before);
    }

    return rc;
}


cxm_rc_t
cxm_owned_next(cxm_owned_t *owned, uint64_t *no)
{
    unsigned  i, newest;

    newest = 0;

    for (i = 1; i < owned->owners.n; i++) {
        if (owned->no[i] > owned->no[newest]) {
            newest = i;
        }
    }

    *no = owned->no[newest];

    return *no == 0 ? CXM_NOT_FOUND : owned_look(owned, newest, *no);
}
