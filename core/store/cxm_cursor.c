/*
 * Cursors over the raw rows of a table.
 */

#include <stdlib.h>

#include "cxm_store_int.h"


struct cxm_cursor_s {
    cxm_txn_t   *txn;
    MDB_cursor  *mdb;
};


cxm_rc_t
cxm_cursor_open(cxm_txn_t *txn, cxm_table_t table, cxm_cursor_t **out)
{
    int            rc;
    cxm_cursor_t  *cursor;

    cursor = malloc(sizeof(*cursor));

    if (cursor == NULL) {
        return CXM_INTERNAL;
    }

    cursor->txn = txn;
    rc = mdb_cursor_open(txn->mdb, txn->store->dbi[table], &cursor->mdb);

    if (rc != MDB_SUCCESS) {
        free(cursor);
        return cxm_txn_fault(txn, rc);
    }

    *out = cursor;

    return CXM_OK;
}


void
cxm_cursor_close(cxm_cursor_t *cursor)
{
    if (cursor != NULL) {
        mdb_cursor_close(cursor->mdb);
        free(cursor);
    }
}


static cxm_rc_t
cxm_cursor_move(cxm_cursor_t *cursor, MDB_val *key, MDB_cursor_op op,
    cxm_raw_row_t *row)
{
    int      rc;
    MDB_val  value;

    rc = mdb_cursor_get(cursor->mdb, key, &value, op);

    if (rc != MDB_SUCCESS) {
        return cxm_txn_fault(cursor->txn, rc);
    }

    row->key = (cxm_str_t) { key->mv_size, key->mv_data };
    row->raw = (cxm_str_t) { value.mv_size, value.mv_data };

    return CXM_OK;
}


cxm_rc_t
cxm_cursor_seek(cxm_cursor_t *cursor, const cxm_row_key_t *key,
    cxm_raw_row_t *row)
{
    MDB_val  k;

    if (key->failed) {
        return CXM_INTERNAL;
    }

    /* LMDB knows no empty keys */

    k = cxm_env_val(cxm_row_key_str(key));

    return cxm_cursor_move(cursor, &k, key->len == 0 ? MDB_FIRST
                                                     : MDB_SET_RANGE, row);
}


cxm_rc_t
cxm_cursor_seek_back(cxm_cursor_t *cursor, const cxm_row_key_t *key,
    cxm_raw_row_t *row)
{
    cxm_rc_t  rc;
    MDB_val   k;

    if (key->len == 0 && !key->failed) {
        return CXM_NOT_FOUND;
    }

    rc = cxm_cursor_seek(cursor, key, row);

    if (rc == CXM_OK && cxm_str_eq(row->key, cxm_row_key_str(key))) {
        return CXM_OK;
    }

    if (rc != CXM_OK && rc != CXM_NOT_FOUND) {
        return rc;
    }

    return cxm_cursor_move(cursor, &k,
                           rc == CXM_OK ? MDB_PREV : MDB_LAST, row);
}


cxm_rc_t
cxm_cursor_next(cxm_cursor_t *cursor, cxm_raw_row_t *row)
{
    MDB_val  k;

    return cxm_cursor_move(cursor, &k, MDB_NEXT, row);
}


cxm_rc_t
cxm_cursor_prev(cxm_cursor_t *cursor, cxm_raw_row_t *row)
{
    MDB_val  k;

    return cxm_cursor_move(cursor, &k, MDB_PREV, row);
}


int
cxm_row_within(const cxm_raw_row_t *row, const cxm_row_key_t *key, size_t len)
{
    return len <= key->len && row->key.len >= len
           && (len == 0 || memcmp(row->key.data, key->b, len) == 0);
}
