/*
 * Routes of customers and what belongs to them.
 */

#include "cxm_call.h"
#include "cxm_customer_args.h"
#include "cxm_json.h"
#include "cxm_person.h"
#include "cxm_resource.h"
#include "cxm_routes.h"


static const cxm_field_t  customer_list_query[] = {
    { .name = "customer_id", .type = CXM_FIELD_STRING,
      .summary = "The id, or what answers call so." },
    { .name = "external_id", .type = CXM_FIELD_STRING,
      .summary = "Another system's number." },
    { .name = "email", .type = CXM_FIELD_STRING,
      .summary = "Address; needs personal_read." },
    { .name = "phone", .type = CXM_FIELD_STRING,
      .summary = "With + and country code; needs personal_read." },
    { .name = "visitor", .type = CXM_FIELD_STRING,
      .summary = "Visitor id of the beacon; needs personal_read." },
    CXM_QUERY_CUSTOMER("Words of names and beginnings of them, an e-mail "
                       "address, a telephone number or an external id; needs "
                       "personal_read."),
    CXM_QUERY_PAGE,
    { .name = NULL }
};

static const cxm_field_t  task_list_query[] = {
    { .name = "status", .type = CXM_FIELD_ENUM, .values = cxm_task_states,
      .summary = "open, done or cancelled." },
    { .name = "assignee", .type = CXM_FIELD_STRING,
      .summary = "Who is to do it." },
    { .name = "priority", .type = CXM_FIELD_ENUM,
      .values = cxm_task_priorities,
      .summary = "low, normal, high or urgent." },
    { .name = "overdue", .type = CXM_FIELD_BOOL,
      .summary = "Whether its time has come." },
    CXM_QUERY_PAGE,
    { .name = NULL }
};

static const cxm_field_t  identifiers_output_fields[] = {
    { .name = "items", .type = CXM_FIELD_ARRAY, .flags = CXM_FIELD_PERSONAL,
      .item = &cxm_identifier_item, .summary = "with personal_read" },
    { .name = NULL }
};

static const cxm_fields_t  identifiers_output = {
    "Identifiers", identifiers_output_fields
};

static const cxm_field_t  consent_state_item = {
    .type = CXM_FIELD_OBJECT, .object = &cxm_consent_state_fields
};

static const cxm_field_t  consents_beside[] = {
    { .name = "current", .type = CXM_FIELD_MAP, .item = &consent_state_item,
      .summary = "By purpose." },
    { .name = NULL }
};

static const cxm_field_t  identifier_query[] = {
    { .name = "type", .type = CXM_FIELD_STRING, .flags = CXM_FIELD_REQUIRED,
      .summary = "email, phone, external_id or visitor." },
    { .name = "value", .type = CXM_FIELD_STRING, .flags = CXM_FIELD_REQUIRED,
      .summary = "Which one." },
    { .name = NULL }
};


/* --- finding customers -------------------------------------------------- */

/* Identifiers in the order that they are tried for a word of the query. */
static const unsigned  customer_names[] = {
    CXM_PERSON_EXTERNAL_ID, CXM_PERSON_EMAIL, CXM_PERSON_PHONE
};


/* Names in clear to the look-up, as a number to the audit. */
static cxm_rc_t
named_arg(cxm_call_t *call, cxm_txn_t *txn, unsigned person_class,
    cxm_str_t value, uint64_t *no)
{
    cxm_rc_t  rc;

    rc = cxm_customer_find(txn, person_class, value, no);

    if (rc == CXM_OK) {
        (void) cxm_json_set_int(call->audit_object, "customer",
                                (int64_t) *no);
    }

    return rc == CXM_OK || rc == CXM_NOT_FOUND
           ? rc
           : cxm_fail(&call->err, rc, NULL, "A customer cannot be found.");
}


/*
 * Whether who may not read what is personal may ask for it: a number of the
 * site's own tells it nothing new.
 */
static cxm_rc_t
may_ask(cxm_call_t *call, unsigned person_class)
{
    return person_class == CXM_PERSON_CUSTOMER_ID
           || person_class == CXM_PERSON_EXTERNAL_ID
           ? CXM_OK
           : cxm_require(&call->caller, CXM_SCOPE_PERSONAL_READ, &call->err);
}


/* *named tells whether there was one; CXM_NOT_FOUND: it leads to nobody. */
static cxm_rc_t
customer_named(cxm_call_t *call, cxm_txn_t *txn, int *named, uint64_t *no)
{
    cxm_rc_t  rc;
    unsigned  i;

    *named = 0;
    rc = CXM_OK;

    for (i = CXM_PERSON_CUSTOMER_ID; i < CXM_PERSON_CLASSES; i++) {

        if (!cxm_call_has_arg(call, cxm_person_names[i])) {
            continue;
        }

        if ((*named)++) {
            return cxm_issue(&call->err, "", "invalid",
                             "A customer is looked up by one identifier.");
        }

        rc = may_ask(call, i);

        if (rc == CXM_OK) {
            rc = named_arg(call, txn, i,
                           cxm_call_arg(call, cxm_person_names[i]), no);
        }

        if (rc != CXM_OK && rc != CXM_NOT_FOUND) {
            return rc;
        }
    }

    return rc;
}


