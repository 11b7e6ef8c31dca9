/*
 * Routes of data protection.
 */

#include "cxm_call.h"
#include "cxm_erasure.h"
#include "cxm_json.h"
#include "cxm_routes.h"


static const cxm_field_t  erasure_input_fields[] = {
    { .name = "customer_id", .type = CXM_FIELD_STRING, .min = 1, .max = 200,
      .flags = CXM_FIELD_PERSONAL, .summary = "The person, by one member." },
    { .name = "external_id", .type = CXM_FIELD_STRING, .min = 1, .max = 200,
      .flags = CXM_FIELD_PERSONAL },
    { .name = "email", .type = CXM_FIELD_EMAIL,
      .flags = CXM_FIELD_PERSONAL },
    { .name = "phone", .type = CXM_FIELD_PHONE,
      .flags = CXM_FIELD_PERSONAL },
    { .name = "visitor", .type = CXM_FIELD_STRING, .min = 1, .max = 200,
      .flags = CXM_FIELD_PERSONAL },
    { .name = "slot", .type = CXM_FIELD_INT, .min = 1, .max = INT64_MAX,
      .summary = "Number of the person's key." },
    { .name = NULL }
};

static const cxm_fields_t  erasure_input = {
    "ErasureInput", erasure_input_fields
};

static const char *const  erasure_states[] = { "begun", "erased", NULL };

static const cxm_field_t  erasure_fields[] = {
    { .name = "id", .type = CXM_FIELD_UUID },
    { .name = "state", .type = CXM_FIELD_ENUM, .values = erasure_states,
      .summary = "begun: it is finished within a minute, whatever fails" },
    { .name = "by", .type = CXM_FIELD_STRING,
      .summary = "the member that named the person" },
    { .name = "slots", .type = CXM_FIELD_ANY,
      .summary = "numbers of the keys that are destroyed" },
    { .name = "kept", .type = CXM_FIELD_ANY, .flags = CXM_FIELD_NULLABLE,
      .summary = "by kind, how many linked records stay, counted and "
                 "nobody's" },
    { .name = "entries", .type = CXM_FIELD_ANY,
      .summary = "numbers of its entries in the journal" },
    { .name = "version", .type = CXM_FIELD_INT },
    { .name = "created_at", .type = CXM_FIELD_TIME,
      .summary = "when it began" },
    { .name = "updated_at", .type = CXM_FIELD_TIME,
      .summary = "when it was done" },
    { .name = NULL }
};

static const cxm_fields_t  erasure_output = { "Erasure", erasure_fields };

static const cxm_field_t  erasure_list_query[] = {
    CXM_QUERY_PAGE,
    { .name = NULL }
};


/* --- erase -------------------------------------------------------------- */

static cxm_rc_t
erasure_prepare(cxm_call_t *call)
{
    if (json_object_size(call->input) != 1) {
        return cxm_issue(&call->err, "", "invalid",
                         "A person is named by exactly one member.");
    }

    return CXM_OK;
}


static void
erasure_of(const cxm_call_t *call, cxm_erasure_of_t *of)
{
    unsigned  i;

    memset(of, 0, sizeof(*of));
    of->slot = (uint64_t) cxm_json_get_int(call->input, "slot", 0);

    for (i = CXM_PERSON_CUSTOMER_ID; i < CXM_PERSON_CLASSES; i++) {
        if (json_object_get(call->input, cxm_person_names[i]) != NULL) {
            of->person_class = i;
            of->name = cxm_json_get_str(call->input, cxm_person_names[i]);
        }
    }
}


static cxm_rc_t
erasure_reply(cxm_call_t *call, int status, const cxm_doc_t *doc)
{
    char  id[CXM_UUID_LEN + 1];

    cxm_uuid_format(&doc->id, id);
    cxm_call_location(call, cxm_strz(id));

    return cxm_call_reply(call, status, cxm_erasure_json(doc));
}


/* By now it has begun; one that was done before needs no second half. */
static cxm_rc_t
erasure_write(cxm_call_t *call, cxm_txn_t *txn)
{
    int                begun;
    cxm_rc_t           rc;
    cxm_doc_t          doc;
    cxm_erasure_of_t   of;

    erasure_of(call, &of);
    rc = cxm_erasure_begin(txn, &call->caller, &of, &doc, &begun, &call->err);

    if (rc == CXM_OK) {
        call->number = doc.no;
        rc = erasure_reply(call, begun ? 202 : 200, &doc);
        cxm_doc_clear(&doc);
    }

    return rc;
}


static cxm_rc_t
erasure_after(cxm_call_t *call, cxm_txn_t *txn)
{
    int        status;
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    status = call->reply.status;
    rc = cxm_erasure_finish(txn, call->number, &doc, &call->err);

    if (rc == CXM_OK) {
        rc = erasure_reply(call, status == 202 ? 201 : status, &doc);
        cxm_doc_clear(&doc);
    }

    return rc;
}


/* --- read --------------------------------------------------------------- */

static cxm_rc_t
erasure_list_read(cxm_call_t *call, cxm_txn_t *txn)
{
    return cxm_page_docs(call, txn, CXM_KIND_ERASURE, cxm_erasure_json);
}


static cxm_rc_t
erasure_read(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t    rc;
    cxm_doc_t   doc;
    cxm_uuid_t  id;

    rc = cxm_uuid_parse(call->params[0], &id) == CXM_OK
         ? cxm_doc_by_id(txn, CXM_KIND_ERASURE, &id, &doc, &call->err)
         : CXM_NOT_FOUND;

    if (rc == CXM_NOT_FOUND) {
        return cxm_fail(&call->err, rc, NULL, "There is no such erasure.");
    }

    if (rc == CXM_OK) {
        rc = cxm_call_reply(call, 200, cxm_erasure_json(&doc));
        cxm_doc_clear(&doc);
    }

    return rc;
}


const cxm_route_t  cxm_routes_privacy[] = {
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_POST,
      .path = "privacy/erasures",
      .policy = CXM_SCOPED, .scopes = CXM_SCOPE_PRIVACY_ERASE,
      .flags = CXM_ROUTE_NAMED,
      .input = &erasure_input, .answers = CXM_200 | CXM_201 | CXM_202 | CXM_404,
      .output = &erasure_output,
      .prepare = erasure_prepare, .write = erasure_write,
      .after = erasure_after,
      .summary = "Erase a person: destroy the key of all that is personal" },
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_GET,
      .path = "privacy/erasures",
      .policy = CXM_SCOPED, .scopes = CXM_SCOPE_PRIVACY_ERASE,
      .query = erasure_list_query, .answers = CXM_200,
      .output = &erasure_output, .read = erasure_list_read,
      .summary = "List erasures, oldest first" },
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_GET,
      .path = "privacy/erasures/{id}",
      .policy = CXM_SCOPED, .scopes = CXM_SCOPE_PRIVACY_ERASE,
      .flags = CXM_ROUTE_BOUNDED, .answers = CXM_200,
      .output = &erasure_output,
      .read = erasure_read,
      .summary = "One erasure" },
    { .path = NULL }
};
