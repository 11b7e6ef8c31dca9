/*
 * Calls without a transport, for their units: a store with two keys, routes
 * that try what routes can do, and a host that drives a call to its end.
 *
 * The route tables are this file's own: the linker takes them in place of
 * the library's.
 */

#ifndef CALL_FIXTURE_H
#define CALL_FIXTURE_H

#include "tables_fixture.h"

#include "cxm_api.h"
#include "cxm_json.h"
#include "cxm_reply_once.h"
#include "cxm_routes.h"
#include "cxm_throttling.h"


static const cxm_kind_t  kind_note = {
    .no = CXM_KIND_SURVEY, .version = 1, .name = "survey",
    .apply = cxm_doc_apply
};

static const cxm_flow_t  flow = {
    .kinds = {
        [CXM_KIND_REPLY] = &cxm_kind_reply,
        [CXM_KIND_ACCESS] = &cxm_kind_access,
        [CXM_KIND_KEY] = &cxm_kind_key,
        [CXM_KIND_SURVEY] = &kind_note
    }
};

static fixture_t    fixture;
static char         admin[7 + CXM_TOKEN_LEN + 1];       /* "Bearer ..." */
static char         viewer[7 + CXM_TOKEN_LEN + 1];
static unsigned     runs;                               /* of write phases */
static unsigned     hashes;                             /* and hash phases */
static cxm_rc_t     next_rc;                            /* of the next write */


/* --- routes ------------------------------------------------------------- */

static const cxm_field_t  note_fields[] = {
    { .name = "text", .type = CXM_FIELD_STRING, .flags = CXM_FIELD_REQUIRED,
      .max = 20 },
    { .name = "n", .type = CXM_FIELD_INT },
    { .name = NULL }
};

static const cxm_fields_t  note_input = { "note", note_fields };

static const cxm_field_t  list_where = { .type = CXM_FIELD_STRING };

static const cxm_field_t  list_query[] = {
    CXM_QUERY_PAGE,
    { .name = "where", .type = CXM_FIELD_ARRAY, .item = &list_where,
      .summary = "filter" },
    { .name = "from", .type = CXM_FIELD_TIME, .summary = "time" },
    { .name = NULL }
};


static inline cxm_rc_t
note_get(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    rc = cxm_doc_by_name(txn, CXM_KIND_SURVEY, call->params[0], &doc,
                         &call->err);
    if (rc != CXM_OK) {
        return rc;
    }

    rc = cxm_call_reply_doc(call, &doc, 0);
    cxm_doc_clear(&doc);

    return rc;
}


static inline cxm_rc_t
note_put(cxm_call_t *call, cxm_txn_t *txn)
{
    int              created;
    cxm_rc_t         rc;
    cxm_doc_t        doc;
    cxm_doc_write_t  write;

    memset(&write, 0, sizeof(write));
    write.kind = CXM_KIND_SURVEY;
    write.slug = call->params[0];
    write.if_match = call->if_match;
    write.body = json_copy(call->input);
    cxm_json_set_str(write.body, "slug", call->params[0]);

    rc = cxm_doc_put(txn, &write, &doc, &created, &call->err);
    json_decref(write.body);
    if (rc != CXM_OK) {
        return rc;
    }

    rc = cxm_call_reply_doc(call, &doc, created);
    cxm_doc_clear(&doc);

    return rc;
}


/* Answers how often it ran. */
static inline cxm_rc_t
note_post(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t  rc;

    cxm_txn_touch(txn);
    cxm_call_headerf(call, "X-Run", "%u", ++runs);

    if (next_rc != CXM_OK) {
        rc = next_rc;
        next_rc = CXM_OK;
        return rc;
    }

    return cxm_call_reply(call, 201, json_pack("{si}", "run", (int) runs));
}


/* 202, and 201 by the second half, unless it is to fail. */
static inline cxm_rc_t
half_post(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_txn_touch(txn);
    call->number = ++runs;
    cxm_call_header(call, "X-Half", cxm_str("first"));

    return cxm_call_reply(call, 202, json_pack("{ss}", "state", "begun"));
}


