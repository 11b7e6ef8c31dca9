/*
 * Exposures: whether somebody is asked, decided and counted.
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


#endif /* CXM_EXPOSURE_H */
