/*
 * cxm_crypto: keys, hashes and seals, and that damage is seen.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cxm_crypto.h"
#include "cxm_id.h"


static const cxm_str_t  nothing = { 0, NULL };

static cxm_keyring_t    ring;


static int
setup(void **state)
{
    size_t     i;
    cxm_key_t  root;

    (void) state;

    if (cxm_crypto_init() != CXM_OK || cxm_crypto_init() != CXM_OK) {
        return -1;
    }

    for (i = 0; i < CXM_KEY_LEN; i++) {
        root.b[i] = (uint8_t) i;
    }

    cxm_keyring_derive(&ring, &root);

    return 0;
}


static const char *
hash_hex(cxm_str_t a, cxm_str_t b, cxm_str_t c)
{
    uint8_t      out[CXM_HASH_LEN];
    static char  text[2 * CXM_HASH_LEN + 1];

    cxm_keyed_hash(&ring.k[CXM_SUBKEY_LOOKUP], a, b, c, out, sizeof(out));
    cxm_hex_encode(out, sizeof(out), text);

    return text;
}


/*
 * Computed with Python's hashlib.blake2b, not with libsodium: these values
 * are the format of stores that exist.
 */
static void
keys_and_hashes_are_the_format(void **state)
{
    char  text[2 * CXM_KEY_LEN + 1];

    (void) state;

    cxm_hex_encode(ring.k[CXM_SUBKEY_SEAL].b, CXM_KEY_LEN, text);
    assert_string_equal(text, "1c2d2012b4dc9c917bc1ec732eb945d6"
                        "4f959e3b7036588e604a4562b4230ada");
    cxm_hex_encode(ring.k[CXM_SUBKEY_FINGERPRINT].b, CXM_KEY_LEN, text);
    assert_string_equal(text, "d670692f2a17b0b5f01216a54602f2b0"
                        "b1dc48727bd9569e7dc7ab2217fe7aef");

    assert_string_equal(hash_hex(nothing, nothing, nothing),
                        "9d8b160f71b2fd4b4255052fc0ab5c6a");
    assert_string_equal(hash_hex(cxm_str("email"), cxm_str("a@example.org"),
                                 nothing), "a30dc3d1731953f31463797a9a2c5846");
}


static void
subkeys_differ(void **state)
{
    int  i, j;

    (void) state;

    for (i = 1; i < CXM_SUBKEY_N; i++) {
        for (j = 0; j < i; j++) {
            assert_false(cxm_equal(&ring.k[i], &ring.k[j], CXM_KEY_LEN));
        }
    }
}


static void
hash_keeps_parts_apart(void **state)
{
    size_t              i, j, n;
    uint8_t             out[6][64];
    static const char  *parts[6][3] = {
        { "ab", "c", "" }, { "a", "bc", "" }, { "", "abc", "" },
        { "abc", "", "" }, { "", "", "abc" }, { "a", "b", "c" }
    };

    (void) state;

    n = sizeof(parts) / sizeof(parts[0]);

    for (i = 0; i < n; i++) {
        cxm_keyed_hash(&ring.k[1], cxm_strz(parts[i][0]),
                       cxm_strz(parts[i][1]), cxm_strz(parts[i][2]),
                       out[i], sizeof(out[i]));

        for (j = 0; j < i; j++) {
            assert_memory_not_equal(out[i], out[j], sizeof(out[i]));
        }
    }
}


static void
seal_round_trip(void **state)
{
    size_t     i;
    cxm_buf_t  sealed, text;
    cxm_str_t  texts[3];

    (void) state;

    texts[0] = nothing;
    texts[1] = cxm_str("x");
    texts[2] = cxm_str("Personal text of a customer, \xe2\x82\xac 12");

    for (i = 0; i < 3; i++) {
        cxm_buf_init(&sealed, 4096);
        cxm_buf_init(&text, 4096);
        cxm_buf_puts(&sealed, "head");
        cxm_buf_puts(&text, ">");

        cxm_seal(&ring.k[CXM_SUBKEY_SEAL], &ring.k[CXM_SUBKEY_NONCE],
                 cxm_str("doc:1"), texts[i], &sealed);
        assert_false(sealed.failed);
        assert_int_equal(sealed.len, 4 + texts[i].len + CXM_SEAL_EXTRA);
        assert_memory_equal(sealed.data, "head", 4);

        assert_int_equal(cxm_open(&ring.k[CXM_SUBKEY_SEAL], cxm_str("doc:1"),
                                  (cxm_str_t) { sealed.len - 4,
                                                (char *) sealed.data + 4 },
                                  &text), CXM_OK);
        assert_int_equal(text.len, 1 + texts[i].len);

        if (texts[i].len != 0) {
            assert_memory_equal(text.data + 1, texts[i].data, texts[i].len);
        }

        cxm_buf_free(&sealed);
        cxm_buf_free(&text);
    }
}


