/*
 * The store: init, check, open, registry, scratch.
 */

#include "unit_store.h"

#include <errno.h>
#include <fcntl.h>

#include "cxm_store_int.h"


static cxm_error_t   err;


static int
setup_dir(void **state)
{
    (void) state;
    unit_dir(&unit);
    cxm_error_init(&err);

    return 0;
}


static void
file(char path[400], const char *name)
{
    (void) snprintf(path, 400, "%s/%s", unit.dir, name);
}


static void
assert_mode(const char *name, mode_t mode)
{
    char         path[400];
    struct stat  st;

    file(path, name);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, mode);
    assert_int_equal(st.st_uid, geteuid());
}


static cxm_rc_t
init(void)
{
    return cxm_store_init(&unit.opts, (unsigned) -1, (unsigned) -1, &err);
}


static void
init_makes_a_private_store(void **state)
{
    cxm_store_stat_t  st;

    (void) state;
    assert_mode(".", 0700);
    assert_mode("data", 0600);
    assert_mode("data-lock", 0600);
    assert_mode("keys", 0600);
    assert_mode("master.key", 0600);

    assert_int_equal(cxm_store_stat(unit.store, &st, &err), CXM_OK);
    assert_int_equal(st.head, 0);
    assert_int_equal(st.persons, 1);
    assert_int_equal(st.map_size, 64 << 20);
    assert_int_equal(st.max_readers, CXM_MAX_READERS);
    assert_int_equal(st.readers, 1);
    assert_int_equal(st.reader_lag, 0);
    assert_int_equal(st.rows[CXM_T_META], 4);
    assert_true(st.node > 0 && st.node < 1u << 28);
    assert_int_equal(st.epoch, 1);
    assert_false(cxm_uuid_is_nil(&st.uuid));
    assert_memory_equal(st.link, st.uuid.b, CXM_MAC_LEN);
    assert_false(st.latched);
    assert_true(st.disk_free > 0);

    assert_int_equal(init(), CXM_CONFLICT);
    assert_int_equal(cxm_store_check(&unit.opts, &err), CXM_OK);
}


static void
init_takes_a_key_that_is_there(void **state)
{
    int    fd;
    char   path[400];

    (void) state;
    (void) snprintf(path, sizeof(path), "%s/own.key", unit.root);
    unit.opts.key_file = path;

    fd = open(path, O_WRONLY | O_CREAT, 0640);
    assert_int_equal(write(fd, "0123456789abcdef0123456789abcdef", 32), 32);
    assert_int_equal(fchmod(fd, 0640), 0);
    assert_int_equal(init(), CXM_INVALID);
    assert_non_null(strstr(err.detail, "0640"));
    assert_int_equal(fchmod(fd, 0600), 0);
    assert_int_equal(close(fd), 0);

    assert_int_equal(init(), CXM_OK);
    unit_open(&unit);
    assert_int_equal(access(path, F_OK), 0);
    file(path, "master.key");
    assert_int_equal(access(path, F_OK), -1);
}


static void
init_does_not_replace_person_keys(void **state)
{
    char  path[400], saved[400];

    (void) state;
    assert_int_equal(init(), CXM_OK);
    file(path, "data");
    (void) snprintf(saved, sizeof(saved), "%s/saved", unit.root);
    assert_int_equal(rename(path, saved), 0);
    assert_int_equal(init(), CXM_CONFLICT);
    assert_int_equal(rename(saved, path), 0);
    unit_open(&unit);
}


static void
assert_check(cxm_rc_t rc, const char *text)
{
    cxm_error_init(&err);
    assert_int_equal(cxm_store_check(&unit.opts, &err), rc);

    if (text == NULL) {
        assert_int_equal(err.rc, CXM_OK);

    } else {
        assert_non_null(strstr(err.detail, text));
        assert_null(strchr(err.detail, '\n'));
    }
}


static void
check_tells_what_is_wrong(void **state)
{
    int    fd;
    char   key[400], other[400], data[400];

    (void) state;
    assert_check(CXM_NOT_FOUND, "missing");

    assert_int_equal(init(), CXM_OK);
    assert_check(CXM_OK, NULL);
    file(key, "master.key");
    file(other, "other");
    file(data, "data");

    assert_int_equal(chmod(key, 0604), 0);
    assert_check(CXM_INVALID, "0604");
    assert_int_equal(chmod(key, 0400), 0);
    assert_check(CXM_OK, NULL);
    assert_int_equal(rename(key, other), 0);
    assert_check(CXM_NOT_FOUND, "missing");
    assert_int_equal(symlink(other, key), 0);
    assert_check(CXM_INVALID, "symbolic");
    assert_int_equal(unlink(key), 0);
    assert_int_equal(mkfifo(key, 0600), 0);
    assert_check(CXM_INVALID, "not a regular file");
    assert_int_equal(unlink(key), 0);
    fd = open(key, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(fd, "short", 5), 5);
    assert_int_equal(close(fd), 0);
    assert_check(CXM_INVALID, "5 bytes");
    assert_int_equal(rename(other, key), 0);
    assert_check(CXM_OK, NULL);

    assert_int_equal(unlink(data), 0);
    assert_check(CXM_INVALID, "is not a store");
    assert_int_equal(unlink(key), 0);
    assert_check(CXM_NOT_FOUND, "missing");

    unit.opts.dir = "/dev/null";
    assert_check(CXM_INVALID, "not a directory");
    unit.opts.dir = unit.dir;
}


