/*
 * Indexes of documents, by the flags of their fields (CXM_FIELD_KEY, LOOKUP,
 * WORDS): keyed hashes only, never a clear text.
 *
 * What a document has in its indexes stands in two rows of its own, one for
 * shared members and one for personal ones: `index`, u8 namespace | u8 kind |
 * u64 no; payload, that of personal ones behind the person's slot (u64):
 * varint ordinal | varint n | n keys(16) | terms(8), both in ascending order.
 * So it can be taken out without reading the document, which of an erased
 * person nobody can.  Postings follow from these rows alone.
 */

#ifndef CXM_INDEX_H
#define CXM_INDEX_H

#include "cxm_doc.h"
#include "cxm_field.h"
#include "cxm_fold.h"
#include "cxm_posting.h"


#define CXM_INDEX_TERMS       500       /* of a part of a document; later */
#define CXM_INDEX_KEYS        100       /* ones are not found */
#define CXM_INDEX_PREFIXED    4         /* words of a field that are found by
                                           their beginnings, */
#define CXM_INDEX_PREFIX_MIN  3         /* from 3 */
#define CXM_INDEX_PREFIX_MAX  6         /* to 6 characters */
#define CXM_INDEX_TEXT        1024      /* bytes of a value */
#define CXM_INDEX_PATH        160       /* of a field: "attributes.plan" */

/* Kinds of terms; part of their hash. */
typedef enum {
    CXM_TERM_VALUE = 1,         /* the whole value of the field at a path */
    CXM_TERM_EXACT,             /* all words of a field, a space between */
    CXM_TERM_WORD,              /* a word of any field */
    CXM_TERM_PREFIX             /* how it begins, if it has more characters */
} cxm_term_kind_t;

/* path is empty but for CXM_TERM_VALUE. */
void cxm_index_term(const cxm_store_t *store, cxm_term_kind_t term_kind,
    cxm_str_t path, cxm_str_t text, cxm_term_t *term);

/*
 * A value of a field in its one form; a string, as a query has it, may stand
 * for a value of any type.  CXM_NOT_FOUND: it is too long to be found.
 */
cxm_rc_t cxm_index_text(const cxm_field_t *field, const json_t *value,
    char out[CXM_INDEX_TEXT], cxm_str_t *text);

/*
 * Before a write: CXM_CONFLICT "value_taken", with the pointer of each value
 * of a KEY field that another document than `no` has.
 */
cxm_rc_t cxm_index_free(cxm_txn_t *txn, cxm_kind_no_t kind, uint64_t no,
    const cxm_fields_t *table, const json_t *document, cxm_error_t *err);

/*
 * The document that has this value in a KEY field of its own table, personal
 * or not; CXM_NOT_FOUND, also for what is no text.
 */
cxm_rc_t cxm_index_find(cxm_txn_t *txn, cxm_kind_no_t kind,
    const cxm_field_t *field, cxm_str_t value, uint64_t *no);

/*
 * Only in apply: the indexes have of document `no` what these parts of it
 * say, the personal one being of the person of the slot; NULL: nothing.  A
 * new document gets an ordinal, one that is gone (both are NULL) loses it.
 */
cxm_rc_t cxm_index_apply(cxm_txn_t *txn, cxm_kind_no_t kind, uint64_t no,
    uint64_t slot, const cxm_fields_t *table, const json_t *shared,
    const json_t *personal);

/* Only in apply: takes out what came from personal members. */
cxm_rc_t cxm_index_forget(cxm_txn_t *txn, cxm_kind_no_t kind, uint64_t no,
    uint64_t slot);

/*
 * A row of what a document has from personal members is put back: its
 * postings (cxm_lookups_t).
 */
cxm_rc_t cxm_index_put_back(cxm_txn_t *txn, cxm_str_t key, cxm_str_t value);

/* The highest ordinal of a kind, 0: none; and the number of a document. */
cxm_rc_t cxm_index_last(cxm_txn_t *txn, cxm_kind_no_t kind, uint32_t *last);
cxm_rc_t cxm_index_doc(cxm_txn_t *txn, cxm_kind_no_t kind, uint32_t ordinal,
    uint64_t *no);


#endif /* CXM_INDEX_H */
