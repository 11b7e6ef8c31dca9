/*
 * Checking a document against its field table.
 *
 * Recursion follows the table and the document together; both are bounded,
 * the document by CXM_JSON_DEPTH.
 */

#include "cxm_field.h"
#include "cxm_field_text.h"
#include "cxm_json.h"


typedef struct {
    cxm_error_t  *err;
    cxm_rc_t      rc;
    size_t        len;
    char          pointer[CXM_ERROR_POINTER_LEN];
} cxm_field_walk_t;

typedef void (*cxm_field_pt)(cxm_field_walk_t *walk, const cxm_field_t *field,
    const json_t *value);


static void cxm_field_value(cxm_field_walk_t *walk, const cxm_field_t *field,
    const json_t *value);


#define cxm_field_issue(walk, ...)                                            \
    ((walk)->rc = cxm_issue((walk)->err, (walk)->pointer, __VA_ARGS__))


static size_t
cxm_field_enter(cxm_field_walk_t *walk, cxm_str_t name)
{
    size_t  before;

    before = walk->len;
    cxm_pointer_push(walk->pointer, sizeof(walk->pointer), name);
    walk->len = strlen(walk->pointer);

    return before;
}


static void
cxm_field_leave(cxm_field_walk_t *walk, size_t before)
{
    walk->len = before;
    walk->pointer[before] = '\0';
}


static void
cxm_field_enter_issue(cxm_field_walk_t *walk, cxm_str_t name, const char *code,
    const char *detail)
{
    size_t  before;

    before = cxm_field_enter(walk, name);
    cxm_field_issue(walk, code, "%s", detail);
    cxm_field_leave(walk, before);
}


static void
cxm_field_string(cxm_field_walk_t *walk, const cxm_field_t *field,
    const json_t *value)
{
    if (cxm_field_text_check(field, cxm_json_str(value), walk->pointer,
                             walk->err)
        != CXM_OK)
    {
        walk->rc = CXM_INVALID;
    }
}


static int
cxm_field_bounded(const cxm_field_t *field)
{
    return field->min != 0 || field->max != 0;
}


static void
cxm_field_int(cxm_field_walk_t *walk, const cxm_field_t *field,
    const json_t *value)
{
    int64_t  n;

    n = json_integer_value(value);

    if (cxm_field_bounded(field) && (n < field->min || n > field->max)) {
        cxm_field_issue(walk, "out_of_range", "Must be from %lld to %lld.",
                        (long long) field->min, (long long) field->max);
    }
}


static void
cxm_field_number(cxm_field_walk_t *walk, const cxm_field_t *field,
    const json_t *value)
{
    double  n;

    if (json_is_integer(value)) {
        cxm_field_int(walk, field, value);
        return;
    }

    n = json_real_value(value);

    if (cxm_field_bounded(field)
        && (n < (double) field->min || n > (double) field->max))
    {
        cxm_field_issue(walk, "out_of_range", "Must be from %lld to %lld.",
                        (long long) field->min, (long long) field->max);
    }
}


static void
cxm_field_scalar(cxm_field_walk_t *walk, const cxm_field_t *field,
    const json_t *value)
{
    if (json_is_string(value)) {
        cxm_field_string(walk, field, value);
    }
}


static void
cxm_field_any(cxm_field_walk_t *walk, const cxm_field_t *field,
    const json_t *value)
{
    (void) walk;
    (void) field;
    (void) value;
}


static int
cxm_field_size(cxm_field_walk_t *walk, const cxm_field_t *field, size_t size)
{
    int64_t  n, max;

    n = (int64_t) size;
    max = field->max > 0 ? field->max : CXM_ITEMS_MAX;

    if (n > max) {
        cxm_field_issue(walk, "too_long", "Must have at most %lld items.",
                        (long long) max);
        return 0;
    }

    if (n < field->min) {
        cxm_field_issue(walk, "too_short", "Must have at least %lld item%s.",
                        (long long) field->min, field->min == 1 ? "" : "s");
        return 0;
    }

    return 1;
}


static int
cxm_field_seen(const json_t *array, size_t n)
{
    size_t  i;

    for (i = 0; i < n; i++) {
        if (json_equal(json_array_get(array, i), json_array_get(array, n))) {
            return 1;
        }
    }

    return 0;
}


