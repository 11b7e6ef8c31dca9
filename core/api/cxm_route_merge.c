/*
 * Routes of merging customers.
 */

#include "cxm_call.h"
#include "cxm_duplicate.h"
#include "cxm_exposure.h"
#include "cxm_json.h"
#include "cxm_merge.h"
#include "cxm_preference.h"
#include "cxm_resource.h"
#include "cxm_routes.h"


#define CXM_MERGE_COUNT  1000           /* of one kind, at most: other writers
                                           wait for it */

static const char *const  choices[] = { "from", "into", NULL };

static const cxm_field_t  choice_item = {
    .type = CXM_FIELD_ENUM, .values = choices
};

static const cxm_field_t  merge_input_fields[] = {
    { .name = "from", .type = CXM_FIELD_UUID, .flags = CXM_FIELD_REQUIRED,
      .summary = "the customer that becomes part of the one in the path" },
    { .name = "dry_run", .type = CXM_FIELD_BOOL,
      .summary = "only say what would be" },
    { .name = "choose", .type = CXM_FIELD_MAP, .item = &choice_item,
      .max = 300,
      .summary = "whose value stays, by name: \"company\", "
                 "\"attributes.plan\"; default into, if it has one" },
    { .name = "into_version", .type = CXM_FIELD_INT, .min = 1,
      .max = INT64_MAX,
      .summary = "of the customer in the path, unless If-Match says it" },
    { .name = "from_version", .type = CXM_FIELD_INT, .min = 1,
      .max = INT64_MAX, .summary = "of the other; needed to merge" },
    { .name = NULL }
};

static const cxm_fields_t  merge_input = { "MergeInput", merge_input_fields };


static cxm_rc_t
no_memory(cxm_call_t *call)
{
    return cxm_fail(&call->err, CXM_INTERNAL, NULL, "Not enough memory.");
}


/* --- what follows ------------------------------------------------------- */

/* Events of the other's timeline by kind, and how often it was asked. */
static cxm_rc_t
moved_json(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *from,
    json_t *out)
{
    int              bad;
    size_t           i;
    uint64_t         shown;
    cxm_rc_t         rc;
    unsigned         n;
    cxm_timeline_t   timeline = {
        .txn = txn, .customer = from, .caller = &call->caller,
        .err = &call->err
    };

    rc = cxm_exposure_shown(txn, from->subject, &shown);
    bad = cxm_json_set_int(out, "exposure", (int64_t) shown);

    for (i = 0; cxm_timeline_kinds[i] != NULL && rc == CXM_OK; i++) {
        rc = cxm_timeline_count(&timeline, cxm_timeline_kinds[i],
                                CXM_MERGE_COUNT, &n);
        bad |= cxm_json_set_int(out, cxm_timeline_kinds[i]->name, n);
    }

    return rc == CXM_OK && bad ? no_memory(call) : rc;
}


/*
 * Each purpose as it stands with the one, the other and both: of two facts
 * the newer, of two of one time the one that takes back.
 */
static json_t *
consents_joined(const json_t *from, const json_t *into)
{
    int          newer;
    json_t      *out, *a, *b;
    const char  *purpose;

    out = json_object();

    json_object_foreach((json_t *) into, purpose, b) {
        (void) json_object_set_new(out, purpose,
                                   json_pack("{sn sO sO}", "from", "into", b,
                                             "result", b));
    }

    json_object_foreach((json_t *) from, purpose, a) {
        b = json_object_get(into, purpose);
        newer = b == NULL
                ? 1 : strcmp(json_string_value(json_object_get(a, "at")),
                             json_string_value(json_object_get(b, "at")));
        newer = newer != 0 ? newer > 0
                           : !cxm_json_get_bool(a, "granted", 0);
        (void) json_object_set_new(out, purpose,
                                   json_pack("{sO sO? sO}", "from", a,
                                             "into", b, "result",
                                             newer ? a : b));
    }

    return out;
}


static cxm_rc_t
consents_json(cxm_call_t *call, cxm_txn_t *txn, const cxm_merge_plan_t *plan,
    json_t **out)
{
    json_t    *from, *into;
    cxm_rc_t   rc;

    into = NULL;
    rc = cxm_consent_json(txn, &plan->from.id, &from, &call->err);

    if (rc == CXM_OK) {
        rc = cxm_consent_json(txn, &plan->into.id, &into, &call->err);
    }

    *out = rc == CXM_OK ? consents_joined(from, into) : NULL;
    json_decref(from);
    json_decref(into);

    return rc;
}


