/*
 * Field tables: everything about a resource is declared once, as data.
 *
 * A table drives validation, problem details with JSON pointers, which
 * members are personal, and OpenAPI.  Built-in tables are constants; tables
 * that a site defines are documents loaded into the same structure.
 */

#ifndef CXM_FIELD_H
#define CXM_FIELD_H

#include <jansson.h>

#include "cxm_error.h"
#include "cxm_str.h"
#include "cxm_value.h"


typedef enum {
    CXM_FIELD_STRING,       /* min..max: characters (code points) */
    CXM_FIELD_TEXT,         /* the same; line breaks and tabs allowed */
    CXM_FIELD_SLUG,
    CXM_FIELD_UUID,
    CXM_FIELD_EMAIL,        /* one @, no spaces or controls, <= 254 */
    CXM_FIELD_URL,          /* http(s) absolute, or a path from "/" */
    CXM_FIELD_TIME,         /* RFC 3339 */
    CXM_FIELD_DATE,         /* YYYY-MM-DD */
    CXM_FIELD_PHONE,        /* international; see cxm_phone.h */
    CXM_FIELD_LANGUAGE,     /* tag, as "pt-BR" */
    CXM_FIELD_COUNTRY,      /* ISO 3166-1 alpha-2 */
    CXM_FIELD_ZONE,         /* IANA time zone, as "Europe/Berlin" */
    CXM_FIELD_ENUM,
    CXM_FIELD_INT,          /* min..max: value; 9.0 is no integer */
    CXM_FIELD_NUMBER,       /* integer or real; min..max: value */
    CXM_FIELD_BOOL,
    CXM_FIELD_OBJECT,       /* `fields` */
    CXM_FIELD_ARRAY,        /* of `item`; min..max: length */
    CXM_FIELD_MAP,          /* any names; values as `item`; min..max: size;
                               names: 1..64 of [A-Za-z0-9_.-] */
    CXM_FIELD_SCALAR,       /* string (<= max), integer, real or boolean */
    CXM_FIELD_ANY           /* checked by the room */
} cxm_field_type_t;

#define CXM_FIELD_REQUIRED  0x01    /* must be there in a whole document */
#define CXM_FIELD_NULLABLE  0x02    /* null is allowed */
#define CXM_FIELD_PERSONAL  0x04    /* sealed with the person's key */
#define CXM_FIELD_READONLY  0x08    /* answered; passed over in input, so that
                                       what was answered can be put again */
#define CXM_FIELD_UNIQUE    0x10    /* array: no item twice */
#define CXM_FIELD_HIDDEN    0x20    /* kept; neither answered nor taken */

/* Indexes, all by keyed hashes of the folded value; of arrays each item. */
#define CXM_FIELD_KEY       0x40    /* a value leads to one document only */
#define CXM_FIELD_LOOKUP    0x80    /* a value leads to all that have it */
#define CXM_FIELD_WORDS     0x100   /* so do its words and their beginnings */

typedef struct cxm_field_s  cxm_field_t;

typedef struct {
    const char         *name;       /* schema name in OpenAPI */
    const cxm_field_t  *fields;     /* ends with a NULL name */
} cxm_fields_t;

struct cxm_field_s {
    const char          *name;
    cxm_field_type_t     type;
    unsigned             flags;
    int64_t              min, max;  /* both 0: the type's own bounds */
    const char *const   *values;    /* ENUM: NULL-terminated */
    const cxm_fields_t  *object;    /* OBJECT */
    const cxm_field_t   *item;      /* ARRAY, MAP */
    const char          *summary;   /* one line for OpenAPI */
};

/* Rows that the table of a document has, at the end (cxm_doc_json). */
#define CXM_FIELDS_DOC                                                        \
    { .name = "id", .type = CXM_FIELD_UUID, .flags = CXM_FIELD_READONLY },    \
    { .name = "version", .type = CXM_FIELD_INT,                               \
      .flags = CXM_FIELD_READONLY, .summary = "1, 2, ..." },                  \
    { .name = "created_at", .type = CXM_FIELD_TIME,                           \
      .flags = CXM_FIELD_READONLY },                                          \
    { .name = "updated_at", .type = CXM_FIELD_TIME,                           \
      .flags = CXM_FIELD_READONLY }

