/*
 * Field tables: what each type takes, pointers and codes of what it refuses,
 * merge patch, schemas.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cxm_field.h"
#include "cxm_json.h"


static const char *const  colours[] = { "red", "green", NULL };

static const cxm_field_t  inner_fields[] = {
    { .name = "x", .type = CXM_FIELD_INT, .flags = CXM_FIELD_REQUIRED,
      .min = 1, .max = 5 },
    { .name = NULL }
};

static const cxm_fields_t  inner = { "inner", inner_fields };

static const cxm_field_t  item_slug = { .type = CXM_FIELD_SLUG };
static const cxm_field_t  item_scalar = { .type = CXM_FIELD_SCALAR, .max = 3 };

static const cxm_field_t  fields[] = {
    { .name = "name", .type = CXM_FIELD_STRING, .min = 1, .max = 3 },
    { .name = "text", .type = CXM_FIELD_TEXT },
    { .name = "slug", .type = CXM_FIELD_SLUG },
    { .name = "uuid", .type = CXM_FIELD_UUID },
    { .name = "email", .type = CXM_FIELD_EMAIL,
      .flags = CXM_FIELD_PERSONAL },
    { .name = "url", .type = CXM_FIELD_URL },
    { .name = "time", .type = CXM_FIELD_TIME },
    { .name = "colour", .type = CXM_FIELD_ENUM, .values = colours,
      .flags = CXM_FIELD_NULLABLE },
    { .name = "int", .type = CXM_FIELD_INT },
    { .name = "few", .type = CXM_FIELD_INT, .min = -2, .max = 2 },
    { .name = "number", .type = CXM_FIELD_NUMBER, .min = 0, .max = 1 },
    { .name = "bool", .type = CXM_FIELD_BOOL },
    { .name = "inner", .type = CXM_FIELD_OBJECT, .object = &inner },
    { .name = "list", .type = CXM_FIELD_ARRAY, .item = &item_slug,
      .min = 1, .max = 3, .flags = CXM_FIELD_UNIQUE },
    { .name = "map", .type = CXM_FIELD_MAP, .item = &item_scalar, .max = 2 },
    { .name = "any", .type = CXM_FIELD_ANY },
    { .name = "date", .type = CXM_FIELD_DATE },
    { .name = "phone", .type = CXM_FIELD_PHONE },
    { .name = "language", .type = CXM_FIELD_LANGUAGE },
    { .name = "country", .type = CXM_FIELD_COUNTRY },
    { .name = "zone", .type = CXM_FIELD_ZONE },
    { .name = "id", .type = CXM_FIELD_UUID, .flags = CXM_FIELD_READONLY },
    { .name = "secret", .type = CXM_FIELD_INT, .flags = CXM_FIELD_HIDDEN },
    { .name = NULL }
};

static const cxm_fields_t  table = { "thing", fields };


static json_t *
json(const char *text)
{
    json_t  *value;

    value = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(value);

    return value;
}


static cxm_rc_t
check(const char *text, cxm_error_t *err)
{
    json_t    *value;
    cxm_rc_t   rc;

    value = json(text);
    cxm_error_init(err);
    rc = cxm_field_check(&table, value, "", err);
    json_decref(value);

    return rc;
}


static void
takes(void **state)
{
    size_t       i;
    cxm_error_t  err;

    static const char *const  good[] = {
        "{}", "{\"name\":\"\xc3\xa4\xc3\xb6\xc3\xbc\"}",
        "{\"text\":\"a\\n\\tb\\r\"}", "{\"slug\":\"a-1\"}",
        "{\"uuid\":\"018F3A1E-7B1C-4B2A-9C3D-0123456789ab\"}",
        "{\"email\":\"a@b\"}", "{\"url\":\"https://a.example/x?y#z\"}",
        "{\"url\":\"HTTP://a\"}", "{\"url\":\"/\"}", "{\"url\":\"/a?b\"}",
        "{\"time\":\"2026-11-22T01:02:03+02:00\"}", "{\"colour\":\"red\"}",
        "{\"colour\":null}", "{\"int\":-9223372036854775808}",
        "{\"few\":-2}", "{\"few\":2}", "{\"number\":0.5}", "{\"number\":1}",
        "{\"bool\":false}", "{\"inner\":{\"x\":1}}", "{\"list\":[\"a\",\"b\"]}",
        "{\"map\":{\"a.B_-\":\"abc\",\"2\":1.5}}", "{\"map\":{\"a\":true}}",
        "{\"any\":[{\"x\":null}]}", "{\"any\":null}",
        "{\"date\":\"1890-02-28\"}", "{\"phone\":\"+49 30 123-456\"}",
        "{\"language\":\"pt-BR\"}", "{\"country\":\"DE\"}",
        "{\"zone\":\"America/Argentina/Ushuaia\"}", "{\"zone\":\"UTC\"}",
        "{\"zone\":\"Etc/GMT+1\"}",
        "{\"id\":7}"                            /* passed over */
    };

    (void) state;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        if (check(good[i], &err) != CXM_OK) {
            fail_msg("%s: %s %s", good[i], err.issues[0].pointer,
                     err.issues[0].code);
        }
        assert_int_equal(err.rc, CXM_OK);
    }
}


