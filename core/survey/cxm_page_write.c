/*
 * What pages are written with: ids, texts in their languages, the frame.
 */

#include "cxm_json.h"
#include "cxm_language.h"
#include "cxm_page_int.h"


void
cxm_page_put(cxm_page_writer_t *page, const char *html)
{
    cxm_buf_puts(page->out, html);
}


void
cxm_page_put_id(cxm_page_writer_t *page, const char *kind,
    const cxm_question_t *question)
{
    cxm_page_put(page, kind);
    cxm_buf_html(page->out, question->id);
}


void
cxm_page_put_hidden(cxm_page_writer_t *page, const char *name,
    cxm_str_t value)
{
    cxm_page_put(page, "<input type=\"hidden\" name=\"");
    cxm_page_put(page, name);
    cxm_page_put(page, "\" value=\"");
    cxm_buf_html(page->out, value);
    cxm_page_put(page, "\">\n");
}


/* The attribute dir where it is not what is around. */
static void
put_lang(cxm_page_writer_t *page, cxm_str_t language, int rtl_around)
{
    int  rtl;

    rtl = cxm_language_rtl(language);

    cxm_page_put(page, " lang=\"");
    cxm_buf_html(page->out, language);
    cxm_page_put(page, "\"");

    if (rtl != rtl_around) {
        cxm_page_put(page, rtl ? " dir=\"rtl\"" : " dir=\"ltr\"");
    }
}


static void
put_span(cxm_page_writer_t *page, cxm_str_t language, cxm_str_t text)
{
    cxm_page_put(page, "<span");
    put_lang(page, language, cxm_language_rtl(page->language));
    cxm_page_put(page, ">");
    cxm_buf_html(page->out, text);
    cxm_page_put(page, "</span>");
}


void
cxm_page_say(cxm_page_writer_t *page, cxm_say_t what)
{
    cxm_str_t  text;

    text = cxm_strz(page->own->texts[what]);

    if (page->foreign) {
        put_span(page, page->own->language, text);

    } else {
        cxm_buf_html(page->out, text);
    }
}


cxm_str_t
cxm_page_text(const cxm_page_writer_t *page, const json_t *owner,
    const char *member, cxm_str_t *language)
{
    void                *iter;
    json_t              *texts, *text;
    unsigned             i;
    const cxm_survey_t  *survey;

    survey = page->view->survey;
    texts = json_object_get(owner, member);
    *language = page->language;
    text = json_object_getn(texts, language->data, language->len);

    for (i = 0; text == NULL && i < survey->nlanguages; i++) {
        *language = survey->languages[i];
        text = json_object_getn(texts, language->data, language->len);
    }

    iter = text == NULL ? json_object_iter(texts) : NULL;

    if (iter != NULL) {
        *language = cxm_strz(json_object_iter_key(iter));
        text = json_object_iter_value(iter);
    }

    return cxm_json_str(text);
}


void
cxm_page_put_text(cxm_page_writer_t *page, const json_t *owner,
    const char *member)
{
    cxm_str_t  language, text;

    text = cxm_page_text(page, owner, member, &language);

    if (cxm_str_eq(language, page->language)) {
        cxm_buf_html(page->out, text);

    } else {
        put_span(page, language, text);
    }
}


void
cxm_page_put_paragraphs(cxm_page_writer_t *page, const json_t *owner,
    const char *member)
{
    cxm_str_t    language, text, line;
    const char  *end;

    text = cxm_page_text(page, owner, member, &language);

    while (text.len > 0) {
        end = memmem(text.data, text.len, "\n\n", 2);
        line = (cxm_str_t) { end == NULL ? text.len
                                         : (size_t) (end - text.data),
                             text.data };
        cxm_page_put(page, "<p");

        if (!cxm_str_eq(language, page->language)) {
            put_lang(page, language, cxm_language_rtl(page->language));
        }

        cxm_page_put(page, ">");
        cxm_buf_html(page->out, line);
        cxm_page_put(page, "</p>\n");

        if (end == NULL) {
            break;
        }

        text.data += line.len + 2;
        text.len -= line.len + 2;
    }
}


void
cxm_page_head(cxm_page_writer_t *page, cxm_str_t prefix, cxm_str_t title,
    cxm_str_t language)
{
    cxm_page_put(page, "<!DOCTYPE html>\n<html");
    put_lang(page, page->language, 0);
    cxm_page_put(page, ">\n<head>\n<meta charset=\"utf-8\">\n"
                 "<meta name=\"viewport\" "
                 "content=\"width=device-width, initial-scale=1\">\n"
                 "<meta name=\"robots\" content=\"noindex\">\n<title>");
    cxm_buf_html(page->out, prefix);
    cxm_buf_html(page->out, title);
    cxm_page_put(page, "</title>\n<style nonce=\"");
    cxm_page_put(page, page->view->nonce);
    cxm_page_put(page, "\">");
    cxm_page_put(page, cxm_page_style);
    cxm_page_put(page, "</style>\n</head>\n<body>\n<main>\n<h1");

    if (!cxm_str_eq(language, page->language)) {
        put_lang(page, language, cxm_language_rtl(page->language));
    }

    cxm_page_put(page, ">");
    cxm_buf_html(page->out, title);
    cxm_page_put(page, "</h1>\n");
}
