/*
 * Lists of records: pages by number, of what was found, and of versions.
 */

#include <stdio.h>

#include "cxm_call.h"
#include "cxm_json.h"
#include "cxm_resource.h"


#define CXM_LIST_PARTS  1000        /* passed over in one page, about */

/* A page while it is gathered. */
typedef struct {
    cxm_call_t          *call;
    cxm_txn_t           *txn;
    const cxm_fields_t  *fields;
    int                  may;       /* personal members are seen */
    unsigned             limit;
    size_t               bytes;     /* of items, as JSON */
    json_t              *items;
    uint64_t             last;      /* number of the last one */
    uint64_t             skip;      /* one that was answered before */
    unsigned             looked;    /* at documents, of at most: */
    unsigned             looks;
    int                  more;
    int                  failed;    /* memory was short */
} cxm_resource_page_t;


static cxm_rc_t
page_begin(cxm_resource_page_t *list, cxm_call_t *call, cxm_txn_t *txn,
    cxm_page_t *page)
{
    cxm_rc_t  rc;

    memset(list, 0, sizeof(*list));
    rc = cxm_page_begin(call, page);

    if (rc != CXM_OK) {
        return rc;
    }

    list->call = call;
    list->txn = txn;
    list->may = cxm_may(&call->caller, CXM_SCOPE_PERSONAL_READ);
    list->limit = page->limit;
    list->items = json_array();

    return cxm_record_fields(txn, call->route->record, &list->fields,
                             &call->err);
}


static cxm_rc_t
page_end(cxm_resource_page_t *list, const cxm_page_t *page, cxm_rc_t rc)
{
    if (rc == CXM_OK && list->failed) {
        rc = cxm_fail(&list->call->err, CXM_INTERNAL, NULL,
                      "Not enough memory.");
    }

    if (rc != CXM_OK) {
        json_decref(list->items);
        return rc;
    }

    return cxm_page_reply(list->call, list->items, page);
}


static int
page_add(cxm_resource_page_t *list, const cxm_doc_t *doc)
{
    json_t  *shown;

    shown = cxm_record_json(doc, list->fields,
                            cxm_record_see(doc, list->may));

    list->call->audit |= list->may && json_object_size(doc->personal) > 0;
    list->last = doc->no;
    list->bytes += json_dumpb(shown, NULL, 0, JSON_COMPACT);
    list->failed |= json_array_append_new(list->items, shown) != 0;

    return list->failed;
}


/*
 * A cxm_doc_pt: one more than the limit tells that there are more.  What is
 * part of another is passed over, many of them in more pages than one.
 */
static int
page_doc(void *ctx, const cxm_doc_t *doc)
{
    cxm_uuid_t            whole;
    cxm_resource_page_t  *list;

    list = ctx;
    list->looked++;

    if (json_array_size(list->items) == list->limit
        || list->bytes > CXM_PAGE_BYTES || list->looked == list->looks)
    {
        list->more = 1;
        return 1;
    }

    if (cxm_record_merged(list->call->route->record, doc->body, &whole)) {
        list->last = doc->no;
        return 0;
    }

    return page_add(list, doc);
}


/* --- what was found ----------------------------------------------------- */

/* A cxm_doc_pt. */
static int
found_doc(void *ctx, const cxm_doc_t *doc)
{
    cxm_resource_page_t  *list;

    list = ctx;

    return doc->no == list->skip ? 0 : page_add(list, doc);
}


