/*
 * Passwords by libsodium's argon2id.
 */

#include <errno.h>
#include <sodium.h>

#include "cxm_log.h"
#include "cxm_password.h"


#define CXM_PASSWORD_KIB         (CXM_PASSWORD_MEMORY >> 10)
#define CXM_PASSWORD_KIB_MIN     8      /* argon2's own least */
#define CXM_PASSWORD_DIGITS      5
#define CXM_PASSWORD_SALT_LEN    22     /* characters of base64 */
#define CXM_PASSWORD_SUM_LEN     43

_Static_assert(CXM_PASSWORD_HASH == crypto_pwhash_STRBYTES, "hash");

/* Of a random password that was thrown away, with today's cost. */
static const char  nobody[CXM_PASSWORD_HASH] =
    "$argon2id$v=19$m=19456,t=2,p=1$L5daIJqP2pPn3WZuopAtLQ$"
    "BFW89SCRThwoMZeuMyEKV/Q3NvmA2J+qlL8V4KH+Rbs";


static int
cost_is(cxm_str_t *s, const char *text)
{
    size_t  len;

    len = strlen(text);

    if (s->len < len || memcmp(s->data, text, len) != 0) {
        return 0;
    }

    s->data += len;
    s->len -= len;

    return 1;
}


/* A number without leading zeros, up to `max`. */
static int
cost_number(cxm_str_t *s, unsigned max, unsigned *out)
{
    unsigned  i, n;

    n = 0;

    for (i = 0; i < s->len && s->data[i] >= '0' && s->data[i] <= '9'; i++) {

        if (i == CXM_PASSWORD_DIGITS || (i == 1 && n == 0)) {
            return 0;
        }

        n = n * 10 + (unsigned) (s->data[i] - '0');
    }

    s->data += i;
    s->len -= i;
    *out = n;

    return i > 0 && n <= max;
}


static int
cost_base64(cxm_str_t *s, size_t len)
{
    size_t  i;

    static const char  base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz0123456789+/";

    if (s->len < len) {
        return 0;
    }

    for (i = 0; i < len; i++) {
        if (s->data[i] == '\0' || strchr(base64, s->data[i]) == NULL) {
            return 0;
        }
    }

    s->data += len;
    s->len -= len;

    return 1;
}


cxm_rc_t
cxm_password_cost(const char *hash, cxm_password_cost_t *cost)
{
    cxm_str_t  s;

    s = (cxm_str_t) { strnlen(hash, CXM_PASSWORD_HASH), hash };

    if (s.len < CXM_PASSWORD_HASH
        && cost_is(&s, "$argon2id$v=19$m=")
        && cost_number(&s, CXM_PASSWORD_KIB, &cost->memory)
        && cost->memory >= CXM_PASSWORD_KIB_MIN
        && cost_is(&s, ",t=")
        && cost_number(&s, CXM_PASSWORD_PASSES_MAX, &cost->passes)
        && cost->passes > 0
        && cost_is(&s, ",p=1$")
        && cost_base64(&s, CXM_PASSWORD_SALT_LEN)
        && cost_is(&s, "$")
        && cost_base64(&s, CXM_PASSWORD_SUM_LEN)
        && s.len == 0)
    {
        return CXM_OK;
    }

    return CXM_CORRUPT;
}


static cxm_rc_t
password_no_memory(cxm_error_t *err)
{
    if (err != NULL) {
        err->retry_after = 1;
    }

    return cxm_fail(err, CXM_UNAVAILABLE, "overloaded",
                    "There is no memory to check a password at the moment.");
}


cxm_rc_t
cxm_password_hash(cxm_str_t password, char out[CXM_PASSWORD_HASH],
    cxm_error_t *err)
{
    if (crypto_pwhash_str_alg(out, password.data, password.len,
                              CXM_PASSWORD_PASSES, CXM_PASSWORD_MEMORY,
                              crypto_pwhash_ALG_ARGON2ID13)
        != 0)
    {
        return password_no_memory(err);
    }

    return CXM_OK;
}


cxm_rc_t
cxm_password_verify(const char *hash, cxm_str_t password, int *again,
    cxm_error_t *err)
{
    int                  known, matches;
    cxm_password_cost_t  cost;

    *again = 0;
    known = 0;

    if (hash != NULL) {

        if (cxm_password_cost(hash, &cost) == CXM_OK) {
            known = 1;
            *again = cost.memory != CXM_PASSWORD_KIB
                     || cost.passes != CXM_PASSWORD_PASSES;

        } else {
            cxm_log(CXM_LOG_ERROR, "a password's hash is none, or asks for "
                    "more than may be spent on it: nobody gets in by it");
        }
    }

    errno = 0;

    matches = crypto_pwhash_str_verify(known ? hash : nobody, password.data,
                                       password.len)
              == 0;

    if (!matches && errno == ENOMEM) {
        return password_no_memory(err);
    }

    return matches && known
           ? CXM_OK
           : cxm_fail(err, CXM_UNAUTHORIZED, NULL,
                      "The password is not the right one.");
}
