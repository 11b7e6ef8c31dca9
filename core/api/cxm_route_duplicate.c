/*
 * Routes of customers who may be one person.
 */

#include "cxm_call.h"
#include "cxm_duplicate.h"
#include "cxm_json.h"
#include "cxm_resource.h"
#include "cxm_routes.h"


#define CXM_DUPLICATE_LOOKS  100    /* customers whose duplicates are looked
                                       for in one page */

static const cxm_field_t  reason_fields[] = {
    { .name = "reason", .type = CXM_FIELD_STRING },
    { .name = "points", .type = CXM_FIELD_INT },
    { .name = NULL }
};

static const cxm_fields_t  reason_table = {
    "DuplicateReason", reason_fields
};

static const cxm_field_t  reason_item = {
    .type = CXM_FIELD_OBJECT, .object = &reason_table
};

static const cxm_field_t  duplicate_fields[] = {
    { .name = "customer", .type = CXM_FIELD_OBJECT,
      .object = &cxm_customer_fields },
    { .name = "score", .type = CXM_FIELD_INT,
      .summary = "50..100: how likely they are one person" },
    { .name = "reasons", .type = CXM_FIELD_ARRAY, .item = &reason_item,
      .summary = "what they have in common, and what not" },
    { .name = NULL }
};

static const cxm_fields_t  duplicate_table = {
    "Duplicate", duplicate_fields
};

static const cxm_field_t  duplicate_item = {
    .type = CXM_FIELD_OBJECT, .object = &duplicate_table
};

static const cxm_field_t  duplicates_fields[] = {
    { .name = "items", .type = CXM_FIELD_ARRAY, .item = &duplicate_item,
      .summary = "best first, 20 at most" },
    { .name = NULL }
};

static const cxm_fields_t  duplicates_output = {
    "Duplicates", duplicates_fields
};

static const cxm_field_t  pair_fields[] = {
    { .name = "into", .type = CXM_FIELD_OBJECT,
      .object = &cxm_customer_fields, .summary = "the older record" },
    { .name = "from", .type = CXM_FIELD_OBJECT,
      .object = &cxm_customer_fields },
    { .name = "score", .type = CXM_FIELD_INT },
    { .name = "reasons", .type = CXM_FIELD_ARRAY, .item = &reason_item },
    { .name = NULL }
};

static const cxm_fields_t  pair_output = { "DuplicatePair", pair_fields };

static const cxm_field_t  distinct_fields[] = {
    { .name = "customer", .type = CXM_FIELD_UUID,
      .summary = "who is somebody else" },
    { .name = "at", .type = CXM_FIELD_TIME },
    { .name = "author", .type = CXM_FIELD_ANY,
      .summary = "who said so" },
    { .name = NULL }
};

static const cxm_fields_t  distinct_output = { "Distinct", distinct_fields };


static cxm_rc_t
no_memory(cxm_call_t *call)
{
    return cxm_fail(&call->err, CXM_INTERNAL, NULL, "Not enough memory.");
}


/* A new reference; NULL sets the error. */
static json_t *
show(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *doc)
{
    json_t              *out;
    const cxm_fields_t  *fields;

    if (cxm_record_fields(txn, &cxm_record_customer, &fields, &call->err)
        != CXM_OK)
    {
        return NULL;
    }

    call->audit = 1;
    out = cxm_record_json(doc, fields, cxm_record_see(doc, 1));

    if (out == NULL) {
        (void) no_memory(call);
    }

    return out;
}


static json_t *
show_no(cxm_call_t *call, cxm_txn_t *txn, uint64_t no)
{
    json_t     *out;
    cxm_doc_t   doc;

    if (cxm_doc_get(txn, CXM_KIND_CUSTOMER, no, &doc, &call->err) != CXM_OK) {
        (void) cxm_fail(&call->err, CXM_CORRUPT, NULL,
                        "A duplicate cannot be read.");
        return NULL;
    }

    out = show(call, txn, &doc);
    cxm_doc_clear(&doc);

    return out;
}


/* --- of one customer ---------------------------------------------------- */

