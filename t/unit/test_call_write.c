/*
 * Calls that write: conditions, idempotency, the audit, repeated runs,
 * failures.
 */

#include "call_fixture.h"


static void
put_note(const char *text, const char *if_match, const char *if_none_match,
    int status, const char *etag)
{
    cxm_call_t     *call;
    cxm_request_t   r;

    r = request(CXM_ENDPOINT_ADMIN, CXM_PUT, "notes/a");
    set_json(&r, text);
    r.if_match = cxm_strz(if_match);
    r.if_none_match = cxm_strz(if_none_match);

    call = drive(&r);
    assert_int_equal(call->reply.status, status);
    if (etag != NULL) {
        assert_string_equal(header(call, "ETag"), etag);
    }
    if (status == 201) {
        assert_string_equal(header(call, "Location"), "/admin/notes/a");
    }
    cxm_call_free(call);
}


static void
conditions(void **state)
{
    size_t          i;
    cxm_call_t     *call;
    cxm_request_t   r;

    static const struct {
        const char  *tag;
        int          status;
    } gets[] = {
        { "\"2\"", 304 }, { "W/\"2\"", 304 }, { "\"1\", \"2\"", 304 },
        { "*", 304 }, { "\"1\"", 200 }, { "\"22\"", 200 }, { "2", 200 }
    };

    (void) state;

    put_note("{\"text\":\"1\"}", "*", NULL, 412, NULL);
    put_note("{\"text\":\"1\"}", "\"1\"", NULL, 412, NULL);
    put_note("{\"text\":\"1\"}", NULL, "*", 201, "\"1\"");
    put_note("{\"text\":\"2\"}", NULL, "*", 412, NULL);
    put_note("{\"text\":\"2\"}", "\"x\"", NULL, 412, NULL);
    put_note("{\"text\":\"2\"}", "\"01\"", NULL, 412, NULL);
    put_note("{\"text\":\"2\"}", "W/\"1\"", NULL, 200, "\"2\"");
    put_note("{\"text\":\"3\"}", "\"1\"", NULL, 412, NULL);

    r = request(CXM_ENDPOINT_ADMIN, CXM_GET, "notes/a");

    for (i = 0; i < sizeof(gets) / sizeof(gets[0]); i++) {
        r.if_none_match = cxm_strz(gets[i].tag);
        call = drive(&r);
        assert_int_equal(call->reply.status, gets[i].status);
        assert_string_equal(header(call, "ETag"), "\"2\"");
        if (gets[i].status == 304) {
            assert_int_equal(call->reply.body.len, 0);
            assert_null(call->reply.content_type.data);
        }
        cxm_call_free(call);
    }
}


static void
idempotency(void **state)
{
    json_t         *value;
    cxm_call_t     *call;
    cxm_request_t   r;

    (void) state;

    r = request(CXM_ENDPOINT_SURVEYS, CXM_POST, "demo/notes");
    set_json(&r, "{\"text\":\"a\",\"n\":1}");
    r.idempotency_key = cxm_str("key-1");

    call = drive(&r);
    assert_int_equal(call->reply.status, 201);
    assert_null(header(call, "Idempotent-Replayed"));
    cxm_call_free(call);

    /* the same JSON, written otherwise */

    set_json(&r, "{ \"n\": 1, \"text\": \"a\" }");
    call = drive(&r);
    assert_int_equal(call->reply.status, 201);
    assert_string_equal(header(call, "Idempotent-Replayed"), "true");
    assert_string_equal(header(call, "X-Run"), "1");
    value = body(call);
    assert_int_equal(cxm_json_get_int(value, "run", 0), 1);
    json_decref(value);
    cxm_call_free(call);
    assert_int_equal(runs, 1);

    set_json(&r, "{\"text\":\"b\"}");
    refused(&r, 422, "idempotency_mismatch", NULL);

    /* another survey, another principal */

    r.path = cxm_str("other/notes");
    call = drive(&r);
    assert_int_equal(call->reply.status, 201);
    cxm_call_free(call);
    r.path = cxm_str("demo/notes");
    r.authorization = cxm_strz(viewer);
    call = drive(&r);
    assert_int_equal(call->reply.status, 201);
    assert_null(header(call, "Idempotent-Replayed"));
    cxm_call_free(call);
    assert_int_equal(runs, 3);

    /* the same body of one principal to another survey is another answer */

    r.path = cxm_str("other/notes");
    call = drive(&r);
    assert_int_equal(call->reply.status, 201);
    assert_null(header(call, "Idempotent-Replayed"));
    cxm_call_free(call);
    assert_int_equal(runs, 4);

    r.idempotency_key = cxm_str("");
    refused(&r, 400, "bad_idempotency_key", NULL);
    r.idempotency_key = cxm_str("a b");
    refused(&r, 400, "bad_idempotency_key", NULL);

    /* what failed is not kept */

    r.idempotency_key = cxm_str("key-2");
    next_rc = CXM_CONFLICT;
    refused(&r, 409, "conflict", NULL);
    call = drive(&r);
    assert_int_equal(call->reply.status, 201);
    assert_null(header(call, "Idempotent-Replayed"));
    cxm_call_free(call);
}


