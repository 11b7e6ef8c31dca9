/*
 * Retention: what goes and what stays, that nothing goes unproved, and that
 * a store with holes is proved all the same.
 */

#include <dirent.h>

#include "retention_fixture.h"

#include "cxm_store_int.h"


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


/* --- readers ------------------------------------------------------------ */

static void
readers_pass_over_holes(void **state)
{
    uint8_t        link[CXM_MAC_LEN], none[CXM_MAC_LEN] = { 0 };
    uint64_t       whole, seq;
    found_t        found = { { 0 }, 0, 0 };
    cxm_txn_t     *txn;
    cxm_entry_t    entry;

    (void) state;

    pass_days(25, 20);
    txn = fixture_read(&f);
    assert_int_equal(cxm_journal_whole(txn, &whole, &err), CXM_OK);
    assert_int_equal(whole, history().sparse + 1);
    assert_true(whole > 1 && whole < cxm_txn_head(txn));

    assert_true(cxm_history_gone(txn, CXM_KEEP_TOUCHPOINTS, 1));
    assert_false(cxm_history_gone(txn, CXM_KEEP_TOUCHPOINTS,
                                  cxm_txn_head(txn)));
    assert_int_equal(cxm_journal_read(txn, 1, 0, &entry, &err),
                     CXM_NOT_FOUND);

    /* from the middle, with a link or without */

    assert_int_equal(cxm_journal_before(txn, 2, link, &err), CXM_OK);
    assert_memory_equal(link, none, CXM_MAC_LEN);
    assert_int_equal(cxm_journal_walk(txn, 2, 10, link, count_entry, &found,
                                      &seq, &err), CXM_OK);
    assert_int_equal(found.all, 10);
    assert_memory_not_equal(link, none, CXM_MAC_LEN);

    assert_int_equal(cxm_journal_before(txn, whole + 1, link, &err), CXM_OK);
    assert_memory_not_equal(link, none, CXM_MAC_LEN);
    assert_int_equal(cxm_journal_walk(txn, whole + 1, 10, link, count_entry,
                                      &found, &seq, &err), CXM_OK);
    assert_int_equal(seq, whole + 11);

    /* by time */

    assert_int_equal(cxm_journal_since(txn, 0, &seq, &err), CXM_OK);
    assert_int_equal(cxm_journal_read(txn, seq, 0, &entry, &err), CXM_OK);
    cxm_entry_clear(&entry);
    assert_int_equal(cxm_journal_since(txn, CXM_MS_MAX, &seq, &err), CXM_OK);
    assert_int_equal(seq, cxm_txn_head(txn) + 1);
    cxm_txn_end(txn);
}


/* --- files -------------------------------------------------------------- */

static unsigned
files_in(const char *name, char first[400])
{
    char            dir[300];
    DIR            *list;
    unsigned        n;
    struct dirent  *entry;

    snprintf(dir, sizeof(dir), "%s/%s", f.dir, name);
    list = opendir(dir);
    assert_non_null(list);

    for (n = 0; (entry = readdir(list)) != NULL; /* void */) {
        if (entry->d_name[0] == '.') {
            continue;
        }

        if (n++ == 0 && first != NULL) {
            snprintf(first, 400, "%s/%.64s", dir, entry->d_name);
        }
    }

    closedir(list);

    return n;
}


static void
flip(const char *path, long offset)
{
    int    c;
    FILE  *file;

    file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, offset, SEEK_SET), 0);
    c = fgetc(file);
    assert_int_equal(fseek(file, offset, SEEK_SET), 0);
    assert_int_equal(fputc(c ^ 1, file), c ^ 1);
    assert_int_equal(fclose(file), 0);
}


static void
volumes_may_be_away(void **state)
{
    char          away[120], one[400], elsewhere[420];
    cxm_verify_t  out;

    (void) state;

    pass_days(20, 20);
    assert_int_equal(files_in("archive", one), 20);
    assert_int_equal(files_in("checkpoint", NULL), 2);

    /* one */

    snprintf(elsewhere, sizeof(elsewhere), "%s.away", one);
    assert_int_equal(rename(one, elsewhere), 0);
    out = assert_sound(0);
    assert_int_equal(notes, 1);
    assert_non_null(strstr(last_note, strrchr(one, '/') + 1));
    assert_true(out.archived > 0 && out.archived < history().archived);
    assert_int_equal(verify(1, &out), CXM_NOT_FOUND);
    assert_int_equal(rename(elsewhere, one), 0);

    /* all of them */

    snprintf(away, sizeof(away), "%s.away", archive);
    assert_int_equal(rename(archive, away), 0);
    out = assert_sound(0);
    assert_int_equal(notes, 20);
    assert_int_equal(out.archived, 0);

    /* retention goes on, and they can come back */

    pass_days(2, 20);
    assert_sound(0);
    assert_int_equal(notes, 20);
}


