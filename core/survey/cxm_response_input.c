/*
 * What an answer's input looks like, as JSON and as a form.
 */

#include "cxm_json.h"
#include "cxm_language.h"
#include "cxm_response_int.h"
#include "cxm_said.h"
#include "cxm_step.h"


static const cxm_field_t  answer_item = { .type = CXM_FIELD_ANY };

static const cxm_field_t  attribute_item = {
    .type = CXM_FIELD_SCALAR, .max = 500
};

#define CXM_RESPONSE_ROWS                                                     \
    { "id", CXM_FIELD_UUID, 0, 0, 0,                                          \
      NULL, NULL, NULL, "the client's; a repeat of it counts once" },         \
    { "answers", CXM_FIELD_MAP, CXM_FIELD_REQUIRED, 0, CXM_QUESTIONS_MAX,     \
      NULL, NULL, &answer_item, "by question id, as its type asks" },         \
    { "complete", CXM_FIELD_BOOL, 0, 0, 0,                                    \
      NULL, NULL, NULL, "default true; false may go on" },                    \
    CXM_FIELDS_SAID(0),                                                       \
    { "product", CXM_FIELD_STRING, 0, 1, CXM_SEGMENT_TEXT,                    \
      NULL, NULL, NULL, "product" },                                          \
    { "attributes", CXM_FIELD_MAP, CXM_FIELD_PERSONAL, 0, 32,                 \
      NULL, NULL, &attribute_item, "flat; those of segment_by are segments" },\
    { "language", CXM_FIELD_STRING, 0, 2, CXM_LANGUAGE_MAX,                   \
      NULL, NULL, NULL, "language tag; default Accept-Language" },            \
    { "exposure", CXM_FIELD_STRING, 0, 1, 500,                                \
      NULL, NULL, NULL, "token of the exposure that it answers" },            \
    { "client_time", CXM_FIELD_TIME, 0, 0, 0,                                 \
      NULL, NULL, NULL, "dates the answer with an ingest key" },              \
    { "version", CXM_FIELD_INT, 0, 1, INT32_MAX,                              \
      NULL, NULL, NULL, "of the definition shown; default the newest" }

static const cxm_field_t  response_fields[] = {
    CXM_RESPONSE_ROWS,
    { .name = NULL }
};

const cxm_fields_t  cxm_response_fields = {
    "ResponseInput", response_fields
};

static const char *const  go_values[] = { "next", "back", NULL };

static const cxm_field_t  step_fields[] = {
    CXM_RESPONSE_ROWS,
    { "token", CXM_FIELD_STRING, 0, 1, 100,
      NULL, NULL, NULL, "of the answer's id; a link needs none" },
    { "asked", CXM_FIELD_STRING, 0, 1, 100 * CXM_QUESTIONS_MAX,
      NULL, NULL, NULL, "ids of the questions that were asked, with commas" },
    { "go", CXM_FIELD_ENUM, 0, 0, 0,
      go_values, NULL, NULL, "default next" },
    { .name = NULL }
};

const cxm_fields_t  cxm_step_fields = { "StepInput", step_fields };

static const cxm_field_t  change_fields[] = {
    { "token", CXM_FIELD_STRING, CXM_FIELD_REQUIRED, 1, 100,
      NULL, NULL, NULL, "as it came with the answer" },
    { "answers", CXM_FIELD_MAP, 0, 0, CXM_QUESTIONS_MAX,
      NULL, NULL, &answer_item,
      "by question id, as its type asks; null takes one back" },
    { "complete", CXM_FIELD_BOOL, 0, 0, 0,
      NULL, NULL, NULL, "true: nothing more will come; default false" },
    { "version", CXM_FIELD_INT, 0, 1, INT32_MAX,
      NULL, NULL, NULL, "of the definition shown; default the newest" },
    { .name = NULL }
};

const cxm_fields_t  cxm_response_change_fields = {
    "ResponseChange", change_fields
};


int64_t
cxm_response_shown_version(const cxm_survey_t *survey, const json_t *input,
    cxm_error_t *err)
{
    int64_t  version, newest;

    newest = (int64_t) survey->doc.version;
    version = cxm_json_get_int(input, "version", newest);

    if (version > newest) {
        (void) cxm_issue(err, "/version", "out_of_range",
                         "The definition is of version %lld.",
                         (long long) newest);
    }

    return version;
}


static int
is_empty(const json_t *value)
{
    return json_is_string(value) && json_string_length(value) == 0;
}


