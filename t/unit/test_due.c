/*
 * Due rows: order, bounds, and classes that do or do not do their part.
 */

#include "tables_fixture.h"

#include "cxm_due.h"


enum {
    CLASS_ONE = 1,      /* removes its row */
    CLASS_MOVE,         /* moves it a day on */
    CLASS_LAZY,         /* leaves it */
    CLASS_FAIL,
    CLASS_UNKNOWN
};

static uint64_t  ran_refs[100];
static unsigned  ran_n;


static cxm_rc_t
run_one(cxm_txn_t *txn, cxm_ms_t at, uint64_t ref, cxm_error_t *err)
{
    (void) err;
    ran_refs[ran_n++] = ref;
    return cxm_due_del(txn, at, CLASS_ONE, ref);
}


static cxm_rc_t
run_move(cxm_txn_t *txn, cxm_ms_t at, uint64_t ref, cxm_error_t *err)
{
    (void) err;
    ran_refs[ran_n++] = ref;
    assert_int_equal(cxm_due_del(txn, at, CLASS_MOVE, ref), CXM_OK);
    return cxm_due_put(txn, at + CXM_MS_DAY, CLASS_MOVE, ref);
}


static cxm_rc_t
run_lazy(cxm_txn_t *txn, cxm_ms_t at, uint64_t ref, cxm_error_t *err)
{
    (void) txn;
    (void) at;
    (void) ref;
    (void) err;
    return CXM_OK;
}


static cxm_rc_t
run_fail(cxm_txn_t *txn, cxm_ms_t at, uint64_t ref, cxm_error_t *err)
{
    (void) txn;
    (void) at;
    return cxm_fail(err, CXM_CONFLICT, "no", "not %u", (unsigned) ref);
}


static const cxm_due_class_t  one = { CLASS_ONE, "one", run_one };
static const cxm_due_class_t  move = { CLASS_MOVE, "move", run_move };
static const cxm_due_class_t  lazy = { CLASS_LAZY, "lazy", run_lazy };
static const cxm_due_class_t  failing = { CLASS_FAIL, "fail", run_fail };

static const cxm_due_class_t  *const classes[] = {
    &one, &move, &lazy, &failing, NULL
};

static const cxm_flow_t  flow = { .due = classes };


static int
setup(void **state)
{
    ran_n = 0;
    *state = (void *) &flow;

    return fixture_setup(state);
}


static void
put(cxm_txn_t *txn, cxm_ms_t at, uint8_t due_class, uint64_t ref)
{
    assert_int_equal(cxm_due_put(txn, at, due_class, ref), CXM_OK);
}


static void
moves(void **state)
{
    cxm_ms_t    at;
    cxm_txn_t  *txn;

    txn = fixture_write(*state);
    assert_int_equal(cxm_due_move(txn, 0, 0, CLASS_ONE, 1), CXM_OK);
    assert_int_equal(cxm_due_next(txn, &at), CXM_NOT_FOUND);
    assert_int_equal(cxm_due_move(txn, 0, 100, CLASS_ONE, 1), CXM_OK);
    assert_int_equal(cxm_due_move(txn, 100, 100, CLASS_ONE, 1), CXM_OK);
    assert_int_equal(cxm_due_move(txn, 100, 200, CLASS_ONE, 1), CXM_OK);
    assert_int_equal(cxm_due_next(txn, &at), CXM_OK);
    assert_int_equal(at, 200);
    assert_int_equal(cxm_due_move(txn, 100, 300, CLASS_ONE, 1), CXM_CORRUPT);
    assert_int_equal(cxm_due_move(txn, 200, 0, CLASS_ONE, 1), CXM_OK);
    assert_int_equal(cxm_due_next(txn, &at), CXM_NOT_FOUND);
    cxm_txn_end(txn);
}


