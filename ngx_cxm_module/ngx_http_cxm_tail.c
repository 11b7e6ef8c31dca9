/*
 * The tail of a store's journal, for live streams.
 */

#include "ngx_http_cxm_store.h"
#include "ngx_http_cxm_stream.h"


static void ngx_http_cxm_reader_task(void *data, ngx_log_t *log);
static void ngx_http_cxm_tail_tick(ngx_event_t *ev);
static void ngx_http_cxm_tail_look(ngx_http_cxm_tail_t *tail);
static void ngx_http_cxm_tail_done(ngx_event_t *ev);
static void ngx_http_cxm_tail_check(ngx_http_cxm_tail_t *tail);
static void ngx_http_cxm_tail_end(ngx_http_cxm_tail_t *tail);


/* --- reading ------------------------------------------------------------ */

void
ngx_http_cxm_reader_init(ngx_http_cxm_reader_t *reader, void *owner,
    ngx_event_handler_pt done, ngx_log_t *log)
{
    cxm_stream_piece_init(&reader->piece);

    reader->owner = owner;
    reader->task.ctx = reader;
    reader->task.handler = ngx_http_cxm_reader_task;
    reader->task.event.data = owner;
    reader->task.event.handler = done;
    reader->task.event.log = log;
}


ngx_int_t
ngx_http_cxm_reader_run(ngx_http_cxm_tail_t *tail,
    ngx_http_cxm_reader_t *reader)
{
    reader->handle = ngx_http_cxm_store_handle(tail->store);

    if (reader->running || reader->handle == NULL) {
        return NGX_DECLINED;
    }

    reader->task.next = NULL;
    reader->task.event.complete = 0;
    reader->done = 0;

    if (ngx_thread_task_post(tail->pool, &reader->task) != NGX_OK) {
        return NGX_DECLINED;
    }

    reader->running = 1;
    ngx_http_cxm_store_hold(tail->store);

    return NGX_OK;
}


/* In a pool thread. */

static void
ngx_http_cxm_reader_task(void *data, ngx_log_t *log)
{
    ngx_http_cxm_reader_t  *reader = data;

    cxm_stream_fill(&reader->piece, reader->handle);

    __atomic_store_n(&reader->done, 1, __ATOMIC_RELEASE);
}


void
ngx_http_cxm_reader_end(ngx_http_cxm_tail_t *tail,
    ngx_http_cxm_reader_t *reader)
{
    reader->running = 0;
    ngx_http_cxm_store_release(tail->store);
}


/* --- the tail ----------------------------------------------------------- */

void
ngx_http_cxm_tail_init(ngx_http_cxm_tail_t *tail, ngx_http_cxm_store_t *store,
    ngx_thread_pool_t *pool, ngx_log_t *log)
{
    tail->store = store;
    tail->pool = pool;
    tail->log = log;

    ngx_queue_init(&tail->streams);

    tail->timer.data = tail;
    tail->timer.handler = ngx_http_cxm_tail_tick;
    tail->timer.log = log;

    ngx_http_cxm_reader_init(&tail->reader, tail, ngx_http_cxm_tail_done,
                             log);
}


/* What a thread may still use is left: the process ends in any case. */

void
ngx_http_cxm_tail_exit(ngx_http_cxm_tail_t *tail)
{
    if (!tail->reader.running
        || __atomic_load_n(&tail->reader.done, __ATOMIC_ACQUIRE))
    {
        cxm_stream_piece_free(&tail->reader.piece);
    }
}


ngx_uint_t
ngx_http_cxm_stream_room(const ngx_http_cxm_tail_t *tail)
{
    return tail->nstreams < NGX_HTTP_CXM_STREAMS && !ngx_exiting;
}


static void
ngx_http_cxm_tail_tick(ngx_event_t *ev)
{
    ngx_http_cxm_tail_t  *tail = ev->data;

    if (ngx_exiting) {
        ngx_http_cxm_tail_end(tail);
        return;
    }

    if (ngx_current_msec - tail->checked >= NGX_HTTP_CXM_STREAM_CHECK) {
        tail->checked = ngx_current_msec;
        ngx_http_cxm_tail_check(tail);
    }

    ngx_http_cxm_tail_look(tail);

    if (tail->nstreams > 0) {
        ngx_add_timer(ev, NGX_HTTP_CXM_STREAM_TICK);
    }
}


/* Whether there is anything new is asked here, what it is in the pool. */