/* --- merging ------------------------------------------------------------ */

/* If-Match says more than a version only when it names one. */
static uint64_t
into_version(const cxm_call_t *call)
{
    uint64_t  version;

    version = (uint64_t) cxm_json_get_int(call->input, "into_version", 0);

    if (call->if_match != CXM_VERSION_ANY
        && call->if_match != CXM_VERSION_SOME)
    {
        return version == 0 || version == call->if_match
               ? call->if_match : CXM_VERSION_MISS;
    }

    return version == 0 ? CXM_VERSION_ANY : version;
}


static cxm_rc_t
merge_args(cxm_call_t *call, cxm_txn_t *txn, int dry_run, cxm_merge_t *merge)
{
    cxm_rc_t             rc;
    cxm_record_write_t   named;

    memset(merge, 0, sizeof(*merge));
    rc = cxm_resource_write(call, txn, 1, &named);

    if (rc != CXM_OK) {
        return rc;
    }

    merge->txn = txn;
    merge->caller = &call->caller;
    merge->into = named.id;
    merge->choose = json_object_get(call->input, "choose");
    merge->err = &call->err;
    merge->into_version = into_version(call);
    merge->from_version = (uint64_t) cxm_json_get_int(call->input,
                                                      "from_version", 0);
    (void) cxm_uuid_parse(cxm_json_get_str(call->input, "from"),
                          &merge->from);

    if (!dry_run && merge->into_version == CXM_VERSION_ANY) {
        rc = cxm_issue(&call->err, "/into_version", "required",
                       "A merge is of the versions that were looked at.");
    }

    if (merge->from_version == 0) {
        merge->from_version = CXM_VERSION_ANY;

        if (!dry_run) {
            rc = cxm_issue(&call->err, "/from_version", "required",
                           "A merge is of the versions that were looked at.");
        }
    }

    return rc;
}


/* What would be is read by who asks: so it is audited like a reading. */
static cxm_rc_t
add_personal(cxm_call_t *call, cxm_txn_t *txn, const cxm_merge_plan_t *plan,
    json_t *out)
{
    json_t    *preferences;
    cxm_rc_t   rc;

    rc = cxm_preference_joined(txn, &plan->from.id, &plan->into.id,
                               &preferences, &call->err);

    if (rc != CXM_OK) {
        return rc;
    }

    if (json_object_set_new(out, "preferences", preferences) != 0
        || json_object_set(out, "changes", plan->changes) != 0
        || json_object_set(out, "conflicts", plan->conflicts) != 0)
    {
        return no_memory(call);
    }

    return cxm_audit(txn, &call->caller, call->route->path, call->input,
                     &call->err);
}


static cxm_rc_t
reply_planned(cxm_call_t *call, cxm_txn_t *txn, const cxm_merge_plan_t *plan,
    json_t *moved)
{
    char        into[CXM_UUID_LEN + 1], from[CXM_UUID_LEN + 1];
    json_t     *consents, *out;
    cxm_rc_t    rc;

    rc = consents_json(call, txn, plan, &consents);

    if (rc != CXM_OK) {
        return rc;
    }

    cxm_uuid_format(&plan->into.id, into);
    cxm_uuid_format(&plan->from.id, from);

    out = json_pack("{ss ss ss sI sI so sb sO}", "into", into, "from", from,
                    "status", "planned",
                    "into_version", (json_int_t) plan->into.version,
                    "from_version", (json_int_t) plan->from.version,
                    "consents", consents,
                    "distinct", cxm_distinct(txn, &plan->into.id,
                                             &plan->from.id) == CXM_OK,
                    "moved", moved);

    if (out == NULL) {
        return no_memory(call);
    }

    if (cxm_may(&call->caller, CXM_SCOPE_PERSONAL_READ)) {
        rc = add_personal(call, txn, plan, out);
    }

    if (rc != CXM_OK) {
        json_decref(out);
        return rc;
    }

    call->subject = plan->into.subject;

    return cxm_call_reply(call, 200, out);
}


static json_t *
merge_json(const cxm_call_t *call, const cxm_doc_t *doc)
{
    return cxm_record_json(doc, &cxm_merge_fields,
                           cxm_record_see(doc, cxm_may(&call->caller,
                                                 CXM_SCOPE_PERSONAL_READ)));
}


