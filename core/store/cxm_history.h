/*
 * History: what of the journal is sealed in files, from where on the tables
 * can be made again, and which entries have left the environment.
 *
 *   <archive>/journal-<first>-<last>   a volume: these entries, whole
 *   <dir>/checkpoint/tables-<seq>      all tables as they were behind `seq`
 *
 * Numbers have 20 digits; the coding of both is cxm_archive.h's.  Volumes
 * follow each other without a gap from entry 1 on.  They may be moved away
 * or deleted: only a replay from the first entry needs them.  Of tables the
 * two newest files are kept; they belong to the store.
 *
 * A checkpoint is taken of the state behind an entry; entries go only once
 * they lie before the checkpoint *before* the newest.  So verify begins at
 * that one and proves the newest too, as long as it runs at least once from
 * one checkpoint to the next.
 *
 *            dropped, sparse        whole                       head
 *   |--- . -- . ------ . -- . ---|--------|---------|------------|
 *   1                          sparse   previous   newest
 *                                       checkpoint
 *
 * Up to `sparse` entries are missing, each by an entry of kind
 * CXM_KIND_RETENTION.  Those that stay are no longer held by their links, so
 * their number and a keyed sum over them are kept.
 *
 * Rows in `index`, namespace CXM_NS_HISTORY: u8 0 -> the state below, packed;
 * u8 1 | u64 first -> a volume.  They are written by apply alone, so that
 * verify compares them.  Where the archive is, is this host's own business: a
 * row of `meta`.
 *
 * Backups have copies of both; they hold the history (shared) while copying.
 */

#ifndef CXM_HISTORY_H
#define CXM_HISTORY_H

#include "cxm_archive.h"
#include "cxm_journal.h"


#define CXM_HISTORY_ARCHIVE     "archive"       /* in the store, by default */
#define CXM_HISTORY_CHECKPOINT  "checkpoint"

typedef struct {
    uint64_t           seq;             /* 0: there is none */
    uint8_t            link[CXM_MAC_LEN];
    cxm_ms_t           at;              /* when it was written down */
    uint64_t           others;          /* entries since the one before, not
                                           counting those that keep history */
    cxm_archive_sum_t  sum;             /* of the tables' file */
} cxm_checkpoint_t;

typedef struct {
    uint64_t          archived;         /* last entry in a volume */
    uint8_t           archived_link[CXM_MAC_LEN];

    uint64_t          dropped[CXM_KEEP_N];  /* entries of the class up to it
                                               are gone */
    uint64_t          sparse;           /* highest of them */
    uint8_t           sparse_link[CXM_MAC_LEN];
    uint64_t          kept;             /* entries up to `sparse` */
    uint8_t           kept_sum[CXM_MAC_LEN];

    uint64_t          own;              /* entries that keep history, since
                                           the newest checkpoint */
    cxm_checkpoint_t  newest;
    cxm_checkpoint_t  previous;
} cxm_history_t;

typedef struct {
    uint64_t           first, last;
    cxm_ms_t           from, to;        /* times of both */
    uint8_t            link[CXM_MAC_LEN];   /* of the last */
    cxm_archive_sum_t  sum;
} cxm_volume_t;


/* A store whose journal is whole has links of the root and zeros. */
cxm_rc_t cxm_history_read(cxm_txn_t *txn, cxm_history_t *out);

/* Whether entry `seq` of a class was dropped. */
int cxm_history_gone(cxm_txn_t *txn, cxm_keep_t keep, uint64_t seq);

/* The first volume that begins at `first` or later; CXM_NOT_FOUND. */
cxm_rc_t cxm_history_volume(cxm_txn_t *txn, uint64_t first,
    cxm_volume_t *out);

/* Only in apply. */
cxm_rc_t cxm_history_write(cxm_txn_t *txn, const cxm_history_t *history);
cxm_rc_t cxm_history_add(cxm_txn_t *txn, const cxm_volume_t *volume);

/* Adds an entry, as it lies in the journal, to a sum, or takes it out. */
void cxm_history_sum(const cxm_store_t *store, uint64_t seq, cxm_str_t raw,
    uint8_t sum[CXM_MAC_LEN]);


/* --- files -------------------------------------------------------------- */

/* Where volumes are, as last noted; NULL without memory.  To be freed. */
char *cxm_history_dir(cxm_txn_t *txn);

/* Notes it; nothing is written when it is known. */
cxm_rc_t cxm_history_note_dir(cxm_store_t *store, const char *dir,
    cxm_error_t *err);

#define CXM_HISTORY_NAME  64

void cxm_history_volume_name(const cxm_volume_t *volume,
    char name[CXM_HISTORY_NAME]);
void cxm_history_tables_name(uint64_t seq, char name[CXM_HISTORY_NAME]);

/* What a file of this store must be; sum is left to the caller. */
cxm_archive_id_t cxm_history_id(const cxm_store_t *store,
    cxm_archive_type_t type, uint64_t seq);

/* Opens what a row says; that must outlive the reader. */
cxm_rc_t cxm_history_open_volume(const cxm_store_t *store, const char *dir,
    const cxm_volume_t *volume, cxm_archive_reader_t **out,
    cxm_error_t *err);
cxm_rc_t cxm_history_open_tables(const cxm_store_t *store,
    const cxm_checkpoint_t *checkpoint, cxm_archive_reader_t **out,
    cxm_error_t *err);

/*
 * Who drops or archives holds the history alone; who reads files and journal
 * together (verify, rebuild, backup) holds it shared and waits for the other.
 * A lock of the process on the store's directory, gone with the descriptor.
 * Alone: CXM_UNAVAILABLE at once when somebody else has it.
 */
cxm_rc_t cxm_history_hold(const cxm_store_t *store, int alone, int *fd,
    cxm_error_t *err);
void cxm_history_release(int fd);       /* -1 is allowed */


#endif /* CXM_HISTORY_H */
