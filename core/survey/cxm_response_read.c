/*
 * Answers as staff see them.
 */

#include "cxm_json.h"
#include "cxm_person.h"
#include "cxm_response_row.h"


static void
set_time(json_t *out, const char *name, cxm_ms_t at)
{
    char  text[CXM_RFC3339_LEN + 1];

    cxm_rfc3339_format(at, text);
    (void) cxm_json_set_str(out, name, cxm_strz(text));
}


/* A member of `from`, or null. */
static void
set_or_null(json_t *out, const char *name, const json_t *from)
{
    json_t  *value;

    value = json_object_get(from, name);

    if (value == NULL) {
        (void) json_object_set_new(out, name, json_null());
    } else {
        (void) json_object_set(out, name, value);
    }
}


/* In the order of the questions, those of older definitions behind. */
static json_t *
answers_json(const cxm_survey_t *survey, const json_t *shared,
    const json_t *personal)
{
    json_t     *out, *value;
    unsigned    i;
    cxm_str_t   id;

    out = json_object();

    for (i = 0; i < survey->nquestions; i++) {
        id = survey->questions[i].id;
        value = json_object_getn(shared, id.data, id.len);

        if (value == NULL) {
            value = json_object_getn(personal, id.data, id.len);
        }

        if (value != NULL) {
            (void) json_object_setn(out, id.data, id.len, value);
        }
    }

    (void) json_object_update_missing(out, (json_t *) shared);
    (void) json_object_update_missing(out, (json_t *) personal);

    return out;
}


/* What was said in words and cannot be read any more: null. */
static void
set_erased(json_t *out, const cxm_survey_t *survey, const json_t *answered)
{
    size_t      i;
    json_t     *answers;
    unsigned    j;
    cxm_str_t   id;
    json_int_t  no;

    answers = json_object_get(out, "answers");

    for (i = 0; i < json_array_size(answered); i++) {
        no = json_integer_value(json_array_get(answered, i));

        for (j = 0; j < survey->nquestions; j++) {
            id = survey->questions[j].id;

            if (survey->questions[j].no == no) {
                (void) json_object_setn_new(answers, id.data, id.len,
                                            json_null());
            }
        }
    }

    (void) json_object_set_new(out, "erased", json_true());
}


static void
set_segments(json_t *out, const cxm_survey_t *survey, const json_t *body,
    const json_t *personal)
{
    size_t      i;
    json_t     *attributes, *segments, *value;
    cxm_str_t   name;

    segments = json_object_get(body, "segments");

    for (i = 1; i < CXM_SEGMENTS_KEPT; i++) {
        set_or_null(out, cxm_segment_names[i], segments);
    }

    attributes = json_object();

    for (i = 0; i < survey->nsegments; i++) {
        name = survey->segments[i].name;
        value = json_object_getn(segments, name.data, name.len);

        if (value != NULL) {
            (void) json_object_setn(attributes, name.data, name.len, value);
        }
    }

    value = json_object_get(personal, "attributes");

    if (value != NULL) {
        (void) json_object_update_missing(attributes, value);
    }

    (void) json_object_set_new(out, "attributes", attributes);
}


/*
 * Personal members of an answer that has none are null or absent; those of a
 * caller that may not see them are absent.
 */
static void
set_personal(json_t *out, const cxm_entry_t *entry, int may)
{
    json_t  *claimed;

    if (!may) {
        return;
    }

    set_or_null(out, "respondent", entry->personal);
    claimed = json_object_get(entry->personal, "claimed");

    if (claimed != NULL) {
        (void) json_object_set(out, "claimed", claimed);
    }
}


static json_t *
entry_json(const cxm_entry_t *entry, const cxm_survey_t *survey,
    const cxm_response_row_t *row, int may)
{
    char     id[CXM_UUID_LEN + 1];
    json_t  *out, *shared;

    out = json_object();
    shared = json_object_get(entry->body, "answers");

    cxm_uuid_format(&entry->id, id);
    (void) cxm_json_set_str(out, "id", cxm_strz(id));
    (void) cxm_json_set_str(out, "survey", survey->slug);
    (void) cxm_json_set_str(out, "status",
                            row->flags & CXM_RESPONSE_PARTIAL
                            ? cxm_str("partial") : cxm_str("complete"));
    set_time(out, "created_at", row->at);
    set_time(out, "updated_at", cxm_entry_time(entry));
    (void) cxm_json_set_int(out, "version", (int64_t) entry->replaces + 1);
    (void) json_object_set_new(out, "answers",
                               answers_json(survey, shared,
                                            json_object_get(entry->personal,
                                                            "answers")));
    set_personal(out, entry, may);
    set_segments(out, survey, entry->body, entry->personal);
    set_or_null(out, "interaction_id", entry->body);

    if (json_object_get(entry->body, "at") != NULL) {
        set_time(out, "client_time", row->at);

    } else {
        set_or_null(out, "client_time", entry->body);
    }

    if (entry->erased) {
        set_erased(out, survey, json_object_get(entry->body, "answered"));
    }

    return out;
}


