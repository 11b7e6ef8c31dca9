/*
 * Query arguments of a call: against the route's table, and for handlers.
 */

#include "cxm_call.h"
#include "cxm_query.h"


#define CXM_ARGS_DIGITS  18             /* that 64 bits hold */


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


static const cxm_param_t *
cxm_args_param(const cxm_route_t *route, cxm_str_t name)
{
    const cxm_param_t  *param;

    for (param = route->query; param != NULL && param->name != NULL; param++) {
        if (cxm_str_eqz(name, param->name)) {
            return param;
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


cxm_rc_t
cxm_step_args(cxm_call_t *call)
{
    char                pointer[CXM_ERROR_POINTER_LEN];
    cxm_rc_t            rc;
    unsigned            i;
    const cxm_param_t  *param;

    rc = cxm_query_parse(&call->arena, call->request->query, CXM_QUERY_ARGS,
                         &call->args, &call->nargs, &call->err);

    for (i = 0; i < call->nargs; i++) {

        param = cxm_args_param(call->route, call->args[i].name);
        cxm_args_pointer(pointer, call->args[i].name);

        if (param == NULL && !(call->route->flags & CXM_ROUTE_OPEN)) {
            rc = cxm_issue(&call->err, pointer, "unknown_parameter",
                           "There is no such query argument here.");

        } else if (param != NULL && !param->repeat
                   && cxm_args_repeated(call, i))
        {
            rc = cxm_issue(&call->err, pointer, "duplicate",
                           "This query argument may be given once only.");
        }
    }

    return rc;
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


/*
 * "+02:00" or "GMT+2" that nobody escaped arrives with a blank, which neither
 * a time nor a zone has: the plus is put back.
 */
static cxm_str_t
cxm_args_plus(cxm_str_t value, char *copy, size_t size)
{
    char  *blank;

    if (value.len == 0 || value.len > size) {
        return value;
    }

    memcpy(copy, value.data, value.len);
    blank = memchr(copy, ' ', value.len);

    if (blank != NULL) {
        *blank = '+';
    }

    return (cxm_str_t) { value.len, copy };
}


cxm_rc_t
cxm_call_time(cxm_call_t *call, const char *name, cxm_ms_t def,
    cxm_ms_t *out)
{
    char              copy[64], pointer[CXM_ERROR_POINTER_LEN];
    const cxm_arg_t  *arg;

    arg = cxm_args_find(call, name);

    if (arg == NULL) {
        *out = def;
        return CXM_OK;
    }

    if (cxm_rfc3339_parse(cxm_args_plus(arg->value, copy, sizeof(copy)), out)
        == CXM_OK)
    {
        return CXM_OK;
    }

    cxm_args_pointer(pointer, arg->name);

    return cxm_issue(&call->err, pointer, "invalid",
                     "Must be an RFC 3339 time from 1970 on.");
}


cxm_rc_t
cxm_call_zone(cxm_call_t *call, const char *name, const cxm_zone_t **out)
{
    char              copy[CXM_ZONE_NAME_MAX], pointer[CXM_ERROR_POINTER_LEN];
    cxm_rc_t          rc;
    const cxm_arg_t  *arg;

    arg = cxm_args_find(call, name);

    if (arg == NULL) {
        *out = call->zone;
        return CXM_OK;
    }

    rc = cxm_zones_find(call->zones,
                        cxm_args_plus(arg->value, copy, sizeof(copy)), out);

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


cxm_rc_t
cxm_call_integer(cxm_call_t *call, const char *name, int *has, int64_t *out)
{
    char              pointer[CXM_ERROR_POINTER_LEN];
    size_t            i;
    cxm_str_t         text;
    const cxm_arg_t  *arg;

    arg = cxm_args_find(call, name);
    *has = arg != NULL;
    *out = 0;

    if (arg == NULL) {
        return CXM_OK;
    }

    text = arg->value;

    for (i = 0; i < text.len && i < CXM_ARGS_DIGITS; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            break;
        }

        *out = *out * 10 + (text.data[i] - '0');
    }

    if (text.len > 0 && i == text.len) {
        return CXM_OK;
    }

    cxm_args_pointer(pointer, arg->name);

    return cxm_issue(&call->err, pointer, "wrong_type", "Must be an integer.");
}
