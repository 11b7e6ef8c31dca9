/*
 * Requests that were served: their bands and classes.
 */

#include "cxm_served.h"


const char *const  cxm_latency_bands[CXM_LATENCY_BANDS] = {
    "<100ms", "100-300ms", "300-800ms", "800ms-2s", ">=2s"
};

const char *const  cxm_status_classes[CXM_STATUS_CLASSES] = {
    NULL, "1xx", "2xx", "3xx", "4xx", "5xx"
};

/* Where each band but the last ends, in ms. */
static const cxm_ms_t  latency_ends[CXM_LATENCY_BANDS - 1] = {
    100, 300, 800, 2000
};


void
cxm_served_experience(const cxm_served_t *served, cxm_experience_t *out)
{
    out->band = 0;

    while (out->band < CXM_LATENCY_BANDS - 1
           && served->latency >= latency_ends[out->band])
    {
        out->band++;
    }

    out->status_class = served->status / 100;

    if (out->status_class >= CXM_STATUS_CLASSES) {
        out->status_class = 0;
    }
}
