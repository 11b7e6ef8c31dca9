/*
 * Transactions, the row `state` and the memory of rooms.
 */

#include <errno.h>
#include <stdlib.h>

#include "cxm_counter.h"
#include "cxm_store_int.h"


#define CXM_TXN_IDLE_MAX   32       /* each holds a reader slot */
/* A row is a document at most, which is an entry as well. */
#define CXM_TXN_BUF_MAX    (CXM_ENTRY_MAX + 4096)

/*
 * Buffers that grew beyond this are not kept for the next transaction.
 */
#define CXM_TXN_BUF_KEEP   (64 * 1024)


cxm_txn_t *
cxm_txn_wrap(cxm_store_t *store, MDB_txn *mdb, int writable)
{
    cxm_txn_t  *txn;

    txn = calloc(1, sizeof(*txn));

    if (txn == NULL) {
        return NULL;
    }

    txn->store = store;
    txn->mdb = mdb;
    txn->writable = writable;

    cxm_buf_init(&txn->row, CXM_TXN_BUF_MAX);
    cxm_buf_init(&txn->text, CXM_TXN_BUF_MAX);
    cxm_buf_init(&txn->personal, CXM_TXN_BUF_MAX);
    cxm_buf_init(&txn->entry, CXM_TXN_BUF_MAX);

    return txn;
}


static void
cxm_txn_free_bufs(cxm_txn_t *txn)
{
    cxm_buf_free(&txn->row);
    cxm_buf_free(&txn->text);
    cxm_buf_free(&txn->personal);
    cxm_buf_free(&txn->entry);
}


/* Back to what calloc() gave, but for the store, mdb and the buffers. */
static void
cxm_txn_clear(cxm_txn_t *txn)
{
    int              i;
    cxm_txn_room_t  *room;

    for (i = 0; i < CXM_SLOT_N; i++) {
        room = &txn->rooms[i];

        if (room->data != NULL) {
            if (room->destroy != NULL) {
                room->destroy(room->data);
            }

            free(room->data);
            room->data = NULL;
        }
    }

    if (txn->row.size + txn->text.size + txn->personal.size + txn->entry.size
        > CXM_TXN_BUF_KEEP)
    {
        cxm_txn_free_bufs(txn);
    }

    txn->now = 0;
    txn->state_changed = 0;
    txn->person_next = 0;
    txn->touched = 0;
    txn->depth = 0;
    txn->failed = CXM_OK;
}


void
cxm_txn_unwrap(cxm_txn_t *txn)
{
    cxm_txn_clear(txn);
    cxm_txn_free_bufs(txn);
    free(txn);
}


void
cxm_state_encode(const cxm_state_t *state, uint8_t b[CXM_STATE_LEN])
{
    uint8_t  *p;

    p = cxm_put_u64(b, state->head);
    p = cxm_put_u64(p, state->oseq);
    p = cxm_put_u64(p, state->hlc);
    p = cxm_put_u64(p, state->persons);
    memcpy(p, state->link, CXM_MAC_LEN);
}


cxm_rc_t
cxm_state_decode(cxm_str_t value, cxm_state_t *state)
{
    const uint8_t  *p;

    if (value.len != CXM_STATE_LEN) {
        return CXM_CORRUPT;
    }

    p = (const uint8_t *) value.data;

    state->head = cxm_get_u64(p);
    state->oseq = cxm_get_u64(p + 8);
    state->hlc = cxm_get_u64(p + 16);
    state->persons = cxm_get_u64(p + 24);
    memcpy(state->link, p + 32, CXM_MAC_LEN);

    return CXM_OK;
}


static cxm_rc_t
cxm_state_read(cxm_txn_t *txn, cxm_error_t *err)
{
    cxm_rc_t        rc;
    cxm_str_t       value;
    cxm_row_key_t   key;

    cxm_row_key_name(&key, CXM_META_STATE);

    rc = cxm_row_get(txn, CXM_T_META, &key, &value);

    if (rc == CXM_NOT_FOUND
        || (rc == CXM_OK && cxm_state_decode(value, &txn->state) != CXM_OK))
    {
        rc = cxm_damage(CXM_T_META, cxm_row_key_str(&key), "no state");
    }

    if (rc != CXM_OK) {
        return cxm_fail(err, rc, NULL, "The state of the store is damaged.");
    }

    rc = cxm_format_read(txn, err);

    if (rc != CXM_OK) {
        return rc;
    }

    txn->person_next = txn->state.persons;
    atomic_store(&txn->store->persons, txn->state.persons);

    return CXM_OK;
}


cxm_rc_t
cxm_state_write(cxm_txn_t *txn)
{
    uint8_t        b[CXM_STATE_LEN];
    cxm_row_key_t  key;

    cxm_state_encode(&txn->state, b);
    cxm_row_key_name(&key, CXM_META_STATE);

    return cxm_row_put(txn, CXM_T_META, &key,
                       (cxm_str_t) { sizeof(b), (const char *) b });
}


