/*
 * cxm_lines: the same lines however the text is cut into blocks, and those
 * that are too long are told once, by their number.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cxm_lines.h"


#define MAX  5


/* Lines of a text that comes in blocks of so many bytes, as "2:ab|3:!|". */
static void
read_lines(int csv, const char *text, size_t block, char *out, size_t size)
{
    int          end;
    size_t       at, n, len;
    cxm_str_t    line;
    cxm_lines_t  lines;

    cxm_lines_init(&lines, MAX);
    lines.csv = csv;
    len = strlen(text);
    out[0] = '\0';
    at = 0;

    do {
        n = len - at < block ? len - at : block;
        cxm_lines_put(&lines, (cxm_str_t) { n, text + at });
        at += n;
        end = n == 0;

        while (cxm_lines_next(&lines, end, &line)) {
            n = strlen(out);
            snprintf(out + n, size - n, "%d:%.*s|", (int) lines.line,
                     line.data == NULL ? 1 : (int) line.len,
                     line.data == NULL ? "!" : line.data);
        }

    } while (!end);

    cxm_lines_free(&lines);
}


static void
any_blocks(void **state)
{
    size_t  i, block;
    char    found[256];

    static const struct {
        const char  *text, *lines, *records;    /* "": as lines */
    } texts[] = {
        { "", "", "" },
        { "\n", "1:|", "" },
        { "a", "1:a|", "" },
        { "a\n", "1:a|", "" },
        { "a\n\nbc\n", "1:a|2:|3:bc|", "" },
        { "a\r\nb", "1:a\r|2:b|", "" },
        { "12345\n12345", "1:12345|2:12345|", "" },
        { "123456\nab", "1:!|2:ab|", "" },
        { "ab\n123456", "1:ab|2:!|", "" },
        { "ab\n1234567890123\n\n1234567890123\nab\n",
          "1:ab|2:!|3:|4:!|5:ab|", "" },
        { "1234567890123", "1:!|", "" },
        { "\"\n\"\nb", "1:\"|2:\"|3:b|", "1:\"\n\"|3:b|" },
        { "1,\"\n\"\nb\n", "1:1,\"|2:\"|3:b|", "1:1,\"\n\"|3:b|" },
        { "\"\"\"\"\na", "1:\"\"\"\"|2:a|", "1:\"\"\"\"|2:a|" },
        { "1\"\n2\"\n", "1:1\"|2:2\"|", "" },
        { "\"a\nb\nc\n", "1:\"a|2:b|3:c|", "" },
        { "\"a\nb\nc\"\n", "1:\"a|2:b|3:c\"|", "" },
        { "\"a\n", "1:\"a|", "" },
        { "\"a", "1:\"a|", "" }
    };

    (void) state;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        for (block = 1; block <= strlen(texts[i].text) + 1; block++) {
            read_lines(0, texts[i].text, block, found, sizeof(found));
            assert_string_equal(found, texts[i].lines);

            read_lines(1, texts[i].text, block, found, sizeof(found));
            assert_string_equal(found, texts[i].records[0] != '\0'
                                       ? texts[i].records : texts[i].lines);
        }
    }
}


/* A line that never ends is not kept. */
static void
passing(void **state)
{
    int          i;
    char         block[1000];
    cxm_str_t    line;
    cxm_lines_t  lines;

    (void) state;

    memset(block, 'x', sizeof(block));
    cxm_lines_init(&lines, MAX);

    for (i = 0; i < 100; i++) {
        cxm_lines_put(&lines, (cxm_str_t) { sizeof(block), block });
        assert_int_equal(cxm_lines_next(&lines, 0, &line), i == 0);
        assert_false(cxm_lines_next(&lines, 0, &line));
        assert_in_range(lines.text.len, 0, sizeof(block) + MAX);
    }

    cxm_lines_put(&lines, cxm_str("\nab\n"));
    assert_true(cxm_lines_next(&lines, 0, &line));
    assert_true(cxm_str_eqz(line, "ab"));
    assert_int_equal(lines.line, 2);
    cxm_lines_free(&lines);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(any_blocks),
        cmocka_unit_test(passing)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
