/*
 * Routes of surveys and answers for staff.
 */

#include <stdio.h>

#include "cxm_call.h"
#include "cxm_doc_history.h"
#include "cxm_json.h"
#include "cxm_person.h"
#include "cxm_response.h"
#include "cxm_route_page.h"
#include "cxm_routes.h"


static const cxm_field_t  survey_output_fields[] = {
    { .name = "id", .type = CXM_FIELD_UUID },
    { .name = "slug", .type = CXM_FIELD_SLUG },
    { .name = "version", .type = CXM_FIELD_INT },
    { .name = "title", .type = CXM_FIELD_STRING },
    { .name = "status", .type = CXM_FIELD_STRING,
      .summary = "draft, live, paused or closed" },
    { .name = "questions", .type = CXM_FIELD_ANY,
      .summary = "as they were put" },
    { .name = "created_at", .type = CXM_FIELD_TIME },
    { .name = "updated_at", .type = CXM_FIELD_TIME },
    { .name = NULL }
};

static const cxm_fields_t  survey_output = { "Survey", survey_output_fields };

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

static const cxm_param_t  survey_query[] = {
    { "version", "an older one; default the newest", 0 },
    { NULL, NULL, 0 }
};

static const cxm_param_t  survey_list_query[] = {
    CXM_PARAM_PAGE,
    { NULL, NULL, 0 }
};

static const cxm_param_t  response_list_query[] = {
    { "survey", "slug; default all", 0 },
    { "question", "of the scores; default the first scored one", 0 },
    { "min_score", "lowest score", 0 },
    { "max_score", "highest score", 0 },
    { "status", "partial or complete; default both", 0 },
    { "from", "RFC 3339, of the answer", 0 },
    { "to", "RFC 3339, before it", 0 },
    { "customer_id", "whose answers; needs personal_read", 0 },
    { "external_id", "whose answers; needs personal_read", 0 },
    { "email", "whose answers; needs personal_read", 0 },
    { "visitor", "whose answers; needs personal_read", 0 },
    CXM_PARAM_PAGE,
    { NULL, NULL, 0 }
};


static cxm_rc_t
integer_arg(cxm_call_t *call, const char *name, int *has, int64_t *out)
{
    size_t     i;
    char       pointer[24];
    int64_t    value;
    cxm_str_t  text;

    text = cxm_call_arg(call, name);
    *has = cxm_call_has_arg(call, name);
    value = 0;

    for (i = 0; i < text.len && i < 9; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            break;
        }

        value = value * 10 + (text.data[i] - '0');
    }

    *out = value;

    if (*has && (text.len == 0 || i < text.len)) {
        (void) snprintf(pointer, sizeof(pointer), "?%s", name);
        return cxm_issue(&call->err, pointer, "wrong_type",
                         "Must be an integer.");
    }

    return CXM_OK;
}


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


/* "?version": 1..; 0 when it is not there. */
static cxm_rc_t
version_arg(cxm_call_t *call, uint64_t *version)
{
    int       has;
    int64_t   value;
    cxm_rc_t  rc;

    rc = integer_arg(call, "version", &has, &value);
    *version = (uint64_t) value;

    return rc != CXM_OK || !has || value > 0 ? rc
           : cxm_issue(&call->err, "?version", "out_of_range",
                       "Versions begin with 1.");
}


static cxm_rc_t
survey_read(cxm_call_t *call, cxm_txn_t *txn)
{
    uint64_t             version;
    cxm_rc_t             rc;
    cxm_doc_t            doc;
    const cxm_survey_t  *survey;

    rc = version_arg(call, &version);

    if (rc == CXM_OK) {
        rc = cxm_survey_by_slug(txn, call->params[0], &survey, &call->err);
    }

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

/*
 * Whose answers: one name, in clear to the query.  The audit keeps the
 * person's number: a name's hash would outlive the person's key.
 */
static cxm_rc_t
person_arg(cxm_call_t *call, cxm_txn_t *txn, cxm_response_query_t *query,
    json_t *asked)
{
    uint8_t    hash[CXM_HASH_LEN];
    uint64_t   slot;
    cxm_rc_t   rc;
    unsigned   i;

    for (i = CXM_PERSON_CUSTOMER_ID; i < CXM_PERSON_CLASSES; i++) {
        if (!cxm_call_has_arg(call, cxm_person_names[i])) {
            continue;
        }

        if (query->person_class != 0) {
            return cxm_issue(&call->err, "", "invalid",
                             "Answers are listed of one person.");
        }

        query->person_class = i;
        query->person = cxm_call_arg(call, cxm_person_names[i]);
    }

    if (query->person_class == 0) {
        return CXM_OK;
    }

    cxm_person_hash(call->store, query->person_class, query->person, hash);
    rc = cxm_person_find(txn, query->person_class, hash, &slot);

    if (rc == CXM_OK) {
        (void) cxm_json_set_int(asked, "person", (int64_t) slot);
    }

    return cxm_require(&call->caller, CXM_SCOPE_PERSONAL_READ, &call->err);
}


static cxm_rc_t
status_arg(cxm_call_t *call, cxm_response_status_t *status)
{
    cxm_str_t  text;

    text = cxm_call_arg(call, "status");

    if (cxm_str_eqz(text, "partial")) {
        *status = CXM_STATUS_PARTIAL;

    } else if (cxm_str_eqz(text, "complete")) {
        *status = CXM_STATUS_COMPLETE;

    } else if (cxm_call_has_arg(call, "status")) {
        return cxm_issue(&call->err, "?status", "not_allowed",
                         "Must be partial or complete.");
    }

    return CXM_OK;
}


static cxm_rc_t
response_query(cxm_call_t *call, cxm_txn_t *txn, cxm_response_query_t *query,
    json_t *asked)
{
    size_t    i;
    cxm_rc_t  rc;

    static const char *const  kept[] = {
        "survey", "question", "min_score", "max_score", "status", "from", "to"
    };

    for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        if (cxm_call_has_arg(call, kept[i])) {
            (void) cxm_json_set_str(asked, kept[i],
                                    cxm_call_arg(call, kept[i]));
        }
    }

    query->survey = cxm_call_arg(call, "survey");
    query->question = cxm_call_arg(call, "question");

    (void) integer_arg(call, "min_score", &query->has_min, &query->min_score);
    (void) integer_arg(call, "max_score", &query->has_max, &query->max_score);
    (void) status_arg(call, &query->status);
    (void) cxm_call_time(call, "from", CXM_MS_MIN, &query->from);
    (void) cxm_call_time(call, "to", CXM_MS_MAX + 1, &query->to);

    rc = person_arg(call, txn, query, asked);

    return call->err.rc != CXM_OK ? call->err.rc : rc;
}


