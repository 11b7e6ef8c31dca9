/*
 * The route of imports: rows of customers.
 *
 * The body is read in the pool, with the site's fields at hand; then all rows
 * that are good are stored in one transaction.
 */

#include <stdlib.h>

#include "cxm_call.h"
#include "cxm_customer.h"
#include "cxm_import.h"
#include "cxm_json.h"
#include "cxm_routes.h"


/*
 * Of a body: they are one transaction, which others wait for, and each may
 * take one of the CXM_PERSON_LOW slots that are there.
 */
#define CXM_IMPORT_ROWS    2000
#define CXM_IMPORT_ERRORS  100      /* lines that are told of */

typedef enum {
    CXM_IMPORT_JSON = 0,
    CXM_IMPORT_NDJSON,
    CXM_IMPORT_CSV
} cxm_import_media_t;

/* A line of the body: a row, or why it is none. */
typedef struct {
    uint64_t      line;
    json_t       *row;              /* NULL: refused */
    json_t       *refusal;
} cxm_import_line_t;

typedef struct {
    cxm_import_media_t   media;
    cxm_str_t            body;      /* in the arena */
    size_t               n, size;
    cxm_import_line_t   *lines;
} cxm_import_body_t;

/* What became of the rows so far. */
typedef struct {
    cxm_import_t         import;
    uint64_t             results[CXM_IMPORT_RESULTS];
    uint64_t             rejected;
    json_t              *errors;
} cxm_import_count_t;

static const struct {
    const char          *type;
    cxm_import_media_t   media;
} import_media[] = {
    { "application/json", CXM_IMPORT_JSON },
    { "application/x-ndjson", CXM_IMPORT_NDJSON },
    { "text/csv", CXM_IMPORT_CSV }
};


static cxm_rc_t
import_no_memory(cxm_call_t *call)
{
    return cxm_fail(&call->err, CXM_INTERNAL, NULL, "Not enough memory.");
}


static void
import_free(void *data)
{
    size_t              i;
    cxm_import_body_t  *body;

    body = data;

    for (i = 0; i < body->n; i++) {
        json_decref(body->lines[i].row);
        json_decref(body->lines[i].refusal);
    }

    free(body->lines);
    free(body);
}


static int
import_dry(const cxm_call_t *call)
{
    return cxm_str_eqz(cxm_call_arg(call, "dry_run"), "true");
}


static cxm_rc_t
import_prepare(cxm_call_t *call)
{
    size_t              i;
    cxm_str_t           type;
    cxm_import_body_t  *body;

    type = cxm_media_type(call->request->content_type);

    for (i = 0; i < sizeof(import_media) / sizeof(import_media[0]); i++) {
        if (cxm_str_ieqz(type, import_media[i].type)) {
            break;
        }
    }

    if (i == sizeof(import_media) / sizeof(import_media[0])
        || call->request->content_encoding.len > 0)
    {
        return cxm_fail(&call->err, CXM_MEDIA_TYPE, NULL,
                        "The body must be text/csv, application/x-ndjson or "
                        "application/json, and not compressed.");
    }

    body = calloc(1, sizeof(*body));

    if (body == NULL) {
        return import_no_memory(call);
    }

    /* a key stands for rows that are stored: nothing is kept of a try */

    if (import_dry(call)) {
        call->idempotency_key = (cxm_str_t) { 0, NULL };
    }

    call->data = body;
    call->data_free = import_free;
    body->media = import_media[i].media;
    body->body = cxm_arena_str(&call->arena, call->request->body);

    return body->body.data == NULL ? import_no_memory(call) : CXM_OK;
}


/* --- the body ----------------------------------------------------------- */

/* Takes over the row; err says why there is none. */
static cxm_rc_t
body_line(cxm_call_t *call, uint64_t no, json_t *row, const cxm_error_t *err)
{
    size_t              size;
    cxm_import_body_t  *body;
    cxm_import_line_t  *more, *line;

    body = call->data;

    if (body->n == CXM_IMPORT_ROWS) {
        json_decref(row);
        return cxm_fail(&call->err, CXM_TOO_LARGE, NULL,
                        "There are more than %d rows.", CXM_IMPORT_ROWS);
    }

    if (body->n == body->size) {
        size = body->size == 0 ? 256 : 2 * body->size;
        more = realloc(body->lines, size * sizeof(*more));

        if (more == NULL) {
            json_decref(row);
            return import_no_memory(call);
        }

        body->lines = more;
        body->size = size;
    }

    line = &body->lines[body->n++];
    line->line = no;
    line->row = row;
    line->refusal = row == NULL ? cxm_import_refusal(no, err) : NULL;

    return CXM_OK;
}


