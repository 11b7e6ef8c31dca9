/*
 * Merging customers: undoing it.
 */

#include "cxm_customer_int.h"
#include "cxm_json.h"
#include "cxm_merge.h"


typedef struct {
    const cxm_unmerge_t  *undo;
    cxm_doc_t             merge, into, from;
    json_t               *was_into;     /* whole documents, as they are now */
    json_t               *was_from;
    json_t               *patch;        /* of `into` */
    json_t               *back;         /* of `from` */
    json_t               *kept;
    int                   failed;       /* memory was short */
} undoing_t;


static cxm_rc_t
no_memory(const undoing_t *undoing)
{
    return cxm_fail(undoing->undo->err, CXM_INTERNAL, NULL,
                    "Not enough memory.");
}


static int
same(const json_t *a, const json_t *b)
{
    a = json_is_null(a) ? NULL : a;
    b = json_is_null(b) ? NULL : b;

    return a == b || json_equal(a, b);
}


/* --- lists: item by item ------------------------------------------------ */

static int
in_list(const json_t *list, const json_t *item)
{
    size_t  i;

    for (i = 0; i < json_array_size(list); i++) {
        if (json_equal(json_array_get(list, i), item)) {
            return 1;
        }
    }

    return 0;
}


/* What the merge added is taken out; what came later stays. */
static json_t *
list_without_added(const json_t *now, const json_t *before,
    const json_t *result)
{
    size_t   i;
    json_t  *left, *item;

    left = json_array();

    for (i = 0; i < json_array_size(now); i++) {
        item = json_array_get(now, i);

        if (!in_list(result, item) || in_list(before, item)) {
            (void) json_array_append(left, item);
        }
    }

    return left;
}


/* The same identifier in another list, as it is there. */
static json_t *
identifier_in(const undoing_t *undoing, const json_t *list,
    const json_t *item)
{
    int      type;
    uint8_t  hash[CXM_HASH_LEN];

    type = cxm_identity_type(cxm_json_get_str(item, "type"));

    if (type < 0) {
        return NULL;
    }

    cxm_identity_hash(cxm_txn_store(undoing->undo->txn), type, item, hash);

    return (json_t *) cxm_identity_in(cxm_txn_store(undoing->undo->txn), list,
                                      type, hash);
}


/* What is left of a list; of none before an empty one is none again. */
static json_t *
left_or_none(const json_t *row, json_t *left)
{
    return json_array_size(left) == 0
           && json_is_null(json_object_get(row, "into"))
           ? json_null() : left;
}


/*
 * Identifiers that came with `from` go back to it, as they are by now; those
 * that were taken away since are nobody's.
 */
static void
undo_identifiers(undoing_t *undoing, const json_t *row)
{
    int      lost;
    size_t   i;
    json_t  *now, *own, *left, *back, *item;

    now = json_object_get(undoing->was_into, "identifiers");
    own = json_object_get(undoing->was_from, "identifiers");
    left = json_array();
    back = json_array();
    lost = 0;

    for (i = 0; i < json_array_size(own); i++) {
        item = identifier_in(undoing, now, json_array_get(own, i));
        lost |= item == NULL;

        if (item != NULL) {
            undoing->failed |= json_array_append(back, item);
        }
    }

    for (i = 0; i < json_array_size(now); i++) {
        item = json_array_get(now, i);

        if (identifier_in(undoing, own, item) == NULL) {
            undoing->failed |= json_array_append(left, item);
        }
    }

    if (lost) {
        undoing->failed |= json_array_append_new(undoing->kept,
                                                 json_string("/identifiers"));
    }

    undoing->failed |= json_object_set(undoing->patch, "identifiers",
                                       left_or_none(row, left));
    undoing->failed |= json_object_set(undoing->back, "identifiers", back);
    json_decref(left);
    json_decref(back);
}


/* --- fields ------------------------------------------------------------- */

