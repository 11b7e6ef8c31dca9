/*
 * Journal readers.
 */

#include "cxm_journal_reader.h"
#include "cxm_json.h"
#include "cxm_store_int.h"


/* Entries of other kinds alone: the cursor moves past them. */
#define CXM_READER_PASS  5000


static void
reader_key(cxm_row_key_t *key, unsigned kind)
{
    cxm_row_key(key);
    cxm_row_key_u8(key, CXM_NS_READER);
    cxm_row_key_u8(key, (uint8_t) kind);
}


static cxm_rc_t
reader_cursor(cxm_txn_t *txn, unsigned kind, uint64_t *seq)
{
    cxm_rc_t       rc;
    cxm_str_t      value;
    cxm_reader_t   rd;
    cxm_row_key_t  key;

    *seq = 0;
    reader_key(&key, kind);
    rc = cxm_row_get(txn, CXM_T_INDEX, &key, &value);

    if (rc != CXM_OK) {
        return rc == CXM_NOT_FOUND ? CXM_OK : rc;
    }

    rd = cxm_reader(value.data, value.len);
    *seq = cxm_read_varint(&rd);

    return rd.failed ? CXM_CORRUPT : CXM_OK;
}


/* --- apply -------------------------------------------------------------- */

/* What was read up to the entry itself includes it: there is nothing in it. */
static cxm_rc_t
apply_cursor(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    uint8_t        value[CXM_VARINT_MAX], *end;
    uint64_t       to, before;
    cxm_rc_t       rc;
    cxm_row_key_t  key;

    to = (uint64_t) cxm_json_get_int(entry->body, "to", 0);
    rc = reader_cursor(txn, entry->kind, &before);

    if (rc != CXM_OK) {
        return rc;
    }

    if (to <= before || to >= entry->seq) {
        return CXM_CORRUPT;
    }

    reader_key(&key, entry->kind);
    end = cxm_put_varint(value, to + 1 == entry->seq ? entry->seq : to);

    return cxm_row_put(txn, CXM_T_INDEX, &key,
                       (cxm_str_t) { (size_t) (end - value),
                                     (const char *) value });
}


cxm_rc_t
cxm_reader_apply(cxm_txn_t *txn, const cxm_entry_t *entry,
    const json_t **rows, const json_t **gone)
{
    *rows = json_object_get(entry->body, "rows");
    *gone = json_object_get(entry->body, "gone");

    if (entry->action != CXM_ACTION_ADD
        || json_is_array(*rows) == json_is_array(*gone))
    {
        return CXM_CORRUPT;
    }

    return *rows != NULL ? apply_cursor(txn, entry) : CXM_OK;
}


/* --- runs --------------------------------------------------------------- */

static cxm_rc_t
reader_add(cxm_txn_t *txn, const cxm_journal_reader_t *reader, uint64_t to,
    json_t *rows, cxm_error_t *err)
{
    return cxm_journal_add(txn, reader->writes, 0,
                           json_pack("{sI sO}", "to", (json_int_t) to,
                                     "rows", rows), err);
}


static cxm_rc_t
reader_run(cxm_txn_t *txn, const cxm_journal_reader_t *reader, int *more,
    cxm_error_t *err)
{
    json_t              *rows;
    uint64_t             cursor, head;
    cxm_rc_t             rc;
    cxm_journal_scan_t   scan;

    head = txn->state.head;
    rc = reader_cursor(txn, reader->writes, &cursor);

    if (rc != CXM_OK) {
        return cxm_fail(err, rc, NULL, "A cursor is damaged.");
    }

    if (cursor >= head) {
        return CXM_OK;
    }

    rows = NULL;
    rc = cxm_journal_scan_up(&scan, txn, reader->reads, cursor + 1,
                             CXM_READER_ENTRIES, err);

    if (rc == CXM_OK) {
        rc = reader->run(&scan, &rows, err);
        cxm_journal_scan_end(&scan);
    }

    if (rc == CXM_OK) {
        *more |= scan.at <= head;

        if (scan.met > 0 || scan.at - 1 - cursor >= CXM_READER_PASS) {
            rc = reader_add(txn, reader, scan.at - 1, rows, err);
        }
    }

    json_decref(rows);

    return rc;
}


cxm_rc_t
cxm_readers_run(cxm_txn_t *txn, int *more, cxm_error_t *err)
{
    cxm_rc_t                            rc;
    const cxm_journal_reader_t *const  *reader;

    *more = 0;
    rc = CXM_OK;
    reader = txn->store->flow->readers;

    for (/* void */; reader != NULL && *reader != NULL && rc == CXM_OK;
         reader++)
    {
        rc = reader_run(txn, *reader, more, err);
    }

    if (rc == CXM_OK && !*more) {
        atomic_store(&txn->store->seen, txn->state.head);
    }

    return rc;
}


static cxm_rc_t
reader_forget(cxm_txn_t *txn, const cxm_journal_reader_t *reader,
    uint64_t slot, cxm_error_t *err)
{
    json_t    *gone;
    cxm_rc_t   rc;

    rc = reader->forget(txn, slot, &gone, err);

    if (rc == CXM_OK && json_array_size(gone) > 0) {
        rc = cxm_journal_add(txn, reader->writes, 0,
                             json_pack("{sO}", "gone", gone), err);
    }

    json_decref(gone);

    return rc;
}


cxm_rc_t
cxm_readers_forget(cxm_txn_t *txn, uint64_t slot, cxm_error_t *err)
{
    int                                 more;
    cxm_rc_t                            rc;
    const cxm_journal_reader_t *const  *reader;

    do {
        rc = cxm_readers_run(txn, &more, err);
    } while (rc == CXM_OK && more);

    reader = txn->store->flow->readers;

    for (/* void */; reader != NULL && *reader != NULL && rc == CXM_OK;
         reader++)
    {
        rc = reader_forget(txn, *reader, slot, err);
    }

    return rc;
}


void
cxm_readers_due(cxm_store_t *store, cxm_ms_t now, cxm_ms_t *due)
{
    if (store->flow->readers != NULL
        && atomic_load(&store->committed) > atomic_load(&store->seen)
        && (*due == 0 || *due > now + CXM_READER_LAG))
    {
        *due = now + CXM_READER_LAG;
    }
}


/* --- lag ---------------------------------------------------------------- */

cxm_rc_t
cxm_reader_lag(cxm_txn_t *txn, const cxm_journal_reader_t *reader,
    cxm_reader_lag_t *lag)
{
    uint64_t             cursor;
    cxm_rc_t             rc;
    cxm_entry_packed_t   entry;
    cxm_journal_scan_t   scan;

    memset(lag, 0, sizeof(*lag));
    rc = reader_cursor(txn, reader->writes, &cursor);

    if (rc == CXM_OK) {
        rc = cxm_journal_scan_up(&scan, txn, reader->reads, cursor + 1,
                                 CXM_READER_ENTRIES, NULL);
    }

    if (rc != CXM_OK) {
        return rc;
    }

    rc = cxm_journal_scan_next(&scan, &entry, NULL);

    if (rc == CXM_OK) {
        lag->entries = txn->state.head - entry.entry.seq + 1;
        lag->since = cxm_entry_time(&entry.entry);
    }

    cxm_journal_scan_end(&scan);

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}
