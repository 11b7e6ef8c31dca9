/*
 * Telephone numbers: everything but digits is taken out.
 */

#include "cxm_phone.h"


#define CXM_PHONE_LEAST  7      /* digits of the shortest numbers in use */


static cxm_str_t
cxm_phone_trim(cxm_str_t s)
{
    while (s.len > 0 && s.data[0] == ' ') {
        s.data++;
        s.len--;
    }

    return s;
}


cxm_rc_t
cxm_phone_parse(cxm_str_t s, char out[CXM_PHONE_LEN + 1], size_t *len)
{
    static const char  between[] = " -./()";

    size_t  i, skip, n;

    s = cxm_phone_trim(s);
    skip = s.len > 0 && s.data[0] == '+' ? 1
           : s.len > 1 && memcmp(s.data, "00", 2) == 0 ? 2 : 0;
    n = 0;
    out[n++] = '+';

    for (i = skip; i < s.len; i++) {

        if (s.data[i] >= '0' && s.data[i] <= '9' && n < CXM_PHONE_LEN) {
            out[n++] = s.data[i];

        } else if (memchr(between, s.data[i], sizeof(between) - 1) == NULL) {
            return CXM_BAD_REQUEST;
        }
    }

    out[n] = '\0';
    *len = n;

    /* no country code begins with 0 */

    return skip > 0 && n > CXM_PHONE_LEAST && out[1] != '0' ? CXM_OK
                                                          : CXM_BAD_REQUEST;
}
