/*
 * Invitations: what asks somebody, and is proof of it when the answer comes.
 *
 * Both are tickets (cxm_ticket.h).  The token of an exposure holds its number
 * and nothing else: who was asked stands in the exposure's entry, sealed with
 * that person's key.  A link (cxm_link.h) holds what it says, and the id of
 * its one answer.
 */

#ifndef CXM_INVITATION_H
#define CXM_INVITATION_H

#include "cxm_survey.h"


typedef struct {
    cxm_uuid_t   id;            /* link: of its answer */
    cxm_ms_t     expires_at;    /* link; else 0 */
    json_t      *said;          /* members of cxm_said.h, or NULL */
    json_t      *asked;         /* as an answer keeps it (cxm_response.h);
                                   NULL: there was no exposure */
} cxm_invitation_t;

void cxm_invitation_clear(cxm_invitation_t *invitation);

/* Appends the token of an exposure that asks. */
void cxm_exposure_token(const cxm_store_t *store, const cxm_survey_t *survey,
    uint64_t no, cxm_buf_t *out);

/*
 * What the exposure of a token says; *out is to be cleared in any case.
 * CXM_NOT_FOUND (err not set): it is no token of this survey.  A draft is not
 * there for whoever has none: that is for the caller to see to.
 */
cxm_rc_t cxm_exposure_invites(cxm_txn_t *txn, const cxm_survey_t *survey,
    cxm_str_t token, cxm_invitation_t *out, cxm_error_t *err);

/* The same of the exposure of a number that a ticket told. */
cxm_rc_t cxm_exposure_read(cxm_txn_t *txn, const cxm_survey_t *survey,
    uint64_t no, cxm_invitation_t *out, cxm_error_t *err);

/*
 * Whether an answer is taken: whoever was asked may answer, whatever the
 * survey is by now.  A link without an exposure lives until it expires and as
 * long as the survey is open.  NULL: nobody was invited.  CXM_CONFLICT
 * ("link_expired", "paused", "closed"), CXM_NOT_FOUND.
 */
cxm_rc_t cxm_invitation_open(const cxm_invitation_t *invitation,
    const cxm_survey_t *survey, cxm_ms_t now, cxm_error_t *err);

/* The exposure's number; 0: there was none. */
uint64_t cxm_invitation_exposure(const cxm_invitation_t *invitation);


#endif /* CXM_INVITATION_H */
