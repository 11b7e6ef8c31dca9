/*
 * The page of a survey: one form, one question after the other.
 */

#include <stdio.h>

#include "cxm_json.h"
#include "cxm_language.h"
#include "cxm_page_int.h"


/* The address of the page itself; it has only characters that are safe. */
static void
put_address(cxm_page_writer_t *page)
{
    cxm_buf_html(page->out, page->view->prefix);
    cxm_buf_html(page->out, page->view->survey->slug);

    if (page->view->link.len > 0) {
        cxm_page_put(page, "/l/");
        cxm_buf_html(page->out, page->view->link);
    }
}


static void
put_argument(cxm_page_writer_t *page, const char *name, cxm_str_t value)
{
    if (value.len > 0) {
        cxm_page_put(page, "&amp;");
        cxm_page_put(page, name);
        cxm_page_put(page, "=");
        cxm_buf_html(page->out, value);
    }
}


/* Links to the page's other languages; what was entered would be lost. */
static void
put_languages(cxm_page_writer_t *page)
{
    unsigned             i;
    cxm_str_t            tag;
    const cxm_survey_t  *survey;

    survey = page->view->survey;

    if (survey->nlanguages < 2 || page->view->form != NULL) {
        return;
    }

    cxm_page_put(page, "<nav aria-label=\"");
    cxm_page_put(page, page->own->texts[CXM_SAY_LANGUAGE]);
    cxm_page_put(page, "\">\n");

    for (i = 0; i < survey->nlanguages; i++) {
        tag = survey->languages[i];

        if (cxm_str_eq(tag, page->language)) {
            continue;
        }

        cxm_page_put(page, "<a href=\"");
        put_address(page);
        cxm_page_put(page, "?lang=");
        cxm_buf_html(page->out, tag);
        put_argument(page, "exposure", page->view->exposure);

        if (page->answers != NULL) {
            put_argument(page, "score", page->view->score);
        }

        cxm_page_put(page, "\" lang=\"");
        cxm_buf_html(page->out, tag);
        cxm_page_put(page, "\" hreflang=\"");
        cxm_buf_html(page->out, tag);
        cxm_page_put(page, "\">");
        cxm_buf_html(page->out, cxm_page_language_name(tag));
        cxm_page_put(page, "</a>\n");
    }

    cxm_page_put(page, "</nav>\n");
}


void
cxm_page_nonce(char out[CXM_PAGE_NONCE_LEN + 1])
{
    uint8_t    random[16];
    cxm_buf_t  text;

    cxm_random(random, sizeof(random));
    cxm_buf_init(&text, 64);
    cxm_base64url_encode(&text, random, sizeof(random));

    memset(out, 0, CXM_PAGE_NONCE_LEN + 1);

    if (!text.failed && text.len == CXM_PAGE_NONCE_LEN) {
        memcpy(out, text.data, text.len);
    }

    cxm_buf_free(&text);
}


cxm_str_t
cxm_survey_page_language(const cxm_page_view_t *view)
{
    unsigned  i;

    if (view->survey->nlanguages == 0) {
        return cxm_str("en");
    }

    i = cxm_language_choose(view->survey->languages, view->survey->nlanguages,
                            view->language, view->accept_language);

    return view->survey->languages[i];
}


static int
is_point(const cxm_question_t *question, cxm_str_t text)
{
    int     score;
    size_t  i;

    score = 0;

    for (i = 0; i < text.len && i < 6; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return 0;
        }

        score = score * 10 + (text.data[i] - '0');
    }

    return i > 0 && i == text.len && (i == 1 || text.data[0] != '0')
           && score >= question->min && score <= question->max;
}