static cxm_rc_t
body_json(cxm_call_t *call)
{
    size_t              i;
    json_t             *input, *rows;
    cxm_rc_t            rc;
    cxm_import_body_t  *body;

    body = call->data;
    rc = cxm_json_load(body->body, &input, &call->err);

    if (rc != CXM_OK) {
        return rc;
    }

    rows = json_object_get(input, "rows");

    if (!json_is_array(rows) || json_object_size(input) != 1) {
        rc = cxm_issue(&call->err, "/rows", "required",
                       "There must be an array of rows, and nothing else.");
    }

    for (i = 0; i < json_array_size(rows) && rc == CXM_OK; i++) {
        rc = body_line(call, i + 1, json_incref(json_array_get(rows, i)),
                       NULL);
    }

    json_decref(input);

    return rc;
}


static cxm_rc_t
body_text(cxm_call_t *call, cxm_import_reader_t *reader)
{
    json_t       *row;
    cxm_rc_t      rc;
    cxm_str_t     line;
    cxm_error_t   err;

    rc = CXM_OK;

    while (rc == CXM_OK && cxm_lines_next(&reader->lines, 1, &line)) {

        cxm_error_init(&err);
        rc = cxm_import_read(reader, call->store, line, &row, &err);

        if (rc != CXM_OK && (!cxm_import_refused(rc)
                             || !cxm_import_readable(reader)))
        {
            call->err = err;
            return rc;
        }

        rc = rc == CXM_OK && row == NULL
             ? CXM_OK : body_line(call, reader->lines.line, row, &err);
    }

    return rc;
}


static cxm_rc_t
body_read(cxm_call_t *call)
{
    cxm_rc_t              rc;
    cxm_import_body_t    *body;
    cxm_import_reader_t   reader;

    body = call->data;

    if (body->media == CXM_IMPORT_JSON) {
        return body_json(call);
    }

    cxm_import_reader_init(&reader, &cxm_customer_import,
                           body->media == CXM_IMPORT_CSV);
    cxm_lines_put(&reader.lines, body->body);

    rc = reader.lines.text.failed ? import_no_memory(call)
                                  : body_text(call, &reader);

    if (rc == CXM_OK && !cxm_import_readable(&reader)) {
        rc = cxm_fail(&call->err, CXM_BAD_REQUEST, "not_csv",
                      "There is no record that names the columns.");
    }

    cxm_import_reader_free(&reader);

    return rc;
}


/* --- rows --------------------------------------------------------------- */

static int
count_refusal(cxm_import_count_t *count, json_t *refusal)
{
    count->rejected++;

    if (json_array_size(count->errors) == CXM_IMPORT_ERRORS) {
        json_decref(refusal);
        return 0;
    }

    return json_array_append_new(count->errors, refusal);
}


static cxm_rc_t
import_line(cxm_call_t *call, cxm_import_count_t *count,
    const cxm_import_line_t *line)
{
    cxm_rc_t              rc;
    cxm_error_t           err;
    cxm_import_result_t   result;

    if (line->row == NULL) {
        return count_refusal(count, json_incref(line->refusal)) == 0
               ? CXM_OK : import_no_memory(call);
    }

    cxm_error_init(&err);
    count->import.err = &err;
    rc = cxm_customer_import.add(&count->import, line->row, &result);

    if (rc == CXM_OK) {
        count->results[result]++;
        return CXM_OK;
    }

    if (!cxm_import_refused(rc)) {
        call->err = err;
        return rc;
    }

    return count_refusal(count, cxm_import_refusal(line->line, &err)) == 0
           ? CXM_OK : import_no_memory(call);
}


static cxm_rc_t
import_reply(cxm_call_t *call, const cxm_import_count_t *count)
{
    size_t   i;
    json_t  *output;

    output = json_object();

    for (i = 0; i < CXM_IMPORT_RESULTS; i++) {
        (void) cxm_json_set_int(output, cxm_import_results[i],
                                (int64_t) count->results[i]);
    }

    (void) cxm_json_set_int(output, "rejected", (int64_t) count->rejected);
    (void) json_object_set(output, "errors", count->errors);

    return cxm_call_reply(call, 200, output);
}


