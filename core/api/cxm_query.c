/*
 * Query strings and form bodies: decoding, nesting, encoding.
 */

#include "cxm_json.h"
#include "cxm_query.h"


static cxm_rc_t
cxm_query_bad(cxm_error_t *err, const char *why)
{
    return cxm_fail(err, CXM_BAD_REQUEST, "bad_encoding",
                    "The query or form is not valid: %s.", why);
}


static int
cxm_query_hex(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    c |= 0x20;

    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}


static cxm_rc_t
cxm_query_decode(cxm_arena_t *arena, cxm_str_t s, cxm_str_t *out,
    cxm_error_t *err)
{
    int      high, low;
    char    *p;
    size_t   i, n;

    p = cxm_arena_alloc(arena, s.len + 1);

    if (p == NULL) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    n = 0;

    for (i = 0; i < s.len; i++) {

        if (s.data[i] != '%') {
            p[n++] = s.data[i] == '+' ? ' ' : s.data[i];
            continue;
        }

        high = i + 1 < s.len ? cxm_query_hex(s.data[i + 1]) : -1;
        low = i + 2 < s.len ? cxm_query_hex(s.data[i + 2]) : -1;

        if (high < 0 || low < 0) {
            return cxm_query_bad(err, "a percent sign without two hex digits");
        }

        p[n++] = (char) (high << 4 | low);
        i += 2;
    }

    if (!cxm_utf8_valid(p, n)) {
        return cxm_query_bad(err, "it is not UTF-8");
    }

    *out = (cxm_str_t) { n, p };

    return CXM_OK;
}


static unsigned
cxm_query_count(cxm_str_t text, unsigned max)
{
    unsigned   n;

    n = 0;

    while (text.len > 0 && n <= max) {
        n += cxm_str_cut(&text, '&').len > 0;
    }

    return n;
}


cxm_rc_t
cxm_query_parse(cxm_arena_t *arena, cxm_str_t text, unsigned max,
    cxm_arg_t **args, unsigned *nargs, cxm_error_t *err)
{
    unsigned    n;
    cxm_rc_t    rc;
    cxm_str_t   name, value;
    cxm_arg_t  *arg;

    *args = NULL;
    *nargs = 0;

    n = cxm_query_count(text, max);

    if (n > max) {
        return cxm_fail(err, CXM_BAD_REQUEST, "too_many_arguments",
                        "There are more than %u arguments.", max);
    }

    arg = cxm_arena_alloc(arena, (n + 1) * sizeof(*arg));

    if (arg == NULL) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    *args = arg;

    while (text.len > 0) {

        value = cxm_str_cut(&text, '&');

        if (value.len == 0) {
            continue;
        }

        name = cxm_str_cut(&value, '=');
        rc = cxm_query_decode(arena, name, &arg->name, err);

        if (rc == CXM_OK) {
            rc = cxm_query_decode(arena, value, &arg->value, err);
        }

        if (rc != CXM_OK) {
            return rc;
        }

        arg++;
    }

    *nargs = n;

    return CXM_OK;
}


void
cxm_query_encode(cxm_buf_t *out, cxm_str_t s, int slash)
{
    static const char  digits[] = "0123456789ABCDEF";

    size_t         i;
    unsigned char  c;

    for (i = 0; i < s.len; i++) {
        c = (unsigned char) s.data[i];

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
            || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_'
            || c == '~' || (slash && c == '/'))
        {
            cxm_buf_putc(out, c);
            continue;
        }

        cxm_buf_putc(out, '%');
        cxm_buf_putc(out, (uint8_t) digits[c >> 4]);
        cxm_buf_putc(out, (uint8_t) digits[c & 15]);
    }
}


/* --- nesting ------------------------------------------------------------ */

typedef struct {
    json_t       *object;           /* where the last part goes; borrowed */
    cxm_str_t     part;
    char          pointer[CXM_ERROR_POINTER_LEN];
    cxm_error_t  *err;
} cxm_query_place_t;


static cxm_rc_t
cxm_query_no_memory(cxm_error_t *err)
{
    return cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.");
}


/* Goes from the part it is at into the object of that name. */
static cxm_rc_t
cxm_query_descend(cxm_query_place_t *place)
{
    json_t  *member;

    member = json_object_getn(place->object, place->part.data,
                              place->part.len);

    if (member == NULL) {
        member = json_object();

        if (json_object_setn_new(place->object, place->part.data,
                                 place->part.len, member) != 0)
        {
            return cxm_query_no_memory(place->err);
        }
    }

    if (!json_is_object(member)) {
        return cxm_issue(place->err, place->pointer, "duplicate",
                         "It is both a value and an object.");
    }

    place->object = member;

    return CXM_OK;
}


static cxm_rc_t
cxm_query_find(cxm_query_place_t *place, cxm_str_t name)
{
    unsigned  depth;
    cxm_rc_t  rc;

    for (depth = 1; ; depth++) {

        place->part = cxm_str_cut(&name, '.');
        cxm_pointer_push(place->pointer, sizeof(place->pointer),
                         place->part);

        if (place->part.len == 0 || depth >= CXM_JSON_DEPTH) {
            return cxm_issue(place->err, place->pointer, "invalid",
                             "Parts of a name are not empty, and at most %d.",
                             CXM_JSON_DEPTH - 1);
        }

        /* cutting leaves no data behind the last part */

        if (name.data == NULL) {
            return CXM_OK;
        }

        rc = cxm_query_descend(place);

        if (rc != CXM_OK) {
            return rc;
        }
    }
}


static cxm_rc_t
cxm_query_put(cxm_query_place_t *place, cxm_str_t value)
{
    int      bad;
    json_t  *old, *text, *array;

    text = json_stringn(value.data, value.len);
    old = json_object_getn(place->object, place->part.data, place->part.len);

    if (json_is_object(old)) {
        json_decref(text);
        return cxm_issue(place->err, place->pointer, "duplicate",
                         "It is both a value and an object.");
    }

    if (json_is_array(old)) {
        return json_array_append_new(old, text) == 0
               ? CXM_OK : cxm_query_no_memory(place->err);
    }

    if (old != NULL) {
        array = json_array();
        bad = json_array_append(array, old);
        bad |= json_array_append_new(array, text);

        if (bad) {
            json_decref(array);
            return cxm_query_no_memory(place->err);
        }

        text = array;
    }

    return json_object_setn_new(place->object, place->part.data,
                                place->part.len, text) == 0
           ? CXM_OK : cxm_query_no_memory(place->err);
}


cxm_rc_t
cxm_query_json(const cxm_arg_t *args, unsigned nargs, json_t **out,
    cxm_error_t *err)
{
    json_t             *object;
    cxm_rc_t            rc;
    unsigned            i;
    cxm_query_place_t   place;

    *out = NULL;
    object = json_object();

    if (object == NULL) {
        return cxm_query_no_memory(err);
    }

    rc = CXM_OK;

    for (i = 0; i < nargs && rc == CXM_OK; i++) {

        place.object = object;
        place.err = err;
        place.pointer[0] = '\0';

        rc = cxm_query_find(&place, args[i].name);

        if (rc == CXM_OK) {
            rc = cxm_query_put(&place, args[i].value);
        }
    }

    if (rc != CXM_OK) {
        json_decref(object);
        return rc;
    }

    *out = object;

    return CXM_OK;
}
