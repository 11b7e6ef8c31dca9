/*
 * Retention: what goes and what stays, in which steps, and that it may be
 * interrupted anywhere.
 */

#include "retention_fixture.h"


static void
intervals(void **state)
{
    (void) state;

    policy.keep[CXM_KEEP_TOUCHPOINTS] = 30 * CXM_MS_DAY;
    policy.keep[CXM_KEEP_RESPONSES] = 0;
    policy.keep[CXM_KEEP_JOURNAL] = 400 * CXM_MS_DAY;
    assert_int_equal(cxm_retention_interval(&policy), CXM_MS_DAY);
    policy.keep[CXM_KEEP_RESPONSES] = 16 * CXM_MS_HOUR;
    assert_int_equal(cxm_retention_interval(&policy), 2 * CXM_MS_HOUR);
    assert_string_equal(cxm_keep_name(CXM_KEEP_RESPONSES), "responses");
}


static void
nothing_goes_before_two_checkpoints(void **state)
{
    found_t        found;
    cxm_history_t  h;

    (void) state;

    append_at(today, KIND_EVENT, 50);
    today += 100 * CXM_MS_DAY;

    run_retention();
    h = history();
    assert_int_equal(h.archived, 50);
    assert_true(h.newest.seq >= 50);
    assert_int_equal(h.previous.seq, 0);
    assert_int_equal(h.sparse, 0);
    assert_int_equal(journal().n[KIND_EVENT], 50);

    /* not at once again */

    run_retention();
    assert_int_equal(history().previous.seq, 0);

    today += CXM_MS_DAY;
    run_retention();
    found = journal();
    assert_int_equal(found.n[KIND_EVENT], 0);
    assert_int_equal(found.n[CXM_KIND_RETENTION], 1);
    assert_int_equal(history().sparse, 50);
    assert_int_equal(counted(KIND_EVENT), 50);
    assert_int_equal(assert_sound(0).start, history().previous.seq);
    assert_int_equal(assert_sound(1).start, 0);
}


static void
each_class_has_its_time(void **state)
{
    unsigned           i;
    found_t            found;
    cxm_verify_t       out;
    cxm_store_stat_t   stat;

    (void) state;

    for (i = 0; i < 70; i++) {
        pass_days(1, 200);
        found = journal();

        /* a day later at most: that is when the night comes */

        assert_in_range(found.n[KIND_EVENT], 200 * (i < 8 ? i : 8),
                        200 * (i < 9 ? i + 1 : 9));
        assert_in_range(found.n[KIND_ANSWER], 20 * (i < 20 ? i : 20),
                        20 * (i < 21 ? i + 1 : 21));
        assert_in_range(found.n[KIND_ACCESS], 20 * (i < 12 ? i : 12),
                        20 * (i < 13 ? i + 1 : 13));
        assert_in_range(found.n[KIND_FIRST], i < 60 ? i : 60,
                        i < 61 ? i + 1 : 61);
        assert_int_equal(found.n[KIND_FORM], i + 1);
        assert_in_range(found.n[CXM_KIND_CHECKPOINT], 1, 28);

        if (i % 10 == 9) {
            out = assert_sound(0);
            assert_true(out.start > 0);
            assert_int_equal(notes, 0);
            assert_int_equal(out.archived, history().archived);
        }
    }

    assert_int_equal(counted(KIND_EVENT), 70 * 200);
    assert_int_equal(counted(KIND_ANSWER), 70 * 20);

    /* rows of answers go with them, those of forms do not */

    assert_int_equal(cxm_store_stat(f.store, &stat, &err), CXM_OK);
    assert_int_equal(stat.rows[CXM_T_DOC],
                     found.n[KIND_ANSWER] + 70 * 20 + 70 + 70);

    out = assert_sound(1);
    assert_int_equal(out.start, 0);
    assert_int_equal(out.entries - found.all
                     + (out.head - history().archived), out.head);
}


