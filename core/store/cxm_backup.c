/*
 * Copies for a backup: the data.
 */

#include <errno.h>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cxm_backup.h"
#include "cxm_lookup.h"
#include "cxm_store_int.h"


#define CXM_BACKUP_BYTES  (16u << 20)   /* of one transaction of the copy */
#define CXM_BACKUP_STEP   4096          /* rows between calls of progress */
#define CXM_BACKUP_FULL   (1u << 20)    /* free bytes that count as none */

/* The copy: nobody else opens it. */
#define CXM_BACKUP_FLAGS  (MDB_NOLOCK | MDB_NOSYNC | MDB_NOMETASYNC)

typedef struct {
    cxm_txn_t        *live;
    cxm_store_t      *copy;
    const char       *path;
    MDB_txn          *mdb;              /* of the copy */
    size_t            bytes;            /* put in it */
    uint64_t          lookups;          /* look-up rows so far */
    cxm_buf_t         sealed;
    cxm_rc_t          rc;               /* of what is not LMDB's, or CXM_OK */

    cxm_progress_pt   progress;
    void             *ctx;
    uint64_t          done, total;

    cxm_backup_t     *out;
    cxm_error_t      *err;
} cxm_backup_run_t;


/* LMDB says EIO where a disk is full. */
static int
backup_is_full(const char *path, int rc)
{
    struct statvfs  fs;

    if (rc == ENOSPC || rc == EDQUOT) {
        return 1;
    }

    return rc == EIO && statvfs(path, &fs) == 0
           && (uint64_t) fs.f_bavail * fs.f_frsize < CXM_BACKUP_FULL;
}


static cxm_rc_t
backup_fault(cxm_backup_run_t *run, int rc)
{
    if (rc == MDB_SUCCESS) {
        return CXM_OK;
    }

    if (run->rc != CXM_OK) {
        return cxm_fail(run->err, run->rc, NULL,
                        "a look-up row cannot be sealed");
    }

    if (backup_is_full(run->path, rc)) {
        return cxm_fail(run->err, CXM_FULL, "disk_full",
                        "the disk is full: the copy \"%s\" does not fit",
                        run->path);
    }

    return cxm_fail(run->err, rc == MDB_CORRUPTED ? CXM_CORRUPT : CXM_IO, NULL,
                    "copying to \"%s\" failed: %s", run->path,
                    mdb_strerror(rc));
}


/* Begins the next transaction of the copy behind the one that there is. */
static int
backup_next(cxm_backup_run_t *run)
{
    int  rc;

    rc = run->mdb == NULL ? MDB_SUCCESS : mdb_txn_commit(run->mdb);
    run->mdb = NULL;
    run->bytes = 0;

    return rc == MDB_SUCCESS
           ? mdb_txn_begin(run->copy->env, NULL, 0, &run->mdb) : rc;
}


static void
backup_progress(cxm_backup_run_t *run)
{
    if (++run->done % CXM_BACKUP_STEP == 0 && run->progress != NULL) {
        run->progress(run->ctx, run->done, run->total);
    }
}


static int
backup_row(cxm_backup_run_t *run, cxm_table_t table, MDB_val *key,
    MDB_val *value)
{
    run->out->rows++;
    run->bytes += key->mv_size + value->mv_size;

    return mdb_put(run->mdb, run->copy->dbi[table], key, value, MDB_APPEND);
}


/* Behind all rows of `index`; one whose key is gone goes with it. */
static int
backup_lookup(cxm_backup_run_t *run, cxm_str_t key, cxm_str_t raw)
{
    MDB_val        k, v;
    cxm_row_key_t  place;

    cxm_buf_reset(&run->sealed);
    run->rc = cxm_lookup_seal(run->live->store, key, raw, &run->sealed);

    if (run->rc == CXM_NOT_FOUND) {
        run->rc = CXM_OK;
        return MDB_SUCCESS;
    }

    if (run->rc != CXM_OK) {
        return MDB_CORRUPTED;
    }

    cxm_row_key(&place);
    cxm_row_key_u8(&place, CXM_NS_LOOKUP);
    cxm_row_key_u64(&place, ++run->lookups);

    k = cxm_env_val(cxm_row_key_str(&place));
    v = cxm_env_val(cxm_buf_str(&run->sealed));

    return backup_row(run, CXM_T_INDEX, &k, &v);
}


