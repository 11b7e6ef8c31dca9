/*
 * Cells from rows of answers: the same as those of counters, of any number of
 * segments, over many snapshots; damage is seen.
 */

#include "cxm_store_int.h"
#include "tables_fixture.h"

#include "cxm_cell.h"
#include "cxm_flow.h"
#include "cxm_response_row.h"


#define SURVEY    7
#define ROWS      3000
#define QUARTERS  200           /* of all answers */
#define POINTS    11
#define VALUES    5
#define PLAN      CXM_SEGMENT_CUSTOM
#define LATE      (CXM_SEGMENT_CUSTOM + 1)      /* defined half way */

typedef struct {
    cxm_response_row_t      row;
    cxm_response_pair_t     pairs[3];
    cxm_response_segment_t  segments[4];
} made_t;

/* Counts of two questions and the answers themselves. */
typedef struct {
    uint64_t  cell[3][VALUES + 1][QUARTERS][POINTS];
} cells_t;

static fixture_t       f;
static cxm_error_t     err;
static made_t          rows[ROWS];
static const uint16_t  questions[3] = { 1, 900, CXM_SERIES_ANSWERS };


static void
make_row(made_t *m, uint64_t no)
{
    uint32_t   r;
    unsigned   i;

    static const uint16_t  kept[] = { CXM_SEGMENT_CHANNEL, CXM_SEGMENT_AGENT };

    memset(m, 0, sizeof(*m));
    m->row.no = no;
    m->row.entry = no;
    m->row.at = fixture_random(QUARTERS * 900) * CXM_MS_SECOND;
    m->row.subject = fixture_random(2) * fixture_random(1000000);
    m->row.flags = fixture_random(4);
    m->row.pairs = m->pairs;
    m->row.segments = m->segments;

    for (i = 0; i < 3; i++) {
        if (fixture_random(4) > 0) {
            m->pairs[m->row.npairs++] = (cxm_response_pair_t) {
                (uint16_t[]) { 1, 2, 900 }[i],
                i == 1 ? CXM_POINT_ANSWERED
                       : (uint16_t) fixture_random(POINTS)
            };
        }
    }

    for (i = 0; i < 2; i++) {
        r = fixture_random(VALUES);

        if (r != CXM_DICT_NULL) {
            m->segments[m->row.nsegments++] = (cxm_response_segment_t) {
                kept[i], r
            };
        }
    }

    for (i = PLAN; i <= LATE && (i == PLAN || no > ROWS / 2); i++) {
        m->segments[m->row.nsegments++] = (cxm_response_segment_t) {
            (uint16_t) i, fixture_random(VALUES)
        };
    }
}


