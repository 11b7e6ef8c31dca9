/*
 * Reading CSV (RFC 4180): cells parted by commas, records by CRLF or LF,
 * quotes around what holds any of them, doubled inside.
 */

#ifndef CXM_CSV_READ_H
#define CXM_CSV_READ_H

#include "cxm_str.h"


typedef struct {
    const char  *pos;
    const char  *end;
    int          open;          /* a record that a comma left unfinished */
} cxm_csv_t;

/* A byte order mark is passed over. */
cxm_csv_t cxm_csv(cxm_str_t text);

/*
 * The next cell, which takes the place of what cell holds; *last: its record
 * ends with it.  CXM_NOT_FOUND behind the last record; CXM_BAD_REQUEST: a
 * quote inside an unquoted cell, none at the end of a quoted one, or anything
 * between that and the comma; CXM_INTERNAL: no memory.
 */
cxm_rc_t cxm_csv_next(cxm_csv_t *csv, cxm_buf_t *cell, int *last);


#endif /* CXM_CSV_READ_H */
