/*
 * Strings, UTF-8, the bounded builder and the reader.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cxm_str.h"


#define CXM_BUF_START   256
#define CXM_UTF8_MAX    4


static int
cxm_lower(int c)
{
    /* not tolower(): the host's locale must not change what we accept */

    return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}


int
cxm_str_eqz(cxm_str_t a, const char *b)
{
    return cxm_str_eq(a, cxm_strz(b));
}


static int
cxm_str_ieq(const char *a, const char *b, size_t len)
{
    size_t  i;

    for (i = 0; i < len; i++) {
        if (cxm_lower(a[i]) != cxm_lower(b[i])) {
            return 0;
        }
    }

    return 1;
}


int
cxm_str_ieqz(cxm_str_t a, const char *b)
{
    return a.len == strlen(b) && cxm_str_ieq(a.data, b, a.len);
}


int
cxm_str_has(cxm_str_t a, const char *needle)
{
    size_t  i, len;

    len = strlen(needle);

    if (len == 0) {
        return 1;
    }

    for (i = 0; i + len <= a.len; i++) {
        if (cxm_str_ieq(a.data + i, needle, len)) {
            return 1;
        }
    }

    return 0;
}


cxm_str_t
cxm_str_cut(cxm_str_t *rest, char at)
{
    cxm_str_t    head;
    const char  *p;

    head = *rest;
    p = head.len == 0 ? NULL : memchr(head.data, at, head.len);

    if (p == NULL) {
        *rest = (cxm_str_t) { 0, NULL };
        return head;
    }

    head.len = (size_t) (p - head.data);
    *rest = (cxm_str_t) { rest->len - head.len - 1, p + 1 };

    return head;
}


/* Length of the character at p, 1..4; 0 when it is not well-formed. */
static size_t
cxm_utf8_char(const uint8_t *p, size_t len)
{
    size_t   i, n;
    uint8_t  low, high;

    low = 0x80;
    high = 0xbf;

    if (p[0] < 0x80) {
        return p[0] != 0;
    }

    if (p[0] < 0xc2 || p[0] > 0xf4) {
        return 0;
    }

    n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

    /* the second byte is where overlong forms and surrogates show */

    switch (p[0]) {

    case 0xe0:
        low = 0xa0;
        break;

    case 0xed:
        high = 0x9f;
        break;

    case 0xf0:
        low = 0x90;
        break;

    case 0xf4:
        high = 0x8f;
        break;
    }

    if (len < n || p[1] < low || p[1] > high) {
        return 0;
    }

    for (i = 2; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }

    return n;
}


size_t
cxm_utf8_prefix(const char *data, size_t len)
{
    size_t          i, n;
    uint64_t        word;
    const uint8_t  *p;

    p = (const uint8_t *) data;
    i = 0;

    while (i < len) {

        if (len - i >= sizeof(word)) {
            memcpy(&word, p + i, sizeof(word));

            /* eight bytes of 1..127: no top bit now, none after minus 1 */

            if (((word | (word - 0x0101010101010101ULL))
                 & 0x8080808080808080ULL) == 0)
            {
                i += sizeof(word);
                continue;
            }
        }

        n = cxm_utf8_char(p + i, len - i);

        if (n == 0) {
            break;
        }

        i += n;
    }

    return i;
}


int
cxm_utf8_valid(const char *data, size_t len)
{
    return cxm_utf8_prefix(data, len) == len;
}


void
cxm_pointer_push(char *pointer, size_t size, cxm_str_t name)
{
    size_t       i, n, used, width;
    const char  *out;

    used = strnlen(pointer, size);

    /*
     * What was cut has less room left than the longest character, so here
     * it takes no further names and cannot come to mean another place.
     */

    if (used + CXM_UTF8_MAX >= size) {
        return;
    }

    pointer[used++] = '/';

    for (i = 0; i < name.len; i += n) {
        n = cxm_utf8_char((const uint8_t *) name.data + i, name.len - i);
        out = name.data + i;
        width = n;

        if (n == 0) {
            n = 1;
            out = "?";
            width = 1;

        } else if (*out == '~') {
            out = "~0";
            width = 2;

        } else if (*out == '/') {
            out = "~1";
            width = 2;
        }

        if (used + width >= size) {
            break;
        }

        memcpy(pointer + used, out, width);
        used += width;
    }

    pointer[used] = '\0';
}


void
cxm_buf_init(cxm_buf_t *buf, size_t max)
{
    memset(buf, 0, sizeof(*buf));
    buf->max = max;
}


void
cxm_buf_free(cxm_buf_t *buf)
{
    free(buf->data);
    cxm_buf_init(buf, buf->max);
}


void
cxm_buf_reset(cxm_buf_t *buf)
{
    buf->len = 0;
    buf->failed = 0;
}


