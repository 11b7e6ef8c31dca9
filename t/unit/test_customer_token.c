/*
 * Tokens of a site's customers: what they must say, and keys in files.
 */

#include "token_fixture.h"

#include <sys/stat.h>
#include <unistd.h>


#define NOW   1700000000000         /* ms */
#define HOST  "shop.example"

static cxm_customer_rules_t   rules;
static cxm_customer_claims_t  claims;
static cxm_error_t            err;
static const char            *why;


static cxm_token_result_t
result_at(cxm_ms_t now, const char *payload)
{
    return cxm_customer_token(&rules, token_of(CXM_JWS_HS256, &hs_key,
                                               TOKEN_HS, payload),
                              cxm_str(HOST), now, &claims, &why);
}


static cxm_token_result_t
result_of(const char *payload)
{
    return result_at(NOW, payload);
}


static int
setup(void **state)
{
    (void) token_setup(state);

    memset(&rules, 0, sizeof(rules));
    rules.nkeys = 1;
    rules.keys[0] = hs_key;
    rules.max_age = CXM_CUSTOMER_AGE;

    return 0;
}


/* --- claims ------------------------------------------------------------- */

static void
test_claims(void **state)
{
    (void) state;

    assert_int_equal(result_of("{\"sub\":\"4711\",\"exp\":1700003600,"
                               "\"iat\":1700000000,\"nbf\":1700000000,"
                               "\"email\":\"Ann@example.org\","
                               "\"email_verified\":true,\"name\":\"Ann\","
                               "\"roles\":[\"buyer\"],\"aud\":\"" HOST "\"}"),
                     CXM_TOKEN_GOOD);
    assert_string_equal(claims.sub, "4711");
    assert_string_equal(claims.email, "Ann@example.org");
    assert_string_equal(claims.name, "Ann");

    assert_int_equal(result_of("{\"sub\":\"4711\",\"exp\":1700003600}"),
                     CXM_TOKEN_GOOD);
    assert_string_equal(claims.email, "");
    assert_string_equal(claims.name, "");
}


/* An address that nobody has proved leads to whoever else has it. */
static void
test_email(void **state)
{
    size_t  i;

    static const char *const  unproved[] = {
        "", ",\"email_verified\":false", ",\"email_verified\":\"true\"",
        ",\"email_verified\":1", ",\"email_verified\":null"
    };

    char  text[200];

    (void) state;

    for (i = 0; i < sizeof(unproved) / sizeof(unproved[0]); i++) {
        (void) snprintf(text, sizeof(text),
                        "{\"sub\":\"1\",\"exp\":1700000001,"
                        "\"email\":\"a@example.org\"%s}", unproved[i]);
        assert_int_equal(result_of(text), CXM_TOKEN_GOOD);
        assert_string_equal(claims.email, "");
    }
}


#define TIMES(text)  "{\"sub\":\"1\"," text "}"
#define SUB(text)    "{\"exp\":1700000001," text "}"

