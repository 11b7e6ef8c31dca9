/*
 * One event: what is refused, what is kept, and what must not be.
 */

#include "cxm_event_url.h"
#include "cxm_flow.h"
#include "cxm_json.h"
#include "cxm_pack.h"
#include "cxm_touchpoint.h"
#include "tables_fixture.h"


#define ID  "7A0E8E3C-5B5A-4C5F-8F0E-0123456789ab"

static fixture_t     f;
static cxm_caller_t  public;
static cxm_caller_t  server;


static json_t *
unpacked(const cxm_buf_t *packed)
{
    json_t  *out;

    assert_int_equal(cxm_unpack(cxm_buf_str(packed), &out), CXM_OK);

    return out;
}


static json_t *
make(const cxm_caller_t *caller, const char *text, cxm_error_t *err)
{
    json_t     *input, *out;
    cxm_rc_t    rc;
    cxm_buf_t   packed;

    cxm_error_init(err);
    assert_int_equal(cxm_json_load(cxm_strz(text), &input, err), CXM_OK);

    cxm_buf_init(&packed, 1 << 20);
    rc = cxm_event_make(f.store, caller, FIXTURE_DAY, input, "", &packed, err);
    assert_true((rc == CXM_OK) == (packed.len != 0));
    assert_true(rc == CXM_OK || rc == CXM_INVALID);
    json_decref(input);

    out = rc == CXM_OK ? unpacked(&packed) : NULL;
    cxm_buf_free(&packed);

    return out;
}


static void
kept(const cxm_caller_t *caller, const char *text, const char *expect)
{
    json_t       *out;
    cxm_buf_t     buf;
    cxm_error_t   err;

    out = make(caller, text, &err);

    if (out == NULL) {
        print_error("%s: %s %s\n", text, err.issues[0].pointer,
                    err.issues[0].code);
        fail();
    }

    cxm_buf_init(&buf, 1 << 20);
    cxm_json_dump(&buf, out);
    cxm_buf_putc(&buf, 0);
    assert_string_equal(buf.data, expect);

    cxm_buf_free(&buf);
    json_decref(out);
}


static void
refused(const cxm_caller_t *caller, const char *text, const char *pointer,
    const char *code)
{
    json_t       *out;
    cxm_error_t   err;

    out = make(caller, text, &err);

    if (out != NULL) {
        print_error("not refused: %s\n", text);
        fail();
    }

    assert_string_equal(err.issues[0].pointer, pointer);
    assert_string_equal(err.issues[0].code, code);
}


static void
fields(void **state)
{
    (void) state;

    kept(&public, "{\"type\":\"page_view\"}", "{\"type\":\"page_view\"}");
    kept(&public, "{\"title\":\"T\",\"touchpoint\":\"purchase\","
         "\"product\":\"p 1\",\"visitor\":\"v\",\"session\":\"s\","
         "\"type\":\"a.B:c-1_\",\"props\":{\"a\":1,\"b\":\"x\",\"c\":true}}",
         "{\"type\":\"a.B:c-1_\",\"touchpoint\":\"purchase\","
         "\"visitor\":\"v\",\"session\":\"s\",\"title\":\"T\","
         "\"product\":\"p 1\",\"props\":{\"a\":1,\"b\":\"x\",\"c\":true}}");
    kept(&public, "{\"type\":\"a\",\"referrer\":\"\",\"title\":\"\"}",
         "{\"type\":\"a\"}");

    refused(&public, "{}", "/type", "required");
    refused(&public, "{\"type\":\"\"}", "/type", "too_short");
    refused(&public, "{\"type\":\"a b\"}", "/type", "invalid");
    refused(&public, "{\"type\":\"\xc3\xa4\"}", "/type", "invalid");
    refused(&public, "{\"type\":7}", "/type", "wrong_type");
    refused(&public, "{\"type\":\"a\",\"x\":1}", "/x", "unknown_field");
    refused(&public, "{\"type\":\"a\",\"k\":\"00\"}", "/k", "unknown_field");
    refused(&public, "{\"type\":\"a\",\"id\":\"1\"}", "/id", "invalid");
    refused(&public, "{\"type\":\"a\",\"url\":\"javascript:x\"}", "/url",
            "invalid");
    refused(&public, "{\"type\":\"a\",\"props\":{\"a\":{}}}", "/props/a",
            "wrong_type");
    refused(&public, "{\"type\":\"a\",\"props\":{\"a b\":1}}", "/props/a b",
            "invalid");
    refused(&public, "[]", "", "wrong_type");
    refused(&public, "7", "", "wrong_type");
}


