/*
 * Answers that change: partial ones that go on, and those whose time is over.
 */

#include "cxm_due.h"
#include "cxm_json.h"
#include "cxm_person.h"
#include "cxm_response_int.h"


int
cxm_response_token_fits(const cxm_store_t *store, const cxm_uuid_t *id,
    cxm_str_t token)
{
    char  own[CXM_RESPONSE_TOKEN_LEN + 1];

    cxm_response_token(store, id, own);

    return token.len == CXM_RESPONSE_TOKEN_LEN
           && cxm_equal(own, token.data, CXM_RESPONSE_TOKEN_LEN);
}


/* Whether nothing can be sealed for this person any more. */
static cxm_rc_t
person_gone(cxm_txn_t *txn, uint64_t subject, int *gone, cxm_error_t *err)
{
    cxm_rc_t   rc;
    cxm_key_t  key;

    *gone = 0;

    if (subject == 0) {
        return CXM_OK;
    }

    rc = cxm_person_gone(txn, subject, NULL);

    if (rc == CXM_NOT_FOUND) {
        rc = cxm_person_key(cxm_txn_store(txn), subject, &key);
        cxm_wipe(&key, sizeof(key));
        *gone = rc == CXM_NOT_FOUND;

    } else {
        *gone = rc == CXM_OK;
    }

    return rc == CXM_OK || *gone ? CXM_OK
           : cxm_fail(err, rc, NULL, "The person's key cannot be read.");
}


cxm_rc_t
cxm_response_load(cxm_txn_t *txn, const cxm_survey_t *survey,
    const cxm_uuid_t *id, cxm_str_t token, cxm_response_state_t *state,
    cxm_error_t *err)
{
    int       gone;
    uint64_t  home;
    cxm_rc_t  rc;

    memset(state, 0, sizeof(*state));
    state->txn = txn;
    state->survey = survey;
    state->if_match = CXM_VERSION_ANY;

    rc = cxm_response_locate(txn, id, &home, &state->no);

    if (rc != CXM_OK && rc != CXM_NOT_FOUND) {
        return cxm_fail(err, rc, NULL, "The answer cannot be found.");
    }

    if (!cxm_response_token_fits(cxm_txn_store(txn), id, token)
        || rc == CXM_NOT_FOUND || home != survey->doc.no)
    {
        return cxm_fail(err, CXM_NOT_FOUND, NULL,
                        "There is no such answer, or the token is another's.");
    }

    rc = cxm_response_newest(txn, home, state->no, &state->entry, err);

    if (rc == CXM_OK) {
        rc = person_gone(txn, state->entry.subject, &gone, err);
    }

    if (rc == CXM_OK && gone) {
        rc = cxm_fail(err, CXM_CONFLICT, "person_erased",
                      "This person has been erased.");
    }

    if (rc == CXM_OK
        && json_object_get(state->entry.body, "finalised") != NULL)
    {
        rc = cxm_fail(err, CXM_CONFLICT, "finalised",
                      "The time to go on with this answer is over; it counts "
                      "as it was left.");
    }

    return rc;
}


void
cxm_response_unload(cxm_response_state_t *state)
{
    cxm_entry_clear(&state->entry);
}


int
cxm_response_partial(const cxm_response_state_t *state)
{
    return !cxm_json_get_bool(state->entry.body, "complete", 1);
}


static cxm_rc_t
check_state(const cxm_response_state_t *state, cxm_error_t *err)
{
    uint64_t  version;

    version = state->entry.replaces + 1;

    if (state->if_match != CXM_VERSION_ANY
        && state->if_match != CXM_VERSION_SOME && state->if_match != version)
    {
        return cxm_fail(err, CXM_PRECONDITION, NULL,
                        "It has another version than the one asked for.");
    }

    if (!cxm_response_partial(state)) {
        return cxm_fail(err, CXM_CONFLICT, "already_complete",
                        "This answer is complete.");
    }

    /* whoever was asked may answer, to the end */

    return json_object_get(state->entry.body, "asked") != NULL
           ? CXM_OK : cxm_survey_open(state->survey, err);
}


