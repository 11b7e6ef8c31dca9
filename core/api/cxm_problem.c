/*
 * Problem documents (RFC 9457).
 */

#include "cxm_call.h"
#include "cxm_json.h"
#include "cxm_log.h"
#include "cxm_status.h"


#define CXM_PROBLEM_RETRY  5


/* code and detail are for statuses that the host made itself. */
static const struct {
    int          status;
    const char  *title;
    const char  *code;
    const char  *detail;
} cxm_problem_statuses[] = {
    { 400, "Bad Request", "bad_request", "The request cannot be read." },
    { 401, "Unauthorized", "unauthorized", "This needs an API key." },
    { 403, "Forbidden", "forbidden", "It is not allowed." },
    { 404, "Not Found", "not_found", "There is nothing at this address." },
    { 405, "Method Not Allowed", "method_not_allowed",
      "This address does not know the method." },
    { 406, "Not Acceptable", "not_acceptable",
      "There is no such representation." },
    { 408, "Request Timeout", "timeout", "The request took too long." },
    { 409, "Conflict", "conflict", "The state does not allow it." },
    { 411, "Length Required", "length_required",
      "The length of the body is needed." },
    { 412, "Precondition Failed", "precondition_failed",
      "It is in another state than the one asked for." },
    { 413, "Content Too Large", "too_large", "The body is too large." },
    { 414, "URI Too Long", "uri_too_long", "The address is too long." },
    { 415, "Unsupported Media Type", "unsupported_media_type",
      "The type of the body is not taken." },
    { 421, "Misdirected Request", "misdirected", "It went to a wrong host." },
    { 422, "Unprocessable Content", "invalid",
      "One or more values are not valid." },
    { 429, "Too Many Requests", "too_many_requests", "Try again later." },
    { 431, "Request Header Fields Too Large", "headers_too_large",
      "The headers are too large." },
    { 500, "Internal Server Error", "internal", "Something went wrong here." },
    { 501, "Not Implemented", "not_implemented",
      "This server cannot do that." },
    { 502, "Bad Gateway", "bad_gateway", "A server behind this one failed." },
    { 503, "Service Unavailable", "unavailable", "Try again later." },
    { 504, "Gateway Timeout", "gateway_timeout",
      "A server behind this one did not answer." },
    { 505, "HTTP Version Not Supported", "http_version",
      "This HTTP version is not spoken." },
    { 507, "Insufficient Storage", "full", "There is no room for more." }
};

#define CXM_PROBLEM_STATUSES                                                  \
    (sizeof(cxm_problem_statuses) / sizeof(cxm_problem_statuses[0]))


static const cxm_field_t  cxm_problem_issue_fields[] = {
    { .name = "pointer", .type = CXM_FIELD_STRING,
      .flags = CXM_FIELD_REQUIRED,
      .summary = "JSON pointer into the body, or ?argument" },
    { .name = "code", .type = CXM_FIELD_STRING, .flags = CXM_FIELD_REQUIRED },
    { .name = "detail", .type = CXM_FIELD_STRING,
      .flags = CXM_FIELD_REQUIRED },
    { .name = NULL }
};

static const cxm_fields_t  cxm_problem_issue = {
    "ProblemIssue", cxm_problem_issue_fields
};

static const cxm_field_t  cxm_problem_item = {
    .type = CXM_FIELD_OBJECT, .object = &cxm_problem_issue
};

static const cxm_field_t  cxm_problem_members[] = {
    { .name = "type", .type = CXM_FIELD_STRING, .flags = CXM_FIELD_REQUIRED,
      .summary = "urn:cxm:problem:<code>" },
    { .name = "title", .type = CXM_FIELD_STRING, .flags = CXM_FIELD_REQUIRED,
      .summary = "of the status" },
    { .name = "status", .type = CXM_FIELD_INT, .flags = CXM_FIELD_REQUIRED,
      .min = 400, .max = 599 },
    { .name = "detail", .type = CXM_FIELD_STRING,
      .flags = CXM_FIELD_REQUIRED, .summary = "in words, for people" },
    { .name = "code", .type = CXM_FIELD_STRING, .flags = CXM_FIELD_REQUIRED,
      .summary = "for programs; never changes" },
    { .name = "merged_into", .type = CXM_FIELD_UUID,
      .summary = "of code merged: what has become of it" },
    { .name = "errors", .type = CXM_FIELD_ARRAY, .item = &cxm_problem_item,
      .summary = "all that is wrong with the input, up to 16" },
    { .name = NULL }
};

const cxm_fields_t  cxm_problem_fields = { "Problem", cxm_problem_members };


/* The row of a status, or of its class. */
static size_t
cxm_problem_row(int status)
{
    size_t  i;

    for (i = 0; i < CXM_PROBLEM_STATUSES; i++) {
        if (cxm_problem_statuses[i].status == status) {
            return i;
        }
    }

    return status == 400 || status == 500
           ? 0 : cxm_problem_row(status < 500 ? 400 : 500);
}


const char *
cxm_problem_detail(int status)
{
    return cxm_problem_statuses[cxm_problem_row(status)].detail;
}


