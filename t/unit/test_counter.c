/*
 * Counters: gathering and writing.
 */

#include "counter_fixture.h"


static void
additions_meet_in_both_levels(void **state)
{
    seen_t      seen = { 0, NULL };
    cxm_txn_t  *txn;

    txn = fixture_write(*state);
    add(txn, nps, FIXTURE_DAY + 5, 9, 1);
    add(txn, nps, FIXTURE_DAY + 14 * CXM_MS_MINUTE, 9, 2);
    add(txn, nps, FIXTURE_DAY + 15 * CXM_MS_MINUTE, 9, 4);
    add(txn, nps, FIXTURE_DAY + DAY - 1, 0, 8);
    assert_true(cxm_txn_dirty(txn));
    fixture_commit(txn);

    assert_int_equal(fixture_rows(*state, CXM_T_COUNTER), 2);

    txn = fixture_read(*state);
    scan(txn, nps, FIXTURE_DAY, FIXTURE_DAY + DAY, 0, &seen);
    assert_int_equal(seen.n, 2);
    assert_cell(&seen, 0, 0, FIXTURE_DAY, 0, 8);
    assert_cell(&seen, 1, 0, FIXTURE_DAY, 9, 7);

    scan(txn, nps, FIXTURE_DAY, FIXTURE_DAY + DAY, 1, &seen);
    assert_int_equal(seen.n, 3);
    assert_cell(&seen, 0, 0, FIXTURE_DAY, 9, 3);
    assert_cell(&seen, 1, 0, FIXTURE_DAY + QUARTER, 9, 4);
    assert_cell(&seen, 2, 0, FIXTURE_DAY + DAY - QUARTER, 0, 8);

    cxm_txn_end(txn);
    free(seen.cells);
}


static void
flush_may_be_called_again(void **state)
{
    seen_t      seen = { 0, NULL };
    cxm_txn_t  *txn;

    txn = fixture_write(*state);
    assert_int_equal(cxm_counter_flush(txn), CXM_OK);
    assert_false(cxm_txn_dirty(txn));

    add(txn, nps, FIXTURE_DAY, 9, 1);
    assert_int_equal(cxm_counter_flush(txn), CXM_OK);
    assert_int_equal(cxm_counter_flush(txn), CXM_OK);
    add(txn, nps, FIXTURE_DAY, 9, 1);

    /* a read in the same transaction sees both */
    scan(txn, nps, FIXTURE_DAY, FIXTURE_DAY + DAY, 0, &seen);
    assert_int_equal(seen.n, 1);
    assert_cell(&seen, 0, 0, FIXTURE_DAY, 9, 2);

    add(txn, nps, FIXTURE_DAY, 9, 1);
    fixture_commit(txn);

    txn = fixture_read(*state);
    scan(txn, nps, FIXTURE_DAY, FIXTURE_DAY + DAY, 0, &seen);
    assert_cell(&seen, 0, 0, FIXTURE_DAY, 9, 3);
    cxm_txn_end(txn);
    free(seen.cells);
}


static void
changed_answer_moves_its_count(void **state)
{
    seen_t      seen = { 0, NULL };
    cxm_txn_t  *txn;

    txn = fixture_write(*state);
    add(txn, nps, FIXTURE_DAY, 3, 1);
    fixture_commit(txn);

    txn = fixture_write(*state);
    add(txn, nps, FIXTURE_DAY, 3, -1);
    add(txn, nps, FIXTURE_DAY, 8, 1);
    fixture_commit(txn);

    txn = fixture_read(*state);
    scan(txn, nps, FIXTURE_DAY, FIXTURE_DAY + DAY, 0, &seen);
    assert_int_equal(seen.n, 1);
    assert_cell(&seen, 0, 0, FIXTURE_DAY, 8, 1);
    cxm_txn_end(txn);

    /* back and forth is nothing at all */
    txn = fixture_write(*state);
    add(txn, nps, FIXTURE_DAY + DAY, 3, 1);
    add(txn, nps, FIXTURE_DAY + DAY, 3, -1);
    fixture_commit(txn);
    assert_int_equal(fixture_rows(*state, CXM_T_COUNTER), 2);

    /* a row without cells goes */
    txn = fixture_write(*state);
    add(txn, nps, FIXTURE_DAY, 8, -1);
    fixture_commit(txn);
    assert_int_equal(fixture_rows(*state, CXM_T_COUNTER), 0);

    free(seen.cells);
}


