/*
 * The slot file of person keys.
 *
 * Only slots that are live and synced are taken: keys_made is the end of
 * those that this process knows of.  Growing is guarded by flock() against
 * other processes and by keys_lock against threads.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cxm_log.h"
#include "cxm_person_file.h"


#define CXM_PERSON_MAGIC       "cxmkeys1"
#define CXM_PERSON_MAGIC_LEN   8
#define CXM_PERSON_SEALED_AT   8
#define CXM_PERSON_SEALED_LEN  (CXM_KEY_LEN + CXM_SEAL_EXTRA)

_Static_assert(CXM_PERSON_SEALED_AT + CXM_PERSON_SEALED_LEN
               <= CXM_PERSON_SLOT, "slot");


/* --- the slot file ------------------------------------------------------ */

/* What a slot's key is bound to: uuid(16), u64 slot. */
static void
cxm_person_ad(const cxm_store_t *store, uint64_t slot, uint8_t ad[24])
{
    memcpy(ad, store->uuid.b, sizeof(store->uuid.b));
    cxm_put_u64(ad + 16, slot);
}


/* Draws a key; 0, or -1 when memory is short. */
static int
cxm_person_slot_make(const cxm_store_t *store, uint64_t slot,
    uint8_t out[CXM_PERSON_SLOT])
{
    int        rc;
    uint8_t    ad[24];
    cxm_buf_t  buf;
    cxm_key_t  key;

    cxm_random(key.b, sizeof(key.b));
    cxm_person_ad(store, slot, ad);

    cxm_buf_init(&buf, CXM_PERSON_SLOT);
    cxm_seal(&store->secret->wrap, &store->secret->wrap_nonce,
             (cxm_str_t) { sizeof(ad), (const char *) ad },
             (cxm_str_t) { sizeof(key.b), (const char *) key.b }, &buf);
    cxm_wipe(&key, sizeof(key));

    memset(out, 0, CXM_PERSON_SLOT);
    rc = buf.failed ? -1 : 0;

    if (rc == 0) {
        out[0] = CXM_PERSON_LIVE;
        memcpy(out + CXM_PERSON_SEALED_AT, buf.data, buf.len);
    }

    cxm_buf_free(&buf);

    return rc;
}


static cxm_rc_t
cxm_person_slot_open(const cxm_store_t *store, uint64_t slot,
    const uint8_t in[CXM_PERSON_SLOT], cxm_key_t *key)
{
    uint8_t    ad[24];
    cxm_rc_t   rc;
    cxm_buf_t  buf;

    if (in[0] == CXM_PERSON_ERASED || in[0] == CXM_PERSON_LOST) {
        return CXM_NOT_FOUND;
    }

    if (in[0] != CXM_PERSON_LIVE) {
        return CXM_CORRUPT;
    }

    cxm_person_ad(store, slot, ad);
    cxm_buf_init(&buf, CXM_PERSON_SLOT);

    rc = cxm_open(&store->secret->wrap,
                  (cxm_str_t) { sizeof(ad), (const char *) ad },
                  (cxm_str_t) { CXM_PERSON_SEALED_LEN,
                                (const char *) in + CXM_PERSON_SEALED_AT },
                  &buf);

    if (rc == CXM_OK) {
        memcpy(key->b, buf.data, sizeof(key->b));
        cxm_wipe(buf.data, buf.len);
    }

    cxm_buf_free(&buf);

    return rc;
}


int
cxm_person_pread(int fd, uint64_t slot, uint8_t out[CXM_PERSON_SLOT])
{
    ssize_t  n;

    if (slot > INT64_MAX / CXM_PERSON_SLOT) {
        return ENODATA;
    }

    do {
        n = pread(fd, out, CXM_PERSON_SLOT, cxm_person_offset(slot));
    } while (n == -1 && errno == EINTR);

    return n == CXM_PERSON_SLOT ? 0 : n == -1 ? errno : ENODATA;
}


int
cxm_person_pwrite(int fd, const uint8_t *data, size_t len, off_t offset)
{
    ssize_t  n;

    while (len > 0) {
        n = pwrite(fd, data, len, offset);

        if (n == -1 && errno == EINTR) {
            continue;
        }

        if (n <= 0) {
            return n == 0 ? ENOSPC : errno;
        }

        data += n;
        len -= (size_t) n;
        offset += n;
    }

    return 0;
}


