/*
 * What answers of scores look like.
 */

#include "cxm_score.h"


#define COUNT(member, text)                                                   \
    { .name = member, .type = CXM_FIELD_INT, .summary = text }

#define REAL(member, text)                                                    \
    { .name = member, .type = CXM_FIELD_NUMBER,                               \
      .flags = CXM_FIELD_REQUIRED | CXM_FIELD_NULLABLE, .summary = text }

#define LIST(member, of, text)                                                \
    { .name = member, .type = CXM_FIELD_ARRAY, .item = &of, .summary = text }

#define INSIDE(member, table, text)                                           \
    { .name = member, .type = CXM_FIELD_OBJECT, .object = &table,             \
      .flags = CXM_FIELD_REQUIRED, .summary = text }

#define ITEM(table)  { .type = CXM_FIELD_OBJECT, .object = &table }

#define N                                                                     \
    { .name = "n", .type = CXM_FIELD_INT, .flags = CXM_FIELD_REQUIRED,        \
      .summary = "How many." }

#define WITHHELD                                                              \
    { .name = "withheld", .type = CXM_FIELD_BOOL,                             \
      .summary = "True: too few answers to tell more than n." }

#define START                                                                 \
    { .name = "start", .type = CXM_FIELD_TIME, .flags = CXM_FIELD_REQUIRED,   \
      .summary = "Of the period, in UTC." }

#define VALUE                                                                 \
    { .name = "value", .type = CXM_FIELD_STRING,                              \
      .flags = CXM_FIELD_REQUIRED | CXM_FIELD_NULLABLE,                       \
      .summary = "Of the segment." }

#define TEXT(member, text)                                                    \
    { .name = member, .type = CXM_FIELD_STRING,                               \
      .flags = CXM_FIELD_REQUIRED | CXM_FIELD_NULLABLE, .summary = text }

#define HEAD                                                                  \
    TEXT("metric", "Its name."),                                              \
    TEXT("survey", "Its slug."),                                              \
    TEXT("question", "Its id; null of a CSI."),                               \
    { .name = "variant", .type = CXM_FIELD_STRING,                            \
      .summary = "Of csat and ces." }

#define RANGE                                                                 \
    { .name = "from", .type = CXM_FIELD_TIME,                                 \
      .flags = CXM_FIELD_REQUIRED | CXM_FIELD_NULLABLE,                       \
      .summary = "Null when there is nothing." },                             \
    { .name = "to", .type = CXM_FIELD_TIME,                                   \
      .flags = CXM_FIELD_REQUIRED | CXM_FIELD_NULLABLE,                       \
      .summary = "Exclusive." }

#define ZONE                                                                  \
    { .name = "tz", .type = CXM_FIELD_STRING, .flags = CXM_FIELD_REQUIRED,    \
      .summary = "Time zone of the periods." }


#define DIFFERENCE                                                            \
    REAL("difference", "a - b; the score less a published one."),            \
    REAL("z", "Of the two samples."),                                         \
    REAL("p", "Two-sided."),                                                  \
    { .name = "significant", .type = CXM_FIELD_BOOL,                          \
      .flags = CXM_FIELD_REQUIRED | CXM_FIELD_NULLABLE,                       \
      .summary = "p < 0.05; null when it cannot be told." }


/* --- scores ------------------------------------------------------------- */

static const cxm_field_t  count_item = { .type = CXM_FIELD_INT };

static const cxm_field_t  question_fields[] = {
    { .name = "id", .type = CXM_FIELD_STRING, .flags = CXM_FIELD_REQUIRED,
      .summary = "Of the question." },
    REAL("mean", "Of its answers."),
    { .name = "weight", .type = CXM_FIELD_NUMBER,
      .flags = CXM_FIELD_REQUIRED, .summary = "Of the survey's CSI." },
    { .name = NULL }
};

static const cxm_fields_t  question_table = {
    "ScoreQuestion", question_fields
};

static const cxm_field_t  question_item = ITEM(question_table);

/* A figure and its error. */
#define FIGURE(figure)                                                         \
    REAL(figure, "The score; null when nobody answered."),                    \
    { .name = "display", .type = CXM_FIELD_INT,                               \
      .flags = CXM_FIELD_REQUIRED | CXM_FIELD_NULLABLE,                       \
      .summary = "The same as a whole number." },                             \
    REAL("margin", "Half of the 95 % interval around center."),               \
    REAL("center", "Of the interval."),                                       \
    REAL("low", "center - margin, within the scale."),                        \
    REAL("high", "center + margin, within the scale."),                       \
    REAL("margin_normal", "1.96 standard errors of the score.")

