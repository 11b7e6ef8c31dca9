/*
 * The master key file, and the keys of a store in guarded memory.
 */

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cxm_store_int.h"


/* Numbers are part of the format. */
#define CXM_MASTER_CONTEXT  "cxmmastr"
#define CXM_MASTER_WRAP     1
#define CXM_MASTER_NONCE    2


/* Tests the opened file, so that it cannot be exchanged in between. */
static cxm_rc_t
cxm_master_test(int fd, const char *path, cxm_error_t *err)
{
    struct stat  st;

    if (fstat(fd, &st) != 0) {
        return cxm_fail(err, CXM_IO, "key_file", "fstat(\"%s\") failed: %s",
                        path, strerror(errno));
    }

    if (!S_ISREG(st.st_mode)) {
        return cxm_fail(err, CXM_INVALID, "key_file",
                        "key file \"%s\" is not a regular file", path);
    }

    if (st.st_mode & (S_IRWXG | S_IRWXO)) {
        return cxm_fail(err, CXM_INVALID, "key_file_open",
                        "key file \"%s\" may be read by others, mode is %04o: "
                        "use chmod 0600", path,
                        (unsigned) (st.st_mode & 07777));
    }

    if (st.st_size != CXM_KEY_LEN) {
        return cxm_fail(err, CXM_INVALID, "key_file",
                        "key file \"%s\" has %lld bytes, not %d", path,
                        (long long) st.st_size, CXM_KEY_LEN);
    }

    return CXM_OK;
}


static cxm_rc_t
cxm_master_open(const char *path, int *fd, cxm_error_t *err)
{
    cxm_rc_t  rc;

    /* not to wait for a writer when the path is a fifo */

    *fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

    if (*fd == -1) {
        if (errno == ENOENT) {
            return cxm_fail(err, CXM_NOT_FOUND, "key_file",
                            "key file \"%s\" is missing", path);
        }

        if (errno == ELOOP) {
            return cxm_fail(err, CXM_INVALID, "key_file",
                            "key file \"%s\" is a symbolic link", path);
        }

        return cxm_fail(err, CXM_IO, "key_file",
                        "cannot open key file \"%s\": %s", path,
                        strerror(errno));
    }

    rc = cxm_master_test(*fd, path, err);

    if (rc != CXM_OK) {
        (void) close(*fd);
    }

    return rc;
}


cxm_rc_t
cxm_master_check(const char *path, cxm_error_t *err)
{
    int       fd;
    cxm_rc_t  rc;

    rc = cxm_master_open(path, &fd, err);

    if (rc == CXM_OK) {
        (void) close(fd);
    }

    return rc;
}


/* The file's name must last as well: without the key the store is lost. */
static int
cxm_master_sync_dir(const char *path)
{
    int    fd, rc;
    char  *dir, *slash;

    dir = strdup(path);

    if (dir == NULL) {
        return -1;
    }

    slash = strrchr(dir, '/');

    if (slash != NULL) {
        slash[slash == dir] = '\0';
    }

    fd = open(slash == NULL ? "." : dir,
              O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(dir);

    if (fd == -1) {
        return -1;
    }

    rc = fsync(fd);
    (void) close(fd);

    return rc;
}


cxm_rc_t
cxm_master_make(const char *path, unsigned uid, unsigned gid,
    cxm_error_t *err)
{
    int        fd, error;
    cxm_key_t  key;

    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
              0600);

    if (fd == -1) {
        return cxm_fail(err, CXM_IO, "key_file",
                        "cannot make key file \"%s\": %s", path,
                        strerror(errno));
    }

    error = 0;
    cxm_random(key.b, sizeof(key.b));
    errno = ENOSPC;     /* of a write that is cut short */

    if (write(fd, key.b, sizeof(key.b)) != (ssize_t) sizeof(key.b)
        || fchmod(fd, 0600) != 0
        || (uid != (unsigned) -1 && fchown(fd, uid, gid) != 0)
        || fsync(fd) != 0
        || cxm_master_sync_dir(path) != 0)
    {
        error = errno;
        (void) unlink(path);
    }

    cxm_wipe(&key, sizeof(key));
    (void) close(fd);

    if (error != 0) {
        return cxm_fail(err, CXM_IO, "key_file",
                        "cannot write key file \"%s\": %s", path,
                        strerror(error));
    }

    return CXM_OK;
}


char *
cxm_master_path(const cxm_store_opts_t *opts)
{
    return opts->key_file != NULL ? strdup(opts->key_file)
                                  : cxm_store_path(opts->dir, CXM_STORE_KEY);
}


static cxm_rc_t
cxm_master_read_file(const char *path, cxm_secret_t *secret, cxm_error_t *err)
{
    int         fd;
    ssize_t     n;
    cxm_rc_t    rc;
    cxm_key_t  *master;

    rc = cxm_master_open(path, &fd, err);

    if (rc != CXM_OK) {
        return rc;
    }

    /* the master key itself stays in memory no longer than this call */

    master = &secret->root;
    n = read(fd, master->b, CXM_KEY_LEN);
    (void) close(fd);

    if (n != CXM_KEY_LEN) {
        return cxm_fail(err, CXM_IO, "key_file",
                        "cannot read key file \"%s\"", path);
    }

    crypto_kdf_derive_from_key(secret->wrap.b, CXM_KEY_LEN, CXM_MASTER_WRAP,
                               CXM_MASTER_CONTEXT, master->b);
    crypto_kdf_derive_from_key(secret->wrap_nonce.b, CXM_KEY_LEN,
                               CXM_MASTER_NONCE, CXM_MASTER_CONTEXT,
                               master->b);

    cxm_wipe(master, sizeof(*master));

    return CXM_OK;
}


cxm_rc_t
cxm_master_read(const cxm_store_opts_t *opts, cxm_master_t **out,
    cxm_error_t *err)
{
    char          *path;
    cxm_rc_t       rc;
    cxm_secret_t  *secret;

    path = cxm_master_path(opts);
    secret = sodium_malloc(sizeof(*secret));

    if (path == NULL || secret == NULL) {
        rc = cxm_fail(err, CXM_INTERNAL, NULL, "no memory for keys");

    } else {
        memset(secret, 0, sizeof(*secret));
        rc = cxm_master_read_file(path, secret, err);
    }

    free(path);

    if (rc != CXM_OK) {
        cxm_secret_free(secret);
        return rc;
    }

    *out = secret;

    return CXM_OK;
}


void
cxm_master_free(cxm_master_t *master)
{
    cxm_secret_free(master);
}


cxm_rc_t
cxm_master_load(const cxm_store_opts_t *opts, cxm_secret_t **out,
    cxm_error_t *err)
{
    if (opts->master == NULL) {
        return cxm_master_read(opts, out, err);
    }

    *out = sodium_malloc(sizeof(**out));

    if (*out == NULL) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "no memory for keys");
    }

    **out = *opts->master;

    return CXM_OK;
}


void
cxm_secret_root(cxm_secret_t *secret, const cxm_key_t *root)
{
    secret->root = *root;
    cxm_keyring_derive(&secret->ring, &secret->root);
    (void) sodium_mprotect_readonly(secret);
}


cxm_secret_t *
cxm_secret_copy(const cxm_secret_t *secret)
{
    cxm_secret_t  *copy;

    copy = sodium_malloc(sizeof(*copy));

    if (copy != NULL) {
        *copy = *secret;
        (void) sodium_mprotect_readonly(copy);
    }

    return copy;
}


void
cxm_secret_free(cxm_secret_t *secret)
{
    sodium_free(secret);
}
