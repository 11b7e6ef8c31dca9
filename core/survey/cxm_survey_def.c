/*
 * What a definition may say: its field table, and what no table can tell.
 */

#include <stdio.h>

#include "cxm_language.h"
#include "cxm_rule.h"
#include "cxm_survey_int.h"


#define CXM_SCALE_WIDTH  100
#define CXM_SCALE_MAX    10000
#define CXM_WEIGHT_MAX   1000000
#define CXM_TEXTS_MAX    50             /* languages of a text */

#define CXM_PARTIAL_HOURS_MIN  0.001


static const char *const  type_values[] = {
    "nps", "csat", "ces", "scale", "choice", "multi", "text", "contact", NULL
};

static const char *const  status_values[] = {
    "draft", "live", "paused", "closed", NULL
};

static const cxm_field_t  text_item = {
    .type = CXM_FIELD_TEXT, .min = 1, .max = 1000
};

static const cxm_field_t  long_item = {
    .type = CXM_FIELD_TEXT, .min = 1, .max = 4000
};

static const cxm_field_t  end_item = {
    .type = CXM_FIELD_STRING, .min = 1, .max = 100
};

static const cxm_field_t  weight_item = {
    .type = CXM_FIELD_NUMBER, .min = 0, .max = CXM_WEIGHT_MAX
};

static const cxm_field_t  id_item = {
    .type = CXM_FIELD_STRING, .min = 1, .max = CXM_SLUG_MAX
};

static const cxm_field_t  segment_item = {
    .type = CXM_FIELD_STRING, .min = 1, .max = 64
};

static const cxm_field_t  scale_fields[] = {
    { "min", CXM_FIELD_INT, CXM_FIELD_REQUIRED, 0, CXM_SCALE_MAX,
      NULL, NULL, NULL, "lowest score" },
    { "max", CXM_FIELD_INT, CXM_FIELD_REQUIRED, 0, CXM_SCALE_MAX,
      NULL, NULL, NULL, "highest score, at most 100 above min" },
    { .name = NULL }
};

static const cxm_fields_t  scale_table = { "Scale", scale_fields };

static const cxm_field_t  choice_fields[] = {
    { "id", CXM_FIELD_STRING, CXM_FIELD_REQUIRED, 1, CXM_SLUG_MAX,
      NULL, NULL, NULL, "[a-z0-9_][a-z0-9_-]{0,62}" },
    { "text", CXM_FIELD_MAP, CXM_FIELD_REQUIRED, 1, CXM_TEXTS_MAX,
      NULL, NULL, &text_item, "text by language" },
    { .name = NULL }
};

static const cxm_fields_t  choice_table = { "Choice", choice_fields };

static const cxm_field_t  choice_item = {
    .type = CXM_FIELD_OBJECT, .object = &choice_table
};

static const cxm_field_t  question_fields[] = {
    { "id", CXM_FIELD_STRING, CXM_FIELD_REQUIRED, 1, CXM_SLUG_MAX,
      NULL, NULL, NULL, "[a-z0-9_][a-z0-9_-]{0,62}" },
    { "type", CXM_FIELD_ENUM, CXM_FIELD_REQUIRED, 0, 0,
      type_values, NULL, NULL, "kind of question; fixed once answered" },
    { "scale", CXM_FIELD_OBJECT, 0, 0, 0,
      NULL, &scale_table, NULL,
      "of scored types; nps 0-10, csat 1-5, ces 1-7; required for scale" },
    { "text", CXM_FIELD_MAP, CXM_FIELD_REQUIRED, 1, CXM_TEXTS_MAX,
      NULL, NULL, &text_item, "text by language" },
    { "low", CXM_FIELD_MAP, 0, 1, CXM_TEXTS_MAX,
      NULL, NULL, &end_item,
      "what the lowest score means, by language; of scored types" },
    { "high", CXM_FIELD_MAP, 0, 1, CXM_TEXTS_MAX,
      NULL, NULL, &end_item, "what the highest score means" },
    { "required", CXM_FIELD_BOOL, 0, 0, 0,
      NULL, NULL, NULL, "a complete answer must have it; default false" },
    { "weight", CXM_FIELD_NUMBER, 0, 0, CXM_WEIGHT_MAX,
      NULL, NULL, NULL, "in a CSI that names no weights; default 1" },
    { "choices", CXM_FIELD_ARRAY, 0, 1, CXM_CHOICES_MAX,
      NULL, NULL, &choice_item, "of choice and multi" },
    { "show_if", CXM_FIELD_OBJECT, 0, 0, 0,
      NULL, &cxm_rule_fields, NULL, "asked only if this holds" },
    { .name = NULL }
};

