/*
 * Making stores: checking a configuration, init, scratch.
 *
 * Init builds under other names and renames at the end, `data` last: where
 * there is `data` there is a whole store.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cxm_store_int.h"


#define CXM_INIT_DATA    "data.new"
#define CXM_INIT_LOCK    "data.new-lock"
#define CXM_INIT_KEYS    "keys.new"

/* Node numbers take four bytes at most as a varint. */
#define CXM_NODE_MAX     ((1u << 28) - 1)


/* 1: there, 0: not there, -1: cannot be told (errno). */
static int
cxm_init_exists(const char *dir, const char *name)
{
    int           rc;
    char         *path;
    struct stat   st;

    path = cxm_store_path(dir, name);

    if (path == NULL) {
        errno = ENOMEM;
        return -1;
    }

    rc = lstat(path, &st) == 0 ? 1 : errno == ENOENT ? 0 : -1;
    free(path);

    return rc;
}


/* *there: whether the directory holds a store. */
static cxm_rc_t
cxm_init_look(const char *dir, int *there, cxm_error_t *err)
{
    int          rc;
    struct stat  st;

    *there = 0;

    if (stat(dir, &st) != 0) {
        if (errno == ENOENT) {
            return CXM_OK;
        }

        return cxm_fail(err, CXM_IO, NULL, "cannot look at \"%s\": %s", dir,
                        strerror(errno));
    }

    if (!S_ISDIR(st.st_mode)) {
        return cxm_fail(err, CXM_INVALID, NULL, "\"%s\" is not a directory",
                        dir);
    }

    rc = cxm_init_exists(dir, CXM_STORE_DATA);

    if (rc < 0) {
        return cxm_fail(err, CXM_IO, NULL, "cannot look into \"%s\": %s", dir,
                        strerror(errno));
    }

    *there = rc;

    return CXM_OK;
}


cxm_rc_t
cxm_store_check(const cxm_store_opts_t *opts, cxm_error_t *err)
{
    int            there;
    cxm_rc_t       rc;
    cxm_master_t  *master;

    rc = cxm_init_look(opts->dir, &there, err);

    if (rc == CXM_OK && opts->master == NULL) {
        rc = cxm_master_read(opts, &master, err);

        if (rc == CXM_OK) {
            cxm_master_free(master);
        }
    }

    if (rc == CXM_OK && !there) {
        rc = cxm_fail(err, CXM_INVALID, "no_store",
                      "\"%s\" is not a store: run \"cxmctl init\"",
                      opts->dir);
    }

    return rc;
}


/* --- init --------------------------------------------------------------- */

static cxm_rc_t
cxm_init_fail(cxm_error_t *err, const char *what, const char *dir)
{
    return cxm_fail(err, CXM_IO, NULL, "%s in \"%s\" failed: %s", what, dir,
                    strerror(errno));
}


static cxm_rc_t
cxm_format_rows(cxm_txn_t *txn, unsigned format)
{
    uint8_t        b[16 + 8];
    cxm_rc_t       rc;
    cxm_buf_t      sealed;
    cxm_store_t   *store;
    cxm_secret_t  *secret;
    cxm_row_key_t  key;

    store = txn->store;
    secret = store->secret;

    b[0] = (uint8_t) format;
    cxm_row_key_name(&key, CXM_META_FORMAT);
    rc = cxm_row_put(txn, CXM_T_META, &key,
                     (cxm_str_t) { 1, (const char *) b });
    if (rc != CXM_OK) {
        return rc;
    }

    cxm_buf_init(&sealed, CXM_KEY_LEN + CXM_SEAL_EXTRA);
    cxm_seal(&secret->wrap, &secret->wrap_nonce, cxm_str(CXM_META_ROOT),
             (cxm_str_t) { CXM_KEY_LEN, (const char *) secret->root.b },
             &sealed);

    cxm_row_key_name(&key, CXM_META_ROOT);
    rc = sealed.failed ? CXM_INTERNAL
                       : cxm_row_put(txn, CXM_T_META, &key,
                                     cxm_buf_str(&sealed));
    cxm_buf_free(&sealed);

    if (rc != CXM_OK) {
        return rc;
    }

    memcpy(b, store->uuid.b, 16);
    cxm_put_u32(cxm_put_u32(b + 16, store->node), store->epoch);
    cxm_row_key_name(&key, CXM_META_STORE);
    rc = cxm_row_put(txn, CXM_T_META, &key,
                     (cxm_str_t) { sizeof(b), (const char *) b });
    if (rc != CXM_OK) {
        return rc;
    }

    memset(&txn->state, 0, sizeof(txn->state));
    txn->state.persons = 1;
    cxm_journal_root(store, txn->state.link);

    return cxm_state_write(txn);
}


