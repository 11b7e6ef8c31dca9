/*
 * Flow of accounts: which customer they belong to, and which messages go out
 * for what happens with them.
 */

#ifndef CXM_FLOW_ACCOUNT_H
#define CXM_FLOW_ACCOUNT_H

#include "cxm_account_token.h"
#include "cxm_journal.h"


/*
 * A new account becomes one of the customer's whom its address leads to, now
 * that this is proved, or of a new one.  CXM_CONFLICT where the identifiers
 * of that record do not allow it.
 */
cxm_rc_t cxm_flow_join_account(cxm_txn_t *txn, const cxm_doc_t *account,
    cxm_error_t *err);

/*
 * The customer's identifier follows when an account has another address than
 * `old`.  CXM_CONFLICT: another customer has it.
 */
cxm_rc_t cxm_flow_move_account(cxm_txn_t *txn, const cxm_doc_t *account,
    cxm_str_t old, cxm_error_t *err);

/* Reactions to CXM_KIND_TOKEN and CXM_KIND_SIGNIN. */
cxm_rc_t cxm_flow_token(cxm_txn_t *txn, const cxm_entry_t *entry,
    cxm_error_t *err);
cxm_rc_t cxm_flow_signin(cxm_txn_t *txn, const cxm_entry_t *entry,
    cxm_error_t *err);

/* Who registered and never came back is erased with the token. */
extern const cxm_due_class_t  cxm_due_token;


#endif /* CXM_FLOW_ACCOUNT_H */
