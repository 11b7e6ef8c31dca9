/*
 * Answers that are brought from elsewhere, as they are exported.
 *
 * They may be to any definition there was: questions that are gone count, and
 * nothing is required.  What the row says of who it was is known, since the
 * store's owner says it.
 */

#include "cxm_answer.h"
#include "cxm_import.h"
#include "cxm_json.h"
#include "cxm_response_int.h"
#include "cxm_response_view.h"
#include "cxm_said.h"


static const char *const  status_values[] = { "partial", "complete", NULL };
static const char *const  finalised_values[] = { "timeout", NULL };

static const cxm_field_t  answer_item = { .type = CXM_FIELD_ANY };

static const cxm_field_t  attribute_item = {
    .type = CXM_FIELD_SCALAR, .max = 500
};

#define SEGMENT(segment)                                                      \
    { .name = segment, .type = CXM_FIELD_STRING, .min = 1,                    \
      .max = CXM_SEGMENT_TEXT }

static const cxm_field_t  import_fields[] = {
    { .name = "id", .type = CXM_FIELD_UUID, .flags = CXM_FIELD_REQUIRED,
      .summary = "the same one is taken once" },
    { .name = "survey", .type = CXM_FIELD_SLUG, .flags = CXM_FIELD_REQUIRED },
    { .name = "status", .type = CXM_FIELD_ENUM, .values = status_values },
    { .name = "complete", .type = CXM_FIELD_BOOL,
      .summary = "where there is no status; default true" },
    { .name = "created_at", .type = CXM_FIELD_TIME,
      .summary = "when it was answered; default client_time, else now" },
    { .name = "updated_at", .type = CXM_FIELD_TIME, .summary = "not used" },
    { .name = "version", .type = CXM_FIELD_INT, .summary = "not used" },
    { .name = "survey_version", .type = CXM_FIELD_INT, .min = 1,
      .max = INT32_MAX },
    { .name = "finalised", .type = CXM_FIELD_ENUM,
      .values = finalised_values },
    { .name = "answers", .type = CXM_FIELD_MAP, .flags = CXM_FIELD_REQUIRED,
      .max = CXM_QUESTIONS_MAX, .item = &answer_item },
    CXM_FIELDS_SAID(0),
    { .name = "claimed", .type = CXM_FIELD_OBJECT,
      .flags = CXM_FIELD_PERSONAL, .object = &cxm_claimed_fields },
    SEGMENT("country"),
    SEGMENT("device"),
    SEGMENT("language"),
    SEGMENT("product"),
    SEGMENT("latency_band"),
    SEGMENT("status_class"),
    { .name = "attributes", .type = CXM_FIELD_MAP,
      .flags = CXM_FIELD_PERSONAL, .max = 32, .item = &attribute_item },
    { .name = "client_time", .type = CXM_FIELD_TIME },
    { .name = "erased", .type = CXM_FIELD_BOOL },
    { .name = NULL }
};

static const cxm_fields_t  import_table = { "ResponseImport", import_fields };


/* One row on its way. */
typedef struct {
    cxm_said_t      said;
    cxm_caller_t    caller;         /* what the row says of the client */
    const json_t   *row;
    json_t         *input;          /* what said takes as claimed, */
    json_t         *invited;        /* and as known */
    cxm_answers_t   answers;
} cxm_importing_t;


/* Moves a member to where cxm_said.h looks for it. */
static void
import_who(cxm_importing_t *im, const char *name)
{
    json_t  *known, *claimed;

    known = json_object_get(im->row, name);
    claimed = json_object_get(json_object_get(im->row, "claimed"), name);

    (void) json_object_del(im->input, name);

    if (known != NULL) {
        im->said.failed |= json_object_set(im->invited, name, known) != 0;
    }

    if (claimed != NULL) {
        im->said.failed |= json_object_set(im->input, name, claimed) != 0;
    }
}


static void
import_caller(cxm_importing_t *im)
{
    im->caller.country = cxm_json_get_str(im->row, "country");
    im->caller.device = cxm_json_get_str(im->row, "device");
    im->caller.latency_band = cxm_json_get_str(im->row, "latency_band");
    im->caller.status_class = cxm_json_get_str(im->row, "status_class");
}


static void
import_time(cxm_importing_t *im)
{
    cxm_ms_t     at, now;
    json_t      *client_time;
    cxm_said_t  *said;

    said = &im->said;
    now = cxm_txn_now(said->txn);
    client_time = json_object_get(im->row, "client_time");
    at = cxm_import_time(im->row, "created_at",
                         cxm_import_time(im->row, "client_time", now));

    if (at > now) {
        (void) cxm_issue(said->err,
                         json_object_get(im->row, "created_at") != NULL
                         ? "/created_at" : "/client_time", "out_of_range",
                         "This lies in the future.");
        return;
    }

    said->failed |= cxm_json_set_int(said->body, "at", at) != 0;

    /* said apart from the date, also where nothing was said */

    said->failed |= (client_time != NULL
                     ? json_object_set(said->body, "client_time", client_time)
                     : json_object_set_new(said->body, "client_time",
                                           json_null())) != 0;
}


