/*
 * Answers against the questions they are to.
 */

#include <stdio.h>

#include "cxm_answer.h"
#include "cxm_json.h"


#define CXM_ANSWER_TEXT  5000


typedef struct {
    const cxm_survey_t    *survey;
    const cxm_question_t  *question;
    cxm_answers_t         *out;
    cxm_error_t           *err;
    char                   pointer[CXM_ERROR_POINTER_LEN];
} cxm_answering_t;

/* Adds the value to what is kept, or an issue; an empty one is no answer. */
typedef void (*cxm_answer_pt)(cxm_answering_t *an, const json_t *value);


static const cxm_field_t  text_field = {
    .type = CXM_FIELD_TEXT, .min = 0, .max = CXM_ANSWER_TEXT
};

static const cxm_field_t  contact_fields[] = {
    { "name", CXM_FIELD_STRING, CXM_FIELD_PERSONAL, 1, 200,
      NULL, NULL, NULL, "name" },
    { "email", CXM_FIELD_EMAIL, CXM_FIELD_PERSONAL, 0, 0,
      NULL, NULL, NULL, "e-mail address" },
    { "phone", CXM_FIELD_STRING, CXM_FIELD_PERSONAL, 1, 50,
      NULL, NULL, NULL, "phone number" },
    { .name = NULL }
};

static const cxm_fields_t  contact_table = { "Contact", contact_fields };

static const cxm_field_t  contact_field = {
    .type = CXM_FIELD_OBJECT, .object = &contact_table
};


int
cxm_choice_find(const cxm_question_t *question, cxm_str_t id)
{
    size_t  i;

    for (i = 0; i < question->nchoices; i++) {
        if (cxm_str_eq(question->choices[i], id)) {
            return (int) i;
        }
    }

    return -1;
}


static void
keep(cxm_answering_t *an, json_t *kept, const json_t *value)
{
    cxm_str_t  id;

    id = an->question->id;

    if (json_object_setn_new(kept, id.data, id.len, json_deep_copy(value))
        != 0)
    {
        (void) cxm_fail(an->err, CXM_INTERNAL, NULL, "No memory.");
    }
}


static void
keep_personal(cxm_answering_t *an, const json_t *value)
{
    keep(an, an->out->personal, value);

    if (json_array_append_new(an->out->answered,
                              json_integer(an->question->no)) != 0)
    {
        (void) cxm_fail(an->err, CXM_INTERNAL, NULL, "No memory.");
    }
}


static void
answer_score(cxm_answering_t *an, const json_t *value)
{
    json_int_t             score;
    const cxm_question_t  *question;

    question = an->question;
    score = json_integer_value(value);

    if (!json_is_integer(value)) {
        (void) cxm_issue(an->err, an->pointer, "wrong_type",
                         "A score is an integer.");

    } else if (score < question->min || score > question->max) {
        (void) cxm_issue(an->err, an->pointer, "out_of_range",
                         "A score is %d to %d here.", question->min,
                         question->max);

    } else {
        keep(an, an->out->shared, value);
    }
}


static int
choice_check(cxm_answering_t *an, const json_t *value)
{
    if (!json_is_string(value)) {
        (void) cxm_issue(an->err, an->pointer, "wrong_type",
                         "A choice is the id of one, a string.");
        return 0;
    }

    if (cxm_choice_find(an->question, cxm_json_str(value)) < 0) {
        (void) cxm_issue(an->err, an->pointer, "not_allowed",
                         "There is no such choice.");
        return 0;
    }

    return 1;
}


static void
answer_choice(cxm_answering_t *an, const json_t *value)
{
    if (choice_check(an, value)) {
        keep(an, an->out->shared, value);
    }
}


static void
answer_multi(cxm_answering_t *an, const json_t *value)
{
    char       seen[CXM_CHOICES_MAX];
    int        good, choice;
    size_t     i, len;
    json_t    *item;
    cxm_str_t  number;
    char       digits[24];

    if (!json_is_array(value)) {
        (void) cxm_issue(an->err, an->pointer, "wrong_type",
                         "The choices are an array of ids.");
        return;
    }

    if (json_array_size(value) > an->question->nchoices) {
        (void) cxm_issue(an->err, an->pointer, "out_of_range",
                         "There are only %zu choices.",
                         an->question->nchoices);
        return;
    }

    memset(seen, 0, sizeof(seen));
    good = 1;
    len = strlen(an->pointer);

    for (i = 0; i < json_array_size(value); i++) {
        item = json_array_get(value, i);
        number.data = digits;
        number.len = (size_t) snprintf(digits, sizeof(digits), "%zu", i);
        cxm_pointer_push(an->pointer, sizeof(an->pointer), number);

        if (!choice_check(an, item)) {
            good = 0;

        } else {
            choice = cxm_choice_find(an->question, cxm_json_str(item));

            if (seen[choice]++) {
                (void) cxm_issue(an->err, an->pointer, "duplicate",
                                 "This choice is there twice.");
                good = 0;
            }
        }

        an->pointer[len] = '\0';
    }

    if (good && json_array_size(value) > 0) {
        keep(an, an->out->shared, value);
    }
}


