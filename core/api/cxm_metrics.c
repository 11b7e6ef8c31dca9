/*
 * Metrics.
 */

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <unistd.h>

#include "cxm_api.h"


#define CXM_METRICS_SECOND  1000000     /* us */

static const uint64_t  bounds_us[CXM_METRICS_BUCKETS] = {
    500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000,
    1000000, 2500000, 5000000, 10000000
};

static const uint64_t  bounds_n[CXM_METRICS_BUCKETS] = {
    1, 2, 5, 10, 20, 50, 100, 200, 400, 600, 800, 1000, 1500, 2000
};

static const char *const  endpoint_names[CXM_METRICS_ENDPOINTS] = {
    [CXM_ENDPOINT_SURVEYS] = "surveys",
    [CXM_ENDPOINT_BEACON] = "beacon",
    [CXM_ENDPOINT_ADMIN] = "admin",
    [CXM_ENDPOINT_METRICS] = "metrics",
    [CXM_ENDPOINT_SELF] = "self_service"
};


/* --- counting ----------------------------------------------------------- */

void
cxm_metrics_add(uint64_t *counter, uint64_t n)
{
    (void) __atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}


static void
histogram_add(cxm_histogram_t *histogram, const uint64_t *bounds, uint64_t v)
{
    unsigned  i;

    for (i = 0; i < CXM_METRICS_BUCKETS && v > bounds[i]; i++) {
        /* void */
    }

    cxm_metrics_add(&histogram->counts[i], 1);
    cxm_metrics_add(&histogram->sum, v);
}


void
cxm_metrics_duration(cxm_histogram_t *histogram, uint64_t us)
{
    histogram_add(histogram, bounds_us, us);
}


void
cxm_metrics_size(cxm_histogram_t *histogram, uint64_t n)
{
    histogram_add(histogram, bounds_n, n);
}


void
cxm_metrics_request(cxm_metrics_t *metrics, unsigned endpoint, int status,
    uint64_t us)
{
    if (endpoint < CXM_METRICS_ENDPOINTS && status >= 200 && status < 600) {
        cxm_metrics_duration(&metrics->requests[endpoint][status / 100 - 2],
                             us);
    }
}


/* Codes are ours: a place once taken stays its code's. */
void
cxm_metrics_reject(cxm_metrics_t *metrics, const char *code)
{
    unsigned               i;
    uint64_t               used;
    cxm_metrics_reason_t  *reason;

    for (i = 0; i < CXM_METRICS_REASONS; i++) {
        reason = &metrics->reasons[i];
        used = __atomic_load_n(&reason->used, __ATOMIC_ACQUIRE);

        if (used == 0
            && __atomic_compare_exchange_n(&reason->used, &used, 2, 0,
                                           __ATOMIC_ACQ_REL,
                                           __ATOMIC_ACQUIRE))
        {
            (void) snprintf(reason->code, sizeof(reason->code), "%s", code);
            __atomic_store_n(&reason->used, 1, __ATOMIC_RELEASE);
            used = 1;
        }

        if (used == 1 && strcmp(reason->code, code) == 0) {
            cxm_metrics_add(&reason->n, 1);
            return;
        }
    }

    cxm_metrics_add(&metrics->reasons_other, 1);
}


static int
process_lives(uint64_t pid)
{
    return kill((pid_t) pid, 0) == 0 || errno == EPERM;
}


cxm_metrics_worker_t *
cxm_metrics_worker(cxm_metrics_t *metrics)
{
    unsigned               i;
    uint64_t               own, pid;
    cxm_metrics_worker_t  *worker;

    own = (uint64_t) getpid();

    for (i = 0; i < CXM_METRICS_WORKERS; i++) {
        worker = &metrics->workers[i];
        pid = __atomic_load_n(&worker->pid, __ATOMIC_ACQUIRE);

        if (pid == own) {
            return worker;
        }

        if ((pid == 0 || !process_lives(pid))
            && __atomic_compare_exchange_n(&worker->pid, &pid, own, 0,
                                           __ATOMIC_ACQ_REL,
                                           __ATOMIC_ACQUIRE))
        {
            memset(worker->gauges, 0, sizeof(worker->gauges));
            return worker;
        }
    }

    return NULL;
}


/* --- telling ------------------------------------------------------------ */

typedef struct {
    cxm_buf_t   *out;
    const char  *store;
} metrics_writer_t;