static void
cxm_field_array(cxm_field_walk_t *walk, const cxm_field_t *field,
    const json_t *value)
{
    char    name[24];
    size_t  i, before;

    if (!cxm_field_size(walk, field, json_array_size(value))) {
        return;
    }

    for (i = 0; i < json_array_size(value); i++) {

        (void) snprintf(name, sizeof(name), "%zu", i);
        before = cxm_field_enter(walk, cxm_strz(name));

        cxm_field_value(walk, field->item, json_array_get(value, i));

        if ((field->flags & CXM_FIELD_UNIQUE) && cxm_field_seen(value, i)) {
            cxm_field_issue(walk, "duplicate", "Must not occur twice.");
        }

        cxm_field_leave(walk, before);
    }
}


static int
cxm_field_name_valid(cxm_str_t name)
{
    static const char  others[] = "_.-";

    size_t  i;
    char    c;

    for (i = 0; i < name.len; i++) {
        c = name.data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9')
              || memchr(others, c, sizeof(others) - 1) != NULL))
        {
            return 0;
        }
    }

    return name.len >= 1 && name.len <= 64;
}


static void
cxm_field_map(cxm_field_walk_t *walk, const cxm_field_t *field,
    const json_t *value)
{
    size_t       before;
    json_t      *member;
    cxm_str_t    name;
    const char  *key;

    if (!cxm_field_size(walk, field, json_object_size(value))) {
        return;
    }

    json_object_foreach((json_t *) value, key, member) {

        name = cxm_strz(key);

        if (!cxm_field_name_valid(name)) {
            cxm_field_enter_issue(walk, name, "invalid",
                                  "A name is 1 to 64 of A-Z a-z 0-9 _ . -.");
            continue;
        }

        before = cxm_field_enter(walk, name);
        cxm_field_value(walk, field->item, member);
        cxm_field_leave(walk, before);
    }
}


const cxm_field_t *
cxm_field_find(const cxm_fields_t *table, cxm_str_t name)
{
    const cxm_field_t  *field;

    for (field = table->fields; field->name != NULL; field++) {
        if (cxm_str_eqz(name, field->name)) {
            return field;
        }
    }

    return NULL;
}


static void
cxm_field_members(cxm_field_walk_t *walk, const cxm_fields_t *table,
    const json_t *object)
{
    size_t              before;
    json_t             *member;
    const char         *key;
    const cxm_field_t  *field;

    json_object_foreach((json_t *) object, key, member) {

        field = cxm_field_find(table, cxm_strz(key));

        if (field == NULL || (field->flags & CXM_FIELD_HIDDEN)) {
            cxm_field_enter_issue(walk, cxm_strz(key), "unknown_field",
                                  "There is no such field.");
            continue;
        }

        if (field->flags & CXM_FIELD_READONLY) {
            continue;
        }

        before = cxm_field_enter(walk, cxm_strz(key));
        cxm_field_value(walk, field, member);
        cxm_field_leave(walk, before);
    }

    for (field = table->fields; field->name != NULL; field++) {

        if ((field->flags & CXM_FIELD_REQUIRED)
            && json_object_get(object, field->name) == NULL)
        {
            cxm_field_enter_issue(walk, cxm_strz(field->name), "required",
                                  "This field is required.");
        }
    }
}


static void
cxm_field_object(cxm_field_walk_t *walk, const cxm_field_t *field,
    const json_t *value)
{
    cxm_field_members(walk, field->object, value);
}


#define CXM_JSON_BIT(type)  (1u << (type))

#define CXM_JSON_STRING  CXM_JSON_BIT(JSON_STRING)
#define CXM_JSON_INT     CXM_JSON_BIT(JSON_INTEGER)
#define CXM_JSON_NUMBER  (CXM_JSON_INT | CXM_JSON_BIT(JSON_REAL))
#define CXM_JSON_BOOL    (CXM_JSON_BIT(JSON_TRUE) | CXM_JSON_BIT(JSON_FALSE))


