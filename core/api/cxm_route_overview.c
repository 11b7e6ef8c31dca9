/*
 * The executive view: every figure, what became of it, in one call.
 *
 * Rows that are read: definitions, and the days of the range and of the one
 * before for five series.  No number of answers is among them.
 */

#include <stdlib.h>

#include "cxm_exposure.h"
#include "cxm_routes.h"
#include "cxm_scoring.h"


#define CXM_OVERVIEW_DAYS  30       /* when no range is given */

/* A survey that figures may be of. */
typedef struct {
    const cxm_survey_t  *survey;
    uint64_t             answers;   /* so far */
} cxm_candidate_t;

typedef struct {
    cxm_call_t       *call;
    cxm_txn_t        *txn;
    cxm_scoring_t     range;        /* from, to, zone and bucket of all */
    size_t            n;
    cxm_candidate_t  *surveys;      /* the one to be taken first */
    cxm_rc_t          rc;           /* of collecting them */
} cxm_overview_t;


/* --- range -------------------------------------------------------------- */

/* Whole days of the zone, with the one that is now; on quarter hours. */
static void
overview_default(cxm_overview_t *overview)
{
    cxm_ms_t            today;
    cxm_score_query_t  *query;

    query = &overview->range.query;

    if (!query->has_to) {
        today = cxm_bucket_start(query->zone, CXM_BUCKET_DAY,
                                 overview->call->now);
        query->to = cxm_bucket_next(query->zone, CXM_BUCKET_DAY, today);
        query->to -= query->to % CXM_MS_QUARTER;
    }

    /* from noon, so that an hour more or less is the same day */

    if (!query->has_from) {
        query->from = query->to - CXM_OVERVIEW_DAYS * CXM_MS_DAY
                      + CXM_MS_DAY / 2;
        query->from = query->from < CXM_MS_MIN ? CXM_MS_MIN : query->from;
        query->from = cxm_bucket_start(query->zone, CXM_BUCKET_DAY,
                                       query->from);
        query->from -= query->from % CXM_MS_QUARTER;
    }

    query->has_from = 1;
    query->has_to = 1;
}


/* As many points as a sparkline can show. */
static cxm_bucket_t
overview_bucket(cxm_ms_t length)
{
    size_t  i;

    static const struct {
        cxm_ms_t      up_to;
        cxm_bucket_t  bucket;
    } buckets[] = {
        { 2 * CXM_MS_DAY, CXM_BUCKET_HOUR },
        { 92 * CXM_MS_DAY, CXM_BUCKET_DAY },
        { 731 * CXM_MS_DAY, CXM_BUCKET_WEEK },
        { 10 * 366 * CXM_MS_DAY, CXM_BUCKET_MONTH },
    };

    for (i = 0; i < sizeof(buckets) / sizeof(buckets[0]); i++) {
        if (length <= buckets[i].up_to) {
            return buckets[i].bucket;
        }
    }

    return CXM_BUCKET_YEAR;
}


static cxm_rc_t
overview_range(cxm_overview_t *overview)
{
    cxm_rc_t            rc;
    cxm_call_t         *call;
    cxm_score_query_t  *query;

    call = overview->call;
    query = &overview->range.query;

    cxm_scoring_begin(&overview->range, call, overview->txn);
    rc = cxm_scoring_args(&overview->range);

    if (rc != CXM_OK) {
        return rc;
    }

    overview_default(overview);

    if (query->from >= query->to) {
        return cxm_issue(&call->err,
                         cxm_call_has_arg(call, "to") ? "?to" : "?from",
                         "out_of_range", "From must be before to.");
    }

    if (!cxm_call_has_arg(call, "bucket")) {
        query->bucket = overview_bucket(query->to - query->from);
    }

    return CXM_OK;
}


/* --- surveys ------------------------------------------------------------ */

static cxm_rc_t
candidate_add(cxm_overview_t *overview, const cxm_survey_t *survey)
{
    cxm_rc_t          rc;
    cxm_quota_t       quota;
    cxm_candidate_t  *surveys;

    rc = cxm_quota_get(overview->txn, survey->doc.no, &quota);

    if (rc != CXM_OK) {
        return cxm_fail(&overview->call->err, rc, NULL,
                        "Cannot tell how many answers there are.");
    }

    surveys = realloc(overview->surveys,
                      (overview->n + 1) * sizeof(cxm_candidate_t));

    if (surveys == NULL) {
        return cxm_fail(&overview->call->err, CXM_INTERNAL, NULL,
                        "Not enough memory.");
    }

    overview->surveys = surveys;
    surveys[overview->n++] = (cxm_candidate_t) { survey, quota.answers };

    return CXM_OK;
}