/* Who may not see personal fields is told nevertheless that they are gone. */
static cxm_rc_t
read_entry(cxm_txn_t *txn, uint64_t seq, int may, cxm_entry_t *entry,
    cxm_error_t *err)
{
    cxm_rc_t  rc;

    memset(entry, 0, sizeof(*entry));
    rc = cxm_journal_read(txn, seq, may, entry, err);

    if (rc != CXM_OK || may || entry->subject == 0) {
        return rc;
    }

    rc = cxm_person_gone(txn, entry->subject, NULL);
    entry->erased = rc == CXM_OK;

    if (rc == CXM_OK || rc == CXM_NOT_FOUND) {
        return CXM_OK;
    }

    cxm_entry_clear(entry);

    return cxm_fail(err, rc, NULL, "The answer cannot be read.");
}


cxm_rc_t
cxm_response_row_json(cxm_txn_t *txn, const cxm_caller_t *caller,
    uint64_t number, const cxm_response_row_t *row, json_t **out,
    int *personal, cxm_error_t *err)
{
    int                  may;
    cxm_rc_t             rc;
    cxm_entry_t          entry;
    const cxm_survey_t  *survey;

    *out = NULL;
    may = cxm_may(caller, CXM_SCOPE_PERSONAL_READ);

    rc = cxm_survey_by_no(txn, number, &survey, err);
    if (rc != CXM_OK) {
        return rc;
    }

    rc = read_entry(txn, row->entry, may, &entry, err);
    if (rc != CXM_OK) {
        return rc;
    }

    *personal |= entry.personal != NULL;
    *out = entry_json(&entry, survey, row, may);
    cxm_entry_clear(&entry);

    return *out != NULL ? CXM_OK
           : cxm_fail(err, CXM_INTERNAL, NULL, "No memory.");
}


cxm_rc_t
cxm_response_json(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_uuid_t *id, json_t **out, int *personal, cxm_error_t *err)
{
    uint64_t               survey, no;
    cxm_rc_t               rc;
    cxm_arena_t            arena = { 0 };
    cxm_response_row_t    *row;
    cxm_response_block_t   block;

    *personal = 0;

    rc = cxm_response_locate(txn, id, &survey, &no);

    if (rc == CXM_NOT_FOUND) {
        return cxm_fail(err, rc, NULL, "There is no such answer.");
    }

    if (rc == CXM_OK) {
        rc = cxm_response_row_find(txn, survey, no, &arena, &block, &row);
        rc = rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
    }

    rc = rc == CXM_OK
         ? cxm_response_row_json(txn, caller, survey, row, out, personal, err)
         : cxm_fail(err, rc, NULL, "The answer cannot be read.");

    cxm_arena_free(&arena);

    return rc;
}


cxm_rc_t
cxm_response_repeated(cxm_txn_t *txn, const cxm_survey_t *survey,
    const cxm_uuid_t *id, const char *fp, cxm_response_result_t *out,
    cxm_error_t *err)
{
    int            same;
    uint64_t       home, no;
    cxm_rc_t       rc;
    cxm_entry_t    first;

    rc = cxm_response_locate(txn, id, &home, &no);
    if (rc != CXM_OK) {
        return rc;
    }

    memset(&first, 0, sizeof(first));
    rc = cxm_journal_read(txn, no, 1, &first, NULL);

    if (rc != CXM_OK && rc != CXM_NOT_FOUND) {
        return rc;
    }

    same = rc == CXM_OK && home == survey->doc.no
           && (cxm_str_eqz(cxm_json_get_str(first.body, "fp"), fp)
               || cxm_str_eqz(cxm_json_get_str(first.personal, "fp"), fp));

    if (same) {
        out->id = *id;
        out->no = no;
        out->partial = !cxm_json_get_bool(first.body, "complete", 1);
        out->repeated = 1;
    }

    cxm_entry_clear(&first);

    return same ? CXM_OK
           : cxm_fail(err, CXM_CONFLICT, "id_taken",
                      "Another answer has this id.");
}


void
cxm_response_token(const cxm_store_t *store, const cxm_uuid_t *id,
    char out[2 * CXM_HASH_LEN + 1])
{
    uint8_t  hash[CXM_HASH_LEN];

    cxm_keyed_hash(&cxm_store_keyring(store)->k[CXM_SUBKEY_TOKEN],
                   cxm_str("response"),
                   (cxm_str_t) { sizeof(id->b), (const char *) id->b },
                   cxm_str(""), hash, sizeof(hash));
    cxm_hex_encode(hash, sizeof(hash), out);
}
