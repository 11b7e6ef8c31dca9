/*
 * Files that last.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cxmctl_file.h"


static cxm_rc_t cxmctl_file_hold(cxmctl_file_t *file, cxm_error_t *err);
static cxm_rc_t cxmctl_file_sync_dir(const char *path, cxm_error_t *err);


cxm_rc_t
cxmctl_file_create(const char *path, cxmctl_file_t *file, cxm_error_t *err)
{
    file->fd = -1;
    file->path = strdup(path);

    if (asprintf(&file->temp, "%s.new", path) < 0) {
        file->temp = NULL;
    }

    if (file->path == NULL || file->temp == NULL) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "no memory");
    }

    return cxmctl_file_hold(file, err);
}


/*
 * The lock tells a file that was left from one that is being written; under
 * it the file must still have its name, for whoever had the lock may have
 * given it the final one.
 */

static cxm_rc_t
cxmctl_file_hold(cxmctl_file_t *file, cxm_error_t *err)
{
    int          fd;
    struct stat  st, now;

    fd = open(file->temp, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd == -1) {
        return cxmctl_file_fail("making", file->temp, err);
    }

    if (flock(fd, LOCK_EX | LOCK_NB) != 0 || fstat(fd, &st) != 0
        || lstat(file->temp, &now) != 0 || st.st_ino != now.st_ino
        || st.st_dev != now.st_dev)
    {
        (void) close(fd);
        return cxm_fail(err, CXM_UNAVAILABLE, NULL,
                        "another process writes \"%s\"", file->temp);
    }

    if (!S_ISREG(st.st_mode) || st.st_uid != geteuid()) {
        (void) close(fd);
        return cxm_fail(err, CXM_IO, NULL, "\"%s\" is somebody else's",
                        file->temp);
    }

    file->fd = fd;

    return fchmod(fd, 0600) == 0 && ftruncate(fd, 0) == 0
           ? CXM_OK : cxmctl_file_fail("emptying", file->temp, err);
}


cxm_rc_t
cxmctl_file_finish(cxmctl_file_t *file, cxm_error_t *err)
{
    if (fsync(file->fd) != 0) {
        return cxmctl_file_fail("syncing", file->temp, err);
    }

    if (rename(file->temp, file->path) != 0) {
        return cxmctl_file_fail("naming", file->temp, err);
    }

    free(file->temp);
    file->temp = NULL;

    return cxmctl_file_sync_dir(file->path, err);
}


static cxm_rc_t
cxmctl_file_sync_dir(const char *path, cxm_error_t *err)
{
    int       fd;
    char     *dir, *slash;
    cxm_rc_t  rc;

    dir = strdup(path);

    if (dir == NULL) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "no memory");
    }

    slash = strrchr(dir, '/');

    if (slash != NULL) {
        slash[slash == dir] = '\0';
    }

    fd = open(slash == NULL ? "." : dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    rc = fd == -1 || fsync(fd) != 0
         ? cxmctl_file_fail("syncing", slash == NULL ? "." : dir, err)
         : CXM_OK;

    if (fd != -1) {
        (void) close(fd);
    }

    free(dir);

    return rc;
}


void
cxmctl_file_close(cxmctl_file_t *file)
{
    if (file->fd != -1) {

        if (file->temp != NULL) {
            (void) unlink(file->temp);
        }

        (void) close(file->fd);
    }

    free(file->path);
    free(file->temp);
    memset(file, 0, sizeof(cxmctl_file_t));
    file->fd = -1;
}


cxm_rc_t
cxmctl_file_write(const char *path, cxm_str_t text, cxm_error_t *err)
{
    ssize_t        n;
    cxm_rc_t       rc;
    cxmctl_file_t  file;

    rc = cxmctl_file_create(path, &file, err);

    while (rc == CXM_OK && text.len > 0) {
        n = write(file.fd, text.data, text.len);

        if (n > 0) {
            text.data += n;
            text.len -= (size_t) n;

        } else if (n == 0 || errno != EINTR) {
            rc = cxmctl_file_fail("writing", file.temp, err);
        }
    }

    if (rc == CXM_OK) {
        rc = cxmctl_file_finish(&file, err);
    }

    cxmctl_file_close(&file);

    return rc;
}


cxm_rc_t
cxmctl_file_read(int fd, const char *name, size_t max, cxm_buf_t *out,
    cxm_error_t *err)
{
    char     block[8192];
    ssize_t  n;

    do {
        n = read(fd, block, sizeof(block));

        if (n > 0) {
            cxm_buf_put(out, block, (size_t) n);

        } else if (n == -1 && errno != EINTR) {
            return cxmctl_file_fail("reading", name, err);
        }
    } while (n != 0 && !out->failed && out->len <= max);

    return out->failed || out->len > max
           ? cxm_fail(err, CXM_CORRUPT, NULL, "\"%s\" is too long", name)
           : CXM_OK;
}


cxm_rc_t
cxmctl_file_fail(const char *what, const char *path, cxm_error_t *err)
{
    if (errno == ENOSPC || errno == EDQUOT) {
        return cxm_fail(err, CXM_FULL, "disk_full", "the disk is full: %s "
                        "\"%s\" failed", what, path);
    }

    return cxm_fail(err, CXM_IO, NULL, "%s \"%s\" failed: %s", what, path,
                    strerror(errno));
}
