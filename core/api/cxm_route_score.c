/*
 * Routes of scores: arguments and names become numbers, and the room of
 * scores answers.
 */

#include "cxm_counter.h"
#include "cxm_response.h"
#include "cxm_routes.h"
#include "cxm_scoring.h"
#include "cxm_touchpoint.h"


#define CXM_VARIANT_NAME  16

typedef struct {
    const char           *name;
    cxm_metric_t          metric;
    cxm_question_type_t   type;
} cxm_scored_t;


static const cxm_scored_t  cxm_scored_nps = {
    "nps", CXM_METRIC_NPS, CXM_QUESTION_NPS
};

static const cxm_scored_t  cxm_scored_csat = {
    "csat", CXM_METRIC_CSAT, CXM_QUESTION_CSAT
};

static const cxm_scored_t  cxm_scored_ces = {
    "ces", CXM_METRIC_CES, CXM_QUESTION_CES
};


/* --- surveys ------------------------------------------------------------ */

static cxm_rc_t
score_survey(cxm_scoring_t *scoring)
{
    cxm_rc_t            rc;
    cxm_str_t           slug;
    cxm_call_t         *call;
    cxm_score_query_t  *query;

    call = scoring->call;
    query = &scoring->query;
    slug = cxm_call_arg(call, "survey");

    if (slug.len == 0) {
        return cxm_issue(&call->err, "?survey", "required",
                         "Name the survey.");
    }

    rc = cxm_survey_by_slug(scoring->txn, slug, &scoring->survey, &call->err);

    if (rc == CXM_OK) {
        query->survey = scoring->survey->doc.no;
        query->rows = cxm_response_cells;
        query->survey_id = scoring->survey->slug;
    }

    return rc;
}


static cxm_rc_t
score_question(cxm_scoring_t *scoring, const cxm_scored_t *scored)
{
    cxm_str_t              id;
    cxm_call_t            *call;
    cxm_score_query_t     *query;
    const cxm_question_t  *question;

    call = scoring->call;
    query = &scoring->query;
    id = cxm_call_arg(call, "question");

    question = id.data == NULL
               ? cxm_survey_first(scoring->survey, scored->type)
               : cxm_survey_question(scoring->survey, id);

    if (question == NULL) {
        return cxm_issue(&call->err, "?question", "no_such_question",
                         id.data == NULL ? "The survey has no question of "
                         "type %s." : "The survey has no such question.",
                         scored->name);
    }

    if (question->type != scored->type) {
        return cxm_issue(&call->err, "?question", "wrong_type",
                         "The question is not of type %s.", scored->name);
    }

    query->question_id = question->id;
    query->question = question->no;
    query->min = question->min;
    query->max = question->max;

    return CXM_OK;
}


