/*
 * Imports: rows that an operator brings, one JSON document a line.
 *
 * A row is what an export gives or what a client would send, so that members
 * which an import has no use for are taken and passed over.  Rows with an id
 * are known by it: to bring one again changes nothing.
 */

#ifndef CXM_IMPORT_H
#define CXM_IMPORT_H

#include "cxm_access.h"
#include "cxm_field.h"


#define CXM_IMPORT_LINE  (1u << 20)     /* longest line, bytes */

typedef struct {
    const char          *name;          /* "responses" */
    const cxm_fields_t  *fields;        /* of a row */

    /* In a write transaction.  *known: it is there, and stays as it is. */
    cxm_rc_t           (*add)(cxm_txn_t *txn, const json_t *row, int *known,
                              cxm_error_t *err);
} cxm_import_kind_t;

/*
 * A line as a row, checked by its table; members that are null are left out,
 * as those that are not there.  *out is a new reference, NULL on failure.
 */
cxm_rc_t cxm_import_row(const cxm_fields_t *fields, cxm_str_t line,
    json_t **out, cxm_error_t *err);

/* A member of a row that is a time; `def` when it is not there. */
cxm_ms_t cxm_import_time(const json_t *row, const char *name, cxm_ms_t def);


#endif /* CXM_IMPORT_H */
