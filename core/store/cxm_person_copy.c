/*
 * Copies of the file of person keys: for a backup, and from one.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cxm_backup.h"
#include "cxm_person_file.h"


#define CXM_PERSON_COPY  (128 * 1024)       /* bytes at a time */


static cxm_rc_t
cxm_person_copy_fault(const char *path, int error, cxm_error_t *err)
{
    return cxm_fail(err, error == ENOSPC || error == EDQUOT ? CXM_FULL
                                                            : CXM_IO,
                    NULL, "writing \"%s\" failed: %s", path,
                    strerror(error));
}


/* 0 or errno. */
static int
cxm_person_copy_bytes(int from, int to)
{
    int       error;
    off_t     offset;
    ssize_t   n;
    uint8_t  *run;

    run = malloc(CXM_PERSON_COPY);

    if (run == NULL) {
        return ENOMEM;
    }

    error = 0;
    offset = 0;

    do {
        n = pread(from, run, CXM_PERSON_COPY, offset);

        if (n > 0) {
            error = cxm_person_pwrite(to, run, (size_t) n, offset);
            offset += n;

        } else if (n == -1 && errno != EINTR) {
            error = errno;
        }
    } while (error == 0 && n != 0);

    free(run);

    return error;
}


cxm_rc_t
cxm_backup_keys(const cxm_store_t *store, const char *path,
    cxm_error_t *err)
{
    int  fd, error;

    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
              0600);

    if (fd == -1) {
        return cxm_person_copy_fault(path, errno, err);
    }

    error = cxm_person_copy_bytes(store->keys_fd, fd);
    (void) close(fd);

    return error == 0 ? CXM_OK : cxm_person_copy_fault(path, error, err);
}


cxm_rc_t
cxm_backup_erase(const char *path, const json_t *slots, cxm_error_t *err)
{
    int     fd, error;
    size_t  i;

    fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);

    if (fd == -1) {
        return cxm_person_copy_fault(path, errno, err);
    }

    error = 0;

    for (i = 0; i < json_array_size(slots) && error == 0; i++) {
        error = cxm_person_overwrite(fd, (uint64_t) json_integer_value(
                                             json_array_get(slots, i)));
        error = error == ENODATA ? 0 : error;
    }

    if (error == 0 && fsync(fd) != 0) {
        error = errno;
    }

    (void) close(fd);

    return error == 0 ? CXM_OK : cxm_person_copy_fault(path, error, err);
}


/* Slots from the end of the file to `persons` are lost; 0 or errno. */
static int
cxm_person_fill(int fd, uint64_t persons, uint64_t *slots)
{
    int          error;
    uint8_t      lost[CXM_PERSON_SLOT] = { CXM_PERSON_LOST };
    struct stat  st;

    if (fstat(fd, &st) != 0) {
        return errno;
    }

    error = 0;

    for (*slots = (uint64_t) st.st_size / CXM_PERSON_SLOT;
         *slots < persons && error == 0;
         ++*slots)
    {
        error = cxm_person_pwrite(fd, lost, sizeof(lost),
                                  cxm_person_offset(*slots));
    }

    return error == 0 && fsync(fd) != 0 ? errno : error;
}


cxm_rc_t
cxm_person_complete(const char *path, const cxm_uuid_t *uuid,
    uint64_t persons, uint64_t *slots, cxm_error_t *err)
{
    int      fd, error;
    uint8_t  header[CXM_PERSON_SLOT], expect[CXM_PERSON_SLOT];

    fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);

    if (fd == -1) {
        return cxm_person_copy_fault(path, errno, err);
    }

    cxm_person_header(uuid, expect);

    if (cxm_person_pread(fd, 0, header) != 0
        || memcmp(header, expect, sizeof(header)) != 0)
    {
        (void) close(fd);
        return cxm_fail(err, CXM_CORRUPT, NULL, "the person keys are those of "
                        "another store");
    }

    error = cxm_person_fill(fd, persons, slots);
    (void) close(fd);

    return error == 0 ? CXM_OK : cxm_person_copy_fault(path, error, err);
}
