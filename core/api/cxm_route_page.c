/*
 * The public side of surveys: pages.
 */

#include <stdlib.h>

#include "cxm_answer.h"
#include "cxm_json.h"
#include "cxm_route_page.h"


/* A form that was refused, drawn again while there was a transaction. */
typedef struct {
    cxm_buf_t  html;
    char       nonce[CXM_PAGE_NONCE_LEN + 1];
} redrawn_t;


const cxm_field_t  cxm_survey_page_query[] = {
    { .name = "lang", .type = CXM_FIELD_TEXT,
      .summary = "Language of the page; default by Accept-Language." },
    { .name = "thanks", .type = CXM_FIELD_TEXT,
      .summary = "The page after the answer, whatever its value." },
    { .name = "exposure", .type = CXM_FIELD_TEXT,
      .summary = "Token that goes with the answer." },
    { .name = "score", .type = CXM_FIELD_TEXT,
      .summary = "Chosen before, of the first scored question." },
    { .name = NULL }
};

int
cxm_call_is_link(const cxm_call_t *call)
{
    return strcmp(call->route->path, CXM_LINK_PATH) == 0;
}


/*
 * Nothing from anywhere but the style of this very page, which other sites
 * show as far as cxm_allow_origin names them.  A link's address is nobody
 * else's.
 */
static void
page_headers(cxm_call_t *call, const char *nonce)
{
    cxm_call_headerf(call, "Content-Security-Policy",
                     "default-src 'none'; style-src 'nonce-%s'; "
                     "form-action 'self'; base-uri 'none'; "
                     "frame-ancestors 'self'%.*s", nonce,
                     (int) call->framed_by.len, call->framed_by.data);
    cxm_call_header(call, "Referrer-Policy",
                    cxm_call_is_link(call) ? cxm_str("no-referrer")
                                  : cxm_str("same-origin"));
    cxm_call_header(call, "X-Content-Type-Options", cxm_str("nosniff"));
}


static cxm_rc_t
reply_page(cxm_call_t *call, int status, const char *nonce)
{
    page_headers(call, nonce);

    return cxm_call_reply_raw(call, status, "text/html; charset=utf-8");
}


static cxm_rc_t
reply_notice(cxm_call_t *call, int status, cxm_notice_t notice,
    cxm_str_t language)
{
    char  nonce[CXM_PAGE_NONCE_LEN + 1];

    cxm_page_nonce(nonce);
    cxm_survey_notice(&call->reply.body, notice, language,
                      call->accept_language, nonce);

    return reply_page(call, status, nonce);
}


static cxm_rc_t
invited_by(cxm_call_t *call, cxm_txn_t *txn, const cxm_survey_t *survey,
    cxm_invited_t *out)
{
    cxm_rc_t  rc;

    memset(out, 0, sizeof(*out));

    if (cxm_call_is_link(call)) {
        out->by = &out->own;
        rc = cxm_link_open(txn, survey, call->params[1], &out->own,
                           &call->err);

        return rc == CXM_OK
               ? cxm_link_answered(txn, &out->own, &out->answered, &call->err)
               : rc;
    }

    out->token = cxm_call_arg(call, "exposure");

    if (out->token.len == 0) {
        return CXM_OK;
    }

    rc = cxm_exposure_invites(txn, survey, out->token, &out->own, &call->err);

    if (rc == CXM_OK) {
        out->by = &out->own;

    } else if (rc == CXM_NOT_FOUND) {
        out->token = cxm_str("");
        rc = CXM_OK;
    }

    return rc;
}


static cxm_rc_t
reply_definition(cxm_call_t *call, const cxm_survey_t *survey,
    const cxm_invited_t *invited)
{
    char     until[CXM_RFC3339_LEN + 1];
    json_t  *output;

    output = cxm_survey_public_json(survey);

    if (invited->own.expires_at != 0) {
        cxm_rfc3339_format(invited->own.expires_at, until);
        (void) cxm_json_set_str(output, "expires_at", cxm_strz(until));
        (void) json_object_set_new(output, "answered",
                                   json_boolean(invited->answered));
    }

    return cxm_call_reply(call, 200, output);
}