/* The answer that a score is of the first scored question, or NULL. */
static json_t *
chosen_answers(const cxm_page_view_t *view)
{
    unsigned               i;
    json_t                *out;
    const cxm_question_t  *question;

    out = NULL;

    for (i = 0; i < view->survey->nquestions && out == NULL; i++) {
        question = &view->survey->questions[i];

        if (!cxm_question_scored(question)) {
            continue;
        }

        if (!is_point(question, view->score)) {
            return NULL;
        }

        out = json_pack("{s%:s%}", question->id.data, question->id.len,
                        view->score.data, view->score.len);
    }

    return out;
}


static void
begin(cxm_page_writer_t *page, cxm_buf_t *out, const cxm_page_view_t *view)
{
    page->out = out;
    page->view = view;
    page->language = cxm_survey_page_language(view);
    page->own = cxm_page_language(page->language);
    page->foreign = !cxm_language_match(page->own->language, page->language);
    page->answers = json_object_get(view->form, "answers");
}


static void
end(cxm_page_writer_t *page)
{
    cxm_page_put(page, "</main>\n</body>\n</html>\n");
}


/* "a,b": what comes back with the form as what it was about. */
static void
put_asked(cxm_page_writer_t *page)
{
    unsigned             i;
    cxm_buf_t            ids;
    const cxm_survey_t  *survey;

    survey = page->view->survey;
    cxm_buf_init(&ids, CXM_PAGE_MAX_BYTES);

    for (i = 0; i < survey->nquestions; i++) {
        if (cxm_page_asks(page->view, i)) {
            cxm_buf_puts(&ids, ids.len == 0 ? "" : ",");
            cxm_buf_put(&ids, survey->questions[i].id.data,
                        survey->questions[i].id.len);
        }
    }

    cxm_page_put_hidden(page, "asked", cxm_buf_str(&ids));
    cxm_buf_free(&ids);
}


static void
put_hidden(cxm_page_writer_t *page)
{
    char                    version[24];
    const cxm_page_view_t  *view;

    view = page->view;

    if (view->link.len == 0) {
        cxm_page_put_hidden(page, "channel", cxm_str("web"));

        if (view->step == NULL) {
            cxm_page_put_hidden(page, "id", view->id);

        } else {
            cxm_page_put_hidden(page, "token", view->token);
        }
    }

    if (view->step != NULL) {
        put_asked(page);
    }

    if (view->exposure.len > 0) {
        cxm_page_put_hidden(page, "exposure", view->exposure);
    }

    (void) snprintf(version, sizeof(version), "%llu",
                    (unsigned long long) view->survey->doc.version);
    cxm_page_put_hidden(page, "version", cxm_strz(version));
    cxm_page_put_hidden(page, "language", page->language);
}


/* Onward first: it is what the Enter key does. */
static void
put_buttons(cxm_page_writer_t *page)
{
    const cxm_step_t  *step;

    step = page->view->step;

    cxm_page_put(page, "<div class=\"go\">\n<button>");
    cxm_page_say(page, step != NULL && step->more ? CXM_SAY_NEXT
                                                  : CXM_SAY_SUBMIT);
    cxm_page_put(page, "</button>\n");

    if (step != NULL && step->back) {
        cxm_page_put(page, "<button class=\"back\" name=\"go\" "
                     "value=\"back\">");
        cxm_page_say(page, CXM_SAY_BACK);
        cxm_page_put(page, "</button>\n");
    }

    cxm_page_put(page, "</div>\n");
}


/* What is wrong is said in the page's language, and all at once. */
static void
put_form(cxm_page_writer_t *page)
{
    unsigned                i;
    const cxm_page_view_t  *view;

    view = page->view;

    cxm_page_put(page, "<form method=\"post\" accept-charset=\"utf-8\" "
                 "novalidate action=\"");
    put_address(page);

    if (view->link.len == 0) {
        cxm_page_put(page, "/responses");

        if (view->step != NULL) {
            cxm_page_put(page, "/");
            cxm_buf_html(page->out, view->id);
        }
    }

    cxm_page_put(page, "\">\n");
    put_hidden(page);

    for (i = 0; i < view->survey->nquestions; i++) {
        if (cxm_page_asks(view, i)) {
            cxm_page_put_question(page, &view->survey->questions[i]);
        }
    }

    put_buttons(page);
    cxm_page_put(page, "</form>\n");
}


