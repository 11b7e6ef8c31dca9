/*
 * Bounded JSON: loading and member access by jansson, writing by ourselves.
 *
 * jansson writes 0.1 as 0.10000000000000001 and keeps a hash table of all
 * parents against loops; here a number is the shortest that reads back the
 * same, and depth is bounded instead.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cxm_json.h"
#include "cxm_memory.h"


/* Our own envelopes around a document of 16, far from any stack's end. */
#define CXM_JSON_DUMP_DEPTH  64


typedef struct {
    const char  *data;
    size_t       len;
    json_t      *value;
} cxm_json_member_t;


static void cxm_json_write(cxm_buf_t *buf, const json_t *value, int sorted,
    unsigned depth);


/* Line and column (in characters) of a byte, both from 1. */
static void
cxm_json_place(cxm_str_t text, size_t at, int *line, int *column)
{
    size_t  i;

    *line = 1;
    *column = 1;

    for (i = 0; i < at; i++) {
        if (text.data[i] == '\n') {
            (*line)++;
            *column = 1;

        } else if ((text.data[i] & 0xc0) != 0x80) {
            (*column)++;
        }
    }
}


/*
 * The first bracket that opens level 17, or text.len.  jansson itself stops
 * at 2048 levels only, after it has built them.
 */
static size_t
cxm_json_too_deep(cxm_str_t text)
{
    size_t    i;
    unsigned  depth, quoted;

    depth = 0;
    quoted = 0;

    for (i = 0; i < text.len; i++) {

        switch (text.data[i]) {

        case '"':
            quoted = !quoted;
            break;

        case '\\':
            i += quoted;
            break;

        case '[':
        case '{':
            if (!quoted && ++depth > CXM_JSON_DEPTH) {
                return i;
            }
            break;

        case ']':
        case '}':
            if (!quoted && depth > 0) {
                depth--;
            }
            break;
        }
    }

    return text.len;
}


/*
 * Our words: jansson's quote the text, which may be personal.  It gives
 * none when most of its allocations fail.
 */
static cxm_rc_t
cxm_json_refuse(const json_error_t *error, cxm_error_t *err)
{
    const char  *code, *why;

    /* jansson takes a lack of memory inside a string for bad syntax */

    if (error->text[0] == '\0' || cxm_memory_failed()) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    code = "not_json";

    switch (json_error_code(error)) {

    case json_error_duplicate_key:
        code = "duplicate_name";
        why = "a name occurs twice in one object";
        break;

    case json_error_numeric_overflow:
        why = "a number does not fit into 64 bits";
        break;

    case json_error_premature_end_of_input:
        why = "the text ends too early";
        break;

    case json_error_end_of_input_expected:
        why = "something follows the value";
        break;

    case json_error_null_character:
    case json_error_null_byte_in_key:
        why = "\\u0000 is not allowed";
        break;

    default:
        why = "this is not JSON";
        break;
    }

    return cxm_fail(err, CXM_BAD_REQUEST, code, "Line %d, column %d: %s.",
                    error->line, error->column, why);
}


cxm_rc_t
cxm_json_load(cxm_str_t text, json_t **out, cxm_error_t *err)
{
    int           line, column;
    size_t        at;
    json_error_t  error;

    *out = NULL;

    if (text.data == NULL) {
        text = cxm_str("");
    }

    at = cxm_utf8_prefix(text.data, text.len);

    if (at != text.len) {
        cxm_json_place(text, at, &line, &column);
        return cxm_fail(err, CXM_BAD_REQUEST, "bad_encoding",
                        "Line %d, column %d: not well-formed UTF-8.",
                        line, column);
    }

    at = cxm_json_too_deep(text);

    if (at != text.len) {
        cxm_json_place(text, at, &line, &column);
        return cxm_fail(err, CXM_BAD_REQUEST, "too_deep",
                        "Line %d, column %d: more than %d levels.",
                        line, column, CXM_JSON_DEPTH);
    }

    memset(&error, 0, sizeof(error));
    (void) cxm_memory_failed();

    *out = json_loadb(text.data, text.len,
                      JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);

    return *out != NULL ? CXM_OK : cxm_json_refuse(&error, err);
}


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


static void
cxm_json_write_str(cxm_buf_t *buf, const char *data, size_t len)
{
    size_t   i, from;
    uint8_t  c;

    cxm_buf_putc(buf, '"');
    from = 0;

    for (i = 0; i < len; i++) {
        c = (uint8_t) data[i];

        if (c < 0x20 || c == '"' || c == '\\') {
            cxm_buf_put(buf, data + from, i - from);
            cxm_json_escape(buf, c);
            from = i + 1;
        }
    }

    cxm_buf_put(buf, data + from, len - from);
    cxm_buf_putc(buf, '"');
}


static void
cxm_json_write_real(cxm_buf_t *buf, double value)
{
    int   digits;
    char  text[40], *p;

    if (!isfinite(value)) {
        buf->failed = 1;
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
    const cxm_json_member_t  *x, *y;

    x = a;
    y = b;
    rc = memcmp(x->data, y->data, x->len < y->len ? x->len : y->len);

    return rc != 0 ? rc : (x->len > y->len) - (x->len < y->len);
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
        members[i].data = json_object_iter_key(iter);
        members[i].len = json_object_iter_key_len(iter);
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

        cxm_json_write_str(buf, members[i].data, members[i].len);
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
        cxm_json_write_str(buf, json_string_value(value),
                           json_string_length(value));
        break;

    case JSON_INTEGER:
        cxm_buf_printf(buf, "%" JSON_INTEGER_FORMAT,
                       json_integer_value(value));
        break;

    case JSON_REAL:
        cxm_json_write_real(buf, json_real_value(value));
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


cxm_str_t
cxm_json_str(const json_t *string)
{
    if (!json_is_string(string)) {
        return (cxm_str_t) { 0, NULL };
    }

    return (cxm_str_t) { json_string_length(string),
                         json_string_value(string) };
}


cxm_str_t
cxm_json_get_str(const json_t *object, const char *name)
{
    return cxm_json_str(json_object_get(object, name));
}


int64_t
cxm_json_get_int(const json_t *object, const char *name, int64_t def)
{
    json_t  *value;

    value = json_object_get(object, name);

    return json_is_integer(value) ? json_integer_value(value) : def;
}


int
cxm_json_get_bool(const json_t *object, const char *name, int def)
{
    json_t  *value;

    value = json_object_get(object, name);

    return json_is_boolean(value) ? json_is_true(value) : def;
}


int
cxm_json_set_str(json_t *object, const char *name, cxm_str_t value)
{
    return json_object_set_new(object, name,
                               json_stringn(value.data == NULL ? ""
                                            : value.data, value.len));
}


int
cxm_json_set_int(json_t *object, const char *name, int64_t value)
{
    return json_object_set_new(object, name, json_integer(value));
}
