/*
 * Walks over rows of answers: the same as looking at all of them, up and
 * down, of everybody and of a person, broken off anywhere and gone on with.
 */

#include "tables_fixture.h"

#include "cxm_dict.h"
#include "cxm_flow.h"
#include "cxm_response_walk.h"


#define SURVEYS  3
#define ROWS     1500
#define PERSONS  4
#define PLAN     CXM_SEGMENT_CUSTOM

typedef struct {
    uint64_t                survey;
    cxm_response_row_t      row;
    cxm_response_pair_t     pair;
    cxm_response_segment_t  segment;
} made_t;

static fixture_t    f;
static cxm_error_t  err;
static made_t       made[ROWS];         /* by number, which is index + 1 */


static void
make(made_t *m, uint64_t no)
{
    memset(m, 0, sizeof(*m));

    /* one survey is rare, so that its blocks are far apart */

    m->survey = fixture_random(100) == 0 ? 3 : 1 + fixture_random(2);
    m->row.no = no;
    m->row.entry = no;
    m->row.at = fixture_random(1000);
    m->row.subject = fixture_random(PERSONS + 1);
    m->row.flags = fixture_random(2) ? CXM_RESPONSE_PARTIAL : 0;
    m->row.due = m->row.flags ? 1000 : 0;
    m->row.npairs = fixture_random(3) > 0;
    m->row.pairs = &m->pair;
    m->row.nsegments = 1;
    m->row.segments = &m->segment;

    m->pair = (cxm_response_pair_t) { 1, (uint16_t) fixture_random(11) };
    m->segment = (cxm_response_segment_t) { PLAN, fixture_random(3) };
}