/*
 * The answers that can be read.  Of somebody who is erased the row only says
 * which questions were answered in words: their numbers go to `words`.
 */
static json_t *
import_given(cxm_importing_t *im, json_t *words)
{
    void                  *tmp;
    json_t                *given, *value;
    const char            *name;
    const cxm_question_t  *question;

    given = json_copy(json_object_get(im->row, "answers"));

    json_object_foreach_safe(given, tmp, name, value) {
        if (!json_is_null(value)) {
            continue;
        }

        question = cxm_survey_question_ever(im->said.survey, cxm_strz(name));

        if (question != NULL && cxm_json_get_bool(im->row, "erased", 0)) {
            im->said.failed |= json_array_append_new(words,
                                     json_integer(question->no)) != 0;
        }

        (void) json_object_del(given, name);
    }

    return given;
}


static void
import_answers(cxm_importing_t *im)
{
    int                   complete;
    json_t               *given, *words;
    cxm_str_t             status;
    cxm_said_t           *said;
    cxm_answers_input_t   input;

    said = &im->said;
    words = json_array();
    given = import_given(im, words);

    memset(&input, 0, sizeof(input));
    input.given = given;
    input.past = 1;
    input.may_be_empty = 1;

    (void) cxm_answers_check(said->survey, &input, &im->answers, said->err);

    if (json_object_size(given) + json_array_size(words) == 0) {
        (void) cxm_issue(said->err, "/answers", "required",
                         "There is no answer in it.");
    }

    status = cxm_json_get_str(im->row, "status");
    complete = status.data != NULL ? cxm_str_eqz(status, "complete")
                                   : cxm_json_get_bool(im->row, "complete", 1);

    said->failed |= json_array_extend(im->answers.answered, words) != 0;
    cxm_response_take_answers(said, &im->answers, complete);

    json_decref(given);
    json_decref(words);
}


static void
import_members(cxm_importing_t *im)
{
    size_t       i;
    json_t      *value;
    cxm_said_t  *said;

    static const char *const  same[] = { "survey_version", "finalised" };

    said = &im->said;

    for (i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        value = json_object_get(im->row, same[i]);

        if (value != NULL) {
            said->failed |= json_object_set(said->body, same[i], value) != 0;
        }
    }

    if (cxm_json_get_bool(im->row, "erased", 0)) {
        said->failed |= json_object_set_new(said->body, "erased",
                                            json_true()) != 0;
    }

    import_who(im, "respondent");
    import_who(im, "agent");
    import_caller(im);
    import_answers(im);
    cxm_said_take(said);
    cxm_response_take_attributes(said);
    import_time(im);
}


static cxm_rc_t
import_append(cxm_importing_t *im, int *known)
{
    int           given;
    uint64_t      survey, no;
    cxm_rc_t      rc;
    cxm_said_t   *said;
    cxm_entry_t   entry;

    said = &im->said;
    memset(&entry, 0, sizeof(entry));
    entry.kind = CXM_KIND_RESPONSE;
    entry.action = CXM_ACTION_ADD;

    rc = cxm_said_id(said, &entry.id, &given);

    if (rc != CXM_OK) {
        return rc;
    }

    rc = cxm_response_locate(said->txn, &entry.id, &survey, &no);
    *known = rc == CXM_OK;

    if (rc != CXM_NOT_FOUND) {
        return rc == CXM_OK ? rc : cxm_fail(said->err, rc, NULL,
                                            "Ids cannot be read.");
    }

    import_members(im);

    return said->err->rc != CXM_OK ? said->err->rc
                                   : cxm_said_append(said, &entry);
}


static cxm_rc_t
response_import(const cxm_import_t *import, const json_t *row,
    cxm_import_result_t *result)
{
    int              known;
    cxm_rc_t         rc;
    cxm_txn_t       *txn;
    cxm_error_t     *err;
    cxm_importing_t  im;

    known = 0;
    txn = import->txn;
    err = import->err;
    memset(&im, 0, sizeof(im));
    im.row = row;

    rc = cxm_survey_by_slug(txn, cxm_json_get_str(row, "survey"),
                            &im.said.survey, err);

    if (rc == CXM_NOT_FOUND) {
        cxm_error_init(err);
        return cxm_issue(err, "/survey", "not_found",
                         "There is no such survey.");
    }

    if (rc != CXM_OK) {
        return rc;
    }

    im.input = json_copy((json_t *) row);
    im.invited = json_object();
    im.said.txn = txn;
    im.said.caller = &im.caller;
    im.said.input = im.input;
    im.said.invited = im.invited;
    im.said.err = err;

    cxm_said_begin(&im.said);
    rc = import_append(&im, &known);
    *result = known ? CXM_IMPORT_UNCHANGED : CXM_IMPORT_CREATED;

    cxm_answers_clear(&im.answers);
    cxm_said_end(&im.said);
    json_decref(im.input);
    json_decref(im.invited);

    return rc;
}


const cxm_import_kind_t  cxm_response_import = {
    "responses", &import_table, response_import, NULL
};
