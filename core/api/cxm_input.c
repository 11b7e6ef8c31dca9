/*
 * The body of a request becomes the call's checked input.
 */

#include "cxm_call.h"
#include "cxm_json.h"
#include "cxm_query.h"
#include "cxm_rows.h"


typedef enum {
    CXM_MEDIA_OTHER = 0,
    CXM_MEDIA_JSON,
    CXM_MEDIA_FORM,
    CXM_MEDIA_TEXT,
    CXM_MEDIA_CSV,
    CXM_MEDIA_NDJSON
} cxm_media_t;


static const struct {
    const char   *name;
    cxm_media_t   media;
} cxm_input_media[] = {
    { "application/json", CXM_MEDIA_JSON },
    { "application/merge-patch+json", CXM_MEDIA_JSON },
    { "application/x-www-form-urlencoded", CXM_MEDIA_FORM },
    { "text/plain", CXM_MEDIA_TEXT },
    { "text/csv", CXM_MEDIA_CSV },
    { "application/x-ndjson", CXM_MEDIA_NDJSON }
};


cxm_str_t
cxm_media_type(cxm_str_t type)
{
    type = cxm_str_cut(&type, ';');

    while (type.len > 0 && type.data[type.len - 1] == ' ') {
        type.len--;
    }

    return type;
}


static cxm_media_t
cxm_input_media_of(cxm_str_t type)
{
    size_t  i;

    type = cxm_media_type(type);

    for (i = 0; i < sizeof(cxm_input_media) / sizeof(cxm_input_media[0]); i++)
    {
        if (cxm_str_ieqz(type, cxm_input_media[i].name)) {
            return cxm_input_media[i].media;
        }
    }

    return CXM_MEDIA_OTHER;
}


int
cxm_media_is_json(cxm_str_t type)
{
    return cxm_input_media_of(type) == CXM_MEDIA_JSON;
}


int
cxm_media_is_simple(cxm_str_t type)
{
    cxm_media_t  media;

    media = cxm_input_media_of(type);

    return media == CXM_MEDIA_FORM || media == CXM_MEDIA_TEXT
           || cxm_str_has(type, "multipart/form-data");
}


size_t
cxm_body_limit(cxm_endpoint_t endpoint, int authorized)
{
    (void) endpoint;

    return authorized ? CXM_BODY_SERVER : CXM_BODY_PUBLIC;
}


static cxm_rc_t
cxm_input_limit(cxm_call_t *call)
{
    int     big;
    size_t  limit;

    big = (call->route->flags & CXM_ROUTE_BIG)
          && (call->caller.principal.scopes
              & (CXM_SCOPE_INGEST | CXM_SCOPE_SURVEY_WRITE
                 | CXM_SCOPE_BENCHMARK_WRITE
                 | CXM_SCOPE_TEMPLATE_WRITE));
    limit = cxm_body_limit(call->endpoint, big);

    if (call->body_len <= limit) {
        return CXM_OK;
    }

    return cxm_fail(&call->err, CXM_TOO_LARGE, NULL,
                    "The body may have at most %zu bytes.", limit);
}


/* "a" tells the parts of the hash apart, so that no form equals a JSON. */
static cxm_rc_t
cxm_input_fingerprint(cxm_call_t *call, cxm_str_t text, const char *what)
{
    cxm_keyed_hash(&cxm_store_keyring(call->store)->k[CXM_SUBKEY_FINGERPRINT],
                   cxm_strz(what), text, cxm_str(""), call->fingerprint,
                   CXM_HASH_LEN);

    return CXM_OK;
}


static cxm_rc_t
cxm_input_fingerprint_json(cxm_call_t *call)
{
    cxm_rc_t   rc;
    cxm_buf_t  text;

    if (call->route->flags & CXM_ROUTE_NAMED) {
        return cxm_input_fingerprint(call, cxm_str(""), "named");
    }

    cxm_buf_init(&text, CXM_REPLY_MAX);
    cxm_json_canonical(&text, call->input);

    rc = text.failed
         ? cxm_fail(&call->err, CXM_INTERNAL, NULL, "Not enough memory.")
         : cxm_input_fingerprint(call, cxm_buf_str(&text),
                                 call->form ? "form" : "json");
    cxm_buf_free(&text);

    return rc;
}


