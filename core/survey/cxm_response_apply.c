/*
 * Answers: from an entry to rows, indexes and counters.
 *
 * Only the entry and the definition in the tables are used.  Numbers of the
 * entry that the definition does not bear out are damage.
 */

#include "cxm_answer.h"
#include "cxm_dict.h"
#include "cxm_due.h"
#include "cxm_exposure_row.h"
#include "cxm_json.h"
#include "cxm_said.h"


/* One entry on its way; the block is large and only filled for a change. */
typedef struct {
    cxm_txn_t             *txn;
    const cxm_entry_t     *entry;
    const cxm_survey_t    *survey;
    cxm_response_row_t     row;
    cxm_response_row_t    *old;         /* in block; NULL: a new answer */
    cxm_arena_t            arena;       /* of row */
    cxm_arena_t            old_arena;   /* of block */
    cxm_response_block_t   block;
} cxm_applying_t;


static void
row_pair(cxm_response_row_t *row, unsigned question, json_int_t point)
{
    row->pairs[row->npairs].question = (uint16_t) question;
    row->pairs[row->npairs].point = (uint16_t) point;
    row->npairs++;
}


static cxm_rc_t
row_choice(cxm_response_row_t *row, const cxm_question_t *question,
    const json_t *id)
{
    int  choice;

    choice = cxm_choice_find(question, cxm_json_str(id));

    if (choice < 0) {
        return CXM_CORRUPT;
    }

    row_pair(row, question->no, question->choice_nos[choice]);

    return CXM_OK;
}


static cxm_rc_t
row_answer(cxm_response_row_t *row, const cxm_question_t *question,
    const json_t *value)
{
    size_t      i;
    cxm_rc_t    rc;
    json_int_t  score;

    if (cxm_question_scored(question)) {
        score = json_integer_value(value);

        if (!json_is_integer(value) || score < question->min
            || score > question->max)
        {
            return CXM_CORRUPT;
        }

        row_pair(row, question->no, score - question->min);

        return CXM_OK;
    }

    if (question->type == CXM_QUESTION_CHOICE) {
        return row_choice(row, question, value);
    }

    if (json_array_size(value) > question->nchoices) {
        return CXM_CORRUPT;
    }

    for (i = 0; i < json_array_size(value); i++) {
        rc = row_choice(row, question, json_array_get(value, i));

        if (rc != CXM_OK) {
            return rc;
        }
    }

    return CXM_OK;
}


static cxm_rc_t
row_scores(cxm_response_row_t *row, const cxm_question_t *questions,
    unsigned n, const json_t *answers, size_t *known)
{
    cxm_rc_t       rc;
    unsigned       i;
    const json_t  *value;

    for (i = 0; i < n; i++) {
        value = json_object_getn(answers, questions[i].id.data,
                                 questions[i].id.len);

        if (value == NULL) {
            continue;
        }

        (*known)++;
        rc = row_answer(row, &questions[i], value);

        if (rc != CXM_OK) {
            return rc;
        }
    }

    return CXM_OK;
}


static cxm_rc_t
row_words(cxm_response_row_t *row, const cxm_survey_t *survey,
    const json_t *answered)
{
    size_t      i;
    json_int_t  no;

    if (json_array_size(answered) > survey->nquestions + survey->nretired) {
        return CXM_CORRUPT;
    }

    for (i = 0; i < json_array_size(answered); i++) {
        no = json_integer_value(json_array_get(answered, i));

        if (no < 1 || no > UINT16_MAX) {
            return CXM_CORRUPT;
        }

        row_pair(row, (unsigned) no, CXM_POINT_ANSWERED);
    }

    return CXM_OK;
}


/* In the order of the definition, so that the same answer is the same row. */
static cxm_rc_t
row_answers(cxm_response_row_t *row, const cxm_survey_t *survey,
    const json_t *body)
{
    size_t         known;
    cxm_rc_t       rc;
    const json_t  *answers;

    answers = json_object_get(body, "answers");
    known = 0;

    rc = row_scores(row, survey->questions, survey->nquestions, answers,
                    &known);

    if (rc == CXM_OK) {
        rc = row_scores(row, survey->retired, survey->nretired, answers,
                        &known);
    }

    if (rc == CXM_OK && known != json_object_size(answers)) {
        rc = CXM_CORRUPT;
    }

    return rc == CXM_OK
           ? row_words(row, survey, json_object_get(body, "answered")) : rc;
}


