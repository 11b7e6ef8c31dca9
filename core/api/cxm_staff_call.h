/*
 * What routes of the staff share: a member and a password on their way
 * through the phases, as cxm_credential_t has them of accounts.
 *
 *   read    whose it is, and the hash that is kept of it
 *   hash    whether it is right; what must be made anew
 *   write   the member again, which may have been changed since
 *
 * A name that nobody has goes the same way, and ends where a wrong password
 * does.
 */

#ifndef CXM_STAFF_CALL_H
#define CXM_STAFF_CALL_H

#include "cxm_account_call.h"
#include "cxm_staff.h"


/* In `read`: the member of a name or an address, or the one who calls. */
cxm_rc_t cxm_staff_credential_of(cxm_call_t *call, cxm_txn_t *txn,
    cxm_str_t name);
cxm_rc_t cxm_staff_credential_own(cxm_call_t *call, cxm_txn_t *txn);

/* A route's `hash`: of input's "password". */
cxm_rc_t cxm_staff_credential_hash(cxm_call_t *call);

/*
 * In `write`: of one that was right, is still the member's, and whose member
 * may still come; references for the caller to drop in any case.
 * CXM_UNAUTHORIZED sets no error; *member is then who was named, number 0:
 * nobody.
 */
cxm_rc_t cxm_staff_credential_open(cxm_call_t *call, cxm_txn_t *txn,
    cxm_doc_t *member, json_t **secret);

/*
 * Takes input's "totp" or "recovery_code" by a second factor, which changes
 * (cxm_totp.h): in `write`, whose time counts.
 */
cxm_rc_t cxm_staff_code(cxm_call_t *call, cxm_txn_t *txn, json_t *totp);

/* A code was refused: what it changed is kept, and the reply is that. */
cxm_rc_t cxm_staff_code_refuse(cxm_call_t *call, cxm_txn_t *txn,
    const cxm_doc_t *member, json_t *secret, cxm_rc_t rc);


/* --- who signed in ------------------------------------------------------ */

/*
 * What a session's member may do: nothing, until it has the second factor
 * that it needs.  CXM_UNAUTHORIZED: it is disabled.
 */
cxm_rc_t cxm_staff_session(cxm_txn_t *txn, const cxm_session_t *session,
    cxm_principal_t *principal, cxm_error_t *err);

/*
 * The same of who is named by the host, which has made sure: no second factor
 * is asked for.  CXM_UNAUTHORIZED "no_member".
 */
cxm_rc_t cxm_staff_told(cxm_txn_t *txn, cxm_str_t name,
    cxm_principal_t *principal, cxm_error_t *err);

/*
 * A new session in the place of the one that the call came with, or none, and
 * its cookie; `half`: a code is still owed.
 */
cxm_rc_t cxm_staff_enter(cxm_call_t *call, cxm_txn_t *txn,
    const cxm_doc_t *member, int half);

/* The caller's session gets another token: its rights have changed. */
cxm_rc_t cxm_staff_renew(cxm_call_t *call, cxm_txn_t *txn);

/* The audit of who signed in, and of who did not (why; NULL: did). */
cxm_rc_t cxm_staff_note(cxm_call_t *call, cxm_txn_t *txn,
    const cxm_doc_t *member, const char *refused);


#endif /* CXM_STAFF_CALL_H */