/* At the address of the merge, which is its own version's. */
static cxm_rc_t
reply_merge(cxm_call_t *call, cxm_doc_t *doc, int created)
{
    char      id[CXM_UUID_LEN + 1];
    cxm_rc_t  rc;

    call->subject = doc->subject;
    rc = cxm_call_reply(call, created ? 201 : 200, merge_json(call, doc));

    if (rc == CXM_OK && created) {
        cxm_uuid_format(&doc->id, id);
        cxm_call_headerf(call, "Location", "%.*scustomers/%.*s/merges/%s",
                         (int) call->prefix.len, call->prefix.data,
                         (int) call->params[0].len, call->params[0].data, id);
    }

    cxm_doc_clear(doc);

    return rc;
}


static cxm_rc_t
merge_write(cxm_call_t *call, cxm_txn_t *txn)
{
    int                dry_run;
    json_t            *moved;
    cxm_rc_t           rc;
    cxm_doc_t          doc;
    cxm_merge_t        merge;
    cxm_merge_plan_t   plan;

    dry_run = cxm_json_get_bool(call->input, "dry_run", 0);
    rc = merge_args(call, txn, dry_run, &merge);

    if (rc != CXM_OK) {
        return rc;
    }

    moved = json_object();
    rc = cxm_merge_plan(&merge, &plan);

    if (rc == CXM_OK) {
        rc = moved_json(call, txn, &plan.from, moved);
    }

    if (rc == CXM_OK && dry_run) {
        rc = reply_planned(call, txn, &plan, moved);

    } else if (rc == CXM_OK) {
        rc = cxm_merge_write(&merge, &plan, moved, &doc);

        if (rc == CXM_OK) {
            rc = reply_merge(call, &doc, 1);
        }
    }

    json_decref(moved);
    cxm_merge_plan_clear(&plan);

    return rc;
}


static cxm_rc_t
undo_write(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t        rc;
    cxm_doc_t       doc;
    cxm_unmerge_t   undo = {
        .txn = txn, .caller = &call->caller, .if_match = call->if_match,
        .err = &call->err
    };

    if (cxm_uuid_parse(call->params[0], &undo.into) != CXM_OK
        || cxm_uuid_parse(call->params[1], &undo.merge) != CXM_OK)
    {
        return cxm_fail(&call->err, CXM_NOT_FOUND, NULL,
                        "There is no such merge.");
    }

    rc = cxm_merge_undo(&undo, &doc);

    return rc == CXM_OK ? reply_merge(call, &doc, 0) : rc;
}


/* --- reading ------------------------------------------------------------ */

static cxm_rc_t
merges_add(cxm_call_t *call, cxm_txn_t *txn, uint64_t no, json_t *items)
{
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    rc = cxm_doc_get(txn, CXM_KIND_MERGE, no, &doc, &call->err);

    if (rc != CXM_OK) {
        return cxm_fail(&call->err, CXM_CORRUPT, NULL,
                        "A merge cannot be read.");
    }

    call->audit |= cxm_may(&call->caller, CXM_SCOPE_PERSONAL_READ)
                   && json_object_size(doc.personal) > 0;
    rc = json_array_append_new(items, merge_json(call, &doc)) == 0
         ? CXM_OK : no_memory(call);
    cxm_doc_clear(&doc);

    return rc;
}


