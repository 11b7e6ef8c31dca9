/*
 * Pages of surveys: languages, escaping, what a refused form shows.
 */

#include "survey_fixture.h"

#include "cxm_language.h"
#include "cxm_page_text.h"
#include "cxm_survey_page.h"


#define PAGED                                                                 \
    "{\"title\":\"How <b>are\",\"status\":\"live\",\"questions\":["           \
    "{\"id\":\"nps\",\"type\":\"nps\",\"required\":true,"                     \
    "\"text\":{\"en\":\"Likely & so?\",\"de\":\"Wie?\"}},"                    \
    "{\"id\":\"big\",\"type\":\"scale\",\"scale\":{\"min\":0,\"max\":100},"   \
    "\"text\":{\"en\":\"Much?\"}},"                                           \
    "{\"id\":\"some\",\"type\":\"multi\",\"text\":{\"en\":\"M?\"},"           \
    "\"choices\":[{\"id\":\"a\",\"text\":{\"en\":\"A\"}},"                    \
    "{\"id\":\"b\",\"text\":{\"en\":\"B\",\"de\":\"Be\"}}]},"                 \
    "{\"id\":\"why\",\"type\":\"text\",\"text\":{\"en\":\"W?\"}},"            \
    "{\"id\":\"me\",\"type\":\"contact\",\"text\":{\"en\":\"You?\"}}]}"

static cxm_buf_t  out;


static int
open_paged(void **state)
{
    (void) survey_open(state);
    must_put("paged", PAGED);
    cxm_buf_init(&out, CXM_PAGE_MAX_BYTES);

    return 0;
}


static int
close_paged(void **state)
{
    cxm_buf_free(&out);

    return survey_close(state);
}


/* Token, link and score that a page came with. */
static cxm_page_view_t  with;


static const char *
page_of(const char *slug, const char *lang, const char *accept,
    const char *form, const cxm_error_t *wrong)
{
    json_t              *sent;
    cxm_txn_t           *txn;
    cxm_page_view_t      view;

    sent = form == NULL ? NULL : parsed(form);
    view = with;
    txn = fixture_read(&f);
    assert_int_equal(cxm_survey_by_slug(txn, cxm_strz(slug), &view.survey,
                                        &err), CXM_OK);
    view.prefix = cxm_str("/s/");
    view.language = cxm_strz(lang);
    view.accept_language = cxm_strz(accept);
    view.id = cxm_str("0190a000-0000-7000-8000-000000000001");
    view.nonce = "NONCE";
    view.form = sent;
    view.err = wrong;

    cxm_buf_reset(&out);
    cxm_survey_page(&out, &view);
    cxm_buf_putc(&out, 0);
    assert_false(out.failed);

    cxm_txn_end(txn);
    json_decref(sent);

    return (const char *) out.data;
}


static const char *
page(const char *lang, const char *accept, const char *form,
    const cxm_error_t *wrong)
{
    return page_of("paged", lang, accept, form, wrong);
}


static const char *
thanks(const char *slug, const char *lang)
{
    cxm_txn_t        *txn;
    cxm_page_view_t   view;

    memset(&view, 0, sizeof(view));
    txn = fixture_read(&f);
    assert_int_equal(cxm_survey_by_slug(txn, cxm_strz(slug), &view.survey,
                                        &err), CXM_OK);
    view.language = cxm_strz(lang);
    view.nonce = "NONCE";

    cxm_buf_reset(&out);
    cxm_survey_thanks(&out, &view);
    cxm_buf_putc(&out, 0);
    assert_false(out.failed);
    cxm_txn_end(txn);

    return (const char *) out.data;
}


#define has(html, text)   assert_non_null(strstr(html, text))
#define lacks(html, text) assert_null(strstr(html, text))


