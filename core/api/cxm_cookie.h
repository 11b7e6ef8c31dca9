/*
 * Cookies: those of a request, and those that a reply sets.
 *
 * All of ours have the prefix "__Host-" (secure, of this host alone, of the
 * path "/"), but where cxm_insecure_cookies lets plain http have them.
 */

#ifndef CXM_COOKIE_H
#define CXM_COOKIE_H

#include "cxm_api.h"


#define CXM_COOKIE_CUSTOMER  "cxm"       /* their names, without it */
#define CXM_COOKIE_STAFF     "cxm_staff"
#define CXM_COOKIE_DEVICE    "cxm_device"

#define CXM_COOKIE_NAME  40             /* of a name with its prefix */

/* The first cookie of that very name in a header; data NULL: there is none. */
cxm_str_t cxm_cookie_find(cxm_str_t header, cxm_str_t name);

/* Of a request, or a call's, by its name without the prefix. */
cxm_str_t cxm_request_cookie(const cxm_request_t *request, const char *name);
cxm_str_t cxm_call_cookie(const cxm_call_t *call, const char *name);

/*
 * Beside other headers of the name: for `age` seconds; 0 takes it away.  The
 * value has nothing that cookies do not.
 */
void cxm_call_set_cookie(cxm_call_t *call, const char *name,
    const char *value, int64_t age);


#endif /* CXM_COOKIE_H */
