/*
 * Look-up rows.
 *
 * Sealed: u64 slot | varint length of key, key, value under the person's key;
 * associated data: "lookup" and the slot.
 */

#include "cxm_lookup.h"
#include "cxm_store_int.h"


#define CXM_LOOKUP_AD  "lookup"

/* Those of the store itself. */
static const uint8_t  cxm_lookup_names[] = {
    CXM_NS_PERSON, CXM_NS_PERSON_NAME, 0
};

static const cxm_lookups_t  cxm_lookup_store = { .owned = cxm_lookup_names };


static int
cxm_lookup_listed(const uint8_t *list, uint8_t ns)
{
    while (list != NULL && *list != 0) {
        if (*list++ == ns) {
            return 1;
        }
    }

    return 0;
}


static cxm_lookup_t
cxm_lookup_in(const cxm_lookups_t *lookups, uint8_t ns)
{
    return cxm_lookup_listed(lookups->owned, ns) ? CXM_LOOKUP_OWNED
           : cxm_lookup_listed(lookups->shared, ns) ? CXM_LOOKUP_SHARED
           : CXM_LOOKUP_NONE;
}


/* Whose they are; NULL: it is no look-up row. */
static const cxm_lookups_t *
cxm_lookup_find(const cxm_flow_t *flow, uint8_t ns)
{
    unsigned              i;
    const cxm_lookups_t  *lookups;

    if (cxm_lookup_in(&cxm_lookup_store, ns) != CXM_LOOKUP_NONE) {
        return &cxm_lookup_store;
    }

    for (i = 0; i < CXM_KIND_N; i++) {
        lookups = flow->kinds[i] == NULL ? NULL : flow->kinds[i]->lookups;

        if (lookups != NULL && cxm_lookup_in(lookups, ns) != CXM_LOOKUP_NONE) {
            return lookups;
        }
    }

    return NULL;
}


cxm_lookup_t
cxm_lookup_row(const cxm_flow_t *flow, cxm_table_t table, cxm_str_t key)
{
    uint8_t               ns;
    const cxm_lookups_t  *lookups;

    if (table != CXM_T_INDEX || key.len == 0) {
        return CXM_LOOKUP_NONE;
    }

    ns = (uint8_t) key.data[0];
    lookups = cxm_lookup_find(flow, ns);

    return lookups == NULL ? CXM_LOOKUP_NONE : cxm_lookup_in(lookups, ns);
}


static cxm_rc_t
cxm_lookup_key(const cxm_store_t *store, const uint8_t *slot, cxm_key_t *key)
{
    return cxm_person_key(store, cxm_get_u64(slot), key);
}


static void
cxm_lookup_ad(const uint8_t *slot, uint8_t ad[sizeof(CXM_LOOKUP_AD) - 1 + 8])
{
    memcpy(ad, CXM_LOOKUP_AD, sizeof(CXM_LOOKUP_AD) - 1);
    memcpy(ad + sizeof(CXM_LOOKUP_AD) - 1, slot, 8);
}


cxm_rc_t
cxm_lookup_seal(const cxm_store_t *store, cxm_str_t key, cxm_str_t raw,
    cxm_buf_t *out)
{
    uint8_t         ad[sizeof(CXM_LOOKUP_AD) - 1 + 8];
    cxm_rc_t        rc;
    cxm_buf_t       text;
    cxm_key_t       person, nonce;
    const uint8_t  *slot;

    if (raw.len < 8 + CXM_MAC_LEN) {
        return cxm_damage(CXM_T_INDEX, key, "no look-up");
    }

    slot = (const uint8_t *) raw.data;
    rc = cxm_lookup_key(store, slot, &person);

    if (rc != CXM_OK) {
        return rc;
    }

    cxm_buf_init(&text, CXM_LOOKUP_MAX);
    cxm_buf_varint(&text, key.len);
    cxm_buf_put(&text, key.data, key.len);
    cxm_buf_put(&text, raw.data, raw.len);

    cxm_lookup_ad(slot, ad);
    cxm_person_nonce(&person, &nonce);
    cxm_buf_put(out, slot, 8);
    cxm_seal(&person, &nonce,
             (cxm_str_t) { sizeof(ad), (const char *) ad },
             cxm_buf_str(&text), out);

    cxm_wipe(&person, sizeof(person));
    cxm_wipe(&nonce, sizeof(nonce));

    rc = text.failed || out->failed ? CXM_INTERNAL : CXM_OK;
    cxm_buf_free(&text);

    return rc;
}


/* The row in *buf. */
static cxm_rc_t
cxm_lookup_open(const cxm_store_t *store, cxm_str_t sealed, cxm_buf_t *buf,
    cxm_raw_row_t *row)
{
    uint8_t         ad[sizeof(CXM_LOOKUP_AD) - 1 + 8];
    cxm_rc_t        rc;
    cxm_key_t       person;
    cxm_reader_t    rd;
    const uint8_t  *slot;

    if (sealed.len < 8 + CXM_SEAL_EXTRA) {
        return CXM_CORRUPT;
    }

    slot = (const uint8_t *) sealed.data;
    rc = cxm_lookup_key(store, slot, &person);

    if (rc != CXM_OK) {
        return rc;
    }

    cxm_lookup_ad(slot, ad);
    rc = cxm_open(&person, (cxm_str_t) { sizeof(ad), (const char *) ad },
                  (cxm_str_t) { sealed.len - 8, sealed.data + 8 }, buf);
    cxm_wipe(&person, sizeof(person));

    if (rc != CXM_OK) {
        return rc;
    }

    rd = cxm_reader(buf->data, buf->len);
    row->key.len = cxm_read_varint(&rd);
    row->key.data = (const char *) cxm_read_bytes(&rd, row->key.len);
    row->raw.len = (size_t) (rd.end - rd.pos);
    row->raw.data = (const char *) rd.pos;

    return rd.failed || row->key.len == 0 ? CXM_CORRUPT : CXM_OK;
}


static cxm_rc_t
cxm_lookup_put_row(cxm_txn_t *txn, const cxm_raw_row_t *row)
{
    uint8_t               ns;
    cxm_rc_t              rc;
    cxm_str_t             value;
    cxm_row_key_t         key;
    const cxm_lookups_t  *lookups;

    ns = (uint8_t) row->key.data[0];
    lookups = cxm_lookup_find(txn->store->flow, ns);

    if (lookups == NULL || cxm_lookup_in(lookups, ns) != CXM_LOOKUP_OWNED) {
        return CXM_CORRUPT;
    }

    rc = cxm_row_check(txn, CXM_T_INDEX, row, &value);

    if (rc != CXM_OK) {
        return rc;
    }

    cxm_row_key(&key);
    cxm_row_key_bytes(&key, row->key.data, row->key.len);
    rc = cxm_row_put(txn, CXM_T_INDEX, &key, value);

    return rc == CXM_OK && lookups->put_back != NULL
           ? lookups->put_back(txn, row->key, value) : rc;
}


cxm_rc_t
cxm_lookup_put(cxm_txn_t *txn, cxm_str_t sealed)
{
    cxm_rc_t       rc;
    cxm_buf_t      buf;
    cxm_raw_row_t  row;

    cxm_buf_init(&buf, CXM_LOOKUP_MAX);
    rc = cxm_lookup_open(txn->store, sealed, &buf, &row);

    if (rc == CXM_OK) {
        rc = cxm_lookup_put_row(txn, &row);
        rc = rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
    }

    cxm_buf_free(&buf);

    return rc;
}
