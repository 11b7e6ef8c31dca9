/*
 * History of documents: the way from each version to the entry that wrote
 * it, for kinds whose apply is cxm_doc_history_apply().
 *
 * Row in `index`: CXM_NS_DOC_VERSION, u8 kind, u64 number, u64 version ->
 * varint sequence.
 */

#ifndef CXM_DOC_HISTORY_H
#define CXM_DOC_HISTORY_H

#include "cxm_doc.h"


/* cxm_doc_apply(), and the ways; a deleted document has none. */
cxm_rc_t cxm_doc_history_apply(cxm_txn_t *txn, const cxm_entry_t *entry);

/* The ways alone, after cxm_doc_apply_change(). */
cxm_rc_t cxm_doc_history_change(cxm_txn_t *txn, unsigned kind,
    const cxm_doc_change_t *change);

/* The entry that wrote a version; CXM_NOT_FOUND. */
cxm_rc_t cxm_doc_version_entry(cxm_txn_t *txn, cxm_kind_no_t kind,
    uint64_t no, uint64_t version, uint64_t *seq);

/*
 * The document as it was in a version, without its personal part; *out is
 * for cxm_doc_clear().
 * CXM_NOT_FOUND sets no error: there is no such version, or its entry is not
 * kept any more.
 */
cxm_rc_t cxm_doc_version(cxm_txn_t *txn, cxm_kind_no_t kind,
    const cxm_doc_t *doc, uint64_t version, cxm_doc_t *out,
    cxm_error_t *err);


#endif /* CXM_DOC_HISTORY_H */
