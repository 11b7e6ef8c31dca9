/*
 * Streams: entries of the journal as server-sent events (WHATWG HTML,
 * "Server-sent events").
 *
 * An event is text as it goes to the client:
 *
 *   id: <sequence>-<index>-<mac>
 *   data: {"kind", "id", "action", "at", ...}
 *
 * The id names a place in this store's journal and no other's; who sends it
 * again as Last-Event-ID goes on right behind it.  `index` counts the events
 * of one entry; CXM_STREAM_WHOLE is behind all of them.  An id without data
 * is no event, but clients remember it: so goes on who lost the connection
 * before anything happened.  Data holds nothing personal.
 */

#ifndef CXM_STREAM_H
#define CXM_STREAM_H

#include "cxm_access.h"
#include "cxm_journal.h"


#define CXM_STREAM_ID_MAX     64
#define CXM_STREAM_PIECE      (64u << 10)   /* bytes after which one is full */
#define CXM_STREAM_ENTRIES    2000          /* looked at for one piece */
#define CXM_STREAM_WHOLE      UINT32_MAX

/* Kinds as a set of bits by number. */
typedef uint64_t  cxm_kinds_t;

_Static_assert(CXM_KIND_N <= 64, "kinds");

/* A place: event `index` of entry `seq`; there need not be one yet. */
typedef struct {
    uint64_t  seq;
    unsigned  index;
} cxm_event_place_t;

/* What a caller follows. */
typedef struct {
    cxm_kinds_t        kinds;
    cxm_event_place_t  from;        /* the first that it is told of */
    uint64_t           head;        /* of the journal when it began */
} cxm_stream_t;

typedef struct {
    cxm_event_place_t  place;
    cxm_kinds_t        kind;        /* one bit */
    size_t             start;       /* in the piece's text */
    size_t             len;
} cxm_stream_event_t;

/* Some of the journal as events; belongs to one thread at a time. */
typedef struct {
    cxm_event_place_t     from;     /* in: events from here on */
    uint64_t              to;       /* in: up to this entry */
    cxm_kinds_t           kinds;    /* in */
    cxm_event_place_t     next;     /* out: where to go on */
    cxm_buf_t             text;     /* out */
    cxm_stream_event_t   *events;   /* out */
    size_t                n, size;
    cxm_rc_t              rc;       /* CXM_NOT_FOUND: some are gone */
    cxm_error_t           err;
} cxm_stream_piece_t;


/* All kinds whose entries the caller may see but touchpoints. */
cxm_kinds_t cxm_stream_allowed(const cxm_caller_t *caller);

/*
 * Names separated by commas as a set; adds an issue with the pointer "?kinds"
 * for one that is none.  CXM_FORBIDDEN when the caller may not see one.
 */
cxm_rc_t cxm_stream_kinds(const cxm_caller_t *caller, cxm_str_t names,
    cxm_kinds_t *out, cxm_error_t *err);

/* The id of what lies right before a place. */
void cxm_stream_id_before(const cxm_store_t *store,
    const cxm_event_place_t *place, char out[CXM_STREAM_ID_MAX]);

/* The place right behind an id; CXM_BAD_REQUEST: it is none of ours. */
cxm_rc_t cxm_stream_behind(const cxm_store_t *store, cxm_str_t id,
    cxm_event_place_t *out);

void cxm_stream_piece_init(cxm_stream_piece_t *piece);
void cxm_stream_piece_free(cxm_stream_piece_t *piece);

/*
 * Fills the piece in a read transaction of its own: a few milliseconds of
 * journal, for a thread of the pool.
 */
void cxm_stream_fill(cxm_stream_piece_t *piece, cxm_store_t *store);


#endif /* CXM_STREAM_H */
