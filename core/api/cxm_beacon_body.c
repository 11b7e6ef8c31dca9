/*
 * Bodies of the beacon: compressed or not, JSON or a form.
 */

#include <stdlib.h>

#include "cxm_beacon_body.h"
#include "cxm_call.h"
#include "cxm_inflate.h"
#include "cxm_json.h"
#include "cxm_query.h"


typedef struct {
    const char  *type;
    cxm_rc_t   (*read)(cxm_call_t *call, cxm_str_t body, json_t **out);
} cxm_beacon_media_t;


static cxm_rc_t
beacon_no_memory(cxm_call_t *call)
{
    return cxm_fail(&call->err, CXM_INTERNAL, NULL, "Not enough memory.");
}


/* What is no number stays a string, which is refused with the rest. */
static cxm_rc_t
beacon_amount(cxm_call_t *call, json_t *money)
{
    char       *end;
    int64_t     amount;
    cxm_str_t   text;

    text = cxm_json_get_str(money, "amount");

    if (text.len == 0) {
        return CXM_OK;
    }

    text = cxm_arena_str(&call->arena, text);

    if (text.data == NULL) {
        return beacon_no_memory(call);
    }

    amount = strtoll(text.data, &end, 10);

    if (*end == '\0' && cxm_json_set_int(money, "amount", amount) != 0) {
        return beacon_no_memory(call);
    }

    return CXM_OK;
}


/* Forms have strings only, and empty ones where nothing was filled in. */
cxm_rc_t
cxm_beacon_pairs(cxm_call_t *call, cxm_arg_t *args, unsigned nargs,
    json_t **out)
{
    cxm_rc_t  rc;
    unsigned  i, n;

    n = 0;

    for (i = 0; i < nargs; i++) {
        if (args[i].value.len != 0
            && !cxm_str_eqz(args[i].name, CXM_BEACON_IGNORED))
        {
            args[n++] = args[i];
        }
    }

    rc = cxm_query_json(args, n, out, &call->err);

    return rc == CXM_OK ? beacon_amount(call, json_object_get(*out, "value"))
                        : rc;
}


static cxm_rc_t
beacon_read_form(cxm_call_t *call, cxm_str_t body, json_t **out)
{
    cxm_rc_t    rc;
    unsigned    nargs;
    cxm_arg_t  *args;

    rc = cxm_query_parse(&call->arena, body, CXM_FORM_FIELDS, &args, &nargs,
                         &call->err);

    return rc == CXM_OK ? cxm_beacon_pairs(call, args, nargs, out) : rc;
}


static cxm_rc_t
beacon_read_json(cxm_call_t *call, cxm_str_t body, json_t **out)
{
    return cxm_json_load(body, out, &call->err);
}


/* sendBeacon() of an ArrayBuffer, as compressed text is, names no type. */
static const cxm_beacon_media_t  cxm_beacon_media[] = {
    { "text/plain", beacon_read_json },
    { "application/json", beacon_read_json },
    { "", beacon_read_json },
    { "application/x-www-form-urlencoded", beacon_read_form }
};


static cxm_rc_t
beacon_read_text(cxm_call_t *call, cxm_str_t body, json_t **out)
{
    size_t     i;
    cxm_str_t  type;

    type = cxm_media_type(call->request->content_type);

    for (i = 0; i < sizeof(cxm_beacon_media) / sizeof(cxm_beacon_media[0]);
         i++)
    {
        if (cxm_str_ieqz(type, cxm_beacon_media[i].type)) {
            return cxm_beacon_media[i].read(call, body, out);
        }
    }

    return cxm_fail(&call->err, CXM_MEDIA_TYPE, NULL,
                    "The body must be JSON (also as text/plain) or a form.");
}


static cxm_rc_t
beacon_inflate(cxm_call_t *call, json_t **out)
{
    size_t     max;
    cxm_rc_t   rc;
    cxm_buf_t  text;

    max = cxm_body_limit(CXM_ENDPOINT_BEACON,
                         cxm_may(&call->caller, CXM_SCOPE_INGEST));
    cxm_buf_init(&text, max + 1);

    rc = cxm_inflate(call->request->body, max, &text);

    if (rc == CXM_OK) {
        rc = beacon_read_text(call, cxm_buf_str(&text), out);

    } else if (rc == CXM_TOO_LARGE) {
        (void) cxm_fail(&call->err, rc, NULL,
                        "The body may have at most %zu bytes when it is "
                        "inflated.", max);

    } else {
        (void) cxm_fail(&call->err, rc, NULL,
                        "The body is not well compressed.");
    }

    cxm_buf_free(&text);

    return rc;
}


cxm_rc_t
cxm_beacon_body(cxm_call_t *call, json_t **out)
{
    cxm_str_t  coding;

    coding = call->request->content_encoding;

    if (cxm_str_ieqz(coding, "gzip") || cxm_str_ieqz(coding, "x-gzip")
        || cxm_str_ieqz(coding, "deflate"))
    {
        return beacon_inflate(call, out);
    }

    if (coding.len > 0 && !cxm_str_ieqz(coding, "identity")) {
        return cxm_fail(&call->err, CXM_MEDIA_TYPE, NULL,
                        "The body may be compressed with gzip only.");
    }

    return cxm_inflate_magic(call->request->body)
           ? beacon_inflate(call, out)
           : beacon_read_text(call, call->request->body, out);
}
