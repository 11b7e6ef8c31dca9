/*
 * Documents in parts: what is the server's, what is personal, what is shown.
 *
 * Recursion follows the table, which is not deeper than CXM_JSON_DEPTH.
 */

#include "cxm_field.h"
#include "cxm_json.h"
#include "cxm_time.h"


/* --- strip and keep ----------------------------------------------------- */

static void
cxm_field_strip_value(const cxm_field_t *field, unsigned flags, json_t *value)
{
    size_t   i;
    void    *iter;

    switch (field->type) {

    case CXM_FIELD_OBJECT:
        cxm_field_strip(field->object, flags, value);
        break;

    case CXM_FIELD_ARRAY:
        for (i = 0; i < json_array_size(value); i++) {
            cxm_field_strip_value(field->item, flags,
                                  json_array_get(value, i));
        }

        break;

    case CXM_FIELD_MAP:
        for (iter = json_object_iter(value); iter != NULL;
             iter = json_object_iter_next(value, iter))
        {
            cxm_field_strip_value(field->item, flags,
                                  json_object_iter_value(iter));
        }

        break;

    default:
        break;
    }
}


void
cxm_field_strip(const cxm_fields_t *table, unsigned flags, json_t *document)
{
    json_t             *value;
    const cxm_field_t  *field;

    for (field = table->fields; field->name != NULL; field++) {

        if (field->flags & flags) {
            (void) json_object_del(document, field->name);
            continue;
        }

        value = json_object_get(document, field->name);

        if (value != NULL) {
            cxm_field_strip_value(field, flags, value);
        }
    }
}


/* Into an object that is there, or into one that gets something. */
static int
cxm_field_keep_members(const cxm_field_t *field, const json_t *from,
    json_t *document)
{
    int      bad;
    json_t  *own;

    own = json_object_get(document, field->name);

    if (own != NULL) {
        return cxm_field_keep(field->object, from, own) != CXM_OK;
    }

    own = json_object();
    bad = cxm_field_keep(field->object, from, own) != CXM_OK;

    if (!bad && json_object_size(own) > 0) {
        bad = json_object_set(document, field->name, own);
    }

    json_decref(own);

    return bad;
}


cxm_rc_t
cxm_field_keep(const cxm_fields_t *table, const json_t *from,
    json_t *document)
{
    int                 bad;
    json_t             *value;
    const cxm_field_t  *field;

    bad = document == NULL;

    for (field = table->fields; field->name != NULL && !bad; field++) {

        value = json_object_get(from, field->name);

        if (value == NULL) {
            continue;
        }

        if (field->flags & CXM_FIELD_OURS) {
            bad = json_object_set(document, field->name, value);

        } else if (field->type == CXM_FIELD_OBJECT) {
            bad = cxm_field_keep_members(field, value, document);
        }
    }

    return bad ? CXM_INTERNAL : CXM_OK;
}


/* --- times -------------------------------------------------------------- */

static int
cxm_field_times_string(json_t *value)
{
    char      text[CXM_RFC3339_LEN + 1];
    cxm_ms_t  at;

    if (cxm_rfc3339_parse(cxm_json_str(value), &at) != CXM_OK) {
        return 0;
    }

    cxm_rfc3339_format(at, text);

    return json_string_set(value, text);
}


static int
cxm_field_times_value(const cxm_field_t *field, json_t *value)
{
    int      bad;
    void    *iter;
    size_t   i;

    bad = 0;

    switch (field->type) {

    case CXM_FIELD_TIME:
        return json_is_string(value) ? cxm_field_times_string(value) : 0;

    case CXM_FIELD_OBJECT:
        return cxm_field_times(field->object, value) != CXM_OK;

    case CXM_FIELD_ARRAY:
        for (i = 0; i < json_array_size(value); i++) {
            bad |= cxm_field_times_value(field->item,
                                         json_array_get(value, i));
        }

        return bad;

    case CXM_FIELD_MAP:
        for (iter = json_object_iter(value); iter != NULL;
             iter = json_object_iter_next(value, iter))
        {
            bad |= cxm_field_times_value(field->item,
                                         json_object_iter_value(iter));
        }

        return bad;

    default:
        return 0;
    }
}


