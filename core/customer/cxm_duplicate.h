/*
 * Duplicates: customers who may be one person, and those who are not.
 *
 * Candidates are found by keyed look-ups only: the words of a name, and keys
 * that the record makes of a customer (the hidden member "match_keys"), which
 * duplicates have in common however they are written:
 *
 *   "mail <box>"              mailbox without its domain, dots and "+tag"
 *   "phone <digits>"          the last eight digits of a number
 *   "born <word> <date>"      a word of the name, date of birth
 *   "firm <word> <words>"     a word of the name, all of the company
 *
 * Each candidate is then compared, and what the two have in common gives
 * points by the table in cxm_duplicate_score.c.
 *
 * That two are not one person is a fact of kind CXM_KIND_DISTINCT:
 * {"customers": [uuid, uuid], "distinct": whether they are not}.  Row in
 * `index`, both ways: CXM_NS_DISTINCT, uuid(16), uuid(16) -> varint sequence
 * of the fact.
 */

#ifndef CXM_DUPLICATE_H
#define CXM_DUPLICATE_H

#include "cxm_customer.h"


#define CXM_DUPLICATES         20       /* of one customer, the best ones */
#define CXM_DUPLICATE_SCORE    50       /* from here on it is one */

extern const cxm_kind_t  cxm_kind_distinct;

/* Of a whole customer: an array of strings, NULL without memory. */
json_t *cxm_duplicate_keys(const json_t *customer);

/*
 * Points that the two have as one person, 0..100, and why: an array of
 * {"reason", "points"}, a new reference, NULL without memory.
 */
int cxm_duplicate_score(const json_t *a, const json_t *b, json_t **reasons);

typedef struct {
    unsigned  n;
    struct {
        uint64_t  no;
        int       score;
        json_t   *reasons;
    } of[CXM_DUPLICATES];               /* best first, then newest */
} cxm_duplicates_t;

/*
 * Those of numbers below `below` that were not said to be others; to be
 * cleared in any case.
 */
cxm_rc_t cxm_duplicates(cxm_txn_t *txn, const cxm_doc_t *customer,
    uint64_t below, cxm_duplicates_t *out, cxm_error_t *err);
void cxm_duplicates_clear(cxm_duplicates_t *duplicates);


/* --- not the same person ------------------------------------------------ */

/* CXM_OK: it was said of them, or of parts of them; CXM_NOT_FOUND. */
cxm_rc_t cxm_distinct(cxm_txn_t *txn, const cxm_uuid_t *a,
    const cxm_uuid_t *b);

/* The same of these two alone, and the entry that says it. */
cxm_rc_t cxm_distinct_said(cxm_txn_t *txn, const cxm_uuid_t *a,
    const cxm_uuid_t *b, uint64_t *seq);

/* Says it, or takes it back; *changed tells whether it was not so before. */
cxm_rc_t cxm_distinct_set(cxm_txn_t *txn, uint64_t actor,
    const cxm_uuid_t *a, const cxm_uuid_t *b, int distinct, int *changed,
    cxm_error_t *err);

/*
 * At most `limit` others behind `after` (nil: from the first), by their ids;
 * fn returns non-zero to stop.
 */
typedef int (*cxm_distinct_pt)(void *ctx, const cxm_uuid_t *other,
    uint64_t seq);

cxm_rc_t cxm_distinct_each(cxm_txn_t *txn, const cxm_uuid_t *customer,
    const cxm_uuid_t *after, unsigned limit, cxm_distinct_pt fn, void *ctx);


#endif /* CXM_DUPLICATE_H */
