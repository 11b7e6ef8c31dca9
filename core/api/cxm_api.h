/*
 * The API without a transport: requests, replies, routes.
 *
 * A host (nginx, a test) makes a call from a request, then drives it:
 *
 *   cxm_call_begin()   event loop: route, access, body, `prepare`
 *   phase READ         a read transaction: in the loop if the route is
 *                      bounded (at most 256 rows), else in the scan pool
 *   phase HASH         a password: in the hash pool, with a permit
 *   phase WRITE        in a batch, through cxm_call_op()
 *   cxm_call_end()     makes call->reply, always: also problem documents
 *
 * Where call->export is left then, the reply has no body of its own: the
 * host sends what the export's pieces hold (cxm_export.h).  The same with
 * call->stream, whose events have no end (cxm_stream.h).
 *
 * A call owns its memory (an arena and its json), holds copies of whatever
 * it needs of the request, and knows nothing of the client: the host may
 * forget the client at any time and must still finish the call.  By
 * call->stopped it may end a long read early, with a reply for nobody.  A
 * call is used by one thread at a time.
 */

#ifndef CXM_API_H
#define CXM_API_H

#include "cxm_access.h"
#include "cxm_arena.h"
#include "cxm_batch.h"
#include "cxm_device.h"
#include "cxm_export.h"
#include "cxm_field.h"
#include "cxm_record.h"
#include "cxm_long_read.h"
#include "cxm_metrics.h"
#include "cxm_served.h"
#include "cxm_store.h"
#include "cxm_stream.h"
#include "cxm_throttle.h"
#include "cxm_zoneinfo.h"


typedef enum {
    CXM_GET = 1 << 0,
    CXM_HEAD = 1 << 1,          /* served by GET's route, body cut by host */
    CXM_POST = 1 << 2,
    CXM_PUT = 1 << 3,
    CXM_PATCH = 1 << 4,
    CXM_DELETE = 1 << 5,
    CXM_OPTIONS = 1 << 6
} cxm_method_t;

typedef enum {
    CXM_ENDPOINT_NONE = 0,
    CXM_ENDPOINT_SURVEYS,
    CXM_ENDPOINT_BEACON,
    CXM_ENDPOINT_ADMIN,
    CXM_ENDPOINT_METRICS,
    CXM_ENDPOINT_SELF,
    CXM_ENDPOINT_N
} cxm_endpoint_t;

#define CXM_BODY_PUBLIC   (64u << 10)
#define CXM_BODY_SERVER   (1u << 20)

/* What the host knows of a store that it serves. */
typedef struct {
    const cxm_metrics_t  *metrics;      /* as long as the host */
    const char           *store;        /* its directory */
    int64_t               geoip;        /* cxm_metrics_about_t's */
} cxm_host_metrics_t;

