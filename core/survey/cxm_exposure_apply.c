/*
 * Exposures: from entries to rows and counters, and what `due` does.
 */

#include "cxm_due.h"
#include "cxm_exposure_row.h"
#include "cxm_json.h"
#include "cxm_said.h"


#define CXM_LAPSE_MAX  16               /* exposures of an entry */


static cxm_rc_t
apply_asked(cxm_txn_t *txn, const cxm_entry_t *entry, uint64_t survey)
{
    cxm_rc_t              rc;
    unsigned              who;
    cxm_exposure_state_t  state;

    memset(&state, 0, sizeof(state));
    state.survey = survey;
    state.until = cxm_json_get_int(entry->body, "until", 0);

    if (state.until <= 0) {
        return CXM_CORRUPT;
    }

    rc = cxm_exposure_open_place(txn, entry->seq, &state);

    if (rc == CXM_OK) {
        rc = cxm_said_apply(txn, entry, &who);
    }

    return rc == CXM_OK
           ? cxm_clock_tick(txn, entry->subject, who, survey,
                            cxm_entry_time(entry), 1)
           : rc;
}


static cxm_rc_t
exposure_apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    int64_t                  outcome, survey;
    cxm_rc_t                 rc;
    unsigned                 n;
    cxm_series_t             series;
    cxm_response_segment_t   values[CXM_SEGMENTS_KEPT];

    survey = cxm_json_get_int(entry->body, "survey", 0);
    outcome = cxm_json_get_int(entry->body, "outcome", -1);

    if (survey <= 0 || outcome < 0 || outcome >= CXM_EXPOSURE_OUTCOMES) {
        return CXM_CORRUPT;
    }

    memset(&series, 0, sizeof(series));
    series.survey = (uint64_t) survey;
    series.question = CXM_SERIES_EXPOSURES;

    rc = cxm_exposure_values(txn, series.survey,
                             json_object_get(entry->body, "segments"),
                             values, &n);

    if (rc == CXM_OK) {
        rc = cxm_exposure_count(txn, &series, cxm_entry_time(entry),
                                (unsigned) outcome, values, n, 1);
    }

    if (rc == CXM_OK && !cxm_uuid_is_nil(&entry->id)) {
        rc = cxm_said_index(txn, CXM_KIND_EXPOSURE, &entry->id,
                            series.survey, entry->seq);
    }

    return rc == CXM_OK && outcome == CXM_EXPOSURE_ASKED
           ? apply_asked(txn, entry, series.survey) : rc;
}


const cxm_kind_t  cxm_kind_exposure = {
    .no = CXM_KIND_EXPOSURE,
    .version = 1,
    .name = "exposure",
    .apply = exposure_apply,
    .forget = cxm_clock_forget,
    .keep = CXM_KEEP_RESPONSES,
    .drop = cxm_exposure_drop
};


static cxm_rc_t
lapse_apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    size_t         i;
    cxm_rc_t       rc;
    const json_t  *list;

    list = json_object_get(entry->body, "exposures");
    rc = json_array_size(list) == 0 ? CXM_CORRUPT : CXM_OK;

    for (i = 0; i < json_array_size(list) && rc == CXM_OK; i++) {
        rc = cxm_exposure_lapse(txn, (uint64_t)
                                json_integer_value(json_array_get(list, i)));
    }

    return rc;
}


const cxm_kind_t  cxm_kind_lapse = {
    .no = CXM_KIND_LAPSE,
    .version = 1,
    .name = "lapse",
    .apply = lapse_apply,
    .keep = CXM_KEEP_JOURNAL
};


/* Those that are due together become one entry. */
static cxm_rc_t
lapse_run(cxm_txn_t *txn, cxm_ms_t at, uint64_t ref, cxm_error_t *err)
{
    json_t    *list;
    size_t     i, n;
    uint64_t   refs[CXM_LAPSE_MAX];
    cxm_ms_t   now;
    cxm_rc_t   rc;

    (void) ref;

    now = cxm_txn_now(txn);
    rc = cxm_due_front(txn, CXM_DUE_EXPOSURE, at > now ? at : now, refs,
                       CXM_LAPSE_MAX, &n);

    if (rc != CXM_OK) {
        return cxm_fail(err, rc, NULL, "Due exposures cannot be read.");
    }

    list = json_array();

    for (i = 0; i < n; i++) {
        (void) json_array_append_new(list,
                                     json_integer((json_int_t) refs[i]));
    }

    if (json_array_size(list) != n) {
        json_decref(list);
        return cxm_fail(err, CXM_INTERNAL, NULL, "No memory.");
    }

    return cxm_journal_add(txn, CXM_KIND_LAPSE, 0,
                           json_pack("{so}", "exposures", list), err);
}


const cxm_due_class_t  cxm_due_exposure = {
    .no = CXM_DUE_EXPOSURE,
    .name = "exposure",
    .run = lapse_run
};
