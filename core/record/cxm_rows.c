/*
 * Rows of CSV and NDJSON.
 */

#include <stdio.h>

#include "cxm_arena.h"
#include "cxm_csv_read.h"
#include "cxm_json.h"
#include "cxm_rows.h"


#define CXM_ROWS_COLUMNS  64
#define CXM_ROWS_CELL     (64u << 10)

typedef struct {
    cxm_str_t           parent;         /* data NULL: none */
    cxm_str_t           name;
    const cxm_field_t  *field;          /* NULL: the table has none */
} cxm_column_t;

typedef struct {
    const cxm_fields_t  *table;
    cxm_arena_t          arena;
    unsigned             ncolumns;
    cxm_column_t         columns[CXM_ROWS_COLUMNS];
    cxm_csv_t            csv;
    cxm_buf_t            cell;
    json_t              *rows;
    cxm_error_t         *err;
} cxm_rows_t;


static cxm_rc_t
rows_no_memory(cxm_error_t *err)
{
    return cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.");
}


static cxm_rc_t
rows_encoding(cxm_str_t text, cxm_error_t *err)
{
    return cxm_utf8_valid(text.data, text.len)
           ? CXM_OK
           : cxm_fail(err, CXM_BAD_REQUEST, "bad_encoding",
                      "The body is not UTF-8.");
}


/* --- columns ------------------------------------------------------------ */

static void
column_name(const cxm_fields_t *table, cxm_column_t *column, cxm_str_t name)
{
    const char         *dot;
    const cxm_field_t  *parent;

    column->parent = (cxm_str_t) { 0, NULL };
    column->name = name;
    column->field = cxm_field_find(table, name);
    dot = name.len == 0 ? NULL : memchr(name.data, '.', name.len);

    if (dot == NULL) {
        return;
    }

    column->parent = (cxm_str_t) { (size_t) (dot - name.data), name.data };
    parent = cxm_field_find(table, column->parent);

    if (parent == NULL || parent->type != CXM_FIELD_OBJECT) {
        column->parent = (cxm_str_t) { 0, NULL };
        return;
    }

    column->name = (cxm_str_t) { name.len - column->parent.len - 1, dot + 1 };
    column->field = cxm_field_find(parent->object, column->name);
}


/* Whether the column is `column`, or the object that holds it. */
static int
column_is(const cxm_column_t *other, const cxm_column_t *column)
{
    return (cxm_str_eq(other->name, column->name)
            && cxm_str_eq(other->parent, column->parent))
           || (other->parent.data == NULL && column->parent.data != NULL
               && cxm_str_eq(other->name, column->parent));
}


static cxm_rc_t
column_add(cxm_rows_t *rows)
{
    unsigned       i;
    cxm_str_t      name;
    cxm_column_t  *column;

    if (rows->ncolumns == CXM_ROWS_COLUMNS) {
        return cxm_issue(rows->err, "", "too_many",
                         "There are more than %d columns.", CXM_ROWS_COLUMNS);
    }

    name = cxm_arena_str(&rows->arena, cxm_buf_str(&rows->cell));

    if (name.data == NULL) {
        return rows_no_memory(rows->err);
    }

    column = &rows->columns[rows->ncolumns++];
    column_name(rows->table, column, name);

    for (i = 0; i + 1 < rows->ncolumns; i++) {
        if (column_is(&rows->columns[i], column)
            || column_is(column, &rows->columns[i]))
        {
            return cxm_issue(rows->err, "", "duplicate",
                             "Two columns are the same.");
        }
    }

    return CXM_OK;
}


/* --- cells -------------------------------------------------------------- */

static json_t *
cell_number(cxm_str_t text)
{
    json_t       *value;
    cxm_error_t   ignored;

    cxm_error_init(&ignored);

    if (cxm_json_load(text, &value, &ignored) != CXM_OK) {
        return NULL;
    }

    if (!json_is_number(value)) {
        json_decref(value);
        return NULL;
    }

    return value;
}


static json_t *
cell_value(const cxm_field_t *field, cxm_str_t text)
{
    json_t            *value;
    cxm_field_type_t   type;

    type = field == NULL ? CXM_FIELD_STRING : field->type;
    value = NULL;

    if (type == CXM_FIELD_INT || type == CXM_FIELD_NUMBER) {
        value = cell_number(text);

    } else if (type == CXM_FIELD_BOOL && cxm_str_eqz(text, "true")) {
        value = json_true();

    } else if (type == CXM_FIELD_BOOL && cxm_str_eqz(text, "false")) {
        value = json_false();
    }

    return value != NULL ? value : json_stringn(text.data, text.len);
}


static int
cell_set(json_t *row, const cxm_column_t *column, cxm_str_t text)
{
    json_t  *object;

    if (text.len == 0) {
        return 0;
    }

    object = row;

    if (column->parent.data != NULL) {
        object = json_object_getn(row, column->parent.data,
                                  column->parent.len);

        if (object == NULL) {
            object = json_object();

            if (json_object_setn_new(row, column->parent.data,
                                     column->parent.len, object) != 0)
            {
                return -1;
            }
        }
    }

    return json_object_setn_new(object, column->name.data, column->name.len,
                                cell_value(column->field, text));
}


/* --- records ------------------------------------------------------------ */

