/*
 * Exports: pieces, and rows as NDJSON.
 */

#include <stdlib.h>

#include "cxm_export.h"
#include "cxm_memory.h"
#include "cxm_time.h"


/* A row is one entry at most, and no byte of it becomes more than six. */
#define CXM_EXPORT_ROW_MAX   (24u << 20)

#define CXM_EXPORT_SPAN      256        /* of the first piece */
#define CXM_EXPORT_SPAN_MAX  (1u << 20)

/* A piece that is a little too long is filled twice, so aim lower. */
#define CXM_EXPORT_AIM       (CXM_EXPORT_BYTES / 8 * 7)


const char *const  cxm_export_formats[CXM_EXPORT_FORMATS] = {
    "ndjson", "csv"
};


cxm_export_t *
cxm_export_create(const cxm_export_rows_t *rows, cxm_export_format_t format,
    int personal, uint64_t end)
{
    cxm_export_t  *export;

    export = calloc(1, sizeof(*export));

    if (export == NULL) {
        return NULL;
    }

    export->rows = rows;
    export->format = format;
    export->personal = personal;
    export->head = format == CXM_EXPORT_CSV;
    export->end = end;
    export->span = CXM_EXPORT_SPAN;

    return export;
}


void
cxm_export_free(cxm_export_t *export)
{
    if (export == NULL) {
        return;
    }

    if (export->query != NULL) {
        export->rows->free(export->query);
    }

    free(export->columns);
    free(export->named);
    cxm_arena_free(&export->arena);
    free(export);
}


/* --- pieces ------------------------------------------------------------- */

void
cxm_piece_init(cxm_piece_t *piece)
{
    memset(piece, 0, sizeof(*piece));
    cxm_buf_init(&piece->out, CXM_EXPORT_BYTES + CXM_EXPORT_ROW_MAX);
}


void
cxm_piece_free(cxm_piece_t *piece)
{
    cxm_buf_free(&piece->out);
}


/*
 * The next pieces are to be full after one transaction.  What is at hand is
 * a guess: rows differ, and the places of others lie between them.
 */
static void
export_learn(cxm_export_t *export, const cxm_piece_t *piece)
{
    uint64_t  span, fits;

    if (piece->span == 0) {
        return;
    }

    fits = piece->bytes > 0 ? piece->span * CXM_EXPORT_AIM / piece->bytes
                            : UINT64_MAX;

    if (piece->looked > 0) {
        span = piece->span * CXM_EXPORT_ROWS / piece->looked;
        fits = span < fits ? span : fits;
    }

    span = export->span;
    span = fits < span / 4 ? span / 4 : fits > span * 4 ? span * 4 : fits;

    export->span = span < 1 ? 1
                   : span > CXM_EXPORT_SPAN_MAX ? CXM_EXPORT_SPAN_MAX : span;
}


int
cxm_export_next(cxm_export_t *export, cxm_piece_t *piece)
{
    export_learn(export, piece);

    cxm_buf_reset(&piece->out);
    piece->bytes = 0;
    piece->looked = 0;
    piece->span = 0;
    piece->rc = CXM_OK;
    piece->at = export->at;
    piece->end = export->at.no;

    if (export->head && !export->begun) {
        cxm_csv_head(&piece->out, export);
    }

    if (export->at.no >= export->end && export->begun) {
        return 0;
    }

    export->begun = 1;

    if (export->at.no < export->end) {
        piece->span = export->end - export->at.no;

        if (piece->span > export->span) {
            piece->span = export->span;
        }

        piece->end += piece->span;
        export->at = (cxm_place_t) { piece->end, 0 };
    }

    return 1;
}


static void
export_walk(const cxm_export_t *export, cxm_store_t *store,
    cxm_piece_t *piece)
{
    uint64_t    head;
    cxm_txn_t  *txn;

    piece->rc = cxm_txn_read(store, &txn, &piece->err);

    if (piece->rc != CXM_OK) {
        return;
    }

    head = cxm_txn_head(txn);
    piece->rc = export->rows->walk(txn, export, piece);
    cxm_txn_rest(txn);

    if (piece->rc == CXM_OK) {
        piece->rc = cxm_txn_renew(txn, &piece->err);
        piece->busy = piece->rc == CXM_OK && cxm_txn_head(txn) != head;
    }

    cxm_txn_end(txn);
}


