/*
 * Staff: people who work with a site's customers, and sign in.
 *
 * Kind CXM_KIND_STAFF, a record named by a slug: who a member is and what its
 * role lets it do.  Kind CXM_KIND_STAFF_SECRET, a document with the same
 * uuid, is what it signs in with: {"password"?: hash, "totp"?: cxm_totp.h,
 * "totp_next"?: one that is begun and does not count yet}.
 * They are two so that no list, history or stream comes near the second, and
 * so that signing in is no change of the member.
 *
 * Staff are people, but none of the site's customers: both kinds are sealed
 * with the store's key and have no subject.  Every change and every reading
 * of what is personal names who did it, and must be able to as long as it is
 * kept; so a member who leaves is disabled, and never deleted or erased.
 */

#ifndef CXM_STAFF_H
#define CXM_STAFF_H

#include "cxm_access.h"
#include "cxm_record.h"


extern const cxm_record_t  cxm_record_staff;
extern const cxm_fields_t  cxm_staff_fields;
extern const cxm_kind_t    cxm_kind_staff;
extern const cxm_kind_t    cxm_kind_staff_secret;


/*
 * --- members -----------------------------------------------------------
 *
 * A change of a role, a password or a second factor, and a member that is
 * disabled, end its sessions, all but the one that asks for it.
 */

typedef struct {
    cxm_str_t    slug;
    cxm_str_t    name;              /* for people; may be empty, */
    cxm_str_t    email;             /* and so may this one */
    cxm_str_t    role;
    int          totp_optional;
    const char  *password;          /* its hash; NULL: none, others tell who
                                       it is (cxm_staff_identity) */
} cxm_staff_spec_t;

/*
 * A new member; *out is the caller's to clear.  CXM_INVALID; CXM_CONFLICT
 * "slug_taken", "value_taken" (the address).
 */
cxm_rc_t cxm_staff_add(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_staff_spec_t *spec, cxm_doc_t *out, cxm_error_t *err);

/* By its slug or its address; CXM_NOT_FOUND sets no error. */
cxm_rc_t cxm_staff_find(cxm_txn_t *txn, cxm_str_t name, cxm_doc_t *out,
    cxm_error_t *err);

/* A change of a member by the code itself, of hidden members too. */
cxm_record_write_t cxm_staff_write(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_doc_t *member, cxm_error_t *err);

/*
 * cxm_record_patch(), to which CXM_CONFLICT "last_admin" comes: a change of
 * somebody else than the tools (write->ours) after which no admin could sign
 * in.
 */
cxm_rc_t cxm_staff_patch(cxm_record_write_t *write, const json_t *patch,
    cxm_doc_t *out);

/* Ends all sessions of a member but the one that asks for it. */
cxm_rc_t cxm_staff_end_sessions(cxm_txn_t *txn, const cxm_caller_t *caller,
    uint64_t member, cxm_error_t *err);

/* How many admins may sign in, but for number `except` (0: all). */
cxm_rc_t cxm_staff_admins(cxm_txn_t *txn, uint64_t except, unsigned *n,
    cxm_error_t *err);

/* Whether it may do nothing before it has a second factor. */
int cxm_staff_owes_totp(const cxm_doc_t *member);

/* What a member may do; CXM_UNAUTHORIZED: it is disabled. */
cxm_rc_t cxm_staff_principal(const cxm_doc_t *member,
    cxm_principal_t *principal);


/* --- what they sign in with --------------------------------------------- */

#define CXM_STAFF_TOTP_NEXT  "totp_next"

/*
 * *secret is a new reference, for its holder to change and to keep;
 * CXM_NOT_FOUND is a member that cannot sign in.
 */
cxm_rc_t cxm_staff_secret(cxm_txn_t *txn, const cxm_doc_t *member,
    json_t **secret, cxm_error_t *err);
cxm_rc_t cxm_staff_secret_keep(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_doc_t *member, json_t *secret, cxm_error_t *err);

/*
 * cxm_password_refuse() of who has these names; `spec_of` borrows those of a
 * member.
 */
cxm_rc_t cxm_staff_password_refuse(cxm_str_t password,
    const cxm_staff_spec_t *own, const char *pointer, cxm_error_t *err);
void cxm_staff_spec_of(const cxm_doc_t *member, cxm_staff_spec_t *spec);

/* A password's hash instead of the one there is. */
cxm_rc_t cxm_staff_set_password(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_doc_t *member, const char *hash, cxm_error_t *err);

/* A second factor (borrowed), or none any more: NULL. */
cxm_rc_t cxm_staff_set_totp(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_doc_t *member, json_t *totp, cxm_error_t *err);


#endif /* CXM_STAFF_H */
