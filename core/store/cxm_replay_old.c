/*
 * Replay: what is left of the journal before its start.
 */

#include "cxm_replay.h"


#define CXM_OLD_ROWS   10000            /* of one transaction */
#define CXM_OLD_BYTES  (16u << 20)

typedef struct {
    cxm_replay_t  *replay;
    cxm_txn_t     *live;
    cxm_txn_t     *copy;                /* NULL: nothing is copied */
    uint64_t       end;
    uint64_t       next;
    uint64_t       kept;                /* found up to `sparse` */
    uint8_t        sum[CXM_MAC_LEN];
    uint8_t        link[CXM_MAC_LEN];   /* of the last one behind it */
} cxm_old_t;


/* One that is held by the sum alone. */
static cxm_rc_t
old_sparse(cxm_old_t *old, uint64_t seq, const cxm_raw_row_t *row,
    cxm_entry_raw_t *parsed)
{
    cxm_rc_t  rc;

    rc = cxm_entry_parse(seq, row->raw, parsed, &old->replay->err);

    if (rc == CXM_OK) {
        old->kept++;
        cxm_history_sum(old->replay->live, seq, row->raw, old->sum);
    }

    return rc;
}


/* One that follows the one before; none is missing any more. */
static cxm_rc_t
old_whole(cxm_old_t *old, uint64_t seq, const cxm_raw_row_t *row,
    cxm_entry_raw_t *parsed)
{
    uint64_t  expect;
    cxm_rc_t  rc;

    expect = old->next > old->replay->history.sparse
             ? old->next : old->replay->history.sparse + 1;

    if (seq != expect) {
        return cxm_replay_found_entry(old->replay, expect, "is missing");
    }

    rc = cxm_entry_follow(old->replay->live, seq, row->raw, old->link, parsed,
                          &old->replay->err);

    if (rc == CXM_OK) {
        memcpy(old->link, parsed->link.data, CXM_MAC_LEN);
    }

    return rc;
}


static cxm_rc_t
old_entry(cxm_old_t *old, const cxm_raw_row_t *row)
{
    uint64_t             seq;
    cxm_rc_t             rc;
    cxm_replay_t        *replay;
    cxm_entry_raw_t      parsed;
    cxm_entry_packed_t   packed;

    replay = old->replay;

    if (row->key.len != sizeof(uint64_t)) {
        return cxm_replay_found_entry(replay, old->next, "has a strange key");
    }

    seq = cxm_get_u64((const uint8_t *) row->key.data);

    rc = seq <= replay->history.sparse ? old_sparse(old, seq, row, &parsed)
                                       : old_whole(old, seq, row, &parsed);

    if (rc == CXM_OK) {
        rc = cxm_entry_open(old->live, &parsed, 1, &packed, &replay->err);
    }

    if (rc != CXM_OK) {
        return replay->bad_seq != 0 ? rc
                                    : cxm_replay_refused(replay, rc, seq);
    }

    if (old->copy != NULL) {
        rc = cxm_row_put_raw(old->copy, CXM_T_JOURNAL, row);
    }

    old->next = seq + 1;
    replay->entries++;
    replay->done++;

    return rc == CXM_OK
           ? cxm_replay_expect(replay, seq,
                               (const uint8_t *) parsed.link.data)
           : rc;
}


/* CXM_NOT_FOUND when there are no more. */
static cxm_rc_t
old_some(cxm_old_t *old)
{
    size_t          bytes;
    cxm_rc_t        rc;
    unsigned        n;
    cxm_cursor_t   *cursor;
    cxm_row_key_t   key;
    cxm_raw_row_t   row;

    rc = cxm_cursor_open(old->live, CXM_T_JOURNAL, &cursor);
    if (rc != CXM_OK) {
        return rc;
    }

    cxm_row_key(&key);
    cxm_row_key_u64(&key, old->next);
    bytes = 0;

    for (n = 0, rc = cxm_cursor_seek(cursor, &key, &row);
         rc == CXM_OK && n < CXM_OLD_ROWS && bytes < CXM_OLD_BYTES;
         n++, rc = cxm_cursor_next(cursor, &row))
    {
        if (row.key.len == sizeof(uint64_t)
            && cxm_get_u64((const uint8_t *) row.key.data) > old->end)
        {
            rc = CXM_NOT_FOUND;
            break;
        }

        rc = old_entry(old, &row);
        if (rc != CXM_OK) {
            break;
        }

        bytes += row.raw.len;
    }

    cxm_cursor_close(cursor);
    cxm_replay_progress(old->replay);

    return rc;
}


/* One transaction of each store. */
static cxm_rc_t
old_chunk(cxm_old_t *old)
{
    cxm_rc_t       rc, committed;
    cxm_replay_t  *replay;

    replay = old->replay;
    old->copy = NULL;

    rc = cxm_txn_read(replay->live, &old->live, &replay->err);
    if (rc != CXM_OK) {
        return rc;
    }

    if (replay->whole) {
        rc = cxm_txn_write(replay->copy, cxm_now(), &old->copy, &replay->err);
    }

    if (rc == CXM_OK) {
        rc = old_some(old);
    }

    if (old->copy != NULL && (rc == CXM_OK || rc == CXM_NOT_FOUND)) {
        committed = cxm_txn_commit(old->copy, &replay->err);
        rc = committed == CXM_OK ? rc : committed;

    } else {
        cxm_txn_end(old->copy);
    }

    cxm_txn_end(old->live);

    return rc;
}


cxm_rc_t
cxm_replay_old(cxm_replay_t *replay, uint64_t end,
    const uint8_t link[CXM_MAC_LEN])
{
    cxm_rc_t   rc;
    cxm_old_t  old;

    memset(&old, 0, sizeof(old));
    old.replay = replay;
    old.end = end;
    old.next = 1;
    memcpy(old.link, replay->history.sparse_link, CXM_MAC_LEN);

    do {
        rc = old_chunk(&old);
    } while (rc == CXM_OK);

    if (rc != CXM_NOT_FOUND) {
        return rc;
    }

    if (old.kept != replay->history.kept
        || memcmp(old.sum, replay->history.kept_sum, CXM_MAC_LEN) != 0)
    {
        return cxm_replay_found(replay, "table journal: of the entries up to "
                                "%llu there are %llu, and not those %llu "
                                "that were kept",
                                (unsigned long long) replay->history.sparse,
                                (unsigned long long) old.kept,
                                (unsigned long long) replay->history.kept);
    }

    /* `end` may be the last that was dropped */

    if (memcmp(old.link, link, CXM_MAC_LEN) != 0
        || (old.next != end + 1 && end > replay->history.sparse))
    {
        return cxm_replay_found_entry(replay, old.next,
                                      "is missing before a checkpoint");
    }

    return CXM_OK;
}
