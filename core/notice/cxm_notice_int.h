/*
 * What the files of notices share.
 */

#ifndef CXM_NOTICE_INT_H
#define CXM_NOTICE_INT_H

#include "cxm_notice.h"
#include "cxm_row.h"


/* Whether a message of this body is in the queue; NULL: it is not. */
int cxm_notice_waits(const json_t *body);

void cxm_notice_key(cxm_row_key_t *key, const uint8_t hash[CXM_HASH_LEN]);
void cxm_notice_queue_key(cxm_row_key_t *key, uint64_t no);
void cxm_notice_wait_key(cxm_row_key_t *key);

/* A message gets its last status; reason may be NULL. */
cxm_rc_t cxm_notice_end(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_uuid_t *id, uint64_t if_match, const char *status,
    const char *reason, cxm_doc_t *out, cxm_error_t *err);


#endif /* CXM_NOTICE_INT_H */
