/*
 * Step by step: which questions come next.
 */

#include <stdio.h>

#include "cxm_json.h"
#include "cxm_page_int.h"
#include "cxm_rule.h"
#include "cxm_step.h"


int
cxm_survey_stepped(const cxm_survey_t *survey)
{
    unsigned  i;

    for (i = 0; i < survey->nquestions; i++) {
        if (survey->questions[i].show_if != NULL) {
            return 1;
        }
    }

    return 0;
}


/* Where the step that begins with question `first` ends. */
static unsigned
step_end(const cxm_survey_t *survey, unsigned first)
{
    unsigned  i;

    for (i = first + 1; i < survey->nquestions; i++) {
        if (cxm_rule_depends(survey, survey->questions[i].show_if, first)) {
            break;
        }
    }

    return i;
}


static int
is_asked(const cxm_survey_t *survey, unsigned i, const json_t *shared,
    const json_t *personal)
{
    return cxm_rule_holds(survey->questions[i].show_if, shared, personal);
}


/* The questions from..end that are asked; 0: none is. */
static int
step_of(const cxm_survey_t *survey, unsigned from, unsigned end,
    const json_t *shared, const json_t *personal, cxm_step_t *out)
{
    int       any;
    unsigned  i;

    memset(out, 0, sizeof(*out));
    out->more = end < survey->nquestions;
    any = 0;

    for (i = 0; i < end; i++) {
        if (!is_asked(survey, i, shared, personal)) {
            continue;
        }

        if (i < from) {
            out->back = 1;

        } else {
            out->asked[i] = 1;
            any = 1;
        }
    }

    return any;
}


int
cxm_step_next(const cxm_survey_t *survey, unsigned from,
    const json_t *shared, const json_t *personal, cxm_step_t *out)
{
    unsigned  first, end;

    for (first = 0; first < survey->nquestions; first = end) {
        end = step_end(survey, first);

        if (end > from
            && step_of(survey, first > from ? first : from, end, shared,
                       personal, out))
        {
            return 1;
        }
    }

    return 0;
}


int
cxm_step_back(const cxm_survey_t *survey, unsigned before,
    const json_t *shared, const json_t *personal, cxm_step_t *out)
{
    int         found;
    unsigned    first, end;
    cxm_step_t  step;

    found = 0;

    for (first = 0; first < before; first = end) {
        end = step_end(survey, first);

        if (step_of(survey, first, end < before ? end : before, shared,
                    personal, &step))
        {
            *out = step;
            found = 1;
        }
    }

    return found;
}


/* --- again -------------------------------------------------------------- */

int
cxm_step_asked(const json_t *input, cxm_str_t id)
{
    cxm_str_t  list;

    list = cxm_json_get_str(input, "asked");

    while (list.len > 0) {
        if (cxm_str_eq(cxm_str_cut(&list, ','), id)) {
            return 1;
        }
    }

    return 0;
}


static int
is_wrong(const cxm_error_t *err, const cxm_question_t *question)
{
    unsigned  i;

    for (i = 0; i < err->nissues; i++) {
        if (cxm_page_issue_of(&err->issues[i], question)) {
            return 1;
        }
    }

    return 0;
}


void
cxm_step_again(const cxm_survey_t *survey, const json_t *input,
    const cxm_answers_t *answers, const cxm_error_t *err, cxm_step_t *out)
{
    int                    any;
    unsigned               i;
    const json_t          *given;
    const cxm_question_t  *question;

    given = json_object_get(input, "answers");
    memset(out, 0, sizeof(*out));
    any = 0;

    for (i = 0; i < survey->nquestions; i++) {
        question = &survey->questions[i];

        if (!is_asked(survey, i, answers->shared, answers->personal)) {
            continue;
        }

        if (is_wrong(err, question) || cxm_step_asked(input, question->id)
            || json_object_getn(given, question->id.data, question->id.len)
               != NULL)
        {
            out->asked[i] = 1;
            out->more = i + 1 < survey->nquestions;
            any = 1;

        } else if (!any) {
            out->back = 1;
        }
    }

    if (!any) {
        (void) cxm_step_next(survey, 0, answers->shared, answers->personal,
                             out);
    }
}


/* A score as a form has it. */
static json_t *
as_sent(json_t *value)
{
    char  digits[24];

    if (!json_is_integer(value)) {
        return json_incref(value);
    }

    (void) snprintf(digits, sizeof(digits), "%lld",
                    (long long) json_integer_value(value));

    return json_string(digits);
}


json_t *
cxm_step_form(const cxm_answers_t *answers)
{
    void    *iter;
    json_t  *out, *form;

    out = json_copy(answers->personal);

    for (iter = json_object_iter(answers->shared); iter != NULL;
         iter = json_object_iter_next(answers->shared, iter))
    {
        (void) json_object_set_new(out, json_object_iter_key(iter),
                                   as_sent(json_object_iter_value(iter)));
    }

    form = json_object();
    (void) json_object_set_new(form, "answers", out);

    return form;
}
