/*
 * cxm_throttle: what gets in of a clock's hour, by whom; that nothing buys a
 * guess.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cxm_throttle.h"


#define START     ((cxm_ms_t) 1000 * CXM_MS_HOUR)
#define GUESSES   10000
#define NETWORKS  1000


static cxm_throttle_t        *table;
static cxm_throttle_taken_t   taken;
static char                   victim[] = "victim@example.org";


static int
setup(void **state)
{
    (void) state;

    if (cxm_crypto_init() != CXM_OK) {
        return -1;
    }

    table = calloc(1, sizeof(*table));

    if (table == NULL) {
        return -1;
    }

    cxm_throttle_init(table);

    return 0;
}


static int
teardown(void **state)
{
    (void) state;
    free(table);

    return 0;
}


static cxm_throttle_who_t
who(const char *name, uint32_t *network, cxm_trust_t trust)
{
    cxm_throttle_who_t  w;

    memset(&w, 0, sizeof(w));
    w.name = cxm_strz(name);
    w.trust = trust;

    if (network != NULL) {
        w.network = (cxm_str_t) { 4, (const char *) network };
    }

    return w;
}


static cxm_ms_t
attempt(cxm_throttle_class_t class, const char *name, uint32_t network,
    cxm_trust_t trust, cxm_ms_t now)
{
    cxm_throttle_who_t  w;

    w = who(name, &network, trust);
    w.device = cxm_str("d");

    return cxm_throttle_try(table, class, &w, now, &taken);
}


static int
guess(uint32_t network, cxm_ms_t now)
{
    return attempt(CXM_THROTTLE_SIGN_IN, victim, network, CXM_TRUST_NONE, now)
           == 0;
}


/* --- one account under attack ------------------------------------------- */

typedef uint32_t (*order_pt)(unsigned i);

static uint32_t
in_turn(unsigned i)
{
    return i % NETWORKS;
}


static uint32_t
one_by_one(unsigned i)
{
    return i / (GUESSES / NETWORKS);
}


static uint32_t
few(unsigned i)
{
    return i % 20;
}


static uint32_t
ever_new(unsigned i)
{
    return i;
}


static const order_pt  orders[] = { in_turn, one_by_one, few, ever_new };

#define ORDERS  (sizeof(orders) / sizeof(orders[0]))


static cxm_ms_t
at(unsigned i)
{
    return START + (cxm_ms_t) i * CXM_MS_HOUR / GUESSES;
}


static void
hundred_guesses_an_hour(void **state)
{
    size_t    o;
    unsigned  i, n;

    (void) state;

    for (o = 0; o < ORDERS; o++) {
        memset(table->budgets, 0, sizeof(table->budgets));
        memset(table->waits, 0, sizeof(table->waits));
        n = 0;

        for (i = 0; i < GUESSES; i++) {
            n += guess(orders[o](i), at(i));
        }

        assert_in_range(n, 30, 80);
    }
}


/*
 * In each hour that begins with any of the guesses: they go on for three, as
 * fast as they can, from ever new networks and from those that wait as told.
 */
static void
in_any_hour(void **state)
{
    unsigned   i, n, first;
    cxm_ms_t   now, times[1000];

    (void) state;

    n = 0;

    for (i = 0; i < 3 * 3600; i++) {
        now = START + (cxm_ms_t) i * 1000;

        if (guess(i, now) || guess(1000000 + i % 61, now)) {
            assert_true(n < 1000);
            times[n++] = now;
        }
    }

    for (i = 0, first = 0; i < n; i++) {

        while (times[i] - times[first] > CXM_MS_HOUR) {
            first++;
        }

        assert_true(i - first + 1 <= 80);
    }

    assert_true(n > 100);
}


/* Six times in it the owner comes in, by each way; from a new network, too. */
static void
owner_comes_in(void **state)
{
    size_t     o;
    cxm_ms_t   wait;
    unsigned   i, came, comes, owner;

    enum { DEVICE = 1000001, KNOWN, FRESH };

    (void) state;

    for (o = 0; o < ORDERS; o++) {
        memset(table->budgets, 0, sizeof(table->budgets));
        memset(table->waits, 0, sizeof(table->waits));
        came = 0;
        comes = GUESSES;
        owner = FRESH;

        for (i = 0; i < GUESSES; i++) {
            (void) guess(orders[o](i), at(i));

            if (i % (GUESSES / 6) == GUESSES / 12) {
                assert_int_equal(attempt(CXM_THROTTLE_SIGN_IN, victim, DEVICE,
                                         CXM_TRUST_DEVICE, at(i)), 0);
                cxm_throttle_give_back(table, &taken);

                assert_int_equal(attempt(CXM_THROTTLE_SIGN_IN, victim, KNOWN,
                                         CXM_TRUST_NETWORK, at(i)), 0);
                cxm_throttle_give_back(table, &taken);

                assert_int_equal(comes, GUESSES);
                came = i;
                comes = i;
                owner++;
            }

            if (i == comes) {
                wait = attempt(CXM_THROTTLE_SIGN_IN, victim, owner,
                               CXM_TRUST_NONE, at(i));

                if (wait == 0) {
                    cxm_throttle_give_back(table, &taken);
                    assert_true(at(i) - at(came) < 3 * CXM_MS_MINUTE);
                    comes = GUESSES;

                } else {
                    comes = i + 1 + (unsigned) (wait * GUESSES / CXM_MS_HOUR);
                }
            }
        }

        assert_int_equal(owner, FRESH + 6);
        assert_int_equal(comes, GUESSES);
    }
}