static cxm_rc_t
reply_thanks(cxm_call_t *call, const cxm_survey_t *survey)
{
    cxm_drawing_t  drawing;

    cxm_draw_begin(call, survey, NULL, &drawing);
    cxm_survey_thanks(&call->reply.body, &drawing.view);

    return reply_page(call, 200, drawing.nonce);
}


/* Where a link's answer has stopped, or thanks. */
static cxm_rc_t
reply_resumed(cxm_call_t *call, cxm_txn_t *txn, const cxm_survey_t *survey,
    const cxm_uuid_t *id)
{
    cxm_rc_t            rc;
    cxm_drawing_t       drawing;
    cxm_step_result_t   result;

    rc = cxm_step_resume(txn, survey, id, &result, &call->err);

    if (rc == CXM_OK && result.done) {
        rc = reply_thanks(call, survey);

    } else if (rc == CXM_OK) {
        cxm_draw_begin(call, survey, id, &drawing);
        cxm_draw_step(&drawing, &result.step);
        rc = cxm_draw_reply(call, &drawing);
    }

    cxm_step_clear(&result);

    return rc;
}


/*
 * A browser that goes back to the first step must find the answer that it
 * has begun, not a new one.
 */
static cxm_rc_t
reply_first(cxm_call_t *call, const cxm_survey_t *survey,
    const cxm_invited_t *invited)
{
    cxm_step_t      step;
    cxm_drawing_t   drawing;

    cxm_draw_begin(call, survey, NULL, &drawing);
    drawing.view.exposure = invited->token;

    if (cxm_survey_stepped(survey)
        && cxm_step_next(survey, 0, NULL, NULL, &step))
    {
        cxm_draw_step(&drawing, &step);
        cxm_call_header(call, "Cache-Control", cxm_str("private, no-cache"));
    }

    return cxm_draw_reply(call, &drawing);
}


static cxm_rc_t
show(cxm_call_t *call, cxm_txn_t *txn, const cxm_survey_t *survey,
    const cxm_invited_t *invited)
{
    cxm_rc_t  rc;

    if (call->html && invited->answered) {
        return reply_resumed(call, txn, survey, &invited->own.id);
    }

    /* who has answered is thanked, whatever the survey is by now */

    if (call->html && cxm_call_has_arg(call, "thanks")
        && survey->status != CXM_SURVEY_DRAFT)
    {
        return reply_thanks(call, survey);
    }

    rc = invited->answered
         ? CXM_OK
         : cxm_invitation_open(invited->by, survey, call->now, &call->err);

    if (rc != CXM_OK) {
        return rc;
    }

    return call->html ? reply_first(call, survey, invited)
                      : reply_definition(call, survey, invited);
}


cxm_rc_t
cxm_with_invited(cxm_call_t *call, cxm_txn_t *txn, cxm_invited_pt handler)
{
    cxm_rc_t             rc;
    cxm_invited_t        invited;
    const cxm_survey_t  *survey;

    rc = cxm_survey_by_slug(txn, call->params[0], &survey, &call->err);

    if (rc != CXM_OK) {
        return rc;
    }

    rc = invited_by(call, txn, survey, &invited);

    if (rc == CXM_OK) {
        rc = handler(call, txn, survey, &invited);
    }

    cxm_invitation_clear(&invited.own);

    return rc;
}


cxm_rc_t
cxm_survey_page_read(cxm_call_t *call, cxm_txn_t *txn)
{
    return cxm_with_invited(call, txn, show);
}


/* --- drawing ------------------------------------------------------------ */

void
cxm_draw_begin(cxm_call_t *call, const cxm_survey_t *survey,
    const cxm_uuid_t *id, cxm_drawing_t *out)
{
    cxm_str_t         sent;
    cxm_uuid_t        made;
    cxm_page_view_t  *view;

    if (id == NULL) {
        cxm_uuid_make(&made, call->now);
        id = &made;
    }

    cxm_uuid_format(id, out->id);
    cxm_response_token(call->store, id, out->token);
    cxm_page_nonce(out->nonce);

    view = &out->view;
    memset(view, 0, sizeof(*view));
    sent = cxm_json_get_str(call->input, "language");

    view->survey = survey;
    view->prefix = call->prefix;
    view->language = sent.len > 0 ? sent : cxm_call_arg(call, "lang");
    view->accept_language = call->accept_language;
    view->id = cxm_strz(out->id);
    view->token = cxm_strz(out->token);
    view->exposure = cxm_json_get_str(call->input, "exposure");
    view->link = cxm_call_is_link(call) ? call->params[1] : cxm_str("");
    view->score = cxm_call_arg(call, "score");
    view->nonce = out->nonce;
}


