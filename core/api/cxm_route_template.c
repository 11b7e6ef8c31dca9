/*
 * Routes of templates of messages.
 */

#include "cxm_call.h"
#include "cxm_json.h"
#include "cxm_notice_render.h"
#include "cxm_resource.h"
#include "cxm_routes.h"


/* Members of what a message is tried with. */
#define CXM_SAMPLE_FIELDS                                                     \
    { .name = "language", .type = CXM_FIELD_LANGUAGE,                         \
      .summary = "default that of the template" },                            \
    { .name = "fields", .type = CXM_FIELD_MAP, .item = &sample_value,         \
      .summary = "in place of the samples" }

#define CXM_PREVIEW_RECIPIENT  "ann@example.org"
#define CXM_PREVIEW_SECRET     "sample"
#define CXM_PREVIEW_EXPIRES    CXM_MS_HOUR

static const cxm_field_t  sample_value = {
    .type = CXM_FIELD_SCALAR, .max = CXM_URL_MAX
};

static const cxm_field_t  preview_fields[] = {
    CXM_SAMPLE_FIELDS,
    { .name = "text", .type = CXM_FIELD_OBJECT,
      .object = &cxm_template_text_fields,
      .summary = "a draft; default the text in use" },
    { .name = NULL }
};

static const cxm_fields_t  preview_input = {
    "TemplatePreview", preview_fields
};

static const cxm_field_t  test_fields[] = {
    { .name = "recipient", .type = CXM_FIELD_EMAIL,
      .flags = CXM_FIELD_REQUIRED },
    CXM_SAMPLE_FIELDS,
    { .name = NULL }
};

static const cxm_fields_t  test_input = { "TemplateTest", test_fields };


/* In the loop: the names of templates are the program's. */
static cxm_rc_t
template_prepare(cxm_call_t *call)
{
    call->data = (void *) cxm_template_find(call->params[0]);

    return call->data != NULL
           ? CXM_OK
           : cxm_fail(&call->err, CXM_NOT_FOUND, NULL,
                      "There is no template of this name.");
}


/* Of a template that the site has not changed version 0 is answered. */
static cxm_rc_t
site_doc(cxm_call_t *call, cxm_txn_t *txn, const cxm_template_t *template,
    cxm_doc_t *doc)
{
    cxm_rc_t  rc;

    rc = cxm_doc_by_name(txn, CXM_KIND_TEMPLATE, cxm_strz(template->slug),
                         doc, &call->err);

    if (rc == CXM_NOT_FOUND) {
        memset(doc, 0, sizeof(*doc));
        rc = CXM_OK;
    }

    return rc;
}


static cxm_rc_t
reply_template(cxm_call_t *call, const cxm_doc_t *doc, int created)
{
    return cxm_call_reply_shown(call, doc, cxm_template_json(call->data, doc),
                                created);
}