#define FIGURES(figure)                                                       \
    N,                                                                        \
    COUNT("promoters", "Of nps: 9 and 10."),                                  \
    COUNT("passives", "Of nps: 7 and 8."),                                    \
    COUNT("detractors", "Of nps: 0 to 6."),                                   \
    COUNT("positive", "Of csat and ces, as the variant has it."),             \
    COUNT("neutral", "Of net csat and ces."),                                 \
    COUNT("negative", "Of net csat and ces."),                                \
    FIGURE(figure),                                                            \
    LIST("scale", count_item, "Answers by point, the lowest first."),         \
    LIST("questions", question_item, "Of csi: what it is made of."),          \
    WITHHELD

static const cxm_field_t  bucket_fields[] = {
    START,
    FIGURES("value"),
    { .name = NULL }
};

static const cxm_fields_t  bucket_table = { "ScoreBucket", bucket_fields };

static const cxm_field_t  bucket_item = ITEM(bucket_table);

static const cxm_field_t  segment_fields[] = {
    VALUE,
    FIGURES("score"),
    LIST("buckets", bucket_item, "Where they are asked for."),
    { .name = NULL }
};

static const cxm_fields_t  segment_table = { "ScoreSegment", segment_fields };

static const cxm_field_t  segment_item = ITEM(segment_table);

static const cxm_field_t  published_fields[] = {
    { .name = "table", .type = CXM_FIELD_SLUG, .flags = CXM_FIELD_REQUIRED,
      .summary = "Its slug." },
    { .name = "row", .type = CXM_FIELD_STRING, .flags = CXM_FIELD_REQUIRED,
      .summary = "Id, else industry." },
    { .name = "value", .type = CXM_FIELD_NUMBER,
      .flags = CXM_FIELD_REQUIRED, .summary = "What was published." },
    { .name = "n", .type = CXM_FIELD_INT,
      .flags = CXM_FIELD_REQUIRED | CXM_FIELD_NULLABLE,
      .summary = "Answers that it rests on." },
    { .name = "source", .type = CXM_FIELD_STRING,
      .flags = CXM_FIELD_REQUIRED, .summary = "Who published it." },
    { .name = "date", .type = CXM_FIELD_DATE, .flags = CXM_FIELD_REQUIRED,
      .summary = "When." },
    DIFFERENCE,
    { .name = NULL }
};

static const cxm_fields_t  published_table = {
    "ScoreBenchmark", published_fields
};

#define PUBLISHED                                                             \
    { .name = "benchmark", .type = CXM_FIELD_OBJECT,                          \
      .object = &published_table, .summary = "Where it is asked for." }

static const cxm_field_t  score_fields[] = {
    HEAD,
    RANGE,
    ZONE,
    FIGURES("value"),
    PUBLISHED,
    LIST("buckets", bucket_item, "Periods, empty ones too."),
    LIST("segments", segment_item, "By n, null last."),
    { .name = NULL }
};

const cxm_fields_t  cxm_score_fields = { "Score", score_fields };


/* --- comparisons -------------------------------------------------------- */

static const cxm_field_t  side_fields[] = {
    RANGE,
    FIGURES("value"),
    { .name = NULL }
};

static const cxm_fields_t  side_table = { "ScoreSide", side_fields };

static const cxm_field_t  part_fields[] = {
    FIGURES("value"),
    { .name = NULL }
};

static const cxm_fields_t  part_table = { "ScorePart", part_fields };

static const cxm_field_t  pair_fields[] = {
    VALUE,
    INSIDE("a", part_table, "In the first range."),
    INSIDE("b", part_table, "In the second."),
    DIFFERENCE,
    { .name = NULL }
};

static const cxm_fields_t  pair_table = { "ScorePair", pair_fields };

static const cxm_field_t  pair_item = ITEM(pair_table);

static const cxm_field_t  comparison_fields[] = {
    HEAD,
    ZONE,
    INSIDE("a", side_table, "The first range."),
    INSIDE("b", side_table, "The second."),
    DIFFERENCE,
    LIST("segments", pair_item, "Where `by` asks for them."),
    { .name = NULL }
};

const cxm_fields_t  cxm_score_comparison_fields = {
    "Comparison", comparison_fields
};


/* --- response rates ----------------------------------------------------- */

