/*
 * What one person scored: the last value of each metric and what was said
 * with it, the values before, and where they go.
 */

#ifndef CXM_PERSON_SCORE_H
#define CXM_PERSON_SCORE_H

#include <jansson.h>

#include "cxm_field.h"
#include "cxm_store.h"


#define CXM_PERSON_SCORES  24           /* values of a metric at most */
#define CXM_PERSON_LOOKED  180          /* answers at most, newest first */

extern const cxm_fields_t  cxm_person_score_fields;

/*
 * Of the person of a main slot.  Partial answers count, as they do in scores;
 * of a survey that asks a type twice the first question does.  "trend" is the
 * mean of the newer half of the values less that of the older one, which has
 * the middle one.  *personal is set when a comment is in it, which it only is
 * with may_personal.  *out is a new reference.
 */
cxm_rc_t cxm_person_score(cxm_txn_t *txn, uint64_t slot, int may_personal,
    json_t **out, int *personal, cxm_error_t *err);

/* The last NPS value alone; CXM_NOT_FOUND: those answers have none. */
cxm_rc_t cxm_person_nps(cxm_txn_t *txn, uint64_t slot, int *value,
    cxm_error_t *err);


#endif /* CXM_PERSON_SCORE_H */
