/*
 * Records: kinds of documents that a field table describes.
 *
 * A room declares a kind once, as a constant cxm_record_t; its kind's apply
 * is cxm_record_apply(), or calls it.  Writing, merge-patch, conditions,
 * indexes, history, lists and what an erasure takes away are then the same
 * for all kinds, and core/api/cxm_resource.h serves them.
 *
 * Members that the table calls personal are sealed with the key of the
 * document's subject and go with it: an erased document keeps the others.
 */

#ifndef CXM_RECORD_H
#define CXM_RECORD_H

#include "cxm_counter.h"
#include "cxm_doc.h"
#include "cxm_field.h"


struct cxm_caller_s;

typedef struct cxm_record_s  cxm_record_t;
typedef struct cxm_record_write_s  cxm_record_write_t;

#define CXM_RECORD_PERSON    0x01   /* has a subject, and so personal members;
                                       an owner's subject is its own */
#define CXM_RECORD_NAMED     0x02   /* named by a slug, not by a uuid */
#define CXM_RECORD_SEARCHED  0x04   /* fields of its table have indexes */
#define CXM_RECORD_HISTORY   0x08   /* cxm_record_history() is wanted */
#define CXM_RECORD_SITE      0x10   /* "attributes" are of the fields that the
                                       site defines (cxm_field_site.h) */
#define CXM_RECORD_MERGES    0x20   /* one may become part of another: has a
                                       READONLY member "merged_into" */

/* Rows that the table of a record with a subject has, at the end. */
#define CXM_RECORD_ROWS                                                       \
    CXM_FIELDS_DOC,                                                           \
    { .name = "erased", .type = CXM_FIELD_BOOL, .flags = CXM_FIELD_READONLY,  \
      .summary = "the person was erased: personal members are null" }

struct cxm_record_s {
    cxm_kind_no_t        kind;
    const char          *name;      /* "customer" */
    const cxm_fields_t  *fields;
    unsigned             flags;

    /*
     * Documents of another kind that each of these belongs to for good, by
     * a READONLY member of the owner's name that has its uuid.  NULL: none.
     */
    const cxm_record_t  *owner;

    /*
     * Before a write, once the document is well formed: what no table can
     * check, and what the server adds.  May be NULL.
     */
    cxm_rc_t           (*check)(cxm_record_write_t *write);

    /*
     * Whether a document counts, and in which series, by the time of its
     * beginning: there it comes and goes.  NULL: none does.
     */
    int                (*counted)(const cxm_doc_t *doc, cxm_series_t *series);
};

struct cxm_record_write_s {
    cxm_txn_t                  *txn;
    const cxm_record_t         *record;
    const struct cxm_caller_s  *caller;
    uint64_t                    actor;
    cxm_str_t                   slug;       /* CXM_RECORD_NAMED, else: */
    cxm_uuid_t                  id;         /* nil: made at creation */
    uint64_t                    no;         /* instead, if it is known */
    cxm_uuid_t                  owner;      /* where there is one */
    uint64_t                    person;     /* whose a new document is; 0: its
                                               owner's, or as `check` says */
    uint64_t                    if_match;
    int                         ours;       /* a patch of the server itself:
                                               it may set READONLY and HIDDEN
                                               members, and change a document
                                               that is erased, or a part */
    int                         removes;    /* cxm_record_delete() sets it */
    int                         dry;        /* all is checked, nothing is
                                               written; out then tells the
                                               version it would have */
    cxm_error_t                *err;

    /*
     * May change the document that a put or patch makes, before it is
     * checked; NULL: nothing does.
     */
    cxm_rc_t                  (*amend)(cxm_record_write_t *write);
    void                       *data;       /* of amend and check */

    /* For `check`. */
    const cxm_fields_t         *fields;     /* also those of the site */
    const cxm_doc_t            *old;        /* version 0: there is none */
    const json_t               *before;     /* as `document`; NULL: none */
    json_t                     *document;   /* whole; to be changed */
    uint64_t                    subject;    /* old's, `person`'s or the
                                               owner's; 0: to be chosen */
};

/*
 * The document becomes `input` (with what the server gave it before), which
 * is checked against the table.  CXM_INVALID, CXM_PRECONDITION, CXM_CONFLICT
 * ("person_erased", "id_taken", "slug_taken", "value_taken" and what `check`
 * says), CXM_NOT_FOUND (its owner).  *out is the caller's to clear.
 */
cxm_rc_t cxm_record_put(cxm_record_write_t *write, const json_t *input,
    cxm_doc_t *out, int *created);

/* The same by a merge patch (RFC 7396) of what is there; CXM_NOT_FOUND. */
cxm_rc_t cxm_record_patch(cxm_record_write_t *write, const json_t *patch,
    cxm_doc_t *out);

cxm_rc_t cxm_record_delete(cxm_record_write_t *write);

/*
 * The table, its "attributes" as the site defines them where it may: it
 * belongs to the transaction.
 */
cxm_rc_t cxm_record_fields(cxm_txn_t *txn, const cxm_record_t *record,
    const cxm_fields_t **out, cxm_error_t *err);

