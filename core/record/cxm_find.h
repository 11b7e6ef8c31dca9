/*
 * Searching records by their indexes: all of some values and words.
 *
 * Documents that have the words asked for as the whole of a field come
 * first, then those that have them as words, then those whose words only
 * begin so; each the newest first.
 */

#ifndef CXM_FIND_H
#define CXM_FIND_H

#include "cxm_fold.h"
#include "cxm_posting.h"
#include "cxm_record.h"


#define CXM_FIND_WORDS   8      /* of a query; later ones are passed over */
#define CXM_FIND_VALUES  16
#define CXM_FIND_ROWS    10000  /* looked at in one call */
#define CXM_FIND_DOCS    1000   /* opened in one call */

/* Where terms of a query are looked for. */
#define CXM_FIND_SHARED    0x01
#define CXM_FIND_PERSONAL  0x02

typedef struct {
    cxm_term_t  term;
    unsigned    where;
} cxm_find_value_t;

typedef struct {
    const cxm_record_t  *record;
    const cxm_fields_t  *fields;
    cxm_words_t          words;
    unsigned             nwords;
    unsigned             words_where;   /* of the fields that have words */
    unsigned             nvalues;
    cxm_find_value_t     value[CXM_FIND_VALUES];
    unsigned             nowners;       /* one of these is asked for, */
    cxm_term_t           owner[CXM_RECORD_PARTS];
    int                  personal;      /* a value of a personal field */
    int                  whole;         /* words are not looked for by how
                                           they begin */
} cxm_find_t;

typedef enum {
    CXM_FIND_EXACT = 0,
    CXM_FIND_WORD,
    CXM_FIND_PREFIX,
    CXM_FIND_END                /* all was looked at */
} cxm_find_level_t;

/* Where to go on; { CXM_FIND_EXACT, UINT32_MAX } is the start. */
typedef struct {
    cxm_find_level_t  level;
    uint32_t          below;    /* ordinals below this one */
} cxm_find_place_t;

cxm_rc_t cxm_find_begin(cxm_find_t *find, cxm_txn_t *txn,
    const cxm_record_t *record, cxm_error_t *err);

/* The same query once more; fields are those of its transaction. */
void cxm_find_copy(cxm_find_t *to, const cxm_find_t *from);

/* Asks for words, a member of a query. */
void cxm_find_words(cxm_find_t *find, cxm_str_t text);

/*
 * Asks for the value of the LOOKUP field at a path ("attributes.plan").
 * CXM_NOT_FOUND: no field there has such an index; CXM_INVALID: too many.
 */
cxm_rc_t cxm_find_value(cxm_find_t *find, cxm_txn_t *txn, cxm_str_t path,
    cxm_str_t value);

/*
 * Asks for documents of an owner or of its parts, by the LOOKUP field of the
 * owner's name; on top of what else is asked for.
 */
cxm_rc_t cxm_find_owner(cxm_find_t *find, cxm_txn_t *txn,
    const cxm_uuid_t *owner);

/* Whether anything was asked for. */
int cxm_find_asks(const cxm_find_t *find);

/*
 * Whether one document is among those that are asked for, at any level; in
 * another transaction than that of begin once `fields` is set anew.
 */
int cxm_find_has(const cxm_store_t *store, const cxm_find_t *find,
    const cxm_doc_t *doc);

/*
 * Calls fn for at most `limit` documents from *place on, and moves it: to
 * CXM_FIND_END, or behind the last one, or to where the bounds of one call
 * were met.
 */
cxm_rc_t cxm_find_run(cxm_txn_t *txn, const cxm_find_t *find,
    cxm_find_place_t *place, unsigned limit, cxm_doc_pt fn, void *ctx,
    cxm_error_t *err);


#endif /* CXM_FIND_H */
