/*
 * From the values of a document to keys and terms.
 */

#include <stdio.h>
#include <stdlib.h>

#include "cxm_id.h"
#include "cxm_index_value.h"
#include "cxm_json.h"
#include "cxm_phone.h"


#define CXM_INDEX_FLAGS  (CXM_FIELD_KEY | CXM_FIELD_LOOKUP | CXM_FIELD_WORDS)


/* --- walking ------------------------------------------------------------ */

typedef struct {
    cxm_index_pt   fn;
    void          *ctx;
    char           path[CXM_INDEX_PATH];
    char           pointer[CXM_ERROR_POINTER_LEN];
} cxm_index_walk_t;


static void cxm_index_members(cxm_index_walk_t *walk,
    const cxm_fields_t *table, const json_t *object);


static void
cxm_index_call(cxm_index_walk_t *walk, const cxm_field_t *field,
    unsigned flags, const json_t *value)
{
    cxm_index_value_t  one;

    one.field = field;
    one.flags = flags;
    one.path = cxm_strz(walk->path);
    one.pointer = walk->pointer;
    one.value = value;

    walk->fn(walk->ctx, &one);
}


static void
cxm_index_items(cxm_index_walk_t *walk, const cxm_field_t *field,
    const json_t *array)
{
    char    name[24];
    size_t  i, before;

    before = strlen(walk->pointer);

    for (i = 0; i < json_array_size(array); i++) {
        (void) snprintf(name, sizeof(name), "%zu", i);
        cxm_pointer_push(walk->pointer, sizeof(walk->pointer),
                         cxm_strz(name));
        cxm_index_call(walk, field->item, field->flags,
                       json_array_get(array, i));
        walk->pointer[before] = '\0';
    }
}


static void
cxm_index_member(cxm_index_walk_t *walk, const cxm_field_t *field,
    const json_t *value)
{
    if (field->type == CXM_FIELD_OBJECT) {
        cxm_index_members(walk, field->object, value);

    } else if (!(field->flags & CXM_INDEX_FLAGS)) {
        return;

    } else if (field->type == CXM_FIELD_ARRAY) {
        cxm_index_items(walk, field, value);

    } else {
        cxm_index_call(walk, field, field->flags, value);
    }
}


static void
cxm_index_members(cxm_index_walk_t *walk, const cxm_fields_t *table,
    const json_t *object)
{
    int                 n;
    size_t              path, pointer, room;
    const json_t       *value;
    const cxm_field_t  *field;

    path = strlen(walk->path);
    pointer = strlen(walk->pointer);
    room = sizeof(walk->path) - path;

    for (field = table->fields; field->name != NULL; field++) {

        value = json_object_get(object, field->name);

        if (value == NULL) {
            continue;
        }

        n = snprintf(walk->path + path, room, "%s%s", path == 0 ? "" : ".",
                     field->name);

        if (n > 0 && (size_t) n < room) {
            cxm_pointer_push(walk->pointer, sizeof(walk->pointer),
                             cxm_strz(field->name));
            cxm_index_member(walk, field, value);
            walk->pointer[pointer] = '\0';
        }

        walk->path[path] = '\0';
    }
}


void
cxm_index_walk(const cxm_fields_t *table, const json_t *document,
    cxm_index_pt fn, void *ctx)
{
    cxm_index_walk_t  walk;

    walk.fn = fn;
    walk.ctx = ctx;
    walk.path[0] = '\0';
    walk.pointer[0] = '\0';

    cxm_index_members(&walk, table, document);
}


/* --- one form ----------------------------------------------------------- */

static cxm_rc_t
cxm_index_form_uuid(cxm_str_t s, char *out, size_t *len)
{
    cxm_rc_t    rc;
    cxm_uuid_t  id;

    rc = cxm_uuid_parse(s, &id);

    if (rc == CXM_OK) {
        cxm_uuid_format(&id, out);
        *len = CXM_UUID_LEN;
    }

    return rc;
}


