/*
 * A request that the web server has answered, as touchpoints and scores see
 * it: how it ended and how long it took.
 */

#ifndef CXM_SERVED_H
#define CXM_SERVED_H

#include "cxm_time.h"


typedef struct {
    unsigned  status;           /* HTTP status sent */
    cxm_ms_t  latency;          /* from its first byte to our last one */
    cxm_ms_t  upstream;         /* of that waited for upstreams; -1: none */
} cxm_served_t;

/* What is remembered of it for the score that may follow. */
typedef struct {
    unsigned  band;             /* of the latency, 0..CXM_LATENCY_BANDS - 1 */
    unsigned  status_class;     /* 1..5 */
} cxm_experience_t;

#define CXM_LATENCY_BANDS   5
#define CXM_STATUS_CLASSES  6

/* "<100ms", "100-300ms", "300-800ms", "800ms-2s", ">=2s"; values of the
   segments latency_band and status_class: part of the format. */
extern const char *const  cxm_latency_bands[CXM_LATENCY_BANDS];

/* By class: [2] is "2xx"; [0] is NULL. */
extern const char *const  cxm_status_classes[CXM_STATUS_CLASSES];

void cxm_served_experience(const cxm_served_t *served, cxm_experience_t *out);


#endif /* CXM_SERVED_H */