static const cxm_fields_t  question_table = { "Question", question_fields };

static const cxm_field_t  question_item = {
    .type = CXM_FIELD_OBJECT, .object = &question_table
};

static const cxm_field_t  suppress_fields[] = {
    { "same_survey_days", CXM_FIELD_INT, 0, 0, 3650,
      NULL, NULL, NULL, "days until the same survey asks again" },
    { "any_survey_days", CXM_FIELD_INT, 0, 0, 3650,
      NULL, NULL, NULL, "days until any survey asks again" },
    { .name = NULL }
};

static const cxm_fields_t  suppress_table = { "Suppress", suppress_fields };

static const cxm_field_t  quota_fields[] = {
    { "responses", CXM_FIELD_INT, CXM_FIELD_REQUIRED, 1, 1000000000,
      NULL, NULL, NULL, "answers wanted" },
    { .name = NULL }
};

static const cxm_fields_t  quota_table = { "Quota", quota_fields };

static const cxm_field_t  csi_fields[] = {
    { "questions", CXM_FIELD_ARRAY,
      CXM_FIELD_REQUIRED | CXM_FIELD_UNIQUE, 1, CXM_CSI_MAX,
      NULL, NULL, &id_item, "ids of scored questions" },
    { "weights", CXM_FIELD_ARRAY, 0, 1, CXM_CSI_MAX,
      NULL, NULL, &weight_item,
      "above 0, one for each question; made to sum to 1" },
    { .name = NULL }
};

static const cxm_fields_t  csi_table = { "Csi", csi_fields };

static const cxm_field_t  survey_fields[] = {
    { "title", CXM_FIELD_STRING, CXM_FIELD_REQUIRED, 1, 200,
      NULL, NULL, NULL, "title" },
    { "status", CXM_FIELD_ENUM, 0, 0, 0,
      status_values, NULL, NULL, "default draft" },
    { "questions", CXM_FIELD_ARRAY, CXM_FIELD_REQUIRED,
      1, CXM_QUESTIONS_MAX,
      NULL, NULL, &question_item, "questions in order" },
    { "heading", CXM_FIELD_MAP, 0, 1, CXM_TEXTS_MAX,
      NULL, NULL, &end_item,
      "of the page, by language; default the title" },
    { "thanks", CXM_FIELD_MAP, 0, 1, CXM_TEXTS_MAX,
      NULL, NULL, &long_item, "text after the answer, by language" },
    { "default_language", CXM_FIELD_STRING, 0, 2, CXM_LANGUAGE_MAX,
      NULL, NULL, NULL, "where no other fits; default en or the first" },
    { "segment_by", CXM_FIELD_ARRAY, CXM_FIELD_UNIQUE,
      0, CXM_SEGMENTS_MAX,
      NULL, NULL, &segment_item, "names of attributes that are segments" },
    { "suppress", CXM_FIELD_OBJECT, 0, 0, 0,
      NULL, &suppress_table, NULL, "how long a person is not asked again" },
    { "quota", CXM_FIELD_OBJECT, 0, 0, 0,
      NULL, &quota_table, NULL, "when to stop asking" },
    { "sample", CXM_FIELD_NUMBER, 0, 0, 1,
      NULL, NULL, NULL, "share of exposures that ask, above 0; default 1" },
    { "partial_timeout_hours", CXM_FIELD_NUMBER, 0, 0, 8760,
      NULL, NULL, NULL,
      "until a partial answer is final; at least 0.001, default 168" },
    { "csi", CXM_FIELD_OBJECT, 0, 0, 0,
      NULL, &csi_table, NULL, "customer satisfaction index" },
    { .name = "slug", .type = CXM_FIELD_SLUG, .flags = CXM_FIELD_READONLY,
      .summary = "its name in addresses" },
    CXM_FIELDS_DOC,
    { .name = NULL }
};

const cxm_fields_t  cxm_survey_fields = { "Survey", survey_fields };

static const cxm_field_t  language_item = { .type = CXM_FIELD_STRING };

