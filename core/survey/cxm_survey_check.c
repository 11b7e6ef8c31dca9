/*
 * What a definition may say beyond what its field table tells.
 */

#include <stdio.h>

#include "cxm_language.h"
#include "cxm_rule.h"
#include "cxm_survey_int.h"


#define CXM_SCALE_WIDTH        100
#define CXM_PARTIAL_HOURS_MIN  0.001


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
