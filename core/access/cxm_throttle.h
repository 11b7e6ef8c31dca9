/*
 * How often somebody may try: passwords, codes, mails that are sent on
 * demand.
 *
 * Pure functions over a block of memory that the host shares between its
 * processes and locks around each call (cxm_throttle_host_t).  Times are
 * milliseconds of a clock that only goes forward.
 *
 * Budgets are buckets that refill steadily (GCRA): of each one word is kept,
 * the time at which it will be full again.  `burst` at once and `hourly` from
 * then on make burst + hourly the most in any hour.
 *
 * A try goes in by the first way that has room; each way is a set of budgets,
 * all of which must have room:
 *
 *   device    a browser in which the account was signed in to before, as its
 *             cookie proves (cxm_device.h): a budget of its own
 *   known     from a network from which it was: a budget of these networks
 *   open      anybody, as long as there is room in the account's budget
 *   patient   who was refused and then waited as told, instead of trying on,
 *             shares another one
 *
 * Strangers thus have 80 tries an hour at an account, known networks 10, each
 * such browser 10; and a network 10 at an account and 300 in all.  Guessers
 * use up what is open, and their own networks; the owner comes in by a
 * device, a known network, or patience, which guessers do not have: it needs
 * a wait for every try.  A success gives back what it took.
 *
 * A network is an IPv4 address, or the /56 of an IPv6 one: what a line is
 * given.  By /64 one line would be 256 networks.
 *
 * The block has a fixed size.  A budget that is full again is forgotten; where
 * all places of a set are in use the new one takes the place that would be
 * full soonest, and begins with what that one has used.  So nothing that is
 * evicted ever comes back with more than it had (the places hold the sum of
 * all that they evicted: Metwally's space saving), and names without number
 * buy no guess at one of them.  Only tries that are let in take places; what
 * is full of live budgets refuses more, in sets that nobody can choose, because
 * they are chosen by a hash under a random key.  Sign-ins and mails have sets
 * of their own: hashing bounds how many of the former are let in, nothing the
 * latter but the number of networks, some 13,000 of which would fill theirs.
 * Who waits is kept apart, in a cache: it may be forgotten.
 */

#ifndef CXM_THROTTLE_H
#define CXM_THROTTLE_H

#include "cxm_crypto.h"
#include "cxm_time.h"


typedef enum {
    CXM_THROTTLE_SIGN_IN = 0,       /* name: the address as it is looked up */
    CXM_THROTTLE_RESET,             /* mails to an address: 3 an hour, and 20
                                       for a network */
    CXM_THROTTLE_REGISTER,          /* the same; apart, so that neither uses
                                       up the other */
    CXM_THROTTLE_FACTOR,            /* codes of an account: 10 an hour, and
                                       10 of each of its devices */
    CXM_THROTTLE_CLASSES
} cxm_throttle_class_t;

/* How much is known of who tries; each is more than those before. */
typedef enum {
    CXM_TRUST_NONE = 0,
    CXM_TRUST_NETWORK,
    CXM_TRUST_DEVICE
} cxm_trust_t;

typedef struct {
    cxm_str_t    name;              /* forms of one name are one: folded */
    cxm_str_t    network;           /* cxm_caller_t's address; empty: unknown,
                                       then its budgets do not count */
    cxm_str_t    device;            /* its id, where trust says so */
    cxm_trust_t  trust;
} cxm_throttle_who_t;


#define CXM_THROTTLE_PLACES  8              /* of a set */
#define CXM_THROTTLE_SETS    (1u << 15)
#define CXM_THROTTLE_AREAS   2              /* sign-ins, mails */
#define CXM_THROTTLE_WAITS   (1u << 12)     /* sets of those who wait */

typedef struct {
    uint64_t  tag;                  /* 0: free */
    uint64_t  full;                 /* when it will be, ms */
} cxm_throttle_budget_t;

typedef struct {
    uint64_t  tag;
    uint32_t  at;                   /* refused last, s */
    uint32_t  turns;                /* waits in a row, and the first refusal */
} cxm_throttle_wait_t;

typedef struct {
    cxm_key_t              key;     /* random */
    cxm_throttle_budget_t  budgets[CXM_THROTTLE_AREAS * CXM_THROTTLE_SETS]
                                  [CXM_THROTTLE_PLACES];
    cxm_throttle_wait_t    waits[CXM_THROTTLE_WAITS][CXM_THROTTLE_PLACES];
} cxm_throttle_t;

/* What a try took, to give it back. */
#define CXM_THROTTLE_TAKEN  3

typedef struct {
    unsigned  n;

    struct {
        uint64_t  tag;
        uint32_t  set;
        uint32_t  cost;             /* ms */
    } budgets[CXM_THROTTLE_TAKEN];
} cxm_throttle_taken_t;

/* All workers' block, and how it is locked; lives as long as any call. */
typedef struct {
    cxm_throttle_t  *table;
    void           (*lock)(void *ctx);
    void           (*unlock)(void *ctx);
    void            *ctx;
} cxm_throttle_host_t;


/* Of zeroed memory. */
void cxm_throttle_init(cxm_throttle_t *table);

/* 0: it may; else after how many ms it is worth while to come again. */
cxm_ms_t cxm_throttle_try(cxm_throttle_t *table, cxm_throttle_class_t class,
    const cxm_throttle_who_t *who, cxm_ms_t now, cxm_throttle_taken_t *taken);

void cxm_throttle_give_back(cxm_throttle_t *table,
    const cxm_throttle_taken_t *taken);


#endif /* CXM_THROTTLE_H */