static const cxm_field_t  public_fields[] = {
    { .name = "survey", .type = CXM_FIELD_SLUG, .flags = CXM_FIELD_REQUIRED },
    { .name = "version", .type = CXM_FIELD_INT, .flags = CXM_FIELD_REQUIRED,
      .summary = "to be told with the answer" },
    { .name = "title", .type = CXM_FIELD_STRING,
      .flags = CXM_FIELD_REQUIRED },
    { .name = "heading", .type = CXM_FIELD_MAP, .item = &end_item,
      .summary = "by language" },
    { .name = "thanks", .type = CXM_FIELD_MAP, .item = &long_item,
      .summary = "text after the answer, by language" },
    { .name = "languages", .type = CXM_FIELD_ARRAY, .item = &language_item,
      .flags = CXM_FIELD_REQUIRED,
      .summary = "that texts are there in, the default first" },
    { .name = "default_language", .type = CXM_FIELD_STRING },
    { .name = "questions", .type = CXM_FIELD_ARRAY, .item = &question_item,
      .flags = CXM_FIELD_REQUIRED },
    { .name = "expires_at", .type = CXM_FIELD_TIME,
      .summary = "of a personal link" },
    { .name = "answered", .type = CXM_FIELD_BOOL,
      .summary = "whether the link has been used" },
    { .name = NULL }
};

const cxm_fields_t  cxm_survey_public_fields = {
    "PublicSurvey", public_fields
};


/* [a-z0-9_][a-z0-9_-]{0,62}; with upper case and dots for attributes. */
static int
name_valid(cxm_str_t s, int attribute)
{
    char    c;
    size_t  i;

    for (i = 0; i < s.len; i++) {
        c = s.data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'
              || (c == '-' && (i > 0 || attribute))
              || (attribute && ((c >= 'A' && c <= 'Z') || c == '.'))))
        {
            return 0;
        }
    }

    return s.len > 0 && s.len <= (attribute ? 64 : CXM_SLUG_MAX);
}


/* Whether a tag before this one is the same but for its case. */
static int
tag_is_twice(json_t *texts, const char *tag)
{
    void        *iter;
    const char  *other;

    for (iter = json_object_iter(texts); iter != NULL;
         iter = json_object_iter_next(texts, iter))
    {
        other = json_object_iter_key(iter);

        if (strcmp(other, tag) == 0) {
            return 0;
        }

        if (cxm_language_match(cxm_strz(other), cxm_strz(tag)) == 2) {
            return 1;
        }
    }

    return 0;
}


static void
check_texts(const json_t *owner, const char *where, const char *member,
    cxm_error_t *err)
{
    char         pointer[CXM_ERROR_POINTER_LEN];
    void        *iter;
    json_t      *texts;
    const char  *tag;

    texts = json_object_get(owner, member);

    for (iter = json_object_iter(texts); iter != NULL;
         iter = json_object_iter_next(texts, iter))
    {
        tag = json_object_iter_key(iter);
        (void) snprintf(pointer, sizeof(pointer), "%s/%s", where, member);
        cxm_pointer_push(pointer, sizeof(pointer), cxm_strz(tag));

        if (!cxm_language_valid(cxm_strz(tag))) {
            (void) cxm_issue(err, pointer, "invalid",
                             "This is no language tag, as \"en\" is one.");

        } else if (tag_is_twice(texts, tag)) {
            (void) cxm_issue(err, pointer, "duplicate",
                             "This language is there twice.");
        }
    }
}


/* The id of an item: its form, and that none before it has the same. */
static void
check_id(const json_t *list, size_t i, const char *where, cxm_error_t *err)
{
    char       pointer[CXM_ERROR_POINTER_LEN];
    size_t     j;
    cxm_str_t  id;

    (void) snprintf(pointer, sizeof(pointer), "%s/id", where);
    id = cxm_json_get_str(json_array_get(list, i), "id");

    if (!name_valid(id, 0)) {
        (void) cxm_issue(err, pointer, "invalid",
                         "An id is made of a-z, 0-9, _ and -, and does not "
                         "begin with -.");
        return;
    }

    for (j = 0; j < i; j++) {
        if (cxm_str_eq(id, cxm_json_get_str(json_array_get(list, j), "id"))) {
            (void) cxm_issue(err, pointer, "duplicate",
                             "This id is there twice.");
            return;
        }
    }
}


