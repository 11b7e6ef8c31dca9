/*
 * Templates: the record of a site's texts, and which texts are in use.
 */

#include "cxm_json.h"
#include "cxm_language.h"
#include "cxm_template.h"


#define CXM_TEMPLATE_DEFAULT  "en"

/* A site's languages and those that are built in: what is answered. */
#define CXM_TEMPLATE_TEXTS    (CXM_TEMPLATE_LANGUAGES + 16)


/* --- the tables --------------------------------------------------------- */

static const cxm_field_t  text_fields[] = {
    { .name = "subject", .type = CXM_FIELD_STRING,
      .flags = CXM_FIELD_REQUIRED, .min = 1, .max = CXM_TEMPLATE_SUBJECT },
    { .name = "text", .type = CXM_FIELD_TEXT, .flags = CXM_FIELD_REQUIRED,
      .min = 1, .max = CXM_TEMPLATE_TEXT },
    { .name = "html", .type = CXM_FIELD_TEXT, .min = 1,
      .max = CXM_TEMPLATE_HTML, .summary = "values of fields are escaped" },
    { .name = "built_in", .type = CXM_FIELD_BOOL, .flags = CXM_FIELD_READONLY,
      .summary = "as it comes with the program" },
    { .name = NULL }
};

const cxm_fields_t  cxm_template_text_fields = {
    "TemplateText", text_fields
};

static const cxm_field_t  text_item = {
    .type = CXM_FIELD_OBJECT, .object = &cxm_template_text_fields
};

static const cxm_field_t  field_fields[] = {
    { .name = "name", .type = CXM_FIELD_STRING,
      .summary = "{{name}} stands for it" },
    { .name = "type", .type = CXM_FIELD_STRING,
      .summary = "string, integer, time, email or link" },
    { .name = "required", .type = CXM_FIELD_BOOL,
      .summary = "always given; a link is then to be in text and HTML" },
    { .name = "sample", .type = CXM_FIELD_STRING,
      .summary = "what a preview has, where it is given" },
    { .name = "summary", .type = CXM_FIELD_STRING },
    { .name = NULL }
};

static const cxm_fields_t  field_table = { "TemplateField", field_fields };

static const cxm_field_t  field_item = {
    .type = CXM_FIELD_OBJECT, .object = &field_table
};

static const cxm_field_t  template_fields[] = {
    { .name = "slug", .type = CXM_FIELD_SLUG, .flags = CXM_FIELD_READONLY },
    { .name = "summary", .type = CXM_FIELD_STRING,
      .flags = CXM_FIELD_READONLY, .summary = "what is sent by it" },
    { .name = "language", .type = CXM_FIELD_LANGUAGE,
      .summary = "for whom no language fits; default en" },
    { .name = "texts", .type = CXM_FIELD_MAP, .item = &text_item,
      .max = CXM_TEMPLATE_TEXTS,
      .summary = "by language; one equal to the built-in text replaces "
                 "nothing" },
    { .name = "fields", .type = CXM_FIELD_ARRAY, .flags = CXM_FIELD_READONLY,
      .item = &field_item, .summary = "what texts may have" },
    { .name = "built_in", .type = CXM_FIELD_BOOL, .flags = CXM_FIELD_READONLY,
      .summary = "the site has no texts of its own" },
    CXM_FIELDS_DOC,
    { .name = NULL }
};

const cxm_fields_t  cxm_template_fields = { "Template", template_fields };


/* --- built-in texts ----------------------------------------------------- */

static const cxm_template_text_t *
built_in_find(const cxm_template_t *template, cxm_str_t language)
{
    const cxm_template_text_t  *text;

    for (text = template->texts; text->language != NULL; text++) {
        if (cxm_str_eqz(language, text->language)) {
            return text;
        }
    }

    return NULL;
}


static int
built_in_same(const cxm_template_text_t *text, const json_t *own)
{
    unsigned   i;
    cxm_str_t  part;

    for (i = 0; i < CXM_PARTS; i++) {
        part = cxm_json_get_str(own, cxm_part_names[i]);

        if (text->part[i] == NULL ? part.data != NULL
                                  : !cxm_str_eqz(part, text->part[i]))
        {
            return 0;
        }
    }

    return 1;
}


/* --- the record --------------------------------------------------------- */

static cxm_rc_t
check_text(cxm_record_write_t *write, const cxm_template_t *template,
    const char *language, const json_t *text)
{
    char      pointer[CXM_ERROR_POINTER_LEN] = "/texts";
    cxm_rc_t  rc, bad;

    cxm_pointer_push(pointer, sizeof(pointer), cxm_strz(language));
    rc = cxm_language_valid(cxm_strz(language))
         ? CXM_OK
         : cxm_issue(write->err, pointer, "invalid",
                     "Must be named by a language tag.");
    bad = cxm_template_check_text(template, text, pointer, write->err);

    return bad != CXM_OK ? bad : rc;
}


