/*
 * What the files of the room share: its memory of one transaction.
 */

#ifndef CXM_TOUCHPOINT_INT_H
#define CXM_TOUCHPOINT_INT_H

#include <jansson.h>

#include "cxm_field.h"
#include "cxm_once.h"
#include "cxm_store.h"
#include "cxm_value.h"


#define CXM_TOUCH_CACHE   64            /* a power of two */
#define CXM_TOUCH_TEXT    54            /* longest text in the cache */

#define CXM_TOUCH_PREFIX  6             /* bytes of an id before its hash */

/* A value whose number this transaction has looked up. */
typedef struct {
    uint32_t  value;
    uint16_t  segment;                  /* 0: free */
    uint16_t  len;
    char      text[CXM_TOUCH_TEXT];
} cxm_touch_value_t;

typedef struct {
    cxm_buf_t           events;                 /* packed, in a row */
    size_t             *ends;                   /* of each of them */
    size_t              n, size;
    uint8_t           (*seen)[CXM_HASH_LEN];    /* all zero: free */
    size_t              nseen, seen_size;       /* a power of two, or 0 */
    cxm_touch_value_t   values[CXM_TOUCH_CACHE];
} cxm_touch_t;

extern const cxm_fields_t  cxm_event_money;

/* What an event is known by, and where. */
typedef struct {
    cxm_once_class_t  once_class;
    uint8_t           hash[CXM_HASH_LEN];
    uint64_t          sub;              /* its place in the entry */
} cxm_touch_key_t;

/* Of an opened event.  CXM_NOT_FOUND: it has no id; CXM_CORRUPT. */
cxm_rc_t cxm_touch_key(const cxm_value_t *event, cxm_touch_key_t *key);

/* An event that an import brings, beside what a client could have sent. */
typedef struct {
    const json_t      *row;             /* as it was exported, checked */
    const cxm_uuid_t  *id;
    cxm_ms_t           at;
} cxm_brought_t;

/* cxm_event_make() of one, input being what a client could have sent. */
cxm_rc_t cxm_event_brought(cxm_store_t *store, cxm_ms_t now,
    const json_t *input, const cxm_brought_t *brought, cxm_buf_t *out,
    cxm_error_t *err);

/* Name of a segment that there is, and of the member of an event. */
const char *cxm_touch_segment_name(uint16_t segment);

/*
 * Number of a segment's value, from the transaction's memory if it was asked
 * for lately: a number never changes once it is given.  A value that has none
 * gets one in a write transaction, in others it is (other): it came when
 * there were none left.
 */
cxm_rc_t cxm_touch_number(cxm_txn_t *txn, uint16_t segment, cxm_str_t text,
    uint32_t *value);

/* NULL without memory. */
cxm_touch_t *cxm_touch_of(cxm_txn_t *txn);


#endif /* CXM_TOUCHPOINT_INT_H */
