/*
 * The handle of a store: opening it, and the registry of open ones.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cxm_log.h"
#include "cxm_memory.h"
#include "cxm_store_int.h"
#include "cxm_visitor_key.h"


#define CXM_ENV_MAX_DBS  (CXM_T_N + 4)

/* Names of the databases; part of the format. */
static const char *const  cxm_env_names[CXM_T_N] = {
    [CXM_T_JOURNAL] = "journal",
    [CXM_T_DOC] = "doc",
    [CXM_T_ID] = "id",
    [CXM_T_INDEX] = "index",
    [CXM_T_COUNTER] = "counter",
    [CXM_T_ONCE] = "once",
    [CXM_T_DUE] = "due",
    [CXM_T_META] = "meta"
};

/*
 * The one mutable global of the store: LMDB's locks belong to the process,
 * so that only something of the process can keep it from opening twice.
 */
static cxm_store_t      *cxm_env_registry;
static pthread_mutex_t   cxm_env_mutex = PTHREAD_MUTEX_INITIALIZER;


const char *
cxm_table_name(cxm_table_t table)
{
    return table < CXM_T_N ? cxm_env_names[table] : "unknown";
}


MDB_val
cxm_env_val(cxm_str_t s)
{
    return (MDB_val) { s.len, (void *) s.data };
}


char *
cxm_store_path(const char *dir, const char *name)
{
    char  *path;

    return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}


cxm_store_t *
cxm_env_new(const cxm_store_opts_t *opts)
{
    cxm_store_t  *store;

    store = calloc(1, sizeof(*store));

    if (store == NULL) {
        return NULL;
    }

    store->refs = 1;
    store->pid = getpid();
    store->flow = opts->flow;
    store->keys_fd = -1;
    store->running_fd = -1;
    store->known = opts->known == 0 ? CXM_STORE_FORMAT : opts->known;
    store->map_size = opts->map_size == 0 ? CXM_MAP_SIZE : opts->map_size;
    store->min_free = opts->min_free == UINT64_MAX ? CXM_MIN_FREE
                                                   : opts->min_free;

    (void) pthread_mutex_init(&store->lock, NULL);
    (void) pthread_mutex_init(&store->keys_lock, NULL);
    (void) pthread_mutex_init(&store->visitors_lock, NULL);

    store->dir = strdup(opts->dir);
    store->latch_path = cxm_store_path(opts->dir, CXM_STORE_LATCH);

    if (store->dir == NULL || store->latch_path == NULL) {
        cxm_env_free(store);
        return NULL;
    }

    return store;
}


void
cxm_env_free(cxm_store_t *store)
{
    cxm_txn_t  *txn;

    if (store == NULL) {
        return;
    }

    while (store->idle != NULL) {
        txn = store->idle;
        store->idle = txn->next;
        mdb_txn_abort(txn->mdb);
        cxm_txn_unwrap(txn);
    }

    if (store->env != NULL) {
        mdb_env_close(store->env);
    }

    if (store->keys_fd != -1) {
        (void) close(store->keys_fd);
    }

    if (store->running_fd != -1) {
        (void) close(store->running_fd);
    }

    (void) pthread_mutex_destroy(&store->lock);
    (void) pthread_mutex_destroy(&store->keys_lock);
    (void) pthread_mutex_destroy(&store->visitors_lock);

    cxm_visitor_free(store);
    cxm_secret_free(store->secret);
    free(store->latch_path);
    free(store->dir);
    free(store);
}


cxm_rc_t
cxm_env_refused(const char *path, int rc, cxm_error_t *err)
{
    cxm_rc_t  result;

    switch (rc) {

    case MDB_INVALID:
    case MDB_CORRUPTED:
        cxm_log(CXM_LOG_ALERT, "\"%s\" is damaged: %s", path,
                mdb_strerror(rc));
        result = CXM_CORRUPT;
        break;

    case MDB_VERSION_MISMATCH:
        result = CXM_FORMAT;
        break;

    case EACCES:
    case EPERM:
    case EROFS:
    case EIO:
    case ENOSPC:
        result = CXM_IO;
        break;

    default:
        /* locks in the hands of a process that opens or closes; memory */
        result = CXM_UNAVAILABLE;
    }

    return cxm_fail(err, result, NULL, "cannot open \"%s\": %s", path,
                    mdb_strerror(rc));
}


cxm_rc_t
cxm_env_start(cxm_store_t *store, const char *path, unsigned flags,
    cxm_error_t *err)
{
    int               fd, rc;
    struct stat       st;
    mdb_filehandle_t  handle;

    rc = mdb_env_create(&store->env);

    if (rc != MDB_SUCCESS) {
        store->env = NULL;
        return cxm_env_refused(path, rc, err);
    }

    (void) mdb_env_set_maxdbs(store->env, CXM_ENV_MAX_DBS);
    (void) mdb_env_set_maxreaders(store->env, CXM_MAX_READERS);
    (void) mdb_env_set_mapsize(store->env, (size_t) store->map_size);

    rc = mdb_env_open(store->env, path, MDB_NOSUBDIR | MDB_NOTLS | flags,
                      0600);

    if (rc == MDB_SUCCESS) {
        rc = mdb_env_get_fd(store->env, &handle);
    }

    if (rc != MDB_SUCCESS) {
        return cxm_env_refused(path, rc, err);
    }

    /* LMDB 0.9.24 leaves it open for programs that we execute */

    fd = handle;

    if (fcntl(fd, F_SETFD, FD_CLOEXEC) == -1 || fstat(fd, &st) != 0) {
        return cxm_fail(err, CXM_IO, NULL, "fstat(\"%s\") failed: %s", path,
                        strerror(errno));
    }

    store->dev = st.st_dev;
    store->ino = st.st_ino;

    return CXM_OK;
}


