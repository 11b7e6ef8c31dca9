/*
 * What the files that change answers share.
 */

#ifndef CXM_RESPONSE_INT_H
#define CXM_RESPONSE_INT_H

#include "cxm_answer.h"
#include "cxm_response_row.h"
#include "cxm_said.h"


/* An answer that is about to change. */
typedef struct {
    cxm_txn_t           *txn;
    const cxm_survey_t  *survey;
    uint64_t             no;
    cxm_entry_t          entry;     /* the newest, with its personal part */
    uint64_t             if_match;  /* CXM_VERSION_*, ANY unless set */
} cxm_response_state_t;

/*
 * Finds the answer for the holder of its token; *state is to be unloaded in
 * any case.  CXM_NOT_FOUND for everybody else, CXM_CONFLICT "person_erased",
 * "finalised".
 */
cxm_rc_t cxm_response_load(cxm_txn_t *txn, const cxm_survey_t *survey,
    const cxm_uuid_t *id, cxm_str_t token, cxm_response_state_t *state,
    cxm_error_t *err);
void cxm_response_unload(cxm_response_state_t *state);

int cxm_response_partial(const cxm_response_state_t *state);

/*
 * cxm_answers_check() upon what stands.  What is wrong with a change is told
 * only where there may be one.
 */
cxm_rc_t cxm_response_merge(const cxm_response_state_t *state,
    const json_t *given, unsigned required, int may_be_empty,
    cxm_answers_t *out, cxm_error_t *err);

typedef struct {
    const cxm_caller_t   *caller;
    const cxm_answers_t  *answers;      /* merged */
    int                   complete;
    int64_t               version;      /* of the definition */
} cxm_response_write_t;

/*
 * Stores what was merged, if it is another answer than before and may still
 * be one.
 */
cxm_rc_t cxm_response_store(cxm_response_state_t *state,
    const cxm_response_write_t *write, cxm_response_result_t *out,
    cxm_error_t *err);

/* What was answered, and the attributes of the input, into the entry. */
void cxm_response_take_answers(cxm_said_t *said, const cxm_answers_t *answers,
    int complete);
void cxm_response_take_attributes(cxm_said_t *said);

/*
 * The version of the definition that the input says was shown, else the
 * newest; an issue at "/version" when there is none such.
 */
int64_t cxm_response_shown_version(const cxm_survey_t *survey,
    const json_t *input, cxm_error_t *err);


#endif /* CXM_RESPONSE_INT_H */
