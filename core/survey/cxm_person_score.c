/*
 * Scores of one person, from the rows of answers that the index leads to.
 */

#include "cxm_json.h"
#include "cxm_person_score.h"
#include "cxm_response_person.h"
#include "cxm_response_row.h"


static const cxm_field_t  last_fields[] = {
    { .name = "value", .type = CXM_FIELD_NUMBER },
    { .name = "at", .type = CXM_FIELD_TIME,
      .summary = "when it was answered" },
    { .name = "survey", .type = CXM_FIELD_SLUG },
    { .name = "question", .type = CXM_FIELD_STRING,
      .flags = CXM_FIELD_NULLABLE, .summary = "null: an index of several" },
    { .name = "response", .type = CXM_FIELD_UUID,
      .summary = "the answer that has it" },
    { .name = "comment", .type = CXM_FIELD_STRING,
      .flags = CXM_FIELD_NULLABLE | CXM_FIELD_PERSONAL,
      .summary = "what the same answer says in words; with personal_read" },
    { .name = NULL }
};

static const cxm_fields_t  person_last = { "PersonLastScore", last_fields };

static const cxm_field_t  value_fields[] = {
    { .name = "at", .type = CXM_FIELD_TIME },
    { .name = "value", .type = CXM_FIELD_NUMBER },
    { .name = "survey", .type = CXM_FIELD_SLUG },
    { .name = NULL }
};

static const cxm_fields_t  person_value = { "PersonScoreValue", value_fields };

static const cxm_field_t  value_item = {
    .type = CXM_FIELD_OBJECT, .object = &person_value
};

static const cxm_field_t  metric_fields[] = {
    { .name = "last", .type = CXM_FIELD_OBJECT, .object = &person_last,
      .flags = CXM_FIELD_NULLABLE, .summary = "null: there is none" },
    { .name = "mean", .type = CXM_FIELD_NUMBER, .flags = CXM_FIELD_NULLABLE,
      .summary = "of the values of history" },
    { .name = "trend", .type = CXM_FIELD_NUMBER, .flags = CXM_FIELD_NULLABLE,
      .summary = "mean of the newer half of history less that of the older; "
                 "null: there are not two values" },
    { .name = "history", .type = CXM_FIELD_ARRAY, .item = &value_item,
      .summary = "newest first, 24 at most" },
    { .name = NULL }
};

static const cxm_fields_t  person_metric = { "PersonMetric", metric_fields };

static const cxm_field_t  score_fields[] = {
    { .name = "nps", .type = CXM_FIELD_OBJECT, .object = &person_metric },
    { .name = "csi", .type = CXM_FIELD_OBJECT, .object = &person_metric },
    { .name = "csat", .type = CXM_FIELD_OBJECT, .object = &person_metric },
    { .name = "looked", .type = CXM_FIELD_INT,
      .summary = "how many of the newest answers this comes from" },
    { .name = "more", .type = CXM_FIELD_BOOL,
      .summary = "there are older answers, which were not looked at" },
    { .name = NULL }
};

const cxm_fields_t  cxm_person_score_fields = {
    "PersonScore", score_fields
};


/* --- metrics ------------------------------------------------------------ */

/* Where a survey has the values of a metric. */
typedef struct {
    uint16_t               series;      /* as the question of pairs */
    const cxm_question_t  *question;    /* NULL: of several */
} person_source_t;

typedef struct {
    const char           *name;
    int                   index;        /* in tenths, else of the type */
    cxm_question_type_t   type;
} person_metric_t;

static const person_metric_t  person_metrics[] = {
    { "nps", 0, CXM_QUESTION_NPS },
    { "csi", 1, 0 },
    { "csat", 0, CXM_QUESTION_CSAT }
};

#define PERSON_METRICS  (sizeof(person_metrics) / sizeof(person_metrics[0]))

typedef struct {
    unsigned   n;
    double     values[CXM_PERSON_SCORES];       /* newest first */
    json_t    *history;
    json_t    *last;
} person_values_t;

typedef struct {
    cxm_txn_t        *txn;
    int               may_personal;
    int              *personal;
    cxm_error_t      *err;
    person_values_t   of[PERSON_METRICS];
    unsigned          looked;
    int               more;
} person_score_t;


