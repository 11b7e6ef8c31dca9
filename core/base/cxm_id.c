/*
 * Identifiers and text codings.
 *
 * Hex and base64 are libsodium's: constant time, since they carry secrets.
 */

#include <sodium.h>
#include <time.h>

#include "cxm_crypto.h"
#include "cxm_id.h"


#define CXM_UUID_MS_MAX  (((cxm_ms_t) 1 << 48) - 1)


static const char  cxm_base32_digits[] = "abcdefghijklmnopqrstuvwxyz234567";


static int
cxm_uuid_dash(size_t at)
{
    return at == 8 || at == 13 || at == 18 || at == 23;
}


cxm_rc_t
cxm_uuid_parse(cxm_str_t s, cxm_uuid_t *out)
{
    char    hex[32];
    size_t  i, n;

    if (s.len != CXM_UUID_LEN) {
        return CXM_BAD_REQUEST;
    }

    for (i = 0, n = 0; i < s.len; i++) {

        if (cxm_uuid_dash(i) != (s.data[i] == '-')) {
            return CXM_BAD_REQUEST;
        }

        if (s.data[i] != '-') {
            hex[n++] = s.data[i];
        }
    }

    return cxm_hex_decode((cxm_str_t) { n, hex }, out->b, sizeof(out->b));
}


void
cxm_uuid_format(const cxm_uuid_t *id, char out[CXM_UUID_LEN + 1])
{
    char    hex[33];
    size_t  i, n;

    cxm_hex_encode(id->b, sizeof(id->b), hex);

    for (i = 0, n = 0; i < CXM_UUID_LEN; i++) {
        out[i] = cxm_uuid_dash(i) ? '-' : hex[n++];
    }

    out[CXM_UUID_LEN] = '\0';
}


/*
 * RFC 9562, section 6.2, method 3: what has passed since `now`, in units of
 * 2 us, so that the ids of one transaction rise and fill pages in order.
 */
static uint16_t
cxm_uuid_fraction(cxm_ms_t now)
{
    int64_t          ns;
    struct timespec  ts;

    (void) clock_gettime(CLOCK_REALTIME, &ts);

    if (ts.tv_sec < now / 1000 || ts.tv_sec > now / 1000 + 1) {
        return 0;
    }

    ns = (ts.tv_sec - now / 1000) * 1000000000 + ts.tv_nsec
         - now % 1000 * 1000000;

    return ns < 0 ? 0 : ns >> 11 > 0xfff ? 0xfff : (uint16_t) (ns >> 11);
}


void
cxm_uuid_make(cxm_uuid_t *out, cxm_ms_t now)
{
    uint8_t   ms[8];
    uint16_t  fraction;

    if (now < 0) {
        now = 0;
    }

    if (now > CXM_UUID_MS_MAX) {
        now = CXM_UUID_MS_MAX;
    }

    fraction = cxm_uuid_fraction(now);

    (void) cxm_put_u64(ms, (uint64_t) now);
    memcpy(out->b, ms + 2, 6);
    (void) cxm_put_u16(out->b + 6, (uint16_t) (0x7000 | fraction));
    cxm_random(out->b + 8, sizeof(out->b) - 8);

    out->b[8] = (uint8_t) (0x80 | (out->b[8] & 0x3f));
}


int
cxm_slug_valid(cxm_str_t s)
{
    char    c;
    size_t  i;

    if (s.len < 1 || s.len > CXM_SLUG_MAX || s.data[0] == '-') {
        return 0;
    }

    for (i = 0; i < s.len; i++) {
        c = s.data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) {
            return 0;
        }
    }

    return 1;
}


void
cxm_base32_encode(const uint8_t *data, size_t len, char *out)
{
    size_t    i;
    uint32_t  acc;
    unsigned  bits;

    acc = 0;
    bits = 0;

    for (i = 0; i < len; i++) {
        acc = (acc << 8 | data[i]) & 0xfff;
        bits += 8;

        while (bits >= 5) {
            bits -= 5;
            *out++ = cxm_base32_digits[acc >> bits & 31];
        }
    }

    if (bits > 0) {
        *out++ = cxm_base32_digits[acc << (5 - bits) & 31];
    }

    *out = '\0';
}


/* 0..31, or -1: the look-up of a secret's digit leaves no trace in cache. */
static int
cxm_base32_value(uint8_t c)
{
    if (c >= 'a' && c <= 'z') {
        return c - 'a';
    }

    return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}


cxm_rc_t
cxm_base32_decode(cxm_str_t s, uint8_t *out, size_t len)
{
    int       v;
    size_t    i;
    uint32_t  acc;
    unsigned  bits;

    if (s.len != (len * 8 + 4) / 5) {
        return CXM_BAD_REQUEST;
    }

    acc = 0;
    bits = 0;

    for (i = 0; i < s.len; i++) {
        v = cxm_base32_value((uint8_t) s.data[i]);

        if (v < 0) {
            return CXM_BAD_REQUEST;
        }

        acc = (acc << 5 | (uint32_t) v) & 0xfff;
        bits += 5;

        if (bits >= 8) {
            bits -= 8;
            *out++ = (uint8_t) (acc >> bits);
        }
    }

    /* spare bits must be 0, or one value would have several codings */

    return (acc & ((1u << bits) - 1)) == 0 ? CXM_OK : CXM_BAD_REQUEST;
}


void
cxm_base64url_encode(cxm_buf_t *buf, const uint8_t *data, size_t len)
{
    char    text[65];
    size_t  n;

    /* by 48 bytes: libsodium adds a NUL that the bound has no room for */

    while (len > 0) {
        n = len < 48 ? len : 48;
        sodium_bin2base64(text, sizeof(text), data, n,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING);
        cxm_buf_puts(buf, text);
        data += n;
        len -= n;
    }
}


cxm_rc_t
cxm_base64url_decode(cxm_str_t s, cxm_buf_t *buf)
{
    size_t    max, n;
    uint8_t  *p;

    if (s.len == 0) {
        return CXM_OK;
    }

    max = s.len / 4 * 3 + s.len % 4 * 3 / 4;
    p = cxm_buf_space(buf, max);

    if (p == NULL) {
        return CXM_BAD_REQUEST;
    }

    if (sodium_base642bin(p, max, s.data, s.len, NULL, &n, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0
        || n != max)
    {
        buf->len -= max;
        return CXM_BAD_REQUEST;
    }

    return CXM_OK;
}


void
cxm_hex_encode(const uint8_t *data, size_t len, char *out)
{
    sodium_bin2hex(out, len * 2 + 1, data, len);
}


/* Digits plus one; 0 for what is no digit. */
static const uint8_t  cxm_hex_digits[256] = {
    ['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6,
    ['6'] = 7, ['7'] = 8, ['8'] = 9, ['9'] = 10,
    ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16
};


cxm_rc_t
cxm_hex_decode(cxm_str_t s, uint8_t *out, size_t len)
{
    size_t    i;
    unsigned  high, low;

    if (s.len != len * 2) {
        return CXM_BAD_REQUEST;
    }

    for (i = 0; i < len; i++) {
        high = cxm_hex_digits[(uint8_t) s.data[2 * i]];
        low = cxm_hex_digits[(uint8_t) s.data[2 * i + 1]];

        if (high == 0 || low == 0) {
            return CXM_BAD_REQUEST;
        }

        out[i] = (uint8_t) ((high - 1) << 4 | (low - 1));
    }

    return CXM_OK;
}
