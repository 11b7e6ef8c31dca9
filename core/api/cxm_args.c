/*
 * Query arguments of a call: against the route's table, and for handlers.
 */

#include <stdlib.h>

#include "cxm_call.h"
#include "cxm_json.h"
#include "cxm_query.h"


static void
cxm_args_pointer(char *pointer, cxm_str_t name)
{
    size_t  len;

    len = name.len < CXM_ERROR_POINTER_LEN - 2 ? name.len
                                               : CXM_ERROR_POINTER_LEN - 2;

    pointer[0] = '?';
    memcpy(pointer + 1, name.data, len);
    pointer[1 + len] = '\0';
}


static const cxm_field_t *
cxm_args_field(const cxm_route_t *route, cxm_str_t name)
{
    const cxm_field_t  *field;

    for (field = route->query; field != NULL && field->name != NULL; field++) {
        if (cxm_str_eqz(name, field->name)) {
            return field;
        }
    }

    return NULL;
}


static int
cxm_args_repeated(const cxm_call_t *call, unsigned n)
{
    unsigned  i;

    for (i = 0; i < n; i++) {
        if (cxm_str_eq(call->args[i].name, call->args[n].name)) {
            return 1;
        }
    }

    return 0;
}


/*
 * "+02:00" or "GMT+2" that nobody escaped arrives with a blank, which neither
 * a time nor a zone has: the plus is put back.
 */
static void
cxm_args_plus(cxm_str_t value)
{
    char  *blank;

    blank = value.len == 0 ? NULL : memchr(value.data, ' ', value.len);

    if (blank != NULL) {
        *blank = '+';
    }
}


/* What the text stands for in JSON: a string unless another type is meant. */
static json_t *
cxm_args_json(const cxm_field_t *field, cxm_str_t text)
{
    json_t  *value;

    if ((field->type == CXM_FIELD_INT || field->type == CXM_FIELD_NUMBER
         || field->type == CXM_FIELD_BOOL)
        && text.len > 0 && text.data[0] != ' '
        && cxm_json_load(text, &value, NULL) == CXM_OK)
    {
        return value;
    }

    return json_stringn(text.data, text.len);
}


static cxm_rc_t
cxm_args_check(cxm_call_t *call, const cxm_field_t *field, cxm_str_t text,
    const char *pointer)
{
    json_t    *value;
    cxm_rc_t   rc;

    if (field->type == CXM_FIELD_ARRAY) {
        field = field->item;
    }

    if (field->type == CXM_FIELD_TIME) {
        cxm_args_plus(text);
    }

    value = cxm_args_json(field, text);

    if (value == NULL) {
        return cxm_fail(&call->err, CXM_INTERNAL, NULL, "Not enough memory.");
    }

    rc = cxm_field_check_value(field, value, pointer, &call->err);
    json_decref(value);

    return rc;
}


static cxm_rc_t
cxm_args_one(cxm_call_t *call, unsigned n)
{
    char                pointer[CXM_ERROR_POINTER_LEN];
    const cxm_arg_t    *arg;
    const cxm_field_t  *field;

    arg = &call->args[n];
    field = cxm_args_field(call->route, arg->name);
    cxm_args_pointer(pointer, arg->name);

    if (field == NULL) {
        return call->route->flags & CXM_ROUTE_OPEN
               ? CXM_OK
               : cxm_issue(&call->err, pointer, "unknown_parameter",
                           "There is no such query argument here.");
    }

    if (field->type != CXM_FIELD_ARRAY && cxm_args_repeated(call, n)) {
        return cxm_issue(&call->err, pointer, "duplicate",
                         "This query argument may be given once only.");
    }

    return cxm_args_check(call, field, arg->value, pointer);
}


static void
cxm_args_required(cxm_call_t *call)
{
    char                pointer[CXM_ERROR_POINTER_LEN];
    const cxm_field_t  *field;

    for (field = call->route->query; field != NULL && field->name != NULL;
         field++)
    {
        if ((field->flags & CXM_FIELD_REQUIRED)
            && !cxm_call_has_arg(call, field->name))
        {
            cxm_args_pointer(pointer, cxm_strz(field->name));
            (void) cxm_issue(&call->err, pointer, "required",
                             "This query argument is required.");
        }
    }
}


/* Every one is looked at, so that a caller learns of all that is wrong. */
cxm_rc_t
cxm_step_args(cxm_call_t *call)
{
    cxm_rc_t  rc;
    unsigned  i;

    rc = cxm_query_parse(&call->arena, call->request->query, CXM_QUERY_ARGS,
                         &call->args, &call->nargs, &call->err);

    if (rc != CXM_OK) {
        return rc;
    }

    for (i = 0; i < call->nargs; i++) {
        (void) cxm_args_one(call, i);
    }

    /* a HEAD that does nothing lacks nothing */

    if (call->method != CXM_HEAD || call->route->read != NULL) {
        cxm_args_required(call);
    }

    return call->err.rc;
}


static const cxm_arg_t *
cxm_args_find(const cxm_call_t *call, const char *name)
{
    unsigned  i;

    for (i = 0; i < call->nargs; i++) {
        if (cxm_str_eqz(call->args[i].name, name)) {
            return &call->args[i];
        }
    }

    return NULL;
}


cxm_str_t
cxm_call_arg(const cxm_call_t *call, const char *name)
{
    const cxm_arg_t  *arg;

    arg = cxm_args_find(call, name);

    return arg == NULL ? (cxm_str_t) { 0, NULL } : arg->value;
}


int
cxm_call_has_arg(const cxm_call_t *call, const char *name)
{
    return cxm_args_find(call, name) != NULL;
}


int64_t
cxm_call_int(const cxm_call_t *call, const char *name, int64_t def)
{
    const cxm_arg_t  *arg;

    arg = cxm_args_find(call, name);

    /* the query is text that ends in NUL, and was checked */

    return arg == NULL ? def : strtoll(arg->value.data, NULL, 10);
}


cxm_ms_t
cxm_call_time(const cxm_call_t *call, const char *name, cxm_ms_t def)
{
    cxm_ms_t          t;
    const cxm_arg_t  *arg;

    arg = cxm_args_find(call, name);

    return arg != NULL && cxm_rfc3339_parse(arg->value, &t) == CXM_OK ? t
                                                                      : def;
}


cxm_rc_t
cxm_call_zone(cxm_call_t *call, const char *name, const cxm_zone_t **out)
{
    char              pointer[CXM_ERROR_POINTER_LEN];
    cxm_rc_t          rc;
    const cxm_arg_t  *arg;

    arg = cxm_args_find(call, name);

    if (arg == NULL) {
        *out = call->zone;
        return CXM_OK;
    }

    cxm_args_plus(arg->value);
    rc = cxm_zones_find(call->zones, arg->value, out);

    if (rc == CXM_NOT_FOUND) {
        cxm_args_pointer(pointer, arg->name);

        return cxm_issue(&call->err, pointer, "no_such_time_zone",
                         "Must be the IANA name of a time zone, such as "
                         "\"Europe/Berlin\".");
    }

    return rc == CXM_OK ? CXM_OK
                        : cxm_fail(&call->err, rc, NULL,
                                   "Not enough memory.");
}
