/*
 * Rows of exposures: their state, places in quotas, clocks of persons, and
 * what is counted (cxm_exposure.h has the forms).
 */

#ifndef CXM_EXPOSURE_ROW_H
#define CXM_EXPOSURE_ROW_H

#include "cxm_exposure.h"
#include "cxm_response_row.h"
#include "cxm_row.h"


typedef struct {
    uint64_t  survey;
    cxm_ms_t  until;            /* it holds a place; 0: it is answered */
    uint64_t  answer;
} cxm_exposure_state_t;

/* CXM_NOT_FOUND: lapsed, or never asked. */
cxm_rc_t cxm_exposure_state_get(cxm_txn_t *txn, uint64_t no,
    cxm_exposure_state_t *out);

/*
 * Only in apply.  Opens a state (until is set), with its due row and place;
 * lapses it; or ends it with an answer, be it open or lapsed.
 */
cxm_rc_t cxm_exposure_open_place(cxm_txn_t *txn, uint64_t no,
    const cxm_exposure_state_t *state);
cxm_rc_t cxm_exposure_lapse(cxm_txn_t *txn, uint64_t no);
cxm_rc_t cxm_exposure_answered(cxm_txn_t *txn, uint64_t survey, uint64_t no,
    uint64_t answer);

/* The kind's `drop`: states go, open ones give their place back. */
cxm_rc_t cxm_exposure_drop(cxm_txn_t *txn, uint64_t first, uint64_t last);

/* Only in apply. */
cxm_rc_t cxm_quota_add(cxm_txn_t *txn, uint64_t survey, int64_t held,
    int64_t answers);

/* Last contact; survey 0: of any.  CXM_NOT_FOUND: never. */
cxm_rc_t cxm_clock_get(cxm_txn_t *txn, uint64_t slot, uint64_t survey,
    cxm_ms_t *at);

/*
 * Only in apply: both clocks of the person; shown tells an exposure from an
 * answer.  who is the class of the name: of somebody who is only claimed,
 * unless a visitor, and of somebody gone there are no clocks.
 */
cxm_rc_t cxm_clock_tick(cxm_txn_t *txn, uint64_t slot, unsigned who,
    uint64_t survey, cxm_ms_t at, int shown);

/* Part of an erasure (cxm_kind.h): exposures stay, counted. */
cxm_rc_t cxm_clock_forget(cxm_txn_t *txn, uint64_t slot, uint64_t *kept);

/* Whether a name of this class is one that clocks are kept of. */
int cxm_clock_kept(unsigned who);

/*
 * Only in apply: numbers of the texts in "segments" for those that exposures
 * are counted by; returns through n how many there are (none is null).
 */
cxm_rc_t cxm_exposure_values(cxm_txn_t *txn, uint64_t survey,
    const json_t *segments, cxm_response_segment_t *out, unsigned *n);

/* Adds delta at a point of a series of exposures. */
cxm_rc_t cxm_exposure_count(cxm_txn_t *txn, const cxm_series_t *series,
    cxm_ms_t at, unsigned point, const cxm_response_segment_t *segments,
    unsigned n, int64_t delta);


#endif /* CXM_EXPOSURE_ROW_H */
