/*
 * Exports.
 */

#include "cxm_long_read.h"
#include "ngx_http_cxm_export.h"
#include "ngx_http_cxm_reply.h"
#include "ngx_http_cxm_store.h"


/*
 * IDLE -> WAITING -> RUNNING -> FILLED -> SENDING -> WAITING (more of the
 * same piece, or the next one) -> ... -> IDLE, when all are handed out.
 */

typedef enum {
    NGX_HTTP_CXM_LANE_IDLE = 0,
    NGX_HTTP_CXM_LANE_WAITING,
    NGX_HTTP_CXM_LANE_RUNNING,
    NGX_HTTP_CXM_LANE_FILLED,
    NGX_HTTP_CXM_LANE_SENDING
} ngx_http_cxm_lane_state_e;


typedef struct {
    ngx_queue_t                 queue;
    ngx_http_cxm_export_t      *export;
    ngx_http_cxm_lane_state_e   state;
    cxm_piece_t                 piece;      /* RUNNING: the thread's */
    ngx_thread_task_t           task;
} ngx_http_cxm_lane_t;


struct ngx_http_cxm_export_s {
    ngx_http_cxm_store_t   *store;
    cxm_call_t             *call;       /* owned; NULL: not started */
    ngx_http_request_t     *request;    /* NULL: it left, or all is sent */
    ngx_uint_t              refs;       /* the request's pool, running lanes */
    uint64_t                rows;       /* sent */
    ngx_uint_t              head;       /* lane that is sent next */
    ngx_chain_t            *free;
    ngx_chain_t            *busy;       /* not yet taken by the client */
    unsigned                open:1;     /* it has its place and the store */
    ngx_http_cxm_lane_t     lanes[NGX_HTTP_CXM_EXPORT_LANES];
};


/* The longest rest, ms: rows may have come from a slow disk. */
#define NGX_HTTP_CXM_EXPORT_REST  500


static ngx_http_cxm_exports_t *ngx_http_cxm_export_worker(
    ngx_http_cxm_export_t *export);
static void ngx_http_cxm_export_close(ngx_http_cxm_export_t *export);
static void ngx_http_cxm_export_unref(ngx_http_cxm_export_t *export);
static void ngx_http_cxm_lane_next(ngx_http_cxm_lane_t *lane);
static void ngx_http_cxm_lane_wait(ngx_http_cxm_lane_t *lane);
static void ngx_http_cxm_exports_run(ngx_http_cxm_exports_t *exports);
static void ngx_http_cxm_exports_rest(ngx_http_cxm_exports_t *exports,
    const cxm_piece_t *piece);
static void ngx_http_cxm_exports_rested(ngx_event_t *ev);
static void ngx_http_cxm_lane_run(ngx_http_cxm_lane_t *lane);
static void ngx_http_cxm_lane_task(void *data, ngx_log_t *log);
static void ngx_http_cxm_lane_done(ngx_event_t *ev);
static void ngx_http_cxm_export_writer(ngx_http_request_t *r);
static ngx_int_t ngx_http_cxm_export_wait(ngx_http_cxm_export_t *export);
static ngx_int_t ngx_http_cxm_export_send(ngx_http_cxm_export_t *export);
static ngx_int_t ngx_http_cxm_lane_send(ngx_http_cxm_lane_t *lane);
static void ngx_http_cxm_lane_sent(ngx_http_cxm_lane_t *lane);


void
ngx_http_cxm_exports_init(ngx_http_cxm_exports_t *exports,
    ngx_thread_pool_t *pool, ngx_log_t *log)
{
    exports->pool = pool;
    exports->log = log;

    ngx_queue_init(&exports->waiting);

    exports->rest.handler = ngx_http_cxm_exports_rested;
    exports->rest.data = exports;
    exports->rest.log = log;
}


/* --- life --------------------------------------------------------------- */

static ngx_http_cxm_exports_t *
ngx_http_cxm_export_worker(ngx_http_cxm_export_t *export)
{
    return &ngx_http_cxm_store_worker(export->store)->exports;
}


ngx_http_cxm_export_t *
ngx_http_cxm_export_create(ngx_http_cxm_store_t *store)
{
    ngx_uint_t               i;
    ngx_http_cxm_lane_t     *lane;
    ngx_http_cxm_export_t   *export;
    ngx_http_cxm_exports_t  *exports;

    exports = &ngx_http_cxm_store_worker(store)->exports;

    if (exports->nexports == NGX_HTTP_CXM_EXPORTS) {
        return NULL;
    }

    export = ngx_calloc(sizeof(ngx_http_cxm_export_t), exports->log);
    if (export == NULL) {
        return NULL;
    }

    for (i = 0; i < NGX_HTTP_CXM_EXPORT_LANES; i++) {
        lane = &export->lanes[i];
        lane->export = export;
        cxm_piece_init(&lane->piece);
    }

    export->store = store;
    export->refs = 1;
    export->open = 1;

    exports->nexports++;
    store->exports++;
    ngx_http_cxm_store_hold(store);

    return export;
}


