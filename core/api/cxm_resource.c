/*
 * Handlers of records.
 */

#include "cxm_call.h"
#include "cxm_json.h"
#include "cxm_resource.h"


const cxm_field_t  cxm_resource_page[] = {
    CXM_QUERY_PAGE,
    { .name = NULL }
};

static const cxm_field_t  version_fields[] = {
    { .name = "version", .type = CXM_FIELD_INT },
    { .name = "at", .type = CXM_FIELD_TIME },
    { .name = "actor", .type = CXM_FIELD_ANY, .flags = CXM_FIELD_NULLABLE,
      .summary = "who made it: {kind: staff, key or account, id, name}; null: "
                 "the server itself, or the site in the customer's name" },
    { .name = "changes", .type = CXM_FIELD_ANY,
      .summary = "[{field: pointer, from, to}]; values of personal fields "
                 "with personal_read" },
    { .name = NULL }
};

const cxm_fields_t  cxm_resource_version = { "RecordVersion", version_fields };


/* --- names in the path -------------------------------------------------- */

static cxm_rc_t
no_document(cxm_call_t *call, const cxm_record_t *record)
{
    return cxm_fail(&call->err, CXM_NOT_FOUND, NULL, "There is no such %s.",
                    record->name);
}


/* The owner's id; nil where there is no owner. */
static cxm_rc_t
path_owner(cxm_call_t *call, cxm_uuid_t *owner)
{
    const cxm_record_t  *record;

    record = call->route->record;
    memset(owner, 0, sizeof(*owner));

    if (record->owner == NULL
        || cxm_uuid_parse(call->params[0], owner) == CXM_OK)
    {
        return CXM_OK;
    }

    return no_document(call, record->owner);
}


static cxm_str_t
path_own(const cxm_call_t *call)
{
    return call->params[call->route->record->owner != NULL];
}


cxm_rc_t
cxm_resource_write(cxm_call_t *call, cxm_txn_t *txn, int own,
    cxm_record_write_t *write)
{
    cxm_rc_t             rc;
    const cxm_record_t  *record;

    record = call->route->record;

    memset(write, 0, sizeof(*write));
    write->txn = txn;
    write->record = record;
    write->caller = &call->caller;
    write->actor = call->caller.principal.actor;
    write->if_match = call->if_match;
    write->err = &call->err;

    rc = path_owner(call, &write->owner);

    if (rc != CXM_OK || !own) {
        return rc;
    }

    if (record->flags & CXM_RECORD_NAMED) {
        write->slug = path_own(call);

        return cxm_slug_valid(write->slug) ? CXM_OK
                                           : no_document(call, record);
    }

    return cxm_uuid_parse(path_own(call), &write->id) == CXM_OK
           ? CXM_OK : no_document(call, record);
}


/* A part's address leads to the whole. */
static cxm_rc_t
doc_moved(cxm_call_t *call, cxm_txn_t *txn, const cxm_record_t *record,
    const cxm_doc_t *doc)
{
    return cxm_record_moved(txn, record, doc, CXM_MOVED, &call->err);
}


cxm_rc_t
cxm_resource_owner(cxm_call_t *call, cxm_txn_t *txn, cxm_doc_t *owner)
{
    cxm_rc_t             rc;
    cxm_uuid_t           id;
    const cxm_record_t  *record;

    record = call->route->record->owner;
    memset(owner, 0, sizeof(*owner));
    rc = path_owner(call, &id);

    if (rc != CXM_OK) {
        return rc;
    }

    rc = cxm_doc_by_id(txn, record->kind, &id, owner, &call->err);

    if (rc == CXM_OK) {
        rc = doc_moved(call, txn, record, owner);
    }

    if (rc != CXM_OK) {
        cxm_doc_clear(owner);
    }

    return rc == CXM_NOT_FOUND ? no_document(call, record) : rc;
}


/* Whether it belongs to the owner in the path, or to a part of that. */
static cxm_rc_t
doc_owned(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *doc)
{
    cxm_rc_t             rc;
    cxm_doc_t            owner;
    cxm_uuid_t           id;
    const cxm_record_t  *record;

    record = call->route->record->owner;
    rc = cxm_resource_owner(call, txn, &owner);

    if (rc != CXM_OK) {
        return rc;
    }

    rc = cxm_uuid_parse(cxm_json_get_str(doc->body, record->name), &id);

    if (rc == CXM_OK) {
        rc = cxm_record_whole(txn, record, &id, &id);
    }

    if (rc == CXM_OK && memcmp(&id, &owner.id, sizeof(id)) != 0) {
        rc = CXM_NOT_FOUND;
    }

    cxm_doc_clear(&owner);

    return rc;
}