static cxm_rc_t
row_csi(cxm_response_row_t *row, const cxm_survey_t *survey,
    const json_t *body)
{
    int                    values[CXM_CSI_MAX];
    int64_t                index;
    unsigned               i;
    const cxm_question_t  *question;

    index = cxm_json_get_int(body, "csi", -1);

    if (index < 0) {
        return CXM_OK;
    }

    if (index > 1000
        || !cxm_answers_csi(survey, json_object_get(body, "answers"), values))
    {
        return CXM_CORRUPT;
    }

    for (i = 0; i < survey->ncsi; i++) {
        question = &survey->questions[survey->csi[i]];
        row_pair(row, CXM_SERIES_CSI_ITEM + i, values[i] - question->min);
    }

    row_pair(row, CXM_SERIES_CSI, index);

    return CXM_OK;
}


static cxm_rc_t
row_segment(cxm_txn_t *txn, cxm_response_row_t *row,
    const cxm_survey_t *survey, uint16_t segment, cxm_str_t text)
{
    cxm_rc_t                 rc;
    uint32_t                 value;
    cxm_response_segment_t  *out;

    rc = cxm_dict_assign(txn, survey->doc.no, segment, text, &value);

    if (rc != CXM_OK
        || (value == CXM_DICT_NULL && segment < CXM_SEGMENT_CUSTOM))
    {
        return rc;
    }

    out = &row->segments[row->nsegments++];
    out->segment = segment;
    out->value = value;

    return CXM_OK;
}


static cxm_rc_t
row_segments(cxm_txn_t *txn, cxm_response_row_t *row,
    const cxm_survey_t *survey, const json_t *body)
{
    cxm_rc_t                     rc;
    unsigned                     i;
    cxm_str_t                    text;
    const json_t                *segments, *value;
    const cxm_survey_segment_t  *segment;

    segments = json_object_get(body, "segments");

    for (i = 1; i < CXM_SEGMENTS_KEPT; i++) {
        text = cxm_json_get_str(segments, cxm_segment_names[i]);
        rc = row_segment(txn, row, survey, (uint16_t) i, text);

        if (rc != CXM_OK) {
            return rc;
        }
    }

    for (i = 0; i < survey->nsegments; i++) {
        segment = &survey->segments[i];
        value = json_object_getn(segments, segment->name.data,
                                 segment->name.len);
        rc = row_segment(txn, row, survey, segment->no, cxm_json_str(value));

        if (rc != CXM_OK) {
            return rc;
        }
    }

    return CXM_OK;
}


/* Room for the most that the definition lets an answer have. */
static cxm_rc_t
row_alloc(cxm_arena_t *arena, cxm_response_row_t *row,
    const cxm_survey_t *survey)
{
    size_t    pairs;
    unsigned  i;

    pairs = survey->nquestions + survey->nretired + survey->ncsi + 1;

    for (i = 0; i < survey->nquestions; i++) {
        pairs += 1 + survey->questions[i].nchoices;
    }

    for (i = 0; i < survey->nretired; i++) {
        pairs += 1 + survey->retired[i].nchoices;
    }

    row->pairs = cxm_arena_alloc(arena, pairs * sizeof(cxm_response_pair_t));
    row->segments = cxm_arena_alloc(arena,
                                    (CXM_SEGMENTS_KEPT + survey->nsegments)
                                    * sizeof(cxm_response_segment_t));

    return row->pairs == NULL || row->segments == NULL ? CXM_INTERNAL : CXM_OK;
}


/*
 * An answer that is changed keeps its number, its date and its segments: it
 * stays where it was counted, and so does a value that the dictionary took
 * in when there was room.
 */
