/*
 * The public side of surveys: answers, from programs and forms.
 */

#include <stdio.h>

#include "cxm_customer.h"
#include "cxm_json.h"
#include "cxm_language.h"
#include "cxm_route_page.h"


static const char *const  status_values[] = { "partial", "complete", NULL };

static const cxm_field_t  made_fields[] = {
    { .name = "id", .type = CXM_FIELD_UUID },
    { .name = "status", .type = CXM_FIELD_ENUM, .values = status_values },
    { .name = "token", .type = CXM_FIELD_STRING,
      .summary = "Lets its holder go on with a partial answer." },
    { .name = NULL }
};

const cxm_fields_t  cxm_response_made = { "ResponseMade", made_fields };


static cxm_rc_t
reply_thanks(cxm_call_t *call, const cxm_survey_t *survey)
{
    char        lang[8 + CXM_LANGUAGE_MAX];
    cxm_str_t   language;

    language = cxm_json_get_str(call->input, "language");
    lang[0] = '\0';

    if (cxm_language_valid(language)) {
        (void) snprintf(lang, sizeof(lang), "&lang=%.*s", (int) language.len,
                        language.data);
    }

    cxm_call_headerf(call, "Location", "%.*s%.*s?thanks=1%s",
                     (int) call->prefix.len, call->prefix.data,
                     (int) survey->slug.len, survey->slug.data, lang);

    return cxm_call_reply_raw(call, 303, NULL);
}


static cxm_rc_t
reply_made(cxm_call_t *call, int status, const cxm_response_result_t *result)
{
    char  id[CXM_UUID_LEN + 1];
    char  token[CXM_RESPONSE_TOKEN_LEN + 1];

    cxm_uuid_format(&result->id, id);
    cxm_response_token(call->store, &result->id, token);

    cxm_call_headerf(call, "ETag", "\"%llu\"",
                     (unsigned long long) result->version);

    return cxm_call_reply(call, status,
                          json_pack("{ss ss ss}", "id", id, "status",
                                    result->partial ? "partial" : "complete",
                                    "token", token));
}


/* Whether the public may hear of its questions. */
static int
is_shown(const cxm_survey_t *survey)
{
    return survey->status != CXM_SURVEY_DRAFT;
}


/* Whoever was asked may answer a draft, too; for others it is not there. */
static cxm_rc_t
check_draft(cxm_call_t *call, cxm_txn_t *txn, const cxm_survey_t *survey,
    const cxm_invited_t *invited)
{
    cxm_rc_t           rc;
    cxm_invitation_t   exposure;

    if (is_shown(survey) || invited->own.asked != NULL) {
        return CXM_OK;
    }

    rc = cxm_exposure_invites(txn, survey,
                              cxm_json_get_str(call->input, "exposure"),
                              &exposure, &call->err);
    cxm_invitation_clear(&exposure);

    return rc == CXM_NOT_FOUND ? cxm_survey_open(survey, &call->err) : rc;
}


/* A form's strings become what they mean; *input is a new reference. */
static cxm_rc_t
form_input(cxm_call_t *call, cxm_txn_t *txn, const cxm_survey_t *survey,
    const cxm_invited_t *invited, json_t **input)
{
    cxm_rc_t  rc;

    rc = check_draft(call, txn, survey, invited);

    return rc == CXM_OK
           ? cxm_response_from_form(survey, &cxm_response_fields, call->input,
                                    input, &call->err)
           : rc;
}


static cxm_rc_t
post_answer(cxm_call_t *call, cxm_txn_t *txn, const cxm_survey_t *survey,
    const cxm_invited_t *invited, cxm_response_result_t *result)
{
    json_t              *input;
    cxm_rc_t             rc;
    cxm_response_new_t   given;

    input = NULL;
    rc = call->form ? form_input(call, txn, survey, invited, &input) : CXM_OK;

    if (rc == CXM_OK) {
        given.input = call->form ? input : call->input;
        given.fingerprint = call->fingerprint;
        given.link = cxm_call_is_link(call) ? invited->by : NULL;
        rc = cxm_response_add(txn, &call->caller, survey, &given, result,
                              &call->err);
    }

    json_decref(input);

    return rc;
}


/* The next step, with what is answered of it already. */
static cxm_rc_t
reply_step(cxm_call_t *call, const cxm_survey_t *survey,
    const cxm_step_result_t *result)
{
    json_t         *form;
    cxm_rc_t        rc;
    cxm_drawing_t   drawing;

    form = cxm_step_form(&result->answers);
    cxm_draw_begin(call, survey, &result->response.id, &drawing);
    cxm_draw_step(&drawing, &result->step);
    drawing.view.form = form;

    rc = cxm_draw_reply(call, &drawing);
    json_decref(form);

    return rc;
}


/* As it was sent, over what stands. */
static void
step_again(cxm_call_t *call, const cxm_survey_t *survey,
    const cxm_step_given_t *given, const cxm_step_result_t *result)
{
    json_t         *form, *sent;
    cxm_drawing_t   drawing;

    form = cxm_step_form(&result->answers);
    sent = json_object_get(call->input, "answers");

    if (sent != NULL) {
        (void) json_object_update(json_object_get(form, "answers"), sent);
    }

    cxm_draw_begin(call, survey, &given->id, &drawing);
    cxm_draw_step(&drawing, &result->step);
    drawing.view.form = form;
    cxm_draw_again(call, &drawing);
    json_decref(form);
}


