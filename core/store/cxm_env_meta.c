/*
 * What must be right before a store is served: its format, its keys, who it
 * is, and that the journal ends where the row `state` says.
 */

#include "cxm_log.h"
#include "cxm_store_int.h"


static cxm_rc_t
cxm_env_read_root(cxm_txn_t *txn, cxm_error_t *err)
{
    cxm_rc_t       rc;
    cxm_buf_t      buf;
    cxm_key_t      root;
    cxm_str_t      raw;
    cxm_secret_t  *secret;

    secret = txn->store->secret;

    cxm_buf_init(&buf, CXM_KEY_LEN);
    rc = cxm_row_raw(txn, CXM_T_META, cxm_str(CXM_META_ROOT), &raw);

    if (rc == CXM_OK && raw.len != CXM_KEY_LEN + CXM_SEAL_EXTRA + CXM_MAC_LEN)
    {
        rc = CXM_CORRUPT;
    }

    if (rc == CXM_OK) {
        raw.len -= CXM_MAC_LEN;
        rc = cxm_open(&secret->wrap, cxm_str(CXM_META_ROOT), raw, &buf);
    }

    if (rc == CXM_OK) {
        memcpy(root.b, buf.data, sizeof(root.b));
        cxm_secret_root(secret, &root);
        cxm_wipe(&root, sizeof(root));
        cxm_wipe(buf.data, buf.len);

    } else {
        rc = CXM_CORRUPT;
        cxm_log(CXM_LOG_ALERT, "store \"%s\": its key file is not that of "
                "this store, or the store is damaged", txn->store->dir);
        (void) cxm_fail(err, rc, "wrong_key", "the key file does not open "
                        "the store \"%s\"", txn->store->dir);
    }

    cxm_buf_free(&buf);

    return rc;
}


/* With the keys: the rows' MACs, and who the store is. */
static cxm_rc_t
cxm_env_read_store(cxm_txn_t *txn, cxm_error_t *err)
{
    cxm_rc_t        rc;
    cxm_str_t       value;
    cxm_store_t    *store;
    const uint8_t  *p;
    cxm_row_key_t   key;

    cxm_row_key_name(&key, CXM_META_FORMAT);
    rc = cxm_row_get(txn, CXM_T_META, &key, &value);

    if (rc == CXM_OK) {
        cxm_row_key_name(&key, CXM_META_ROOT);
        rc = cxm_row_get(txn, CXM_T_META, &key, &value);
    }

    if (rc == CXM_OK) {
        cxm_row_key_name(&key, CXM_META_STORE);
        rc = cxm_row_get(txn, CXM_T_META, &key, &value);
    }

    store = txn->store;

    if (rc != CXM_OK || value.len != sizeof(store->uuid.b) + 8) {
        return cxm_fail(err, CXM_CORRUPT, NULL, "the store's own row \"%.*s\" "
                        "is damaged", (int) key.len, (const char *) key.b);
    }

    p = (const uint8_t *) value.data;
    memcpy(store->uuid.b, p, sizeof(store->uuid.b));
    store->node = cxm_get_u32(p + 16);
    store->epoch = cxm_get_u32(p + 20);

    return CXM_OK;
}


cxm_rc_t
cxm_env_read_meta(cxm_store_t *store, cxm_error_t *err)
{
    int         rc;
    MDB_txn    *mdb;
    cxm_rc_t    result;
    cxm_txn_t  *txn;

    rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &mdb);

    if (rc != MDB_SUCCESS) {
        return cxm_env_refused(store->dir, rc, err);
    }

    rc = cxm_env_tables(store, mdb, 0);
    txn = cxm_txn_wrap(store, mdb, 0);

    if (rc == MDB_NOTFOUND) {
        result = cxm_fail(err, CXM_CORRUPT, NULL, "\"%s\" is not a store, it "
                          "lacks tables", store->dir);

    } else if (rc != MDB_SUCCESS || txn == NULL) {
        result = cxm_env_refused(store->dir, rc, err);

    } else {
        result = cxm_format_read(txn, err);

        if (result == CXM_OK) {
            result = cxm_env_read_root(txn, err);
        }

        if (result == CXM_OK) {
            result = cxm_env_read_store(txn, err);
        }
    }

    if (txn != NULL) {
        cxm_txn_unwrap(txn);
    }

    /* only a commit, also of a read, keeps the tables' handles */

    (void) mdb_txn_commit(mdb);

    return result;
}


/* The row `state` and the end of the journal are written by one commit. */
cxm_rc_t
cxm_env_check_head(cxm_store_t *store, cxm_error_t *err)
{
    int              same;
    uint8_t          root[CXM_MAC_LEN];
    cxm_rc_t         rc;
    cxm_txn_t       *txn;
    cxm_raw_row_t    row;
    cxm_row_key_t    end;
    cxm_cursor_t    *cursor;

    rc = cxm_txn_read(store, &txn, err);

    if (rc != CXM_OK) {
        return rc;
    }

    rc = cxm_cursor_open(txn, CXM_T_JOURNAL, &cursor);

    if (rc != CXM_OK) {
        cxm_txn_end(txn);
        return cxm_fail(err, rc, NULL, "cannot read the journal");
    }

    cxm_row_key(&end);
    cxm_row_key_u64(&end, UINT64_MAX);
    rc = cxm_cursor_seek_back(cursor, &end, &row);

    if (rc == CXM_NOT_FOUND) {
        cxm_journal_root(store, root);
        same = txn->state.head == 0
               && memcmp(root, txn->state.link, CXM_MAC_LEN) == 0;

    } else {
        same = rc == CXM_OK && row.key.len == 8 && row.raw.len >= CXM_MAC_LEN
               && cxm_get_u64((const uint8_t *) row.key.data)
                  == txn->state.head
               && memcmp(row.raw.data + row.raw.len - CXM_MAC_LEN,
                         txn->state.link, CXM_MAC_LEN) == 0;
    }

    rc = CXM_OK;

    if (!same) {
        rc = cxm_entry_damage(txn->state.head,
                              "the journal does not end as the state says",
                              err);
    }

    cxm_cursor_close(cursor);
    cxm_txn_end(txn);

    return rc;
}
