/*
 * Packed JSON: every value comes back equal, in one form, and nothing else
 * is taken.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cxm_json.h"
#include "cxm_pack.h"


static const char *const  values[] = {
    "null", "true", "false", "0", "63", "64", "-1", "9223372036854775807",
    "-9223372036854775808", "0.5", "-1.25e300", "\"\"", "\"a\"",
    "[]", "{}", "[[],{}]", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"",
    "{\"survey\":2,\"answers\":{\"nps\":9,\"other\":[1,2,-3]},\"at\":177772}",
    "{\"retired\":1,\"survey\":null,\"surveys\":2,\"a name of no list\":3}",
    "{\"\":1,\"latency_band\":\"x\",\"latency_bands\":\"y\"}"
};


static json_t *
parse(const char *text)
{
    json_t  *value;

    assert_int_equal(cxm_json_load(cxm_strz(text), &value, NULL), CXM_OK);

    return value;
}


static void
assert_round(json_t *value)
{
    json_t     *again;
    cxm_buf_t   a, b;

    cxm_buf_init(&a, 1 << 20);
    cxm_buf_init(&b, 1 << 20);

    cxm_pack(&a, value);
    assert_false(a.failed);
    assert_int_equal(cxm_unpack(cxm_buf_str(&a), &again), CXM_OK);
    assert_true(json_equal(value, again));

    cxm_pack(&b, again);
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.data, b.data, a.len);

    json_decref(again);
    cxm_buf_free(&a);
    cxm_buf_free(&b);
}


static void
values_come_back(void **state)
{
    size_t   i;
    json_t  *value;

    (void) state;

    for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        value = parse(values[i]);
        assert_round(value);
        json_decref(value);
    }
}


static void
strings_of_every_length(void **state)
{
    char     text[300];
    size_t   n;
    json_t  *value;

    (void) state;
    memset(text, 'x', sizeof(text));

    for (n = 0; n < sizeof(text); n++) {
        value = json_stringn(text, n);
        assert_round(value);
        json_decref(value);
    }
}


/* The bytes are the format: they must not change. */
static void
form_is_fixed(void **state)
{
    json_t     *value;
    cxm_buf_t   packed;

    static const char  form[] =
        "\x07\x04" "\x01\x42" "\x03\x07\x01\x55\x49" "\x09\x03\xd8\x04"
        "\x02" "x" "\x06\x02\x02\x80";

    (void) state;
    value = parse("{\"survey\":2,\"answers\":{\"nps\":9},\"at\":300,"
                  "\"x\":[true,\"\"]}");
    cxm_buf_init(&packed, 1000);
    cxm_pack(&packed, value);
    json_decref(value);

    assert_int_equal(packed.len, sizeof(form) - 1);
    assert_memory_equal(packed.data, form, packed.len);
    cxm_buf_free(&packed);
}


static void
damage_is_refused(void **state)
{
    size_t      i, n;
    json_t     *value;
    cxm_buf_t   packed;

    static const char *const  bad[] = {
        "\x08", "\x3f", "\x81\xff", "\x83" "ab", "\x05\xff\xff\xff\xff\x7f",
        "\x06\x01", "\x07\x01\xff\x7f\x40", "\x07\x01\x02", "\x40\x40",
        "\x04\x7f\xf0\x00\x00", "\x06\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x40"
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(cxm_unpack(cxm_strz(bad[i]), &value), CXM_CORRUPT);
        assert_null(value);
    }

    value = parse(values[17]);
    cxm_buf_init(&packed, 1000);
    cxm_pack(&packed, value);
    json_decref(value);

    for (n = 0; n < packed.len; n++) {
        assert_int_equal(cxm_unpack((cxm_str_t) { n, (char *) packed.data },
                                    &value), CXM_CORRUPT);
    }

    cxm_buf_free(&packed);
}