/* Members and items that are not empty strings; NULL when none is left. */
static json_t *
without_empty(const json_t *value)
{
    void    *iter;
    size_t   i;
    json_t  *out, *object, *member;

    if (json_is_array(value)) {
        out = json_array();

        for (i = 0; i < json_array_size(value); i++) {
            member = json_array_get(value, i);

            if (!is_empty(member)) {
                (void) json_array_append(out, member);
            }
        }

        return out;
    }

    if (!json_is_object(value)) {
        return is_empty(value) ? NULL : json_incref((json_t *) value);
    }

    out = json_object();
    object = (json_t *) value;

    for (iter = json_object_iter(object); iter != NULL;
         iter = json_object_iter_next(object, iter))
    {
        member = json_object_iter_value(iter);

        if (!is_empty(member)) {
            (void) json_object_set(out, json_object_iter_key(iter), member);
        }
    }

    if (json_object_size(out) == 0) {
        json_decref(out);
        return NULL;
    }

    return out;
}


static json_t *
form_score(const json_t *value)
{
    size_t      i;
    cxm_str_t   text;
    json_int_t  score;

    text = cxm_json_str(value);
    score = 0;

    for (i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' || i == 9) {
            return json_incref((json_t *) value);
        }

        score = score * 10 + (text.data[i] - '0');
    }

    return text.len == 0 ? json_incref((json_t *) value)
                         : json_integer(score);
}


/* Browsers send line breaks as CR LF. */
static json_t *
form_text(const json_t *value)
{
    size_t      i;
    json_t     *out;
    cxm_buf_t   buf;
    cxm_str_t   text;

    text = cxm_json_str(value);

    if (text.data == NULL || memchr(text.data, '\r', text.len) == NULL) {
        return json_incref((json_t *) value);
    }

    cxm_buf_init(&buf, text.len);

    for (i = 0; i < text.len; i++) {
        if (text.data[i] != '\r' || i + 1 == text.len
            || text.data[i + 1] != '\n')
        {
            cxm_buf_putc(&buf, (uint8_t) text.data[i]);
        }
    }

    out = buf.failed ? NULL : json_stringn((char *) buf.data, buf.len);
    cxm_buf_free(&buf);

    return out;
}


static json_t *
form_answer(const cxm_question_t *question, json_t *value)
{
    if (question == NULL) {
        return json_incref(value);
    }

    if (cxm_question_scored(question)) {
        return form_score(value);
    }

    if (question->type == CXM_QUESTION_TEXT) {
        return form_text(value);
    }

    if (question->type == CXM_QUESTION_MULTI && json_is_string(value)) {
        return json_pack("[O]", value);
    }

    return json_incref(value);
}


json_t *
cxm_form_answers(const cxm_survey_t *survey, const json_t *form)
{
    void       *iter;
    json_t     *out, *object, *value;
    cxm_str_t   id;

    out = json_object();
    object = (json_t *) form;

    for (iter = json_object_iter(object); iter != NULL;
         iter = json_object_iter_next(object, iter))
    {
        id.data = json_object_iter_key(iter);
        id.len = json_object_iter_key_len(iter);
        value = without_empty(json_object_iter_value(iter));

        if (value != NULL) {
            (void) json_object_setn_new(out, id.data, id.len,
                           form_answer(cxm_survey_question(survey, id),
                                       value));
            json_decref(value);
        }
    }

    return out;
}


static json_t *
form_member(const cxm_survey_t *survey, const char *name, json_t *value)
{
    if (strcmp(name, "version") == 0) {
        return is_empty(value) ? NULL : form_score(value);
    }

    if (strcmp(name, "answers") == 0 && json_is_object(value)) {
        return cxm_form_answers(survey, value);
    }

    if (strcmp(name, "complete") == 0) {
        if (cxm_str_eqz(cxm_json_str(value), "true")) {
            return json_true();
        }

        if (cxm_str_eqz(cxm_json_str(value), "false")) {
            return json_false();
        }
    }

    return without_empty(value);
}


cxm_rc_t
cxm_response_from_form(const cxm_survey_t *survey,
    const cxm_fields_t *fields, const json_t *form, json_t **out,
    cxm_error_t *err)
{
    void        *iter;
    json_t      *input, *object, *value;
    cxm_rc_t     rc;
    const char  *name;

    *out = NULL;
    input = json_object();
    object = (json_t *) form;

    for (iter = json_object_iter(object); iter != NULL;
         iter = json_object_iter_next(object, iter))
    {
        name = json_object_iter_key(iter);
        value = form_member(survey, name, json_object_iter_value(iter));

        if (value != NULL && json_object_set_new(input, name, value) != 0) {
            json_decref(input);
            return cxm_fail(err, CXM_INTERNAL, NULL, "No memory.");
        }
    }

    /* no box ticked: the browser sends nothing */

    if (json_object_get(input, "answers") == NULL) {
        (void) json_object_set_new(input, "answers", json_object());
    }

    rc = cxm_field_check(fields, input, "", err);

    if (rc != CXM_OK) {
        json_decref(input);
        return rc;
    }

    *out = input;

    return CXM_OK;
}
