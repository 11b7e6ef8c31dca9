/*
 * Step by step: which questions a page without script asks at a time.
 *
 * A step ends before a question whose rule is about a question of the same
 * step; so whether each question of a step is asked follows from the steps
 * before.  Steps are those of the definition as it is now; what a page has
 * asked comes back with its form, so that pages of older definitions go on.
 */

#ifndef CXM_STEP_H
#define CXM_STEP_H

#include "cxm_answer.h"
#include "cxm_response.h"


typedef struct {
    int            back;        /* something was asked before */
    int            more;        /* something may be asked behind */
    unsigned char  asked[CXM_QUESTIONS_MAX];
} cxm_step_t;

/* Whether it has more than one. */
int cxm_survey_stepped(const cxm_survey_t *survey);

/*
 * The next step in which anything is asked after these answers, from question
 * `from` on; 0: none is.  The same backwards, before question `before`.
 */
int cxm_step_next(const cxm_survey_t *survey, unsigned from,
    const json_t *shared, const json_t *personal, cxm_step_t *out);
int cxm_step_back(const cxm_survey_t *survey, unsigned before,
    const json_t *shared, const json_t *personal, cxm_step_t *out);


extern const cxm_fields_t  cxm_step_fields;     /* input of a step's form */

typedef struct {
    cxm_uuid_t               id;            /* of the answer */
    const json_t            *input;
    const uint8_t           *fingerprint;   /* of it */
    const cxm_invitation_t  *link;          /* it came by, which stands for
                                               the token; NULL: none */
} cxm_step_given_t;

typedef struct {
    int                    done;        /* the answer is complete */
    cxm_step_t             step;        /* else what to ask now */
    cxm_answers_t          answers;     /* as they stand, or would */
    cxm_response_result_t  response;
} cxm_step_result_t;

/*
 * Takes a step's form from the holder of the answer's token: stores what was
 * entered, as the answer or a change of it, and finds the next step or, with
 * "go" back, the one before.  Behind the last one the answer is complete.
 * CXM_INVALID: the step is to be asked again.  *out is to be cleared in any
 * case.  Errors are those of cxm_response_add() and cxm_response_change().
 */
cxm_rc_t cxm_step_take(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_survey_t *survey, const cxm_step_given_t *given,
    cxm_step_result_t *out, cxm_error_t *err);
void cxm_step_clear(cxm_step_result_t *result);

/*
 * The step behind the last question that the partial answer to a link has;
 * done, when there is nothing to go on with.
 */
cxm_rc_t cxm_step_resume(cxm_txn_t *txn, const cxm_survey_t *survey,
    const cxm_uuid_t *id, cxm_step_result_t *out, cxm_error_t *err);

/* Whether the page that an input came from asked the question. */
int cxm_step_asked(const json_t *input, cxm_str_t id);

/*
 * What to ask again of a form that was refused: what it asked or answered, as
 * far as it is still asked, and what is wrong or missing.  input is typed, or
 * a form's.
 */
void cxm_step_again(const cxm_survey_t *survey, const json_t *input,
    const cxm_answers_t *answers, const cxm_error_t *err, cxm_step_t *out);

/* Answers as a form sends them, for the page to show: a new reference. */
json_t *cxm_step_form(const cxm_answers_t *answers);


#endif /* CXM_STEP_H */
