/*
 * Erasure of a person.
 */

#include "cxm_due.h"
#include "cxm_erasure.h"
#include "cxm_journal_reader.h"
#include "cxm_json.h"


/* Number of the class of due rows; part of the format. */
#define CXM_DUE_ERASURE    4

/*
 * Later than the transaction that begins an erasure: its own upkeep must not
 * find the row, and the caller's second half comes first.
 */
#define CXM_ERASURE_AGAIN  CXM_MS_SECOND


static int
is_erased(const json_t *body)
{
    return cxm_str_eqz(cxm_json_get_str(body, "state"), "erased");
}


/* --- apply -------------------------------------------------------------- */

static cxm_rc_t
apply_begun(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    size_t      i;
    json_int_t  slot;
    cxm_rc_t    rc;
    json_t     *slots;

    slots = json_object_get(entry->body, "slots");
    rc = json_array_size(slots) > 0 ? CXM_OK : CXM_CORRUPT;

    for (i = 0; i < json_array_size(slots) && rc == CXM_OK; i++) {
        slot = json_integer_value(json_array_get(slots, i));

        rc = slot > 0 ? cxm_person_forget(txn, (uint64_t) slot, entry->seq)
                      : CXM_CORRUPT;
    }

    return rc == CXM_OK
           ? cxm_due_put(txn, cxm_entry_time(entry) + CXM_ERASURE_AGAIN,
                         CXM_DUE_ERASURE, entry->seq)
           : rc;
}


static cxm_rc_t
apply_erased(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    rc = cxm_doc_by_id(txn, CXM_KIND_ERASURE, &entry->id, &doc, NULL);

    if (rc == CXM_OK) {
        rc = cxm_due_del(txn, doc.created_at + CXM_ERASURE_AGAIN,
                         CXM_DUE_ERASURE, doc.no);
    }

    cxm_doc_clear(&doc);

    return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
}


static cxm_rc_t
erasure_apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    cxm_rc_t  rc;

    if (entry->action != CXM_ACTION_PUT
        || is_erased(entry->body) != (entry->replaces != 0))
    {
        return CXM_CORRUPT;
    }

    rc = cxm_doc_apply(txn, entry);

    if (rc != CXM_OK) {
        return rc;
    }

    return entry->replaces == 0 ? apply_begun(txn, entry)
                                : apply_erased(txn, entry);
}


const cxm_kind_t  cxm_kind_erasure = {
    .no = CXM_KIND_ERASURE,
    .version = 1,
    .name = "erasure",
    .apply = erasure_apply
};


/* --- first half --------------------------------------------------------- */

static int
has_slot(const json_t *slots, uint64_t slot)
{
    size_t  i;

    for (i = 0; i < json_array_size(slots); i++) {
        if ((uint64_t) json_integer_value(json_array_get(slots, i)) == slot) {
            return 1;
        }
    }

    return 0;
}


/* All slots of the person: one without the others would still be known. */
static cxm_rc_t
add_person(cxm_txn_t *txn, uint64_t slot, json_t *slots, cxm_error_t *err)
{
    cxm_rc_t             rc;
    unsigned             i;
    cxm_person_slots_t   all;

    rc = cxm_person_main(txn, slot, &slot);

    if (rc == CXM_OK) {
        rc = cxm_person_slots(txn, slot, &all);
    }

    if (rc != CXM_OK) {
        return cxm_fail(err, rc, NULL, "A person cannot be looked up.");
    }

    for (i = 0; i < all.n; i++) {

        if (has_slot(slots, all.slot[i])
            || cxm_person_gone(txn, all.slot[i], NULL) == CXM_OK)
        {
            continue;
        }

        if (json_array_append_new(slots, json_integer((json_int_t)
                                                      all.slot[i])) != 0)
        {
            return cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.");
        }
    }

    return CXM_OK;
}


/* The one known by the name and the one said to have it. */
static cxm_rc_t
find_named(cxm_txn_t *txn, const cxm_erasure_of_t *of, json_t *slots,
    cxm_error_t *err)
{
    size_t    i;
    uint8_t   hash[CXM_HASH_LEN];
    uint64_t  slot;
    cxm_rc_t  rc;
    unsigned  classes[2];

    classes[0] = of->person_class;
    classes[1] = of->person_class | CXM_PERSON_CLAIMED;

    for (i = 0; i < 2; i++) {
        cxm_person_hash(cxm_txn_store(txn), classes[i], of->name, hash);
        rc = cxm_person_find(txn, classes[i], hash, &slot);

        if (rc == CXM_OK) {
            rc = add_person(txn, slot, slots, err);
        }

        if (rc != CXM_OK && rc != CXM_NOT_FOUND) {
            return cxm_fail(err, rc, NULL, "A person cannot be looked up.");
        }
    }

    return json_array_size(slots) > 0
           ? CXM_OK
           : cxm_fail(err, CXM_NOT_FOUND, NULL,
                      "Nobody is known by this name.");
}


