/*
 * Merging customers: the document of a merge, and doing it.
 */

#include "cxm_json.h"
#include "cxm_merge.h"
#include "cxm_person.h"


static const char *const  merge_states[] = {
    "planned", "merged", "undone", NULL
};

static const cxm_field_t  row_fields[] = {
    { .name = "field", .type = CXM_FIELD_STRING,
      .flags = CXM_FIELD_REQUIRED, .summary = "pointer into the customer" },
    { .name = "from", .type = CXM_FIELD_ANY, .flags = CXM_FIELD_NULLABLE },
    { .name = "into", .type = CXM_FIELD_ANY, .flags = CXM_FIELD_NULLABLE },
    { .name = "result", .type = CXM_FIELD_ANY, .flags = CXM_FIELD_NULLABLE },
    { .name = NULL }
};

static const cxm_fields_t  merge_row = { "MergeRow", row_fields };

static const cxm_field_t  row_item = {
    .type = CXM_FIELD_OBJECT, .object = &merge_row
};

static const cxm_field_t  moved_item = { .type = CXM_FIELD_INT };

static const cxm_field_t  kept_item = { .type = CXM_FIELD_STRING };

static const cxm_field_t  consent_item = { .type = CXM_FIELD_ANY };

static const cxm_field_t  merge_fields[] = {
    { .name = "into", .type = CXM_FIELD_UUID,
      .summary = "the customer that both are now" },
    { .name = "from", .type = CXM_FIELD_UUID,
      .summary = "the one whose id leads there" },
    { .name = "status", .type = CXM_FIELD_ENUM, .values = merge_states,
      .summary = "planned: a dry run" },
    { .name = "into_version", .type = CXM_FIELD_INT,
      .summary = "of the customer before it" },
    { .name = "from_version", .type = CXM_FIELD_INT },
    { .name = "changes", .type = CXM_FIELD_ARRAY, .item = &row_item,
      .flags = CXM_FIELD_PERSONAL,
      .summary = "what changes of `into`; with personal_read" },
    { .name = "conflicts", .type = CXM_FIELD_ARRAY, .item = &row_item,
      .flags = CXM_FIELD_PERSONAL,
      .summary = "where both have a value, and which one stays; with "
                 "personal_read" },
    { .name = "consents", .type = CXM_FIELD_MAP, .item = &consent_item,
      .summary = "of a dry run: {purpose: {from, into, result}}" },
    { .name = "preferences", .type = CXM_FIELD_MAP, .item = &consent_item,
      .flags = CXM_FIELD_PERSONAL,
      .summary = "of a dry run: {channel: {topic: {from, into, result}}}; "
                 "with personal_read" },
    { .name = "distinct", .type = CXM_FIELD_BOOL,
      .summary = "of a dry run: they were said not to be one person" },
    { .name = "moved", .type = CXM_FIELD_MAP, .item = &moved_item,
      .summary = "how many of what followed: {answer, note, ...}, each "
                 "counted up to 1,000" },
    { .name = "author", .type = CXM_FIELD_ANY },
    { .name = "undone_at", .type = CXM_FIELD_TIME },
    { .name = "undone_by", .type = CXM_FIELD_ANY },
    { .name = "kept", .type = CXM_FIELD_ARRAY, .item = &kept_item,
      .summary = "members that were changed since, and so not undone" },
    CXM_RECORD_ROWS,
    { .name = NULL }
};

const cxm_fields_t  cxm_merge_fields = { "Merge", merge_fields };


/* What was merged is of the person who is both. */
static cxm_rc_t
merge_check(cxm_record_write_t *write)
{
    cxm_rc_t    rc;
    cxm_doc_t   into;
    cxm_uuid_t  id;

    if (write->subject != 0) {
        return CXM_OK;
    }

    rc = cxm_uuid_parse(cxm_json_get_str(write->document, "into"), &id);

    if (rc == CXM_OK) {
        rc = cxm_doc_by_id(write->txn, CXM_KIND_CUSTOMER, &id, &into,
                           write->err);
        write->subject = into.subject;
        cxm_doc_clear(&into);
    }

    return rc;
}


const cxm_record_t  cxm_record_merge = {
    .kind = CXM_KIND_MERGE,
    .name = "merge",
    .fields = &cxm_merge_fields,
    .flags = CXM_RECORD_PERSON,
    .check = merge_check
};


/* --- the kind ----------------------------------------------------------- */

static void
event_key(cxm_row_key_t *key, const cxm_uuid_t *customer, uint64_t seq)
{
    cxm_row_key(key);
    cxm_row_key_u8(key, CXM_NS_MERGE);
    cxm_row_key_bytes(key, customer->b, sizeof(customer->b));
    cxm_row_key_u64(key, seq);
}


