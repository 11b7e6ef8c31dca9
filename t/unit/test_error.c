/*
 * cxm_error: what callers see of a failure.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cxm_error.h"
#include "cxm_str.h"


static void
fail_fills_in(void **state)
{
    cxm_error_t  err;

    (void) state;

    cxm_error_init(&err);
    assert_int_equal(err.rc, CXM_OK);

    assert_int_equal(cxm_fail(&err, CXM_CONFLICT, "id_taken", "Id %d.", 7),
                     CXM_CONFLICT);
    assert_int_equal(err.rc, CXM_CONFLICT);
    assert_string_equal(err.code, "id_taken");
    assert_string_equal(err.detail, "Id 7.");

    assert_int_equal(cxm_fail(NULL, CXM_IO, "io", "x"), CXM_IO);
}


static void
fail_defaults_to_the_name(void **state)
{
    cxm_error_t  err;

    (void) state;

    cxm_error_init(&err);
    (void) cxm_fail(&err, CXM_NOT_FOUND, NULL, "No such survey.");
    assert_string_equal(err.code, "not_found");
}


static void
fail_may_quote_its_own_detail(void **state)
{
    cxm_error_t  err;

    (void) state;

    cxm_error_init(&err);
    (void) cxm_fail(&err, CXM_IO, "io", "disk");
    (void) cxm_fail(&err, CXM_IO, "io", "open: %s", err.detail);
    assert_string_equal(err.detail, "open: disk");
}


static void
issues_make_it_invalid(void **state)
{
    cxm_error_t  err;

    (void) state;

    cxm_error_init(&err);
    assert_int_equal(cxm_issue(&err, "/a", "out_of_range", "0 to %d.", 10),
                     CXM_INVALID);
    assert_int_equal(err.rc, CXM_INVALID);
    assert_string_equal(err.code, "invalid");
    assert_int_equal(err.nissues, 1);
    assert_string_equal(err.issues[0].pointer, "/a");
    assert_string_equal(err.issues[0].code, "out_of_range");
    assert_string_equal(err.issues[0].detail, "0 to 10.");

    assert_int_equal(cxm_issue(NULL, "", "x", "x"), CXM_INVALID);
}


static void
issues_keep_an_earlier_result(void **state)
{
    cxm_error_t  err;

    (void) state;

    cxm_error_init(&err);
    (void) cxm_fail(&err, CXM_BAD_REQUEST, "bad_query", "Bad query.");
    (void) cxm_issue(&err, "?from", "not_a_time", "Not a time.");
    assert_int_equal(err.rc, CXM_BAD_REQUEST);
    assert_string_equal(err.code, "bad_query");
    assert_int_equal(err.nissues, 1);
}


static void
issues_are_bounded(void **state)
{
    int          i;
    cxm_error_t  err;

    (void) state;

    cxm_error_init(&err);

    for (i = 0; i < CXM_ERROR_ISSUES + 5; i++) {
        (void) cxm_issue(&err, "/x", "x", "%d", i);
    }

    assert_int_equal(err.nissues, CXM_ERROR_ISSUES);
    assert_string_equal(err.issues[CXM_ERROR_ISSUES - 1].detail, "15");
}


static void
other_failure_drops_issues(void **state)
{
    cxm_error_t  err;

    (void) state;

    cxm_error_init(&err);
    (void) cxm_issue(&err, "/x", "x", "x");
    (void) cxm_fail(&err, CXM_FULL, NULL, "Full.");
    assert_int_equal(err.nissues, 0);
}


static void
texts_are_cut_between_characters(void **state)
{
    char         text[600];
    size_t       i;
    cxm_error_t  err;

    (void) state;

    for (i = 0; i + 3 < sizeof(text); i += 3) {
        memcpy(text + i, "\xe2\x82\xac", 3);
    }

    text[i] = '\0';

    cxm_error_init(&err);
    (void) cxm_issue(&err, text, text, "%s", text);
    (void) cxm_fail(&err, CXM_INVALID, text, "x%s", text);

    assert_int_equal(strlen(err.issues[0].pointer), 159);
    assert_int_equal(strlen(err.issues[0].code), 39);
    assert_int_equal(strlen(err.issues[0].detail), 255);
    assert_int_equal(strlen(err.detail), 253);
    assert_true(cxm_utf8_valid(err.detail, 253));
}


static void
names_of_all_results(void **state)
{
    int          i, j;
    const char  *name;

    (void) state;

    for (i = CXM_OK; i <= CXM_FORMAT; i++) {
        name = cxm_rc_name((cxm_rc_t) i);
        assert_non_null(name);
        assert_true(strlen(name) < CXM_ERROR_CODE_LEN);

        for (j = CXM_OK; j < i; j++) {
            assert_string_not_equal(name, cxm_rc_name((cxm_rc_t) j));
        }
    }

    assert_string_equal(cxm_rc_name(CXM_OUTCOME_UNKNOWN), "outcome_unknown");
    assert_string_equal(cxm_rc_name((cxm_rc_t) 999), "internal");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(fail_fills_in),
        cmocka_unit_test(fail_defaults_to_the_name),
        cmocka_unit_test(fail_may_quote_its_own_detail),
        cmocka_unit_test(issues_make_it_invalid),
        cmocka_unit_test(issues_keep_an_earlier_result),
        cmocka_unit_test(issues_are_bounded),
        cmocka_unit_test(other_failure_drops_issues),
        cmocka_unit_test(texts_are_cut_between_characters),
        cmocka_unit_test(names_of_all_results)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