static void
refuses(void **state)
{
    size_t       i;
    cxm_error_t  err;

    static const struct {
        const char  *text, *pointer, *code;
    } bad[] = {
        { "[]", "", "wrong_type" },
        { "{\"no\":1}", "/no", "unknown_field" },
        { "{\"a/b~\":1}", "/a~1b~0", "unknown_field" },
        { "{\"name\":1}", "/name", "wrong_type" },
        { "{\"name\":null}", "/name", "wrong_type" },
        { "{\"name\":\"\"}", "/name", "too_short" },
        { "{\"name\":\"\xc3\xa4\xc3\xb6\xc3\xbc.\"}", "/name", "too_long" },
        { "{\"name\":\"a\\nb\"}", "/name", "invalid" },
        { "{\"name\":\"a\\u0085\"}", "/name", "invalid" },
        { "{\"text\":\"a\\u007f\"}", "/text", "invalid" },
        { "{\"slug\":\"-a\"}", "/slug", "invalid" },
        { "{\"slug\":\"A\"}", "/slug", "invalid" },
        { "{\"uuid\":\"018f\"}", "/uuid", "invalid" },
        { "{\"email\":\"a@b@c\"}", "/email", "invalid" },
        { "{\"email\":\"@b\"}", "/email", "invalid" },
        { "{\"email\":\"a@\"}", "/email", "invalid" },
        { "{\"email\":\"a b@c\"}", "/email", "invalid" },
        { "{\"url\":\"javascript:x\"}", "/url", "invalid" },
        { "{\"url\":\"//evil\"}", "/url", "invalid" },
        { "{\"url\":\"/\\\\evil\"}", "/url", "invalid" },
        { "{\"url\":\"http://\"}", "/url", "invalid" },
        { "{\"url\":\"http:///x\"}", "/url", "invalid" },
        { "{\"url\":\"x/y\"}", "/url", "invalid" },
        { "{\"url\":\"\"}", "/url", "invalid" },
        { "{\"time\":\"yesterday\"}", "/time", "invalid" },
        { "{\"colour\":\"blue\"}", "/colour", "not_allowed" },
        { "{\"int\":9.0}", "/int", "wrong_type" },
        { "{\"int\":\"9\"}", "/int", "wrong_type" },
        { "{\"int\":true}", "/int", "wrong_type" },
        { "{\"few\":3}", "/few", "out_of_range" },
        { "{\"few\":-3}", "/few", "out_of_range" },
        { "{\"number\":1.01}", "/number", "out_of_range" },
        { "{\"number\":2}", "/number", "out_of_range" },
        { "{\"bool\":1}", "/bool", "wrong_type" },
        { "{\"inner\":{}}", "/inner/x", "required" },
        { "{\"inner\":{\"x\":9}}", "/inner/x", "out_of_range" },
        { "{\"inner\":{\"x\":1,\"y\":1}}", "/inner/y", "unknown_field" },
        { "{\"list\":[]}", "/list", "too_short" },
        { "{\"list\":[\"a\",\"b\",\"c\",\"d\"]}", "/list", "too_long" },
        { "{\"list\":[\"a\",\"b\",\"a\"]}", "/list/2", "duplicate" },
        { "{\"list\":[\"a\",1]}", "/list/1", "wrong_type" },
        { "{\"map\":{\"a\":1,\"b\":1,\"c\":1}}", "/map", "too_long" },
        { "{\"map\":{\"a b\":1}}", "/map/a b", "invalid" },
        { "{\"map\":{\"\":1}}", "/map/", "invalid" },
        { "{\"map\":{\"a\":\"abcd\"}}", "/map/a", "too_long" },
        { "{\"map\":{\"a\":[]}}", "/map/a", "wrong_type" },
        { "{\"map\":{\"a\":null}}", "/map/a", "wrong_type" },
        { "{\"date\":\"1990-02-29\"}", "/date", "invalid" },
        { "{\"date\":\"90-02-28\"}", "/date", "invalid" },
        { "{\"date\":\"1990-02-28T00:00:00Z\"}", "/date", "invalid" },
        { "{\"phone\":\"030 123456\"}", "/phone", "invalid" },
        { "{\"language\":\"en_US\"}", "/language", "invalid" },
        { "{\"country\":\"de\"}", "/country", "invalid" },
        { "{\"country\":\"DEU\"}", "/country", "invalid" },
        { "{\"zone\":\"../etc/passwd\"}", "/zone", "invalid" },
        { "{\"zone\":\"Europe/\"}", "/zone", "invalid" },
        { "{\"zone\":\"\"}", "/zone", "invalid" },
        { "{\"secret\":1}", "/secret", "unknown_field" }
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (check(bad[i].text, &err) != CXM_INVALID) {
            fail_msg("%s was taken", bad[i].text);
        }
        assert_int_equal(err.rc, CXM_INVALID);
        assert_int_equal(err.nissues, 1);
        assert_string_equal(err.issues[0].pointer, bad[i].pointer);
        assert_string_equal(err.issues[0].code, bad[i].code);
        assert_true(err.issues[0].detail[0] != '\0');
    }
}


