/*
 * Arguments that choose customers.
 */

#include <stdio.h>

#include "cxm_customer_args.h"
#include "cxm_field_site.h"
#include "cxm_index.h"


const cxm_field_t  cxm_customer_arg = { .type = CXM_FIELD_STRING };


/* "<attribute>:<value>" */
static cxm_rc_t
where_arg(cxm_call_t *call, cxm_txn_t *txn, cxm_str_t arg, cxm_find_t *find)
{
    int          n;
    char         path[CXM_INDEX_PATH];
    cxm_rc_t     rc;
    cxm_str_t    value;
    const char  *colon;

    colon = arg.len == 0 ? NULL : memchr(arg.data, ':', arg.len);
    rc = CXM_NOT_FOUND;

    if (colon != NULL) {
        value = (cxm_str_t) { arg.len - (size_t) (colon - arg.data) - 1,
                              colon + 1 };
        n = snprintf(path, sizeof(path), CXM_SITE_MEMBER ".%.*s",
                     (int) (colon - arg.data), arg.data);

        if (n > 0 && (size_t) n < sizeof(path)) {
            rc = cxm_find_value(find, txn, cxm_strz(path), value);
        }
    }

    return rc == CXM_NOT_FOUND
           ? cxm_issue(&call->err, "?where", "not_found",
                       "There is no such attribute with a look-up.")
           : rc;
}


/* Attributes that are personal are asked for by who may read them. */
cxm_rc_t
cxm_customer_values(cxm_call_t *call, cxm_txn_t *txn, cxm_find_t *find)
{
    cxm_rc_t          rc;
    unsigned          i;
    const cxm_arg_t  *arg;

    rc = CXM_OK;

    for (i = 0; i < call->nargs && rc == CXM_OK; i++) {
        arg = &call->args[i];

        if (cxm_str_eqz(arg->name, "where")) {
            rc = where_arg(call, txn, arg->value, find);

        } else if (cxm_str_eqz(arg->name, "tags")
                   || cxm_str_eqz(arg->name, "country")
                   || cxm_str_eqz(arg->name, "language"))
        {
            rc = cxm_find_value(find, txn, arg->name, arg->value);
        }
    }

    if (rc == CXM_OK && find->personal) {
        rc = cxm_require(&call->caller, CXM_SCOPE_PERSONAL_READ, &call->err);
    }

    return rc == CXM_INVALID && call->err.rc == CXM_OK
           ? cxm_issue(&call->err, "", "too_many",
                       "At most %d values are asked for.", CXM_FIND_VALUES)
           : rc;
}