/* The language for whom none fits has to be there; the default is not kept. */
static cxm_rc_t
check_language(cxm_record_write_t *write, const cxm_template_t *template)
{
    cxm_str_t  language;

    language = cxm_json_get_str(write->document, "language");

    if (language.data == NULL
        || cxm_str_eqz(language, CXM_TEMPLATE_DEFAULT))
    {
        (void) json_object_del(write->document, "language");
        return CXM_OK;
    }

    return built_in_find(template, language) != NULL
           || json_object_get(json_object_get(write->document, "texts"),
                              language.data) != NULL
           ? CXM_OK
           : cxm_issue(write->err, "/language", "not_found",
                       "There is no text of this language.");
}


static cxm_rc_t
template_check(cxm_record_write_t *write)
{
    void                        *tmp;
    json_t                      *texts, *text;
    cxm_rc_t                     rc, bad;
    const char                  *language;
    const cxm_template_t        *template;
    const cxm_template_text_t   *built_in;

    template = cxm_template_find(write->slug);

    if (template == NULL) {
        return cxm_fail(write->err, CXM_NOT_FOUND, NULL,
                        "There is no template of this name.");
    }

    rc = check_language(write, template);
    texts = json_object_get(write->document, "texts");

    json_object_foreach_safe(texts, tmp, language, text) {
        bad = check_text(write, template, language, text);
        rc = bad != CXM_OK ? bad : rc;
        built_in = built_in_find(template, cxm_strz(language));

        if (built_in != NULL && built_in_same(built_in, text)) {
            (void) json_object_del(texts, language);
        }
    }

    if (json_object_size(texts) > CXM_TEMPLATE_LANGUAGES) {
        rc = cxm_issue(write->err, "/texts", "too_long",
                       "A site has texts of at most %d languages.",
                       CXM_TEMPLATE_LANGUAGES);
    }

    return rc;
}


const cxm_record_t  cxm_record_template = {
    .kind = CXM_KIND_TEMPLATE,
    .name = "template",
    .fields = &cxm_template_fields,
    .flags = CXM_RECORD_NAMED | CXM_RECORD_HISTORY,
    .check = template_check
};


static cxm_rc_t
template_apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    return cxm_record_apply(txn, entry, &cxm_record_template, NULL);
}


const cxm_kind_t  cxm_kind_template = {
    .no = CXM_KIND_TEMPLATE,
    .version = 1,
    .name = "template",
    .apply = template_apply
};


/* --- which text is used ------------------------------------------------- */

static cxm_rc_t
load_site(cxm_txn_t *txn, const cxm_template_t *template, cxm_doc_t *site,
    cxm_error_t *err)
{
    cxm_rc_t  rc;

    rc = cxm_doc_by_name(txn, CXM_KIND_TEMPLATE, cxm_strz(template->slug),
                         site, err);

    if (rc == CXM_NOT_FOUND) {
        memset(site, 0, sizeof(*site));
        rc = CXM_OK;
    }

    return rc;
}


/* All languages there are, each once, that for whom none fits the first. */
static unsigned
list_languages(const cxm_template_t *template, const cxm_doc_t *site,
    cxm_str_t have[CXM_TEMPLATE_TEXTS])
{
    json_t                      *texts, *text;
    unsigned                     n;
    cxm_str_t                    first;
    const char                  *language;
    const cxm_template_text_t   *built_in;

    n = 0;
    texts = json_object_get(site->body, "texts");
    first = cxm_json_get_str(site->body, "language");
    have[n++] = first.len > 0 ? first : cxm_strz(template->texts[0].language);

    json_object_foreach(texts, language, text) {
        if (n < CXM_TEMPLATE_TEXTS && !cxm_str_eqz(have[0], language)) {
            have[n++] = cxm_strz(language);
        }
    }

    for (built_in = template->texts; built_in->language != NULL; built_in++) {
        if (n < CXM_TEMPLATE_TEXTS
            && !cxm_str_eqz(have[0], built_in->language)
            && json_object_get(texts, built_in->language) == NULL)
        {
            have[n++] = cxm_strz(built_in->language);
        }
    }

    return n;
}


/* The site's, or with `own` NULL the one that is built in. */
static cxm_str_t
text_part(const json_t *own, const cxm_template_text_t *built_in,
    unsigned part)
{
    if (own != NULL) {
        return cxm_json_get_str(own, cxm_part_names[part]);
    }

    return cxm_strz(built_in == NULL ? NULL : built_in->part[part]);
}


