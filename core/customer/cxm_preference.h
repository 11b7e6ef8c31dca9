/*
 * Preferences: which topics a customer wants to hear of, by which channel.
 *
 * Topics are one document of the site, kind CXM_KIND_TOPICS.  What a customer
 * has chosen is a record of its own, kind CXM_KIND_PREFERENCE, one for each
 * customer and with the customer's id; it is sealed with the person's key.
 *
 * A preference says what somebody wants to get, a consent (cxm_customer.h)
 * what the law lets be done.  So a consent that was taken back wins over any
 * choice, and choosing a topic gives none.
 */

#ifndef CXM_PREFERENCE_H
#define CXM_PREFERENCE_H

#include "cxm_customer.h"


#define CXM_TOPICS      200
#define CXM_TOPICS_DOC  "topics"        /* name of the one document */

extern const cxm_record_t  cxm_record_topics;
extern const cxm_fields_t  cxm_topics_fields;
extern const cxm_kind_t    cxm_kind_topics;

extern const cxm_record_t  cxm_record_preference;
extern const cxm_fields_t  cxm_preference_fields;
extern const cxm_kind_t    cxm_kind_preference;

extern const cxm_timeline_kind_t  cxm_timeline_preference;

/* By name, NULL-terminated: email, sms, push, phone, post, web. */
extern const char *const  cxm_topic_channels[];

/* What decides whether a topic goes out by a channel, the first that fits. */
typedef enum {
    CXM_PREFERENCE_CRITICAL = 0,        /* always sent */
    CXM_PREFERENCE_WITHDRAWN,           /* consent was taken back */
    CXM_PREFERENCE_CHOSEN,              /* by the customer */
    CXM_PREFERENCE_DEFAULT,             /* the topic's */
    CXM_PREFERENCE_REASONS
} cxm_preference_reason_t;

extern const char *const  cxm_preference_reasons[];

/* What a customer has chosen among, borrowed by nobody. */
typedef struct {
    cxm_uuid_t   customer;
    cxm_doc_t    topics;        /* version 0: the site has none */
    cxm_doc_t    chosen;        /* version 0: nothing was ever chosen */
    json_t      *choices;       /* those, and where it has none those of
                                   customers merged into this one, a refusal
                                   before a wish */
    json_t      *withdrawn;     /* purposes, as names of an object */
} cxm_preference_t;

/* The caller clears *out, in any case. */
cxm_rc_t cxm_preference_load(cxm_txn_t *txn, const cxm_uuid_t *customer,
    cxm_preference_t *out, cxm_error_t *err);
void cxm_preference_clear(cxm_preference_t *preference);

/*
 * As cxm_preference_fields have it, a new reference; titles in the language
 * that fits best, as cxm_language_choose() has them.
 */
json_t *cxm_preference_json(const cxm_preference_t *preference,
    cxm_str_t language, cxm_str_t accept);

/*
 * For whoever sends: whether a topic may go to a customer (number) by a
 * channel now.  CXM_NOT_FOUND: there is no such topic, or it never goes by
 * that channel.  To who is erased nothing goes, be it critical.
 */
cxm_rc_t cxm_preference_allows(cxm_txn_t *txn, uint64_t customer,
    cxm_str_t channel, cxm_str_t topic, int *allowed, cxm_error_t *err);

/*
 * What a customer had chosen who is part of this one: what this one has not
 * chosen itself, a refusal before a wish.  Non-zero without memory.
 */
int cxm_preference_inherit(cxm_preference_t *preference,
    const json_t *choices);

/*
 * What would be if one became part of the other: {channel: {topic: {"from",
 * "into", "result"}}}, null where one has not chosen; a new reference.
 */
cxm_rc_t cxm_preference_joined(cxm_txn_t *txn, const cxm_uuid_t *from,
    const cxm_uuid_t *into, json_t **out, cxm_error_t *err);

/*
 * What a version of the record changed (cxm_record_history()), a change for
 * each choice: [{"field": "/choices/email/news", "from", "to"}], null where
 * there was or is none; a new reference, NULL without memory.
 */
json_t *cxm_preference_changes(const json_t *changes);

/* The topic of a name in the site's document; NULL: there is none. */
const json_t *cxm_topic_find(const json_t *topics, cxm_str_t slug);

/* Whether it goes by a channel at all. */
int cxm_topic_has(const json_t *topic, cxm_str_t channel);


#endif /* CXM_PREFERENCE_H */
