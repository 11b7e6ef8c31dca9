/*
 * What comes with an answer or an exposure besides the answers: who it is,
 * where, and about what.
 *
 * Whose word counts: respondent and agent count from an invitation (a signed
 * link, the token of an exposure), which goes before all others, and from a
 * caller with scope ingest.  A customer who is signed in is the respondent,
 * and says who the agent was.  What anybody else says of them is kept apart,
 * as claimed, and leads to nobody.  With Sec-GPC or DNT a claimed visitor is
 * not kept at all.
 *
 * Body of the entry: "survey", "segments" {name: value}, "interaction_id"?,
 * "who"? (class of the name), "fp"?, "erased"?: true where the personal part
 * could not be read when an entry followed an older one.  Personal part:
 * "respondent"?, "claimed"? {"respondent"?, "agent"?}, "fp"?.  "fp", hex of
 * the fingerprint where a repeat must be told from another one, lies in the
 * personal part where there is one: no hash of what a person said outlives
 * the person's key.
 */

#ifndef CXM_SAID_H
#define CXM_SAID_H

#include "cxm_person.h"
#include "cxm_survey.h"


#define CXM_SEGMENT_TEXT  100           /* longest value, characters */

/* Rows of field tables. */
extern const cxm_fields_t        cxm_respondent_fields;
extern const char *const         cxm_channels[];

#define CXM_FIELDS_SAID(respondent_flags)                                     \
    { "respondent", CXM_FIELD_OBJECT,                                         \
      CXM_FIELD_PERSONAL | (respondent_flags), 0, 0,                          \
      NULL, &cxm_respondent_fields, NULL, "who it is, exactly one member" },  \
    { "channel", CXM_FIELD_ENUM, 0, 0, 0,                                     \
      cxm_channels, NULL, NULL, "where it is asked" },                        \
    { "touchpoint", CXM_FIELD_STRING, 0, 1, CXM_SEGMENT_TEXT,                 \
      NULL, NULL, NULL, "what is asked about" },                              \
    { "interaction_id", CXM_FIELD_STRING, 0, 1, 200,                          \
      NULL, NULL, NULL, "which one it was" },                                 \
    { "agent", CXM_FIELD_STRING, 0, 1, CXM_SEGMENT_TEXT,                      \
      NULL, NULL, NULL, "who served; counts with an ingest key" }

typedef struct {
    cxm_txn_t           *txn;
    const cxm_caller_t  *caller;
    const cxm_survey_t  *survey;
    const json_t        *input;
    const json_t        *invited;   /* the same members, said by an
                                       invitation, or NULL */
    cxm_error_t         *err;       /* gets every issue */
    int                  known;     /* the caller's word on who it is counts */
    int                  failed;    /* no memory */
    uint64_t             subject;
    json_t              *body;      /* of the entry to be */
    json_t              *personal;
    json_t              *segments;  /* in body */
    json_t              *claimed;   /* in personal when it has members */
    json_t              *signed_in; /* respondent: the caller; NULL: nobody */
} cxm_said_t;


/* Of txn, caller, survey, input, invited and err, which are set. */
void cxm_said_begin(cxm_said_t *said);
void cxm_said_end(cxm_said_t *said);

/* Takes everything from the input but what a room adds of its own. */
void cxm_said_take(cxm_said_t *said);

void cxm_said_str(cxm_said_t *said, json_t *object, const char *name,
    cxm_str_t value);

/* A segment's value: bounded in characters and in bytes of the dictionary. */
void cxm_said_segment(cxm_said_t *said, const char *name, cxm_str_t value,
    const char *pointer);

/* Exactly one member. */
cxm_rc_t cxm_said_respondent_check(const json_t *respondent,
    cxm_error_t *err);

void cxm_said_fingerprint(cxm_said_t *said, const char *fp);

/* The id of the input, or nil; *given tells which. */
cxm_rc_t cxm_said_id(const cxm_said_t *said, cxm_uuid_t *id, int *given);

/*
 * Gives the personal part its person and appends: only when all is well, as
 * a new person takes a slot.  entry needs kind, action and id; it lives no
 * longer than `said`.
 */
cxm_rc_t cxm_said_append(cxm_said_t *said, cxm_entry_t *entry);


/* --- entries (cxm_said_entry.c) ----------------------------------------- */

/*
 * Class of the name in a personal part, known or claimed, and the name; 0
 * when there is none.
 */
unsigned cxm_said_respondent(const json_t *personal, cxm_str_t *name);

/* The same with the name's keyed hash. */
unsigned cxm_said_name(const cxm_store_t *store, const json_t *personal,
    uint8_t hash[CXM_HASH_LEN]);

/* Whether the entry was made from an input of that fingerprint. */
int cxm_said_same(const cxm_entry_t *entry, const char *fp);

/*
 * Only in apply: lets the name lead to the subject; *who is its class, also
 * where the personal part cannot be read any more.
 */
cxm_rc_t cxm_said_apply(cxm_txn_t *txn, const cxm_entry_t *entry,
    unsigned *who);

/* Facts of a survey by their id: number of the survey and of the fact. */
cxm_rc_t cxm_said_locate(cxm_txn_t *txn, cxm_kind_no_t kind,
    const cxm_uuid_t *id, uint64_t *survey, uint64_t *no);

/* Only in apply. */
cxm_rc_t cxm_said_index(cxm_txn_t *txn, cxm_kind_no_t kind,
    const cxm_uuid_t *id, uint64_t survey, uint64_t no);


#endif /* CXM_SAID_H */
