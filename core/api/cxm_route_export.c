/*
 * Exports: two routes for each kind of rows.
 */

#include "cxm_call.h"
#include "cxm_customer_args.h"
#include "cxm_json.h"
#include "cxm_response_args.h"
#include "cxm_routes.h"
#include "cxm_touchpoint_args.h"


/* Arguments that all exports take. */
#define CXM_QUERY_EXPORT                                                      \
    { .name = "after", .type = CXM_FIELD_STRING,                              \
      .summary = "Id of the last row that is there already." },               \
    { .name = "until", .type = CXM_FIELD_INT, .min = 0, .max = INT64_MAX,     \
      .summary = "Export-Until of the export that is resumed." }


/* --- kinds -------------------------------------------------------------- */

static const cxm_field_t  responses_query[] = {
    CXM_QUERY_RESPONSE,
    CXM_QUERY_EXPORT,
    { .name = NULL }
};


static cxm_rc_t
responses_open(cxm_call_t *call, cxm_txn_t *txn, cxm_export_t *export,
    json_t *asked)
{
    cxm_rc_t              rc;
    cxm_response_query_t  query;

    rc = cxm_response_args(call, txn, &query, asked);

    return rc == CXM_OK
           ? cxm_response_export(txn, &query, export, &call->err) : rc;
}


static const cxm_export_kind_t  export_responses = {
    "responses", &cxm_response_rows, responses_open, cxm_response_place
};


static const cxm_field_t  touchpoints_query[] = {
    CXM_QUERY_TOUCHPOINT,
    CXM_QUERY_EXPORT,
    { .name = NULL }
};


static cxm_rc_t
touchpoints_open(cxm_call_t *call, cxm_txn_t *txn, cxm_export_t *export,
    json_t *asked)
{
    cxm_rc_t                rc;
    cxm_touchpoint_query_t  query;

    rc = cxm_touchpoint_args(call, &query, asked);

    return rc == CXM_OK
           ? cxm_touchpoint_export(txn, &query, export, &call->err) : rc;
}


static const cxm_export_kind_t  export_touchpoints = {
    "touchpoints", &cxm_touchpoint_rows, touchpoints_open,
    cxm_touchpoint_place
};


static const cxm_field_t  customers_query[] = {
    CXM_QUERY_CUSTOMER("Words of names and beginnings of them; needs "
                       "personal_read."),
    CXM_QUERY_EXPORT,
    { .name = NULL }
};


/* Values are not repeated to the audit: some are of personal attributes. */
static cxm_rc_t
customers_open(cxm_call_t *call, cxm_txn_t *txn, cxm_export_t *export,
    json_t *asked)
{
    cxm_rc_t    rc;
    cxm_find_t  find;

    (void) asked;

    rc = cxm_find_begin(&find, txn, &cxm_record_customer, &call->err);

    if (rc == CXM_OK && cxm_call_has_arg(call, "q")) {
        rc = cxm_require(&call->caller, CXM_SCOPE_PERSONAL_READ, &call->err);
        cxm_find_words(&find, cxm_call_arg(call, "q"));
    }

    if (rc == CXM_OK) {
        rc = cxm_customer_values(call, txn, &find);
    }

    return rc == CXM_OK ? cxm_customer_export(&find, export, &call->err)
                        : rc;
}


static const cxm_export_kind_t  export_customers = {
    "customers", &cxm_customer_rows, customers_open, cxm_customer_place
};


/* --- any kind ----------------------------------------------------------- */

/* By what stands behind the last point of the path. */
static cxm_export_format_t
export_format(const cxm_call_t *call)
{
    unsigned     i;
    const char  *point;

    point = strrchr(call->route->path, '.');

    for (i = 0; i < CXM_EXPORT_FORMATS; i++) {
        if (strcmp(point + 1, cxm_export_formats[i]) == 0) {
            break;
        }
    }

    return (cxm_export_format_t) i;
}