/* Opened and closed as often, and never an attribute without its quotes. */
static void
balanced(const char *html)
{
    size_t       i;
    unsigned     opened, closed;
    const char  *p;
    char         tag[24];

    static const char *const  names[] = {
        "html", "head", "body", "main", "form", "fieldset", "legend", "label",
        "div", "p", "span", "ul", "li", "a", "button", "textarea", "h1", "h2",
        "style", "title", "nav"
    };

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        opened = 0;
        closed = 0;

        for (p = strchr(html, '<'); p != NULL; p = strchr(p + 1, '<')) {
            snprintf(tag, sizeof(tag), "<%s", names[i]);

            if (strncmp(p, tag, strlen(tag)) == 0
                && strchr(" >", p[strlen(tag)]) != NULL)
            {
                opened++;
            }

            snprintf(tag, sizeof(tag), "</%s>", names[i]);
            closed += strncmp(p, tag, strlen(tag)) == 0;
        }

        if (opened != closed) {
            print_error("<%s>: %u and %u\n", names[i], opened, closed);
            fail();
        }
    }
}


static void
fresh(void **state)
{
    const char  *html;

    (void) state;

    html = page(NULL, NULL, NULL, NULL);
    balanced(html);
    has(html, "<!DOCTYPE html>\n<html lang=\"en\">");
    has(html, "<h1>How &lt;b&gt;are</h1>");
    has(html, "<style nonce=\"NONCE\">");
    has(html, "<form method=\"post\" accept-charset=\"utf-8\" "
        "novalidate action=\"/s/paged/responses\">");
    has(html, "name=\"id\" value=\"0190a000-0000-7000-8000-000000000001\"");
    has(html, "<a href=\"/s/paged?lang=de\" lang=\"de\" hreflang=\"de\">"
        "Deutsch</a>");
    has(html, "name=\"channel\" value=\"web\"");
    has(html, "name=\"language\" value=\"en\"");
    has(html, "Likely &amp; so? <span class=\"mark\">(required)</span>");
    has(html, "<input type=\"radio\" id=\"i-nps\" name=\"answers.nps\" "
        "value=\"0\" required>");
    has(html, "name=\"answers.nps\" value=\"10\" required>");
    lacks(html, "value=\"11\"");
    has(html, "min=\"0\" max=\"100\"");
    has(html, "<input type=\"checkbox\" id=\"i-some\"");
    has(html, "name=\"answers.me.email\"");
    has(html, "autocomplete=\"tel\"");
    lacks(html, " aria-invalid=\"");
    lacks(html, "<script");
    lacks(html, " checked");
}


static void
languages(void **state)
{
    const char  *html;

    (void) state;

    html = page("de", NULL, NULL, NULL);
    balanced(html);
    has(html, "<html lang=\"de\">");
    has(html, "Wie?");
    has(html, "(Pflichtfrage)");
    has(html, "<span lang=\"en\">Much?</span>");
    has(html, "<span>Be</span>");

    has(page(NULL, "fr, de-AT;q=0.9, en;q=0.8", NULL, NULL),
        "<html lang=\"de\">");
    has(page(NULL, "fr;q=1,en;q=0,*", NULL, NULL), "<html lang=\"en\">");
    has(page("\"><script>", ";;;,=,q", NULL, NULL), "<html lang=\"en\">");

    assert_true(cxm_language_valid(cxm_str("zh-Hant-TW")));
    assert_true(cxm_language_valid(cxm_str("es-419")));
    assert_false(cxm_language_valid(cxm_str("e")));
    assert_false(cxm_language_valid(cxm_str("en-")));
    assert_false(cxm_language_valid(cxm_str("en_US")));
    assert_false(cxm_language_valid(cxm_str("")));
    assert_int_equal(cxm_language_match(cxm_str("DE-at"), cxm_str("de-AT")),
                     2);
    assert_int_equal(cxm_language_match(cxm_str("de-AT"), cxm_str("de")), 1);
    assert_int_equal(cxm_language_match(cxm_str("de"), cxm_str("den")), 0);
    assert_int_equal(cxm_language_match(cxm_str(""), cxm_str("de")), 0);

    assert_true(cxm_language_rtl(cxm_str("ar-EG")));
    assert_true(cxm_language_rtl(cxm_str("FA")));
    assert_true(cxm_language_rtl(cxm_str("az-Arab")));
    assert_false(cxm_language_rtl(cxm_str("ks-Deva-IN")));
    assert_false(cxm_language_rtl(cxm_str("de-1996")));
    assert_false(cxm_language_rtl(cxm_str("")));
}


