/*
 * Exposures: whether somebody is asked, decided and counted in one write.
 *
 * Kind CXM_KIND_EXPOSURE, ADD; its id is the one that the client gave, or
 * nil.  Body: what cxm_said.h has, "outcome": number, "until"?: ms, the end
 * of the place that it holds in the quota.  Of somebody who is not asked the
 * entry has the segments and nothing else: no personal part, no interaction,
 * no fingerprint.
 *
 * An exposure that asks holds a place for the survey's partial_timeout: asked
 * and not yet answered, plus answered, is never above the quota.  The places
 * that end unanswered are given back by entries of kind CXM_KIND_LAPSE, ADD,
 * body {"exposures": [numbers]}, which `due` makes.  An answer to an exposure
 * is taken also after that, and whatever the survey is by then.
 *
 * Two clocks of a person (known, or a visitor): when this survey, and when
 * any survey, was last shown to or answered by them, whichever was later.
 *
 * Rows in `index`, MACed:
 *
 *   CXM_NS_EXPOSURE | u64 number  ->  varint survey | varint until |
 *                                     varint number of its answer
 *       until 0: answered; no row: lapsed, or never asked
 *   CXM_NS_QUOTA | u64 survey  ->  varint places held | varint answers
 *   CXM_NS_CLOCK | u64 slot | u64 survey (0: any)  ->  varint ms | varint
 *                                     how often it was shown
 *
 * An exposure's number is the sequence of its entry.
 *
 * Counters of a survey (cxm_counter.h), over all and by each segment of
 * cxm_exposure_segments[], value 0 where there is none:
 *
 *   CXM_SERIES_EXPOSURES  decisions; point: cxm_exposure_outcome_t; dated
 *                         when they were made
 *   CXM_SERIES_ANSWERED   exposures that asked and were answered; point: 0
 *                         complete, 1 partial, as in CXM_SERIES_ANSWERS;
 *                         dated and split as the exposure, whenever and
 *                         from wherever the answer came
 *
 * So in any range and for any value answered <= asked, and
 *
 *   decisions   sum of all points of CXM_SERIES_EXPOSURES
 *   shown       its point CXM_EXPOSURE_ASKED
 *   started     sum of both points of CXM_SERIES_ANSWERED
 *   complete    its point 0
 *   response rate = started / shown, completion rate = complete / started
 *
 * CXM_SERIES_ANSWERS also has what came without an exposure, and is dated
 * and split by the answer.
 */

#ifndef CXM_EXPOSURE_H
#define CXM_EXPOSURE_H

#include "cxm_survey.h"


/* Part of the format. */
typedef enum {
    CXM_EXPOSURE_ASKED = 0,
    CXM_EXPOSURE_SUPPRESSED,    /* the person was asked lately */
    CXM_EXPOSURE_QUOTA,         /* no place left */
    CXM_EXPOSURE_SAMPLED_OUT,
    CXM_EXPOSURE_CLOSED,
    CXM_EXPOSURE_OUTCOMES
} cxm_exposure_outcome_t;

/* "suppressed" and so on, as answered; [CXM_EXPOSURE_ASKED] is "asked". */
extern const char *const  cxm_exposure_outcomes[CXM_EXPOSURE_OUTCOMES];

/* Numbers of the segments that exposures are counted by; 0 ends. */
extern const uint16_t  cxm_exposure_segments[];

#define CXM_DUE_EXPOSURE  2             /* ref: number of the exposure */

extern const cxm_kind_t       cxm_kind_exposure;
extern const cxm_kind_t       cxm_kind_lapse;
extern const cxm_due_class_t  cxm_due_exposure;
extern const cxm_fields_t     cxm_exposure_fields;      /* input of POST */

typedef struct {
    cxm_exposure_outcome_t  outcome;
    uint64_t                no;
} cxm_exposure_result_t;

/*
 * Decides for an input whose form has passed the field table.  The same id
 * gets its first decision again.  CXM_INVALID, CXM_NOT_FOUND, CXM_CONFLICT
 * ("paused", "id_taken").
 */
cxm_rc_t cxm_exposure_add(cxm_txn_t *txn, const cxm_caller_t *caller,
    const cxm_survey_t *survey, const json_t *input,
    const uint8_t fingerprint[CXM_HASH_LEN], cxm_exposure_result_t *out,
    cxm_error_t *err);


typedef struct {
    uint64_t  held;             /* asked, not answered, not lapsed */
    uint64_t  answers;          /* all there ever were, asked for or not */
} cxm_quota_t;

/* How often surveys were shown to a person, under all of its slots. */
cxm_rc_t cxm_exposure_shown(cxm_txn_t *txn, uint64_t slot, uint64_t *shown);

/* Zeros where nothing happened yet. */
cxm_rc_t cxm_quota_get(cxm_txn_t *txn, uint64_t survey, cxm_quota_t *out);


#endif /* CXM_EXPOSURE_H */