static void
many_go_in_steps(void **state)
{
    found_t  found;

    (void) state;

    append_at(today, KIND_EVENT, 2 * CXM_RETENTION_ROWS + 17);
    append_at(today, KIND_ANSWER, CXM_RETENTION_LOOKED + 5);
    append_at(today, KIND_FORM, 1);
    today += 9 * CXM_MS_DAY;
    run_retention();
    today += CXM_MS_DAY;
    run_retention();

    found = journal();
    assert_int_equal(found.n[KIND_EVENT], 0);
    assert_int_equal(found.n[KIND_ANSWER], CXM_RETENTION_LOOKED + 5);
    assert_in_range(found.n[CXM_KIND_RETENTION], 3, 8);
    assert_int_equal(counted(KIND_EVENT), 2 * CXM_RETENTION_ROWS + 17);
    assert_sound(0);

    today += 12 * CXM_MS_DAY;
    run_retention();
    found = journal();
    assert_int_equal(found.n[KIND_ANSWER], 0);
    assert_int_equal(found.n[KIND_FORM], 1);
    assert_sound(0);
    assert_sound(1);
}


/* What is there once nobody writes is not written about for ever. */
static void
a_store_at_rest_comes_to_rest(void **state)
{
    unsigned  i;
    uint64_t  head;

    (void) state;

    pass_days(3, 30);

    for (i = 0; i < 70; i++) {
        today += CXM_MS_DAY;
        run_retention();
    }

    assert_int_equal(journal().n[KIND_EVENT], 0);
    assert_int_equal(journal().n[KIND_ANSWER], 0);
    head = assert_sound(0).head;

    for (i = 0; i < 30; i++) {
        today += CXM_MS_DAY;
        run_retention();
    }

    assert_int_equal(assert_sound(0).head, head);
}


static void
no_policy_drops_nothing(void **state)
{
    found_t  found;

    (void) state;

    memset(policy.keep, 0, sizeof(policy.keep));
    pass_days(30, 20);
    found = journal();
    assert_int_equal(found.n[KIND_EVENT], 600);
    assert_int_equal(found.n[CXM_KIND_RETENTION], 0);
    assert_int_equal(found.first, 1);

    /* one class alone */

    policy.keep[CXM_KEEP_RESPONSES] = 5 * CXM_MS_DAY;
    today += CXM_MS_DAY;
    run_retention();
    found = journal();
    assert_int_equal(found.n[KIND_EVENT], 600);
    assert_int_equal(found.n[KIND_ACCESS], 60);
    assert_in_range(found.n[KIND_ANSWER], 2 * 4, 2 * 6);
    assert_sound(0);
}


/* --- interruptions ------------------------------------------------------ */

static int
countdown(void *ctx)
{
    int  *left = ctx;

    return (*left)-- <= 0;
}


/* Wherever it is stopped, the store is sound and the next run goes on. */
static void
stopped_anywhere(void **state)
{
    int       n, left, stops;
    cxm_rc_t  rc;

    (void) state;

    pass_days(10, 300);
    stops = 0;

    for (n = 0; n < 40; n++) {
        append_at(today + CXM_MS_HOUR, KIND_EVENT, 1300);
        append_at(today + CXM_MS_HOUR, KIND_ANSWER, 30);
        today += CXM_MS_DAY;
        left = n % 8;
        rc = cxm_retention_run(f.store, &policy, today, countdown, &left,
                               &err);

        if (rc != CXM_OK) {
            assert_int_equal(rc, CXM_UNAVAILABLE);
            assert_string_equal(err.code, CXM_LONG_STOPPED);
            stops++;
        }

        if (n % 8 == 7) {
            assert_sound(0);
        }
    }

    assert_in_range(stops, 5, 39);
    run_retention();
    assert_in_range(journal().n[KIND_EVENT], 8 * 1300, 10 * 1300);
    assert_sound(1);
}


static void
copy_file(const char *from, const char *to)
{
    char  command[900];

    snprintf(command, sizeof(command), "cp '%s' '%s'", from, to);
    assert_int_equal(system(command), 0);
}


/*
 * Files of a checkpoint that was not written down: tables go with the next
 * one; a volume is left alone, it may be all that there is of its entries.
 */
