/*
 * History: readers of a journal with holes, and what verify proves of it and
 * finds in it.
 */

#include "retention_fixture.h"

#include "cxm_store_int.h"


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


#define TEST(name)  cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(readers_pass_over_holes),
        TEST(volumes_may_be_away),
        TEST(tampered_volume_is_found),
        TEST(tables_are_needed_or_all_volumes),
        TEST(damage_before_the_checkpoint_is_found),
        TEST(damage_stops_retention),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