cxm_rc_t
cxm_template_choose(cxm_txn_t *txn, const cxm_template_t *template,
    cxm_str_t wanted, cxm_template_chosen_t *out, cxm_error_t *err)
{
    json_t                     *own;
    cxm_rc_t                    rc;
    unsigned                    i, n;
    cxm_str_t                   have[CXM_TEMPLATE_TEXTS];
    const cxm_template_text_t  *built_in;

    memset(out, 0, sizeof(*out));
    rc = load_site(txn, template, &out->site, err);

    if (rc != CXM_OK) {
        return rc;
    }

    n = list_languages(template, &out->site, have);
    out->language = have[cxm_language_choose(have, n, wanted, cxm_str(""))];
    own = json_object_get(json_object_get(out->site.body, "texts"),
                          out->language.data);
    built_in = built_in_find(template, out->language);

    for (i = 0; i < CXM_PARTS; i++) {
        out->part[i] = text_part(own, built_in, i);
    }

    return CXM_OK;
}


void
cxm_template_chosen_clear(cxm_template_chosen_t *chosen)
{
    cxm_doc_clear(&chosen->site);
}


/* --- as answered -------------------------------------------------------- */

static json_t *
text_json(const json_t *own, const cxm_template_text_t *built_in)
{
    int        bad;
    json_t    *out;
    unsigned   i;
    cxm_str_t  part;

    out = json_object();
    bad = out == NULL;

    for (i = 0; i < CXM_PARTS && !bad; i++) {
        part = text_part(own, built_in, i);
        bad = part.data != NULL
              && cxm_json_set_str(out, cxm_part_names[i], part) != 0;
    }

    bad = bad || json_object_set_new(out, "built_in",
                                     json_boolean(own == NULL)) != 0;

    if (bad) {
        json_decref(out);
        return NULL;
    }

    return out;
}


static json_t *
texts_json(const cxm_template_t *template, const json_t *texts)
{
    int                         bad;
    json_t                     *out, *own;
    const char                 *language;
    const cxm_template_text_t  *built_in;

    out = json_object();
    bad = out == NULL;

    json_object_foreach((json_t *) texts, language, own) {
        bad = bad || json_object_set_new(out, language,
                                         text_json(own, NULL)) != 0;
    }

    for (built_in = template->texts; built_in->language != NULL; built_in++) {
        if (!bad && json_object_get(texts, built_in->language) == NULL) {
            bad = json_object_set_new(out, built_in->language,
                                      text_json(NULL, built_in)) != 0;
        }
    }

    if (bad) {
        json_decref(out);
        return NULL;
    }

    return out;
}


static const char *
type_name(cxm_field_type_t type)
{
    return type == CXM_FIELD_URL ? "link"
           : type == CXM_FIELD_EMAIL ? "email"
           : type == CXM_FIELD_TIME ? "time"
           : type == CXM_FIELD_INT ? "integer" : "string";
}


static json_t *
fields_json(const cxm_template_t *template)
{
    int                          bad;
    json_t                      *out, *sample;
    unsigned                     i;
    const cxm_template_field_t  *field;

    out = json_array();
    bad = out == NULL;

    for (i = 0; i < CXM_TEMPLATE_FIELDS && !bad; i++) {
        field = &cxm_template_field[i];

        if (!cxm_template_has(template, i)) {
            continue;
        }

        sample = field->sample == NULL
                 ? NULL : json_loads(field->sample, JSON_DECODE_ANY, NULL);

        bad = json_array_append_new(out,
                  json_pack("{ss ss sb so* ss}", "name", field->field.name,
                            "type", type_name(field->field.type),
                            "required", template->required >> i & 1,
                            "sample", sample,
                            "summary", field->field.summary)) != 0;
    }

    if (bad) {
        json_decref(out);
        return NULL;
    }

    return out;
}


json_t *
cxm_template_json(const cxm_template_t *template, const cxm_doc_t *site)
{
    int         bad;
    json_t     *out, *own;
    cxm_str_t   language;

    language = cxm_json_get_str(site->body, "language");

    out = json_pack("{ss ss ss so so sb}", "slug", template->slug,
                    "summary", template->summary,
                    "language", language.len > 0 ? language.data
                                                 : CXM_TEMPLATE_DEFAULT,
                    "texts", texts_json(template,
                                        json_object_get(site->body,
                                                        "texts")),
                    "fields", fields_json(template),
                    "built_in", site->version == 0);

    if (out == NULL || site->version == 0) {
        return out;
    }

    own = cxm_doc_json(site);
    bad = own == NULL || json_object_update_missing(out, own) != 0;
    json_decref(own);

    if (bad) {
        json_decref(out);
        return NULL;
    }

    return out;
}
