/*
 * Tokens of a site's customers: files of keys.
 */

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cxm_crypto.h"
#include "cxm_customer_token.h"


#define KEY_FILE_MAX    16384           /* bytes */
#define KEY_ED25519     crypto_sign_PUBLICKEYBYTES

#define PEM_BEGIN       "-----BEGIN "
#define PEM_PUBLIC      "-----BEGIN PUBLIC KEY-----"
#define PEM_END         "-----END PUBLIC KEY-----"

#define BASE64_MARK     "base64:"


/* SubjectPublicKeyInfo of an Ed25519 key (RFC 8410) up to its 32 bytes. */
static const uint8_t  spki_ed25519[] = {
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00
};


static cxm_rc_t
refuse(cxm_error_t *err, const char *detail)
{
    return cxm_fail(err, CXM_INVALID, "key_file", "%s", detail);
}


/* Either alphabet, with padding or without; 0: it is neither. */
static int
decode(cxm_str_t text, uint8_t *out, size_t size, size_t *len)
{
    size_t  i;

    static const int  variants[] = {
        sodium_base64_VARIANT_ORIGINAL,
        sodium_base64_VARIANT_ORIGINAL_NO_PADDING,
        sodium_base64_VARIANT_URLSAFE,
        sodium_base64_VARIANT_URLSAFE_NO_PADDING
    };

    for (i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
        if (sodium_base642bin(out, size, text.data, text.len, "\r\n", len,
                              NULL, variants[i]) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static cxm_rc_t
add_key(cxm_customer_rules_t *rules, cxm_jws_alg_t alg, const uint8_t *b,
    size_t len, cxm_error_t *err)
{
    cxm_jws_key_t  *key;

    if (rules->nkeys == CXM_CUSTOMER_KEYS) {
        return cxm_fail(err, CXM_INVALID, "key_file",
                        "it has more than %d keys", CXM_CUSTOMER_KEYS);
    }

    key = &rules->keys[rules->nkeys++];
    key->alg = alg;
    key->len = len;
    memcpy(key->b, b, len);

    return CXM_OK;
}


static cxm_rc_t
add_public(cxm_customer_rules_t *rules, const uint8_t *b, cxm_error_t *err)
{
    return cxm_jws_is_public_key(b)
           ? add_key(rules, CXM_JWS_ED25519, b, KEY_ED25519, err)
           : refuse(err, "a key in it is no Ed25519 public key");
}


/* --- PEM ---------------------------------------------------------------- */

static cxm_rc_t
take_pem(cxm_customer_rules_t *rules, cxm_str_t *text, const char *begin,
    cxm_error_t *err)
{
    size_t       n;
    uint8_t      der[128];
    cxm_str_t    body;
    const char  *end, *last;

    last = text->data + text->len;
    body.data = begin + sizeof(PEM_PUBLIC) - 1;

    if (last - begin < (ptrdiff_t) sizeof(PEM_PUBLIC) - 1
        || memcmp(begin, PEM_PUBLIC, sizeof(PEM_PUBLIC) - 1) != 0)
    {
        return refuse(err, "it has a PEM block that is no public key: keep a "
                           "private one where tokens are signed");
    }

    end = memmem(body.data, (size_t) (last - body.data), PEM_END,
                 sizeof(PEM_END) - 1);

    if (end == NULL) {
        return refuse(err, "it has a PEM block without an end");
    }

    body.len = (size_t) (end - body.data);
    text->data = end + sizeof(PEM_END) - 1;
    text->len = (size_t) (last - text->data);

    if (!decode(body, der, sizeof(der), &n)
        || n != sizeof(spki_ed25519) + KEY_ED25519
        || memcmp(der, spki_ed25519, sizeof(spki_ed25519)) != 0)
    {
        return refuse(err, "a key in it is no Ed25519 public key");
    }

    return add_public(rules, der + sizeof(spki_ed25519), err);
}


/* What stands around the blocks is for people. */
static cxm_rc_t
take_blocks(cxm_customer_rules_t *rules, cxm_str_t text, cxm_error_t *err)
{
    cxm_rc_t     rc;
    const char  *begin;

    do {
        begin = text.len == 0
                ? NULL : memmem(text.data, text.len, PEM_BEGIN,
                                sizeof(PEM_BEGIN) - 1);
        rc = begin == NULL ? CXM_OK : take_pem(rules, &text, begin, err);

    } while (begin != NULL && rc == CXM_OK);

    return rc;
}


/* --- lines -------------------------------------------------------------- */

static cxm_rc_t
take_secret(cxm_customer_rules_t *rules, cxm_str_t line, cxm_error_t *err)
{
    int        good;
    size_t     mark, n;
    uint8_t    b[CXM_JWS_KEY_MAX];
    cxm_rc_t   rc;
    cxm_str_t  coded;

    mark = sizeof(BASE64_MARK) - 1;
    good = line.len <= sizeof(b);
    n = line.len;

    if (line.len > mark && memcmp(line.data, BASE64_MARK, mark) == 0) {
        coded = (cxm_str_t) { line.len - mark, line.data + mark };
        good = decode(coded, b, sizeof(b), &n);

    } else if (good) {
        memcpy(b, line.data, line.len);
    }

    if (!good) {
        rc = refuse(err, "a secret in it is too long, or no base64");

    } else if (n < CXM_JWS_KEY_MIN) {
        rc = cxm_fail(err, CXM_INVALID, "key_file",
                      "a secret in it has %zu bytes, HS256 needs %d or more",
                      n, CXM_JWS_KEY_MIN);

    } else {
        rc = add_key(rules, CXM_JWS_HS256, b, n, err);
    }

    cxm_wipe(b, sizeof(b));

    return rc;
}


static cxm_rc_t
take_line(cxm_customer_rules_t *rules, cxm_str_t line, cxm_jws_alg_t alg,
    cxm_error_t *err)
{
    size_t   n;
    uint8_t  b[KEY_ED25519 + 1];

    n = 0;

    if (alg != CXM_JWS_HS256
        && (!decode(line, b, sizeof(b), &n) || n != KEY_ED25519))
    {
        n = 0;
    }

    if (alg == CXM_JWS_ED25519) {
        return n != 0 ? add_public(rules, b, err)
                      : refuse(err, "a key in it is no Ed25519 public key");
    }

    return n != 0
           ? refuse(err, "a key in it may be a secret or a public key: say "
                         "which by \"alg=HS256\" or \"alg=Ed25519\"")
           : take_secret(rules, line, err);
}


static int
is_visible(cxm_str_t line)
{
    size_t  i;

    for (i = 0; i < line.len; i++) {
        if (line.data[i] < 0x20 || line.data[i] > 0x7e) {
            return 0;
        }
    }

    return 1;
}


static cxm_rc_t
take_lines(cxm_customer_rules_t *rules, cxm_str_t text, cxm_jws_alg_t alg,
    cxm_error_t *err)
{
    cxm_rc_t   rc;
    cxm_str_t  line;

    for (rc = CXM_OK; text.len > 0 && rc == CXM_OK; /* void */ ) {
        line = cxm_str_cut(&text, '\n');
        line.len -= line.len > 0 && line.data[line.len - 1] == '\r';

        if (line.len == 0 || line.data[0] == '#') {
            continue;
        }

        rc = is_visible(line)
             ? take_line(rules, line, alg, err)
             : refuse(err, "it is not a text of ASCII characters: write bytes "
                           "as \"" BASE64_MARK "...\"");
    }

    return rc;
}


cxm_rc_t
cxm_customer_keys_parse(cxm_customer_rules_t *rules, cxm_str_t text,
    cxm_jws_alg_t alg, cxm_error_t *err)
{
    int       pem;
    cxm_rc_t  rc;

    pem = text.len > 0
          && memmem(text.data, text.len, PEM_BEGIN, sizeof(PEM_BEGIN) - 1)
             != NULL;
    rules->nkeys = 0;

    if (pem && alg == CXM_JWS_HS256) {
        return refuse(err, "it has a key in PEM, which is no secret of HS256");
    }

    rc = pem ? take_blocks(rules, text, err)
             : take_lines(rules, text, alg, err);

    return rc == CXM_OK && rules->nkeys == 0
           ? refuse(err, "there is no key in it") : rc;
}


/* --- files -------------------------------------------------------------- */

/* A public key may be read by anybody, but not written. */
static cxm_rc_t
check_mode(const cxm_customer_rules_t *rules, mode_t mode, cxm_error_t *err)
{
    mode_t  open;

    open = rules->keys[0].alg == CXM_JWS_HS256
           ? S_IRWXG | S_IRWXO : S_IWGRP | S_IWOTH;

    return mode & open
           ? cxm_fail(err, CXM_INVALID, "key_file",
                      "it is open to others, its mode is %04o: use chmod 0600",
                      (unsigned) (mode & 07777))
           : CXM_OK;
}


static cxm_rc_t
read_file(int fd, cxm_buf_t *text, mode_t *mode, cxm_error_t *err)
{
    ssize_t      n;
    uint8_t     *p;
    struct stat  st;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        return refuse(err, "it is no regular file");
    }

    if (st.st_size > KEY_FILE_MAX) {
        return refuse(err, "it is too long");
    }

    *mode = st.st_mode;
    p = cxm_buf_space(text, KEY_FILE_MAX);

    if (p == NULL) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "not enough memory");
    }

    n = read(fd, p, KEY_FILE_MAX);
    text->len = n < 0 ? 0 : (size_t) n;

    return n < 0 ? cxm_fail(err, CXM_IO, "key_file", "read() failed: %s",
                            strerror(errno))
                 : CXM_OK;
}


cxm_rc_t
cxm_customer_keys_read(cxm_customer_rules_t *rules, const char *path,
    cxm_jws_alg_t alg, cxm_error_t *err)
{
    int        fd;
    mode_t     mode = 0;
    cxm_rc_t   rc;
    cxm_buf_t  text;

    /* not to wait for a writer when the path is a fifo */

    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd == -1) {
        return cxm_fail(err, CXM_IO, "key_file", "open() failed: %s",
                        strerror(errno));
    }

    cxm_buf_init(&text, KEY_FILE_MAX);
    rc = read_file(fd, &text, &mode, err);
    (void) close(fd);

    if (rc == CXM_OK) {
        rc = cxm_customer_keys_parse(rules, cxm_buf_str(&text), alg, err);
    }

    if (rc == CXM_OK) {
        rc = check_mode(rules, mode, err);
    }

    if (text.data != NULL) {
        cxm_wipe(text.data, text.len);
    }

    cxm_buf_free(&text);

    return rc;
}