static cxm_rc_t
duplicates_items(cxm_call_t *call, cxm_txn_t *txn,
    const cxm_duplicates_t *found, json_t *items)
{
    json_t    *shown;
    unsigned   i;

    for (i = 0; i < found->n; i++) {
        shown = show_no(call, txn, found->of[i].no);

        if (shown == NULL) {
            return call->err.rc;
        }

        if (json_array_append_new(items,
                json_pack("{so si sO}", "customer", shown, "score",
                          found->of[i].score, "reasons",
                          found->of[i].reasons)) != 0)
        {
            return no_memory(call);
        }
    }

    return CXM_OK;
}


static cxm_rc_t
duplicates_read(cxm_call_t *call, cxm_txn_t *txn)
{
    json_t            *items;
    cxm_rc_t           rc;
    cxm_doc_t          customer;
    cxm_duplicates_t   found;

    rc = cxm_resource_doc(call, txn, &customer);

    if (rc != CXM_OK) {
        return rc;
    }

    items = json_array();
    rc = cxm_duplicates(txn, &customer, UINT64_MAX, &found, &call->err);
    cxm_doc_clear(&customer);

    if (rc == CXM_OK) {
        rc = duplicates_items(call, txn, &found, items);
    }

    cxm_duplicates_clear(&found);

    if (rc != CXM_OK) {
        json_decref(items);
        return rc;
    }

    return cxm_call_reply(call, 200, json_pack("{so}", "items", items));
}


/* --- of all ------------------------------------------------------------- */

/*
 * Pairs of the newest customers first, each with those that are older.  The
 * position is the customer to go on with, and how many of its pairs were
 * answered.
 */
typedef struct {
    cxm_call_t  *call;
    cxm_txn_t   *txn;
    json_t      *items;
    unsigned     limit;
    unsigned     looked;
    uint64_t     at;
    unsigned     skip;
    int          more;
    cxm_rc_t     rc;
} pairs_t;


static cxm_rc_t
pairs_add(pairs_t *pairs, const cxm_doc_t *doc, const cxm_duplicates_t *found,
    unsigned i)
{
    json_t  *into, *from;

    into = show_no(pairs->call, pairs->txn, found->of[i].no);
    from = into == NULL ? NULL : show(pairs->call, pairs->txn, doc);

    if (from == NULL) {
        json_decref(into);
        return pairs->call->err.rc;
    }

    return json_array_append_new(pairs->items,
               json_pack("{so so si sO}", "into", into, "from", from,
                         "score", found->of[i].score,
                         "reasons", found->of[i].reasons)) == 0
           ? CXM_OK : no_memory(pairs->call);
}


/* A cxm_doc_pt. */
static int
pairs_doc(void *ctx, const cxm_doc_t *doc)
{
    pairs_t            *pairs;
    unsigned            i;
    cxm_uuid_t          whole;
    cxm_duplicates_t    found;

    pairs = ctx;

    if (pairs->looked++ == CXM_DUPLICATE_LOOKS) {
        pairs->more = 1;
        return 1;
    }

    if (cxm_record_merged(&cxm_record_customer, doc->body, &whole)) {
        pairs->at = doc->no;
        return 0;
    }

    pairs->rc = cxm_duplicates(pairs->txn, doc, doc->no, &found,
                               &pairs->call->err);

    for (i = pairs->skip; pairs->rc == CXM_OK && i < found.n; i++) {

        if (json_array_size(pairs->items) == pairs->limit) {
            pairs->more = 1;
            pairs->at = doc->no + 1;
            pairs->skip = i;
            break;
        }

        pairs->rc = pairs_add(pairs, doc, &found, i);
    }

    cxm_duplicates_clear(&found);

    if (!pairs->more) {
        pairs->at = doc->no;
        pairs->skip = 0;
    }

    return pairs->more || pairs->rc != CXM_OK;
}


