/*
 * History: its rows.
 */

#include "cxm_history.h"
#include "cxm_store_int.h"


#define CXM_HISTORY_STATE    0
#define CXM_HISTORY_VOLUME  1

#define CXM_HISTORY_MAX      1024       /* of a payload */


static void
history_key(cxm_row_key_t *key, uint8_t what)
{
    cxm_row_key(key);
    cxm_row_key_u8(key, CXM_NS_HISTORY);
    cxm_row_key_u8(key, what);
}


static void
history_volume_key(cxm_row_key_t *key, uint64_t first)
{
    history_key(key, CXM_HISTORY_VOLUME);
    cxm_row_key_u64(key, first);
}


static void
read_fixed(cxm_reader_t *rd, uint8_t *out, size_t len)
{
    const uint8_t  *p;

    p = cxm_read_bytes(rd, len);

    if (p != NULL) {
        memcpy(out, p, len);
    }
}


static void
put_sum(cxm_buf_t *buf, const cxm_archive_sum_t *sum)
{
    cxm_buf_varint(buf, sum->size);
    cxm_buf_put(buf, sum->hash, sizeof(sum->hash));
}


static void
read_sum(cxm_reader_t *rd, cxm_archive_sum_t *sum)
{
    sum->size = cxm_read_varint(rd);
    read_fixed(rd, sum->hash, sizeof(sum->hash));
}


/* --- the state ---------------------------------------------------------- */

static void
put_checkpoint(cxm_buf_t *buf, const cxm_checkpoint_t *checkpoint)
{
    cxm_buf_varint(buf, checkpoint->seq);
    cxm_buf_put(buf, checkpoint->link, CXM_MAC_LEN);
    cxm_buf_varint(buf, (uint64_t) checkpoint->at);
    cxm_buf_varint(buf, checkpoint->others);
    put_sum(buf, &checkpoint->sum);
}


static void
read_checkpoint(cxm_reader_t *rd, cxm_checkpoint_t *checkpoint)
{
    checkpoint->seq = cxm_read_varint(rd);
    read_fixed(rd, checkpoint->link, CXM_MAC_LEN);
    checkpoint->at = (cxm_ms_t) cxm_read_varint(rd);
    checkpoint->others = cxm_read_varint(rd);
    read_sum(rd, &checkpoint->sum);
}


/* The number of classes is in the row: later code may have more of them. */
static cxm_rc_t
history_decode(cxm_str_t value, cxm_history_t *out)
{
    uint64_t      i, n;
    cxm_reader_t  rd;

    rd = cxm_reader(value.data, value.len);

    out->archived = cxm_read_varint(&rd);
    read_fixed(&rd, out->archived_link, CXM_MAC_LEN);
    out->sparse = cxm_read_varint(&rd);
    read_fixed(&rd, out->sparse_link, CXM_MAC_LEN);
    out->kept = cxm_read_varint(&rd);
    read_fixed(&rd, out->kept_sum, CXM_MAC_LEN);
    out->own = cxm_read_varint(&rd);
    read_checkpoint(&rd, &out->newest);
    read_checkpoint(&rd, &out->previous);

    n = cxm_read_varint(&rd);

    for (i = 0; i < n && n <= CXM_KEEP_N; i++) {
        out->dropped[i] = cxm_read_varint(&rd);
    }

    return rd.failed || rd.pos != rd.end ? CXM_CORRUPT : CXM_OK;
}


cxm_rc_t
cxm_history_read(cxm_txn_t *txn, cxm_history_t *out)
{
    cxm_rc_t       rc;
    cxm_str_t      value;
    cxm_row_key_t  key;

    memset(out, 0, sizeof(*out));
    history_key(&key, CXM_HISTORY_STATE);
    rc = cxm_row_get(txn, CXM_T_INDEX, &key, &value);

    if (rc == CXM_NOT_FOUND) {
        cxm_journal_root(txn->store, out->archived_link);
        cxm_journal_root(txn->store, out->sparse_link);
        return CXM_OK;
    }

    return rc == CXM_OK ? history_decode(value, out) : rc;
}