/* The one whom the whole query names comes before those whom words find. */
static cxm_rc_t
customer_words(cxm_call_t *call, cxm_txn_t *txn, cxm_find_t *find,
    uint64_t *first)
{
    size_t     i;
    cxm_rc_t   rc;
    cxm_str_t  q;

    if (!cxm_call_has_arg(call, "q")) {
        return CXM_OK;
    }

    rc = cxm_require(&call->caller, CXM_SCOPE_PERSONAL_READ, &call->err);

    if (rc != CXM_OK) {
        return rc;
    }

    q = cxm_call_arg(call, "q");
    rc = CXM_NOT_FOUND;

    for (i = 0; i < sizeof(customer_names) / sizeof(customer_names[0])
                && rc == CXM_NOT_FOUND && find->nvalues == 0; i++)
    {
        rc = named_arg(call, txn, customer_names[i], q, first);
    }

    cxm_find_words(find, q);

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


static cxm_rc_t
reply_empty(cxm_call_t *call)
{
    cxm_page_t  page;
    cxm_rc_t    rc;

    rc = cxm_page_begin(call, &page);
    page.len = 0;

    return rc == CXM_OK ? cxm_page_reply(call, json_array(), &page) : rc;
}


static cxm_rc_t
customer_list_read(cxm_call_t *call, cxm_txn_t *txn)
{
    int         named;
    uint64_t    first;
    cxm_rc_t    rc;
    cxm_find_t  find;

    first = 0;
    named = 0;
    json_decref(call->audit_object);
    call->audit_object = json_object();

    rc = cxm_find_begin(&find, txn, call->route->record, &call->err);

    if (rc == CXM_OK) {
        rc = customer_named(call, txn, &named, &first);

        if (named && rc == CXM_NOT_FOUND) {
            return reply_empty(call);
        }
    }

    if (rc == CXM_OK && !named) {
        rc = cxm_customer_values(call, txn, &find);
    }

    if (rc == CXM_OK && !named) {
        rc = customer_words(call, txn, &find, &first);
    }

    if (rc != CXM_OK) {
        return rc;
    }

    if (first == 0 && !cxm_find_asks(&find)) {
        return cxm_call_has_arg(call, "q") ? reply_empty(call)
                                           : cxm_resource_list(call, txn);
    }

    return cxm_resource_found(call, txn, &find, first);
}


/* --- identifiers -------------------------------------------------------- */

static json_t *
identifiers_json(cxm_call_t *call, const cxm_doc_t *doc, int *personal)
{
    json_t  *list;

    if (!cxm_may(&call->caller, CXM_SCOPE_PERSONAL_READ)) {
        return json_object();
    }

    list = json_object_get(doc->personal, "identifiers");
    *personal |= list != NULL;

    return json_pack("{so}", "items",
                     list != NULL ? json_incref(list)
                     : doc->erased ? json_null() : json_array());
}


static cxm_rc_t
identifiers_read(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    rc = cxm_resource_doc(call, txn, &doc);

    if (rc == CXM_OK) {
        rc = cxm_call_reply_shown(call, &doc,
                                  identifiers_json(call, &doc, &call->audit),
                                  0);
    }

    cxm_doc_clear(&doc);

    return rc;
}


static cxm_rc_t
reply_identifiers(cxm_call_t *call, cxm_doc_t *doc, cxm_rc_t rc, int created)
{
    int  personal;

    personal = 0;

    if (rc == CXM_NOT_FOUND) {
        return cxm_fail(&call->err, rc, NULL,
                        "There is no such customer, or no such identifier.");
    }

    if (rc == CXM_OK) {
        call->subject = doc->subject;
        rc = cxm_call_reply_shown(call, doc,
                                  identifiers_json(call, doc, &personal), 0);
        call->reply.status = created ? 201 : 200;
        cxm_doc_clear(doc);
    }

    return rc;
}


static cxm_rc_t
identifiers_post_write(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t             rc;
    cxm_doc_t            doc;
    cxm_record_write_t   write;

    rc = cxm_resource_write(call, txn, 1, &write);

    if (rc == CXM_OK) {
        rc = cxm_customer_add_identifier(&write, call->input, &doc);
        rc = reply_identifiers(call, &doc, rc, 1);
    }

    return rc;
}


static cxm_rc_t
identifiers_delete_write(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t             rc;
    cxm_doc_t            doc;
    cxm_record_write_t   write;

    rc = cxm_resource_write(call, txn, 1, &write);

    if (rc == CXM_OK) {
        rc = cxm_customer_drop_identifier(&write, cxm_call_arg(call, "type"),
                                          cxm_call_arg(call, "value"), &doc);
        rc = reply_identifiers(call, &doc, rc, 0);
    }

    return rc;
}


/* --- consents ----------------------------------------------------------- */

static cxm_rc_t
consents_read(cxm_call_t *call, cxm_txn_t *txn)
{
    json_t      *current;
    cxm_rc_t     rc;
    cxm_uuid_t   customer;

    rc = cxm_resource_list(call, txn);

    if (rc == CXM_OK) {
        (void) cxm_uuid_parse(call->params[0], &customer);
        rc = cxm_consent_json(txn, &customer, &current, &call->err);
    }

    if (rc == CXM_OK
        && json_object_set_new(call->output, "current", current) != 0)
    {
        rc = cxm_fail(&call->err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    return rc;
}


/* --- the table ---------------------------------------------------------- */

#define READ   CXM_SCOPE_CUSTOMER_READ
#define WRITE  CXM_SCOPE_CUSTOMER_WRITE


const cxm_route_t  cxm_routes_customer[] = {
    { CXM_RESOURCE_ROW(CXM_GET, "customers", READ, customer,
                       CXM_ROUTE_PERSONAL),
      .query = customer_list_query, .answers = CXM_200,
      .output = &cxm_customer_fields,
      .read = customer_list_read, .write = cxm_write_audit,
      .summary = "Search customers, or list them, newest first" },
    CXM_RESOURCE_POST("customers", WRITE, customer, "Create a customer"),
    CXM_RESOURCE_GET("customers/{id}", READ, customer, "A customer"),
    CXM_RESOURCE_PUT("customers/{id}", WRITE, customer,
                     "Create a customer of this id, or replace it"),
    CXM_RESOURCE_PATCH("customers/{id}", WRITE, customer,
                       "Change members of a customer"),
    CXM_RESOURCE_HISTORY("customers/{id}/history", READ, customer,
                         "What was changed of a customer, when and by whom"),

    { CXM_RESOURCE_ROW(CXM_GET, "customers/{id}/identifiers", READ,
                       customer, CXM_ROUTE_PERSONAL | CXM_ROUTE_BOUNDED
                                 | CXM_ROUTE_DOC),
      .answers = CXM_200, .output = &identifiers_output,
      .read = identifiers_read, .write = cxm_write_audit,
      .summary = "What leads to a customer" },
    { CXM_RESOURCE_ROW(CXM_POST, "customers/{id}/identifiers", WRITE,
                       customer, CXM_ROUTE_DOC),
      .input = &cxm_identifier_fields, .answers = CXM_201,
      .output = &identifiers_output,
      .write = identifiers_post_write,
      .summary = "One identifier more" },
    { CXM_RESOURCE_ROW(CXM_DELETE, "customers/{id}/identifiers", WRITE,
                       customer, CXM_ROUTE_DOC),
      .query = identifier_query, .answers = CXM_200 | CXM_409,
      .output = &identifiers_output,
      .write = identifiers_delete_write,
      .summary = "One identifier less" },

    CXM_RESOURCE_LIST("customers/{id}/notes", READ, note, cxm_resource_page,
                      "Notes about a customer, newest first"),
    CXM_RESOURCE_POST("customers/{id}/notes", WRITE, note, "Write a note"),
    CXM_RESOURCE_GET("customers/{id}/notes/{note}", READ, note, "A note"),
    CXM_RESOURCE_PUT("customers/{id}/notes/{note}", WRITE, note,
                     "Write a note of this id, or write it anew"),
    CXM_RESOURCE_PATCH("customers/{id}/notes/{note}", WRITE, note,
                       "Change a note"),
    CXM_RESOURCE_DELETE("customers/{id}/notes/{note}", WRITE, note,
                        "Delete a note"),

    CXM_RESOURCE_LIST("customers/{id}/tasks", READ, task, task_list_query,
                      "Tasks for a customer, newest first"),
    CXM_RESOURCE_POST("customers/{id}/tasks", WRITE, task, "Set a task"),
    CXM_RESOURCE_GET("customers/{id}/tasks/{task}", READ, task, "A task"),
    CXM_RESOURCE_PUT("customers/{id}/tasks/{task}", WRITE, task,
                     "Set a task of this id, or set it anew"),
    CXM_RESOURCE_PATCH("customers/{id}/tasks/{task}", WRITE, task,
                       "Change a task"),
    CXM_RESOURCE_DELETE("customers/{id}/tasks/{task}", WRITE, task,
                        "Delete a task"),
    CXM_RESOURCE_LIST("tasks", READ, task, task_list_query,
                      "Tasks for all customers, newest first"),

    { CXM_RESOURCE_ROW(CXM_GET, "customers/{id}/consents", READ,
                       consent, CXM_ROUTE_PERSONAL),
      .query = cxm_resource_page, .answers = CXM_200,
      .output = &cxm_consent_fields, .beside = consents_beside,
      .read = consents_read, .write = cxm_write_audit,
      .summary = "How each purpose stands, and all that was said" },
    CXM_RESOURCE_POST("customers/{id}/consents", WRITE, consent,
                      "Record a consent given or taken back"),
    { .path = NULL }
};
