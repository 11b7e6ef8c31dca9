/*
 * Touchpoints: events that a browser, a server or the web server itself saw.
 *
 * Kind CXM_KIND_TOUCHPOINT, ADD.  The events of one commit are gathered and
 * become entries of up to CXM_ENTRY_PAGE bytes, one seal and one link each:
 * body = array of events.  An event is the checked input plus "k": hex of
 * what stands for its id (when it has one): the id's first 6 bytes and 10 of
 * a keyed hash of it; the id itself is not kept; or "i": hex of the id that
 * an import has brought; "at": ms when client_time counts, "bot": 1,
 * "unverified": 1 (money without a server key), "customer" of who is signed
 * in, "claimed" instead of it where nobody has proved it, "device", "country",
 * "region", and the visitor of cxm_visitor.h where none was named.  One that
 * the web server itself has served also has "status", "status_class",
 * "latency" and, where an upstream was asked, "upstream", both in ms.  Empty
 * texts are left out.
 *
 * Apply puts the ids into `once` and counts series CXM_SERIES_TOUCHPOINT:
 * question 0, point 0 people, 1 bots; segments below, value numbers from the
 * dictionary of "survey" CXM_SERIES_TOUCHPOINT.  Every event counts
 * once in each segment, with value 0 where it has none.  Question 1 counts
 * the latency of those that have one, of people, by cxm_duration_point().
 */

#ifndef CXM_TOUCHPOINT_H
#define CXM_TOUCHPOINT_H

#include "cxm_access.h"
#include "cxm_cell.h"
#include "cxm_export.h"
#include "cxm_field.h"
#include "cxm_import.h"
#include "cxm_served.h"


/* Part of the format. */
typedef enum {
    CXM_TOUCH_ALL = 0,
    CXM_TOUCH_TYPE,
    CXM_TOUCH_TOUCHPOINT,
    CXM_TOUCH_COUNTRY,
    CXM_TOUCH_DEVICE,
    CXM_TOUCH_STATUS_CLASS
} cxm_touch_segment_t;

#define CXM_EVENTS_MAX      500     /* of one request */
#define CXM_EVENT_TYPE_MAX  64      /* characters */
#define CXM_EVENT_URL_MAX   2000

/* Members of a stored event that the code reads. */
#define CXM_EVENT_KEY         "k"
#define CXM_EVENT_BROUGHT     "i"
#define CXM_EVENT_AT          "at"
#define CXM_EVENT_BOT         "bot"
#define CXM_EVENT_UNVERIFIED  "unverified"
#define CXM_EVENT_LATENCY     "latency"

/* Questions of the series. */
#define CXM_TOUCH_EVENTS   0
#define CXM_TOUCH_LATENCY  1

/* Points of the series. */
#define CXM_TOUCH_PEOPLE  0
#define CXM_TOUCH_BOTS    1

extern const cxm_kind_t    cxm_kind_touchpoint;
extern const cxm_fields_t  cxm_event_fields;

/*
 * Checks one event and makes it what is stored (without what needs a
 * transaction): fields, personal query parameters stripped from url and
 * referrer (cxm_event_url.h), privacy, bot and money marks, client_time,
 * which with a server key must not be after `now`.  A server key's own
 * agent is no bot.  Appends the event, packed, to out; nothing when it is
 * refused.  Needs no transaction: runs in the event loop.
 */
cxm_rc_t cxm_event_make(cxm_store_t *store, const cxm_caller_t *caller,
    cxm_ms_t now, const json_t *input, const char *pointer, cxm_buf_t *out,
    cxm_error_t *err);

/*
 * The same of a request that the web server itself has served, input being
 * what its configuration says of it: a customer that is named there is known.
 * A member that is not as it must be is left out; without a type it is none.
 */
cxm_rc_t cxm_event_served(cxm_store_t *store, const cxm_caller_t *caller,
    cxm_ms_t now, const json_t *input, const cxm_served_t *served,
    cxm_buf_t *out, cxm_error_t *err);

/*
 * Gathers a copy of one made event into the transaction; *duplicate when its
 * id was seen within 24 h or in this transaction: then nothing is written.
 */
cxm_rc_t cxm_touchpoint_add(cxm_txn_t *txn, cxm_str_t event, int *duplicate,
    cxm_error_t *err);

/* Gathered events become entries: flow's flush. */
cxm_rc_t cxm_touchpoint_flush(cxm_txn_t *txn, cxm_error_t *err);

extern const cxm_fields_t  cxm_touchpoint_shown;    /* as staff see them */

typedef enum {
    CXM_BOTS_ANY = 0,
    CXM_BOTS_NONE,
    CXM_BOTS_ONLY
} cxm_touchpoint_bots_t;

typedef struct {
    cxm_str_t              type;        /* data NULL: any */
    cxm_str_t              touchpoint;
    cxm_touchpoint_bots_t  bots;
    cxm_ms_t               from, to;    /* of the event; half-open */
    unsigned               limit;
    cxm_place_t            before;      /* no 0: the newest */
} cxm_touchpoint_query_t;

/*
 * Newest first, by when the store took them in.  At most 10,000 entries of
 * the journal are looked at; *next is where to go on (`before` of the next
 * call), no 0 at the end; a page may so be short.
 */
cxm_rc_t cxm_touchpoint_list(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_touchpoint_query_t *query, json_t **items, cxm_place_t *next,
    int *personal, cxm_error_t *err);

/* As cxm_response_export(): the query's limit and before are not used. */
cxm_rc_t cxm_touchpoint_export(cxm_txn_t *txn,
    const cxm_touchpoint_query_t *query, cxm_export_t *export,
    cxm_error_t *err);

/*
 * Where an event is among exported ones; CXM_NOT_FOUND.  Of one that an
 * import has brought that is known for 30 days.
 */
cxm_rc_t cxm_touchpoint_place(cxm_txn_t *txn, const cxm_uuid_t *id,
    cxm_place_t *place);

extern const cxm_export_rows_t  cxm_touchpoint_rows;
extern const cxm_import_kind_t  cxm_touchpoint_import;

/*
 * Cells of events from their entries: a cxm_cell_source_pt.  Exactly those
 * that counters hold; events that come while it reads are left out.
 */
cxm_rc_t cxm_touchpoint_cells(cxm_long_read_t *read,
    const cxm_cell_query_t *query, cxm_cell_pt fn, void *ctx,
    cxm_error_t *err);

/* Number of a segment by name; 0: none. */
uint16_t cxm_touch_segment(cxm_str_t name);


#endif /* CXM_TOUCHPOINT_H */
