/*
 * What pages say besides a survey's own texts, and how they look.
 */

#ifndef CXM_PAGE_TEXT_H
#define CXM_PAGE_TEXT_H

#include "cxm_str.h"


typedef enum {
    CXM_SAY_REQUIRED = 0,
    CXM_SAY_SUBMIT,
    CXM_SAY_NEXT,
    CXM_SAY_BACK,
    CXM_SAY_LANGUAGE,
    CXM_SAY_ERROR_PREFIX,
    CXM_SAY_SUMMARY,
    CXM_SAY_NEEDED,
    CXM_SAY_RANGE,
    CXM_SAY_NUMBER,
    CXM_SAY_LONG,
    CXM_SAY_CHECK,
    CXM_SAY_CHANGED,
    CXM_SAY_MULTI,
    CXM_SAY_NAME,
    CXM_SAY_EMAIL,
    CXM_SAY_PHONE,
    CXM_SAY_NPS_LOW,
    CXM_SAY_NPS_HIGH,
    CXM_SAY_CSAT_LOW,
    CXM_SAY_CSAT_HIGH,
    CXM_SAY_CES_LOW,
    CXM_SAY_CES_HIGH,
    CXM_SAY_THANKS_TITLE,
    CXM_SAY_THANKS,
    CXM_SAY_PAUSED_TITLE,
    CXM_SAY_PAUSED,
    CXM_SAY_CLOSED_TITLE,
    CXM_SAY_CLOSED,
    CXM_SAY_MISSING_TITLE,
    CXM_SAY_MISSING,
    CXM_SAY_TAKEN_TITLE,
    CXM_SAY_TAKEN,
    CXM_SAY_OVER_TITLE,
    CXM_SAY_OVER,
    CXM_SAY_EXPIRED_TITLE,
    CXM_SAY_EXPIRED,
    CXM_SAY_WRONG_TITLE,
    CXM_SAY_WRONG,
    CXM_SAY_N
} cxm_say_t;

typedef struct {
    cxm_str_t    language;
    const char  *texts[CXM_SAY_N];
} cxm_page_language_t;

#define CXM_PAGE_LANGUAGES  4

/* The languages, English first; *n of them. */
const cxm_page_language_t *cxm_page_languages(unsigned *n);

/* The nearest to the tag: English if there is none. */
const cxm_page_language_t *cxm_page_language(cxm_str_t tag);

/* What speakers of a language call it, or the tag itself. */
cxm_str_t cxm_page_language_name(cxm_str_t tag);

extern const char  cxm_page_style[];


#endif /* CXM_PAGE_TEXT_H */