/* Names of a pointer of one or two: none has "/" or "~" in it. */
static json_t *
pointed(json_t *document, cxm_str_t pointer)
{
    cxm_str_t  name;

    (void) cxm_str_cut(&pointer, '/');

    while (pointer.data != NULL && document != NULL) {
        name = cxm_str_cut(&pointer, '/');
        document = json_object_getn(document, name.data, name.len);
    }

    return document;
}


static int
set_pointed(json_t *patch, cxm_str_t pointer, json_t *value)
{
    json_t     *inner;
    cxm_str_t   name;

    (void) cxm_str_cut(&pointer, '/');
    name = cxm_str_cut(&pointer, '/');

    if (pointer.data == NULL) {
        return json_object_setn(patch, name.data, name.len, value);
    }

    inner = json_object_getn(patch, name.data, name.len);

    if (inner == NULL) {
        inner = json_object();

        if (json_object_setn_new(patch, name.data, name.len, inner) != 0) {
            return -1;
        }
    }

    return json_object_setn(inner, pointer.data, pointer.len, value);
}


static void
undo_list(undoing_t *undoing, cxm_str_t pointer, const json_t *row,
    const json_t *now)
{
    json_t  *left;

    if (now == NULL) {
        return;
    }

    left = list_without_added(now, json_object_get(row, "into"),
                              json_object_get(row, "result"));
    undoing->failed |= set_pointed(undoing->patch, pointer,
                                   left_or_none(row, left));
    json_decref(left);
}


static void
undo_row(undoing_t *undoing, const json_t *row)
{
    json_t     *now;
    cxm_str_t   pointer;

    pointer = cxm_json_get_str(row, "field");
    now = pointed(undoing->was_into, pointer);

    if (cxm_str_eqz(pointer, "/identifiers")) {
        undo_identifiers(undoing, row);

    } else if (json_is_array(json_object_get(row, "result"))) {
        undo_list(undoing, pointer, row, now);

    } else if (same(now, json_object_get(row, "result"))) {
        undoing->failed |= set_pointed(undoing->patch, pointer,
                                       json_object_get(row, "into"));

    } else {
        undoing->failed |= json_array_append_new(undoing->kept,
                               json_stringn(pointer.data, pointer.len));
    }
}


static void
undo_persons(undoing_t *undoing)
{
    size_t   i;
    json_t  *now, *left, *slot;

    now = json_object_get(undoing->was_into, "persons");
    left = json_array();

    for (i = 0; i < json_array_size(now); i++) {
        slot = json_array_get(now, i);

        if ((uint64_t) json_integer_value(slot) != undoing->from.subject) {
            undoing->failed |= json_array_append(left, slot);
        }
    }

    undoing->failed |= json_object_set(undoing->patch, "persons",
                           json_array_size(left) > 0 ? left : json_null());
    json_decref(left);
}


static cxm_rc_t
undo_plan(undoing_t *undoing)
{
    size_t    i;
    json_t   *changes;

    undoing->patch = json_object();
    undoing->kept = json_array();
    undoing->back = json_pack("{sn}", CXM_MERGED_MEMBER);
    changes = json_object_get(undoing->merge.personal, "changes");

    for (i = 0; i < json_array_size(changes); i++) {
        undo_row(undoing, json_array_get(changes, i));
    }

    undo_persons(undoing);

    return undoing->failed ? no_memory(undoing) : CXM_OK;
}


/* --- whether it may be -------------------------------------------------- */