/* A step's form as an answer, and the page of the next one. */
static cxm_rc_t
take_step(cxm_call_t *call, cxm_txn_t *txn, const cxm_survey_t *survey,
    const cxm_step_given_t *given)
{
    cxm_rc_t            rc;
    cxm_step_result_t   result;

    rc = cxm_step_take(txn, &call->caller, survey, given, &result, &call->err);
    call->subject = result.response.subject;

    if (rc == CXM_INVALID && call->html) {
        step_again(call, survey, given, &result);

    } else if (rc == CXM_OK && call->html) {
        rc = result.done ? reply_thanks(call, survey)
                         : reply_step(call, survey, &result);

    } else if (rc == CXM_OK) {
        rc = result.response.version > 0
             ? reply_made(call, 200, &result.response)
             : cxm_issue(&call->err, "/answers", "required",
                         "There is no answer in it.");
    }

    cxm_step_clear(&result);

    return rc;
}


static cxm_rc_t
not_found(cxm_call_t *call)
{
    return cxm_fail(&call->err, CXM_NOT_FOUND, NULL,
                    "There is no such answer, or the token is another's.");
}


/* id and link are in given. */
static cxm_rc_t
post_step(cxm_call_t *call, cxm_txn_t *txn, const cxm_survey_t *survey,
    cxm_step_given_t *given)
{
    json_t         *input;
    cxm_rc_t        rc;
    cxm_drawing_t   drawing;

    if (given->link == NULL
        && !cxm_response_token_fits(call->store, &given->id,
                                    cxm_json_get_str(call->input, "token")))
    {
        return not_found(call);
    }

    input = NULL;
    given->input = call->input;
    given->fingerprint = call->fingerprint;

    if (call->form) {
        rc = cxm_response_from_form(survey, &cxm_step_fields, call->input,
                                    &input, &call->err);

        if (rc == CXM_INVALID && call->html && is_shown(survey)) {
            cxm_draw_begin(call, survey, &given->id, &drawing);
            cxm_draw_again(call, &drawing);
        }

        if (rc != CXM_OK) {
            return rc;
        }

        given->input = input;
    }

    rc = take_step(call, txn, survey, given);
    json_decref(input);

    return rc;
}


/*
 * It stays one answer, however often the form is sent; but its id is only
 * said, so it gets no page of steps.
 */
static void
redraw(cxm_call_t *call, const cxm_survey_t *survey)
{
    int             sent;
    cxm_uuid_t      id;
    cxm_drawing_t   drawing;

    sent = !cxm_survey_stepped(survey)
           && cxm_uuid_parse(cxm_json_get_str(call->input, "id"), &id)
              == CXM_OK;
    cxm_draw_begin(call, survey, sent ? &id : NULL, &drawing);
    cxm_draw_again(call, &drawing);
}


static cxm_rc_t
post_to(cxm_call_t *call, cxm_txn_t *txn, const cxm_survey_t *survey,
    const cxm_invited_t *invited)
{
    cxm_rc_t                rc;
    cxm_step_given_t        step;
    cxm_response_result_t   result;

    if (cxm_call_is_link(call) && call->form
        && json_object_get(call->input, "asked") != NULL)
    {
        step.id = invited->own.id;
        step.link = invited->by;
        return post_step(call, txn, survey, &step);
    }

    rc = post_answer(call, txn, survey, invited, &result);

    if (rc == CXM_INVALID && call->form && call->html && is_shown(survey)) {
        redraw(call, survey);
    }

    if (rc != CXM_OK) {
        return rc;
    }

    call->subject = result.subject;

    return call->form
           ? reply_thanks(call, survey)
           : reply_made(call, result.repeated ? 200 : 201, &result);
}


/*
 * The site's customers have a record from their first answer on, which staff
 * then see with who gave it.  Exposures and beacons need none: to be counted
 * nobody has to be known by name; and the answer to a link is of whom that
 * asked.
 */
cxm_rc_t
cxm_response_post_write(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t  rc;
    uint64_t  no;

    rc = cxm_with_invited(call, txn, post_to);

    return rc == CXM_OK && call->caller.claims != NULL
           && !cxm_call_is_link(call)
           ? cxm_customer_for_claims(txn, &call->caller, &no, &call->err)
           : rc;
}


static cxm_rc_t
answer_id(cxm_call_t *call, cxm_uuid_t *id)
{
    return cxm_uuid_parse(call->params[1], id) == CXM_OK
           ? CXM_OK : not_found(call);
}


cxm_rc_t
cxm_response_step_write(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t             rc;
    cxm_step_given_t     given;
    const cxm_survey_t  *survey;

    rc = cxm_survey_by_slug(txn, call->params[0], &survey, &call->err);

    if (rc == CXM_OK) {
        rc = answer_id(call, &given.id);
    }

    given.link = NULL;

    return rc == CXM_OK ? post_step(call, txn, survey, &given) : rc;
}


cxm_rc_t
cxm_response_change_write(cxm_call_t *call, cxm_txn_t *txn)
{
    json_t                 *input;
    cxm_rc_t                rc;
    const cxm_survey_t     *survey;
    cxm_response_change_t   change;
    cxm_response_result_t   result;

    rc = cxm_survey_by_slug(txn, call->params[0], &survey, &call->err);

    if (rc == CXM_OK) {
        rc = answer_id(call, &change.id);
    }

    if (rc != CXM_OK) {
        return rc;
    }

    input = NULL;
    change.if_match = call->if_match;
    change.input = call->input;

    if (call->form) {
        rc = cxm_response_from_form(survey, &cxm_response_change_fields,
                                    call->input, &input, &call->err);
        change.input = input;
    }

    if (rc == CXM_OK) {
        rc = cxm_response_change(txn, &call->caller, survey, &change, &result,
                                 &call->err);
    }

    json_decref(input);

    if (rc != CXM_OK) {
        return rc;
    }

    call->subject = result.subject;

    return reply_made(call, 200, &result);
}
