/*
 * Failures of LMDB and of the disk: what they mean, and the latch.
 *
 * After an I/O error LMDB would go on, but the kernel may have dropped the
 * pages that it could not write; so the store is latched read-only for all
 * processes until it has been verified.  LMDB 0.9 reports a full disk as an
 * I/O error too (a short write), hence the look at the free space first.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "cxm_log.h"
#include "cxm_store_int.h"


/* Less than this left after a failed write: it failed for want of space. */
#define CXM_FAULT_DISK_FULL  (1024 * 1024)

#define CXM_FAULT_RETRY      30
#define CXM_FAULT_COUNT_MS   1000


int
cxm_fault_disk_free(const cxm_store_t *store, uint64_t *bytes)
{
    struct statvfs  fs;

    if (statvfs(store->dir, &fs) != 0) {
        return -1;
    }

    *bytes = (uint64_t) fs.f_bavail * fs.f_frsize;

    return 0;
}


static int
cxm_fault_disk_full(const cxm_store_t *store)
{
    uint64_t  bytes;

    return cxm_fault_disk_free(store, &bytes) == 0
           && bytes < CXM_FAULT_DISK_FULL;
}


int
cxm_store_latched(const cxm_store_t *store)
{
    return atomic_load(&store->latched)
           || atomic_load(&store->panic)
           || access(store->latch_path, F_OK) == 0;
}


int
cxm_store_panicked(const cxm_store_t *store)
{
    return atomic_load(&store->panic);
}


static int
cxm_fault_sync_dir(const char *dir)
{
    int  fd, rc;

    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd == -1) {
        return -1;
    }

    rc = fsync(fd);
    (void) close(fd);

    return rc;
}


static int
cxm_fault_latch_file(const cxm_store_t *store, const char *why)
{
    int   fd, len, rc;
    char  text[512], at[CXM_RFC3339_LEN + 1];

    fd = open(store->latch_path,
              O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd == -1) {
        /* another process was first */
        return errno == EEXIST ? 0 : -1;
    }

    cxm_rfc3339_format(cxm_now(), at);
    len = snprintf(text, sizeof(text), "%s pid %ld: %s\n", at, (long) getpid(),
                   why);

    if (len >= (int) sizeof(text)) {
        len = sizeof(text) - 1;
    }

    /* that the file is there is what counts; its text is for the operator */

    rc = write(fd, text, (size_t) len) == len ? 0 : -1;
    rc |= fsync(fd);
    (void) close(fd);

    if (rc != 0 || cxm_fault_sync_dir(store->dir) != 0) {
        cxm_log(CXM_LOG_ALERT, "latch file \"%s\" is not on stable storage",
                store->latch_path);
    }

    return 0;
}


void
cxm_store_latch(cxm_store_t *store, const char *why)
{
    cxm_log(CXM_LOG_ALERT,
            "store \"%s\" is latched read-only: %s; check the disk, then run "
            "\"cxmctl verify\"", store->dir, why);

    /*
     * In memory only if there is no file: what another process clears must
     * not stay here.
     */

    if (cxm_fault_latch_file(store, why) != 0) {
        cxm_log(CXM_LOG_ALERT, "cannot make latch file \"%s\": %s",
                store->latch_path, strerror(errno));
        atomic_store(&store->latched, 1);
    }
}


cxm_rc_t
cxm_store_unlatch(cxm_store_t *store)
{
    if (unlink(store->latch_path) != 0 && errno != ENOENT) {
        return CXM_IO;
    }

    atomic_store(&store->latched, 0);

    if (cxm_fault_sync_dir(store->dir) != 0) {
        return CXM_IO;
    }

    cxm_log(CXM_LOG_NOTICE, "store \"%s\" is no longer latched", store->dir);

    return CXM_OK;
}


static void
cxm_fault_panic(cxm_store_t *store)
{
    if (!atomic_exchange(&store->panic, 1)) {
        cxm_log(CXM_LOG_ALERT, "store \"%s\": LMDB could not write its meta "
                "page; this process must open the store anew", store->dir);
    }
}


cxm_rc_t
cxm_fault(cxm_store_t *store, int rc)
{
    switch (rc) {

    case MDB_SUCCESS:
        return CXM_OK;

    case MDB_NOTFOUND:
        return CXM_NOT_FOUND;

    case MDB_MAP_FULL:
    case ENOSPC:
    case EDQUOT:
        return CXM_FULL;

    case MDB_TXN_FULL:
        return CXM_TOO_LARGE;

    case MDB_PANIC:
        cxm_fault_panic(store);
        return CXM_LATCHED;

    case MDB_MAP_RESIZED:
    case MDB_READERS_FULL:
    case EAGAIN:
    case EINTR:
        return CXM_UNAVAILABLE;

    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
        cxm_log(CXM_LOG_ALERT, "store \"%s\": %s", store->dir,
                mdb_strerror(rc));
        return CXM_CORRUPT;

    case EIO:
        /* a large transaction writes pages before its commit */

        if (cxm_fault_disk_full(store)) {
            return CXM_FULL;
        }

        cxm_store_latch(store, "I/O error in a transaction");
        return CXM_IO;

    default:
        cxm_log(CXM_LOG_ALERT, "store \"%s\": unexpected result of LMDB: %s",
                store->dir, mdb_strerror(rc));
        return CXM_INTERNAL;
    }
}