static cxm_rc_t
export_until(cxm_call_t *call, uint64_t head, uint64_t *until)
{
    *until = (uint64_t) cxm_call_int(call, "until", (int64_t) head);

    return *until <= head
           ? CXM_OK
           : cxm_issue(&call->err, "?until", "out_of_range",
                       "The journal does not go as far as that.");
}


/* Right behind the row that is there; its head line is there as well. */
static cxm_rc_t
export_after(cxm_call_t *call, cxm_txn_t *txn, cxm_export_t *export)
{
    cxm_rc_t    rc;
    cxm_str_t   text;
    cxm_uuid_t  id;

    text = cxm_call_arg(call, "after");

    if (text.data == NULL) {
        return CXM_OK;
    }

    rc = cxm_uuid_parse(text, &id);

    if (rc == CXM_OK) {
        rc = call->route->export->place(txn, &id, &export->at);
    }

    if (rc == CXM_BAD_REQUEST || rc == CXM_NOT_FOUND) {
        return cxm_issue(&call->err, "?after", "not_found",
                         "There is no row with this id.");
    }

    export->at.sub++;
    export->head = 0;

    return rc;
}


static cxm_rc_t
export_begin(cxm_call_t *call, cxm_txn_t *txn, json_t *asked)
{
    cxm_rc_t                  rc;
    uint64_t                  until;
    const char               *format;
    cxm_export_t             *export;
    const cxm_export_kind_t  *kind;

    kind = call->route->export;
    rc = export_until(call, cxm_txn_head(txn), &until);

    if (rc != CXM_OK) {
        return rc;
    }

    export = cxm_export_create(kind->rows, export_format(call),
                               cxm_may(&call->caller,
                                       CXM_SCOPE_PERSONAL_READ), until + 1);
    if (export == NULL) {
        return cxm_fail(&call->err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    call->export = export;
    rc = kind->open(call, txn, export, asked);

    if (rc == CXM_OK) {
        rc = export_after(call, txn, export);
    }

    if (rc != CXM_OK) {
        return rc;
    }

    format = cxm_export_formats[export->format];
    call->audit = export->personal && call->method != CXM_HEAD;

    cxm_call_headerf(call, "Export-Until", "%llu",
                     (unsigned long long) until);
    cxm_call_headerf(call, "Content-Disposition",
                     "attachment; filename=\"%s.%s\"", kind->name, format);

    return cxm_call_reply_raw(call, 200, call->route->media);
}


static cxm_rc_t
export_read(cxm_call_t *call, cxm_txn_t *txn)
{
    json_decref(call->audit_object);
    call->audit_object = json_object();

    return export_begin(call, txn, call->audit_object);
}


#define CXM_EXPORT_ROUTE(kind, format, type, needs)                           \
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_GET,                      \
      .path = "export/" #kind "." format, .policy = CXM_SCOPED,               \
      .scopes = CXM_SCOPE_EXPORT | (needs), .flags = CXM_ROUTE_PERSONAL,      \
      .query = kind##_query, .answers = CXM_200, .media = type,               \
      .export = &export_##kind,                                               \
      .read = export_read, .write = cxm_write_audit,                          \
      .summary = "All " #kind ", oldest first, as " format }

/* A kind, and what its rows need besides scope export. */
#define CXM_EXPORT_ROUTES(kind, needs)                                        \
    CXM_EXPORT_ROUTE(kind, "csv", "text/csv; charset=utf-8", needs),          \
    CXM_EXPORT_ROUTE(kind, "ndjson", "application/x-ndjson", needs)


const cxm_route_t  cxm_routes_export[] = {
    CXM_EXPORT_ROUTES(responses, CXM_SCOPE_RESPONSE_READ),
    CXM_EXPORT_ROUTES(touchpoints, CXM_SCOPE_TOUCHPOINT_READ),
    CXM_EXPORT_ROUTES(customers, CXM_SCOPE_CUSTOMER_READ),
    { .path = NULL }
};
