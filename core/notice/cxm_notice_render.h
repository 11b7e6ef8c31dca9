/*
 * What a letter is written from, be it a message's or a preview's.
 */

#ifndef CXM_NOTICE_RENDER_H
#define CXM_NOTICE_RENDER_H

#include "cxm_notice.h"
#include "cxm_template.h"


typedef struct {
    const cxm_template_t  *template;
    cxm_str_t              language;        /* wanted */
    const json_t          *draft;           /* a text to write in instead of
                                               those in use; NULL: none */
    cxm_str_t              recipient;
    cxm_str_t              base;
    cxm_str_t              secret;          /* behind the link; empty: none */
    const json_t          *fields;
    cxm_ms_t               queued_at;
    cxm_ms_t               expires_at;
} cxm_notice_letter_t;

void cxm_notice_mail_init(cxm_notice_mail_t *mail);

/* Appends to a *out that was made ready before; the caller frees it. */
cxm_rc_t cxm_notice_write(cxm_txn_t *txn, const cxm_notice_letter_t *letter,
    cxm_notice_mail_t *out, cxm_error_t *err);


#endif /* CXM_NOTICE_RENDER_H */
