/*
 * Erasure of a person, so that backups cannot undo it.
 *
 * Kind CXM_KIND_ERASURE, a document of two versions, {"state": "begun" |
 * "erased", "by": how the person was named, "slots": [numbers], "kept"?:
 * {kind: how many records stay}}; the name itself is kept nowhere.  Two
 * transactions:
 *
 *   begun    all that leads to the person is taken away (cxm_person_forget),
 *            a due row is put
 *   erased   the keys are overwritten and synced, then this, the receipt, is
 *            written and the due row taken away
 *
 * A key is overwritten only after `begun` is on stable storage.  Whatever
 * ends the process in between, `due` does the second half again.  Answers
 * stay counted; their texts cannot be read again, in no copy of the store.
 */

#ifndef CXM_ERASURE_H
#define CXM_ERASURE_H

#include "cxm_access.h"
#include "cxm_person.h"


extern const cxm_kind_t       cxm_kind_erasure;
extern const cxm_due_class_t  cxm_due_erasure;

typedef struct {
    unsigned   person_class;            /* of the name; 0: by slot */
    cxm_str_t  name;
    uint64_t   slot;
} cxm_erasure_of_t;

/*
 * First half.  A name stands for the person who is known by it and for the
 * one who was only said to have it.  A slot that is gone gives the erasure
 * that took it, with *begun 0.  CXM_NOT_FOUND: there is no such person.
 */
cxm_rc_t cxm_erasure_begin(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_erasure_of_t *of, cxm_doc_t *out, int *begun,
    cxm_error_t *err);

/*
 * The same for numbers, given or not; those that are gone are left out, and
 * when all are, *begun is 0 and there is no document.
 */
cxm_rc_t cxm_erasure_begin_list(cxm_txn_t *txn, const json_t *slots,
    cxm_doc_t *out, int *begun, cxm_error_t *err);

/*
 * Second half, in a transaction that began after the first was committed;
 * changes nothing when it was done before.
 */
cxm_rc_t cxm_erasure_finish(cxm_txn_t *txn, uint64_t no, cxm_doc_t *out,
    cxm_error_t *err);

/*
 * The receipt as answered: {"id", "state", "by", "slots", "kept": {kind: how
 * many records stay} | null, "entries": [numbers in the journal], "version",
 * "created_at": when it began, "updated_at": when it was done}.
 */
json_t *cxm_erasure_json(const cxm_doc_t *doc);

/*
 * Numbers of all persons that are erased or about to be, appended to the
 * array `slots`; in transactions of its own.
 */
cxm_rc_t cxm_erasure_slots(cxm_store_t *store, json_t *slots,
    cxm_error_t *err);

/*
 * For a store that is restored and not yet served: erases those of a list
 * that its journal does not know to be erased, also numbers that it has not
 * given yet; in transactions of its own.
 */
cxm_rc_t cxm_erasure_repeat(cxm_store_t *store, const json_t *slots,
    cxm_error_t *err);


#endif /* CXM_ERASURE_H */
