/*
 * Manifests: what is read back, what is refused, and names of members.
 */

#include "unit_store.h"

#include "cxm_json.h"
#include "cxm_manifest.h"


static cxm_error_t     err;
static cxm_buf_t       text;
static cxm_manifest_t  made;


static int
setup(void **state)
{
    uint8_t  sum[CXM_SUM_LEN] = { 1, 2, 3 };

    (void) state;
    unit_start(&unit);
    cxm_error_init(&err);
    cxm_buf_init(&text, 1 << 16);

    assert_int_equal(cxm_manifest_make(unit.store, CXM_MANIFEST_DATA, &made,
                                       &err), CXM_OK);
    assert_int_equal(cxm_manifest_add(&made, "data", 4096, sum, &err),
                     CXM_OK);
    assert_int_equal(cxm_manifest_add(&made, "archive/journal-1", 7, sum,
                                      &err), CXM_OK);
    json_array_append_new(made.erased, json_integer(12));
    cxm_manifest_dump(&made, &text);
    assert_int_equal(text.failed, 0);

    return 0;
}


static int
teardown(void **state)
{
    (void) state;
    cxm_manifest_clear(&made);
    cxm_buf_free(&text);
    unit_end(&unit);

    return 0;
}


static void
what_was_made_is_read(void **state)
{
    cxm_manifest_t  read;

    (void) state;
    assert_int_equal(cxm_manifest_load(cxm_buf_str(&text), CXM_MANIFEST_DATA,
                                       &read, &err), CXM_OK);
    assert_memory_equal(read.uuid.b, made.uuid.b, sizeof(read.uuid.b));
    assert_memory_equal(read.link, made.link, sizeof(read.link));
    assert_int_equal(read.format, CXM_STORE_FORMAT);
    assert_int_equal(read.node, made.node);
    assert_int_equal(read.epoch, made.epoch);
    assert_int_equal(read.head, made.head);
    assert_int_equal(read.persons, made.persons);
    assert_int_equal(read.made_at, made.made_at);
    assert_true(json_equal(read.erased, made.erased));
    assert_int_equal(cxm_manifest_check(&read, &made, &err), CXM_OK);
    cxm_manifest_clear(&read);
}


static cxm_rc_t
load(const char *other, cxm_manifest_what_t what)
{
    cxm_rc_t        rc;
    cxm_manifest_t  read;

    cxm_error_init(&err);
    rc = cxm_manifest_load(cxm_strz(other), what, &read, &err);
    assert_true(rc == CXM_OK || read.files == NULL);
    assert_true(rc == CXM_OK || err.detail[0] != '\0');

    if (rc == CXM_OK) {
        cxm_manifest_clear(&read);
    }

    return rc;
}


/* Sealed again, so that the sum is not what it is refused for. */
static cxm_rc_t
load_sealed(const char *other)
{
    cxm_rc_t    rc;
    json_t     *json;
    cxm_buf_t   sealed;

    rc = cxm_json_load(cxm_strz(other), &json, NULL);
    assert_int_equal(rc, CXM_OK);
    assert_int_equal(cxm_manifest_seal(json), 0);
    cxm_buf_init(&sealed, 1 << 16);
    cxm_json_dump(&sealed, json);
    cxm_buf_putc(&sealed, 0);
    rc = load((const char *) sealed.data, CXM_MANIFEST_DATA);
    cxm_buf_free(&sealed);
    json_decref(json);

    return rc;
}


/* The text with one part exchanged. */
static cxm_rc_t
with(const char *from, const char *to)
{
    char         other[4096];
    const char  *at;

    cxm_buf_putc(&text, 0);
    at = strstr((const char *) text.data, from);
    assert_non_null(at);
    snprintf(other, sizeof(other), "%.*s%s%s",
             (int) (at - (const char *) text.data), text.data, to,
             at + strlen(from));
    text.len--;

    assert_int_equal(load(other, CXM_MANIFEST_DATA),
                     strstr(to, "format\":2") ? CXM_FORMAT : CXM_CORRUPT);

    return load_sealed(other);
}


