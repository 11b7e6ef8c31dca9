/*
 * Templates of messages: subject, text and perhaps an HTML part, by language.
 *
 * Built-in ones are constants; kind CXM_KIND_TEMPLATE, a record named by the
 * template's slug, has the texts that a site puts in their place or beside
 * them, each language by itself.
 *
 * "{{name}}" stands for a field.  In HTML its value is always escaped, and
 * it may stand only where that is enough: in text, and, if it is a link, as
 * the beginning of a quoted attribute.  "{{" means nothing else.
 */

#ifndef CXM_TEMPLATE_H
#define CXM_TEMPLATE_H

#include "cxm_record.h"


#define CXM_TEMPLATE_LANGUAGES  40      /* of a site's document */
#define CXM_TEMPLATE_SUBJECT    200     /* characters */
#define CXM_TEMPLATE_TEXT       20000
#define CXM_TEMPLATE_HTML       100000

extern const cxm_record_t  cxm_record_template;
extern const cxm_fields_t  cxm_template_fields;
extern const cxm_kind_t    cxm_kind_template;


/* --- fields ------------------------------------------------------------- */

typedef enum {
    CXM_TEMPLATE_SITE = 0,      /* of all templates: the renderer's own */
    CXM_TEMPLATE_RECIPIENT,
    CXM_TEMPLATE_MINUTES,
    CXM_TEMPLATE_HOURS,
    CXM_TEMPLATE_NAME,          /* given with the message */
    CXM_TEMPLATE_LINK,
    CXM_TEMPLATE_AT,
    CXM_TEMPLATE_DEVICE,
    CXM_TEMPLATE_PLACE,
    CXM_TEMPLATE_FIELDS
} cxm_template_field_no_t;

typedef struct {
    cxm_field_t  field;
    int          own;           /* the renderer's */
    const char  *sample;        /* for previews; as JSON */
} cxm_template_field_t;

extern const cxm_template_field_t  cxm_template_field[CXM_TEMPLATE_FIELDS];

/* The values of a message, each as it is to be read. */
typedef struct {
    cxm_buf_t  value[CXM_TEMPLATE_FIELDS];
} cxm_template_values_t;


/* --- texts -------------------------------------------------------------- */

typedef enum {
    CXM_PART_SUBJECT = 0,
    CXM_PART_TEXT,
    CXM_PART_HTML,
    CXM_PARTS
} cxm_part_t;

extern const char *const  cxm_part_names[CXM_PARTS];

typedef struct {
    const char  *language;
    const char  *part[CXM_PARTS];       /* NULL: there is none */
} cxm_template_text_t;

typedef struct {
    const char                 *slug;
    const char                 *summary;
    unsigned                    fields;     /* bits: those it is given */
    unsigned                    required;   /* of them; links of these must
                                               stand in text and HTML */
    const cxm_template_text_t  *texts;      /* ends with a NULL language; the
                                               first for whom none fits */
} cxm_template_t;

/* All of them; the last has a NULL slug. */
extern const cxm_template_t  cxm_templates[];
const cxm_template_t *cxm_template_find(cxm_str_t slug);    /* NULL: none */

/* Whether texts of the template may have the field. */
static inline int
cxm_template_has(const cxm_template_t *template, unsigned field)
{
    return cxm_template_field[field].own || (template->fields >> field & 1);
}

/* Fields of a message, by the table: CXM_OK or CXM_INVALID. */
cxm_rc_t cxm_template_check_fields(const cxm_template_t *template,
    const json_t *fields, const char *pointer, cxm_error_t *err);

/*
 * One part of a text: "unclosed", "unknown_field", "misplaced" (a value would
 * not be safe there), "required" (it lacks a link).
 */
cxm_rc_t cxm_template_check_part(const cxm_template_t *template,
    cxm_part_t part, cxm_str_t text, const char *pointer, cxm_error_t *err);

/* All parts of a text, its table's members; pointers begin with `pointer`. */
cxm_rc_t cxm_template_check_text(const cxm_template_t *template,
    const json_t *text, const char *pointer, cxm_error_t *err);

extern const cxm_fields_t  cxm_template_text_fields;

/* Appends the part with its fields filled in; of a text that was checked. */
void cxm_template_fill(cxm_part_t part, cxm_str_t text,
    const cxm_template_values_t *values, cxm_buf_t *out);


/* --- what a site has of one --------------------------------------------- */

/* The texts to write in, of one language; clear drops what they point to. */
typedef struct {
    cxm_doc_t  site;                    /* version 0: there is none */
    cxm_str_t  language;
    cxm_str_t  part[CXM_PARTS];         /* HTML len 0: none */
} cxm_template_chosen_t;

cxm_rc_t cxm_template_choose(cxm_txn_t *txn, const cxm_template_t *template,
    cxm_str_t wanted, cxm_template_chosen_t *out, cxm_error_t *err);
void cxm_template_chosen_clear(cxm_template_chosen_t *chosen);

/*
 * As answered: all texts that are in use, and which of them are built in; a
 * new reference.  `site` has version 0 where the site has none.
 */
json_t *cxm_template_json(const cxm_template_t *template,
    const cxm_doc_t *site);


#endif /* CXM_TEMPLATE_H */