static cxm_rc_t
score_variant(cxm_scoring_t *scoring, const cxm_scored_t *scored)
{
    char       name[CXM_VARIANT_NAME];
    cxm_str_t  arg;

    arg = cxm_call_arg(scoring->call, "variant");

    if (arg.data != NULL && arg.len < sizeof(name)) {
        memcpy(name, arg.data, arg.len);
        name[arg.len] = '\0';
        scoring->query.variant = cxm_variant_find(scored->metric, name);

    } else if (arg.data == NULL) {
        scoring->query.variant = cxm_variant_find(scored->metric, NULL);
    }

    return scoring->query.variant != NULL
           ? CXM_OK
           : cxm_issue(&scoring->call->err, "?variant", "not_allowed",
                       "There is no such variant of %s.", scored->name);
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


/* --- handlers ----------------------------------------------------------- */

static void
score_begin(cxm_scoring_t *scoring, cxm_call_t *call, cxm_txn_t *txn,
    const char *metric)
{
    memset(scoring, 0, sizeof(*scoring));

    scoring->call = call;
    scoring->txn = txn;
    scoring->query.metric = metric;
    scoring->query.stopped = call->stopped;
    scoring->query.host = call->host;
}


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
scored_read(cxm_call_t *call, cxm_txn_t *txn, const cxm_scored_t *scored)
{
    cxm_rc_t       rc;
    cxm_scoring_t  scoring;

    score_begin(&scoring, call, txn, scored->name);
    rc = cxm_scoring_args(&scoring);

    if (rc == CXM_OK) {
        rc = score_survey(&scoring);
    }

    if (rc == CXM_OK) {
        rc = score_question(&scoring, scored);
    }

    if (rc == CXM_OK) {
        rc = score_variant(&scoring, scored);
    }

    return rc == CXM_OK ? score_end(&scoring, cxm_score_run) : rc;
}


static cxm_rc_t
nps_read(cxm_call_t *call, cxm_txn_t *txn)
{
    return scored_read(call, txn, &cxm_scored_nps);
}


static cxm_rc_t
csat_read(cxm_call_t *call, cxm_txn_t *txn)
{
    return scored_read(call, txn, &cxm_scored_csat);
}


static cxm_rc_t
ces_read(cxm_call_t *call, cxm_txn_t *txn)
{
    return scored_read(call, txn, &cxm_scored_ces);
}


static cxm_rc_t
csi_read(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t       rc;
    cxm_scoring_t  scoring;

    score_begin(&scoring, call, txn, "csi");
    rc = cxm_scoring_args(&scoring);

    if (rc == CXM_OK) {
        rc = score_survey(&scoring);
    }

    if (rc == CXM_OK) {
        rc = score_csi(&scoring);
    }

    return rc == CXM_OK ? score_end(&scoring, cxm_score_run) : rc;
}


static cxm_rc_t
touchpoints_read(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t       rc;
    cxm_scoring_t  scoring;

    score_begin(&scoring, call, txn, "touchpoints");

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

#define CXM_PARAM_SURVEY                                                      \
    { "survey", "required; slug", 0 }

#define CXM_PARAM_QUESTION                                                    \
    { "question", "id; default: the first of the type", 0 }

#define CXM_PARAM_RANGE                                                       \
    { "from", "RFC 3339, on a quarter hour; default: everything so far", 0 }, \
    { "to", "exclusive; on a quarter hour", 0 },                              \
    { "tz", "IANA time zone of the buckets; default the server's", 0 },       \
    { "bucket", "none (default), hour, day, week, month, quarter, year", 0 }, \
    { "by", "a segment: figures of each of its values", 0 },                  \
    { "where", "segment:value; segment: alone is what has none", 1 }

static const cxm_param_t  cxm_nps_query[] = {
    CXM_PARAM_SURVEY,
    CXM_PARAM_QUESTION,
    { "variant", "net", 0 },
    CXM_PARAM_RANGE,
    { NULL, NULL, 0 }
};

static const cxm_param_t  cxm_csat_query[] = {
    CXM_PARAM_SURVEY,
    CXM_PARAM_QUESTION,
    { "variant", "top2 (default), mean, net", 0 },
    CXM_PARAM_RANGE,
    { NULL, NULL, 0 }
};

static const cxm_param_t  cxm_ces_query[] = {
    CXM_PARAM_SURVEY,
    CXM_PARAM_QUESTION,
    { "variant", "mean (default); agree and net with 7 points", 0 },
    CXM_PARAM_RANGE,
    { NULL, NULL, 0 }
};

static const cxm_param_t  cxm_csi_query[] = {
    CXM_PARAM_SURVEY,
    CXM_PARAM_RANGE,
    { NULL, NULL, 0 }
};

static const cxm_param_t  cxm_touchpoints_query[] = {
    CXM_PARAM_RANGE,
    { NULL, NULL, 0 }
};

#define cxm_score_route(address, params, handler, text)                       \
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_GET, .path = address,     \
      .policy = CXM_SCOPED, .scopes = CXM_SCOPE_METRICS_READ,                 \
      .query = params, .read = handler, .summary = text }

const cxm_route_t  cxm_routes_score[] = {
    cxm_score_route("metrics/nps", cxm_nps_query, nps_read,
                    "Net Promoter Score with margin, buckets and segments."),
    cxm_score_route("metrics/csat", cxm_csat_query, csat_read,
                    "Satisfaction with margin, buckets and segments."),
    cxm_score_route("metrics/ces", cxm_ces_query, ces_read,
                    "Customer effort with margin, buckets and segments."),
    cxm_score_route("metrics/csi", cxm_csi_query, csi_read,
                    "Customer satisfaction index of several questions."),
    cxm_score_route("metrics/touchpoints", cxm_touchpoints_query,
                    touchpoints_read, "Touchpoints: how many, what, when."),
    { .path = NULL }
};
