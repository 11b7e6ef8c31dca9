/*
 * The live stream.
 */

#include "cxm_call.h"
#include "cxm_routes.h"


static const cxm_field_t  stream_query[] = {
    { .name = "kinds", .type = CXM_FIELD_STRING, .min = 1, .max = 400,
      .summary = "names separated by commas: response,survey; default: all "
                 "that the key may see but touchpoint" },
    { .name = "last_event_id", .type = CXM_FIELD_STRING,
      .min = 1, .max = CXM_STREAM_ID_MAX,
      .summary = "as the header Last-Event-ID, for clients that cannot set "
                 "it" },
    { .name = NULL }
};

static const cxm_field_t  stream_event_fields[] = {
    { .name = "kind", .type = CXM_FIELD_STRING },
    { .name = "id", .type = CXM_FIELD_UUID, .flags = CXM_FIELD_NULLABLE },
    { .name = "action", .type = CXM_FIELD_STRING,
      .summary = "add, put or delete" },
    { .name = "at", .type = CXM_FIELD_TIME },
    { .name = "version", .type = CXM_FIELD_INT },
    { .name = "survey", .type = CXM_FIELD_SLUG },
    { .name = "status", .type = CXM_FIELD_ANY },
    { .name = "answers", .type = CXM_FIELD_ANY,
      .summary = "scores and choices; texts are never in a stream" },
    { .name = "segments", .type = CXM_FIELD_ANY },
    { .name = NULL }
};

static const cxm_fields_t  stream_event = {
    "StreamEvent", stream_event_fields
};


/* Where the client left off: the header, or the argument that stands for it. */
static cxm_rc_t
stream_resume(cxm_call_t *call)
{
    cxm_str_t  id;

    id = call->request->last_event_id;

    if (id.len == 0) {
        id = cxm_call_arg(call, "last_event_id");
    }

    if (id.len == 0) {
        return CXM_OK;
    }

    if (cxm_stream_behind(call->store, id, &call->stream->from) != CXM_OK) {
        return cxm_issue(&call->err, "?last_event_id", "invalid",
                         "This is no id of an event of this store.");
    }

    return CXM_OK;
}


static cxm_rc_t
stream_prepare(cxm_call_t *call)
{
    cxm_rc_t  rc;

    call->stream = cxm_arena_alloc(&call->arena, sizeof(cxm_stream_t));

    if (call->stream == NULL) {
        return cxm_fail(&call->err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    if (cxm_call_has_arg(call, "kinds")) {
        rc = cxm_stream_kinds(&call->caller, cxm_call_arg(call, "kinds"),
                              &call->stream->kinds, &call->err);
        if (rc != CXM_OK) {
            return rc;
        }

    } else {
        call->stream->kinds = cxm_stream_allowed(&call->caller);
    }

    return stream_resume(call);
}


static cxm_rc_t
stream_read(cxm_call_t *call, cxm_txn_t *txn)
{
    uint64_t            whole, head;
    cxm_rc_t            rc;
    cxm_event_place_t  *from;

    from = &call->stream->from;
    head = cxm_txn_head(txn);
    call->stream->head = head;

    if (from->seq == 0) {
        from->seq = head + 1;
    }

    rc = cxm_journal_whole(txn, &whole, &call->err);

    if (rc != CXM_OK) {
        return rc;
    }

    if (from->seq < whole || from->seq > head + 1) {
        return cxm_fail(&call->err, CXM_CONFLICT, "gone",
                        "What followed this event is no more in the journal: "
                        "read what there is and begin anew.");
    }

    /* proxies in front must not wait for more */

    cxm_call_header(call, "X-Accel-Buffering", cxm_str("no"));

    return cxm_call_reply_raw(call, 200, call->route->media);
}


const cxm_route_t  cxm_routes_stream[] = {
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_GET, .path = "stream",
      .policy = CXM_SCOPED, .scopes = CXM_SCOPE_METRICS_READ,
      .flags = CXM_ROUTE_BOUNDED | CXM_ROUTE_STREAM,
      .query = stream_query, .answers = CXM_200 | CXM_409,
      .output = &stream_event, .media = "text/event-stream",
      .prepare = stream_prepare, .read = stream_read,
      .summary = "What happens, as it happens (server-sent events)" },
    { .path = NULL }
};
