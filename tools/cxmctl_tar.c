/*
 * Backups as tar files: writing.
 */

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cxmctl_file.h"
#include "cxmctl_tar.h"


#define CXMCTL_TAR_BLOCK  (128 * 1024)

struct cxmctl_tar_s {
    cxmctl_file_t    file;
    struct archive  *archive;
};


static cxm_rc_t cxmctl_tar_open(cxmctl_tar_t *tar, cxm_error_t *err);
static cxm_rc_t cxmctl_tar_header(cxmctl_tar_t *tar, const char *name,
    uint64_t size, cxm_error_t *err);
static cxm_rc_t cxmctl_tar_put(cxmctl_tar_t *tar, const void *data,
    size_t len, cxm_error_t *err);
static cxm_rc_t cxmctl_tar_file(cxmctl_tar_t *tar, int fd, const char *path,
    uint64_t size, uint8_t sum[CXM_SUM_LEN], cxm_error_t *err);
static cxm_rc_t cxmctl_tar_entries(cxmctl_tar_t *tar, struct dirent **list,
    int n, const char *path, const char *name, cxm_manifest_t *manifest,
    cxm_error_t *err);
static int cxmctl_tar_wanted(const struct dirent *entry);
static cxm_rc_t cxmctl_tar_fault(cxmctl_tar_t *tar, cxm_error_t *err);


cxm_rc_t
cxmctl_tar_create(const char *path, cxmctl_tar_t **out, cxm_error_t *err)
{
    cxm_rc_t       rc;
    cxmctl_tar_t  *tar;

    tar = calloc(1, sizeof(cxmctl_tar_t));

    if (tar == NULL) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "no memory");
    }

    rc = cxmctl_file_create(path, &tar->file, err);

    if (rc == CXM_OK) {
        rc = cxmctl_tar_open(tar, err);
    }

    if (rc != CXM_OK) {
        cxmctl_tar_close(tar);
        return rc;
    }

    *out = tar;

    return CXM_OK;
}


static cxm_rc_t
cxmctl_tar_open(cxmctl_tar_t *tar, cxm_error_t *err)
{
    tar->archive = archive_write_new();

    if (tar->archive == NULL
        || archive_write_set_format_pax_restricted(tar->archive) != ARCHIVE_OK
        || archive_write_add_filter_none(tar->archive) != ARCHIVE_OK
        || archive_write_open_fd(tar->archive, tar->file.fd) != ARCHIVE_OK)
    {
        return cxm_fail(err, CXM_INTERNAL, NULL, "libarchive does not start");
    }

    return CXM_OK;
}


cxm_rc_t
cxmctl_tar_add(cxmctl_tar_t *tar, const char *path, const char *name,
    cxm_manifest_t *manifest, cxm_error_t *err)
{
    int          fd;
    uint8_t      sum[CXM_SUM_LEN];
    cxm_rc_t     rc;
    struct stat  st;

    fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

    if (fd == -1) {
        return cxmctl_file_fail("opening", path, err);
    }

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        (void) close(fd);
        return cxm_fail(err, CXM_IO, NULL, "\"%s\" is not a regular file",
                        path);
    }

    rc = cxmctl_tar_header(tar, name, (uint64_t) st.st_size, err);

    if (rc == CXM_OK) {
        rc = cxmctl_tar_file(tar, fd, path, (uint64_t) st.st_size, sum, err);
    }

    (void) close(fd);

    return rc == CXM_OK
           ? cxm_manifest_add(manifest, name, (uint64_t) st.st_size, sum, err)
           : rc;
}


cxm_rc_t
cxmctl_tar_add_all(cxmctl_tar_t *tar, const char *path, const char *name,
    cxm_manifest_t *manifest, cxm_error_t *err)
{
    int              i, n;
    cxm_rc_t         rc;
    struct dirent  **list;

    n = scandir(path, &list, cxmctl_tar_wanted, alphasort);

    if (n == -1) {
        return errno == ENOENT ? CXM_OK
                               : cxmctl_file_fail("reading", path, err);
    }

    rc = cxmctl_tar_entries(tar, list, n, path, name, manifest, err);

    for (i = 0; i < n; i++) {
        free(list[i]);
    }

    free(list);

    return rc;
}


/* Not what an interrupted writer has left. */

static int
cxmctl_tar_wanted(const struct dirent *entry)
{
    const char  *end;

    end = strrchr(entry->d_name, '.');

    return entry->d_name[0] != '.' && (end == NULL || strcmp(end, ".tmp") != 0);
}


