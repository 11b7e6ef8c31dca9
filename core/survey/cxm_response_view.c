/*
 * From a row and its entry to what staff see.
 */

#include "cxm_person.h"
#include "cxm_response_view.h"
#include "cxm_said.h"


static const cxm_field_t  claimed_fields[] = {
    { .name = "respondent", .type = CXM_FIELD_OBJECT,
      .object = &cxm_respondent_fields },
    { .name = "agent", .type = CXM_FIELD_STRING },
    { .name = NULL }
};

const cxm_fields_t  cxm_claimed_fields = { "Claimed", claimed_fields };

#define SEGMENT(segment)                                                      \
    { .name = segment, .type = CXM_FIELD_STRING, .flags = CXM_FIELD_NULLABLE }

static const cxm_field_t  shown_fields[] = {
    { .name = "id", .type = CXM_FIELD_UUID },
    { .name = "survey", .type = CXM_FIELD_SLUG },
    { .name = "status", .type = CXM_FIELD_STRING,
      .summary = "partial or complete" },
    { .name = "created_at", .type = CXM_FIELD_TIME,
      .summary = "when it was answered" },
    { .name = "updated_at", .type = CXM_FIELD_TIME,
      .summary = "when the store took it in, or a change of it" },
    { .name = "version", .type = CXM_FIELD_INT },
    { .name = "survey_version", .type = CXM_FIELD_INT,
      .flags = CXM_FIELD_NULLABLE,
      .summary = "of the definition that was answered" },
    { .name = "finalised", .type = CXM_FIELD_STRING,
      .flags = CXM_FIELD_NULLABLE,
      .summary = "timeout: it was left partial for too long" },
    { .name = "answers", .type = CXM_FIELD_ANY,
      .summary = "by question id; texts and contact with personal_read" },
    { .name = "respondent", .type = CXM_FIELD_OBJECT,
      .flags = CXM_FIELD_NULLABLE | CXM_FIELD_PERSONAL,
      .object = &cxm_respondent_fields,
      .summary = "with personal_read" },
    { .name = "claimed", .type = CXM_FIELD_OBJECT,
      .flags = CXM_FIELD_PERSONAL, .object = &cxm_claimed_fields,
      .summary = "what was said of who it is, and not proved" },
    SEGMENT("channel"),
    SEGMENT("touchpoint"),
    SEGMENT("country"),
    SEGMENT("device"),
    SEGMENT("language"),
    SEGMENT("agent"),
    SEGMENT("product"),
    SEGMENT("latency_band"),
    SEGMENT("status_class"),
    { .name = "attributes", .type = CXM_FIELD_ANY,
      .summary = "segments; the others with personal_read" },
    { .name = "interaction_id", .type = CXM_FIELD_STRING,
      .flags = CXM_FIELD_NULLABLE },
    { .name = "client_time", .type = CXM_FIELD_STRING,
      .flags = CXM_FIELD_NULLABLE },
    { .name = "erased", .type = CXM_FIELD_BOOL,
      .summary = "its person is erased: personal members are gone" },
    { .name = NULL }
};

_Static_assert(sizeof(shown_fields) / sizeof(shown_fields[0])
               == CXM_SHOWN_N + 1, "members");

const cxm_fields_t  cxm_response_shown = { "Response", shown_fields };


/* What an answer is made from. */
typedef struct {
    cxm_response_view_t  *view;
    const cxm_survey_t   *survey;
    cxm_value_t           body;
    cxm_value_t           personal;     /* ABSENT: none, or not to be seen */
    int                   failed;
} cxm_viewing_t;


static cxm_value_t
member(const cxm_value_t *object, const char *name)
{
    return cxm_value_get(object, cxm_strz(name));
}


/* A member that is an object, its members at hand. */
static cxm_value_t
member_open(cxm_viewing_t *v, const cxm_value_t *object, const char *name)
{
    cxm_value_t  value;

    value = member(object, name);
    v->failed |= cxm_value_open(&value, &v->view->room) != CXM_OK;

    return value;
}


static cxm_value_t
or_null(cxm_value_t value)
{
    return value.type == CXM_VALUE_ABSENT ? cxm_value_null() : value;
}