/* No piece will be filled any more, and none is. */

static void
ngx_http_cxm_export_close(ngx_http_cxm_export_t *export)
{
    if (!export->open) {
        return;
    }

    export->open = 0;
    ngx_http_cxm_export_worker(export)->nexports--;
    export->store->exports--;
    ngx_http_cxm_store_release(export->store);
}


static void
ngx_http_cxm_export_unref(ngx_http_cxm_export_t *export)
{
    ngx_uint_t  i;

    if (--export->refs > 0) {
        return;
    }

    ngx_http_cxm_export_close(export);

    for (i = 0; i < NGX_HTTP_CXM_EXPORT_LANES; i++) {
        cxm_piece_free(&export->lanes[i].piece);
    }

    cxm_call_free(export->call);
    ngx_free(export);
}


void
ngx_http_cxm_export_drop(ngx_http_cxm_export_t *export)
{
    ngx_http_cxm_export_unref(export);
}


void
ngx_http_cxm_export_free(ngx_http_cxm_export_t *export)
{
    ngx_http_cxm_export_unref(export);
}


void
ngx_http_cxm_export_leave(ngx_http_cxm_export_t *export)
{
    ngx_uint_t            i, running;
    ngx_http_cxm_lane_t  *lane;

    if (export->request != NULL) {
        ngx_log_error(NGX_LOG_INFO, export->request->connection->log, 0,
                      "cxm: an export ends unfinished behind %uL rows",
                      export->rows);
    }

    export->request = NULL;
    running = 0;

    for (i = 0; i < NGX_HTTP_CXM_EXPORT_LANES; i++) {
        lane = &export->lanes[i];

        if (lane->state == NGX_HTTP_CXM_LANE_WAITING) {
            ngx_queue_remove(&lane->queue);
            lane->state = NGX_HTTP_CXM_LANE_IDLE;
        }

        running += lane->state == NGX_HTTP_CXM_LANE_RUNNING;
    }

    if (running == 0) {
        ngx_http_cxm_export_close(export);
    }
}


ngx_int_t
ngx_http_cxm_export_start(ngx_http_cxm_export_t *export,
    ngx_http_request_t *r, cxm_call_t *call)
{
    ngx_int_t            rc;
    ngx_uint_t           i;
    ngx_http_cxm_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_cxm_module);
    ctx->export = export;
    export->call = call;

    if (ngx_http_cxm_reply_head(r, &call->reply) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_http_clear_content_length(r);

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        ngx_http_cxm_export_close(export);
        return rc;
    }

    export->request = r;
    r->write_event_handler = ngx_http_cxm_export_writer;

    for (i = 0; i < NGX_HTTP_CXM_EXPORT_LANES; i++) {
        ngx_http_cxm_lane_next(&export->lanes[i]);
    }

    return ngx_http_cxm_export_send(export);
}


/* --- filling ------------------------------------------------------------ */

/* New places for the lane; none are left: it stays idle. */

static void
ngx_http_cxm_lane_next(ngx_http_cxm_lane_t *lane)
{
    lane->state = NGX_HTTP_CXM_LANE_IDLE;

    if (cxm_export_next(lane->export->call->export, &lane->piece)) {
        ngx_http_cxm_lane_wait(lane);
    }
}


static void
ngx_http_cxm_lane_wait(ngx_http_cxm_lane_t *lane)
{
    ngx_http_cxm_exports_t  *exports;

    exports = ngx_http_cxm_export_worker(lane->export);

    lane->state = NGX_HTTP_CXM_LANE_WAITING;
    ngx_queue_insert_tail(&exports->waiting, &lane->queue);

    ngx_http_cxm_exports_run(exports);
}


static void
ngx_http_cxm_exports_run(ngx_http_cxm_exports_t *exports)
{
    ngx_queue_t  *q;

    while (!exports->rest.timer_set
           && exports->nrunning < NGX_HTTP_CXM_EXPORT_TASKS
           && !ngx_queue_empty(&exports->waiting))
    {
        q = ngx_queue_head(&exports->waiting);
        ngx_queue_remove(q);

        ngx_http_cxm_lane_run(ngx_queue_data(q, ngx_http_cxm_lane_t, queue));
    }
}


