/*
 * What loads is valid UTF-8, at most 16 deep, and reads back equal after it
 * was written, in both forms; what does not load has a known code.
 */

#include <stdlib.h>

#include "cxm_json.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


/* Not assert(): this must work in every build. */
static void
must(int condition)
{
    if (!condition) {
        abort();
    }
}


static unsigned
depth_of(json_t *value)
{
    size_t       i;
    json_t      *member;
    unsigned     depth, d;
    const char  *name;

    depth = 0;

    if (json_is_object(value)) {
        json_object_foreach(value, name, member) {
            d = depth_of(member);
            depth = d > depth ? d : depth;
        }

    } else if (json_is_array(value)) {
        json_array_foreach(value, i, member) {
            d = depth_of(member);
            depth = d > depth ? d : depth;
        }

    } else {
        return 0;
    }

    return depth + 1;
}


static void
check_refusal(cxm_rc_t rc, const json_t *value, const cxm_error_t *err)
{
    must(rc == CXM_BAD_REQUEST && err->rc == rc && value == NULL);
    must(strcmp(err->code, "not_json") == 0
         || strcmp(err->code, "too_deep") == 0
         || strcmp(err->code, "duplicate_name") == 0
         || strcmp(err->code, "bad_encoding") == 0);
    must(strncmp(err->detail, "Line ", 5) == 0);
}


/* Writes, reads and writes again: equal values, equal bytes. */
static void
check_writing(const json_t *value, void (*write)(cxm_buf_t *, const json_t *))
{
    json_t       *again;
    cxm_buf_t     first, second;
    cxm_error_t   err;

    cxm_error_init(&err);
    cxm_buf_init(&first, (size_t) 1 << 30);
    cxm_buf_init(&second, (size_t) 1 << 30);

    write(&first, value);
    must(!first.failed);
    must(cxm_json_load(cxm_buf_str(&first), &again, &err) == CXM_OK);
    must(json_equal(value, again));

    write(&second, again);
    must(!second.failed);
    must(cxm_str_eq(cxm_buf_str(&first), cxm_buf_str(&second)));

    json_decref(again);
    cxm_buf_free(&first);
    cxm_buf_free(&second);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t       *value;
    cxm_rc_t      rc;
    cxm_str_t     text;
    cxm_error_t   err;

    text.len = size;
    text.data = (const char *) data;

    cxm_error_init(&err);
    rc = cxm_json_load(text, &value, &err);

    if (rc != CXM_OK) {
        check_refusal(rc, value, &err);
        return 0;
    }

    must(cxm_utf8_valid(text.data, text.len));
    must(depth_of(value) <= CXM_JSON_DEPTH);

    check_writing(value, cxm_json_dump);
    check_writing(value, cxm_json_canonical);

    json_decref(value);

    return 0;
}
