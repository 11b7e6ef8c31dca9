/*
 * Flow: one line for each kind, one for each reaction.
 */

#include "cxm_flow.h"

#include "cxm_access.h"
#include "cxm_account_event.h"
#include "cxm_benchmark.h"
#include "cxm_checkpoint.h"
#include "cxm_customer.h"
#include "cxm_duplicate.h"
#include "cxm_erasure.h"
#include "cxm_exposure.h"
#include "cxm_field_site.h"
#include "cxm_flow_account.h"
#include "cxm_merge.h"
#include "cxm_notice.h"
#include "cxm_preference.h"
#include "cxm_reply_once.h"
#include "cxm_response.h"
#include "cxm_retention.h"
#include "cxm_session.h"
#include "cxm_staff.h"
#include "cxm_survey.h"
#include "cxm_template.h"
#include "cxm_touchpoint.h"
#include "cxm_touchpoint_person.h"


static const cxm_due_class_t *const  cxm_flow_due[] = {
    &cxm_due_partial,
    &cxm_due_exposure,
    &cxm_due_erasure,
    &cxm_due_task,
    &cxm_due_session,
    &cxm_due_token,
    &cxm_due_message,
    NULL
};


static const struct {
    cxm_kind_no_t   kind;
    cxm_rc_t      (*react)(cxm_txn_t *txn, const cxm_entry_t *entry,
                           cxm_error_t *err);
} cxm_flow_reactions[] = {
    { CXM_KIND_TOKEN, cxm_flow_token },
    { CXM_KIND_SIGNIN, cxm_flow_signin }
};

#define CXM_FLOW_REACTIONS                                                    \
    (sizeof(cxm_flow_reactions) / sizeof(cxm_flow_reactions[0]))


static cxm_rc_t
cxm_flow_react(cxm_txn_t *txn, const cxm_entry_t *entry, cxm_error_t *err)
{
    size_t    i;
    cxm_rc_t  rc;

    rc = CXM_OK;

    for (i = 0; i < CXM_FLOW_REACTIONS && rc == CXM_OK; i++) {
        if (cxm_flow_reactions[i].kind == entry->kind) {
            rc = cxm_flow_reactions[i].react(txn, entry, err);
        }
    }

    return rc;
}

static const cxm_journal_reader_t *const  cxm_flow_readers[] = {
    &cxm_touchpoint_reader,
    NULL
};


const cxm_flow_t  cxm_flow = {
    .kinds = {
        [CXM_KIND_CHECKPOINT] = &cxm_kind_checkpoint,
        [CXM_KIND_REPLY] = &cxm_kind_reply,
        [CXM_KIND_ACCESS] = &cxm_kind_access,
        [CXM_KIND_KEY] = &cxm_kind_key,
        [CXM_KIND_SURVEY] = &cxm_kind_survey,
        [CXM_KIND_RESPONSE] = &cxm_kind_response,
        [CXM_KIND_TOUCHPOINT] = &cxm_kind_touchpoint,
        [CXM_KIND_EXPOSURE] = &cxm_kind_exposure,
        [CXM_KIND_LAPSE] = &cxm_kind_lapse,
        [CXM_KIND_BENCHMARK] = &cxm_kind_benchmark,
        [CXM_KIND_RETENTION] = &cxm_kind_retention,
        [CXM_KIND_ERASURE] = &cxm_kind_erasure,
        [CXM_KIND_CUSTOMER] = &cxm_kind_customer,
        [CXM_KIND_NOTE] = &cxm_kind_note,
        [CXM_KIND_TASK] = &cxm_kind_task,
        [CXM_KIND_CONSENT] = &cxm_kind_consent,
        [CXM_KIND_FIELDS] = &cxm_kind_fields,
        [CXM_KIND_MERGE] = &cxm_kind_merge,
        [CXM_KIND_DISTINCT] = &cxm_kind_distinct,
        [CXM_KIND_TOUCHPOINT_NAMES] = &cxm_kind_touchpoint_names,
        [CXM_KIND_ACCOUNT] = &cxm_kind_account,
        [CXM_KIND_SESSION] = &cxm_kind_session,
        [CXM_KIND_TOKEN] = &cxm_kind_token,
        [CXM_KIND_SIGNIN] = &cxm_kind_signin,
        [CXM_KIND_STAFF] = &cxm_kind_staff,
        [CXM_KIND_STAFF_SECRET] = &cxm_kind_staff_secret,
        [CXM_KIND_PREFERENCE] = &cxm_kind_preference,
        [CXM_KIND_TOPICS] = &cxm_kind_topics,
        [CXM_KIND_MESSAGE] = &cxm_kind_message,
        [CXM_KIND_TEMPLATE] = &cxm_kind_template
    },
    .due = cxm_flow_due,
    .react = cxm_flow_react,
    .readers = cxm_flow_readers,
    .flush = cxm_touchpoint_flush
};