cxm_rc_t
cxm_field_times(const cxm_fields_t *table, json_t *document)
{
    int                 bad;
    json_t             *value;
    const cxm_field_t  *field;

    bad = 0;

    for (field = table->fields; field->name != NULL; field++) {
        value = json_object_get(document, field->name);

        if (value != NULL) {
            bad |= cxm_field_times_value(field, value);
        }
    }

    return bad ? CXM_INTERNAL : CXM_OK;
}


/* --- split -------------------------------------------------------------- */

/* A whole value to one part, or an object's members to both. */
static int
cxm_field_split_value(const cxm_field_t *field, json_t *value,
    json_t *shared, json_t *personal)
{
    int      bad;
    json_t  *part, *rest;

    if (field->flags & CXM_FIELD_PERSONAL) {
        return json_object_set(personal, field->name, value);
    }

    if (field->type != CXM_FIELD_OBJECT || !json_is_object(value)) {
        return json_object_set(shared, field->name, value);
    }

    if (cxm_field_split(field->object, value, &part, &rest) != CXM_OK) {
        return -1;
    }

    bad = json_object_set(shared, field->name, part) != 0
          || (json_object_size(rest) > 0
              && json_object_set(personal, field->name, rest) != 0);

    json_decref(part);
    json_decref(rest);

    return bad;
}


cxm_rc_t
cxm_field_split(const cxm_fields_t *table, const json_t *document,
    json_t **shared, json_t **personal)
{
    int                 bad;
    json_t             *value;
    const cxm_field_t  *field;

    *shared = json_object();
    *personal = json_object();
    bad = *shared == NULL || *personal == NULL;

    for (field = table->fields; field->name != NULL && !bad; field++) {
        value = json_object_get(document, field->name);

        if (value != NULL) {
            bad = cxm_field_split_value(field, value, *shared, *personal);
        }
    }

    if (bad) {
        json_decref(*shared);
        json_decref(*personal);
        *shared = NULL;
        *personal = NULL;
        return CXM_INTERNAL;
    }

    return CXM_OK;
}


/* --- join --------------------------------------------------------------- */

/* A new reference; *absent is set when there is nothing to show. */
static json_t *
cxm_field_join_value(const cxm_field_t *field, const json_t *shared,
    const json_t *personal, cxm_field_see_t see, int *absent)
{
    json_t  *own, *rest;

    own = json_object_get(shared, field->name);
    rest = json_object_get(personal, field->name);
    *absent = 0;

    if (field->flags & CXM_FIELD_PERSONAL) {

        if (see == CXM_SEE_ERASED) {
            return json_null();
        }

        *absent = see == CXM_SEE_SHARED || rest == NULL;

        return *absent ? NULL : json_incref(rest);
    }

    if (field->type == CXM_FIELD_OBJECT && json_is_object(own)) {
        return cxm_field_join(field->object, own, rest, see);
    }

    *absent = own == NULL;

    return json_incref(own);
}


json_t *
cxm_field_join(const cxm_fields_t *table, const json_t *shared,
    const json_t *personal, cxm_field_see_t see)
{
    int                 absent;
    json_t             *out, *value;
    const cxm_field_t  *field;

    out = json_object();

    for (field = table->fields; field->name != NULL; field++) {

        if ((field->flags & CXM_FIELD_HIDDEN) && see != CXM_SEE_ALL) {
            continue;
        }

        value = cxm_field_join_value(field, shared, personal, see, &absent);

        if (!absent && json_object_set_new(out, field->name, value) != 0) {
            json_decref(out);
            return NULL;
        }
    }

    return out;
}
