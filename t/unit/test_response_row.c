/*
 * Rows of answers: coding, blocks, and that damage is seen.
 */

#include "tables_fixture.h"

#include "cxm_flow.h"
#include "cxm_response_row.h"


#define SURVEY  7

static fixture_t  f;


static int
open_store(void **state)
{
    (void) state;
    fixture_open(&f, &cxm_flow);

    return 0;
}


static int
close_store(void **state)
{
    (void) state;
    fixture_close(&f);

    return 0;
}


typedef struct {
    cxm_response_row_t      row;
    cxm_response_pair_t     pairs[8];
    cxm_response_segment_t  segments[4];
    cxm_response_segment_t  asked[2];
} made_t;


/* Everything of it follows from the number. */
static const cxm_response_row_t *
made(made_t *m, uint64_t no)
{
    unsigned  i;

    memset(m, 0, sizeof(*m));
    m->row.no = no;
    m->row.entry = no + no % 3;
    m->row.at = (cxm_ms_t) (no * 7919 % 100000);
    m->row.subject = no % 5;
    m->row.flags = no % 8;
    m->row.due = m->row.flags & CXM_RESPONSE_PARTIAL
                 ? m->row.at + (cxm_ms_t) (no % 97) : 0;
    m->row.npairs = (unsigned) (no % 8);
    m->row.nsegments = (unsigned) (no % 4);
    m->row.pairs = m->pairs;
    m->row.segments = m->segments;

    for (i = 0; i < m->row.npairs; i++) {
        m->pairs[i].question = (uint16_t) (no * 31 + i);
        m->pairs[i].point = (uint16_t) ((no + i) % (CXM_POINT_MAX + 1));
    }

    for (i = 0; i < m->row.nsegments; i++) {
        m->segments[i].segment = (uint16_t) (i + 1);
        m->segments[i].value = (uint32_t) (no * 0x01000193);
    }

    if (m->row.flags & CXM_RESPONSE_ASKED) {
        m->row.asked_at = m->row.at + (cxm_ms_t) (no % 5) - 3;
        m->row.nasked = (unsigned) (no % 3);
        m->row.asked = m->asked;
        m->asked[0] = (cxm_response_segment_t) { CXM_SEGMENT_AGENT, 7 };
        m->asked[1] = (cxm_response_segment_t) { CXM_SEGMENT_CHANNEL,
                                                 UINT32_MAX };
    }

    return &m->row;
}


static void
same(const cxm_response_row_t *row, uint64_t no)
{
    made_t    m;
    unsigned  i;

    (void) made(&m, no);

    assert_int_equal(row->no, no);
    assert_int_equal(row->entry, m.row.entry);
    assert_int_equal(row->at, m.row.at);
    assert_int_equal(row->due, m.row.due);
    assert_int_equal(row->subject, m.row.subject);
    assert_int_equal(row->flags, m.row.flags);
    assert_int_equal(row->npairs, m.row.npairs);
    assert_int_equal(row->nsegments, m.row.nsegments);

    for (i = 0; i < row->npairs; i++) {
        assert_int_equal(row->pairs[i].question, m.pairs[i].question);
        assert_int_equal(row->pairs[i].point, m.pairs[i].point);
    }

    for (i = 0; i < row->nsegments; i++) {
        assert_int_equal(row->segments[i].segment, m.segments[i].segment);
        assert_int_equal(row->segments[i].value, m.segments[i].value);
    }

    assert_int_equal(row->asked_at, m.row.asked_at);
    assert_int_equal(row->nasked, m.row.nasked);

    for (i = 0; i < row->nasked; i++) {
        assert_int_equal(row->asked[i].segment, m.asked[i].segment);
        assert_int_equal(row->asked[i].value, m.asked[i].value);
    }
}


