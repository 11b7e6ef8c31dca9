/*
 * Routes of what is known of one customer from all rooms.
 */

#include "cxm_account_event.h"
#include "cxm_call.h"
#include "cxm_customer.h"
#include "cxm_merge.h"
#include "cxm_notice.h"
#include "cxm_person_score.h"
#include "cxm_preference.h"
#include "cxm_resource.h"
#include "cxm_response.h"
#include "cxm_routes.h"
#include "cxm_touchpoint_person.h"


/* Kinds of events: rooms have one line for each of theirs. */
const cxm_timeline_kind_t *const  cxm_timeline_kinds[] = {
    &cxm_timeline_account,
    &cxm_timeline_answer,
    &cxm_timeline_change,
    &cxm_timeline_consent,
    &cxm_timeline_merge,
    &cxm_timeline_message,
    &cxm_timeline_note,
    &cxm_timeline_preference,
    &cxm_timeline_task,
    &cxm_timeline_touchpoint,
    NULL
};

_Static_assert(sizeof(cxm_timeline_kinds) / sizeof(cxm_timeline_kinds[0])
               <= CXM_TIMELINE_KINDS + 1, "kinds");

static const cxm_field_t  timeline_query[] = {
    { .name = "kinds", .type = CXM_FIELD_STRING,
      .summary = "Which kinds of events, a comma between them: account, "
                 "answer, change, consent, merge, message, note, preference, "
                 "task, touchpoint; default all." },
    { .name = "from", .type = CXM_FIELD_TIME,
      .summary = "Taken in at that time or later." },
    { .name = "to", .type = CXM_FIELD_TIME,
      .summary = "Taken in before that time." },
    CXM_QUERY_PAGE,
    { .name = NULL }
};


/* --- scores ------------------------------------------------------------- */

static cxm_rc_t
score_read(cxm_call_t *call, cxm_txn_t *txn)
{
    json_t     *output;
    cxm_rc_t    rc;
    cxm_doc_t   customer;

    rc = cxm_resource_doc(call, txn, &customer);

    if (rc == CXM_OK) {
        rc = cxm_person_score(txn, customer.subject,
                              cxm_may(&call->caller, CXM_SCOPE_PERSONAL_READ),
                              &output, &call->audit, &call->err);
    }

    cxm_doc_clear(&customer);

    return rc == CXM_OK ? cxm_call_reply(call, 200, output) : rc;
}


/* --- the timeline ------------------------------------------------------- */

static const cxm_timeline_kind_t *
kind_find(cxm_str_t name)
{
    size_t  i;

    for (i = 0; cxm_timeline_kinds[i] != NULL; i++) {
        if (cxm_str_eqz(name, cxm_timeline_kinds[i]->name)) {
            return cxm_timeline_kinds[i];
        }
    }

    return NULL;
}


static int
kind_in(const cxm_timeline_kind_t *const *kinds,
    const cxm_timeline_kind_t *kind)
{
    for ( /* void */ ; *kinds != NULL; kinds++) {
        if (*kinds == kind) {
            return 1;
        }
    }

    return 0;
}


/* A kind that is named twice is read once. */
static cxm_rc_t
kinds_arg(cxm_call_t *call,
    const cxm_timeline_kind_t *kinds[CXM_TIMELINE_KINDS + 1])
{
    size_t                      n;
    cxm_str_t                   list;
    const cxm_timeline_kind_t  *kind;

    memset(kinds, 0, sizeof(*kinds) * (CXM_TIMELINE_KINDS + 1));

    if (!cxm_call_has_arg(call, "kinds")) {
        memcpy(kinds, cxm_timeline_kinds, sizeof(cxm_timeline_kinds));
        return CXM_OK;
    }

    n = 0;
    list = cxm_call_arg(call, "kinds");

    do {
        kind = kind_find(cxm_str_cut(&list, ','));

        if (kind == NULL) {
            return cxm_issue(&call->err, "?kinds", "not_allowed",
                             "There is no such kind of events.");
        }

        if (!kind_in(kinds, kind)) {
            kinds[n++] = kind;
        }

    } while (list.data != NULL);

    return CXM_OK;
}


cxm_place_t
cxm_timeline_place(const cxm_page_t *page)
{
    return page->len != 16
           ? (cxm_place_t) { UINT64_MAX, 0 }
           : (cxm_place_t) { cxm_get_u64(page->position),
                             cxm_get_u64(page->position + 8) };
}


void
cxm_timeline_page(cxm_page_t *page, const cxm_place_t *next)
{
    uint8_t  *end;

    end = cxm_put_u64(cxm_put_u64(page->position, next->no), next->sub);
    page->len = next->no == 0 ? 0 : (size_t) (end - page->position);
}


static cxm_rc_t
timeline_read(cxm_call_t *call, cxm_txn_t *txn)
{
    json_t                     *items;
    cxm_rc_t                    rc;
    cxm_doc_t                   customer;
    cxm_page_t                  page;
    cxm_place_t                 next;
    cxm_timeline_t              timeline;
    const cxm_timeline_kind_t  *kinds[CXM_TIMELINE_KINDS + 1];

    rc = cxm_page_begin(call, &page);

    if (rc == CXM_OK) {
        rc = kinds_arg(call, kinds);
    }

    if (rc == CXM_OK) {
        rc = cxm_resource_doc(call, txn, &customer);
    }

    if (rc != CXM_OK) {
        return rc;
    }

    timeline = (cxm_timeline_t) {
        .txn = txn,
        .customer = &customer,
        .caller = &call->caller,
        .may_personal = cxm_may(&call->caller, CXM_SCOPE_PERSONAL_READ),
        .personal = &call->audit,
        .from = cxm_call_time(call, "from", CXM_MS_MIN),
        .to = cxm_call_time(call, "to", CXM_MS_MAX),
        .before = cxm_timeline_place(&page),
        .limit = page.limit,
        .bytes = CXM_PAGE_BYTES,
        .err = &call->err
    };

    rc = cxm_timeline_read(&timeline, kinds, &items, &next);
    cxm_doc_clear(&customer);

    if (rc == CXM_OK) {
        cxm_timeline_page(&page, &next);
    }

    return rc == CXM_OK ? cxm_page_reply(call, items, &page) : rc;
}


const cxm_route_t  cxm_routes_person[] = {
    { CXM_RESOURCE_ROW(CXM_GET, "customers/{id}/score",
                       CXM_SCOPE_CUSTOMER_READ, customer,
                       CXM_ROUTE_PERSONAL | CXM_ROUTE_BOUNDED),
      .answers = CXM_200, .output = &cxm_person_score_fields,
      .read = score_read, .write = cxm_write_audit,
      .summary = "What a customer scored last, and before" },
    { CXM_RESOURCE_ROW(CXM_GET, "customers/{id}/timeline",
                       CXM_SCOPE_CUSTOMER_READ, customer,
                       CXM_ROUTE_PERSONAL),
      .query = timeline_query, .answers = CXM_200,
      .output = &cxm_timeline_fields,
      .read = timeline_read, .write = cxm_write_audit,
      .summary = "What happened with a customer, newest first" },
    { .path = NULL }
};
