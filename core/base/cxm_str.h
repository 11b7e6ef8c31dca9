/*
 * Strings, the bounded builder, and the big-endian and varint codecs.
 *
 * cxm_str_t points at memory that somebody else owns; it need not end in NUL.
 * cxm_buf_t is the one builder: it grows on the heap up to its bound and
 * then fails for good, so a chain of puts is checked once, at the end.
 */

#ifndef CXM_STR_H
#define CXM_STR_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "cxm_error.h"


typedef struct {
    size_t       len;
    const char  *data;
} cxm_str_t;

#define cxm_str(literal)  ((cxm_str_t) { sizeof(literal) - 1, (literal) })

static inline cxm_str_t
cxm_strz(const char *s)
{
    return (cxm_str_t) { s == NULL ? 0 : strlen(s), s };
}

static inline int
cxm_str_eq(cxm_str_t a, cxm_str_t b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

int cxm_str_eqz(cxm_str_t a, const char *b);
int cxm_str_ieqz(cxm_str_t a, const char *b);       /* ASCII case folded */
int cxm_str_has(cxm_str_t a, const char *needle);   /* ASCII case folded */

/* Well-formed UTF-8 without NUL: RFC 3629, no surrogates, no overlong form. */
int cxm_utf8_valid(const char *data, size_t len);
size_t cxm_utf8_prefix(const char *data, size_t len);   /* that is valid */

/*
 * Cuts what is before the first `at` off *rest and returns it; behind the
 * last one *rest becomes empty with data NULL.
 */
cxm_str_t cxm_str_cut(cxm_str_t *rest, char at);

/*
 * Appends "/" and the name, escaped as RFC 6901 says, to the JSON pointer in
 * an array of size bytes.  What does not fit is cut between characters, and
 * a pointer that was cut takes no more names.
 */
void cxm_pointer_push(char *pointer, size_t size, cxm_str_t name);


#define CXM_BUF_FULL    1
#define CXM_BUF_MEMORY  2

typedef struct {
    uint8_t  *data;         /* NULL until the first put */
    size_t    len;
    size_t    size;
    size_t    max;          /* bound; a put beyond it sets failed */
    int       failed;       /* CXM_BUF_FULL or CXM_BUF_MEMORY */
} cxm_buf_t;

void cxm_buf_init(cxm_buf_t *buf, size_t max);
void cxm_buf_free(cxm_buf_t *buf);                  /* may be called twice */
void cxm_buf_reset(cxm_buf_t *buf);                 /* keeps the memory */
void cxm_buf_put_grown(cxm_buf_t *buf, const void *data, size_t len);
void cxm_buf_printf(cxm_buf_t *buf, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Inline as far as there is room: most of what is written are a few bytes. */
static inline void
cxm_buf_put(cxm_buf_t *buf, const void *data, size_t len)
{
    if (len == 0 || len > buf->size - buf->len || buf->failed) {
        cxm_buf_put_grown(buf, data, len);
        return;
    }

    memcpy(buf->data + buf->len, data, len);
    buf->len += len;
}

static inline void
cxm_buf_puts(cxm_buf_t *buf, const char *s)
{
    cxm_buf_put(buf, s, strlen(s));
}

static inline void
cxm_buf_putc(cxm_buf_t *buf, uint8_t c)
{
    cxm_buf_put(buf, &c, 1);
}

/*
 * Adds len bytes, counted in buf->len at once, for the caller to fill in
 * before the next put; NULL when failed.
 */
uint8_t *cxm_buf_space(cxm_buf_t *buf, size_t len);
void cxm_buf_varint(cxm_buf_t *buf, uint64_t v);    /* LEB128, 1..10 bytes */
void cxm_buf_html(cxm_buf_t *buf, cxm_str_t s);     /* escapes & < > " ' */
void cxm_buf_uri(cxm_buf_t *buf, cxm_str_t s);      /* as part of a URI */

static inline cxm_str_t
cxm_buf_str(const cxm_buf_t *buf)
{
    return (cxm_str_t) { buf->len, (const char *) buf->data };
}


/*
 * A reader over bytes; a read beyond the end sets failed, moves to the end
 * and returns 0.
 */
typedef struct {
    const uint8_t  *pos;
    const uint8_t  *end;
    int             failed;
} cxm_reader_t;

static inline cxm_reader_t
cxm_reader(const void *data, size_t len)
{
    const uint8_t  *p = data;

    /* NULL + 0 is undefined in C */

    return (cxm_reader_t) { p, len == 0 ? p : p + len, 0 };
}

uint8_t cxm_read_u8(cxm_reader_t *rd);
const uint8_t *cxm_read_bytes(cxm_reader_t *rd, size_t len);
uint64_t cxm_read_varint_long(cxm_reader_t *rd);

/* Refuses more than 64 bits.  Most numbers are of one byte. */
static inline uint64_t
cxm_read_varint(cxm_reader_t *rd)
{
    return rd->pos < rd->end && *rd->pos < 0x80 ? *rd->pos++
                                                : cxm_read_varint_long(rd);
}

/* The same of at most max. */
static inline uint64_t
cxm_read_varint_max(cxm_reader_t *rd, uint64_t max)
{
    uint64_t  v;

    v = cxm_read_varint(rd);

    if (v > max) {
        rd->failed = 1;
        return 0;
    }

    return v;
}

/* Signed to unsigned so that small magnitudes stay small (zigzag). */
static inline uint64_t
cxm_zigzag(int64_t v)
{
    return ((uint64_t) v << 1) ^ (v < 0 ? UINT64_MAX : 0);
}

static inline int64_t
cxm_unzigzag(uint64_t v)
{
    return (int64_t) (v >> 1) ^ -(int64_t) (v & 1);
}

#define CXM_VARINT_MAX  10

/* LEB128; p needs CXM_VARINT_MAX bytes.  Returns the place behind. */
static inline uint8_t *
cxm_put_varint(uint8_t *p, uint64_t v)
{
    while (v > 0x7f) {
        *p++ = (uint8_t) (v | 0x80);
        v >>= 7;
    }

    *p++ = (uint8_t) v;

    return p;
}

static inline uint8_t *
cxm_put_u16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t) (v >> 8);
    p[1] = (uint8_t) v;
    return p + 2;
}

static inline uint8_t *
cxm_put_u32(uint8_t *p, uint32_t v)
{
    return cxm_put_u16(cxm_put_u16(p, (uint16_t) (v >> 16)), (uint16_t) v);
}

static inline uint8_t *
cxm_put_u64(uint8_t *p, uint64_t v)
{
    return cxm_put_u32(cxm_put_u32(p, (uint32_t) (v >> 32)), (uint32_t) v);
}

static inline uint16_t
cxm_get_u16(const uint8_t *p)
{
    return (uint16_t) (p[0] << 8 | p[1]);
}

static inline uint32_t
cxm_get_u32(const uint8_t *p)
{
    return (uint32_t) cxm_get_u16(p) << 16 | cxm_get_u16(p + 2);
}

static inline uint64_t
cxm_get_u64(const uint8_t *p)
{
    return (uint64_t) cxm_get_u32(p) << 32 | cxm_get_u32(p + 4);
}


#endif /* CXM_STR_H */