static void
collects(void **state)
{
    int          i;
    json_t      *value;
    char         name[24];
    cxm_error_t  err;

    (void) state;

    assert_int_equal(check("{\"name\":1,\"few\":9,\"no\":1,\"inner\":{}}",
                           &err), CXM_INVALID);
    assert_int_equal(err.nissues, 4);
    assert_string_equal(err.issues[3].pointer, "/inner/x");

    value = json_object();
    for (i = 0; i < 2 * CXM_ERROR_ISSUES; i++) {
        snprintf(name, sizeof(name), "no%d", i);
        json_object_set_new(value, name, json_null());
    }

    cxm_error_init(&err);
    assert_int_equal(cxm_field_check(&table, value, "", &err), CXM_INVALID);
    assert_int_equal(err.nissues, CXM_ERROR_ISSUES);
    assert_int_equal(cxm_field_check(&table, value, "", NULL), CXM_INVALID);
    json_decref(value);

    value = json("\"abcd\"");
    cxm_error_init(&err);
    assert_int_equal(cxm_field_check_value(&fields[0], value, "/at/3", &err),
                     CXM_INVALID);
    assert_string_equal(err.issues[0].pointer, "/at/3");
    json_decref(value);
}


/* The examples of RFC 7396, appendix A, that have an object as target. */
static void
merges(void **state)
{
    size_t   i;
    json_t  *target, *patch, *want;

    static const char *const  cases[][3] = {
        { "{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}" },
        { "{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}" },
        { "{\"a\":\"b\"}", "{\"a\":null}", "{}" },
        { "{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}" },
        { "{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}" },
        { "{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}" },
        { "{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}",
          "{\"a\":{\"b\":\"d\"}}" },
        { "{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}" },
        { "{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}" },
        { "{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}" },
        { "{\"a\":[1]}", "{\"a\":{\"b\":null}}", "{\"a\":{}}" }
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        target = json(cases[i][0]);
        patch = json(cases[i][1]);
        want = json(cases[i][2]);
        assert_int_equal(cxm_merge_patch(target, patch), CXM_OK);
        assert_true(json_equal(target, want));
        json_decref(target);
        json_decref(patch);
        json_decref(want);
    }

    target = json("[]");
    patch = json("{}");
    assert_int_equal(cxm_merge_patch(target, patch), CXM_INVALID);
    assert_int_equal(cxm_merge_patch(patch, target), CXM_INVALID);
    json_decref(target);
    json_decref(patch);
}


/* A patch that is changed later must not change what it went into. */
static void
merge_copies(void **state)
{
    json_t  *target, *patch;

    (void) state;

    target = json("{}");
    patch = json("{\"a\":[1]}");
    assert_int_equal(cxm_merge_patch(target, patch), CXM_OK);
    json_array_append_new(json_object_get(patch, "a"), json_integer(2));
    assert_int_equal(json_array_size(json_object_get(target, "a")), 1);
    json_decref(target);
    json_decref(patch);
}


static const json_t *
member(const json_t *schema, const char *name)
{
    return json_object_get(json_object_get(schema, "properties"), name);
}


