/*
 * What the store knows of the rooms: the tables they are reached through.
 *
 * Each room exports its kinds; core/flow collects them and gives them to
 * cxm_store_open().  Numbers are part of the format: never reuse one.
 */

#ifndef CXM_KIND_H
#define CXM_KIND_H

#include <jansson.h>

#include "cxm_error.h"
#include "cxm_str.h"
#include "cxm_time.h"


struct cxm_txn_s;
struct cxm_entry_s;

typedef enum {
    CXM_T_JOURNAL = 0,
    CXM_T_DOC,
    CXM_T_ID,               /* u8 kind | uuid(16) of facts; apart from
                               `index`, so that ids in time order fill its
                               pages */
    CXM_T_INDEX,
    CXM_T_COUNTER,
    CXM_T_ONCE,
    CXM_T_DUE,
    CXM_T_META,
    CXM_T_N
} cxm_table_t;

typedef enum {
    CXM_KIND_CHECKPOINT = 1,    /* store */
    CXM_KIND_REPLY,             /* api: first reply to an Idempotency-Key */
    CXM_KIND_ACCESS,            /* access: personal fields were read */
    CXM_KIND_KEY,               /* access: API key */
    CXM_KIND_SURVEY,            /* survey: definition */
    CXM_KIND_RESPONSE,          /* survey: answer */
    CXM_KIND_TOUCHPOINT,        /* touchpoint: events of one commit */
    CXM_KIND_EXPOSURE = 8,      /* survey: whether somebody is asked */
    CXM_KIND_LAPSE = 9,         /* survey: exposures that held a place in a
                                   quota for long enough */
    CXM_KIND_RETENTION = 11,    /* store: entries left the journal */
    CXM_KIND_BENCHMARK = 10,    /* score: table of published scores */
    CXM_KIND_ERASURE = 12,      /* privacy: a person's key is destroyed */
    CXM_KIND_CUSTOMER = 20,     /* customer */
    CXM_KIND_NOTE = 21,         /* customer: said about one */
    CXM_KIND_TASK = 22,         /* customer: to be done for one */
    CXM_KIND_CONSENT = 23,      /* customer: given or taken back */
    CXM_KIND_FIELDS = 24,       /* record: fields that the site defines */
    CXM_KIND_MERGE = 28,        /* customer: two records are one person's */
    CXM_KIND_DISTINCT = 29,     /* customer: they are not */
    CXM_KIND_TOUCHPOINT_NAMES = 30, /* touchpoint: where a person's events
                                   are */
    CXM_KIND_ACCOUNT = 31,      /* account: of a customer */
    CXM_KIND_SESSION = 32,      /* access: who signed in */
    CXM_KIND_TOKEN = 33,        /* account: mailed, to be used once */
    CXM_KIND_SIGNIN = 34,       /* account: what happened with one */
    CXM_KIND_PREFERENCE = 35,   /* customer: what one wants to get */
    CXM_KIND_TOPICS = 36,       /* customer: what the site writes about */
    CXM_KIND_MESSAGE = 37,      /* notice: what is to go out to a person */
    CXM_KIND_TEMPLATE = 38,     /* notice: texts that the site gives */
    CXM_KIND_STAFF = 39,        /* access: member of the staff */
    CXM_KIND_STAFF_SECRET = 40, /* access: what it signs in with */
    CXM_KIND_N = 41             /* one more than the last */
} cxm_kind_no_t;

/*
 * What becomes of a kind's entries when retention is on; numbers are part of
 * the format.
 */
typedef enum {
    CXM_KEEP_ALWAYS = 0,        /* tables or people look into the entries */
    CXM_KEEP_TOUCHPOINTS,
    CXM_KEEP_RESPONSES,
    CXM_KEEP_JOURNAL,           /* tables hold all that is asked for later */
    CXM_KEEP_REPLIES,           /* the same, and no shorter than a repeat of
                                   a request finds its first reply */
    CXM_KEEP_N
} cxm_keep_t;

/*
 * Look-up rows: keyed hashes that lead to somebody (cxm_lookup.h).  Namespaces
 * of `index` (cxm_ns_t, 0 ends).
 */
typedef struct {
    const uint8_t  *owned;      /* values begin with the person's slot, u64 */
    const uint8_t  *shared;     /* rows of many persons, that follow from owned
                                   ones alone; NULL: none */

    /* An owned row is put back from a copy: what follows from it. */
    cxm_rc_t      (*put_back)(struct cxm_txn_s *txn, cxm_str_t key,
                              cxm_str_t value);
} cxm_lookups_t;

typedef struct {
    uint8_t      no;
    uint8_t      version;       /* of the body that is written now */
    uint8_t      packed;        /* apply reads entry->packed, not ->body */
    const char  *name;          /* singular, as in the stream: "response" */

    /*
     * Brings the tables to the state after the entry.  Deterministic: no
     * clock, no random numbers, nothing that is not in the entry or tables.
     * The personal part is missing once the person is erased, or where the
     * person's key was not restored: only rows of `lookups` may come from it,
     * all others must come out the same without it.
     * Runs at the first write, in rebuild, in verify and in replication.
     */
    cxm_rc_t   (*apply)(struct cxm_txn_s *txn, const struct cxm_entry_s *entry);

    /* What comes from personal parts; NULL: nothing. */
    const cxm_lookups_t  *lookups;

    /*
     * A part of the apply of the entry that begins an erasure: takes away
     * all that leads to the person of this slot, every row of `lookups`
     * among it, and adds to *kept how many records stay, counted but nobody's.
     * The person's key may be there or not.  What apply did must not come
     * back with a later entry of this person: see cxm_person_gone().
     * NULL: nothing leads to a person.
     */
    cxm_rc_t   (*forget)(struct cxm_txn_s *txn, uint64_t slot, uint64_t *kept);

    cxm_keep_t   keep;

    /*
     * Entries first..last of the kind leave the journal: takes out of the
     * tables what cannot be answered without them.  All before `first` have
     * gone the same way.  As deterministic as apply, and from the tables
     * alone: a replay that begins behind these entries does not have them.
     * NULL: the tables do without.
     */
    cxm_rc_t   (*drop)(struct cxm_txn_s *txn, uint64_t first, uint64_t last);
} cxm_kind_t;

typedef struct {
    uint8_t      no;            /* class of a due row; part of the format */
    const char  *name;

    /* Runs one due row inside a write transaction; removes or moves it. */
    cxm_rc_t   (*run)(struct cxm_txn_s *txn, cxm_ms_t at, uint64_t ref,
                      cxm_error_t *err);
} cxm_due_class_t;

typedef struct {
    const cxm_kind_t       *kinds[CXM_KIND_N];      /* by number */
    const cxm_due_class_t  *const *due;             /* NULL-terminated */

    const struct cxm_journal_reader_s  *const  *readers;    /* the same, or
                                                               NULL */

    /* Reactions of other rooms; only where an entry is first written. */
    cxm_rc_t (*react)(struct cxm_txn_s *txn, const struct cxm_entry_s *entry,
                      cxm_error_t *err);

    /* Before a commit: rooms turn what they gathered into entries. */
    cxm_rc_t (*flush)(struct cxm_txn_s *txn, cxm_error_t *err);
} cxm_flow_t;


#endif /* CXM_KIND_H */
