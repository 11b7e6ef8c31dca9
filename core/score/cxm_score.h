/*
 * Scores from counters: what GET /admin/metrics/ answers.
 *
 * Reads cost rows of counters (a series' days), never answers, but for
 * questions of several segments at once, which no counter holds: those are
 * counted from rows by whoever has them.  The room knows numbers only;
 * whoever asks brings the numbers of survey, question and segment, and the
 * names to be answered.
 */

#ifndef CXM_SCORE_H
#define CXM_SCORE_H

#include <jansson.h>

#include "cxm_bucket.h"
#include "cxm_cell.h"
#include "cxm_field.h"
#include "cxm_stat.h"
#include "cxm_store.h"


#define CXM_SCORE_BUCKETS   10000       /* of one answer: of all, and those of
                                           all segments together */
#define CXM_SCORE_DECIMALS  1e6         /* figures are rounded to these */

/* One item of a CSI: its series counts answers that have all items. */
typedef struct {
    cxm_str_t       id;
    uint16_t        question;   /* of the series */
    cxm_csi_item_t  csi;
} cxm_score_item_t;

/* What somebody published, to hold a figure against. */
typedef struct {
    cxm_str_t  table;
    cxm_str_t  row;
    cxm_str_t  source;
    cxm_str_t  date;
    double     value;
    uint64_t   n;               /* answers that it rests on; 0: not said */
} cxm_score_benchmark_t;

/* A way of two events, and the counter of how long it takes, in seconds. */
typedef struct {
    const char  *name;          /* as answered: "registrations" */
    const char  *first_name;
    const char  *last_name;
    unsigned     first, last;   /* points of the query's question */
} cxm_score_funnel_t;

/* Events that a question's points stand for; names by number from 1 on. */
typedef struct {
    const char *const         *names;       /* up to 63, NULL ends */
    const char *const         *reasons;     /* of what failed; up to 31 */
    const cxm_score_funnel_t  *funnels;
} cxm_score_event_t;

typedef struct {
    const char              *metric;    /* as answered: "nps" */
    cxm_str_t                survey_id; /* data NULL: null */
    cxm_str_t                question_id;

    uint64_t                 survey;    /* of the series, and the dictionary */
    uint16_t                 question;
    int                      min, max;  /* the points 0.. stand for these */
    const char *const       *points;    /* their names, of a response rate */
    const cxm_score_event_t *event;     /* what they stand for, of events */

    const cxm_variant_t     *variant;   /* NULL: of CSI and touchpoints */
    const cxm_score_item_t  *items;     /* of a CSI */
    unsigned                 nitems;    /* 0: no CSI */

    int                      has_from, has_to;
    cxm_ms_t                 from, to;  /* half-open, on quarter hours */
    const cxm_zone_t        *zone;      /* whose calendar the buckets are */
    cxm_bucket_t             bucket;

    uint16_t                 by;        /* segment; 0: none */
    unsigned                 nfilters;
    const cxm_filter_t      *filters;   /* no segment twice */
    unsigned                 floor;     /* with fewer answers than this a
                                           group tells its n only */

    const cxm_score_benchmark_t  *benchmark;            /* NULL: none */

    cxm_cell_source_pt       rows;      /* for several segments at once; NULL:
                                           those are refused */
    cxm_stopped_pt           stopped;   /* of such a read */
    void                    *host;
} cxm_score_query_t;

/*
 * *out is a new reference:
 *
 *   {"metric", "survey", "question", "variant", "from", "to", "tz", figures,
 *    "benchmark"?: {"table", "row", "value", "n", "source", "date",
 *                   "difference", "z", "p", "significant"},
 *    "buckets": [{"start", figures}],
 *    "segments": [{"value", figures, "buckets"?}]}
 *
 * Figures of a scale: "n", "promoters", "passives", "detractors" (NPS) or
 * "positive", "neutral", "negative" (as the variant has them), "value",
 * "display", "margin", "center", "low", "high", "margin_normal", "scale"
 * (counts by point, the lowest first).  Of a CSI: without "scale", with
 * "questions": [{"id", "mean", "weight"}].  What has no answer is null.
 * In a segment the figure is "score", since "value" is the segment's value.
 * A group below the floor has "withheld": true, and is else as if empty.
 *
 * from and to that are not given are the first day of the series (over all
 * answers) in the zone and the day after its last; null without any.  A
 * bucket's start is the calendar's, also where from or to cut it.  Segments
 * come by n, the largest first, null last; only those that have any; with
 * buckets of their own where buckets are asked for.
 *
 * CXM_INVALID with pointers "?to", "?bucket", "?variant", "?by", "?where".
 */
