/*
 * The journal: the record of which all other tables are the memory.
 *
 * Key: sequence, 8 bytes big-endian, contiguous from 1 but for what retention
 * dropped (cxm_history.h).  Value:
 *
 *   u8 format | u8 kind | u8 kind version | u8 action
 *   varint node | varint epoch | varint origin sequence
 *   u64 hybrid logical time (48 bits of ms, 16 bits of counter)
 *   16 bytes id
 *   varint version replaced | varint subject | varint actor
 *   varint length of sealed body | sealed body (store's key)
 *   varint length of sealed personal part | it (person's key); 0: none
 *   16 bytes link = keyed BLAKE2b(previous link, key and value up to here)
 *
 * Bodies are packed JSON (cxm_pack.h).  Associated data of both seals is
 * table, key and the header up to the body.
 * The link of sequence 0 is the store's uuid.
 */

#ifndef CXM_JOURNAL_H
#define CXM_JOURNAL_H

#include <jansson.h>

#include "cxm_row.h"


/*
 * An entry of up to this size takes one overflow page; longer ones need
 * contiguous free pages, which LMDB searches for long.
 */
#define CXM_ENTRY_PAGE     4080
#define CXM_ENTRY_MAX      (4u << 20)

typedef enum {
    CXM_ACTION_PUT = 1,         /* after-image of a document */
    CXM_ACTION_DELETE,
    CXM_ACTION_ADD              /* a fact that never changes */
} cxm_action_t;

typedef struct cxm_entry_s {
    uint64_t    seq;            /* given by append */
    uint32_t    node, epoch;    /* given */
    uint64_t    oseq;           /* given: sequence at the origin */
    uint64_t    hlc;            /* given */
    uint8_t     kind;
    uint8_t     version;        /* given: of the kind */
    uint8_t     action;
    cxm_uuid_t  id;             /* nil where the kind has none */
    uint64_t    replaces;       /* document version replaced; 0: none */
    uint64_t    subject;        /* person slot; 0: nobody */
    uint64_t    actor;          /* number of the principal's key; 0: public */
    json_t     *body;           /* opened with the store's key, NULL: none */
    cxm_str_t   packed;         /* the body of a kind that wants it packed:
                                   given to append without a body, and in
                                   apply; else len 0 */
    json_t     *personal;       /* with the subject's key, NULL: none */
    int         erased;         /* read: there is a personal part, but its
                                   key is gone */
    cxm_str_t   header;         /* in apply: as stored, and the personal */
    cxm_str_t   sealed;         /* part, len 0: none.  Sealed bytes may be
                                   copied to a row: they are the same
                                   whether the key is there or not */
} cxm_entry_t;

static inline cxm_ms_t
cxm_entry_time(const cxm_entry_t *entry)
{
    return (cxm_ms_t) (entry->hlc >> 16);
}

/*
 * Gives the entry its place, seals, links, stores and applies it, then calls
 * flow's reactions.  Borrows body and personal.  Everything random (ids) is
 * in the entry already.  An error leaves the transaction to be aborted.
 *
 * apply sees the personal part unless the person is erased by now; what it
 * takes from there (only where a name leads) must be what the entry that
 * begins an erasure takes away, so that replay ends in the same tables.  The
 * subject's slot is moved past by itself.  CXM_CONFLICT "person_erased",
 * CXM_TOO_LARGE "entry_too_large".
 */
cxm_rc_t cxm_journal_append(cxm_txn_t *txn, cxm_entry_t *entry,
    cxm_error_t *err);

/*
 * The same for a fact about nobody, without id: an ADD entry of that body.
 * Steals body; NULL is a lack of memory.
 */
cxm_rc_t cxm_journal_add(cxm_txn_t *txn, cxm_kind_no_t kind, uint64_t actor,
    json_t *body, cxm_error_t *err);

/*
 * Reads one entry; body and personal are new references that
 * cxm_entry_clear() drops.  personal is opened only if asked for.
 * CXM_NOT_FOUND: not yet there, or dropped.
 */
cxm_rc_t cxm_journal_read(cxm_txn_t *txn, uint64_t seq, int personal,
    cxm_entry_t *out, cxm_error_t *err);
void cxm_entry_clear(cxm_entry_t *entry);

