/*
 * cxm_inflate: what comes out, the cap, and everything that is broken.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <zlib.h>

#include "cxm_inflate.h"


#define GZIP  (MAX_WBITS + 16)
#define ZLIB  MAX_WBITS
#define RAW   (-MAX_WBITS)


/* Appends the compressed text. */
static void
pack(cxm_buf_t *out, int window, const void *text, size_t len)
{
    z_stream  z;
    uint8_t   room[70000];

    memset(&z, 0, sizeof(z));
    assert_int_equal(deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, window,
                                  8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *) text;
    z.avail_in = (uInt) len;
    z.next_out = room;
    z.avail_out = sizeof(room);

    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    cxm_buf_put(out, room, sizeof(room) - z.avail_out);
    deflateEnd(&z);
}


static void
text_comes_back(void **state)
{
    int        i, windows[] = { GZIP, ZLIB };
    cxm_buf_t  in, out;

    (void) state;

    for (i = 0; i < 2; i++) {
        cxm_buf_init(&in, 1 << 20);
        cxm_buf_init(&out, 1 << 20);
        cxm_buf_puts(&out, "before ");

        pack(&in, windows[i], "{\"type\":\"x\"}", 12);
        assert_true(cxm_inflate_magic(cxm_buf_str(&in)));
        assert_int_equal(cxm_inflate(cxm_buf_str(&in), 12, &out), CXM_OK);
        assert_true(cxm_str_eqz(cxm_buf_str(&out), "before {\"type\":\"x\"}"));

        cxm_buf_free(&in);
        cxm_buf_free(&out);
    }
}


static void
nothing_is_text_too(void **state)
{
    cxm_buf_t  in, out;

    (void) state;

    cxm_buf_init(&in, 1 << 20);
    cxm_buf_init(&out, 1 << 20);
    pack(&in, GZIP, "", 0);

    assert_int_equal(cxm_inflate(cxm_buf_str(&in), 0, &out), CXM_OK);
    assert_int_equal(out.len, 0);

    cxm_buf_free(&in);
    cxm_buf_free(&out);
}


static void
members_follow_each_other(void **state)
{
    cxm_buf_t  in, out;

    (void) state;

    cxm_buf_init(&in, 1 << 20);
    cxm_buf_init(&out, 1 << 20);
    pack(&in, GZIP, "one,", 4);
    pack(&in, GZIP, "two", 3);

    assert_int_equal(cxm_inflate(cxm_buf_str(&in), 7, &out), CXM_OK);
    assert_true(cxm_str_eqz(cxm_buf_str(&out), "one,two"));

    cxm_buf_reset(&out);
    assert_int_equal(cxm_inflate(cxm_buf_str(&in), 6, &out), CXM_TOO_LARGE);

    cxm_buf_reset(&out);
    cxm_buf_putc(&in, 0);
    assert_int_equal(cxm_inflate(cxm_buf_str(&in), 7, &out),
                     CXM_BAD_REQUEST);

    cxm_buf_free(&in);
    cxm_buf_free(&out);
}


/* Ten million bytes in ten thousand: stops at the cap. */
static void
cap(void **state)
{
    char      *text;
    size_t     i, sizes[] = { 1, 16383, 16384, 16385, 65536, 10000000 };
    cxm_buf_t  in, out;

    (void) state;

    text = calloc(1, 10000000);
    memset(text, 'a', 10000000);

    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        cxm_buf_init(&in, 1 << 20);
        cxm_buf_init(&out, 20000000);
        pack(&in, GZIP, text, sizes[i]);

        assert_int_equal(cxm_inflate(cxm_buf_str(&in), sizes[i], &out),
                         CXM_OK);
        assert_int_equal(out.len, sizes[i]);
        assert_memory_equal(out.data, text, sizes[i]);

        cxm_buf_free(&out);
        cxm_buf_init(&out, sizes[i]);
        assert_int_equal(cxm_inflate(cxm_buf_str(&in), sizes[i] - 1, &out),
                         CXM_TOO_LARGE);
        assert_int_equal(out.len, sizes[i]);

        cxm_buf_free(&in);
        cxm_buf_free(&out);
    }

    free(text);
}


/* Cut anywhere, or with any byte changed, it is never more than refused. */
static void
broken(void **state)
{
    size_t     i;
    cxm_rc_t   rc;
    cxm_str_t  cut;
    cxm_buf_t  in, out;

    (void) state;

    cxm_buf_init(&in, 1 << 20);
    cxm_buf_init(&out, 4096);
    pack(&in, GZIP, "{\"events\":[{\"type\":\"a\"},{\"type\":\"a\"}]}", 39);

    for (i = 0; i < in.len; i++) {
        cut = (cxm_str_t) { i, (const char *) in.data };
        cxm_buf_reset(&out);
        assert_int_equal(cxm_inflate(cut, 1000, &out), CXM_BAD_REQUEST);
    }

    for (i = 0; i < in.len; i++) {
        in.data[i] ^= 0x55;
        cxm_buf_reset(&out);
        rc = cxm_inflate(cxm_buf_str(&in), 1000, &out);

        /* time, flags and system of the header say nothing of the text */

        assert_true(rc == CXM_BAD_REQUEST || rc == CXM_TOO_LARGE
                    || (rc == CXM_OK && i >= 4 && i <= 9));
        in.data[i] ^= 0x55;
    }

    cxm_buf_free(&in);
    cxm_buf_free(&out);
}


static void
other_bytes(void **state)
{
    size_t            i;
    cxm_buf_t         in, out;
    static const char *const  texts[] = {
        "", "x", "{\"type\":\"x\"}", "\x1f\x8b", "x=1", "\x1f\x8b\x07zzzzz"
    };

    (void) state;

    cxm_buf_init(&in, 4096);
    cxm_buf_init(&out, 4096);

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_false(cxm_inflate_magic(cxm_strz(texts[i])));
        assert_int_equal(cxm_inflate(cxm_strz(texts[i]), 100, &out),
                         CXM_BAD_REQUEST);
    }

    pack(&in, RAW, "text", 4);
    assert_int_equal(cxm_inflate(cxm_buf_str(&in), 100, &out),
                     CXM_BAD_REQUEST);

    cxm_buf_free(&in);
    cxm_buf_free(&out);
}


/* A buffer that is bounded below the cap is our own mistake, not a client's */
static void
no_room(void **state)
{
    cxm_buf_t  in, out;

    (void) state;

    cxm_buf_init(&in, 4096);
    cxm_buf_init(&out, 10);
    pack(&in, GZIP, "0123456789abcdef", 16);

    assert_int_equal(cxm_inflate(cxm_buf_str(&in), 100, &out), CXM_INTERNAL);

    cxm_buf_free(&in);
    cxm_buf_free(&out);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(text_comes_back),
        cmocka_unit_test(nothing_is_text_too),
        cmocka_unit_test(members_follow_each_other),
        cmocka_unit_test(cap),
        cmocka_unit_test(broken),
        cmocka_unit_test(other_bytes),
        cmocka_unit_test(no_room)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
