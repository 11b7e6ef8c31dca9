/*
 * Notices: messages that must go out to a person, each once.
 *
 * Kind CXM_KIND_MESSAGE, a record: the outbox.  Recipient and fields are
 * sealed with the key of its subject and go with the person; what waits then
 * is cancelled.  Nothing of the text is kept: it is made of the template
 * (cxm_template.h) when somebody reads it, and so is the secret of a one-time
 * token, of which a message has only the id.
 *
 * Rows in `index`: CXM_NS_NOTICE_KEY leads from a key to its message, which
 * is what keeps a message from being queued twice, as long as it is there;
 * CXM_NS_NOTICE_QUEUE lists what waits, in the order it was queued, and
 * CXM_NS_NOTICE_WAIT counts that.
 *
 * This is where a courier takes up: it reads the queue, renders, sends.
 */

#ifndef CXM_NOTICE_H
#define CXM_NOTICE_H

#include "cxm_access.h"
#include "cxm_language.h"
#include "cxm_record.h"
#include "cxm_timeline.h"


#define CXM_NOTICE_EXPIRES  (7 * CXM_MS_DAY)    /* when a notice names none */

extern const cxm_record_t     cxm_record_message;
extern const cxm_fields_t     cxm_message_fields;
extern const char *const      cxm_message_states[];     /* NULL-terminated */
extern const cxm_kind_t       cxm_kind_message;

/* What still waits when it expires is not sent any more. */
extern const cxm_due_class_t  cxm_due_message;

/* All strings are borrowed; what is 0 or empty is as if it was not there. */
typedef struct {
    cxm_uuid_t         id;          /* of the message; nil: made */
    const char        *template;    /* its slug */
    cxm_str_t          language;    /* wanted; not there: the template's */
    uint64_t           subject;     /* person slot: a customer's, or that of
                                       an account which may become one; 0:
                                       a slot of its own, which no erasure of
                                       somebody known finds */
    cxm_str_t          channel;     /* "email", which is what is not there */
    cxm_str_t          recipient;   /* address */
    const json_t      *fields;      /* by name, as cxm_template.h has them */
    const cxm_uuid_t  *token;       /* one-time token of the link */
    cxm_str_t          base;        /* scheme and host of links: one that the
                                       site has said or the server knows, and
                                       never what a client's Host says */
    cxm_str_t          key;         /* de-duplication, of all templates */
    cxm_ms_t           expires_at;
} cxm_notice_t;

/*
 * In a write transaction.  CXM_OK also when nothing was queued, as there is a
 * message of this key or the person has been erased; CXM_INVALID: recipient
 * or fields; CXM_INTERNAL: there is no such template or channel.
 */
cxm_rc_t cxm_notice_queue(cxm_txn_t *txn, const cxm_notice_t *notice,
    cxm_error_t *err);

/* CXM_NOT_FOUND; CXM_CONFLICT "not_queued": it does not wait any more. */
cxm_rc_t cxm_notice_cancel(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_uuid_t *id, uint64_t if_match, cxm_doc_t *out,
    cxm_error_t *err);

/* How many wait, and when the oldest of them was queued (0: none). */
typedef struct {
    uint64_t  queued;
    cxm_ms_t  oldest;
} cxm_notice_wait_t;

cxm_rc_t cxm_notice_wait(cxm_txn_t *txn, cxm_notice_wait_t *out);

/* Messages to a customer, by all of the person's slots. */
extern const cxm_timeline_kind_t  cxm_timeline_message;


/* --- as it goes out ----------------------------------------------------- */

typedef struct {
    cxm_buf_t  to;
    cxm_buf_t  subject;     /* one line */
    cxm_buf_t  text;
    cxm_buf_t  html;        /* len 0: there is no such part */
    char       language[CXM_LANGUAGE_MAX + 1];
} cxm_notice_mail_t;

/* Appends the text that redeems a token; CXM_NOT_FOUND: it does no more. */
typedef cxm_rc_t (*cxm_notice_secret_pt)(cxm_txn_t *txn,
    const cxm_uuid_t *token, cxm_buf_t *out);

/*
 * The message of a document; `secret` NULL leaves "..." in place of secrets.
 * CXM_CONFLICT "person_erased"; what `secret` says.  The caller frees *out,
 * in any case.
 */
cxm_rc_t cxm_notice_render(cxm_txn_t *txn, const cxm_doc_t *message,
    cxm_notice_secret_pt secret, cxm_notice_mail_t *out, cxm_error_t *err);
void cxm_notice_mail_free(cxm_notice_mail_t *mail);

/* {"to", "language", "subject", "text", "html"}, a new reference. */
json_t *cxm_notice_mail_json(const cxm_notice_mail_t *mail);

extern const cxm_fields_t  cxm_notice_mail_fields;


#endif /* CXM_NOTICE_H */
