/*
 * Scans for cells: where they begin, and that nothing goes meanwhile.
 */

#include "cxm_cell.h"
#include "cxm_history.h"


/* The first entry that is there behind `seq`; the one behind the head. */
static cxm_rc_t
cell_behind(cxm_txn_t *txn, uint64_t seq, uint64_t *out)
{
    cxm_rc_t        rc;
    cxm_cursor_t   *cursor;
    cxm_raw_row_t   row;
    cxm_row_key_t   key;

    rc = cxm_cursor_open(txn, CXM_T_JOURNAL, &cursor);

    if (rc != CXM_OK) {
        return rc;
    }

    cxm_row_key(&key);
    cxm_row_key_u64(&key, seq + 1);
    *out = cxm_txn_head(txn) + 1;

    rc = cxm_cursor_seek(cursor, &key, &row);

    if (rc == CXM_OK && row.key.len == sizeof(uint64_t)) {
        *out = cxm_get_u64((const uint8_t *) row.key.data);
    }

    cxm_cursor_close(cursor);

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


/* From the quarter hour behind entry `seq` on it can be told. */
static cxm_rc_t
cell_gone(cxm_txn_t *txn, uint64_t seq, cxm_error_t *err)
{
    char                text[CXM_RFC3339_LEN + 1];
    cxm_ms_t            at;
    cxm_entry_packed_t  packed;

    if (cxm_journal_read_packed(txn, seq, 0, &packed, NULL) != CXM_OK) {
        return cxm_issue(err, "?from", "gone",
                         "What this is counted from is no longer kept.");
    }

    at = cxm_entry_time(&packed.entry);
    cxm_rfc3339_format(at - at % CXM_MS_QUARTER + CXM_MS_QUARTER, text);

    return cxm_issue(err, "?from", "gone",
                     "What this is counted from is kept since %s; before it "
                     "only one segment at a time can be told.", text);
}


static cxm_rc_t
cell_dropped(cxm_txn_t *txn, cxm_keep_t keep, uint64_t *seq)
{
    cxm_rc_t       rc;
    cxm_history_t  history;

    rc = cxm_history_read(txn, &history);
    *seq = rc == CXM_OK ? history.dropped[keep] : 0;

    return rc;
}


/*
 * The time of what was dropped is gone with it.  It lies before `from` for
 * certain when an entry behind it does.
 */
cxm_rc_t
cxm_cell_scan_begin(cxm_cell_scan_t *scan, cxm_long_read_t *read,
    cxm_keep_t keep, cxm_ms_t from, cxm_error_t *err)
{
    uint64_t  behind;
    cxm_rc_t  rc;

    scan->read = read;
    scan->keep = keep;

    rc = cxm_journal_since(read->txn, from, &scan->next, err);

    if (rc != CXM_OK) {
        return rc;
    }

    rc = cell_dropped(read->txn, keep, &scan->dropped);

    if (rc == CXM_OK && scan->dropped > 0) {
        rc = cell_behind(read->txn, scan->dropped, &behind);

        if (rc == CXM_OK && behind >= scan->next) {
            return cell_gone(read->txn, behind, err);
        }
    }

    return rc == CXM_OK
           ? CXM_OK : cxm_fail(err, rc, NULL, "Cannot read the history.");
}


cxm_rc_t
cxm_cell_scan_next(cxm_cell_scan_t *scan, cxm_error_t *err)
{
    uint64_t  dropped;
    cxm_rc_t  rc;

    rc = cxm_long_read_next(scan->read, err);

    if (rc != CXM_OK) {
        return rc;
    }

    rc = cell_dropped(scan->read->txn, scan->keep, &dropped);

    if (rc != CXM_OK) {
        return cxm_fail(err, rc, NULL, "Cannot read the history.");
    }

    return dropped > scan->dropped && dropped >= scan->next
           ? cell_gone(scan->read->txn, dropped, err) : CXM_OK;
}