static cxm_rc_t
cxm_txn_refused(cxm_store_t *store, int rc, cxm_error_t *err)
{
    cxm_rc_t  result;

    result = cxm_fault(store, rc);

    /* EINVAL: the lock file was being taken down by another process */

    if (rc == EINVAL || rc == EBUSY) {
        result = CXM_UNAVAILABLE;
    }

    (void) cxm_fail(err, result, NULL, "Cannot begin a transaction: %s.",
                    mdb_strerror(rc));

    if (err != NULL) {
        err->retry_after = 1;
    }

    return result;
}


static cxm_txn_t *
cxm_txn_idle(cxm_store_t *store)
{
    cxm_txn_t  *txn;

    (void) pthread_mutex_lock(&store->lock);

    txn = store->idle;

    if (txn != NULL) {
        store->idle = txn->next;
        store->nidle--;
        txn->next = NULL;
    }

    (void) pthread_mutex_unlock(&store->lock);

    return txn;
}


static int
cxm_txn_begin_read(cxm_txn_t *txn)
{
    if (txn->mdb != NULL) {
        return mdb_txn_renew(txn->mdb);
    }

    return mdb_txn_begin(txn->store->env, NULL, MDB_RDONLY, &txn->mdb);
}


cxm_rc_t
cxm_txn_read(cxm_store_t *store, cxm_txn_t **out, cxm_error_t *err)
{
    int         rc;
    cxm_rc_t    result;
    cxm_txn_t  *txn;

    txn = cxm_txn_idle(store);

    if (txn == NULL) {
        txn = cxm_txn_wrap(store, NULL, 0);

        if (txn == NULL) {
            return cxm_fail(err, CXM_INTERNAL, NULL, "No memory.");
        }
    }

    rc = cxm_txn_begin_read(txn);

    if (rc == MDB_READERS_FULL && cxm_store_reap(store) > 0) {
        rc = cxm_txn_begin_read(txn);
    }

    if (rc != MDB_SUCCESS) {
        /* aborting a transaction that is reset gives its reader slot back */

        mdb_txn_abort(txn->mdb);
        cxm_txn_unwrap(txn);
        return cxm_txn_refused(store, rc, err);
    }

    result = cxm_state_read(txn, err);

    if (result != CXM_OK) {
        cxm_txn_end(txn);
        return result;
    }

    *out = txn;

    return CXM_OK;
}


void
cxm_txn_rest(cxm_txn_t *txn)
{
    mdb_txn_reset(txn->mdb);
}


cxm_rc_t
cxm_txn_renew(cxm_txn_t *txn, cxm_error_t *err)
{
    int  rc;

    cxm_txn_rest(txn);
    rc = mdb_txn_renew(txn->mdb);

    return rc == MDB_SUCCESS ? cxm_state_read(txn, err)
                             : cxm_txn_refused(txn->store, rc, err);
}


cxm_rc_t
cxm_txn_write(cxm_store_t *store, cxm_ms_t now, cxm_txn_t **out,
    cxm_error_t *err)
{
    int         rc;
    MDB_txn    *mdb;
    cxm_rc_t    result;
    cxm_txn_t  *txn;

    result = cxm_fault_latched(store, err);

    if (result == CXM_OK) {
        result = cxm_fault_room(store, err);
    }

    if (result != CXM_OK) {
        return result;
    }

    rc = mdb_txn_begin(store->env, NULL, 0, &mdb);

    if (rc != MDB_SUCCESS) {
        return cxm_txn_refused(store, rc, err);
    }

    txn = cxm_txn_wrap(store, mdb, 1);

    if (txn == NULL) {
        mdb_txn_abort(mdb);
        return cxm_fail(err, CXM_INTERNAL, NULL, "No memory.");
    }

    txn->now = now;

    /* the writer that we waited for may have latched the store */

    result = cxm_fault_latched(store, err);

    if (result == CXM_OK) {
        result = cxm_state_read(txn, err);
    }

    if (result != CXM_OK) {
        cxm_txn_end(txn);
        return result;
    }

    /*
     * Entries are dated no earlier than the last one; what is looked up by
     * time must not fall behind that when a clock is set back.
     */

    if (txn->now < (cxm_ms_t) (txn->state.hlc >> 16)) {
        txn->now = (cxm_ms_t) (txn->state.hlc >> 16);
    }

    *out = txn;

    return CXM_OK;
}