void
cxm_draw_step(cxm_drawing_t *drawing, const cxm_step_t *step)
{
    drawing->step = *step;
    drawing->view.step = &drawing->step;
}


cxm_rc_t
cxm_draw_reply(cxm_call_t *call, const cxm_drawing_t *drawing)
{
    cxm_survey_page(&call->reply.body, &drawing->view);

    return reply_page(call, 200, drawing->nonce);
}


static void
redrawn_free(void *data)
{
    redrawn_t  *redrawn;

    redrawn = data;
    cxm_buf_free(&redrawn->html);
    free(redrawn);
}


/* What a form says of itself, where nobody knows what it leads to. */
static void
again_as_sent(cxm_call_t *call, cxm_drawing_t *drawing)
{
    json_t               *answers;
    cxm_step_t            step;
    cxm_error_t           ignored;
    cxm_answers_t         out;
    cxm_answers_input_t   input;

    cxm_error_init(&ignored);
    memset(&input, 0, sizeof(input));
    answers = cxm_form_answers(drawing->view.survey,
                               json_object_get(call->input, "answers"));
    input.given = answers;

    (void) cxm_answers_check(drawing->view.survey, &input, &out, &ignored);
    cxm_step_again(drawing->view.survey, call->input, &out, &call->err,
                   &step);
    cxm_draw_step(drawing, &step);

    cxm_answers_clear(&out);
    json_decref(answers);
}


void
cxm_draw_again(cxm_call_t *call, cxm_drawing_t *drawing)
{
    redrawn_t  *redrawn;

    if (call->data == NULL) {
        call->data = calloc(1, sizeof(redrawn_t));

        if (call->data == NULL) {
            return;
        }

        call->data_free = redrawn_free;
        cxm_buf_init(&((redrawn_t *) call->data)->html, CXM_PAGE_MAX_BYTES);
    }

    if (drawing->view.step == NULL
        && cxm_survey_stepped(drawing->view.survey))
    {
        again_as_sent(call, drawing);
    }

    if (drawing->view.form == NULL) {
        drawing->view.form = call->input;
    }

    drawing->view.err = &call->err;

    redrawn = call->data;
    cxm_buf_reset(&redrawn->html);
    memcpy(redrawn->nonce, drawing->nonce, sizeof(redrawn->nonce));
    cxm_survey_page(&redrawn->html, &drawing->view);
}


void
cxm_survey_problem_html(cxm_call_t *call)
{
    size_t      i;
    redrawn_t  *redrawn;

    static const struct {
        const char    *code;
        cxm_notice_t   notice;
    } notices[] = {
        { "paused", CXM_NOTICE_PAUSED },
        { "closed", CXM_NOTICE_CLOSED },
        { "not_found", CXM_NOTICE_MISSING },
        { "id_taken", CXM_NOTICE_TAKEN },
        { "already_complete", CXM_NOTICE_TAKEN },
        { "finalised", CXM_NOTICE_OVER },
        { "exposure_answered", CXM_NOTICE_TAKEN },
        { "link_expired", CXM_NOTICE_EXPIRED }
    };

    redrawn = call->data;

    if (call->rc == CXM_INVALID && redrawn != NULL && !redrawn->html.failed) {
        cxm_buf_put(&call->reply.body, redrawn->html.data,
                    redrawn->html.len);
        (void) reply_page(call, call->reply.status, redrawn->nonce);
        return;
    }

    for (i = 0; i < sizeof(notices) / sizeof(notices[0]); i++) {
        if (strcmp(call->err.code, notices[i].code) == 0) {
            (void) reply_notice(call, call->reply.status, notices[i].notice,
                                cxm_call_arg(call, "lang"));
            return;
        }
    }

    (void) reply_notice(call, call->reply.status, CXM_NOTICE_WRONG,
                        cxm_call_arg(call, "lang"));
}
