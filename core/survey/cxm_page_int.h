/*
 * What the files of a survey's page share.
 */

#ifndef CXM_PAGE_INT_H
#define CXM_PAGE_INT_H

#include "cxm_page_text.h"
#include "cxm_survey_page.h"


typedef struct {
    cxm_buf_t                  *out;
    const cxm_page_view_t      *view;
    const cxm_page_language_t  *own;
    cxm_str_t                   language;
    int                         foreign;    /* own texts in another one */
    const json_t               *answers;    /* as they were sent, or chosen
                                               before */
} cxm_page_writer_t;

void cxm_page_put(cxm_page_writer_t *page, const char *html);
void cxm_page_put_id(cxm_page_writer_t *page, const char *kind,
    const cxm_question_t *question);
void cxm_page_put_hidden(cxm_page_writer_t *page, const char *name,
    cxm_str_t value);

/* One of our own texts; marked when it is in another language. */
void cxm_page_say(cxm_page_writer_t *page, cxm_say_t what);

/*
 * A member of the owner that is a text by language: in the page's, else in
 * the nearest it has; nothing when there is no such member.
 */
cxm_str_t cxm_page_text(const cxm_page_writer_t *page, const json_t *owner,
    const char *member, cxm_str_t *language);
void cxm_page_put_text(cxm_page_writer_t *page, const json_t *owner,
    const char *member);

/* Such a text of several lines: an empty line ends a paragraph. */
void cxm_page_put_paragraphs(cxm_page_writer_t *page, const json_t *owner,
    const char *member);

/* Everything up to the heading, which is in that language. */
void cxm_page_head(cxm_page_writer_t *page, cxm_str_t prefix, cxm_str_t title,
    cxm_str_t language);

/* Whether the issue is of the question, the first that is, and in words. */
int cxm_page_issue_of(const cxm_issue_t *issue,
    const cxm_question_t *question);
const cxm_issue_t *cxm_page_issue(const cxm_page_writer_t *page,
    const cxm_question_t *question);
cxm_say_t cxm_page_issue_say(const cxm_issue_t *issue,
    const cxm_question_t *question);

/* Every wrong question as a link to it; what is no question's, at the end. */
void cxm_page_put_summary(cxm_page_writer_t *page);

/* Whether the page asks question i. */
int cxm_page_asks(const cxm_page_view_t *view, unsigned i);

/* Whether a score is typed: too many points for buttons. */
int cxm_page_typed(const cxm_question_t *question);

void cxm_page_put_question(cxm_page_writer_t *page,
    const cxm_question_t *question);


#endif /* CXM_PAGE_INT_H */
