/*
 * Pages of surveys: plain HTML that needs no script.
 */

#ifndef CXM_SURVEY_PAGE_H
#define CXM_SURVEY_PAGE_H

#include "cxm_step.h"


#define CXM_PAGE_NONCE_LEN  22
#define CXM_PAGE_MAX_BYTES  (2u << 20)

typedef struct {
    const cxm_survey_t  *survey;
    cxm_str_t            prefix;        /* of the location: "/s/" */
    cxm_str_t            language;      /* wanted, or none */
    cxm_str_t            accept_language;
    cxm_str_t            id;            /* of the answer to be given */
    cxm_str_t            exposure;      /* token that it goes with, or none */
    cxm_str_t            link;          /* it is the page of, or none; then
                                           id is not used */
    cxm_str_t            score;         /* chosen before, or none */
    const cxm_step_t    *step;          /* what to ask; NULL: everything */
    cxm_str_t            token;         /* of the id, with step */
    const char          *nonce;         /* of the style */
    const json_t        *form;          /* what was sent, NULL: nothing yet */
    const cxm_error_t   *err;           /* what is wrong with it, or NULL */
} cxm_page_view_t;

void cxm_page_nonce(char out[CXM_PAGE_NONCE_LEN + 1]);

/* The language of the survey that a page is in. */
cxm_str_t cxm_survey_page_language(const cxm_page_view_t *view);

void cxm_survey_page(cxm_buf_t *out, const cxm_page_view_t *view);

/* The page after the answer: the survey's own words, or ours. */
void cxm_survey_thanks(cxm_buf_t *out, const cxm_page_view_t *view);


typedef enum {
    CXM_NOTICE_THANKS = 0,
    CXM_NOTICE_PAUSED,
    CXM_NOTICE_CLOSED,
    CXM_NOTICE_MISSING,
    CXM_NOTICE_TAKEN,
    CXM_NOTICE_EXPIRED,
    CXM_NOTICE_OVER,
    CXM_NOTICE_WRONG
} cxm_notice_t;

/* A page that only says something, in the nearest language there is. */
void cxm_survey_notice(cxm_buf_t *out, cxm_notice_t notice,
    cxm_str_t language, cxm_str_t accept_language, const char *nonce);


#endif /* CXM_SURVEY_PAGE_H */