static inline cxm_rc_t
half_after(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_txn_touch(txn);
    assert_int_equal(call->reply.status, 202);
    assert_int_equal(call->number, runs);
    cxm_call_header(call, "X-Half", cxm_str("second"));
    (void) cxm_call_reply(call, 201, json_pack("{ss}", "state", "done"));

    return next_rc;
}


static inline cxm_rc_t
list_read(cxm_call_t *call, cxm_txn_t *txn)
{
    int         i, first;
    json_t     *items;
    cxm_page_t  page;

    (void) txn;

    if (cxm_page_begin(call, &page) != CXM_OK) {
        return CXM_INVALID;
    }

    first = page.len == 0 ? 0 : page.position[0];
    items = json_array();

    for (i = first; i < 10 && i < first + (int) page.limit; i++) {
        json_array_append_new(items, json_integer(i));
    }

    page.len = i < 10;
    page.position[0] = (uint8_t) i;

    return cxm_page_reply(call, items, &page);
}


static inline cxm_rc_t
secret_read(cxm_call_t *call, cxm_txn_t *txn)
{
    (void) txn;

    call->audit = cxm_str_eqz(call->params[0], "full");
    cxm_call_header(call, "X-Read", cxm_str("1"));

    return cxm_call_reply(call, 200, json_pack("{ss}", "email", "a@b"));
}


static inline cxm_rc_t
raw_prepare(cxm_call_t *call)
{
    if (cxm_str_eqz(call->request->body, "bad")) {
        return cxm_issue(&call->err, "/x", "invalid", "Bad.");
    }

    call->html = 0;

    return CXM_OK;
}


static inline cxm_rc_t
raw_write(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_txn_touch(txn);
    cxm_buf_printf(&call->reply.body, "run %u%c", ++runs, 0);

    return cxm_call_reply_raw(call, 200, "application/octet-stream");
}


static inline cxm_rc_t
form_prepare(cxm_call_t *call)
{
    return call->form && json_object_get(call->input, "a") == NULL
           ? cxm_issue(&call->err, "/a", "required", "Is needed.") : CXM_OK;
}


static inline cxm_rc_t
form_write(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_txn_touch(txn);

    return cxm_call_reply(call, 200, json_incref(call->input));
}


/* As a sign-in does it: what is read is hashed, what came of it written. */
static inline cxm_rc_t
word_read(cxm_call_t *call, cxm_txn_t *txn)
{
    (void) txn;

    call->number = (uint64_t) cxm_json_get_int(call->input, "n", 0);

    return call->number != 1
           ? CXM_OK : cxm_call_reply(call, 200, json_pack("{si}", "n", 1));
}


static inline cxm_rc_t
word_try(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_str_t  name;

    (void) txn;

    name = cxm_json_get_str(call->input, "text");
    cxm_call_trust(call, 7, 0);

    return cxm_call_throttle(call, CXM_THROTTLE_SIGN_IN, name);
}


static inline cxm_rc_t
word_right(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_txn_touch(txn);

    if (cxm_json_get_int(call->input, "n", 0) == 1) {
        cxm_call_throttle_return(call);
        cxm_call_set_device(call, 7);
    }

    return cxm_call_reply(call, 200, json_object());
}


static inline cxm_rc_t
word_hash(cxm_call_t *call)
{
    hashes++;

    if (call->number == 3) {
        return cxm_call_reply(call, 200, json_pack("{si}", "n", 3));
    }

    return call->number != 2
           ? CXM_OK : cxm_fail(&call->err, CXM_UNAUTHORIZED, NULL, "No.");
}


static inline cxm_rc_t
word_write(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_txn_touch(txn);
    runs++;

    return cxm_call_reply(call, 201, json_pack("{si}", "n", 4));
}


static inline void
page_of_problem(cxm_call_t *call)
{
    cxm_buf_printf(&call->reply.body, "<h1>%d</h1>", call->reply.status);
    call->reply.content_type = cxm_str("text/html; charset=utf-8");
}


#define ANSWERS(statuses)                                                     \
    .answers = statuses, .output = &note_input, .summary = "A note"