/* Its merges, undone ones too, by the entries that made them. */
static cxm_rc_t
merges_page(cxm_call_t *call, cxm_txn_t *txn, const cxm_uuid_t *customer,
    cxm_page_t *page, json_t *items)
{
    cxm_rc_t            rc;
    uint64_t            last;
    cxm_merge_walk_t    walk;
    cxm_merge_event_t   event;

    last = page->len == 8 ? cxm_get_u64(page->position) : UINT64_MAX;
    page->len = 0;
    rc = cxm_merge_walk(&walk, txn, customer, last);

    while (rc == CXM_OK) {
        rc = cxm_merge_next(&walk, &event);

        if (rc != CXM_OK || event.undone) {
            continue;
        }

        if (json_array_size(items) == page->limit) {
            page->len = 8;
            (void) cxm_put_u64(page->position, last);
            return CXM_OK;
        }

        last = event.seq;
        rc = merges_add(call, txn, event.no, items);
    }

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


static cxm_rc_t
merges_read(cxm_call_t *call, cxm_txn_t *txn)
{
    json_t      *items;
    cxm_rc_t     rc;
    cxm_doc_t    customer;
    cxm_page_t   page;

    rc = cxm_page_begin(call, &page);

    if (rc == CXM_OK) {
        rc = cxm_resource_doc(call, txn, &customer);
    }

    if (rc != CXM_OK) {
        return rc;
    }

    items = json_array();
    rc = merges_page(call, txn, &customer.id, &page, items);
    cxm_doc_clear(&customer);

    if (rc != CXM_OK) {
        json_decref(items);
        return cxm_fail(&call->err, rc, NULL, "Merges cannot be read.");
    }

    return cxm_page_reply(call, items, &page);
}


/* Of the customer, or of what became of one of the two. */
static cxm_rc_t
merge_of(cxm_txn_t *txn, const cxm_uuid_t *customer, const cxm_doc_t *merge)
{
    size_t       i;
    cxm_rc_t     rc;
    cxm_uuid_t   id;

    static const char *const  both[] = { "into", "from" };

    for (i = 0; i < 2; i++) {
        rc = cxm_uuid_parse(cxm_json_get_str(merge->body, both[i]), &id);

        if (rc == CXM_OK) {
            rc = cxm_record_whole(txn, &cxm_record_customer, &id, &id);
        }

        if (rc != CXM_OK || memcmp(&id, customer, sizeof(id)) == 0) {
            return rc;
        }
    }

    return CXM_NOT_FOUND;
}


static cxm_rc_t
merge_read(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t    rc;
    cxm_doc_t   customer, doc;
    cxm_uuid_t  id;

    rc = cxm_resource_doc(call, txn, &customer);

    if (rc != CXM_OK) {
        return rc;
    }

    memset(&doc, 0, sizeof(doc));
    rc = cxm_uuid_parse(call->params[1], &id) == CXM_OK
         ? cxm_doc_by_id(txn, CXM_KIND_MERGE, &id, &doc, &call->err)
         : CXM_NOT_FOUND;

    if (rc == CXM_OK) {
        rc = merge_of(txn, &customer.id, &doc);
    }

    if (rc == CXM_OK) {
        call->audit |= cxm_may(&call->caller, CXM_SCOPE_PERSONAL_READ)
                       && json_object_size(doc.personal) > 0;
        rc = cxm_call_reply_shown(call, &doc, merge_json(call, &doc), 0);
    }

    cxm_doc_clear(&customer);
    cxm_doc_clear(&doc);

    return rc == CXM_NOT_FOUND
           ? cxm_fail(&call->err, rc, NULL, "There is no such merge.") : rc;
}


#define READ   CXM_SCOPE_CUSTOMER_READ
#define WRITE  CXM_SCOPE_CUSTOMER_WRITE


const cxm_route_t  cxm_routes_merge[] = {
    { CXM_RESOURCE_ROW(CXM_POST, "customers/{id}/merge", WRITE, customer, 0),
      .input = &merge_input, .answers = CXM_200 | CXM_201 | CXM_412,
      .output = &cxm_merge_fields, .write = merge_write,
      .summary = "Merge another customer into this one, or say what that "
                 "would do" },
    { CXM_RESOURCE_ROW(CXM_GET, "customers/{id}/merges", READ, customer,
                       CXM_ROUTE_PERSONAL),
      .query = cxm_resource_page, .answers = CXM_200,
      .output = &cxm_merge_fields,
      .read = merges_read, .write = cxm_write_audit,
      .summary = "What was merged into a customer, and what it was merged "
                 "into, newest first" },
    { CXM_RESOURCE_ROW(CXM_GET, "customers/{id}/merges/{merge}", READ,
                       customer, CXM_ROUTE_PERSONAL | CXM_ROUTE_BOUNDED
                                 | CXM_ROUTE_DOC),
      .answers = CXM_200, .output = &cxm_merge_fields,
      .read = merge_read, .write = cxm_write_audit,
      .summary = "A merge" },
    { CXM_RESOURCE_ROW(CXM_POST, "customers/{id}/merges/{merge}/undo", WRITE,
                       customer, 0),
      .answers = CXM_200 | CXM_412, .output = &cxm_merge_fields,
      .write = undo_write,
      .summary = "Make two customers of one again" },
    { .path = NULL }
};
