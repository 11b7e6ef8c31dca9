/*
 * A store from a backup.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cxm_lookup.h"
#include "cxm_person_file.h"
#include "cxm_replay.h"
#include "cxm_restore.h"


#define CXM_RESTORE_ROWS  10000         /* of one transaction */

/*
 * What is moved up, in this order.  The lock file as well: the first to open
 * the store would own it, and that may be root.
 */
static const char *const  cxm_restore_names[] = {
    "archive", "checkpoint", "files", CXM_STORE_KEYS, CXM_STORE_VISITORS,
    CXM_STORE_RUNNING, CXM_STORE_LOCK, CXM_STORE_DATA, NULL
};

/* Epochs take four bytes at most as a varint. */
#define CXM_EPOCH_MAX     ((1u << 28) - 1)


static cxm_rc_t
restore_fail(cxm_error_t *err, const char *what, const char *path)
{
    return cxm_fail(err, errno == ENOSPC || errno == EDQUOT ? CXM_FULL
                                                            : CXM_IO,
                    NULL, "%s \"%s\" failed: %s", what, path,
                    strerror(errno));
}


/* --- the target --------------------------------------------------------- */

static int
restore_listed(const char *const *list, const char *name)
{
    for (/* void */; *list != NULL; list++) {
        if (strcmp(*list, name) == 0) {
            return 1;
        }
    }

    return 0;
}


/*
 * The name of something that is no restore's, or "".  Where there is a
 * directory of ours, what it held may have been moved up in part.
 */
static cxm_rc_t
restore_foreign(const char *dir, int ours, char *name, size_t size,
    cxm_error_t *err)
{
    DIR            *list;
    struct dirent  *entry;

    static const char *const  known[] = {
        ".", "..", "lost+found", CXM_STORE_KEY, CXM_RESTORE_DIR, NULL
    };

    name[0] = '\0';
    list = opendir(dir);

    if (list == NULL) {
        return restore_fail(err, "reading", dir);
    }

    while ((entry = readdir(list)) != NULL) {

        if (!restore_listed(known, entry->d_name)
            && (!ours || strcmp(entry->d_name, CXM_STORE_DATA) == 0
                || !restore_listed(cxm_restore_names, entry->d_name)))
        {
            (void) snprintf(name, size, "%s", entry->d_name);
        }
    }

    (void) closedir(list);

    return CXM_OK;
}


static void
restore_remove(const char *dir, const char *name)
{
    char  *path;

    path = cxm_store_path(dir, name);

    if (path != NULL) {
        cxm_replay_discard(path);
        free(path);
    }
}


void
cxm_restore_abandon(const char *dir)
{
    restore_remove(dir, CXM_RESTORE_DIR);
}


/* What an interrupted restore has left. */
static void
restore_clean(const char *dir)
{
    const char *const  *name;

    for (name = cxm_restore_names; *name != NULL; name++) {
        restore_remove(dir, *name);
    }

    cxm_restore_abandon(dir);
}


static cxm_rc_t
restore_make(const char *dir, const char *path, unsigned uid, unsigned gid,
    cxm_error_t *err)
{
    int       ours;
    char      name[256];
    cxm_rc_t  rc;

    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        return restore_fail(err, "making", dir);
    }

    ours = access(path, F_OK) == 0;
    rc = restore_foreign(dir, ours, name, sizeof(name), err);

    if (rc == CXM_OK && name[0] != '\0') {
        rc = cxm_fail(err, CXM_CONFLICT, "not_empty", "\"%s\" is not empty, "
                      "there is \"%.80s\": a store is restored into an empty "
                      "directory, or one that has its master key", dir, name);
    }

    if (rc != CXM_OK) {
        return rc;
    }

    if (ours) {
        restore_clean(dir);
    }

    if (mkdir(path, 0700) != 0) {
        return restore_fail(err, "making", path);
    }

    if (chmod(dir, 0700) != 0
        || (uid != (unsigned) -1
            && (chown(dir, uid, gid) != 0 || chown(path, uid, gid) != 0)))
    {
        return restore_fail(err, "giving away", dir);
    }

    return CXM_OK;
}


