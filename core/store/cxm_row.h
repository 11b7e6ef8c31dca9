/*
 * Rows of the tables: ordered composite keys, authenticated values.
 *
 * A value is either plain with a 16-byte keyed MAC behind it (counters,
 * indexes, compact rows: nothing personal) or sealed (documents, secrets).
 * Both are bound to table and key, so a row that is moved or altered is
 * CXM_CORRUPT, never served.
 */

#ifndef CXM_ROW_H
#define CXM_ROW_H

#include "cxm_store.h"


#define CXM_ROW_KEY_MAX  511            /* LMDB's bound */

/* Key builder; integers big-endian so that byte order is number order. */
typedef struct {
    size_t   len;
    int      failed;                    /* it did not fit */
    uint8_t  b[CXM_ROW_KEY_MAX];
} cxm_row_key_t;

void cxm_row_key(cxm_row_key_t *key);   /* empties it */
void cxm_row_key_u8(cxm_row_key_t *key, uint8_t v);
void cxm_row_key_u16(cxm_row_key_t *key, uint16_t v);
void cxm_row_key_u32(cxm_row_key_t *key, uint32_t v);
void cxm_row_key_u64(cxm_row_key_t *key, uint64_t v);
void cxm_row_key_bytes(cxm_row_key_t *key, const void *data, size_t len);
cxm_str_t cxm_row_key_str(const cxm_row_key_t *key);

/* First byte of a key in the table `index`; part of the format. */
typedef enum {
    CXM_NS_DOC_ID = 1,          /* kind, uuid(16) -> no */
    CXM_NS_DOC_NAME,            /* kind, slug -> no */
    CXM_NS_DICT,                /* survey, segment, text -> value number */
    CXM_NS_DICT_TEXT,           /* survey, segment, value number -> text */
    CXM_NS_PERSON,              /* class, hash(16) -> slot */
    CXM_NS_EXPOSURE = 7,        /* exposure no -> its state */
    CXM_NS_QUOTA = 8,           /* survey -> places held, answers */
    CXM_NS_CLOCK = 9,           /* slot, survey (0: any) -> last contact */
    CXM_NS_DOC_VERSION = 13,    /* kind, no, version -> sequence */
    CXM_NS_HISTORY = 19,        /* cxm_history.h */
    CXM_NS_PERSON_NAME = 20,    /* slot, class, hash(16) -> slot: way back */
    CXM_NS_PERSON_GONE = 21,    /* slot -> cxm_gone_t */
    CXM_NS_DOC_OWNER = 30,      /* kind, owner's uuid(16), no */
    CXM_NS_DOC_PERSON = 31,     /* slot, kind, no */
    CXM_NS_DOC_ORDINAL = 33,    /* kind, ordinal -> no */
    CXM_NS_DOC_KEY = 34,        /* kind, hash(16) -> no */
    CXM_NS_DOC_POSTINGS = 35,   /* kind, range, term(8) -> set of ordinals */
    CXM_NS_DOC_TERMS = 36,      /* kind, no -> ordinal, keys and terms */
    CXM_NS_DOC_KEY_PERSONAL = 37,           /* the same of personal members */
    CXM_NS_DOC_POSTINGS_PERSONAL = 38,
    CXM_NS_DOC_TERMS_PERSONAL = 39,
    CXM_NS_PERSON_LINK = 40,    /* slot -> slot */
    CXM_NS_PERSON_LINKED = 41,  /* the way back */
    CXM_NS_CONSENT = 42,        /* customer's uuid(16), purpose -> state */
    CXM_NS_DOC_PART = 46,       /* kind, uuid(16), no of a part -> its uuid */
    CXM_NS_MERGE = 47,          /* customer's uuid(16), sequence -> merge no */
    CXM_NS_DISTINCT = 48,       /* customer's uuid(16), other's uuid(16) ->
                                   sequence */
    CXM_NS_TOUCH_NAME = 52,     /* name(8), sequence -> places of events */
    CXM_NS_TOUCH_ENTRY = 53,    /* sequence -> names(8) */
    CXM_NS_READER = 54,         /* kind -> cursor (cxm_journal_reader.h) */
    CXM_NS_SESSION_OWNER = 56,  /* owner's no, session no -> nothing */
    CXM_NS_SIGNIN = 57,         /* person's slot, sequence -> nothing */
    CXM_NS_NOTICE_KEY = 66,     /* hash(16) -> number of the message */
    CXM_NS_NOTICE_QUEUE = 67,   /* number of a message that waits -> "" */
    CXM_NS_NOTICE_WAIT = 68,    /* -> how many wait */
    CXM_NS_PERSON_RESPONSE = 0xf0,  /* slot, response no -> survey no; behind
                                       all others, so that new slots fill
                                       its pages */
    CXM_NS_LOOKUP = 0xff        /* only in backups: number -> sealed row */
} cxm_ns_t;