void
cxm_export_fill(const cxm_export_t *export, cxm_store_t *store,
    cxm_piece_t *piece)
{
    size_t    before;
    uint64_t  since;

    (void) cxm_memory_failed();

    since = cxm_thread_us();
    cxm_error_init(&piece->err);
    piece->rc = CXM_OK;
    piece->busy = 0;
    piece->left = CXM_EXPORT_ROWS;
    before = piece->out.len;

    if (!cxm_piece_done(piece)) {
        export_walk(export, store, piece);
    }

    if (piece->rc == CXM_OK && (piece->out.failed || cxm_memory_failed())) {
        piece->rc = cxm_fail(&piece->err, CXM_INTERNAL, NULL,
                             "A row cannot be written.");
    }

    piece->bytes += piece->out.len - before;
    piece->us = cxm_thread_us() - since;
}


/* --- rows --------------------------------------------------------------- */

int
cxm_export_row(const cxm_export_t *export, cxm_piece_t *piece,
    const cxm_value_t *values, cxm_members_t *room)
{
    if (export->format == CXM_EXPORT_CSV) {
        cxm_csv_row(&piece->out, export, values, room);

    } else {
        cxm_field_json(&piece->out, export->rows->fields, values);
        cxm_buf_putc(&piece->out, '\n');
    }

    piece->rows++;

    return !piece->out.failed && piece->out.len < CXM_EXPORT_BYTES;
}


/* --- columns ------------------------------------------------------------ */

/* Columns are few: a list that grows by one. */
static cxm_rc_t
column_add(cxm_column_t **list, unsigned *n, const cxm_column_t *column)
{
    cxm_column_t  *more;

    more = realloc(*list, (*n + 1) * sizeof(cxm_column_t));

    if (more == NULL) {
        return CXM_INTERNAL;
    }

    more[(*n)++] = *column;
    *list = more;

    return CXM_OK;
}


static int
column_same(const cxm_column_t *a, const cxm_column_t *b)
{
    unsigned  i;

    if (a->field != b->field || a->depth != b->depth) {
        return 0;
    }

    for (i = 0; i < a->depth && cxm_str_eq(a->path[i], b->path[i]); i++) {
        /* void */
    }

    return i == a->depth;
}


static cxm_rc_t
column_name(cxm_export_t *export, cxm_column_t *column)
{
    unsigned  i;

    for (i = 0; i < export->nnamed; i++) {
        if (column_same(&export->named[i], column)) {
            return CXM_OK;
        }
    }

    for (i = 0; i < column->depth; i++) {
        column->path[i] = cxm_arena_str(&export->arena, column->path[i]);

        if (column->path[i].data == NULL) {
            return CXM_INTERNAL;
        }
    }

    return column_add(&export->named, &export->nnamed, column);
}


cxm_rc_t
cxm_export_column(cxm_export_t *export, unsigned field, cxm_str_t name,
    const char *member)
{
    cxm_column_t  column;

    memset(&column, 0, sizeof(column));
    column.field = field;
    column.depth = member == NULL ? 1 : 2;
    column.path[0] = name;
    column.path[1] = cxm_strz(member);

    return column_name(export, &column);
}


cxm_rc_t
cxm_export_rest(cxm_export_t *export, unsigned field)
{
    cxm_column_t  column;

    memset(&column, 0, sizeof(column));
    column.field = field;
    column.rest = 1;

    return column_name(export, &column);
}


/* Columns of a field below the path that `column` has. */
static cxm_rc_t
columns_of(cxm_export_t *export, const cxm_field_t *field,
    const cxm_column_t *column)
{
    cxm_rc_t            rc;
    cxm_column_t        below;
    const cxm_field_t  *member;

    if (field->type != CXM_FIELD_OBJECT || column->depth == CXM_EXPORT_DEPTH)
    {
        return column_add(&export->columns, &export->ncolumns, column);
    }

    rc = CXM_OK;

    for (member = field->object->fields;
         member->name != NULL && rc == CXM_OK;
         member++)
    {
        below = *column;
        below.path[below.depth++] = cxm_strz(member->name);
        rc = columns_of(export, member, &below);
    }

    return rc;
}


cxm_rc_t
cxm_export_ready(cxm_export_t *export)
{
    int                  named;
    cxm_rc_t             rc;
    unsigned             i, j;
    cxm_column_t         column;
    const cxm_field_t   *field;

    rc = CXM_OK;
    field = export->rows->fields->fields;

    for (i = 0; field[i].name != NULL && rc == CXM_OK; i++) {

        if ((field[i].flags & CXM_FIELD_PERSONAL) && !export->personal) {
            continue;
        }

        named = 0;

        for (j = 0; j < export->nnamed && rc == CXM_OK; j++) {
            if (export->named[j].field == i) {
                named = 1;
                rc = column_add(&export->columns, &export->ncolumns,
                                &export->named[j]);
            }
        }

        if (!named && rc == CXM_OK) {
            memset(&column, 0, sizeof(column));
            column.field = i;
            rc = columns_of(export, &field[i], &column);
        }
    }

    return rc;
}
