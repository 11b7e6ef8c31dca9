/*
 * Answers: from an input to an entry.
 */

#include <stdio.h>

#include "cxm_answer.h"
#include "cxm_json.h"
#include "cxm_response_int.h"
#include "cxm_said.h"


typedef struct {
    cxm_said_t      said;
    cxm_answers_t   answers;
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
static void
add_attributes(cxm_adding_t *add)
{
    char         number[40];
    char         pointer[CXM_ERROR_POINTER_LEN];
    void        *iter;
    json_t      *attributes, *rest, *value;
    cxm_str_t    text;
    cxm_said_t  *said;
    const char  *name;

    said = &add->said;
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


static void
add_answers(cxm_adding_t *add)
{
    int                   complete;
    cxm_said_t           *said;
    cxm_answers_t        *answers;
    cxm_answers_input_t   input;

    said = &add->said;
    answers = &add->answers;
    complete = cxm_json_get_bool(said->input, "complete", 1);

    memset(&input, 0, sizeof(input));
    input.given = json_object_get(said->input, "answers");
    input.required = complete ? said->survey->nquestions : 0;

    (void) cxm_answers_check(said->survey, &input, answers, said->err);

    said->failed |= json_object_set(said->body, "answers",
                                    answers->shared) != 0;

    if (!complete) {
        said->failed |= json_object_set_new(said->body, "complete",
                                            json_false()) != 0;
    }

    if (json_array_size(answers->answered) > 0) {
        said->failed |= json_object_set(said->body, "answered",
                                        answers->answered) != 0
                        || json_object_set(said->personal, "answers",
                                           answers->personal) != 0;
    }

    if (answers->csi >= 0) {
        said->failed |= cxm_json_set_int(said->body, "csi",
                                         answers->csi) != 0;
    }
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
    add_attributes(add);
    add_time(said);

    if (json_object_get(said->input, "exposure") != NULL) {
        (void) cxm_issue(said->err, "/exposure", "not_supported",
                         "Exposures are not supported yet.");
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
    out->partial = !cxm_json_get_bool(said->body, "complete", 1);
    out->repeated = 0;

    return rc;
}


/* The id of the input, or a new one; *given tells which. */
static cxm_rc_t
choose_id(const cxm_said_t *said, cxm_uuid_t *id, int *given)
{
    cxm_str_t  text;

    text = cxm_json_get_str(said->input, "id");
    *given = text.data != NULL;

    if (!*given) {
        cxm_uuid_make(id, cxm_txn_now(said->txn));
        return CXM_OK;
    }

    return cxm_uuid_parse(text, id) == CXM_OK ? CXM_OK
           : cxm_issue(said->err, "/id", "invalid", "This is no UUID.");
}


cxm_rc_t
cxm_response_add(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_survey_t *survey, const json_t *input,
    const uint8_t fingerprint[CXM_HASH_LEN], cxm_response_result_t *out,
    cxm_error_t *err)
{
    int           given;
    char          fp[2 * CXM_HASH_LEN + 1];
    cxm_rc_t      rc;
    cxm_uuid_t    id;
    cxm_adding_t  add;

    memset(&add, 0, sizeof(add));
    add.said.txn = txn;
    add.said.caller = caller;
    add.said.survey = survey;
    add.said.input = input;
    add.said.err = err;
    cxm_said_begin(&add.said);

    cxm_hex_encode(fingerprint, CXM_HASH_LEN, fp);
    rc = choose_id(&add.said, &id, &given);

    /* a repeat gets its first result also when the survey is closed by now */

    if (rc == CXM_OK && given && survey->status != CXM_SURVEY_DRAFT) {
        rc = cxm_response_repeated(txn, survey, &id, fp, out, err);

        if (rc != CXM_NOT_FOUND) {
            goto done;
        }

        rc = CXM_OK;
    }

    if (rc == CXM_OK) {
        rc = cxm_survey_open(survey, err);
    }

    if (rc == CXM_OK) {
        add_members(&add);
        rc = err->rc;
    }

    if (rc == CXM_OK && given) {
        cxm_said_fingerprint(&add.said, fp);
    }

    if (rc == CXM_OK) {
        rc = append(&add.said, &id, out);
    }

done:

    cxm_answers_clear(&add.answers);
    cxm_said_end(&add.said);

    return rc;
}
