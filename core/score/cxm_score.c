/*
 * A query of scores: its range, its buckets, and the answer around figures.
 */

#include <stdlib.h>

#include "cxm_counter.h"
#include "cxm_score_int.h"


/*
 * The first day of the series, as the zone has days, and the day after its
 * last, if there are.
 */
static cxm_rc_t
score_span(cxm_txn_t *txn, const cxm_score_query_t *query, int *any,
    cxm_ms_t *from, cxm_ms_t *to)
{
    cxm_ms_t      first, last;
    cxm_rc_t      rc;
    cxm_series_t  series;

    memset(&series, 0, sizeof(series));
    series.survey = query->survey;
    series.question = query->question;

    rc = cxm_counter_span(txn, &series, &first, &last);
    *any = rc == CXM_OK;

    if (rc == CXM_OK) {
        *from = cxm_bucket_start(query->zone, CXM_BUCKET_DAY, first);
        last = cxm_bucket_start(query->zone, CXM_BUCKET_DAY, last);
        *to = cxm_bucket_next(query->zone, CXM_BUCKET_DAY, last);
    }

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


static cxm_rc_t
score_range(cxm_score_t *score, cxm_error_t *err)
{
    int                       any;
    cxm_rc_t                  rc;
    cxm_ms_t                  from, to;
    const cxm_score_query_t  *query;

    query = score->query;

    if (query->has_from && query->has_to && query->from > query->to) {
        return cxm_issue(err, "?to", "out_of_range",
                         "Must not be before from.");
    }

    from = to = 0;
    any = 1;

    if (!query->has_from || !query->has_to) {
        rc = score_span(score->txn, query, &any, &from, &to);

        if (rc != CXM_OK) {
            return cxm_fail(err, rc, NULL, "Cannot read the counters.");
        }
    }

    from = query->has_from ? query->from : from;
    to = query->has_to ? query->to : to;

    /* a bound that was given alone may lie beyond everything */

    if (from > to && any) {
        from = query->has_from ? from : to;
        to = from;
    }

    score->any = any;
    score->from = from;
    score->to = to;

    return CXM_OK;
}


static cxm_rc_t
score_buckets(cxm_score_t *score, cxm_error_t *err)
{
    size_t                    n;
    cxm_ms_t                  start;
    const cxm_score_query_t  *query;

    query = score->query;

    if (!score->any || query->bucket == CXM_BUCKET_NONE
        || score->from >= score->to)
    {
        return CXM_OK;
    }

    score->starts = malloc((CXM_SCORE_BUCKETS + 1) * sizeof(cxm_ms_t));

    if (score->starts == NULL) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    start = cxm_bucket_start(query->zone, query->bucket, score->from);

    for (n = 0; start < score->to; n++) {

        if (n == CXM_SCORE_BUCKETS) {
            return cxm_issue(err, "?bucket", "too_many",
                             "Would give more than %d buckets.",
                             CXM_SCORE_BUCKETS);
        }

        score->starts[n] = start;
        start = cxm_bucket_next(query->zone, query->bucket, start);
    }

    score->starts[n] = start;
    score->nbuckets = n;

    return CXM_OK;
}


static cxm_rc_t
score_work(cxm_score_t *score, json_t **segments, cxm_error_t *err)
{
    cxm_rc_t  rc;

    rc = score_range(score, err);

    if (rc == CXM_OK) {
        rc = score_buckets(score, err);
    }

    if (rc == CXM_OK) {
        rc = cxm_score_collect(score, err);
    }

    if (rc == CXM_OK) {
        rc = cxm_score_segments(score, segments);
    }

    return rc == CXM_OK || err->rc == rc
           ? rc : cxm_fail(err, rc, NULL, "Cannot read the counters.");
}


static void
put_id(cxm_score_json_t *out, const char *name, cxm_str_t id)
{
    cxm_score_put(out, name, id.data == NULL ? json_null()
                                             : json_stringn(id.data, id.len));
}


static void
put_range(cxm_score_json_t *out, const cxm_score_t *score)
{
    const cxm_score_query_t  *query;

    query = score->query;

    cxm_score_put_time(out, "from", score->any || query->has_from,
                       score->from);
    cxm_score_put_time(out, "to", score->any || query->has_to, score->to);
    put_id(out, "tz", cxm_zone_name(query->zone));
}


/* Segments are a reference of ours. */
static void
put_score(cxm_score_json_t *out, const cxm_score_t *score, json_t *segments)
{
    const cxm_score_query_t  *query;

    query = score->query;

    cxm_score_put(out, "metric", json_string(query->metric));
    put_id(out, "survey", query->survey_id);
    put_id(out, "question", query->question_id);

    if (query->variant != NULL && query->variant->metric != CXM_METRIC_NPS) {
        cxm_score_put(out, "variant", json_string(query->variant->name));
    }

    put_range(out, score);
    cxm_score_put_group(score, score->total, out);

    cxm_score_put(out, "buckets", cxm_score_buckets(score, score->total));
    cxm_score_put(out, "segments", segments);
}


static void
put_touchpoints(cxm_score_json_t *out, const cxm_score_t *score,
    json_t *segments)
{
    const cxm_score_query_t  *query;

    query = score->query;

    cxm_score_put(out, "metric", json_string(query->metric));
    put_range(out, score);
    cxm_score_put_group(score, score->total, out);

    if (query->bucket != CXM_BUCKET_NONE) {
        cxm_score_put(out, "buckets", cxm_score_buckets(score, score->total));
    }

    if (query->by != 0) {
        cxm_score_put(out, "segments", segments);

    } else {
        json_decref(segments);
    }
}


static cxm_rc_t
score_answer(cxm_score_t *score,
    void (*put)(cxm_score_json_t *out, const cxm_score_t *score,
                json_t *segments),
    json_t **out, cxm_error_t *err)
{
    json_t            *segments;
    cxm_rc_t           rc;
    cxm_score_json_t   answer;

    rc = score_work(score, &segments, err);

    if (rc == CXM_OK) {
        answer = (cxm_score_json_t) { json_object(), "value", 0 };
        put(&answer, score, segments);

        if (answer.failed) {
            json_decref(answer.object);
            rc = cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.");

        } else {
            *out = answer.object;
        }
    }

    cxm_score_free(score);

    return rc;
}


cxm_rc_t
cxm_score_run(cxm_txn_t *txn, const cxm_score_query_t *query, json_t **out,
    cxm_error_t *err)
{
    uint64_t      counts[CXM_POINT_MAX + 1] = { 0 };
    cxm_hist_t    hist;
    cxm_figure_t  figure;
    cxm_score_t   score;

    *out = NULL;

    memset(&score, 0, sizeof(score));
    score.txn = txn;
    score.query = query;
    score.form = &cxm_score_form_csi;

    if (query->nitems == 0) {
        score.form = &cxm_score_form_scale;
        hist = (cxm_hist_t) { query->min, query->max, counts };

        if (cxm_stat_figure(query->variant, &hist, &figure) != CXM_OK) {
            return cxm_issue(err, "?variant", "not_supported",
                             "Has no meaning on a scale of %d points.",
                             query->max - query->min + 1);
        }
    }

    return score_answer(&score, put_score, out, err);
}


cxm_rc_t
cxm_score_touchpoints(cxm_txn_t *txn, const cxm_score_query_t *query,
    json_t **out, cxm_error_t *err)
{
    cxm_score_t  score;

    *out = NULL;

    memset(&score, 0, sizeof(score));
    score.txn = txn;
    score.query = query;
    score.form = &cxm_score_form_touch;

    return score_answer(&score, put_touchpoints, out, err);
}
