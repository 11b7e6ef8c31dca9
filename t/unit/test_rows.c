/*
 * Rows of CSV and NDJSON.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "cxm_csv_read.h"
#include "cxm_json.h"
#include "cxm_rows.h"


static const cxm_field_t  scale_fields[] = {
    { .name = "min", .type = CXM_FIELD_INT },
    { .name = "max", .type = CXM_FIELD_INT },
    { .name = NULL }
};

static const cxm_fields_t  scale_table = { "Scale", scale_fields };

static const cxm_field_t  fields[] = {
    { .name = "text", .type = CXM_FIELD_STRING },
    { .name = "int", .type = CXM_FIELD_INT },
    { .name = "number", .type = CXM_FIELD_NUMBER },
    { .name = "bool", .type = CXM_FIELD_BOOL },
    { .name = "scale", .type = CXM_FIELD_OBJECT, .object = &scale_table },
    { .name = NULL }
};

static const cxm_fields_t  table = { "Row", fields };

static cxm_error_t  err;


/* Cells as "a|b/" with / behind a record, or what is wrong. */
static void
cells(const char *text, const char *expect)
{
    int         last;
    cxm_rc_t    rc;
    cxm_csv_t   csv;
    cxm_buf_t   cell, got;

    cxm_buf_init(&cell, 1000);
    cxm_buf_init(&got, 1000);
    csv = cxm_csv(cxm_strz(text));

    while ((rc = cxm_csv_next(&csv, &cell, &last)) == CXM_OK) {
        cxm_buf_put(&got, cell.data, cell.len);
        cxm_buf_puts(&got, last ? "/" : "|");
    }

    if (rc == CXM_BAD_REQUEST) {
        cxm_buf_puts(&got, "!");
    }

    cxm_buf_putc(&got, 0);
    assert_string_equal(got.data, expect);
    cxm_buf_free(&cell);
    cxm_buf_free(&got);
}


static void
csv_cells(void **state)
{
    (void) state;

    cells("", "");
    cells("a", "a/");
    cells("a,b", "a|b/");
    cells("a,b\n", "a|b/");
    cells("a,b\r\nc\r\n", "a|b/c/");
    cells(",\n", "|/");
    cells("a,", "a|/");
    cells("\n\n", "//");
    cells("\r\n", "/");
    cells("a\rb\n", "a\rb/");
    cells("\xef\xbb\xbf" "a\n", "a/");
    cells("\"a,b\"\"c\"\"\nd\",e\n", "a,b\"c\"\nd|e/");
    cells("\"\"\n", "/");
    cells("\"\"\"\"\r\n\"\"", "\"//");
    cells("\"a\"", "a/");
    cells("\"a", "!");
    cells("\"", "!");
    cells("a\"b\n", "!");
    cells("\"a\"b\n", "!");
    cells("\"a\" ,b\n", "!");
    cells("a,\"b\"\rc", "a|!");
}


static void
reads(cxm_rc_t rc, json_t *rows, const char *expect)
{
    cxm_buf_t  buf;

    cxm_buf_init(&buf, 10000);

    if (rc == CXM_OK) {
        cxm_json_dump(&buf, rows);

    } else {
        assert_null(rows);
        cxm_buf_printf(&buf, "%s %s", err.code,
                       err.nissues > 0 ? err.issues[0].pointer : "");
    }

    cxm_buf_putc(&buf, 0);
    assert_string_equal(buf.data, expect);
    cxm_buf_free(&buf);
    json_decref(rows);
}


static void
csv(const char *text, const char *expect)
{
    json_t    *rows;
    cxm_rc_t   rc;

    cxm_error_init(&err);
    rc = cxm_rows_csv(cxm_strz(text), &table, 3, &rows, &err);
    reads(rc, rows, expect);
}


static void
csv_rows(void **state)
{
    (void) state;

    csv("text\n", "[]");
    csv("text,int,number,bool\na,1,1.50,true\n,,,false\n1,x,y,z\n",
        "[{\"text\":\"a\",\"int\":1,\"number\":1.5,\"bool\":true},"
        "{\"bool\":false},"
        "{\"text\":\"1\",\"int\":\"x\",\"number\":\"y\","
        "\"bool\":\"z\"}]");
    csv("scale.min,scale.max,scale.x,a.b\n1,5,6,7\n",
        "[{\"scale\":{\"min\":1,\"max\":5,\"x\":\"6\"},\"a.b\":\"7\"}]");
    csv("scale\n1\n", "[{\"scale\":\"1\"}]");
    csv("scale.max,scale.min\n5,\n,\n",
        "[{\"scale\":{\"max\":5}},{}]");
    csv("int\n[1]\n\"\"\"1\"\"\"\n",
        "[{\"int\":\"[1]\"},{\"int\":\"\\\"1\\\"\"}]");
    csv("int\n1\n2\n3\n4\n5\n6\n",
        "[{\"int\":1},{\"int\":2},{\"int\":3},{\"int\":4}]");
    csv("", "not_csv ");
    csv("text\n\xff\n", "bad_encoding ");
    csv("text,text\n", "invalid ");
    csv("text,int\na\n", "invalid /rows/0");
    csv("text,int\na,1\na,1,2\n", "invalid /rows/1");
    csv("text\n\"a\n", "not_csv ");
}


static void
many_columns(void **state)
{
    char      text[2000];
    size_t    i, len;

    (void) state;

    for (i = 0, len = 0; i < 301; i++) {
        len += (size_t) snprintf(text + len, sizeof(text) - len, "c%zu,", i);
    }

    csv(text, "invalid ");
}


/* A column cannot be an object and a member of it. */
static void
either_object_or_members(void **state)
{
    (void) state;

    csv("scale,scale.min\nx,1\n", "invalid ");
    csv("scale.min,scale\n1,x\n", "invalid ");
}


static void
lines(const char *text, const char *expect)
{
    json_t    *rows;
    cxm_rc_t   rc;

    cxm_error_init(&err);
    rc = cxm_rows_ndjson(cxm_strz(text), 3, &rows, &err);
    reads(rc, rows, expect);
}


static void
ndjson(void **state)
{
    (void) state;

    lines("", "[]");
    lines("\n \t\r\n", "[]");
    lines("{}\n{\"a\":1}\r\n\n3", "[{},{\"a\":1},3]");
    lines("1\n2\n3\n4\n5\n", "[1,2,3,4]");
    lines("{}\n{\"a\":1,\"a\":2}\n", "duplicate_name ");
    assert_non_null(strstr(err.detail, "Row 1: "));
    lines("{}\n{", "not_json ");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(csv_cells),
        cmocka_unit_test(csv_rows),
        cmocka_unit_test(many_columns),
        cmocka_unit_test(either_object_or_members),
        cmocka_unit_test(ndjson)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
