/*
 * cxmctl demo.
 */

#include <stdio.h>
#include <stdlib.h>

#include "cxm_json.h"
#include "cxm_response.h"
#include "cxm_survey.h"
#include "cxm_touchpoint.h"
#include "cxmctl.h"
#include "cxmctl_demo.h"


#define CXMCTL_DEMO_ANSWERS      50000
#define CXMCTL_DEMO_ANSWERS_MAX  10000000
#define CXMCTL_DEMO_EVENTS       2      /* to an answer */
#define CXMCTL_DEMO_BATCH        1000   /* of a transaction */

typedef struct {
    cxmctl_demo_t    demo;
    unsigned         answers;
    cxm_caller_t     caller;
    cxm_store_t     *store;
    cxm_progress_pt  progress;
    uint64_t         done, total;

    cxmctl_demo_said_t  said[CXMCTL_DEMO_BATCH];    /* of a transaction */
    unsigned            n;
} cxmctl_demo_run_t;


static int cxmctl_demo_options(cxmctl_t *ctl, cxmctl_demo_run_t *run);
static uint64_t cxmctl_demo_number(cxmctl_t *ctl, const char *name,
    uint64_t def, uint64_t max, int *bad);
static cxm_rc_t cxmctl_demo_make(cxmctl_demo_run_t *run, cxm_error_t *err);
static cxm_rc_t cxmctl_demo_put(cxm_txn_t *txn, void *data,
    cxm_error_t *err);
static cxm_rc_t cxmctl_demo_day(cxmctl_demo_run_t *run, unsigned day,
    int events, cxm_error_t *err);
static cxm_rc_t cxmctl_demo_commit(cxmctl_demo_run_t *run, cxm_error_t *err);
static cxm_rc_t cxmctl_demo_write(cxm_txn_t *txn, void *data,
    cxm_error_t *err);
static cxm_rc_t cxmctl_demo_answered(cxm_txn_t *txn, cxmctl_demo_run_t *run,
    const cxmctl_demo_said_t *said, cxm_error_t *err);
static cxm_rc_t cxmctl_demo_seen(cxm_txn_t *txn, cxmctl_demo_run_t *run,
    const cxmctl_demo_said_t *said, cxm_error_t *err);


int
cxmctl_demo(cxmctl_t *ctl)
{
    int                 rc;
    cxm_error_t         err;
    cxmctl_demo_run_t  *run;

    run = calloc(1, sizeof(cxmctl_demo_run_t));

    if (run == NULL) {
        return CXMCTL_WRONG;
    }

    if (cxmctl_demo_options(ctl, run) != 0) {
        free(run);
        return cxmctl_usage("demo [--seed N] [--answers N] [--days N] "
                            "[--until DATE]");
    }

    run->store = cxmctl_open(ctl);

    if (run->store == NULL) {
        free(run);
        return CXMCTL_WRONG;
    }

    cxm_caller_system(&run->caller);
    cxm_error_init(&err);
    rc = CXMCTL_DONE;

    if (cxmctl_demo_make(run, &err) != CXM_OK) {
        rc = cxmctl_failed("demo", &err);

    } else {
        printf("made up: %u answers, %u touchpoints, %u days, seed %llu\n",
               run->answers, run->answers * CXMCTL_DEMO_EVENTS,
               run->demo.days, (unsigned long long) run->demo.seed);
    }

    cxm_store_close(run->store);
    free(run);

    return rc;
}


static int
cxmctl_demo_options(cxmctl_t *ctl, cxmctl_demo_run_t *run)
{
    int          bad;
    int32_t      until;
    uint64_t     seed, days;
    const char  *date;

    bad = 0;
    seed = cxmctl_demo_number(ctl, "--seed", 1, UINT64_MAX, &bad);
    days = cxmctl_demo_number(ctl, "--days", 365, CXMCTL_DEMO_DAYS, &bad);
    run->answers = (unsigned) cxmctl_demo_number(ctl, "--answers",
                       CXMCTL_DEMO_ANSWERS, CXMCTL_DEMO_ANSWERS_MAX, &bad);

    until = cxm_day_of(cxm_now());
    date = cxmctl_option(ctl, "--until", &bad);

    if (date != NULL) {
        bad |= cxm_date_parse(cxm_strz(date), &until) != CXM_OK
               || until > cxm_day_of(cxm_now());
    }

    if (bad || ctl->argc != 0 || until < (int32_t) days) {
        return -1;
    }

    cxmctl_demo_start(&run->demo, seed, (unsigned) days, run->answers,
                      until * CXM_MS_DAY);
    run->progress = cxmctl_progress();
    run->total = (uint64_t) run->answers * (1 + CXMCTL_DEMO_EVENTS);

    return 0;
}


static uint64_t
cxmctl_demo_number(cxmctl_t *ctl, const char *name, uint64_t def,
    uint64_t max, int *bad)
{
    char        *end;
    uint64_t     value;
    const char  *text;

    text = cxmctl_option(ctl, name, bad);

    if (text == NULL) {
        return def;
    }

    value = strtoull(text, &end, 10);
    *bad |= *text < '0' || *text > '9' || *end != '\0' || value < 1
            || value > max;

    return value;
}


