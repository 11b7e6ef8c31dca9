/*
 * What counters say of accounts.
 */

#include "cxm_account_count.h"
#include "cxm_counter.h"
#include "cxm_session.h"


/* Counts by point; points from n on are none. */
typedef struct {
    uint64_t  *counts;
    uint32_t   n;
} count_sum_t;


/* A cxm_counter_pt. */
static void
add(void *ctx, uint32_t value, cxm_ms_t at, uint32_t point, uint64_t count)
{
    count_sum_t  *sum;

    (void) value;
    (void) at;
    sum = ctx;

    if (point < sum->n) {
        sum->counts[point] += count;
    }
}


static cxm_rc_t
count(cxm_txn_t *txn, uint64_t survey, uint16_t question, uint64_t *counts,
    uint32_t n)
{
    count_sum_t          sum = { counts, n };
    cxm_counter_query_t  query;

    memset(&query, 0, sizeof(query));
    query.series.survey = survey;
    query.series.question = question;
    query.from = CXM_MS_MIN;
    query.to = CXM_MS_MAX;

    return cxm_counter_scan(txn, &query, add, &sum);
}


cxm_rc_t
cxm_account_count(cxm_txn_t *txn, cxm_account_count_t *out)
{
    cxm_rc_t  rc;

    memset(out, 0, sizeof(*out));
    rc = count(txn, CXM_SERIES_ACCOUNT, CXM_ACCOUNT_COUNT, out->events,
               CXM_ACCOUNT_EVENTS);

    if (rc == CXM_OK) {
        rc = count(txn, CXM_SERIES_ACCOUNT, CXM_ACCOUNT_REASONS, out->reasons,
                   CXM_ACCOUNT_REASON_N);
    }

    if (rc == CXM_OK) {
        rc = count(txn, CXM_SERIES_ACCOUNT, CXM_ACCOUNT_LIVE, &out->accounts,
                   1);
    }

    if (rc == CXM_OK) {
        rc = count(txn, CXM_SERIES_SESSION, CXM_SESSION_CUSTOMER,
                   &out->sessions, 1);
    }

    return rc == CXM_OK
           ? count(txn, CXM_SERIES_CUSTOMER, 0, &out->customers, 1) : rc;
}