/* Each survey: a cxm_doc_pt. */
static int
candidate_doc(void *ctx, const cxm_doc_t *doc)
{
    cxm_overview_t      *overview = ctx;
    const cxm_survey_t  *survey;

    overview->rc = cxm_survey_by_no(overview->txn, doc->no, &survey,
                                    &overview->call->err);

    if (overview->rc == CXM_OK) {
        overview->rc = candidate_add(overview, survey);
    }

    return overview->rc != CXM_OK;
}


/* Those that run, then by answers, then the older one. */
static int
candidate_order(const void *left, const void *right)
{
    int                     live_a, live_b;
    const cxm_candidate_t  *a = left, *b = right;

    live_a = a->survey->status == CXM_SURVEY_LIVE;
    live_b = b->survey->status == CXM_SURVEY_LIVE;

    if (live_a != live_b) {
        return live_b - live_a;
    }

    if (a->answers != b->answers) {
        return a->answers > b->answers ? -1 : 1;
    }

    return a->survey->doc.no < b->survey->doc.no ? -1 : 1;
}


static cxm_rc_t
overview_surveys(cxm_overview_t *overview)
{
    cxm_rc_t             rc;
    cxm_call_t          *call;
    const cxm_survey_t  *survey;

    call = overview->call;

    if (cxm_call_has_arg(call, "survey")) {
        rc = cxm_survey_by_slug(overview->txn, cxm_call_arg(call, "survey"),
                                &survey, &call->err);

        return rc == CXM_OK ? candidate_add(overview, survey) : rc;
    }

    rc = cxm_doc_list(overview->txn, CXM_KIND_SURVEY, 0, UINT32_MAX,
                      candidate_doc, overview, &call->err);

    if (rc == CXM_OK) {
        rc = overview->rc;
    }

    if (rc == CXM_OK && overview->n > 0) {
        qsort(overview->surveys, overview->n, sizeof(cxm_candidate_t),
              candidate_order);
    }

    return rc;
}


/* --- figures ------------------------------------------------------------ */

static int
has_metric(const cxm_survey_t *survey, cxm_metric_t metric)
{
    return metric == CXM_METRIC_N
           || (metric == CXM_METRIC_CSI
               ? survey->ncsi > 0
               : cxm_survey_first(survey, cxm_scoring_type(metric)) != NULL);
}


/* CXM_METRIC_N: the response rate, which every survey has. */
static cxm_rc_t
figure_query(cxm_scoring_t *scoring, cxm_metric_t metric)
{
    cxm_rc_t            rc;
    cxm_score_query_t  *query;

    query = &scoring->query;

    if (metric == CXM_METRIC_N) {
        cxm_scoring_rate(scoring);
        return CXM_OK;
    }

    rc = cxm_scoring_metric(scoring, metric);

    if (rc != CXM_OK) {
        return rc;
    }

    /* a scale may be too short for the metric's default */

    if (query->variant != NULL
        && !cxm_variant_suits(query->variant, query->min, query->max))
    {
        query->variant = cxm_variant_find(metric, "mean");
    }

    return cxm_scoring_benchmark(scoring, 0);
}


static cxm_rc_t
overview_figure(cxm_overview_t *overview, cxm_metric_t metric, json_t **out)
{
    size_t              i;
    cxm_rc_t            rc;
    cxm_scoring_t       scoring;
    cxm_score_query_t  *query;

    for (i = 0; i < overview->n; i++) {
        if (has_metric(overview->surveys[i].survey, metric)) {
            break;
        }
    }

    if (i == overview->n) {
        *out = json_null();
        return CXM_OK;
    }

    cxm_scoring_begin(&scoring, overview->call, overview->txn);

    query = &scoring.query;
    query->has_from = 1;
    query->has_to = 1;
    query->from = overview->range.query.from;
    query->to = overview->range.query.to;
    query->zone = overview->range.query.zone;
    query->bucket = overview->range.query.bucket;

    cxm_scoring_take(&scoring, overview->surveys[i].survey);
    rc = figure_query(&scoring, metric);

    return rc == CXM_OK ? cxm_score_summary(overview->txn, query, out,
                                            &overview->call->err)
                        : rc;
}


static int
put_time(json_t *out, const char *name, cxm_ms_t t)
{
    char  text[CXM_RFC3339_LEN + 1];

    cxm_rfc3339_format(t, text);

    return json_object_set_new(out, name, json_string(text));
}