cxm_rc_t
cxm_store_format(cxm_store_t *store, unsigned format, cxm_error_t *err)
{
    int         rc;
    MDB_txn    *mdb;
    cxm_rc_t    result;
    cxm_txn_t  *txn;

    rc = mdb_txn_begin(store->env, NULL, 0, &mdb);

    if (rc != MDB_SUCCESS) {
        return cxm_fail(err, CXM_IO, NULL, "cannot write \"%s\": %s",
                        store->dir, mdb_strerror(rc));
    }

    rc = cxm_env_tables(store, mdb, MDB_CREATE);
    txn = cxm_txn_wrap(store, mdb, 1);

    result = rc == MDB_SUCCESS && txn != NULL
             ? cxm_format_rows(txn, format) : CXM_IO;
    if (txn != NULL) {
        cxm_txn_unwrap(txn);
    }

    if (result != CXM_OK) {
        mdb_txn_abort(mdb);

    } else {
        rc = mdb_txn_commit(mdb);
        result = rc == MDB_SUCCESS ? CXM_OK : CXM_IO;
    }

    if (result != CXM_OK) {
        (void) cxm_fail(err, result, NULL, "cannot write \"%s\": %s",
                        store->dir,
                        rc == MDB_SUCCESS ? "no memory" : mdb_strerror(rc));
    }

    return result;
}


/* Environment and person keys under their first names. */
static cxm_rc_t
cxm_init_files(const cxm_store_opts_t *opts, const char *data,
    const char *keys, cxm_error_t *err)
{
    cxm_rc_t      rc;
    cxm_key_t     root = { { 0 } };
    cxm_store_t  *store;

    store = cxm_env_new(opts);

    if (store == NULL) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "no memory");
    }

    rc = cxm_master_load(opts, &store->secret, err);

    if (rc == CXM_OK) {
        cxm_random(root.b, sizeof(root.b));
        cxm_secret_root(store->secret, &root);
        cxm_wipe(&root, sizeof(root));

        cxm_uuid_make(&store->uuid, cxm_now());
        cxm_random(&store->node, sizeof(store->node));
        store->node = 1 + store->node % CXM_NODE_MAX;
        store->epoch = 1;

        rc = cxm_env_start(store, data, 0, err);
    }

    if (rc == CXM_OK) {
        rc = cxm_store_format(store, store->known, err);
    }

    if (rc == CXM_OK) {
        rc = cxm_person_file_make(keys, &store->uuid, err);
    }

    cxm_env_free(store);

    return rc;
}


/*
 * Final names, relative to the directory.  The lock file stays, for else the
 * first to open the store would own it, and that may be root.
 */
static cxm_rc_t
cxm_init_settle(int fd, const char *dir, unsigned uid, unsigned gid,
    cxm_error_t *err)
{
    size_t             i;
    static const char *const  names[][2] = {
        { CXM_INIT_LOCK, CXM_STORE_LOCK },
        { CXM_INIT_KEYS, CXM_STORE_KEYS },
        { CXM_INIT_DATA, CXM_STORE_DATA }
    };

    for (i = 0; uid != (unsigned) -1 && i < 3; i++) {
        if (fchownat(fd, names[i][0], uid, gid, AT_SYMLINK_NOFOLLOW) != 0) {
            return cxm_init_fail(err, "chown()", dir);
        }
    }

    if (uid != (unsigned) -1 && fchown(fd, uid, gid) != 0) {
        return cxm_init_fail(err, "chown()", dir);
    }

    for (i = 0; i < 3; i++) {
        if (renameat(fd, names[i][0], fd, names[i][1]) != 0) {
            return cxm_init_fail(err, "rename()", dir);
        }
    }

    return fsync(fd) == 0 ? CXM_OK : cxm_init_fail(err, "fsync()", dir);
}