static cxm_rc_t
cxm_index_form_time(cxm_str_t s, char *out, size_t *len)
{
    cxm_ms_t  t;
    cxm_rc_t  rc;

    rc = cxm_rfc3339_parse(s, &t);

    if (rc == CXM_OK) {
        cxm_rfc3339_format(t, out);
        *len = CXM_RFC3339_LEN;
    }

    return rc;
}


static cxm_rc_t
cxm_index_form(const cxm_field_t *field, cxm_str_t s, char *out, size_t *len)
{
    cxm_rc_t  rc;

    switch (field->type) {

    case CXM_FIELD_UUID:
        rc = cxm_index_form_uuid(s, out, len);
        break;

    case CXM_FIELD_TIME:
        rc = cxm_index_form_time(s, out, len);
        break;

    case CXM_FIELD_PHONE:
        rc = cxm_phone_parse(s, out, len);
        break;

    default:
        rc = CXM_BAD_REQUEST;
        break;
    }

    /* what has not the form that it should have is a text like others */

    return rc == CXM_OK ? CXM_OK : cxm_fold(s, out, CXM_INDEX_TEXT, len);
}


static size_t
cxm_index_scalar(const json_t *value, char *out)
{
    int  n;

    if (json_is_integer(value)) {
        n = snprintf(out, CXM_INDEX_TEXT, "%lld",
                     (long long) json_integer_value(value));

    } else if (json_is_real(value)) {
        n = snprintf(out, CXM_INDEX_TEXT, "%.17g", json_real_value(value));

    } else {
        n = snprintf(out, CXM_INDEX_TEXT, "%s",
                     json_is_true(value) ? "true" : "false");
    }

    return n < 0 ? 0 : (size_t) n;
}


cxm_rc_t
cxm_index_text(const cxm_field_t *field, const json_t *value,
    char out[CXM_INDEX_TEXT], cxm_str_t *text)
{
    size_t    len;
    cxm_rc_t  rc;

    rc = CXM_OK;

    if (json_is_string(value)) {
        rc = cxm_index_form(field, cxm_json_str(value), out, &len);

    } else {
        len = cxm_index_scalar(value, out);
    }

    *text = (cxm_str_t) { rc == CXM_OK ? len : 0, out };

    return rc == CXM_OK ? CXM_OK : CXM_NOT_FOUND;
}


/* --- hashes ------------------------------------------------------------- */

static const cxm_key_t *
cxm_index_key(const cxm_store_t *store)
{
    return &cxm_store_keyring(store)->k[CXM_SUBKEY_TERM];
}


void
cxm_index_term(const cxm_store_t *store, cxm_term_kind_t term_kind,
    cxm_str_t path, cxm_str_t text, cxm_term_t *term)
{
    uint8_t  no, hash[CXM_HASH_LEN];

    no = (uint8_t) term_kind;
    cxm_keyed_hash(cxm_index_key(store),
                   (cxm_str_t) { 1, (const char *) &no }, path, text, hash,
                   sizeof(hash));
    memcpy(term->b, hash, sizeof(term->b));
}


cxm_rc_t
cxm_index_hash(const cxm_store_t *store, const cxm_index_value_t *value,
    uint8_t hash[CXM_HASH_LEN])
{
    char       form[CXM_INDEX_TEXT];
    cxm_rc_t   rc;
    cxm_str_t  text;

    rc = cxm_index_text(value->field, value->value, form, &text);

    if (rc == CXM_OK) {
        cxm_keyed_hash(cxm_index_key(store), cxm_str("key"), value->path,
                       text, hash, CXM_HASH_LEN);
    }

    return rc;
}


/* --- collecting --------------------------------------------------------- */

typedef struct {
    const cxm_store_t  *store;
    cxm_index_terms_t  *out;
} cxm_index_collect_t;