static json_t *
cxm_problem_issues(const cxm_error_t *err)
{
    json_t             *issues;
    unsigned            i;
    const cxm_issue_t  *issue;

    issues = json_array();

    for (i = 0; i < err->nissues; i++) {
        issue = &err->issues[i];

        json_array_append_new(issues, json_pack("{ss ss ss}",
                                                "pointer", issue->pointer,
                                                "code", issue->code,
                                                "detail", issue->detail));
    }

    return issues;
}


static void
cxm_problem_put(cxm_buf_t *out, int status, const char *code,
    const char *detail, const cxm_error_t *err)
{
    char     type[CXM_ERROR_CODE_LEN + 16];
    json_t  *problem;

    (void) snprintf(type, sizeof(type), "urn:cxm:problem:%s", code);

    problem = json_pack("{ss ss si ss ss}", "type", type, "title",
                        cxm_problem_statuses[cxm_problem_row(status)].title,
                        "status", status, "detail", detail, "code", code);

    if (err != NULL && err->merged_into[0] != '\0') {
        (void) cxm_json_set_str(problem, "merged_into",
                                cxm_strz(err->merged_into));
    }

    if (err != NULL && err->nissues > 0) {
        json_object_set_new(problem, "errors", cxm_problem_issues(err));
    }

    if (problem == NULL) {
        cxm_buf_puts(out, "{\"type\":\"about:blank\",\"status\":500}");
        return;
    }

    cxm_json_dump(out, problem);
    json_decref(problem);
}


void
cxm_problem_of_status(cxm_buf_t *out, int status)
{
    size_t  i;

    i = cxm_problem_row(status);

    cxm_problem_put(out, status, cxm_problem_statuses[i].code,
                    cxm_problem_statuses[i].detail, NULL);
}


void
cxm_problem_default(cxm_call_t *call, cxm_rc_t rc)
{
    size_t        row;
    unsigned      retry_after;
    cxm_error_t  *err;

    err = &call->err;

    if (err->rc == rc) {
        return;
    }

    row = cxm_problem_row(cxm_status_of(rc));
    retry_after = err->retry_after;

    cxm_error_init(err);
    (void) cxm_fail(err, rc, NULL, "%s", cxm_problem_statuses[row].detail);
    err->retry_after = retry_after;
}


/* What the store says of itself is for the log. */
static void
cxm_problem_hide(cxm_call_t *call)
{
    const char   *detail;
    cxm_error_t  *err;

    err = &call->err;
    detail = cxm_status_detail(call->rc);

    if (call->rc == CXM_UNAVAILABLE
        && strcmp(err->code, cxm_rc_name(CXM_UNAVAILABLE)) == 0)
    {
        detail = "Try again later.";
    }

    if (detail != NULL) {
        (void) cxm_fail(err, call->rc,
                        cxm_status_of(call->rc) == 500 ? NULL : err->code,
                        "%s", detail);
    }
}


static void
cxm_problem_words(cxm_call_t *call)
{
    int           status;
    cxm_error_t  *err;

    err = &call->err;
    status = cxm_status_of(call->rc);

    cxm_problem_default(call, call->rc);

    /* damage was logged where it was found */

    if (call->rc == CXM_INTERNAL) {
        cxm_log(CXM_LOG_ERROR, "%s: %s: %s",
                call->route == NULL ? "?" : call->route->path, err->code,
                err->detail);
    }

    cxm_problem_hide(call);

    if ((status == 503 || status == 429) && err->retry_after == 0) {
        err->retry_after = CXM_PROBLEM_RETRY;
    }
}


static void
cxm_problem_headers(cxm_call_t *call)
{
    if (call->rc == CXM_UNAUTHORIZED
        && strcmp(call->err.code, CXM_INVALID_TOKEN) == 0)
    {
        cxm_call_headerf(call, "WWW-Authenticate", "Bearer error=\"%s\", "
                         "error_description=\"%s\"", CXM_INVALID_TOKEN,
                         call->err.detail);

    } else if (call->rc == CXM_UNAUTHORIZED) {
        cxm_call_header(call, "WWW-Authenticate", cxm_str("Bearer"));
    }

    if (call->rc == CXM_METHOD) {
        cxm_call_header(call, "Allow", cxm_allow(call, call->allow));
    }

    if (call->err.retry_after > 0) {
        cxm_call_headerf(call, "Retry-After", "%u", call->err.retry_after);
    }
}


void
cxm_problem_reply(cxm_call_t *call)
{
    cxm_reply_t  *reply;

    reply = &call->reply;

    json_decref(call->output);
    call->output = NULL;

    reply->status = cxm_status_of(call->rc);
    reply->content_type = (cxm_str_t) { 0, NULL };
    reply->nheaders = 0;
    cxm_buf_reset(&reply->body);

    if (call->rc == CXM_MOVED) {
        cxm_reply_moved(call);
        return;
    }

    cxm_problem_words(call);
    cxm_problem_headers(call);

    if (call->html && call->route != NULL
        && call->route->problem_html != NULL)
    {
        call->route->problem_html(call);
    }

    if (reply->content_type.data != NULL && !reply->body.failed) {
        return;
    }

    cxm_buf_reset(&reply->body);
    reply->content_type = cxm_str("application/problem+json");
    cxm_problem_put(&reply->body, reply->status, call->err.code,
                    call->err.detail, &call->err);

    if (reply->body.failed) {
        cxm_buf_reset(&reply->body);
        reply->content_type = (cxm_str_t) { 0, NULL };
    }
}