static const cxm_route_t  routes[] = {
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_GET,
      .path = "notes/{slug}", .policy = CXM_SCOPED,
      .scopes = CXM_SCOPE_SURVEY_READ,
      .flags = CXM_ROUTE_BOUNDED | CXM_ROUTE_DOC, ANSWERS(CXM_200),
      .read = note_get },
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_PUT,
      .path = "notes/{slug}", .policy = CXM_SCOPED,
      .scopes = CXM_SCOPE_SURVEY_WRITE,
      .flags = CXM_ROUTE_BIG | CXM_ROUTE_DOC,
      .input = &note_input, ANSWERS(CXM_200 | CXM_201), .write = note_put },
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_GET, .path = "notes/all",
      .policy = CXM_SCOPED, .scopes = CXM_SCOPE_SURVEY_READ,
      .query = list_query, ANSWERS(CXM_200), .read = list_read },
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_GET,
      .path = "people/{how}", .policy = CXM_SCOPED,
      .scopes = CXM_SCOPE_SURVEY_READ, .flags = CXM_ROUTE_PERSONAL,
      ANSWERS(CXM_200), .read = secret_read, .write = cxm_write_audit },
    { .endpoint = CXM_ENDPOINT_SURVEYS, .method = CXM_POST,
      .path = "{survey}/notes", .policy = CXM_PUBLIC,
      .input = &note_input, ANSWERS(CXM_201), .write = note_post,
      .problem_html = page_of_problem },
    { .endpoint = CXM_ENDPOINT_SURVEYS, .method = CXM_POST,
      .path = "{survey}/halves", .policy = CXM_PUBLIC,
      .flags = CXM_ROUTE_NAMED, .input = &note_input,
      ANSWERS(CXM_201 | CXM_202), .write = half_post, .after = half_after },
    { .endpoint = CXM_ENDPOINT_SURVEYS, .method = CXM_POST,
      .path = "{survey}/form", .policy = CXM_PUBLIC,
      .flags = CXM_ROUTE_FORM, .input = &note_input, ANSWERS(CXM_200),
      .prepare = form_prepare, .write = form_write },
    { .endpoint = CXM_ENDPOINT_SURVEYS, .method = CXM_POST,
      .path = "{survey}/words", .policy = CXM_PUBLIC,
      .flags = CXM_ROUTE_BOUNDED, .input = &note_input,
      ANSWERS(CXM_200 | CXM_201), .read = word_read, .hash = word_hash,
      .write = word_write },
    { .endpoint = CXM_ENDPOINT_SURVEYS, .method = CXM_POST,
      .path = "{survey}/tries", .policy = CXM_PUBLIC,
      .flags = CXM_ROUTE_BOUNDED, .input = &note_input,
      ANSWERS(CXM_200 | CXM_429), .read = word_try, .hash = word_hash,
      .write = word_right },
    { .endpoint = CXM_ENDPOINT_BEACON, .method = CXM_POST, .path = "",
      .policy = CXM_PUBLIC, .flags = CXM_ROUTE_RAW | CXM_ROUTE_BIG,
      ANSWERS(CXM_200), .prepare = raw_prepare, .write = raw_write },
    { .endpoint = CXM_ENDPOINT_BEACON, .method = CXM_GET, .path = "",
      .policy = CXM_PUBLIC, .flags = CXM_ROUTE_OPEN, ANSWERS(CXM_200),
      .write = raw_write },
    { .path = NULL }
};

static cxm_route_t  broken[2];

const cxm_route_t *const  cxm_route_tables[] = {
    routes, cxm_routes_access, broken, NULL
};


/* --- driving ------------------------------------------------------------ */

static inline void
make_key(const char *role, char *header)
{
    cxm_txn_t       *txn;
    cxm_error_t      err;
    cxm_caller_t     system;
    cxm_key_spec_t   spec;

    cxm_error_init(&err);
    cxm_caller_system(&system);
    memset(&spec, 0, sizeof(spec));
    spec.role = cxm_strz(role);

    strcpy(header, "Bearer ");
    txn = fixture_write(&fixture);
    assert_int_equal(cxm_key_create(txn, &system, &spec, header + 7, &err),
                     CXM_OK);
    fixture_commit(txn);
}


static inline int
setup(void **state)
{
    fixture_open(&fixture, &flow);
    make_key("admin", admin);
    make_key("viewer", viewer);
    runs = 0;
    hashes = 0;
    next_rc = CXM_OK;
    *state = NULL;

    return 0;
}