cxm_rc_t cxm_score_run(cxm_txn_t *txn, const cxm_score_query_t *query,
    json_t **out, cxm_error_t *err);

/*
 * The same of touchpoints: points 0 and 1 of `question` are people and bots,
 * the one item counts durations by cxm_duration_point();
 * {"metric", "from", "to", "tz", figures, "buckets"?, "segments"?}, lists only
 * when asked for.  Figures: "n" (with bots), "bots", "latency": {"p50",
 * "p90", "p99"} in ms, of people, null where none was measured.
 */
cxm_rc_t cxm_score_touchpoints(cxm_txn_t *txn,
    const cxm_score_query_t *query, json_t **out, cxm_error_t *err);

/*
 * The same of events: the query's first item counts reasons, each other one
 * the seconds of a funnel, as cxm_duration_point() has them.  Figures: "n",
 * the funnels {first: n, last: n, "rate": of first, "seconds": {"p50",
 * "p90"}}, "events": {name: n}, "failures": {reason: n}.
 */
cxm_rc_t cxm_score_events(cxm_txn_t *txn, const cxm_score_query_t *query,
    json_t **out, cxm_error_t *err);

/*
 * A query that has `points` is of a response rate: points of `question` are
 * decisions whether to ask, 0 is yes, the others are named by `points`; the
 * points of both items are 0 complete and 1 partial: answers of those who were
 * asked, and all answers.  In place of a score's figures there are
 *
 *   "exposures", "shown", "refused": {name: count}, "started", "partial",
 *   "complete", "n", "value" ... of started among shown, "rates": {"asked",
 *   "response", "complete", "completion"}: {"of", "n", "value" ...},
 *   "answers": {"n", "partial", "complete"}
 *
 * A figure as an overview shows it; the query has from and to:
 *
 *   {"metric", "survey", "question", "variant", figures, "benchmark"?,
 *    "change": {"from", "to", "n", "value", "difference", "z", "p",
 *               "significant"},
 *    "trend": [{"start", "n", "value"}]}
 *
 * change is against the stretch of the same length before, trend by buckets.
 */
cxm_rc_t cxm_score_summary(cxm_txn_t *txn, const cxm_score_query_t *query,
    json_t **out, cxm_error_t *err);

/*
 * Two queries that differ in their ranges, which must not share answers:
 *
 *   {"metric", "survey", "question", "variant", "tz",
 *    "a": {"from", "to", figures}, "b": the same,
 *    "difference", "z", "p", "significant",
 *    "segments": [{"value", "a": {figures}, "b": {figures}, "difference",
 *                  "z", "p", "significant"}]}
 *
 * difference is a - b.  What cannot be told is null: also significant, when
 * a side has no answers, or too few of them for an error.
 */
cxm_rc_t cxm_score_compare(cxm_txn_t *txn, const cxm_score_query_t *a,
    const cxm_score_query_t *b, json_t **out, cxm_error_t *err);

/* {"value", "display", "margin", ...} of a figure: a new reference, or NULL. */
json_t *cxm_score_figure_json(const cxm_figure_t *f);

/* Their answers, as tables. */
extern const cxm_fields_t  cxm_score_fields;
extern const cxm_fields_t  cxm_score_comparison_fields;
extern const cxm_fields_t  cxm_score_rate_fields;
extern const cxm_fields_t  cxm_score_summary_fields;
extern const cxm_fields_t  cxm_score_rate_summary_fields;
extern const cxm_fields_t  cxm_score_touchpoint_fields;
extern const cxm_fields_t  cxm_score_account_fields;


#endif /* CXM_SCORE_H */