static void
files_without_an_entry(void **state)
{
    char           one[400], path[400], name[CXM_HISTORY_NAME];
    cxm_volume_t   volume = { 0 };

    (void) state;

    pass_days(3, 20);
    assert_int_equal(files_in("archive", one), 3);
    volume.first = history().archived + 1;
    volume.last = volume.first + 100;
    cxm_history_volume_name(&volume, name);
    snprintf(path, sizeof(path), "%s/%s", archive, name);
    copy_file(one, path);
    snprintf(path, sizeof(path), "%s/new-1.tmp", archive);
    copy_file("/etc/hostname", path);

    (void) files_in("checkpoint", one);
    snprintf(path, sizeof(path), "%s/checkpoint/tables-%020d", f.dir, 7);
    copy_file(one, path);
    snprintf(path, sizeof(path), "%s/checkpoint/new-2.tmp", f.dir);
    copy_file("/etc/hostname", path);

    /* what is not ours is left alone */

    snprintf(path, sizeof(path), "%s/checkpoint/tables-of-mine", f.dir);
    copy_file("/etc/hostname", path);

    pass_days(10, 20);
    assert_int_equal(files_in("checkpoint", NULL), 3);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(files_in("archive", NULL), 14);
    assert_sound(1);
}


/* Commits of a round as a busy server makes them: entries that fill a page. */
static void
busy_round(void)
{
    char        text[3800];
    unsigned    i, k;
    cxm_txn_t  *txn;

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';

    for (i = 0; i < 10; i++) {
        assert_int_equal(cxm_txn_write(f.store, today + i * CXM_MS_HOUR, &txn,
                                       &err), CXM_OK);

        for (k = 0; k < 40; k++) {
            assert_int_equal(cxm_journal_add(txn, KIND_EVENT, 0,
                                             json_pack("{s:s}", "t", text),
                                             &err), CXM_OK);
        }

        append(txn, KIND_ANSWER, 5);
        fixture_commit(txn);
    }

    today += CXM_MS_DAY;
    run_retention();
}


/* Once the window is full, what is dropped makes room for what comes. */
static void
the_store_stops_growing(void **state)
{
    unsigned           i, rounds;
    uint64_t           pages;
    cxm_store_stat_t   stat;

    (void) state;

    policy.keep[CXM_KEEP_TOUCHPOINTS] = 4 * CXM_MS_DAY;
    policy.keep[CXM_KEEP_RESPONSES] = 6 * CXM_MS_DAY;
    policy.keep[CXM_KEEP_JOURNAL] = 6 * CXM_MS_DAY;
    rounds = 16;

    for (i = 0; i < rounds; i++) {
        busy_round();
    }

    assert_int_equal(cxm_store_stat(f.store, &stat, &err), CXM_OK);
    pages = stat.pages_used;
    assert_in_range(pages, 4 * 400, 8 * 400);

    for (i = 0; i < rounds; i++) {
        busy_round();
    }

    assert_int_equal(cxm_store_stat(f.store, &stat, &err), CXM_OK);

    if (stat.pages_used * 10 > pages * 11) {
        fail_msg("%u rounds: %llu pages, %u rounds: %llu", rounds,
                 (unsigned long long) pages, 2 * rounds,
                 (unsigned long long) stat.pages_used);
    }

    assert_sound(0);
}


static void
one_at_a_time(void **state)
{
    int  held, other;

    (void) state;

    pass_days(2, 20);
    assert_int_equal(cxm_history_hold(f.store, 0, &held, &err), CXM_OK);
    assert_int_equal(cxm_history_hold(f.store, 0, &other, &err), CXM_OK);
    cxm_history_release(other);

    append_at(today, KIND_EVENT, 1);
    today += CXM_MS_DAY;
    run_retention();
    assert_int_equal(history().newest.at, today - CXM_MS_DAY);

    cxm_history_release(held);
    run_retention();
    assert_int_equal(history().newest.at, today);

    assert_int_equal(cxm_history_hold(f.store, 1, &held, &err), CXM_OK);
    assert_int_equal(cxm_history_hold(f.store, 1, &other, &err),
                     CXM_UNAVAILABLE);
    cxm_history_release(other);
    cxm_history_release(held);
}


#define TEST(name)  cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(intervals),
        TEST(nothing_goes_before_two_checkpoints),
        TEST(each_class_has_its_time),
        TEST(many_go_in_steps),
        TEST(a_store_at_rest_comes_to_rest),
        TEST(no_policy_drops_nothing),
        TEST(stopped_anywhere),
        TEST(files_without_an_entry),
        TEST(the_store_stops_growing),
        TEST(one_at_a_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
