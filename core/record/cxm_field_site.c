/*
 * Fields that a site defines: their form, and loading them.
 */

#include "cxm_field_site.h"
#include "cxm_site_int.h"
#include "cxm_json.h"


/* Types by name, and what each may have. */
static const cxm_site_type_t  cxm_site_types[] = {
    { "string", CXM_FIELD_STRING, CXM_SITE_BOUNDS | CXM_SITE_LOOKUP
                                  | CXM_SITE_WORDS | CXM_SITE_UNIQUE,
      CXM_STRING_MAX },
    { "text", CXM_FIELD_TEXT, CXM_SITE_BOUNDS | CXM_SITE_WORDS,
      CXM_TEXT_MAX },
    { "integer", CXM_FIELD_INT, CXM_SITE_BOUNDS | CXM_SITE_LOOKUP
                                | CXM_SITE_UNIQUE, 0 },
    { "number", CXM_FIELD_NUMBER, CXM_SITE_BOUNDS, 0 },
    { "boolean", CXM_FIELD_BOOL, CXM_SITE_LOOKUP, 0 },
    { "enum", CXM_FIELD_ENUM, CXM_SITE_VALUES | CXM_SITE_LOOKUP, 0 },
    { "date", CXM_FIELD_DATE, CXM_SITE_LOOKUP, 0 },
    { "time", CXM_FIELD_TIME, 0, 0 },
    { "email", CXM_FIELD_EMAIL, CXM_SITE_LOOKUP | CXM_SITE_UNIQUE, 0 },
    { "phone", CXM_FIELD_PHONE, CXM_SITE_LOOKUP | CXM_SITE_UNIQUE, 0 },
    { "url", CXM_FIELD_URL, 0, 0 },
    { "country", CXM_FIELD_COUNTRY, CXM_SITE_LOOKUP, 0 },
    { "language", CXM_FIELD_LANGUAGE, CXM_SITE_LOOKUP, 0 },
    { NULL, 0, 0, 0 }
};

static const struct {
    const char  *name;
    unsigned     flag;          /* of the field */
    unsigned     needs;         /* of its type */
} cxm_site_indexes[] = {
    { "none", 0, 0 },
    { "lookup", CXM_FIELD_LOOKUP, CXM_SITE_LOOKUP },
    { "words", CXM_FIELD_WORDS, CXM_SITE_WORDS },
    { "unique", CXM_FIELD_KEY, CXM_SITE_UNIQUE }
};

#define CXM_SITE_INDEXES                                                      \
    (sizeof(cxm_site_indexes) / sizeof(cxm_site_indexes[0]))


/* --- the document's own table ------------------------------------------- */

static const char *const  type_values[] = {
    "string", "text", "integer", "number", "boolean", "enum", "date", "time",
    "email", "phone", "url", "country", "language", NULL
};

static const char *const  index_values[] = {
    "none", "lookup", "words", "unique", NULL
};

static const cxm_field_t  value_item = {
    .type = CXM_FIELD_STRING, .min = 1, .max = 100
};

static const cxm_field_t  field_fields[] = {
    { .name = "name", .type = CXM_FIELD_STRING, .flags = CXM_FIELD_REQUIRED,
      .min = 1, .max = 63, .summary = "[a-z][a-z0-9_]{0,62}" },
    { .name = "type", .type = CXM_FIELD_ENUM, .flags = CXM_FIELD_REQUIRED,
      .values = type_values },
    { .name = "summary", .type = CXM_FIELD_STRING, .max = 200,
      .summary = "for people" },
    { .name = "required", .type = CXM_FIELD_BOOL, .summary = "default false" },
    { .name = "personal", .type = CXM_FIELD_BOOL,
      .summary = "sealed with the person's key and erased with it; default "
                 "false" },
    { .name = "index", .type = CXM_FIELD_ENUM, .values = index_values,
      .summary = "how documents are found by it; default none" },
    { .name = "min", .type = CXM_FIELD_INT,
      .summary = "least value, or number of characters" },
    { .name = "max", .type = CXM_FIELD_INT,
      .summary = "greatest value, or number of characters" },
    { .name = "values", .type = CXM_FIELD_ARRAY, .flags = CXM_FIELD_UNIQUE,
      .item = &value_item, .min = 1, .max = 100, .summary = "of an enum" },
    { .name = NULL }
};

static const cxm_fields_t  field_table = { "Field", field_fields };

static const cxm_field_t  field_item = {
    .type = CXM_FIELD_OBJECT, .object = &field_table
};

static const cxm_field_t  fields_fields[] = {
    { .name = "slug", .type = CXM_FIELD_SLUG, .flags = CXM_FIELD_READONLY,
      .summary = "the kind that the fields are for" },
    { .name = "fields", .type = CXM_FIELD_ARRAY, .flags = CXM_FIELD_REQUIRED,
      .item = &field_item, .max = CXM_SITE_FIELDS },
    { .name = "retired", .type = CXM_FIELD_ARRAY, .flags = CXM_FIELD_READONLY,
      .item = &field_item, .summary = "kept where it is, set no more" },
    CXM_FIELDS_DOC,
    { .name = NULL }
};

