/*
 * Events of a commit: counted once, packed into pages, rebuilt by replay.
 */

#include "cxm_counter.h"
#include "cxm_dict.h"
#include "cxm_flow.h"
#include "cxm_journal.h"
#include "cxm_json.h"
#include "cxm_pack.h"
#include "cxm_touchpoint.h"
#include "cxm_verify.h"
#include "tables_fixture.h"


static fixture_t     f;
static cxm_caller_t  public;


static void
event_of(const cxm_caller_t *caller, const char *text, cxm_buf_t *out)
{
    json_t       *input;
    cxm_error_t   err;

    cxm_error_init(&err);
    cxm_buf_init(out, 1 << 20);
    assert_int_equal(cxm_json_load(cxm_strz(text), &input, &err), CXM_OK);
    assert_int_equal(cxm_event_make(f.store, caller, FIXTURE_DAY, input, "",
                                    out, &err), CXM_OK);
    json_decref(input);
}


/* 1: it was a duplicate. */
static int
add(cxm_txn_t *txn, const cxm_caller_t *caller, const char *text)
{
    int           duplicate;
    cxm_buf_t     event;
    cxm_error_t   err;

    event_of(caller, text, &event);
    assert_int_equal(cxm_touchpoint_add(txn, cxm_buf_str(&event), &duplicate,
                                        &err), CXM_OK);
    cxm_buf_free(&event);

    return duplicate;
}


static int
add_id(cxm_txn_t *txn, unsigned id)
{
    char  text[128];

    snprintf(text, sizeof(text), "{\"type\":\"a\",\"id\":"
             "\"%08x-0000-4000-8000-000000000000\"}", id);

    return add(txn, &public, text);
}


typedef struct {
    uint64_t  people, bots;
} counts_t;


static void
on_cell(void *ctx, uint32_t value, cxm_ms_t at, uint32_t point,
    uint64_t count)
{
    counts_t  *counts = ctx;

    (void) value;
    (void) at;

    assert_in_range(point, CXM_TOUCH_PEOPLE, CXM_TOUCH_BOTS);
    *(point == CXM_TOUCH_BOTS ? &counts->bots : &counts->people) += count;
}


/* Of the day that begins at `day`; text NULL is null. */
static counts_t
counted(cxm_ms_t day, const char *segment, const char *text)
{
    cxm_rc_t             rc;
    counts_t             counts = { 0, 0 };
    cxm_txn_t           *txn;
    cxm_counter_query_t  query;

    memset(&query, 0, sizeof(query));
    query.series.survey = CXM_SERIES_TOUCHPOINT;
    query.from = day;
    query.to = day + CXM_MS_DAY;

    txn = fixture_read(&f);
    rc = CXM_OK;

    if (segment != NULL) {
        query.series.segment = cxm_touch_segment(cxm_strz(segment));
        assert_int_not_equal(query.series.segment, 0);
        rc = cxm_dict_find(txn, CXM_SERIES_TOUCHPOINT, query.series.segment,
                           (cxm_str_t) { text == NULL ? 0 : strlen(text),
                                         text }, &query.series.value);
    }

    if (rc == CXM_OK) {
        assert_int_equal(cxm_counter_scan(txn, &query, on_cell, &counts),
                         CXM_OK);
    }

    cxm_txn_end(txn);

    return counts;
}


#define assert_counts(day, segment, text, p, b)                               \
    do {                                                                      \
        counts_t  c_ = counted(day, segment, text);                           \
        assert_int_equal(c_.people, p);                                       \
        assert_int_equal(c_.bots, b);                                         \
    } while (0)