/* A number that was given: all below the next one were. */
static cxm_rc_t
find_slot(cxm_txn_t *txn, uint64_t slot, json_t *slots, cxm_doc_t *out,
    cxm_error_t *err)
{
    cxm_rc_t    rc;
    cxm_gone_t  gone;

    if (slot == 0 || slot >= cxm_txn_persons(txn)) {
        return cxm_fail(err, CXM_NOT_FOUND, NULL,
                        "There is no person of this number.");
    }

    rc = cxm_person_gone(txn, slot, &gone);

    if (rc == CXM_NOT_FOUND) {
        return add_person(txn, slot, slots, err);
    }

    if (rc == CXM_OK) {
        rc = cxm_doc_get(txn, CXM_KIND_ERASURE, gone.erasure, out, err);
    }

    return rc == CXM_OK ? CXM_OK
           : cxm_fail(err, CXM_CORRUPT, NULL, "An erasure is not kept.");
}


static cxm_rc_t
write_begun(cxm_txn_t *txn, uint64_t actor, const char *by, json_t *slots,
    cxm_doc_t *out, cxm_error_t *err)
{
    int              created;
    size_t           i;
    cxm_rc_t         rc;
    cxm_doc_write_t  write;

    memset(&write, 0, sizeof(write));
    write.kind = CXM_KIND_ERASURE;
    write.if_match = CXM_VERSION_ANY;
    write.actor = actor;
    write.body = json_pack("{ss ss sO}", "state", "begun", "by", by,
                           "slots", slots);

    if (write.body == NULL) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    rc = CXM_OK;

    for (i = 0; i < json_array_size(slots) && rc == CXM_OK; i++) {
        rc = cxm_readers_forget(txn, (uint64_t) json_integer_value(
                                         json_array_get(slots, i)), err);
    }

    if (rc == CXM_OK) {
        rc = cxm_doc_put(txn, &write, out, &created, err);
    }

    json_decref(write.body);

    return rc;
}


cxm_rc_t
cxm_erasure_begin(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_erasure_of_t *of, cxm_doc_t *out, int *begun, cxm_error_t *err)
{
    json_t      *slots;
    cxm_rc_t     rc;
    const char  *by;

    memset(out, 0, sizeof(*out));
    *begun = 0;

    slots = json_array();

    if (slots == NULL) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    if (of->person_class != 0) {
        by = cxm_person_names[of->person_class];
        rc = find_named(txn, of, slots, err);

    } else {
        by = "slot";
        rc = find_slot(txn, of->slot, slots, out, err);
    }

    if (rc == CXM_OK && json_array_size(slots) > 0) {
        *begun = 1;
        rc = write_begun(txn, caller->principal.actor, by, slots, out, err);
    }

    json_decref(slots);

    return rc;
}


static cxm_rc_t
find_missing(cxm_txn_t *txn, const json_t *list, json_t *slots,
    cxm_error_t *err)
{
    size_t    i;
    uint64_t  slot;
    cxm_rc_t  rc;

    for (i = 0; i < json_array_size(list); i++) {
        slot = (uint64_t) json_integer_value(json_array_get(list, i));
        rc = cxm_person_gone(txn, slot, NULL);

        if (rc == CXM_NOT_FOUND) {
            rc = add_person(txn, slot, slots, err);

        } else if (rc != CXM_OK) {
            (void) cxm_fail(err, rc, NULL, "A person cannot be looked up.");
        }

        if (rc != CXM_OK) {
            return rc;
        }
    }

    return CXM_OK;
}


cxm_rc_t
cxm_erasure_begin_list(cxm_txn_t *txn, const json_t *list, cxm_doc_t *out,
    int *begun, cxm_error_t *err)
{
    json_t    *slots;
    cxm_rc_t   rc;

    memset(out, 0, sizeof(*out));

    slots = json_array();
    rc = find_missing(txn, list, slots, err);
    *begun = rc == CXM_OK && json_array_size(slots) > 0;

    if (*begun) {
        rc = write_begun(txn, 0, "list", slots, out, err);
    }

    json_decref(slots);

    return rc;
}


/* --- second half -------------------------------------------------------- */

