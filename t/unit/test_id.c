/*
 * cxm_id: UUIDs, slugs, base32, base64url, hex.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cxm_crypto.h"
#include "cxm_id.h"


static int
setup(void **state)
{
    (void) state;

    return cxm_crypto_init() == CXM_OK ? 0 : -1;
}


/* The examples of RFC 9562, appendix A and B, one for each version. */
static void
uuid_round_trip(void **state)
{
    char                out[CXM_UUID_LEN + 1];
    size_t              i;
    cxm_uuid_t          id;
    static const char  *texts[] = {
        "c232ab00-9414-11ec-b3c8-9f6bdeced846",
        "5df41881-3aed-3515-88a7-2f4a814cf09e",
        "919108f7-52d1-4320-9bac-f847db4148a8",
        "2ed6657d-e927-568b-95e1-2665a8aea6a2",
        "1ec9414c-232a-6b00-b3c8-9f6bdeced846",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398f",
        "2489e9ad-2ee2-8e00-8ec9-32d5f69181c0",
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff"
    };

    (void) state;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(cxm_uuid_parse(cxm_strz(texts[i]), &id), CXM_OK);
        cxm_uuid_format(&id, out);
        assert_string_equal(out, texts[i]);
        assert_int_equal(cxm_uuid_is_nil(&id), i == 7);
    }

    assert_int_equal(cxm_uuid_parse(
        cxm_str("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"), &id), CXM_OK);
    assert_memory_equal(id.b, "\x01\x7f\x22\xe2\x79\xb0\x7c\xc3"
                        "\x98\xc4\xdc\x0c\x0c\x07\x39\x8f", 16);
}


static void
uuid_refuses(void **state)
{
    size_t              i;
    cxm_uuid_t          id;
    static const char  *bad[] = {
        "", "017f22e279b07cc398c4dc0c0c07398f",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0",
        "{017f22e2-79b0-7cc3-98c4-dc0c0c07398}",
        "017f22e27-9b0-7cc3-98c4-dc0c0c07398f",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
        "017f22e2-79b0-7cc3-98c4-dc0c0c0739-f",
        "017f22e2:79b0:7cc3:98c4:dc0c0c07398f",
        "------------------------------------"
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(cxm_uuid_parse(cxm_strz(bad[i]), &id),
                         CXM_BAD_REQUEST);
    }

    assert_int_equal(cxm_uuid_parse((cxm_str_t) { 0, NULL }, &id),
                     CXM_BAD_REQUEST);
}


/* The time is that of RFC 9562, appendix A.6. */
static void
uuid_make_is_version_7(void **state)
{
    cxm_uuid_t  a, b;

    (void) state;

    cxm_uuid_make(&a, 1645557742000);
    cxm_uuid_make(&b, 1645557742000);
    assert_memory_equal(a.b, "\x01\x7f\x22\xe2\x79\xb0", 6);
    assert_int_equal(a.b[6] >> 4, 7);
    assert_int_equal(a.b[8] >> 6, 2);
    assert_memory_not_equal(a.b, b.b, 16);

    cxm_uuid_make(&a, -5);
    assert_memory_equal(a.b, "\0\0\0\0\0\0", 6);
    cxm_uuid_make(&a, INT64_MAX);
    assert_memory_equal(a.b, "\xff\xff\xff\xff\xff\xff", 6);
}


static void
slugs(void **state)
{
    char  text[65];

    (void) state;

    memset(text, 'a', sizeof(text));

    assert_true(cxm_slug_valid(cxm_str("a")));
    assert_true(cxm_slug_valid(cxm_str("7")));
    assert_true(cxm_slug_valid(cxm_str("nps-2026-")));
    assert_true(cxm_slug_valid((cxm_str_t) { 63, text }));
    assert_false(cxm_slug_valid((cxm_str_t) { 64, text }));
    assert_false(cxm_slug_valid((cxm_str_t) { 0, NULL }));
    assert_false(cxm_slug_valid(cxm_str("-a")));
    assert_false(cxm_slug_valid(cxm_str("A")));
    assert_false(cxm_slug_valid(cxm_str("a_b")));
    assert_false(cxm_slug_valid(cxm_str("a/b")));
    assert_false(cxm_slug_valid(cxm_str("a\n")));
    assert_false(cxm_slug_valid(cxm_str("a\0")));
    assert_false(cxm_slug_valid(cxm_str("\xc3\xa9")));
}


/* RFC 4648, section 10, in lower case and without padding. */
static void
base32_vectors(void **state)
{
    char             text[32];
    size_t           i, len;
    uint8_t          out[16];
    static const struct {
        const char  *data;
        const char  *text;
    } known[] = {
        { "", "" }, { "f", "my" }, { "fo", "mzxq" }, { "foo", "mzxw6" },
        { "foob", "mzxw6yq" }, { "fooba", "mzxw6ytb" },
        { "foobar", "mzxw6ytboi" }, { "\xff\xff\xff\xff\xff", "77777777" }
    };

    (void) state;

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        len = strlen(known[i].data);
        cxm_base32_encode((const uint8_t *) known[i].data, len, text);
        assert_string_equal(text, known[i].text);

        assert_int_equal(cxm_base32_decode(cxm_strz(text), out, len), CXM_OK);
        assert_memory_equal(out, known[i].data, len);
    }
}


