/*
 * Live streams.
 */

#include "ngx_http_cxm_stream.h"
#include "ngx_http_cxm_reply.h"
#include "ngx_http_cxm_store.h"


static void ngx_http_cxm_stream_caught(ngx_event_t *ev);
static ngx_int_t ngx_http_cxm_stream_send(ngx_http_cxm_stream_t *stream);
static ngx_int_t ngx_http_cxm_stream_output(ngx_http_cxm_stream_t *stream);
static void ngx_http_cxm_stream_writer(ngx_http_request_t *r);
static void ngx_http_cxm_stream_finish(ngx_http_cxm_stream_t *stream,
    ngx_int_t rc);


ngx_int_t
ngx_http_cxm_stream_start(ngx_http_request_t *r, ngx_http_cxm_store_t *store,
    cxm_call_t *call)
{
    ngx_int_t               rc;
    ngx_http_cxm_ctx_t     *ctx;
    ngx_http_cxm_tail_t    *tail;
    ngx_http_cxm_stream_t  *stream;

    tail = store->tail;
    ctx = ngx_http_get_module_ctx(r, ngx_http_cxm_module);

    stream = ngx_calloc(sizeof(ngx_http_cxm_stream_t), tail->log);
    if (stream == NULL) {
        ctx->call = call;
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->stream = stream;

    stream->tail = tail;
    stream->call = call;
    stream->refs = 1;
    stream->place = call->stream->from;
    stream->said = ngx_current_msec;

    cxm_buf_init(&stream->pending, SIZE_MAX);
    cxm_buf_init(&stream->sending, SIZE_MAX);
    ngx_http_cxm_reader_init(&stream->reader, stream,
                             ngx_http_cxm_stream_caught, tail->log);

    if (ngx_http_cxm_reply_head(r, &call->reply) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_http_clear_content_length(r);

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    stream->request = r;
    r->write_event_handler = ngx_http_cxm_stream_writer;
    r->read_event_handler = ngx_http_test_reading;

    if (tail->nstreams++ == 0) {
        tail->place.seq = call->stream->head + 1;
        tail->place.index = 0;
        ngx_add_timer(&tail->timer, NGX_HTTP_CXM_STREAM_TICK);
    }

    ngx_queue_insert_tail(&tail->streams, &stream->queue);

    cxm_buf_printf(&stream->pending, "retry: %d\n",
                   NGX_HTTP_CXM_STREAM_RETRY);
    ngx_http_cxm_stream_mark(stream, call->store);
    ngx_http_cxm_stream_catch_up(stream);

    return ngx_http_cxm_stream_send(stream);
}


void
ngx_http_cxm_stream_leave(ngx_http_cxm_stream_t *stream)
{
    if (stream->request != NULL) {
        stream->request = NULL;

        ngx_queue_remove(&stream->queue);
        stream->tail->nstreams--;
    }
}


void
ngx_http_cxm_stream_free(ngx_http_cxm_stream_t *stream)
{
    if (--stream->refs > 0) {
        return;
    }

    cxm_stream_piece_free(&stream->reader.piece);
    cxm_buf_free(&stream->pending);
    cxm_buf_free(&stream->sending);
    cxm_call_free(stream->call);
    ngx_free(stream);
}


/*
 * One that is at the tail's place joins it.  One that is before it reads on by
 * itself up to there, but not before its client has taken what it has.
 */

void
ngx_http_cxm_stream_catch_up(ngx_http_cxm_stream_t *stream)
{
    cxm_kinds_t           kinds;
    cxm_stream_piece_t   *piece;
    ngx_http_cxm_tail_t  *tail;

    tail = stream->tail;
    kinds = stream->call->stream->kinds;

    if (!ngx_http_cxm_place_before(&stream->place, &tail->place)) {

        /* not amid a piece that is read without what it follows */

        if (!tail->reader.running || !(kinds & ~tail->reader.piece.kinds)) {
            stream->live = 1;
        }

        return;
    }

    if (stream->busy != NULL || stream->reader.running) {
        return;
    }

    piece = &stream->reader.piece;
    piece->from = stream->place;
    piece->to = tail->place.seq - 1;
    piece->kinds = kinds;

    if (ngx_http_cxm_reader_run(tail, &stream->reader) == NGX_OK) {
        stream->refs++;
    }
}


static void
ngx_http_cxm_stream_caught(ngx_event_t *ev)
{
    ngx_connection_t       *c;
    ngx_http_request_t     *r;
    ngx_http_cxm_stream_t  *stream;

    stream = ev->data;
    r = stream->request;

    ngx_http_cxm_reader_end(stream->tail, &stream->reader);

    if (r == NULL) {
        ngx_http_cxm_stream_free(stream);
        return;
    }

    ngx_http_cxm_stream_free(stream);

    c = r->connection;
    ngx_http_set_log_request(c->log, r);

    if (stream->reader.piece.rc != CXM_OK) {
        ngx_http_cxm_stream_quit(stream);
        return;
    }

    ngx_http_cxm_stream_take(stream, &stream->reader.piece);
    stream->place = stream->reader.piece.next;
    ngx_http_cxm_stream_push(stream);
}


void
ngx_http_cxm_stream_take(ngx_http_cxm_stream_t *stream,
    const cxm_stream_piece_t *piece)
{
    size_t                     i;
    const cxm_stream_event_t  *event;

    for (i = 0; i < piece->n; i++) {
        event = &piece->events[i];

        if ((event->kind & stream->call->stream->kinds)
            && !ngx_http_cxm_place_before(&event->place, &stream->place))
        {
            cxm_buf_put(&stream->pending, piece->text.data + event->start,
                        event->len);
        }
    }
}


void
ngx_http_cxm_stream_mark(ngx_http_cxm_stream_t *stream,
    const cxm_store_t *handle)
{
    char  id[CXM_STREAM_ID_MAX];

    cxm_stream_id_before(handle, &stream->place, id);
    cxm_buf_printf(&stream->pending, "id: %s\n\n", id);
}


void
ngx_http_cxm_stream_push(ngx_http_cxm_stream_t *stream)
{
    ngx_int_t            rc;
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = stream->request;
    c = r->connection;
    ngx_http_set_log_request(c->log, r);

    rc = ngx_http_cxm_stream_send(stream);

    if (rc != NGX_DONE) {
        ngx_http_cxm_stream_finish(stream, rc);
    }

    ngx_http_run_posted_requests(c);
}


/* NGX_DONE: it goes on; NGX_ERROR: it does not. */

static ngx_int_t
ngx_http_cxm_stream_send(ngx_http_cxm_stream_t *stream)
{
    cxm_buf_t                  sent;
    ngx_event_t               *wev;
    ngx_http_request_t        *r;
    ngx_http_core_loc_conf_t  *clcf;

    r = stream->request;
    wev = r->connection->write;

    while (stream->busy == NULL && stream->pending.len > 0) {
        sent = stream->sending;
        stream->sending = stream->pending;
        stream->pending = sent;
        cxm_buf_reset(&stream->pending);

        if (ngx_http_cxm_stream_output(stream) == NGX_ERROR) {
            return NGX_ERROR;
        }
    }

    if (stream->pending.failed || stream->sending.failed) {
        return NGX_ERROR;
    }

    if (stream->busy == NULL) {

        if (wev->timer_set && !wev->delayed) {
            ngx_del_timer(wev);
        }

        if (!stream->live) {
            ngx_http_cxm_stream_catch_up(stream);
        }

        return NGX_DONE;
    }

    if (stream->live && stream->pending.len > NGX_HTTP_CXM_STREAM_PENDING) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "cxm: a stream's client is too slow, it is ended");
        return NGX_ERROR;
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (!wev->delayed && !wev->timer_set) {
        ngx_add_timer(wev, clcf->send_timeout);
    }

    return ngx_handle_write_event(wev, clcf->send_lowat) == NGX_OK
           ? NGX_DONE : NGX_ERROR;
}


/* All of `sending`, which stays as it is while any of it is busy. */

static ngx_int_t
ngx_http_cxm_stream_output(ngx_http_cxm_stream_t *stream)
{
    ngx_int_t            rc;
    ngx_buf_t           *b;
    ngx_chain_t         *out;
    ngx_http_request_t  *r;

    r = stream->request;

    out = ngx_chain_get_free_buf(r->pool, &stream->free);
    if (out == NULL) {
        return NGX_ERROR;
    }

    b = out->buf;
    ngx_memzero(b, sizeof(ngx_buf_t));

    b->start = stream->sending.data;
    b->pos = b->start;
    b->last = b->pos + stream->sending.len;
    b->end = b->last;
    b->tag = (ngx_buf_tag_t) &ngx_http_cxm_module;
    b->memory = 1;
    b->flush = 1;

    stream->said = ngx_current_msec;

    rc = ngx_http_output_filter(r, out);

    ngx_chain_update_chains(r->pool, &stream->free, &stream->busy, &out,
                            (ngx_buf_tag_t) &ngx_http_cxm_module);

    return rc;
}


static void
ngx_http_cxm_stream_writer(ngx_http_request_t *r)
{
    ngx_int_t               rc;
    ngx_event_t            *wev;
    ngx_chain_t            *out;
    ngx_connection_t       *c;
    ngx_http_cxm_ctx_t     *ctx;
    ngx_http_cxm_stream_t  *stream;

    c = r->connection;
    wev = c->write;
    ctx = ngx_http_get_module_ctx(r, ngx_http_cxm_module);
    stream = ctx->stream;

    if (wev->timedout) {
        ngx_log_error(NGX_LOG_INFO, c->log, NGX_ETIMEDOUT,
                      "client timed out");
        c->timedout = 1;

        ngx_http_cxm_stream_finish(stream, NGX_HTTP_REQUEST_TIME_OUT);
        return;
    }

    rc = ngx_http_output_filter(r, NULL);
    out = NULL;

    ngx_chain_update_chains(r->pool, &stream->free, &stream->busy, &out,
                            (ngx_buf_tag_t) &ngx_http_cxm_module);

    if (rc != NGX_ERROR) {
        rc = ngx_http_cxm_stream_send(stream);
    }

    if (rc != NGX_DONE) {
        ngx_http_cxm_stream_finish(stream, rc);
    }
}


static void
ngx_http_cxm_stream_finish(ngx_http_cxm_stream_t *stream, ngx_int_t rc)
{
    ngx_http_request_t  *r;

    r = stream->request;
    ngx_http_cxm_stream_leave(stream);
    ngx_http_finalize_request(r, rc);
}


void
ngx_http_cxm_stream_quit(ngx_http_cxm_stream_t *stream)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = stream->request;
    c = r->connection;
    ngx_http_set_log_request(c->log, r);

    r->keepalive = 0;
    ngx_http_cxm_stream_finish(stream,
                               ngx_http_send_special(r, NGX_HTTP_LAST));
    ngx_http_run_posted_requests(c);
}