static void
runs_in_order_of_time(void **state)
{
    unsigned    ran;
    cxm_txn_t  *txn;

    txn = fixture_write(*state);
    assert_false(cxm_due_pending(txn, FIXTURE_DAY));

    put(txn, FIXTURE_DAY + 300, CLASS_ONE, 3);
    put(txn, FIXTURE_DAY, CLASS_ONE, UINT64_MAX);
    put(txn, FIXTURE_DAY, CLASS_ONE, 1);
    put(txn, FIXTURE_DAY + 301, CLASS_ONE, 4);
    put(txn, FIXTURE_DAY + 200, CLASS_MOVE, 2);
    put(txn, FIXTURE_DAY, CLASS_ONE, 1);            /* the same again */
    fixture_commit(txn);

    txn = fixture_write(*state);
    assert_false(cxm_due_pending(txn, FIXTURE_DAY - 1));
    assert_true(cxm_due_pending(txn, FIXTURE_DAY));

    assert_int_equal(cxm_due_run(txn, FIXTURE_DAY - 1, 100, &ran, NULL),
                     CXM_OK);
    assert_int_equal(ran, 0);

    assert_int_equal(cxm_due_run(txn, FIXTURE_DAY + 300, 1, &ran, NULL),
                     CXM_OK);
    assert_int_equal(ran, 1);

    assert_int_equal(cxm_due_run(txn, FIXTURE_DAY + 300, 100, &ran, NULL),
                     CXM_OK);
    assert_int_equal(ran, 3);
    fixture_commit(txn);

    assert_int_equal(ran_n, 4);
    assert_int_equal(ran_refs[0], 1);
    assert_int_equal(ran_refs[1], UINT64_MAX);
    assert_int_equal(ran_refs[2], 2);
    assert_int_equal(ran_refs[3], 3);

    /* the moved one and the one of a millisecond later */
    assert_int_equal(fixture_rows(*state, CXM_T_DUE), 2);

    txn = fixture_read(*state);
    assert_false(cxm_due_pending(txn, FIXTURE_DAY + 300));
    assert_true(cxm_due_pending(txn, FIXTURE_DAY + 301));
    cxm_txn_end(txn);
}


static void
a_class_must_do_its_part(void **state)
{
    unsigned      ran;
    cxm_txn_t    *txn;
    cxm_error_t   err;

    txn = fixture_write(*state);

    put(txn, FIXTURE_DAY, CLASS_ONE, 1);
    put(txn, FIXTURE_DAY + 1, CLASS_LAZY, 1);
    cxm_error_init(&err);
    assert_int_equal(cxm_due_run(txn, FIXTURE_DAY + 1, 100, &ran, &err),
                     CXM_INTERNAL);
    assert_int_equal(ran, 1);
    assert_true(err.detail[0] != '\0');
    assert_int_equal(cxm_due_del(txn, FIXTURE_DAY + 1, CLASS_LAZY, 1),
                     CXM_OK);
    assert_int_equal(cxm_due_del(txn, FIXTURE_DAY + 1, CLASS_LAZY, 1),
                     CXM_NOT_FOUND);

    put(txn, FIXTURE_DAY, CLASS_FAIL, 9);
    cxm_error_init(&err);
    assert_int_equal(cxm_due_run(txn, FIXTURE_DAY, 100, &ran, &err),
                     CXM_CONFLICT);
    assert_string_equal(err.detail, "not 9");
    assert_int_equal(ran, 0);
    assert_int_equal(cxm_due_del(txn, FIXTURE_DAY, CLASS_FAIL, 9), CXM_OK);

    put(txn, FIXTURE_DAY, CLASS_UNKNOWN, 9);
    assert_int_equal(cxm_due_run(txn, FIXTURE_DAY, 100, &ran, &err),
                     CXM_FORMAT);

    assert_int_equal(cxm_due_put(txn, -1, CLASS_ONE, 1), CXM_INTERNAL);
    cxm_txn_end(txn);
}


/* Up to the first row of another class, or that is not due. */
static void
the_front_of_a_class(void **state)
{
    size_t      n;
    uint64_t    refs[100];
    unsigned    i;
    cxm_txn_t  *txn;

    txn = fixture_write(*state);
    assert_int_equal(cxm_due_front(txn, CLASS_ONE, FIXTURE_DAY, refs, 100,
                                   &n), CXM_OK);
    assert_int_equal(n, 0);

    for (i = 0; i < 5; i++) {
        put(txn, FIXTURE_DAY + i, CLASS_ONE, 10 + i);
    }

    put(txn, FIXTURE_DAY + 2, CLASS_MOVE, 1);

    assert_int_equal(cxm_due_front(txn, CLASS_ONE, FIXTURE_DAY + 1, refs, 100,
                                   &n), CXM_OK);
    assert_int_equal(n, 2);
    assert_int_equal(refs[0], 10);
    assert_int_equal(refs[1], 11);

    assert_int_equal(cxm_due_front(txn, CLASS_ONE, FIXTURE_DAY + 9, refs, 100,
                                   &n), CXM_OK);
    assert_int_equal(n, 3);
    assert_int_equal(cxm_due_front(txn, CLASS_ONE, FIXTURE_DAY + 9, refs, 1,
                                   &n), CXM_OK);
    assert_int_equal(n, 1);
    assert_int_equal(cxm_due_front(txn, CLASS_MOVE, FIXTURE_DAY + 9, refs,
                                   100, &n), CXM_OK);
    assert_int_equal(n, 0);
    cxm_txn_end(txn);
}


#define TEST(f)  cmocka_unit_test_setup_teardown(f, setup, fixture_teardown)


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(moves),
        TEST(runs_in_order_of_time),
        TEST(a_class_must_do_its_part),
        TEST(the_front_of_a_class),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
