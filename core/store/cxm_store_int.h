/*
 * What the files of core/store share.  Nobody else includes this.
 */

#ifndef CXM_STORE_INT_H
#define CXM_STORE_INT_H

#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "cxm_journal.h"
#include "cxm_person.h"
#include "cxm_row.h"
#include "cxm_store.h"


#define CXM_STORE_DATA    "data"
#define CXM_STORE_LOCK    "data-lock"
#define CXM_STORE_KEYS    "keys"
#define CXM_STORE_KEY     "master.key"
#define CXM_STORE_LATCH   "latch"
#define CXM_STORE_RUNNING "running"
#define CXM_STORE_VISITORS  "visitors"

/* Rows of the table `meta`, all of them with a MAC. */
#define CXM_META_FORMAT   "format"      /* u8; readable before the keys are */
#define CXM_META_ROOT     "root"        /* root key, sealed by the master */
#define CXM_META_STORE    "store"       /* uuid(16), u32 node, u32 epoch */
#define CXM_META_ARCHIVE  "archive"     /* this host's directory of volumes */
#define CXM_META_STATE    "state"       /* cxm_state_t */

typedef struct cxm_visitor_keys_s  cxm_visitor_keys_t;

/* Lives in guarded memory. */
typedef struct cxm_secret_s {
    cxm_keyring_t  ring;
    cxm_key_t      root;
    cxm_key_t      wrap;        /* of the master key: seals the root key */
    cxm_key_t      wrap_nonce;  /* and the person keys */
} cxm_secret_t;

/* Where the journal ends; of one transaction. */
typedef struct {
    uint64_t  head;             /* last sequence */
    uint64_t  oseq;             /* last one that originated here */
    uint64_t  hlc;
    uint64_t  persons;          /* next slot */
    uint8_t   link[CXM_MAC_LEN];
} cxm_state_t;

struct cxm_store_s {
    cxm_store_t        *next;           /* in the registry */
    unsigned            refs;
    pid_t               pid;
    dev_t               dev;            /* of the file `data` */
    ino_t               ino;

    char               *dir;
    char               *latch_path;
    MDB_env            *env;
    MDB_dbi             dbi[CXM_T_N];
    cxm_secret_t       *secret;
    const cxm_flow_t   *flow;
    uint64_t            min_free;
    uint64_t            map_size;
    uint64_t            file_size;      /* the writer's: at least, as last
                                           seen */
    unsigned            known;          /* newest format */
    int                 running_fd;
    cxm_uuid_t          uuid;
    uint32_t            node;
    uint32_t            epoch;

    pthread_mutex_t     lock;           /* of the fields up to the next gap */
    cxm_txn_t          *idle;           /* reset read transactions */
    unsigned            nidle;
    uint64_t            free_pages;     /* as counted at free_at */
    uint64_t            free_at;        /* monotonic ms; 0: never */
    int                 map_warned;

    atomic_int          latched;        /* the latch file could not be made */
    atomic_int          panic;          /* LMDB wants to be opened anew */

    pthread_mutex_t     keys_lock;      /* growing the file of person keys */
    int                 keys_fd;
    atomic_uint_fast64_t  keys_made;    /* slots below it are live and synced */
    atomic_uint_fast64_t  persons;      /* next slot as last seen */

    atomic_uint_fast64_t  committed;    /* head of the last own commit */
    atomic_uint_fast64_t  seen;         /* head that journal readers met */

    pthread_mutex_t     visitors_lock;
    cxm_visitor_keys_t *visitors;       /* NULL: none yet */
};

typedef struct {
    void      *data;
    void     (*destroy)(void *data);
    cxm_rc_t (*flush)(cxm_txn_t *txn, void *data);
} cxm_txn_room_t;

struct cxm_txn_s {
    cxm_txn_t       *next;              /* in the pool */
    cxm_store_t     *store;
    MDB_txn         *mdb;
    int              writable;
    cxm_ms_t         now;
    unsigned         format;            /* of the store */
    cxm_state_t      state;
    int              state_changed;
    uint64_t         person_next;       /* first slot not yet taken */
    uint64_t         touched;           /* counts writes */
    unsigned         depth;             /* of entries made by reactions */
    cxm_rc_t         failed;            /* it may not be committed */
    cxm_txn_room_t   rooms[CXM_SLOT_N];
    cxm_buf_t        row;               /* a value on its way in */
    cxm_buf_t        text;              /* of a body, packed */
    cxm_buf_t        personal;          /* of an entry that is read */
    cxm_buf_t        entry;             /* a journal value */
};


/* cxm_env.c */

/* An unregistered handle without environment; NULL when memory is short. */
cxm_store_t *cxm_env_new(const cxm_store_opts_t *opts);
void cxm_env_free(cxm_store_t *store);

