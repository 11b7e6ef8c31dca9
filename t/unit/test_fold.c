/*
 * cxm_fold and cxm_phone: what is written in different ways comes out the
 * same, and what differs stays apart.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cxm_fold.h"
#include "cxm_phone.h"


static void
folds_to(const char *text, const char *expect)
{
    char    out[256];
    size_t  len;

    assert_int_equal(cxm_fold(cxm_strz(text), out, sizeof(out) - 1, &len),
                     CXM_OK);
    out[len] = '\0';
    assert_string_equal(out, expect);
}


static void
folded_forms(void **state)
{
    (void) state;

    folds_to("", "");
    folds_to("   ", "");
    folds_to("  Ann@Example.ORG ", "ann@example.org");
    folds_to("STRASSE", "strasse");
    folds_to("Straße", "strasse");
    folds_to("\xc3\x89mile", "\xc3\xa9mile");           /* composed */
    folds_to("E\xcc\x81mile", "\xc3\xa9mile");          /* decomposed */
    folds_to("\xef\xbc\xa1\xef\xbc\xa2", "ab");         /* full width */
    folds_to("\xef\xac\x81x", "fix");                   /* ligature */
    folds_to("a\xc2\xad" "b", "ab");                    /* soft hyphen */
    folds_to("\xce\xa3\xcf\x82\xcf\x83", "\xcf\x83\xcf\x83\xcf\x83");
}


static void
folded_sizes(void **state)
{
    char    in[4 * 1100], out[8];
    size_t  len;

    (void) state;

    assert_int_equal(cxm_fold(cxm_str("12345678"), out, sizeof(out), &len),
                     CXM_OK);
    assert_int_equal(len, 8);
    assert_int_equal(cxm_fold(cxm_str("123456789"), out, sizeof(out), &len),
                     CXM_TOO_LARGE);

    /* U+FDFA alone has 18 letters */

    for (len = 0; len < 300; len += 3) {
        memcpy(in + len, "\xef\xb7\xba", 3);
    }

    assert_int_equal(cxm_fold((cxm_str_t) { 300, in }, out, sizeof(out),
                              &len), CXM_TOO_LARGE);
}


/* `expect` has the words with a space between. */
static void
words_are(const char *text, const char *expect)
{
    char         joined[sizeof(((cxm_words_t *) NULL)->text) + 32];
    size_t       n;
    unsigned     i;
    cxm_words_t  words;

    cxm_words_split(cxm_strz(text), &words);
    n = 0;

    for (i = 0; i < words.n; i++) {
        n += (size_t) snprintf(joined + n, sizeof(joined) - n, "%s%.*s",
                               i == 0 ? "" : " ", (int) words.word[i].len,
                               words.word[i].data);
    }

    joined[n] = '\0';
    assert_string_equal(joined, expect);
    assert_int_equal(words.len, n);
    assert_memory_equal(words.text, joined, n);
}


static void
words_of_texts(void **state)
{
    (void) state;

    words_are("", "");
    words_are(" \t.,-", "");
    words_are("Ann Lee", "ann lee");
    words_are("  LEE,   Ann-Marie ", "lee ann marie");
    words_are("Søren O'Brien-Peña", "soren obrien pena");
    words_are("O\xe2\x80\x99" "Brien", "obrien");
    words_are("Müller", "muller");
    words_are("Mu\xcc\x88ller", "muller");
    words_are("Wałęsa Đorđe Æsop ǿ", "walesa dorde aesop o");
    words_are("ΓΙΏΡΓΟΣ", "γιωργοσ");
    words_are("Йо́сиф Ёлкин", "иосиф елкин");
    words_are("山田太郎", "山 田 太 郎");
    words_are("山田 Taro", "山 田 taro");
    words_are("Room 42b", "room 42b");
    words_are("a@b.de", "a b de");
}


static void
words_are_bounded(void **state)
{
    char         text[8000];
    size_t       i;
    cxm_words_t  words;

    (void) state;

    for (i = 0; i < sizeof(text); i++) {
        text[i] = i % 2 == 0 ? 'a' : ' ';
    }

    cxm_words_split((cxm_str_t) { sizeof(text), text }, &words);
    assert_int_equal(words.n, CXM_WORDS_MAX);

    memset(text, 'b', sizeof(text));
    cxm_words_split((cxm_str_t) { 900, text }, &words);
    assert_int_equal(words.n, 1);
    assert_int_equal(words.word[0].len, CXM_WORD_LETTERS);

    /* of the longest letters */

    for (i = 0; i + 4 <= sizeof(text); i += 4) {
        memcpy(text + i, "\xf0\x90\x90\xa8", 4);
    }

    cxm_words_split((cxm_str_t) { sizeof(text), text }, &words);
    assert_int_equal(words.n, 1);
    assert_int_equal(words.word[0].len, 4 * CXM_WORD_LETTERS);

    for (i = 0; i + 4 <= sizeof(text); i += 4) {
        memcpy(text + i, "\xf0\xa0\x80\x80", 4);
    }

    cxm_words_split((cxm_str_t) { sizeof(text), text }, &words);
    assert_int_equal(words.n, CXM_WORDS_MAX);
    assert_int_equal(words.len, 5 * CXM_WORDS_MAX - 1);
}


static void
prefixes(void **state)
{
    (void) state;

    assert_int_equal(cxm_word_letters(cxm_str("")), 0);
    assert_int_equal(cxm_word_letters(cxm_str("ann")), 3);
    assert_int_equal(cxm_word_letters(cxm_str("иосиф")), 5);
    assert_true(cxm_str_eqz(cxm_word_prefix(cxm_str("иосиф"), 3), "иос"));
    assert_true(cxm_str_eqz(cxm_word_prefix(cxm_str("ann"), 3), "ann"));
    assert_true(cxm_str_eqz(cxm_word_prefix(cxm_str("ann"), 6), "ann"));
    assert_int_equal(cxm_word_prefix(cxm_str("ann"), 0).len, 0);
}


static void
phone_is(const char *text, const char *expect)
{
    char    out[CXM_PHONE_LEN + 1];
    size_t  len;

    if (expect == NULL) {
        assert_int_equal(cxm_phone_parse(cxm_strz(text), out, &len),
                         CXM_BAD_REQUEST);
        return;
    }

    assert_int_equal(cxm_phone_parse(cxm_strz(text), out, &len), CXM_OK);
    assert_string_equal(out, expect);
    assert_int_equal(len, strlen(expect));
}


static void
phones(void **state)
{
    (void) state;

    phone_is("+4930123456", "+4930123456");
    phone_is(" +49 (30) 123-456", "+4930123456");
    phone_is("0049 30/123.456 ", "+4930123456");
    phone_is("+1-202-555-0143", "+12025550143");
    phone_is("+2908888", "+2908888");
    phone_is("+123456789012345", "+123456789012345");

    phone_is("", NULL);
    phone_is("+", NULL);
    phone_is("030 123456", NULL);
    phone_is("12025550143", NULL);
    phone_is("+49 30 12 ext 5", NULL);
    phone_is("+123456", NULL);
    phone_is("+1234567890123456", NULL);
    phone_is("+0301234567", NULL);
    phone_is("000301234567", NULL);
    phone_is("++4930123456", NULL);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(folded_forms),
        cmocka_unit_test(folded_sizes),
        cmocka_unit_test(words_of_texts),
        cmocka_unit_test(words_are_bounded),
        cmocka_unit_test(prefixes),
        cmocka_unit_test(phones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
