/*
 * Answers: from an input to an entry.
 */

#include <stdio.h>

#include "cxm_answer.h"
#include "cxm_exposure_row.h"
#include "cxm_json.h"
#include "cxm_response_int.h"
#include "cxm_said.h"


typedef struct {
    cxm_said_t              said;
    cxm_answers_t           answers;
    const cxm_invitation_t *link;       /* NULL: none */
    cxm_invitation_t        exposure;   /* of the token in the input */
    const cxm_invitation_t *invitation; /* either of them, or NULL */
    json_t                 *asked;      /* its; NULL: it was not */
    cxm_uuid_t              id;
    int                     given;      /* the id, by caller or link */
    char                    fp[2 * CXM_HASH_LEN + 1];
} cxm_adding_t;


static int
is_scalar_text(const json_t *value, char number[40], cxm_str_t *text)
{
    cxm_buf_t  buf;

    if (json_is_string(value)) {
        *text = cxm_json_str(value);
        return 1;
    }

    cxm_buf_init(&buf, 40);
    cxm_json_dump(&buf, value);

    if (buf.failed) {
        cxm_buf_free(&buf);
        return 0;
    }

    memcpy(number, buf.data, buf.len);
    *text = (cxm_str_t) { buf.len, number };
    cxm_buf_free(&buf);

    return 1;
}


/* Those that are segments go there, the others are personal. */
void
cxm_response_take_attributes(cxm_said_t *said)
{
    char         number[40];
    char         pointer[CXM_ERROR_POINTER_LEN];
    void        *iter;
    json_t      *attributes, *rest, *value;
    cxm_str_t    text;
    const char  *name;

    attributes = json_object_get(said->input, "attributes");
    rest = json_object();

    for (iter = json_object_iter(attributes); iter != NULL;
         iter = json_object_iter_next(attributes, iter))
    {
        name = json_object_iter_key(iter);
        value = json_object_iter_value(iter);

        if (cxm_survey_segment(said->survey, cxm_strz(name))
            < CXM_SEGMENT_CUSTOM || !is_scalar_text(value, number, &text))
        {
            said->failed |= json_object_set(rest, name, value) != 0;
            continue;
        }

        (void) snprintf(pointer, sizeof(pointer), "/attributes");
        cxm_pointer_push(pointer, sizeof(pointer), cxm_strz(name));
        cxm_said_segment(said, name, text, pointer);
    }

    if (json_object_size(rest) > 0) {
        said->failed |= json_object_set(said->personal, "attributes",
                                        rest) != 0;
    }

    json_decref(rest);
}


static void
add_time(cxm_said_t *said)
{
    cxm_ms_t   at;
    cxm_str_t  text;

    text = cxm_json_get_str(said->input, "client_time");

    if (text.data == NULL) {
        return;
    }

    if (!said->known || cxm_rfc3339_parse(text, &at) != CXM_OK) {
        cxm_said_str(said, said->body, "client_time", text);
        return;
    }

    if (at > cxm_txn_now(said->txn)) {
        (void) cxm_issue(said->err, "/client_time", "out_of_range",
                         "This lies in the future.");
        return;
    }

    said->failed |= cxm_json_set_int(said->body, "at", at) != 0;
}


void
cxm_response_take_answers(cxm_said_t *said, const cxm_answers_t *answers,
    int complete)
{
    said->failed |= json_object_set(said->body, "answers",
                                    answers->shared) != 0;

    if (!complete) {
        said->failed |= json_object_set_new(said->body, "complete",
                                            json_false()) != 0;
    }

    if (json_array_size(answers->answered) > 0) {
        said->failed |= json_object_set(said->body, "answered",
                                        answers->answered) != 0;
    }

    if (json_object_size(answers->personal) > 0) {
        said->failed |= json_object_set(said->personal, "answers",
                                        answers->personal) != 0;
    }

    if (answers->csi >= 0) {
        said->failed |= cxm_json_set_int(said->body, "csi",
                                         answers->csi) != 0;
    }
}


