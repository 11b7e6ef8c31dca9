/*
 * Counts of a query, from counters into groups.
 *
 * Cells of one value come in order of time, so one bucket is filled at a
 * time and answered when the next begins: ten thousand of them need no more
 * memory than their JSON.  Items are read before the points: n and sum of
 * each are all that a bucket needs of them.
 */

#include <stdlib.h>

#include "cxm_counter.h"
#include "cxm_dict.h"
#include "cxm_score_int.h"


#define CXM_SCORE_VALUES  (CXM_DICT_MAX + 2)

typedef struct {
    uint32_t  value;
    uint64_t  n;
} cxm_score_rank_t;


void
cxm_score_free(cxm_score_t *score)
{
    size_t  i;

    for (i = 0; i < score->nvalues; i++) {
        free(score->values[i]);
    }

    free(score->values);
    free(score->starts);
    free(score->total);
    free(score->none);
    free(score->bucket);
    free(score->bucket_items);
    json_decref(score->buckets);
    json_decref(score->segments);
}


/* Adds a cell of the item being read to n and sum of a group's item. */
static void
add_item(const cxm_score_t *score, cxm_score_group_t *pair, uint32_t point,
    uint64_t count)
{
    const cxm_csi_item_t  *item;

    item = &score->query->items[score->item].csi;

    if (point <= (uint32_t) (item->max - item->min)) {
        pair[0] += count;
        pair[1] += count * point;
    }
}


static void
add_point(const cxm_score_t *score, cxm_score_group_t *group, uint32_t point,
    uint64_t count)
{
    if (point < score->npoints) {
        group[point] += count;
    }
}


void
cxm_score_figures(const cxm_score_t *score, const cxm_score_group_t *group,
    cxm_score_json_t *out)
{
    uint64_t  n;

    n = cxm_score_n(group, score->npoints);

    if (n == 0 || n >= score->query->floor) {
        score->figures(score->query, group, out);
        return;
    }

    score->figures(score->query, score->none, out);
    cxm_score_put(out, "n", json_integer((json_int_t) n));
    cxm_score_put(out, "withheld", json_true());
}


/* Answers the bucket that is full and begins the next. */
static void
bucket_end(cxm_score_t *score)
{
    size_t             n;
    cxm_score_json_t   out;

    n = 2 * (size_t) score->query->nitems;

    if (n != 0) {
        memcpy(score->bucket + score->npoints,
               score->bucket_items + n * score->at,
               n * sizeof(cxm_score_group_t));
    }

    out = (cxm_score_json_t) { json_object(), "value", 0 };

    cxm_score_put_time(&out, "start", 1, score->starts[score->at]);
    cxm_score_figures(score, score->bucket, &out);

    if (json_array_append_new(score->buckets, out.object) != 0 || out.failed) {
        score->failed = 1;
    }

    memset(score->bucket, 0, score->width * sizeof(cxm_score_group_t));
    score->at++;
}


static void
on_item(void *ctx, uint32_t value, cxm_ms_t at, uint32_t point,
    uint64_t count)
{
    cxm_score_t  *score = ctx;

    (void) value;

    add_item(score, score->total + score->npoints + 2 * score->item, point,
             count);

    if (score->nbuckets == 0) {
        return;
    }

    while (at >= score->starts[score->at + 1]) {
        score->at++;
    }

    add_item(score, score->bucket_items
                    + 2 * (score->query->nitems * score->at + score->item),
             point, count);
}


static void
on_point(void *ctx, uint32_t value, cxm_ms_t at, uint32_t point,
    uint64_t count)
{
    cxm_score_t  *score = ctx;

    (void) value;

    add_point(score, score->total, point, count);

    if (score->nbuckets == 0) {
        return;
    }

    while (at >= score->starts[score->at + 1]) {
        bucket_end(score);
    }

    add_point(score, score->bucket, point, count);
}


static cxm_score_group_t *
value_group(cxm_score_t *score, uint32_t value)
{
    if (value >= score->nvalues) {
        return NULL;
    }

    if (score->values[value] == NULL) {
        score->values[value] = calloc(score->width,
                                      sizeof(cxm_score_group_t));
        score->failed |= score->values[value] == NULL;
    }

    return score->values[value];
}


static void
on_value_item(void *ctx, uint32_t value, cxm_ms_t at, uint32_t point,
    uint64_t count)
{
    cxm_score_t        *score = ctx;
    cxm_score_group_t  *group;

    (void) at;

    group = value_group(score, value);

    if (group != NULL) {
        add_item(score, group + score->npoints + 2 * score->item, point,
                 count);
    }
}


static void
on_value_point(void *ctx, uint32_t value, cxm_ms_t at, uint32_t point,
    uint64_t count)
{
    cxm_score_t        *score = ctx;
    cxm_score_group_t  *group;

    (void) at;

    group = value_group(score, value);

    if (group != NULL) {
        add_point(score, group, point, count);
    }
}


static cxm_rc_t
score_scan(cxm_score_t *score, const cxm_series_t *series, int quarters,
    cxm_counter_pt fn)
{
    cxm_counter_query_t  query;

    query = (cxm_counter_query_t) { *series, score->from, score->to,
                                    quarters };
    score->at = 0;

    return cxm_counter_scan(score->txn, &query, fn, score);
}


