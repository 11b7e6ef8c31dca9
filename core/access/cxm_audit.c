/*
 * The audit: who read personal fields or signed in, when, by which route.
 *
 * Body: {"what", "role", "object"}; actor and time are the entry's own.
 */

#include "cxm_access.h"
#include "cxm_json.h"


cxm_rc_t
cxm_audit(cxm_txn_t *txn, const cxm_caller_t *caller, const char *what,
    json_t *object, cxm_error_t *err)
{
    const cxm_role_t  *role;

    role = caller->principal.role;

    return cxm_journal_add(txn, CXM_KIND_ACCESS, caller->principal.actor,
                           json_pack("{ss ss? sO?}", "what", what,
                                     "role", role == NULL ? NULL : role->name,
                                     "object", object),
                           err);
}


/* The entry itself is the record: no table needs it. */
static cxm_rc_t
cxm_audit_apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    (void) txn;

    return cxm_json_get_str(entry->body, "what").len > 0 ? CXM_OK
                                                         : CXM_CORRUPT;
}


const cxm_kind_t  cxm_kind_access = {
    .no = CXM_KIND_ACCESS,
    .version = 1,
    .name = "access",
    .apply = cxm_audit_apply,
    .keep = CXM_KEEP_JOURNAL
};
