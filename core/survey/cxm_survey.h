/*
 * Survey definitions.
 *
 * Kind CXM_KIND_SURVEY, document named by its slug.  The stored body is the
 * definition as it was put, plus numbers that are given once and never
 * reused: each question has "no" (from 1), each choice has one in its
 * question (from 0; "choices_next" is the next), each entry of "segment_by"
 * has one in "segments" ([{"name", "no"}], from CXM_SEGMENT_CUSTOM).  What a
 * later version leaves out stays under "retired" ({"questions", "segments"}),
 * so that its numbers and, with answers, its type and scale stay taken;
 * "csi_items" are the questions of the last CSI there was.  Every version is
 * kept (cxm_doc_history.h): answers say which one they were given to.
 */

#ifndef CXM_SURVEY_H
#define CXM_SURVEY_H

#include "cxm_access.h"
#include "cxm_csi.h"
#include "cxm_doc.h"
#include "cxm_field.h"


typedef enum {
    CXM_QUESTION_NPS = 0,       /* 0..10, fixed */
    CXM_QUESTION_CSAT,          /* 1..5 unless scale says otherwise */
    CXM_QUESTION_CES,           /* 1..7 unless ... */
    CXM_QUESTION_SCALE,         /* scale is required */
    CXM_QUESTION_CHOICE,        /* one of "choices" */
    CXM_QUESTION_MULTI,         /* some of "choices" */
    CXM_QUESTION_TEXT,
    CXM_QUESTION_CONTACT        /* {"name"?, "email"?, "phone"?} */
} cxm_question_type_t;

/* Segments always kept; part of the format. */
typedef enum {
    CXM_SEGMENT_ALL = 0,
    CXM_SEGMENT_CHANNEL,
    CXM_SEGMENT_TOUCHPOINT,
    CXM_SEGMENT_COUNTRY,
    CXM_SEGMENT_DEVICE,
    CXM_SEGMENT_LANGUAGE,
    CXM_SEGMENT_AGENT,
    CXM_SEGMENT_PRODUCT,
    CXM_SEGMENT_LATENCY_BAND,
    CXM_SEGMENT_STATUS_CLASS,
    CXM_SEGMENTS_KEPT,          /* one more than the last of them */
    CXM_SEGMENT_CUSTOM = 16
} cxm_segment_t;

/*
 * Question numbers of counters that are no question.  Series 0 counts the
 * answers themselves (point: 0 complete, 1 partial).  The items of a CSI are
 * counted apart from their questions, since only answers that have all items
 * count; the index itself is counted in tenths (0..1000).  Those of exposures
 * are told in cxm_exposure.h.
 */
#define CXM_SERIES_ANSWERS   0
#define CXM_SERIES_EXPOSURES 0xfe00
#define CXM_SERIES_ANSWERED  0xfe01
#define CXM_SERIES_CSI_ITEM  0xff00     /* + position of the item */
#define CXM_SERIES_CSI       0xffff

#define CXM_QUESTIONS_MAX    64
#define CXM_SEGMENTS_MAX     16         /* of segment_by */
#define CXM_CHOICES_MAX      100

#define CXM_PARTIAL_TIMEOUT  (7 * CXM_MS_DAY)       /* unless said */

typedef struct {
    cxm_str_t            id;
    uint16_t             no;
    cxm_question_type_t  type;
    int                  required;
    int                  min, max;      /* of scored types */
    double               weight;        /* 1 unless said */
    size_t               nchoices;      /* ids: strings of "choices" */
    const cxm_str_t     *choices;
    const uint16_t      *choice_nos;    /* their points */
    const json_t        *json;          /* the question as stored */
    const json_t        *show_if;       /* asked if it holds; NULL: always */
} cxm_question_t;

typedef struct {
    cxm_str_t  name;
    uint16_t   no;
} cxm_survey_segment_t;

typedef enum {
    CXM_SURVEY_DRAFT = 0,
    CXM_SURVEY_LIVE,
    CXM_SURVEY_PAUSED,
    CXM_SURVEY_CLOSED
} cxm_survey_status_t;

