/*
 * Rebuild: a copy from the journal, and putting it in the store's place.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cxm_rebuild.h"
#include "cxm_tables.h"
#include "cxm_verify_int.h"


#define CXM_REBUILD_NEW  "rebuild.new"

typedef struct {
    cxm_replay_t               replay;
    const cxm_rebuild_opts_t  *opts;
    char                      *dir;     /* of the copy */
    cxm_verify_t              *out;
} cxm_rebuild_run_t;


/* --- filling ------------------------------------------------------------ */

/*
 * What `meta` holds besides the end of the journal; and slots of persons that
 * were passed by without an entry.
 */
static cxm_rc_t
rebuild_meta(cxm_replay_t *replay, cxm_txn_t *live, cxm_txn_t *copy)
{
    cxm_rc_t        rc;
    cxm_str_t       value;
    cxm_cursor_t   *cursor;
    cxm_row_key_t   key;
    cxm_raw_row_t   row;

    rc = cxm_cursor_open(live, CXM_T_META, &cursor);
    if (rc != CXM_OK) {
        return rc;
    }

    cxm_row_key(&key);

    for (rc = cxm_cursor_seek(cursor, &key, &row); rc == CXM_OK;
         rc = cxm_cursor_next(cursor, &row))
    {
        if (cxm_str_eqz(row.key, CXM_META_STATE)) {
            continue;
        }

        rc = cxm_row_check(live, CXM_T_META, &row, &value);

        if (rc == CXM_CORRUPT) {
            rc = cxm_replay_found(replay, "table meta, row %.*s: MAC does "
                                  "not verify", (int) row.key.len,
                                  row.key.data);
        }

        if (rc == CXM_OK) {
            rc = cxm_row_put_raw(copy, CXM_T_META, &row);
        }

        if (rc != CXM_OK) {
            break;
        }
    }

    cxm_cursor_close(cursor);

    if (rc != CXM_NOT_FOUND) {
        return rc;
    }

    if (copy->state.persons < live->state.persons) {
        copy->state.persons = live->state.persons;
    }

    return cxm_state_write(copy);
}


static cxm_rc_t
rebuild_compare(cxm_rebuild_run_t *run, cxm_txn_t *live)
{
    cxm_rc_t    rc;
    cxm_txn_t  *copy;

    rc = cxm_txn_read(run->replay.copy, &copy, &run->replay.err);
    if (rc != CXM_OK) {
        return rc;
    }

    rc = cxm_verify_state(&run->replay, live, copy);

    if (rc == CXM_OK) {
        rc = cxm_verify_count(&run->replay, copy);
    }

    if (rc == CXM_OK && run->opts->compare) {
        rc = cxm_verify_tables(&run->replay, live, copy, &run->out->rows);
    }

    cxm_txn_end(copy);

    return rc;
}


/* The end of it, in one view of the live store. */
static cxm_rc_t
rebuild_finish(cxm_rebuild_run_t *run)
{
    cxm_rc_t       rc;
    cxm_txn_t     *live, *copy;
    cxm_replay_t  *replay;

    replay = &run->replay;

    rc = cxm_replay_view(replay, &live);
    if (rc != CXM_OK) {
        return rc;
    }

    run->out->head = live->state.head;
    memcpy(run->out->link, live->state.link, CXM_MAC_LEN);

    rc = rebuild_compare(run, live);

    if (rc == CXM_OK) {
        rc = cxm_txn_write(replay->copy, cxm_now(), &copy, &replay->err);
    }

    if (rc == CXM_OK) {
        rc = rebuild_meta(replay, live, copy);

        if (rc == CXM_OK) {
            rc = cxm_txn_commit(copy, &replay->err);

        } else {
            cxm_txn_end(copy);
        }
    }

    cxm_txn_end(live);

    return rc;
}


static cxm_rc_t
rebuild_count(cxm_rebuild_run_t *run)
{
    unsigned           i;
    cxm_rc_t           rc;
    cxm_store_stat_t   stat;

    rc = cxm_store_stat(run->replay.copy, &stat, &run->replay.err);

    if (rc == CXM_OK) {
        run->out->rows = 0;

        for (i = 0; i < CXM_TABLES_KEPT; i++) {
            run->out->rows += stat.rows[cxm_tables_kept[i]];
        }
    }

    return rc;
}


/* --- in its place ------------------------------------------------------- */

static cxm_rc_t
rebuild_io(cxm_replay_t *replay, const char *what, const char *path)
{
    return cxm_fail(&replay->err, CXM_IO, NULL, "%s(\"%.160s\") failed: %s",
                    what, path, strerror(errno));
}


