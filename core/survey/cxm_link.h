/*
 * Personal links: signed, with what they say sealed, answered once.
 *
 * A link is the last part of an address, a ticket (cxm_ticket.h) of
 *
 *   u8 16 x id of its answer | varint seconds since 1970 when it expires |
 *   varint number of the exposure that it belongs to, 0: none |
 *   packed {"respondent"?, "channel"?, "touchpoint"?, "interaction_id"?,
 *   "agent"?}
 *
 * Nothing is stored when a link is made, nor when it is looked at: only its
 * answer is, under the id that the link has, so there is no second one.
 */

#ifndef CXM_LINK_H
#define CXM_LINK_H

#include "cxm_invitation.h"


#define CXM_LINK_DEFAULT  (30 * CXM_MS_DAY)
#define CXM_LINK_TEXT     6000          /* longest, in characters */

extern const cxm_fields_t  cxm_link_fields;     /* input of POST */

/*
 * Makes a link for an input whose form has passed the field table and appends
 * it.  An exposure that the input names is the one it asks by; whom that is
 * of need not be said again.  CXM_INVALID.
 */
cxm_rc_t cxm_link_make(cxm_txn_t *txn, const cxm_survey_t *survey,
    const json_t *input, cxm_buf_t *out, cxm_ms_t *expires_at,
    cxm_error_t *err);

/*
 * What a link says; *out is to be cleared in any case.  CXM_NOT_FOUND: it is
 * none of this survey.
 */
cxm_rc_t cxm_link_open(cxm_txn_t *txn, const cxm_survey_t *survey,
    cxm_str_t link, cxm_invitation_t *out, cxm_error_t *err);

/* Whether the link's answer is there already. */
cxm_rc_t cxm_link_answered(cxm_txn_t *txn, const cxm_invitation_t *link,
    int *answered, cxm_error_t *err);


#endif /* CXM_LINK_H */
