/*
 * Answers against the questions they are to.
 */

#ifndef CXM_ANSWER_H
#define CXM_ANSWER_H

#include "cxm_survey.h"


typedef struct {
    const json_t  *given;       /* by question, as it was sent */
    const json_t  *shared;      /* what stood before, scores and choices; */
    const json_t  *personal;    /* texts and contact.  NULL: nothing did */
    unsigned       required;    /* questions before this index need what they
                                   require; nquestions: a complete answer */
    int            may_be_empty;    /* there may be no answer at all */
    int            past;        /* to any definition there was: questions that
                                   are gone count, rules do not */
} cxm_answers_input_t;

typedef struct {
    json_t  *shared;        /* scores and choices by question */
    json_t  *personal;      /* texts and contact by question */
    json_t  *answered;      /* numbers of those */
    int      csi;           /* tenths; -1: not all its items are there */
} cxm_answers_t;

/*
 * What stands once `given` is merged in: each question given is answered
 * anew or, where something stood before, taken back with null.  What stood
 * for a question that is not asked any more is gone; one given now is refused.
 * Collects every issue, pointers below "/answers".  out is to be cleared in
 * any case.
 */
cxm_rc_t cxm_answers_check(const cxm_survey_t *survey,
    const cxm_answers_input_t *input, cxm_answers_t *out, cxm_error_t *err);
void cxm_answers_clear(cxm_answers_t *answers);

/*
 * The value of each item of the CSI among answers; 0 when one is missing.
 */
int cxm_answers_csi(const cxm_survey_t *survey, const json_t *answers,
    int values[CXM_CSI_MAX]);

/* The CSI of answers, in tenths; -1 when an item of it is missing. */
int cxm_answers_index(const cxm_survey_t *survey, const json_t *answers);

/* Members of an answer to a question of type contact. */
extern const cxm_fields_t  cxm_contact_fields;

/* Index of a choice by id; -1. */
int cxm_choice_find(const cxm_question_t *question, cxm_str_t id);


#endif /* CXM_ANSWER_H */