/* The copy was written without syncs. */
static cxm_rc_t
rebuild_sync(cxm_rebuild_run_t *run, const char *dir)
{
    int  fd, rc;

    rc = mdb_env_sync(run->replay.copy->env, 1);

    if (rc != MDB_SUCCESS) {
        return cxm_fail(&run->replay.err, CXM_IO, NULL,
                        "Cannot sync the copy: %s.", mdb_strerror(rc));
    }

    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    rc = fd == -1 ? -1 : fsync(fd);

    if (fd != -1) {
        (void) close(fd);
    }

    return rc == 0 ? CXM_OK : rebuild_io(&run->replay, "fsync", dir);
}


/* At any moment there is a whole environment under the name `data`. */
static cxm_rc_t
rebuild_replace(cxm_rebuild_run_t *run)
{
    char       *data, *old, *made;
    cxm_rc_t    rc;
    const char *dir;

    dir = run->replay.live->dir;
    data = cxm_store_path(dir, CXM_STORE_DATA);
    old = cxm_store_path(dir, CXM_REBUILD_OLD);
    made = cxm_store_path(run->dir, CXM_STORE_DATA);

    if (data == NULL || old == NULL || made == NULL) {
        rc = cxm_fail(&run->replay.err, CXM_INTERNAL, NULL, "No memory.");

    } else if (link(data, old) != 0) {
        rc = rebuild_io(&run->replay, "link", old);

    } else if (rename(made, data) != 0) {
        rc = rebuild_io(&run->replay, "rename", made);
        (void) unlink(old);

    } else {
        rc = rebuild_sync(run, dir);
    }

    free(data);
    free(old);
    free(made);

    return rc;
}


/* --- the run ------------------------------------------------------------ */

static cxm_rc_t
rebuild_refuse(cxm_rebuild_run_t *run)
{
    int            there;
    char          *old;
    cxm_rc_t       rc;
    cxm_replay_t  *replay;

    replay = &run->replay;

    rc = cxm_running_alone(replay->live, &replay->err);
    if (rc != CXM_OK) {
        return rc;
    }

    old = cxm_store_path(replay->live->dir, CXM_REBUILD_OLD);
    there = old == NULL || access(old, F_OK) == 0;
    free(old);

    return !there ? CXM_OK
           : cxm_fail(&replay->err, CXM_CONFLICT, "exists",
                      "\"%.160s/%s\" is there from an earlier time: remove "
                      "it", replay->live->dir, CXM_REBUILD_OLD);
}


static cxm_rc_t
rebuild_open(cxm_rebuild_run_t *run)
{
    cxm_rc_t  rc;

    if (run->opts->to != NULL) {
        return cxm_store_scratch(run->replay.live, run->opts->to,
                                 &run->replay.copy, &run->replay.err);
    }

    rc = rebuild_refuse(run);
    if (rc != CXM_OK) {
        return rc;
    }

    run->dir = cxm_store_path(run->replay.live->dir, CXM_REBUILD_NEW);

    if (run->dir == NULL) {
        return cxm_fail(&run->replay.err, CXM_INTERNAL, NULL, "No memory.");
    }

    /* what an interrupted one left; nobody else is here */

    cxm_replay_discard(run->dir);

    return cxm_store_scratch(run->replay.live, run->dir, &run->replay.copy,
                             &run->replay.err);
}


static cxm_rc_t
rebuild_fill(cxm_rebuild_run_t *run)
{
    cxm_rc_t  rc;

    rc = cxm_replay_begin(&run->replay);

    if (rc == CXM_OK) {
        rc = cxm_replay_journal(&run->replay);
    }

    if (rc == CXM_OK) {
        rc = rebuild_finish(run);
    }

    if (rc == CXM_OK) {
        rc = rebuild_count(run);
    }

    if (rc == CXM_OK) {
        rc = rebuild_sync(run, run->opts->to != NULL ? run->opts->to
                                                     : run->dir);
    }

    return rc == CXM_OK && run->opts->to == NULL ? rebuild_replace(run) : rc;
}


cxm_rc_t
cxm_rebuild(cxm_store_t *store, const cxm_rebuild_opts_t *opts,
    cxm_verify_t *out, cxm_error_t *err)
{
    int                held;
    cxm_rc_t           rc;
    cxm_replay_t      *replay;
    cxm_rebuild_run_t  run;

    memset(out, 0, sizeof(*out));
    memset(&run, 0, sizeof(run));

    run.opts = opts;
    run.out = out;

    replay = &run.replay;
    cxm_error_init(&replay->err);
    replay->live = store;
    replay->all = opts->all;
    replay->archive_given = opts->archive;
    replay->whole = 1;
    replay->progress = opts->progress;
    replay->note = opts->note;
    replay->ctx = opts->ctx;

    rc = cxm_history_hold(store, 0, &held, &replay->err);

    if (rc == CXM_OK) {
        rc = rebuild_open(&run);
    }

    if (rc == CXM_OK) {
        rc = rebuild_fill(&run);
    }

    cxm_replay_remove(replay, run.dir);
    cxm_replay_end(replay);
    cxm_history_release(held);

    return cxm_replay_result(replay, rc, out, err);
}
