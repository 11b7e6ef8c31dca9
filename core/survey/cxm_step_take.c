/*
 * Step by step: from a step's form to an answer and the step after it.
 */

#include "cxm_invitation.h"
#include "cxm_json.h"
#include "cxm_response_int.h"
#include "cxm_step.h"


typedef struct {
    cxm_txn_t               *txn;
    const cxm_caller_t      *caller;
    const cxm_survey_t      *survey;
    const cxm_step_given_t  *given;
    cxm_response_state_t     state;
    int                      fresh;     /* there is no answer yet */
    json_t                  *answers;   /* what the form says of its own */
    unsigned                 first;     /* questions that the form was about */
    unsigned                 after;
    int64_t                  version;   /* of the definition shown */
    cxm_step_result_t       *out;
    cxm_error_t             *err;
} cxm_stepping_t;


/* By whom the page came: a link, the token of an exposure, or nobody. */
static cxm_rc_t
may_begin(cxm_stepping_t *sp)
{
    cxm_rc_t                 rc;
    cxm_str_t                token;
    cxm_invitation_t         exposure;
    const cxm_invitation_t  *by;

    memset(&exposure, 0, sizeof(exposure));
    token = cxm_json_get_str(sp->given->input, "exposure");
    by = sp->given->link;
    rc = CXM_OK;

    if (by == NULL && token.data != NULL) {
        rc = cxm_exposure_invites(sp->txn, sp->survey, token, &exposure,
                                  sp->err);
        by = rc == CXM_OK ? &exposure : NULL;
    }

    if (rc == CXM_OK || rc == CXM_NOT_FOUND) {
        rc = cxm_invitation_open(by, sp->survey, cxm_txn_now(sp->txn),
                                 sp->err);
    }

    cxm_invitation_clear(&exposure);

    return rc;
}


static cxm_rc_t
find_answer(cxm_stepping_t *sp)
{
    char         own[CXM_RESPONSE_TOKEN_LEN + 1];
    cxm_rc_t     rc;
    cxm_str_t    token;
    cxm_store_t  *store;

    store = cxm_txn_store(sp->txn);
    token = cxm_json_get_str(sp->given->input, "token");

    if (sp->given->link != NULL) {
        cxm_response_token(store, &sp->given->id, own);
        token = cxm_strz(own);
    }

    rc = cxm_response_load(sp->txn, sp->survey, &sp->given->id, token,
                           &sp->state, sp->err);

    if (rc != CXM_NOT_FOUND
        || !cxm_response_token_fits(store, &sp->given->id, token))
    {
        return rc;
    }

    cxm_error_init(sp->err);
    sp->fresh = 1;

    return may_begin(sp);
}


/*
 * A question that was asked and not answered is taken back.  The form was
 * about questions first..after, as far as they are still there.
 */
static cxm_rc_t
read_form(cxm_stepping_t *sp)
{
    int                    failed;
    unsigned               i;
    cxm_str_t              id;
    const cxm_survey_t    *survey;

    survey = sp->survey;
    sp->answers = json_copy(json_object_get(sp->given->input, "answers"));
    sp->first = survey->nquestions;
    failed = 0;

    for (i = 0; i < survey->nquestions; i++) {
        id = survey->questions[i].id;

        if (!cxm_step_asked(sp->given->input, id)) {
            continue;
        }

        sp->after = i + 1;
        sp->first = sp->first < i ? sp->first : i;

        if (!sp->fresh
            && json_object_getn(sp->answers, id.data, id.len) == NULL)
        {
            failed |= json_object_setn_new(sp->answers, id.data, id.len,
                                           json_null());
        }
    }

    sp->version = cxm_response_shown_version(survey, sp->given->input,
                                             sp->err);

    return failed == 0 ? CXM_OK
           : cxm_fail(sp->err, CXM_INTERNAL, NULL, "No memory.");
}


static cxm_rc_t
merge(cxm_stepping_t *sp, unsigned required, int may_be_empty)
{
    cxm_answers_input_t  input;

    cxm_answers_clear(&sp->out->answers);

    if (!sp->fresh) {
        return cxm_response_merge(&sp->state, sp->answers, required,
                                  may_be_empty, &sp->out->answers, sp->err);
    }

    memset(&input, 0, sizeof(input));
    input.given = sp->answers;
    input.required = required;
    input.may_be_empty = may_be_empty;

    return cxm_answers_check(sp->survey, &input, &sp->out->answers, sp->err);
}


static cxm_rc_t
store_new(cxm_stepping_t *sp, int complete)
{
    int                  failed;
    char                 id[CXM_UUID_LEN + 1];
    json_t              *input;
    cxm_rc_t             rc;
    cxm_response_new_t   given;

    cxm_uuid_format(&sp->given->id, id);

    input = json_copy((json_t *) sp->given->input);
    failed = cxm_json_set_str(input, "id", cxm_strz(id))
             | json_object_set(input, "answers", sp->answers)
             | json_object_set_new(input, "complete", json_boolean(complete));

    memset(&given, 0, sizeof(given));
    given.input = input;
    given.fingerprint = sp->given->fingerprint;
    given.link = sp->given->link;

    rc = failed ? cxm_fail(sp->err, CXM_INTERNAL, NULL, "No memory.")
                : cxm_response_add(sp->txn, sp->caller, sp->survey, &given,
                                   &sp->out->response, sp->err);
    json_decref(input);

    return rc;
}


