/*
 * Who it is, where, and about what.
 */

#include "cxm_dict.h"
#include "cxm_json.h"
#include "cxm_language.h"
#include "cxm_said.h"


const char *const  cxm_channels[] = {
    "web", "email", "app", "sms", "store", "phone", "api", "link", NULL
};


/* A new reference. */
static json_t *
caller_respondent(cxm_said_t *said)
{
    json_t               *respondent;
    const cxm_caller_t   *caller;

    caller = said->caller;

    if (caller->who == 0) {
        return NULL;
    }

    respondent = json_object();
    cxm_said_str(said, respondent, cxm_person_names[caller->who],
                 caller->who_name);

    return respondent;
}


void
cxm_said_begin(cxm_said_t *said)
{
    said->failed = 0;
    said->known = cxm_may(said->caller, CXM_SCOPE_INGEST);
    said->signed_in = caller_respondent(said);
    said->subject = 0;
    said->body = json_object();
    said->personal = json_object();
    said->segments = json_object();
    said->claimed = json_object();

    said->failed |= cxm_json_set_int(said->body, "survey",
                                     (int64_t) said->survey->doc.no) != 0;
}


void
cxm_said_end(cxm_said_t *said)
{
    json_decref(said->body);
    json_decref(said->personal);
    json_decref(said->segments);
    json_decref(said->claimed);
    json_decref(said->signed_in);
}


void
cxm_said_str(cxm_said_t *said, json_t *object, const char *name,
    cxm_str_t value)
{
    said->failed |= cxm_json_set_str(object, name, value) != 0;
}


void
cxm_said_segment(cxm_said_t *said, const char *name, cxm_str_t value,
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
        (void) cxm_issue(said->err, pointer, "too_long",
                         "A segment has at most %d characters and %d bytes.",
                         CXM_SEGMENT_TEXT, CXM_DICT_TEXT);
        return;
    }

    cxm_said_str(said, said->segments, name, value);
}


/* A member as the invitation has it, else as the caller says. */
static cxm_str_t
said_text(const cxm_said_t *said, const char *name)
{
    cxm_str_t  text;

    text = cxm_json_get_str(said->invited, name);

    return text.data != NULL ? text : cxm_json_get_str(said->input, name);
}


/*
 * A server's own address says nothing of whom it speaks for.  A region is
 * kept where the survey names it as a segment; an attribute goes before it.
 */
static void
take_place(cxm_said_t *said)
{
    const cxm_caller_t  *caller;

    caller = said->caller;

    if (cxm_may(caller, CXM_SCOPE_INGEST)) {
        return;
    }

    cxm_said_segment(said, "country", caller->country, "");

    if (cxm_survey_segment(said->survey, cxm_str("region"))
        >= CXM_SEGMENT_CUSTOM)
    {
        cxm_said_segment(said, "region", caller->region, "");
    }
}


static void
take_segments(cxm_said_t *said)
{
    cxm_str_t            language;
    const cxm_caller_t  *caller;

    caller = said->caller;
    language = cxm_json_get_str(said->input, "language");

    cxm_said_segment(said, "channel", said_text(said, "channel"), "/channel");
    cxm_said_segment(said, "touchpoint", said_text(said, "touchpoint"),
                     "/touchpoint");
    cxm_said_segment(said, "product", said_text(said, "product"), "/product");

    if (language.data != NULL && !cxm_language_valid(language)) {
        (void) cxm_issue(said->err, "/language", "invalid",
                         "This is no language tag, as \"en\" is one.");
    }

    if (language.data == NULL && cxm_language_valid(caller->language)) {
        language = caller->language;
    }

    cxm_said_segment(said, "language", language, "/language");
    take_place(said);
    cxm_said_segment(said, "device", caller->device, "");
    cxm_said_segment(said, "latency_band", caller->latency_band, "");
    cxm_said_segment(said, "status_class", caller->status_class, "");
}


/*
 * What counts of a member that tells who, and what is only claimed; `known`
 * is the caller's word where no invitation says it, or NULL.
 */
static void
said_who(const cxm_said_t *said, const char *name, json_t *known,
    json_t **counts, json_t **claim)
{
    json_t  *own;

    own = json_object_get(said->input, name);
    *counts = json_object_get(said->invited, name);
    *claim = NULL;

    if (*counts == NULL) {
        *counts = known;
    }

    if (own != NULL) {
        *claim = json_equal(own, *counts) ? NULL : own;

    } else if (*counts == NULL) {
        *claim = json_object_get(json_object_get(said->invited, "claimed"),
                                 name);
    }
}