static void
nothing_ends_below_zero(void **state)
{
    cxm_txn_t    *txn;
    cxm_error_t   err;
    cxm_series_t  other = { 8, 1, 0, 0 };

    cxm_error_init(&err);

    txn = fixture_write(*state);
    add(txn, nps, FIXTURE_DAY, 3, 1);
    add(txn, other, FIXTURE_DAY, 3, -1);
    assert_int_equal(cxm_txn_commit(txn, &err), CXM_CORRUPT);
    assert_int_equal(fixture_rows(*state, CXM_T_COUNTER), 0);

    /* half of it may be written: a commit must not save it */
    txn = fixture_write(*state);
    add(txn, nps, FIXTURE_DAY, 3, 1);
    add(txn, other, FIXTURE_DAY, 3, -1);
    assert_int_equal(cxm_counter_flush(txn), CXM_CORRUPT);
    assert_int_equal(cxm_txn_commit(txn, &err), CXM_CORRUPT);
    assert_int_equal(fixture_rows(*state, CXM_T_COUNTER), 0);

    txn = fixture_write(*state);
    add(txn, nps, FIXTURE_DAY, 3, INT64_MAX);
    assert_int_equal(cxm_counter_add(txn, &nps, FIXTURE_DAY, 3, 1),
                     CXM_INTERNAL);
    cxm_txn_end(txn);
    assert_int_equal(fixture_rows(*state, CXM_T_COUNTER), 0);
}


static void
bad_additions_are_refused(void **state)
{
    cxm_txn_t     *txn;
    cxm_series_t   all = { 7, 1, 1, CXM_VALUE_ALL };

    txn = fixture_write(*state);
    assert_int_equal(cxm_counter_add(txn, &nps, FIXTURE_DAY, 2048, 1),
                     CXM_INTERNAL);
    assert_int_equal(cxm_counter_add(txn, &nps, -1, 0, 1), CXM_INTERNAL);
    assert_int_equal(cxm_counter_add(txn, &all, FIXTURE_DAY, 0, 1),
                     CXM_INTERNAL);
    assert_false(cxm_txn_dirty(txn));
    add(txn, nps, CXM_MS_MAX, CXM_POINT_MAX, 1);
    fixture_commit(txn);

    txn = fixture_read(*state);
    assert_int_equal(cxm_counter_add(txn, &nps, FIXTURE_DAY, 0, 1),
                     CXM_INTERNAL);
    cxm_txn_end(txn);
}


static void
gatherer_grows(void **state)
{
    int         i;
    seen_t      seen = { 0, NULL };
    cxm_txn_t  *txn;

    txn = fixture_write(*state);

    for (i = 0; i < 30000; i++) {
        add(txn, nps, FIXTURE_DAY + i % 96 * QUARTER,
            (uint32_t) (i / 96 % 100), 1);
    }

    fixture_commit(txn);

    txn = fixture_read(*state);
    scan(txn, nps, FIXTURE_DAY, FIXTURE_DAY + DAY, 1, &seen);
    assert_int_equal(seen.n, 9600);

    for (i = 0; i < 9600; i++) {
        assert_int_equal(seen.cells[i].count,
                         3 + (seen.cells[i].point * 96
                              + seen.cells[i].at % DAY / QUARTER < 1200));
    }

    cxm_txn_end(txn);

    /* what was gathered dies with its transaction */
    txn = fixture_write(*state);
    add(txn, nps, FIXTURE_DAY + DAY, 1, 1);
    cxm_txn_end(txn);
    assert_int_equal(fixture_rows(*state, CXM_T_COUNTER), 2);

    free(seen.cells);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(additions_meet_in_both_levels, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(flush_may_be_called_again, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(changed_answer_moves_its_count, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(nothing_ends_below_zero, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(bad_additions_are_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(gatherer_grows, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
