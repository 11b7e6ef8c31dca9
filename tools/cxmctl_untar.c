/*
 * Backups as tar files: unpacking.
 */

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cxmctl_file.h"
#include "cxmctl_tar.h"


#define CXMCTL_TAR_BLOCK  (128 * 1024)

typedef struct {
    struct archive        *archive;
    const char            *name;        /* of the backup, for messages */
    const char            *dir;
    cxm_manifest_what_t    what;
    cxm_manifest_t         found;       /* files as they are */
    cxm_buf_t              manifest;    /* its text */
    char                   block[CXMCTL_TAR_BLOCK];

    cxm_progress_pt        progress;
    uint64_t               done, total;

    cxm_error_t           *err;
} cxmctl_untar_t;


static cxm_rc_t cxmctl_untar_start(cxmctl_untar_t *un, int fd);
static cxm_rc_t cxmctl_untar_members(cxmctl_untar_t *un);
static cxm_rc_t cxmctl_untar_member(cxmctl_untar_t *un,
    struct archive_entry *entry);
static cxm_rc_t cxmctl_untar_text(cxmctl_untar_t *un);
static cxm_rc_t cxmctl_untar_file(cxmctl_untar_t *un, const char *name);
static cxm_rc_t cxmctl_untar_data(cxmctl_untar_t *un, int fd,
    const char *path, cxm_sum_t *sum, uint64_t *size);
static cxm_rc_t cxmctl_untar_read(cxmctl_untar_t *un, size_t *n);
static cxm_rc_t cxmctl_untar_folders(cxmctl_untar_t *un, char *path);
static cxm_rc_t cxmctl_untar_damaged(cxmctl_untar_t *un);


cxm_rc_t
cxmctl_untar(int fd, const char *name, const char *dir,
    cxm_manifest_what_t what, cxm_progress_pt progress,
    cxm_manifest_t *manifest, cxm_error_t *err)
{
    cxm_rc_t         rc;
    cxmctl_untar_t  *un;

    memset(manifest, 0, sizeof(cxm_manifest_t));
    un = calloc(1, sizeof(cxmctl_untar_t));

    if (un == NULL) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "no memory");
    }

    un->name = name;
    un->dir = dir;
    un->what = what;
    un->progress = progress;
    un->err = err;
    un->found.files = json_array();
    cxm_buf_init(&un->manifest, CXM_MANIFEST_MAX);

    rc = cxmctl_untar_start(un, fd);

    if (rc == CXM_OK) {
        rc = cxmctl_untar_members(un);
    }

    if (rc == CXM_OK) {
        rc = cxm_manifest_load(cxm_buf_str(&un->manifest), what, manifest,
                               err);
    }

    if (rc == CXM_OK) {
        rc = cxm_manifest_check(manifest, &un->found, err);

        if (rc != CXM_OK) {
            cxm_manifest_clear(manifest);
        }
    }

    if (un->archive != NULL) {
        (void) archive_read_free(un->archive);
    }

    cxm_manifest_clear(&un->found);
    cxm_buf_free(&un->manifest);
    free(un);

    return rc;
}


static cxm_rc_t
cxmctl_untar_start(cxmctl_untar_t *un, int fd)
{
    struct stat  st;

    un->total = fstat(fd, &st) == 0 ? (uint64_t) st.st_size : 0;
    un->archive = archive_read_new();

    if (un->archive == NULL || un->found.files == NULL
        || archive_read_support_format_tar(un->archive) != ARCHIVE_OK)
    {
        return cxm_fail(un->err, CXM_INTERNAL, NULL,
                        "libarchive does not start");
    }

    return archive_read_open_fd(un->archive, fd, CXMCTL_TAR_BLOCK)
           == ARCHIVE_OK
           ? CXM_OK : cxmctl_untar_damaged(un);
}


static cxm_rc_t
cxmctl_untar_members(cxmctl_untar_t *un)
{
    int                    rc;
    cxm_rc_t               result;
    struct archive_entry  *entry;

    result = CXM_OK;

    while (result == CXM_OK) {
        rc = archive_read_next_header(un->archive, &entry);

        if (rc == ARCHIVE_EOF) {
            return un->manifest.len > 0
                   ? CXM_OK
                   : cxm_fail(un->err, CXM_CORRUPT, "backup", "\"%s\" has no "
                              "manifest: it is no backup, or cut", un->name);
        }

        /* a warning would be of something that we never write */

        result = rc == ARCHIVE_OK && un->manifest.len == 0
                 ? cxmctl_untar_member(un, entry) : cxmctl_untar_damaged(un);
    }

    return result;
}