static void
a_directory_is_opened_once(void **state)
{
    char              link[400];
    cxm_store_t      *a, *b;
    cxm_store_opts_t  opts;

    (void) state;
    (void) snprintf(link, sizeof(link), "%s/link", unit.root);
    assert_int_equal(symlink(unit.dir, link), 0);

    opts = unit.opts;
    opts.dir = link;
    assert_int_equal(cxm_store_open(&unit.opts, &a, &err), CXM_OK);
    assert_int_equal(cxm_store_open(&opts, &b, &err), CXM_OK);
    assert_ptr_equal(a, unit.store);
    assert_ptr_equal(b, unit.store);
    cxm_store_close(a);
    cxm_store_close(b);
    cxm_txn_end(unit_read(&unit));
    cxm_store_close(NULL);
}


static void
assert_open(cxm_rc_t rc)
{
    cxm_store_t  *store;

    assert_int_equal(cxm_store_open(&unit.opts, &store, &err), rc);
    assert_null(store);
    assert_true(err.detail[0] != '\0');
}


static void
what_is_no_store_is_not_opened(void **state)
{
    int    fd;
    char   path[400], saved[400];

    (void) state;
    cxm_store_close(unit.store);
    unit.store = NULL;

    /* an empty file must not become an empty store */

    file(path, "data");
    (void) snprintf(saved, sizeof(saved), "%s/saved", unit.root);
    assert_int_equal(rename(path, saved), 0);
    assert_open(CXM_NOT_FOUND);
    fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_open(CXM_CORRUPT);
    assert_int_equal(ftruncate(fd, 8192), 0);
    assert_int_equal(close(fd), 0);
    assert_open(CXM_CORRUPT);
    assert_int_equal(rename(saved, path), 0);

    file(path, "keys");
    assert_int_equal(rename(path, saved), 0);
    assert_open(CXM_IO);
    assert_int_equal(rename(saved, path), 0);
    unit_poke(&unit, "keys", 8, "x", 1);
    assert_open(CXM_CORRUPT);
}


static void
the_wrong_key_does_not_open(void **state)
{
    (void) state;
    cxm_store_close(unit.store);
    unit.store = NULL;
    unit_poke(&unit, "master.key", 0, "0123456789abcdef0123456789abcdef", 32);
    assert_open(CXM_CORRUPT);
    assert_string_equal(err.code, "wrong_key");
    assert_int_equal(unit_alerts, 1);
}


/* Rewrites a meta row past the API. */
static void
forge_meta(const char *name, size_t offset, uint8_t value)
{
    uint8_t   b[256];
    MDB_val   k, v;
    MDB_txn  *mdb;

    assert_int_equal(mdb_txn_begin(unit.store->env, NULL, 0, &mdb), 0);
    k = (MDB_val) { strlen(name), (void *) name };
    assert_int_equal(mdb_get(mdb, unit.store->dbi[CXM_T_META], &k, &v), 0);
    memcpy(b, v.mv_data, v.mv_size);
    b[offset] ^= value;
    v.mv_data = b;
    assert_int_equal(mdb_put(mdb, unit.store->dbi[CXM_T_META], &k, &v, 0), 0);
    assert_int_equal(mdb_txn_commit(mdb), 0);
}


static void
damaged_meta_rows_do_not_open(void **state)
{
    size_t             i;
    static const struct {
        const char    *name;
        size_t         offset;
        uint8_t        flip;
        cxm_rc_t       rc;
    } cases[] = {
        { "format", 0, 1 ^ (CXM_FORMAT + 1), CXM_FORMAT },
        { "format", 0, 1, CXM_CORRUPT },
        { "format", 1, 1, CXM_CORRUPT },
        { "root", 30, 1, CXM_CORRUPT },
        { "root", 32 + 40 + 3, 1, CXM_CORRUPT },
        { "store", 0, 1, CXM_CORRUPT },
        { "store", 20, 1, CXM_CORRUPT },
        { "state", 7, 1, CXM_CORRUPT }
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        forge_meta(cases[i].name, cases[i].offset, cases[i].flip);
        cxm_store_close(unit.store);
        unit.store = NULL;
        assert_open(cases[i].rc);

        /* a store of its own for every case */

        unit_end(&unit);
        unit_start(&unit);
    }
}


