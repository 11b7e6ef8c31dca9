/*
 * Postings: sets that come out as they went in, one row for one set.
 */

#include "tables_fixture.h"

#include "cxm_posting.h"


static fixture_t         fixture;
static const cxm_flow_t  flow;

static const cxm_term_t  term = { "termterm" };

static const cxm_posting_place_t  place = {
    CXM_NS_DOC_POSTINGS, CXM_KIND_SURVEY, 3
};


static int
setup(void **state)
{
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
add(cxm_postings_t *set, unsigned bit)
{
    set->word[bit / 64] |= (uint64_t) 1 << bit % 64;
}


/* Length of the payload. */
static size_t
round_trip(const cxm_postings_t *set)
{
    size_t          len;
    cxm_buf_t       buf;
    cxm_postings_t  back;

    cxm_buf_init(&buf, 1 << 16);
    cxm_postings_encode(set, &buf);
    assert_int_equal(buf.failed, 0);

    memset(&back, 0, sizeof(back));
    assert_int_equal(cxm_postings_decode(cxm_buf_str(&buf), &back), CXM_OK);
    assert_memory_equal(&back, set, sizeof(back));

    len = buf.len;
    cxm_buf_free(&buf);

    return len;
}


static void
codes(void **state)
{
    unsigned        i, step;
    cxm_postings_t  set;

    (void) state;

    memset(&set, 0, sizeof(set));
    assert_int_equal(round_trip(&set), 1);

    add(&set, 0);
    assert_int_equal(round_trip(&set), 2);
    add(&set, CXM_POSTING_RANGE - 1);
    assert_int_equal(round_trip(&set), 4);

    for (step = 1; step < 40; step++) {
        memset(&set, 0, sizeof(set));

        for (i = 0; i < CXM_POSTING_RANGE; i += step) {
            add(&set, i);
        }

        assert_true(round_trip(&set) <= 1 + CXM_POSTING_RANGE / 8);
    }
}


static void
refuses(void **state)
{
    size_t          i;
    cxm_postings_t  set;

    static const cxm_str_t  bad[] = {
        { 0, "" }, { 1, "\x02" }, { 2, "\x00\x00" }, { 3, "\x00\x01\x00" },
        { 2, "\x00\x80" }, { 4, "\x00\x81\x80\x01" }, { 3, "\x01\x00\x00" },
        { 11, "\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01" }
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        memset(&set, 0, sizeof(set));
        assert_int_equal(cxm_postings_decode(bad[i], &set), CXM_CORRUPT);
    }
}


static void
sets(void **state)
{
    int             last;
    unsigned        n;
    cxm_postings_t  a, b;

    (void) state;

    memset(&a, 0, sizeof(a));
    memset(&b, 0, sizeof(b));
    assert_true(cxm_postings_empty(&a));
    assert_int_equal(cxm_postings_last(&a, CXM_POSTING_RANGE), -1);

    add(&a, 0);
    add(&a, 63);
    add(&a, 64);
    add(&a, CXM_POSTING_RANGE - 1);
    add(&b, 64);
    add(&b, 65);

    assert_int_equal(cxm_postings_last(&a, CXM_POSTING_RANGE),
                     CXM_POSTING_RANGE - 1);
    assert_int_equal(cxm_postings_last(&a, CXM_POSTING_RANGE - 1), 64);
    assert_int_equal(cxm_postings_last(&a, 65), 64);
    assert_int_equal(cxm_postings_last(&a, 64), 63);
    assert_int_equal(cxm_postings_last(&a, 63), 0);
    assert_int_equal(cxm_postings_last(&a, 1), 0);
    assert_int_equal(cxm_postings_last(&a, 0), -1);

    n = 0;

    for (last = cxm_postings_last(&a, CXM_POSTING_RANGE); last >= 0;
         last = cxm_postings_last(&a, (unsigned) last))
    {
        n++;
    }

    assert_int_equal(n, 4);

    cxm_postings_less(&b, &a);
    assert_int_equal(cxm_postings_last(&b, CXM_POSTING_RANGE), 65);
    assert_int_equal(cxm_postings_last(&b, 65), -1);
    cxm_postings_and(&b, &a);
    assert_true(cxm_postings_empty(&b));
}


/* What was put and taken out leaves no trace. */
static void
rows(void **state)
{
    unsigned        i;
    uint32_t        base;
    cxm_txn_t      *txn;
    cxm_postings_t  set;

    (void) state;

    base = place.range << CXM_POSTING_BITS;
    txn = fixture_write(&fixture);

    for (i = 0; i < 5000; i++) {
        assert_int_equal(cxm_posting_put(txn, &place, &term,
                                         base + (i * 7919) % 16384), CXM_OK);
    }

    memset(&set, 0, sizeof(set));
    assert_int_equal(cxm_postings_load(txn, &place, &term, &set), CXM_OK);

    for (i = 0; i < 5000; i++) {
        assert_true(set.word[(i * 7919) % 16384 / 64]
                    >> (i * 7919) % 16384 % 64 & 1);
    }

    fixture_commit(txn);
    assert_int_equal(fixture_rows(&fixture, CXM_T_INDEX), 1);

    txn = fixture_write(&fixture);

    for (i = 0; i < 5000; i++) {
        assert_int_equal(cxm_posting_del(txn, &place, &term,
                                         base + (i * 7919) % 16384), CXM_OK);
    }

    fixture_commit(txn);
    assert_int_equal(fixture_rows(&fixture, CXM_T_INDEX), 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(codes),
        cmocka_unit_test(refuses),
        cmocka_unit_test(sets),
        cmocka_unit_test_setup_teardown(rows, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
