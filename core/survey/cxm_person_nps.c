/*
 * The last NPS value of one person.
 */

#include "cxm_person_score.h"
#include "cxm_response_person.h"
#include "cxm_response_row.h"


/* CXM_NOT_FOUND: the answer has no such value, or was dropped. */
static cxm_rc_t
answer_nps(cxm_txn_t *txn, uint64_t survey_no, uint64_t no, int *value,
    cxm_error_t *err)
{
    cxm_rc_t                rc;
    unsigned                i;
    cxm_arena_t             arena = { 0 };
    cxm_response_row_t     *row;
    const cxm_survey_t     *survey;
    const cxm_question_t   *question;
    cxm_response_block_t    block;

    rc = cxm_survey_by_no(txn, survey_no, &survey, err);

    if (rc != CXM_OK) {
        return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
    }

    question = cxm_survey_first(survey, CXM_QUESTION_NPS);

    if (question == NULL) {
        return CXM_NOT_FOUND;
    }

    rc = cxm_response_row_known(txn, survey_no, no, &arena, &block, &row);

    if (rc == CXM_OK) {
        rc = CXM_NOT_FOUND;

        for (i = 0; i < row->npairs; i++) {
            if (row->pairs[i].question == question->no) {
                *value = question->min + row->pairs[i].point;
                rc = CXM_OK;
                break;
            }
        }
    }

    cxm_arena_free(&arena);

    return rc;
}


cxm_rc_t
cxm_person_nps(cxm_txn_t *txn, uint64_t slot, int *value, cxm_error_t *err)
{
    uint64_t                survey, no;
    cxm_rc_t                rc;
    unsigned                looked;
    cxm_response_person_t   walk;

    rc = cxm_response_person_begin(&walk, txn, slot, UINT64_MAX);

    for (looked = 0; rc == CXM_OK && looked < CXM_PERSON_LOOKED; looked++) {
        rc = cxm_response_person_next(&walk, &survey, &no);

        if (rc != CXM_OK) {
            return rc;
        }

        rc = answer_nps(txn, survey, no, value, err);

        if (rc != CXM_NOT_FOUND) {
            return rc;
        }

        rc = CXM_OK;
    }

    return rc == CXM_OK ? CXM_NOT_FOUND : rc;
}
