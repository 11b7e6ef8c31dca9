/*
 * cxm_str: comparison, UTF-8, pointers, the builder, the reader.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cxm_str.h"


#define assert_buf(buf, text)                                                 \
    assert_true(cxm_str_eqz(cxm_buf_str(&buf), text))


static void
comparison(void **state)
{
    cxm_str_t  none = { 0, NULL };

    (void) state;

    assert_true(cxm_str_eq(none, cxm_str("")));
    assert_true(cxm_str_eqz(cxm_str("abc"), "abc"));
    assert_false(cxm_str_eqz(cxm_str("abc"), "abcd"));
    assert_false(cxm_str_eqz(cxm_str("abc"), "abC"));
    assert_true(cxm_str_eqz(none, ""));
    assert_true(cxm_str_eqz(none, NULL));

    assert_true(cxm_str_ieqz(cxm_str("Content-TYPE"), "content-type"));
    assert_false(cxm_str_ieqz(cxm_str("a@"), "a`"));
    assert_false(cxm_str_ieqz(cxm_str("\xc3\x84"), "\xc3\xa4"));
    assert_true(cxm_str_ieqz(none, ""));

    assert_true(cxm_str_has(cxm_str("Mozilla GoogleBot/2"), "googlebot"));
    assert_true(cxm_str_has(cxm_str("abc"), "C"));
    assert_true(cxm_str_has(none, ""));
    assert_false(cxm_str_has(cxm_str("abc"), "abcd"));
    assert_false(cxm_str_has(none, "a"));
}


static void
utf8_accepts(void **state)
{
    size_t              i;
    static const char  *good[] = {
        "", "a", "12345678", "123456789", "\x7f", "\xc2\x80", "\xdf\xbf",
        "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
        "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "1234567\xe2\x82\xacxxxxxxxx"
    };

    (void) state;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(cxm_utf8_valid(good[i], strlen(good[i])));
    }
}


static void
utf8_refuses(void **state)
{
    size_t              i;
    static const char  *bad[] = {
        "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2z",
        "\xe0\x80\x80", "\xe0\x9f\xbf", "\xe2\x82", "\xed\xa0\x80",
        "\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xfe",
        "12345678\xff", "1234567\xff", "\xf0\x9f\x98", "\xe2\x28\xa1"
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(cxm_utf8_valid(bad[i], strlen(bad[i])));
    }

    assert_false(cxm_utf8_valid("", 1));
    assert_false(cxm_utf8_valid("1234567\0", 8));
    assert_false(cxm_utf8_valid("\0" "2345678", 8));
    assert_false(cxm_utf8_valid("123\0" "5678", 8));
}


/* Every scalar value alone and none besides, written out independently. */
static void
utf8_every_code_point(void **state)
{
    size_t    n;
    uint8_t   p[4];
    uint32_t  c;

    (void) state;

    for (c = 1; c <= 0x1fffff; c++) {

        if (c < 0x80) {
            n = 1;
            p[0] = (uint8_t) c;

        } else if (c < 0x800) {
            n = 2;
            p[0] = (uint8_t) (0xc0 | c >> 6);

        } else if (c < 0x10000) {
            n = 3;
            p[0] = (uint8_t) (0xe0 | c >> 12);
            p[1] = (uint8_t) (0x80 | (c >> 6 & 0x3f));

        } else {
            n = 4;
            p[0] = (uint8_t) (0xf0 | c >> 18);
            p[1] = (uint8_t) (0x80 | (c >> 12 & 0x3f));
            p[2] = (uint8_t) (0x80 | (c >> 6 & 0x3f));
        }

        if (n > 1) {
            p[n - 1] = (uint8_t) (0x80 | (c & 0x3f));
        }

        if (cxm_utf8_valid((char *) p, n)
            != (c <= 0x10ffff && (c < 0xd800 || c > 0xdfff)))
        {
            fail_msg("code point %x", c);
        }
    }
}


static void
utf8_prefix(void **state)
{
    (void) state;

    assert_int_equal(cxm_utf8_prefix("ab\xe2\x82\xac", 5), 5);
    assert_int_equal(cxm_utf8_prefix("ab\xe2\x82\xac", 4), 2);
    assert_int_equal(cxm_utf8_prefix("123456789\xff", 10), 9);
    assert_int_equal(cxm_utf8_prefix(NULL, 0), 0);
}


static void
pointer_escapes(void **state)
{
    char  p[64] = "";

    (void) state;

    cxm_pointer_push(p, sizeof(p), cxm_str("answers"));
    cxm_pointer_push(p, sizeof(p), cxm_str("a/b~c"));
    cxm_pointer_push(p, sizeof(p), cxm_str(""));
    cxm_pointer_push(p, sizeof(p), cxm_str("\xff"));
    assert_string_equal(p, "/answers/a~1b~0c//?");
}


