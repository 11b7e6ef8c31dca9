/*
 * Answers: from an input to an entry.
 */

#include <stdio.h>

#include "cxm_answer.h"
#include "cxm_dict.h"
#include "cxm_json.h"
#include "cxm_language.h"
#include "cxm_person.h"
#include "cxm_response_row.h"


typedef struct {
    cxm_txn_t            *txn;
    const cxm_caller_t   *caller;
    const cxm_survey_t   *survey;
    const json_t         *input;
    int                   known;    /* the caller's word on who it is counts */
    cxm_answers_t         answers;
    json_t               *body;
    json_t               *personal;
    json_t               *segments; /* in body */
    json_t               *claimed;  /* in personal when it has members */
    uint64_t              subject;
    int                   failed;   /* no memory */
    cxm_error_t          *err;
} cxm_adding_t;


static void
set_str(cxm_adding_t *add, json_t *object, const char *name, cxm_str_t value)
{
    add->failed |= cxm_json_set_str(object, name, value) != 0;
}


/* A segment's value: bounded in characters and in bytes of the dictionary. */
static void
set_segment(cxm_adding_t *add, const char *name, cxm_str_t value,
    const char *pointer)
{
    size_t  i, characters;

    if (value.len == 0) {
        return;
    }

    characters = 0;

    for (i = 0; i < value.len; i++) {
        characters += (value.data[i] & 0xc0) != 0x80;
    }

    if (characters > CXM_SEGMENT_TEXT || value.len > CXM_DICT_TEXT) {
        (void) cxm_issue(add->err, pointer, "too_long",
                         "A segment has at most %d characters and %d bytes.",
                         CXM_SEGMENT_TEXT, CXM_DICT_TEXT);
        return;
    }

    set_str(add, add->segments, name, value);
}


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
    const char  *name;

    attributes = json_object_get(add->input, "attributes");
    rest = json_object();

    for (iter = json_object_iter(attributes); iter != NULL;
         iter = json_object_iter_next(attributes, iter))
    {
        name = json_object_iter_key(iter);
        value = json_object_iter_value(iter);

        if (cxm_survey_segment(add->survey, cxm_strz(name))
            < CXM_SEGMENT_CUSTOM || !is_scalar_text(value, number, &text))
        {
            add->failed |= json_object_set(rest, name, value) != 0;
            continue;
        }

        (void) snprintf(pointer, sizeof(pointer), "/attributes");
        cxm_pointer_push(pointer, sizeof(pointer), cxm_strz(name));
        set_segment(add, name, text, pointer);
    }

    if (json_object_size(rest) > 0) {
        add->failed |= json_object_set(add->personal, "attributes", rest) != 0;
    }

    json_decref(rest);
}


static void
add_segments(cxm_adding_t *add)
{
    size_t               i;
    cxm_str_t            language, agent;
    const cxm_caller_t  *caller;

    static const char *const  said[] = { "channel", "touchpoint", "product" };

    caller = add->caller;
    language = cxm_json_get_str(add->input, "language");
    agent = cxm_json_get_str(add->input, "agent");

    for (i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
        char  pointer[24];

        (void) snprintf(pointer, sizeof(pointer), "/%s", said[i]);
        set_segment(add, said[i], cxm_json_get_str(add->input, said[i]),
                    pointer);
    }

    if (language.data != NULL && !cxm_language_valid(language)) {
        (void) cxm_issue(add->err, "/language", "invalid",
                         "This is no language tag, as \"en\" is one.");
    }

    if (language.data == NULL && cxm_language_valid(caller->language)) {
        language = caller->language;
    }

    set_segment(add, "language", language, "/language");
    set_segment(add, "country", caller->country, "");
    set_segment(add, "device", caller->device, "");
    set_segment(add, "latency_band", caller->latency_band, "");
    set_segment(add, "status_class", caller->status_class, "");

    if (add->known) {
        set_segment(add, "agent", agent, "/agent");

    } else if (agent.len > 0) {
        set_str(add, add->claimed, "agent", agent);
    }

    add_attributes(add);
}


static void
add_time(cxm_adding_t *add)
{
    cxm_ms_t   at;
    cxm_str_t  text;

    text = cxm_json_get_str(add->input, "client_time");

    if (text.data == NULL) {
        return;
    }

    if (!add->known || cxm_rfc3339_parse(text, &at) != CXM_OK) {
        set_str(add, add->body, "client_time", text);
        return;
    }

    if (at > cxm_txn_now(add->txn)) {
        (void) cxm_issue(add->err, "/client_time", "out_of_range",
                         "This lies in the future.");
        return;
    }

    add->failed |= cxm_json_set_int(add->body, "at", at) != 0;
}


static void
add_answers(cxm_adding_t *add)
{
    int             complete;
    cxm_answers_t  *answers;

    answers = &add->answers;
    complete = cxm_json_get_bool(add->input, "complete", 1);

    (void) cxm_answers_check(add->survey,
                             json_object_get(add->input, "answers"),
                             complete, answers, add->err);

    add->failed |= json_object_set(add->body, "answers", answers->shared) != 0;

    if (!complete) {
        add->failed |= json_object_set_new(add->body, "complete",
                                           json_false()) != 0;
    }

    if (json_array_size(answers->answered) > 0) {
        add->failed |= json_object_set(add->body, "answered",
                                       answers->answered) != 0
                       || json_object_set(add->personal, "answers",
                                          answers->personal) != 0;
    }

    if (answers->csi >= 0) {
        add->failed |= cxm_json_set_int(add->body, "csi", answers->csi) != 0;
    }
}


