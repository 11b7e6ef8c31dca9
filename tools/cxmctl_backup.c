/*
 * cxmctl backup.
 */

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cxm_backup.h"
#include "cxm_erasure.h"
#include "cxm_history.h"
#include "cxmctl.h"
#include "cxmctl_file.h"
#include "cxmctl_tar.h"



typedef struct {
    cxm_store_t      *store;
    const char       *file;
    char             *copy;             /* what is packed; removed */
    cxmctl_tar_t     *tar;
    cxm_manifest_t    manifest;
    cxm_error_t       err;
} cxmctl_backup_t;


static cxm_rc_t cxmctl_backup_run(cxmctl_backup_t *backup, const char *dir,
    int keys);
static cxm_rc_t cxmctl_backup_room(cxmctl_backup_t *backup);
static cxm_rc_t cxmctl_backup_data(cxmctl_backup_t *backup, const char *dir);
static cxm_rc_t cxmctl_backup_held(cxmctl_backup_t *backup,
    const char *dir);
static cxm_rc_t cxmctl_backup_archive(cxmctl_backup_t *backup);
static cxm_rc_t cxmctl_backup_folder(cxmctl_backup_t *backup,
    const char *dir, const char *name);
static cxm_rc_t cxmctl_backup_keys(cxmctl_backup_t *backup);


int
cxmctl_backup(cxmctl_t *ctl)
{
    int               keys;
    char              link[2 * CXM_MAC_LEN + 1];
    cxm_rc_t          rc;
    cxmctl_backup_t   backup;

    keys = cxmctl_flag(ctl, "--keys");

    if (ctl->argc != 1) {
        return cxmctl_usage("backup [--keys] FILE");
    }

    memset(&backup, 0, sizeof(cxmctl_backup_t));
    cxm_error_init(&backup.err);
    backup.file = ctl->argv[0];
    backup.store = cxmctl_open_apart(ctl);

    if (backup.store == NULL) {
        return CXMCTL_WRONG;
    }

    rc = cxmctl_backup_run(&backup, ctl->dir, keys);

    if (rc == CXM_OK) {
        cxm_hex_encode(backup.manifest.link, CXM_MAC_LEN, link);
        printf("%s: %zu erased persons\nhead %llu:%s\n",
               keys ? "person keys" : "data",
               json_array_size(backup.manifest.erased),
               (unsigned long long) backup.manifest.head, link);
    }

    free(backup.copy);
    cxmctl_tar_close(backup.tar);
    cxm_manifest_clear(&backup.manifest);
    cxm_store_close(backup.store);

    return rc == CXM_OK ? CXMCTL_DONE : cxmctl_failed("backup", &backup.err);
}


static cxm_rc_t
cxmctl_backup_run(cxmctl_backup_t *backup, const char *dir, int keys)
{
    cxm_rc_t      rc;
    cxm_error_t  *err;

    err = &backup->err;
    rc = cxm_manifest_make(backup->store,
                           keys ? CXM_MANIFEST_KEYS : CXM_MANIFEST_DATA,
                           &backup->manifest, err);

    if (rc == CXM_OK) {
        rc = cxmctl_tar_create(backup->file, &backup->tar, err);
    }

    if (rc == CXM_OK
        && asprintf(&backup->copy, "%s.new.copy", backup->file) < 0)
    {
        backup->copy = NULL;
        rc = cxm_fail(err, CXM_INTERNAL, NULL, "no memory");
    }

    if (rc != CXM_OK) {
        return rc;
    }

    /* of a backup that was interrupted, and ours: under the tar's lock */

    (void) unlink(backup->copy);
    rc = keys ? cxmctl_backup_keys(backup) : cxmctl_backup_data(backup, dir);
    (void) unlink(backup->copy);

    return rc == CXM_OK ? cxmctl_tar_finish(backup->tar, &backup->manifest,
                                            err)
                        : rc;
}


/* No entry leaves the store for a volume meanwhile, and no checkpoint goes. */

static cxm_rc_t
cxmctl_backup_data(cxmctl_backup_t *backup, const char *dir)
{
    int        held;
    cxm_rc_t   rc;

    rc = cxmctl_backup_room(backup);

    if (rc == CXM_OK) {
        rc = cxm_history_hold(backup->store, 0, &held, &backup->err);
    }

    if (rc == CXM_OK) {
        rc = cxmctl_backup_held(backup, dir);
        cxm_history_release(held);
    }

    return rc == CXM_OK
           ? cxm_erasure_slots(backup->store, backup->manifest.erased,
                               &backup->err)
           : rc;
}


