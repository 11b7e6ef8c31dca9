/*
 * Signed tokens, as a site makes them.
 */

#ifndef TOKEN_FIXTURE_H
#define TOKEN_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sodium.h>

#include "cxm_customer_token.h"
#include "cxm_id.h"
#include "cxm_json.h"
#include "cxm_jws.h"


#define TOKEN_SECRET  "a secret of the site, 32 bytes or more"
#define TOKEN_HS      "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define TOKEN_ED      "{\"alg\":\"EdDSA\"}"

static cxm_jws_key_t  hs_key, ed_key;
static uint8_t        ed_secret[crypto_sign_SECRETKEYBYTES];
static char           made[3 * CXM_JWS_MAX];


static inline int
token_setup(void **state)
{
    uint8_t  seed[crypto_sign_SEEDBYTES] = { 7 };

    (void) state;

    if (sodium_init() < 0) {
        return -1;
    }

    hs_key.alg = CXM_JWS_HS256;
    hs_key.len = sizeof(TOKEN_SECRET) - 1;
    memcpy(hs_key.b, TOKEN_SECRET, hs_key.len);

    ed_key.alg = CXM_JWS_ED25519;
    ed_key.len = crypto_sign_PUBLICKEYBYTES;

    return crypto_sign_seed_keypair(ed_key.b, ed_secret, seed);
}


static inline void
put_coded(cxm_buf_t *out, const void *data, size_t len)
{
    cxm_base64url_encode(out, data, len);
}


static inline size_t
hs_sign(const cxm_jws_key_t *key, const cxm_buf_t *text, uint8_t *signature)
{
    crypto_auth_hmacsha256_state  state;

    crypto_auth_hmacsha256_init(&state, key->b, key->len);
    crypto_auth_hmacsha256_update(&state, text->data, text->len);
    crypto_auth_hmacsha256_final(&state, signature);

    return crypto_auth_hmacsha256_BYTES;
}


/* Of HS256 by any key's bytes, or of Ed25519; valid until the next one. */
static inline cxm_str_t
token_of(cxm_jws_alg_t alg, const cxm_jws_key_t *key, const char *header,
    const char *payload)
{
    size_t      n;
    uint8_t     signature[crypto_sign_BYTES];
    cxm_buf_t   out;

    cxm_buf_init(&out, sizeof(made));
    put_coded(&out, header, strlen(header));
    cxm_buf_putc(&out, '.');
    put_coded(&out, payload, strlen(payload));

    if (alg == CXM_JWS_HS256) {
        n = hs_sign(key, &out, signature);

    } else {
        n = sizeof(signature);
        crypto_sign_detached(signature, NULL, out.data, out.len, ed_secret);
    }

    cxm_buf_putc(&out, '.');
    put_coded(&out, signature, n);
    assert_false(out.failed);

    memcpy(made, out.data, out.len);
    n = out.len;
    cxm_buf_free(&out);

    return (cxm_str_t) { n, made };
}


#endif /* TOKEN_FIXTURE_H */
