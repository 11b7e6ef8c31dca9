/*
 * What routes of accounts share.
 */

#ifndef CXM_ACCOUNT_CALL_H
#define CXM_ACCOUNT_CALL_H

#include "cxm_account_event.h"
#include "cxm_account_token.h"
#include "cxm_api.h"
#include "cxm_password.h"
#include "cxm_session.h"


/* A row of theirs: {SELF(CXM_POST, "login", CXM_PUBLIC), ...}. */
#define CXM_SELF(method_, path_, policy_)                                     \
    .endpoint = CXM_ENDPOINT_SELF, .method = method_, .path = path_,          \
    .policy = policy_

/*
 * Bodies with a password: no hash of them is kept for an Idempotency-Key, nor
 * is a reply that sets a cookie.
 */
#define CXM_SELF_SECRET  (CXM_ROUTE_NAMED | CXM_ROUTE_SECRET)

/*
 * An account and a password on their way through the phases: `read` finds,
 * `hash` judges and makes, `write` does.  It is call->data.
 */
typedef struct {
    uint64_t   account;                 /* 0: of nobody */
    int        known;                   /* it signed in from this network */
    int        quiet;                   /* too many mails: none goes out */
    cxm_rc_t   good;                    /* of the password that was given */
    int        again;                   /* its hash is to be made anew */
    char       kept[CXM_PASSWORD_HASH];     /* hash of the account's; empty:
                                               nobody's */
    char       made[CXM_PASSWORD_HASH];     /* of a new one; empty: none */
} cxm_credential_t;

/* A new one in call->data, zeroed; it is wiped with the call. */
cxm_credential_t *cxm_credential_create(cxm_call_t *call);

/*
 * In `read`: the account of an address; or of a number, whose password is to
 * be checked, which counts as a try.
 */
cxm_rc_t cxm_credential_email(cxm_call_t *call, cxm_txn_t *txn,
    cxm_str_t email);
cxm_rc_t cxm_credential_account(cxm_call_t *call, cxm_txn_t *txn,
    uint64_t no);

/* A try at the credential's account, by that name: CXM_TOO_MANY. */
cxm_rc_t cxm_credential_try(cxm_call_t *call, cxm_str_t email);

/* In `hash`: the member of the input is checked; or hashed into `made`. */
cxm_rc_t cxm_credential_check(cxm_call_t *call, const char *name);
cxm_rc_t cxm_credential_make(cxm_call_t *call, const char *name);

/*
 * In `write`: the account as it is now, if the password is still the one that
 * was judged; CXM_UNAUTHORIZED.
 */
cxm_rc_t cxm_credential_open(cxm_call_t *call, cxm_txn_t *txn,
    cxm_doc_t *account);

/* Where messages of this call lead: to the page at a path below ours. */
cxm_str_t cxm_self_path(cxm_call_t *call, const char *page);

/* A fact of an account (NULL: of nobody's); what is not given is 0. */
cxm_rc_t cxm_self_fact(cxm_call_t *call, cxm_txn_t *txn,
    const cxm_doc_t *account, cxm_account_fact_t fact);

/*
 * The same with n blank tokens for the documents that the other way of the
 * call would make: both must take the same time (cxm_account_token.h).
 */
cxm_rc_t cxm_self_blank_fact(cxm_call_t *call, cxm_txn_t *txn,
    const cxm_doc_t *account, cxm_account_event_t event, unsigned n);

/* A whole session for an account, its cookie, and the fact. */
cxm_rc_t cxm_self_enter(cxm_call_t *call, cxm_txn_t *txn, cxm_doc_t *account,
    cxm_account_event_t event, cxm_ms_t since);

/* The session that one has gets another token: rights have changed. */
cxm_rc_t cxm_self_rotate(cxm_call_t *call, cxm_txn_t *txn);

/*
 * Runs fn with the account of who is signed in once the password at the
 * pointer was right; a wrong one leaves the fact of it, and is 422.
 */
typedef cxm_rc_t (*cxm_self_pt)(cxm_call_t *call, cxm_txn_t *txn,
    cxm_doc_t *account);

cxm_rc_t cxm_self_with_password(cxm_call_t *call, cxm_txn_t *txn,
    const char *pointer, cxm_self_pt fn);

/* 422 for a token that redeems nothing, whatever is wrong with it. */
cxm_rc_t cxm_self_no_token(cxm_call_t *call);

/* Runs fn with the input's token, one of that purpose, and its account. */
typedef cxm_rc_t (*cxm_self_token_pt)(cxm_call_t *call, cxm_txn_t *txn,
    const cxm_doc_t *token, cxm_doc_t *account);

cxm_rc_t cxm_self_with_token(cxm_call_t *call, cxm_txn_t *txn,
    cxm_token_purpose_t purpose, cxm_self_token_pt fn);

/* Who the account and its customer are, a new reference. */
json_t *cxm_self_who(const cxm_doc_t *account, const cxm_uuid_t *customer);
extern const cxm_fields_t  cxm_self_who_fields;


#endif /* CXM_ACCOUNT_CALL_H */
