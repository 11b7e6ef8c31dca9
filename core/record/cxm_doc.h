/*
 * Documents: named or numbered things with versions, kept as after-images.
 *
 * A document's number is the sequence of the entry that created it.  Row in
 * `doc`: u8 kind | u64 number, sealed: header (uuid, version, created,
 * updated, entry's sequence, subject), the body, packed, and the personal
 * part as the entry has it: one ciphertext under the person's key, wherever
 * it lies.  `index` leads from uuid and from slug to the number.  The kind's
 * apply is cxm_doc_apply(), or calls it.
 */

#ifndef CXM_DOC_H
#define CXM_DOC_H

#include "cxm_journal.h"
#include "cxm_store.h"


typedef struct {
    uint64_t    no;
    uint64_t    version;        /* 1, 2, ... */
    uint64_t    seq;            /* entry that wrote this version */
    cxm_uuid_t  id;
    cxm_ms_t    created_at;
    cxm_ms_t    updated_at;
    uint64_t    subject;        /* person slot; 0: nobody */
    int         erased;         /* there is a subject, but no personal part,
                                   or none that can be read any more */
    json_t     *body;           /* references that cxm_doc_clear() drops */
    json_t     *personal;       /* NULL: there is none, or it is erased */
} cxm_doc_t;

void cxm_doc_clear(cxm_doc_t *doc);

/* CXM_NOT_FOUND sets no error: the caller knows what it looked for. */
cxm_rc_t cxm_doc_get(cxm_txn_t *txn, cxm_kind_no_t kind, uint64_t no,
    cxm_doc_t *out, cxm_error_t *err);
cxm_rc_t cxm_doc_by_name(cxm_txn_t *txn, cxm_kind_no_t kind, cxm_str_t slug,
    cxm_doc_t *out, cxm_error_t *err);
cxm_rc_t cxm_doc_by_id(cxm_txn_t *txn, cxm_kind_no_t kind,
    const cxm_uuid_t *id, cxm_doc_t *out, cxm_error_t *err);

/* Only the number. */
cxm_rc_t cxm_doc_no(cxm_txn_t *txn, cxm_kind_no_t kind, const cxm_uuid_t *id,
    uint64_t *no);

#define CXM_VERSION_ANY   UINT64_MAX    /* no If-Match */
#define CXM_VERSION_NONE  0             /* If-None-Match: * */
#define CXM_VERSION_SOME  (UINT64_MAX - 1)      /* If-Match: * */
#define CXM_VERSION_MISS  (UINT64_MAX - 2)      /* an ETag that is not ours */

/*
 * Creates or replaces the document of that slug (empty: found by *id, or
 * created with it).  The body's member "slug" (or none) is kept in the
 * index; body and personal are borrowed.  if_match: the version the caller
 * expects, else CXM_PRECONDITION.  *created tells 201 from 200.  A body equal
 * to the one stored writes nothing and keeps the version.
 */
typedef struct {
    cxm_kind_no_t  kind;
    cxm_str_t      slug;
    cxm_uuid_t     id;          /* nil: made at creation */
    uint64_t       no;          /* known by its number; 0: it is not */
    uint64_t       if_match;
    uint64_t       actor;
    uint64_t       subject;     /* whose key seals `personal` */
    json_t        *body;
    json_t        *personal;    /* NULL: none */
    int            dry;         /* only tell what would be done: replace
                                   counts the version, and no more */
} cxm_doc_write_t;

cxm_rc_t cxm_doc_put(cxm_txn_t *txn, const cxm_doc_write_t *write,
    cxm_doc_t *out, int *created, cxm_error_t *err);

/* kind, slug or id, if_match and actor are used. */
cxm_rc_t cxm_doc_delete(cxm_txn_t *txn, const cxm_doc_write_t *write,
    cxm_error_t *err);

/*
 * The steps of cxm_doc_put() for who makes the body from what is there:
 * find sets *out to the document, version 0 where there is none (CXM_OK
 * too), and checks if_match; replace takes it as such, and leaves what was
 * written there.  expect is the check alone.
 */
cxm_rc_t cxm_doc_find(cxm_txn_t *txn, const cxm_doc_write_t *write,
    cxm_doc_t *out, cxm_error_t *err);
cxm_rc_t cxm_doc_expect(uint64_t if_match, uint64_t version,
    cxm_error_t *err);
cxm_rc_t cxm_doc_replace(cxm_txn_t *txn, const cxm_doc_write_t *write,
    cxm_doc_t *doc, cxm_error_t *err);

/* Documents of a kind by number, from above `after` on, at most limit. */
typedef int (*cxm_doc_pt)(void *ctx, const cxm_doc_t *doc);    /* 1: stop */

cxm_rc_t cxm_doc_list(cxm_txn_t *txn, cxm_kind_no_t kind, uint64_t after,
    unsigned limit, cxm_doc_pt fn, void *ctx, cxm_error_t *err);

/* Whether there is any of a kind. */
cxm_rc_t cxm_doc_any(cxm_txn_t *txn, cxm_kind_no_t kind, int *any,
    cxm_error_t *err);

/* The apply of document kinds: PUT and DELETE entries. */
cxm_rc_t cxm_doc_apply(cxm_txn_t *txn, const cxm_entry_t *entry);

/*
 * The same, telling what changed: version 0 stands for no document.  `now`
 * borrows body and personal of the entry; `old` is the caller's to clear, in
 * any case.
 */
typedef struct {
    cxm_doc_t  old;
    cxm_doc_t  now;
} cxm_doc_change_t;

static inline uint64_t
cxm_doc_change_no(const cxm_doc_change_t *change)
{
    return change->now.version != 0 ? change->now.no : change->old.no;
}

cxm_rc_t cxm_doc_apply_change(cxm_txn_t *txn, const cxm_entry_t *entry,
    cxm_doc_change_t *change);

/*
 * As answered: body's members (not those the room hides; it deletes them
 * before) with id, version, created_at, updated_at; a new reference.
 */
json_t *cxm_doc_json(const cxm_doc_t *doc);


#endif /* CXM_DOC_H */
