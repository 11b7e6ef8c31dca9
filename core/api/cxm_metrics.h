/*
 * Metrics of a running store: what its processes count, and how it is told.
 *
 * The counts lie in memory that all workers share (zeroed at first); every
 * member is a word that is added to without a lock, so a worker that dies
 * takes nothing along.  Told as Prometheus text 0.0.4: every series has the
 * prefix cxm_, durations are in seconds, sizes in bytes.  Labels are bounded:
 * endpoints, classes of statuses, CXM_METRICS_REASONS codes.
 */

#ifndef CXM_METRICS_H
#define CXM_METRICS_H

#include "cxm_account_count.h"
#include "cxm_customer_token.h"
#include "cxm_journal_reader.h"
#include "cxm_store.h"


#define CXM_METRICS_BUCKETS    14       /* of a histogram, +Inf apart */
#define CXM_METRICS_ENDPOINTS  7        /* by cxm_endpoint_t */
#define CXM_METRICS_CLASSES    4        /* 2xx .. 5xx */
#define CXM_METRICS_REASONS    64       /* codes of problems; others are
                                           "other" */
#define CXM_METRICS_WORKERS    256

typedef struct {
    uint64_t  counts[CXM_METRICS_BUCKETS + 1];
    uint64_t  sum;
} cxm_histogram_t;

/* What a process holds at the moment. */
typedef enum {
    CXM_GAUGE_OPEN = 0,         /* 1: it has the store open */
    CXM_GAUGE_QUEUE_OPS,
    CXM_GAUGE_QUEUE_BYTES,
    CXM_GAUGE_SCANS,
    CXM_GAUGE_SCANS_QUEUED,
    CXM_GAUGE_EXPORTS,
    CXM_GAUGE_STREAMS,
    CXM_GAUGE_HASHES,           /* permits that it has */
    CXM_GAUGE_HASHES_QUEUED,
    CXM_GAUGE_N
} cxm_gauge_t;

typedef struct {
    uint64_t  pid;              /* 0: free */
    uint64_t  gauges[CXM_GAUGE_N];
} cxm_metrics_worker_t;

typedef struct {
    uint64_t  used;             /* 1: code may be read */
    char      code[CXM_ERROR_CODE_LEN];
    uint64_t  n;
} cxm_metrics_reason_t;

typedef struct {
    cxm_histogram_t       requests[CXM_METRICS_ENDPOINTS]
                                  [CXM_METRICS_CLASSES];        /* us */
    uint64_t              requests_waited;      /* for a later round of the
                                                   event loop */
    cxm_histogram_t       commits;              /* us */
    cxm_histogram_t       batches;              /* operations */
    uint64_t              operations;           /* committed */
    uint64_t              operations_failed;    /* by a commit, or theirs */
    uint64_t              transactions;
    uint64_t              touchpoints;          /* of the server, on disk */
    uint64_t              touchpoints_lost;
    cxm_histogram_t       hashes;               /* of passwords, us */
    uint64_t              hashes_refused;       /* no permit in time */
    uint64_t              hash_permits;         /* there are, of all workers */
    uint64_t              tokens[CXM_TOKEN_RESULTS];
    cxm_metrics_reason_t  reasons[CXM_METRICS_REASONS];
    uint64_t              reasons_other;
    cxm_metrics_worker_t  workers[CXM_METRICS_WORKERS];
} cxm_metrics_t;

/* What is known beside the counts. */
typedef struct {
    const char              *store;     /* label of all series */
    const cxm_store_stat_t  *stat;      /* NULL: it is not open here */
    int64_t                  geoip;     /* when its database was built, s; 0:
                                           there is none */
    cxm_ms_t                 now;
    uint64_t                 outbox;    /* messages that wait, if it is open */
    cxm_ms_t                 oldest;    /* since when the first of them does */
    const cxm_account_count_t  *accounts;       /* NULL: it is not open */
    cxm_reader_lag_t         touchpoints;       /* how late timelines are */
} cxm_metrics_about_t;


void cxm_metrics_duration(cxm_histogram_t *histogram, uint64_t us);
void cxm_metrics_size(cxm_histogram_t *histogram, uint64_t n);
void cxm_metrics_add(uint64_t *counter, uint64_t n);

/* endpoint is a cxm_endpoint_t; one that is none counts nowhere. */
void cxm_metrics_request(cxm_metrics_t *metrics, unsigned endpoint,
    int status, uint64_t us);
void cxm_metrics_reject(cxm_metrics_t *metrics, const char *code);

/*
 * The calling process's own place, taken by its pid; NULL when all are taken
 * by processes that live.
 */
cxm_metrics_worker_t *cxm_metrics_worker(cxm_metrics_t *metrics);

/* Appends the text; gauges of processes that are gone are left out. */
void cxm_metrics_text(cxm_buf_t *out, const cxm_metrics_t *metrics,
    const cxm_metrics_about_t *about);


#endif /* CXM_METRICS_H */
