/*
 * What a definition may say: its field tables.
 */

#include "cxm_language.h"
#include "cxm_rule.h"
#include "cxm_survey.h"


#define CXM_SCALE_MAX   10000
#define CXM_WEIGHT_MAX  1000000
#define CXM_TEXTS_MAX   50              /* languages of a text */


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
