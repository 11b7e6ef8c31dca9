/*
 * The life of a call: steps in the loop, the read phase, the write phase.
 */

#include <stdlib.h>

#include "cxm_call.h"
#include "cxm_json.h"
#include "cxm_log.h"
#include "cxm_memory.h"
#include "cxm_session.h"
#include "cxm_status.h"
#include "cxm_throttling.h"


#define CXM_JSON_WEIGHT  8      /* heap bytes of a parsed body's byte */


cxm_call_t *
cxm_call_create(cxm_store_t *store)
{
    cxm_call_t  *call;

    call = malloc(sizeof(*call));

    if (call == NULL) {
        return NULL;
    }

    memset(call, 0, offsetof(cxm_call_t, err));
    call->store = store;
    cxm_error_init(&call->err);
    cxm_buf_init(&call->reply.body, CXM_REPLY_MAX);

    return call;
}


/* What its phases had. */
static void
cxm_call_release(cxm_call_t *call)
{
    if (call->route != NULL && call->route->hash != NULL && !call->hashed) {
        cxm_call_throttle_return(call);
    }

    if (call->data_free != NULL && call->data != NULL) {
        call->data_free(call->data);
    }

    json_decref(call->input);
    json_decref(call->output);
    json_decref(call->mark.output);
    json_decref(call->audit_object);

    call->data = NULL;
    call->input = NULL;
    call->output = NULL;
    call->mark.output = NULL;
    call->audit_object = NULL;
}


cxm_call_t *
cxm_call_shrink(cxm_call_t *call)
{
    cxm_call_t  *reply;

    cxm_call_release(call);
    reply = realloc(call, offsetof(cxm_call_t, err));

    if (reply == NULL) {
        return call;
    }

    return reply;
}


void
cxm_call_free(cxm_call_t *call)
{
    if (call == NULL) {
        return;
    }

    cxm_call_release(call);
    cxm_export_free(call->export);
    cxm_buf_free(&call->reply.body);
    cxm_arena_free(&call->arena);
    free(call);
}


size_t
cxm_call_size(const cxm_call_t *call)
{
    return sizeof(*call) + call->arena.total + call->reply.body.size
           + CXM_JSON_WEIGHT * call->body_len;
}


/* --- begin -------------------------------------------------------------- */

static cxm_rc_t
cxm_step_store(cxm_call_t *call)
{
    if (call->store != NULL) {
        return CXM_OK;
    }

    if (call->route->flags & CXM_ROUTE_ALWAYS) {
        return call->route->prepare(call);
    }

    call->err.retry_after = 5;

    return cxm_fail(&call->err, CXM_UNAVAILABLE, "store_unavailable",
                    "The store cannot be opened at the moment.");
}


static cxm_rc_t
cxm_step_hash(cxm_call_t *call)
{
    const cxm_request_t  *request;

    request = call->request;

    if (call->route->hash != NULL && request->hash_room != NULL
        && !request->hash_room(request->hash_ctx))
    {
        cxm_call_overload(call);
    }

    return call->rc;
}


static cxm_rc_t
cxm_step_prepare(cxm_call_t *call)
{
    return call->route->prepare == NULL ? CXM_OK : call->route->prepare(call);
}


static const cxm_prepare_pt  cxm_call_steps[] = {
    cxm_step_headers,
    cxm_step_route,
    cxm_step_hash,
    cxm_step_store,
    cxm_step_principal,
    cxm_step_cross_site,
    cxm_step_conditions,
    cxm_step_args,
    cxm_step_input,
    cxm_step_prepare
};


static cxm_next_t
cxm_call_to_write(cxm_call_t *call)
{
    const cxm_route_t  *route;

    route = call->route;

    if (route->write == NULL
        || ((route->flags & CXM_ROUTE_PERSONAL) && !call->audit))
    {
        call->only_seen = call->seen != 0;
        return call->only_seen ? CXM_NEXT_WRITE : CXM_NEXT_DONE;
    }

    if (call->method == CXM_HEAD && route->read == NULL) {
        call->reply.status = 200;
        return CXM_NEXT_DONE;
    }

    return CXM_NEXT_WRITE;
}


/* What comes behind read, or at once. */
static cxm_next_t
cxm_call_to_hash(cxm_call_t *call)
{
    if (call->route->hash == NULL) {
        return cxm_call_to_write(call);
    }

    return call->reply.status == 0 ? CXM_NEXT_HASH : CXM_NEXT_DONE;
}


