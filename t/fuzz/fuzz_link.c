/*
 * Links and tokens: a text from anywhere is one of ours or none, and what a
 * seal of ours holds, whatever it be, is read within its bounds.
 */

#include "fuzz_store.h"

#include "cxm_link.h"
#include "cxm_ticket.h"


#define CONTENT_MAX  4000


/* One of ours, none, or one that an older server made and this one cannot
   read. */
static void
open_both(cxm_txn_t *txn, const cxm_survey_t *survey, cxm_str_t text,
    int ours)
{
    cxm_rc_t           rc;
    cxm_error_t        err;
    cxm_invitation_t   invitation;

    cxm_error_init(&err);
    rc = cxm_link_open(txn, survey, text, &invitation, &err);
    must(rc == CXM_NOT_FOUND || (ours && (rc == CXM_OK
                                          || rc == CXM_CORRUPT)));

    if (rc == CXM_OK) {
        must(invitation.said != NULL);
        (void) cxm_invitation_open(&invitation, survey, NOW, &err);
    }

    cxm_invitation_clear(&invitation);

    cxm_error_init(&err);
    rc = cxm_exposure_invites(txn, survey, text, &invitation, &err);
    must(rc == CXM_NOT_FOUND);
    cxm_invitation_clear(&invitation);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cxm_str_t      text;
    cxm_buf_t      sealed;
    cxm_txn_t     *txn;
    cxm_survey_t   survey;

    text = (cxm_str_t) { size, (const char *) data };
    memset(&survey, 0, sizeof(survey));
    survey.doc.no = 7;
    survey.status = CXM_SURVEY_LIVE;

    must(cxm_txn_read(store, &txn, NULL) == CXM_OK);
    open_both(txn, &survey, text, 0);

    if (size <= CONTENT_MAX) {
        cxm_buf_init(&sealed, CXM_LINK_TEXT);
        cxm_ticket_seal(store, "link", survey.doc.no, text, &sealed);
        must(!sealed.failed);
        open_both(txn, &survey, cxm_buf_str(&sealed), 1);
        cxm_buf_free(&sealed);
    }

    cxm_txn_end(txn);

    return 0;
}
