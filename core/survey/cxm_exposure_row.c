/*
 * Rows of exposures.
 */

#include "cxm_dict.h"
#include "cxm_due.h"
#include "cxm_exposure_row.h"
#include "cxm_json.h"
#include "cxm_person.h"


const uint16_t  cxm_exposure_segments[] = {
    CXM_SEGMENT_CHANNEL, CXM_SEGMENT_TOUCHPOINT, CXM_SEGMENT_COUNTRY,
    CXM_SEGMENT_DEVICE, CXM_SEGMENT_LANGUAGE, CXM_SEGMENT_AGENT, 0
};

/* A row's payload, of up to three varints. */
typedef uint64_t  cxm_exposure_row_t[3];


static void
row_key(cxm_row_key_t *key, cxm_ns_t ns, uint64_t a)
{
    cxm_row_key(key);
    cxm_row_key_u8(key, (uint8_t) ns);
    cxm_row_key_u64(key, a);
}


/* Exactly n varints. */
static cxm_rc_t
row_decode(cxm_str_t value, cxm_exposure_row_t row, unsigned n)
{
    unsigned      i;
    cxm_reader_t  rd;

    rd = cxm_reader(value.data, value.len);

    for (i = 0; i < n; i++) {
        row[i] = cxm_read_varint(&rd);
    }

    return rd.failed || rd.pos != rd.end ? CXM_CORRUPT : CXM_OK;
}


static cxm_rc_t
row_get(cxm_txn_t *txn, const cxm_row_key_t *key, cxm_exposure_row_t row,
    unsigned n)
{
    cxm_rc_t   rc;
    cxm_str_t  value;

    rc = cxm_row_get(txn, CXM_T_INDEX, key, &value);

    return rc == CXM_OK ? row_decode(value, row, n) : rc;
}


static cxm_rc_t
row_put(cxm_txn_t *txn, const cxm_row_key_t *key,
    const cxm_exposure_row_t row, unsigned n)
{
    uint8_t   value[3 * CXM_VARINT_MAX], *end;
    unsigned  i;

    end = value;

    for (i = 0; i < n; i++) {
        end = cxm_put_varint(end, row[i]);
    }

    return cxm_row_put(txn, CXM_T_INDEX, key,
                       (cxm_str_t) { (size_t) (end - value),
                                     (const char *) value });
}


/* --- places ------------------------------------------------------------- */