/* All series of a query under one segment: the items, then the points. */
static cxm_rc_t
score_series(cxm_score_t *score, uint16_t segment, uint32_t value,
    int quarters, cxm_counter_pt item, cxm_counter_pt point)
{
    cxm_rc_t      rc;
    cxm_series_t  series;

    memset(&series, 0, sizeof(series));
    series.survey = score->query->survey;
    series.segment = segment;
    series.value = value;

    for (score->item = 0; score->item < score->query->nitems; score->item++) {
        series.question = score->query->items[score->item].question;
        rc = score_scan(score, &series, quarters, item);

        if (rc != CXM_OK) {
            return rc;
        }
    }

    series.question = score->query->question;

    return score_scan(score, &series, quarters, point);
}


static cxm_rc_t
collect_total(cxm_score_t *score)
{
    cxm_rc_t                  rc;
    const cxm_score_query_t  *query;

    query = score->query;
    rc = CXM_OK;

    if (score->any && !query->where_none) {
        rc = score_series(score, query->where, query->where_value,
                          query->bucket == CXM_BUCKET_HOUR, on_item, on_point);
    }

    while (rc == CXM_OK && score->at < score->nbuckets) {
        bucket_end(score);
    }

    return rc;
}


static int
rank_order(const void *left, const void *right)
{
    const cxm_score_rank_t  *a, *b;

    a = left;
    b = right;

    if ((a->value == CXM_DICT_NULL) != (b->value == CXM_DICT_NULL)) {
        return a->value == CXM_DICT_NULL ? 1 : -1;
    }

    if (a->n != b->n) {
        return a->n > b->n ? -1 : 1;
    }

    return (a->value > b->value) - (a->value < b->value);
}


static cxm_rc_t
segment_put(cxm_score_t *score, uint32_t value)
{
    cxm_rc_t          rc;
    cxm_str_t         text;
    cxm_score_json_t  out;

    rc = cxm_dict_text(score->txn, score->query->survey, score->query->by,
                       value, &text);

    if (rc != CXM_OK) {
        return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
    }

    /* "value" is the segment's here */

    out = (cxm_score_json_t) { json_object(), "score", 0 };

    cxm_score_put(&out, "value", text.data == NULL
                                 ? json_null()
                                 : json_stringn(text.data, text.len));
    cxm_score_figures(score, score->values[value], &out);

    if (json_array_append_new(score->segments, out.object) != 0 || out.failed)
    {
        score->failed = 1;
    }

    return CXM_OK;
}


static cxm_rc_t
segments_put(cxm_score_t *score)
{
    size_t             i, n;
    uint64_t           count;
    cxm_rc_t           rc;
    cxm_score_rank_t   ranks[CXM_SCORE_VALUES] = { { 0, 0 } };

    n = 0;

    for (i = 0; i < score->nvalues; i++) {
        count = score->values[i] == NULL
                ? 0 : cxm_score_n(score->values[i], score->npoints);

        if (count != 0) {
            ranks[n].value = (uint32_t) i;
            ranks[n].n = count;
            n++;
        }
    }

    qsort(ranks, n, sizeof(ranks[0]), rank_order);
    rc = CXM_OK;

    for (i = 0; i < n && rc == CXM_OK; i++) {
        rc = segment_put(score, ranks[i].value);
    }

    return rc;
}


static cxm_rc_t
collect_segments(cxm_score_t *score)
{
    cxm_rc_t  rc;

    if (!score->any || score->query->by == 0) {
        return CXM_OK;
    }

    score->values = calloc(CXM_SCORE_VALUES, sizeof(cxm_score_group_t *));

    if (score->values == NULL) {
        return CXM_INTERNAL;
    }

    score->nvalues = CXM_SCORE_VALUES;

    rc = score_series(score, score->query->by, CXM_VALUE_ALL, 0,
                      on_value_item, on_value_point);

    return rc == CXM_OK ? segments_put(score) : rc;
}


cxm_rc_t
cxm_score_collect(cxm_score_t *score)
{
    size_t    nitems;
    cxm_rc_t  rc;

    nitems = 2 * (size_t) score->query->nitems;

    score->npoints = (size_t) (score->query->max - score->query->min) + 1;
    score->width = score->npoints + nitems;
    score->total = calloc(score->width, sizeof(cxm_score_group_t));
    score->none = calloc(score->width, sizeof(cxm_score_group_t));
    score->bucket = calloc(score->width, sizeof(cxm_score_group_t));
    score->bucket_items = calloc(nitems * score->nbuckets + 1,
                                 sizeof(cxm_score_group_t));
    score->buckets = json_array();
    score->segments = json_array();

    if (score->total == NULL || score->none == NULL || score->bucket == NULL
        || score->bucket_items == NULL || score->buckets == NULL
        || score->segments == NULL)
    {
        return CXM_INTERNAL;
    }

    rc = collect_total(score);

    if (rc == CXM_OK) {
        rc = collect_segments(score);
    }

    return rc == CXM_OK && score->failed ? CXM_INTERNAL : rc;
}
