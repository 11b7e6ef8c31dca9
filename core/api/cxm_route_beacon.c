/*
 * The beacon: events from browsers, servers and pictures.
 *
 * All reading and checking is done in the event loop; the write phase only
 * gathers what was made (cxm_touchpoint.h), and events of all requests of a
 * batch become entries together.
 */

#include "cxm_beacon_body.h"
#include "cxm_json.h"
#include "cxm_routes.h"
#include "cxm_touchpoint.h"


/*
 * Bytes of packed events of a request: no more than those of its body, but
 * for what is added to each of them.
 */
#define CXM_BEACON_EVENTS  (CXM_BODY_SERVER + 1024 * CXM_EVENTS_MAX)

typedef struct {
    int        single;
    size_t     n;                       /* made */
    size_t    *ends;                    /* of each of them in: */
    cxm_buf_t  events;
    json_t    *rejected;
} cxm_beacon_t;


/* 1 x 1, transparent; the one that nginx's empty_gif sends. */
static const uint8_t  cxm_beacon_gif[] = {
    'G', 'I', 'F', '8', '9', 'a',
    0x01, 0x00, 0x01, 0x00, 0x80, 0x01, 0x00,
    0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
    0x21, 0xf9, 0x04, 0x01, 0x00, 0x00, 0x01, 0x00,
    0x2c, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0x00,
    0x02, 0x02, 0x4c, 0x01, 0x00, 0x3b
};


static cxm_rc_t
beacon_no_memory(cxm_call_t *call)
{
    return cxm_fail(&call->err, CXM_INTERNAL, NULL, "Not enough memory.");
}


/* --- events ------------------------------------------------------------- */

static void
beacon_free(void *data)
{
    cxm_beacon_t  *beacon = data;

    cxm_buf_free(&beacon->events);
    json_decref(beacon->rejected);
}


/* With room for n events. */
static cxm_beacon_t *
beacon_create(cxm_call_t *call, size_t n)
{
    cxm_beacon_t  *beacon;

    beacon = cxm_arena_alloc(&call->arena, sizeof(*beacon));

    if (beacon == NULL) {
        return NULL;
    }

    call->data = beacon;
    call->data_free = beacon_free;

    cxm_buf_init(&beacon->events, CXM_BEACON_EVENTS);
    beacon->ends = cxm_arena_alloc(&call->arena, (n + 1) * sizeof(size_t));

    return beacon->ends == NULL ? NULL : beacon;
}


static cxm_rc_t
beacon_make(cxm_call_t *call, const json_t *input, const char *pointer,
    cxm_error_t *err)
{
    cxm_rc_t       rc;
    cxm_beacon_t  *beacon;

    beacon = call->data;
    rc = cxm_event_make(call->store, &call->caller, call->now, input,
                        pointer, &beacon->events, err);

    if (rc == CXM_OK) {
        beacon->ends[beacon->n++] = beacon->events.len;
    }

    return rc;
}


static cxm_rc_t
beacon_single(cxm_call_t *call, const json_t *input)
{
    cxm_beacon_t  *beacon;

    beacon = beacon_create(call, 1);

    if (beacon == NULL) {
        return beacon_no_memory(call);
    }

    beacon->single = 1;

    return beacon_make(call, input, "", &call->err);
}


static int
beacon_reject(cxm_beacon_t *beacon, size_t i, const cxm_error_t *err)
{
    return json_array_append_new(beacon->rejected,
                                 json_pack("{s:I,s:s,s:s}",
                                           "index", (json_int_t) i,
                                           "code", err->issues[0].code,
                                           "pointer",
                                           err->issues[0].pointer));
}


static cxm_rc_t
beacon_list(cxm_call_t *call, const json_t *list, const char *where)
{
    char           pointer[32];
    size_t         i, n;
    cxm_rc_t       rc;
    cxm_error_t    err;
    cxm_beacon_t  *beacon;

    n = json_array_size(list);

    if (n > CXM_EVENTS_MAX) {
        return cxm_fail(&call->err, CXM_TOO_LARGE, "too_many_events",
                        "At most %d events at once.", CXM_EVENTS_MAX);
    }

    beacon = beacon_create(call, n);

    if (beacon == NULL || (beacon->rejected = json_array()) == NULL) {
        return beacon_no_memory(call);
    }

    cxm_error_init(&err);

    for (i = 0; i < n; i++) {
        (void) snprintf(pointer, sizeof(pointer), "%s/%zu", where, i);

        rc = beacon_make(call, json_array_get(list, i), pointer, &err);

        if (rc == CXM_OK) {
            continue;
        }

        if (rc != CXM_INVALID || err.nissues == 0
            || beacon_reject(beacon, i, &err) != 0)
        {
            return beacon_no_memory(call);
        }

        cxm_error_init(&err);
    }

    return CXM_OK;
}


