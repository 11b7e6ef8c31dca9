/*
 * Profiles.
 */

#include "cxm_json.h"
#include "cxm_phone.h"
#include "cxm_profile.h"


#define CXM_PROFILE_EMAIL  "/email"

static const cxm_field_t  profile_fields[] = {
    { .name = "name", .type = CXM_FIELD_STRING, .min = 1, .max = 200,
      .flags = CXM_FIELD_PERSONAL, .summary = "as it is shown" },
    { .name = "given_name", .type = CXM_FIELD_STRING, .min = 1, .max = 100,
      .flags = CXM_FIELD_PERSONAL },
    { .name = "family_name", .type = CXM_FIELD_STRING, .min = 1, .max = 100,
      .flags = CXM_FIELD_PERSONAL },
    { .name = "company", .type = CXM_FIELD_STRING, .min = 1, .max = 200,
      .flags = CXM_FIELD_PERSONAL },
    { .name = "job_title", .type = CXM_FIELD_STRING, .min = 1, .max = 100,
      .flags = CXM_FIELD_PERSONAL },
    { .name = "phone", .type = CXM_FIELD_PHONE, .flags = CXM_FIELD_PERSONAL,
      .summary = "where to call; with + and country code" },
    { .name = "birthdate", .type = CXM_FIELD_DATE,
      .flags = CXM_FIELD_PERSONAL },
    { .name = "language", .type = CXM_FIELD_LANGUAGE,
      .summary = "of messages and pages" },
    { .name = "time_zone", .type = CXM_FIELD_ZONE },
    { .name = "country", .type = CXM_FIELD_COUNTRY },
    { .name = "email", .type = CXM_FIELD_EMAIL,
      .flags = CXM_FIELD_PERSONAL | CXM_FIELD_READONLY,
      .summary = "changed at profile/email" },
    { .name = "email_verified", .type = CXM_FIELD_BOOL,
      .flags = CXM_FIELD_READONLY, .summary = "proved to be one's own" },
    CXM_FIELDS_DOC,
    { .name = NULL }
};

const cxm_fields_t  cxm_profile_fields = { "Profile", profile_fields };


/* The record's name of a field. */
static const char *
member_of(const cxm_field_t *field)
{
    return field->type == CXM_FIELD_PHONE ? CXM_CUSTOMER_PHONE : field->name;
}


static json_t *
record_value(const cxm_doc_t *customer, const cxm_field_t *field)
{
    return json_object_get(field->flags & CXM_FIELD_PERSONAL
                           ? customer->personal : customer->body,
                           member_of(field));
}


/* --- showing ------------------------------------------------------------ */

cxm_str_t
cxm_profile_email(const json_t *identifiers, int *verified)
{
    size_t         i;
    cxm_str_t      email;
    const json_t  *item;

    email = (cxm_str_t) { 0, NULL };
    *verified = 0;

    for (i = 0; i < json_array_size(identifiers) && !*verified; i++) {
        item = json_array_get(identifiers, i);

        if (!cxm_str_eqz(cxm_json_get_str(item, "type"), "email")) {
            continue;
        }

        *verified = cxm_json_get_bool(item, "verified", 0);

        if (*verified || email.data == NULL) {
            email = cxm_json_get_str(item, "value");
        }
    }

    return email;
}


json_t *
cxm_profile_json(const cxm_doc_t *customer)
{
    int                 bad, verified;
    json_t             *out, *value;
    cxm_str_t           email;
    cxm_doc_t           shown;
    const cxm_field_t  *field;

    shown = *customer;
    shown.body = json_object();
    bad = shown.body == NULL;

    for (field = profile_fields; field->name != NULL; field++) {
        value = field->flags & CXM_FIELD_READONLY
                ? NULL : record_value(customer, field);

        if (value != NULL) {
            bad |= json_object_set(shown.body, field->name, value);
        }
    }

    email = cxm_profile_email(json_object_get(customer->personal,
                                              "identifiers"), &verified);
    if (email.data != NULL) {
        bad |= cxm_json_set_str(shown.body, "email", email);
        bad |= json_object_set_new(shown.body, "email_verified",
                                   json_boolean(verified));
    }

    out = bad ? NULL : cxm_doc_json(&shown);
    json_decref(shown.body);

    return out;
}