static inline int
teardown(void **state)
{
    (void) state;
    fixture_close(&fixture);

    return 0;
}


static inline cxm_request_t
request(cxm_endpoint_t endpoint, cxm_method_t method, const char *path)
{
    cxm_request_t  r;

    memset(&r, 0, sizeof(r));
    r.endpoint = endpoint;
    r.method = method;
    r.path = cxm_strz(path);
    r.prefix = endpoint == CXM_ENDPOINT_ADMIN ? cxm_str("/admin/")
                                              : cxm_str("/s/");
    r.base = cxm_str("https://a.example");
    r.authorization = endpoint == CXM_ENDPOINT_ADMIN ? cxm_strz(admin)
                                                     : cxm_strz(NULL);
    r.now = FIXTURE_DAY;

    return r;
}


static inline void
set_json(cxm_request_t *r, const char *body)
{
    r->content_type = cxm_str("application/json; charset=utf-8");
    r->body = cxm_strz(body);
}


/* Runs a call to its end as a host does; the caller frees it. */
static inline cxm_call_t *
drive_in(cxm_store_t *store, const cxm_request_t *r)
{
    cxm_op_t    *op;
    cxm_call_t  *call;
    cxm_next_t   next;

    call = cxm_call_create(store);
    assert_non_null(call);

    next = cxm_call_begin(call, r);
    assert_null(call->request);

    if (next == CXM_NEXT_READ_LOOP || next == CXM_NEXT_READ_POOL) {
        next = cxm_call_read(call);
    }

    if (next == CXM_NEXT_HASH) {
        next = cxm_call_hash(call);
    }

    if (next == CXM_NEXT_WRITE) {
        op = cxm_call_op(call);
        cxm_batch_run(store, &op, 1, NULL);
        next = CXM_NEXT_DONE;
    }

    assert_int_equal(next, CXM_NEXT_DONE);
    cxm_call_end(call);
    assert_true(cxm_call_size(call) > sizeof(*call));

    return call;
}


static inline cxm_call_t *
drive(const cxm_request_t *r)
{
    return drive_in(fixture.store, r);
}


static inline const char *
header(const cxm_call_t *call, const char *name)
{
    unsigned  i;

    for (i = 0; i < call->reply.nheaders; i++) {
        if (strcmp(call->reply.headers[i].name, name) == 0) {
            return call->reply.headers[i].value.data;
        }
    }

    return NULL;
}


static inline json_t *
body(const cxm_call_t *call)
{
    json_t  *value;

    assert_int_equal(cxm_json_load(cxm_buf_str(&call->reply.body),
                                       &value, NULL), CXM_OK);

    return value;
}


/* Drives, expects a problem of this status and code, gives its pointer. */
static inline void
refused(const cxm_request_t *r, int status, const char *code,
    const char *pointer)
{
    char         type[80];
    json_t      *problem, *issue;
    cxm_call_t  *call;

    call = drive(r);

    if (call->reply.status != status) {
        fail_msg("%d and not %d: %.*s", call->reply.status, status,
                 (int) call->reply.body.len, call->reply.body.data);
    }

    assert_true(cxm_str_eqz(call->reply.content_type,
                            "application/problem+json"));
    assert_string_equal(header(call, "Cache-Control"), "no-store");

    problem = body(call);
    snprintf(type, sizeof(type), "urn:cxm:problem:%s", code);
    assert_true(cxm_str_eqz(cxm_json_get_str(problem, "type"), type));
    assert_true(cxm_str_eqz(cxm_json_get_str(problem, "code"), code));
    assert_int_equal(cxm_json_get_int(problem, "status", 0), status);
    assert_true(cxm_json_get_str(problem, "title").len > 0);
    assert_true(cxm_json_get_str(problem, "detail").len > 0);

    issue = json_array_get(json_object_get(problem, "errors"), 0);

    if (pointer == NULL) {
        assert_null(issue);

    } else {
        assert_true(cxm_str_eqz(cxm_json_get_str(issue, "pointer"), pointer));
    }

    json_decref(problem);
    cxm_call_free(call);
}


#define test(name)                                                            \
    cmocka_unit_test_setup_teardown(name, setup, teardown)


#endif /* CALL_FIXTURE_H */
