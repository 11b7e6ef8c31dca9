/*
 * What a query wants, survey by survey, in numbers.
 */

#include <stdlib.h>

#include "cxm_dict.h"
#include "cxm_person.h"
#include "cxm_response_walk.h"


typedef struct {
    cxm_txn_t                   *txn;
    const cxm_response_query_t  *query;
    cxm_response_choice_t       *out;
    cxm_rc_t                     rc;
    cxm_error_t                 *err;
} cxm_choosing_t;


/* The question that bounds of a score are of; NULL: the survey has none. */
static const cxm_question_t *
choose_question(const cxm_response_query_t *query, const cxm_survey_t *survey)
{
    unsigned  i;

    if (query->question.data != NULL) {
        return cxm_survey_question(survey, query->question);
    }

    for (i = 0; i < survey->nquestions; i++) {
        if (cxm_question_scored(&survey->questions[i])) {
            return &survey->questions[i];
        }
    }

    return NULL;
}


/* 0: the survey cannot have such an answer. */
static int
choose_score(const cxm_response_query_t *query, const cxm_survey_t *survey,
    cxm_response_filter_t *filter)
{
    const cxm_question_t  *question;

    if (query->question.data == NULL && !query->has_min && !query->has_max) {
        return 1;
    }

    question = choose_question(query, survey);

    if (question == NULL) {
        return 0;
    }

    filter->question = question->no;
    filter->min = 0;
    filter->max = INT64_MAX;

    if (query->has_min) {
        filter->min = query->min_score - question->min;
    }

    if (query->has_max) {
        filter->max = query->max_score - question->min;
    }

    return (!query->has_min && !query->has_max)
           || cxm_question_scored(question);
}


/* CXM_NOT_FOUND: no answer of the survey has such a value. */
static cxm_rc_t
choose_where(cxm_choosing_t *choosing, const cxm_survey_t *survey,
    cxm_response_filter_t *filter)
{
    cxm_rc_t                     rc;
    unsigned                     i;
    cxm_response_segment_t      *out;
    const cxm_response_where_t  *where;

    for (i = 0; i < choosing->query->nwhere; i++) {
        where = &choosing->query->where[i];
        out = &filter->where[i];
        out->segment = cxm_survey_segment(survey, where->segment);
        out->value = CXM_DICT_NULL;

        if (out->segment == 0) {
            return CXM_NOT_FOUND;
        }

        if (where->value.len > 0) {
            rc = cxm_dict_find(choosing->txn, survey->doc.no, out->segment,
                               where->value, &out->value);
            if (rc != CXM_OK) {
                return rc;
            }
        }

        filter->nwhere++;
    }

    return CXM_OK;
}


static cxm_rc_t
choose_survey(cxm_choosing_t *choosing, const cxm_survey_t *survey)
{
    cxm_rc_t                rc;
    cxm_response_filter_t   filter, *filters;
    cxm_response_choice_t  *out;

    memset(&filter, 0, sizeof(filter));
    filter.survey = survey->doc.no;

    rc = choose_where(choosing, survey, &filter);

    if (rc != CXM_OK && rc != CXM_NOT_FOUND) {
        return cxm_fail(choosing->err, rc, NULL, "Segments cannot be read.");
    }

    filter.none = rc == CXM_NOT_FOUND
                  || !choose_score(choosing->query, survey, &filter);

    out = choosing->out;
    filters = realloc(out->filters,
                      (out->n + 1) * sizeof(cxm_response_filter_t));

    if (filters == NULL) {
        return cxm_fail(choosing->err, CXM_INTERNAL, NULL, "No memory.");
    }

    out->filters = filters;
    filters[out->n++] = filter;

    return CXM_OK;
}


/* Each survey where all are wanted: a cxm_doc_pt. */
static int
choose_doc(void *ctx, const cxm_doc_t *doc)
{
    cxm_choosing_t      *choosing;
    const cxm_survey_t  *survey;

    choosing = ctx;
    choosing->rc = cxm_survey_by_no(choosing->txn, doc->no, &survey,
                                    choosing->err);

    if (choosing->rc == CXM_OK) {
        choosing->rc = choose_survey(choosing, survey);
    }

    return choosing->rc != CXM_OK;
}


/* Names that one survey is asked for must be there. */
static cxm_rc_t
check_names(cxm_choosing_t *choosing, const cxm_survey_t *survey)
{
    unsigned                     i;
    const cxm_response_query_t  *query;

    query = choosing->query;

    if (query->question.data != NULL
        && cxm_survey_question(survey, query->question) == NULL)
    {
        (void) cxm_issue(choosing->err, "?question", "not_found",
                         "This survey has no such question.");
    }

    for (i = 0; i < query->nwhere; i++) {
        if (cxm_survey_segment(survey, query->where[i].segment) == 0) {
            (void) cxm_issue(choosing->err, "?where", "no_such_segment",
                             "This survey has no such segment.");
        }
    }

    return choosing->err->rc;
}


static cxm_rc_t
choose_one(cxm_choosing_t *choosing)
{
    cxm_rc_t             rc;
    const cxm_survey_t  *survey;

    rc = cxm_survey_by_slug(choosing->txn, choosing->query->survey, &survey,
                            choosing->err);

    if (rc == CXM_NOT_FOUND) {
        cxm_error_init(choosing->err);
        return cxm_issue(choosing->err, "?survey", "not_found",
                         "There is no such survey.");
    }

    if (rc == CXM_OK) {
        rc = check_names(choosing, survey);
    }

    return rc == CXM_OK ? choose_survey(choosing, survey) : rc;
}


/* A name that leads to nobody is no error: nobody has answered. */
static cxm_rc_t
choose_person(cxm_choosing_t *choosing)
{
    uint8_t                      hash[CXM_HASH_LEN];
    uint64_t                     slot;
    cxm_rc_t                     rc;
    const cxm_response_query_t  *query;

    query = choosing->query;
    choosing->out->of_person = query->person_class != 0;

    if (query->person_class == 0) {
        return CXM_OK;
    }

    cxm_person_hash(cxm_txn_store(choosing->txn), query->person_class,
                    query->person, hash);

    rc = cxm_person_find(choosing->txn, query->person_class, hash, &slot);

    if (rc == CXM_OK) {
        rc = cxm_person_slots(choosing->txn, slot, &choosing->out->person);
    }

    return rc == CXM_OK || rc == CXM_NOT_FOUND
           ? CXM_OK
           : cxm_fail(choosing->err, rc, NULL, "The person cannot be found.");
}


cxm_rc_t
cxm_response_choose(cxm_txn_t *txn, const cxm_response_query_t *query,
    cxm_response_choice_t *out, cxm_error_t *err)
{
    cxm_rc_t        rc;
    cxm_choosing_t  choosing = { txn, query, out, CXM_OK, err };

    memset(out, 0, sizeof(*out));
    out->status = query->status;
    out->from = query->from;
    out->to = query->to;

    if (query->survey.data != NULL) {
        rc = choose_one(&choosing);

    } else {
        rc = cxm_doc_list(txn, CXM_KIND_SURVEY, 0, UINT32_MAX, choose_doc,
                          &choosing, err);
        rc = rc == CXM_OK ? choosing.rc : rc;
    }

    return rc == CXM_OK ? choose_person(&choosing) : rc;
}


void
cxm_response_choice_clear(cxm_response_choice_t *choice)
{
    free(choice->filters);
    choice->filters = NULL;
}
