/*
 * The journal: entries of one kind.
 */

#include "cxm_store_int.h"


/* An entry as stored: u8 format | u8 kind | ... (cxm_journal.h) */
#define CXM_SCAN_KIND_AT  1


static cxm_rc_t
scan_begin(cxm_journal_scan_t *scan, cxm_error_t *err)
{
    cxm_rc_t  rc;

    rc = cxm_cursor_open(scan->txn, CXM_T_JOURNAL, &scan->cursor);

    return rc == CXM_OK ? CXM_OK
           : cxm_fail(err, rc, NULL, "Cannot read the journal.");
}


cxm_rc_t
cxm_journal_scan_up(cxm_journal_scan_t *scan, cxm_txn_t *txn,
    cxm_kind_no_t kind, uint64_t from, unsigned left, cxm_error_t *err)
{
    *scan = (cxm_journal_scan_t) { txn, NULL, kind, 0, 0, from, left, 0 };

    return scan_begin(scan, err);
}


cxm_rc_t
cxm_journal_scan_down(cxm_journal_scan_t *scan, cxm_txn_t *txn,
    cxm_kind_no_t kind, uint64_t from, unsigned left, cxm_error_t *err)
{
    *scan = (cxm_journal_scan_t) { txn, NULL, kind, 1, 0, from, left, 0 };

    return scan_begin(scan, err);
}


void
cxm_journal_scan_end(cxm_journal_scan_t *scan)
{
    cxm_cursor_close(scan->cursor);
    scan->cursor = NULL;
}


static cxm_rc_t
scan_move(cxm_journal_scan_t *scan, cxm_raw_row_t *row)
{
    cxm_row_key_t  key;

    if (scan->begun) {
        return scan->down ? cxm_cursor_prev(scan->cursor, row)
                          : cxm_cursor_next(scan->cursor, row);
    }

    scan->begun = 1;

    if (scan->down && scan->at == 0) {
        return CXM_NOT_FOUND;
    }

    cxm_row_key(&key);
    cxm_row_key_u64(&key, scan->at - (uint64_t) scan->down);

    return scan->down ? cxm_cursor_seek_back(scan->cursor, &key, row)
                      : cxm_cursor_seek(scan->cursor, &key, row);
}


cxm_rc_t
cxm_journal_scan_next(cxm_journal_scan_t *scan, cxm_entry_packed_t *out,
    cxm_error_t *err)
{
    uint64_t         seq;
    cxm_rc_t         rc;
    cxm_raw_row_t    row;
    cxm_entry_raw_t  parsed;

    for ( ;; ) {

        if (scan->left == 0) {
            return CXM_NOT_FOUND;
        }

        rc = scan_move(scan, &row);

        if (rc == CXM_NOT_FOUND) {
            scan->at = scan->down ? 0 : cxm_txn_head(scan->txn) + 1;
            return rc;
        }

        if (rc != CXM_OK || row.key.len != 8) {
            return cxm_fail(err, rc == CXM_OK ? CXM_CORRUPT : rc, NULL,
                            "Cannot read the journal.");
        }

        seq = cxm_get_u64((const uint8_t *) row.key.data);
        scan->at = scan->down ? seq : seq + 1;
        scan->left--;

        if (row.raw.len > CXM_SCAN_KIND_AT
            && (uint8_t) row.raw.data[CXM_SCAN_KIND_AT] != scan->kind)
        {
            continue;
        }

        rc = cxm_entry_parse(seq, row.raw, &parsed, err);
        scan->met++;

        return rc == CXM_OK
               ? cxm_entry_open(scan->txn, &parsed, 0, out, err) : rc;
    }
}
