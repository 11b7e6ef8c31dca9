/*
 * What the files of sessions share.
 */

#ifndef CXM_SESSION_INT_H
#define CXM_SESSION_INT_H

#include "cxm_record.h"
#include "cxm_session.h"


#define CXM_SESSION_SECRET  32
#define CXM_SESSION_SLUG    52          /* base32 of the token's hash */

typedef struct {
    const char  *name;
    cxm_ms_t     idle;
    cxm_ms_t     absolute;
} cxm_session_limits_t;

extern const cxm_session_limits_t  cxm_session_types[CXM_SESSION_TYPES];

/* How often the use of one is noted. */
cxm_ms_t cxm_session_noted(cxm_session_type_t type);

/* Members of a document's body. */
cxm_ms_t cxm_session_time(const json_t *body, const char *name);
int cxm_session_set_time(json_t *body, const char *name, cxm_ms_t at);
uint64_t cxm_session_owner(const json_t *body);
cxm_session_type_t cxm_session_type(const json_t *body);

/* Its row in the list of an owner's. */
void cxm_session_key(cxm_row_key_t *key, uint64_t owner, uint64_t no);

/* All sessions of an owner, newest first: their number is bounded. */
typedef struct {
    size_t    n;
    uint64_t  no[CXM_SESSION_MAX + 1];
} cxm_session_set_t;

cxm_rc_t cxm_session_set(cxm_txn_t *txn, uint64_t owner,
    cxm_session_set_t *set, cxm_error_t *err);

/* The name of the document that a secret leads to. */
void cxm_session_slug(const uint8_t secret[CXM_SESSION_SECRET],
    char slug[CXM_SESSION_SLUG + 1]);


#endif /* CXM_SESSION_INT_H */
