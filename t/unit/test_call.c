/*
 * Calls: routes, refusals, arguments, bodies, pages, origins.
 */

#include "call_fixture.h"
#include "cxm_log.h"


static void
routing(void **state)
{
    cxm_call_t     *call;
    cxm_error_t     err;
    cxm_request_t   r;

    (void) state;

    assert_int_equal(cxm_api_check(&err), CXM_OK);

    r = request(CXM_ENDPOINT_ADMIN, CXM_GET, "nothing");
    refused(&r, 404, "not_found", NULL);
    r.path = cxm_str("notes/a/");
    refused(&r, 404, "not_found", NULL);
    r.path = cxm_str("notes/");
    refused(&r, 404, "not_found", NULL);
    r.path = cxm_str("notes/missing");
    refused(&r, 404, "not_found", NULL);
    r.path = cxm_str("notes/\xff");
    refused(&r, 400, "bad_encoding", NULL);

    /* a route of another endpoint */

    r.path = cxm_str("demo/notes");
    refused(&r, 404, "not_found", NULL);

    r = request(CXM_ENDPOINT_ADMIN, CXM_DELETE, "notes/a");
    call = drive(&r);
    assert_int_equal(call->reply.status, 405);
    assert_string_equal(header(call, "Allow"), "GET, HEAD, PUT, OPTIONS");
    cxm_call_free(call);

    r.method = CXM_OPTIONS;
    call = drive(&r);
    assert_int_equal(call->reply.status, 204);
    assert_string_equal(header(call, "Allow"), "GET, HEAD, PUT, OPTIONS");
    assert_null(header(call, "Access-Control-Allow-Methods"));
    cxm_call_free(call);

    /* a literal goes before a parameter, whatever the order of rows */

    r = request(CXM_ENDPOINT_ADMIN, CXM_GET, "notes/all");
    call = drive(&r);
    assert_int_equal(call->reply.status, 200);
    cxm_call_free(call);
}


/* The row is refused, in these words. */
static void
fault_is(cxm_route_t row, const char *what)
{
    cxm_error_t  err;

    cxm_error_init(&err);
    broken[0] = row;
    assert_int_equal(cxm_api_check(&err), CXM_INTERNAL);

    if (strstr(err.detail, what) == NULL) {
        fail_msg("\"%s\" is not \"%s\"", err.detail, what);
    }

    memset(broken, 0, sizeof(broken));
}


static void
checks_of_tables(void **state)
{
    cxm_error_t  err;
    cxm_route_t  bad;

    static const cxm_route_t  good = {
        .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_GET, .path = "x/{a}",
        .policy = CXM_PUBLIC, .read = note_get, ANSWERS(CXM_200)
    };
    static const cxm_fields_t  unnamed = { NULL, note_fields };
    static const cxm_fields_t  other = { "note", note_fields };
    static const cxm_field_t   wordless[] = {
        { .name = "a", .type = CXM_FIELD_STRING }, { .name = NULL }
    };

    (void) state;

    broken[0] = good;
    assert_int_equal(cxm_api_check(&err), CXM_OK);

#define without(member, value, what)                                          \
    bad = good;                                                               \
    bad.member = value;                                                       \
    fault_is(bad, what)

    without(policy, 0, "no policy");
    without(policy, CXM_SCOPED, "scopes");
    without(scopes, 1, "scopes");
    without(method, CXM_GET | CXM_POST, "not one method");
    without(path, "{a}/{b}/{c}/{d}/{e}", "wrong endpoint or path");
    without(path, "notes/{other}", "clashes");
    without(read, NULL, "no handler");
    without(flags, CXM_ROUTE_RAW, "raw without prepare");
    without(flags, CXM_ROUTE_PERSONAL, "personal");
    without(hash, word_hash, "hashes a password");
    without(summary, NULL, "no summary");
    without(summary, "A note.", "no summary");
    without(answers, CXM_404, "no success");
    without(output, NULL, "no schema of what it answers");
    without(output, &unnamed, "no schema of what it answers");
    without(output, &other, "of the name of another");
    without(input, &note_input, "wrong schema of what it takes");
    without(query, wordless, "without a summary");

    /* what has no JSON needs no schema */

    broken[0] = good;
    broken[0].output = NULL;
    broken[0].media = "image/gif";
    assert_int_equal(cxm_api_check(&err), CXM_OK);
    memset(broken, 0, sizeof(broken));
}