void
cxm_txn_end(cxm_txn_t *txn)
{
    int           keep;
    cxm_store_t  *store;

    if (txn == NULL) {
        return;
    }

    store = txn->store;
    cxm_txn_clear(txn);

    if (txn->writable) {
        mdb_txn_abort(txn->mdb);
        cxm_txn_unwrap(txn);
        return;
    }

    mdb_txn_reset(txn->mdb);

    (void) pthread_mutex_lock(&store->lock);

    keep = store->nidle < CXM_TXN_IDLE_MAX;

    if (keep) {
        txn->next = store->idle;
        store->idle = txn;
        store->nidle++;
    }

    (void) pthread_mutex_unlock(&store->lock);

    if (!keep) {
        mdb_txn_abort(txn->mdb);
        cxm_txn_unwrap(txn);
    }
}


/* What rooms gathered. */
static cxm_rc_t
cxm_txn_flush_rooms(cxm_txn_t *txn)
{
    size_t           i;
    cxm_rc_t         rc;
    cxm_txn_room_t  *room;

    rc = CXM_OK;

    for (i = 0; i < CXM_SLOT_N && rc == CXM_OK; i++) {
        room = &txn->rooms[i];

        if (room->data != NULL && room->flush != NULL) {
            rc = room->flush(txn, room->data);
        }
    }

    return rc;
}


/* Everything that is still to be written. */
static cxm_rc_t
cxm_txn_flush(cxm_txn_t *txn, cxm_error_t *err)
{
    cxm_rc_t           rc;
    const cxm_flow_t  *flow;

    flow = txn->store->flow;

    if (txn->failed != CXM_OK) {
        return cxm_fail(err, txn->failed, NULL,
                        "An earlier step of the transaction failed.");
    }

    if (flow != NULL && flow->flush != NULL) {
        rc = flow->flush(txn, err);

        if (rc != CXM_OK) {
            return rc;
        }
    }

    rc = cxm_txn_flush_rooms(txn);

    if (rc == CXM_OK) {
        rc = cxm_counter_flush(txn);
    }

    if (rc == CXM_OK && txn->state_changed) {
        rc = cxm_state_write(txn);
    }

    if (rc == CXM_OK) {
        rc = txn->failed;
    }

    return rc == CXM_OK
           ? CXM_OK
           : cxm_fail(err, rc, NULL, "The transaction cannot be completed.");
}


cxm_rc_t
cxm_txn_commit(cxm_txn_t *txn, cxm_error_t *err)
{
    int           rc;
    cxm_rc_t      result;
    uint64_t      persons, head;
    cxm_store_t  *store;

    /* nothing to write: an abort, which syncs nothing, is the same */

    if (!txn->writable || !cxm_txn_dirty(txn)) {
        cxm_txn_end(txn);
        return CXM_OK;
    }

    result = cxm_txn_flush(txn, err);

    if (result != CXM_OK) {
        cxm_txn_end(txn);
        return result;
    }

    store = txn->store;
    persons = txn->state.persons;
    head = txn->state.head;

    cxm_env_grow(store);
    rc = mdb_txn_commit(txn->mdb);

    txn->mdb = NULL;
    cxm_txn_unwrap(txn);

    if (rc == MDB_SUCCESS) {
        atomic_store(&store->persons, persons);
        atomic_store(&store->committed, head);
    }

    return cxm_fault_commit(store, rc, err);
}


cxm_store_t *
cxm_txn_store(const cxm_txn_t *txn)
{
    return txn->store;
}


int
cxm_txn_writable(const cxm_txn_t *txn)
{
    return txn->writable;
}


cxm_ms_t
cxm_txn_now(const cxm_txn_t *txn)
{
    return txn->now;
}


uint64_t
cxm_txn_head(const cxm_txn_t *txn)
{
    return txn->state.head;
}


uint64_t
cxm_txn_persons(const cxm_txn_t *txn)
{
    return txn->state.persons;
}


int
cxm_txn_dirty(const cxm_txn_t *txn)
{
    return txn->touched != 0;
}


void
cxm_txn_touch(cxm_txn_t *txn)
{
    txn->touched++;
}


cxm_rc_t
cxm_txn_break(cxm_txn_t *txn, cxm_rc_t rc)
{
    if (rc != CXM_OK && txn->failed == CXM_OK) {
        txn->failed = rc;
    }

    return rc;
}


cxm_rc_t
cxm_txn_fault(cxm_txn_t *txn, int rc)
{
    /* LMDB only repeats that something failed before */

    if (rc == MDB_BAD_TXN && txn->failed != CXM_OK) {
        return txn->failed;
    }

    return cxm_fault(txn->store, rc);
}


void *
cxm_txn_slot(cxm_txn_t *txn, cxm_slot_t slot, size_t size,
    void (*destroy)(void *data))
{
    cxm_txn_room_t  *room;

    room = &txn->rooms[slot];

    if (room->data == NULL) {
        room->data = calloc(1, size);
        room->destroy = destroy;
    }

    return room->data;
}


void
cxm_txn_gather(cxm_txn_t *txn, cxm_slot_t slot,
    cxm_rc_t (*flush)(cxm_txn_t *txn, void *data))
{
    txn->rooms[slot].flush = flush;
    cxm_txn_touch(txn);
}
