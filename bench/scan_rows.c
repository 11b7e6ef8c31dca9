/*
 * scan_rows DIR [ROUNDS]: answers counted from rows of the survey "year" that
 * bench/fill made: by two segments, and NPS by plan where channel is web.
 * Prints rows, CPU time a row and rows a second of a core, medians.
 */

#include <stdio.h>
#include <stdlib.h>

#include "cxm.h"
#include "cxm_response.h"


#define ROUNDS_MAX  99

typedef struct {
    const char    *name;
    uint16_t       by;
    unsigned       nfilters;
    cxm_filter_t   filters[2];
} scan_case_t;

static uint32_t  web = 2;       /* the first values that fill makes */
static uint32_t  plan = 2;


static void
on_cell(void *ctx, unsigned question, uint32_t value, cxm_ms_t at,
    uint32_t point, uint64_t count)
{
    uint64_t  *n = ctx;

    (void) question;
    (void) value;
    (void) at;
    (void) point;

    *n += count;
}


static int
order(const void *a, const void *b)
{
    const uint64_t  *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}


/* CPU time of one scan; exits when it fails. */

static uint64_t
scan_once(cxm_store_t *store, const scan_case_t *c, uint64_t *n)
{
    uint64_t             start;
    cxm_txn_t           *txn;
    cxm_error_t          err;
    cxm_long_read_t      read;
    cxm_cell_query_t     query;
    const cxm_survey_t  *survey;

    static const uint16_t  questions[] = { 1 };

    cxm_error_init(&err);
    *n = 0;

    if (cxm_txn_read(store, &txn, &err) != CXM_OK
        || cxm_survey_by_slug(txn, cxm_str("year"), &survey, &err) != CXM_OK)
    {
        fprintf(stderr, "scan_rows: %s\n", err.detail);
        exit(1);
    }

    query = (cxm_cell_query_t) {
        .survey = survey->doc.no, .nquestions = 1, .questions = questions,
        .by = c->by, .nfilters = c->nfilters, .filters = c->filters,
        .from = CXM_MS_MIN, .to = CXM_MS_MAX
    };

    start = cxm_thread_us();
    cxm_long_read_begin(&read, txn, NULL, NULL);

    if (cxm_response_cells(&read, &query, on_cell, n, &err) != CXM_OK) {
        fprintf(stderr, "scan_rows: %s\n", err.detail);
        exit(1);
    }

    start = cxm_thread_us() - start;
    cxm_txn_end(txn);

    return start;
}


int
main(int argc, char **argv)
{
    size_t            i;
    uint64_t          rows, n, us[ROUNDS_MAX];
    unsigned          k, rounds;
    cxm_error_t       err;
    cxm_store_t      *store;
    cxm_store_opts_t  opts;

    static scan_case_t  cases[] = {
        { "all", 0, 0, { { 0, 0, NULL } } },
        { "by plan where channel", CXM_SEGMENT_CUSTOM, 1,
          { { CXM_SEGMENT_CHANNEL, 1, &web } } },
        { "where channel and plan", 0, 2,
          { { CXM_SEGMENT_CHANNEL, 1, &web },
            { CXM_SEGMENT_CUSTOM, 1, &plan } } }
    };

    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: scan_rows DIR [ROUNDS]\n");
        return 2;
    }

    rounds = argc == 3 ? (unsigned) atoi(argv[2]) : 9;
    rounds = rounds < 1 || rounds > ROUNDS_MAX ? 9 : rounds;

    memset(&opts, 0, sizeof(opts));
    opts.dir = argv[1];
    opts.flow = &cxm_flow;
    cxm_error_init(&err);

    if (cxm_crypto_init() != CXM_OK
        || cxm_store_open(&opts, &store, &err) != CXM_OK)
    {
        fprintf(stderr, "scan_rows: %s\n", err.detail);
        return 1;
    }

    (void) scan_once(store, &cases[0], &rows);

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        for (k = 0; k < rounds; k++) {
            us[k] = scan_once(store, &cases[i], &n);
        }

        qsort(us, rounds, sizeof(us[0]), order);

        printf("%-22s %llu of %llu rows, %.0f ns a row, %.1f M rows/s\n",
               cases[i].name, (unsigned long long) n,
               (unsigned long long) rows,
               1000.0 * (double) us[rounds / 2] / (double) rows,
               (double) rows / (double) us[rounds / 2]);
    }

    cxm_store_close(store);

    return 0;
}