static cxm_rc_t
found_first(cxm_resource_page_t *list, uint64_t no)
{
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    rc = cxm_doc_get(list->txn, list->call->route->record->kind, no, &doc,
                     &list->call->err);

    if (rc == CXM_OK) {
        (void) page_add(list, &doc);
        cxm_doc_clear(&doc);
    }

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


cxm_rc_t
cxm_resource_found(cxm_call_t *call, cxm_txn_t *txn, const cxm_find_t *find,
    uint64_t first)
{
    cxm_rc_t             rc;
    cxm_page_t           page;
    cxm_find_place_t     place = { CXM_FIND_EXACT, UINT32_MAX };
    cxm_resource_page_t  list;

    rc = page_begin(&list, call, txn, &page);

    if (rc != CXM_OK) {
        return page_end(&list, &page, rc);
    }

    list.skip = first;

    if (page.len == 5) {
        place.level = page.position[0];
        place.below = cxm_get_u32(page.position + 1);

    } else if (first != 0) {
        rc = found_first(&list, first);
    }

    if (rc == CXM_OK && cxm_find_asks(find)) {
        rc = cxm_find_run(txn, find, &place,
                          list.limit - (unsigned) json_array_size(list.items),
                          found_doc, &list, &call->err);
    }

    page.len = cxm_find_asks(find) && place.level < CXM_FIND_END ? 5 : 0;
    page.position[0] = (uint8_t) place.level;
    (void) cxm_put_u32(page.position + 1, place.below);

    return page_end(&list, &page, rc);
}


/* --- lists -------------------------------------------------------------- */

/* Arguments by the names of LOOKUP fields; then the owner is one of them. */
static cxm_rc_t
list_args(cxm_call_t *call, cxm_txn_t *txn, const cxm_uuid_t *owner,
    cxm_find_t *find)
{
    cxm_rc_t             rc;
    unsigned             i;
    const cxm_record_t  *record;

    record = call->route->record;
    rc = cxm_find_begin(find, txn, record, &call->err);

    for (i = 0; i < call->nargs && rc == CXM_OK; i++) {
        rc = cxm_find_value(find, txn, call->args[i].name,
                            call->args[i].value);

        /* limit and cursor are no fields */

        rc = rc == CXM_NOT_FOUND ? CXM_OK : rc;
    }

    if (rc == CXM_OK && cxm_find_asks(find) && owner != NULL) {
        rc = cxm_find_owner(find, txn, owner);
    }

    return rc;
}


cxm_rc_t
cxm_resource_list(cxm_call_t *call, cxm_txn_t *txn)
{
    int                  of_owner;
    cxm_rc_t             rc;
    cxm_doc_t            owner;
    cxm_find_t           find;
    cxm_page_t           page;
    cxm_resource_page_t  list;

    of_owner = call->params[0].len > 0;
    rc = CXM_OK;

    if (of_owner) {
        rc = cxm_resource_owner(call, txn, &owner);
        cxm_doc_clear(&owner);
    }

    if (rc == CXM_OK) {
        rc = list_args(call, txn, of_owner ? &owner.id : NULL, &find);
    }

    if (rc != CXM_OK) {
        return rc;
    }

    if (cxm_find_asks(&find)) {
        return cxm_resource_found(call, txn, &find, 0);
    }

    rc = page_begin(&list, call, txn, &page);

    list.looks = page.limit + CXM_LIST_PARTS;

    if (rc == CXM_OK) {
        rc = cxm_record_list(txn, call->route->record,
                             of_owner ? &owner.id : NULL,
                             page.len == 8 ? cxm_get_u64(page.position)
                                           : UINT64_MAX,
                             list.looks, page_doc, &list, &call->err);
    }

    page.len = list.more ? 8 : 0;
    (void) cxm_put_u64(page.position, list.last);

    return page_end(&list, &page, rc);
}


/* --- history ------------------------------------------------------------ */

/* A cxm_history_pt. */
static int
history_item(void *ctx, const cxm_record_version_t *version)
{
    char                  at[CXM_RFC3339_LEN + 1];
    json_t               *item;
    cxm_resource_page_t  *list;

    list = ctx;
    list->last = version->version;
    cxm_rfc3339_format(version->at, at);

    item = json_pack("{sI ss so sO}",
                     "version", (json_int_t) version->version, "at", at,
                     "actor", cxm_actor_json(list->txn, version->actor),
                     "changes", version->changes);

    return json_array_append_new(list->items, item);
}


cxm_rc_t
cxm_resource_history(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t             rc;
    cxm_doc_t            doc;
    cxm_page_t           page;
    cxm_resource_page_t  list;

    rc = cxm_resource_doc(call, txn, &doc);

    if (rc != CXM_OK) {
        return rc;
    }

    rc = page_begin(&list, call, txn, &page);

    if (rc == CXM_OK) {
        rc = cxm_record_history(txn, call->route->record, &doc,
                                page.len == 8 ? cxm_get_u64(page.position)
                                              : 0,
                                page.limit, list.may, &call->audit,
                                history_item, &list, &call->err);
    }

    cxm_doc_clear(&doc);

    /* version 1 is the end, and so is the oldest one that is kept */

    page.len = json_array_size(list.items) == list.limit && list.last > 1
               ? 8 : 0;
    (void) cxm_put_u64(page.position, list.last);

    return page_end(&list, &page, rc);
}
