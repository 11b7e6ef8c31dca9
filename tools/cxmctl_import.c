/*
 * cxmctl import KIND FILE: rows of NDJSON, compressed by gzip or not.
 *
 * Rows are known by their ids, so an import that was broken off is begun
 * again.  Lines that are refused go to FILE.errors.ndjson.
 */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "cxmctl.h"


#define CXMCTL_IMPORT_ROWS    1000          /* of a transaction */
#define CXMCTL_IMPORT_BLOCK   (256 * 1024)


typedef struct {
    const cxm_import_kind_t  *kind;
    uint64_t                  line;         /* its number */
    json_t                   *row;
    int                       known;
    cxm_op_t                  op;
    cxm_error_t               err;
} cxmctl_row_t;


typedef struct {
    cxm_store_t   *store;
    size_t         n;
    cxmctl_row_t  *rows;                    /* in the order of their lines */
    size_t         nops;
    cxm_op_t      *ops[CXMCTL_IMPORT_ROWS]; /* of those that are good so far */
} cxmctl_batch_t;


typedef struct {
    const cxm_import_kind_t  *kind;
    const char               *path;
    gzFile                    file;
    off_t                     size;         /* of the file */
    FILE                     *errors;
    cxm_lines_t               lines;

    /* while one is committed by a thread, the other is read */

    cxmctl_batch_t            batches[2];
    cxmctl_batch_t           *batch;        /* that is read */
    cxmctl_batch_t           *running;      /* or NULL */
    pthread_t                 thread;

    uint64_t                  imported;
    uint64_t                  known;
    uint64_t                  refused;
} cxmctl_import_t;


static int cxmctl_import_open(cxmctl_import_t *import);
static void cxmctl_import_close(cxmctl_import_t *import);
static int cxmctl_import_run(cxmctl_import_t *import);
static int cxmctl_import_all(cxmctl_import_t *import);
static int cxmctl_import_read(cxmctl_import_t *import, char *block);
static int cxmctl_import_lines(cxmctl_import_t *import, int end);
static void cxmctl_import_take(cxmctl_import_t *import, cxm_str_t line);
static cxm_rc_t cxmctl_import_add(cxm_txn_t *txn, void *data,
    cxm_error_t *err);
static int cxmctl_import_commit(cxmctl_import_t *import);
static void *cxmctl_import_thread(void *data);
static int cxmctl_import_wait(cxmctl_import_t *import);
static int cxmctl_import_done(cxmctl_import_t *import, cxmctl_row_t *row);
static int cxmctl_import_refuse(cxmctl_import_t *import, uint64_t line,
    const cxm_error_t *err);
static void cxmctl_import_progress(const cxmctl_import_t *import, int last);


static const cxm_import_kind_t *const  cxmctl_imports[] = {
    &cxm_response_import,
    &cxm_touchpoint_import,
    NULL
};


int
cxmctl_import(cxmctl_t *ctl)
{
    int                             rc;
    cxm_store_t                    *store;
    cxmctl_import_t                 import;
    const cxm_import_kind_t *const *kind;

    if (ctl->argc != 2) {
        return cxmctl_usage("import KIND FILE");
    }

    memset(&import, 0, sizeof(cxmctl_import_t));

    for (kind = cxmctl_imports; *kind != NULL; kind++) {
        if (strcmp((*kind)->name, ctl->argv[0]) == 0) {
            import.kind = *kind;
        }
    }

    if (import.kind == NULL) {
        return cxmctl_usage("there are no such rows to import");
    }

    import.path = ctl->argv[1];
    cxm_lines_init(&import.lines, CXM_IMPORT_LINE);

    /* files first: the store's owner may not be able to open them */

    rc = CXMCTL_WRONG;

    if (cxmctl_import_open(&import) == 0) {
        store = cxmctl_open(ctl);

        if (store != NULL) {
            import.batches[0].store = store;
            import.batches[1].store = store;
            rc = cxmctl_import_run(&import);
            cxm_store_close(store);
        }
    }

    cxmctl_import_close(&import);

    return rc;
}