static void
put_head(const metrics_writer_t *w, const char *name, const char *type,
    const char *help)
{
    cxm_buf_printf(w->out, "# HELP cxm_%s %s\n# TYPE cxm_%s %s\n", name,
                   help, name, type);
}


/* A label's value: the three escapes of the format. */
static void
put_label(const metrics_writer_t *w, const char *name, const char *value)
{
    cxm_buf_printf(w->out, "%s=\"", name);

    for ( /* void */ ; *value != '\0'; value++) {
        if (*value == '\\' || *value == '"') {
            cxm_buf_putc(w->out, '\\');
        }

        if (*value == '\n') {
            cxm_buf_puts(w->out, "\\n");

        } else {
            cxm_buf_putc(w->out, (uint8_t) *value);
        }
    }

    cxm_buf_putc(w->out, '"');
}


static void
put_value(const metrics_writer_t *w, const char *name, const char *labels,
    double value)
{
    cxm_buf_printf(w->out, "cxm_%s{", name);
    put_label(w, "store", w->store);
    cxm_buf_printf(w->out, "%s} %.17g\n", labels, value);
}


static void
put_one(const metrics_writer_t *w, const char *name, const char *type,
    const char *help, double value)
{
    put_head(w, name, type, help);
    put_value(w, name, "", value);
}


static void
put_histogram(const metrics_writer_t *w, const char *name,
    const char *labels, const cxm_histogram_t *histogram,
    const uint64_t *bounds, double unit)
{
    char      more[160], series[80];
    unsigned  i;
    uint64_t  n;

    n = 0;
    (void) snprintf(series, sizeof(series), "%s_bucket", name);

    for (i = 0; i <= CXM_METRICS_BUCKETS; i++) {
        n += histogram->counts[i];

        if (i < CXM_METRICS_BUCKETS) {
            (void) snprintf(more, sizeof(more), "%s,le=\"%g\"", labels,
                            (double) bounds[i] / unit);
        } else {
            (void) snprintf(more, sizeof(more), "%s,le=\"+Inf\"", labels);
        }

        put_value(w, series, more, (double) n);
    }

    (void) snprintf(series, sizeof(series), "%s_sum", name);
    put_value(w, series, labels, (double) histogram->sum / unit);
    (void) snprintf(series, sizeof(series), "%s_count", name);
    put_value(w, series, labels, (double) n);
}


static uint64_t
histogram_n(const cxm_histogram_t *histogram)
{
    unsigned  i;
    uint64_t  n;

    n = 0;

    for (i = 0; i <= CXM_METRICS_BUCKETS; i++) {
        n += histogram->counts[i];
    }

    return n;
}


static void
put_requests(const metrics_writer_t *w, const cxm_metrics_t *metrics)
{
    char      labels[64];
    unsigned  i, j;

    put_head(w, "request_duration_seconds", "histogram",
             "Time from a request's first byte to its reply.");

    for (i = 0; i < CXM_METRICS_ENDPOINTS; i++) {
        for (j = 0; j < CXM_METRICS_CLASSES; j++) {

            if (endpoint_names[i] == NULL
                || histogram_n(&metrics->requests[i][j]) == 0)
            {
                continue;
            }

            (void) snprintf(labels, sizeof(labels),
                            ",endpoint=\"%s\",status=\"%uxx\"",
                            endpoint_names[i], j + 2);
            put_histogram(w, "request_duration_seconds", labels,
                          &metrics->requests[i][j], bounds_us,
                          CXM_METRICS_SECOND);
        }
    }

    put_one(w, "requests_waited_total", "counter",
            "Requests that waited for others to be begun.",
            (double) metrics->requests_waited);
}


static void
put_writes(const metrics_writer_t *w, const cxm_metrics_t *metrics)
{
    put_head(w, "commit_duration_seconds", "histogram",
             "Time that a commit took, to stable storage.");
    put_histogram(w, "commit_duration_seconds", "", &metrics->commits,
                  bounds_us, CXM_METRICS_SECOND);

    put_head(w, "batch_operations", "histogram",
             "Operations that shared a commit.");
    put_histogram(w, "batch_operations", "", &metrics->batches, bounds_n, 1);

    put_head(w, "operations_total", "counter", "Operations that ended.");
    put_value(w, "operations_total", ",result=\"committed\"",
              (double) metrics->operations);
    put_value(w, "operations_total", ",result=\"failed\"",
              (double) metrics->operations_failed);

    put_one(w, "transactions_total", "counter",
            "Write transactions that were begun.",
            (double) metrics->transactions);

    put_one(w, "touchpoints_recorded_total", "counter",
            "Touchpoints of cxm_touchpoint on stable storage.",
            (double) metrics->touchpoints);
    put_one(w, "touchpoints_lost_total", "counter",
            "Touchpoints of cxm_touchpoint that were lost.",
            (double) metrics->touchpoints_lost);
}


