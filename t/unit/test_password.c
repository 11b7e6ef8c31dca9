/*
 * cxm_password and cxm_breached: what is kept and what it may cost; nobody's
 * password; which ones are refused.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>
#include <sodium.h>

#include "cxm_breached.h"
#include "cxm_crypto.h"
#include "cxm_log.h"
#include "cxm_password.h"


#define SALT  "L5daIJqP2pPn3WZuopAtLQ"
#define SUM   "BFW89SCRThwoMZeuMyEKV/Q3NvmA2J+qlL8V4KH+Rbs"
#define TAIL  "$" SALT "$" SUM


static cxm_error_t  err;
static unsigned     logged;


static void
log_line(cxm_log_level_t level, const char *message)
{
    (void) message;

    logged += level == CXM_LOG_ERROR;
}


static int
setup(void **state)
{
    (void) state;

    cxm_error_init(&err);
    cxm_log_to(log_line);
    logged = 0;

    return cxm_crypto_init() == CXM_OK ? 0 : -1;
}


static void
made_and_verified(void **state)
{
    int                  again;
    char                 hash[CXM_PASSWORD_HASH], other[CXM_PASSWORD_HASH];
    cxm_str_t            password;
    cxm_password_cost_t  cost;

    (void) state;

    password = cxm_str("p\xc3\xa4ssword \xe2\x82\xac of mine");

    assert_int_equal(cxm_password_hash(password, hash, &err), CXM_OK);
    assert_int_equal(cxm_password_hash(password, other, &err), CXM_OK);
    assert_string_not_equal(hash, other);

    assert_int_equal(cxm_password_cost(hash, &cost), CXM_OK);
    assert_int_equal(cost.memory, 19456);
    assert_int_equal(cost.passes, 2);

    assert_int_equal(cxm_password_verify(hash, password, &again, &err),
                     CXM_OK);
    assert_int_equal(again, 0);

    password.len--;
    assert_int_equal(cxm_password_verify(hash, password, &again, &err),
                     CXM_UNAUTHORIZED);
    assert_int_equal(again, 0);
    assert_int_equal(logged, 0);
}


/* Not cut where a NUL or bcrypt's 72 bytes would be. */
static void
every_byte_counts(void **state)
{
    int    again;
    char   hash[CXM_PASSWORD_HASH], text[CXM_PASSWORD_MAX];

    (void) state;

    memset(text, 'a', sizeof(text));
    text[10] = '\0';

    assert_int_equal(cxm_password_hash((cxm_str_t) { sizeof(text), text },
                                       hash, &err), CXM_OK);
    text[sizeof(text) - 1] = 'b';
    assert_int_equal(cxm_password_verify(hash,
                                         (cxm_str_t) { sizeof(text), text },
                                         &again, &err), CXM_UNAUTHORIZED);
}