/* Who may not change an answer need not hear what is wrong with the change. */
cxm_rc_t
cxm_response_merge(const cxm_response_state_t *state, const json_t *given,
    unsigned required, int may_be_empty, cxm_answers_t *out, cxm_error_t *err)
{
    cxm_rc_t             rc;
    cxm_error_t          refused;
    cxm_answers_input_t  input;

    memset(&input, 0, sizeof(input));
    input.given = given;
    input.shared = json_object_get(state->entry.body, "answers");
    input.personal = json_object_get(state->entry.personal, "answers");
    input.required = required;
    input.may_be_empty = may_be_empty;

    rc = cxm_answers_check(state->survey, &input, out, err);

    if (rc != CXM_INVALID) {
        return rc;
    }

    cxm_error_init(&refused);

    if (check_state(state, &refused) != CXM_OK) {
        *err = refused;
    }

    return err->rc;
}


/* Members of a body that follow from the answers. */
static int
set_answers(json_t *body, const cxm_answers_t *answers)
{
    int  failed;

    failed = json_object_set(body, "answers", answers->shared);

    (void) json_object_del(body, "answered");
    (void) json_object_del(body, "csi");

    if (json_array_size(answers->answered) > 0) {
        failed |= json_object_set(body, "answered", answers->answered);
    }

    if (answers->csi >= 0) {
        failed |= cxm_json_set_int(body, "csi", answers->csi);
    }

    return failed;
}


static cxm_rc_t
put_entry(cxm_response_state_t *state, uint64_t actor, uint64_t subject,
    json_t *body, json_t *personal, cxm_error_t *err)
{
    cxm_entry_t  entry;

    memset(&entry, 0, sizeof(entry));
    entry.kind = CXM_KIND_RESPONSE;
    entry.action = CXM_ACTION_PUT;
    entry.id = state->entry.id;
    entry.replaces = state->entry.replaces + 1;
    entry.subject = subject;
    entry.actor = actor;
    entry.body = body;
    entry.personal = json_object_size(personal) > 0 ? personal : NULL;

    return cxm_journal_append(state->txn, &entry, err);
}


/* *subject: whose it is, and will be once there is something personal. */
static cxm_rc_t
put_changed(cxm_response_state_t *state, const cxm_response_write_t *write,
    json_t *body, json_t *personal, uint64_t *subject, cxm_error_t *err)
{
    int       failed;
    cxm_rc_t  rc;

    failed = set_answers(body, write->answers)
             | cxm_json_set_int(body, "survey_version", write->version);

    if (write->complete) {
        (void) json_object_del(body, "complete");
    }

    (void) json_object_del(personal, "answers");

    if (json_object_size(write->answers->personal) > 0) {
        failed |= json_object_set(personal, "answers",
                                  write->answers->personal);
    }

    if (failed) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "No memory.");
    }

    if (*subject == 0 && json_object_size(personal) > 0) {
        rc = cxm_person_take(state->txn, subject);

        if (rc != CXM_OK) {
            return cxm_fail(err, rc, NULL, "No key for this person.");
        }
    }

    return put_entry(state, write->caller->principal.actor, *subject, body,
                     personal, err);
}


/* Whether it is the answer that is there already. */
static int
changes_nothing(const cxm_response_state_t *state,
    const cxm_response_write_t *write)
{
    int      same;
    json_t  *personal;

    personal = json_object_get(state->entry.personal, "answers");

    same = json_equal(json_object_get(state->entry.body, "answers"),
                      write->answers->shared);

    same = same && (personal == NULL
                    ? json_object_size(write->answers->personal) == 0
                    : json_equal(personal, write->answers->personal));

    return same && (!write->complete || !cxm_response_partial(state));
}


cxm_rc_t
cxm_response_store(cxm_response_state_t *state,
    const cxm_response_write_t *write, cxm_response_result_t *out,
    cxm_error_t *err)
{
    json_t    *body, *personal;
    cxm_rc_t   rc;

    out->id = state->entry.id;
    out->no = state->no;
    out->version = state->entry.replaces + 1;
    out->subject = state->entry.subject;
    out->partial = cxm_response_partial(state);
    out->repeated = changes_nothing(state, write);

    if (out->repeated) {
        return CXM_OK;
    }

    rc = check_state(state, err);

    if (rc != CXM_OK) {
        return rc;
    }

    body = cxm_json_members(state->entry.body);
    personal = cxm_json_members(state->entry.personal);

    rc = put_changed(state, write, body, personal, &out->subject, err);

    json_decref(body);
    json_decref(personal);

    out->version++;
    out->partial = !write->complete;

    return rc;
}


