/*
 * cxm_log: one line per event, whatever it quotes.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <string.h>

#include "cxm_log.h"


static char             last[2048];
static cxm_log_level_t  last_level;


static void
take(cxm_log_level_t level, const char *message)
{
    last_level = level;
    (void) strcpy(last, message);
}


static void
silent_without_handler(void **state)
{
    (void) state;

    cxm_log_to(NULL);
    cxm_log(CXM_LOG_ALERT, "nobody hears %d", 1);
}


static void
handler_gets_level_and_text(void **state)
{
    (void) state;

    cxm_log_to(take);
    cxm_log(CXM_LOG_WARN, "map %d%% full", 91);
    assert_int_equal(last_level, CXM_LOG_WARN);
    assert_string_equal(last, "map 91% full");
}


static void
lines_cannot_be_forged(void **state)
{
    (void) state;

    cxm_log_to(take);
    cxm_log(CXM_LOG_ERROR, "id \"%s\"", "a\r\n2026 [alert]\x1b[0m\x7f");
    assert_string_equal(last, "id \"a  2026 [alert] [0m \"");
}


static void
long_text_is_cut(void **state)
{
    char  text[3000];

    (void) state;

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';

    cxm_log_to(take);
    cxm_log(CXM_LOG_ERROR, "%s", text);
    assert_int_equal(strlen(last), 1023);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(silent_without_handler),
        cmocka_unit_test(handler_gets_level_and_text),
        cmocka_unit_test(lines_cannot_be_forged),
        cmocka_unit_test(long_text_is_cut)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
