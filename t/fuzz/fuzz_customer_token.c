/*
 * Tokens of customers and files of keys: a text from anywhere is no token,
 * and a signed one, whatever it says, is read within its bounds.
 */

#include <sodium.h>
#include <stdlib.h>

#include "cxm_customer_token.h"
#include "cxm_id.h"


#define NOW   1700000000000
#define TEXT  (4 * CXM_JWS_MAX)


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


/* Not assert(): this must work in every build. */
static void
must(int condition)
{
    if (!condition) {
        abort();
    }
}


static cxm_token_result_t
read_token(const cxm_customer_rules_t *rules, cxm_str_t text)
{
    const char             *why;
    cxm_token_result_t      result;
    cxm_customer_claims_t   claims;

    result = cxm_customer_token(rules, text, cxm_str("shop.example"), NOW,
                                &claims, &why);

    must(result < CXM_TOKEN_RESULTS && result != CXM_TOKEN_FAILED);
    must((result == CXM_TOKEN_GOOD) == (claims.sub[0] != '\0'));
    must((result == CXM_TOKEN_GOOD) == (why == NULL));
    must(memchr(claims.email, '\0', sizeof(claims.email)) != NULL);

    return result;
}


/* Header and payload, parted by a NUL, signed with the rules' key. */
static void
read_signed(const cxm_customer_rules_t *rules, cxm_str_t text)
{
    uint8_t                       mac[crypto_auth_hmacsha256_BYTES];
    cxm_buf_t                     out;
    cxm_str_t                     header;
    crypto_auth_hmacsha256_state  state;

    cxm_buf_init(&out, TEXT);
    header = cxm_str_cut(&text, '\0');
    cxm_base64url_encode(&out, (const uint8_t *) header.data, header.len);
    cxm_buf_putc(&out, '.');
    cxm_base64url_encode(&out, (const uint8_t *) text.data, text.len);

    crypto_auth_hmacsha256_init(&state, rules->keys[0].b, rules->keys[0].len);
    crypto_auth_hmacsha256_update(&state, out.data, out.len);
    crypto_auth_hmacsha256_final(&state, mac);

    cxm_buf_putc(&out, '.');
    cxm_base64url_encode(&out, mac, sizeof(mac));

    if (!out.failed) {
        must(read_token(rules, cxm_buf_str(&out)) != CXM_TOKEN_UNSIGNED
             || out.len > CXM_JWS_MAX);
    }

    cxm_buf_free(&out);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int                    alg;
    cxm_str_t              text;
    cxm_rc_t               rc;
    cxm_error_t            err;
    cxm_customer_rules_t   rules;

    must(sodium_init() >= 0);
    text = (cxm_str_t) { size, (const char *) data };

    for (alg = 0; alg <= CXM_JWS_ED25519; alg++) {
        cxm_error_init(&err);
        rc = cxm_customer_keys_parse(&rules, text, (cxm_jws_alg_t) alg, &err);
        must(rc == CXM_OK ? rules.nkeys > 0 && rules.nkeys <= CXM_CUSTOMER_KEYS
                          : rc == CXM_INVALID && err.detail[0] != '\0');
    }

    cxm_error_init(&err);
    memset(&rules, 0, sizeof(rules));
    rules.max_age = CXM_CUSTOMER_AGE;
    must(cxm_customer_keys_parse(&rules,
                                 cxm_str("0123456789abcdef0123456789abcdef"),
                                 CXM_JWS_HS256, &err) == CXM_OK);

    must(read_token(&rules, text) != CXM_TOKEN_GOOD);
    read_signed(&rules, text);

    return 0;
}
