/*
 * Two figures of one metric over two ranges.
 */

#include "cxm_routes.h"
#include "cxm_scoring.h"


typedef struct {
    cxm_ms_t  from, to;
} cxm_range_t;


static int
compare_range(cxm_call_t *call, const char *from, const char *to,
    cxm_range_t *range)
{
    int   has, good;
    char  pointer[16];

    good = cxm_scoring_time(call, from, &has, &range->from) == CXM_OK;
    good &= cxm_scoring_time(call, to, &has, &range->to) == CXM_OK;

    if (good && range->from > range->to) {
        (void) snprintf(pointer, sizeof(pointer), "?%s", to);
        (void) cxm_issue(&call->err, pointer, "out_of_range",
                         "Must not be before %s.", from);
        return 0;
    }

    return good;
}


/*
 * The test is one of two independent samples: answers that are in both
 * ranges would make a difference look surer, or less sure, than it is.
 */
static void
compare_ranges(cxm_call_t *call, cxm_range_t *a, cxm_range_t *b)
{
    int  good;

    good = compare_range(call, "a_from", "a_to", a);
    good &= compare_range(call, "b_from", "b_to", b);

    if (good && a->from < b->to && b->from < a->to && a->from < a->to
        && b->from < b->to)
    {
        (void) cxm_issue(&call->err, "?b_from", "overlap",
                         "The ranges must not share any time.");
    }
}


static cxm_metric_t
compare_metric(cxm_call_t *call)
{
    int        metric;
    cxm_str_t  name;

    name = cxm_call_arg(call, "metric");
    metric = 0;

    while (!cxm_str_eqz(name, cxm_metric_names[metric])) {
        metric++;
    }

    if (metric == CXM_METRIC_CSI && cxm_call_has_arg(call, "question")) {
        (void) cxm_issue(&call->err, "?question", "not_allowed",
                         "A CSI is not of one question.");
    }

    if (metric == CXM_METRIC_CSI && cxm_call_has_arg(call, "variant")) {
        (void) cxm_issue(&call->err, "?variant", "not_allowed",
                         "A CSI has no variants.");
    }

    return (cxm_metric_t) metric;
}


static void
compare_set(cxm_score_query_t *query, const cxm_range_t *range)
{
    query->has_from = 1;
    query->has_to = 1;
    query->from = range->from;
    query->to = range->to;
}


static cxm_rc_t
compare_read(cxm_call_t *call, cxm_txn_t *txn)
{
    json_t             *output;
    cxm_rc_t            rc;
    cxm_range_t         a, b;
    cxm_metric_t        metric;
    cxm_scoring_t       scoring;
    cxm_score_query_t   other;

    cxm_scoring_begin(&scoring, call, txn);

    metric = compare_metric(call);
    compare_ranges(call, &a, &b);
    (void) cxm_call_zone(call, "tz", &scoring.query.zone);

    rc = call->err.rc != CXM_OK ? call->err.rc : cxm_scoring_survey(&scoring);

    if (rc == CXM_OK) {
        rc = cxm_scoring_metric(&scoring, metric);
    }

    if (rc == CXM_OK) {
        rc = cxm_scoring_segments(&scoring);
    }

    if (rc != CXM_OK) {
        return rc;
    }

    other = scoring.query;
    compare_set(&scoring.query, &a);
    compare_set(&other, &b);

    rc = cxm_score_compare(txn, &scoring.query, &other, &output, &call->err);

    return rc == CXM_OK ? cxm_call_reply(call, 200, output) : rc;
}


#define COMPARE_TIME(bound, text)                                             \
    { .name = bound, .type = CXM_FIELD_TIME, .flags = CXM_FIELD_REQUIRED,     \
      .summary = text }

static const cxm_field_t  compare_query[] = {
    { .name = "metric", .type = CXM_FIELD_ENUM, .flags = CXM_FIELD_REQUIRED,
      .values = cxm_metric_names, .summary = "Which score." },
    CXM_QUERY_SURVEY,
    CXM_QUERY_QUESTION,
    CXM_QUERY_VARIANT("That of the metric."),
    COMPARE_TIME("a_from", "On a quarter hour."),
    COMPARE_TIME("a_to", "Exclusive."),
    COMPARE_TIME("b_from", "The ranges do not overlap."),
    COMPARE_TIME("b_to", "Exclusive."),
    CXM_QUERY_ZONE,
    CXM_QUERY_SEGMENTS,
    { .name = NULL }
};


const cxm_route_t  cxm_routes_compare[] = {
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_GET,
      .path = "metrics/compare",
      .policy = CXM_SCOPED, .scopes = CXM_SCOPE_METRICS_READ,
      .query = compare_query, .answers = CXM_200 | CXM_404,
      .output = &cxm_score_comparison_fields, .read = compare_read,
      .summary = "Two ranges of a score: difference, z, p, significance" },
    { .path = NULL }
};