/* Entries from sequence `first` on, and the events in them. */
static unsigned
entries(uint64_t first, unsigned *events, size_t *largest)
{
    unsigned        n;
    cxm_txn_t      *txn;
    cxm_entry_t     entry;
    cxm_cursor_t   *cursor;
    cxm_row_key_t   key;
    cxm_raw_row_t   row;

    txn = fixture_read(&f);
    n = 0;
    *events = 0;
    *largest = 0;

    assert_int_equal(cxm_cursor_open(txn, CXM_T_JOURNAL, &cursor), CXM_OK);
    cxm_row_key(&key);
    cxm_row_key_u64(&key, first);

    if (cxm_cursor_seek(cursor, &key, &row) == CXM_OK) {
        do {
            assert_int_equal(cxm_journal_read(txn, first + n, 0, &entry,
                                              NULL), CXM_OK);
            assert_int_equal(entry.kind, CXM_KIND_TOUCHPOINT);
            *events += (unsigned) json_array_size(entry.body);
            *largest = row.raw.len > *largest ? row.raw.len : *largest;
            cxm_entry_clear(&entry);
            n++;
        } while (cxm_cursor_next(cursor, &row) == CXM_OK);
    }

    cxm_cursor_close(cursor);
    cxm_txn_end(txn);

    return n;
}


static uint64_t
head(void)
{
    uint64_t    seq;
    cxm_txn_t  *txn;

    txn = fixture_read(&f);
    seq = cxm_txn_head(txn);
    cxm_txn_end(txn);

    return seq;
}


static void
counts_by_segment(void **state)
{
    cxm_txn_t     *txn;
    cxm_caller_t   bot = public;

    (void) state;

    bot.bot = 1;
    bot.device = cxm_str("mobile");
    bot.country = cxm_str("DE");

    txn = fixture_write(&f);
    assert_int_equal(add(txn, &public, "{\"type\":\"view\"}"), 0);
    assert_int_equal(add(txn, &public, "{\"type\":\"view\","
                         "\"touchpoint\":\"shop\"}"), 0);
    assert_int_equal(add(txn, &bot, "{\"type\":\"buy\","
                         "\"touchpoint\":\"shop\"}"), 0);
    fixture_commit(txn);

    assert_counts(FIXTURE_DAY, NULL, NULL, 2, 1);
    assert_counts(FIXTURE_DAY, "type", "view", 2, 0);
    assert_counts(FIXTURE_DAY, "type", "buy", 0, 1);
    assert_counts(FIXTURE_DAY, "type", NULL, 0, 0);
    assert_counts(FIXTURE_DAY, "touchpoint", "shop", 1, 1);
    assert_counts(FIXTURE_DAY, "touchpoint", NULL, 1, 0);
    assert_counts(FIXTURE_DAY, "device", "mobile", 0, 1);
    assert_counts(FIXTURE_DAY, "device", NULL, 2, 0);
    assert_counts(FIXTURE_DAY, "country", "DE", 0, 1);
    assert_counts(FIXTURE_DAY, "status_class", NULL, 2, 1);
    assert_counts(FIXTURE_DAY - CXM_MS_DAY, NULL, NULL, 0, 0);

    assert_int_equal(cxm_touch_segment(cxm_str("session")), 0);
}


static void
own_time(void **state)
{
    cxm_txn_t     *txn;
    cxm_caller_t   server = public;

    (void) state;

    server.principal.scopes = CXM_SCOPE_INGEST;

    txn = fixture_write(&f);
    add(txn, &server, "{\"type\":\"view\",\"client_time\":"
        "\"2020-02-29T23:59:59.999Z\"}");
    fixture_commit(txn);

    assert_counts(cxm_days_from_civil(2020, 2, 29) * CXM_MS_DAY, "type",
                  "view", 1, 0);
    assert_counts(cxm_days_from_civil(2020, 3, 1) * CXM_MS_DAY, NULL, NULL,
                  0, 0);
}