static void
add_answers(cxm_adding_t *add)
{
    int                   complete;
    cxm_said_t           *said;
    cxm_answers_input_t   input;

    said = &add->said;
    complete = cxm_json_get_bool(said->input, "complete", 1);

    memset(&input, 0, sizeof(input));
    input.given = json_object_get(said->input, "answers");
    input.required = complete ? said->survey->nquestions : 0;

    (void) cxm_answers_check(said->survey, &input, &add->answers, said->err);
    cxm_response_take_answers(said, &add->answers, complete);
}


/* Everything of the entry to be. */
static void
add_members(cxm_adding_t *add)
{
    cxm_said_t  *said;

    said = &add->said;

    said->failed |= cxm_json_set_int(said->body, "survey_version",
                        cxm_response_shown_version(said->survey, said->input,
                                                   said->err)) != 0;
    add_answers(add);
    cxm_said_take(said);
    cxm_response_take_attributes(said);
    add_time(said);

    if (add->asked != NULL) {
        said->failed |= json_object_set(said->body, "asked", add->asked) != 0;
    }
}


static cxm_rc_t
append(cxm_said_t *said, const cxm_uuid_t *id, cxm_response_result_t *out)
{
    cxm_rc_t     rc;
    cxm_entry_t  entry;

    memset(&entry, 0, sizeof(entry));
    entry.kind = CXM_KIND_RESPONSE;
    entry.action = CXM_ACTION_ADD;
    entry.id = *id;

    rc = cxm_said_append(said, &entry);

    out->id = *id;
    out->no = entry.seq;
    out->version = 1;
    out->subject = entry.subject;
    out->partial = !cxm_json_get_bool(said->body, "complete", 1);
    out->repeated = 0;

    return rc;
}


static cxm_rc_t
take_exposure(cxm_adding_t *add, cxm_str_t token)
{
    cxm_rc_t  rc;

    if (add->link != NULL) {
        return cxm_issue(add->said.err, "/exposure", "not_allowed",
                         "A link says itself what it answers.");
    }

    add->invitation = &add->exposure;
    rc = cxm_exposure_invites(add->said.txn, add->said.survey, token,
                              &add->exposure, add->said.err);

    if (rc != CXM_NOT_FOUND) {
        return rc;
    }

    /* who has no token does not learn that there is a draft */

    return add->said.survey->status == CXM_SURVEY_DRAFT
           ? cxm_survey_open(add->said.survey, add->said.err)
           : cxm_issue(add->said.err, "/exposure", "invalid",
                       "This is no token of an exposure of this survey.");
}


/* What a link or the token of an exposure says goes before the input. */
static cxm_rc_t
take_invitation(cxm_adding_t *add)
{
    cxm_rc_t   rc;
    cxm_str_t  token;

    rc = CXM_OK;
    token = cxm_json_get_str(add->said.input, "exposure");
    add->invitation = add->link;

    if (token.data != NULL) {
        rc = take_exposure(add, token);
    }

    if (add->invitation != NULL) {
        add->said.invited = add->invitation->said;
        add->asked = add->invitation->asked;
    }

    return rc;
}


/* The link's, the caller's, or a new one. */
static cxm_rc_t
take_id(cxm_adding_t *add)
{
    cxm_rc_t  rc;

    rc = cxm_said_id(&add->said, &add->id, &add->given);

    if (rc != CXM_OK || add->link == NULL) {
        return rc;
    }

    if (add->given && memcmp(&add->id, &add->link->id, sizeof(add->id)) != 0) {
        return cxm_issue(add->said.err, "/id", "not_allowed",
                         "The answer to a link has an id of its own.");
    }

    add->id = add->link->id;
    add->given = 1;

    return CXM_OK;
}


