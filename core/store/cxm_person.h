/*
 * Person keys: a slot file beside the environment, so that erasing one key
 * makes a person's text unreadable in the store and in every backup of it.
 *
 * <dir>/keys: slots of 128 bytes.  Slot 0 is the header (magic "cxmkeys1",
 * store uuid).  A slot: u8 state (0 never made, 1 live, 2 erased, 3 lost: not
 * restored), 7 bytes zero, 24 bytes nonce, 48 bytes sealed key, zeros.  The
 * key is sealed with the master key, associated data = store uuid and slot
 * number.
 *
 * Slots are made and synced thousands ahead of use; a transaction only takes
 * the next number, so there is no second commit.  Numbers are never reused.
 */

#ifndef CXM_PERSON_H
#define CXM_PERSON_H

#include "cxm_store.h"


#define CXM_PERSON_SLOT    128
#define CXM_PERSON_AHEAD   4096         /* made at once */
#define CXM_PERSON_LOW     2048         /* when fewer are left */

/* How a person is named; part of the format. */
typedef enum {
    CXM_PERSON_CUSTOMER_ID = 1,
    CXM_PERSON_EXTERNAL_ID,
    CXM_PERSON_EMAIL,
    CXM_PERSON_VISITOR,
    CXM_PERSON_PHONE,
    CXM_PERSON_ACCOUNT,
    CXM_PERSON_CLASSES,                 /* one more than the last of them */
    CXM_PERSON_CLAIMED = 0x80           /* flag: said, not proved */
} cxm_person_class_t;

/* "customer_id" and so on, by class. */
extern const char *const  cxm_person_names[CXM_PERSON_CLASSES];

/*
 * Keyed hash of a name in its one form: an e-mail is trimmed and folded
 * (cxm_fold.h), a telephone number is E.164, a UUID in lower case.
 */
void cxm_person_hash(const cxm_store_t *store, unsigned person_class,
    cxm_str_t name, uint8_t hash[CXM_HASH_LEN]);

/* Makes slots ahead if few are left; outside of transactions. */
cxm_rc_t cxm_person_reserve(cxm_store_t *store, cxm_error_t *err);

/* Takes the next slot number; CXM_UNAVAILABLE when none was made ahead. */
cxm_rc_t cxm_person_take(cxm_txn_t *txn, uint64_t *slot);

/* Main slot of whoever the name leads to; CXM_NOT_FOUND. */
cxm_rc_t cxm_person_find(cxm_txn_t *txn, unsigned person_class,
    const uint8_t hash[CXM_HASH_LEN], uint64_t *slot);

/*
 * The slot that has the name itself, linked or not: what is said under the
 * name is kept there, and so stays with the name when links change.
 */
cxm_rc_t cxm_person_named(cxm_txn_t *txn, unsigned person_class,
    const uint8_t hash[CXM_HASH_LEN], uint64_t *slot);

/*
 * In apply: `slot` is, or is no more, the same person as `to`.  A person has
 * at most CXM_PERSON_SLOTS, which who makes the entry has to see to.
 */
cxm_rc_t cxm_person_link(cxm_txn_t *txn, uint64_t slot, uint64_t to);
cxm_rc_t cxm_person_unlink(cxm_txn_t *txn, uint64_t slot);

#define CXM_PERSON_SLOTS  256

typedef struct {
    unsigned  n;
    uint64_t  slot[CXM_PERSON_SLOTS];
} cxm_person_slots_t;

/* The slot that all of a person's lead to: this one if it is not linked. */
cxm_rc_t cxm_person_main(cxm_txn_t *txn, uint64_t slot, uint64_t *main_slot);

/* A main slot and all that lead to it, itself first. */
cxm_rc_t cxm_person_slots(cxm_txn_t *txn, uint64_t slot,
    cxm_person_slots_t *out);

/* Names of a slot: a list of *n that the caller frees, NULL if it has none. */
typedef struct {
    unsigned  person_class;             /* with its flag */
    uint8_t   hash[CXM_HASH_LEN];
} cxm_person_name_t;

cxm_rc_t cxm_person_names_of(cxm_txn_t *txn, uint64_t slot,
    cxm_person_name_t **names, size_t *n);

/*
 * In apply of an entry with a subject: moves the next number past the slot
 * and, if hash is not NULL, lets the name lead to it, unless it is gone.
 *
 * A name is a look-up row (cxm_kind_t), so one that is to lead to another
 * person must be taken from the first by an entry of the first.
 */
cxm_rc_t cxm_person_apply(cxm_txn_t *txn, uint64_t slot,
    unsigned person_class, const uint8_t *hash);

/* In apply: the name, if it leads to this person, leads nowhere any more. */
cxm_rc_t cxm_person_drop(cxm_txn_t *txn, uint64_t slot,
    unsigned person_class, const uint8_t *hash);

/*
 * Erasure.  cxm_person_forget() is the apply of its first entry, document
 * `erasure`: the slot's names are taken away, each kind forgets it, and from
 * then on it is gone: entries with a personal part of it are refused.  The
 * key is overwritten after that is committed.
 */
typedef struct {
    uint64_t  erasure;                  /* the document's number */
    uint64_t  kept[CXM_KIND_N];         /* records that stay, by kind */
} cxm_gone_t;

cxm_rc_t cxm_person_forget(cxm_txn_t *txn, uint64_t slot, uint64_t erasure);

/* CXM_OK: it is gone, and how (out may be NULL); CXM_NOT_FOUND: it is not. */
cxm_rc_t cxm_person_gone(cxm_txn_t *txn, uint64_t slot, cxm_gone_t *out);

/* The key of a slot; CXM_NOT_FOUND when erased or lost, CXM_CORRUPT. */
cxm_rc_t cxm_person_key(const cxm_store_t *store, uint64_t slot,
    cxm_key_t *key);

/* Overwrites the slot and syncs; idempotent. */
cxm_rc_t cxm_person_erase(cxm_store_t *store, uint64_t slot,
    cxm_error_t *err);


#endif /* CXM_PERSON_H */
