/*
 * Rows of CSV and NDJSON.
 */

#include <stdio.h>
#include <stdlib.h>

#include "cxm_arena.h"
#include "cxm_export.h"
#include "cxm_json.h"
#include "cxm_rows.h"


#define CXM_ROWS_COLUMNS  300

typedef struct {
    cxm_str_t         parent;           /* data NULL: none */
    cxm_str_t         name;
    cxm_field_type_t  type;
} cxm_row_column_t;

struct cxm_columns_s {
    cxm_arena_t   arena;
    cxm_buf_t     cell;
    unsigned      n;
    cxm_row_column_t  list[CXM_ROWS_COLUMNS];
};


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
column_type(cxm_row_column_t *column, const cxm_field_t *field)
{
    column->type = field == NULL ? CXM_FIELD_STRING : field->type;
}


static const cxm_field_t *
column_field(const cxm_fields_t *const *tables, cxm_str_t name)
{
    const cxm_field_t  *field;

    for (field = NULL; field == NULL && *tables != NULL; tables++) {
        field = cxm_field_find(*tables, name);
    }

    return field;
}


static void
column_name(const cxm_fields_t *const *tables, cxm_row_column_t *column,
    cxm_str_t name)
{
    const char         *dot;
    const cxm_field_t  *parent;

    column->parent = (cxm_str_t) { 0, NULL };
    column->name = name;
    column_type(column, column_field(tables, name));
    dot = name.len == 0 ? NULL : memchr(name.data, '.', name.len);

    if (dot == NULL) {
        return;
    }

    column->parent = (cxm_str_t) { (size_t) (dot - name.data), name.data };
    parent = column_field(tables, column->parent);

    if (parent == NULL || (parent->type != CXM_FIELD_OBJECT
                           && parent->type != CXM_FIELD_MAP))
    {
        column->parent = (cxm_str_t) { 0, NULL };
        return;
    }

    column->name = (cxm_str_t) { name.len - column->parent.len - 1, dot + 1 };
    column_type(column, parent->type == CXM_FIELD_MAP
                        ? parent->item
                        : cxm_field_find(parent->object, column->name));
}


/* Whether the column is `column`, or the object that holds it. */
static int
column_is(const cxm_row_column_t *other, const cxm_row_column_t *column)
{
    return (cxm_str_eq(other->name, column->name)
            && cxm_str_eq(other->parent, column->parent))
           || (other->parent.data == NULL && column->parent.data != NULL
               && cxm_str_eq(other->name, column->parent));
}


static cxm_rc_t
column_add(cxm_columns_t *columns, const cxm_fields_t *const *tables,
    cxm_error_t *err)
{
    unsigned       i;
    cxm_str_t      name;
    cxm_row_column_t  *column;

    if (columns->n == CXM_ROWS_COLUMNS) {
        return cxm_issue(err, "", "too_many",
                         "There are more than %d columns.", CXM_ROWS_COLUMNS);
    }

    name = cxm_arena_str(&columns->arena, cxm_buf_str(&columns->cell));

    if (name.data == NULL) {
        return rows_no_memory(err);
    }

    column = &columns->list[columns->n++];
    column_name(tables, column, name);

    for (i = 0; i + 1 < columns->n; i++) {
        if (column_is(&columns->list[i], column)
            || column_is(column, &columns->list[i]))
        {
            return cxm_issue(err, "", "duplicate",
                             "Two columns are the same.");
        }
    }

    return CXM_OK;
}


static cxm_rc_t
csv_refused(cxm_rc_t rc, cxm_error_t *err)
{
    return rc == CXM_INTERNAL
           ? rows_no_memory(err)
           : cxm_fail(err, rc, "not_csv", "This is no CSV: a quote is where "
                      "none may be, or never ends.");
}


static cxm_rc_t
columns_head(cxm_columns_t *columns, cxm_csv_t *csv,
    const cxm_fields_t *const *tables, cxm_error_t *err)
{
    int       last;
    cxm_rc_t  rc;

    do {
        rc = cxm_csv_next(csv, &columns->cell, &last);

        if (rc == CXM_NOT_FOUND) {
            return cxm_fail(err, CXM_BAD_REQUEST, "not_csv",
                            "There is no record that names the columns.");
        }

        if (rc != CXM_OK) {
            return csv_refused(rc, err);
        }

        rc = column_add(columns, tables, err);

    } while (rc == CXM_OK && !last);

    return rc;
}


cxm_rc_t
cxm_columns_make(cxm_csv_t *csv, const cxm_fields_t *const *tables,
    cxm_columns_t **out, cxm_error_t *err)
{
    cxm_rc_t  rc;

    *out = calloc(1, sizeof(cxm_columns_t));

    if (*out == NULL) {
        return rows_no_memory(err);
    }

    cxm_buf_init(&(*out)->cell, SIZE_MAX / 2);
    rc = columns_head(*out, csv, tables, err);

    if (rc != CXM_OK) {
        cxm_columns_free(*out);
        *out = NULL;
    }

    return rc;
}


void
cxm_columns_free(cxm_columns_t *columns)
{
    if (columns != NULL) {
        cxm_buf_free(&columns->cell);
        cxm_arena_free(&columns->arena);
        free(columns);
    }
}


/* --- cells -------------------------------------------------------------- */

/* NULL: it is no JSON, or something else than this type is. */
static json_t *
cell_json(cxm_field_type_t type, cxm_str_t text)
{
    int           right;
    json_t       *value;
    cxm_error_t   ignored;

    cxm_error_init(&ignored);

    if (cxm_json_load(text, &value, &ignored) != CXM_OK) {
        return NULL;
    }

    right = type == CXM_FIELD_ARRAY ? json_is_array(value)
            : type == CXM_FIELD_INT || type == CXM_FIELD_NUMBER
              ? json_is_number(value) : json_is_object(value);

    if (!right) {
        json_decref(value);
        return NULL;
    }

    return value;
}


