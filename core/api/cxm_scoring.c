/*
 * Arguments of scores: names become numbers.
 */

#include "cxm_benchmark.h"
#include "cxm_exposure.h"
#include "cxm_response.h"
#include "cxm_scoring.h"


#define CXM_VARIANT_NAME  16


const char *const  cxm_scoring_buckets[] = {
    "none", "hour", "day", "week", "month", "quarter", "year", NULL
};

const cxm_field_t  cxm_scoring_where = { .type = CXM_FIELD_STRING };

static const cxm_question_type_t  score_types[CXM_METRIC_N] = {
    [CXM_METRIC_NPS] = CXM_QUESTION_NPS,
    [CXM_METRIC_CSAT] = CXM_QUESTION_CSAT,
    [CXM_METRIC_CES] = CXM_QUESTION_CES
};


cxm_question_type_t
cxm_scoring_type(cxm_metric_t metric)
{
    return score_types[metric];
}


void
cxm_scoring_begin(cxm_scoring_t *scoring, cxm_call_t *call, cxm_txn_t *txn)
{
    memset(scoring, 0, sizeof(*scoring));

    scoring->call = call;
    scoring->txn = txn;
    scoring->query.stopped = call->stopped;
    scoring->query.host = call->host;
}


/* --- range and buckets -------------------------------------------------- */

cxm_rc_t
cxm_scoring_time(cxm_call_t *call, const char *name, int *has, cxm_ms_t *t)
{
    char  pointer[16];

    *has = cxm_call_has_arg(call, name);
    *t = cxm_call_time(call, name, 0);

    if (*t % CXM_MS_QUARTER == 0) {
        return CXM_OK;
    }

    (void) snprintf(pointer, sizeof(pointer), "?%s", name);

    return cxm_issue(&call->err, pointer, "not_on_quarter_hour",
                     "Must be on a quarter of an hour.");
}


/* Every one is looked at, so that a caller learns of all that is wrong. */
cxm_rc_t
cxm_scoring_args(cxm_scoring_t *scoring)
{
    int                 bad;
    cxm_str_t           bucket;
    cxm_call_t         *call;
    cxm_score_query_t  *query;

    call = scoring->call;
    query = &scoring->query;

    bad = cxm_scoring_time(call, "from", &query->has_from, &query->from)
          != CXM_OK;
    bad |= cxm_scoring_time(call, "to", &query->has_to, &query->to) != CXM_OK;
    bad |= cxm_call_zone(call, "tz", &query->zone) != CXM_OK;

    if (cxm_call_has_arg(call, "bucket")) {
        bucket = cxm_call_arg(call, "bucket");
        query->bucket = (cxm_bucket_t) cxm_bucket_find(bucket);
    }

    return bad ? call->err.rc : CXM_OK;
}


/* --- survey and question ------------------------------------------------ */

void
cxm_scoring_take(cxm_scoring_t *scoring, const cxm_survey_t *survey)
{
    scoring->survey = survey;
    scoring->query.survey = survey->doc.no;
    scoring->query.survey_id = survey->slug;
    scoring->query.rows = cxm_response_cells;
}


cxm_rc_t
cxm_scoring_survey(cxm_scoring_t *scoring)
{
    cxm_rc_t             rc;
    cxm_call_t          *call;
    const cxm_survey_t  *survey;

    call = scoring->call;
    rc = cxm_survey_by_slug(scoring->txn, cxm_call_arg(call, "survey"),
                            &survey, &call->err);

    if (rc == CXM_OK) {
        cxm_scoring_take(scoring, survey);
    }

    return rc;
}


/* Exposures are no rows of answers: they are counted by their own segments. */
void
cxm_scoring_rate(cxm_scoring_t *scoring)
{
    cxm_score_query_t  *query;

    query = &scoring->query;

    query->metric = "response_rate";
    query->question = CXM_SERIES_EXPOSURES;
    query->min = CXM_EXPOSURE_ASKED;
    query->max = CXM_EXPOSURE_OUTCOMES - 1;
    query->points = cxm_exposure_outcomes;
    query->rows = NULL;

    scoring->items[0].question = CXM_SERIES_ANSWERED;
    scoring->items[1].question = CXM_SERIES_ANSWERS;
    query->items = scoring->items;
    query->nitems = 2;

    scoring->segments = cxm_exposure_segments;
}


