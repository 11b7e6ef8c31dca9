/*
 * What the files of a survey's definition share.
 */

#ifndef CXM_SURVEY_INT_H
#define CXM_SURVEY_INT_H

#include "cxm_arena.h"
#include "cxm_json.h"
#include "cxm_survey.h"


/* From survey->doc.body, which stays its owner; CXM_CORRUPT. */
cxm_rc_t cxm_survey_parse(cxm_arena_t *arena, cxm_survey_t *survey);

/* What cxm_survey_put() checks of the input alone. */
cxm_rc_t cxm_survey_check(const json_t *input, cxm_error_t *err);

/*
 * The body to store: input with numbers, those of `old` (the body stored,
 * NULL: none; number `no`) kept.  A new reference.
 */
cxm_rc_t cxm_survey_number(cxm_txn_t *txn, uint64_t no, const json_t *old,
    cxm_str_t slug, const json_t *input, json_t **out, cxm_error_t *err);


#endif /* CXM_SURVEY_INT_H */