static cxm_rc_t
cxmctl_tar_entries(cxmctl_tar_t *tar, struct dirent **list, int n,
    const char *path, const char *name, cxm_manifest_t *manifest,
    cxm_error_t *err)
{
    int          i;
    char        *file, *member;
    cxm_rc_t     rc;
    struct stat  st;

    rc = CXM_OK;

    for (i = 0; i < n && rc == CXM_OK; i++) {
        file = NULL;
        member = NULL;

        if (asprintf(&file, "%s/%s", path, list[i]->d_name) < 0
            || asprintf(&member, "%s/%s", name, list[i]->d_name) < 0)
        {
            rc = cxm_fail(err, CXM_INTERNAL, NULL, "no memory");

        } else if (!cxm_manifest_may_name(manifest->what, cxm_strz(member))) {
            rc = cxm_fail(err, CXM_INVALID, NULL, "\"%s\" is no file of a "
                          "store", file);

        } else if (lstat(file, &st) != 0) {
            rc = cxmctl_file_fail("reading", file, err);

        } else if (S_ISDIR(st.st_mode)) {
            rc = cxmctl_tar_add_all(tar, file, member, manifest, err);

        } else {
            rc = cxmctl_tar_add(tar, file, member, manifest, err);
        }

        free(file);
        free(member);
    }

    return rc;
}


static cxm_rc_t
cxmctl_tar_header(cxmctl_tar_t *tar, const char *name, uint64_t size,
    cxm_error_t *err)
{
    int                    rc;
    struct archive_entry  *entry;

    entry = archive_entry_new();

    if (entry == NULL) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "no memory");
    }

    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0600);
    archive_entry_set_size(entry, (int64_t) size);
    archive_entry_set_mtime(entry, cxm_now() / CXM_MS_SECOND, 0);

    rc = archive_write_header(tar->archive, entry);
    archive_entry_free(entry);

    return rc == ARCHIVE_OK ? CXM_OK : cxmctl_tar_fault(tar, err);
}


static cxm_rc_t
cxmctl_tar_put(cxmctl_tar_t *tar, const void *data, size_t len,
    cxm_error_t *err)
{
    return archive_write_data(tar->archive, data, len) == (la_ssize_t) len
           ? CXM_OK : cxmctl_tar_fault(tar, err);
}


static cxm_rc_t
cxmctl_tar_file(cxmctl_tar_t *tar, int fd, const char *path, uint64_t size,
    uint8_t out[CXM_SUM_LEN], cxm_error_t *err)
{
    char       *block;
    ssize_t     n;
    cxm_rc_t    rc;
    cxm_sum_t  *sum;

    sum = cxm_sum_begin();
    block = malloc(CXMCTL_TAR_BLOCK);
    rc = sum != NULL && block != NULL
         ? CXM_OK : cxm_fail(err, CXM_INTERNAL, NULL, "no memory");

    while (rc == CXM_OK && size > 0) {
        n = read(fd, block, size < CXMCTL_TAR_BLOCK ? size
                                                    : CXMCTL_TAR_BLOCK);

        if (n == -1 && errno == EINTR) {
            continue;
        }

        if (n <= 0) {
            errno = n == 0 ? ENODATA : errno;
            rc = cxmctl_file_fail("reading", path, err);
            break;
        }

        cxm_sum_add(sum, block, (size_t) n);
        rc = cxmctl_tar_put(tar, block, (size_t) n, err);
        size -= (uint64_t) n;
    }

    if (sum != NULL) {
        cxm_sum_end(sum, out);
    }

    free(block);

    return rc;
}


cxm_rc_t
cxmctl_tar_finish(cxmctl_tar_t *tar, const cxm_manifest_t *manifest,
    cxm_error_t *err)
{
    cxm_rc_t   rc;
    cxm_buf_t  text;

    cxm_buf_init(&text, CXM_MANIFEST_MAX);
    cxm_manifest_dump(manifest, &text);

    rc = text.failed
         ? cxm_fail(err, CXM_INTERNAL, NULL, "the manifest is too long")
         : cxmctl_tar_header(tar, CXM_MANIFEST_NAME, text.len, err);

    if (rc == CXM_OK) {
        rc = cxmctl_tar_put(tar, text.data, text.len, err);
    }

    cxm_buf_free(&text);

    if (rc == CXM_OK && archive_write_close(tar->archive) != ARCHIVE_OK) {
        rc = cxmctl_tar_fault(tar, err);
    }

    return rc == CXM_OK ? cxmctl_file_finish(&tar->file, err) : rc;
}


void
cxmctl_tar_close(cxmctl_tar_t *tar)
{
    if (tar == NULL) {
        return;
    }

    if (tar->archive != NULL) {

        /* else it would write its end into a file that is given up */

        if (tar->file.temp != NULL) {
            (void) archive_write_fail(tar->archive);
        }

        (void) archive_write_free(tar->archive);
    }

    cxmctl_file_close(&tar->file);
    free(tar);
}


static cxm_rc_t
cxmctl_tar_fault(cxmctl_tar_t *tar, cxm_error_t *err)
{
    errno = archive_errno(tar->archive);

    return cxmctl_file_fail("writing", tar->file.temp, err);
}
