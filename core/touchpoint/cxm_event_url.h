/*
 * Addresses of pages without what names a person.
 *
 * Dropped: the fragment; user and password before the host; each parameter
 * of the query ("?a=1&b=2") or of the path ("/p;a=1") whose value holds an
 * "@" (also as %40), whose name is longer than CXM_EVENT_NAME_MAX or in the
 * table below, or whose value is an address or a query with such a parameter.
 * Names are compared with their escapes decoded, without case, and without
 * anything but letters and digits, so that "E-Mail", "e_mail" and
 * "user[%65mail]" are all one.
 *
 * At the end of a name: address, apikey, birthday, birthdate, email, mail,
 * passwd, password, phone, secret, sessionid, sessid, signature, token,
 * username, firstname, lastname, fullname, surname.
 * The whole name: auth, authorization, code, dob, iban, jwt, key, login,
 * mobile, name, otp, pass, pin, pwd, session, sid, sig, ssn, street, tel.
 */

#ifndef CXM_EVENT_URL_H
#define CXM_EVENT_URL_H

#include "cxm_str.h"


#define CXM_EVENT_NAME_MAX  64

/*
 * Writes what is left to out, which has room for url.len bytes; never more.
 * Returns its length.
 */
size_t cxm_event_url_strip(cxm_str_t url, char *out);


#endif /* CXM_EVENT_URL_H */