static void
put_hashes(const metrics_writer_t *w, const cxm_metrics_t *metrics)
{
    put_head(w, "hash_duration_seconds", "histogram",
             "Time that hashing a password took.");
    put_histogram(w, "hash_duration_seconds", "", &metrics->hashes,
                  bounds_us, CXM_METRICS_SECOND);

    put_one(w, "hash_permits", "gauge",
            "Passwords that may be hashed at a time.",
            (double) metrics->hash_permits);
    put_one(w, "hashes_refused_total", "counter",
            "Passwords that waited too long to be hashed.",
            (double) metrics->hashes_refused);
}


static void
put_tokens(const metrics_writer_t *w, const cxm_metrics_t *metrics)
{
    char      labels[64];
    unsigned  i;

    put_head(w, "customer_tokens_total", "counter",
             "Requests with a token of cxm_customer_token.");

    for (i = 0; i < CXM_TOKEN_RESULTS; i++) {
        (void) snprintf(labels, sizeof(labels), ",result=\"%s\"",
                        cxm_token_results[i]);
        put_value(w, "customer_tokens_total", labels,
                  (double) metrics->tokens[i]);
    }
}


static void
put_rejects(const metrics_writer_t *w, const cxm_metrics_t *metrics)
{
    char                         labels[64];
    unsigned                     i;
    const cxm_metrics_reason_t  *reason;

    put_head(w, "rejects_total", "counter",
             "Replies that told of a problem, by its code.");

    for (i = 0; i < CXM_METRICS_REASONS; i++) {
        reason = &metrics->reasons[i];

        if (__atomic_load_n(&reason->used, __ATOMIC_ACQUIRE) == 1) {
            (void) snprintf(labels, sizeof(labels), ",reason=\"%s\"",
                            reason->code);
            put_value(w, "rejects_total", labels, (double) reason->n);
        }
    }

    put_value(w, "rejects_total", ",reason=\"other\"",
              (double) metrics->reasons_other);
}


static void
put_gauges(const metrics_writer_t *w, const cxm_metrics_t *metrics)
{
    unsigned  i, j;
    uint64_t  pid, sums[CXM_GAUGE_N] = { 0 }, workers;

    static const struct {
        const char  *name;
        const char  *help;
    } gauges[CXM_GAUGE_N] = {
        { "workers_open", "Workers that have the store open." },
        { "queue_operations", "Writes that wait for a commit." },
        { "queue_bytes", "Memory of writes that wait for a commit." },
        { "scans_running", "Long reads at work." },
        { "scans_queued", "Long reads that wait." },
        { "exports_running", "Exports being sent." },
        { "streams", "Clients that listen to the live stream." },
        { "hashes_running", "Passwords being hashed." },
        { "hashes_queued", "Passwords that wait to be hashed." }
    };

    workers = 0;

    for (i = 0; i < CXM_METRICS_WORKERS; i++) {
        pid = __atomic_load_n(&metrics->workers[i].pid, __ATOMIC_ACQUIRE);

        if (pid == 0 || !process_lives(pid)) {
            continue;
        }

        workers++;

        for (j = 0; j < CXM_GAUGE_N; j++) {
            sums[j] += __atomic_load_n(&metrics->workers[i].gauges[j],
                                       __ATOMIC_RELAXED);
        }
    }

    put_one(w, "workers", "gauge", "Workers that serve the store.",
            (double) workers);

    for (j = 0; j < CXM_GAUGE_N; j++) {
        put_one(w, gauges[j].name, "gauge", gauges[j].help, (double) sums[j]);
    }
}


