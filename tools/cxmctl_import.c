/*
 * cxmctl import KIND FILE: rows of NDJSON, or of CSV where the kind takes it
 * and the file is named so; compressed by gzip or not.
 *
 * Rows that are there already change nothing, so an import that was broken
 * off is begun again.  Lines that are refused go to FILE.errors.ndjson.
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
    const cxm_caller_t       *caller;
    int                       dry;
    uint64_t                  line;         /* its number */
    json_t                   *row;
    cxm_import_result_t       result;
    cxm_op_t                  op;
    cxm_error_t               err;
} cxmctl_row_t;


typedef struct {
    cxm_store_t   *store;
    int            dry;
    size_t         n;
    cxmctl_row_t  *rows;                    /* in the order of their lines */
    size_t         nops;
    cxm_op_t      *ops[CXMCTL_IMPORT_ROWS]; /* of those that are good so far */
} cxmctl_batch_t;


typedef struct {
    const cxm_import_kind_t  *kind;
    cxm_store_t              *store;
    cxm_caller_t              caller;
    const char               *path;
    char                     *errors_path;
    int                       dry;
    gzFile                    file;
    off_t                     size;         /* of the file */
    FILE                     *errors;
    cxm_import_reader_t       reader;

    /* while one is committed by a thread, the other is read */

    cxmctl_batch_t            batches[2];
    cxmctl_batch_t           *batch;        /* that is read */
    cxmctl_batch_t           *running;      /* or NULL */
    pthread_t                 thread;

    uint64_t                  results[CXM_IMPORT_RESULTS];
    uint64_t                  refused;
} cxmctl_import_t;


static int cxmctl_import_args(cxmctl_t *ctl, cxmctl_import_t *import);
static int cxmctl_import_csv(const char *path);
static int cxmctl_import_open(cxmctl_import_t *import);
static void cxmctl_import_close(cxmctl_import_t *import);
static int cxmctl_import_run(cxmctl_import_t *import);
static int cxmctl_import_all(cxmctl_import_t *import);
static int cxmctl_import_read(cxmctl_import_t *import, char *block);
static int cxmctl_import_lines(cxmctl_import_t *import, int end);
static int cxmctl_import_take(cxmctl_import_t *import, cxm_str_t line);
static cxm_rc_t cxmctl_import_add(cxm_txn_t *txn, void *data,
    cxm_error_t *err);
static int cxmctl_import_commit(cxmctl_import_t *import);
static void *cxmctl_import_thread(void *data);
static void cxmctl_import_try(cxmctl_batch_t *batch);
static int cxmctl_import_wait(cxmctl_import_t *import);
static int cxmctl_import_done(cxmctl_import_t *import, cxmctl_row_t *row);
static int cxmctl_import_refuse(cxmctl_import_t *import, uint64_t line,
    const cxm_error_t *err);
static void cxmctl_import_progress(const cxmctl_import_t *import, int last);


static const cxm_import_kind_t *const  cxmctl_imports[] = {
    &cxm_response_import,
    &cxm_touchpoint_import,
    &cxm_customer_import,
    NULL
};


int
cxmctl_import(cxmctl_t *ctl)
{
    int              rc;
    cxmctl_import_t  import;

    memset(&import, 0, sizeof(cxmctl_import_t));
    cxm_caller_system(&import.caller);

    if (cxmctl_import_args(ctl, &import) != 0) {
        return cxmctl_usage("import KIND FILE [--errors FILE] [--dry-run]");
    }

    cxm_import_reader_init(&import.reader, import.kind,
                           cxmctl_import_csv(import.path));

    /* files first: the store's owner may not be able to open them */

    rc = CXMCTL_WRONG;

    if (cxmctl_import_open(&import) == 0) {
        import.store = cxmctl_open(ctl);

        if (import.store != NULL) {
            rc = cxmctl_import_run(&import);
            cxm_store_close(import.store);
        }
    }

    cxmctl_import_close(&import);

    return rc;
}


static int
cxmctl_import_args(cxmctl_t *ctl, cxmctl_import_t *import)
{
    int                             i;
    const char                     *name, *errors;
    const cxm_import_kind_t *const *kind;

    name = NULL;
    errors = NULL;

    for (i = 0; i < ctl->argc; i++) {

        if (strcmp(ctl->argv[i], "--dry-run") == 0) {
            import->dry = 1;

        } else if (strcmp(ctl->argv[i], "--errors") == 0) {
            errors = ++i < ctl->argc ? ctl->argv[i] : "";

        } else if (name == NULL) {
            name = ctl->argv[i];

        } else if (import->path == NULL) {
            import->path = ctl->argv[i];

        } else {
            return -1;
        }
    }

    if (import->path == NULL || (errors != NULL && errors[0] == '\0')) {
        return -1;
    }

    for (kind = cxmctl_imports; *kind != NULL; kind++) {
        if (strcmp((*kind)->name, name) == 0) {
            import->kind = *kind;
        }
    }

    if (import->kind == NULL
        || (import->kind->columns == NULL
            && (import->dry || cxmctl_import_csv(import->path))))
    {
        fprintf(stderr, "cxmctl: import: there are no such rows%s\n",
                import->kind != NULL ? " in CSV, or to be only tried" : "");
        return -1;
    }

    return asprintf(&import->errors_path, "%s%s",
                    errors != NULL ? errors : import->path,
                    errors != NULL ? "" : ".errors.ndjson") == -1 ? -1 : 0;
}


/* A name that ends in .csv or .csv.gz. */