/* What the survey says itself, in its own languages. */
static void
own_words(void **state)
{
    const char  *html;

    (void) state;

    must_put("words", "{\"title\":\"T\",\"status\":\"live\","
             "\"heading\":{\"en\":\"How <are> we?\"},"
             "\"thanks\":{\"en\":\"One.\\n\\nTwo & three.\"},"
             "\"questions\":[{\"id\":\"nps\",\"type\":\"nps\","
             "\"text\":{\"en\":\"N?\",\"fa\":\"F?\"},"
             "\"low\":{\"en\":\"never\"}},"
             "{\"id\":\"s\",\"type\":\"scale\",\"scale\":{\"min\":1,"
             "\"max\":5},\"text\":{\"en\":\"S?\",\"fa\":\"G?\"},"
             "\"high\":{\"en\":\"much\",\"fa\":\"H\"}},"
             "{\"id\":\"plain\",\"type\":\"scale\",\"scale\":{\"min\":1,"
             "\"max\":5},\"text\":{\"en\":\"P?\"}}]}");

    html = page_of("words", "en", NULL, NULL, NULL);
    balanced(html);
    has(html, "<title>How &lt;are&gt; we?</title>");
    has(html, "<h1>How &lt;are&gt; we?</h1>");
    has(html, "<span>0: never</span> <span>10: Extremely likely</span>");
    has(html, "<span></span> <span>5: much</span>");
    lacks(html, "id=\"d-plain\"");

    /* from right to left; what is not there is in another language */

    html = page_of("words", "fa", NULL, NULL, NULL);
    balanced(html);
    has(html, "<html lang=\"fa\" dir=\"rtl\">");
    has(html, "<h1 lang=\"en\" dir=\"ltr\">How");
    has(html, "G?");
    has(html, "<span>5: H</span>");
    has(html, "0: <span lang=\"en\" dir=\"ltr\">never</span>");
    has(html, "<span lang=\"en\" dir=\"ltr\">Extremely likely</span>");

    html = thanks("words", "en");
    balanced(html);
    has(html, "<h1>Thank you</h1>\n<p>One.</p>\n<p>Two &amp; three.</p>\n");
    html = thanks("words", "fa");
    has(html, "<html lang=\"fa\" dir=\"rtl\">");
    has(html, "<p lang=\"en\" dir=\"ltr\">One.</p>");
    has(thanks("paged", "es"), "<p>Sus respuestas se han guardado.</p>");
    has(thanks("paged", "fr-CA"), "<h1>Merci</h1>");
}


static void
refused_form(void **state)
{
    const char   *html;
    cxm_error_t   wrong;

    (void) state;

    cxm_error_init(&wrong);
    cxm_issue(&wrong, "/answers/nps", "required", "x");
    cxm_issue(&wrong, "/answers/big", "out_of_range", "x");
    cxm_issue(&wrong, "/answers/me/email", "invalid", "x");
    cxm_issue(&wrong, "/touchpoint", "too_long", "x");

    html = page(NULL, NULL, "{\"answers\":{\"some\":[\"b\"],\"why\":"
                "\"</textarea><script>\",\"me\":{\"email\":\"\\\"x\"},"
                "\"big\":\"77\"}}", &wrong);
    balanced(html);
    has(html, "<title>Error: How");
    has(html, "role=\"alert\"");
    has(html, "<li><a href=\"#i-nps\">Likely &amp; so? \xe2\x80\x93 Please "
        "answer this question.</a></li>");
    has(html, "Please enter a whole number in this range.");
    has(html, "<li><a href=\"#i-me\">You? \xe2\x80\x93 Please check this "
        "entry.");
    has(html, "<li>Please check this entry.</li>");
    has(html, "aria-describedby=\"d-nps e-nps\" aria-invalid=\"true\"");
    has(html, "<p class=\"err\" id=\"e-nps\">");
    has(html, "value=\"b\" checked>");
    lacks(html, "value=\"a\" checked>");
    has(html, "&lt;/textarea&gt;&lt;script&gt;</textarea>");
    has(html, "<input type=\"email\" autocomplete=\"email\" id=\"i-me\" "
        "aria-describedby=\"e-me\" aria-invalid=\"true\"");
    has(html, "value=\"&quot;x\"");
    lacks(html, "<nav");
    has(html, "value=\"77\"");
}