void
cxm_survey_page(cxm_buf_t *out, const cxm_page_view_t *view)
{
    int                 wrong;
    json_t             *chosen;
    cxm_str_t           title, language;
    cxm_page_writer_t   page;

    begin(&page, out, view);
    chosen = view->form == NULL ? chosen_answers(view) : NULL;

    if (chosen != NULL) {
        page.answers = chosen;
    }

    wrong = view->err != NULL && view->err->nissues > 0;
    title = cxm_page_text(&page, view->survey->doc.body, "heading", &language);

    if (title.data == NULL) {
        title = view->survey->title;
        language = page.language;
    }

    cxm_page_head(&page, wrong ? cxm_strz(page.own->texts[CXM_SAY_ERROR_PREFIX])
                               : cxm_str(""), title, language);
    put_languages(&page);
    cxm_page_put_summary(&page);

    put_form(&page);
    end(&page);
    json_decref(chosen);
}


static void
notice_page(cxm_page_writer_t *page, cxm_say_t title)
{
    cxm_page_head(page, cxm_str(""), cxm_strz(page->own->texts[title]),
                  page->own->language);
    cxm_page_put(page, "<p>");
    cxm_page_say(page, title + 1);
    cxm_page_put(page, "</p>\n");
    end(page);
}


void
cxm_survey_notice(cxm_buf_t *out, cxm_notice_t notice, cxm_str_t language,
    cxm_str_t accept_language, const char *nonce)
{
    unsigned            i, n;
    cxm_str_t           have[CXM_PAGE_LANGUAGES];
    cxm_page_view_t     view;
    cxm_page_writer_t   page;

    static const cxm_say_t  titles[] = {
        [CXM_NOTICE_THANKS] = CXM_SAY_THANKS_TITLE,
        [CXM_NOTICE_PAUSED] = CXM_SAY_PAUSED_TITLE,
        [CXM_NOTICE_CLOSED] = CXM_SAY_CLOSED_TITLE,
        [CXM_NOTICE_MISSING] = CXM_SAY_MISSING_TITLE,
        [CXM_NOTICE_TAKEN] = CXM_SAY_TAKEN_TITLE,
        [CXM_NOTICE_EXPIRED] = CXM_SAY_EXPIRED_TITLE,
        [CXM_NOTICE_OVER] = CXM_SAY_OVER_TITLE,
        [CXM_NOTICE_WRONG] = CXM_SAY_WRONG_TITLE
    };

    memset(&view, 0, sizeof(view));
    memset(&page, 0, sizeof(page));
    page.out = out;
    page.view = &view;
    page.own = cxm_page_languages(&n);

    for (i = 0; i < n; i++) {
        have[i] = page.own[i].language;
    }

    view.nonce = nonce;
    page.own += cxm_language_choose(have, n, language, accept_language);
    page.language = page.own->language;

    notice_page(&page, titles[notice]);
}


void
cxm_survey_thanks(cxm_buf_t *out, const cxm_page_view_t *view)
{
    const char         *own;
    cxm_page_writer_t   page;

    if (json_object_get(view->survey->doc.body, "thanks") == NULL) {
        cxm_survey_notice(out, CXM_NOTICE_THANKS, view->language,
                          view->accept_language, view->nonce);
        return;
    }

    begin(&page, out, view);
    own = page.own->texts[CXM_SAY_THANKS_TITLE];
    cxm_page_head(&page, cxm_str(""), cxm_strz(own),
                  page.foreign ? page.own->language : page.language);
    cxm_page_put_paragraphs(&page, view->survey->doc.body, "thanks");
    end(&page);
}