static void
pointer_is_cut_between_characters(void **state)
{
    char    p[16];
    size_t  size;

    (void) state;

    for (size = 1; size <= sizeof(p); size++) {
        memset(p, 'x', sizeof(p));
        p[0] = '\0';
        cxm_pointer_push(p, size, cxm_str("\xe2\x82\xac\xe2\x82\xac/~b"));
        assert_true(strlen(p) < size);
        assert_true(cxm_utf8_valid(p, strlen(p)));
        assert_true(strlen(p) == 0 || p[strlen(p) - 1] != '~');
    }

    p[0] = '\0';
    cxm_pointer_push(p, 13, cxm_str("0123456789\xe2\x82\xac"));
    assert_string_equal(p, "/0123456789");
    cxm_pointer_push(p, 13, cxm_str("a"));
    assert_string_equal(p, "/0123456789");
}


static void
buf_grows_to_its_bound(void **state)
{
    size_t     i;
    cxm_buf_t  buf;

    (void) state;

    cxm_buf_init(&buf, 1000);

    for (i = 0; i < 1000; i++) {
        cxm_buf_putc(&buf, (uint8_t) i);
        assert_true(buf.size <= 1000);
    }

    assert_int_equal(buf.failed, 0);
    assert_int_equal(buf.len, 1000);

    cxm_buf_putc(&buf, 0);
    assert_int_equal(buf.failed, 1);
    assert_int_equal(buf.len, 1000);

    for (i = 0; i < 1000; i++) {
        assert_int_equal(buf.data[i], (uint8_t) i);
    }

    cxm_buf_free(&buf);
    cxm_buf_free(&buf);
    assert_null(buf.data);
}


static void
buf_fails_for_good(void **state)
{
    cxm_buf_t  buf;

    (void) state;

    cxm_buf_init(&buf, 4);
    cxm_buf_puts(&buf, "abcd");
    cxm_buf_puts(&buf, "");
    assert_int_equal(buf.failed, 0);
    cxm_buf_puts(&buf, "e");
    assert_int_equal(buf.failed, 1);
    assert_null(cxm_buf_space(&buf, 0));

    cxm_buf_reset(&buf);
    cxm_buf_puts(&buf, "xy");
    assert_buf(buf, "xy");
    assert_null(cxm_buf_space(&buf, SIZE_MAX));
    cxm_buf_puts(&buf, "z");
    assert_buf(buf, "xy");
    cxm_buf_free(&buf);

    cxm_buf_init(&buf, 0);
    assert_non_null(cxm_buf_space(&buf, 0));
    cxm_buf_put(&buf, NULL, 0);
    assert_int_equal(buf.failed, 0);
    cxm_buf_putc(&buf, 1);
    assert_int_equal(buf.failed, 1);
    cxm_buf_free(&buf);
}


static void
buf_prints(void **state)
{
    cxm_buf_t  buf;

    (void) state;

    cxm_buf_init(&buf, 512);
    cxm_buf_printf(&buf, "%s=%d;", "a", 1);
    cxm_buf_printf(&buf, "%0500d", 7);
    assert_int_equal(buf.failed, 0);
    assert_int_equal(buf.len, 504);
    assert_int_equal(buf.data[503], '7');
    cxm_buf_printf(&buf, "%08d", 1);
    assert_int_equal(buf.len, 512);
    assert_int_equal(buf.failed, 0);
    cxm_buf_printf(&buf, "%d", 1);
    assert_int_equal(buf.failed, 1);
    cxm_buf_free(&buf);
}


static void
buf_escapes_html(void **state)
{
    cxm_buf_t  buf;

    (void) state;

    cxm_buf_init(&buf, 512);
    cxm_buf_html(&buf, cxm_str("<a b=\"c\">&'d"));
    cxm_buf_html(&buf, (cxm_str_t) { 0, NULL });
    cxm_buf_html(&buf, cxm_str("e"));
    assert_buf(buf, "&lt;a b=&quot;c&quot;&gt;&amp;&#39;de");
    cxm_buf_free(&buf);
}


static void
buf_escapes_parts_of_a_uri(void **state)
{
    cxm_buf_t  buf;

    (void) state;

    cxm_buf_init(&buf, 64);
    cxm_buf_uri(&buf, (cxm_str_t) { 12, "a-Z_9~. /\0:\xc3" });
    assert_true(cxm_str_eqz(cxm_buf_str(&buf), "a-Z_9~.%20%2F%00%3A%C3"));
    cxm_buf_free(&buf);
}


