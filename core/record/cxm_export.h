/*
 * Exports: all rows of a kind, in the order of the journal, as text.
 *
 * An export ends where the journal ended when it was made.  Its places up to
 * there are handed out as pieces, which threads fill at the same time, each
 * call in a transaction of its own; a piece whose buffer is full before its
 * places are is filled again.  Nothing is kept open in between, so the host
 * may take its time over what it has.
 *
 *   cxm_export_next()     host: the next places for a piece
 *   cxm_export_fill()     any thread: their text, as much as fits
 */

#ifndef CXM_EXPORT_H
#define CXM_EXPORT_H

#include "cxm_arena.h"
#include "cxm_field.h"
#include "cxm_store.h"


#define CXM_EXPORT_BYTES  (256u << 10)  /* of a piece; its last row is whole */
#define CXM_EXPORT_ROWS   10000         /* looked at in one transaction */
#define CXM_EXPORT_DEPTH  3             /* names of a column's path */

typedef enum {
    CXM_EXPORT_NDJSON = 0,
    CXM_EXPORT_CSV,
    CXM_EXPORT_FORMATS
} cxm_export_format_t;

/* "csv" */
extern const char *const  cxm_export_formats[CXM_EXPORT_FORMATS];

/* Where a row is: its number, and which of those of that number. */
typedef struct {
    uint64_t  no;
    uint64_t  sub;
} cxm_place_t;

typedef struct cxm_export_s  cxm_export_t;

typedef struct {
    cxm_place_t   at;           /* rows from here on are still to come */
    uint64_t      end;          /* up to this number, without it */
    cxm_buf_t     out;
    uint64_t      rows;         /* all that this piece has ever held */
    uint64_t      span;         /* numbers that it was given, */
    uint64_t      bytes;        /* and what came of them, in all fills */
    uint64_t      looked;
    unsigned      left;         /* rows to look at in this transaction */
    uint64_t      us;           /* of a thread, for the last fill */
    int           busy;         /* somebody wrote during it */
    cxm_rc_t      rc;
    cxm_error_t   err;
} cxm_piece_t;

/* A room's rows.  `query` is the room's own, and read only. */
typedef struct {
    const cxm_fields_t  *fields;        /* of a row */

    /*
     * Rows of piece->at .. end that the query wants, in order, to
     * cxm_export_row(), until there is no room.  Sets piece->at.
     */
    cxm_rc_t           (*walk)(cxm_txn_t *txn, const cxm_export_t *export,
                               cxm_piece_t *piece);

    void               (*free)(void *query);
} cxm_export_rows_t;

typedef struct {
    unsigned   field;                   /* index in the table */
    unsigned   depth;                   /* of path */
    int        rest;                    /* members without their own column */
    cxm_str_t  path[CXM_EXPORT_DEPTH];  /* below the field */
} cxm_column_t;

struct cxm_export_s {
    const cxm_export_rows_t  *rows;
    void                     *query;    /* owned, rows->free() */
    cxm_export_format_t       format;
    int                       personal; /* members are shown that are */
    int                       head;     /* CSV: the first line names columns */
    cxm_place_t               at;       /* not handed out yet */
    uint64_t                  end;
    uint64_t                  span;     /* of the next piece, in numbers */
    int                       begun;
    cxm_arena_t               arena;
    unsigned                  ncolumns; /* CSV only */
    cxm_column_t             *columns;
    unsigned                  nnamed;   /* columns that the room has named */
    cxm_column_t             *named;
};


/* From the first place on, up to number `end`, without it; NULL: memory. */
cxm_export_t *cxm_export_create(const cxm_export_rows_t *rows,
    cxm_export_format_t format, int personal, uint64_t end);
void cxm_export_free(cxm_export_t *export);     /* NULL is allowed */

/*
 * For rooms, where a field is a map: names a column of CSV for a member of
 * it (of a member of that), once however often it is asked; without a path
 * the one with the members that have none.  Strings are copied.
 */
cxm_rc_t cxm_export_column(cxm_export_t *export, unsigned field,
    cxm_str_t name, const char *member);
cxm_rc_t cxm_export_rest(cxm_export_t *export, unsigned field);

/* Once all is named: makes the columns. */
cxm_rc_t cxm_export_ready(cxm_export_t *export);

/* Text of a row, whose members lie in room; 1: the piece takes more. */
int cxm_export_row(const cxm_export_t *export, cxm_piece_t *piece,
    const cxm_value_t *values, cxm_members_t *room);

/* One more row is looked at; 0: no more in this transaction. */
static inline int
cxm_export_look(cxm_piece_t *piece)
{
    if (piece->left == 0) {
        return 0;
    }

    piece->left--;
    piece->looked++;

    return 1;
}

void cxm_piece_init(cxm_piece_t *piece);
void cxm_piece_free(cxm_piece_t *piece);

/*
 * New places for a piece that is new or done; the longer the less its last
 * ones held.  0: all are handed out.  Empties the buffer.
 */
int cxm_export_next(cxm_export_t *export, cxm_piece_t *piece);

/*
 * Adds to the buffer, which the host empties when it has taken what is in
 * it; piece->rc and err are the result.
 */
void cxm_export_fill(const cxm_export_t *export, cxm_store_t *store,
    cxm_piece_t *piece);

/* Whether all places of the piece were read. */
static inline int
cxm_piece_done(const cxm_piece_t *piece)
{
    return piece->at.no >= piece->end;
}


/* cxm_csv.c: RFC 4180, a line ends in CR LF. */

/* The names of the columns. */
void cxm_csv_head(cxm_buf_t *out, const cxm_export_t *export);
void cxm_csv_row(cxm_buf_t *out, const cxm_export_t *export,
    const cxm_value_t *values, cxm_members_t *room);

/* A text as it was before it was made a cell that no program calculates. */
cxm_str_t cxm_csv_plain(cxm_str_t cell);


#endif /* CXM_EXPORT_H */