cxm_next_t
cxm_call_begin(cxm_call_t *call, const cxm_request_t *request)
{
    size_t  i;

    call->request = request;
    call->rc = CXM_OK;

    for (i = 0; i < sizeof(cxm_call_steps) / sizeof(cxm_call_steps[0]); i++) {

        call->rc = cxm_call_steps[i](call);

        if (call->rc != CXM_OK || call->reply.status != 0) {
            call->request = NULL;
            return CXM_NEXT_DONE;
        }
    }

    call->request = NULL;

    if (call->route->read == NULL) {
        return cxm_call_to_hash(call);
    }

    return call->route->flags & CXM_ROUTE_BOUNDED ? CXM_NEXT_READ_LOOP
                                                  : CXM_NEXT_READ_POOL;
}


/* --- read --------------------------------------------------------------- */

static void
cxm_call_dump(cxm_call_t *call)
{
    if (call->reply.status == 0) {
        call->rc = cxm_fail(&call->err, CXM_INTERNAL, NULL,
                            "A handler gave no reply.");
        return;
    }

    if (call->output == NULL) {
        return;
    }

    cxm_buf_reset(&call->reply.body);
    cxm_json_dump(&call->reply.body, call->output);
    call->reply.content_type = cxm_str("application/json");

    json_decref(call->output);
    call->output = NULL;

    /* now: what the write phase rewinds to would look like a whole reply */

    if (call->reply.body.failed) {
        call->rc = cxm_fail(&call->err, CXM_INTERNAL, NULL,
                            "The reply is too long.");
    }
}


cxm_next_t
cxm_call_read(cxm_call_t *call)
{
    uint64_t    start;
    cxm_txn_t  *txn;

    /* what an earlier call of this thread lacked is none of ours */

    (void) cxm_memory_failed();

    start = cxm_monotonic_us();
    call->rc = cxm_txn_read(call->store, &txn, &call->err);

    if (call->rc == CXM_OK) {
        call->rc = call->route->read(call, txn);
        cxm_txn_end(txn);
    }

    /* here, in the pool: a long list would hold up the event loop */

    if (call->rc == CXM_OK && cxm_call_to_hash(call) != CXM_NEXT_HASH) {
        cxm_call_dump(call);
    }

    if (call->endpoint == CXM_ENDPOINT_ADMIN) {
        cxm_call_headerf(call, "Server-Timing", "read;dur=%.3f",
                         (double) (cxm_monotonic_us() - start) / 1000);
    }

    return call->rc == CXM_OK ? cxm_call_to_hash(call) : CXM_NEXT_DONE;
}


cxm_next_t
cxm_call_hash(cxm_call_t *call)
{
    call->hashed = 1;
    call->rc = call->route->hash(call);

    return call->rc == CXM_OK && call->reply.status == 0
           ? cxm_call_to_write(call) : CXM_NEXT_DONE;
}


int
cxm_call_stopped(const cxm_call_t *call)
{
    return call->rc == CXM_UNAVAILABLE
           && strcmp(call->err.code, CXM_LONG_STOPPED) == 0;
}


/* --- write -------------------------------------------------------------- */

static void
cxm_call_mark(cxm_call_t *call)
{
    json_decref(call->mark.output);

    call->mark.output = json_incref(call->output);
    call->mark.status = call->reply.status;
    call->mark.content_type = call->reply.content_type;
    call->mark.body_len = call->reply.body.len;
    call->mark.nheaders = call->reply.nheaders;
}


/*
 * A run before may have been undone.  Headers that `read` set are as they
 * were unless a run replaced one, which then is replaced again.
 */
static void
cxm_call_rewind(cxm_call_t *call)
{
    json_decref(call->output);

    call->output = json_incref(call->mark.output);
    call->reply.status = call->mark.status;
    call->reply.content_type = call->mark.content_type;
    call->reply.body.len = call->mark.body_len;
    call->reply.body.failed = 0;
    call->reply.nheaders = call->mark.nheaders;
    call->subject = 0;
    call->denied = CXM_OK;

    cxm_error_init(&call->err);
}


static cxm_rc_t cxm_call_after(cxm_txn_t *txn, void *data, cxm_error_t *err);


/*
 * A session that was there when the call began may have been ended while it
 * waited.  Noting its use is nothing that a call may fail for.
 */
static cxm_rc_t
cxm_call_session(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t  rc;

    if (call->caller.principal.session == 0) {
        return CXM_OK;
    }

    rc = cxm_session_check(txn, call->caller.principal.session, call->now,
                           &call->err);

    return rc == CXM_OK && call->seen != 0
           ? cxm_session_seen(txn, call->seen, &call->err) : rc;
}


