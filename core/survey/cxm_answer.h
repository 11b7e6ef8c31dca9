/*
 * Answers against the questions they are to.
 */

#ifndef CXM_ANSWER_H
#define CXM_ANSWER_H

#include "cxm_survey.h"


typedef struct {
    json_t  *shared;        /* scores and choices by question */
    json_t  *personal;      /* texts and contact by question */
    json_t  *answered;      /* numbers of those */
    int      csi;           /* tenths; -1: not all its items are there */
} cxm_answers_t;

/*
 * Collects every issue, pointers below "/answers".  out is to be cleared in
 * any case.
 */
cxm_rc_t cxm_answers_check(const cxm_survey_t *survey, const json_t *answers,
    int complete, cxm_answers_t *out, cxm_error_t *err);
void cxm_answers_clear(cxm_answers_t *answers);

/*
 * The value of each item of the CSI among answers; 0 when one is missing.
 */
int cxm_answers_csi(const cxm_survey_t *survey, const json_t *answers,
    int values[CXM_CSI_MAX]);

/* Index of a choice by id; -1. */
int cxm_choice_find(const cxm_question_t *question, cxm_str_t id);


#endif /* CXM_ANSWER_H */
