/*
 * Topics: what a site writes to its customers about.
 */

#include <stdio.h>

#include "cxm_json.h"
#include "cxm_language.h"
#include "cxm_preference.h"


const char *const  cxm_topic_channels[] = {
    "email", "sms", "push", "phone", "post", "web", NULL
};

static const cxm_field_t  title_item = {
    .type = CXM_FIELD_STRING, .min = 1, .max = 100
};

static const cxm_field_t  description_item = {
    .type = CXM_FIELD_STRING, .min = 1, .max = 500
};

static const cxm_field_t  channel_item = {
    .type = CXM_FIELD_ENUM, .values = cxm_topic_channels
};

static const cxm_field_t  topic_fields[] = {
    { .name = "slug", .type = CXM_FIELD_SLUG, .flags = CXM_FIELD_REQUIRED },
    { .name = "title", .type = CXM_FIELD_MAP, .flags = CXM_FIELD_REQUIRED,
      .item = &title_item, .min = 1, .max = 50, .summary = "by language" },
    { .name = "description", .type = CXM_FIELD_MAP,
      .item = &description_item, .max = 50, .summary = "by language" },
    { .name = "default", .type = CXM_FIELD_BOOL,
      .summary = "sent to who has chosen nothing; default false" },
    { .name = "critical", .type = CXM_FIELD_BOOL,
      .summary = "always sent: nobody can switch it off; default false" },
    { .name = "channels", .type = CXM_FIELD_ARRAY, .item = &channel_item,
      .flags = CXM_FIELD_UNIQUE, .min = 1,
      .summary = "that it goes by; default all" },
    { .name = "purpose", .type = CXM_FIELD_SLUG,
      .summary = "of the consent without which it is not sent once that was "
                 "taken back; default its slug" },
    { .name = NULL }
};

static const cxm_fields_t  topic_table = { "Topic", topic_fields };

static const cxm_field_t  topic_item = {
    .type = CXM_FIELD_OBJECT, .object = &topic_table
};

static const cxm_field_t  topics_fields[] = {
    { .name = "slug", .type = CXM_FIELD_SLUG, .flags = CXM_FIELD_HIDDEN },
    { .name = "topics", .type = CXM_FIELD_ARRAY, .flags = CXM_FIELD_REQUIRED,
      .item = &topic_item, .max = CXM_TOPICS,
      .summary = "in the order that they are shown in" },
    CXM_FIELDS_DOC,
    { .name = NULL }
};

const cxm_fields_t  cxm_topics_fields = { "Topics", topics_fields };


/* --- the check ---------------------------------------------------------- */

static cxm_rc_t
check_languages(cxm_error_t *err, const json_t *topic, size_t i,
    const char *name)
{
    char         pointer[CXM_ERROR_POINTER_LEN];
    json_t      *text;
    cxm_rc_t     rc;
    const char  *tag;

    rc = CXM_OK;

    json_object_foreach(json_object_get(topic, name), tag, text) {
        if (!cxm_language_valid(cxm_strz(tag))) {
            (void) snprintf(pointer, sizeof(pointer), "/topics/%zu/%s", i,
                            name);
            cxm_pointer_push(pointer, sizeof(pointer), cxm_strz(tag));
            rc = cxm_issue(err, pointer, "invalid",
                           "Must be a language tag.");
        }
    }

    return rc;
}


static cxm_rc_t
check_topic(cxm_error_t *err, const json_t *topics, size_t i)
{
    char           pointer[CXM_ERROR_POINTER_LEN];
    cxm_rc_t       rc;
    const json_t  *topic;

    topic = json_array_get(topics, i);
    rc = check_languages(err, topic, i, "title");

    if (check_languages(err, topic, i, "description") != CXM_OK) {
        rc = CXM_INVALID;
    }

    if (cxm_topic_find(topics, cxm_json_get_str(topic, "slug")) != topic) {
        (void) snprintf(pointer, sizeof(pointer), "/topics/%zu/slug", i);
        rc = cxm_issue(err, pointer, "duplicate", "It is there already.");
    }

    if (cxm_json_get_bool(topic, "critical", 0)
        && (json_object_get(topic, "purpose") != NULL
            || !cxm_json_get_bool(topic, "default", 1)))
    {
        (void) snprintf(pointer, sizeof(pointer), "/topics/%zu/critical", i);
        rc = cxm_issue(err, pointer, "not_allowed",
                       "What needs a consent, or is not sent by default, is "
                       "not critical.");
    }

    return rc;
}


static cxm_rc_t
topics_check(cxm_record_write_t *write)
{
    size_t         i;
    cxm_rc_t       rc;
    const json_t  *topics;

    rc = CXM_OK;
    topics = json_object_get(write->document, "topics");

    for (i = 0; i < json_array_size(topics); i++) {
        if (check_topic(write->err, topics, i) != CXM_OK) {
            rc = CXM_INVALID;
        }
    }

    return rc;
}


const cxm_record_t  cxm_record_topics = {
    .kind = CXM_KIND_TOPICS,
    .name = "topics",
    .fields = &cxm_topics_fields,
    .flags = CXM_RECORD_NAMED | CXM_RECORD_HISTORY,
    .check = topics_check
};


static cxm_rc_t
topics_apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    return cxm_record_apply(txn, entry, &cxm_record_topics, NULL);
}


const cxm_kind_t  cxm_kind_topics = {
    .no = CXM_KIND_TOPICS,
    .version = 1,
    .name = "topics",
    .apply = topics_apply
};


/* --- reading ------------------------------------------------------------ */

const json_t *
cxm_topic_find(const json_t *topics, cxm_str_t slug)
{
    size_t         i;
    const json_t  *topic;

    for (i = 0; i < json_array_size(topics); i++) {
        topic = json_array_get(topics, i);

        if (cxm_str_eq(cxm_json_get_str(topic, "slug"), slug)) {
            return topic;
        }
    }

    return NULL;
}


int
cxm_topic_has(const json_t *topic, cxm_str_t channel)
{
    size_t         i;
    const json_t  *channels;

    channels = json_object_get(topic, "channels");

    for (i = 0; i < json_array_size(channels); i++) {
        if (cxm_str_eq(cxm_json_str(json_array_get(channels, i)), channel)) {
            return 1;
        }
    }

    return channels == NULL;
}