static cxm_rc_t
row_place(cxm_applying_t *ap)
{
    cxm_response_row_t        *row;
    const cxm_entry_t         *entry;
    const cxm_response_row_t  *old;

    row = &ap->row;
    entry = ap->entry;
    old = ap->old;

    row->entry = entry->seq;
    row->subject = entry->subject;

    if (!cxm_json_get_bool(entry->body, "complete", 1)) {
        row->flags |= CXM_RESPONSE_PARTIAL;
        row->due = cxm_entry_time(entry) + ap->survey->partial_timeout;
    }

    if (cxm_json_get_int(entry->body, "who", 0) & CXM_PERSON_CLAIMED) {
        row->flags |= CXM_RESPONSE_CLAIMED;
    }

    if (old != NULL) {
        row->no = old->no;
        row->at = old->at;
        row->nsegments = old->nsegments;
        row->segments = old->segments;
        row->flags |= old->flags & CXM_RESPONSE_ASKED;
        row->asked_at = old->asked_at;
        row->nasked = old->nasked;
        row->asked = old->asked;
        return CXM_OK;
    }

    row->no = entry->seq;
    row->at = cxm_json_get_int(entry->body, "at", cxm_entry_time(entry));

    return row_segments(ap->txn, row, ap->survey, entry->body);
}


/* The exposure that it answers; it stays the same when the answer changes. */
static cxm_rc_t
row_asked(cxm_applying_t *ap)
{
    cxm_response_row_t  *row;
    const json_t        *asked;

    row = &ap->row;
    asked = json_object_get(ap->entry->body, "asked");

    if (asked == NULL || ap->old != NULL) {
        return CXM_OK;
    }

    row->flags |= CXM_RESPONSE_ASKED;
    row->asked_at = cxm_json_get_int(asked, "at", 0);
    row->asked = cxm_arena_alloc(&ap->arena, CXM_SEGMENTS_KEPT
                                             * sizeof(cxm_response_segment_t));

    return row->asked == NULL
           ? CXM_INTERNAL
           : cxm_exposure_values(ap->txn, ap->survey->doc.no,
                                 json_object_get(asked, "segments"),
                                 row->asked, &row->nasked);
}


static cxm_rc_t
row_make(cxm_applying_t *ap)
{
    cxm_rc_t  rc;

    rc = row_alloc(&ap->arena, &ap->row, ap->survey);

    if (rc == CXM_OK) {
        rc = row_answers(&ap->row, ap->survey, ap->entry->body);
    }

    if (rc == CXM_OK) {
        rc = row_csi(&ap->row, ap->survey, ap->entry->body);
    }

    if (rc == CXM_OK) {
        rc = row_place(ap);
    }

    return rc == CXM_OK ? row_asked(ap) : rc;
}


/*
 * The name, the clocks, and the way from a known person to the answer.  Only
 * the first entry is a contact.
 */
static cxm_rc_t
apply_person(cxm_applying_t *ap)
{
    cxm_rc_t            rc;
    unsigned            who;
    const cxm_entry_t  *entry;

    entry = ap->entry;
    rc = cxm_said_apply(ap->txn, entry, &who);

    if (rc == CXM_OK && ap->old == NULL) {
        rc = cxm_clock_tick(ap->txn, entry->subject, who, ap->survey->doc.no,
                            ap->row.at, 0);
    }

    if (rc != CXM_OK || who == 0 || (who & CXM_PERSON_CLAIMED)) {
        return rc;
    }

    return cxm_response_index_person(ap->txn, entry->subject,
                                     ap->survey->doc.no, ap->row.no);
}


/* The row of an answer that is there already: a PUT has one, an ADD none. */
static cxm_rc_t
find_old(cxm_applying_t *ap)
{
    uint64_t  home, no;
    cxm_rc_t  rc;

    rc = cxm_response_locate(ap->txn, &ap->entry->id, &home, &no);

    if (rc != CXM_OK && rc != CXM_NOT_FOUND) {
        return rc;
    }

    if ((rc == CXM_OK) != (ap->entry->action == CXM_ACTION_PUT)
        || (rc == CXM_OK && home != ap->survey->doc.no))
    {
        return CXM_CORRUPT;
    }

    if (rc == CXM_NOT_FOUND) {
        return CXM_OK;
    }

    rc = cxm_response_row_find(ap->txn, home, no, &ap->old_arena, &ap->block,
                               &ap->old);

    return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
}


