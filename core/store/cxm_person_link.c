/*
 * Persons with several slots: a slot that turned out to be somebody else's
 * leads to it.
 *
 * Rows in `index`: u8 CXM_NS_PERSON_LINK | u64 slot -> u64 to, and the way
 * back u8 CXM_NS_PERSON_LINKED | u64 to | u64 slot.  Links make trees, so
 * that one taken away leaves what was there before it.
 */

#include <stdlib.h>

#include "cxm_store_int.h"


static void
cxm_link_key(cxm_row_key_t *key, uint64_t slot)
{
    cxm_row_key(key);
    cxm_row_key_u8(key, CXM_NS_PERSON_LINK);
    cxm_row_key_u64(key, slot);
}


static void
cxm_linked_key(cxm_row_key_t *key, uint64_t to, uint64_t slot)
{
    cxm_row_key(key);
    cxm_row_key_u8(key, CXM_NS_PERSON_LINKED);
    cxm_row_key_u64(key, to);
    cxm_row_key_u64(key, slot);
}


/* Where the slot leads; CXM_NOT_FOUND when nowhere. */
static cxm_rc_t
cxm_link_of(cxm_txn_t *txn, uint64_t slot, uint64_t *to)
{
    cxm_rc_t       rc;
    cxm_str_t      value;
    cxm_row_key_t  key;

    cxm_link_key(&key, slot);
    rc = cxm_row_get(txn, CXM_T_INDEX, &key, &value);

    if (rc != CXM_OK) {
        return rc;
    }

    if (value.len != 8) {
        return CXM_CORRUPT;
    }

    *to = cxm_get_u64((const uint8_t *) value.data);

    return CXM_OK;
}


cxm_rc_t
cxm_person_main(cxm_txn_t *txn, uint64_t slot, uint64_t *main_slot)
{
    cxm_rc_t  rc;
    unsigned  steps;

    rc = CXM_OK;

    for (steps = 0; rc == CXM_OK && steps <= CXM_PERSON_SLOTS; steps++) {
        *main_slot = slot;
        rc = cxm_link_of(txn, slot, &slot);
    }

    /* more steps than a person has slots: a circle */

    return rc == CXM_NOT_FOUND ? CXM_OK : rc == CXM_OK ? CXM_CORRUPT : rc;
}


/* Adds the slots that lead to `to`. */
static cxm_rc_t
cxm_linked_add(cxm_txn_t *txn, uint64_t to, cxm_person_slots_t *out)
{
    cxm_rc_t        rc;
    cxm_cursor_t   *cursor;
    cxm_row_key_t   key;
    cxm_raw_row_t   row;

    rc = cxm_cursor_open(txn, CXM_T_INDEX, &cursor);

    if (rc != CXM_OK) {
        return rc;
    }

    cxm_linked_key(&key, to, 0);

    for (rc = cxm_cursor_seek(cursor, &key, &row);
         rc == CXM_OK && cxm_row_within(&row, &key, 1 + 8);
         rc = cxm_cursor_next(cursor, &row))
    {
        if (row.key.len != key.len || out->n == CXM_PERSON_SLOTS) {
            rc = CXM_CORRUPT;
            break;
        }

        out->slot[out->n++] = cxm_get_u64((const uint8_t *) row.key.data
                                          + 1 + 8);
    }

    cxm_cursor_close(cursor);

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


cxm_rc_t
cxm_person_slots(cxm_txn_t *txn, uint64_t slot, cxm_person_slots_t *out)
{
    cxm_rc_t  rc;
    unsigned  i;

    out->n = 1;
    out->slot[0] = slot;
    rc = CXM_OK;

    for (i = 0; i < out->n && rc == CXM_OK; i++) {
        rc = cxm_linked_add(txn, out->slot[i], out);
    }

    return rc;
}


cxm_rc_t
cxm_person_link(cxm_txn_t *txn, uint64_t slot, uint64_t to)
{
    uint8_t        b[8];
    uint64_t       other;
    cxm_rc_t       rc;
    cxm_row_key_t  key;

    rc = cxm_link_of(txn, slot, &other);

    if (rc != CXM_NOT_FOUND) {
        return rc == CXM_OK ? CXM_CORRUPT : rc;
    }

    rc = cxm_person_main(txn, to, &other);

    if (rc != CXM_OK || other == slot) {
        return rc == CXM_OK ? CXM_CORRUPT : rc;
    }

    cxm_link_key(&key, slot);
    cxm_put_u64(b, to);
    rc = cxm_row_put(txn, CXM_T_INDEX, &key,
                     (cxm_str_t) { sizeof(b), (const char *) b });

    if (rc == CXM_OK) {
        cxm_linked_key(&key, to, slot);
        rc = cxm_row_put(txn, CXM_T_INDEX, &key, cxm_str(""));
    }

    return rc;
}


cxm_rc_t
cxm_person_unlink(cxm_txn_t *txn, uint64_t slot)
{
    uint64_t       to;
    cxm_rc_t       rc;
    cxm_row_key_t  key;

    rc = cxm_link_of(txn, slot, &to);

    if (rc == CXM_OK) {
        cxm_link_key(&key, slot);
        rc = cxm_row_del(txn, CXM_T_INDEX, &key);
    }

    if (rc == CXM_OK) {
        cxm_linked_key(&key, to, slot);
        rc = cxm_row_del(txn, CXM_T_INDEX, &key);
    }

    return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
}


/* --- names -------------------------------------------------------------- */

static cxm_rc_t
names_add(cxm_person_name_t **names, size_t *n, const cxm_raw_row_t *row,
    size_t at)
{
    const uint8_t      *p;
    cxm_person_name_t  *more;

    if (row->key.len != at + 1 + CXM_HASH_LEN) {
        return CXM_CORRUPT;
    }

    more = realloc(*names, (*n + 1) * sizeof(*more));

    if (more == NULL) {
        return CXM_INTERNAL;
    }

    p = (const uint8_t *) row->key.data + at;
    more[*n].person_class = p[0];
    memcpy(more[*n].hash, p + 1, CXM_HASH_LEN);
    *names = more;
    ++*n;

    return CXM_OK;
}


cxm_rc_t
cxm_person_names_of(cxm_txn_t *txn, uint64_t slot, cxm_person_name_t **names,
    size_t *n)
{
    cxm_rc_t        rc;
    cxm_cursor_t   *cursor;
    cxm_raw_row_t   row;
    cxm_row_key_t   key;

    *names = NULL;
    *n = 0;
    rc = cxm_cursor_open(txn, CXM_T_INDEX, &cursor);

    if (rc != CXM_OK) {
        return rc;
    }

    cxm_row_key(&key);
    cxm_row_key_u8(&key, CXM_NS_PERSON_NAME);
    cxm_row_key_u64(&key, slot);
    rc = cxm_cursor_seek(cursor, &key, &row);

    while (rc == CXM_OK && cxm_row_within(&row, &key, key.len)) {
        rc = names_add(names, n, &row, key.len);

        if (rc == CXM_OK) {
            rc = cxm_cursor_next(cursor, &row);
        }
    }

    cxm_cursor_close(cursor);

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}