static const cxm_field_t  one_rate_fields[] = {
    { .name = "of", .type = CXM_FIELD_STRING, .flags = CXM_FIELD_REQUIRED,
      .summary = "What 100 % is: exposures, shown or started." },
    N,
    FIGURE("value"),
    { .name = NULL }
};

static const cxm_fields_t  one_rate_table = { "OneRate", one_rate_fields };

static const cxm_field_t  rates_fields[] = {
    INSIDE("asked", one_rate_table, "shown of exposures"),
    INSIDE("response", one_rate_table, "started of shown"),
    INSIDE("complete", one_rate_table, "complete of shown"),
    INSIDE("completion", one_rate_table, "complete of started"),
    { .name = NULL }
};

static const cxm_fields_t  rates_table = { "Rates", rates_fields };

static const cxm_field_t  answers_fields[] = {
    N,
    COUNT("partial", "Not completed."),
    COUNT("complete", "Completed."),
    { .name = NULL }
};

static const cxm_fields_t  answers_table = { "RateAnswers", answers_fields };

static const cxm_field_t  refused_item = { .type = CXM_FIELD_INT };

#define RATES(figure)                                                         \
    COUNT("exposures", "Decisions whether to ask."),                          \
    COUNT("shown", "Asked."),                                                 \
    { .name = "refused", .type = CXM_FIELD_MAP, .item = &refused_item,        \
      .flags = CXM_FIELD_REQUIRED, .summary = "Not asked, by reason." },      \
    COUNT("started", "Asked, and answered."),                                 \
    COUNT("partial", "Of those: not completed."),                             \
    COUNT("complete", "Of those: completed."),                                \
    N,                                                                        \
    FIGURE(figure),                                                            \
    INSIDE("rates", rates_table, "Each says what it is of."),                 \
    INSIDE("answers", answers_table, "All of them, asked for or not."),       \
    WITHHELD

static const cxm_field_t  rate_bucket_fields[] = {
    START,
    RATES("value"),
    { .name = NULL }
};

static const cxm_fields_t  rate_bucket_table = {
    "RateBucket", rate_bucket_fields
};

static const cxm_field_t  rate_bucket_item = ITEM(rate_bucket_table);

static const cxm_field_t  rate_segment_fields[] = {
    VALUE,
    RATES("score"),
    LIST("buckets", rate_bucket_item, "Where they are asked for."),
    { .name = NULL }
};

static const cxm_fields_t  rate_segment_table = {
    "RateSegment", rate_segment_fields
};

static const cxm_field_t  rate_segment_item = ITEM(rate_segment_table);

static const cxm_field_t  rate_fields[] = {
    HEAD,
    RANGE,
    ZONE,
    RATES("value"),
    LIST("buckets", rate_bucket_item, "Periods, empty ones too."),
    LIST("segments", rate_segment_item, "By exposures, null last."),
    { .name = NULL }
};

const cxm_fields_t  cxm_score_rate_fields = { "ResponseRate", rate_fields };


/* --- overviews ---------------------------------------------------------- */

static const cxm_field_t  change_fields[] = {
    RANGE,
    N,
    REAL("value", "Of the stretch before."),
    DIFFERENCE,
    { .name = NULL }
};

static const cxm_fields_t  change_table = { "ScoreChange", change_fields };

static const cxm_field_t  trend_fields[] = {
    START,
    N,
    REAL("value", "Null when nobody answered."),
    { .name = NULL }
};

static const cxm_fields_t  trend_table = { "ScoreTrend", trend_fields };

static const cxm_field_t  trend_item = ITEM(trend_table);

#define SUMMARY                                                               \
    PUBLISHED,                                                                \
    INSIDE("change", change_table, "Against the stretch before."),            \
    LIST("trend", trend_item, "By bucket, empty ones too.")

static const cxm_field_t  summary_fields[] = {
    HEAD,
    FIGURES("value"),
    SUMMARY,
    { .name = NULL }
};

const cxm_fields_t  cxm_score_summary_fields = {
    "ScoreSummary", summary_fields
};

static const cxm_field_t  rate_summary_fields[] = {
    HEAD,
    RATES("value"),
    SUMMARY,
    { .name = NULL }
};

const cxm_fields_t  cxm_score_rate_summary_fields = {
    "ResponseRateSummary", rate_summary_fields
};


/* --- touchpoints -------------------------------------------------------- */