/* Opens LMDB on a path; flags beyond the usual ones. */
cxm_rc_t cxm_env_start(cxm_store_t *store, const char *path, unsigned flags,
    cxm_error_t *err);

/* Fills err with why LMDB did not open. */
cxm_rc_t cxm_env_refused(const char *path, int rc, cxm_error_t *err);
int cxm_env_tables(cxm_store_t *store, MDB_txn *mdb, unsigned flags);

/* Makes a handle that was started known to cxm_store_open(). */
void cxm_env_adopt(cxm_store_t *store);

/*
 * Sees to it that the file has room behind its used pages.  In a write
 * transaction only: the writer's lock keeps others from growing it.
 */
void cxm_env_grow(cxm_store_t *store);

char *cxm_store_path(const char *dir, const char *name);
MDB_val cxm_env_val(cxm_str_t s);
const char *cxm_table_name(cxm_table_t table);


/* cxm_env_meta.c */

/* Opens the tables and the root key, reads who the store is. */
cxm_rc_t cxm_env_read_meta(cxm_store_t *store, cxm_error_t *err);
cxm_rc_t cxm_env_check_head(cxm_store_t *store, cxm_error_t *err);


/* cxm_store_init.c: the rows of an empty environment. */
cxm_rc_t cxm_store_format(cxm_store_t *store, unsigned format,
    cxm_error_t *err);


/* cxm_upgrade.c */

/* Says that this process has the store open; CXM_UNAVAILABLE. */
cxm_rc_t cxm_running_announce(cxm_store_t *store, cxm_error_t *err);

/*
 * Keeps everybody else from opening the store until the handle is closed;
 * CXM_CONFLICT "in_use".
 */
cxm_rc_t cxm_running_alone(cxm_store_t *store, cxm_error_t *err);

/* Sets txn->format; CXM_FORMAT when this program does not know it. */
cxm_rc_t cxm_format_read(cxm_txn_t *txn, cxm_error_t *err);


/* cxm_master.c: the master key file and what it wraps */

cxm_rc_t cxm_master_check(const char *path, cxm_error_t *err);
cxm_rc_t cxm_master_make(const char *path, unsigned uid, unsigned gid,
    cxm_error_t *err);

/* Path of the key file; the caller frees it. */
char *cxm_master_path(const cxm_store_opts_t *opts);

/* A secret of one's own that has the wrapping keys only. */
cxm_rc_t cxm_master_load(const cxm_store_opts_t *opts, cxm_secret_t **out,
    cxm_error_t *err);

void cxm_secret_root(cxm_secret_t *secret, const cxm_key_t *root);
cxm_secret_t *cxm_secret_copy(const cxm_secret_t *secret);
void cxm_secret_free(cxm_secret_t *secret);


/* cxm_fault.c: what LMDB's and the disk's failures mean */

/*
 * Maps the result of an LMDB call inside a transaction or at its begin,
 * when nothing can have been written.  An I/O error latches the store.
 */
cxm_rc_t cxm_fault(cxm_store_t *store, int rc);
cxm_rc_t cxm_fault_commit(cxm_store_t *store, int rc, cxm_error_t *err);

/* The same for errno of a call on one of the store's files. */
cxm_rc_t cxm_fault_io(cxm_store_t *store, int error, const char *what,
    cxm_error_t *err);

/* Bytes that the store's file system has left for us; -1: unknown. */
int cxm_fault_disk_free(const cxm_store_t *store, uint64_t *bytes);

/* Whether a write may begin: latch, disk and map. */
cxm_rc_t cxm_fault_latched(const cxm_store_t *store, cxm_error_t *err);
cxm_rc_t cxm_fault_room(cxm_store_t *store, cxm_error_t *err);

/* Logs damage once, where it was found; returns CXM_CORRUPT. */
cxm_rc_t cxm_damage(cxm_table_t table, cxm_str_t key, const char *what);


/* cxm_store_stat.c */

int cxm_store_free_pages(MDB_txn *mdb, uint64_t *pages);


/* cxm_txn.c */

/* Wraps a transaction that the store's own files began; state is not read. */
cxm_txn_t *cxm_txn_wrap(cxm_store_t *store, MDB_txn *mdb, int writable);
void cxm_txn_unwrap(cxm_txn_t *txn);        /* leaves the MDB_txn alone */

/* The value of the row `state`. */
#define CXM_STATE_LEN  (4 * 8 + CXM_MAC_LEN)

void cxm_state_encode(const cxm_state_t *state, uint8_t b[CXM_STATE_LEN]);
cxm_rc_t cxm_state_decode(cxm_str_t value, cxm_state_t *state);
cxm_rc_t cxm_state_write(cxm_txn_t *txn);

