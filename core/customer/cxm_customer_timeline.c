/*
 * What customers add to their timelines.
 */

#include "cxm_customer.h"
#include "cxm_doc_history.h"
#include "cxm_json.h"


/* --- changes of the record itself --------------------------------------- */

/*
 * The state is the version that the next one is below: versions are in the
 * order of their entries.
 */
static cxm_rc_t
change_entry(const cxm_timeline_source_t *source, uint64_t version,
    uint64_t *seq)
{
    return cxm_doc_version_entry(source->timeline->txn, CXM_KIND_CUSTOMER,
                                 source->timeline->customer->no, version,
                                 seq);
}


static cxm_rc_t
change_begin(cxm_timeline_source_t *source, uint64_t before)
{
    uint64_t   low, high, middle, seq;
    cxm_rc_t   rc;

    low = 0;
    high = source->timeline->customer->version;

    while (low < high) {
        middle = low + (high - low + 1) / 2;
        rc = change_entry(source, middle, &seq);

        if (rc != CXM_OK) {
            return rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
        }

        if (seq < before) {
            low = middle;

        } else {
            high = middle - 1;
        }
    }

    *(uint64_t *) source->state = low + 1;

    return CXM_OK;
}


static cxm_rc_t
change_next(cxm_timeline_source_t *source)
{
    uint64_t  *version;

    version = source->state;

    return --*version == 0 ? CXM_NOT_FOUND
                           : change_entry(source, *version, &source->no);
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
    change_shown_t         shown;
    const cxm_timeline_t  *timeline;

    timeline = source->timeline;
    shown = (change_shown_t) { timeline->txn, at, data };
    *data = NULL;

    rc = cxm_record_history(timeline->txn, &cxm_record_customer,
                            timeline->customer,
                            *(uint64_t *) source->state + 1, 1,
                            timeline->may_personal, timeline->personal,
                            change_version, &shown, timeline->err);

    return rc == CXM_OK && *data == NULL ? CXM_NOT_FOUND : rc;
}


const cxm_timeline_kind_t  cxm_timeline_change = {
    .name = "change",
    .state = sizeof(uint64_t),
    .begin = change_begin,
    .next = change_next,
    .show = change_show
};


/* --- what belongs to a customer ----------------------------------------- */

const cxm_timeline_kind_t  cxm_timeline_note = CXM_TIMELINE_RECORD(note);
const cxm_timeline_kind_t  cxm_timeline_task = CXM_TIMELINE_RECORD(task);
const cxm_timeline_kind_t  cxm_timeline_consent
    = CXM_TIMELINE_RECORD(consent);
