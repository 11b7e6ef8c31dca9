/*
 * The journal: append, read, replay.
 */

#include "cxm_log.h"
#include "cxm_store_int.h"


/*
 * Reactions make entries that may be reacted to; deeper than this it is a
 * circle.
 */
#define CXM_JOURNAL_DEPTH  16


void
cxm_journal_root(const cxm_store_t *store, uint8_t link[CXM_MAC_LEN])
{
    memcpy(link, store->uuid.b, CXM_MAC_LEN);
}


void
cxm_entry_clear(cxm_entry_t *entry)
{
    json_decref(entry->body);
    json_decref(entry->personal);
    entry->body = NULL;
    entry->personal = NULL;
}


static const cxm_kind_t *
cxm_journal_kind(const cxm_txn_t *txn, unsigned no)
{
    const cxm_flow_t  *flow;

    flow = txn->store->flow;

    return flow != NULL && no < CXM_KIND_N ? flow->kinds[no] : NULL;
}


/* Puts a whole value at the end of the journal and moves the head. */
static cxm_rc_t
cxm_journal_store(cxm_txn_t *txn, const cxm_entry_t *entry, cxm_str_t value,
    const uint8_t link[CXM_MAC_LEN], cxm_error_t *err)
{
    int           rc;
    uint8_t       key[8];
    MDB_val       k, v;
    cxm_rc_t      result;
    cxm_state_t  *state;

    cxm_put_u64(key, entry->seq);
    k = (MDB_val) { sizeof(key), key };
    v = cxm_env_val(value);

    cxm_txn_touch(txn);
    rc = mdb_put(txn->mdb, txn->store->dbi[CXM_T_JOURNAL], &k, &v,
                 MDB_APPEND);

    if (rc != MDB_SUCCESS) {
        result = cxm_txn_break(txn, cxm_txn_fault(txn, rc));
        return cxm_fail(err, result, NULL, "Cannot append to the journal.");
    }

    state = &txn->state;
    txn->state_changed = 1;

    state->head = entry->seq;
    memcpy(state->link, link, CXM_MAC_LEN);

    if (entry->hlc > state->hlc) {
        state->hlc = entry->hlc;
    }

    if (entry->node == txn->store->node && entry->epoch == txn->store->epoch) {
        state->oseq = entry->oseq;
    }

    return CXM_OK;
}


/* raw: what of the entry lies in the table now. */
static cxm_rc_t
cxm_journal_apply(cxm_txn_t *txn, const cxm_kind_t *kind, cxm_entry_t *entry,
    const cxm_entry_raw_t *raw, cxm_error_t *err)
{
    cxm_rc_t  rc;

    entry->header = (cxm_str_t) { raw->header_len, raw->raw.data };
    entry->sealed = raw->personal;

    /* a slot must not be given to two persons, whatever a room forgets */

    rc = entry->subject == 0
         ? CXM_OK
         : cxm_person_apply(txn, entry->subject, 0, NULL);

    if (rc == CXM_OK) {
        rc = kind->apply(txn, entry);
    }

    memset(&entry->header, 0, sizeof(entry->header));
    memset(&entry->sealed, 0, sizeof(entry->sealed));

    if (rc != CXM_OK) {
        (void) cxm_txn_break(txn, rc);
        return cxm_fail(err, rc, NULL, "Cannot apply a change of kind \"%s\".",
                        kind->name);
    }

    return CXM_OK;
}


static cxm_rc_t
cxm_journal_react(cxm_txn_t *txn, const cxm_entry_t *entry, cxm_error_t *err)
{
    cxm_rc_t           rc;
    const cxm_flow_t  *flow;

    flow = txn->store->flow;

    if (flow->react == NULL) {
        return CXM_OK;
    }

    if (txn->depth == CXM_JOURNAL_DEPTH) {
        cxm_log(CXM_LOG_ALERT, "reactions to kind %u go round in a circle",
                entry->kind);
        return cxm_txn_break(txn, cxm_fail(err, CXM_INTERNAL, NULL,
                                           "Too many reactions."));
    }

    txn->depth++;
    rc = flow->react(txn, entry, err);
    txn->depth--;

    return cxm_txn_break(txn, rc);
}


/* The place of a new entry behind the last one. */
static void
cxm_journal_place(cxm_txn_t *txn, const cxm_kind_t *kind, cxm_entry_t *entry)
{
    uint64_t      now;
    cxm_state_t  *state;

    state = &txn->state;
    now = (uint64_t) txn->now << 16;

    entry->seq = state->head + 1;
    entry->node = txn->store->node;
    entry->epoch = txn->store->epoch;
    entry->oseq = state->oseq + 1;
    entry->hlc = now > state->hlc ? now : state->hlc + 1;
    entry->version = kind->version;
    entry->erased = 0;
}