static void
bounds(void **state)
{
    unsigned   i;
    cxm_buf_t  buf;
    const struct { const char *name; unsigned max; }  rows[] = {
        { "visitor", 100 }, { "customer", 100 }, { "session", 100 },
        { "touchpoint", 100 }, { "product", 100 }, { "title", 300 },
        { "referrer", 2000 }
    };

    (void) state;

    cxm_buf_init(&buf, 1 << 20);

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char         pointer[64];
        json_t      *out;
        cxm_error_t  err;

        cxm_buf_reset(&buf);
        cxm_buf_printf(&buf, "{\"type\":\"a\",\"%s\":\"%0*d\"}", rows[i].name,
                       (int) rows[i].max, 0);
        cxm_buf_putc(&buf, 0);
        out = make(&public, (char *) buf.data, &err);
        assert_non_null(out);
        json_decref(out);

        cxm_buf_reset(&buf);
        cxm_buf_printf(&buf, "{\"type\":\"a\",\"%s\":\"%0*d\"}", rows[i].name,
                       (int) rows[i].max + 1, 0);
        cxm_buf_putc(&buf, 0);
        snprintf(pointer, sizeof(pointer), "/%s", rows[i].name);
        refused(&public, (char *) buf.data, pointer, "too_long");
    }

    cxm_buf_reset(&buf);
    cxm_buf_puts(&buf, "{\"type\":\"a\",\"props\":{");

    for (i = 0; i < 33; i++) {
        cxm_buf_printf(&buf, "%s\"p%u\":1", i == 0 ? "" : ",", i);
    }

    cxm_buf_puts(&buf, "}}");
    cxm_buf_putc(&buf, 0);
    refused(&public, (char *) buf.data, "/props", "too_long");
    cxm_buf_free(&buf);
}


/* The same id gives the same key in any case; the id is not kept. */
static void
ids(void **state)
{
    json_t       *a, *b;
    cxm_error_t   err;

    (void) state;

    a = make(&public, "{\"type\":\"a\",\"id\":\"" ID "\"}", &err);
    b = make(&server, "{\"type\":\"b\",\"id\":"
             "\"7a0e8e3c-5b5a-4c5f-8f0e-0123456789AB\"}", &err);

    assert_null(json_object_get(a, "id"));
    assert_int_equal(json_string_length(json_object_get(a, "k")), 32);
    assert_string_equal(json_string_value(json_object_get(a, "k")),
                        json_string_value(json_object_get(b, "k")));

    json_decref(a);
    json_decref(b);
}


static void
privacy(void **state)
{
    cxm_caller_t  private = public;

    (void) state;

    private.private = 1;
    kept(&private, "{\"type\":\"a\",\"visitor\":\"v\",\"session\":\"s\","
         "\"customer\":\"c\",\"touchpoint\":\"t\"}",
         "{\"type\":\"a\",\"touchpoint\":\"t\"}");

    private.principal = server.principal;
    kept(&private, "{\"type\":\"a\",\"visitor\":\"v\",\"session\":\"s\","
         "\"customer\":\"c\"}", "{\"type\":\"a\"}");
}


static void
what_a_key_proves(void **state)
{
    (void) state;

    kept(&public, "{\"type\":\"a\",\"customer\":\"c\"}",
         "{\"type\":\"a\",\"claimed\":\"c\"}");
    kept(&server, "{\"type\":\"a\",\"customer\":\"c\"}",
         "{\"type\":\"a\",\"customer\":\"c\"}");

    kept(&public, "{\"type\":\"a\",\"value\":{\"amount\":1250,"
         "\"currency\":\"EUR\"}}",
         "{\"type\":\"a\",\"unverified\":1,\"value\":{\"amount\":1250,"
         "\"currency\":\"EUR\"}}");
    kept(&server, "{\"type\":\"a\",\"value\":{\"amount\":-5,"
         "\"currency\":\"EUR\"}}",
         "{\"type\":\"a\",\"value\":{\"amount\":-5,\"currency\":\"EUR\"}}");

    refused(&public, "{\"type\":\"a\",\"value\":{\"amount\":1.5,"
            "\"currency\":\"EUR\"}}", "/value/amount", "wrong_type");
    refused(&public, "{\"type\":\"a\",\"value\":{\"amount\":"
            "9007199254740992,\"currency\":\"EUR\"}}", "/value/amount",
            "out_of_range");
    refused(&public, "{\"type\":\"a\",\"value\":{\"amount\":1,"
            "\"currency\":\"eur\"}}", "/value/currency", "invalid");
    refused(&public, "{\"type\":\"a\",\"value\":{\"amount\":1}}",
            "/value/currency", "required");
}


