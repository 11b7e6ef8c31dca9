/*
 * Verify: a sound store passes, while it is written too; every kind of damage
 * is found and named.  The one kind of entry here touches all five tables.
 */

#include "tables_fixture.h"

#include <pthread.h>

#include "cxm_counter.h"
#include "cxm_due.h"
#include "cxm_json.h"
#include "cxm_once.h"
#include "cxm_store_int.h"
#include "cxm_verify.h"


static uint64_t  misapply;          /* sequence whose counter goes below 0 */


static void
doc_key(cxm_row_key_t *key, uint64_t no)
{
    cxm_row_key(key);
    cxm_row_key_u8(key, CXM_KIND_SURVEY);
    cxm_row_key_u64(key, no);
}


static cxm_rc_t
apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    uint8_t        hash[CXM_HASH_LEN];
    cxm_rc_t       rc;
    uint64_t       no;
    cxm_row_key_t  key;
    cxm_series_t   series = { 1, 1, 0, 0 };

    no = (uint64_t) cxm_json_get_int(entry->body, "no", 0);
    memset(hash, 0, sizeof(hash));
    cxm_put_u64(hash, no);

    doc_key(&key, no);
    rc = cxm_row_put_sealed(txn, CXM_T_DOC, &key, cxm_str("a document"));

    if (rc == CXM_OK) {
        rc = cxm_row_put(txn, CXM_T_INDEX, &key, cxm_str("an index row"));
    }

    if (rc == CXM_OK) {
        rc = cxm_counter_add(txn, &series, cxm_entry_time(entry), no % 11,
                             entry->seq == misapply ? -1000000 : 1);
    }

    if (rc == CXM_OK) {
        rc = cxm_once_put(txn, CXM_ONCE_EVENT, hash, cxm_entry_time(entry),
                          cxm_str("seen"));
    }

    return rc == CXM_OK
           ? cxm_due_put(txn, cxm_entry_time(entry) + CXM_MS_DAY, 1, no) : rc;
}


static const cxm_kind_t  kind = {
    .no = CXM_KIND_SURVEY, .version = 1, .name = "survey", .apply = apply
};
static const cxm_flow_t  flow = { .kinds = { [CXM_KIND_SURVEY] = &kind } };


static int
setup(void **state)
{
    misapply = 0;
    *state = (void *) &flow;

    return fixture_setup(state);
}


/* Entries first .. first + n - 1 in one transaction. */
static void
append(fixture_t *f, uint64_t first, uint64_t n, cxm_ms_t now)
{
    uint64_t      i;
    cxm_txn_t    *txn;
    cxm_entry_t   entry;

    assert_int_equal(cxm_txn_write(f->store, now, &txn, NULL), CXM_OK);

    for (i = first; i < first + n; i++) {
        memset(&entry, 0, sizeof(entry));
        entry.kind = CXM_KIND_SURVEY;
        entry.action = CXM_ACTION_ADD;
        entry.body = json_pack("{s:I}", "no", (json_int_t) i);
        assert_int_equal(cxm_journal_append(txn, &entry, NULL), CXM_OK);
        cxm_entry_clear(&entry);
    }

    fixture_commit(txn);
}


typedef struct {
    unsigned  calls;
    uint64_t  done;
    uint64_t  total;
} progress_t;


static void
on_progress(void *ctx, uint64_t done, uint64_t total)
{
    progress_t  *p = ctx;

    assert_true(done >= p->done);
    assert_true(done <= total);
    p->calls++;
    p->done = done;
    p->total = total;
}


