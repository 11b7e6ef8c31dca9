/*
 * Segment values as numbers: given once, bounded, apart by survey and segment.
 */

#include "tables_fixture.h"

#include "cxm_dict.h"


static uint32_t
assign(cxm_txn_t *txn, uint64_t survey, uint16_t segment, cxm_str_t text)
{
    uint32_t  value;

    assert_int_equal(cxm_dict_assign(txn, survey, segment, text, &value),
                     CXM_OK);
    return value;
}


static void
assert_text(cxm_txn_t *txn, uint32_t value, const char *expect)
{
    cxm_str_t  text;

    assert_int_equal(cxm_dict_text(txn, 7, 1, value, &text), CXM_OK);
    assert_true(cxm_str_eqz(text, expect));
}


static void
values_get_numbers_in_order(void **state)
{
    uint32_t    value;
    cxm_txn_t  *txn;

    txn = fixture_write(*state);
    assert_int_equal(assign(txn, 7, 1, cxm_str("web")), 2);
    assert_int_equal(assign(txn, 7, 1, cxm_str("app")), 3);
    assert_int_equal(assign(txn, 7, 1, cxm_str("web")), 2);
    assert_int_equal(assign(txn, 7, 1, cxm_str("")), 4);
    assert_int_equal(assign(txn, 7, 1, cxm_str("we")), 5);
    fixture_commit(txn);

    txn = fixture_write(*state);
    assert_int_equal(assign(txn, 7, 1, cxm_str("app")), 3);
    assert_false(cxm_txn_dirty(txn));
    assert_int_equal(assign(txn, 7, 1, cxm_str("sms")), 6);

    /* each survey and segment counts for itself */
    assert_int_equal(assign(txn, 7, 2, cxm_str("app")), 2);
    assert_int_equal(assign(txn, 8, 1, cxm_str("app")), 2);
    assert_int_equal(assign(txn, 6, 1, cxm_str("sms")), 2);
    fixture_commit(txn);

    txn = fixture_read(*state);
    assert_text(txn, 2, "web");
    assert_text(txn, 3, "app");
    assert_text(txn, 4, "");
    assert_text(txn, 6, "sms");

    assert_int_equal(cxm_dict_find(txn, 7, 1, cxm_str("we"), &value), CXM_OK);
    assert_int_equal(value, 5);
    assert_int_equal(cxm_dict_find(txn, 7, 1, cxm_str("w"), &value),
                     CXM_NOT_FOUND);
    assert_int_equal(cxm_dict_find(txn, 7, 3, cxm_str("web"), &value),
                     CXM_NOT_FOUND);
    cxm_txn_end(txn);
}


static void
null_and_other_have_fixed_numbers(void **state)
{
    uint32_t    value;
    cxm_str_t   text, null = { 0, NULL };
    cxm_txn_t  *txn;

    txn = fixture_write(*state);
    assert_int_equal(assign(txn, 7, 1, null), CXM_DICT_NULL);
    assert_int_equal(assign(txn, 7, 1, cxm_str("(other)")), CXM_DICT_OTHER);
    assert_false(cxm_txn_dirty(txn));

    assert_int_equal(cxm_dict_find(txn, 7, 1, null, &value), CXM_OK);
    assert_int_equal(value, CXM_DICT_NULL);
    assert_int_equal(cxm_dict_find(txn, 7, 1, cxm_str("(other)"), &value),
                     CXM_OK);
    assert_int_equal(value, CXM_DICT_OTHER);

    assert_int_equal(cxm_dict_text(txn, 7, 1, CXM_DICT_NULL, &text), CXM_OK);
    assert_null(text.data);
    assert_text(txn, CXM_DICT_OTHER, "(other)");
    assert_int_equal(cxm_dict_text(txn, 7, 1, 2, &text), CXM_NOT_FOUND);
    cxm_txn_end(txn);
}


static void
later_values_are_other(void **state)
{
    char        name[16];
    uint32_t    i, value;
    cxm_txn_t  *txn;

    txn = fixture_write(*state);

    for (i = 0; i < CXM_DICT_MAX; i++) {
        snprintf(name, sizeof(name), "v%u", i);
        assert_int_equal(assign(txn, 7, 1, cxm_strz(name)), i + 2);
    }

    assert_int_equal(assign(txn, 7, 1, cxm_str("one more")), CXM_DICT_OTHER);
    assert_int_equal(assign(txn, 7, 1, cxm_str("v999")), 1001);
    assert_int_equal(assign(txn, 7, 2, cxm_str("one more")), 2);
    fixture_commit(txn);

    txn = fixture_read(*state);
    assert_int_equal(cxm_dict_find(txn, 7, 1, cxm_str("one more"), &value),
                     CXM_NOT_FOUND);
    cxm_txn_end(txn);
}


static void
long_values_are_a_bug(void **state)
{
    char        text[CXM_DICT_TEXT + 1];
    uint32_t    value;
    cxm_str_t   s = { sizeof(text), text };
    cxm_txn_t  *txn;

    memset(text, 'x', sizeof(text));

    txn = fixture_write(*state);
    assert_int_equal(cxm_dict_assign(txn, 7, 1, s, &value), CXM_INTERNAL);
    assert_int_equal(cxm_dict_find(txn, 7, 1, s, &value), CXM_NOT_FOUND);
    s.len = CXM_DICT_TEXT;
    assert_int_equal(assign(txn, 7, 1, s), 2);
    cxm_txn_end(txn);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        FIXTURE_TEST(values_get_numbers_in_order),
        FIXTURE_TEST(null_and_other_have_fixed_numbers),
        FIXTURE_TEST(later_values_are_other),
        FIXTURE_TEST(long_values_are_a_bug),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