cxm_rc_t
cxm_restore_target(const char *dir, unsigned uid, unsigned gid,
    cxm_error_t *err)
{
    char      *path;
    cxm_rc_t   rc;

    path = cxm_store_path(dir, CXM_RESTORE_DIR);

    rc = path == NULL ? cxm_fail(err, CXM_INTERNAL, NULL, "no memory")
                      : restore_make(dir, path, uid, gid, err);
    free(path);

    return rc;
}


/* --- putting it right --------------------------------------------------- */

cxm_rc_t
cxm_restore_keys(const char *dir, const cxm_uuid_t *uuid, uint64_t persons,
    uint64_t *next, uint64_t *lost, cxm_error_t *err)
{
    int           had;
    char         *path;
    uint64_t      there, slots;
    cxm_rc_t      rc;
    struct stat   st;

    path = cxm_store_path(dir, CXM_STORE_KEYS);

    if (path == NULL) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "no memory");
    }

    had = stat(path, &st) == 0;
    there = had ? (uint64_t) st.st_size / CXM_PERSON_SLOT : 1;

    rc = had ? CXM_OK : cxm_person_file_make(path, uuid, err);

    if (rc == CXM_OK) {
        rc = cxm_person_complete(path, uuid, persons, &slots, err);
    }

    if (rc == CXM_OK) {

        /* without keys nobody knows how many the lost store had given */

        *next = had ? slots : slots + CXM_PERSON_AHEAD;
        *lost = there < persons ? persons - there : 0;
    }

    free(path);

    return rc;
}


static cxm_rc_t
restore_identity(cxm_txn_t *txn, uint32_t epoch)
{
    uint8_t        b[16 + 8];
    cxm_store_t   *store;
    cxm_row_key_t  key;

    store = txn->store;

    memcpy(b, store->uuid.b, 16);
    cxm_put_u32(cxm_put_u32(b + 16, store->node), epoch);
    cxm_row_key_name(&key, CXM_META_STORE);

    return cxm_row_put(txn, CXM_T_META, &key,
                       (cxm_str_t) { sizeof(b), (const char *) b });
}


cxm_rc_t
cxm_restore_renew(cxm_store_t *store, uint64_t next, cxm_error_t *err)
{
    uint32_t       epoch;
    cxm_rc_t       rc;
    cxm_txn_t     *txn;
    cxm_row_key_t  key;

    do {
        cxm_random(&epoch, sizeof(epoch));
        epoch = 1 + epoch % CXM_EPOCH_MAX;
    } while (epoch == store->epoch);

    rc = cxm_txn_write(store, cxm_now(), &txn, err);

    if (rc != CXM_OK) {
        return rc;
    }

    rc = restore_identity(txn, epoch);

    if (rc == CXM_OK) {

        /* what was archived elsewhere was unpacked here */

        cxm_row_key_name(&key, CXM_META_ARCHIVE);
        rc = cxm_row_del(txn, CXM_T_META, &key);
        rc = rc == CXM_NOT_FOUND ? CXM_OK : rc;
    }

    if (rc != CXM_OK) {
        cxm_txn_end(txn);
        return cxm_fail(err, rc, NULL, "the epoch cannot be written");
    }

    txn->state.oseq = 0;
    txn->state_changed = 1;
    cxm_person_pass(txn, next - 1);

    rc = cxm_txn_commit(txn, err);

    if (rc == CXM_OK) {
        store->epoch = epoch;
    }

    return rc;
}


/* The sealed row behind all others; CXM_NOT_FOUND: there is none left. */
static cxm_rc_t
restore_last_lookup(cxm_txn_t *txn, cxm_row_key_t *place, cxm_str_t *sealed)
{
    cxm_rc_t        rc;
    cxm_cursor_t   *cursor;
    cxm_raw_row_t   row;

    rc = cxm_cursor_open(txn, CXM_T_INDEX, &cursor);

    if (rc != CXM_OK) {
        return rc;
    }

    cxm_row_key(place);
    cxm_row_key_u8(place, CXM_NS_LOOKUP);
    cxm_row_key_u64(place, UINT64_MAX);
    rc = cxm_cursor_seek_back(cursor, place, &row);

    if (rc == CXM_OK && !cxm_row_within(&row, place, 1)) {
        rc = CXM_NOT_FOUND;
    }

    if (rc == CXM_OK) {
        cxm_row_key(place);
        cxm_row_key_bytes(place, row.key.data, row.key.len);
        *sealed = row.raw;
    }

    cxm_cursor_close(cursor);

    return rc;
}