/*
 * The same, still packed (cxm_pack.h, cxm_value.h): the parts lie in memory
 * of the transaction, up to its next reading of an entry or a document.
 */
typedef struct {
    cxm_entry_t  entry;         /* without body and personal */
    cxm_str_t    body;          /* len 0: none */
    cxm_str_t    personal;
} cxm_entry_packed_t;

cxm_rc_t cxm_journal_read_packed(cxm_txn_t *txn, uint64_t seq, int personal,
    cxm_entry_packed_t *out, cxm_error_t *err);

/*
 * The first entry of time t or later, or the one behind the head.  What is no
 * more in the journal is older than what is.
 */
cxm_rc_t cxm_journal_since(cxm_txn_t *txn, cxm_ms_t t, uint64_t *seq,
    cxm_error_t *err);

/*
 * For readers of one kind: its entries, packed as above and without their
 * personal parts; others are passed over by their headers.  Up from entry
 * `from` on, down below it.  next: CXM_NOT_FOUND at the end (at is behind the
 * head; down: 0), or when `left` entries were looked at (at is where another
 * scan goes on).  Links are not checked.
 */
typedef struct {
    cxm_txn_t     *txn;
    cxm_cursor_t  *cursor;
    unsigned       kind;
    int            down;
    int            begun;
    uint64_t       at;
    unsigned       left;
    unsigned       met;             /* entries that next has given */
} cxm_journal_scan_t;

cxm_rc_t cxm_journal_scan_up(cxm_journal_scan_t *scan, cxm_txn_t *txn,
    cxm_kind_no_t kind, uint64_t from, unsigned left, cxm_error_t *err);
cxm_rc_t cxm_journal_scan_down(cxm_journal_scan_t *scan, cxm_txn_t *txn,
    cxm_kind_no_t kind, uint64_t from, unsigned left, cxm_error_t *err);
cxm_rc_t cxm_journal_scan_next(cxm_journal_scan_t *scan,
    cxm_entry_packed_t *out, cxm_error_t *err);
void cxm_journal_scan_end(cxm_journal_scan_t *scan);

/*
 * Opens the personal part of entry `seq` from copies of header and sealed.
 * *personal is a new reference; NULL with *erased set when the key of the
 * person is gone.
 */
cxm_rc_t cxm_journal_unseal(cxm_txn_t *txn, uint64_t seq, cxm_str_t header,
    cxm_str_t sealed, json_t **personal, int *erased);

/*
 * For readers of the whole journal: from `seq` on, at most `max` entries,
 * each with its link checked against the one before (link: in and out; the
 * link of seq - 1).  Dropped entries are passed over; behind one of them, and
 * where link is all zero, there is none to check with, only the seal.  fn ends
 * the walk by returning non-zero, behind the entry that it was given.  *next
 * is the sequence to go on with.  Personal parts are not opened:
 * cxm_journal_read() does that for the entries that need it.
 */
typedef int (*cxm_journal_pt)(void *ctx, const cxm_entry_t *entry);

cxm_rc_t cxm_journal_walk(cxm_txn_t *txn, uint64_t seq, unsigned max,
    uint8_t link[CXM_MAC_LEN], cxm_journal_pt fn, void *ctx, uint64_t *next,
    cxm_error_t *err);

/* Where a walk may begin: the link of seq - 1, all zero if that is dropped. */
cxm_rc_t cxm_journal_before(cxm_txn_t *txn, uint64_t seq,
    uint8_t link[CXM_MAC_LEN], cxm_error_t *err);

/* From *seq on nothing was dropped: older readers have missed something. */
cxm_rc_t cxm_journal_whole(cxm_txn_t *txn, uint64_t *seq, cxm_error_t *err);

/*
 * Replay: puts a raw entry of another copy of this journal as the next one,
 * checks its link and both seals, and applies it; no reactions.
 */
cxm_rc_t cxm_journal_replay(cxm_txn_t *txn, uint64_t seq, cxm_str_t raw,
    cxm_error_t *err);

/* Link of the entry before the first: from the store's uuid. */
void cxm_journal_root(const cxm_store_t *store, uint8_t link[CXM_MAC_LEN]);


#endif /* CXM_JOURNAL_H */
