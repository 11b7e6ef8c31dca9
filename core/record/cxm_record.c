/*
 * Records: writing.
 */

#include "cxm_field_site.h"
#include "cxm_index.h"
#include "cxm_json.h"
#include "cxm_person.h"
#include "cxm_record.h"


static cxm_rc_t
no_memory(cxm_record_write_t *write)
{
    return cxm_fail(write->err, CXM_INTERNAL, NULL, "Not enough memory.");
}


static cxm_rc_t
no_document(cxm_record_write_t *write, const cxm_record_t *record)
{
    return cxm_fail(write->err, CXM_NOT_FOUND, NULL, "There is no such %s.",
                    record->name);
}


static void
as_doc(const cxm_record_write_t *write, cxm_doc_write_t *doc)
{
    memset(doc, 0, sizeof(*doc));
    doc->kind = write->record->kind;
    doc->slug = write->slug;
    doc->id = write->id;
    doc->no = write->no;
    doc->if_match = write->if_match;
    doc->actor = write->actor;
    doc->dry = write->dry;
}


/* --- what is there ------------------------------------------------------ */

/* What others than the server itself may still do with a document. */
static cxm_rc_t
may_change(cxm_record_write_t *write, const cxm_record_t *record,
    const cxm_doc_t *doc)
{
    cxm_rc_t  rc;

    if (write->ours) {
        return CXM_OK;
    }

    rc = cxm_record_moved(write->txn, record, doc, CXM_CONFLICT, write->err);

    if (rc == CXM_OK && doc->erased && !write->removes) {
        rc = cxm_fail(write->err, CXM_CONFLICT, "person_erased",
                      "This person has been erased.");
    }

    return rc;
}


/* It stays where it is, also when that is a part of the owner. */
static cxm_rc_t
begin_owned(cxm_record_write_t *write)
{
    cxm_rc_t    rc;
    cxm_uuid_t  whole, own;

    rc = cxm_uuid_parse(cxm_json_get_str(write->before,
                                         write->record->owner->name), &own);

    if (rc == CXM_OK && memcmp(&own, &write->owner, sizeof(own)) != 0) {
        rc = cxm_record_whole(write->txn, write->record->owner, &own, &whole);

        if (rc == CXM_OK && memcmp(&whole, &write->owner, sizeof(own)) != 0) {
            rc = CXM_NOT_FOUND;
        }

        write->owner = own;
    }

    return rc == CXM_OK ? CXM_OK : no_document(write, write->record);
}


/* The owner lends its subject; another's document is none. */
static cxm_rc_t
begin_owner(cxm_record_write_t *write)
{
    cxm_rc_t    rc;
    cxm_doc_t   owner;

    rc = cxm_doc_by_id(write->txn, write->record->owner->kind, &write->owner,
                       &owner, write->err);

    if (rc != CXM_OK) {
        return rc == CXM_NOT_FOUND
               ? no_document(write, write->record->owner) : rc;
    }

    if (write->subject == 0) {
        write->subject = owner.subject;
    }

    rc = may_change(write, write->record->owner, &owner);

    if (rc == CXM_OK && write->before != NULL) {
        rc = begin_owned(write);
    }

    cxm_doc_clear(&owner);

    return rc;
}


/*
 * Erased is who an entry has made so, though the key may be there until the
 * next commit.
 */
static cxm_rc_t
begin_gone(cxm_record_write_t *write, cxm_doc_t *old)
{
    cxm_rc_t  rc;

    if (old->subject == 0 || old->erased) {
        return CXM_OK;
    }

    rc = cxm_person_gone(write->txn, old->subject, NULL);

    if (rc == CXM_OK) {
        json_decref(old->personal);
        old->personal = NULL;
        old->erased = 1;
    }

    return rc == CXM_OK || rc == CXM_NOT_FOUND
           ? CXM_OK
           : cxm_fail(write->err, rc, NULL, "A person cannot be looked up.");
}


/* *old is what there is; write->before is to be dropped in any case. */
static cxm_rc_t
record_begin(cxm_record_write_t *write, cxm_doc_t *old)
{
    cxm_rc_t         rc;
    cxm_doc_write_t  doc;

    write->before = NULL;
    write->document = NULL;
    write->subject = 0;
    memset(old, 0, sizeof(*old));

    rc = cxm_record_fields(write->txn, write->record, &write->fields,
                           write->err);

    if (rc == CXM_OK) {
        as_doc(write, &doc);
        doc.if_match = CXM_VERSION_ANY;
        rc = cxm_doc_find(write->txn, &doc, old, write->err);
    }

    if (rc == CXM_OK) {
        rc = begin_gone(write, old);
    }

    if (rc != CXM_OK) {
        return rc;
    }

    write->old = old;
    write->subject = old->version > 0 ? old->subject : write->person;

    if (old->version > 0) {
        write->before = cxm_field_join(write->fields, old->body,
                                       old->personal, CXM_SEE_ALL);

        if (write->before == NULL) {
            return no_memory(write);
        }
    }

    if (write->record->owner != NULL) {
        rc = begin_owner(write);
    }

    if (rc == CXM_OK) {
        rc = may_change(write, write->record, old);
    }

    return rc == CXM_OK
           ? cxm_doc_expect(write->if_match, old->version, write->err) : rc;
}


static void
record_end(cxm_record_write_t *write, cxm_doc_t *doc, cxm_rc_t rc)
{
    json_decref((json_t *) write->before);
    json_decref(write->document);
    write->before = NULL;
    write->document = NULL;
    write->old = NULL;

    if (rc != CXM_OK) {
        cxm_doc_clear(doc);
    }
}


/* --- what it becomes ---------------------------------------------------- */

