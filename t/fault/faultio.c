/*
 * faultio: an LD_PRELOAD library that lets I/O on one file fail, and the clock
 * be another day's.
 *
 * CXM_FAULT names a control file, which is read again before each call, so
 * that a test switches faults on and off while processes run.  No control
 * file: no faults.  Its lines, all of which a call is held against in order:
 *
 *   file PATH              the file that is meant, by device and inode
 *   WHAT FAULT [once]      once: the control file is removed by the process
 *                          that takes the fault, so it happens once in all
 *   WHAT:   data     pages: pwrite() behind the meta pages, writev()
 *           grow     pwrite() at the file's end, ahead of pages
 *           meta     pwrite() of a meta page
 *           sync     fdatasync() and fsync()
 *           all      any of them
 *           snapshot a long read goes from one to the next (it asks for its
 *                    thread's time then); of any file, slow and hold only
 *   FAULT:  eio, enospc, edquot
 *           short    half of it is written, and that is the result
 *           slow=MS  waits that long, then does it; other lines may follow
 *           hold     waits as long as the control file is there
 *           kill     the process gets SIGKILL instead
 *   clock +SECONDS         how far the time of day is ahead
 *
 * Every fault that was given is a line in <control file>.log, "pid WHAT
 * FAULT": a test can show that what it means to test has happened.
 */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>


#define FAULT_TEXT   4096
#define FAULT_PATH   1024

/* LMDB's two meta pages lie at the beginning of its file. */
#define FAULT_METAS  (2 * 4096)


typedef enum {
    FAULT_NONE = 0,
    FAULT_ERROR,            /* errno is set */
    FAULT_SHORT
} fault_t;

typedef struct {
    char  what[16];
    char  fault[32];
    char  once[16];
} fault_rule_t;


static char  fault_control[FAULT_PATH];
static char  fault_log[FAULT_PATH + 8];


__attribute__((constructor)) static void
fault_init(void)
{
    const char  *path;

    /* nginx empties its environment later */

    path = getenv("CXM_FAULT");

    if (path != NULL && strlen(path) < sizeof(fault_control)) {
        strcpy(fault_control, path);
        (void) snprintf(fault_log, sizeof(fault_log), "%s.log", path);
    }
}


/* By system calls: stdio and our own wrappers stay out of it. */
static int
fault_read_control(char text[FAULT_TEXT])
{
    int      fd;
    ssize_t  n;

    if (fault_control[0] == '\0') {
        return 0;
    }

    fd = (int) syscall(SYS_openat, AT_FDCWD, fault_control,
                       O_RDONLY | O_CLOEXEC, 0);

    if (fd == -1) {
        return 0;
    }

    n = syscall(SYS_read, fd, text, FAULT_TEXT - 1);
    (void) syscall(SYS_close, fd);

    text[n > 0 ? n : 0] = '\0';

    return n > 0;
}


static void
fault_note(const char *what, const char *fault)
{
    int   fd, len;
    char  line[128];

    fd = (int) syscall(SYS_openat, AT_FDCWD, fault_log,
                       O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    if (fd == -1) {
        return;
    }

    len = snprintf(line, sizeof(line), "%d %s %s\n", (int) getpid(), what,
                   fault);
    (void) syscall(SYS_write, fd, line, len);
    (void) syscall(SYS_close, fd);
}


static int
fault_same_file(int fd, const char *path)
{
    struct stat  a, b;

    return fstat(fd, &a) == 0 && stat(path, &b) == 0
           && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}


static void
fault_sleep(long ms)
{
    struct timespec  ts;

    ts.tv_sec = ms / 1000;
    ts.tv_nsec = ms % 1000 * 1000000;
    (void) nanosleep(&ts, NULL);
}


static fault_t
fault_give(const fault_rule_t *rule, const char *what)
{
    long  ms;

    if (strcmp(rule->once, "once") == 0
        && syscall(SYS_unlinkat, AT_FDCWD, fault_control, 0) != 0)
    {
        return FAULT_NONE;
    }

    fault_note(what, rule->fault);

    if (strcmp(rule->fault, "eio") == 0) {
        errno = EIO;
        return FAULT_ERROR;
    }

    if (strcmp(rule->fault, "enospc") == 0) {
        errno = ENOSPC;
        return FAULT_ERROR;
    }

    if (strcmp(rule->fault, "edquot") == 0) {
        errno = EDQUOT;
        return FAULT_ERROR;
    }

    if (strcmp(rule->fault, "short") == 0) {
        return FAULT_SHORT;
    }

    if (strcmp(rule->fault, "kill") == 0) {
        (void) kill(getpid(), SIGKILL);
    }

    if (sscanf(rule->fault, "slow=%ld", &ms) == 1) {
        fault_sleep(ms);
    }

    while (strcmp(rule->fault, "hold") == 0
           && access(fault_control, F_OK) == 0)
    {
        fault_sleep(5);
    }

    return FAULT_NONE;
}


static time_t
fault_ahead(void)
{
    long   seconds;
    char   text[FAULT_TEXT], *line;

    if (!fault_read_control(text)) {
        return 0;
    }

    line = strstr(text, "clock +");

    return line != NULL && sscanf(line, "clock +%ld", &seconds) == 1 ? seconds
                                                                     : 0;
}


/* What becomes of a call on fd; -1: of no file. */
static fault_t
fault_of(int fd, const char *what)
{
    int           same;
    char          text[FAULT_TEXT], *line, *rest;
    fault_t       fault;
    fault_rule_t  rule;

    if (!fault_read_control(text)) {
        return FAULT_NONE;
    }

    same = fd == -1;

    for (line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest))
    {
        if (strncmp(line, "file ", 5) == 0) {
            same = fd == -1 || fault_same_file(fd, line + 5);
            continue;
        }

        memset(&rule, 0, sizeof(rule));

        if (!same || sscanf(line, "%15s %31s %15s", rule.what, rule.fault,
                            rule.once) < 2)
        {
            continue;
        }

        if (strcmp(rule.what, what) == 0
            || (fd != -1 && strcmp(rule.what, "all") == 0))
        {
            fault = fault_give(&rule, what);

            if (fault != FAULT_NONE) {
                return fault;
            }
        }
    }

    return FAULT_NONE;
}


