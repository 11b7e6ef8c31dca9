/*
 * Postings: which documents have a term.
 *
 * Documents of a kind that is searched have ordinals, dense numbers from 1.
 * Row in `index`: u8 namespace | u8 kind | u32 range | term(8); payload: the
 * ordinals of that range that have the term, as bits of
 *
 *   u8 0 | varint differences, ascending (the first from -1)
 *   u8 1 | all bits
 *
 * whichever is shorter.  A row is a function of its set alone, so that a
 * document that was taken out leaves what it would be without it.
 *
 * The range comes before the term: documents that are made together change
 * the same few pages, whatever words they have.  Changes are gathered and
 * written by commit, once a row.
 */

#ifndef CXM_POSTING_H
#define CXM_POSTING_H

#include "cxm_row.h"


#define CXM_POSTING_BITS   14
#define CXM_POSTING_RANGE  (1u << CXM_POSTING_BITS)
#define CXM_POSTING_WORDS  (CXM_POSTING_RANGE / 64)
#define CXM_TERM_LEN       8

typedef struct {
    uint8_t  b[CXM_TERM_LEN];
} cxm_term_t;

typedef struct {
    uint64_t  word[CXM_POSTING_WORDS];
} cxm_postings_t;

typedef struct {
    uint8_t   ns;               /* CXM_NS_DOC_POSTINGS, or of personal ones */
    uint8_t   kind;
    uint32_t  range;            /* ordinal >> CXM_POSTING_BITS */
} cxm_posting_place_t;

/* Adds the postings of a term to the set; none are none. */
cxm_rc_t cxm_postings_load(cxm_txn_t *txn, const cxm_posting_place_t *place,
    const cxm_term_t *term, cxm_postings_t *set);

/* Only in apply: the ordinal gets the term, or has it no more. */
cxm_rc_t cxm_posting_put(cxm_txn_t *txn, const cxm_posting_place_t *place,
    const cxm_term_t *term, uint32_t ordinal);
cxm_rc_t cxm_posting_del(cxm_txn_t *txn, const cxm_posting_place_t *place,
    const cxm_term_t *term, uint32_t ordinal);

int cxm_postings_empty(const cxm_postings_t *set);
void cxm_postings_and(cxm_postings_t *set, const cxm_postings_t *other);
void cxm_postings_less(cxm_postings_t *set, const cxm_postings_t *other);

/* The highest member below `below` (at most CXM_POSTING_RANGE); -1: none. */
int cxm_postings_last(const cxm_postings_t *set, unsigned below);

/* The payload of a row; CXM_CORRUPT when it is none. */
void cxm_postings_encode(const cxm_postings_t *set, cxm_buf_t *out);
cxm_rc_t cxm_postings_decode(cxm_str_t payload, cxm_postings_t *set);


#endif /* CXM_POSTING_H */
