/*
 * JSON text.
 *
 * jansson writes 0.1 as 0.10000000000000001 and keeps a hash table of all
 * parents against loops; here a number is the shortest that reads back the
 * same, and depth is bounded instead.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cxm_json.h"


/* Our own envelopes around a document of 16, far from any stack's end. */
#define CXM_JSON_DUMP_DEPTH  64


typedef struct {
    cxm_str_t   name;
    json_t     *value;
} cxm_json_member_t;


static void cxm_json_write(cxm_buf_t *buf, const json_t *value, int sorted,
    unsigned depth);


static void
cxm_json_escape(cxm_buf_t *buf, uint8_t c)
{
    switch (c) {
    case '"':
        cxm_buf_puts(buf, "\\\"");
        break;
    case '\\':
        cxm_buf_puts(buf, "\\\\");
        break;
    case '\b':
        cxm_buf_puts(buf, "\\b");
        break;
    case '\f':
        cxm_buf_puts(buf, "\\f");
        break;
    case '\n':
        cxm_buf_puts(buf, "\\n");
        break;
    case '\r':
        cxm_buf_puts(buf, "\\r");
        break;
    case '\t':
        cxm_buf_puts(buf, "\\t");
        break;
    default:
        cxm_buf_printf(buf, "\\u%04x", c);
        break;
    }
}


void
cxm_json_put_str(cxm_buf_t *buf, cxm_str_t s)
{
    size_t   i, from;
    uint8_t  c;

    cxm_buf_putc(buf, '"');
    from = 0;

    for (i = 0; i < s.len; i++) {
        c = (uint8_t) s.data[i];

        if (c < 0x20 || c == '"' || c == '\\') {
            cxm_buf_put(buf, s.data + from, i - from);
            cxm_json_escape(buf, c);
            from = i + 1;
        }
    }

    cxm_buf_put(buf, s.data + from, s.len - from);
    cxm_buf_putc(buf, '"');
}


static void
cxm_json_write_unsigned(cxm_buf_t *buf, uint64_t v)
{
    char   text[20];
    char  *p;

    p = text + sizeof(text);

    do {
        *--p = (char) ('0' + v % 10);
        v /= 10;
    } while (v > 0);

    cxm_buf_put(buf, p, (size_t) (text + sizeof(text) - p));
}


void
cxm_json_put_integer(cxm_buf_t *buf, int64_t v)
{
    if (v < 0) {
        cxm_buf_putc(buf, '-');
    }

    /* the smallest number has no positive counterpart */

    cxm_json_write_unsigned(buf, v < 0 ? 0 - (uint64_t) v : (uint64_t) v);
}


/*
 * A number of up to six decimals, as figures are, by integer arithmetic: ten
 * times as fast as looking for the fewest digits, and the same digits, since
 * n / 10^6 is what its decimal form reads back as.  0: it is no such number.
 */
static int
cxm_json_write_decimal(cxm_buf_t *buf, double value)
{
    int       i;
    char      text[8];
    int64_t   n;
    uint64_t  whole, part;

    if (fabs(value) >= 1e9) {
        return 0;
    }

    n = llround(value * 1e6);

    if ((double) n / 1e6 != value || (n == 0 && signbit(value))) {
        return 0;
    }

    whole = (uint64_t) (n < 0 ? -n : n) / 1000000;
    part = (uint64_t) (n < 0 ? -n : n) % 1000000;

    for (i = 6; i > 0; i--) {
        text[i] = (char) ('0' + part % 10);
        part /= 10;
    }

    for (i = 6; i > 1 && text[i] == '0'; i--) { /* void */ }

    text[0] = '.';

    if (n < 0) {
        cxm_buf_putc(buf, '-');
    }

    cxm_json_write_unsigned(buf, whole);
    cxm_buf_put(buf, text, (size_t) i + 1);

    return 1;
}


