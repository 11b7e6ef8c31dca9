/*
 * Checkpoints: their files.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cxm_checkpoint.h"
#include "cxm_checkpoint_int.h"
#include "cxm_log.h"
#include "cxm_store_int.h"
#include "cxm_tables.h"


typedef struct {
    cxm_store_t            *store;
    const char             *archive;
    cxm_ms_t                now;
    cxm_stopped_pt          stopped;
    void                   *ctx;
    cxm_archive_writer_t   *writer;     /* of the volume */
    cxm_volume_t            volume;
    cxm_error_t            *err;
} cxm_checkpoint_make_t;


static cxm_rc_t
make_dir(const char *dir, cxm_error_t *err)
{
    if (mkdir(dir, 0700) == 0 || errno == EEXIST) {
        return CXM_OK;
    }

    return cxm_fail(err, CXM_IO, NULL, "Cannot make \"%.160s\": %s.", dir,
                    strerror(errno));
}


/* --- a volume ----------------------------------------------------------- */

/* The next entry goes into the volume, if it follows the one before. */
static cxm_rc_t
volume_entry(cxm_checkpoint_make_t *make, uint64_t seq,
    const cxm_raw_row_t *row)
{
    cxm_rc_t          rc;
    cxm_volume_t     *volume;
    cxm_entry_raw_t   parsed;

    volume = &make->volume;

    if (row->key.len != 8
        || cxm_get_u64((const uint8_t *) row->key.data) != seq)
    {
        return cxm_entry_damage(seq, "entry is missing", make->err);
    }

    rc = cxm_entry_follow(make->store, seq, row->raw, volume->link, &parsed,
                          make->err);

    if (rc != CXM_OK) {
        return rc;
    }

    volume->last = seq;
    volume->to = cxm_entry_time(&parsed.entry);
    memcpy(volume->link, parsed.link.data, CXM_MAC_LEN);

    if (seq == volume->first) {
        volume->from = volume->to;
    }

    return cxm_archive_put(make->writer, row->raw, make->err);
}


