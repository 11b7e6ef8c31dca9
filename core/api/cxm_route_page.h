/*
 * Handlers of the public side of surveys.
 */

#ifndef CXM_ROUTE_PAGE_H
#define CXM_ROUTE_PAGE_H

#include "cxm_api.h"


#define CXM_LINK_PATH  "{survey}/l/{link}"

extern const cxm_field_t   cxm_survey_page_query[];
extern const cxm_fields_t  cxm_response_made;

/* What a survey's page is: HTML, or its questions as JSON; closed: 409. */
#define CXM_PAGE_ANSWERS                                                      \
    .answers = CXM_200 | CXM_409, .media = "text/html",                       \
    .output = &cxm_survey_public_fields

/* Also of links, whose path is CXM_LINK_PATH. */
cxm_rc_t cxm_survey_page_read(cxm_call_t *call, cxm_txn_t *txn);
cxm_rc_t cxm_response_post_write(cxm_call_t *call, cxm_txn_t *txn);
cxm_rc_t cxm_response_change_write(cxm_call_t *call, cxm_txn_t *txn);

/* Errors as pages; the form again where the form was wrong. */
void cxm_survey_problem_html(cxm_call_t *call);


#endif /* CXM_ROUTE_PAGE_H */