/* Remembers the first failure that forbids a commit; returns rc. */
cxm_rc_t cxm_txn_break(cxm_txn_t *txn, cxm_rc_t rc);

/* cxm_fault() of a call inside this transaction. */
cxm_rc_t cxm_txn_fault(cxm_txn_t *txn, int rc);


/* cxm_row.c */

void cxm_row_key_name(cxm_row_key_t *key, const char *name);

/* The value of a row as it lies there; not checked. */
cxm_rc_t cxm_row_raw(cxm_txn_t *txn, cxm_table_t table, cxm_str_t key,
    cxm_str_t *raw);

/* Puts a row of another copy of the store as it lay there. */
cxm_rc_t cxm_row_put_raw(cxm_txn_t *txn, cxm_table_t table,
    const cxm_raw_row_t *row);

/*
 * Whether a row verifies, be it MACed or sealed; scratch is the caller's.
 * CXM_CORRUPT, logged.
 */
cxm_rc_t cxm_row_prove(cxm_txn_t *txn, cxm_table_t table,
    const cxm_raw_row_t *row, cxm_buf_t *scratch);


/* cxm_entry.c: the coding of a journal value */

#define CXM_ENTRY_HEADER_MAX  96
#define CXM_ENTRY_AD_MAX      (1 + 8 + CXM_ENTRY_HEADER_MAX)

typedef struct {
    cxm_entry_t  entry;         /* no body, no personal */
    size_t       header_len;
    cxm_str_t    body;          /* sealed */
    cxm_str_t    personal;      /* sealed; len 0: none */
    cxm_str_t    linked;        /* what the link covers */
    cxm_str_t    link;
    cxm_str_t    raw;
} cxm_entry_raw_t;

/* Fills txn->entry with the value up to the link. */
cxm_rc_t cxm_entry_encode(cxm_txn_t *txn, const cxm_entry_t *entry,
    cxm_error_t *err);
cxm_rc_t cxm_entry_parse(uint64_t seq, cxm_str_t raw, cxm_entry_raw_t *out,
    cxm_error_t *err);

/* Parses a raw value and proves that it follows the entry of `link`. */
cxm_rc_t cxm_entry_follow(const cxm_store_t *store, uint64_t seq, cxm_str_t raw,
    const uint8_t *link, cxm_entry_raw_t *out, cxm_error_t *err);

/* Logs damage of an entry; returns CXM_CORRUPT. */
cxm_rc_t cxm_entry_damage(uint64_t seq, const char *what, cxm_error_t *err);

/* Opens the seals; sets body, and personal and erased if asked for. */
cxm_rc_t cxm_entry_open(cxm_txn_t *txn, const cxm_entry_raw_t *raw,
    int personal, cxm_entry_packed_t *out, cxm_error_t *err);
cxm_rc_t cxm_entry_unpack(const cxm_entry_packed_t *packed, cxm_entry_t *out,
    cxm_error_t *err);
void cxm_entry_link(const cxm_store_t *store, uint64_t seq,
    const uint8_t *prev, cxm_str_t linked, uint8_t link[CXM_MAC_LEN]);


/* cxm_journal.c: as a walk and replay want an entry that was parsed. */
cxm_rc_t cxm_journal_open(cxm_txn_t *txn, const cxm_entry_raw_t *parsed,
    int personal, cxm_entry_t *out, cxm_error_t *err);


/* cxm_person.c */

/* A nonce key of the person's own, so that it is erased with the key. */
void cxm_person_nonce(const cxm_key_t *key, cxm_key_t *nonce);

/* Moves the next number past the slot. */
void cxm_person_pass(cxm_txn_t *txn, uint64_t slot);

/* Takes a name and its way back away; one without the other is damage. */
cxm_rc_t cxm_person_unname(cxm_txn_t *txn, uint64_t slot,
    unsigned person_class, const uint8_t *hash);


/* cxm_visitor_key.c */

void cxm_visitor_free(cxm_store_t *store);


/* cxm_person_file.c */

cxm_rc_t cxm_person_file_make(const char *path, const cxm_uuid_t *uuid,
    cxm_error_t *err);
cxm_rc_t cxm_person_file_open(cxm_store_t *store, const char *path,
    cxm_error_t *err);


/* cxm_person_copy.c */

/*
 * For a restore: checks whose file it is and makes slots up to `persons` that
 * it lacks, as lost ones; *slots is how many it has then.
 */
cxm_rc_t cxm_person_complete(const char *path, const cxm_uuid_t *uuid,
    uint64_t persons, uint64_t *slots, cxm_error_t *err);


#endif /* CXM_STORE_INT_H */
