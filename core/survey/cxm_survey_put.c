/*
 * Survey definitions: writing and answering them.
 */

#include "cxm_counter.h"
#include "cxm_response.h"
#include "cxm_survey_int.h"


/* Members that only numbering needs. */
static const char *const  inner[] = {
    "segments", "retired", "csi_items", NULL
};


cxm_rc_t
cxm_survey_put(cxm_txn_t *txn, const cxm_caller_t *caller, cxm_str_t slug,
    const json_t *input, uint64_t if_match, cxm_doc_t *out, int *created,
    cxm_error_t *err)
{
    json_t           *body;
    cxm_rc_t          rc;
    cxm_doc_t         old;
    cxm_doc_write_t   write;

    if (!cxm_slug_valid(slug)) {
        return cxm_fail(err, CXM_INVALID, "invalid_slug",
                        "A survey's name is made of a-z, 0-9 and -, begins "
                        "with no -, and has at most 63 characters.");
    }

    rc = cxm_survey_check(input, err);
    if (rc != CXM_OK) {
        return rc;
    }

    memset(&old, 0, sizeof(old));
    body = NULL;
    rc = cxm_doc_by_name(txn, CXM_KIND_SURVEY, slug, &old, err);

    if (rc == CXM_OK || rc == CXM_NOT_FOUND) {
        rc = cxm_survey_number(txn, old.no, old.body, slug, input, &body, err);
    }

    if (rc == CXM_OK) {
        memset(&write, 0, sizeof(write));
        write.kind = CXM_KIND_SURVEY;
        write.slug = slug;
        write.if_match = if_match;
        write.actor = caller->principal.actor;
        write.body = body;

        rc = cxm_doc_put(txn, &write, out, created, err);
    }

    json_decref(body);
    cxm_doc_clear(&old);

    return rc;
}


cxm_rc_t
cxm_survey_delete(cxm_txn_t *txn, const cxm_caller_t *caller, cxm_str_t slug,
    uint64_t if_match, cxm_error_t *err)
{
    cxm_rc_t             rc;
    cxm_doc_write_t      write;
    const cxm_survey_t  *survey;

    rc = cxm_survey_by_slug(txn, slug, &survey, err);
    if (rc != CXM_OK) {
        return rc;
    }

    if (cxm_response_any(txn, survey->doc.no, CXM_SERIES_ANSWERS)) {
        return cxm_fail(err, CXM_CONFLICT, "has_answers",
                        "This survey has answers: close it instead.");
    }

    /* who was asked may still answer */

    if (cxm_response_any(txn, survey->doc.no, CXM_SERIES_EXPOSURES)) {
        return cxm_fail(err, CXM_CONFLICT, "has_exposures",
                        "This survey has been asked: close it instead.");
    }

    memset(&write, 0, sizeof(write));
    write.kind = CXM_KIND_SURVEY;
    write.slug = slug;
    write.if_match = if_match;
    write.actor = caller->principal.actor;

    return cxm_doc_delete(txn, &write, err);
}


int
cxm_response_any(cxm_txn_t *txn, uint64_t survey, uint16_t question)
{
    cxm_ms_t      first, last;
    cxm_rc_t      rc;
    cxm_series_t  series;

    memset(&series, 0, sizeof(series));
    series.survey = survey;
    series.question = question;

    if (cxm_txn_writable(txn)) {
        rc = cxm_counter_flush(txn);

        if (rc != CXM_OK) {
            return 1;
        }
    }

    rc = cxm_counter_span(txn, &series, &first, &last);

    /* when nobody can tell, nothing is lost by refusing */

    return rc != CXM_NOT_FOUND;
}


static void
hide(json_t *body)
{
    size_t       i, j;
    json_t      *questions, *question, *choices;

    for (i = 0; inner[i] != NULL; i++) {
        (void) json_object_del(body, inner[i]);
    }

    questions = json_object_get(body, "questions");

    for (i = 0; i < json_array_size(questions); i++) {
        question = json_array_get(questions, i);
        choices = json_object_get(question, "choices");

        (void) json_object_del(question, "no");
        (void) json_object_del(question, "choices_next");

        for (j = 0; j < json_array_size(choices); j++) {
            (void) json_object_del(json_array_get(choices, j), "no");
        }
    }
}


json_t *
cxm_survey_shown(const json_t *body)
{
    json_t  *shown;

    shown = json_deep_copy(body);

    if (shown != NULL) {
        hide(shown);
    }

    return shown;
}


json_t *
cxm_survey_json(const cxm_doc_t *doc)
{
    json_t     *out;
    cxm_doc_t   shown;

    shown = *doc;
    shown.body = cxm_survey_shown(doc->body);

    if (shown.body == NULL) {
        return NULL;
    }

    out = cxm_doc_json(&shown);
    json_decref(shown.body);

    return out;
}


/* Those of the names, which end with NULL, that are there. */
static void
copy_members(json_t *out, const json_t *from, const char *const *names)
{
    json_t  *member;

    for ( /* void */ ; *names != NULL; names++) {
        member = json_object_get(from, *names);

        if (member != NULL) {
            (void) json_object_set_new(out, *names, json_deep_copy(member));
        }
    }
}


static json_t *
public_question(const cxm_question_t *question)
{
    size_t   i;
    json_t  *out, *copy;

    static const char *const  shown[] = {
        "id", "type", "text", "low", "high", "show_if", NULL
    };

    out = json_object();
    copy_members(out, question->json, shown);

    (void) json_object_set_new(out, "required",
                               json_boolean(question->required));

    if (cxm_question_scored(question)) {
        (void) json_object_set_new(out, "scale",
                                   json_pack("{s:i, s:i}",
                                             "min", question->min,
                                             "max", question->max));
    }

    if (question->nchoices > 0) {
        copy = json_deep_copy(json_object_get(question->json, "choices"));

        for (i = 0; i < json_array_size(copy); i++) {
            (void) json_object_del(json_array_get(copy, i), "no");
        }

        (void) json_object_set_new(out, "choices", copy);
    }

    return out;
}


json_t *
cxm_survey_public_json(const cxm_survey_t *survey)
{
    json_t    *out, *list;
    unsigned   i;

    static const char *const  texts[] = { "heading", "thanks", NULL };

    out = json_object();

    (void) cxm_json_set_str(out, "survey", survey->slug);
    (void) cxm_json_set_int(out, "version", (int64_t) survey->doc.version);
    (void) cxm_json_set_str(out, "title", survey->title);
    copy_members(out, survey->doc.body, texts);

    list = json_array();

    for (i = 0; i < survey->nlanguages; i++) {
        (void) json_array_append_new(list,
                                     json_stringn(survey->languages[i].data,
                                                  survey->languages[i].len));
    }

    (void) json_object_set_new(out, "languages", list);

    if (survey->nlanguages > 0) {
        (void) cxm_json_set_str(out, "default_language",
                                survey->languages[0]);
    }

    list = json_array();

    for (i = 0; i < survey->nquestions; i++) {
        (void) json_array_append_new(list,
                                     public_question(&survey->questions[i]));
    }

    (void) json_object_set_new(out, "questions", list);

    return out;
}