static void
others_are_refused(void **state)
{
    (void) state;
    assert_int_equal(load("", CXM_MANIFEST_DATA), CXM_CORRUPT);
    assert_int_equal(load("[]", CXM_MANIFEST_DATA), CXM_CORRUPT);
    assert_int_equal(load("{}", CXM_MANIFEST_KEYS), CXM_CORRUPT);
    assert_int_equal(with("\"node\":", "\"node\":1"), CXM_OK);
    assert_int_equal(with("\"format\":1", "\"format\":2"), CXM_FORMAT);
    assert_int_equal(with("\"format\":1", "\"format\":0"), CXM_CORRUPT);
    assert_int_equal(with("\"format\":1", "\"format\":\"1\""), CXM_CORRUPT);
    assert_int_equal(with("\"what\":\"data\"", "\"what\":\"keys\""),
                     CXM_CORRUPT);
    assert_int_equal(with("\"head\":0", "\"head\":-1"), CXM_CORRUPT);
    assert_int_equal(with("\"persons\":1", "\"persons\":0"), CXM_CORRUPT);
    assert_int_equal(with("\"epoch\":", "\"epoch\":99999999999"),
                     CXM_CORRUPT);
    assert_int_equal(with("\"link\":\"", "\"link\":\"0"), CXM_CORRUPT);
    assert_int_equal(with("\"made_at\":\"2", "\"made_at\":\"x"), CXM_CORRUPT);
    assert_int_equal(with("[12]", "[0]"), CXM_CORRUPT);
    assert_int_equal(with("[12]", "{}"), CXM_CORRUPT);
    assert_int_equal(with("\"size\":7", "\"size\":-7"), CXM_CORRUPT);
    assert_int_equal(with("archive/journal-1", "../journal-1"), CXM_CORRUPT);
    assert_int_equal(with("0102030000", "01020300"), CXM_CORRUPT);
}


static void
files_are_those_that_were_found(void **state)
{
    uint8_t         sum[CXM_SUM_LEN] = { 0 };
    cxm_manifest_t  found;

    (void) state;
    found = made;
    found.files = json_array();
    assert_int_equal(cxm_manifest_check(&made, &found, &err), CXM_CORRUPT);
    assert_int_equal(cxm_manifest_check(&found, &made, &err), CXM_CORRUPT);
    assert_int_equal(cxm_manifest_add(&found, "data", 4096, sum, &err),
                     CXM_OK);
    assert_int_equal(cxm_manifest_check(&made, &found, &err), CXM_CORRUPT);
    assert_non_null(strstr(err.detail, "\"data\""));
    json_decref(found.files);
}


static void
names_of_members(void **state)
{
    size_t  i;

    static const struct {
        const char  *name;
        int          data, keys;
    } names[] = {
        { "data", 1, 0 }, { "keys", 0, 1 }, { "", 0, 0 }, { "data/", 0, 0 },
        { "archive/a", 1, 0 }, { "files/2026/a-1_b.bin", 1, 0 },
        { "archive", 0, 0 }, { "archive/", 0, 0 }, { "archive//a", 0, 0 },
        { "archive/.a", 0, 0 }, { "archive/../data", 0, 0 },
        { "files/a/../../b", 0, 0 }, { "/files/a", 0, 0 },
        { "files/a b", 0, 0 }, { "files/\xc3\xa4", 0, 0 }, { "x/a", 0, 0 },
        { "files/a/", 0, 0 }, { "files/-a", 0, 0 }, { "master.key", 0, 0 }
    };

    (void) state;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(cxm_manifest_may_name(CXM_MANIFEST_DATA,
                                               cxm_strz(names[i].name)),
                         names[i].data);
        assert_int_equal(cxm_manifest_may_name(CXM_MANIFEST_KEYS,
                                               cxm_strz(names[i].name)),
                         names[i].keys);
        assert_int_equal(cxm_manifest_may_name(CXM_MANIFEST_ERASURES,
                                               cxm_strz(names[i].name)), 0);
    }
}


#define STORE_TEST(f)  cmocka_unit_test_setup_teardown(f, setup, teardown)


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        STORE_TEST(what_was_made_is_read),
        STORE_TEST(others_are_refused),
        STORE_TEST(files_are_those_that_were_found),
        STORE_TEST(names_of_members)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
