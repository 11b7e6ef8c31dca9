/*
 * JSON schema (2020-12) of field tables.
 *
 * Sets to an object that is NULL fail without harm in jansson, so only the
 * end looks whether memory was short.
 */

#include "cxm_field.h"


static const struct {
    const char  *type;
    const char  *format;
    const char  *least, *most;      /* names of min and max; NULL: none */
    const char  *pattern;
} cxm_schema_types[] = {
    [CXM_FIELD_STRING] = { "string", NULL, "minLength", "maxLength", NULL },
    [CXM_FIELD_TEXT] = { "string", NULL, "minLength", "maxLength", NULL },
    [CXM_FIELD_SLUG] = { "string", NULL, NULL, NULL,
                         "^[a-z0-9][a-z0-9-]{0,62}$" },
    [CXM_FIELD_UUID] = { "string", "uuid", NULL, NULL, NULL },
    [CXM_FIELD_EMAIL] = { "string", "email", NULL, NULL, NULL },
    [CXM_FIELD_URL] = { "string", "uri-reference", NULL, NULL, NULL },
    [CXM_FIELD_TIME] = { "string", "date-time", NULL, NULL, NULL },
    [CXM_FIELD_DATE] = { "string", "date", NULL, NULL, NULL },
    [CXM_FIELD_PHONE] = { "string", NULL, NULL, NULL, NULL },
    [CXM_FIELD_LANGUAGE] = { "string", NULL, NULL, NULL, NULL },
    [CXM_FIELD_COUNTRY] = { "string", NULL, NULL, NULL, "^[A-Z]{2}$" },
    [CXM_FIELD_ZONE] = { "string", NULL, NULL, NULL,
                         "^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$" },
    [CXM_FIELD_ENUM] = { "string", NULL, NULL, NULL, NULL },
    [CXM_FIELD_INT] = { "integer", NULL, "minimum", "maximum", NULL },
    [CXM_FIELD_NUMBER] = { "number", NULL, "minimum", "maximum", NULL },
    [CXM_FIELD_BOOL] = { "boolean", NULL, NULL, NULL, NULL },
    [CXM_FIELD_OBJECT] = { "object", NULL, NULL, NULL, NULL },
    [CXM_FIELD_ARRAY] = { "array", NULL, "minItems", "maxItems", NULL },
    [CXM_FIELD_MAP] = { "object", NULL, "minProperties", "maxProperties",
                        NULL },
    [CXM_FIELD_SCALAR] = { NULL, NULL, NULL, NULL, NULL },
    [CXM_FIELD_ANY] = { NULL, NULL, NULL, NULL, NULL }
};


static void
cxm_schema_type(json_t *schema, const cxm_field_t *field)
{
    const char  *type;

    type = cxm_schema_types[field->type].type;

    if (field->type == CXM_FIELD_SCALAR) {
        json_object_set_new(schema, "type",
                            json_pack("[ssss*]", "string", "number", "boolean",
                                      field->flags & CXM_FIELD_NULLABLE
                                      ? "null" : NULL));

    } else if (type == NULL) {
        return;

    } else if (field->flags & CXM_FIELD_NULLABLE) {
        json_object_set_new(schema, "type", json_pack("[ss]", type, "null"));

    } else {
        json_object_set_new(schema, "type", json_string(type));
    }
}


static void
cxm_schema_bounds(json_t *schema, const cxm_field_t *field)
{
    int          number;
    const char  *least, *most;

    least = cxm_schema_types[field->type].least;
    most = cxm_schema_types[field->type].most;

    if (least == NULL || (field->min == 0 && field->max == 0)) {
        return;
    }

    number = field->type == CXM_FIELD_INT || field->type == CXM_FIELD_NUMBER;

    if (number || field->min > 0) {
        json_object_set_new(schema, least, json_integer(field->min));
    }

    if (number || field->max > 0) {
        json_object_set_new(schema, most, json_integer(field->max));
    }
}


static void
cxm_schema_values(json_t *schema, const cxm_field_t *field)
{
    json_t             *values;
    const char *const  *value;

    if (field->type != CXM_FIELD_ENUM) {
        return;
    }

    values = json_array();

    for (value = field->values; *value != NULL; value++) {
        json_array_append_new(values, json_string(*value));
    }

    if (field->flags & CXM_FIELD_NULLABLE) {
        json_array_append_new(values, json_null());
    }

    json_object_set_new(schema, "enum", values);
}


static void
cxm_schema_notes(json_t *schema, const cxm_field_t *field)
{
    const char  *format;

    format = cxm_schema_types[field->type].format;

    if (format != NULL) {
        json_object_set_new(schema, "format", json_string(format));
    }

    if (cxm_schema_types[field->type].pattern != NULL) {
        json_object_set_new(schema, "pattern",
                    json_string(cxm_schema_types[field->type].pattern));
    }

    if (field->flags & CXM_FIELD_UNIQUE) {
        json_object_set_new(schema, "uniqueItems", json_true());
    }

    if (field->flags & CXM_FIELD_READONLY) {
        json_object_set_new(schema, "readOnly", json_true());
    }

    if (field->flags & CXM_FIELD_PERSONAL) {
        json_object_set_new(schema, "x-personal", json_true());
    }

    if (field->summary != NULL) {
        json_object_set_new(schema, "description",
                            json_string(field->summary));
    }
}