/* All strings belong to the host and need live only through call_begin. */
typedef struct {
    cxm_endpoint_t  endpoint;
    cxm_method_t    method;
    cxm_str_t       path;           /* decoded, behind the location's prefix,
                                       no leading slash: "demo/responses" */
    cxm_str_t       prefix;         /* of the location: "/s/" */
    const cxm_str_t *prefixes;      /* of all endpoints of this server, by
                                       cxm_endpoint_t, empty: it has none; or
                                       NULL */
    cxm_str_t       surveys;        /* that of the survey pages which links
                                       lead to; empty: there are none */
    cxm_str_t       base;           /* scheme and host: "https://a.example",
                                       or cxm_public_url */
    cxm_str_t       site;           /* the same for what is mailed: as the
                                       configuration has it, whatever Host
                                       the client has sent */
    cxm_str_t       query;          /* raw, behind "?" */
    cxm_str_t       body;
    cxm_str_t       content_type, content_encoding, accept;
    cxm_str_t       authorization, idempotency_key, if_match, if_none_match;
    cxm_str_t       origin, user_agent, host, accept_language;
    cxm_str_t       sec_gpc, dnt, sec_purpose, sec_fetch_site;
    cxm_str_t       cookie;
    int             insecure_cookies;   /* plain http may have them */
    cxm_str_t       last_event_id;
    int             staff_told;     /* the host says which member of the staff
                                       calls, by no cookie: */
    cxm_str_t       staff;          /* its name; empty: nobody */
    unsigned        staff_scopes;   /* what may be done at most */
    unsigned        owner_scopes;   /* of the store's owner, who calls by a
                                       tool and needs no key; 0: by a key */
    cxm_str_t       address;        /* bytes, as cxm_visitor.h has them */
    cxm_str_t       country, region;    /* of the address, or NULL */
    cxm_str_t       token;          /* of a customer, signed by the site, as
                                       it came; empty: there is none */
    const cxm_customer_claims_t *claims;    /* of that, or NULL: it was
                                       refused */
    const char     *token_wrong;    /* why, static: "it has expired" */
    const char *const *allow_origin;    /* NULL-terminated, or NULL */
    const cxm_zone_t *zone;         /* of reports that name none; NULL: UTC */
    cxm_zones_t    *zones;          /* those that they may name; both live as
                                       long as any call */
    cxm_ms_t        now;

    /*
     * What the host has served lately to a visitor, or to the one that sends
     * this request (data NULL); 0: it knows of nothing.  May be NULL.
     */
    int           (*served)(void *ctx, cxm_str_t visitor,
                            cxm_experience_t *out);
    void           *served_ctx;

    /*
     * Whether a password that comes now will be hashed within the time that
     * calls wait.  If not, a call that has one is refused before anything else
     * of it is looked at.  NULL: always.
     */
    int           (*hash_room)(void *ctx);
    void           *hash_ctx;
    const cxm_host_metrics_t  *metrics; /* NULL: there are none */
    const cxm_throttle_host_t *throttle;    /* NULL: nothing is throttled */
} cxm_request_t;

#define CXM_REPLY_HEADERS  16
#define CXM_REPLY_MAX      (16u << 20)      /* of one body */

typedef struct {
    const char  *name;              /* static, or in the arena */
    cxm_str_t    value;             /* in the call's arena; no CR, LF */
} cxm_header_t;

typedef struct {
    int           status;
    cxm_str_t     content_type;     /* data NULL: no body */
    cxm_buf_t     body;
    unsigned      nheaders;
    cxm_header_t  headers[CXM_REPLY_HEADERS];
} cxm_reply_t;


typedef struct cxm_call_s  cxm_call_t;
typedef cxm_rc_t (*cxm_handler_pt)(cxm_call_t *call, cxm_txn_t *txn);
typedef cxm_rc_t (*cxm_prepare_pt)(cxm_call_t *call);

typedef enum {
    CXM_PUBLIC = 1,             /* anybody */
    CXM_SCOPED,                 /* a principal that has `scopes` */
    CXM_CUSTOMER,               /* a customer, however known */
    CXM_MEMBER                  /* a member of the staff, whatever its role */
} cxm_policy_t;                 /* 0 is no policy: refused at start */

/* Statuses that a route answers. */
#define CXM_200  0x00001
#define CXM_201  0x00002
#define CXM_202  0x00004
#define CXM_204  0x00008
#define CXM_303  0x00010
#define CXM_304  0x00020
#define CXM_400  0x00040
#define CXM_401  0x00080
#define CXM_403  0x00100
#define CXM_404  0x00200
#define CXM_406  0x00400
#define CXM_409  0x00800
#define CXM_412  0x01000
#define CXM_413  0x02000
#define CXM_415  0x04000
#define CXM_422  0x08000
#define CXM_429  0x10000
#define CXM_503  0x20000
#define CXM_308  0x40000

#define CXM_ROUTE_BOUNDED   0x01    /* read: at most 256 rows, in the loop */
#define CXM_ROUTE_FORM      0x02    /* takes form-encoded bodies too */
#define CXM_ROUTE_RAW       0x04    /* prepare reads request->body itself;
                                       input then only tells OpenAPI */
