/*
 * What the files of records share.
 */

#ifndef CXM_RECORD_INT_H
#define CXM_RECORD_INT_H

#include "cxm_record.h"
#include "cxm_row.h"


/* Rows of `index`: of an owner, of a person. */
void cxm_record_owner_key(cxm_row_key_t *key, const cxm_record_t *record,
    const cxm_uuid_t *owner, uint64_t no);
void cxm_record_person_key(cxm_row_key_t *key, const cxm_record_t *record,
    uint64_t slot, uint64_t no);

/* Part of apply: the way from a whole to its parts. */
cxm_rc_t cxm_record_apply_part(cxm_txn_t *txn, const cxm_record_t *record,
    const cxm_doc_change_t *change);


#endif /* CXM_RECORD_INT_H */