static void
counts_once(void **state)
{
    cxm_txn_t    *txn;
    cxm_error_t   err;

    (void) state;

    txn = fixture_write(&f);
    assert_int_equal(add_id(txn, 1), 0);
    assert_int_equal(add_id(txn, 1), 1);
    assert_int_equal(add_id(txn, 2), 0);
    fixture_commit(txn);
    assert_counts(FIXTURE_DAY, "type", "a", 2, 0);

    txn = fixture_write(&f);
    assert_int_equal(add_id(txn, 1), 1);
    assert_false(cxm_txn_dirty(txn));
    assert_int_equal(add_id(txn, 3), 0);
    assert_true(cxm_txn_dirty(txn));
    cxm_txn_end(txn);

    /* what was given up is not seen */

    txn = fixture_write(&f);
    assert_int_equal(add_id(txn, 3), 0);
    fixture_commit(txn);
    assert_counts(FIXTURE_DAY, "type", "a", 3, 0);

    /* 24 hours and more; entries are never older than the last one */

    assert_int_equal(cxm_txn_write(f.store, FIXTURE_DAY + CXM_MS_DAY, &txn,
                                   &err), CXM_OK);
    assert_int_equal(add_id(txn, 1), 1);
    cxm_txn_end(txn);

    assert_int_equal(cxm_txn_write(f.store, FIXTURE_DAY + 2 * CXM_MS_DAY,
                                   &txn, &err), CXM_OK);
    assert_int_equal(add_id(txn, 1), 0);
    cxm_txn_end(txn);
}


static void
many_ids(void **state)
{
    unsigned    i;
    cxm_txn_t  *txn;

    (void) state;

    txn = fixture_write(&f);

    for (i = 0; i < 5000; i++) {
        assert_int_equal(add_id(txn, 100 + i), 0);
    }

    for (i = 0; i < 5000; i++) {
        assert_int_equal(add_id(txn, 100 + i), 1);
    }

    fixture_commit(txn);
    assert_counts(FIXTURE_DAY, NULL, NULL, 5000, 0);

    txn = fixture_write(&f);

    for (i = 0; i < 5000; i++) {
        assert_int_equal(add_id(txn, 100 + i), 1);
    }

    cxm_txn_end(txn);
}


static void
entries_fit_a_page(void **state)
{
    size_t        largest;
    unsigned      i, n, events;
    uint64_t      first;
    cxm_txn_t    *txn;
    static char   text[64 * 1024];
    static const char *const  fill[] = { "x", "\\\"", "\\u0001", "\xc3\xa4" };

    (void) state;

    for (i = 0; i < 4; i++) {
        unsigned  j, k;

        first = head() + 1;
        txn = fixture_write(&f);

        for (j = 0; j < 300; j++) {
            strcpy(text, "{\"type\":\"a\",\"props\":{\"n\":-1234567890123456,"
                   "\"r\":1.2345678901234567e-300,\"p\":\"");

            for (k = 0; k < (i == 2 ? 0 : j); k++) {
                strcat(text, fill[i]);
            }

            strcat(text, "\"}}");
            add(txn, &public, text);
        }

        fixture_commit(txn);

        n = entries(first, &events, &largest);
        assert_int_equal(events, 300);
        assert_in_range(largest, CXM_ENTRY_PAGE * 3 / 4, CXM_ENTRY_PAGE);
        assert_in_range(n, 2, 60);
    }
}


static void
a_large_event_is_alone(void **state)
{
    int         i, j;
    size_t      largest;
    unsigned    events;
    uint64_t    first;
    cxm_txn_t  *txn;
    static char text[64 * 1024];

    (void) state;

    first = head() + 1;
    txn = fixture_write(&f);
    add(txn, &public, "{\"type\":\"small\"}");
    strcpy(text, "{\"type\":\"large\",\"props\":{");

    for (i = 0; i < 30; i++) {
        sprintf(text + strlen(text), "%s\"p%d\":\"", i == 0 ? "" : ",", i);

        for (j = 0; j < 500; j++) {
            strcat(text, "x");
        }

        strcat(text, "\"");
    }

    strcat(text, "}}");
    add(txn, &public, text);
    add(txn, &public, "{\"type\":\"small\"}");
    fixture_commit(txn);

    assert_int_equal(entries(first, &events, &largest), 3);
    assert_int_equal(events, 3);
    assert_in_range(largest, 15000, 17000);
}