static void
check_choices(const json_t *question, cxm_question_type_t type,
    const char *where, cxm_error_t *err)
{
    char           list_at[CXM_ERROR_POINTER_LEN];
    char           pointer[CXM_ERROR_POINTER_LEN];
    size_t         i;
    const json_t  *list;

    list = json_object_get(question, "choices");
    (void) snprintf(list_at, sizeof(list_at), "%.100s/choices", where);

    if (type != CXM_QUESTION_CHOICE && type != CXM_QUESTION_MULTI) {
        if (list != NULL) {
            (void) cxm_issue(err, list_at, "not_allowed",
                             "Only choice and multi have choices.");
        }

        return;
    }

    if (list == NULL) {
        (void) cxm_issue(err, list_at, "required",
                         "A question of this type needs choices.");
        return;
    }

    for (i = 0; i < json_array_size(list); i++) {
        (void) snprintf(pointer, sizeof(pointer), "%.120s/%zu", list_at, i);
        check_id(list, i, pointer, err);
        check_texts(json_array_get(list, i), pointer, "text", err);
    }
}


static void
check_scale(const json_t *question, cxm_question_type_t type,
    const char *where, cxm_error_t *err)
{
    int            min, max;
    char           pointer[CXM_ERROR_POINTER_LEN];
    size_t         i;
    const json_t  *scale;

    static const char *const  scaled[] = { "scale", "low", "high" };

    scale = json_object_get(question, "scale");
    (void) snprintf(pointer, sizeof(pointer), "%.120s/scale", where);

    if (type > CXM_QUESTION_SCALE) {
        for (i = 0; i < sizeof(scaled) / sizeof(scaled[0]); i++) {
            (void) snprintf(pointer, sizeof(pointer), "%.120s/%s", where,
                            scaled[i]);

            if (json_object_get(question, scaled[i]) != NULL) {
                (void) cxm_issue(err, pointer, "not_allowed",
                                 "A question of this type has no scale.");
            }
        }

        return;
    }

    if (scale == NULL) {
        if (type == CXM_QUESTION_SCALE) {
            (void) cxm_issue(err, pointer, "required",
                             "A question of this type needs a scale.");
        }

        return;
    }

    cxm_question_scale(type, scale, &min, &max);

    if (type == CXM_QUESTION_NPS && (min != 0 || max != 10)) {
        (void) cxm_issue(err, pointer, "out_of_range",
                         "The scale of NPS is 0 to 10.");

    } else if (min >= max || max - min > CXM_SCALE_WIDTH) {
        (void) cxm_issue(err, pointer, "out_of_range",
                         "max is 1 to %d above min.", CXM_SCALE_WIDTH);
    }
}


static void
check_question(const json_t *list, size_t i, cxm_error_t *err)
{
    int            type;
    char           where[40];
    const json_t  *question;

    question = json_array_get(list, i);
    type = cxm_question_type_find(cxm_json_get_str(question, "type"));
    (void) snprintf(where, sizeof(where), "/questions/%zu", i);

    check_id(list, i, where, err);
    check_texts(question, where, "text", err);
    check_texts(question, where, "low", err);
    check_texts(question, where, "high", err);

    if (type >= 0) {
        check_scale(question, (cxm_question_type_t) type, where, err);
        check_choices(question, (cxm_question_type_t) type, where, err);
    }

    cxm_rule_check(list, i, err);
}


static void
check_segments(const json_t *input, cxm_error_t *err)
{
    char           pointer[40];
    size_t         i, j;
    cxm_str_t      name;
    const json_t  *list;

    list = json_object_get(input, "segment_by");

    for (i = 0; i < json_array_size(list); i++) {
        name = cxm_json_str(json_array_get(list, i));
        (void) snprintf(pointer, sizeof(pointer), "/segment_by/%zu", i);

        if (!name_valid(name, 1)) {
            (void) cxm_issue(err, pointer, "invalid",
                             "A name is made of letters, digits, _, . and -.");
        }

        for (j = 1; j < CXM_SEGMENTS_KEPT; j++) {
            if (cxm_str_eqz(name, cxm_segment_names[j])) {
                (void) cxm_issue(err, pointer, "not_allowed",
                                 "This segment is always kept.");
            }
        }
    }
}


