/*
 * Walks over rows of answers.
 *
 * A source gives the rows of one survey; a walk takes the lowest number of
 * all sources (down: the highest), again and again.  Of a person the index
 * knows the answers, and sources are only where their rows are read.
 */

#include <stdlib.h>

#include "cxm_dict.h"
#include "cxm_response_walk.h"


/* --- sources ------------------------------------------------------------ */

/* How many rows of the block are on this side of the number, or at it. */
static unsigned
rows_left(const cxm_response_walk_t *walk, const cxm_response_block_t *block,
    uint64_t number)
{
    unsigned  i;

    for (i = 0; i < block->nrows && block->rows[i].no < number; i++) {
        /* void */
    }

    return walk->down ? i : block->nrows - i;
}


/* The source's block with rows from `number` on (down: below it). */
static cxm_rc_t
source_load(cxm_response_walk_t *walk, cxm_response_source_t *source,
    uint64_t number)
{
    cxm_rc_t  rc;

    source->left = 0;

    if (number == 0 && walk->down) {
        return CXM_OK;
    }

    rc = cxm_response_block_read(walk->txn, source->filter->survey,
                                 number - walk->down, &source->arena,
                                 source->block);
    if (rc == CXM_OK) {
        source->left = rows_left(walk, source->block, number);
    }

    if (!walk->down && source->left == 0
        && (rc == CXM_OK || rc == CXM_NOT_FOUND))
    {
        rc = cxm_response_block_next(walk->txn, source->filter->survey,
                                     number, &source->arena, source->block);
        source->left = source->block->nrows;
    }

    return rc == CXM_OK || rc == CXM_NOT_FOUND
           ? CXM_OK
           : cxm_fail(walk->err, rc, NULL, "Answers cannot be read.");
}


static const cxm_response_row_t *
source_row(const cxm_response_walk_t *walk,
    const cxm_response_source_t *source)
{
    const cxm_response_block_t  *block;

    block = source->block;

    return &block->rows[walk->down ? source->left - 1
                                   : block->nrows - source->left];
}


/* The source whose row comes next of all; NULL: there are no more. */
static cxm_response_source_t *
walk_source(const cxm_response_walk_t *walk)
{
    uint64_t                no, best;
    unsigned                i;
    cxm_response_source_t  *source, *found;

    found = NULL;
    best = 0;

    for (i = 0; i < walk->choice->n; i++) {
        source = &walk->sources[i];

        if (source->left == 0) {
            continue;
        }

        no = source_row(walk, source)->no;

        if ((walk->down || no < walk->end)
            && (found == NULL || (walk->down ? no > best : no < best)))
        {
            found = source;
            best = no;
        }
    }

    return found;
}


/* --- what is wanted ----------------------------------------------------- */

static int
row_has(const cxm_response_row_t *row, const cxm_response_filter_t *filter)
{
    unsigned  i;

    for (i = 0; i < row->npairs; i++) {
        if (row->pairs[i].question == filter->question
            && row->pairs[i].point >= filter->min
            && row->pairs[i].point <= filter->max)
        {
            return 1;
        }
    }

    return filter->question == 0;
}


static uint32_t
row_value(const cxm_response_row_t *row, uint16_t segment)
{
    unsigned  i;

    for (i = 0; i < row->nsegments; i++) {
        if (row->segments[i].segment == segment) {
            return row->segments[i].value;
        }
    }

    return CXM_DICT_NULL;
}


static int
row_wanted(const cxm_response_walk_t *walk, const cxm_response_row_t *row,
    const cxm_response_filter_t *filter)
{
    unsigned                       i;
    const cxm_response_segment_t  *where;

    if (walk->choice->status != CXM_STATUS_ANY
        && walk->choice->status != (row->flags & CXM_RESPONSE_PARTIAL
                                    ? CXM_STATUS_PARTIAL
                                    : CXM_STATUS_COMPLETE))
    {
        return 0;
    }

    if (row->at < walk->choice->from || row->at >= walk->choice->to
        || !row_has(row, filter))
    {
        return 0;
    }

    for (i = 0; i < filter->nwhere; i++) {
        where = &filter->where[i];

        if (row_value(row, where->segment) != where->value) {
            return 0;
        }
    }

    return 1;
}


/* --- steps -------------------------------------------------------------- */

/* The number is looked at. */
static void
walk_pass(cxm_response_walk_t *walk, uint64_t no)
{
    walk->looked++;
    walk->at = walk->down ? no : no + 1;
}


static cxm_rc_t
walk_over(cxm_response_walk_t *walk)
{
    walk->at = walk->down ? 0 : walk->end;

    return CXM_NOT_FOUND;
}


/*
 * A source stays on the row that it gave until it is asked again, since the
 * next block takes the row's memory.
 */
static cxm_rc_t
next_of_all(cxm_response_walk_t *walk, uint64_t *survey,
    const cxm_response_row_t **row)
{
    cxm_rc_t                   rc;
    cxm_response_source_t     *last, *source;
    const cxm_response_row_t  *found;

    for ( ;; ) {
        last = walk->last;
        walk->last = NULL;

        if (last != NULL && --last->left == 0) {
            rc = source_load(walk, last, walk->at);

            if (rc != CXM_OK) {
                return rc;
            }
        }

        source = walk_source(walk);

        if (source == NULL) {
            return walk_over(walk);
        }

        if (walk->looked >= walk->max) {
            return CXM_NOT_FOUND;
        }

        found = source_row(walk, source);
        walk_pass(walk, found->no);
        walk->last = source;

        if (row_wanted(walk, found, source->filter)) {
            *survey = source->filter->survey;
            *row = found;
            return CXM_OK;
        }
    }
}


