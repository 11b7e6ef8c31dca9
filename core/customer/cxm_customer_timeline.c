/*
 * What customers add to their timelines.
 */

#include "cxm_customer.h"
#include "cxm_doc_history.h"
#include "cxm_json.h"
#include "cxm_preference.h"


/* --- versions of documents ---------------------------------------------- */

/*
 * Of the customer and of each that was merged into it the document of the
 * kind's record that has the same id: the customer itself, or its only one.
 * The version is the next to come, 0: none is.  Versions are in the order of
 * their entries.
 */
typedef struct {
    cxm_record_parts_t  parts;          /* numbers of those documents */
    uint64_t            version[CXM_RECORD_PARTS];
    uint64_t            seq[CXM_RECORD_PARTS];
    unsigned            given;          /* whose version source->no is, */
    uint64_t            shown;          /* and which */
} change_state_t;


static cxm_rc_t
change_seq(const cxm_timeline_source_t *source, uint64_t no,
    uint64_t version, uint64_t *seq)
{
    cxm_rc_t  rc;

    *seq = 0;

    if (version == 0) {
        return CXM_OK;
    }

    rc = cxm_doc_version_entry(source->timeline->txn,
                               source->kind->record->kind, no, version, seq);

    return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
}


/* The last version whose entry is below `before`. */
static cxm_rc_t
change_below(const cxm_timeline_source_t *source, const cxm_doc_t *doc,
    uint64_t before, uint64_t *version, uint64_t *last)
{
    uint64_t   low, high, middle, seq;
    cxm_rc_t   rc;

    low = 0;
    high = doc->version;

    while (low < high) {
        middle = low + (high - low + 1) / 2;
        rc = change_seq(source, doc->no, middle, &seq);

        if (rc != CXM_OK) {
            return rc;
        }

        if (seq < before) {
            low = middle;

        } else {
            high = middle - 1;
        }
    }

    *version = low;

    return change_seq(source, doc->no, low, last);
}


/* Who was never asked has no such document. */
static cxm_rc_t
change_part(cxm_timeline_source_t *source, unsigned i, uint64_t before)
{
    cxm_rc_t         rc;
    cxm_doc_t        doc;
    change_state_t  *state;

    state = source->state;
    rc = cxm_doc_by_id(source->timeline->txn, source->kind->record->kind,
                       &state->parts.id[i], &doc, source->timeline->err);

    if (rc == CXM_OK) {
        state->parts.no[i] = doc.no;
        rc = change_below(source, &doc, before, &state->version[i],
                          &state->seq[i]);
        cxm_doc_clear(&doc);
    }

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


static cxm_rc_t
change_begin(cxm_timeline_source_t *source, uint64_t before)
{
    cxm_rc_t         rc;
    unsigned         i;
    change_state_t  *state;

    state = source->state;
    rc = cxm_record_parts(source->timeline->txn, &cxm_record_customer,
                          &source->timeline->customer->id, &state->parts);

    for (i = 0; rc == CXM_OK && i < state->parts.n; i++) {
        rc = change_part(source, i, before);
    }

    return rc;
}


static cxm_rc_t
change_next(cxm_timeline_source_t *source)
{
    unsigned         i, newest;
    change_state_t  *state;

    state = source->state;
    newest = 0;

    for (i = 1; i < state->parts.n; i++) {
        if (state->seq[i] > state->seq[newest]) {
            newest = i;
        }
    }

    if (state->version[newest] == 0) {
        return CXM_NOT_FOUND;
    }

    source->no = state->seq[newest];
    state->given = newest;
    state->shown = state->version[newest]--;

    return change_seq(source, state->parts.no[newest],
                      state->version[newest], &state->seq[newest]);
}


typedef struct {
    cxm_txn_t   *txn;
    cxm_ms_t    *at;
    json_t     **data;
} change_shown_t;


/* A cxm_history_pt. */
static int
change_version(void *ctx, const cxm_record_version_t *version)
{
    change_shown_t  *shown;

    shown = ctx;
    *shown->at = version->at;
    *shown->data = json_pack("{sI so sO}",
                             "version", (json_int_t) version->version,
                             "actor", cxm_actor_json(shown->txn,
                                                     version->actor),
                             "changes", version->changes);

    return *shown->data == NULL;
}


static cxm_rc_t
change_show(cxm_timeline_source_t *source, cxm_ms_t *at, json_t **data)
{
    cxm_rc_t               rc;
    cxm_doc_t              doc;
    change_state_t        *state;
    change_shown_t         shown;
    const cxm_timeline_t  *timeline;

    state = source->state;
    timeline = source->timeline;
    shown = (change_shown_t) { timeline->txn, at, data };
    *data = NULL;

    doc = *timeline->customer;
    doc.no = state->parts.no[state->given];
    doc.version = state->shown;

    rc = cxm_record_history(timeline->txn, source->kind->record, &doc, 0, 1,
                            timeline->may_personal, timeline->personal,
                            change_version, &shown, timeline->err);

    return rc == CXM_OK && *data == NULL ? CXM_NOT_FOUND : rc;
}


#define CHANGES(name_, record_)                                               \
    { .name = name_, .state = sizeof(change_state_t),                         \
      .begin = change_begin, .next = change_next, .show = change_show,        \
      .record = &cxm_record_ ## record_ }

const cxm_timeline_kind_t  cxm_timeline_change = CHANGES("change", customer);
const cxm_timeline_kind_t  cxm_timeline_preference
    = CHANGES("preference", preference);


/* --- what belongs to a customer ----------------------------------------- */

const cxm_timeline_kind_t  cxm_timeline_note = CXM_TIMELINE_RECORD(note);
const cxm_timeline_kind_t  cxm_timeline_task = CXM_TIMELINE_RECORD(task);
const cxm_timeline_kind_t  cxm_timeline_consent
    = CXM_TIMELINE_RECORD(consent);
