/*
 * Answers against the questions they are to.
 */

#include <stdio.h>

#include "cxm_answer.h"
#include "cxm_json.h"
#include "cxm_rule.h"


#define CXM_ANSWER_TEXT  5000


typedef struct {
    const cxm_survey_t         *survey;
    const cxm_answers_input_t  *input;
    const cxm_question_t       *question;
    cxm_answers_t              *out;
    cxm_error_t                *err;
    int                         sure;       /* no value was refused that a
                                               rule may be about */
    unsigned char               asked[CXM_QUESTIONS_MAX];
    char                        pointer[CXM_ERROR_POINTER_LEN];
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

const cxm_fields_t  cxm_contact_fields = { "Contact", contact_fields };

static const cxm_field_t  contact_field = {
    .type = CXM_FIELD_OBJECT, .object = &cxm_contact_fields
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
        keep(an, an->out->personal, value);
    }
}


static void
answer_contact(cxm_answering_t *an, const json_t *value)
{
    if (cxm_field_check_value(&contact_field, value, an->pointer, an->err)
        == CXM_OK && json_object_size(value) > 0)
    {
        keep(an, an->out->personal, value);
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


static int
kept(const cxm_answering_t *an, const cxm_question_t *question)
{
    return has(an->out->shared, question->id)
           || has(an->out->personal, question->id);
}


static void
drop(cxm_answering_t *an, cxm_str_t id)
{
    (void) json_object_deln(an->out->shared, id.data, id.len);
    (void) json_object_deln(an->out->personal, id.data, id.len);
}


static void
at_question(cxm_answering_t *an, cxm_str_t id)
{
    (void) snprintf(an->pointer, sizeof(an->pointer), "/answers");
    cxm_pointer_push(an->pointer, sizeof(an->pointer), id);
}


static void
merge_one(cxm_answering_t *an, cxm_str_t id, const json_t *value)
{
    an->question = an->input->past ? cxm_survey_question_ever(an->survey, id)
                                   : cxm_survey_question(an->survey, id);
    at_question(an, id);

    if (an->question == NULL) {
        (void) cxm_issue(an->err, an->pointer, "unknown_field",
                         "This survey has no such question.");
        return;
    }

    drop(an, id);

    if (!json_is_null(value) || an->input->shared == NULL) {
        answer_types[an->question->type](an, value);
    }
}


static void
merge(cxm_answering_t *an)
{
    void       *iter;
    json_t     *given;
    cxm_str_t   id;

    given = (json_t *) an->input->given;

    for (iter = json_object_iter(given); iter != NULL;
         iter = json_object_iter_next(given, iter))
    {
        id.data = json_object_iter_key(iter);
        id.len = json_object_iter_key_len(iter);
        merge_one(an, id, json_object_iter_value(iter));
    }
}


/*
 * Takes out what is not asked, in order, since rules are about what comes
 * before; only what was given now is told.
 */
static void
settle(cxm_answering_t *an)
{
    unsigned               i;
    const cxm_question_t  *question;

    an->sure = an->err->nissues == 0;

    for (i = 0; i < an->survey->nquestions; i++) {
        question = &an->survey->questions[i];
        an->asked[i] = an->input->past
                       || cxm_rule_holds(question->show_if, an->out->shared,
                                         an->out->personal);

        if (an->asked[i] || !kept(an, question)) {
            continue;
        }

        if (an->sure && has(an->input->given, question->id)) {
            at_question(an, question->id);
            (void) cxm_issue(an->err, an->pointer, "not_shown",
                             "This question is not asked after these "
                             "answers.");
        }

        drop(an, question->id);
    }
}


/* What is missing; an answer that was refused is there, but wrong. */
static void
check_required(cxm_answering_t *an)
{
    unsigned               i;
    const cxm_question_t  *question;

    if (an->err->nissues == 0 && !an->input->may_be_empty
        && json_object_size(an->out->shared) == 0
        && json_object_size(an->out->personal) == 0)
    {
        (void) cxm_issue(an->err, "/answers", "required",
                         "There is no answer in it.");
    }

    for (i = 0; i < an->input->required; i++) {
        question = &an->survey->questions[i];

        if (!question->required || kept(an, question) || !an->asked[i]
            || (!an->sure && question->show_if != NULL)
            || (an->err->nissues > 0
                && has(an->input->given, question->id)))
        {
            continue;
        }

        at_question(an, question->id);
        (void) cxm_issue(an->err, an->pointer, "required",
                         "This question needs an answer.");
    }
}


/* Numbers of what was answered in words, in the order of the definition. */
static void
list_answered(cxm_answering_t *an, const cxm_question_t *questions,
    unsigned n)
{
    unsigned  i;

    for (i = 0; i < n; i++) {
        if (has(an->out->personal, questions[i].id)
            && json_array_append_new(an->out->answered,
                                     json_integer(questions[i].no)) != 0)
        {
            (void) cxm_fail(an->err, CXM_INTERNAL, NULL, "No memory.");
        }
    }
}


/*
 * Answers to questions that are gone stand beside those to the present ones,
 * but not more in all than a row takes.
 */
static void
check_number(cxm_answering_t *an)
{
    if (json_object_size(an->out->shared)
        + json_object_size(an->out->personal) > CXM_QUESTIONS_MAX)
    {
        (void) cxm_issue(an->err, "/answers", "too_long",
                         "There are more than %d answers in all.",
                         CXM_QUESTIONS_MAX);
    }
}


cxm_rc_t
cxm_answers_check(const cxm_survey_t *survey,
    const cxm_answers_input_t *input, cxm_answers_t *out, cxm_error_t *err)
{
    cxm_answering_t  an;

    out->shared = cxm_json_members(input->shared);
    out->personal = cxm_json_members(input->personal);
    out->answered = json_array();
    out->csi = -1;

    memset(&an, 0, sizeof(an));
    an.survey = survey;
    an.input = input;
    an.out = out;
    an.err = err;

    merge(&an);
    settle(&an);
    check_required(&an);
    check_number(&an);

    if (err->rc != CXM_OK) {
        return err->rc;
    }

    list_answered(&an, survey->questions, survey->nquestions);
    list_answered(&an, survey->retired, survey->nretired);
    out->csi = cxm_answers_index(survey, out->shared);

    return err->rc;
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


int
cxm_answers_index(const cxm_survey_t *survey, const json_t *answers)
{
    int       values[CXM_CSI_MAX];
    uint32_t  tenths;

    return cxm_answers_csi(survey, answers, values)
           && cxm_csi_tenths(survey->csi_items, survey->ncsi, values, &tenths)
              == CXM_OK
           ? (int) tenths : -1;
}
