/*
 * Signed claims: JSON web tokens (RFC 7519) in the compact form of JWS
 * (RFC 7515), read only.
 *
 * A key has its algorithm; the token's header only has to agree, so nothing
 * that a token says chooses how it is checked, and "none" is no choice.  The
 * signature is checked before any JSON is read: what nobody has signed meets
 * no parser.  Keys that a header brings along or points at are not looked at.
 */

#ifndef CXM_JWS_H
#define CXM_JWS_H

#include <jansson.h>

#include "cxm_str.h"


#define CXM_JWS_MAX      4096       /* bytes of a token */
#define CXM_JWS_KEY_MIN  32         /* of an HS256 key, RFC 7518, 3.2 */
#define CXM_JWS_KEY_MAX  512

typedef enum {
    CXM_JWS_HS256 = 1,              /* HMAC with SHA-256, RFC 7518 */
    CXM_JWS_ED25519                 /* RFC 8037; a public key */
} cxm_jws_alg_t;

typedef struct {
    cxm_jws_alg_t  alg;
    size_t         len;
    uint8_t        b[CXM_JWS_KEY_MAX];
} cxm_jws_key_t;

/*
 * The payload of a token that one of the keys has signed, a JSON object and a
 * new reference.  CXM_BAD_REQUEST: no token in its one form; CXM_UNAUTHORIZED:
 * none of the keys has signed it; CXM_INTERNAL without memory.  *why tells
 * people more, is static and has no quotes in it.
 */
cxm_rc_t cxm_jws_open(cxm_str_t token, const cxm_jws_key_t *keys, size_t nkeys,
    json_t **payload, const char **why);

/* Of 32 bytes: whether they are a point that signatures can be checked by. */
int cxm_jws_is_public_key(const uint8_t *key);


#endif /* CXM_JWS_H */