static void
base32_refuses(void **state)
{
    uint8_t  out[16];

    (void) state;

    assert_int_equal(cxm_base32_decode(cxm_str("MY"), out, 1),
                     CXM_BAD_REQUEST);
    assert_int_equal(cxm_base32_decode(cxm_str("mz"), out, 1),
                     CXM_BAD_REQUEST);
    assert_int_equal(cxm_base32_decode(cxm_str("my======"), out, 1),
                     CXM_BAD_REQUEST);
    assert_int_equal(cxm_base32_decode(cxm_str("m1"), out, 1),
                     CXM_BAD_REQUEST);
    assert_int_equal(cxm_base32_decode(cxm_str("m8"), out, 1),
                     CXM_BAD_REQUEST);
    assert_int_equal(cxm_base32_decode(cxm_str("mya"), out, 1),
                     CXM_BAD_REQUEST);
    assert_int_equal(cxm_base32_decode(cxm_str("my"), out, 2),
                     CXM_BAD_REQUEST);
}


static void
base64url_vectors(void **state)
{
    size_t           i;
    cxm_buf_t        buf, back;
    static const struct {
        size_t       len;
        const char  *data;
        const char  *text;
    } known[] = {
        { 0, "", "" }, { 1, "f", "Zg" }, { 2, "fo", "Zm8" },
        { 3, "foo", "Zm9v" }, { 4, "foob", "Zm9vYg" },
        { 5, "fooba", "Zm9vYmE" }, { 6, "foobar", "Zm9vYmFy" },
        { 3, "\xfb\xff\xfe", "-__-" }, { 2, "\0\0", "AAA" }
    };

    (void) state;

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        cxm_buf_init(&buf, strlen(known[i].text));
        cxm_buf_init(&back, known[i].len);

        cxm_base64url_encode(&buf, (const uint8_t *) known[i].data,
                             known[i].len);
        assert_false(buf.failed);
        assert_true(cxm_str_eqz(cxm_buf_str(&buf), known[i].text));

        assert_int_equal(cxm_base64url_decode(cxm_buf_str(&buf), &back),
                         CXM_OK);
        assert_int_equal(back.len, known[i].len);
        assert_true(cxm_str_eq(cxm_buf_str(&back), (cxm_str_t) {
            known[i].len, known[i].data }));

        cxm_buf_free(&buf);
        cxm_buf_free(&back);
    }
}


static void
base64url_round_trip(void **state)
{
    size_t     n;
    uint8_t    data[200];
    cxm_buf_t  buf, back;

    (void) state;

    cxm_random(data, sizeof(data));
    cxm_buf_init(&buf, 400);
    cxm_buf_init(&back, 400);

    for (n = 0; n <= sizeof(data); n++) {
        cxm_buf_reset(&buf);
        cxm_buf_reset(&back);
        cxm_base64url_encode(&buf, data, n);
        assert_int_equal(buf.len, (n * 4 + 2) / 3);
        assert_int_equal(cxm_base64url_decode(cxm_buf_str(&buf), &back),
                         CXM_OK);
        assert_int_equal(back.len, n);

        if (n != 0) {
            assert_memory_equal(back.data, data, n);
        }
    }

    cxm_buf_free(&buf);
    cxm_buf_free(&back);
}


static void
base64url_refuses(void **state)
{
    size_t              i;
    cxm_buf_t           buf;
    static const char  *bad[] = {
        "A", "Zg==", "Zh", "Zm9", "+//+", "Zm 9v", "Zm9v\n", "Zm9vY", "Zm9.",
        "=", "Zm9vA"
    };

    (void) state;

    cxm_buf_init(&buf, 100);
    cxm_buf_puts(&buf, "kept");

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(cxm_base64url_decode(cxm_strz(bad[i]), &buf),
                         CXM_BAD_REQUEST);
        assert_true(cxm_str_eqz(cxm_buf_str(&buf), "kept"));
    }

    cxm_buf_free(&buf);

    cxm_buf_init(&buf, 2);
    assert_int_equal(cxm_base64url_decode(cxm_str("Zm9v"), &buf),
                     CXM_BAD_REQUEST);
    assert_true(buf.failed);
    cxm_buf_free(&buf);
}


static void
hex(void **state)
{
    char     text[9];
    uint8_t  out[4];

    (void) state;

    cxm_hex_encode((const uint8_t *) "\x00\xab\x7f\xff", 4, text);
    assert_string_equal(text, "00ab7fff");
    assert_int_equal(cxm_hex_decode(cxm_str("00AB7fff"), out, 4), CXM_OK);
    assert_memory_equal(out, "\x00\xab\x7f\xff", 4);

    assert_int_equal(cxm_hex_decode(cxm_str("00ab7ff"), out, 4),
                     CXM_BAD_REQUEST);
    assert_int_equal(cxm_hex_decode(cxm_str("00ab7fff"), out, 3),
                     CXM_BAD_REQUEST);
    assert_int_equal(cxm_hex_decode(cxm_str("00ab7ffg"), out, 4),
                     CXM_BAD_REQUEST);
    assert_int_equal(cxm_hex_decode(cxm_str("0x0ab7ff"), out, 4),
                     CXM_BAD_REQUEST);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(uuid_round_trip),
        cmocka_unit_test(uuid_refuses),
        cmocka_unit_test(uuid_make_is_version_7),
        cmocka_unit_test(slugs),
        cmocka_unit_test(base32_vectors),
        cmocka_unit_test(base32_refuses),
        cmocka_unit_test(base64url_vectors),
        cmocka_unit_test(base64url_round_trip),
        cmocka_unit_test(base64url_refuses),
        cmocka_unit_test(hex)
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