static void
idempotency_of_others(void **state)
{
    char            first[16];
    cxm_call_t     *call;
    cxm_request_t   r;

    (void) state;

    /* bytes that are no text */

    r = request(CXM_ENDPOINT_BEACON, CXM_POST, "");
    r.body = cxm_str("anything");
    r.idempotency_key = cxm_str("k");
    call = drive(&r);
    assert_int_equal(call->reply.body.len, 6);
    memcpy(first, call->reply.body.data, 6);
    cxm_call_free(call);
    call = drive(&r);
    assert_int_equal(call->reply.body.len, 6);
    assert_memory_equal(call->reply.body.data, first, 6);
    assert_true(cxm_str_eqz(call->reply.content_type,
                            "application/octet-stream"));
    cxm_call_free(call);
    assert_int_equal(runs, 1);

    /* a secret is told once */

    r = request(CXM_ENDPOINT_ADMIN, CXM_POST, "keys");
    set_json(&r, "{\"role\":\"server\",\"name\":\"shop\"}");
    r.idempotency_key = cxm_str("k");
    call = drive(&r);
    assert_int_equal(call->reply.status, 201);
    assert_non_null(header(call, "Location"));
    cxm_call_free(call);
    refused(&r, 409, "already_done", NULL);
}


static void
audits(void **state)
{
    json_t         *value;
    uint64_t        head;
    cxm_txn_t      *txn;
    cxm_op_t       *op;
    cxm_call_t     *call;
    cxm_request_t   r;

    (void) state;

    txn = fixture_read(&fixture);
    head = cxm_txn_head(txn);
    cxm_txn_end(txn);

    r = request(CXM_ENDPOINT_ADMIN, CXM_GET, "people/short");
    call = drive(&r);
    assert_int_equal(call->reply.status, 200);
    cxm_call_free(call);
    txn = fixture_read(&fixture);
    assert_int_equal(cxm_txn_head(txn), head);
    cxm_txn_end(txn);

    r.path = cxm_str("people/full");
    call = drive(&r);
    assert_int_equal(call->reply.status, 200);
    assert_string_equal(header(call, "X-Read"), "1");
    value = body(call);
    assert_true(cxm_str_eqz(cxm_json_get_str(value, "email"), "a@b"));
    json_decref(value);
    cxm_call_free(call);
    txn = fixture_read(&fixture);
    assert_int_equal(cxm_txn_head(txn), head + 1);
    cxm_txn_end(txn);

    /* the write fails: no word of what was read */

    call = cxm_call_create(fixture.store);
    assert_int_equal(cxm_call_begin(call, &r), CXM_NEXT_READ_POOL);
    assert_int_equal(cxm_call_read(call), CXM_NEXT_WRITE);
    op = cxm_call_op(call);
    op->rc = CXM_FULL;
    cxm_call_end(call);
    assert_int_equal(call->reply.status, 503);
    assert_non_null(header(call, "Retry-After"));
    assert_null(header(call, "X-Read"));
    assert_false(cxm_str_has(cxm_buf_str(&call->reply.body), "a@b"));
    assert_true(cxm_str_has(cxm_buf_str(&call->reply.body),
                            "audit_unavailable"));
    cxm_call_free(call);

    cxm_store_latch(fixture.store, "test");
    refused(&r, 503, "audit_unavailable", NULL);
    cxm_store_unlatch(fixture.store);
}


/* The batch runs an operation again when another one spoils the first run. */
static cxm_rc_t
spoil(cxm_txn_t *txn, void *data, cxm_error_t *err)
{
    (void) data;
    cxm_txn_touch(txn);

    return cxm_fail(err, CXM_CONFLICT, NULL, "Spoilt.");
}


