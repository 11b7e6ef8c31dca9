/*
 * Lists of buckets and of segments.
 */

#include <stdlib.h>

#include "cxm_score_int.h"


typedef struct {
    uint32_t  value;
    uint64_t  n;
} cxm_score_rank_t;


json_t *
cxm_score_buckets(const cxm_score_t *score, const cxm_score_group_t *groups)
{
    int                failed;
    size_t             i;
    json_t            *list;
    cxm_score_json_t   out;

    list = json_array();
    failed = 0;

    for (i = 0; i < score->nbuckets && !failed; i++) {
        out = (cxm_score_json_t) { json_object(), "value", 0 };

        cxm_score_put_time(&out, "start", 1, score->starts[i]);
        cxm_score_put_group(score, cxm_score_bucket(score, groups, i), &out);
        cxm_score_add(list, &out, &failed);
    }

    if (failed) {
        json_decref(list);
        return NULL;
    }

    return list;
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


static uint64_t
value_n(const cxm_score_t *score, uint32_t value)
{
    return score == NULL || score->values[value] == NULL
           ? 0 : score->form->n(score->query, score->values[value]);
}


size_t
cxm_score_rank(const cxm_score_t *a, const cxm_score_t *b,
    uint32_t values[CXM_DICT_VALUES])
{
    size_t            i, n;
    uint32_t          value;
    uint64_t          count;
    cxm_score_rank_t  ranks[CXM_DICT_VALUES] = { { 0, 0 } };

    n = 0;

    for (value = 0; value < CXM_DICT_VALUES; value++) {
        count = value_n(a, value) + value_n(b, value);

        if (count > 0) {
            ranks[n++] = (cxm_score_rank_t) { value, count };
        }
    }

    qsort(ranks, n, sizeof(ranks[0]), rank_order);

    for (i = 0; i < n; i++) {
        values[i] = ranks[i].value;
    }

    return n;
}


cxm_rc_t
cxm_score_put_value(const cxm_score_t *score, uint32_t value,
    cxm_score_json_t *out)
{
    cxm_rc_t   rc;
    cxm_str_t  text;

    rc = cxm_dict_text(score->txn, score->query->survey, score->query->by,
                       value, &text);

    if (rc == CXM_OK) {
        cxm_score_put_text(out, "value", text);
    }

    return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
}


static cxm_rc_t
segment_add(const cxm_score_t *score, json_t *list, uint32_t value)
{
    int                       failed;
    cxm_rc_t                  rc;
    cxm_score_json_t          out;
    const cxm_score_group_t  *groups;

    /* "value" is the segment's here */

    out = (cxm_score_json_t) { json_object(), "score", 0 };
    groups = score->values[value];
    failed = 0;

    rc = cxm_score_put_value(score, value, &out);

    cxm_score_put_group(score, groups, &out);

    if (score->query->bucket != CXM_BUCKET_NONE) {
        cxm_score_put(&out, "buckets", cxm_score_buckets(score, groups));
    }

    cxm_score_add(list, &out, &failed);

    return rc == CXM_OK && failed ? CXM_INTERNAL : rc;
}


cxm_rc_t
cxm_score_segments(const cxm_score_t *score, json_t **out)
{
    size_t     i, n;
    json_t    *list;
    cxm_rc_t   rc;
    uint32_t   values[CXM_DICT_VALUES];

    n = cxm_score_rank(score, NULL, values);
    list = json_array();
    rc = CXM_OK;

    for (i = 0; i < n && rc == CXM_OK; i++) {
        rc = segment_add(score, list, values[i]);
    }

    if (rc != CXM_OK) {
        json_decref(list);
        return rc;
    }

    *out = list;

    return CXM_OK;
}