static void
costs_of_kept_hashes(void **state)
{
    size_t               i;
    cxm_password_cost_t  cost;

    static const struct {
        const char  *hash;
        cxm_rc_t     rc;
    } cases[] = {
        { "$argon2id$v=19$m=19456,t=2,p=1" TAIL, CXM_OK },
        { "$argon2id$v=19$m=19456,t=4,p=1" TAIL, CXM_OK },
        { "$argon2id$v=19$m=8,t=1,p=1" TAIL, CXM_OK },
        { "$argon2id$v=19$m=19457,t=2,p=1" TAIL, CXM_CORRUPT },
        { "$argon2id$v=19$m=4194304,t=2,p=1" TAIL, CXM_CORRUPT },   /* 4 GiB */
        { "$argon2id$v=19$m=4294986752,t=2,p=1" TAIL, CXM_CORRUPT },
        { "$argon2id$v=19$m=99999999999999999999,t=2,p=1" TAIL, CXM_CORRUPT },
        { "$argon2id$v=19$m=7,t=2,p=1" TAIL, CXM_CORRUPT },
        { "$argon2id$v=19$m=0,t=2,p=1" TAIL, CXM_CORRUPT },
        { "$argon2id$v=19$m=,t=2,p=1" TAIL, CXM_CORRUPT },
        { "$argon2id$v=19$m=-1,t=2,p=1" TAIL, CXM_CORRUPT },
        { "$argon2id$v=19$m=+8,t=2,p=1" TAIL, CXM_CORRUPT },
        { "$argon2id$v=19$m= 8,t=2,p=1" TAIL, CXM_CORRUPT },
        { "$argon2id$v=19$m=0019456,t=2,p=1" TAIL, CXM_CORRUPT },
        { "$argon2id$v=19$m=019456,t=2,p=1" TAIL, CXM_CORRUPT },
        { "$argon2id$v=19$m=19456,t=5,p=1" TAIL, CXM_CORRUPT },
        { "$argon2id$v=19$m=19456,t=0,p=1" TAIL, CXM_CORRUPT },
        { "$argon2id$v=19$m=19456,t=4294967298,p=1" TAIL, CXM_CORRUPT },
        { "$argon2id$v=19$m=19456,t=2,p=2" TAIL, CXM_CORRUPT },
        { "$argon2id$v=19$t=2,m=19456,p=1" TAIL, CXM_CORRUPT },
        { "$argon2id$v=16$m=19456,t=2,p=1" TAIL, CXM_CORRUPT },
        { "$argon2id$m=19456,t=2,p=1" TAIL, CXM_CORRUPT },
        { "$argon2i$v=19$m=19456,t=2,p=1" TAIL, CXM_CORRUPT },
        { "$argon2id$v=19$m=19456,t=2,p=1$" SALT, CXM_CORRUPT },
        { "$argon2id$v=19$m=19456,t=2,p=1$" SALT "$", CXM_CORRUPT },
        { "$argon2id$v=19$m=19456,t=2,p=1" TAIL "A", CXM_CORRUPT },
        { "$argon2id$v=19$m=19456,t=2,p=1" TAIL "$", CXM_CORRUPT },
        { "$argon2id$v=19$m=19456,t=2,p=1$" "L5daIJqP2pPn3WZuopAtL=" "$" SUM,
          CXM_CORRUPT },
        { "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
          CXM_CORRUPT },
        { "", CXM_CORRUPT }
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(cxm_password_cost(cases[i].hash, &cost),
                         cases[i].rc);
    }
}


static double
cpu_ms(void)
{
    struct timespec  ts;

    assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts), 0);

    return (double) ts.tv_sec * 1e3 + (double) ts.tv_nsec / 1e6;
}


/* 64 GiB and a million passes would be noticed. */
static void
dear_hashes_are_not_run(void **state)
{
    int     again;
    double  start;

    (void) state;

    start = cpu_ms();

    assert_int_equal(cxm_password_verify(
                         "$argon2id$v=19$m=67108864,t=1000000,p=1" TAIL,
                         cxm_str("a password"), &again, &err),
                     CXM_UNAUTHORIZED);

    assert_true(cpu_ms() - start < 5000);
    assert_int_equal(again, 0);
    assert_int_equal(logged, 1);
}


static void
old_costs_are_told(void **state)
{
    int        again;
    char       hash[CXM_PASSWORD_HASH];
    cxm_str_t  password;

    (void) state;

    password = cxm_str("a password");
    assert_int_equal(crypto_pwhash_str_alg(hash, password.data, password.len,
                                           1, 8 << 20,
                                           crypto_pwhash_ALG_ARGON2ID13), 0);

    assert_int_equal(cxm_password_verify(hash, password, &again, &err),
                     CXM_OK);
    assert_int_equal(again, 1);
}


/* Nobody's takes what anybody's takes; nothing matches it. */
static void
nobody(void **state)
{
    int        again;
    char       hash[CXM_PASSWORD_HASH];
    double     start, spent, known, unknown;
    unsigned   i;
    cxm_str_t  password;

    (void) state;

    password = cxm_str("a password");
    known = unknown = 1e9;
    assert_int_equal(cxm_password_hash(cxm_str("another"), hash, &err),
                     CXM_OK);

    for (i = 0; i < 5; i++) {
        start = cpu_ms();
        assert_int_equal(cxm_password_verify(NULL, password, &again, &err),
                         CXM_UNAUTHORIZED);
        spent = cpu_ms() - start;
        unknown = spent < unknown ? spent : unknown;
        assert_int_equal(again, 0);

        start = cpu_ms();
        assert_int_equal(cxm_password_verify(hash, password, &again, &err),
                         CXM_UNAUTHORIZED);
        spent = cpu_ms() - start;
        known = spent < known ? spent : known;
    }

    assert_true(unknown > known / 2 && unknown < known * 2);
    assert_int_equal(logged, 0);
}