/*
 * CXM_OK: *out is the answer that the exposure got, which this one repeats;
 * CXM_NOT_FOUND: it got none.
 */
static cxm_rc_t
exposure_repeated(cxm_adding_t *add, cxm_response_result_t *out)
{
    cxm_rc_t               rc;
    cxm_entry_t            first;
    cxm_said_t            *said;
    cxm_exposure_state_t   state;

    said = &add->said;
    rc = cxm_exposure_state_get(said->txn, (uint64_t)
                                cxm_json_get_int(add->asked, "no", 0), &state);

    if (rc != CXM_OK || state.until != 0) {
        return rc == CXM_OK ? CXM_NOT_FOUND : rc;
    }

    memset(&first, 0, sizeof(first));

    if (!add->given) {
        rc = cxm_journal_read(said->txn, state.answer, 0, &first, NULL);

        if (rc == CXM_OK) {
            rc = cxm_response_repeated(said->txn, said->survey, &first.id,
                                       add->fp, out, said->err);
        }

        cxm_entry_clear(&first);

        if (rc != CXM_NOT_FOUND && rc != CXM_CONFLICT) {
            return rc;
        }
    }

    cxm_error_init(said->err);

    return cxm_fail(said->err, CXM_CONFLICT, "exposure_answered",
                    "This exposure has another answer.");
}


/*
 * Whether it was sent before: then its first result is due also when the
 * survey is closed by now.  CXM_NOT_FOUND: it was not.
 */
static cxm_rc_t
find_repeated(cxm_adding_t *add, cxm_response_result_t *out)
{
    cxm_rc_t     rc;
    cxm_said_t  *said;

    rc = CXM_NOT_FOUND;
    said = &add->said;

    if (add->given && (said->survey->status != CXM_SURVEY_DRAFT
                       || add->asked != NULL))
    {
        rc = cxm_response_repeated(said->txn, said->survey, &add->id,
                                   add->link != NULL ? NULL : add->fp, out,
                                   said->err);
    }

    return rc == CXM_NOT_FOUND && add->asked != NULL
           ? exposure_repeated(add, out) : rc;
}


static cxm_rc_t
add_answer(cxm_adding_t *add, cxm_response_result_t *out)
{
    cxm_rc_t     rc;
    cxm_said_t  *said;

    said = &add->said;
    rc = take_invitation(add);

    if (rc == CXM_OK) {
        rc = take_id(add);
    }

    if (rc == CXM_OK) {
        rc = find_repeated(add, out);

        if (rc != CXM_NOT_FOUND) {
            return rc;
        }

        rc = cxm_invitation_open(add->invitation, said->survey,
                                 cxm_txn_now(said->txn), said->err);
    }

    if (rc == CXM_OK) {
        add_members(add);
        rc = said->err->rc;
    }

    if (rc != CXM_OK) {
        return rc;
    }

    if (add->link == NULL && (add->given || add->asked != NULL)) {
        cxm_said_fingerprint(said, add->fp);
    }

    if (!add->given) {
        cxm_uuid_make(&add->id, cxm_txn_now(said->txn));
    }

    return append(said, &add->id, out);
}


cxm_rc_t
cxm_response_add(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_survey_t *survey, const cxm_response_new_t *given,
    cxm_response_result_t *out, cxm_error_t *err)
{
    cxm_rc_t      rc;
    cxm_adding_t  add;

    memset(&add, 0, sizeof(add));
    add.said.txn = txn;
    add.said.caller = caller;
    add.said.survey = survey;
    add.said.input = given->input;
    add.said.err = err;
    add.link = given->link;

    cxm_hex_encode(given->fingerprint, CXM_HASH_LEN, add.fp);
    cxm_said_begin(&add.said);
    rc = add_answer(&add, out);

    cxm_answers_clear(&add.answers);
    cxm_invitation_clear(&add.exposure);
    cxm_said_end(&add.said);

    return rc;
}
