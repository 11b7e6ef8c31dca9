/*
 * The journal: walking along it, over what was dropped.
 */

#include "cxm_history.h"
#include "cxm_store_int.h"


cxm_rc_t
cxm_journal_whole(cxm_txn_t *txn, uint64_t *seq, cxm_error_t *err)
{
    cxm_rc_t       rc;
    cxm_history_t  history;

    rc = cxm_history_read(txn, &history);
    *seq = history.sparse + 1;

    return rc == CXM_OK ? CXM_OK
           : cxm_fail(err, rc, NULL, "The journal's history is damaged.");
}


cxm_rc_t
cxm_journal_before(cxm_txn_t *txn, uint64_t seq, uint8_t link[CXM_MAC_LEN],
    cxm_error_t *err)
{
    uint8_t          key[8];
    uint64_t         whole;
    cxm_rc_t         rc;
    cxm_str_t        raw;
    cxm_entry_raw_t  parsed;

    if (seq <= 1) {
        cxm_journal_root(txn->store, link);
        return CXM_OK;
    }

    cxm_put_u64(key, seq - 1);
    rc = cxm_row_raw(txn, CXM_T_JOURNAL,
                     (cxm_str_t) { sizeof(key), (const char *) key }, &raw);

    if (rc == CXM_OK) {
        rc = cxm_entry_parse(seq - 1, raw, &parsed, err);

        if (rc == CXM_OK) {
            memcpy(link, parsed.link.data, CXM_MAC_LEN);
        }

        return rc;
    }

    if (rc != CXM_NOT_FOUND) {
        return cxm_fail(err, rc, NULL, "Cannot read the journal.");
    }

    memset(link, 0, CXM_MAC_LEN);
    rc = cxm_journal_whole(txn, &whole, err);

    return rc == CXM_OK && seq - 1 >= whole
           ? cxm_entry_damage(seq - 1, "entry is missing", err) : rc;
}


/* A walk between two rows. */
typedef struct {
    cxm_txn_t    *txn;
    uint64_t      next;
    uint64_t      whole;        /* from here on none may be missing */
    uint8_t      *link;         /* of next - 1; all zero: not known */
    cxm_error_t  *err;
} cxm_journal_walk_t;


/* Goes over to the row's entry; opens it. */
static cxm_rc_t
cxm_journal_step(cxm_journal_walk_t *walk, const cxm_raw_row_t *row,
    cxm_entry_t *entry)
{
    uint64_t               seq;
    cxm_rc_t               rc;
    cxm_entry_raw_t        parsed;
    static const uint8_t   unknown[CXM_MAC_LEN];

    seq = row->key.len == 8 ? cxm_get_u64((const uint8_t *) row->key.data)
                            : 0;

    if (seq < walk->next || (seq > walk->next && seq > walk->whole)) {
        return cxm_entry_damage(walk->next < walk->whole ? walk->whole
                                                         : walk->next,
                                "entry is missing", walk->err);
    }

    rc = seq > walk->next || memcmp(walk->link, unknown, CXM_MAC_LEN) == 0
         ? cxm_entry_parse(seq, row->raw, &parsed, walk->err)
         : cxm_entry_follow(walk->txn->store, seq, row->raw, walk->link,
                            &parsed, walk->err);

    if (rc == CXM_OK) {
        rc = cxm_journal_open(walk->txn, &parsed, 0, entry, walk->err);
    }

    if (rc == CXM_OK) {
        memcpy(walk->link, parsed.link.data, CXM_MAC_LEN);
        walk->next = seq + 1;
    }

    return rc;
}


/* The end of the table is the end of the journal, or a piece is off. */
static cxm_rc_t
cxm_journal_end(const cxm_journal_walk_t *walk)
{
    return walk->next > walk->txn->state.head
           ? CXM_OK
           : cxm_entry_damage(walk->next, "entry is missing", walk->err);
}


