/*
 * The store: one directory, one LMDB environment, one handle a process.
 *
 *   <dir>/data, data-lock   the environment
 *   <dir>/keys              person keys (cxm_person.h)
 *   <dir>/master.key        32 random bytes, mode 0600; wraps everything else
 *   <dir>/visitors          keys of visitors, of a day (cxm_visitor_key.h)
 *   <dir>/latch             exists: read-only after an I/O error
 *   <dir>/running           locks: who has it open (cxm_upgrade.h)
 *   <dir>/files, archive    attachments, dropped history
 *
 * LMDB loses its locks when a process opens or closes an environment twice,
 * so handles are counted by device and inode: a second cxm_store_open() of
 * the same directory gives the same handle.  Handles die at fork: open after
 * it, never in a master process or while configuration is tested.
 *
 * All functions may be called by any thread unless they say otherwise.
 */

#ifndef CXM_STORE_H
#define CXM_STORE_H

#include <stdint.h>

#include "cxm_crypto.h"
#include "cxm_error.h"
#include "cxm_id.h"
#include "cxm_kind.h"
#include "cxm_str.h"
#include "cxm_time.h"


#define CXM_STORE_FORMAT     1          /* newest that this program knows */
#define CXM_MAX_READERS      1022
#define CXM_MAP_SIZE         (64ULL << 30)
#define CXM_MIN_FREE         (1ULL << 30)
#define CXM_MAP_WARN         70         /* per cent of the map in use */
#define CXM_MAP_SHED         85

typedef struct cxm_store_s  cxm_store_t;
typedef struct cxm_txn_s  cxm_txn_t;
typedef struct cxm_secret_s  cxm_master_t;

typedef struct {
    const char          *dir;
    const char          *key_file;      /* NULL: <dir>/master.key */
    const cxm_master_t  *master;        /* read before; NULL: read now */
    uint64_t             map_size;      /* 0: CXM_MAP_SIZE */
    uint64_t             min_free;      /* bytes the file system must keep;
                                           UINT64_MAX: CXM_MIN_FREE */
    const cxm_flow_t    *flow;          /* kinds and reactions; not owned */
    unsigned             known;         /* newest format; 0: CXM_STORE_FORMAT
                                           (for tests: of other programs) */
} cxm_store_opts_t;

/*
 * Reads the master key file (a regular file of 32 bytes that no group or
 * other may read) into guarded memory, for a process that will give up the
 * right to read it before it opens the store.  A fork inherits it.
 */
cxm_rc_t cxm_master_read(const cxm_store_opts_t *opts, cxm_master_t **out,
    cxm_error_t *err);
void cxm_master_free(cxm_master_t *master);     /* NULL is allowed */

/*
 * What configuration tests may do: the directory holds a store, and the key
 * file (unless opts->master is there) can be read as above.  Never opens the
 * environment.  The error's detail is one clear line.
 */
cxm_rc_t cxm_store_check(const cxm_store_opts_t *opts, cxm_error_t *err);

/*
 * Makes the directory, keys and an empty environment.  CXM_CONFLICT when
 * there is one.  Mode 0700, files 0600.  uid/gid: give everything to that
 * user; (uid_t) -1 leaves it.
 */
cxm_rc_t cxm_store_init(const cxm_store_opts_t *opts, unsigned uid,
    unsigned gid, cxm_error_t *err);

/*
 * CXM_UNAVAILABLE: try again later (another process opens or closes);
 * CXM_NOT_FOUND: there is no store, or no key file; CXM_INVALID: the key
 * file; CXM_FORMAT: newer data; CXM_CORRUPT: wrong key or damaged; CXM_IO.
 * A second open of a directory keeps the options of the first.
 */
cxm_rc_t cxm_store_open(const cxm_store_opts_t *opts, cxm_store_t **out,
    cxm_error_t *err);

/*
 * An empty store without sync below `dir` that has the keys, uuid, node,
 * epoch and person keys of `store`: what is replayed into it comes out byte
 * for byte as it is there.  cxm_store_close() removes nothing.
 */
cxm_rc_t cxm_store_scratch(cxm_store_t *store, const char *dir,
    cxm_store_t **out, cxm_error_t *err);
void cxm_store_close(cxm_store_t *store);

const char *cxm_store_dir(const cxm_store_t *store);
const cxm_keyring_t *cxm_store_keyring(const cxm_store_t *store);
const cxm_flow_t *cxm_store_flow(const cxm_store_t *store);

/* Read-only latch, seen by every process; set at EIO, cleared by verify. */
int cxm_store_latched(const cxm_store_t *store);
void cxm_store_latch(cxm_store_t *store, const char *why);
cxm_rc_t cxm_store_unlatch(cxm_store_t *store);

