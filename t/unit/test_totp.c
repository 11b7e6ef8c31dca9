/*
 * Codes of apps and recovery codes: the vectors of RFC 6238, one use each.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "cxm_id.h"
#include "cxm_json.h"
#include "cxm_totp.h"


static const uint8_t  rfc_secret[CXM_TOTP_SECRET + 1] = "12345678901234567890";

static const cxm_key_t  key = { { 1, 2, 3 } };


static cxm_rc_t
check(const char *code, cxm_ms_t seconds, int64_t *step)
{
    return cxm_totp_check(rfc_secret, cxm_strz(code), seconds * 1000, step);
}


/* The state of the secret of RFC 6238; the caller drops it. */
static json_t *
rfc_state(void)
{
    char     text[CXM_TOTP_SECRET_TEXT + 1];
    json_t  *totp;

    cxm_base32_encode(rfc_secret, CXM_TOTP_SECRET, text);
    totp = json_pack("{ss sb}", "secret", text, "on", 0);
    assert_non_null(totp);

    return totp;
}


/* Appendix B: the last six of its eight digits. */
static void
vectors(void **state)
{
    size_t   i;
    int64_t  step;

    static const struct {
        cxm_ms_t     at;
        const char  *code;
    } cases[] = {
        { 59, "287082" },
        { 1111111109, "081804" },
        { 1111111111, "050471" },
        { 1234567890, "005924" },
        { 2000000000, "279037" },
        { 20000000000, "353130" },
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        step = 0;
        assert_int_equal(check(cases[i].code, cases[i].at, &step), CXM_OK);
        assert_int_equal(step, cases[i].at / 30);
    }
}


static void
window_is_one_step(void **state)
{
    size_t   i;
    int64_t  step;

    /* the code of step 41152263, which begins at 1234567890 */

    static const struct {
        cxm_ms_t  at;
        cxm_rc_t  rc;
    } cases[] = {
        { 1234567859, CXM_UNAUTHORIZED },
        { 1234567860, CXM_OK },
        { 1234567890, CXM_OK },
        { 1234567919, CXM_OK },
        { 1234567949, CXM_OK },
        { 1234567950, CXM_UNAUTHORIZED },
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        step = 0;
        assert_int_equal(check("005924", cases[i].at, &step), cases[i].rc);
        assert_int_equal(step, cases[i].rc == CXM_OK ? 41152263 : 0);
    }
}


static void
step_is_taken_once(void **state)
{
    int64_t  step;

    (void) state;

    step = 41152263;
    assert_int_equal(check("005924", 1234567890, &step), CXM_UNAUTHORIZED);

    /* nor is one before a step that was taken */

    step = 41152264;
    assert_int_equal(check("005924", 1234567890, &step), CXM_UNAUTHORIZED);
    assert_int_equal(step, 41152264);
}


static void
what_is_no_code(void **state)
{
    size_t   i;
    int64_t  step;

    static const char *const  cases[] = {
        "", "5924", "0005924", "05924a", "      ", "287083"
    };

    (void) state;

    step = 0;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(check(cases[i], 59, &step), CXM_UNAUTHORIZED);
        assert_int_equal(check(cases[i], 0, &step), CXM_UNAUTHORIZED);
    }

    assert_int_equal(step, 0);
}


static void
state_remembers_the_step(void **state)
{
    json_t       *totp;
    cxm_error_t   err;

    (void) state;

    totp = rfc_state();
    cxm_error_init(&err);

    assert_int_equal(cxm_totp_use(totp, cxm_str("28 70-82"), 59000, &err),
                     CXM_OK);
    assert_int_equal(cxm_totp_use(totp, cxm_str("287082"), 59000, &err),
                     CXM_UNAUTHORIZED);
    assert_string_equal(err.code, "wrong_code");
    assert_int_equal(cxm_json_get_int(totp, "step", 0), 1);

    json_decref(totp);
}


/* Ten in a row, then one an hour, until a right one comes. */
static void
guesses_are_few(void **state)
{
    size_t        i;
    json_t       *totp;
    cxm_ms_t      now;
    cxm_error_t   err;

    (void) state;

    totp = rfc_state();
    now = 1234567890 * (cxm_ms_t) 1000;

    for (i = 0; i < CXM_TOTP_WRONG; i++) {
        cxm_error_init(&err);
        assert_int_equal(cxm_totp_use(totp, cxm_str("000000"), now, &err),
                         CXM_UNAUTHORIZED);
    }

    assert_int_equal(cxm_totp_use(totp, cxm_str("005924"), now + 1000, &err),
                     CXM_TOO_MANY);
    assert_string_equal(err.code, "rate_limited");
    assert_int_equal(err.retry_after, 3600);
    assert_int_equal(cxm_field_check(&cxm_totp_fields, totp, "", &err),
                     CXM_OK);

    /* an hour later one is looked at */

    now += CXM_TOTP_PAUSE;
    assert_int_equal(cxm_totp_use(totp, cxm_str("000000"), now, &err),
                     CXM_UNAUTHORIZED);
    assert_int_equal(cxm_totp_use(totp, cxm_str("000000"), now, &err),
                     CXM_TOO_MANY);

    /* the vector of 1234567890 + 765432110 s */

    now = 2000000000 * (cxm_ms_t) 1000;
    assert_int_equal(cxm_totp_use(totp, cxm_str("279037"), now, &err),
                     CXM_OK);
    assert_int_equal(cxm_totp_use(totp, cxm_str("000000"), now, &err),
                     CXM_UNAUTHORIZED);
    assert_int_equal(cxm_json_get_int(totp, "wrong", 0), 1);

    json_decref(totp);
}


