/*
 * The public side of surveys: pages, and answers from programs and forms.
 */

#include <stdio.h>
#include <stdlib.h>

#include "cxm_json.h"
#include "cxm_language.h"
#include "cxm_link.h"
#include "cxm_response.h"
#include "cxm_route_page.h"
#include "cxm_survey_page.h"


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

static const char *const  status_values[] = { "partial", "complete", NULL };

static const cxm_field_t  made_fields[] = {
    { .name = "id", .type = CXM_FIELD_UUID },
    { .name = "status", .type = CXM_FIELD_ENUM, .values = status_values },
    { .name = "token", .type = CXM_FIELD_STRING,
      .summary = "Lets its holder go on with a partial answer." },
    { .name = NULL }
};

const cxm_fields_t  cxm_response_made = { "ResponseMade", made_fields };


static int
is_link(const cxm_call_t *call)
{
    return strcmp(call->route->path, CXM_LINK_PATH) == 0;
}


/*
 * Nothing from anywhere but the style of this very page.  A link's address is
 * nobody else's.
 */
static void
page_headers(cxm_call_t *call, const char *nonce)
{
    cxm_call_headerf(call, "Content-Security-Policy",
                     "default-src 'none'; style-src 'nonce-%s'; "
                     "form-action 'self'; base-uri 'none'; "
                     "frame-ancestors 'self'", nonce);
    cxm_call_header(call, "Referrer-Policy",
                    is_link(call) ? cxm_str("no-referrer")
                                  : cxm_str("same-origin"));
    cxm_call_header(call, "X-Content-Type-Options", cxm_str("nosniff"));
}


static cxm_rc_t
reply_page(cxm_call_t *call, int status, const char *nonce)
{
    page_headers(call, nonce);

    return cxm_call_reply_raw(call, status, "text/html; charset=utf-8");
}