#define CXM_ROUTE_PERSONAL  0x08    /* answers personal fields: audited */
#define CXM_ROUTE_SECRET    0x10    /* answers a secret: not replayed */
#define CXM_ROUTE_BIG       0x20    /* body up to CXM_BODY_SERVER with a key
                                       of scope ingest, survey_write,
                                       benchmark_write or template_write */
#define CXM_ROUTE_OPEN      0x40    /* other query arguments are let through:
                                       what mailers add to links of pages */
#define CXM_ROUTE_DOC       0x80    /* of one document: it answers an ETag, GET
                                       heeds If-None-Match, a write If-Match */
#define CXM_ROUTE_STREAM    0x800   /* `read` leaves call->stream */
#define CXM_ROUTE_ROWS      0x8000  /* takes CSV and NDJSON too: the items of
                                       input's member "rows" */
#define CXM_ROUTE_NAMED     0x400   /* the body is hardly more than somebody's
                                       name: no hash of it is kept, so an
                                       Idempotency-Key is not told from
                                       another body's */
#define CXM_ROUTE_BROWSER   0x2000  /* no other site may make a browser call
                                       it, signed in or not */
#define CXM_ROUTE_ALWAYS    0x4000  /* where the store is not open prepare
                                       replies, whoever asks */
#define CXM_ROUTE_MERGE     0x1000  /* the body is a merge patch of `input`,
                                       which is checked once it is merged */

#define CXM_PAGE_LIMIT    50
#define CXM_PAGE_MAX      500
#define CXM_PAGE_BYTES    (CXM_REPLY_MAX / 2)   /* the item that goes beyond
                                                   is the last of a page */

/* The rows of a list's query table that cxm_page_begin() reads. */
#define CXM_QUERY_CURSOR                                                      \
    { .name = "cursor", .type = CXM_FIELD_STRING,                             \
      .summary = "The `next` of the page before." }

#define CXM_QUERY_PAGE                                                        \
    { .name = "limit", .type = CXM_FIELD_INT, .min = 1, .max = CXM_PAGE_MAX,  \
      .summary = "How many at most; default 50." },                           \
    CXM_QUERY_CURSOR

/*
 * Rows that can be exported.  `open` reads the arguments and makes the export
 * one of theirs; `asked` gets what the audit is to say of them.
 */
typedef struct {
    const char               *name;             /* "responses" */
    const cxm_export_rows_t  *rows;
    cxm_rc_t                (*open)(cxm_call_t *call, cxm_txn_t *txn,
                                    cxm_export_t *export, json_t *asked);
    cxm_rc_t                (*place)(cxm_txn_t *txn, const cxm_uuid_t *id,
                                     cxm_place_t *place);
} cxm_export_kind_t;

typedef struct {
    cxm_endpoint_t       endpoint;
    cxm_method_t         method;
    const char          *path;      /* "surveys/{slug}"; {name} is a param */
    cxm_policy_t         policy;
    unsigned             scopes;
    unsigned             flags;
    const cxm_field_t   *query;     /* all query arguments, NULL name ends;
                                       an ARRAY may be given more than once;
                                       another one is 422 unknown */
    const cxm_fields_t  *input;     /* body; NULL: none is taken */
    unsigned             answers;   /* statuses: those of success, and what
                                       cxm_route_answers() does not see */
    const cxm_fields_t  *output;    /* JSON of 200, 201 and 202; of a list
                                       (its query has a cursor) each item */
    const cxm_field_t   *beside;    /* of a list: members besides items and
                                       next; NULL: none, or NULL name ends */
    const char          *media;     /* of 200 when it is not JSON, or may be
                                       something else */
    cxm_prepare_pt       prepare;   /* in the loop, no transaction; one that
                                       sets a reply ends the call */
    cxm_handler_pt       read;
    cxm_prepare_pt       hash;      /* between read and write, see below */
    cxm_handler_pt       write;     /* a second phase when read is there */
    cxm_handler_pt       after;     /* a second write, see below */
    const char          *summary;
    const cxm_export_kind_t  *export;   /* `read` leaves call->export */
    const cxm_record_t  *record;    /* what cxm_resource.h's handlers serve */

    /*
     * Where a page and not a program reads errors (call->html): puts the
     * page into call->reply.body and sets reply.content_type; status, rc and
     * err are set.  NULL: the problem document.
     */
    void               (*problem_html)(cxm_call_t *call);
} cxm_route_t;

