/*
 * What the files of site-defined fields share.
 */

#ifndef CXM_SITE_INT_H
#define CXM_SITE_INT_H

#include "cxm_field_site.h"


#define CXM_SITE_BOUNDS  0x01       /* min and max */
#define CXM_SITE_VALUES  0x02
#define CXM_SITE_LOOKUP  0x04
#define CXM_SITE_WORDS   0x08
#define CXM_SITE_UNIQUE  0x10

typedef struct {
    const char        *name;
    cxm_field_type_t   type;
    unsigned           may;
    int64_t            most;        /* characters; 0: bounds are of values */
} cxm_site_type_t;

/* Of a field's definition; NULL: unknown. */
const cxm_site_type_t *cxm_site_type(const json_t *field);

/* Flag of its index, 0: none, and what its type must allow for it. */
unsigned cxm_site_index(const json_t *field, unsigned *needs);

/* As in cxm_field_t: both 0 when there are none. */
void cxm_site_bounds(const json_t *field, int64_t *min, int64_t *max);


#endif /* CXM_SITE_INT_H */
