/*
 * An answer as staff see it, as values: what a list, an export and a single
 * answer are made of.
 */

#ifndef CXM_RESPONSE_VIEW_H
#define CXM_RESPONSE_VIEW_H

#include "cxm_response_row.h"
#include "cxm_value.h"


/* What somebody said of who it is, and did not prove. */
extern const cxm_fields_t  cxm_claimed_fields;

/* Members, in the order of cxm_response_shown. */
typedef enum {
    CXM_SHOWN_ID = 0,
    CXM_SHOWN_SURVEY,
    CXM_SHOWN_STATUS,
    CXM_SHOWN_CREATED_AT,
    CXM_SHOWN_UPDATED_AT,
    CXM_SHOWN_VERSION,
    CXM_SHOWN_SURVEY_VERSION,
    CXM_SHOWN_FINALISED,
    CXM_SHOWN_ANSWERS,
    CXM_SHOWN_RESPONDENT,
    CXM_SHOWN_CLAIMED,
    CXM_SHOWN_CHANNEL,          /* first of the segments always kept */
    CXM_SHOWN_ATTRIBUTES = CXM_SHOWN_CHANNEL + CXM_SEGMENTS_KEPT - 1,
    CXM_SHOWN_INTERACTION_ID,
    CXM_SHOWN_CLIENT_TIME,
    CXM_SHOWN_ERASED,
    CXM_SHOWN_N
} cxm_response_shown_t;

/*
 * Body, personal part, answers and attributes of both, and what is shown of
 * them: by the bounds of questions, segments and attributes.
 */
#define CXM_VIEW_MEMBERS  512

typedef struct {
    cxm_value_t    fields[CXM_SHOWN_N];
    cxm_uuid_t     id;
    int            personal;    /* there are personal members */
    cxm_members_t  room;
    cxm_member_t   members[CXM_VIEW_MEMBERS];
} cxm_response_view_t;

/*
 * The answer of a row; personal members only if they may be seen.  Its
 * values are good until the transaction's next reading of an entry.
 */
cxm_rc_t cxm_response_view(cxm_txn_t *txn, uint64_t survey,
    const cxm_response_row_t *row, int may_personal,
    cxm_response_view_t *out, cxm_error_t *err);


#endif /* CXM_RESPONSE_VIEW_H */
