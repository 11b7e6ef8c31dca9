/*
 * What all queries of scores take: survey, question, range, buckets,
 * segments.  A call's arguments are read in this order; each step notes its
 * issues in the call.
 */

#ifndef CXM_SCORING_H
#define CXM_SCORING_H

#include "cxm_api.h"
#include "cxm_score.h"
#include "cxm_survey.h"


/* A query and what it is made from. */
typedef struct {
    cxm_call_t             *call;
    cxm_txn_t              *txn;
    const cxm_survey_t     *survey;     /* NULL: touchpoints */
    const uint16_t         *segments;   /* the only ones that are counted by,
                                           0 ends; NULL: all of the survey */
    cxm_score_query_t       query;

    /* what query points to */

    cxm_score_item_t        items[CXM_CSI_MAX];
    cxm_filter_t           *filters;    /* in the call's arena */
    cxm_score_benchmark_t   benchmark;
} cxm_scoring_t;

void cxm_scoring_begin(cxm_scoring_t *scoring, cxm_call_t *call,
    cxm_txn_t *txn);

/* from, to, tz and bucket; every issue is noted. */
cxm_rc_t cxm_scoring_args(cxm_scoring_t *scoring);

/* A time on a quarter hour. */
cxm_rc_t cxm_scoring_time(cxm_call_t *call, const char *name, int *has,
    cxm_ms_t *t);

/* survey */
cxm_rc_t cxm_scoring_survey(cxm_scoring_t *scoring);

/* The survey, known already. */
void cxm_scoring_take(cxm_scoring_t *scoring, const cxm_survey_t *survey);

/* How many of those who are asked answer, of the survey. */
void cxm_scoring_rate(cxm_scoring_t *scoring);

/* question and variant, or the survey's CSI. */
cxm_rc_t cxm_scoring_metric(cxm_scoring_t *scoring, cxm_metric_t metric);

/*
 * benchmark, once the metric is known.  A table that has no row for it is an
 * issue where one is required, else there is none.
 */
cxm_rc_t cxm_scoring_benchmark(cxm_scoring_t *scoring, int required);

/* Of what type the metric's question is; a CSI has none of its own. */
cxm_question_type_t cxm_scoring_type(cxm_metric_t metric);

/* by and where, once query.survey is known. */
cxm_rc_t cxm_scoring_segments(cxm_scoring_t *scoring);


/* --- rows of query tables ----------------------------------------------- */

extern const char *const  cxm_scoring_buckets[];
extern const cxm_field_t  cxm_scoring_where;

#define CXM_QUERY_SURVEY                                                      \
    { .name = "survey", .type = CXM_FIELD_SLUG, .flags = CXM_FIELD_REQUIRED,  \
      .summary = "Which survey." }

#define CXM_QUERY_QUESTION                                                    \
    { .name = "question", .type = CXM_FIELD_STRING,                           \
      .summary = "Its id; default the first of the type." }

#define CXM_QUERY_VARIANT(text)                                               \
    { .name = "variant", .type = CXM_FIELD_STRING, .summary = text }

#define CXM_QUERY_ZONE                                                        \
    { .name = "tz", .type = CXM_FIELD_STRING,                                 \
      .summary = "IANA time zone of the buckets; default the server's." }

#define CXM_QUERY_BENCHMARK                                                   \
    { .name = "benchmark", .type = CXM_FIELD_STRING,                          \
      .summary = "A table of published scores, or table:row." }

#define CXM_QUERY_SEGMENTS                                                    \
    { .name = "by", .type = CXM_FIELD_STRING,                                 \
      .summary = "A segment: figures of each of its values." },               \
    { .name = "where", .type = CXM_FIELD_ARRAY, .item = &cxm_scoring_where,   \
      .summary = "segment:value; \"segment:\" is what has none." }

#define CXM_QUERY_PERIOD                                                      \
    { .name = "from", .type = CXM_FIELD_TIME,                                 \
      .summary = "On a quarter hour; default everything so far." },           \
    { .name = "to", .type = CXM_FIELD_TIME,                                   \
      .summary = "Exclusive; on a quarter hour." },                           \
    CXM_QUERY_ZONE,                                                           \
    { .name = "bucket", .type = CXM_FIELD_ENUM,                               \
      .values = cxm_scoring_buckets,                                          \
      .summary = "Periods with figures of their own; default none." }

#define CXM_QUERY_RANGE                                                       \
    CXM_QUERY_PERIOD,                                                         \
    CXM_QUERY_SEGMENTS


#endif /* CXM_SCORING_H */
