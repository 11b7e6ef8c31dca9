/*
 * Touchpoints in timelines of customers: events under any name of theirs.
 */

#include <stdlib.h>

#include "cxm_touchpoint_person.h"
#include "cxm_touchpoint_view.h"


/* The newest event of a name below a place; no 0: there is none. */
typedef struct {
    uint8_t      name[CXM_TOUCH_NAME];
    cxm_place_t  at;
} touchpoint_name_t;

typedef struct {
    size_t              n;
    touchpoint_name_t  *names;
    cxm_place_t         last;           /* that was given */
} touchpoint_state_t;


/* --- names -------------------------------------------------------------- */

static cxm_rc_t
names_of_slot(cxm_txn_t *txn, uint64_t slot, touchpoint_state_t *state)
{
    size_t              i, n;
    cxm_rc_t            rc;
    touchpoint_name_t  *more;
    cxm_person_name_t  *names;

    rc = cxm_person_names_of(txn, slot, &names, &n);
    more = rc == CXM_OK ? realloc(state->names, (state->n + n + 1)
                                                * sizeof(*more))
                        : NULL;

    if (more == NULL) {
        free(names);
        return rc == CXM_OK ? CXM_INTERNAL : rc;
    }

    state->names = more;

    for (i = 0; i < n; i++) {
        if (cxm_touch_name_class(names[i].person_class)) {
            memcpy(more[state->n++].name, names[i].hash, CXM_TOUCH_NAME);
        }
    }

    free(names);

    return CXM_OK;
}


/* The highest of ascending places that is below `before`; 0: there is none. */
static int
place_below(cxm_str_t places, uint64_t before, uint64_t *sub)
{
    int           found;
    uint64_t      place;
    cxm_reader_t  rd;

    found = 0;
    rd = cxm_reader(places.data, places.len);

    while (rd.pos != rd.end && !rd.failed) {
        place = cxm_read_varint(&rd);

        if (rd.failed || place >= before) {
            break;
        }

        *sub = place;
        found = 1;
    }

    return found;
}