/*
 * HEAD runs GET's prepare and read, but never a route that has only a write
 * phase: it ends in 200 without a body (call->method is CXM_HEAD).
 *
 * The write phase may run more than once (cxm_batch.h): output, reply,
 * headers and err are put back before each run to what `read` left.
 */

/*
 * `hash` is for cxm_password.h's slow functions: it runs in a thread, without
 * a transaction, while the call holds one of the permits that bound their
 * memory over all workers.  `read` leaves what it needs in call->data, and
 * there it leaves its result for `write`.  A `read` that sets a reply, and a
 * `hash` that does, end the call.
 */

/*
 * `after` is for what must happen between two commits: it runs in another
 * transaction once the first is on stable storage (cxm_op_t's second half).
 * `write` answers what is so by then (202), `after` what is so in the end; if
 * it fails the reply of `write` stands.  It does not run behind a write that
 * was repeated by its Idempotency-Key.
 */

#define CXM_CALL_PARAMS  4
#define CXM_QUERY_ARGS   64

typedef struct {
    cxm_str_t  name;
    cxm_str_t  value;
} cxm_arg_t;

struct cxm_call_s {
    cxm_arena_t           arena;
    const cxm_request_t  *request;      /* NULL after call_begin */
    const cxm_route_t    *route;
    cxm_store_t          *store;
    cxm_caller_t          caller;       /* strings in the arena */
    cxm_ms_t              now;
    cxm_endpoint_t        endpoint;
    cxm_method_t          method;
    unsigned              allow;        /* methods of the path, for Allow */
    cxm_str_t             prefix, surveys, base, site, path;    /* copies */
    cxm_str_t             params[CXM_CALL_PARAMS];  /* in path order */
    cxm_arg_t            *args;         /* decoded query, in order */
    unsigned              nargs;
    json_t               *input;        /* checked body, or NULL */
    int                   form;         /* the body was form-encoded */
    int                   html;         /* Accept prefers text/html */
    cxm_str_t             accept_language, idempotency_key;
    cxm_str_t             cookies;      /* the header, for cxm_cookie.h */
    int                   insecure_cookies;
    cxm_str_t             cors_origin;  /* the allowed Origin, or NULL */
    cxm_str_t             framed_by;    /* all allowed ones, as CSP lists them;
                                           empty: none */
    const cxm_zone_t     *zone;
    cxm_zones_t          *zones;
    uint64_t              if_match;     /* CXM_VERSION_* */
    cxm_str_t             if_none_match;
    uint8_t               fingerprint[CXM_HASH_LEN];    /* of the body */
    cxm_stopped_pt        stopped;      /* the host's, NULL: never; long reads
                                           ask it, in their thread */
    void                 *host;         /* its argument */
    void                 *data;         /* the route's own, between phases */
    void                (*data_free)(void *data);
    uint64_t              number;       /* the same, where one will do */
    uint64_t              subject;      /* whose the reply is: kept for a
                                           repeat under that person's key */
    json_t               *output;       /* handler's result: dumped by end */
    int                   audit;        /* `read` answers personal fields */
    json_t               *audit_object; /* what was asked (a reference), NULL:
                                           the path */
    cxm_export_t         *export;       /* rows that are the reply's body */
    cxm_stream_t         *stream;       /* the same of events, without end */
    uint64_t              seen;         /* session whose use is to be noted */
    uint64_t              half;         /* half session of the cookie, or 0 */
    int                   only_seen;    /* the write is that and no more */
    cxm_rc_t              denied;       /* see cxm_call_deny() */
    int                   hashed;       /* its `hash` has begun */
    cxm_rc_t              rc;
    cxm_reply_t           reply;
    cxm_op_t              op;

