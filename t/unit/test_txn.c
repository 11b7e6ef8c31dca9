/*
 * Transactions: abort, memory of rooms, latch, disk and map, threads,
 * processes.
 */

#include "unit_store.h"

#include <pthread.h>
#include <sys/wait.h>

#include "cxm_store_int.h"


static cxm_error_t   err;


static void
abort_and_empty_commit_write_nothing(void **state)
{
    cxm_txn_t         *txn;
    cxm_store_stat_t   before, after;

    (void) state;
    assert_int_equal(cxm_store_stat(unit.store, &before, &err), CXM_OK);
    txn = unit_write(&unit, UNIT_NOW);
    assert_int_equal(cxm_txn_now(txn), UNIT_NOW);
    assert_true(cxm_txn_writable(txn));
    assert_ptr_equal(cxm_txn_store(txn), unit.store);
    assert_int_equal(unit_append(txn, "one", 0, NULL, NULL), CXM_OK);
    assert_int_equal(cxm_txn_head(txn), 1);
    cxm_txn_end(txn);

    unit_commit(unit_write(&unit, UNIT_NOW));

    txn = unit_read(&unit);
    assert_int_equal(cxm_txn_head(txn), 0);
    assert_int_equal(cxm_txn_now(txn), 0);
    assert_false(cxm_txn_writable(txn));
    unit_commit(txn);
    cxm_txn_end(NULL);

    assert_int_equal(cxm_store_stat(unit.store, &after, &err), CXM_OK);
    assert_int_equal(before.pages_used, after.pages_used);
    assert_int_equal(before.pages_free, after.pages_free);
}


static void
a_clock_that_is_set_back_stands_still(void **state)
{
    cxm_txn_t  *txn;

    (void) state;
    txn = unit_write(&unit, UNIT_NOW);
    assert_int_equal(unit_append(txn, "one", 0, NULL, NULL), CXM_OK);
    unit_commit(txn);

    txn = unit_write(&unit, UNIT_NOW - CXM_MS_DAY);
    assert_int_equal(cxm_txn_now(txn), UNIT_NOW);
    cxm_txn_end(txn);

    txn = unit_write(&unit, UNIT_NOW + 1);
    assert_int_equal(cxm_txn_now(txn), UNIT_NOW + 1);
    cxm_txn_end(txn);
}


static unsigned  destroyed;


static void
destroy(void *data)
{
    destroyed += *(unsigned *) data;
}


static void
rooms_have_memory(void **state)
{
    unsigned   *a;
    cxm_txn_t  *txn;

    (void) state;
    destroyed = 0;
    txn = unit_read(&unit);
    a = cxm_txn_slot(txn, CXM_SLOT_SURVEY, sizeof(*a), destroy);
    assert_int_equal(*a, 0);
    *a = 5;
    assert_ptr_equal(cxm_txn_slot(txn, CXM_SLOT_SURVEY, sizeof(*a), destroy),
                     a);
    a = cxm_txn_slot(txn, CXM_SLOT_TOUCHPOINT, sizeof(*a), NULL);
    *a = 7;
    cxm_txn_end(txn);
    assert_int_equal(destroyed, 5);

    txn = unit_read(&unit);
    a = cxm_txn_slot(txn, CXM_SLOT_SURVEY, sizeof(*a), destroy);
    assert_int_equal(*a, 0);
    cxm_txn_end(txn);
}


static void
the_latch_refuses_writes_only(void **state)
{
    cxm_txn_t  *txn;

    (void) state;
    cxm_store_latch(unit.store, "test");
    assert_int_equal(unit_alerts, 1);
    cxm_store_latch(unit.store, "again");
    assert_true(cxm_store_latched(unit.store));
    assert_int_equal(cxm_txn_write(unit.store, UNIT_NOW, &txn, &err),
                     CXM_LATCHED);
    assert_true(err.retry_after > 0);
    cxm_txn_end(unit_read(&unit));

    unit_reopen(&unit);
    assert_true(cxm_store_latched(unit.store));
    assert_int_equal(cxm_store_unlatch(unit.store), CXM_OK);
    assert_false(cxm_store_latched(unit.store));
    assert_int_equal(cxm_store_unlatch(unit.store), CXM_OK);
    cxm_txn_end(unit_write(&unit, UNIT_NOW));
}


static void
little_disk_space_refuses_writes(void **state)
{
    cxm_txn_t  *txn;

    (void) state;
    cxm_store_close(unit.store);
    unit.opts.min_free = UINT64_MAX - 1;
    unit_open(&unit);
    assert_int_equal(cxm_txn_write(unit.store, UNIT_NOW, &txn, &err),
                     CXM_FULL);
    assert_string_equal(err.code, "disk_full");
    assert_int_equal(err.retry_after, 30);
    cxm_txn_end(unit_read(&unit));
}


