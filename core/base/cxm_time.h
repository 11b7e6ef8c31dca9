/*
 * Time: milliseconds since 1970-01-01T00:00:00Z, signed 64 bits, no leap
 * seconds; the proleptic Gregorian calendar.  Nothing here reads a clock
 * but cxm_now(), cxm_monotonic_us() and cxm_thread_us().
 */

#ifndef CXM_TIME_H
#define CXM_TIME_H

#include <stdint.h>

#include "cxm_str.h"


typedef int64_t  cxm_ms_t;

#define CXM_MS_SECOND   ((cxm_ms_t) 1000)
#define CXM_MS_MINUTE   (60 * CXM_MS_SECOND)
#define CXM_MS_QUARTER  (15 * CXM_MS_MINUTE)
#define CXM_MS_HOUR     (60 * CXM_MS_MINUTE)
#define CXM_MS_DAY      (24 * CXM_MS_HOUR)

/* The years that timestamps from outside may name: 1970..9999. */
#define CXM_MS_MIN      ((cxm_ms_t) 0)
#define CXM_MS_MAX      ((cxm_ms_t) 253402300799999)

/* The first that can be written with four digits: 0000-01-01. */
#define CXM_MS_YEAR_0   ((cxm_ms_t) -62167219200000)

#define CXM_RFC3339_LEN  24      /* 2026-11-22T17:27:34.123Z */

cxm_ms_t cxm_now(void);

/* For durations: microseconds of a clock that nobody sets. */
uint64_t cxm_monotonic_us(void);

/* Microseconds that this thread has run for. */
uint64_t cxm_thread_us(void);

/*
 * RFC 3339 with any offset and 0..9 fraction digits (cut to ms); second 60
 * becomes 59.999.  CXM_BAD_REQUEST also outside CXM_MS_MIN..CXM_MS_MAX.
 */
cxm_rc_t cxm_rfc3339_parse(cxm_str_t s, cxm_ms_t *out);

/* "YYYY-MM-DD", years 0..9999, as a day number. */
cxm_rc_t cxm_date_parse(cxm_str_t s, int32_t *day);

/*
 * Writes CXM_RFC3339_LEN characters and a NUL; always UTC, always ms.  A
 * time outside the years 0..9999 is written as the nearest inside.
 */
void cxm_rfc3339_format(cxm_ms_t t, char out[CXM_RFC3339_LEN + 1]);

/* Floor division: the UTC day number and quarter-hour (0..95) of a time. */
int32_t cxm_day_of(cxm_ms_t t);
unsigned cxm_quarter_of(cxm_ms_t t);

/* The last multiple of a unit at or before t. */
cxm_ms_t cxm_floor(cxm_ms_t t, cxm_ms_t unit);

unsigned cxm_weekday(int32_t days);         /* Sunday is 0 */

/* Hinnant's days_from_civil and its inverse; month 1..12, day 1..31. */
int32_t cxm_days_from_civil(int year, unsigned month, unsigned day);
void cxm_civil_from_days(int32_t days, int *year, unsigned *month,
    unsigned *day);


#endif /* CXM_TIME_H */
