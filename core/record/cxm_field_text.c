/*
 * Strings of a field: their length in characters and their form.
 */

#include "cxm_field_text.h"
#include "cxm_id.h"
#include "cxm_language.h"
#include "cxm_phone.h"
#include "cxm_time.h"
#include "cxm_zone.h"


#define CXM_EMAIL_MAX  254
#define CXM_PHONE_MAX  40       /* as it is written, with spaces and the like */


typedef struct {
    int        (*valid)(cxm_str_t s);
    int64_t      max;           /* characters, when the field names none */
    const char  *what;
} cxm_field_form_t;


static size_t
cxm_field_characters(cxm_str_t s)
{
    size_t  i, n;

    n = 0;

    for (i = 0; i < s.len; i++) {
        n += (s.data[i] & 0xc0) != 0x80;
    }

    return n;
}


/* C0, DEL and C1 but for the bytes that are let through. */
static int
cxm_field_has_control(cxm_str_t s, const char *let)
{
    size_t         i;
    unsigned char  c;

    for (i = 0; i < s.len; i++) {
        c = (unsigned char) s.data[i];

        if ((c < 0x20 && (c == 0 || strchr(let, c) == NULL)) || c == 0x7f) {
            return 1;
        }

        if (c == 0xc2 && i + 1 < s.len && (unsigned char) s.data[i + 1] < 0xa0)
        {
            return 1;
        }
    }

    return 0;
}


static int
cxm_field_is_string(cxm_str_t s)
{
    return !cxm_field_has_control(s, "");
}


static int
cxm_field_is_text(cxm_str_t s)
{
    return !cxm_field_has_control(s, "\t\n\r");
}


static int
cxm_field_is_uuid(cxm_str_t s)
{
    cxm_uuid_t  id;

    return cxm_uuid_parse(s, &id) == CXM_OK;
}


static int
cxm_field_is_time(cxm_str_t s)
{
    cxm_ms_t  t;

    return cxm_rfc3339_parse(s, &t) == CXM_OK;
}


static int
cxm_field_is_date(cxm_str_t s)
{
    int32_t  day;

    return cxm_date_parse(s, &day) == CXM_OK;
}


static int
cxm_field_is_phone(cxm_str_t s)
{
    char    number[CXM_PHONE_LEN + 1];
    size_t  len;

    return cxm_phone_parse(s, number, &len) == CXM_OK;
}


static int
cxm_field_is_country(cxm_str_t s)
{
    return s.len == 2 && s.data[0] >= 'A' && s.data[0] <= 'Z'
           && s.data[1] >= 'A' && s.data[1] <= 'Z';
}


static int
cxm_field_is_email(cxm_str_t s)
{
    size_t       local;
    const char  *at;

    if (s.len == 0 || s.len > CXM_EMAIL_MAX || cxm_field_has_control(s, "")
        || memchr(s.data, ' ', s.len) != NULL)
    {
        return 0;
    }

    at = memchr(s.data, '@', s.len);

    if (at == NULL) {
        return 0;
    }

    local = (size_t) (at - s.data);

    return local > 0 && local + 1 < s.len
           && memchr(at + 1, '@', s.len - local - 1) == NULL;
}


/*
 * "//host" is another site's address, and browsers read a backslash as a
 * slash: neither is a path.
 */
static int
cxm_field_is_url(cxm_str_t s)
{
    size_t  i, skip;

    static const char *const  schemes[] = { "http://", "https://" };

    if (s.len == 0 || cxm_field_has_control(s, "")
        || memchr(s.data, ' ', s.len) != NULL
        || memchr(s.data, '\\', s.len) != NULL)
    {
        return 0;
    }

    if (s.data[0] == '/') {
        return s.len == 1 || s.data[1] != '/';
    }

    for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        skip = strlen(schemes[i]);

        if (s.len > skip
            && cxm_str_ieqz((cxm_str_t) { skip, s.data }, schemes[i]))
        {
            return strchr("/?#:@", s.data[skip]) == NULL;
        }
    }

    return 0;
}


static const cxm_field_form_t  cxm_field_forms[] = {
    [CXM_FIELD_STRING] = { cxm_field_is_string, CXM_STRING_MAX,
                           "text without control characters" },
    [CXM_FIELD_TEXT] = { cxm_field_is_text, CXM_TEXT_MAX,
                         "text without control characters" },
    [CXM_FIELD_SLUG] = { cxm_slug_valid, CXM_SLUG_MAX,
                         "a slug: a-z, 0-9 and -, at most 63" },
    [CXM_FIELD_UUID] = { cxm_field_is_uuid, CXM_UUID_LEN, "a UUID" },
    [CXM_FIELD_EMAIL] = { cxm_field_is_email, CXM_EMAIL_MAX,
                          "an e-mail address" },
    [CXM_FIELD_URL] = { cxm_field_is_url, CXM_URL_MAX,
                        "an http(s) address or a path" },
    [CXM_FIELD_TIME] = { cxm_field_is_time, CXM_STRING_MAX,
                         "an RFC 3339 time from 1970 on" },
    [CXM_FIELD_DATE] = { cxm_field_is_date, CXM_STRING_MAX,
                         "a date: YYYY-MM-DD" },
    [CXM_FIELD_PHONE] = { cxm_field_is_phone, CXM_PHONE_MAX,
                          "a telephone number with + and country code" },
    [CXM_FIELD_LANGUAGE] = { cxm_language_valid, CXM_LANGUAGE_MAX,
                             "a language tag, as \"en\" is one" },
    [CXM_FIELD_COUNTRY] = { cxm_field_is_country, CXM_STRING_MAX,
                            "a country code of two capital letters" },
    [CXM_FIELD_ZONE] = { cxm_zone_name_valid, CXM_ZONE_NAME_MAX,
                         "a time zone, as \"Europe/Berlin\" is one" }
};

static const cxm_field_form_t  cxm_field_scalar = {
    cxm_field_is_string, CXM_STRING_MAX, "text without control characters"
};


static cxm_rc_t
cxm_field_enum_check(const cxm_field_t *field, cxm_str_t s,
    const char *pointer, cxm_error_t *err)
{
    const char *const  *value;

    for (value = field->values; *value != NULL; value++) {
        if (cxm_str_eqz(s, *value)) {
            return CXM_OK;
        }
    }

    return cxm_issue(err, pointer, "not_allowed",
                     "Must be one of the values of this field.");
}


cxm_rc_t
cxm_field_text_check(const cxm_field_t *field, cxm_str_t s,
    const char *pointer, cxm_error_t *err)
{
    int64_t                  n, max;
    const cxm_field_form_t  *form;

    if (field->type == CXM_FIELD_ENUM) {
        return cxm_field_enum_check(field, s, pointer, err);
    }

    form = field->type == CXM_FIELD_SCALAR ? &cxm_field_scalar
                                           : &cxm_field_forms[field->type];
    max = field->max > 0 ? field->max : form->max;
    n = (int64_t) cxm_field_characters(s);

    if (n > max) {
        return cxm_issue(err, pointer, "too_long",
                         "Must have at most %lld characters.",
                         (long long) max);
    }

    if (n < field->min) {
        return cxm_issue(err, pointer, "too_short",
                         "Must have at least %lld character%s.",
                         (long long) field->min, field->min == 1 ? "" : "s");
    }

    if (!form->valid(s)) {
        return cxm_issue(err, pointer, "invalid", "Must be %s.", form->what);
    }

    return CXM_OK;
}