static unsigned  alerts;


static void
count_alerts(cxm_log_level_t level, const char *message)
{
    (void) message;

    alerts += level == CXM_LOG_ALERT;
}


/* A status that the row does not say is a bug, which is heard of. */
static void
undeclared_status(void **state)
{
    cxm_call_t     *call;
    cxm_request_t   r;

    (void) state;

    broken[0] = (cxm_route_t) {
        .endpoint = CXM_ENDPOINT_SURVEYS, .method = CXM_POST, .path = "x",
        .policy = CXM_PUBLIC, .write = note_post, .input = &note_input,
        ANSWERS(CXM_201)
    };

    cxm_log_to(count_alerts);
    r = request(CXM_ENDPOINT_SURVEYS, CXM_POST, "x");
    set_json(&r, "{\"text\":\"a\"}");

    call = drive(&r);
    assert_int_equal(call->reply.status, 201);
    cxm_call_free(call);
    assert_int_equal(alerts, 0);

    broken[0].answers = CXM_200;
    call = drive(&r);
    assert_int_equal(call->reply.status, 201);
    cxm_call_free(call);
    assert_int_equal(alerts, 1);

    cxm_log_to(NULL);
    memset(broken, 0, sizeof(broken));
}


static void
principals(void **state)
{
    cxm_call_t     *call;
    cxm_request_t   r;

    (void) state;

    r = request(CXM_ENDPOINT_ADMIN, CXM_GET, "notes/a");
    r.authorization = cxm_strz(NULL);
    call = drive(&r);
    assert_int_equal(call->reply.status, 401);
    assert_string_equal(header(call, "WWW-Authenticate"), "Bearer");
    cxm_call_free(call);

    r.authorization = cxm_str("Basic eDp5");
    refused(&r, 401, "unauthorized", NULL);
    r.authorization = cxm_str("Bearer cxm_no");
    refused(&r, 401, "unauthorized", NULL);
    r.authorization = cxm_strz(viewer);
    refused(&r, 404, "not_found", NULL);
    r.method = CXM_PUT;
    refused(&r, 403, "forbidden", NULL);

    /* a wrong key is told on public routes too, other schemes are not ours */

    r = request(CXM_ENDPOINT_SURVEYS, CXM_POST, "demo/notes");
    set_json(&r, "{\"text\":\"a\"}");
    r.authorization = cxm_str("bearer  nonsense");
    refused(&r, 401, "unauthorized", NULL);
    r.authorization = cxm_str("Basic eDp5");
    call = drive(&r);
    assert_int_equal(call->reply.status, 201);
    cxm_call_free(call);
}


