/*
 * Routes of the outbox.
 *
 * What goes out is shown without secrets: with the link of a reset its reader
 * could sign in as the customer.
 */

#include "cxm_call.h"
#include "cxm_notice.h"
#include "cxm_resource.h"
#include "cxm_routes.h"


static const cxm_field_t  outbox_list_query[] = {
    { .name = "status", .type = CXM_FIELD_ENUM,
      .values = cxm_message_states,
      .summary = "queued, sent, failed, expired or cancelled." },
    { .name = "template", .type = CXM_FIELD_STRING,
      .summary = "Slug of the template." },
    CXM_QUERY_PAGE,
    { .name = NULL }
};


/* As the caller may see it; with `rendered`, where it can be made. */
static json_t *
message_json(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *doc,
    int rendered)
{
    int                 may;
    json_t             *out;
    cxm_rc_t            rc;
    cxm_notice_mail_t   mail;

    may = cxm_may(&call->caller, CXM_SCOPE_PERSONAL_READ);
    out = cxm_record_json(doc, &cxm_message_fields,
                          cxm_record_see(doc, may));

    if (out == NULL || !may || doc->erased || !rendered) {
        return out;
    }

    rc = cxm_notice_render(txn, doc, NULL, &mail, &call->err);

    if (rc == CXM_OK
        && json_object_set_new(out, "rendered",
                               cxm_notice_mail_json(&mail)) != 0)
    {
        rc = cxm_fail(&call->err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    cxm_notice_mail_free(&mail);

    if (rc != CXM_OK) {
        json_decref(out);
        return NULL;
    }

    return out;
}


static cxm_rc_t
message_get_read(cxm_call_t *call, cxm_txn_t *txn)
{
    json_t     *out;
    cxm_rc_t    rc;
    cxm_doc_t   doc;

    rc = cxm_resource_doc(call, txn, &doc);

    if (rc != CXM_OK) {
        return rc;
    }

    out = message_json(call, txn, &doc, 1);
    call->audit |= cxm_may(&call->caller, CXM_SCOPE_PERSONAL_READ)
                   && !doc.erased;

    rc = out == NULL && call->err.rc != CXM_OK
         ? call->err.rc : cxm_call_reply_shown(call, &doc, out, 0);
    cxm_doc_clear(&doc);

    return rc;
}


static cxm_rc_t
message_cancel_write(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t    rc;
    cxm_doc_t   doc;
    cxm_uuid_t  id;

    rc = cxm_uuid_parse(call->params[0], &id) == CXM_OK
         ? cxm_notice_cancel(txn, &call->caller, &id, call->if_match, &doc,
                             &call->err)
         : CXM_NOT_FOUND;

    if (rc == CXM_NOT_FOUND) {
        return cxm_fail(&call->err, rc, NULL, "There is no such message.");
    }

    if (rc == CXM_OK) {
        call->subject = doc.subject;
        rc = cxm_call_reply_shown(call, &doc,
                                  message_json(call, txn, &doc, 0), 0);
        cxm_doc_clear(&doc);
    }

    return rc;
}


const cxm_route_t  cxm_routes_outbox[] = {
    CXM_RESOURCE_LIST("outbox", CXM_SCOPE_CUSTOMER_READ, message,
                      outbox_list_query,
                      "Messages that go out to customers, newest first"),
    { CXM_RESOURCE_ROW(CXM_GET, "outbox/{id}", CXM_SCOPE_CUSTOMER_READ,
                       message, CXM_ROUTE_PERSONAL | CXM_ROUTE_BOUNDED
                                | CXM_ROUTE_DOC),
      .answers = CXM_200, .output = &cxm_message_fields,
      .read = message_get_read, .write = cxm_write_audit,
      .summary = "A message, and how it reads" },
    { CXM_RESOURCE_ROW(CXM_POST, "outbox/{id}/cancel",
                       CXM_SCOPE_CUSTOMER_WRITE, message, CXM_ROUTE_DOC),
      .answers = CXM_200 | CXM_409, .output = &cxm_message_fields,
      .write = message_cancel_write,
      .summary = "Do not send a message that waits" },
    { .path = NULL }
};
