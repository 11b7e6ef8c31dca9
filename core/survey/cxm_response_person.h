/*
 * All answers of one person, newest first, whichever of the person's slots
 * has them.
 */

#ifndef CXM_RESPONSE_PERSON_H
#define CXM_RESPONSE_PERSON_H

#include "cxm_person.h"


typedef struct {
    cxm_txn_t           *txn;
    cxm_person_slots_t   slots;

    /* Of each slot its newest answer to come; no 0: it has none left. */
    uint64_t             survey[CXM_PERSON_SLOTS];
    uint64_t             no[CXM_PERSON_SLOTS];
} cxm_response_person_t;

/* From below number `before` (UINT64_MAX: all) on, of a main slot. */
cxm_rc_t cxm_response_person_begin(cxm_response_person_t *walk,
    cxm_txn_t *txn, uint64_t slot, uint64_t before);

/* CXM_NOT_FOUND: that was all. */
cxm_rc_t cxm_response_person_next(cxm_response_person_t *walk,
    uint64_t *survey, uint64_t *no);


#endif /* CXM_RESPONSE_PERSON_H */
