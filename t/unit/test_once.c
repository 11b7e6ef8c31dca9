/*
 * Things that happen once: generations by class, and their expiry.
 */

#include "tables_fixture.h"

#include "cxm_once.h"


#define DAY    CXM_MS_DAY
#define MONTH  (30 * CXM_MS_DAY)


static void
hash_of(uint32_t n, uint8_t hash[CXM_HASH_LEN])
{
    memset(hash, 0xab, CXM_HASH_LEN);
    cxm_put_u32(hash, n);
}


static void
put(cxm_txn_t *txn, cxm_once_class_t once_class, uint32_t n, cxm_ms_t at,
    cxm_str_t value)
{
    uint8_t  hash[CXM_HASH_LEN];

    hash_of(n, hash);
    assert_int_equal(cxm_once_put(txn, once_class, hash, at, value), CXM_OK);
}


static cxm_rc_t
get(cxm_txn_t *txn, cxm_once_class_t once_class, uint32_t n, cxm_ms_t at,
    cxm_str_t *value)
{
    uint8_t  hash[CXM_HASH_LEN];

    hash_of(n, hash);
    return cxm_once_get(txn, once_class, hash, at, value);
}


static void
seen_in_this_generation_and_the_next(void **state)
{
    size_t      i;
    cxm_ms_t    start, length;
    cxm_str_t   value;
    cxm_txn_t  *txn;

    static const struct {
        cxm_once_class_t  once_class;
        cxm_ms_t          length;
    } classes[] = {
        { CXM_ONCE_EVENT, DAY },
        { CXM_ONCE_REPLY, DAY },
        { CXM_ONCE_REPLY_MONEY, MONTH }
    };

    txn = fixture_write(*state);

    for (i = 0; i < 3; i++) {
        length = classes[i].length;
        start = FIXTURE_DAY / length * length;

        put(txn, classes[i].once_class, 1, start + length - 1,
            cxm_str("first"));

        assert_int_equal(get(txn, classes[i].once_class, 1, start, &value),
                         CXM_OK);
        assert_true(cxm_str_eqz(value, "first"));
        assert_int_equal(get(txn, classes[i].once_class, 1,
                             start + 2 * length - 1, &value), CXM_OK);
        assert_int_equal(get(txn, classes[i].once_class, 1,
                             start + 2 * length, &value), CXM_NOT_FOUND);
        assert_int_equal(get(txn, classes[i].once_class, 2, start, &value),
                         CXM_NOT_FOUND);
    }

    /* classes are apart */
    put(txn, CXM_ONCE_EVENT, 3, FIXTURE_DAY, cxm_str(""));
    assert_int_equal(get(txn, CXM_ONCE_REPLY, 3, FIXTURE_DAY, &value),
                     CXM_NOT_FOUND);
    assert_int_equal(get(txn, CXM_ONCE_EVENT, 3, FIXTURE_DAY, &value),
                     CXM_OK);
    assert_int_equal(value.len, 0);

    /* the first day of all has none before it */
    assert_int_equal(get(txn, CXM_ONCE_EVENT, 3, 0, &value), CXM_NOT_FOUND);
    cxm_txn_end(txn);
}


static void
expiry_takes_what_no_look_up_finds(void **state)
{
    unsigned    deleted;
    uint32_t    i;
    cxm_str_t   value;
    cxm_txn_t  *txn;

    txn = fixture_write(*state);

    for (i = 0; i < 700; i++) {
        put(txn, CXM_ONCE_EVENT, i, FIXTURE_DAY - 2 * DAY, cxm_str(""));
        put(txn, CXM_ONCE_EVENT, i, FIXTURE_DAY - DAY, cxm_str(""));
    }

    put(txn, CXM_ONCE_REPLY, 1, FIXTURE_DAY - 9 * DAY, cxm_str(""));
    put(txn, CXM_ONCE_REPLY, 1, FIXTURE_DAY, cxm_str(""));
    put(txn, CXM_ONCE_REPLY_MONEY, 1, FIXTURE_DAY - MONTH, cxm_str(""));
    put(txn, CXM_ONCE_REPLY_MONEY, 2, FIXTURE_DAY - 2 * MONTH, cxm_str(""));
    fixture_commit(txn);
    assert_int_equal(fixture_rows(*state, CXM_T_ONCE), 1404);

    txn = fixture_write(*state);
    assert_int_equal(cxm_once_expire(txn, FIXTURE_DAY, 0, &deleted), CXM_OK);
    assert_int_equal(deleted, 0);
    assert_int_equal(cxm_once_expire(txn, FIXTURE_DAY, 600, &deleted),
                     CXM_OK);
    assert_int_equal(deleted, 600);
    fixture_commit(txn);
    assert_int_equal(fixture_rows(*state, CXM_T_ONCE), 804);

    txn = fixture_write(*state);
    assert_int_equal(cxm_once_expire(txn, FIXTURE_DAY, CXM_ONCE_EXPIRE_ROWS,
                                     &deleted), CXM_OK);
    assert_int_equal(deleted, 102);
    assert_int_equal(cxm_once_expire(txn, FIXTURE_DAY, CXM_ONCE_EXPIRE_ROWS,
                                     &deleted), CXM_OK);
    assert_int_equal(deleted, 0);

    for (i = 0; i < 700; i++) {
        assert_int_equal(get(txn, CXM_ONCE_EVENT, i, FIXTURE_DAY, &value),
                         CXM_OK);
    }

    assert_int_equal(get(txn, CXM_ONCE_REPLY, 1, FIXTURE_DAY, &value),
                     CXM_OK);
    assert_int_equal(get(txn, CXM_ONCE_REPLY_MONEY, 1, FIXTURE_DAY, &value),
                     CXM_OK);
    fixture_commit(txn);
    assert_int_equal(fixture_rows(*state, CXM_T_ONCE), 702);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        FIXTURE_TEST(seen_in_this_generation_and_the_next),
        FIXTURE_TEST(expiry_takes_what_no_look_up_finds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