static cxm_rc_t
cxmctl_demo_make(cxmctl_demo_run_t *run, cxm_error_t *err)
{
    cxm_rc_t  rc;
    unsigned  day;

    rc = cxmctl_write(run->store, cxmctl_demo_put, run, err);

    for (day = 0; day < run->demo.days && rc == CXM_OK; day++) {
        rc = cxmctl_demo_day(run, day, 0, err);

        if (rc == CXM_OK) {
            rc = cxmctl_demo_day(run, day, 1, err);
        }
    }

    return rc == CXM_OK ? cxmctl_demo_commit(run, err) : rc;
}


/* Made-up answers must not mix with others: only where there is nothing. */

static cxm_rc_t
cxmctl_demo_put(cxm_txn_t *txn, void *data, cxm_error_t *err)
{
    int                 i, any, created;
    json_t             *input;
    cxm_rc_t            rc;
    cxm_doc_t           doc;
    cxmctl_demo_run_t  *run = data;

    rc = cxm_doc_any(txn, CXM_KIND_SURVEY, &any, err);

    if (rc == CXM_OK && any) {
        rc = cxm_fail(err, CXM_CONFLICT, "not_empty", "the store has surveys: "
                      "made-up answers go into an empty one");
    }

    for (i = 0; i < CXMCTL_DEMO_SURVEYS && rc == CXM_OK; i++) {
        memset(&doc, 0, sizeof(cxm_doc_t));
        rc = cxm_json_load(cxm_strz(cxmctl_demo_definitions[i].definition),
                           &input, err);

        if (rc == CXM_OK) {
            rc = cxm_survey_put(txn, &run->caller,
                                cxm_strz(cxmctl_demo_definitions[i].slug),
                                input, CXM_VERSION_NONE, &doc, &created, err);
        }

        cxm_doc_clear(&doc);
        json_decref(input);
    }

    return rc;
}


static cxm_rc_t
cxmctl_demo_day(cxmctl_demo_run_t *run, unsigned day, int events,
    cxm_error_t *err)
{
    cxm_rc_t             rc;
    unsigned             i, n;
    cxmctl_demo_said_t  *said;

    rc = CXM_OK;
    n = cxmctl_demo_share(&run->demo, day,
                          run->answers * (events ? CXMCTL_DEMO_EVENTS : 1));

    for (i = 0; i < n && rc == CXM_OK; i++) {
        said = &run->said[run->n++];

        if (events) {
            cxmctl_demo_event(&run->demo, day, i, n, said);

        } else {
            cxmctl_demo_answer(&run->demo, day, i, n, said);
        }

        if (run->n == CXMCTL_DEMO_BATCH) {
            rc = cxmctl_demo_commit(run, err);
        }
    }

    return rc;
}


static cxm_rc_t
cxmctl_demo_commit(cxmctl_demo_run_t *run, cxm_error_t *err)
{
    cxm_rc_t  rc;
    unsigned  i;

    rc = cxmctl_write(run->store, cxmctl_demo_write, run, err);

    for (i = 0; i < run->n; i++) {
        json_decref(run->said[i].input);
    }

    run->done += run->n;
    run->n = 0;

    if (run->progress != NULL) {
        run->progress(NULL, run->done, run->total);
    }

    return rc;
}


static cxm_rc_t
cxmctl_demo_write(cxm_txn_t *txn, void *data, cxm_error_t *err)
{
    cxm_rc_t             rc;
    unsigned             i;
    cxmctl_demo_run_t   *run = data;
    cxmctl_demo_said_t  *said;

    rc = CXM_OK;

    for (i = 0; i < run->n && rc == CXM_OK; i++) {
        said = &run->said[i];

        run->caller.device = cxm_strz(said->device);
        run->caller.latency_band = cxm_strz(said->latency_band);

        rc = said->input == NULL
             ? cxm_fail(err, CXM_INTERNAL, NULL, "no memory")
             : said->event ? cxmctl_demo_seen(txn, run, said, err)
                           : cxmctl_demo_answered(txn, run, said, err);
    }

    return rc;
}


static cxm_rc_t
cxmctl_demo_answered(cxm_txn_t *txn, cxmctl_demo_run_t *run,
    const cxmctl_demo_said_t *said, cxm_error_t *err)
{
    const char             *slug;
    uint8_t                 none[CXM_HASH_LEN] = { 0 };
    cxm_rc_t                rc;
    const cxm_survey_t     *survey;
    cxm_response_new_t      given;
    cxm_response_result_t   result;

    slug = cxmctl_demo_definitions[said->survey].slug;
    rc = cxm_survey_by_slug(txn, cxm_strz(slug), &survey, err);

    if (rc != CXM_OK) {
        return rc;
    }

    /* without an id there is no fingerprint to be kept */

    memset(&given, 0, sizeof(cxm_response_new_t));
    given.input = said->input;
    given.fingerprint = none;

    return cxm_response_add(txn, &run->caller, survey, &given, &result, err);
}


static cxm_rc_t
cxmctl_demo_seen(cxm_txn_t *txn, cxmctl_demo_run_t *run,
    const cxmctl_demo_said_t *said, cxm_error_t *err)
{
    int        duplicate;
    cxm_rc_t   rc;
    cxm_buf_t  event;

    cxm_buf_init(&event, CXM_ENTRY_MAX);
    rc = cxm_event_make(run->store, &run->caller, cxm_txn_now(txn),
                        said->input, "", &event, err);

    if (rc == CXM_OK) {
        rc = cxm_touchpoint_add(txn, cxm_buf_str(&event), &duplicate, err);
    }

    cxm_buf_free(&event);

    return rc;
}