#define fault_next(name)                                                      \
    static __typeof__(&name)  next;                                           \
                                                                              \
    if (next == NULL) {                                                       \
        next = (__typeof__(&name)) dlsym(RTLD_NEXT, #name);                   \
    }


static const char *
fault_where(int fd, off_t offset)
{
    struct stat  st;

    if (offset < FAULT_METAS) {
        return "meta";
    }

    return fstat(fd, &st) == 0 && offset == st.st_size ? "grow" : "data";
}


ssize_t
pwrite(int fd, const void *data, size_t len, off_t offset)
{
    fault_next(pwrite)

    switch (fault_of(fd, fault_where(fd, offset))) {
    case FAULT_ERROR:
        return -1;
    case FAULT_SHORT:
        return next(fd, data, len / 2, offset);
    default:
        return next(fd, data, len, offset);
    }
}


ssize_t
pwrite64(int fd, const void *data, size_t len, off64_t offset)
{
    return pwrite(fd, data, len, offset);
}


/* Half of the first part. */
static ssize_t
fault_writev_short(int fd, const struct iovec *parts)
{
    return syscall(SYS_write, fd, parts[0].iov_base, parts[0].iov_len / 2);
}


ssize_t
writev(int fd, const struct iovec *parts, int n)
{
    fault_next(writev)

    switch (fault_of(fd, "data")) {
    case FAULT_ERROR:
        return -1;
    case FAULT_SHORT:
        return fault_writev_short(fd, parts);
    default:
        return next(fd, parts, n);
    }
}


ssize_t
pwritev(int fd, const struct iovec *parts, int n, off_t offset)
{
    fault_next(pwritev)

    switch (fault_of(fd, offset < FAULT_METAS ? "meta" : "data")) {
    case FAULT_ERROR:
        return -1;
    case FAULT_SHORT:
        return syscall(SYS_pwrite64, fd, parts[0].iov_base,
                       parts[0].iov_len / 2, offset);
    default:
        return next(fd, parts, n, offset);
    }
}


int
fdatasync(int fd)
{
    fault_next(fdatasync)

    return fault_of(fd, "sync") == FAULT_ERROR ? -1 : next(fd);
}


int
fsync(int fd)
{
    fault_next(fsync)

    return fault_of(fd, "sync") == FAULT_ERROR ? -1 : next(fd);
}


int
clock_gettime(clockid_t clock, struct timespec *ts)
{
    int  rc;

    fault_next(clock_gettime)

    if (clock == CLOCK_THREAD_CPUTIME_ID) {
        (void) fault_of(-1, "snapshot");
    }

    rc = next(clock, ts);

    if (clock == CLOCK_REALTIME) {
        ts->tv_sec += fault_ahead();
    }

    return rc;
}


int
gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
    int  rc;

    fault_next(gettimeofday)

    rc = next(tv, zone);
    tv->tv_sec += fault_ahead();

    return rc;
}
