/*
 * Templates: placeholders, where they may stand in HTML, what is filled in,
 * and that the texts which come with the program are as all others must be.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cxm_json.h"
#include "cxm_language.h"
#include "cxm_template.h"


static cxm_error_t  err;


static const char *
fault(const char *template, cxm_part_t part, const char *text)
{
    cxm_error_init(&err);

    if (cxm_template_check_part(cxm_template_find(cxm_strz(template)), part,
                                cxm_strz(text), "/x", &err) == CXM_OK)
    {
        assert_int_equal(err.nissues, 0);
        return NULL;
    }

    assert_int_equal(err.rc, CXM_INVALID);
    assert_string_equal(err.issues[0].pointer, "/x");

    return err.issues[0].code;
}


static void
placeholders(void **state)
{
    size_t  i;

    static const struct {
        cxm_part_t   part;
        const char  *text;
        const char  *code;          /* NULL: it is right */
    } cases[] = {
        { CXM_PART_SUBJECT, "", NULL },
        { CXM_PART_SUBJECT, "For {{name}} at {{site}}", NULL },
        { CXM_PART_SUBJECT, "a } b }} c { d", NULL },
        { CXM_PART_SUBJECT, "{{name", "unclosed" },
        { CXM_PART_SUBJECT, "{{", "unclosed" },
        { CXM_PART_SUBJECT, "{{name}", "unclosed" },
        { CXM_PART_SUBJECT, "{{}}", "unknown_field" },
        { CXM_PART_SUBJECT, "{{ name }}", "unknown_field" },
        { CXM_PART_SUBJECT, "{{Name}}", "unknown_field" },
        { CXM_PART_SUBJECT, "{{{name}}}", "unknown_field" },
        { CXM_PART_SUBJECT, "{{device}}", "unknown_field" },
        { CXM_PART_TEXT, "{{link}}", NULL },
        { CXM_PART_TEXT, "{{name}}", "required" },
        { CXM_PART_HTML, "<p>{{name}}</p>", "required" },
        { CXM_PART_HTML, "{{name}} {{link}}", NULL },
        { CXM_PART_HTML, "<a href=\"{{link}}\">{{name}}</a>", NULL },
        { CXM_PART_HTML, "<a class='x' href='{{link}}'>a > b</a>", NULL },
        { CXM_PART_HTML, "1 < 2 {{link}}", NULL },
        { CXM_PART_HTML, "<a href={{link}}>", "misplaced" },
        { CXM_PART_HTML, "<a {{link}}>", "misplaced" },
        { CXM_PART_HTML, "<a href=\"x{{link}}\">", "misplaced" },
        { CXM_PART_HTML, "<a href=\"{{link}}{{link}}\">", "misplaced" },
        { CXM_PART_HTML, "<a href=\"{{name}}\">{{link}}", "misplaced" },
        { CXM_PART_HTML, "<script>x = '{{link}}'</script>", "misplaced" },
        { CXM_PART_HTML, "<STYLE>{{link}}</STYLE>", "misplaced" },
        { CXM_PART_HTML, "<style>a>b</style>{{link}}", NULL },
        { CXM_PART_HTML, "<script src='a'></script>{{link}}", NULL },
        { CXM_PART_HTML, "<!-- {{link}} -->", "misplaced" },
        { CXM_PART_HTML, "<!-- > ' --><b>{{link}}</b>", NULL },
        { CXM_PART_HTML, "</{{link}}", "misplaced" }
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char  *code;

        code = fault("reset", cases[i].part, cases[i].text);

        if ((code == NULL) != (cases[i].code == NULL)
            || (code != NULL && strcmp(code, cases[i].code) != 0))
        {
            fail_msg("%s: %s", cases[i].text, code == NULL ? "right" : code);
        }
    }

    assert_null(fault("password-changed", CXM_PART_TEXT, "no link"));
    assert_null(fault("password-changed", CXM_PART_TEXT, "{{device}}"));
}


static void
filled(cxm_part_t part, const char *text, const char *expect)
{
    unsigned                i;
    cxm_buf_t               out;
    cxm_template_values_t   values;

    static const struct {
        unsigned     no;
        const char  *value;
    } given[] = {
        { CXM_TEMPLATE_NAME, "<b>\r\nBcc: x & \"y\" 'z'" },
        { CXM_TEMPLATE_LINK, "https://a.example/?a=1&b=2" },
        { CXM_TEMPLATE_SITE, "{{name}}" }
    };

    for (i = 0; i < CXM_TEMPLATE_FIELDS; i++) {
        cxm_buf_init(&values.value[i], 1000);
    }

    for (i = 0; i < sizeof(given) / sizeof(given[0]); i++) {
        cxm_buf_puts(&values.value[given[i].no], given[i].value);
    }

    cxm_buf_init(&out, 10000);
    cxm_template_fill(part, cxm_strz(text), &values, &out);
    cxm_buf_putc(&out, 0);
    assert_string_equal((const char *) out.data, expect);
    cxm_buf_free(&out);

    for (i = 0; i < CXM_TEMPLATE_FIELDS; i++) {
        cxm_buf_free(&values.value[i]);
    }
}


