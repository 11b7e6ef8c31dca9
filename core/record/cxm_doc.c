/*
 * Documents: the row, its apply, look-up, and writing.
 *
 * Text of a row: 16 bytes uuid | varint version, created, updated, sequence,
 * subject | varint length of the body | body | varint length of the entry's
 * header (0: no personal part) | header | sealed personal part.
 */

#include "cxm_doc.h"
#include "cxm_json.h"
#include "cxm_pack.h"


/* Body and sealed part are of one entry; the rest is a few numbers. */
#define CXM_DOC_TEXT  (CXM_ENTRY_MAX + CXM_ENTRY_PAGE)


static cxm_rc_t
cxm_doc_error(cxm_rc_t rc, cxm_error_t *err)
{
    if (rc == CXM_OK || rc == CXM_NOT_FOUND) {
        return rc;
    }

    return cxm_fail(err, rc, NULL, "A document cannot be read or written.");
}


void
cxm_doc_clear(cxm_doc_t *doc)
{
    json_decref(doc->body);
    json_decref(doc->personal);
    doc->body = NULL;
    doc->personal = NULL;
}


/* --- rows and index ----------------------------------------------------- */

static void
cxm_doc_key(cxm_row_key_t *key, unsigned kind, uint64_t no)
{
    cxm_row_key(key);
    cxm_row_key_u8(key, (uint8_t) kind);
    cxm_row_key_u64(key, no);
}


static void
cxm_doc_index_key(cxm_row_key_t *key, cxm_ns_t ns, unsigned kind,
    cxm_str_t name)
{
    cxm_row_key(key);
    cxm_row_key_u8(key, (uint8_t) ns);
    cxm_row_key_u8(key, (uint8_t) kind);
    cxm_row_key_bytes(key, name.data, name.len);
}


static cxm_str_t
cxm_doc_id_str(const cxm_uuid_t *id)
{
    return (cxm_str_t) { sizeof(id->b), (const char *) id->b };
}


static cxm_rc_t
cxm_doc_lookup(cxm_txn_t *txn, cxm_ns_t ns, unsigned kind, cxm_str_t name,
    uint64_t *no)
{
    cxm_rc_t       rc;
    cxm_str_t      value;
    cxm_row_key_t  key;

    cxm_doc_index_key(&key, ns, kind, name);

    if (key.failed) {
        return CXM_NOT_FOUND;
    }

    rc = cxm_row_get(txn, CXM_T_INDEX, &key, &value);

    if (rc != CXM_OK) {
        return rc;
    }

    if (value.len != 8) {
        return CXM_CORRUPT;
    }

    *no = cxm_get_u64((const uint8_t *) value.data);

    return CXM_OK;
}


static cxm_rc_t
cxm_doc_link(cxm_txn_t *txn, cxm_ns_t ns, unsigned kind, cxm_str_t name,
    uint64_t no)
{
    uint8_t        value[8];
    cxm_row_key_t  key;

    cxm_doc_index_key(&key, ns, kind, name);
    cxm_put_u64(value, no);

    return cxm_row_put(txn, CXM_T_INDEX, &key,
                       (cxm_str_t) { sizeof(value), (const char *) value });
}


static cxm_rc_t
cxm_doc_unlink(cxm_txn_t *txn, cxm_ns_t ns, unsigned kind, cxm_str_t name)
{
    cxm_row_key_t  key;

    cxm_doc_index_key(&key, ns, kind, name);

    return cxm_row_del(txn, CXM_T_INDEX, &key);
}


static cxm_str_t
cxm_doc_part(cxm_reader_t *rd)
{
    cxm_str_t  part;

    part.len = cxm_read_varint(rd);
    part.data = (const char *) cxm_read_bytes(rd, part.len);

    return part;
}


static cxm_rc_t
cxm_doc_decode(cxm_txn_t *txn, uint64_t no, cxm_str_t text, cxm_doc_t *out)
{
    cxm_rc_t        rc;
    cxm_str_t       body, header, sealed;
    cxm_reader_t    rd;
    const uint8_t  *id;

    memset(out, 0, sizeof(*out));
    rd = cxm_reader(text.data, text.len);

    id = cxm_read_bytes(&rd, sizeof(out->id.b));
    out->no = no;
    out->version = cxm_read_varint(&rd);
    out->created_at = (cxm_ms_t) cxm_read_varint(&rd);
    out->updated_at = (cxm_ms_t) cxm_read_varint(&rd);
    out->seq = cxm_read_varint(&rd);
    out->subject = cxm_read_varint(&rd);
    body = cxm_doc_part(&rd);
    header = cxm_doc_part(&rd);

    if (rd.failed) {
        return CXM_CORRUPT;
    }

    memcpy(out->id.b, id, sizeof(out->id.b));
    sealed = (cxm_str_t) { (size_t) (rd.end - rd.pos),
                           (const char *) rd.pos };

    rc = cxm_unpack(body, &out->body);
    out->erased = out->subject != 0 && header.len == 0;

    if (rc == CXM_OK && header.len > 0) {
        rc = cxm_journal_unseal(txn, out->seq, header, sealed, &out->personal,
                                &out->erased);
    }

    if (rc != CXM_OK) {
        cxm_doc_clear(out);
    }

    return rc;
}


