/*
 * cxmctl outbox list | show: messages as they would go out, with their links.
 *
 * Whoever may read the store's files could make the links as well; that they
 * were read is audited all the same, before anything is printed.
 */

#include <stdio.h>

#include "cxm_account_token.h"
#include "cxm_notice.h"
#include "cxmctl.h"


#define CXMCTL_OUTBOX_PAGE  500         /* messages of a transaction */

typedef struct {
    const char  *what;                  /* the verb */
    const char  *status;                /* of a list; NULL: any */
    const char  *template;
    cxm_uuid_t   id;                    /* to show; nil: the newest */
    int          list;
    int          as_json;
    cxm_txn_t   *txn;
    uint64_t     before;                /* numbers below it come next */
    unsigned     seen;                  /* of a page */
    cxm_rc_t     rc;
    cxm_error_t  err;
} cxmctl_outbox_t;


static int cxmctl_outbox_run(cxmctl_t *ctl, cxmctl_outbox_t *outbox);
static cxm_rc_t cxmctl_outbox_audit(cxm_txn_t *txn, void *data,
    cxm_error_t *err);
static cxm_rc_t cxmctl_outbox_page(cxm_store_t *store,
    cxmctl_outbox_t *outbox);
static cxm_rc_t cxmctl_outbox_one(cxmctl_outbox_t *outbox);
static int cxmctl_outbox_message(void *ctx, const cxm_doc_t *doc);
static int cxmctl_outbox_wanted(const cxmctl_outbox_t *outbox,
    const cxm_doc_t *doc);
static void cxmctl_outbox_print(cxmctl_outbox_t *outbox,
    const cxm_doc_t *doc);
static cxm_rc_t cxmctl_outbox_render(cxmctl_outbox_t *outbox,
    const cxm_doc_t *doc, cxm_notice_mail_t *mail);
static void cxmctl_outbox_print_json(cxmctl_outbox_t *outbox,
    const cxm_doc_t *doc, const cxm_notice_mail_t *mail);
static void cxmctl_outbox_print_line(const cxm_doc_t *doc,
    const cxm_notice_mail_t *mail);
static void cxmctl_outbox_print_mail(const cxm_notice_mail_t *mail);


int
cxmctl_outbox_list(cxmctl_t *ctl)
{
    int              bad;
    cxmctl_outbox_t  outbox;

    memset(&outbox, 0, sizeof(cxmctl_outbox_t));
    bad = 0;

    outbox.what = "outbox list";
    outbox.list = 1;
    outbox.status = cxmctl_option(ctl, "--status", &bad);
    outbox.template = cxmctl_option(ctl, "--template", &bad);
    outbox.as_json = cxmctl_flag(ctl, "--json");

    if (bad || ctl->argc != 0) {
        return cxmctl_usage("outbox list [--status STATUS] "
                            "[--template NAME] [--json]");
    }

    return cxmctl_outbox_run(ctl, &outbox);
}


int
cxmctl_outbox_show(cxmctl_t *ctl)
{
    cxmctl_outbox_t  outbox;

    memset(&outbox, 0, sizeof(cxmctl_outbox_t));

    outbox.what = "outbox show";
    outbox.as_json = cxmctl_flag(ctl, "--json");

    if (ctl->argc > 1
        || (ctl->argc == 1
            && cxm_uuid_parse(cxm_strz(ctl->argv[0]), &outbox.id) != CXM_OK))
    {
        return cxmctl_usage("outbox show [ID] [--json]");
    }

    return cxmctl_outbox_run(ctl, &outbox);
}


static int
cxmctl_outbox_run(cxmctl_t *ctl, cxmctl_outbox_t *outbox)
{
    cxm_rc_t      rc;
    cxm_store_t  *store;

    store = cxmctl_open(ctl);

    if (store == NULL) {
        return CXMCTL_WRONG;
    }

    cxm_error_init(&outbox->err);
    outbox->before = UINT64_MAX;
    rc = cxmctl_write(store, cxmctl_outbox_audit, outbox, &outbox->err);

    if (rc == CXM_OK) {
        do {
            rc = cxmctl_outbox_page(store, outbox);
        } while (rc == CXM_OK && outbox->seen == CXMCTL_OUTBOX_PAGE);
    }

    cxm_store_close(store);

    return rc == CXM_OK ? CXMCTL_DONE
                        : cxmctl_failed(outbox->what, &outbox->err);
}


static cxm_rc_t
cxmctl_outbox_audit(cxm_txn_t *txn, void *data, cxm_error_t *err)
{
    char              id[CXM_UUID_LEN + 1];
    json_t           *object;
    cxm_rc_t          rc;
    cxm_caller_t      caller;
    cxmctl_outbox_t  *outbox = data;

    cxm_caller_system(&caller);
    cxm_uuid_format(&outbox->id, id);

    object = json_pack("{ss* ss* ss*}", "status", outbox->status,
                       "template", outbox->template,
                       "id", cxm_uuid_is_nil(&outbox->id) ? NULL : id);
    rc = cxm_audit(txn, &caller, outbox->what, object, err);
    json_decref(object);

    return rc;
}


