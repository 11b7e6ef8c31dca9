/*
 * Preferences: what a customer has chosen, and what follows from it.
 */

#include <stdio.h>

#include "cxm_json.h"
#include "cxm_language.h"
#include "cxm_preference.h"


#define CXM_TOPIC_LANGUAGES  50

const char *const  cxm_preference_reasons[] = {
    [CXM_PREFERENCE_CRITICAL] = "critical",
    [CXM_PREFERENCE_WITHDRAWN] = "withdrawn",
    [CXM_PREFERENCE_CHOSEN] = "chosen",
    [CXM_PREFERENCE_DEFAULT] = "default",
    [CXM_PREFERENCE_REASONS] = NULL
};


/* --- tables ------------------------------------------------------------- */

static const cxm_field_t  choice_item = { .type = CXM_FIELD_BOOL };

#define CHOICES(channel)                                                      \
    { .name = channel, .type = CXM_FIELD_MAP, .item = &choice_item,           \
      .flags = CXM_FIELD_PERSONAL, .max = CXM_TOPICS,                         \
      .summary = "by topic; one that is not there goes by its default" }

static const cxm_field_t  choices_fields[] = {
    CHOICES("email"),
    CHOICES("sms"),
    CHOICES("push"),
    CHOICES("phone"),
    CHOICES("post"),
    CHOICES("web"),
    { .name = NULL }
};

static const cxm_fields_t  choices_table = {
    "PreferenceChoices", choices_fields
};

static const cxm_field_t  state_fields[] = {
    { .name = "on", .type = CXM_FIELD_BOOL, .flags = CXM_FIELD_REQUIRED,
      .summary = "it is sent" },
    { .name = "reason", .type = CXM_FIELD_ENUM, .flags = CXM_FIELD_REQUIRED,
      .values = cxm_preference_reasons,
      .summary = "what decides: critical; withdrawn: the consent was taken "
                 "back; chosen; default" },
    { .name = NULL }
};

static const cxm_fields_t  state_table = { "PreferenceState", state_fields };

static const cxm_field_t  state_item = {
    .type = CXM_FIELD_OBJECT, .object = &state_table
};

static const cxm_field_t  shown_fields[] = {
    { .name = "topic", .type = CXM_FIELD_SLUG },
    { .name = "title", .type = CXM_FIELD_STRING,
      .summary = "in the customer's language, or one that there is" },
    { .name = "description", .type = CXM_FIELD_STRING },
    { .name = "critical", .type = CXM_FIELD_BOOL },
    { .name = "purpose", .type = CXM_FIELD_SLUG,
      .summary = "of the consent that it needs not to be taken back" },
    { .name = "channels", .type = CXM_FIELD_MAP, .item = &state_item,
      .summary = "how it stands, by channel" },
    { .name = NULL }
};

static const cxm_fields_t  shown_table = { "PreferenceTopic", shown_fields };

static const cxm_field_t  shown_item = {
    .type = CXM_FIELD_OBJECT, .object = &shown_table
};

static const cxm_field_t  preference_fields[] = {
    { .name = "customer", .type = CXM_FIELD_UUID,
      .flags = CXM_FIELD_READONLY },
    { .name = "choices", .type = CXM_FIELD_OBJECT, .object = &choices_table,
      .flags = CXM_FIELD_REQUIRED, .summary = "what the customer has said" },
    { .name = "topics", .type = CXM_FIELD_ARRAY, .item = &shown_item,
      .flags = CXM_FIELD_READONLY, .summary = "what follows from it" },
    CXM_RECORD_ROWS,
    { .name = NULL }
};

const cxm_fields_t  cxm_preference_fields = {
    "Preferences", preference_fields
};


/* --- the check ---------------------------------------------------------- */

