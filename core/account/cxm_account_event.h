/*
 * What happened with accounts: facts, and the measures that follow.
 *
 * Kind CXM_KIND_SIGNIN, entries that never change.  Body: {"event": name,
 * "reason"?, "seconds"?, "new_place"?: true, "base"?, "path"?}; personal, of
 * who has an account: {"device"?, "country"?, "email"?}.  Subject is the
 * account's slot, or none (of an address that nobody knows nothing is kept).
 *
 * Counters (cxm_counter.h), CXM_SERIES_ACCOUNT as their "survey", segment 0,
 * value 0; a cell's time is that of the fact, its point:
 *
 *   CXM_ACCOUNT_COUNT     the event's number: how often it happened
 *   CXM_ACCOUNT_REASONS   the number of the reason of what failed
 *   CXM_ACCOUNT_VERIFY    time from registering to the proved address
 *   CXM_ACCOUNT_RESETS    time from asking for a new password to having it;
 *                         both in seconds, as cxm_duration_point() has them
 *   CXM_ACCOUNT_LIVE      point 0: an account; dated when it began, and taken
 *                         away when it is closed or erased
 *
 * A funnel is the counts of its steps: registered -> verified, reset_asked ->
 * reset_done.  An event of a step counts on the day of the step.
 *
 * Row in `index`: CXM_NS_SIGNIN, u64 slot, u64 sequence -> nothing.
 */

#ifndef CXM_ACCOUNT_EVENT_H
#define CXM_ACCOUNT_EVENT_H

#include "cxm_account.h"
#include "cxm_timeline.h"


/* Numbers and names are part of the format. */
typedef enum {
    CXM_ACCOUNT_REGISTERED = 1,         /* a mail asks for the proof */
    CXM_ACCOUNT_TAKEN,                  /* the address has an account */
    CXM_ACCOUNT_VERIFIED,
    CXM_ACCOUNT_SIGNED_IN,
    CXM_ACCOUNT_SIGN_IN_FAILED,         /* with a reason */
    CXM_ACCOUNT_SIGNED_OUT,
    CXM_ACCOUNT_RESET_ASKED,
    CXM_ACCOUNT_RESET_DONE,
    CXM_ACCOUNT_PASSWORD_CHANGED,
    CXM_ACCOUNT_TOTP_ON,
    CXM_ACCOUNT_TOTP_OFF,
    CXM_ACCOUNT_RECOVERY_USED,
    CXM_ACCOUNT_EMAIL_ASKED,            /* another address */
    CXM_ACCOUNT_EMAIL_CHANGED,
    CXM_ACCOUNT_CLOSED,
    CXM_ACCOUNT_RESET_UNKNOWN,          /* asked for an address of nobody */
    CXM_ACCOUNT_PROFILE_CHANGED,        /* by the customer */
    CXM_ACCOUNT_EMAIL_REVERTED,         /* by who had the address before */
    CXM_ACCOUNT_RECOVERY_RENEWED,       /* other recovery codes */
    CXM_ACCOUNT_EVENTS
} cxm_account_event_t;

typedef enum {
    CXM_ACCOUNT_UNKNOWN = 1,            /* address of nobody */
    CXM_ACCOUNT_PASSWORD,               /* wrong password */
    CXM_ACCOUNT_CODE,                   /* wrong code, second step */
    CXM_ACCOUNT_REASON_N
} cxm_account_reason_t;

/* By number, NULL at 0 and behind the last. */
extern const char *const  cxm_account_events[CXM_ACCOUNT_EVENTS + 1];
extern const char *const  cxm_account_reasons[CXM_ACCOUNT_REASON_N + 1];

enum {                                  /* "questions" of the series */
    CXM_ACCOUNT_COUNT = 0,
    CXM_ACCOUNT_REASONS,
    CXM_ACCOUNT_VERIFY,
    CXM_ACCOUNT_RESETS,
    CXM_ACCOUNT_LIVE
};

typedef struct {
    cxm_account_event_t   event;
    cxm_account_reason_t  reason;       /* 0: none */
    uint64_t              account;      /* number; 0: none */
    uint64_t              subject;
    cxm_ms_t              since;        /* step before it in a funnel; 0 */
    int                   new_place;
    cxm_str_t             email;        /* that a message goes to, where it is
                                           not the account's; may be empty */
    cxm_str_t             base, path;   /* of links in messages; may be empty */
} cxm_account_fact_t;

cxm_rc_t cxm_account_add(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_account_fact_t *fact, cxm_error_t *err);

/* The event of an entry's body; 0: it has none. */
cxm_account_event_t cxm_account_event(const json_t *body);

extern const cxm_kind_t           cxm_kind_signin;
extern const cxm_timeline_kind_t  cxm_timeline_account;


#endif /* CXM_ACCOUNT_EVENT_H */
