/*
 * Memory that runs out inside jansson: nobody is told that all went well.
 */

#include "tables_fixture.h"

#include "cxm_batch.h"
#include "cxm_json.h"


static int  short_of_memory;


static void *
scarce(size_t size)
{
    return short_of_memory ? NULL : malloc(size);
}

#define malloc  scarce
#include "cxm_memory.c"
#undef malloc


static fixture_t  fixture;


static int
setup(void **state)
{
    static const cxm_flow_t  flow;

    fixture_open(&fixture, &flow);
    *state = NULL;

    return 0;
}


static int
teardown(void **state)
{
    (void) state;
    fixture_close(&fixture);

    return 0;
}


static void
told_once(void **state)
{
    json_t  *value;

    (void) state;
    assert_false(cxm_memory_failed());

    short_of_memory = 1;
    value = json_integer(1000);
    short_of_memory = 0;

    assert_null(value);
    assert_true(cxm_memory_failed());
    assert_false(cxm_memory_failed());
}


/* jansson's copy lacks a member then, and says nothing. */
static cxm_rc_t
careless(cxm_txn_t *txn, void *data, cxm_error_t *err)
{
    (void) txn;
    (void) err;

    short_of_memory = *(int *) data;
    json_decref(json_integer(1000));
    short_of_memory = 0;

    return CXM_OK;
}


static void
an_operation_is_not_acknowledged(void **state)
{
    int          none, some;
    cxm_op_t     bad, good, *ops[] = { &bad, &good };
    cxm_error_t  bad_err, good_err;

    (void) state;
    none = 1;
    some = 0;
    bad = (cxm_op_t) { .run = careless, .data = &none, .err = &bad_err };
    good = (cxm_op_t) { .run = careless, .data = &some,
                         .rc = CXM_INTERNAL, .err = &good_err };

    cxm_batch_run(fixture.store, ops, 2, NULL);
    assert_int_equal(bad.rc, CXM_INTERNAL);
    assert_int_equal(bad_err.rc, CXM_INTERNAL);
    assert_int_equal(good.rc, CXM_OK);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(told_once, setup, teardown),
        cmocka_unit_test_setup_teardown(an_operation_is_not_acknowledged,
                                        setup, teardown)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