static int
start(void **state)
{
    unsigned    i;
    cxm_txn_t  *txn;

    (void) state;

    fixture_open(&f, &cxm_flow);
    cxm_error_init(&err);
    txn = fixture_write(&f);

    for (i = 0; i < ROWS; i++) {
        make_row(&rows[i], i + 1);
        assert_int_equal(cxm_response_row_append(txn, SURVEY, &rows[i].row),
                         CXM_OK);
        assert_int_equal(cxm_response_row_count(txn, SURVEY, &rows[i].row, 1),
                         CXM_OK);
    }

    fixture_commit(txn);

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
on_row(void *ctx, unsigned question, uint32_t value, cxm_ms_t at,
    uint32_t point, uint64_t count)
{
    cells_t  *cells = ctx;

    assert_int_equal(at % CXM_MS_QUARTER, 0);
    assert_in_range(point, 0, POINTS - 1);
    value = value == CXM_VALUE_NONE ? VALUES : value;
    assert_in_range(value, 0, VALUES);

    cells->cell[question][value][at / CXM_MS_QUARTER][point] += count;
}


static void
scan(cxm_cell_query_t *query, cells_t *cells)
{
    cxm_long_read_t  read;

    memset(cells, 0, sizeof(*cells));

    query->survey = SURVEY;
    query->nquestions = 3;
    query->questions = questions;
    query->to = query->to == 0 ? CXM_MS_MAX : query->to;

    cxm_long_read_begin(&read, fixture_read(&f), NULL, NULL);
    read.head = ROWS;
    assert_int_equal(cxm_response_cells(&read, query, on_row, cells, &err),
                     CXM_OK);
    cxm_txn_end(read.txn);
}


typedef struct {
    cells_t   *cells;
    unsigned   question;
    int        by;
} counting_t;

static void
on_counter(void *ctx, uint32_t value, cxm_ms_t at, uint32_t point,
    uint64_t count)
{
    counting_t  *counting = ctx;

    on_row(counting->cells, counting->question, counting->by ? value : 0, at,
           point, count);
}


static void
count(const cxm_cell_query_t *query, uint16_t segment, uint32_t value,
    cells_t *cells)
{
    int                   i;
    cxm_ms_t              cuts[3 * 96];
    cxm_txn_t            *txn;
    counting_t            counting = { cells, 0, query->by != 0 };
    cxm_counter_query_t   counters;

    for (i = 0; i < 3 * 96; i++) {
        cuts[i] = i * CXM_MS_QUARTER;
    }

    memset(cells, 0, sizeof(*cells));
    txn = fixture_read(&f);

    for (counting.question = 0; counting.question < 3; counting.question++) {
        counters = (cxm_counter_query_t) {
            { SURVEY, questions[counting.question], segment, value },
            query->from, query->to, cuts, 3 * 96
        };
        assert_int_equal(cxm_counter_scan(txn, &counters, on_counter,
                                          &counting), CXM_OK);
    }

    cxm_txn_end(txn);
}


static void
same_as_counters(void **state)
{
    unsigned           i;
    uint32_t           value;
    cxm_filter_t       filter = { 0, 1, &value };
    static cells_t     scanned, counted;
    cxm_cell_query_t   query;

    static const uint16_t  segments[] = {
        CXM_SEGMENT_CHANNEL, CXM_SEGMENT_AGENT, CXM_SEGMENT_COUNTRY, PLAN, LATE
    };

    (void) state;

    memset(&query, 0, sizeof(query));
    scan(&query, &scanned);
    count(&query, CXM_SEGMENT_ALL, 0, &counted);
    assert_memory_equal(&scanned, &counted, sizeof(scanned));

    query.from = 17 * CXM_MS_QUARTER;
    query.to = 133 * CXM_MS_QUARTER;

    for (i = 0; i < sizeof(segments) / sizeof(segments[0]); i++) {

        filter.segment = segments[i];
        query.filters = &filter;
        query.nfilters = 1;

        for (value = 0; value < VALUES; value++) {
            query.by = 0;
            scan(&query, &scanned);
            count(&query, segments[i], value, &counted);
            assert_memory_equal(&scanned, &counted, sizeof(scanned));
        }

        query.nfilters = 0;
        query.by = segments[i];
        scan(&query, &scanned);
        count(&query, segments[i], CXM_VALUE_ALL, &counted);

        /* rows that do not list the segment have no value there */

        memset(scanned.cell[0][VALUES], 0, sizeof(scanned.cell[0][VALUES]));
        memset(scanned.cell[1][VALUES], 0, sizeof(scanned.cell[1][VALUES]));
        memset(scanned.cell[2][VALUES], 0, sizeof(scanned.cell[2][VALUES]));
        assert_memory_equal(&scanned, &counted, sizeof(scanned));
    }
}


static uint32_t
value_of(const made_t *m, uint16_t segment)
{
    unsigned  i;

    for (i = 0; i < m->row.nsegments; i++) {
        if (m->segments[i].segment == segment) {
            return m->segments[i].value;
        }
    }

    return segment < CXM_SEGMENTS_KEPT ? CXM_DICT_NULL : CXM_VALUE_NONE;
}


static void
several_segments(void **state)
{
    uint32_t           channel[2] = { 0, 3 }, plan[1] = { 2 }, late[2] = { 0 };
    uint64_t           expect, got;
    unsigned           i, k, q, p;
    static cells_t     cells;
    cxm_filter_t       filters[3] = {
        { CXM_SEGMENT_CHANNEL, 2, channel }, { PLAN, 1, plan },
        { LATE, 1, late }
    };
    cxm_cell_query_t   query;

    (void) state;

    for (k = 1; k <= 3; k++) {

        memset(&query, 0, sizeof(query));
        query.nfilters = k;
        query.filters = filters;
        query.by = CXM_SEGMENT_AGENT;
        scan(&query, &cells);

        for (i = 0, expect = 0; i < ROWS; i++) {
            expect += (value_of(&rows[i], CXM_SEGMENT_CHANNEL) % 3 == 0)
                      && (k < 2 || value_of(&rows[i], PLAN) == 2)
                      && (k < 3 || value_of(&rows[i], LATE) == 0)
                      && value_of(&rows[i], CXM_SEGMENT_AGENT) == 4;
        }

        for (q = 0, got = 0; q < QUARTERS; q++) {
            for (p = 0; p < 2; p++) {
                got += cells.cell[2][4][q][p];
            }
        }

        assert_true(expect > 0);
        assert_int_equal(got, expect);
    }

    /* a filter without values lets nothing through */

    filters[1].nvalues = 0;
    scan(&query, &cells);

    for (q = 0; q < sizeof(cells) / sizeof(uint64_t); q++) {
        assert_int_equal(((uint64_t *) &cells)[q], 0);
    }
}


static void
add_rows(unsigned first, unsigned n)
{
    made_t      m;
    unsigned    i;
    cxm_txn_t  *txn;

    txn = fixture_write(&f);

    for (i = 0; i < n; i++) {
        make_row(&m, first + i);
        assert_int_equal(cxm_response_row_append(txn, SURVEY, &m.row), CXM_OK);
    }

    fixture_commit(txn);
}


/* Answers come while it reads; at the end nobody waits any more. */
static int
meanwhile(void *ctx)
{
    unsigned  *asked = ctx;

    ++*asked;
    add_rows(100000 + 10 * *asked, 10);

    return *asked == 5;
}


static void
on_answer(void *ctx, unsigned question, uint32_t value, cxm_ms_t at,
    uint32_t point, uint64_t count)
{
    uint64_t  *n = ctx;

    (void) value;
    (void) at;
    (void) point;

    *n += question == 2 ? count : 0;
}


/* Answers of numbers up to head; 0 when the read was stopped. */
static uint64_t
answers(unsigned *asked, uint64_t head)
{
    uint64_t          n;
    cxm_rc_t          rc;
    cxm_long_read_t   read;
    cxm_cell_query_t  query = {
        .survey = SURVEY, .nquestions = 3, .questions = questions,
        .to = CXM_MS_MAX
    };

    n = 0;
    cxm_long_read_begin(&read, fixture_read(&f), meanwhile, asked);
    read.head = head;
    rc = cxm_response_cells(&read, &query, on_answer, &n, &err);
    cxm_txn_end(read.txn);

    return rc == CXM_OK ? n : 0;
}


static void
many_snapshots(void **state)
{
    unsigned  asked;

    (void) state;

    add_rows(ROWS + 1, 22000);
    asked = 0;

    assert_int_equal(answers(&asked, ROWS + 22000), ROWS + 22000);
    assert_int_equal(asked, 2);

    assert_int_equal(answers(&asked, UINT64_MAX), ROWS + 22000 + 40);
    assert_int_equal(asked, 4);

    assert_int_equal(answers(&asked, UINT64_MAX), 0);
    assert_int_equal(asked, 5);
    assert_string_equal(err.code, CXM_LONG_STOPPED);
}


static void
is_damaged(cxm_txn_t *txn)
{
    uint64_t          n = 0;
    cxm_long_read_t   read;
    cxm_cell_query_t  query = {
        .survey = SURVEY, .nquestions = 3, .questions = questions,
        .to = CXM_MS_MAX
    };

    cxm_long_read_begin(&read, txn, NULL, NULL);
    read.head = UINT64_MAX;
    cxm_error_init(&err);
    assert_int_equal(cxm_response_cells(&read, &query, on_answer, &n, &err),
                     CXM_CORRUPT);
    assert_int_equal(err.rc, CXM_CORRUPT);
}


/* In a write transaction that is aborted, since it sees what it forges. */
static void
damage(void **state)
{
    char            copy[2048];
    size_t          i;
    MDB_val         k, v;
    cxm_str_t       value;
    cxm_txn_t      *txn;
    cxm_row_key_t   key;

    (void) state;

    txn = fixture_write(&f);
    cxm_response_block_key(&key, SURVEY, 1);
    assert_int_equal(cxm_row_get(txn, CXM_T_DOC, &key, &value), CXM_OK);
    memcpy(copy, value.data, value.len + CXM_MAC_LEN);
    k = (MDB_val) { key.len, key.b };
    v = (MDB_val) { value.len + CXM_MAC_LEN, copy };

    for (i = 0; i < v.mv_size; i += 37) {
        copy[i] ^= (char) (1 << i % 8);
        assert_int_equal(mdb_put(txn->mdb, txn->store->dbi[CXM_T_DOC], &k, &v,
                                 0), 0);
        is_damaged(txn);
        copy[i] ^= (char) (1 << i % 8);
    }

    /* sealed as it should be, and yet no rows */

    value = (cxm_str_t) { v.mv_size - CXM_MAC_LEN - 1, copy };
    assert_int_equal(cxm_row_put(txn, CXM_T_DOC, &key, value), CXM_OK);
    is_damaged(txn);

    value.len = 0;
    assert_int_equal(cxm_row_put(txn, CXM_T_DOC, &key, value), CXM_OK);
    is_damaged(txn);

    cxm_txn_end(txn);

    /* a key that is too long */

    txn = fixture_write(&f);
    cxm_response_block_key(&key, SURVEY, 1);
    cxm_row_key_u8(&key, 0);
    assert_int_equal(cxm_row_put(txn, CXM_T_DOC, &key, cxm_str("x")), CXM_OK);
    is_damaged(txn);
    cxm_txn_end(txn);
}


#define test(name)  cmocka_unit_test_setup_teardown(name, start, end)


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        test(same_as_counters),
        test(several_segments),
        test(many_snapshots),
        test(damage)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