static void
tampered_volume_is_found(void **state)
{
    char         one[400];
    long         offset;
    struct stat  st;

    (void) state;

    pass_days(12, 20);
    (void) files_in("archive", one);
    assert_int_equal(stat(one, &st), 0);

    for (offset = 0; offset < st.st_size; offset += 97) {
        flip(one, offset);
        assert_found(strrchr(one, '/') + 1);
        flip(one, offset);
    }

    assert_sound(0);
    assert_int_equal(truncate(one, st.st_size - 1), 0);
    assert_found(strrchr(one, '/') + 1);
}


static void
tables_are_needed_or_all_volumes(void **state)
{
    char           path[2][400], name[CXM_HISTORY_NAME];
    unsigned       i;
    struct stat    st;
    cxm_history_t  h;

    (void) state;

    pass_days(20, 20);
    h = history();

    for (i = 0; i < 2; i++) {
        cxm_history_tables_name(i == 0 ? h.previous.seq : h.newest.seq, name);
        snprintf(path[i], sizeof(path[i]), "%s/checkpoint/%s", f.dir, name);
    }

    assert_int_equal(stat(path[0], &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);

    flip(path[0], st.st_size / 2);
    assert_found("tables-");
    flip(path[0], st.st_size / 2);

    assert_int_equal(assert_sound(0).start, h.previous.seq);
    assert_int_equal(unlink(path[0]), 0);
    assert_int_equal(assert_sound(0).start, h.newest.seq);
    assert_int_equal(notes, 1);
    assert_int_equal(unlink(path[1]), 0);
    assert_int_equal(assert_sound(0).start, 0);
    assert_int_equal(notes, 2);

    (void) files_in("archive", path[0]);
    assert_int_equal(unlink(path[0]), 0);
    assert_found("neither the tables");
}


/* --- damage ------------------------------------------------------------- */

/* Sequence of the first entry at or behind `seq` that is there. */
static uint64_t
entry_at(uint64_t seq)
{
    cxm_txn_t      *txn;
    cxm_cursor_t   *cursor;
    cxm_raw_row_t   row;
    cxm_row_key_t   key;

    txn = fixture_read(&f);
    assert_int_equal(cxm_cursor_open(txn, CXM_T_JOURNAL, &cursor), CXM_OK);
    cxm_row_key(&key);
    cxm_row_key_u64(&key, seq);
    assert_int_equal(cxm_cursor_seek(cursor, &key, &row), CXM_OK);
    seq = cxm_get_u64((const uint8_t *) row.key.data);
    cxm_cursor_close(cursor);
    cxm_txn_end(txn);

    return seq;
}


/* Takes an entry out, changes it, or puts it back; value is its own. */
static void
change(uint64_t seq, int how, uint8_t value[8192], size_t *len)
{
    uint8_t         key[8];
    cxm_str_t       raw;
    cxm_txn_t      *txn;
    cxm_raw_row_t   row;
    cxm_row_key_t   k;

    cxm_put_u64(key, seq);
    row.key = (cxm_str_t) { sizeof(key), (const char *) key };
    cxm_row_key(&k);
    cxm_row_key_u64(&k, seq);

    txn = fixture_write(&f);

    if (how >= 0) {
        assert_int_equal(cxm_row_raw(txn, CXM_T_JOURNAL, row.key, &raw),
                         CXM_OK);
        memcpy(value, raw.data, raw.len);
        *len = raw.len;
        assert_int_equal(cxm_row_del(txn, CXM_T_JOURNAL, &k), CXM_OK);
    }

    if (how != 0) {
        row.raw = (cxm_str_t) { *len, (const char *) value };
        value[how > 0 ? how - 1 : 0] ^= how > 0 ? 1 : 0;
        assert_int_equal(cxm_row_put_raw(txn, CXM_T_JOURNAL, &row), CXM_OK);
        value[how > 0 ? how - 1 : 0] ^= how > 0 ? 1 : 0;
    }

    fixture_commit(txn);
}


static void
damage_before_the_checkpoint_is_found(void **state)
{
    size_t         i, len;
    uint8_t        value[8192];
    uint64_t       sparse, whole;
    cxm_history_t  h;

    (void) state;

    pass_days(20, 20);
    h = history();
    assert_true(h.kept > 40 && h.previous.seq > h.sparse + 10);

    /* an entry that was kept, and one that is still in the chain */

    sparse = entry_at(h.sparse / 2);
    whole = h.sparse + 5;

    change(sparse, 0, value, &len);
    assert_found("that were kept");
    change(sparse, -1, value, &len);
    assert_sound(0);

    change(whole, 0, value, &len);
    assert_found("is missing");
    change(whole, -1, value, &len);
    assert_sound(0);

    for (i = 1; i < len; i += 11) {
        change(sparse, (int) i + 1, value, &len);
        assert_int_not_equal(verify(0, &(cxm_verify_t) { 0 }), CXM_OK);
        change(sparse, -1, value, &len);

        change(whole, (int) i + 1, value, &len);
        assert_int_not_equal(verify(0, &(cxm_verify_t) { 0 }), CXM_OK);
        change(whole, -1, value, &len);
    }

    assert_sound(0);
}


/* What is damaged is not archived, not dropped, and not made the measure. */
static void
damage_stops_retention(void **state)
{
    size_t         len;
    uint8_t        value[8192];
    uint64_t       head;
    cxm_txn_t     *txn;
    cxm_row_key_t  key;
    cxm_history_t  h;

    (void) state;

    pass_days(10, 20);
    h = history();

    /* an entry that is about to become sparse */

    change(h.sparse + 1, 0, value, &len);
    append_at(today, KIND_EVENT, 5);
    today += CXM_MS_DAY;
    assert_int_equal(cxm_retention_run(f.store, &policy, today, NULL, NULL,
                                       &err), CXM_CORRUPT);
    assert_int_equal(history().sparse, h.sparse);
    change(h.sparse + 1, -1, value, &len);
    run_retention();
    assert_true(history().sparse > h.sparse);
    assert_sound(0);

    /* one that is to be archived */

    append_at(today, KIND_EVENT, 5);
    head = assert_sound(0).head;
    change(head - 2, 0, value, &len);
    today += CXM_MS_DAY;
    h = history();
    assert_int_equal(cxm_retention_run(f.store, &policy, today, NULL, NULL,
                                       &err), CXM_CORRUPT);
    assert_int_equal(history().archived, h.archived);
    change(head - 2, -1, value, &len);

    /* a row of the tables: dropping needs no new checkpoint, but gets none */

    txn = fixture_write(&f);
    row_key(&key, KIND_FORM, entry_at(head));
    cxm_row_key_u8(&key, 1);
    assert_int_equal(cxm_row_put_raw(txn, CXM_T_DOC,
                                     &(cxm_raw_row_t) {
                                         cxm_row_key_str(&key),
                                         cxm_str("not sealed at all, by "
                                                 "nobody whom we know") }),
                     CXM_OK);
    fixture_commit(txn);
    assert_int_equal(cxm_retention_run(f.store, &policy, today, NULL, NULL,
                                       &err), CXM_CORRUPT);
    assert_int_equal(history().newest.seq, h.newest.seq);
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


/* Files of a checkpoint that was not written down are written over. */
static void
files_without_an_entry(void **state)
{
    char           path[400], name[CXM_HISTORY_NAME];
    cxm_volume_t   volume = { 0 };

    (void) state;

    pass_days(3, 20);
    volume.first = history().archived + 1;
    volume.last = volume.first + 100;
    cxm_history_volume_name(&volume, name);
    snprintf(path, sizeof(path), "%s/%s", archive, name);
    assert_int_equal(symlink("/dev/null", path), 0);
    snprintf(path, sizeof(path), "%s/new-1.tmp", archive);
    fclose(fopen(path, "w"));
    snprintf(path, sizeof(path), "%s/checkpoint/new-2.tmp", f.dir);
    fclose(fopen(path, "w"));
    snprintf(path, sizeof(path), "%s/checkpoint/tables-%020d", f.dir, 7);
    fclose(fopen(path, "w"));

    pass_days(10, 20);
    assert_int_equal(files_in("checkpoint", NULL), 2);
    assert_int_equal(files_in("archive", NULL), 14);
    assert_sound(1);
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
        TEST(readers_pass_over_holes),
        TEST(volumes_may_be_away),
        TEST(tampered_volume_is_found),
        TEST(tables_are_needed_or_all_volumes),
        TEST(damage_before_the_checkpoint_is_found),
        TEST(damage_stops_retention),
        TEST(stopped_anywhere),
        TEST(files_without_an_entry),
        TEST(one_at_a_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
