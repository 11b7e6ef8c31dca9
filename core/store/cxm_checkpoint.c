/*
 * Checkpoints: what the journal says of the state at a point.
 */

#include "cxm_checkpoint.h"
#include "cxm_counter.h"
#include "cxm_json.h"
#include "cxm_store_int.h"


#define CXM_META_CHECKPOINT  "checkpoint"   /* u64 seq, link */


/* A chain and not one hash: the counters of a store do not fit in memory. */
static cxm_rc_t
cxm_checkpoint_counters(cxm_txn_t *txn, uint8_t hash[CXM_KEY_LEN])
{
    cxm_rc_t          rc;
    cxm_str_t         value;
    cxm_cursor_t     *cursor;
    cxm_raw_row_t     row;
    cxm_row_key_t     key;
    const cxm_key_t  *link_key;

    link_key = &cxm_store_keyring(txn->store)->k[CXM_SUBKEY_LINK];
    memset(hash, 0, CXM_KEY_LEN);

    rc = cxm_counter_flush(txn);

    if (rc == CXM_OK) {
        rc = cxm_cursor_open(txn, CXM_T_COUNTER, &cursor);
    }

    if (rc != CXM_OK) {
        return rc;
    }

    cxm_row_key(&key);
    rc = cxm_cursor_seek(cursor, &key, &row);

    while (rc == CXM_OK) {

        rc = cxm_row_check(txn, CXM_T_COUNTER, &row, &value);

        if (rc == CXM_OK) {
            cxm_keyed_hash(link_key,
                           (cxm_str_t) { CXM_KEY_LEN, (const char *) hash },
                           row.key, value, hash, CXM_KEY_LEN);
            rc = cxm_cursor_next(cursor, &row);
        }
    }

    cxm_cursor_close(cursor);

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


cxm_rc_t
cxm_checkpoint_add(cxm_txn_t *txn, cxm_error_t *err)
{
    char         link[2 * CXM_MAC_LEN + 1], counters[2 * CXM_KEY_LEN + 1];
    uint8_t      hash[CXM_KEY_LEN];
    cxm_rc_t     rc;

    rc = cxm_checkpoint_counters(txn, hash);

    if (rc != CXM_OK) {
        return cxm_fail(err, rc, NULL, "The counters cannot be read.");
    }

    cxm_hex_encode(txn->state.link, CXM_MAC_LEN, link);
    cxm_hex_encode(hash, sizeof(hash), counters);

    return cxm_journal_add(txn, CXM_KIND_CHECKPOINT, 0,
                           json_pack("{sI ss sn ss}",
                                     "seq", (json_int_t) txn->state.head,
                                     "link", link, "archive",
                                     "counters", counters),
                           err);
}


/*
 * Checks the form only: in a replay that starts behind dropped history there
 * is nothing to compare with, and what there is `verify` compares.
 */
static cxm_rc_t
cxm_checkpoint_apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    int64_t        seq;
    uint8_t        value[8 + CXM_MAC_LEN];
    cxm_row_key_t  key;

    seq = cxm_json_get_int(entry->body, "seq", -1);

    if (seq < 0 || (uint64_t) seq >= entry->seq
        || cxm_hex_decode(cxm_json_get_str(entry->body, "link"), value + 8,
                          CXM_MAC_LEN)
           != CXM_OK)
    {
        return CXM_CORRUPT;
    }

    cxm_put_u64(value, (uint64_t) seq);

    cxm_row_key(&key);
    cxm_row_key_bytes(&key, CXM_META_CHECKPOINT,
                      sizeof(CXM_META_CHECKPOINT) - 1);

    return cxm_row_put(txn, CXM_T_META, &key,
                       (cxm_str_t) { sizeof(value), (const char *) value });
}


const cxm_kind_t  cxm_kind_checkpoint = {
    .no = CXM_KIND_CHECKPOINT,
    .version = 1,
    .name = "checkpoint",
    .apply = cxm_checkpoint_apply
};
