/*
 * cxmctl export KIND: what GET /admin/export answers, without a server.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cxmctl.h"


typedef struct {
    const char  *kind;
    const char  *format;
    unsigned     scopes;
    cxm_buf_t    query;
} cxmctl_export_t;


static int cxmctl_export_args(cxmctl_t *ctl, cxmctl_export_t *export);
static void cxmctl_export_arg(cxm_buf_t *query, const char *name,
    const char *value);
static cxm_rc_t cxmctl_export_call(cxm_call_t *call,
    const cxmctl_export_t *export);
static int cxmctl_export_rows(cxm_call_t *call);
static void cxmctl_export_progress(const cxm_export_t *export,
    uint64_t rows, int last);


int
cxmctl_export(cxmctl_t *ctl)
{
    int              rc;
    cxm_call_t      *call;
    cxm_store_t     *store;
    cxmctl_export_t  export;

    memset(&export, 0, sizeof(cxmctl_export_t));
    cxm_buf_init(&export.query, 1 << 16);

    if (cxmctl_export_args(ctl, &export) != 0) {
        cxm_buf_free(&export.query);
        return cxmctl_usage("export KIND [--format csv|ndjson] "
                            "[--no-personal] [--FILTER VALUE ...]");
    }

    store = cxmctl_open(ctl);

    if (store == NULL) {
        cxm_buf_free(&export.query);
        return CXMCTL_WRONG;
    }

    rc = CXMCTL_WRONG;
    call = cxm_call_create(store);

    if (call == NULL) {
        fprintf(stderr, "cxmctl: export: no memory\n");

    } else if (cxmctl_export_call(call, &export) != CXM_OK) {
        rc = cxmctl_failed("export", &call->err);

    } else {
        rc = cxmctl_export_rows(call);
    }

    cxm_call_free(call);
    cxm_buf_free(&export.query);
    cxm_store_close(store);

    return rc;
}


/* Filters are the arguments of the route, with "-" for "_". */

static int
cxmctl_export_args(cxmctl_t *ctl, cxmctl_export_t *export)
{
    int           i;
    cxm_caller_t  owner;

    cxm_caller_system(&owner);

    export->format = "csv";
    export->scopes = owner.principal.scopes;

    for (i = 0; i < ctl->argc; i++) {

        if (strncmp(ctl->argv[i], "--", 2) != 0) {

            if (export->kind != NULL) {
                return -1;
            }

            export->kind = ctl->argv[i];
            continue;
        }

        if (strcmp(ctl->argv[i], "--no-personal") == 0) {
            export->scopes &= ~(unsigned) CXM_SCOPE_PERSONAL_READ;
            continue;
        }

        if (i + 1 == ctl->argc) {
            return -1;
        }

        if (strcmp(ctl->argv[i], "--format") == 0) {
            export->format = ctl->argv[i + 1];

        } else {
            cxmctl_export_arg(&export->query, ctl->argv[i] + 2,
                              ctl->argv[i + 1]);
        }

        i++;
    }

    return export->kind == NULL || export->query.failed ? -1 : 0;
}


static void
cxmctl_export_arg(cxm_buf_t *query, const char *name, const char *value)
{
    const char  *p;

    if (query->len > 0) {
        cxm_buf_putc(query, '&');
    }

    for (p = name; *p != '\0'; p++) {
        cxm_buf_putc(query, *p == '-' ? '_' : (uint8_t) *p);
    }

    cxm_buf_putc(query, '=');
    cxm_query_encode(query, cxm_strz(value), 0);
}


static cxm_rc_t
cxmctl_export_call(cxm_call_t *call, const cxmctl_export_t *export)
{
    char           path[128];
    cxm_op_t      *ops[1];
    cxm_next_t     next;
    cxm_request_t  request;

    (void) snprintf(path, sizeof(path), "export/%s.%s", export->kind,
                    export->format);

    memset(&request, 0, sizeof(cxm_request_t));
    request.endpoint = CXM_ENDPOINT_ADMIN;
    request.method = CXM_GET;
    request.path = cxm_strz(path);
    request.prefix = cxm_str("/admin/");
    request.base = cxm_str("");
    request.query = cxm_buf_str(&export->query);
    request.owner_scopes = export->scopes;
    request.now = cxm_now();

    next = cxm_call_begin(call, &request);

    if (next == CXM_NEXT_READ_POOL || next == CXM_NEXT_READ_LOOP) {
        next = cxm_call_read(call);
    }

    if (next == CXM_NEXT_WRITE) {
        ops[0] = cxm_call_op(call);
        cxm_batch_run(call->store, ops, 1, NULL);
    }

    cxm_call_end(call);

    return call->rc;
}


static int
cxmctl_export_rows(cxm_call_t *call)
{
    int             rc;
    uint64_t        until;
    cxm_piece_t     piece;

    rc = CXMCTL_DONE;
    until = call->export->end - 1;
    cxm_piece_init(&piece);

    while (rc == CXMCTL_DONE && cxm_export_next(call->export, &piece)) {

        do {
            cxm_export_fill(call->export, call->store, &piece);

            if (piece.rc != CXM_OK) {
                rc = cxmctl_failed("export", &piece.err);

            } else if (fwrite(piece.out.data, 1, piece.out.len, stdout)
                       != piece.out.len)
            {
                fprintf(stderr, "cxmctl: export: %s\n", strerror(errno));
                rc = CXMCTL_WRONG;
            }

            cxm_buf_reset(&piece.out);

        } while (rc == CXMCTL_DONE && !cxm_piece_done(&piece));

        cxmctl_export_progress(call->export, piece.rows, 0);
    }

    if (rc == CXMCTL_DONE && fflush(stdout) != 0) {
        fprintf(stderr, "cxmctl: export: %s\n", strerror(errno));
        rc = CXMCTL_WRONG;
    }

    if (rc == CXMCTL_DONE) {
        cxmctl_export_progress(call->export, piece.rows, 1);
        fprintf(stderr, "cxmctl: %llu rows until %llu\n",
                (unsigned long long) piece.rows, (unsigned long long) until);
    }

    cxm_piece_free(&piece);

    return rc;
}


/* Numbers are those of the journal; some of them are other things. */

static void
cxmctl_export_progress(const cxm_export_t *export, uint64_t rows, int last)
{
    if (isatty(STDERR_FILENO)) {
        fprintf(stderr, "\r%llu rows, %u %%%s", (unsigned long long) rows,
                (unsigned) (export->at.no * 100 / export->end),
                last ? "\n" : "");
    }
}