/* Entries of one snapshot, up to `end` or until the volume is long enough. */
static cxm_rc_t
volume_some(cxm_checkpoint_make_t *make, cxm_long_read_t *read, uint64_t end)
{
    uint64_t        seq;
    cxm_rc_t        rc;
    cxm_cursor_t   *cursor;
    cxm_row_key_t   key;
    cxm_raw_row_t   row;

    rc = cxm_cursor_open(read->txn, CXM_T_JOURNAL, &cursor);

    if (rc != CXM_OK) {
        return cxm_fail(make->err, rc, NULL, "Cannot read the journal.");
    }

    seq = make->volume.last + 1;
    cxm_row_key(&key);
    cxm_row_key_u64(&key, seq);

    for (rc = cxm_cursor_seek(cursor, &key, &row);
         rc == CXM_OK && seq <= end && !cxm_long_read_full(read)
             && cxm_archive_written(make->writer) < CXM_VOLUME_BYTES;
         rc = cxm_cursor_next(cursor, &row))
    {
        rc = volume_entry(make, seq, &row);

        if (rc != CXM_OK) {
            break;
        }

        read->rows++;
        seq++;
    }

    cxm_cursor_close(cursor);

    if (rc == CXM_NOT_FOUND && seq <= end) {
        return cxm_entry_damage(seq, "entry is missing", make->err);
    }

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


static cxm_rc_t
volume_read(cxm_checkpoint_make_t *make, uint64_t end)
{
    cxm_rc_t          rc;
    cxm_txn_t        *txn;
    cxm_long_read_t   read;

    rc = cxm_txn_read(make->store, &txn, make->err);

    if (rc != CXM_OK) {
        return rc;
    }

    cxm_long_read_begin(&read, txn, make->stopped, make->ctx);

    do {
        rc = volume_some(make, &read, end);
    } while (rc == CXM_OK && make->volume.last < end
             && cxm_archive_written(make->writer) < CXM_VOLUME_BYTES
             && (rc = cxm_long_read_next(&read, make->err)) == CXM_OK);

    cxm_txn_end(txn);

    return rc;
}


/* One file from behind what is archived, up to `end` if it holds so much. */
static cxm_rc_t
make_volume(cxm_checkpoint_make_t *make, const cxm_history_t *history,
    uint64_t end)
{
    char              name[CXM_HISTORY_NAME];
    cxm_rc_t          rc;
    cxm_volume_t     *volume;
    cxm_archive_id_t  id;

    volume = &make->volume;
    memset(volume, 0, sizeof(*volume));
    volume->first = history->archived + 1;
    volume->last = history->archived;
    memcpy(volume->link, history->archived_link, CXM_MAC_LEN);

    id = cxm_history_id(make->store, CXM_ARCHIVE_JOURNAL, volume->first);
    rc = make_dir(make->archive, make->err);

    if (rc == CXM_OK) {
        rc = cxm_archive_create(make->archive, &id, make->store->min_free,
                                &make->writer, make->err);
    }

    if (rc != CXM_OK) {
        return rc;
    }

    rc = volume_read(make, end);

    if (rc != CXM_OK) {
        cxm_archive_abort(make->writer);
        return rc;
    }

    cxm_history_volume_name(volume, name);
    rc = cxm_archive_finish(make->writer, name, &volume->sum, make->err);

    if (rc == CXM_OK) {
        cxm_log(CXM_LOG_NOTICE, "store \"%s\": entries %llu to %llu are "
                "archived, %llu bytes", make->store->dir,
                (unsigned long long) volume->first,
                (unsigned long long) volume->last,
                (unsigned long long) volume->sum.size);
    }

    return rc;
}


/* --- tables ------------------------------------------------------------- */

static cxm_rc_t
make_tables(cxm_checkpoint_make_t *make, cxm_txn_t *txn, const char *dir,
    cxm_checkpoint_t *tables)
{
    char                   name[CXM_HISTORY_NAME];
    cxm_rc_t               rc;
    cxm_archive_id_t       id;
    cxm_archive_writer_t  *writer;

    id = cxm_history_id(make->store, CXM_ARCHIVE_TABLES, tables->seq);
    rc = cxm_archive_create(dir, &id, make->store->min_free, &writer,
                            make->err);

    if (rc != CXM_OK) {
        return rc;
    }

    rc = cxm_tables_save(txn, writer, make->stopped, make->ctx, make->err);

    if (rc != CXM_OK) {
        cxm_archive_abort(writer);
        return rc;
    }

    cxm_history_tables_name(tables->seq, name);

    return cxm_archive_finish(writer, name, &tables->sum, make->err);
}


/* Files of tables that no checkpoint names any more. */
static void
remove_tables(const cxm_store_t *store, const char *dir,
    const cxm_history_t *history)
{
    char         names[2][CXM_HISTORY_NAME];
    const char  *keep[] = { names[0], names[1], NULL };

    cxm_history_tables_name(history->newest.seq, names[0]);
    cxm_history_tables_name(history->previous.seq, names[1]);

    cxm_archive_remove(dir, "tables-", &store->uuid, keep);
}


/* --- a checkpoint ------------------------------------------------------- */

static cxm_rc_t
read_history(cxm_checkpoint_make_t *make, cxm_txn_t **txn,
    cxm_history_t *history)
{
    cxm_rc_t  rc;

    rc = cxm_txn_read(make->store, txn, make->err);

    if (rc != CXM_OK) {
        return rc;
    }

    rc = cxm_history_read(*txn, history);

    if (rc != CXM_OK) {
        cxm_txn_end(*txn);
        return cxm_fail(make->err, rc, NULL,
                        "The journal's history is damaged.");
    }

    return CXM_OK;
}


/* Everything up to the head that it finds, in files that are long enough. */
static cxm_rc_t
archive_all(cxm_checkpoint_make_t *make)
{
    uint64_t        end;
    cxm_rc_t        rc;
    cxm_txn_t      *txn;
    cxm_history_t   history;

    end = 0;

    for ( ;; ) {
        rc = read_history(make, &txn, &history);

        if (rc != CXM_OK) {
            return rc;
        }

        if (end == 0) {
            end = cxm_txn_head(txn);
        }

        cxm_txn_end(txn);

        if (history.archived >= end) {
            return CXM_OK;
        }

        rc = make_volume(make, &history, end);

        if (rc == CXM_OK) {
            rc = cxm_checkpoint_append_volume(make->store, make->now,
                                              &make->volume, make->err);
        }

        if (rc != CXM_OK) {
            return rc;
        }
    }
}


static cxm_rc_t
save_tables(cxm_checkpoint_make_t *make, const char *dir)
{
    cxm_rc_t           rc;
    cxm_txn_t         *txn;
    cxm_history_t      history;
    cxm_checkpoint_t   tables;

    rc = read_history(make, &txn, &history);

    if (rc != CXM_OK) {
        return rc;
    }

    memset(&tables, 0, sizeof(tables));
    tables.seq = txn->state.head;
    memcpy(tables.link, txn->state.link, CXM_MAC_LEN);

    rc = make_tables(make, txn, dir, &tables);
    cxm_txn_end(txn);

    if (rc == CXM_OK) {
        rc = cxm_checkpoint_append_tables(make->store, make->now, &tables,
                                          make->err);
    }

    if (rc == CXM_OK) {
        rc = read_history(make, &txn, &history);
    }

    if (rc != CXM_OK) {
        return rc;
    }

    cxm_txn_end(txn);
    remove_tables(make->store, dir, &history);

    cxm_log(CXM_LOG_NOTICE, "store \"%s\": checkpoint behind entry %llu, "
            "%llu bytes", make->store->dir, (unsigned long long) tables.seq,
            (unsigned long long) tables.sum.size);

    return CXM_OK;
}


cxm_rc_t
cxm_checkpoint_make(cxm_store_t *store, const char *archive, cxm_ms_t now,
    cxm_stopped_pt stopped, void *ctx, cxm_error_t *err)
{
    char                   *dir;
    cxm_rc_t                rc;
    cxm_checkpoint_make_t   make;

    memset(&make, 0, sizeof(make));
    make.store = store;
    make.archive = archive;
    make.now = now;
    make.stopped = stopped;
    make.ctx = ctx;
    make.err = err;

    dir = cxm_store_path(store->dir, CXM_HISTORY_CHECKPOINT);

    rc = dir == NULL ? cxm_fail(err, CXM_INTERNAL, NULL, "No memory.")
                     : make_dir(dir, err);

    if (rc == CXM_OK) {
        rc = archive_all(&make);
    }

    if (rc == CXM_OK) {
        rc = save_tables(&make, dir);
    }

    free(dir);

    return rc;
}