/* As long as nothing was answered there is no answer. */
static cxm_rc_t
store(cxm_stepping_t *sp, int complete)
{
    cxm_rc_t               rc;
    cxm_answers_t         *answers;
    cxm_response_write_t   write;

    answers = &sp->out->answers;

    if (!sp->fresh) {
        memset(&write, 0, sizeof(write));
        write.caller = sp->caller;
        write.answers = answers;
        write.complete = complete;
        write.version = sp->version;

        rc = cxm_response_store(&sp->state, &write, &sp->out->response,
                                sp->err);

    } else if (complete || json_object_size(answers->shared) > 0
               || json_object_size(answers->personal) > 0)
    {
        rc = store_new(sp, complete);

    } else {
        sp->out->response.id = sp->given->id;
        sp->out->response.partial = 1;
        rc = CXM_OK;
    }

    sp->out->done = rc == CXM_OK && !sp->out->response.partial;

    return rc;
}


/* What was entered wrongly does not hold up who goes back: it is dropped. */
static cxm_rc_t
go_back(cxm_stepping_t *sp)
{
    cxm_rc_t        rc;
    cxm_answers_t  *answers;

    answers = &sp->out->answers;
    rc = merge(sp, 0, 1);

    if (rc == CXM_INVALID) {
        cxm_error_init(sp->err);
        (void) json_object_clear(sp->answers);
        rc = merge(sp, 0, 1);
    }

    if (rc == CXM_OK) {
        rc = store(sp, 0);
    }

    if (rc == CXM_OK
        && !cxm_step_back(sp->survey, sp->first, answers->shared,
                          answers->personal, &sp->out->step))
    {
        (void) cxm_step_next(sp->survey, 0, answers->shared,
                             answers->personal, &sp->out->step);
    }

    return rc;
}


static cxm_rc_t
go_on(cxm_stepping_t *sp)
{
    int             more;
    cxm_rc_t        rc;
    cxm_answers_t  *answers;

    answers = &sp->out->answers;
    more = 0;
    rc = merge(sp, sp->after, 1);

    if (rc == CXM_OK) {
        more = cxm_step_next(sp->survey, sp->after, answers->shared,
                             answers->personal, &sp->out->step);

        if (!more) {
            rc = merge(sp, sp->survey->nquestions, 0);
        }
    }

    if (rc == CXM_INVALID) {
        cxm_step_again(sp->survey, sp->given->input, answers, sp->err,
                       &sp->out->step);
    }

    return rc == CXM_OK ? store(sp, !more) : rc;
}


cxm_rc_t
cxm_step_take(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_survey_t *survey, const cxm_step_given_t *given,
    cxm_step_result_t *out, cxm_error_t *err)
{
    cxm_rc_t        rc;
    cxm_stepping_t  sp;

    memset(out, 0, sizeof(*out));
    memset(&sp, 0, sizeof(sp));
    sp.txn = txn;
    sp.caller = caller;
    sp.survey = survey;
    sp.given = given;
    sp.out = out;
    sp.err = err;

    rc = find_answer(&sp);

    if (rc == CXM_OK) {
        rc = read_form(&sp);
    }

    if (rc == CXM_OK) {
        rc = cxm_str_eqz(cxm_json_get_str(given->input, "go"), "back")
             ? go_back(&sp) : go_on(&sp);
    }

    json_decref(sp.answers);
    cxm_response_unload(&sp.state);

    return rc;
}


void
cxm_step_clear(cxm_step_result_t *result)
{
    cxm_answers_clear(&result->answers);
}


/* Behind the last question that is answered. */
static unsigned
answered_end(const cxm_survey_t *survey, const cxm_answers_t *answers)
{
    unsigned   i, end;
    cxm_str_t  id;

    end = 0;

    for (i = 0; i < survey->nquestions; i++) {
        id = survey->questions[i].id;

        if (json_object_getn(answers->shared, id.data, id.len) != NULL
            || json_object_getn(answers->personal, id.data, id.len) != NULL)
        {
            end = i + 1;
        }
    }

    return end;
}


cxm_rc_t
cxm_step_resume(cxm_txn_t *txn, const cxm_survey_t *survey,
    const cxm_uuid_t *id, cxm_step_result_t *out, cxm_error_t *err)
{
    char                   token[CXM_RESPONSE_TOKEN_LEN + 1];
    cxm_rc_t               rc;
    cxm_answers_t         *answers;
    cxm_response_state_t   state;

    memset(out, 0, sizeof(*out));
    answers = &out->answers;
    cxm_response_token(cxm_txn_store(txn), id, token);

    rc = cxm_response_load(txn, survey, id, cxm_strz(token), &state, err);
    out->done = 1;

    if (rc == CXM_OK && cxm_response_partial(&state)) {
        rc = cxm_response_merge(&state, NULL, 0, 1, answers, err);
        out->done = rc != CXM_OK
                    || !cxm_step_next(survey, answered_end(survey, answers),
                                      answers->shared, answers->personal,
                                      &out->step);
    }

    cxm_response_unload(&state);

    /* complete, final or erased: there is nothing to go on with */

    if (rc == CXM_CONFLICT) {
        cxm_error_init(err);
        rc = CXM_OK;
    }

    return rc;
}