cxm_rc_t
cxm_resource_doc(cxm_call_t *call, cxm_txn_t *txn, cxm_doc_t *doc)
{
    cxm_rc_t              rc;
    const cxm_record_t   *record;
    cxm_record_write_t    named;

    record = call->route->record;
    memset(doc, 0, sizeof(*doc));
    rc = cxm_resource_write(call, txn, 1, &named);

    if (rc != CXM_OK) {
        return rc;
    }

    rc = record->flags & CXM_RECORD_NAMED
         ? cxm_doc_by_name(txn, record->kind, named.slug, doc, &call->err)
         : cxm_doc_by_id(txn, record->kind, &named.id, doc, &call->err);

    if (rc == CXM_OK) {
        rc = record->owner != NULL ? doc_owned(call, txn, doc)
                                   : doc_moved(call, txn, record, doc);
    }

    if (rc != CXM_OK) {
        cxm_doc_clear(doc);
    }

    return rc == CXM_NOT_FOUND ? no_document(call, record) : rc;
}


/* --- answering ---------------------------------------------------------- */

/* As this caller may see it; *personal is set when there is such. */
static json_t *
show(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *doc, int *personal)
{
    int                  may;
    const cxm_fields_t  *fields;

    may = cxm_may(&call->caller, CXM_SCOPE_PERSONAL_READ);
    *personal |= may && json_object_size(doc->personal) > 0;

    if (cxm_record_fields(txn, call->route->record, &fields, &call->err)
        != CXM_OK)
    {
        return NULL;
    }

    return cxm_record_json(doc, fields, cxm_record_see(doc, may));
}


static cxm_rc_t
reply(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *doc, int created,
    int *personal)
{
    return cxm_call_reply_shown(call, doc, show(call, txn, doc, personal),
                                created);
}


cxm_rc_t
cxm_resource_get(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    rc = cxm_resource_doc(call, txn, &doc);

    if (rc == CXM_OK) {
        rc = reply(call, txn, &doc, 0, &call->audit);
    }

    cxm_doc_clear(&doc);

    return rc;
}


/* --- writing ------------------------------------------------------------ */

/*
 * Who writes sees what was written: the change tells of it, so it is not
 * audited.  A reply that is kept for a repeat is the person's.
 */
static cxm_rc_t
reply_written(cxm_call_t *call, cxm_txn_t *txn, cxm_doc_t *doc, int created)
{
    int       personal;
    cxm_rc_t  rc;

    personal = 0;
    call->subject = doc->subject;
    rc = reply(call, txn, doc, created, &personal);
    cxm_doc_clear(doc);

    return rc;
}


static cxm_rc_t
write_put(cxm_call_t *call, cxm_txn_t *txn, int own)
{
    int                  created;
    cxm_rc_t             rc;
    cxm_doc_t            doc;
    cxm_record_write_t   write;

    rc = cxm_resource_write(call, txn, own, &write);

    /* what has no address yet has no version that could be asked for */

    if (!own) {
        write.if_match = CXM_VERSION_ANY;
    }

    if (rc == CXM_OK) {
        rc = cxm_record_put(&write, call->input, &doc, &created);
    }

    return rc == CXM_OK ? reply_written(call, txn, &doc, created) : rc;
}


cxm_rc_t
cxm_resource_post(cxm_call_t *call, cxm_txn_t *txn)
{
    return write_put(call, txn, 0);
}


cxm_rc_t
cxm_resource_put(cxm_call_t *call, cxm_txn_t *txn)
{
    return write_put(call, txn, 1);
}


cxm_rc_t
cxm_resource_patch(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t             rc;
    cxm_doc_t            doc;
    cxm_record_write_t   write;

    rc = cxm_resource_write(call, txn, 1, &write);

    if (rc == CXM_OK) {
        rc = cxm_record_patch(&write, call->input, &doc);
    }

    return rc == CXM_OK ? reply_written(call, txn, &doc, 0) : rc;
}


cxm_rc_t
cxm_resource_delete(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t             rc;
    cxm_record_write_t   write;

    rc = cxm_resource_write(call, txn, 1, &write);

    if (rc == CXM_OK) {
        rc = cxm_record_delete(&write);
    }

    return rc == CXM_OK ? cxm_call_reply_raw(call, 204, NULL) : rc;
}