static cxm_rc_t
pairs_read(cxm_call_t *call, cxm_txn_t *txn)
{
    pairs_t     pairs = { .call = call, .txn = txn, .at = UINT64_MAX };
    cxm_rc_t    rc;
    cxm_page_t  page;

    rc = cxm_page_begin(call, &page);

    if (rc != CXM_OK) {
        return rc;
    }

    if (page.len == 10) {
        pairs.at = cxm_get_u64(page.position);
        pairs.skip = cxm_get_u16(page.position + 8);
    }

    pairs.limit = page.limit;
    pairs.items = json_array();

    rc = cxm_record_list(txn, &cxm_record_customer, NULL, pairs.at,
                         CXM_DUPLICATE_LOOKS + 1, pairs_doc, &pairs,
                         &call->err);
    rc = rc == CXM_OK ? pairs.rc : rc;

    if (rc != CXM_OK) {
        json_decref(pairs.items);
        return rc;
    }

    page.len = pairs.more ? 10 : 0;
    (void) cxm_put_u16(cxm_put_u64(page.position, pairs.at),
                       (uint16_t) pairs.skip);

    return cxm_page_reply(call, pairs.items, &page);
}


/* --- not the same person ------------------------------------------------ */

static cxm_rc_t
distinct_json(cxm_call_t *call, cxm_txn_t *txn, const cxm_uuid_t *other,
    uint64_t seq, json_t **out)
{
    char         id[CXM_UUID_LEN + 1], at[CXM_RFC3339_LEN + 1];
    cxm_rc_t     rc;
    cxm_entry_t  entry;

    rc = cxm_journal_read(txn, seq, 0, &entry, &call->err);

    if (rc != CXM_OK) {
        return cxm_fail(&call->err, rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc,
                        NULL, "Who said so cannot be read.");
    }

    cxm_uuid_format(other, id);
    cxm_rfc3339_format(cxm_entry_time(&entry), at);
    *out = json_pack("{ss ss so}", "customer", id, "at", at, "author",
                     cxm_actor_json(txn, entry.actor));
    cxm_entry_clear(&entry);

    return *out == NULL ? no_memory(call) : CXM_OK;
}


typedef struct {
    cxm_call_t  *call;
    cxm_txn_t   *txn;
    json_t      *items;
    unsigned     limit;
    cxm_uuid_t   last;
    int          more;
    cxm_rc_t     rc;
} distincts_t;


/* A cxm_distinct_pt. */
static int
distinct_item(void *ctx, const cxm_uuid_t *other, uint64_t seq)
{
    json_t       *item;
    distincts_t  *list;

    list = ctx;

    if (json_array_size(list->items) == list->limit) {
        list->more = 1;
        return 1;
    }

    list->last = *other;
    list->rc = distinct_json(list->call, list->txn, other, seq, &item);

    if (list->rc == CXM_OK
        && json_array_append_new(list->items, item) != 0)
    {
        list->rc = no_memory(list->call);
    }

    return list->rc != CXM_OK;
}


static cxm_rc_t
distincts_read(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t      rc;
    cxm_doc_t     customer;
    cxm_page_t    page;
    distincts_t   list = { .call = call, .txn = txn };

    rc = cxm_page_begin(call, &page);

    if (rc == CXM_OK) {
        rc = cxm_resource_doc(call, txn, &customer);
    }

    if (rc != CXM_OK) {
        return rc;
    }

    list.limit = page.limit;
    list.items = json_array();

    if (page.len == sizeof(list.last.b)) {
        memcpy(list.last.b, page.position, page.len);
    }

    rc = cxm_distinct_each(txn, &customer.id, &list.last, page.limit + 1,
                           distinct_item, &list);
    rc = rc == CXM_OK ? list.rc : rc;
    cxm_doc_clear(&customer);

    if (rc != CXM_OK) {
        json_decref(list.items);
        return cxm_fail(&call->err, rc, NULL, "A list cannot be read.");
    }

    page.len = list.more ? sizeof(list.last.b) : 0;
    memcpy(page.position, list.last.b, sizeof(list.last.b));

    return cxm_page_reply(call, list.items, &page);
}


/* A customer that the path names, and that may be written of. */
static cxm_rc_t
path_customer(cxm_call_t *call, cxm_txn_t *txn, cxm_str_t text,
    cxm_uuid_t *id)
{
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    rc = cxm_uuid_parse(text, id) == CXM_OK
         ? cxm_doc_by_id(txn, CXM_KIND_CUSTOMER, id, &doc, &call->err)
         : CXM_NOT_FOUND;

    if (rc != CXM_OK) {
        return rc == CXM_NOT_FOUND
               ? cxm_fail(&call->err, rc, NULL, "There is no such customer.")
               : rc;
    }

    rc = cxm_record_moved(txn, &cxm_record_customer, &doc, CXM_CONFLICT,
                          &call->err);
    cxm_doc_clear(&doc);

    return rc;
}


