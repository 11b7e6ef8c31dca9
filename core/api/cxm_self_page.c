/*
 * Pages of accounts.
 */

#include "cxm_language.h"
#include "cxm_page_text.h"
#include "cxm_self_page.h"


typedef struct {
    const char      *name;              /* member of the body */
    const char      *type;
    const char      *autocomplete;
    cxm_self_say_t   label;
    int              hint;
} self_field_t;

enum { F_NAME = 1, F_EMAIL = 2, F_PASSWORD = 4, F_NEW = 8, F_TOTP = 16,
       F_RECOVERY = 32 };

static const self_field_t  self_fields[] = {
    { "name", "text", "name", CXM_SELF_NAME, 0 },
    { "email", "email", "username", CXM_SELF_EMAIL, 0 },
    { "password", "password", "current-password", CXM_SELF_PASSWORD, 0 },
    { "password", "password", "new-password", CXM_SELF_NEW_PASSWORD, 1 },
    { "totp", "text", "one-time-code", CXM_SELF_TOTP, 0 },
    { "recovery_code", "text", "off", CXM_SELF_RECOVERY, 0 }
};

#define SELF_FIELDS  (sizeof(self_fields) / sizeof(self_fields[0]))

/* Pages below the location; links lead from one to others. */
static const struct {
    const char  *path;
    unsigned     fields;
    int          token;
    const char  *then;                  /* "/": the site */
    unsigned     links;                 /* bits of cxm_self_page_t */
} self_pages[CXM_SELF_PAGES] = {
    [CXM_SELF_PAGE_LOGIN] = { "login", F_EMAIL | F_PASSWORD, 0, "/",
        1 << CXM_SELF_PAGE_REGISTER | 1 << CXM_SELF_PAGE_FORGOT },
    [CXM_SELF_PAGE_REGISTER] = { "register", F_NAME | F_EMAIL | F_NEW, 0,
        NULL, 1 << CXM_SELF_PAGE_LOGIN },
    [CXM_SELF_PAGE_VERIFY] = { "verify", 0, 1, "/", 0 },
    [CXM_SELF_PAGE_FORGOT] = { "password/forgot", F_EMAIL, 0, NULL,
        1 << CXM_SELF_PAGE_LOGIN },
    [CXM_SELF_PAGE_RESET] = { "password/reset", F_NEW, 1, "login",
        1 << CXM_SELF_PAGE_FORGOT },
    [CXM_SELF_PAGE_EMAIL] = { "profile/email/verify", 0, 1, NULL, 0 },
    [CXM_SELF_PAGE_REVERT] = { "profile/email/revert", F_NEW, 1, "login", 0 }
};

/* Where a page is, which is not always what it posts to. */
static const char *const  self_paths[CXM_SELF_PAGES] = {
    "login", "register", "verify", "forgot", "reset", "email", "revert"
};

typedef struct {
    cxm_buf_t                  *out;
    cxm_self_page_t             page;
    cxm_str_t                   root;
    const cxm_self_language_t  *own;
} self_writer_t;


static void
put(self_writer_t *page, const char *html)
{
    cxm_buf_puts(page->out, html);
}


static void
say(self_writer_t *page, const char *text)
{
    cxm_buf_html(page->out, cxm_strz(text));
}


static void
put_path(self_writer_t *page, const char *path)
{
    cxm_buf_html(page->out, page->root);
    say(page, path);
}


static void
put_field(self_writer_t *page, const self_field_t *field, int required)
{
    put(page, "<p class=\"field\"><label for=\"");
    put(page, field->name);
    put(page, "\">");
    say(page, page->own->says[field->label]);
    put(page, "</label><input id=\"");
    put(page, field->name);
    put(page, "\" name=\"");
    put(page, field->name);
    put(page, "\" type=\"");
    put(page, field->type);
    put(page, "\" autocomplete=\"");
    put(page, field->autocomplete);
    put(page, "\" aria-describedby=\"");
    put(page, field->name);
    put(page, field->hint ? "-error hint\"" : "-error\"");
    put(page, required ? " required>" : ">");

    if (field->hint) {
        put(page, "<span class=\"hint\" id=\"hint\">");
        say(page, page->own->says[CXM_SELF_HINT]);
        put(page, "</span>");
    }

    put(page, "<span class=\"err\" role=\"alert\" id=\"");
    put(page, field->name);
    put(page, "-error\" data-error=\"");
    put(page, field->name);
    put(page, "\"></span></p>\n");
}


