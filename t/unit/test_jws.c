/*
 * cxm_jws: what the RFCs sign opens, and nothing else does.
 */

#include "token_fixture.h"


#define CLAIMS  "{\"sub\":\"4711\"}"

static json_t      *payload;
static const char  *why;


static cxm_rc_t
open_by(cxm_str_t token, const cxm_jws_key_t *key)
{
    json_decref(payload);

    return cxm_jws_open(token, key, 1, &payload, &why);
}


static int
teardown(void **state)
{
    (void) state;
    json_decref(payload);

    return 0;
}


/* "a.b.c" with one part exchanged. */
static cxm_str_t
with_part(cxm_str_t token, int part, const char *text)
{
    int          i;
    cxm_buf_t    out;
    cxm_str_t    one;
    static char  changed[3 * CXM_JWS_MAX];

    cxm_buf_init(&out, sizeof(changed));

    for (i = 0; i < 3; i++) {
        one = cxm_str_cut(&token, '.');
        one = i == part ? cxm_strz(text) : one;
        cxm_buf_put(&out, one.data, one.len);
        cxm_buf_puts(&out, i < 2 ? "." : "");
    }

    memcpy(changed, out.data, out.len);
    one = (cxm_str_t) { out.len, changed };
    cxm_buf_free(&out);

    return one;
}


/* --- vectors ------------------------------------------------------------ */

#define A1_KEY                                                                \
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUu"\
    "TwjAzZr1Z9CAow"

#define A1_TOKEN                                                              \
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."                               \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNv"\
    "bS9pc19yb290Ijp0cnVlfQ."                                                 \
    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

#define A4_KEY    "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"

/* Its payload is "Example of Ed25519 signing", which is no JSON. */
#define A4_TEXT   "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
#define A4_TOKEN  A4_TEXT                                                     \
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7"\
    "sVvpAr_MuM0KAg"
#define A4_OTHER  A4_TEXT                                                     \
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7"\
    "sVvpAr_MuM0LAg"


static void
coded_key(cxm_jws_key_t *key, cxm_jws_alg_t alg, const char *text)
{
    cxm_buf_t  b;

    cxm_buf_init(&b, CXM_JWS_KEY_MAX);
    assert_int_equal(cxm_base64url_decode(cxm_strz(text), &b), CXM_OK);
    memset(key, 0, sizeof(*key));
    key->alg = alg;
    key->len = b.len;
    memcpy(key->b, b.data, b.len);
    cxm_buf_free(&b);
}


static void
test_rfc7515(void **state)
{
    cxm_jws_key_t  key;

    (void) state;

    coded_key(&key, CXM_JWS_HS256, A1_KEY);
    assert_int_equal(open_by(cxm_str(A1_TOKEN), &key), CXM_OK);
    assert_true(cxm_str_eqz(cxm_json_get_str(payload, "iss"), "joe"));
    assert_int_equal(cxm_json_get_int(payload, "exp", 0), 1300819380);

    key.b[0] ^= 1;
    assert_int_equal(open_by(cxm_str(A1_TOKEN), &key), CXM_UNAUTHORIZED);
    assert_null(payload);
}


static void
test_rfc8037(void **state)
{
    cxm_jws_key_t  key;

    (void) state;

    coded_key(&key, CXM_JWS_ED25519, A4_KEY);
    assert_true(cxm_jws_is_public_key(key.b));
    assert_int_equal(open_by(cxm_str(A4_TOKEN), &key), CXM_BAD_REQUEST);
    assert_string_equal(why, "its claims are no JSON object");
    assert_int_equal(open_by(cxm_str(A4_OTHER), &key), CXM_UNAUTHORIZED);
}


/* --- attacks ------------------------------------------------------------ */

static void
test_none(void **state)
{
    size_t  i;

    static const char *const  headers[] = {
        "{\"alg\":\"none\"}", "{\"alg\":\"None\"}", "{}"
    };

    (void) state;

    for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        assert_int_equal(open_by(with_part(token_of(CXM_JWS_HS256, &hs_key,
                                                    headers[i], CLAIMS),
                                           2, ""), &hs_key),
                         CXM_BAD_REQUEST);

        /* nor with a signature that is good */

        assert_int_equal(open_by(token_of(CXM_JWS_HS256, &hs_key, headers[i],
                                          CLAIMS), &hs_key),
                         CXM_BAD_REQUEST);
        assert_null(payload);
    }
}


/* The public key is known to anybody: as a secret of HS256 it is none. */
static void
test_confusion(void **state)
{
    (void) state;

    assert_int_equal(open_by(token_of(CXM_JWS_ED25519, &ed_key, TOKEN_ED,
                                      CLAIMS), &ed_key), CXM_OK);
    assert_int_equal(open_by(token_of(CXM_JWS_HS256, &ed_key, TOKEN_HS,
                                      CLAIMS), &ed_key), CXM_UNAUTHORIZED);
    assert_int_equal(open_by(token_of(CXM_JWS_HS256, &ed_key, TOKEN_ED,
                                      CLAIMS), &ed_key), CXM_UNAUTHORIZED);

    /* what the header says of a good signature has to be true */

    assert_int_equal(open_by(token_of(CXM_JWS_ED25519, &ed_key, TOKEN_HS,
                                      CLAIMS), &ed_key), CXM_BAD_REQUEST);
    assert_int_equal(open_by(token_of(CXM_JWS_HS256, &hs_key, TOKEN_ED,
                                      CLAIMS), &hs_key), CXM_BAD_REQUEST);
}