static int
cxmctl_import_open(cxmctl_import_t *import)
{
    int          fd, i;
    char        *name;
    struct stat  st;

    fd = open(import->path, O_RDONLY | O_CLOEXEC);

    if (fd == -1 || fstat(fd, &st) != 0
        || (import->file = gzdopen(fd, "r")) == NULL)
    {
        fprintf(stderr, "cxmctl: %s: %s\n", import->path, strerror(errno));

        if (fd != -1) {
            (void) close(fd);
        }

        return -1;
    }

    import->size = st.st_size;
    import->batch = &import->batches[0];

    for (i = 0; i < 2; i++) {
        import->batches[i].rows = calloc(CXMCTL_IMPORT_ROWS,
                                         sizeof(cxmctl_row_t));
    }

    if (import->batches[0].rows == NULL || import->batches[1].rows == NULL
        || asprintf(&name, "%s.errors.ndjson", import->path) == -1)
    {
        fprintf(stderr, "cxmctl: import: no memory\n");
        return -1;
    }

    import->errors = fopen(name, "w");

    if (import->errors == NULL) {
        fprintf(stderr, "cxmctl: %s: %s\n", name, strerror(errno));
    }

    free(name);

    return import->errors != NULL ? 0 : -1;
}


static void
cxmctl_import_close(cxmctl_import_t *import)
{
    int     i;
    size_t  j;

    for (i = 0; i < 2; i++) {
        for (j = 0; j < import->batches[i].n; j++) {
            json_decref(import->batches[i].rows[j].row);
        }

        free(import->batches[i].rows);
    }

    if (import->errors != NULL) {
        (void) fclose(import->errors);
    }

    if (import->file != NULL) {
        (void) gzclose(import->file);
    }

    cxm_lines_free(&import->lines);
}


static int
cxmctl_import_run(cxmctl_import_t *import)
{
    int  rc;

    rc = cxmctl_import_all(import);

    if (fflush(import->errors) != 0) {
        fprintf(stderr, "cxmctl: %s.errors.ndjson: %s\n", import->path,
                strerror(errno));
        rc = -1;
    }

    printf("%llu imported, %llu known, %llu refused\n",
           (unsigned long long) import->imported,
           (unsigned long long) import->known,
           (unsigned long long) import->refused);

    if (rc != 0) {
        fprintf(stderr, "cxmctl: import: ended at line %llu; begin it again, "
                "nothing is taken twice\n",
                (unsigned long long) import->lines.line);
    }

    return rc == 0 && import->refused == 0 ? CXMCTL_DONE : CXMCTL_WRONG;
}


/* --- lines -------------------------------------------------------------- */

/* 0, or -1 when it cannot go on: that has been told. */

static int
cxmctl_import_all(cxmctl_import_t *import)
{
    int    n, rc;
    char  *block;

    block = malloc(CXMCTL_IMPORT_BLOCK);

    if (block == NULL) {
        fprintf(stderr, "cxmctl: import: no memory\n");
        return -1;
    }

    do {
        n = cxmctl_import_read(import, block);
        rc = n < 0 ? -1 : cxmctl_import_lines(import, n == 0);

    } while (rc == 0 && n > 0);

    if (rc == 0) {
        rc = cxmctl_import_commit(import);
    }

    rc |= cxmctl_import_wait(import);
    cxmctl_import_progress(import, 1);
    free(block);

    return rc;
}


static int
cxmctl_import_read(cxmctl_import_t *import, char *block)
{
    int          n, code;
    const char  *what;

    n = gzread(import->file, block, CXMCTL_IMPORT_BLOCK);
    what = gzerror(import->file, &code);

    /* of a file that ends too early zlib only says so at its end */

    if (n < 0 || (n == 0 && code == Z_BUF_ERROR)) {
        fprintf(stderr, "cxmctl: %s: %s\n", import->path,
                n < 0 ? code == Z_ERRNO ? strerror(errno) : what
                      : "the compressed data is cut");
        return -1;
    }

    cxm_lines_put(&import->lines, (cxm_str_t) { (size_t) n, block });

    if (import->lines.text.failed) {
        fprintf(stderr, "cxmctl: import: no memory\n");
        return -1;
    }

    return n;
}


static int
cxmctl_import_lines(cxmctl_import_t *import, int end)
{
    int        rc;
    cxm_str_t  line;

    rc = 0;

    while (rc == 0 && cxm_lines_next(&import->lines, end, &line)) {
        cxmctl_import_take(import, line);

        if (import->batch->n == CXMCTL_IMPORT_ROWS) {
            rc = cxmctl_import_commit(import);
            cxmctl_import_progress(import, 0);
        }
    }

    return rc;
}


/* Lines without anything are no rows. */