static void
put_form(self_writer_t *page, unsigned fields, int second)
{
    size_t                   i;
    const char              *then;
    const cxm_self_words_t  *words;

    words = &page->own->pages[page->page];
    then = self_pages[page->page].then;

    put(page, "<form method=\"post\" data-post=\"");
    put_path(page, self_pages[page->page].path);
    put(page, "\"");
    put(page, self_pages[page->page].token ? " data-token" : "");

    if (then != NULL) {
        put(page, " data-then=\"");

        if (then[0] == '/') {
            put(page, then);

        } else {
            put_path(page, then);
        }

        put(page, "\"");
    }

    put(page, second ? " data-second hidden>\n" : ">\n");

    for (i = 0; i < SELF_FIELDS; i++) {
        if (fields & 1u << i) {
            put_field(page, &self_fields[i], !second);
        }
    }

    put(page, "<p class=\"go\"><button>");
    say(page, words->button);
    put(page, "</button></p>\n</form>\n");
}


static void
put_links(self_writer_t *page)
{
    unsigned  i;

    if (self_pages[page->page].links == 0) {
        return;
    }

    put(page, "<nav>");

    for (i = 0; i < CXM_SELF_PAGES; i++) {
        if (self_pages[page->page].links & 1u << i) {
            put(page, "<a href=\"");
            put_path(page, self_paths[i]);
            put(page, "\">");
            say(page, page->own->pages[i].title);
            put(page, "</a>");
        }
    }

    put(page, "</nav>\n");
}


static void
put_head(self_writer_t *page, const char *nonce)
{
    const cxm_self_words_t  *words;

    words = &page->own->pages[page->page];

    put(page, "<!doctype html>\n<html lang=\"");
    cxm_buf_html(page->out, page->own->language);
    put(page, "\">\n<head>\n<meta charset=\"utf-8\">\n"
              "<meta name=\"viewport\" content=\"width=device-width\">\n"
              "<meta name=\"robots\" content=\"noindex\">\n<title>");
    say(page, words->title);
    put(page, "</title>\n<style nonce=\"");
    put(page, nonce);
    put(page, "\">");
    put(page, cxm_page_style);
    put(page, ".field .err,.field .hint{display:block}"
              "[hidden]{display:none}</style>\n<script src=\"");
    put_path(page, "cxm-account.js");
    put(page, "\" defer></script>\n</head>\n");
}


static void
put_body(self_writer_t *page)
{
    const cxm_self_words_t  *words;

    words = &page->own->pages[page->page];

    put(page, "<body>\n<main data-says=\"");
    say(page, page->own->says[CXM_SELF_SAYS]);
    put(page, "\">\n<h1>");
    say(page, words->title);
    put(page, "</h1>\n");
    put_links(page);

    if (words->lead[0] != '\0') {
        put(page, "<p class=\"q\">");
        say(page, words->lead);
        put(page, "</p>\n");
    }

    put(page, "<noscript><p class=\"err\">");
    say(page, page->own->says[CXM_SELF_NOSCRIPT]);
    put(page, "</p></noscript>\n");
    put_form(page, self_pages[page->page].fields, 0);

    if (page->page == CXM_SELF_PAGE_LOGIN) {
        put_form(page, F_TOTP | F_RECOVERY, 1);
    }

    put(page, "<p class=\"err\" role=\"status\"></p>\n");

    if (words->done != NULL) {
        put(page, "<p data-done tabindex=\"-1\" hidden>");
        say(page, words->done);
        put(page, "</p>\n");
    }

    put(page, "</main>\n</body>\n</html>\n");
}


void
cxm_self_page(cxm_buf_t *out, cxm_self_page_t no, cxm_str_t root,
    cxm_str_t accept_language, const char *nonce)
{
    size_t         i;
    cxm_str_t      have[CXM_SELF_LANGUAGES], none = { 0, NULL };
    self_writer_t  page;

    for (i = 0; i < CXM_SELF_LANGUAGES; i++) {
        have[i] = cxm_self_languages[i].language;
    }

    page.out = out;
    page.page = no;
    page.root = root;
    page.own = &cxm_self_languages[cxm_language_choose(have,
                                            CXM_SELF_LANGUAGES, none,
                                            accept_language)];

    put_head(&page, nonce);
    put_body(&page);
}
