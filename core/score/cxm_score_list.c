/*
 * Lists of buckets and of segments.
 */

#include <stdlib.h>

#include "cxm_score_int.h"


typedef struct {
    uint32_t  value;
    uint64_t  n;
} cxm_score_rank_t;


/* Appends what out holds; -1 when memory was short. */
static int
list_add(json_t *list, const cxm_score_json_t *out)
{
    return json_array_append_new(list, out->object) != 0 || out->failed ? -1
                                                                       : 0;
}


json_t *
cxm_score_buckets(const cxm_score_t *score, const cxm_score_group_t *groups)
{
    size_t             i;
    json_t            *list;
    cxm_score_json_t   out;

    list = json_array();

    for (i = 0; i < score->nbuckets; i++) {
        out = (cxm_score_json_t) { json_object(), "value", 0 };

        cxm_score_put_time(&out, "start", 1, score->starts[i]);
        cxm_score_put_group(score, cxm_score_bucket(score, groups, i), &out);

        if (list_add(list, &out) != 0) {
            json_decref(list);
            return NULL;
        }
    }

    return list;
}


/* By number of answers; null comes last. */
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


static size_t
segments_rank(const cxm_score_t *score, cxm_score_rank_t *ranks)
{
    size_t                    n;
    uint32_t                  value;
    const cxm_score_group_t  *groups;

    n = 0;

    for (value = 0; value < CXM_DICT_VALUES; value++) {
        groups = score->values[value];

        if (groups != NULL && score->form->n(score->query, groups) > 0) {
            ranks[n].value = value;
            ranks[n].n = score->form->n(score->query, groups);
            n++;
        }
    }

    qsort(ranks, n, sizeof(ranks[0]), rank_order);

    return n;
}


static cxm_rc_t
segment_add(const cxm_score_t *score, json_t *list, uint32_t value)
{
    cxm_rc_t                  rc;
    cxm_str_t                 text;
    cxm_score_json_t          out;
    const cxm_score_group_t  *groups;

    rc = cxm_dict_text(score->txn, score->query->survey, score->query->by,
                       value, &text);

    if (rc != CXM_OK) {
        return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
    }

    /* "value" is the segment's here */

    out = (cxm_score_json_t) { json_object(), "score", 0 };
    groups = score->values[value];

    cxm_score_put(&out, "value", text.data == NULL
                                 ? json_null()
                                 : json_stringn(text.data, text.len));
    cxm_score_put_group(score, groups, &out);

    if (score->query->bucket != CXM_BUCKET_NONE) {
        cxm_score_put(&out, "buckets", cxm_score_buckets(score, groups));
    }

    return list_add(list, &out) == 0 ? CXM_OK : CXM_INTERNAL;
}


cxm_rc_t
cxm_score_segments(const cxm_score_t *score, json_t **out)
{
    size_t            i, n;
    json_t           *list;
    cxm_rc_t          rc;
    cxm_score_rank_t  ranks[CXM_DICT_VALUES] = { { 0, 0 } };

    n = segments_rank(score, ranks);
    list = json_array();
    rc = CXM_OK;

    for (i = 0; i < n && rc == CXM_OK; i++) {
        rc = segment_add(score, list, ranks[i].value);
    }

    if (rc != CXM_OK) {
        json_decref(list);
        return rc;
    }

    *out = list;

    return CXM_OK;
}