static cxm_rc_t
fill(uint64_t no, const char *text)
{
    cxm_rc_t        rc;
    cxm_txn_t      *txn;
    cxm_row_key_t   key;

    rc = cxm_txn_write(unit.store, UNIT_NOW, &txn, &err);

    if (rc != CXM_OK) {
        return rc;
    }

    cxm_row_key(&key);
    cxm_row_key_u64(&key, no);
    rc = cxm_row_put(txn, CXM_T_DOC, &key, cxm_strz(text));

    if (rc != CXM_OK) {
        (void) cxm_fail(&err, rc, "put", "put");
        cxm_txn_end(txn);
        return rc;
    }

    return cxm_txn_commit(txn, &err);
}


static void
the_map_warns_and_sheds(void **state)
{
    char              text[100 * 1024];
    uint64_t          n;
    cxm_rc_t          rc;
    MDB_txn          *mdb;
    cxm_store_stat_t  st;

    (void) state;
    cxm_store_close(unit.store);
    unit.opts.map_size = 4 << 20;
    unit_open(&unit);

    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    rc = CXM_OK;

    for (n = 0; n < 100 && rc == CXM_OK; n++) {
        unit.store->free_at = 0;
        rc = fill(n, text);
    }

    assert_int_equal(rc, CXM_FULL);
    assert_string_equal(err.code, "map_full");
    assert_int_equal(unit.store->map_warned, 1);
    assert_int_equal(cxm_store_stat(unit.store, &st, &err), CXM_OK);
    assert_true((st.pages_used - st.pages_free) * 100
                > st.map_size / st.page_size * CXM_MAP_SHED);

    /* what was deleted is room again, as soon as it is counted */

    assert_int_equal(mdb_txn_begin(unit.store->env, NULL, 0, &mdb), 0);
    assert_int_equal(mdb_drop(mdb, unit.store->dbi[CXM_T_DOC], 0), 0);
    assert_int_equal(mdb_txn_commit(mdb), 0);
    unit.store->free_at = 0;
    assert_int_equal(fill(0, text), CXM_OK);
}


static void
a_full_map_in_a_transaction(void **state)
{
    char            text[100 * 1024];
    uint64_t        n;
    cxm_rc_t        rc;
    cxm_str_t       value;
    cxm_txn_t      *txn;
    cxm_row_key_t   key;

    (void) state;
    cxm_store_close(unit.store);
    unit.opts.map_size = 4 << 20;
    unit_open(&unit);

    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    rc = CXM_OK;
    txn = unit_write(&unit, UNIT_NOW);

    for (n = 0; n < 100 && rc == CXM_OK; n++) {
        cxm_row_key(&key);
        cxm_row_key_u64(&key, n);
        rc = cxm_row_put(txn, CXM_T_DOC, &key, cxm_strz(text));
    }

    assert_int_equal(rc, CXM_FULL);
    assert_int_equal(cxm_row_put(txn, CXM_T_DOC, &key, cxm_str("x")),
                     CXM_FULL);
    assert_int_equal(cxm_txn_commit(txn, &err), CXM_FULL);
    assert_int_equal(unit_alerts, 0);

    txn = unit_read(&unit);
    cxm_row_key(&key);
    cxm_row_key_u64(&key, 0);
    assert_int_equal(cxm_row_get(txn, CXM_T_DOC, &key, &value),
                     CXM_NOT_FOUND);
    cxm_txn_end(txn);
    assert_int_equal(fill(1, "small"), CXM_OK);
}


#define THREADS  8
#define ROUNDS   40


static void *
many_threads(void *arg)
{
    unsigned      i;
    cxm_rc_t      rc;
    uint64_t      head;
    cxm_txn_t    *txn;
    cxm_error_t   e;
    cxm_entry_t   entry;

    (void) arg;
    cxm_error_init(&e);

    for (i = 0; i < ROUNDS; i++) {

        if (cxm_txn_write(unit.store, UNIT_NOW, &txn, &e) != CXM_OK
            || unit_append(txn, "thread", 0, NULL, NULL) != CXM_OK
            || cxm_txn_commit(txn, &e) != CXM_OK)
        {
            return "write";
        }

        if (cxm_txn_read(unit.store, &txn, &e) != CXM_OK) {
            return "read";
        }

        head = cxm_txn_head(txn);
        rc = cxm_journal_read(txn, head, 0, &entry, &e);
        cxm_entry_clear(&entry);

        if (rc != CXM_OK
            || cxm_journal_read(txn, head + 1, 0, &entry, &e)
               != CXM_NOT_FOUND)
        {
            return "head";
        }

        cxm_txn_end(txn);
    }

    return NULL;
}


static void
threads_share_the_handle(void **state)
{
    int         i;
    void       *result;
    cxm_txn_t  *txn;
    pthread_t   threads[THREADS];

    (void) state;

    for (i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, many_threads, NULL),
                         0);
    }

    for (i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], &result), 0);

        if (result != NULL) {
            fail_msg("%s", (char *) result);
        }
    }

    txn = unit_read(&unit);
    assert_int_equal(cxm_txn_head(txn), THREADS * ROUNDS);
    cxm_txn_end(txn);
    unit_reopen(&unit);
}


