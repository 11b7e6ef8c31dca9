/*
 * Counts of a query, from counters or from rows into groups.
 */

#include <stdlib.h>

#include "cxm_counter.h"
#include "cxm_score_int.h"


void
cxm_score_free(cxm_score_t *score)
{
    size_t  i;

    for (i = 0; score->values != NULL && i < CXM_DICT_VALUES; i++) {
        free(score->values[i]);
    }

    free(score->values);
    free(score->starts);
    free(score->total);
    free(score->none);
}


/* --- groups ------------------------------------------------------------- */

static cxm_score_group_t *
groups_new(const cxm_score_t *score)
{
    return calloc((score->nbuckets + 1) * score->width,
                  sizeof(cxm_score_group_t));
}


/* Most cells fall where the one before did, or behind it. */
static size_t
bucket_of(cxm_score_t *score, cxm_ms_t at)
{
    size_t  low, high, middle;

    if (at >= score->starts[score->at]) {
        if (at < score->starts[score->at + 1]) {
            return score->at;
        }

        low = score->at + 1;
        high = score->nbuckets;

    } else {
        low = 0;
        high = score->at;
    }

    while (high - low > 1) {
        middle = low + (high - low) / 2;

        if (at < score->starts[middle]) {
            high = middle;

        } else {
            low = middle;
        }
    }

    score->at = low;

    return low;
}


/* Adds a cell to groups and to their bucket. */
static void
groups_add(cxm_score_t *score, cxm_score_group_t *groups, cxm_ms_t at,
    uint32_t point, uint64_t count)
{
    size_t  bucket;

    score->form->add(score->query, groups, score->series, point, count);

    if (score->nbuckets > 0) {
        bucket = bucket_of(score, at);
        score->form->add(score->query, groups + (bucket + 1) * score->width,
                         score->series, point, count);
    }
}


/* NULL: no such value, no memory, or too many of them. */
static cxm_score_group_t *
value_groups(cxm_score_t *score, uint32_t value)
{
    cxm_score_group_t  **groups;

    if (value >= CXM_DICT_VALUES) {
        return NULL;
    }

    groups = &score->values[value];

    if (*groups == NULL && !score->too_many) {
        score->too_many = (score->nvalues + 1) * score->nbuckets
                          > CXM_SCORE_BUCKETS;

        if (!score->too_many) {
            *groups = groups_new(score);
            score->failed |= *groups == NULL;
            score->nvalues++;
        }
    }

    return *groups;
}


/* --- counters ----------------------------------------------------------- */

static void
on_total(void *ctx, uint32_t value, cxm_ms_t at, uint32_t point,
    uint64_t count)
{
    cxm_score_t  *score = ctx;

    (void) value;

    groups_add(score, score->total, at, point, count);
}


static void
on_value(void *ctx, uint32_t value, cxm_ms_t at, uint32_t point,
    uint64_t count)
{
    cxm_score_t        *score = ctx;
    cxm_score_group_t  *groups;

    groups = value_groups(score, value);

    if (groups != NULL) {
        groups_add(score, groups, at, point, count);
    }
}


/* All series of a query under one value of a segment, or all of them. */
static cxm_rc_t
count_series(cxm_score_t *score, uint16_t segment, uint32_t value,
    cxm_counter_pt fn)
{
    cxm_rc_t                  rc;
    cxm_counter_query_t       cells;
    const cxm_score_query_t  *query;

    query = score->query;
    rc = CXM_OK;

    memset(&cells, 0, sizeof(cells));
    cells.series.survey = query->survey;
    cells.series.segment = segment;
    cells.series.value = value;
    cells.from = score->from;
    cells.to = score->to;
    cells.cuts = score->starts;
    cells.ncuts = score->nbuckets;

    for (score->series = 0; score->series <= query->nitems && rc == CXM_OK;
         score->series++)
    {
        cells.series.question = cxm_score_question(query, score->series);
        rc = cxm_counter_scan(score->txn, &cells, fn, score);
    }

    return rc;
}


static cxm_rc_t
collect_counters(cxm_score_t *score)
{
    unsigned                  i;
    cxm_rc_t                  rc;
    const cxm_filter_t       *filter;
    const cxm_score_query_t  *query;

    query = score->query;

    if (query->nfilters == 0) {
        rc = count_series(score, 0, 0, on_total);

        return rc != CXM_OK || query->by == 0
               ? rc : count_series(score, query->by, CXM_VALUE_ALL, on_value);
    }

    rc = CXM_OK;
    filter = query->filters;

    for (i = 0; i < filter->nvalues && rc == CXM_OK; i++) {
        rc = count_series(score, filter->segment, filter->values[i],
                          on_total);
    }

    return rc;
}


/* --- rows --------------------------------------------------------------- */

static void
on_row(void *ctx, unsigned question, uint32_t value, cxm_ms_t at,
    uint32_t point, uint64_t count)
{
    cxm_score_t  *score = ctx;

    score->series = question;

    on_total(score, value, at, point, count);

    if (score->query->by != 0) {
        on_value(score, value, at, point, count);
    }
}


static cxm_rc_t
collect_rows(cxm_score_t *score, cxm_error_t *err)
{
    uint16_t                  questions[1 + CXM_CSI_MAX];
    unsigned                  i;
    cxm_long_read_t           read;
    cxm_cell_query_t          cells;
    const cxm_score_query_t  *query;

    query = score->query;

    for (i = 0; i <= query->nitems; i++) {
        questions[i] = cxm_score_question(query, i);
    }

    cells = (cxm_cell_query_t) {
        .survey = query->survey,
        .nquestions = query->nitems + 1,
        .questions = questions,
        .by = query->by,
        .nfilters = query->nfilters,
        .filters = query->filters,
        .from = score->from,
        .to = score->to
    };

    cxm_long_read_begin(&read, score->txn, query->stopped, query->host);

    return query->rows(&read, &cells, on_row, score, err);
}


static int
has_answers(const cxm_score_t *score)
{
    unsigned  i;

    for (i = 0; i < score->query->nfilters; i++) {
        if (score->query->filters[i].nvalues == 0) {
            return 0;
        }
    }

    return score->any && score->from < score->to;
}


/* Counters know one segment at a time. */
static int
needs_rows(const cxm_score_query_t *query)
{
    return query->nfilters > 1 || (query->nfilters == 1 && query->by != 0);
}


cxm_rc_t
cxm_score_collect(cxm_score_t *score, cxm_error_t *err)
{
    cxm_rc_t  rc;

    if (needs_rows(score->query) && score->query->rows == NULL) {
        return cxm_issue(err, "?where", "not_supported",
                         "Only one segment at a time is counted here.");
    }

    score->width = score->form->width(score->query);
    score->total = groups_new(score);
    score->none = calloc(score->width, sizeof(cxm_score_group_t));
    score->values = calloc(CXM_DICT_VALUES, sizeof(cxm_score_group_t *));

    if (score->total == NULL || score->none == NULL || score->values == NULL)
    {
        return CXM_INTERNAL;
    }

    if (!has_answers(score)) {
        return CXM_OK;
    }

    rc = needs_rows(score->query) ? collect_rows(score, err)
                                  : collect_counters(score);

    if (rc == CXM_OK && score->too_many) {
        return cxm_issue(err, "?by", "too_many",
                         "Would give more than %d buckets of segments.",
                         CXM_SCORE_BUCKETS);
    }

    return rc == CXM_OK && score->failed ? CXM_INTERNAL : rc;
}