static void
times(void **state)
{
    (void) state;

    kept(&public, "{\"type\":\"a\",\"client_time\":\"2999-01-01T00:00:00Z\"}",
         "{\"type\":\"a\",\"client_time\":\"2999-01-01T00:00:00Z\"}");
    kept(&server, "{\"type\":\"a\",\"client_time\":"
         "\"2020-01-01T01:00:00.5+01:00\"}",
         "{\"type\":\"a\",\"at\":1577836800500}");
    kept(&server, "{\"type\":\"a\",\"client_time\":\"2026-11-22T00:00:00Z\"}",
         "{\"type\":\"a\",\"at\":1795305600000}");

    refused(&server, "{\"type\":\"a\",\"client_time\":"
            "\"2026-11-22T00:00:00.001Z\"}", "/client_time", "out_of_range");
    refused(&public, "{\"type\":\"a\",\"client_time\":\"yesterday\"}",
            "/client_time", "invalid");
    refused(&server, "{\"type\":\"a\",\"client_time\":12}", "/client_time",
            "wrong_type");
}


static void
the_request(void **state)
{
    cxm_caller_t  caller = public;

    (void) state;

    caller.bot = 1;
    caller.device = cxm_str("mobile");
    caller.country = cxm_str("DE");

    kept(&caller, "{\"type\":\"a\"}",
         "{\"type\":\"a\",\"bot\":1,\"device\":\"mobile\","
         "\"country\":\"DE\"}");

    caller.principal = server.principal;
    kept(&caller, "{\"type\":\"a\"}",
         "{\"type\":\"a\",\"device\":\"mobile\"}");
}


static void
served_kept(unsigned status, cxm_ms_t upstream, const char *expect)
{
    json_t        *input, *out;
    cxm_buf_t      buf, packed;
    cxm_error_t    err;
    cxm_served_t   served = { status, 250, upstream };

    cxm_error_init(&err);
    input = json_pack("{ss ss}", "type", "a", "customer", "c");

    cxm_buf_init(&packed, 1 << 20);
    assert_int_equal(cxm_event_served(f.store, &public, FIXTURE_DAY, input,
                                      &served, &packed, &err), CXM_OK);
    out = unpacked(&packed);
    cxm_buf_free(&packed);

    cxm_buf_init(&buf, 1 << 20);
    cxm_json_dump(&buf, out);
    cxm_buf_putc(&buf, 0);
    assert_string_equal(buf.data, expect);

    cxm_buf_free(&buf);
    json_decref(out);
    json_decref(input);
}


/* The server's own word counts; a status that is none has no class. */
static void
what_was_served(void **state)
{
    (void) state;

    served_kept(503, 240, "{\"type\":\"a\",\"customer\":\"c\","
                "\"status\":503,\"status_class\":\"5xx\","
                "\"latency\":250,\"upstream\":240}");
    served_kept(0, -1, "{\"type\":\"a\",\"customer\":\"c\","
                "\"status\":0,\"latency\":250}");
}


/* Values of clients in a configuration's variables. */
static void
what_is_left_out(void **state)
{
    json_t        *input, *out;
    cxm_buf_t      packed;
    cxm_error_t    err;
    cxm_served_t   served = { 200, 1, -1 };

    (void) state;

    cxm_error_init(&err);
    cxm_buf_init(&packed, 65536);
    input = json_pack("{ss ss ss ss}", "type", "a", "url", "//h.example/",
                      "title", "\xc2\x85", "session", "s");
    assert_int_equal(cxm_event_served(f.store, &public, FIXTURE_DAY, input,
                                      &served, &packed, &err), CXM_OK);
    assert_int_equal(err.nissues, 0);
    out = unpacked(&packed);
    assert_null(json_object_get(out, "url"));
    assert_null(json_object_get(out, "title"));
    assert_string_equal(json_string_value(json_object_get(out, "session")),
                        "s");
    assert_int_equal(json_object_size(input), 4);
    json_decref(out);

    (void) json_object_set_new(input, "type", json_string("a b"));
    assert_int_equal(cxm_event_served(f.store, &public, FIXTURE_DAY, input,
                                      &served, &packed, &err), CXM_INVALID);
    json_decref(input);
    cxm_buf_free(&packed);
}


static void
bands(void **state)
{
    size_t             i;
    cxm_experience_t   seen;

    static const struct {
        cxm_ms_t      latency;
        const char   *band;
    } known[] = {
        { 0, "<100ms" }, { 99, "<100ms" }, { 100, "100-300ms" },
        { 299, "100-300ms" }, { 300, "300-800ms" }, { 799, "300-800ms" },
        { 800, "800ms-2s" }, { 1999, "800ms-2s" }, { 2000, ">=2s" },
        { 86400000, ">=2s" }
    };

    (void) state;

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        cxm_served_t  served = { 200, known[i].latency, -1 };

        cxm_served_experience(&served, &seen);
        assert_string_equal(cxm_latency_bands[seen.band], known[i].band);
        assert_string_equal(cxm_status_classes[seen.status_class], "2xx");
    }
}


