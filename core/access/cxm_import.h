/*
 * Imports: rows that somebody brings, as NDJSON or CSV.
 *
 * A row is what an export gives or what a client would send, so that members
 * which an import has no use for are taken and passed over.  Rows are known
 * by their ids or by who they are of: to bring one again changes nothing.
 */

#ifndef CXM_IMPORT_H
#define CXM_IMPORT_H

#include "cxm_access.h"
#include "cxm_field.h"
#include "cxm_lines.h"
#include "cxm_rows.h"


#define CXM_IMPORT_LINE  (1u << 20)     /* longest line or record, bytes */

typedef enum {
    CXM_IMPORT_UNCHANGED = 0,           /* it was there already */
    CXM_IMPORT_CREATED,
    CXM_IMPORT_UPDATED,
    CXM_IMPORT_RESULTS
} cxm_import_result_t;

/* "unchanged" */
extern const char *const  cxm_import_results[CXM_IMPORT_RESULTS];

/* For whom rows are taken. */
typedef struct {
    cxm_txn_t           *txn;
    const cxm_caller_t  *caller;
    int                  dry;           /* only tell what it would be: a read
                                           transaction will do */
    cxm_error_t         *err;
} cxm_import_t;

typedef struct {
    const char          *name;          /* "responses" */
    const cxm_fields_t  *fields;        /* of a row; NULL: `add` checks it,
                                           and null is a value */

    /* Of a row that is refused nothing was written. */
    cxm_rc_t           (*add)(const cxm_import_t *import, const json_t *row,
                              cxm_import_result_t *result);

    /*
     * What cells of CSV are, by tables of fields up to a NULL; the first that
     * has a name counts.  NULL: CSV is not taken, nor is `dry`.
     */
    cxm_rc_t           (*columns)(cxm_txn_t *txn,
                                  const cxm_fields_t *tables[],
                                  cxm_error_t *err);
} cxm_import_kind_t;

#define CXM_IMPORT_TABLES  4            /* of columns, with the NULL */

/*
 * A line as a row, checked by its table; members that are null are left out,
 * as those that are not there.  *out is a new reference, NULL on failure.
 */
cxm_rc_t cxm_import_row(const cxm_fields_t *fields, cxm_str_t line,
    json_t **out, cxm_error_t *err);

/* A member of a row that is a time; `def` when it is not there. */
cxm_ms_t cxm_import_time(const json_t *row, const char *name, cxm_ms_t def);

/*
 * Whether it is the row that is wrong, and not the import that cannot go on.
 */
int cxm_import_refused(cxm_rc_t rc);

/* {"line", "errors": [{"pointer", "code", "detail"}]}, a new reference. */
json_t *cxm_import_refusal(uint64_t line, const cxm_error_t *err);


/* --- reading ------------------------------------------------------------ */

/* Rows out of blocks of text, which go to `lines`. */
typedef struct {
    const cxm_import_kind_t  *kind;
    cxm_lines_t               lines;
    cxm_columns_t            *columns;  /* of CSV, once its head was read */
} cxm_import_reader_t;

void cxm_import_reader_init(cxm_import_reader_t *reader,
    const cxm_import_kind_t *kind, int csv);
void cxm_import_reader_free(cxm_import_reader_t *reader);

/*
 * The row of a line that `lines` has given (data NULL: it was too long), a
 * new reference; NULL, with CXM_OK: the line has none.  The first record of
 * CSV names columns: if it does not, nothing can be read.
 */
cxm_rc_t cxm_import_read(cxm_import_reader_t *reader, cxm_store_t *store,
    cxm_str_t line, json_t **row, cxm_error_t *err);

/* Whether rows can be read: CSV has a head that names its columns. */
static inline int
cxm_import_readable(const cxm_import_reader_t *reader)
{
    return !reader->lines.csv || reader->columns != NULL;
}


#endif /* CXM_IMPORT_H */
