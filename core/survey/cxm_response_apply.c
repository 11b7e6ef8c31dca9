/*
 * Answers: from an entry to rows, indexes and counters.
 *
 * Only the entry and the definition in the tables are used.  Numbers of the
 * entry that the definition does not bear out are damage.
 */

#include "cxm_answer.h"
#include "cxm_dict.h"
#include "cxm_json.h"
#include "cxm_response_row.h"
#include "cxm_said.h"


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


/* In the order of the definition, so that the same answer is the same row. */
static cxm_rc_t
row_answers(cxm_response_row_t *row, const cxm_survey_t *survey,
    const json_t *body)
{
    size_t                 i;
    cxm_rc_t               rc;
    unsigned               known;
    const json_t          *answers, *answered, *value;
    const cxm_question_t  *question;

    answers = json_object_get(body, "answers");
    answered = json_object_get(body, "answered");
    known = 0;

    for (i = 0; i < survey->nquestions; i++) {
        question = &survey->questions[i];
        value = json_object_getn(answers, question->id.data,
                                 question->id.len);

        if (value == NULL) {
            continue;
        }

        known++;
        rc = row_answer(row, question, value);

        if (rc != CXM_OK) {
            return rc;
        }
    }

    if (known != json_object_size(answers)
        || json_array_size(answered) > survey->nquestions)
    {
        return CXM_CORRUPT;
    }

    for (i = 0; i < json_array_size(answered); i++) {
        value = json_array_get(answered, i);

        if (json_integer_value(value) < 1
            || json_integer_value(value) > UINT16_MAX)
        {
            return CXM_CORRUPT;
        }

        row_pair(row, (unsigned) json_integer_value(value),
                 CXM_POINT_ANSWERED);
    }

    return CXM_OK;
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

    pairs = survey->nquestions + survey->ncsi + 1;

    for (i = 0; i < survey->nquestions; i++) {
        pairs += 1 + survey->questions[i].nchoices;
    }

    row->pairs = cxm_arena_alloc(arena, pairs * sizeof(cxm_response_pair_t));
    row->segments = cxm_arena_alloc(arena,
                                    (CXM_SEGMENTS_KEPT + survey->nsegments)
                                    * sizeof(cxm_response_segment_t));

    return row->pairs == NULL || row->segments == NULL ? CXM_INTERNAL : CXM_OK;
}


static cxm_rc_t
row_make(cxm_txn_t *txn, cxm_arena_t *arena, const cxm_entry_t *entry,
    const cxm_survey_t *survey, cxm_response_row_t *row)
{
    cxm_rc_t  rc;

    memset(row, 0, sizeof(*row));

    row->no = entry->seq;
    row->entry = entry->seq;
    row->at = cxm_json_get_int(entry->body, "at", cxm_entry_time(entry));
    row->subject = entry->subject;

    if (!cxm_json_get_bool(entry->body, "complete", 1)) {
        row->flags |= CXM_RESPONSE_PARTIAL;
    }

    if (cxm_json_get_int(entry->body, "who", 0) & CXM_PERSON_CLAIMED) {
        row->flags |= CXM_RESPONSE_CLAIMED;
    }

    rc = row_alloc(arena, row, survey);

    if (rc == CXM_OK) {
        rc = row_answers(row, survey, entry->body);
    }

    if (rc == CXM_OK) {
        rc = row_csi(row, survey, entry->body);
    }

    if (rc == CXM_OK) {
        rc = row_segments(txn, row, survey, entry->body);
    }

    return rc;
}


/* Lets the name lead to the slot; an unreadable one leads nowhere. */
static cxm_rc_t
apply_name(cxm_txn_t *txn, const cxm_entry_t *entry, unsigned who)
{
    uint8_t   hash[CXM_HASH_LEN];
    unsigned  person_class;

    if (entry->erased) {
        return CXM_OK;
    }

    person_class = cxm_said_name(cxm_txn_store(txn), entry->personal, hash);

    if (person_class != who) {
        return CXM_CORRUPT;
    }

    return who == 0 ? CXM_OK
                    : cxm_person_apply(txn, entry->subject, who, hash);
}


/* The name, and the way from a known person to the answer. */
static cxm_rc_t
apply_person(cxm_txn_t *txn, const cxm_entry_t *entry, uint64_t survey,
    const cxm_response_row_t *row)
{
    int64_t   who;
    cxm_rc_t  rc;

    if (entry->subject == 0) {
        return CXM_OK;
    }

    who = cxm_json_get_int(entry->body, "who", 0);

    if (who < 0 || who > UINT8_MAX) {
        return CXM_CORRUPT;
    }

    rc = apply_name(txn, entry, (unsigned) who);

    if (rc != CXM_OK || who == 0 || (who & CXM_PERSON_CLAIMED)) {
        return rc;
    }

    return cxm_response_index_person(txn, entry->subject, survey, row->no);
}


/* The answer keeps its number and its date; what it counted goes out. */
static cxm_rc_t
apply_again(cxm_txn_t *txn, uint64_t survey, cxm_response_row_t *row)
{
    cxm_rc_t               rc;
    cxm_arena_t            arena = { 0 };
    cxm_response_row_t    *old;
    cxm_response_block_t   block;

    rc = cxm_response_row_find(txn, survey, row->no, &arena, &block, &old);

    if (rc == CXM_OK) {
        row->at = old->at;
        rc = cxm_response_row_count(txn, survey, old, -1);
    }

    if (rc == CXM_OK) {
        rc = cxm_response_row_replace(txn, survey, row);
    }

    cxm_arena_free(&arena);

    return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
}


static cxm_rc_t
apply_row(cxm_txn_t *txn, const cxm_entry_t *entry,
    const cxm_survey_t *survey, cxm_response_row_t *row)
{
    int       again;
    uint64_t  home, no;
    cxm_rc_t  rc;

    rc = cxm_response_locate(txn, &entry->id, &home, &no);
    again = rc == CXM_OK;

    if (rc != CXM_OK && rc != CXM_NOT_FOUND) {
        return rc;
    }

    if (again != (entry->action == CXM_ACTION_PUT)
        || (again && home != survey->doc.no))
    {
        return CXM_CORRUPT;
    }

    if (again) {
        row->no = no;
        rc = apply_again(txn, survey->doc.no, row);

    } else {
        rc = cxm_response_index_id(txn, &entry->id, survey->doc.no, row->no);

        if (rc == CXM_OK) {
            rc = cxm_response_row_append(txn, survey->doc.no, row);
        }
    }

    if (rc == CXM_OK) {
        rc = apply_person(txn, entry, survey->doc.no, row);
    }

    return rc == CXM_OK
           ? cxm_response_row_count(txn, survey->doc.no, row, 1) : rc;
}


static cxm_rc_t
response_apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    uint64_t             number;
    cxm_rc_t             rc;
    cxm_arena_t          arena = { 0 };
    cxm_response_row_t   row;
    const cxm_survey_t  *survey;

    number = (uint64_t) cxm_json_get_int(entry->body, "survey", 0);

    rc = cxm_survey_by_no(txn, number, &survey, NULL);
    if (rc != CXM_OK) {
        return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
    }

    rc = row_make(txn, &arena, entry, survey, &row);

    if (rc == CXM_OK) {
        rc = apply_row(txn, entry, survey, &row);
    }

    cxm_arena_free(&arena);

    return rc;
}


const cxm_kind_t  cxm_kind_response = {
    .no = CXM_KIND_RESPONSE,
    .version = 1,
    .name = "response",
    .apply = response_apply,
    .forget = cxm_response_forget
};
