/*
 * Faults of the disk: this program's own pwrite(), writev() and fdatasync()
 * come before libc's, also for LMDB, and fail when they are told to.
 */

#include "unit_store.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "cxm_store_int.h"


#define EXPORT  __attribute__((visibility("default")))

static cxm_error_t   err;

/* The fault_at-th of these calls fails; 0: none. */
static unsigned      fault_calls;
static unsigned      fault_at;
static int           fault_errno;
static int           fault_short;       /* half of it is written, then EIO */
static int           fault_kill;        /* the process dies instead */


EXPORT ssize_t pwrite(int fd, const void *data, size_t len, off_t offset);
EXPORT ssize_t writev(int fd, const struct iovec *iov, int n);
EXPORT int fdatasync(int fd);


static int
faulty(void)
{
    fault_calls++;

    if (fault_at == 0 || fault_calls < fault_at) {
        return 0;
    }

    if (fault_kill) {
        (void) raise(SIGKILL);
    }

    /* a short write is not an error by itself, and happens once */

    return fault_short ? fault_calls == fault_at : 1;
}


ssize_t
pwrite(int fd, const void *data, size_t len, off_t offset)
{
    if (faulty()) {
        if (fault_short) {
            return syscall(SYS_pwrite64, fd, data, len / 2, offset);
        }

        errno = fault_errno;
        return -1;
    }

    return syscall(SYS_pwrite64, fd, data, len, offset);
}


ssize_t
writev(int fd, const struct iovec *iov, int n)
{
    if (faulty()) {
        if (fault_short) {
            return syscall(SYS_writev, fd, iov, n / 2);
        }

        errno = fault_errno;
        return -1;
    }

    return syscall(SYS_writev, fd, iov, n);
}


int
fdatasync(int fd)
{
    if (faulty() && !fault_short) {
        errno = fault_errno;
        return -1;
    }

    return (int) syscall(SYS_fdatasync, fd);
}


static void
fault_set(unsigned at, int error)
{
    fault_calls = 0;
    fault_at = at;
    fault_errno = error;
    fault_short = 0;
}


static int
setup(void **state)
{
    (void) state;
    fault_set(0, 0);
    unit_start(&unit);
    assert_int_equal(cxm_person_reserve(unit.store, &err), CXM_OK);
    cxm_error_init(&err);

    return 0;
}


static int
teardown(void **state)
{
    (void) state;
    fault_set(0, 0);
    unit_end(&unit);

    return 0;
}


static cxm_rc_t
write_some(void)
{
    int          i;
    cxm_rc_t     rc;
    cxm_txn_t   *txn;

    rc = cxm_txn_write(unit.store, UNIT_NOW, &txn, &err);

    if (rc != CXM_OK) {
        return rc;
    }

    for (i = 0; i < 30; i++) {
        if (unit_append(txn, "some text", 0, NULL, NULL) != CXM_OK) {
            cxm_txn_end(txn);
            return CXM_INTERNAL;
        }
    }

    return cxm_txn_commit(txn, &err);
}


static uint64_t
head(void)
{
    uint64_t    seq;
    cxm_txn_t  *txn;

    txn = unit_read(&unit);
    seq = cxm_txn_head(txn);
    cxm_txn_end(txn);

    return seq;
}


/* Of one behind the first, before which the file grows. */
static unsigned
calls_of_a_commit(void)
{
    fault_set(0, 0);
    assert_int_equal(write_some(), CXM_OK);
    fault_set(0, 0);
    assert_int_equal(write_some(), CXM_OK);

    return fault_calls;
}


/* One call after the other fails, and all behind it. */
static void
io_errors_latch(void **state)
{
    unsigned  at, n;

    (void) state;
    n = calls_of_a_commit();
    assert_in_range(n, 3, 100);

    for (at = 1; at <= n; at++) {
        unit_end(&unit);
        setup(NULL);
        assert_int_equal(write_some(), CXM_OK);

        fault_set(at, EIO);
        assert_int_equal(write_some(), CXM_OUTCOME_UNKNOWN);
        fault_set(0, 0);

        assert_true(cxm_store_latched(unit.store));
        assert_int_equal(write_some(), CXM_LATCHED);

        /* all or nothing, and it opens again */

        unit_reopen(&unit);
        assert_true(head() == 30 || head() == 60);
        assert_int_equal(cxm_store_unlatch(unit.store), CXM_OK);
        assert_int_equal(write_some(), CXM_OK);
    }
}


