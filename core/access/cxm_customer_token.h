/*
 * Tokens by which a site itself says who its customer is: JSON web tokens
 * (cxm_jws.h), signed with a key that the site shares with us, or whose public
 * half it has given us.  Customers so need no account of ours.
 *
 * Claims: "sub" is the site's own number of the customer; "exp" must be there
 * and within max_age, of "iat" where that is there; "nbf" and "iat" are heeded,
 * clocks may differ by a minute.  "aud", where it is there or asked for, must
 * be us.  "email" counts with "email_verified": true only, since an address
 * leads to whoever has it; "name" is a convenience.  Other claims are passed
 * over.
 *
 * A file of keys is text.  PEM blocks are Ed25519 public keys; otherwise each
 * line that is not empty and does not begin with # is a key: of HS256 as the
 * site's program has it, character by character, or in base64 behind
 * "base64:"; of Ed25519 the 32 bytes of the public key in base64.  All of them
 * are tried, so that keys are exchanged by adding the new one, then taking the
 * old one out.
 */

#ifndef CXM_CUSTOMER_TOKEN_H
#define CXM_CUSTOMER_TOKEN_H

#include "cxm_jws.h"
#include "cxm_time.h"


#define CXM_CUSTOMER_KEYS   8           /* of one file */
#define CXM_CUSTOMER_AGE    86400       /* s, where no max_age is named */
#define CXM_CUSTOMER_SKEW   60          /* s */

typedef struct {
    size_t         nkeys;
    cxm_jws_key_t  keys[CXM_CUSTOMER_KEYS];
    cxm_str_t      audience;        /* empty: the host that was asked */
    int64_t        max_age;         /* s */
} cxm_customer_rules_t;

#define CXM_CUSTOMER_SUB    100         /* characters */
#define CXM_CUSTOMER_NAME   200

/* Plain memory that ends in NULs; an empty text was not there. */
typedef struct {
    char  sub[4 * CXM_CUSTOMER_SUB + 1];
    char  email[256];                   /* proved to be the customer's */
    char  name[4 * CXM_CUSTOMER_NAME + 1];
} cxm_customer_claims_t;

typedef enum {
    CXM_TOKEN_GOOD = 0,
    CXM_TOKEN_MALFORMED,            /* no such token, or of another kind */
    CXM_TOKEN_UNSIGNED,             /* by none of the keys */
    CXM_TOKEN_CLAIMS,               /* one is missing or wrong */
    CXM_TOKEN_EARLY,                /* it counts later */
    CXM_TOKEN_EXPIRED,
    CXM_TOKEN_FAILED,               /* no memory */
    CXM_TOKEN_RESULTS
} cxm_token_result_t;

/* "good", "malformed" and so on: label of the metric. */
extern const char *const  cxm_token_results[CXM_TOKEN_RESULTS];

/*
 * *why, in words and static, is for the site's people: "it has expired".
 */
cxm_token_result_t cxm_customer_token(const cxm_customer_rules_t *rules,
    cxm_str_t token, cxm_str_t host, cxm_ms_t now,
    cxm_customer_claims_t *claims, const char **why);


/* --- keys (cxm_customer_key.c) ------------------------------------------ */

/*
 * Reads a file of keys into rules.  alg 0: what the file tells by itself, as
 * PEM does, else HS256; but 32 bytes in base64 may be either, and a public key
 * taken for a secret would let anybody sign.  CXM_INVALID and CXM_IO with a
 * detail that quotes nothing of the file: it is missing, open to others, holds
 * a private key, or a secret that is too short ...
 */
cxm_rc_t cxm_customer_keys_read(cxm_customer_rules_t *rules, const char *path,
    cxm_jws_alg_t alg, cxm_error_t *err);

/* The same of a text. */
cxm_rc_t cxm_customer_keys_parse(cxm_customer_rules_t *rules, cxm_str_t text,
    cxm_jws_alg_t alg, cxm_error_t *err);


#endif /* CXM_CUSTOMER_TOKEN_H */