/* Questions of a CSI are scored; returns how many weights can count. */
static unsigned
check_csi_questions(const json_t *input, const json_t *items, cxm_error_t *err)
{
    int            type;
    char           pointer[40];
    size_t         i, j;
    unsigned       weighted;
    cxm_str_t      id;
    const json_t  *list, *question, *weight;

    list = json_object_get(input, "questions");
    weighted = 0;

    for (i = 0; i < json_array_size(items); i++) {
        id = cxm_json_str(json_array_get(items, i));
        question = NULL;

        for (j = 0; j < json_array_size(list) && question == NULL; j++) {
            question = json_array_get(list, j);

            if (!cxm_str_eq(id, cxm_json_get_str(question, "id"))) {
                question = NULL;
            }
        }

        type = cxm_question_type_find(cxm_json_get_str(question, "type"));
        weight = json_object_get(question, "weight");
        weighted += weight == NULL || json_number_value(weight) > 0;

        if (question == NULL || type < 0 || type > CXM_QUESTION_SCALE) {
            (void) snprintf(pointer, sizeof(pointer), "/csi/questions/%zu", i);
            (void) cxm_issue(err, pointer, "invalid",
                             "This is no id of a scored question.");
        }
    }

    return weighted;
}


static void
check_csi(const json_t *input, cxm_error_t *err)
{
    char           pointer[40];
    size_t         i;
    unsigned       weighted;
    const json_t  *csi, *items, *weights;

    csi = json_object_get(input, "csi");

    if (csi == NULL) {
        return;
    }

    items = json_object_get(csi, "questions");
    weights = json_object_get(csi, "weights");
    weighted = check_csi_questions(input, items, err);

    if (weights == NULL) {
        if (weighted == 0) {
            (void) cxm_issue(err, "/csi/questions", "out_of_range",
                             "All these questions have weight 0.");
        }

        return;
    }

    if (json_array_size(weights) != json_array_size(items)) {
        (void) cxm_issue(err, "/csi/weights", "invalid",
                         "There is one weight for each question.");
    }

    for (i = 0; i < json_array_size(weights); i++) {
        if (!(json_number_value(json_array_get(weights, i)) > 0)) {
            (void) snprintf(pointer, sizeof(pointer), "/csi/weights/%zu", i);
            (void) cxm_issue(err, pointer, "out_of_range",
                             "A weight is above 0.");
        }
    }
}


static void
check_sample(const json_t *input, cxm_error_t *err)
{
    const json_t  *sample;

    sample = json_object_get(input, "sample");

    if (sample != NULL && !(json_number_value(sample) > 0)) {
        (void) cxm_issue(err, "/sample", "out_of_range",
                         "A share is above 0 and at most 1.");
    }
}


/* The default language is one that a question has. */
static void
check_default(const json_t *input, cxm_error_t *err)
{
    size_t         i;
    cxm_str_t      language;
    const json_t  *list, *text;

    language = cxm_json_get_str(input, "default_language");

    if (language.data == NULL) {
        return;
    }

    list = json_object_get(input, "questions");

    for (i = 0; i < json_array_size(list); i++) {
        text = json_object_get(json_array_get(list, i), "text");

        if (json_object_getn(text, language.data, language.len) != NULL) {
            return;
        }
    }

    (void) cxm_issue(err, "/default_language", "invalid",
                     "No question has a text in this language.");
}


static void
check_timeout(const json_t *input, cxm_error_t *err)
{
    const json_t  *hours;

    hours = json_object_get(input, "partial_timeout_hours");

    if (hours != NULL && json_number_value(hours) < CXM_PARTIAL_HOURS_MIN) {
        (void) cxm_issue(err, "/partial_timeout_hours", "out_of_range",
                         "Must be from 0.001 to 8760.");
    }
}


cxm_rc_t
cxm_survey_check(const json_t *input, cxm_error_t *err)
{
    size_t         i;
    const json_t  *list;

    list = json_object_get(input, "questions");

    for (i = 0; i < json_array_size(list); i++) {
        check_question(list, i, err);
    }

    check_texts(input, "", "heading", err);
    check_texts(input, "", "thanks", err);
    check_segments(input, err);
    check_csi(input, err);
    check_sample(input, err);
    check_default(input, err);
    check_timeout(input, err);

    return err->nissues > 0 ? CXM_INVALID : CXM_OK;
}
