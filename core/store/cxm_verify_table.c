/*
 * The tables of two stores side by side.
 *
 * Rows are compared as they lie there.  The scratch store has the same keys,
 * and MACs, seals and their nonces depend on keys, table, row key and text
 * alone; so equal bytes mean that the live row's MAC or seal verifies and
 * that what it holds is what the journal gives.
 */

#include "cxm_id.h"
#include "cxm_once.h"
#include "cxm_tables.h"
#include "cxm_verify_int.h"


#define CXM_VERIFY_STEP  1024           /* rows between calls of progress */
#define CXM_VERIFY_HEX   64             /* bytes of a key that are shown */


/* One side of a comparison. */
typedef struct {
    cxm_table_t     table;
    cxm_ms_t        now;
    cxm_cursor_t   *cursor;
    cxm_rc_t        rc;             /* CXM_NOT_FOUND: no more rows */
    cxm_raw_row_t   row;
} cxm_side_t;


/*
 * Expiry deletes rows of `once` on one side and replay makes them again on
 * the other; it takes only what no look-up would find.
 */
static void
side_skip(cxm_side_t *side)
{
    while (side->rc == CXM_OK
           && side->table == CXM_T_ONCE
           && cxm_once_expired(side->row.key, side->now))
    {
        side->rc = cxm_cursor_next(side->cursor, &side->row);
    }
}


static void
side_first(cxm_side_t *side, cxm_txn_t *txn, cxm_table_t table, cxm_ms_t now)
{
    cxm_row_key_t  key;

    memset(side, 0, sizeof(*side));
    side->table = table;
    side->now = now;
    side->rc = cxm_cursor_open(txn, table, &side->cursor);

    if (side->rc == CXM_OK) {
        cxm_row_key(&key);
        side->rc = cxm_cursor_seek(side->cursor, &key, &side->row);
        side_skip(side);
    }
}


static void
side_next(cxm_side_t *side)
{
    side->rc = cxm_cursor_next(side->cursor, &side->row);
    side_skip(side);
}


/* Order of the rows; a side that is at its end comes last. */
static int
side_order(const cxm_side_t *a, const cxm_side_t *b)
{
    int     order;
    size_t  len;

    if (a->rc != CXM_OK || b->rc != CXM_OK) {
        return a->rc == CXM_OK ? -1 : 1;
    }

    len = a->row.key.len < b->row.key.len ? a->row.key.len : b->row.key.len;
    order = memcmp(a->row.key.data, b->row.key.data, len);

    if (order != 0 || a->row.key.len == b->row.key.len) {
        return order;
    }

    return a->row.key.len < b->row.key.len ? -1 : 1;
}


static cxm_rc_t
verify_found_row(cxm_replay_t *replay, const cxm_side_t *side,
    const char *what)
{
    char       hex[2 * CXM_VERIFY_HEX + 1];
    cxm_str_t  key;

    key = side->row.key;

    if (key.len > CXM_VERIFY_HEX) {
        key.len = CXM_VERIFY_HEX;
    }

    cxm_hex_encode((const uint8_t *) key.data, key.len, hex);

    return cxm_replay_found(replay, "table %s, row %s%s: %s",
                            cxm_table_name(side->table), hex,
                            key.len < side->row.key.len ? "..." : "", what);
}


/* CXM_NOT_FOUND when both are at the end. */
static cxm_rc_t
sides_state(const cxm_side_t *a, const cxm_side_t *b)
{
    if (a->rc != CXM_OK && a->rc != CXM_NOT_FOUND) {
        return a->rc;
    }

    return a->rc == CXM_OK ? (b->rc == CXM_NOT_FOUND ? CXM_OK : b->rc)
                           : b->rc;
}


static cxm_rc_t
verify_pair(cxm_replay_t *replay, const cxm_side_t *live,
    const cxm_side_t *copy)
{
    int  order;

    order = side_order(live, copy);

    if (order < 0) {
        return verify_found_row(replay, live, "is not what the journal gives");
    }

    if (order > 0) {
        return verify_found_row(replay, copy, "is missing in the store");
    }

    if (!cxm_str_eq(live->row.raw, copy->row.raw)) {
        return verify_found_row(replay, live,
                                "differs from what the journal gives");
    }

    return CXM_OK;
}


static cxm_rc_t
verify_table(cxm_replay_t *replay, cxm_side_t *live, cxm_side_t *copy,
    uint64_t *rows)
{
    cxm_rc_t  rc;

    for (rc = sides_state(live, copy); rc == CXM_OK;
         rc = sides_state(live, copy))
    {
        rc = verify_pair(replay, live, copy);
        if (rc != CXM_OK) {
            return rc;
        }

        replay->done++;

        if (++*rows % CXM_VERIFY_STEP == 0) {
            cxm_replay_progress(replay);
        }

        side_next(live);
        side_next(copy);
    }

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


cxm_rc_t
cxm_verify_tables(cxm_replay_t *replay, cxm_txn_t *live, cxm_txn_t *copy,
    uint64_t *rows)
{
    size_t      i;
    cxm_ms_t    now;
    cxm_rc_t    rc;
    cxm_side_t  a, b;

    now = cxm_now();
    rc = CXM_OK;
    *rows = 0;

    for (i = 0; i < CXM_TABLES_KEPT && rc == CXM_OK; i++) {
        side_first(&a, live, cxm_tables_kept[i], now);
        side_first(&b, copy, cxm_tables_kept[i], now);

        rc = verify_table(replay, &a, &b, rows);

        cxm_cursor_close(a.cursor);
        cxm_cursor_close(b.cursor);
    }

    if (rc == CXM_OK) {
        /* the estimate counted what expired, too */

        replay->total = replay->done;
        cxm_replay_progress(replay);
    }

    return rc;
}
