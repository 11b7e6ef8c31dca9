/*
 * Routes of topics and of what customers have chosen among them.
 */

#include "cxm_account_call.h"
#include "cxm_call.h"
#include "cxm_json.h"
#include "cxm_preference.h"
#include "cxm_resource.h"
#include "cxm_routes.h"
#include "cxm_self.h"


/* --- topics ------------------------------------------------------------- */

static cxm_rc_t
topics_doc(cxm_call_t *call, cxm_txn_t *txn, cxm_doc_t *doc)
{
    cxm_rc_t  rc;

    rc = cxm_doc_by_name(txn, CXM_KIND_TOPICS, cxm_str(CXM_TOPICS_DOC), doc,
                         &call->err);

    if (rc == CXM_NOT_FOUND) {
        memset(doc, 0, sizeof(*doc));
        rc = CXM_OK;
    }

    return rc;
}


/* A site that has put none has none: version 0. */
static cxm_rc_t
topics_reply(cxm_call_t *call, const cxm_doc_t *doc, int created)
{
    json_t  *shown;

    shown = doc->version == 0
            ? json_pack("{s[] si}", "topics", "version", 0)
            : cxm_record_json(doc, &cxm_topics_fields,
                              cxm_record_see(doc, 0));

    return cxm_call_reply_shown(call, doc, shown, created);
}


static cxm_rc_t
topics_read(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    rc = topics_doc(call, txn, &doc);

    if (rc == CXM_OK) {
        rc = topics_reply(call, &doc, 0);
        cxm_doc_clear(&doc);
    }

    return rc;
}


static cxm_rc_t
topics_put_write(cxm_call_t *call, cxm_txn_t *txn)
{
    int                  created;
    cxm_rc_t             rc;
    cxm_doc_t            doc;
    cxm_record_write_t   write;

    memset(&write, 0, sizeof(write));
    write.txn = txn;
    write.record = &cxm_record_topics;
    write.caller = &call->caller;
    write.actor = call->caller.principal.actor;
    write.slug = cxm_str(CXM_TOPICS_DOC);
    write.if_match = call->if_match;
    write.err = &call->err;

    rc = cxm_record_put(&write, call->input, &doc, &created);

    if (rc == CXM_OK) {
        rc = topics_reply(call, &doc, 0);
        call->reply.status = created ? 201 : 200;
        cxm_doc_clear(&doc);
    }

    return rc;
}


/* --- preferences -------------------------------------------------------- */

/* Whose: the caller's own, or those of the customer in the path. */
static cxm_rc_t
whose(cxm_call_t *call, cxm_txn_t *txn, cxm_doc_t *customer)
{
    if (call->endpoint == CXM_ENDPOINT_ADMIN) {
        return cxm_resource_doc(call, txn, customer);
    }

    return call->method == CXM_GET ? cxm_self_customer(call, txn, customer)
                                   : cxm_self_open(call, txn, customer);
}


static cxm_rc_t
reply(cxm_call_t *call, const cxm_doc_t *customer,
    const cxm_preference_t *preference)
{
    json_t  *shown;

    shown = cxm_preference_json(preference,
                                cxm_json_get_str(customer->body, "language"),
                                call->accept_language);

    return cxm_call_reply_shown(call, &preference->chosen, shown, 0);
}


static cxm_rc_t
preferences_read(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t           rc;
    cxm_doc_t          customer;
    cxm_preference_t   preference;

    rc = whose(call, txn, &customer);

    if (rc != CXM_OK) {
        return rc;
    }

    rc = cxm_preference_load(txn, &customer.id, &preference, &call->err);

    if (rc == CXM_OK) {
        call->audit = call->endpoint == CXM_ENDPOINT_ADMIN;
        rc = reply(call, &customer, &preference);
    }

    cxm_preference_clear(&preference);
    cxm_doc_clear(&customer);

    return rc;
}


static cxm_rc_t
write_choices(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *customer,
    const json_t *document, cxm_preference_t *preference)
{
    int                  created;
    cxm_rc_t             rc;
    cxm_doc_t            doc;
    cxm_record_write_t   write;

    memset(&write, 0, sizeof(write));
    write.txn = txn;
    write.record = &cxm_record_preference;
    write.caller = &call->caller;
    write.actor = call->caller.principal.actor;
    write.id = customer->id;
    write.owner = customer->id;
    write.if_match = call->if_match;
    write.err = &call->err;

    rc = cxm_record_put(&write, document, &doc, &created);

    if (rc != CXM_OK) {
        return rc;
    }

    call->subject = doc.subject;
    cxm_doc_clear(&doc);
    cxm_preference_clear(preference);
    rc = cxm_preference_load(txn, &customer->id, preference, &call->err);

    return rc == CXM_OK ? reply(call, customer, preference) : rc;
}


