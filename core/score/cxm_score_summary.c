/*
 * A figure and what became of it, as an overview shows it.
 */

#include "cxm_score_int.h"


/* Against the stretch of the same length before. */
static void
put_change(cxm_score_json_t *out, const cxm_score_t *now,
    const cxm_score_t *before)
{
    cxm_figure_t      a, b;
    cxm_comparison_t  comparison;
    cxm_score_json_t  change;

    cxm_score_figure(now, now->total, &a);
    cxm_score_figure(before, before->total, &b);
    cxm_stat_compare(&a, &b, &comparison);

    change = (cxm_score_json_t) { json_object(), NULL, 0 };

    cxm_score_put_range(&change, before);
    cxm_score_put_count(&change, "n", b.n);
    cxm_score_put_real(&change, "value", b.has_value, b.value);
    cxm_score_put_comparison(&change, &comparison);

    out->failed |= change.failed;
    cxm_score_put(out, "change", change.object);
}


/* What a sparkline needs, no more. */
static void
put_trend(cxm_score_json_t *out, const cxm_score_t *score)
{
    size_t             i;
    json_t            *list;
    cxm_figure_t       figure;
    cxm_score_json_t   bucket;

    list = json_array();

    for (i = 0; i < score->nbuckets; i++) {
        bucket = (cxm_score_json_t) { json_object(), NULL, 0 };
        cxm_score_figure(score, cxm_score_bucket(score, score->total, i),
                         &figure);

        cxm_score_put_time(&bucket, "start", 1, score->starts[i]);
        cxm_score_put_count(&bucket, "n", figure.n);
        cxm_score_put_real(&bucket, "value", figure.has_value, figure.value);
        cxm_score_add(list, &bucket, &out->failed);
    }

    cxm_score_put(out, "trend", list);
}


static cxm_rc_t
summary_answer(const cxm_score_t *now, const cxm_score_t *before,
    json_t **out, cxm_error_t *err)
{
    cxm_score_json_t  answer;

    answer = (cxm_score_json_t) { json_object(), "value", 0 };

    cxm_score_put_head(&answer, now->query);
    cxm_score_put_group(now, now->total, &answer);
    cxm_score_put_benchmark(&answer, now);
    put_change(&answer, now, before);
    put_trend(&answer, now);

    return cxm_score_end(&answer, out, err);
}


cxm_rc_t
cxm_score_summary(cxm_txn_t *txn, const cxm_score_query_t *query,
    json_t **out, cxm_error_t *err)
{
    cxm_rc_t           rc;
    cxm_score_t        now, before;
    cxm_score_query_t  earlier;

    *out = NULL;
    memset(&before, 0, sizeof(before));

    earlier = *query;
    earlier.bucket = CXM_BUCKET_NONE;
    earlier.from = query->from - (query->to - query->from);
    earlier.to = query->from;

    rc = cxm_score_begin(&now, cxm_score_form(query), txn, query, err);

    if (rc == CXM_OK) {
        rc = cxm_score_begin(&before, cxm_score_form(&earlier), txn, &earlier,
                             err);
    }

    if (rc == CXM_OK) {
        rc = summary_answer(&now, &before, out, err);
    }

    cxm_score_free(&now);
    cxm_score_free(&before);

    return rc;
}