/* What was right once stays, though topics have changed since. */
static cxm_rc_t
check_choice(cxm_record_write_t *write, const json_t *topics,
    const char *channel, const char *slug, const json_t *choice)
{
    char           pointer[CXM_ERROR_POINTER_LEN];
    const json_t  *topic, *before;

    before = json_object_get(json_object_get(json_object_get(write->before,
                                                             "choices"),
                                             channel), slug);

    if (before != NULL && json_equal(before, choice)) {
        return CXM_OK;
    }

    (void) snprintf(pointer, sizeof(pointer), "/choices/%s", channel);
    cxm_pointer_push(pointer, sizeof(pointer), cxm_strz(slug));
    topic = cxm_topic_find(topics, cxm_strz(slug));

    if (topic == NULL) {
        return cxm_issue(write->err, pointer, "not_found",
                         "There is no such topic.");
    }

    if (!cxm_topic_has(topic, cxm_strz(channel))) {
        return cxm_issue(write->err, pointer, "not_allowed",
                         "This topic does not go by this channel.");
    }

    return cxm_json_get_bool(topic, "critical", 0) && json_is_false(choice)
           ? cxm_issue(write->err, pointer, "not_allowed",
                       "What is critical is always sent.")
           : CXM_OK;
}


static cxm_rc_t
topics_load(cxm_txn_t *txn, cxm_doc_t *out, cxm_error_t *err)
{
    cxm_rc_t  rc;

    memset(out, 0, sizeof(*out));
    rc = cxm_doc_by_name(txn, CXM_KIND_TOPICS, cxm_str(CXM_TOPICS_DOC), out,
                         err);

    if (rc == CXM_NOT_FOUND) {
        memset(out, 0, sizeof(*out));
        rc = CXM_OK;
    }

    return rc;
}


static cxm_rc_t
preference_check(cxm_record_write_t *write)
{
    json_t      *choices, *choice;
    cxm_rc_t     rc;
    cxm_doc_t    doc;
    const char  *channel, *slug;

    rc = topics_load(write->txn, &doc, write->err);

    if (rc != CXM_OK) {
        return rc;
    }

    json_object_foreach(json_object_get(write->document, "choices"), channel,
                        choices)
    {
        json_object_foreach(choices, slug, choice) {
            if (check_choice(write, json_object_get(doc.body, "topics"),
                             channel, slug, choice) != CXM_OK)
            {
                rc = CXM_INVALID;
            }
        }
    }

    cxm_doc_clear(&doc);

    return rc;
}


const cxm_record_t  cxm_record_preference = {
    .kind = CXM_KIND_PREFERENCE,
    .name = "preference",
    .fields = &cxm_preference_fields,
    .flags = CXM_RECORD_PERSON | CXM_RECORD_HISTORY,
    .owner = &cxm_record_customer,
    .check = preference_check
};


static cxm_rc_t
preference_apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    return cxm_record_apply(txn, entry, &cxm_record_preference, NULL);
}


static cxm_rc_t
preference_forget(cxm_txn_t *txn, uint64_t slot, uint64_t *kept)
{
    return cxm_record_forget(txn, &cxm_record_preference, slot, kept);
}


const cxm_kind_t  cxm_kind_preference = {
    .no = CXM_KIND_PREFERENCE,
    .version = 1,
    .name = "preference",
    .apply = preference_apply,
    .lookups = &cxm_record_lookups,
    .forget = preference_forget
};


/* --- how a topic stands ------------------------------------------------- */

static cxm_str_t
topic_purpose(const json_t *topic)
{
    cxm_str_t  purpose;

    purpose = cxm_json_get_str(topic, "purpose");

    return purpose.data != NULL ? purpose : cxm_json_get_str(topic, "slug");
}


static cxm_preference_reason_t
topic_stands(const cxm_preference_t *preference, const json_t *topic,
    const char *channel, int *on)
{
    const json_t  *choice;

    if (cxm_json_get_bool(topic, "critical", 0)) {
        *on = 1;
        return CXM_PREFERENCE_CRITICAL;
    }

    if (json_object_get(preference->withdrawn, topic_purpose(topic).data)
        != NULL)
    {
        *on = 0;
        return CXM_PREFERENCE_WITHDRAWN;
    }

    choice = json_object_get(json_object_get(preference->choices, channel),
                             cxm_json_get_str(topic, "slug").data);

    if (choice != NULL) {
        *on = json_is_true(choice);
        return CXM_PREFERENCE_CHOSEN;
    }

    *on = cxm_json_get_bool(topic, "default", 0);

    return CXM_PREFERENCE_DEFAULT;
}


