/*
 * Routes of surveys and answers for staff.
 */

#include <stdio.h>

#include "cxm_call.h"
#include "cxm_doc_history.h"
#include "cxm_json.h"
#include "cxm_response_args.h"
#include "cxm_route_page.h"
#include "cxm_routes.h"


static const cxm_field_t  version_output_fields[] = {
    { .name = "version", .type = CXM_FIELD_INT },
    { .name = "updated_at", .type = CXM_FIELD_TIME,
      .summary = "when it was put" },
    { .name = "title", .type = CXM_FIELD_STRING },
    { .name = "status", .type = CXM_FIELD_STRING },
    { .name = "questions", .type = CXM_FIELD_INT, .summary = "how many" },
    { .name = NULL }
};

static const cxm_fields_t  version_output = {
    "SurveyVersion", version_output_fields
};

static const cxm_field_t  survey_query[] = {
    { .name = "version", .type = CXM_FIELD_INT, .min = 1, .max = INT32_MAX,
      .summary = "An older one; default the newest." },
    { .name = NULL }
};

static const cxm_field_t  survey_list_query[] = {
    CXM_QUERY_PAGE,
    { .name = NULL }
};

static const cxm_field_t  response_list_query[] = {
    CXM_QUERY_RESPONSE,
    CXM_QUERY_PAGE,
    { .name = NULL }
};


/* --- surveys ------------------------------------------------------------ */

static cxm_rc_t
survey_list_read(cxm_call_t *call, cxm_txn_t *txn)
{
    return cxm_page_docs(call, txn, CXM_KIND_SURVEY, cxm_survey_json);
}


