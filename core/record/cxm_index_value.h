/*
 * The indexed values of a document.
 */

#ifndef CXM_INDEX_VALUE_H
#define CXM_INDEX_VALUE_H

#include "cxm_index.h"


typedef struct {
    const cxm_field_t  *field;          /* of the value; an array's item */
    unsigned            flags;          /* its own, or the array's */
    cxm_str_t           path;
    const char         *pointer;
    const json_t       *value;
} cxm_index_value_t;

typedef void (*cxm_index_pt)(void *ctx, const cxm_index_value_t *value);

/* Calls fn for every value of a field that has an index. */
void cxm_index_walk(const cxm_fields_t *table, const json_t *document,
    cxm_index_pt fn, void *ctx);

/* The hash of a KEY field's value; CXM_NOT_FOUND as in cxm_index_text(). */
cxm_rc_t cxm_index_hash(const cxm_store_t *store,
    const cxm_index_value_t *value, uint8_t hash[CXM_HASH_LEN]);

/* Keys and terms of a part of a document, ascending, each once. */
typedef struct {
    size_t      nkeys, nterms;
    uint8_t     key[CXM_INDEX_KEYS][CXM_HASH_LEN];
    cxm_term_t  term[CXM_INDEX_TERMS];
} cxm_index_terms_t;

/* part may be NULL. */
void cxm_index_collect(const cxm_store_t *store, const cxm_fields_t *table,
    const json_t *part, cxm_index_terms_t *out);


#endif /* CXM_INDEX_VALUE_H */
