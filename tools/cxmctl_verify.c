/*
 * cxmctl verify | rebuild.
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cxmctl.h"


typedef struct {
    uint8_t             link[CXM_MAC_LEN];
    cxm_verify_opts_t   opts;
} cxmctl_verify_t;


static int cxmctl_apart(cxmctl_t *ctl,
    int (*run)(cxmctl_t *ctl, const void *data), const void *data);
static int cxmctl_verify_run(cxmctl_t *ctl, const void *data);
static int cxmctl_rebuild_run(cxmctl_t *ctl, const void *data);
static void cxmctl_verify_print(const char *what, const cxm_verify_t *result);
static int cxmctl_verify_failed(const char *verb, cxm_rc_t rc,
    const cxm_verify_t *result, const cxm_error_t *err);
static void cxmctl_verify_note(void *ctx, const char *text);
static int cxmctl_head(const char *text, uint64_t *seq,
    uint8_t link[CXM_MAC_LEN]);


int
cxmctl_verify(cxmctl_t *ctl)
{
    int               bad;
    const char       *head, *scratch;
    cxmctl_verify_t   verify;

    bad = 0;
    memset(&verify, 0, sizeof(cxmctl_verify_t));

    head = cxmctl_option(ctl, "--head", &bad);
    scratch = cxmctl_option(ctl, "--scratch", &bad);

    verify.opts.archive = cxmctl_option(ctl, "--archive", &bad);
    verify.opts.all = cxmctl_flag(ctl, "--all");
    verify.opts.scratch = scratch != NULL ? scratch : ctl->dir;
    verify.opts.progress = cxmctl_progress();
    verify.opts.note = cxmctl_verify_note;

    if (head != NULL) {
        bad |= cxmctl_head(head, &verify.opts.expect_seq, verify.link);
        verify.opts.expect_link = verify.link;
    }

    if (bad || ctl->argc != 0) {
        return cxmctl_usage("verify [--head SEQ:LINK] [--all] "
                            "[--archive DIR] [--scratch DIR]");
    }

    return cxmctl_apart(ctl, cxmctl_verify_run, &verify.opts);
}


/*
 * LMDB trusts the headers of its pages: damage there ends a process that
 * follows them.  That is a finding too, so a child does the work.
 */

static int
cxmctl_apart(cxmctl_t *ctl, int (*run)(cxmctl_t *ctl, const void *data),
    const void *data)
{
    int    status;
    pid_t  pid;

    pid = fork();

    if (pid == -1) {
        fprintf(stderr, "cxmctl: fork() failed: %s\n", strerror(errno));
        return CXMCTL_WRONG;
    }

    if (pid == 0) {
        (void) prctl(PR_SET_PDEATHSIG, SIGTERM);
        status = run(ctl, data);
        (void) fflush(stdout);
        _exit(status);
    }

    while (waitpid(pid, &status, 0) == -1) {
        if (errno != EINTR) {
            return CXMCTL_WRONG;
        }
    }

    if (WIFEXITED(status) && WEXITSTATUS(status) <= CXMCTL_WRONG) {
        return WEXITSTATUS(status);
    }

    printf("not sound: pages of the store are damaged, reading them ended "
           "with %s %d\n", WIFEXITED(status) ? "exit code" : "signal",
           WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));

    return CXMCTL_WRONG;
}


static int
cxmctl_verify_run(cxmctl_t *ctl, const void *data)
{
    cxm_rc_t       rc;
    cxm_error_t    err;
    cxm_store_t   *store;
    cxm_verify_t   result;

    store = cxmctl_open(ctl);

    if (store == NULL) {
        return CXMCTL_WRONG;
    }

    cxm_error_init(&err);
    rc = cxm_verify(store, data, &result, &err);

    if (rc == CXM_OK && cxm_store_latched(store)) {
        rc = cxm_store_unlatch(store);

        if (rc == CXM_OK) {
            fprintf(stderr, "cxmctl: the store is sound: latch removed\n");

        } else {
            (void) cxm_fail(&err, rc, "latch", "sound, but the latch cannot "
                            "be removed: %s", strerror(errno));
        }
    }

    cxm_store_close(store);

    if (rc != CXM_OK) {
        return cxmctl_verify_failed("verify", rc, &result, &err);
    }

    cxmctl_verify_print("sound", &result);

    return CXMCTL_DONE;
}


int
cxmctl_rebuild(cxmctl_t *ctl)
{
    int                  bad;
    cxm_rebuild_opts_t   opts;

    bad = 0;
    memset(&opts, 0, sizeof(cxm_rebuild_opts_t));

    opts.to = cxmctl_option(ctl, "--to", &bad);
    opts.archive = cxmctl_option(ctl, "--archive", &bad);
    opts.all = cxmctl_flag(ctl, "--all");
    opts.compare = cxmctl_flag(ctl, "--compare");
    opts.progress = cxmctl_progress();
    opts.note = cxmctl_verify_note;

    if (bad || ctl->argc != 0) {
        return cxmctl_usage("rebuild [--to DIR] [--compare] [--all] "
                            "[--archive DIR]");
    }

    return cxmctl_apart(ctl, cxmctl_rebuild_run, &opts);
}


static int
cxmctl_rebuild_run(cxmctl_t *ctl, const void *data)
{
    const cxm_rebuild_opts_t  *opts = data;

    cxm_rc_t       rc;
    cxm_error_t    err;
    cxm_store_t   *store;
    cxm_verify_t   result;

    store = cxmctl_open(ctl);

    if (store == NULL) {
        return CXMCTL_WRONG;
    }

    cxm_error_init(&err);
    rc = cxm_rebuild(store, opts, &result, &err);

    cxm_store_close(store);

    if (rc != CXM_OK) {
        return cxmctl_verify_failed("rebuild", rc, &result, &err);
    }

    cxmctl_verify_print("rebuilt", &result);

    if (opts->to == NULL) {
        printf("the old environment is %s/%s\n", ctl->dir, CXM_REBUILD_OLD);
    }

    return CXMCTL_DONE;
}


static void
cxmctl_verify_print(const char *what, const cxm_verify_t *result)
{
    char  link[2 * CXM_MAC_LEN + 1];

    cxm_hex_encode(result->link, CXM_MAC_LEN, link);

    printf("%s: %llu entries, %llu rows\n", what,
           (unsigned long long) result->entries,
           (unsigned long long) result->rows);

    if (result->start != 0) {
        printf("replayed from the checkpoint behind entry %llu\n",
               (unsigned long long) result->start);
    }

    if (result->archived != 0) {
        printf("archive: %llu entries\n",
               (unsigned long long) result->archived);
    }

    printf("head %llu:%s\n", (unsigned long long) result->head, link);
}


static int
cxmctl_verify_failed(const char *verb, cxm_rc_t rc,
    const cxm_verify_t *result, const cxm_error_t *err)
{
    if (rc == CXM_CORRUPT && result->finding[0] != '\0') {
        printf("not sound: %s\n", result->finding);
        return CXMCTL_WRONG;
    }

    return cxmctl_failed(verb, err);
}


static void
cxmctl_verify_note(void *ctx, const char *text)
{
    (void) ctx;

    printf("not looked at: %s\n", text);
}


static int
cxmctl_head(const char *text, uint64_t *seq, uint8_t link[CXM_MAC_LEN])
{
    char  *end;

    errno = 0;
    *seq = strtoull(text, &end, 10);

    return errno != 0 || end == text || *end != ':' || *seq == 0
           || cxm_hex_decode(cxm_strz(end + 1), link, CXM_MAC_LEN) != CXM_OK;
}