static int
cxmctl_import_csv(const char *path)
{
    size_t  len;

    len = strlen(path);
    len -= len > 3 && strcmp(path + len - 3, ".gz") == 0 ? 3 : 0;

    return len > 4 && strncmp(path + len - 4, ".csv", 4) == 0;
}


static int
cxmctl_import_open(cxmctl_import_t *import)
{
    int          fd, i;
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

    if (import->batches[0].rows == NULL || import->batches[1].rows == NULL) {
        fprintf(stderr, "cxmctl: import: no memory\n");
        return -1;
    }

    import->errors = fopen(import->errors_path, "w");

    if (import->errors == NULL) {
        fprintf(stderr, "cxmctl: %s: %s\n", import->errors_path,
                strerror(errno));
    }

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

    free(import->errors_path);
    cxm_import_reader_free(&import->reader);
}


static int
cxmctl_import_run(cxmctl_import_t *import)
{
    int  i, rc;

    for (i = 0; i < 2; i++) {
        import->batches[i].store = import->store;
        import->batches[i].dry = import->dry;
    }

    rc = cxmctl_import_all(import);

    if (fflush(import->errors) != 0) {
        fprintf(stderr, "cxmctl: %s: %s\n", import->errors_path,
                strerror(errno));
        rc = -1;
    }

    printf("%llu created, %llu updated, %llu unchanged, %llu refused\n",
           (unsigned long long) import->results[CXM_IMPORT_CREATED],
           (unsigned long long) import->results[CXM_IMPORT_UPDATED],
           (unsigned long long) import->results[CXM_IMPORT_UNCHANGED],
           (unsigned long long) import->refused);

    if (rc != 0) {
        fprintf(stderr, "cxmctl: import: ended at line %llu; begin it again, "
                "nothing is taken twice\n",
                (unsigned long long) import->reader.lines.line);
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

    cxm_lines_put(&import->reader.lines, (cxm_str_t) { (size_t) n, block });

    if (import->reader.lines.text.failed) {
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

    while (rc == 0 && cxm_lines_next(&import->reader.lines, end, &line)) {
        rc = cxmctl_import_take(import, line);

        if (rc == 0 && import->batch->n == CXMCTL_IMPORT_ROWS) {
            rc = cxmctl_import_commit(import);
            cxmctl_import_progress(import, 0);
        }
    }

    return rc;
}


/* Lines without anything are no rows; without columns nothing is one. */

static int
cxmctl_import_take(cxmctl_import_t *import, cxm_str_t line)
{
    cxm_op_t        *op;
    cxmctl_row_t    *row;
    cxmctl_batch_t  *batch;

    batch = import->batch;
    row = &batch->rows[batch->n];
    row->kind = import->kind;
    row->caller = &import->caller;
    row->dry = import->dry;
    row->line = import->reader.lines.line;
    cxm_error_init(&row->err);

    op = &row->op;
    op->run = cxmctl_import_add;
    op->data = row;
    op->err = &row->err;
    op->rc = cxm_import_read(&import->reader, import->store, line, &row->row,
                             &row->err);

    if (op->rc != CXM_OK && !cxm_import_readable(&import->reader)) {
        (void) cxmctl_failed("import", &row->err);
        return -1;
    }

    if (op->rc == CXM_OK && row->row == NULL) {
        return 0;
    }

    batch->n++;

    if (op->rc == CXM_OK) {
        batch->ops[batch->nops++] = op;
    }

    return 0;
}


/* --- batches ------------------------------------------------------------ */

static cxm_rc_t
cxmctl_import_add(cxm_txn_t *txn, void *data, cxm_error_t *err)
{
    cxmctl_row_t  *row = data;
    cxm_import_t   import = { txn, row->caller, row->dry, err };

    return row->kind->add(&import, row->row, &row->result);
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

    if (batch->nops > 0 && batch->dry) {
        cxmctl_import_try(batch);

    } else if (batch->nops > 0) {
        cxm_batch_run(batch->store, batch->ops, batch->nops, NULL);
    }

    return NULL;
}


/* Nothing is written: a transaction that reads will do. */

static void
cxmctl_import_try(cxmctl_batch_t *batch)
{
    size_t      i;
    cxm_rc_t    rc;
    cxm_op_t   *op;
    cxm_txn_t  *txn;

    rc = cxm_txn_read(batch->store, &txn, batch->ops[0]->err);

    for (i = 0; i < batch->nops; i++) {
        op = batch->ops[i];
        op->rc = rc == CXM_OK ? op->run(txn, op->data, op->err) : rc;
    }

    cxm_txn_end(txn);
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
    if (row->op.rc == CXM_OK) {
        import->results[row->result]++;
        return 0;
    }

    if (cxm_import_refused(row->op.rc)) {
        return cxmctl_import_refuse(import, row->line, &row->err);
    }

    (void) cxmctl_failed("import", &row->err);

    return -1;
}


static int
cxmctl_import_refuse(cxmctl_import_t *import, uint64_t line,
    const cxm_error_t *err)
{
    int         rc;
    json_t     *refusal;
    cxm_buf_t   text;

    refusal = cxm_import_refusal(line, err);
    cxm_buf_init(&text, 1 << 20);
    cxm_json_dump(&text, refusal);
    cxm_buf_putc(&text, '\n');
    json_decref(refusal);

    rc = 0;

    if (text.failed
        || fwrite(text.data, 1, text.len, import->errors) != text.len)
    {
        fprintf(stderr, "cxmctl: %s cannot be written\n",
                import->errors_path);
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
            (unsigned long long) import->reader.lines.line,
            import->size > 0 ? (unsigned) (at * 100 / import->size) : 100,
            last ? "\n" : "");
}