static void
stripped(const char *url, const char *expect)
{
    char       out[2048];
    cxm_str_t  s;

    s = cxm_strz(url);
    s.len = cxm_event_url_strip(s, out);
    s.data = out;

    if (!cxm_str_eqz(s, expect)) {
        print_error("%s: %.*s, not %s\n", url, (int) s.len, s.data, expect);
        fail();
    }
}


static void
addresses(void **state)
{
    size_t  i;
    char    url[64], expect[] = "/p";
    static const char *const  names[] = {
        "email", "e-mail", "E_Mail", "mail", "phone", "tel", "name",
        "firstname", "first_name", "lastName", "token", "access_token",
        "password", "key", "auth", "code", "session", "sid", "PHPSESSID",
        "user%5Bemail%5D", "%65mail", "sessionId", "api-key", "username"
    };

    (void) state;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(url, sizeof(url), "/p?%s=1", names[i]);
        stripped(url, expect);
        snprintf(url, sizeof(url), "/p?%s", names[i]);
        stripped(url, expect);
        snprintf(url, sizeof(url), "/p?a=1&%s=1&b=2#x", names[i]);
        stripped(url, "/p?a=1&b=2");
    }

    stripped("https://h.example/p?utm_source=x&utm_campaign=name&q=a+b",
             "https://h.example/p?utm_source=x&utm_campaign=name&q=a+b");
    stripped("/p?filename=a&promo_code=b&hotel=c&side=d",
             "/p?filename=a&promo_code=b&hotel=c&side=d");
    stripped("/p?x=a@b.example&y=a%40b&z=1", "/p?z=1");
    stripped("/p?a=1;email=x;b=2", "/p?a=1;b=2");
    stripped("/p?email=x", "/p");
    stripped("/p?", "/p");
    stripped("/p?&&a=1&", "/p?a=1");
    stripped("/p#email=x", "/p");
    stripped("/p%", "/p%");
    stripped("/p?%=1&%4=2&%zz=3&name%=4", "/p?%=1&%4=2&%zz=3");
    stripped("", "");
    stripped("#", "");
    stripped("?", "");
    stripped("https://user:pass@h.example/@me?a=1",
             "https://h.example/@me?a=1");
    stripped("https://a@b@h.example", "https://h.example");
    stripped("//u@h.example/", "//h.example/");
    stripped("/p//u@h", "/p//u@h");
    stripped("/p?r=//u@h&b=1", "/p?b=1");
    stripped("/a;jsessionid=AB/b;v=1;E%2dMail=x?c=1", "/a/b;v=1?c=1");
    stripped("/a;jsessionid=AB", "/a");
    stripped("/a;v=1;;/;token=x/", "/a;v=1;;//");
    stripped("https://u@h.example/a;x=b@c;y=1", "https://h.example/a;y=1");
    stripped("/p?next=/r?token=x&a=1", "/p?a=1");
    stripped("/p?next=%2Fr%3Fa%3D1%26Token%3Dx&b=1", "/p?b=1");
    stripped("/p?q=email%3Dx&r=%23access_token%3Dx&b=1", "/p?b=1");
    stripped("/p?next=%2Fr%3Fsort%3Dtoken&b=1&c=", "/p?next=%2Fr%3Fsort%3D"
             "token&b=1&c=");
    stripped("https://h.example/\xc3\xa4?\xc3\xa4=1&E%2Dmail=2",
             "https://h.example/\xc3\xa4?\xc3\xa4=1");
}


static void
addresses_of_events(void **state)
{
    (void) state;

    kept(&public, "{\"type\":\"a\",\"url\":\"https://h.example/p?a=1&"
         "email=x#y\",\"referrer\":\"android-app://com.example/?token=1\"}",
         "{\"type\":\"a\",\"url\":\"https://h.example/p?a=1\","
         "\"referrer\":\"android-app://com.example/\"}");
    kept(&public, "{\"type\":\"a\",\"referrer\":\"#top\"}",
         "{\"type\":\"a\"}");
}


static int
start(void **state)
{
    (void) state;

    fixture_open(&f, &cxm_flow);
    server.principal.scopes = CXM_SCOPE_INGEST;

    return 0;
}


static int
end(void **state)
{
    (void) state;

    fixture_close(&f);

    return 0;
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(fields),
        cmocka_unit_test(bounds),
        cmocka_unit_test(ids),
        cmocka_unit_test(privacy),
        cmocka_unit_test(what_a_key_proves),
        cmocka_unit_test(times),
        cmocka_unit_test(the_request),
        cmocka_unit_test(what_was_served),
        cmocka_unit_test(what_is_left_out),
        cmocka_unit_test(bands),
        cmocka_unit_test(addresses),
        cmocka_unit_test(addresses_of_events)
    };

    return cmocka_run_group_tests(tests, start, end);
}
