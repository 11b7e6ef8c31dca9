/*
 * Scans for cells: where they begin, and what retention has taken.
 */

#include "unit_store.h"

#include "cxm_cell.h"
#include "cxm_history.h"
#include "cxm_store_int.h"


#define KEEP  CXM_KEEP_RESPONSES

static cxm_error_t      err;
static cxm_long_read_t  reading;
static cxm_cell_scan_t  scan;


/* Ten entries, one an hour; their sequence is the hour + 1. */
static int
setup(void **state)
{
    unsigned    i;
    cxm_txn_t  *txn;

    (void) state;

    unit_start(&unit);
    cxm_error_init(&err);

    for (i = 0; i < 10; i++) {
        txn = unit_write(&unit, UNIT_NOW + i * CXM_MS_HOUR);
        assert_int_equal(unit_append(txn, "a", 0, NULL, NULL), CXM_OK);
        unit_commit(txn);
    }

    return 0;
}


/* Entries up to `last` leave, as retention has it. */
static void
drop(uint64_t last)
{
    uint8_t        key[8];
    MDB_val        k;
    uint64_t       seq;
    cxm_txn_t     *txn;
    cxm_history_t  history;

    txn = unit_write(&unit, UNIT_NOW);
    assert_int_equal(cxm_history_read(txn, &history), CXM_OK);

    for (seq = history.dropped[KEEP] + 1; seq <= last; seq++) {
        cxm_put_u64(key, seq);
        k = (MDB_val) { sizeof(key), key };
        assert_int_equal(mdb_del(txn->mdb, txn->store->dbi[CXM_T_JOURNAL], &k,
                                 NULL), 0);
    }

    history.dropped[KEEP] = last;
    history.sparse = last;
    assert_int_equal(cxm_history_write(txn, &history), CXM_OK);
    unit_commit(txn);
}


static cxm_rc_t
begin(cxm_ms_t from)
{
    cxm_error_init(&err);
    cxm_long_read_begin(&reading, unit_read(&unit), NULL, NULL);

    return cxm_cell_scan_begin(&scan, &reading, KEEP, from, &err);
}


static void
begins_at(cxm_ms_t from, uint64_t next)
{
    assert_int_equal(begin(from), CXM_OK);
    assert_int_equal(scan.next, next);
    cxm_txn_end(reading.txn);
}


static void
gone(cxm_ms_t from, cxm_ms_t since)
{
    char  text[CXM_RFC3339_LEN + 1];

    assert_int_equal(begin(from), CXM_INVALID);
    assert_string_equal(err.issues[0].pointer, "?from");
    assert_string_equal(err.issues[0].code, "gone");
    cxm_txn_end(reading.txn);

    /* it says from when on, and that is true */

    cxm_rfc3339_format(since, text);
    assert_non_null(strstr(err.issues[0].detail, text));
    assert_int_equal(begin(since), CXM_OK);
    cxm_txn_end(reading.txn);
}


static void
whole(void **state)
{
    (void) state;

    begins_at(CXM_MS_MIN, 1);
    begins_at(UNIT_NOW + 3 * CXM_MS_HOUR, 4);
    begins_at(UNIT_NOW + 3 * CXM_MS_HOUR + 1, 5);
    begins_at(CXM_MS_MAX, 11);
}


static void
sparse(void **state)
{
    cxm_ms_t  since;

    (void) state;

    drop(4);
    since = UNIT_NOW + 4 * CXM_MS_HOUR;
    since = since - since % CXM_MS_QUARTER + CXM_MS_QUARTER;

    gone(CXM_MS_MIN, since);
    gone(UNIT_NOW + 3 * CXM_MS_HOUR, since);

    /* the fourth may be of any time up to that of the fifth */

    gone(UNIT_NOW + 4 * CXM_MS_HOUR, since);
    begins_at(UNIT_NOW + 4 * CXM_MS_HOUR + 1, 6);
    begins_at(CXM_MS_MAX, 11);
}


static void
meanwhile(void **state)
{
    (void) state;

    /* what was read already may go */

    assert_int_equal(begin(CXM_MS_MIN), CXM_OK);
    scan.next = 6;
    drop(5);
    assert_int_equal(cxm_cell_scan_next(&scan, &err), CXM_OK);
    assert_int_equal(cxm_cell_scan_next(&scan, &err), CXM_OK);

    drop(6);
    assert_int_equal(cxm_cell_scan_next(&scan, &err), CXM_INVALID);
    assert_string_equal(err.issues[0].code, "gone");
    cxm_txn_end(reading.txn);
}


#define test(name)  cmocka_unit_test_setup_teardown(name, setup, unit_teardown)


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        test(whole),
        test(sparse),
        test(meanwhile)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