/* In a child, that must not use cmocka: 0 if all went well. */
static int
child(int n)
{
    int           i;
    cxm_txn_t    *txn;
    cxm_error_t   e;
    cxm_store_t  *store;

    for (i = 0; i < n; i++) {

        while (cxm_store_open(&unit.opts, &store, &e) != CXM_OK) {

            if (e.rc != CXM_UNAVAILABLE) {
                (void) fprintf(stderr, "# open: %s\n", e.detail);
                return 1;
            }

            (void) usleep(1000);
        }

        if (cxm_txn_write(store, UNIT_NOW, &txn, &e) != CXM_OK
            || unit_append(txn, "child", 0, NULL, NULL) != CXM_OK
            || cxm_txn_commit(txn, &e) != CXM_OK)
        {
            (void) fprintf(stderr, "# write: %s\n", e.detail);
            return 2;
        }

        cxm_store_close(store);
    }

    return 0;
}


static void
processes_open_close_and_write(void **state)
{
    int         i, status;
    pid_t       pid[4];
    cxm_txn_t  *txn;

    (void) state;
    cxm_store_close(unit.store);
    unit.store = NULL;

    for (i = 0; i < 4; i++) {
        pid[i] = fork();

        if (pid[i] == 0) {
            _exit(child(25));
        }
    }

    for (i = 0; i < 4; i++) {
        assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }

    unit_open(&unit);
    txn = unit_read(&unit);
    assert_int_equal(cxm_txn_head(txn), 100);
    cxm_txn_end(txn);
}


static void
a_handle_dies_at_fork(void **state)
{
    int           status;
    pid_t         pid;
    cxm_store_t  *store;

    (void) state;
    pid = fork();

    if (pid == 0) {
        cxm_store_close(unit.store);

        if (cxm_store_open(&unit.opts, &store, &err) != CXM_OK) {
            _exit(1);
        }

        _exit(store == unit.store ? 2 : 0);
    }

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    cxm_txn_end(unit_write(&unit, UNIT_NOW));
}


static void
readers_of_dead_processes_are_reaped(void **state)
{
    int               status;
    pid_t             pid;
    cxm_txn_t        *txn;
    cxm_store_t      *store;
    cxm_store_stat_t  st;

    (void) state;
    pid = fork();

    if (pid == 0) {
        if (cxm_store_open(&unit.opts, &store, &err) != CXM_OK
            || cxm_txn_read(store, &txn, &err) != CXM_OK)
        {
            _exit(1);
        }

        _exit(0);
    }

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);

    txn = unit_write(&unit, UNIT_NOW);
    assert_int_equal(unit_append(txn, "one", 0, NULL, NULL), CXM_OK);
    unit_commit(txn);

    assert_int_equal(cxm_store_stat(unit.store, &st, &err), CXM_OK);
    assert_int_equal(st.reader_lag, 1);
    assert_int_equal(cxm_store_reap(unit.store), 1);
    assert_int_equal(cxm_store_stat(unit.store, &st, &err), CXM_OK);
    assert_int_equal(st.reader_lag, 0);
    assert_int_equal(cxm_store_reap(unit.store), 0);
}


/* Commits write to blocks that are there: the file grows by large pieces. */
static void
the_file_grows_ahead(void **state)
{
    int               i, grown;
    char              path[400];
    off_t             size;
    cxm_txn_t        *txn;
    struct stat       st;
    cxm_store_stat_t  used;

    (void) state;
    (void) snprintf(path, sizeof(path), "%s/data", unit.dir);
    grown = 0;
    size = 0;

    for (i = 0; i < 600; i++) {
        txn = unit_write(&unit, UNIT_NOW);
        assert_int_equal(unit_append(txn, "one", 0, NULL, NULL), CXM_OK);
        unit_commit(txn);

        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(cxm_store_stat(unit.store, &used, &err), CXM_OK);
        assert_true((uint64_t) st.st_size
                    >= (used.pages_used + 16) * used.page_size);
        assert_true(st.st_blocks * 512 >= st.st_size);

        grown += st.st_size != size;
        size = st.st_size;
    }

    assert_in_range(grown, 1, 8);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        UNIT_STORE_TEST(abort_and_empty_commit_write_nothing),
        UNIT_STORE_TEST(a_clock_that_is_set_back_stands_still),
        UNIT_STORE_TEST(rooms_have_memory),
        UNIT_STORE_TEST(the_latch_refuses_writes_only),
        UNIT_STORE_TEST(little_disk_space_refuses_writes),
        UNIT_STORE_TEST(the_map_warns_and_sheds),
        UNIT_STORE_TEST(a_full_map_in_a_transaction),
        UNIT_STORE_TEST(threads_share_the_handle),
        UNIT_STORE_TEST(processes_open_close_and_write),
        UNIT_STORE_TEST(a_handle_dies_at_fork),
        UNIT_STORE_TEST(readers_of_dead_processes_are_reaped),
        UNIT_STORE_TEST(the_file_grows_ahead)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