static void
test_refused(void **state)
{
    size_t  i;

    static const struct {
        const char          *payload;
        cxm_token_result_t   result;
    } cases[] = {
        { TIMES("\"exp\":1700000000"), CXM_TOKEN_GOOD },        /* skew */
        { TIMES("\"exp\":1699999940"), CXM_TOKEN_EXPIRED },
        { TIMES("\"exp\":1699999941"), CXM_TOKEN_GOOD },
        { TIMES("\"exp\":1700000000.5"), CXM_TOKEN_GOOD },
        { TIMES("\"exp\":-1"), CXM_TOKEN_EXPIRED },
        { TIMES("\"exp\":0"), CXM_TOKEN_EXPIRED },
        { TIMES("\"iat\":1700000000"), CXM_TOKEN_CLAIMS },      /* no exp */
        { TIMES("\"exp\":\"1700000001\""), CXM_TOKEN_CLAIMS },
        { TIMES("\"exp\":null"), CXM_TOKEN_CLAIMS },
        { TIMES("\"exp\":true"), CXM_TOKEN_CLAIMS },
        { TIMES("\"exp\":1e300"), CXM_TOKEN_CLAIMS },
        { TIMES("\"exp\":9223372036854775807"), CXM_TOKEN_CLAIMS },
        { TIMES("\"exp\":1700086460"), CXM_TOKEN_GOOD },
        { TIMES("\"exp\":1700086461"), CXM_TOKEN_CLAIMS },
        { TIMES("\"exp\":1700000100,\"iat\":1699913700"), CXM_TOKEN_GOOD },
        { TIMES("\"exp\":1700000100,\"iat\":1699913699"), CXM_TOKEN_CLAIMS },
        { TIMES("\"exp\":1700000100,\"iat\":\"now\""), CXM_TOKEN_CLAIMS },
        { TIMES("\"exp\":1700000100,\"iat\":1700000060"), CXM_TOKEN_GOOD },
        { TIMES("\"exp\":1700000100,\"iat\":1700000061"), CXM_TOKEN_EARLY },
        { TIMES("\"exp\":1700000100,\"nbf\":1700000060"), CXM_TOKEN_GOOD },
        { TIMES("\"exp\":1700000100,\"nbf\":1700000061"), CXM_TOKEN_EARLY },
        { TIMES("\"exp\":1700000100,\"nbf\":\"\""), CXM_TOKEN_CLAIMS },
        { SUB("\"x\":1"), CXM_TOKEN_CLAIMS },                   /* no sub */
        { SUB("\"sub\":\"\""), CXM_TOKEN_CLAIMS },
        { SUB("\"sub\":4711"), CXM_TOKEN_CLAIMS },
        { SUB("\"sub\":null"), CXM_TOKEN_CLAIMS },
        { SUB("\"sub\":\"a\\nb\""), CXM_TOKEN_CLAIMS },
        { SUB("\"sub\":\"1\",\"email\":\"\""), CXM_TOKEN_GOOD },
        { SUB("\"sub\":\"1\",\"email\":null,\"name\":null"),
          CXM_TOKEN_GOOD },
        { SUB("\"sub\":\"1\",\"email\":\"none\""), CXM_TOKEN_CLAIMS },
        { SUB("\"sub\":\"1\",\"email\":5"), CXM_TOKEN_CLAIMS },
        { SUB("\"sub\":\"1\",\"name\":[]"), CXM_TOKEN_CLAIMS },
        { SUB("\"sub\":\"1\",\"aud\":[\"x\",\"" HOST "\"]"),
          CXM_TOKEN_GOOD },
        { SUB("\"sub\":\"1\",\"aud\":\"help.example\""), CXM_TOKEN_CLAIMS },
        { SUB("\"sub\":\"1\",\"aud\":[]"), CXM_TOKEN_CLAIMS },
        { SUB("\"sub\":\"1\",\"aud\":null"), CXM_TOKEN_CLAIMS },
        { SUB("\"sub\":\"1\",\"aud\":{\"" HOST "\":1}"), CXM_TOKEN_CLAIMS }
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (result_of(cases[i].payload) != cases[i].result) {
            fail_msg("%s: %s", cases[i].payload, why == NULL ? "?" : why);
        }

        assert_int_equal(cases[i].result == CXM_TOKEN_GOOD,
                         claims.sub[0] != '\0');
        assert_int_equal(cases[i].result == CXM_TOKEN_GOOD, why == NULL);
    }
}


static void
test_audience(void **state)
{
    (void) state;

    rules.audience = cxm_str("surveys");

    assert_int_equal(result_of(SUB("\"sub\":\"1\"")), CXM_TOKEN_CLAIMS);
    assert_int_equal(result_of(SUB("\"sub\":\"1\",\"aud\":\"" HOST "\"")),
                     CXM_TOKEN_CLAIMS);
    assert_int_equal(result_of(SUB("\"sub\":\"1\",\"aud\":\"surveys\"")),
                     CXM_TOKEN_GOOD);
}


static void
test_max_age(void **state)
{
    (void) state;

    rules.max_age = 300;

    assert_int_equal(result_of(TIMES("\"exp\":1700000361")), CXM_TOKEN_CLAIMS);
    assert_int_equal(result_of(TIMES("\"exp\":1700000300")), CXM_TOKEN_GOOD);
}


/* In characters, of which one may take four bytes. */
static void
test_long_sub(void **state)
{
    int        i, n;
    cxm_buf_t  text;

    (void) state;

    for (n = 100; n <= 101; n++) {
        cxm_buf_init(&text, 4096);
        cxm_buf_puts(&text, "{\"exp\":1700000001,\"sub\":\"");

        for (i = 0; i < n; i++) {
            cxm_buf_puts(&text, "\xf0\x9f\x98\x80");
        }

        cxm_buf_puts(&text, "\"}");
        cxm_buf_putc(&text, '\0');
        assert_int_equal(result_of((const char *) text.data),
                         n == 100 ? CXM_TOKEN_GOOD : CXM_TOKEN_CLAIMS);
        cxm_buf_free(&text);
    }
}


/* --- keys --------------------------------------------------------------- */

#define SECRET_A  "0123456789abcdef0123456789abcdef"
#define SECRET_B  "base64:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define PUBLIC    "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define PEM                                                                   \
    "-----BEGIN PUBLIC KEY-----\n"                                            \
    "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"          \
    "-----END PUBLIC KEY-----\n"

/* P-256 */
#define PEM_EC                                                                \
    "-----BEGIN PUBLIC KEY-----\n"                                            \
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9\n"      \
    "q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==\n"          \
    "-----END PUBLIC KEY-----\n"

#define PEM_PRIVATE                                                           \
    "-----BEGIN PRIVATE KEY-----\n"                                           \
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"      \
    "-----END PRIVATE KEY-----\n"