static cxm_rc_t
verify(fixture_t *f, uint64_t seq, const uint8_t *link, cxm_verify_t *out)
{
    char               dir[100];
    cxm_rc_t           rc;
    progress_t         progress = { 0, 0, 0 };
    cxm_error_t        err;
    cxm_verify_opts_t  opts = { 0 };

    cxm_error_init(&err);
    snprintf(dir, sizeof(dir), "%s/scratch", f->root);

    opts.scratch = dir;
    opts.expect_seq = seq;
    opts.expect_link = link;
    opts.progress = on_progress;
    opts.ctx = &progress;

    rc = cxm_verify(f->store, &opts, out, &err);

    /* nothing is left behind, whatever came out */
    assert_int_equal(access(dir, F_OK), -1);
    assert_int_equal(err.rc, rc);

    if (rc == CXM_OK) {
        assert_string_equal(out->finding, "");
        assert_int_equal(out->bad_seq, 0);
        assert_int_equal(progress.done, progress.total);

    } else if (rc == CXM_CORRUPT) {
        assert_string_equal(err.detail, out->finding);
    }

    return rc;
}


static void
assert_sound(fixture_t *f, cxm_verify_t *out)
{
    if (verify(f, 0, NULL, out) != CXM_OK) {
        print_error("%s\n", out->finding);
        fail();
    }
}


/* Verify fails and says all of this. */
static void
assert_found(fixture_t *f, const char *where, const char *what, uint64_t seq)
{
    cxm_verify_t  out;

    assert_int_equal(verify(f, 0, NULL, &out), CXM_CORRUPT);

    if (strstr(out.finding, where) == NULL
        || strstr(out.finding, what) == NULL || out.bad_seq != seq)
    {
        print_error("\"%s\" (%llu), not \"%s\" and \"%s\"\n", out.finding,
                    (unsigned long long) out.bad_seq, where, what);
        fail();
    }
}


static void
sound_store_passes(void **state)
{
    cxm_verify_t      out;
    cxm_store_stat_t  stat;

    assert_sound(*state, &out);
    assert_int_equal(out.head, 0);
    assert_int_equal(out.rows, 0);

    append(*state, 1, 1500, cxm_now());
    append(*state, 1501, 1000, cxm_now());
    assert_sound(*state, &out);
    assert_int_equal(out.head, 2500);
    assert_int_equal(out.entries, 2500);
    assert_true(out.rows >= 4 * 2500 + 2);

    assert_int_equal(cxm_store_stat(((fixture_t *) *state)->store, &stat,
                                    NULL), CXM_OK);
    assert_memory_equal(out.link, stat.link, CXM_MAC_LEN);
}


static void
head_seen_before_must_be_there(void **state)
{
    uint8_t       link[CXM_MAC_LEN];
    cxm_verify_t  out;

    append(*state, 1, 5, cxm_now());
    assert_sound(*state, &out);
    memcpy(link, out.link, sizeof(link));

    append(*state, 6, 5, cxm_now());
    assert_int_equal(verify(*state, 5, link, &out), CXM_OK);
    assert_int_equal(out.head, 10);

    assert_int_equal(verify(*state, 4, link, &out), CXM_CORRUPT);
    assert_int_equal(out.bad_seq, 4);

    assert_int_equal(verify(*state, 11, link, &out), CXM_CORRUPT);
    assert_int_equal(out.bad_seq, 11);
    assert_non_null(strstr(out.finding, "gone"));
}


/* The n-th row of a table, counted from 0. */
static void
raw_row(cxm_txn_t *txn, cxm_table_t table, unsigned n, cxm_row_key_t *key,
    uint8_t *value, size_t *len)
{
    cxm_cursor_t   *cursor;
    cxm_row_key_t   first;
    cxm_raw_row_t   row;

    assert_int_equal(cxm_cursor_open(txn, table, &cursor), CXM_OK);
    cxm_row_key(&first);
    assert_int_equal(cxm_cursor_seek(cursor, &first, &row), CXM_OK);

    while (n-- > 0) {
        assert_int_equal(cxm_cursor_next(cursor, &row), CXM_OK);
    }

    cxm_row_key(key);
    cxm_row_key_bytes(key, row.key.data, row.key.len);
    *len = row.raw.len;
    memcpy(value, row.raw.data, row.raw.len);
    cxm_cursor_close(cursor);
}