/*
 * LMDB has given up in this process: after a failed write of its meta page
 * neither reads nor writes go on until the store is closed and opened again.
 */
int cxm_store_panicked(const cxm_store_t *store);

/* Clears reader slots of dead processes; returns how many. */
int cxm_store_reap(cxm_store_t *store);

typedef struct {
    uint64_t    map_size;
    uint64_t    page_size;
    uint64_t    pages_used;         /* last page + 1 */
    uint64_t    pages_free;         /* of those, on the free list */
    uint64_t    readers;            /* slots in use */
    uint64_t    max_readers;
    uint64_t    reader_lag;         /* last txn minus oldest reader's */
    uint64_t    rows[CXM_T_N];
    uint64_t    pages[CXM_T_N];     /* leaf + branch + overflow */
    uint64_t    head;               /* last sequence */
    uint8_t     link[CXM_MAC_LEN];  /* of the head */
    uint64_t    whole_from;         /* no entry was dropped from here on */
    uint64_t    archived;           /* last entry in the archive */
    uint64_t    checkpoint;         /* last entry before the newest one */
    uint64_t    persons;            /* next person slot */
    uint64_t    disk_free;
    uint32_t    node, epoch;
    unsigned    format;
    int         latched;
    cxm_uuid_t  uuid;
} cxm_store_stat_t;

cxm_rc_t cxm_store_stat(cxm_store_t *store, cxm_store_stat_t *out,
    cxm_error_t *err);


/* --- transactions ------------------------------------------------------- */

/*
 * A read transaction belongs to one thread at a time; it is a renewed one
 * from the handle's pool.  Keep it under 100 ms or 10,000 rows.
 */
cxm_rc_t cxm_txn_read(cxm_store_t *store, cxm_txn_t **out, cxm_error_t *err);

/*
 * Lets the snapshot of a read transaction go, and takes the newest.  Cursors
 * are closed before; values read from rows are gone, what rooms keep in slots
 * stays.  After rest, and after a failed renew, nothing can be read.
 */
void cxm_txn_rest(cxm_txn_t *txn);
cxm_rc_t cxm_txn_renew(cxm_txn_t *txn, cxm_error_t *err);

/*
 * The one writer.  Blocks until other processes' writers are done: only in a
 * pool task or a tool, never in an event loop.  `now` is the server's clock,
 * brought forward to the newest entry's time if it was set back.
 */
cxm_rc_t cxm_txn_write(cxm_store_t *store, cxm_ms_t now, cxm_txn_t **out,
    cxm_error_t *err);

/*
 * Flushes gathered touchpoints and counters, then commits; the transaction
 * is gone in any case.  CXM_FULL: nothing was written.  CXM_OUTCOME_UNKNOWN:
 * it may have been; the store is latched if it was an I/O error.
 */
cxm_rc_t cxm_txn_commit(cxm_txn_t *txn, cxm_error_t *err);

/* Ends a read transaction, aborts a write transaction; NULL is allowed. */
void cxm_txn_end(cxm_txn_t *txn);

cxm_store_t *cxm_txn_store(const cxm_txn_t *txn);
int cxm_txn_writable(const cxm_txn_t *txn);
cxm_ms_t cxm_txn_now(const cxm_txn_t *txn);     /* of the write; else 0 */
uint64_t cxm_txn_head(const cxm_txn_t *txn);    /* last sequence it sees */
uint64_t cxm_txn_persons(const cxm_txn_t *txn); /* next person slot */
unsigned cxm_txn_format(const cxm_txn_t *txn);  /* what is to be written */

/* True once anything was put, deleted, gathered or added in this txn. */
int cxm_txn_dirty(const cxm_txn_t *txn);
void cxm_txn_touch(cxm_txn_t *txn);             /* marks it dirty */

/*
 * Memory of a room for the length of a transaction, as a cache or gatherer:
 * zeroed `size` bytes at first use, then the same again.  `destroy` (may be
 * NULL) is called with it when the transaction ends.
 */
typedef enum {
    CXM_SLOT_COUNTER = 0,       /* the store's own */
    CXM_SLOT_SURVEY,
    CXM_SLOT_TOUCHPOINT,
    CXM_SLOT_RECORD,
    CXM_SLOT_POSTING,
    CXM_SLOT_N
} cxm_slot_t;

void *cxm_txn_slot(cxm_txn_t *txn, cxm_slot_t slot, size_t size,
    void (*destroy)(void *data));

/*
 * Has what is gathered in a slot written by commit, behind flow's flush; a
 * failure aborts.  Like apply, it makes rows and no entries.
 */
void cxm_txn_gather(cxm_txn_t *txn, cxm_slot_t slot,
    cxm_rc_t (*flush)(cxm_txn_t *txn, void *data));


#endif /* CXM_STORE_H */