static cxm_rc_t
cxm_doc_read(cxm_txn_t *txn, unsigned kind, uint64_t no, cxm_doc_t *out)
{
    cxm_rc_t       rc;
    cxm_buf_t      text;
    cxm_row_key_t  key;

    memset(out, 0, sizeof(*out));
    cxm_doc_key(&key, kind, no);
    cxm_buf_init(&text, CXM_DOC_TEXT);

    rc = cxm_row_get_sealed(txn, CXM_T_DOC, &key, &text);

    if (rc == CXM_OK) {
        rc = cxm_doc_decode(txn, no, cxm_buf_str(&text), out);
    }

    cxm_buf_free(&text);

    return rc;
}


static cxm_rc_t
cxm_doc_store(cxm_txn_t *txn, const cxm_entry_t *entry, const cxm_doc_t *doc)
{
    cxm_rc_t       rc;
    cxm_buf_t      text, body;
    cxm_row_key_t  key;

    cxm_doc_key(&key, entry->kind, doc->no);
    cxm_buf_init(&text, CXM_DOC_TEXT);
    cxm_buf_init(&body, CXM_ENTRY_MAX);

    cxm_pack(&body, doc->body);

    cxm_buf_put(&text, doc->id.b, sizeof(doc->id.b));
    cxm_buf_varint(&text, doc->version);
    cxm_buf_varint(&text, (uint64_t) doc->created_at);
    cxm_buf_varint(&text, (uint64_t) doc->updated_at);
    cxm_buf_varint(&text, doc->seq);
    cxm_buf_varint(&text, doc->subject);
    cxm_buf_varint(&text, body.len);
    cxm_buf_put(&text, body.data, body.len);

    if (entry->sealed.len == 0) {
        cxm_buf_varint(&text, 0);

    } else {
        cxm_buf_varint(&text, entry->header.len);
        cxm_buf_put(&text, entry->header.data, entry->header.len);
        cxm_buf_put(&text, entry->sealed.data, entry->sealed.len);
    }

    rc = text.failed || body.failed
         ? CXM_INTERNAL
         : cxm_row_put_sealed(txn, CXM_T_DOC, &key, cxm_buf_str(&text));

    cxm_buf_free(&text);
    cxm_buf_free(&body);

    return rc;
}


/* --- apply -------------------------------------------------------------- */

/* The document an entry replaces; version 0 when it creates one. */
static cxm_rc_t
cxm_doc_before(cxm_txn_t *txn, const cxm_entry_t *entry, cxm_doc_t *old)
{
    uint64_t  no;
    cxm_rc_t  rc;

    memset(old, 0, sizeof(*old));

    rc = cxm_doc_lookup(txn, CXM_NS_DOC_ID, entry->kind,
                        cxm_doc_id_str(&entry->id), &no);

    if (rc == CXM_NOT_FOUND) {
        return entry->replaces == 0 ? CXM_OK : CXM_CORRUPT;
    }

    if (rc == CXM_OK) {
        rc = cxm_doc_read(txn, entry->kind, no, old);
    }

    if (rc == CXM_OK && old->version != entry->replaces) {
        rc = CXM_CORRUPT;
    }

    /* an index that leads to no row is damage too */

    return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
}


static cxm_rc_t
cxm_doc_rename(cxm_txn_t *txn, unsigned kind, const cxm_doc_t *doc,
    cxm_str_t from, cxm_str_t to)
{
    cxm_rc_t  rc;

    if (cxm_str_eq(from, to)) {
        return CXM_OK;
    }

    rc = from.len == 0 ? CXM_OK
                       : cxm_doc_unlink(txn, CXM_NS_DOC_NAME, kind, from);

    if (rc == CXM_OK && to.len > 0) {
        rc = cxm_doc_link(txn, CXM_NS_DOC_NAME, kind, to, doc->no);
    }

    return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
}


