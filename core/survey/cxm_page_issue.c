/*
 * What is wrong with a form, on its page.
 */

#include "cxm_page_int.h"


int
cxm_page_issue_of(const cxm_issue_t *issue, const cxm_question_t *question)
{
    size_t       len;
    const char  *p;

    p = issue->pointer;

    if (strncmp(p, "/answers/", 9) != 0) {
        return 0;
    }

    p += 9;
    len = question->id.len;

    return strncmp(p, question->id.data, len) == 0
           && (p[len] == '\0' || p[len] == '/');
}


const cxm_issue_t *
cxm_page_issue(const cxm_page_writer_t *page, const cxm_question_t *question)
{
    unsigned            i;
    const cxm_error_t  *err;

    err = page->view->err;

    for (i = 0; err != NULL && i < err->nissues; i++) {
        if (cxm_page_issue_of(&err->issues[i], question)) {
            return &err->issues[i];
        }
    }

    return NULL;
}


cxm_say_t
cxm_page_issue_say(const cxm_issue_t *issue, const cxm_question_t *question)
{
    size_t  i;

    static const struct { const char *code; cxm_say_t say; }  said[] = {
        { "required", CXM_SAY_NEEDED },
        { "out_of_range", CXM_SAY_RANGE },
        { "not_allowed", CXM_SAY_RANGE },
        { "wrong_type", CXM_SAY_RANGE },
        { "too_long", CXM_SAY_LONG }
    };

    for (i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
        if (strcmp(issue->code, said[i].code) == 0) {
            return said[i].say == CXM_SAY_RANGE && cxm_page_typed(question)
                   ? CXM_SAY_NUMBER : said[i].say;
        }
    }

    return CXM_SAY_CHECK;
}


int
cxm_page_asks(const cxm_page_view_t *view, unsigned i)
{
    return view->step == NULL || view->step->asked[i];
}


/* The first issue that is of no question on the page; NULL. */
static const cxm_issue_t *
other_issue(const cxm_page_writer_t *page)
{
    unsigned                i, j;
    const cxm_error_t      *err;
    const cxm_page_view_t  *view;

    view = page->view;
    err = view->err;

    for (i = 0; i < err->nissues; i++) {
        for (j = 0; j < view->survey->nquestions; j++) {
            if (cxm_page_asks(view, j)
                && cxm_page_issue_of(&err->issues[i],
                                     &view->survey->questions[j]))
            {
                break;
            }
        }

        if (j == view->survey->nquestions) {
            return &err->issues[i];
        }
    }

    return NULL;
}


/*
 * Pages do not ask what the definition does not: where an answer has no
 * question any more the definition has changed behind the page's back.
 */
static cxm_say_t
other_say(const cxm_issue_t *issue)
{
    if (strcmp(issue->code, "unknown_field") == 0
        || strcmp(issue->code, "not_shown") == 0)
    {
        return CXM_SAY_CHANGED;
    }

    return strcmp(issue->pointer, "/answers") == 0 ? CXM_SAY_NEEDED
                                                   : CXM_SAY_CHECK;
}


void
cxm_page_put_summary(cxm_page_writer_t *page)
{
    unsigned               i;
    const cxm_error_t     *err;
    const cxm_issue_t     *other;
    const cxm_survey_t    *survey;
    const cxm_question_t  *question;

    err = page->view->err;
    survey = page->view->survey;

    if (err == NULL || err->nissues == 0) {
        return;
    }

    cxm_page_put(page, "<div class=\"summary\" role=\"alert\" tabindex=\"-1\" "
                 "autofocus>\n<h2>");
    cxm_page_say(page, CXM_SAY_SUMMARY);
    cxm_page_put(page, "</h2>\n<ul>\n");

    for (i = 0; i < survey->nquestions; i++) {
        question = &survey->questions[i];

        if (cxm_page_issue(page, question) != NULL
            && cxm_page_asks(page->view, i))
        {
            cxm_page_put(page, "<li><a href=\"#");
            cxm_page_put_id(page, "i-", question);
            cxm_page_put(page, "\">");
            cxm_page_put_text(page, question->json, "text");
            cxm_page_put(page, " \xe2\x80\x93 ");
            cxm_page_say(page,
                         cxm_page_issue_say(cxm_page_issue(page, question),
                                            question));
            cxm_page_put(page, "</a></li>\n");
        }
    }

    other = other_issue(page);

    if (other != NULL) {
        cxm_page_put(page, "<li>");
        cxm_page_say(page, other_say(other));
        cxm_page_put(page, "</li>\n");
    }

    cxm_page_put(page, "</ul>\n</div>\n");
}
