/*
 * Exposures: from an input to a decision.
 */

#include "cxm_exposure.h"


const char *const  cxm_exposure_outcomes[CXM_EXPOSURE_OUTCOMES] = {
    "asked", "suppressed", "quota", "sampled_out", "closed"
};

const uint16_t  cxm_exposure_segments[] = {
    CXM_SEGMENT_CHANNEL, CXM_SEGMENT_TOUCHPOINT, CXM_SEGMENT_COUNTRY,
    CXM_SEGMENT_DEVICE, CXM_SEGMENT_LANGUAGE, CXM_SEGMENT_AGENT, 0
};
