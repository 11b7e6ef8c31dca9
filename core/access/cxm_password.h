/*
 * Passwords: how they are kept, and which are refused.
 *
 * They are kept as argon2id, in the PHC form that libsodium writes:
 * "$argon2id$v=19$m=19456,t=2,p=1$" salt "$" hash.  Two passes over 19 MiB
 * are the least that OWASP's ASVS 5.0 (appendix C) accepts; memory rather
 * than passes is what an attacker's hardware has to pay for, and what the
 * host has to bound: one hash, made or verified, takes CXM_PASSWORD_MEMORY
 * bytes and no hash may ask for more.
 *
 * A password is hashed exactly as it came (ASVS 6.2.8): neither cut, folded
 * nor normalized.
 */

#ifndef CXM_PASSWORD_H
#define CXM_PASSWORD_H

#include "cxm_error.h"
#include "cxm_str.h"


#define CXM_PASSWORD_MIN     8          /* characters */
#define CXM_PASSWORD_MAX     1024       /* bytes */
#define CXM_PASSWORD_HASH    128        /* with its NUL */

#define CXM_PASSWORD_PASSES  2
#define CXM_PASSWORD_MEMORY  (19u << 20)

/* What may be spent on a hash that is kept. */
#define CXM_PASSWORD_PASSES_MAX  4


typedef struct {
    unsigned  memory;                   /* KiB */
    unsigned  passes;
} cxm_password_cost_t;

/*
 * What verifying with a kept hash would cost.  CXM_CORRUPT: it is no
 * argon2id hash, or asks for more than may be spent; it must not be run.
 */
cxm_rc_t cxm_password_cost(const char *hash, cxm_password_cost_t *cost);

/*
 * Both take tens of milliseconds: not in the event loop, and only with a
 * permit (cxm_route_t's `hash`).  CXM_UNAVAILABLE: there was no memory.
 */
cxm_rc_t cxm_password_hash(cxm_str_t password, char out[CXM_PASSWORD_HASH],
    cxm_error_t *err);

/*
 * CXM_OK or CXM_UNAUTHORIZED.  hash NULL is nobody's: nothing matches it, and
 * it takes as long to find out.  *again: the hash is not what
 * cxm_password_hash() would make today: make and keep it anew.
 */
cxm_rc_t cxm_password_verify(const char *hash, cxm_str_t password, int *again,
    cxm_error_t *err);

/*
 * Whether somebody may choose it: CXM_INVALID with issues at `pointer`:
 * too_short, too_long, breached, similar.  own: what names the person (e-mail
 * address, names).  All texts are valid UTF-8.
 */
cxm_rc_t cxm_password_refuse(cxm_str_t password, const cxm_str_t *own,
    unsigned nown, const char *pointer, cxm_error_t *err);


#endif /* CXM_PASSWORD_H */
