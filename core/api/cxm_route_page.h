/*
 * The public side of surveys.
 */

#ifndef CXM_ROUTE_PAGE_H
#define CXM_ROUTE_PAGE_H

#include "cxm_api.h"
#include "cxm_link.h"
#include "cxm_response.h"
#include "cxm_survey_page.h"


#define CXM_LINK_PATH  "{survey}/l/{link}"

extern const cxm_field_t   cxm_survey_page_query[];
extern const cxm_fields_t  cxm_response_made;

/* What a survey's page is: HTML, or its questions as JSON; closed: 409. */
#define CXM_PAGE_ANSWERS                                                      \
    .answers = CXM_200 | CXM_409, .media = "text/html",                       \
    .output = &cxm_survey_public_fields

/* Handlers.  Also of links, whose path is CXM_LINK_PATH. */
cxm_rc_t cxm_survey_page_read(cxm_call_t *call, cxm_txn_t *txn);
cxm_rc_t cxm_response_post_write(cxm_call_t *call, cxm_txn_t *txn);
cxm_rc_t cxm_response_change_write(cxm_call_t *call, cxm_txn_t *txn);
cxm_rc_t cxm_response_step_write(cxm_call_t *call, cxm_txn_t *txn);

/* Errors as pages; the form again where the form was wrong. */
void cxm_survey_problem_html(cxm_call_t *call);


/* --- for the handlers --------------------------------------------------- */

int cxm_call_is_link(const cxm_call_t *call);

/*
 * What the address invites by: a link, or the token of an exposure.  A token
 * that proves nothing is left out: the page is there without it, too.
 */
typedef struct {
    cxm_str_t                token;     /* or empty */
    cxm_invitation_t         own;
    const cxm_invitation_t  *by;        /* own, or NULL: nothing */
    int                      answered;  /* the link */
} cxm_invited_t;

typedef cxm_rc_t (*cxm_invited_pt)(cxm_call_t *call, cxm_txn_t *txn,
    const cxm_survey_t *survey, const cxm_invited_t *invited);

/* Calls the handler with the survey of the address and what it invites by. */
cxm_rc_t cxm_with_invited(cxm_call_t *call, cxm_txn_t *txn,
    cxm_invited_pt handler);

/* A page about to be drawn, and what its view points to. */
typedef struct {
    cxm_page_view_t  view;
    cxm_step_t       step;
    char             id[CXM_UUID_LEN + 1];
    char             token[CXM_RESPONSE_TOKEN_LEN + 1];
    char             nonce[CXM_PAGE_NONCE_LEN + 1];
} cxm_drawing_t;

/*
 * id: of the answer; NULL: a new one.  A page with a step has the id's token:
 * draw it only for whoever has shown that, or the link.
 */
void cxm_draw_begin(cxm_call_t *call, const cxm_survey_t *survey,
    const cxm_uuid_t *id, cxm_drawing_t *out);

/* Only `step` of its questions. */
void cxm_draw_step(cxm_drawing_t *drawing, const cxm_step_t *step);

cxm_rc_t cxm_draw_reply(cxm_call_t *call, const cxm_drawing_t *drawing);

/*
 * Keeps the page for cxm_survey_problem_html(), drawn while there is a
 * transaction: the view's form, else the call's, and what is wrong with it.
 */
void cxm_draw_again(cxm_call_t *call, cxm_drawing_t *drawing);


#endif /* CXM_ROUTE_PAGE_H */