static void
begun_is_not_on(void **state)
{
    json_t       *totp, *other;
    cxm_error_t   err;

    (void) state;

    cxm_error_init(&err);
    totp = cxm_totp_begin();
    other = cxm_totp_begin();

    assert_int_equal(cxm_totp_on(NULL), 0);
    assert_int_equal(cxm_totp_on(totp), 0);
    assert_int_equal(cxm_field_check(&cxm_totp_fields, totp, "", &err),
                     CXM_OK);
    assert_int_equal(cxm_json_get_str(totp, "secret").len,
                     CXM_TOTP_SECRET_TEXT);
    assert_false(json_equal(totp, other));

    json_decref(totp);
    json_decref(other);
}


static void
uri_of_an_app(void **state)
{
    json_t     *totp;
    cxm_buf_t   uri;

    (void) state;

    totp = rfc_state();
    cxm_buf_init(&uri, 1024);
    cxm_totp_uri(&uri, totp, cxm_str("My shop"), cxm_str("a+b@c.example"));

    assert_true(cxm_str_eqz(cxm_buf_str(&uri),
                            "otpauth://totp/My%20shop:a%2Bb%40c.example"
                            "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
                            "&issuer=My%20shop"));

    cxm_buf_free(&uri);
    json_decref(totp);
}


static void
recovery_codes_work_once(void **state)
{
    char            text[CXM_RECOVERY_LEN + 1];
    size_t          i, j;
    json_t         *totp;
    cxm_error_t     err;
    cxm_recovery_t  codes;

    (void) state;

    cxm_error_init(&err);
    totp = rfc_state();
    assert_int_equal(cxm_totp_enable(totp, &key, 0, &codes, &err), CXM_OK);
    assert_int_equal(cxm_totp_on(totp), 1);
    assert_int_equal(cxm_totp_since(totp, 0), 1);
    assert_int_equal(cxm_totp_since(totp, 1), 0);
    assert_int_equal(cxm_field_check(&cxm_totp_fields, totp, "", &err),
                     CXM_OK);

    for (i = 0; i < CXM_RECOVERY_N; i++) {
        assert_int_equal(strlen(codes.code[i]), CXM_RECOVERY_LEN);

        for (j = 0; j < i; j++) {
            assert_string_not_equal(codes.code[i], codes.code[j]);
        }
    }

    /* typed in upper case, and then again as it was shown */

    for (i = 0; i <= CXM_RECOVERY_LEN; i++) {
        text[i] = codes.code[3][i] >= 'a' ? codes.code[3][i] - 32
                                          : codes.code[3][i];
    }

    assert_int_equal(cxm_totp_recover(totp, &key, cxm_strz(text), &err),
                     CXM_OK);
    assert_int_equal(cxm_totp_recover(totp, &key, cxm_strz(codes.code[3]),
                                      &err), CXM_UNAUTHORIZED);
    assert_string_equal(err.code, "wrong_code");

    for (i = 0; i < CXM_RECOVERY_N; i++) {
        assert_int_equal(cxm_totp_recover(totp, &key,
                                          cxm_strz(codes.code[i]), &err),
                         i == 3 ? CXM_UNAUTHORIZED : CXM_OK);
    }

    assert_int_equal(json_array_size(json_object_get(totp, "recovery")), 0);
    json_decref(totp);
}


static void
recovery_codes_are_of_one_state(void **state)
{
    json_t           *totp, *other;
    cxm_error_t       err;
    cxm_recovery_t    codes, others;
    const cxm_key_t   strange = { { 9 } };

    (void) state;

    cxm_error_init(&err);
    totp = rfc_state();
    other = cxm_totp_begin();
    assert_int_equal(cxm_totp_enable(totp, &key, 0, &codes, &err), CXM_OK);
    assert_int_equal(cxm_totp_enable(other, &key, 0, &others, &err),
                     CXM_OK);

    assert_int_equal(cxm_totp_recover(other, &key, cxm_strz(codes.code[0]),
                                      &err), CXM_UNAUTHORIZED);
    assert_int_equal(cxm_totp_recover(totp, &strange,
                                      cxm_strz(codes.code[0]), &err),
                     CXM_UNAUTHORIZED);

    /* nor do its own count once there are new ones */

    assert_int_equal(cxm_totp_enable(totp, &key, 0, &others, &err), CXM_OK);
    assert_int_equal(cxm_totp_recover(totp, &key, cxm_strz(codes.code[0]),
                                      &err), CXM_UNAUTHORIZED);
    assert_int_equal(cxm_totp_recover(totp, &key, cxm_strz(others.code[0]),
                                      &err), CXM_OK);

    json_decref(totp);
    json_decref(other);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(vectors),
        cmocka_unit_test(window_is_one_step),
        cmocka_unit_test(step_is_taken_once),
        cmocka_unit_test(what_is_no_code),
        cmocka_unit_test(state_remembers_the_step),
        cmocka_unit_test(guesses_are_few),
        cmocka_unit_test(begun_is_not_on),
        cmocka_unit_test(uri_of_an_app),
        cmocka_unit_test(recovery_codes_work_once),
        cmocka_unit_test(recovery_codes_are_of_one_state),
    };

    if (cxm_crypto_init() != CXM_OK) {
        return 1;
    }

    return cmocka_run_group_tests(tests, NULL, NULL);
}