static void
depth_is_bounded(void **state)
{
    int        i;
    json_t    *value, *outer;
    uint8_t    deep[200];
    cxm_buf_t  packed;

    (void) state;
    value = json_array();

    for (i = 1; i < CXM_PACK_DEPTH; i++) {
        outer = json_array();
        json_array_append_new(outer, value);
        value = outer;
    }

    assert_round(value);
    outer = json_array();
    json_array_append_new(outer, value);

    cxm_buf_init(&packed, 1000);
    cxm_pack(&packed, outer);
    assert_true(packed.failed);
    cxm_buf_free(&packed);
    json_decref(outer);

    for (i = 0; i < 200; i += 2) {
        deep[i] = 0x06;
        deep[i + 1] = 1;
    }

    assert_int_equal(cxm_unpack((cxm_str_t) { 200, (char *) deep }, &value),
                     CXM_CORRUPT);
}


/* Member by member it is the same as from a tree. */
static void
objects_without_a_tree(void **state)
{
    int                i;
    char               name[16];
    json_t            *tree, *part;
    cxm_buf_t          a, b;
    cxm_pack_object_t  object;

    (void) state;
    cxm_buf_init(&a, 1 << 20);
    cxm_buf_init(&b, 1 << 20);

    tree = parse("{\"type\":\"page_view\",\"at\":177772,\"small\":63,"
                 "\"less\":-9223372036854775808,\"props\":{\"a\":[1,\"b\"]}}");
    part = parse("{\"a\":[1,\"b\"]}");
    cxm_pack(&a, tree);

    cxm_pack_begin(&object, &b);
    cxm_pack_str(&object, cxm_str("type"), cxm_str("page_view"));
    cxm_pack_int(&object, cxm_str("at"), 177772);
    cxm_pack_int(&object, cxm_str("small"), 63);
    cxm_pack_int(&object, cxm_str("less"), INT64_MIN);
    cxm_pack_json(&object, cxm_str("props"), part);
    cxm_pack_end(&object);

    assert_false(b.failed);
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.data, b.data, a.len);
    json_decref(tree);
    json_decref(part);

    /* as many members as the one byte of their number takes, and no more */

    for (i = 0; i <= CXM_PACK_MEMBERS; i++) {
        cxm_buf_reset(&b);
        cxm_pack_begin(&object, &b);

        for (object.n = 0; object.n < (unsigned) i; /* void */ ) {
            (void) snprintf(name, sizeof(name), "m%u", object.n);
            cxm_pack_int(&object, cxm_strz(name), 1);
        }

        cxm_pack_end(&object);
        assert_int_equal(cxm_unpack(cxm_buf_str(&b), &tree), CXM_OK);
        assert_int_equal(json_object_size(tree), i);
        json_decref(tree);
    }

    cxm_pack_int(&object, cxm_str("more"), 1);
    cxm_pack_end(&object);
    assert_true(b.failed);

    cxm_buf_free(&a);
    cxm_buf_free(&b);
}


/* A nested value is as deep as in a tree. */
static void
members_are_as_deep(void **state)
{
    int                i;
    json_t            *value, *outer;
    cxm_buf_t          buf;
    cxm_pack_object_t  object;

    (void) state;
    value = json_array();

    for (i = 2; i < CXM_PACK_DEPTH; i++) {
        outer = json_array();
        json_array_append_new(outer, value);
        value = outer;
    }

    cxm_buf_init(&buf, 1 << 20);
    cxm_pack_begin(&object, &buf);
    cxm_pack_json(&object, cxm_str("a"), value);
    cxm_pack_end(&object);
    assert_false(buf.failed);

    outer = json_array();
    json_array_append_new(outer, value);
    cxm_buf_reset(&buf);
    cxm_pack_begin(&object, &buf);
    cxm_pack_json(&object, cxm_str("a"), outer);
    assert_true(buf.failed);

    json_decref(outer);
    cxm_buf_free(&buf);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(values_come_back),
        cmocka_unit_test(strings_of_every_length),
        cmocka_unit_test(form_is_fixed),
        cmocka_unit_test(damage_is_refused),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(objects_without_a_tree),
        cmocka_unit_test(members_are_as_deep)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