/* Members that come from where the document lies. */
static int
set_place(cxm_record_write_t *write)
{
    int   bad;
    char  owner[CXM_UUID_LEN + 1];

    bad = 0;

    if (write->record->owner != NULL) {
        cxm_uuid_format(&write->owner, owner);
        bad |= cxm_json_set_str(write->document, write->record->owner->name,
                                cxm_strz(owner));
    }

    if (write->record->flags & CXM_RECORD_NAMED) {
        bad |= cxm_json_set_str(write->document, "slug", write->slug);
    }

    return bad;
}


/* An object to check even where there is none: members may be required. */
static int
set_site(cxm_record_write_t *write)
{
    return (write->record->flags & CXM_RECORD_SITE)
           && json_object_get(write->document, CXM_SITE_MEMBER) == NULL
           && json_object_set_new(write->document, CXM_SITE_MEMBER,
                                  json_object()) != 0;
}


/* The server's own changes are of what was right before. */
static cxm_rc_t
record_check(cxm_record_write_t *write)
{
    cxm_rc_t  rc;

    if (set_site(write)) {
        return no_memory(write);
    }

    if (!write->ours) {
        rc = cxm_field_check(write->fields, write->document, "", write->err);

        if (rc != CXM_OK) {
            return rc;
        }

        cxm_field_strip(write->fields, CXM_FIELD_OURS, write->document);

        if (cxm_field_times(write->fields, write->document) != CXM_OK
            || cxm_field_keep(write->fields, write->before, write->document)
            != CXM_OK)
        {
            return no_memory(write);
        }
    }

    if (set_place(write)) {
        return no_memory(write);
    }

    rc = write->record->check == NULL ? CXM_OK : write->record->check(write);

    if (rc == CXM_OK && (write->record->flags & CXM_RECORD_SEARCHED)) {
        rc = cxm_index_free(write->txn, write->record->kind, write->old->no,
                            write->fields, write->document, write->err);
    }

    return rc;
}


static cxm_rc_t
record_subject(cxm_record_write_t *write)
{
    cxm_rc_t  rc;

    if (!(write->record->flags & CXM_RECORD_PERSON) || write->subject != 0
        || write->dry)
    {
        return CXM_OK;
    }

    rc = cxm_person_take(write->txn, &write->subject);

    return rc == CXM_OK ? CXM_OK
           : cxm_fail(write->err, rc, NULL, "No key for this person.");
}


/*
 * A document with a subject always has a personal part, be it empty: so its
 * absence tells that the person is erased.
 */
static cxm_rc_t
record_write(cxm_record_write_t *write, cxm_doc_t *doc)
{
    cxm_rc_t         rc;
    cxm_doc_write_t  out;

    rc = write->amend == NULL ? CXM_OK : write->amend(write);

    if (rc == CXM_OK) {
        rc = record_check(write);
    }

    if (rc == CXM_OK) {
        rc = record_subject(write);
    }

    if (rc != CXM_OK) {
        return rc;
    }

    as_doc(write, &out);
    out.subject = write->subject;

    if (cxm_field_split(write->fields, write->document, &out.body,
                        &out.personal) != CXM_OK)
    {
        return no_memory(write);
    }

    if (write->subject == 0 || doc->erased) {
        json_decref(out.personal);
        out.personal = NULL;
    }

    rc = cxm_doc_replace(write->txn, &out, doc, write->err);

    json_decref(out.body);
    json_decref(out.personal);

    return rc;
}


cxm_rc_t
cxm_record_put(cxm_record_write_t *write, const json_t *input,
    cxm_doc_t *out, int *created)
{
    cxm_rc_t  rc;

    rc = record_begin(write, out);
    *created = out->version == 0;

    if (rc == CXM_OK) {
        write->document = json_deep_copy(input);
        rc = write->document == NULL ? no_memory(write)
                                     : record_write(write, out);
    }

    record_end(write, out, rc);

    return rc;
}


static cxm_rc_t
record_merge(cxm_record_write_t *write, const json_t *patch)
{
    json_t    *own;
    cxm_rc_t   rc;

    if (!json_is_object(patch)) {
        return cxm_issue(write->err, "", "wrong_type", "Must be an object.");
    }

    own = json_deep_copy(patch);
    write->document = json_deep_copy(write->before);

    if (own == NULL || write->document == NULL) {
        json_decref(own);
        return no_memory(write);
    }

    /* a hidden member of the patch is to be seen by the check */

    if (!write->ours) {
        cxm_field_strip(write->fields, CXM_FIELD_READONLY, own);
        cxm_field_strip(write->fields, CXM_FIELD_OURS, write->document);
    }

    rc = cxm_merge_patch(write->document, own);
    json_decref(own);

    return rc == CXM_OK ? CXM_OK : no_memory(write);
}


cxm_rc_t
cxm_record_patch(cxm_record_write_t *write, const json_t *patch,
    cxm_doc_t *out)
{
    cxm_rc_t  rc;

    rc = record_begin(write, out);

    if (rc == CXM_OK && out->version == 0) {
        rc = no_document(write, write->record);
    }

    if (rc == CXM_OK) {
        rc = record_merge(write, patch);
    }

    if (rc == CXM_OK) {
        rc = record_write(write, out);
    }

    record_end(write, out, rc);

    return rc;
}


cxm_rc_t
cxm_record_delete(cxm_record_write_t *write)
{
    cxm_rc_t         rc;
    cxm_doc_t        old;
    cxm_doc_write_t  doc;

    write->removes = 1;
    rc = record_begin(write, &old);

    if (rc == CXM_OK && old.version == 0) {
        rc = no_document(write, write->record);
    }

    if (rc == CXM_OK) {
        as_doc(write, &doc);
        rc = cxm_doc_delete(write->txn, &doc, write->err);
    }

    record_end(write, &old, CXM_INTERNAL);

    return rc;
}