/*
 * The kind's apply; change->old is the caller's to clear, in any case, and
 * change NULL where nobody asks what changed.  Kinds with CXM_RECORD_PERSON
 * have cxm_record_lookups, and a `forget` that calls cxm_record_forget(): the
 * documents stay, they are nobody's.
 */
cxm_rc_t cxm_record_apply(cxm_txn_t *txn, const cxm_entry_t *entry,
    const cxm_record_t *record, cxm_doc_change_t *change);
cxm_rc_t cxm_record_forget(cxm_txn_t *txn, const cxm_record_t *record,
    uint64_t slot, uint64_t *kept);

/*
 * For a `forget` whose documents are not to stay: they go as if each were
 * deleted, by the kind's own apply.
 */
cxm_rc_t cxm_record_vanish(cxm_txn_t *txn, const cxm_record_t *record,
    uint64_t slot);

extern const cxm_lookups_t  cxm_record_lookups;


/* --- parts -------------------------------------------------------------- */

/*
 * A document of a record with CXM_RECORD_MERGES may become part of another
 * one, whose id is in its member "merged_into".  It stays as it was then, but
 * nobody finds it by its indexes, lists pass over it, and writes to it are
 * CXM_CONFLICT "merged".  What belongs to it stays where it is, and belongs
 * to the whole.  So taking it out again is taking away that member.
 */
#define CXM_MERGED_MEMBER  "merged_into"
#define CXM_RECORD_PARTS   256      /* of a whole, itself one of them */

/* Whether the document is a part, and of which one. */
int cxm_record_merged(const cxm_record_t *record, const json_t *body,
    cxm_uuid_t *into);

/* What has become of the document in the end; itself when it is no part. */
cxm_rc_t cxm_record_whole(cxm_txn_t *txn, const cxm_record_t *record,
    const cxm_uuid_t *id, cxm_uuid_t *whole);

/* CXM_OK for what is no part, else the error `moved`, which names the whole. */
cxm_rc_t cxm_record_moved(cxm_txn_t *txn, const cxm_record_t *record,
    const cxm_doc_t *doc, cxm_rc_t moved, cxm_error_t *err);

typedef struct {
    unsigned    n;
    cxm_uuid_t  id[CXM_RECORD_PARTS];
    uint64_t    no[CXM_RECORD_PARTS];       /* but of the first: 0 */
} cxm_record_parts_t;

/* A document, first, and all that have become parts of it. */
cxm_rc_t cxm_record_parts(cxm_txn_t *txn, const cxm_record_t *record,
    const cxm_uuid_t *whole, cxm_record_parts_t *out);

/* Documents that belong to an owner or its parts, newest first. */
typedef struct {
    cxm_txn_t           *txn;
    const cxm_record_t  *record;
    cxm_record_parts_t   owners;
    uint64_t             no[CXM_RECORD_PARTS];  /* of each the next to come */
} cxm_owned_t;

cxm_rc_t cxm_owned_begin(cxm_owned_t *owned, cxm_txn_t *txn,
    const cxm_record_t *record, const cxm_uuid_t *owner, uint64_t before);
cxm_rc_t cxm_owned_next(cxm_owned_t *owned, uint64_t *no);


/* --- reading ------------------------------------------------------------ */

/* What a caller may see of it, with or without the right to personal ones. */
cxm_field_see_t cxm_record_see(const cxm_doc_t *doc, int personal);

/*
 * As answered: id, members, version, created_at, updated_at, and "erased"
 * when it is; a new reference.
 */
json_t *cxm_record_json(const cxm_doc_t *doc, const cxm_fields_t *fields,
    cxm_field_see_t see);

/* The document of a person; CXM_NOT_FOUND. */
cxm_rc_t cxm_record_of_person(cxm_txn_t *txn, const cxm_record_t *record,
    uint64_t slot, uint64_t *no);

/* The newest one of a slot, of a number below `before`; CXM_NOT_FOUND. */
cxm_rc_t cxm_record_of_person_before(cxm_txn_t *txn,
    const cxm_record_t *record, uint64_t slot, uint64_t before, uint64_t *no);

/*
 * At most `limit` documents below number `before` (UINT64_MAX: all), newest
 * first; of an owner and its parts, if it is not NULL.  Without one parts are
 * listed too: the caller passes over them.
 */
cxm_rc_t cxm_record_list(cxm_txn_t *txn, const cxm_record_t *record,
    const cxm_uuid_t *owner, uint64_t before, unsigned limit, cxm_doc_pt fn,
    void *ctx, cxm_error_t *err);

/*
 * At most `limit` versions below `before` (0: all), newest first, and what
 * each changed: [{"field": pointer, "from", "to"}], null where there was or
 * is nothing; values of personal fields only if they may be seen.  Ends where
 * the journal ends.  fn borrows; non-zero says that memory is short.
 */
typedef struct {
    uint64_t   version;
    cxm_ms_t   at;
    uint64_t   actor;
    json_t    *changes;
} cxm_record_version_t;

typedef int (*cxm_history_pt)(void *ctx, const cxm_record_version_t *version);

cxm_rc_t cxm_record_history(cxm_txn_t *txn, const cxm_record_t *record,
    const cxm_doc_t *doc, uint64_t before, unsigned limit, int personal,
    int *seen, cxm_history_pt fn, void *ctx, cxm_error_t *err);


#endif /* CXM_RECORD_H */