static cxm_rc_t
cxm_call_write(cxm_txn_t *txn, void *data, cxm_error_t *err)
{
    cxm_rc_t     rc;
    cxm_call_t  *call;

    call = data;
    cxm_call_rewind(call);

    call->op.then = NULL;
    rc = cxm_call_session(call, txn);

    if (rc == CXM_OK && !call->only_seen) {
        rc = cxm_idempotent_write(call, txn);
    }

    if (rc != CXM_OK) {
        cxm_problem_default(call, rc);

        if (err != NULL && err != &call->err) {
            *err = call->err;
        }
    }

    return rc;
}


cxm_rc_t
cxm_call_first(cxm_call_t *call, cxm_txn_t *txn)
{
    if (call->route->after != NULL) {
        call->op.then = cxm_call_after;
    }

    return call->route->write(call, txn);
}


static cxm_rc_t
cxm_call_after(cxm_txn_t *txn, void *data, cxm_error_t *err)
{
    cxm_rc_t     rc;
    cxm_call_t  *call;

    (void) err;

    call = data;

    if (call->after) {
        cxm_call_rewind(call);

    } else {
        cxm_call_mark(call);
        call->after = 1;
    }

    rc = call->route->after(call, txn);

    return rc == CXM_OK ? cxm_idempotent_keep(call, txn) : rc;
}


cxm_rc_t
cxm_call_deny(cxm_call_t *call, cxm_rc_t rc, const char *code,
    const char *detail)
{
    call->denied = cxm_fail(&call->err, rc, code, "%s", detail);

    return CXM_OK;
}


cxm_op_t *
cxm_call_op(cxm_call_t *call)
{
    cxm_call_mark(call);

    call->op.run = cxm_call_write;
    call->op.data = call;
    call->op.rc = CXM_INTERNAL;
    call->op.err = &call->err;

    return &call->op;
}


void
cxm_call_refuse(cxm_call_t *call, cxm_rc_t rc, const char *code,
    const char *detail, unsigned retry_after)
{
    call->op.run = NULL;
    call->rc = cxm_fail(&call->err, rc, code, "%s", detail);
    call->err.retry_after = retry_after;
}


void
cxm_call_overload(cxm_call_t *call)
{
    cxm_call_refuse(call, CXM_UNAVAILABLE, "overloaded",
                    "The server has more work than it can take now; "
                    "nothing was written.", 1);
}


cxm_rc_t
cxm_write_audit(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t   rc;
    json_t    *object;

    object = call->audit_object != NULL
             ? json_incref(call->audit_object)
             : json_stringn(call->path.data, call->path.len);

    rc = cxm_audit(txn, &call->caller, call->route->path, object, &call->err);
    json_decref(object);

    return rc;
}


/* --- end ---------------------------------------------------------------- */

/* What was read stays with us when nobody will know that it was. */
static void
cxm_call_unaudited(cxm_call_t *call)
{
    if (call->rc == CXM_OK || call->op.run == NULL
        || !(call->route->flags & CXM_ROUTE_PERSONAL))
    {
        return;
    }

    call->rc = cxm_fail(&call->err, CXM_UNAVAILABLE, "audit_unavailable",
                        "Reading this leaves a record, which cannot be "
                        "written at the moment.");
    call->err.retry_after = 5;
}


/* What the route's row does not say, no client can know. */
static void
cxm_call_declared(const cxm_call_t *call)
{
    int  status;

    status = call->reply.status;

    if (call->route != NULL && status != 500
        && !(cxm_status_bit(status) & cxm_route_answers(call->route)))
    {
        cxm_log(CXM_LOG_ALERT, "%s answers %d (%s), which its route does not "
                "say", call->route->path, status, call->err.code);
    }
}


void
cxm_call_end(cxm_call_t *call)
{
    if (call->op.run != NULL) {
        call->rc = call->op.rc;

        if (call->after && call->op.then_rc != CXM_OK) {
            cxm_call_rewind(call);
        }
    }

    if (call->only_seen) {
        call->rc = CXM_OK;

    } else if (call->rc == CXM_OK) {
        call->rc = call->denied;
    }

    cxm_call_unaudited(call);

    if (call->rc == CXM_OK) {
        cxm_call_dump(call);
    }

    if (call->rc == CXM_OK && call->reply.body.failed) {
        call->rc = cxm_fail(&call->err, CXM_INTERNAL, NULL,
                            "The reply is too long.");
    }

    if (call->rc != CXM_OK) {
        cxm_export_free(call->export);
        call->export = NULL;
        call->stream = NULL;
        cxm_problem_reply(call);
    }

    cxm_call_declared(call);
    cxm_reply_common(call);
}