static void
cxm_schema_object(json_t *schema, const cxm_fields_t *table)
{
    json_t             *properties, *required;
    const cxm_field_t  *field;

    properties = json_object();
    required = json_array();

    for (field = table->fields; field->name != NULL; field++) {

        if (field->flags & CXM_FIELD_HIDDEN) {
            continue;
        }

        json_object_set_new(properties, field->name,
                            cxm_field_schema_value(field));

        if (field->flags & CXM_FIELD_REQUIRED) {
            json_array_append_new(required, json_string(field->name));
        }
    }

    json_object_set_new(schema, "properties", properties);

    if (json_array_size(required) > 0) {
        json_object_set(schema, "required", required);
    }

    json_decref(required);
    json_object_set_new(schema, "additionalProperties", json_false());
}


json_t *
cxm_field_schema_value(const cxm_field_t *field)
{
    json_t  *schema;

    schema = json_object();

    cxm_schema_type(schema, field);
    cxm_schema_bounds(schema, field);
    cxm_schema_values(schema, field);
    cxm_schema_notes(schema, field);

    if (field->type == CXM_FIELD_OBJECT) {
        cxm_schema_object(schema, field->object);
    }

    if (field->type == CXM_FIELD_ARRAY) {
        json_object_set_new(schema, "items",
                            cxm_field_schema_value(field->item));
    }

    if (field->type == CXM_FIELD_MAP) {
        json_object_set_new(schema, "propertyNames",
            json_pack("{ss}", "pattern", "^[A-Za-z0-9_.-]{1,64}$"));
        json_object_set_new(schema, "additionalProperties",
                            cxm_field_schema_value(field->item));
    }

    return schema;
}


json_t *
cxm_field_schema(const cxm_fields_t *table)
{
    json_t  *schema;

    schema = json_object();

    if (table->name != NULL) {
        json_object_set_new(schema, "title", json_string(table->name));
    }

    json_object_set_new(schema, "type", json_string("object"));
    cxm_schema_object(schema, table);

    return schema;
}


/* --- what is answered --------------------------------------------------- */

static void
cxm_schema_nullable(json_t *schema)
{
    size_t   i;
    json_t  *type, *values;

    type = json_object_get(schema, "type");
    values = json_object_get(schema, "enum");

    if (json_is_string(type)) {
        json_object_set_new(schema, "type", json_pack("[Os]", type, "null"));
        json_array_append_new(values, json_null());
        return;
    }

    for (i = 0; i < json_array_size(type); i++) {
        if (strcmp(json_string_value(json_array_get(type, i)), "null") == 0) {
            return;
        }
    }

    json_array_append_new(type, json_string("null"));
}


/*
 * Who may not read personal members gets none, also none that is required;
 * those of a person who is erased are null.
 */
static void
cxm_schema_impersonal(json_t *schema)
{
    size_t       i;
    json_t      *member, *required, *properties;
    const char  *name;

    if (!json_is_object(schema)) {
        return;
    }

    required = json_object_get(schema, "required");
    properties = json_object_get(schema, "properties");

    for (i = json_array_size(required); i-- > 0; /* void */ ) {
        name = json_string_value(json_array_get(required, i));
        member = json_object_get(properties, name);

        if (json_object_get(member, "x-personal") != NULL) {
            json_array_remove(required, i);
        }
    }

    if (json_array_size(required) == 0) {
        json_object_del(schema, "required");
    }

    json_object_foreach(properties, name, member) {
        cxm_schema_impersonal(member);
    }

    cxm_schema_impersonal(json_object_get(schema, "items"));
    cxm_schema_impersonal(json_object_get(schema, "additionalProperties"));

    if (json_object_get(schema, "x-personal") != NULL) {
        cxm_schema_nullable(schema);
    }
}


json_t *
cxm_field_schema_shown(const cxm_fields_t *table)
{
    json_t  *schema;

    schema = cxm_field_schema(table);
    cxm_schema_impersonal(schema);

    return schema;
}


/* --- merge patches ------------------------------------------------------ */

/* Nothing has to be there, null takes away: of objects in it as well. */
static void
cxm_schema_loosen(json_t *schema)
{
    json_t      *member;
    const char  *name;

    json_object_del(schema, "required");

    json_object_foreach(json_object_get(schema, "properties"), name, member) {
        cxm_schema_loosen(member);
        cxm_schema_nullable(member);
    }

    member = json_object_get(schema, "additionalProperties");

    if (json_is_object(member)) {
        cxm_schema_loosen(member);
        cxm_schema_nullable(member);
    }
}


json_t *
cxm_field_schema_patch(const cxm_fields_t *table)
{
    json_t  *schema;

    schema = cxm_field_schema(table);
    cxm_schema_loosen(schema);
    json_object_del(schema, "title");

    return schema;
}
