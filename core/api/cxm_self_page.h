/*
 * Pages of accounts, for sites that have none of their own: each is a form
 * that cxm-account.js sends (web/src/cxm-account.ts).
 */

#ifndef CXM_SELF_PAGE_H
#define CXM_SELF_PAGE_H

#include "cxm_str.h"


typedef enum {
    CXM_SELF_PAGE_LOGIN = 0,
    CXM_SELF_PAGE_REGISTER,
    CXM_SELF_PAGE_VERIFY,
    CXM_SELF_PAGE_FORGOT,
    CXM_SELF_PAGE_RESET,
    CXM_SELF_PAGE_EMAIL,
    CXM_SELF_PAGE_REVERT,
    CXM_SELF_PAGES
} cxm_self_page_t;

/* What all of them say; by number in each language's texts. */
typedef enum {
    CXM_SELF_NAME = 0,
    CXM_SELF_EMAIL,
    CXM_SELF_PASSWORD,
    CXM_SELF_NEW_PASSWORD,
    CXM_SELF_HINT,                      /* of a new password */
    CXM_SELF_TOTP,
    CXM_SELF_RECOVERY,
    CXM_SELF_NOSCRIPT,
    CXM_SELF_SAYS                       /* JSON: words for codes */
} cxm_self_say_t;

#define CXM_SELF_SAYS_N  (CXM_SELF_SAYS + 1)

typedef struct {
    const char  *title;
    const char  *lead;                  /* a sentence above; may be empty */
    const char  *button;
    const char  *done;                  /* instead of the form, in the end;
                                           NULL: one goes on elsewhere */
} cxm_self_words_t;

typedef struct {
    cxm_str_t         language;
    const char       *says[CXM_SELF_SAYS_N];
    cxm_self_words_t  pages[CXM_SELF_PAGES];
} cxm_self_language_t;

#define CXM_SELF_LANGUAGES  2

extern const cxm_self_language_t  cxm_self_languages[CXM_SELF_LANGUAGES];

/*
 * The whole page in the best of its languages; root is the path of the
 * location, nonce that of its style.
 */
void cxm_self_page(cxm_buf_t *out, cxm_self_page_t page, cxm_str_t root,
    cxm_str_t accept_language, const char *nonce);


#endif /* CXM_SELF_PAGE_H */