static void
a_cut_journal_does_not_open(void **state)
{
    uint8_t     key[8];
    MDB_val     k;
    cxm_txn_t  *txn;

    (void) state;
    txn = unit_write(&unit, UNIT_NOW);
    assert_int_equal(unit_append(txn, "one", 0, NULL, NULL), CXM_OK);
    assert_int_equal(unit_append(txn, "two", 0, NULL, NULL), CXM_OK);
    unit_commit(txn);
    unit_reopen(&unit);

    txn = unit_write(&unit, UNIT_NOW);
    cxm_put_u64(key, 2);
    k = (MDB_val) { 8, key };
    assert_int_equal(mdb_del(txn->mdb, unit.store->dbi[CXM_T_JOURNAL], &k,
                             NULL), 0);
    assert_int_equal(mdb_txn_commit(txn->mdb), 0);
    cxm_txn_unwrap(txn);

    cxm_store_close(unit.store);
    unit.store = NULL;
    assert_open(CXM_CORRUPT);
    assert_non_null(strstr(unit_alert, "does not end as the state says"));
}


static void
scratch_is_the_same_store_elsewhere(void **state)
{
    char               dir[400];
    cxm_txn_t         *txn, *copy;
    cxm_str_t          raw;
    cxm_entry_t        entry;
    cxm_store_t       *scratch;
    cxm_row_key_t      key;
    cxm_store_stat_t   a, b;

    (void) state;
    txn = unit_write(&unit, UNIT_NOW);
    assert_int_equal(unit_append(txn, "one", 0, NULL, &entry), CXM_OK);
    assert_int_equal(unit_append(txn, "two", 0, NULL, &entry), CXM_OK);
    unit_commit(txn);

    (void) snprintf(dir, sizeof(dir), "%s/scratch", unit.root);
    assert_int_equal(cxm_store_scratch(unit.store, dir, &scratch, &err),
                     CXM_OK);
    txn = unit_read(&unit);
    assert_int_equal(cxm_txn_write(scratch, UNIT_NOW + 99, &copy, &err),
                     CXM_OK);
    cxm_row_key(&key);
    cxm_row_key_u64(&key, 1);
    assert_int_equal(cxm_row_raw(txn, CXM_T_JOURNAL, cxm_row_key_str(&key),
                                 &raw), CXM_OK);
    assert_int_equal(cxm_journal_replay(copy, 1, raw, &err), CXM_OK);
    cxm_row_key(&key);
    cxm_row_key_u64(&key, 2);
    assert_int_equal(cxm_row_raw(txn, CXM_T_JOURNAL, cxm_row_key_str(&key),
                                 &raw), CXM_OK);
    assert_int_equal(cxm_journal_replay(copy, 2, raw, &err), CXM_OK);
    assert_int_equal(cxm_txn_commit(copy, &err), CXM_OK);
    cxm_txn_end(txn);

    assert_int_equal(cxm_store_stat(unit.store, &a, &err), CXM_OK);
    assert_int_equal(cxm_store_stat(scratch, &b, &err), CXM_OK);
    assert_int_equal(b.head, 2);
    assert_memory_equal(a.link, b.link, sizeof(a.link));
    assert_memory_equal(&a.uuid, &b.uuid, sizeof(a.uuid));
    assert_int_equal(a.node, b.node);
    assert_int_equal(a.rows[CXM_T_DOC], b.rows[CXM_T_DOC]);
    cxm_store_close(scratch);

    assert_int_equal(cxm_store_scratch(unit.store, dir, &scratch, &err),
                     CXM_CONFLICT);
}


static void
programs_do_not_inherit_the_files(void **state)
{
    int               flags;
    mdb_filehandle_t  fd;

    (void) state;
    assert_int_equal(mdb_env_get_fd(unit.store->env, &fd), 0);
    flags = fcntl(fd, F_GETFD);
    assert_true(flags & FD_CLOEXEC);
    assert_true(fcntl(unit.store->keys_fd, F_GETFD) & FD_CLOEXEC);
}


#define DIR_TEST(f)                                                           \
    cmocka_unit_test_setup_teardown(f, setup_dir, unit_teardown)


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        UNIT_STORE_TEST(init_makes_a_private_store),
        DIR_TEST(init_takes_a_key_that_is_there),
        DIR_TEST(init_does_not_replace_person_keys),
        DIR_TEST(check_tells_what_is_wrong),
        UNIT_STORE_TEST(a_directory_is_opened_once),
        UNIT_STORE_TEST(what_is_no_store_is_not_opened),
        UNIT_STORE_TEST(the_wrong_key_does_not_open),
        UNIT_STORE_TEST(damaged_meta_rows_do_not_open),
        UNIT_STORE_TEST(a_cut_journal_does_not_open),
        UNIT_STORE_TEST(scratch_is_the_same_store_elsewhere),
        UNIT_STORE_TEST(programs_do_not_inherit_the_files)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
