/*
 * Accounts: what a customer signs in with.
 *
 * Kind CXM_KIND_ACCOUNT, a record.  Its subject is a person slot of its own,
 * which the identifier "account" makes one of a customer's: who the customer
 * is follows from the slot, also after records were merged.  All that tells
 * of a person, the password's hash among it, is sealed with that slot's key.
 *
 * There is no account whose address was not proved: what somebody registers
 * with waits in a one-time token (cxm_account_token.h) until who has the
 * mailbox redeems it.  So nobody can take an address beforehand, and a second
 * attempt takes nothing from the first.
 */

#ifndef CXM_ACCOUNT_H
#define CXM_ACCOUNT_H

#include "cxm_access.h"
#include "cxm_record.h"


#define CXM_ACCOUNT_NETWORKS  20        /* that it signed in from; the oldest
                                           goes */
#define CXM_ACCOUNT_NETWORK   16        /* bytes of a keyed hash */

extern const cxm_record_t  cxm_record_account;
extern const cxm_fields_t  cxm_account_fields;
extern const cxm_kind_t    cxm_kind_account;

/* CXM_OK, or CXM_UNAUTHORIZED: it is closed, erased or gone. */
cxm_rc_t cxm_account_live(cxm_txn_t *txn, uint64_t no, cxm_error_t *err);

/*
 * The live account of an address, as it was typed, or of a number;
 * CXM_NOT_FOUND, with version 0.  *out is the caller's to clear, in any case.
 */
cxm_rc_t cxm_account_by_email(cxm_txn_t *txn, cxm_str_t email,
    cxm_doc_t *out, cxm_error_t *err);
cxm_rc_t cxm_account_get(cxm_txn_t *txn, uint64_t no, cxm_doc_t *out,
    cxm_error_t *err);

/*
 * Calls fn with each live account of a person, by any of their slots, until
 * it returns other than CXM_OK: customers that were merged may have had one
 * each.
 */
typedef cxm_rc_t (*cxm_account_pt)(void *ctx, const cxm_doc_t *account);

cxm_rc_t cxm_account_each(cxm_txn_t *txn, uint64_t slot, cxm_account_pt fn,
    void *ctx, cxm_error_t *err);

/*
 * The account of who has redeemed a "verify" token; CXM_CONFLICT
 * "value_taken": another was quicker.  *out is the caller's to clear.
 */
cxm_rc_t cxm_account_create(cxm_txn_t *txn, const cxm_doc_t *token,
    cxm_doc_t *out, cxm_error_t *err);

/*
 * Networks that it signed in from, by a keyed hash of the address as callers
 * have it; adding one that is there does nothing.
 */
int cxm_account_knows(const cxm_store_t *store, const cxm_doc_t *account,
    cxm_str_t address);
cxm_rc_t cxm_account_learn(cxm_txn_t *txn, cxm_doc_t *account,
    cxm_str_t address, cxm_error_t *err);

/* A password's hash in place of the one there is. */
cxm_rc_t cxm_account_set_password(cxm_txn_t *txn, cxm_doc_t *account,
    const char *hash, cxm_error_t *err);

/* The same password's, of today's cost. */
cxm_rc_t cxm_account_rehash(cxm_txn_t *txn, cxm_doc_t *account,
    const char *hash, cxm_error_t *err);

/* The second factor's state (taken over); NULL: none any more. */
cxm_rc_t cxm_account_set_totp(cxm_txn_t *txn, cxm_doc_t *account,
    json_t *totp, cxm_error_t *err);

/*
 * A merge patch by the server in the account's name, hidden members too; it is
 * taken over, and NULL is a lack of memory.  `account` is what there is and
 * becomes what was written.
 */
cxm_rc_t cxm_account_patch(cxm_txn_t *txn, json_t *patch,
    cxm_doc_t *account, cxm_error_t *err);


#endif /* CXM_ACCOUNT_H */