static cxm_rc_t
reply_survey(cxm_call_t *call, const cxm_doc_t *doc, int created)
{
    cxm_rc_t   rc;
    cxm_doc_t  shown;

    shown = *doc;
    shown.body = cxm_survey_shown(doc->body);

    if (shown.body == NULL) {
        return cxm_fail(&call->err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    rc = cxm_call_reply_doc(call, &shown, created);
    json_decref(shown.body);

    return rc;
}


static cxm_rc_t
survey_read(cxm_call_t *call, cxm_txn_t *txn)
{
    uint64_t             version;
    cxm_rc_t             rc;
    cxm_doc_t            doc;
    const cxm_survey_t  *survey;

    version = (uint64_t) cxm_call_int(call, "version", 0);
    rc = cxm_survey_by_slug(txn, call->params[0], &survey, &call->err);

    if (rc != CXM_OK || version == 0) {
        return rc == CXM_OK ? reply_survey(call, &survey->doc, 0) : rc;
    }

    rc = cxm_doc_version(txn, CXM_KIND_SURVEY, &survey->doc, version, &doc,
                         &call->err);

    if (rc == CXM_NOT_FOUND) {
        return cxm_fail(&call->err, rc, NULL,
                        "There is no such version of this survey.");
    }

    if (rc == CXM_OK) {
        rc = reply_survey(call, &doc, 0);
        cxm_doc_clear(&doc);
    }

    return rc;
}


static json_t *
version_json(const cxm_doc_t *doc)
{
    char    updated[CXM_RFC3339_LEN + 1];

    cxm_rfc3339_format(doc->updated_at, updated);

    return json_pack("{sI ss sO sO si}", "version", (json_int_t) doc->version,
                     "updated_at", updated,
                     "title", json_object_get(doc->body, "title"),
                     "status", json_object_get(doc->body, "status"),
                     "questions", (int) json_array_size(
                                      json_object_get(doc->body, "questions")));
}


/* Newest first; numbers run from 1 without a gap. */
static cxm_rc_t
versions_read(cxm_call_t *call, cxm_txn_t *txn)
{
    json_t              *items;
    uint64_t             version, last;
    cxm_rc_t             rc;
    cxm_doc_t            doc;
    cxm_page_t           page;
    const cxm_survey_t  *survey;

    rc = cxm_page_begin(call, &page);

    if (rc == CXM_OK) {
        rc = cxm_survey_by_slug(txn, call->params[0], &survey, &call->err);
    }

    if (rc != CXM_OK) {
        return rc;
    }

    version = page.len == 8 ? cxm_get_u64(page.position) - 1
                            : survey->doc.version;
    last = version > page.limit ? version - page.limit + 1 : 1;
    items = json_array();

    for ( /* void */ ; version >= last; version--) {
        rc = cxm_doc_version(txn, CXM_KIND_SURVEY, &survey->doc, version, &doc,
                             &call->err);

        if (rc == CXM_OK) {
            (void) json_array_append_new(items, version_json(&doc));
            cxm_doc_clear(&doc);

        } else if (rc != CXM_NOT_FOUND) {
            json_decref(items);
            return rc;
        }
    }

    page.len = last > 1 ? 8 : 0;
    cxm_put_u64(page.position, last);

    return cxm_page_reply(call, items, &page);
}


static cxm_rc_t
survey_put_write(cxm_call_t *call, cxm_txn_t *txn)
{
    int        created;
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    memset(&doc, 0, sizeof(doc));

    rc = cxm_survey_put(txn, &call->caller, call->params[0], call->input,
                        call->if_match, &doc, &created, &call->err);

    if (rc == CXM_OK) {
        rc = reply_survey(call, &doc, created);
        cxm_doc_clear(&doc);
    }

    return rc;
}


static cxm_rc_t
survey_delete_write(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t  rc;

    rc = cxm_survey_delete(txn, &call->caller, call->params[0],
                           call->if_match, &call->err);

    return rc == CXM_OK ? cxm_call_reply_raw(call, 204, NULL) : rc;
}


/* --- answers ------------------------------------------------------------ */

static cxm_rc_t
response_list_read(cxm_call_t *call, cxm_txn_t *txn)
{
    json_t                *items;
    uint64_t               next;
    cxm_rc_t               rc;
    cxm_page_t             page;
    cxm_response_query_t   query;

    json_decref(call->audit_object);
    call->audit_object = json_object();

    rc = cxm_page_begin(call, &page);

    if (rc == CXM_OK) {
        rc = cxm_response_args(call, txn, &query, call->audit_object);
    }

    if (rc != CXM_OK) {
        return rc;
    }

    query.limit = page.limit;
    query.before = page.len == 8 ? cxm_get_u64(page.position) : 0;

    rc = cxm_response_list(txn, &call->caller, &query, &items, &next,
                           &call->audit, &call->err);
    if (rc != CXM_OK) {
        return rc;
    }

    page.len = next == 0 ? 0 : 8;
    cxm_put_u64(page.position, next);

    return cxm_page_reply(call, items, &page);
}


static cxm_rc_t
response_read(cxm_call_t *call, cxm_txn_t *txn)
{
    json_t      *out;
    cxm_rc_t     rc;
    cxm_uuid_t   id;

    if (cxm_uuid_parse(call->params[0], &id) != CXM_OK) {
        return cxm_fail(&call->err, CXM_NOT_FOUND, NULL,
                        "There is no such answer.");
    }

    rc = cxm_response_json(txn, &call->caller, &id, &out, &call->audit,
                           &call->err);

    return rc == CXM_OK ? cxm_call_reply(call, 200, out) : rc;
}


const cxm_route_t  cxm_routes_survey[] = {
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_GET, .path = "surveys",
      .policy = CXM_SCOPED, .scopes = CXM_SCOPE_SURVEY_READ,
      .query = survey_list_query, .answers = CXM_200,
      .output = &cxm_survey_fields,
      .read = survey_list_read,
      .summary = "List surveys" },
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_GET,
      .path = "surveys/{slug}",
      .policy = CXM_SCOPED, .scopes = CXM_SCOPE_SURVEY_READ,
      .flags = CXM_ROUTE_BOUNDED | CXM_ROUTE_DOC,
      .query = survey_query, .answers = CXM_200, .output = &cxm_survey_fields,
      .read = survey_read,
      .summary = "A survey's definition, as it is or was" },
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_GET,
      .path = "surveys/{slug}/versions",
      .policy = CXM_SCOPED, .scopes = CXM_SCOPE_SURVEY_READ,
      .query = survey_list_query, .answers = CXM_200,
      .output = &version_output,
      .read = versions_read,
      .summary = "Versions of a survey's definition, newest first" },
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_PUT,
      .path = "surveys/{slug}",
      .policy = CXM_SCOPED, .scopes = CXM_SCOPE_SURVEY_WRITE,
      .flags = CXM_ROUTE_BIG | CXM_ROUTE_DOC,
      .input = &cxm_survey_fields,
      .answers = CXM_200 | CXM_201 | CXM_409, .output = &cxm_survey_fields,
      .write = survey_put_write,
      .summary = "Define a survey, or define it anew" },
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_DELETE,
      .path = "surveys/{slug}",
      .policy = CXM_SCOPED, .scopes = CXM_SCOPE_SURVEY_WRITE,
      .flags = CXM_ROUTE_DOC, .answers = CXM_204 | CXM_409,
      .write = survey_delete_write,
      .summary = "Delete a survey that has no answers" },
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_GET, .path = "responses",
      .policy = CXM_SCOPED, .scopes = CXM_SCOPE_RESPONSE_READ,
      .flags = CXM_ROUTE_PERSONAL,
      .query = response_list_query, .answers = CXM_200 | CXM_404,
      .output = &cxm_response_shown,
      .read = response_list_read, .write = cxm_write_audit,
      .summary = "List answers, newest first" },
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_GET,
      .path = "responses/{id}",
      .policy = CXM_SCOPED, .scopes = CXM_SCOPE_RESPONSE_READ,
      .flags = CXM_ROUTE_PERSONAL | CXM_ROUTE_BOUNDED,
      .answers = CXM_200, .output = &cxm_response_shown,
      .read = response_read, .write = cxm_write_audit,
      .summary = "One answer" },
    { .endpoint = CXM_ENDPOINT_SURVEYS, .method = CXM_GET, .path = "{survey}",
      .policy = CXM_PUBLIC,
      .flags = CXM_ROUTE_BOUNDED | CXM_ROUTE_OPEN,
      .query = cxm_survey_page_query, CXM_PAGE_ANSWERS,
      .read = cxm_survey_page_read, .problem_html = cxm_survey_problem_html,
      .summary = "The survey's page, or its questions as JSON" },
    { .endpoint = CXM_ENDPOINT_SURVEYS, .method = CXM_POST,
      .path = "{survey}/responses",
      .policy = CXM_PUBLIC, .flags = CXM_ROUTE_FORM,
      .input = &cxm_response_fields, .answers = CXM_200 | CXM_201 | CXM_303,
      .output = &cxm_response_made,
      .prepare = cxm_call_join, .write = cxm_response_post_write,
      .problem_html = cxm_survey_problem_html,
      .summary = "Answer a survey" },
    { .endpoint = CXM_ENDPOINT_SURVEYS, .method = CXM_PATCH,
      .path = "{survey}/responses/{id}",
      .policy = CXM_PUBLIC, .flags = CXM_ROUTE_FORM | CXM_ROUTE_DOC,
      .input = &cxm_response_change_fields,
      .answers = CXM_200 | CXM_409, .output = &cxm_response_made,
      .write = cxm_response_change_write,
      .problem_html = cxm_survey_problem_html,
      .summary = "Go on with a partial answer, or end it" },
    { .endpoint = CXM_ENDPOINT_SURVEYS, .method = CXM_POST,
      .path = "{survey}/responses/{id}",
      .policy = CXM_PUBLIC, .flags = CXM_ROUTE_FORM,
      .input = &cxm_step_fields,
      .answers = CXM_200 | CXM_303 | CXM_409, .media = "text/html",
      .output = &cxm_response_made,
      .prepare = cxm_call_join, .write = cxm_response_step_write,
      .problem_html = cxm_survey_problem_html,
      .summary = "Answer one step of a survey's page" },
    { .path = NULL }
};
