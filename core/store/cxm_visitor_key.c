/*
 * Keys of visitors.
 *
 * The file is the truth, guarded by flock() against other processes; memory
 * holds what it said at the last upkeep.
 */

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "cxm_store_int.h"
#include "cxm_visitor_key.h"


#define CXM_VISITOR_SLOTS   2
#define CXM_VISITOR_SEALED  (CXM_KEY_LEN + CXM_SEAL_EXTRA)

_Static_assert(4 + CXM_VISITOR_SEALED <= CXM_VISITOR_SLOT, "slot");

/* In guarded memory. */
struct cxm_visitor_keys_s {
    struct {
        uint32_t   day;             /* 0: none */
        cxm_key_t  key;
    } slots[CXM_VISITOR_SLOTS];
};

typedef struct {
    cxm_store_t  *store;
    int           fd;
    uint8_t       file[CXM_VISITOR_SLOTS][CXM_VISITOR_SLOT];
    int           changed;
} cxm_visitor_file_t;


static cxm_str_t
visitor_ad(const cxm_store_t *store, uint32_t day, uint8_t ad[20])
{
    memcpy(ad, store->uuid.b, sizeof(store->uuid.b));
    (void) cxm_put_u32(ad + 16, day);

    return (cxm_str_t) { 20, (const char *) ad };
}


static uint32_t
visitor_day(cxm_ms_t t)
{
    return (uint32_t) cxm_day_of(t);
}


static cxm_rc_t
slot_make(cxm_visitor_file_t *f, uint32_t day)
{
    uint8_t    ad[20], *slot;
    cxm_rc_t   rc;
    cxm_buf_t  sealed;
    cxm_key_t  key;

    slot = f->file[day % CXM_VISITOR_SLOTS];
    cxm_random(key.b, sizeof(key.b));
    cxm_buf_init(&sealed, CXM_VISITOR_SLOT);

    cxm_seal(&f->store->secret->wrap, &f->store->secret->wrap_nonce,
             visitor_ad(f->store, day, ad),
             (cxm_str_t) { sizeof(key.b), (const char *) key.b }, &sealed);
    cxm_wipe(&key, sizeof(key));

    rc = sealed.failed ? CXM_INTERNAL : CXM_OK;

    if (rc == CXM_OK) {
        memset(slot, 0, CXM_VISITOR_SLOT);
        (void) cxm_put_u32(slot, day);
        memcpy(slot + 4, sealed.data, sealed.len);
        f->changed = 1;
    }

    cxm_buf_free(&sealed);

    return rc;
}


/* What is of other days than the two goes; a damaged slot is made anew. */
static cxm_rc_t
slots_settle(cxm_visitor_file_t *f, cxm_ms_t now)
{
    unsigned  i;
    uint32_t  day, have;
    cxm_rc_t  rc;

    day = visitor_day(now);
    rc = CXM_OK;

    for (i = 0; i < CXM_VISITOR_SLOTS; i++) {
        have = cxm_get_u32(f->file[i]);

        if (have != 0 && have != day && have != day + 1) {
            memset(f->file[i], 0, CXM_VISITOR_SLOT);
            f->changed = 1;
        }
    }

    if (cxm_get_u32(f->file[day % CXM_VISITOR_SLOTS]) != day) {
        rc = slot_make(f, day);
    }

    day = visitor_day(now + CXM_VISITOR_AHEAD);

    if (rc == CXM_OK && cxm_get_u32(f->file[day % CXM_VISITOR_SLOTS]) != day) {
        rc = slot_make(f, day);
    }

    return rc;
}


/* From the file to memory. */
static cxm_rc_t
slots_open(const cxm_visitor_file_t *f, cxm_visitor_keys_t *keys)
{
    uint8_t    ad[20];
    cxm_rc_t   rc;
    unsigned   i;
    cxm_buf_t  key;

    rc = CXM_OK;

    for (i = 0; i < CXM_VISITOR_SLOTS && rc == CXM_OK; i++) {
        keys->slots[i].day = cxm_get_u32(f->file[i]);

        if (keys->slots[i].day == 0) {
            cxm_wipe(&keys->slots[i].key, sizeof(cxm_key_t));
            continue;
        }

        cxm_buf_init(&key, CXM_KEY_LEN);
        rc = cxm_open(&f->store->secret->wrap,
                      visitor_ad(f->store, keys->slots[i].day, ad),
                      (cxm_str_t) { CXM_VISITOR_SEALED,
                                    (const char *) f->file[i] + 4 }, &key);

        if (rc == CXM_OK) {
            memcpy(keys->slots[i].key.b, key.data, CXM_KEY_LEN);
            cxm_wipe(key.data, key.len);

        } else {
            keys->slots[i].day = 0;
        }

        cxm_buf_free(&key);
    }

    return rc;
}