/* What it counted before goes out. */
static cxm_rc_t
take_out(cxm_applying_t *ap)
{
    cxm_rc_t  rc;

    rc = ap->old->flags & CXM_RESPONSE_PARTIAL
         ? cxm_due_del(ap->txn, ap->old->due, CXM_DUE_PARTIAL, ap->old->no)
         : CXM_OK;

    if (rc != CXM_OK) {
        return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
    }

    return cxm_response_row_count(ap->txn, ap->survey->doc.no, ap->old, -1);
}


static cxm_rc_t
put_in(cxm_applying_t *ap)
{
    uint64_t   survey;
    cxm_rc_t   rc;
    cxm_txn_t  *txn;

    txn = ap->txn;
    survey = ap->survey->doc.no;

    if (ap->old != NULL) {
        rc = cxm_response_row_replace(txn, survey, &ap->row);

    } else {
        rc = cxm_said_index(txn, CXM_KIND_RESPONSE, &ap->entry->id, survey,
                            ap->row.no);

        if (rc == CXM_OK) {
            rc = cxm_response_row_append(txn, survey, &ap->row);
        }
    }

    if (rc == CXM_OK && (ap->row.flags & CXM_RESPONSE_PARTIAL)) {
        rc = cxm_due_put(txn, ap->row.due, CXM_DUE_PARTIAL, ap->row.no);
    }

    return rc == CXM_OK ? cxm_response_row_count(txn, survey, &ap->row, 1)
                        : rc;
}


/* The place that an exposure held goes to the answer. */
static cxm_rc_t
apply_quota(cxm_applying_t *ap)
{
    cxm_rc_t       rc;
    const json_t  *asked;

    asked = json_object_get(ap->entry->body, "asked");

    if (ap->old != NULL) {
        return CXM_OK;
    }

    rc = asked == NULL
         ? CXM_OK
         : cxm_exposure_answered(ap->txn, ap->survey->doc.no,
                                 (uint64_t) cxm_json_get_int(asked, "no", 0),
                                 ap->row.no);

    return rc == CXM_OK ? cxm_quota_add(ap->txn, ap->survey->doc.no, 0, 1)
                        : rc;
}


static cxm_rc_t
apply_all(cxm_applying_t *ap)
{
    uint64_t  number;
    cxm_rc_t  rc;

    number = (uint64_t) cxm_json_get_int(ap->entry->body, "survey", 0);
    rc = cxm_survey_by_no(ap->txn, number, &ap->survey, NULL);

    if (rc != CXM_OK) {
        return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
    }

    rc = find_old(ap);

    if (rc == CXM_OK) {
        rc = row_make(ap);
    }

    if (rc == CXM_OK && ap->old != NULL) {
        rc = take_out(ap);
    }

    if (rc == CXM_OK) {
        rc = put_in(ap);
    }

    if (rc == CXM_OK) {
        rc = apply_quota(ap);
    }

    return rc == CXM_OK ? apply_person(ap) : rc;
}


static cxm_rc_t
response_apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    cxm_rc_t        rc;
    cxm_applying_t  ap;

    ap.txn = txn;
    ap.entry = entry;
    ap.old = NULL;
    memset(&ap.row, 0, sizeof(ap.row));
    memset(&ap.arena, 0, sizeof(ap.arena));
    memset(&ap.old_arena, 0, sizeof(ap.old_arena));

    rc = apply_all(&ap);

    cxm_arena_free(&ap.arena);
    cxm_arena_free(&ap.old_arena);

    return rc;
}


const cxm_kind_t  cxm_kind_response = {
    .no = CXM_KIND_RESPONSE,
    .version = 1,
    .name = "response",
    .apply = response_apply,
    .forget = cxm_response_forget,
    .keep = CXM_KEEP_RESPONSES,
    .drop = cxm_response_drop
};