    struct {                            /* cxm_throttling.h's */
        const cxm_throttle_host_t  *host;
        cxm_trust_t                 trust;
        uint8_t                     device[CXM_DEVICE_ID];
        cxm_throttle_taken_t        taken;
    } throttle;

    struct {                            /* what `read` left, see above */
        json_t           *output;
        int               status;
        cxm_str_t         content_type;
        size_t            body_len;
        unsigned          nheaders;
    } mark;
    int                   after;        /* `after` has begun */
    size_t                body_len;     /* of the request */
    cxm_error_t           err;          /* last: most of it is never touched */
};

typedef enum {
    CXM_NEXT_DONE = 0,          /* go to cxm_call_end() */
    CXM_NEXT_READ_LOOP,
    CXM_NEXT_READ_POOL,
    CXM_NEXT_HASH,
    CXM_NEXT_WRITE
} cxm_next_t;

/*
 * At start: CXM_INTERNAL when a route does not say all that others must know
 * of it (policy, schemas, answers, summary), or two routes clash.
 */
cxm_rc_t cxm_api_check(cxm_error_t *err);

/*
 * All statuses of a route, as bits, but 500.  Another one is a bug, which
 * every call of it logs.
 */
unsigned cxm_route_answers(const cxm_route_t *route);

/* Whether it answers {"items", "next"}. */
int cxm_route_is_list(const cxm_route_t *route);

/* A new call, or NULL without memory. */
cxm_call_t *cxm_call_create(cxm_store_t *store);

/* store may be NULL (degraded): the call then ends in 503 if it needs one. */
cxm_next_t cxm_call_begin(cxm_call_t *call, const cxm_request_t *request);

/* Runs the read phase in a transaction of its own. */
cxm_next_t cxm_call_read(cxm_call_t *call);

/* Runs the hash phase. */
cxm_next_t cxm_call_hash(cxm_call_t *call);

/* Whether a long read of its read phase was stopped. */
int cxm_call_stopped(const cxm_call_t *call);

/* The operation of the write phase; its rc and err are the call's. */
cxm_op_t *cxm_call_op(cxm_call_t *call);

/* Refuses a call that could not be queued or run: 503 with Retry-After. */
void cxm_call_refuse(cxm_call_t *call, cxm_rc_t rc, const char *code,
    const char *detail, unsigned retry_after);

/* The same because there is too much work: "overloaded". */
void cxm_call_overload(cxm_call_t *call);

void cxm_call_end(cxm_call_t *call);
void cxm_call_free(cxm_call_t *call);

/*
 * After its end, where only the reply is looked at any more: gives back the
 * rest, most of a call, which is then at the address that is returned.
 */
cxm_call_t *cxm_call_shrink(cxm_call_t *call);

/* Bytes a queued call holds, for the queue's bound. */
size_t cxm_call_size(const cxm_call_t *call);

/*
 * What a request's headers tell of who sends it: all of the caller but the
 * principal.  Strings are copied to the arena.
 */
void cxm_request_caller(const cxm_request_t *request, cxm_arena_t *arena,
    cxm_caller_t *caller);

/* Problem document for a status that the host made itself (413, 405 ...). */
void cxm_problem_of_status(cxm_buf_t *out, int status);

/* Whether the Origin is in the NULL-terminated list ("*" is not special). */
int cxm_origin_allowed(const char *const *allow, cxm_str_t origin);

/* Largest body the endpoint takes with / without an Authorization header. */
size_t cxm_body_limit(cxm_endpoint_t endpoint, int authorized);


/* --- for handlers ------------------------------------------------------- */