void
cxm_person_header(const cxm_uuid_t *uuid, uint8_t out[CXM_PERSON_SLOT])
{
    memset(out, 0, CXM_PERSON_SLOT);
    memcpy(out, CXM_PERSON_MAGIC, CXM_PERSON_MAGIC_LEN);
    memcpy(out + CXM_PERSON_MAGIC_LEN, uuid->b, sizeof(uuid->b));
}


cxm_rc_t
cxm_person_file_make(const char *path, const cxm_uuid_t *uuid,
    cxm_error_t *err)
{
    int      fd, error;
    uint8_t  header[CXM_PERSON_SLOT];

    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
              0600);

    if (fd == -1) {
        return cxm_fail(err, CXM_IO, NULL, "cannot make \"%s\": %s", path,
                        strerror(errno));
    }

    cxm_person_header(uuid, header);
    error = cxm_person_pwrite(fd, header, sizeof(header), 0);

    if (error == 0 && fsync(fd) != 0) {
        error = errno;
    }

    (void) close(fd);

    if (error != 0) {
        return cxm_fail(err, CXM_IO, NULL, "cannot write \"%s\": %s", path,
                        strerror(error));
    }

    return CXM_OK;
}


cxm_rc_t
cxm_person_file_open(cxm_store_t *store, const char *path, cxm_error_t *err)
{
    uint8_t  header[CXM_PERSON_SLOT], expect[CXM_PERSON_SLOT];

    store->keys_fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);

    if (store->keys_fd == -1) {
        return cxm_fail(err, CXM_IO, NULL, "cannot open \"%s\": %s", path,
                        strerror(errno));
    }

    cxm_person_header(&store->uuid, expect);

    if (cxm_person_pread(store->keys_fd, 0, header) != 0
        || memcmp(header, expect, sizeof(header)) != 0)
    {
        cxm_log(CXM_LOG_ALERT, "\"%s\" is not the file of person keys of "
                "this store", path);
        return cxm_fail(err, CXM_CORRUPT, NULL, "\"%s\" is not the file of "
                        "person keys of this store", path);
    }

    return CXM_OK;
}


/* --- slots made ahead --------------------------------------------------- */

/* Makes one slot anew that a crash left half written; it was never taken. */
static int
cxm_person_repair(cxm_store_t *store, uint64_t slot)
{
    int        error;
    uint8_t    b[CXM_PERSON_SLOT];
    cxm_rc_t   rc;
    cxm_key_t  key;

    error = cxm_person_pread(store->keys_fd, slot, b);

    if (error != 0) {
        return error;
    }

    rc = cxm_person_slot_open(store, slot, b, &key);
    cxm_wipe(&key, sizeof(key));

    if (rc != CXM_CORRUPT) {
        return 0;
    }

    if (cxm_person_slot_make(store, slot, b) != 0) {
        return ENOMEM;
    }

    return cxm_person_pwrite(store->keys_fd, b, sizeof(b),
                             cxm_person_offset(slot));
}


static int
cxm_person_extend(cxm_store_t *store, uint64_t from, uint64_t to)
{
    int       error;
    size_t    len;
    uint8_t  *run, *p;
    uint64_t  slot;

    len = (size_t) (to - from) * CXM_PERSON_SLOT;
    run = malloc(len);

    if (run == NULL) {
        return ENOMEM;
    }

    error = 0;
    p = run;

    for (slot = from; slot < to && error == 0; slot++) {
        error = cxm_person_slot_make(store, slot, p) == 0 ? 0 : ENOMEM;
        p += CXM_PERSON_SLOT;
    }

    if (error == 0) {
        error = cxm_person_pwrite(store->keys_fd, run, len,
                                  cxm_person_offset(from));
    }

    free(run);

    return error;
}


/* Under flock(): what is there is checked, what lacks is made, all synced. */
static int
cxm_person_grow(cxm_store_t *store, uint64_t next)
{
    int          error;
    uint64_t     slot, end, made;
    struct stat  st;

    if (fstat(store->keys_fd, &st) != 0) {
        return errno;
    }

    end = (uint64_t) st.st_size / CXM_PERSON_SLOT;
    made = atomic_load(&store->keys_made);
    error = 0;

    for (slot = made < next ? next : made; slot < end && error == 0; slot++) {
        error = cxm_person_repair(store, slot);
    }

    if (error == 0 && end < next + CXM_PERSON_LOW) {
        slot = end < next ? next : end;
        end = next + CXM_PERSON_AHEAD;
        error = cxm_person_extend(store, slot, end);
    }

    /* also where another process wrote it all: it may have died unsynced */

    if (error == 0 && fdatasync(store->keys_fd) != 0) {
        error = errno;
    }

    if (error == 0) {
        atomic_store(&store->keys_made, end);
    }

    return error;
}


