/*
 * Live streams: entries of the journal to clients that stay.
 *
 * A store's tail, of a worker, looks at the journal's head every 100 ms while
 * somebody listens, has what is new made into events once, in the scan pool,
 * and hands them to all streams that are up with it.  A stream that has to
 * catch up first reads pieces of its own, as fast as its client takes them.
 *
 *   CATCHING -> (at the tail's place) -> LIVE -> gone
 *
 * Nothing here waits for a client, holds a transaction between pieces, or
 * takes the writer's lock.
 */

#ifndef NGX_HTTP_CXM_STREAM_H
#define NGX_HTTP_CXM_STREAM_H

#include "ngx_http_cxm_module.h"

#include "cxm_stream.h"


#define NGX_HTTP_CXM_STREAMS         1024       /* of a store in a worker */
#define NGX_HTTP_CXM_STREAM_PENDING  (256 * 1024)   /* a client may be behind */
#define NGX_HTTP_CXM_STREAM_TICK     100        /* ms */
#define NGX_HTTP_CXM_STREAM_BEAT     15000      /* of silence */
#define NGX_HTTP_CXM_STREAM_CHECK    2000       /* of the keys */
#define NGX_HTTP_CXM_STREAM_RETRY    1000       /* told to clients */


/* A piece of the journal being made into events. */

typedef struct {
    ngx_thread_task_t       task;
    cxm_stream_piece_t      piece;      /* the thread's while it is running */
    cxm_store_t            *handle;
    void                   *owner;
    int                     done;       /* set by the thread at its end */
    unsigned                running:1;
} ngx_http_cxm_reader_t;


typedef struct {
    ngx_http_cxm_store_t   *store;
    ngx_thread_pool_t      *pool;
    ngx_log_t              *log;
    ngx_queue_t             streams;
    ngx_uint_t              nstreams;
    cxm_event_place_t       place;      /* of the next event that LIVE ones
                                           are told */
    ngx_http_cxm_reader_t   reader;
    ngx_msec_t              checked;
    ngx_event_t             timer;      /* not cancelable: a worker that quits
                                           ends its streams first */
} ngx_http_cxm_tail_t;


struct ngx_http_cxm_stream_s {
    ngx_queue_t             queue;      /* in the tail's streams */
    ngx_http_cxm_tail_t    *tail;
    ngx_http_request_t     *request;    /* NULL: it left */
    cxm_call_t             *call;       /* owned: who follows what */
    ngx_uint_t              refs;       /* the request's pool, the reader */

    cxm_event_place_t       place;      /* of the next event it is told */
    ngx_http_cxm_reader_t   reader;

    cxm_buf_t               pending;    /* what comes next */
    cxm_buf_t               sending;    /* nginx points into it */
    ngx_chain_t            *free;
    ngx_chain_t            *busy;       /* not yet taken by the client */
    ngx_msec_t              said;       /* when something was sent */
    unsigned                live:1;
};


static ngx_inline int
ngx_http_cxm_place_before(const cxm_event_place_t *a,
    const cxm_event_place_t *b)
{
    return a->seq < b->seq || (a->seq == b->seq && a->index < b->index);
}


/* --- the tail ----------------------------------------------------------- */

void ngx_http_cxm_tail_init(ngx_http_cxm_tail_t *tail,
    ngx_http_cxm_store_t *store, ngx_thread_pool_t *pool, ngx_log_t *log);

/* At the worker's end, when no event will tell of a thread's any more. */
void ngx_http_cxm_tail_exit(ngx_http_cxm_tail_t *tail);

/* `done` is called in the event loop when a piece is there. */
void ngx_http_cxm_reader_init(ngx_http_cxm_reader_t *reader, void *owner,
    ngx_event_handler_pt done, ngx_log_t *log);

/* NGX_DECLINED: not now; NGX_OK: `done` will be called, and ends it. */
ngx_int_t ngx_http_cxm_reader_run(ngx_http_cxm_tail_t *tail,
    ngx_http_cxm_reader_t *reader);
void ngx_http_cxm_reader_end(ngx_http_cxm_tail_t *tail,
    ngx_http_cxm_reader_t *reader);

/* Whether one more stream is taken. */
ngx_uint_t ngx_http_cxm_stream_room(const ngx_http_cxm_tail_t *tail);


/* --- streams ------------------------------------------------------------ */

/*
 * Begins to send the call's stream; the request owns both from now on.  What
 * ngx_http_finalize_request() takes, NGX_DONE as a rule.
 */
ngx_int_t ngx_http_cxm_stream_start(ngx_http_request_t *r,
    ngx_http_cxm_store_t *store, cxm_call_t *call);

/* The request goes; then its pool. */
void ngx_http_cxm_stream_leave(ngx_http_cxm_stream_t *stream);
void ngx_http_cxm_stream_free(ngx_http_cxm_stream_t *stream);

/* Joins the tail, or reads on towards it. */
void ngx_http_cxm_stream_catch_up(ngx_http_cxm_stream_t *stream);

/* Those events of a piece that it follows and has not been told. */
void ngx_http_cxm_stream_take(ngx_http_cxm_stream_t *stream,
    const cxm_stream_piece_t *piece);

/* Tells where it is, which also shows that we are there. */
void ngx_http_cxm_stream_mark(ngx_http_cxm_stream_t *stream,
    const cxm_store_t *handle);

/* Sends what is there, outside of the request's own events. */
void ngx_http_cxm_stream_push(ngx_http_cxm_stream_t *stream);

/* Ends it whole: the client comes again and tells where it was. */
void ngx_http_cxm_stream_quit(ngx_http_cxm_stream_t *stream);


#endif /* NGX_HTTP_CXM_STREAM_H */
