/*
 * Passwords that breaches have shown to be common: no secret any more.
 *
 * What is kept of each is the first 32 bits of its SHA-256, sorted.  Of
 * other passwords one in 110,000 is taken for one of them, which costs its
 * owner another try.
 */

#ifndef CXM_BREACHED_H
#define CXM_BREACHED_H

#include "cxm_str.h"


extern const uint32_t  cxm_breached_list[];
extern const size_t    cxm_breached_n;

/* Of a password in lower case. */
int cxm_breached(cxm_str_t password);


#endif /* CXM_BREACHED_H */
