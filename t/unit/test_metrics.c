/*
 * Metrics: codes that are told apart, and places of processes.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cxm_api.h"


static cxm_metrics_t  *metrics;


static int
setup(void **state)
{
    (void) state;
    metrics = calloc(1, sizeof(*metrics));

    return metrics == NULL;
}


static int
teardown(void **state)
{
    (void) state;
    free(metrics);

    return 0;
}


static void
told(const char *line)
{
    cxm_buf_t            out;
    cxm_metrics_about_t  about = { .store = "a\"b\\c\n", .geoip = 100,
                                     .now = 160500 };

    cxm_buf_init(&out, 1 << 20);
    cxm_metrics_text(&out, metrics, &about);
    cxm_buf_putc(&out, 0);

    if (strstr((const char *) out.data, line) == NULL) {
        print_error("no %s in:\n%s", line, (const char *) out.data);
        fail();
    }

    cxm_buf_free(&out);
}


static void
labels_and_ages(void **state)
{
    (void) state;

    told("cxm_up{store=\"a\\\"b\\\\c\\n\"} 0\n");
    told("cxm_geoip_age_seconds{store=\"a\\\"b\\\\c\\n\"} 60\n");
}


static void
reasons_are_bounded(void **state)
{
    int   i;
    char  code[40];

    (void) state;

    for (i = 0; i < CXM_METRICS_REASONS + 10; i++) {
        (void) snprintf(code, sizeof(code), "code_%d", i);
        cxm_metrics_reject(metrics, code);
        cxm_metrics_reject(metrics, code);
    }

    told("reason=\"code_0\"} 2\n");
    told("reason=\"code_63\"} 2\n");
    told("reason=\"other\"} 20\n");
}


static void
buckets(void **state)
{
    (void) state;

    cxm_metrics_duration(&metrics->commits, 0);
    cxm_metrics_duration(&metrics->commits, 500);
    cxm_metrics_duration(&metrics->commits, 501);
    cxm_metrics_duration(&metrics->commits, 1u << 30);

    told("cxm_commit_duration_seconds_bucket{store=\"a\\\"b\\\\c\\n\","
         "le=\"0.0005\"} 2\n");
    told(",le=\"0.001\"} 3\n");
    told(",le=\"10\"} 3\n");
    told(",le=\"+Inf\"} 4\n");
    told("cxm_commit_duration_seconds_count{store=\"a\\\"b\\\\c\\n\"} 4\n");

    cxm_metrics_request(metrics, CXM_ENDPOINT_BEACON, 101, 1);
    cxm_metrics_request(metrics, CXM_METRICS_ENDPOINTS, 200, 1);
    cxm_metrics_request(metrics, CXM_ENDPOINT_BEACON, 599, 1);
    told("endpoint=\"beacon\",status=\"5xx\"} 1\n");
}


/* A place of a process that is gone is the next one's. */
static void
places(void **state)
{
    pid_t                  pid;
    cxm_metrics_worker_t  *own;

    (void) state;

    pid = fork();

    if (pid == 0) {
        _exit(0);
    }

    assert_int_equal(pid > 0, 1);
    assert_int_equal(waitpid(pid, NULL, 0), pid);

    metrics->workers[0].pid = (uint64_t) pid;
    metrics->workers[0].gauges[CXM_GAUGE_STREAMS] = 7;
    told("cxm_streams{store=\"a\\\"b\\\\c\\n\"} 0\n");

    own = cxm_metrics_worker(metrics);
    assert_ptr_equal(own, &metrics->workers[0]);
    assert_int_equal(own->gauges[CXM_GAUGE_STREAMS], 0);
    assert_ptr_equal(cxm_metrics_worker(metrics), own);

    own->gauges[CXM_GAUGE_STREAMS] = 3;
    told("cxm_streams{store=\"a\\\"b\\\\c\\n\"} 3\n");
}


#define METRICS_TEST(f)  cmocka_unit_test_setup_teardown(f, setup, teardown)


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        METRICS_TEST(labels_and_ages),
        METRICS_TEST(reasons_are_bounded),
        METRICS_TEST(buckets),
        METRICS_TEST(places)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
