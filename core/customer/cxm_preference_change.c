/*
 * Preferences: what a version changed, and what a merge would.
 */

#include <stdio.h>

#include "cxm_json.h"
#include "cxm_preference.h"


/* --- what was changed --------------------------------------------------- */

/* Choices of one that are others in another; `back` only those it lacks. */
static int
add_changes(json_t *out, cxm_str_t channel, const json_t *from,
    const json_t *to, int back)
{
    int          bad;
    char         pointer[CXM_ERROR_POINTER_LEN];
    json_t      *choice, *other;
    const char  *slug;

    bad = 0;

    json_object_foreach((json_t *) to, slug, choice) {
        other = json_object_get(from, slug);

        if (back ? other != NULL : json_equal(other, choice)) {
            continue;
        }

        (void) snprintf(pointer, sizeof(pointer), "%.*s", (int) channel.len,
                        channel.data);
        cxm_pointer_push(pointer, sizeof(pointer), cxm_strz(slug));
        bad |= json_array_append_new(out,
                   json_pack("{ss sO? sO?}", "field", pointer,
                             "from", back ? choice : other,
                             "to", back ? NULL : choice));
    }

    return bad;
}


json_t *
cxm_preference_changes(const json_t *changes)
{
    int            bad;
    size_t         i;
    json_t        *out;
    cxm_str_t      channel;
    const json_t  *change, *from, *to;

    static const char  choices[] = "/choices/";

    out = json_array();
    bad = out == NULL;

    for (i = 0; i < json_array_size(changes); i++) {
        change = json_array_get(changes, i);
        channel = cxm_json_get_str(change, "field");

        if (channel.len < sizeof(choices)
            || memcmp(channel.data, choices, sizeof(choices) - 1) != 0)
        {
            continue;
        }

        from = json_object_get(change, "from");
        to = json_object_get(change, "to");
        bad |= add_changes(out, channel, from, to, 0);
        bad |= add_changes(out, channel, to, from, 1);
    }

    if (bad) {
        json_decref(out);
        return NULL;
    }

    return out;
}


/* --- what a merge would change ------------------------------------------ */

/* What has been chosen of all that is part of a customer, each by itself. */
static cxm_rc_t
inherit_all(cxm_txn_t *txn, const cxm_uuid_t *customer,
    cxm_preference_t *out, cxm_error_t *err)
{
    cxm_rc_t             rc;
    unsigned             i;
    cxm_doc_t            doc;
    cxm_record_parts_t   parts;

    rc = cxm_record_parts(txn, &cxm_record_customer, customer, &parts);

    for (i = 0; rc == CXM_OK && i < parts.n; i++) {
        rc = cxm_doc_by_id(txn, CXM_KIND_PREFERENCE, &parts.id[i], &doc, err);

        if (rc == CXM_OK) {
            rc = cxm_preference_inherit(out, json_object_get(doc.personal,
                                                             "choices"))
                 ? CXM_INTERNAL : CXM_OK;
            cxm_doc_clear(&doc);
        }

        rc = rc == CXM_NOT_FOUND ? CXM_OK : rc;
    }

    return rc == CXM_OK || err->rc == rc
           ? rc : cxm_fail(err, rc, NULL, "Choices cannot be read.");
}


/* A choice of the result as the one, the other and both have it. */
static json_t *
joined_json(const json_t *result, const json_t *from, const json_t *into)
{
    json_t      *out, *topics, *list, *choice;
    const char  *channel, *slug;

    out = json_object();

    json_object_foreach((json_t *) result, channel, topics) {
        list = json_object();

        json_object_foreach(topics, slug, choice) {
            (void) json_object_set_new(list, slug,
                json_pack("{sO? sO? sO}",
                          "from", json_object_get(json_object_get(from,
                                                          channel), slug),
                          "into", json_object_get(json_object_get(into,
                                                          channel), slug),
                          "result", choice));
        }

        if (json_object_size(list) > 0) {
            (void) json_object_set(out, channel, list);
        }

        json_decref(list);
    }

    return out;
}


cxm_rc_t
cxm_preference_joined(cxm_txn_t *txn, const cxm_uuid_t *from,
    const cxm_uuid_t *into, json_t **out, cxm_error_t *err)
{
    json_t             *before;
    cxm_rc_t            rc;
    cxm_preference_t    a, b;

    *out = NULL;
    before = NULL;
    memset(&b, 0, sizeof(b));
    rc = cxm_preference_load(txn, from, &a, err);

    if (rc == CXM_OK) {
        rc = cxm_preference_load(txn, into, &b, err);
    }

    if (rc == CXM_OK) {
        before = json_deep_copy(b.choices);
        rc = inherit_all(txn, from, &b, err);
    }

    if (rc == CXM_OK) {
        *out = joined_json(b.choices, a.choices, before);
    }

    json_decref(before);
    cxm_preference_clear(&a);
    cxm_preference_clear(&b);

    return rc;
}