static void
bodies(void **state)
{
    char           *big;
    cxm_request_t   r;
    cxm_call_t     *call;

    (void) state;

    r = request(CXM_ENDPOINT_SURVEYS, CXM_POST, "demo/notes");
    set_json(&r, "{\"text\":");
    refused(&r, 400, "not_json", NULL);
    set_json(&r, "");
    refused(&r, 400, "not_json", NULL);
    set_json(&r, "{\"text\":\"a\",\"text\":\"b\"}");
    refused(&r, 400, "duplicate_name", NULL);
    set_json(&r, "{\"text\":\"a\",\"no\":1}");
    refused(&r, 422, "invalid", "/no");
    set_json(&r, "[]");
    refused(&r, 422, "invalid", "");
    set_json(&r, "{\"text\":\"a\"}");
    r.content_encoding = cxm_str("gzip");
    refused(&r, 415, "unsupported_media_type", NULL);
    r.content_encoding = cxm_strz(NULL);
    r.content_type = cxm_str("text/plain");
    refused(&r, 415, "unsupported_media_type", NULL);
    r.content_type = cxm_strz(NULL);
    refused(&r, 415, "unsupported_media_type", NULL);
    r.content_type = cxm_str("application/x-www-form-urlencoded");
    refused(&r, 415, "unsupported_media_type", NULL);
    assert_int_equal(runs, 0);

    /* the limit: of the public, of a key, of a key that may */

    big = malloc(CXM_BODY_SERVER + 2);
    memset(big, ' ', CXM_BODY_SERVER + 1);
    memcpy(big, "{\"text\":\"a\"}", 12);

    set_json(&r, "");
    r.body = (cxm_str_t) { CXM_BODY_PUBLIC, big };
    call = drive(&r);
    assert_int_equal(call->reply.status, 201);
    cxm_call_free(call);
    r.body.len++;
    refused(&r, 413, "too_large", NULL);
    r.authorization = cxm_strz(admin);
    refused(&r, 413, "too_large", NULL);

    r = request(CXM_ENDPOINT_ADMIN, CXM_PUT, "notes/big");
    set_json(&r, "");
    r.body = (cxm_str_t) { CXM_BODY_SERVER, big };
    call = drive(&r);
    assert_int_equal(call->reply.status, 201);
    cxm_call_free(call);
    r.body.len++;
    refused(&r, 413, "too_large", NULL);
    free(big);

    /* nobody asked for one */

    r = request(CXM_ENDPOINT_ADMIN, CXM_DELETE, "keys/abc");
    set_json(&r, "{}");
    refused(&r, 422, "invalid", "");
}


static void
forms(void **state)
{
    json_t         *value;
    cxm_call_t     *call;
    cxm_request_t   r;

    (void) state;

    r = request(CXM_ENDPOINT_SURVEYS, CXM_POST, "demo/form");
    r.content_type = cxm_str("application/x-www-form-urlencoded");
    r.body = cxm_str("a=1&answers.nps=9&m=x&m=y+z&answers.why=%C3%A4");
    call = drive(&r);
    assert_int_equal(call->reply.status, 200);
    value = body(call);
    assert_true(cxm_str_eqz(cxm_json_get_str(value, "a"), "1"));
    assert_true(cxm_str_eqz(cxm_json_get_str(json_object_get(value,
                            "answers"), "nps"), "9"));
    assert_int_equal(json_array_size(json_object_get(value, "m")), 2);
    json_decref(value);
    cxm_call_free(call);

    r.body = cxm_str("b=1");
    refused(&r, 422, "invalid", "/a");
    r.body = cxm_str("a=1&a.b=2");
    refused(&r, 422, "invalid", "/a");
    r.body = cxm_str("a.b=1&a=2");
    refused(&r, 422, "invalid", "/a");
    r.body = cxm_str("a..b=1");
    refused(&r, 422, "invalid", "/a/");
    r.body = cxm_str("a=%zz");
    refused(&r, 400, "bad_encoding", NULL);
    r.body = cxm_str("a=%ff");
    refused(&r, 400, "bad_encoding", NULL);
    r.body = cxm_str("a=%00");
    refused(&r, 400, "bad_encoding", NULL);

    set_json(&r, "{\"text\":\"a\"}");
    call = drive(&r);
    assert_int_equal(call->reply.status, 200);
    cxm_call_free(call);
}