static cxm_response_source_t *
source_of(const cxm_response_walk_t *walk, uint64_t survey)
{
    unsigned  i;

    for (i = 0; i < walk->choice->n; i++) {
        if (walk->sources[i].filter->survey == survey) {
            return &walk->sources[i];
        }
    }

    return NULL;
}


/* The next answer of any slot of the person. */
static cxm_rc_t
person_next(cxm_response_walk_t *walk, uint64_t *survey, uint64_t *no)
{
    unsigned                   i;
    uint64_t                   of, one;
    cxm_rc_t                   rc;
    const cxm_person_slots_t  *slots;

    slots = &walk->choice->person;
    *survey = 0;
    *no = 0;

    for (i = 0; i < slots->n; i++) {
        rc = walk->down
             ? cxm_response_of_person(walk->txn, slots->slot[i], walk->at,
                                      &of, &one)
             : cxm_response_of_person_from(walk->txn, slots->slot[i],
                                           walk->at, &of, &one);

        if (rc == CXM_OK && (*no == 0 || (walk->down ? one > *no : one < *no)))
        {
            *survey = of;
            *no = one;
        }

        if (rc != CXM_OK && rc != CXM_NOT_FOUND) {
            return rc;
        }
    }

    return *no == 0 ? CXM_NOT_FOUND : CXM_OK;
}


static cxm_rc_t
next_of_person(cxm_response_walk_t *walk, uint64_t *survey,
    const cxm_response_row_t **row)
{
    uint64_t                no;
    cxm_rc_t                rc;
    cxm_response_row_t     *found;
    cxm_response_source_t  *source;

    for ( ;; ) {
        rc = person_next(walk, survey, &no);

        if (rc == CXM_NOT_FOUND
            || (rc == CXM_OK && !walk->down && no >= walk->end))
        {
            return walk_over(walk);
        }

        if (rc != CXM_OK) {
            return cxm_fail(walk->err, rc, NULL, "Answers cannot be read.");
        }

        if (walk->looked >= walk->max) {
            return CXM_NOT_FOUND;
        }

        walk_pass(walk, no);
        source = source_of(walk, *survey);

        if (source == NULL || source->filter->none) {
            continue;
        }

        rc = cxm_response_row_find(walk->txn, *survey, no, &source->arena,
                                   source->block, &found);
        if (rc != CXM_OK) {
            return cxm_fail(walk->err, CXM_CORRUPT, NULL,
                            "An answer is not where it should be.");
        }

        if (row_wanted(walk, found, source->filter)) {
            *row = found;
            return CXM_OK;
        }
    }
}


cxm_rc_t
cxm_response_walk_next(cxm_response_walk_t *walk, uint64_t *survey,
    const cxm_response_row_t **row)
{
    return walk->choice->of_person ? next_of_person(walk, survey, row)
                                   : next_of_all(walk, survey, row);
}


/* --- the whole ---------------------------------------------------------- */

static cxm_rc_t
walk_begin(cxm_response_walk_t *walk, uint64_t from)
{
    cxm_rc_t                rc;
    unsigned                i, n;
    cxm_response_source_t  *source;

    n = walk->choice->n;
    walk->at = from;
    walk->max = UINT32_MAX;
    walk->sources = calloc(n + 1, sizeof(cxm_response_source_t));
    rc = walk->sources == NULL ? CXM_INTERNAL : CXM_OK;

    for (i = 0; i < n && rc == CXM_OK; i++) {
        source = &walk->sources[i];
        source->filter = &walk->choice->filters[i];
        source->block = calloc(1, sizeof(cxm_response_block_t));

        if (source->block == NULL) {
            rc = CXM_INTERNAL;

        } else if (!walk->choice->of_person && !source->filter->none) {
            rc = source_load(walk, source, from);
        }
    }

    return rc == CXM_INTERNAL
           ? cxm_fail(walk->err, rc, NULL, "No memory.") : rc;
}


cxm_rc_t
cxm_response_walk_up(cxm_response_walk_t *walk, cxm_txn_t *txn,
    const cxm_response_choice_t *choice, uint64_t from, uint64_t end,
    cxm_error_t *err)
{
    memset(walk, 0, sizeof(*walk));
    walk->txn = txn;
    walk->choice = choice;
    walk->end = end;
    walk->err = err;

    return walk_begin(walk, from);
}


cxm_rc_t
cxm_response_walk_down(cxm_response_walk_t *walk, cxm_txn_t *txn,
    const cxm_response_choice_t *choice, uint64_t from, cxm_error_t *err)
{
    memset(walk, 0, sizeof(*walk));
    walk->txn = txn;
    walk->choice = choice;
    walk->down = 1;
    walk->err = err;

    return walk_begin(walk, from);
}


void
cxm_response_walk_end(cxm_response_walk_t *walk)
{
    unsigned  i;

    for (i = 0; walk->sources != NULL && i < walk->choice->n; i++) {
        cxm_arena_free(&walk->sources[i].arena);
        free(walk->sources[i].block);
    }

    free(walk->sources);
    walk->sources = NULL;
}
