/*
 * One-time tokens: what is mailed to prove who has a mailbox.
 *
 * Kind CXM_KIND_TOKEN, documents that go when they are used, when another
 * one takes their place, or when their time is over.  A token waits for:
 *
 *   verify   who registered: e-mail, name, language and the password's hash
 *            lie in it, sealed with the key of a new slot
 *   reset    a new password of an account
 *   email    another address of an account
 *   revert   who had its address before, and takes that back
 *   blank    nothing, see below
 *
 * Its text is base32 of the document's id and of 32 bytes of a keyed hash of
 * it (CXM_SUBKEY_ACCOUNT): it is nowhere kept, and made again for who renders
 * the mail.  Using one is deleting it, in the transaction that does what it
 * is for: of a hundred at once one finds it.
 *
 * Blank ones are written where nobody is mailed to, as many as there would be
 * documents otherwise: who writes more answers later, and how late must not
 * tell whether an address has an account.  They lead nowhere, hold nothing of
 * the address and go as others do.  (To answer first and write then was the
 * other way: it promises what a crash may take back, or puts the write off to
 * where the next request meets it.)
 */

#ifndef CXM_ACCOUNT_TOKEN_H
#define CXM_ACCOUNT_TOKEN_H

#include "cxm_account.h"


typedef enum {
    CXM_TOKEN_VERIFY = 0,
    CXM_TOKEN_RESET,
    CXM_TOKEN_EMAIL,
    CXM_TOKEN_REVERT,
    CXM_TOKEN_BLANK,
    CXM_TOKEN_PURPOSES
} cxm_token_purpose_t;

#define CXM_ACCOUNT_TOKEN  77           /* characters */
#define CXM_TOKEN_REVERTS  (7 * CXM_MS_DAY)     /* for how long one does */

/* All strings and `waiting` are borrowed. */
typedef struct {
    cxm_token_purpose_t  purpose;
    const cxm_doc_t     *account;       /* NULL: there is none yet */
    cxm_str_t            language;      /* of the mail; may be empty */
    cxm_str_t            base;          /* scheme and host of its link */
    cxm_str_t            path;          /* of the page that redeems it */
    json_t              *waiting;       /* personal: what it is for */
} cxm_token_spec_t;

/* Made in the caller's name; the newest few of a purpose are good. */
cxm_rc_t cxm_token_make(cxm_txn_t *txn, const cxm_token_spec_t *spec,
    cxm_error_t *err);

/* The document of a text; CXM_NOT_FOUND, whatever is wrong with it. */
cxm_rc_t cxm_token_find(cxm_txn_t *txn, cxm_token_purpose_t purpose,
    cxm_str_t text, cxm_ms_t now, cxm_doc_t *out, cxm_error_t *err);

/*
 * It is used; or those of a slot are worth nothing any more, but for those
 * that revert: a thief who has the account could else take them away.
 */
cxm_rc_t cxm_token_end(cxm_txn_t *txn, uint64_t actor, const cxm_uuid_t *id,
    cxm_error_t *err);
cxm_rc_t cxm_token_end_all(cxm_txn_t *txn, uint64_t actor, uint64_t slot,
    cxm_error_t *err);

/* Those, too. */
cxm_rc_t cxm_token_end_every(cxm_txn_t *txn, uint64_t actor, uint64_t slot,
    cxm_error_t *err);

/* Number of its account, 0: none; and what it is for. */
uint64_t cxm_token_account(const json_t *body);
int cxm_token_is(const json_t *body, cxm_token_purpose_t purpose);

/* Appends the text of a token that is there; CXM_NOT_FOUND. */
cxm_rc_t cxm_token_secret(cxm_txn_t *txn, const cxm_uuid_t *id,
    cxm_buf_t *out);

/*
 * Its time is over.  *slot is that of who registered and never came back,
 * else 0: nobody needs its key any more.
 */
cxm_rc_t cxm_token_expire(cxm_txn_t *txn, uint64_t no, uint64_t *slot,
    cxm_error_t *err);

#define CXM_DUE_TOKEN  11               /* class of due rows; core/flow runs
                                           them */

extern const cxm_kind_t  cxm_kind_token;


#endif /* CXM_ACCOUNT_TOKEN_H */