static const struct {
    unsigned       types;       /* of JSON that the field takes */
    cxm_field_pt   check;
    const char    *what;
} cxm_field_types[] = {
    [CXM_FIELD_STRING] = { CXM_JSON_STRING, cxm_field_string, "a string" },
    [CXM_FIELD_TEXT] = { CXM_JSON_STRING, cxm_field_string, "a string" },
    [CXM_FIELD_SLUG] = { CXM_JSON_STRING, cxm_field_string, "a string" },
    [CXM_FIELD_UUID] = { CXM_JSON_STRING, cxm_field_string, "a string" },
    [CXM_FIELD_EMAIL] = { CXM_JSON_STRING, cxm_field_string, "a string" },
    [CXM_FIELD_URL] = { CXM_JSON_STRING, cxm_field_string, "a string" },
    [CXM_FIELD_TIME] = { CXM_JSON_STRING, cxm_field_string, "a string" },
    [CXM_FIELD_DATE] = { CXM_JSON_STRING, cxm_field_string, "a string" },
    [CXM_FIELD_PHONE] = { CXM_JSON_STRING, cxm_field_string, "a string" },
    [CXM_FIELD_LANGUAGE] = { CXM_JSON_STRING, cxm_field_string, "a string" },
    [CXM_FIELD_COUNTRY] = { CXM_JSON_STRING, cxm_field_string, "a string" },
    [CXM_FIELD_ZONE] = { CXM_JSON_STRING, cxm_field_string, "a string" },
    [CXM_FIELD_ENUM] = { CXM_JSON_STRING, cxm_field_string, "a string" },
    [CXM_FIELD_INT] = { CXM_JSON_INT, cxm_field_int, "an integer" },
    [CXM_FIELD_NUMBER] = { CXM_JSON_NUMBER, cxm_field_number, "a number" },
    [CXM_FIELD_BOOL] = { CXM_JSON_BOOL, cxm_field_any, "true or false" },
    [CXM_FIELD_OBJECT] = { CXM_JSON_BIT(JSON_OBJECT), cxm_field_object,
                           "an object" },
    [CXM_FIELD_ARRAY] = { CXM_JSON_BIT(JSON_ARRAY), cxm_field_array,
                          "an array" },
    [CXM_FIELD_MAP] = { CXM_JSON_BIT(JSON_OBJECT), cxm_field_map,
                        "an object" },
    [CXM_FIELD_SCALAR] = { CXM_JSON_STRING | CXM_JSON_NUMBER | CXM_JSON_BOOL,
                           cxm_field_scalar,
                           "a string, a number, true or false" },
    [CXM_FIELD_ANY] = { ~0u, cxm_field_any, "" }
};


static void
cxm_field_value(cxm_field_walk_t *walk, const cxm_field_t *field,
    const json_t *value)
{
    if (json_is_null(value) && (field->flags & CXM_FIELD_NULLABLE)) {
        return;
    }

    if (!(cxm_field_types[field->type].types
          & CXM_JSON_BIT(json_typeof(value))))
    {
        cxm_field_issue(walk, "wrong_type", "Must be %s.",
                        cxm_field_types[field->type].what);
        return;
    }

    cxm_field_types[field->type].check(walk, field, value);
}


static void
cxm_field_walk(cxm_field_walk_t *walk, const char *pointer, cxm_error_t *err)
{
    walk->err = err;
    walk->rc = CXM_OK;
    walk->len = cxm_utf8_prefix(pointer, strnlen(pointer,
                                                 sizeof(walk->pointer) - 1));
    memcpy(walk->pointer, pointer, walk->len);
    walk->pointer[walk->len] = '\0';
}


cxm_rc_t
cxm_field_check(const cxm_fields_t *table, const json_t *document,
    const char *pointer, cxm_error_t *err)
{
    cxm_field_walk_t  walk;

    cxm_field_walk(&walk, pointer, err);

    if (json_is_object(document)) {
        cxm_field_members(&walk, table, document);

    } else {
        cxm_field_issue(&walk, "wrong_type", "Must be an object.");
    }

    return walk.rc;
}


cxm_rc_t
cxm_field_check_value(const cxm_field_t *field, const json_t *value,
    const char *pointer, cxm_error_t *err)
{
    cxm_field_walk_t  walk;

    cxm_field_walk(&walk, pointer, err);
    cxm_field_value(&walk, field, value);

    return walk.rc;
}