static void
notices(void **state)
{
    int          i;
    char         nonce[CXM_PAGE_NONCE_LEN + 1], other[CXM_PAGE_NONCE_LEN + 1];
    const char  *html;

    (void) state;

    for (i = CXM_NOTICE_THANKS; i <= CXM_NOTICE_WRONG; i++) {
        cxm_buf_reset(&out);
        cxm_survey_notice(&out, (cxm_notice_t) i, cxm_str("de-CH"),
                          cxm_str("en"), "NONCE");
        cxm_buf_putc(&out, 0);
        html = (const char *) out.data;
        balanced(html);
        has(html, "<html lang=\"de\">");
    }

    cxm_page_nonce(nonce);
    cxm_page_nonce(other);
    assert_int_equal(strlen(nonce), CXM_PAGE_NONCE_LEN);
    assert_string_not_equal(nonce, other);
}


/* Every language says everything. */
static void
texts(void **state)
{
    unsigned                    i, j, n;
    const cxm_page_language_t  *own;

    (void) state;

    own = cxm_page_languages(&n);
    assert_int_equal(n, CXM_PAGE_LANGUAGES);

    for (i = 0; i < n; i++) {
        for (j = 0; j < CXM_SAY_N; j++) {
            assert_non_null(own[i].texts[j]);
            assert_true(i == 0 || j == CXM_SAY_EMAIL || j == CXM_SAY_NAME
                        || j == CXM_SAY_ERROR_PREFIX
                        || strcmp(own[i].texts[j], own[0].texts[j]) != 0);
        }
    }
}


/* A link's page leads back to it; a score is chosen if it can be one. */
static void
invited(void **state)
{
    size_t       i;
    const char  *html;

    static const char *const  wrong[] = {
        "", "11", "-1", "09", "9.0", "9 ", "x", "\"", "999999999999"
    };

    (void) state;

    with.link = cxm_str("LINK");
    with.score = cxm_str("9");
    html = page("en", NULL, NULL, NULL);
    balanced(html);
    has(html, "action=\"/s/paged/l/LINK\"");
    has(html, "href=\"/s/paged/l/LINK?lang=de&amp;score=9\"");
    has(html, "name=\"answers.nps\" value=\"9\" checked");
    lacks(html, "name=\"id\"");
    lacks(html, "name=\"channel\"");

    /* what was sent goes before what was chosen */

    html = page("en", NULL, "{\"answers\":{\"nps\":\"3\"}}", NULL);
    has(html, "value=\"3\" checked");
    lacks(html, "value=\"9\" checked");

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        with.score = cxm_strz(wrong[i]);
        html = page("en", NULL, NULL, NULL);
        lacks(html, " checked");
        lacks(html, "score=");
    }

    memset(&with, 0, sizeof(with));
    with.exposure = cxm_str("TOKEN");
    html = page("en", NULL, NULL, NULL);
    balanced(html);
    has(html, "action=\"/s/paged/responses\"");
    has(html, "name=\"exposure\" value=\"TOKEN\"");
    has(html, "href=\"/s/paged?lang=de&amp;exposure=TOKEN\"");
    memset(&with, 0, sizeof(with));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(fresh, open_paged, close_paged),
        cmocka_unit_test_setup_teardown(languages, open_paged, close_paged),
        cmocka_unit_test_setup_teardown(own_words, open_paged, close_paged),
        cmocka_unit_test_setup_teardown(refused_form, open_paged,
                                        close_paged),
        cmocka_unit_test_setup_teardown(invited, open_paged, close_paged),
        cmocka_unit_test_setup_teardown(notices, open_paged, close_paged),
        cmocka_unit_test(texts)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
