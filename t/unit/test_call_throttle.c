/*
 * Calls that are throttled: what counts, what is given back, who is known;
 * and calls for whose passwords there is no room.
 */

#include "call_fixture.h"


static cxm_throttle_t  *table;
static int              locked;
static unsigned         locks;


static void
lock(void *ctx)
{
    assert_ptr_equal(ctx, &locks);
    assert_int_equal(locked++, 0);
    locks++;
}


static void
unlock(void *ctx)
{
    assert_ptr_equal(ctx, &locks);
    assert_int_equal(--locked, 0);
}


static const cxm_throttle_host_t *
host(void)
{
    static cxm_throttle_host_t  shared;

    shared.table = table;
    shared.lock = lock;
    shared.unlock = unlock;
    shared.ctx = &locks;

    return &shared;
}


static int
setup_table(void **state)
{
    table = calloc(1, sizeof(*table));
    assert_non_null(table);
    cxm_throttle_init(table);
    locks = 0;

    return setup(state);
}


static int
teardown_table(void **state)
{
    free(table);

    return teardown(state);
}


static cxm_request_t
word(int n)
{
    cxm_request_t  r;

    r = request(CXM_ENDPOINT_SURVEYS, CXM_POST, "demo/tries");
    set_json(&r, n == 1 ? "{\"text\":\"a\",\"n\":1}" : "{\"text\":\"a\"}");
    r.address = cxm_str("\x7f\1\1\1");
    r.throttle = host();

    return r;
}


static void
answers(const cxm_request_t *r, int status)
{
    cxm_call_t  *call;

    call = drive(r);
    assert_int_equal(call->reply.status, status);
    cxm_call_free(call);
}


static void
six_and_no_more(void **state)
{
    unsigned        i;
    cxm_call_t     *call;
    cxm_request_t   r;

    (void) state;

    r = word(0);

    for (i = 0; i < 6; i++) {
        answers(&r, 200);
    }

    refused(&r, 429, "rate_limited", NULL);
    assert_int_equal(hashes, 6);
    assert_int_equal(runs, 0);

    call = drive(&r);
    assert_in_range(atoi(header(call, "Retry-After")), 60, 900);
    cxm_call_free(call);

    /* another network, another name */

    r.address = cxm_str("\x7f\1\1\2");
    answers(&r, 200);

    r = word(0);
    set_json(&r, "{\"text\":\"b\"}");
    answers(&r, 200);
    assert_true(locks > 0);

    /* no host that throttles */

    r = word(0);
    r.throttle = NULL;
    answers(&r, 200);
}


static void
successes(void **state)
{
    unsigned        i;
    char            value[64];
    const char     *cookie;
    cxm_call_t     *call;
    cxm_request_t   r;

    (void) state;

    r = word(1);

    for (i = 0; i < 20; i++) {
        answers(&r, 200);
    }

    call = drive(&r);
    cookie = header(call, "Set-Cookie");
    assert_non_null(cookie);
    assert_int_equal(strncmp(cookie, "__Host-cxm_device=", 18), 0);
    assert_non_null(strstr(cookie, "; Path=/; Max-Age=31536000; HttpOnly; "
                                   "SameSite=Lax; Secure"));
    snprintf(value, sizeof(value), "%.*s", 56, cookie + 18);
    cxm_call_free(call);

    r = word(0);

    for (i = 0; i < 6; i++) {
        answers(&r, 200);
    }

    answers(&r, 429);

    /* the device has its own, also from here */

    {
        char  text[128];

        snprintf(text, sizeof(text), "a=b; __Host-cxm_device=%s", value);
        r.cookie = cxm_strz(text);

        for (i = 0; i < 6; i++) {
            answers(&r, 200);
        }

        answers(&r, 429);

        text[sizeof("a=b; __Host-cxm_device=")] ^= 1;
        answers(&r, 429);
    }
}


/* Who waits for a permit and leaves, or gets none, has tried nothing. */
static void
never_hashed(void **state)
{
    unsigned        i;
    cxm_call_t     *call;
    cxm_request_t   r;

    (void) state;

    r = word(0);

    for (i = 0; i < 20; i++) {
        call = cxm_call_create(fixture.store);
        assert_int_equal(cxm_call_begin(call, &r), CXM_NEXT_READ_LOOP);
        assert_int_equal(cxm_call_read(call), CXM_NEXT_HASH);

        if (i % 2) {
            cxm_call_refuse(call, CXM_UNAVAILABLE, "overloaded", "Later.", 1);
            cxm_call_end(call);
            assert_int_equal(call->reply.status, 503);
        }

        cxm_call_free(call);
    }

    for (i = 0; i < 6; i++) {
        answers(&r, 200);
    }

    answers(&r, 429);
}


static int
no_room(void *ctx)
{
    ++*(unsigned *) ctx;

    return 0;
}


/* Nothing of it was looked at; what has no password is not concerned. */
static void
no_room_for_hashes(void **state)
{
    unsigned        i, asked;
    cxm_call_t     *call;
    cxm_request_t   r;

    (void) state;

    asked = 0;
    r = word(0);
    r.hash_room = no_room;
    r.hash_ctx = &asked;

    for (i = 0; i < 20; i++) {
        refused(&r, 503, "overloaded", NULL);
    }

    r.body = cxm_str("{");
    refused(&r, 503, "overloaded", NULL);
    assert_int_equal(asked, 21);
    assert_int_equal(hashes, 0);
    assert_int_equal(locks, 0);

    call = drive(&r);
    assert_string_equal(header(call, "Retry-After"), "1");
    cxm_call_free(call);

    r.method = CXM_OPTIONS;
    answers(&r, 204);
    r.method = CXM_GET;
    answers(&r, 405);
    r = request(CXM_ENDPOINT_SURVEYS, CXM_POST, "demo/notes");
    set_json(&r, "{\"text\":\"a\"}");
    r.hash_room = no_room;
    r.hash_ctx = &asked;
    answers(&r, 201);
    assert_int_equal(asked, 22);

    r = word(0);
    answers(&r, 200);
    assert_int_equal(hashes, 1);
}


int
main(void)
{
#define throttled(name)                                                       \
    cmocka_unit_test_setup_teardown(name, setup_table, teardown_table)

    const struct CMUnitTest  tests[] = {
        throttled(six_and_no_more), throttled(successes),
        throttled(never_hashed), throttled(no_room_for_hashes)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