static cxm_rc_t
cxmctl_outbox_page(cxm_store_t *store, cxmctl_outbox_t *outbox)
{
    cxm_rc_t  rc;

    rc = cxm_txn_read(store, &outbox->txn, &outbox->err);

    if (rc != CXM_OK) {
        return rc;
    }

    outbox->seen = 0;
    rc = outbox->list
         ? cxm_record_list(outbox->txn, &cxm_record_message, NULL,
                           outbox->before, CXMCTL_OUTBOX_PAGE,
                           cxmctl_outbox_message, outbox, &outbox->err)
         : cxmctl_outbox_one(outbox);
    cxm_txn_end(outbox->txn);

    return rc == CXM_OK ? outbox->rc : rc;
}


static cxm_rc_t
cxmctl_outbox_one(cxmctl_outbox_t *outbox)
{
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    if (cxm_uuid_is_nil(&outbox->id)) {
        rc = cxm_record_list(outbox->txn, &cxm_record_message, NULL,
                             UINT64_MAX, 1, cxmctl_outbox_message, outbox,
                             &outbox->err);
        rc = rc == CXM_OK && outbox->seen == 0 ? CXM_NOT_FOUND : rc;

    } else {
        rc = cxm_doc_by_id(outbox->txn, CXM_KIND_MESSAGE, &outbox->id, &doc,
                           &outbox->err);

        if (rc == CXM_OK) {
            cxmctl_outbox_print(outbox, &doc);
            cxm_doc_clear(&doc);
        }
    }

    return rc == CXM_NOT_FOUND
           ? cxm_fail(&outbox->err, rc, NULL, "There is no such message.")
           : rc;
}


/* A cxm_doc_pt. */

static int
cxmctl_outbox_message(void *ctx, const cxm_doc_t *doc)
{
    cxmctl_outbox_t  *outbox = ctx;

    outbox->seen++;
    outbox->before = doc->no;

    if (cxmctl_outbox_wanted(outbox, doc)) {
        cxmctl_outbox_print(outbox, doc);
    }

    return outbox->rc != CXM_OK;
}


static int
cxmctl_outbox_wanted(const cxmctl_outbox_t *outbox, const cxm_doc_t *doc)
{
    return (outbox->status == NULL
            || cxm_str_eqz(cxm_json_get_str(doc->body, "status"),
                           outbox->status))
           && (outbox->template == NULL
               || cxm_str_eqz(cxm_json_get_str(doc->body, "template"),
                              outbox->template));
}


/* A token that was used is told as one that may not be. */

static cxm_rc_t
cxmctl_outbox_render(cxmctl_outbox_t *outbox, const cxm_doc_t *doc,
    cxm_notice_mail_t *mail)
{
    cxm_rc_t  rc;

    rc = cxm_notice_render(outbox->txn, doc, cxm_token_secret, mail,
                           &outbox->err);

    if (rc != CXM_NOT_FOUND) {
        return rc;
    }

    cxm_notice_mail_free(mail);
    cxm_error_init(&outbox->err);

    return cxm_notice_render(outbox->txn, doc, NULL, mail, &outbox->err);
}


static void
cxmctl_outbox_print(cxmctl_outbox_t *outbox, const cxm_doc_t *doc)
{
    cxm_notice_mail_t  mail;

    if (!doc->erased) {
        outbox->rc = cxmctl_outbox_render(outbox, doc, &mail);
    } else {
        memset(&mail, 0, sizeof(cxm_notice_mail_t));
    }

    if (outbox->rc == CXM_OK) {

        if (outbox->as_json) {
            cxmctl_outbox_print_json(outbox, doc, &mail);

        } else if (outbox->list) {
            cxmctl_outbox_print_line(doc, &mail);

        } else {
            cxmctl_outbox_print_mail(&mail);
        }
    }

    cxm_notice_mail_free(&mail);
}


static void
cxmctl_outbox_print_json(cxmctl_outbox_t *outbox, const cxm_doc_t *doc,
    const cxm_notice_mail_t *mail)
{
    json_t  *json;

    json = cxm_record_json(doc, &cxm_message_fields, cxm_record_see(doc, 1));

    if (json == NULL
        || (!doc->erased
            && json_object_set_new(json, "rendered",
                                   cxm_notice_mail_json(mail)) != 0))
    {
        outbox->rc = cxm_fail(&outbox->err, CXM_INTERNAL, NULL, "no memory");

    } else {
        cxmctl_print_json(json);
    }

    json_decref(json);
}


static void
cxmctl_outbox_print_line(const cxm_doc_t *doc, const cxm_notice_mail_t *mail)
{
    char       id[CXM_UUID_LEN + 1], at[CXM_RFC3339_LEN + 1];
    cxm_str_t  status, template;

    cxm_uuid_format(&doc->id, id);
    cxm_rfc3339_format(doc->created_at, at);
    status = cxm_json_get_str(doc->body, "status");
    template = cxm_json_get_str(doc->body, "template");

    printf("%s %s %-9.*s %-17.*s %.*s\n", id, at,
           (int) status.len, status.data, (int) template.len, template.data,
           doc->erased ? 8 : (int) mail->to.len,
           doc->erased ? "(erased)" : (const char *) mail->to.data);
}


static void
cxmctl_outbox_print_mail(const cxm_notice_mail_t *mail)
{
    if (mail->to.len == 0) {
        printf("(erased)\n");
        return;
    }

    printf("To: %.*s\nSubject: %.*s\n\n%.*s",
           (int) mail->to.len, (const char *) mail->to.data,
           (int) mail->subject.len, (const char *) mail->subject.data,
           (int) mail->text.len, (const char *) mail->text.data);
}