/* Seconds after the account's open budget was used up. */
static void
waits(uint32_t network, unsigned seconds, int in)
{
    cxm_ms_t  wait;

    wait = attempt(CXM_THROTTLE_SIGN_IN, victim, network, CXM_TRUST_NONE,
                   START + seconds * 1000);
    assert_int_equal(wait == 0, in);
}


static void
patience(void **state)
{
    unsigned  i;

    (void) state;

    for (i = 0; i < 30; i++) {
        assert_true(guess(i, START));
    }

    /* those who guess on have it open for a try every three minutes */

    for (i = 180; i <= 3600; i += 180) {
        assert_true(guess(1000 + i, START + (cxm_ms_t) i * 1000));
    }

    waits(100, 1, 0);
    waits(100, 60, 0);                  /* a second early: from here again */
    waits(100, 119, 0);
    waits(100, 179, 1);
    waits(100, 182, 0);                 /* for every try */
    waits(100, 242, 1);

    waits(101, 301, 0);
    waits(101, 602, 0);                 /* late: from here */
    waits(101, 662, 1);

    for (i = 0; i < 5; i++) {
        waits(102, 1000 + i * 305, 0);
    }

    waits(102, 1000 + 4 * 305 + 60, 0); /* late too often */
    waits(102, 1000 + 4 * 305 + 121, 0);
    assert_true(guess(102, START + 2 * CXM_MS_HOUR));

    /* six wait well, then one each two and a half minutes */

    for (i = 200; i < 208; i++) {
        waits(i, 3001, 0);
    }

    for (i = 200; i < 208; i++) {
        waits(i, 3061, i < 206);
    }
}


/* From inside a network that the owner uses, too. */
static void
known_networks_have_no_more(void **state)
{
    unsigned  i, n;

    (void) state;

    for (i = 0, n = 0; i < GUESSES; i++) {
        n += attempt(CXM_THROTTLE_SIGN_IN, victim, i % 8, CXM_TRUST_NETWORK,
                     at(i)) == 0;
    }

    assert_in_range(n, 10, 90);
    assert_int_equal(attempt(CXM_THROTTLE_SIGN_IN, victim, 1, CXM_TRUST_DEVICE,
                             at(GUESSES)), 0);
}


/* --- one network, many accounts ----------------------------------------- */

static void
network_has_an_end(void **state)
{
    char      name[32];
    unsigned  i, n;

    (void) state;

    for (i = 0, n = 0; i < GUESSES; i++) {
        snprintf(name, sizeof(name), "n%u@example.org", i);
        n += attempt(CXM_THROTTLE_SIGN_IN, name, 7, CXM_TRUST_NONE, at(i))
             == 0;
    }

    assert_in_range(n, 299, 300);

    for (i = 0, n = 0; i < GUESSES; i++) {
        n += attempt(CXM_THROTTLE_SIGN_IN, victim, 8, CXM_TRUST_NONE, at(i))
             == 0;
    }

    assert_in_range(n, 9, 10);
}


static void
networks_of_ipv6_lines(void **state)
{
    char                name[8];
    size_t              i;
    unsigned            n;
    uint8_t             address[8] = { 0x20, 0x01, 0x0d, 0xb8, 1, 2, 3, 0 };
    cxm_throttle_who_t  w;

    (void) state;

    w = who("a@example.org", NULL, CXM_TRUST_NONE);
    w.network = (cxm_str_t) { sizeof(address), (const char *) address };

    for (i = 0, n = 0; i < 256; i++) {
        snprintf(name, sizeof(name), "%zu", i);
        w.name = cxm_strz(name);
        address[7] = (uint8_t) i;
        n += cxm_throttle_try(table, CXM_THROTTLE_RESET, &w, START, &taken)
             == 0;
    }

    assert_int_equal(n, 10);
    address[6]++;
    assert_int_equal(cxm_throttle_try(table, CXM_THROTTLE_RESET, &w, START,
                                      &taken), 0);
}