static cxm_rc_t
distinct_set(cxm_call_t *call, cxm_txn_t *txn, int distinct,
    cxm_uuid_t *other, int *changed)
{
    cxm_rc_t    rc;
    cxm_uuid_t  customer;

    rc = path_customer(call, txn, call->params[0], &customer);

    if (rc == CXM_OK) {
        rc = path_customer(call, txn, call->params[1], other);
    }

    if (rc == CXM_OK && memcmp(&customer, other, sizeof(customer)) == 0) {
        return cxm_issue(&call->err, "", "same",
                         "A customer is the same person as itself.");
    }

    return rc == CXM_OK
           ? cxm_distinct_set(txn, call->caller.principal.actor, &customer,
                              other, distinct, changed, &call->err)
           : rc;
}


static cxm_rc_t
distinct_put(cxm_call_t *call, cxm_txn_t *txn)
{
    int          changed;
    json_t      *output;
    cxm_rc_t     rc;
    uint64_t     seq;
    cxm_uuid_t   customer, other;

    rc = distinct_set(call, txn, 1, &other, &changed);

    if (rc == CXM_OK) {
        (void) cxm_uuid_parse(call->params[0], &customer);
        rc = cxm_distinct_said(txn, &customer, &other, &seq);
    }

    if (rc == CXM_OK) {
        rc = distinct_json(call, txn, &other, seq, &output);
    }

    return rc == CXM_OK ? cxm_call_reply(call, changed ? 201 : 200, output)
                        : rc;
}


static cxm_rc_t
distinct_delete(cxm_call_t *call, cxm_txn_t *txn)
{
    int         changed;
    cxm_rc_t    rc;
    cxm_uuid_t  other;

    rc = distinct_set(call, txn, 0, &other, &changed);

    if (rc == CXM_OK && !changed) {
        return cxm_fail(&call->err, CXM_NOT_FOUND, NULL,
                        "Nobody said that they are two.");
    }

    return rc == CXM_OK ? cxm_call_reply_raw(call, 204, NULL) : rc;
}


#define READ   CXM_SCOPE_CUSTOMER_READ
#define WRITE  CXM_SCOPE_CUSTOMER_WRITE


/* Why two are alike tells of what is personal, to who may read that. */
const cxm_route_t  cxm_routes_duplicate[] = {
    { CXM_RESOURCE_ROW(CXM_GET, "customers/{id}/duplicates",
                       READ | CXM_SCOPE_PERSONAL_READ, customer,
                       CXM_ROUTE_PERSONAL),
      .answers = CXM_200, .output = &duplicates_output,
      .read = duplicates_read, .write = cxm_write_audit,
      .summary = "Customers who may be the same person" },
    { CXM_RESOURCE_ROW(CXM_GET, "duplicates", READ | CXM_SCOPE_PERSONAL_READ,
                       customer, CXM_ROUTE_PERSONAL),
      .query = cxm_resource_page, .answers = CXM_200, .output = &pair_output,
      .read = pairs_read, .write = cxm_write_audit,
      .summary = "Pairs of customers who may be the same person, those of "
                 "the newest first" },
    { CXM_RESOURCE_ROW(CXM_GET, "customers/{id}/distinct", READ, customer, 0),
      .query = cxm_resource_page, .answers = CXM_200,
      .output = &distinct_output, .read = distincts_read,
      .summary = "Customers who are said not to be this one" },
    { CXM_RESOURCE_ROW(CXM_PUT, "customers/{id}/distinct/{other}", WRITE,
                       customer, 0),
      .answers = CXM_200 | CXM_201, .output = &distinct_output,
      .write = distinct_put,
      .summary = "Say that two customers are not the same person" },
    { CXM_RESOURCE_ROW(CXM_DELETE, "customers/{id}/distinct/{other}", WRITE,
                       customer, 0),
      .answers = CXM_204, .write = distinct_delete,
      .summary = "Take that back" },
    { .path = NULL }
};
