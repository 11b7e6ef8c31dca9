/*
 * Answers in timelines of customers.
 */

#include "cxm_json.h"
#include "cxm_response_person.h"
#include "cxm_response_row.h"
#include "cxm_timeline.h"


typedef struct {
    cxm_response_person_t  walk;
    uint64_t               survey;      /* of the one that was given */
} answer_state_t;


static cxm_rc_t
answer_begin(cxm_timeline_source_t *source, uint64_t before)
{
    answer_state_t  *state;

    state = source->state;

    return cxm_response_person_begin(&state->walk, source->timeline->txn,
                                     source->timeline->customer->subject,
                                     before);
}


static cxm_rc_t
answer_next(cxm_timeline_source_t *source)
{
    answer_state_t  *state;

    state = source->state;

    return cxm_response_person_next(&state->walk, &state->survey,
                                    &source->no);
}


/*
 * When it was taken in first.  "updated_at" is that of its newest entry, and
 * so of one that was never changed.
 */
static cxm_rc_t
answer_time(cxm_txn_t *txn, const cxm_response_row_t *row, const json_t *data,
    cxm_ms_t *at, cxm_error_t *err)
{
    cxm_rc_t            rc;
    cxm_entry_packed_t  first;

    if (row->entry == row->no) {
        return cxm_rfc3339_parse(cxm_json_get_str(data, "updated_at"), at);
    }

    rc = cxm_journal_read_packed(txn, row->no, 0, &first, err);

    if (rc == CXM_OK) {
        *at = cxm_entry_time(&first.entry);
    }

    return rc;
}


static cxm_rc_t
answer_show(cxm_timeline_source_t *source, cxm_ms_t *at, json_t **data)
{
    cxm_rc_t               rc;
    cxm_arena_t            arena = { 0 };
    answer_state_t        *state;
    cxm_response_row_t    *row;
    cxm_response_block_t   block;
    const cxm_timeline_t  *timeline;

    state = source->state;
    timeline = source->timeline;

    rc = cxm_response_row_known(timeline->txn, state->survey, source->no,
                                &arena, &block, &row);
    if (rc == CXM_OK) {
        rc = cxm_response_row_json(timeline->txn, timeline->caller,
                                   state->survey, row, data,
                                   timeline->personal, timeline->err);
    }

    if (rc == CXM_OK) {
        rc = answer_time(timeline->txn, row, *data, at, timeline->err);
    }

    cxm_arena_free(&arena);

    return rc;
}


const cxm_timeline_kind_t  cxm_timeline_answer = {
    .name = "answer",
    .state = sizeof(answer_state_t),
    .begin = answer_begin,
    .next = answer_next,
    .show = answer_show
};