static cxm_rc_t
cxm_person_grow_locked(cxm_store_t *store, uint64_t next, cxm_error_t *err)
{
    int  error;

    while (flock(store->keys_fd, LOCK_EX) != 0) {
        if (errno != EINTR) {
            return cxm_fault_io(store, errno, "locking the person keys", err);
        }
    }

    error = cxm_person_grow(store, next);
    (void) flock(store->keys_fd, LOCK_UN);

    if (error != 0) {
        return cxm_fault_io(store, error, "making person keys", err);
    }

    return CXM_OK;
}


static int
cxm_person_enough(cxm_store_t *store)
{
    return atomic_load(&store->keys_made)
           >= atomic_load(&store->persons) + CXM_PERSON_LOW;
}


cxm_rc_t
cxm_person_reserve(cxm_store_t *store, cxm_error_t *err)
{
    cxm_rc_t    rc;
    uint64_t    next;
    cxm_txn_t  *txn;

    if (cxm_person_enough(store)) {
        return CXM_OK;
    }

    rc = cxm_fault_latched(store, err);

    if (rc != CXM_OK) {
        return rc;
    }

    (void) pthread_mutex_lock(&store->keys_lock);

    if (!cxm_person_enough(store)) {

        /* the number as it is now: other processes take slots too */

        rc = cxm_txn_read(store, &txn, err);

        if (rc == CXM_OK) {
            next = txn->state.persons;
            cxm_txn_end(txn);
            rc = cxm_person_grow_locked(store, next, err);
        }
    }

    (void) pthread_mutex_unlock(&store->keys_lock);

    return rc;
}


/* --- keys --------------------------------------------------------------- */

cxm_rc_t
cxm_person_key(const cxm_store_t *store, uint64_t slot, cxm_key_t *key)
{
    int       error;
    uint8_t   b[CXM_PERSON_SLOT];
    cxm_rc_t  rc;

    error = slot == 0 ? ENODATA : cxm_person_pread(store->keys_fd, slot, b);

    if (error != 0 && error != ENODATA) {
        cxm_log(CXM_LOG_ALERT, "store \"%s\": reading person key %llu "
                "failed: %s", store->dir, (unsigned long long) slot,
                strerror(error));
        return CXM_IO;
    }

    rc = error == 0 ? cxm_person_slot_open(store, slot, b, key) : CXM_CORRUPT;

    if (rc == CXM_CORRUPT) {
        cxm_log(CXM_LOG_ALERT, "store \"%s\": key of person %llu is damaged",
                store->dir, (unsigned long long) slot);
    }

    return rc;
}


int
cxm_person_overwrite(int fd, uint64_t slot)
{
    int      error;
    uint8_t  b[CXM_PERSON_SLOT];

    error = slot == 0 ? ENODATA : cxm_person_pread(fd, slot, b);

    if (error != 0 || b[0] == CXM_PERSON_ERASED) {
        return error;
    }

    if (b[0] == CXM_PERSON_NONE) {
        return ENODATA;
    }

    memset(b, 0, CXM_PERSON_SEALED_AT);
    b[0] = CXM_PERSON_ERASED;
    cxm_random(b + CXM_PERSON_SEALED_AT,
               CXM_PERSON_SLOT - CXM_PERSON_SEALED_AT);

    return cxm_person_pwrite(fd, b, sizeof(b), cxm_person_offset(slot));
}


cxm_rc_t
cxm_person_erase(cxm_store_t *store, uint64_t slot, cxm_error_t *err)
{
    int  error;

    error = cxm_person_overwrite(store->keys_fd, slot);

    if (error == ENODATA) {
        return cxm_fail(err, CXM_NOT_FOUND, NULL, "There is no person %llu.",
                        (unsigned long long) slot);
    }

    /* again when it was erased before: that sync may never have come */

    if (error == 0 && fdatasync(store->keys_fd) != 0) {
        error = errno;
    }

    if (error != 0) {
        return cxm_fault_io(store, error, "erasing a person key", err);
    }

    return CXM_OK;
}