static void
page_view(cxm_call_t *call, const cxm_survey_t *survey,
    char id[CXM_UUID_LEN + 1], char nonce[CXM_PAGE_NONCE_LEN + 1],
    cxm_page_view_t *view)
{
    cxm_uuid_t  uuid;

    cxm_uuid_make(&uuid, call->now);
    cxm_uuid_format(&uuid, id);
    cxm_page_nonce(nonce);

    memset(view, 0, sizeof(*view));
    view->survey = survey;
    view->prefix = call->prefix;
    view->language = cxm_call_arg(call, "lang");
    view->accept_language = call->accept_language;
    view->id = cxm_strz(id);
    view->link = is_link(call) ? call->params[1] : cxm_str("");
    view->score = cxm_call_arg(call, "score");
    view->nonce = nonce;
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


/*
 * What the address invites by: a link, or the token of an exposure.  A token
 * that proves nothing is left out: the page is there without it, too.
 */
typedef struct {
    cxm_str_t                token;     /* or empty */
    cxm_invitation_t         own;
    const cxm_invitation_t  *by;        /* own, or NULL: nothing */
    int                      answered;  /* the link */
} invited_t;


static cxm_rc_t
invited_by(cxm_call_t *call, cxm_txn_t *txn, const cxm_survey_t *survey,
    invited_t *out)
{
    cxm_rc_t  rc;

    memset(out, 0, sizeof(*out));

    if (is_link(call)) {
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
    const invited_t *invited)
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
show(cxm_call_t *call, cxm_txn_t *txn, const cxm_survey_t *survey,
    const invited_t *invited)
{
    char              id[CXM_UUID_LEN + 1];
    char              nonce[CXM_PAGE_NONCE_LEN + 1];
    cxm_rc_t          rc;
    cxm_page_view_t   view;

    (void) txn;

    /* who has answered is thanked, whatever the survey is by now */

    if (call->html
        && (invited->answered || (cxm_call_has_arg(call, "thanks")
                                  && survey->status != CXM_SURVEY_DRAFT)))
    {
        page_view(call, survey, id, nonce, &view);
        cxm_survey_thanks(&call->reply.body, &view);
        return reply_page(call, 200, nonce);
    }

    rc = invited->answered
         ? CXM_OK
         : cxm_invitation_open(invited->by, survey, call->now, &call->err);

    if (rc != CXM_OK) {
        return rc;
    }

    if (!call->html) {
        return reply_definition(call, survey, invited);
    }

    page_view(call, survey, id, nonce, &view);
    view.exposure = invited->token;
    cxm_survey_page(&call->reply.body, &view);

    return reply_page(call, 200, nonce);
}


typedef cxm_rc_t (*invited_pt)(cxm_call_t *call, cxm_txn_t *txn,
    const cxm_survey_t *survey, const invited_t *invited);


/* The survey of the address, and what it invites by, for a handler. */
static cxm_rc_t
with_invited(cxm_call_t *call, cxm_txn_t *txn, invited_pt handler)
{
    cxm_rc_t             rc;
    invited_t            invited;
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
    return with_invited(call, txn, show);
}


static void
redrawn_free(void *data)
{
    redrawn_t  *redrawn;

    redrawn = data;
    cxm_buf_free(&redrawn->html);
    free(redrawn);
}


static void
redraw(cxm_call_t *call, const cxm_survey_t *survey)
{
    char              id[CXM_UUID_LEN + 1];
    cxm_str_t         sent;
    cxm_uuid_t        uuid;
    redrawn_t        *redrawn;
    cxm_page_view_t   view;

    if (call->data == NULL) {
        call->data = calloc(1, sizeof(redrawn_t));

        if (call->data == NULL) {
            return;
        }

        call->data_free = redrawn_free;
        cxm_buf_init(&((redrawn_t *) call->data)->html, CXM_PAGE_MAX_BYTES);
    }

    redrawn = call->data;
    cxm_buf_reset(&redrawn->html);

    page_view(call, survey, id, redrawn->nonce, &view);

    /* it stays one answer, however often it is sent */

    sent = cxm_json_get_str(call->input, "id");

    if (cxm_uuid_parse(sent, &uuid) == CXM_OK) {
        view.id = sent;
    }

    sent = cxm_json_get_str(call->input, "language");

    if (sent.len > 0) {
        view.language = sent;
    }

    view.exposure = cxm_json_get_str(call->input, "exposure");
    view.form = call->input;
    view.err = &call->err;
    cxm_survey_page(&redrawn->html, &view);
}


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
    const invited_t *invited)
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
    const invited_t *invited, json_t **input)
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
    const invited_t *invited, cxm_response_result_t *result)
{
    json_t              *input;
    cxm_rc_t             rc;
    cxm_response_new_t   given;

    input = NULL;
    rc = call->form ? form_input(call, txn, survey, invited, &input) : CXM_OK;

    if (rc == CXM_OK) {
        given.input = call->form ? input : call->input;
        given.fingerprint = call->fingerprint;
        given.link = is_link(call) ? invited->by : NULL;
        rc = cxm_response_add(txn, &call->caller, survey, &given, result,
                              &call->err);
    }

    json_decref(input);

    return rc;
}


static cxm_rc_t
post_to(cxm_call_t *call, cxm_txn_t *txn, const cxm_survey_t *survey,
    const invited_t *invited)
{
    cxm_rc_t                rc;
    cxm_response_result_t   result;

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


cxm_rc_t
cxm_response_post_write(cxm_call_t *call, cxm_txn_t *txn)
{
    return with_invited(call, txn, post_to);
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

    if (rc == CXM_OK && survey->status == CXM_SURVEY_DRAFT) {
        rc = cxm_survey_open(survey, &call->err);
    }

    if (rc != CXM_OK) {
        return rc;
    }

    if (cxm_uuid_parse(call->params[1], &change.id) != CXM_OK) {
        return cxm_fail(&call->err, CXM_NOT_FOUND, NULL,
                        "There is no such answer.");
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