static void
add(cxm_viewing_t *v, cxm_str_t name, cxm_value_t value)
{
    if (value.type != CXM_VALUE_ABSENT) {
        v->failed |= !cxm_members_add(&v->view->room, name, value);
    }
}


/* Answers to questions that the definition no longer has. */
static void
add_others(cxm_viewing_t *v, const cxm_value_t *answers)
{
    size_t               i;
    const cxm_member_t  *list;

    if (answers->type != CXM_VALUE_MEMBERS) {
        return;
    }

    list = answers->u.members.list;

    for (i = 0; i < answers->u.members.n; i++) {
        if (cxm_survey_question(v->survey, list[i].name) == NULL) {
            add(v, list[i].name, list[i].value);
        }
    }
}


static int
in_words(const cxm_response_row_t *row, uint16_t question)
{
    unsigned  i;

    for (i = 0; i < row->npairs; i++) {
        if (row->pairs[i].question == question
            && row->pairs[i].point == CXM_POINT_ANSWERED)
        {
            return 1;
        }
    }

    return 0;
}


/*
 * In the order of the questions, those of older definitions behind.  What
 * somebody said in words who is erased is null.
 */
static cxm_value_t
view_answers(cxm_viewing_t *v, const cxm_response_row_t *row, int erased)
{
    size_t                 from;
    unsigned               i;
    cxm_value_t            shared, personal, value;
    const cxm_question_t  *question;

    shared = member_open(v, &v->body, "answers");
    personal = member_open(v, &v->personal, "answers");
    from = v->view->room.n;

    for (i = 0; i < v->survey->nquestions; i++) {
        question = &v->survey->questions[i];
        value = cxm_value_get(&shared, question->id);

        if (value.type == CXM_VALUE_ABSENT) {
            value = cxm_value_get(&personal, question->id);
        }

        if (erased && in_words(row, question->no)) {
            value = cxm_value_null();
        }

        add(v, question->id, value);
    }

    add_others(v, &shared);
    add_others(v, &personal);

    return cxm_members_object(&v->view->room, from);
}


static cxm_value_t
view_attributes(cxm_viewing_t *v, const cxm_value_t *segments)
{
    size_t               i, from;
    cxm_str_t            name;
    cxm_value_t          others;
    const cxm_member_t  *list;

    others = member_open(v, &v->personal, "attributes");
    from = v->view->room.n;

    for (i = 0; i < v->survey->nsegments; i++) {
        name = v->survey->segments[i].name;
        add(v, name, cxm_value_get(segments, name));
    }

    if (others.type == CXM_VALUE_MEMBERS) {
        list = others.u.members.list;

        for (i = 0; i < others.u.members.n; i++) {
            name = list[i].name;

            /* one that became a segment later is there once */

            if (cxm_survey_segment(v->survey, name) < CXM_SEGMENT_CUSTOM
                || cxm_value_get(segments, name).type == CXM_VALUE_ABSENT)
            {
                add(v, name, list[i].value);
            }
        }
    }

    return cxm_members_object(&v->view->room, from);
}


/*
 * What the client said; where it dated the answer only the date is kept,
 * unless it was said apart from it.
 */
static cxm_value_t
view_client_time(cxm_viewing_t *v, cxm_ms_t at)
{
    cxm_value_t  said;

    said = member(&v->body, "client_time");

    if (said.type != CXM_VALUE_ABSENT) {
        return said;
    }

    return member(&v->body, "at").type == CXM_VALUE_INTEGER
           ? cxm_value_time(at) : cxm_value_null();
}