/* A proxy's unix socket is nobody's network: its clients are not one. */
static void
no_network(void **state)
{
    char                name[32];
    unsigned            i;
    cxm_throttle_who_t  w;

    (void) state;

    for (i = 0; i < 1000; i++) {
        snprintf(name, sizeof(name), "n%u@example.org", i);
        w = who(name, NULL, CXM_TRUST_NONE);
        assert_int_equal(cxm_throttle_try(table, CXM_THROTTLE_SIGN_IN, &w,
                                          START, &taken), 0);
        assert_int_equal(taken.n, 1);
    }

    w = who(victim, NULL, CXM_TRUST_NONE);

    for (i = 0; i < 30; i++) {
        assert_int_equal(cxm_throttle_try(table, CXM_THROTTLE_SIGN_IN, &w,
                                          START, &taken), 0);
    }

    assert_int_equal(cxm_throttle_try(table, CXM_THROTTLE_SIGN_IN, &w, START,
                                      &taken), CXM_MS_HOUR / 20);
}


/* --- mails and codes ---------------------------------------------------- */

static void
mails_and_codes(void **state)
{
    size_t    i;
    unsigned  j, n;

    static const struct {
        cxm_throttle_class_t  class;
        int                   one_name, one_network;
        unsigned              n;        /* in an hour */
    } cases[] = {
        { CXM_THROTTLE_RESET, 1, 0, 3 },
        { CXM_THROTTLE_RESET, 0, 1, 20 },
        { CXM_THROTTLE_REGISTER, 1, 0, 3 },
        { CXM_THROTTLE_REGISTER, 0, 1, 20 },
        { CXM_THROTTLE_FACTOR, 1, 0, 10 }
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char  name[32];

        for (j = 0, n = 0; j < GUESSES; j++) {
            snprintf(name, sizeof(name), "%u", cases[i].one_name ? 0 : j);
            n += attempt(cases[i].class, name,
                         cases[i].one_network ? 77 : 100000 + j,
                         CXM_TRUST_NONE, at(j)) == 0;
        }

        assert_in_range(n, cases[i].n - 1, cases[i].n);
    }
}


/* --- what is given back ------------------------------------------------- */

static void
successes_cost_nothing(void **state)
{
    unsigned  i;

    (void) state;

    for (i = 0; i < 1000; i++) {
        assert_true(guess(1, START));
        assert_int_equal(taken.n, 3);
        cxm_throttle_give_back(table, &taken);
    }

    for (i = 0; i < 6; i++) {
        assert_true(guess(1, START));
    }

    assert_false(guess(1, START));
}


/* --- names without number ----------------------------------------------- */

/*
 * Far more names than there are places, each used up until after the one that
 * matters is full again.
 */
static void
eviction_buys_nothing(void **state)
{
    char      name[32];
    unsigned  i, refused;

    (void) state;

    assert_int_equal(attempt(CXM_THROTTLE_RESET, victim, 1, CXM_TRUST_NONE,
                             START), 0);
    assert_int_equal(attempt(CXM_THROTTLE_RESET, victim, 2, CXM_TRUST_NONE,
                             START), 0);

    for (i = 0; i < 2 * 800000; i++) {
        snprintf(name, sizeof(name), "%u", i / 2);
        (void) attempt(CXM_THROTTLE_RESET, name, 1000 + i, CXM_TRUST_NONE,
                       START + 1000);

        if (i % 1000 == 0) {
            assert_int_not_equal(attempt(CXM_THROTTLE_RESET, victim, 1 + i,
                                         CXM_TRUST_NONE, START + 1000), 0);
        }
    }

    /*
     * Names are refused by now that were never seen before, of that class;
     * but for one in a hundred, whose set has a place left.
     */

    for (i = 0, refused = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "new %u", i);
        refused += attempt(CXM_THROTTLE_RESET, name, 5000000 + i,
                           CXM_TRUST_NONE, START + 1000) != 0;
    }

    assert_in_range(refused, 90, 100);

    for (i = 0; i < 6; i++) {
        assert_int_equal(attempt(CXM_THROTTLE_SIGN_IN, "new", 1,
                                 CXM_TRUST_NONE, START + 1000), 0);
    }
}


/* And those who are not under attack are not refused for it. */
static void
others_go_on(void **state)
{
    char      name[32];
    unsigned  i, refused;

    (void) state;

    /* 45 guesses a second, as two processors make, for half an hour */

    for (i = 0, refused = 0; i < 81000; i++) {
        snprintf(name, sizeof(name), "%u", i);
        refused += attempt(CXM_THROTTLE_SIGN_IN, name, 1000 + i,
                           CXM_TRUST_NONE, START + i * 1000 / 45) != 0;
    }

    assert_int_equal(refused, 0);
}


int
main(void)
{
#define test(name)  cmocka_unit_test_setup_teardown(name, setup, teardown)

    const struct CMUnitTest tests[] = {
        test(hundred_guesses_an_hour), test(in_any_hour),
        test(owner_comes_in), test(patience),
        test(known_networks_have_no_more),
        test(network_has_an_end), test(networks_of_ipv6_lines),
        test(no_network), test(mails_and_codes),
        test(successes_cost_nothing), test(eviction_buys_nothing),
        test(others_go_on)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