/* What a form's values are is the route's to say: all are strings here. */
static cxm_rc_t
cxm_input_form(cxm_call_t *call, cxm_str_t body)
{
    cxm_rc_t    rc;
    unsigned    n;
    cxm_arg_t  *args;

    call->form = 1;
    rc = cxm_query_parse(&call->arena, body, CXM_FORM_FIELDS, &args, &n,
                         &call->err);

    return rc == CXM_OK ? cxm_query_json(args, n, &call->input, &call->err)
                        : rc;
}


static cxm_rc_t
cxm_input_json(cxm_call_t *call, cxm_str_t body)
{
    cxm_rc_t  rc;

    rc = cxm_json_load(body, &call->input, &call->err);

    if (rc != CXM_OK || (call->route->flags & CXM_ROUTE_MERGE)) {
        return rc;
    }

    rc = cxm_field_check(call->route->input, call->input, "", &call->err);

    /* what a GET has answered may be sent back with what the server gave */

    if (rc == CXM_OK) {
        cxm_field_strip(call->route->input, CXM_FIELD_READONLY, call->input);
    }

    return rc;
}


/* Rows alone, as the document that has them. */
static cxm_rc_t
cxm_input_rows(cxm_call_t *call, cxm_media_t media, cxm_str_t body)
{
    json_t             *rows;
    cxm_rc_t            rc;
    const cxm_field_t  *field;

    field = cxm_field_find(call->route->input, cxm_str("rows"));

    rc = media == CXM_MEDIA_CSV
         ? cxm_rows_csv(body, field->item->object, (size_t) field->max, &rows,
                        &call->err)
         : cxm_rows_ndjson(body, (size_t) field->max, &rows, &call->err);

    if (rc != CXM_OK) {
        return rc;
    }

    call->input = json_pack("{s:o}", "rows", rows);

    return call->input == NULL
           ? cxm_fail(&call->err, CXM_INTERNAL, NULL, "Not enough memory.")
           : cxm_field_check(call->route->input, call->input, "", &call->err);
}


static cxm_rc_t
cxm_input_none(cxm_call_t *call)
{
    if (call->body_len == 0 || call->method == CXM_GET
        || call->method == CXM_HEAD)
    {
        return cxm_input_fingerprint(call, cxm_str(""), "none");
    }

    return cxm_issue(&call->err, "", "not_allowed",
                     "No body is taken at this address.");
}


static cxm_rc_t
cxm_input_take(cxm_call_t *call)
{
    cxm_rc_t              rc;
    cxm_media_t           media;
    const cxm_request_t  *request;

    request = call->request;
    media = cxm_input_media_of(request->content_type);

    if (media == CXM_MEDIA_TEXT && call->endpoint == CXM_ENDPOINT_BEACON) {
        media = CXM_MEDIA_JSON;
    }

    if (request->content_encoding.len > 0
        && !cxm_str_ieqz(request->content_encoding, "identity"))
    {
        return cxm_fail(&call->err, CXM_MEDIA_TYPE, NULL,
                        "The body must not be compressed here.");
    }

    if (media == CXM_MEDIA_FORM && (call->route->flags & CXM_ROUTE_FORM)) {
        rc = cxm_input_form(call, request->body);

    } else if ((media == CXM_MEDIA_CSV || media == CXM_MEDIA_NDJSON)
               && (call->route->flags & CXM_ROUTE_ROWS))
    {
        rc = cxm_input_rows(call, media, request->body);

    } else if (media == CXM_MEDIA_JSON || request->body.len == 0) {
        rc = cxm_input_json(call, request->body);

    } else {
        return cxm_fail(&call->err, CXM_MEDIA_TYPE, NULL,
                        "The body must be application/json%s%s.",
                        call->route->flags & CXM_ROUTE_FORM
                        ? " or application/x-www-form-urlencoded" : "",
                        call->route->flags & CXM_ROUTE_ROWS
                        ? ", text/csv or application/x-ndjson" : "");
    }

    return rc == CXM_OK ? cxm_input_fingerprint_json(call) : rc;
}


cxm_rc_t
cxm_step_input(cxm_call_t *call)
{
    cxm_rc_t  rc;

    rc = cxm_input_limit(call);

    if (rc != CXM_OK) {
        return rc;
    }

    /* what a raw body is compared by is asked for with a key only */

    if (call->route->flags & CXM_ROUTE_RAW) {
        return call->idempotency_key.len == 0
               ? CXM_OK
               : cxm_input_fingerprint(call, call->request->body, "raw");
    }

    return call->route->input == NULL ? cxm_input_none(call)
                                      : cxm_input_take(call);
}