static void
test_headers(void **state)
{
    size_t  i;

    static const struct {
        const char  *header;
        cxm_rc_t     rc;
    } cases[] = {
        { "{\"alg\":\"HS256\"}", CXM_OK },
        { "{\"alg\":\"HS256\",\"typ\":\"jwt\",\"kid\":\"k-1\"}", CXM_OK },
        { "{\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AA\"}}",
          CXM_OK },
        { "{\"alg\":\"HS256\",\"typ\":\"dpop+jwt\"}", CXM_BAD_REQUEST },
        { "{\"alg\":\"HS256\",\"typ\":null}", CXM_BAD_REQUEST },
        { "{\"alg\":\"HS256\",\"b64\":false,\"crit\":[\"b64\"]}",
          CXM_BAD_REQUEST },
        { "{\"alg\":\"HS256\",\"crit\":[]}", CXM_BAD_REQUEST },
        { "{\"alg\":\"hs256\"}", CXM_BAD_REQUEST },
        { "{\"alg\":[\"HS256\"]}", CXM_BAD_REQUEST },
        { "{\"alg\":\"HS256\",\"alg\":\"HS256\"}", CXM_BAD_REQUEST },
        { "[\"HS256\"]", CXM_BAD_REQUEST },
        { "{\"alg\":\"HS256\"", CXM_BAD_REQUEST }
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(open_by(token_of(CXM_JWS_HS256, &hs_key,
                                          cases[i].header, CLAIMS), &hs_key),
                         cases[i].rc);
    }
}


static void
test_ed25519_name(void **state)
{
    (void) state;

    assert_int_equal(open_by(token_of(CXM_JWS_ED25519, &ed_key,
                                      "{\"alg\":\"Ed25519\"}", CLAIMS),
                             &ed_key), CXM_OK);
}


static void
test_payloads(void **state)
{
    size_t  i;

    static const char *const  payloads[] = {
        "{\"sub\":\"1\",\"sub\":\"2\"}", "[]", "\"4711\"", "{\"sub\":\"1\"",
        "{\"sub\":\"\\u0000\"}", "{\"sub\":\"1\"}x", "{\"sub\":\"\xff\"}",
        "[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]"
    };

    (void) state;

    for (i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
        assert_int_equal(open_by(token_of(CXM_JWS_HS256, &hs_key, TOKEN_HS,
                                          payloads[i]), &hs_key),
                         CXM_BAD_REQUEST);
    }
}


/* --- form --------------------------------------------------------------- */

/* No cut of a token is one, nor is any with a character more or another. */
static void
test_truncated(void **state)
{
    size_t     i, len;
    cxm_str_t  token;

    (void) state;

    token = token_of(CXM_JWS_HS256, &hs_key, TOKEN_HS, CLAIMS);
    len = token.len;

    for (i = 0; i < len; i++) {
        assert_int_not_equal(open_by((cxm_str_t) { i, made }, &hs_key),
                             CXM_OK);
    }

    for (i = 0; i < len; i++) {
        made[i] ^= 1;
        assert_int_not_equal(open_by(token, &hs_key), CXM_OK);
        made[i] ^= 1;
    }

    assert_int_equal(open_by(token, &hs_key), CXM_OK);

    made[len] = '.';
    assert_int_not_equal(open_by((cxm_str_t) { len + 1, made }, &hs_key),
                         CXM_OK);
    made[len] = '=';
    assert_int_not_equal(open_by((cxm_str_t) { len + 1, made }, &hs_key),
                         CXM_OK);
    assert_int_not_equal(open_by((cxm_str_t) { 0, NULL }, &hs_key), CXM_OK);
}


/* The last character of 32 bytes has spare bits: one coding of them counts. */
static void
test_spare_bits(void **state)
{
    size_t     i, good;
    cxm_str_t  token;

    static const char  alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "abcdefghijklmnopqrstuvwxyz0123456789-_";

    (void) state;

    token = token_of(CXM_JWS_HS256, &hs_key, TOKEN_HS, CLAIMS);
    good = 0;

    for (i = 0; i < sizeof(alphabet) - 1; i++) {
        made[token.len - 1] = alphabet[i];
        good += open_by(token, &hs_key) == CXM_OK;
    }

    assert_int_equal(good, 1);
}


/* As long as allowed, and one byte more. */
static void
test_huge(void **state)
{
    char       text[CXM_JWS_MAX];
    size_t     n;
    cxm_str_t  token;

    (void) state;

    for (n = 2900; n < 3100; n++) {
        (void) snprintf(text, sizeof(text), "{\"sub\":\"%0*d\"}", (int) n, 1);
        token = token_of(CXM_JWS_HS256, &hs_key, TOKEN_HS, text);
        assert_int_equal(open_by(token, &hs_key),
                         token.len <= CXM_JWS_MAX ? CXM_OK : CXM_BAD_REQUEST);
    }

    assert_true(token.len > CXM_JWS_MAX);
}


static void
test_keys(void **state)
{
    cxm_jws_key_t  keys[3];

    (void) state;

    keys[0] = ed_key;
    keys[1] = hs_key;
    keys[2] = hs_key;
    keys[1].b[3] ^= 1;

    assert_int_equal(cxm_jws_open(token_of(CXM_JWS_HS256, &hs_key, TOKEN_HS,
                                           CLAIMS), keys, 2, &payload, &why),
                     CXM_UNAUTHORIZED);
    assert_int_equal(cxm_jws_open(token_of(CXM_JWS_HS256, &hs_key, TOKEN_HS,
                                           CLAIMS), keys, 3, &payload, &why),
                     CXM_OK);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_rfc7515),
        cmocka_unit_test(test_rfc8037),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_confusion),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_ed25519_name),
        cmocka_unit_test(test_payloads),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_spare_bits),
        cmocka_unit_test(test_huge),
        cmocka_unit_test(test_keys)
    };

    return cmocka_run_group_tests_name("jws", tests, token_setup, teardown);
}