static cxm_rc_t
response_list_read(cxm_call_t *call, cxm_txn_t *txn)
{
    json_t                *items;
    uint64_t               next;
    cxm_rc_t               rc;
    cxm_page_t             page;
    cxm_response_query_t   query;

    memset(&query, 0, sizeof(query));

    json_decref(call->audit_object);
    call->audit_object = json_object();

    rc = cxm_page_begin(call, &page);

    if (rc == CXM_OK) {
        rc = response_query(call, txn, &query, call->audit_object);
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
      .query = survey_list_query, .output = &survey_output,
      .read = survey_list_read,
      .summary = "List surveys" },
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_GET,
      .path = "surveys/{slug}",
      .policy = CXM_SCOPED, .scopes = CXM_SCOPE_SURVEY_READ,
      .flags = CXM_ROUTE_BOUNDED,
      .query = survey_query, .output = &survey_output,
      .read = survey_read,
      .summary = "A survey's definition, as it is or was" },
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_GET,
      .path = "surveys/{slug}/versions",
      .policy = CXM_SCOPED, .scopes = CXM_SCOPE_SURVEY_READ,
      .query = survey_list_query, .output = &version_output,
      .read = versions_read,
      .summary = "Versions of a survey's definition, newest first" },
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_PUT,
      .path = "surveys/{slug}",
      .policy = CXM_SCOPED, .scopes = CXM_SCOPE_SURVEY_WRITE,
      .flags = CXM_ROUTE_BIG,
      .input = &cxm_survey_fields, .output = &survey_output,
      .write = survey_put_write,
      .summary = "Define a survey, or define it anew" },
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_DELETE,
      .path = "surveys/{slug}",
      .policy = CXM_SCOPED, .scopes = CXM_SCOPE_SURVEY_WRITE,
      .write = survey_delete_write,
      .summary = "Delete a survey that has no answers" },
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_GET, .path = "responses",
      .policy = CXM_SCOPED, .scopes = CXM_SCOPE_RESPONSE_READ,
      .flags = CXM_ROUTE_PERSONAL,
      .query = response_list_query, .output = &cxm_response_shown,
      .read = response_list_read, .write = cxm_write_audit,
      .summary = "List answers, newest first" },
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_GET,
      .path = "responses/{id}",
      .policy = CXM_SCOPED, .scopes = CXM_SCOPE_RESPONSE_READ,
      .flags = CXM_ROUTE_PERSONAL | CXM_ROUTE_BOUNDED,
      .output = &cxm_response_shown,
      .read = response_read, .write = cxm_write_audit,
      .summary = "One answer" },
    { .endpoint = CXM_ENDPOINT_SURVEYS, .method = CXM_GET, .path = "{survey}",
      .policy = CXM_PUBLIC,
      .flags = CXM_ROUTE_BOUNDED | CXM_ROUTE_OPEN,
      .query = cxm_survey_page_query, .output = NULL,
      .read = cxm_survey_page_read, .problem_html = cxm_survey_problem_html,
      .summary = "The survey's page, or its questions as JSON" },
    { .endpoint = CXM_ENDPOINT_SURVEYS, .method = CXM_POST,
      .path = "{survey}/responses",
      .policy = CXM_PUBLIC, .flags = CXM_ROUTE_FORM,
      .input = &cxm_response_fields, .output = &cxm_response_made,
      .prepare = cxm_call_join, .write = cxm_response_post_write,
      .problem_html = cxm_survey_problem_html,
      .summary = "Answer a survey" },
    { .endpoint = CXM_ENDPOINT_SURVEYS, .method = CXM_PATCH,
      .path = "{survey}/responses/{id}",
      .policy = CXM_PUBLIC, .flags = CXM_ROUTE_FORM,
      .input = &cxm_response_change_fields, .output = &cxm_response_made,
      .write = cxm_response_change_write,
      .problem_html = cxm_survey_problem_html,
      .summary = "Go on with a partial answer, or end it" },
    { .path = NULL }
};