typedef struct {
    cxm_doc_t              doc;
    cxm_str_t              slug;
    cxm_str_t              title;
    cxm_survey_status_t    status;
    unsigned               nlanguages;  /* of the texts; the default first */
    cxm_str_t             *languages;
    unsigned               nquestions;
    cxm_question_t        *questions;
    unsigned               nretired;    /* questions that answers may have */
    cxm_question_t        *retired;     /* and nobody is asked any more */
    unsigned               nsegments;   /* of segment_by */
    cxm_survey_segment_t  *segments;
    unsigned               ncsi;        /* 0: no CSI */
    uint16_t               csi[CXM_CSI_MAX];            /* question indexes */
    cxm_csi_item_t         csi_items[CXM_CSI_MAX];
    cxm_ms_t               suppress_same;   /* no second time within; 0: may */
    cxm_ms_t               suppress_any;    /* the same over all surveys */
    uint64_t               quota;           /* answers wanted; 0: any number */
    double                 sample;          /* share that is asked, above 0 */
    cxm_ms_t               partial_timeout;
} cxm_survey_t;

extern const cxm_fields_t  cxm_survey_public_fields;  /* what all may see */
extern const cxm_fields_t  cxm_survey_fields;       /* input of PUT */
extern const cxm_kind_t    cxm_kind_survey;

/*
 * Loads and parses a definition; parsed once a transaction, which owns it.
 * CXM_NOT_FOUND (err set) when there is none.
 */
cxm_rc_t cxm_survey_by_slug(cxm_txn_t *txn, cxm_str_t slug,
    const cxm_survey_t **out, cxm_error_t *err);
cxm_rc_t cxm_survey_by_no(cxm_txn_t *txn, uint64_t no,
    const cxm_survey_t **out, cxm_error_t *err);

/* For the public: CXM_NOT_FOUND for drafts, CXM_CONFLICT "closed" or
   "paused" for those. */
cxm_rc_t cxm_survey_open(const cxm_survey_t *survey, cxm_error_t *err);

const cxm_question_t *cxm_survey_question(const cxm_survey_t *survey,
    cxm_str_t id);

/* Also one that is gone. */
const cxm_question_t *cxm_survey_question_ever(const cxm_survey_t *survey,
    cxm_str_t id);
const cxm_question_t *cxm_survey_first(const cxm_survey_t *survey,
    cxm_question_type_t type);
int cxm_question_scored(const cxm_question_t *question);
const char *cxm_question_type_name(cxm_question_type_t type);
int cxm_question_type_find(cxm_str_t name);         /* -1: no such type */

/* The bounds of a scored type: `scale` ({"min","max"}, NULL: none) or its
   own. */
void cxm_question_scale(cxm_question_type_t type, const json_t *scale,
    int *min, int *max);

/* Names of the segments always kept, by number; [0] is "". */
extern const char *const  cxm_segment_names[CXM_SEGMENTS_KEPT];

/* Number of a segment by name, always kept or custom; 0: no such segment. */
uint16_t cxm_survey_segment(const cxm_survey_t *survey, cxm_str_t name);

/*
 * PUT: validates beyond the field table (which the input has passed), gives
 * numbers, and refuses with CXM_CONFLICT "question_has_answers" what answers
 * stand against: another type or scale, fewer choices, other CSI questions.
 * Weights of a CSI: "weights", else the questions' own if one has any, else
 * equal ones.
 */
cxm_rc_t cxm_survey_put(cxm_txn_t *txn, const cxm_caller_t *caller,
    cxm_str_t slug, const json_t *input, uint64_t if_match, cxm_doc_t *out,
    int *created, cxm_error_t *err);

/* CXM_CONFLICT "has_answers", or "has_exposures": close it instead. */
cxm_rc_t cxm_survey_delete(cxm_txn_t *txn, const cxm_caller_t *caller,
    cxm_str_t slug, uint64_t if_match, cxm_error_t *err);

/*
 * Definition as answered: staff see all of it but the numbers, so that it can
 * be put again, the public what it asks.  New references.
 */
json_t *cxm_survey_shown(const json_t *body);
json_t *cxm_survey_json(const cxm_doc_t *doc);
json_t *cxm_survey_public_json(const cxm_survey_t *survey);


#endif /* CXM_SURVEY_H */
