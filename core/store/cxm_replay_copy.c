/*
 * Replay: the copy, and what it is compared with.
 */

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cxm_replay.h"


#define CXM_REPLAY_FILES  8             /* open at a time while removing */


static int
remove_one(const char *path, const struct stat *info, int type,
    struct FTW *place)
{
    (void) info;
    (void) type;
    (void) place;

    return remove(path);
}


cxm_rc_t
cxm_replay_scratch(cxm_replay_t *replay, const char *parent, const char *name,
    char **dir)
{
    if (asprintf(dir, "%s/%s", parent, name) < 0) {
        *dir = NULL;
        return cxm_fail(&replay->err, CXM_INTERNAL, NULL, "No memory.");
    }

    if (mkdtemp(*dir) == NULL) {
        free(*dir);
        *dir = NULL;
        return cxm_fail(&replay->err, CXM_IO, NULL,
                        "Cannot make a directory in %s: %s.", parent,
                        strerror(errno));
    }

    return cxm_store_scratch(replay->live, *dir, &replay->copy, &replay->err);
}


void
cxm_replay_discard(const char *dir)
{
    (void) nftw(dir, remove_one, CXM_REPLAY_FILES, FTW_DEPTH | FTW_PHYS);
}


void
cxm_replay_remove(cxm_replay_t *replay, char *dir)
{
    if (replay->copy != NULL) {
        cxm_store_close(replay->copy);
        replay->copy = NULL;
    }

    if (dir != NULL) {
        cxm_replay_discard(dir);
        free(dir);
    }
}


/*
 * Whether an erasure began behind entry `seq`.  Its key may be gone by now:
 * what was replayed up to there without the key is not what the tables were.
 */
static cxm_rc_t
view_erased(cxm_replay_t *replay, uint64_t seq, int *erased)
{
    cxm_rc_t          rc;
    cxm_txn_t        *txn;
    cxm_cursor_t     *cursor;
    cxm_raw_row_t     row;
    cxm_row_key_t     key;
    cxm_entry_raw_t   entry;

    *erased = 0;

    rc = cxm_txn_read(replay->live, &txn, &replay->err);
    if (rc != CXM_OK) {
        return rc;
    }

    rc = cxm_cursor_open(txn, CXM_T_JOURNAL, &cursor);

    if (rc == CXM_OK) {
        cxm_row_key(&key);
        cxm_row_key_u64(&key, seq + 1);

        for (rc = cxm_cursor_seek(cursor, &key, &row);
             rc == CXM_OK && !*erased;
             rc = cxm_cursor_next(cursor, &row))
        {
            *erased = cxm_entry_parse(0, row.raw, &entry, NULL) == CXM_OK
                      && entry.entry.kind == CXM_KIND_ERASURE;
        }

        cxm_cursor_close(cursor);
    }

    cxm_txn_end(txn);

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


cxm_rc_t
cxm_replay_view(cxm_replay_t *replay, cxm_txn_t **live)
{
    int       erased;
    cxm_rc_t  rc;

    for ( ;; ) {
        rc = cxm_txn_read(replay->live, live, &replay->err);
        if (rc != CXM_OK) {
            return rc;
        }

        rc = cxm_replay_rest(replay, *live);

        if (rc == CXM_OK) {
            rc = view_erased(replay, cxm_txn_head(*live), &erased);
        }

        if (rc == CXM_OK && !erased) {
            return CXM_OK;
        }

        cxm_txn_end(*live);

        if (rc != CXM_OK) {
            return rc;
        }
    }
}