static cxm_rc_t
score_question(cxm_scoring_t *scoring, cxm_metric_t metric)
{
    cxm_str_t              id;
    cxm_call_t            *call;
    cxm_score_query_t     *query;
    const cxm_question_t  *question;

    call = scoring->call;
    query = &scoring->query;
    id = cxm_call_arg(call, "question");

    question = id.data == NULL
               ? cxm_survey_first(scoring->survey, score_types[metric])
               : cxm_survey_question(scoring->survey, id);

    if (question == NULL) {
        return cxm_issue(&call->err, "?question", "no_such_question",
                         id.data == NULL ? "The survey has no question of "
                         "type %s." : "The survey has no such question.",
                         cxm_metric_names[metric]);
    }

    if (question->type != score_types[metric]) {
        return cxm_issue(&call->err, "?question", "wrong_type",
                         "The question is not of type %s.",
                         cxm_metric_names[metric]);
    }

    query->question_id = question->id;
    query->question = question->no;
    query->min = question->min;
    query->max = question->max;

    return CXM_OK;
}


static cxm_rc_t
score_variant(cxm_scoring_t *scoring, cxm_metric_t metric)
{
    char       name[CXM_VARIANT_NAME];
    cxm_str_t  arg;

    arg = cxm_call_arg(scoring->call, "variant");

    if (arg.data != NULL && arg.len < sizeof(name)) {
        memcpy(name, arg.data, arg.len);
        name[arg.len] = '\0';
        scoring->query.variant = cxm_variant_find(metric, name);

    } else if (arg.data == NULL) {
        scoring->query.variant = cxm_variant_find(metric, NULL);
    }

    return scoring->query.variant != NULL
           ? CXM_OK
           : cxm_issue(&scoring->call->err, "?variant", "not_allowed",
                       "There is no such variant of %s.",
                       cxm_metric_names[metric]);
}


static cxm_rc_t
score_csi(cxm_scoring_t *scoring)
{
    unsigned               i;
    cxm_score_query_t     *query;
    const cxm_survey_t    *survey;
    const cxm_question_t  *question;

    query = &scoring->query;
    survey = scoring->survey;

    if (survey->ncsi == 0) {
        return cxm_issue(&scoring->call->err, "?survey", "no_such_question",
                         "The survey has no CSI.");
    }

    for (i = 0; i < survey->ncsi; i++) {
        question = &survey->questions[survey->csi[i]];

        scoring->items[i] = (cxm_score_item_t) {
            question->id, (uint16_t) (CXM_SERIES_CSI_ITEM + i),
            survey->csi_items[i]
        };
    }

    query->question = CXM_SERIES_CSI;
    query->min = 0;
    query->max = CXM_CSI_TENTHS - 1;
    query->items = scoring->items;
    query->nitems = survey->ncsi;

    return CXM_OK;
}


cxm_rc_t
cxm_scoring_metric(cxm_scoring_t *scoring, cxm_metric_t metric)
{
    cxm_rc_t  rc;

    scoring->query.metric = cxm_metric_names[metric];

    if (metric == CXM_METRIC_CSI) {
        return score_csi(scoring);
    }

    rc = score_question(scoring, metric);

    return rc == CXM_OK ? score_variant(scoring, metric) : rc;
}


cxm_rc_t
cxm_scoring_benchmark(cxm_scoring_t *scoring, int required)
{
    cxm_rc_t     rc;
    cxm_call_t  *call;

    call = scoring->call;

    if (!cxm_call_has_arg(call, "benchmark")) {
        return CXM_OK;
    }

    rc = cxm_benchmark_find(scoring->txn, &call->arena,
                            cxm_call_arg(call, "benchmark"), &scoring->query,
                            &scoring->benchmark, &call->err);

    if (rc == CXM_NOT_FOUND) {
        return !required
               ? CXM_OK
               : cxm_issue(&call->err, "?benchmark", "no_such_row",
                           "The table has no such row of this metric.");
    }

    scoring->query.benchmark = &scoring->benchmark;

    return rc;
}