/* Values are never read again, nor do they break a line or leave a tag. */
static void
filling(void **state)
{
    (void) state;

    filled(CXM_PART_SUBJECT, "To {{name}}!",
           "To <b>  Bcc: x & \"y\" 'z'!");
    filled(CXM_PART_TEXT, "a\n{{name}}\n", "a\n<b>  Bcc: x & \"y\" 'z'\n");
    filled(CXM_PART_HTML, "<i>{{name}}</i>",
           "<i>&lt;b&gt;\r\nBcc: x &amp; &quot;y&quot; &#39;z&#39;</i>");
    filled(CXM_PART_HTML, "<a href=\"{{link}}\">",
           "<a href=\"https://a.example/?a=1&amp;b=2\">");
    filled(CXM_PART_TEXT, "{{site}}{{device}}.", "{{name}}.");
    filled(CXM_PART_TEXT, "", "");
}


static void
built_in(void **state)
{
    unsigned                    i;
    const char                 *code;
    const cxm_template_t       *template;
    const cxm_template_text_t  *text;

    (void) state;

    for (template = cxm_templates; template->slug != NULL; template++) {
        assert_true(cxm_slug_valid(cxm_strz(template->slug)));
        assert_ptr_equal(cxm_template_find(cxm_strz(template->slug)),
                         template);
        assert_string_equal(template->texts[0].language, "en");
        assert_string_equal(template->texts[1].language, "de");
        assert_int_equal(template->required & ~template->fields, 0);

        for (text = template->texts; text->language != NULL; text++) {
            assert_true(cxm_language_valid(cxm_strz(text->language)));

            for (i = 0; i < CXM_PARTS; i++) {
                if (text->part[i] == NULL) {
                    assert_int_equal(i, CXM_PART_HTML);
                    continue;
                }

                code = fault(template->slug, (cxm_part_t) i, text->part[i]);

                if (code != NULL) {
                    fail_msg("%s %s: %s", template->slug, text->language,
                             code);
                }
            }
        }
    }

    assert_null(cxm_template_find(cxm_str("none")));
    assert_null(cxm_template_find(cxm_str("")));
}


static void
fields(void **state)
{
    size_t    i;
    json_t   *given;
    cxm_rc_t  rc;

    static const struct {
        const char  *fields;
        const char  *pointer;       /* NULL: they are right */
        const char  *code;
    } cases[] = {
        { "{\"link\":\"/x\"}", NULL, NULL },
        { "{\"link\":\"https://a.example/\",\"name\":\"A\"}", NULL, NULL },
        { "{}", "/f/link", "required" },
        { "{\"link\":\"javascript:x\"}", "/f/link", "invalid" },
        { "{\"link\":\"//a.example/\"}", "/f/link", "invalid" },
        { "{\"link\":\"/x\",\"name\":1}", "/f/name", "wrong_type" },
        { "{\"link\":\"/x\",\"name\":\"a\\nb\"}", "/f/name", "invalid" },
        { "{\"link\":\"/x\",\"site\":\"a\"}", "/f/site", "unknown_field" },
        { "{\"link\":\"/x\",\"at\":\"a\"}", "/f/at", "unknown_field" },
        { "{\"link\":\"/x\",\"a/b\":1}", "/f/a~1b", "unknown_field" }
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        given = json_loads(cases[i].fields, 0, NULL);
        cxm_error_init(&err);
        rc = cxm_template_check_fields(cxm_template_find(cxm_str("reset")),
                                       given, "/f", &err);
        json_decref(given);

        if (cases[i].code == NULL) {
            assert_int_equal(rc, CXM_OK);
            continue;
        }

        assert_int_equal(rc, CXM_INVALID);
        assert_string_equal(err.issues[0].pointer, cases[i].pointer);
        assert_string_equal(err.issues[0].code, cases[i].code);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(placeholders),
        cmocka_unit_test(filling),
        cmocka_unit_test(built_in),
        cmocka_unit_test(fields)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
