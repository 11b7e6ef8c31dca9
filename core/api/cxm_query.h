/*
 * Query strings and form bodies (application/x-www-form-urlencoded).
 */

#ifndef CXM_QUERY_H
#define CXM_QUERY_H

#include "cxm_api.h"


#define CXM_FORM_FIELDS  500

/*
 * Splits at "&" and "=", decodes %XX and "+"; names without "=" have an
 * empty value, empty pairs are skipped.  Strings go to the arena.
 * CXM_BAD_REQUEST: "bad_encoding" (a bad escape, no UTF-8, NUL) or
 * "too_many_arguments" (over max).
 */
cxm_rc_t cxm_query_parse(cxm_arena_t *arena, cxm_str_t text, unsigned max,
    cxm_arg_t **args, unsigned *nargs, cxm_error_t *err);

/*
 * Pairs as one object, a new reference; all values are strings.  "a.b=1"
 * is {"a": {"b": "1"}}, "a=1&a=2" is {"a": ["1", "2"]}.  CXM_INVALID with a
 * pointer when a name is both a value and an object, has an empty part, or
 * is deeper than CXM_JSON_DEPTH.
 */
cxm_rc_t cxm_query_json(const cxm_arg_t *args, unsigned nargs, json_t **out,
    cxm_error_t *err);

/* Appends s with all but RFC 3986's unreserved characters (and "/", if
   slash is set) as %XX. */
void cxm_query_encode(cxm_buf_t *out, cxm_str_t s, int slash);


#endif /* CXM_QUERY_H */