static cxm_rc_t
load_customer(undoing_t *undoing, const char *whose, cxm_doc_t *doc,
    json_t **whole)
{
    cxm_rc_t              rc;
    cxm_uuid_t            id;
    const cxm_fields_t   *fields;
    const cxm_unmerge_t  *undo;

    undo = undoing->undo;
    rc = cxm_uuid_parse(cxm_json_get_str(undoing->merge.body, whose), &id);

    if (rc == CXM_OK) {
        rc = cxm_doc_by_id(undo->txn, CXM_KIND_CUSTOMER, &id, doc, undo->err);
    }

    if (rc == CXM_OK) {
        rc = cxm_record_fields(undo->txn, &cxm_record_customer, &fields,
                               undo->err);
    }

    if (rc != CXM_OK) {
        return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
    }

    *whole = cxm_field_join(fields, doc->body, doc->personal, CXM_SEE_ALL);

    return *whole == NULL ? no_memory(undoing) : CXM_OK;
}


/* The newest merge of the customer that is not undone has to be this one. */
static cxm_rc_t
newest(undoing_t *undoing)
{
    int                 into;
    cxm_rc_t            rc;
    cxm_doc_t           merge;
    cxm_uuid_t          id;
    cxm_merge_walk_t    walk;
    cxm_merge_event_t   event;

    rc = cxm_merge_walk(&walk, undoing->undo->txn, &undoing->into.id,
                        UINT64_MAX);

    while (rc == CXM_OK) {
        rc = cxm_merge_next(&walk, &event);

        if (rc != CXM_OK || event.undone) {
            continue;
        }

        if (event.no == undoing->merge.no) {
            return CXM_OK;
        }

        rc = cxm_doc_get(undoing->undo->txn, CXM_KIND_MERGE, event.no, &merge,
                         undoing->undo->err);
        into = rc == CXM_OK
               && cxm_str_eqz(cxm_json_get_str(merge.body, "status"),
                              "merged")
               && cxm_uuid_parse(cxm_json_get_str(merge.body, "into"), &id)
                  == CXM_OK
               && memcmp(&id, &undoing->into.id, sizeof(id)) == 0;
        cxm_doc_clear(&merge);

        if (into) {
            return cxm_fail(undoing->undo->err, CXM_CONFLICT, "merged_since",
                            "Undo the newest merge of this customer first.");
        }
    }

    return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
}


static cxm_rc_t
load_merge(undoing_t *undoing)
{
    cxm_rc_t              rc;
    const cxm_unmerge_t  *undo;

    undo = undoing->undo;
    rc = cxm_doc_by_id(undo->txn, CXM_KIND_MERGE, &undo->merge,
                       &undoing->merge, undo->err);

    if (rc == CXM_OK) {
        rc = load_customer(undoing, "into", &undoing->into,
                           &undoing->was_into);
    }

    if (rc == CXM_OK) {
        rc = load_customer(undoing, "from", &undoing->from,
                           &undoing->was_from);
    }

    return rc;
}


/* The customer asked for is the one of the merge, or what became of it. */
static cxm_rc_t
asked_for(const undoing_t *undoing)
{
    cxm_rc_t              rc;
    cxm_doc_t             asked;
    cxm_uuid_t            whole;
    const cxm_unmerge_t  *undo;

    undo = undoing->undo;
    rc = cxm_doc_by_id(undo->txn, CXM_KIND_CUSTOMER, &undo->into, &asked,
                       undo->err);

    if (rc == CXM_OK) {
        rc = cxm_record_moved(undo->txn, &cxm_record_customer, &asked,
                              CXM_CONFLICT, undo->err);
        cxm_doc_clear(&asked);
    }

    if (rc == CXM_OK) {
        rc = cxm_record_whole(undo->txn, &cxm_record_customer,
                              &undoing->into.id, &whole);
    }

    if (rc == CXM_OK && memcmp(&whole, &undo->into, sizeof(whole)) != 0) {
        rc = CXM_NOT_FOUND;
    }

    return rc;
}