static void
cxmctl_import_take(cxmctl_import_t *import, cxm_str_t line)
{
    size_t           i;
    cxm_op_t        *op;
    cxmctl_row_t    *row;
    cxmctl_batch_t  *batch;

    for (i = 0; i < line.len && strchr(" \t\r", line.data[i]) != NULL; i++) {
        /* void */
    }

    if (line.data != NULL && i == line.len) {
        return;
    }

    batch = import->batch;
    row = &batch->rows[batch->n++];
    row->kind = import->kind;
    row->line = import->lines.line;
    row->row = NULL;
    cxm_error_init(&row->err);

    op = &row->op;
    op->run = cxmctl_import_add;
    op->data = row;
    op->err = &row->err;

    op->rc = line.data != NULL
             ? cxm_import_row(row->kind->fields, line, &row->row, &row->err)
             : cxm_issue(&row->err, "", "too_long",
                         "A line has at most %u bytes.", CXM_IMPORT_LINE);

    if (op->rc == CXM_OK) {
        batch->ops[batch->nops++] = op;
    }
}


/* --- batches ------------------------------------------------------------ */

static cxm_rc_t
cxmctl_import_add(cxm_txn_t *txn, void *data, cxm_error_t *err)
{
    cxmctl_row_t  *row = data;

    return row->kind->add(txn, row->row, &row->known, err);
}


static int
cxmctl_import_commit(cxmctl_import_t *import)
{
    int              rc;
    cxmctl_batch_t  *batch;

    rc = cxmctl_import_wait(import);
    batch = import->batch;

    if (rc != 0 || batch->n == 0) {
        return rc;
    }

    rc = pthread_create(&import->thread, NULL, cxmctl_import_thread, batch);

    if (rc != 0) {
        fprintf(stderr, "cxmctl: import: %s\n", strerror(rc));
        return -1;
    }

    import->running = batch;
    import->batch = batch == &import->batches[0] ? &import->batches[1]
                                                 : &import->batches[0];
    return 0;
}


static void *
cxmctl_import_thread(void *data)
{
    cxmctl_batch_t  *batch = data;

    if (batch->nops > 0) {
        cxm_batch_run(batch->store, batch->ops, batch->nops, NULL);
    }

    return NULL;
}


/* For the batch that is being committed; tells what became of it. */

static int
cxmctl_import_wait(cxmctl_import_t *import)
{
    int              rc;
    size_t           i;
    cxmctl_batch_t  *batch;

    batch = import->running;

    if (batch == NULL) {
        return 0;
    }

    (void) pthread_join(import->thread, NULL);
    import->running = NULL;
    rc = 0;

    for (i = 0; i < batch->n; i++) {
        if (rc == 0) {
            rc = cxmctl_import_done(import, &batch->rows[i]);
        }

        json_decref(batch->rows[i].row);
    }

    batch->n = 0;
    batch->nops = 0;

    return rc;
}


/* What is wrong with a row is told of the row; all else ends the import. */

static int
cxmctl_import_done(cxmctl_import_t *import, cxmctl_row_t *row)
{
    switch (row->op.rc) {

    case CXM_OK:
        import->imported += !row->known;
        import->known += row->known != 0;
        return 0;

    case CXM_BAD_REQUEST:
    case CXM_INVALID:
    case CXM_CONFLICT:
    case CXM_NOT_FOUND:
    case CXM_TOO_LARGE:
        return cxmctl_import_refuse(import, row->line, &row->err);

    default:
        (void) cxmctl_failed("import", &row->err);
        return -1;
    }
}


static int
cxmctl_import_refuse(cxmctl_import_t *import, uint64_t line,
    const cxm_error_t *err)
{
    int         rc;
    json_t     *errors;
    unsigned    i;
    cxm_buf_t   text;

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

    cxm_buf_init(&text, 1 << 20);
    errors = json_pack("{sI so}", "line", (json_int_t) line, "errors",
                       errors);
    cxm_json_dump(&text, errors);
    cxm_buf_putc(&text, '\n');
    json_decref(errors);

    rc = 0;

    if (text.failed
        || fwrite(text.data, 1, text.len, import->errors) != text.len)
    {
        fprintf(stderr, "cxmctl: %s.errors.ndjson cannot be written\n",
                import->path);
        rc = -1;
    }

    cxm_buf_free(&text);
    import->refused++;

    return rc;
}


static void
cxmctl_import_progress(const cxmctl_import_t *import, int last)
{
    z_off_t  at;

    if (!isatty(STDERR_FILENO)) {
        return;
    }

    at = gzoffset(import->file);

    fprintf(stderr, "\r%llu lines, %u %%%s",
            (unsigned long long) import->lines.line,
            import->size > 0 ? (unsigned) (at * 100 / import->size) : 100,
            last ? "\n" : "");
}