static void
arguments(void **state)
{
    cxm_call_t     *call;
    cxm_request_t   r;

    (void) state;

    r = request(CXM_ENDPOINT_ADMIN, CXM_GET, "notes/all");
    r.query = cxm_str("nope=1");
    refused(&r, 422, "invalid", "?nope");
    r.query = cxm_str("limit=1&limit=2");
    refused(&r, 422, "invalid", "?limit");
    r.query = cxm_str("limit=0");
    refused(&r, 422, "invalid", "?limit");
    r.query = cxm_str("limit=501");
    refused(&r, 422, "invalid", "?limit");
    r.query = cxm_str("limit=");
    refused(&r, 422, "invalid", "?limit");
    r.query = cxm_str("limit=-1");
    refused(&r, 422, "invalid", "?limit");
    r.query = cxm_str("cursor=abc");
    refused(&r, 422, "invalid", "?cursor");
    r.query = cxm_str("from=today");
    refused(&r, 422, "invalid", "?from");
    r.query = cxm_str("from=%g0");
    refused(&r, 400, "bad_encoding", NULL);

    r.query = cxm_str("where=a%3Ab&where=c&&from=2026-01-01T00:00:00+02:00");
    call = drive(&r);
    assert_int_equal(call->reply.status, 200);
    assert_true(cxm_str_eqz(cxm_call_arg(call, "where"), "a:b"));
    assert_int_equal(call->nargs, 3);
    cxm_call_free(call);

    r = request(CXM_ENDPOINT_BEACON, CXM_GET, "");
    r.query = cxm_str("utm_source=x");
    call = drive(&r);
    assert_int_equal(call->reply.status, 200);
    cxm_call_free(call);
}


static char *
next_of(cxm_call_t *call, int first)
{
    char    *cursor;
    json_t  *page;

    page = body(call);
    assert_int_equal(json_integer_value(json_array_get(
                     json_object_get(page, "items"), 0)), first);
    cursor = json_is_string(json_object_get(page, "next"))
             ? strdup(json_string_value(json_object_get(page, "next")))
             : NULL;
    assert_true(cursor != NULL || json_is_null(json_object_get(page,
                                                               "next")));
    json_decref(page);
    cxm_call_free(call);

    return cursor;
}


static void
paging(void **state)
{
    char           *cursor, query[300];
    cxm_call_t     *call;
    cxm_request_t   r;

    static const char  link[] = "</admin/notes/all?where=b&limit=4&"
                                "where=a%20%26&cursor=";

    (void) state;

    r = request(CXM_ENDPOINT_ADMIN, CXM_GET, "notes/all");
    r.query = cxm_str("where=b&limit=4&where=a%20%26");
    call = drive(&r);
    assert_memory_equal(header(call, "Link"), link, strlen(link));
    cursor = next_of(call, 0);

    /* arguments in another order, another limit: the same list */

    snprintf(query, sizeof(query), "cursor=%s&where=a+%%26&where=b", cursor);
    r.query = cxm_strz(query);
    call = drive(&r);
    assert_null(header(call, "Link"));
    assert_null(next_of(call, 4));

    snprintf(query, sizeof(query), "cursor=%s&where=b", cursor);
    r.query = cxm_strz(query);
    refused(&r, 422, "invalid", "?cursor");

    cursor[5] = cursor[5] == 'A' ? 'B' : 'A';
    snprintf(query, sizeof(query), "cursor=%s&where=a+%%26&where=b", cursor);
    r.query = cxm_strz(query);
    refused(&r, 422, "invalid", "?cursor");
    free(cursor);
}


static void
origins(void **state)
{
    cxm_call_t     *call;
    cxm_request_t   r;

    static const char *const  allow[] = { "https://b.example", NULL };

    (void) state;

    r = request(CXM_ENDPOINT_SURVEYS, CXM_OPTIONS, "demo/notes");
    r.allow_origin = allow;
    r.origin = cxm_str("https://b.example");
    call = drive(&r);
    assert_int_equal(call->reply.status, 204);
    assert_string_equal(header(call, "Access-Control-Allow-Methods"),
                        "POST, OPTIONS");
    assert_string_equal(header(call, "Access-Control-Max-Age"), "86400");
    assert_string_equal(header(call, "Access-Control-Allow-Origin"),
                        "https://b.example");
    cxm_call_free(call);

    /* on every status */

    r.method = CXM_POST;
    set_json(&r, "{");
    call = drive(&r);
    assert_int_equal(call->reply.status, 400);
    assert_string_equal(header(call, "Access-Control-Allow-Origin"),
                        "https://b.example");
    assert_string_equal(header(call, "Access-Control-Allow-Credentials"),
                        "true");
    assert_string_equal(header(call, "Vary"), "Origin");
    cxm_call_free(call);

    r.origin = cxm_str("https://evil.example");
    call = drive(&r);
    assert_null(header(call, "Access-Control-Allow-Origin"));
    assert_string_equal(header(call, "Vary"), "Origin");
    cxm_call_free(call);

    r = request(CXM_ENDPOINT_ADMIN, CXM_GET, "notes/a");
    r.allow_origin = allow;
    r.origin = cxm_str("https://b.example");
    call = drive(&r);
    assert_null(header(call, "Access-Control-Allow-Origin"));
    cxm_call_free(call);
}


