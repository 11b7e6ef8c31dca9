/*
 * History of documents.
 */

#include "cxm_doc_history.h"
#include "cxm_row.h"


static void
version_key(cxm_row_key_t *key, unsigned kind, uint64_t no, uint64_t version)
{
    cxm_row_key(key);
    cxm_row_key_u8(key, CXM_NS_DOC_VERSION);
    cxm_row_key_u8(key, (uint8_t) kind);
    cxm_row_key_u64(key, no);
    cxm_row_key_u64(key, version);
}


static cxm_rc_t
version_put(cxm_txn_t *txn, unsigned kind, const cxm_doc_t *doc)
{
    uint8_t        value[CXM_VARINT_MAX], *end;
    cxm_row_key_t  key;

    version_key(&key, kind, doc->no, doc->version);
    end = cxm_put_varint(value, doc->seq);

    return cxm_row_put(txn, CXM_T_INDEX, &key,
                       (cxm_str_t) { (size_t) (end - value),
                                     (const char *) value });
}


static cxm_rc_t
versions_del(cxm_txn_t *txn, unsigned kind, const cxm_doc_t *doc)
{
    cxm_rc_t       rc;
    uint64_t       version;
    cxm_row_key_t  key;

    for (version = 1; version <= doc->version; version++) {
        version_key(&key, kind, doc->no, version);
        rc = cxm_row_del(txn, CXM_T_INDEX, &key);

        if (rc != CXM_OK) {
            return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
        }
    }

    return CXM_OK;
}


cxm_rc_t
cxm_doc_history_change(cxm_txn_t *txn, unsigned kind,
    const cxm_doc_change_t *change)
{
    return change->now.version == 0
           ? versions_del(txn, kind, &change->old)
           : version_put(txn, kind, &change->now);
}


cxm_rc_t
cxm_doc_history_apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    cxm_rc_t          rc;
    cxm_doc_change_t  change;

    rc = cxm_doc_apply_change(txn, entry, &change);

    if (rc == CXM_OK) {
        rc = cxm_doc_history_change(txn, entry->kind, &change);
    }

    cxm_doc_clear(&change.old);

    return rc;
}


cxm_rc_t
cxm_doc_version_entry(cxm_txn_t *txn, cxm_kind_no_t kind, uint64_t no,
    uint64_t version, uint64_t *seq)
{
    cxm_rc_t       rc;
    cxm_str_t      value;
    cxm_reader_t   rd;
    cxm_row_key_t  key;

    version_key(&key, kind, no, version);
    rc = cxm_row_get(txn, CXM_T_INDEX, &key, &value);

    if (rc != CXM_OK) {
        return rc;
    }

    rd = cxm_reader(value.data, value.len);
    *seq = cxm_read_varint(&rd);

    return rd.failed || rd.pos != rd.end ? CXM_CORRUPT : CXM_OK;
}


cxm_rc_t
cxm_doc_version(cxm_txn_t *txn, cxm_kind_no_t kind, const cxm_doc_t *doc,
    uint64_t version, cxm_doc_t *out, cxm_error_t *err)
{
    uint64_t     seq;
    cxm_rc_t     rc;
    cxm_entry_t  entry;

    memset(out, 0, sizeof(*out));
    memset(&entry, 0, sizeof(entry));

    rc = cxm_doc_version_entry(txn, kind, doc->no, version, &seq);

    if (rc == CXM_OK) {
        rc = cxm_journal_read(txn, seq, 0, &entry, NULL);
    }

    if (rc != CXM_OK) {
        return rc == CXM_NOT_FOUND ? rc
               : cxm_fail(err, rc, NULL, "An older version cannot be read.");
    }

    out->no = doc->no;
    out->version = version;
    out->seq = seq;
    out->id = doc->id;
    out->created_at = doc->created_at;
    out->updated_at = cxm_entry_time(&entry);
    out->body = json_incref(entry.body);

    cxm_entry_clear(&entry);

    return CXM_OK;
}