/* Query arguments, which are as the route's table has them. */
cxm_str_t cxm_call_arg(const cxm_call_t *call, const char *name);
int cxm_call_has_arg(const cxm_call_t *call, const char *name);
int64_t cxm_call_int(const cxm_call_t *call, const char *name, int64_t def);
/* One that is there is replaced; a value with control characters is not set. */
void cxm_call_header(cxm_call_t *call, const char *name, cxm_str_t value);
void cxm_call_headerf(cxm_call_t *call, const char *name, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

/* One more, also of a name that is there: Set-Cookie. */
void cxm_call_add_header(cxm_call_t *call, const char *name, cxm_str_t value);

/*
 * In `write`, which then returns CXM_OK: what it wrote is kept, and the reply
 * is this problem.  For what must be known of a refusal.
 */
cxm_rc_t cxm_call_deny(cxm_call_t *call, cxm_rc_t rc, const char *code,
    const char *detail);

/* Location: the address of this call and, if not empty, "/" and the tail. */
void cxm_call_location(cxm_call_t *call, cxm_str_t tail);

/*
 * In prepare of what may be an answer: lets caller's latency_band and
 * status_class tell of what was served to its respondent before.
 */
cxm_rc_t cxm_call_join(cxm_call_t *call);

/* Status and json (steals the reference) of a success. */
cxm_rc_t cxm_call_reply(cxm_call_t *call, int status, json_t *output);

/* Status, type and the bytes already put into call->reply.body. */
cxm_rc_t cxm_call_reply_raw(cxm_call_t *call, int status,
    const char *content_type);

/*
 * Sets the ETag (with its quotes); 1: the client has that one, and 304 is the
 * reply.
 */
int cxm_call_etag(cxm_call_t *call, const char *etag);

/* A document with ETag; 200, or 201 with Location when created. */
cxm_rc_t cxm_call_reply_doc(cxm_call_t *call, const cxm_doc_t *doc,
    int created);

/* The same of a document that is shown (steals the reference) otherwise. */
cxm_rc_t cxm_call_reply_shown(cxm_call_t *call, const cxm_doc_t *doc,
    json_t *shown, int created);

/*
 * Paging: limit 1..500 (50), cursor sealed and bound to route and query.
 * page_begin reads both arguments; position is the handler's, NULL at start.
 */
#define CXM_PAGE_POSITION  64

typedef struct {
    unsigned  limit;
    size_t    len;                          /* of position; 0: from start */
    uint8_t   position[CXM_PAGE_POSITION];
} cxm_page_t;

cxm_rc_t cxm_page_begin(cxm_call_t *call, cxm_page_t *page);

/* The cursor of the next page, a new reference, and Link; null: none. */
cxm_rc_t cxm_page_next(cxm_call_t *call, const cxm_page_t *next,
    json_t **cursor);

/* {"items", "next"} (steals items) with Link when position len is not 0. */
cxm_rc_t cxm_page_reply(cxm_call_t *call, json_t *items,
    const cxm_page_t *next);

/* Read phase of a list of all documents of a kind, each as `show` has it. */
cxm_rc_t cxm_page_docs(cxm_call_t *call, cxm_txn_t *txn, cxm_kind_no_t kind,
    json_t *(*show)(const cxm_doc_t *doc));

cxm_ms_t cxm_call_time(const cxm_call_t *call, const char *name,
    cxm_ms_t def);

/*
 * The IANA name of a time zone, the location's own zone when absent; 422 with
 * pointer "?name".  Not in `prepare`: a file may have to be read.
 */
cxm_rc_t cxm_call_zone(cxm_call_t *call, const char *name,
    const cxm_zone_t **out);

/*
 * The write phase of CXM_ROUTE_PERSONAL routes: `read` sets call->audit when
 * it answers personal fields; the reply is given only after the audit entry
 * is on stable storage (503 otherwise), and without it there is no write.
 */
cxm_rc_t cxm_write_audit(cxm_call_t *call, cxm_txn_t *txn);


#endif /* CXM_API_H */