/* 0: the survey has none. */
static int
metric_source(const person_metric_t *metric, const cxm_survey_t *survey,
    person_source_t *source)
{
    if (metric->index) {
        source->series = CXM_SERIES_CSI;
        source->question = NULL;

        return survey->ncsi > 0;
    }

    source->question = cxm_survey_first(survey, metric->type);

    if (source->question == NULL) {
        return 0;
    }

    source->series = source->question->no;

    return 1;
}


static json_t *
metric_value(const person_source_t *source, uint16_t point)
{
    return source->question == NULL
           ? json_real(point / 10.0)
           : json_integer(source->question->min + point);
}


/* --- the last one, with what was said ----------------------------------- */

/*
 * The question in words that stands next behind the scored one, else the
 * first that was answered.
 */
static json_t *
said_with(const cxm_survey_t *survey, const person_source_t *source,
    const json_t *personal)
{
    json_t                *text, *answers, *first;
    unsigned               i, scored;
    const cxm_question_t  *question;

    answers = json_object_get(personal, "answers");
    scored = source->question == NULL
             ? 0 : (unsigned) (source->question - survey->questions);
    first = NULL;

    for (i = 0; i < survey->nquestions; i++) {
        question = &survey->questions[i];

        if (question->type != CXM_QUESTION_TEXT) {
            continue;
        }

        text = json_object_getn(answers, question->id.data, question->id.len);

        if (text != NULL && i >= scored) {
            return text;
        }

        first = first != NULL ? first : text;
    }

    return first;
}


static json_t *
value_json(const cxm_survey_t *survey, const cxm_response_row_t *row,
    json_t *value)
{
    char  at[CXM_RFC3339_LEN + 1];

    cxm_rfc3339_format(row->at, at);

    return json_pack("{ss so ss%}", "at", at, "value", value, "survey",
                     survey->slug.data, survey->slug.len);
}


static cxm_rc_t
last_json(person_score_t *score, const cxm_survey_t *survey,
    const person_source_t *source, const cxm_response_row_t *row,
    json_t *last)
{
    int           bad;
    char          id[CXM_UUID_LEN + 1];
    json_t       *said;
    cxm_rc_t      rc;
    cxm_entry_t   entry;

    rc = cxm_journal_read(score->txn, row->entry, score->may_personal, &entry,
                          score->err);

    if (rc != CXM_OK) {
        return rc;
    }

    cxm_uuid_format(&entry.id, id);
    bad = json_object_set_new(last, "question",
                              source->question == NULL
                              ? json_null()
                              : json_stringn(source->question->id.data,
                                             source->question->id.len));
    bad |= cxm_json_set_str(last, "response", cxm_strz(id));

    if (score->may_personal) {
        said = said_with(survey, source, entry.personal);
        *score->personal |= said != NULL;
        bad |= json_object_set(last, "comment",
                               said != NULL ? said : json_null());
    }

    cxm_entry_clear(&entry);

    return bad ? cxm_fail(score->err, CXM_INTERNAL, NULL, "No memory.")
               : CXM_OK;
}


/* --- answers ------------------------------------------------------------ */

static cxm_rc_t
take_value(person_score_t *score, person_values_t *of,
    const cxm_survey_t *survey, const person_source_t *source,
    const cxm_response_row_t *row, uint16_t point)
{
    json_t  *value, *one;

    value = metric_value(source, point);
    of->values[of->n] = json_number_value(value);
    one = value_json(survey, row, value);

    if (one == NULL || json_array_append_new(of->history, one) != 0) {
        return cxm_fail(score->err, CXM_INTERNAL, NULL, "No memory.");
    }

    if (of->n++ > 0) {
        return CXM_OK;
    }

    of->last = json_copy(one);

    return last_json(score, survey, source, row, of->last);
}


static cxm_rc_t
take_row(person_score_t *score, const cxm_survey_t *survey,
    const cxm_response_row_t *row)
{
    size_t            m;
    cxm_rc_t          rc;
    unsigned          i;
    person_source_t   source;
    person_values_t  *of;

    rc = CXM_OK;

    for (m = 0; m < PERSON_METRICS && rc == CXM_OK; m++) {
        of = &score->of[m];

        if (of->n == CXM_PERSON_SCORES
            || !metric_source(&person_metrics[m], survey, &source))
        {
            continue;
        }

        for (i = 0; i < row->npairs; i++) {
            if (row->pairs[i].question == source.series) {
                rc = take_value(score, of, survey, &source, row,
                                row->pairs[i].point);
                break;
            }
        }
    }

    return rc;
}


