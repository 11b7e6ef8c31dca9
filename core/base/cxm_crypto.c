/*
 * Cryptography over libsodium.
 */

#include <sodium.h>
#include <stdlib.h>

#include "cxm_crypto.h"


_Static_assert(CXM_KEY_LEN == crypto_kdf_KEYBYTES, "root key");
_Static_assert(CXM_KEY_LEN == crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
               "seal key");
_Static_assert(CXM_NONCE_LEN == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
               "nonce");
_Static_assert(CXM_TAG_LEN == crypto_aead_xchacha20poly1305_ietf_ABYTES,
               "tag");


cxm_rc_t
cxm_crypto_init(void)
{
    return sodium_init() < 0 ? CXM_INTERNAL : CXM_OK;
}


void
cxm_keyring_derive(cxm_keyring_t *ring, const cxm_key_t *root)
{
    unsigned  i;

    memset(ring, 0, sizeof(*ring));

    for (i = 1; i < CXM_SUBKEY_N; i++) {
        crypto_kdf_derive_from_key(ring->k[i].b, CXM_KEY_LEN, i, "cxmstore",
                                   root->b);
    }
}


void
cxm_random(void *out, size_t len)
{
    randombytes_buf(out, len);
}


void
cxm_wipe(void *data, size_t len)
{
    sodium_memzero(data, len);
}


int
cxm_equal(const void *a, const void *b, size_t len)
{
    return sodium_memcmp(a, b, len) == 0;
}


static void
cxm_hash_part(crypto_generichash_state *state, cxm_str_t part)
{
    uint8_t  len[8];

    (void) cxm_put_u64(len, part.len);
    crypto_generichash_update(state, len, sizeof(len));

    if (part.len != 0) {
        crypto_generichash_update(state, (const uint8_t *) part.data,
                                  part.len);
    }
}


void
cxm_keyed_hash(const cxm_key_t *key, cxm_str_t a, cxm_str_t b, cxm_str_t c,
    uint8_t *out, size_t out_len)
{
    crypto_generichash_state  state;

    /* only a bug asks for another length; no hash at all would be worse */

    if (crypto_generichash_init(&state, key->b, CXM_KEY_LEN, out_len) != 0) {
        sodium_misuse();
    }

    cxm_hash_part(&state, a);
    cxm_hash_part(&state, b);
    cxm_hash_part(&state, c);

    crypto_generichash_final(&state, out, out_len);
    sodium_memzero(&state, sizeof(state));
}


void
cxm_seal(const cxm_key_t *key, const cxm_key_t *nonce_key, cxm_str_t ad,
    cxm_str_t text, cxm_buf_t *out)
{
    uint8_t  *nonce;

    if (text.len > SIZE_MAX - CXM_SEAL_EXTRA) {
        out->failed = 1;
        return;
    }

    nonce = cxm_buf_space(out, text.len + CXM_SEAL_EXTRA);

    if (nonce == NULL) {
        return;
    }

    cxm_keyed_hash(nonce_key, ad, text, (cxm_str_t) { 0, NULL }, nonce,
                   CXM_NONCE_LEN);

    crypto_aead_xchacha20poly1305_ietf_encrypt(
        nonce + CXM_NONCE_LEN, NULL,
        (const uint8_t *) text.data, text.len,
        (const uint8_t *) ad.data, ad.len,
        NULL, nonce, key->b);
}


cxm_rc_t
cxm_open(const cxm_key_t *key, cxm_str_t ad, cxm_str_t sealed, cxm_buf_t *out)
{
    size_t          len;
    uint8_t        *text;
    const uint8_t  *nonce;

    if (sealed.len < CXM_SEAL_EXTRA) {
        return CXM_CORRUPT;
    }

    len = sealed.len - CXM_SEAL_EXTRA;
    nonce = (const uint8_t *) sealed.data;
    text = cxm_buf_space(out, len);

    if (text == NULL) {
        return CXM_INTERNAL;
    }

    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            text, NULL, NULL,
            nonce + CXM_NONCE_LEN, sealed.len - CXM_NONCE_LEN,
            (const uint8_t *) ad.data, ad.len,
            nonce, key->b) != 0)
    {
        out->len -= len;
        return CXM_CORRUPT;
    }

    return CXM_OK;
}


/* --- sums --------------------------------------------------------------- */

struct cxm_sum_s {
    crypto_generichash_state  state;
};


cxm_sum_t *
cxm_sum_begin(void)
{
    cxm_sum_t  *sum;

    /* libsodium wants more alignment than malloc() gives */

    sum = aligned_alloc(_Alignof(cxm_sum_t), sizeof(*sum));

    if (sum != NULL) {
        crypto_generichash_init(&sum->state, NULL, 0, CXM_SUM_LEN);
    }

    return sum;
}


void
cxm_sum_add(cxm_sum_t *sum, const void *data, size_t len)
{
    crypto_generichash_update(&sum->state, data, len);
}


void
cxm_sum_end(cxm_sum_t *sum, uint8_t out[CXM_SUM_LEN])
{
    crypto_generichash_final(&sum->state, out, CXM_SUM_LEN);
    free(sum);
}
