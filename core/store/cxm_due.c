/*
 * Work that time triggers.
 */

#include "cxm_due.h"
#include "cxm_row.h"


#define CXM_DUE_KEY    (8 + 1 + 8)
#define CXM_DUE_FRONT  64

typedef struct {
    cxm_ms_t  at;
    uint8_t   due_class;
    uint64_t  ref;
} cxm_due_t;


static void
due_key(cxm_row_key_t *key, const cxm_due_t *due)
{
    cxm_row_key(key);
    cxm_row_key_u64(key, (uint64_t) due->at);
    cxm_row_key_u8(key, due->due_class);
    cxm_row_key_u64(key, due->ref);
}


cxm_rc_t
cxm_due_put(cxm_txn_t *txn, cxm_ms_t at, uint8_t due_class, uint64_t ref)
{
    cxm_due_t      due = { at, due_class, ref };
    cxm_row_key_t  key;

    if (at < 0) {
        return CXM_INTERNAL;
    }

    due_key(&key, &due);

    return cxm_row_put(txn, CXM_T_DUE, &key, cxm_str(""));
}


cxm_rc_t
cxm_due_del(cxm_txn_t *txn, cxm_ms_t at, uint8_t due_class, uint64_t ref)
{
    cxm_due_t      due = { at, due_class, ref };
    cxm_row_key_t  key;

    due_key(&key, &due);

    return cxm_row_del(txn, CXM_T_DUE, &key);
}


cxm_rc_t
cxm_due_move(cxm_txn_t *txn, cxm_ms_t old, cxm_ms_t now, uint8_t due_class,
    uint64_t ref)
{
    cxm_rc_t  rc;

    rc = CXM_OK;

    if (old == now) {
        return rc;
    }

    if (old != 0) {
        rc = cxm_due_del(txn, old, due_class, ref);
        rc = rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
    }

    return rc == CXM_OK && now != 0 ? cxm_due_put(txn, now, due_class, ref)
                                    : rc;
}


static cxm_rc_t
due_decode(cxm_txn_t *txn, const cxm_raw_row_t *row, cxm_due_t *due)
{
    cxm_str_t       payload;
    const uint8_t  *p;

    if (row->key.len != CXM_DUE_KEY) {
        return CXM_CORRUPT;
    }

    p = (const uint8_t *) row->key.data;
    due->at = (cxm_ms_t) cxm_get_u64(p);
    due->due_class = p[8];
    due->ref = cxm_get_u64(p + 9);

    return cxm_row_check(txn, CXM_T_DUE, row, &payload);
}


/* Up to max rows from the first one on; *n is how many there are. */
static cxm_rc_t
due_list(cxm_txn_t *txn, cxm_due_t *due, size_t max, size_t *n)
{
    cxm_rc_t        rc;
    cxm_cursor_t   *cursor;
    cxm_row_key_t   key;
    cxm_raw_row_t   row;

    *n = 0;
    rc = cxm_cursor_open(txn, CXM_T_DUE, &cursor);

    if (rc != CXM_OK) {
        return rc;
    }

    cxm_row_key(&key);
    cxm_row_key_u8(&key, 0);

    for (rc = cxm_cursor_seek(cursor, &key, &row);
         rc == CXM_OK && *n < max;
         rc = cxm_cursor_next(cursor, &row))
    {
        rc = due_decode(txn, &row, &due[*n]);

        if (rc != CXM_OK) {
            break;
        }

        ++*n;
    }

    cxm_cursor_close(cursor);

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


/* The row that is due first; CXM_NOT_FOUND when there is none at all. */
static cxm_rc_t
due_first(cxm_txn_t *txn, cxm_due_t *due)
{
    size_t    n;
    cxm_rc_t  rc;

    rc = due_list(txn, due, 1, &n);

    return rc == CXM_OK && n == 0 ? CXM_NOT_FOUND : rc;
}


cxm_rc_t
cxm_due_front(cxm_txn_t *txn, uint8_t due_class, cxm_ms_t now, uint64_t *refs,
    size_t max, size_t *n)
{
    size_t     i, rows;
    cxm_rc_t   rc;
    cxm_due_t  due[CXM_DUE_FRONT];

    rc = due_list(txn, due, max < CXM_DUE_FRONT ? max : CXM_DUE_FRONT, &rows);

    for (i = 0; i < rows && due[i].due_class == due_class && due[i].at <= now;
         i++)
    {
        refs[i] = due[i].ref;
    }

    *n = i;

    return rc;
}


cxm_rc_t
cxm_due_next(cxm_txn_t *txn, cxm_ms_t *at)
{
    cxm_rc_t   rc;
    cxm_due_t  due;

    rc = due_first(txn, &due);

    if (rc == CXM_OK) {
        *at = due.at;
    }

    return rc;
}


int
cxm_due_pending(cxm_txn_t *txn, cxm_ms_t now)
{
    cxm_ms_t  at;

    return cxm_due_next(txn, &at) == CXM_OK && at <= now;
}


static const cxm_due_class_t *
due_class_find(cxm_txn_t *txn, uint8_t no)
{
    const cxm_flow_t              *flow;
    const cxm_due_class_t *const  *list;

    flow = cxm_store_flow(cxm_txn_store(txn));

    if (flow == NULL || flow->due == NULL) {
        return NULL;
    }

    for (list = flow->due; *list != NULL; list++) {
        if ((*list)->no == no) {
            return *list;
        }
    }

    return NULL;
}


static cxm_rc_t
due_run_one(cxm_txn_t *txn, const cxm_due_t *due, cxm_error_t *err)
{
    cxm_rc_t                rc;
    cxm_str_t               payload;
    cxm_row_key_t           key;
    const cxm_due_class_t  *class;

    class = due_class_find(txn, due->due_class);

    if (class == NULL) {
        return cxm_fail(err, CXM_FORMAT, "unknown_due",
                        "work of the unknown class %u is due",
                        (unsigned) due->due_class);
    }

    rc = class->run(txn, due->at, due->ref, err);
    if (rc != CXM_OK) {
        return rc;
    }

    due_key(&key, due);
    rc = cxm_row_get(txn, CXM_T_DUE, &key, &payload);

    if (rc == CXM_OK) {
        return cxm_fail(err, CXM_INTERNAL, "internal",
                        "%s of %llu left its due row", class->name,
                        (unsigned long long) due->ref);
    }

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


cxm_rc_t
cxm_due_run(cxm_txn_t *txn, cxm_ms_t now, unsigned max, unsigned *ran,
    cxm_error_t *err)
{
    cxm_rc_t   rc;
    cxm_due_t  due;

    for (*ran = 0; *ran < max; (*ran)++) {
        rc = due_first(txn, &due);

        if (rc == CXM_NOT_FOUND || (rc == CXM_OK && due.at > now)) {
            return CXM_OK;
        }

        if (rc != CXM_OK) {
            return cxm_fail(err, rc, cxm_rc_name(rc),
                            "the first due row cannot be read");
        }

        rc = due_run_one(txn, &due, err);
        if (rc != CXM_OK) {
            return rc;
        }
    }

    return CXM_OK;
}