cxm_rc_t
cxm_quota_get(cxm_txn_t *txn, uint64_t survey, cxm_quota_t *out)
{
    cxm_rc_t            rc;
    cxm_row_key_t       key;
    cxm_exposure_row_t  row = { 0 };

    row_key(&key, CXM_NS_QUOTA, survey);
    rc = row_get(txn, &key, row, 2);

    out->held = row[0];
    out->answers = row[1];

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


cxm_rc_t
cxm_quota_add(cxm_txn_t *txn, uint64_t survey, int64_t held, int64_t answers)
{
    cxm_rc_t            rc;
    cxm_quota_t         quota;
    cxm_row_key_t       key;
    cxm_exposure_row_t  row;

    rc = cxm_quota_get(txn, survey, &quota);

    if (rc != CXM_OK) {
        return rc;
    }

    if (held < 0 && quota.held < (uint64_t) -held) {
        return CXM_CORRUPT;
    }

    row[0] = quota.held + (uint64_t) held;
    row[1] = quota.answers + (uint64_t) answers;
    row_key(&key, CXM_NS_QUOTA, survey);

    return row_put(txn, &key, row, 2);
}


/* --- states ------------------------------------------------------------- */

cxm_rc_t
cxm_exposure_state_get(cxm_txn_t *txn, uint64_t no,
    cxm_exposure_state_t *out)
{
    cxm_rc_t            rc;
    cxm_row_key_t       key;
    cxm_exposure_row_t  row = { 0 };

    row_key(&key, CXM_NS_EXPOSURE, no);
    rc = row_get(txn, &key, row, 3);

    out->survey = row[0];
    out->until = (cxm_ms_t) row[1];
    out->answer = row[2];

    return rc;
}


static cxm_rc_t
state_put(cxm_txn_t *txn, uint64_t no, const cxm_exposure_state_t *state)
{
    cxm_row_key_t       key;
    cxm_exposure_row_t  row = {
        state->survey, (uint64_t) state->until, state->answer
    };

    row_key(&key, CXM_NS_EXPOSURE, no);

    return row_put(txn, &key, row, 3);
}


cxm_rc_t
cxm_exposure_open_place(cxm_txn_t *txn, uint64_t no,
    const cxm_exposure_state_t *state)
{
    cxm_rc_t  rc;

    rc = state_put(txn, no, state);

    if (rc == CXM_OK) {
        rc = cxm_due_put(txn, state->until, CXM_DUE_EXPOSURE, no);
    }

    return rc == CXM_OK ? cxm_quota_add(txn, state->survey, 1, 0) : rc;
}


static cxm_rc_t
place_back(cxm_txn_t *txn, uint64_t no, const cxm_exposure_state_t *state)
{
    cxm_rc_t  rc;

    rc = cxm_due_del(txn, state->until, CXM_DUE_EXPOSURE, no);

    if (rc != CXM_OK) {
        return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
    }

    return cxm_quota_add(txn, state->survey, -1, 0);
}


cxm_rc_t
cxm_exposure_lapse(cxm_txn_t *txn, uint64_t no)
{
    cxm_rc_t              rc;
    cxm_row_key_t         key;
    cxm_exposure_state_t  state;

    rc = cxm_exposure_state_get(txn, no, &state);

    if (rc == CXM_NOT_FOUND || (rc == CXM_OK && state.until == 0)) {
        return CXM_CORRUPT;
    }

    if (rc == CXM_OK) {
        rc = place_back(txn, no, &state);
    }

    row_key(&key, CXM_NS_EXPOSURE, no);

    return rc == CXM_OK ? cxm_row_del(txn, CXM_T_INDEX, &key) : rc;
}


cxm_rc_t
cxm_exposure_answered(cxm_txn_t *txn, uint64_t survey, uint64_t no,
    uint64_t answer)
{
    cxm_rc_t              rc;
    cxm_exposure_state_t  state;

    rc = cxm_exposure_state_get(txn, no, &state);

    if (rc == CXM_OK) {
        rc = state.until == 0 || state.survey != survey
             ? CXM_CORRUPT : place_back(txn, no, &state);
    }

    if (rc != CXM_OK && rc != CXM_NOT_FOUND) {
        return rc;
    }

    state.survey = survey;
    state.until = 0;
    state.answer = answer;

    return state_put(txn, no, &state);
}


/* The first state of a number from `no` to `last`. */
static cxm_rc_t
state_next(cxm_txn_t *txn, uint64_t no, uint64_t last, uint64_t *found)
{
    cxm_rc_t        rc;
    cxm_cursor_t   *cursor;
    cxm_row_key_t   key;
    cxm_raw_row_t   row;

    rc = cxm_cursor_open(txn, CXM_T_INDEX, &cursor);

    if (rc != CXM_OK) {
        return rc;
    }

    row_key(&key, CXM_NS_EXPOSURE, no);
    rc = cxm_cursor_seek(cursor, &key, &row);

    if (rc == CXM_OK
        && (row.key.len != key.len || !cxm_row_within(&row, &key, 1)))
    {
        rc = CXM_NOT_FOUND;
    }

    if (rc == CXM_OK) {
        *found = cxm_get_u64((const uint8_t *) row.key.data + 1);
        rc = *found <= last ? CXM_OK : CXM_NOT_FOUND;
    }

    cxm_cursor_close(cursor);

    return rc;
}


cxm_rc_t
cxm_exposure_drop(cxm_txn_t *txn, uint64_t first, uint64_t last)
{
    uint64_t              no;
    cxm_rc_t              rc;
    cxm_row_key_t         key;
    cxm_exposure_state_t  state;

    no = first;

    for ( ;; ) {
        rc = state_next(txn, no, last, &no);

        if (rc == CXM_OK) {
            rc = cxm_exposure_state_get(txn, no, &state);
        }

        /* whoever still has the token cannot use it any more */

        if (rc == CXM_OK && state.until != 0) {
            rc = cxm_exposure_lapse(txn, no);

        } else if (rc == CXM_OK) {
            row_key(&key, CXM_NS_EXPOSURE, no);
            rc = cxm_row_del(txn, CXM_T_INDEX, &key);
        }

        if (rc != CXM_OK) {
            return rc == CXM_NOT_FOUND ? CXM_OK : rc;
        }
    }
}


/* --- clocks ------------------------------------------------------------- */

static void
clock_key(cxm_row_key_t *key, uint64_t slot, uint64_t survey)
{
    row_key(key, CXM_NS_CLOCK, slot);
    cxm_row_key_u64(key, survey);
}


int
cxm_clock_kept(unsigned who)
{
    return who != 0 && (!(who & CXM_PERSON_CLAIMED)
                        || who == (CXM_PERSON_CLAIMED | CXM_PERSON_VISITOR));
}


cxm_rc_t
cxm_clock_get(cxm_txn_t *txn, uint64_t slot, uint64_t survey, cxm_ms_t *at)
{
    cxm_rc_t            rc;
    cxm_row_key_t       key;
    cxm_exposure_row_t  row = { 0 };

    clock_key(&key, slot, survey);
    rc = row_get(txn, &key, row, 2);
    *at = (cxm_ms_t) row[0];

    return rc;
}


cxm_rc_t
cxm_exposure_shown(cxm_txn_t *txn, uint64_t slot, uint64_t *shown)
{
    cxm_rc_t             rc;
    unsigned             i;
    cxm_row_key_t        key;
    cxm_exposure_row_t   row = { 0 };
    cxm_person_slots_t   slots;

    *shown = 0;
    rc = cxm_person_slots(txn, slot, &slots);

    for (i = 0; rc == CXM_OK && i < slots.n; i++) {
        clock_key(&key, slots.slot[i], 0);
        rc = row_get(txn, &key, row, 2);
        *shown += rc == CXM_OK ? row[1] : 0;
        rc = rc == CXM_NOT_FOUND ? CXM_OK : rc;
    }

    return rc;
}


static cxm_rc_t
tick(cxm_txn_t *txn, uint64_t slot, uint64_t survey, cxm_ms_t at, int shown)
{
    cxm_rc_t            rc;
    cxm_row_key_t       key;
    cxm_exposure_row_t  row = { 0 };

    clock_key(&key, slot, survey);
    rc = row_get(txn, &key, row, 2);

    if (rc != CXM_OK && rc != CXM_NOT_FOUND) {
        return rc;
    }

    /* an answer that is imported may be older than the last contact */

    if ((uint64_t) at > row[0]) {
        row[0] = (uint64_t) at;
    }

    row[1] += shown != 0;

    return row_put(txn, &key, row, 2);
}


cxm_rc_t
cxm_clock_tick(cxm_txn_t *txn, uint64_t slot, unsigned who, uint64_t survey,
    cxm_ms_t at, int shown)
{
    cxm_rc_t  rc;

    if (!cxm_clock_kept(who)) {
        return CXM_OK;
    }

    rc = cxm_person_gone(txn, slot, NULL);

    if (rc != CXM_NOT_FOUND) {
        return rc;
    }

    rc = tick(txn, slot, survey, at, shown);

    return rc == CXM_OK ? tick(txn, slot, 0, at, shown) : rc;
}


/* The person's first clock: its survey and count. */
static cxm_rc_t
clock_first(cxm_txn_t *txn, uint64_t slot, uint64_t *survey, uint64_t *shown)
{
    cxm_rc_t            rc;
    cxm_str_t           value;
    cxm_cursor_t       *cursor;
    cxm_row_key_t       key;
    cxm_raw_row_t       row;
    cxm_exposure_row_t  content;

    rc = cxm_cursor_open(txn, CXM_T_INDEX, &cursor);

    if (rc != CXM_OK) {
        return rc;
    }

    row_key(&key, CXM_NS_CLOCK, slot);
    rc = cxm_cursor_seek(cursor, &key, &row);

    if (rc == CXM_OK && !cxm_row_within(&row, &key, key.len)) {
        rc = CXM_NOT_FOUND;
    }

    if (rc == CXM_OK) {
        rc = row.key.len == key.len + 8
             ? cxm_row_check(txn, CXM_T_INDEX, &row, &value) : CXM_CORRUPT;
    }

    if (rc == CXM_OK) {
        rc = row_decode(value, content, 2);
    }

    if (rc == CXM_OK) {
        *survey = cxm_get_u64((const uint8_t *) row.key.data + key.len);
        *shown = content[1];
    }

    cxm_cursor_close(cursor);

    return rc;
}


cxm_rc_t
cxm_clock_forget(cxm_txn_t *txn, uint64_t slot, uint64_t *kept)
{
    uint64_t       survey, shown;
    cxm_rc_t       rc;
    cxm_row_key_t  key;

    for ( ;; ) {
        rc = clock_first(txn, slot, &survey, &shown);

        if (rc != CXM_OK) {
            return rc == CXM_NOT_FOUND ? CXM_OK : rc;
        }

        if (survey == 0) {
            *kept += shown;
        }

        clock_key(&key, slot, survey);
        rc = cxm_row_del(txn, CXM_T_INDEX, &key);

        if (rc != CXM_OK) {
            return rc;
        }
    }
}


/* --- counting ----------------------------------------------------------- */

cxm_rc_t
cxm_exposure_values(cxm_txn_t *txn, uint64_t survey, const json_t *segments,
    cxm_response_segment_t *out, unsigned *n)
{
    cxm_rc_t         rc;
    uint32_t         value;
    const uint16_t  *segment;

    *n = 0;

    for (segment = cxm_exposure_segments; *segment != 0; segment++) {
        rc = cxm_dict_assign(txn, survey, *segment,
                             cxm_json_get_str(segments,
                                              cxm_segment_names[*segment]),
                             &value);
        if (rc != CXM_OK) {
            return rc;
        }

        if (value != CXM_DICT_NULL) {
            out[*n].segment = *segment;
            out[(*n)++].value = value;
        }
    }

    return CXM_OK;
}


cxm_rc_t
cxm_exposure_count(cxm_txn_t *txn, const cxm_series_t *of, cxm_ms_t at,
    unsigned point, const cxm_response_segment_t *segments, unsigned n,
    int64_t delta)
{
    cxm_rc_t         rc;
    unsigned         i;
    cxm_series_t     series;
    const uint16_t  *segment;

    series = *of;
    series.segment = CXM_SEGMENT_ALL;
    series.value = CXM_DICT_NULL;
    rc = cxm_counter_add(txn, &series, at, point, delta);

    for (segment = cxm_exposure_segments; *segment != 0 && rc == CXM_OK;
         segment++)
    {
        series.segment = *segment;
        series.value = CXM_DICT_NULL;

        for (i = 0; i < n; i++) {
            if (segments[i].segment == *segment) {
                series.value = segments[i].value;
            }
        }

        rc = cxm_counter_add(txn, &series, at, point, delta);
    }

    return rc;
}