/* Some of them in one transaction; *end: there are no more. */
static cxm_rc_t
restore_some_lookups(cxm_txn_t *txn, int *end)
{
    unsigned       i;
    cxm_rc_t       rc;
    cxm_str_t      sealed;
    cxm_row_key_t  place;

    rc = CXM_OK;

    for (i = 0; i < CXM_RESTORE_ROWS && rc == CXM_OK; i++) {
        rc = restore_last_lookup(txn, &place, &sealed);

        if (rc != CXM_OK) {
            break;
        }

        rc = cxm_lookup_put(txn, sealed);

        if (rc == CXM_OK || rc == CXM_NOT_FOUND) {
            rc = cxm_row_del(txn, CXM_T_INDEX, &place);
            rc = rc == CXM_NOT_FOUND ? CXM_CORRUPT : rc;
        }
    }

    *end = rc == CXM_NOT_FOUND;

    return *end ? CXM_OK : rc;
}


cxm_rc_t
cxm_restore_lookups(cxm_store_t *store, cxm_error_t *err)
{
    int         end;
    cxm_rc_t    rc;
    cxm_txn_t  *txn;

    end = 0;
    rc = CXM_OK;

    while (rc == CXM_OK && !end) {
        rc = cxm_txn_write(store, cxm_now(), &txn, err);

        if (rc != CXM_OK) {
            break;
        }

        rc = restore_some_lookups(txn, &end);

        if (rc == CXM_OK) {
            rc = cxm_txn_commit(txn, err);

        } else {
            cxm_txn_end(txn);
            rc = cxm_fail(err, rc, NULL, "a look-up row of the backup is "
                          "damaged");
        }
    }

    return rc;
}


/* --- into place --------------------------------------------------------- */

static cxm_rc_t
restore_sync(const char *path, cxm_error_t *err)
{
    int       fd;
    cxm_rc_t  rc;

    fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

    if (fd == -1 || fsync(fd) != 0) {
        rc = restore_fail(err, "syncing", path);

    } else {
        rc = CXM_OK;
    }

    if (fd != -1) {
        (void) close(fd);
    }

    return rc;
}


/* One name; what is not there need not be moved. */
static cxm_rc_t
restore_move(const char *from, const char *to, const char *name,
    cxm_error_t *err)
{
    char      *old, *new;
    cxm_rc_t   rc;

    rc = CXM_OK;
    old = cxm_store_path(from, name);
    new = cxm_store_path(to, name);

    if (old == NULL || new == NULL) {
        rc = cxm_fail(err, CXM_INTERNAL, NULL, "no memory");

    } else if (rename(old, new) != 0 && errno != ENOENT) {
        rc = restore_fail(err, "moving", old);
    }

    free(old);
    free(new);

    return rc;
}


static cxm_rc_t
restore_move_all(const char *from, const char *dir, cxm_error_t *err)
{
    cxm_rc_t            rc;
    const char *const  *name;

    rc = CXM_OK;

    for (name = cxm_restore_names; *name != NULL && rc == CXM_OK; name++) {

        if (strcmp(*name, CXM_STORE_DATA) == 0) {
            rc = restore_sync(dir, err);
        }

        if (rc == CXM_OK) {
            rc = restore_move(from, dir, *name, err);
        }
    }

    return rc;
}


cxm_rc_t
cxm_restore_settle(const char *dir, cxm_error_t *err)
{
    char      *from;
    cxm_rc_t   rc;

    from = cxm_store_path(dir, CXM_RESTORE_DIR);

    if (from == NULL) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "no memory");
    }

    rc = restore_sync(from, err);

    if (rc == CXM_OK) {
        rc = restore_move_all(from, dir, err);
    }

    if (rc == CXM_OK && rmdir(from) != 0) {
        rc = restore_fail(err, "removing", from);
    }

    if (rc == CXM_OK) {
        rc = restore_sync(dir, err);
    }

    free(from);

    return rc;
}
