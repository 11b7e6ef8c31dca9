/*
 * The time zones of the system: /usr/share/zoneinfo, or what the environment
 * variable TZDIR names, as for glibc.  It is here because base does no I/O.
 *
 * A zone is read when it is first asked for and kept as long as the set: a
 * host makes a set for each configuration, so that a reload finds new rules.
 */

#ifndef CXM_ZONEINFO_H
#define CXM_ZONEINFO_H

#include "cxm_zone.h"


#define CXM_ZONES_MAX  2000     /* of a set; Debian has 600 and their links */

typedef struct cxm_zones_s  cxm_zones_t;

/* NULL without memory. */
cxm_zones_t *cxm_zones_create(void);
void cxm_zones_free(cxm_zones_t *zones);

/*
 * The zone of that name, which lives as long as the set; from any thread.
 * CXM_NOT_FOUND when there is none (NULL knows "UTC" alone), CXM_INTERNAL.
 * Files that cannot be used are logged.
 */
cxm_rc_t cxm_zones_find(cxm_zones_t *zones, cxm_str_t name,
    const cxm_zone_t **out);


#endif /* CXM_ZONEINFO_H */