static void
raw_put(cxm_txn_t *txn, cxm_table_t table, const cxm_row_key_t *key,
    const uint8_t *value, size_t len)
{
    MDB_val  k = { key->len, (void *) key->b };
    MDB_val  v = { len, (void *) value };

    cxm_txn_touch(txn);
    assert_int_equal(mdb_put(txn->mdb, txn->store->dbi[table], &k, &v, 0), 0);
}


static void
damaged_rows_are_named(void **state)
{
    size_t         i, len;
    uint8_t        value[4096];
    cxm_txn_t     *txn;
    cxm_verify_t   out;
    cxm_row_key_t  key;

    static const struct {
        cxm_table_t  table;
        const char  *name;
    } tables[] = {
        { CXM_T_DOC, "doc" }, { CXM_T_INDEX, "index" },
        { CXM_T_COUNTER, "counter" }, { CXM_T_ONCE, "once" },
        { CXM_T_DUE, "due" }
    };

    append(*state, 1, 20, cxm_now());

    for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {

        txn = fixture_write(*state);
        raw_row(txn, tables[i].table, 1, &key, value, &len);
        value[0] ^= 1;
        raw_put(txn, tables[i].table, &key, value, len);
        fixture_commit(txn);
        assert_found(*state, tables[i].name, "differs", 0);

        txn = fixture_write(*state);
        assert_int_equal(cxm_row_del(txn, tables[i].table, &key), CXM_OK);
        fixture_commit(txn);
        assert_found(*state, tables[i].name, "is missing in the store", 0);

        txn = fixture_write(*state);
        value[0] ^= 1;
        raw_put(txn, tables[i].table, &key, value, len);
        fixture_commit(txn);
        assert_sound(*state, &out);

        /* a row that is all right in itself, and that no entry gave */
        txn = fixture_write(*state);
        cxm_row_key_u8(&key, 0);
        assert_int_equal(cxm_row_put(txn, tables[i].table, &key,
                                     cxm_str("x")), CXM_OK);
        fixture_commit(txn);
        assert_found(*state, tables[i].name, "is not what the journal", 0);

        txn = fixture_write(*state);
        assert_int_equal(cxm_row_del(txn, tables[i].table, &key), CXM_OK);
        fixture_commit(txn);
    }

    assert_sound(*state, &out);
}


static void
long_keys_are_cut(void **state)
{
    cxm_txn_t     *txn;
    cxm_row_key_t  key;
    uint8_t        bytes[CXM_ROW_KEY_MAX];

    memset(bytes, 0xee, sizeof(bytes));
    cxm_row_key(&key);
    cxm_row_key_bytes(&key, bytes, sizeof(bytes));

    txn = fixture_write(*state);
    assert_int_equal(cxm_row_put(txn, CXM_T_INDEX, &key, cxm_str("x")),
                     CXM_OK);
    fixture_commit(txn);
    assert_found(*state, "eeee...", "is not what the journal", 0);
}