static void
a_full_disk_does_not_latch(void **state)
{
    unsigned  at, n;

    (void) state;
    n = calls_of_a_commit();

    for (at = 1; at <= n; at++) {
        unit_end(&unit);
        setup(NULL);
        assert_int_equal(write_some(), CXM_OK);

        fault_set(at, ENOSPC);
        assert_int_equal(write_some(), CXM_OUTCOME_UNKNOWN);
        fault_set(0, 0);
        assert_int_equal(access(unit.store->latch_path, F_OK), -1);

        /* only a meta page that was not written needs the store anew */

        if (cxm_store_latched(unit.store)) {
            assert_int_equal(at, n);
            assert_int_equal(write_some(), CXM_LATCHED);
            assert_int_equal(cxm_txn_read(unit.store, &(cxm_txn_t *) { NULL },
                                          &err), CXM_LATCHED);
            unit_reopen(&unit);
        }

        assert_true(head() == 30 || head() == 60);
        assert_int_equal(write_some(), CXM_OK);
    }
}


static void
short_writes_are_errors(void **state)
{
    unsigned  at, n;
    cxm_rc_t  rc;

    (void) state;
    n = calls_of_a_commit();

    for (at = 1; at <= n; at++) {
        unit_end(&unit);
        setup(NULL);
        assert_int_equal(write_some(), CXM_OK);

        fault_set(at, 0);
        fault_short = 1;
        rc = write_some();
        fault_set(0, 0);

        assert_true(rc == CXM_OK || rc == CXM_OUTCOME_UNKNOWN);
        unit_reopen(&unit);
        assert_int_equal(cxm_store_unlatch(unit.store), CXM_OK);
        assert_true(rc == CXM_OK ? head() == 60
                                 : head() == 30 || head() == 60);
        assert_int_equal(write_some(), CXM_OK);
    }
}


/* What the file does not grow by ahead, it grows by with the pages. */
static void
growing_may_fail(void **state)
{
    unsigned  n;

    (void) state;
    n = calls_of_a_commit();
    unit_end(&unit);
    setup(NULL);

    fault_set(1, 0);
    fault_short = 1;
    assert_int_equal(write_some(), CXM_OK);
    assert_int_equal(fault_calls, n + 1);
    assert_int_equal(head(), 30);
    assert_false(cxm_store_latched(unit.store));
}


static int
walked(void *ctx, const cxm_entry_t *entry)
{
    (void) ctx;

    return entry->body == NULL;
}


/* In a child; the parent's handle is closed. */
static void
killed_at(unsigned at)
{
    cxm_error_init(&err);

    if (cxm_store_open(&unit.opts, &unit.store, &err) == CXM_OK) {
        fault_set(at, 0);
        fault_kill = 1;
        (void) write_some();
    }

    _exit(0);
}


static void
a_killed_writer_leaves_all_or_nothing(void **state)
{
    int         status;
    pid_t       pid;
    uint8_t     link[CXM_MAC_LEN];
    uint64_t    next, seq;
    unsigned    at, n;
    cxm_txn_t  *txn;

    (void) state;
    n = calls_of_a_commit();
    seq = head();

    for (at = 1; at <= n; at++) {
        cxm_store_close(unit.store);
        pid = fork();

        if (pid == 0) {
            killed_at(at);
        }

        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);

        unit_open(&unit);
        assert_true(head() == seq || head() == seq + 30);
        seq = head();

        txn = unit_read(&unit);
        cxm_journal_root(unit.store, link);
        assert_int_equal(cxm_journal_walk(txn, 1, UINT32_MAX, link, walked,
                                          NULL, &next, &err), CXM_OK);
        assert_int_equal(next, seq + 1);
        cxm_txn_end(txn);

        assert_int_equal(write_some(), CXM_OK);
        seq = head();
    }
}


/* A latch that cannot be written down holds in this process. */
static void
the_latch_needs_no_file(void **state)
{
    (void) state;

    free(unit.store->latch_path);
    unit.store->latch_path = strdup("/nowhere/at/all/latch");
    fault_set(1, EIO);
    assert_int_equal(write_some(), CXM_OUTCOME_UNKNOWN);
    fault_set(0, 0);
    assert_true(atomic_load(&unit.store->latched));
    assert_int_equal(write_some(), CXM_LATCHED);
}