/* A cxm_consent_pt. */
static int
note_withdrawn(void *ctx, const cxm_consent_t *consent)
{
    cxm_preference_t  *preference;

    preference = ctx;

    return !consent->granted
           && json_object_setn_new(preference->withdrawn,
                                   consent->purpose.data,
                                   consent->purpose.len, json_true()) != 0;
}


static cxm_rc_t
chosen_load(cxm_txn_t *txn, const cxm_uuid_t *customer, cxm_doc_t *out,
    cxm_error_t *err)
{
    cxm_rc_t  rc;

    rc = cxm_doc_by_id(txn, CXM_KIND_PREFERENCE, customer, out, err);

    if (rc == CXM_NOT_FOUND) {
        memset(out, 0, sizeof(*out));
        rc = CXM_OK;
    }

    return rc;
}


int
cxm_preference_inherit(cxm_preference_t *preference, const json_t *choices)
{
    int          bad;
    json_t      *topics, *choice, *own, *now;
    const char  *channel, *slug;

    bad = 0;

    json_object_foreach((json_t *) choices, channel, topics) {

        now = json_object_get(preference->choices, channel);

        if (now == NULL) {
            now = json_object();
            bad |= json_object_set_new(preference->choices, channel, now);
        }

        own = json_object_get(json_object_get(preference->chosen.personal,
                                              "choices"), channel);

        json_object_foreach(topics, slug, choice) {
            if (json_object_get(own, slug) == NULL
                && !json_is_false(json_object_get(now, slug)))
            {
                bad |= json_object_set(now, slug, choice);
            }
        }
    }

    return bad;
}


static cxm_rc_t
choices_load(cxm_txn_t *txn, cxm_preference_t *out, cxm_error_t *err)
{
    cxm_rc_t             rc;
    unsigned             i;
    cxm_doc_t            doc;
    cxm_record_parts_t   parts;

    out->choices = json_deep_copy(json_object_get(out->chosen.personal,
                                                  "choices"));
    if (out->choices == NULL) {
        out->choices = json_object();
    }

    rc = cxm_record_parts(txn, &cxm_record_customer, &out->customer, &parts);

    for (i = 1; rc == CXM_OK && i < parts.n; i++) {
        rc = chosen_load(txn, &parts.id[i], &doc, err);

        if (rc == CXM_OK
            && cxm_preference_inherit(out, json_object_get(doc.personal,
                                                           "choices")))
        {
            rc = CXM_INTERNAL;
        }

        cxm_doc_clear(&doc);
    }

    return rc == CXM_OK || err->rc == rc
           ? rc : cxm_fail(err, rc, NULL, "Choices cannot be read.");
}


cxm_rc_t
cxm_preference_load(cxm_txn_t *txn, const cxm_uuid_t *customer,
    cxm_preference_t *out, cxm_error_t *err)
{
    cxm_rc_t  rc;

    memset(out, 0, sizeof(*out));
    out->customer = *customer;
    out->withdrawn = json_object();
    rc = topics_load(txn, &out->topics, err);

    if (rc == CXM_OK) {
        rc = chosen_load(txn, customer, &out->chosen, err);
    }

    if (rc == CXM_OK) {
        rc = choices_load(txn, out, err);
    }

    if (rc == CXM_OK) {
        rc = cxm_consent_each(txn, customer, note_withdrawn, out);
        rc = rc == CXM_OK ? CXM_OK
             : cxm_fail(err, rc, NULL, "Consents cannot be read.");
    }

    return rc;
}


void
cxm_preference_clear(cxm_preference_t *preference)
{
    cxm_doc_clear(&preference->topics);
    cxm_doc_clear(&preference->chosen);
    json_decref(preference->choices);
    json_decref(preference->withdrawn);
    preference->choices = NULL;
    preference->withdrawn = NULL;
}


