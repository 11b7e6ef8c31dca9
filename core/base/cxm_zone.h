/*
 * Time zones: the table of a TZif file (RFC 9636, version 2 and later) as it
 * is, and its footer's rule for all time behind.  A zone never changes once
 * it is made, so any thread may read it.
 *
 * glibc's own TZ belongs to the whole process and cannot be used.
 */

#ifndef CXM_ZONE_H
#define CXM_ZONE_H

#include "cxm_time.h"


#define CXM_ZONE_NAME_MAX   64
#define CXM_ZONE_FILE_MAX   65536       /* the longest of them has 4 KB */

typedef struct cxm_zone_s  cxm_zone_t;

/* [A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*, so that no name leaves its folder. */
int cxm_zone_name_valid(cxm_str_t name);

/* UTC, which needs no file. */
const cxm_zone_t *cxm_zone_utc(void);

/*
 * From the bytes of a file; on the heap.  CXM_BAD_REQUEST: they are no TZif,
 * of version 1, broken, or they count leap seconds.  CXM_INTERNAL: no memory.
 */
cxm_rc_t cxm_zone_parse(cxm_str_t name, cxm_str_t tzif, cxm_zone_t **out);
void cxm_zone_free(cxm_zone_t *zone);

cxm_str_t cxm_zone_name(const cxm_zone_t *zone);

/* A stretch of time in which nobody sets the zone's clocks. */
typedef struct {
    cxm_ms_t  start;            /* CXM_ZONE_MIN: since ever */
    cxm_ms_t  end;              /* CXM_ZONE_MAX: for ever */
    cxm_ms_t  offset;           /* local time less UTC */
} cxm_zone_span_t;

#define CXM_ZONE_MIN  INT64_MIN
#define CXM_ZONE_MAX  INT64_MAX

/* The stretch that holds t. */
cxm_zone_span_t cxm_zone_span(const cxm_zone_t *zone, cxm_ms_t t);


#endif /* CXM_ZONE_H */
