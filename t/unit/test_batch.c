/*
 * Group commit: who is acknowledged, who is not, and what is stored.
 */

#include "unit_store.h"

#include "cxm_due.h"
#include "cxm_store_int.h"


#define OPS  6


typedef struct {
    unsigned    runs;
    cxm_rc_t    before;         /* fail so before writing */
    cxm_rc_t    after;          /* or after it */
    int         careless;       /* overlooks that a step failed */
    int         person;
    uint64_t    must_see;       /* a document's number: fail if not there */
    cxm_ms_t    due;            /* puts work that is due then; 0: none */
    uint64_t    seq;
    unsigned    halves;         /* runs of the second half */
    cxm_rc_t    half_rc;
} op_t;

static op_t               op_data[OPS];
static cxm_op_t           ops[OPS];
static cxm_op_t          *list[OPS];
static cxm_error_t        errors[OPS];
static cxm_batch_stat_t   stat_out;
static cxm_rc_t           flush_rc;


static cxm_rc_t
run(cxm_txn_t *txn, void *data, cxm_error_t *err)
{
    op_t          *op = data;
    uint64_t       slot;
    cxm_rc_t       rc;
    cxm_str_t      value;
    cxm_entry_t    entry;
    cxm_row_key_t  key;

    op->runs++;
    slot = 0;

    if (op->must_see != 0) {
        cxm_row_key(&key);
        cxm_row_key_u64(&key, op->must_see);

        if (cxm_row_get(txn, CXM_T_DOC, &key, &value) != CXM_OK) {
            return cxm_fail(err, CXM_NOT_FOUND, NULL, "not there");
        }
    }

    if (op->before != CXM_OK) {
        return cxm_fail(err, op->before, "before", "before");
    }

    if (op->person && cxm_person_take(txn, &slot) != CXM_OK) {
        return cxm_fail(err, CXM_UNAVAILABLE, NULL, "no slot");
    }

    rc = unit_append(txn, "op", slot, NULL, &entry);

    if (op->due != 0) {
        assert_int_equal(cxm_due_put(txn, op->due, 1, op->due), CXM_OK);
    }

    if (op->careless) {
        (void) cxm_row_put(txn, CXM_T_DOC, &(cxm_row_key_t) { .failed = 1 },
                           cxm_str("x"));
    }

    op->seq = entry.seq;

    return rc != CXM_OK ? rc : op->after;
}


/* What the first half wrote is stored by now, and seen. */
static cxm_rc_t
second(cxm_txn_t *txn, void *data, cxm_error_t *err)
{
    op_t          *op = data;
    cxm_rc_t       rc;
    cxm_str_t      value;
    cxm_row_key_t  key;

    (void) err;

    op->halves++;
    cxm_row_key(&key);
    cxm_row_key_u64(&key, op->seq);
    assert_int_equal(cxm_row_get(txn, CXM_T_DOC, &key, &value), CXM_OK);
    rc = unit_append(txn, "second", 0, NULL, NULL);

    return rc != CXM_OK ? rc : op->half_rc;
}


static cxm_rc_t
flush(cxm_txn_t *txn, cxm_error_t *err)
{
    (void) txn;

    return flush_rc == CXM_OK ? CXM_OK
                              : cxm_fail(err, flush_rc, "flush", "flush");
}


static const cxm_flow_t  flow = {
    .kinds = { [CXM_KIND_SURVEY] = &unit_kind },
    .flush = flush
};


static int
setup(void **state)
{
    size_t  i;

    (void) state;
    unit_start(&unit);
    unit.store->flow = &flow;
    flush_rc = CXM_OK;
    memset(op_data, 0, sizeof(op_data));

    for (i = 0; i < OPS; i++) {
        ops[i] = (cxm_op_t) { .run = run, .data = &op_data[i],
                              .rc = CXM_INTERNAL, .err = &errors[i] };
        list[i] = &ops[i];
    }

    return 0;
}


static void
go(size_t n)
{
    cxm_batch_run(unit.store, list, n, &stat_out);
}


static void
assert_head(uint64_t head)
{
    cxm_txn_t  *txn;

    unit_reopen(&unit);
    unit.store->flow = &flow;
    txn = unit_read(&unit);
    assert_int_equal(cxm_txn_head(txn), head);
    cxm_txn_end(txn);
}


