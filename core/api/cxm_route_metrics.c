/*
 * Metrics for Prometheus.
 */

#include "cxm_call.h"
#include "cxm_notice.h"
#include "cxm_routes.h"
#include "cxm_touchpoint_person.h"


static cxm_rc_t
metrics_reply(cxm_call_t *call, const cxm_metrics_about_t *about)
{
    const cxm_host_metrics_t  *host;

    host = call->data;

    cxm_metrics_text(&call->reply.body, host->metrics, about);

    return cxm_call_reply_raw(call, 200, call->route->media);
}


/*
 * What the host tells now is copied: it may be gone when the text is made.
 * Without a store there still is what was counted.
 */
static cxm_rc_t
metrics_prepare(cxm_call_t *call)
{
    cxm_metrics_about_t   about;
    cxm_host_metrics_t   *host;
    const cxm_request_t  *request;

    request = call->request;
    host = cxm_arena_alloc(&call->arena, sizeof(*host));

    if (host == NULL) {
        return cxm_fail(&call->err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    if (request->metrics == NULL) {
        return CXM_NOT_FOUND;
    }

    *host = *request->metrics;
    call->data = host;

    if (call->store != NULL) {
        return CXM_OK;
    }

    about = (cxm_metrics_about_t) {
        .store = host->store, .geoip = host->geoip, .now = call->now
    };

    return metrics_reply(call, &about);
}


static cxm_rc_t
metrics_read(cxm_call_t *call, cxm_txn_t *txn)
{
    cxm_rc_t                   rc;
    cxm_store_stat_t           stat;
    cxm_reader_lag_t           lag;
    cxm_notice_wait_t          wait;
    cxm_account_count_t        accounts;
    cxm_metrics_about_t        about;
    const cxm_host_metrics_t  *host;

    host = call->data;
    rc = cxm_store_stat(call->store, &stat, &call->err);

    if (rc == CXM_OK) {
        rc = cxm_notice_wait(txn, &wait);
        rc = rc == CXM_OK ? CXM_OK
             : cxm_fail(&call->err, rc, NULL, "The outbox cannot be read.");
    }

    if (rc == CXM_OK) {
        rc = cxm_reader_lag(txn, &cxm_touchpoint_reader, &lag);
        rc = rc == CXM_OK ? CXM_OK
             : cxm_fail(&call->err, rc, NULL, "The journal cannot be read.");
    }

    if (rc == CXM_OK) {
        rc = cxm_account_count(txn, &accounts);
        rc = rc == CXM_OK ? CXM_OK
             : cxm_fail(&call->err, rc, NULL, "Counters cannot be read.");
    }

    if (rc != CXM_OK) {
        return rc;
    }

    about = (cxm_metrics_about_t) {
        .store = host->store,
        .stat = &stat,
        .geoip = host->geoip,
        .now = call->now,
        .outbox = wait.queued,
        .oldest = wait.oldest,
        .touchpoints = lag,
        .accounts = &accounts
    };

    return metrics_reply(call, &about);
}


const cxm_route_t  cxm_routes_metrics[] = {
    { .endpoint = CXM_ENDPOINT_METRICS, .method = CXM_GET, .path = "",
      .policy = CXM_PUBLIC, .flags = CXM_ROUTE_ALWAYS, .answers = CXM_200,
      .media = "text/plain; version=0.0.4; charset=utf-8",
      .prepare = metrics_prepare, .read = metrics_read,
      .summary = "Metrics of the running store, as Prometheus reads them" },
    { .path = NULL }
};
