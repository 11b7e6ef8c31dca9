/*
 * Merging customers: two records of one person become one.
 *
 * A merge is three entries of one transaction:
 *
 *   customer `from`   is a part of `into` from now on (cxm_record.h)
 *   customer `into`   gets what it has not and the other has, and the other's
 *                     slot into "persons": so all that leads to that slot,
 *                     and all that is kept by it, is its own
 *   merge             kind CXM_KIND_MERGE, a document: what was changed
 *
 * Nothing that belongs to `from` is written anew: identifiers, answers,
 * clocks, notes, tasks and consents follow by these two links, and go back
 * with them.  An undo is the same entries: `into` gives back, `from` is whole
 * again, the merge is "undone".
 *
 * Row in `index`: CXM_NS_MERGE, uuid(16) of both, u64 sequence of the entry
 * that merged or undid -> varint number of the merge | u8 it was undone.
 */

#ifndef CXM_MERGE_H
#define CXM_MERGE_H

#include "cxm_customer.h"


extern const cxm_record_t         cxm_record_merge;
extern const cxm_fields_t         cxm_merge_fields;
extern const cxm_kind_t           cxm_kind_merge;
extern const cxm_timeline_kind_t  cxm_timeline_merge;

typedef struct {
    cxm_txn_t           *txn;
    const cxm_caller_t  *caller;
    cxm_uuid_t           into, from;
    uint64_t             into_version, from_version;    /* as if_match */
    const json_t        *choose;        /* {field: "from" | "into"}; NULL */
    cxm_error_t         *err;
} cxm_merge_t;

/*
 * What a merge does.  Rows are {"field": pointer, "from", "into", "result"},
 * null where there is nothing.
 */
typedef struct {
    cxm_doc_t            into, from;
    const cxm_fields_t  *fields;
    json_t              *was_into, *was_from;   /* whole documents */
    json_t              *changes;       /* rows whose result is not `into` */
    json_t              *conflicts;     /* rows where both have a value */
    json_t              *patch;         /* of `into` */
} cxm_merge_plan_t;

/*
 * Writes nothing.  The plan is to be cleared in any case.  CXM_NOT_FOUND
 * (into), CXM_INVALID ("/from", "/choose/..."), CXM_PRECONDITION,
 * CXM_CONFLICT ("merged", "person_erased", "too_many_identifiers",
 * "too_many_tags", "too_many_names", "too_many_persons").
 */
cxm_rc_t cxm_merge_plan(const cxm_merge_t *merge, cxm_merge_plan_t *plan);
void cxm_merge_plan_clear(cxm_merge_plan_t *plan);

/* Merges as planned; `moved` (borrowed) goes into the merge's document. */
cxm_rc_t cxm_merge_write(const cxm_merge_t *merge, cxm_merge_plan_t *plan,
    json_t *moved, cxm_doc_t *out);

/*
 * Undoes a merge into that customer.  A member of `into` that is still what
 * the merge made of it goes back; one that was changed since stays, and is
 * named in "kept".  Of lists each item for itself: what came with `from` goes
 * back unless it was taken away since, what was added since stays.
 *
 * The newest merge first: what a later one found may be of this one.
 * CXM_NOT_FOUND, CXM_PRECONDITION, CXM_CONFLICT ("merged", "not_merged",
 * "merged_since", "person_erased", "value_taken").
 */
typedef struct {
    cxm_txn_t           *txn;
    const cxm_caller_t  *caller;
    cxm_uuid_t           into, merge;
    uint64_t             if_match;      /* of the merge */
    cxm_error_t         *err;
} cxm_unmerge_t;

cxm_rc_t cxm_merge_undo(const cxm_unmerge_t *undo, cxm_doc_t *out);


/* --- reading ------------------------------------------------------------ */

/* Merges and undos of a customer and its parts, newest first. */
typedef struct {
    cxm_txn_t           *txn;
    cxm_record_parts_t   parts;
    uint64_t             seq[CXM_RECORD_PARTS];     /* next; 0: none */
    uint64_t             no[CXM_RECORD_PARTS];
    uint8_t              undone[CXM_RECORD_PARTS];
} cxm_merge_walk_t;

typedef struct {
    uint64_t  seq;
    uint64_t  no;               /* of the merge */
    int       undone;
} cxm_merge_event_t;

cxm_rc_t cxm_merge_walk(cxm_merge_walk_t *walk, cxm_txn_t *txn,
    const cxm_uuid_t *customer, uint64_t before);
cxm_rc_t cxm_merge_next(cxm_merge_walk_t *walk, cxm_merge_event_t *event);


#endif /* CXM_MERGE_H */