static cxm_rc_t
overview_answer(cxm_overview_t *overview, json_t *out)
{
    int                       failed;
    size_t                    i;
    json_t                   *figure;
    cxm_rc_t                  rc;
    cxm_str_t                 zone;
    const cxm_score_query_t  *query;

    static const struct {
        const char    *name;
        cxm_metric_t   metric;
    } figures[] = {
        { "csi", CXM_METRIC_CSI },
        { "nps", CXM_METRIC_NPS },
        { "csat", CXM_METRIC_CSAT },
        { "ces", CXM_METRIC_CES },
        { "response_rate", CXM_METRIC_N }
    };

    query = &overview->range.query;
    zone = cxm_zone_name(query->zone);

    failed = put_time(out, "from", query->from);
    failed |= put_time(out, "to", query->to);
    failed |= json_object_set_new(out, "tz", json_stringn(zone.data,
                                                          zone.len));
    failed |= json_object_set_new(out, "bucket", json_string(
                                      cxm_bucket_name(query->bucket)));

    for (i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
        rc = overview_figure(overview, figures[i].metric, &figure);

        if (rc != CXM_OK) {
            return rc;
        }

        failed |= json_object_set_new(out, figures[i].name, figure);
    }

    return failed == 0 ? CXM_OK
                       : cxm_fail(&overview->call->err, CXM_INTERNAL, NULL,
                                  "Not enough memory.");
}


static cxm_rc_t
overview_read(cxm_call_t *call, cxm_txn_t *txn)
{
    json_t          *out;
    cxm_rc_t         rc;
    cxm_overview_t   overview;

    memset(&overview, 0, sizeof(overview));
    overview.call = call;
    overview.txn = txn;

    out = json_object();
    rc = overview_range(&overview);

    if (rc == CXM_OK) {
        rc = overview_surveys(&overview);
    }

    if (rc == CXM_OK) {
        rc = overview_answer(&overview, out);
    }

    free(overview.surveys);

    if (rc != CXM_OK) {
        json_decref(out);
        return rc;
    }

    return cxm_call_reply(call, 200, out);
}


/* --- table -------------------------------------------------------------- */

static const cxm_field_t  overview_query[] = {
    { .name = "survey", .type = CXM_FIELD_SLUG,
      .summary = "Whose figures; default for each the live survey with the "
                 "most answers." },
    { .name = "from", .type = CXM_FIELD_TIME,
      .summary = "On a quarter hour; default 30 days before to." },
    { .name = "to", .type = CXM_FIELD_TIME,
      .summary = "Exclusive; default the end of today." },
    CXM_QUERY_ZONE,
    { .name = "bucket", .type = CXM_FIELD_ENUM, .values = cxm_scoring_buckets,
      .summary = "Of the trends; default by the length of the range." },
    CXM_QUERY_BENCHMARK,
    { .name = NULL }
};

#define OVERVIEW_FIGURE(member, table, text)                                  \
    { .name = member, .type = CXM_FIELD_OBJECT, .object = &table,             \
      .flags = CXM_FIELD_REQUIRED | CXM_FIELD_NULLABLE, .summary = text }

static const cxm_field_t  overview_fields[] = {
    { .name = "from", .type = CXM_FIELD_TIME, .flags = CXM_FIELD_REQUIRED },
    { .name = "to", .type = CXM_FIELD_TIME, .flags = CXM_FIELD_REQUIRED,
      .summary = "Exclusive." },
    { .name = "tz", .type = CXM_FIELD_STRING, .flags = CXM_FIELD_REQUIRED,
      .summary = "Time zone of the days." },
    { .name = "bucket", .type = CXM_FIELD_ENUM,
      .values = cxm_scoring_buckets, .flags = CXM_FIELD_REQUIRED,
      .summary = "Of the trends." },
    OVERVIEW_FIGURE("csi", cxm_score_summary_fields, "Null: no such survey."),
    OVERVIEW_FIGURE("nps", cxm_score_summary_fields, "Null: no such survey."),
    OVERVIEW_FIGURE("csat", cxm_score_summary_fields, "Null: no such survey."),
    OVERVIEW_FIGURE("ces", cxm_score_summary_fields, "Null: no such survey."),
    OVERVIEW_FIGURE("response_rate", cxm_score_rate_summary_fields,
                    "Null: there are no surveys."),
    { .name = NULL }
};

static const cxm_fields_t  overview_output = { "Overview", overview_fields };


const cxm_route_t  cxm_routes_overview[] = {
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_GET, .path = "overview",
      .policy = CXM_SCOPED, .scopes = CXM_SCOPE_METRICS_READ,
      .query = overview_query, .answers = CXM_200 | CXM_404,
      .output = &overview_output, .read = overview_read,
      .summary = "The executive view: each figure, its margin and change" },
    { .path = NULL }
};
