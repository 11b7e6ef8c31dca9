/*
 * What counters say of accounts and customers, over all time.
 */

#ifndef CXM_ACCOUNT_COUNT_H
#define CXM_ACCOUNT_COUNT_H

#include "cxm_account_event.h"


typedef struct {
    uint64_t  events[CXM_ACCOUNT_EVENTS];       /* by number */
    uint64_t  reasons[CXM_ACCOUNT_REASON_N];
    uint64_t  accounts;                         /* that there are */
    uint64_t  sessions;                         /* of them */
    uint64_t  customers;
} cxm_account_count_t;

/* Costs a row for each day and kind of counter. */
cxm_rc_t cxm_account_count(cxm_txn_t *txn, cxm_account_count_t *out);


#endif /* CXM_ACCOUNT_COUNT_H */