/*
 * Whether there is anything that init itself does not make: a directory of
 * somebody else must not become a store, with another mode and owner.
 */
static int
cxm_init_foreign(const char *dir)
{
    int             found;
    DIR            *list;
    size_t          i;
    struct dirent  *entry;

    static const char *const  known[] = {
        ".", "..", "lost+found", CXM_STORE_KEY, CXM_STORE_LOCK, CXM_INIT_DATA,
        CXM_INIT_LOCK, CXM_INIT_KEYS
    };

    list = opendir(dir);

    if (list == NULL) {
        return 0;
    }

    found = 0;

    while (!found && (entry = readdir(list)) != NULL) {
        found = 1;

        for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
            found = found && strcmp(entry->d_name, known[i]) != 0;
        }
    }

    (void) closedir(list);

    return found;
}


/* Refuses what is a store or was one; makes the directory and the key. */
static cxm_rc_t
cxm_init_prepare(const cxm_store_opts_t *opts, const char *key_file,
    unsigned uid, unsigned gid, cxm_error_t *err)
{
    int       there;
    cxm_rc_t  rc;

    rc = cxm_init_look(opts->dir, &there, err);

    if (rc != CXM_OK) {
        return rc;
    }

    if (there) {
        return cxm_fail(err, CXM_CONFLICT, NULL, "\"%s\" is a store already",
                        opts->dir);
    }

    if (cxm_init_exists(opts->dir, CXM_STORE_KEYS) == 1) {
        return cxm_fail(err, CXM_CONFLICT, NULL, "\"%s\" has a file of person "
                        "keys but no data: restore it, or remove \"%s/%s\"",
                        opts->dir, opts->dir, CXM_STORE_KEYS);
    }

    if (cxm_init_foreign(opts->dir)) {
        return cxm_fail(err, CXM_CONFLICT, NULL, "\"%s\" is not empty and "
                        "no store", opts->dir);
    }

    if (mkdir(opts->dir, 0700) != 0 && errno != EEXIST) {
        return cxm_fail(err, CXM_IO, NULL, "cannot make \"%s\": %s",
                        opts->dir, strerror(errno));
    }

    if (chmod(opts->dir, 0700) != 0) {
        return cxm_init_fail(err, "chmod()", opts->dir);
    }

    rc = cxm_master_check(key_file, NULL);

    if (rc != CXM_NOT_FOUND) {
        return cxm_master_check(key_file, err);
    }

    /* a key that lies elsewhere stays the caller's: nginx reads it as root */

    if (opts->key_file != NULL) {
        uid = (unsigned) -1;
    }

    return cxm_master_make(key_file, uid, gid, err);
}


static void
cxm_init_remove(int fd)
{
    (void) unlinkat(fd, CXM_INIT_DATA, 0);
    (void) unlinkat(fd, CXM_INIT_LOCK, 0);
    (void) unlinkat(fd, CXM_INIT_KEYS, 0);
}


/* The directory's own name must last as well. */
static int
cxm_init_sync_parent(int fd)
{
    int  rc, parent;

    parent = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (parent == -1) {
        return -1;
    }

    rc = fsync(parent);
    (void) close(parent);

    return rc;
}


