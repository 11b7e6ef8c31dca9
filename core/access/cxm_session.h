/*
 * Sessions: who signed in to a browser or an app, and until when.
 *
 * A session is told by a token of 32 random bytes, lower-case base32, that a
 * cookie carries; the store keeps a plain BLAKE2b-256 hash of it, as of API
 * keys.  It ends by itself when it was not used for the idle limit, or at its
 * absolute limit, whichever comes first, and is looked up in the store at
 * every request: what is ended is ended at once.
 *
 * Kind CXM_KIND_SESSION, documents named by the hash (as slug).  Device and
 * country are personal: they go with the owner.  `index`:
 * CXM_NS_SESSION_OWNER, u64 owner's number, u64 number -> nothing.
 *
 * Those that there are, half ones apart, count in CXM_SERIES_SESSION by type
 * (as question), point 0, dated when they began, and until they end.
 *
 * A half session is one whose owner has given the password and owes the
 * second factor: it opens nothing but that step, for a few minutes and a few
 * tries.
 */

#ifndef CXM_SESSION_H
#define CXM_SESSION_H

#include "cxm_access.h"
#include "cxm_field.h"


typedef enum {
    CXM_SESSION_CUSTOMER = 0,
    CXM_SESSION_STAFF,
    CXM_SESSION_TYPES
} cxm_session_type_t;

#define CXM_SESSION_TOKEN     52        /* characters */
#define CXM_SESSION_MAX       50        /* of an owner: the one that was used
                                           longest ago makes room */
#define CXM_SESSION_HALF      (5 * CXM_MS_MINUTE)
#define CXM_SESSION_FAILURES  5         /* wrong codes end a half session */

typedef struct {
    uint64_t            no;
    cxm_session_type_t  type;
    uint64_t            owner;          /* number of the account's or the
                                           staff member's document */
    uint64_t            subject;        /* owner's person slot; 0: none */
    cxm_ms_t            seen_at;
    cxm_ms_t            ends_at;        /* absolute limit */
    int                 half;
    unsigned            failures;
    int                 late;           /* its use is to be noted */
} cxm_session_t;

typedef struct {
    cxm_session_type_t  type;
    uint64_t            owner;
    uint64_t            subject;
    int                 half;
} cxm_session_spec_t;

/* token gets its characters and a NUL: the only time it is seen. */
cxm_rc_t cxm_session_begin(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_session_spec_t *spec, char token[CXM_SESSION_TOKEN + 1],
    cxm_error_t *err);

/*
 * The live session of a token, half ones too; CXM_NOT_FOUND.  Three rows are
 * read.
 */
cxm_rc_t cxm_session_find(cxm_txn_t *txn, cxm_session_type_t type,
    cxm_str_t token, cxm_ms_t now, cxm_session_t *out, cxm_error_t *err);

/* The same of a number. */
cxm_rc_t cxm_session_get(cxm_txn_t *txn, uint64_t no, cxm_ms_t now,
    cxm_session_t *out, cxm_error_t *err);

/* Whether it is still there; CXM_UNAUTHORIZED when it was ended since. */
cxm_rc_t cxm_session_check(cxm_txn_t *txn, uint64_t no, cxm_ms_t now,
    cxm_error_t *err);

/* Its use is noted, at most every twentieth of the idle limit. */
cxm_rc_t cxm_session_seen(cxm_txn_t *txn, uint64_t no, cxm_error_t *err);

/* Gives it another token: the one before is worth nothing any more. */
cxm_rc_t cxm_session_rotate(cxm_txn_t *txn, uint64_t actor, uint64_t no,
    char token[CXM_SESSION_TOKEN + 1], cxm_error_t *err);

/* A wrong code was given to a half session, which the last of them ends. */
cxm_rc_t cxm_session_failed(cxm_txn_t *txn, uint64_t no, cxm_error_t *err);

/* Ends one (CXM_NOT_FOUND), or all of an owner but one (0: all). */
cxm_rc_t cxm_session_end(cxm_txn_t *txn, uint64_t actor, uint64_t no,
    cxm_error_t *err);
cxm_rc_t cxm_session_end_all(cxm_txn_t *txn, uint64_t actor, uint64_t owner,
    uint64_t but, unsigned *n, cxm_error_t *err);

/*
 * Sessions of an owner that are no half ones, newest first, as
 * cxm_session_fields have them: a new reference; `own` is the caller's.
 */
cxm_rc_t cxm_session_list(cxm_txn_t *txn, uint64_t owner, uint64_t own,
    json_t **items, cxm_error_t *err);

/*
 * The number of an owner's session by its id, or of any owner's (0) of the
 * type; CXM_NOT_FOUND: none of theirs.
 */
cxm_rc_t cxm_session_by_id(cxm_txn_t *txn, cxm_session_type_t type,
    uint64_t owner, cxm_str_t id, uint64_t *no, cxm_error_t *err);

/* How long a cookie of the type is kept: the absolute limit, in seconds. */
int64_t cxm_session_age(cxm_session_type_t type);

extern const cxm_fields_t     cxm_session_fields;
extern const cxm_kind_t       cxm_kind_session;
extern const cxm_due_class_t  cxm_due_session;


#endif /* CXM_SESSION_H */