/* What the entry makes of the document. */
static void
cxm_doc_after(const cxm_entry_t *entry, cxm_doc_change_t *change)
{
    int         first;
    cxm_doc_t  *doc;

    doc = &change->now;
    first = change->old.version == 0;

    doc->no = first ? entry->seq : change->old.no;
    doc->version = entry->replaces + 1;
    doc->seq = entry->seq;
    doc->id = entry->id;
    doc->updated_at = cxm_entry_time(entry);
    doc->created_at = first ? doc->updated_at : change->old.created_at;
    doc->subject = entry->subject;
    doc->erased = entry->subject != 0 && entry->personal == NULL;
    doc->body = entry->body;
    doc->personal = entry->personal;
}


static cxm_rc_t
cxm_doc_apply_put(cxm_txn_t *txn, const cxm_entry_t *entry,
    cxm_doc_change_t *change)
{
    cxm_rc_t    rc;
    cxm_doc_t  *doc;

    cxm_doc_after(entry, change);
    doc = &change->now;
    rc = CXM_OK;

    if (change->old.version == 0) {
        rc = cxm_doc_link(txn, CXM_NS_DOC_ID, entry->kind,
                          cxm_doc_id_str(&entry->id), doc->no);
    }

    if (rc == CXM_OK) {
        rc = cxm_doc_rename(txn, entry->kind, doc,
                            cxm_json_get_str(change->old.body, "slug"),
                            cxm_json_get_str(doc->body, "slug"));
    }

    return rc == CXM_OK ? cxm_doc_store(txn, entry, doc) : rc;
}


static cxm_rc_t
cxm_doc_apply_delete(cxm_txn_t *txn, const cxm_entry_t *entry,
    const cxm_doc_t *old)
{
    cxm_rc_t       rc;
    cxm_row_key_t  key;

    if (old->version == 0) {
        return CXM_CORRUPT;
    }

    rc = cxm_doc_rename(txn, entry->kind, old,
                        cxm_json_get_str(old->body, "slug"),
                        (cxm_str_t) { 0, NULL });

    if (rc == CXM_OK) {
        rc = cxm_doc_unlink(txn, CXM_NS_DOC_ID, entry->kind,
                            cxm_doc_id_str(&entry->id));
    }

    if (rc == CXM_OK) {
        cxm_doc_key(&key, entry->kind, old->no);
        rc = cxm_row_del(txn, CXM_T_DOC, &key);
    }

    return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
}


cxm_rc_t
cxm_doc_apply_change(cxm_txn_t *txn, const cxm_entry_t *entry,
    cxm_doc_change_t *change)
{
    cxm_rc_t  rc;

    memset(change, 0, sizeof(*change));
    rc = cxm_doc_before(txn, entry, &change->old);

    if (rc != CXM_OK) {
        return rc;
    }

    switch (entry->action) {

    case CXM_ACTION_PUT:
        return cxm_doc_apply_put(txn, entry, change);

    case CXM_ACTION_DELETE:
        return cxm_doc_apply_delete(txn, entry, &change->old);

    default:
        return CXM_CORRUPT;
    }
}


cxm_rc_t
cxm_doc_apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    cxm_rc_t          rc;
    cxm_doc_change_t  change;

    rc = cxm_doc_apply_change(txn, entry, &change);
    cxm_doc_clear(&change.old);

    return rc;
}


/* --- reading ------------------------------------------------------------ */

cxm_rc_t
cxm_doc_get(cxm_txn_t *txn, cxm_kind_no_t kind, uint64_t no, cxm_doc_t *out,
    cxm_error_t *err)
{
    return cxm_doc_error(cxm_doc_read(txn, kind, no, out), err);
}


static cxm_rc_t
cxm_doc_by(cxm_txn_t *txn, cxm_ns_t ns, cxm_kind_no_t kind, cxm_str_t name,
    cxm_doc_t *out, cxm_error_t *err)
{
    uint64_t  no;
    cxm_rc_t  rc;

    memset(out, 0, sizeof(*out));
    rc = cxm_doc_lookup(txn, ns, kind, name, &no);

    if (rc == CXM_OK) {
        rc = cxm_doc_read(txn, kind, no, out);
        rc = rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
    }

    return cxm_doc_error(rc, err);
}


cxm_rc_t
cxm_doc_by_name(cxm_txn_t *txn, cxm_kind_no_t kind, cxm_str_t slug,
    cxm_doc_t *out, cxm_error_t *err)
{
    return cxm_doc_by(txn, CXM_NS_DOC_NAME, kind, slug, out, err);
}


