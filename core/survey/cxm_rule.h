/*
 * Rules under which a question is asked: "show_if" of a definition.
 *
 * A rule is about one earlier question, {"question", "op", "value"?}, or it
 * is {"all": [...]} or {"any": [...]} of rules, of which each may be all or
 * any of plain ones once more: two levels say every combination.
 *
 *   gte, lte    a score of a scored question
 *   eq, ne      a score, or the id of a choice; of those chosen in a multi
 *               one is, or none is, this
 *   in          an array of such values: it is one of them
 *   answered    any question; "value" false turns it round
 *
 * An answer that is not there, because its question is not asked, say, is
 * not equal and not unequal to anything: only "answered" false holds then.
 */

#ifndef CXM_RULE_H
#define CXM_RULE_H

#include "cxm_survey.h"


extern const cxm_fields_t  cxm_rule_fields;

/* The rule of question i of a definition's list, which the table has passed. */
void cxm_rule_check(const json_t *questions, size_t i, cxm_error_t *err);

/*
 * Whether a rule (NULL: none, which does) holds for answers to what comes
 * before its question; only names of the personal ones are looked at.
 */
int cxm_rule_holds(const json_t *rule, const json_t *shared,
    const json_t *personal);

/* Whether it is about question `from` or a later one. */
int cxm_rule_depends(const cxm_survey_t *survey, const json_t *rule,
    unsigned from);


#endif /* CXM_RULE_H */
