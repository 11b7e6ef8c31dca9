/*
 * Formats: who knows which, and raising it.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "cxm_store_int.h"
#include "cxm_upgrade.h"


cxm_rc_t
cxm_format_read(cxm_txn_t *txn, cxm_error_t *err)
{
    unsigned   known;
    cxm_rc_t   rc;
    cxm_str_t  raw;

    /* without its MAC, since there may be no keys yet; that is tried at open */

    rc = cxm_row_raw(txn, CXM_T_META, cxm_str(CXM_META_FORMAT), &raw);

    if (rc != CXM_OK || raw.len == 0 || raw.data[0] == 0) {
        (void) cxm_damage(CXM_T_META, cxm_str(CXM_META_FORMAT), "no format");
        return cxm_fail(err, CXM_CORRUPT, NULL, "the store has no format");
    }

    txn->format = (uint8_t) raw.data[0];
    known = txn->store->known;

    if (txn->format > known) {
        return cxm_fail(err, CXM_FORMAT, NULL, "the store has format %u, "
                        "this program knows %u at most", txn->format, known);
    }

    if (txn->format + 1 < known) {
        return cxm_fail(err, CXM_FORMAT, "older_format", "the store has "
                        "format %u, this program reads %u and %u: raise it "
                        "with a version in between", txn->format, known - 1,
                        known);
    }

    return CXM_OK;
}


unsigned
cxm_txn_format(const cxm_txn_t *txn)
{
    return txn->format;
}


/* --- who has the store open --------------------------------------------- */

/*
 * Locks of the open file and not of the process: a process drops those at
 * any close() of the file.
 */
static int
running_lock(int fd, int command, short type, unsigned start, unsigned len)
{
    struct flock  lock = {
        .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len
    };

    return fcntl(fd, command, &lock);
}


cxm_rc_t
cxm_running_announce(cxm_store_t *store, cxm_error_t *err)
{
    char  *path;

    path = cxm_store_path(store->dir, CXM_STORE_RUNNING);

    if (path == NULL) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "no memory");
    }

    store->running_fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
                             0600);
    free(path);

    if (store->running_fd == -1) {
        return cxm_fail(err, CXM_IO, NULL, "cannot open \"%s/%s\": %s",
                        store->dir, CXM_STORE_RUNNING, strerror(errno));
    }

    if (running_lock(store->running_fd, F_OFD_SETLK, F_RDLCK, store->known, 1)
        != 0)
    {
        return cxm_fail(err, CXM_UNAVAILABLE, NULL,
                        "the store \"%s\" is being upgraded or rebuilt",
                        store->dir);
    }

    return CXM_OK;
}


cxm_rc_t
cxm_running_alone(cxm_store_t *store, cxm_error_t *err)
{
    /* all bytes that there can be */

    return running_lock(store->running_fd, F_OFD_SETLK, F_WRLCK, 0, 0) == 0
           ? CXM_OK
           : cxm_fail(err, CXM_CONFLICT, "in_use", "somebody else has the "
                      "store \"%s\" open: stop nginx and other tools",
                      store->dir);
}


/* --- raising ------------------------------------------------------------ */

static cxm_rc_t
upgrade_write(cxm_store_t *store, cxm_error_t *err)
{
    uint8_t        format;
    cxm_rc_t       rc;
    cxm_txn_t     *txn;
    cxm_row_key_t  key;

    rc = cxm_txn_write(store, cxm_now(), &txn, err);

    if (rc != CXM_OK) {
        return rc;
    }

    format = (uint8_t) store->known;
    cxm_row_key_name(&key, CXM_META_FORMAT);
    (void) cxm_row_put(txn, CXM_T_META, &key,
                       (cxm_str_t) { 1, (const char *) &format });

    return cxm_txn_commit(txn, err);
}


cxm_rc_t
cxm_store_upgrade(cxm_store_t *store, unsigned *from, cxm_error_t *err)
{
    cxm_rc_t    rc;
    cxm_txn_t  *txn;

    rc = cxm_txn_read(store, &txn, err);

    if (rc != CXM_OK) {
        return rc;
    }

    *from = txn->format;
    cxm_txn_end(txn);

    if (*from == store->known) {
        return CXM_OK;
    }

    if (running_lock(store->running_fd, F_OFD_SETLK, F_WRLCK, 0, store->known)
        != 0)
    {
        return cxm_fail(err, CXM_CONFLICT, "in_use", "a program that knows "
                        "only format %u has the store open: stop it, or start "
                        "the new one in its place", *from);
    }

    rc = upgrade_write(store, err);

    (void) running_lock(store->running_fd, F_OFD_SETLK, F_UNLCK, 0,
                        store->known);

    return rc;
}
