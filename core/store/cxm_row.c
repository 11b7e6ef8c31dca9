/*
 * Rows: keys, MACs and seals.
 */

#include "cxm_log.h"
#include "cxm_store_int.h"


#define CXM_ROW_AD_MAX  (1 + CXM_ROW_KEY_MAX)

/* What a sealed row is bound to. */
typedef struct {
    size_t   len;
    uint8_t  b[CXM_ROW_AD_MAX];
} cxm_row_ad_t;


void
cxm_row_key(cxm_row_key_t *key)
{
    key->len = 0;
    key->failed = 0;
}


void
cxm_row_key_bytes(cxm_row_key_t *key, const void *data, size_t len)
{
    if (len > CXM_ROW_KEY_MAX - key->len) {
        key->failed = 1;
        return;
    }

    if (len > 0) {
        memcpy(key->b + key->len, data, len);
        key->len += len;
    }
}


void
cxm_row_key_u8(cxm_row_key_t *key, uint8_t v)
{
    cxm_row_key_bytes(key, &v, 1);
}


void
cxm_row_key_u16(cxm_row_key_t *key, uint16_t v)
{
    uint8_t  b[2];

    cxm_put_u16(b, v);
    cxm_row_key_bytes(key, b, sizeof(b));
}


void
cxm_row_key_u32(cxm_row_key_t *key, uint32_t v)
{
    uint8_t  b[4];

    cxm_put_u32(b, v);
    cxm_row_key_bytes(key, b, sizeof(b));
}


void
cxm_row_key_u64(cxm_row_key_t *key, uint64_t v)
{
    uint8_t  b[8];

    cxm_put_u64(b, v);
    cxm_row_key_bytes(key, b, sizeof(b));
}


void
cxm_row_key_name(cxm_row_key_t *key, const char *name)
{
    cxm_row_key(key);
    cxm_row_key_bytes(key, name, strlen(name));
}


cxm_str_t
cxm_row_key_str(const cxm_row_key_t *key)
{
    return (cxm_str_t) { key->len, (const char *) key->b };
}


static void
cxm_row_ad(cxm_row_ad_t *ad, cxm_table_t table, cxm_str_t key)
{
    ad->b[0] = (uint8_t) table;
    memcpy(ad->b + 1, key.data, key.len);
    ad->len = 1 + key.len;
}


static cxm_str_t
cxm_row_ad_str(const cxm_row_ad_t *ad)
{
    return (cxm_str_t) { ad->len, (const char *) ad->b };
}


static void
cxm_row_mac(cxm_txn_t *txn, cxm_table_t table, cxm_str_t key,
    cxm_str_t value, uint8_t mac[CXM_MAC_LEN])
{
    uint8_t           no;
    const cxm_key_t  *mac_key;

    no = (uint8_t) table;
    mac_key = &txn->store->secret->ring.k[CXM_SUBKEY_MAC];

    cxm_keyed_hash(mac_key, (cxm_str_t) { 1, (const char *) &no }, key, value,
                   mac, CXM_MAC_LEN);
}


cxm_rc_t
cxm_row_raw(cxm_txn_t *txn, cxm_table_t table, cxm_str_t key, cxm_str_t *raw)
{
    int      rc;
    MDB_val  k, v;

    if (key.len == 0 || key.len > CXM_ROW_KEY_MAX) {
        return CXM_INTERNAL;
    }

    k = cxm_env_val(key);
    rc = mdb_get(txn->mdb, txn->store->dbi[table], &k, &v);

    if (rc != MDB_SUCCESS) {
        return cxm_txn_fault(txn, rc);
    }

    *raw = (cxm_str_t) { v.mv_size, v.mv_data };

    return CXM_OK;
}


cxm_rc_t
cxm_row_put_raw(cxm_txn_t *txn, cxm_table_t table, const cxm_raw_row_t *row)
{
    int      rc;
    MDB_val  k, v;

    cxm_txn_touch(txn);

    k = cxm_env_val(row->key);
    v = cxm_env_val(row->raw);

    rc = mdb_put(txn->mdb, txn->store->dbi[table], &k, &v, 0);

    return cxm_txn_break(txn, cxm_txn_fault(txn, rc));
}


static cxm_rc_t
cxm_row_store(cxm_txn_t *txn, cxm_table_t table, cxm_str_t key,
    const cxm_buf_t *buf)
{
    cxm_raw_row_t  row;

    cxm_txn_touch(txn);

    if (buf->failed) {
        return cxm_txn_break(txn, buf->failed == CXM_BUF_MEMORY
                                  ? CXM_INTERNAL : CXM_TOO_LARGE);
    }

    row = (cxm_raw_row_t) { key, cxm_buf_str(buf) };

    return cxm_row_put_raw(txn, table, &row);
}


static int
cxm_row_bad_write(const cxm_txn_t *txn, const cxm_row_key_t *key)
{
    return !txn->writable || key->failed || key->len == 0;
}


