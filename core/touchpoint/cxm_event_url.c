/*
 * Addresses without what names a person.
 */

#include "cxm_event_url.h"


typedef struct {
    cxm_str_t  name;
    int        ending;          /* also at the end of longer names */
} cxm_personal_t;

#define cxm_personal_end(name)    { { sizeof(name) - 1, name }, 1 }
#define cxm_personal_whole(name)  { { sizeof(name) - 1, name }, 0 }


static const cxm_personal_t  cxm_personal[] = {
    cxm_personal_end("address"),
    cxm_personal_end("apikey"),
    cxm_personal_end("birthday"),
    cxm_personal_end("birthdate"),
    cxm_personal_end("email"),
    cxm_personal_end("firstname"),
    cxm_personal_end("fullname"),
    cxm_personal_end("lastname"),
    cxm_personal_end("mail"),
    cxm_personal_end("passwd"),
    cxm_personal_end("password"),
    cxm_personal_end("phone"),
    cxm_personal_end("secret"),
    cxm_personal_end("sessid"),
    cxm_personal_end("sessionid"),
    cxm_personal_end("signature"),
    cxm_personal_end("surname"),
    cxm_personal_end("token"),
    cxm_personal_end("username"),
    cxm_personal_whole("auth"),
    cxm_personal_whole("authorization"),
    cxm_personal_whole("code"),
    cxm_personal_whole("dob"),
    cxm_personal_whole("iban"),
    cxm_personal_whole("jwt"),
    cxm_personal_whole("key"),
    cxm_personal_whole("login"),
    cxm_personal_whole("mobile"),
    cxm_personal_whole("name"),
    cxm_personal_whole("otp"),
    cxm_personal_whole("pass"),
    cxm_personal_whole("pin"),
    cxm_personal_whole("pwd"),
    cxm_personal_whole("session"),
    cxm_personal_whole("sid"),
    cxm_personal_whole("sig"),
    cxm_personal_whole("ssn"),
    cxm_personal_whole("street"),
    cxm_personal_whole("tel")
};


static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    c = (char) (c | 0x20);

    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}


/* The byte at s[*i], which moves behind it. */
static char
url_byte(cxm_str_t s, size_t *i)
{
    int   high, low;
    char  c;

    c = s.data[(*i)++];

    if (c != '%' || s.len - *i < 2) {
        return c;
    }

    high = hex_digit(s.data[*i]);
    low = hex_digit(s.data[*i + 1]);

    if (high < 0 || low < 0) {
        return c;
    }

    *i += 2;

    return (char) (high << 4 | low);
}


/* Letters and digits of a name in lower case; 0: there are too many. */
static int
url_fold(cxm_str_t name, char out[CXM_EVENT_NAME_MAX], size_t *len)
{
    char    c;
    size_t  i;

    *len = 0;
    i = 0;

    while (i < name.len) {
        c = url_byte(name, &i);

        if (c >= 'A' && c <= 'Z') {
            c = (char) (c | 0x20);
        }

        if ((c < 'a' || c > 'z') && (c < '0' || c > '9')) {
            continue;
        }

        if (*len == CXM_EVENT_NAME_MAX) {
            return 0;
        }

        out[(*len)++] = c;
    }

    return 1;
}


static int
url_name_personal(cxm_str_t name)
{
    char                   folded[CXM_EVENT_NAME_MAX];
    size_t                 i, n, len;
    const cxm_personal_t  *personal;

    if (!url_fold(name, folded, &len)) {
        return 1;
    }

    for (i = 0; i < sizeof(cxm_personal) / sizeof(cxm_personal[0]); i++) {
        personal = &cxm_personal[i];
        n = personal->name.len;

        if (n > len || (n < len && !personal->ending)) {
            continue;
        }

        if (memcmp(folded + len - n, personal->name.data, n) == 0) {
            return 1;
        }
    }

    return 0;
}


/* The first of two characters in s from i on, or s.len. */
static size_t
url_find(cxm_str_t s, size_t i, char a, char b)
{
    while (i < s.len && s.data[i] != a && s.data[i] != b) {
        i++;
    }

    return i;
}


/* Also of what is an address, or a query, itself. */
static int
url_value_personal(cxm_str_t value)
{
    char       c;
    size_t     i, at;
    cxm_str_t  name;

    name.data = value.data;
    i = 0;

    while (i < value.len) {
        at = i;
        c = url_byte(value, &i);

        if (c == '@') {
            return 1;
        }

        if (c == '=') {
            name.len = (size_t) (value.data + at - name.data);

            if (url_name_personal(name)) {
                return 1;
            }
        }

        if (c == '=' || c == '?' || c == '&' || c == ';' || c == '#') {
            name.data = value.data + i;
        }
    }

    return 0;
}


static int
url_param_personal(cxm_str_t param)
{
    size_t     end;
    cxm_str_t  name;

    end = url_find(param, 0, '=', '=');
    name.data = param.data;
    name.len = end;

    if (url_name_personal(name)) {
        return 1;
    }

    end += end < param.len;

    return url_value_personal((cxm_str_t) { param.len - end,
                                            param.data + end });
}


/* Length of what stands between "//" and "@"; *from is its place. */
static size_t
url_userinfo(cxm_str_t url, size_t *from)
{
    size_t  i, end, len;

    i = url_find(url, 0, '/', '?');

    if (url.len - i < 2 || url.data[i] != '/' || url.data[i + 1] != '/') {
        return 0;
    }

    /* browsers take a backslash for a slash, and the last "@" */

    *from = i + 2;
    end = url_find(url, *from, '/', '?');
    end = url_find((cxm_str_t) { end, url.data }, *from, '\\', '\\');
    len = 0;

    for (i = *from; i < end; i++) {
        if (url.data[i] == '@') {
            len = i + 1 - *from;
        }
    }

    return len;
}


/* Parameters of a segment stand behind it (RFC 3986, 3.3). */
static size_t
url_path(cxm_str_t path, char *out)
{
    size_t     from, end, len;
    cxm_str_t  param;

    len = 0;

    for (from = 0; from < path.len; from = end) {
        end = url_find(path, from + 1, ';', '/');
        param.data = path.data + from + 1;
        param.len = end - from - 1;

        if (path.data[from] == ';' && url_param_personal(param)) {
            continue;
        }

        memcpy(out + len, path.data + from, end - from);
        len += end - from;
    }

    return len;
}


static size_t
url_params(cxm_str_t query, char *out)
{
    size_t     from, end, len;
    cxm_str_t  param;

    len = 0;

    for (from = 0; from < query.len; from = end + 1) {
        end = url_find(query, from, '&', ';');
        param.data = query.data + from;
        param.len = end - from;

        if (param.len == 0 || url_param_personal(param)) {
            continue;
        }

        out[len] = len == 0 ? '?' : query.data[from - 1];
        memcpy(out + len + 1, param.data, param.len);
        len += param.len + 1;
    }

    return len;
}


size_t
cxm_event_url_strip(cxm_str_t url, char *out)
{
    size_t     from, skip, len, query;
    cxm_str_t  path, rest;

    url.len = url_find(url, 0, '#', '#');
    from = 0;
    skip = url_userinfo(url, &from);
    query = url_find(url, 0, '?', '?');

    memcpy(out, url.data, from);
    len = from;
    from += skip;

    path.data = url.data + from;
    path.len = query - from;
    len += url_path(path, out + len);

    if (query == url.len) {
        return len;
    }

    rest.data = url.data + query + 1;
    rest.len = url.len - query - 1;

    return len + url_params(rest, out + len);
}