/*
 * MACed rows.  *value points into the map (or the transaction's pages): it
 * is valid until the next put or delete of a write transaction, else until
 * the end.  CXM_NOT_FOUND, CXM_CORRUPT, CXM_FULL, CXM_IO.
 */
cxm_rc_t cxm_row_get(cxm_txn_t *txn, cxm_table_t table,
    const cxm_row_key_t *key, cxm_str_t *value);
cxm_rc_t cxm_row_put(cxm_txn_t *txn, cxm_table_t table,
    const cxm_row_key_t *key, cxm_str_t value);

/* Sealed rows: the text is appended to out, which the caller frees. */
cxm_rc_t cxm_row_get_sealed(cxm_txn_t *txn, cxm_table_t table,
    const cxm_row_key_t *key, cxm_buf_t *out);
cxm_rc_t cxm_row_put_sealed(cxm_txn_t *txn, cxm_table_t table,
    const cxm_row_key_t *key, cxm_str_t text);

cxm_rc_t cxm_row_del(cxm_txn_t *txn, cxm_table_t table,
    const cxm_row_key_t *key);          /* CXM_NOT_FOUND when absent */

/*
 * Cursors give the raw row; cxm_row_check() turns the raw value of a MACed
 * row into its payload, cxm_row_open() opens that of a sealed one.  Values
 * are valid as with cxm_row_get().  Close before the transaction ends.
 */
typedef struct cxm_cursor_s  cxm_cursor_t;

typedef struct {
    cxm_str_t  key;
    cxm_str_t  raw;
} cxm_raw_row_t;

cxm_rc_t cxm_cursor_open(cxm_txn_t *txn, cxm_table_t table,
    cxm_cursor_t **out);
void cxm_cursor_close(cxm_cursor_t *cursor);            /* NULL is allowed */

/* First row at or behind key; CXM_NOT_FOUND at the end. */
cxm_rc_t cxm_cursor_seek(cxm_cursor_t *cursor, const cxm_row_key_t *key,
    cxm_raw_row_t *row);
/* Last row at or before key. */
cxm_rc_t cxm_cursor_seek_back(cxm_cursor_t *cursor, const cxm_row_key_t *key,
    cxm_raw_row_t *row);
cxm_rc_t cxm_cursor_next(cxm_cursor_t *cursor, cxm_raw_row_t *row);
cxm_rc_t cxm_cursor_prev(cxm_cursor_t *cursor, cxm_raw_row_t *row);

/* Whether the row's key begins with the first `len` bytes of key. */
int cxm_row_within(const cxm_raw_row_t *row, const cxm_row_key_t *key,
    size_t len);

cxm_rc_t cxm_row_check(cxm_txn_t *txn, cxm_table_t table,
    const cxm_raw_row_t *row, cxm_str_t *value);
cxm_rc_t cxm_row_open(cxm_txn_t *txn, cxm_table_t table,
    const cxm_raw_row_t *row, cxm_buf_t *out);


#endif /* CXM_ROW_H */
