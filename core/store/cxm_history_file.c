/*
 * History: its files, and who may touch them.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "cxm_history.h"
#include "cxm_store_int.h"


char *
cxm_history_dir(cxm_txn_t *txn)
{
    cxm_str_t      value;
    cxm_row_key_t  key;

    cxm_row_key_name(&key, CXM_META_ARCHIVE);

    return cxm_row_get(txn, CXM_T_META, &key, &value) == CXM_OK
           ? strndup(value.data, value.len)
           : cxm_store_path(txn->store->dir, CXM_HISTORY_ARCHIVE);
}


cxm_rc_t
cxm_history_note_dir(cxm_store_t *store, const char *dir, cxm_error_t *err)
{
    int            known;
    char          *old;
    cxm_rc_t       rc;
    cxm_txn_t     *txn;
    cxm_row_key_t  key;

    rc = cxm_txn_read(store, &txn, err);

    if (rc != CXM_OK) {
        return rc;
    }

    old = cxm_history_dir(txn);
    known = old != NULL && strcmp(old, dir) == 0;
    free(old);
    cxm_txn_end(txn);

    if (known) {
        return CXM_OK;
    }

    rc = cxm_txn_write(store, cxm_now(), &txn, err);

    if (rc != CXM_OK) {
        return rc;
    }

    cxm_row_key_name(&key, CXM_META_ARCHIVE);
    (void) cxm_row_put(txn, CXM_T_META, &key, cxm_strz(dir));

    return cxm_txn_commit(txn, err);
}


void
cxm_history_volume_name(const cxm_volume_t *volume,
    char name[CXM_HISTORY_NAME])
{
    (void) snprintf(name, CXM_HISTORY_NAME, "journal-%020" PRIu64 "-%020"
                    PRIu64, volume->first, volume->last);
}


void
cxm_history_tables_name(uint64_t seq, char name[CXM_HISTORY_NAME])
{
    (void) snprintf(name, CXM_HISTORY_NAME, "tables-%020" PRIu64, seq);
}


/* dir NULL: where tables are. */
static cxm_rc_t
history_open(const cxm_store_t *store, const char *dir, const char *name,
    const cxm_archive_id_t *id, cxm_archive_reader_t **out, cxm_error_t *err)
{
    char      *path;
    cxm_rc_t   rc;

    rc = asprintf(&path, "%s%s/%s", dir == NULL ? store->dir : dir,
                  dir == NULL ? "/" CXM_HISTORY_CHECKPOINT : "", name) < 0
         ? cxm_fail(err, CXM_INTERNAL, NULL, "No memory.") : CXM_OK;

    if (rc == CXM_OK) {
        rc = cxm_archive_open(path, id, out, err);
        free(path);
    }

    return rc;
}


cxm_rc_t
cxm_history_open_volume(const cxm_store_t *store, const char *dir,
    const cxm_volume_t *volume, cxm_archive_reader_t **out,
    cxm_error_t *err)
{
    char              name[CXM_HISTORY_NAME];
    cxm_archive_id_t  id;

    id = cxm_history_id(store, CXM_ARCHIVE_JOURNAL, volume->first);
    id.sum = &volume->sum;
    cxm_history_volume_name(volume, name);

    return history_open(store, dir, name, &id, out, err);
}


cxm_rc_t
cxm_history_open_tables(const cxm_store_t *store,
    const cxm_checkpoint_t *checkpoint, cxm_archive_reader_t **out,
    cxm_error_t *err)
{
    char              name[CXM_HISTORY_NAME];
    cxm_archive_id_t  id;

    id = cxm_history_id(store, CXM_ARCHIVE_TABLES, checkpoint->seq);
    id.sum = &checkpoint->sum;
    cxm_history_tables_name(checkpoint->seq, name);

    return history_open(store, NULL, name, &id, out, err);
}


cxm_archive_id_t
cxm_history_id(const cxm_store_t *store, cxm_archive_type_t type, uint64_t seq)
{
    cxm_archive_id_t  id;

    memset(&id, 0, sizeof(id));
    id.type = type;
    id.uuid = store->uuid;
    id.seq = seq;
    id.key = &store->secret->ring.k[CXM_SUBKEY_ARCHIVE];

    return id;
}


cxm_rc_t
cxm_history_hold(const cxm_store_t *store, int alone, int *fd,
    cxm_error_t *err)
{
    int  rc;

    *fd = open(store->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (*fd == -1) {
        return cxm_fail(err, CXM_IO, NULL, "Cannot open \"%.160s\": %s.",
                        store->dir, strerror(errno));
    }

    do {
        rc = flock(*fd, alone ? LOCK_EX | LOCK_NB : LOCK_SH);
    } while (rc == -1 && errno == EINTR);

    if (rc == 0) {
        return CXM_OK;
    }

    rc = errno;
    (void) close(*fd);
    *fd = -1;

    return rc == EWOULDBLOCK
           ? cxm_fail(err, CXM_UNAVAILABLE, NULL,
                      "Somebody else holds the history of the store.")
           : cxm_fail(err, CXM_IO, NULL, "Cannot lock \"%.160s\": %s.",
                      store->dir, strerror(rc));
}


void
cxm_history_release(int fd)
{
    if (fd != -1) {
        (void) close(fd);
    }
}