static void
schemas(void **state)
{
    json_t        *schema;
    const json_t  *p;

    (void) state;

    schema = cxm_field_schema(&table);
    assert_non_null(schema);
    assert_true(cxm_str_eqz(cxm_json_get_str(schema, "title"), "thing"));
    assert_true(json_is_false(json_object_get(schema,
                                              "additionalProperties")));
    assert_null(json_object_get(schema, "required"));

    p = member(schema, "name");
    assert_int_equal(cxm_json_get_int(p, "minLength", 0), 1);
    assert_int_equal(cxm_json_get_int(p, "maxLength", 0), 3);
    p = member(schema, "few");
    assert_int_equal(cxm_json_get_int(p, "minimum", 0), -2);
    p = member(schema, "colour");
    assert_int_equal(json_array_size(json_object_get(p, "enum")), 3);
    assert_int_equal(json_array_size(json_object_get(p, "type")), 2);
    p = member(schema, "inner");
    assert_int_equal(json_array_size(json_object_get(p, "required")), 1);
    p = member(schema, "list");
    assert_true(json_is_object(json_object_get(p, "items")));
    p = member(schema, "map");
    assert_true(json_is_object(json_object_get(p, "additionalProperties")));
    p = member(schema, "email");
    assert_true(json_is_true(json_object_get(p, "x-personal")));
    p = member(schema, "id");
    assert_true(json_is_true(json_object_get(p, "readOnly")));

    json_decref(schema);
}


/* Who may not read what is personal gets a document without it. */
static void
schemas_of_answers(void **state)
{
    json_t  *schema, *p, *required;

    static const cxm_field_t  part_fields[] = {
        { .name = "who", .type = CXM_FIELD_STRING,
          .flags = CXM_FIELD_REQUIRED | CXM_FIELD_PERSONAL },
        { .name = NULL }
    };
    static const cxm_fields_t  part = { "part", part_fields };
    static const cxm_field_t   item = {
        .type = CXM_FIELD_OBJECT, .object = &part
    };
    static const cxm_field_t   all_fields[] = {
        { .name = "name", .type = CXM_FIELD_STRING,
          .flags = CXM_FIELD_REQUIRED | CXM_FIELD_PERSONAL },
        { .name = "n", .type = CXM_FIELD_INT, .flags = CXM_FIELD_REQUIRED },
        { .name = "parts", .type = CXM_FIELD_ARRAY, .item = &item },
        { .name = NULL }
    };
    static const cxm_fields_t  all = { "all", all_fields };

    (void) state;

    schema = cxm_field_schema(&all);
    assert_int_equal(json_array_size(json_object_get(schema, "required")), 2);
    json_decref(schema);

    schema = cxm_field_schema_shown(&all);
    required = json_object_get(schema, "required");
    assert_int_equal(json_array_size(required), 1);
    assert_string_equal(json_string_value(json_array_get(required, 0)), "n");

    p = json_object_get(member(schema, "parts"), "items");
    assert_non_null(p);
    assert_null(json_object_get(p, "required"));
    json_decref(schema);
}


/* Of a patch: nothing is required, and all may be null, but in arrays. */
static void
schemas_of_patches(void **state)
{
    json_t        *schema, *type;
    const json_t  *p;

    (void) state;

    schema = cxm_field_schema_patch(&table);
    assert_non_null(schema);

    p = member(schema, "inner");
    assert_null(json_object_get(p, "required"));
    type = json_object_get(p, "type");
    assert_int_equal(json_array_size(type), 2);
    assert_string_equal(json_string_value(json_array_get(type, 1)), "null");

    /* what was nullable is so once */

    p = member(schema, "colour");
    assert_int_equal(json_array_size(json_object_get(p, "type")), 2);
    assert_int_equal(json_array_size(json_object_get(p, "enum")), 3);

    p = member(schema, "map");
    type = json_object_get(json_object_get(p, "additionalProperties"), "type");
    assert_int_equal(json_array_size(type), 4);

    p = member(schema, "list");
    type = json_object_get(json_object_get(p, "items"), "type");
    assert_true(json_is_string(type));

    json_decref(schema);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(takes),
        cmocka_unit_test(refuses),
        cmocka_unit_test(collects),
        cmocka_unit_test(merges),
        cmocka_unit_test(merge_copies),
        cmocka_unit_test(schemas),
        cmocka_unit_test(schemas_of_answers),
        cmocka_unit_test(schemas_of_patches),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