static void
repeats(void **state)
{
    json_t         *value;
    cxm_op_t        other, *ops[2];
    cxm_call_t     *call;
    cxm_error_t     err;
    cxm_request_t   r;

    (void) state;

    r = request(CXM_ENDPOINT_SURVEYS, CXM_POST, "demo/notes");
    set_json(&r, "{\"text\":\"a\"}");
    r.idempotency_key = cxm_str("again");

    call = cxm_call_create(fixture.store);
    assert_int_equal(cxm_call_begin(call, &r), CXM_NEXT_WRITE);

    other = (cxm_op_t) { .run = spoil, .err = &err };
    ops[0] = cxm_call_op(call);
    ops[1] = &other;
    cxm_batch_run(fixture.store, ops, 2, NULL);
    assert_int_equal(other.rc, CXM_CONFLICT);
    cxm_call_end(call);

    assert_int_equal(runs, 2);
    assert_int_equal(call->reply.status, 201);
    assert_string_equal(header(call, "X-Run"), "2");
    assert_null(header(call, "Idempotent-Replayed"));
    value = body(call);
    assert_int_equal(cxm_json_get_int(value, "run", 0), 2);
    json_decref(value);
    cxm_call_free(call);
}


static void
degraded(void **state)
{
    json_t         *value;
    cxm_call_t     *call;
    cxm_request_t   r;

    (void) state;

    r = request(CXM_ENDPOINT_ADMIN, CXM_GET, "notes/a");
    call = drive_in(NULL, &r);
    assert_int_equal(call->reply.status, 503);
    assert_string_equal(header(call, "Retry-After"), "5");
    value = body(call);
    assert_true(cxm_str_eqz(cxm_json_get_str(value, "code"),
                            "store_unavailable"));
    json_decref(value);
    cxm_call_free(call);

    r.path = cxm_str("nothing");
    call = drive_in(NULL, &r);
    assert_int_equal(call->reply.status, 404);
    cxm_call_free(call);

    r.path = cxm_str("notes/a");
    r.method = CXM_OPTIONS;
    call = drive_in(NULL, &r);
    assert_int_equal(call->reply.status, 204);
    cxm_call_free(call);

    call = cxm_call_create(fixture.store);
    r.method = CXM_PUT;
    set_json(&r, "{\"text\":\"a\"}");
    assert_int_equal(cxm_call_begin(call, &r), CXM_NEXT_WRITE);
    cxm_call_refuse(call, CXM_UNAVAILABLE, "busy", "Too much to do.", 2);
    cxm_call_end(call);
    assert_int_equal(call->reply.status, 503);
    assert_string_equal(header(call, "Retry-After"), "2");
    assert_true(cxm_str_has(cxm_buf_str(&call->reply.body),
                            "Too much to do."));
    cxm_call_free(call);
}


/* What fails inside is no client's business. */
static void
discreet(void **state)
{
    cxm_op_t       *op;
    cxm_call_t     *call;
    cxm_request_t   r;

    (void) state;

    r = request(CXM_ENDPOINT_ADMIN, CXM_PUT, "notes/a");
    set_json(&r, "{\"text\":\"a\"}");
    call = cxm_call_create(fixture.store);
    assert_int_equal(cxm_call_begin(call, &r), CXM_NEXT_WRITE);
    op = cxm_call_op(call);
    op->rc = cxm_fail(op->err, CXM_IO, NULL, "/secret/path: no");
    cxm_call_end(call);
    assert_int_equal(call->reply.status, 503);
    assert_false(cxm_str_has(cxm_buf_str(&call->reply.body), "secret"));
    cxm_call_free(call);

    r = request(CXM_ENDPOINT_SURVEYS, CXM_POST, "demo/notes");
    set_json(&r, "{\"text\":\"a\"}");
    next_rc = CXM_INTERNAL;
    refused(&r, 500, "internal", NULL);
}


static void
heads(void **state)
{
    cxm_call_t     *call;
    cxm_request_t   r;

    (void) state;

    r = request(CXM_ENDPOINT_BEACON, CXM_HEAD, "");
    call = drive(&r);
    assert_int_equal(call->reply.status, 200);
    assert_int_equal(runs, 0);
    cxm_call_free(call);

    put_note("{\"text\":\"1\"}", NULL, NULL, 201, NULL);
    r = request(CXM_ENDPOINT_ADMIN, CXM_HEAD, "notes/a");
    call = drive(&r);
    assert_int_equal(call->reply.status, 200);
    assert_string_equal(header(call, "ETag"), "\"1\"");
    cxm_call_free(call);
}


