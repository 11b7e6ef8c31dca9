/*
 * Telephone numbers in the form of ITU-T E.164.
 */

#ifndef CXM_PHONE_H
#define CXM_PHONE_H

#include "cxm_str.h"


#define CXM_PHONE_LEN  16       /* "+" and at most 15 digits */

/*
 * "+49 (30) 123-456" or "0049 30 123456" as "+4930123456", with a NUL;
 * *len without it.  CXM_BAD_REQUEST for what is no number in international
 * form: who is called by a national one depends on who dials.
 */
cxm_rc_t cxm_phone_parse(cxm_str_t s, char out[CXM_PHONE_LEN + 1],
    size_t *len);


#endif /* CXM_PHONE_H */