static void
refused_as(const char *password, const char *code)
{
    cxm_rc_t  rc;

    static const cxm_str_t  own[] = {
        { 27, "Jane.Doe-Kowalski@acme.test" },
        { 14, "Jan\xc3\xa9 Kowalska" },
        { 3, "Bob" },
        { 0, "" }
    };

    cxm_error_init(&err);
    rc = cxm_password_refuse(cxm_strz(password), own, 4, "/password", &err);

    if (strcmp(code == NULL ? "" : code,
               err.nissues == 0 ? "" : err.issues[0].code) != 0)
    {
        fail_msg("\"%s\" is %s", password,
                 err.nissues == 0 ? "taken" : err.issues[0].code);
    }

    if (code == NULL) {
        assert_int_equal(rc, CXM_OK);
        return;
    }

    assert_int_equal(rc, CXM_INVALID);
    assert_string_equal(err.issues[0].pointer, "/password");
}


static void
refused(void **state)
{
    char  text[CXM_PASSWORD_MAX + 2];

    (void) state;

    refused_as("", "too_short");
    refused_as("xK4!q_Z", "too_short");
    refused_as("xK4!q_Z9", NULL);
    refused_as("\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", "too_short");
    refused_as("\xd0\xb6\xd1\x83\xd0\xba\xd0\xb8\xd0\xb2\xd0\xbe\xd0\xb4\xd1"
               "\x8b", NULL);

    memset(text, '.', sizeof(text));
    text[CXM_PASSWORD_MAX] = '\0';
    refused_as(text, NULL);
    text[CXM_PASSWORD_MAX] = '.';
    text[CXM_PASSWORD_MAX + 1] = '\0';
    refused_as(text, "too_long");

    refused_as("password", "breached");
    refused_as("PassWord1", "breached");
    refused_as("qwertyuiop", "breached");
    refused_as("1234567890", "breached");
    refused_as("aaaaaaaa", "breached");
    refused_as("ab cd ef gh", NULL);                /* no composition rules */
    refused_as("horse battery staple", NULL);

    refused_as("jane.doe-kowalski@acme.test", "similar");
    refused_as("JaneDoeKowalski", "similar");
    refused_as("Kowalski2024!", "similar");
    refused_as("iKSLAWOK.kowalski", NULL);          /* enough of its own */
    refused_as("kowalski-iKSL4", "similar");
    refused_as("jane1975jane", "similar");
    refused_as("acme-acme-acme", "similar");
    refused_as("janekowalska", "similar");          /* without the accent */
    refused_as("ob bob bob b", NULL);               /* three letters: no part */
    refused_as("e.doe.ko", "similar");              /* a part of the address */
    refused_as("!!!!!!!!!", NULL);
}


static void
breached_list(void **state)
{
    size_t  i;

    (void) state;

    assert_true(cxm_breached_n > 10000);

    for (i = 1; i < cxm_breached_n; i++) {
        assert_true(cxm_breached_list[i - 1] < cxm_breached_list[i]);
    }

    assert_true(cxm_breached(cxm_str("password")));
    assert_false(cxm_breached(cxm_str("Password")));
    assert_false(cxm_breached(cxm_str("")));
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(made_and_verified, setup),
        cmocka_unit_test_setup(every_byte_counts, setup),
        cmocka_unit_test_setup(costs_of_kept_hashes, setup),
        cmocka_unit_test_setup(dear_hashes_are_not_run, setup),
        cmocka_unit_test_setup(old_costs_are_told, setup),
        cmocka_unit_test_setup(nobody, setup),
        cmocka_unit_test_setup(refused, setup),
        cmocka_unit_test_setup(breached_list, setup)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