/* Blanks alone say nothing, so they answer no required question. */
static int
is_blank(cxm_str_t s)
{
    size_t  i;

    for (i = 0; i < s.len && strchr(" \t\r\n", s.data[i]) != NULL; i++) {
        /* void */
    }

    return i == s.len;
}


static void
answer_text(cxm_answering_t *an, const json_t *value)
{
    if (cxm_field_check_value(&text_field, value, an->pointer, an->err)
        == CXM_OK && !is_blank(cxm_json_str(value)))
    {
        keep_personal(an, value);
    }
}


static void
answer_contact(cxm_answering_t *an, const json_t *value)
{
    if (cxm_field_check_value(&contact_field, value, an->pointer, an->err)
        == CXM_OK && json_object_size(value) > 0)
    {
        keep_personal(an, value);
    }
}


static const cxm_answer_pt  answer_types[] = {
    [CXM_QUESTION_NPS] = answer_score,
    [CXM_QUESTION_CSAT] = answer_score,
    [CXM_QUESTION_CES] = answer_score,
    [CXM_QUESTION_SCALE] = answer_score,
    [CXM_QUESTION_CHOICE] = answer_choice,
    [CXM_QUESTION_MULTI] = answer_multi,
    [CXM_QUESTION_TEXT] = answer_text,
    [CXM_QUESTION_CONTACT] = answer_contact
};


static int
has(const json_t *object, cxm_str_t id)
{
    return json_object_getn(object, id.data, id.len) != NULL;
}


/* What is missing; an answer that was refused is there, but wrong. */
static void
check_required(cxm_answering_t *an, const json_t *answers, int complete)
{
    unsigned               i;
    const cxm_question_t  *question;

    if (an->err->nissues == 0 && json_object_size(an->out->shared) == 0
        && json_object_size(an->out->personal) == 0)
    {
        (void) cxm_issue(an->err, "/answers", "required",
                         "There is no answer in it.");
    }

    for (i = 0; complete && i < an->survey->nquestions; i++) {
        question = &an->survey->questions[i];

        if (!question->required || has(an->out->shared, question->id)
            || has(an->out->personal, question->id)
            || (an->err->nissues > 0 && has(answers, question->id)))
        {
            continue;
        }

        (void) snprintf(an->pointer, sizeof(an->pointer), "/answers");
        cxm_pointer_push(an->pointer, sizeof(an->pointer), question->id);
        (void) cxm_issue(an->err, an->pointer, "required",
                         "This question needs an answer.");
    }
}


cxm_rc_t
cxm_answers_check(const cxm_survey_t *survey, const json_t *answers,
    int complete, cxm_answers_t *out, cxm_error_t *err)
{
    int              values[CXM_CSI_MAX];
    void            *iter;
    json_t          *object;
    uint32_t         tenths;
    cxm_str_t        id;
    cxm_answering_t  an;

    out->shared = json_object();
    out->personal = json_object();
    out->answered = json_array();
    out->csi = -1;

    memset(&an, 0, sizeof(an));
    an.survey = survey;
    an.out = out;
    an.err = err;
    object = (json_t *) answers;

    for (iter = json_object_iter(object); iter != NULL;
         iter = json_object_iter_next(object, iter))
    {
        id.data = json_object_iter_key(iter);
        id.len = json_object_iter_key_len(iter);
        an.question = cxm_survey_question(survey, id);

        (void) snprintf(an.pointer, sizeof(an.pointer), "/answers");
        cxm_pointer_push(an.pointer, sizeof(an.pointer), id);

        if (an.question == NULL) {
            (void) cxm_issue(err, an.pointer, "unknown_field",
                             "This survey has no such question.");
        } else {
            answer_types[an.question->type](&an, json_object_iter_value(iter));
        }
    }

    check_required(&an, answers, complete);

    if (err->rc != CXM_OK) {
        return err->rc;
    }

    if (!cxm_answers_csi(survey, out->shared, values)) {
        return CXM_OK;
    }

    if (cxm_csi_tenths(survey->csi_items, survey->ncsi, values, &tenths)
        != CXM_OK)
    {
        return cxm_fail(err, CXM_INTERNAL, NULL, "There is no such index.");
    }

    out->csi = (int) tenths;

    return CXM_OK;
}


void
cxm_answers_clear(cxm_answers_t *answers)
{
    json_decref(answers->shared);
    json_decref(answers->personal);
    json_decref(answers->answered);
    memset(answers, 0, sizeof(*answers));
}


int
cxm_answers_csi(const cxm_survey_t *survey, const json_t *answers,
    int values[CXM_CSI_MAX])
{
    cxm_str_t      id;
    unsigned       i;
    const json_t  *value;

    for (i = 0; i < survey->ncsi; i++) {
        id = survey->questions[survey->csi[i]].id;
        value = json_object_getn(answers, id.data, id.len);

        if (value == NULL) {
            return 0;
        }

        values[i] = (int) json_integer_value(value);
    }

    return survey->ncsi > 0;
}