static cxm_rc_t
run(cxm_txn_t *txn, void *data, cxm_error_t *e)
{
    (void) data;
    (void) e;

    return unit_append(txn, "op", 0, NULL, NULL);
}


static void
a_batch_gets_one_answer(void **state)
{
    size_t       i;
    cxm_op_t     op[3], *list[3];
    cxm_error_t  errors[3];

    (void) state;

    for (i = 0; i < 3; i++) {
        op[i] = (cxm_op_t) { .run = run, .err = &errors[i] };
        list[i] = &op[i];
    }

    fault_set(1, EIO);
    cxm_batch_run(unit.store, list, 3, NULL);
    fault_set(0, 0);

    for (i = 0; i < 3; i++) {
        assert_int_equal(op[i].rc, CXM_OUTCOME_UNKNOWN);
        assert_string_equal(errors[i].code, "outcome_unknown");
    }
}


static void
person_keys(void **state)
{
    unsigned   at;
    cxm_key_t  key;
    cxm_txn_t *txn;

    (void) state;

    for (at = 1; at <= 2; at++) {
        unit_end(&unit);
        fault_set(0, 0);
        unit_start(&unit);

        fault_set(at, EIO);
        assert_int_equal(cxm_person_reserve(unit.store, &err), CXM_IO);
        fault_set(0, 0);
        assert_true(cxm_store_latched(unit.store));
        assert_int_equal(cxm_person_reserve(unit.store, &err), CXM_LATCHED);
        assert_int_equal(cxm_store_unlatch(unit.store), CXM_OK);

        txn = unit_write(&unit, UNIT_NOW);
        assert_int_equal(cxm_person_take(txn, &(uint64_t) { 0 }),
                         CXM_UNAVAILABLE);
        cxm_txn_end(txn);
        assert_int_equal(cxm_person_reserve(unit.store, &err), CXM_OK);

        fault_set(at, EIO);
        assert_int_equal(cxm_person_erase(unit.store, 9, &err), CXM_IO);
        fault_set(0, 0);
        assert_int_equal(cxm_store_unlatch(unit.store), CXM_OK);
        assert_int_equal(cxm_person_erase(unit.store, 9, &err), CXM_OK);
        assert_int_equal(cxm_person_key(unit.store, 9, &key), CXM_NOT_FOUND);
    }

    unit_end(&unit);
    unit_start(&unit);
    fault_set(1, ENOSPC);
    assert_int_equal(cxm_person_reserve(unit.store, &err), CXM_FULL);
    fault_set(0, 0);
    assert_false(cxm_store_latched(unit.store));
}


static void
init_fails_and_is_repeated(void **state)
{
    unsigned  at, n;

    (void) state;
    unit_end(&unit);
    unit_dir(&unit);
    fault_set(0, 0);
    assert_int_equal(cxm_store_init(&unit.opts, (unsigned) -1, (unsigned) -1,
                                    &err), CXM_OK);
    n = fault_calls;
    assert_true(n > 3);
    unit_open(&unit);

    for (at = 1; at <= n; at++) {
        unit_end(&unit);
        fault_set(0, 0);
        unit_dir(&unit);
        fault_set(at, EIO);
        assert_int_equal(cxm_store_init(&unit.opts, (unsigned) -1,
                                        (unsigned) -1, &err), CXM_IO);
        fault_set(0, 0);
        assert_int_equal(cxm_store_open(&unit.opts, &unit.store, &err),
                         CXM_NOT_FOUND);
        assert_int_equal(cxm_store_init(&unit.opts, (unsigned) -1,
                                        (unsigned) -1, &err), CXM_OK);
        unit_open(&unit);
    }
}


#define STORE_TEST(f)  cmocka_unit_test_setup_teardown(f, setup, teardown)


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        STORE_TEST(io_errors_latch),
        STORE_TEST(a_full_disk_does_not_latch),
        STORE_TEST(short_writes_are_errors),
        STORE_TEST(growing_may_fail),
        STORE_TEST(a_killed_writer_leaves_all_or_nothing),
        STORE_TEST(the_latch_needs_no_file),
        STORE_TEST(a_batch_gets_one_answer),
        STORE_TEST(person_keys),
        STORE_TEST(init_fails_and_is_repeated)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