/* What the piece took is one part of the time until the next. */

static void
ngx_http_cxm_exports_rest(ngx_http_cxm_exports_t *exports,
    const cxm_piece_t *piece)
{
    ngx_msec_t  rest, left;

    rest = (ngx_msec_t) (piece->us * (CXM_LONG_SHARE - 1) / 1000);

    if (!piece->busy || rest == 0) {
        return;
    }

    left = 0;

    if (exports->rest.timer_set) {
        left = exports->rest.timer.key - ngx_current_msec;
        left = (ngx_msec_int_t) left > 0 ? left : 0;
        ngx_del_timer(&exports->rest);
    }

    rest += left;

    ngx_add_timer(&exports->rest,
                  ngx_min(rest, NGX_HTTP_CXM_EXPORT_REST));
}


static void
ngx_http_cxm_exports_rested(ngx_event_t *ev)
{
    ngx_http_cxm_exports_run(ev->data);
}


static void
ngx_http_cxm_lane_run(ngx_http_cxm_lane_t *lane)
{
    ngx_thread_task_t       *task;
    ngx_http_cxm_export_t   *export;
    ngx_http_cxm_exports_t  *exports;

    export = lane->export;
    exports = ngx_http_cxm_export_worker(export);

    task = &lane->task;
    ngx_memzero(task, sizeof(ngx_thread_task_t));

    task->ctx = lane;
    task->handler = ngx_http_cxm_lane_task;
    task->event.data = lane;
    task->event.handler = ngx_http_cxm_lane_done;
    task->event.log = exports->log;

    /* a store that is to be opened anew waits for us, and others for it */

    if (ngx_http_cxm_store_handle(export->store) == export->call->store
        && ngx_thread_task_post(exports->pool, task) == NGX_OK)
    {
        lane->state = NGX_HTTP_CXM_LANE_RUNNING;
        exports->nrunning++;
        export->refs++;
        return;
    }

    lane->state = NGX_HTTP_CXM_LANE_FILLED;
    lane->piece.rc = cxm_fail(&lane->piece.err, CXM_UNAVAILABLE, NULL,
                              "It could not be read on.");
}


/* In a pool thread: touches the piece, and reads the export. */

static void
ngx_http_cxm_lane_task(void *data, ngx_log_t *log)
{
    ngx_http_cxm_lane_t  *lane = data;

    cxm_call_t  *call;

    call = lane->export->call;

    cxm_export_fill(call->export, call->store, &lane->piece);
}


static void
ngx_http_cxm_lane_done(ngx_event_t *ev)
{
    ngx_int_t                rc;
    ngx_connection_t        *c;
    ngx_http_request_t      *r;
    ngx_http_cxm_lane_t     *lane;
    ngx_http_cxm_export_t   *export;
    ngx_http_cxm_exports_t  *exports;

    lane = ev->data;
    export = lane->export;
    exports = ngx_http_cxm_export_worker(export);
    r = export->request;

    lane->state = NGX_HTTP_CXM_LANE_FILLED;
    exports->nrunning--;

    /* first give the threads their work, then send */

    ngx_http_cxm_exports_rest(exports, &lane->piece);
    ngx_http_cxm_exports_run(exports);

    if (r == NULL) {
        ngx_http_cxm_export_leave(export);
        ngx_http_cxm_export_unref(export);
        return;
    }

    ngx_http_cxm_export_unref(export);

    c = r->connection;
    ngx_http_set_log_request(c->log, r);

    rc = ngx_http_cxm_export_send(export);

    if (rc != NGX_DONE) {
        ngx_http_finalize_request(r, rc);
    }

    ngx_http_run_posted_requests(c);
}


/* --- sending ------------------------------------------------------------ */

static void
ngx_http_cxm_export_writer(ngx_http_request_t *r)
{
    ngx_int_t               rc;
    ngx_event_t            *wev;
    ngx_connection_t       *c;
    ngx_http_cxm_ctx_t     *ctx;
    ngx_http_cxm_export_t  *export;

    c = r->connection;
    wev = c->write;
    ctx = ngx_http_get_module_ctx(r, ngx_http_cxm_module);
    export = ctx->export;

    if (wev->timedout) {
        ngx_log_error(NGX_LOG_INFO, c->log, NGX_ETIMEDOUT,
                      "client timed out");
        c->timedout = 1;

        ngx_http_finalize_request(r, NGX_HTTP_REQUEST_TIME_OUT);
        return;
    }

    if (wev->delayed) {
        rc = ngx_http_cxm_export_wait(export);

    } else {
        rc = ngx_http_output_filter(r, NULL);

        ngx_chain_update_chains(r->pool, &export->free, &export->busy,
                                &(ngx_chain_t *) { NULL },
                                (ngx_buf_tag_t) &ngx_http_cxm_module);

        rc = rc == NGX_ERROR ? rc : ngx_http_cxm_export_send(export);
    }

    if (rc != NGX_DONE) {
        ngx_http_finalize_request(r, rc);
    }
}