/* Beside "events" nothing may be. */
static cxm_rc_t
beacon_alone(cxm_call_t *call, const json_t *document)
{
    char         pointer[CXM_ERROR_POINTER_LEN];
    void        *iter;
    json_t      *object;
    const char  *name;

    object = (json_t *) document;

    for (iter = json_object_iter(object); iter != NULL;
         iter = json_object_iter_next(object, iter))
    {
        name = json_object_iter_key(iter);

        if (strcmp(name, "events") != 0) {
            pointer[0] = '\0';
            cxm_pointer_push(pointer, sizeof(pointer), cxm_strz(name));
            (void) cxm_issue(&call->err, pointer, "unknown_field",
                             "Only \"events\" may be there.");
        }
    }

    return call->err.nissues == 0 ? CXM_OK : CXM_INVALID;
}


/* A document with "events" and without "type" holds a list of them. */
static cxm_rc_t
beacon_document(cxm_call_t *call, const json_t *document)
{
    json_t  *events;

    if (json_is_array(document)) {
        return beacon_list(call, document, "");
    }

    events = json_object_get(document, "events");

    if (events == NULL || json_object_get(document, "type") != NULL) {
        return beacon_single(call, document);
    }

    if (!json_is_array(events)) {
        return cxm_issue(&call->err, "/events", "wrong_type",
                         "Must be an array.");
    }

    return beacon_alone(call, document) == CXM_OK
           ? beacon_list(call, events, "/events") : CXM_INVALID;
}


static cxm_rc_t
beacon_post_prepare(cxm_call_t *call)
{
    json_t    *document;
    cxm_rc_t   rc;

    document = NULL;
    rc = cxm_beacon_body(call, &document);

    if (rc == CXM_OK) {
        rc = beacon_document(call, document);
    }

    json_decref(document);

    return rc;
}


/* HEAD records nothing, so nothing is asked of it. */
static cxm_rc_t
beacon_pixel_prepare(cxm_call_t *call)
{
    json_t    *input;
    cxm_rc_t   rc;

    if (call->method == CXM_HEAD) {
        return CXM_OK;
    }

    input = NULL;
    rc = cxm_beacon_pairs(call, call->args, call->nargs, &input);

    if (rc == CXM_OK) {
        rc = beacon_single(call, input);
    }

    json_decref(input);

    return rc;
}


/* --- writing ------------------------------------------------------------ */

static cxm_rc_t
beacon_gather(cxm_call_t *call, cxm_txn_t *txn, json_int_t *accepted,
    json_int_t *duplicates)
{
    int                  duplicate;
    size_t               i, start;
    cxm_rc_t             rc;
    cxm_str_t            event;
    const cxm_beacon_t  *beacon;

    beacon = call->data;
    *accepted = 0;
    *duplicates = 0;

    for (i = 0, start = 0; i < beacon->n; start = beacon->ends[i++]) {
        event.data = (const char *) beacon->events.data + start;
        event.len = beacon->ends[i] - start;
        rc = cxm_touchpoint_add(txn, event, &duplicate, &call->err);

        if (rc != CXM_OK) {
            return rc;
        }

        *(duplicate ? duplicates : accepted) += 1;
    }

    /* a picture of this site may be shown by any other */

    cxm_call_header(call, "Cross-Origin-Resource-Policy",
                    cxm_str("cross-origin"));

    return CXM_OK;
}


static cxm_rc_t
beacon_post_write(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t             rc;
    json_int_t           accepted, duplicates;
    const cxm_beacon_t  *beacon;

    beacon = call->data;
    rc = beacon_gather(call, txn, &accepted, &duplicates);

    if (rc != CXM_OK) {
        return rc;
    }

    if (beacon->single) {
        return cxm_call_reply_raw(call, 204, NULL);
    }

    return cxm_call_reply(call, 200,
                          json_pack("{s:I,s:I,s:O}", "accepted", accepted,
                                    "duplicate", duplicates, "rejected",
                                    beacon->rejected));
}


static cxm_rc_t
beacon_pixel_write(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t    rc;
    json_int_t  accepted, duplicates;

    rc = beacon_gather(call, txn, &accepted, &duplicates);

    if (rc != CXM_OK) {
        return rc;
    }

    cxm_buf_put(&call->reply.body, cxm_beacon_gif, sizeof(cxm_beacon_gif));

    return cxm_call_reply_raw(call, 200, call->route->media);
}