/* --- writing ------------------------------------------------------------ */

/* What becomes of one field, if it changes. */
static int
patch_field(const cxm_field_t *field, const json_t *before,
    const json_t *now, json_t *out)
{
    json_t  *value;

    value = json_object_get(now, field->name);

    if (json_equal(value, json_object_get(before, field->name))
        || (value == NULL && json_object_get(before, field->name) == NULL))
    {
        return 0;
    }

    return json_object_set(out, member_of(field),
                           value == NULL ? json_null() : value);
}


cxm_rc_t
cxm_profile_patch(const cxm_doc_t *customer, const json_t *patch,
    json_t **out, cxm_error_t *err)
{
    int                 bad;
    json_t             *before, *now;
    cxm_rc_t            rc;
    const cxm_field_t  *field;

    *out = json_object();
    before = cxm_profile_json(customer);
    now = json_deep_copy(before);

    if (!json_is_object(patch)) {
        rc = cxm_issue(err, "", "wrong_type", "Must be an object.");

    } else {
        bad = now == NULL || cxm_merge_patch(now, patch) != CXM_OK;
        rc = bad ? CXM_INTERNAL
                 : cxm_field_check(&cxm_profile_fields, now, "", err);

        for (field = profile_fields; rc == CXM_OK && field->name != NULL;
             field++)
        {
            if (!(field->flags & CXM_FIELD_READONLY)
                && patch_field(field, before, now, *out))
            {
                rc = CXM_INTERNAL;
            }
        }
    }

    json_decref(before);
    json_decref(now);

    return rc == CXM_INTERNAL
           ? cxm_fail(err, rc, NULL, "Not enough memory.") : rc;
}


/* --- history ------------------------------------------------------------ */

static json_t *
email_json(const json_t *identifiers)
{
    int        verified;
    cxm_str_t  email;

    email = cxm_profile_email(identifiers, &verified);

    return email.data == NULL ? json_null()
                              : json_stringn(email.data, email.len);
}


/* Of all identifiers only the address is shown. */
static json_t *
change_of_email(const json_t *change)
{
    json_t  *from, *to;

    from = email_json(json_object_get(change, "from"));
    to = email_json(json_object_get(change, "to"));

    if (json_equal(from, to)) {
        json_decref(from);
        json_decref(to);
        return NULL;
    }

    return json_pack("{ss so so}", "field", CXM_PROFILE_EMAIL, "from", from,
                     "to", to);
}


static json_t *
change_of_field(const json_t *change, cxm_str_t member)
{
    char                pointer[CXM_ERROR_POINTER_LEN];
    const cxm_field_t  *field;

    for (field = profile_fields; field->name != NULL; field++) {

        if ((field->flags & CXM_FIELD_READONLY)
            || !cxm_str_eqz(member, member_of(field)))
        {
            continue;
        }

        pointer[0] = '\0';
        cxm_pointer_push(pointer, sizeof(pointer), cxm_strz(field->name));

        return json_pack("{ss sO? sO?}", "field", pointer,
                         "from", json_object_get(change, "from"),
                         "to", json_object_get(change, "to"));
    }

    return NULL;
}


json_t *
cxm_profile_changes(const json_t *changes)
{
    size_t         i;
    json_t        *out, *shown;
    cxm_str_t      member;
    const json_t  *change;

    out = json_array();

    for (i = 0; i < json_array_size(changes); i++) {
        change = json_array_get(changes, i);
        member = cxm_json_get_str(change, "field");

        if (member.len == 0) {
            continue;
        }

        member.data++;
        member.len--;
        shown = cxm_str_eqz(member, "identifiers")
                ? change_of_email(change) : change_of_field(change, member);

        if (shown != NULL && json_array_append_new(out, shown) != 0) {
            json_decref(out);
            return NULL;
        }
    }

    return out;
}
