/*
 * Rows of imports.
 */

#include "cxm_import.h"
#include "cxm_json.h"


const char *const  cxm_import_results[CXM_IMPORT_RESULTS] = {
    "unchanged", "created", "updated"
};


static void
import_drop_nulls(json_t *row)
{
    void        *tmp;
    json_t      *value;
    const char  *name;

    json_object_foreach_safe(row, tmp, name, value) {
        if (json_is_null(value)) {
            (void) json_object_del(row, name);
        }
    }
}


cxm_rc_t
cxm_import_row(const cxm_fields_t *fields, cxm_str_t line, json_t **out,
    cxm_error_t *err)
{
    json_t    *row;
    cxm_rc_t   rc;

    *out = NULL;

    rc = cxm_json_load(line, &row, err);

    if (rc != CXM_OK) {
        return rc;
    }

    if (fields != NULL) {
        import_drop_nulls(row);
        rc = cxm_field_check(fields, row, "", err);
    }

    if (rc != CXM_OK) {
        json_decref(row);
        return rc;
    }

    *out = row;

    return CXM_OK;
}


cxm_ms_t
cxm_import_time(const json_t *row, const char *name, cxm_ms_t def)
{
    cxm_ms_t   at;
    cxm_str_t  text;

    text = cxm_json_get_str(row, name);

    return text.data != NULL && cxm_rfc3339_parse(text, &at) == CXM_OK
           ? at : def;
}


/* --- reading ------------------------------------------------------------ */

void
cxm_import_reader_init(cxm_import_reader_t *reader,
    const cxm_import_kind_t *kind, int csv)
{
    reader->kind = kind;
    reader->columns = NULL;
    cxm_lines_init(&reader->lines, CXM_IMPORT_LINE);
    reader->lines.csv = csv;
}


void
cxm_import_reader_free(cxm_import_reader_t *reader)
{
    cxm_lines_free(&reader->lines);
    cxm_columns_free(reader->columns);
}


/* Lines without anything are no rows. */
static int
import_blank(cxm_str_t line)
{
    size_t  i;

    for (i = 0; i < line.len && memchr(" \t\r", line.data[i], 3) != NULL; i++) {
        /* void */
    }

    return i == line.len;
}


static cxm_rc_t
import_head(cxm_import_reader_t *reader, cxm_store_t *store, cxm_csv_t *csv,
    cxm_error_t *err)
{
    cxm_rc_t             rc;
    cxm_txn_t           *txn;
    const cxm_fields_t  *tables[CXM_IMPORT_TABLES] = { NULL };

    rc = cxm_txn_read(store, &txn, err);

    if (rc != CXM_OK) {
        return rc;
    }

    rc = reader->kind->columns(txn, tables, err);

    if (rc == CXM_OK) {
        rc = cxm_columns_make(csv, tables, &reader->columns, err);
    }

    cxm_txn_end(txn);

    return rc;
}


static cxm_rc_t
import_record(cxm_import_reader_t *reader, cxm_store_t *store, cxm_str_t line,
    json_t **row, cxm_error_t *err)
{
    cxm_rc_t   rc;
    cxm_csv_t  csv;

    if (!cxm_utf8_valid(line.data, line.len)) {
        return cxm_fail(err, CXM_BAD_REQUEST, "bad_encoding",
                        "This is not UTF-8.");
    }

    /* the end of a line may be two characters */

    line.len -= line.data[line.len - 1] == '\r';
    csv = cxm_csv(line);

    if (reader->columns == NULL) {
        return import_head(reader, store, &csv, err);
    }

    rc = cxm_columns_row(reader->columns, &csv, row, err);

    if (rc == CXM_INVALID) {
        json_decref(*row);
        *row = NULL;
    }

    return rc;
}


cxm_rc_t
cxm_import_read(cxm_import_reader_t *reader, cxm_store_t *store,
    cxm_str_t line, json_t **row, cxm_error_t *err)
{
    *row = NULL;

    if (line.data == NULL) {
        return cxm_issue(err, "", "too_long", "A line has at most %u bytes.",
                         CXM_IMPORT_LINE);
    }

    if (import_blank(line)) {
        return CXM_OK;
    }

    return reader->lines.csv
           ? import_record(reader, store, line, row, err)
           : cxm_import_row(reader->kind->fields, line, row, err);
}


/* --- what is refused ---------------------------------------------------- */

int
cxm_import_refused(cxm_rc_t rc)
{
    switch (rc) {

    case CXM_BAD_REQUEST:
    case CXM_INVALID:
    case CXM_CONFLICT:
    case CXM_NOT_FOUND:
    case CXM_TOO_LARGE:
        return 1;

    default:
        return 0;
    }
}


json_t *
cxm_import_refusal(uint64_t line, const cxm_error_t *err)
{
    json_t    *errors;
    unsigned   i;

    errors = json_array();

    for (i = 0; i < err->nissues; i++) {
        (void) json_array_append_new(errors,
                   json_pack("{ss ss ss}", "pointer", err->issues[i].pointer,
                             "code", err->issues[i].code,
                             "detail", err->issues[i].detail));
    }

    if (err->nissues == 0) {
        (void) json_array_append_new(errors,
                   json_pack("{ss ss ss}", "pointer", "", "code",
                             err->code[0] != '\0' ? err->code
                                                  : cxm_rc_name(err->rc),
                             "detail", err->detail));
    }

    return json_pack("{sI so}", "line", (json_int_t) line, "errors", errors);
}