cxm_rc_t
cxm_history_write(cxm_txn_t *txn, const cxm_history_t *history)
{
    unsigned       i;
    cxm_rc_t       rc;
    cxm_buf_t      buf;
    cxm_row_key_t  key;

    cxm_buf_init(&buf, CXM_HISTORY_MAX);

    cxm_buf_varint(&buf, history->archived);
    cxm_buf_put(&buf, history->archived_link, CXM_MAC_LEN);
    cxm_buf_varint(&buf, history->sparse);
    cxm_buf_put(&buf, history->sparse_link, CXM_MAC_LEN);
    cxm_buf_varint(&buf, history->kept);
    cxm_buf_put(&buf, history->kept_sum, CXM_MAC_LEN);
    cxm_buf_varint(&buf, history->own);
    put_checkpoint(&buf, &history->newest);
    put_checkpoint(&buf, &history->previous);

    cxm_buf_varint(&buf, CXM_KEEP_N);

    for (i = 0; i < CXM_KEEP_N; i++) {
        cxm_buf_varint(&buf, history->dropped[i]);
    }

    history_key(&key, CXM_HISTORY_STATE);
    rc = buf.failed ? CXM_INTERNAL
                    : cxm_row_put(txn, CXM_T_INDEX, &key, cxm_buf_str(&buf));
    cxm_buf_free(&buf);

    return rc;
}


int
cxm_history_gone(cxm_txn_t *txn, cxm_keep_t keep, uint64_t seq)
{
    cxm_history_t  history;

    return cxm_history_read(txn, &history) == CXM_OK
           && seq <= history.dropped[keep];
}


void
cxm_history_sum(const cxm_store_t *store, uint64_t seq, cxm_str_t raw,
    uint8_t sum[CXM_MAC_LEN])
{
    unsigned  i;
    uint8_t   key[8], hash[CXM_MAC_LEN];

    /*
     * Exclusive or: entries come and go in any order.  The hashes are known
     * to who has the key only, so nobody else finds a set that adds up.
     */

    cxm_put_u64(key, seq);
    cxm_keyed_hash(&store->secret->ring.k[CXM_SUBKEY_LINK], cxm_str("kept"),
                   (cxm_str_t) { sizeof(key), (const char *) key }, raw, hash,
                   sizeof(hash));

    for (i = 0; i < CXM_MAC_LEN; i++) {
        sum[i] ^= hash[i];
    }
}


/* --- volumes ------------------------------------------------------------ */

cxm_rc_t
cxm_history_add(cxm_txn_t *txn, const cxm_volume_t *volume)
{
    cxm_rc_t       rc;
    cxm_buf_t      buf;
    cxm_row_key_t  key;

    cxm_buf_init(&buf, CXM_HISTORY_MAX);
    cxm_buf_varint(&buf, volume->last);
    cxm_buf_varint(&buf, (uint64_t) volume->from);
    cxm_buf_varint(&buf, (uint64_t) volume->to);
    cxm_buf_put(&buf, volume->link, CXM_MAC_LEN);
    put_sum(&buf, &volume->sum);

    history_volume_key(&key, volume->first);
    rc = buf.failed ? CXM_INTERNAL
                    : cxm_row_put(txn, CXM_T_INDEX, &key, cxm_buf_str(&buf));
    cxm_buf_free(&buf);

    return rc;
}


static cxm_rc_t
volume_decode(const cxm_raw_row_t *row, cxm_str_t value, cxm_volume_t *out)
{
    cxm_reader_t  rd;

    rd = cxm_reader(value.data, value.len);

    out->first = cxm_get_u64((const uint8_t *) row->key.data + 2);
    out->last = cxm_read_varint(&rd);
    out->from = (cxm_ms_t) cxm_read_varint(&rd);
    out->to = (cxm_ms_t) cxm_read_varint(&rd);
    read_fixed(&rd, out->link, CXM_MAC_LEN);
    read_sum(&rd, &out->sum);

    return rd.failed || rd.pos != rd.end || out->last < out->first
           ? CXM_CORRUPT : CXM_OK;
}


cxm_rc_t
cxm_history_volume(cxm_txn_t *txn, uint64_t first, cxm_volume_t *out)
{
    cxm_rc_t        rc;
    cxm_str_t       value;
    cxm_cursor_t   *cursor;
    cxm_row_key_t   key;
    cxm_raw_row_t   row;

    memset(out, 0, sizeof(*out));

    rc = cxm_cursor_open(txn, CXM_T_INDEX, &cursor);

    if (rc != CXM_OK) {
        return rc;
    }

    history_volume_key(&key, first);
    rc = cxm_cursor_seek(cursor, &key, &row);

    if (rc == CXM_OK
        && (!cxm_row_within(&row, &key, 2) || row.key.len != key.len))
    {
        rc = CXM_NOT_FOUND;
    }

    if (rc == CXM_OK) {
        rc = cxm_row_check(txn, CXM_T_INDEX, &row, &value);
    }

    if (rc == CXM_OK) {
        rc = volume_decode(&row, value, out);
    }

    cxm_cursor_close(cursor);

    return rc;
}
