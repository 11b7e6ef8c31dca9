/*
 * Cryptography over libsodium; keys never leave their structs.
 *
 * One 32-byte root key of a store gives all others by crypto_kdf (keyed
 * BLAKE2b), context "cxmstore", one subkey number per purpose.
 *
 * Sealing is XChaCha20-Poly1305 with a nonce that is 24 bytes of keyed
 * BLAKE2b over associated data and plaintext: deterministic, and never the
 * same for two different texts, so that apply gives the same bytes twice
 * and an aborted batch is harmless.  Sealed form: nonce || ciphertext || tag.
 */

#ifndef CXM_CRYPTO_H
#define CXM_CRYPTO_H

#include <stdint.h>

#include "cxm_str.h"


#define CXM_KEY_LEN       32
#define CXM_MAC_LEN       16
#define CXM_HASH_LEN      16
#define CXM_NONCE_LEN     24
#define CXM_TAG_LEN       16
#define CXM_SEAL_EXTRA    (CXM_NONCE_LEN + CXM_TAG_LEN)

typedef struct {
    uint8_t  b[CXM_KEY_LEN];
} cxm_key_t;

/* Numbers are part of the format: never reuse or renumber. */
typedef enum {
    CXM_SUBKEY_SEAL = 1,        /* bodies of journal and documents */
    CXM_SUBKEY_NONCE,           /* their nonces */
    CXM_SUBKEY_LINK,            /* journal links */
    CXM_SUBKEY_MAC,             /* counter and index rows */
    CXM_SUBKEY_LOOKUP,          /* hashes of e-mail, phone, names, ids */
    CXM_SUBKEY_TOKEN,           /* answer tokens, signed links */
    CXM_SUBKEY_CURSOR,          /* list cursors */
    CXM_SUBKEY_FINGERPRINT,     /* of request bodies */
    CXM_SUBKEY_ARCHIVE = 10,    /* sealed files beside the environment */
    CXM_SUBKEY_TERM = 13,       /* words and values in indexes of documents */
    CXM_SUBKEY_ACCOUNT = 14,    /* one-time tokens that are mailed */
    CXM_SUBKEY_PLACE = 15,      /* devices and networks of accounts */
    CXM_SUBKEY_DEVICE = 16,     /* devices that accounts were used on */
    CXM_SUBKEY_RECOVERY = 17,   /* hashes of recovery codes */
    CXM_SUBKEY_N
} cxm_subkey_t;

typedef struct {
    cxm_key_t  k[CXM_SUBKEY_N]; /* index 0 is unused */
} cxm_keyring_t;

/* Once per process before anything else; CXM_INTERNAL when sodium fails. */
cxm_rc_t cxm_crypto_init(void);

void cxm_keyring_derive(cxm_keyring_t *ring, const cxm_key_t *root);
void cxm_random(void *out, size_t len);
void cxm_wipe(void *data, size_t len);
int cxm_equal(const void *a, const void *b, size_t len);    /* constant time */

/*
 * Keyed BLAKE2b of three parts (any may be empty), each preceded by its
 * length in 8 bytes; out_len is 16..64, another length aborts.
 */
void cxm_keyed_hash(const cxm_key_t *key, cxm_str_t a, cxm_str_t b,
    cxm_str_t c, uint8_t *out, size_t out_len);

/*
 * Seal with `key`, nonce derived with `nonce_key`; appends text.len +
 * CXM_SEAL_EXTRA bytes to out.  Neither ad nor text may lie inside out's own
 * memory, which moves when it grows; the same holds for cxm_open().
 */
void cxm_seal(const cxm_key_t *key, const cxm_key_t *nonce_key, cxm_str_t ad,
    cxm_str_t text, cxm_buf_t *out);

/*
 * Appends the text to out; CXM_CORRUPT when it does not verify (out is as
 * before), CXM_INTERNAL when out has no room.
 */
cxm_rc_t cxm_open(const cxm_key_t *key, cxm_str_t ad, cxm_str_t sealed,
    cxm_buf_t *out);


/* BLAKE2b-256 of a whole file, without key: what `b2sum -l 256` gives. */
#define CXM_SUM_LEN  32

typedef struct cxm_sum_s  cxm_sum_t;

cxm_sum_t *cxm_sum_begin(void);                 /* NULL: no memory */
void cxm_sum_add(cxm_sum_t *sum, const void *data, size_t len);
void cxm_sum_end(cxm_sum_t *sum, uint8_t out[CXM_SUM_LEN]);   /* frees it */


#endif /* CXM_CRYPTO_H */
