/*
 * Definitions and answers to them: a line with a definition, one with an
 * answer, one with a change of it.
 *
 * Whatever a definition says that is taken, its rules are about what comes
 * before, its steps hold each question once, and what stands after an answer
 * and a change is only what is asked, and stays as it is when nothing more is
 * said.
 */

#include <stdlib.h>

#include "cxm_answer.h"
#include "cxm_json.h"
#include "cxm_rule.h"
#include "cxm_step.h"
#include "cxm_survey_int.h"


#define check(condition)  do { if (!(condition)) { abort(); } } while (0)


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static cxm_str_t
line(cxm_str_t *rest)
{
    cxm_str_t    out;
    const char  *end;

    out = *rest;
    end = rest->len == 0 ? NULL : memchr(rest->data, '\n', rest->len);

    if (end == NULL) {
        *rest = cxm_str("");
        return out;
    }

    out.len = (size_t) (end - out.data);
    *rest = (cxm_str_t) { rest->len - out.len - 1, end + 1 };

    return out;
}


static json_t *
object(cxm_str_t text)
{
    json_t       *out;
    cxm_error_t   err;

    cxm_error_init(&err);

    if (cxm_json_load(text, &out, &err) != CXM_OK) {
        return NULL;
    }

    if (!json_is_object(out)) {
        json_decref(out);
        return NULL;
    }

    return out;
}


/* The numbers that a store would give. */
static void
number(json_t *body)
{
    size_t   i, j;
    json_t  *questions, *question, *choices;

    questions = json_object_get(body, "questions");

    for (i = 0; i < json_array_size(questions); i++) {
        question = json_array_get(questions, i);
        choices = json_object_get(question, "choices");
        cxm_json_set_int(question, "no", (int64_t) i + 1);

        for (j = 0; j < json_array_size(choices); j++) {
            cxm_json_set_int(json_array_get(choices, j), "no", (int64_t) j);
        }
    }

    if (json_object_get(body, "status") == NULL) {
        cxm_json_set_str(body, "status", cxm_str("live"));
    }
}


static int
kept(const cxm_answers_t *answers, const cxm_question_t *question)
{
    cxm_str_t  id;

    id = question->id;

    return json_object_getn(answers->shared, id.data, id.len) != NULL
           || json_object_getn(answers->personal, id.data, id.len) != NULL;
}


static void
only_what_is_asked(const cxm_survey_t *survey, const cxm_answers_t *answers)
{
    unsigned               i;
    const cxm_question_t  *question;

    for (i = 0; i < survey->nquestions; i++) {
        question = &survey->questions[i];
        check(!kept(answers, question)
              || cxm_rule_holds(question->show_if, answers->shared,
                                answers->personal));
    }
}


/* Each question that is asked comes once, and there is a way back to it. */
static void
steps(const cxm_survey_t *survey, const cxm_answers_t *answers)
{
    unsigned    i, from, first, last = 0, seen[CXM_QUESTIONS_MAX] = { 0 };
    cxm_step_t  step, back;

    for (from = 0; cxm_step_next(survey, from, answers->shared,
                                 answers->personal, &step); /* void */ )
    {
        first = survey->nquestions;

        for (i = 0; i < survey->nquestions; i++) {
            if (step.asked[i]) {
                check(i >= from);
                seen[i]++;
                first = i < first ? i : first;
                last = i;
            }
        }

        from = last + 1;

        check(first < survey->nquestions);
        check(cxm_step_back(survey, first, answers->shared, answers->personal,
                            &back) == step.back);
    }

    for (i = 0; i < survey->nquestions; i++) {
        check(seen[i] == (unsigned)
                         cxm_rule_holds(survey->questions[i].show_if,
                                        answers->shared, answers->personal));
    }
}


static void
answer(const cxm_survey_t *survey, json_t *given, json_t *change)
{
    cxm_answers_t        first, second;
    cxm_error_t          err;
    cxm_answers_input_t  input;

    cxm_error_init(&err);
    memset(&input, 0, sizeof(input));
    input.given = given;

    if (cxm_answers_check(survey, &input, &first, &err) == CXM_OK) {
        only_what_is_asked(survey, &first);
        steps(survey, &first);

        input.given = change;
        input.shared = first.shared;
        input.personal = first.personal;
        input.may_be_empty = 1;

        if (cxm_answers_check(survey, &input, &second, &err) == CXM_OK) {
            only_what_is_asked(survey, &second);
            cxm_answers_clear(&first);
            first = second;
            memset(&second, 0, sizeof(second));

            input.given = NULL;
            input.shared = first.shared;
            input.personal = first.personal;
            check(cxm_answers_check(survey, &input, &second, &err) == CXM_OK);
            check(json_equal(first.shared, second.shared));
            check(json_equal(first.personal, second.personal));
        }

        cxm_answers_clear(&second);

    } else {
        check(err.nissues > 0);
    }

    cxm_answers_clear(&first);
}


static void
defined(json_t *body, json_t *given, json_t *change)
{
    unsigned      i;
    cxm_arena_t   arena;
    cxm_survey_t  survey;

    memset(&arena, 0, sizeof(arena));
    memset(&survey, 0, sizeof(survey));
    number(body);
    survey.doc.body = body;

    if (cxm_survey_parse(&arena, &survey) == CXM_OK) {
        for (i = 0; i < survey.nquestions; i++) {
            check(!cxm_rule_depends(&survey, survey.questions[i].show_if, i));
        }

        if (given != NULL) {
            answer(&survey, given, change);
        }
    }

    cxm_arena_free(&arena);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t       *body, *given, *change;
    cxm_str_t     rest;
    cxm_error_t   err;

    rest = (cxm_str_t) { size, (const char *) data };
    body = object(line(&rest));
    given = object(line(&rest));
    change = object(line(&rest));

    cxm_error_init(&err);

    if (body != NULL
        && cxm_field_check(&cxm_survey_fields, body, "", &err) == CXM_OK
        && cxm_survey_check(body, &err) == CXM_OK)
    {
        defined(body, given, change);
    }

    json_decref(body);
    json_decref(given);
    json_decref(change);

    return 0;
}