static void
ngx_http_cxm_tail_look(ngx_http_cxm_tail_t *tail)
{
    uint64_t                head;
    cxm_txn_t              *txn;
    cxm_error_t             err;
    cxm_store_t            *handle;
    ngx_queue_t            *q;
    cxm_stream_piece_t     *piece;
    ngx_http_cxm_stream_t  *stream;

    handle = ngx_http_cxm_store_handle(tail->store);

    if (tail->reader.running || handle == NULL) {
        return;
    }

    cxm_error_init(&err);

    if (cxm_txn_read(handle, &txn, &err) != CXM_OK) {
        return;
    }

    head = cxm_txn_head(txn);
    cxm_txn_end(txn);

    if (tail->place.seq > head) {
        return;
    }

    piece = &tail->reader.piece;
    piece->from = tail->place;
    piece->to = head;
    piece->kinds = 0;

    for (q = ngx_queue_head(&tail->streams);
         q != ngx_queue_sentinel(&tail->streams);
         q = ngx_queue_next(q))
    {
        stream = ngx_queue_data(q, ngx_http_cxm_stream_t, queue);

        if (stream->live) {
            piece->kinds |= stream->call->stream->kinds;
        }
    }

    if (piece->kinds == 0) {

        /* nobody is up with us: they catch up to where we are */

        tail->place.seq = head + 1;
        return;
    }

    (void) ngx_http_cxm_reader_run(tail, &tail->reader);
}


static void
ngx_http_cxm_tail_done(ngx_event_t *ev)
{
    ngx_queue_t            *q, *next;
    ngx_http_cxm_tail_t    *tail;
    ngx_http_cxm_stream_t  *stream;

    tail = ev->data;
    ngx_http_cxm_reader_end(tail, &tail->reader);

    if (tail->reader.piece.rc != CXM_OK) {
        ngx_log_error(NGX_LOG_ERR, tail->log, 0,
                      "cxm: the live stream ends: %s",
                      tail->reader.piece.err.detail);
        ngx_http_cxm_tail_end(tail);
        return;
    }

    tail->place = tail->reader.piece.next;

    for (q = ngx_queue_head(&tail->streams);
         q != ngx_queue_sentinel(&tail->streams);
         q = next)
    {
        next = ngx_queue_next(q);
        stream = ngx_queue_data(q, ngx_http_cxm_stream_t, queue);

        if (stream->live) {
            ngx_http_cxm_stream_take(stream, &tail->reader.piece);

            if (ngx_http_cxm_place_before(&stream->place, &tail->place)) {
                stream->place = tail->place;
            }

            ngx_http_cxm_stream_push(stream);

        } else {
            ngx_http_cxm_stream_catch_up(stream);
        }
    }

    /* more of the same, without waiting for the next look */

    if (tail->nstreams > 0) {
        ngx_http_cxm_tail_look(tail);
    }
}


/*
 * Keys that are no more valid end their streams; who is silent for long is
 * told that we are there; who has caught up joins.
 */

static void
ngx_http_cxm_tail_check(ngx_http_cxm_tail_t *tail)
{
    cxm_txn_t              *txn;
    cxm_error_t             err;
    ngx_queue_t            *q, *next;
    cxm_store_t            *handle;
    ngx_http_cxm_stream_t  *stream;

    handle = ngx_http_cxm_store_handle(tail->store);
    cxm_error_init(&err);

    if (handle == NULL || cxm_txn_read(handle, &txn, &err) != CXM_OK) {
        return;
    }

    for (q = ngx_queue_head(&tail->streams);
         q != ngx_queue_sentinel(&tail->streams);
         q = next)
    {
        next = ngx_queue_next(q);
        stream = ngx_queue_data(q, ngx_http_cxm_stream_t, queue);

        if (cxm_principal_check(txn, &stream->call->caller.principal,
                                cxm_now())
            != CXM_OK)
        {
            ngx_http_cxm_stream_quit(stream);
            continue;
        }

        if (ngx_current_msec - stream->said >= NGX_HTTP_CXM_STREAM_BEAT
            && stream->busy == NULL)
        {
            ngx_http_cxm_stream_mark(stream, handle);
            ngx_http_cxm_stream_push(stream);
            continue;
        }

        if (!stream->live) {
            ngx_http_cxm_stream_catch_up(stream);
        }
    }

    cxm_txn_end(txn);
}


static void
ngx_http_cxm_tail_end(ngx_http_cxm_tail_t *tail)
{
    ngx_queue_t  *q, *next;

    for (q = ngx_queue_head(&tail->streams);
         q != ngx_queue_sentinel(&tail->streams);
         q = next)
    {
        next = ngx_queue_next(q);
        ngx_http_cxm_stream_quit(ngx_queue_data(q, ngx_http_cxm_stream_t,
                                                queue));
    }
}
