/*
 * Formats: programs that know different ones, as handles of processes.
 */

#include "unit_store.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cxm_store_int.h"
#include "cxm_upgrade.h"


static cxm_error_t   err;


/* As the program that knows this format. */
static cxm_rc_t
reopen(unsigned known)
{
    cxm_rc_t          rc;
    cxm_store_opts_t  opts;

    cxm_store_close(unit.store);
    unit.store = NULL;

    opts = unit.opts;
    opts.known = known;
    cxm_error_init(&err);
    rc = cxm_store_open(&opts, &unit.store, &err);

    return rc;
}


static unsigned
format(void)
{
    unsigned    is;
    cxm_txn_t  *txn;

    txn = unit_read(&unit);
    is = cxm_txn_format(txn);
    cxm_txn_end(txn);

    return is;
}


static void
a_program_reads_its_own_and_the_one_before(void **state)
{
    unsigned    from;
    cxm_txn_t  *txn;

    (void) state;
    assert_int_equal(format(), 1);
    assert_int_equal(cxm_store_upgrade(unit.store, &from, &err), CXM_OK);
    assert_int_equal(from, 1);

    assert_int_equal(reopen(3), CXM_FORMAT);
    assert_int_equal(reopen(2), CXM_OK);
    assert_int_equal(format(), 1);
    txn = unit_write(&unit, UNIT_NOW);
    assert_int_equal(cxm_txn_format(txn), 1);
    assert_int_equal(unit_append(txn, "old", 0, NULL, NULL), CXM_OK);
    unit_commit(txn);

    assert_int_equal(cxm_store_upgrade(unit.store, &from, &err), CXM_OK);
    assert_int_equal(from, 1);
    assert_int_equal(format(), 2);
    assert_int_equal(cxm_store_upgrade(unit.store, &from, &err), CXM_OK);
    assert_int_equal(from, 2);

    assert_int_equal(reopen(1), CXM_FORMAT);
    assert_int_equal(reopen(3), CXM_OK);
    assert_int_equal(format(), 2);
}


/* In a child: the program that knows a format, as long as the pipe is open. */
static pid_t
hold(unsigned known, int fd[2])
{
    char               c;
    int                ready[2];
    pid_t              pid;
    cxm_store_t       *store;
    cxm_store_opts_t   opts;

    assert_int_equal(pipe(fd), 0);
    assert_int_equal(pipe(ready), 0);
    pid = fork();

    if (pid == 0) {
        close(fd[1]);
        opts = unit.opts;
        opts.known = known;

        if (cxm_store_open(&opts, &store, NULL) != CXM_OK
            || write(ready[1], "x", 1) != 1)
        {
            _exit(1);
        }

        (void) !read(fd[0], &c, 1);
        _exit(0);
    }

    close(fd[0]);
    assert_int_equal(read(ready[0], &c, 1), 1);
    close(ready[0]);
    close(ready[1]);

    return pid;
}


static void
let_go(pid_t pid, int fd[2])
{
    int  status;

    close(fd[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}


static void
older_programs_hold_it_back(void **state)
{
    int       fd[2];
    pid_t     pid;
    unsigned  from;

    (void) state;
    cxm_store_close(unit.store);
    unit.store = NULL;
    pid = hold(1, fd);

    assert_int_equal(reopen(2), CXM_OK);
    assert_int_equal(cxm_store_upgrade(unit.store, &from, &err),
                     CXM_CONFLICT);
    assert_string_equal(err.code, "in_use");
    assert_int_equal(format(), 1);
    let_go(pid, fd);

    assert_int_equal(cxm_store_upgrade(unit.store, &from, &err), CXM_OK);
    assert_int_equal(format(), 2);
}


static void
programs_of_the_same_version_do_not(void **state)
{
    int       fd[2];
    pid_t     pid;
    unsigned  from;

    (void) state;
    cxm_store_close(unit.store);
    unit.store = NULL;
    pid = hold(2, fd);

    assert_int_equal(reopen(2), CXM_OK);
    assert_int_equal(cxm_store_upgrade(unit.store, &from, &err), CXM_OK);
    assert_int_equal(format(), 2);
    let_go(pid, fd);
}


/* Who comes while it is raised has to try again. */
static void
nobody_slips_in(void **state)
{
    struct flock  lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 2
    };

    int   fd;
    char  path[400];

    (void) state;
    snprintf(path, sizeof(path), "%s/running", unit.dir);
    cxm_store_close(unit.store);
    unit.store = NULL;
    fd = open(path, O_RDWR);
    assert_int_equal(fcntl(fd, F_OFD_SETLK, &lock), 0);

    assert_int_equal(reopen(1), CXM_UNAVAILABLE);
    assert_int_equal(reopen(2), CXM_OK);
    close(fd);
    assert_int_equal(reopen(1), CXM_OK);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        UNIT_STORE_TEST(a_program_reads_its_own_and_the_one_before),
        UNIT_STORE_TEST(older_programs_hold_it_back),
        UNIT_STORE_TEST(programs_of_the_same_version_do_not),
        UNIT_STORE_TEST(nobody_slips_in)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