static void
seal_is_deterministic_and_bound(void **state)
{
    int        i;
    uint8_t    nonce[CXM_NONCE_LEN];
    cxm_buf_t  buf[4];

    (void) state;

    for (i = 0; i < 4; i++) {
        cxm_buf_init(&buf[i], 4096);
        cxm_seal(&ring.k[CXM_SUBKEY_SEAL], &ring.k[CXM_SUBKEY_NONCE],
                 i == 2 ? cxm_str("doc:2") : cxm_str("doc:1"),
                 i == 3 ? cxm_str("texu") : cxm_str("text"), &buf[i]);
        assert_int_equal(buf[i].len, 4 + CXM_SEAL_EXTRA);
    }

    assert_memory_equal(buf[0].data, buf[1].data, buf[0].len);

    cxm_keyed_hash(&ring.k[CXM_SUBKEY_NONCE], cxm_str("doc:1"),
                   cxm_str("text"), nothing, nonce, sizeof(nonce));
    assert_memory_equal(buf[0].data, nonce, sizeof(nonce));

    assert_memory_not_equal(buf[0].data, buf[2].data, CXM_NONCE_LEN);
    assert_memory_not_equal(buf[0].data, buf[3].data, CXM_NONCE_LEN);

    for (i = 0; i < 4; i++) {
        cxm_buf_free(&buf[i]);
    }
}


/* Each flipped bit, each cut, another key and another place. */
static void
damage_is_seen(void **state)
{
    size_t     i;
    cxm_str_t  ad, all;
    cxm_buf_t  sealed, out;

    (void) state;

    ad = cxm_str("doc:1");
    cxm_buf_init(&sealed, 4096);
    cxm_buf_init(&out, 4096);
    cxm_buf_puts(&out, "kept");
    cxm_seal(&ring.k[CXM_SUBKEY_SEAL], &ring.k[CXM_SUBKEY_NONCE], ad,
             cxm_str("text"), &sealed);
    all = cxm_buf_str(&sealed);

    for (i = 0; i < all.len * 8; i++) {
        sealed.data[i / 8] ^= (uint8_t) (1 << i % 8);
        assert_int_equal(cxm_open(&ring.k[CXM_SUBKEY_SEAL], ad, all, &out),
                         CXM_CORRUPT);
        sealed.data[i / 8] ^= (uint8_t) (1 << i % 8);
    }

    for (i = 0; i < all.len; i++) {
        assert_int_equal(cxm_open(&ring.k[CXM_SUBKEY_SEAL], ad,
                                  (cxm_str_t) { i, all.data }, &out),
                         CXM_CORRUPT);
    }

    assert_int_equal(cxm_open(&ring.k[CXM_SUBKEY_NONCE], ad, all, &out),
                     CXM_CORRUPT);
    assert_int_equal(cxm_open(&ring.k[CXM_SUBKEY_SEAL], cxm_str("doc:2"), all,
                              &out), CXM_CORRUPT);
    assert_int_equal(cxm_open(&ring.k[CXM_SUBKEY_SEAL], ad, nothing, &out),
                     CXM_CORRUPT);

    assert_true(cxm_str_eqz(cxm_buf_str(&out), "kept"));
    assert_int_equal(cxm_open(&ring.k[CXM_SUBKEY_SEAL], ad, all, &out),
                     CXM_OK);
    assert_true(cxm_str_eqz(cxm_buf_str(&out), "kepttext"));

    cxm_buf_free(&sealed);
    cxm_buf_free(&out);
}


static void
bounds_of_buffers(void **state)
{
    cxm_buf_t  small, sealed;

    (void) state;

    cxm_buf_init(&small, 3);
    cxm_buf_init(&sealed, 4096);

    cxm_seal(&ring.k[1], &ring.k[2], nothing, cxm_str("text"), &small);
    assert_true(small.failed);
    assert_int_equal(small.len, 0);

    cxm_seal(&ring.k[1], &ring.k[2], nothing, cxm_str("text"), &sealed);
    cxm_buf_reset(&small);
    assert_int_equal(cxm_open(&ring.k[1], nothing, cxm_buf_str(&sealed),
                              &small), CXM_INTERNAL);
    assert_true(small.failed);

    cxm_seal(&ring.k[1], &ring.k[2], nothing, (cxm_str_t) { SIZE_MAX, "" },
             &sealed);
    assert_true(sealed.failed);

    cxm_buf_free(&small);
    cxm_buf_free(&sealed);
}


static void
small_helpers(void **state)
{
    uint8_t  a[32], b[32];

    (void) state;

    memset(a, 0, sizeof(a));
    cxm_random(b, sizeof(b));
    assert_false(cxm_equal(a, b, sizeof(a)));
    cxm_wipe(b, sizeof(b));
    assert_true(cxm_equal(a, b, sizeof(a)));
}


/* As `b2sum -l 256` has it. */
static void
sums(void **state)
{
    uint8_t     out[CXM_SUM_LEN], expect[CXM_SUM_LEN];
    cxm_sum_t  *sum;

    (void) state;

    assert_int_equal(cxm_hex_decode(cxm_str("bddd813c634239723171ef3fee98579b"
                                            "94964e3bb1cb3e427262c8c068d52319"),
                                    expect, sizeof(expect)), CXM_OK);
    sum = cxm_sum_begin();
    assert_non_null(sum);
    cxm_sum_add(sum, "a", 1);
    cxm_sum_add(sum, "bc", 2);
    cxm_sum_end(sum, out);
    assert_memory_equal(out, expect, sizeof(out));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(keys_and_hashes_are_the_format),
        cmocka_unit_test(subkeys_differ),
        cmocka_unit_test(hash_keeps_parts_apart),
        cmocka_unit_test(seal_round_trip),
        cmocka_unit_test(seal_is_deterministic_and_bound),
        cmocka_unit_test(damage_is_seen),
        cmocka_unit_test(bounds_of_buffers),
        cmocka_unit_test(small_helpers),
        cmocka_unit_test(sums)
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