/* --- tables ------------------------------------------------------------- */

/* The event that a picture's address is, member by member. */
static const cxm_field_t  cxm_beacon_query[] = {
    { .name = "type", .type = CXM_FIELD_STRING, .flags = CXM_FIELD_REQUIRED,
      .max = CXM_EVENT_TYPE_MAX, .summary = "What happened: page_view." },
    { .name = "id", .type = CXM_FIELD_UUID,
      .summary = "The same one counts once in 24 hours." },
    { .name = "visitor", .type = CXM_FIELD_STRING, .max = 100,
      .flags = CXM_FIELD_PERSONAL,
      .summary = "Who, for as long as a browser keeps it." },
    { .name = "customer", .type = CXM_FIELD_STRING, .max = 100,
      .flags = CXM_FIELD_PERSONAL,
      .summary = "Kept as `claimed`, unless signed in as this one." },
    { .name = "session", .type = CXM_FIELD_STRING, .max = 100,
      .flags = CXM_FIELD_PERSONAL, .summary = "Which visit." },
    { .name = "url", .type = CXM_FIELD_URL, .max = CXM_EVENT_URL_MAX,
      .summary = "Without fragment and personal parameters." },
    { .name = "referrer", .type = CXM_FIELD_STRING, .max = CXM_EVENT_URL_MAX,
      .summary = "Without fragment and personal parameters." },
    { .name = "title", .type = CXM_FIELD_STRING, .max = 300,
      .summary = "Of the page." },
    { .name = "touchpoint", .type = CXM_FIELD_STRING, .max = 100,
      .summary = "purchase, support ..." },
    { .name = "product", .type = CXM_FIELD_STRING, .max = 100,
      .summary = "Which one it is about." },
    { .name = "value.amount", .type = CXM_FIELD_INT,
      .summary = "In minor units." },
    { .name = "value.currency", .type = CXM_FIELD_STRING,
      .summary = "Three capital letters." },
    { .name = "client_time", .type = CXM_FIELD_TIME,
      .summary = "When it was, by the client's clock." },
    { .name = CXM_BEACON_IGNORED, .type = CXM_FIELD_TEXT,
      .summary = "Ignored: makes the address a new one for caches." },
    { .name = NULL }
};

static const cxm_field_t  cxm_beacon_rejected_fields[] = {
    { .name = "index", .type = CXM_FIELD_INT },
    { .name = "code", .type = CXM_FIELD_STRING },
    { .name = "pointer", .type = CXM_FIELD_STRING },
    { .name = NULL }
};

static const cxm_fields_t  cxm_beacon_rejected = {
    "BeaconRejected", cxm_beacon_rejected_fields
};

static const cxm_field_t  cxm_beacon_rejected_item = {
    .name = "rejected", .type = CXM_FIELD_OBJECT,
    .object = &cxm_beacon_rejected
};

static const cxm_field_t  cxm_beacon_output_fields[] = {
    { .name = "accepted", .type = CXM_FIELD_INT,
      .summary = "events that are on stable storage now" },
    { .name = "duplicate", .type = CXM_FIELD_INT,
      .summary = "events whose id was there before" },
    { .name = "rejected", .type = CXM_FIELD_ARRAY,
      .item = &cxm_beacon_rejected_item },
    { .name = NULL }
};

static const cxm_fields_t  cxm_beacon_output = {
    "BeaconReply", cxm_beacon_output_fields
};

const cxm_route_t  cxm_routes_beacon[] = {
    { .endpoint = CXM_ENDPOINT_BEACON, .method = CXM_POST, .path = "",
      .policy = CXM_PUBLIC, .flags = CXM_ROUTE_RAW | CXM_ROUTE_FORM
                                     | CXM_ROUTE_BIG,
      .input = &cxm_event_fields, .answers = CXM_200 | CXM_204,
      .output = &cxm_beacon_output,
      .prepare = beacon_post_prepare, .write = beacon_post_write,
      .summary = "Count one event (204), an array or {\"events\": [...]} "
                 "(200); gzip is taken" },
    { .endpoint = CXM_ENDPOINT_BEACON, .method = CXM_GET, .path = "",
      .policy = CXM_PUBLIC, .query = cxm_beacon_query, .answers = CXM_200,
      .media = "image/gif",
      .prepare = beacon_pixel_prepare, .write = beacon_pixel_write,
      .summary = "Count one event; answers a transparent GIF" },
    { .path = NULL }
};
