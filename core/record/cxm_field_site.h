/*
 * Fields that a site defines: documents that become field tables.
 *
 * Kind CXM_KIND_FIELDS, a record named by the kind that the fields are for:
 * {"slug": "customer", "fields": [{"name", "type", "summary"?, "required"?,
 * "personal"?, "index"?, "min"?, "max"?, "values"?}], "retired": [the same]}.
 *
 * Once there are documents of that kind a definition may not make one of
 * them wrong: a field keeps its type, whether it is personal, and its index;
 * bounds only widen, values are only added, nothing becomes required.  A
 * field that is left out is retired: documents keep what they have, nobody
 * can set it, and when it comes back it is the same field.
 */

#ifndef CXM_FIELD_SITE_H
#define CXM_FIELD_SITE_H

#include "cxm_arena.h"
#include "cxm_record.h"


#define CXM_SITE_FIELDS  200
#define CXM_SITE_MEMBER  "attributes"   /* of a record with CXM_RECORD_SITE */

extern const cxm_record_t  cxm_record_site;
extern const cxm_fields_t  cxm_site_fields;
extern const cxm_kind_t    cxm_kind_fields;

/*
 * What a definition says beyond its table, and whether documents that were
 * right by `old` are right by `now`: CXM_INVALID, CXM_CONFLICT
 * "field_in_use".
 */
cxm_rc_t cxm_site_check(const json_t *now, cxm_error_t *err);
cxm_rc_t cxm_site_fits(const json_t *old, const json_t *now,
    cxm_error_t *err);

/*
 * Loads a checked body into the arena, retired fields as READONLY ones.
 * CXM_CORRUPT: it is no such body; CXM_INTERNAL.
 */
cxm_rc_t cxm_site_load(cxm_arena_t *arena, const json_t *body,
    const cxm_fields_t **out);


#endif /* CXM_FIELD_SITE_H */
