/*
 * cxm_json: the bounds of what is loaded, and what is written.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cxm_json.h"


static int  fail_at;


static void
refused(const char *text, size_t len, const char *code, const char *detail)
{
    json_t       *value;
    cxm_error_t   err;

    cxm_error_init(&err);
    assert_int_equal(cxm_json_load((cxm_str_t) { len, text }, &value, &err),
                     CXM_BAD_REQUEST);
    assert_null(value);
    assert_string_equal(err.code, code);
    assert_string_equal(err.detail, detail);

    assert_int_equal(cxm_json_load((cxm_str_t) { len, text }, &value, NULL),
                     CXM_BAD_REQUEST);
}


#define refuse(text, code, detail)                                            \
    refused(text, sizeof(text) - 1, code, detail)


/* Loads `in` and expects it to be written as `out`. */
static void
same(const char *in, const char *out, int sorted)
{
    json_t       *value, *again;
    cxm_buf_t     buf;
    cxm_error_t   err;

    cxm_error_init(&err);
    cxm_buf_init(&buf, 4096);

    assert_int_equal(cxm_json_load(cxm_strz(in), &value, &err), CXM_OK);

    if (sorted) {
        cxm_json_canonical(&buf, value);

    } else {
        cxm_json_dump(&buf, value);
    }

    assert_false(buf.failed);
    cxm_buf_putc(&buf, '\0');
    assert_string_equal(buf.data, out);

    assert_int_equal(cxm_json_load(cxm_strz(out), &again, NULL), CXM_OK);
    assert_true(json_equal(value, again));

    json_decref(value);
    json_decref(again);
    cxm_buf_free(&buf);
}


static void
any_value_at_top_level(void **state)
{
    (void) state;

    same(" null ", "null", 0);
    same("true", "true", 0);
    same("false", "false", 0);
    same("\"a\"", "\"a\"", 0);
    same("-12", "-12", 0);
    same("[]", "[]", 0);
    same("{ }", "{}", 0);
}


static void
numbers(void **state)
{
    (void) state;

    same("9223372036854775807", "9223372036854775807", 0);
    same("-9223372036854775808", "-9223372036854775808", 0);
    same("0.1", "0.1", 0);
    same("16.25", "16.25", 0);
    same("1.0", "1.0", 0);
    same("-0.0", "-0.0", 0);
    same("1e2", "100.0", 0);
    same("1e20", "1e+20", 0);
    same("0.30000000000000004", "0.30000000000000004", 0);
    same("1.7976931348623157e308", "1.7976931348623157e+308", 0);
    same("5e-324", "4.94065645841247e-324", 0);

    refuse("9223372036854775808", "not_json",
           "Line 1, column 19: a number does not fit into 64 bits.");
    refuse("[-9223372036854775809]", "not_json",
           "Line 1, column 21: a number does not fit into 64 bits.");
    refuse("1e999", "not_json",
           "Line 1, column 5: a number does not fit into 64 bits.");
}