static void
pages_of_problems(void **state)
{
    size_t          i;
    cxm_call_t     *call;
    cxm_request_t   r;

    static const struct {
        const char  *accept;
        int          html;
    } accepts[] = {
        { "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
          1 },
        { "text/html, */*", 1 }, { "text/html;q=0.5, application/json", 0 },
        { "application/json, text/html", 0 }, { "*/*", 0 }, { "", 0 },
        { "text/html;q=0", 0 }, { "text/*", 1 }, { "TEXT/HTML", 1 },
        { "text/html;q=0.001,*/*;q=0", 1 }, { ";;,,q=", 0 }
    };

    (void) state;

    r = request(CXM_ENDPOINT_SURVEYS, CXM_POST, "demo/notes");
    set_json(&r, "{}");

    for (i = 0; i < sizeof(accepts) / sizeof(accepts[0]); i++) {
        r.accept = cxm_strz(accepts[i].accept);
        call = drive(&r);
        assert_int_equal(call->reply.status, 422);
        assert_int_equal(call->html, accepts[i].html);
        assert_int_equal(cxm_str_eqz(cxm_buf_str(&call->reply.body),
                                     "<h1>422</h1>"), accepts[i].html);
        cxm_call_free(call);
    }
}


static void
callers(void **state)
{
    cxm_call_t     *call;
    cxm_request_t   r;

    (void) state;

    r = request(CXM_ENDPOINT_SURVEYS, CXM_POST, "demo/notes");
    r.user_agent = cxm_str("Mozilla/5.0 (iPhone) \xff" "x");
    r.accept_language = cxm_str("de-AT;q=0.9, en");
    r.sec_gpc = cxm_str("1");
    r.sec_purpose = cxm_str("prefetch;prerender");
    call = drive(&r);
    assert_true(cxm_str_eqz(call->caller.device, "mobile"));
    assert_true(cxm_str_eqz(call->caller.user_agent,
                            "Mozilla/5.0 (iPhone) "));
    assert_true(cxm_str_eqz(call->caller.language, "de-at"));
    assert_int_equal(call->caller.private, 1);
    assert_int_equal(call->caller.bot, 1);
    assert_null(call->caller.country.data);
    cxm_call_free(call);

    r = request(CXM_ENDPOINT_SURVEYS, CXM_POST, "demo/notes");
    r.accept_language = cxm_str("*");
    call = drive(&r);
    assert_null(call->caller.language.data);
    assert_null(call->caller.user_agent.data);
    assert_int_equal(call->caller.private, 0);
    assert_int_equal(call->caller.bot, 0);
    cxm_call_free(call);
}


static void
statuses(void **state)
{
    size_t     i;
    cxm_buf_t  out;
    json_t    *value;

    static const int  codes[] = { 400, 403, 404, 405, 413, 414, 418, 429, 500,
                                  503, 599, 0 };

    (void) state;

    for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        cxm_buf_init(&out, 4096);
        cxm_problem_of_status(&out, codes[i]);
        assert_int_equal(cxm_json_load(cxm_buf_str(&out), &value, NULL),
                         CXM_OK);
        assert_int_equal(cxm_json_get_int(value, "status", -1), codes[i]);
        assert_true(cxm_json_get_str(value, "code").len > 0);
        json_decref(value);
        cxm_buf_free(&out);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        test(routing), test(checks_of_tables), test(undeclared_status),
        test(principals), test(bodies),
        test(forms),
        test(arguments), test(paging), test(origins),
        test(pages_of_problems), test(callers), test(statuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