void
cxm_json_put_real(cxm_buf_t *buf, double value)
{
    int   digits;
    char  text[40], *p;

    if (!isfinite(value)) {
        buf->failed = 1;
        return;
    }

    if (cxm_json_write_decimal(buf, value)) {
        return;
    }

    for (digits = 15; digits <= 17; digits++) {
        (void) snprintf(text, sizeof(text), "%.*g", digits, value);

        if (strtod(text, NULL) == value) {
            break;
        }
    }

    /* a host's locale may write a comma */

    p = strchr(text, ',');

    if (p != NULL) {
        *p = '.';
    }

    cxm_buf_puts(buf, text);

    /* it must not read back as an integer */

    if (strpbrk(text, ".e") == NULL) {
        cxm_buf_puts(buf, ".0");
    }
}


static void
cxm_json_write_array(cxm_buf_t *buf, const json_t *array, int sorted,
    unsigned depth)
{
    size_t  i;

    cxm_buf_putc(buf, '[');

    for (i = 0; i < json_array_size(array) && !buf->failed; i++) {
        if (i != 0) {
            cxm_buf_putc(buf, ',');
        }

        cxm_json_write(buf, json_array_get(array, i), sorted, depth);
    }

    cxm_buf_putc(buf, ']');
}


static int
cxm_json_member_cmp(const void *a, const void *b)
{
    int                       rc;
    cxm_str_t                 s, t;
    const cxm_json_member_t  *x, *y;

    x = a;
    y = b;
    s = x->name;
    t = y->name;
    rc = memcmp(s.data, t.data, s.len < t.len ? s.len : t.len);

    return rc != 0 ? rc : (s.len > t.len) - (s.len < t.len);
}


static void
cxm_json_write_object(cxm_buf_t *buf, const json_t *object, int sorted,
    unsigned depth)
{
    void               *iter;
    json_t             *o;
    size_t              i, n;
    cxm_json_member_t  *members;

    o = (json_t *) object;      /* jansson's iterators take no const */
    n = json_object_size(o);
    members = calloc(n + 1, sizeof(cxm_json_member_t));

    if (members == NULL) {
        buf->failed = 1;
        return;
    }

    iter = json_object_iter(o);

    for (i = 0; i < n; i++) {
        members[i].name.data = json_object_iter_key(iter);
        members[i].name.len = json_object_iter_key_len(iter);
        members[i].value = json_object_iter_value(iter);
        iter = json_object_iter_next(o, iter);
    }

    if (sorted) {
        qsort(members, n, sizeof(cxm_json_member_t), cxm_json_member_cmp);
    }

    cxm_buf_putc(buf, '{');

    for (i = 0; i < n && !buf->failed; i++) {
        if (i != 0) {
            cxm_buf_putc(buf, ',');
        }

        cxm_json_put_str(buf, members[i].name);
        cxm_buf_putc(buf, ':');
        cxm_json_write(buf, members[i].value, sorted, depth);
    }

    cxm_buf_putc(buf, '}');
    free(members);
}


static void
cxm_json_write(cxm_buf_t *buf, const json_t *value, int sorted, unsigned depth)
{
    if (value == NULL || ++depth > CXM_JSON_DUMP_DEPTH) {
        buf->failed = 1;
        return;
    }

    switch (json_typeof(value)) {

    case JSON_OBJECT:
        cxm_json_write_object(buf, value, sorted, depth);
        break;

    case JSON_ARRAY:
        cxm_json_write_array(buf, value, sorted, depth);
        break;

    case JSON_STRING:
        cxm_json_put_str(buf, cxm_json_str(value));
        break;

    case JSON_INTEGER:
        cxm_json_put_integer(buf, json_integer_value(value));
        break;

    case JSON_REAL:
        cxm_json_put_real(buf, json_real_value(value));
        break;

    case JSON_TRUE:
        cxm_buf_puts(buf, "true");
        break;

    case JSON_FALSE:
        cxm_buf_puts(buf, "false");
        break;

    case JSON_NULL:
        cxm_buf_puts(buf, "null");
        break;
    }
}


void
cxm_json_dump(cxm_buf_t *buf, const json_t *value)
{
    cxm_json_write(buf, value, 0, 0);
}


void
cxm_json_canonical(cxm_buf_t *buf, const json_t *value)
{
    cxm_json_write(buf, value, 1, 0);
}