/* The slot of a name, or the next one; an erased person is nobody. */
static cxm_rc_t
person_slot(cxm_adding_t *add, unsigned person_class, const uint8_t *hash)
{
    cxm_rc_t   rc;
    cxm_key_t  key;

    rc = CXM_NOT_FOUND;

    if (hash != NULL) {
        rc = cxm_person_find(add->txn, person_class, hash, &add->subject);

        if (rc == CXM_OK) {
            rc = cxm_person_key(cxm_txn_store(add->txn), add->subject, &key);
            cxm_wipe(&key, sizeof(key));
        }
    }

    if (rc == CXM_NOT_FOUND) {
        rc = cxm_person_take(add->txn, &add->subject);
    }

    return rc == CXM_OK ? CXM_OK
           : cxm_fail(add->err, rc, NULL, "No key for this person.");
}


static cxm_rc_t
add_subject(cxm_adding_t *add)
{
    uint8_t    hash[CXM_HASH_LEN];
    unsigned   person_class;

    person_class = cxm_response_name(cxm_txn_store(add->txn), add->personal,
                                     hash);

    if (person_class == 0) {
        return json_object_size(add->personal) == 0
               ? CXM_OK : person_slot(add, 0, NULL);
    }

    add->failed |= cxm_json_set_int(add->body, "who", person_class) != 0;

    return person_slot(add, person_class, hash);
}


/*
 * The fingerprint tells a repeat from another answer.  It covers the texts,
 * so it goes where they go.
 */
static void
add_fingerprint(cxm_adding_t *add, const char *fp)
{
    set_str(add, json_object_size(add->personal) > 0 ? add->personal
                                                     : add->body,
            "fp", cxm_strz(fp));
}


/* Everything but the subject, which takes a slot: only when all is well. */
static void
add_members(cxm_adding_t *add)
{
    json_t     *respondent;
    cxm_str_t   interaction;

    add->failed |= cxm_json_set_int(add->body, "survey",
                                    (int64_t) add->survey->doc.no) != 0;
    add_answers(add);
    add_segments(add);
    add_time(add);

    add->failed |= json_object_set(add->body, "segments", add->segments) != 0;

    interaction = cxm_json_get_str(add->input, "interaction_id");

    if (interaction.len > 0) {
        set_str(add, add->body, "interaction_id", interaction);
    }

    if (json_object_get(add->input, "exposure") != NULL) {
        (void) cxm_issue(add->err, "/exposure", "not_supported",
                         "Exposures are not supported yet.");
    }

    respondent = json_object_get(add->input, "respondent");

    if (respondent != NULL) {
        if (json_object_size(respondent) != 1) {
            (void) cxm_issue(add->err, "/respondent", "invalid",
                             "It has exactly one member.");
        }

        add->failed |= json_object_set(add->known ? add->personal
                                                  : add->claimed,
                                       "respondent", respondent) != 0;
    }

    if (json_object_size(add->claimed) > 0) {
        add->failed |= json_object_set(add->personal, "claimed",
                                       add->claimed) != 0;
    }
}


static cxm_rc_t
append(cxm_adding_t *add, const cxm_uuid_t *id, cxm_response_result_t *out)
{
    cxm_rc_t     rc;
    cxm_entry_t  entry;

    rc = add_subject(add);

    if (rc == CXM_OK && add->failed) {
        rc = cxm_fail(add->err, CXM_INTERNAL, NULL, "No memory.");
    }

    if (rc != CXM_OK) {
        return rc;
    }

    memset(&entry, 0, sizeof(entry));
    entry.kind = CXM_KIND_RESPONSE;
    entry.action = CXM_ACTION_ADD;
    entry.id = *id;
    entry.subject = add->subject;
    entry.actor = add->caller->principal.actor;
    entry.body = add->body;
    entry.personal = json_object_size(add->personal) > 0
                     ? add->personal : NULL;

    rc = cxm_journal_append(add->txn, &entry, add->err);

    out->id = *id;
    out->no = entry.seq;
    out->partial = !cxm_json_get_bool(add->body, "complete", 1);
    out->repeated = 0;

    return rc;
}


/* The id of the input, or a new one; *given tells which. */
static cxm_rc_t
choose_id(cxm_adding_t *add, cxm_uuid_t *id, int *given)
{
    cxm_str_t  text;

    text = cxm_json_get_str(add->input, "id");
    *given = text.data != NULL;

    if (!*given) {
        cxm_uuid_make(id, cxm_txn_now(add->txn));
        return CXM_OK;
    }

    return cxm_uuid_parse(text, id) == CXM_OK ? CXM_OK
           : cxm_issue(add->err, "/id", "invalid", "This is no UUID.");
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
    add.txn = txn;
    add.caller = caller;
    add.survey = survey;
    add.input = input;
    add.err = err;
    add.known = cxm_may(caller, CXM_SCOPE_INGEST);
    add.body = json_object();
    add.personal = json_object();
    add.segments = json_object();
    add.claimed = json_object();

    cxm_hex_encode(fingerprint, CXM_HASH_LEN, fp);
    rc = choose_id(&add, &id, &given);

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
        add_fingerprint(&add, fp);
    }

    if (rc == CXM_OK) {
        rc = append(&add, &id, out);
    }

done:

    cxm_answers_clear(&add.answers);
    json_decref(add.body);
    json_decref(add.personal);
    json_decref(add.segments);
    json_decref(add.claimed);

    return rc;
}