static void
test_key_files(void **state)
{
    size_t  i;

    static const struct {
        const char     *text;
        cxm_jws_alg_t   alg;
        size_t          n;              /* keys; 0: refused */
        cxm_jws_alg_t   found;
    } cases[] = {
        { SECRET_A, 0, 1, CXM_JWS_HS256 },
        { SECRET_A "\n", CXM_JWS_HS256, 1, CXM_JWS_HS256 },
        { "# new\r\n" SECRET_A "\r\n\n# old\n" SECRET_B "\n", 0, 2,
          CXM_JWS_HS256 },
        { PEM, 0, 1, CXM_JWS_ED25519 },
        { PEM, CXM_JWS_ED25519, 1, CXM_JWS_ED25519 },
        { "of the shop\n" PEM "older\n" PEM, 0, 2, CXM_JWS_ED25519 },
        { PUBLIC, CXM_JWS_ED25519, 1, CXM_JWS_ED25519 },
        { PUBLIC "=\n", CXM_JWS_ED25519, 1, CXM_JWS_ED25519 },

        /* a public key that were taken for a secret */
        { PUBLIC, 0, 0, 0 },
        { PUBLIC, CXM_JWS_HS256, 1, CXM_JWS_HS256 },
        { PEM, CXM_JWS_HS256, 0, 0 },

        { "", 0, 0, 0 },
        { "\n# " SECRET_A "\n", 0, 0, 0 },
        { "0123456789abcdef0123456789abcde", 0, 0, 0 },
        { "base64:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", 0, 0, 0 },
        { "base64:0123456789abcdef0123456789abcdef!", 0, 0, 0 },
        { SECRET_A "\nshort\n", 0, 0, 0 },
        { "\x01\x02" SECRET_A, 0, 0, 0 },
        { PEM_PRIVATE, 0, 0, 0 },
        { PEM PEM_PRIVATE, 0, 0, 0 },
        { PEM_EC, 0, 0, 0 },
        { "-----BEGIN PUBLIC KEY-----\nMCow", 0, 0, 0 },
        { "-----BEGIN ", 0, 0, 0 },
        { SECRET_A, CXM_JWS_ED25519, 0, 0 },

        /* a point of small order: anything would be signed by it */
        { "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", CXM_JWS_ED25519, 0,
          0 }
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cxm_error_init(&err);
        assert_int_equal(cxm_customer_keys_parse(&rules,
                                                 cxm_strz(cases[i].text),
                                                 cases[i].alg, &err)
                         == CXM_OK, cases[i].n > 0);

        if (cases[i].n > 0) {
            assert_int_equal(rules.nkeys, cases[i].n);
            assert_int_equal(rules.keys[0].alg, cases[i].found);

        } else {
            assert_int_equal(err.rc, CXM_INVALID);
            assert_true(err.detail[0] != '\0');
        }
    }
}


static void
test_too_many_keys(void **state)
{
    int        i;
    cxm_buf_t  text;

    (void) state;

    cxm_buf_init(&text, 4096);

    for (i = 0; i <= CXM_CUSTOMER_KEYS; i++) {
        cxm_buf_puts(&text, SECRET_A "\n");
    }

    cxm_error_init(&err);
    assert_int_equal(cxm_customer_keys_parse(&rules, cxm_buf_str(&text), 0,
                                             &err), CXM_INVALID);
    cxm_buf_free(&text);
}


static cxm_rc_t
read_with_mode(const char *path, const char *text, mode_t mode)
{
    FILE  *file;

    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
    cxm_error_init(&err);

    return cxm_customer_keys_read(&rules, path, 0, &err);
}


/* A secret is nobody else's; a public key only must not be written. */
static void
test_key_modes(void **state)
{
    int   fd;
    char  path[] = "/tmp/cxm-key-XXXXXX";

    (void) state;

    fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);

    assert_int_equal(read_with_mode(path, SECRET_A "\n", 0600), CXM_OK);
    assert_int_equal(rules.keys[0].len, 32);
    assert_int_equal(read_with_mode(path, SECRET_A "\n", 0640), CXM_INVALID);
    assert_int_equal(read_with_mode(path, SECRET_A "\n", 0604), CXM_INVALID);
    assert_non_null(strstr(err.detail, "0604"));
    assert_int_equal(read_with_mode(path, PEM, 0644), CXM_OK);
    assert_int_equal(read_with_mode(path, PEM, 0664), CXM_INVALID);
    assert_int_equal(read_with_mode(path, PEM, 0646), CXM_INVALID);

    assert_int_equal(unlink(path), 0);
    cxm_error_init(&err);
    assert_int_equal(cxm_customer_keys_read(&rules, path, 0, &err), CXM_IO);
    cxm_error_init(&err);
    assert_int_equal(cxm_customer_keys_read(&rules, "/tmp", 0, &err),
                     CXM_INVALID);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup(test_claims, setup),
        cmocka_unit_test_setup(test_email, setup),
        cmocka_unit_test_setup(test_refused, setup),
        cmocka_unit_test_setup(test_audience, setup),
        cmocka_unit_test_setup(test_max_age, setup),
        cmocka_unit_test_setup(test_long_sub, setup),
        cmocka_unit_test_setup(test_key_files, setup),
        cmocka_unit_test_setup(test_too_many_keys, setup),
        cmocka_unit_test_setup(test_key_modes, setup)
    };

    return cmocka_run_group_tests_name("customer_token", tests, NULL, NULL);
}