static void
cxm_collect_term(cxm_index_collect_t *collect, cxm_term_kind_t term_kind,
    cxm_str_t path, cxm_str_t text)
{
    cxm_index_terms_t  *out;

    out = collect->out;

    if (out->nterms < CXM_INDEX_TERMS) {
        cxm_index_term(collect->store, term_kind, path, text,
                       &out->term[out->nterms++]);
    }
}


static void
cxm_collect_word(cxm_index_collect_t *collect, cxm_str_t word, int prefixed)
{
    unsigned  n, letters;

    cxm_collect_term(collect, CXM_TERM_WORD, cxm_str(""), word);

    letters = prefixed ? cxm_word_letters(word) : 0;

    for (n = CXM_INDEX_PREFIX_MIN; n <= CXM_INDEX_PREFIX_MAX && n < letters;
         n++)
    {
        cxm_collect_term(collect, CXM_TERM_PREFIX, cxm_str(""),
                         cxm_word_prefix(word, n));
    }
}


static void
cxm_collect_words(cxm_index_collect_t *collect, cxm_str_t text)
{
    unsigned     i;
    cxm_words_t  words;

    cxm_words_split(text, &words);

    for (i = 0; i < words.n; i++) {
        cxm_collect_word(collect, words.word[i], i < CXM_INDEX_PREFIXED);
    }

    if (words.n > 0) {
        cxm_collect_term(collect, CXM_TERM_EXACT, cxm_str(""),
                         (cxm_str_t) { words.len, words.text });
    }
}


static void
cxm_collect_value(void *ctx, const cxm_index_value_t *value)
{
    char                  form[CXM_INDEX_TEXT];
    cxm_str_t             text;
    cxm_index_collect_t  *collect;
    cxm_index_terms_t    *out;

    collect = ctx;
    out = collect->out;

    if ((value->flags & CXM_FIELD_KEY) && out->nkeys < CXM_INDEX_KEYS
        && cxm_index_hash(collect->store, value, out->key[out->nkeys])
           == CXM_OK)
    {
        out->nkeys++;
    }

    if ((value->flags & CXM_FIELD_LOOKUP)
        && cxm_index_text(value->field, value->value, form, &text) == CXM_OK)
    {
        cxm_collect_term(collect, CXM_TERM_VALUE, value->path, text);
    }

    if ((value->flags & CXM_FIELD_WORDS) && json_is_string(value->value)) {
        cxm_collect_words(collect, cxm_json_str(value->value));
    }
}


static int
cxm_collect_compare_key(const void *a, const void *b)
{
    return memcmp(a, b, CXM_HASH_LEN);
}


static int
cxm_collect_compare_term(const void *a, const void *b)
{
    return memcmp(a, b, CXM_TERM_LEN);
}


/* Sorts n items of a size and takes doubles out; how many are left. */
static size_t
cxm_collect_sort(void *items, size_t n, size_t size,
    int (*compare)(const void *a, const void *b))
{
    size_t    i, kept;
    uint8_t  *p;

    p = items;
    kept = 0;

    qsort(items, n, size, compare);

    for (i = 0; i < n; i++) {
        if (kept == 0 || compare(p + (kept - 1) * size, p + i * size) != 0) {
            memmove(p + kept++ * size, p + i * size, size);
        }
    }

    return kept;
}


void
cxm_index_collect(const cxm_store_t *store, const cxm_fields_t *table,
    const json_t *part, cxm_index_terms_t *out)
{
    cxm_index_collect_t  collect;

    out->nkeys = 0;
    out->nterms = 0;
    collect.store = store;
    collect.out = out;

    if (part != NULL) {
        cxm_index_walk(table, part, cxm_collect_value, &collect);
    }

    out->nkeys = cxm_collect_sort(out->key, out->nkeys, CXM_HASH_LEN,
                                  cxm_collect_compare_key);
    out->nterms = cxm_collect_sort(out->term, out->nterms, CXM_TERM_LEN,
                                   cxm_collect_compare_term);
}