cxm_rc_t
cxm_journal_append(cxm_txn_t *txn, cxm_entry_t *entry, cxm_error_t *err)
{
    uint8_t            link[CXM_MAC_LEN];
    cxm_rc_t           rc;
    cxm_entry_raw_t    raw;
    const cxm_kind_t  *kind;

    kind = cxm_journal_kind(txn, entry->kind);

    if (kind == NULL || !txn->writable) {
        return cxm_fail(err, CXM_INTERNAL, NULL,
                        "Cannot append an entry of kind %u.", entry->kind);
    }

    cxm_journal_place(txn, kind, entry);

    rc = cxm_entry_encode(txn, entry, err);

    if (rc != CXM_OK) {
        return rc;
    }

    cxm_entry_link(txn->store, entry->seq, txn->state.link,
                   cxm_buf_str(&txn->entry), link);
    cxm_buf_put(&txn->entry, link, sizeof(link));

    if (txn->entry.failed) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "No memory.");
    }

    rc = cxm_entry_parse(entry->seq, cxm_buf_str(&txn->entry), &raw, err);

    if (rc == CXM_OK) {
        rc = cxm_journal_store(txn, entry, raw.raw, link, err);
    }

    if (rc == CXM_OK) {
        rc = cxm_journal_apply(txn, kind, entry, &raw, err);
    }

    return rc == CXM_OK ? cxm_journal_react(txn, entry, err) : rc;
}


cxm_rc_t
cxm_journal_add(cxm_txn_t *txn, cxm_kind_no_t kind, uint64_t actor,
    json_t *body, cxm_error_t *err)
{
    cxm_rc_t     rc;
    cxm_entry_t  entry;

    if (body == NULL) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    memset(&entry, 0, sizeof(entry));
    entry.kind = kind;
    entry.action = CXM_ACTION_ADD;
    entry.actor = actor;
    entry.body = body;

    rc = cxm_journal_append(txn, &entry, err);
    json_decref(body);

    return rc;
}


cxm_rc_t
cxm_journal_read_packed(cxm_txn_t *txn, uint64_t seq, int personal,
    cxm_entry_packed_t *out, cxm_error_t *err)
{
    uint8_t          key[8];
    cxm_rc_t         rc;
    cxm_str_t        raw;
    cxm_entry_raw_t  parsed;

    cxm_put_u64(key, seq);

    rc = cxm_row_raw(txn, CXM_T_JOURNAL,
                     (cxm_str_t) { sizeof(key), (const char *) key }, &raw);

    if (rc != CXM_OK) {
        return cxm_fail(err, rc, NULL, "There is no journal entry %llu.",
                        (unsigned long long) seq);
    }

    rc = cxm_entry_parse(seq, raw, &parsed, err);

    return rc == CXM_OK
           ? cxm_entry_open(txn, &parsed, personal, out, err)
           : rc;
}


cxm_rc_t
cxm_journal_read(cxm_txn_t *txn, uint64_t seq, int personal,
    cxm_entry_t *out, cxm_error_t *err)
{
    cxm_rc_t            rc;
    cxm_entry_packed_t  packed;

    memset(out, 0, sizeof(*out));

    rc = cxm_journal_read_packed(txn, seq, personal, &packed, err);

    return rc == CXM_OK ? cxm_entry_unpack(&packed, out, err) : rc;
}


cxm_rc_t
cxm_journal_open(cxm_txn_t *txn, const cxm_entry_raw_t *parsed, int personal,
    cxm_entry_t *out, cxm_error_t *err)
{
    cxm_rc_t            rc;
    cxm_entry_packed_t  packed;

    rc = cxm_entry_open(txn, parsed, personal, &packed, err);

    return rc == CXM_OK ? cxm_entry_unpack(&packed, out, err) : rc;
}


/* As the apply of its kind wants it. */
static cxm_rc_t
cxm_journal_open_for(cxm_txn_t *txn, const cxm_kind_t *kind,
    const cxm_entry_raw_t *parsed, cxm_entry_t *out, cxm_error_t *err)
{
    cxm_rc_t            rc;
    cxm_entry_packed_t  packed;

    if (!kind->packed) {
        return cxm_journal_open(txn, parsed, 1, out, err);
    }

    rc = cxm_entry_open(txn, parsed, 0, &packed, err);
    *out = packed.entry;
    out->packed = packed.body;

    return rc;
}


cxm_rc_t
cxm_journal_replay(cxm_txn_t *txn, uint64_t seq, cxm_str_t raw,
    cxm_error_t *err)
{
    cxm_rc_t            rc;
    cxm_entry_t         entry;
    cxm_entry_raw_t     parsed;
    const cxm_kind_t   *kind;

    if (!txn->writable || seq != txn->state.head + 1) {
        return cxm_fail(err, CXM_INTERNAL, NULL,
                        "Journal entry %llu does not follow %llu.",
                        (unsigned long long) seq,
                        (unsigned long long) txn->state.head);
    }

    rc = cxm_entry_follow(txn->store, seq, raw, txn->state.link, &parsed, err);

    if (rc != CXM_OK) {
        return rc;
    }

    kind = cxm_journal_kind(txn, parsed.entry.kind);

    if (kind == NULL) {
        return cxm_fail(err, CXM_FORMAT, NULL, "Kind %u is unknown.",
                        parsed.entry.kind);
    }

    rc = cxm_journal_open_for(txn, kind, &parsed, &entry, err);

    if (rc != CXM_OK) {
        return rc;
    }

    rc = cxm_journal_store(txn, &entry, raw,
                           (const uint8_t *) parsed.link.data, err);

    if (rc == CXM_OK) {
        rc = cxm_journal_apply(txn, kind, &entry, &parsed, err);
    }

    cxm_entry_clear(&entry);

    return rc;
}