static cxm_rc_t
csv_next(cxm_rows_t *rows, int *last)
{
    cxm_rc_t  rc;

    rc = cxm_csv_next(&rows->csv, &rows->cell, last);

    if (rc == CXM_BAD_REQUEST) {
        return cxm_fail(rows->err, rc, "not_csv",
                        "Row %zu is no CSV: a quote is where none may be, or "
                        "never ends.", json_array_size(rows->rows));
    }

    return rc == CXM_INTERNAL ? rows_no_memory(rows->err) : rc;
}


static cxm_rc_t
csv_header(cxm_rows_t *rows)
{
    int       last;
    cxm_rc_t  rc;

    do {
        rc = csv_next(rows, &last);

        if (rc == CXM_OK) {
            rc = column_add(rows);
        }
    } while (rc == CXM_OK && !last);

    return rc == CXM_NOT_FOUND
           ? cxm_fail(rows->err, CXM_BAD_REQUEST, "not_csv",
                      "There is no record that names the columns.")
           : rc;
}


/* A record as an object; CXM_NOT_FOUND behind the last. */
static cxm_rc_t
csv_record(cxm_rows_t *rows, json_t *row, unsigned *ncells)
{
    int       last;
    cxm_rc_t  rc;

    *ncells = 0;

    do {
        rc = csv_next(rows, &last);

        if (rc == CXM_OK && *ncells < rows->ncolumns
            && cell_set(row, &rows->columns[*ncells],
                        cxm_buf_str(&rows->cell)) != 0)
        {
            rc = rows_no_memory(rows->err);
        }

        ++*ncells;

    } while (rc == CXM_OK && !last);

    return rc;
}


static cxm_rc_t
csv_records(cxm_rows_t *rows, size_t max)
{
    char       pointer[32];
    json_t    *row;
    cxm_rc_t   rc;
    unsigned   ncells;

    while (json_array_size(rows->rows) <= max) {
        row = json_object();
        rc = csv_record(rows, row, &ncells);

        /* an empty line is none */

        if (rc != CXM_OK || (ncells == 1 && rows->cell.len == 0)) {
            json_decref(row);

            if (rc != CXM_OK) {
                return rc == CXM_NOT_FOUND ? CXM_OK : rc;
            }

            continue;
        }

        if (ncells != rows->ncolumns) {
            (void) snprintf(pointer, sizeof(pointer), "/rows/%zu",
                            json_array_size(rows->rows));
            (void) cxm_issue(rows->err, pointer, "invalid",
                             "Has %u cells and not %u.", ncells,
                             rows->ncolumns);
        }

        if (json_array_append_new(rows->rows, row) != 0) {
            return rows_no_memory(rows->err);
        }
    }

    return CXM_OK;
}


cxm_rc_t
cxm_rows_csv(cxm_str_t text, const cxm_fields_t *table, size_t max,
    json_t **out, cxm_error_t *err)
{
    cxm_rc_t    rc;
    cxm_rows_t  rows;

    *out = NULL;
    rc = rows_encoding(text, err);

    if (rc != CXM_OK) {
        return rc;
    }

    memset(&rows, 0, sizeof(rows));
    rows.table = table;
    rows.csv = cxm_csv(text);
    rows.rows = json_array();
    rows.err = err;
    cxm_buf_init(&rows.cell, text.len + 1);

    rc = csv_header(&rows);

    if (rc == CXM_OK) {
        rc = csv_records(&rows, max);
    }

    cxm_buf_free(&rows.cell);
    cxm_arena_free(&rows.arena);

    if (rc == CXM_OK) {
        rc = err->rc;
    }

    if (rc != CXM_OK) {
        json_decref(rows.rows);
        return rc;
    }

    *out = rows.rows;

    return CXM_OK;
}


/* --- lines -------------------------------------------------------------- */

static int
line_blank(cxm_str_t line)
{
    size_t  i;

    for (i = 0; i < line.len; i++) {
        if (line.data[i] != ' ' && line.data[i] != '\t'
            && line.data[i] != '\r')
        {
            return 0;
        }
    }

    return 1;
}


static cxm_rc_t
line_add(json_t *rows, cxm_str_t line, cxm_error_t *err)
{
    json_t       *value;
    cxm_rc_t      rc;
    cxm_error_t   why;

    cxm_error_init(&why);
    rc = cxm_json_load(line, &value, &why);

    if (rc != CXM_OK) {
        return cxm_fail(err, rc, why.code, "Row %zu: %s",
                        json_array_size(rows), why.detail);
    }

    return json_array_append_new(rows, value) == 0 ? CXM_OK
                                                   : rows_no_memory(err);
}


cxm_rc_t
cxm_rows_ndjson(cxm_str_t text, size_t max, json_t **rows, cxm_error_t *err)
{
    cxm_rc_t     rc;
    cxm_str_t    line;
    const char  *end, *next;

    *rows = json_array();
    rc = CXM_OK;
    end = text.len == 0 ? text.data : text.data + text.len;

    while (text.data < end && rc == CXM_OK
           && json_array_size(*rows) <= max)
    {
        next = memchr(text.data, '\n', (size_t) (end - text.data));
        next = next == NULL ? end : next;
        line = (cxm_str_t) { (size_t) (next - text.data), text.data };

        if (!line_blank(line)) {
            rc = line_add(*rows, line, err);
        }

        text.data = next < end ? next + 1 : end;
    }

    if (rc != CXM_OK) {
        json_decref(*rows);
        *rows = NULL;
    }

    return rc;
}
