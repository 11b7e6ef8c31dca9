/*
 * The footer of a TZif file: a rule in the form of POSIX TZ, with the
 * extension of RFC 9636 that times go from -167 to 167 hours.
 */

#ifndef CXM_ZONE_RULE_H
#define CXM_ZONE_RULE_H

#include "cxm_time.h"


/* A day of any year, and a time counted from its midnight. */
typedef struct {
    enum {
        CXM_ZONE_DAY_JULIAN = 0,    /* Jn: 1..365, February 29 never counts */
        CXM_ZONE_DAY_OF_YEAR,       /* n: 0..365, it counts */
        CXM_ZONE_DAY_OF_MONTH       /* Mm.w.d: weekday d, the w-th of month m,
                                       the last one for w = 5 */
    } form;
    unsigned  day;                  /* n; of Mm.w.d the weekday, Sunday 0 */
    unsigned  week;
    unsigned  month;
    cxm_ms_t  time;
} cxm_zone_day_t;

typedef struct {
    cxm_ms_t        standard;       /* offsets: local time less UTC */
    cxm_ms_t        daylight;
    int             has_daylight;
    cxm_zone_day_t  begin;          /* of daylight time, by standard clocks */
    cxm_zone_day_t  end;            /* by daylight clocks */
} cxm_zone_rule_t;

/* CXM_BAD_REQUEST when it is no rule; daylight time must say when it is. */
cxm_rc_t cxm_zone_rule_parse(cxm_str_t text, cxm_zone_rule_t *rule);

/* When daylight time begins and ends in a year; only where it has any. */
void cxm_zone_rule_year(const cxm_zone_rule_t *rule, int year,
    cxm_ms_t *begin, cxm_ms_t *end);


#endif /* CXM_ZONE_RULE_H */
