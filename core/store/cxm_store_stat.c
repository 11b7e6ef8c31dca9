/*
 * Figures of a store, for operators and metrics.
 */

#include <stdio.h>
#include <sys/statvfs.h>

#include "cxm_history.h"
#include "cxm_log.h"
#include "cxm_store_int.h"


#define CXM_FREE_DBI  0     /* LMDB's list of free pages */

typedef struct {
    uint64_t  readers;
    uint64_t  oldest;       /* transaction; UINT64_MAX: none is active */
} cxm_stat_readers_t;


/* A row of the free list: a count, then as many page numbers. */
int
cxm_store_free_pages(MDB_txn *mdb, uint64_t *pages)
{
    int          rc;
    size_t       n;
    MDB_val      key, value;
    MDB_cursor  *cursor;

    rc = mdb_cursor_open(mdb, CXM_FREE_DBI, &cursor);

    if (rc != MDB_SUCCESS) {
        return rc;
    }

    *pages = 0;
    rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);

    while (rc == MDB_SUCCESS) {
        if (value.mv_size >= sizeof(n)) {
            memcpy(&n, value.mv_data, sizeof(n));
            *pages += n;
        }

        rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }

    mdb_cursor_close(cursor);

    return rc == MDB_NOTFOUND ? MDB_SUCCESS : rc;
}


/* LMDB shows its readers only as lines "pid thread txnid" or "... -". */
static int
cxm_stat_reader(const char *line, void *ctx)
{
    unsigned long long   txnid;
    cxm_stat_readers_t  *readers;

    readers = ctx;

    if (sscanf(line, " %*d %*x %llu", &txnid) == 1) {
        readers->readers++;

        if (txnid < readers->oldest) {
            readers->oldest = txnid;
        }

    } else if (strchr(line, '-') != NULL) {
        readers->readers++;
    }

    return 0;
}


static void
cxm_stat_env(cxm_store_t *store, cxm_txn_t *txn, cxm_store_stat_t *out)
{
    MDB_stat            st;
    MDB_envinfo         info;
    cxm_stat_readers_t  readers = { 0, UINT64_MAX };

    (void) mdb_env_info(store->env, &info);
    (void) mdb_env_stat(store->env, &st);
    (void) mdb_reader_list(store->env, cxm_stat_reader, &readers);

    out->map_size = info.me_mapsize;
    out->page_size = st.ms_psize;
    out->pages_used = info.me_last_pgno + 1;
    out->readers = readers.readers;
    out->max_readers = info.me_maxreaders;

    if (readers.oldest < info.me_last_txnid) {
        out->reader_lag = info.me_last_txnid - readers.oldest;
    }

    if (cxm_store_free_pages(txn->mdb, &out->pages_free) != MDB_SUCCESS) {
        out->pages_free = 0;
    }
}


cxm_rc_t
cxm_store_stat(cxm_store_t *store, cxm_store_stat_t *out, cxm_error_t *err)
{
    int             i;
    cxm_rc_t        rc;
    MDB_stat        st;
    cxm_txn_t      *txn;
    struct statvfs  fs;
    cxm_history_t   history;

    memset(out, 0, sizeof(*out));

    rc = cxm_txn_read(store, &txn, err);

    if (rc != CXM_OK) {
        return rc;
    }

    cxm_stat_env(store, txn, out);

    for (i = 0; i < CXM_T_N; i++) {
        if (mdb_stat(txn->mdb, store->dbi[i], &st) == MDB_SUCCESS) {
            out->rows[i] = st.ms_entries;
            out->pages[i] = st.ms_branch_pages + st.ms_leaf_pages
                            + st.ms_overflow_pages;
        }
    }

    out->format = txn->format;
    out->head = txn->state.head;
    out->persons = txn->state.persons;
    memcpy(out->link, txn->state.link, CXM_MAC_LEN);

    rc = cxm_history_read(txn, &history);
    out->whole_from = history.sparse + 1;
    out->archived = history.archived;
    out->checkpoint = history.newest.seq;

    cxm_txn_end(txn);

    if (rc != CXM_OK) {
        return cxm_fail(err, rc, NULL, "The journal's history is damaged.");
    }

    if (statvfs(store->dir, &fs) == 0) {
        out->disk_free = (uint64_t) fs.f_bavail * fs.f_frsize;
    }

    out->node = store->node;
    out->epoch = store->epoch;
    out->uuid = store->uuid;
    out->latched = cxm_store_latched(store);

    return CXM_OK;
}


int
cxm_store_reap(cxm_store_t *store)
{
    int  dead;

    dead = 0;

    if (mdb_reader_check(store->env, &dead) != MDB_SUCCESS) {
        return 0;
    }

    if (dead > 0) {
        cxm_log(CXM_LOG_NOTICE, "store \"%s\": cleared %d readers of dead "
                "processes", store->dir, dead);
    }

    return dead;
}
