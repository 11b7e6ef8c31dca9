/*
 * A query of scores: its range, its buckets, and the answer around figures.
 */

#include <stdlib.h>

#include "cxm_counter.h"
#include "cxm_score_int.h"


/*
 * The first day of all series, as the zone has days, and the day after their
 * last, if there are any.
 */
static cxm_rc_t
score_span(cxm_txn_t *txn, const cxm_score_query_t *query, int *any,
    cxm_ms_t *from, cxm_ms_t *to)
{
    cxm_ms_t      first, last;
    cxm_rc_t      rc;
    unsigned      i;
    cxm_series_t  series;

    memset(&series, 0, sizeof(series));
    series.survey = query->survey;
    *any = 0;

    for (i = 0; i <= query->nitems; i++) {
        series.question = cxm_score_question(query, i);
        rc = cxm_counter_span(txn, &series, &first, &last);

        if (rc == CXM_NOT_FOUND) {
            continue;
        }

        if (rc != CXM_OK) {
            return rc;
        }

        *from = *any && *from < first ? *from : first;
        *to = *any && *to > last ? *to : last;
        *any = 1;
    }

    if (*any) {
        *from = cxm_bucket_start(query->zone, CXM_BUCKET_DAY, *from);
        *to = cxm_bucket_start(query->zone, CXM_BUCKET_DAY, *to);
        *to = cxm_bucket_next(query->zone, CXM_BUCKET_DAY, *to);
    }

    return CXM_OK;
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
score_variant(const cxm_score_query_t *query, cxm_error_t *err)
{
    return query->variant == NULL
           || cxm_variant_suits(query->variant, query->min, query->max)
           ? CXM_OK
           : cxm_issue(err, "?variant", "not_supported",
                       "Has no meaning on a scale of %d points.",
                       query->max - query->min + 1);
}


const cxm_score_form_t *
cxm_score_form(const cxm_score_query_t *query)
{
    return query->points != NULL ? &cxm_score_form_rate
           : query->nitems > 0 ? &cxm_score_form_csi : &cxm_score_form_scale;
}


cxm_rc_t
cxm_score_begin(cxm_score_t *score, const cxm_score_form_t *form,
    cxm_txn_t *txn, const cxm_score_query_t *query, cxm_error_t *err)
{
    cxm_rc_t  rc;

    memset(score, 0, sizeof(*score));
    score->txn = txn;
    score->query = query;
    score->form = form;

    rc = score_variant(query, err);

    if (rc == CXM_OK) {
        rc = score_range(score, err);
    }

    if (rc == CXM_OK) {
        rc = score_buckets(score, err);
    }

    if (rc == CXM_OK) {
        rc = cxm_score_collect(score, err);
    }

    return rc == CXM_OK || err->rc == rc
           ? rc : cxm_fail(err, rc, NULL, "Cannot read the counters.");
}


/* Segments are a reference of ours. */
static void
put_score(cxm_score_json_t *out, const cxm_score_t *score, json_t *segments)
{
    cxm_score_put_head(out, score->query);
    cxm_score_put_range(out, score);
    cxm_score_put_text(out, "tz", cxm_zone_name(score->query->zone));
    cxm_score_put_group(score, score->total, out);
    cxm_score_put_benchmark(out, score);

    cxm_score_put(out, "buckets", cxm_score_buckets(score, score->total));
    cxm_score_put(out, "segments", segments);
}


/* Of what has no survey; lists only where they are asked for. */
static void
put_listed(cxm_score_json_t *out, const cxm_score_t *score,
    json_t *segments)
{
    const cxm_score_query_t  *query;

    query = score->query;

    cxm_score_put(out, "metric", json_string(query->metric));
    cxm_score_put_range(out, score);
    cxm_score_put_text(out, "tz", cxm_zone_name(query->zone));
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
score_answer(cxm_txn_t *txn, const cxm_score_form_t *form,
    const cxm_score_query_t *query,
    void (*put)(cxm_score_json_t *out, const cxm_score_t *score,
                json_t *segments),
    json_t **out, cxm_error_t *err)
{
    json_t            *segments;
    cxm_rc_t           rc;
    cxm_score_t        score;
    cxm_score_json_t   answer;

    *out = NULL;
    rc = cxm_score_begin(&score, form, txn, query, err);

    if (rc == CXM_OK) {
        rc = cxm_score_segments(&score, &segments);

        if (rc == CXM_OK) {
            answer = (cxm_score_json_t) { json_object(), "value", 0 };
            put(&answer, &score, segments);
            rc = cxm_score_end(&answer, out, err);

        } else {
            (void) cxm_fail(err, rc, NULL, "Cannot read the segments.");
        }
    }

    cxm_score_free(&score);

    return rc;
}


cxm_rc_t
cxm_score_run(cxm_txn_t *txn, const cxm_score_query_t *query, json_t **out,
    cxm_error_t *err)
{
    return score_answer(txn, cxm_score_form(query), query, put_score, out,
                        err);
}


cxm_rc_t
cxm_score_touchpoints(cxm_txn_t *txn, const cxm_score_query_t *query,
    json_t **out, cxm_error_t *err)
{
    return score_answer(txn, &cxm_score_form_touch, query, put_listed,
                        out, err);
}


cxm_rc_t
cxm_score_events(cxm_txn_t *txn, const cxm_score_query_t *query,
    json_t **out, cxm_error_t *err)
{
    return score_answer(txn, &cxm_score_form_event, query, put_listed,
                        out, err);
}
