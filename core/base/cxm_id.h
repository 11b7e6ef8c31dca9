/*
 * Identifiers: UUIDs (RFC 9562), slugs, and the text codings of secrets.
 */

#ifndef CXM_ID_H
#define CXM_ID_H

#include <stdint.h>

#include "cxm_str.h"
#include "cxm_time.h"


#define CXM_UUID_LEN  36

typedef struct {
    uint8_t  b[16];
} cxm_uuid_t;

/* Any version and variant, either case; the time inside is never used. */
cxm_rc_t cxm_uuid_parse(cxm_str_t s, cxm_uuid_t *out);
void cxm_uuid_format(const cxm_uuid_t *id, char out[CXM_UUID_LEN + 1]);

/* Version 7 from a time and fresh random bytes. */
void cxm_uuid_make(cxm_uuid_t *out, cxm_ms_t now);

static inline int
cxm_uuid_is_nil(const cxm_uuid_t *id)
{
    static const cxm_uuid_t  nil;

    return memcmp(id, &nil, sizeof(nil)) == 0;
}

#define CXM_SLUG_MAX  63

int cxm_slug_valid(cxm_str_t s);        /* [a-z0-9][a-z0-9-]{0,62} */

/* RFC 4648 base32, lower case, no padding; out needs (len*8+4)/5 + 1. */
void cxm_base32_encode(const uint8_t *data, size_t len, char *out);

/* CXM_BAD_REQUEST unless s is the one coding of exactly len bytes. */
cxm_rc_t cxm_base32_decode(cxm_str_t s, uint8_t *out, size_t len);

/* base64url, no padding; appends to buf. */
void cxm_base64url_encode(cxm_buf_t *buf, const uint8_t *data, size_t len);

/* Appends the bytes to buf; CXM_BAD_REQUEST when s is no canonical coding. */
cxm_rc_t cxm_base64url_decode(cxm_str_t s, cxm_buf_t *buf);

/* Lower case, out needs len*2 + 1; decoding takes exactly len bytes. */
void cxm_hex_encode(const uint8_t *data, size_t len, char *out);
cxm_rc_t cxm_hex_decode(cxm_str_t s, uint8_t *out, size_t len);


#endif /* CXM_ID_H */