static json_t *
cell_words(cxm_str_t text)
{
    json_t     *list;
    cxm_str_t   word;

    list = json_array();

    while (text.data != NULL) {
        word = cxm_str_cut(&text, ';');

        if (json_array_append_new(list, json_stringn(word.data, word.len))
            != 0)
        {
            json_decref(list);
            return NULL;
        }
    }

    return list;
}


static json_t *
cell_value(cxm_field_type_t type, cxm_str_t text)
{
    json_t  *value;

    value = NULL;

    switch (type) {

    case CXM_FIELD_INT:
    case CXM_FIELD_NUMBER:
    case CXM_FIELD_OBJECT:
    case CXM_FIELD_MAP:
        value = cell_json(type, text);
        break;

    case CXM_FIELD_BOOL:
        value = cxm_str_eqz(text, "true") ? json_true()
                : cxm_str_eqz(text, "false") ? json_false() : NULL;
        break;

    case CXM_FIELD_ARRAY:
        value = text.data[0] == '[' ? cell_json(type, text) : NULL;

        if (value == NULL) {
            value = cell_words(cxm_csv_plain(text));
        }

        break;

    default:
        break;
    }

    if (value == NULL) {
        text = cxm_csv_plain(text);
        value = json_stringn(text.data, text.len);
    }

    return value;
}


static int
cell_set(json_t *row, const cxm_row_column_t *column, cxm_str_t text)
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
                                cxm_str_eqz(text, CXM_ROWS_NULL)
                                ? json_null()
                                : cell_value(column->type, text));
}


/* --- records ------------------------------------------------------------ */

/* Sets *ncells, also of those that have no column. */
static cxm_rc_t
record_cells(cxm_columns_t *columns, cxm_csv_t *csv, json_t *row,
    unsigned *ncells)
{
    int       last;
    cxm_rc_t  rc;

    *ncells = 0;

    do {
        rc = cxm_csv_next(csv, &columns->cell, &last);

        if (rc == CXM_OK && *ncells < columns->n
            && cell_set(row, &columns->list[*ncells],
                        cxm_buf_str(&columns->cell)) != 0)
        {
            rc = CXM_INTERNAL;
        }

        ++*ncells;

    } while (rc == CXM_OK && !last);

    return rc;
}


cxm_rc_t
cxm_columns_row(cxm_columns_t *columns, cxm_csv_t *csv, json_t **row,
    cxm_error_t *err)
{
    cxm_rc_t  rc;
    unsigned  ncells;

    *row = json_object();
    rc = record_cells(columns, csv, *row, &ncells);

    if (rc == CXM_OK && ncells == columns->n) {
        return CXM_OK;
    }

    if (rc == CXM_OK && (ncells > 1 || columns->cell.len > 0)) {
        return cxm_issue(err, "", "invalid", "Has %u cells and not %u.",
                         ncells, columns->n);
    }

    json_decref(*row);
    *row = NULL;

    return rc == CXM_OK || rc == CXM_NOT_FOUND ? rc : csv_refused(rc, err);
}


/* An issue of one row, among those of all. */
static void
rows_issue(json_t *rows, const cxm_error_t *why, cxm_error_t *err)
{
    char  pointer[32];

    (void) snprintf(pointer, sizeof(pointer), "/rows/%zu",
                    json_array_size(rows));
    (void) cxm_issue(err, pointer, why->issues[0].code, "%s",
                     why->issues[0].detail);
}


static cxm_rc_t
csv_rows(cxm_columns_t *columns, cxm_csv_t *csv, size_t max, json_t *rows,
    cxm_error_t *err)
{
    json_t       *row;
    cxm_rc_t      rc;
    cxm_error_t   why;

    while (json_array_size(rows) <= max) {
        cxm_error_init(&why);
        rc = cxm_columns_row(columns, csv, &row, &why);

        if (rc == CXM_INVALID) {
            rows_issue(rows, &why, err);

        } else if (rc == CXM_BAD_REQUEST) {
            return cxm_fail(err, rc, why.code, "Row %zu: %s",
                            json_array_size(rows), why.detail);

        } else if (rc != CXM_OK) {
            return rc == CXM_NOT_FOUND ? CXM_OK : rows_no_memory(err);
        }

        if (row != NULL && json_array_append_new(rows, row) != 0) {
            return rows_no_memory(err);
        }
    }

    return CXM_OK;
}


cxm_rc_t
cxm_rows_csv(cxm_str_t text, const cxm_fields_t *table, size_t max,
    json_t **out, cxm_error_t *err)
{
    json_t         *rows;
    cxm_rc_t        rc;
    cxm_csv_t       csv;
    cxm_columns_t  *columns;

    const cxm_fields_t *const  tables[] = { table, NULL };

    *out = NULL;
    csv = cxm_csv(text);
    rc = rows_encoding(text, err);

    if (rc == CXM_OK) {
        rc = cxm_columns_make(&csv, tables, &columns, err);
    }

    if (rc != CXM_OK) {
        return rc;
    }

    rows = json_array();
    rc = csv_rows(columns, &csv, max, rows, err);
    cxm_columns_free(columns);

    if (rc == CXM_OK) {
        rc = err->rc;
    }

    if (rc != CXM_OK) {
        json_decref(rows);
        return rc;
    }

    *out = rows;

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