cxm_rc_t
cxm_doc_by_id(cxm_txn_t *txn, cxm_kind_no_t kind, const cxm_uuid_t *id,
    cxm_doc_t *out, cxm_error_t *err)
{
    return cxm_doc_by(txn, CXM_NS_DOC_ID, kind, cxm_doc_id_str(id), out, err);
}


cxm_rc_t
cxm_doc_no(cxm_txn_t *txn, cxm_kind_no_t kind, const cxm_uuid_t *id,
    uint64_t *no)
{
    return cxm_doc_lookup(txn, CXM_NS_DOC_ID, kind, cxm_doc_id_str(id), no);
}


static cxm_rc_t
cxm_doc_from_row(cxm_txn_t *txn, const cxm_raw_row_t *row, cxm_doc_t *out)
{
    cxm_rc_t   rc;
    cxm_buf_t  text;

    memset(out, 0, sizeof(*out));

    if (row->key.len != 9) {
        return CXM_CORRUPT;
    }

    cxm_buf_init(&text, CXM_DOC_TEXT);
    rc = cxm_row_open(txn, CXM_T_DOC, row, &text);

    if (rc == CXM_OK) {
        rc = cxm_doc_decode(txn,
                            cxm_get_u64((const uint8_t *) row->key.data + 1),
                            cxm_buf_str(&text), out);
    }

    cxm_buf_free(&text);

    return rc;
}


cxm_rc_t
cxm_doc_list(cxm_txn_t *txn, cxm_kind_no_t kind, uint64_t after,
    unsigned limit, cxm_doc_pt fn, void *ctx, cxm_error_t *err)
{
    int             stop;
    cxm_rc_t        rc;
    cxm_doc_t       doc;
    cxm_cursor_t   *cursor;
    cxm_raw_row_t   row;
    cxm_row_key_t   key;

    if (after == UINT64_MAX || limit == 0) {
        return CXM_OK;
    }

    rc = cxm_cursor_open(txn, CXM_T_DOC, &cursor);

    if (rc != CXM_OK) {
        return cxm_doc_error(rc, err);
    }

    cxm_doc_key(&key, kind, after + 1);
    rc = cxm_cursor_seek(cursor, &key, &row);

    while (rc == CXM_OK && limit-- > 0 && cxm_row_within(&row, &key, 1)) {

        rc = cxm_doc_from_row(txn, &row, &doc);

        if (rc != CXM_OK) {
            break;
        }

        stop = fn(ctx, &doc);
        cxm_doc_clear(&doc);

        if (stop) {
            break;
        }

        rc = cxm_cursor_next(cursor, &row);
    }

    cxm_cursor_close(cursor);

    return rc == CXM_NOT_FOUND ? CXM_OK : cxm_doc_error(rc, err);
}


cxm_rc_t
cxm_doc_any(cxm_txn_t *txn, cxm_kind_no_t kind, int *any, cxm_error_t *err)
{
    cxm_rc_t        rc;
    cxm_cursor_t   *cursor;
    cxm_raw_row_t   row;
    cxm_row_key_t   key;

    *any = 0;
    rc = cxm_cursor_open(txn, CXM_T_DOC, &cursor);

    if (rc == CXM_OK) {
        cxm_doc_key(&key, kind, 0);
        rc = cxm_cursor_seek(cursor, &key, &row);
        *any = rc == CXM_OK && cxm_row_within(&row, &key, 1);
        cxm_cursor_close(cursor);
    }

    return rc == CXM_NOT_FOUND ? CXM_OK : cxm_doc_error(rc, err);
}


json_t *
cxm_doc_json(const cxm_doc_t *doc)
{
    int      bad;
    char     id[CXM_UUID_LEN + 1];
    char     created[CXM_RFC3339_LEN + 1], updated[CXM_RFC3339_LEN + 1];
    json_t  *out;

    cxm_uuid_format(&doc->id, id);
    cxm_rfc3339_format(doc->created_at, created);
    cxm_rfc3339_format(doc->updated_at, updated);

    out = json_object();

    bad = json_object_set_new(out, "id", json_string(id));
    bad |= json_object_update_missing(out, doc->body);
    bad |= cxm_json_set_int(out, "version", (int64_t) doc->version);
    bad |= json_object_set_new(out, "created_at", json_string(created));
    bad |= json_object_set_new(out, "updated_at", json_string(updated));

    if (bad) {
        json_decref(out);
        return NULL;
    }

    return out;
}
