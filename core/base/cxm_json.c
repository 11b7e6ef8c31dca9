/*
 * Bounded JSON: loading, by jansson, and access to members.
 */

#include "cxm_json.h"
#include "cxm_memory.h"


/* Line and column (in characters) of a byte, both from 1. */
static void
cxm_json_place(cxm_str_t text, size_t at, int *line, int *column)
{
    size_t  i;

    *line = 1;
    *column = 1;

    for (i = 0; i < at; i++) {
        if (text.data[i] == '\n') {
            (*line)++;
            *column = 1;

        } else if ((text.data[i] & 0xc0) != 0x80) {
            (*column)++;
        }
    }
}


/*
 * The first bracket that opens level 17, or text.len.  jansson itself stops
 * at 2048 levels only, after it has built them.
 */
static size_t
cxm_json_too_deep(cxm_str_t text)
{
    size_t    i;
    unsigned  depth, quoted;

    depth = 0;
    quoted = 0;

    for (i = 0; i < text.len; i++) {

        switch (text.data[i]) {

        case '"':
            quoted = !quoted;
            break;

        case '\\':
            i += quoted;
            break;

        case '[':
        case '{':
            if (!quoted && ++depth > CXM_JSON_DEPTH) {
                return i;
            }
            break;

        case ']':
        case '}':
            if (!quoted && depth > 0) {
                depth--;
            }
            break;
        }
    }

    return text.len;
}


/*
 * Our words: jansson's quote the text, which may be personal.  It gives
 * none when most of its allocations fail.
 */
static cxm_rc_t
cxm_json_refuse(const json_error_t *error, cxm_error_t *err)
{
    const char  *code, *why;

    /* jansson takes a lack of memory inside a string for bad syntax */

    if (error->text[0] == '\0' || cxm_memory_failed()) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    code = "not_json";

    switch (json_error_code(error)) {

    case json_error_duplicate_key:
        code = "duplicate_name";
        why = "a name occurs twice in one object";
        break;

    case json_error_numeric_overflow:
        why = "a number does not fit into 64 bits";
        break;

    case json_error_premature_end_of_input:
        why = "the text ends too early";
        break;

    case json_error_end_of_input_expected:
        why = "something follows the value";
        break;

    case json_error_null_character:
    case json_error_null_byte_in_key:
        why = "\\u0000 is not allowed";
        break;

    default:
        why = "this is not JSON";
        break;
    }

    return cxm_fail(err, CXM_BAD_REQUEST, code, "Line %d, column %d: %s.",
                    error->line, error->column, why);
}


cxm_rc_t
cxm_json_load(cxm_str_t text, json_t **out, cxm_error_t *err)
{
    int           line, column;
    size_t        at;
    json_error_t  error;

    *out = NULL;

    if (text.data == NULL) {
        text = cxm_str("");
    }

    at = cxm_utf8_prefix(text.data, text.len);

    if (at != text.len) {
        cxm_json_place(text, at, &line, &column);
        return cxm_fail(err, CXM_BAD_REQUEST, "bad_encoding",
                        "Line %d, column %d: not well-formed UTF-8.",
                        line, column);
    }

    at = cxm_json_too_deep(text);

    if (at != text.len) {
        cxm_json_place(text, at, &line, &column);
        return cxm_fail(err, CXM_BAD_REQUEST, "too_deep",
                        "Line %d, column %d: more than %d levels.",
                        line, column, CXM_JSON_DEPTH);
    }

    memset(&error, 0, sizeof(error));
    (void) cxm_memory_failed();

    *out = json_loadb(text.data, text.len,
                      JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);

    return *out != NULL ? CXM_OK : cxm_json_refuse(&error, err);
}


cxm_str_t
cxm_json_str(const json_t *string)
{
    if (!json_is_string(string)) {
        return (cxm_str_t) { 0, NULL };
    }

    return (cxm_str_t) { json_string_length(string),
                         json_string_value(string) };
}


cxm_str_t
cxm_json_get_str(const json_t *object, const char *name)
{
    return cxm_json_str(json_object_get(object, name));
}


int64_t
cxm_json_get_int(const json_t *object, const char *name, int64_t def)
{
    json_t  *value;

    value = json_object_get(object, name);

    return json_is_integer(value) ? json_integer_value(value) : def;
}


int
cxm_json_get_bool(const json_t *object, const char *name, int def)
{
    json_t  *value;

    value = json_object_get(object, name);

    return json_is_boolean(value) ? json_is_true(value) : def;
}


int
cxm_json_set_str(json_t *object, const char *name, cxm_str_t value)
{
    return json_object_set_new(object, name,
                               json_stringn(value.data == NULL ? ""
                                            : value.data, value.len));
}


int
cxm_json_set_int(json_t *object, const char *name, int64_t value)
{
    return json_object_set_new(object, name, json_integer(value));
}


json_t *
cxm_json_members(const json_t *object)
{
    return object == NULL ? json_object() : json_copy((json_t *) object);
}