cxm_rc_t
cxm_journal_walk(cxm_txn_t *txn, uint64_t seq, unsigned max,
    uint8_t link[CXM_MAC_LEN], cxm_journal_pt fn, void *ctx, uint64_t *next,
    cxm_error_t *err)
{
    int                  end;
    cxm_rc_t             rc;
    cxm_entry_t          entry;
    cxm_cursor_t        *cursor;
    cxm_raw_row_t        row;
    cxm_row_key_t        key;
    cxm_journal_walk_t   walk = { txn, seq, 0, link, err };

    *next = seq;
    rc = cxm_journal_whole(txn, &walk.whole, err);

    if (rc != CXM_OK) {
        return rc;
    }

    rc = cxm_cursor_open(txn, CXM_T_JOURNAL, &cursor);

    if (rc != CXM_OK) {
        return cxm_fail(err, rc, NULL, "Cannot read the journal.");
    }

    cxm_row_key(&key);
    cxm_row_key_u64(&key, seq);

    end = 0;

    for (rc = cxm_cursor_seek(cursor, &key, &row);
         rc == CXM_OK && max > 0 && !end;
         rc = max > 0 && !end ? cxm_cursor_next(cursor, &row) : CXM_OK)
    {
        rc = cxm_journal_step(&walk, &row, &entry);

        if (rc != CXM_OK) {
            break;
        }

        *next = walk.next;
        max--;

        end = fn(ctx, &entry);
        cxm_entry_clear(&entry);
    }

    cxm_cursor_close(cursor);

    return rc == CXM_NOT_FOUND ? cxm_journal_end(&walk) : rc;
}


/* --- by time ------------------------------------------------------------ */

/* What is looked for between two sequences. */
typedef struct {
    cxm_txn_t     *txn;
    cxm_cursor_t  *cursor;
    uint64_t       whole;
    cxm_error_t   *err;
} cxm_journal_find_t;


/*
 * Sequence and time of the first entry at or behind `seq`, which is opened:
 * that proves its time.
 */
static cxm_rc_t
cxm_journal_at(const cxm_journal_find_t *find, uint64_t seq, uint64_t *found,
    cxm_ms_t *at)
{
    cxm_rc_t            rc;
    cxm_raw_row_t       row;
    cxm_row_key_t       key;
    cxm_entry_raw_t     parsed;
    cxm_entry_packed_t  packed;

    cxm_row_key(&key);
    cxm_row_key_u64(&key, seq);
    rc = cxm_cursor_seek(find->cursor, &key, &row);

    if (rc != CXM_OK && rc != CXM_NOT_FOUND) {
        return cxm_fail(find->err, rc, NULL, "Cannot read the journal.");
    }

    *found = rc == CXM_OK && row.key.len == 8
             ? cxm_get_u64((const uint8_t *) row.key.data) : 0;

    if (*found < seq || (*found > seq && *found > find->whole)) {
        return cxm_entry_damage(seq < find->whole ? find->whole : seq,
                                "entry is missing", find->err);
    }

    rc = cxm_entry_parse(*found, row.raw, &parsed, find->err);

    if (rc == CXM_OK) {
        rc = cxm_entry_open(find->txn, &parsed, 0, &packed, find->err);
        *at = cxm_entry_time(&parsed.entry);
    }

    return rc;
}


/* By halves: entries are in the order of their times. */
static cxm_rc_t
cxm_journal_halve(const cxm_journal_find_t *find, cxm_ms_t t, uint64_t *seq)
{
    uint64_t  low, high, middle, found;
    cxm_ms_t  at;
    cxm_rc_t  rc;

    low = 1;
    high = find->txn->state.head + 1;

    while (low < high) {
        middle = low + (high - low) / 2;
        rc = cxm_journal_at(find, middle, &found, &at);

        if (rc != CXM_OK) {
            return rc;
        }

        if (at < t) {
            low = found + 1;

        } else {
            high = middle;
        }
    }

    *seq = low;

    /* entries from there on may be gone, up to the next that is there */

    return low < find->whole && low <= find->txn->state.head
           ? cxm_journal_at(find, low, seq, &at) : CXM_OK;
}


cxm_rc_t
cxm_journal_since(cxm_txn_t *txn, cxm_ms_t t, uint64_t *seq, cxm_error_t *err)
{
    cxm_rc_t            rc;
    cxm_journal_find_t  find = { txn, NULL, 0, err };

    rc = cxm_journal_whole(txn, &find.whole, err);

    if (rc != CXM_OK) {
        return rc;
    }

    rc = cxm_cursor_open(txn, CXM_T_JOURNAL, &find.cursor);

    if (rc != CXM_OK) {
        return cxm_fail(err, rc, NULL, "Cannot read the journal.");
    }

    rc = cxm_journal_halve(&find, t, seq);
    cxm_cursor_close(find.cursor);

    return rc;
}
