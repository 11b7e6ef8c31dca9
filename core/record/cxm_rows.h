/*
 * Rows of a body that is no JSON document: CSV and NDJSON.
 *
 * The columns of CSV are named by its first record; "scale.min" is member
 * "min" of member "scale".  A cell becomes what its field is, an empty one is
 * no member; what does not convert stays a string, for the check of the
 * field table to refuse, which also knows the names.
 */

#ifndef CXM_ROWS_H
#define CXM_ROWS_H

#include "cxm_field.h"


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