/* Names come from anybody: their number is bounded. */
static void
other_types(void **state)
{
    int         i;
    char        text[64];
    cxm_txn_t  *txn;

    (void) state;

    txn = NULL;

    for (i = 0; i < 1100; i++) {
        txn = i % 100 == 0 ? fixture_write(&f) : txn;
        snprintf(text, sizeof(text), "{\"type\":\"t%d\"}", i);
        add(txn, &public, text);
        add(txn, &public, text);

        if (i % 100 == 99) {
            fixture_commit(txn);
        }
    }

    assert_counts(FIXTURE_DAY, "type", "t0", 2, 0);
    assert_counts(FIXTURE_DAY, "type", "t999", 2, 0);
    assert_counts(FIXTURE_DAY, "type", "t1000", 0, 0);
    assert_counts(FIXTURE_DAY, "type", "(other)", 200, 0);
    assert_counts(FIXTURE_DAY, NULL, NULL, 2200, 0);
}


/* A hundred characters of any script are one value. */
static void
long_names(void **state)
{
    int         i;
    char        text[1024];
    cxm_txn_t  *txn;

    (void) state;

    strcpy(text, "{\"type\":\"a\",\"touchpoint\":\"");

    for (i = 0; i < 100; i++) {
        strcat(text, "\xe2\x82\xac");
    }

    strcat(text, "\"}");

    txn = fixture_write(&f);
    add(txn, &public, text);
    fixture_commit(txn);

    text[26 + 3 * 100] = '\0';
    assert_counts(FIXTURE_DAY, "touchpoint", text + 26, 1, 0);
}


static void
replay_gives_the_same(void **state)
{
    int            i;
    char           scratch[128], text[128];
    cxm_txn_t     *txn;
    cxm_error_t    err;
    cxm_verify_t   found;
    cxm_verify_opts_t  opts = { 0 };

    (void) state;

    for (i = 0; i < 50; i++) {
        txn = fixture_write(&f);
        add_id(txn, (unsigned) i / 2);
        snprintf(text, sizeof(text), "{\"type\":\"t%d\",\"touchpoint\":"
                 "\"p%d\"}", i % 7, i % 3);
        add(txn, &public, text);
        fixture_commit(txn);
    }

    snprintf(scratch, sizeof(scratch), "%s/scratch", f.root);
    cxm_error_init(&err);

    opts.scratch = scratch;

    if (cxm_verify(f.store, &opts, &found, &err) != CXM_OK) {
        print_error("%s; %s\n", found.finding, err.detail);
        fail();
    }

    assert_int_equal(found.entries, head());
}


static void
bad_entries(void **state)
{
    size_t       i;
    cxm_txn_t   *txn;
    cxm_entry_t  entry;
    cxm_buf_t    packed;
    json_t      *body;
    static const char *const  bodies[] = {
        "{}", "[{\"k\":\"xyz\"}]", "[{\"at\":-1}]", "[1]"
    };

    (void) state;

    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        memset(&entry, 0, sizeof(entry));
        entry.kind = CXM_KIND_TOUCHPOINT;
        entry.action = CXM_ACTION_ADD;
        assert_int_equal(cxm_json_load(cxm_strz(bodies[i]), &body, NULL),
                         CXM_OK);
        cxm_buf_init(&packed, 1 << 20);
        cxm_pack(&packed, body);
        entry.packed = cxm_buf_str(&packed);

        txn = fixture_write(&f);
        assert_int_not_equal(cxm_journal_append(txn, &entry, NULL), CXM_OK);
        cxm_txn_end(txn);
        cxm_buf_free(&packed);
        json_decref(body);
    }
}


static int
start(void **state)
{
    (void) state;

    fixture_open(&f, &cxm_flow);

    return 0;
}


static int
end(void **state)
{
    (void) state;

    fixture_close(&f);

    return 0;
}


#define test(name)  cmocka_unit_test_setup_teardown(name, start, end)


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        test(counts_by_segment),
        test(own_time),
        test(counts_once),
        test(many_ids),
        test(entries_fit_a_page),
        test(a_large_event_is_alone),
        test(other_types),
        test(long_names),
        test(replay_gives_the_same),
        test(bad_entries)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