cxm_rc_t
cxm_store_init(const cxm_store_opts_t *opts, unsigned uid, unsigned gid,
    cxm_error_t *err)
{
    int        fd;
    char      *key_file, *data, *keys;
    cxm_rc_t   rc;

    if (cxm_crypto_init() != CXM_OK) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "libsodium does not start");
    }

    fd = -1;
    key_file = cxm_master_path(opts);
    data = cxm_store_path(opts->dir, CXM_INIT_DATA);
    keys = cxm_store_path(opts->dir, CXM_INIT_KEYS);

    if (key_file == NULL || data == NULL || keys == NULL) {
        rc = cxm_fail(err, CXM_INTERNAL, NULL, "no memory");
        goto done;
    }

    rc = cxm_init_prepare(opts, key_file, uid, gid, err);

    if (rc != CXM_OK) {
        goto done;
    }

    fd = open(opts->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd == -1) {
        rc = cxm_init_fail(err, "open()", opts->dir);
        goto done;
    }

    /* what an interrupted init left */

    cxm_init_remove(fd);

    rc = cxm_init_files(opts, data, keys, err);

    if (rc == CXM_OK) {
        rc = cxm_init_settle(fd, opts->dir, uid, gid, err);
    }

    if (rc == CXM_OK && cxm_init_sync_parent(fd) != 0) {
        rc = cxm_init_fail(err, "fsync() of the parent", opts->dir);
    }

    if (rc != CXM_OK) {
        cxm_init_remove(fd);
    }

done:

    if (fd != -1) {
        (void) close(fd);
    }

    free(key_file);
    free(data);
    free(keys);

    return rc;
}


/* --- scratch ------------------------------------------------------------ */

static cxm_rc_t
cxm_scratch_fill(cxm_store_t *store, cxm_store_t *scratch, cxm_error_t *err)
{
    char       *data, *keys;
    unsigned    format;
    cxm_rc_t    rc;
    cxm_txn_t  *txn;

    rc = cxm_txn_read(store, &txn, err);

    if (rc != CXM_OK) {
        return rc;
    }

    format = cxm_txn_format(txn);
    cxm_txn_end(txn);

    data = cxm_store_path(scratch->dir, CXM_STORE_DATA);
    keys = cxm_store_path(store->dir, CXM_STORE_KEYS);

    if (data == NULL || keys == NULL) {
        rc = cxm_fail(err, CXM_INTERNAL, NULL, "no memory");

    } else {
        rc = cxm_env_start(scratch, data, MDB_NOSYNC | MDB_NOMETASYNC, err);
    }

    if (rc == CXM_OK) {
        rc = cxm_store_format(scratch, format, err);
    }

    if (rc == CXM_OK) {
        rc = cxm_person_file_open(scratch, keys, err);
    }

    free(data);
    free(keys);

    return rc;
}


cxm_rc_t
cxm_store_scratch(cxm_store_t *store, const char *dir, cxm_store_t **out,
    cxm_error_t *err)
{
    int               there;
    cxm_rc_t          rc;
    cxm_store_t      *scratch;
    cxm_store_opts_t  opts;

    rc = cxm_init_look(dir, &there, err);

    if (rc != CXM_OK) {
        return rc;
    }

    if (there) {
        return cxm_fail(err, CXM_CONFLICT, NULL, "\"%s\" is a store already",
                        dir);
    }

    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        return cxm_fail(err, CXM_IO, NULL, "cannot make \"%s\": %s", dir,
                        strerror(errno));
    }

    memset(&opts, 0, sizeof(opts));
    opts.dir = dir;
    opts.map_size = store->map_size;
    opts.flow = store->flow;
    opts.known = store->known;

    scratch = cxm_env_new(&opts);

    if (scratch == NULL) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "no memory");
    }

    scratch->secret = cxm_secret_copy(store->secret);
    scratch->uuid = store->uuid;
    scratch->node = store->node;
    scratch->epoch = store->epoch;

    rc = scratch->secret == NULL
         ? cxm_fail(err, CXM_INTERNAL, NULL, "no memory")
         : cxm_scratch_fill(store, scratch, err);

    if (rc != CXM_OK) {
        cxm_env_free(scratch);
        return rc;
    }

    cxm_env_adopt(scratch);
    *out = scratch;

    return CXM_OK;
}