int
cxm_env_tables(cxm_store_t *store, MDB_txn *mdb, unsigned flags)
{
    int  i, rc;

    rc = MDB_SUCCESS;

    for (i = 0; i < CXM_T_N && rc == MDB_SUCCESS; i++) {
        rc = mdb_dbi_open(mdb, cxm_env_names[i], flags, &store->dbi[i]);
    }

    return rc;
}


/* --- open and close ----------------------------------------------------- */

static cxm_store_t *
cxm_env_find(const struct stat *st)
{
    cxm_store_t  *store;

    for (store = cxm_env_registry; store != NULL; store = store->next) {

        /* handles die at fork: those of the parent are not ours */

        if (store->dev == st->st_dev && store->ino == st->st_ino
            && store->pid == getpid())
        {
            return store;
        }
    }

    return NULL;
}


void
cxm_env_adopt(cxm_store_t *store)
{
    (void) pthread_mutex_lock(&cxm_env_mutex);

    store->next = cxm_env_registry;
    cxm_env_registry = store;

    (void) pthread_mutex_unlock(&cxm_env_mutex);
}


/* Without them visitors are not told apart, no more. */
static void
cxm_env_visitors(cxm_store_t *store)
{
    cxm_error_t  err;

    cxm_error_init(&err);

    if (cxm_visitor_upkeep(store, cxm_now(), &err) != CXM_OK) {
        cxm_log(CXM_LOG_WARN, "%s", err.detail);
    }
}


static cxm_rc_t
cxm_env_open(const cxm_store_opts_t *opts, const char *data,
    cxm_store_t **out, cxm_error_t *err)
{
    char         *keys;
    cxm_rc_t      rc;
    cxm_store_t  *store;

    store = cxm_env_new(opts);
    keys = cxm_store_path(opts->dir, CXM_STORE_KEYS);

    if (store == NULL || keys == NULL) {
        rc = cxm_fail(err, CXM_INTERNAL, NULL, "no memory");
        goto done;
    }

    rc = cxm_master_load(opts, &store->secret, err);

    if (rc == CXM_OK) {
        rc = cxm_running_announce(store, err);
    }

    if (rc == CXM_OK) {
        rc = cxm_env_start(store, data, 0, err);
    }

    if (rc == CXM_OK) {
        (void) cxm_store_reap(store);
        rc = cxm_env_read_meta(store, err);
    }

    if (rc == CXM_OK) {
        rc = cxm_person_file_open(store, keys, err);
    }

    if (rc == CXM_OK) {
        rc = cxm_env_check_head(store, err);
    }

    if (rc == CXM_OK) {
        cxm_env_visitors(store);
    }

done:

    free(keys);

    if (rc != CXM_OK) {
        cxm_env_free(store);
        return rc;
    }

    *out = store;

    return CXM_OK;
}


cxm_rc_t
cxm_store_open(const cxm_store_opts_t *opts, cxm_store_t **out,
    cxm_error_t *err)
{
    char         *data;
    cxm_rc_t      rc;
    cxm_store_t  *store;
    struct stat   st;

    if (cxm_crypto_init() != CXM_OK) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "libsodium does not start");
    }

    cxm_memory_watch();

    data = cxm_store_path(opts->dir, CXM_STORE_DATA);

    if (data == NULL) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "no memory");
    }

    (void) pthread_mutex_lock(&cxm_env_mutex);

    rc = CXM_OK;
    store = NULL;

    if (stat(data, &st) != 0) {
        rc = cxm_fail(err, errno == ENOENT ? CXM_NOT_FOUND : CXM_IO,
                      "no_store", "cannot open \"%s\": %s", data,
                      strerror(errno));

    } else if (!S_ISREG(st.st_mode) || st.st_size == 0) {

        /* LMDB would take an empty file for a new environment */

        rc = cxm_fail(err, CXM_CORRUPT, NULL, "\"%s\" is empty or no file",
                      data);

    } else {
        store = cxm_env_find(&st);
    }

    if (store != NULL) {
        store->refs++;

    } else if (rc == CXM_OK) {
        rc = cxm_env_open(opts, data, &store, err);

        if (rc == CXM_OK) {
            store->next = cxm_env_registry;
            cxm_env_registry = store;
        }
    }

    (void) pthread_mutex_unlock(&cxm_env_mutex);

    free(data);
    *out = rc == CXM_OK ? store : NULL;

    return rc;
}


void
cxm_store_close(cxm_store_t *store)
{
    cxm_store_t  **p;

    /* LMDB cannot be closed by a child: it would clear the parent's locks */

    if (store == NULL || store->pid != getpid()) {
        return;
    }

    (void) pthread_mutex_lock(&cxm_env_mutex);

    if (--store->refs == 0) {

        for (p = &cxm_env_registry; *p != NULL; p = &(*p)->next) {
            if (*p == store) {
                *p = store->next;
                break;
            }
        }

        cxm_env_free(store);
    }

    (void) pthread_mutex_unlock(&cxm_env_mutex);
}


const char *
cxm_store_dir(const cxm_store_t *store)
{
    return store->dir;
}


const cxm_keyring_t *
cxm_store_keyring(const cxm_store_t *store)
{
    return &store->secret->ring;
}


const cxm_flow_t *
cxm_store_flow(const cxm_store_t *store)
{
    return store->flow;
}