static void
all_in_one_transaction(void **state)
{
    size_t  i;

    (void) state;
    op_data[2].person = 1;
    op_data[3].must_see = 1;
    go(OPS);
    assert_int_equal(stat_out.runs, 1);
    assert_int_equal(stat_out.committed, OPS);

    for (i = 0; i < OPS; i++) {
        assert_int_equal(ops[i].rc, CXM_OK);
        assert_int_equal(errors[i].rc, CXM_OK);
        assert_int_equal(op_data[i].seq, i + 1);
        assert_int_equal(op_data[i].runs, 1);
    }

    assert_head(OPS);
    go(0);
    assert_int_equal(stat_out.runs, 0);
    cxm_batch_run(unit.store, list, 1, NULL);
    assert_head(OPS + 1);
}


static void
failing_before_writing_costs_nothing(void **state)
{
    (void) state;
    op_data[1].before = CXM_CONFLICT;
    go(3);
    assert_int_equal(stat_out.runs, 1);
    assert_int_equal(stat_out.committed, 2);
    assert_int_equal(ops[0].rc, CXM_OK);
    assert_int_equal(ops[1].rc, CXM_CONFLICT);
    assert_string_equal(errors[1].code, "before");
    assert_int_equal(ops[2].rc, CXM_OK);
    assert_head(2);
}


static void
failing_after_writing_takes_only_itself_back(void **state)
{
    (void) state;
    op_data[1].after = CXM_CONFLICT;
    op_data[3].after = CXM_INVALID;
    go(5);
    assert_int_equal(stat_out.runs, 3);
    assert_int_equal(stat_out.committed, 3);
    assert_int_equal(ops[1].rc, CXM_CONFLICT);
    assert_int_equal(ops[3].rc, CXM_INVALID);
    assert_int_equal(errors[3].rc, CXM_INVALID);
    assert_int_equal(op_data[0].runs, 3);
    assert_int_equal(op_data[1].runs, 1);
    assert_int_equal(op_data[2].runs, 2);
    assert_int_equal(op_data[3].runs, 1);
    assert_int_equal(op_data[4].runs, 1);
    assert_int_equal(op_data[4].seq, 3);
    assert_head(3);
}


static void
the_only_one_fails(void **state)
{
    (void) state;
    op_data[0].after = CXM_CONFLICT;
    go(1);
    assert_int_equal(stat_out.runs, 1);
    assert_int_equal(stat_out.committed, 0);
    assert_int_equal(ops[0].rc, CXM_CONFLICT);
    assert_head(0);
}


static void
a_careless_operation_is_not_acknowledged(void **state)
{
    (void) state;
    op_data[1].careless = 1;
    go(3);
    assert_int_equal(stat_out.runs, 2);
    assert_int_equal(ops[0].rc, CXM_OK);
    assert_int_equal(ops[1].rc, CXM_INTERNAL);
    assert_int_equal(errors[1].rc, CXM_INTERNAL);
    assert_int_equal(ops[2].rc, CXM_OK);
    assert_head(2);
}


static void
a_batch_that_cannot_begin(void **state)
{
    size_t  i;

    (void) state;
    cxm_store_latch(unit.store, "test");
    go(3);
    assert_int_equal(stat_out.runs, 0);

    for (i = 0; i < 3; i++) {
        assert_int_equal(ops[i].rc, CXM_LATCHED);
        assert_int_equal(errors[i].rc, CXM_LATCHED);
        assert_true(errors[i].retry_after > 0);
        assert_int_equal(op_data[i].runs, 0);
    }
}


static void
a_failed_commit_is_everyones(void **state)
{
    size_t  i;

    (void) state;
    flush_rc = CXM_TOO_LARGE;
    op_data[1].before = CXM_CONFLICT;
    ops[2].err = NULL;
    go(3);
    assert_int_equal(stat_out.runs, 1);
    assert_int_equal(stat_out.committed, 0);

    for (i = 0; i < 3; i++) {
        assert_int_equal(ops[i].rc, CXM_TOO_LARGE);
    }

    assert_string_equal(errors[0].code, "flush");
    flush_rc = CXM_OK;
    assert_head(0);
}


/* Two at the first question, one at each later one, until there are OPS. */
static size_t
more(void *ctx, cxm_op_t **to, size_t max)
{
    size_t  i, *given = ctx;

    for (i = 0; i < (*given == 1 ? 2 : 1) && i < max && *given < OPS; i++) {
        to[i] = &ops[(*given)++];
    }

    return i;
}