/* Room for len more bytes; these are not counted yet. */
static int
cxm_buf_grow(cxm_buf_t *buf, size_t len)
{
    size_t    size;
    uint8_t  *data;

    if (buf->failed) {
        return 0;
    }

    if (buf->data != NULL && len <= buf->size - buf->len) {
        return 1;
    }

    if (buf->len > buf->max || len > buf->max - buf->len) {
        buf->failed = CXM_BUF_FULL;
        return 0;
    }

    size = buf->size != 0 ? buf->size : CXM_BUF_START;

    while (size < buf->max && size < buf->len + len) {
        size = size > buf->max / 2 ? buf->max : size * 2;
    }

    if (size > buf->max) {
        size = buf->max;
    }

    /* never realloc(p, 0), which may free */

    data = realloc(buf->data, size != 0 ? size : 1);

    if (data == NULL) {
        buf->failed = CXM_BUF_MEMORY;
        return 0;
    }

    buf->data = data;
    buf->size = size;

    return 1;
}


uint8_t *
cxm_buf_space(cxm_buf_t *buf, size_t len)
{
    uint8_t  *p;

    if (!cxm_buf_grow(buf, len)) {
        return NULL;
    }

    p = buf->data + buf->len;
    buf->len += len;

    return p;
}


void
cxm_buf_put_grown(cxm_buf_t *buf, const void *data, size_t len)
{
    if (len == 0 || !cxm_buf_grow(buf, len)) {
        return;
    }

    memcpy(buf->data + buf->len, data, len);
    buf->len += len;
}


void
cxm_buf_printf(cxm_buf_t *buf, const char *fmt, ...)
{
    int      n;
    char     local[CXM_BUF_START], *text;
    va_list  args;

    va_start(args, fmt);
    n = vsnprintf(local, sizeof(local), fmt, args);
    va_end(args);

    if (n < 0) {
        buf->failed = 1;
        return;
    }

    if ((size_t) n < sizeof(local)) {
        cxm_buf_put(buf, local, (size_t) n);
        return;
    }

    /* heap, not the buffer: its bound has no room for the final NUL */

    text = malloc((size_t) n + 1);

    if (text == NULL) {
        buf->failed = 1;
        return;
    }

    va_start(args, fmt);
    (void) vsnprintf(text, (size_t) n + 1, fmt, args);
    va_end(args);

    cxm_buf_put(buf, text, (size_t) n);
    free(text);
}


void
cxm_buf_varint(cxm_buf_t *buf, uint64_t v)
{
    uint8_t  bytes[CXM_VARINT_MAX] = { 0 };

    cxm_buf_put(buf, bytes, (size_t) (cxm_put_varint(bytes, v) - bytes));
}


static const char *
cxm_html_entity(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}


void
cxm_buf_html(cxm_buf_t *buf, cxm_str_t s)
{
    size_t       i, from;
    const char  *entity;

    from = 0;

    for (i = 0; i < s.len; i++) {
        entity = cxm_html_entity(s.data[i]);

        if (entity != NULL) {
            cxm_buf_put(buf, s.data + from, i - from);
            cxm_buf_puts(buf, entity);
            from = i + 1;
        }
    }

    if (from < s.len) {
        cxm_buf_put(buf, s.data + from, s.len - from);
    }
}


/* RFC 3986: all but the unreserved characters. */
void
cxm_buf_uri(cxm_buf_t *buf, cxm_str_t s)
{
    size_t       i;
    const char  *plain;

    plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
            "-._~";

    for (i = 0; i < s.len; i++) {

        if (s.data[i] != '\0' && strchr(plain, s.data[i]) != NULL) {
            cxm_buf_putc(buf, (uint8_t) s.data[i]);

        } else {
            cxm_buf_printf(buf, "%%%02X", (uint8_t) s.data[i]);
        }
    }
}


const uint8_t *
cxm_read_bytes(cxm_reader_t *rd, size_t len)
{
    const uint8_t  *p;

    if (rd->failed || len > (size_t) (rd->end - rd->pos)) {
        rd->failed = 1;
        rd->pos = rd->end;      /* loops "until the end" stop */
        return NULL;
    }

    p = rd->pos;

    if (len != 0) {
        rd->pos += len;
    }

    return p;
}


uint8_t
cxm_read_u8(cxm_reader_t *rd)
{
    const uint8_t  *p;

    p = cxm_read_bytes(rd, 1);

    return p == NULL ? 0 : *p;
}


uint64_t
cxm_read_varint_long(cxm_reader_t *rd)
{
    uint64_t        v;
    unsigned        shift;
    const uint8_t  *p;

    v = 0;

    for (shift = 0, p = rd->pos; p < rd->end && shift < 64; shift += 7, p++) {

        if (shift == 63 && *p > 1) {
            break;
        }

        v |= (uint64_t) (*p & 0x7f) << shift;

        if (*p < 0x80) {
            rd->pos = p + 1;
            return v;
        }
    }

    rd->failed = 1;
    rd->pos = rd->end;

    return 0;
}