/* Whether an answer of the survey may have what is not complete yet. */
static int
survey_wanted(const person_score_t *score, const cxm_survey_t *survey)
{
    size_t           m;
    person_source_t  source;

    for (m = 0; m < PERSON_METRICS; m++) {
        if (score->of[m].n < CXM_PERSON_SCORES
            && metric_source(&person_metrics[m], survey, &source))
        {
            return 1;
        }
    }

    return 0;
}


static cxm_rc_t
take_answer(person_score_t *score, uint64_t no, uint64_t survey_no)
{
    cxm_rc_t               rc;
    cxm_arena_t            arena = { 0 };
    cxm_response_row_t    *row;
    const cxm_survey_t    *survey;
    cxm_response_block_t   block;

    rc = cxm_survey_by_no(score->txn, survey_no, &survey, score->err);

    if (rc != CXM_OK || !survey_wanted(score, survey)) {
        return rc;
    }

    rc = cxm_response_row_known(score->txn, survey_no, no, &arena, &block,
                                &row);
    if (rc == CXM_OK) {
        rc = take_row(score, survey, row);

    } else {

        /* what was dropped is no more than its number */

        rc = rc == CXM_NOT_FOUND
             ? CXM_OK
             : cxm_fail(score->err, rc, NULL, "Answers cannot be read.");
    }

    cxm_arena_free(&arena);

    return rc;
}


static int
score_full(const person_score_t *score)
{
    size_t  m;

    for (m = 0; m < PERSON_METRICS; m++) {
        if (score->of[m].n < CXM_PERSON_SCORES) {
            return 0;
        }
    }

    return 1;
}


static cxm_rc_t
take_answers(person_score_t *score, uint64_t slot)
{
    uint64_t                survey, no;
    cxm_rc_t                rc;
    cxm_response_person_t   walk;

    rc = cxm_response_person_begin(&walk, score->txn, slot, UINT64_MAX);

    while (rc == CXM_OK) {
        rc = cxm_response_person_next(&walk, &survey, &no);

        if (rc != CXM_OK) {
            break;
        }

        if (score->looked == CXM_PERSON_LOOKED || score_full(score)) {
            score->more = 1;
            return CXM_OK;
        }

        score->looked++;
        rc = take_answer(score, no, survey);
    }

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


/* --- the whole ---------------------------------------------------------- */

static double
mean(const double *values, unsigned n)
{
    double    sum;
    unsigned  i;

    sum = 0;

    for (i = 0; i < n; i++) {
        sum += values[i];
    }

    return sum / n;
}


static json_t *
values_json(const person_values_t *of)
{
    unsigned  newer;

    newer = of->n / 2;

    return json_pack("{sO so so sO}",
                     "last", of->last != NULL ? of->last : json_null(),
                     "mean", of->n == 0 ? json_null()
                             : json_real(mean(of->values, of->n)),
                     "trend", newer == 0 ? json_null()
                              : json_real(mean(of->values, newer)
                                          - mean(of->values + newer,
                                                 of->n - newer)),
                     "history", of->history);
}


static json_t *
score_json(const person_score_t *score)
{
    int      bad;
    size_t   m;
    json_t  *out;

    out = json_object();
    bad = 0;

    for (m = 0; m < PERSON_METRICS; m++) {
        bad |= json_object_set_new(out, person_metrics[m].name,
                                   values_json(&score->of[m]));
    }

    bad |= cxm_json_set_int(out, "looked", score->looked);
    bad |= json_object_set_new(out, "more", json_boolean(score->more));

    if (bad) {
        json_decref(out);
        return NULL;
    }

    return out;
}


cxm_rc_t
cxm_person_score(cxm_txn_t *txn, uint64_t slot, int may_personal,
    json_t **out, int *personal, cxm_error_t *err)
{
    size_t           m;
    cxm_rc_t         rc;
    person_score_t   score;

    memset(&score, 0, sizeof(score));
    score.txn = txn;
    score.may_personal = may_personal;
    score.personal = personal;
    score.err = err;
    *out = NULL;

    for (m = 0; m < PERSON_METRICS; m++) {
        score.of[m].history = json_array();
    }

    rc = take_answers(&score, slot);

    if (rc == CXM_OK) {
        *out = score_json(&score);
    }

    for (m = 0; m < PERSON_METRICS; m++) {
        json_decref(score.of[m].history);
        json_decref(score.of[m].last);
    }

    return rc == CXM_OK && *out == NULL
           ? cxm_fail(err, CXM_INTERNAL, NULL, "No memory.") : rc;
}