static void
damaged_entries_are_named(void **state)
{
    size_t         i, len;
    uint8_t        value[4096], good[4096];
    cxm_txn_t     *txn;
    cxm_verify_t   out;
    cxm_row_key_t  key, last;

    append(*state, 1, 20, cxm_now());

    /* any byte of any entry */
    for (i = 0; i < 200; i += 7) {
        txn = fixture_write(*state);
        raw_row(txn, CXM_T_JOURNAL, 11, &key, good, &len);
        memcpy(value, good, len);
        value[i % len] ^= 0x10;
        raw_put(txn, CXM_T_JOURNAL, &key, value, len);
        fixture_commit(txn);

        assert_int_not_equal(verify(*state, 0, NULL, &out), CXM_OK);

        txn = fixture_write(*state);
        raw_put(txn, CXM_T_JOURNAL, &key, good, len);
        fixture_commit(txn);
    }

    txn = fixture_write(*state);
    value[len - 1] = good[len - 1] ^ 1;
    memcpy(value, good, len - 1);
    raw_put(txn, CXM_T_JOURNAL, &key, value, len);
    fixture_commit(txn);
    assert_found(*state, "journal entry 12", "link", 12);

    txn = fixture_write(*state);
    assert_int_equal(cxm_row_del(txn, CXM_T_JOURNAL, &key), CXM_OK);
    fixture_commit(txn);
    assert_found(*state, "journal entry 12", "is missing", 12);

    txn = fixture_write(*state);
    raw_put(txn, CXM_T_JOURNAL, &key, good, len);
    raw_row(txn, CXM_T_JOURNAL, 19, &last, value, &len);
    assert_int_equal(cxm_row_del(txn, CXM_T_JOURNAL, &last), CXM_OK);
    fixture_commit(txn);
    assert_found(*state, "journal entry 20", "is missing", 20);

    txn = fixture_write(*state);
    raw_put(txn, CXM_T_JOURNAL, &last, value, len);
    cxm_row_key(&key);
    cxm_row_key_u64(&key, 22);
    raw_put(txn, CXM_T_JOURNAL, &key, value, len);
    fixture_commit(txn);
    assert_found(*state, "table journal", "21 rows", 0);
}


static void
a_count_below_zero_names_its_entry(void **state)
{
    append(*state, 1, 1700, cxm_now());

    misapply = 1234;
    assert_found(*state, "journal entry 1234", "does not replay", 1234);
}


static void
expired_rows_are_not_missed(void **state)
{
    unsigned      deleted;
    cxm_txn_t    *txn;
    cxm_verify_t  out;

    append(*state, 1, 10, cxm_now() - 9 * CXM_MS_DAY);
    append(*state, 11, 10, cxm_now());
    assert_sound(*state, &out);

    txn = fixture_write(*state);
    assert_int_equal(cxm_once_expire(txn, cxm_now(), 7, &deleted), CXM_OK);
    assert_int_equal(deleted, 7);
    fixture_commit(txn);
    assert_sound(*state, &out);
    assert_int_equal(fixture_rows(*state, CXM_T_ONCE), 13);
}


static void *
writer(void *data)
{
    uint64_t  no;

    for (no = 3000; no < 3300; no += 3) {
        append(data, no, 3, cxm_now());
    }

    return NULL;
}


static void
may_run_while_it_is_written(void **state)
{
    int           i;
    pthread_t     thread;
    cxm_verify_t  out;

    append(*state, 1, 1500, cxm_now());
    assert_int_equal(pthread_create(&thread, NULL, writer, *state), 0);

    for (i = 0; i < 3; i++) {
        assert_sound(*state, &out);
        assert_true(out.head >= 1500);
    }

    pthread_join(thread, NULL);
    assert_sound(*state, &out);
    assert_int_equal(out.head, 1800);
}


static void
failing_is_no_finding(void **state)
{
    fixture_t    *f = *state;
    cxm_error_t        err;
    cxm_verify_t       out;
    cxm_verify_opts_t  opts = { .scratch = "/nowhere/at/all" };

    cxm_error_init(&err);
    assert_int_equal(cxm_verify(f->store, &opts, &out, &err), CXM_IO);
    assert_string_equal(out.finding, "");
    assert_true(err.detail[0] != '\0');
}


#define TEST(f)  cmocka_unit_test_setup_teardown(f, setup, fixture_teardown)


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(sound_store_passes),
        TEST(head_seen_before_must_be_there),
        TEST(damaged_rows_are_named),
        TEST(long_keys_are_cut),
        TEST(damaged_entries_are_named),
        TEST(a_count_below_zero_names_its_entry),
        TEST(expired_rows_are_not_missed),
        TEST(may_run_while_it_is_written),
        TEST(failing_is_no_finding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
