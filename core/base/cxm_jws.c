/*
 * Signed claims.
 */

#include <sodium.h>

#include "cxm_id.h"
#include "cxm_json.h"
#include "cxm_jws.h"


_Static_assert(crypto_sign_PUBLICKEYBYTES <= CXM_JWS_KEY_MAX, "public key");

typedef struct {
    cxm_str_t  signed_text;         /* "header.payload", as it came */
    cxm_str_t  header, payload, signature;      /* coded */
} jws_parts_t;

typedef struct {
    size_t        signature;        /* its length */
    const char   *names[2];         /* that a header may give it */
    int         (*good)(const cxm_jws_key_t *key, cxm_str_t text,
                        const uint8_t *signature);
} jws_alg_t;


static int
hs256_good(const cxm_jws_key_t *key, cxm_str_t text, const uint8_t *signature)
{
    uint8_t                       mac[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state  state;

    crypto_auth_hmacsha256_init(&state, key->b, key->len);
    crypto_auth_hmacsha256_update(&state, (const uint8_t *) text.data,
                                  text.len);
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_memzero(&state, sizeof(state));

    return sodium_memcmp(mac, signature, sizeof(mac)) == 0;
}


static int
ed25519_good(const cxm_jws_key_t *key, cxm_str_t text,
    const uint8_t *signature)
{
    return crypto_sign_verify_detached(signature,
                                       (const uint8_t *) text.data, text.len,
                                       key->b) == 0;
}


/* RFC 8037 says "EdDSA" of any curve, RFC 9864 names this one. */
static const jws_alg_t  algs[] = {
    [CXM_JWS_HS256] = { crypto_auth_hmacsha256_BYTES,
                        { "HS256", NULL }, hs256_good },
    [CXM_JWS_ED25519] = { crypto_sign_BYTES,
                          { "EdDSA", "Ed25519" }, ed25519_good }
};


/* Three parts and two dots, none of them empty. */
static int
split(cxm_str_t token, jws_parts_t *parts)
{
    cxm_str_t  rest;

    rest = token;
    parts->header = cxm_str_cut(&rest, '.');
    parts->payload = cxm_str_cut(&rest, '.');
    parts->signature = rest;
    parts->signed_text = (cxm_str_t) {
        parts->header.len + 1 + parts->payload.len, token.data
    };

    return token.len <= CXM_JWS_MAX && parts->header.len > 0
           && parts->payload.len > 0 && rest.len > 0
           && memchr(rest.data, '.', rest.len) == NULL;
}


static const cxm_jws_key_t *
signer(const jws_parts_t *parts, const uint8_t *signature, size_t len,
    const cxm_jws_key_t *keys, size_t nkeys)
{
    size_t            i;
    const jws_alg_t  *alg;

    for (i = 0; i < nkeys; i++) {
        alg = &algs[keys[i].alg];

        if (alg->signature == len
            && alg->good(&keys[i], parts->signed_text, signature))
        {
            return &keys[i];
        }
    }

    return NULL;
}


/* A new reference; CXM_BAD_REQUEST: no JSON object in the one coding of it. */
static cxm_rc_t
part_json(cxm_str_t coded, json_t **out)
{
    cxm_rc_t   rc;
    cxm_buf_t  text;

    *out = NULL;
    cxm_buf_init(&text, CXM_JWS_MAX);
    rc = cxm_base64url_decode(coded, &text);

    if (rc == CXM_OK) {
        rc = cxm_json_load(cxm_buf_str(&text), out, NULL);
    }

    cxm_buf_free(&text);

    if (rc == CXM_OK && !json_is_object(*out)) {
        json_decref(*out);
        *out = NULL;
        rc = CXM_BAD_REQUEST;
    }

    return rc;
}


/*
 * NULL, or what is wrong.  A type is looked at because the same key may sign
 * other things than what says who somebody is (RFC 8725, 3.11); and what
 * "crit" lists must be understood, of which there is nothing.
 */
static const char *
header_wrong(const json_t *header, const jws_alg_t *alg)
{
    cxm_str_t      name;
    const json_t  *type;

    name = cxm_json_get_str(header, "alg");

    if (!cxm_str_eqz(name, alg->names[0])
        && (alg->names[1] == NULL || !cxm_str_eqz(name, alg->names[1])))
    {
        return "alg is not the algorithm of the key";
    }

    if (json_object_get(header, "crit") != NULL) {
        return "crit asks for what is not known here";
    }

    type = json_object_get(header, "typ");

    return type == NULL || cxm_str_ieqz(cxm_json_str(type), "JWT")
           ? NULL : "typ is not JWT";
}


static cxm_rc_t
open_parts(const jws_parts_t *parts, const cxm_jws_key_t *key,
    json_t **payload, const char **why)
{
    json_t    *header;
    cxm_rc_t   rc;

    *why = "its header is no JSON object";
    rc = part_json(parts->header, &header);

    if (rc != CXM_OK) {
        return rc;
    }

    *why = header_wrong(header, &algs[key->alg]);
    json_decref(header);

    if (*why != NULL) {
        return CXM_BAD_REQUEST;
    }

    *why = "its claims are no JSON object";

    return part_json(parts->payload, payload);
}


cxm_rc_t
cxm_jws_open(cxm_str_t token, const cxm_jws_key_t *keys, size_t nkeys,
    json_t **payload, const char **why)
{
    cxm_rc_t              rc;
    cxm_buf_t             signature;
    jws_parts_t           parts;
    const cxm_jws_key_t  *key;

    *payload = NULL;

    if (!split(token, &parts)) {
        *why = "it is no signed token in three parts, or too long";
        return CXM_BAD_REQUEST;
    }

    cxm_buf_init(&signature, CXM_JWS_MAX);
    rc = cxm_base64url_decode(parts.signature, &signature);

    if (rc != CXM_OK) {
        *why = "its signature is no base64url";

    } else {
        key = signer(&parts, signature.data, signature.len, keys, nkeys);
        *why = "no key of this site has signed it";
        rc = key == NULL ? CXM_UNAUTHORIZED
                         : open_parts(&parts, key, payload, why);
    }

    cxm_buf_free(&signature);

    return rc;
}


int
cxm_jws_is_public_key(const uint8_t *key)
{
    return crypto_core_ed25519_is_valid_point(key);
}
