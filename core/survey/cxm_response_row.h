/*
 * Rows of answers: what filters and counters need of an answer, packed by
 * survey in blocks (cxm_response.h has the form).
 *
 * A row lists every custom segment, also those without a value: the
 * definition may get more of them later, and what an answer counted must
 * come out of its row alone, or it could not be taken out again.
 */

#ifndef CXM_RESPONSE_ROW_H
#define CXM_RESPONSE_ROW_H

#include "cxm_arena.h"
#include "cxm_counter.h"
#include "cxm_history.h"
#include "cxm_response.h"
#include "cxm_row.h"


/*
 * The point of a question that was answered in words.  It is counted over
 * all answers only: it tells that the question has answers, no more.
 */
#define CXM_POINT_ANSWERED  CXM_POINT_MAX

/* Number of the class of due rows; part of the format. */
#define CXM_DUE_PARTIAL  1

typedef struct {
    uint16_t  question;
    uint16_t  point;
} cxm_response_pair_t;

typedef struct {
    uint16_t  segment;
    uint32_t  value;
} cxm_response_segment_t;

typedef struct {
    uint64_t                 no;
    uint64_t                 entry;         /* newest entry of the answer */
    cxm_ms_t                 at;
    cxm_ms_t                 due;           /* partial: when it is final */
    uint64_t                 subject;       /* person slot; 0: nobody */
    unsigned                 flags;         /* CXM_RESPONSE_* */
    unsigned                 npairs;
    unsigned                 nsegments;
    cxm_response_pair_t     *pairs;
    cxm_response_segment_t  *segments;
    cxm_ms_t                 asked_at;      /* of its exposure, where it was
                                               asked for, as its segments */
    unsigned                 nasked;
    cxm_response_segment_t  *asked;
} cxm_response_row_t;

typedef struct {
    unsigned            nrows;
    cxm_response_row_t  rows[CXM_BLOCK_ROWS];       /* oldest first */
} cxm_response_block_t;


/* Survey and number of an answer by its id; CXM_NOT_FOUND. */
cxm_rc_t cxm_response_locate(cxm_txn_t *txn, const cxm_uuid_t *id,
    uint64_t *survey, uint64_t *no);

/* The person's newest answer of a number below `before`; CXM_NOT_FOUND. */
cxm_rc_t cxm_response_of_person(cxm_txn_t *txn, uint64_t slot,
    uint64_t before, uint64_t *survey, uint64_t *no);

/* The same for the oldest from number `from` on. */
cxm_rc_t cxm_response_of_person_from(cxm_txn_t *txn, uint64_t slot,
    uint64_t from, uint64_t *survey, uint64_t *no);

/* Only in apply.  Nothing leads from a person who is gone. */
cxm_rc_t cxm_response_index_person(cxm_txn_t *txn, uint64_t slot,
    uint64_t survey, uint64_t no);

/* Tolerates that it is not there. */
cxm_rc_t cxm_response_unindex_person(cxm_txn_t *txn, uint64_t slot,
    uint64_t no);

/* The kind's `drop`.  Ids stay: whoever repeats one gets "id_taken". */
cxm_rc_t cxm_response_drop(cxm_txn_t *txn, uint64_t first, uint64_t last);

/* The kind's `forget`: the answers stay, counted; they are nobody's. */
cxm_rc_t cxm_response_forget(cxm_txn_t *txn, uint64_t slot, uint64_t *kept);

/*
 * The newest entry of an answer with its personal part, for
 * cxm_entry_clear() to clear.
 */
cxm_rc_t cxm_response_newest(cxm_txn_t *txn, uint64_t survey, uint64_t no,
    cxm_entry_t *entry, cxm_error_t *err);

/*
 * CXM_OK: *out is what the same answer got the first time (fp NULL: whatever
 * was sent); CXM_NOT_FOUND: no such id; CXM_CONFLICT "id_taken": another's,
 * or that one is gone.
 */
cxm_rc_t cxm_response_repeated(cxm_txn_t *txn, const cxm_survey_t *survey,
    const cxm_uuid_t *id, const char *fp, cxm_response_result_t *out,
    cxm_error_t *err);

/* Appends the row as it stands behind `prev` (NULL: first of the block). */
void cxm_response_row_encode(cxm_buf_t *out, const cxm_response_row_t *row,
    const cxm_response_row_t *prev);

/* Pairs and segments go to the arena.  CXM_CORRUPT, CXM_INTERNAL. */
cxm_rc_t cxm_response_block_decode(cxm_str_t payload, cxm_arena_t *arena,
    cxm_response_block_t *out);

/* Key of the block whose first answer is `first`. */
#define CXM_BLOCK_KEY_SURVEY  (1 + 8)
#define CXM_BLOCK_KEY         (1 + 8 + 8)

void cxm_response_block_key(cxm_row_key_t *key, uint64_t survey,
    uint64_t first);

/*
 * The block that holds answer `no` of the survey, or the newest one below
 * it; the arena belongs to the block and is emptied first.  CXM_NOT_FOUND
 * leaves it empty.
 */
cxm_rc_t cxm_response_block_read(cxm_txn_t *txn, uint64_t survey, uint64_t no,
    cxm_arena_t *arena, cxm_response_block_t *out);

/* The same for the first block that begins with answer `no` or behind it. */
cxm_rc_t cxm_response_block_next(cxm_txn_t *txn, uint64_t survey, uint64_t no,
    cxm_arena_t *arena, cxm_response_block_t *out);

/* The row of an answer, in *block; CXM_NOT_FOUND. */
cxm_rc_t cxm_response_row_find(cxm_txn_t *txn, uint64_t survey, uint64_t no,
    cxm_arena_t *arena, cxm_response_block_t *block,
    cxm_response_row_t **row);

/*
 * The same where something leads to the number: a row that is missing, but
 * not because the answer was dropped, is CXM_CORRUPT.
 */
cxm_rc_t cxm_response_row_known(cxm_txn_t *txn, uint64_t survey, uint64_t no,
    cxm_arena_t *arena, cxm_response_block_t *block,
    cxm_response_row_t **row);

/*
 * Only in apply: appends a row whose number is above all others of the
 * survey, or puts it in the place of the one of its number.
 */
cxm_rc_t cxm_response_row_append(cxm_txn_t *txn, uint64_t survey,
    const cxm_response_row_t *row);
cxm_rc_t cxm_response_row_replace(cxm_txn_t *txn, uint64_t survey,
    const cxm_response_row_t *row);

/*
 * Adds (delta 1) or takes out (-1) all that the row counts: answers, pairs,
 * over all answers and by segment.
 */
cxm_rc_t cxm_response_row_count(cxm_txn_t *txn, uint64_t survey,
    const cxm_response_row_t *row, int64_t delta);

/* The answer of a row as staff see it; *personal is set if it has such. */
cxm_rc_t cxm_response_row_json(cxm_txn_t *txn, const cxm_caller_t *caller,
    uint64_t survey, const cxm_response_row_t *row, json_t **out,
    int *personal, cxm_error_t *err);


#endif /* CXM_RESPONSE_ROW_H */