/* What is patched is what is shown: also of who has chosen nothing yet. */
static cxm_rc_t
write_patch(cxm_call_t *call, cxm_txn_t *txn, const cxm_doc_t *customer,
    cxm_preference_t *preference)
{
    json_t    *document;
    cxm_rc_t   rc;

    if (!json_is_object(call->input)) {
        return cxm_issue(&call->err, "", "wrong_type", "Must be an object.");
    }

    document = cxm_preference_json(preference, cxm_str(""), cxm_str(""));
    rc = document == NULL ? CXM_INTERNAL
                          : cxm_merge_patch(document, call->input);

    rc = rc == CXM_OK
         ? write_choices(call, txn, customer, document, preference)
         : cxm_fail(&call->err, rc, NULL, "Not enough memory.");
    json_decref(document);

    return rc;
}


static cxm_rc_t
preferences_write(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t           rc;
    cxm_doc_t          customer;
    cxm_preference_t   preference;

    rc = whose(call, txn, &customer);

    if (rc != CXM_OK) {
        return rc;
    }

    rc = cxm_preference_load(txn, &customer.id, &preference, &call->err);

    if (rc == CXM_OK) {
        rc = call->method == CXM_PUT
             ? write_choices(call, txn, &customer, call->input, &preference)
             : write_patch(call, txn, &customer, &preference);
    }

    cxm_preference_clear(&preference);
    cxm_doc_clear(&customer);

    return rc;
}


/* --- the table ---------------------------------------------------------- */

#define READ   (CXM_SCOPE_CUSTOMER_READ | CXM_SCOPE_PERSONAL_READ)
#define WRITE  (CXM_SCOPE_CUSTOMER_WRITE | CXM_SCOPE_PERSONAL_READ)


const cxm_route_t  cxm_routes_preference[] = {
    { CXM_RESOURCE_ROW(CXM_GET, "topics", CXM_SCOPE_CUSTOMER_READ, topics,
                       CXM_ROUTE_BOUNDED | CXM_ROUTE_DOC),
      .answers = CXM_200, .output = &cxm_topics_fields, .read = topics_read,
      .summary = "What the site writes to customers about" },
    { CXM_RESOURCE_ROW(CXM_PUT, "topics", CXM_SCOPE_TEMPLATE_WRITE, topics,
                       CXM_ROUTE_DOC),
      .input = &cxm_topics_fields, .answers = CXM_200 | CXM_201,
      .output = &cxm_topics_fields, .write = topics_put_write,
      .summary = "Say what the site writes to customers about" },

    { CXM_RESOURCE_ROW(CXM_GET, "customers/{id}/preferences", READ, customer,
                       CXM_ROUTE_PERSONAL | CXM_ROUTE_DOC),
      .answers = CXM_200, .output = &cxm_preference_fields,
      .read = preferences_read, .write = cxm_write_audit,
      .summary = "What a customer wants to hear of, and by which channels" },
    { CXM_RESOURCE_ROW(CXM_PATCH, "customers/{id}/preferences", WRITE,
                       customer, CXM_ROUTE_MERGE | CXM_ROUTE_DOC),
      .input = &cxm_preference_fields, .answers = CXM_200 | CXM_409,
      .output = &cxm_preference_fields, .write = preferences_write,
      .summary = "Note what a customer has said of that" },

    { CXM_SELF(CXM_GET, "preferences", CXM_CUSTOMER),
      .flags = CXM_ROUTE_DOC,
      .answers = CXM_200 | CXM_404, .output = &cxm_preference_fields,
      .read = preferences_read,
      .summary = "What one wants to hear of, and by which channels" },
    { CXM_SELF(CXM_PUT, "preferences", CXM_CUSTOMER),
      .flags = CXM_ROUTE_DOC,
      .input = &cxm_preference_fields,
      .answers = CXM_200 | CXM_404 | CXM_409,
      .output = &cxm_preference_fields, .write = preferences_write,
      .summary = "Choose anew" },
    { CXM_SELF(CXM_PATCH, "preferences", CXM_CUSTOMER),
      .flags = CXM_ROUTE_MERGE | CXM_ROUTE_DOC,
      .input = &cxm_preference_fields,
      .answers = CXM_200 | CXM_404 | CXM_409,
      .output = &cxm_preference_fields, .write = preferences_write,
      .summary = "Change some choices; null goes back to the default" },
    { .path = NULL }
};
