/*
 * Query strings and form bodies: whatever is taken decodes to UTF-8 without
 * NUL, comes out the same when encoded and read again, and nests within the
 * bounds of JSON with strings as its only values.
 */

#include <stdlib.h>

#include "cxm_json.h"
#include "cxm_query.h"


#define check(condition)  do { if (!(condition)) { abort(); } } while (0)


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static size_t
strings(const json_t *value, unsigned depth)
{
    size_t       i, n;
    json_t      *member;
    const char  *name;

    check(depth <= CXM_JSON_DEPTH);

    if (json_is_string(value)) {
        return 1;
    }

    n = 0;

    if (json_is_array(value)) {
        check(json_array_size(value) > 1);

        json_array_foreach(value, i, member) {
            check(json_is_string(member));
            n++;
        }

        return n;
    }

    check(json_is_object(value));

    json_object_foreach((json_t *) value, name, member) {
        check(name[0] != '\0');
        n += strings(member, depth + 1);
    }

    return n;
}


static void
nests(const cxm_arg_t *args, unsigned nargs)
{
    json_t       *object, *again;
    cxm_rc_t      rc;
    cxm_buf_t     text;
    cxm_error_t   err;

    cxm_error_init(&err);
    rc = cxm_query_json(args, nargs, &object, &err);

    if (rc != CXM_OK) {
        check(rc == CXM_INVALID && err.rc == rc && object == NULL);
        check(err.nissues == 1 && err.issues[0].pointer[0] == '/');
        return;
    }

    check(strings(object, 1) == nargs);

    /* it passes for a body: what is stored must read back */

    cxm_buf_init(&text, 1 << 20);
    cxm_json_dump(&text, object);
    check(!text.failed);
    check(cxm_json_load(cxm_buf_str(&text), &again, &err) == CXM_OK);
    check(json_equal(object, again));

    json_decref(again);
    json_decref(object);
    cxm_buf_free(&text);
}


static void
round_trip(const cxm_arg_t *args, unsigned nargs)
{
    unsigned      i, n;
    cxm_buf_t     text;
    cxm_arg_t    *again;
    cxm_error_t   err;
    cxm_arena_t   arena;

    memset(&arena, 0, sizeof(arena));
    cxm_error_init(&err);
    cxm_buf_init(&text, 1 << 20);

    for (i = 0; i < nargs; i++) {
        check(cxm_utf8_valid(args[i].name.data, args[i].name.len));
        check(cxm_utf8_valid(args[i].value.data, args[i].value.len));

        cxm_query_encode(&text, args[i].name, i & 1);
        cxm_buf_putc(&text, '=');
        cxm_query_encode(&text, args[i].value, 0);
        cxm_buf_putc(&text, '&');
    }

    check(cxm_query_parse(&arena, cxm_buf_str(&text), CXM_FORM_FIELDS, &again,
                          &n, &err) == CXM_OK);
    check(n == nargs);

    for (i = 0; i < n; i++) {
        check(cxm_str_eq(args[i].name, again[i].name));
        check(cxm_str_eq(args[i].value, again[i].value));
    }

    cxm_arena_free(&arena);
    cxm_buf_free(&text);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cxm_rc_t      rc;
    unsigned      i, n;
    size_t        sum;
    cxm_arg_t    *args;
    cxm_error_t   err;
    cxm_arena_t   arena;

    memset(&arena, 0, sizeof(arena));
    cxm_error_init(&err);

    rc = cxm_query_parse(&arena, (cxm_str_t) { size, (const char *) data },
                         CXM_FORM_FIELDS, &args, &n, &err);

    if (rc == CXM_OK) {
        check(n <= CXM_FORM_FIELDS);

        for (i = 0, sum = 0; i < n; i++) {
            sum += args[i].name.len + args[i].value.len;
        }

        check(sum <= size);
        round_trip(args, n);
        nests(args, n);

    } else {
        check(rc == CXM_BAD_REQUEST && err.rc == rc && n == 0);
    }

    cxm_arena_free(&arena);

    return 0;
}
