/*
 * Inflating of what clients compressed, with a cap on what comes out.
 */

#ifndef CXM_INFLATE_H
#define CXM_INFLATE_H

#include "cxm_str.h"


/*
 * Whether the first bytes are those of gzip or of zlib ("x"), which begin
 * neither JSON nor a form: browsers' sendBeacon() cannot say that it sends
 * compressed text.
 */
int cxm_inflate_magic(cxm_str_t data);

/*
 * Appends the text of gzip (RFC 1952, also several members) or zlib (RFC
 * 1950) data to out, at most max bytes.  CXM_TOO_LARGE beyond that;
 * CXM_BAD_REQUEST when it is neither, broken, cut, or followed by something;
 * CXM_INTERNAL without memory.
 */
cxm_rc_t cxm_inflate(cxm_str_t data, size_t max, cxm_buf_t *out);


#endif /* CXM_INFLATE_H */