static cxm_rc_t
apply_event(cxm_txn_t *txn, const cxm_doc_t *merge, const char *whose)
{
    int            undone;
    uint8_t        b[CXM_VARINT_MAX + 1], *end;
    cxm_uuid_t     customer;
    cxm_row_key_t  key;

    if (cxm_uuid_parse(cxm_json_get_str(merge->body, whose), &customer)
        != CXM_OK)
    {
        return CXM_CORRUPT;
    }

    undone = cxm_str_eqz(cxm_json_get_str(merge->body, "status"), "undone");
    event_key(&key, &customer, merge->seq);
    end = cxm_put_varint(b, merge->no);
    *end++ = (uint8_t) undone;

    return cxm_row_put(txn, CXM_T_INDEX, &key,
                       (cxm_str_t) { (size_t) (end - b), (const char *) b });
}


static cxm_rc_t
merge_apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    cxm_rc_t          rc;
    cxm_doc_change_t  change;

    rc = cxm_record_apply(txn, entry, &cxm_record_merge, &change);

    if (rc == CXM_OK) {
        rc = apply_event(txn, &change.now, "into");
    }

    if (rc == CXM_OK) {
        rc = apply_event(txn, &change.now, "from");
    }

    cxm_doc_clear(&change.old);

    return rc;
}


static cxm_rc_t
merge_forget(cxm_txn_t *txn, uint64_t slot, uint64_t *kept)
{
    return cxm_record_forget(txn, &cxm_record_merge, slot, kept);
}


const cxm_kind_t  cxm_kind_merge = {
    .no = CXM_KIND_MERGE,
    .version = 1,
    .name = "merge",
    .apply = merge_apply,
    .lookups = &cxm_record_lookups,
    .forget = merge_forget
};


/* --- merging ------------------------------------------------------------ */

static cxm_rc_t
no_memory(const cxm_merge_t *merge)
{
    return cxm_fail(merge->err, CXM_INTERNAL, NULL, "Not enough memory.");
}


static void
begin_write(const cxm_merge_t *merge, const cxm_record_t *record,
    cxm_record_write_t *write)
{
    memset(write, 0, sizeof(*write));
    write->txn = merge->txn;
    write->record = record;
    write->caller = merge->caller;
    write->actor = merge->caller->principal.actor;
    write->if_match = CXM_VERSION_ANY;
    write->ours = 1;
    write->err = merge->err;
}


/* Patches a customer, which only the server itself may do so; steals patch. */
static cxm_rc_t
patch_customer(const cxm_merge_t *merge, const cxm_uuid_t *id, json_t *patch)
{
    cxm_rc_t             rc;
    cxm_doc_t            out;
    cxm_record_write_t   write;

    if (patch == NULL) {
        return no_memory(merge);
    }

    begin_write(merge, &cxm_record_customer, &write);
    write.id = *id;
    rc = cxm_record_patch(&write, patch, &out);
    json_decref(patch);

    if (rc == CXM_OK) {
        cxm_doc_clear(&out);
    }

    return rc;
}


static cxm_rc_t
write_from(const cxm_merge_t *merge)
{
    char  into[CXM_UUID_LEN + 1];

    cxm_uuid_format(&merge->into, into);

    return patch_customer(merge, &merge->from,
                          json_pack("{ss}", CXM_MERGED_MEMBER, into));
}


static cxm_rc_t
write_into(const cxm_merge_t *merge, const cxm_merge_plan_t *plan)
{
    int      bad;
    json_t  *patch, *persons;

    persons = json_object_get(plan->was_into, "persons");
    persons = persons == NULL ? json_array() : json_copy(persons);
    bad = json_array_append_new(persons, json_integer((json_int_t)
                                                      plan->from.subject));
    patch = json_copy(plan->patch);
    bad |= json_object_set_new(patch, "persons", persons);

    if (bad) {
        json_decref(patch);
        return no_memory(merge);
    }

    return patch_customer(merge, &merge->into, patch);
}


static cxm_rc_t
write_merge(const cxm_merge_t *merge, const cxm_merge_plan_t *plan,
    json_t *moved, cxm_doc_t *out)
{
    int                  created;
    char                 into[CXM_UUID_LEN + 1], from[CXM_UUID_LEN + 1];
    json_t              *input;
    cxm_rc_t             rc;
    cxm_record_write_t   write;

    cxm_uuid_format(&merge->into, into);
    cxm_uuid_format(&merge->from, from);
    begin_write(merge, &cxm_record_merge, &write);

    input = json_pack("{ss ss ss sI sI sO sO sO so}", "into", into,
                      "from", from, "status", "merged",
                      "into_version", (json_int_t) plan->into.version,
                      "from_version", (json_int_t) plan->from.version,
                      "changes", plan->changes, "conflicts", plan->conflicts,
                      "moved", moved,
                      "author", cxm_actor_json(merge->txn, write.actor));

    if (input == NULL) {
        return no_memory(merge);
    }

    rc = cxm_record_put(&write, input, out, &created);
    json_decref(input);

    return rc;
}


cxm_rc_t
cxm_merge_write(const cxm_merge_t *merge, cxm_merge_plan_t *plan,
    json_t *moved, cxm_doc_t *out)
{
    cxm_rc_t  rc;

    memset(out, 0, sizeof(*out));
    rc = write_from(merge);

    if (rc == CXM_OK) {
        rc = write_into(merge, plan);
    }

    return rc == CXM_OK ? write_merge(merge, plan, moved, out) : rc;
}