static cxm_rc_t
cxmctl_untar_member(cxmctl_untar_t *un, struct archive_entry *entry)
{
    const char  *name;

    name = archive_entry_pathname(entry);

    if (name == NULL || archive_entry_filetype(entry) != AE_IFREG
        || archive_entry_hardlink(entry) != NULL)
    {
        return cxmctl_untar_damaged(un);
    }

    if (strcmp(name, CXM_MANIFEST_NAME) == 0) {
        return cxmctl_untar_text(un);
    }

    if (!cxm_manifest_may_name(un->what, cxm_strz(name))) {
        return cxm_fail(un->err, CXM_CORRUPT, "backup", "\"%s\" is no backup "
                        "of %s: it has other members", un->name,
                        un->what == CXM_MANIFEST_KEYS ? "keys" : "a store");
    }

    return cxmctl_untar_file(un, name);
}


static cxm_rc_t
cxmctl_untar_text(cxmctl_untar_t *un)
{
    size_t    n;
    cxm_rc_t  rc;

    for ( ;; ) {
        rc = cxmctl_untar_read(un, &n);

        if (rc != CXM_OK || n == 0) {
            return rc;
        }

        cxm_buf_put(&un->manifest, un->block, n);

        if (un->manifest.failed) {
            return cxmctl_untar_damaged(un);
        }
    }
}


static cxm_rc_t
cxmctl_untar_file(cxmctl_untar_t *un, const char *name)
{
    int         fd;
    char       *path;
    uint8_t     out[CXM_SUM_LEN];
    uint64_t    size = 0;
    cxm_rc_t    rc;
    cxm_sum_t  *sum;

    if (asprintf(&path, "%s/%s", un->dir, name) < 0) {
        return cxm_fail(un->err, CXM_INTERNAL, NULL, "no memory");
    }

    sum = NULL;
    rc = cxmctl_untar_folders(un, path);

    if (rc == CXM_OK) {
        sum = cxm_sum_begin();
        rc = sum != NULL ? CXM_OK
                         : cxm_fail(un->err, CXM_INTERNAL, NULL, "no memory");
    }

    if (rc == CXM_OK) {
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                  0600);

        if (fd == -1) {
            rc = cxmctl_file_fail("making", path, un->err);

        } else {
            rc = cxmctl_untar_data(un, fd, path, sum, &size);
            (void) close(fd);
        }
    }

    free(path);

    if (sum != NULL) {
        cxm_sum_end(sum, out);
    }

    return rc == CXM_OK
           ? cxm_manifest_add(&un->found, name, size, out, un->err) : rc;
}


static cxm_rc_t
cxmctl_untar_data(cxmctl_untar_t *un, int fd, const char *path,
    cxm_sum_t *sum, uint64_t *size)
{
    size_t     n, at;
    ssize_t    written;
    cxm_rc_t   rc;

    *size = 0;

    for ( ;; ) {
        rc = cxmctl_untar_read(un, &n);

        if (rc != CXM_OK) {
            return rc;
        }

        if (n == 0) {
            break;
        }

        cxm_sum_add(sum, un->block, n);
        *size += n;

        for (at = 0; at < n; at += (size_t) written) {
            written = write(fd, un->block + at, n - at);

            if (written <= 0) {
                return cxmctl_file_fail("writing", path, un->err);
            }
        }
    }

    return fsync(fd) == 0 ? CXM_OK : cxmctl_file_fail("syncing", path, un->err);
}


/* n is 0 at the member's end. */

static cxm_rc_t
cxmctl_untar_read(cxmctl_untar_t *un, size_t *n)
{
    la_ssize_t  got;

    got = archive_read_data(un->archive, un->block, CXMCTL_TAR_BLOCK);

    if (got < 0) {
        return cxmctl_untar_damaged(un);
    }

    *n = (size_t) got;
    un->done += *n;

    if (un->progress != NULL && un->done < un->total) {
        un->progress(NULL, un->done, un->total);
    }

    return CXM_OK;
}


/* Those between the directory and the file; all names were looked at. */

static cxm_rc_t
cxmctl_untar_folders(cxmctl_untar_t *un, char *path)
{
    int   rc;
    char  *slash;

    for (slash = strchr(path + strlen(un->dir) + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/'))
    {
        *slash = '\0';
        rc = mkdir(path, 0700);

        if (rc != 0 && errno != EEXIST) {
            return cxmctl_file_fail("making", path, un->err);
        }

        *slash = '/';
    }

    return CXM_OK;
}


static cxm_rc_t
cxmctl_untar_damaged(cxmctl_untar_t *un)
{
    const char  *why;

    why = un->archive != NULL ? archive_error_string(un->archive) : NULL;

    return cxm_fail(un->err, CXM_CORRUPT, "backup", "\"%s\" is no backup, or "
                    "damaged%s%.100s", un->name, why != NULL ? ": " : "",
                    why != NULL ? why : "");
}
