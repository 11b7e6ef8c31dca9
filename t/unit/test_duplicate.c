/*
 * Duplicates: what two records have in common, and what it says.
 */

#include "tables_fixture.h"

#include "cxm_duplicate.h"
#include "cxm_json.h"


static json_t *
parse(const char *text)
{
    json_t  *value;

    value = json_loads(text, 0, NULL);
    assert_non_null(value);

    return value;
}


/* --- keys --------------------------------------------------------------- */

static void
keys(void **state)
{
    size_t   i, j;
    json_t  *customer, *got, *want;

    (void) state;

    static const struct {
        const char  *customer, *keys;
    } cases[] = {
        { "{}", "[]" },
        { "{\"name\": \"Ann M\\u00fcller\"}", "[]" },
        { "{\"name\": \"M\\u00fcller, Ann\", \"birthdate\": \"1961-02-28\"}",
          "[\"born ann 1961-02-28\", \"born muller 1961-02-28\"]" },
        { "{\"given_name\": \"Ann\", \"family_name\": \"M\\u00fcller\","
          " \"birthdate\": \"1961-02-28\"}",
          "[\"born ann 1961-02-28\", \"born muller 1961-02-28\"]" },
        { "{\"name\": \"Ann\", \"company\": \"M\\u00fcller & Co\"}",
          "[\"firm ann muller co\"]" },
        { "{\"identifiers\": ["
          "{\"type\": \"email\", \"value\": \"Ann.Mueller+x@A.example\"},"
          "{\"type\": \"email\", \"value\": \"ann_mueller@b.example\"},"
          "{\"type\": \"email\", \"value\": \"info@a.example\"},"
          "{\"type\": \"email\", \"value\": \"a.n.n@a.example\"},"
          "{\"type\": \"phone\", \"value\": \"+436601234567\"},"
          "{\"type\": \"phone\", \"value\": \"+4366012\"},"
          "{\"type\": \"visitor\", \"value\": \"v-12345678\"}]}",
          "[\"mail annmueller\", \"phone 01234567\"]" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        customer = parse(cases[i].customer);
        want = parse(cases[i].keys);
        got = cxm_duplicate_keys(customer);
        assert_int_equal(json_array_size(got), json_array_size(want));

        for (j = 0; j < json_array_size(want); j++) {
            assert_string_equal(json_string_value(json_array_get(got, j)),
                                json_string_value(json_array_get(want, j)));
        }

        json_decref(customer);
        json_decref(want);
        json_decref(got);
    }
}


/* --- the rule ----------------------------------------------------------- */

#define EMAIL(address)                                                        \
    "\"identifiers\": [{\"type\": \"email\", \"value\": \"" address "\"}]"
#define PHONE(number)                                                         \
    "\"identifiers\": [{\"type\": \"phone\", \"value\": \"" number "\"}]"

static void
score(void **state)
{
    int       points;
    size_t    i, j;
    char      said[200];
    json_t   *a, *b, *reasons;

    (void) state;

    static const struct {
        const char  *a, *b;
        int          points;
        const char  *reasons;
    } cases[] = {
        { "{}", "{}", 0, "" },
        { "{" EMAIL("ann.h@x.example") "}", "{" EMAIL("ANNH+1@x.example") "}",
          0, "" },
        { "{" EMAIL("ann.hu@x.example") "}", "{" EMAIL("ANNHU+1@X.example")
          "}", 60, "email_same " },
        { "{" EMAIL("ann.hu@x.example") "}", "{" EMAIL("annhu@y.example") "}",
          35, "email_elsewhere " },
        { "{" EMAIL("office@x.example") "}", "{" EMAIL("off.ice@x.example")
          "}", 0, "" },
        { "{" PHONE("+4306601234567") "}", "{" PHONE("+436601234567") "}",
          50, "phone_same " },
        { "{" PHONE("+436601234567") "}", "{" EMAIL("01234567@x.example")
          "}", 0, "" },
        { "{\"name\": \"Ann Huber\"}", "{\"name\": \"HUBER Ann\"}", 40,
          "name_same " },
        { "{\"name\": \"Ann\"}", "{\"name\": \"Ann\"}", 0, "" },
        { "{\"name\": \"A. Huber\"}", "{\"name\": \"Ann Maria Huber\"}", 25,
          "name_similar " },
        { "{\"name\": \"Anna Huber\"}", "{\"name\": \"Ana Hubert\"}", 0,
          "" },
        { "{\"name\": \"Anna Huber\"}", "{\"name\": \"Anna Huberr\"}", 25,
          "name_similar " },
        { "{\"name\": \"Anna Huber\"}", "{\"name\": \"Anne Huber\"}", 25,
          "name_similar " },
        { "{\"name\": \"Anna Huber\"}", "{\"name\": \"Anna Weber\"}", 0,
          "" },
        { "{\"name\": \"Ann Huber\", \"country\": \"AT\"}",
          "{\"name\": \"Ann Huber\", \"country\": \"AT\"}", 50,
          "name_same country_same " },
        { "{\"name\": \"Ann Huber\", \"country\": \"AT\"}",
          "{\"name\": \"Ann Huber\", \"country\": \"DE\"}", 30,
          "name_same country_differs " },
        { "{\"name\": \"Ann Huber\", \"birthdate\": \"1961-02-28\","
          PHONE("+436601234567") "}",
          "{\"name\": \"Ann Huber\", \"birthdate\": \"1991-02-28\","
          PHONE("+436601234567") "}", 40,
          "phone_same name_same birthdate_differs " },
        { "{\"name\": \"Ann Huber\", \"company\": \"Huber & Co\","
          "\"birthdate\": \"1961-02-28\"," EMAIL("ann.hu@x.example") "}",
          "{\"name\": \"Ann Huber\", \"company\": \"huber  co\","
          "\"birthdate\": \"1961-02-28\"," EMAIL("annhu@x.example") "}", 100,
          "email_same name_same birthdate_same company_same " }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        a = parse(cases[i].a);
        b = parse(cases[i].b);
        points = cxm_duplicate_score(a, b, &reasons);
        said[0] = '\0';

        for (j = 0; j < json_array_size(reasons); j++) {
            strcat(said, json_string_value(json_object_get(
                             json_array_get(reasons, j), "reason")));
            strcat(said, " ");
        }

        json_decref(reasons);
        assert_string_equal(said, cases[i].reasons);
        assert_int_equal(points, cases[i].points);

        /* neither of them is the first */

        assert_int_equal(cxm_duplicate_score(b, a, &reasons), points);
        json_decref(reasons);
        json_decref(a);
        json_decref(b);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(keys),
        cmocka_unit_test(score)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