static void
varint_round_trip(void **state)
{
    size_t           i;
    uint64_t         v;
    cxm_buf_t        buf;
    cxm_reader_t     rd;
    static const struct {
        uint64_t     v;
        size_t       len;
    } values[] = {
        { 0, 1 }, { 127, 1 }, { 128, 2 }, { 16383, 2 }, { 16384, 3 },
        { UINT32_MAX, 5 }, { INT64_MAX, 9 }, { (uint64_t) 1 << 63, 10 },
        { UINT64_MAX, 10 }
    };

    (void) state;

    for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        cxm_buf_init(&buf, 16);
        cxm_buf_varint(&buf, values[i].v);
        assert_int_equal(buf.len, values[i].len);

        rd = cxm_reader(buf.data, buf.len);
        v = cxm_read_varint(&rd);
        assert_true(v == values[i].v);
        assert_false(rd.failed);
        assert_ptr_equal(rd.pos, rd.end);

        rd = cxm_reader(buf.data, buf.len - 1);
        assert_true(cxm_read_varint(&rd) == 0);
        assert_true(rd.failed);
        cxm_buf_free(&buf);
    }
}


static void
varint_beyond_64_bits(void **state)
{
    cxm_reader_t  rd;

    (void) state;

    rd = cxm_reader("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10);
    assert_true(cxm_read_varint(&rd) == 0);
    assert_true(rd.failed);

    rd = cxm_reader("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x81\x00", 11);
    assert_true(cxm_read_varint(&rd) == 0);
    assert_true(rd.failed);
    assert_ptr_equal(rd.pos, rd.end);
}


static void
reader_stops_at_the_end(void **state)
{
    cxm_reader_t  rd;

    (void) state;

    rd = cxm_reader("abc", 3);
    assert_int_equal(cxm_read_u8(&rd), 'a');
    assert_memory_equal(cxm_read_bytes(&rd, 2), "bc", 2);
    assert_non_null(cxm_read_bytes(&rd, 0));
    assert_false(rd.failed);
    assert_int_equal(cxm_read_u8(&rd), 0);
    assert_true(rd.failed);
    assert_null(cxm_read_bytes(&rd, 0));

    rd = cxm_reader("abc", 3);
    assert_null(cxm_read_bytes(&rd, SIZE_MAX));
    assert_ptr_equal(rd.pos, rd.end);

    rd = cxm_reader(NULL, 0);
    assert_int_equal(cxm_read_u8(&rd), 0);
    assert_true(rd.failed);
}


static void
fixed_codecs(void **state)
{
    uint8_t  b[8];
    int64_t  v;

    (void) state;

    assert_ptr_equal(cxm_put_u64(b, 0x0102030405060708ULL), b + 8);
    assert_memory_equal(b, "\1\2\3\4\5\6\7\10", 8);
    assert_true(cxm_get_u64(b) == 0x0102030405060708ULL);
    (void) cxm_put_u64(b, UINT64_MAX);
    assert_true(cxm_get_u64(b) == UINT64_MAX);
    assert_true(cxm_get_u32(b) == UINT32_MAX);
    assert_true(cxm_get_u16(b) == UINT16_MAX);

    assert_true(cxm_zigzag(0) == 0);
    assert_true(cxm_zigzag(-1) == 1);
    assert_true(cxm_zigzag(1) == 2);
    assert_true(cxm_zigzag(INT64_MIN) == UINT64_MAX);

    for (v = -1000; v <= 1000; v++) {
        assert_true(cxm_unzigzag(cxm_zigzag(v)) == v);
    }

    assert_true(cxm_unzigzag(cxm_zigzag(INT64_MAX)) == INT64_MAX);
    assert_true(cxm_unzigzag(cxm_zigzag(INT64_MIN)) == INT64_MIN);
}


static void
cuts(void **state)
{
    cxm_str_t  rest;

    (void) state;

    rest = cxm_str("a,,bc");
    assert_true(cxm_str_eqz(cxm_str_cut(&rest, ','), "a"));
    assert_true(cxm_str_eqz(cxm_str_cut(&rest, ','), ""));
    assert_non_null(rest.data);
    assert_true(cxm_str_eqz(cxm_str_cut(&rest, ','), "bc"));
    assert_null(rest.data);
    assert_int_equal(rest.len, 0);
    assert_int_equal(cxm_str_cut(&rest, ',').len, 0);

    rest = cxm_str("a,");
    (void) cxm_str_cut(&rest, ',');
    assert_int_equal(rest.len, 0);
    assert_non_null(rest.data);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(cuts),
        cmocka_unit_test(comparison),
        cmocka_unit_test(utf8_accepts),
        cmocka_unit_test(utf8_refuses),
        cmocka_unit_test(utf8_every_code_point),
        cmocka_unit_test(utf8_prefix),
        cmocka_unit_test(pointer_escapes),
        cmocka_unit_test(pointer_is_cut_between_characters),
        cmocka_unit_test(buf_grows_to_its_bound),
        cmocka_unit_test(buf_fails_for_good),
        cmocka_unit_test(buf_prints),
        cmocka_unit_test(buf_escapes_html),
        cmocka_unit_test(buf_escapes_parts_of_a_uri),
        cmocka_unit_test(varint_round_trip),
        cmocka_unit_test(varint_beyond_64_bits),
        cmocka_unit_test(reader_stops_at_the_end),
        cmocka_unit_test(fixed_codecs)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
