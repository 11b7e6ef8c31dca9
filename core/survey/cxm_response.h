/*
 * Answers to surveys.
 *
 * Kind CXM_KIND_RESPONSE, ADD, and PUT for each change of a partial one: the
 * whole answer as it is then.  Body, sealed with the store's key: what
 * cxm_said.h has and "survey_version": of the definition that was answered,
 * "answers" {scores and choices}, "complete"?: false, "finalised"?: "timeout"
 * where nobody completed it in time, "answered"?: [numbers of questions
 * answered in the personal part], "csi"?: tenths, "at"?: ms where client_time
 * counts, else "client_time"?: as it was sent, "erased"?: true where the
 * personal part could not be read any more when it became final, "asked"?:
 * {"no", "at": ms, "segments"} of the exposure that it answers.  Personal
 * part, sealed with the subject's key: what cxm_said.h has and "answers"?
 * {texts, contact}, "attributes"?: those that are no segment.  There is a
 * fingerprint when the client gave the id or answers an exposure.
 *
 * An answer with a personal part always has a subject: the known person, or
 * the one of the claimed name, or one of its own, so that it can be erased.
 *
 * Rows: what filters need of an answer, packed by survey in blocks of up to
 * CXM_BLOCK_ROWS: table `doc`, key u8 kind | u64 survey | u64 number of the
 * block's first answer, MACed; payload, for each answer:
 *
 *   varint number - number before (first: 0) | varint entry - number
 *   varint zigzag(at - at before; first: at) | u8 flags | varint subject
 *   if partial: varint due
 *   varint n | n x (varint question, varint point)
 *   varint n | n x (varint segment, varint value)
 *   if asked: varint zigzag(at - that of the exposure) | varint n |
 *             n x (varint segment, varint value), those of the exposure
 *
 * A point is value - min, or the choice's number; CXM_POINT_MAX says that a
 * question was answered in words.  Value 0 is left out where the segment is
 * one of those always kept.
 *
 * An answer's number is the sequence of its first entry.
 */

#ifndef CXM_RESPONSE_H
#define CXM_RESPONSE_H

#include "cxm_cell.h"
#include "cxm_export.h"
#include "cxm_import.h"
#include "cxm_invitation.h"
#include "cxm_survey.h"
#include "cxm_timeline.h"


#define CXM_BLOCK_ROWS        32
#define CXM_BLOCK_BYTES       1400

#define CXM_RESPONSE_PARTIAL  0x01
#define CXM_RESPONSE_CLAIMED  0x02      /* subject is claimed, not known */
#define CXM_RESPONSE_ASKED    0x04      /* it answers an exposure */

extern const cxm_kind_t       cxm_kind_response;
extern const cxm_due_class_t  cxm_due_partial;
extern const cxm_fields_t     cxm_response_fields;          /* of POST */
extern const cxm_fields_t     cxm_response_change_fields;   /* of PATCH */
extern const cxm_fields_t     cxm_response_shown;   /* as staff see them */

typedef struct {
    cxm_uuid_t  id;
    uint64_t    no;
    uint64_t    version;        /* of the answer as it is now */
    uint64_t    subject;        /* whose it is; 0: nobody's */
    int         partial;
    int         repeated;       /* the same answer was there: 200 */
} cxm_response_result_t;

/*
 * Validates and stores an answer whose form has passed the field table.
 * An exposure is answered once, and whatever the survey is by then.  A link is
 * answered once: what comes by it again gets the first result.  CXM_INVALID,
 * CXM_NOT_FOUND, CXM_CONFLICT ("closed", "paused", "id_taken",
 * "exposure_answered", "link_expired").
 */
typedef struct {
    const json_t            *input;
    const uint8_t           *fingerprint;   /* of the input */
    const cxm_invitation_t  *link;          /* it came by; NULL: none */
} cxm_response_new_t;

cxm_rc_t cxm_response_add(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_survey_t *survey, const cxm_response_new_t *given,
    cxm_response_result_t *out, cxm_error_t *err);

/*
 * Goes on with a partial answer: merges the input's answers in by question,
 * and ends it with "complete".  What changes nothing is no change, whatever
 * if_match says and also when the answer is complete: a repeat.  Who has not
 * the answer's token learns nothing: CXM_NOT_FOUND as for an unknown id.
 * CXM_PRECONDITION, CXM_INVALID, CXM_CONFLICT ("already_complete",
 * "finalised", "person_erased", "closed", "paused").
 */