static void
put_store(const metrics_writer_t *w, const cxm_store_stat_t *stat)
{
    size_t  i;

    const struct {
        const char  *name;
        const char  *type;
        const char  *help;
        double       value;
    } figures[] = {
        { "map_size_bytes", "gauge", "The most that the store may grow to.",
          (double) stat->map_size },
        { "map_used_bytes", "gauge", "Pages in use, free ones left out.",
          (double) ((stat->pages_used - stat->pages_free)
                    * stat->page_size) },
        { "map_free_bytes", "gauge", "Pages that will be used again.",
          (double) (stat->pages_free * stat->page_size) },
        { "disk_free_bytes", "gauge", "Free space of the file system.",
          (double) stat->disk_free },
        { "readers", "gauge", "Reader slots in use.",
          (double) stat->readers },
        { "reader_lag_transactions", "gauge",
          "Transactions since the oldest snapshot that is held.",
          (double) stat->reader_lag },
        { "journal_head", "gauge", "Sequence of the journal's last entry.",
          (double) stat->head },
        { "persons", "gauge", "Person keys that were given out.",
          (double) stat->persons },
        { "due_rows", "gauge", "Things that wait for their time.",
          (double) stat->rows[CXM_T_DUE] },
        { "once_rows", "gauge", "Ids that are remembered against repeats.",
          (double) stat->rows[CXM_T_ONCE] },
        { "latched", "gauge", "1: read-only after an I/O error.",
          stat->latched ? 1 : 0 }
    };

    for (i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
        put_one(w, figures[i].name, figures[i].type, figures[i].help,
                figures[i].value);
    }
}


static void
put_outbox(const metrics_writer_t *w, const cxm_metrics_about_t *about)
{
    put_one(w, "outbox_queued", "gauge", "Messages that wait to be sent.",
            (double) about->outbox);
    put_one(w, "outbox_oldest_seconds", "gauge",
            "Since when the oldest of them waits; 0: none does.",
            about->outbox == 0
            ? 0 : (double) (about->now - about->oldest) / 1000);
}


static void
put_lag(const metrics_writer_t *w, const cxm_metrics_about_t *about)
{
    const cxm_reader_lag_t  *lag;

    lag = &about->touchpoints;

    put_one(w, "timeline_lag_entries", "gauge",
            "Entries of the journal since the first touchpoint that is not "
            "on timelines yet.", (double) lag->entries);
    put_one(w, "timeline_lag_seconds", "gauge",
            "Since when that waits; 0: none does.",
            lag->entries == 0 ? 0 : (double) (about->now - lag->since) / 1000);
}


/* Counts by name; number 0 is none. */
static void
put_names(const metrics_writer_t *w, const char *name, const char *label,
    const char *const *names, const uint64_t *counts)
{
    char      labels[64];
    unsigned  i;

    for (i = 1; names[i] != NULL; i++) {
        (void) snprintf(labels, sizeof(labels), ",%s=\"%s\"", label,
                        names[i]);
        put_value(w, name, labels, (double) counts[i]);
    }
}


static void
put_accounts(const metrics_writer_t *w, const cxm_account_count_t *count)
{
    put_one(w, "customers", "gauge", "Customers, merged ones once.",
            (double) count->customers);
    put_one(w, "accounts", "gauge", "Accounts of customers.",
            (double) count->accounts);
    put_one(w, "account_sessions", "gauge", "Sessions of them.",
            (double) count->sessions);

    put_head(w, "account_events_total", "counter",
             "What happened with accounts: registered, signed_in, ...");
    put_names(w, "account_events_total", "event", cxm_account_events,
              count->events);

    put_head(w, "sign_in_failures_total", "counter",
             "Sign-ins of customers that failed, by reason.");
    put_names(w, "sign_in_failures_total", "reason", cxm_account_reasons,
              count->reasons);
}


void
cxm_metrics_text(cxm_buf_t *out, const cxm_metrics_t *metrics,
    const cxm_metrics_about_t *about)
{
    metrics_writer_t  w = { out, about->store };

    put_one(&w, "up", "gauge", "1: this worker has the store open.",
            about->stat != NULL);
    put_gauges(&w, metrics);
    put_requests(&w, metrics);
    put_writes(&w, metrics);
    put_hashes(&w, metrics);
    put_tokens(&w, metrics);
    put_rejects(&w, metrics);

    if (about->stat != NULL) {
        put_store(&w, about->stat);
        put_outbox(&w, about);
        put_lag(&w, about);
    }

    if (about->accounts != NULL) {
        put_accounts(&w, about->accounts);
    }

    if (about->geoip != 0) {
        put_one(&w, "geoip_build_time_seconds", "gauge",
                "When the GeoIP database was built, since 1970.",
                (double) about->geoip);
        put_one(&w, "geoip_age_seconds", "gauge",
                "Since the GeoIP database was built.",
                (double) (about->now / 1000 - about->geoip));
    }
}
