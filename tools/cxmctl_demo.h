/*
 * Made-up answers and touchpoints: a model that gives the same from the same
 * seed, and what people say in it.
 *
 * Planted, so that there is something to find: weeks have working days and
 * nights; satisfaction rises from a release at 60 per cent of the time on;
 * the app is bad for a while at a third of it; slow pages, the plan "free"
 * and some agents cost points.
 */

#ifndef CXMCTL_DEMO_H
#define CXMCTL_DEMO_H

#include "cxm.h"


#define CXMCTL_DEMO_DAYS  3660          /* at most */

typedef enum {
    CXMCTL_DEMO_RELATIONSHIP = 0,       /* NPS */
    CXMCTL_DEMO_SUPPORT,                /* CSAT */
    CXMCTL_DEMO_CHECKOUT,               /* CES */
    CXMCTL_DEMO_INDEX,                  /* CSI */
    CXMCTL_DEMO_SURVEYS
} cxmctl_demo_survey_t;

typedef struct {
    const char  *slug;
    const char  *definition;            /* JSON */
} cxmctl_demo_definition_t;

extern const cxmctl_demo_definition_t
    cxmctl_demo_definitions[CXMCTL_DEMO_SURVEYS];

typedef struct {
    uint64_t   state;                   /* of the generator */
    uint64_t   seed;
    unsigned   days;
    unsigned   persons;
    cxm_ms_t   end;                     /* behind the last day */
    double     weight[CXMCTL_DEMO_DAYS + 1];    /* of all days before */
} cxmctl_demo_t;

/* What was made: input of a survey or of the beacon, and who called. */
typedef struct {
    int                    event;       /* and no answer */
    cxmctl_demo_survey_t   survey;
    json_t                *input;       /* a new reference; NULL: no memory */
    const char            *device;      /* these may be NULL */
    const char            *latency_band;
} cxmctl_demo_said_t;

void cxmctl_demo_start(cxmctl_demo_t *demo, uint64_t seed, unsigned days,
    unsigned answers, cxm_ms_t end);

/* How many of `total` lie on a day (0 is the first). */
unsigned cxmctl_demo_share(const cxmctl_demo_t *demo, unsigned day,
    unsigned total);

/* The i-th of n on that day, ascending in time. */
void cxmctl_demo_answer(cxmctl_demo_t *demo, unsigned day, unsigned i,
    unsigned n, cxmctl_demo_said_t *out);
void cxmctl_demo_event(cxmctl_demo_t *demo, unsigned day, unsigned i,
    unsigned n, cxmctl_demo_said_t *out);

/* A comment for a satisfaction from 0 to 1; `roll` is random. */
const char *cxmctl_demo_comment(cxmctl_demo_survey_t survey, double content,
    int app, uint64_t roll);


#endif /* CXMCTL_DEMO_H */