static cxm_rc_t
cxmctl_backup_held(cxmctl_backup_t *backup, const char *dir)
{
    cxm_rc_t       rc;
    cxm_backup_t   view;
    cxm_error_t   *err;

    err = &backup->err;
    rc = cxm_backup_data(backup->store, backup->copy, cxmctl_progress(), NULL,
                         &view, err);

    if (rc == CXM_OK) {
        backup->manifest.head = view.head;
        memcpy(backup->manifest.link, view.link, CXM_MAC_LEN);
        backup->manifest.persons = view.persons;

        rc = cxmctl_tar_add(backup->tar, backup->copy, "data",
                            &backup->manifest, err);
    }

    if (rc == CXM_OK) {
        rc = cxmctl_backup_archive(backup);
    }

    if (rc == CXM_OK) {
        rc = cxmctl_backup_folder(backup, dir, CXM_HISTORY_CHECKPOINT);
    }

    return rc == CXM_OK ? cxmctl_backup_folder(backup, dir, "files") : rc;
}


/* Volumes may be elsewhere. */

static cxm_rc_t
cxmctl_backup_archive(cxmctl_backup_t *backup)
{
    char       *path;
    cxm_rc_t    rc;
    cxm_txn_t  *txn;

    rc = cxm_txn_read(backup->store, &txn, &backup->err);

    if (rc != CXM_OK) {
        return rc;
    }

    path = cxm_history_dir(txn);
    cxm_txn_end(txn);

    rc = path == NULL
         ? cxm_fail(&backup->err, CXM_INTERNAL, NULL, "no memory")
         : cxmctl_tar_add_all(backup->tar, path, CXM_HISTORY_ARCHIVE,
                              &backup->manifest, &backup->err);
    free(path);

    return rc;
}


/* Twice the pages in use: the copy and the tar lie there together. */

static cxm_rc_t
cxmctl_backup_room(cxmctl_backup_t *backup)
{
    char              *dir, *slash;
    uint64_t           need, room;
    cxm_rc_t           rc;
    struct statvfs     fs;
    cxm_store_stat_t   stat;

    rc = cxm_store_stat(backup->store, &stat, &backup->err);
    dir = strdup(backup->file);

    if (rc != CXM_OK || dir == NULL) {
        free(dir);
        return rc;
    }

    slash = strrchr(dir, '/');

    if (slash != NULL) {
        slash[slash == dir] = '\0';
    }

    need = 2 * (stat.pages_used - stat.pages_free) * stat.page_size;

    if (statvfs(slash == NULL ? "." : dir, &fs) == 0) {
        room = (uint64_t) fs.f_bavail * fs.f_frsize;

        if (room < need) {
            rc = cxm_fail(&backup->err, CXM_FULL, "disk_full", "about %llu "
                          "MiB are needed in \"%s\", %llu are free",
                          (unsigned long long) (need >> 20) + 1,
                          slash == NULL ? "." : dir,
                          (unsigned long long) (room >> 20));
        }
    }

    free(dir);

    return rc;
}


static cxm_rc_t
cxmctl_backup_folder(cxmctl_backup_t *backup, const char *dir,
    const char *name)
{
    char      *path;
    cxm_rc_t   rc;

    if (asprintf(&path, "%s/%s", dir, name) < 0) {
        return cxm_fail(&backup->err, CXM_INTERNAL, NULL, "no memory");
    }

    rc = cxmctl_tar_add_all(backup->tar, path, name, &backup->manifest,
                            &backup->err);
    free(path);

    return rc;
}


/*
 * The list behind the copy: whose erasure began meanwhile is overwritten in
 * it, whose begins later was not erased by then.
 */

static cxm_rc_t
cxmctl_backup_keys(cxmctl_backup_t *backup)
{
    cxm_rc_t      rc;
    cxm_error_t  *err;

    err = &backup->err;
    rc = cxm_backup_keys(backup->store, backup->copy, err);

    if (rc == CXM_OK) {
        rc = cxm_erasure_slots(backup->store, backup->manifest.erased, err);
    }

    if (rc == CXM_OK) {
        rc = cxm_backup_erase(backup->copy, backup->manifest.erased, err);
    }

    return rc == CXM_OK
           ? cxmctl_tar_add(backup->tar, backup->copy, "keys",
                            &backup->manifest, err)
           : rc;
}
