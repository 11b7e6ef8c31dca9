/*
 * Answers of one person.
 *
 * A slot is looked into again only when its newest answer was given, so the
 * walk costs one look for each answer, and one for each slot.
 */

#include "cxm_response_person.h"
#include "cxm_response_row.h"


static cxm_rc_t
person_look(cxm_response_person_t *walk, unsigned i, uint64_t before)
{
    cxm_rc_t  rc;

    rc = cxm_response_of_person(walk->txn, walk->slots.slot[i], before,
                                &walk->survey[i], &walk->no[i]);

    if (rc == CXM_NOT_FOUND) {
        walk->no[i] = 0;
        return CXM_OK;
    }

    return rc;
}


cxm_rc_t
cxm_response_person_begin(cxm_response_person_t *walk, cxm_txn_t *txn,
    uint64_t slot, uint64_t before)
{
    cxm_rc_t  rc;
    unsigned  i;

    walk->txn = txn;
    rc = cxm_person_slots(txn, slot, &walk->slots);

    for (i = 0; rc == CXM_OK && i < walk->slots.n; i++) {
        rc = person_look(walk, i, before);
    }

    return rc;
}


cxm_rc_t
cxm_response_person_next(cxm_response_person_t *walk, uint64_t *survey,
    uint64_t *no)
{
    unsigned  i, best;

    best = 0;

    for (i = 1; i < walk->slots.n; i++) {
        if (walk->no[i] > walk->no[best]) {
            best = i;
        }
    }

    *survey = walk->survey[best];
    *no = walk->no[best];

    return *no == 0 ? CXM_NOT_FOUND : person_look(walk, best, *no);
}