cxm_rc_t
cxm_said_respondent_check(const json_t *respondent, cxm_error_t *err)
{
    return json_object_size(respondent) == 1
           ? CXM_OK
           : cxm_issue(err, "/respondent", "invalid",
                       "It has exactly one member.");
}


static void
take_respondent(cxm_said_t *said)
{
    json_t  *own, *counts, *claim;

    own = json_object_get(said->input, "respondent");

    if (own != NULL) {
        (void) cxm_said_respondent_check(own, said->err);
    }

    said_who(said, "respondent", said->known ? own : said->signed_in,
             &counts, &claim);

    if (said->caller->private && json_object_get(claim, "visitor") != NULL) {
        claim = NULL;
    }

    if (counts != NULL) {
        said->failed |= json_object_set(said->personal, "respondent",
                                        counts) != 0;
    }

    if (claim != NULL) {
        said->failed |= json_object_set(said->claimed, "respondent",
                                        claim) != 0;
    }
}


static void
take_agent(cxm_said_t *said)
{
    json_t  *known, *counts, *claim;

    known = said->known || said->signed_in != NULL
            ? json_object_get(said->input, "agent") : NULL;
    said_who(said, "agent", known, &counts, &claim);

    cxm_said_segment(said, "agent", cxm_json_str(counts), "/agent");

    if (claim != NULL) {
        said->failed |= json_object_set(said->claimed, "agent", claim) != 0;
    }
}


void
cxm_said_take(cxm_said_t *said)
{
    cxm_str_t  interaction;

    take_segments(said);
    take_respondent(said);
    take_agent(said);

    said->failed |= json_object_set(said->body, "segments",
                                    said->segments) != 0;

    interaction = said_text(said, "interaction_id");

    if (interaction.len > 0) {
        cxm_said_str(said, said->body, "interaction_id", interaction);
    }

    if (json_object_size(said->claimed) > 0) {
        said->failed |= json_object_set(said->personal, "claimed",
                                        said->claimed) != 0;
    }
}


void
cxm_said_fingerprint(cxm_said_t *said, const char *fp)
{
    cxm_said_str(said, json_object_size(said->personal) > 0 ? said->personal
                                                            : said->body,
                 "fp", cxm_strz(fp));
}


cxm_rc_t
cxm_said_id(const cxm_said_t *said, cxm_uuid_t *id, int *given)
{
    cxm_str_t  text;

    memset(id, 0, sizeof(*id));
    text = cxm_json_get_str(said->input, "id");
    *given = text.data != NULL;

    return !*given || cxm_uuid_parse(text, id) == CXM_OK
           ? CXM_OK
           : cxm_issue(said->err, "/id", "invalid", "This is no UUID.");
}


/* The slot of a name, or the next one; an erased person is nobody. */
static cxm_rc_t
person_slot(cxm_said_t *said, unsigned person_class, const uint8_t *hash)
{
    cxm_rc_t   rc;
    cxm_key_t  key;

    rc = CXM_NOT_FOUND;

    if (hash != NULL) {
        rc = cxm_person_named(said->txn, person_class, hash, &said->subject);

        if (rc == CXM_OK) {
            rc = cxm_person_key(cxm_txn_store(said->txn), said->subject, &key);
            cxm_wipe(&key, sizeof(key));
        }
    }

    if (rc == CXM_NOT_FOUND) {
        rc = cxm_person_take(said->txn, &said->subject);
    }

    return rc == CXM_OK ? CXM_OK
           : cxm_fail(said->err, rc, NULL, "No key for this person.");
}


static cxm_rc_t
take_subject(cxm_said_t *said)
{
    uint8_t    hash[CXM_HASH_LEN];
    unsigned   person_class;

    person_class = cxm_said_name(cxm_txn_store(said->txn), said->personal,
                                 hash);

    if (person_class == 0) {
        return json_object_size(said->personal) == 0
               ? CXM_OK : person_slot(said, 0, NULL);
    }

    said->failed |= cxm_json_set_int(said->body, "who", person_class) != 0;

    return person_slot(said, person_class, hash);
}


cxm_rc_t
cxm_said_append(cxm_said_t *said, cxm_entry_t *entry)
{
    cxm_rc_t  rc;

    rc = take_subject(said);

    if (rc == CXM_OK && said->failed) {
        rc = cxm_fail(said->err, CXM_INTERNAL, NULL, "No memory.");
    }

    if (rc != CXM_OK) {
        return rc;
    }

    entry->subject = said->subject;
    entry->actor = said->caller->principal.actor;
    entry->body = said->body;
    entry->personal = json_object_size(said->personal) > 0
                      ? said->personal : NULL;

    return cxm_journal_append(said->txn, entry, said->err);
}
