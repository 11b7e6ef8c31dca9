/*
 * Arguments that choose events.
 */

#include "cxm_json.h"
#include "cxm_touchpoint_args.h"


const char *const  cxm_touchpoint_bots[] = { "none", "only", NULL };


static cxm_touchpoint_bots_t
bots_arg(const cxm_call_t *call)
{
    if (!cxm_call_has_arg(call, "bots")) {
        return CXM_BOTS_ANY;
    }

    return cxm_str_eqz(cxm_call_arg(call, "bots"), "none") ? CXM_BOTS_NONE
                                                           : CXM_BOTS_ONLY;
}


cxm_rc_t
cxm_touchpoint_args(cxm_call_t *call, cxm_touchpoint_query_t *query,
    json_t *asked)
{
    size_t  i;

    static const char *const  kept[] = {
        "type", "touchpoint", "bots", "from", "to"
    };

    for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        if (cxm_call_has_arg(call, kept[i])) {
            (void) cxm_json_set_str(asked, kept[i],
                                    cxm_call_arg(call, kept[i]));
        }
    }

    memset(query, 0, sizeof(*query));
    query->type = cxm_call_arg(call, "type");
    query->touchpoint = cxm_call_arg(call, "touchpoint");
    query->bots = bots_arg(call);
    query->from = cxm_call_time(call, "from", CXM_MS_MIN);
    query->to = cxm_call_time(call, "to", CXM_MS_MAX + 1);

    return call->err.rc;
}
