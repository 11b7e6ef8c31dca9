/*
 * Answers that a query wants, one after the other, from their rows: newest
 * first for lists, oldest first for exports.
 */

#ifndef CXM_RESPONSE_WALK_H
#define CXM_RESPONSE_WALK_H

#include "cxm_person.h"
#include "cxm_response_row.h"


/* What of one survey is wanted: names of a query as numbers. */
typedef struct {
    uint64_t                survey;
    int                     none;           /* no answer of it can match */
    uint16_t                question;       /* 0: any answer */
    int64_t                 min, max;       /* points of it */
    unsigned                nwhere;
    cxm_response_segment_t  where[CXM_RESPONSE_WHERE];
} cxm_response_filter_t;

typedef struct {
    cxm_response_status_t   status;
    cxm_ms_t                from, to;
    int                     of_person;
    cxm_person_slots_t      person;         /* n 0: nobody has the name */
    unsigned                n;
    cxm_response_filter_t  *filters;        /* by number of the survey */
} cxm_response_choice_t;

/*
 * Numbers never change, so a choice is good for all transactions to come;
 * what is newer than it is not in it.  CXM_INVALID; to be cleared in any case.
 */
cxm_rc_t cxm_response_choose(cxm_txn_t *txn, const cxm_response_query_t *query,
    cxm_response_choice_t *out, cxm_error_t *err);
void cxm_response_choice_clear(cxm_response_choice_t *choice);

/* The rows of one survey on their way. */
typedef struct {
    const cxm_response_filter_t  *filter;
    unsigned                      left;     /* rows of block to come; 0: there
                                               are no more blocks either */
    cxm_arena_t                   arena;
    cxm_response_block_t         *block;
} cxm_response_source_t;

typedef struct {
    cxm_txn_t                    *txn;
    const cxm_response_choice_t  *choice;
    int                           down;     /* newest first */
    uint64_t                      at;       /* numbers below it (down: from
                                               it on) have been looked at */
    uint64_t                      end;      /* up: none from here on */
    unsigned                      max;      /* rows to look at */
    unsigned                      looked;
    cxm_response_source_t        *sources;
    cxm_response_source_t        *last;     /* of the row that was given */
    cxm_error_t                  *err;
} cxm_response_walk_t;

/*
 * Up from number `from` on, below `end`; down below `from`.  The transaction
 * and the choice must outlive it; to be ended in any case.
 */
cxm_rc_t cxm_response_walk_up(cxm_response_walk_t *walk, cxm_txn_t *txn,
    const cxm_response_choice_t *choice, uint64_t from, uint64_t end,
    cxm_error_t *err);
cxm_rc_t cxm_response_walk_down(cxm_response_walk_t *walk, cxm_txn_t *txn,
    const cxm_response_choice_t *choice, uint64_t from, cxm_error_t *err);
void cxm_response_walk_end(cxm_response_walk_t *walk);

/*
 * The next row; good until the next call.  CXM_NOT_FOUND: there are no more
 * (walk->at is end; down: 0), or max rows were looked at (walk->at is where
 * another walk goes on).
 */
cxm_rc_t cxm_response_walk_next(cxm_response_walk_t *walk, uint64_t *survey,
    const cxm_response_row_t **row);


#endif /* CXM_RESPONSE_WALK_H */