/* All rows of a table but look-ups, or those alone. */
static int
backup_table(cxm_backup_run_t *run, cxm_table_t table, int lookups)
{
    int            rc;
    MDB_val        key, value;
    cxm_str_t      k, v;
    MDB_cursor    *cursor;
    cxm_lookup_t   kind;

    rc = mdb_cursor_open(run->live->mdb, run->live->store->dbi[table],
                         &cursor);

    if (rc != MDB_SUCCESS) {
        return rc;
    }

    rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);

    while (rc == MDB_SUCCESS) {
        k = (cxm_str_t) { key.mv_size, key.mv_data };
        v = (cxm_str_t) { value.mv_size, value.mv_data };

        kind = cxm_lookup_row(run->live->store->flow, table, k);

        if (kind == CXM_LOOKUP_OWNED && lookups) {
            rc = backup_lookup(run, k, v);

        } else if (kind == CXM_LOOKUP_NONE && !lookups) {
            rc = backup_row(run, table, &key, &value);
        }

        if (rc == MDB_SUCCESS && run->bytes > CXM_BACKUP_BYTES) {
            rc = backup_next(run);
        }

        backup_progress(run);

        if (rc == MDB_SUCCESS) {
            rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
        }
    }

    mdb_cursor_close(cursor);

    return rc == MDB_NOTFOUND ? MDB_SUCCESS : rc;
}


static cxm_rc_t
backup_tables(cxm_backup_run_t *run)
{
    int       i, rc;
    MDB_stat  st;

    for (i = 0; i < CXM_T_N; i++) {
        rc = mdb_stat(run->live->mdb, run->live->store->dbi[i], &st);
        run->total += rc == MDB_SUCCESS ? st.ms_entries : 0;
        run->total += rc == MDB_SUCCESS && i == CXM_T_INDEX ? st.ms_entries
                                                            : 0;
    }

    rc = backup_next(run);

    if (rc == MDB_SUCCESS) {
        rc = cxm_env_tables(run->copy, run->mdb, MDB_CREATE);
    }

    for (i = 0; i < CXM_T_N && rc == MDB_SUCCESS; i++) {
        rc = backup_table(run, (cxm_table_t) i, 0);

        if (rc == MDB_SUCCESS && i == CXM_T_INDEX) {
            rc = backup_table(run, CXM_T_INDEX, 1);
        }
    }

    if (rc == MDB_SUCCESS) {
        rc = mdb_txn_commit(run->mdb);
        run->mdb = NULL;
    }

    if (rc == MDB_SUCCESS && run->progress != NULL) {
        run->progress(run->ctx, run->total, run->total);
    }

    return backup_fault(run, rc);
}


/* An empty environment; LMDB would follow a link and ask for no new file. */
static cxm_rc_t
backup_open(cxm_backup_run_t *run)
{
    int  fd;

    fd = open(run->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
              0600);

    if (fd == -1) {
        return cxm_fail(run->err, CXM_IO, NULL, "cannot make \"%s\": %s",
                        run->path, strerror(errno));
    }

    (void) close(fd);

    return cxm_env_start(run->copy, run->path, CXM_BACKUP_FLAGS, run->err);
}


cxm_rc_t
cxm_backup_data(cxm_store_t *store, const char *path,
    cxm_progress_pt progress, void *ctx, cxm_backup_t *out, cxm_error_t *err)
{
    cxm_rc_t          rc;
    cxm_store_opts_t  opts = {
        .dir = store->dir, .map_size = store->map_size, .flow = store->flow
    };
    cxm_backup_run_t  run = {
        .path = path, .progress = progress, .ctx = ctx, .out = out,
        .err = err
    };

    memset(out, 0, sizeof(*out));
    cxm_buf_init(&run.sealed, CXM_LOOKUP_MAX);
    run.copy = cxm_env_new(&opts);

    if (run.copy == NULL) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "no memory");
    }

    rc = backup_open(&run);

    if (rc == CXM_OK) {
        rc = cxm_txn_read(store, &run.live, err);
    }

    if (rc == CXM_OK) {
        out->head = run.live->state.head;
        memcpy(out->link, run.live->state.link, CXM_MAC_LEN);
        out->persons = run.live->state.persons;

        rc = backup_tables(&run);

        if (run.mdb != NULL) {
            mdb_txn_abort(run.mdb);
        }

        cxm_txn_end(run.live);
    }

    cxm_env_free(run.copy);
    cxm_buf_free(&run.sealed);

    return rc;
}