/* --- reading ------------------------------------------------------------ */

static cxm_rc_t
walk_row(cxm_merge_walk_t *walk, unsigned i, const cxm_raw_row_t *row)
{
    cxm_rc_t      rc;
    cxm_str_t     value;
    cxm_reader_t  rd;

    rc = cxm_row_check(walk->txn, CXM_T_INDEX, row, &value);

    if (rc != CXM_OK) {
        return rc;
    }

    rd = cxm_reader(value.data, value.len);
    walk->seq[i] = cxm_get_u64((const uint8_t *) row->key.data
                               + row->key.len - 8);
    walk->no[i] = cxm_read_varint(&rd);
    walk->undone[i] = cxm_read_u8(&rd);

    return rd.failed || rd.pos != rd.end ? CXM_CORRUPT : CXM_OK;
}


static cxm_rc_t
walk_look(cxm_merge_walk_t *walk, unsigned i, uint64_t before)
{
    cxm_rc_t        rc;
    cxm_cursor_t   *cursor;
    cxm_row_key_t   key;
    cxm_raw_row_t   row;

    walk->seq[i] = 0;
    rc = cxm_cursor_open(walk->txn, CXM_T_INDEX, &cursor);

    if (rc != CXM_OK) {
        return rc;
    }

    event_key(&key, &walk->parts.id[i], before - 1);
    rc = cxm_cursor_seek_back(cursor, &key, &row);

    if (rc == CXM_OK && row.key.len == key.len
        && cxm_row_within(&row, &key, key.len - 8))
    {
        rc = walk_row(walk, i, &row);
    }

    cxm_cursor_close(cursor);

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


cxm_rc_t
cxm_merge_walk(cxm_merge_walk_t *walk, cxm_txn_t *txn,
    const cxm_uuid_t *customer, uint64_t before)
{
    cxm_rc_t  rc;
    unsigned  i;

    walk->txn = txn;
    rc = cxm_record_parts(txn, &cxm_record_customer, customer, &walk->parts);

    for (i = 0; rc == CXM_OK && i < walk->parts.n; i++) {
        rc = walk_look(walk, i, before);
    }

    return rc;
}


/* Both customers of a merge may be parts of this one: it is told of once. */
cxm_rc_t
cxm_merge_next(cxm_merge_walk_t *walk, cxm_merge_event_t *event)
{
    cxm_rc_t  rc;
    unsigned  i;

    event->seq = 0;
    rc = CXM_OK;

    for (i = 0; i < walk->parts.n; i++) {
        if (walk->seq[i] > event->seq) {
            event->seq = walk->seq[i];
            event->no = walk->no[i];
            event->undone = walk->undone[i];
        }
    }

    if (event->seq == 0) {
        return CXM_NOT_FOUND;
    }

    for (i = 0; i < walk->parts.n && rc == CXM_OK; i++) {
        if (walk->seq[i] == event->seq) {
            rc = walk_look(walk, i, event->seq);
        }
    }

    return rc;
}


/* --- in timelines ------------------------------------------------------- */

typedef struct {
    cxm_merge_walk_t   walk;
    cxm_merge_event_t  event;
} merge_state_t;


static cxm_rc_t
timeline_begin(cxm_timeline_source_t *source, uint64_t before)
{
    merge_state_t  *state;

    state = source->state;

    return cxm_merge_walk(&state->walk, source->timeline->txn,
                          &source->timeline->customer->id, before);
}


static cxm_rc_t
timeline_next(cxm_timeline_source_t *source)
{
    cxm_rc_t        rc;
    merge_state_t  *state;

    state = source->state;
    rc = cxm_merge_next(&state->walk, &state->event);
    source->no = state->event.seq;

    return rc;
}


/* The merge as it is now, and which of its two events this is. */
static cxm_rc_t
timeline_show(cxm_timeline_source_t *source, cxm_ms_t *at, json_t **data)
{
    cxm_rc_t               rc;
    cxm_doc_t              doc;
    merge_state_t         *state;
    const cxm_timeline_t  *timeline;

    state = source->state;
    timeline = source->timeline;
    rc = cxm_doc_get(timeline->txn, CXM_KIND_MERGE, state->event.no, &doc,
                     timeline->err);

    if (rc != CXM_OK) {
        return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
    }

    *at = state->event.undone ? doc.updated_at : doc.created_at;
    *data = cxm_record_json(&doc, &cxm_merge_fields,
                            cxm_record_see(&doc, timeline->may_personal));
    *timeline->personal |= timeline->may_personal
                           && json_object_size(doc.personal) > 0;
    cxm_doc_clear(&doc);

    return json_object_set_new(*data, "event",
                               json_string(merge_states[1
                                           + state->event.undone])) == 0
           ? CXM_OK : CXM_INTERNAL;
}


const cxm_timeline_kind_t  cxm_timeline_merge = {
    .name = "merge",
    .state = sizeof(merge_state_t),
    .begin = timeline_begin,
    .next = timeline_next,
    .show = timeline_show
};