/* Operation 0 is there at first; `max` is the batch's bound. */
static void
grow(size_t max)
{
    size_t               given;
    cxm_op_t            *room[OPS];
    cxm_batch_growing_t  growing;

    given = 1;
    room[0] = &ops[0];
    growing = (cxm_batch_growing_t) { room, 1, max, more, &given };
    cxm_batch_run_growing(unit.store, &growing, &stat_out);
    assert_int_equal(growing.n, max);
    assert_int_equal(given, max);
}


static void
what_comes_meanwhile_shares_the_commit(void **state)
{
    size_t  i;

    (void) state;
    grow(OPS - 1);
    assert_int_equal(stat_out.runs, 1);
    assert_int_equal(stat_out.committed, OPS - 1);
    assert_int_equal(ops[OPS - 1].rc, CXM_INTERNAL);

    for (i = 0; i < OPS - 1; i++) {
        assert_int_equal(ops[i].rc, CXM_OK);
        assert_int_equal(op_data[i].runs, 1);
    }

    assert_head(OPS - 1);
}


static void
one_that_came_meanwhile_fails(void **state)
{
    (void) state;
    op_data[3].after = CXM_CONFLICT;
    grow(OPS);
    assert_int_equal(stat_out.runs, 2);
    assert_int_equal(stat_out.committed, OPS - 1);
    assert_int_equal(ops[3].rc, CXM_CONFLICT);
    assert_int_equal(op_data[0].runs, 2);
    assert_int_equal(op_data[3].runs, 1);
    assert_int_equal(op_data[OPS - 1].runs, 1);
    assert_head(OPS - 1);
}


/* Who commits learns when the first work is due, his own or another's. */
static void
work_that_is_due(void **state)
{
    (void) state;

    go(1);
    assert_int_equal(stat_out.due, 0);

    op_data[0].due = 2000;
    op_data[1].due = 1000;
    op_data[1].after = CXM_CONFLICT;
    go(2);
    assert_int_equal(stat_out.due, 2000);

    op_data[0].due = 3000;
    go(1);
    assert_int_equal(stat_out.due, 2000);

    flush_rc = CXM_IO;
    go(1);
    assert_int_equal(stat_out.due, 0);
}


static void
second_halves_share_a_commit_of_their_own(void **state)
{
    (void) state;
    ops[0].then = ops[2].then = ops[3].then = second;
    op_data[2].before = CXM_CONFLICT;
    go(OPS);
    assert_int_equal(stat_out.runs, 1);
    assert_int_equal(stat_out.committed, OPS - 1);
    assert_int_equal(ops[0].then_rc, CXM_OK);
    assert_int_equal(ops[3].then_rc, CXM_OK);
    assert_int_equal(op_data[0].halves, 1);
    assert_int_equal(op_data[2].halves, 0);
    assert_head(OPS - 1 + 2);
}


static void
a_second_half_fails_alone(void **state)
{
    (void) state;
    ops[0].then = ops[1].then = second;
    op_data[1].half_rc = CXM_IO;
    go(2);
    assert_int_equal(ops[1].rc, CXM_OK);
    assert_int_equal(errors[1].rc, CXM_OK);
    assert_int_equal(ops[1].then_rc, CXM_IO);
    assert_int_equal(ops[0].then_rc, CXM_OK);
    assert_int_equal(op_data[1].halves, 1);
    assert_int_equal(op_data[0].halves, 2);
    assert_head(2 + 1);
}


static void
no_second_half_without_the_first(void **state)
{
    (void) state;
    ops[0].then = second;
    flush_rc = CXM_IO;
    go(1);
    assert_int_equal(ops[0].rc, CXM_IO);
    assert_int_equal(op_data[0].halves, 0);
    assert_head(0);
}


#define STORE_TEST(f)  cmocka_unit_test_setup_teardown(f, setup, unit_teardown)


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        STORE_TEST(all_in_one_transaction),
        STORE_TEST(failing_before_writing_costs_nothing),
        STORE_TEST(failing_after_writing_takes_only_itself_back),
        STORE_TEST(the_only_one_fails),
        STORE_TEST(a_careless_operation_is_not_acknowledged),
        STORE_TEST(a_batch_that_cannot_begin),
        STORE_TEST(a_failed_commit_is_everyones),
        STORE_TEST(what_comes_meanwhile_shares_the_commit),
        STORE_TEST(one_that_came_meanwhile_fails),
        STORE_TEST(work_that_is_due),
        STORE_TEST(second_halves_share_a_commit_of_their_own),
        STORE_TEST(a_second_half_fails_alone),
        STORE_TEST(no_second_half_without_the_first)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
