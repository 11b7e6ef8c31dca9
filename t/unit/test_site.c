/*
 * Fields that a site defines: which definitions are taken, and what becomes
 * of documents that are there.
 */

#include "record_fixture.h"


static void
refused(cxm_txn_t *txn, const char *text, cxm_rc_t rc, const char *pointer,
    const char *code)
{
    if (site(txn, text) != rc) {
        fail_msg("%s: %s", text, err.code);
    }

    assert_string_equal(err.issues[0].pointer, pointer);
    assert_string_equal(err.issues[0].code, code);
}


#define FIELD(text)  "{\"fields\":[{\"name\":\"plan\"," text "}]}"

static void
definitions(void **state)
{
    size_t       i;
    cxm_txn_t   *txn;

    static const struct {
        const char  *text, *pointer, *code;
    } bad[] = {
        { "{}", "/fields", "required" },
        { FIELD("\"type\":\"blob\""), "/fields/0/type", "not_allowed" },
        { FIELD("\"type\":\"enum\""), "/fields/0/values", "required" },
        { FIELD("\"type\":\"string\",\"values\":[\"a\"]"),
          "/fields/0/values", "not_allowed" },
        { FIELD("\"type\":\"number\",\"index\":\"lookup\""),
          "/fields/0/index", "not_allowed" },
        { FIELD("\"type\":\"boolean\",\"index\":\"unique\""),
          "/fields/0/index", "not_allowed" },
        { FIELD("\"type\":\"date\",\"min\":1"), "/fields/0/min",
          "not_allowed" },
        { FIELD("\"type\":\"string\",\"min\":-1"), "/fields/0/min",
          "out_of_range" },
        { FIELD("\"type\":\"string\",\"max\":5000"), "/fields/0/max",
          "out_of_range" },
        { FIELD("\"type\":\"integer\",\"min\":5,\"max\":4"),
          "/fields/0/max", "out_of_range" },
        { "{\"fields\":[{\"name\":\"Plan\",\"type\":\"string\"}]}",
          "/fields/0/name", "invalid" },
        { "{\"fields\":[{\"name\":\"1a\",\"type\":\"string\"}]}",
          "/fields/0/name", "invalid" },
        { "{\"fields\":[{\"name\":\"a\",\"type\":\"string\"},"
          "{\"name\":\"a\",\"type\":\"text\"}]}", "/fields/1/name",
          "duplicate" }
    };

    (void) state;

    txn = fixture_write(&fixture);

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        refused(txn, bad[i].text, CXM_INVALID, bad[i].pointer, bad[i].code);
    }

    /* before there is anybody it may change at will */

    assert_int_equal(site(txn, FIELD("\"type\":\"string\",\"max\":9,"
                                     "\"required\":true")), CXM_OK);
    assert_int_equal(site(txn, FIELD("\"type\":\"integer\"")), CXM_OK);
    fixture_commit(txn);
    verify();
}


static void
definitions_in_use(void **state)
{
    cxm_txn_t   *txn;
    cxm_uuid_t   id;

    (void) state;

    txn = fixture_write(&fixture);
    assert_int_equal(site(txn, "{\"fields\":["
        "{\"name\":\"plan\",\"type\":\"enum\",\"values\":[\"a\",\"b\"]},"
        "{\"name\":\"size\",\"type\":\"integer\",\"min\":1,\"max\":9},"
        "{\"name\":\"code\",\"type\":\"string\",\"max\":5,"
        "\"index\":\"unique\",\"required\":true}]}"), CXM_OK);

    assert_int_equal(put(txn, &person, NULL, NULL, "{}", NULL), CXM_INVALID);
    assert_string_equal(err.issues[0].pointer, "/attributes/code");
    assert_int_equal(put(txn, &person, NULL, NULL,
        "{\"attributes\":{\"code\":\"x\",\"plan\":\"c\",\"size\":10,"
        "\"more\":1}}", NULL), CXM_INVALID);
    assert_int_equal(err.nissues, 3);
    assert_int_equal(put(txn, &person, NULL, NULL,
        "{\"attributes\":{\"code\":\"x\",\"plan\":\"a\",\"size\":9}}", &id),
        CXM_OK);
    assert_int_equal(put(txn, &person, NULL, NULL,
        "{\"attributes\":{\"code\":\"X\"}}", NULL), CXM_CONFLICT);
    assert_string_equal(err.issues[0].pointer, "/attributes/code");

#define REST  "{\"name\":\"code\",\"type\":\"string\",\"max\":5,"             \
              "\"index\":\"unique\",\"required\":true}"
    refused(txn, FIELD("\"type\":\"string\""), CXM_CONFLICT,
            "/fields/0/type", "in_use");
    refused(txn, FIELD("\"type\":\"enum\",\"values\":[\"a\"]"), CXM_CONFLICT,
            "/fields/0/values", "in_use");
    refused(txn, FIELD("\"type\":\"enum\",\"values\":[\"a\",\"b\"],"
                       "\"personal\":true"), CXM_CONFLICT,
            "/fields/0/personal", "in_use");
    refused(txn, FIELD("\"type\":\"enum\",\"values\":[\"a\",\"b\"],"
                       "\"index\":\"lookup\""), CXM_CONFLICT,
            "/fields/0/index", "in_use");
    refused(txn, FIELD("\"type\":\"enum\",\"values\":[\"a\",\"b\"],"
                       "\"required\":true"), CXM_CONFLICT,
            "/fields/0/required", "in_use");
    refused(txn, "{\"fields\":[{\"name\":\"size\",\"type\":\"integer\","
                 "\"min\":2}]}", CXM_CONFLICT, "/fields/0/max", "in_use");
    refused(txn, "{\"fields\":[{\"name\":\"new\",\"type\":\"string\","
                 "\"required\":true}]}", CXM_CONFLICT, "/fields/0/required",
            "in_use");

    /* plan is retired, bounds go, a value and a field come */

    assert_int_equal(site(txn, "{\"fields\":["
        "{\"name\":\"size\",\"type\":\"integer\"},"
        "{\"name\":\"new\",\"type\":\"string\"}," REST "]}"), CXM_OK);
    assert_int_equal(patch(txn, &person, &id, 0,
        "{\"attributes\":{\"size\":100,\"plan\":\"b\",\"new\":\"n\"}}"),
        CXM_OK);
    shown(txn, &person, &id, 1, "{\"attributes\":{\"size\":100,\"new\":\"n\","
        "\"code\":\"x\",\"plan\":\"a\"},\"checks\":2,\"version\":2}");
    assert_int_equal(put(txn, &person, &id, NULL,
        "{\"attributes\":{\"code\":\"y\"}}", NULL), CXM_OK);
    shown(txn, &person, &id, 1, "{\"attributes\":{\"code\":\"y\","
        "\"plan\":\"a\"},\"checks\":3,\"version\":3}");

    /* what comes back is the same */

    refused(txn, FIELD("\"type\":\"string\""), CXM_CONFLICT,
            "/fields/0/type", "in_use");
    assert_int_equal(site(txn, "{\"fields\":[{\"name\":\"plan\",\"type\":"
        "\"enum\",\"values\":[\"c\",\"b\",\"a\"]}," REST "]}"), CXM_OK);
    assert_int_equal(patch(txn, &person, &id, 0,
        "{\"attributes\":{\"plan\":\"c\"}}"), CXM_OK);

    fixture_commit(txn);
    verify();
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        test(definitions),
        test(definitions_in_use),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