static void
view_fields(cxm_viewing_t *v, const cxm_response_row_t *row,
    const cxm_entry_t *entry, int may_personal)
{
    unsigned      i;
    cxm_value_t  *fields, segments;

    fields = v->view->fields;
    segments = member_open(v, &v->body, "segments");

    fields[CXM_SHOWN_ID] = cxm_value_uuid(&v->view->id);
    fields[CXM_SHOWN_SURVEY] = cxm_value_string(v->survey->slug);
    fields[CXM_SHOWN_STATUS] = cxm_value_string(
                                  row->flags & CXM_RESPONSE_PARTIAL
                                  ? cxm_str("partial") : cxm_str("complete"));
    fields[CXM_SHOWN_CREATED_AT] = cxm_value_time(row->at);
    fields[CXM_SHOWN_UPDATED_AT] = cxm_value_time(cxm_entry_time(entry));
    fields[CXM_SHOWN_VERSION] = cxm_value_integer(
                                   (int64_t) entry->replaces + 1);
    fields[CXM_SHOWN_SURVEY_VERSION] = or_null(member(&v->body,
                                                      "survey_version"));
    fields[CXM_SHOWN_FINALISED] = or_null(member(&v->body, "finalised"));
    fields[CXM_SHOWN_ANSWERS] = view_answers(v, row, entry->erased);

    if (may_personal) {
        fields[CXM_SHOWN_RESPONDENT] = or_null(member(&v->personal,
                                                      "respondent"));
        fields[CXM_SHOWN_CLAIMED] = member(&v->personal, "claimed");
    }

    for (i = 1; i < CXM_SEGMENTS_KEPT; i++) {
        fields[CXM_SHOWN_CHANNEL + i - 1]
            = or_null(member(&segments, cxm_segment_names[i]));
    }

    fields[CXM_SHOWN_ATTRIBUTES] = view_attributes(v, &segments);
    fields[CXM_SHOWN_INTERACTION_ID] = or_null(member(&v->body,
                                                      "interaction_id"));
    fields[CXM_SHOWN_CLIENT_TIME] = view_client_time(v, row->at);

    if (entry->erased) {
        fields[CXM_SHOWN_ERASED] = cxm_value_bool(1);
    }
}


/* Who may not see personal fields is told nevertheless that they are gone. */
static cxm_rc_t
read_entry(cxm_txn_t *txn, uint64_t seq, int may_personal,
    cxm_entry_packed_t *out, cxm_error_t *err)
{
    cxm_rc_t  rc;

    rc = cxm_journal_read_packed(txn, seq, may_personal, out, err);

    /* a row goes in the transaction that drops its entry */

    if (rc == CXM_NOT_FOUND) {
        rc = CXM_CORRUPT;
    }

    if (rc != CXM_OK || may_personal || out->entry.subject == 0) {
        return rc;
    }

    rc = cxm_person_gone(txn, out->entry.subject, NULL);
    out->entry.erased = rc == CXM_OK;

    return rc == CXM_OK || rc == CXM_NOT_FOUND
           ? CXM_OK : cxm_fail(err, rc, NULL, "The answer cannot be read.");
}


cxm_rc_t
cxm_response_view(cxm_txn_t *txn, uint64_t survey,
    const cxm_response_row_t *row, int may_personal,
    cxm_response_view_t *out, cxm_error_t *err)
{
    cxm_rc_t            rc;
    cxm_viewing_t       v;
    cxm_entry_packed_t  packed;

    memset(&v, 0, sizeof(v));
    v.view = out;
    memset(out->fields, 0, sizeof(out->fields));
    out->room = (cxm_members_t) { out->members, 0, CXM_VIEW_MEMBERS };

    rc = cxm_survey_by_no(txn, survey, &v.survey, err);

    if (rc == CXM_OK) {
        rc = read_entry(txn, row->entry, may_personal, &packed, err);
    }

    if (rc != CXM_OK) {
        return rc;
    }

    out->id = packed.entry.id;
    out->personal = packed.personal.len > 0;

    v.failed = cxm_value_unpack(packed.body, &out->room, &v.body) != CXM_OK;

    /* it was so before the answer became final, without a personal part */

    if (member(&v.body, "erased").type == CXM_VALUE_BOOL) {
        packed.entry.erased = 1;
    }

    if (out->personal) {
        v.failed |= cxm_value_unpack(packed.personal, &out->room, &v.personal)
                    != CXM_OK;
    }

    view_fields(&v, row, &packed.entry, may_personal);

    return v.failed ? cxm_fail(err, CXM_CORRUPT, NULL,
                               "The answer cannot be read.")
                    : CXM_OK;
}