static cxm_rc_t
import_rows(cxm_call_t *call, cxm_txn_t *txn, int dry)
{
    size_t               i;
    cxm_rc_t             rc;
    cxm_import_body_t   *body;
    cxm_import_count_t   count;

    body = call->data;
    memset(&count, 0, sizeof(count));
    count.import.txn = txn;
    count.import.caller = &call->caller;
    count.import.dry = dry;
    count.errors = json_array();
    rc = count.errors == NULL ? import_no_memory(call) : CXM_OK;

    for (i = 0; i < body->n && rc == CXM_OK; i++) {
        rc = import_line(call, &count, &body->lines[i]);
    }

    if (rc == CXM_OK) {
        rc = import_reply(call, &count);
    }

    json_decref(count.errors);

    return rc;
}


/* Without rows the write phase has the whole answer to give. */
static cxm_rc_t
import_read(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t  rc;

    rc = body_read(call);

    if (rc != CXM_OK) {
        return rc;
    }

    return import_dry(call) ? import_rows(call, txn, 1)
                            : cxm_call_reply(call, 200, json_object());
}


static cxm_rc_t
import_write(cxm_call_t *call, cxm_txn_t *txn)
{
    return import_dry(call) ? CXM_OK : import_rows(call, txn, 0);
}


/* --- the table ---------------------------------------------------------- */

static const cxm_field_t  import_query[] = {
    { .name = "dry_run", .type = CXM_FIELD_BOOL,
      .summary = "Only tell what would become of the rows." },
    { .name = NULL }
};

static const cxm_field_t  row_item = {
    .type = CXM_FIELD_OBJECT, .object = &cxm_customer_row_fields
};

static const cxm_field_t  input_fields[] = {
    { .name = "rows", .type = CXM_FIELD_ARRAY, .flags = CXM_FIELD_REQUIRED,
      .item = &row_item, .max = CXM_IMPORT_ROWS,
      .summary = "also the records of text/csv, or lines of "
                 "application/x-ndjson" },
    { .name = NULL }
};

static const cxm_fields_t  import_input = { "CustomerImport", input_fields };

static const cxm_field_t  error_fields[] = {
    { .name = "pointer", .type = CXM_FIELD_STRING },
    { .name = "code", .type = CXM_FIELD_STRING },
    { .name = "detail", .type = CXM_FIELD_STRING },
    { .name = NULL }
};

static const cxm_fields_t  error_table = { "ImportError", error_fields };

static const cxm_field_t  error_item = {
    .type = CXM_FIELD_OBJECT, .object = &error_table
};

static const cxm_field_t  line_fields[] = {
    { .name = "line", .type = CXM_FIELD_INT,
      .summary = "of the body, or the row's number; from 1" },
    { .name = "errors", .type = CXM_FIELD_ARRAY, .item = &error_item },
    { .name = NULL }
};

static const cxm_fields_t  line_table = { "ImportLine", line_fields };

static const cxm_field_t  line_item = {
    .type = CXM_FIELD_OBJECT, .object = &line_table
};

static const cxm_field_t  output_fields[] = {
    { .name = "unchanged", .type = CXM_FIELD_INT },
    { .name = "created", .type = CXM_FIELD_INT },
    { .name = "updated", .type = CXM_FIELD_INT },
    { .name = "rejected", .type = CXM_FIELD_INT },
    { .name = "errors", .type = CXM_FIELD_ARRAY, .item = &line_item,
      .summary = "of the first 100 rows that were rejected" },
    { .name = NULL }
};

static const cxm_fields_t  import_output = { "ImportResult", output_fields };


const cxm_route_t  cxm_routes_import[] = {
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_POST,
      .path = "customers/import", .policy = CXM_SCOPED,
      .scopes = CXM_SCOPE_CUSTOMER_WRITE | CXM_SCOPE_INGEST,
      .flags = CXM_ROUTE_RAW | CXM_ROUTE_BIG | CXM_ROUTE_ROWS,
      .query = import_query, .input = &import_input,
      .answers = CXM_200 | CXM_400 | CXM_413 | CXM_415 | CXM_422,
      .output = &import_output, .prepare = import_prepare,
      .read = import_read, .write = import_write,
      .summary = "Make or change customers by rows" },
    { .path = NULL }
};