typedef struct {
    cxm_uuid_t     id;
    const json_t  *input;
    uint64_t       if_match;    /* CXM_VERSION_* */
} cxm_response_change_t;

cxm_rc_t cxm_response_change(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_survey_t *survey, const cxm_response_change_t *change,
    cxm_response_result_t *out, cxm_error_t *err);

/* A form's "answers" as typed ones: a new reference. */
json_t *cxm_form_answers(const cxm_survey_t *survey, const json_t *form);

/*
 * A form's strings as such an input (a new reference) by the types of the
 * survey's questions; what is empty is absent.  What does not convert stays
 * as it is and is refused; the form has been checked then.
 */
cxm_rc_t cxm_response_from_form(const cxm_survey_t *survey,
    const cxm_fields_t *fields, const json_t *form, json_t **out,
    cxm_error_t *err);

/* Keyed hash of the id, never stored: lets its holder go on answering. */
#define CXM_RESPONSE_TOKEN_LEN  (2 * CXM_HASH_LEN)

void cxm_response_token(const cxm_store_t *store, const cxm_uuid_t *id,
    char out[CXM_RESPONSE_TOKEN_LEN + 1]);

/* Compared in constant time; the same for ids that nobody has. */
int cxm_response_token_fits(const cxm_store_t *store, const cxm_uuid_t *id,
    cxm_str_t token);

/* One answer as staff see it, personal fields only with their scope;
   *personal tells whether there were any. */
cxm_rc_t cxm_response_json(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_uuid_t *id, json_t **out, int *personal, cxm_error_t *err);

typedef enum {
    CXM_STATUS_ANY = 0,
    CXM_STATUS_PARTIAL,
    CXM_STATUS_COMPLETE
} cxm_response_status_t;

#define CXM_RESPONSE_WHERE  8           /* conditions of a query */

typedef struct {
    cxm_str_t  segment;
    cxm_str_t  value;                   /* empty: answers without one */
} cxm_response_where_t;

typedef struct {
    cxm_str_t              survey;      /* slug; data NULL: all */
    cxm_str_t              question;    /* of min/max; NULL: first scored */
    int                    has_min, has_max;
    int64_t                min_score, max_score;
    cxm_response_status_t  status;
    cxm_ms_t               from, to;    /* of the answer; half-open */
    unsigned               person_class;        /* 0: any person */
    cxm_str_t              person;
    unsigned               nwhere;      /* all of them must hold */
    cxm_response_where_t   where[CXM_RESPONSE_WHERE];
    unsigned               limit;
    uint64_t               before;      /* answers below this number; 0:
                                           newest */
} cxm_response_query_t;

/*
 * Newest first.  At most 10,000 rows are looked at; *next is where to go on
 * (`before` of the next call), 0 at the end; a page may so be short.
 */
cxm_rc_t cxm_response_list(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_response_query_t *query, json_t **items, uint64_t *next,
    int *personal, cxm_error_t *err);

/*
 * Cells of answers from their rows: a cxm_cell_source_pt.  Exactly those that
 * counters hold, of any number of segments; answers that come while it reads
 * are left out.  CXM_CORRUPT: a row is damaged, and nothing may be answered.
 */
cxm_rc_t cxm_response_cells(cxm_long_read_t *read,
    const cxm_cell_query_t *query, cxm_cell_pt fn, void *ctx,
    cxm_error_t *err);

/*
 * Makes an export, which knows only its end by then, one of the answers that
 * the query wants, in the order of their numbers (limit and before are not
 * used).  An answer that is changed meanwhile is there once, as it was before
 * or as it is after.  In CSV each question that has ever been asked has a
 * column, each segment of its own, and all other attributes share one.
 */
cxm_rc_t cxm_response_export(cxm_txn_t *txn, const cxm_response_query_t *query,
    cxm_export_t *export, cxm_error_t *err);

/* Where an answer is among exported ones; CXM_NOT_FOUND. */
cxm_rc_t cxm_response_place(cxm_txn_t *txn, const cxm_uuid_t *id,
    cxm_place_t *place);

extern const cxm_export_rows_t  cxm_response_rows;
extern const cxm_import_kind_t  cxm_response_import;

/* All answers of a customer, by whichever name they were given. */
extern const cxm_timeline_kind_t  cxm_timeline_answer;

/* Whether the survey, or one question of it (0: any), has answers. */
int cxm_response_any(cxm_txn_t *txn, uint64_t survey, uint16_t question);


#endif /* CXM_RESPONSE_H */
