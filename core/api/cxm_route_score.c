/*
 * Routes of scores: arguments and names become numbers, and the room of
 * scores answers.
 */

#include "cxm_counter.h"
#include "cxm_routes.h"
#include "cxm_scoring.h"
#include "cxm_touchpoint.h"


static cxm_rc_t
score_end(cxm_scoring_t *scoring,
    cxm_rc_t (*run)(cxm_txn_t *txn, const cxm_score_query_t *query,
                    json_t **out, cxm_error_t *err))
{
    json_t       *output;
    cxm_rc_t      rc;
    cxm_call_t   *call;

    call = scoring->call;
    rc = cxm_scoring_segments(scoring);

    if (rc == CXM_OK) {
        rc = run(scoring->txn, &scoring->query, &output, &call->err);
    }

    return rc == CXM_OK ? cxm_call_reply(call, 200, output) : rc;
}


static cxm_rc_t
scored_read(cxm_call_t *call, cxm_txn_t *txn, cxm_metric_t metric)
{
    cxm_rc_t       rc;
    cxm_scoring_t  scoring;

    cxm_scoring_begin(&scoring, call, txn);
    rc = cxm_scoring_args(&scoring);

    if (rc == CXM_OK) {
        rc = cxm_scoring_survey(&scoring);
    }

    if (rc == CXM_OK) {
        rc = cxm_scoring_metric(&scoring, metric);
    }

    if (rc == CXM_OK) {
        rc = cxm_scoring_benchmark(&scoring, 1);
    }

    return rc == CXM_OK ? score_end(&scoring, cxm_score_run) : rc;
}


static cxm_rc_t
nps_read(cxm_call_t *call, cxm_txn_t *txn)
{
    return scored_read(call, txn, CXM_METRIC_NPS);
}


static cxm_rc_t
csat_read(cxm_call_t *call, cxm_txn_t *txn)
{
    return scored_read(call, txn, CXM_METRIC_CSAT);
}


static cxm_rc_t
ces_read(cxm_call_t *call, cxm_txn_t *txn)
{
    return scored_read(call, txn, CXM_METRIC_CES);
}


static cxm_rc_t
csi_read(cxm_call_t *call, cxm_txn_t *txn)
{
    return scored_read(call, txn, CXM_METRIC_CSI);
}


static cxm_rc_t
rate_read(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t       rc;
    cxm_scoring_t  scoring;

    cxm_scoring_begin(&scoring, call, txn);
    rc = cxm_scoring_args(&scoring);

    if (rc == CXM_OK) {
        rc = cxm_scoring_survey(&scoring);
    }

    if (rc != CXM_OK) {
        return rc;
    }

    cxm_scoring_rate(&scoring);

    return score_end(&scoring, cxm_score_run);
}


static cxm_rc_t
touchpoints_read(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t       rc;
    cxm_scoring_t  scoring;

    cxm_scoring_begin(&scoring, call, txn);

    scoring.query.metric = "touchpoints";
    scoring.query.rows = cxm_touchpoint_cells;
    scoring.query.survey = CXM_SERIES_TOUCHPOINT;
    scoring.query.min = CXM_TOUCH_PEOPLE;
    scoring.query.max = CXM_TOUCH_BOTS;

    scoring.items[0].question = CXM_TOUCH_LATENCY;
    scoring.query.items = scoring.items;
    scoring.query.nitems = 1;

    rc = cxm_scoring_args(&scoring);

    return rc == CXM_OK ? score_end(&scoring, cxm_score_touchpoints) : rc;
}


/* --- tables ------------------------------------------------------------- */

static const cxm_field_t  cxm_nps_query[] = {
    CXM_QUERY_SURVEY,
    CXM_QUERY_QUESTION,
    CXM_QUERY_VARIANT("net alone."),
    CXM_QUERY_BENCHMARK,
    CXM_QUERY_RANGE,
    { .name = NULL }
};

static const cxm_field_t  cxm_csat_query[] = {
    CXM_QUERY_SURVEY,
    CXM_QUERY_QUESTION,
    CXM_QUERY_VARIANT("top2 (default), mean or net."),
    CXM_QUERY_BENCHMARK,
    CXM_QUERY_RANGE,
    { .name = NULL }
};

static const cxm_field_t  cxm_ces_query[] = {
    CXM_QUERY_SURVEY,
    CXM_QUERY_QUESTION,
    CXM_QUERY_VARIANT("mean (default); agree or net with 7 points."),
    CXM_QUERY_BENCHMARK,
    CXM_QUERY_RANGE,
    { .name = NULL }
};

static const cxm_field_t  cxm_csi_query[] = {
    CXM_QUERY_SURVEY,
    CXM_QUERY_BENCHMARK,
    CXM_QUERY_RANGE,
    { .name = NULL }
};

static const cxm_field_t  cxm_rate_query[] = {
    CXM_QUERY_SURVEY,
    CXM_QUERY_RANGE,
    { .name = NULL }
};

static const cxm_field_t  cxm_touchpoints_query[] = {
    CXM_QUERY_RANGE,
    { .name = NULL }
};

#define cxm_score_route(address, params, fields, handler, text)               \
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_GET, .path = address,     \
      .policy = CXM_SCOPED, .scopes = CXM_SCOPE_METRICS_READ,                 \
      .query = params, .answers = CXM_200 | CXM_404, .output = &(fields),     \
      .read = handler, .summary = text }

const cxm_route_t  cxm_routes_score[] = {
    cxm_score_route("metrics/nps", cxm_nps_query, cxm_score_fields, nps_read,
                    "Net Promoter Score with margin, buckets and segments"),
    cxm_score_route("metrics/csat", cxm_csat_query, cxm_score_fields,
                    csat_read,
                    "Satisfaction with margin, buckets and segments"),
    cxm_score_route("metrics/ces", cxm_ces_query, cxm_score_fields, ces_read,
                    "Customer effort with margin, buckets and segments"),
    cxm_score_route("metrics/csi", cxm_csi_query, cxm_score_fields, csi_read,
                    "Customer satisfaction index of several questions"),
    cxm_score_route("metrics/response_rate", cxm_rate_query,
                    cxm_score_rate_fields, rate_read,
                    "How many are asked, and how many of those answer"),
    cxm_score_route("metrics/touchpoints", cxm_touchpoints_query,
                    cxm_score_touchpoint_fields, touchpoints_read,
                    "Touchpoints: how many, what, when"),
    { .path = NULL }
};