/* CXM_CORRUPT is not logged: the caller knows what else it may be. */
static cxm_rc_t
cxm_row_payload(cxm_txn_t *txn, cxm_table_t table, const cxm_raw_row_t *row,
    cxm_str_t *value)
{
    uint8_t  mac[CXM_MAC_LEN];

    if (row->raw.len < CXM_MAC_LEN) {
        return CXM_CORRUPT;
    }

    *value = (cxm_str_t) { row->raw.len - CXM_MAC_LEN, row->raw.data };
    cxm_row_mac(txn, table, row->key, *value, mac);

    return cxm_equal(mac, value->data + value->len, CXM_MAC_LEN)
           ? CXM_OK : CXM_CORRUPT;
}


cxm_rc_t
cxm_row_check(cxm_txn_t *txn, cxm_table_t table, const cxm_raw_row_t *row,
    cxm_str_t *value)
{
    return cxm_row_payload(txn, table, row, value) == CXM_OK
           ? CXM_OK : cxm_damage(table, row->key, "MAC does not verify");
}


cxm_rc_t
cxm_row_open(cxm_txn_t *txn, cxm_table_t table, const cxm_raw_row_t *row,
    cxm_buf_t *out)
{
    cxm_rc_t       rc;
    cxm_row_ad_t   ad;
    cxm_secret_t  *secret;

    if (row->key.len > CXM_ROW_KEY_MAX) {
        return CXM_INTERNAL;
    }

    secret = txn->store->secret;
    cxm_row_ad(&ad, table, row->key);

    rc = cxm_open(&secret->ring.k[CXM_SUBKEY_SEAL], cxm_row_ad_str(&ad),
                  row->raw, out);

    return rc == CXM_CORRUPT
           ? cxm_damage(table, row->key, "seal does not verify")
           : rc;
}


cxm_rc_t
cxm_row_prove(cxm_txn_t *txn, cxm_table_t table, const cxm_raw_row_t *row,
    cxm_buf_t *scratch)
{
    cxm_str_t  value;

    if (cxm_row_payload(txn, table, row, &value) == CXM_OK) {
        return CXM_OK;
    }

    cxm_buf_reset(scratch);

    return cxm_row_open(txn, table, row, scratch);
}


cxm_rc_t
cxm_row_get(cxm_txn_t *txn, cxm_table_t table, const cxm_row_key_t *key,
    cxm_str_t *value)
{
    cxm_rc_t       rc;
    cxm_raw_row_t  row;

    if (key->failed) {
        return CXM_INTERNAL;
    }

    row.key = cxm_row_key_str(key);
    rc = cxm_row_raw(txn, table, row.key, &row.raw);

    return rc == CXM_OK ? cxm_row_check(txn, table, &row, value) : rc;
}


cxm_rc_t
cxm_row_put(cxm_txn_t *txn, cxm_table_t table, const cxm_row_key_t *key,
    cxm_str_t value)
{
    uint8_t     mac[CXM_MAC_LEN];
    cxm_buf_t  *buf;

    if (cxm_row_bad_write(txn, key)) {
        return cxm_txn_break(txn, CXM_INTERNAL);
    }

    cxm_row_mac(txn, table, cxm_row_key_str(key), value, mac);

    /* through a buffer: value may lie in the page that mdb_put() moves */

    buf = &txn->row;
    cxm_buf_reset(buf);
    cxm_buf_put(buf, value.data, value.len);
    cxm_buf_put(buf, mac, sizeof(mac));

    return cxm_row_store(txn, table, cxm_row_key_str(key), buf);
}


cxm_rc_t
cxm_row_get_sealed(cxm_txn_t *txn, cxm_table_t table,
    const cxm_row_key_t *key, cxm_buf_t *out)
{
    cxm_rc_t       rc;
    cxm_raw_row_t  row;

    if (key->failed) {
        return CXM_INTERNAL;
    }

    row.key = cxm_row_key_str(key);
    rc = cxm_row_raw(txn, table, row.key, &row.raw);

    return rc == CXM_OK ? cxm_row_open(txn, table, &row, out) : rc;
}


cxm_rc_t
cxm_row_put_sealed(cxm_txn_t *txn, cxm_table_t table,
    const cxm_row_key_t *key, cxm_str_t text)
{
    cxm_buf_t     *buf;
    cxm_row_ad_t   ad;
    cxm_secret_t  *secret;

    if (cxm_row_bad_write(txn, key)) {
        return cxm_txn_break(txn, CXM_INTERNAL);
    }

    secret = txn->store->secret;
    cxm_row_ad(&ad, table, cxm_row_key_str(key));

    buf = &txn->row;
    cxm_buf_reset(buf);
    cxm_seal(&secret->ring.k[CXM_SUBKEY_SEAL],
             &secret->ring.k[CXM_SUBKEY_NONCE], cxm_row_ad_str(&ad), text,
             buf);

    return cxm_row_store(txn, table, cxm_row_key_str(key), buf);
}


cxm_rc_t
cxm_row_del(cxm_txn_t *txn, cxm_table_t table, const cxm_row_key_t *key)
{
    int      rc;
    MDB_val  k;

    if (cxm_row_bad_write(txn, key)) {
        return cxm_txn_break(txn, CXM_INTERNAL);
    }

    k = cxm_env_val(cxm_row_key_str(key));
    rc = mdb_del(txn->mdb, txn->store->dbi[table], &k, NULL);

    if (rc == MDB_NOTFOUND) {
        return CXM_NOT_FOUND;
    }

    cxm_txn_touch(txn);

    return cxm_txn_break(txn, cxm_txn_fault(txn, rc));
}
