/*
 * Values: what is unpacked without a tree reads as the tree does.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cxm_field.h"
#include "cxm_json.h"
#include "cxm_pack.h"
#include "cxm_value.h"


#define ROOM  16

static cxm_member_t   members[ROOM];
static cxm_members_t  room;
static cxm_buf_t      packed, text, expect;

static const char *const  texts[] = {
    "null", "true", "false", "0", "-1", "9223372036854775807", "0.5",
    "-1.25e300", "\"\"", "\"a\\n\\\"\\\\\\u0001\\u20ac\"", "[]", "{}",
    "[[],{},1,\"b\",null]",
    "{\"survey\":2,\"answers\":{\"nps\":9,\"other\":[1,2,-3]},\"at\":177}",
    "{\"\":{\"a\":{\"b\":[{\"c\":\"d\"}]}},\"latency_bands\":\"y\"}"
};


static void
pack(const char *json)
{
    json_t  *tree;

    assert_int_equal(cxm_json_load(cxm_strz(json), &tree, NULL), CXM_OK);

    cxm_buf_reset(&packed);
    cxm_pack(&packed, tree);
    assert_false(packed.failed);

    cxm_buf_reset(&expect);
    cxm_json_dump(&expect, tree);
    json_decref(tree);

    room = (cxm_members_t) { members, 0, ROOM };
}


static cxm_value_t
unpacked(const char *json)
{
    cxm_value_t  value;

    pack(json);
    assert_int_equal(cxm_value_unpack(cxm_buf_str(&packed), &room, &value),
                     CXM_OK);

    return value;
}


static void
assert_text(const cxm_value_t *value, const char *json)
{
    cxm_buf_reset(&text);
    cxm_value_json(&text, value);
    cxm_buf_putc(&text, 0);
    assert_string_equal((char *) text.data, json);
}


static int
begin(void **state)
{
    (void) state;

    cxm_buf_init(&packed, 1 << 20);
    cxm_buf_init(&text, 1 << 20);
    cxm_buf_init(&expect, 1 << 20);

    return 0;
}


static int
end(void **state)
{
    (void) state;

    cxm_buf_free(&packed);
    cxm_buf_free(&text);
    cxm_buf_free(&expect);

    return 0;
}


static void
reads_as_the_tree(void **state)
{
    size_t        i;
    json_t       *tree;
    cxm_value_t   value;

    (void) state;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        value = unpacked(texts[i]);

        cxm_buf_putc(&expect, 0);
        assert_text(&value, (char *) expect.data);

        tree = cxm_value_tree(&value);
        cxm_buf_reset(&text);
        cxm_json_dump(&text, tree);
        cxm_buf_putc(&text, 0);
        assert_string_equal((char *) text.data, (char *) expect.data);
        json_decref(tree);
    }
}


static void
members_open_one_by_one(void **state)
{
    cxm_value_t  answers, value;

    (void) state;

    value = unpacked(texts[13]);
    assert_int_equal(value.type, CXM_VALUE_MEMBERS);
    assert_int_equal(value.u.members.n, 3);

    answers = cxm_value_get(&value, cxm_str("answers"));
    assert_int_equal(answers.type, CXM_VALUE_PACKED_OBJECT);
    assert_int_equal(cxm_value_open(&answers, &room), CXM_OK);

    value = cxm_value_get(&answers, cxm_str("nps"));
    assert_int_equal(value.type, CXM_VALUE_INTEGER);
    assert_int_equal(value.u.integer, 9);
    assert_int_equal(cxm_value_open(&value, &room), CXM_OK);

    value = cxm_value_get(&answers, cxm_str("other"));
    assert_text(&value, "[1,2,-3]");

    value = cxm_value_get(&answers, cxm_str("np"));
    assert_int_equal(value.type, CXM_VALUE_ABSENT);
    assert_text(&value, "null");
    answers = cxm_value_get(&value, cxm_str("nps"));
    assert_int_equal(answers.type, CXM_VALUE_ABSENT);
}


static void
damage_is_seen(void **state)
{
    size_t       cut;
    cxm_value_t  value;

    (void) state;

    pack(texts[14]);

    for (cut = 0; cut < packed.len; cut++) {
        room.n = 0;
        assert_int_equal(cxm_value_unpack((cxm_str_t) { cut,
                                              (char *) packed.data },
                                          &room, &value), CXM_CORRUPT);
    }

    cxm_buf_putc(&packed, 0);
    room.n = 0;
    assert_int_equal(cxm_value_unpack(cxm_buf_str(&packed), &room, &value),
                     CXM_CORRUPT);
}


static void
room_is_bounded(void **state)
{
    cxm_value_t  value;

    (void) state;

    pack(texts[13]);
    room.max = 2;
    assert_int_equal(cxm_value_unpack(cxm_buf_str(&packed), &room, &value),
                     CXM_CORRUPT);
}


static void
records_by_their_table(void **state)
{
    json_t       *tree;
    cxm_uuid_t    id = { "\x01\x96\xb0\xf2" };
    cxm_value_t   values[4] = { { .type = CXM_VALUE_ABSENT } };

    static const cxm_field_t  fields[] = {
        { .name = "id" }, { .name = "at" }, { .name = "left_out" },
        { .name = "good" }, { .name = NULL }
    };
    static const cxm_fields_t  table = { "T", fields };

    (void) state;

    cxm_buf_reset(&text);
    cxm_field_json(&text, &table, values);
    assert_int_equal(text.len, 2);

    values[0] = cxm_value_uuid(&id);
    values[1] = cxm_value_time(1234);
    values[3] = cxm_value_bool(2);

    cxm_buf_reset(&text);
    cxm_field_json(&text, &table, values);
    cxm_buf_putc(&text, 0);
    assert_string_equal((char *) text.data,
                        "{\"id\":\"0196b0f2-0000-0000-0000-000000000000\","
                        "\"at\":\"1970-01-01T00:00:01.234Z\",\"good\":true}");

    tree = cxm_field_tree(&table, values);
    cxm_buf_reset(&expect);
    cxm_json_dump(&expect, tree);
    cxm_buf_putc(&expect, 0);
    assert_string_equal((char *) expect.data, (char *) text.data);
    json_decref(tree);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(reads_as_the_tree),
        cmocka_unit_test(members_open_one_by_one),
        cmocka_unit_test(damage_is_seen),
        cmocka_unit_test(room_is_bounded),
        cmocka_unit_test(records_by_their_table)
    };

    return cmocka_run_group_tests(tests, begin, end);
}