/* A key that is not there any more needs no overwriting. */
static cxm_rc_t
overwrite(cxm_txn_t *txn, const json_t *slots, cxm_error_t *err)
{
    size_t    i;
    uint64_t  slot;
    cxm_rc_t  rc;

    for (i = 0; i < json_array_size(slots); i++) {
        slot = (uint64_t) json_integer_value(json_array_get(slots, i));
        rc = cxm_person_erase(cxm_txn_store(txn), slot, err);

        if (rc != CXM_OK && rc != CXM_NOT_FOUND) {
            return rc;
        }
    }

    return CXM_OK;
}


/* Records that stay, added up over the slots: {"response": n}. */
static cxm_rc_t
kept_json(cxm_txn_t *txn, const json_t *slots, json_t *out)
{
    size_t             i;
    uint64_t           total[CXM_KIND_N] = { 0 };
    unsigned           kind;
    cxm_rc_t           rc;
    cxm_gone_t         gone;
    const cxm_flow_t  *flow;

    for (i = 0; i < json_array_size(slots); i++) {
        rc = cxm_person_gone(txn, (uint64_t) json_integer_value(
                                      json_array_get(slots, i)), &gone);
        if (rc != CXM_OK) {
            return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
        }

        for (kind = 0; kind < CXM_KIND_N; kind++) {
            total[kind] += gone.kept[kind];
        }
    }

    flow = cxm_store_flow(cxm_txn_store(txn));

    for (kind = 0; kind < CXM_KIND_N; kind++) {
        if (total[kind] > 0
            && cxm_json_set_int(out, flow->kinds[kind]->name,
                                (int64_t) total[kind]) != 0)
        {
            return CXM_INTERNAL;
        }
    }

    return CXM_OK;
}


static cxm_rc_t
write_erased(cxm_txn_t *txn, cxm_doc_t *doc, cxm_error_t *err)
{
    int              created;
    json_t          *kept;
    cxm_rc_t         rc;
    cxm_doc_write_t  write;

    memset(&write, 0, sizeof(write));
    write.kind = CXM_KIND_ERASURE;
    write.id = doc->id;
    write.if_match = doc->version;

    kept = json_object();
    rc = kept_json(txn, json_object_get(doc->body, "slots"), kept);

    if (rc == CXM_OK) {
        write.body = json_pack("{ss sO sO sO}", "state", "erased",
                               "by", json_object_get(doc->body, "by"),
                               "slots", json_object_get(doc->body, "slots"),
                               "kept", kept);
        rc = write.body == NULL ? CXM_INTERNAL : CXM_OK;
    }

    json_decref(kept);

    if (rc != CXM_OK) {
        return cxm_fail(err, rc, NULL, "The receipt cannot be written.");
    }

    cxm_doc_clear(doc);
    rc = cxm_doc_put(txn, &write, doc, &created, err);
    json_decref(write.body);

    return rc;
}


cxm_rc_t
cxm_erasure_finish(cxm_txn_t *txn, uint64_t no, cxm_doc_t *out,
    cxm_error_t *err)
{
    cxm_rc_t  rc;

    rc = cxm_doc_get(txn, CXM_KIND_ERASURE, no, out, err);

    if (rc == CXM_NOT_FOUND) {
        return cxm_fail(err, CXM_NOT_FOUND, NULL, "There is no erasure %llu.",
                        (unsigned long long) no);
    }

    if (rc != CXM_OK || is_erased(out->body)) {
        return rc;
    }

    rc = overwrite(txn, json_object_get(out->body, "slots"), err);

    if (rc == CXM_OK) {
        rc = write_erased(txn, out, err);
    }

    if (rc != CXM_OK) {
        cxm_doc_clear(out);
    }

    return rc;
}


static cxm_rc_t
erasure_due(cxm_txn_t *txn, cxm_ms_t at, uint64_t ref, cxm_error_t *err)
{
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    (void) at;

    rc = cxm_erasure_finish(txn, ref, &doc, err);

    if (rc == CXM_OK) {
        cxm_doc_clear(&doc);
    }

    return rc;
}


const cxm_due_class_t  cxm_due_erasure = {
    .no = CXM_DUE_ERASURE,
    .name = "erasure",
    .run = erasure_due
};


/* --- receipt ------------------------------------------------------------ */

json_t *
cxm_erasure_json(const cxm_doc_t *doc)
{
    int      bad;
    json_t  *out, *entries;

    out = cxm_doc_json(doc);
    entries = json_pack("[I]", (json_int_t) doc->no);

    if (doc->seq != doc->no) {
        bad = json_array_append_new(entries,
                                    json_integer((json_int_t) doc->seq));
    } else {
        bad = json_object_set_new(out, "kept", json_null());
    }

    bad |= json_object_set_new(out, "entries", entries);

    if (bad) {
        json_decref(out);
        return NULL;
    }

    return out;
}
