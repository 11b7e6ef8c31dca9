/*
 * Measures of accounts.
 */

#include "cxm_account_count.h"
#include "cxm_counter.h"
#include "cxm_json.h"
#include "cxm_routes.h"
#include "cxm_scoring.h"


static const cxm_score_funnel_t  funnels[] = {
    { "registrations", "started", "verified", CXM_ACCOUNT_REGISTERED,
      CXM_ACCOUNT_VERIFIED },
    { "resets", "asked", "done", CXM_ACCOUNT_RESET_ASKED,
      CXM_ACCOUNT_RESET_DONE }
};

static const cxm_score_event_t  account_event = {
    cxm_account_events, cxm_account_reasons, funnels
};

/* Reasons, then the times of the funnels. */
static const uint16_t  account_items[] = {
    CXM_ACCOUNT_REASONS, CXM_ACCOUNT_VERIFY, CXM_ACCOUNT_RESETS
};

#define ACCOUNT_ITEMS  (sizeof(account_items) / sizeof(account_items[0]))


/* --- now ---------------------------------------------------------------- */

static json_t *
share_json(uint64_t part, uint64_t whole)
{
    cxm_figure_t  figure;

    cxm_stat_share(part < whole ? part : whole, whole, &figure);

    return cxm_score_figure_json(&figure);
}


static cxm_rc_t
add_now(cxm_call_t *call, cxm_txn_t *txn, json_t *output)
{
    int                   bad;
    json_t               *now;
    cxm_rc_t              rc;
    cxm_account_count_t   count;

    rc = cxm_account_count(txn, &count);

    if (rc != CXM_OK) {
        return cxm_fail(&call->err, rc, NULL, "Counters cannot be read.");
    }

    now = json_pack("{so}", "addresses", share_json(count.accounts,
                                                  count.customers));
    bad = cxm_json_set_int(now, "accounts", (int64_t) count.accounts);
    bad |= cxm_json_set_int(now, "sessions", (int64_t) count.sessions);
    bad |= cxm_json_set_int(now, "customers", (int64_t) count.customers);
    bad |= json_object_set_new(output, "now", now);

    return bad ? cxm_fail(&call->err, CXM_INTERNAL, NULL, "Not enough memory.")
               : CXM_OK;
}


/* --- the route ---------------------------------------------------------- */

static cxm_rc_t
accounts_read(cxm_call_t *call, cxm_txn_t *txn)
{
    json_t         *output;
    size_t          i;
    cxm_rc_t        rc;
    cxm_scoring_t   scoring;

    cxm_scoring_begin(&scoring, call, txn);

    scoring.query.metric = "accounts";
    scoring.query.survey = CXM_SERIES_ACCOUNT;
    scoring.query.question = CXM_ACCOUNT_COUNT;
    scoring.query.event = &account_event;

    for (i = 0; i < ACCOUNT_ITEMS; i++) {
        scoring.items[i].question = account_items[i];
    }

    scoring.query.items = scoring.items;
    scoring.query.nitems = ACCOUNT_ITEMS;

    rc = cxm_scoring_args(&scoring);

    if (rc == CXM_OK) {
        rc = cxm_score_events(txn, &scoring.query, &output, &call->err);
    }

    if (rc != CXM_OK) {
        return rc;
    }

    rc = add_now(call, txn, output);

    if (rc != CXM_OK) {
        json_decref(output);
        return rc;
    }

    return cxm_call_reply(call, 200, output);
}


static const cxm_field_t  accounts_query[] = {
    CXM_QUERY_PERIOD,
    { .name = NULL }
};

const cxm_route_t  cxm_routes_account_metrics[] = {
    { .endpoint = CXM_ENDPOINT_ADMIN, .method = CXM_GET,
      .path = "metrics/accounts",
      .policy = CXM_SCOPED, .scopes = CXM_SCOPE_METRICS_READ,
      .query = accounts_query, .answers = CXM_200,
      .output = &cxm_score_account_fields, .read = accounts_read,
      .summary = "Registrations, sign-ins, passwords and profiles" },
    { .path = NULL }
};