static cxm_rc_t
template_list_read(cxm_call_t *call, cxm_txn_t *txn)
{
    int         bad;
    json_t     *items;
    cxm_rc_t    rc;
    unsigned    i;
    cxm_doc_t   doc;
    cxm_page_t  page;

    rc = cxm_page_begin(call, &page);

    if (rc != CXM_OK) {
        return rc;
    }

    items = json_array();
    bad = 0;

    for (i = page.len == 8 ? (unsigned) cxm_get_u64(page.position) : 0;
         cxm_templates[i].slug != NULL && page.limit > 0 && !bad;
         i++, page.limit--)
    {
        rc = site_doc(call, txn, &cxm_templates[i], &doc);

        if (rc != CXM_OK) {
            json_decref(items);
            return rc;
        }

        bad = json_array_append_new(items, cxm_template_json(
                                               &cxm_templates[i], &doc)) != 0;
        cxm_doc_clear(&doc);
    }

    if (bad) {
        json_decref(items);
        return cxm_fail(&call->err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    page.len = cxm_templates[i].slug == NULL ? 0 : 8;
    (void) cxm_put_u64(page.position, i);

    return cxm_page_reply(call, items, &page);
}


static cxm_rc_t
template_get_read(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t   rc;
    cxm_doc_t  doc;

    rc = site_doc(call, txn, call->data, &doc);

    if (rc == CXM_OK) {
        rc = reply_template(call, &doc, 0);
        cxm_doc_clear(&doc);
    }

    return rc;
}


static cxm_rc_t
write_template(cxm_call_t *call, cxm_txn_t *txn, const json_t *input)
{
    int                  created;
    cxm_rc_t             rc;
    cxm_doc_t            doc;
    cxm_record_write_t   write;

    rc = cxm_resource_write(call, txn, 1, &write);

    if (rc == CXM_OK) {
        rc = cxm_record_put(&write, input, &doc, &created);
    }

    if (rc == CXM_OK) {
        rc = reply_template(call, &doc,
                            created && call->method == CXM_PUT);
        cxm_doc_clear(&doc);
    }

    return rc;
}


static cxm_rc_t
template_put_write(cxm_call_t *call, cxm_txn_t *txn)
{
    return write_template(call, txn, call->input);
}


/* What is patched are the texts in use, so that a part of one can be. */
static cxm_rc_t
template_patch_write(cxm_call_t *call, cxm_txn_t *txn)
{
    json_t     *merged;
    cxm_rc_t    rc;
    cxm_doc_t   doc;

    rc = site_doc(call, txn, call->data, &doc);

    if (rc != CXM_OK) {
        return rc;
    }

    merged = cxm_template_json(call->data, &doc);
    cxm_doc_clear(&doc);
    rc = merged == NULL ? CXM_INTERNAL : cxm_merge_patch(merged, call->input);

    rc = rc == CXM_OK
         ? write_template(call, txn, merged)
         : cxm_fail(&call->err, rc, NULL, "Not enough memory.");
    json_decref(merged);

    return rc;
}


/* --- trying it ---------------------------------------------------------- */

/* Samples of all fields that are given, and what the caller has of them. */
static json_t *
sample_values(const cxm_template_t *template, const json_t *given)
{
    int                          bad;
    json_t                      *out;
    unsigned                     i;
    const cxm_template_field_t  *field;

    out = json_object();
    bad = out == NULL;

    for (i = 0; i < CXM_TEMPLATE_FIELDS && !bad; i++) {
        field = &cxm_template_field[i];

        if (template->fields >> i & 1) {
            bad = json_object_set_new(out, field->field.name,
                      json_loads(field->sample, JSON_DECODE_ANY, NULL)) != 0;
        }
    }

    bad = bad || (given != NULL
                  && json_object_update(out, (json_t *) given) != 0);

    if (bad) {
        json_decref(out);
        return NULL;
    }

    return out;
}


static cxm_rc_t
template_preview_read(cxm_call_t *call, cxm_txn_t *txn)
{
    json_t               *values;
    cxm_rc_t              rc;
    cxm_notice_mail_t     mail;
    cxm_notice_letter_t   letter;

    values = sample_values(call->data,
                           json_object_get(call->input, "fields"));

    if (values == NULL) {
        return cxm_fail(&call->err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    cxm_notice_mail_init(&mail);
    letter = (cxm_notice_letter_t) {
        .template = call->data,
        .language = cxm_json_get_str(call->input, "language"),
        .draft = json_object_get(call->input, "text"),
        .recipient = cxm_str(CXM_PREVIEW_RECIPIENT),
        .base = call->base,
        .fields = values,
        .queued_at = call->now,
        .expires_at = call->now + CXM_PREVIEW_EXPIRES
    };

    /* links that must be there are those with a token */

    if (letter.template->required & (1u << CXM_TEMPLATE_LINK)) {
        letter.secret = cxm_str(CXM_PREVIEW_SECRET);
    }

    rc = cxm_template_check_fields(letter.template, values, "/fields",
                                   &call->err);
    if (letter.draft != NULL
        && cxm_template_check_text(letter.template, letter.draft, "/text",
                                   &call->err) != CXM_OK)
    {
        rc = CXM_INVALID;
    }

    if (rc == CXM_OK) {
        rc = cxm_notice_write(txn, &letter, &mail, &call->err);
    }

    if (rc == CXM_OK) {
        rc = cxm_call_reply(call, 200, cxm_notice_mail_json(&mail));
    }

    cxm_notice_mail_free(&mail);
    json_decref(values);

    return rc;
}


static cxm_rc_t
reply_queued(cxm_call_t *call, cxm_txn_t *txn, const cxm_uuid_t *id)
{
    json_t     *out;
    cxm_rc_t    rc;
    cxm_doc_t   doc;

    rc = cxm_doc_by_id(txn, CXM_KIND_MESSAGE, id, &doc, &call->err);

    if (rc != CXM_OK) {
        return cxm_fail(&call->err, CXM_INTERNAL, NULL,
                        "A message cannot be read.");
    }

    call->subject = doc.subject;
    out = cxm_record_json(&doc, &cxm_message_fields, cxm_record_see(&doc, 0));
    cxm_doc_clear(&doc);

    return cxm_call_reply(call, 202, out);
}


static cxm_rc_t
template_test_write(cxm_call_t *call, cxm_txn_t *txn)
{
    json_t                *values;
    cxm_rc_t               rc;
    cxm_notice_t           notice;
    const cxm_template_t  *template;

    template = call->data;
    values = sample_values(template, json_object_get(call->input, "fields"));

    if (values == NULL) {
        return cxm_fail(&call->err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    notice = (cxm_notice_t) {
        .template = template->slug,
        .language = cxm_json_get_str(call->input, "language"),
        .recipient = cxm_json_get_str(call->input, "recipient"),
        .fields = values,
        .base = call->base,
        .expires_at = call->now + CXM_PREVIEW_EXPIRES
    };

    cxm_uuid_make(&notice.id, call->now);
    rc = cxm_notice_queue(txn, &notice, &call->err);
    json_decref(values);

    return rc == CXM_OK ? reply_queued(call, txn, &notice.id) : rc;
}


/* --- the table ---------------------------------------------------------- */

#define READ   CXM_SCOPE_CUSTOMER_READ
#define WRITE  CXM_SCOPE_TEMPLATE_WRITE


const cxm_route_t  cxm_routes_template[] = {
    { CXM_RESOURCE_ROW(CXM_GET, "templates", READ, template, 0),
      .query = cxm_resource_page, .answers = CXM_200,
      .output = &cxm_template_fields, .read = template_list_read,
      .summary = "Templates of messages, built-in ones and the site's" },
    { CXM_RESOURCE_ROW(CXM_GET, "templates/{slug}", READ, template,
                       CXM_ROUTE_BOUNDED | CXM_ROUTE_DOC),
      .answers = CXM_200, .output = &cxm_template_fields,
      .prepare = template_prepare, .read = template_get_read,
      .summary = "A template: the texts in use, and what they may have" },
    { CXM_RESOURCE_ROW(CXM_PUT, "templates/{slug}", WRITE, template,
                       CXM_ROUTE_DOC | CXM_ROUTE_BIG),
      .input = &cxm_template_fields, .answers = CXM_200 | CXM_201,
      .output = &cxm_template_fields,
      .prepare = template_prepare, .write = template_put_write,
      .summary = "Put the site's texts in place of those built in" },
    { CXM_RESOURCE_ROW(CXM_PATCH, "templates/{slug}", WRITE, template,
                       CXM_ROUTE_MERGE | CXM_ROUTE_DOC | CXM_ROUTE_BIG),
      .input = &cxm_template_fields, .answers = CXM_200,
      .output = &cxm_template_fields,
      .prepare = template_prepare, .write = template_patch_write,
      .summary = "Change some of the texts in use" },
    { CXM_RESOURCE_ROW(CXM_DELETE, "templates/{slug}", WRITE, template,
                       CXM_ROUTE_DOC),
      .answers = CXM_204,
      .prepare = template_prepare, .write = cxm_resource_delete,
      .summary = "Go back to the texts built in" },
    { CXM_RESOURCE_ROW(CXM_GET, "templates/{slug}/history", READ, template,
                       0),
      .query = cxm_resource_page, .answers = CXM_200,
      .output = &cxm_resource_version,
      .prepare = template_prepare, .read = cxm_resource_history,
      .summary = "What was changed of a template, when and by whom" },
    { CXM_RESOURCE_ROW(CXM_POST, "templates/{slug}/preview", READ, template,
                       0),
      .input = &preview_input, .answers = CXM_200,
      .output = &cxm_notice_mail_fields,
      .prepare = template_prepare, .read = template_preview_read,
      .summary = "How a message would read; nothing is kept" },
    { CXM_RESOURCE_ROW(CXM_POST, "templates/{slug}/test", WRITE, template, 0),
      .input = &test_input, .answers = CXM_202,
      .output = &cxm_message_fields,
      .prepare = template_prepare, .write = template_test_write,
      .summary = "Queue a message of samples, to see it arrive" },
    { .path = NULL }
};