static void
half(cxm_request_t *r, int status, const char *state, const char *replayed)
{
    json_t      *value;
    cxm_call_t  *call;

    call = drive(r);
    assert_int_equal(call->reply.status, status);
    value = body(call);
    assert_true(cxm_str_eqz(cxm_json_get_str(value, "state"), state));
    json_decref(value);

    if (replayed != NULL) {
        assert_string_equal(header(call, "Idempotent-Replayed"), replayed);
    } else {
        assert_null(header(call, "Idempotent-Replayed"));
    }

    cxm_call_free(call);
}


static void
halves(void **state)
{
    cxm_request_t  r;

    (void) state;

    r = request(CXM_ENDPOINT_SURVEYS, CXM_POST, "demo/halves");
    set_json(&r, "{\"text\":\"a\"}");
    half(&r, 201, "done", NULL);

    /* the reply that is kept is the last one */

    r.idempotency_key = cxm_str("key-1");
    half(&r, 201, "done", NULL);
    half(&r, 201, "done", "true");
    assert_int_equal(runs, 2);

    /* no hash of a name tells another body */

    set_json(&r, "{\"text\":\"b\"}");
    half(&r, 201, "done", "true");
    assert_int_equal(runs, 2);

    /* what was begun is answered, also to a repeat */

    next_rc = CXM_IO;
    r.idempotency_key = cxm_str("key-2");
    half(&r, 202, "begun", NULL);
    next_rc = CXM_OK;
    half(&r, 202, "begun", "true");
    assert_int_equal(runs, 3);
}


static void
key_routes(void **state)
{
    char            path[80];
    json_t         *value;
    cxm_call_t     *call;
    cxm_request_t   r;

    (void) state;

    r = request(CXM_ENDPOINT_ADMIN, CXM_POST, "keys");
    set_json(&r, "{\"role\":\"king\"}");
    refused(&r, 422, "invalid", "/role");
    set_json(&r, "{\"role\":\"rep\",\"expires_at\":\"2020-01-01T00:00:00Z\"}");
    refused(&r, 422, "invalid", "/expires_at");

    set_json(&r, "{\"role\":\"rep\",\"expires_at\":\"2030-01-01T00:00:00Z\"}");
    call = drive(&r);
    assert_int_equal(call->reply.status, 201);
    value = body(call);
    assert_int_equal(cxm_json_get_str(value, "token").len, CXM_TOKEN_LEN);
    snprintf(path, sizeof(path), "keys/%s",
             json_string_value(json_object_get(value, "id")));
    json_decref(value);
    assert_string_equal(header(call, "Location") + 7, path);
    cxm_call_free(call);

    r = request(CXM_ENDPOINT_ADMIN, CXM_GET, "keys");
    r.query = cxm_str("limit=2");
    call = drive(&r);
    value = body(call);
    assert_int_equal(json_array_size(json_object_get(value, "items")), 2);
    assert_true(json_is_string(json_object_get(value, "next")));
    assert_false(cxm_str_has(cxm_buf_str(&call->reply.body), "\"hash\""));
    json_decref(value);
    cxm_call_free(call);

    r = request(CXM_ENDPOINT_ADMIN, CXM_DELETE, path);
    call = drive(&r);
    assert_int_equal(call->reply.status, 204);
    assert_int_equal(call->reply.body.len, 0);
    cxm_call_free(call);
    r.path = cxm_str("keys/none");
    refused(&r, 404, "not_found", NULL);
    r.authorization = cxm_strz(viewer);
    refused(&r, 403, "forbidden", NULL);
}


static void
hashed_before_it_writes(void **state)
{
    size_t          i;
    cxm_call_t     *call;
    cxm_request_t   r;

    /* 1: read ends it; 2: hash fails; 3: hash ends it; 4: all the way */

    static const struct {
        const char  *body;
        int          status;
        unsigned     hashes, runs;
    } words[] = {
        { "{\"text\":\"a\",\"n\":1}", 200, 0, 0 },
        { "{\"text\":\"a\",\"n\":2}", 401, 1, 0 },
        { "{\"text\":\"a\",\"n\":3}", 200, 2, 0 },
        { "{\"text\":\"a\",\"n\":4}", 201, 3, 1 }
    };

    (void) state;

    r = request(CXM_ENDPOINT_SURVEYS, CXM_POST, "demo/words");

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        set_json(&r, words[i].body);
        call = drive(&r);
        assert_int_equal(call->reply.status, words[i].status);
        assert_int_equal(hashes, words[i].hashes);
        assert_int_equal(runs, words[i].runs);
        cxm_call_free(call);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        test(conditions), test(idempotency), test(idempotency_of_others),
        test(audits), test(repeats), test(degraded), test(discreet),
        test(heads), test(halves), test(key_routes),
        test(hashed_before_it_writes)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
