/*
 * cxm_device: cookies by which devices are known.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cxm_device.h"


#define NOW  ((cxm_ms_t) 20000 * CXM_MS_DAY + CXM_MS_HOUR)


static cxm_keyring_t  keys, others;
static uint8_t        id[CXM_DEVICE_ID];
static char           cookie[CXM_DEVICE_COOKIE];


static int
setup(void **state)
{
    cxm_key_t  root;

    (void) state;

    if (cxm_crypto_init() != CXM_OK) {
        return -1;
    }

    memset(root.b, 1, sizeof(root.b));
    cxm_keyring_derive(&keys, &root);
    root.b[0]++;
    cxm_keyring_derive(&others, &root);
    cookie[0] = '\0';

    return 0;
}


static void
renew(uint64_t account, cxm_ms_t now)
{
    char  before[CXM_DEVICE_COOKIE];

    strcpy(before, cookie);
    cxm_device_renew(&keys, account, cxm_strz(before), now, cookie);
}


static int
known(uint64_t account, cxm_ms_t now)
{
    return cxm_device_find(&keys, account, cxm_strz(cookie), now, id);
}


static void
known_by_its_cookie(void **state)
{
    uint8_t  first[CXM_DEVICE_ID];

    (void) state;

    assert_false(cxm_device_find(&keys, 7, (cxm_str_t) { 0, NULL }, NOW, id));
    assert_false(known(7, NOW));

    renew(7, NOW);
    assert_int_equal(strlen(cookie), CXM_DEVICE_TOKEN);
    assert_true(known(7, NOW));
    assert_false(known(8, NOW));
    assert_false(known(0, NOW));
    assert_false(cxm_device_find(&others, 7, cxm_strz(cookie), NOW, id));

    memcpy(first, id, sizeof(first));
    renew(7, NOW);
    assert_int_equal(strlen(cookie), CXM_DEVICE_TOKEN);
    assert_true(known(7, NOW));
    assert_memory_not_equal(first, id, sizeof(first));

    assert_true(known(7, NOW + 364 * CXM_MS_DAY));
    assert_false(known(7, NOW + 365 * CXM_MS_DAY));
    assert_false(known(7, NOW - CXM_MS_DAY));
}


/* No account's token is any other's: 0, nobody's, has none at all. */
static void
nobody(void **state)
{
    (void) state;

    renew(0, NOW);
    assert_false(known(0, NOW));
    assert_false(known(7, NOW));
}


static void
accounts_of_a_browser(void **state)
{
    uint64_t  no;

    (void) state;

    for (no = 1; no <= 6; no++) {
        renew(no, NOW);
    }

    assert_int_equal(strlen(cookie), CXM_DEVICE_COOKIE - 1);

    for (no = 1; no <= 6; no++) {
        assert_int_equal(known(no, NOW), no > 2);
    }

    renew(3, NOW);
    assert_int_equal(strlen(cookie), CXM_DEVICE_COOKIE - 1);

    for (no = 1; no <= 6; no++) {
        assert_int_equal(known(no, NOW), no > 2);
    }
}


static void
every_bit_counts(void **state)
{
    char    was;
    size_t  i;

    (void) state;

    renew(7, NOW);

    for (i = 0; i < CXM_DEVICE_TOKEN; i++) {
        was = cookie[i];
        cookie[i] = was == 'a' ? 'b' : 'a';
        assert_false(known(7, NOW));
        cookie[i] = was;
    }

    cookie[CXM_DEVICE_TOKEN - 1] = '\0';
    assert_false(known(7, NOW));
}


/* What clients make of it is dropped, and takes no place. */
static void
odd_cookies(void **state)
{
    size_t  i;

    static const char *const  odd[] = {
        "", ".", "....", "a", "a.b.c.d.e.f", "=", "\xff\xfe",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    };

    (void) state;

    for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        strcpy(cookie, odd[i]);
        assert_false(known(7, NOW));
        renew(7, NOW);
        assert_int_equal(strlen(cookie), CXM_DEVICE_TOKEN);
        assert_true(known(7, NOW));
    }
}


int
main(void)
{
#define test(name)  cmocka_unit_test_setup(name, setup)

    const struct CMUnitTest tests[] = {
        test(known_by_its_cookie), test(nobody), test(accounts_of_a_browser),
        test(every_bit_counts), test(odd_cookies)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