#define CXM_STRING_MAX  1000        /* when a string names no bound */
#define CXM_TEXT_MAX    10000
#define CXM_URL_MAX     2048
#define CXM_ITEMS_MAX   1000    /* of an array or map that names none */

/*
 * Checks a document against its table and collects every issue:
 * "unknown_field", "required", "wrong_type", "out_of_range", "too_long",
 * "too_short", "invalid" (form), "not_allowed" (enum),
 * "duplicate".  `pointer` is the document's own place ("" at the top).
 * CXM_OK or CXM_INVALID.
 */
cxm_rc_t cxm_field_check(const cxm_fields_t *table, const json_t *document,
    const char *pointer, cxm_error_t *err);

/* The same for one value. */
cxm_rc_t cxm_field_check_value(const cxm_field_t *field, const json_t *value,
    const char *pointer, cxm_error_t *err);

/*
 * Parts of a document.
 *
 * strip takes the members out that have one of the flags, at any depth; keep
 * puts those that input may not set (READONLY, HIDDEN) back from an older
 * document, but not in arrays and maps.
 */
#define CXM_FIELD_OURS  (CXM_FIELD_READONLY | CXM_FIELD_HIDDEN)

void cxm_field_strip(const cxm_fields_t *table, unsigned flags,
    json_t *document);
cxm_rc_t cxm_field_keep(const cxm_fields_t *table, const json_t *from,
    json_t *document);

/*
 * Times, at any depth, in the one form that they are answered in: UTC, with
 * milliseconds.  Of a document that was checked, and nobody shares.
 * CXM_INTERNAL without memory.
 */
cxm_rc_t cxm_field_times(const cxm_fields_t *table, json_t *document);

/*
 * Sets *shared and *personal to what is not and what is personal, new
 * references; the members of an object that is not personal go their own
 * ways.  CXM_INTERNAL without memory.
 */
cxm_rc_t cxm_field_split(const cxm_fields_t *table, const json_t *document,
    json_t **shared, json_t **personal);

typedef enum {
    CXM_SEE_ALL = 0,        /* hidden members too */
    CXM_SEE_PERSONAL,
    CXM_SEE_SHARED,         /* without personal members */
    CXM_SEE_ERASED          /* personal members are null */
} cxm_field_see_t;

/*
 * The way back: a new reference, members in the table's order; NULL without
 * memory.  shared and personal may be NULL.
 */
json_t *cxm_field_join(const cxm_fields_t *table, const json_t *shared,
    const json_t *personal, cxm_field_see_t see);

/* The field of a name; NULL: there is none. */
const cxm_field_t *cxm_field_find(const cxm_fields_t *table, cxm_str_t name);

/* RFC 7396: patches target in place. */
cxm_rc_t cxm_merge_patch(json_t *target, const json_t *patch);

/*
 * A record whose members are values in the order of its table; those that
 * are ABSENT are left out.  Text, and a tree (a new reference, or NULL).
 */
void cxm_field_json(cxm_buf_t *buf, const cxm_fields_t *table,
    const cxm_value_t *values);
json_t *cxm_field_tree(const cxm_fields_t *table, const cxm_value_t *values);

/*
 * JSON schema (2020-12) of a table, of what is answered of it, of a merge
 * patch to it, and of one value; new references.
 */
json_t *cxm_field_schema(const cxm_fields_t *table);
json_t *cxm_field_schema_shown(const cxm_fields_t *table);
json_t *cxm_field_schema_patch(const cxm_fields_t *table);
json_t *cxm_field_schema_value(const cxm_field_t *field);


#endif /* CXM_FIELD_H */
