/*
 * Fields that a site defines: a definition that is taken loads, fits itself,
 * and makes documents that come out of their parts as they went in.
 *
 * Input: a definition, NUL, a document.
 */

#include <stdlib.h>

#include "cxm_field_site.h"
#include "cxm_index_value.h"
#include "cxm_json.h"


#define check(condition)  do { if (!(condition)) { abort(); } } while (0)


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
count(void *ctx, const cxm_index_value_t *value)
{
    char        form[CXM_INDEX_TEXT];
    cxm_str_t   text;
    unsigned   *n = ctx;

    (*n)++;
    check(value->flags & (CXM_FIELD_KEY | CXM_FIELD_LOOKUP
                          | CXM_FIELD_WORDS));

    if (cxm_index_text(value->field, value->value, form, &text) == CXM_OK) {
        check(text.len <= CXM_INDEX_TEXT);
    }
}


/* What is not personal is all that others see. */
static void
parts(const cxm_fields_t *table, const json_t *document)
{
    json_t    *shared, *personal, *whole, *seen;
    unsigned   n, of_parts;

    check(cxm_field_split(table, document, &shared, &personal) == CXM_OK);
    whole = cxm_field_join(table, shared, personal, CXM_SEE_ALL);
    check(json_equal(whole, document));

    seen = cxm_field_join(table, shared, personal, CXM_SEE_SHARED);
    check(json_equal(seen, shared));
    json_decref(seen);

    n = 0;
    of_parts = 0;
    cxm_index_walk(table, document, count, &n);
    cxm_index_walk(table, shared, count, &of_parts);
    cxm_index_walk(table, personal, count, &of_parts);
    check(n == of_parts);

    json_decref(shared);
    json_decref(personal);
    json_decref(whole);
}


static void
documents(const cxm_fields_t *table, cxm_str_t text)
{
    json_t       *document;
    cxm_error_t   err;

    cxm_error_init(&err);

    if (cxm_json_load(text, &document, &err) != CXM_OK) {
        return;
    }

    if (cxm_field_check(table, document, "", &err) == CXM_OK) {
        cxm_field_strip(table, CXM_FIELD_OURS, document);
        parts(table, document);
    }

    json_decref(document);
}


static void
definition(const json_t *body, cxm_str_t document)
{
    json_t              *schema;
    cxm_arena_t          arena = { 0 };
    cxm_error_t          err;
    const cxm_fields_t  *table;

    cxm_error_init(&err);

    if (cxm_field_check(&cxm_site_fields, body, "", &err) != CXM_OK
        || cxm_site_check(body, &err) != CXM_OK)
    {
        check(err.nissues > 0);
        return;
    }

    check(cxm_site_fits(body, body, &err) == CXM_OK);

    /* "retired" is the server's and passed over: it may be anything here */

    if (cxm_site_load(&arena, body, &table) != CXM_OK) {
        check(json_object_get(body, "retired") != NULL);
        cxm_arena_free(&arena);
        return;
    }

    schema = cxm_field_schema(table);
    check(schema != NULL);
    json_decref(schema);

    documents(table, document);
    cxm_arena_free(&arena);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t         *body;
    cxm_str_t       text, document;
    const uint8_t  *end;

    end = size == 0 ? NULL : memchr(data, '\0', size);
    text = (cxm_str_t) { end == NULL ? size : (size_t) (end - data),
                         (const char *) data };
    document = end == NULL
               ? cxm_str("{}")
               : (cxm_str_t) { size - text.len - 1,
                               (const char *) end + 1 };

    if (cxm_json_load(text, &body, NULL) == CXM_OK) {
        definition(body, document);
        json_decref(body);
    }

    return 0;
}