/* Until the client takes more. */

static ngx_int_t
ngx_http_cxm_export_wait(ngx_http_cxm_export_t *export)
{
    ngx_event_t               *wev;
    ngx_http_request_t        *r;
    ngx_http_core_loc_conf_t  *clcf;

    r = export->request;
    wev = r->connection->write;
    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (!wev->delayed) {
        ngx_add_timer(wev, clcf->send_timeout);
    }

    return ngx_handle_write_event(wev, clcf->send_lowat) == NGX_OK
           ? NGX_DONE : NGX_ERROR;
}


/*
 * As much as is there and as the client takes.  NGX_DONE: something will
 * call again.
 */

static ngx_int_t
ngx_http_cxm_export_send(ngx_http_cxm_export_t *export)
{
    ngx_int_t             rc;
    ngx_event_t          *wev;
    ngx_http_request_t   *r;
    ngx_http_cxm_lane_t  *lane;

    r = export->request;
    wev = r->connection->write;

    for ( ;; ) {

        if (export->busy != NULL) {
            return ngx_http_cxm_export_wait(export);
        }

        if (wev->timer_set && !wev->delayed) {
            ngx_del_timer(wev);
        }

        lane = &export->lanes[export->head];

        switch (lane->state) {

        case NGX_HTTP_CXM_LANE_FILLED:
            rc = ngx_http_cxm_lane_send(lane);

            if (rc == NGX_ERROR) {
                return rc;
            }

            break;

        case NGX_HTTP_CXM_LANE_SENDING:
            ngx_http_cxm_lane_sent(lane);
            break;

        case NGX_HTTP_CXM_LANE_IDLE:

            /* the others are idle as well: theirs came before */

            ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                          "cxm: an export ends behind %uL rows",
                          export->rows);

            export->request = NULL;
            ngx_http_cxm_export_close(export);

            return ngx_http_send_special(r, NGX_HTTP_LAST);

        default:
            return NGX_DONE;
        }
    }
}


/*
 * An error after the header can only be told by what does not come: the
 * connection is closed without the last chunk.
 */

static ngx_int_t
ngx_http_cxm_lane_send(ngx_http_cxm_lane_t *lane)
{
    ngx_int_t               rc;
    ngx_buf_t              *b;
    ngx_chain_t            *out;
    ngx_http_request_t     *r;
    ngx_http_cxm_export_t  *export;

    export = lane->export;
    r = export->request;

    if (lane->piece.rc != CXM_OK) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "cxm: an export is cut: %s", lane->piece.err.detail);
        return NGX_ERROR;
    }

    lane->state = NGX_HTTP_CXM_LANE_SENDING;

    if (lane->piece.out.len == 0) {
        return NGX_OK;
    }

    out = ngx_chain_get_free_buf(r->pool, &export->free);
    if (out == NULL) {
        return NGX_ERROR;
    }

    b = out->buf;
    ngx_memzero(b, sizeof(ngx_buf_t));

    b->start = lane->piece.out.data;
    b->pos = b->start;
    b->last = b->pos + lane->piece.out.len;
    b->end = b->last;
    b->tag = (ngx_buf_tag_t) &ngx_http_cxm_module;
    b->memory = 1;
    b->flush = 1;

    rc = ngx_http_output_filter(r, out);

    ngx_chain_update_chains(r->pool, &export->free, &export->busy, &out,
                            (ngx_buf_tag_t) &ngx_http_cxm_module);

    return rc;
}


/* What the lane held is with the client, or in the kernel. */

static void
ngx_http_cxm_lane_sent(ngx_http_cxm_lane_t *lane)
{
    ngx_http_cxm_export_t  *export;

    export = lane->export;
    cxm_buf_reset(&lane->piece.out);

    if (!cxm_piece_done(&lane->piece)) {
        ngx_http_cxm_lane_wait(lane);
        return;
    }

    export->rows += lane->piece.rows;
    lane->piece.rows = 0;

    ngx_http_cxm_lane_next(lane);
    export->head = (export->head + 1) % NGX_HTTP_CXM_EXPORT_LANES;
}
