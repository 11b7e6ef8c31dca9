/*
 * Long reads: new snapshots, a small share while others write, an end when
 * nobody waits.
 */

#include "cxm_flow.h"
#include "cxm_journal.h"
#include "cxm_long_read.h"
#include "tables_fixture.h"


static fixture_t    f;
static cxm_error_t  err;


static int
start(void **state)
{
    (void) state;
    fixture_open(&f, &cxm_flow);
    cxm_error_init(&err);

    return 0;
}


static int
end(void **state)
{
    (void) state;
    fixture_close(&f);

    return 0;
}


static void
write_entry(void)
{
    cxm_txn_t  *txn;

    txn = fixture_write(&f);
    fixture_append(txn);
    fixture_commit(txn);
}


static uint64_t
lag(void)
{
    cxm_store_stat_t  stat;

    assert_int_equal(cxm_store_stat(f.store, &stat, NULL), CXM_OK);

    return stat.reader_lag;
}


static void
snapshots(void **state)
{
    uint64_t         head;
    cxm_long_read_t  read;

    (void) state;

    write_entry();
    cxm_long_read_begin(&read, fixture_read(&f), NULL, NULL);
    head = read.head;
    assert_int_equal(head, cxm_txn_head(read.txn));

    read.rows = CXM_LONG_ROWS - 1;
    assert_false(cxm_long_read_full(&read));
    read.rows++;
    assert_true(cxm_long_read_full(&read));

    write_entry();
    write_entry();
    assert_int_equal(cxm_txn_head(read.txn), head);
    assert_int_equal(lag(), 2);

    assert_int_equal(cxm_long_read_next(&read, &err), CXM_OK);
    assert_int_equal(cxm_txn_head(read.txn), head + 2);
    assert_int_equal(read.head, head);
    assert_int_equal(read.rows, 0);
    assert_int_equal(lag(), 0);

    cxm_txn_end(read.txn);
}


static void
slow_while_others_write(void **state)
{
    cxm_long_read_t  read;

    (void) state;

    cxm_long_read_begin(&read, fixture_read(&f), NULL, NULL);
    assert_int_equal(cxm_long_read_next(&read, &err), CXM_OK);
    assert_false(read.busy);

    write_entry();
    assert_int_equal(cxm_long_read_next(&read, &err), CXM_OK);
    assert_true(read.busy);

    assert_int_equal(cxm_long_read_next(&read, &err), CXM_OK);
    assert_false(read.busy);

    cxm_txn_end(read.txn);
}


static int
at_the_third(void *ctx)
{
    unsigned  *asked = ctx;

    return ++*asked == 3;
}


static void
stopped(void **state)
{
    unsigned         asked;
    cxm_long_read_t  read;

    (void) state;

    asked = 0;
    cxm_long_read_begin(&read, fixture_read(&f), at_the_third, &asked);
    assert_int_equal(cxm_long_read_next(&read, &err), CXM_OK);
    assert_int_equal(cxm_long_read_next(&read, &err), CXM_OK);
    assert_int_equal(cxm_long_read_next(&read, &err), CXM_UNAVAILABLE);
    assert_string_equal(err.code, CXM_LONG_STOPPED);
    cxm_txn_end(read.txn);

    /* the transaction is one of the pool again */

    cxm_txn_end(fixture_read(&f));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(snapshots, start, end),
        cmocka_unit_test_setup_teardown(slow_while_others_write, start, end),
        cmocka_unit_test_setup_teardown(stopped, start, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
