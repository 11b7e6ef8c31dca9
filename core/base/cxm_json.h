/*
 * Bounded JSON over jansson.
 *
 * Everything from outside goes through cxm_json_load(): at most 16 deep,
 * strict UTF-8, duplicate names refused, integers kept as 64-bit integers
 * (an integer beyond 64 bits is refused, never rounded).
 */

#ifndef CXM_JSON_H
#define CXM_JSON_H

#include <jansson.h>

#include "cxm_str.h"


#define CXM_JSON_DEPTH  16

/*
 * Any value may be at the top.  *out is a new reference, NULL on failure.
 * CXM_BAD_REQUEST with code "not_json", "too_deep", "duplicate_name" or
 * "bad_encoding" and a detail that gives line and column and quotes nothing;
 * CXM_INTERNAL when memory is short.
 */
cxm_rc_t cxm_json_load(cxm_str_t text, json_t **out, cxm_error_t *err);

/*
 * Appends compact JSON, names in insertion order, reals in the fewest digits
 * that read back the same; sets buf->failed, also beyond 64 levels.
 */
void cxm_json_dump(cxm_buf_t *buf, const json_t *value);

/* The same with sorted names: the form that is fingerprinted. */
void cxm_json_canonical(cxm_buf_t *buf, const json_t *value);

/* One value of such text. */
void cxm_json_put_str(cxm_buf_t *buf, cxm_str_t s);
void cxm_json_put_integer(cxm_buf_t *buf, int64_t v);
void cxm_json_put_real(cxm_buf_t *buf, double v);   /* finite */

cxm_str_t cxm_json_str(const json_t *string);       /* {0, NULL} if not one */

/* Member access that never fails: the default when absent or of other type. */
cxm_str_t cxm_json_get_str(const json_t *object, const char *name);
int64_t cxm_json_get_int(const json_t *object, const char *name, int64_t def);
int cxm_json_get_bool(const json_t *object, const char *name, int def);

/* Another object with the same members (NULL has none): a new reference. */
json_t *cxm_json_members(const json_t *object);

/* Sets a member to a string of known length; 0 or -1 as in jansson. */
int cxm_json_set_str(json_t *object, const char *name, cxm_str_t value);
int cxm_json_set_int(json_t *object, const char *name, int64_t value);


#endif /* CXM_JSON_H */