static void
coding(void **state)
{
    made_t                a, b;
    size_t                len;
    cxm_buf_t             buf;
    cxm_arena_t           arena = { 0 };
    cxm_response_block_t  block;

    (void) state;

    cxm_buf_init(&buf, 65536);
    cxm_response_row_encode(&buf, made(&a, 1234567), NULL);
    cxm_response_row_encode(&buf, made(&b, 1234568), &a.row);
    assert_int_equal(cxm_response_block_decode(cxm_buf_str(&buf), &arena,
                                               &block), CXM_OK);
    assert_int_equal(block.nrows, 2);
    same(&block.rows[0], 1234567);
    same(&block.rows[1], 1234568);

    /* no prefix is taken for a block, but the one that is one */

    for (len = 0; len < buf.len; len++) {
        cxm_arena_free(&arena);

        if (cxm_response_block_decode((cxm_str_t) { len, (char *) buf.data },
                                      &arena, &block) == CXM_OK)
        {
            assert_int_equal(block.nrows, 1);
            same(&block.rows[0], 1234567);
        }
    }

    /* nor does anything else make it run away */

    for (len = 0; len < 20000; len++) {
        buf.data[fixture_random((uint32_t) buf.len)] =
                                                (uint8_t) fixture_random(256);
        cxm_arena_free(&arena);
        (void) cxm_response_block_decode(cxm_buf_str(&buf), &arena, &block);
    }

    cxm_arena_free(&arena);
    cxm_buf_free(&buf);
}


static void
blocks(void **state)
{
    made_t                 m;
    uint64_t               no;
    cxm_txn_t             *txn;
    cxm_arena_t            arena = { 0 };
    cxm_response_row_t    *row;
    cxm_response_block_t   block;

    (void) state;

    /* other surveys lie before and behind */

    txn = fixture_write(&f);

    for (no = 10; no < 1010; no++) {
        assert_int_equal(cxm_response_row_append(txn, SURVEY - 1 + no % 3,
                                                 made(&m, no)), CXM_OK);
    }

    fixture_commit(txn);
    txn = fixture_write(&f);

    for (no = 10; no < 1010; no++) {
        assert_int_equal(cxm_response_row_find(txn, SURVEY - 1 + no % 3, no,
                                               &arena, &block, &row), CXM_OK);
        same(row, no);
        assert_int_equal(cxm_response_row_find(txn, SURVEY - 1 + (no + 1) % 3,
                                               no, &arena, &block, &row),
                         CXM_NOT_FOUND);
    }

    /* only above the last one */

    assert_int_equal(cxm_response_row_append(txn, SURVEY, made(&m, 1009)),
                     CXM_CORRUPT);
    assert_int_equal(cxm_response_block_read(txn, SURVEY + 9, UINT64_MAX,
                                             &arena, &block), CXM_NOT_FOUND);

    /* another row in the place of one leaves its neighbours as they are */

    (void) made(&m, 500);
    m.row.at = 1;
    m.row.npairs = 0;
    assert_int_equal(cxm_response_row_replace(txn, SURVEY - 1 + 500 % 3,
                                              &m.row), CXM_OK);
    assert_int_equal(cxm_response_row_find(txn, SURVEY - 1 + 500 % 3, 500,
                                           &arena, &block, &row), CXM_OK);
    assert_int_equal(row->at, 1);
    assert_int_equal(row->npairs, 0);

    for (no = 497; no <= 503; no += 6) {
        assert_int_equal(cxm_response_row_find(txn, SURVEY - 1 + no % 3, no,
                                               &arena, &block, &row), CXM_OK);
        same(row, no);
    }

    m.row.no = 5000;
    assert_int_equal(cxm_response_row_replace(txn, SURVEY, &m.row),
                     CXM_NOT_FOUND);

    cxm_arena_free(&arena);
    fixture_commit(txn);

    /* full blocks, and not one row each */

    assert_in_range(fixture_rows(&f, CXM_T_DOC), 32, 60);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(coding),
        cmocka_unit_test_setup_teardown(blocks, open_store, close_store)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