const cxm_fields_t  cxm_site_fields = { "Fields", fields_fields };


/* --- loading ------------------------------------------------------------ */

const cxm_site_type_t *
cxm_site_type(const json_t *field)
{
    cxm_str_t               name;
    const cxm_site_type_t  *type;

    name = cxm_json_get_str(field, "type");

    for (type = cxm_site_types; type->name != NULL; type++) {
        if (cxm_str_eqz(name, type->name)) {
            return type;
        }
    }

    return NULL;
}


unsigned
cxm_site_index(const json_t *field, unsigned *needs)
{
    size_t     i;
    cxm_str_t  name;

    name = cxm_json_get_str(field, "index");
    *needs = 0;

    for (i = 0; i < CXM_SITE_INDEXES; i++) {
        if (cxm_str_eqz(name, cxm_site_indexes[i].name)) {
            *needs = cxm_site_indexes[i].needs;
            return cxm_site_indexes[i].flag;
        }
    }

    return 0;
}


void
cxm_site_bounds(const json_t *field, int64_t *min, int64_t *max)
{
    const cxm_site_type_t  *type;

    type = cxm_site_type(field);
    *min = 0;
    *max = 0;

    if (type == NULL || !(type->may & CXM_SITE_BOUNDS)) {
        return;
    }

    if (type->most > 0) {
        *max = type->most;

    } else if (json_object_get(field, "min") != NULL
               || json_object_get(field, "max") != NULL)
    {
        *min = INT64_MIN;
        *max = INT64_MAX;
    }

    *min = cxm_json_get_int(field, "min", *min);
    *max = cxm_json_get_int(field, "max", *max);
}


static cxm_rc_t
load_values(cxm_arena_t *arena, const json_t *values, const char ***out)
{
    size_t     i, n;
    cxm_str_t  text;

    n = json_array_size(values);
    *out = cxm_arena_alloc(arena, (n + 1) * sizeof(const char *));

    if (*out == NULL) {
        return CXM_INTERNAL;
    }

    for (i = 0; i < n; i++) {
        text = cxm_arena_str(arena, cxm_json_str(json_array_get(values, i)));

        if (text.data == NULL) {
            return CXM_INTERNAL;
        }

        (*out)[i] = text.data;
    }

    return CXM_OK;
}


static cxm_rc_t
load_field(cxm_arena_t *arena, const json_t *from, unsigned flags,
    cxm_field_t *out)
{
    unsigned                needs;
    cxm_rc_t                rc;
    const char            **values;
    const cxm_site_type_t  *type;

    type = cxm_site_type(from);

    if (type == NULL) {
        return CXM_CORRUPT;
    }

    rc = load_values(arena, json_object_get(from, "values"), &values);

    if (rc != CXM_OK) {
        return rc;
    }

    out->name = cxm_arena_str(arena, cxm_json_get_str(from, "name")).data;
    out->summary = cxm_arena_str(arena,
                                 cxm_json_get_str(from, "summary")).data;
    out->type = type->type;
    out->values = values;
    out->flags = flags | cxm_site_index(from, &needs);
    cxm_site_bounds(from, &out->min, &out->max);

    if (cxm_json_get_bool(from, "required", 0) && flags == 0) {
        out->flags |= CXM_FIELD_REQUIRED;
    }

    if (cxm_json_get_bool(from, "personal", 0)) {
        out->flags |= CXM_FIELD_PERSONAL;
    }

    return out->name == NULL ? CXM_INTERNAL : CXM_OK;
}


cxm_rc_t
cxm_site_load(cxm_arena_t *arena, const json_t *body,
    const cxm_fields_t **out)
{
    size_t         i, n, live;
    cxm_rc_t       rc;
    json_t        *fields, *retired;
    cxm_field_t   *list;
    cxm_fields_t  *table;

    fields = json_object_get(body, "fields");
    retired = json_object_get(body, "retired");
    live = json_array_size(fields);
    n = live + json_array_size(retired);

    table = cxm_arena_alloc(arena, sizeof(*table));
    list = cxm_arena_alloc(arena, (n + 1) * sizeof(*list));
    rc = table == NULL || list == NULL ? CXM_INTERNAL : CXM_OK;

    for (i = 0; i < n && rc == CXM_OK; i++) {
        rc = i < live
             ? load_field(arena, json_array_get(fields, i), 0, &list[i])
             : load_field(arena, json_array_get(retired, i - live),
                          CXM_FIELD_READONLY, &list[i]);
    }

    if (rc == CXM_OK) {
        table->name = "Attributes";
        table->fields = list;
        *out = table;
    }

    return rc;
}