cxm_rc_t
cxm_preference_allows(cxm_txn_t *txn, uint64_t customer, cxm_str_t channel,
    cxm_str_t topic, int *allowed, cxm_error_t *err)
{
    char               name[8];
    cxm_rc_t           rc;
    cxm_doc_t          doc;
    const json_t      *found;
    cxm_preference_t   preference;

    *allowed = 0;
    rc = cxm_doc_get(txn, CXM_KIND_CUSTOMER, customer, &doc, err);

    if (rc != CXM_OK || doc.erased) {
        cxm_doc_clear(&doc);
        return rc;
    }

    rc = cxm_preference_load(txn, &doc.id, &preference, err);
    found = cxm_topic_find(json_object_get(preference.topics.body, "topics"),
                           topic);
    (void) snprintf(name, sizeof(name), "%.*s", (int) channel.len,
                    channel.data);

    if (rc == CXM_OK && (found == NULL || !cxm_topic_has(found, channel))) {
        rc = CXM_NOT_FOUND;
    }

    if (rc == CXM_OK) {
        (void) topic_stands(&preference, found, name, allowed);
    }

    cxm_preference_clear(&preference);
    cxm_doc_clear(&doc);

    return rc;
}


/* --- as it is shown ----------------------------------------------------- */

/* Of texts by language the one that fits best, a new reference. */
static json_t *
text_json(const json_t *texts, cxm_str_t language, cxm_str_t accept)
{
    json_t      *text;
    unsigned     n;
    cxm_str_t    have[CXM_TOPIC_LANGUAGES];
    const char  *tag;

    n = 0;

    json_object_foreach((json_t *) texts, tag, text) {
        if (n < CXM_TOPIC_LANGUAGES) {
            have[n++] = cxm_strz(tag);
        }
    }

    if (n == 0) {
        return NULL;
    }

    n = cxm_language_choose(have, n, language, accept);

    return json_incref(json_object_get(texts, have[n].data));
}


static json_t *
channels_json(const cxm_preference_t *preference, const json_t *topic)
{
    int                      on, bad;
    json_t                  *out;
    unsigned                 i;
    const char              *channel;
    cxm_preference_reason_t  reason;

    out = json_object();
    bad = out == NULL;

    for (i = 0; cxm_topic_channels[i] != NULL; i++) {
        channel = cxm_topic_channels[i];

        if (cxm_topic_has(topic, cxm_strz(channel))) {
            reason = topic_stands(preference, topic, channel, &on);
            bad |= json_object_set_new(out, channel,
                       json_pack("{sb ss}", "on", on, "reason",
                                 cxm_preference_reasons[reason]));
        }
    }

    if (bad) {
        json_decref(out);
        return NULL;
    }

    return out;
}


static json_t *
topic_json(const cxm_preference_t *preference, const json_t *topic,
    cxm_str_t language, cxm_str_t accept)
{
    int  critical;

    critical = cxm_json_get_bool(topic, "critical", 0);

    return json_pack("{sO so* so* sb ss* so}",
                     "topic", json_object_get(topic, "slug"),
                     "title", text_json(json_object_get(topic, "title"),
                                        language, accept),
                     "description",
                     text_json(json_object_get(topic, "description"),
                               language, accept),
                     "critical", critical,
                     "purpose", critical ? NULL : topic_purpose(topic).data,
                     "channels", channels_json(preference, topic));
}


static json_t *
topics_json(const cxm_preference_t *preference, cxm_str_t language,
    cxm_str_t accept)
{
    size_t         i;
    json_t        *out;
    const json_t  *topics;

    out = json_array();
    topics = json_object_get(preference->topics.body, "topics");

    for (i = 0; i < json_array_size(topics); i++) {
        if (json_array_append_new(out,
                                  topic_json(preference,
                                             json_array_get(topics, i),
                                             language, accept)) != 0)
        {
            json_decref(out);
            return NULL;
        }
    }

    return out;
}


/* Of who has chosen nothing there is no document, and yet an answer. */
static json_t *
chosen_json(const cxm_preference_t *preference)
{
    char  customer[CXM_UUID_LEN + 1];

    if (preference->chosen.version > 0) {
        return cxm_record_json(&preference->chosen, &cxm_preference_fields,
                               cxm_record_see(&preference->chosen, 1));
    }

    cxm_uuid_format(&preference->customer, customer);

    return json_pack("{ss ss s{} si}", "id", customer, "customer", customer,
                     "choices", "version", 0);
}


json_t *
cxm_preference_json(const cxm_preference_t *preference, cxm_str_t language,
    cxm_str_t accept)
{
    json_t  *out;

    out = chosen_json(preference);

    if (json_object_set_new(out, "topics",
                            topics_json(preference, language, accept)) != 0)
    {
        json_decref(out);
        return NULL;
    }

    return out;
}