static int
start(void **state)
{
    uint64_t    i;
    made_t     *m;
    cxm_txn_t  *txn;

    (void) state;

    fixture_open(&f, &cxm_flow);
    cxm_error_init(&err);
    txn = fixture_write(&f);

    for (i = 0; i < ROWS; i++) {
        m = &made[i];
        make(m, i + 1);
        assert_int_equal(cxm_response_row_append(txn, m->survey, &m->row),
                         CXM_OK);

        if (m->row.subject != 0) {
            assert_int_equal(cxm_response_index_person(txn, m->row.subject,
                                                       m->survey, i + 1),
                             CXM_OK);
        }
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


/* A choice of anything; n of its filters, which are by survey. */
static void
choose(cxm_response_choice_t *choice, cxm_response_filter_t *filters)
{
    uint64_t                survey;
    cxm_response_filter_t  *filter;

    memset(choice, 0, sizeof(*choice));
    choice->filters = filters;
    choice->status = (cxm_response_status_t) fixture_random(3);
    choice->from = fixture_random(2) ? fixture_random(500) : CXM_MS_MIN;
    choice->to = fixture_random(2) ? 500 + fixture_random(500) : CXM_MS_MAX;

    if (fixture_random(2)) {
        choice->of_person = 1;
        choice->person.n = fixture_random(3);
        choice->person.slot[0] = 1 + fixture_random(2);
        choice->person.slot[1] = 3 + fixture_random(2);
    }

    for (survey = 1; survey <= SURVEYS; survey++) {
        if (fixture_random(4) == 0) {
            continue;
        }

        filter = &filters[choice->n++];
        memset(filter, 0, sizeof(*filter));
        filter->survey = survey;
        filter->none = fixture_random(10) == 0;
        filter->question = (uint16_t) fixture_random(2);
        filter->min = fixture_random(6);
        filter->max = 5 + fixture_random(6);
        filter->nwhere = fixture_random(2);
        filter->where[0] = (cxm_response_segment_t) {
            PLAN, fixture_random(3)
        };
    }
}


static int
person_has(const cxm_person_slots_t *person, uint64_t slot)
{
    unsigned  i;

    for (i = 0; i < person->n; i++) {
        if (person->slot[i] == slot) {
            return 1;
        }
    }

    return 0;
}


static int
wanted(const cxm_response_choice_t *choice, const made_t *m)
{
    int                           partial;
    unsigned                      i;
    const cxm_response_filter_t  *filter;

    partial = (m->row.flags & CXM_RESPONSE_PARTIAL) != 0;
    filter = NULL;

    for (i = 0; i < choice->n; i++) {
        if (choice->filters[i].survey == m->survey) {
            filter = &choice->filters[i];
        }
    }

    return filter != NULL && !filter->none
           && m->row.at >= choice->from && m->row.at < choice->to
           && (choice->status == CXM_STATUS_ANY
               || partial == (choice->status == CXM_STATUS_PARTIAL))
           && (!choice->of_person
               || person_has(&choice->person, m->row.subject))
           && (filter->question == 0
               || (m->row.npairs > 0 && m->pair.point >= filter->min
                   && m->pair.point <= filter->max))
           && (filter->nwhere == 0
               || m->segment.value == filter->where[0].value);
}


/* Rows of numbers up from `from` below `end`, or down below `from`. */
static void
check(const cxm_response_choice_t *choice, int down, uint64_t from,
    uint64_t last)
{
    int                        step;
    uint64_t                   no, survey, at;
    cxm_rc_t                   rc;
    cxm_txn_t                 *txn;
    cxm_response_walk_t        walk;
    const cxm_response_row_t  *row;

    txn = fixture_read(&f);
    no = down ? from - 1 : from;
    step = down ? -1 : 1;
    at = from;

    do {
        rc = down ? cxm_response_walk_down(&walk, txn, choice, at, &err)
                  : cxm_response_walk_up(&walk, txn, choice, at, last, &err);
        assert_int_equal(rc, CXM_OK);
        walk.max = 1 + fixture_random(300);

        while ((rc = cxm_response_walk_next(&walk, &survey, &row)) == CXM_OK)
        {
            while (no != row->no) {
                assert_true(no > 0 && no < last);
                assert_false(wanted(choice, &made[no - 1]));
                no += (uint64_t) step;
            }

            assert_true(wanted(choice, &made[no - 1]));
            assert_int_equal(survey, made[no - 1].survey);
            assert_int_equal(row->at, made[no - 1].row.at);
            no += (uint64_t) step;
        }

        assert_int_equal(rc, CXM_NOT_FOUND);
        at = walk.at;
        cxm_response_walk_end(&walk);

    } while (at != (down ? 0 : last));

    for ( /* void */ ; no > 0 && no < last; no += (uint64_t) step) {
        assert_false(wanted(choice, &made[no - 1]));
    }

    cxm_txn_end(txn);
}


static void
same_as_all(void **state)
{
    unsigned               i;
    uint64_t               from;
    cxm_response_choice_t  choice;
    cxm_response_filter_t  filters[SURVEYS];

    (void) state;

    for (i = 0; i < 400; i++) {
        choose(&choice, filters);
        from = 1 + fixture_random(ROWS);

        check(&choice, 0, from, from + fixture_random(ROWS + 1 - from) + 1);
        check(&choice, 1, from, ROWS + 1);
    }
}


/* An answer that is missing where something leads to it is damage. */
static void
damage(void **state)
{
    uint64_t                   survey;
    cxm_rc_t                   rc;
    cxm_txn_t                 *txn;
    cxm_response_walk_t        walk;
    cxm_response_choice_t      choice = { 0 };
    cxm_response_filter_t      filter = { .survey = 1 };
    const cxm_response_row_t  *row;

    (void) state;

    txn = fixture_write(&f);
    assert_int_equal(cxm_response_index_person(txn, 9, 1, ROWS + 7), CXM_OK);

    choice.to = CXM_MS_MAX;
    choice.filters = &filter;
    choice.n = 1;
    choice.of_person = 1;
    choice.person.n = 1;
    choice.person.slot[0] = 9;

    assert_int_equal(cxm_response_walk_up(&walk, txn, &choice, 1, ROWS + 9,
                                          &err), CXM_OK);
    rc = cxm_response_walk_next(&walk, &survey, &row);
    assert_int_equal(rc, CXM_CORRUPT);
    cxm_response_walk_end(&walk);
    cxm_txn_end(txn);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(same_as_all),
        cmocka_unit_test(damage)
    };

    return cmocka_run_group_tests(tests, start, end);
}
