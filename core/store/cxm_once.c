/*
 * Things that happen once.
 */

#include "cxm_once.h"
#include "cxm_row.h"


#define CXM_ONCE_KEY    (1 + 4 + CXM_HASH_LEN)
#define CXM_ONCE_CHUNK  256             /* rows deleted between cursors */

/* Length of a generation by class; part of the format. */
static const cxm_ms_t  cxm_once_length[] = {
    [CXM_ONCE_EVENT] = CXM_MS_DAY,
    [CXM_ONCE_REPLY] = CXM_MS_DAY,
    [CXM_ONCE_REPLY_MONEY] = 30 * CXM_MS_DAY,
    [CXM_ONCE_IMPORT] = 30 * CXM_MS_DAY
};

#define CXM_ONCE_CLASSES  (sizeof(cxm_once_length) / sizeof(cxm_ms_t))


static uint32_t
once_generation(unsigned once_class, cxm_ms_t at)
{
    return at < 0 ? 0 : (uint32_t) (at / cxm_once_length[once_class]);
}


static void
once_key(cxm_row_key_t *key, unsigned once_class, uint32_t generation,
    const uint8_t hash[CXM_HASH_LEN])
{
    cxm_row_key(key);
    cxm_row_key_u8(key, (uint8_t) once_class);
    cxm_row_key_u32(key, generation);
    cxm_row_key_bytes(key, hash, CXM_HASH_LEN);
}


cxm_rc_t
cxm_once_get(cxm_txn_t *txn, cxm_once_class_t once_class,
    const uint8_t hash[CXM_HASH_LEN], cxm_ms_t at, cxm_str_t *value)
{
    uint32_t       generation;
    cxm_rc_t       rc;
    cxm_row_key_t  key;

    generation = once_generation(once_class, at);
    once_key(&key, once_class, generation, hash);

    rc = cxm_row_get(txn, CXM_T_ONCE, &key, value);

    if (rc != CXM_NOT_FOUND || generation == 0) {
        return rc;
    }

    once_key(&key, once_class, generation - 1, hash);

    return cxm_row_get(txn, CXM_T_ONCE, &key, value);
}


cxm_rc_t
cxm_once_put(cxm_txn_t *txn, cxm_once_class_t once_class,
    const uint8_t hash[CXM_HASH_LEN], cxm_ms_t at, cxm_str_t value)
{
    cxm_row_key_t  key;

    once_key(&key, once_class, once_generation(once_class, at), hash);

    return cxm_row_put(txn, CXM_T_ONCE, &key, value);
}


int
cxm_once_expired(cxm_str_t key, cxm_ms_t now)
{
    uint32_t        generation;
    unsigned        once_class;
    const uint8_t  *p = (const uint8_t *) key.data;

    if (key.len != CXM_ONCE_KEY) {
        return 0;
    }

    once_class = p[0];
    generation = cxm_get_u32(p + 1);

    return once_class >= CXM_ONCE_EVENT
           && once_class < CXM_ONCE_CLASSES
           && cxm_once_length[once_class] != 0
           && (uint64_t) generation + 1 < once_generation(once_class, now);
}


/*
 * Deletes up to max rows of a class.  The cursor is closed before: what it
 * gives is valid until the first delete only.
 */
static cxm_rc_t
once_expire_chunk(cxm_txn_t *txn, unsigned once_class, cxm_ms_t now,
    unsigned max, unsigned *deleted)
{
    unsigned        i, n;
    cxm_rc_t        rc;
    cxm_cursor_t   *cursor;
    cxm_row_key_t   key;
    cxm_raw_row_t   row;
    uint8_t         keys[CXM_ONCE_CHUNK][CXM_ONCE_KEY];

    *deleted = 0;

    rc = cxm_cursor_open(txn, CXM_T_ONCE, &cursor);
    if (rc != CXM_OK) {
        return rc;
    }

    cxm_row_key(&key);
    cxm_row_key_u8(&key, (uint8_t) once_class);
    rc = cxm_cursor_seek(cursor, &key, &row);

    for (n = 0; n < max && n < CXM_ONCE_CHUNK && rc == CXM_OK; n++) {

        if (!cxm_row_within(&row, &key, key.len)
            || !cxm_once_expired(row.key, now))
        {
            break;
        }

        memcpy(keys[n], row.key.data, CXM_ONCE_KEY);
        rc = cxm_cursor_next(cursor, &row);
    }

    cxm_cursor_close(cursor);

    if (rc != CXM_OK && rc != CXM_NOT_FOUND) {
        return rc;
    }

    for (i = 0; i < n; i++) {
        cxm_row_key(&key);
        cxm_row_key_bytes(&key, keys[i], CXM_ONCE_KEY);

        rc = cxm_row_del(txn, CXM_T_ONCE, &key);
        if (rc != CXM_OK) {
            return rc;
        }

        (*deleted)++;
    }

    return CXM_OK;
}


cxm_rc_t
cxm_once_expire(cxm_txn_t *txn, cxm_ms_t now, unsigned max,
    unsigned *deleted)
{
    cxm_rc_t  rc;
    unsigned  once_class, n;

    *deleted = 0;

    for (once_class = CXM_ONCE_EVENT; once_class < CXM_ONCE_CLASSES;
         once_class++)
    {
        do {
            rc = once_expire_chunk(txn, once_class, now, max - *deleted, &n);
            *deleted += n;

            if (rc != CXM_OK) {
                return rc;
            }

        } while (n > 0);
    }

    return CXM_OK;
}