/* Moves to the newest event below the place where it is. */
static cxm_rc_t
name_move(cxm_cursor_t *cursor, cxm_txn_t *txn, touchpoint_name_t *name)
{
    uint64_t        seq;
    cxm_rc_t        rc;
    cxm_str_t       places;
    cxm_raw_row_t   row;
    cxm_row_key_t   key;

    cxm_touch_name_key(&key, name->name, name->at.no);
    rc = cxm_cursor_seek_back(cursor, &key, &row);

    while (rc == CXM_OK && row.key.len == key.len
           && cxm_row_within(&row, &key, key.len - 8))
    {
        seq = cxm_get_u64((const uint8_t *) row.key.data + key.len - 8);
        rc = cxm_row_check(txn, CXM_T_INDEX, &row, &places);

        if (rc != CXM_OK) {
            return rc;
        }

        if (place_below(places, seq == name->at.no ? name->at.sub
                                                   : UINT64_MAX,
                        &name->at.sub))
        {
            name->at.no = seq;
            return CXM_OK;
        }

        rc = cxm_cursor_prev(cursor, &row);
    }

    name->at = (cxm_place_t) { 0, 0 };

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


/* --- the kind ----------------------------------------------------------- */

static cxm_rc_t
touchpoint_begin(cxm_timeline_source_t *source, uint64_t before)
{
    size_t               i;
    cxm_rc_t             rc;
    unsigned             k;
    cxm_txn_t           *txn;
    cxm_cursor_t        *cursor;
    touchpoint_state_t  *state;
    cxm_person_slots_t   slots;

    (void) before;

    state = source->state;
    txn = source->timeline->txn;

    if (source->timeline->customer->subject == 0) {
        return CXM_OK;
    }

    rc = cxm_person_slots(txn, source->timeline->customer->subject, &slots);

    for (k = 0; k < slots.n && rc == CXM_OK; k++) {
        rc = names_of_slot(txn, slots.slot[k], state);
    }

    if (rc == CXM_OK) {
        rc = cxm_cursor_open(txn, CXM_T_INDEX, &cursor);
    }

    if (rc != CXM_OK) {
        return rc;
    }

    for (i = 0; i < state->n && rc == CXM_OK; i++) {
        state->names[i].at = source->below;
        rc = name_move(cursor, txn, &state->names[i]);
    }

    cxm_cursor_close(cursor);

    return rc;
}


static int
place_order(const cxm_place_t *a, const cxm_place_t *b)
{
    return a->no != b->no ? (a->no > b->no) - (a->no < b->no)
                          : (a->sub > b->sub) - (a->sub < b->sub);
}


/* Passes what was given under all names that it has. */
static cxm_rc_t
touchpoint_pass(cxm_txn_t *txn, touchpoint_state_t *state)
{
    size_t         i;
    cxm_rc_t       rc;
    cxm_cursor_t  *cursor;

    rc = cxm_cursor_open(txn, CXM_T_INDEX, &cursor);

    if (rc != CXM_OK) {
        return rc;
    }

    for (i = 0; i < state->n && rc == CXM_OK; i++) {
        if (place_order(&state->names[i].at, &state->last) == 0) {
            rc = name_move(cursor, txn, &state->names[i]);
        }
    }

    cxm_cursor_close(cursor);

    return rc;
}


static cxm_rc_t
touchpoint_next(cxm_timeline_source_t *source)
{
    size_t               i;
    cxm_rc_t             rc;
    touchpoint_state_t  *state;

    state = source->state;

    if (state->last.no != 0) {
        rc = touchpoint_pass(source->timeline->txn, state);

        if (rc != CXM_OK) {
            return rc;
        }
    }

    state->last = (cxm_place_t) { 0, 0 };

    for (i = 0; i < state->n; i++) {
        if (place_order(&state->names[i].at, &state->last) > 0) {
            state->last = state->names[i].at;
        }
    }

    source->no = state->last.no;
    source->sub = state->last.sub;

    return source->no == 0 ? CXM_NOT_FOUND : CXM_OK;
}


/* Event number `sub` of an entry; CXM_CORRUPT: there is no such. */
static cxm_rc_t
entry_event(cxm_str_t packed, uint64_t sub, cxm_value_t *event)
{
    cxm_rc_t       rc;
    cxm_value_t    body;
    cxm_items_t    items;
    cxm_members_t  none = { NULL, 0, 0 };

    rc = cxm_value_unpack(packed, &none, &body);

    if (rc != CXM_OK || body.type != CXM_VALUE_PACKED_ARRAY) {
        return CXM_CORRUPT;
    }

    cxm_items_begin(&items, &body);

    do {
        if (!cxm_items_next(&items, event)) {
            return CXM_CORRUPT;
        }
    } while (sub-- > 0);

    return CXM_OK;
}


static cxm_rc_t
touchpoint_show(cxm_timeline_source_t *source, cxm_ms_t *at, json_t **data)
{
    cxm_rc_t               rc;
    cxm_value_t            event;
    cxm_entry_packed_t     entry;
    const cxm_timeline_t  *timeline;
    cxm_touchpoint_view_t  view;

    timeline = source->timeline;
    rc = cxm_journal_read_packed(timeline->txn, source->no, 0, &entry,
                                 timeline->err);

    if (rc == CXM_OK) {
        rc = entry_event(entry.body, source->sub, &event);
    }

    if (rc == CXM_OK) {
        rc = cxm_touchpoint_view(cxm_txn_store(timeline->txn), &entry.entry,
                                 source->sub, &event, timeline->may_personal,
                                 &view);
    }

    if (rc != CXM_OK) {
        return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
    }

    *at = cxm_entry_time(&entry.entry);
    *timeline->personal |= view.personal;
    *data = cxm_field_tree(&cxm_touchpoint_shown, view.fields);

    return *data == NULL ? CXM_INTERNAL : CXM_OK;
}


static void
touchpoint_end(cxm_timeline_source_t *source)
{
    free(((touchpoint_state_t *) source->state)->names);
}


const cxm_timeline_kind_t  cxm_timeline_touchpoint = {
    .name = "touchpoint",
    .state = sizeof(touchpoint_state_t),
    .begin = touchpoint_begin,
    .next = touchpoint_next,
    .show = touchpoint_show,
    .end = touchpoint_end
};