/* 0 or errno. */
static int
file_read(cxm_visitor_file_t *f)
{
    ssize_t  n;

    memset(f->file, 0, sizeof(f->file));

    do {
        n = pread(f->fd, f->file, sizeof(f->file), 0);
    } while (n == -1 && errno == EINTR);

    return n == -1 ? errno : 0;
}


static int
file_write(cxm_visitor_file_t *f)
{
    ssize_t  n;

    do {
        n = pwrite(f->fd, f->file, sizeof(f->file), 0);
    } while (n == -1 && errno == EINTR);

    if (n != sizeof(f->file)) {
        return n == -1 ? errno : ENOSPC;
    }

    return fdatasync(f->fd) == 0 ? 0 : errno;
}


/* Under the file's lock. */
static cxm_rc_t
file_upkeep(cxm_visitor_file_t *f, cxm_ms_t now, cxm_visitor_keys_t *keys,
    cxm_error_t *err)
{
    int       error;
    cxm_rc_t  rc;

    error = file_read(f);

    if (error != 0) {
        return cxm_fail(err, CXM_IO, NULL, "the visitors' keys cannot be "
                        "read: %s", strerror(error));
    }

    rc = slots_settle(f, now);

    if (rc == CXM_OK && slots_open(f, keys) == CXM_CORRUPT) {

        /* what it was good for is lost either way: visitors of one day */

        memset(f->file, 0, sizeof(f->file));
        rc = slots_settle(f, now);

        if (rc == CXM_OK) {
            rc = slots_open(f, keys);
        }
    }

    if (rc != CXM_OK) {
        return cxm_fail(err, rc, NULL, "the visitors' keys cannot be made");
    }

    error = f->changed ? file_write(f) : 0;

    if (error != 0) {
        return cxm_fail(err, CXM_IO, NULL, "the visitors' keys cannot be "
                        "written: %s", strerror(error));
    }

    return CXM_OK;
}


/* Takes over what the file says; nothing after a failure. */
static cxm_rc_t
keys_publish(cxm_store_t *store, const cxm_visitor_keys_t *keys)
{
    cxm_rc_t  rc;

    rc = CXM_OK;

    (void) pthread_mutex_lock(&store->visitors_lock);

    if (store->visitors == NULL) {
        store->visitors = sodium_malloc(sizeof(*keys));
    }

    if (store->visitors != NULL) {
        memcpy(store->visitors, keys, sizeof(*keys));

    } else {
        rc = CXM_INTERNAL;
    }

    (void) pthread_mutex_unlock(&store->visitors_lock);

    return rc;
}


cxm_rc_t
cxm_visitor_upkeep(cxm_store_t *store, cxm_ms_t now, cxm_error_t *err)
{
    char                *path;
    cxm_rc_t             rc;
    cxm_visitor_file_t   f = { .store = store };
    cxm_visitor_keys_t   keys = { 0 };

    path = cxm_store_path(store->dir, CXM_STORE_VISITORS);

    if (path == NULL) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "no memory");
    }

    f.fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    free(path);

    if (f.fd == -1 || flock(f.fd, LOCK_EX) != 0) {
        rc = cxm_fail(err, CXM_IO, NULL, "the visitors' keys cannot be "
                      "opened: %s", strerror(errno));

    } else {
        rc = file_upkeep(&f, now, &keys, err);
    }

    if (rc != CXM_OK) {

        /* what others derive with is not known */

        cxm_wipe(&keys, sizeof(keys));
    }

    if (keys_publish(store, &keys) != CXM_OK && rc == CXM_OK) {
        rc = cxm_fail(err, CXM_INTERNAL, NULL, "no memory");
    }

    cxm_wipe(&keys, sizeof(keys));

    if (f.fd != -1) {
        (void) close(f.fd);
    }

    return rc;
}


cxm_rc_t
cxm_visitor_key(cxm_store_t *store, cxm_ms_t now, cxm_key_t *key)
{
    uint32_t  day, slot;
    cxm_rc_t  rc;

    day = visitor_day(now);
    slot = day % CXM_VISITOR_SLOTS;
    rc = CXM_NOT_FOUND;

    (void) pthread_mutex_lock(&store->visitors_lock);

    if (store->visitors != NULL && store->visitors->slots[slot].day == day) {
        *key = store->visitors->slots[slot].key;
        rc = CXM_OK;
    }

    (void) pthread_mutex_unlock(&store->visitors_lock);

    return rc;
}


void
cxm_visitor_free(cxm_store_t *store)
{
    if (store->visitors != NULL) {
        sodium_free(store->visitors);
        store->visitors = NULL;
    }
}