static void
strings_are_escaped(void **state)
{
    (void) state;

    same("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f\"",
         "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"", 0);
    same("\"\\u20ac\\ud83d\\ude00\"", "\"\xe2\x82\xac\xf0\x9f\x98\x80\"", 0);
    same("{\"\\n\\\"\":1}", "{\"\\n\\\"\":1}", 0);
}


static void
order_of_names(void **state)
{
    const char  *text = "{\"b\":1,\"a\":{\"z\":[2,1],\"y\":2},\"ab\":3,\"\":4}";

    (void) state;

    same(text, text, 0);
    same(text, "{\"\":4,\"a\":{\"y\":2,\"z\":[2,1]},\"ab\":3,\"b\":1}", 1);
    same("{\"\\u00e9\":1,\"z\":2}", "{\"z\":2,\"\xc3\xa9\":1}", 1);
}


static void
not_json(void **state)
{
    (void) state;

    refuse("", "not_json", "Line 1, column 0: the text ends too early.");
    refuse("{\"a\":", "not_json",
           "Line 1, column 5: the text ends too early.");
    refuse("[1,]", "not_json", "Line 1, column 4: this is not JSON.");
    refuse("[1]\n x", "not_json",
           "Line 2, column 2: something follows the value.");
    refuse("1 2", "not_json",
           "Line 1, column 3: something follows the value.");
    refuse("NaN", "not_json", "Line 1, column 3: this is not JSON.");
    refuse("01", "not_json", "Line 1, column 1: this is not JSON.");
    refuse("'a'", "not_json", "Line 1, column 1: this is not JSON.");
    refuse("\xef\xbb\xbf{}", "not_json",
           "Line 1, column 1: this is not JSON.");
    refuse("\"\\u0000\"", "not_json",
           "Line 1, column 8: \\u0000 is not allowed.");
    refuse("{\"\\u0000\":1}", "not_json",
           "Line 1, column 9: \\u0000 is not allowed.");
    refuse("\"\\ud800\"", "not_json", "Line 1, column 8: this is not JSON.");
    refused(NULL, 0, "not_json", "Line 1, column 0: the text ends too early.");
}


static void
bad_encoding(void **state)
{
    (void) state;

    refuse("{\n\"\xe2\x82\xac\xff\"}", "bad_encoding",
           "Line 2, column 3: not well-formed UTF-8.");
    refuse("\"\xed\xa0\x80\"", "bad_encoding",
           "Line 1, column 2: not well-formed UTF-8.");
    refuse("[]\0", "bad_encoding",
           "Line 1, column 3: not well-formed UTF-8.");
}


static void
duplicate_names(void **state)
{
    (void) state;

    refuse("{\"a\":1,\"a\":1}", "duplicate_name",
           "Line 1, column 10: a name occurs twice in one object.");
    refuse("[{\"\\u0061\":1,\"b\":{},\"a\":2}]", "duplicate_name",
           "Line 1, column 23: a name occurs twice in one object.");
    same("[{\"a\":{\"a\":1}},{\"a\":1}]", "[{\"a\":{\"a\":1}},{\"a\":1}]", 0);
}


static void
depth(void **state)
{
    (void) state;

    same("[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]",
         "[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]", 0);
    refuse("[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", "too_deep",
           "Line 1, column 17: more than 16 levels.");
    refuse("[[[[[[[[[[[[[[[[{", "too_deep",
           "Line 1, column 17: more than 16 levels.");

    /* brackets in strings, after escapes, and side by side do not count */

    same("[\"[[[[[[[[[[[[[[[[[[\",\"\\\"{{{{{{{{{{{{{{{{{{{{{{\",\"\\\\\"]",
         "[\"[[[[[[[[[[[[[[[[[[\",\"\\\"{{{{{{{{{{{{{{{{{{{{{{\",\"\\\\\"]", 0);
    refuse("[\"\\\\\",[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", "too_deep",
           "Line 1, column 22: more than 16 levels.");
    same("[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[]]",
         "[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[]]", 0);
    refuse("]]]]]", "not_json", "Line 1, column 1: this is not JSON.");
    refuse("\"\\", "not_json", "Line 1, column 2: this is not JSON.");
}


static void
dump_is_bounded(void **state)
{
    int        i;
    json_t    *value, *outer;
    cxm_buf_t  buf;

    (void) state;

    cxm_buf_init(&buf, 4);
    value = json_string("abc");
    cxm_json_dump(&buf, value);
    assert_true(buf.failed);

    for (i = 0; i < 64; i++) {
        outer = json_array();
        assert_int_equal(json_array_append_new(outer, value), 0);
        value = outer;
    }

    cxm_buf_free(&buf);
    cxm_buf_init(&buf, 4096);
    cxm_json_dump(&buf, value);
    assert_true(buf.failed);

    cxm_buf_reset(&buf);
    cxm_json_dump(&buf, json_array_get(value, 0));
    assert_false(buf.failed);

    cxm_buf_reset(&buf);
    cxm_json_dump(&buf, NULL);
    assert_true(buf.failed);

    json_decref(value);
    cxm_buf_free(&buf);
}


static void
members(void **state)
{
    json_t  *o;

    (void) state;

    o = json_object();
    assert_int_equal(cxm_json_set_str(o, "s", (cxm_str_t) { 2, "abc" }), 0);
    assert_int_equal(cxm_json_set_str(o, "e", (cxm_str_t) { 0, NULL }), 0);
    assert_int_equal(cxm_json_set_str(o, "bad", cxm_str("\xff")), -1);
    assert_int_equal(cxm_json_set_int(o, "i", INT64_MIN), 0);
    assert_int_equal(json_object_set_new(o, "t", json_true()), 0);
    assert_int_equal(json_object_set_new(o, "r", json_real(1.5)), 0);

    assert_true(cxm_str_eqz(cxm_json_get_str(o, "s"), "ab"));
    assert_non_null(cxm_json_get_str(o, "e").data);
    assert_null(cxm_json_get_str(o, "i").data);
    assert_null(cxm_json_get_str(o, "bad").data);
    assert_null(cxm_json_get_str(NULL, "s").data);
    assert_true(cxm_json_get_int(o, "i", 7) == INT64_MIN);
    assert_int_equal(cxm_json_get_int(o, "r", 7), 7);
    assert_int_equal(cxm_json_get_int(o, "none", 7), 7);
    assert_int_equal(cxm_json_get_bool(o, "t", 0), 1);
    assert_int_equal(cxm_json_get_bool(o, "i", 5), 5);
    assert_null(cxm_json_str(NULL).data);

    json_decref(o);
}


static void *
failing_malloc(size_t size)
{
    return fail_at-- == 0 ? NULL : malloc(size);
}


/*
 * Each allocation in turn fails: an error and no leak.  jansson reports some
 * of these as bad syntax, so not always the internal error.
 */
static void
lack_of_memory(void **state)
{
    int          i;
    json_t      *value;
    cxm_rc_t     rc;
    cxm_str_t    text;
    cxm_error_t  err;

    (void) state;

    text = cxm_str("{\"a\":[1,2.5,\"b\",{\"c\":null}]}");
    json_set_alloc_funcs(failing_malloc, free);

    for (i = 0; i < 1000; i++) {
        cxm_error_init(&err);
        fail_at = i;
        rc = cxm_json_load(text, &value, &err);

        if (rc == CXM_OK) {
            json_decref(value);
            break;
        }

        assert_true(rc == CXM_INTERNAL || rc == CXM_BAD_REQUEST);
        assert_null(value);
    }

    json_set_alloc_funcs(malloc, free);
    assert_in_range(i, 5, 999);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(any_value_at_top_level),
        cmocka_unit_test(numbers),
        cmocka_unit_test(strings_are_escaped),
        cmocka_unit_test(order_of_names),
        cmocka_unit_test(not_json),
        cmocka_unit_test(bad_encoding),
        cmocka_unit_test(duplicate_names),
        cmocka_unit_test(depth),
        cmocka_unit_test(dump_is_bounded),
        cmocka_unit_test(members),
        cmocka_unit_test(lack_of_memory)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