static const cxm_field_t  latency_fields[] = {
    REAL("p50", "Median, in ms."),
    REAL("p90", "90 of 100 took no longer."),
    REAL("p99", "99 of 100 took no longer."),
    { .name = NULL }
};

static const cxm_fields_t  latency_table = { "Latency", latency_fields };

#define VISITS                                                                \
    N,                                                                        \
    COUNT("bots", "Of these."),                                               \
    INSIDE("latency", latency_table, "Of people, where it was measured."),    \
    WITHHELD

static const cxm_field_t  visits_bucket_fields[] = {
    START,
    VISITS,
    { .name = NULL }
};

static const cxm_fields_t  visits_bucket_table = {
    "TouchpointBucket", visits_bucket_fields
};

static const cxm_field_t  visits_bucket_item = ITEM(visits_bucket_table);

static const cxm_field_t  visits_segment_fields[] = {
    VALUE,
    VISITS,
    LIST("buckets", visits_bucket_item, "Where they are asked for."),
    { .name = NULL }
};

static const cxm_fields_t  visits_segment_table = {
    "TouchpointSegment", visits_segment_fields
};

static const cxm_field_t  visits_segment_item = ITEM(visits_segment_table);

static const cxm_field_t  visits_fields[] = {
    TEXT("metric", "touchpoints"),
    RANGE,
    ZONE,
    VISITS,
    LIST("buckets", visits_bucket_item, "Where they are asked for."),
    LIST("segments", visits_segment_item, "Where `by` asks for them."),
    { .name = NULL }
};

const cxm_fields_t  cxm_score_touchpoint_fields = {
    "Touchpoints", visits_fields
};


/* --- accounts ----------------------------------------------------------- */

static const cxm_field_t  seconds_fields[] = {
    REAL("p50", "Median; null when nobody came through."),
    REAL("p90", "90 of 100 took no longer."),
    { .name = NULL }
};

static const cxm_fields_t  seconds_table = { "Seconds", seconds_fields };

static const cxm_field_t  share_fields[] = {
    FIGURE("value"),
    { .name = NULL }
};

static const cxm_fields_t  share_table = { "Share", share_fields };

#define FUNNEL(first, last)                                                   \
    COUNT(first, "How often it began."),                                      \
    COUNT(last, "How often it came to its end."),                             \
    INSIDE("rate", share_table, "Of those that began."),                      \
    INSIDE("seconds", seconds_table, "From beginning to end."),               \
    { .name = NULL }

static const cxm_field_t  registration_fields[] = {
    FUNNEL("started", "verified")
};

static const cxm_field_t  reset_fields[] = { FUNNEL("asked", "done") };

static const cxm_fields_t  registration_table = {
    "Registrations", registration_fields
};

static const cxm_fields_t  reset_table = { "PasswordResets", reset_fields };

#define NAMES(member, text)                                                   \
    { .name = member, .type = CXM_FIELD_MAP, .item = &count_item,             \
      .flags = CXM_FIELD_REQUIRED, .summary = text }

#define ACCOUNTS                                                              \
    N,                                                                        \
    INSIDE("registrations", registration_table, "By verified addresses."),    \
    INSIDE("resets", reset_table, "Of passwords, by known addresses."),       \
    NAMES("events", "How often, by name: signed_in, profile_changed, ..."),   \
    NAMES("failures", "Sign-ins that failed, by reason.")

static const cxm_field_t  accounts_bucket_fields[] = {
    START,
    ACCOUNTS,
    { .name = NULL }
};

static const cxm_fields_t  accounts_bucket_table = {
    "AccountsBucket", accounts_bucket_fields
};

static const cxm_field_t  accounts_bucket_item = ITEM(accounts_bucket_table);

static const cxm_field_t  now_fields[] = {
    COUNT("accounts", "That can be signed in to; each has a proved address."),
    COUNT("sessions", "Of them."),
    COUNT("customers", "Records, also of who has no account."),
    INSIDE("addresses", share_table,
           "Customers whose address is proved by an account."),
    { .name = NULL }
};

static const cxm_fields_t  now_table = { "AccountsNow", now_fields };

static const cxm_field_t  accounts_fields[] = {
    TEXT("metric", "accounts"),
    RANGE,
    ZONE,
    ACCOUNTS,
    INSIDE("now", now_table, "Whatever the range."),
    LIST("buckets", accounts_bucket_item, "Where they are asked for."),
    { .name = NULL }
};

const cxm_fields_t  cxm_score_account_fields = {
    "AccountMetrics", accounts_fields
};