static cxm_rc_t
may_undo(undoing_t *undoing)
{
    cxm_rc_t              rc;
    const cxm_unmerge_t  *undo;

    undo = undoing->undo;
    rc = asked_for(undoing);

    if (rc == CXM_OK) {
        rc = cxm_record_moved(undo->txn, &cxm_record_customer,
                              &undoing->into, CXM_CONFLICT, undo->err);
    }

    if (rc == CXM_OK && !cxm_str_eqz(cxm_json_get_str(undoing->merge.body,
                                                      "status"), "merged"))
    {
        rc = cxm_fail(undo->err, CXM_CONFLICT, "not_merged",
                      "It has been undone.");
    }

    /* both are erased as one */

    if (rc == CXM_OK) {
        rc = cxm_customer_alive(undo->txn, &undoing->into, undo->err);
    }

    if (rc == CXM_OK) {
        rc = cxm_doc_expect(undo->if_match, undoing->merge.version,
                            undo->err);
    }

    return rc == CXM_OK ? newest(undoing) : rc;
}


/* --- writing ------------------------------------------------------------ */

static cxm_rc_t
write_patch(const undoing_t *undoing, const cxm_record_t *record,
    const cxm_uuid_t *id, const json_t *patch, cxm_doc_t *out)
{
    cxm_record_write_t    write;
    const cxm_unmerge_t  *undo;

    undo = undoing->undo;
    memset(&write, 0, sizeof(write));
    write.txn = undo->txn;
    write.record = record;
    write.caller = undo->caller;
    write.actor = undo->caller->principal.actor;
    write.id = *id;
    write.if_match = CXM_VERSION_ANY;
    write.ours = 1;
    write.err = undo->err;

    return cxm_record_patch(&write, patch, out);
}


static cxm_rc_t
write_undone(const undoing_t *undoing, cxm_doc_t *out)
{
    char       now[CXM_RFC3339_LEN + 1];
    json_t    *patch;
    cxm_rc_t   rc;

    cxm_rfc3339_format(cxm_txn_now(undoing->undo->txn), now);
    patch = json_pack("{ss ss so sO}", "status", "undone", "undone_at", now,
                      "undone_by",
                      cxm_actor_json(undoing->undo->txn,
                                     undoing->undo->caller->principal.actor),
                      "kept", undoing->kept);

    rc = patch == NULL
         ? no_memory(undoing)
         : write_patch(undoing, &cxm_record_merge, &undoing->merge.id, patch,
                       out);

    json_decref(patch);

    return rc;
}


/* Who gives comes first: a name has one owner at any time. */
static cxm_rc_t
undo_write(const undoing_t *undoing, cxm_doc_t *out)
{
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    rc = write_patch(undoing, &cxm_record_customer, &undoing->into.id,
                     undoing->patch, &doc);

    if (rc == CXM_OK) {
        cxm_doc_clear(&doc);
        rc = write_patch(undoing, &cxm_record_customer, &undoing->from.id,
                         undoing->back, &doc);
    }

    if (rc == CXM_OK) {
        cxm_doc_clear(&doc);
        rc = write_undone(undoing, out);
    }

    return rc;
}


cxm_rc_t
cxm_merge_undo(const cxm_unmerge_t *undo, cxm_doc_t *out)
{
    cxm_rc_t    rc;
    undoing_t   undoing;

    memset(out, 0, sizeof(*out));
    memset(&undoing, 0, sizeof(undoing));
    undoing.undo = undo;

    rc = load_merge(&undoing);

    if (rc == CXM_OK) {
        rc = may_undo(&undoing);
    }

    if (rc == CXM_OK) {
        rc = undo_plan(&undoing);
    }

    if (rc == CXM_OK) {
        rc = undo_write(&undoing, out);
    }

    cxm_doc_clear(&undoing.merge);
    cxm_doc_clear(&undoing.into);
    cxm_doc_clear(&undoing.from);
    json_decref(undoing.was_into);
    json_decref(undoing.was_from);
    json_decref(undoing.patch);
    json_decref(undoing.back);
    json_decref(undoing.kept);

    return rc == CXM_NOT_FOUND
           ? cxm_fail(undo->err, rc, NULL, "There is no such merge.") : rc;
}