/* A failed write of the meta page shows only at the next begin. */
static void
cxm_fault_probe_panic(cxm_store_t *store)
{
    int       rc;
    MDB_txn  *mdb;

    rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &mdb);

    if (rc == MDB_SUCCESS) {
        mdb_txn_abort(mdb);

    } else if (rc == MDB_PANIC) {
        cxm_fault_panic(store);
    }
}


cxm_rc_t
cxm_fault_commit(cxm_store_t *store, int rc, cxm_error_t *err)
{
    char  why[128];

    if (rc == MDB_SUCCESS) {
        return CXM_OK;
    }

    if (rc == MDB_MAP_FULL) {
        /* comes from saving the free list, before the first write */

        (void) cxm_fail(err, CXM_FULL, "map_full", "The store is full.");

        if (err != NULL) {
            err->retry_after = CXM_FAULT_RETRY;
        }

        return CXM_FULL;
    }

    (void) snprintf(why, sizeof(why), "commit failed: %s", mdb_strerror(rc));

    if (rc == MDB_PANIC) {
        cxm_fault_panic(store);

    } else if (rc == EIO && !cxm_fault_disk_full(store)) {
        cxm_store_latch(store, why);

    } else {
        cxm_log(CXM_LOG_ALERT, "store \"%s\": %s", store->dir, why);
    }

    cxm_fault_probe_panic(store);

    return cxm_fail(err, CXM_OUTCOME_UNKNOWN, NULL,
                    "The commit failed; the change may or may not be stored.");
}


cxm_rc_t
cxm_fault_io(cxm_store_t *store, int error, const char *what,
    cxm_error_t *err)
{
    char  why[256];

    (void) snprintf(why, sizeof(why), "%s failed: %s", what, strerror(error));

    if (error == ENOSPC || error == EDQUOT) {
        cxm_log(CXM_LOG_ERROR, "store \"%s\": %s", store->dir, why);
        return cxm_fail(err, CXM_FULL, "disk_full", "The disk is full.");
    }

    if (error == EIO) {
        cxm_store_latch(store, why);

    } else {
        cxm_log(CXM_LOG_ALERT, "store \"%s\": %s", store->dir, why);
    }

    return cxm_fail(err, CXM_IO, NULL, "%s", why);
}


cxm_rc_t
cxm_fault_latched(const cxm_store_t *store, cxm_error_t *err)
{
    if (!cxm_store_latched(store)) {
        return CXM_OK;
    }

    (void) cxm_fail(err, CXM_LATCHED, NULL,
                    "The store is read-only after an I/O error.");

    if (err != NULL) {
        err->retry_after = CXM_FAULT_RETRY;
    }

    return CXM_LATCHED;
}


static cxm_rc_t
cxm_fault_full(cxm_error_t *err, const char *code, const char *detail)
{
    (void) cxm_fail(err, CXM_FULL, code, "%s", detail);

    if (err != NULL) {
        err->retry_after = CXM_FAULT_RETRY;
    }

    return CXM_FULL;
}


/* The free list is long in a large store: counted at most once a second. */
static uint64_t
cxm_fault_free_pages(cxm_store_t *store)
{
    MDB_txn   *mdb;
    uint64_t   now, pages;

    now = cxm_monotonic_us() / 1000;

    if ((store->free_at == 0 || now - store->free_at >= CXM_FAULT_COUNT_MS)
        && mdb_txn_begin(store->env, NULL, MDB_RDONLY, &mdb) == MDB_SUCCESS)
    {
        if (cxm_store_free_pages(mdb, &pages) == MDB_SUCCESS) {
            store->free_pages = pages;
            store->free_at = now;
        }

        mdb_txn_abort(mdb);
    }

    return store->free_pages;
}


cxm_rc_t
cxm_fault_room(cxm_store_t *store, cxm_error_t *err)
{
    uint64_t     bytes, used, spare, total;
    MDB_stat     st;
    MDB_envinfo  info;

    if (store->min_free > 0
        && cxm_fault_disk_free(store, &bytes) == 0
        && bytes < store->min_free)
    {
        return cxm_fault_full(err, "disk_full",
                              "The file system has too little free space.");
    }

    (void) mdb_env_info(store->env, &info);
    (void) mdb_env_stat(store->env, &st);

    used = info.me_last_pgno + 1;
    total = info.me_mapsize / st.ms_psize;

    if (used * 100 <= total * CXM_MAP_WARN) {
        return CXM_OK;
    }

    (void) pthread_mutex_lock(&store->lock);

    spare = cxm_fault_free_pages(store);
    used -= spare < used ? spare : used;

    if (used * 100 > total * CXM_MAP_WARN && !store->map_warned) {
        store->map_warned = 1;
        cxm_log(CXM_LOG_WARN, "store \"%s\": %u%% of the map are in use; "
                "open it with a larger one", store->dir,
                (unsigned) (used * 100 / total));
    }

    (void) pthread_mutex_unlock(&store->lock);

    if (used * 100 > total * CXM_MAP_SHED) {
        return cxm_fault_full(err, "map_full", "The store's map is full.");
    }

    return CXM_OK;
}


cxm_rc_t
cxm_damage(cxm_table_t table, cxm_str_t key, const char *what)
{
    char    hex[2 * 64 + 1];
    size_t  len;

    len = key.len < 64 ? key.len : 64;
    cxm_hex_encode((const uint8_t *) key.data, len, hex);

    cxm_log(CXM_LOG_ALERT, "damage in table \"%s\", key %s%s: %s",
            cxm_table_name(table), hex, len < key.len ? "..." : "", what);

    return CXM_CORRUPT;
}
