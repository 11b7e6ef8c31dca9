/*
 * Rows of a body that is no JSON document: CSV and NDJSON.
 *
 * The columns of CSV are named by its first record; "scale.min" is member
 * "min" of member "scale", be that an object or a map.  A cell becomes what
 * its field is, an empty one is no member, \N is null.  An array of texts is
 * "a;b"; any array or object may be JSON.  A text that exports have put "'"
 * before (cxm_csv.c) loses it.  What does not convert stays a string, for the
 * check of the field table to refuse, which also knows the names.
 */

#ifndef CXM_ROWS_H
#define CXM_ROWS_H

#include "cxm_csv_read.h"
#include "cxm_field.h"


#define CXM_ROWS_NULL     "\\N"

/*
 * Columns of one text.  A name is looked for in tables up to a NULL, which
 * need not outlive make.  CXM_BAD_REQUEST: no CSV, or no record; CXM_INVALID.
 */
typedef struct cxm_columns_s  cxm_columns_t;

cxm_rc_t cxm_columns_make(cxm_csv_t *csv, const cxm_fields_t *const *tables,
    cxm_columns_t **out, cxm_error_t *err);
void cxm_columns_free(cxm_columns_t *columns);          /* NULL is allowed */

/*
 * The next record as an object, a new reference; NULL for an empty line.
 * CXM_NOT_FOUND behind the last; CXM_BAD_REQUEST; CXM_INVALID: it is longer
 * or shorter than the first one, *row is there nevertheless.
 */
cxm_rc_t cxm_columns_row(cxm_columns_t *columns, cxm_csv_t *csv,
    json_t **row, cxm_error_t *err);

/*
 * *rows is an array, a new reference; of more than `max` rows one more is
 * read.  CXM_BAD_REQUEST: it is no such text; CXM_INVALID with pointers
 * "/rows/3": a record is longer or shorter than the first.
 */
cxm_rc_t cxm_rows_csv(cxm_str_t text, const cxm_fields_t *table, size_t max,
    json_t **rows, cxm_error_t *err);
cxm_rc_t cxm_rows_ndjson(cxm_str_t text, size_t max, json_t **rows,
    cxm_error_t *err);


#endif /* CXM_ROWS_H */