cxm_rc_t
cxm_response_change(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_survey_t *survey, const cxm_response_change_t *change,
    cxm_response_result_t *out, cxm_error_t *err)
{
    cxm_rc_t               rc;
    cxm_answers_t          answers;
    cxm_response_state_t   state;
    cxm_response_write_t   write;

    memset(&answers, 0, sizeof(answers));
    memset(&write, 0, sizeof(write));

    rc = cxm_response_load(txn, survey, &change->id,
                           cxm_json_get_str(change->input, "token"), &state,
                           err);
    state.if_match = change->if_match;

    if (rc == CXM_OK) {
        write.caller = caller;
        write.answers = &answers;
        write.complete = cxm_json_get_bool(change->input, "complete", 0);
        write.version = cxm_response_shown_version(survey, change->input, err);

        rc = cxm_response_merge(&state,
                                json_object_get(change->input, "answers"),
                                write.complete ? survey->nquestions : 0, 0,
                                &answers, err);
    }

    if (rc == CXM_OK) {
        rc = cxm_response_store(&state, &write, out, err);
    }

    cxm_answers_clear(&answers);
    cxm_response_unload(&state);

    return rc;
}


/* --- the time of a partial answer is over ------------------------------- */

static cxm_rc_t
finalise(cxm_response_state_t *state, cxm_error_t *err)
{
    int        failed, index, gone;
    json_t    *body;
    cxm_rc_t   rc;

    rc = person_gone(state->txn, state->entry.subject, &gone, err);

    if (rc != CXM_OK) {
        return rc;
    }

    body = cxm_json_members(state->entry.body);

    (void) json_object_del(body, "complete");
    (void) json_object_del(body, "csi");

    failed = cxm_json_set_str(body, "finalised", cxm_str("timeout"));
    index = cxm_answers_index(state->survey, json_object_get(body, "answers"));

    if (index >= 0) {
        failed |= cxm_json_set_int(body, "csi", index);
    }

    if (gone) {
        failed |= json_object_set_new(body, "erased", json_true());
    }

    rc = failed ? cxm_fail(err, CXM_INTERNAL, NULL, "No memory.")
                : put_entry(state, 0, state->entry.subject, body,
                            gone ? NULL : state->entry.personal, err);
    json_decref(body);

    return rc;
}


/* Its number is the sequence of its first entry, which says what it is. */
static cxm_rc_t
partial_run(cxm_txn_t *txn, cxm_ms_t at, uint64_t ref, cxm_error_t *err)
{
    uint64_t              home;
    cxm_rc_t              rc;
    cxm_entry_t           first;
    cxm_response_state_t  state;

    (void) at;

    memset(&state, 0, sizeof(state));
    memset(&first, 0, sizeof(first));
    state.txn = txn;

    rc = cxm_journal_read(txn, ref, 0, &first, err);

    if (rc == CXM_OK) {
        rc = cxm_response_locate(txn, &first.id, &home, &state.no);
    }

    if (rc == CXM_OK) {
        rc = cxm_survey_by_no(txn, home, &state.survey, err);
    }

    if (rc == CXM_OK) {
        rc = cxm_response_newest(txn, home, state.no, &state.entry, err);
    }

    if (rc == CXM_OK) {
        rc = finalise(&state, err);
    }

    cxm_entry_clear(&first);
    cxm_response_unload(&state);

    return rc == CXM_OK ? CXM_OK
           : cxm_fail(err, rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc, NULL,
                      "Partial answer %llu cannot be made final.",
                      (unsigned long long) ref);
}


const cxm_due_class_t  cxm_due_partial = {
    .no = CXM_DUE_PARTIAL,
    .name = "partial answer",
    .run = partial_run
};
